//! How entities, timers, deliveries, lists and counters become rows of an ordered key space.

use std::collections::HashMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard};

use crate::domain::access::Scope;
use crate::domain::delivery::DeliveryState;
use crate::domain::effect::{Counter, Effect, EffectKey, EnrolmentRow, RecordSummary, TextName};
use crate::domain::record::schema::{Owner, RecordType};
use crate::domain::slot::Slot;
use crate::domain::work_list::WorkRow;
use crate::id::{EntityId, EntityKind, GatewayId, RecordId, SequenceId, Shard, StepId};
use crate::limits;
use crate::store::backup::Feed;
use crate::store::feed::Fed;
use crate::store::group::{Finished, Group};
use crate::store::head::Head;
use crate::store::key::{self, Key};
use crate::store::trail::VisitLink;
use crate::store::{
    Commit, Fence, Outcome, OwedRow, Repeat, Result, Store, StoreError, Stored, TimerRow, Version, VisitEntry,
    VisitRecord, VisitRow, codec,
};
use crate::time::Timestamp;

/// Called for each row; says whether to go on.
pub type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<bool>;

/// Rows to write (`Some`) or remove (`None`), as one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch(pub Vec<(Key, Option<Vec<u8>>)>);

impl Batch {
    pub(super) fn put(&mut self, key: Key, value: Vec<u8>) {
        self.0.push((key, Some(value)));
    }

    pub(super) fn remove(&mut self, key: Key) {
        self.0.push((key, None));
    }
}

/// Ordered rows that are written atomically.
pub trait Keyspace: Send + Sync + 'static {
    /// One row.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>>;
    /// Rows of a range in order, or from its end.
    fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, newest_first: bool, visit: Visit) -> Result<()>;
    /// All of the batch or none, durable on return; `head` is in it.
    fn apply(&self, batch: Batch, head: &Head) -> Result<()>;
    /// Whether so many bytes more can be written.
    fn has_room(&self, _bytes: u64) -> bool {
        true
    }
    /// Whether nothing has failed so far.
    fn is_sound(&self) -> bool {
        true
    }
    /// Nothing is read or written after this. `prove` reads everything as the next opening will find it.
    fn close(&self, prove: &dyn Fn() -> Result<()>) -> Result<()> {
        prove()
    }
}

/// A [`Store`] over any [`Keyspace`].
pub struct RowStore<K> {
    pub(super) rows: K,
    /// What is kept in memory of what only one writer changes. Locked for the whole of a commit.
    held: Mutex<Held>,
}

/// See [`RowStore`].
#[derive(Default)]
pub(super) struct Held {
    pub(super) counters: HashMap<Counter, i64>,
    pub(super) epochs: Vec<u64>,
    pub(super) head: Head,
    /// The number of the last commit in the feed.
    pub(super) fed: u64,
    /// Where batches go while a backup is made.
    pub(super) feed: std::sync::Weak<std::sync::Mutex<Feed>>,
}

impl<K: Keyspace> RowStore<K> {
    /// Reads the head and the counters; they are few.
    pub fn open(rows: K) -> Result<RowStore<K>> {
        let store = RowStore { rows, held: Mutex::new(Held::default()) };
        store.reload()?;
        Ok(store)
    }

    /// Reads again what is held in memory of the rows.
    pub(super) fn reload(&self) -> Result<()> {
        let mut held = Held::default();
        self.scan_prefix(&key::all(key::GLOBAL, b'C'), &mut |found, value| {
            if let Some(counter) = key::read::counter(found) {
                held.counters.insert(counter, codec::decode(value)?);
            }
            Ok(true)
        })?;
        for shard in shards() {
            let epoch = self.rows.get(&key::fence(shard))?.map_or(Ok(0), |bytes| codec::decode(&bytes))?;
            held.epochs.push(epoch);
        }
        held.head = self.rows.get(&key::head())?.map_or(Ok(Head::default()), |bytes| Head::read(&bytes))?;
        held.fed = self.read_feed_end()?;
        *self.held() = held;
        Ok(())
    }

    fn snapshot(&self, entity: EntityId) -> Result<Option<(Version, Vec<u8>)>> {
        let bytes = match self.rows.get(&key::snapshot(entity)) {
            Ok(Some(bytes)) => bytes,
            // A cache that does not read is one that missed: the log says the same.
            Err(StoreError::Row(_)) | Ok(None) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (version, state) = bytes.split_first_chunk().ok_or_else(|| StoreError::Row("a snapshot".into()))?;
        Ok(Some((Version::from_be_bytes(*version), state.to_vec())))
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Where the rows are.
    pub fn keyspace(&self) -> &K {
        &self.rows
    }

    pub(super) fn scan_prefix(&self, prefix: &[u8], visit: Visit) -> Result<()> {
        let end = key::after(prefix);
        self.rows.scan(Bound::Included(prefix), Bound::Excluded(&end), false, visit)
    }

    /// The version of the last event row of an entity.
    pub(super) fn last_version(&self, entity: EntityId) -> Result<Version> {
        let mut head = 0;
        let prefix = key::events(entity);
        let end = key::after(&prefix);
        self.rows.scan(Bound::Included(&prefix), Bound::Excluded(&end), true, &mut |found, _| {
            head = key::read::event(found).ok_or_else(|| unreadable(found))?.1;
            Ok(false)
        })?;
        Ok(head)
    }

    /// Whether the log of an entity ends with that version: one look at two neighbouring rows.
    pub(super) fn ends_at(&self, entity: EntityId, version: Version) -> Result<bool> {
        let (from, to) = (key::event(entity, version), key::event(entity, version + 1));
        let mut last = 0;
        self.rows.scan(Bound::Included(&from), Bound::Included(&to), false, &mut |found, _| {
            last = key::read::event(found).ok_or_else(|| unreadable(found))?.1;
            Ok(true)
        })?;
        Ok(last == version)
    }
}

/// Every shard of a store.
pub fn shards() -> impl Iterator<Item = Shard> {
    (0..limits::SHARD_COUNT).map(Shard)
}

pub(super) fn unreadable(found: &[u8]) -> StoreError {
    StoreError::Row(format!("a key of {} bytes is not one of ours", found.len()))
}

impl<K: Keyspace> Store for RowStore<K> {
    fn grant(&self) -> Result<Vec<Fence>> {
        let mut held = self.held();
        let epochs: Vec<u64> = held.epochs.iter().map(|epoch| epoch + 1).collect();
        let fences: Vec<Fence> = shards().zip(&epochs).map(|(shard, epoch)| Fence { shard, epoch: *epoch }).collect();
        let mut batch = Batch::default();
        for fence in &fences {
            batch.put(key::fence(fence.shard), codec::encode(&fence.epoch));
        }
        self.write(&mut held, batch, Timestamp::default())?;
        held.epochs = epochs;
        Ok(fences)
    }

    fn commit(&self, commits: &[Commit]) -> Result<Vec<Outcome>> {
        let mut held = self.held();
        let mut group = Group::new(self, &held);
        let mut outcomes = Vec::with_capacity(commits.len());
        for commit in commits {
            let outcome = group.judge(commit)?;
            if matches!(outcome, Outcome::Done(_)) {
                group.take(commit)?;
            }
            outcomes.push(outcome);
        }
        let at = commits.iter().map(|commit| commit.at).max().unwrap_or_default();
        let Finished { batch, sums, fed } = group.finish(at);
        self.write(&mut held, batch, at)?;
        held.counters.extend(sums);
        held.fed = fed;
        Ok(outcomes)
    }

    fn load(&self, entity: EntityId, until: Option<Version>) -> Result<Stored> {
        let until = until.unwrap_or(Version::MAX);
        let (from, to) = (key::events(entity), key::event(entity, until));
        let (mut entries, mut snapshot) = (Vec::new(), None);
        // From the end, because each row costs a walk down the tree: a young entity has no snapshot to look for, and one
        // that has a snapshot has it where its version divides.
        self.rows.scan(Bound::Included(&from), Bound::Included(&to), true, &mut |found, value| {
            let (_, version) = key::read::event(found).ok_or_else(|| unreadable(found))?;
            if version.is_multiple_of(limits::SNAPSHOT_EVERY) {
                snapshot = self.snapshot(entity)?.filter(|(of, _)| *of == version);
            }
            if snapshot.is_none() {
                entries.push((version, value.to_vec()));
            }
            Ok(snapshot.is_none() && version > 1)
        })?;
        entries.reverse();
        Ok(Stored { snapshot, entries })
    }

    fn history(&self, entity: EntityId, before: Version, limit: usize) -> Result<Vec<(Version, Vec<u8>)>> {
        let (from, to) = (key::events(entity), key::event(entity, before));
        let mut entries = Vec::new();
        self.rows.scan(Bound::Included(&from), Bound::Excluded(&to), true, &mut |found, value| {
            let (_, version) = key::read::event(found).ok_or_else(|| unreadable(found))?;
            entries.push((version, value.to_vec()));
            Ok(entries.len() < limit)
        })?;
        Ok(entries)
    }

    fn entities(&self, kind: EntityKind) -> Result<Vec<EntityId>> {
        self.list_entities(kind)
    }

    fn due(&self, shard: Shard, after: Option<TimerRow>, until: Timestamp, limit: usize) -> Result<Vec<TimerRow>> {
        let from = after.map_or_else(|| key::all(shard, b'T'), |timer| key::timer_in(shard, timer));
        let to = key::after(&key::timers_from(shard, until));
        let mut timers = Vec::new();
        if from < to {
            self.rows.scan(Bound::Excluded(&from), Bound::Excluded(&to), false, &mut |found, _| {
                timers.push(key::read::timer(found).ok_or_else(|| unreadable(found))?);
                Ok(timers.len() < limit)
            })?;
        }
        Ok(timers)
    }

    fn owed(&self, shard: Shard, after: Option<(EntityId, EffectKey)>, limit: usize) -> Result<Vec<OwedRow>> {
        let prefix = key::all(shard, b'O');
        let from = after.map_or_else(|| prefix.clone(), |(entity, name)| key::owed(entity, name));
        let to = key::after(&prefix);
        let mut rows = Vec::new();
        self.rows.scan(Bound::Excluded(&from), Bound::Excluded(&to), false, &mut |found, value| {
            let (entity, key) = key::read::owed(found).ok_or_else(|| unreadable(found))?;
            rows.push(OwedRow { entity, key, delivery: codec::decode(value)? });
            Ok(rows.len() < limit)
        })?;
        Ok(rows)
    }

    fn repeat(&self, shard: Shard, command: u128, now: Timestamp) -> Result<Option<Repeat>> {
        for week in key::weeks_kept(now) {
            if let Some(bytes) = self.rows.get(&key::repeat(shard, week, command))? {
                return codec::decode(&bytes).map(Some);
            }
        }
        Ok(None)
    }

    fn claimed(&self, kind: RecordType, external_id: &str) -> Result<Option<RecordId>> {
        self.rows.get(&key::claim(kind, external_id))?.map(|bytes| codec::decode(&bytes)).transpose()
    }

    fn summary(&self, record: RecordId) -> Result<Option<RecordSummary>> {
        self.rows.get(&key::record(record))?.map(|bytes| codec::decode(&bytes)).transpose()
    }

    fn counter(&self, counter: Counter) -> i64 {
        self.held().counters.get(&counter).copied().unwrap_or(0)
    }

    fn records(&self, scope: &Scope, before: Option<RecordId>, visit: VisitRecord) -> Result<()> {
        self.list_records(scope, before.map(|id| id.0), visit)
    }

    fn enrolments(
        &self,
        sequence: SequenceId,
        live: bool,
        before: Option<EnrolmentRow>,
        visit: &mut dyn FnMut(EnrolmentRow) -> bool,
    ) -> Result<()> {
        let before = before.map(|row| crate::id::EnrolmentId::of(row.record, row.ordinal).0.to_be_bytes());
        let prefixes = shards().map(|shard| key::enrolments(shard, sequence, live));
        self.merge_newest_first(prefixes, before, &mut |_, found, _| {
            Ok(visit(key::read::enrolment(found).ok_or_else(|| unreadable(found))?))
        })
    }

    fn deliveries(
        &self,
        states: &[DeliveryState],
        before: Option<(Timestamp, StepId)>,
        visit: &mut dyn FnMut(Timestamp, StepId, Slot) -> bool,
    ) -> Result<()> {
        let prefixes = states.iter().flat_map(|state| shards().map(|shard| key::deliveries(shard, *state)));
        self.merge_newest_first(prefixes, before.map(|(at, step)| key::place(at, step)), &mut |_, found, value| {
            let (at, step) = key::read::delivery(found).ok_or_else(|| unreadable(found))?;
            Ok(visit(at, step, codec::decode(value)?))
        })
    }

    fn text(&self, gateway: GatewayId, name: &TextName) -> Result<Option<StepId>> {
        self.newest_text(gateway, name)
    }

    fn work(&self, principal: Owner, visit: &mut dyn FnMut(RecordId, WorkRow)) -> Result<()> {
        self.list_work(principal, visit)
    }

    fn work_on(&self, principal: Owner, record: RecordId) -> Result<Option<WorkRow>> {
        self.rows.get(&key::work_on(principal, record))?.map(|bytes| codec::decode(&bytes)).transpose()
    }

    fn trail(&self, before: Option<u64>, visit: VisitLink) -> Result<()> {
        self.list_links(before, visit)
    }

    fn log(&self, visit: VisitEntry) -> Result<()> {
        for shard in shards() {
            self.scan_prefix(&key::all(shard, b'E'), &mut |found, value| {
                let (entity, version) = key::read::event(found).ok_or_else(|| unreadable(found))?;
                visit(entity, version, value).map(|()| true)
            })?;
        }
        Ok(())
    }

    fn derived(&self, visit: VisitRow) -> Result<()> {
        for shard in shards().chain([key::GLOBAL]) {
            for row in key::DERIVED {
                self.scan_prefix(&key::all(shard, row), &mut |found, value| visit(found, value).map(|()| true))?;
            }
        }
        Ok(())
    }

    fn replace_derived(&self, effects: &mut dyn Iterator<Item = Result<(EntityId, Vec<Effect>)>>) -> Result<()> {
        self.compute_anew(effects)
    }

    fn feed(&self, after: u64, limit: usize) -> Result<Vec<Fed>> {
        self.list_feed(after, limit)
    }

    fn feed_end(&self) -> u64 {
        self.held().fed
    }

    fn trim_feed(&self, before: Timestamp, commits_max: u64) -> Result<usize> {
        self.remove_fed(before, commits_max)
    }

    fn kept(&self, entity: EntityId) -> Result<Option<Vec<u8>>> {
        self.rows.get(&key::kept(entity))
    }

    fn forget_repeats(&self, now: Timestamp) -> Result<usize> {
        self.remove_repeats(now)
    }

    fn backup(&self, out: &mut dyn std::io::Write) -> Result<Head> {
        self.back_up(out)
    }

    fn head(&self) -> Head {
        self.held().head
    }

    fn has_room(&self, bytes: u64) -> bool {
        self.rows.has_room(bytes)
    }

    fn is_sound(&self) -> bool {
        self.rows.is_sound()
    }

    fn close(&self) -> Result<()> {
        let held = self.held();
        self.rows.close(&|| self.compare(&held.head, true))
    }
}
