//! Automated text messages through a gateway: when they leave, what their provider tells of them, and what answers do.

use std::sync::Arc;

use chrono::TimeDelta;
use relance::domain::channels::Channels;
use relance::domain::channels::gateway::{Gateway, GatewayPart};
use relance::domain::delivery::{MessageState, Settled, TextFate, Written};
use relance::domain::enrolment::{EndReason, Ordinal, StepError, StepStatus};
use relance::domain::message_template::{Content, MailText, MessageTemplate, Standing};
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, Channel, Phone, Value};
use relance::domain::sequence::Property;
use relance::id::{GatewayId, TemplateId, UserId};
use serde_json::json;

use super::draw::{auto_email, graph, task, text, wait_until};
use super::text_gateways::plain;
use super::world::World;

const GATEWAY: GatewayId = GatewayId(1);
const TEXT: TemplateId = TemplateId(0x0000_0000_0000_7000_8000_0000_0000_0077);

fn auto_text(id: &str, next: &str) -> serde_json::Value {
    let mut drawn = super::draw::auto_text(id, next);
    drawn["template"] = json!(TEXT.to_string());
    drawn
}

/// A gateway that everybody's texts leave through.
fn with_gateway(world: &mut World, carries: bool, more: &[GatewayPart]) {
    let mut gateway = Gateway::default();
    plain().iter().chain(more).for_each(|part| gateway.set(part));
    let channels = Channels { gateways: [(GATEWAY, Arc::new(gateway))].into(), ..Channels::default() };
    world.given = world.given.with_channels(&channels);
    let content = Content::Text("Hello {{ record.name }}".into());
    let template = MessageTemplate { standing: Standing::Present, content, ..MessageTemplate::default() };
    world.given = world.given.with_message(TEXT, &template);
    world.given.carries = carries;
}

fn lead(number: &str) -> World {
    let mut world = World::lead();
    world.ask(RecordCommand::Change(vec![Change::Phone(Phone::Mobile, Some(number.into()))]));
    world
}

/// A record whose text is in the outbox, before a task.
fn texting(more: &[GatewayPart]) -> (World, Ordinal, Ordinal) {
    let mut world = lead("+34 600 12 34 56");
    with_gateway(&mut world, true, more);
    let run = world.run(graph(&[auto_text("s", "t"), task("t", "")]));
    let step = world.current(run).ordinal;
    (world, run, step)
}

fn claim(world: &mut World, step: Ordinal, epoch: u64) -> Vec<RecordEvent> {
    world.ask(RecordCommand::ClaimMessage { step, epoch, message_id: "key".into(), written: None })
}

/// The timer of a message that was put off, after so long; nothing is delivered meanwhile.
fn fire(world: &mut World, step: Ordinal, span: TimeDelta) {
    world.stall(span);
    world.ask(RecordCommand::Fire(step));
}

fn state(world: &World, step: Ordinal) -> MessageState {
    world.record().step(step).unwrap().message_state().unwrap().clone()
}

fn tell(step: Ordinal, fate: TextFate) -> RecordCommand {
    RecordCommand::ReportText { step, gateway: GATEWAY, message_id: Some("x7".into()), fate }
}

fn failed() -> TextFate {
    TextFate::Failed("no such subscriber".into())
}

fn answer(world: &World, step: Ordinal, stops: bool) -> RecordCommand {
    RecordCommand::AnswerText { step, gateway: GATEWAY, at: world.now, stops }
}

#[test]
fn st_4_a_text_leaves_through_the_gateway_and_completes_its_step_when_it_was_taken() {
    let (mut world, run, step) = texting(&[]);
    assert_eq!((world.here(run), state(&world, step)), ("s", MessageState::Owed));
    let events = claim(&mut world, step, 1);
    let [RecordEvent::TextRouted { route, former: None, .. }, RecordEvent::MessageClaimed { .. }] = events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!((route.gateway, route.number.as_str(), route.at), (GATEWAY, "+34600123456", world.now));
    world.ask(RecordCommand::MessageSent { step, message_id: "x7".into(), written: None });
    assert_eq!((world.here(run), state(&world, step)), ("t", MessageState::Sent));
    world.check_replay();
}

/// ST-23, W-93: what cannot be a number, or is not wanted, is told in words and becomes the seller's.
#[test]
fn st_23_w_93_a_text_that_cannot_be_sent_becomes_the_sellers_and_says_why() {
    for (number, consents, carries, reason) in [
        ("600 12", true, true, "too many or too few digits"),
        ("600 12", true, false, "too many or too few digits"),
        ("600 12 34 56", true, true, ""),
        ("+34 600 12 34 56", false, true, "does not want text messages"),
    ] {
        let mut world = lead(number);
        with_gateway(&mut world, carries, &[GatewayPart::Country(Some("ES".into()))]);
        world.ask(RecordCommand::Change(vec![Change::Allow(Channel::Text, consents)]));
        let run = world.run(graph(&[auto_text("s", "t"), task("t", "")]));
        let step = world.current(run).clone();
        let error = (!reason.is_empty()).then_some(StepError::AutomatedTextFailed);
        assert_eq!((world.here(run), step.error, step.converted), ("s", error, error.is_some()), "{number}");
        let told = world.explain(run).causes.into_iter().find(|cause| cause.kind == "text_impossible");
        assert_eq!(told.is_some_and(|cause| cause.detail.contains(reason)), error.is_some(), "{number}");
        world.check_replay();
    }
    // Without a number at all.
    let mut world = World::lead();
    with_gateway(&mut world, true, &[]);
    let run = world.run(graph(&[auto_text("s", "")]));
    assert_eq!(world.current(run).error, Some(StepError::AutomatedTextFailed));
}

/// W-93: mobiles come first, and a number without a country is where the record says it is.
#[test]
fn w_93_the_number_is_chosen_and_read_where_the_record_is() {
    let mut world = lead("06 12 34 56 78");
    with_gateway(&mut world, true, &[GatewayPart::Country(Some("ES".into()))]);
    let number = |world: &World| {
        let gateway = &world.given.channels.gateways[&GATEWAY];
        world.record().text_number(&world.given, gateway).map(|number| number.as_str().to_owned())
    };
    world.ask(RecordCommand::Change(vec![Change::Field("country".into(), Some(Value::Text("FR".into())))]));
    assert_eq!(number(&world).unwrap(), "+33612345678");
    world.ask(RecordCommand::Change(vec![Change::Phone(Phone::Business, Some("+34 981 12 34 56".into()))]));
    assert_eq!(number(&world).unwrap(), "+33612345678", "the mobile one");
    world.ask(RecordCommand::Change(vec![Change::Phone(Phone::Mobile, Some("later".into()))]));
    assert_eq!(number(&world).unwrap(), "+34981123456", "the first that is one");
    world.ask(RecordCommand::Change(vec![Change::Phone(Phone::Business, None)]));
    assert!(number(&world).unwrap_err().contains("`later` is no phone number"));
}

#[test]
fn what_changes_before_a_text_leaves_is_looked_at_when_it_leaves() {
    let (mut world, run, step) = texting(&[]);
    world.ask(RecordCommand::Change(vec![Change::Phone(Phone::Mobile, Some("+34 600 99 99 99".into()))]));
    let events = claim(&mut world, step, 1);
    assert!(matches!(&events[0], RecordEvent::TextRouted { route, .. } if route.number == "+34600999999"));
    world.ask(RecordCommand::PutOffMessage { step, why: "503".into(), pause: TimeDelta::minutes(1) });
    world.ask(RecordCommand::Change(vec![Change::Phone(Phone::Mobile, Some("600".into()))]));
    fire(&mut world, step, TimeDelta::minutes(2));
    let events = claim(&mut world, step, 1);
    assert!(matches!(&events[0], RecordEvent::MessageSkipped { why, .. } if why.contains("`600`")), "{events:?}");
    assert_eq!((world.here(run), world.current(run).error), ("s", Some(StepError::AutomatedTextFailed)));
    world.check_replay();
}

/// D-58 for providers that know no message again; those that do are asked again.
#[test]
fn d_58_a_doubt_is_held_where_a_second_attempt_is_a_second_message_and_else_tried_again() {
    let (mut world, _, step) = texting(&[]);
    claim(&mut world, step, 1);
    world.ask(RecordCommand::LoseMessage { step, why: "silence".into() });
    assert!(matches!(state(&world, step), MessageState::Unknown(_)));
    let (mut world, run, step) = texting(&[GatewayPart::Idempotent(true)]);
    claim(&mut world, step, 1);
    world.ask(RecordCommand::LoseMessage { step, why: "silence".into() });
    assert!(matches!(state(&world, step), MessageState::PutOff(_)));
    fire(&mut world, step, TimeDelta::hours(1));
    assert_eq!(state(&world, step), MessageState::Owed);
    // The process that claimed it was killed: the next one takes it up.
    for epoch in [1, 2, 3] {
        claim(&mut world, step, epoch);
        assert_eq!(state(&world, step), MessageState::Claimed(epoch));
    }
    // With another number it would be another message.
    world.ask(RecordCommand::Change(vec![Change::Phone(Phone::Mobile, Some("+34 600 99 99 99".into()))]));
    let events = claim(&mut world, step, 4);
    assert!(matches!(events[..], [RecordEvent::MessageUnknown { .. }]), "{events:?}");
    world.ask(RecordCommand::SettleMessage { step, to: Settled::Failed });
    assert_eq!((world.here(run), world.current(run).error), ("s", Some(StepError::AutomatedTextFailed)));
    world.check_replay();
}

#[test]
fn a_doubt_that_lasts_as_long_as_it_may_is_a_persons_to_settle_also_where_it_may_be_tried_again() {
    let (mut world, _, step) = texting(&[GatewayPart::Idempotent(true)]);
    for _ in 0..100 {
        claim(&mut world, step, 1);
        world.ask(RecordCommand::LoseMessage { step, why: "silence".into() });
        if matches!(state(&world, step), MessageState::Unknown(_)) {
            world.check_replay();
            return;
        }
        fire(&mut world, step, TimeDelta::hours(6));
    }
    panic!("it is tried for ever");
}

#[test]
fn a_receipt_says_what_became_of_a_text_whatever_was_known_before() {
    // Sent and arrived; again, and late, it changes nothing.
    let (mut world, run, step) = texting(&[]);
    claim(&mut world, step, 1);
    world.ask(RecordCommand::MessageSent { step, message_id: "x7".into(), written: None });
    assert_eq!(world.ask(tell(step, TextFate::Delivered)), [RecordEvent::TextDelivered { step }]);
    assert_eq!(world.ask(tell(step, TextFate::Delivered)), []);
    assert_eq!(world.ask(tell(step, failed())), []);
    assert_eq!((world.here(run), state(&world, step)), ("t", MessageState::Sent));
    // Sent and lost on the way: the enrolment has gone on, and the delivery says so.
    let (mut world, run, step) = texting(&[]);
    claim(&mut world, step, 1);
    world.ask(RecordCommand::MessageSent { step, message_id: "x7".into(), written: None });
    world.ask(tell(step, failed()));
    assert_eq!((world.here(run), state(&world, step)), ("t", MessageState::Failed));
    world.check_replay();
    // Nobody knew whether it was taken.
    for (fate, here, expected) in
        [(TextFate::Delivered, "t", MessageState::Sent), (failed(), "s", MessageState::Failed)]
    {
        for loses in [true, false] {
            let (mut world, run, step) = texting(&[]);
            claim(&mut world, step, 1);
            if loses {
                world.ask(RecordCommand::LoseMessage { step, why: "silence".into() });
            }
            world.ask(tell(step, fate.clone()));
            assert_eq!((world.here(run), state(&world, step)), (here, expected.clone()), "{fate:?} {loses}");
            let error = (here == "s").then_some(StepError::AutomatedTextFailed);
            assert_eq!(world.step(run, "s").error, error, "{fate:?} {loses}");
            let late = RecordCommand::MessageSent { step, message_id: "x7".into(), written: None };
            assert_eq!(world.refused(late), RecordRejection::Stale);
            world.pass(TimeDelta::days(3));
            world.check_replay();
        }
    }
    // It had arrived after all, and is not tried again.
    let (mut world, run, step) = texting(&[GatewayPart::Idempotent(true)]);
    claim(&mut world, step, 1);
    world.ask(RecordCommand::LoseMessage { step, why: "silence".into() });
    world.ask(tell(step, TextFate::Delivered));
    assert_eq!((world.here(run), state(&world, step)), ("t", MessageState::Sent));
    world.check_replay();
}

#[test]
fn only_the_gateway_that_carried_a_text_tells_of_it() {
    let (mut world, _, step) = texting(&[]);
    let other = |command: RecordCommand| match command {
        RecordCommand::ReportText { step, message_id, fate, .. } => {
            RecordCommand::ReportText { step, gateway: GatewayId(9), message_id, fate }
        }
        other => other,
    };
    assert_eq!(world.refused(tell(step, TextFate::Delivered)), RecordRejection::StepNotFound, "it has not left");
    claim(&mut world, step, 1);
    assert_eq!(world.refused(other(tell(step, TextFate::Delivered))), RecordRejection::StepNotFound);
    assert_eq!(world.refused(tell(99, TextFate::Delivered)), RecordRejection::StepNotFound);
}

/// an answer to a text is an answer.
#[test]
fn r_30_an_answer_to_a_text_ends_the_enrolment_where_answers_do() {
    for leaves in [true, false] {
        let mut world = lead("+34 600 12 34 56");
        with_gateway(&mut world, true, &[]);
        let until = wait_until("w", 5, json!([{ "event": "email.replied" }]), "t");
        let drawn = graph(&[auto_text("s", "w"), until, task("t", "m"), auto_email("m", "")]);
        let sequence = world.activate_with(drawn, vec![Property::ExitOnReply(leaves)]);
        let run = world.connect(sequence);
        let step = world.current(run).ordinal;
        claim(&mut world, step, 1);
        world.ask(RecordCommand::MessageSent { step, message_id: "x7".into(), written: None });
        world.ask(answer(&world, step, false));
        match leaves {
            true => assert_eq!(world.enrolment(run).reason, Some(EndReason::ExitCriterionMet)),
            false => assert_eq!(world.here(run), "t", "a wait for an answer is over"),
        }
        assert!(world.record().profile.allows(Channel::Text));
        world.check_replay();
    }
}

#[test]
fn whoever_says_stop_gets_no_more_texts_and_e_mail_as_before() {
    let mut world = lead("+34 600 12 34 56");
    with_gateway(&mut world, true, &[]);
    let run = world.run(graph(&[auto_text("s", "n"), auto_text("n", "t"), task("t", "")]));
    let step = world.current(run).ordinal;
    claim(&mut world, step, 1);
    world.ask(RecordCommand::MessageSent { step, message_id: "x7".into(), written: None });
    let events = world.ask(answer(&world, step, true));
    assert_eq!(events[0], RecordEvent::TextOptedOut { step });
    let profile = &world.record().profile;
    assert!(!profile.allows(Channel::Text) && profile.allows(Channel::Email));
    let next = world.current(run).ordinal;
    let events = claim(&mut world, next, 1);
    assert!(matches!(&events[0], RecordEvent::MessageSkipped { why, .. } if why.contains("does not want")));
    assert_eq!(world.step(run, "n").error, Some(StepError::AutomatedTextFailed));
    world.check_replay();
}

/// Nothing of an erased record can be found by its number or by its provider's id: the ledger compares.
#[test]
fn an_erased_record_is_found_by_no_number() {
    let (mut world, _, step) = texting(&[]);
    claim(&mut world, step, 1);
    world.ask(RecordCommand::MessageSent { step, message_id: "x7".into(), written: None });
    world.ask(tell(step, failed()));
    world.by = UserId::ADMINISTRATOR;
    world.ask(RecordCommand::Erase);
    world.check_replay();
}

/// Where nothing leaves, a text is as good as sent once it is in the outbox.
#[test]
fn in_a_sandbox_a_text_completes_its_step_at_once() {
    let mut world = lead("+34 600 12 34 56");
    with_gateway(&mut world, false, &[]);
    let run = world.run(graph(&[auto_text("s", "t"), task("t", "")]));
    assert_eq!((world.here(run), world.step(run, "s").status), ("t", StepStatus::Completed));
    world.check_replay();
}

fn own(body: &str) -> Written {
    Written::Own(MailText { body_text: body.into(), ..MailText::default() })
}

/// W-93: what a seller sends through the gateway completes the step when it was taken, now or then.
#[test]
fn w_93_a_text_of_a_seller_leaves_through_the_gateway_and_completes_its_step() {
    for content in [own("Hello {{ record.name }}"), Written::Template(TEXT)] {
        let mut world = lead("+34 600 12 34 56");
        with_gateway(&mut world, true, &[]);
        let run = world.run(graph(&[text("s", "t"), task("t", "")]));
        let step = world.current(run).ordinal;
        let later = Some(world.now + TimeDelta::hours(2));
        world.ask(RecordCommand::SendText { step, content: content.clone(), at: later });
        let again = RecordCommand::SendText { step, content, at: None };
        assert_eq!(world.refused(again), RecordRejection::MessageUnderWay);
        world.skip_wait(run);
        claim(&mut world, step, 1);
        assert_eq!(world.here(run), "s", "nothing was taken yet");
        world.ask(RecordCommand::MessageSent { step, message_id: "x7".into(), written: None });
        assert_eq!((world.here(run), world.step(run, "s").status), ("t", StepStatus::Completed));
        world.ask(answer(&world, step, true));
        assert!(!world.record().profile.allows(Channel::Text), "an answer finds its step");
        world.check_replay();
    }
}

/// W-93: without a gateway, a number or the person's leave it stays where it is, and says why.
#[test]
fn w_93_a_text_that_cannot_leave_is_refused_with_the_reason() {
    let send = |step, content| RecordCommand::SendText { step, content, at: None };
    let mut world = lead("+34 600 12 34 56");
    let run = world.run(graph(&[text("s", "t"), task("t", "")]));
    let step = world.current(run).ordinal;
    let why = |rejection: RecordRejection| rejection.to_string();
    assert!(why(world.refused(send(step, own("x")))).contains("no text gateway"));
    with_gateway(&mut world, true, &[]);
    let RecordRejection::Invalid(problems) = world.refused(send(step, own("{{ record.nowhere }}"))) else { panic!() };
    assert_eq!(problems[0].code, "merge_field_unknown");
    assert_eq!(
        world.refused(RecordCommand::SendEmail { step, content: own("x"), at: None }),
        RecordRejection::NotAnEmail
    );
    world.ask(RecordCommand::Change(vec![Change::Allow(Channel::Text, false)]));
    assert!(why(world.refused(send(step, own("x")))).contains("does not want"));
    world.ask(RecordCommand::Change(vec![Change::Allow(Channel::Text, true), Change::Phone(Phone::Mobile, None)]));
    assert!(why(world.refused(send(step, own("x")))).contains("no phone number"));
    world.complete(run);
    let task = world.current(run).ordinal;
    assert_eq!(world.refused(send(task, own("x"))), RecordRejection::NotAText);
    world.check_replay();
}
