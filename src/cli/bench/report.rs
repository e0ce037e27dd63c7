//! Figures as a table for a person or as JSON for a program, each line as soon as it is known.

use serde::Serialize;

use crate::cli::load::Measured;
use crate::cli::progress::count;

/// One measurement.
#[derive(Debug, Default, Serialize)]
pub struct Line {
    /// What was measured.
    pub scenario: &'static str,
    /// Requests under way at a time.
    pub connections: usize,
    /// Commands, connections or timers done.
    pub requests: u64,
    /// How long they took, all together.
    pub seconds: f64,
    /// `requests` by `seconds`.
    pub per_second: f64,
    /// Latencies of single requests in milliseconds, where they were measured.
    #[serde(flatten)]
    pub latency: Option<Latency>,
    /// Requests that were not answered 2xx.
    pub refused: u64,
}

/// Latencies in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Latency {
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

impl Line {
    /// The line of a closed loop.
    pub fn of(scenario: &'static str, connections: usize, measured: &Measured) -> Line {
        let at = |share| measured.percentile_ms(share).unwrap_or(0.0);
        let latency = (measured.requests() > 0).then(|| Latency { p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1.0) });
        let requests = measured.requests() - measured.refused;
        let seconds = measured.elapsed.as_secs_f64();
        Line { scenario, connections, requests, seconds, latency, refused: measured.refused, ..Line::default() }
    }
}

/// Prints to the standard output.
pub struct Report {
    json: bool,
    header_printed: bool,
}

impl Report {
    /// Nothing is printed yet.
    pub fn new(json: bool) -> Report {
        Report { json, header_printed: false }
    }

    /// Prints one line; the rate follows from it.
    pub fn print(&mut self, line: Line) {
        let per_second = if line.seconds > 0.0 { line.requests as f64 / line.seconds } else { 0.0 };
        let line = Line { per_second, ..line };
        if self.json {
            println!("{}", serde_json::json!(line));
            return;
        }
        if !std::mem::replace(&mut self.header_printed, true) {
            println!("{}", HEADER);
        }
        println!("{}", row(&line));
    }
}

const HEADER: &str =
    "scenario           connections     requests   seconds    per second    p50 ms    p99 ms    max ms   refused";

fn row(line: &Line) -> String {
    let latency = match line.latency {
        Some(Latency { p50_ms, p99_ms, max_ms }) => format!("{p50_ms:>9.2} {p99_ms:>9.2} {max_ms:>9.2}"),
        None => format!("{:>9} {:>9} {:>9}", "–", "–", "–"),
    };
    let (requests, per_second) = (count(line.requests), count(line.per_second.round() as u64));
    let (scenario, connections, seconds) = (line.scenario, line.connections, line.seconds);
    format!(
        "{scenario:<18} {connections:>11} {requests:>12} {seconds:>9.2} {per_second:>13} {latency} {:>9}",
        count(line.refused)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_stand_under_their_headings() {
        let latency = Some(Latency { p50_ms: 0.5, p99_ms: 14.25, max_ms: 120.0 });
        let full = Line {
            scenario: "complete",
            connections: 64,
            requests: 120_000,
            seconds: 10.0,
            latency,
            ..Line::default()
        };
        for line in [full, Line { scenario: "connect", ..Line::default() }] {
            assert_eq!(row(&line).chars().count(), HEADER.chars().count(), "{}", row(&line));
        }
    }
}
