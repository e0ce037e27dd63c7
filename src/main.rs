//! The program: reads the command line, runs it, and says in one sentence what went wrong.

use std::process::ExitCode;

use clap::Parser;
use relance::cli::{self, Cli};

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("relance: {error:#}");
            ExitCode::FAILURE
        }
    }
}
