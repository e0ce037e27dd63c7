//! CM-4, CM-14, CM-15: going on in another sequence.

use chrono::TimeDelta;
use relance::domain::enrolment::{EndReason, EnrolmentStatus, Ordinal, StepError, StepStatus};
use relance::domain::plan::{Action, AssignTo};
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Outcome, Owner};
use relance::domain::sequence::graph::Graph;
use relance::domain::sequence::{Property, SequenceCommand};
use relance::id::SequenceId;
use relance::limits;

use super::draw::{advance, graph, task, update, wait};
use super::world::{SELLER, World};

const ADVANCED: (EnrolmentStatus, EndReason) = (EnrolmentStatus::Completed, EndReason::AdvancedToOtherSequence);

fn leading_to(target: SequenceId) -> Graph {
    graph(&[task("t", "z"), advance("z", target)])
}

/// The enrolment that began last.
fn newest(world: &World) -> Ordinal {
    world.record().enrolments.last().expect("an enrolment").ordinal
}

#[test]
fn cm_4_ends_the_enrolment_and_connects_the_record_to_the_target() {
    let mut world = World::lead();
    let target = world.activate(graph(&[task("first", "")]));
    let run = world.run(leading_to(target));
    world.complete(run);
    assert_eq!(world.end(run), Some(ADVANCED));
    assert_eq!(world.step(run, "z").status, StepStatus::Completed);
    let next = newest(&world);
    let held = world.enrolment(next).clone();
    assert_eq!((held.sequence, held.status, world.here(next)), (target, EnrolmentStatus::Connected, "first"));
    assert_eq!(held.advanced_from, Some(world.step(run, "z").ordinal), "CM-15: it remembers the step it came from");
    assert_eq!((held.connected_at, held.steps_done), (world.now, 0));
    world.complete(next);
    assert_eq!(world.end(next), Some((EnrolmentStatus::Completed, EndReason::SequenceCompleted)));
    world.check_replay();
}

#[test]
fn cm_4_after_a_wait_the_person_who_connected_it_still_stands_for_it() {
    let mut world = World::lead();
    let properties = vec![Property::AssignTo(AssignTo::CurrentUser)];
    let target = world.activate_with(graph(&[task("first", "")]), properties);
    let run = world.run(graph(&[wait("w", 1, 0, "z"), advance("z", target)]));
    world.pass(TimeDelta::days(1));
    let next = newest(&world);
    assert_eq!((world.end(run), world.enrolment(next).connected_by), (Some(ADVANCED), SELLER));
    assert_eq!(world.current(next).assignee, Owner::User(SELLER));
}

#[test]
fn cm_4_the_latest_version_of_the_target_is_taken() {
    let mut world = World::lead();
    let target = world.activate(graph(&[task("old", "")]));
    let run = world.run(leading_to(target));
    world.deactivate(target);
    world.order(target, SequenceCommand::SaveGraph(graph(&[task("new", "")]))).unwrap();
    world.order(target, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    world.complete(run);
    let next = newest(&world);
    assert_eq!((world.enrolment(next).version, world.here(next)), (2, "new"), "Q-52");
}

/// A record that stands on an advance whose target was deactivated.
fn stranded() -> (World, Ordinal, SequenceId) {
    let mut world = World::lead();
    let target = world.activate(graph(&[task("first", "")]));
    let run = world.run(leading_to(target));
    world.deactivate(target);
    world.complete(run);
    (world, run, target)
}

#[test]
fn cm_14_a_target_that_became_inactive_is_an_error_that_retry_mends() {
    let (mut world, run, target) = stranded();
    let step = world.current(run).clone();
    assert_eq!((world.here(run), step.error), ("z", Some(StepError::AdvanceTargetInactive)));
    assert_eq!(world.record().enrolments.len(), 1);
    assert_eq!(world.ask(RecordCommand::Retry(step.ordinal)), [], "nothing has changed");
    world.order(target, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    assert_eq!(world.here(run), "z");
    world.ask(RecordCommand::Retry(step.ordinal));
    assert_eq!((world.end(run), world.here(newest(&world))), (Some(ADVANCED), "first"));
    assert_eq!(world.step(run, "z").error, None);
    world.check_replay();
}

#[test]
fn cm_14_skipping_it_completes() {
    let (mut world, run, _) = stranded();
    world.skip(run);
    assert_eq!(world.end(run), Some((EnrolmentStatus::Completed, EndReason::SequenceCompleted)));
    assert_eq!(world.record().enrolments.len(), 1);
}

#[test]
fn cm_14_a_target_that_is_gone_is_one_that_is_inactive() {
    let mut world = World::lead();
    let target = world.activate(graph(&[task("first", "")]));
    let run = world.run(leading_to(target));
    world.given.sequences.remove(&target);
    world.complete(run);
    assert_eq!(world.current(run).error, Some(StepError::AdvanceTargetInactive));
}

#[test]
fn k_6_where_the_record_is_in_the_target_already_it_goes_on_there() {
    let mut world = World::lead();
    let target = world.activate(graph(&[task("first", "")]));
    let there = world.connect(target);
    let run = world.run(leading_to(target));
    world.complete(run);
    assert_eq!((world.end(run), world.record().enrolments.len()), (Some(ADVANCED), 2));
    assert_eq!(world.here(there), "first");
}

#[test]
fn d_59_on_a_closed_record_advancing_ends_the_enrolment() {
    let mut world = World::lead();
    let target = world.activate(graph(&[task("first", "")]));
    let drawn = graph(&[update("k", "disposition", "qualified", "t"), task("t", "z"), advance("z", target)]);
    let run = world.run(drawn);
    assert_eq!((world.here(run), world.record().outcome), ("t", Outcome::Success), "TC-8");
    world.complete(run);
    let ended = (EnrolmentStatus::Disconnected, EndReason::RegardingEntityDeactivated);
    assert_eq!((world.end(run), world.record().enrolments.len()), (Some(ended), 1));
}

/// Sequences that lead from each to the next and from the last back to the first, each beginning with `first`.
fn ring(world: &mut World, count: usize, first: fn() -> serde_json::Value) -> Vec<SequenceId> {
    let ring: Vec<_> = (0..count).map(|_| world.activate(graph(&[first(), task("t", "")]))).collect();
    for (place, sequence) in ring.iter().enumerate() {
        let target = ring[(place + 1) % count];
        world.tamper(*sequence, |plan| plan.nodes[1].action = Action::Advance(target));
    }
    ring
}

#[test]
fn cm_15_d_70_twenty_five_advances_without_anybody_are_allowed_and_the_next_is_a_loop() {
    for count in [2, 3] {
        let mut world = World::lead();
        let ring = ring(&mut world, count, || update("k", "disposition", "open", "t"));
        let events = world.ask(RecordCommand::Connect { sequence: ring[0], wait: None, source: None });
        let advances = events.iter().filter(|event| matches!(event, RecordEvent::Advanced { .. })).count();
        assert_eq!(advances, limits::ADVANCE_HOPS_MAX);
        let last = newest(&world);
        let step = world.current(last).clone();
        assert_eq!(step.error, Some(StepError::AdvanceLoop));
        // Trying again does not begin another round.
        assert_eq!(world.ask(RecordCommand::Retry(step.ordinal)), []);
        let complete = RecordCommand::Complete { step: step.ordinal, note: None, call_result: None };
        assert_eq!(world.refused(complete), RecordRejection::StepWaits);
        world.skip(last);
        assert_eq!(world.end(last), Some((EnrolmentStatus::Completed, EndReason::SequenceCompleted)));
        world.check_replay();
    }
}

#[test]
fn cm_15_a_seller_step_or_a_wait_on_the_way_begins_the_count_anew() {
    let rests: [fn() -> serde_json::Value; 2] = [|| task("k", "t"), || wait("k", 0, 1, "t")];
    for first in rests {
        let mut world = World::lead();
        let ring = ring(&mut world, 2, first);
        world.connect(ring[0]);
        for _ in 0..2 * limits::ADVANCE_HOPS_MAX {
            let run = newest(&world);
            assert_eq!(world.current(run).error, None);
            match world.current(run).wakes_at {
                Some(until) => world.until(until),
                None => world.complete(run),
            }
        }
        assert_eq!(world.record().enrolments.len(), 2 * limits::ADVANCE_HOPS_MAX + 1);
    }
}
