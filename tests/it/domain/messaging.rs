//! §4 and §8: text messages by hand and automated, and the version of an A/B test that an enrolment gets.

use chrono::TimeDelta;
use relance::domain::delivery::MessageState;
use relance::domain::enrolment::{Ordinal, Signal, StepError, StepStatus};
use relance::domain::plan::{AbVersion, Action};
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, RecordType};
use relance::id::TemplateId;

use super::draw::{TEMPLATE, ab_test, auto_email, came, graph, task, text, wait};
use super::world::World;

fn template() -> TemplateId {
    TemplateId::parse(TEMPLATE).unwrap()
}

#[test]
fn st_3_a_text_is_a_step_of_the_seller() {
    let mut world = World::lead();
    let run = world.run(graph(&[text("s", "t"), task("t", "")]));
    let step = world.current(run).clone();
    assert_eq!((world.here(run), step.error, step.converted), ("s", None, false));
    assert!(world.node(&step).is_counted() && world.node(&step).is_seller_step());
    world.complete(run);
    assert_eq!((world.here(run), world.enrolment(run).steps_done), ("t", 1), "D-61");
}

/// A record behind a wait, before an automated text.
fn texting() -> (World, Ordinal) {
    let mut world = World::lead();
    let drawn = graph(&[wait("w", 1, 0, "s"), auto_email("s", "t"), task("t", "")]);
    let sequence = world.activate(drawn);
    let run = world.connect(sequence);
    world.tamper(sequence, |plan| {
        plan.nodes[1].action = Action::AutoText(template());
        plan.nodes[1].type_name = "auto_text";
    });
    (world, run)
}

#[test]
fn st_4_st_23_a_text_that_no_gateway_sends_becomes_one_for_the_seller() {
    let (mut world, run) = texting();
    world.pass(TimeDelta::days(1));
    let step = world.current(run).clone();
    assert_eq!((step.error, step.converted), (Some(StepError::AutomatedTextFailed), true));
    assert_eq!(world.node(&step).manual_type(), "text");
    world.ask(RecordCommand::Snooze { step: step.ordinal, until: world.now + TimeDelta::hours(1) });
    world.complete(run);
    assert_eq!((world.here(run), world.enrolment(run).steps_done), ("t", 1));
    assert_eq!(world.step(run, "s").status, StepStatus::Completed);
    world.check_replay();
}

#[test]
fn d_68_skipping_a_wait_passes_over_the_message_right_behind_it_whatever_its_kind() {
    let (mut world, run) = texting();
    world.skip(run);
    assert_eq!((world.visited(run).as_str(), world.step(run, "s").status), ("w s t", StepStatus::Skipped), "ST-21");
    let mut world = World::lead();
    let run = world.run(graph(&[wait("w", 1, 0, "x"), ab_test("x", "email", 50, "t"), task("t", "")]));
    world.skip(run);
    let step = world.step(run, "x");
    assert_eq!((step.status, step.ab_version, world.here(run)), (StepStatus::Skipped, None, "t"));
    assert!(world.ledger.owed.is_empty());
}

/// An A/B test before a task, of version A for `share_a` of a hundred.
fn testing(share_a: i64) -> (World, Ordinal) {
    let mut world = World::lead();
    let run = world.run(graph(&[ab_test("x", "email", share_a, "t"), task("t", "")]));
    (world, run)
}

#[test]
fn ab_8_a_test_sends_the_template_of_the_version_taken_and_goes_on() {
    let mut world = World::lead();
    let other = TemplateId::parse("00000000-0000-7000-8000-000000000012").unwrap();
    let sequence = world.activate(graph(&[wait("w", 1, 0, "x"), ab_test("x", "email", 50, "t"), task("t", "")]));
    world.tamper(sequence, |plan| {
        if let Action::AbTest(test) = &mut plan.nodes[1].action {
            test.templates = [template(), other];
        }
    });
    let mut taken = Vec::new();
    for _ in 0..40 {
        let run = world.connect(sequence);
        let fire = RecordCommand::Fire(world.current(run).ordinal);
        world.stall(TimeDelta::days(1));
        let owed = world.ask(fire).into_iter().find_map(|event| match event {
            RecordEvent::MessageOwed { template, .. } => Some(template),
            _ => None,
        });
        world.deliver();
        assert_eq!(world.here(run), "t", "AB-1: a single path");
        let version = world.step(run, "x").ab_version.expect("a version was taken");
        let (step, expected) = (world.step(run, "x"), if version == AbVersion::A { template() } else { other });
        assert!(step.message_state() == Some(&MessageState::Sent));
        assert_eq!(owed, Some(expected));
        assert_eq!(world.enrolment(run).steps_done, 1, "AB-20");
        taken.push(version);
        world.complete(run);
    }
    assert!(taken.contains(&AbVersion::A) && taken.contains(&AbVersion::B));
    world.check_replay();
}

#[test]
fn ab_12_the_split_is_kept_and_the_same_enrolment_gets_the_same_version() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[ab_test("x", "email", 30, "")]));
    for _ in 0..300 {
        world.connect(sequence);
        world.deliver();
    }
    let a = world.record().steps.iter().filter(|step| step.ab_version == Some(AbVersion::A)).count();
    assert!((65..115).contains(&a), "about three of ten get A, not {a} of 300");
    // Asked again from the start, all of it is the same.
    let mut again = World::lead();
    let sequence = again.activate(graph(&[ab_test("x", "email", 30, "")]));
    for _ in 0..100 {
        again.connect(sequence);
        again.deliver();
    }
    let versions =
        |world: &World| world.record().steps.iter().map(|step| step.ab_version).take(100).collect::<Vec<_>>();
    assert_eq!(versions(&again), versions(&world));
}

#[test]
fn ab_12_two_tests_of_one_sequence_split_apart() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[ab_test("x", "email", 50, "y"), ab_test("y", "email", 50, "")]));
    let mut differ = 0;
    for _ in 0..200 {
        let run = world.connect(sequence);
        world.deliver();
        differ += usize::from(world.step(run, "x").ab_version != world.step(run, "y").ab_version);
    }
    assert!((60..140).contains(&differ), "{differ} of 200 got another letter the second time");
}

#[test]
fn st_23_a_test_that_cannot_be_sent_becomes_the_seller_s_and_keeps_its_version() {
    let mut world = World::lead();
    world.ask(RecordCommand::Change(vec![Change::Email(None)]));
    let run = world.run(graph(&[ab_test("x", "email", 90, "t"), task("t", "")]));
    let step = world.current(run).clone();
    assert_eq!((step.error, step.converted), (Some(StepError::EmailUndeliverable), true));
    assert!(step.ab_version.is_some() && step.message.is_none());
    assert_eq!(world.node(&step).manual_type(), "email");
    world.complete(run);
    assert_eq!((world.here(run), world.enrolment(run).steps_done), ("t", 1));
}

#[test]
fn ab_2_a_test_of_texts_is_the_seller_s_as_long_as_no_gateway_sends_them() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[ab_test("x", "email", 50, "")]));
    world.tamper(sequence, |plan| {
        if let Action::AbTest(test) = &mut plan.nodes[0].action {
            test.channel = relance::domain::plan::Channel::Text;
        }
    });
    let run = world.connect(sequence);
    let step = world.current(run).clone();
    assert_eq!((step.error, world.node(&step).manual_type()), (Some(StepError::AutomatedTextFailed), "text"));
    assert!(step.ab_version.is_some());
}

#[test]
fn d_36_an_email_test_may_be_followed_by_an_email_condition() {
    let mut world = World::of(RecordType::Contact);
    let drawn = [ab_test("x", "email", 50, "c"), came("link", "c", 2, true, "yes", ""), task("yes", "")];
    let run = world.run(graph(&drawn));
    world.deliver();
    assert_eq!(world.here(run), "c");
    world.signal(run, "x", Signal::LinkClicked);
    assert_eq!(world.here(run), "yes");
}

#[test]
fn tc_1_ab_20_a_test_and_texts_count_as_steps_and_branches_do_not() {
    let (world, run) = testing(50);
    let held = world.enrolment(run);
    let plan = world.given.plan(held.sequence, held.version).unwrap();
    assert_eq!((plan.step_count, plan.nodes[0].steps_ahead), (2, 2));
}
