//! Looking at a server over time: samples of its figures, and whether they rise.

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::cli::client::Client;

/// What `/metrics` says that the bench wants to know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Commands between arrival and answer.
    pub in_flight: f64,
    /// How late timers fired since the server's start.
    pub timers: Buckets,
}

/// A histogram of Prometheus.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    /// Upper bounds, each with how many values did not exceed it.
    pub bounds: Vec<(f64, u64)>,
    /// Sum of all values.
    pub sum: f64,
    /// How many values.
    pub count: u64,
}

impl Buckets {
    /// What came since `earlier`.
    pub fn since(&self, earlier: &Buckets) -> Buckets {
        let before = |at: usize| earlier.bounds.get(at).map_or(0, |(_, count)| *count);
        let bounds =
            self.bounds.iter().enumerate().map(|(at, (bound, count))| (*bound, count - before(at).min(*count)));
        Buckets {
            bounds: bounds.collect(),
            sum: self.sum - earlier.sum,
            count: self.count.saturating_sub(earlier.count),
        }
    }

    /// The smallest bound that `share` (0–1) of the values did not exceed; none without values.
    pub fn percentile(&self, share: f64) -> Option<f64> {
        let rank = share * self.count as f64;
        let bound = self.bounds.iter().find(|(_, count)| *count as f64 >= rank)?;
        (self.count > 0).then_some(bound.0)
    }

    /// None without values.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

impl Figures {
    /// As they are now.
    pub async fn read(client: &Client) -> anyhow::Result<Figures> {
        Ok(Figures::parse(&client.metrics().await.context("the server's figures cannot be read")?))
    }

    /// Reads the text format of Prometheus; what is not there is 0.
    fn parse(text: &str) -> Figures {
        let mut figures = Figures::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, Ok(value))) = line.rsplit_once(' ').map(|(name, value)| (name, value.parse::<f64>()))
            else {
                continue;
            };
            let timers = &mut figures.timers;
            match name.strip_prefix("relance_timer_late_seconds") {
                None if name == "relance_commands_in_flight" => figures.in_flight = value,
                None => {}
                Some("_sum") => timers.sum = value,
                Some("_count") => timers.count = value as u64,
                Some(bucket) => {
                    let bound = bucket.strip_prefix("_bucket{le=\"").and_then(|rest| rest.strip_suffix("\"}"));
                    timers.bounds.extend(bound.and_then(|bound| bound.parse().ok()).map(|bound| (bound, value as u64)));
                }
            }
        }
        figures
    }
}

/// One interval of a long measurement.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sample {
    /// Since the beginning.
    pub at_seconds: f64,
    /// Timers that have fired since the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fired: Option<u64>,
    /// Requests answered 2xx since the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// The rest of the interval's figures by name; what is not known is left out.
    #[serde(flatten)]
    pub figures: std::collections::BTreeMap<&'static str, f64>,
}

/// The most that figures may rise, each in its unit per hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    resident_mb: Option<f64>,
    descriptors: Option<f64>,
    in_flight: Option<f64>,
    timer_late_ms: Option<f64>,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    /// Not per hour: what one stored command adds to the data directory. A log grows with what happens.
    disk_bytes_per_command: Option<f64>,
}

/// How a figure moves.
#[derive(Clone, Debug, Serialize)]
pub struct Slope {
    /// Which figure.
    pub what: String,
    /// Where the fitted line begins.
    pub from_seconds: f64,
    /// Its value there.
    pub start: f64,
    /// How much it rises in an hour, or by command.
    pub rise: f64,
    /// The most that it may.
    pub bound: Option<f64>,
}

impl Slope {
    /// In a word.
    pub fn verdict(&self) -> &'static str {
        match self.bound {
            None => "not judged",
            Some(bound) if self.rise <= bound => "flat",
            Some(_) => "RISES",
        }
    }
}

/// Lines fitted through the samples after `settle_seconds`; none where there are fewer than two of a figure.
pub fn slopes(samples: &[Sample], settle_seconds: f64, bounds: &Bounds) -> Vec<Slope> {
    let settled: Vec<_> = samples.iter().filter(|sample| sample.at_seconds >= settle_seconds).collect();
    let per_hour = [
        ("resident_mb", bounds.resident_mb),
        ("descriptors", bounds.descriptors),
        ("in_flight", bounds.in_flight),
        ("timer_late_ms", bounds.timer_late_ms),
        ("p50_ms", bounds.p50_ms),
        ("p99_ms", bounds.p99_ms),
    ];
    let from_seconds = settled.first().map_or(0.0, |sample| sample.at_seconds);
    let mut slopes = Vec::new();
    for (what, bound) in per_hour {
        let points =
            settled.iter().filter_map(|sample| Some((sample.at_seconds / 3_600.0, *sample.figures.get(what)?)));
        if let Some((start, rise)) = fit(&points.collect::<Vec<_>>()) {
            slopes.push(Slope { what: what.into(), from_seconds, start, rise, bound });
        }
    }
    let disk = settled
        .iter()
        .filter_map(|sample| Some((*sample.figures.get("stored")?, sample.figures.get("disk_mb")? * 1e6)));
    if let Some((_, rise)) = fit(&disk.collect::<Vec<_>>()) {
        let start = settled.first().and_then(|sample| sample.figures.get("disk_mb")).copied().unwrap_or_default();
        slopes.push(Slope {
            what: "disk MB; bytes per command".into(),
            from_seconds,
            start,
            rise,
            bound: bounds.disk_bytes_per_command,
        });
    }
    slopes
}

/// The straight line with the least squares: its value at the first point, and its slope. None without two places.
fn fit(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let first = points.first()?.0;
    let number = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / number;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / number;
    let spread = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum::<f64>();
    let slope = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>() / spread;
    (spread > 0.0).then_some((mean_y + slope * (first - mean_x), slope))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE relance_commands_in_flight gauge\nrelance_commands_in_flight 7\n\
        relance_timer_late_seconds_bucket{le=\"0.001\"} 90\nrelance_timer_late_seconds_bucket{le=\"1\"} 99\n\
        relance_timer_late_seconds_bucket{le=\"+Inf\"} 100\nrelance_timer_late_seconds_sum 12.5\n\
        relance_timer_late_seconds_count 100\nrelance_other{a=\"b c\"} 1\nnonsense\n";

    #[test]
    fn the_figures_are_read_from_the_text_of_prometheus() {
        let figures = Figures::parse(TEXT);
        assert_eq!((figures.in_flight, figures.timers.count, figures.timers.sum), (7.0, 100, 12.5));
        assert_eq!(figures.timers.bounds, [(0.001, 90), (1.0, 99), (f64::INFINITY, 100)]);
        assert_eq!(Figures::parse("nothing of ours 1\n\n"), Figures::default());
    }

    #[test]
    fn an_interval_is_what_came_since() {
        let now = Figures::parse(TEXT).timers;
        assert_eq!([0.5, 0.99, 1.0].map(|share| now.percentile(share)), [Some(0.001), Some(1.0), Some(f64::INFINITY)]);
        assert_eq!((now.mean(), now.since(&now).mean(), now.since(&now).percentile(0.5)), (Some(0.125), None, None));
        assert_eq!(now.since(&Buckets::default()), now);
    }

    fn sample(at_seconds: f64, figures: &[(&'static str, f64)]) -> Sample {
        Sample { at_seconds, figures: figures.iter().copied().collect(), ..Sample::default() }
    }

    #[test]
    fn slopes_are_fitted_after_the_server_has_settled() {
        let mut samples = vec![sample(0.0, &[("resident_mb", 900.0), ("stored", 0.0), ("disk_mb", 500.0)])];
        samples.extend((1..=4).map(|n| {
            let n = f64::from(n);
            sample(n * 360.0, &[("resident_mb", 50.0 + n), ("stored", n * 1_000.0), ("disk_mb", n * 2.0)])
        }));
        let bounds = Bounds { resident_mb: Some(9.0), disk_bytes_per_command: Some(2_000.1), ..Bounds::default() };
        let found = slopes(&samples, 1.0, &bounds);
        let told: Vec<_> =
            found.iter().map(|slope| (slope.start.round(), slope.rise.round(), slope.verdict())).collect();
        assert_eq!(told, [(51.0, 10.0, "RISES"), (2.0, 2_000.0, "flat")]);
    }

    #[test]
    fn there_is_no_line_through_one_place() {
        assert_eq!(fit(&[]), None);
        assert_eq!(fit(&[(1.0, 1.0), (1.0, 3.0)]), None);
    }
}
