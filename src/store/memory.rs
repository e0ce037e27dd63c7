//! Rows in memory: the model that every other keeping of rows is held against, and a store for tests.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::RwLock;

use crate::store::Result;
use crate::store::head::Head;
use crate::store::rows::{Batch, Keyspace, Visit};

/// An ordered map behind a lock.
#[derive(Debug, Default)]
pub struct Memory(RwLock<BTreeMap<Vec<u8>, Vec<u8>>>);

impl Keyspace for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let rows = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        Ok(rows.get(key).cloned())
    }

    fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, newest_first: bool, visit: Visit) -> Result<()> {
        let rows = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut range = rows.range::<[u8], _>((from, to));
        while let Some((key, value)) = if newest_first { range.next_back() } else { range.next() } {
            if !visit(key, value)? {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, batch: Batch, _: &Head) -> Result<()> {
        let mut rows = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        for (key, value) in batch.0 {
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Scope;
    use crate::domain::effect::EnrolmentRow;
    use crate::domain::record::schema::Owner;
    use crate::id::{EntityId, EntityKind, RecordId, SequenceId, Shard};
    use crate::store::rows::{RowStore, shards};
    use crate::store::{Store, TimerRow, key};
    use crate::time::Timestamp;

    /// Found by fuzzing: a delivery in a strange shard was looked for behind the end of that shard, which panics.
    #[test]
    fn a_row_in_a_strange_shard_is_named_as_damage_and_not_followed() {
        let (home, strange) = (Shard(0), Shard(3));
        let entity = EntityId { kind: EntityKind::Record, id: 7 << 80 };
        assert_eq!(entity.shard(), home);
        let record = RecordId::from(entity);
        let row = EnrolmentRow { record, ordinal: 1, live: true };
        let timer = TimerRow { due: Timestamp::from_millis(5), entity, key: 1 };
        let owner = Owner::default();
        let keys = [
            key::event(entity, 1),
            key::owed(entity, 1),
            key::timer(timer),
            key::record(record),
            key::enrolment(SequenceId(0), row),
            key::record_of(owner, record),
        ];
        for (place, mut moved) in keys.into_iter().enumerate() {
            moved[..2].copy_from_slice(&strange.0.to_be_bytes());
            let rows = Memory::default();
            rows.apply(Batch(vec![(moved, Some(vec![]))]), &Head::default()).unwrap();
            let store = RowStore::open(rows).unwrap();
            let found: [bool; 6] = [
                store.entities(EntityKind::Record).is_err(),
                shards().any(|shard| store.owed(shard, None, 9).is_err()),
                shards().any(|shard| store.due(shard, None, Timestamp::MAX, 9).is_err()),
                store.records(&Scope::All, None, &mut |_, _| true).is_err(),
                store.enrolments(SequenceId(0), true, None, &mut |_| true).is_err(),
                store.records(&Scope::Of(vec![owner]), None, &mut |_, _| true).is_err(),
            ];
            assert!(found[place], "row {place} of another shard is taken for true");
        }
    }
}
