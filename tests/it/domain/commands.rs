//! §6 and §4: what happens without anybody: field commands and automated e-mails.

use chrono::TimeDelta;
use relance::domain::delivery::MessageState;
use relance::domain::enrolment::{EndReason, EnrolmentStatus, StepError, StepStatus};
use relance::domain::plan::Action;
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, Channel, Outcome, RecordState, RecordType};
use relance::domain::sequence::graph::Graph;
use relance::id::TemplateId;

use super::draw::{TEMPLATE, auto_email, early_reply, email, graph, task, update, wait};
use super::world::World;

#[test]
fn cm_3_writes_the_field_as_soon_as_the_step_before_is_done() {
    let table = [
        (RecordType::Lead, "disposition", "open"),
        (RecordType::Contact, "future_events", "yes"),
        (RecordType::Opportunity, "disposition", "open"),
    ];
    for (kind, field, value) in table {
        let mut world = World::of(kind);
        let run = world.run(graph(&[task("t", "k"), update("k", field, value, "after"), task("after", "")]));
        assert_eq!(world.field(field), None);
        world.complete(run);
        assert_eq!((world.field(field), world.here(run)), (Some(value), "after"), "{kind:?}");
        assert_eq!(world.step(run, "k").completed_at, Some(world.now));
    }
}

#[test]
fn cm_3_a_wait_before_it_delays_it() {
    let mut world = World::of(RecordType::Contact);
    let nodes = [wait("w", 0, 5, "k"), update("k", "future_events", "yes", "t"), task("t", "")];
    let run = world.run(graph(&nodes));
    world.pass(TimeDelta::hours(4));
    assert_eq!(world.field("future_events"), None);
    world.pass(TimeDelta::hours(1));
    assert_eq!((world.field("future_events"), world.here(run)), (Some("yes"), "t"));
}

#[test]
fn cm_11_a_field_command_may_stand_anywhere() {
    let places = [
        graph(&[update("k", "future_events", "no", "t"), task("t", "")]),
        graph(&[task("t", "k"), update("k", "future_events", "no", "")]),
        graph(&[update("k", "future_events", "no", "")]),
        graph(&[update("k", "future_events", "yes", "l"), update("l", "future_events", "no", "")]),
        graph(&[wait("w", 1, 0, "k"), update("k", "future_events", "no", "")]),
        graph(&[email("m", "c"), early_reply("c", 1, "t", "k"), task("t", ""), update("k", "future_events", "no", "")]),
    ];
    for drawn in places {
        let shown = format!("{drawn:?}");
        let mut world = World::of(RecordType::Contact);
        let run = world.run(drawn);
        while world.end(run).is_none() {
            match world.ledger.armed.is_empty() {
                true => world.complete(run),
                false => world.pass(TimeDelta::days(1)),
            }
        }
        assert_eq!(world.field("future_events"), Some("no"), "{shown}");
        assert_eq!(world.end(run), Some((EnrolmentStatus::Completed, EndReason::SequenceCompleted)), "{shown}");
    }
}

#[test]
fn cm_3_writing_the_value_that_is_there_changes_nothing_and_moves_on() {
    let mut world = World::of(RecordType::Contact);
    world.write("future_events", "yes");
    let sequence = world.activate(graph(&[update("k", "future_events", "yes", "t"), task("t", "")]));
    let events = world.ask(RecordCommand::Connect { sequence, wait: None, source: None });
    assert!(!events.iter().any(|event| matches!(event, RecordEvent::Changed { .. })), "{events:?}");
    assert_eq!(world.visited(world.record().enrolments[0].ordinal), "k t");
}

/// A field command that fails at run time, behind it a task. Activation would refuse it, so the plan is altered.
fn failing(field: &str, value: &str) -> (World, u32) {
    let mut world = World::of(RecordType::Contact);
    let sequence = world.activate(graph(&[task("t", "k"), update("k", "future_events", "yes", "z"), task("z", "")]));
    let run = world.connect(sequence);
    let (field, value) = (field.to_owned(), value.to_owned());
    world.tamper(sequence, |plan| plan.nodes[1].action = Action::UpdateField { field, value });
    world.complete(run);
    (world, run)
}

#[test]
fn cm_13_a_failed_update_keeps_the_enrolment_on_the_node_with_an_error() {
    // A value outside the set, a field that is no option, a field that does not exist.
    for (field, value) in [("future_events", "perhaps"), ("city", "Lugo"), ("gone", "yes")] {
        let (mut world, run) = failing(field, value);
        assert_eq!((world.here(run), world.field(field)), ("k", None));
        let step = world.current(run).clone();
        assert_eq!((step.error, step.status), (Some(StepError::FieldUpdateFailed), StepStatus::Open), "{field}");
        let complete = RecordCommand::Complete { step: step.ordinal, note: None, call_result: None };
        assert_eq!(world.refused(complete), RecordRejection::StepWaits);
        let snooze = RecordCommand::Snooze { step: step.ordinal, until: world.now + TimeDelta::days(1) };
        assert_eq!(world.refused(snooze), RecordRejection::SnoozeNotAllowed);
    }
}

#[test]
fn cm_13_retry_moves_on_when_the_cause_is_gone_and_stays_while_it_is_not() {
    let (mut world, run) = failing("future_events", "perhaps");
    let step = world.current(run).ordinal;
    world.ask(RecordCommand::Retry(step));
    assert_eq!((world.here(run), world.current(run).error), ("k", Some(StepError::FieldUpdateFailed)));
    let sequence = world.enrolment(run).sequence;
    world.tamper(sequence, |plan| {
        plan.nodes[1].action = Action::UpdateField { field: "future_events".into(), value: "no".into() };
    });
    world.ask(RecordCommand::Retry(step));
    assert_eq!((world.here(run), world.field("future_events")), ("z", Some("no")));
    assert_eq!(world.step(run, "k").error, None);
}

#[test]
fn cm_13_skip_passes_the_failed_update_over() {
    let (mut world, run) = failing("future_events", "perhaps");
    world.skip(run);
    assert_eq!((world.here(run), world.field("future_events")), ("z", None));
    assert_eq!(world.step(run, "k").status, StepStatus::Skipped);
}

#[test]
fn cm_13_nothing_is_tried_again_where_nothing_failed() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("t", "")]));
    let step = world.current(run).ordinal;
    assert_eq!(world.refused(RecordCommand::Retry(step)), RecordRejection::NothingToRetry);
}

/// An automated e-mail before a task.
fn sending() -> Graph {
    graph(&[auto_email("mail", "t"), task("t", "")])
}

#[test]
fn st_2_an_automated_email_is_sent_without_the_seller_and_r_4_owed_once() {
    let mut world = World::lead();
    let run = world.run(sending());
    let mail = world.step(run, "mail").ordinal;
    assert_eq!(world.ledger.owed.get(&mail), TemplateId::parse(TEMPLATE).as_ref());
    assert_eq!(world.here(run), "t", "R-4: the mail and what follows are one decision");
    assert_eq!(world.step(run, "mail").status, StepStatus::Completed);
    world.deliver();
    assert!(world.step(run, "mail").message_state() == Some(&MessageState::Sent));
    let again = RecordCommand::MessageSent { step: mail, message_id: "again@example.org".into(), written: None };
    assert_eq!(world.refused(again), RecordRejection::Stale, "R-4: a second report finds nothing owed");
    let given_up = RecordCommand::MessageFailed { step: mail, reason: "mailbox full".into(), bounced: false };
    assert_eq!(world.refused(given_up), RecordRejection::Stale);
}

#[test]
fn st_2_a_message_that_is_given_up_is_remembered_with_its_reason() {
    let mut world = World::lead();
    let run = world.run(sending());
    let step = world.step(run, "mail").ordinal;
    world.ask(RecordCommand::MessageFailed { step, reason: "mailbox full".into(), bounced: false });
    let message = world.step(run, "mail").message.clone().unwrap();
    assert_eq!((message.state, message.last_error.as_deref()), (MessageState::Failed, Some("mailbox full")));
}

#[test]
fn st_20_a_row_of_automated_steps_runs_in_one_decision() {
    let nodes = [
        task("t", "a"),
        auto_email("a", "k"),
        update("k", "future_events", "yes", "b"),
        auto_email("b", "l"),
        update("l", "future_events", "no", "z"),
        task("z", ""),
    ];
    let mut world = World::of(RecordType::Contact);
    let run = world.run(graph(&nodes));
    world.complete(run);
    assert_eq!(world.visited(run), "t a k b l z");
    assert_eq!((world.ledger.owed.len(), world.field("future_events")), (2, Some("no")), "R-4");
    assert!(world.record().steps.iter().all(|step| step.opened_at == world.now));
}

#[test]
fn st_20_behind_a_wait_the_message_leaves_when_the_wait_ends() {
    let mut world = World::lead();
    let run = world.run(graph(&[wait("w", 2, 0, "mail"), auto_email("mail", "")]));
    world.pass(TimeDelta::hours(47));
    assert_eq!(world.visited(run), "w");
    world.pass(TimeDelta::hours(1));
    assert_eq!(world.visited(run), "w mail");
    assert_eq!(world.end(run), Some((EnrolmentStatus::Completed, EndReason::SequenceCompleted)));
}

#[test]
fn st_23_without_a_way_to_write_the_message_becomes_the_sellers() {
    let table = [("no address", vec![Change::Email(None)]), ("opted out", vec![Change::Allow(Channel::Email, false)])];
    for (why, changes) in table {
        let mut world = World::lead();
        world.ask(RecordCommand::Change(changes));
        let run = world.run(sending());
        let step = world.current(run).clone();
        assert_eq!((world.here(run), step.converted), ("mail", true), "{why}");
        assert_eq!((step.error, step.message), (Some(StepError::EmailUndeliverable), None), "{why}");
        assert!(world.ledger.owed.is_empty(), "{why}");
        let later = world.now + TimeDelta::days(1);
        world.ask(RecordCommand::Snooze { step: step.ordinal, until: later });
        world.complete(run);
        assert_eq!((world.here(run), world.enrolment(run).steps_done), ("t", 1), "{why}");
        assert_eq!(world.step(run, "mail").error, None, "{why}");
    }
}

#[test]
fn st_23_a_closed_channel_other_than_email_stops_no_email() {
    let mut world = World::lead();
    let changes = vec![Change::Allow(Channel::Phone, false), Change::Allow(Channel::Text, false)];
    world.ask(RecordCommand::Change(changes));
    let run = world.run(sending());
    assert_eq!(world.here(run), "t");
}

#[test]
fn d_69_a_disposition_closes_the_record_whoever_writes_it() {
    let table = [
        ("disqualified", RecordState::Inactive, Outcome::Failure),
        ("qualified", RecordState::Inactive, Outcome::Success),
        ("open", RecordState::Active, Outcome::None),
    ];
    for kind in [RecordType::Lead, RecordType::Opportunity] {
        for (value, state, outcome) in table {
            let mut by_person = World::of(kind);
            by_person.write("disposition", value);
            let mut by_command = World::of(kind);
            let run = by_command.run(graph(&[update("k", "disposition", value, "")]));
            for world in [&by_person, &by_command] {
                assert_eq!((world.record().state, world.record().outcome), (state, outcome), "{kind:?} {value}");
            }
            let ended = Some((EnrolmentStatus::Completed, EndReason::SequenceCompleted));
            assert_eq!(by_command.end(run), ended, "§20.9: the command is the last node");
        }
    }
}

#[test]
fn d_69_a_command_that_closes_the_record_in_the_middle() {
    let ended = Some((EnrolmentStatus::Disconnected, EndReason::RegardingEntityDeactivated));
    let completed = Some((EnrolmentStatus::Completed, EndReason::SequenceCompleted));
    // (value, what stands behind the command, where it is then, how it ended)
    let table = [
        ("disqualified", task("z", ""), None, ended),
        ("qualified", task("z", ""), Some("z"), None),
        ("qualified", auto_email("z", ""), None, ended),
        ("open", auto_email("z", ""), None, completed),
    ];
    for (value, behind, here, end) in table {
        let mut world = World::lead();
        let run = world.run(graph(&[task("t", "k"), update("k", "disposition", value, "z"), behind]));
        world.complete(run);
        assert_eq!(world.end(run), end, "{value}");
        assert_eq!(here, world.end(run).is_none().then(|| world.here(run)), "{value}");
    }
}
