//! Text messages by what their providers name them by.

use crate::domain::effect::TextName;
use crate::id::{GatewayId, StepId};
use crate::store::Result;
use crate::store::key;
use crate::store::rows::{Keyspace, RowStore, shards, unreadable};

impl<K: Keyspace> RowStore<K> {
    /// See [`crate::store::Store::text`].
    pub(super) fn newest_text(&self, gateway: GatewayId, name: &TextName) -> Result<Option<StepId>> {
        let mut newest: Option<(u64, StepId)> = None;
        for shard in shards() {
            self.scan_prefix(&key::texts(shard, gateway, name), &mut |found, _| {
                newest = newest.max(Some(key::read::text(found).ok_or_else(|| unreadable(found))?));
                Ok(false)
            })?;
        }
        Ok(newest.map(|(_, step)| step))
    }
}
