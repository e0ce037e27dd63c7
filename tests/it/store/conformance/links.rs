//! Which events the audit trail links, in which order, and how its links are listed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::Change;
use relance::id::{EntityId, EntityKind};
use relance::store::trail::{Hash, Link, Trail};
use relance::store::{Commit, Origin, Outcome, Store, Version};

use crate::store::fixture::*;
use crate::store::maintenance::sound;
use crate::store::population::populated;
use crate::store::trail::follows;

for_every_store! {
    audited_events_are_linked_in_the_order_of_their_commits
    what_is_refused_or_holds_no_event_is_not_linked
    a_list_of_links_goes_on_behind_a_number_and_ends_when_its_reader_has_enough
    sequences_and_erasures_are_audited_and_the_work_on_records_is_not
}

const FROM: [Option<IpAddr>; 3] =
    [None, Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))), Some(IpAddr::V6(Ipv6Addr::LOCALHOST))];

fn audited(write: &Writing, entity: EntityId, expected: Version, from: Option<IpAddr>) -> Commit {
    Commit { audit: Some(Origin { from }), ..write.plain(entity, expected) }
}

fn audited_events_are_linked_in_the_order_of_their_commits(store: &dyn Store) {
    let write = Writing::granted(store);
    let (one, two) = (entity(EntityKind::Sequence, 9, 1), entity(EntityKind::Record, 2, 2));
    assert_eq!((links(store, None, 9), store.head().trail), (vec![], Trail::default()));
    let group = [audited(&write, one, 0, FROM[0]), write.plain(two, 0), audited(&write, one, 1, FROM[1])];
    assert_eq!(write.group(&group), [1, 1, 2].map(Outcome::Done));
    write.one(audited(&write, two, 1, FROM[2]));
    let (mut hash, mut wanted) = (Hash::default(), vec![]);
    for (place, (entity, version)) in [(one, 1), (one, 2), (two, 2)].into_iter().enumerate() {
        let (number, unlinked) = (place as u64 + 1, Link { entity, version, from: FROM[place], hash });
        hash = follows(hash, number, &unlinked, &entry(version));
        wanted.insert(0, (number, Link { hash, ..unlinked }));
    }
    assert_eq!(links(store, None, 9), wanted);
    assert_eq!(store.head().trail, Trail { length: 3, hash });
}

fn what_is_refused_or_holds_no_event_is_not_linked(store: &dyn Store) {
    let write = Writing::granted(store);
    let one = entity(EntityKind::Sequence, 9, 1);
    let group = [
        Commit { command: command(1, 1), ..audited(&write, one, 0, None) },
        audited(&write, one, 0, None),
        Commit { command: command(1, 1), ..audited(&write, one, 1, None) },
        Commit { entry: None, ..audited(&write, one, 1, None) },
    ];
    let outcomes = write.group(&group);
    assert!(matches!(outcomes[1..3], [Outcome::Conflict { .. }, Outcome::Repeat(_)]), "{outcomes:?}");
    assert_eq!(links(store, None, 9).len(), 1);
}

fn a_list_of_links_goes_on_behind_a_number_and_ends_when_its_reader_has_enough(store: &dyn Store) {
    let write = Writing::granted(store);
    (0..20).for_each(|version| {
        write.one(audited(&write, entity(EntityKind::Sequence, 9, 1), version, None));
    });
    let numbers = |before, wanted| links(store, before, wanted).into_iter().map(|link| link.0).collect::<Vec<_>>();
    assert_eq!(numbers(None, 3), [20, 19, 18]);
    assert_eq!(numbers(Some(18), 3), [17, 16, 15]);
    assert_eq!(numbers(Some(3), 9), [2, 1]);
    assert_eq!(numbers(Some(100), 1), [20]);
    assert!(numbers(Some(1), 9).is_empty() && numbers(Some(0), 9).is_empty());
}

fn sequences_and_erasures_are_audited_and_the_work_on_records_is_not(store: &dyn Store) {
    let mut all = populated(store);
    let lead = record(12, 99);
    let before = links(store, None, usize::MAX);
    let sequences = log(store).iter().filter(|row| row.0.kind == EntityKind::Sequence).count();
    assert!(before.len() == sequences && before.iter().all(|(_, link)| link.entity.kind == EntityKind::Sequence));
    all.change(lead, Change::Score(Some(1)));
    assert_eq!(links(store, None, usize::MAX), before);
    all.run(lead, RecordCommand::Erase);
    let findings = sound(store);
    let after = links(store, None, usize::MAX);
    assert_eq!((after[0].1.entity, &after[1..]), (lead.into(), &before[..]));
    assert_eq!((findings.audited, findings.trail), (after.len() as u64, store.head().trail));
}
