//! The JSON that clients see, and how it is made from the state of an entity. Apart from what is stored, so that either
//! may change.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::domain::enrolment::{
    self, EndReason, EnrolmentStatus, Exit, MessageState, StepError, StepStatus, WaitState,
};
use crate::domain::given::Given;
use crate::domain::record::Record;
use crate::domain::record::schema::{self, Change, Channel, Outcome, Phone, RecordState, RecordType, Value};
use crate::id::{EnrolmentId, RecordId, StepId, TeamId, UserId};
use crate::web::problem::Problem;
use crate::web::request;

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
    fn read(&self) -> Result<schema::Owner, Problem> {
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
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    business: Option<Option<String>>,
    /// Carried along.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    mobile: Option<Option<String>>,
    /// At home.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
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
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    name: Option<Option<String>>,
    /// Your own key, unique per type.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub external_id: Option<Option<String>>,
    /// The caller, unless given.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Owner>)]
    owner: Option<Option<Owner>>,
    /// A team that may see it too.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    access_team: Option<Option<String>>,
    /// Where e-mail goes.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    /// Phone numbers.
    #[serde(default, deserialize_with = "given_object")]
    #[schema(value_type = Option<PhonesBody>)]
    phones: Option<Option<PhonesBody>>,
    /// Whether e-mail may be sent.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    allow_email: Option<Option<bool>>,
    /// Whether calls may be made.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    allow_phone: Option<Option<bool>>,
    /// Whether text messages may be sent.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<bool>)]
    allow_text: Option<Option<bool>>,
    /// An IANA time zone.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    time_zone: Option<Option<String>>,
    /// 0–100.
    #[serde(default, deserialize_with = "given_score")]
    #[schema(value_type = Option<u8>)]
    score: Option<Option<u8>>,
    /// A contact's id.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    primary_contact: Option<Option<String>>,
    /// The LinkedIn profile.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    linkedin_url: Option<Option<String>>,
    /// Fields of the type.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<BTreeMap<String, FieldValue>>)]
    fields: Option<Option<BTreeMap<String, Option<FieldValue>>>>,
}

/// A member that is there, be it null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
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

/// A record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordView {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
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
    fields: BTreeMap<String, FieldValue>,
    created_at: String,
    modified_at: String,
}

impl RecordView {
    /// The record as it stands.
    pub fn of(id: RecordId, record: &Record) -> RecordView {
        let profile = &record.profile;
        let phones = profile.phones.iter().map(|(place, number)| {
            let place = match place {
                Phone::Business => "business",
                Phone::Mobile => "mobile",
                Phone::Home => "home",
            };
            (place, number.clone())
        });
        RecordView {
            id: id.to_string(),
            kind: record.kind.name(),
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
            fields: profile.fields.iter().map(|(name, value)| (name.clone(), value.into())).collect(),
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

/// One record going through one version of one sequence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EnrolmentView {
    id: String,
    record: String,
    sequence: String,
    sequence_name: String,
    version: u16,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    connected_by: String,
    connected_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    opens_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// The id of the step it stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_step: Option<String>,
    steps_done: u16,
    /// Steps done and the longest way ahead (U-9).
    steps_total: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

impl EnrolmentView {
    /// The enrolment as it stands.
    pub fn of(id: RecordId, record: &Record, given: &Given, enrolment: &enrolment::Enrolment) -> EnrolmentView {
        let sequence = given.sequences.get(&enrolment.sequence);
        EnrolmentView {
            id: EnrolmentId::of(id, enrolment.ordinal).to_string(),
            record: id.to_string(),
            sequence: enrolment.sequence.to_string(),
            sequence_name: sequence.map(|sequence| sequence.name.clone()).unwrap_or_default(),
            version: enrolment.version,
            status: status_name(enrolment.status),
            reason: enrolment.reason.map(reason_name),
            connected_by: enrolment.connected_by.to_string(),
            connected_at: enrolment.connected_at.to_string(),
            opens_at: enrolment.opens_at.map(|at| at.to_string()),
            source: enrolment.source.clone(),
            current_step: record.current_step(enrolment).map(|step| StepId::of(id, step.ordinal).to_string()),
            steps_done: enrolment.steps_done,
            steps_total: steps_total(record, given, enrolment),
            ended_at: enrolment.ended_at.map(|at| at.to_string()),
        }
    }
}

/// Steps done and the longest counted way still ahead (U-9).
pub fn steps_total(record: &Record, given: &Given, enrolment: &enrolment::Enrolment) -> u16 {
    let plan = given.plan(enrolment.sequence, enrolment.version);
    let ahead = match (plan, record.current_step(enrolment)) {
        (Some(plan), Some(step)) => plan.node(step.node).map_or(0, |node| node.steps_ahead),
        (Some(plan), None) if enrolment.status == EnrolmentStatus::Connecting => {
            plan.node(0).map_or(0, |node| node.steps_ahead)
        }
        _ => 0,
    };
    enrolment.steps_done + ahead
}

/// The word for an enrolment's status.
pub fn status_name(status: EnrolmentStatus) -> &'static str {
    match status {
        EnrolmentStatus::Connecting => "connecting",
        EnrolmentStatus::Connected => "connected",
        EnrolmentStatus::Completed => "completed",
        EnrolmentStatus::Disconnected => "disconnected",
        EnrolmentStatus::Error => "error",
    }
}

/// The word for why an enrolment ended.
pub fn reason_name(reason: EndReason) -> &'static str {
    match reason {
        EndReason::SequenceCompleted => "sequence_completed",
        EndReason::UserDisconnected => "user_disconnected",
        EndReason::ParentSequenceDeactivated => "parent_sequence_deactivated",
        EndReason::RegardingEntityDeactivated => "regarding_entity_deactivated",
        EndReason::ExitCriterionMet => "exit_criterion_met",
    }
}

/// A node opened for an enrolment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StepView {
    id: String,
    enrolment: String,
    record: String,
    sequence: String,
    node: String,
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    description: String,
    assignee: Owner,
    status: &'static str,
    wait_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    /// The type of the node, where an automated step became one for the seller (ST-23).
    #[serde(skip_serializing_if = "Option::is_none")]
    converted_from: Option<&'static str>,
    planned_due_at: String,
    due_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    wakes_at: Option<String>,
    opened_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    snooze_count: u32,
    /// `yes` or `no` of a condition, or the result of a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    /// The Message-ID of an automated message that was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Why an automated message was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_error: Option<String>,
}

impl StepView {
    /// The step as it stands.
    pub fn of(id: RecordId, record: &Record, given: &Given, step: &enrolment::Step) -> StepView {
        let enrolment = record.enrolment(step.enrolment);
        let plan = enrolment.and_then(|enrolment| given.plan(enrolment.sequence, enrolment.version));
        let node = plan.and_then(|plan| plan.node(step.node));
        let kind = node.map_or("task", |node| node.type_name);
        let exit = step.exit.map(|exit| if exit == Exit::Yes { "yes" } else { "no" }.to_owned());
        StepView {
            id: StepId::of(id, step.ordinal).to_string(),
            enrolment: EnrolmentId::of(id, step.enrolment).to_string(),
            record: id.to_string(),
            sequence: enrolment.map(|enrolment| enrolment.sequence.to_string()).unwrap_or_default(),
            node: node.map(|node| node.id.clone()).unwrap_or_default(),
            kind: if step.converted { "email" } else { kind },
            name: node.map(|node| node.name.clone()).unwrap_or_default(),
            description: node.map(|node| node.description.clone()).unwrap_or_default(),
            assignee: step.assignee.into(),
            status: match step.status {
                StepStatus::Open => "open",
                StepStatus::Completed => "completed",
                StepStatus::Skipped => "skipped",
                StepStatus::Cancelled => "cancelled",
            },
            wait_state: match step.wait {
                WaitState::None => "none",
                WaitState::Waiting => "waiting",
                WaitState::Skipped => "skipped",
                WaitState::Completed => "completed",
            },
            error: step.error.map(|error| match error {
                StepError::FieldUpdateFailed => "field_update_failed",
                StepError::EmailUndeliverable => "email_undeliverable",
                StepError::EmailTemplateFailed => "email_template_failed",
            }),
            converted_from: step.converted.then_some(kind),
            planned_due_at: step.wakes_at.unwrap_or(step.opened_at).to_string(),
            due_at: step.due_at.to_string(),
            wakes_at: step.wakes_at.map(|at| at.to_string()),
            opened_at: step.opened_at.to_string(),
            completed_at: step.completed_at.map(|at| at.to_string()),
            snooze_count: step.snoozes,
            outcome: exit.or_else(|| step.call_result.clone()),
            message: match &step.message {
                Some(MessageState::Sent(message_id)) => Some(message_id.clone()),
                _ => None,
            },
            message_error: match &step.message {
                Some(MessageState::Failed(reason)) => Some(reason.clone()),
                _ => None,
            },
        }
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next one begins; null on the last.
    pub next_cursor: Option<String>,
}

/// The answers to a batch, in order.
#[derive(Debug, Serialize, ToSchema)]
pub struct Results<T> {
    /// One per item.
    pub results: Vec<T>,
}

/// One answer of a batch: what became of the item, or why nothing did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ItemResult<T> {
    /// It was done.
    Done(T),
    /// It was not.
    Failed {
        /// Why.
        error: Problem,
    },
}

impl<T> From<Result<T, Problem>> for ItemResult<T> {
    fn from(result: Result<T, Problem>) -> ItemResult<T> {
        match result {
            Ok(done) => ItemResult::Done(done),
            Err(error) => ItemResult::Failed { error },
        }
    }
}
