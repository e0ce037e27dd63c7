//! What a field takes, and the fields that every organisation has.

use serde::{Deserialize, Serialize};

use crate::domain::record::schema::RecordType;

/// What a lookup leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// A record of that type.
    Record(RecordType),
    /// A user.
    User,
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A number.
    Number,
    /// An amount of money.
    Money,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// `yes` or `no`.
    TwoOption,
    /// One of a set.
    OptionSet(Vec<String>),
    /// An id.
    Lookup(Target),
}

impl FieldKind {
    /// Whether values of one are values of the other, but for which options there are.
    pub fn is_like(&self, other: &FieldKind) -> bool {
        match (self, other) {
            (FieldKind::OptionSet(_), FieldKind::OptionSet(_)) => true,
            (one, other) => one == other,
        }
    }

    /// Whether a command may write `value` into such a field (CM-3).
    pub fn takes_option(&self, value: &str) -> bool {
        match self {
            FieldKind::TwoOption => matches!(value, "yes" | "no"),
            FieldKind::OptionSet(options) => options.iter().any(|option| option == value),
            _ => false,
        }
    }
}

/// A field of a record type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Unique in its type.
    pub name: String,
    /// Shown to people.
    pub label: String,
    /// What it takes.
    pub kind: FieldKind,
    /// Whether every organisation has it.
    pub built_in: bool,
    /// Whether it was removed: records keep its values, which are shown again if it is added again.
    pub is_removed: bool,
    /// Changes so far; 1 when it was added.
    pub version: u32,
}

/// The set of `lead.disposition` and `opportunity.disposition` (§20.9).
pub const DISPOSITIONS: [&str; 3] = ["open", "qualified", "disqualified"];

/// Names that mean something of themselves on every record, so that no custom field may have them.
pub const RESERVED: [&str; 23] = [
    "id",
    "type",
    "name",
    "external_id",
    "owner",
    "access_team",
    "state",
    "outcome",
    "email",
    "phones",
    "allow_email",
    "allow_phone",
    "allow_text",
    "time_zone",
    "score",
    "process",
    "primary_contact",
    "linkedin_url",
    "fields",
    "created_at",
    "modified_at",
    "disposition",
    "external",
];

/// The fields that a type has in every organisation.
pub fn built_in(kind: RecordType) -> Vec<Field> {
    use FieldKind::{Date, Money, Number, Text, TwoOption};
    let dispositions = || FieldKind::OptionSet(DISPOSITIONS.map(Into::into).into());
    let person = || {
        let names = ["first_name", "last_name", "job_title", "company", "website", "source", "industry", "city"];
        names.into_iter().chain(["country", "notes"]).map(|name| (name, Text))
    };
    let fields: Vec<(&str, FieldKind)> = match kind {
        RecordType::Lead => {
            let sale = [("stage", Text), ("estimated_value", Money), ("currency", Text)];
            person().chain(sale).chain([("disposition", dispositions())]).collect()
        }
        RecordType::Contact => person().chain([("future_events", TwoOption)]).collect(),
        RecordType::Account => vec![
            ("website", Text),
            ("industry", Text),
            ("employees", Number),
            ("country", Text),
            ("renewal_date", Date),
        ],
        RecordType::Opportunity => vec![
            ("stage", Text),
            ("estimated_value", Money),
            ("currency", Text),
            ("disposition", dispositions()),
            ("account", Text),
            ("close_date", Date),
        ],
        RecordType::Custom(_) => vec![],
    };
    let field = |(name, kind): (&str, FieldKind)| Field {
        name: name.into(),
        label: in_words(name),
        kind,
        built_in: true,
        is_removed: false,
        version: 1,
    };
    fields.into_iter().map(field).collect()
}

/// `first_name` as people read it.
pub fn in_words(name: &str) -> String {
    let mut words = name.replace('_', " ");
    words.get_mut(..1).map(str::make_ascii_uppercase).unwrap_or_default();
    words
}
