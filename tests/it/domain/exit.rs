//! §11.3: the exit criterion, the one switch that lets a reply end an enrolment.

use relance::domain::enrolment::{EndReason, EnrolmentStatus, Signal};
use relance::domain::sequence::{Property, SequenceCommand, SequenceRejection};

use super::draw::{auto_email, early_reply, email, graph, reply, task};
use super::world::World;

#[test]
fn r_30_a_reply_to_any_email_of_the_sequence_ends_it() {
    let nodes = [auto_email("first", "a"), task("a", "second"), email("second", "b"), task("b", "")];
    let met = Some((EnrolmentStatus::Disconnected, EndReason::ExitCriterionMet));
    for replied in ["first", "second"] {
        for (signal, end) in [(Signal::Replied, met), (Signal::Opened, None), (Signal::Bounced, None)] {
            let mut world = World::lead();
            let sequence = world.activate_with(graph(&nodes), vec![Property::ExitOnReply(true)]);
            let run = world.connect(sequence);
            world.complete(run);
            world.complete(run);
            world.signal(run, replied, signal);
            assert_eq!(world.end(run), end, "{signal:?} to {replied}");
        }
    }
}

#[test]
fn r_30_is_off_by_default_so_a_reply_ends_nothing() {
    let mut world = World::lead();
    let run = world.run(graph(&[email("mail", "t"), task("t", "")]));
    world.complete(run);
    world.signal(run, "mail", Signal::Replied);
    assert_eq!((world.here(run), world.end(run)), ("t", None), "R-32");
}

#[test]
fn r_33_the_exit_criterion_wins_over_a_pending_reply_condition() {
    for early in [false, true] {
        let condition = if early { early_reply("c", 2, "yes", "") } else { reply("c", 2, "yes", "") };
        let mut world = World::lead();
        let drawn = graph(&[email("mail", "c"), condition, task("yes", "")]);
        let sequence = world.activate_with(drawn, vec![Property::ExitOnReply(true)]);
        let run = world.connect(sequence);
        world.complete(run);
        world.signal(run, "mail", Signal::Replied);
        assert_eq!(world.end(run), Some((EnrolmentStatus::Disconnected, EndReason::ExitCriterionMet)));
        assert_eq!((world.visited(run).as_str(), world.step(run, "c").exit), ("mail c", None));
        world.signal(run, "mail", Signal::Replied);
        assert!(world.ledger.armed.is_empty());
    }
}

#[test]
fn r_31_the_switch_is_thrown_only_while_the_sequence_is_inactive() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[email("mail", "")]));
    let on = || SequenceCommand::Change(vec![Property::ExitOnReply(true)]);
    assert_eq!(world.order(sequence, on()), Err(SequenceRejection::Active));
    world.deactivate(sequence);
    world.order(sequence, on()).unwrap();
    world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    assert_eq!((world.sequence(sequence).conduct.exit_on_reply, world.sequence(sequence).version), (true, 2));
}

#[test]
fn r_31_without_an_email_step_the_switch_blocks_activation() {
    let table = [(task("t", ""), false), (email("m", ""), true), (auto_email("m", ""), true)];
    for (node, activates) in table {
        let mut world = World::lead();
        let sequence = world.draft(graph(std::slice::from_ref(&node)));
        world.order(sequence, SequenceCommand::Change(vec![Property::ExitOnReply(true)])).unwrap();
        let answer =
            world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None });
        assert_eq!(answer.is_ok(), activates, "{node}: {answer:?}");
    }
}

#[test]
fn r_32_the_switch_is_off_by_default() {
    let mut world = World::lead();
    let sequence = world.draft(graph(&[email("mail", "")]));
    assert!(!world.sequence(sequence).conduct.exit_on_reply);
}
