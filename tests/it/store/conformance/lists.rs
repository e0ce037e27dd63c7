//! Lists over all shards: newest first, from a cursor on, and no further than wanted.

use std::collections::BTreeSet;

use relance::domain::access::Scope;
use relance::domain::effect::{Effect, EnrolmentRow, Index};
use relance::id::{EntityKind, RecordId, SequenceId};
use relance::limits::{PAGE_DEFAULT, SHARD_COUNT};
use relance::store::Store;

use crate::store::fixture::*;

for_every_store! {
    records_are_listed_newest_first_over_all_shards
    a_list_of_records_ends_when_its_reader_has_enough
    a_record_shows_its_last_summary_until_it_is_unindexed
    enrolments_are_listed_by_sequence_live_apart_from_ended
    enrolments_go_on_behind_a_cursor
}

/// More than a page in one shard, some in each, and the newest not in the last.
fn population() -> Vec<RecordId> {
    let crowded = (1..=3 * PAGE_DEFAULT as u32 + 1).map(|number| record(4, number * 2));
    let others =
        (0..SHARD_COUNT).flat_map(|shard| (0..7).map(move |number| record(shard, 1 + number * 44 + u32::from(shard))));
    let all: BTreeSet<_> = crowded.chain(others).collect();
    all.into_iter().rev().collect()
}

fn name(record: RecordId) -> String {
    format!("record {}", record.0 >> 80)
}

fn written(store: &dyn Store) -> Vec<RecordId> {
    let (write, all) = (Writing::granted(store), population());
    let commits: Vec<_> = all
        .iter()
        .map(|record| write.owing(*record, 0, &[Effect::Index(Index::Record(summary(&name(*record))))]))
        .collect();
    write.group(&commits);
    all
}

fn records(store: &dyn Store, before: Option<RecordId>, wanted: usize) -> Vec<RecordId> {
    let found = listed(store, &Scope::All, before, wanted);
    assert!(found.iter().all(|(record, row)| *row == summary(&name(*record))));
    found.into_iter().map(|row| row.0).collect()
}

fn records_are_listed_newest_first_over_all_shards(store: &dyn Store) {
    assert_eq!(records(store, None, 9), [], "none yet");
    let all = written(store);
    assert_eq!(records(store, None, usize::MAX), all);
    for page in [7, PAGE_DEFAULT, PAGE_DEFAULT + 1, 200] {
        let mut found: Vec<RecordId> = vec![];
        // A store that goes round in circles fails, and does not go on for ever.
        while found.len() <= all.len() {
            let next = records(store, found.last().copied(), page);
            if next.is_empty() {
                break;
            }
            found.extend(next);
        }
        assert_eq!(found, all, "pages of {page}");
    }
}

fn a_list_of_records_ends_when_its_reader_has_enough(store: &dyn Store) {
    let all = written(store);
    for wanted in [1, 2, PAGE_DEFAULT, PAGE_DEFAULT + 1] {
        assert_eq!(records(store, None, wanted), all[..wanted]);
    }
    let between = RecordId(all[100].0 + 1);
    assert_eq!(records(store, Some(between), 3), all[100..103], "a cursor need not be there any more");
    assert_eq!(records(store, all.last().copied(), 3), []);
    assert_eq!(records(store, Some(RecordId(0)), 3), []);
    assert_eq!(records(store, Some(RecordId(u128::MAX)), 3), all[..3]);
}

fn a_record_shows_its_last_summary_until_it_is_unindexed(store: &dyn Store) {
    let (write, lead) = (Writing::granted(store), record(3, 1));
    let shown = |title: &str| Effect::Index(Index::Record(summary(title)));
    write.group(&[write.owing(lead, 0, &[shown("a")]), write.owing(lead, 1, &[shown("b"), shown("c")])]);
    assert_eq!(listed(store, &Scope::All, None, 9), [(lead, summary("c"))]);
    write.one(write.owing(lead, 2, &[Effect::Unindex(Index::Record(summary("c")))]));
    assert_eq!(records(store, None, 9), []);
}

fn sequence(number: u32) -> SequenceId {
    entity(EntityKind::Sequence, 2, number).into()
}

fn row(record: RecordId, ordinal: u32, live: bool) -> EnrolmentRow {
    EnrolmentRow { record, ordinal, live }
}

fn enrolments(
    store: &dyn Store,
    of: SequenceId,
    live: bool,
    before: Option<EnrolmentRow>,
    wanted: usize,
) -> Vec<EnrolmentRow> {
    let mut found = vec![];
    store
        .enrolments(of, live, before, &mut |row| {
            found.push(row);
            found.len() < wanted
        })
        .unwrap();
    found
}

fn index(sequence: SequenceId, live: bool, ordinal: u32) -> Index {
    Index::Enrolment { sequence, live, ordinal }
}

fn enrolments_are_listed_by_sequence_live_apart_from_ended(store: &dyn Store) {
    let (write, one, two) = (Writing::granted(store), record(9, 1), record(1, 2));
    let (a, b) = (sequence(1), sequence(2));
    let connect = |of, ordinal| Effect::Index(index(of, true, ordinal));
    write.group(&[
        write.owing(one, 0, &[connect(a, 1), connect(b, 2), connect(a, 300)]),
        write.owing(two, 0, &[connect(a, 1)]),
    ]);
    let all = |of, live| enrolments(store, of, live, None, 99);
    assert_eq!(all(a, true), [row(two, 1, true), row(one, 300, true), row(one, 1, true)]);
    assert_eq!(all(b, true), [row(one, 2, true)]);
    assert_eq!((all(a, false), all(b, false)), (vec![], vec![]));
    let end = [Effect::Unindex(index(a, true, 1)), Effect::Index(index(a, false, 1))];
    write.group(&[write.owing(one, 1, &end), write.owing(two, 1, &end)]);
    assert_eq!(all(a, true), [row(one, 300, true)]);
    assert_eq!(all(a, false), [row(two, 1, false), row(one, 1, false)]);
    assert_eq!(all(b, true), [row(one, 2, true)], "another sequence is not touched");
    assert_eq!(all(sequence(3), true), []);
}

fn enrolments_go_on_behind_a_cursor(store: &dyn Store) {
    let (write, of) = (Writing::granted(store), sequence(1));
    let mut all = vec![];
    let mut commits = vec![];
    for record in population() {
        for ordinal in [70_000, 2, 1] {
            all.push(row(record, ordinal, false));
        }
        let effects = [1, 2, 70_000].map(|ordinal| Effect::Index(index(of, false, ordinal)));
        commits.push(write.owing(record, 0, &effects));
    }
    write.group(&commits);
    for page in [PAGE_DEFAULT - 1, PAGE_DEFAULT, 333, usize::MAX] {
        let mut found: Vec<EnrolmentRow> = vec![];
        while found.len() <= all.len() {
            let next = enrolments(store, of, false, found.last().copied(), page);
            if next.is_empty() {
                break;
            }
            found.extend(next);
        }
        assert!(found == all, "pages of {page}");
    }
}
