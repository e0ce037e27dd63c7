//! Every row that is computed from events, computed anew.

use crate::domain::effect::Effect;
use crate::id::EntityId;
use crate::limits;
use crate::store::Result;
use crate::store::group::{Finished, Group, lasting};
use crate::store::key;
use crate::store::rows::{Batch, Keyspace, RowStore, shards};
use crate::time::Timestamp;

impl<K: Keyspace> RowStore<K> {
    /// See [`crate::store::Store::replace_derived`].
    pub(super) fn compute_anew(
        &self,
        effects: &mut dyn Iterator<Item = Result<(EntityId, Vec<Effect>)>>,
    ) -> Result<()> {
        let mut held = self.held();
        for (shard, row) in shards().chain([key::GLOBAL]).flat_map(|shard| key::DERIVED.map(|row| (shard, row))) {
            loop {
                let mut batch = Batch::default();
                self.scan_prefix(&key::all(shard, row), &mut |found, _| {
                    batch.remove(found.to_vec());
                    Ok(batch.0.len() < limits::GROUP_COMMITS_MAX)
                })?;
                if batch.0.is_empty() {
                    break;
                }
                self.write(&mut held, batch, Timestamp::default())?;
            }
        }
        held.counters.clear();
        // Where rows were lost or altered, the sum did not say what stood there.
        held.head.derived = 0;
        loop {
            let mut group = Group::new(self, &held);
            let mut commits = 0;
            while commits < limits::GROUP_COMMITS_MAX
                && let Some(owed) = effects.next()
            {
                let (entity, effects) = owed?;
                lasting(&effects).for_each(|effect| group.owe(entity, effect));
                commits += 1;
            }
            if commits == 0 {
                return Ok(());
            }
            let Finished { batch, sums, .. } = group.finish(Timestamp::default());
            self.write(&mut held, batch, Timestamp::default())?;
            held.counters.extend(sums);
        }
    }
}
