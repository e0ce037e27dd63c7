//! One group commit in the making: each commit is judged by itself, against what is stored and what the group holds already.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use crate::domain::effect::{Counter, Effect, EnrolmentRow, Index};
use crate::id::{EntityId, RecordId, Shard, StepId};
use crate::sabotage::{self, Defect};
use crate::store::key::{self, Key};
use crate::store::rows::{Batch, Held, Keyspace, RowStore};
use crate::store::trail::Trail;
use crate::store::{Commit, Outcome, Repeat, Result, Store, TimerRow, Version, codec, feed};
use crate::time::Timestamp;

/// Housekeeping leaves the version as it is.
fn version_after(commit: &Commit) -> Version {
    commit.expected + u32::from(commit.entry.is_some())
}

/// How often the row of an effect is written: once, unless that is what is sabotaged.
fn times(effect: &Effect) -> u32 {
    match effect {
        Effect::Owe { .. } if sabotage::has(Defect::DropOutboxRow) => 0,
        Effect::Arm { .. } if sabotage::has(Defect::LoseTimerRow) => 0,
        Effect::Count { .. } if sabotage::has(Defect::CountTwice) => 2,
        _ => 1,
    }
}

/// One group in the making: what its earlier commits have changed already counts for the later ones.
pub(super) struct Group<'a, K> {
    store: &'a RowStore<K>,
    held: &'a Held,
    batch: Batch,
    heads: HashMap<EntityId, Version>,
    counters: BTreeMap<Counter, i64>,
    claims: HashMap<Key, Option<RecordId>>,
    repeats: HashMap<Key, Repeat>,
    trail: Trail,
    fed: Vec<(EntityId, Version)>,
}

/// What a group came to.
pub(super) struct Finished {
    /// Its rows.
    pub batch: Batch,
    /// The counters that it changed.
    pub sums: BTreeMap<Counter, i64>,
    /// The number of the last commit in the feed after it.
    pub fed: u64,
}

impl<'a, K: Keyspace> Group<'a, K> {
    /// An empty group on what is stored.
    pub(super) fn new(store: &'a RowStore<K>, held: &'a Held) -> Group<'a, K> {
        Group {
            store,
            held,
            batch: Batch::default(),
            heads: HashMap::new(),
            counters: BTreeMap::new(),
            claims: HashMap::new(),
            repeats: HashMap::new(),
            trail: held.head.trail,
            fed: Vec::new(),
        }
    }

    /// What becomes of a commit, were it taken now.
    pub(super) fn judge(&mut self, commit: &Commit) -> Result<Outcome> {
        let shard = usize::from(commit.fence.shard.0);
        let holds = self.held.epochs.get(shard) == Some(&commit.fence.epoch) || sabotage::has(Defect::SkipFence);
        if !holds || commit.fence.shard != commit.entity.shard() {
            return Ok(Outcome::Fenced);
        }
        if let Some(command) = commit.command
            && let Some(repeat) = self.repeat(commit.fence.shard, command.key, commit.at)?
        {
            return Ok(Outcome::Repeat(repeat));
        }
        let differs = match self.heads.get(&commit.entity) {
            Some(head) => *head != commit.expected,
            None => !self.store.ends_at(commit.entity, commit.expected)?,
        };
        if differs {
            let actual = match self.heads.get(&commit.entity) {
                Some(head) => *head,
                None => self.store.last_version(commit.entity)?,
            };
            return Ok(Outcome::Conflict { actual });
        }
        for effect in &commit.effects {
            match effect {
                Effect::Count { counter, delta, max: Some(max) } if self.count(*counter) + delta > *max => {
                    return Ok(Outcome::LimitReached(*counter));
                }
                Effect::Claim { kind, external_id } => {
                    if let Some(holder) = self.holder(&key::claim(*kind, external_id))?
                        && holder.0 != commit.entity.id
                    {
                        return Ok(Outcome::Taken(holder));
                    }
                }
                _ => {}
            }
        }
        Ok(Outcome::Done(version_after(commit)))
    }

    fn repeat(&self, shard: Shard, command: u128, now: Timestamp) -> Result<Option<Repeat>> {
        let in_group = |week| self.repeats.get(&key::repeat(shard, week, command)).copied();
        match key::weeks_kept(now).find_map(in_group) {
            Some(repeat) => Ok(Some(repeat)),
            None => self.store.repeat(shard, command, now),
        }
    }

    fn count(&self, counter: Counter) -> i64 {
        let before = self.held.counters.get(&counter).copied().unwrap_or(0);
        before + self.counters.get(&counter).copied().unwrap_or(0)
    }

    fn holder(&self, claim: &Key) -> Result<Option<RecordId>> {
        match self.claims.get(claim) {
            Some(holder) => Ok(*holder),
            None => self.store.rows.get(claim)?.map(|bytes| codec::decode(&bytes)).transpose(),
        }
    }

    /// Adds the rows of a commit that was judged good.
    pub(super) fn take(&mut self, commit: &Commit) -> Result<()> {
        let version = version_after(commit);
        if let Some(entry) = &commit.entry {
            self.batch.put(key::event(commit.entity, version), entry.clone());
            self.heads.insert(commit.entity, version);
            if feed::is_told(commit.entity.kind) {
                self.fed.push((commit.entity, version));
            }
            if let Some(origin) = commit.audit {
                let link = self.trail.link(commit.entity, version, origin.from, entry);
                self.trail = self.trail.with(&link);
                self.batch.put(key::link(self.trail.length), codec::encode(&link));
            }
        }
        if let Some(snapshot) = &commit.snapshot {
            let mut value = version.to_be_bytes().to_vec();
            value.extend_from_slice(snapshot);
            self.batch.put(key::snapshot(commit.entity), value);
        }
        if let Some(command) = commit.command.filter(|_| !sabotage::has(Defect::ForgetRepeat)) {
            let repeat = Repeat { entity: commit.entity.id, version, fingerprint: command.fingerprint };
            let row = key::repeat(commit.fence.shard, key::week(commit.at), command.key);
            self.batch.put(row.clone(), codec::encode(&repeat));
            self.repeats.insert(row, repeat);
        }
        for effect in &commit.effects {
            match effect {
                Effect::Erase => self.erase(commit.entity, version)?,
                _ => (0..times(effect)).for_each(|_| self.owe(commit.entity, effect)),
            }
        }
        Ok(())
    }

    /// Removes the event rows of an entity from before `version`, and its snapshot.
    fn erase(&mut self, entity: EntityId, version: Version) -> Result<()> {
        let (from, to) = (key::events(entity), key::event(entity, version));
        let in_group = self.batch.0.iter().map(|(key, _)| key.clone());
        let mut rows: Vec<Key> = in_group.filter(|key| (&from..&to).contains(&key)).collect();
        self.store.rows.scan(Bound::Included(&from), Bound::Excluded(&to), false, &mut |found, _| {
            rows.push(found.to_vec());
            Ok(true)
        })?;
        rows.into_iter().for_each(|row| self.batch.remove(row));
        self.batch.remove(key::snapshot(entity));
        Ok(())
    }

    /// Adds the row of one effect.
    pub(super) fn owe(&mut self, entity: EntityId, effect: &Effect) {
        let record = RecordId(entity.id);
        let row = |index: &Index| match index {
            Index::Record(_) => key::record(record),
            Index::Principal(principal) => key::record_of(*principal, record),
            Index::Enrolment { sequence, live, ordinal } => {
                key::enrolment(*sequence, EnrolmentRow { record, ordinal: *ordinal, live: *live })
            }
            Index::Delivery { state, at, ordinal, .. } => key::delivery(*state, *at, StepId::of(record, *ordinal)),
            Index::Work { principal, .. } => key::work_on(*principal, record),
            Index::Text { gateway, name, at, ordinal } => key::text(*gateway, name, *at, StepId::of(record, *ordinal)),
        };
        match effect {
            Effect::Arm { due, key } => self.batch.put(key::timer(TimerRow { due: *due, entity, key: *key }), vec![]),
            Effect::Disarm { due, key } => self.batch.remove(key::timer(TimerRow { due: *due, entity, key: *key })),
            Effect::Owe { key, delivery } => self.batch.put(key::owed(entity, *key), codec::encode(delivery)),
            Effect::Settle { key } => self.batch.remove(key::owed(entity, *key)),
            Effect::Index(index @ Index::Record(summary)) => self.batch.put(row(index), codec::encode(summary)),
            Effect::Index(index @ Index::Delivery { slot, .. }) => self.batch.put(row(index), codec::encode(slot)),
            Effect::Index(index @ Index::Work { row: work, .. }) => {
                self.batch.put(row(index), work.as_deref().map_or_else(Vec::new, codec::encode));
            }
            Effect::Index(index) => self.batch.put(row(index), vec![]),
            Effect::Unindex(index) => self.batch.remove(row(index)),
            Effect::Claim { kind, external_id } => {
                let claim = key::claim(*kind, external_id);
                self.batch.put(claim.clone(), codec::encode(&record));
                self.claims.insert(claim, Some(record));
            }
            Effect::Unclaim { kind, external_id } => {
                let claim = key::claim(*kind, external_id);
                self.batch.remove(claim.clone());
                self.claims.insert(claim, None);
            }
            Effect::Keep(bytes) => self.batch.put(key::kept(entity), bytes.clone()),
            Effect::Unkeep => self.batch.remove(key::kept(entity)),
            Effect::Count { counter, delta, .. } => *self.counters.entry(*counter).or_default() += delta,
            // Of a log that is being replayed, what was erased is not there any more.
            Effect::Erase => {}
        }
    }

    /// The rows, the counters and the feed once for the whole group.
    pub(super) fn finish(mut self, at: Timestamp) -> Finished {
        let sums: BTreeMap<Counter, i64> =
            self.counters.keys().map(|counter| (*counter, self.count(*counter))).collect();
        for (counter, sum) in &sums {
            match sum {
                0 => self.batch.remove(key::counter(*counter)),
                _ => self.batch.put(key::counter(*counter), codec::encode(sum)),
            }
        }
        let mut fed = self.held.fed;
        for commits in self.fed.chunks(feed::ROW_COMMITS_MAX) {
            let row = feed::Row { at, commits: commits.to_vec() };
            self.batch.put(key::feed(fed + 1), codec::encode(&row));
            fed += commits.len() as u64;
        }
        Finished { batch: self.batch, sums, fed }
    }
}

/// All effects of an entity's log but claims that it gave back: entity by entity is not the order in which an external id
/// went from one to another.
pub(super) fn lasting(effects: &[Effect]) -> impl Iterator<Item = &Effect> {
    let mut claims = HashMap::new();
    for (place, effect) in effects.iter().enumerate() {
        match effect {
            Effect::Claim { kind, external_id } => claims.insert((*kind, external_id), place),
            Effect::Unclaim { kind, external_id } => claims.remove(&(*kind, external_id)),
            _ => None,
        };
    }
    effects.iter().enumerate().filter_map(move |(place, effect)| match effect {
        Effect::Claim { kind, external_id } => (claims.get(&(*kind, external_id)) == Some(&place)).then_some(effect),
        Effect::Unclaim { .. } => None,
        _ => Some(effect),
    })
}
