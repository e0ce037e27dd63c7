//! Dry runs: dated ways under assumptions, the same each time, and with nothing left behind.

use chrono::TimeDelta;
use relance::domain::enrolment::{EndReason, Exit, Signal, StepStatus};
use relance::domain::given::Given;
use relance::domain::organisation::Organisation;
use relance::domain::record::schema::{Change, Owner, RecordType, Value};
use relance::domain::record::{Record, RecordRejection};
use relance::domain::sequence::graph::Graph;
use relance::domain::simulation::{Assumptions, End, Failure, Happening, Itinerary, Simulation, What, load};
use relance::domain::template::{Language, sequence_template};
use relance::id::{IdSource, RecordId, SequenceId};
use relance::limits;

use super::draw::{answered, auto_email, call, early_reply, email, graph, reply, task, update, wait};
use super::world::{BEGIN, COLLEAGUE, SELLER, World, at};

const PLENTY: u64 = u64::MAX;

/// A dry run by the seller, from when tests begin.
fn asked(given: &Given, sequence: SequenceId) -> Simulation<'_> {
    let assume = Assumptions::default();
    Simulation { given, see: &|_| None, sequence, by: SELLER, start: at(BEGIN), anew: false, seed: 1, assume }
}

fn run(simulation: &Simulation, world: &World, script: &[Happening]) -> Itinerary {
    simulation.run(world.id, world.record().clone(), script, &mut PLENTY.clone()).expect("it can be connected")
}

/// `node:outcome` of each stop.
fn way(itinerary: &Itinerary) -> Vec<String> {
    let told = itinerary.stops.iter().map(|stop| match (stop.exit, &stop.call_result, stop.status) {
        (Some(exit), ..) => format!("{}:{exit:?}", stop.node),
        (_, Some(result), _) => format!("{}:{result}", stop.node),
        (.., status) => format!("{}:{status:?}", stop.node),
    });
    told.collect()
}

fn happens(node: &str, what: What, hours: i64) -> Happening {
    Happening { node: node.into(), what, after: TimeDelta::hours(hours), call_result: None }
}

fn calls() -> Graph {
    graph(&[
        email("mail", "answer"),
        early_reply("answer", 2, "thank", "call"),
        task("thank", ""),
        call("call", "talk"),
        answered("talk", &["made"], "thank", "pause"),
        wait("pause", 1, 0, "again"),
        auto_email("again", "drop"),
        update("drop", "disposition", "disqualified", ""),
    ])
}

/// Issue 6, 8: without assumptions nobody answers, and a seller needs an hour.
#[test]
fn a_record_is_led_to_its_end_with_the_date_of_each_step() {
    let mut world = World::lead();
    let sequence = world.activate(calls());
    let before = world.record().clone();
    let found = run(&asked(&world.given, sequence), &world, &[]);
    let wanted = [
        "mail:Completed",
        "answer:No",
        "call:no_answer",
        "talk:No",
        "pause:Completed",
        "again:Completed",
        "drop:Completed",
    ];
    assert_eq!(way(&found), wanted);
    let times: Vec<_> = found.stops.iter().map(|stop| (stop.opens_at - at(BEGIN)).num_hours()).collect();
    assert_eq!(times, [0, 1, 49, 50, 50, 74, 74], "an hour, two days from the e-mail, an hour, a day");
    assert_eq!(
        (found.end, found.ended_at),
        (End::Ended(EndReason::SequenceCompleted), Some(at("2026-03-05T11:00:00Z")))
    );
    assert_eq!(found.stops[0].assignee, Some(Owner::User(SELLER)));
    assert_eq!(found.stops[4].assignee, None, "a wait is nobody's");
    assert_eq!(world.record(), &before, "nothing has happened");
}

#[test]
fn a_script_goes_before_what_is_assumed_node_by_node() {
    let mut world = World::lead();
    let sequence = world.activate(calls());
    let simulation = asked(&world.given, sequence);
    let replied = [happens("mail", What::Signal(Signal::Replied), 5)];
    let found = run(&simulation, &world, &replied);
    assert_eq!(way(&found), ["mail:Completed", "answer:Yes", "thank:Completed"]);
    assert_eq!(found.stops[1].ends_at, Some(at("2026-03-02T15:00:00Z")), "five hours after it was sent");
    let made = Happening { call_result: Some("made".into()), ..happens("call", What::Complete, 2) };
    let script = [happens("mail", What::Skip, 3), made, happens("thank", What::Complete, 0)];
    let found = run(&simulation, &world, &script);
    assert_eq!(way(&found), ["mail:Skipped", "answer:No", "call:made", "talk:Yes", "thank:Completed"]);
    assert_eq!(found.ended_at, Some(at("2026-03-02T14:00:00Z")));
    let script =
        [happens("answer", What::SkipWait, 1), happens("pause", What::SkipWait, 1), happens("call", What::Complete, 1)];
    let found = run(&simulation, &world, &script);
    assert_eq!(found.refused.len(), 1, "a call that is looked at needs its result: {:?}", found.refused);
    assert_eq!((found.end, way(&found).last().unwrap().as_str()), (End::Stuck, "call:Open"));
}

#[test]
fn rates_are_kept_and_the_same_question_gets_the_same_answer() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[
        email("mail", "answer"),
        reply("answer", 1, "call", "call"),
        call("call", "talk"),
        answered("talk", &["made"], "", "end"),
        task("end", ""),
    ]));
    let ids = IdSource::seeded(9);
    let records: Vec<_> = (0..2_000).map(|_| RecordId(ids.fresh(world.now))).collect();
    let count = |reply_rate: f64, answer_rate: f64, seed: u64| {
        let assume = Assumptions { reply_rate, answer_rate, seller_minutes: 5 };
        let simulation = Simulation { assume, seed, ..asked(&world.given, sequence) };
        let ways =
            records.iter().map(|id| simulation.run(*id, world.record().clone(), &[], &mut PLENTY.clone()).unwrap());
        let ways: Vec<_> = ways.collect();
        let yes = |node: &str| {
            let taken = ways.iter().flat_map(|way| &way.stops).filter(|stop| stop.node == node);
            taken.filter(|stop| stop.exit == Some(Exit::Yes)).count()
        };
        (yes("answer"), yes("talk"), ways.clone())
    };
    let (replies, answers, first) = count(0.25, 0.6, 3);
    assert!(replies.abs_diff(500) < 80 && answers.abs_diff(1_200) < 90, "{replies} {answers}");
    assert_eq!(count(0.25, 0.6, 3).2, first, "the same seed");
    assert_ne!(count(0.25, 0.6, 4).2, first, "another seed");
    let (replies, answers, _) = count(1.0, 0.0, 3);
    assert_eq!((replies, answers), (2_000, 0));
    let (replies, answers, _) = count(0.0, 1.0, 3);
    assert_eq!((replies, answers), (0, 2_000));
}

#[test]
fn what_a_record_is_on_its_way_through_goes_on() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[task("a", "pause"), wait("pause", 2, 0, "b"), task("b", "")]));
    let other = world.activate(graph(&[wait("w", 0, 3, "drop"), update("drop", "disposition", "disqualified", "")]));
    let held = world.connect(sequence);
    world.complete(held);
    world.pass(TimeDelta::hours(5));
    let simulation = Simulation { start: world.now, ..asked(&world.given, sequence) };
    let found = run(&simulation, &world, &[]);
    assert_eq!(way(&found), ["pause:Completed", "b:Completed"], "from where it stands");
    assert_eq!(found.ended_at, Some(at("2026-03-04T10:00:00Z")));
    let anew = Simulation { anew: true, ..simulation };
    assert_eq!(way(&run(&anew, &world, &[])), ["a:Completed", "pause:Completed", "b:Completed"]);
    // Another sequence closes the record on the way.
    world.connect(other);
    let simulation = Simulation { start: world.now, ..asked(&world.given, sequence) };
    let found = run(&simulation, &world, &[]);
    assert_eq!(found.end, End::Ended(EndReason::RegardingEntityDeactivated));
    assert_eq!(found.ended_at, Some(world.now + TimeDelta::hours(3)));
    assert_eq!(found.stops[0].status, StepStatus::Cancelled);
}

#[test]
fn an_advance_is_followed_and_what_waits_for_ever_is_stuck() {
    let mut world = World::lead();
    let target = world.activate(graph(&[task("there", "")]));
    let sequence = world.activate(graph(&[task("here", "on"), super::draw::advance("on", target)]));
    let found = run(&asked(&world.given, sequence), &world, &[]);
    assert_eq!(way(&found), ["here:Completed", "on:Completed", "there:Completed"]);
    assert_eq!((found.stops[2].sequence, found.end), (target, End::Ended(EndReason::SequenceCompleted)));
    let days = i64::from(limits::SIMULATION_SELLER_MINUTES_MAX) / 1_440;
    let slow = Assumptions { seller_minutes: limits::SIMULATION_SELLER_MINUTES_MAX, ..Assumptions::default() };
    let next = |place: usize| if place == 19 { String::new() } else { format!("t{}", place + 1) };
    let long: Vec<_> = (0..20).map(|place| task(&format!("t{place}"), &next(place))).collect();
    let sequence = world.activate(graph(&long));
    let simulation = Simulation { assume: slow, ..asked(&world.given, sequence) };
    let found = run(&simulation, &world, &[]);
    assert_eq!((found.end, found.stops.len() as i64), (End::Running, limits::SIMULATION_DAYS_MAX / days + 1));
}

#[test]
fn a_record_that_cannot_be_connected_is_refused_and_work_is_bounded() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[task("t", "")]));
    let simulation = asked(&world.given, sequence);
    let tried = simulation.run(world.id, Record::default(), &[], &mut PLENTY.clone());
    assert_eq!(tried, Err(Failure::Refused(RecordRejection::NotFound)));
    let mut work = 2;
    assert!(simulation.run(world.id, world.record().clone(), &[], &mut work).is_ok(), "to connect and to complete");
    assert_eq!(simulation.run(world.id, world.record().clone(), &[], &mut work), Err(Failure::TooLarge));
    let contact = World::of(RecordType::Contact);
    let tried = simulation.run(contact.id, contact.record().clone(), &[], &mut PLENTY.clone());
    assert!(matches!(tried, Err(Failure::Refused(RecordRejection::RecordTypeMismatch { .. }))));
    let strange =
        Given { policy: Given::default().with_organisation(&Organisation::default()).policy, ..world.given.clone() };
    let stranger = asked(&strange, sequence).run(world.id, world.record().clone(), &[], &mut PLENTY.clone());
    assert!(matches!(stranger, Err(Failure::Refused(RecordRejection::Denied(_)))), "nobody who is no user");
}

/// A draft is tried as activation would publish it, beside what runs.
#[test]
fn a_draft_is_simulated_as_if_it_were_active() {
    let mut world = World::lead();
    let sequence = world.draft(graph(&[task("drawn", "")]));
    let held = world.sequence(sequence).clone();
    let given = held.simulated(sequence, &world.given).unwrap();
    assert_eq!(way(&run(&asked(&given, sequence), &world, &[])), ["drawn:Completed"]);
    let tried = asked(&world.given, sequence).run(world.id, world.record().clone(), &[], &mut PLENTY.clone());
    assert_eq!(tried, Err(Failure::Refused(RecordRejection::SequenceNotActive)), "the draft itself is none");
    let trailing = world.draft(graph(&[wait("w", 1, 0, "")]));
    assert!(world.sequence(trailing).clone().simulated(trailing, &world.given).is_err());
}

/// TM-14: days are those of whoever has the work.
#[test]
fn the_load_is_told_by_assignee_and_day() {
    let mut world = World::of(RecordType::Account);
    let template = sequence_template("T5").unwrap();
    let sequence = world.activate(template.graph(Language::En));
    let simulation = asked(&world.given, sequence);
    let mine = run(&simulation, &world, &[]);
    let mut theirs = world.record().clone();
    let owner = [Change::Owner(Owner::User(COLLEAGUE)), Change::Field("website".into(), Some(Value::Text("x".into())))];
    owner.iter().for_each(|change| std::sync::Arc::make_mut(&mut theirs.profile).set(change));
    let simulation = Simulation { by: COLLEAGUE, ..simulation };
    let other = simulation.run(world.id, theirs, &[], &mut PLENTY.clone()).unwrap();
    let found = load(&world.given, [&mine, &other, &other].into_iter(), at(BEGIN));
    let performed = mine.stops.iter().filter(|stop| stop.assignee.is_some()).count();
    let of = |who| {
        found.iter().filter(|load| load.assignee == Owner::User(who)).map(|load| load.steps as usize).sum::<usize>()
    };
    assert_eq!((of(SELLER), of(COLLEAGUE)), (performed, 2 * performed));
    assert!(performed > 3 && found.is_sorted_by_key(|load| (load.assignee, load.day)));
    assert!((50..=51).contains(&(mine.ended_at.unwrap() - at(BEGIN)).num_days()), "T5 lasts 50 days");
}
