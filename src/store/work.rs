//! What users and teams have to do.

use crate::domain::record::schema::Owner;
use crate::domain::work_list::WorkRow;
use crate::id::RecordId;
use crate::store::key;
use crate::store::rows::{Keyspace, RowStore, shards, unreadable};
use crate::store::{Result, codec};

impl<K: Keyspace> RowStore<K> {
    /// See [`crate::store::Store::work`].
    pub(super) fn list_work(&self, principal: Owner, visit: &mut dyn FnMut(RecordId, WorkRow)) -> Result<()> {
        for shard in shards() {
            self.scan_prefix(&key::work(shard, principal), &mut |found, value| {
                let record = key::read::record_of(found).ok_or_else(|| unreadable(found))?;
                visit(record, codec::decode(value)?);
                Ok(true)
            })?;
        }
        Ok(())
    }
}
