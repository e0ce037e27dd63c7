//! The engine in this process: the real actors on a store, where time or a restart matters.

mod access;
mod caring;
mod simulating;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use relance::connector::mail::postman::Postman;
use relance::domain::effect::Counter;
use relance::domain::enrolment::EnrolmentStatus;
use relance::domain::record::Record;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, RecordType};
use relance::domain::sequence::graph::{Graph, Node, StepNode};
use relance::domain::sequence::{Sequence, SequenceCommand};
use relance::id::{IdSource, RecordId, SequenceId, UserId};
use relance::limits::{IN_FLIGHT_MAX, PANICS_MAX};
use relance::runtime::engine::Engine;
use relance::runtime::message::{Caller, Failure};
use relance::runtime::start::{self, Options};
use relance::store::Store;
use relance::store::memory::Memory;
use relance::store::rows::RowStore;
use relance::time::{Clock, Timestamp};

const BY: Caller = Caller::new(UserId::ADMINISTRATOR, "test");

fn options(clock: Clock, spool: &std::path::Path) -> Options {
    let mailer = Arc::new(Postman::open(spool, "relance@localhost").unwrap());
    let (idle, ids, chance) = (Duration::from_secs(60), IdSource::seeded(7), fastrand::Rng::with_seed(7));
    Options { clock, clock_before: None, ids, threads: 2, resident_max: 8, idle, mailer, chance }
}

fn engine(store: &Arc<dyn Store>, clock: Clock, spool: &std::path::Path) -> Engine {
    start::start(store.clone(), options(clock, spool)).unwrap()
}

async fn active_sequence(engine: &Engine) -> SequenceId {
    let id = SequenceId(engine.ids.fresh(engine.clock().now()));
    let task = StepNode { id: "t".into(), name: "Call back".into(), ..StepNode::default() };
    let graph = Graph { start: Some("t".into()), nodes: vec![Node::Task(task)] };
    let (name, record_type) = ("One task".to_owned(), RecordType::Lead);
    let create = SequenceCommand::Create { name, description: String::new(), record_type, template: None, graph };
    engine.submit::<Sequence, ()>(id, create, BY, |_| ()).await.unwrap();
    let activate = SequenceCommand::Activate { description: None, migration: None, pilot: None };
    engine.submit::<Sequence, ()>(id, activate, BY, |_| ()).await.unwrap();
    id
}

async fn lead(engine: &Engine, number: u32) -> RecordId {
    let id = RecordId(engine.ids.fresh(engine.clock().now()));
    let changes = vec![Change::Name(Some(format!("Lead {number}")))];
    let create = RecordCommand::Create { kind: RecordType::Lead, changes };
    engine.submit::<Record, ()>(id, create, BY, |_| ()).await.unwrap();
    id
}

async fn status(engine: &Engine, lead: RecordId) -> EnrolmentStatus {
    engine.read::<Record, _>(lead, BY, |seen| seen.state.enrolments[0].status).await.unwrap()
}

/// TM-13, P5: on the machine's own clock, in every shard, and for timers that lie ahead when the engine starts.
#[actix_web::test]
async fn tm_13_timers_of_an_earlier_engine_fire_in_the_next_one_when_they_are_due_and_not_before() {
    let (spool, store) = (tempfile::tempdir().unwrap(), RowStore::open(Memory::default()).unwrap());
    let store: Arc<dyn Store> = Arc::new(store);
    let now = Clock::System.now();
    // An hour is the shortest wait: the first engine lives an hour ago, so that its waits end in a moment.
    let earlier = engine(&store, Clock::test(now + TimeDelta::milliseconds(1_500 - 3_600_000)), spool.path());
    let sequence = active_sequence(&earlier).await;
    let mut leads = Vec::new();
    for number in 0..64 {
        let lead = lead(&earlier, number).await;
        let connect = RecordCommand::Connect { sequence, wait: Some(TimeDelta::hours(1)), source: None };
        earlier.submit::<Record, ()>(lead, connect, BY, |_| ()).await.unwrap();
        leads.push(lead);
    }
    earlier.stop().await;
    let due: Timestamp = now + TimeDelta::milliseconds(1_500);

    let next = engine(&store, Clock::System, spool.path());
    let deadline = Instant::now() + Duration::from_secs(20);
    for lead in leads {
        while status(&next, lead).await == EnrolmentStatus::Connecting {
            assert!(Instant::now() < deadline, "the timer of {lead} does not fire");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let began = next.read::<Record, _>(lead, BY, |seen| seen.state.steps[0].opened_at).await.unwrap();
        assert!(began >= due, "{lead} began at {began}, before {due}");
    }
    next.stop().await;
}

/// What was audited is linked with the address that it was asked from, and what the server does by itself is not.
#[actix_web::test]
async fn an_audited_command_is_linked_with_the_address_it_came_from() {
    let (spool, store) = (tempfile::tempdir().unwrap(), RowStore::open(Memory::default()).unwrap());
    let store: Arc<dyn Store> = Arc::new(store);
    let engine = engine(&store, Clock::test(Timestamp::from_millis(1_790_000_000_000)), spool.path());
    let sequence = active_sequence(&engine).await;
    lead(&engine, 1).await;
    let from = Some(std::net::Ipv4Addr::new(192, 0, 2, 7).into());
    let deactivate = SequenceCommand::Deactivate { force: false };
    engine.submit::<Sequence, ()>(sequence, deactivate, Caller { from, ..BY }, |_| ()).await.unwrap();
    engine.advance(engine.clock().now(), |_| Ok(())).await.unwrap();
    engine.stop().await;
    let mut links = vec![];
    store
        .trail(None, &mut |number, link| {
            links.push((number, link.entity, link.version, link.from));
            true
        })
        .unwrap();
    let entity = sequence.into();
    assert_eq!(links, [(3, entity, 3, from), (2, entity, 2, None), (1, entity, 1, None)]);
}

/// records that are going through a sequence leave when it is deactivated, and a second engine finds none.
#[actix_web::test]
async fn q_56_every_record_leaves_a_deactivated_sequence() {
    let (spool, store) = (tempfile::tempdir().unwrap(), RowStore::open(Memory::default()).unwrap());
    let store: Arc<dyn Store> = Arc::new(store);
    let engine = engine(&store, Clock::test(Timestamp::from_millis(1_790_000_000_000)), spool.path());
    let sequence = active_sequence(&engine).await;
    let mut leads = Vec::new();
    for number in 0..300 {
        let lead = lead(&engine, number).await;
        let connect = RecordCommand::Connect { sequence, wait: None, source: None };
        engine.submit::<Record, ()>(lead, connect, BY, |_| ()).await.unwrap();
        leads.push(lead);
    }
    engine.submit::<Sequence, ()>(sequence, SequenceCommand::Deactivate { force: false }, BY, |_| ()).await.unwrap();
    engine.advance(engine.clock().now(), |_| Ok(())).await.unwrap();
    for lead in leads {
        assert_eq!(status(&engine, lead).await, EnrolmentStatus::Disconnected, "{lead}");
    }
    assert_eq!(relance::store::maintenance::check(store.as_ref()).unwrap().faults, Vec::<String>::new());
    engine.stop().await;
}

/// P10: a clock that goes two days forward in no time wakes nobody, in this process or the next, until it is accepted.
#[actix_web::test]
async fn p10_a_clock_that_steps_holds_every_timer_until_it_is_accepted() {
    let (spool, store) = (tempfile::tempdir().unwrap(), RowStore::open(Memory::default()).unwrap());
    let store: Arc<dyn Store> = Arc::new(store);
    let clock = Clock::test(Timestamp::from_millis(1_790_000_000_000));
    let engine = engine(&store, clock.clone(), spool.path());
    let sequence = active_sequence(&engine).await;
    let lead = lead(&engine, 1).await;
    let connect = RecordCommand::Connect { sequence, wait: Some(TimeDelta::hours(30)), source: None };
    engine.submit::<Record, ()>(lead, connect, BY, |_| ()).await.unwrap();
    clock.step(TimeDelta::days(2));
    assert_eq!(engine.settle().await, 0, "the wait ended long ago, by a clock that is not trusted");
    assert!(engine.clock_hold().is_some_and(|hold| hold.to_string().contains("172800 s")));
    clock.step(-TimeDelta::days(2));
    assert_eq!((engine.settle().await, engine.clock_hold()), (0, None), "taken back");
    clock.step(TimeDelta::days(2));
    assert_eq!(engine.settle().await, 0);
    engine.accept_clock();
    engine.settle().await;
    assert_eq!(status(&engine, lead).await, EnrolmentStatus::Connected, "accepted");
    engine.stop().await;
}

/// P8: what is under way is bounded; one more is refused at once, and what was accepted is stored when the store is ready.
#[actix_web::test]
async fn p8_overload_is_refused_at_once_and_nothing_accepted_is_lost() {
    let (spool, store) = (tempfile::tempdir().unwrap(), RowStore::open(Memory::default()).unwrap());
    let store: Arc<dyn Store> = Arc::new(store);
    let clock = Clock::test(Timestamp::from_millis(1_790_000_000_000));
    let (engine, queue) = start::start_here(store.clone(), options(clock, spool.path())).unwrap();
    let create = || RecordCommand::Create { kind: RecordType::Lead, changes: vec![Change::Name(Some("Ada".into()))] };
    let accepted: Vec<_> = (0..IN_FLIGHT_MAX)
        .map(|_| {
            let (engine, id) = (engine.clone(), RecordId(engine.ids.fresh(engine.clock().now())));
            actix_web::rt::spawn(async move { engine.submit::<Record, ()>(id, create(), BY, |_| ()).await })
        })
        .collect();
    while engine.in_flight() < IN_FLIGHT_MAX {
        tokio::task::yield_now().await;
    }
    let id = RecordId(engine.ids.fresh(engine.clock().now()));
    let refused = engine.submit::<Record, ()>(id, create(), BY, |_| ()).await;
    assert_eq!(refused, Err(Failure::Busy), "while the store takes nothing");
    while engine.in_flight() > 0 {
        queue.write_waiting(100);
        tokio::task::yield_now().await;
    }
    for answer in accepted {
        assert_eq!(answer.await.unwrap(), Ok(()));
    }
    assert_eq!(store.counter(Counter::Records(RecordType::Lead)), IN_FLIGHT_MAX as i64);
}

/// P7: a defect that one record meets again and again is left alone; the others, and what is stored of it, are unharmed.
#[actix_web::test]
async fn p7_a_panic_harms_one_record_and_nobody_else() {
    let (spool, store) = (tempfile::tempdir().unwrap(), RowStore::open(Memory::default()).unwrap());
    let store: Arc<dyn Store> = Arc::new(store);
    let clock = Clock::test(Timestamp::from_millis(1_790_000_000_000));
    let (engine, queue) = start::start_here(store.clone(), options(clock.clone(), spool.path())).unwrap();
    actix_web::rt::spawn(async move {
        loop {
            queue.write_waiting(1);
            tokio::task::yield_now().await;
        }
    });
    let (struck, other) = (lead(&engine, 1).await, lead(&engine, 2).await);
    for _ in 0..PANICS_MAX {
        let answer = engine.read::<Record, ()>(struck, BY, |_| panic!("a defect")).await;
        assert_eq!(answer, Err(Failure::Bug));
        assert_eq!(engine.read::<Record, _>(other, BY, |seen| seen.version).await, Ok(1));
    }
    assert_eq!(engine.read::<Record, _>(struck, BY, |seen| seen.version).await, Err(Failure::Bug), "left alone");
    let rename = RecordCommand::Change(vec![Change::Name(Some("Grace".into()))]);
    assert_eq!(engine.submit::<Record, _>(other, rename, BY, |seen| seen.version).await, Ok(2));
    let (next, _queue) = start::start_here(store.clone(), options(clock, spool.path())).unwrap();
    assert_eq!(next.read::<Record, _>(struck, BY, |seen| seen.version).await, Ok(1), "nothing of it was harmed");
}
