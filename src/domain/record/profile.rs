//! Everything a person may write on a record, and writing it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::schema::{Change, Channel, Owner, Phone, Value};
use crate::id::{RecordId, TeamId};

/// Everything a person may write on a record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// The name given; see [`Profile::display_name`].
    pub name: Option<String>,
    /// The client's own key, unique per type.
    pub external_id: Option<String>,
    /// Whose it is.
    pub owner: Owner,
    /// Who else may see it.
    pub access_team: Option<TeamId>,
    /// Where e-mail goes.
    pub email: Option<String>,
    /// Phone numbers by place.
    pub phones: BTreeMap<Phone, String>,
    /// Channels the person has closed.
    pub closed: Vec<Channel>,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// 0–100.
    pub score: Option<u8>,
    /// The person behind an account or opportunity.
    pub primary_contact: Option<RecordId>,
    /// LinkedIn profile.
    pub linkedin_url: Option<String>,
    /// Fields of the type that have a value.
    pub fields: BTreeMap<String, Value>,
}

impl Profile {
    /// The name shown: the one given, else first and last name.
    pub fn display_name(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let part = |name: &str| self.fields.get(name).and_then(Value::text).unwrap_or_default();
        format!("{} {}", part("first_name"), part("last_name")).trim().to_owned()
    }

    /// Whether the person may be reached that way.
    pub fn allows(&self, channel: Channel) -> bool {
        !self.closed.contains(&channel)
    }

    /// Whether `change` would alter nothing.
    pub fn has(&self, change: &Change) -> bool {
        match change {
            Change::Name(value) => self.name == *value,
            Change::ExternalId(value) => self.external_id == *value,
            Change::Owner(value) => self.owner == *value,
            Change::AccessTeam(value) => self.access_team == *value,
            Change::Email(value) => self.email == *value,
            Change::Phone(place, value) => self.phones.get(place) == value.as_ref(),
            Change::Allow(channel, value) => self.allows(*channel) == *value,
            Change::TimeZone(value) => self.time_zone == *value,
            Change::Score(value) => self.score == *value,
            Change::PrimaryContact(value) => self.primary_contact == *value,
            Change::LinkedinUrl(value) => self.linkedin_url == *value,
            Change::Field(name, value) => self.fields.get(name) == value.as_ref(),
        }
    }

    /// Writes `change`.
    pub fn set(&mut self, change: &Change) {
        match change.clone() {
            Change::Name(value) => self.name = value,
            Change::ExternalId(value) => self.external_id = value,
            Change::Owner(value) => self.owner = value,
            Change::AccessTeam(value) => self.access_team = value,
            Change::Email(value) => self.email = value,
            Change::Phone(place, value) => put(&mut self.phones, place, value),
            Change::Allow(channel, value) => {
                self.closed.retain(|closed| *closed != channel);
                if !value {
                    self.closed.push(channel);
                }
            }
            Change::TimeZone(value) => self.time_zone = value,
            Change::Score(value) => self.score = value,
            Change::PrimaryContact(value) => self.primary_contact = value,
            Change::LinkedinUrl(value) => self.linkedin_url = value,
            Change::Field(name, value) => put(&mut self.fields, name, value),
        }
    }
}

fn put<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}
