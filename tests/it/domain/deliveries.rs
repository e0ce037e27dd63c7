//! A message on its way out: each outcome of an attempt, each doubt, and what keeps a message from leaving (ST-20…ST-23, D-58).

use chrono::TimeDelta;
use relance::domain::activity::ActivityStatus;
use relance::domain::delivery::{Class, MessageState, Settled, UnknownPolicy};
use relance::domain::enrolment::{EndReason, Ordinal, Signal, StepError, StepStatus, StepWarning, WaitState};
use relance::domain::organisation::Organisation;
use relance::domain::organisation::settings::Setting;
use relance::domain::plan::AssignTo;
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, Channel, Owner};
use relance::domain::sequence::Property;
use relance::domain::sequence::conduct::{TimeOfDay, Weekday, Window, WindowZone};
use serde_json::json;

use super::draw::{auto_email, graph, task, wait_until};
use super::world::{SELLER, TEAM, World};

/// A record whose message is in the outbox of a mail server, before a task.
fn sending() -> (World, Ordinal, Ordinal) {
    sent_before(&[auto_email("m", "t"), task("t", "")])
}

fn sent_before(nodes: &[serde_json::Value]) -> (World, Ordinal, Ordinal) {
    let mut world = World::lead();
    world.given.class = Class::Blind;
    let run = world.run(graph(nodes));
    let step = world.current(run).ordinal;
    (world, run, step)
}

fn state(world: &World, step: Ordinal) -> MessageState {
    world.record().step(step).unwrap().message_state().unwrap().clone()
}

fn claim(world: &mut World, step: Ordinal, epoch: u64) -> Vec<RecordEvent> {
    world.ask(RecordCommand::ClaimMessage { step, epoch, message_id: "m@example.com".into(), written: None })
}

fn set(world: &mut World, setting: Setting) {
    let mut organisation = Organisation::clone(&world.given.policy.organisation);
    organisation.settings.set(&setting);
    world.given = world.given.with_organisation(&organisation);
}

/// A record whose message was claimed and whose outcome nobody knows.
fn unknown() -> (World, Ordinal, Ordinal) {
    let (mut world, run, step) = sending();
    claim(&mut world, step, 1);
    world.ask(RecordCommand::LoseMessage { step, why: "silence".into() });
    (world, run, step)
}

/// §19.3, CO-10: with a mail server the step completes when its message was taken, and not before.
#[test]
fn s_19_3_a_step_is_open_until_its_message_was_taken() {
    let (mut world, run, step) = sending();
    assert_eq!((world.here(run), state(&world, step)), ("m", MessageState::Owed));
    claim(&mut world, step, 1);
    assert_eq!((world.here(run), state(&world, step)), ("m", MessageState::Claimed(1)));
    world.stall(TimeDelta::minutes(3));
    world.ask(RecordCommand::MessageSent { step, message_id: "m@example.com".into(), written: None });
    let sent = world.step(run, "m");
    assert_eq!((sent.status, sent.completed_at), (StepStatus::Completed, Some(world.now)));
    assert_eq!((world.here(run), world.enrolment(run).steps_done), ("t", 1));
    let again = RecordCommand::MessageSent { step, message_id: "m@example.com".into(), written: None };
    assert_eq!(world.refused(again), RecordRejection::Stale);
    world.check_replay();
}

/// A claim of a process that is no more is unknown, whatever that process was, and is not owed again by itself.
#[test]
fn d_58_a_claim_that_nobody_answers_for_is_unknown() {
    for epoch in [1, 2] {
        let (mut world, run, step) = sending();
        claim(&mut world, step, 1);
        let events = claim(&mut world, step, epoch);
        assert!(matches!(events[..], [RecordEvent::MessageUnknown { .. }]), "{events:?}");
        assert!(world.ledger.owed.is_empty() && world.here(run) == "m");
    }
}

#[test]
fn d_58_an_unknown_outcome_follows_the_policy_after_its_time() {
    let table = [
        (UnknownPolicy::Hold, MessageState::Unknown(None), "m"),
        (UnknownPolicy::Resend, MessageState::Owed, "m"),
        (UnknownPolicy::Sent, MessageState::Sent, "t"),
    ];
    for (policy, expected, here) in table {
        let (mut world, run, step) = unknown();
        set(&mut world, Setting::UnknownPolicy(policy));
        world.stall(TimeDelta::minutes(14));
        assert_eq!(world.refused(RecordCommand::Fire(step)), RecordRejection::NotDue, "{policy:?}");
        world.stall(TimeDelta::minutes(1));
        world.ask(RecordCommand::Fire(step));
        assert_eq!((state(&world, step), world.here(run)), (expected, here), "{policy:?}");
        world.check_replay();
    }
}

#[test]
fn d_58_a_person_settles_what_nobody_knows_and_nothing_else() {
    let table = [
        (Settled::Sent, MessageState::Sent, "t", None),
        (Settled::Failed, MessageState::Failed, "m", Some(StepError::EmailUndeliverable)),
        (Settled::Resend, MessageState::Owed, "m", None),
    ];
    for held in [false, true] {
        for (to, expected, here, error) in table.clone() {
            let (mut world, run, step) = unknown();
            if held {
                world.pass(TimeDelta::hours(1));
            }
            world.ask(RecordCommand::SettleMessage { step, to });
            assert_eq!((state(&world, step), world.here(run)), (expected, here));
            assert_eq!((world.step(run, "m").error, world.step(run, "m").converted), (error, error.is_some()));
            if to != Settled::Resend {
                assert_eq!(world.refused(RecordCommand::SettleMessage { step, to }), RecordRejection::DeliveryKnown);
            }
        }
    }
    let (mut world, _, step) = sending();
    assert_eq!(world.refused(RecordCommand::SettleMessage { step, to: Settled::Sent }), RecordRejection::DeliveryKnown);
    assert_eq!(
        world.refused(RecordCommand::SettleMessage { step: 99, to: Settled::Sent }),
        RecordRejection::StepNotFound
    );
}

/// An attempt that comes to nothing is made again, for as long as the organisation tries; then the seller takes over.
#[test]
fn st_23_attempts_are_made_again_until_they_have_taken_too_long() {
    let (mut world, run, step) = sending();
    set(&mut world, Setting::RetryMaxHours(3));
    for attempt in 1..4 {
        claim(&mut world, step, 1);
        world.ask(RecordCommand::PutOffMessage { step, why: "451 later".into(), pause: TimeDelta::hours(1) });
        let message = world.record().step(step).unwrap().message.clone().unwrap();
        assert_eq!((message.attempts, message.last_error.as_deref()), (attempt, Some("451 later")));
        assert!(world.ledger.owed.is_empty(), "a timer waits for it, and no row");
        world.stall(TimeDelta::hours(1));
        world.ask(RecordCommand::Fire(step));
    }
    world.ask(RecordCommand::PutOffMessage { step, why: "451 later".into(), pause: TimeDelta::hours(1) });
    let given_up = world.step(run, "m").clone();
    assert_eq!((state(&world, step), given_up.status), (MessageState::Failed, StepStatus::Open));
    assert_eq!((given_up.error, given_up.converted), (Some(StepError::EmailTemplateFailed), true));
    world.complete(run);
    assert_eq!(world.here(run), "t");
    world.check_replay();
}

/// What the far side refuses has bounced: a wait that looks for it goes on by it, and else the seller takes over.
#[test]
fn st_23_a_recipient_who_is_refused_has_bounced() {
    let fail = |step| RecordCommand::MessageFailed { step, reason: "550 no such user".into(), bounced: true };
    let (mut world, run, step) = sending();
    world.ask(fail(step));
    let failed = world.step(run, "m");
    assert_eq!((failed.error, failed.converted), (Some(StepError::EmailUndeliverable), true));
    assert_eq!(failed.signals.first(Signal::Bounced), Some(world.now));
    let waits = wait_until("w", 5, json!([{ "event": "email.bounced" }]), "t");
    let (mut world, run, step) = sent_before(&[auto_email("m", "w"), waits, task("t", "")]);
    world.ask(fail(step));
    assert_eq!((world.visited(run).as_str(), world.step(run, "m").converted), ("m w t", false));
}

/// Everything that speaks against a message is looked at in the turn in which it would leave (R-30, ST-23).
#[test]
fn r_30_what_happens_before_a_message_leaves_keeps_it_from_leaving() {
    let (mut world, run, step) = sending();
    world.ask(RecordCommand::Change(vec![Change::Allow(Channel::Email, false)]));
    claim(&mut world, step, 1);
    let kept = world.step(run, "m");
    assert_eq!((state(&world, step), kept.error), (MessageState::Skipped, Some(StepError::EmailUndeliverable)));
    assert!(kept.converted && world.ledger.owed.is_empty());

    let mut world = World::lead();
    world.given.class = Class::Blind;
    let drawn = graph(&[auto_email("m", "n"), auto_email("n", "t"), task("t", "")]);
    let sequence = world.activate_with(drawn, vec![Property::ExitOnReply(true)]);
    let run = world.connect(sequence);
    let first = world.current(run).ordinal;
    world.ask(RecordCommand::MessageSent { step: first, message_id: "m@example.com".into(), written: None });
    let second = world.current(run).ordinal;
    world.ask(RecordCommand::Signal { step: first, signal: Signal::Replied, at: world.now });
    assert_eq!(world.end(run).map(|(_, reason)| reason), Some(EndReason::ExitCriterionMet));
    assert_eq!(state(&world, second), MessageState::Skipped, "the next message went with it");
    let late =
        RecordCommand::ClaimMessage { step: second, epoch: 1, message_id: "n@example.com".into(), written: None };
    assert_eq!(world.refused(late), RecordRejection::Stale);
    world.check_replay();
}

/// What is being carried when its enrolment ends is told all the same, and moves nothing.
#[test]
fn a_message_that_left_before_the_end_is_noted_after_it() {
    for settled in [true, false] {
        let (mut world, run, step) = sending();
        claim(&mut world, step, 1);
        world.ask(RecordCommand::Disconnect(run));
        assert_eq!(state(&world, step), MessageState::Claimed(1));
        if settled {
            world.ask(RecordCommand::MessageSent { step, message_id: "m@example.com".into(), written: None });
            assert_eq!(state(&world, step), MessageState::Sent);
        } else {
            world.ask(RecordCommand::PutOffMessage { step, why: "451".into(), pause: TimeDelta::hours(1) });
            assert_eq!(state(&world, step), MessageState::Skipped, "it is not tried again");
        }
        assert_eq!(world.step(run, "m").status, StepStatus::Cancelled);
        world.check_replay();
    }
}

/// ST-21, R-11: a message that was put off can be sent or skipped before.
#[test]
fn st_21_a_message_that_was_put_off_can_be_hurried_or_skipped() {
    for hurried in [true, false] {
        let (mut world, run, step) = sending();
        world.ask(RecordCommand::PutOffMessage { step, why: "451".into(), pause: TimeDelta::hours(5) });
        if hurried {
            world.skip_wait(run);
            assert_eq!((state(&world, step), world.here(run)), (MessageState::Owed, "m"));
        } else {
            world.skip(run);
            assert_eq!((state(&world, step), world.here(run)), (MessageState::Skipped, "t"));
        }
        assert!(world.ledger.armed.is_empty());
        world.check_replay();
    }
}

/// what becomes the seller's late is like every step of a seller.
#[test]
fn st_23_a_message_that_was_given_up_is_on_the_timeline_and_says_that_nobody_was_found() {
    let mut world = World::lead();
    world.given.class = Class::Blind;
    let owner = |owner| RecordCommand::Change(vec![Change::Owner(owner)]);
    world.ask(owner(Owner::Team(TEAM)));
    let drawn = graph(&[task("a", "m"), auto_email("m", "t"), task("t", "")]);
    let sequence = world.activate_with(drawn, vec![Property::AssignTo(AssignTo::OwnerTeam(None))]);
    let run = world.connect(sequence);
    world.ask(owner(Owner::User(SELLER)));
    world.complete(run);
    let step = world.current(run).ordinal;
    assert_eq!(world.current(run).warning, Some(StepWarning::AssigneeUnresolved), "ST-21: a seller may act on it");
    world.ask(RecordCommand::MessageFailed { step, reason: "552 full".into(), bounced: false });
    let given_up = world.current(run);
    let expected = (Some(ActivityStatus::Open), Some(StepWarning::AssigneeUnresolved));
    assert_eq!((given_up.linked_status(), given_up.warning), expected);
}

/// ST-21: `skip-wait` sends now, also where it is the window that the message waits for.
#[test]
fn st_21_a_message_that_its_window_has_put_off_leaves_outside_it_when_it_is_hurried() {
    let mut world = World::lead();
    world.given.class = Class::Blind;
    let weekdays = Weekday::ALL.into_iter().collect();
    let (start, end) = (TimeOfDay::hour(9), TimeOfDay::hour(12));
    let window = Window { weekdays, start, end, zone: WindowZone::Seller, business_time: false, holidays: None };
    let drawn = graph(&[auto_email("m", "t"), task("t", "")]);
    let sequence = world.activate_with(drawn, vec![Property::Window(Some(window))]);
    let run = world.connect(sequence);
    let step = world.current(run).ordinal;
    world.stall(TimeDelta::hours(5));
    claim(&mut world, step, 1);
    assert!(matches!(state(&world, step), MessageState::PutOff(_)), "the window has closed since");
    world.skip_wait(run);
    claim(&mut world, step, 1);
    assert_eq!((state(&world, step), world.current(run).wait), (MessageState::Claimed(1), WaitState::Skipped));
    assert!(world.ledger.armed.is_empty());
    world.check_replay();
}

/// D-58: the policy says what becomes of an unknown message whose step still waits for it; no other leaves by itself.
#[test]
fn d_58_what_was_skipped_or_has_ended_is_not_sent_again_by_itself() {
    for skipped in [true, false] {
        let (mut world, run, step) = unknown();
        set(&mut world, Setting::UnknownPolicy(UnknownPolicy::Resend));
        world.ask(if skipped { RecordCommand::Skip(step) } else { RecordCommand::Disconnect(run) });
        world.stall(TimeDelta::minutes(15));
        world.ask(RecordCommand::Fire(step));
        assert_eq!(state(&world, step), MessageState::Unknown(None), "skipped: {skipped}");
        world.check_replay();
    }
}
