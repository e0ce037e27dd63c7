//! §11.1 and §11.2: how an enrolment moves along its nodes, and what a seller may do with each step.

use chrono::TimeDelta;
use relance::domain::enrolment::{EndReason, EnrolmentStatus, Signal, StepStatus, WaitState};
use relance::domain::entity::{Entity, Stamp};
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::sequence::SequenceCommand;
use relance::limits;

use super::draw::{auto_email, call, early_reply, email, graph, linkedin, reply, task, update, wait};
use super::world::World;

const COMPLETED: Option<(EnrolmentStatus, EndReason)> =
    Some((EnrolmentStatus::Completed, EndReason::SequenceCompleted));

/// Every command that acts on one step.
fn seller_actions(world: &World, step: u32) -> [RecordCommand; 5] {
    [
        RecordCommand::Complete { step, note: None, call_result: None },
        RecordCommand::Skip(step),
        RecordCommand::Snooze { step, until: world.now + TimeDelta::hours(1) },
        RecordCommand::SkipWait(step),
        RecordCommand::Retry(step),
    ]
}

#[test]
fn r_1_a_step_that_needs_the_seller_stays_open_and_the_rest_runs_at_once() {
    // (first node, the node the enrolment stands on)
    let table = [
        (email("n", "t"), "n"),
        (call("n", "t"), "n"),
        (task("n", "t"), "n"),
        (linkedin("li_research", "n", "t"), "n"),
        (wait("n", 1, 0, "t"), "n"),
        (auto_email("n", "t"), "t"),
        (update("n", "disposition", "open", "t"), "t"),
    ];
    for (node, expected) in table {
        let mut world = World::lead();
        let run = world.run(graph(&[node.clone(), task("t", "")]));
        assert_eq!((world.here(run), world.open_steps()), (expected, 1), "{node}");
    }
}

#[test]
fn r_2_an_edge_leads_on_and_no_edge_completes_the_enrolment() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("a", "b"), task("b", "")]));
    world.complete(run);
    assert_eq!((world.here(run), world.end(run)), ("b", None));
    world.pass(TimeDelta::hours(1));
    world.complete(run);
    assert_eq!((world.end(run), world.enrolment(run).ended_at), (COMPLETED, Some(world.now)));
    assert_eq!(world.open_steps(), 0);
}

#[test]
fn r_2_an_empty_exit_of_a_condition_completes_the_enrolment() {
    let mut world = World::lead();
    let run = world.run(graph(&[email("mail", "c"), early_reply("c", 1, "", "t"), task("t", "")]));
    world.complete(run);
    world.signal(run, "mail", Signal::Replied);
    assert_eq!((world.end(run), world.visited(run).as_str()), (COMPLETED, "mail c"));
}

#[test]
fn r_3_a_step_is_due_when_it_opens_and_keeps_that_instant_when_snoozed() {
    let mut world = World::lead();
    let run = world.run(graph(&[wait("w", 1, 0, "t"), task("t", "")]));
    world.pass(TimeDelta::days(1));
    let step = world.current(run).clone();
    assert_eq!((step.opened_at, step.due_at), (world.now, world.now));
    let until = world.now + TimeDelta::days(2);
    world.ask(RecordCommand::Snooze { step: step.ordinal, until });
    assert_eq!((world.current(run).opened_at, world.current(run).due_at), (world.now, until));
}

#[test]
fn d_64_a_wait_is_due_when_it_wakes() {
    let mut world = World::lead();
    let run = world.run(graph(&[wait("w", 3, 4, "t"), task("t", "")]));
    let step = world.current(run);
    assert_eq!((step.due_at, step.wakes_at), (world.now + TimeDelta::hours(76), Some(step.due_at)));
}

#[test]
fn r_5_a_later_version_changes_no_open_work() {
    let mut world = World::lead();
    let mut first = task("t", "");
    first["name"] = "As it was".into();
    let sequence = world.activate(graph(&[first]));
    let run = world.connect(sequence);
    world.order(sequence, SequenceCommand::Deactivate { force: false }).unwrap();
    let mut second = task("t", "");
    second["name"] = "As it is".into();
    world.order(sequence, SequenceCommand::SaveGraph(graph(&[second]))).unwrap();
    world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    assert_eq!(world.node(world.current(run)).name, "As it was");
    world.ask(RecordCommand::Disconnect(run));
    let again = world.connect(sequence);
    assert_eq!((world.enrolment(again).version, world.node(world.current(again)).name.as_str()), (2, "As it is"));
}

#[test]
fn r_10_completing_stamps_the_step_keeps_the_note_and_moves_on() {
    for kind in ["email", "phone_call", "task", "li_research", "li_intro", "li_connect", "li_inmail"] {
        let mut node = linkedin(kind, "n", "t");
        node["name"] = "n".into();
        let mut world = World::lead();
        let run = world.run(graph(&[node, task("t", "")]));
        world.pass(TimeDelta::hours(2));
        let step = world.current(run).ordinal;
        let note = Some("asked for a quote".to_owned());
        let events = world.ask(RecordCommand::Complete { step, note, call_result: None });
        let noted = RecordEvent::Noted { step, text: "asked for a quote".into() };
        assert!(events.contains(&noted), "ST-1, ST-5, ST-6, LI-10: {kind}");
        let done = world.step(run, "n");
        assert_eq!((done.status, done.completed_at), (StepStatus::Completed, Some(world.now)), "{kind}");
        assert_eq!((world.here(run), world.enrolment(run).steps_done), ("t", 1), "{kind}");
    }
}

#[test]
fn r_10_a_wait_or_a_waiting_condition_cannot_be_completed() {
    let waiting = graph(&[wait("w", 1, 0, "t"), task("t", "")]);
    let asking = graph(&[auto_email("mail", "c"), reply("c", 1, "t", ""), task("t", "")]);
    for drawn in [waiting, asking] {
        let mut world = World::lead();
        let run = world.run(drawn);
        let step = world.current(run).ordinal;
        let complete = RecordCommand::Complete { step, note: None, call_result: None };
        assert_eq!(world.refused(complete), RecordRejection::StepWaits);
    }
}

#[test]
fn r_11_skipping_stamps_the_step_counts_it_and_opens_the_next() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("a", "b"), task("b", "")]));
    world.pass(TimeDelta::hours(1));
    world.skip(run);
    let skipped = world.step(run, "a");
    assert_eq!((skipped.status, skipped.completed_at), (StepStatus::Skipped, Some(world.now)));
    assert_eq!((world.here(run), world.enrolment(run).steps_done), ("b", 1));
}

/// LI-1 to LI-4, LI-11: LI-1, LI-2, LI-3 and LI-4 are tasks of the seller, also without the integration.
#[test]
fn li_10_a_linkedin_step_is_completed_skipped_or_snoozed() {
    for kind in ["li_research", "li_intro", "li_connect", "li_inmail"] {
        let mut world = World::lead();
        let run = world.run(graph(&[linkedin(kind, "n", "t"), task("t", "")]));
        let step = world.current(run).ordinal;
        world.ask(RecordCommand::Snooze { step, until: world.now + TimeDelta::days(1) });
        assert_eq!(world.current(run).snoozes, 1, "{kind}");
        world.skip(run);
        assert_eq!(world.here(run), "t", "{kind}");
    }
}

#[test]
fn r_13_each_snooze_is_counted_and_moves_the_due_date_only() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("t", "")]));
    let step = world.current(run).ordinal;
    for count in 1..=3 {
        let until = world.now + TimeDelta::days(count);
        world.ask(RecordCommand::Snooze { step, until });
        let seen = world.current(run);
        assert_eq!((i64::from(seen.snoozes), seen.due_at, seen.status), (count, until, StepStatus::Open));
    }
    world.pass(TimeDelta::days(10));
    assert_eq!(world.here(run), "t", "a snooze that ends does nothing by itself");
}

#[test]
fn r_13_a_snooze_leads_to_the_future() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("t", "")]));
    let step = world.current(run).ordinal;
    for (offset, allowed) in [(-1_000, false), (0, false), (1, true)] {
        let snooze = RecordCommand::Snooze { step, until: world.now + TimeDelta::milliseconds(offset) };
        let expected = if allowed { None } else { Some(RecordRejection::SnoozeInPast) };
        assert_eq!(world.try_ask(snooze).err(), expected, "{offset} ms");
    }
}

/// L-12.
#[test]
fn r_13_ten_thousand_snoozes_are_the_most() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("t", "")]));
    let step = world.current(run).ordinal;
    let most = limits::SNOOZES_MAX;
    assert_eq!(most, 10_000);
    let (given, stamp) = (world.given.clone(), Stamp { at: world.now, by: world.by });
    for (snoozes, allowed) in [(most - 1, true), (most, false)] {
        let mut record = world.record().clone();
        record.steps[0].snoozes = snoozes;
        let snooze = RecordCommand::Snooze { step, until: world.now + TimeDelta::days(1) };
        let answer = record.decide(world.id, &given, snooze, stamp);
        assert_eq!(answer.err(), (!allowed).then_some(RecordRejection::SnoozeNotAllowed));
    }
}

#[test]
fn r_14_skipping_the_wait_opens_the_next_step_now_and_keeps_the_time() {
    let mut world = World::lead();
    let run = world.run(graph(&[wait("w", 2, 0, "t"), task("t", "")]));
    world.pass(TimeDelta::hours(3));
    world.skip_wait(run);
    let wait = world.step(run, "w");
    assert_eq!((wait.status, wait.wait), (StepStatus::Completed, WaitState::Skipped), "ST-25");
    assert_eq!((wait.completed_at, world.here(run)), (Some(world.now), "t"));
    assert_eq!(world.enrolment(run).steps_done, 0, "D-61: a wait is no counted step");
}

#[test]
fn r_14_only_what_waits_has_a_wait_to_skip() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("t", "")]));
    let step = world.current(run).ordinal;
    assert_eq!(world.refused(RecordCommand::SkipWait(step)), RecordRejection::NotWaiting);
}

#[test]
fn r_13_a_wait_cannot_be_snoozed() {
    let mut world = World::lead();
    let run = world.run(graph(&[wait("w", 1, 0, "t"), task("t", "")]));
    let step = world.current(run).ordinal;
    let snooze = RecordCommand::Snooze { step, until: world.now + TimeDelta::days(3) };
    assert_eq!(world.refused(snooze), RecordRejection::SnoozeNotAllowed);
}

#[test]
fn st_7_a_wait_lasts_its_days_and_hours_to_the_millisecond() {
    for (days, hours) in [(0, 1), (1, 0), (2, 3), (30, 0), (29, 24), (0, 720)] {
        let mut world = World::lead();
        let run = world.run(graph(&[wait("w", days, hours, "t"), task("t", "")]));
        world.pass(TimeDelta::days(days) + TimeDelta::hours(hours) - TimeDelta::milliseconds(1));
        assert_eq!(world.here(run), "w", "{days} d {hours} h");
        world.pass(TimeDelta::milliseconds(1));
        assert_eq!((world.here(run), world.step(run, "w").wait), ("t", WaitState::Completed), "{days} d {hours} h");
    }
}

#[test]
fn st_21_d_68_skipping_a_wait_passes_over_the_automated_message_right_behind_it() {
    let nodes = [wait("w", 2, 0, "mail"), auto_email("mail", "t"), task("t", "")];
    let mut world = World::lead();
    let run = world.run(graph(&nodes));
    world.skip(run);
    assert_eq!((world.visited(run).as_str(), world.here(run)), ("w mail t", "t"));
    assert!(world.ledger.owed.is_empty());
    assert_eq!(
        (world.step(run, "mail").status, world.step(run, "w").status),
        (StepStatus::Skipped, StepStatus::Skipped)
    );
    assert_eq!(world.enrolment(run).steps_done, 1, "D-61: the message is counted, the wait is not");
}

#[test]
fn st_21_d_68_skip_wait_skips_only_the_wait_so_the_message_leaves_now() {
    let nodes = [wait("w", 2, 0, "mail"), auto_email("mail", "t"), task("t", "")];
    let mut world = World::lead();
    let run = world.run(graph(&nodes));
    world.skip_wait(run);
    assert_eq!((world.here(run), world.ledger.owed.len()), ("t", 1));
}

#[test]
fn d_68_skipping_a_wait_before_anything_else_passes_over_nothing_more() {
    let table = [
        (graph(&[wait("w", 2, 0, "n"), task("n", "")]), "w n", 0),
        (graph(&[wait("w", 2, 0, "n"), wait("n", 1, 0, "m"), auto_email("m", "")]), "w n", 0),
        (graph(&[wait("w", 2, 0, "n"), update("n", "disposition", "open", "m"), auto_email("m", "")]), "w n m", 1),
    ];
    for (drawn, visited, owed) in table {
        let mut world = World::lead();
        let run = world.run(drawn);
        world.skip(run);
        assert_eq!((world.visited(run).as_str(), world.ledger.owed.len()), (visited, owed));
        assert_ne!(world.step(run, "n").status, StepStatus::Skipped);
    }
}

#[test]
fn d_68_a_condition_behind_the_skipped_message_takes_no() {
    let nodes = [wait("w", 2, 0, "mail"), auto_email("mail", "c"), early_reply("c", 2, "", "t"), task("t", "")];
    let mut world = World::lead();
    let run = world.run(graph(&nodes));
    world.skip(run);
    assert_eq!(world.visited(run), "w mail c t", "CO-15");
}

#[test]
fn r_21_a_note_is_taken_during_the_step_and_after_it() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("t", "")]));
    let step = world.current(run).ordinal;
    let note = RecordCommand::Note { step, text: "called twice".into() };
    assert_eq!(world.ask(note.clone()), [RecordEvent::Noted { step, text: "called twice".into() }]);
    world.complete(run);
    assert_eq!(world.ask(note).len(), 1);
}

#[test]
fn r_21_a_note_has_text_and_a_bound_and_a_refused_one_completes_nothing() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("t", "")]));
    let step = world.current(run).ordinal;
    let table = [("", "empty"), (" \n", "empty"), (&"a".repeat(limits::NOTE_MAX + 1), "too_long")];
    for (text, code) in table {
        for (command, pointer) in [
            (RecordCommand::Note { step, text: text.into() }, "/text"),
            (RecordCommand::Complete { step, note: Some(text.into()), call_result: None }, "/note"),
        ] {
            let RecordRejection::Invalid(problems) = world.refused(command) else { panic!("{code}") };
            assert_eq!((problems[0].pointer.as_str(), problems[0].code), (pointer, code));
        }
    }
    assert_eq!(world.here(run), "t");
    world.ask(RecordCommand::Note { step, text: "é".repeat(limits::NOTE_MAX) });
}

#[test]
fn r_23_nothing_acts_on_a_step_that_is_no_longer_open() {
    type Close = fn(&mut World, u32);
    let closings: [(&str, Close); 3] = [
        ("completed", |world, run| world.complete(run)),
        ("skipped", |world, run| world.skip(run)),
        ("cancelled", |world, run| {
            world.ask(RecordCommand::Disconnect(run));
        }),
    ];
    for (how, close) in closings {
        let mut world = World::lead();
        let run = world.run(graph(&[task("a", "b"), task("b", "")]));
        let step = world.current(run).ordinal;
        close(&mut world, run);
        for action in seller_actions(&world, step) {
            assert_eq!(world.refused(action.clone()), RecordRejection::StepNotOpen, "{how}: {action:?}");
        }
    }
}

#[test]
fn r_23_a_step_that_never_was_is_not_found() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("a", "")]));
    let unknown = [0, run, 99, u32::MAX];
    for step in unknown {
        for action in seller_actions(&world, step) {
            assert_eq!(world.refused(action), RecordRejection::StepNotFound);
        }
        assert_eq!(world.refused(RecordCommand::Note { step, text: "x".into() }), RecordRejection::StepNotFound);
    }
}

#[test]
fn d_61_steps_done_counts_counted_steps_completed_or_skipped() {
    let nodes = [
        email("a", "c"),
        early_reply("c", 1, "", "w"),
        wait("w", 1, 0, "m"),
        auto_email("m", "k"),
        update("k", "disposition", "open", "l"),
        linkedin("li_intro", "l", "z"),
        task("z", ""),
    ];
    let mut world = World::lead();
    let run = world.run(graph(&nodes));
    assert_eq!(world.enrolment(run).steps_done, 0);
    world.complete(run);
    assert_eq!(world.enrolment(run).steps_done, 1);
    world.pass(TimeDelta::days(2));
    assert_eq!((world.here(run), world.enrolment(run).steps_done), ("l", 2));
    world.skip(run);
    assert_eq!(world.enrolment(run).steps_done, 3);
    world.ask(RecordCommand::Disconnect(run));
    assert_eq!(world.enrolment(run).steps_done, 3, "a cancelled step is not done");
}
