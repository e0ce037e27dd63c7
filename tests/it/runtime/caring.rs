//! Automated mail that goes wrong, on the running engine: what has begun is undone, and a fuse holds what has not left, over a
//! restart; a pilot begins with as many records as it may.

use std::sync::Arc;

use chrono::TimeDelta;
use relance::domain::delivery::{DeliveryState, MessageState};
use relance::domain::effect::Counter;
use relance::domain::enrolment::{EndReason, EnrolmentStatus, Signal};
use relance::domain::governor::Brake;
use relance::domain::record::Record;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, RecordType};
use relance::domain::sequence::fuse::Fuse;
use relance::domain::sequence::graph::Graph;
use relance::domain::sequence::{Property, Sequence, SequenceCommand};
use relance::id::{RecordId, SequenceId};
use relance::runtime::engine::Engine;
use relance::store::Store;
use relance::store::maintenance;
use relance::store::memory::Memory;
use relance::store::rows::RowStore;
use relance::time::{Clock, Timestamp};

use super::{BY, engine};
use crate::domain::draw::{auto_email, graph, task, wait};

fn store() -> (tempfile::TempDir, Arc<dyn Store>, Clock) {
    let (spool, store) = (tempfile::tempdir().unwrap(), RowStore::open(Memory::default()).unwrap());
    (spool, Arc::new(store), Clock::test(Timestamp::from_millis(1_790_000_000_000)))
}

async fn sequence(engine: &Engine, graph: Graph, properties: Vec<Property>) -> SequenceId {
    let id = SequenceId(engine.ids.fresh(engine.clock().now()));
    let (name, record_type) = ("Mailing".to_owned(), RecordType::Lead);
    let create = SequenceCommand::Create { name, description: String::new(), record_type, template: None, graph };
    let activate = SequenceCommand::Activate { description: None, migration: None, pilot: None };
    for command in [create, SequenceCommand::Change(properties), activate] {
        order(engine, id, command).await;
    }
    id
}

async fn order(engine: &Engine, id: SequenceId, command: SequenceCommand) {
    engine.submit::<Sequence, ()>(id, command, BY, |_| ()).await.unwrap();
}

/// A lead that can be written to, connected.
async fn connected(engine: &Engine, sequence: SequenceId) -> RecordId {
    let id = RecordId(engine.ids.fresh(engine.clock().now()));
    let changes = vec![Change::Name(Some("Ada".into())), Change::Email(Some(format!("{id}@example.org")))];
    let create = RecordCommand::Create { kind: RecordType::Lead, changes };
    engine.submit::<Record, ()>(id, create, BY, |_| ()).await.unwrap();
    let connect = RecordCommand::Connect { sequence, wait: None, source: None };
    engine.submit::<Record, ()>(id, connect, BY, |_| ()).await.unwrap();
    id
}

async fn message(engine: &Engine, lead: RecordId) -> (MessageState, Option<Brake>) {
    let first = engine.read::<Record, _>(lead, BY, |seen| seen.state.steps[0].message.clone()).await.unwrap();
    first.map(|message| (message.state, message.brake)).unwrap()
}

fn owed(store: &dyn Store) -> usize {
    let mut owed = 0;
    let states = [DeliveryState::Owed, DeliveryState::Claimed];
    store
        .deliveries(&states, None, &mut |_, _, _| {
            owed += 1;
            true
        })
        .unwrap();
    owed
}

/// A fuse that blows is told once, holds what comes behind over a restart, and lets it go when it is reset.
#[actix_web::test]
async fn a_fuse_holds_what_comes_behind_until_it_is_reset_over_a_restart() {
    let (spool, store, clock) = store();
    let first = engine(&store, clock.clone(), spool.path());
    let fuse = Fuse { bounces: Some(2_000), min_sent: 4, ..Fuse::default() };
    let mailing = || graph(&[auto_email("m", "t"), task("t", "")]);
    let id = sequence(&first, mailing(), vec![Property::Fuse(Some(fuse))]).await;
    let other = sequence(&first, mailing(), vec![]).await;
    for number in 0..5 {
        let lead = connected(&first, id).await;
        first.settle().await;
        assert_eq!(message(&first, lead).await, (MessageState::Sent, None), "message {number}");
        if number < 2 {
            let step = 2;
            let signal = RecordCommand::Signal { step, signal: Signal::Bounced, at: clock.now() };
            first.submit::<Record, ()>(lead, signal, BY, |_| ()).await.unwrap();
        }
        // Two of four are too many, but that is seen when the fifth is about to leave.
        if number == 3 {
            break;
        }
    }
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(connected(&first, id).await);
    }
    first.settle().await;
    let unharmed = connected(&first, other).await;
    first.settle().await;
    assert_eq!(message(&first, unharmed).await.0, MessageState::Sent, "of another sequence");
    let is_blown = |seen: relance::runtime::message::Seen<Sequence>| (seen.state.care.blown.is_some(), seen.version);
    let blown = first.read::<Sequence, _>(id, BY, is_blown).await.unwrap();
    assert!(blown.0);
    for lead in &held {
        let (state, brake) = message(&first, *lead).await;
        assert!(matches!(state, MessageState::PutOff(_)), "{state:?}");
        assert_eq!(brake, Some(Brake::Fuse));
    }
    first.stop().await;
    let next = engine(&store, clock.clone(), spool.path());
    next.advance(clock.now() + TimeDelta::hours(50), |_| Ok(())).await.unwrap();
    for lead in &held {
        assert_eq!(message(&next, *lead).await.1, Some(Brake::Fuse), "they look each day, and are held still");
    }
    assert_eq!(next.read::<Sequence, _>(id, BY, is_blown).await.unwrap(), blown, "told once");
    order(&next, id, SequenceCommand::ResetFuse).await;
    next.settle().await;
    for lead in &held {
        assert_eq!(message(&next, *lead).await, (MessageState::Sent, None));
    }
    assert_eq!(maintenance::check(store.as_ref()).unwrap().faults, Vec::<String>::new());
    next.stop().await;
}

/// Three of ten begin, whoever connects them at once; the others are let in, though the engine stops in the middle of it.
#[actix_web::test]
async fn a_pilot_begins_with_three_of_ten_and_the_release_lets_in_the_others_over_a_restart() {
    let (spool, store, clock) = store();
    let first = engine(&store, clock.clone(), spool.path());
    let id = sequence(&first, graph(&[task("t", "")]), vec![]).await;
    order(&first, id, SequenceCommand::Revise).await;
    order(&first, id, SequenceCommand::Activate { description: None, migration: None, pilot: Some(3) }).await;
    let leads = futures_util::future::join_all((0..10).map(|_| connected(&first, id))).await;
    let mut statuses = Vec::new();
    for lead in &leads {
        statuses.push(first.read::<Record, _>(*lead, BY, |seen| seen.state.enrolments[0].status).await.unwrap());
    }
    let count = |status| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(EnrolmentStatus::Connected), count(EnrolmentStatus::Connecting)), (3, 7));
    let counters = [Counter::Piloted(id, 1), Counter::Awaiting(id)];
    assert_eq!(counters.map(|counter| store.counter(counter)), [3, 7]);
    order(&first, id, SequenceCommand::Release).await;
    first.stop().await;
    let next = engine(&store, clock.clone(), spool.path());
    next.settle().await;
    for lead in &leads {
        let status = next.read::<Record, _>(*lead, BY, |seen| seen.state.enrolments[0].status).await.unwrap();
        assert_eq!(status, EnrolmentStatus::Connected);
    }
    assert_eq!(counters.map(|counter| store.counter(counter)), [3, 0]);
    let over = next.read::<Sequence, _>(id, BY, |seen| seen.state.care.letting_in).await.unwrap();
    assert_eq!(over, None);
    assert_eq!(maintenance::check(store.as_ref()).unwrap().faults, Vec::<String>::new());
    next.stop().await;
}

/// What is undone leaves nothing owed, though the engine stops in the middle of it.
#[actix_web::test]
async fn an_undo_leaves_nothing_owed_though_the_engine_stops_in_the_middle() {
    let (spool, store, clock) = store();
    let first = engine(&store, clock.clone(), spool.path());
    let fuse = Fuse { bounces: Some(1), min_sent: 1, ..Fuse::default() };
    let mails = graph(&[auto_email("m", "w"), wait("w", 1, 0, "n"), auto_email("n", "")]);
    let id = sequence(&first, mails, vec![Property::Fuse(Some(fuse))]).await;
    let lead = connected(&first, id).await;
    first.settle().await;
    let signal = RecordCommand::Signal { step: 2, signal: Signal::Bounced, at: clock.now() };
    first.submit::<Record, ()>(lead, signal, BY, |_| ()).await.unwrap();
    let mut leads = vec![lead];
    for _ in 0..150 {
        leads.push(connected(&first, id).await);
    }
    first.settle().await;
    assert_eq!(owed(store.as_ref()), 150, "the fuse holds them");
    order(&first, id, SequenceCommand::Undo { since: None, deactivate: false }).await;
    first.stop().await;
    let next = engine(&store, clock.clone(), spool.path());
    next.settle().await;
    assert_eq!(owed(store.as_ref()), 0);
    for lead in leads {
        let reason = next.read::<Record, _>(lead, BY, |seen| seen.state.enrolments[0].reason).await.unwrap();
        assert_eq!(reason, Some(EndReason::SequenceUndone));
    }
    let done = next.read::<Sequence, _>(id, BY, |seen| seen.state.care.undo.unwrap().is_done).await.unwrap();
    assert!(done);
    next.advance(clock.now() + TimeDelta::days(9), |_| Ok(())).await.unwrap();
    let mut sent = 0;
    store
        .deliveries(&[DeliveryState::Sent], None, &mut |_, _, _| {
            sent += 1;
            true
        })
        .unwrap();
    assert_eq!(sent, 1, "what had left before");
    assert_eq!(maintenance::check(store.as_ref()).unwrap().faults, Vec::<String>::new());
    next.stop().await;
}
