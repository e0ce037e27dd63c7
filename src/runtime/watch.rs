//! Whether the clock can be trusted with sending: a clock that steps must not make everything due at once (P10).
//!
//! The wall clock is held against time that only runs forward. A step forward, or an instant before those already seen,
//! holds every timer until the clock is right again or a person says that it is.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::limits;
use crate::time::{Clock, Timestamp};

/// The wall clock at a moment of the running clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The wall clock.
    pub now: Timestamp,
    /// Milliseconds that the machine has run by then.
    pub running_ms: i64,
}

impl Reading {
    /// What the clock says at this moment.
    pub fn of(clock: &Clock) -> Reading {
        Reading { now: clock.now(), running_ms: clock.running_ms() }
    }
}

/// Why timers are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The clock has gone forward by this much more than time has passed.
    Ahead(TimeDelta),
    /// The clock stands this much before an instant already seen.
    Behind(TimeDelta),
}

impl std::fmt::Display for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Hold::Ahead(by) => write!(f, "the clock went forward by {} s more than time has passed", by.num_seconds()),
            Hold::Behind(by) => write!(f, "the clock stands {} s before an instant already seen", by.num_seconds()),
        }
    }
}

/// Watches one clock.
#[derive(Debug)]
pub struct ClockWatch {
    trusted: Reading,
    hold: Option<Hold>,
}

impl ClockWatch {
    /// Begins with what was trusted when the process before this one ended, where the machine has run on since; otherwise
    /// with the clock as it stands, but not before `latest`, the last instant at which something happened.
    pub fn new(clock: &Clock, latest: Timestamp, before: Option<Reading>) -> ClockWatch {
        let present = Reading::of(clock);
        let trusted = before.unwrap_or(Reading { now: present.now.max(latest), ..present });
        let mut watch = ClockWatch { trusted, hold: None };
        watch.look(clock);
        watch
    }

    /// Looks at the clock; timers may fire unless it says why not.
    pub fn look(&mut self, clock: &Clock) -> Option<Hold> {
        let present = Reading::of(clock);
        let passed = TimeDelta::milliseconds((present.running_ms - self.trusted.running_ms).max(0));
        let ahead = present.now - self.trusted.now - passed;
        let behind = self.trusted.now - present.now;
        let hold = if ahead > limits::CLOCK_AHEAD_MAX {
            Some(Hold::Ahead(ahead))
        } else if behind > limits::CLOCK_BEHIND_MAX {
            Some(Hold::Behind(behind))
        } else {
            None
        };
        match (self.hold, hold) {
            (None, Some(hold)) => tracing::error!("timers are held: {hold}; set it right, or accept it"),
            (Some(_), None) => tracing::info!("the clock is right again; timers fire"),
            _ => {}
        }
        if hold.is_none() && present.now >= self.trusted.now {
            self.trusted = present;
        }
        metrics::gauge!("relance_clock_held").set(f64::from(u8::from(hold.is_some())));
        self.hold = hold;
        hold
    }

    /// Takes the clock as it stands for right.
    pub fn accept(&mut self, clock: &Clock) {
        self.trusted = Reading::of(clock);
        self.look(clock);
    }

    /// The last reading that was trusted, to be kept for the next process.
    pub fn trusted(&self) -> Reading {
        self.trusted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_790_164_800_000;

    fn hours(number: i64) -> TimeDelta {
        TimeDelta::hours(number)
    }

    #[test]
    fn p10_time_that_passes_is_no_step_however_long_it_is() {
        let clock = Clock::test(Timestamp::from_millis(NOON));
        let mut watch = ClockWatch::new(&clock, clock.now(), None);
        for span in [TimeDelta::seconds(1), hours(5), TimeDelta::days(30)] {
            clock.advance(clock.now() + span);
            assert_eq!(watch.look(&clock), None, "{span}");
        }
    }

    #[test]
    fn p10_a_step_forward_holds_until_it_is_taken_back_or_accepted() {
        let clock = Clock::test(Timestamp::from_millis(NOON));
        let mut watch = ClockWatch::new(&clock, clock.now(), None);
        clock.step(TimeDelta::minutes(59));
        assert_eq!(watch.look(&clock), None, "less than an hour");
        clock.step(hours(2));
        assert_eq!(watch.look(&clock), Some(Hold::Ahead(hours(2))));
        clock.advance(clock.now() + hours(1));
        assert_eq!(watch.look(&clock), Some(Hold::Ahead(hours(2))), "time that passes does not excuse it");
        clock.step(-hours(2));
        assert_eq!(watch.look(&clock), None, "taken back");
        clock.step(TimeDelta::days(400));
        assert!(watch.look(&clock).is_some());
        watch.accept(&clock);
        assert_eq!(watch.look(&clock), None, "accepted");
    }

    #[test]
    fn p10_a_clock_that_stands_before_what_was_seen_holds_until_it_has_caught_up() {
        let clock = Clock::test(Timestamp::from_millis(NOON));
        let mut watch = ClockWatch::new(&clock, clock.now(), None);
        clock.step(TimeDelta::minutes(-4));
        assert_eq!(watch.look(&clock), None, "a small correction");
        clock.step(hours(-2));
        assert!(matches!(watch.look(&clock), Some(Hold::Behind(_))));
        clock.advance(clock.now() + hours(2));
        assert_eq!(watch.look(&clock), None);
    }

    #[test]
    fn p10_a_start_is_held_against_the_last_event_and_the_last_process() {
        let clock = Clock::test(Timestamp::from_millis(NOON));
        let mut after_later = ClockWatch::new(&clock, clock.now() + hours(1), None);
        assert_eq!(after_later.look(&clock), Some(Hold::Behind(hours(1))));
        let mut after_an_outage = ClockWatch::new(&clock, clock.now() + TimeDelta::days(-30), None);
        assert_eq!(after_an_outage.look(&clock), None, "what became due while nothing ran fires (TM-13)");
        let before = Reading::of(&clock);
        clock.advance(clock.now() + hours(10));
        assert_eq!(ClockWatch::new(&clock, before.now, Some(before)).look(&clock), None, "the machine ran ten hours");
        clock.step(hours(10));
        assert_eq!(ClockWatch::new(&clock, before.now, Some(before)).look(&clock), Some(Hold::Ahead(hours(10))));
    }
}
