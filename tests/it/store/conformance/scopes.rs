//! Lists of what certain users and teams see: always what a look at every record would find.

use std::ops::Bound;
use std::sync::atomic::{AtomicUsize, Ordering};

use relance::domain::access::Scope;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Outcome, Owner};
use relance::id::{RecordId, TeamId, UserId};
use relance::limits::PAGE_DEFAULT;
use relance::store::head::Head;
use relance::store::memory::Memory;
use relance::store::rows::{Batch, Keyspace, RowStore, Visit};
use relance::store::{Result, Store, maintenance};

use crate::store::fixture::*;
use crate::store::maintenance::sound;
use crate::store::population::{Population, lead_graph};

for_every_store! {
    a_scoped_list_shows_what_a_look_at_every_record_finds
    records_of_several_principals_are_listed_once_and_newest_first
}

const TEAM: Owner = Owner::Team(TeamId(1));
/// A user and a team may share a number.
const USER: Owner = Owner::User(UserId(1));
const OTHERS: [Owner; 2] = [Owner::Team(TeamId(2)), Owner::User(UserId(2))];

fn scopes() -> Vec<Scope> {
    let everybody = [USER, TEAM, OTHERS[0], OTHERS[1], Owner::default()];
    let mut scopes: Vec<Scope> = everybody.iter().map(|one| Scope::Of(vec![*one])).collect();
    scopes.extend([Scope::All, Scope::Of(vec![]), Scope::Of(vec![TEAM, USER, TEAM]), Scope::Of(everybody.into())]);
    scopes
}

fn assert_scopes(store: &dyn Store) {
    let all = listed(store, &Scope::All, None, usize::MAX);
    for scope in scopes() {
        let mut wanted = all.clone();
        if let Scope::Of(principals) = &scope {
            wanted.retain(|(_, row)| row.principals().iter().any(|seen_by| principals.contains(seen_by)));
        }
        for page in [1, 7, usize::MAX] {
            let mut found = vec![];
            loop {
                let before = found.last().map(|row: &(RecordId, _)| row.0);
                let next = listed(store, &scope, before, page);
                // A store that goes round in circles fails, and does not go on for ever.
                if next.is_empty() || found.len() > wanted.len() {
                    break;
                }
                found.extend(next);
            }
            assert_eq!(found, wanted, "{scope:?} in pages of {page}");
        }
    }
}

fn somebody(random: &mut fastrand::Rng) -> Owner {
    [USER, TEAM, OTHERS[0], OTHERS[1], Owner::default()][random.usize(0..5)]
}

/// One of the things that move a record from list to list.
fn moved(all: &mut Population, record: RecordId, random: &mut fastrand::Rng) {
    match random.u8(0..8) {
        0..3 => all.change(record, Change::Owner(somebody(random))),
        3 => all.change(record, Change::AccessTeam([None, Some(TeamId(1)), Some(TeamId(2))][random.usize(0..3)])),
        4..6 => all.walk(record, 1),
        6 => all.change(record, Change::Name(Some(format!("name {}", random.u8(..))))),
        _ if random.bool() => all.run(record, RecordCommand::Close(Outcome::Failure)),
        _ => all.run(record, RecordCommand::Erase),
    }
}

fn a_scoped_list_shows_what_a_look_at_every_record_finds(store: &dyn Store) {
    let mut random = fastrand::Rng::with_seed(11);
    let mut all = Population::new(store);
    let sequence = all.sequence(1, &lead_graph());
    let mut present: Vec<RecordId> = (1..=40).map(|number| record(number as u16 * 7 % 16, number)).collect();
    for lead in &present {
        all.create(*lead, "", random.bool());
        if random.u8(0..4) > 0 {
            all.run(*lead, RecordCommand::Connect { sequence, wait: None, source: None });
        }
    }
    let mut assigned = 0;
    for round in 0..200 {
        let lead = present[random.usize(0..present.len())];
        moved(&mut all, lead, &mut random);
        let rows = listed(store, &Scope::All, None, usize::MAX);
        assigned += rows.iter().filter(|(_, row)| !row.assignees.is_empty()).count();
        present.retain(|record| rows.iter().any(|(there, row)| there == record && row.state == Default::default()));
        if round % 20 == 0 {
            assert_scopes(store);
        }
    }
    assert!(assigned > 200, "steps stay with whom they were given to: {assigned}");
    assert_scopes(store);
    sound(store);
    let rows = derived(store);
    maintenance::rebuild(store).unwrap();
    assert!(derived(store) == rows);
}

/// More than a page in one shard, in both lists at once.
fn records_of_several_principals_are_listed_once_and_newest_first(store: &dyn Store) {
    let mut all = Population::new(store);
    let many: Vec<RecordId> = (1..=2 * PAGE_DEFAULT as u32 + 3).map(|number| record(4, number)).collect();
    for lead in many.iter().copied().chain((0..16).map(|shard| record(shard, 500))) {
        all.create(lead, "", false);
        all.change(lead, Change::AccessTeam(Some(TeamId(1))));
    }
    let everybody: Vec<RecordId> = listed(store, &Scope::All, None, usize::MAX).into_iter().map(|row| row.0).collect();
    let both = Scope::Of(vec![Owner::default(), TEAM]);
    let found: Vec<RecordId> = listed(store, &both, None, usize::MAX).into_iter().map(|row| row.0).collect();
    assert_eq!((found.len(), found), (many.len() + 16, everybody));
    assert_scopes(store);
}

/// Rows that count how many of them are looked at.
#[derive(Default)]
struct Counting(Memory, AtomicUsize);

impl Keyspace for Counting {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.get(key)
    }

    fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, newest_first: bool, visit: Visit) -> Result<()> {
        self.0.scan(from, to, newest_first, &mut |key, value| {
            self.1.fetch_add(1, Ordering::Relaxed);
            visit(key, value)
        })
    }

    fn apply(&self, batch: Batch, head: &Head) -> Result<()> {
        self.0.apply(batch, head)
    }
}

#[test]
fn a_scoped_list_looks_at_what_is_seen_however_many_records_there_are() {
    let store = RowStore::open(Counting::default()).unwrap();
    let mut all = Population::new(&store);
    let looked_at = |scope: &Scope, wanted: usize| {
        let before = store.keyspace().1.load(Ordering::Relaxed);
        assert_eq!(listed(&store, scope, None, wanted).len(), wanted);
        store.keyspace().1.load(Ordering::Relaxed) - before
    };
    for number in 0..1_600 {
        let lead = record(number as u16 % 16, number);
        all.create(lead, "", false);
        if number % 200 == 7 {
            all.change(lead, Change::AccessTeam(Some(TeamId(1))));
        }
    }
    let (few, many) = (Scope::Of(vec![TEAM]), Scope::Of(vec![Owner::default()]));
    assert!(looked_at(&few, 8) <= 16, "a row of the list and the record's own for each");
    assert!(looked_at(&many, 10) <= 16 * 4 + 10 + 4, "a little of each shard");
}
