//! Understanding and trying at size, in memory and on one core: 100,000 enrolments on their way explained, and 10,000 records
//! sent through a sequence of 50 days on a clock of their own.
//!
//! ```text
//! cargo bench --bench understanding
//! ```
//!
//! It holds what it measures: no explanation is empty, and what is forecast comes at its instant. `cargo test --benches` does
//! the same with a hundredth of it.

use std::time::Instant;

use chrono::TimeDelta;
use relance::domain::delivery::MessageState;
use relance::domain::effect::Effects;
use relance::domain::enrolment::StepStatus;
use relance::domain::entity::{Entity, Stamp, advance};
use relance::domain::explain::{Awaited, explain};
use relance::domain::given::Given;
use relance::domain::language::Language;
use relance::domain::record::Record;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, RecordType};
use relance::domain::sequence::{Sequence, SequenceCommand};
use relance::domain::simulation::{Assumptions, Simulation, load};
use relance::domain::template::{sequence_template, sequence_templates};
use relance::id::{IdSource, RecordId, SequenceId, UserId};
use relance::time::Timestamp;

const BY: UserId = UserId::ADMINISTRATOR;
/// A Monday at nine.
const START_MS: i64 = 1_772_442_000_000;

/// A record with its log.
struct Logged {
    id: RecordId,
    record: Record,
    log: Vec<(Stamp, RecordEvent)>,
}

impl Logged {
    fn ask(&mut self, given: &Given, command: RecordCommand, stamp: Stamp) -> bool {
        let Ok(events) = self.record.decide(self.id, given, command, stamp) else { return false };
        advance(&mut self.record, self.id, &events, stamp, &mut Effects::default());
        self.log.extend(events.into_iter().map(|event| (stamp, event)));
        let owed = self.record.steps.iter().find(|step| step.message_state() == Some(&MessageState::Owed));
        if let Some(step) = owed.map(|step| step.ordinal) {
            let sent = RecordCommand::MessageSent { step, message_id: "sent".into(), written: None };
            self.ask(given, sent, Stamp { by: UserId::SYSTEM, ..stamp });
        }
        true
    }
}

/// Every template, active.
fn surroundings() -> (Given, Vec<(SequenceId, RecordType)>) {
    let (mut given, mut sequences) = (Given::default(), Vec::new());
    for (place, template) in sequence_templates().iter().enumerate() {
        let (id, stamp) = (SequenceId(place as u128 + 1), Stamp { at: Timestamp::from_millis(START_MS), by: BY });
        let graph = template.graph(Language::En);
        let (name, record_type) = (template.id.to_string(), template.record_type);
        let create = SequenceCommand::Create { name, description: String::new(), record_type, template: None, graph };
        let mut sequence = Sequence::default();
        for command in [create, SequenceCommand::Activate { description: None, migration: None, pilot: None }] {
            let events = sequence.decide(id, &given, command, stamp).expect("a template is sound");
            advance(&mut sequence, id, &events, stamp, &mut Effects::default());
        }
        given = given.with_sequence(id, &sequence);
        sequences.push((id, record_type));
    }
    (given, sequences)
}

fn record(given: &Given, ids: &IdSource, kind: RecordType, has_address: bool) -> Logged {
    let now = Timestamp::from_millis(START_MS);
    let mut made = Logged { id: RecordId(ids.fresh(now)), record: Record::default(), log: Vec::new() };
    let mut changes = vec![Change::Name(Some("Ada".into()))];
    changes.extend(has_address.then(|| Change::Email(Some("ada@example.org".into()))));
    assert!(made.ask(given, RecordCommand::Create { kind, changes }, Stamp { at: now, by: BY }));
    made
}

/// A record some way into a sequence: connected with or without a wait, and acted on or left alone at random.
fn under_way(
    given: &Given,
    sequences: &[(SequenceId, RecordType)],
    ids: &IdSource,
    chance: &mut fastrand::Rng,
) -> (Logged, Timestamp) {
    let (sequence, kind) = sequences[chance.usize(..sequences.len())];
    let mut made = record(given, ids, kind, chance.u8(..5) > 0);
    let mut now = Timestamp::from_millis(START_MS) + TimeDelta::minutes(chance.i64(0..10_000));
    let wait = (chance.u8(..8) == 0).then(|| TimeDelta::hours(chance.i64(1..700)));
    assert!(made.ask(given, RecordCommand::Connect { sequence, wait, source: None }, Stamp { at: now, by: BY }));
    for _ in 0..chance.u8(..10) {
        let Some(step) = made.record.steps.last().filter(|step| step.status == StepStatus::Open) else { break };
        let (step, wakes_at) = (step.ordinal, step.wakes_at);
        let (command, by) = match (wakes_at, chance.u8(..6)) {
            (Some(due), 0..4) => {
                now = due;
                (RecordCommand::Fire(step), UserId::SYSTEM)
            }
            (Some(_), 4) => (RecordCommand::SkipWait(step), BY),
            (_, 0) => (RecordCommand::Snooze { step, until: now + TimeDelta::hours(5) }, BY),
            (_, 1) => (RecordCommand::Skip(step), BY),
            _ => {
                let call_result = Some(if chance.bool() { "made" } else { "busy" }.to_owned());
                let called = RecordCommand::Complete { step, note: None, call_result };
                now = now + TimeDelta::minutes(chance.i64(1..3_000));
                if made.ask(given, called, Stamp { at: now, by: BY }) {
                    continue;
                }
                (RecordCommand::Complete { step, note: None, call_result: None }, BY)
            }
        };
        made.ask(given, command, Stamp { at: now, by });
    }
    (made, now)
}

/// How many live enrolments were explained, and how many of them with an instant that came true.
fn explained(number: usize) -> (usize, usize) {
    let (given, sequences) = surroundings();
    let (ids, mut chance) = (IdSource::seeded(1), fastrand::Rng::with_seed(1));
    let (mut live, mut forecast, mut took) = (0, 0, std::time::Duration::ZERO);
    while live < number {
        let (mut made, now) = under_way(&given, &sequences, &ids, &mut chance);
        let Some(enrolment) = made.record.live().map(|live| live.ordinal).next() else { continue };
        let begun = Instant::now();
        let found = explain((&given, &|_, _| None), made.log.iter().cloned(), enrolment, now)
            .expect("an enrolment of the record");
        took += begun.elapsed();
        live += 1;
        assert!(
            !found.causes.is_empty() && found.waiting_for.kind != Awaited::None && !found.waiting_for.detail.is_empty()
        );
        let Some(next) = found.next_at else { continue };
        forecast += 1;
        let (key, before) =
            (made.record.enrolment(enrolment).and_then(|held| held.current).unwrap_or(enrolment), made.log.len());
        let early = Stamp { at: Timestamp::from_millis(next.millis() - 1), by: UserId::SYSTEM };
        assert!(!made.ask(&given, RecordCommand::Fire(key), early), "it moves before {next}");
        assert!(made.ask(&given, RecordCommand::Fire(key), Stamp { at: next, ..early }), "it does not move at {next}");
        assert!(made.log.len() > before);
    }
    println!(
        "explained   {live:>9} enrolments   {:>8.2} s   {:.1} µs each   {forecast} forecasts came true",
        took.as_secs_f64(),
        took.as_secs_f64() * 1e6 / live as f64
    );
    (live, forecast)
}

/// How many itineraries a sequence of 50 days gives.
fn simulated(number: usize) -> usize {
    let (given, sequences) = surroundings();
    let ids = IdSource::seeded(2);
    let template = sequence_template("T5").expect("a template");
    let place = sequence_templates().iter().position(|one| one.id == template.id).unwrap_or_default();
    let records: Vec<_> = (0..number).map(|_| record(&given, &ids, sequences[place].1, true)).collect();
    let assume = Assumptions { reply_rate: 0.2, answer_rate: 0.4, seller_minutes: 45 };
    let start = Timestamp::from_millis(START_MS) + TimeDelta::days(1);
    let simulation = Simulation {
        given: &given,
        see: &|_| None,
        sequence: sequences[place].0,
        by: BY,
        start,
        anew: false,
        seed: 1,
        assume,
    };
    let begun = Instant::now();
    let ways = records.into_iter().map(|made| simulation.run(made.id, made.record, &[], &mut u64::MAX.clone()));
    let ways: Vec<_> = ways.map(|way| way.expect("it can be connected")).collect();
    let days = load(&given, ways.iter(), start);
    let took = begun.elapsed().as_secs_f64();
    let steps: usize = ways.iter().map(|way| way.stops.len()).sum();
    println!(
        "simulated   {number:>9} records × T5 ({} days)   {took:>8.2} s   {steps} steps, {} loads",
        template.duration_days,
        days.len()
    );
    assert!(
        ways.iter().all(|way| way.ended_at.is_some_and(|ended| (ended - start).num_days() >= template.duration_days))
    );
    ways.len()
}

fn main() {
    let share = if std::env::args().any(|argument| argument == "--bench") { 1 } else { 100 };
    let (live, forecast) = explained(100_000 / share);
    assert!(live == 100_000 / share && forecast > live / 10);
    assert_eq!(simulated(10_000 / share), 10_000 / share);
}
