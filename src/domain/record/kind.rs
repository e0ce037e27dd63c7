//! What a record is: one of the four types that every organisation has, or one that an administrator made (C-1).

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tinystr::TinyAsciiStr;

use crate::limits;

/// The name of a custom type: a lower-case letter, then lower-case letters, digits and `_`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeName(TinyAsciiStr<{ limits::TYPE_NAME_MAX }>);

impl TypeName {
    /// The name, if it is one.
    pub fn new(text: &str) -> Option<TypeName> {
        let name = TinyAsciiStr::try_from_str(text).ok()?;
        is_name(text).then_some(TypeName(name))
    }
}

/// Whether a text can name a type or a field.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// What a record is (C-1). Which custom types there are is in the [`Catalogue`](crate::domain::catalogue::Catalogue).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordType {
    /// A person who might buy.
    #[default]
    Lead,
    /// A known person.
    Contact,
    /// A company.
    Account,
    /// A possible sale.
    Opportunity,
    /// Anything else.
    Custom(TypeName),
}

impl RecordType {
    /// Those that every organisation has, in the order of their stored numbers.
    pub const BUILT_IN: [RecordType; 4] =
        [RecordType::Lead, RecordType::Contact, RecordType::Account, RecordType::Opportunity];

    /// The name used outside.
    pub fn name(&self) -> &str {
        match self {
            RecordType::Lead => "lead",
            RecordType::Contact => "contact",
            RecordType::Account => "account",
            RecordType::Opportunity => "opportunity",
            RecordType::Custom(name) => name.0.as_str(),
        }
    }

    /// The type of that name, whether it exists or only could; `None` for what cannot name a type.
    pub fn from_name(name: &str) -> Option<RecordType> {
        let built_in = Self::BUILT_IN.into_iter().find(|kind| kind.name() == name);
        built_in.or_else(|| TypeName::new(name).map(RecordType::Custom))
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How rows hold it: numbers for the built-in types, which stores have had from the beginning.
#[derive(Serialize, Deserialize)]
enum Stored {
    Lead,
    Contact,
    Account,
    Opportunity,
    Custom(String),
}

/// Texts, such as JSON, have its name.
impl Serialize for RecordType {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            return to.serialize_str(self.name());
        }
        let stored = match self {
            RecordType::Lead => Stored::Lead,
            RecordType::Contact => Stored::Contact,
            RecordType::Account => Stored::Account,
            RecordType::Opportunity => Stored::Opportunity,
            RecordType::Custom(name) => Stored::Custom(name.0.as_str().to_owned()),
        };
        stored.serialize(to)
    }
}

impl<'de> Deserialize<'de> for RecordType {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<RecordType, D::Error> {
        let unnamed = |name: &str| D::Error::custom(format!("`{name}` is no name of a record type"));
        if from.is_human_readable() {
            let name = String::deserialize(from)?;
            return RecordType::from_name(&name).ok_or_else(|| unnamed(&name));
        }
        Ok(match Stored::deserialize(from)? {
            Stored::Lead => RecordType::Lead,
            Stored::Contact => RecordType::Contact,
            Stored::Account => RecordType::Account,
            Stored::Opportunity => RecordType::Opportunity,
            Stored::Custom(name) => RecordType::Custom(TypeName::new(&name).ok_or_else(|| unnamed(&name))?),
        })
    }
}
