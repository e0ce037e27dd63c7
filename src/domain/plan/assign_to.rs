//! Who gets the steps of a sequence (§3.3), as its author says it.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::field::{FieldKind, Target};
use crate::domain::condition::Condition;
use crate::domain::condition::subject::OfOwner;
use crate::domain::record::schema::RecordType;

/// Who gets the steps. Stored: variants are only ever appended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum AssignTo {
    /// The record's owner.
    #[default]
    RecordOwner,
    /// Whoever connected the record.
    CurrentUser,
    /// The user in a lookup field of the record.
    RecordField(String),
    /// The team that owns the record; those of its members who fulfil the condition, or all.
    OwnerTeam(Option<TeamCondition>),
    /// The team that is let in to the record, or owns it (Q-23, D-13); its members as there.
    AccessTeam(Option<TeamCondition>),
}

/// Which members of a team are meant.
#[derive(Clone, Debug, PartialEq)]
pub struct TeamCondition(pub Condition);

impl TeamCondition {
    /// One that says something: an empty one means everybody.
    pub fn new(condition: Option<Condition>) -> Option<TeamCondition> {
        let is_empty = |condition: &Condition| matches!(condition, Condition::All(parts) | Condition::Any(parts) if parts.is_empty());
        condition.filter(|condition| !is_empty(condition)).map(TeamCondition)
    }
}

/// As its JSON text, because what is stored has no shape of its own for values of any kind.
impl Serialize for TeamCondition {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&serde_json::to_string(&self.0).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for TeamCondition {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<TeamCondition, D::Error> {
        serde_json::from_str(&String::deserialize(from)?).map(TeamCondition).map_err(D::Error::custom)
    }
}

impl AssignTo {
    /// What is wrong with it for a sequence on records of that type: nobody could ever be found so.
    pub fn fault(&self, kind: RecordType, catalogue: &Catalogue) -> Option<String> {
        match self {
            AssignTo::RecordOwner | AssignTo::CurrentUser => None,
            AssignTo::RecordField(name) => {
                let leads_to_user =
                    catalogue.field(kind, name).is_some_and(|field| field.kind == FieldKind::Lookup(Target::User));
                (!leads_to_user).then(|| format!("`{name}` of a {kind} is no field that holds a user"))
            }
            AssignTo::OwnerTeam(condition) | AssignTo::AccessTeam(condition) => {
                let faults = condition.as_ref().map(|condition| condition.0.faults(&OfOwner)).unwrap_or_default();
                faults.into_iter().next().map(|fault| format!("the condition on the members does not fit: {fault}"))
            }
        }
    }
}
