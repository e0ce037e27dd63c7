//! An exact copy of a store that goes on being written: rows in the order of their keys, between them every batch that was
//! written meanwhile, and at the end what the whole must come to.
//!
//! A chunk of rows is read after all batches in front of it were written, and what is written while it is read comes
//! behind it. So whoever applies the stream in order has for each row its last value, and at the end the store as it was
//! when the last batch was taken: one instant, the cut.
//!
//! ```text
//! "relance backup 2\n"
//! 1 length(2) key length(4) value     a row has this value
//! 2 length(2) key                     a row is gone
//! 3 length(2) head SHA-256            the end: the head at the cut, and a digest of everything before it
//! ```

use std::io::{self, Read, Write};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::store::head::Head;
use crate::store::key::{self, Key};
use crate::store::rows::{Batch, Keyspace, RowStore, Visit, shards};
use crate::store::{Result, StoreError, codec, maintenance};

const MAGIC: &[u8] = b"relance backup 2\n";
/// Its computed rows have another shape.
const MAGIC_BEFORE: &[u8] = b"relance backup 1\n";
const PUT: u8 = 1;
const REMOVE: u8 = 2;
const END: u8 = 3;
/// Bytes of rows that are read at once.
const CHUNK_BYTES: usize = 256 << 10;
/// Bytes of batches that may wait for a backup whose reader is slow.
const WAITING_BYTES_MAX: usize = 64 << 20;
/// Bytes of a value; a longer one was never written.
const VALUE_MAX: u32 = 128 << 20;
/// Bytes of a key.
const KEY_MAX: usize = 4 << 10;

fn failed(why: impl std::fmt::Display) -> StoreError {
    StoreError::File { what: "backup", why: why.to_string() }
}

/// The identity and the head of a store are no part of what it holds.
fn is_copied(key: &[u8]) -> bool {
    *key != key::identity() && *key != key::head()
}

/// What was written since a backup last looked.
#[derive(Default)]
pub(super) struct Feed {
    batches: Vec<Batch>,
    bytes: usize,
    broken: Option<&'static str>,
}

pub(super) type SharedFeed = Arc<Mutex<Feed>>;

pub(super) fn locked(feed: &SharedFeed) -> MutexGuard<'_, Feed> {
    feed.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Feed {
    pub(super) fn push(&mut self, batch: Batch) {
        let size = |(key, value): &(Key, Option<Vec<u8>>)| key.len() + value.as_ref().map_or(0, Vec::len) + 64;
        self.bytes += batch.0.iter().map(size).sum::<usize>();
        self.batches.push(batch);
        if self.bytes > WAITING_BYTES_MAX {
            self.fail("it is read more slowly than the store is written");
        }
    }

    pub(super) fn fail(&mut self, why: &'static str) {
        *self = Feed { broken: Some(self.broken.unwrap_or(why)), ..Feed::default() };
    }

    fn take(&mut self) -> Result<Vec<Batch>> {
        self.bytes = 0;
        self.broken.map_or_else(|| Ok(std::mem::take(&mut self.batches)), |why| Err(failed(why)))
    }
}

/// Writes the stream.
struct Stream<'a> {
    out: &'a mut dyn Write,
    hash: Sha256,
    buffer: Vec<u8>,
}

impl Stream<'_> {
    fn row(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<()> {
        let length = u16::try_from(key.len()).map_err(failed)?;
        self.buffer.push(if value.is_some() { PUT } else { REMOVE });
        self.buffer.extend_from_slice(&length.to_be_bytes());
        self.buffer.extend_from_slice(key);
        if let Some(value) = value {
            let length = u32::try_from(value.len()).map_err(failed)?;
            self.buffer.extend_from_slice(&length.to_be_bytes());
            self.buffer.extend_from_slice(value);
        }
        Ok(())
    }

    fn batches(&mut self, batches: Vec<Batch>) -> Result<()> {
        for (key, value) in batches.iter().flat_map(|batch| &batch.0).filter(|(key, _)| is_copied(key)) {
            self.row(key, value.as_deref())?;
            if self.buffer.len() >= CHUNK_BYTES {
                self.send()?;
            }
        }
        self.send()
    }

    fn send(&mut self) -> Result<()> {
        self.hash.update(&self.buffer);
        self.out.write_all(&self.buffer).map_err(failed)?;
        self.buffer.clear();
        Ok(())
    }

    fn end(mut self, head: &Head) -> Result<()> {
        let head = codec::encode(head);
        self.buffer.push(END);
        self.buffer.extend_from_slice(&u16::try_from(head.len()).map_err(failed)?.to_be_bytes());
        self.buffer.extend_from_slice(&head);
        self.send()?;
        self.out.write_all(&self.hash.finalize()).and_then(|()| self.out.flush()).map_err(failed)
    }
}

impl<K: Keyspace> RowStore<K> {
    /// See [`crate::store::Store::backup`].
    pub(super) fn back_up(&self, out: &mut dyn Write) -> Result<Head> {
        let feed = SharedFeed::default();
        {
            let mut held = self.held();
            if held.feed.upgrade().is_some() {
                return Err(StoreError::BackupUnderWay);
            }
            held.feed = Arc::downgrade(&feed);
        }
        let mut stream = Stream { out, hash: Sha256::new(), buffer: MAGIC.to_vec() };
        let mut after: Option<Key> = None;
        loop {
            let written = locked(&feed).take()?;
            stream.batches(written)?;
            let mut last = None;
            self.scan_all(after.as_deref(), &mut |key, value| {
                last = Some(key.to_vec());
                if is_copied(key) {
                    stream.row(key, Some(value))?;
                }
                Ok(stream.buffer.len() < CHUNK_BYTES)
            })?;
            stream.send()?;
            if last.is_none() {
                break;
            }
            after = last;
        }
        // Nobody writes while the lock is held: this is the cut.
        let (head, rest) = {
            let mut held = self.held();
            held.feed = std::sync::Weak::new();
            (held.head, locked(&feed).take()?)
        };
        stream.batches(rest)?;
        stream.end(&head)?;
        Ok(head)
    }

    /// Every row behind `after` in the order of the keys, those of no shard last.
    fn scan_all(&self, after: Option<&[u8]>, visit: Visit) -> Result<()> {
        let mut goes_on = true;
        for shard in shards().chain([key::GLOBAL]) {
            let begin = shard.0.to_be_bytes();
            // Behind every letter, and before what a keyspace may keep for itself.
            let end = [&begin[..], &[u8::MAX]].concat();
            let from = match after {
                Some(after) if after.starts_with(&begin) => Bound::Excluded(after),
                Some(after) if after > begin.as_slice() => continue,
                _ => Bound::Included(begin.as_slice()),
            };
            self.rows.scan(from, Bound::Excluded(&end), false, &mut |key, value| {
                goes_on = visit(key, value)?;
                Ok(goes_on)
            })?;
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// Takes over rows as they stand in a backup, in its order; those of an earlier release are taken over as its directories are.
    pub fn restore(&self, input: impl Read) -> Result<Head> {
        let mut batch = Batch::default();
        let mut bytes = 0;
        let present = self.held().head;
        let copied = read(input, &mut |key, value| {
            bytes += key.len() + value.as_ref().map_or(0, Vec::len);
            batch.0.push((key, value));
            if bytes >= CHUNK_BYTES {
                bytes = 0;
                self.rows.apply(std::mem::take(&mut batch), &present)?;
            }
            Ok(())
        })?;
        let Copied { head, is_former } = copied;
        batch.put(key::head(), codec::encode(&head));
        self.rows.apply(batch, &head)?;
        self.reload()?;
        self.verify(true).map_err(|_| failed("its rows are not those that it says it holds"))?;
        if is_former {
            maintenance::take_over(self)?;
        }
        Ok(self.held().head)
    }
}

/// What a backup says at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The head at its cut.
    pub head: Head,
    /// Whether an earlier release made it, whose computed rows have another shape.
    pub is_former: bool,
}

/// Reads a backup from end to end and calls `visit` for each row in it; `None` removes it. What was visited is worth
/// nothing where this fails. Memory stays bounded by one row, whatever the bytes are.
pub fn read(input: impl Read, visit: &mut dyn FnMut(Key, Option<Vec<u8>>) -> Result<()>) -> Result<Copied> {
    let mut input = Hashed { input, hash: Sha256::new() };
    let magic = input.take(MAGIC.len() as u64)?;
    let is_former = magic == MAGIC_BEFORE;
    if magic != MAGIC && !is_former {
        return Err(failed("it does not begin as a backup that this release knows"));
    }
    loop {
        let [tag] = input.array()?;
        let length = u16::from_be_bytes(input.array()?);
        let key = input.take(u64::from(length))?;
        match tag {
            PUT | REMOVE if key.len() > KEY_MAX || key.len() < 3 || !is_copied(&key) => {
                return Err(failed("it holds a row that no store has"));
            }
            PUT => {
                let length = u32::from_be_bytes(input.array()?);
                if length > VALUE_MAX {
                    return Err(failed("it holds a row that no store has"));
                }
                let value = input.take(u64::from(length))?;
                visit(key, Some(value))?;
            }
            REMOVE => visit(key, None)?,
            END => return input.end(&key).map(|head| Copied { head, is_former }),
            _ => return Err(failed("it is damaged")),
        }
    }
}

struct Hashed<R> {
    input: R,
    hash: Sha256,
}

impl<R: Read> Hashed<R> {
    /// Grows with what is there, not with what is announced.
    fn take(&mut self, length: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.input.by_ref().take(length).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 != length {
            return Err(failed("it is cut short"));
        }
        self.hash.update(&bytes);
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N as u64)?.try_into().map_err(|_| failed("it is cut short"))
    }

    fn end(mut self, head: &[u8]) -> Result<Head> {
        let wanted = self.hash.clone().finalize();
        if self.take(wanted.len() as u64)? != wanted.as_slice() {
            return Err(failed("it is damaged: its digest does not fit"));
        }
        match self.input.read(&mut [0]) {
            Ok(0) => Head::read(head).map_err(|_| failed("it is damaged")),
            Ok(_) => Err(failed("something follows its end")),
            Err(error) => Err(failed(error)),
        }
    }
}

/// Names what a store holds (P17): SHA-256 over every row in the order of the keys but epochs, snapshots, the feed
/// and what is kept beside logs, which another store may have otherwise and be the same. In hexadecimal.
pub fn canonical_hash<K: Keyspace>(store: &RowStore<K>) -> Result<String> {
    let mut hash = Sha256::new();
    store.scan_all(None, &mut |key, value| {
        let counts =
            key::row_of(key).is_some_and(|row| key::DERIVED.contains(&row) || matches!(row, b'E' | b'R' | b'A'));
        if counts {
            for part in [key, value] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        Ok(true)
    })?;
    Ok(hex(&hash.finalize()))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl From<StoreError> for io::Error {
    fn from(error: StoreError) -> io::Error {
        io::Error::other(error.to_string())
    }
}
