//! Whether a condition holds: total, and the same for the same thing at the same instant.

use std::borrow::Cow;
use std::cmp::Ordering;

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::{Comparison, Condition, Operator};
use crate::id::RecordId;
use crate::time::Timestamp;

/// What looking for something finds.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<T> {
    /// There is no such field, or what it leads to is not there.
    Missing,
    /// It leads to this record, which was not looked up.
    Unseen(RecordId),
    /// It is there and empty.
    Empty,
    /// This.
    Is(T),
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Held<'a> {
    /// Text; also days, options, two-options (`yes`, `no`) and ids.
    Text(Cow<'a, str>),
    /// A number.
    Number(f64),
    /// An instant.
    Instant(Timestamp),
    /// Several texts.
    Several(Vec<Cow<'a, str>>),
}

/// Something that a condition is asked of.
pub trait Look {
    /// The value of a field.
    fn field(&self, name: &str) -> Found<Held<'_>>;

    /// What `{"related": name}` leads to.
    fn related(&self, name: &str) -> Found<Box<dyn Look + '_>>;
}

/// Why a condition cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// This field or relation is missing (CM-12).
    #[error("there is no `{0}` to compare")]
    Missing(String),
    /// This record has to be looked up first.
    #[error("the record {0} was not looked up")]
    Unseen(RecordId),
}

/// Behind an empty relation every field is empty.
struct Nothing;

impl Look for Nothing {
    fn field(&self, _name: &str) -> Found<Held<'_>> {
        Found::Empty
    }

    fn related(&self, _name: &str) -> Found<Box<dyn Look + '_>> {
        Found::Empty
    }
}

/// What "today" is.
#[derive(Clone, Copy, Debug)]
pub struct Today {
    /// The present instant.
    pub now: Timestamp,
    /// Where days begin and end.
    pub zone: Tz,
}

impl Today {
    /// Days as they are in UTC.
    pub fn utc(now: Timestamp) -> Today {
        Today { now, zone: Tz::UTC }
    }

    /// The day of an instant.
    pub fn day_of(self, instant: Timestamp) -> NaiveDate {
        DateTime::<Utc>::from_timestamp_millis(instant.millis())
            .unwrap_or_default()
            .with_timezone(&self.zone)
            .date_naive()
    }
}

impl Condition {
    /// Whether it holds of `look`. What is missing leaves it open only where the rest does not decide it.
    pub fn holds(&self, look: &dyn Look, today: Today) -> Result<bool, Unanswered> {
        match self {
            Condition::Compare(comparison) => match look.field(&comparison.field) {
                Found::Missing => Err(Unanswered::Missing(comparison.field.clone())),
                Found::Unseen(other) => Err(Unanswered::Unseen(other)),
                Found::Empty => Ok(comparison.holds_of_nothing()),
                Found::Is(held) => Ok(comparison.holds_of(&held, today)),
            },
            Condition::All(parts) => decide(parts, false, look, today),
            Condition::Any(parts) => decide(parts, true, look, today),
            Condition::Related { related, condition } => match look.related(related) {
                Found::Missing => Err(Unanswered::Missing(related.clone())),
                Found::Unseen(other) => Err(Unanswered::Unseen(other)),
                Found::Empty => condition.holds(&Nothing, today),
                Found::Is(look) => condition.holds(look.as_ref(), today),
            },
        }
    }
}

/// The first part that answers `decisive` decides; else the first that cannot be answered, before all one that could be if
/// more were looked up.
fn decide(parts: &[Condition], decisive: bool, look: &dyn Look, today: Today) -> Result<bool, Unanswered> {
    let mut open = None;
    for part in parts {
        match part.holds(look, today) {
            Ok(held) if held == decisive => return Ok(decisive),
            Ok(_) => {}
            Err(Unanswered::Missing(_)) if open.is_some() => {}
            Err(found) => open = Some(found),
        }
    }
    open.map_or(Ok(!decisive), Err)
}

impl Comparison {
    fn holds_of_nothing(&self) -> bool {
        matches!(self.op, Operator::NoValue | Operator::Ne | Operator::NotContains | Operator::NotIn)
    }

    fn holds_of(&self, held: &Held, today: Today) -> bool {
        use Operator::*;
        let value = self.value.as_ref().unwrap_or(&Value::Null);
        let order = || compare(held, value, today);
        let is = |wanted: &[Ordering]| order().is_some_and(|order| wanted.contains(&order));
        let one_of = || value.as_array().is_some_and(|values| values.iter().any(|value| equals(held, value, today)));
        match self.op {
            HasValue => true,
            NoValue => false,
            Eq | On => equals(held, value, today),
            Ne => !equals(held, value, today),
            Gt | After => is(&[Ordering::Greater]),
            Ge => is(&[Ordering::Greater, Ordering::Equal]),
            Lt | Before => is(&[Ordering::Less]),
            Le => is(&[Ordering::Less, Ordering::Equal]),
            In => one_of(),
            NotIn => !one_of(),
            Contains => contains(held, value),
            NotContains => !contains(held, value),
            BeginsWith => text(held, value).is_some_and(|(held, value)| held.starts_with(&value)),
            EndsWith => text(held, value).is_some_and(|(held, value)| held.ends_with(&value)),
            ThisNDays | LastNDays | NextNDays => within(self.op, held, value, today).unwrap_or(false),
        }
    }
}

fn equals(held: &Held, value: &Value, today: Today) -> bool {
    match held {
        Held::Several(_) => contains(held, value),
        _ => compare(held, value, today) == Some(Ordering::Equal),
    }
}

/// How a field stands to a value; `None` where they cannot be compared. An instant is compared with a day by its own day.
fn compare(held: &Held, value: &Value, today: Today) -> Option<Ordering> {
    match (held, value) {
        (Held::Number(held), Value::Number(value)) => held.partial_cmp(&value.as_f64()?),
        (Held::Instant(held), Value::String(value)) => match day(value) {
            Some(value) => Some(today.day_of(*held).cmp(&value)),
            None => Some((*held).cmp(&Timestamp::parse(value)?)),
        },
        (Held::Text(held), Value::String(value)) => Some(folded(held).cmp(&folded(value))),
        (Held::Text(held), Value::Bool(value)) => Some((**held).cmp(if *value { "yes" } else { "no" })),
        _ => None,
    }
}

fn contains(held: &Held, value: &Value) -> bool {
    match (held, value) {
        (Held::Several(held), Value::String(value)) => held.iter().any(|one| folded(one) == folded(value)),
        _ => text(held, value).is_some_and(|(held, value)| held.contains(&value)),
    }
}

fn text(held: &Held, value: &Value) -> Option<(String, String)> {
    match (held, value) {
        (Held::Text(held), Value::String(value)) => Some((folded(held), folded(value))),
        _ => None,
    }
}

fn folded(text: &str) -> String {
    text.to_lowercase()
}

fn day(text: &str) -> Option<NaiveDate> {
    if text.len() == 10 { text.parse().ok() } else { None }
}

fn within(op: Operator, held: &Held, value: &Value, today: Today) -> Option<bool> {
    let held = match held {
        Held::Instant(held) => today.day_of(*held),
        Held::Text(held) => day(held)?,
        Held::Number(_) | Held::Several(_) => return None,
    };
    let (today, days) = (today.day_of(today.now), value.as_u64()?);
    let (first, last) = match op {
        Operator::LastNDays => (today.checked_sub_days(Days::new(days))?, today),
        Operator::NextNDays => (today, today.checked_add_days(Days::new(days))?),
        _ => (today, today.checked_add_days(Days::new(days.checked_sub(1)?))?),
    };
    Some((first..=last).contains(&held))
}
