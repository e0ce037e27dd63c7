//! Versions, fences, refusals and what is read back of an entity: P1 and P2 in the small.

use relance::domain::effect::{Counter, Effect, Index};
use relance::domain::record::schema::RecordType;
use relance::id::{EntityKind, Shard};
use relance::limits::{ACTIVE_SEQUENCES_MAX, SHARD_COUNT, SNAPSHOT_EVERY};
use relance::store::{Commit, Outcome, Store, Stored, Version};
use relance::time::Timestamp;

use crate::store::fixture::*;

for_every_store! {
    a_commit_makes_the_next_version_and_is_read_back
    a_group_may_hold_several_commits_of_one_entity
    a_version_that_is_not_expected_conflicts_and_says_which_there_is
    a_former_holder_is_fenced_after_a_second_grant
    a_commit_under_the_fence_of_another_shard_is_fenced
    loading_begins_at_the_snapshot_and_ends_where_it_is_told
    housekeeping_changes_no_version
    a_refused_commit_leaves_no_row
    values_of_any_size_come_back_whole
    history_is_read_newest_first
    entities_are_listed_by_kind
    the_log_is_read_entity_by_entity_in_order_of_versions
}

fn a_commit_makes_the_next_version_and_is_read_back(store: &dyn Store) {
    let (write, lead) = (Writing::granted(store), record(3, 1));
    assert_eq!(store.load(lead.into(), None).unwrap(), Stored::default());
    for version in 1..=5 {
        assert_eq!(write.one(write.plain(lead, version - 1)), Outcome::Done(version));
    }
    let stored = store.load(lead.into(), None).unwrap();
    assert_eq!(stored, Stored { snapshot: None, entries: (1..=5).map(|version| (version, entry(version))).collect() });
    assert_eq!(store.load(record(3, 2).into(), None).unwrap(), Stored::default(), "its neighbour has nothing");
    assert_eq!(write.group(&[]), []);
}

fn a_group_may_hold_several_commits_of_one_entity(store: &dyn Store) {
    let (write, lead, other) = (Writing::granted(store), record(3, 1), record(9, 1));
    let group = [write.plain(lead, 0), write.plain(other, 0), write.plain(lead, 1), write.plain(lead, 1)];
    let done = Outcome::Done;
    assert_eq!(write.group(&group), [done(1), done(1), done(2), Outcome::Conflict { actual: 2 }]);
    assert_eq!(store.load(lead.into(), None).unwrap().entries.len(), 2);
}

fn a_version_that_is_not_expected_conflicts_and_says_which_there_is(store: &dyn Store) {
    let (write, lead) = (Writing::granted(store), record(0, 1));
    for expected in [1, 2, 40] {
        assert_eq!(write.one(write.plain(lead, expected)), Outcome::Conflict { actual: 0 }, "{expected} of nothing");
    }
    write.group(&[write.plain(lead, 0), write.plain(lead, 1), write.plain(lead, 2)]);
    for expected in [0, 1, 2, 4, 5, 1_000] {
        assert_eq!(write.one(write.plain(lead, expected)), Outcome::Conflict { actual: 3 }, "{expected}");
        assert_eq!(write.one(write.sweeping(lead, expected, &[])), Outcome::Conflict { actual: 3 }, "{expected}");
    }
    assert_eq!(write.one(write.plain(lead, 3)), Outcome::Done(4));
}

fn a_former_holder_is_fenced_after_a_second_grant(store: &dyn Store) {
    let former = Writing::granted(store);
    assert_eq!(former.one(former.plain(record(7, 1), 0)), Outcome::Done(1));
    let present = Writing::granted(store);
    for shard in 0..SHARD_COUNT {
        assert!(present.fence(shard).epoch > former.fence(shard).epoch);
        assert_eq!(present.fence(shard).shard, Shard(shard));
        assert_eq!(former.one(former.plain(record(shard, 2), 0)), Outcome::Fenced, "shard {shard}");
    }
    let (late, good) = (former.plain(record(7, 1), 1), present.plain(record(7, 1), 1));
    assert_eq!(present.group(&[late, good]), [Outcome::Fenced, Outcome::Done(2)]);
}

fn a_commit_under_the_fence_of_another_shard_is_fenced(store: &dyn Store) {
    let write = Writing::granted(store);
    for shard in [0, 8, SHARD_COUNT - 1] {
        let commit = Commit { fence: write.fence(shard), ..write.plain(record(7, 1), 0) };
        assert_eq!(write.one(commit), Outcome::Fenced, "shard {shard}");
    }
    let mut beyond = write.plain(record(7, 1), 0);
    beyond.fence.shard = Shard(SHARD_COUNT);
    assert_eq!(write.one(beyond), Outcome::Fenced);
    assert_eq!(log(store), []);
}

fn loading_begins_at_the_snapshot_and_ends_where_it_is_told(store: &dyn Store) {
    let (write, lead) = (Writing::granted(store), record(2, 1));
    const S: Version = SNAPSHOT_EVERY;
    for version in 1..=S + 2 {
        let snapshot = (version == S).then(|| b"state".to_vec());
        assert_eq!(write.one(Commit { snapshot, ..write.plain(lead, version - 1) }), Outcome::Done(version));
    }
    let snapshot = Some((S, b"state".to_vec()));
    // (until, with the snapshot, versions of the rows)
    let cases: [(Option<Version>, bool, &[Version]); 8] = [
        (None, true, &[S + 1, S + 2]),
        (Some(0), false, &[]),
        (Some(1), false, &[1]),
        (Some(3), false, &[1, 2, 3]),
        (Some(S), true, &[]),
        (Some(S + 1), true, &[S + 1]),
        (Some(S + 2), true, &[S + 1, S + 2]),
        (Some(99), true, &[S + 1, S + 2]),
    ];
    for (until, with_snapshot, versions) in cases {
        let stored = store.load(lead.into(), until).unwrap();
        assert_eq!(stored.snapshot, snapshot.clone().filter(|_| with_snapshot), "until {until:?}");
        let entries: Vec<_> = versions.iter().map(|version| (*version, entry(*version))).collect();
        assert_eq!(stored.entries, entries, "until {until:?}");
    }
    for version in S + 3..=2 * S {
        let snapshot = (version == 2 * S).then(|| b"later".to_vec());
        write.one(Commit { snapshot, ..write.plain(lead, version - 1) });
    }
    assert_eq!(
        store.load(lead.into(), None).unwrap().snapshot,
        Some((2 * S, b"later".to_vec())),
        "the newer one stays"
    );
    let before = store.load(lead.into(), Some(S + 1)).unwrap();
    assert_eq!(
        (before.snapshot, before.entries.len() as Version),
        (None, S + 1),
        "and the log says what was before it"
    );
}

fn housekeeping_changes_no_version(store: &dyn Store) {
    let (write, lead) = (Writing::granted(store), record(2, 1));
    let count = Effect::Count { counter: Counter::Records(RecordType::Lead), delta: 1, max: None };
    assert_eq!(write.one(write.sweeping(lead, 0, std::slice::from_ref(&count))), Outcome::Done(0), "of nothing");
    write.group(&[write.plain(lead, 0), write.plain(lead, 1)]);
    let sweep = Commit { command: command(1, 1), ..write.sweeping(lead, 2, &[count]) };
    assert_eq!(write.one(sweep), Outcome::Done(2));
    assert_eq!(store.counter(Counter::Records(RecordType::Lead)), 2);
    assert_eq!(write.one(write.plain(lead, 2)), Outcome::Done(3));
    let stored = store.load(lead.into(), None).unwrap();
    assert_eq!(stored, Stored { snapshot: None, entries: (1..=3).map(|version| (version, entry(version))).collect() });
    let repeat = store.repeat(Shard(2), 1, Timestamp::from_millis(NOON)).unwrap().unwrap();
    assert_eq!(repeat.version, 2, "a repeat names the version there was");
}

fn a_refused_commit_leaves_no_row(store: &dyn Store) {
    let former = Writing::granted(store);
    let write = Writing::granted(store);
    let (holder, refused) = (record(1, 1), record(2, 2));
    let key = |external_id: &str| Effect::Claim { kind: RecordType::Lead, external_id: external_id.into() };
    let active = |delta| Effect::Count { counter: Counter::ActiveSequences, delta, max: Some(ACTIVE_SEQUENCES_MAX) };
    write.group(&[
        Commit { command: command(5, 5), ..write.owing(holder, 0, &[key("held"), active(ACTIVE_SEQUENCES_MAX)]) },
        Commit { command: command(6, 6), ..write.plain(record(2, 9), 0) },
    ]);
    let (rows, entries) = (derived(store), log(store));
    // Every effect there is, in front of the one that is refused.
    let full = |last: &[Effect]| {
        let due = Timestamp::from_millis(NOON);
        let mut effects = vec![
            Effect::Arm { due, key: 1 },
            Effect::Owe { key: 2, delivery: relance::domain::effect::Delivery::DisconnectAll { until: due } },
            Effect::Index(Index::Record(summary("never"))),
            Effect::Count { counter: Counter::Records(RecordType::Lead), delta: 1, max: None },
            key("free"),
        ];
        effects.extend_from_slice(last);
        Commit { snapshot: Some(vec![1]), command: command(7, 7), ..write.owing(refused, 0, &effects) }
    };
    let cases = [
        (Outcome::Taken(holder), full(&[key("held")])),
        (Outcome::LimitReached(Counter::ActiveSequences), full(&[active(1)])),
        (Outcome::Conflict { actual: 0 }, Commit { expected: 1, ..full(&[]) }),
        (Outcome::Fenced, Commit { fence: former.fence(2), ..full(&[]) }),
    ];
    for (outcome, commit) in &cases {
        assert_eq!(write.one(commit.clone()), *outcome, "alone");
    }
    let repeat = Commit { command: command(6, 6), ..full(&[]) };
    assert!(matches!(write.one(repeat.clone()), Outcome::Repeat(_)), "alone");
    let mut group: Vec<_> = cases.iter().map(|(_, commit)| commit.clone()).collect();
    group.push(repeat);
    group.insert(2, write.plain(holder, 1));
    assert_eq!(write.group(&group)[2], Outcome::Done(2), "the good one among them");
    assert_eq!(derived(store), rows);
    assert_eq!(log(store).len(), entries.len() + 1);
    assert_eq!(store.load(refused.into(), None).unwrap(), Stored::default());
    assert_eq!(store.repeat(Shard(2), 7, Timestamp::from_millis(NOON)).unwrap(), None);
    assert_eq!(store.counter(Counter::Records(RecordType::Lead)), 0);
    assert_eq!(store.claimed(RecordType::Lead, "free").unwrap(), None);
}

/// Bytes that differ at every place.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place % 251) as u8).collect()
}

fn values_of_any_size_come_back_whole(store: &dyn Store) {
    let (write, mut expected) = (Writing::granted(store), vec![]);
    let lead = record(11, 1);
    for (place, length) in [0, 1, 3_994, 3_995, 3_996, 3_999, 4_000, 4_001, 8_000, 100_000, 3].into_iter().enumerate() {
        let version = place as Version;
        let commit = Commit { entry: Some(bytes(length)), ..write.plain(lead, version) };
        assert_eq!(write.one(commit), Outcome::Done(version + 1));
        expected.push((version + 1, bytes(length)));
        assert_eq!(store.load(lead.into(), Some(version)).unwrap().entries.len(), place);
        let other = record(12, version);
        write.group(&(0..SNAPSHOT_EVERY - 1).map(|version| write.plain(other, version)).collect::<Vec<_>>());
        write.one(Commit { snapshot: Some(bytes(length)), ..write.plain(other, SNAPSHOT_EVERY - 1) });
        let stored = store.load(other.into(), None).unwrap();
        assert_eq!(stored.snapshot, Some((SNAPSHOT_EVERY, bytes(length))), "a snapshot of {length} bytes");
    }
    let rows = log(store).into_iter().filter(|(entity, ..)| *entity == lead.into());
    let rows: Vec<_> = rows.map(|(_, version, bytes)| (version, bytes)).collect();
    assert_eq!(rows, expected);
    let newest_first: Vec<_> = expected.into_iter().rev().collect();
    assert_eq!(store.history(lead.into(), Version::MAX, 99).unwrap(), newest_first);
}

fn history_is_read_newest_first(store: &dyn Store) {
    let (write, lead) = (Writing::granted(store), record(4, 1));
    for version in 0..9 {
        let snapshot = (version == 5).then(|| vec![0]);
        write.one(Commit { snapshot, ..write.plain(lead, version) });
    }
    write.one(write.plain(record(4, 2), 0));
    let cases: [(Version, usize, &[Version]); 5] =
        [(Version::MAX, 3, &[9, 8, 7]), (7, 2, &[6, 5]), (4, 50, &[3, 2, 1]), (1, 50, &[]), (0, 50, &[])];
    for (before, limit, versions) in cases {
        let wanted: Vec<_> = versions.iter().map(|version| (*version, entry(*version))).collect();
        assert_eq!(store.history(lead.into(), before, limit).unwrap(), wanted, "before {before}, {limit}");
    }
}

fn entities_are_listed_by_kind(store: &dyn Store) {
    let write = Writing::granted(store);
    for kind in EntityKind::ALL {
        for shard in 0..SHARD_COUNT {
            for version in 0..u32::from(shard % 3) {
                write.one(write.plain(entity(kind, shard, 1), version));
            }
        }
    }
    for kind in EntityKind::ALL {
        let wanted: Vec<_> =
            (0..SHARD_COUNT).filter(|shard| shard % 3 > 0).map(|shard| entity(kind, shard, 1)).collect();
        assert_eq!(store.entities(kind).unwrap(), wanted, "{kind:?}");
    }
}

fn the_log_is_read_entity_by_entity_in_order_of_versions(store: &dyn Store) {
    let write = Writing::granted(store);
    let all: Vec<_> = (0..SHARD_COUNT).flat_map(|shard| [record(shard, 1), record(shard, 2)]).collect();
    for version in 0..300 {
        write.group(&all.iter().map(|lead| write.plain(*lead, version)).collect::<Vec<_>>());
    }
    let wanted: Vec<_> =
        all.iter().flat_map(|lead| (1..=300).map(|version| ((*lead).into(), version, entry(version)))).collect();
    assert!(log(store) == wanted, "9,600 rows in order");
}
