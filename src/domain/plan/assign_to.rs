//! Who gets the steps of a sequence (§3.3), as its author says it.

use serde::{Deserialize, Serialize};

use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::field::{FieldKind, Target};
use crate::domain::condition::stored::StoredCondition;
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
    OwnerTeam(Option<StoredCondition>),
    /// The team that is let in to the record, or owns it (Q-23, D-13); its members as there.
    AccessTeam(Option<StoredCondition>),
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
