//! Starting an engine on a store: take the shards, read the sequences, start the actors.

use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix::prelude::*;
use arc_swap::ArcSwap;
use tokio::sync::Semaphore;

use crate::connector::mail::Spool;
use crate::domain::given::Given;
use crate::domain::sequence::Sequence;
use crate::id::{EntityKind, IdSource};
use crate::limits;
use crate::runtime::engine::{Engine, Router, Shared};
use crate::runtime::outbox::OutboxActor;
use crate::runtime::shard::ShardActor;
use crate::runtime::timer::TimerActor;
use crate::store::writer::Writer;
use crate::store::{Result, Store, StoreError, codec, rows};
use crate::time::Clock;

/// How an engine runs.
pub struct Options {
    /// What time it is.
    pub clock: Clock,
    /// Where fresh ids come from.
    pub ids: IdSource,
    /// Threads that hold entities.
    pub threads: usize,
    /// Actors that one thread keeps per kind.
    pub resident_max: usize,
    /// How long an actor stays without a message.
    pub idle: Duration,
    /// Where automated e-mail goes.
    pub spool: Spool,
    /// Spreads what is tried again.
    pub chance: fastrand::Rng,
}

/// Starts the actors on threads of their own; timers that became due meanwhile fire at once. Ready when it returns.
pub fn start(store: Arc<dyn Store>, options: Options) -> Result<Engine> {
    let fences = store.grant()?;
    let given = read_sequences(store.as_ref())?;
    let failed = |error: std::io::Error| StoreError::Io { doing: "start its thread", why: error.to_string() };
    let (writer, _thread) = Writer::start(store.clone()).map_err(failed)?;
    let shared = Arc::new(Shared {
        store,
        writer,
        given: ArcSwap::from_pointee(given),
        clock: options.clock,
        resident_max: options.resident_max.max(1),
        idle: options.idle,
        next_due: rows::shards().map(|_| AtomicI64::new(i64::MIN)).collect(),
        planned: AtomicI64::new(i64::MAX),
        owing: rows::shards().map(|_| AtomicBool::new(false)).collect(),
        timer: OnceLock::new(),
        outbox: OnceLock::new(),
    });
    let shards = (0..options.threads.clamp(1, fences.len())).map(|_| {
        let (shared, fences) = (shared.clone(), fences.clone());
        ShardActor::start_in_arbiter(&Arbiter::new().handle(), move |_| ShardActor::new(shared, fences))
    });
    let router = Router {
        shared: shared.clone(),
        shards: Arc::new(shards.collect()),
        admission: Arc::new(Semaphore::new(limits::IN_FLIGHT_MAX)),
    };
    let clockwork = Arbiter::new().handle();
    let timer = TimerActor::new(router.clone());
    let outbox = OutboxActor::new(router.clone(), options.spool, options.chance);
    // Set once; a hint that comes before is found in the rows that the actors read first.
    let _ = shared.timer.set(TimerActor::start_in_arbiter(&clockwork, move |_| timer));
    let _ = shared.outbox.set(OutboxActor::start_in_arbiter(&clockwork, move |_| outbox));
    Ok(Engine { router, ids: Arc::new(options.ids) })
}

/// The snapshot as the log says it: every sequence, and the plans of its versions.
fn read_sequences(store: &dyn Store) -> Result<Given> {
    let mut given = Given::default();
    for entity in store.entities(EntityKind::Sequence)? {
        let (sequence, ..) = codec::load::<Sequence>(store, entity, None)?;
        given = given.with_sequence(entity.into(), &sequence);
    }
    Ok(given)
}
