//! The program: reads the command line, runs it, and says in one sentence what went wrong.

use std::process::ExitCode;

use clap::Parser;
use relance::cli::{self, Cli};

/// Commands allocate on one thread and free on another all the time; the system's allocator is slow at that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("relance: {error:#}");
            ExitCode::FAILURE
        }
    }
}
