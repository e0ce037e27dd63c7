//! §8 and §19.4: the life of an A/B test on a running sequence, who is counted, and what locks.

mod counting;

use chrono::TimeDelta;
use relance::domain::ab_test::verdict::{Tallies, Tally};
use relance::domain::ab_test::{AbEnding, AbStanding};
use relance::domain::effect::Counter;
use relance::domain::enrolment::{Ordinal, Signal};
use relance::domain::plan::AbVersion;
use relance::domain::record::command::RecordCommand;
use relance::domain::sequence::graph::Graph;
use relance::domain::sequence::{SequenceCommand, SequenceEvent, SequenceRejection};
use relance::id::{AbTestId, SequenceId};
use serde_json::{Value, json};

use super::draw::{ab_test, graph, task, wait};
use super::world::{World, at};

const DAY: i64 = 24;

/// A test of that metric that ends so, before an end of the sequence.
fn drawn(metric: &str, end: Value) -> Vec<Value> {
    let mut node = ab_test("x", "email", 50, "");
    (node["metric"], node["end"], node["default"]) = (json!(metric), end, json!("b"));
    vec![node]
}

fn automatic(metric: &str) -> Graph {
    graph(&drawn(metric, json!({ "automatic": true })))
}

fn dated(metric: &str, day: &str) -> Graph {
    graph(&drawn(metric, json!({ "at": day })))
}

fn standing(world: &World, sequence: SequenceId) -> AbStanding<'_> {
    let held = world.sequence(sequence);
    let (_, node) = world.given.plan(sequence, held.version).expect("a plan").find("x").expect("a test");
    held.ab_standing("x", node.ab_test().expect("a test"), world.now)
}

/// How the test ended, and what it serves.
fn end(world: &World, sequence: SequenceId) -> Option<(AbEnding, AbVersion)> {
    match standing(world, sequence) {
        AbStanding::Finished(_, end) => Some((end.reason, end.serves)),
        _ => None,
    }
}

fn version(world: &World, run: Ordinal) -> AbVersion {
    world.step(run, "x").ab_version.expect("a version")
}

/// Connects once more and sends; the enrolment.
fn take_part(world: &mut World, sequence: SequenceId) -> Ordinal {
    let run = world.connect(sequence);
    world.deliver();
    run
}

/// Of the test in version 1: exposed and met by version.
fn counted(world: &World, sequence: SequenceId) -> [i64; 4] {
    let test = AbTestId::of(sequence, "x", 1);
    let of = |counter: Counter| world.ledger.counters.get(&counter).copied().unwrap_or(0);
    let [a, b] = test.counters();
    [of(a[0]), of(a[1]), of(b[0]), of(b[1])]
}

fn tallies(a: (u64, u64), b: (u64, u64)) -> Tallies {
    Tallies { a: Tally { met: a.0, exposed: a.1 }, b: Tally { met: b.0, exposed: b.1 } }
}

/// The first look at a test that has begun, with these tallies, so many hours after its first message.
fn look(
    world: &mut World,
    sequence: SequenceId,
    hours: i64,
    counts: Tallies,
) -> Result<Vec<SequenceEvent>, SequenceRejection> {
    world.stall(TimeDelta::hours(hours));
    world.order(sequence, SequenceCommand::EvaluateAbTest { number: 0, tallies: counts })
}

fn stop(
    world: &mut World,
    sequence: SequenceId,
    choice: Option<AbVersion>,
) -> Result<Vec<SequenceEvent>, SequenceRejection> {
    world.order(sequence, SequenceCommand::StopAbTest { node: "x".into(), choice })
}

/// D-18, D-67: the first who reaches it begins it, and the first message the days of its looks; others change nothing.
#[test]
fn d_18_d_67_the_first_participant_begins_a_test_and_its_first_message_the_days() {
    let mut world = World::lead();
    let sequence =
        world.activate(graph(&[wait("w", 1, 0, "x"), drawn("opens", json!({ "automatic": true })).remove(0)]));
    assert_eq!(standing(&world, sequence), AbStanding::Draft);
    let run = world.connect(sequence);
    world.deliver();
    assert_eq!(standing(&world, sequence), AbStanding::Draft, "connected is not reached");
    let step = world.current(run).ordinal;
    world.stall(TimeDelta::hours(DAY));
    world.ask(RecordCommand::Fire(step));
    world.tell_sequences();
    let AbStanding::InProgress(begun) = standing(&world, sequence) else { panic!("it has begun") };
    assert_eq!((begun.begun_at, begun.exposed_at, begun.wakes_at), (world.now, None, None));
    // The message leaves three hours later.
    world.stall(TimeDelta::hours(3));
    world.deliver();
    let first = world.now;
    let (log, look) = (world.sequence(sequence).ab_tests.clone(), first + TimeDelta::hours(DAY));
    assert_eq!((log[0].exposed_at, log[0].wakes_at), (Some(first), Some(look)));
    for _ in 0..5 {
        take_part(&mut world, sequence);
        world.stall(TimeDelta::hours(1));
        let step = world.record().steps.last().expect("a wait").ordinal;
        world.ask(RecordCommand::SkipWait(step));
        world.deliver();
    }
    assert_eq!(world.sequence(sequence).ab_tests, log);
    assert_eq!(world.alarms.iter().map(|(due, ..)| *due).collect::<Vec<_>>(), [look]);
    world.check_replay();
}

/// AB-8, AB-10, AB-15: from participants and what came back to the winner that everybody later gets.
#[test]
fn ab_8_ab_10_ab_15_a_clear_winner_is_what_every_later_participant_gets() {
    let mut world = World::lead();
    let sequence = world.activate(automatic("opens"));
    // Of those who got B all open it, of the others one in four.
    for place in 0..260 {
        let run = take_part(&mut world, sequence);
        if version(&world, run) == AbVersion::B || place % 4 == 0 {
            world.signal(run, "x", Signal::Opened);
        }
    }
    let before = counted(&world, sequence);
    assert!(before[0] >= 100 && before[2] >= 100 && before[2] == before[3], "{before:?}");
    assert!(matches!(standing(&world, sequence), AbStanding::InProgress(_)), "not before a day has passed");
    let first = world.record().enrolments[0].ordinal;
    let got = version(&world, first);
    world.pass(TimeDelta::hours(DAY));
    assert_eq!(end(&world, sequence), Some((AbEnding::Won, AbVersion::B)));
    assert!(world.alarms.is_empty());
    for _ in 0..20 {
        let run = take_part(&mut world, sequence);
        assert_eq!(version(&world, run), AbVersion::B);
        world.signal(run, "x", Signal::Opened);
    }
    assert_eq!(counted(&world, sequence), before, "they take no part in it any more");
    assert_eq!(version(&world, first), got, "AB-12: whoever got a version keeps it");
    // Whoever takes part counts also when it is over.
    let late = world
        .record()
        .enrolments
        .iter()
        .find(|one| one.participations.first().is_some_and(|part| !part.met && part.version == AbVersion::A));
    let late = late.expect("one who had not opened it").ordinal;
    world.signal(late, "x", Signal::Opened);
    assert_eq!(counted(&world, sequence)[1], before[1] + 1, "CO-18");
    world.check_replay();
}

/// AB-9, AB-15, AB-16, AB-17: what tallies lead to, at a look of an automatic test and at the deadline of a dated one.
#[test]
fn ab_9_ab_15_ab_16_ab_17_what_the_tallies_lead_to() {
    use AbEnding::{Inconclusive, Won};
    let (better_a, even, few) = ((60, 100), (30, 100), (90, 99));
    let cases = [
        // automatic?, days, A, B, end
        (true, 1, better_a, even, Some((Won, AbVersion::A))),
        (true, 1, even, better_a, Some((Won, AbVersion::B))),
        (true, 1, even, even, None),
        (true, 1, few, even, None),
        (true, 89, even, even, None),
        (true, 90, even, even, Some((Inconclusive, AbVersion::B))),
        (true, 90, (0, 0), (0, 0), Some((Inconclusive, AbVersion::B))),
        (true, 90, better_a, even, Some((Won, AbVersion::A))),
        (true, 1, (900, 5_000), (900, 4_999), None),
        (true, 1, (900, 5_000), (901, 5_000), Some((Inconclusive, AbVersion::B))),
        (true, 1, (900, 5_000), (1_100, 5_000), Some((Won, AbVersion::B))),
        (false, 10, better_a, even, Some((Won, AbVersion::A))),
        (false, 10, even, even, Some((Inconclusive, AbVersion::B))),
        (false, 10, few, even, Some((Inconclusive, AbVersion::B))),
    ];
    for (is_automatic, days, a, b, expected) in cases {
        let mut world = World::lead();
        let graph = if is_automatic { automatic("clicks") } else { dated("clicks", "2026-03-12T09:00:00Z") };
        let sequence = world.activate(graph);
        take_part(&mut world, sequence);
        let what = format!("{is_automatic} {days} {a:?} {b:?}");
        look(&mut world, sequence, days * DAY, tallies(a, b)).expect(&what);
        assert_eq!(end(&world, sequence), expected, "{what}");
        let looks: Vec<_> = world.alarms.iter().map(|(due, ..)| *due).collect();
        match expected {
            Some((_, serves)) => {
                assert_eq!(looks, [], "{what}");
                for _ in 0..6 {
                    let run = take_part(&mut world, sequence);
                    assert_eq!(version(&world, run), serves, "{what}");
                }
            }
            None => assert_eq!(looks, [world.now + TimeDelta::hours(DAY)], "{what}"),
        }
        world.check_replay();
    }
}

/// D-67: every 24 hours from the first message, also where a look came late; never before.
#[test]
fn d_67_looks_stay_on_the_hour_of_the_first_message() {
    let mut world = World::lead();
    let sequence = world.activate(automatic("opens"));
    take_part(&mut world, sequence);
    let (first, even) = (world.now, tallies((30, 100), (30, 100)));
    assert_eq!(look(&mut world, sequence, 23, even), Err(SequenceRejection::NotDue));
    look(&mut world, sequence, 3 * DAY + 5 - 23, even).expect("it is late");
    let next = first + TimeDelta::hours(4 * DAY);
    assert_eq!(world.alarms.iter().map(|(due, ..)| *due).collect::<Vec<_>>(), [next]);
    world.until(next);
    let next = next + TimeDelta::hours(DAY);
    assert_eq!(world.alarms.iter().map(|(due, ..)| *due).collect::<Vec<_>>(), [next]);
    let unknown = SequenceCommand::EvaluateAbTest { number: 7, tallies: even };
    assert_eq!(world.order(sequence, unknown), Err(SequenceRejection::Stale));
}

/// D-19, D-66: a deadline that nobody came before ends the test all the same.
#[test]
fn d_19_d_66_a_deadline_reached_in_draft_gives_everybody_the_default() {
    let mut world = World::lead();
    let sequence = world.activate(dated("opens", "2026-03-05T09:00:00Z"));
    assert_eq!(standing(&world, sequence), AbStanding::Draft);
    world.until(at("2026-03-05T09:00:00Z"));
    assert_eq!(standing(&world, sequence), AbStanding::Missed);
    for _ in 0..10 {
        let run = take_part(&mut world, sequence);
        assert_eq!(version(&world, run), AbVersion::B);
    }
    assert_eq!((counted(&world, sequence), standing(&world, sequence)), ([0; 4], AbStanding::Missed));
    assert_eq!(stop(&mut world, sequence, Some(AbVersion::A)), Err(SequenceRejection::AbTestFinished));
}

/// AB-10, D-20: a person ends it with a choice, once, and for good.
#[test]
fn ab_10_d_20_a_person_stops_a_running_test_and_the_choice_is_final() {
    let mut world = World::lead();
    let sequence = world.activate(automatic("opens"));
    assert_eq!(stop(&mut world, sequence, Some(AbVersion::A)), Err(SequenceRejection::AbTestNotRunning));
    take_part(&mut world, sequence);
    assert_eq!(stop(&mut world, sequence, None), Err(SequenceRejection::AbChoiceRequired));
    stop(&mut world, sequence, Some(AbVersion::A)).expect("it runs");
    assert_eq!(end(&world, sequence), Some((AbEnding::Chosen, AbVersion::A)));
    assert!(world.alarms.is_empty());
    for _ in 0..10 {
        let run = take_part(&mut world, sequence);
        assert_eq!(version(&world, run), AbVersion::A);
    }
    for choice in [None, Some(AbVersion::B)] {
        assert_eq!(stop(&mut world, sequence, choice), Err(SequenceRejection::AbTestFinished));
    }
    let elsewhere = SequenceCommand::StopAbTest { node: "y".into(), choice: None };
    assert_eq!(world.order(sequence, elsewhere), Err(SequenceRejection::AbTestNotFound));
    let late = SequenceCommand::EvaluateAbTest { number: 0, tallies: Tallies::default() };
    assert_eq!(world.order(sequence, late), Err(SequenceRejection::Stale), "its timer comes to nothing");
    world.check_replay();
}

/// §19.4, D-17: deactivated, its records leave and a running test stops with its default, and stays so when the sequence is
/// activated again.
#[test]
fn ab_10_ab_11_deactivating_stops_a_running_test() {
    let mut world = World::lead();
    let sequence = world.activate(automatic("opens"));
    take_part(&mut world, sequence);
    world.deactivate(sequence);
    assert_eq!(end(&world, sequence), Some((AbEnding::Deactivated, AbVersion::B)));
    assert!(world.alarms.is_empty());
    world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    let run = take_part(&mut world, sequence);
    assert_eq!((version(&world, run), world.sequence(sequence).version), (AbVersion::B, 1));
    world.check_replay();
}

/// What was on its way to the sequence when it was deactivated begins the test, and stops it.
#[test]
fn d_18_a_participant_that_is_told_of_after_the_sequence_was_deactivated() {
    let mut world = World::lead();
    let sequence = world.activate(automatic("opens"));
    world.connect(sequence);
    world.order(sequence, SequenceCommand::Deactivate { force: true }).unwrap();
    world.deliver();
    assert_eq!(end(&world, sequence), Some((AbEnding::Deactivated, AbVersion::B)));
    assert!(world.alarms.is_empty());
    world.check_replay();
}

/// AB-19, D-71: a revision that leaves the settings as they are keeps the test that runs, and what it decided; another is a
/// test of its own, and the one before goes on for those on its version.
#[test]
fn ab_19_d_71_a_revision_keeps_a_running_test_only_if_its_settings_are_the_same() {
    let mut world = World::lead();
    let sequence = world.activate(automatic("opens"));
    take_part(&mut world, sequence);
    let mut longer = drawn("opens", json!({ "automatic": true }));
    (longer[0]["next"], longer[0]["description"]) = (json!("t"), json!("Two subjects."));
    longer.push(task("t", ""));
    world.revise(sequence, graph(&longer), None);
    assert!(matches!(standing(&world, sequence), AbStanding::InProgress(_)), "what follows it is another matter");
    let run = take_part(&mut world, sequence);
    assert_eq!((counted(&world, sequence).iter().sum::<i64>(), world.here(run)), (2, "t"));
    let mut other = longer.clone();
    other[0]["share_a"] = json!(60);
    world.complete(run);
    world.revise(sequence, graph(&other), None);
    assert_eq!(standing(&world, sequence), AbStanding::Draft, "AB-19");
    assert_eq!(world.sequence(sequence).ab_tests.len(), 1);
    let run = take_part(&mut world, sequence);
    assert!(matches!(standing(&world, sequence), AbStanding::InProgress(_)));
    assert_eq!(world.sequence(sequence).ab_tests[1].since, 3);
    assert_eq!(counted(&world, sequence).iter().sum::<i64>(), 2, "counted apart");
    world.complete(run);
    // Each has its own looks and its own end; a person stops the newer first.
    assert_eq!(world.alarms.len(), 2);
    stop(&mut world, sequence, Some(AbVersion::A)).unwrap();
    assert!(world.sequence(sequence).ab_tests[0].end.is_none() && world.sequence(sequence).ab_tests[1].end.is_some());
    world.check_replay();
}

/// AB-3, AB-11, §19.4: what locks, and when.
#[test]
fn ab_3_ab_11_what_cannot_be_changed_any_more() {
    let edited = |member: &str, value: Value| {
        let mut nodes = drawn("opens", json!({ "automatic": true }));
        nodes[0][member] = value;
        graph(&nodes)
    };
    let renamed = || edited("display_name", json!("Other"));
    let mut world = World::lead();
    let sequence = world.activate(automatic("opens"));
    let refused = SequenceRejection::AbTestLocked { name: "x".into() };
    assert_eq!(world.order(sequence, SequenceCommand::SaveGraph(renamed())), Err(SequenceRejection::Active), "Q-50");
    world.order(sequence, SequenceCommand::Revise).unwrap();
    world.order(sequence, SequenceCommand::SaveGraph(renamed())).expect("AB-3: nobody is connected");
    assert_eq!(world.order(sequence, SequenceCommand::SaveAssignedGraph(renamed())), Err(refused.clone()));
    world.order(sequence, SequenceCommand::SaveAssignedGraph(edited("share_a", json!(30)))).expect("D-71");
    world.order(sequence, SequenceCommand::DiscardRevision).unwrap();
    take_part(&mut world, sequence);
    world.order(sequence, SequenceCommand::Revise).unwrap();
    assert_eq!(world.order(sequence, SequenceCommand::SaveGraph(renamed())), Err(refused), "in progress");
    world.order(sequence, SequenceCommand::SaveGraph(edited("metric", json!("clicks")))).expect("D-71");
    stop(&mut world, sequence, Some(AbVersion::A)).unwrap();
    for graph in [renamed(), edited("share_a", json!(30)), edited("default", Value::Null)] {
        let answer = world.order(sequence, SequenceCommand::SaveGraph(graph));
        assert_eq!(answer, Err(SequenceRejection::AbTestFinished), "§19.4");
    }
    let elsewhere = edited("description", json!("Two subjects."));
    world.order(sequence, SequenceCommand::SaveGraph(elsewhere)).expect("that is no setting of the test");
    let copied = edited("id", json!("y"));
    world.order(sequence, SequenceCommand::SaveGraph(copied)).expect("the step is copied instead");
}

/// a copy begins every test anew.
#[test]
fn q_55_the_tests_of_a_copy_are_drafts() {
    let mut world = World::lead();
    let sequence = world.activate(automatic("opens"));
    take_part(&mut world, sequence);
    stop(&mut world, sequence, Some(AbVersion::A)).unwrap();
    let copy = world.copy(sequence);
    world.order(copy, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
    assert_eq!(standing(&world, copy), AbStanding::Draft);
}
