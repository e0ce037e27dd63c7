//! Whether a record may enter a sequence (again): re-entry policies, exclusivity, and the quota of a month (L-3, K-15).

use chrono::TimeDelta;
use relance::domain::effect::Counter;
use relance::domain::enrolment::StepError;
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::sequence::conduct::Reentry;
use relance::domain::sequence::{Property, SequenceCommand};
use relance::id::{SequenceId, TagId};

use super::draw::{advance, graph, task};
use super::world::{COLLEAGUE, World, at};

/// A lead, and a manager who asks.
fn lead() -> World {
    let mut world = World::lead();
    world.by = COLLEAGUE;
    world
}

fn connect(sequence: SequenceId) -> RecordCommand {
    RecordCommand::Connect { sequence, wait: None, source: None }
}

fn one_task(world: &mut World, properties: Vec<Property>) -> SequenceId {
    world.activate_with(graph(&[task("t", "")]), properties)
}

/// The tags `Sales`, `Sales/Europe` and `Events`.
fn tagged(world: &mut World) -> [TagId; 3] {
    use relance::domain::catalogue::tag::Tag;
    let mut catalogue = (*world.given.catalogue).clone();
    let tags = [(1, "Sales", None), (2, "Europe", Some(1)), (3, "Events", None)];
    for (id, name, parent) in tags {
        let tag = Tag { name: name.into(), parent: parent.map(TagId), version: 1 };
        catalogue.tags.insert(TagId(id), tag);
    }
    world.given = world.given.with_catalogue(&catalogue);
    [TagId(1), TagId(2), TagId(3)]
}

#[test]
fn a_record_enters_again_as_the_sequence_says() {
    let (refused, day) = (|after: Option<i64>| Some(after.map(TimeDelta::days)), TimeDelta::days(1));
    for (reentry, passed, expected) in [
        (Reentry::AnyTime, TimeDelta::zero(), None),
        (Reentry::Never, day * 3_000, refused(None)),
        (Reentry::AfterDays(30), TimeDelta::zero(), refused(Some(30))),
        (Reentry::AfterDays(30), day * 30 - TimeDelta::milliseconds(1), refused(Some(30))),
        (Reentry::AfterDays(30), day * 30, None),
    ] {
        let mut world = lead();
        let sequence = one_task(&mut world, vec![Property::Reentry(reentry)]);
        let run = world.connect(sequence);
        assert_eq!(world.refused(connect(sequence)), RecordRejection::AlreadyConnected, "while it is live (K-6)");
        world.pass(TimeDelta::days(5));
        world.complete(run);
        let left = world.now;
        world.pass(passed);
        match expected {
            Some(after) => {
                let until = after.map(|after| left + after);
                assert_eq!(world.refused(connect(sequence)), RecordRejection::ReentryRefused { left, until });
            }
            None => _ = world.connect(sequence),
        }
    }
}

#[test]
fn re_entry_is_counted_from_the_last_end_and_changes_at_once() {
    let mut world = lead();
    let sequence = one_task(&mut world, vec![]);
    for days in [0, 10] {
        world.pass(TimeDelta::days(days));
        let run = world.connect(sequence);
        world.complete(run);
    }
    world.order(sequence, SequenceCommand::Change(vec![Property::Reentry(Reentry::AfterDays(5))])).expect("changed");
    world.pass(TimeDelta::days(4));
    let refusal = world.refused(connect(sequence));
    assert!(refusal.to_string().contains("may enter it again from 2026-03-17T09:00:00.000Z"), "{refusal}");
    world.pass(TimeDelta::days(1));
    world.connect(sequence);
}

#[test]
fn what_is_exclusive_by_a_tag_does_not_go_together_with_what_bears_it_whichever_comes_first() {
    for (bears, excludes, fits) in [(0, 0, false), (1, 0, false), (0, 1, true), (2, 0, true)] {
        for exclusive_first in [false, true] {
            let mut world = lead();
            let tags = tagged(&mut world);
            let bearer = one_task(&mut world, vec![Property::Name("Bearer".into())]);
            world.order(bearer, SequenceCommand::SetTags(vec![tags[bears]])).expect("tagged");
            let properties = vec![Property::Exclusive(Some(tags[excludes])), Property::Name("Exclusive".into())];
            let exclusive = one_task(&mut world, properties);
            let order = if exclusive_first { [exclusive, bearer] } else { [bearer, exclusive] };
            let run = world.connect(order[0]);
            if fits {
                world.connect(order[1]);
                continue;
            }
            let by = if exclusive_first { "Exclusive" } else { "Bearer" };
            assert_eq!(world.refused(connect(order[1])), RecordRejection::Excluded { by: by.into() });
            world.complete(run);
            world.connect(order[1]);
        }
    }
}

#[test]
fn a_sequence_that_bears_its_own_exclusive_tag_excludes_others_only() {
    let mut world = lead();
    let [sales, ..] = tagged(&mut world);
    let sequence = one_task(&mut world, vec![Property::Exclusive(Some(sales))]);
    world.order(sequence, SequenceCommand::SetTags(vec![sales])).expect("tagged");
    let run = world.connect(sequence);
    world.complete(run);
    world.connect(sequence);
}

/// CM-4: what a record leaves by advancing does not stand in its own way; what else it is in does.
#[test]
fn cm_14_advancing_to_what_does_not_let_the_record_in_stays_with_an_error_until_it_does() {
    let mut world = lead();
    let [sales, ..] = tagged(&mut world);
    let target = one_task(&mut world, vec![Property::Exclusive(Some(sales))]);
    let bearing = |world: &mut World, drawn| {
        let id = world.activate(drawn);
        world.order(id, SequenceCommand::SetTags(vec![sales])).expect("tagged");
        id
    };
    let leads_on = bearing(&mut world, graph(&[task("a", "on"), advance("on", target)]));
    let other = bearing(&mut world, graph(&[task("b", "")]));
    let (run, rival) = (world.connect(leads_on), world.connect(other));
    world.complete(run);
    assert_eq!((world.here(run), world.current(run).error), ("on", Some(StepError::AdvanceRefused)));
    world.complete(rival);
    let step = world.current(run).ordinal;
    world.ask(RecordCommand::Retry(step));
    let there = world.record().live().next().expect("an enrolment").sequence;
    assert_eq!(there, target);
}

/// K-15, L-3: counted when a record is connected, by the calendar month of UTC; advancing is no connection.
#[test]
fn k_15_l_3_a_connection_counts_in_its_month_and_asks_for_a_place_where_they_are_bounded() {
    let mut world = lead();
    let sequence = one_task(&mut world, vec![]);
    let leads_on = world.activate(graph(&[task("a", "on"), advance("on", sequence)]));
    let march = world.now.month();
    let run = world.connect(leads_on);
    world.complete(run);
    let there = world.record().live().next().expect("an enrolment").ordinal;
    world.complete(there);
    world.until(at("2026-03-31T23:59:59.999Z"));
    let run = world.connect(sequence);
    world.complete(run);
    world.until(at("2026-04-01T00:00:00Z"));
    let mut organisation = (*world.given.policy.organisation).clone();
    organisation.settings.monthly_connect_quota = Some(3);
    world.given = world.given.with_organisation(&organisation);
    let events = world.ask(connect(sequence));
    let asked = events.iter().filter(|event| matches!(event, RecordEvent::QuotaAsked { most: 3, .. })).count();
    let counted = [march, march + 1].map(|month| world.ledger.counters.get(&Counter::ConnectedIn(month)).copied());
    assert_eq!((asked, counted), (1, [Some(2), Some(1)]));
    world.ask(RecordCommand::Erase);
    let left = [march, march + 1].map(|month| world.ledger.counters.get(&Counter::ConnectedIn(month)).copied());
    assert_eq!(left, [Some(0), Some(0)], "whoever is erased was never connected");
}
