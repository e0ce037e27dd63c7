//! Who is counted for an A/B test, with what, and when (AB-13, AB-14).

use chrono::TimeDelta;
use relance::domain::ab_test::AbStanding;
use relance::domain::activity::{ActivityKind, NewActivity};
use relance::domain::condition::stored::StoredCondition;
use relance::domain::delivery::MessageState;
use relance::domain::enrolment::ab_test::Tell;
use relance::domain::enrolment::{Ordinal, Signal};
use relance::domain::plan::AbVersion;
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Outcome};
use relance::domain::sequence::Property;
use relance::domain::sequence::conduct::Goal;
use serde_json::json;

use super::super::world::{COLLEAGUE, World};
use super::{automatic, counted, standing, take_part, version};

/// AB-13, D-63: each participant counts once, what implies an open opens too, and late is not too late (CO-18).
#[test]
fn ab_13_co_18_each_participant_is_counted_once_with_the_first_event_of_the_metric() {
    for (metric, counts, not) in [
        ("opens", [Signal::Opened, Signal::Replied, Signal::AttachmentDownloaded], Signal::Bounced),
        ("clicks", [Signal::LinkClicked, Signal::LinkClicked, Signal::LinkClicked], Signal::Replied),
    ] {
        let mut world = World::lead();
        let sequence = world.activate(automatic(metric));
        let runs: Vec<_> = (0..12).map(|_| take_part(&mut world, sequence)).collect();
        let of = |world: &World, wanted| runs.iter().filter(|run| version(world, **run) == wanted).count() as i64;
        let (a, b) = (of(&world, AbVersion::A), of(&world, AbVersion::B));
        assert_eq!(counted(&world, sequence), [a, 0, b, 0]);
        runs.iter().for_each(|run| world.signal(*run, "x", not));
        assert_eq!(counted(&world, sequence), [a, 0, b, 0], "{metric}: {not:?}");
        world.stall(TimeDelta::days(40));
        for (run, signal) in runs.iter().zip(counts) {
            world.signal(*run, "x", signal);
            world.signal(*run, "x", counts[0]);
        }
        let met = |wanted| runs[..3].iter().filter(|run| version(&world, **run) == wanted).count() as i64;
        assert_eq!(counted(&world, sequence), [a, met(AbVersion::A), b, met(AbVersion::B)], "{metric}");
        world.check_replay();
    }
}

/// A message that the server does not send exposes nobody; one that came back before it was noted as sent counts with it.
#[test]
fn ab_13_only_what_the_server_sends_exposes() {
    let mut world = World::lead();
    let sequence = world.activate(automatic("opens"));
    world.ask(RecordCommand::Change(vec![Change::Email(None)]));
    let run = world.connect(sequence);
    assert!(world.current(run).converted, "ST-23");
    world.tell_sequences();
    assert!(matches!(standing(&world, sequence), AbStanding::InProgress(_)), "D-18: it was reached");
    world.ask(RecordCommand::Change(vec![Change::Email(Some("ada@example.org".into()))]));
    world.skip(run);
    let run = world.connect(sequence);
    let step = world.step(run, "x").ordinal;
    world.ask(RecordCommand::MessageFailed { step, reason: "550".into(), bounced: false });
    assert_eq!(counted(&world, sequence), [0; 4]);
    let run = world.connect(sequence);
    assert_eq!(world.step(run, "x").message_state(), Some(&MessageState::Owed));
    world.signal(run, "x", Signal::Opened);
    assert_eq!(counted(&world, sequence), [0; 4], "not before it is known to be sent");
    world.deliver();
    let mut all = counted(&world, sequence);
    all.sort_unstable();
    assert_eq!(all, [0, 0, 1, 1]);
    world.check_replay();
}

/// Makes something happen to the record of an enrolment.
type Happens<'a> = &'a dyn Fn(&mut World, Ordinal);

/// AB-14: what is configured counts and nothing else; a goal that somebody tells of counts whichever it is.
#[test]
fn ab_14_d_21_the_goal_of_the_sequence_is_what_counts() {
    let condition = serde_json::from_value(json!({ "field": "company", "op": "eq", "value": "Acme" })).unwrap();
    let goals = [Goal::Success, Goal::Reply, Goal::Field(StoredCondition(condition)), Goal::Meeting];
    let meet = |world: &mut World, kind| {
        let (subject, due_at, note) = ("Lunch".into(), None, None);
        world.ask(RecordCommand::AddActivity(NewActivity { kind, subject, due_at, note }));
    };
    let happen: [Happens; 5] = [
        &|world, _| drop(world.ask(RecordCommand::Close(Outcome::Success))),
        &|world, run| world.signal(run, "x", Signal::Replied),
        &|world, _| world.write("company", "Acme"),
        &|world, _| meet(world, ActivityKind::Meeting),
        &|world, _| drop(world.ask(RecordCommand::ReachGoal)),
    ];
    for (place, goal) in goals.into_iter().enumerate() {
        for (event, happens) in happen.iter().enumerate() {
            let mut world = World::lead();
            let sequence = world.activate_with(automatic("goal"), vec![Property::Goal(goal.clone())]);
            let run = take_part(&mut world, sequence);
            world.signal(run, "x", Signal::LinkClicked);
            world.write("company", "Other");
            meet(&mut world, ActivityKind::PhoneCall);
            assert_eq!(counted(&world, sequence).iter().sum::<i64>(), 1, "{goal:?}: only exposed");
            happens(&mut world, run);
            let expected = if event == place || event == 4 { 2 } else { 1 };
            assert_eq!(counted(&world, sequence).iter().sum::<i64>(), expected, "{goal:?} and event {event}");
            world.check_replay();
        }
    }
}

/// AB-14: what held before the test was reached is not its doing.
#[test]
fn ab_14_what_was_so_before_does_not_count() {
    let mut world = World::lead();
    let condition = serde_json::from_value(json!({ "field": "company", "op": "eq", "value": "Acme" })).unwrap();
    let goal = Property::Goal(Goal::Field(StoredCondition(condition)));
    let sequence = world.activate_with(automatic("goal"), vec![goal]);
    world.write("company", "Acme");
    take_part(&mut world, sequence);
    world.write("city", "Vigo");
    assert_eq!(counted(&world, sequence).iter().sum::<i64>(), 1);
    world.write("company", "Other");
    world.write("company", "Acme");
    assert_eq!(counted(&world, sequence).iter().sum::<i64>(), 2, "it came to be so again");
}

/// An erased record leaves what tests count, and nothing else; what was still to be told is not told any more.
#[test]
fn erasing_a_participant_keeps_the_counts() {
    for told in [false, true] {
        let mut world = World::lead();
        let sequence = world.activate(automatic("opens"));
        let run = world.connect(sequence);
        if told {
            world.deliver();
            world.signal(run, "x", Signal::Opened);
        }
        let before = counted(&world, sequence);
        assert_eq!(before.iter().sum::<i64>(), if told { 2 } else { 0 });
        world.by = COLLEAGUE;
        world.ask(RecordCommand::Erase);
        assert_eq!((counted(&world, sequence), world.ledger.told.len()), (before, 0));
        world.check_replay();
        let step = run + 1;
        let tell = Tell::Reached;
        assert_eq!(world.try_ask(RecordCommand::AbTestTold { step, tell }), Err(RecordRejection::NotFound));
    }
}
