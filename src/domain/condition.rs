//! The condition language: comparisons of fields, joined by all and any, also of what a field leads to (CM-1, CM-17).

pub mod check;
pub mod evaluate;
pub mod stored;
pub mod subject;

use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::limits;

/// A condition, as its author wrote it; read and written as JSON. `{"all": []}` holds always and `{"any": []}` never.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum Condition {
    /// `{"field": F, "op": OP, "value": V}`.
    Compare(Comparison),
    /// `{"all": […]}`: each of them holds.
    All(Vec<Condition>),
    /// `{"any": […]}`: one of them holds.
    Any(Vec<Condition>),
    /// `{"related": R, "condition": …}`: it holds of what `R` leads to.
    Related { related: String, condition: Box<Condition> },
}

/// One field held against one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// A property or a field of the type.
    pub field: String,
    /// How they are compared.
    pub op: Operator,
    /// Text, a number, `true` or `false`, or a list for `in` and `not_in`; nothing for `has_value` and `no_value`.
    pub value: Option<Value>,
}

/// How a field is compared (CM-17). Text is compared without regard to upper and lower case. Of an empty field only `ne`,
/// `not_contains`, `not_in` and `no_value` hold (D-60).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// The text has it inside, the list has it.
    Contains,
    /// Not so.
    NotContains,
    /// The text begins with it.
    BeginsWith,
    /// The text ends with it.
    EndsWith,
    /// One of a list.
    In,
    /// None of a list.
    NotIn,
    /// Not empty.
    HasValue,
    /// Empty.
    NoValue,
    /// On that day, or at that instant.
    On,
    /// Earlier.
    Before,
    /// Later.
    After,
    /// One of the `N` days that begin with today; 1 is today.
    ThisNDays,
    /// Today or one of the `N` days before it.
    LastNDays,
    /// Today or one of the `N` days after it.
    NextNDays,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Operator; 20] = {
        use Operator::*;
        [
            Eq,
            Ne,
            Gt,
            Ge,
            Lt,
            Le,
            Contains,
            NotContains,
            BeginsWith,
            EndsWith,
            In,
            NotIn,
            HasValue,
            NoValue,
            On,
            Before,
            After,
            ThisNDays,
            LastNDays,
            NextNDays,
        ]
    };

    /// Its word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Operator::Eq => "eq",
            Operator::Ne => "ne",
            Operator::Gt => "gt",
            Operator::Ge => "ge",
            Operator::Lt => "lt",
            Operator::Le => "le",
            Operator::Contains => "contains",
            Operator::NotContains => "not_contains",
            Operator::BeginsWith => "begins_with",
            Operator::EndsWith => "ends_with",
            Operator::In => "in",
            Operator::NotIn => "not_in",
            Operator::HasValue => "has_value",
            Operator::NoValue => "no_value",
            Operator::On => "on",
            Operator::Before => "before",
            Operator::After => "after",
            Operator::ThisNDays => "this_n_days",
            Operator::LastNDays => "last_n_days",
            Operator::NextNDays => "next_n_days",
        }
    }

    /// Whether it counts days from today.
    pub fn counts_days(self) -> bool {
        matches!(self, Operator::ThisNDays | Operator::LastNDays | Operator::NextNDays)
    }
}

/// Why JSON is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Something else than an object, members of several forms or of none.
    #[error("a condition is one of {{field, op, value}}, {{all}}, {{any}} and {{related, condition}}")]
    Shape,
    /// A member that no form has.
    #[error("unknown field `{0}`, a condition has field, op and value, or all, or any, or related and condition")]
    Member(String),
    /// An operator that does not exist.
    #[error("unknown operator {0}, expected one of {names}", names = Operator::ALL.map(Operator::name).join(", "))]
    Operator(Value),
    /// [`limits::CONDITION_DEPTH_MAX`].
    #[error("a condition nests at most {} deep", limits::CONDITION_DEPTH_MAX)]
    Depth,
    /// [`limits::CONDITION_PARTS_MAX`].
    #[error("a condition has at most {} parts", limits::CONDITION_PARTS_MAX)]
    Parts,
}

impl TryFrom<Value> for Condition {
    type Error = Unreadable;

    fn try_from(document: Value) -> Result<Condition, Unreadable> {
        read(document, 1, &mut 0)
    }
}

fn read(document: Value, depth: usize, parts: &mut usize) -> Result<Condition, Unreadable> {
    *parts += 1;
    match () {
        () if depth > limits::CONDITION_DEPTH_MAX => return Err(Unreadable::Depth),
        () if *parts > limits::CONDITION_PARTS_MAX => return Err(Unreadable::Parts),
        () => {}
    }
    let Value::Object(mut members) = document else { return Err(Unreadable::Shape) };
    let [field, op, value, all, any, related, condition] =
        ["field", "op", "value", "all", "any", "related", "condition"].map(|name| members.remove(name));
    if let Some(name) = members.keys().next() {
        return Err(Unreadable::Member(name.clone()));
    }
    let mut each = |documents: Vec<Value>| -> Result<Vec<Condition>, Unreadable> {
        documents.into_iter().map(|document| read(document, depth + 1, parts)).collect()
    };
    match (field, op, value, all, any, related, condition) {
        (Some(Value::String(field)), Some(op), value, None, None, None, None) => {
            let named = Operator::ALL.into_iter().find(|known| op.as_str() == Some(known.name()));
            let op = named.ok_or(Unreadable::Operator(op))?;
            Ok(Condition::Compare(Comparison { field, op, value }))
        }
        (None, None, None, Some(Value::Array(all)), None, None, None) => each(all).map(Condition::All),
        (None, None, None, None, Some(Value::Array(any)), None, None) => each(any).map(Condition::Any),
        (None, None, None, None, None, Some(Value::String(related)), Some(condition)) => {
            let condition = Box::new(read(condition, depth + 1, parts)?);
            Ok(Condition::Related { related, condition })
        }
        _ => Err(Unreadable::Shape),
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut members = to.serialize_map(None)?;
        match self {
            Condition::Compare(Comparison { field, op, value }) => {
                members.serialize_entry("field", field)?;
                members.serialize_entry("op", op.name())?;
                value.iter().try_for_each(|value| members.serialize_entry("value", value))?;
            }
            Condition::All(parts) => members.serialize_entry("all", parts)?,
            Condition::Any(parts) => members.serialize_entry("any", parts)?,
            Condition::Related { related, condition } => {
                members.serialize_entry("related", related)?;
                members.serialize_entry("condition", condition)?;
            }
        }
        members.end()
    }
}
