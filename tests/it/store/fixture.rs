//! What the store tests share: stores to write into, ids that live in a chosen shard, and commits to fill in.

use std::ops::Deref;
use std::path::Path;

use relance::domain::access::Scope;
use relance::domain::effect::{Effect, RecordSummary};
use relance::domain::record::schema::{Owner, RecordState, RecordType};
use relance::id::{CommandId, EntityId, EntityKind, RecordId, Shard};
use relance::store::memory::Memory;
use relance::store::rows::RowStore;
use relance::store::sled::{self, SledOptions};
use relance::store::trail::Link;
use relance::store::{Commit, Fence, Outcome, Store, StoreError, Version};
use relance::time::Timestamp;

/// A Wednesday in the middle of a week of command ids.
pub const NOON: i64 = 1_790_164_800_000;
/// Milliseconds.
pub const DAY: i64 = 86_400_000;

/// A store with the rows in memory.
pub fn memory() -> RowStore<Memory> {
    RowStore::open(Memory::default()).expect("memory opens")
}

/// A store on disk, with as little memory as will do for a test.
pub fn try_sled(directory: &Path) -> Result<RowStore<sled::Sled>, StoreError> {
    sled::open(directory, SledOptions { cache_bytes: 1 << 20, ..SledOptions::default() })
}

/// See [`try_sled`].
pub fn sled(directory: &Path) -> RowStore<sled::Sled> {
    try_sled(directory).expect("the directory opens")
}

/// Waits until sled's threads have let go of a database that was closed, so that its files are at rest.
pub fn wait_until_closed(directory: &Path) {
    let database = std::fs::File::open(directory.join("store/db")).expect("there is a database");
    database.lock().expect("locked");
    database.unlock().expect("unlocked");
}

/// A directory that goes when the test ends.
pub fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory can be made")
}

/// A store and the right to write to all of its shards.
pub struct Writing<'a> {
    store: &'a dyn Store,
    fences: Vec<Fence>,
}

impl Deref for Writing<'_> {
    type Target = dyn Store;
    fn deref(&self) -> &Self::Target {
        self.store
    }
}

impl<'a> Writing<'a> {
    /// Takes the right from whoever had it.
    pub fn granted(store: &'a dyn Store) -> Writing<'a> {
        Writing { store, fences: store.grant().expect("granted") }
    }

    /// The right to write a shard.
    pub fn fence(&self, shard: u16) -> Fence {
        self.fences[usize::from(shard)]
    }

    /// A commit of one event row and nothing else; its bytes name the version it leads to.
    pub fn plain(&self, entity: impl Into<EntityId>, expected: Version) -> Commit {
        let entity = entity.into();
        Commit {
            fence: self.fence(entity.shard().0),
            entity,
            expected,
            at: Timestamp::from_millis(NOON),
            command: None,
            entry: Some(entry(expected + 1)),
            effects: vec![],
            snapshot: None,
            audit: None,
        }
    }

    /// The first commit of an entity, with these effects.
    pub fn owing(&self, entity: impl Into<EntityId>, expected: Version, effects: &[Effect]) -> Commit {
        Commit { effects: effects.to_vec(), ..self.plain(entity, expected) }
    }

    /// Housekeeping: effects without an event.
    pub fn sweeping(&self, entity: impl Into<EntityId>, expected: Version, effects: &[Effect]) -> Commit {
        Commit { entry: None, ..self.owing(entity, expected, effects) }
    }

    /// Commits a group.
    pub fn group(&self, commits: &[Commit]) -> Vec<Outcome> {
        self.store.commit(commits).expect("committed")
    }

    /// Commits one alone.
    pub fn one(&self, commit: Commit) -> Outcome {
        self.group(&[commit])[0]
    }
}

/// The bytes of the event row that [`Writing::plain`] writes for a version.
pub fn entry(version: Version) -> Vec<u8> {
    format!("entry {version}").into_bytes()
}

/// The entity with this number in this shard; a greater number is newer.
pub fn entity(kind: EntityKind, shard: u16, number: u32) -> EntityId {
    let id = (u128::from(number) << 80) | (7 << 76) | (2 << 62) | (u128::from(shard) << 58);
    let entity = EntityId { kind, id };
    assert_eq!(entity.shard(), Shard(shard));
    entity
}

/// See [`entity`].
pub fn record(shard: u16, number: u32) -> RecordId {
    entity(EntityKind::Record, shard, number).into()
}

/// A command id with a fingerprint of its own.
pub fn command(key: u128, fingerprint: u8) -> Option<CommandId> {
    Some(CommandId { key, fingerprint: [fingerprint; 16] })
}

/// What lists would read of a lead of that name.
pub fn summary(name: &str) -> RecordSummary {
    RecordSummary {
        kind: RecordType::Lead,
        name: name.into(),
        owner: Owner::default(),
        access_team: None,
        assignees: vec![],
        state: RecordState::Active,
    }
}

/// The records of a scope, from a cursor on, as far as wanted.
pub fn listed(
    store: &dyn Store,
    scope: &Scope,
    before: Option<RecordId>,
    wanted: usize,
) -> Vec<(RecordId, RecordSummary)> {
    let mut found = vec![];
    store
        .records(scope, before, &mut |record, row| {
            found.push((record, row));
            found.len() < wanted
        })
        .expect("read");
    found
}

/// Links of the audit trail before a number, newest first, as far as wanted.
pub fn links(store: &dyn Store, before: Option<u64>, wanted: usize) -> Vec<(u64, Link)> {
    let mut found = vec![];
    store
        .trail(before, &mut |number, link| {
            found.push((number, link));
            found.len() < wanted
        })
        .unwrap();
    found
}

/// Every computed row.
pub fn derived(store: &dyn Store) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut rows = Vec::new();
    store
        .derived(&mut |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            Ok(())
        })
        .expect("read");
    rows
}

/// Every event row.
pub fn log(store: &dyn Store) -> Vec<(EntityId, Version, Vec<u8>)> {
    let mut rows = Vec::new();
    store
        .log(&mut |entity, version, bytes| {
            rows.push((entity, version, bytes.to_vec()));
            Ok(())
        })
        .expect("read");
    rows
}
