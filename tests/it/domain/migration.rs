//! D-47: where records go on when a new version takes them along, what stays, and what can be taken back.

mod random;
mod undo;

use chrono::TimeDelta;
use relance::domain::enrolment::migrate::{Conflict, Outcome};
use relance::domain::enrolment::{EndReason, EnrolmentStatus, Ordinal, Signal, StepStatus};
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Owner};
use relance::domain::sequence::migration::{MigrationState, Mode, Moves};
use relance::domain::sequence::{SequenceCommand, SequenceRejection};
use relance::id::SequenceId;

use super::draw::{auto_email, call, early_reply, email, graph, reply, task, update, wait};
use super::world::{COLLEAGUE, World};

const FOLLOW: Mode = Mode::Follow;

fn by(mode: Mode) -> Option<Moves> {
    Some(Moves { mode, map: Default::default() })
}

fn map(pairs: &[(&str, &str)]) -> Option<Moves> {
    let map = pairs.iter().map(|(from, to)| (from.to_string(), to.to_string())).collect();
    Some(Moves { mode: Mode::Map, map })
}

fn hours(hours: i64) -> TimeDelta {
    TimeDelta::hours(hours)
}

/// A record that goes through a sequence of these nodes.
fn running(nodes: &[serde_json::Value]) -> (World, SequenceId, Ordinal) {
    let mut world = World::lead();
    let sequence = world.activate(graph(nodes));
    let run = world.connect(sequence);
    world.deliver();
    (world, sequence, run)
}

fn outcome(world: &World, run: Ordinal) -> Option<Outcome> {
    world.enrolment(run).migrations.last().map(|(_, outcome)| *outcome)
}

#[test]
fn d_47_q_52_unless_somebody_asks_records_stay_on_their_version() {
    for moves in [None, by(Mode::Stay)] {
        let (mut world, sequence, run) = running(&[task("t", "")]);
        let before = world.record().clone();
        world.revise(sequence, graph(&[task("t", "u"), task("u", "")]), moves.clone());
        assert_eq!(*world.record(), before, "{moves:?}");
        assert_eq!(
            world.sequence(sequence).migrations.iter().map(|one| one.state).collect::<Vec<_>>(),
            match moves {
                None => vec![],
                Some(_) => vec![MigrationState::Completed],
            }
        );
        world.complete(run);
        assert_eq!(world.end(run), Some((EnrolmentStatus::Completed, EndReason::SequenceCompleted)), "without u");
    }
}

/// The step that is open goes on as it is, with everything about it; what was done before keeps its name.
#[test]
fn d_47_r_5_follow_keeps_the_open_step_and_goes_on_in_the_new_version() {
    let mut first = task("a", "b");
    first["name"] = "As it was".into();
    let (mut world, sequence, run) = running(&[first, call("b", "")]);
    world.complete(run);
    let until = world.now + hours(5);
    let step = world.current(run).ordinal;
    world.ask(RecordCommand::Snooze { step, until });
    world.ask(RecordCommand::Change(vec![Change::Owner(Owner::User(COLLEAGUE))]));
    let before = world.current(run).clone();
    let mut renamed = call("b", "c");
    renamed["name"] = "As it is".into();
    world.revise(sequence, graph(&[task("x", "b"), renamed, task("c", "")]), by(FOLLOW));
    let after = world.current(run).clone();
    assert_eq!((after.version, after.node, world.node(&after).name.as_str()), (2, 1, "As it is"));
    let pinned = relance::domain::enrolment::Step { version: before.version, node: before.node, ..after.clone() };
    assert_eq!(pinned, before, "snoozed until, counted and assigned as before");
    assert_eq!((world.enrolment(run).version, world.enrolment(run).steps_done), (2, 1));
    assert_eq!(world.node(world.step(run, "a")).name, "As it was");
    world.complete(run);
    assert_eq!(world.visited(run), "a b c");
    assert_eq!(world.node(world.current(run)).id, "c");
    world.check_replay();
}

#[test]
fn d_47_what_has_no_place_in_the_new_version_stays_and_is_counted() {
    let gone = || Conflict::NodeGone("b".into());
    let again = |id: &str| Conflict::DoneAgain(id.into());
    let old = || vec![task("a", "b"), task("b", "c"), task("c", "")];
    // Stands on b, having done a.
    type Case = (&'static str, Vec<serde_json::Value>, Option<Moves>, Result<&'static str, Conflict>);
    let cases: [Case; 12] = [
        ("the same", vec![task("a", "b"), task("b", "")], by(FOLLOW), Ok("b")),
        ("gone", vec![task("a", "c"), task("c", "")], by(FOLLOW), Err(gone())),
        ("mapped", vec![task("a", "c"), task("c", "")], map(&[("b", "c")]), Ok("c")),
        (
            "what is done comes under the name that the map gives it",
            vec![task("b", "c"), task("c", "")],
            map(&[("a", "c")]),
            Err(again("c")),
        ),
        ("unmapped and gone", vec![task("a", "c"), task("c", "")], map(&[("c", "a")]), Err(gone())),
        ("what is done comes again", vec![task("b", "a"), task("a", "")], by(FOLLOW), Err(again("a"))),
        (
            "on one branch",
            vec![email("b", "r"), reply("r", 1, "a", "z"), task("a", ""), task("z", "")],
            by(FOLLOW),
            Err(again("a")),
        ),
        ("another mapped, and not ahead", vec![task("c", "b"), task("b", "")], map(&[("a", "c")]), Ok("b")),
        ("mapped onto what is done", vec![task("a", "z"), task("z", "")], map(&[("b", "a")]), Err(again("a"))),
        ("another kind", vec![call("b", "c"), task("c", "")], by(FOLLOW), Ok("b")),
        ("again", vec![task("a", "b"), task("b", "z"), task("z", "")], by(Mode::Restart), Ok("a")),
        ("again, elsewhere", vec![task("z", "")], by(Mode::Restart), Ok("z")),
    ];
    for (what, new, moves, expected) in cases {
        let (mut world, sequence, run) = running(&old());
        world.complete(run);
        let before = world.record().clone();
        world.revise(sequence, graph(&new), moves);
        match expected {
            Ok(node) => {
                assert_eq!((world.here(run), world.enrolment(run).version), (node, 2), "{what}");
                assert_eq!((world.open_steps(), outcome(&world, run)), (1, Some(Outcome::Moved)), "{what}");
            }
            Err(conflict) => {
                let mut enrolment = world.enrolment(run).clone();
                assert_eq!(enrolment.migrations, [(1, Outcome::Stayed)], "{what}: {conflict:?}");
                enrolment.migrations.clear();
                assert_eq!((&enrolment, &world.record().steps), (&before.enrolments[0], &before.steps), "{what}");
                world.complete(run);
                assert_eq!(world.here(run), "c", "{what}: it goes on in its version");
            }
        }
        world.check_replay();
    }
}

#[test]
fn d_47_a_step_of_another_kind_opens_in_place_of_the_one_before_for_whoever_it_is_for_now() {
    let (mut world, sequence, run) = running(&[task("b", "")]);
    world.ask(RecordCommand::Change(vec![Change::Owner(Owner::User(COLLEAGUE))]));
    world.revise(sequence, graph(&[call("b", "")]), by(FOLLOW));
    let kinds: Vec<_> = world.record().steps.iter().map(|step| (world.node(step).type_name, step.status)).collect();
    assert_eq!(kinds, [("task", StepStatus::Cancelled), ("phone_call", StepStatus::Open)]);
    assert_eq!(world.current(run).assignee, Owner::User(COLLEAGUE));
}

#[test]
fn d_47_a_wait_gets_its_new_span_from_when_it_began() {
    for (span, fires) in [(30, 30), (10, 20), (20, 20)] {
        let (mut world, sequence, run) = running(&[wait("w", 2, 0, "t"), task("t", "")]);
        let began = world.now;
        world.stall(hours(20));
        world.revise(sequence, graph(&[wait("w", 0, span, "t"), task("t", "")]), by(FOLLOW));
        let wakes = began + hours(span);
        assert_eq!((world.current(run).wakes_at, world.current(run).due_at), (Some(wakes), wakes));
        world.pass(hours(40));
        assert_eq!(world.visited(run), "w t", "{span} h: it fires once");
        assert_eq!(world.step(run, "t").opened_at, began + hours(fires), "{span} h: at once if it is over");
    }
}

/// The e-mail that a condition looks at ran in the version before and is still the one.
#[test]
fn d_47_co_10_a_condition_goes_on_with_its_e_mail_and_its_new_limit() {
    let old = |days| vec![auto_email("m", "r"), reply("r", days, "y", "n"), task("y", ""), task("n", "")];
    let cases = [(3, 30, "y"), (1, 30, "n"), (3, 90, "n")];
    for (days, answered, expected) in cases {
        let (mut world, sequence, run) = running(&old(2));
        world.pass(hours(20));
        let mut new = vec![task("x", "m")];
        new.extend(old(days));
        world.revise(sequence, graph(&new), by(FOLLOW));
        let mail = world.step(run, "m").clone();
        assert_eq!(mail.version, 1);
        world.until(mail.opened_at + hours(answered));
        world.ask(RecordCommand::Signal { step: mail.ordinal, signal: Signal::Replied, at: world.now });
        world.pass(hours(100));
        assert_eq!(world.here(run), expected, "{days} days, answered after {answered} h");
        assert_eq!(world.record().steps.iter().filter(|step| step.message.is_some()).count(), 1, "sent once");
    }
}

#[test]
fn d_47_co_12_a_condition_that_moves_on_early_now_does_where_the_answer_is_there() {
    let (mut world, sequence, run) = running(&[auto_email("m", "r"), reply("r", 3, "y", ""), task("y", "")]);
    world.pass(hours(1));
    world.signal(run, "m", Signal::Replied);
    world.revise(sequence, graph(&[auto_email("m", "r"), early_reply("r", 3, "y", ""), task("y", "")]), by(FOLLOW));
    assert_eq!(world.visited(run), "m r y");
}

/// A condition that takes the place of another looks past the one that was cancelled for it.
#[test]
fn d_47_co_10_a_condition_opened_for_a_wait_looks_at_the_e_mail_before() {
    let (mut world, sequence, run) = running(&[auto_email("m", "w"), wait("w", 3, 0, "t"), task("t", "")]);
    world.pass(hours(1));
    world.signal(run, "m", Signal::Replied);
    let new = graph(&[auto_email("m", "r"), reply("r", 1, "y", "t"), task("y", ""), task("t", "")]);
    world.revise(sequence, new, map(&[("w", "r")]));
    world.pass(hours(24));
    assert_eq!(world.visited(run), "m w r y");
}

#[test]
fn d_47_r_4_a_message_is_sent_where_a_move_leads_to_it_and_never_for_one_that_lies_behind() {
    let (mut world, sequence, run) = running(&[auto_email("m", "t"), task("t", "")]);
    world.revise(
        sequence,
        graph(&[auto_email("m", "n"), auto_email("n", "t"), task("t", "u"), task("u", "")]),
        by(FOLLOW),
    );
    world.deliver();
    let sent = |world: &World| world.record().steps.iter().filter(|step| step.message.is_some()).count();
    assert_eq!((world.here(run), sent(&world)), ("t", 1), "n lies before t");
    world.revise(sequence, graph(&[auto_email("n", "u"), task("u", "")]), map(&[("t", "n")]));
    world.deliver();
    assert_eq!((world.here(run), sent(&world)), ("u", 2), "n is what was asked for");
}

#[test]
fn d_47_cm_13_an_action_that_failed_is_tried_as_the_author_mended_it() {
    let (mut world, sequence, run) = running(&[task("t", "f"), update("f", "disposition", "open", "u"), task("u", "")]);
    world.tamper(sequence, |plan| {
        let action = relance::domain::plan::Action::UpdateField { field: "gone".into(), value: "x".into() };
        plan.nodes[1].action = action;
    });
    world.complete(run);
    assert!(world.current(run).error.is_some());
    let mended = [task("t", "f"), update("f", "disposition", "open", "v"), task("v", "")];
    world.revise(sequence, graph(&mended), by(FOLLOW));
    assert_eq!((world.here(run), world.field("disposition")), ("v", Some("open")));
}

#[test]
fn d_47_st_23_a_message_that_became_a_persons_work_goes_on_as_that() {
    let mut world = World::lead();
    world.ask(RecordCommand::Change(vec![Change::Email(None)]));
    let sequence = world.activate(graph(&[auto_email("m", "t"), task("t", "")]));
    let run = world.connect(sequence);
    world.ask(RecordCommand::Change(vec![Change::Email(Some("ada@example.org".into()))]));
    world.revise(sequence, graph(&[auto_email("m", "u"), task("u", "")]), by(FOLLOW));
    assert!(world.current(run).converted && world.ledger.owed.is_empty());
    world.complete(run);
    assert_eq!(world.visited(run), "m u");
}

#[test]
fn d_47_k_9_what_has_not_begun_begins_in_the_new_version() {
    for mode in [FOLLOW, Mode::Map, Mode::Restart] {
        let mut world = World::lead();
        let sequence = world.activate(graph(&[task("a", "")]));
        let run = world.connect_after(sequence, Some(hours(5)));
        world.revise(sequence, graph(&[task("b", "")]), by(mode));
        assert_eq!((world.enrolment(run).status, world.enrolment(run).version), (EnrolmentStatus::Connecting, 2));
        world.pass(hours(5));
        assert_eq!(world.visited(run), "b");
    }
}

#[test]
fn d_47_restart_begins_again_and_counts_anew() {
    let (mut world, sequence, run) = running(&[task("a", "b"), task("b", "c"), task("c", "")]);
    world.complete(run);
    let again = [task("a", "b"), task("b", "")];
    world.revise(sequence, graph(&again), by(Mode::Restart));
    assert_eq!((world.here(run), world.enrolment(run).steps_done), ("a", 0));
    // What was done before it began again counts for no later move.
    world.revise(sequence, graph(&[task("a", "c"), task("c", "b"), task("b", "")]), by(FOLLOW));
    assert_eq!((world.here(run), outcome(&world, run)), ("a", Some(Outcome::Moved)));
    world.complete(run);
    assert_eq!(world.enrolment(run).steps_done, 1);
}

/// TC-8: a record that was won finishes the path it has entered, and no other.
#[test]
fn d_47_tc_8_a_closed_record_stays() {
    let (mut world, sequence, run) = running(&[task("a", "b"), task("b", "")]);
    world.write("disposition", "qualified");
    world.revise(sequence, graph(&[task("a", "z"), task("z", "")]), by(FOLLOW));
    assert_eq!((world.enrolment(run).version, outcome(&world, run)), (1, Some(Outcome::Stayed)));
    world.complete(run);
    assert_eq!(world.here(run), "b");
}

#[test]
fn d_47_a_map_names_steps_that_there_were_and_steps_that_there_are() {
    let cases: [(Moves, &[(&str, &str)]); 4] = [
        (map(&[("a", "b")]).unwrap(), &[]),
        (map(&[("z", "b")]).unwrap(), &[("/migration/map/z", "node_unknown")]),
        (map(&[("a", "z/~")]).unwrap(), &[("/migration/map/a", "node_unknown")]),
        (Moves { mode: FOLLOW, ..map(&[("a", "b")]).unwrap() }, &[("/migration/map", "map_unused")]),
    ];
    for (moves, expected) in cases {
        let (mut world, sequence, _) = running(&[task("a", "")]);
        world.order(sequence, SequenceCommand::Revise).unwrap();
        world.order(sequence, SequenceCommand::SaveGraph(graph(&[task("b", "")]))).unwrap();
        let activate = SequenceCommand::Activate { description: None, migration: Some(moves.clone()), pilot: None };
        let found = match world.order(sequence, activate) {
            Ok(_) => vec![],
            Err(SequenceRejection::Invalid(problems)) => problems,
            Err(other) => panic!("{moves:?}: {other}"),
        };
        let found: Vec<_> = found.iter().map(|problem| (problem.pointer.as_str(), problem.code)).collect();
        assert_eq!(found, expected, "{moves:?}");
    }
}
