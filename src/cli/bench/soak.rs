//! Running the phase `mixed`: looking at the server meanwhile, and judging what rises.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde::Deserialize;

use super::mixed::{Kind, Mixed, STEPS, World};
use super::report::{Latency, Line, Rate};
use super::watch::{Figures, Sample, slopes};
use super::{Bench, setup};
use crate::cli::load::{self, Measured, Pace, Recorder};

#[derive(Deserialize)]
struct Counted {
    connected_count: i64,
}

impl Bench {
    /// Runs the mix, then prints its figures by kind and, where the server was looked at, what rises.
    pub async fn mixed(&mut self, settings: &Mixed) -> anyhow::Result<()> {
        let records = setup::records(&self.client, settings.records).await?;
        let graph = setup::steps_in_a_row(STEPS, true);
        let sequence: Arc<str> = setup::sequence(&self.client, "bench: a mixed load", graph).await?.into();
        let worlds = records.chunks(records.len().div_ceil(settings.connections)).enumerate().map(|(at, records)| {
            let name = format!("{sequence}.{at}");
            World::new(settings.mix, sequence.clone(), records.to_vec(), name, at as u64)
        });
        let (worlds, before) = (worlds.collect::<Vec<_>>(), self.usage());
        let connections = worlds.len();
        let (total, samples, worlds) = self.run_mix(settings, worlds).await?;
        let rate = Rate::of_loop("mixed", connections, &total);
        self.print_rate(Rate { due_per_second: settings.per_second, ..rate }, before)?;
        for (kind, latencies) in Kind::ALL.iter().zip(&total.kinds).filter(|(_, latencies)| latencies.count() > 0) {
            let rate =
                Rate::of(format!("  {}", kind.name()), connections, latencies.count(), total.elapsed.as_secs_f64());
            self.report.print(Line::Rate(Rate { latency: Latency::of(latencies), ..rate }))?;
        }
        for slope in slopes(&samples, settings.settle_seconds as f64, &settings.bounds) {
            self.report.print(Line::Slope(slope))?;
        }
        if let Some(first) = &total.first_refusal {
            eprintln!("{} requests were refused, the first: {first}", total.refused);
            return Ok(());
        }
        let Counted { connected_count } = self.client.get(&["sequences", &sequence], &[]).await?;
        let connected: usize = worlds.iter().map(World::connected).sum();
        ensure!(
            connected_count == connected as i64,
            "{connected} records are connected, the sequence counts {connected_count}"
        );
        Ok(())
    }

    async fn run_mix(
        &mut self,
        settings: &Mixed,
        worlds: Vec<World>,
    ) -> anyhow::Result<(Measured, Vec<Sample>, Vec<World>)> {
        let lasting = Duration::from_secs(settings.seconds);
        let pace = match settings.per_second {
            None => Pace::Closed(lasting),
            Some(per_second) => Pace::Open { per_second, lasting },
        };
        let (target, recorder) = (self.target.clone(), Recorder::default());
        let mut running = pin!(load::run_until(&target, worlds, pace, &recorder, || true));
        let (mut total, mut samples, started) = (Measured::default(), Vec::new(), Instant::now());
        let mut figures = Figures::read(&self.client).await?;
        let base = figures.timers.count;
        // Without samples, one long nap.
        let every = Duration::from_secs(settings.every_seconds.unwrap_or(settings.seconds.saturating_add(3_600)));
        let mut looks = tokio::time::interval(every);
        looks.tick().await;
        loop {
            let ended = tokio::select! {
                ended = &mut running => Some(ended?),
                _ = looks.tick() => None,
            };
            let interval = recorder.take();
            let latencies = interval.all();
            total.add(interval);
            if let Some((elapsed, worlds)) = ended {
                return Ok((Measured { elapsed, ..total }, samples, worlds));
            }
            if started.elapsed() >= lasting {
                // The connections are closing.
                continue;
            }
            let now = Figures::read(&self.client).await?;
            let late = now.timers.since(&figures.timers);
            let state = self.state("sample");
            let stored = stored(&total) + now.timers.count.saturating_sub(base);
            let found = [
                ("resident_mb", state.resident_mb),
                ("disk_mb", state.disk_mb),
                ("descriptors", state.descriptors.map(|descriptors| descriptors as f64)),
                ("in_flight", Some(now.in_flight)),
                ("timer_late_ms", late.mean().map(|seconds| seconds * 1e3)),
                (
                    "timer_late_p99_ms",
                    late.percentile(0.99).filter(|bound| bound.is_finite()).map(|seconds| seconds * 1e3),
                ),
                ("p50_ms", Some(latencies.percentile_ms(50.0))),
                ("p99_ms", Some(latencies.percentile_ms(99.0))),
                ("per_second", Some(latencies.count() as f64 / every.as_secs_f64())),
                ("stored", Some(stored as f64)),
            ];
            let found: BTreeMap<_, _> = found.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            figures = now;
            let sample = Sample {
                at_seconds: started.elapsed().as_secs_f64(),
                fired: Some(figures.timers.count.saturating_sub(base)),
                requests: Some(total.requests() - total.refused),
                figures: found,
            };
            self.report.print(Line::Sample(sample.clone()))?;
            samples.push(sample);
        }
    }
}

/// Commands that the server has stored, of what was measured.
fn stored(measured: &Measured) -> u64 {
    let kinds = Kind::ALL.iter().zip(&measured.kinds).filter(|(kind, _)| kind.is_stored());
    kinds.map(|(_, latencies)| latencies.count()).sum::<u64>().saturating_sub(measured.refused)
}
