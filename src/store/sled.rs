//! Rows in sled: the only module that knows it, and what it takes to make it durable.
//!
//! `flush()` of sled 0.34 never calls `fsync`, so each batch is followed by our own `fdatasync` on its file. Values that
//! sled would move into files of their own do not survive a power cut whole, so larger ones are cut into chunks. An
//! unreadable database can open as an empty one, and one with a hole as if nothing were missing, so a manifest and a
//! witness outside it say what must be inside, and after anything but a stop in order all rows are read and summed.

mod compact;
mod create;

pub use compact::{Compacted, compact, size};
pub use create::create;

use std::fs::{self, File, OpenOptions};
use std::ops::Bound;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use crate::limits;
use crate::store::head::Head;
use crate::store::key::{self, Key};
pub use crate::store::manifest::FORMAT;
use crate::store::manifest::{self, Manifest};
use crate::store::rows::{Batch, Keyspace, RowStore, Visit};
use crate::store::witness::{Note, Witness};
use crate::store::{Result, Store, StoreError, codec};

const WITNESS: &str = "head";
const INLINE: u8 = 0;
const CHUNKED: u8 = 1;
/// How often and how many times a database that is being closed is looked at again: five seconds in all.
const CLOSING_POLL: Duration = Duration::from_millis(5);
const CLOSING_POLLS_MAX: u32 = 1_000;
/// A shard number that none has: chunks of large values stand behind the rows of every shard, and no scan wants them.
const CHUNKS: [u8; 2] = [0xff, 0xfe];

/// An open sled database and the locks that go with it.
pub struct Sled {
    /// Gone once it is closed.
    database: RwLock<Option<sled::Db>>,
    directory: PathBuf,
    file: File,
    store_id: u128,
    /// Proven at the opening, and no write has failed since: only then may anything be noted of it.
    sound: AtomicBool,
    witness: Mutex<Witness>,
    _lock: File,
}

/// How the database is kept.
#[derive(Clone, Copy, Debug)]
pub struct SledOptions {
    /// Bytes of pages that sled keeps in memory; the process takes about twice as much.
    pub cache_bytes: u64,
    /// Whether rows that are computed from events must be those that were written; not where they are computed again.
    pub computed_rows_must_fit: bool,
}

impl Default for SledOptions {
    fn default() -> SledOptions {
        SledOptions { cache_bytes: 48 << 20, computed_rows_must_fit: true }
    }
}

/// Opens the data directory, or makes a new one where there is none.
pub fn open(directory: &Path, options: SledOptions) -> Result<RowStore<Sled>> {
    let name = directory.display().to_string();
    fs::create_dir_all(directory).map_err(|error| io("make the data directory", format!("{name}: {error}")))?;
    let lock = lock(directory, &name)?;
    compact::recover(directory).map_err(|error| io("clear what an interrupted compaction has left", error))?;
    let manifest = manifest::read(directory, &name)?;
    let path = directory.join("store");
    let fresh = !path.join("db").exists();
    if manifest.is_some() && fresh {
        return Err(damaged(&name, "the database `store` is missing"));
    }
    if !fresh {
        wait_until_closed(&path.join("db"), &name)?;
    }
    without_panic(&name, || {
        let config = sled::Config::new().path(&path).cache_capacity(options.cache_bytes);
        let database =
            config.open().map_err(|error| damaged(&name, &format!("the database does not open ({error})")))?;
        let file = File::open(path.join("db")).map_err(|error| io("open the database file", error))?;
        let (witness, note) =
            Witness::open(&directory.join(WITNESS)).map_err(|error| io("open the file `head`", error))?;
        let format = manifest.as_ref().map(|manifest| manifest.format);
        let mut sled = Sled {
            database: RwLock::new(Some(database)),
            directory: directory.to_owned(),
            file,
            store_id: 0,
            sound: AtomicBool::new(false),
            witness: Mutex::new(witness),
            _lock: lock,
        };
        sled.identify(&name, manifest)?;
        let store = RowStore::open(sled)?;
        store.prove(&name, format, note, options.computed_rows_must_fit)?;
        Ok(store)
    })
    .map_err(|error| match error {
        StoreError::Row(what) | StoreError::Io { doing: "read", why: what } => damaged(&name, &what),
        other => other,
    })
}

/// One process at a time; the lock goes with the process, however it ends.
fn lock(directory: &Path, name: &str) -> Result<File> {
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(directory.join("lock"))
        .map_err(|error| io("open the lock file", error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(StoreError::Locked(name.into())),
        Err(fs::TryLockError::Error(error)) => Err(io("lock the data directory", error)),
    }
}

/// sled's threads hold its own lock for some milliseconds after it was closed, and opening meanwhile would look like damage.
fn wait_until_closed(database: &Path, name: &str) -> Result<()> {
    let file = File::open(database).map_err(|error| io("open the database file", format!("{name}: {error}")))?;
    for _ in 0..CLOSING_POLLS_MAX {
        match file.try_lock() {
            Ok(()) => return file.unlock().map_err(|error| io("unlock the database file", error)),
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(CLOSING_POLL),
            Err(fs::TryLockError::Error(error)) => return Err(io("lock the database file", error)),
        }
    }
    Err(StoreError::Locked(name.into()))
}

/// sled may panic over a file that is not its own; that is damage like any other. The hook that would print the panic is
/// the process's, so one opening at a time may change it.
fn without_panic<T>(name: &str, open: impl FnOnce() -> Result<T>) -> Result<T> {
    static HOOK: Mutex<()> = Mutex::new(());
    let _one_at_a_time = HOOK.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let opened = std::panic::catch_unwind(AssertUnwindSafe(open));
    std::panic::set_hook(hook);
    opened.unwrap_or_else(|_| Err(damaged(name, "the database does not open")))
}

/// What is in the directory `path` is not what was written.
pub(super) fn damaged(path: &str, what: &str) -> StoreError {
    StoreError::Damaged { path: path.into(), what: what.into() }
}

/// Something outside our hands failed.
pub(super) fn io(doing: &'static str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Io { doing, why: error.to_string() }
}

impl RowStore<Sled> {
    /// Holds the database against what was noted outside it, and reads all of it unless it was closed in order.
    fn prove(&self, name: &str, format: Option<u32>, note: Option<Note>, computed_rows_must_fit: bool) -> Result<()> {
        let was_proven_before = format == Some(FORMAT);
        let head = self.head();
        let noted = match note {
            Some(note) if note.store_id == self.rows.store_id => note.number,
            Some(_) => return Err(damaged(name, "`head` and the database belong to different stores")),
            None if was_proven_before => return Err(damaged(name, "`head` is missing or does not read")),
            None => 0,
        };
        if noted > head.number {
            let what = format!("the last {} groups of commands are missing from the database", noted - head.number);
            return Err(damaged(name, &what));
        }
        if was_proven_before && head.number == 0 {
            return Err(damaged(name, "the database does not say what must be in it"));
        }
        if !note.is_some_and(|note| note.closed && note.number == head.number) {
            self.verify(computed_rows_must_fit)?;
        }
        self.rows
            .note(self.head().number, false)
            .and_then(|()| self.rows.witness().sync())
            .map_err(|error| io("write the file `head`", error))?;
        self.rows.sound.store(true, Ordering::Release);
        if was_proven_before {
            return Ok(());
        }
        manifest::write(&self.rows.directory, self.rows.store_id).map_err(|error| io("write the manifest", error))
    }
}

impl Sled {
    /// The database and the manifest must know each other. A first start that was cut short left neither manifest nor
    /// events and is begun again.
    fn identify(&mut self, name: &str, manifest: Option<Manifest>) -> Result<()> {
        let inside = self.get(&key::identity())?.map(|bytes| codec::decode::<u128>(&bytes)).transpose()?;
        self.store_id = match (manifest, inside) {
            (Some(manifest), Some(inside)) if manifest.store_id.as_u128() == inside => inside,
            (Some(_), Some(_)) => {
                return Err(damaged(name, "`relance.json` and the database belong to different stores"));
            }
            (Some(_), None) => {
                return Err(damaged(name, "the database is empty, `relance.json` says that it was in use"));
            }
            (None, inside) => {
                let mut events = false;
                self.scan(Bound::Unbounded, Bound::Unbounded, false, &mut |found, _| {
                    events |= key::row_of(found) == Some(b'E');
                    Ok(!events)
                })?;
                if events {
                    return Err(damaged(name, "`relance.json` is missing beside a database that holds data"));
                }
                let store_id = inside.unwrap_or_else(|| fastrand::u128(..));
                self.write(Batch(vec![(key::identity(), Some(codec::encode(&store_id)))]))?;
                store_id
            }
        };
        Ok(())
    }

    fn tree(&self) -> Result<sled::Tree> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        database.as_deref().cloned().ok_or_else(|| io("read", "it is closed"))
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
            // An event row is new by its version; only erasure and snapshots meet an old value.
            if value.is_none() || key::row_of(&key) == Some(b'S') {
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
                    let [high, low] = count.to_be_bytes();
                    rows.insert(key, vec![CHUNKED, high, low]);
                }
            }
        }
        tree.apply_batch(rows).map_err(|error| io("write", error))?;
        tree.flush().map_err(|error| io("flush", error))?;
        self.file.sync_data().map_err(|error| io("sync", error))
    }
}

fn whole(tree: &sled::Tree, key: &[u8], value: &[u8]) -> Result<Vec<u8>> {
    match value.split_first() {
        Some((&INLINE, rest)) => Ok(rest.to_vec()),
        Some((&CHUNKED, count)) => {
            let count: [u8; 2] = count.try_into().map_err(|_| StoreError::Row("a chunked value".into()))?;
            let mut whole = Vec::new();
            for number in 0..u16::from_be_bytes(count) {
                let chunk = tree.get(chunk_key(key, number)).map_err(|error| io("read", error))?;
                let chunk = chunk.ok_or_else(|| StoreError::Row("a chunk is missing".into()))?;
                whole.extend_from_slice(&chunk);
            }
            Ok(whole)
        }
        _ => Err(StoreError::Row("a value begins with an unknown byte".into())),
    }
}

/// Chunks of a value that is about to be replaced or removed. Only snapshots and events can have some.
fn remove_chunks(tree: &sled::Tree, key: &[u8], batch: &mut sled::Batch) -> Result<()> {
    if !matches!(key::row_of(key), Some(b'S' | b'E')) {
        return Ok(());
    }
    let old = tree.get(key).map_err(|error| io("read", error))?;
    if let Some([CHUNKED, high, low]) = old.as_deref() {
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
        let value = tree.get(key).map_err(|error| io("read", error))?;
        value.map(|value| whole(&tree, key, &value)).transpose()
    }

    fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, newest_first: bool, visit: Visit) -> Result<()> {
        let to = if matches!(to, Bound::Unbounded) { Bound::Excluded(&CHUNKS[..]) } else { to };
        let tree = self.tree()?;
        let mut range = tree.range::<&[u8], _>((from, to));
        while let Some(row) = if newest_first { range.next_back() } else { range.next() } {
            let (key, value) = row.map_err(|error| io("read", error))?;
            let goes_on = match value.split_first() {
                Some((&INLINE, rest)) => visit(&key, rest)?,
                _ => visit(&key, &whole(&tree, &key, &value)?)?,
            };
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, batch: Batch, head: &Head) -> Result<()> {
        let noted = || self.note(head.number, false).map_err(|error| io("write the file `head`", error));
        self.write(batch).and_then(|()| noted()).inspect_err(|_| self.sound.store(false, Ordering::Release))
    }

    /// sled writes what makes the next opening fast when it is dropped, and only then is the end noted as one in order.
    fn close(&self) -> Result<()> {
        let database = self.database.write().unwrap_or_else(PoisonError::into_inner).take();
        let Some(head) = database.as_ref().and_then(|database| database.get(key::head()).transpose()) else {
            return Ok(());
        };
        if !self.sound.load(Ordering::Acquire) {
            return Ok(());
        }
        let head = head.map_err(|error| io("read", error))?;
        let head: Head = codec::decode(head.get(1..).unwrap_or_default())?;
        drop(database);
        wait_until_closed(&self.directory.join("store").join("db"), &self.directory.display().to_string())?;
        let synced = self.file.sync_data().and_then(|()| self.note(head.number, true));
        synced.and_then(|()| self.witness().sync()).map_err(|error| io("write the file `head`", error))
    }
}

impl Drop for Sled {
    fn drop(&mut self) {
        // What was not closed in order is read in full at the next opening.
        let _ = self.close();
    }
}

/// Where sled would put values it cannot keep inline; must stay empty.
pub fn blobs(directory: &Path) -> PathBuf {
    directory.join("store").join("blobs")
}
