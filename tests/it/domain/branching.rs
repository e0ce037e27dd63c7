//! CM-1, CM-12: branches by what the record holds.

use relance::domain::condition::Condition;
use relance::domain::enrolment::{EndReason, EnrolmentStatus, Exit, Ordinal, StepError, StepStatus, WaitState};
use relance::domain::plan::Action;
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Owner};
use relance::id::RecordId;
use serde_json::{Value, json};

use super::draw::{branch, graph, task, update, wait};
use super::world::{COLLEAGUE, World};

fn city(value: &str) -> Value {
    json!({ "field": "city", "op": "eq", "value": value })
}

/// A task, a branch, a task behind each exit.
fn branching(condition: Value) -> relance::domain::sequence::graph::Graph {
    graph(&[task("t", "b"), branch("b", condition, "yes", "no"), task("yes", ""), task("no", "")])
}

#[test]
fn cm_1_takes_yes_or_no_at_once_by_what_the_record_holds_then() {
    for (written, expected, exit) in [("lugo", "yes", Exit::Yes), ("Vigo", "no", Exit::No)] {
        let mut world = World::lead();
        let run = world.run(branching(city("Lugo")));
        world.write("city", written);
        world.complete(run);
        assert_eq!(world.here(run), expected);
        let step = world.step(run, "b");
        assert_eq!((step.exit, step.wait, step.completed_at), (Some(exit), WaitState::None, Some(world.now)));
        assert_eq!(world.enrolment(run).steps_done, 1, "TC-1: a command is no step");
        // What is written afterwards changes nothing.
        world.write("city", "Ourense");
        assert_eq!(world.here(run), expected);
    }
}

#[test]
fn cm_1_looks_through_to_the_owner() {
    let condition =
        json!({ "related": "owner", "condition": { "field": "roles", "op": "contains", "value": "sales_manager" } });
    for (owner, expected) in [(None, "no"), (Some(COLLEAGUE), "yes")] {
        let mut world = World::lead();
        let run = world.run(branching(condition.clone()));
        if let Some(owner) = owner {
            world.ask(RecordCommand::Change(vec![Change::Owner(Owner::User(owner))]));
        }
        world.by = owner.unwrap_or(world.by);
        world.complete(run);
        assert_eq!(world.here(run), expected);
    }
}

#[test]
fn cm_1_sees_what_a_command_before_it_has_written() {
    let mut world = World::lead();
    let is_open = json!({ "field": "disposition", "op": "eq", "value": "open" });
    let drawn = [update("k", "disposition", "open", "b"), branch("b", is_open, "t", ""), task("t", "")];
    let run = world.run(graph(&drawn));
    assert_eq!(world.visited(run), "k b t");
}

/// An enrolment that stands on a branch whose field the record's type does not have any more.
fn lacking() -> (World, Ordinal) {
    let mut world = World::lead();
    let sequence = world.activate(branching(city("Lugo")));
    let run = world.connect(sequence);
    let gone: Condition = serde_json::from_value(json!({ "field": "gone", "op": "eq", "value": "x" })).unwrap();
    world.tamper(sequence, |plan| plan.nodes[1].action = Action::FieldCondition(gone));
    world.complete(run);
    (world, run)
}

#[test]
fn cm_12_a_record_that_lacks_the_field_stays_on_the_node_with_an_error() {
    let (mut world, run) = lacking();
    let step = world.current(run).clone();
    assert_eq!((world.here(run), step.error, step.status), ("b", Some(StepError::FieldMissing), StepStatus::Open));
    let ordinal = step.ordinal;
    let complete = RecordCommand::Complete { step: ordinal, note: None, call_result: None };
    assert_eq!(world.refused(complete), RecordRejection::StepWaits);
    assert_eq!(world.refused(RecordCommand::SkipWait(ordinal)), RecordRejection::NotWaiting);
    // Tried again it is still missing, and that is not said twice.
    assert_eq!(world.ask(RecordCommand::Retry(ordinal)), []);
    world.write("city", "Lugo");
    assert_eq!(world.here(run), "b");
}

#[test]
fn cm_12_it_goes_on_when_the_field_appears() {
    for by_itself in [false, true] {
        let (mut world, run) = lacking();
        let (sequence, step) = (world.enrolment(run).sequence, world.current(run).ordinal);
        let known: Condition = serde_json::from_value(city("Lugo")).unwrap();
        world.tamper(sequence, |plan| plan.nodes[1].action = Action::FieldCondition(known));
        match by_itself {
            true => world.write("city", "Lugo"),
            false => drop(world.ask(RecordCommand::Retry(step))),
        }
        assert_eq!(world.here(run), if by_itself { "yes" } else { "no" });
        assert_eq!(world.step(run, "b").error, None);
        world.check_replay();
    }
}

#[test]
fn cm_12_skipping_it_takes_no() {
    let (mut world, run) = lacking();
    world.skip(run);
    assert_eq!((world.here(run), world.step(run, "b").exit), ("no", Some(Exit::No)));
}

#[test]
fn cm_12_another_record_that_is_not_there_is_missing_and_an_empty_lookup_is_empty() {
    let condition = json!({ "related": "primary_contact", "condition": city("Lugo") });
    let mut world = World::lead();
    let run = world.run(branching(condition.clone()));
    world.complete(run);
    assert_eq!(world.here(run), "no", "D-60");
    let mut world = World::lead();
    world.ask(RecordCommand::Change(vec![Change::PrimaryContact(Some(RecordId(9)))]));
    let run = world.run(branching(condition));
    world.complete(run);
    assert_eq!((world.here(run), world.current(run).error), ("b", Some(StepError::FieldMissing)));
    // The lookup is cleared, so there is something to answer.
    world.ask(RecordCommand::Change(vec![Change::PrimaryContact(None)]));
    assert_eq!(world.here(run), "no");
}

#[test]
fn d_60_an_empty_field_is_an_ordinary_value() {
    for (op, expected) in
        [("eq", "no"), ("ne", "yes"), ("not_contains", "yes"), ("has_value", "no"), ("no_value", "yes")]
    {
        let mut condition = json!({ "field": "city", "op": op });
        if !op.ends_with("_value") {
            condition["value"] = json!("Lugo");
        }
        let mut world = World::lead();
        let run = world.run(branching(condition));
        world.complete(run);
        assert_eq!(world.here(run), expected, "{op}");
    }
}

#[test]
fn cm_12_a_closed_record_does_not_wait_for_its_field() {
    let (mut world, run) = lacking();
    world.ask(RecordCommand::Close(relance::domain::record::schema::Outcome::Failure));
    let ended = (EnrolmentStatus::Disconnected, EndReason::RegardingEntityDeactivated);
    assert_eq!(world.end(run), Some(ended), "K-13");
    world.write("city", "Lugo");
    assert_eq!(world.end(run), Some(ended));
}

#[test]
fn cm_17_days_are_those_of_the_instant_at_which_the_branch_is_reached() {
    let young = json!({ "field": "created_at", "op": "last_n_days", "value": 3 });
    for (days, expected) in [(3, "yes"), (4, "no")] {
        let mut world = World::lead();
        let drawn = [wait("w", days, 0, "b"), branch("b", young.clone(), "yes", "no"), task("yes", ""), task("no", "")];
        let run = world.run(graph(&drawn));
        world.pass(chrono::TimeDelta::days(days));
        assert_eq!(world.here(run), expected, "after {days} days");
    }
}
