//! The work list against one that looks at every row each time, on random rows, clocks and zones (W-9, W-20 to W-28, W-40 to
//! W-44).

mod levelling;
mod naive;
mod rows;
mod scores;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;
use relance::domain::activity::ActivityKind;
use relance::domain::catalogue::Catalogue;
use relance::domain::catalogue::listing::key::{BuiltInSort, Direction};
use relance::domain::catalogue::listing::{Filter, Sort};
use relance::domain::condition::Condition;
use relance::domain::condition::stored::StoredCondition;
use relance::domain::given::Given;
use relance::domain::organisation::settings::Setting;
use relance::domain::record::profile::Profile;
use relance::domain::record::schema::{Outcome, RecordState, RecordType, Value};
use relance::domain::score::{Interest, Supplied};
use relance::domain::work_list::order::{Place, SortBy};
use relance::domain::work_list::page::Request;
use relance::domain::work_list::select::{DueBy, Reading, Selection, Window};
use relance::domain::work_list::{Doing, Face, Mark, WorkItem, WorkRow};
use relance::id::{RecordId, SequenceId};
use relance::time::Timestamp;
use serde_json::json;

use super::draw::{auto_email, call, email, graph, task, wait};
use super::world::{COLLEAGUE, SELLER, World, at};

/// Days in which clocks are set, midnights that there are not, zones of half and three quarters of an hour.
const MOMENTS: [(&str, &str); 9] = [
    ("Europe/Paris", "2026-03-29T00:59:59.999Z"),
    ("Europe/Madrid", "2026-10-25T00:30:00Z"),
    ("America/New_York", "2026-03-08T04:59:59Z"),
    ("Asia/Kolkata", "2026-06-30T18:30:00Z"),
    ("Asia/Kathmandu", "2026-06-30T18:14:59.999Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Africa/Cairo", "2026-04-23T21:59:59Z"),
    ("Pacific/Apia", "2026-12-31T10:00:00Z"),
    ("UTC", "2026-01-31T12:00:00Z"),
];

/// A plan with a step of each kind that a seller sees, and a wait.
fn surroundings(rule_score: bool) -> (Given, Vec<(SequenceId, usize)>) {
    let mut world = World::lead();
    let nodes =
        [task("t", "m"), email("m", "c"), call("c", "w"), wait("w", 2, 0, "e"), task("e", "a"), auto_email("a", "")];
    let (one, other) = (world.activate_with(graph(&nodes), vec![]), world.activate_with(graph(&nodes), vec![]));
    let mut organisation = relance::domain::organisation::Organisation::clone(&world.given.policy.organisation);
    organisation.settings.set(&Setting::RuleScore(rule_score));
    let given = world.given.with_organisation(&organisation);
    (given, vec![(one, nodes.len()), (other, nodes.len())])
}

/// Draws rows around an instant.
struct Draw<'a> {
    chance: fastrand::Rng,
    now: Timestamp,
    sequences: &'a [(SequenceId, usize)],
}

impl Draw<'_> {
    fn near(&mut self) -> Timestamp {
        // Around now, around the midnights next to it, and at the ends of what a list looks at.
        let hours = [0, 0, 24, -24, 48, 720, -720, 744][self.chance.usize(..8)];
        let spread = [60_000, 3_600_000, 30 * 3_600_000][self.chance.usize(..3)];
        self.now + TimeDelta::hours(hours) + TimeDelta::milliseconds(self.chance.i64(-spread..=spread))
    }

    fn item(&mut self, ordinal: u32) -> WorkItem {
        let due_at = Some(self.near()).filter(|_| self.chance.u8(..8) > 0);
        if self.chance.bool() {
            let kind = ActivityKind::ALL[self.chance.usize(..5)];
            return WorkItem { ordinal, due_at, doing: Doing::Activity { kind, subject: "Ask".into() } };
        }
        let (sequence, nodes) = self.sequences[self.chance.usize(..self.sequences.len())];
        let node = self.chance.u16(..nodes as u16);
        // The fourth node is the wait.
        let wakes_at = (node == 3).then(|| self.near());
        let due_at = wakes_at.or(due_at.or(Some(self.now)));
        let is_sellers = self.chance.u8(..10) == 0 && wakes_at.is_none();
        WorkItem { ordinal, due_at, doing: Doing::Step { sequence, version: 1, node, wakes_at, is_sellers } }
    }

    fn row(&mut self) -> WorkRow {
        let kind = [RecordType::Lead, RecordType::Contact, RecordType::Account][self.chance.usize(..3)];
        let names = ["Ada", "ada", "Bo", "Éloïse", "éric", "Zoë", "", "Bo Ada"];
        let name = names[self.chance.usize(..names.len())].to_owned();
        let mut profile = Profile { name: Some(name.clone()), ..Profile::default() };
        if self.chance.bool() {
            let city = ["Vigo", "Lyon", "vigo"][self.chance.usize(..3)];
            profile.fields.insert("city".into(), Value::Text(city.into()));
        }
        let marked = |user, bits: u8| Mark { user, read: bits & 1 > 0, followed: bits & 2 > 0 };
        let recent = self.near();
        let interest = Interest {
            replied_at: Some(recent).filter(|_| self.chance.bool()),
            unanswered: self.chance.u8(..6),
            ..Interest::default()
        };
        WorkRow {
            kind,
            name,
            primary_contact: None,
            supplied: Supplied { score: [None, Some(10), Some(50), Some(80)][self.chance.usize(..4)], former: None },
            interest,
            marks: vec![marked(SELLER, self.chance.u8(..4)), marked(COLLEAGUE, self.chance.u8(..4))],
            items: (1..=self.chance.u32(1..4)).map(|ordinal| self.item(ordinal)).collect(),
            face: Some(Face {
                profile: Arc::new(profile),
                state: RecordState::Active,
                outcome: Outcome::None,
                created_at: self.now,
                modified_at: self.now,
            }),
        }
    }

    fn some<T: Copy + Ord>(&mut self, all: &[T]) -> BTreeSet<T> {
        all.iter().copied().filter(|_| self.chance.bool()).collect()
    }

    fn selection<'f>(&mut self, filter: &'f Filter) -> Selection<'f> {
        Selection {
            due: self.some(&[DueBy::Overdue, DueBy::Today, DueBy::FromTomorrow]),
            kinds: match self.chance.u8(..4) {
                0 => self.some(&RecordType::BUILT_IN),
                _ => RecordType::BUILT_IN.into_iter().collect(),
            },
            activities: self.chance.bool().then(|| self.some(&ActivityKind::ALL)),
            unopened: self.chance.u8(..4) == 0,
            followed: self.chance.u8(..4) == 0,
            name: (self.chance.u8(..4) == 0).then(|| ["a", "bo", "é"][self.chance.usize(..3)].to_owned()),
            filters: if self.chance.u8(..4) == 0 { vec![filter] } else { vec![] },
        }
    }
}

fn filter() -> Filter {
    let condition = Condition::try_from(json!({"field": "city", "op": "eq", "value": "Vigo"})).unwrap();
    Filter {
        name: "Lead.City".into(),
        kind: RecordType::Lead,
        conditions: vec![StoredCondition(condition)],
        group: None,
        published: true,
        hidden: false,
        version: 1,
    }
}

fn sort() -> Sort {
    Sort { name: "Lead.City".into(), kind: RecordType::Lead, field: "city".into(), hidden: false, version: 1 }
}

/// Record, item and group of each row.
type Rows = Vec<(RecordId, u32, String)>;
/// Key and number of rows of each group.
type Groups = Vec<(String, usize)>;

/// Every page after the other, and the groups of the first page.
fn all_pages(reading: &Reading, rows: &[(RecordId, WorkRow)], request: &mut Request) -> (Rows, Groups) {
    let (mut all, mut groups) = (Vec::new(), None);
    loop {
        let page = reading.page(rows.iter().map(|(id, row)| (*id, row)), request);
        let of = |row: &relance::domain::work_list::page::Shown| {
            (row.candidate.record, row.candidate.next.item.ordinal, row.group.to_string())
        };
        all.extend(page.rows.iter().map(of));
        groups.get_or_insert_with(|| page.groups.iter().map(|group| (group.key.clone(), group.count)).collect());
        let Some(last) = page.rows.last().filter(|_| page.more) else { return (all, groups.unwrap_or_default()) };
        let place = serde_json::to_string(&last.place).expect("a place is JSON");
        request.after = Some(serde_json::from_str::<Place<'static>>(&place).expect("and read again"));
    }
}

/// W-2, W-3, L-4: what is due, not older than 30 days and not further than a month. W-20, W-21, W-22, W-23, W-24, W-25, W-26,
/// W-27, W-28: filters. W-40, W-41, W-42, W-43, W-44, W-52: sorts and groups. W-9, W-10, W-11, W-12: the next action of a record,
/// what waits, what has dropped out, the search.
#[test]
fn w20_to_w28_and_w40_to_w44_a_list_shows_what_looking_at_every_row_shows_in_the_same_order() {
    let catalogue = Catalogue::default();
    let (filter, sort) = (filter(), sort());
    let mut shown = 0;
    for seed in 0..600 {
        let (given, sequences) = surroundings(seed % 2 == 0);
        let given = given.with_catalogue(&catalogue);
        let (zone, moment) = MOMENTS[seed as usize % MOMENTS.len()];
        let (zone, now): (Tz, _) = (zone.parse().unwrap(), at(moment));
        let mut draw = Draw { chance: fastrand::Rng::with_seed(seed), now, sequences: &sequences };
        let mut rows: Vec<(RecordId, WorkRow)> = (1..40u128).map(|id| (RecordId(id << 64), draw.row())).collect();
        // Some records are the seller's and their team's as well.
        for place in 0..8 {
            let (id, header) = (rows[place].0, rows[place].1.clone());
            let items = vec![draw.item(9)];
            rows.push((id, WorkRow { items, ..header }));
        }
        let window = Window::new(zone, now);
        let reading = Reading { given: &given, reader: SELLER, window };
        let selection = draw.selection(&filter);
        let by = match draw.chance.usize(..7) {
            6 => SortBy::Field(&sort),
            place => SortBy::BuiltIn(BuiltInSort::ALL[place]),
        };
        let direction = [Direction::Ascending, Direction::Descending][draw.chance.usize(..2)];
        let limit = draw.chance.usize(1..12);
        let expected = naive::list(&given, zone, now, &rows, &selection, by, direction);
        let mut request = Request { selection, planned: None, sort: by, direction, after: None, limit, several: true };
        let (all, groups) = all_pages(&reading, &rows, &mut request);
        assert_eq!(all, expected, "seed {seed}: {request:?} in {zone} at {now}");
        shown += all.len();
        let mut counted: Vec<(String, usize)> = Vec::new();
        for (_, _, group) in &expected {
            match counted.iter_mut().find(|(key, _)| key == group) {
                Some((_, count)) => *count += 1,
                None => counted.push((group.clone(), 1)),
            }
        }
        assert_eq!(groups, counted, "W-41, seed {seed}");
    }
    assert!(shown > 2_000, "the lists are not empty: {shown}");
}
