//! The command line: what a person can ask of the program, and the only place besides `main` that prints.

mod bench;
mod client;
mod connect;
mod copies;
mod import;
mod load;
mod maintain;
mod progress;
mod sequence;
mod serve;
mod simulate;

use std::future::Future;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

/// What was asked for; parsing ends the process with code 2 and the usage where it makes no sense.
#[derive(Debug, Parser)]
#[command(
    name = "relance",
    bin_name = "relance",
    version,
    about = "A server that runs sales sequences: durable, fast, one binary",
    long_about = "A server that runs sales sequences: every connected record goes through its steps, waits and \
conditions on its own, and nothing that was answered is ever lost.

Without a command the server starts on ./data at http://127.0.0.1:8080.",
    after_long_help = "\
First steps:
  relance                                          start the server, and open the link that it prints
  export RELANCE_TOKEN=...                         a token made on the page /account, for the commands below
  relance import leads.csv --type lead             bring records in, from another terminal
  relance connect --sequence ID --all              send them all through a sequence

`relance COMMAND --help` explains each command with examples.",
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::ServeArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Import(import::ImportArgs),
    Connect(connect::ConnectArgs),
    Simulate(simulate::SimulateArgs),
    Sequence(sequence::SequenceArgs),
    Export(maintain::ExportArgs),
    Backup(copies::BackupArgs),
    Restore(copies::RestoreArgs),
    Compact(copies::CompactArgs),
    Rebuild(maintain::RebuildArgs),
    Check(maintain::CheckArgs),
    Bench(bench::BenchArgs),
}

/// Does what was asked. The code is not success where a check found faults; an error is for the person who asked.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(args) => done(serve::run(args)),
        Command::Import(args) => done(wait(import::run(args))),
        Command::Connect(args) => done(wait(connect::run(args))),
        Command::Simulate(args) => done(wait(simulate::run(args))),
        Command::Sequence(args) => wait(sequence::run(args)),
        Command::Export(args) => done(maintain::export(args)),
        Command::Backup(args) => done(wait(copies::backup(args))),
        Command::Restore(args) => done(copies::restore(args)),
        Command::Compact(args) => done(copies::compact(args)),
        Command::Rebuild(args) => done(maintain::rebuild(args)),
        Command::Check(args) => maintain::check(args),
        Command::Bench(args) => done(wait(bench::run(args))),
    }
}

fn done(result: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    result.map(|()| ExitCode::SUCCESS)
}

/// Runs a client on this thread alone, so that a benchmark leaves the other cores to the server.
fn wait<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("the network cannot be used")?.block_on(work)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_the_server_starts_with_its_defaults() {
        let bare = Cli::try_parse_from(["relance"]).unwrap();
        let Some(Command::Serve(spelt_out)) = Cli::try_parse_from(["relance", "serve"]).unwrap().command else {
            panic!("`serve` is a command");
        };
        assert!(bare.command.is_none());
        assert_eq!(bare.serve, spelt_out);
    }

    #[test]
    fn every_command_teaches_by_example() {
        for command in Cli::command().get_subcommands_mut() {
            let help = command.render_long_help().to_string();
            let example = format!("\n  relance {}", command.get_name());
            assert!(help.split_once("Examples:").is_some_and(|(_, examples)| examples.contains(&example)), "{help}");
        }
    }

    #[test]
    fn usage_that_makes_no_sense_is_refused() {
        for line in [
            "relance serve --now 2026-01-01T00:00:00Z",
            "relance serve --sandbox --now yesterday",
            "relance connect --all",
            "relance connect --sequence 1",
            "relance connect --sequence 1 --all --ids file",
            "relance import file --map Column",
            "relance simulate name",
            "relance simulate name --all --start yesterday",
            "relance import file --type Company!",
            "relance import file --delimiter ;;",
            "relance bench --connections 0",
            "relance sequence",
            "relance sequence test",
            "relance backup",
            "relance restore file",
            "relance import file --data d --type lead",
            "relance import file --data d --external-id Id",
            "relance import file --data d --server http://127.0.0.1:1",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
