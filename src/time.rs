//! Instants and the only clock: everything that needs to know the time is given it from here.

use std::ops::{Add, Sub};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Datelike, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// An instant in UTC, in milliseconds since 1970. Ordered, and eight bytes in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "i64")]
pub struct Timestamp(i64);

impl From<i64> for Timestamp {
    /// Bytes that say more than a year can be are no reason to overflow later.
    fn from(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }
}

impl Timestamp {
    /// The last instant of the year 9999: what RFC 3339 can still write.
    pub const MAX: Timestamp = Timestamp(253_402_300_799_999);

    /// From milliseconds since 1970, clamped to the years 0–9999 that RFC 3339 can write.
    pub fn from_millis(millis: i64) -> Timestamp {
        Timestamp(millis.clamp(-62_167_219_200_000, Self::MAX.0))
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// The calendar month of UTC, counted from January of the year 0.
    pub fn month(self) -> u32 {
        let day = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        day.year().unsigned_abs() * 12 + day.month0()
    }

    /// Reads RFC 3339 with any offset; `None` if the text is not an instant.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let parsed = DateTime::parse_from_rfc3339(text).ok()?;
        Some(Timestamp::from_millis(parsed.timestamp_millis()))
    }
}

impl std::fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let instant = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&instant.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Add<TimeDelta> for Timestamp {
    type Output = Timestamp;
    fn add(self, span: TimeDelta) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_add(span.num_milliseconds()))
    }
}

impl Sub for Timestamp {
    type Output = TimeDelta;
    fn sub(self, earlier: Timestamp) -> TimeDelta {
        TimeDelta::milliseconds(self.0.saturating_sub(earlier.0))
    }
}

/// Where `now` comes from: the machine, or a test clock that moves only when told.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's own time.
    System,
    /// A sandbox's time, shared by everything that was given this clock.
    Test(Arc<TestClock>),
    /// A machine's time in a simulation: it goes and steps as a machine's does, by somebody else's hand.
    Simulated(Arc<TestClock>),
}

/// See [`Clock::test`] and [`Clock::simulated`].
#[derive(Debug)]
pub struct TestClock {
    now: AtomicI64,
    running_ms: AtomicI64,
}

impl TestClock {
    fn at(start: Timestamp) -> Arc<TestClock> {
        Arc::new(TestClock { now: AtomicI64::new(start.0), running_ms: AtomicI64::new(0) })
    }
}

impl Clock {
    /// A clock that stands at `start` until it is moved.
    pub fn test(start: Timestamp) -> Clock {
        Clock::Test(TestClock::at(start))
    }

    /// A machine's clock that stands at `start` until it is moved.
    pub fn simulated(start: Timestamp) -> Clock {
        Clock::Simulated(TestClock::at(start))
    }

    /// The present instant by this clock.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's time")]
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp(Utc::now().timestamp_millis()),
            Clock::Test(clock) | Clock::Simulated(clock) => Timestamp(clock.now.load(Ordering::Acquire)),
        }
    }

    /// Moves a test clock forward to `to`, never back; the system clock does not move.
    pub fn advance(&self, to: Timestamp) {
        if let Clock::Test(clock) | Clock::Simulated(clock) = self {
            let before = clock.now.fetch_max(to.0, Ordering::AcqRel);
            clock.running_ms.fetch_add((to.0 - before).max(0), Ordering::AcqRel);
        }
    }

    /// Sets a test clock forward or back without time passing, as a person or a wrong time server does.
    pub fn step(&self, by: TimeDelta) {
        if let Clock::Test(clock) | Clock::Simulated(clock) = self {
            clock.now.fetch_add(by.num_milliseconds(), Ordering::AcqRel);
        }
    }

    /// Milliseconds of time that has passed since some moment, suspends included; what sets [`Clock::now`] does not touch
    /// it.
    pub fn running_ms(&self) -> i64 {
        match self {
            Clock::System => {
                let since_boot = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
                since_boot.tv_sec * 1_000 + since_boot.tv_nsec / 1_000_000
            }
            Clock::Test(clock) | Clock::Simulated(clock) => clock.running_ms.load(Ordering::Acquire),
        }
    }

    /// Whether this clock moves only when told.
    pub fn is_test(&self) -> bool {
        matches!(self, Clock::Test(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_with_any_offset_and_written_in_utc() {
        let instant = Timestamp::parse("2026-11-21T10:00:00+01:00").unwrap();
        assert_eq!(instant.to_string(), "2026-11-21T09:00:00.000Z");
        assert_eq!(Timestamp::parse("yesterday"), None);
    }

    #[test]
    fn arithmetic_stays_inside_the_years_that_can_be_written() {
        assert_eq!(Timestamp::MAX + TimeDelta::days(1), Timestamp::MAX);
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn what_is_read_of_a_store_stays_inside_them_too() {
        for millis in [i64::MIN, i64::MAX] {
            let read: Timestamp = serde_json::from_value(millis.into()).unwrap();
            assert_eq!(read, Timestamp::from_millis(millis));
            assert!((read - Timestamp::default()).num_days().abs() < 4_000_000);
        }
    }

    #[test]
    fn a_test_clock_never_goes_back() {
        let clock = Clock::test(Timestamp(1_000));
        clock.advance(Timestamp(5_000));
        clock.advance(Timestamp(2_000));
        assert_eq!(clock.now(), Timestamp(5_000));
    }
}
