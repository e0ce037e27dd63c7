//! The feed: every commit of records and sequences in its order, once, from any number on, as long as it is kept.

use relance::domain::effect::Effect;
use relance::id::{EntityId, EntityKind};
use relance::limits::GROUP_COMMITS_MAX;
use relance::store::feed::Fed;
use relance::store::{Commit, Outcome, Store, Version};
use relance::time::Timestamp;

use crate::store::fixture::*;

for_every_store! {
    commits_are_fed_in_their_order_and_listed_from_any_number_on
    what_is_refused_holds_no_event_or_is_of_another_kind_is_not_fed
    a_large_group_stands_in_rows_that_stay_whole
    what_is_old_or_too_much_is_removed_and_the_last_row_stays
    what_an_entity_keeps_is_replaced_and_is_no_part_of_what_follows_from_events
}

fn numbered(fed: &[Fed]) -> Vec<(u64, EntityId, Version)> {
    fed.iter().map(|fed| (fed.number, fed.entity, fed.version)).collect()
}

fn commits_are_fed_in_their_order_and_listed_from_any_number_on(store: &dyn Store) {
    let write = Writing::granted(store);
    let (one, two) = (entity(EntityKind::Sequence, 9, 1), entity(EntityKind::Record, 2, 2));
    assert_eq!((store.feed(0, 9).unwrap(), store.feed_end()), (vec![], 0));
    write.group(&[write.plain(one, 0), write.plain(two, 0), write.plain(one, 1)]);
    write.one(write.plain(two, 1));
    write.group(&[write.plain(two, 2), write.plain(one, 2)]);
    let all = [(1, one, 1), (2, two, 1), (3, one, 2), (4, two, 2), (5, two, 3), (6, one, 3)];
    assert_eq!(store.feed_end(), 6);
    for after in 0..=7 {
        for limit in 1..=7 {
            let wanted: Vec<_> = all.into_iter().skip(after).take(limit).collect();
            assert_eq!(numbered(&store.feed(after as u64, limit).unwrap()), wanted, "{limit} after {after}");
        }
    }
    let fed = store.feed(0, 9).unwrap();
    let digests: std::collections::BTreeSet<u32> = fed.iter().map(Fed::digest).collect();
    assert_eq!(digests.len(), fed.len(), "each is told from the others");
}

fn what_is_refused_holds_no_event_or_is_of_another_kind_is_not_fed(store: &dyn Store) {
    let write = Writing::granted(store);
    let lead = record(2, 2);
    let group = [
        write.plain(lead, 7),
        write.plain(entity(EntityKind::Organisation, 0, 0), 0),
        Commit { command: command(1, 1), ..write.plain(lead, 0) },
        Commit { command: command(1, 1), ..write.plain(lead, 1) },
        write.sweeping(lead, 1, &[]),
    ];
    assert_eq!(write.group(&group).iter().filter(|outcome| matches!(outcome, Outcome::Done(_))).count(), 3);
    assert_eq!(numbered(&store.feed(0, 9).unwrap()), [(1, lead.into(), 1)]);
}

fn a_large_group_stands_in_rows_that_stay_whole(store: &dyn Store) {
    let write = Writing::granted(store);
    let group: Vec<Commit> =
        (1..=GROUP_COMMITS_MAX as u32).map(|number| write.plain(record((number % 16) as u16, number), 0)).collect();
    write.group(&group);
    write.one(write.plain(record(1, 9_999), 0));
    let wanted: Vec<_> = group.iter().map(|commit| commit.entity).chain([record(1, 9_999).into()]).collect();
    for after in [0, 1, 127, 128, 129, 500, 512] {
        let fed = store.feed(after, 1_000).unwrap();
        assert_eq!(fed.iter().map(|fed| fed.entity).collect::<Vec<_>>(), wanted[after as usize..], "after {after}");
    }
}

fn what_is_old_or_too_much_is_removed_and_the_last_row_stays(store: &dyn Store) {
    let (write, lead) = (Writing::granted(store), record(3, 1));
    let at = |day: i64| Timestamp::from_millis(NOON + day * DAY);
    for day in 0..6 {
        write.one(Commit { at: at(day), ..write.plain(lead, day as Version) });
    }
    let numbers = || store.feed(0, 99).unwrap().iter().map(|fed| fed.number).collect::<Vec<_>>();
    assert_eq!(store.trim_feed(at(0), 100).unwrap(), 0, "nothing is older");
    assert_eq!(store.trim_feed(at(2), 100).unwrap(), 2);
    assert_eq!(numbers(), [3, 4, 5, 6]);
    assert_eq!(store.trim_feed(at(2), 3).unwrap(), 1, "more than are kept");
    assert_eq!(numbers(), [4, 5, 6]);
    assert_eq!(store.trim_feed(at(99), 0).unwrap(), 2);
    assert_eq!((numbers(), store.feed_end()), (vec![6], 6), "the numbers go on from there");
    write.one(write.plain(lead, 6));
    assert_eq!(numbers(), [6, 7]);
}

fn what_an_entity_keeps_is_replaced_and_is_no_part_of_what_follows_from_events(store: &dyn Store) {
    let (write, lead, other) = (Writing::granted(store), record(3, 1), record(3, 2));
    let kept = |entity: relance::id::RecordId| store.kept(entity.into()).unwrap();
    write.group(&[write.plain(lead, 0), write.sweeping(lead, 1, &[Effect::Keep(vec![1, 2])])]);
    assert_eq!((kept(lead), kept(other)), (Some(vec![1, 2]), None));
    write.one(write.sweeping(lead, 1, &[Effect::Keep(vec![3])]));
    assert_eq!(kept(lead), Some(vec![3]));
    store.replace_derived(&mut std::iter::empty()).unwrap();
    assert_eq!(kept(lead), Some(vec![3]));
    write.one(write.sweeping(lead, 1, &[Effect::Unkeep]));
    assert_eq!(kept(lead), None);
}
