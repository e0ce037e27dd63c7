//! A/B tests of a running sequence (§8, §19.4): each begins when the first participant reaches its step, and ends with a
//! version that every later participant gets.
//!
//! A test is one node of one sequence as long as its settings are the same: it is named by the version since which they are
//! (AB-19). The sequence remembers its life; what participants do is counted beside what their records decide.

pub mod life;
pub mod verdict;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use self::verdict::Tallies;
use crate::domain::effect::Counter;
use crate::domain::plan::{AbEnd, AbTest, AbVersion};
use crate::domain::sequence::Sequence;
use crate::id::{AbTestId, SequenceId, UserId};
use crate::limits;
use crate::time::Timestamp;

/// A test that has begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AbRun {
    /// The author's id of its node.
    pub node: String,
    /// The first version of the sequence with these settings.
    pub since: u16,
    /// What its participants are counted under.
    pub test: AbTestId,
    /// When the first participant reached it (D-18).
    pub begun_at: Timestamp,
    /// When the first message was sent: the tallies are looked at every 24 hours from then (D-67).
    pub exposed_at: Option<Timestamp>,
    /// When the tallies are looked at next. Kept after the end.
    pub wakes_at: Option<Timestamp>,
    /// How it ended.
    pub end: Option<AbOutcome>,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbOutcome {
    /// Why.
    pub reason: AbEnding,
    /// What every later participant gets.
    pub serves: AbVersion,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: UserId,
}

/// Why a test ended (AB-10). Stored in events: variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AbEnding {
    /// One version did better.
    Won,
    /// None did by the deadline, or before the test was given up (AB-9, AB-16).
    Inconclusive,
    /// A person chose.
    Chosen,
    /// The sequence was deactivated while it ran.
    Deactivated,
}

/// Where a test stands (§19.4), and what it says then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AbStanding<'a> {
    /// Nobody has reached it.
    Draft,
    /// Nobody had reached it by its deadline: the default version from then on (D-66).
    Missed,
    /// Participants get A or B by the split.
    InProgress(&'a AbRun),
    /// Everybody gets one version.
    Finished(&'a AbRun, AbOutcome),
}

impl AbTestId {
    /// The test of a node since that version.
    pub fn of(sequence: SequenceId, node: &str, since: u16) -> AbTestId {
        let mut key = sequence.0.to_be_bytes().to_vec();
        key.extend_from_slice(&since.to_be_bytes());
        key.extend_from_slice(node.as_bytes());
        AbTestId(xxh3_128(&key))
    }

    /// The counters of both versions: participants, and those who met the metric.
    pub fn counters(self) -> [[Counter; 2]; 2] {
        [AbVersion::A, AbVersion::B].map(|version| [Counter::AbExposed(self, version), Counter::AbMet(self, version)])
    }

    /// What they hold, as `counter` reads them.
    pub fn tallies(self, counter: impl Fn(Counter) -> i64) -> Tallies {
        let [a, b] = self.counters().map(|[exposed, met]| {
            let read = |which| u64::try_from(counter(which)).unwrap_or_default();
            verdict::Tally { exposed: read(exposed), met: read(met) }
        });
        Tallies { a, b }
    }
}

impl Sequence {
    /// The test of a node since that version, if it has begun.
    pub fn ab_run(&self, node: &str, since: u16) -> Option<&AbRun> {
        self.ab_tests.iter().find(|run| run.since == since && run.node == node)
    }

    /// Where the test of `node` stands.
    pub fn ab_standing(&self, node: &str, test: &AbTest, now: Timestamp) -> AbStanding<'_> {
        let run = self.ab_run(node, test.since);
        match (run.and_then(|run| Some((run, run.end?))), run) {
            (Some((run, end)), _) => AbStanding::Finished(run, end),
            (None, Some(run)) => AbStanding::InProgress(run),
            (None, None) => match test.end {
                AbEnd::At(deadline) if deadline <= now => AbStanding::Missed,
                AbEnd::At(_) | AbEnd::Automatic => AbStanding::Draft,
            },
        }
    }

    /// The version that every participant gets from now on, if that is so (AB-8, AB-9, D-66).
    pub fn ab_serves(&self, node: &str, test: &AbTest, now: Timestamp) -> Option<AbVersion> {
        match self.ab_standing(node, test, now) {
            AbStanding::Finished(_, end) => Some(end.serves),
            AbStanding::Missed => Some(test.default),
            AbStanding::Draft | AbStanding::InProgress(_) => None,
        }
    }
}

/// The first of the instants every 24 hours from `exposed_at` that is later than `now` (D-67).
fn next_look(exposed_at: Timestamp, now: Timestamp) -> Timestamp {
    let looks = (now - exposed_at).num_milliseconds().div_euclid(limits::AB_LOOK_HOURS * 3_600_000) + 1;
    exposed_at + TimeDelta::hours(looks.max(1) * limits::AB_LOOK_HOURS)
}
