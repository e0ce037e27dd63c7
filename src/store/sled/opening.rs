//! Opening a data directory: one process at a time, and nothing is served before it is proven to be what was written (P3).

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::ops::Bound;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, RwLock, mpsc};
use std::time::Duration;

use super::{READ, Sled, SledOptions, damaged, io};
use crate::store::manifest::{self, FORMAT, Manifest, WITNESSED};
use crate::store::room::Room;
use crate::store::rows::{Batch, Keyspace, RowStore};
use crate::store::witness::{Note, Witness};
use crate::store::{Result, Store, StoreError, codec, key, maintenance};

const WITNESS: &str = "head";
/// How often a lock is looked at again; how many times where a process ends (two seconds), and where a database is closed
/// (half a minute).
const POLL: Duration = Duration::from_millis(5);
const ENDING_POLLS_MAX: u32 = 400;
const CLOSING_POLLS_MAX: u32 = 6_000;

/// Opens the data directory, or makes a new one where there is none.
pub fn open(directory: &Path, options: SledOptions) -> Result<RowStore<Sled>> {
    let name = directory.display().to_string();
    fs::create_dir_all(directory).map_err(|error| io("make the data directory", format!("{name}: {error}")))?;
    let lock = lock(directory, &name)?;
    super::compact::recover(directory).map_err(|error| io("clear what an interrupted compaction has left", error))?;
    let room = Room::new(directory, options.reserve_bytes);
    room.check()?;
    let manifest = manifest::read(directory, &name)?;
    let path = directory.join("store");
    let fresh = !path.join("db").exists();
    if manifest.is_some() && fresh {
        return Err(damaged(&name, "the database `store` is missing"));
    }
    if !fresh {
        wait_until_closed(&path.join("db"), &name)?;
    }
    clear_drafts(&path, fresh).map_err(|error| io("clear what a crash has left", format!("{name}: {error}")))?;
    let (witness, mut note) =
        Witness::open(&directory.join(WITNESS)).map_err(|error| io("open the file `head`", error))?;
    if let Some(note) = &mut note {
        note.closed &= has_index(&path);
    }
    if !fresh && !note.is_some_and(|note| note.closed) {
        read_through(&path.join("db")).map_err(|error| io("read the database", format!("{name}: {error}")))?;
    }
    without_panic(&name, || {
        let config = sled::Config::new().path(&path).cache_capacity(options.cache_bytes);
        let database = config.open().map_err(|error| does_not_open(&name, &error))?;
        let watched = database.clone();
        let file = File::open(path.join("db")).map_err(|error| io("open the database file", error))?;
        let format = manifest.as_ref().map(|manifest| manifest.format);
        let mut sled = Sled {
            database: RwLock::new(Some(database)),
            config,
            directory: directory.to_owned(),
            file,
            store_id: 0,
            sound: AtomicBool::new(false),
            witness: Mutex::new(witness),
            room,
            _lock: lock,
        };
        awake(&watched, || {
            sled.identify(&name, manifest)?;
            let store = RowStore::open(sled)?;
            store.prove(&name, format, note, options.computed_rows_must_fit)?;
            Ok(store)
        })
    })
    .map_err(|error| match error {
        StoreError::Row(what) | StoreError::Io { doing: READ, why: what } => damaged(&name, &what),
        other => other,
    })
}

/// One process at a time; the lock goes with the process, however it ends. One that is ending, or a child that it has just
/// started, may hold it a moment longer.
pub(super) fn lock(directory: &Path, name: &str) -> Result<File> {
    let path = directory.join("lock");
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    let lock = lock.map_err(|error| io("open the lock file", error))?;
    take(&lock, ENDING_POLLS_MAX, name).map(|()| lock)
}

/// sled's threads hold its own lock for some milliseconds after it was closed, and opening meanwhile would look like damage.
pub(super) fn wait_until_closed(database: &Path, name: &str) -> Result<()> {
    let file = File::open(database).map_err(|error| io("open the database file", format!("{name}: {error}")))?;
    take(&file, CLOSING_POLLS_MAX, name)?;
    file.unlock().map_err(|error| io("unlock the database file", error))
}

fn take(file: &File, polls_max: u32, name: &str) -> Result<()> {
    for _ in 0..polls_max {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(POLL),
            Err(fs::TryLockError::Error(error)) => return Err(io("lock the data directory", error)),
        }
    }
    Err(StoreError::Locked(name.into()))
}

/// Removes what a crash has left half-written: sled would take the draft of its index for the index, and a half of its
/// settings for all of them, and never open again. Settings are only written before there is a database.
fn clear_drafts(store: &Path, fresh: bool) -> std::io::Result<()> {
    let Ok(files) = fs::read_dir(store) else { return Ok(()) };
    for file in files {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "generating") || (fresh && path.ends_with("conf")) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Whether sled has written where its pages are, which it does when it is opened.
fn has_index(store: &Path) -> bool {
    let is_index = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.starts_with("snap."));
    fs::read_dir(store).is_ok_and(|files| files.flatten().any(|file| is_index(&file.file_name())))
}

/// Reads a whole file and forgets it. Where sled reads its log, it takes what it cannot read for the torn end of it and
/// overwrites it: a disk that cannot be read must be met before.
pub(super) fn read_through(path: &Path) -> std::io::Result<()> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 20];
    while file.read(&mut buffer)? > 0 {}
    Ok(())
}

/// What the system refuses is no damage; everything else that sled says of its own file is.
fn does_not_open(name: &str, error: &sled::Error) -> StoreError {
    match error {
        sled::Error::Io(error) if error.raw_os_error().is_some() => io("open the database", format!("{name}: {error}")),
        _ => damaged(name, &format!("the database does not open ({error})")),
    }
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

/// Does what writes to a database that nobody looks after yet. A write that fails in one of sled's own threads may leave
/// whoever waits for it asleep; asking for another flush wakes it.
fn awake<T>(database: &sled::Db, write: impl FnOnce() -> T) -> T {
    std::thread::scope(|scope| {
        let (writing, ended) = mpsc::channel::<()>();
        scope.spawn(move || {
            while ended.recv_timeout(POLL * 20) == Err(mpsc::RecvTimeoutError::Timeout) {
                if database.context.global_error().is_err() {
                    let _ = database.flush();
                }
            }
        });
        // Dropped when it is done, by a panic too.
        let _writing = writing;
        write()
    })
}

impl RowStore<Sled> {
    /// Holds the database against what was noted outside it, and reads all of it unless it was closed in order.
    fn prove(&self, name: &str, format: Option<u32>, note: Option<Note>, computed_rows_must_fit: bool) -> Result<()> {
        let was_proven_before = format >= Some(WITNESSED);
        let is_present = format == Some(FORMAT);
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
            self.verify(computed_rows_must_fit && is_present)?;
        }
        self.rows
            .note(self.head().number, false)
            .and_then(|()| self.rows.witness().sync())
            .map_err(|error| io("write the file `head`", error))?;
        self.rows.sound.store(true, Ordering::Release);
        if is_present {
            return Ok(());
        }
        if format.is_some() {
            // Cut short, it is begun again: the manifest is written last.
            maintenance::take_over(self)?;
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
}
