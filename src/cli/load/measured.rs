//! Latencies as a histogram: a soak of half an hour takes no more memory than a second.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

/// Shares of the requests, in percent, whose latencies tell how they are distributed.
pub const SHARES: [f64; 14] = [1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.9, 99.95, 99.99, 100.0];

/// Latencies of one kind of request, in microseconds to three digits.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u32>);

impl Default for Latencies {
    fn default() -> Latencies {
        // Three digits are in the range that the library accepts.
        Latencies(Histogram::new(3).unwrap_or_else(|_| unreachable!("three significant digits are allowed")))
    }
}

impl Latencies {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency that `share` percent of the requests did not exceed, in milliseconds; 0 where there is none.
    pub fn percentile_ms(&self, share: f64) -> f64 {
        if self.0.is_empty() { 0.0 } else { self.0.value_at_percentile(share) as f64 / 1_000.0 }
    }

    /// One more.
    pub fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        // It grows as needed, up to the hour that is the most that counts here.
        let _ = self.0.record(micros.clamp(1, 3_600_000_000));
    }

    /// Takes in the latencies of another.
    pub fn add(&mut self, other: &Latencies) {
        // As above.
        let _ = self.0.add(&other.0);
    }
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Latencies for each kind of request.
    pub kinds: Vec<Latencies>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// Requests that were not answered as wished.
    pub refused: u64,
    /// The first of them in words.
    pub first_refusal: Option<String>,
}

impl Measured {
    /// Requests that were answered.
    pub fn requests(&self) -> u64 {
        self.kinds.iter().map(Latencies::count).sum()
    }

    /// The latencies of every kind together.
    pub fn all(&self) -> Latencies {
        let mut all = Latencies::default();
        self.kinds.iter().for_each(|kind| all.add(kind));
        all
    }

    /// Takes in what was measured in another interval; the time is not added.
    pub fn add(&mut self, other: Measured) {
        for (at, kind) in other.kinds.iter().enumerate() {
            self.kind(at).add(kind);
        }
        self.refused += other.refused;
        self.first_refusal = self.first_refusal.take().or(other.first_refusal);
    }

    fn kind(&mut self, kind: usize) -> &mut Latencies {
        if self.kinds.len() <= kind {
            self.kinds.resize_with(kind + 1, Latencies::default);
        }
        &mut self.kinds[kind]
    }
}

/// Where all connections write what they measure, and from which somebody may take it meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<Measured>>);

impl Recorder {
    /// What was measured since it was last taken.
    pub fn take(&self) -> Measured {
        std::mem::take(&mut *self.lock())
    }

    pub(super) fn record(&self, kind: usize, latency: Duration, refusal: Option<String>) {
        let mut measured = self.lock();
        measured.kind(kind).record(latency);
        if let Some(refusal) = refusal {
            measured.refused += 1;
            measured.first_refusal.get_or_insert(refusal);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Measured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_latencies_that_occurred_to_three_digits() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile_ms(50.0), 0.0);
        (1..=200).for_each(|n| latencies.record(Duration::from_millis(n)));
        for (share, expected) in [(50.0, 100.0), (99.0, 198.0), (100.0, 200.0)] {
            let found = latencies.percentile_ms(share);
            assert!((found - expected).abs() < expected / 1_000.0, "{share}: {found}");
        }
    }

    #[test]
    fn intervals_add_up_kind_by_kind() {
        let recorder = Recorder::default();
        let ms = Duration::from_millis;
        recorder.record(2, ms(1), None);
        recorder.record(0, ms(1), Some("first".into()));
        let mut sum = recorder.take();
        recorder.record(2, ms(1), Some("second".into()));
        sum.add(recorder.take());
        assert_eq!(sum.kinds.iter().map(Latencies::count).collect::<Vec<_>>(), [1, 0, 2]);
        assert_eq!((sum.requests(), sum.refused, sum.first_refusal.as_deref()), (3, 2, Some("first")));
        assert_eq!(sum.all().count(), 3);
    }
}
