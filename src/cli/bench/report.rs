//! Figures as a table for a person and as JSON for a program, each line as soon as it is known.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use super::server::Usage;
use super::watch::{Sample, Slope};
use crate::cli::load::{Latencies, Measured, SHARES};
use crate::cli::progress::count;

/// One thing that was found out.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// How fast something went.
    Rate(Rate),
    /// What the server takes up after something.
    State(State),
    /// One interval of a long measurement; not in the table.
    Sample(Sample),
    /// How a figure moves over a long measurement.
    Slope(Slope),
}

/// How fast something went.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Rate {
    /// What was measured.
    pub what: String,
    /// Requests under way at a time, at most.
    pub connections: usize,
    /// Requests that were due per second, in an open loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_per_second: Option<u64>,
    /// Commands, connections or timers done.
    pub requests: u64,
    /// How long they took, all together.
    pub seconds: f64,
    /// `requests` by `seconds`.
    pub per_second: f64,
    /// Latencies of single requests, where they were measured.
    #[serde(flatten)]
    pub latency: Option<Latency>,
    /// Requests that were not answered 2xx.
    pub refused: u64,
    /// Processor time that the server took, by request, in microseconds; of a server of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_us: Option<f64>,
    /// The same of the load generator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator_us: Option<f64>,
}

/// Latencies in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Latency {
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    max_ms: f64,
    /// Shares in percent, each with the latency that so many did not exceed.
    percentiles_ms: Vec<(f64, f64)>,
}

impl Latency {
    /// None where there is nothing to tell.
    pub fn of(latencies: &Latencies) -> Option<Latency> {
        let at = |share| latencies.percentile_ms(share);
        (latencies.count() > 0).then(|| Latency {
            p50_ms: at(50.0),
            p99_ms: at(99.0),
            p999_ms: at(99.9),
            max_ms: at(100.0),
            percentiles_ms: SHARES.map(|share| (share, at(share))).to_vec(),
        })
    }
}

impl Rate {
    /// Something that was done so often in so long.
    pub fn of(what: impl Into<String>, connections: usize, requests: u64, seconds: f64) -> Rate {
        let per_second = if seconds > 0.0 { requests as f64 / seconds } else { 0.0 };
        Rate { what: what.into(), connections, requests, seconds, per_second, ..Rate::default() }
    }

    /// A measured loop; requests that were refused are not counted as done.
    pub fn of_loop(what: impl Into<String>, connections: usize, measured: &Measured) -> Rate {
        let done = measured.requests() - measured.refused;
        let rate = Rate::of(what, connections, done, measured.elapsed.as_secs_f64());
        Rate { latency: Latency::of(&measured.all()), refused: measured.refused, ..rate }
    }

    /// With the processor time spent by the server and by this process.
    pub fn with_usage(self, server: Option<Usage>, generator: Option<Usage>) -> Rate {
        let each = |usage: Option<Usage>| usage.map(|usage| usage.seconds * 1e6 / self.requests.max(1) as f64);
        Rate { server_us: each(server), generator_us: each(generator), ..self }
    }
}

/// What a server takes up after something; unknown of a server that was given by its address.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    /// After what.
    pub what: String,
    /// From the start of the process until it answers, where it was started.
    pub ready_ms: Option<f64>,
    /// Resident memory.
    pub resident_mb: Option<f64>,
    /// The data directory.
    pub disk_mb: Option<f64>,
    /// Open file descriptors.
    pub descriptors: Option<u64>,
}

/// Prints to the standard output, and to a file.
pub struct Report {
    json: bool,
    out: Option<File>,
    scenario: String,
    header: &'static str,
}

impl Report {
    /// Nothing is printed yet. `out` is written anew.
    pub fn new(json: bool, out: Option<&Path>) -> anyhow::Result<Report> {
        let create = |path: &Path| File::create(path).with_context(|| format!("cannot write {}", path.display()));
        Ok(Report { json, out: out.map(create).transpose()?, scenario: String::new(), header: "" })
    }

    /// What follows is of this scenario.
    pub fn begin(&mut self, scenario: &str) {
        self.scenario = scenario.to_owned();
        self.header = "";
    }

    /// Prints one line.
    pub fn print(&mut self, line: Line) -> anyhow::Result<()> {
        let mut json = serde_json::json!(line);
        json["scenario"] = self.scenario.as_str().into();
        if let Some(out) = &mut self.out {
            writeln!(out, "{json}").context("the results cannot be written")?;
        }
        if self.json {
            println!("{json}");
            return Ok(());
        }
        let (header, row) = match &line {
            Line::Rate(rate) => (RATES, rate_row(rate)),
            Line::State(state) => (STATES, state_row(state)),
            Line::Slope(slope) => (SLOPES, slope_row(slope)),
            Line::Sample(_) => return Ok(()),
        };
        if std::mem::replace(&mut self.header, header) != header {
            println!("{header}");
        }
        println!("{row}");
        Ok(())
    }
}

const RATES: &str = "what                      connections     requests   seconds  per second    p50 ms    p99 ms  p99.9 ms    max ms   refused  server µs  generator µs";
const STATES: &str = "after                                 ready ms   resident MB     disk MB   descriptors";
const SLOPES: &str = "slope                             at the start      per hour         bound   verdict";

fn number(value: Option<f64>, width: usize, digits: usize) -> String {
    match value {
        Some(value) => format!("{value:>width$.digits$}"),
        None => format!("{:>width$}", "–"),
    }
}

fn rate_row(rate: &Rate) -> String {
    let latency = rate.latency.as_ref();
    let latencies = [
        latency.map(|latency| latency.p50_ms),
        latency.map(|latency| latency.p99_ms),
        latency.map(|latency| latency.p999_ms),
        latency.map(|latency| latency.max_ms),
    ];
    let latencies = latencies.map(|ms| number(ms, 9, 2)).join(" ");
    let what = match rate.due_per_second {
        Some(due) => format!("{} at {}/s", rate.what, count(due)),
        None => rate.what.clone(),
    };
    let (requests, per_second) = (count(rate.requests), count(rate.per_second.round() as u64));
    let (connections, seconds, refused) = (rate.connections, rate.seconds, count(rate.refused));
    let (server, generator) = (number(rate.server_us, 10, 0), number(rate.generator_us, 13, 0));
    format!(
        "{what:<26}{connections:>11} {requests:>12} {seconds:>9.2} {per_second:>11} {latencies} {refused:>9} {server} {generator}"
    )
}

fn state_row(state: &State) -> String {
    let (ready, resident, disk) =
        (number(state.ready_ms, 11, 0), number(state.resident_mb, 13, 0), number(state.disk_mb, 11, 0));
    let descriptors = number(state.descriptors.map(|descriptors| descriptors as f64), 13, 0);
    format!("{:<34} {ready} {resident} {disk} {descriptors}", state.what)
}

fn slope_row(slope: &Slope) -> String {
    let (start, rise, bound) =
        (number(Some(slope.start), 15, 2), number(Some(slope.rise), 13, 2), number(slope.bound, 13, 2));
    format!("{:<30} {start} {rise} {bound}   {}", slope.what, slope.verdict())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_columns_stand_under_their_headings() {
        let mut latencies = Latencies::default();
        latencies.record(Duration::from_millis(14));
        let full = Rate { latency: Latency::of(&latencies), ..Rate::of("complete", 64, 120_000, 10.0) };
        let full = full.with_usage(Some(Usage { seconds: 10.0 }), None);
        for rate in [full, Rate::of("connect", 4, 0, 0.0)] {
            assert_eq!(rate_row(&rate).chars().count(), RATES.chars().count(), "{}", rate_row(&rate));
        }
        let state = State { what: "restart after a kill".into(), ready_ms: Some(500.0), ..State::default() };
        assert_eq!(state_row(&state).chars().count(), STATES.chars().count(), "{}", state_row(&state));
        let slope = Slope { what: "resident MB".into(), from_seconds: 0.0, start: 80.0, rise: 1.0, bound: Some(2.0) };
        assert_eq!(slope_row(&slope).rfind("flat").unwrap(), SLOPES.rfind("verdict").unwrap(), "{}", slope_row(&slope));
    }

    #[test]
    fn a_file_gets_every_line_as_json_with_its_scenario() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.jsonl");
        let mut report = Report::new(false, Some(&path)).unwrap();
        report.begin("mine");
        report.print(Line::Rate(Rate::of("complete", 1, 5, 2.0))).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&line["line"], &line["scenario"], &line["per_second"]),
            (&"rate".into(), &"mine".into(), &2.5.into())
        );
    }
}
