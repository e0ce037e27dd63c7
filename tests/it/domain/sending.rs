//! E-mails that sellers send through the server, to one or to many (W-80 to W-92).

use chrono::TimeDelta;
use relance::domain::delivery::{MessageState, Written};
use relance::domain::enrolment::{Ordinal, StepError};
use relance::domain::message_template::MailText;
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Channel};
use relance::id::TemplateId;

use super::draw::{TEMPLATE, email, graph, task};
use super::world::World;

fn state(world: &World, step: Ordinal) -> MessageState {
    world.record().step(step).unwrap().message_state().unwrap().clone()
}

fn own(body: &str) -> Written {
    Written::Own(MailText { subject: "About {{ record.name }}".into(), body_text: body.into(), body_html: None })
}

/// A record on a seller's e-mail step, before a task.
fn writing() -> (World, Ordinal, Ordinal) {
    let mut world = World::lead();
    let run = world.run(graph(&[email("m", "t"), task("t", "")]));
    let step = world.current(run).ordinal;
    (world, run, step)
}

/// W-80, W-86, W-92: what a seller sends through the server completes the step when it was taken.
#[test]
fn w_86_an_e_mail_that_a_seller_sends_completes_its_step_when_it_was_taken() {
    for content in [own("Hello {{ record.name }}"), Written::Template(TemplateId::parse(TEMPLATE).unwrap())] {
        let (mut world, run, step) = writing();
        world.ask(RecordCommand::SendEmail { step, content: content.clone(), at: None });
        assert_eq!((world.here(run), state(&world, step)), ("m", MessageState::Owed));
        let again = RecordCommand::SendEmail { step, content, at: None };
        assert_eq!(world.refused(again), RecordRejection::MessageUnderWay);
        world.deliver();
        assert_eq!((world.here(run), world.enrolment(run).steps_done), ("t", 1));
        world.check_replay();
    }
}

/// W-85, W-88, W-92: scheduled, the step stays pending; whatever ends the enrolment before cancels it, and so does the seller who
/// completes the step by hand.
#[test]
fn w_88_a_scheduled_e_mail_leaves_at_its_time_unless_something_comes_before() {
    let (mut world, run, step) = writing();
    let at = Some(world.now + TimeDelta::hours(5));
    let late = RecordCommand::SendEmail { step, content: own("x"), at: Some(world.now) };
    assert_eq!(world.refused(late), RecordRejection::SendAtInPast);
    let scheduled = |world: &mut World| world.ask(RecordCommand::SendEmail { step, content: own("x"), at });
    scheduled(&mut world);
    world.pass(TimeDelta::hours(4));
    assert_eq!(world.here(run), "m");
    world.pass(TimeDelta::hours(1));
    assert_eq!((world.here(run), state(&world, step)), ("t", MessageState::Sent));
    world.check_replay();

    let (mut world, run, _) = writing();
    scheduled(&mut world);
    world.ask(RecordCommand::Disconnect(run));
    assert_eq!(state(&world, step), MessageState::Skipped);
    let (mut world, run, _) = writing();
    scheduled(&mut world);
    world.complete(run);
    assert_eq!((world.here(run), state(&world, step)), ("t", MessageState::Skipped));
    let (mut world, run, _) = writing();
    scheduled(&mut world);
    world.skip_wait(run);
    assert_eq!(state(&world, step), MessageState::Owed, "ST-21: now, rather than then");
    assert!(world.ledger.armed.is_empty());
}

/// W-83: only who can be written to is.
#[test]
fn w_83_each_recipient_allows_e_mail_and_has_an_address() {
    let send = |step| RecordCommand::SendEmail { step, content: own("x"), at: None };
    let (mut world, _, step) = writing();
    world.ask(RecordCommand::Change(vec![Change::Allow(Channel::Email, false)]));
    assert_eq!(world.refused(send(step)), RecordRejection::EmailNotAllowed);
    world.ask(RecordCommand::Change(vec![Change::Email(None)]));
    assert_eq!(world.refused(send(step)), RecordRejection::EmailMissing);
    let wrong = RecordCommand::SendEmail { step, content: own("{% for a in b %}"), at: None };
    assert!(matches!(world.refused(wrong), RecordRejection::EmailMissing), "who comes before what");
    let (mut world, run, step) = writing();
    for (content, code) in
        [(own("{{ record.nowhere }}"), "merge_field_unknown"), (Written::Template(TemplateId(1)), "template_unknown")]
    {
        let RecordRejection::Invalid(problems) = world.refused(RecordCommand::SendEmail { step, content, at: None })
        else {
            panic!("{code}")
        };
        assert_eq!(problems[0].code, code);
    }
    world.complete(run);
    assert_eq!(world.refused(send(step)), RecordRejection::StepNotOpen);
    let task = world.current(run).ordinal;
    assert_eq!(world.refused(send(task)), RecordRejection::NotAnEmail);
}

/// A seller's e-mail that cannot be sent stays the seller's, with its error.
#[test]
fn st_23_an_e_mail_of_a_seller_that_fails_stays_theirs() {
    let (mut world, run, step) = writing();
    world.ask(RecordCommand::SendEmail { step, content: own("x"), at: None });
    world.ask(RecordCommand::MessageFailed { step, reason: "550 no such user".into(), bounced: true });
    let failed = world.step(run, "m");
    assert_eq!((failed.error, failed.converted), (Some(StepError::EmailUndeliverable), false));
    world.ask(RecordCommand::SendEmail { step, content: own("y"), at: None });
    world.deliver();
    assert_eq!(world.here(run), "t", "with another try it leaves");
    world.check_replay();
}
