//! Whoever is away is waited for, and whoever does not want e-mail gets none: what automatic answers, complaints and wishes to
//! be left alone change.

use chrono::{NaiveDate, TimeDelta};
use relance::domain::delivery::{Class, MessageState};
use relance::domain::enrolment::{EndReason, Ordinal, Signal, StepError, WaitState};
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, Channel};
use relance::domain::sequence::Property;
use relance::time::Timestamp;

use super::draw::{auto_email, graph, task, wait};
use super::world::{World, at};

/// A record that was written to, and is written to again after a day. It is Monday, 2 March 2026, 09:00.
fn written_twice() -> (World, Ordinal, Ordinal) {
    let mut world = World::lead();
    world.ask(RecordCommand::Change(vec![Change::TimeZone(Some("Europe/Madrid".into()))]));
    let run = world.run(graph(&[auto_email("m", "w"), wait("w", 1, 0, "n"), auto_email("n", "t"), task("t", "")]));
    let first = world.step(run, "m").ordinal;
    (world, run, first)
}

fn away(step: Ordinal, day: Option<&str>) -> RecordCommand {
    let returns = day.map(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").unwrap());
    RecordCommand::ReportAway { step, returns }
}

/// When the second message leaves, if nothing else happens.
fn leaves(world: &mut World, run: Ordinal) -> Option<Timestamp> {
    world.pass(TimeDelta::days(60));
    world.step(run, "n").completed_at
}

#[test]
fn messages_wait_for_the_morning_on_which_the_person_is_back_and_the_enrolment_stays() {
    let (mut world, run, first) = written_twice();
    world.ask(away(first, Some("2026-03-16")));
    world.until(at("2026-03-10T00:00:00Z"));
    let step = world.current(run);
    let back = at("2026-03-16T07:00:00Z");
    assert_eq!((world.here(run), step.wait, step.wakes_at), ("n", WaitState::Waiting, Some(back)));
    assert!(world.enrolment(run).status.is_live());
    assert_eq!(leaves(&mut world, run), Some(back));
    world.check_replay();
}

#[test]
fn whoever_does_not_say_until_when_is_waited_for_a_week_and_no_less_than_they_said_before() {
    let (mut world, run, first) = written_twice();
    world.ask(away(first, None));
    assert_eq!(leaves(&mut world, run), Some(at("2026-03-09T09:00:00Z")));
    let (mut world, run, first) = written_twice();
    world.ask(away(first, Some("2026-03-16")));
    assert_eq!(world.ask(away(first, None)), [], "it says less");
    world.ask(away(first, Some("2026-03-18")));
    assert_eq!(leaves(&mut world, run), Some(at("2026-03-18T07:00:00Z")));
}

#[test]
fn a_message_in_the_outbox_is_put_off_too_but_not_against_the_will_of_a_person() {
    let mut world = World::lead();
    world.ask(RecordCommand::Change(vec![Change::TimeZone(Some("Europe/Madrid".into()))]));
    world.given.class = Class::Blind;
    let run = world.run(graph(&[auto_email("m", "t"), task("t", "")]));
    let step = world.current(run).ordinal;
    world.ask(away(step, Some("2026-03-16")));
    world.ask(RecordCommand::ClaimMessage { step, epoch: 1, message_id: "m@example.com".into(), written: None });
    let back = at("2026-03-16T07:00:00Z");
    assert_eq!(world.current(run).message_state(), Some(&MessageState::PutOff(back)));
    // A person who knows better does not wait (ST-21).
    world.skip_wait(run);
    assert_eq!(world.current(run).message_state(), Some(&MessageState::Owed));
}

/// an absence neither ends the enrolment nor keeps an answer from ending it.
#[test]
fn r_30_an_answer_counts_as_usual_and_ends_the_absence() {
    let (mut world, run, first) = written_twice();
    world.ask(away(first, Some("2026-03-16")));
    let replied = RecordCommand::Signal { step: first, signal: Signal::Replied, at: world.now };
    world.ask(replied.clone());
    assert_eq!(leaves(&mut world, run), Some(at("2026-03-03T09:00:00Z")), "whoever answers is there");
    let mut world = World::lead();
    let graph = graph(&[auto_email("m", "w"), wait("w", 1, 0, "n"), auto_email("n", "")]);
    let sequence = world.activate_with(graph, vec![Property::ExitOnReply(true)]);
    let run = world.connect(sequence);
    let first = world.step(run, "m").ordinal;
    world.ask(away(first, Some("2026-03-16")));
    assert!(world.enrolment(run).status.is_live());
    world.ask(RecordCommand::Signal { step: first, signal: Signal::Replied, at: world.now });
    assert_eq!(world.enrolment(run).reason, Some(EndReason::ExitCriterionMet));
}

#[test]
fn what_is_past_or_beyond_belief_holds_nothing() {
    for day in ["2026-03-02", "2026-02-01", "2031-01-01"] {
        let (mut world, _, first) = written_twice();
        assert_eq!(world.ask(away(first, Some(day))), [], "{day}");
    }
    let (mut world, run, _) = written_twice();
    let wait = world.current(run).ordinal;
    assert_eq!(world.refused(away(wait, None)), RecordRejection::NotAnEmail);
    assert_eq!(world.refused(away(77, None)), RecordRejection::StepNotFound);
}

#[test]
fn an_absence_is_explained() {
    let (mut world, run, first) = written_twice();
    world.ask(away(first, Some("2026-03-16")));
    world.until(at("2026-03-10T00:00:00Z"));
    let explained = world.explain(run);
    let back = Some(at("2026-03-16T07:00:00Z"));
    let blocks: Vec<_> = explained.blocked_by.iter().map(|block| (block.kind, block.until)).collect();
    assert_eq!((blocks, explained.next_at), (vec![("away", back)], back));
    assert!(explained.causes.iter().any(|cause| cause.kind == "away"), "{:?}", explained.causes);
}

#[test]
fn whoever_complains_or_asks_to_be_left_gets_no_more_e_mail() {
    for complained in [true, false] {
        let (mut world, run, first) = written_twice();
        let events = world.ask(RecordCommand::OptOut { step: first, complained });
        assert_eq!(events[0], RecordEvent::OptedOut { step: first, complained });
        assert!(!world.record().profile.allows(Channel::Email));
        world.pass(TimeDelta::days(2));
        assert_eq!((world.here(run), world.current(run).error), ("n", Some(StepError::EmailUndeliverable)));
        let again = world.ask(RecordCommand::OptOut { step: first, complained: true });
        assert_eq!(again, [RecordEvent::OptedOut { step: first, complained: true }], "nothing is left to change");
        world.check_replay();
    }
}
