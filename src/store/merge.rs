//! Lists over all shards: the rows of each, and of each user or team that is asked for, read page by page, as one list
//! with the newest first.

use std::collections::{BinaryHeap, VecDeque};
use std::ops::Bound;

use crate::domain::access::Scope;
use crate::id::{EntityId, EntityKind, RecordId};
use crate::limits;
use crate::store::key::{self, Key};
use crate::store::rows::{Keyspace, RowStore, shards, unreadable};
use crate::store::{Result, VisitRecord, codec};

/// Rows read at first under each prefix, twice as many each time after: a list that many shards and users make together has
/// few of each on one page.
const PAGE_FIRST: usize = 4;

/// Called for each row with the id at the end of its key, the key and the value; says whether to go on.
type VisitId<'a, const N: usize> = &'a mut dyn FnMut([u8; N], &[u8], &[u8]) -> Result<bool>;

impl<K: Keyspace> RowStore<K> {
    /// See [`crate::store::Store::entities`].
    pub(super) fn list_entities(&self, kind: EntityKind) -> Result<Vec<EntityId>> {
        let mut entities = Vec::new();
        for shard in shards() {
            self.scan_prefix(&key::events_of_kind(shard, kind), &mut |found, _| {
                let (entity, version) = key::read::event(found).ok_or_else(|| unreadable(found))?;
                if version == 1 {
                    entities.push(entity);
                }
                Ok(true)
            })?;
        }
        Ok(entities)
    }

    /// See [`crate::store::Store::records`].
    pub(super) fn list_records(&self, scope: &Scope, before: Option<u128>, visit: VisitRecord) -> Result<()> {
        let before = before.map(u128::to_be_bytes);
        let Scope::Of(principals) = scope else {
            let prefixes = shards().map(|shard| key::all(shard, b'I'));
            return self.merge_newest_first(prefixes, before, &mut |id, _, value| {
                Ok(visit(RecordId(u128::from_be_bytes(id)), codec::decode(value)?))
            });
        };
        let prefixes = principals.iter().flat_map(|of| shards().map(|shard| key::records_of(shard, *of)));
        let mut last = None;
        self.merge_newest_first(prefixes, before, &mut |_, found, _| {
            let record = key::read::record_of(found).ok_or_else(|| unreadable(found))?;
            // Several of them may see it, and then its rows stand one behind the other.
            if last.replace(record) == Some(record) {
                return Ok(true);
            }
            match self.rows.get(&key::record(record))? {
                Some(value) => Ok(visit(record, codec::decode(&value)?)),
                // It was erased since.
                None => Ok(true),
            }
        })
    }

    /// Rows under several prefixes as one list, last id first, from below `before` on.
    pub(super) fn merge_newest_first<const N: usize>(
        &self,
        prefixes: impl Iterator<Item = Key>,
        before: Option<[u8; N]>,
        visit: VisitId<N>,
    ) -> Result<()> {
        let mut streams: Vec<Stream<N>> =
            prefixes.map(|prefix| Stream { prefix, before, page: VecDeque::new(), rows: PAGE_FIRST }).collect();
        let mut newest = BinaryHeap::new();
        for (place, stream) in streams.iter_mut().enumerate() {
            self.refill(stream)?;
            newest.extend(stream.page.front().map(|row| (row.0, place)));
        }
        while let Some((_, place)) = newest.pop() {
            let Some(stream) = streams.get_mut(place) else { continue };
            let Some((id, found, value)) = stream.page.pop_front() else { continue };
            if !visit(id, &found, &value)? {
                return Ok(());
            }
            if stream.page.is_empty() {
                self.refill(stream)?;
            }
            newest.extend(stream.page.front().map(|row| (row.0, place)));
        }
        Ok(())
    }

    /// Reads the next page of a stream; it stays empty where nothing is left.
    fn refill<const N: usize>(&self, stream: &mut Stream<N>) -> Result<()> {
        let Stream { prefix, before, page, rows } = stream;
        if *rows == 0 {
            return Ok(());
        }
        let end = match before {
            Some(before) => [prefix.as_slice(), before.as_slice()].concat(),
            None => key::after(prefix),
        };
        self.rows.scan(Bound::Included(prefix), Bound::Excluded(&end), true, &mut |found, value| {
            let id = found.get(prefix.len()..).and_then(|id| id.try_into().ok()).ok_or_else(|| unreadable(found))?;
            page.push_back((id, found.to_vec(), value.to_vec()));
            Ok(page.len() < *rows)
        })?;
        *before = page.back().map(|row| row.0).or(*before);
        *rows = if page.len() < *rows { 0 } else { (2 * *rows).min(limits::PAGE_DEFAULT) };
        Ok(())
    }
}

/// The rows under one prefix in a merged list.
struct Stream<const N: usize> {
    prefix: Key,
    before: Option<[u8; N]>,
    page: VecDeque<([u8; N], Key, Vec<u8>)>,
    /// How many to read next; none once all are read.
    rows: usize,
}
