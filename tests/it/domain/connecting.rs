//! §10: which records may be connected, when the first step opens, and how a person takes them out again.

use chrono::TimeDelta;
use relance::domain::enrolment::{EndReason, EnrolmentStatus, StepStatus};
use relance::domain::plan::AssignTo;
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Outcome, Owner, RecordType};
use relance::domain::sequence::{Property, SequenceCommand};
use relance::id::{SequenceId, UserId};

use super::draw::{auto_email, graph, task, update, wait};
use super::world::{COLLEAGUE, SELLER, TEAM, World, given};

fn connect(sequence: SequenceId) -> RecordCommand {
    RecordCommand::Connect { sequence, wait: None, source: None }
}

#[test]
fn k_11_the_first_step_opens_at_once() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[task("t", "")]));
    let source = Some("fair".to_owned());
    world.ask(RecordCommand::Connect { sequence, wait: None, source: source.clone() });
    let held = world.record().enrolments[0].clone();
    assert_eq!((held.status, held.connected_at, held.connected_by), (EnrolmentStatus::Connected, world.now, SELLER));
    assert_eq!((held.source, held.version), (source, 1));
    assert_eq!((world.here(held.ordinal), world.current(held.ordinal).opened_at), ("t", world.now));
}

#[test]
fn k_5_a_record_carries_several_sequences_at_once_and_they_move_apart() {
    let mut world = World::lead();
    let runs = [(); 3].map(|()| world.run(graph(&[task("a", "b"), task("b", "")])));
    world.complete(runs[1]);
    assert_eq!(runs.map(|run| world.here(run).to_owned()), ["a", "b", "a"]);
    world.complete(runs[1]);
    assert_eq!(world.record().live().count(), 2);
}

#[test]
fn k_6_the_same_sequence_twice_is_refused_while_the_first_is_live() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[task("t", "")]));
    let run = world.connect(sequence);
    for by in [SELLER, COLLEAGUE] {
        world.by = by;
        assert_eq!(world.refused(connect(sequence)), RecordRejection::AlreadyConnected);
    }
    world.complete(run);
    let again = world.connect(sequence);
    assert_ne!(again, run);
}

#[test]
fn k_6_a_connecting_enrolment_refuses_a_second_one_too() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[task("t", "")]));
    world.connect_after(sequence, Some(TimeDelta::days(1)));
    assert_eq!(world.refused(connect(sequence)), RecordRejection::AlreadyConnected);
}

#[test]
fn d_44_with_the_connecting_person_as_assignee_only_the_same_person_is_refused() {
    let mut world = World::lead();
    let properties = vec![Property::AssignTo(AssignTo::CurrentUser)];
    let sequence = world.activate_with(graph(&[task("t", "")]), properties);
    let own = world.connect(sequence);
    assert_eq!(world.refused(connect(sequence)), RecordRejection::AlreadyConnected);
    world.by = COLLEAGUE;
    let other = world.connect(sequence);
    assert_eq!(world.refused(connect(sequence)), RecordRejection::AlreadyConnected);
    let assignees = [own, other].map(|run| world.current(run).assignee);
    assert_eq!(assignees, [Owner::User(SELLER), Owner::User(COLLEAGUE)], "Q-24");
}

#[test]
fn q_20_steps_go_to_the_record_owner_and_q_28_a_later_owner_gets_later_steps() {
    let mut world = World::lead();
    world.ask(RecordCommand::Change(vec![Change::Owner(Owner::User(COLLEAGUE))]));
    world.by = COLLEAGUE;
    let run = world.run(graph(&[task("a", "b"), task("b", "")]));
    assert_eq!(world.current(run).assignee, Owner::User(COLLEAGUE));
    world.ask(RecordCommand::Change(vec![Change::Owner(Owner::Team(TEAM))]));
    assert_eq!(world.current(run).assignee, Owner::User(COLLEAGUE), "the open step stays where it is");
    world.complete(run);
    assert_eq!(world.current(run).assignee, Owner::Team(TEAM));
}

#[test]
fn k_7_q_44_only_an_active_sequence_connects() {
    let mut world = World::lead();
    let draft = world.draft(graph(&[task("t", "")]));
    assert_eq!(world.refused(connect(draft)), RecordRejection::SequenceNotActive);
    world.order(draft, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    world.deactivate(draft);
    assert_eq!(world.refused(connect(draft)), RecordRejection::SequenceNotActive);
    assert_eq!(world.refused(connect(SequenceId(9))), RecordRejection::SequenceNotFound);
}

#[test]
fn k_7_a_closed_record_connects_to_nothing_until_it_is_reopened() {
    for outcome in [Outcome::None, Outcome::Success, Outcome::Failure] {
        let mut world = World::lead();
        let sequence = world.activate(graph(&[task("t", "")]));
        world.ask(RecordCommand::Close(outcome));
        assert_eq!(world.refused(connect(sequence)), RecordRejection::RecordInactive);
        world.ask(RecordCommand::Reopen);
        world.connect(sequence);
    }
}

#[test]
fn k_7_the_types_of_record_and_sequence_match() {
    for kind in RecordType::BUILT_IN {
        for other in RecordType::BUILT_IN {
            let mut drawn = World::of(kind);
            let sequence = drawn.activate(graph(&[task("t", "")]));
            let mut world = World::of(other);
            world.given = drawn.given.clone();
            let expected =
                (kind != other).then_some(RecordRejection::RecordTypeMismatch { wanted: kind, found: other });
            assert_eq!(world.try_ask(connect(sequence)).err(), expected);
        }
    }
}

#[test]
fn k_9_with_a_wait_the_enrolment_is_connecting_until_the_time_has_passed() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[task("t", "")]));
    let run = world.connect_after(sequence, Some(TimeDelta::hours(36)));
    let opens = world.now + TimeDelta::hours(36);
    assert_eq!(
        (world.enrolment(run).status, world.enrolment(run).opens_at),
        (EnrolmentStatus::Connecting, Some(opens))
    );
    assert_eq!(world.open_steps(), 0);
    world.pass(TimeDelta::hours(36) - TimeDelta::milliseconds(1));
    assert_eq!(world.enrolment(run).status, EnrolmentStatus::Connecting);
    world.pass(TimeDelta::milliseconds(1));
    assert_eq!((world.enrolment(run).status, world.here(run)), (EnrolmentStatus::Connected, "t"));
    assert_eq!(world.current(run).opened_at, opens);
}

#[test]
fn k_9_a_connecting_enrolment_keeps_the_version_it_was_connected_to() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[task("old", "")]));
    let run = world.connect_after(sequence, Some(TimeDelta::days(1)));
    // Deactivated and activated again with a change before the outbox asked the record to leave.
    world.order(sequence, SequenceCommand::Deactivate { force: false }).unwrap();
    world.order(sequence, SequenceCommand::SaveGraph(graph(&[task("new", "")]))).unwrap();
    world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    world.pass(TimeDelta::days(1));
    assert_eq!((world.here(run), world.enrolment(run).version), ("old", 1), "Q-52");
}

#[test]
fn k_9_what_needs_nobody_runs_when_the_wait_ends() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[auto_email("m", "k"), update("k", "disposition", "open", "")]));
    let run = world.connect_after(sequence, Some(TimeDelta::days(1)));
    assert!(world.ledger.owed.is_empty());
    world.pass(TimeDelta::days(1));
    assert_eq!(world.end(run), Some((EnrolmentStatus::Completed, EndReason::SequenceCompleted)));
}

#[test]
fn k_12_a_person_disconnects_and_what_was_open_is_cancelled() {
    for (first, waits) in [(task("n", "t"), false), (wait("n", 2, 0, "t"), true)] {
        let mut world = World::lead();
        let run = world.run(graph(&[first, task("t", "")]));
        assert_eq!(!world.ledger.armed.is_empty(), waits);
        world.pass(TimeDelta::hours(1));
        world.ask(RecordCommand::Disconnect(run));
        assert_eq!(world.end(run), Some((EnrolmentStatus::Disconnected, EndReason::UserDisconnected)));
        assert_eq!(world.step(run, "n").status, StepStatus::Cancelled);
        assert!(world.ledger.armed.is_empty());
        let held = world.enrolment(run);
        assert_eq!(held.current, Some(world.step(run, "n").ordinal), "the step it stood on is remembered");
        assert_eq!(held.ended_at, Some(world.now));
        assert_eq!(world.refused(RecordCommand::Disconnect(run)), RecordRejection::EnrolmentEnded);
    }
}

#[test]
fn k_12_a_connecting_enrolment_can_be_disconnected_and_its_timer_goes() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[task("t", "")]));
    let run = world.connect_after(sequence, Some(TimeDelta::days(1)));
    world.ask(RecordCommand::Disconnect(run));
    assert!(world.ledger.armed.is_empty());
    assert_eq!(world.refused(RecordCommand::Fire(run)), RecordRejection::Stale);
    assert_eq!(world.refused(RecordCommand::Disconnect(run + 1)), RecordRejection::EnrolmentNotFound);
}

#[test]
fn r_1_a_timer_fires_when_it_is_due_and_once() {
    let mut world = World::lead();
    let run = world.run(graph(&[wait("w", 1, 0, "t"), task("t", "")]));
    let key = world.current(run).ordinal;
    assert_eq!(world.refused(RecordCommand::Fire(key)), RecordRejection::NotDue);
    world.stall(TimeDelta::days(3));
    world.ask(RecordCommand::Fire(key));
    assert_eq!((world.here(run), world.current(run).opened_at), ("t", world.now), "late, it opens when it fired");
    let next = world.current(run).ordinal;
    for stale in [key, run, next, 99] {
        assert_eq!(world.refused(RecordCommand::Fire(stale)), RecordRejection::Stale, "{stale}");
    }
}

#[test]
fn r_1_a_timer_whose_plan_is_not_at_hand_is_kept() {
    let mut world = World::lead();
    let waiting = world.run(graph(&[wait("w", 1, 0, "t"), task("t", "")]));
    let sequence = world.activate(graph(&[task("t", "")]));
    let connecting = world.connect_after(sequence, Some(TimeDelta::days(1)));
    let keys = [world.current(waiting).ordinal, connecting];
    let plans = std::mem::take(&mut world.given.plans);
    world.stall(TimeDelta::days(2));
    for key in keys {
        assert_eq!(world.refused(RecordCommand::Fire(key)), RecordRejection::SequenceNotFound, "not stale");
    }
    world.given.plans = plans;
    world.until(world.now);
    assert_eq!([waiting, connecting].map(|run| world.here(run).to_owned()), ["t", "t"]);
}

#[test]
fn k_9_a_timer_of_a_connecting_enrolment_does_not_fire_early() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[task("t", "")]));
    let run = world.connect_after(sequence, Some(TimeDelta::days(1)));
    assert_eq!(world.refused(RecordCommand::Fire(run)), RecordRejection::NotDue);
}

#[test]
fn q_56_deactivating_disconnects_every_live_enrolment_of_that_sequence_only() {
    let mut world = World::lead();
    let properties = vec![Property::AssignTo(AssignTo::CurrentUser)];
    let sequence = world.activate_with(graph(&[wait("w", 2, 0, "t"), task("t", "")]), properties);
    let bystander = world.run(graph(&[task("t", "")]));
    let done = world.connect(sequence);
    world.skip(done);
    world.complete(done);
    let mut runs = vec![world.connect(sequence)];
    for (by, wait) in [(COLLEAGUE, None), (UserId::ADMINISTRATOR, Some(TimeDelta::days(1)))] {
        world.by = by;
        runs.push(world.connect_after(sequence, wait));
    }
    world.deactivate(sequence);
    for run in runs {
        let left = Some((EnrolmentStatus::Disconnected, EndReason::ParentSequenceDeactivated));
        assert_eq!(world.end(run), left);
    }
    assert_eq!(world.end(done), Some((EnrolmentStatus::Completed, EndReason::SequenceCompleted)));
    assert_eq!(world.end(bystander), None);
    let idle = world.ask(RecordCommand::LeaveSequence { sequence, until: world.now });
    assert_eq!(idle, [], "asked again, there is nothing left to do");
}

#[test]
fn q_56_records_connected_after_the_deactivation_stay() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[task("t", "")]));
    let until = world.now;
    world.order(sequence, SequenceCommand::Deactivate { force: false }).unwrap();
    world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    world.stall(TimeDelta::seconds(1));
    let run = world.connect(sequence);
    world.ask(RecordCommand::LeaveSequence { sequence, until });
    assert_eq!(world.end(run), None);
}

#[test]
fn q_56_re_activation_revives_nothing() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[task("t", "")]));
    let run = world.connect(sequence);
    world.deactivate(sequence);
    world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    assert_eq!(world.end(run), Some((EnrolmentStatus::Disconnected, EndReason::ParentSequenceDeactivated)));
    world.connect(sequence);
}

#[test]
fn nothing_can_be_asked_of_a_record_that_was_never_created() {
    let mut world = World::empty();
    world.given = given();
    for command in [connect(SequenceId(1)), RecordCommand::Fire(1), RecordCommand::Close(Outcome::None)] {
        assert_eq!(world.refused(command), RecordRejection::NotFound);
    }
}
