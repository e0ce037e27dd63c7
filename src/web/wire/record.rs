//! A record as clients write and read it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::domain::enrolment::Enrolment;
use crate::domain::given::Given;
use crate::domain::record::Record;
use crate::domain::record::schema::{self, Change, Channel, Outcome, Phone, RecordState, RecordType, Value};
use crate::id::{EnrolmentId, RecordId, TeamId, UserId};
use crate::web::problem::Problem;
use crate::web::request::{self, present};

/// Who a record or step belongs to: `{"user": ID}` or `{"team": ID}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Owner {
    /// A person.
    User(String),
    /// A team.
    Team(String),
}

impl From<schema::Owner> for Owner {
    fn from(owner: schema::Owner) -> Owner {
        match owner {
            schema::Owner::User(user) => Owner::User(user.to_string()),
            schema::Owner::Team(team) => Owner::Team(team.to_string()),
        }
    }
}

impl Owner {
    /// The owner it names.
    pub fn read(&self) -> Result<schema::Owner, Problem> {
        let read = match self {
            Owner::User(user) => UserId::parse(user).map(schema::Owner::User),
            Owner::Team(team) => TeamId::parse(team).map(schema::Owner::Team),
        };
        read.ok_or_else(|| Problem::malformed("/owner", "an owner is `{\"user\": ID}` or `{\"team\": ID}`"))
    }
}

/// Phone numbers by place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhonesBody {
    /// At work.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    business: Option<Option<String>>,
    /// Carried along.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    mobile: Option<Option<String>>,
    /// At home.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    home: Option<Option<String>>,
}

/// A field's value: text, a number, or a truth value for a two-option.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum FieldValue {
    /// Of a two-option.
    Truth(bool),
    /// Of a number or an amount.
    Number(f64),
    /// Of everything else.
    Text(String),
}

impl From<FieldValue> for Value {
    fn from(value: FieldValue) -> Value {
        match value {
            FieldValue::Truth(truth) => Value::Text(if truth { "yes" } else { "no" }.into()),
            FieldValue::Number(number) => Value::Number(number),
            FieldValue::Text(text) => Value::Text(text),
        }
    }
}

impl From<&Value> for FieldValue {
    fn from(value: &Value) -> FieldValue {
        match value {
            Value::Text(text) => FieldValue::Text(text.clone()),
            Value::Number(number) => FieldValue::Number(*number),
        }
    }
}

/// What may be written on a record; a member set to null is cleared (RFC 7396).
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordBody {
    /// Required when a record is created, and never changed.
    #[serde(rename = "type")]
    #[schema(value_type = Option<String>, example = "lead")]
    pub kind: Option<RecordType>,
    /// Without one, first and last name form it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    name: Option<Option<String>>,
    /// Your own key, unique per type.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub external_id: Option<Option<String>>,
    /// The caller, unless given.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Owner>)]
    owner: Option<Option<Owner>>,
    /// A team that may see it too.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    access_team: Option<Option<String>>,
    /// Where e-mail goes.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    /// Phone numbers.
    #[serde(default, deserialize_with = "given_object")]
    #[schema(value_type = Option<PhonesBody>)]
    phones: Option<Option<PhonesBody>>,
    /// Whether e-mail may be sent.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    allow_email: Option<Option<bool>>,
    /// Whether calls may be made.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    allow_phone: Option<Option<bool>>,
    /// Whether text messages may be sent.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bool>)]
    allow_text: Option<Option<bool>>,
    /// An IANA time zone.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    time_zone: Option<Option<String>>,
    /// 0–100.
    #[serde(default, deserialize_with = "given_score")]
    #[schema(value_type = Option<u8>)]
    score: Option<Option<u8>>,
    /// A contact's id.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    primary_contact: Option<Option<String>>,
    /// The LinkedIn profile.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    linkedin_url: Option<Option<String>>,
    /// Fields of the type.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<BTreeMap<String, FieldValue>>)]
    fields: Option<Option<BTreeMap<String, Option<FieldValue>>>>,
}

/// The same of a member that is an object.
fn given_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    request::object(from).map(Some)
}

/// A whole number from 0 to 255, however it is written: 68 and 68.0 are the same in JSON.
fn given_score<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<u8>>, D::Error> {
    let Some(number) = Option::<f64>::deserialize(from)? else { return Ok(Some(None)) };
    if number.fract() == 0.0 && (0.0..=255.0).contains(&number) {
        Ok(Some(Some(number as u8)))
    } else {
        Err(serde::de::Error::custom(format!("a score is a whole number between 0 and 100, not {number}")))
    }
}

impl RecordBody {
    /// Refuses null where there is nothing to clear (RFC 7396): in a change it would be passed over in silence.
    pub fn judge_nulls(&self) -> Result<(), Problem> {
        let nulls = [
            ("/owner", self.owner == Some(None)),
            ("/allow_email", self.allow_email == Some(None)),
            ("/allow_phone", self.allow_phone == Some(None)),
            ("/allow_text", self.allow_text == Some(None)),
            ("/fields", self.fields == Some(None)),
        ];
        match nulls.iter().find(|(_, is_null)| *is_null) {
            None => Ok(()),
            Some((pointer, _)) => {
                Err(Problem::malformed(*pointer, "this cannot be cleared; give a value or leave it out"))
            }
        }
    }

    /// What the members change. Whether the values fit is judged by the record.
    pub fn changes(self) -> Result<Vec<Change>, Problem> {
        let mut changes = Vec::new();
        changes.extend(self.name.map(Change::Name));
        changes.extend(self.external_id.map(Change::ExternalId));
        if let Some(owner) = self.owner.flatten() {
            changes.push(Change::Owner(owner.read()?));
        }
        if let Some(team) = self.access_team {
            let team = id(team, TeamId::parse, "/access_team")?;
            changes.push(Change::AccessTeam(team));
        }
        changes.extend(self.email.map(Change::Email));
        let none = || PhonesBody { business: Some(None), mobile: Some(None), home: Some(None) };
        let phones = self.phones.map_or_else(PhonesBody::default, |phones| phones.unwrap_or_else(none));
        changes.extend(phones.business.map(|number| Change::Phone(Phone::Business, number)));
        changes.extend(phones.mobile.map(|number| Change::Phone(Phone::Mobile, number)));
        changes.extend(phones.home.map(|number| Change::Phone(Phone::Home, number)));
        changes.extend(self.allow_email.flatten().map(|allow| Change::Allow(Channel::Email, allow)));
        changes.extend(self.allow_phone.flatten().map(|allow| Change::Allow(Channel::Phone, allow)));
        changes.extend(self.allow_text.flatten().map(|allow| Change::Allow(Channel::Text, allow)));
        changes.extend(self.time_zone.map(Change::TimeZone));
        changes.extend(self.score.map(Change::Score));
        if let Some(contact) = self.primary_contact {
            let contact = id(contact, RecordId::parse, "/primary_contact")?;
            changes.push(Change::PrimaryContact(contact));
        }
        changes.extend(self.linkedin_url.map(Change::LinkedinUrl));
        let fields = self.fields.flatten().unwrap_or_default().into_iter();
        changes.extend(fields.map(|(name, value)| Change::Field(name, value.map(Value::from))));
        Ok(changes)
    }
}

fn id<T>(text: Option<String>, parse: impl Fn(&str) -> Option<T>, pointer: &str) -> Result<Option<T>, Problem> {
    match text {
        None => Ok(None),
        Some(text) => {
            parse(&text).map(Some).ok_or_else(|| Problem::malformed(pointer, format!("`{text}` is not an id")))
        }
    }
}

/// Where a record stands in a process.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProcessView {
    /// The id of a process flow.
    flow: String,
    /// The name of one of its stages, or of one that it had.
    stage: String,
}

/// A sequence that a record goes through.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LiveSequence {
    id: String,
    name: String,
    enrolment: String,
}

impl LiveSequence {
    fn of(record: RecordId, live: &Enrolment, given: &Given) -> LiveSequence {
        LiveSequence {
            id: live.sequence.to_string(),
            name: given.sequences.get(&live.sequence).map(|sequence| sequence.name.clone()).unwrap_or_default(),
            enrolment: EnrolmentId::of(record, live.ordinal).to_string(),
        }
    }
}

/// A record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordView {
    id: String,
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: RecordType,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    owner: Owner,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_team: Option<String>,
    state: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    phones: BTreeMap<&'static str, String>,
    allow_email: bool,
    allow_phone: bool,
    allow_text: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    linkedin_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<ProcessView>,
    /// What it goes through now (K-16).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sequences: Vec<LiveSequence>,
    fields: BTreeMap<String, FieldValue>,
    created_at: String,
    modified_at: String,
}

impl RecordView {
    /// The record as it stands.
    pub fn of(id: RecordId, record: &Record, given: &Given) -> RecordView {
        let profile = &record.profile;
        let phones = profile.phones.iter().map(|(place, number)| {
            let place = match place {
                Phone::Business => "business",
                Phone::Mobile => "mobile",
                Phone::Home => "home",
            };
            (place, number.clone())
        });
        // A field that its type has not any more keeps its values, unseen.
        let shown = profile.fields.iter().filter(|(name, _)| given.catalogue.field(record.kind, name).is_some());
        RecordView {
            id: id.to_string(),
            kind: record.kind,
            name: profile.display_name(),
            external_id: profile.external_id.clone(),
            owner: profile.owner.into(),
            access_team: profile.access_team.map(|team| team.to_string()),
            state: state_name(record.state),
            outcome: match record.outcome {
                Outcome::None => "none",
                Outcome::Success => "success",
                Outcome::Failure => "failure",
            },
            email: profile.email.clone(),
            phones: phones.collect(),
            allow_email: profile.allows(Channel::Email),
            allow_phone: profile.allows(Channel::Phone),
            allow_text: profile.allows(Channel::Text),
            time_zone: profile.time_zone.clone(),
            score: profile.score,
            primary_contact: profile.primary_contact.map(|contact| contact.to_string()),
            linkedin_url: profile.linkedin_url.clone(),
            process: record
                .process
                .as_ref()
                .map(|process| ProcessView { flow: process.flow.to_string(), stage: process.stage.clone() }),
            sequences: record.live().map(|live| LiveSequence::of(id, live, given)).collect(),
            fields: shown.map(|(name, value)| (name.clone(), value.into())).collect(),
            created_at: record.created_at.to_string(),
            modified_at: record.modified_at.to_string(),
        }
    }
}

/// The word for a record's state.
pub fn state_name(state: RecordState) -> &'static str {
    match state {
        RecordState::Active => "active",
        RecordState::Inactive => "inactive",
    }
}
