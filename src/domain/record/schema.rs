//! The shape of a record: properties, fields, and what may be written into each.

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};

pub use super::kind::RecordType;

use crate::domain::catalogue::field::{FieldKind, Target};
use crate::domain::given::Given;
use crate::domain::record::Problem;
use crate::id::{EnrolmentId, RecordId, TeamId, UserId};
use crate::limits;

/// Who a record or step belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Owner {
    /// A person.
    User(UserId),
    /// A team.
    Team(TeamId),
}

impl Default for Owner {
    fn default() -> Owner {
        Owner::User(UserId::ADMINISTRATOR)
    }
}

/// Open or closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordState {
    /// Open: sequences may run on it.
    #[default]
    Active,
    /// Closed, with an [`Outcome`].
    Inactive,
}

/// How a record was closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Open, or closed without saying how.
    #[default]
    None,
    /// Qualified, won.
    Success,
    /// Disqualified, lost.
    Failure,
}

/// A phone number's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phone {
    /// At work.
    Business,
    /// Carried along.
    Mobile,
    /// At home.
    Home,
}

/// A way to reach a person that the person may close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Channel {
    /// E-mail.
    Email,
    /// Phone calls.
    Phone,
    /// Text messages.
    Text,
}

/// A field's value: text (also dates, options and two-options, as `yes` or `no`) or a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Characters.
    Text(String),
    /// A finite number.
    Number(f64),
}

impl Value {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Number(_) => None,
        }
    }
}

/// One property or field of a record set to a value, or cleared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// The name; without one, first and last name form it.
    Name(Option<String>),
    /// The client's own key.
    ExternalId(Option<String>),
    /// Whose it is.
    Owner(Owner),
    /// Who else may see it.
    AccessTeam(Option<TeamId>),
    /// Where e-mail goes.
    Email(Option<String>),
    /// A phone number.
    Phone(Phone, Option<String>),
    /// Whether a channel may be used.
    Allow(Channel, bool),
    /// The person's time zone, an IANA name.
    TimeZone(Option<String>),
    /// Predictive score, 0–100 (W-50).
    Score(Option<u8>),
    /// The person behind an account or opportunity.
    PrimaryContact(Option<RecordId>),
    /// LinkedIn profile (LI-12).
    LinkedinUrl(Option<String>),
    /// A field of the type.
    Field(String, Option<Value>),
}

impl Change {
    /// Where the value stands in a request.
    pub fn pointer(&self) -> String {
        match self {
            Change::Name(_) => "/name".into(),
            Change::ExternalId(_) => "/external_id".into(),
            Change::Owner(_) => "/owner".into(),
            Change::AccessTeam(_) => "/access_team".into(),
            Change::Email(_) => "/email".into(),
            Change::Phone(Phone::Business, _) => "/phones/business".into(),
            Change::Phone(Phone::Mobile, _) => "/phones/mobile".into(),
            Change::Phone(Phone::Home, _) => "/phones/home".into(),
            Change::Allow(Channel::Email, _) => "/allow_email".into(),
            Change::Allow(Channel::Phone, _) => "/allow_phone".into(),
            Change::Allow(Channel::Text, _) => "/allow_text".into(),
            Change::TimeZone(_) => "/time_zone".into(),
            Change::Score(_) => "/score".into(),
            Change::PrimaryContact(_) => "/primary_contact".into(),
            Change::LinkedinUrl(_) => "/linkedin_url".into(),
            Change::Field(name, _) => format!("/fields/{}", name.replace('~', "~0").replace('/', "~1")),
        }
    }

    /// What is wrong with the change on a record of that type, if anything. A two-option is brought to `yes` or `no`, an id to
    /// the way this server writes it.
    pub fn check(&mut self, kind: RecordType, given: &Given) -> Result<(), Problem> {
        let fault = match self {
            Change::Name(Some(name)) => text_fault(name, limits::RECORD_NAME_MAX, false),
            Change::ExternalId(Some(key)) if key.is_empty() || key.len() > limits::EXTERNAL_ID_MAX => {
                Some(("external_id_invalid", format!("an external id has 1 to {} bytes", limits::EXTERNAL_ID_MAX)))
            }
            Change::Email(Some(address)) => email_fault(address),
            Change::Phone(_, Some(number)) => text_fault(number, 50, false),
            Change::LinkedinUrl(Some(url)) => text_fault(url, 500, false),
            Change::TimeZone(Some(zone)) => time_zone_fault(zone),
            Change::Score(Some(score)) if *score > 100 => {
                Some(("out_of_range", format!("a score lies between 0 and 100, not {score}")))
            }
            Change::Field(name, value) => field_fault(kind, given, name, value),
            _ => None,
        };
        match fault {
            None => Ok(()),
            Some((code, detail)) => Err(Problem { pointer: self.pointer(), code, detail }),
        }
    }
}

/// A stable code and a sentence.
pub type Fault = (&'static str, String);

/// What is wrong with an e-mail address, which stands alone: no name before it.
pub fn email_fault(address: &str) -> Option<Fault> {
    let detail = || format!("`{address}` is not an e-mail address");
    let alone = Options::default().without_display_text();
    EmailAddress::parse_with_options(address, alone).is_err().then(|| ("email_invalid", detail()))
}

/// What is wrong with the name of a time zone.
pub fn time_zone_fault(zone: &str) -> Option<Fault> {
    let detail = || format!("`{zone}` is not an IANA time zone, such as Europe/Madrid");
    zone.parse::<chrono_tz::Tz>().is_err().then(|| ("time_zone_unknown", detail()))
}

/// What is wrong with a text of at most `max` characters.
pub fn text_fault(text: &str, max: usize, may_break: bool) -> Option<Fault> {
    if text.chars().count() > max {
        return Some(("too_long", format!("has {} characters, at most {max} are kept", text.chars().count())));
    }
    if text.trim().is_empty() {
        return Some(("empty", "is empty; leave it out or give null to clear it".into()));
    }
    let forbidden = |c: char| c.is_control() && !(may_break && matches!(c, '\n' | '\r' | '\t'));
    text.chars().any(forbidden).then(|| ("control_character", "holds a control character".into()))
}

fn field_fault(kind: RecordType, given: &Given, name: &str, value: &mut Option<Value>) -> Option<Fault> {
    let Some(field) = given.catalogue.field(kind, name) else {
        return Some(("unknown_field", format!("a {} has no field `{name}`", kind.name())));
    };
    let value = value.as_mut()?;
    let wrong = |wanted: &str| Some(("field_invalid", format!("`{name}` takes {wanted}")));
    match (&field.kind, &*value) {
        (FieldKind::Text, Value::Text(text)) => text_fault(text, limits::FIELD_TEXT_MAX, true),
        (FieldKind::Text, _) => wrong("text"),
        (FieldKind::Number | FieldKind::Money, Value::Number(number)) if number.is_finite() => None,
        (FieldKind::Number | FieldKind::Money, _) => wrong("a number"),
        (FieldKind::Date, Value::Text(day)) if day.len() == 10 && day.parse::<chrono::NaiveDate>().is_ok() => None,
        (FieldKind::Date, _) => wrong("a day, such as 2026-03-31"),
        (FieldKind::TwoOption, Value::Text(text)) => match text.to_ascii_lowercase().as_str() {
            "yes" | "true" => set(value, "yes".into()),
            "no" | "false" => set(value, "no".into()),
            _ => wrong("`yes` or `no`"),
        },
        (FieldKind::TwoOption, _) => wrong("`yes` or `no`"),
        (FieldKind::OptionSet(options), Value::Text(text)) if options.contains(text) => None,
        (FieldKind::OptionSet(options), _) => wrong(&format!("one of {}", options.join(", "))),
        (FieldKind::Lookup(Target::User), Value::Text(text)) => match UserId::parse(text) {
            Some(user) if given.policy.knows(Owner::User(user)) => set(value, user.to_string()),
            Some(_) => Some(("lookup_unknown", format!("there is no user `{text}`"))),
            None => wrong("the id of a user"),
        },
        // Whether there is such a record is nobody's to ask inside a decision; it may be erased at any time in any case.
        (FieldKind::Lookup(Target::Record(_)), Value::Text(text)) => match RecordId::parse(text) {
            Some(record) if EnrolmentId(record.0).ordinal() == 0 => set(value, record.to_string()),
            _ => wrong("the id of a record"),
        },
        (FieldKind::Lookup(_), _) => wrong("an id"),
    }
}

fn set(value: &mut Value, text: String) -> Option<Fault> {
    *value = Value::Text(text);
    None
}
