//! Plays more simulated worlds than a run of the tests does, or one of them with everything that happens in it.

mod simulation;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use clap::Parser;
use simulation::run;

/// Plays simulated worlds, each twice, and names every seed that breaks a promise.
#[derive(Parser)]
struct Options {
    /// How many seeds.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Print everything that happens.
    #[arg(long)]
    trace: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let end = options.from.saturating_add(options.seeds);
    let (next, failed, commits) = (AtomicU64::new(options.from), AtomicUsize::new(0), AtomicUsize::new(0));
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(options.seeds as usize);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < end) {
                    let report = run(seed, options.trace);
                    report.lines.iter().for_each(|line| println!("{line}"));
                    commits.fetch_add(report.commits, Ordering::Relaxed);
                    let repeats = run(seed, false).digest == report.digest;
                    if !report.broken.is_empty() || !repeats {
                        failed.fetch_add(1, Ordering::Relaxed);
                        let broken = report.broken.first().map_or("it is played differently each time", String::as_str);
                        println!("seed {seed}: {broken}");
                    }
                }
            });
        }
    });
    let (failed, commits) = (failed.into_inner(), commits.into_inner());
    println!("{} seeds, {commits} commits, {failed} failed", options.seeds);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
