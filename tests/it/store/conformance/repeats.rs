//! P6: a command with an id takes effect at most once, and its repeat finds the first run.

use relance::id::Shard;
use relance::limits::REPEAT_DAYS;
use relance::store::{Commit, Outcome, Repeat, Store};
use relance::time::Timestamp;

use crate::store::fixture::*;

for_every_store! {
    p6_a_repeat_meets_its_first_run_in_a_later_group
    p6_a_repeat_meets_its_first_run_in_the_same_group
    p6_a_repeat_is_seen_for_a_week_wherever_the_week_ends
    p6_old_command_ids_are_forgotten_and_younger_ones_stay
    p6_a_command_id_is_known_in_its_shard_only
    p6_a_repeat_goes_before_a_conflict_and_after_a_fence
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn first(of: relance::id::RecordId, version: u32, fingerprint: u8) -> Outcome {
    Outcome::Repeat(Repeat { entity: of.0, version, fingerprint: [fingerprint; 16] })
}

fn p6_a_repeat_meets_its_first_run_in_a_later_group(store: &dyn Store) {
    let (write, lead, other) = (Writing::granted(store), record(5, 1), record(5, 2));
    write.one(write.plain(lead, 0));
    let asked = Commit { command: command(77, 1), ..write.plain(lead, 1) };
    assert_eq!(write.one(asked.clone()), Outcome::Done(2));
    assert_eq!(write.one(asked), first(lead, 2, 1), "the same again");
    let asked = Commit { command: command(77, 1), ..write.plain(lead, 2) };
    assert_eq!(write.one(asked), first(lead, 2, 1), "with the version it has now");
    let asked = Commit { command: command(77, 2), ..write.plain(lead, 2) };
    assert_eq!(write.one(asked), first(lead, 2, 1), "another question under the same key: the first is reported");
    let asked = Commit { command: command(77, 1), ..write.plain(other, 0) };
    assert_eq!(write.one(asked), first(lead, 2, 1), "to a fresh entity beside it, as a repeated creation would be");
    assert_eq!(log(store).len(), 2);
    let known = store.repeat(Shard(5), 77, at(NOON)).unwrap();
    assert_eq!(known, Some(Repeat { entity: lead.0, version: 2, fingerprint: [1; 16] }));
}

fn p6_a_repeat_meets_its_first_run_in_the_same_group(store: &dyn Store) {
    let (write, lead, other) = (Writing::granted(store), record(5, 1), record(5, 2));
    let asked = |of, expected, fingerprint| Commit { command: command(8, fingerprint), ..write.plain(of, expected) };
    let group = [asked(lead, 0, 1), asked(lead, 0, 1), asked(lead, 1, 2), asked(other, 0, 1)];
    let again = first(lead, 1, 1);
    assert_eq!(write.group(&group), [Outcome::Done(1), again, again, again]);
    assert_eq!(log(store).len(), 1);
    // A refused command is no first run.
    let (refused, good) = (Commit { command: command(9, 1), ..write.plain(lead, 7) }, asked(lead, 1, 1));
    let good = Commit { command: command(9, 1), ..good };
    assert_eq!(write.group(&[refused, good]), [Outcome::Conflict { actual: 1 }, Outcome::Done(2)]);
}

fn p6_a_repeat_is_seen_for_a_week_wherever_the_week_ends(store: &dyn Store) {
    let write = Writing::granted(store);
    let week = REPEAT_DAYS * DAY;
    let edge = NOON.div_euclid(week) * week;
    // (first run, repeat); in the last ones the clock was set back meanwhile.
    let (before, hour) = (edge - 1, DAY / 24);
    let forth = [(before, edge), (before, before + week), (edge, edge + week - 1), (edge, edge + week)];
    let back = [(edge, before), (edge + hour, edge - hour), (before, before - hour)];
    let cases = forth.into_iter().chain(back);
    for (number, (run, again)) in cases.enumerate() {
        let lead = record(6, number as u32 + 1);
        let asked = |key: usize, expected, millis| Commit {
            at: at(millis),
            command: command(key as u128, 1),
            ..write.plain(lead, expected)
        };
        let group = [asked(number, 0, run), asked(number, 0, again)];
        assert_eq!(write.group(&group), [Outcome::Done(1), first(lead, 1, 1)], "case {number}, one group");
        assert_eq!(write.one(asked(number + 100, 1, run)), Outcome::Done(2));
        assert_eq!(write.one(asked(number + 100, 2, again)), first(lead, 2, 1), "case {number}, two groups");
    }
}

fn p6_old_command_ids_are_forgotten_and_younger_ones_stay(store: &dyn Store) {
    let (write, old, young) = (Writing::granted(store), 600_u32, 30_u32);
    let later = at(NOON + 14 * DAY);
    let asked = |shard, number: u32, millis| Commit {
        at: at(millis),
        command: command(number.into(), 1),
        ..write.plain(record(shard, number + 1), 0)
    };
    for shard in [0, 9] {
        write.group(&(0..old).map(|number| asked(shard, number, NOON)).collect::<Vec<_>>());
        write.group(&(old..old + young).map(|number| asked(shard, number, NOON + 7 * DAY)).collect::<Vec<_>>());
    }
    assert_eq!(store.forget_repeats(at(NOON)).unwrap(), 0);
    assert_eq!(store.forget_repeats(at(NOON + 7 * DAY)).unwrap(), 0, "for a week at least");
    let rounds =
        std::iter::repeat_with(|| store.forget_repeats(later).unwrap()).take(100).take_while(|count| *count > 0);
    assert_eq!(rounds.sum::<usize>(), 2 * old as usize, "in bounded batches, until none is left");
    for shard in [0, 9] {
        let known = |number: u32, when| store.repeat(Shard(shard), number.into(), when).unwrap().is_some();
        assert!((0..old).all(|number| !known(number, at(NOON))));
        assert!((old..old + young).all(|number| known(number, later)), "the younger ones stay");
    }
    assert_eq!(log(store).len(), 2 * (old + young) as usize, "nothing else is forgotten");
}

fn p6_a_command_id_is_known_in_its_shard_only(store: &dyn Store) {
    let write = Writing::granted(store);
    for shard in [3, 4] {
        let asked = Commit { command: command(77, 1), ..write.plain(record(shard, 1), 0) };
        assert_eq!(write.one(asked), Outcome::Done(1), "shard {shard}");
    }
    assert_eq!(store.repeat(Shard(5), 77, at(NOON)).unwrap(), None);
}

fn p6_a_repeat_goes_before_a_conflict_and_after_a_fence(store: &dyn Store) {
    let former = Writing::granted(store);
    let lead = record(3, 1);
    former.one(Commit { command: command(77, 1), ..former.plain(lead, 0) });
    let write = Writing::granted(store);
    let asked = Commit { command: command(77, 1), ..write.plain(lead, 40) };
    assert_eq!(write.one(asked), first(lead, 1, 1), "the answer is known whatever the version");
    let asked = Commit { command: command(77, 1), ..former.plain(lead, 0) };
    assert_eq!(write.one(asked), Outcome::Fenced, "who holds nothing is told nothing");
}
