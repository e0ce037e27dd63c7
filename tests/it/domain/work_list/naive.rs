//! A work list that is as simple as can be: everything is looked at, in the words of the specification.

use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta};
use chrono_tz::Tz;
use relance::domain::activity::ActivityKind;
use relance::domain::catalogue::listing::key::{BuiltInSort, Direction};
use relance::domain::given::Given;
use relance::domain::record::schema::RecordType;
use relance::domain::score;
use relance::domain::work_list::order::SortBy;
use relance::domain::work_list::select::{DueBy, Selection};
use relance::domain::work_list::{Doing, WorkItem, WorkRow};
use relance::id::RecordId;
use relance::time::Timestamp;

use super::SELLER;

fn local(zone: Tz, at: Timestamp) -> DateTime<Tz> {
    DateTime::from_timestamp_millis(at.millis()).unwrap().with_timezone(&zone)
}

/// An item in the words of the specification.
struct Item {
    ordinal: u32,
    is_step: bool,
    kind: Option<ActivityKind>,
    waits: bool,
    due: Timestamp,
    sequence: Option<(String, String)>,
}

/// The kinds of the nodes of the plan, in their order; the fourth is a wait, the last is the server's.
const KINDS: [Option<ActivityKind>; 6] = [
    Some(ActivityKind::Task),
    Some(ActivityKind::Email),
    Some(ActivityKind::PhoneCall),
    None,
    Some(ActivityKind::Task),
    Some(ActivityKind::Email),
];

/// The node that the server carries out.
const AUTOMATED: u16 = 5;

/// None of what only the server does.
fn item(given: &Given, zone: Tz, now: Timestamp, item: &WorkItem) -> Option<Item> {
    let ordinal = item.ordinal;
    match &item.doing {
        Doing::Activity { kind, .. } => {
            let due = item.due_at.unwrap_or_else(|| last_instant(zone, now));
            Some(Item { ordinal, is_step: false, kind: Some(*kind), waits: false, due, sequence: None })
        }
        Doing::Step { node: AUTOMATED, is_sellers: false, .. } => None,
        Doing::Step { sequence, node, wakes_at, is_sellers, .. } => {
            let name = given.sequences[sequence].name.to_lowercase();
            // A wait that a seller has to see to is a task.
            let kind = KINDS[usize::from(*node)].or(is_sellers.then_some(ActivityKind::Task));
            let (waits, due) = (wakes_at.is_some(), wakes_at.or(item.due_at).unwrap());
            Some(Item { ordinal, is_step: true, kind, waits, due, sequence: Some((name, sequence.to_string())) })
        }
    }
}

/// The last millisecond of today: looked for one by one from the first hour in which it can be.
fn last_instant(zone: Tz, now: Timestamp) -> Timestamp {
    let today = local(zone, now).date_naive();
    let mut at = now;
    for step in [3_600_000, 60_000, 1_000, 1] {
        while local(zone, at + TimeDelta::milliseconds(step)).date_naive() == today {
            at = at + TimeDelta::milliseconds(step);
        }
    }
    at
}

fn group_of_due(zone: Tz, now: Timestamp, due: Timestamp) -> &'static str {
    let (today, day) = (local(zone, now).date_naive(), local(zone, due).date_naive());
    let days = |from: NaiveDate, to: NaiveDate| to.num_days_from_ce() - from.num_days_from_ce();
    match days(today, day) {
        ..0 => "overdue",
        0 => "today",
        1 => "tomorrow",
        _ => "later",
    }
}

fn shows(zone: Tz, now: Timestamp, item: &Item, wanted: &Selection) -> bool {
    let group = group_of_due(zone, now, item.due);
    let month = local(zone, now).naive_local().checked_add_months(Months::new(1)).unwrap();
    let ahead = local(zone, item.due).naive_local() <= month;
    let searches = wanted.name.is_some();
    let from_tomorrow = wanted.due.contains(&DueBy::FromTomorrow) || (wanted.due.is_empty() && searches);
    let by_due = match group {
        _ if item.waits => ahead && (from_tomorrow || searches),
        "overdue" => {
            now - item.due <= TimeDelta::days(30) && (wanted.due.is_empty() || wanted.due.contains(&DueBy::Overdue))
        }
        "today" => wanted.due.is_empty() || wanted.due.contains(&DueBy::Today),
        _ => ahead && from_tomorrow,
    };
    by_due && wanted.activities.as_ref().is_none_or(|kinds| item.kind.is_some_and(|kind| kinds.contains(&kind)))
}

fn next(given: &Given, zone: Tz, now: Timestamp, row: &WorkRow, wanted: &Selection) -> Option<Item> {
    let mark = row.marks.iter().find(|mark| mark.user == SELLER).unwrap();
    let city = row.face.as_ref().unwrap().profile.fields.get("city").and_then(|city| city.text());
    let in_vigo = row.kind == RecordType::Lead && city.is_some_and(|city| city.to_lowercase() == "vigo");
    let is_wanted = wanted.kinds.contains(&row.kind)
        && (!wanted.unopened || !mark.read)
        && (!wanted.followed || mark.followed)
        && wanted.name.as_ref().is_none_or(|name| row.name.to_lowercase().contains(name))
        && (wanted.filters.is_empty() || in_vigo);
    let open = row.items.iter().filter_map(|open| item(given, zone, now, open));
    let mut shown: Vec<Item> = open.filter(|item| is_wanted && shows(zone, now, item, wanted)).collect();
    shown.sort_by_key(|item| (item.due, !item.is_step, item.ordinal));
    shown.into_iter().next()
}

/// What is compared: a number or a text, none of both last.
type Main = Option<(i64, String)>;

fn main(row: &WorkRow, item: &Item, score: Option<u8>, sort: SortBy) -> Main {
    let text = |text: String| Some((0, text)).filter(|(_, text)| !text.is_empty());
    match sort {
        SortBy::BuiltIn(BuiltInSort::Score) => score.map(|score| (score.into(), String::new())),
        SortBy::BuiltIn(BuiltInSort::DueDate) => Some((item.due.millis(), String::new())),
        SortBy::BuiltIn(BuiltInSort::ActivityType) => {
            text(item.kind.map(|kind| kind.name().into()).unwrap_or_default())
        }
        SortBy::BuiltIn(BuiltInSort::Name) => text(row.name.to_lowercase()),
        SortBy::BuiltIn(BuiltInSort::RecordType) => text(row.kind.to_string()),
        SortBy::BuiltIn(BuiltInSort::Sequence) => {
            text(item.sequence.clone().map(|(name, id)| name + &id).unwrap_or_default())
        }
        SortBy::Field(_) => {
            let city = row.face.as_ref().unwrap().profile.fields.get("city").and_then(|city| city.text());
            text(city.filter(|_| row.kind == RecordType::Lead).unwrap_or_default().to_lowercase())
        }
    }
}

fn group(zone: Tz, now: Timestamp, row: &WorkRow, item: &Item, score: Option<u8>, sort: SortBy) -> String {
    let group = match sort {
        SortBy::BuiltIn(BuiltInSort::Score) => score.map(|score| match score {
            75.. => "A".to_owned(),
            50.. => "B".to_owned(),
            25.. => "C".to_owned(),
            _ => "D".to_owned(),
        }),
        SortBy::BuiltIn(BuiltInSort::DueDate) => Some(group_of_due(zone, now, item.due).to_owned()),
        SortBy::BuiltIn(BuiltInSort::ActivityType) => item.kind.map(|kind| kind.name().to_owned()),
        SortBy::BuiltIn(BuiltInSort::Name) => row.name.chars().next().map(|first| first.to_uppercase().to_string()),
        SortBy::BuiltIn(BuiltInSort::Sequence) => item.sequence.clone().map(|(_, id)| id),
        SortBy::BuiltIn(BuiltInSort::RecordType) => Some(row.kind.to_string()),
        SortBy::Field(_) => main(row, item, score, sort).map(|(_, text)| text),
    };
    group.unwrap_or_else(|| "none".into())
}

/// The whole list: record, item and group of each row.
pub fn list(
    given: &Given,
    zone: Tz,
    now: Timestamp,
    rows: &[(RecordId, WorkRow)],
    wanted: &Selection,
    sort: SortBy,
    direction: Direction,
) -> Vec<(RecordId, u32, String)> {
    let mut found: Vec<(RecordId, &WorkRow, Item)> = Vec::new();
    for (id, row) in rows {
        let Some(item) = next(given, zone, now, row, wanted) else { continue };
        let order = |item: &Item| (item.due, !item.is_step, item.ordinal);
        match found.iter_mut().find(|(other, ..)| other == id) {
            Some(known) if order(&item) < order(&known.2) => *known = (*id, row, item),
            Some(_) => {}
            None => found.push((*id, row, item)),
        }
    }
    let by_rule = given.policy.settings().rule_score;
    let score = |row: &WorkRow, item: &Item| {
        row.supplied.score.or_else(|| by_rule.then(|| score::by_rule(&row.interest, Some(item.due), now)))
    };
    let last =
        |(id, row, item): &(RecordId, &WorkRow, Item)| (item.due, row.name.to_lowercase(), row.name.clone(), *id);
    found.sort_by(|one, other| {
        let main_of = |(_, row, item): &(RecordId, &WorkRow, Item)| main(row, item, score(row, item), sort);
        let (a, b) = (main_of(one), main_of(other));
        let turned = match direction {
            Direction::Ascending => a.cmp(&b),
            Direction::Descending => b.cmp(&a),
        };
        a.is_none().cmp(&b.is_none()).then(turned).then_with(|| last(one).cmp(&last(other)))
    });
    let shown = |(id, row, item): (RecordId, &WorkRow, Item)| {
        let group = group(zone, now, row, &item, score(row, &item), sort);
        (id, item.ordinal, group)
    };
    found.into_iter().map(shown).collect()
}
