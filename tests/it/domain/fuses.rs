//! The fuse of a sequence: what it counts, when it blows, and what it holds until somebody has looked.

use chrono::TimeDelta;
use proptest::prelude::*;
use relance::domain::delivery::{Class, MessageState, Written};
use relance::domain::effect::Counter;
use relance::domain::enrolment::{Ordinal, Signal};
use relance::domain::explain::Awaited;
use relance::domain::governor::Brake;
use relance::domain::message_template::MailText;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Channel};
use relance::domain::sequence::conduct::Sending;
use relance::domain::sequence::fuse::{Fuse, FuseCount, FuseCounts};
use relance::domain::sequence::graph::Graph;
use relance::domain::sequence::{Property, SequenceCommand, SequenceEvent, SequenceRejection};
use relance::id::{SequenceId, UserId};

use super::draw::{auto_email, email, graph, task};
use super::random::config;
use super::world::World;

const FUSE: Fuse = Fuse { bounces: Some(1_000), complaints: Some(30), unsubscribes: Some(500), min_sent: 1 };

/// A sequence with a fuse, beside a record that carries messages.
fn fused(drawn: Graph, more: &[Property]) -> (World, SequenceId) {
    let mut world = World::lead();
    world.given.class = Class::Blind;
    let properties = [Property::Fuse(Some(FUSE))].into_iter().chain(more.iter().cloned());
    let sequence = world.activate_with(drawn, properties.collect());
    (world, sequence)
}

fn mailing() -> Graph {
    graph(&[auto_email("m", "")])
}

/// Connects, and has the message sent.
fn send(world: &mut World, sequence: SequenceId) -> Ordinal {
    let run = world.connect(sequence);
    let step = world.step(run, "m").ordinal;
    world.deliver();
    step
}

fn counts(world: &World, sequence: SequenceId) -> [u64; 4] {
    let round = world.sequence(sequence).care.fuse_round;
    let count = |counter: Counter| world.ledger.counters.get(&counter).copied().unwrap_or(0);
    let FuseCounts { sent, bounced, complained, unsubscribed } = FuseCounts::of(sequence, round, count);
    [sent, bounced, complained, unsubscribed]
}

#[test]
fn a_fuse_blows_when_a_rate_passes_its_bound_and_enough_was_sent() {
    use FuseCount::{Bounced, Complained, Unsubscribed};
    let of = |sent, bounced, complained, unsubscribed| FuseCounts { sent, bounced, complained, unsubscribed };
    let all = Fuse { bounces: Some(500), complaints: Some(10), unsubscribes: Some(200), min_sent: 20 };
    let none = Fuse { min_sent: 1, ..Fuse::default() };
    for (fuse, counts, blown_by) in [
        (all, of(0, 0, 0, 0), None),
        (all, of(19, 19, 19, 19), None),
        (all, of(20, 1, 0, 0), None),
        (all, of(20, 2, 0, 0), Some(Bounced)),
        (all, of(1_000, 50, 1, 20), None),
        (all, of(1_000, 51, 2, 21), Some(Bounced)),
        (all, of(1_000, 50, 2, 21), Some(Complained)),
        (all, of(1_000, 50, 1, 21), Some(Unsubscribed)),
        (none, of(9, 9, 9, 9), None),
        (Fuse { min_sent: 0, bounces: Some(1), ..none }, of(0, 0, 0, 0), None),
    ] {
        assert_eq!(fuse.blown_by(&counts), blown_by, "{counts:?}");
    }
    for (fuse, member) in [
        (Fuse { bounces: Some(0), ..none }, Some("/bounce_percent")),
        (Fuse { complaints: Some(10_001), ..none }, Some("/complaint_percent")),
        (Fuse { unsubscribes: Some(0), ..none }, Some("/unsubscribe_percent")),
        (Fuse { min_sent: 0, ..none }, Some("/min_sent")),
        (Fuse { bounces: Some(10_000), ..none }, None),
    ] {
        assert_eq!(fuse.fault().map(|(member, _)| member), member);
    }
}

#[test]
fn what_follows_from_a_message_counts_once_and_of_a_sellers_own_not_at_all() {
    let (mut world, sequence) = fused(mailing(), &[]);
    let step = send(&mut world, sequence);
    assert_eq!(counts(&world, sequence), [1, 0, 0, 0]);
    for (what, counted) in [(0, [1, 1, 0, 0]), (1, [1, 1, 1, 0]), (2, [1, 1, 1, 1])] {
        for _ in 0..2 {
            let at = world.now;
            world.ask(RecordCommand::Change(vec![Change::Allow(Channel::Email, true)]));
            world.ask(match what {
                0 => RecordCommand::Signal { step, signal: Signal::Bounced, at },
                1 => RecordCommand::OptOut { step, complained: true },
                _ => RecordCommand::OptOut { step, complained: false },
            });
            assert_eq!(counts(&world, sequence), counted);
        }
    }
    world.check_replay();
    world.by = UserId::ADMINISTRATOR;
    world.ask(RecordCommand::Erase);
    assert_eq!(counts(&world, sequence), [0; 4], "an erased record is counted no more");
    // A seller's own.
    let (mut world, sequence) = fused(graph(&[email("m", "t"), task("t", "")]), &[]);
    let run = world.connect(sequence);
    let step = world.current(run).ordinal;
    let text = MailText { subject: "S".into(), body_text: "T".into(), body_html: None };
    world.ask(RecordCommand::SendEmail { step, content: Written::Own(text), at: None });
    world.deliver();
    world.signal(run, "m", Signal::Bounced);
    assert_eq!(counts(&world, sequence), [0; 4]);
}

#[test]
fn what_is_refused_at_once_was_sent_and_has_bounced_and_what_was_given_up_was_not() {
    let (mut world, sequence) = fused(mailing(), &[]);
    for (bounced, counted) in [(true, [1, 1, 0, 0]), (false, [1, 1, 0, 0])] {
        let run = world.connect(sequence);
        let step = world.step(run, "m").ordinal;
        world.ask(RecordCommand::MessageFailed { step, reason: "550".into(), bounced });
        assert_eq!(counts(&world, sequence), counted);
        world.ask(RecordCommand::Disconnect(run));
    }
    world.check_replay();
}

#[test]
fn without_a_fuse_nothing_is_counted_and_what_left_then_does_not_count_later() {
    let (mut world, sequence) = fused(mailing(), &[]);
    world.order(sequence, SequenceCommand::Change(vec![Property::Fuse(None)])).unwrap();
    let step = send(&mut world, sequence);
    world.order(sequence, SequenceCommand::Change(vec![Property::Fuse(Some(FUSE))])).expect("at any time");
    let at = world.now;
    world.ask(RecordCommand::Signal { step, signal: Signal::Bounced, at });
    assert_eq!(counts(&world, sequence), [0; 4]);
}

#[test]
fn a_blown_fuse_is_told_once_stays_blown_and_is_reset_by_a_person() {
    let (mut world, sequence) = fused(mailing(), &[]);
    let blow = |round| {
        let counts = FuseCounts { sent: 10, bounced: 2, ..FuseCounts::default() };
        SequenceCommand::BlowFuse { round, counts }
    };
    let reset = SequenceCommand::ResetFuse;
    assert_eq!(world.order(sequence, reset.clone()), Err(SequenceRejection::FuseWhole));
    assert_eq!(world.order(sequence, blow(0)), Ok(vec![]), "of an earlier round");
    let blown = world.order(sequence, blow(1)).unwrap();
    assert!(matches!(blown[..], [SequenceEvent::FuseBlown { round: 1, by: FuseCount::Bounced, .. }]), "{blown:?}");
    assert_eq!(world.order(sequence, blow(1)), Ok(vec![]), "told once");
    world.order(sequence, SequenceCommand::Change(vec![Property::Fuse(None)])).unwrap();
    assert!(world.sequence(sequence).care.blown.is_some(), "whatever becomes of its bounds");
    world.order(sequence, SequenceCommand::Revise).unwrap();
    world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    assert!(world.sequence(sequence).care.blown.is_some(), "or of the version");
    assert_eq!(world.order(sequence, reset.clone()), Ok(vec![SequenceEvent::FuseReset { round: 2 }]));
    assert_eq!(world.order(sequence, SequenceCommand::FuseReleased { round: 1 }), Ok(vec![]));
    let told = world.order(sequence, SequenceCommand::FuseReleased { round: 2 });
    assert_eq!(told, Ok(vec![SequenceEvent::FuseReleased { round: 2 }]));
    world.order(sequence, SequenceCommand::Change(vec![Property::Fuse(Some(FUSE))])).unwrap();
    world.order(sequence, blow(2)).unwrap();
    world.order(sequence, SequenceCommand::Deactivate { force: false }).unwrap();
    assert_eq!(world.order(sequence, reset), Err(SequenceRejection::NotActive));
    world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    let care = &world.sequence(sequence).care;
    assert_eq!((care.fuse_round, care.blown), (3, None), "put into use anew, it is whole");
    world.check_replay();
}

#[test]
fn a_fuse_holds_messages_that_have_not_left_until_it_is_reset() {
    let sending = Property::Sending(Sending { skip_after_hours: Some(12), ..Sending::default() });
    let (mut world, sequence) = fused(graph(&[auto_email("m", "t"), task("t", "")]), &[sending]);
    let run = world.connect(sequence);
    let step = world.current(run).ordinal;
    let counts = FuseCounts { sent: 10, bounced: 2, ..FuseCounts::default() };
    world.order(sequence, SequenceCommand::BlowFuse { round: 1, counts }).unwrap();
    let claim = |world: &mut World| {
        world.ask(RecordCommand::ClaimMessage { step, epoch: 1, message_id: "m".into(), written: None });
        let message = world.record().step(step).unwrap().message.clone().unwrap();
        (message.state, message.brake)
    };
    let day = TimeDelta::hours(24);
    let held = |world: &World| (MessageState::PutOff(world.now + day), Some(Brake::Fuse));
    assert_eq!(claim(&mut world), held(&world));
    let explained = world.explain(run);
    let blocks: Vec<_> = explained.blocked_by.iter().map(|block| block.kind).collect();
    assert_eq!((explained.waiting_for.kind, &blocks[..], explained.next_at), (Awaited::Seller, &["fuse"][..], None));
    // Each day it looks; it is not passed over because of that, however late it is by then.
    world.stall(day);
    world.ask(RecordCommand::Fire(step));
    let until = world.now + day;
    world.ask(RecordCommand::PlanMessage { step, until, brake: Brake::Fuse });
    assert_eq!(world.record().step(step).unwrap().message_state(), Some(&MessageState::PutOff(until)));
    assert_eq!(world.ask(RecordCommand::ReleaseHeld(sequence)), [], "not before the fuse is reset");
    world.order(sequence, SequenceCommand::ResetFuse).unwrap();
    world.release_held(sequence);
    assert_eq!(world.record().step(step).unwrap().message_state(), Some(&MessageState::Owed));
    assert_eq!(claim(&mut world).0, MessageState::Skipped, "by then it would have left too late");
    assert_eq!(world.here(run), "t");
    world.check_replay();
}

#[test]
fn what_a_fuse_holds_of_a_sequence_that_is_over_never_leaves() {
    let (mut world, sequence) = fused(mailing(), &[]);
    // Where nothing can go wrong with a message any more, the enrolment is over before it has left.
    world.given.class = Class::Idempotent;
    let run = world.connect(sequence);
    let step = world.step(run, "m").ordinal;
    let counts = FuseCounts { sent: 10, bounced: 2, ..FuseCounts::default() };
    world.order(sequence, SequenceCommand::BlowFuse { round: 1, counts }).unwrap();
    let until = world.now + TimeDelta::hours(24);
    world.ask(RecordCommand::PlanMessage { step, until, brake: Brake::Fuse });
    world.order(sequence, SequenceCommand::Deactivate { force: false }).unwrap();
    world.pass(TimeDelta::hours(25));
    assert_eq!(world.record().step(step).unwrap().message_state(), Some(&MessageState::Skipped));
    world.check_replay();
}

proptest! {
    #![proptest_config(config(64))]

    /// Whatever happens to messages, the fuse blows exactly when a naive count says so.
    #[test]
    fn a_fuse_blows_when_a_naive_count_says_so(fates in prop::collection::vec(0_u8..8, 1..40), min_sent in 1_u32..12) {
        let (mut world, sequence) = fused(mailing(), &[]);
        let fuse = Fuse { min_sent, ..FUSE };
        world.order(sequence, SequenceCommand::Change(vec![Property::Fuse(Some(fuse))])).unwrap();
        let (mut sent, mut bounced, mut complained, mut unsubscribed) = (0.0, 0.0, 0.0, 0.0);
        for fate in fates {
            world.ask(RecordCommand::Change(vec![Change::Allow(Channel::Email, true)]));
            let run = world.connect(sequence);
            let step = world.step(run, "m").ordinal;
            let at = world.now;
            match fate {
                0 => _ = world.ask(RecordCommand::MessageFailed { step, reason: "550".into(), bounced: true }),
                1 => _ = world.ask(RecordCommand::MessageFailed { step, reason: "gone".into(), bounced: false }),
                _ => world.deliver(),
            }
            match fate {
                2 => _ = world.ask(RecordCommand::Signal { step, signal: Signal::Bounced, at }),
                3 => _ = world.ask(RecordCommand::OptOut { step, complained: true }),
                4 => _ = world.ask(RecordCommand::OptOut { step, complained: false }),
                _ => {}
            }
            sent += f64::from(u8::from(fate != 1));
            bounced += f64::from(u8::from(matches!(fate, 0 | 2)));
            complained += f64::from(u8::from(fate == 3));
            unsubscribed += f64::from(u8::from(fate == 4));
            if world.end(run).is_none() {
                world.ask(RecordCommand::Disconnect(run));
            }
            prop_assert_eq!(counts(&world, sequence), [sent, bounced, complained, unsubscribed].map(|count| count as u64));
            let blows = sent >= f64::from(min_sent)
                && (bounced / sent > 0.1 || complained / sent > 0.003 || unsubscribed / sent > 0.05);
            world.look_at_fuse(sequence);
            prop_assert_eq!(world.sequence(sequence).care.blown.is_some(), blows);
            if blows {
                break;
            }
        }
    }
}
