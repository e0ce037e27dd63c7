//! What only one may hold: external ids, and the places of a bounded counter.

use relance::domain::effect::{Counter, Effect};
use relance::domain::record::schema::RecordType::{self, Account, Lead};
use relance::id::{EntityKind, RecordId, SequenceId};
use relance::limits::ACTIVE_SEQUENCES_MAX;
use relance::store::{Outcome, Store};

use crate::store::fixture::*;

for_every_store! {
    an_external_id_is_held_by_one_record_of_a_type
    an_external_id_is_judged_within_its_group
    an_external_id_can_change_hands
    the_free_places_of_a_counter_go_to_the_first_of_a_group
    a_place_given_back_in_a_group_is_free_for_the_next
    counters_are_summed_over_a_group
}

fn claim(kind: RecordType, external_id: &str) -> Effect {
    Effect::Claim { kind, external_id: external_id.into() }
}

fn unclaim(kind: RecordType, external_id: &str) -> Effect {
    Effect::Unclaim { kind, external_id: external_id.into() }
}

fn an_external_id_is_held_by_one_record_of_a_type(store: &dyn Store) {
    let (write, one, two) = (Writing::granted(store), record(1, 1), record(2, 2));
    assert_eq!(write.one(write.owing(one, 0, &[claim(Lead, "a")])), Outcome::Done(1));
    assert_eq!(write.one(write.owing(two, 0, &[claim(Lead, "a")])), Outcome::Taken(one));
    assert_eq!(write.one(write.owing(one, 1, &[claim(Lead, "a")])), Outcome::Done(2), "by its holder again");
    let free = [claim(Account, "a"), claim(Lead, "A"), claim(Lead, "ab"), claim(Lead, "")];
    assert_eq!(write.one(write.owing(two, 0, &free)), Outcome::Done(1), "another type or text is another key");
    let held: [(RecordType, &str, Option<RecordId>); 6] = [
        (Lead, "a", Some(one)),
        (Account, "a", Some(two)),
        (Lead, "A", Some(two)),
        (Lead, "ab", Some(two)),
        (Lead, "", Some(two)),
        (Lead, "b", None),
    ];
    for (kind, external_id, holder) in held {
        assert_eq!(store.claimed(kind, external_id).unwrap(), holder, "{external_id:?} of {}", kind.name());
    }
}

fn an_external_id_is_judged_within_its_group(store: &dyn Store) {
    let (write, one, two, three) = (Writing::granted(store), record(1, 1), record(2, 2), record(3, 3));
    let group = [
        write.owing(one, 0, &[claim(Lead, "a")]),
        write.owing(two, 0, &[claim(Lead, "b"), claim(Lead, "a")]),
        write.owing(one, 1, &[claim(Lead, "a")]),
        write.owing(three, 0, &[claim(Lead, "b")]),
    ];
    let (done, taken) = (Outcome::Done, Outcome::Taken(one));
    assert_eq!(write.group(&group), [done(1), taken, done(2), done(1)]);
    assert_eq!(store.claimed(Lead, "b").unwrap(), Some(three), "the refused commit holds nothing");
    let group = [
        write.owing(one, 2, &[unclaim(Lead, "a")]),
        write.owing(two, 0, &[claim(Lead, "a")]),
        write.owing(one, 3, &[claim(Lead, "a")]),
    ];
    assert_eq!(write.group(&group), [done(3), done(1), Outcome::Taken(two)]);
    assert_eq!(store.claimed(Lead, "a").unwrap(), Some(two));
}

fn an_external_id_can_change_hands(store: &dyn Store) {
    let (write, one, two) = (Writing::granted(store), record(1, 1), record(2, 2));
    write.one(write.owing(one, 0, &[claim(Lead, "a")]));
    assert_eq!(write.one(write.owing(one, 1, &[unclaim(Lead, "a"), claim(Lead, "b")])), Outcome::Done(2));
    assert_eq!(store.claimed(Lead, "a").unwrap(), None);
    assert_eq!(write.one(write.owing(two, 0, &[claim(Lead, "a")])), Outcome::Done(1));
    assert_eq!(write.one(write.owing(one, 2, &[unclaim(Lead, "b"), claim(Lead, "b")])), Outcome::Done(3), "and back");
    assert_eq!(store.claimed(Lead, "a").unwrap(), Some(two));
    assert_eq!(store.claimed(Lead, "b").unwrap(), Some(one));
}

fn active(delta: i64) -> Effect {
    Effect::Count { counter: Counter::ActiveSequences, delta, max: Some(ACTIVE_SEQUENCES_MAX) }
}

fn sequence(number: u32) -> SequenceId {
    entity(EntityKind::Sequence, (number % 16) as u16, number).into()
}

fn the_free_places_of_a_counter_go_to_the_first_of_a_group(store: &dyn Store) {
    let (write, free) = (Writing::granted(store), 3);
    write.one(write.owing(sequence(1_000), 0, &[active(ACTIVE_SEQUENCES_MAX - free)]));
    let group: Vec<_> = (0..10).map(|number| write.owing(sequence(number), 0, &[active(1)])).collect();
    let outcomes = write.group(&group);
    for (place, outcome) in outcomes.into_iter().enumerate() {
        let full = Outcome::LimitReached(Counter::ActiveSequences);
        assert_eq!(outcome, if (place as i64) < free { Outcome::Done(1) } else { full }, "commit {place}");
    }
    assert_eq!(store.counter(Counter::ActiveSequences), ACTIVE_SEQUENCES_MAX);
}

fn a_place_given_back_in_a_group_is_free_for_the_next(store: &dyn Store) {
    let write = Writing::granted(store);
    write.one(write.owing(sequence(1), 0, &[active(ACTIVE_SEQUENCES_MAX)]));
    let back = Effect::Count { counter: Counter::ActiveSequences, delta: -1, max: None };
    let group = [
        write.owing(sequence(2), 0, &[active(1)]),
        write.owing(sequence(1), 1, &[back]),
        write.owing(sequence(2), 0, &[active(1)]),
        write.owing(sequence(3), 0, &[active(1)]),
    ];
    let full = Outcome::LimitReached(Counter::ActiveSequences);
    assert_eq!(write.group(&group), [full, Outcome::Done(2), Outcome::Done(1), full]);
    assert_eq!(store.counter(Counter::ActiveSequences), ACTIVE_SEQUENCES_MAX);
}

fn counters_are_summed_over_a_group(store: &dyn Store) {
    let write = Writing::granted(store);
    let (one, two) = (sequence(1), sequence(2));
    let count = |counter, delta| Effect::Count { counter, delta, max: None };
    let group: Vec<_> = (1..=40)
        .map(|number| {
            let effects =
                [count(Counter::Live(one), 1), count(Counter::Enrolled(one), 2), count(Counter::Live(two), -1)];
            write.owing(record(number as u16 % 16, number), 0, &effects)
        })
        .collect();
    write.group(&group);
    let is = |wanted: [(Counter, i64); 4]| {
        for (counter, sum) in wanted {
            assert_eq!(store.counter(counter), sum, "{counter:?}");
        }
    };
    let (live, enrolled) = (Counter::Live(one), Counter::Enrolled(one));
    is([(live, 40), (enrolled, 80), (Counter::Live(two), -40), (Counter::Enrolled(two), 0)]);
    assert_eq!(derived(store).len(), 3, "one row each, none for what was never counted");
    let lead = record(1, 1);
    write.one(write.owing(lead, 1, &[count(live, -40), count(Counter::Live(two), 39), count(Counter::Live(two), 1)]));
    is([(live, 0), (enrolled, 80), (Counter::Live(two), 0), (Counter::Enrolled(two), 0)]);
    assert_eq!(derived(store).len(), 1, "a counter that is back at zero has no row");
}
