//! How likely a record is to convert: a score supplied from outside, or one computed by rule from what came back and how long
//! the next action has been due, with its trend and its reasons (W-50 to W-53).

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::domain::enrolment::Signal;
use crate::time::Timestamp;

/// How long something that came back counts (W-53).
pub const COUNTS_FOR: TimeDelta = TimeDelta::days(14);
/// What a trend looks back at (W-50).
pub const TREND_OVER: TimeDelta = TimeDelta::days(7);
/// E-mails in a row without an answer of any kind that count against a record.
const UNANSWERED_MANY: u8 = 3;

const BASE: i32 = 50;
const REPLIED: i32 = 15;
const CLICKED: i32 = 10;
const OPENED: i32 = 5;
const OVERDUE_A_DAY: i64 = 3;
const OVERDUE_MAX: i64 = 15;
const UNANSWERED: i32 = -10;

/// What a record has shown of interest: the latest of each, and what was sent since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interest {
    /// When an answer came last.
    pub replied_at: Option<Timestamp>,
    /// When a link was last followed, or a file fetched.
    pub clicked_at: Option<Timestamp>,
    /// When a message was last opened.
    pub opened_at: Option<Timestamp>,
    /// E-mails sent since any of these.
    pub unanswered: u8,
}

impl Interest {
    /// Something came back. Who answers or follows a link has opened the message too (D-63).
    pub fn note(&mut self, signal: Signal, at: Timestamp) {
        let latest = match signal {
            Signal::Replied => &mut self.replied_at,
            Signal::LinkClicked | Signal::AttachmentDownloaded => &mut self.clicked_at,
            Signal::Opened => &mut self.opened_at,
            Signal::Bounced => return,
        };
        *latest = (*latest).max(Some(at));
        self.opened_at = self.opened_at.max(Some(at));
        self.unanswered = 0;
    }

    /// An e-mail has left.
    pub fn note_sent(&mut self) {
        self.unanswered = self.unanswered.saturating_add(1);
    }

    /// Whether there is anything to go by.
    fn is_empty(&self) -> bool {
        *self == Interest::default()
    }
}

/// Why a score is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it looks at.
    pub cause: Cause,
    /// What it adds; may be negative.
    pub points: i32,
}

/// What a score looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Where every record begins.
    Base,
    /// An answer came, then.
    Replied(Timestamp),
    /// A link was followed or a file fetched, then.
    Clicked(Timestamp),
    /// A message was opened, then.
    Opened(Timestamp),
    /// The next action is due for so many whole days.
    Overdue(i64),
    /// So many e-mails in a row brought nothing back.
    Unanswered(u8),
    /// It comes from outside (W-51).
    Supplied,
}

/// Where a score is going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// Higher than a week ago.
    Improving,
    /// As a week ago.
    Steady,
    /// Lower.
    Declining,
    /// A week ago there was nothing to go by.
    NotEnoughInfo,
}

impl Trend {
    /// Its word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Trend::Improving => "improving",
            Trend::Steady => "steady",
            Trend::Declining => "declining",
            Trend::NotEnoughInfo => "not_enough_info",
        }
    }

    fn between(before: u8, now: u8) -> Trend {
        match now.cmp(&before) {
            std::cmp::Ordering::Greater => Trend::Improving,
            std::cmp::Ordering::Equal => Trend::Steady,
            std::cmp::Ordering::Less => Trend::Declining,
        }
    }
}

/// A score supplied from outside, and the one that it took the place of, with the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplied {
    /// 0–100.
    pub score: Option<u8>,
    /// What it was before, and since when it is not any more.
    pub former: Option<(Option<u8>, Timestamp)>,
}

impl Supplied {
    /// Another value came.
    pub fn replace(&mut self, score: Option<u8>, at: Timestamp) {
        if self.score != score {
            *self = Supplied { score, former: Some((self.score, at)) };
        }
    }

    /// Where it is going.
    pub fn trend(&self, now: Timestamp) -> Trend {
        match (self.score, self.former) {
            (Some(score), Some((Some(before), at))) if now - at < TREND_OVER => Trend::between(before, score),
            (Some(_), Some((None, at))) if now - at < TREND_OVER => Trend::NotEnoughInfo,
            (Some(_), _) => Trend::Steady,
            (None, _) => Trend::NotEnoughInfo,
        }
    }
}

/// The score that follows from the rule W-53: 0–100. `due` is when the next action is due.
pub fn by_rule(interest: &Interest, due: Option<Timestamp>, now: Timestamp) -> u8 {
    let points: i32 = reasons(interest, due, now).iter().map(|reason| reason.points).sum();
    u8::try_from(points.clamp(0, 100)).unwrap_or_default()
}

/// Where that score is going: what it would have been a week ago, of what is remembered of then.
pub fn rule_trend(interest: &Interest, due: Option<Timestamp>, now: Timestamp) -> Trend {
    let then = now + -TREND_OVER;
    let before = |at: Option<Timestamp>| at.filter(|at| *at <= then);
    let past = Interest {
        replied_at: before(interest.replied_at),
        clicked_at: before(interest.clicked_at),
        opened_at: before(interest.opened_at),
        unanswered: interest.unanswered,
    };
    match interest.is_empty() {
        true => Trend::NotEnoughInfo,
        false => Trend::between(by_rule(&past, due, then), by_rule(interest, due, now)),
    }
}

/// What the rule adds up, in the order of the rule; what adds nothing is not there.
pub fn reasons(interest: &Interest, due: Option<Timestamp>, now: Timestamp) -> Vec<Reason> {
    let recent = |at: &Timestamp| *at <= now && now - *at <= COUNTS_FOR;
    let overdue = due.map_or(0, |due| (now - due).num_days()).max(0);
    let many = Some(interest.unanswered).filter(|unanswered| *unanswered >= UNANSWERED_MANY);
    let found = [
        Some((Cause::Base, BASE)),
        interest.replied_at.filter(recent).map(|at| (Cause::Replied(at), REPLIED)),
        interest.clicked_at.filter(recent).map(|at| (Cause::Clicked(at), CLICKED)),
        interest.opened_at.filter(recent).map(|at| (Cause::Opened(at), OPENED)),
        (overdue > 0).then(|| (Cause::Overdue(overdue), (OVERDUE_A_DAY * overdue).min(OVERDUE_MAX) as i32)),
        many.map(|unanswered| (Cause::Unanswered(unanswered), UNANSWERED)),
    ];
    found.into_iter().flatten().map(|(cause, points)| Reason { cause, points }).collect()
}
