//! Ids of commands that are older than they need to be kept.

use crate::limits;
use crate::store::Result;
use crate::store::key;
use crate::store::rows::{Batch, Keyspace, RowStore, shards};
use crate::time::Timestamp;

impl<K: Keyspace> RowStore<K> {
    /// See [`crate::store::Store::forget_repeats`].
    pub(super) fn remove_repeats(&self, now: Timestamp) -> Result<usize> {
        let oldest_kept = key::week(now).saturating_sub(1);
        let mut forgotten = 0;
        for shard in shards() {
            let mut batch = Batch::default();
            self.scan_prefix(&key::repeats(shard, None), &mut |found, _| {
                let expired = key::repeat_week(found).is_some_and(|week| week < oldest_kept);
                if expired {
                    batch.remove(found.to_vec());
                }
                Ok(expired && batch.0.len() < limits::GROUP_COMMITS_MAX)
            })?;
            forgotten += batch.0.len();
            self.write(&mut self.held(), batch, Timestamp::default())?;
        }
        Ok(forgotten)
    }
}
