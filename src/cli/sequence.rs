//! `relance sequence`: sequences as files, to be kept in a git repository and tried without a server.

mod exchange;
mod folder;
mod piece;
mod trial;

pub use self::trial::sequence_named;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// Work with sequences as files
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  relance sequence pull sequences
  relance sequence diff sequences
  relance sequence push sequences --dry-run
  relance sequence test tests/*.json")]
pub struct SequenceArgs {
    #[command(subcommand)]
    command: SequenceCommand,
}

#[derive(Clone, Debug, Subcommand)]
enum SequenceCommand {
    Test(trial::TestArgs),
    Pull(exchange::PullArgs),
    Push(exchange::PushArgs),
    Diff(exchange::DiffArgs),
}

/// Does what was asked. The code is not success where something differs, is in the way or fails.
pub async fn run(args: SequenceArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        SequenceCommand::Test(args) => trial::run(args).await,
        SequenceCommand::Pull(args) => exchange::pull(args).await,
        SequenceCommand::Push(args) => exchange::push(args).await,
        SequenceCommand::Diff(args) => exchange::diff(args).await,
    }
}
