//! A condition as it is stored.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Condition;

/// A condition as its JSON text, because what is stored has no shape of its own for values of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCondition(pub Condition);

impl StoredCondition {
    /// One that says something: an empty one holds always.
    pub fn unless_empty(condition: Option<Condition>) -> Option<StoredCondition> {
        let is_empty = |condition: &Condition| matches!(condition, Condition::All(parts) | Condition::Any(parts) if parts.is_empty());
        condition.filter(|condition| !is_empty(condition)).map(StoredCondition)
    }
}

impl Serialize for StoredCondition {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&serde_json::to_string(&self.0).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for StoredCondition {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<StoredCondition, D::Error> {
        serde_json::from_str(&String::deserialize(from)?).map(StoredCondition).map_err(D::Error::custom)
    }
}
