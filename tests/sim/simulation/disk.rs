//! The store as one server sees it: the rows are everybody's, the failures are its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use relance::domain::access::Scope;
use relance::domain::delivery::DeliveryState;
use relance::domain::effect::{Counter, Effect, EffectKey, EnrolmentRow, RecordSummary, TextName};
use relance::domain::record::schema::{Owner, RecordType};
use relance::domain::slot::Slot;
use relance::domain::work_list::WorkRow;
use relance::id::{EntityId, EntityKind, GatewayId, RecordId, SequenceId, Shard, StepId};
use relance::store::feed::Fed;
use relance::store::head::Head;
use relance::store::memory::Memory;
use relance::store::rows::{Batch, Keyspace, RowStore, Visit};
use relance::store::trail::VisitLink;
use relance::store::{
    Commit, Fence, Outcome, OwedRow, Repeat, Result, Store, StoreError, Stored, TimerRow, Version, VisitEntry,
    VisitRecord, VisitRow,
};
use relance::time::Timestamp;
use std::ops::Bound;

use super::history::History;
use super::mix::happens;

/// Rows that outlive whoever opened them.
#[derive(Clone, Default)]
pub struct Rows(Arc<Memory>);

impl Keyspace for Rows {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.0.get(key)
    }

    fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, newest_first: bool, visit: Visit) -> Result<()> {
        self.0.scan(from, to, newest_first, visit)
    }

    fn apply(&self, batch: Batch, head: &Head) -> Result<()> {
        self.0.apply(batch, head)
    }
}

/// How often a commit or a look at the rows goes wrong, out of a thousand.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    pub refused: u32,
    pub unanswered: u32,
    pub unread: u32,
}

/// See the module.
pub struct Disk {
    pub process: u32,
    pub store: Arc<RowStore<Rows>>,
    pub history: Arc<Mutex<History>>,
    chance: Mutex<(fastrand::Rng, Faults)>,
}

pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk {
    pub fn new(process: u32, store: Arc<RowStore<Rows>>, history: Arc<Mutex<History>>, chance: fastrand::Rng) -> Disk {
        Disk { process, store, history, chance: Mutex::new((chance, Faults::default())) }
    }

    /// A look at the rows, which may fail.
    fn read(&self) -> Result<&RowStore<Rows>> {
        let mut chance = locked(&self.chance);
        let (chance, Faults { unread, .. }) = &mut *chance;
        match happens(chance, *unread) {
            true => Err(StoreError::Io { doing: "read", why: "a simulated fault".into() }),
            false => Ok(&self.store),
        }
    }

    /// From now on it goes wrong as often as this.
    pub fn suffer(&self, faults: Faults) {
        locked(&self.chance).1 = faults;
    }
}

impl Store for Disk {
    fn grant(&self) -> Result<Vec<Fence>> {
        let fences = self.store.grant()?;
        locked(&self.history).granted(&fences);
        Ok(fences)
    }

    /// Some commits of a group are not stored, others are without an answer; both are told as unknown.
    fn commit(&self, group: &[Commit]) -> Result<Vec<Outcome>> {
        let mut chance = locked(&self.chance);
        let (chance, Faults { refused, unanswered, .. }) = &mut *chance;
        let fates: Vec<_> = group.iter().map(|_| (happens(chance, *refused), happens(chance, *unanswered))).collect();
        let kept: Vec<_> =
            group.iter().zip(&fates).filter(|(_, fate)| !fate.0).map(|(commit, _)| commit.clone()).collect();
        let mut stored = self.store.commit(&kept)?.into_iter();
        let mut history = locked(&self.history);
        let mut told = Vec::with_capacity(group.len());
        for (commit, (refused, unanswered)) in group.iter().zip(fates) {
            let (entity, process) = (commit.entity, self.process);
            let outcome = if refused { None } else { stored.next() };
            let entry = commit.entry.as_ref().map(|entry| super::trace::digest(entry));
            history.trace.note(format!(
                "server {process} commits {entity} at {} version {} with {entry:x?}: {outcome:?}{}",
                commit.at,
                commit.expected,
                if unanswered { ", unanswered" } else { "" }
            ));
            if let Some(outcome) = outcome {
                history.judged(self.process, commit, outcome);
            }
            if (refused || unanswered) && entity.kind == EntityKind::Record {
                history.far.excuse(entity.into());
            }
            told.push(outcome.filter(|_| !unanswered).unwrap_or(Outcome::Unknown));
        }
        Ok(told)
    }

    fn load(&self, entity: EntityId, until: Option<Version>) -> Result<Stored> {
        let read = self.read();
        if read.is_err() && entity.kind == EntityKind::Record {
            // What was sent cannot be noted either.
            locked(&self.history).far.excuse(entity.into());
        }
        read?.load(entity, until)
    }

    fn history(&self, entity: EntityId, before: Version, limit: usize) -> Result<Vec<(Version, Vec<u8>)>> {
        self.read()?.history(entity, before, limit)
    }

    fn entities(&self, kind: EntityKind) -> Result<Vec<EntityId>> {
        self.store.entities(kind)
    }

    fn due(&self, shard: Shard, after: Option<TimerRow>, until: Timestamp, limit: usize) -> Result<Vec<TimerRow>> {
        self.read()?.due(shard, after, until, limit)
    }

    fn owed(&self, shard: Shard, after: Option<(EntityId, EffectKey)>, limit: usize) -> Result<Vec<OwedRow>> {
        self.read()?.owed(shard, after, limit)
    }

    fn repeat(&self, shard: Shard, key: u128, now: Timestamp) -> Result<Option<Repeat>> {
        self.read()?.repeat(shard, key, now)
    }

    fn claimed(&self, kind: RecordType, external_id: &str) -> Result<Option<RecordId>> {
        self.store.claimed(kind, external_id)
    }

    fn summary(&self, record: RecordId) -> Result<Option<RecordSummary>> {
        self.store.summary(record)
    }

    fn counter(&self, counter: Counter) -> i64 {
        self.store.counter(counter)
    }

    fn records(&self, scope: &Scope, before: Option<RecordId>, visit: VisitRecord) -> Result<()> {
        self.store.records(scope, before, visit)
    }

    fn enrolments(
        &self,
        sequence: SequenceId,
        live: bool,
        before: Option<EnrolmentRow>,
        visit: &mut dyn FnMut(EnrolmentRow) -> bool,
    ) -> Result<()> {
        self.read()?.enrolments(sequence, live, before, visit)
    }

    fn deliveries(
        &self,
        states: &[DeliveryState],
        before: Option<(Timestamp, StepId)>,
        visit: &mut dyn FnMut(Timestamp, StepId, Slot) -> bool,
    ) -> Result<()> {
        self.read()?.deliveries(states, before, visit)
    }

    fn text(&self, gateway: GatewayId, name: &TextName) -> Result<Option<StepId>> {
        self.read()?.text(gateway, name)
    }

    fn work(&self, principal: Owner, visit: &mut dyn FnMut(RecordId, WorkRow)) -> Result<()> {
        self.read()?.work(principal, visit)
    }

    fn work_on(&self, principal: Owner, record: RecordId) -> Result<Option<WorkRow>> {
        self.read()?.work_on(principal, record)
    }

    fn trail(&self, before: Option<u64>, visit: VisitLink) -> Result<()> {
        self.store.trail(before, visit)
    }

    fn log(&self, visit: VisitEntry) -> Result<()> {
        self.store.log(visit)
    }

    fn derived(&self, visit: VisitRow) -> Result<()> {
        self.store.derived(visit)
    }

    fn replace_derived(&self, effects: &mut dyn Iterator<Item = Result<(EntityId, Vec<Effect>)>>) -> Result<()> {
        self.store.replace_derived(effects)
    }

    fn feed(&self, after: u64, limit: usize) -> Result<Vec<Fed>> {
        self.store.feed(after, limit)
    }

    fn feed_end(&self) -> u64 {
        self.store.feed_end()
    }

    fn trim_feed(&self, before: Timestamp, commits_max: u64) -> Result<usize> {
        self.store.trim_feed(before, commits_max)
    }

    fn kept(&self, entity: EntityId) -> Result<Option<Vec<u8>>> {
        self.store.kept(entity)
    }

    fn forget_repeats(&self, now: Timestamp) -> Result<usize> {
        self.store.forget_repeats(now)
    }

    fn head(&self) -> Head {
        self.store.head()
    }

    fn close(&self) -> Result<()> {
        self.store.close()
    }

    fn has_room(&self, bytes: u64) -> bool {
        self.store.has_room(bytes)
    }

    fn is_sound(&self) -> bool {
        self.store.is_sound()
    }
}
