//! What the end of a record means for its enrolments: K-13 with its refinement TC-8, read as in D-59.

use chrono::TimeDelta;
use relance::domain::enrolment::{EndReason, EnrolmentStatus, StepStatus};
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Outcome, RecordState};
use relance::domain::sequence::graph::Graph;

use super::draw::{answered, auto_email, call, early_reply, email, graph, reply, task, update, wait};
use super::world::World;

const GONE: Option<(EnrolmentStatus, EndReason)> =
    Some((EnrolmentStatus::Disconnected, EndReason::RegardingEntityDeactivated));
const COMPLETED: Option<(EnrolmentStatus, EndReason)> =
    Some((EnrolmentStatus::Completed, EndReason::SequenceCompleted));

#[test]
fn k_13_a_failure_or_a_deactivation_ends_every_enrolment_at_once() {
    for outcome in [Outcome::Failure, Outcome::None] {
        let mut world = World::lead();
        let seller = world.run(graph(&[task("a", "b"), task("b", "")]));
        let waiting = world.run(graph(&[wait("w", 1, 0, "t"), task("t", "")]));
        let sequence = world.activate(graph(&[task("t", "")]));
        let connecting = world.connect_after(sequence, Some(TimeDelta::days(1)));
        world.ask(RecordCommand::Close(outcome));
        assert_eq!([seller, waiting, connecting].map(|run| world.end(run)), [GONE; 3], "{outcome:?}");
        assert_eq!((world.open_steps(), world.ledger.armed.len()), (0, 0));
        assert_eq!(world.step(seller, "a").status, StepStatus::Cancelled);
        assert_eq!((world.record().state, world.record().outcome), (RecordState::Inactive, outcome));
    }
}

/// R-34 as well: no criterion of its own is needed.
#[test]
fn tc_8_d_59_a_success_keeps_an_enrolment_with_a_seller_step_after_the_current_node_on_any_exit() {
    let stays: &[(&str, Graph)] = &[
        ("a task behind a task", graph(&[task("a", "b"), task("b", "")])),
        ("behind a wait", graph(&[wait("w", 1, 0, "t"), task("t", "")])),
        ("behind an automated e-mail", graph(&[task("a", "m"), auto_email("m", "t"), task("t", "")])),
        ("behind a command", graph(&[task("a", "k"), update("k", "disposition", "open", "t"), task("t", "")])),
        ("on Yes only", graph(&[email("m", "c"), reply("c", 1, "t", ""), task("t", "")])),
        ("on No only", graph(&[call("l", "c"), answered("c", &["made"], "", "t"), task("t", "")])),
    ];
    let leaves: &[(&str, Graph)] = &[
        ("the last seller step", graph(&[task("a", "")])),
        ("only a message ahead", graph(&[task("a", "m"), auto_email("m", "")])),
        ("only a wait and a message ahead", graph(&[task("a", "w"), wait("w", 1, 0, "m"), auto_email("m", "")])),
        ("only a command ahead", graph(&[task("a", "k"), update("k", "disposition", "open", "")])),
    ];
    for (table, end) in [(stays, None), (leaves, GONE)] {
        for (what, drawn) in table {
            let mut world = World::lead();
            let run = world.run(drawn.clone());
            world.ask(RecordCommand::Close(Outcome::Success));
            assert_eq!(world.end(run), end, "{what}");
        }
    }
}

#[test]
fn d_59_what_was_kept_runs_to_its_end_on_the_closed_record() {
    let nodes = [
        task("qualify", "w"),
        wait("w", 1, 0, "m"),
        auto_email("m", "c"),
        early_reply("c", 1, "", "meet"),
        task("meet", "k"),
        update("k", "disposition", "open", ""),
    ];
    let mut world = World::lead();
    let run = world.run(graph(&nodes));
    world.ask(RecordCommand::Close(Outcome::Success));
    world.complete(run);
    world.pass(TimeDelta::days(2));
    assert_eq!(world.here(run), "meet");
    world.complete(run);
    assert_eq!((world.end(run), world.field("disposition")), (COMPLETED, Some("open")), "update_field still works");
    assert_eq!((world.record().state, world.record().outcome), (RecordState::Inactive, Outcome::Success));
}

#[test]
fn d_59_the_path_already_entered_finishes_although_no_seller_step_is_left_later_on() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("a", "b"), task("b", "w"), wait("w", 1, 0, "m"), auto_email("m", "")]));
    world.ask(RecordCommand::Close(Outcome::Success));
    world.complete(run);
    world.complete(run);
    world.pass(TimeDelta::days(1));
    assert_eq!((world.end(run), world.visited(run).as_str()), (COMPLETED, "a b w m"));
}

#[test]
fn d_59_while_connecting_any_closing_ends_it() {
    for outcome in [Outcome::None, Outcome::Success, Outcome::Failure] {
        let mut world = World::lead();
        let sequence = world.activate(graph(&[task("a", "b"), task("b", "")]));
        let run = world.connect_after(sequence, Some(TimeDelta::days(1)));
        world.ask(RecordCommand::Close(outcome));
        assert_eq!((world.end(run), world.ledger.armed.len()), (GONE, 0), "{outcome:?}");
    }
}

#[test]
fn d_69_a_person_who_writes_the_disposition_closes_as_k_13_and_tc_8_say() {
    for (value, kept, last) in [("disqualified", GONE, GONE), ("qualified", None, GONE), ("open", None, None)] {
        let mut world = World::lead();
        let with_more = world.run(graph(&[task("a", "b"), task("b", "")]));
        let at_its_last = world.run(graph(&[task("a", "")]));
        world.write("disposition", value);
        assert_eq!((world.end(with_more), world.end(at_its_last)), (kept, last), "{value}");
    }
}

#[test]
fn d_69_a_command_that_closes_the_record_ends_the_other_enrolments_too() {
    for (value, with_more, last) in [("disqualified", GONE, GONE), ("qualified", None, GONE)] {
        let mut world = World::lead();
        let other = world.run(graph(&[task("a", "b"), task("b", "")]));
        let another = world.run(graph(&[task("a", "")]));
        let writing = world.run(graph(&[update("k", "disposition", value, "")]));
        assert_eq!([other, another, writing].map(|run| world.end(run)), [with_more, last, COMPLETED], "{value}");
    }
}

#[test]
fn tc_8_in_the_webinar_template_qualifying_leaves_the_meeting_to_be_set_up() {
    let template = relance::domain::template::sequence_template("T6").unwrap();
    let mut world = World::lead();
    let run = world.run(template.graph(relance::domain::template::Language::En));
    world.deliver();
    world.signal(run, "1", relance::domain::enrolment::Signal::Replied);
    world.complete(run);
    assert_eq!(world.here(run), "9");
    world.write("disposition", "qualified");
    world.complete(run);
    assert_eq!(world.here(run), "10");
    world.complete(run);
    assert_eq!(world.end(run), COMPLETED);
}

#[test]
fn k_13_a_record_is_closed_once_and_opened_again() {
    let mut world = World::lead();
    assert_eq!(world.ask(RecordCommand::Reopen), [], "it is open");
    world.ask(RecordCommand::Close(Outcome::Failure));
    assert_eq!(world.refused(RecordCommand::Close(Outcome::Success)), RecordRejection::RecordInactive);
    world.ask(RecordCommand::Reopen);
    assert_eq!((world.record().state, world.record().outcome), (RecordState::Active, Outcome::None));
}

#[test]
fn k_13_reopening_revives_no_enrolment() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("a", "")]));
    world.ask(RecordCommand::Close(Outcome::Failure));
    world.ask(RecordCommand::Reopen);
    assert_eq!((world.end(run), world.record().live().count()), (GONE, 0));
}

/// §21.4: late and repeated news of a closing is legal.
#[test]
fn what_is_closed_stays_as_it_was_closed_whatever_is_told_later() {
    let mut world = World::lead();
    world.ask(RecordCommand::ReportClosed(Outcome::Success));
    assert_eq!((world.record().state, world.record().outcome), (RecordState::Inactive, Outcome::Success));
    assert_eq!(world.ask(RecordCommand::ReportClosed(Outcome::Failure)), []);
    assert_eq!(world.refused(RecordCommand::Close(Outcome::Failure)), RecordRejection::RecordInactive);
    world.check_replay();
}
