//! What the store says of itself in every group: how many there were, and a sum over all rows that damage cannot leave as
//! it is (P3).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use crate::id::Shard;
use crate::store::backup::locked;
use crate::store::key;
use crate::store::rows::{Batch, Held, Keyspace, RowStore, shards};
use crate::store::trail::{Link, Trail};
use crate::store::{Result, StoreError, codec};
use crate::time::Timestamp;

/// The state of a store after a group, stored with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Groups written so far.
    pub number: u64,
    /// The latest instant at which a command was decided.
    pub at: Timestamp,
    /// Over what happened: events, command ids, epochs, the audit trail.
    pub log: u128,
    /// Over what follows from it: timers, deliveries, lists, counters.
    pub derived: u128,
    /// Where the audit trail ends.
    pub trail: Trail,
}

/// A head of before there was an audit trail.
#[derive(Deserialize)]
struct Former {
    number: u64,
    at: Timestamp,
    log: u128,
    derived: u128,
}

impl Head {
    /// The head that these bytes are, also if the release before has written them.
    pub(super) fn read(bytes: &[u8]) -> Result<Head> {
        codec::decode(bytes).or_else(|error| {
            let Former { number, at, log, derived } = codec::decode(bytes).map_err(|_| error)?;
            Ok(Head { number, at, log, derived, trail: Trail::default() })
        })
    }

    /// The sum that a row belongs to. Snapshots are a cache, and belong to none.
    fn sum_of(&mut self, key: &[u8]) -> Option<&mut u128> {
        match key::row_of(key)? {
            row if key::DERIVED.contains(&row) => Some(&mut self.derived),
            row if key::LASTING.contains(&row) => Some(&mut self.log),
            _ => None,
        }
    }

    fn add(&mut self, key: &[u8], value: &[u8]) {
        if let Some(sum) = self.sum_of(key) {
            *sum = sum.wrapping_add(weight(key, value));
        }
    }
}

/// What one row adds to its sum. Sums do not depend on the order of rows, so that each write changes them by what it
/// writes.
fn weight(key: &[u8], value: &[u8]) -> u128 {
    xxh3_128_with_seed(value, xxh3_64(key))
}

impl<K: Keyspace> RowStore<K> {
    /// Writes a batch and the head that follows from it; a failure leaves what is held as it was. Nothing is written where the
    /// disk is full.
    pub(super) fn write(&self, held: &mut Held, mut batch: Batch, at: Timestamp) -> Result<()> {
        if batch.0.is_empty() {
            return Ok(());
        }
        if !self.rows.has_room(0) {
            return Err(StoreError::Full);
        }
        let mut head = self.head_after(held.head, &batch)?;
        head.at = head.at.max(at);
        batch.put(key::head(), codec::encode(&head));
        let feed = held.feed.upgrade();
        let copy = feed.as_ref().map(|_| batch.clone());
        let applied = self.rows.apply(batch, &head);
        match (feed, copy, &applied) {
            (Some(feed), Some(copy), Ok(())) => locked(&feed).push(copy),
            (Some(feed), _, Err(_)) => locked(&feed).fail("the store failed meanwhile"),
            _ => {}
        }
        applied?;
        held.head = head;
        Ok(())
    }

    /// The head after `batch`.
    fn head_after(&self, mut head: Head, batch: &Batch) -> Result<Head> {
        head.number += 1;
        let mut within: HashMap<&[u8], u128> = HashMap::new();
        for (key, value) in &batch.0 {
            let Some(sum) = head.sum_of(key) else { continue };
            let added = value.as_ref().map_or(0, |value| weight(key, value));
            let removed = match within.get(key.as_slice()) {
                Some(earlier) => *earlier,
                // Events and command ids are new by what the group was judged on: nothing to look up.
                None if value.is_some() && key::is_written_once(key) => 0,
                None => self.rows.get(key)?.map_or(0, |value| weight(key, &value)),
            };
            *sum = sum.wrapping_sub(removed).wrapping_add(added);
            within.insert(key, added);
            if let (Some(length), Some(value)) = (key::read::link(key), value) {
                head.trail = Trail { length, hash: codec::decode::<Link>(value)?.hash };
            }
        }
        Ok(head)
    }

    /// The sums as the rows make them, on two threads: what was read is the bound, and it is half of it each.
    fn summed(&self) -> Result<Head> {
        let all: Vec<Shard> = shards().chain([key::GLOBAL]).collect();
        let (one, other) = all.split_at(all.len() / 2);
        let sum = |shards: &[Shard]| {
            let mut head = Head::default();
            for shard in shards {
                for row in key::LASTING.into_iter().chain(key::DERIVED) {
                    self.scan_prefix(&key::all(*shard, row), &mut |found, value| {
                        head.add(found, value);
                        Ok(true)
                    })?;
                }
            }
            Ok::<Head, StoreError>(head)
        };
        let (one, other) = std::thread::scope(|scope| {
            let beside = scope.spawn(|| sum(one));
            (sum(other), beside.join().unwrap_or_else(|_| Err(StoreError::Row("reading it fails".into()))))
        });
        let (one, other) = (one?, other?);
        let added = |sum: fn(&Head) -> u128| sum(&one).wrapping_add(sum(&other));
        Ok(Head { log: added(|head| head.log), derived: added(|head| head.derived), ..Head::default() })
    }

    /// Reads every row and compares the sums (P3): the log, and with `derived` also what follows from it. A store of
    /// before there were sums gets its first.
    pub fn verify(&self, derived: bool) -> Result<()> {
        let mut held = self.held();
        if self.rows.get(&key::head())?.is_none() {
            held.head = Head { number: 1, ..self.summed()? };
            let batch = Batch(vec![(key::head(), Some(codec::encode(&held.head)))]);
            return self.rows.apply(batch, &held.head);
        }
        self.compare(&held.head, derived)
    }

    /// Reads every row and holds the sums against those of `head`.
    pub(super) fn compare(&self, head: &Head, derived: bool) -> Result<()> {
        let found = self.summed()?;
        if found.log != head.log {
            return Err(StoreError::Row("the events are not those that were written; go back to a backup".into()));
        }
        if derived && found.derived != head.derived {
            let what = "what was computed from the events is not what was written; `relance rebuild` computes it again";
            return Err(StoreError::Row(what.into()));
        }
        Ok(())
    }
}
