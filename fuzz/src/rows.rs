//! A store whose rows are anybody's: every key and value is read, and none is a reason to panic.

use relance::domain::access::Scope;
use relance::domain::effect::Counter;
use relance::domain::record::schema::{Owner, RecordType};
use relance::id::{CommandId, EntityId, EntityKind, RecordId, SequenceId};
use relance::store::head::Head;
use relance::store::key;
use relance::store::memory::Memory;
use relance::store::rows::{Batch, Keyspace, RowStore, shards};
use relance::store::{Store, maintenance, transfer};
use relance::time::Timestamp;

/// Rows, each as the lengths of its key and value in a byte each, the key, and the value.
fn batch(mut bytes: &[u8]) -> Batch {
    let mut batch = Batch::default();
    while let [key, value, rest @ ..] = bytes {
        let (key, value) = (usize::from(*key).min(rest.len()), usize::from(*value));
        let (key, rest) = rest.split_at(key);
        let (value, rest) = rest.split_at(value.min(rest.len()));
        batch.0.push((key.to_vec(), Some(value.to_vec())));
        bytes = rest;
    }
    batch
}

pub fn run(bytes: &[u8]) {
    let (rows, batch) = (Memory::default(), batch(bytes));
    batch.0.iter().for_each(|(key, _)| keys(key));
    rows.apply(batch, &Head::default()).expect("memory takes rows");
    let Ok(store) = RowStore::open(rows) else { return };
    let found: Vec<EntityId> =
        EntityKind::ALL.iter().flat_map(|kind| store.entities(*kind).unwrap_or_default()).collect();
    for entity in found {
        let _ = (store.load(entity, None), store.load(entity, Some(2)), store.history(entity, 9, 9));
        let _ = store.repeat(entity.shard(), 0, Timestamp::MAX);
    }
    for shard in shards() {
        let due = store.due(shard, None, Timestamp::MAX, 9).unwrap_or_default();
        let _ = due.last().map(|last| store.due(shard, Some(*last), Timestamp::MAX, 9));
        let owed = store.owed(shard, None, 9).unwrap_or_default();
        let _ = owed.last().map(|last| store.owed(shard, Some((last.entity, last.key)), 9));
    }
    let mut last = RecordId(0);
    let _ = store.records(&Scope::All, None, &mut |id, _| {
        last = id;
        true
    });
    let _ = store.records(&Scope::All, Some(last), &mut |_, _| true);
    let _ = store.records(&Scope::Of(vec![Owner::default()]), None, &mut |_, _| true);
    let _ = store.trail(None, &mut |number, _| store.trail(Some(number), &mut |_, _| false).is_ok());
    let _ = store.enrolments(SequenceId(0), true, None, &mut |_| true);
    let _ = (store.claimed(RecordType::Lead, "one"), store.counter(Counter::ActiveSequences));
    let _ = maintenance::check(&store);
    let _ = transfer::export(&store, &mut std::io::sink());
    let _ = (store.forget_repeats(Timestamp::MAX), store.grant());
    let _ = maintenance::rebuild(&store);
    let _ = CommandId { key: 0, fingerprint: [0; 16] };
}

/// A key that is read is the key that would be written.
fn keys(found: &[u8]) {
    if let Some((entity, version)) = key::read::event(found) {
        assert_eq!(key::event(entity, version)[3..], found[3..]);
    }
    if let Some(timer) = key::read::timer(found) {
        assert_eq!(key::timer(timer).len(), found.len());
    }
    if let Some(record) = key::read::record(found) {
        assert_eq!(key::record(record)[3..], found[3..]);
    }
    if let Some(number) = key::read::link(found) {
        assert_eq!(key::link(number), found);
    }
    let _ = key::read::record_of(found);
    let _ = (key::read::owed(found), key::read::enrolment(found), key::repeat_week(found), key::row_of(found));
}
