//! The feed: which entity came to which version, in the order in which it was committed, so that whoever follows what happens
//! can go on where they stopped. What happened stands in the entity's log; here is one row per group, so that it costs a
//! command next to nothing.
//!
//! It is not computed from the log, which does not know the order between entities: a rebuild leaves it alone, a backup holds
//! it, and an export does not. Old rows are removed, so it is for following and not for asking what was.

use std::ops::Bound;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::id::{EntityId, EntityKind};
use crate::limits;
use crate::store::key;
use crate::store::rows::{Batch, Keyspace, RowStore, unreadable};
use crate::store::{Result, StoreError, Version, codec};
use crate::time::Timestamp;

/// Commits of one group that stand in one row of the feed, so that none is cut into chunks.
pub(super) const ROW_COMMITS_MAX: usize = 128;

/// Whether commits of a kind are told.
pub(super) fn is_told(kind: EntityKind) -> bool {
    matches!(kind, EntityKind::Record | EntityKind::Sequence)
}

/// What one row holds; its key is the number of the first commit.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Row {
    /// When the latest of the group was decided.
    pub at: Timestamp,
    /// In the order of their numbers.
    pub commits: Vec<(EntityId, Version)>,
}

/// One commit as the feed names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fed {
    /// Counts from 1 without a gap.
    pub number: u64,
    /// When its group was written.
    pub at: Timestamp,
    /// Whose.
    pub entity: EntityId,
    /// The version it led to.
    pub version: Version,
}

impl Fed {
    /// Tells it from another commit of the same number: a store that went back to a backup gives numbers a second time.
    pub fn digest(&self) -> u32 {
        let mut bytes = self.entity.id.to_be_bytes().to_vec();
        bytes.push(self.entity.kind as u8);
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes.extend_from_slice(&self.at.millis().to_be_bytes());
        xxh3_64(&bytes) as u32
    }
}

impl<K: Keyspace> RowStore<K> {
    /// The number of the last commit that the rows name; 0 where there is none.
    pub(super) fn read_feed_end(&self) -> Result<u64> {
        let prefix = key::all(key::GLOBAL, b'N');
        let mut end = 0;
        self.rows.scan(
            Bound::Included(&prefix),
            Bound::Excluded(&key::after(&prefix)),
            true,
            &mut |found, value| {
                let (first, row) = read(found, value)?;
                end = first.saturating_add(row.commits.len() as u64).saturating_sub(1);
                Ok(false)
            },
        )?;
        Ok(end)
    }

    /// See [`crate::store::Store::feed`].
    pub(super) fn list_feed(&self, after: u64, limit: usize) -> Result<Vec<Fed>> {
        let prefix = key::all(key::GLOBAL, b'N');
        let end = key::after(&prefix);
        let wanted = key::feed(after.saturating_add(1));
        let mut from = wanted.clone();
        self.rows.scan(Bound::Included(&prefix), Bound::Included(&wanted), true, &mut |found, _| {
            from = found.to_vec();
            Ok(false)
        })?;
        let (mut fed, mut next) = (Vec::new(), None);
        self.rows.scan(Bound::Included(&from), Bound::Excluded(&end), false, &mut |found, value| {
            let (first, row) = read(found, value)?;
            if next.is_some_and(|next| next != first) {
                return Err(StoreError::Row("commits are missing from the feed".into()));
            }
            next = Some(first.saturating_add(row.commits.len() as u64));
            let numbered = (first..).zip(row.commits);
            let behind = numbered.filter(|(number, _)| *number > after).take(limit - fed.len());
            fed.extend(behind.map(|(number, (entity, version))| Fed { number, at: row.at, entity, version }));
            Ok(fed.len() < limit)
        })?;
        Ok(fed)
    }

    /// See [`crate::store::Store::trim_feed`].
    pub(super) fn remove_fed(&self, before: Timestamp, commits_max: u64) -> Result<usize> {
        let end = self.held().fed;
        let mut batch = Batch::default();
        self.scan_prefix(&key::all(key::GLOBAL, b'N'), &mut |found, value| {
            let (first, row) = read(found, value)?;
            let last = first.saturating_add(row.commits.len() as u64).saturating_sub(1);
            // The last row says how far the numbers have come.
            let is_old = last < end && (row.at < before || end - last >= commits_max);
            if is_old {
                batch.remove(found.to_vec());
            }
            Ok(is_old && batch.0.len() < limits::GROUP_COMMITS_MAX)
        })?;
        let removed = batch.0.len();
        self.write(&mut self.held(), batch, Timestamp::default())?;
        Ok(removed)
    }
}

fn read(found: &[u8], value: &[u8]) -> Result<(u64, Row)> {
    let first = key::read::feed(found).ok_or_else(|| unreadable(found))?;
    Ok((first, codec::decode(value)?))
}
