//! Rows in sled: the only module that knows it, and what it takes to make it durable.
//!
//! `flush()` of sled 0.34 never calls `fsync`, so each batch is followed by our own `fdatasync` on its file. Values that
//! sled would move into files of their own do not survive a power cut whole, so larger ones are cut into chunks. An
//! unreadable database can open as an empty one, and one with a hole as if nothing were missing, so a manifest and a
//! witness outside it say what must be inside, and after anything but a stop in order all rows are read and summed.

mod compact;
mod create;
mod opening;

pub use compact::{Compacted, compact, size};
pub use create::create;

use std::fs::File;
use std::ops::Bound;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use xxhash_rust::xxh3::xxh3_64;

use crate::limits;
use crate::sabotage::{self, Defect};
use crate::store::head::Head;
use crate::store::key::{self, Key};
pub use crate::store::manifest::FORMAT;
use crate::store::room::Room;
use crate::store::rows::{Batch, Keyspace, Visit};
use crate::store::witness::Witness;
use crate::store::{Result, StoreError};
pub use opening::open;
use opening::{read_through, wait_until_closed};

const READ: &str = "read";
const INLINE: u8 = 0;
const CHUNKED: u8 = 1;
/// A shard number that none has: chunks of large values stand behind the rows of every shard, and no scan wants them.
const CHUNKS: [u8; 2] = [0xff, 0xfe];

/// An open sled database and the locks that go with it.
pub struct Sled {
    /// Gone once it is closed.
    database: RwLock<Option<sled::Db>>,
    config: sled::Config,
    directory: PathBuf,
    file: File,
    store_id: u128,
    /// Proven at the opening, and nothing has failed since: only then may anything be noted of it.
    sound: AtomicBool,
    witness: Mutex<Witness>,
    room: Room,
    _lock: File,
}

/// How the database is kept.
#[derive(Clone, Copy, Debug)]
pub struct SledOptions {
    /// Bytes of pages that sled keeps in memory; the process takes about twice as much.
    pub cache_bytes: u64,
    /// Whether rows that are computed from events must be those that were written; not where they are computed again.
    pub computed_rows_must_fit: bool,
    /// Bytes of the file system that stay free; with less, nothing is written.
    pub reserve_bytes: u64,
}

impl Default for SledOptions {
    fn default() -> SledOptions {
        SledOptions { cache_bytes: 48 << 20, computed_rows_must_fit: true, reserve_bytes: 0 }
    }
}

/// What is in the directory `path` is not what was written.
pub(super) fn damaged(path: &str, what: &str) -> StoreError {
    StoreError::Damaged { path: path.into(), what: what.into() }
}

/// Something outside our hands failed.
pub(super) fn io(doing: &'static str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Io { doing, why: error.to_string() }
}

impl Sled {
    /// Takes the database out, or puts another in.
    fn swap(&self, other: Option<sled::Db>) -> Option<sled::Db> {
        std::mem::replace(&mut self.database.write().unwrap_or_else(PoisonError::into_inner), other)
    }

    fn wait_until_closed(&self) -> Result<()> {
        wait_until_closed(&self.directory.join("store/db"), &self.directory.display().to_string())
    }

    fn tree(&self) -> Result<sled::Tree> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        database.as_deref().cloned().ok_or_else(|| io("reach the database", "it is closed"))
    }

    /// What a thread of sled's own has met.
    fn failure(&self) -> Option<sled::Error> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        database.as_ref().and_then(|database| database.context.global_error().err())
    }

    /// A file or a page failed: nothing is noted of the database any more, and the next opening reads all of it.
    fn doubt(&self, error: &StoreError) {
        if !matches!(error, StoreError::Row(_)) {
            self.sound.store(false, Ordering::Release);
        }
    }

    fn witness(&self) -> MutexGuard<'_, Witness> {
        self.witness.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, number: u64, closed: bool) -> std::io::Result<()> {
        self.witness().note(self.store_id, number, closed)
    }

    /// All of the batch or none, durable on return.
    fn write(&self, batch: Batch) -> Result<()> {
        let tree = self.tree()?;
        let mut rows = sled::Batch::default();
        for (key, value) in batch.0 {
            // An event row is new by its version; only erasure, snapshots and what is kept beside a log meet an old value.
            if value.is_none() || matches!(key::row_of(&key), Some(b'S' | b'W')) {
                remove_chunks(&tree, &key, &mut rows)?;
            }
            match value {
                None => rows.remove(key),
                Some(value) if value.len() < limits::STORED_VALUE_MAX => {
                    rows.insert(key, [&[INLINE], value.as_slice()].concat());
                }
                Some(value) => {
                    let chunks = value.chunks(limits::STORED_VALUE_MAX);
                    let count = u16::try_from(chunks.len()).map_err(|_| StoreError::Row("it is too large".into()))?;
                    for (number, chunk) in chunks.enumerate() {
                        rows.insert(chunk_key(&key, number as u16), chunk);
                    }
                    let sum = xxh3_64(&value).to_be_bytes();
                    rows.insert(key, [&[CHUNKED], count.to_be_bytes().as_slice(), &sum].concat());
                }
            }
        }
        let written = std::panic::catch_unwind(AssertUnwindSafe(|| tree.apply_batch(rows)));
        let written = written.unwrap_or_else(|_| Err(sled::Error::ReportableBug("it panicked".into())));
        written.map_err(|error| io("write", error))?;
        if sabotage::has(Defect::AnswerBeforeSync) {
            return Ok(());
        }
        tree.flush().map_err(|error| io("flush", error))?;
        self.file.sync_data().map_err(|error| io("sync", error))
    }
}

/// sled panics over pages that it cannot make sense of; for whoever reads that is an error like another.
fn read<T>(read: impl FnOnce() -> sled::Result<T>) -> Result<T> {
    match std::panic::catch_unwind(AssertUnwindSafe(read)) {
        Ok(Err(sled::Error::Io(error))) if error.raw_os_error().is_some() => Err(io("read the database", error)),
        Ok(found) => found.map_err(|error| io(READ, error)),
        Err(_) => Err(io(READ, "a page of the database makes no sense")),
    }
}

/// A value from its chunks, which must be those of one value: pages are lost and kept one by one. Values of the first
/// format have no sum.
fn whole(tree: &sled::Tree, key: &[u8], value: &[u8]) -> Result<Vec<u8>> {
    match value {
        [INLINE, rest @ ..] => Ok(rest.to_vec()),
        [CHUNKED, high, low, sum @ ..] => {
            let mut whole = Vec::new();
            for number in 0..u16::from_be_bytes([*high, *low]) {
                let chunk = read(|| tree.get(chunk_key(key, number)))?;
                let chunk = chunk.ok_or_else(|| StoreError::Row("a chunk is missing".into()))?;
                whole.extend_from_slice(&chunk);
            }
            match sum.is_empty() || xxh3_64(&whole).to_be_bytes() == *sum {
                true => Ok(whole),
                false => Err(StoreError::Row("its chunks do not fit".into())),
            }
        }
        _ => Err(StoreError::Row("a value begins with an unknown byte".into())),
    }
}

/// Chunks of a value that is about to be replaced or removed. Only snapshots, events and what is kept beside a log can have
/// some.
fn remove_chunks(tree: &sled::Tree, key: &[u8], batch: &mut sled::Batch) -> Result<()> {
    if !matches!(key::row_of(key), Some(b'S' | b'E' | b'W')) {
        return Ok(());
    }
    let old = read(|| tree.get(key))?;
    if let Some([CHUNKED, high, low, ..]) = old.as_deref() {
        for number in 0..u16::from_be_bytes([*high, *low]) {
            batch.remove(chunk_key(key, number));
        }
    }
    Ok(())
}

fn chunk_key(key: &[u8], number: u16) -> Key {
    [&CHUNKS, key, &number.to_be_bytes()].concat()
}

impl Keyspace for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let tree = self.tree()?;
        let value = read(|| tree.get(key)).and_then(|value| value.map(|value| whole(&tree, key, &value)).transpose());
        value.inspect_err(|error| self.doubt(error))
    }

    fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, newest_first: bool, visit: Visit) -> Result<()> {
        let to = if matches!(to, Bound::Unbounded) { Bound::Excluded(&CHUNKS[..]) } else { to };
        let tree = self.tree()?;
        let mut range = tree.range::<&[u8], _>((from, to));
        let mut next = || read(|| if newest_first { range.next_back() } else { range.next() }.transpose());
        while let Some((key, value)) = next().inspect_err(|error| self.doubt(error))? {
            let goes_on = match value.split_first() {
                Some((&INLINE, rest)) => visit(&key, rest)?,
                _ => visit(&key, &whole(&tree, &key, &value).inspect_err(|error| self.doubt(error))?)?,
            };
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, batch: Batch, head: &Head) -> Result<()> {
        let noted = || self.note(head.number, false).map_err(|error| io("write the file `head`", error));
        self.write(batch).and_then(|()| noted()).inspect_err(|error| self.doubt(error))
    }

    fn has_room(&self, bytes: u64) -> bool {
        self.room.has(bytes)
    }

    /// A write that fails in one of sled's own threads may leave whoever waits for it asleep; asking for another flush
    /// wakes it.
    fn is_sound(&self) -> bool {
        if let Ok(tree) = self.tree()
            && let Some(error) = self.failure()
        {
            tracing::error!(%error, "the database has failed");
            self.doubt(&io("write", error));
            let _ = tree.flush();
        }
        self.sound.load(Ordering::Acquire)
    }

    /// sled takes stock of its pages only when it is opened, and takes what it cannot read then for the torn end of its log.
    /// So it is opened once more, all that it has found is read, and only then is the end noted as one in order: the next
    /// opening relies on that stock, whose pages have checksums.
    fn close(&self, prove: &dyn Fn() -> Result<()>) -> Result<()> {
        let is_sound = self.is_sound();
        if self.swap(None).is_none() || !is_sound {
            return Ok(());
        }
        self.wait_until_closed()?;
        read_through(&self.directory.join("store/db")).map_err(|error| io("read the database", error))?;
        self.swap(Some(self.config.open().map_err(|error| io("open the database again", error))?));
        let proven = prove();
        let head = self.get(&key::head());
        drop(self.swap(None));
        self.wait_until_closed()?;
        let head = head.and_then(|head| Head::read(&head.unwrap_or_default()))?;
        proven?;
        let synced = self.file.sync_data().and_then(|()| self.note(head.number, true));
        synced.and_then(|()| self.witness().sync()).map_err(|error| io("write the file `head`", error))
    }
}

/// Where sled would put values it cannot keep inline; must stay empty.
pub fn blobs(directory: &Path) -> PathBuf {
    directory.join("store").join("blobs")
}
