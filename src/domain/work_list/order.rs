//! In which order a list shows its rows, and the groups that they make (W-40 to W-44, W-52).

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::WorkRow;
use super::select::{Next, Reading};
use crate::domain::activity::ActivityKind;
use crate::domain::catalogue::listing::Sort;
use crate::domain::catalogue::listing::key::{BuiltInSort, Direction};
use crate::domain::condition::evaluate::{Found, Held, Look};
use crate::domain::condition::subject::RecordLook;
use crate::domain::score;
use crate::id::RecordId;
use crate::time::Timestamp;

/// What a list is sorted by.
#[derive(Clone, Copy, Debug)]
pub enum SortBy<'a> {
    /// What every organisation has (W-40).
    BuiltIn(BuiltInSort),
    /// A field of one type (W-43); records of other types come last.
    Field(&'a Sort),
}

/// What rows are compared by first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Main<'a> {
    /// A number, or an instant.
    Number(f64),
    /// A text in lower case.
    Text(Cow<'a, str>),
    /// Nothing: it comes last, whichever way the list is sorted (W-52).
    Nothing,
}

/// Where a row stands: after the main value by due date, then by name, then by id (W-42).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place<'a> {
    /// What the list is sorted by.
    pub main: Main<'a>,
    /// When the next action is due.
    pub due: Timestamp,
    /// The name, as it is written.
    pub name: Cow<'a, str>,
    /// The record.
    pub record: RecordId,
}

impl Place<'_> {
    /// How two rows stand to each other.
    pub fn compare(&self, other: &Place, direction: Direction) -> Ordering {
        let turned = |order: Ordering| if direction == Direction::Descending { order.reverse() } else { order };
        let main = match (&self.main, &other.main) {
            (Main::Nothing, Main::Nothing) => Ordering::Equal,
            (Main::Nothing, _) => Ordering::Greater,
            (_, Main::Nothing) => Ordering::Less,
            (Main::Number(one), Main::Number(other)) => turned(one.total_cmp(other)),
            (Main::Text(one), Main::Text(other)) => turned(one.cmp(other)),
            (Main::Number(_), Main::Text(_)) => turned(Ordering::Less),
            (Main::Text(_), Main::Number(_)) => turned(Ordering::Greater),
        };
        main.then_with(|| self.due.cmp(&other.due))
            .then_with(|| by_name(&self.name, &other.name))
            .then_with(|| self.record.cmp(&other.record))
    }
}

/// Names as people look for them: whatever the case of their letters.
fn by_name(one: &str, other: &str) -> Ordering {
    let folded = |name: &'_ str| name.chars().flat_map(char::to_lowercase).collect::<String>();
    let ascii = |name: &str| name.bytes().all(|byte| byte.is_ascii());
    let order = match ascii(one) && ascii(other) {
        true => one.bytes().map(|b| b.to_ascii_lowercase()).cmp(other.bytes().map(|b| b.to_ascii_lowercase())),
        false => folded(one).cmp(&folded(other)),
    };
    order.then_with(|| one.cmp(other))
}

/// A row with its next action and its score.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The record.
    pub record: RecordId,
    /// What lists know of it.
    pub row: &'a WorkRow,
    /// What is to be done next.
    pub next: Next<'a>,
    /// 0–100.
    pub score: Option<u8>,
}

impl Reading<'_> {
    /// The score that holds of a row: the one supplied, else the one by rule, where the organisation has that switched on
    /// (W-51, W-53).
    pub fn score(&self, row: &WorkRow, due: Timestamp) -> Option<u8> {
        let by_rule = || score::by_rule(&row.interest, Some(due), self.window.now);
        row.supplied.score.or_else(|| self.given.policy.settings().rule_score.then(by_rule))
    }

    /// What a row is sorted by.
    pub fn main<'r>(&'r self, candidate: &Candidate<'r>, sort: SortBy) -> Main<'r> {
        let text = |text: &'r str| match text {
            "" => Main::Nothing,
            text => Main::Text(Cow::Owned(text.to_lowercase())),
        };
        match sort {
            SortBy::BuiltIn(BuiltInSort::Score) => {
                candidate.score.map_or(Main::Nothing, |score| Main::Number(score.into()))
            }
            SortBy::BuiltIn(BuiltInSort::DueDate) => Main::Number(candidate.next.due.millis() as f64),
            SortBy::BuiltIn(BuiltInSort::Name) => text(&candidate.row.name),
            SortBy::BuiltIn(BuiltInSort::RecordType) => text(candidate.row.kind.name()),
            SortBy::BuiltIn(BuiltInSort::ActivityType) => {
                candidate.next.action.kind.map_or(Main::Nothing, |kind| Main::Text(Cow::Borrowed(kind.name())))
            }
            SortBy::BuiltIn(BuiltInSort::Sequence) => self.sequence(candidate),
            SortBy::Field(sort) => self.field(candidate, sort),
        }
    }

    /// By name; two of the same name do not mix.
    fn sequence(&self, candidate: &Candidate) -> Main<'static> {
        let Some(id) = candidate.next.action.sequence else { return Main::Nothing };
        let name = self.given.sequences.get(&id).map(|sequence| sequence.name.to_lowercase()).unwrap_or_default();
        Main::Text(Cow::Owned(format!("{name}\0{id}")))
    }

    fn field(&self, candidate: &Candidate, sort: &Sort) -> Main<'static> {
        let Some(face) = candidate.row.face.as_ref().filter(|_| sort.kind == candidate.row.kind) else {
            return Main::Nothing;
        };
        let record = face.record(candidate.row.kind);
        match (RecordLook { record: &record, given: self.given }).field(&sort.field) {
            Found::Is(Held::Number(number)) => Main::Number(number),
            Found::Is(Held::Instant(at)) => Main::Number(at.millis() as f64),
            Found::Is(Held::Text(text)) => Main::Text(Cow::Owned(text.to_lowercase())),
            Found::Is(Held::Several(texts)) => Main::Text(Cow::Owned(texts.join(", ").to_lowercase())),
            Found::Missing | Found::Unseen(_) | Found::Empty => Main::Nothing,
        }
    }

    /// The key of the group that a row belongs to, sorted so (W-41).
    pub fn group(&self, candidate: &Candidate, sort: SortBy, main: &Main) -> Cow<'static, str> {
        let none = Cow::Borrowed("none");
        match sort {
            SortBy::BuiltIn(BuiltInSort::DueDate) => Cow::Borrowed(self.window.group(candidate.next.due).key()),
            SortBy::BuiltIn(BuiltInSort::Score) => {
                let limits = &self.given.policy.settings().grade_limits;
                candidate.score.map_or(none, |score| Cow::Borrowed(limits.grade(score).name()))
            }
            SortBy::BuiltIn(BuiltInSort::ActivityType) => {
                candidate.next.action.kind.map_or(none, |kind: ActivityKind| Cow::Borrowed(kind.name()))
            }
            SortBy::BuiltIn(BuiltInSort::RecordType) => Cow::Owned(candidate.row.kind.to_string()),
            SortBy::BuiltIn(BuiltInSort::Name) => match candidate.row.name.chars().next() {
                Some(first) => Cow::Owned(first.to_uppercase().collect()),
                None => none,
            },
            SortBy::BuiltIn(BuiltInSort::Sequence) => {
                candidate.next.action.sequence.map_or(none, |sequence| Cow::Owned(sequence.to_string()))
            }
            SortBy::Field(_) => match main {
                Main::Number(number) => Cow::Owned(number.to_string()),
                Main::Text(text) => Cow::Owned(text.clone().into_owned()),
                Main::Nothing => none,
            },
        }
    }
}
