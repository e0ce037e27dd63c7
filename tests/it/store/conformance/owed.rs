//! What is owed stays a row until it is done: timers (P4, P5) and deliveries (P7).

use relance::domain::effect::{Delivery, Effect};
use relance::id::{EntityId, EntityKind, Shard, TemplateId};
use relance::store::{OwedRow, Store, TimerRow};
use relance::time::Timestamp;

use crate::store::fixture::*;

for_every_store! {
    p5_timers_come_due_in_order
    p5_until_is_inclusive_and_after_is_not
    p5_a_shard_is_looked_at_behind_an_instant_and_shows_its_own_timers_only
    a_timer_that_is_armed_and_disarmed_in_one_commit_never_was
    a_timer_is_disarmed_under_the_instant_it_was_armed_for
    deliveries_are_owed_until_they_are_settled
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn arm(millis: i64, key: u32) -> Effect {
    Effect::Arm { due: at(millis), key }
}

fn disarm(millis: i64, key: u32) -> Effect {
    Effect::Disarm { due: at(millis), key }
}

fn timer(entity: impl Into<EntityId>, millis: i64, key: u32) -> TimerRow {
    TimerRow { due: at(millis), entity: entity.into(), key }
}

fn all_due(store: &dyn Store, shard: u16) -> Vec<TimerRow> {
    store.due(Shard(shard), None, Timestamp::MAX, 1_000).unwrap()
}

fn p5_timers_come_due_in_order(store: &dyn Store) {
    let (write, one, two) = (Writing::granted(store), record(5, 1), record(5, 2));
    let sequence = entity(EntityKind::Sequence, 5, 1);
    let last = Timestamp::MAX.millis();
    write.group(&[
        write.owing(two, 0, &[arm(NOON, 2), arm(NOON, 1), arm(-5, 7), arm(last, 1)]),
        write.owing(one, 0, &[arm(NOON + 1, 9), arm(NOON, 300), arm(NOON, 4), arm(0, 3)]),
        write.owing(sequence, 0, &[arm(NOON, 1)]),
        write.owing(record(6, 1), 0, &[arm(0, 1)]),
    ]);
    let wanted = [
        timer(two, -5, 7),
        timer(one, 0, 3),
        timer(one, NOON, 4),
        timer(one, NOON, 300),
        timer(two, NOON, 1),
        timer(two, NOON, 2),
        timer(sequence, NOON, 1),
        timer(one, NOON + 1, 9),
        timer(two, last, 1),
    ];
    assert_eq!(all_due(store, 5), wanted);
    assert_eq!(all_due(store, 6), [timer(record(6, 1), 0, 1)], "each shard has its own");
    // In windows of any size, each going on behind the last.
    for limit in 1..=wanted.len() {
        let (mut found, mut after) = (vec![], None);
        while found.len() <= wanted.len() {
            let window = store.due(Shard(5), after, Timestamp::MAX, limit).unwrap();
            assert!(window.len() <= limit);
            let Some(last) = window.last() else { break };
            after = Some(*last);
            found.extend(window);
        }
        assert_eq!(found, wanted, "windows of {limit}");
    }
}

fn p5_until_is_inclusive_and_after_is_not(store: &dyn Store) {
    let (write, lead) = (Writing::granted(store), record(5, 1));
    let last = Timestamp::MAX.millis();
    write.one(write.owing(lead, 0, &[arm(NOON - 1, 1), arm(NOON, 2), arm(NOON + 1, 3), arm(last, 4)]));
    // (after, until, keys)
    let row = |millis, key| Some(timer(lead, millis, key));
    let cases: [(Option<TimerRow>, i64, &[u32]); 9] = [
        (None, NOON - 2, &[]),
        (None, NOON - 1, &[1]),
        (None, NOON, &[1, 2]),
        (None, last, &[1, 2, 3, 4]),
        (row(NOON - 1, 1), NOON, &[2]),
        (row(NOON - 1, 0), NOON, &[1, 2]),
        (row(NOON, 2), NOON, &[]),
        (row(NOON + 1, 3), NOON, &[]),
        (row(NOON + 1, 3), last, &[4]),
    ];
    for (after, until, keys) in cases {
        let found = store.due(Shard(5), after, at(until), 99).unwrap();
        let found: Vec<_> = found.iter().map(|timer| timer.key).collect();
        assert_eq!(found, keys, "after {after:?} until {until}");
    }
}

fn a_timer_that_is_armed_and_disarmed_in_one_commit_never_was(store: &dyn Store) {
    let (write, lead) = (Writing::granted(store), record(5, 1));
    write.one(write.owing(lead, 0, &[arm(NOON, 1), disarm(NOON, 1), arm(NOON, 2)]));
    assert_eq!(all_due(store, 5), [timer(lead, NOON, 2)]);
    write.one(write.owing(lead, 1, &[disarm(NOON, 2), arm(NOON, 2)]));
    assert_eq!(all_due(store, 5), [timer(lead, NOON, 2)], "and the other way round it is there");
    write.group(&[write.owing(lead, 2, &[arm(NOON, 3)]), write.owing(lead, 3, &[disarm(NOON, 3), disarm(NOON, 2)])]);
    assert_eq!(all_due(store, 5), [], "as over two commits of a group");
}

fn a_timer_is_disarmed_under_the_instant_it_was_armed_for(store: &dyn Store) {
    let (write, lead) = (Writing::granted(store), record(5, 1));
    write.one(write.owing(lead, 0, &[arm(NOON, 1), arm(NOON, 1), arm(NOON + 5, 1)]));
    assert_eq!(all_due(store, 5), [timer(lead, NOON, 1), timer(lead, NOON + 5, 1)], "twice the same is one row");
    write.one(write.sweeping(lead, 1, &[disarm(NOON + 1, 1), disarm(NOON, 1), disarm(NOON, 2)]));
    assert_eq!(all_due(store, 5), [timer(lead, NOON + 5, 1)]);
}

fn deliveries_are_owed_until_they_are_settled(store: &dyn Store) {
    let (write, one, two) = (Writing::granted(store), record(5, 1), record(5, 2));
    let sequence = entity(EntityKind::Sequence, 5, 1);
    let mail = |number| Delivery::Mail { template: TemplateId(number) };
    let leave = Delivery::DisconnectAll { until: at(NOON) };
    let owe = |key, delivery| Effect::Owe { key, delivery };
    write.group(&[
        write.owing(two, 0, &[owe(1, mail(21))]),
        write.owing(one, 0, &[owe(9, mail(19)), owe(2, mail(12)), owe(3, mail(13)), Effect::Settle { key: 3 }]),
        write.owing(sequence, 0, &[owe(1, leave.clone())]),
        write.owing(record(6, 1), 0, &[owe(1, mail(61))]),
    ]);
    let row = |entity: EntityId, key, delivery| OwedRow { entity, key, delivery };
    let wanted = [
        row(one.into(), 2, mail(12)),
        row(one.into(), 9, mail(19)),
        row(two.into(), 1, mail(21)),
        row(sequence, 1, leave),
    ];
    assert_eq!(store.owed(Shard(5), None, 99).unwrap(), wanted);
    assert_eq!(store.owed(Shard(5), None, 2).unwrap(), wanted[..2]);
    assert_eq!(store.owed(Shard(5), Some((one.into(), 2)), 2).unwrap(), wanted[1..3]);
    assert_eq!(store.owed(Shard(5), Some((one.into(), 5)), 99).unwrap(), wanted[1..], "behind one that is gone");
    assert_eq!(store.owed(Shard(5), Some((sequence, 1)), 99).unwrap(), []);
    assert_eq!(store.owed(Shard(4), None, 99).unwrap(), []);
    write.one(write.owing(one, 1, &[owe(9, mail(99))]));
    assert_eq!(
        store.owed(Shard(5), Some((one.into(), 2)), 1).unwrap(),
        [row(one.into(), 9, mail(99))],
        "the last word"
    );
    write.group(&[
        write.sweeping(one, 2, &[Effect::Settle { key: 9 }]),
        write.owing(two, 1, &[Effect::Settle { key: 1 }]),
    ]);
    assert_eq!(store.owed(Shard(5), None, 99).unwrap(), [wanted[0].clone(), wanted[3].clone()]);
}

fn p5_a_shard_is_looked_at_behind_an_instant_and_shows_its_own_timers_only(store: &dyn Store) {
    let write = Writing::granted(store);
    let shards: Vec<u16> = (0..relance::limits::SHARD_COUNT).collect();
    let armed: Vec<_> =
        shards.iter().map(|shard| write.owing(record(*shard, 1), 0, &[arm(NOON, 1), arm(NOON + 1, 2)])).collect();
    write.group(&armed);
    for shard in shards {
        let behind = |instant| store.due(Shard(shard), Some(TimerRow::after(at(instant))), Timestamp::MAX, 9).unwrap();
        let (first, second) = (timer(record(shard, 1), NOON, 1), timer(record(shard, 1), NOON + 1, 2));
        assert_eq!(behind(NOON - 1), [first, second], "shard {shard}");
        assert_eq!(behind(NOON), [second], "shard {shard}");
        assert_eq!(behind(NOON + 1), [], "shard {shard}");
    }
}
