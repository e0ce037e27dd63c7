//! `relance bench`: what a running server reaches, measured from outside through its API.

mod complete;
mod report;
mod setup;
mod spike;

use std::time::Instant;

use anyhow::ensure;
use clap::{Args, ValueEnum};

use self::report::{Line, Report};
use super::client::{Client, ServerArgs};
use super::connect::{self, BATCHES_IN_FLIGHT, Tally};
use super::load::Target;
use super::progress::bar;

/// Steps of the sequence that records are connected to: enough that a run does not come to its end.
const STEPS: usize = 40;

/// Measure a running server through its API
///
/// Nothing but the given server is contacted, and only one on this machine unless --remote is given. The records and
/// sequences it makes stay there: let the server run on a data directory that can be thrown away. The load generator runs on one thread
/// and takes its share of the machine, so close everything else and compare only figures of one machine.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Scenarios:
  connect   N records through POST /sequences/ID/enrolments in batches of 1,000, a few at a time: how long it takes
  complete  POST /steps/ID/complete in a closed loop, each connection over its own records: commands per second and
            latencies for each number of connections
  waiting   brings N records to a wait of one day and measures nothing: to look at a server full of waiting records
  spike     only with --sandbox: N waits that fall due in the same second: how long until all of them are fired, and
            how long another user's commands take meanwhile

Examples:
  relance bench
      100,000 records connected, then 10 seconds of commands at 1, 64 and 256 connections
  relance bench --records 10000 --connections 64 --seconds 5 complete
  relance bench spike --server http://127.0.0.1:8081 --json
      against a server started with `relance serve --sandbox --listen 127.0.0.1:8081`")]
pub struct BenchArgs {
    /// What to measure
    #[arg(value_enum, value_name = "SCENARIO", default_values = ["connect", "complete"])]
    scenarios: Vec<Scenario>,
    /// Records to make
    #[arg(long, value_name = "N", default_value = "100000", value_parser = at_least_one)]
    records: usize,
    /// Connections at a time, one measurement for each
    #[arg(long, value_name = "N,…", default_value = "1,64,256", value_delimiter = ',', value_parser = at_least_one)]
    connections: Vec<usize>,
    /// Seconds of each measurement of `complete`
    #[arg(long, value_name = "N", default_value = "10")]
    seconds: u64,
    /// Print one JSON object per line instead of a table
    #[arg(long)]
    json: bool,
    /// Allow a server on another machine
    #[arg(long)]
    remote: bool,
    #[command(flatten)]
    server: ServerArgs,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "a number of 1 or more".into())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    Connect,
    Complete,
    Waiting,
    Spike,
}

/// The server under test, and what of it the scenarios share.
struct Bench {
    args: BenchArgs,
    client: Client,
    target: Target,
    report: Report,
}

/// Runs the scenarios in the order given; those that need connected records share them.
pub async fn run(args: BenchArgs) -> anyhow::Result<()> {
    ensure!(
        args.server.is_local() || args.remote,
        "{} is not on this machine; --remote allows it",
        args.server.shown()
    );
    let (client, target) = (Client::new(&args.server)?, Target::new(&args.server)?);
    let mut bench = Bench { client, target, report: Report::new(args.json), args };
    let mut connected = None;
    for scenario in bench.args.scenarios.clone() {
        match scenario {
            Scenario::Connect => connected = Some(bench.connect(true).await?),
            Scenario::Complete => {
                let records = match connected.take() {
                    Some(records) => records,
                    None => bench.connect(false).await?,
                };
                bench.complete(&records).await?;
                connected = Some(records);
            }
            Scenario::Waiting => bench.bring_to_wait().await?,
            Scenario::Spike => bench.spike().await?,
        }
    }
    Ok(())
}

impl Bench {
    /// Makes records and a sequence, connects them all, and returns the records.
    async fn connect(&mut self, reported: bool) -> anyhow::Result<Vec<String>> {
        let records = setup::records(&self.client, self.args.records).await?;
        let sequence = setup::sequence(&self.client, "bench: steps in a row", setup::steps_in_a_row(STEPS)).await?;
        let (tally, seconds) = self.connect_records(&sequence, &records).await?;
        if reported {
            self.report.print(Line {
                scenario: "connect",
                connections: BATCHES_IN_FLIGHT,
                requests: tally.connected,
                seconds,
                ..Line::default()
            });
        }
        Ok(records)
    }

    /// Connects all of `records`, in seconds; one that is refused makes the figures worthless.
    async fn connect_records(&self, sequence: &str, records: &[String]) -> anyhow::Result<(Tally, f64)> {
        let bar = bar("connecting", Some(records.len() as u64));
        let started = Instant::now();
        let tally = connect::connect_all(&self.client, sequence, records, &bar).await?;
        let seconds = started.elapsed().as_secs_f64();
        bar.finish_and_clear();
        if let Some((code, (number, detail))) = tally.refused.first_key_value() {
            anyhow::bail!("{number} records were not connected: {detail} ({code})");
        }
        Ok((tally, seconds))
    }
}
