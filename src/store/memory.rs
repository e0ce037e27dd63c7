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
