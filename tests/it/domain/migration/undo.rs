//! D-47: what was moved goes back exactly where it was, unless it has gone on.

use relance::domain::enrolment::migrate::Outcome;
use relance::domain::enrolment::{EndReason, EnrolmentStatus, Ordinal, Signal, StepStatus};
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Owner};
use relance::domain::sequence::migration::Mode;
use relance::domain::sequence::{SequenceCommand, SequenceRejection};
use relance::id::MigrationId;

use super::super::draw::{auto_email, call, early_reply, graph, task, wait};
use super::super::world::{COLLEAGUE, World};
use super::{FOLLOW, by, hours, map, outcome, running};

#[test]
fn d_47_a_move_is_taken_back_exactly_unless_the_record_has_gone_on() {
    type Act = fn(&mut World, Ordinal);
    let untouched: [(&str, Act); 4] = [
        ("nothing", |_, _| ()),
        ("time", |world, _| world.stall(hours(1))),
        ("a note", |world, run| {
            let step = world.current(run).ordinal;
            world.ask(RecordCommand::Note { step, text: "later".into() });
        }),
        ("another owner", |world, _| {
            world.ask(RecordCommand::Change(vec![Change::Owner(Owner::User(COLLEAGUE))]));
        }),
    ];
    let touched: [(&str, Act); 4] = [
        ("done", World::complete),
        ("skipped", World::skip),
        ("snoozed", |world, run| {
            let (step, until) = (world.current(run).ordinal, world.now + hours(9));
            world.ask(RecordCommand::Snooze { step, until });
        }),
        ("disconnected", |world, run| {
            world.ask(RecordCommand::Disconnect(run));
        }),
    ];
    let new = || graph(&[task("b", "c"), call("c", "d"), task("d", "")]);
    for moves in [by(FOLLOW), map(&[("b", "c")]), by(Mode::Restart)] {
        let acts = untouched.iter().map(|act| (act, true)).chain(touched.iter().map(|act| (act, false)));
        for ((what, act), undone) in acts {
            let (mut world, sequence, run) = running(&[task("a", "b"), task("b", "")]);
            world.complete(run);
            let before = world.record().clone();
            world.revise(sequence, new(), moves.clone());
            act(&mut world, run);
            let kept = world.record().clone();
            let events = world.take_back(sequence);
            assert_eq!(!events.is_empty(), undone, "{moves:?}, {what}");
            if !undone {
                assert_eq!(*world.record(), kept, "{moves:?}, {what}");
                continue;
            }
            let mut held = world.enrolment(run).clone();
            assert_eq!(std::mem::take(&mut held.migrations), [(1, Outcome::Undone)]);
            assert_eq!(held, before.enrolments[0], "{moves:?}, {what}");
            let (former, opened) = world.record().steps.split_at(before.steps.len());
            assert_eq!(former, before.steps, "{moves:?}, {what}");
            assert!(opened.iter().all(|step| step.status == StepStatus::Cancelled));
            world.complete(run);
            assert_eq!(world.end(run), Some((EnrolmentStatus::Completed, EndReason::SequenceCompleted)));
            world.check_replay();
        }
    }
}

#[test]
fn d_47_a_message_that_was_sent_for_a_move_cannot_be_taken_back() {
    let (mut world, sequence, run) = running(&[task("a", "")]);
    world.revise(sequence, graph(&[auto_email("m", "t"), task("t", "")]), map(&[("a", "m")]));
    assert_eq!(world.take_back(sequence), []);
    assert_eq!((world.here(run), world.enrolment(run).version, outcome(&world, run)), ("t", 2, Some(Outcome::Moved)));
}

#[test]
fn d_47_a_wait_that_is_taken_back_wakes_when_it_would_have_or_at_once() {
    for (passed, expected) in [(10, 48), (60, 60)] {
        let (mut world, sequence, run) = running(&[wait("w", 2, 0, "t"), task("t", "")]);
        let began = world.now;
        world.revise(sequence, graph(&[wait("w", 5, 0, "t"), task("t", "")]), by(FOLLOW));
        world.pass(hours(passed));
        world.take_back(sequence);
        world.pass(hours(100));
        assert_eq!((world.visited(run).as_str(), world.enrolment(run).version), ("w t", 1));
        assert_eq!(world.step(run, "t").opened_at, began + hours(expected));
    }
}

#[test]
fn d_47_co_12_a_condition_that_is_taken_back_knows_what_came_meanwhile() {
    let (mut world, sequence, run) = running(&[auto_email("m", "r"), early_reply("r", 3, "y", ""), task("y", "")]);
    world.revise(sequence, graph(&[auto_email("m", "t"), task("t", "")]), map(&[("r", "t")]));
    world.signal(run, "m", Signal::Replied);
    assert_eq!(world.here(run), "t");
    world.take_back(sequence);
    assert_eq!((world.here(run), world.node(world.current(run)).id.as_str()), ("y", "y"));
}

#[test]
fn d_47_only_the_last_move_of_a_record_can_be_taken_back() {
    let (mut world, sequence, run) = running(&[task("a", "")]);
    for number in 2..=3 {
        world.revise(sequence, graph(&[task("a", &format!("z{number}")), task(&format!("z{number}"), "")]), by(FOLLOW));
    }
    world.take_back(sequence);
    assert_eq!(world.enrolment(run).version, 2);
    world.order(sequence, SequenceCommand::UndoMigration(1)).unwrap();
    let migration = MigrationId::of(sequence, 1);
    assert_eq!(world.ask(RecordCommand::UndoMigration(migration)), [], "it is no longer where that move left it");
}

#[test]
fn d_47_one_migration_at_a_time_and_each_is_taken_back_once() {
    let (mut world, sequence, _) = running(&[task("a", "")]);
    let activate = |moves| SequenceCommand::Activate { description: None, migration: moves, pilot: None };
    let edit = |world: &mut World, id: &str| {
        world.order(sequence, SequenceCommand::Revise).unwrap();
        world.order(sequence, SequenceCommand::SaveGraph(graph(&[task("a", id), task(id, "")]))).unwrap();
    };
    edit(&mut world, "b");
    world.order(sequence, activate(by(FOLLOW))).unwrap();
    let undo = |number| SequenceCommand::UndoMigration(number);
    assert_eq!(world.order(sequence, undo(1)), Err(SequenceRejection::MigrationRunning));
    assert_eq!(world.order(sequence, undo(2)), Err(SequenceRejection::MigrationNotFound));
    edit(&mut world, "c");
    assert_eq!(world.order(sequence, activate(by(FOLLOW))), Err(SequenceRejection::MigrationRunning));
    let done = |undo| SequenceCommand::MigrationDone { number: 1, undo };
    assert_eq!(world.order(sequence, done(true)), Ok(vec![]), "of another way");
    assert_eq!(world.order(sequence, done(false)).unwrap().len(), 1);
    assert_eq!(world.order(sequence, done(false)), Ok(vec![]), "told again");
    world.order(sequence, undo(1)).unwrap();
    assert_eq!(world.order(sequence, undo(1)), Err(SequenceRejection::MigrationRunning));
    world.order(sequence, done(true)).unwrap();
    assert_eq!(world.order(sequence, undo(1)), Err(SequenceRejection::MigrationUndone));
    world.check_replay();
}
