//! A test of a sequence as its author writes it: the JSON document of the API and of test files, kept as written.

use chrono::TimeDelta;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json};

use crate::domain::enrolment::{EndReason, EnrolmentStatus, Signal};
use crate::domain::json::{Object, objects, present};
use crate::domain::record::schema::Outcome;
use crate::domain::record::{Problem, written};
use crate::limits;
use crate::time::Timestamp;

/// One record's way through a sequence: what happens to it, and where it has to stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// What the test is about.
    pub name: String,
    /// When the record is connected, RFC 3339; a Monday at nine o'clock UTC unless given.
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    pub start: Option<Timestamp>,
    /// The record, as `POST /records` takes it; without a name it is given one.
    #[serde(default, deserialize_with = "members", skip_serializing_if = "Map::is_empty")]
    pub record: Map<String, Json>,
    /// What people, and the world outside, do. In any order; those of one instant happen as they are written.
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// What has to be so, each once everything that is due at its instant has happened.
    #[serde(default, deserialize_with = "objects")]
    pub expect: Vec<Expectation>,
}

/// A span of time: since the record was connected, unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct After {
    minutes: i64,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Span {
    #[serde(default, skip_serializing_if = "is_zero")]
    days: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    hours: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    minutes: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl After {
    /// The span as one.
    pub fn span(self) -> TimeDelta {
        TimeDelta::minutes(self.minutes)
    }
}

impl<'de> Deserialize<'de> for After {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<After, D::Error> {
        let Object(Span { days, hours, minutes }) = Object::deserialize(from)?;
        let minutes = (i64::from(days) * 24 + i64::from(hours)) * 60 + i64::from(minutes);
        if minutes <= limits::TRIAL_DAYS_MAX * 24 * 60 {
            return Ok(After { minutes });
        }
        Err(D::Error::custom(format!("a span is at most {} days", limits::TRIAL_DAYS_MAX)))
    }
}

impl Serialize for After {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let part = |unit: i64, within: i64| u32::try_from(self.minutes / unit % within).unwrap_or_default();
        let days = part(24 * 60, i64::MAX);
        Span { days, hours: part(60, 24), minutes: part(1, 60) }.serialize(to)
    }
}

/// Something that happens at an instant. Steps are named by their node; without one it is the step that the enrolment
/// stands on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// A seller completes a step.
    Complete {
        at: After,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call_result: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Somebody passes over a step, a wait or a condition.
    Skip {
        at: After,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
    },
    /// Somebody cuts a wait short.
    SkipWait {
        at: After,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
    },
    /// A seller puts a step off: `for` a span from then, or `until` a span from connecting.
    Snooze {
        at: After,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
        #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
        span: Option<After>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<After>,
    },
    /// Somebody tries again what failed (CM-13).
    Retry {
        at: After,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
    },
    /// Something comes back for a message (§21.4); for the last one unless a node is named.
    Event {
        at: After,
        #[serde(rename = "type")]
        signal: Signal,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
    },
    /// Somebody writes a field of the record; null clears it.
    SetField { at: After, field: String, value: Json },
    /// Somebody changes the record, as `PATCH /records` takes it.
    Change {
        at: After,
        #[serde(deserialize_with = "members")]
        record: Map<String, Json>,
    },
    /// The record is closed (K-13, TC-8).
    Close { at: After, outcome: Outcome },
    /// The record is opened again.
    Reopen { at: After },
    /// Somebody takes the record out of the sequence (K-12).
    Disconnect { at: After },
}

impl Event {
    /// When it happens.
    pub fn at(&self) -> After {
        match self {
            Event::Complete { at, .. } | Event::Skip { at, .. } | Event::SkipWait { at, .. } => *at,
            Event::Snooze { at, .. } | Event::Retry { at, .. } | Event::Event { at, .. } => *at,
            Event::SetField { at, .. } | Event::Change { at, .. } | Event::Close { at, .. } => *at,
            Event::Reopen { at } | Event::Disconnect { at } => *at,
        }
    }
}

/// What has to be so at an instant; everything that is named.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The instant.
    pub at: After,
    /// The enrolment stands on this node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Where the enrolment stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<EnrolmentStatus>,
    /// Why it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<EndReason>,
    /// The field that has `value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What the field holds; null where it has to be empty.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub value: Option<Option<Json>>,
    /// The automated message of this node has been sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<String>,
}

fn members<'de, D: Deserializer<'de>>(from: D) -> Result<Map<String, Json>, D::Error> {
    Object::deserialize(from).map(|Object(members)| members)
}

mod instant {
    use super::{Deserialize, Deserializer, Error, Serializer, Timestamp};

    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&at.unwrap_or_default())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let read = Timestamp::parse(&text).map(Some);
        read.ok_or_else(|| D::Error::custom(format!("`{text}` is no instant, such as 2026-01-05T09:00:00Z")))
    }
}

/// What is wrong with tests that could be read, each with its place below `/tests`.
pub fn problems(tests: &[Test]) -> Vec<Problem> {
    let mut found = Vec::new();
    if tests.len() > limits::TRIALS_MAX {
        let detail = format!("{} tests are given, at most {} are taken", tests.len(), limits::TRIALS_MAX);
        found.push(Problem { pointer: "/tests".into(), code: "too_many", detail });
    }
    for (place, test) in tests.iter().enumerate().take(limits::TRIALS_MAX) {
        let faults = faults(test).into_iter().map(|(pointer, code, detail)| {
            let pointer = format!("/tests/{place}{pointer}");
            Problem { pointer, code, detail }
        });
        found.extend(faults);
    }
    found
}

type Fault = (String, &'static str, String);

fn faults(test: &Test) -> Vec<Fault> {
    let mut found = Vec::new();
    let mut fault = |pointer: String, code, detail: &str| found.push((pointer, code, detail.to_owned()));
    match test.name.chars().count() {
        _ if test.name.trim().is_empty() => fault("/name".into(), "name_missing", "a test needs a name"),
        length if length > limits::SEQUENCE_NAME_MAX => fault("/name".into(), "name_too_long", "the name is too long"),
        _ => {}
    }
    if test.events.len() > limits::TRIAL_MOMENTS_MAX || test.expect.len() > limits::TRIAL_MOMENTS_MAX {
        let detail = format!("a test has at most {0} events and {0} expectations", limits::TRIAL_MOMENTS_MAX);
        fault(String::new(), "too_many", &detail);
    }
    if test.expect.is_empty() {
        fault("/expect".into(), "expectation_missing", "a test that expects nothing proves nothing");
    }
    for problem in written::changes(&test.record).err().into_iter().flatten() {
        fault(format!("/record{}", problem.pointer), problem.code, &problem.detail);
    }
    for (place, event) in test.events.iter().enumerate() {
        for (pointer, code, detail) in event_faults(event) {
            fault(format!("/events/{place}{pointer}"), code, &detail);
        }
    }
    for (place, expectation) in test.expect.iter().enumerate() {
        if let Some((member, detail)) = expectation_fault(expectation) {
            fault(format!("/expect/{place}{member}"), "malformed", &detail);
        }
    }
    found
}

fn event_faults(event: &Event) -> Vec<Fault> {
    let one = |pointer: &str, detail: String| vec![(pointer.to_owned(), "malformed", detail)];
    match event {
        Event::Snooze { span, until, .. } if span.is_some() == until.is_some() => {
            one("", "a step is put off either `for` a span from then or `until` one from connecting".into())
        }
        Event::SetField { value, .. } => written::value(value).map_or_else(|wrong| one("/value", wrong), |_| vec![]),
        Event::Change { record, .. } if record.contains_key("type") => {
            one("/record/type", "the type of a record does not change".into())
        }
        Event::Change { record, .. } => {
            let wrong = written::changes(record).err().into_iter().flatten();
            wrong.map(|wrong| (format!("/record{}", wrong.pointer), wrong.code, wrong.detail)).collect()
        }
        Event::Close { outcome: Outcome::None, .. } => {
            one("/outcome", "a record is closed as `success` or `failure`".into())
        }
        _ => Vec::new(),
    }
}

fn expectation_fault(expected: &Expectation) -> Option<(&'static str, String)> {
    let Expectation { node, status, reason, field, value, sent, .. } = expected;
    if node.is_none() && status.is_none() && reason.is_none() && field.is_none() && sent.is_none() {
        return Some(("", "say what to expect: `node`, `status`, `reason`, `field` with `value`, or `sent`".into()));
    }
    if field.is_some() != value.is_some() {
        return Some(("", "`field` and `value` go together; null expects an empty field".into()));
    }
    match value {
        Some(Some(json)) => written::value(json).err().map(|wrong| ("/value", wrong)),
        _ => None,
    }
}
