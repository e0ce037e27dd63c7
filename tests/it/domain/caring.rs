//! What has begun in a sequence lately is undone in one call.

use chrono::TimeDelta;
use relance::domain::delivery::{Class, MessageState};
use relance::domain::effect::Counter;
use relance::domain::enrolment::{EndReason, EnrolmentStatus, Ordinal};
use relance::domain::record::command::RecordCommand;
use relance::domain::sequence::{SequenceCommand, SequenceEvent, SequenceRejection};
use relance::id::UserId;

use super::draw::{auto_email, graph, task, wait};
use super::world::World;

const UNDONE: Option<(EnrolmentStatus, EndReason)> = Some((EnrolmentStatus::Disconnected, EndReason::SequenceUndone));

fn state(world: &World, step: Ordinal) -> MessageState {
    world.record().step(step).unwrap().message_state().unwrap().clone()
}

#[test]
fn an_undo_ends_what_was_connected_since_and_takes_back_what_has_not_left() {
    for class in [Class::Blind, Class::Idempotent] {
        let mut world = World::lead();
        world.given.class = class;
        let sequence = world.activate(graph(&[auto_email("m", "t"), task("t", "")]));
        let run = world.connect(sequence);
        let mail = world.step(run, "m").ordinal;
        assert_eq!(state(&world, mail), MessageState::Owed);
        world.undo(sequence, None);
        assert_eq!((world.end(run), state(&world, mail)), (UNDONE, MessageState::Skipped), "{class:?}");
        assert!(world.ledger.owed.is_empty(), "nothing is owed");
        let counted = [Counter::Undone(sequence, 1), Counter::UndoneTooLate(sequence, 1)];
        assert_eq!(counted.map(|counter| world.ledger.counters.get(&counter).copied().unwrap_or(0)), [1, 0]);
        world.check_replay();
    }
}

#[test]
fn an_undo_counts_what_has_left_and_leaves_alone_what_began_before_or_after() {
    let mut world = World::lead();
    let drawn = graph(&[auto_email("m", "w"), wait("w", 1, 0, "n"), auto_email("n", "")]);
    let sequence = world.activate(drawn);
    let early = world.connect(sequence);
    world.deliver();
    world.pass(TimeDelta::days(2));
    assert!(world.end(early).is_some(), "it is over");
    let since = world.now;
    let run = world.connect(sequence);
    world.deliver();
    let undo = |since| SequenceCommand::Undo { since, deactivate: false };
    let future = world.order(sequence, undo(Some(since + TimeDelta::seconds(1))));
    assert!(matches!(future, Err(SequenceRejection::Invalid(_))), "{future:?}");
    world.undo(sequence, Some(since));
    assert_eq!(world.end(run), UNDONE);
    assert_eq!(world.enrolment(early).undone, None, "connected before");
    assert_eq!(world.ledger.counters[&Counter::UndoneTooLate(sequence, 1)], 1);
    let again = world.connect(sequence);
    assert_eq!(world.end(again), None);
    // By the second undo, which is of everything, also what is over is looked at; what was undone before is not again.
    world.undo(sequence, None);
    assert_eq!(world.end(again), UNDONE);
    let early = world.enrolment(early).undone.map(|undone| (undone.number, undone.disconnected, undone.left));
    assert_eq!(early, Some((2, false, 2)));
    assert_eq!(world.enrolment(run).undone.unwrap().number, 1);
    world.by = UserId::ADMINISTRATOR;
    world.ask(RecordCommand::Erase);
    let left = [1, 2].map(|number| world.ledger.counters.get(&Counter::Undone(sequence, number)).copied());
    assert_eq!(left, [Some(0), Some(0)], "an erased record is counted no more");
    world.check_replay();
}

#[test]
fn an_undo_is_for_active_sequences_one_at_a_time_and_may_deactivate() {
    let mut world = World::lead();
    let sequence = world.draft(graph(&[task("t", "")]));
    let undo = |deactivate| SequenceCommand::Undo { since: None, deactivate };
    assert_eq!(world.order(sequence, undo(false)), Err(SequenceRejection::NotActive));
    world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    let activated = world.now;
    world.stall(TimeDelta::hours(1));
    let begun = world.order(sequence, undo(true)).unwrap();
    assert_eq!(begun, [SequenceEvent::UndoBegun { number: 1, since: activated }, SequenceEvent::Deactivated]);
    world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    assert_eq!(world.order(sequence, undo(false)), Err(SequenceRejection::UndoRunning));
    assert_eq!(world.order(sequence, SequenceCommand::UndoDone { number: 2 }), Ok(vec![]), "no such undo");
    let done = world.order(sequence, SequenceCommand::UndoDone { number: 1 });
    assert_eq!(done, Ok(vec![SequenceEvent::UndoCompleted { number: 1 }]));
    assert_eq!(world.order(sequence, SequenceCommand::UndoDone { number: 1 }), Ok(vec![]), "told twice");
    world.order(sequence, undo(false)).unwrap();
}
