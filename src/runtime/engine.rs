//! The engine as the rest of the program sees it: ask an entity, read lists, move the test clock, stop.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use actix::prelude::*;
use arc_swap::ArcSwap;
use tokio::sync::{Semaphore, oneshot};

use crate::domain::audit::{Audit, Note, Refusal};
use crate::domain::effect::Effect;
use crate::domain::given::Given;
use crate::domain::governor::Governor;
use crate::id::{AuditId, EntityId, IdSource, Shard};
use crate::limits;
use crate::runtime::keyring::Keyring;
use crate::runtime::message::{Ask, Caller, Deliver, Envelope, Failure, Reply, Seen};
use crate::runtime::outbox::{self, OutboxActor};
use crate::runtime::shard::{Resides, ShardActor};
use crate::runtime::standing::Standings;
use crate::runtime::timer::{self, TimerActor};
use crate::runtime::watch::{ClockWatch, Hold, Reading};
use crate::runtime::work_lists::WorkLists;
use crate::store::writer::Writer;
use crate::store::{Store, TimerRow};
use crate::time::{Clock, Timestamp};

/// What all actors of one engine share.
pub struct Shared {
    /// The rows.
    pub store: Arc<dyn Store>,
    /// The way to write them.
    pub writer: Writer,
    /// What decisions are given.
    pub given: ArcSwap<Given>,
    /// What time it is.
    pub clock: Clock,
    /// Every session and token that is valid.
    pub keyring: Keyring,
    pub(super) watch: Mutex<ClockWatch>,
    /// Actors that one shard actor keeps per kind.
    pub resident_max: usize,
    /// How long an actor stays without a message.
    pub idle: Duration,
    pub(super) next_due: Vec<AtomicI64>,
    pub(super) planned: AtomicI64,
    pub(super) owing: Vec<AtomicBool>,
    /// What users and teams have to do.
    pub work: WorkLists,
    /// How many records stand where.
    pub standings: Standings,
    pub(super) governor: Mutex<Governor>,
    /// Held by whoever computes the governor.
    pub(super) reckoning: tokio::sync::Mutex<()>,
    pub(super) timer: OnceLock<Addr<TimerActor>>,
    pub(super) outbox: OnceLock<Addr<OutboxActor>>,
}

impl Shared {
    /// A timer of `shard` was stored; wakes the timer actor if it would sleep past it.
    pub fn hint_timer(&self, shard: Shard, due: Timestamp) {
        self.next_due[usize::from(shard.0)].fetch_min(due.millis(), Ordering::AcqRel);
        if due.millis() < self.planned.load(Ordering::Acquire)
            && let Some(timer) = self.timer.get()
        {
            timer.do_send(timer::Wake);
        }
    }

    /// The watch over the clock.
    pub(super) fn watch(&self) -> MutexGuard<'_, ClockWatch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A delivery of `shard` was stored.
    pub fn hint_outbox(&self, shard: Shard) {
        let was_owing = self.owing[usize::from(shard.0)].swap(true, Ordering::AcqRel);
        if !was_owing && let Some(outbox) = self.outbox.get() {
            outbox.do_send(outbox::Wake);
        }
    }
}

/// The way to entities: admission, and the shard actor of each shard.
#[derive(Clone)]
pub struct Router {
    pub(super) shared: Arc<Shared>,
    pub(super) shards: Arc<Vec<Addr<ShardActor>>>,
    pub(super) admission: Arc<Semaphore>,
}

impl Router {
    /// Asks an entity; `view` makes the answer in the actor's thread. Refused as busy where too much is under way.
    pub async fn submit<E: Resides, T: Send + 'static>(
        &self,
        id: E::Id,
        command: E::Command,
        caller: Caller,
        view: impl FnOnce(Seen<E>) -> T + Send + 'static,
    ) -> Result<T, Failure<E::Rejection>>
    where
        ShardActor: Handler<Deliver<E>>,
    {
        let Ok(_admitted) = self.admission.try_acquire() else { return Err(self.refusal()) };
        self.ask(id, Ask::Submit(command, caller), view).await
    }

    /// The same for work that can wait its turn: batches, imports, timers, deliveries.
    pub async fn submit_in_turn<E: Resides, T: Send + 'static>(
        &self,
        id: E::Id,
        command: E::Command,
        caller: Caller,
        view: impl FnOnce(Seen<E>) -> T + Send + 'static,
    ) -> Result<T, Failure<E::Rejection>>
    where
        ShardActor: Handler<Deliver<E>>,
    {
        let Ok(_admitted) = self.admission.acquire().await else { return Err(Failure::Unavailable) };
        self.ask(id, Ask::Submit(command, caller), view).await
    }

    /// Looks at an entity, after everything it was asked before. Refused where the caller may not see it.
    pub async fn read<E: Resides, T: Send + 'static>(
        &self,
        id: E::Id,
        caller: Caller,
        view: impl FnOnce(Seen<E>) -> T + Send + 'static,
    ) -> Result<T, Failure<E::Rejection>>
    where
        ShardActor: Handler<Deliver<E>>,
    {
        let Ok(_admitted) = self.admission.acquire().await else { return Err(Failure::Unavailable) };
        self.ask(id, Ask::Read(caller), view).await
    }

    /// Removes a row that the entity says nothing waits for.
    pub(super) async fn sweep<E: Resides>(&self, id: E::Id, effect: Effect)
    where
        ShardActor: Handler<Deliver<E>>,
    {
        if let Err(error) = self.ask::<E, ()>(id, Ask::Sweep(effect), |_| ()).await {
            tracing::warn!(%error, "a row that nothing waits for stays for now");
        }
    }

    /// Replaces what an entity keeps beside its log, or removes it; see [`Effect::Keep`].
    pub async fn keep<E: Resides>(&self, id: E::Id, kept: Option<Vec<u8>>)
    where
        ShardActor: Handler<Deliver<E>>,
    {
        let effect = kept.map_or(Effect::Unkeep, Effect::Keep);
        if let Err(error) = self.ask::<E, ()>(id, Ask::Sweep(effect), |_| ()).await {
            tracing::warn!(%error, "what an entity keeps beside its log stays as it was");
        }
    }

    async fn ask<E: Resides, T: Send + 'static>(
        &self,
        id: E::Id,
        ask: Ask<E>,
        view: impl FnOnce(Seen<E>) -> T + Send + 'static,
    ) -> Result<T, Failure<E::Rejection>>
    where
        ShardActor: Handler<Deliver<E>>,
    {
        if self.shared.writer.has_failed() {
            return Err(Failure::Unavailable);
        }
        let (answer, answered) = oneshot::channel();
        let reply: Reply<E> = Box::new(move |seen| {
            // Whoever asked may have gone; the command stands all the same.
            let _ = answer.send(seen.map(view));
        });
        let entity: EntityId = id.into();
        let shard = &self.shards[usize::from(entity.shard().0) % self.shards.len()];
        shard.do_send(Deliver { id, envelope: Envelope { ask, reply } });
        answered.await.unwrap_or(Err(Failure::Bug))
    }

    fn refusal<R: std::error::Error>(&self) -> Failure<R> {
        if self.admission.is_closed() { Failure::Unavailable } else { Failure::Busy }
    }
}

/// A running engine. Cheap to clone; two in one process do not know of each other.
#[derive(Clone)]
pub struct Engine {
    /// The way to entities.
    pub router: Router,
    /// Where fresh ids come from.
    pub ids: Arc<IdSource>,
}

impl std::ops::Deref for Engine {
    type Target = Router;
    fn deref(&self) -> &Router {
        &self.router
    }
}

impl Engine {
    /// The rows, for lists.
    pub fn store(&self) -> &dyn Store {
        self.shared.store.as_ref()
    }

    /// The rows, for lists that are read on another thread.
    pub fn shared_store(&self) -> Arc<dyn Store> {
        self.shared.store.clone()
    }

    /// The snapshot that decisions are given now.
    pub fn given(&self) -> Arc<Given> {
        self.shared.given.load_full()
    }

    /// What users and teams have to do.
    pub fn work(&self) -> &WorkLists {
        &self.shared.work
    }

    /// How many records stand at each node of a sequence.
    pub fn standings(&self) -> &Standings {
        &self.shared.standings
    }

    /// The same for a thread that may wait.
    pub fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// Every session and token that is valid.
    pub fn keyring(&self) -> &Keyring {
        &self.shared.keyring
    }

    /// Notes a refusal that no entity has spoken, durable when it returns.
    pub async fn note(&self, refusal: Refusal, caller: Caller) {
        let audit = AuditId::of(EntityId::from(caller.by.account()).shard());
        let caller = Caller { command: None, expected: None, ..caller };
        if let Err(error) = self.submit_in_turn::<Audit, ()>(audit, Note(refusal), caller, |_| ()).await {
            tracing::warn!(%error, "a refusal could not be noted");
        }
    }

    /// Changes with the last number of the feed.
    pub fn follow(&self) -> tokio::sync::watch::Receiver<u64> {
        self.shared.writer.follow()
    }

    /// The engine's clock.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Why no timer fires, if the clock is not trusted (P10).
    pub fn clock_hold(&self) -> Option<Hold> {
        self.shared.watch().look(self.clock())
    }

    /// Takes the clock as it stands for right, so that timers fire again.
    pub fn accept_clock(&self) {
        self.shared.watch().accept(self.clock());
        if let Some(timer) = self.shared.timer.get() {
            timer.do_send(timer::Wake);
        }
    }

    /// The last reading of the clock that was trusted, for the next process on this machine.
    pub fn trusted_clock(&self) -> Reading {
        self.shared.watch().trusted()
    }

    /// Whether commands are accepted.
    pub fn is_ready(&self) -> bool {
        !self.admission.is_closed() && !self.has_failed()
    }

    /// Whether so many bytes can be written and the disk is not full after it.
    pub fn has_room(&self, bytes: u64) -> bool {
        self.store().has_room(bytes)
    }

    /// Whether the store has failed: what the disk holds is not known, and the process should end.
    pub fn has_failed(&self) -> bool {
        self.shared.writer.has_failed() || !self.store().is_sound()
    }

    /// Commands under way.
    pub fn in_flight(&self) -> usize {
        limits::IN_FLIGHT_MAX.saturating_sub(self.admission.available_permits())
    }

    /// Moves a test clock to `to`, firing every timer on the way at its own instant, in order. Returns how many, once
    /// nothing more is due or owed. Each instant goes to `keep` before anything happens at it, so that a clock that is
    /// kept never stands before what has happened.
    pub async fn advance(
        &self,
        to: Timestamp,
        keep: impl Fn(Timestamp) -> std::io::Result<()>,
    ) -> std::io::Result<u64> {
        let mut fired = self.settle().await;
        while let Some(next) = self.next_timer().filter(|due| *due <= to) {
            keep(next)?;
            self.clock().advance(next);
            fired += self.settle().await;
        }
        keep(to)?;
        self.clock().advance(to);
        Ok(fired + self.settle().await)
    }

    /// Waits until no delivery is under way and none that can be tried now is owed. Returns how many were done.
    pub async fn deliver(&self) -> u64 {
        match self.shared.outbox.get() {
            Some(outbox) => outbox.send(outbox::Settle).await.unwrap_or(0),
            None => 0,
        }
    }

    /// Waits until no timer is due and nothing is owed that can be delivered. Returns how many timers fired.
    pub async fn settle(&self) -> u64 {
        let mut fired = 0;
        loop {
            let timers = match self.shared.timer.get() {
                Some(timer) => timer.send(timer::Settle).await.unwrap_or(0),
                None => 0,
            };
            let deliveries = self.deliver().await;
            fired += timers;
            if timers + deliveries == 0 {
                return fired;
            }
        }
    }

    /// When the first timer behind the present instant is due. One before it that could not fire is tried again with the
    /// next, so that no defect holds the clock.
    pub fn next_timer(&self) -> Option<Timestamp> {
        let after = Some(TimerRow::after(self.clock().now()));
        let first = |shard| self.store().due(shard, after, Timestamp::MAX, 1).ok()?.first().map(|timer| timer.due);
        crate::store::rows::shards().filter_map(first).min()
    }

    /// Stops in order: no new commands, those under way answered, then nothing runs any more and the store is closed.
    /// Whatever was answered is durable already.
    pub async fn stop(&self) {
        if let Some(timer) = self.shared.timer.get() {
            timer.do_send(timer::Stop);
        }
        if let Some(outbox) = self.shared.outbox.get() {
            outbox.do_send(outbox::Stop);
        }
        let all = self.admission.acquire_many(limits::IN_FLIGHT_MAX as u32);
        if tokio::time::timeout(Duration::from_secs(10), all).await.is_err() {
            tracing::warn!("commands are still under way after ten seconds; stopping all the same");
        }
        self.admission.close();
        self.shared.standings.close();
        let store = self.shared_store();
        let closed = tokio::task::spawn_blocking(move || store.close()).await;
        if !matches!(closed, Ok(Ok(()))) {
            tracing::warn!(?closed, "the store was not closed in order; the next start reads all of it first");
        }
    }
}
