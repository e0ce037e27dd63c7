//! Whether a condition makes sense of a kind of thing: its fields are there, and each is compared as such a field can be.

use chrono::NaiveDate;
use serde_json::Value;

use super::{Comparison, Condition, Operator};
use crate::limits;
use crate::time::Timestamp;

/// What a field holds, as far as comparing goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A number, or an amount of money.
    Number,
    /// A day, `YYYY-MM-DD`.
    Day,
    /// An instant, RFC 3339.
    Instant,
    /// `yes` or `no`; JSON's `true` and `false` say the same.
    TwoOption,
    /// One of a set.
    Options(Vec<String>),
    /// Some of a set, such as the roles of a user.
    Several(Vec<String>),
    /// The id of a user, team or record.
    Lookup,
}

/// The fields that a kind of thing has, and what they lead to.
pub trait Schema {
    /// What the field holds; `None` where there is no such field.
    fn field(&self, name: &str) -> Option<Kind>;

    /// What `{"related": name}` leads to; `None` where that leads nowhere.
    fn related(&self, name: &str) -> Option<Box<dyn Schema + '_>>;
}

impl Condition {
    /// Whether there is nothing in it to compare (D-33).
    pub fn is_empty(&self) -> bool {
        match self {
            Condition::Compare(_) => false,
            Condition::All(parts) | Condition::Any(parts) => parts.is_empty() || parts.iter().any(Condition::is_empty),
            Condition::Related { condition, .. } => condition.is_empty(),
        }
    }

    /// Everything that makes no sense, one sentence each.
    pub fn faults(&self, schema: &dyn Schema) -> Vec<String> {
        match self {
            Condition::Compare(comparison) => comparison.fault(schema).into_iter().collect(),
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().flat_map(|part| part.faults(schema)).collect()
            }
            Condition::Related { related, condition } => match schema.related(related) {
                Some(schema) => condition.faults(schema.as_ref()),
                None => vec![format!("`{related}` leads to nothing that could be compared")],
            },
        }
    }
}

impl Comparison {
    fn fault(&self, schema: &dyn Schema) -> Option<String> {
        let (field, op) = (&self.field, self.op.name());
        let Some(kind) = schema.field(field) else { return Some(format!("there is no field `{field}`")) };
        if !kind.takes(self.op) {
            return Some(format!("`{field}` cannot be compared by `{op}`"));
        }
        let wanted = match (self.op, &self.value) {
            (Operator::HasValue | Operator::NoValue, None) => return None,
            (Operator::HasValue | Operator::NoValue, Some(_)) => "takes no value".to_owned(),
            (op, Some(value)) if op.counts_days() => match value.as_u64() {
                Some(1..=limits::CONDITION_DAYS_MAX) => return None,
                _ => format!("takes a number of days from 1 to {}", limits::CONDITION_DAYS_MAX),
            },
            (Operator::In | Operator::NotIn, Some(Value::Array(values)))
                if !values.is_empty() && values.iter().all(|value| kind.fits(value)) =>
            {
                return None;
            }
            (Operator::In | Operator::NotIn, _) => format!("takes a list, each item {}", kind.wanted()),
            (_, Some(value)) if kind.fits(value) => return None,
            _ => format!("takes {}", kind.wanted()),
        };
        Some(format!("`{op}` of `{field}` {wanted}"))
    }
}

impl Kind {
    /// Whether a field of this kind can be compared so.
    pub fn takes(&self, op: Operator) -> bool {
        use Operator::*;
        let fitting: &[Operator] = match self {
            Kind::Text => &[Eq, Ne, Contains, NotContains, BeginsWith, EndsWith, In, NotIn],
            Kind::Number => &[Eq, Ne, Gt, Ge, Lt, Le, In, NotIn],
            Kind::Day | Kind::Instant => &[Eq, Ne, Gt, Ge, Lt, Le, On, Before, After, ThisNDays, LastNDays, NextNDays],
            Kind::TwoOption => &[Eq, Ne],
            Kind::Options(_) | Kind::Lookup => &[Eq, Ne, In, NotIn],
            Kind::Several(_) => &[Contains, NotContains, In, NotIn],
        };
        matches!(op, HasValue | NoValue) || fitting.contains(&op)
    }

    fn fits(&self, value: &Value) -> bool {
        match (self, value) {
            (Kind::Text | Kind::Lookup, Value::String(text)) => !text.is_empty(),
            (Kind::Number, Value::Number(_)) => true,
            (Kind::Day, Value::String(text)) => is_day(text),
            (Kind::Instant, Value::String(text)) => is_day(text) || Timestamp::parse(text).is_some(),
            (Kind::TwoOption, Value::String(text)) => matches!(text.as_str(), "yes" | "no"),
            (Kind::TwoOption, Value::Bool(_)) => true,
            (Kind::Options(options) | Kind::Several(options), Value::String(text)) => options.contains(text),
            _ => false,
        }
    }

    fn wanted(&self) -> String {
        match self {
            Kind::Text => "text".into(),
            Kind::Number => "a number".into(),
            Kind::Day => "a day, such as 2026-03-31".into(),
            Kind::Instant => "a day, such as 2026-03-31, or an instant, such as 2026-03-31T09:00:00Z".into(),
            Kind::TwoOption => "`yes` or `no`".into(),
            Kind::Options(options) | Kind::Several(options) => format!("one of {}", options.join(", ")),
            Kind::Lookup => "an id".into(),
        }
    }
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<NaiveDate>().is_ok()
}
