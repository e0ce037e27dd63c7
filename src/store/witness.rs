//! A small file beside the database that notes its last group, because a database whose end is missing can open as if it
//! had ended there (P3).
//!
//! Two places are written in turn, each with a checksum, so that one of them is whole at any moment. A note is written
//! after its group is durable and is not synced itself: it may be behind the database, never ahead of it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::store::codec;

/// Bytes of one of the two places.
const PLACE: usize = 64;

/// What is noted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Counts notes; the higher of two is the later.
    turn: u64,
    /// The store's identity.
    pub store_id: u128,
    /// The last group that is durable.
    pub number: u64,
    /// Whether the database was closed in order since.
    pub closed: bool,
}

/// The open file.
#[derive(Debug)]
pub struct Witness {
    file: File,
    last: Note,
}

impl Witness {
    /// Opens the file, or begins it where there is none; the last note, if one reads.
    pub fn open(path: &Path) -> io::Result<(Witness, Option<Note>)> {
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
        let places = [0, 1].map(|place| read(&file, place));
        let last = places.into_iter().flatten().max_by_key(|note| note.turn);
        Ok((Witness { file, last: last.unwrap_or_default() }, last))
    }

    /// Notes a group that is durable.
    pub fn note(&mut self, store_id: u128, number: u64, closed: bool) -> io::Result<()> {
        self.last = Note { turn: self.last.turn + 1, store_id, number, closed };
        let mut bytes = codec::encode(&self.last);
        bytes.extend_from_slice(&xxh3_64(&bytes).to_be_bytes());
        bytes.insert(0, bytes.len() as u8);
        bytes.resize(PLACE, 0);
        self.file.write_all_at(&bytes, (self.last.turn % 2) * PLACE as u64)
    }

    /// Waits until what was noted is durable.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

fn read(file: &File, place: u64) -> Option<Note> {
    let mut bytes = [0; PLACE];
    file.read_exact_at(&mut bytes, place * PLACE as u64).ok()?;
    let (length, rest) = bytes.split_first()?;
    let (note, sum) = rest.get(..usize::from(*length))?.split_last_chunk::<8>()?;
    (xxh3_64(note).to_be_bytes() == *sum).then(|| codec::decode(note).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p3_the_last_note_that_is_whole_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("head");
        let (mut witness, last) = Witness::open(&path).unwrap();
        assert_eq!(last, None);
        for number in 1..=5 {
            witness.note(7, number, false).unwrap();
            let (_, last) = Witness::open(&path).unwrap();
            assert_eq!(last.map(|note| (note.store_id, note.number, note.closed)), Some((7, number, false)));
        }
        witness.note(7, 5, true).unwrap();
        assert!(Witness::open(&path).unwrap().1.unwrap().closed);
        let good = std::fs::read(&path).unwrap();
        for place in 0..good.len() {
            let mut torn = good.clone();
            torn[place] ^= 1;
            std::fs::write(&path, torn).unwrap();
            let note = Witness::open(&path).unwrap().1.expect("the other place is whole");
            assert_eq!((note.store_id, note.number), (7, 5), "a byte at {place}");
        }
        std::fs::write(&path, [0; 2 * PLACE]).unwrap();
        assert_eq!(Witness::open(&path).unwrap().1, None);
    }
}
