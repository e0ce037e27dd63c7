//! How a card of the work list looks (§14.6): what an administrator says for everybody, what somebody says for themselves,
//! and what holds where neither does.

mod usual;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::catalogue::Catalogue;
use crate::domain::condition::check::Schema;
use crate::domain::condition::subject::OfRecord;
use crate::domain::json::{Object, objects};
use crate::domain::organisation::own_settings::OwnSettings;
use crate::domain::organisation::settings::Settings;
use crate::domain::record::Problem;
use crate::domain::record::schema::RecordType;
use crate::limits;

/// What stands in front of a card (W-71).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leading {
    /// The record's picture; its initials where it has none.
    RecordImage,
    /// The first letters of its name.
    #[default]
    Initials,
    /// A sign of its type.
    RecordType,
    /// A sign of what is to be done.
    ActivityType,
}

/// A sign within a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardIcon {
    /// Whether the reader follows the record.
    Follow,
    /// The score (W-50).
    Score,
    /// The grade (W-54).
    Grade,
    /// Whether it was opened (W-7).
    Unopened,
    /// A sign of the record's type.
    RecordType,
    /// A sign of what is to be done.
    ActivityType,
}

/// What can be done from a card without opening the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardAction {
    ///
    Complete,
    ///
    Skip,
    ///
    Snooze,
    ///
    SkipWait,
    /// Dial the number of the record.
    Call,
    /// Write an e-mail.
    Email,
    /// Write a text message.
    Text,
    /// Follow the record, or follow it no longer.
    Follow,
}

/// A row of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CardRow {
    /// At most three: properties and fields of the record, those of its contact behind `primary_contact.`, and `next_activity`,
    /// `due` and `sequence` of what is to be done.
    pub fields: Vec<String>,
    /// At most three.
    pub icons: Vec<CardIcon>,
}

/// How the card of a record looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardLayout {
    /// In front.
    #[serde(default)]
    pub leading: Leading,
    /// At most four.
    #[serde(deserialize_with = "objects")]
    pub rows: Vec<CardRow>,
    /// Each once.
    #[serde(default = "usual::actions")]
    pub actions: Vec<CardAction>,
}

/// Layouts as somebody wrote them: one, or one for each of several types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cards {
    /// For records of every type.
    Same(CardLayout),
    /// By the names of types; others look as usual.
    ByType(BTreeMap<String, CardLayout>),
}

/// Who said how a card looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The reader.
    Personal,
    /// An administrator.
    Organisation,
    /// Nobody (W-72).
    Default,
}

/// What makes no sense of what somebody wrote: where in it, and why.
type Wrong = (String, String);

impl Cards {
    /// Reads `{"rows": […], …}`, or such a layout by type, `{"lead": {"rows": […], …}}`.
    pub fn read(text: &str) -> Result<Cards, Wrong> {
        if text.len() > limits::CARD_LAYOUT_MAX {
            let why = format!("layouts of cards have at most {} bytes of JSON", limits::CARD_LAYOUT_MAX);
            return Err((String::new(), why));
        }
        let Ok(Value::Object(members)) = serde_json::from_str(text) else {
            return Err((
                String::new(),
                "a layout is an object with `rows`, or has such an object for each type".into(),
            ));
        };
        // A type may have any name, but what it has is an object.
        if members.is_empty() || members.values().any(|member| !member.is_object()) {
            return layout(Value::Object(members), "").map(Cards::Same);
        }
        let one = |(name, member)| Ok((String::clone(&name), layout(member, &step(&name))?));
        members.into_iter().map(one).collect::<Result<_, _>>().map(Cards::ByType)
    }

    /// How the cards of a type look, if it was said.
    fn of(self, kind: RecordType) -> Option<CardLayout> {
        match self {
            Cards::Same(layout) => Some(layout),
            Cards::ByType(mut layouts) => layouts.remove(kind.name()),
        }
    }

    fn wrong(&self, catalogue: &Catalogue) -> Option<Wrong> {
        let known: Vec<RecordType> = catalogue.types.keys().copied().collect();
        match self {
            Cards::Same(layout) => layout.wrong(&known, catalogue, ""),
            Cards::ByType(layouts) => layouts.iter().find_map(|(name, layout)| {
                match RecordType::from_name(name).filter(|kind| catalogue.knows(*kind)) {
                    None => Some((step(name), format!("there is no record type `{name}`"))),
                    Some(kind) => layout.wrong(&[kind], catalogue, &step(name)),
                }
            }),
        }
    }
}

/// A member's name as a step of a JSON pointer.
fn step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn layout(document: Value, pointer: &str) -> Result<CardLayout, Wrong> {
    let read = serde_json::from_value::<Object<CardLayout>>(document);
    read.map(|Object(layout)| layout).map_err(|error| (pointer.to_owned(), error.to_string()))
}

impl CardLayout {
    /// W-71, L-18. A field is one that records of one of these types have.
    fn wrong(&self, kinds: &[RecordType], catalogue: &Catalogue, pointer: &str) -> Option<Wrong> {
        let (rows, items) = (limits::CARD_ROWS_MAX, limits::CARD_ITEMS_MAX);
        let twice = |(place, action)| self.actions[..place].contains(action);
        if self.rows.len() > rows {
            return Some((format!("{pointer}/rows"), format!("a card has at most {rows} rows")));
        }
        if self.actions.iter().enumerate().any(twice) {
            return Some((format!("{pointer}/actions"), "each action stands there once".into()));
        }
        self.rows.iter().enumerate().find_map(|(place, row)| {
            let pointer = format!("{pointer}/rows/{place}");
            if row.fields.len() > items || row.icons.len() > items {
                return Some((pointer, format!("a row has at most {items} fields and {items} icons")));
            }
            let is_known = |field: &str| kinds.iter().any(|kind| is_field(*kind, field, catalogue));
            let stranger = row.fields.iter().position(|field| !is_known(field))?;
            Some((
                format!("{pointer}/fields/{stranger}"),
                format!("there is no field `{}` to show", row.fields[stranger]),
            ))
        })
    }
}

/// What is to be done is shown on the card of every record.
const OF_THE_ITEM: [&str; 3] = ["next_activity", "due", "sequence"];

fn is_field(kind: RecordType, name: &str, catalogue: &Catalogue) -> bool {
    let has = |kind, name| OfRecord { kind, catalogue }.field(name).is_some();
    match name.strip_prefix("primary_contact.") {
        Some(name) => has(RecordType::Contact, name),
        None => OF_THE_ITEM.contains(&name) || has(kind, name),
    }
}

/// What does not fit about layouts that are to be stored.
pub fn fault(text: &str, catalogue: &Catalogue) -> Option<Problem> {
    let wrong = match Cards::read(text) {
        Ok(cards) => cards.wrong(catalogue),
        Err(wrong) => Some(wrong),
    };
    let (pointer, detail) = wrong?;
    Some(Problem { pointer: format!("/card_layout{pointer}"), code: "card_layout_invalid", detail })
}

/// How the cards of a type look to somebody (W-70): their own layout where the organisation lets people arrange cards and has
/// not locked them, else the organisation's, else the usual one.
pub fn seen(kind: RecordType, settings: &Settings, own: &OwnSettings) -> (Source, CardLayout) {
    let said = |text: &Option<String>| Cards::read(text.as_deref()?).ok()?.of(kind);
    let all = said(&settings.card_layout).filter(|_| settings.card_customisation);
    let own = said(&own.card_layout).filter(|_| settings.card_customisation && !settings.card_lock);
    match (own, all) {
        (Some(layout), _) => (Source::Personal, layout),
        (None, Some(layout)) => (Source::Organisation, layout),
        (None, None) => (Source::Default, usual::layout(kind)),
    }
}
