//! What is left of an erased record in a store (P18): one row that names nobody, and totals.

use relance::domain::effect::{Counter, Delivery};
use relance::domain::record::command::RecordCommand;
use relance::domain::record::erase::{Erasure, FORGET};
use relance::domain::record::schema::{Change, RecordType};
use relance::domain::record::{Record, RecordRejection};
use relance::id::{EntityId, EntityKind, RecordId, SequenceId};
use relance::store::{Store, codec, maintenance};

use super::fixture::*;
use super::maintenance::sound;
use super::population::populated;

fn rows_that_hold(store: &dyn Store, text: &str) -> usize {
    let mut bytes = vec![];
    store.backup(&mut bytes).unwrap();
    bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
}

for_every_store! {
    p18_nothing_of_an_erased_record_is_in_any_row_but_totals
    p18_every_record_can_be_erased_and_the_store_stays_sound
}

fn leads() -> impl Iterator<Item = RecordId> {
    (1..=24).map(|number| record((number * 5 % 16) as u16, number)).chain([record(12, 99)])
}

fn p18_nothing_of_an_erased_record_is_in_any_row_but_totals(store: &dyn Store) {
    let mut all = populated(store);
    let lead = record(8, 8);
    all.change(lead, Change::Name(Some("Canary Bird".into())));
    all.change(lead, Change::ExternalId(Some("canary-key".into())));
    (0..40).for_each(|round| all.change(lead, Change::Email(Some(format!("canary{round}@example.org")))));
    assert!(rows_that_hold(store, "canary") > 40 && store.load(lead.into(), None).unwrap().snapshot.is_some());
    let sequence = SequenceId::from(entity(EntityKind::Sequence, 1, 1));
    let enrolled = store.counter(Counter::Enrolled(sequence));
    let live = store.counter(Counter::Live(sequence));
    let (state, version) = codec::load::<Record>(store, lead.into(), None).unwrap();
    let was_live = state.live().filter(|one| one.sequence == sequence).count() as i64;

    all.run(lead, RecordCommand::Erase);
    assert_eq!(rows_that_hold(store, "canary") + rows_that_hold(store, "Canary"), 0);
    let rows: Vec<_> = log(store).into_iter().filter(|(entity, ..)| *entity == lead.into()).map(|row| row.1).collect();
    assert_eq!(rows, [version + 1], "one row, at the next version");
    assert_eq!(store.claimed(RecordType::Lead, "canary-key").unwrap(), None);
    assert_eq!(store.counter(Counter::Records(RecordType::Lead)), 24);
    assert_eq!(store.counter(Counter::Enrolled(sequence)), enrolled, "that it was enrolled still counts");
    assert_eq!(store.counter(Counter::Live(sequence)), live - was_live);
    let (left, at) = codec::load::<Record>(store, lead.into(), None).unwrap();
    assert_eq!((left.exists, at), (false, version + 1));

    // Its message may lie in a file, so the removal is owed until it is done.
    let owes = |store: &dyn Store| {
        let owed = store.owed(EntityId::from(lead).shard(), None, 1_000).unwrap();
        owed.into_iter().filter(|row| row.entity == lead.into()).map(|row| (row.key, row.delivery)).collect::<Vec<_>>()
    };
    assert_eq!(owes(store), [(FORGET, Delivery::Forget)]);
    let before = derived(store);
    sound(store);
    maintenance::rebuild(store).unwrap();
    assert!(derived(store) == before, "the totals follow from what is left of the log");
    all.run(lead, RecordCommand::Forget);
    assert_eq!(owes(store), []);
    assert_eq!(codec::load::<Record>(store, lead.into(), None).unwrap().0.erasure, Erasure::Complete);
    sound(store);
    // The key is free for somebody else.
    all.create(record(2, 500), "canary-key", true);
    assert_eq!(store.claimed(RecordType::Lead, "canary-key").unwrap(), Some(record(2, 500)));
}

fn p18_every_record_can_be_erased_and_the_store_stays_sound(store: &dyn Store) {
    let mut all = populated(store);
    for lead in leads() {
        all.run(lead, RecordCommand::Erase);
        sound(store);
        assert_eq!(all.refused(lead, RecordCommand::Erase), RecordRejection::NotFound);
        let create = RecordCommand::Create { kind: RecordType::Lead, changes: vec![Change::Name(Some("x".into()))] };
        assert_eq!(all.refused(lead, create), RecordRejection::Exists, "an import that is taken up makes nobody again");
    }
    assert_eq!(store.counter(Counter::Records(RecordType::Lead)), 0);
    assert!(derived(store).iter().all(|(key, _)| matches!(key[2], b'O' | b'C')), "owed removals and totals are left");
    let mut text = vec![];
    relance::store::transfer::export(store, &mut text).unwrap();
    let imported = memory();
    relance::store::transfer::import(&imported, text.as_slice()).unwrap();
    assert!(derived(&imported) == derived(store) && log(&imported) == log(store), "logs that begin with a tombstone");
}
