//! What conditions answer (§5.1, CM-1, CM-17, D-60), and what ends waits before their time.

use chrono::{DateTime, Days, NaiveDate, TimeDelta};
use relance::domain::condition::{Comparison, Condition, Operator};
use relance::domain::enrolment::{Signal, StepStatus, WaitState};
use relance::domain::record::schema::{Outcome, Owner, Value};
use relance::domain::sequence::graph::{EmailSignal, Match, Node, Occurrence, Until, WaitNode};
use relance::time::Timestamp;
use serde_json::Value as Json;

use super::walk::{as_wait, is_mail};
use super::{Happened, Naive, Visit, node};
use crate::domain::model::scene::NAMES;

/// What a condition asks of an e-mail.
pub(super) struct Question {
    pub limit: TimeDelta,
    pub early: bool,
    signals: Vec<Signal>,
    all: bool,
}

impl Question {
    /// Whether it came by then.
    pub fn holds_of(&self, mail: &Visit, end: Timestamp) -> bool {
        let came = |signal: &Signal| mail.signals.get(&(*signal as u8)).is_some_and(|at| *at <= end);
        if self.all { self.signals.iter().all(came) } else { self.signals.iter().any(came) }
    }
}

pub(super) fn question(condition: &Node) -> Question {
    let (days, hours, early, signals, all) = match condition {
        Node::CondEmailOpen(one) => (one.limit_days, one.limit_hours, one.advance_early, vec![Signal::Opened], false),
        Node::CondEmailReply(one) => (one.limit_days, one.limit_hours, one.advance_early, vec![Signal::Replied], false),
        Node::CondEmailLink(one) => {
            (one.limit_days, one.limit_hours, one.advance_early, vec![Signal::LinkClicked], false)
        }
        Node::CondEmailAttachment(one) => {
            (one.limit_days, one.limit_hours, one.advance_early, vec![Signal::AttachmentDownloaded], false)
        }
        Node::CondEmailAdvanced(one) => {
            let signal = |signal: &EmailSignal| match signal {
                EmailSignal::Open => Signal::Opened,
                EmailSignal::Reply => Signal::Replied,
                EmailSignal::Link => Signal::LinkClicked,
                EmailSignal::Attachment => Signal::AttachmentDownloaded,
            };
            let signals = one.signals.iter().map(signal).collect();
            (one.limit_days, one.limit_hours, one.advance_early, signals, one.r#match == Match::All)
        }
        other => panic!("{other:?} asks nothing of an e-mail"),
    };
    // CO-14.
    let limit = match (days, hours) {
        (None, None) => TimeDelta::days(1),
        (days, hours) => TimeDelta::days(days.unwrap_or(0)) + TimeDelta::hours(hours.unwrap_or(0)),
    };
    Question { limit, early, signals, all }
}

/// A value of the record, as conditions see it.
enum Held {
    Text(String),
    Number(f64),
}

impl Naive {
    /// `None` where a field is missing and the rest does not decide it (CM-12).
    pub(super) fn answer(&self, condition: &Condition) -> Option<bool> {
        match condition {
            Condition::All(parts) => {
                let answers: Vec<_> = parts.iter().map(|part| self.answer(part)).collect();
                if answers.contains(&Some(false)) { Some(false) } else { (!answers.contains(&None)).then_some(true) }
            }
            Condition::Any(parts) => {
                let answers: Vec<_> = parts.iter().map(|part| self.answer(part)).collect();
                if answers.contains(&Some(true)) { Some(true) } else { (!answers.contains(&None)).then_some(false) }
            }
            Condition::Compare(comparison) if comparison.field == "tier" && !self.office.has_tier => None,
            Condition::Compare(comparison) => Some(self.compare(comparison, self.held(&comparison.field))),
            Condition::Related { related, condition } => {
                assert_eq!(related, "owner", "only the owner is drawn");
                let Condition::Compare(comparison) = condition.as_ref() else { panic!("one comparison is drawn") };
                assert_eq!(comparison.field, "name", "only its name is drawn");
                let name = NAMES.iter().find(|(owner, _)| *owner == self.lead.owner).map(|(_, name)| *name);
                Some(self.compare(comparison, name.map(|name| Held::Text(name.into()))))
            }
        }
    }

    fn held(&self, field: &str) -> Option<Held> {
        let lead = &self.lead;
        let text = |text: &str| Some(Held::Text(text.to_owned()));
        match field {
            "email" => lead.email.as_deref().and_then(text),
            "allow_email" => text(if lead.allows_email { "yes" } else { "no" }),
            "score" => lead.score.map(|score| Held::Number(score.into())),
            "owner" => match lead.owner {
                Owner::User(user) => text(&user.to_string()),
                Owner::Team(team) => text(&team.to_string()),
            },
            "state" => text(if lead.is_open { "active" } else { "inactive" }),
            "outcome" => text(match lead.outcome {
                Outcome::None => "none",
                Outcome::Success => "success",
                Outcome::Failure => "failure",
            }),
            field => lead.fields.get(field).map(|value| match value {
                Value::Text(text) => Held::Text(text.clone()),
                Value::Number(number) => Held::Number(*number),
            }),
        }
    }

    fn compare(&self, comparison: &Comparison, held: Option<Held>) -> bool {
        use Operator::*;
        let (op, value) = (comparison.op, comparison.value.as_ref());
        // D-60.
        let Some(held) = held else { return matches!(op, NoValue | Ne | NotContains | NotIn) };
        let same = |value: &Json| match (&held, value) {
            (Held::Text(held), Json::String(value)) => held.to_lowercase() == value.to_lowercase(),
            (Held::Text(held), Json::Bool(value)) => (held == "yes") == *value,
            (Held::Number(held), value) => Some(*held) == value.as_f64(),
            _ => false,
        };
        let text = || match (&held, value.and_then(Json::as_str)) {
            (Held::Text(held), Some(value)) => (held.to_lowercase(), value.to_lowercase()),
            _ => panic!("{comparison:?} compares no texts"),
        };
        let numbers = || match (&held, value.and_then(Json::as_f64)) {
            (Held::Number(held), Some(value)) => (*held, value),
            _ => panic!("{comparison:?} compares no numbers"),
        };
        let listed = || value.and_then(Json::as_array).expect("a list").iter().any(same);
        let day = || match &held {
            Held::Text(held) => held.parse::<NaiveDate>().expect("a day"),
            Held::Number(_) => panic!("{comparison:?} counts no days"),
        };
        let today = day_of(self.now);
        let days = || Days::new(value.and_then(Json::as_u64).expect("days"));
        match op {
            HasValue => true,
            NoValue => false,
            Eq | On => same(value.expect("a value")),
            Ne => !same(value.expect("a value")),
            Gt => numbers().0 > numbers().1,
            Ge => numbers().0 >= numbers().1,
            Lt => numbers().0 < numbers().1,
            Le => numbers().0 <= numbers().1,
            Contains => text().0.contains(&text().1),
            NotContains => !text().0.contains(&text().1),
            BeginsWith => text().0.starts_with(&text().1),
            EndsWith => text().0.ends_with(&text().1),
            In => listed(),
            NotIn => !listed(),
            Before => text().0 < text().1,
            After => text().0 > text().1,
            ThisNDays => (today..today + days()).contains(&day()),
            LastNDays => (today - days()..=today).contains(&day()),
            NextNDays => (today..=today + days()).contains(&day()),
        }
    }

    /// Open waits that something else may end. Those that begin later are not ended by what led there.
    pub(super) fn waits_until(&self) -> Vec<u32> {
        let open = self.visits.iter().filter(|visit| visit.status == StepStatus::Open);
        let ends = |visit: &&Visit| {
            as_wait(node(&self.version(visit.run), &visit.node)).is_some_and(|wait| !wait.until.is_empty())
        };
        // In the order of their runs.
        let mut found: Vec<_> = open.filter(ends).map(|visit| (visit.run, visit.number)).collect();
        found.sort();
        found.into_iter().map(|(_, visit)| visit).collect()
    }

    /// Ends a wait if what it waits for has happened since somebody asked.
    pub(super) fn end_wait(&mut self, number: u32) {
        let visit = self.visit(number).expect("a visit").clone();
        if visit.status != StepStatus::Open {
            return;
        }
        let version = self.version(visit.run);
        let at = node(&version, &visit.node);
        let until = &as_wait(at).expect("a wait").until;
        let come = until.iter().position(|until| match until {
            Until::Event(wanted) => self.happened.iter().any(|happened| match happened {
                Happened::Event(event) => event == wanted,
                Happened::CameBack { run, signal } => *run == visit.run && wants(*wanted) == Some(*signal),
                Happened::Written(_) => false,
            }),
            Until::Field(name) => self.happened.contains(&Happened::Written(name.clone())),
            Until::Condition(condition) => {
                let is_written = self.happened.contains(&Happened::Event(Occurrence::RecordUpdated));
                is_written && self.answer(condition) == Some(true)
            }
        });
        if let Some(place) = come {
            self.visit_mut(number).ended_by = u8::try_from(place).ok();
            self.wake(&visit, at, WaitState::Completed);
        }
    }

    /// What ends a wait where it would begin: what has come back for the last e-mail, and what holds.
    pub(super) fn ended_already(&self, run: u32, wait: &WaitNode) -> Option<u8> {
        let version = self.version(run);
        let mail = self.visits.iter().rfind(|visit| visit.run == run && is_mail(node(&version, &visit.node)));
        let place = wait.until.iter().position(|until| match until {
            Until::Event(event) => {
                wants(*event).zip(mail).is_some_and(|(signal, mail)| mail.signals.contains_key(&(signal as u8)))
            }
            Until::Field(_) => false,
            Until::Condition(condition) => self.answer(condition) == Some(true),
        });
        place.and_then(|place| u8::try_from(place).ok())
    }
}

/// What comes back for an e-mail, of what may be waited for.
fn wants(event: Occurrence) -> Option<Signal> {
    match event {
        Occurrence::EmailOpened => Some(Signal::Opened),
        Occurrence::EmailLinkClicked => Some(Signal::LinkClicked),
        Occurrence::EmailAttachmentDownloaded => Some(Signal::AttachmentDownloaded),
        Occurrence::EmailReplied => Some(Signal::Replied),
        Occurrence::EmailBounced => Some(Signal::Bounced),
        _ => None,
    }
}

fn day_of(at: Timestamp) -> NaiveDate {
    DateTime::from_timestamp_millis(at.millis()).expect("an instant").date_naive()
}
