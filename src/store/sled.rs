//! Rows in sled: the only module that knows it, and what it takes to make it durable.
//!
//! `flush()` of sled 0.34 never calls `fsync`, so each batch is followed by our own `fdatasync` on its file. Values that
//! sled would move into files of their own do not survive a power cut whole, so larger ones are cut into chunks. An
//! unreadable database can open as an empty one, so a manifest outside it says what must be inside.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::ops::Bound;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::limits;
use crate::sabotage::{self, Defect};
use crate::store::key::{self, Key};
use crate::store::rows::{Batch, Keyspace, RowStore, Visit};
use crate::store::{Result, StoreError, codec};

/// Raised when the layout of keys or rows changes.
pub const FORMAT: u32 = 1;

const MANIFEST: &str = "relance.json";
const INLINE: u8 = 0;
const CHUNKED: u8 = 1;
/// How often and how many times a database that is being closed is looked at again: five seconds in all.
const CLOSING_POLL: Duration = Duration::from_millis(5);
const CLOSING_POLLS_MAX: u32 = 1_000;
/// A shard number that none has: chunks of large values stand behind the rows of every shard, and no scan wants them.
const CHUNKS: [u8; 2] = [0xff, 0xfe];

/// What a data directory says about itself, outside the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    /// As text: a JSON reader makes a float of so large a number.
    store_id: Uuid,
    shard_bits: u32,
}

/// An open sled database and the locks that go with it.
pub struct Sled {
    tree: sled::Db,
    file: File,
    _lock: File,
}

/// How the database is kept.
#[derive(Clone, Copy, Debug)]
pub struct SledOptions {
    /// Bytes of pages that sled keeps in memory; the process takes about twice as much.
    pub cache_bytes: u64,
}

impl Default for SledOptions {
    fn default() -> SledOptions {
        SledOptions { cache_bytes: 48 << 20 }
    }
}

/// Opens the data directory, or makes a new one where there is none.
pub fn open(directory: &Path, options: SledOptions) -> Result<RowStore<Sled>> {
    let name = directory.display().to_string();
    fs::create_dir_all(directory).map_err(|error| io("make the data directory", format!("{name}: {error}")))?;
    let lock = lock(directory, &name)?;
    let manifest = read_manifest(directory, &name)?;
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
        let tree = config.open().map_err(|error| damaged(&name, &format!("the database does not open ({error})")))?;
        let file = File::open(path.join("db")).map_err(|error| io("open the database file", error))?;
        let sled = Sled { tree, file, _lock: lock };
        sled.identify(directory, &name, manifest)?;
        RowStore::open(sled)
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

fn read_manifest(directory: &Path, name: &str) -> Result<Option<Manifest>> {
    let mut text = String::new();
    match File::open(directory.join(MANIFEST)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io("open the manifest", error)),
        Ok(mut file) => {
            file.read_to_string(&mut text).map_err(|_| damaged(name, "`relance.json` is no text"))?;
        }
    }
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|_| damaged(name, "`relance.json` does not read as JSON"))?;
    let format = value.get("format").and_then(serde_json::Value::as_u64).unwrap_or(0);
    if format > u64::from(FORMAT) {
        let found = u32::try_from(format).unwrap_or(u32::MAX);
        return Err(StoreError::Newer { path: name.into(), found, known: FORMAT });
    }
    let manifest: Manifest =
        serde_json::from_value(value).map_err(|_| damaged(name, "`relance.json` lacks what it must say"))?;
    if manifest.shard_bits != limits::SHARD_BITS {
        return Err(damaged(name, "it was made with another number of shards; export it and import it here"));
    }
    Ok(Some(manifest))
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

fn write_manifest(directory: &Path, manifest: &Manifest) -> std::io::Result<()> {
    let (path, draft) = (directory.join(MANIFEST), directory.join("relance.json.new"));
    let mut file = File::create(&draft)?;
    file.write_all(serde_json::to_string_pretty(manifest)?.as_bytes())?;
    file.sync_all()?;
    fs::rename(draft, path)?;
    File::open(directory)?.sync_all()
}

fn damaged(path: &str, what: &str) -> StoreError {
    StoreError::Damaged { path: path.into(), what: what.into() }
}

fn io(doing: &'static str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Io { doing, why: error.to_string() }
}

impl Sled {
    /// The database and the manifest must know each other. A first start that was cut short left neither manifest nor
    /// events and is begun again.
    fn identify(&self, directory: &Path, name: &str, manifest: Option<Manifest>) -> Result<()> {
        let inside = self.get(&key::identity())?.map(|bytes| codec::decode::<u128>(&bytes)).transpose()?;
        match (manifest, inside) {
            (Some(manifest), Some(inside)) if manifest.store_id.as_u128() == inside => Ok(()),
            (Some(_), Some(_)) => Err(damaged(name, "`relance.json` and the database belong to different stores")),
            (Some(_), None) => Err(damaged(name, "the database is empty, `relance.json` says that it was in use")),
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
                self.apply(Batch(vec![(key::identity(), Some(codec::encode(&store_id)))]))?;
                let store_id = Uuid::from_u128(store_id);
                let manifest = Manifest { format: FORMAT, store_id, shard_bits: limits::SHARD_BITS };
                write_manifest(directory, &manifest).map_err(|error| io("write the manifest", error))
            }
        }
    }

    fn whole(&self, key: &[u8], value: &[u8]) -> Result<Vec<u8>> {
        match value.split_first() {
            Some((&INLINE, rest)) => Ok(rest.to_vec()),
            Some((&CHUNKED, count)) => {
                let count: [u8; 2] = count.try_into().map_err(|_| StoreError::Row("a chunked value".into()))?;
                let mut whole = Vec::new();
                for number in 0..u16::from_be_bytes(count) {
                    let chunk = self.tree.get(chunk_key(key, number)).map_err(|error| io("read", error))?;
                    let chunk = chunk.ok_or_else(|| StoreError::Row("a chunk is missing".into()))?;
                    whole.extend_from_slice(&chunk);
                }
                Ok(whole)
            }
            _ => Err(StoreError::Row("a value begins with an unknown byte".into())),
        }
    }

    /// Chunks of a value that is about to be replaced or removed. Only snapshots and events can have some.
    fn remove_chunks(&self, key: &[u8], batch: &mut sled::Batch) -> Result<()> {
        if !matches!(key::row_of(key), Some(b'S' | b'E')) {
            return Ok(());
        }
        let old = self.tree.get(key).map_err(|error| io("read", error))?;
        if let Some([CHUNKED, high, low]) = old.as_deref() {
            for number in 0..u16::from_be_bytes([*high, *low]) {
                batch.remove(chunk_key(key, number));
            }
        }
        Ok(())
    }
}

fn chunk_key(key: &[u8], number: u16) -> Key {
    [&CHUNKS, key, &number.to_be_bytes()].concat()
}

impl Keyspace for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let value = self.tree.get(key).map_err(|error| io("read", error))?;
        value.map(|value| self.whole(key, &value)).transpose()
    }

    fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, newest_first: bool, visit: Visit) -> Result<()> {
        let to = if matches!(to, Bound::Unbounded) { Bound::Excluded(&CHUNKS[..]) } else { to };
        let mut range = self.tree.range::<&[u8], _>((from, to));
        while let Some(row) = if newest_first { range.next_back() } else { range.next() } {
            let (key, value) = row.map_err(|error| io("read", error))?;
            let goes_on = match value.split_first() {
                Some((&INLINE, rest)) => visit(&key, rest)?,
                _ => visit(&key, &self.whole(&key, &value)?)?,
            };
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    fn apply(&self, batch: Batch) -> Result<()> {
        let mut rows = sled::Batch::default();
        for (key, value) in batch.0 {
            // An event row is new by its version; only erasure and snapshots meet an old value.
            if value.is_none() || key::row_of(&key) == Some(b'S') {
                self.remove_chunks(&key, &mut rows)?;
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
        self.tree.apply_batch(rows).map_err(|error| io("write", error))?;
        if sabotage::has(Defect::AnswerBeforeSync) {
            return Ok(());
        }
        self.tree.flush().map_err(|error| io("flush", error))?;
        self.file.sync_data().map_err(|error| io("sync", error))
    }
}

/// Where sled would put values it cannot keep inline; must stay empty.
pub fn blobs(directory: &Path) -> PathBuf {
    directory.join("store").join("blobs")
}
