//! What `relance bench --out` writes, as far as it is drawn.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Result;

/// A named line of points.
pub struct Series {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// Everything that is drawn of one scenario.
#[derive(Default)]
pub struct Figures {
    /// Latencies of requests in milliseconds over the share in percent that did not exceed them.
    pub latencies: Vec<Series>,
    /// The same of timers: how late they were.
    pub lateness: Vec<Series>,
    /// Timers fired over seconds, one line for each drain.
    pub drains: Vec<Series>,
    /// Figures of a server over seconds, by name.
    pub over_time: BTreeMap<String, Vec<(f64, f64)>>,
    /// The lines fitted through them, by the same names.
    pub slopes: BTreeMap<String, Slope>,
}

/// A straight line.
#[derive(Deserialize)]
pub struct Slope {
    /// Where it begins.
    pub from_seconds: f64,
    /// Its value there.
    pub start: f64,
    /// In an hour.
    pub rise: f64,
}

#[derive(Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
enum Line {
    Rate {
        what: String,
        connections: usize,
        due_per_second: Option<u64>,
        #[serde(default)]
        percentiles_ms: Vec<(f64, f64)>,
    },
    Sample(Sample),
    Slope {
        what: String,
        #[serde(flatten)]
        slope: Slope,
    },
    State {},
}

#[derive(Deserialize)]
struct Sample {
    at_seconds: f64,
    fired: Option<f64>,
    requests: Option<f64>,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

impl Figures {
    /// Reads JSON lines.
    pub fn read(text: &str) -> Result<Figures> {
        let (mut figures, mut drain) = (Figures::default(), Vec::new());
        for line in text.lines() {
            match serde_json::from_str(line)? {
                Line::Sample(sample) if sample.requests.is_none() => {
                    drain.push((sample.at_seconds, sample.fired.unwrap_or_default()));
                }
                Line::Sample(sample) => figures.add(sample),
                Line::Rate { what, .. } if what.starts_with("drain") => {
                    figures.drains.push(Series { name: what, points: std::mem::take(&mut drain) });
                }
                Line::Rate { percentiles_ms, .. } if percentiles_ms.is_empty() => {}
                Line::Rate { what, percentiles_ms, .. } if what == "timer lateness" => {
                    figures.lateness.push(Series { name: what, points: percentiles_ms });
                }
                Line::Rate { what, connections, due_per_second, percentiles_ms } => {
                    let due = due_per_second.map(|due| format!(" at {due}/s")).unwrap_or_default();
                    let s = if connections == 1 { "" } else { "s" };
                    let name = format!("{}, {connections} connection{s}{due}", what.trim());
                    figures.latencies.push(Series { name, points: percentiles_ms });
                }
                Line::Slope { what, slope } => {
                    figures.slopes.insert(what, slope);
                }
                Line::State {} => {}
            }
        }
        Ok(figures)
    }

    fn add(&mut self, sample: Sample) {
        for (name, value) in sample.rest {
            if let Some(value) = value.as_f64() {
                self.over_time.entry(name).or_default().push((sample.at_seconds, value));
            }
        }
    }
}
