//! A sequence that begins with some records: who has a place, who waits, and how those are let in.

use chrono::TimeDelta;
use relance::domain::effect::Counter;
use relance::domain::enrolment::pilot::Piloted;
use relance::domain::enrolment::{EndReason, EnrolmentStatus};
use relance::domain::explain::Awaited;
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::sequence::{SequenceCommand, SequenceEvent, SequenceRejection};
use relance::id::{SequenceId, UserId};

use super::draw::{advance, graph, task};
use super::world::World;

fn activate(pilot: Option<u32>) -> SequenceCommand {
    SequenceCommand::Activate { description: None, migration: None, pilot }
}

/// A sequence with a pilot, in which a place is left or not.
fn piloted(is_full: bool) -> (World, SequenceId) {
    let mut world = World::lead();
    let sequence = world.draft(graph(&[task("t", "")]));
    world.order(sequence, activate(Some(3))).unwrap();
    if is_full {
        world.fill_pilot(sequence);
    }
    (world, sequence)
}

fn awaiting(world: &World, sequence: SequenceId) -> i64 {
    world.ledger.counters.get(&Counter::Awaiting(sequence)).copied().unwrap_or(0)
}

#[test]
fn a_record_takes_a_place_and_begins_or_waits_and_says_why() {
    let (mut world, sequence) = piloted(false);
    let run = world.connect(sequence);
    assert_eq!((world.here(run), world.enrolment(run).pilot), ("t", Some(Piloted::Entered(1))));
    assert_eq!(world.ledger.counters[&Counter::Piloted(sequence, 1)], 1);
    world.check_replay();

    let (mut world, sequence) = piloted(true);
    let run = world.connect(sequence);
    assert_eq!((world.enrolment(run).status, world.open_steps()), (EnrolmentStatus::Connecting, 0));
    assert_eq!(awaiting(&world, sequence), 1);
    let explained = world.explain(run);
    let kinds: Vec<_> = explained.causes.iter().map(|cause| cause.kind).collect();
    assert_eq!((&kinds[..], explained.waiting_for.kind), (&["connected", "pilot_awaited"][..], Awaited::Seller));
    assert_eq!((explained.blocked_by[0].kind, explained.next_at), ("pilot", None));
    assert_eq!(world.refused(RecordCommand::Fire(run)), RecordRejection::Stale, "no timer lets it in");
    let again = RecordCommand::Connect { sequence, wait: None, source: None };
    assert_eq!(world.refused(again), RecordRejection::AlreadyConnected);
    world.check_replay();
}

#[test]
fn whoever_waits_begins_when_the_pilot_is_released_and_not_before_its_own_time() {
    for (wait, passes, begun) in [
        (None, 0, true),
        (Some(TimeDelta::hours(5)), 0, false),
        (Some(TimeDelta::hours(5)), 5, true),
        (Some(TimeDelta::hours(5)), 9, true),
    ] {
        let (mut world, sequence) = piloted(true);
        let run = world.connect_after(sequence, wait);
        assert_eq!(world.ask(RecordCommand::LetIn { sequence, number: 0 }), [], "of an earlier pilot only");
        world.pass(TimeDelta::hours(passes));
        world.order(sequence, SequenceCommand::Release).unwrap();
        world.let_in(sequence);
        assert_eq!(world.open_steps(), usize::from(begun), "{wait:?}, {passes}");
        assert_eq!(awaiting(&world, sequence), 0);
        world.pass(TimeDelta::hours(5));
        assert_eq!(world.here(run), "t");
        world.check_replay();
    }
}

#[test]
fn whoever_waits_leaves_as_any_other_and_is_counted_no_more() {
    let end = |world: &mut World, sequence, how: u8| {
        let run = world.connect(sequence);
        match how {
            0 => _ = world.ask(RecordCommand::Disconnect(run)),
            1 => world.deactivate(sequence),
            2 => world.undo(sequence, None),
            _ => {
                world.by = UserId::ADMINISTRATOR;
                world.ask(RecordCommand::Erase);
            }
        }
        (how < 3).then(|| world.end(run).map(|(_, reason)| reason)).flatten()
    };
    for (how, reason) in [
        (0, Some(EndReason::UserDisconnected)),
        (1, Some(EndReason::ParentSequenceDeactivated)),
        (2, Some(EndReason::SequenceUndone)),
        (3, None),
    ] {
        let (mut world, sequence) = piloted(true);
        assert_eq!(end(&mut world, sequence, how), reason);
        assert_eq!(awaiting(&world, sequence), 0, "{reason:?}");
        world.check_replay();
        let (mut world, sequence) = piloted(false);
        assert_eq!(end(&mut world, sequence, how), reason);
        let taken = world.ledger.counters[&Counter::Piloted(sequence, 1)];
        assert_eq!(taken, i64::from(how < 3), "its place is given back by an erasure only");
    }
}

#[test]
fn advancing_takes_a_place_as_connecting_does() {
    let mut world = World::lead();
    let target = world.draft(graph(&[task("u", "")]));
    world.order(target, activate(Some(1))).unwrap();
    for is_full in [false, true] {
        let source = world.activate(graph(&[task("t", "a"), advance("a", target)]));
        if is_full {
            world.fill_pilot(target);
        }
        let run = world.connect(source);
        world.complete(run);
        assert_eq!(world.end(run).unwrap().1, EndReason::AdvancedToOtherSequence);
        let entered = world.record().live().next().expect("it went on").clone();
        let status = if is_full { EnrolmentStatus::Connecting } else { EnrolmentStatus::Connected };
        assert_eq!((entered.sequence, entered.status), (target, status));
        if !is_full {
            world.ask(RecordCommand::Disconnect(entered.ordinal));
        }
    }
    world.order(target, SequenceCommand::Release).unwrap();
    world.let_in(target);
    assert_eq!(world.open_steps(), 1);
    world.check_replay();
}

#[test]
fn a_pilot_is_asked_for_with_an_activation_and_ends_with_its_release_or_the_sequence() {
    let mut world = World::lead();
    let sequence = world.draft(graph(&[task("t", "")]));
    for records in [0, 10_001] {
        let refused = world.order(sequence, activate(Some(records)));
        assert!(matches!(&refused, Err(SequenceRejection::Invalid(all)) if all[0].pointer == "/pilot/records"));
    }
    assert_eq!(
        world.order(sequence, activate(Some(3))).unwrap()[1],
        SequenceEvent::PilotBegun { number: 1, records: 3 }
    );
    world.order(sequence, SequenceCommand::Revise).unwrap();
    world.order(sequence, activate(None)).unwrap();
    assert!(world.sequence(sequence).care.pilot.is_some(), "a new version alone does not end it");
    let released = world.order(sequence, SequenceCommand::Release);
    assert_eq!(released, Ok(vec![SequenceEvent::PilotReleased { number: 1 }]));
    assert_eq!(world.order(sequence, SequenceCommand::Release), Err(SequenceRejection::NoPilot));
    assert_eq!(world.order(sequence, SequenceCommand::LetInDone { number: 2 }), Ok(vec![]));
    let over = world.order(sequence, SequenceCommand::LetInDone { number: 1 });
    assert_eq!(over, Ok(vec![SequenceEvent::PilotOver { number: 1 }]));
    world.order(sequence, SequenceCommand::Deactivate { force: false }).unwrap();
    world.order(sequence, activate(Some(7))).unwrap();
    world.order(sequence, SequenceCommand::Deactivate { force: false }).unwrap();
    assert_eq!(world.sequence(sequence).care.pilot, None);
    world.order(sequence, activate(None)).unwrap();
    let run = world.connect(sequence);
    assert_eq!(world.enrolment(run).pilot, None);
    let connected = RecordEvent::Began { enrolment: run };
    assert_ne!(world.logged().log().last().unwrap().1.events.last(), Some(&connected));
    world.check_replay();
}
