//! How people are taken to act where no script says it, and what is drawn for that.

use chrono::TimeDelta;
use xxhash_rust::xxh3::xxh3_64;

use crate::domain::enrolment::Signal;
use crate::domain::given::Given;
use crate::domain::plan::{Action, Plan, PlanNode};
use crate::id::{RecordId, SequenceId};

/// An e-mail that is replied to is so within these minutes, or within the limit of the condition behind it if that is shorter.
const REPLY_MINUTES_MAX: i64 = 24 * 60;

/// How people are taken to act.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assumptions {
    /// The share of e-mails that are replied to, 0 to 1.
    pub reply_rate: f64,
    /// The share of calls that end with the result `made` (CO-34), 0 to 1; the others end with `no_answer`.
    pub answer_rate: f64,
    /// Minutes from when a step is due to when its seller has completed it.
    pub seller_minutes: u32,
}

impl Default for Assumptions {
    /// Nobody replies, nobody answers, and a seller needs an hour.
    fn default() -> Assumptions {
        Assumptions { reply_rate: 0.0, answer_rate: 0.0, seller_minutes: 60 }
    }
}

/// Names one thing that is drawn: the same name, the same draw.
#[derive(Clone, Copy, Debug)]
pub struct Lot<'a> {
    pub seed: u64,
    pub record: RecordId,
    pub sequence: SequenceId,
    pub node: &'a str,
}

impl Lot<'_> {
    /// A number from 0 up to 1.
    fn draw(&self, what: &str) -> f64 {
        let mut key = self.seed.to_be_bytes().to_vec();
        key.extend_from_slice(&self.record.0.to_be_bytes());
        key.extend_from_slice(&self.sequence.0.to_be_bytes());
        key.extend_from_slice(what.as_bytes());
        key.push(0);
        key.extend_from_slice(self.node.as_bytes());
        // The upper 53 bits are what a number of that type can hold.
        (xxh3_64(&key) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Assumptions {
    /// After how long an e-mail is replied to, if it is. `behind` is the node that comes behind it.
    pub fn reply(&self, lot: Lot, behind: Option<&PlanNode>) -> Option<TimeDelta> {
        if lot.draw("reply") >= self.reply_rate {
            return None;
        }
        let limit = behind.and_then(|behind| match &behind.action {
            Action::EmailSignals(question) if question.signals.contains(&Signal::Replied) => Some(question.limit),
            Action::EmailSignals(question) if question.signals.contains(&Signal::Opened) => Some(question.limit),
            _ => None,
        });
        // At the last instant of a limit its timer comes first.
        let most = limit.map_or(REPLY_MINUTES_MAX, |limit| limit.num_minutes() - 1).clamp(1, REPLY_MINUTES_MAX);
        let minutes = 1 + (lot.draw("reply after") * most as f64) as i64;
        Some(TimeDelta::minutes(minutes.min(most)))
    }

    /// How a call ends.
    pub fn call_result(&self, lot: Lot, given: &Given) -> Option<String> {
        let known = &given.catalogue.call_results;
        let wanted = if lot.draw("answer") < self.answer_rate { "made" } else { "no_answer" };
        // An organisation that has neither word has its own, the first of which is taken for an answer and the last is not.
        let other = if wanted == "made" { known.first() } else { known.last() };
        known.iter().find(|result| *result == wanted).or(other).cloned()
    }
}

/// The node that comes behind one.
pub fn behind<'a>(plan: &'a Plan, node: &PlanNode) -> Option<&'a PlanNode> {
    plan.node(node.next?)
}
