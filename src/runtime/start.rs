//! Starting an engine on a store: take the shards, read the sequences, start the actors.

use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use actix::prelude::*;
use arc_swap::ArcSwap;
use tokio::sync::Semaphore;

use crate::connector::{Mailer, merge};
use crate::domain::account::Account;
use crate::domain::catalogue::Catalogue;
use crate::domain::channels::Channels;
use crate::domain::given::Given;
use crate::domain::message_template::MessageTemplate;
use crate::domain::organisation::Organisation;
use crate::domain::sequence::Sequence;
use crate::domain::suppression::list::Suppressions;
use crate::domain::suppression::{Reached, Suppression};
use crate::domain::webhook::Webhook;
use crate::id::{CatalogueId, ChannelsId, EntityKind, IdSource, OrganisationId, UserId};
use crate::limits;
use crate::runtime::engine::{Engine, Router, Shared};
use crate::runtime::keyring::Keyring;
use crate::runtime::outbox::OutboxActor;
use crate::runtime::shard::ShardActor;
use crate::runtime::standing::Standings;
use crate::runtime::timer::TimerActor;
use crate::runtime::watch::{ClockWatch, Reading};
use crate::runtime::work_lists::WorkLists;
use crate::store::writer::{Queue, Writer};
use crate::store::{Result, Store, StoreError, codec, rows};
use crate::time::Clock;

/// How an engine runs.
pub struct Options {
    /// What time it is.
    pub clock: Clock,
    /// What the process before this one trusted of it, if the machine has run on since.
    pub clock_before: Option<Reading>,
    /// Where fresh ids come from.
    pub ids: IdSource,
    /// Threads that hold entities.
    pub threads: usize,
    /// Actors that one thread keeps per kind.
    pub resident_max: usize,
    /// How long an actor stays without a message.
    pub idle: Duration,
    /// Where automated e-mail goes.
    pub mailer: Arc<dyn Mailer>,
    /// Spreads what is tried again.
    pub chance: fastrand::Rng,
}

/// Starts the actors on threads of their own; timers that became due meanwhile fire at once. Ready when it returns.
pub fn start(store: Arc<dyn Store>, options: Options) -> Result<Engine> {
    let failed = |error: std::io::Error| StoreError::Io { doing: "start its thread", why: error.to_string() };
    let (writer, _thread) = Writer::start(store.clone()).map_err(failed)?;
    assemble(store, options, writer, || Some(Arbiter::new().handle()))
}

/// Starts the actors on the calling thread, in its present `LocalSet`. Nothing is written until the caller empties the
/// queue: for whoever has to decide what happens when, as a simulation does.
pub fn start_here(store: Arc<dyn Store>, options: Options) -> Result<(Engine, Queue)> {
    let (writer, queue) = Writer::new(store.clone());
    Ok((assemble(store, options, writer, || None)?, queue))
}

/// `thread` names where the next actors live; `None` is here.
fn assemble(
    store: Arc<dyn Store>,
    options: Options,
    writer: Writer,
    thread: impl Fn() -> Option<ArbiterHandle>,
) -> Result<Engine> {
    let fences = store.grant()?;
    let epoch = fences.iter().map(|fence| fence.epoch).max().unwrap_or_default();
    let (class, carries) = (options.mailer.class(), options.mailer.carries());
    let suppressions = match options.mailer.links().cloned() {
        Some(links) => Suppressions::named_by(Arc::new(move |reached, address: &str| match reached {
            Reached::Email => links.addresses(address),
            Reached::Phone => links.numbers(address),
        })),
        None => Suppressions::default(),
    };
    let given = Given { class, carries, ..read_given(store.as_ref(), suppressions)? };
    let keyring = read_keys(store.as_ref())?;
    let watch = ClockWatch::new(&options.clock, store.head().at, options.clock_before);
    let shared = Arc::new(Shared {
        store,
        writer,
        given: ArcSwap::from_pointee(given),
        clock: options.clock,
        keyring,
        watch: Mutex::new(watch),
        resident_max: options.resident_max.max(1),
        idle: options.idle,
        next_due: rows::shards().map(|_| AtomicI64::new(i64::MIN)).collect(),
        planned: AtomicI64::new(i64::MAX),
        owing: rows::shards().map(|_| AtomicBool::new(false)).collect(),
        work: WorkLists::new(epoch),
        standings: Standings::default(),
        governor: Mutex::default(),
        reckoning: tokio::sync::Mutex::default(),
        timer: OnceLock::new(),
        outbox: OnceLock::new(),
    });
    let shards = (0..options.threads.clamp(1, fences.len())).map(|_| {
        let (shared, fences) = (shared.clone(), fences.clone());
        place(thread().as_ref(), ShardActor::new(shared, fences))
    });
    let router = Router {
        shared: shared.clone(),
        shards: Arc::new(shards.collect()),
        admission: Arc::new(Semaphore::new(limits::IN_FLIGHT_MAX)),
    };
    let clockwork = thread();
    let timer = TimerActor::new(router.clone());
    let outbox = OutboxActor::new(router.clone(), options.mailer, epoch, options.chance);
    // Set once; a hint that comes before is found in the rows that the actors read first.
    let _ = shared.timer.set(place(clockwork.as_ref(), timer));
    let _ = shared.outbox.set(place(clockwork.as_ref(), outbox));
    Ok(Engine { router, ids: Arc::new(options.ids) })
}

fn place<A: Actor<Context = Context<A>> + Send>(thread: Option<&ArbiterHandle>, actor: A) -> Addr<A> {
    match thread {
        Some(thread) => A::start_in_arbiter(thread, move |_| actor),
        None => actor.start(),
    }
}

/// Every session and token as the log says it.
fn read_keys(store: &dyn Store) -> Result<Keyring> {
    let keyring = Keyring::default();
    for entity in store.entities(EntityKind::Account)? {
        let (account, ..) = codec::load::<Account>(store, entity, None)?;
        keyring.replace(UserId(entity.id), &account);
    }
    Ok(keyring)
}

/// The snapshot as the log says it: the organisation, the catalogue, the channels, message templates, webhooks, every sequence,
/// and the plans of its versions.
fn read_given(store: &dyn Store, suppressions: Suppressions) -> Result<Given> {
    let (organisation, ..) = codec::load::<Organisation>(store, OrganisationId::THE.into(), None)?;
    let (catalogue, ..) = codec::load::<Catalogue>(store, CatalogueId::THE.into(), None)?;
    let (channels, ..) = codec::load::<Channels>(store, ChannelsId::THE.into(), None)?;
    let given = Given { merge_reader: merge::fields, suppressions, ..Given::default() };
    let mut given = given.with_organisation(&organisation).with_catalogue(&catalogue).with_channels(&channels);
    for entity in store.entities(EntityKind::MessageTemplate)? {
        let (template, ..) = codec::load::<MessageTemplate>(store, entity, None)?;
        given = given.with_message(entity.into(), &template);
    }
    for entity in store.entities(EntityKind::Webhook)? {
        let (webhook, ..) = codec::load::<Webhook>(store, entity, None)?;
        given = given.with_webhook(entity.into(), &webhook);
    }
    for entity in store.entities(EntityKind::Suppression)? {
        let (suppression, ..) = codec::load::<Suppression>(store, entity, None)?;
        given.suppressions.set(entity.into(), suppression.holds.is_some());
    }
    for entity in store.entities(EntityKind::Sequence)? {
        let (sequence, ..) = codec::load::<Sequence>(store, entity, None)?;
        given = given.with_sequence(entity.into(), &sequence);
    }
    Ok(given)
}
