//! Copies of a store (P17): a backup that is made while others write, what a restored, imported or compacted store holds,
//! and files that are no copy at all.

use std::collections::HashMap;
use std::io::{self, Write};
use std::ops::Bound;
use std::sync::Mutex;

use proptest::prelude::*;
use relance::domain::effect::{Counter, Effect, Index};
use relance::domain::record::schema::RecordType;
use relance::id::{EntityId, EntityKind};
use relance::store::backup::{canonical_hash, read};
use relance::store::head::Head;
use relance::store::memory::Memory;
use relance::store::rows::{Batch, Keyspace, RowStore, Visit};
use relance::store::sled;
use relance::store::{Commit, Outcome, Result, Store, maintenance, transfer};
use relance::time::Timestamp;

use super::fixture::*;
use super::maintenance::sound;
use super::population::populated;

fn backup(store: &dyn Store) -> Vec<u8> {
    let mut bytes = vec![];
    store.backup(&mut bytes).unwrap();
    bytes
}

fn export(store: &dyn Store) -> Vec<u8> {
    let mut text = vec![];
    transfer::export(store, &mut text).unwrap();
    text
}

#[test]
fn p17_a_restored_store_is_what_the_backup_was_made_of() {
    let directory = directory();
    let store = sled(directory.path());
    populated(&store);
    let write = Writing::granted(&store);
    let large = Commit { entry: Some(vec![7; 20_000]), ..write.plain(record(15, 900), 0) };
    assert_eq!(store.commit(&[large]).unwrap(), [Outcome::Done(1)]);
    let from_disk = memory();
    from_disk.restore(backup(&store).as_slice()).unwrap();
    assert_eq!(canonical_hash(&from_disk).unwrap(), canonical_hash(&store).unwrap());

    let (original, restored) = (memory(), memory());
    populated(&original);
    let head = restored.restore(backup(&original).as_slice()).unwrap();
    assert_eq!((head, restored.head()), (original.head(), original.head()));
    assert_eq!(canonical_hash(&restored).unwrap(), canonical_hash(&original).unwrap());
    assert_eq!(backup(&restored), backup(&original), "snapshots included");
    sound(&restored);
    let fences = (original.grant().unwrap(), restored.grant().unwrap());
    assert_eq!(fences.0, fences.1, "it goes on where the original stood");
}

#[test]
fn p17_what_was_exported_and_imported_is_exported_the_same() {
    let (original, imported) = (memory(), memory());
    populated(&original);
    let text = export(&original);
    let commits = transfer::import(&imported, text.as_slice()).unwrap();
    assert_eq!(commits as usize, log(&original).len());
    assert_eq!(String::from_utf8(export(&imported)).unwrap(), String::from_utf8(text).unwrap());
    assert!(log(&imported) == log(&original) && derived(&imported) == derived(&original));
    assert_eq!(canonical_hash(&imported).unwrap(), canonical_hash(&original).unwrap(), "no command id was stored");
    imported.verify(true).unwrap();
    sound(&imported);
}

/// Made by the release before: `golden.rs` tells what is in it.
#[test]
fn p16_a_backup_of_the_release_before_is_restored_and_its_computed_rows_are_made_anew() {
    let restored = memory();
    let head = restored.restore(super::golden::BACKUP_V1).unwrap();
    assert_eq!(head, restored.head());
    restored.verify(true).unwrap();
    super::golden::assert_is_v1(&restored);
}

/// Whatever is cut off, added or altered: an error, and no panic.
#[test]
fn a_backup_or_an_export_that_is_not_whole_is_refused() {
    let store = memory();
    let write = Writing::granted(&store);
    let mut all = super::population::Population::new(&store);
    all.create(record(3, 1), "key", true);
    drop((all, write));
    let none = |_: Vec<u8>, _: Option<Vec<u8>>| Ok(());
    let backup = backup(&store);
    assert!(read(backup.as_slice(), &mut { none }).is_ok());
    let export = export(&store);
    assert_eq!(transfer::read(export.as_slice(), &mut |_| Ok(())).unwrap().commits, 1);
    for (file, is_backup) in [(&backup, true), (&export, false)] {
        let is_refused = |bytes: &[u8]| match is_backup {
            true => read(bytes, &mut { none }).is_err(),
            false => transfer::read(bytes, &mut |_| Ok(())).is_err(),
        };
        for length in 0..file.len() {
            assert!(is_refused(&file[..length]), "{length} of {} bytes", file.len());
        }
        assert!(is_refused(&[file.as_slice(), b"\n"].concat()), "something behind the end");
        for place in 0..file.len() {
            for flip in [1, 0x80] {
                let mut damaged = file.clone();
                damaged[place] ^= flip;
                assert!(is_refused(&damaged), "a byte at {place}");
            }
        }
    }
    let lines = String::from_utf8(export).unwrap();
    let newer = lines.replacen("\"format\":2", "\"format\":3", 1);
    let error = transfer::read(newer.as_bytes(), &mut |_| Ok(())).unwrap_err().to_string();
    assert!(error.contains("format 3, this release knows 2"), "{error}");
    // A row that claims to be of four gigabytes takes no more memory than there are bytes.
    let claims = [b"relance backup 2\n\x01\0\x04\0\0E\x01".as_slice(), &[0xff; 4]].concat();
    assert!(read(claims.as_slice(), &mut { none }).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), lead in 0_u8..3) {
        let fronts: [&[u8]; 3] = [b"", b"relance backup 2\n", b"{\"relance\":\"export\",\"format\":2}\n"];
        let bytes = [fronts[usize::from(lead)], &bytes].concat();
        let _ = read(bytes.as_slice(), &mut |_, _| Ok(()));
        let _ = transfer::read(bytes.as_slice(), &mut |_| Ok(()));
    }
}

/// Rows that remember every batch, so that the store can be had as it was after any of them.
#[derive(Default)]
pub struct Remembering {
    rows: Memory,
    batches: Mutex<Vec<(u64, Batch)>>,
}

impl Keyspace for Remembering {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.rows.get(key)
    }

    fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, newest_first: bool, visit: Visit) -> Result<()> {
        self.rows.scan(from, to, newest_first, visit)
    }

    fn apply(&self, batch: Batch, head: &Head) -> Result<()> {
        self.batches.lock().unwrap().push((head.number, batch.clone()));
        self.rows.apply(batch, head)
    }
}

/// What a writer does between two chunks of a backup, to the record of that number.
#[derive(Clone, Copy, Debug)]
enum Act {
    Write(u8),
    Erase(u8),
}

/// Takes a backup and lets a writer act before each chunk is taken.
struct Beside<'a> {
    write: &'a Writing<'a>,
    acts: std::vec::IntoIter<Act>,
    versions: HashMap<u8, (u32, Option<i64>)>,
    bytes: Vec<u8>,
}

impl Beside<'_> {
    fn entity(number: u8) -> EntityId {
        entity(EntityKind::Record, u16::from(number % 16), u32::from(number) + 1)
    }

    fn act(&mut self, act: Act) {
        let (Act::Write(number) | Act::Erase(number)) = act;
        let entity = Beside::entity(number);
        let (version, due) = self.versions.get(&number).copied().unwrap_or_default();
        let timer = |due| Effect::Arm { due: Timestamp::from_millis(due), key: 1 };
        let disarm = due.map(|due| Effect::Disarm { due: Timestamp::from_millis(due), key: 1 });
        let next = NOON + i64::from(version);
        let effects: Vec<Effect> = match act {
            Act::Write(_) => {
                [disarm, Some(timer(next)), Some(Effect::Index(Index::Record(summary(&format!("{version}")))))]
                    .into_iter()
                    .flatten()
                    .chain((version == 0).then_some(Effect::Count {
                        counter: Counter::Records(RecordType::Lead),
                        delta: 1,
                        max: None,
                    }))
                    .collect()
            }
            Act::Erase(_) => {
                disarm.into_iter().chain([Effect::Unindex(Index::Record(summary(""))), Effect::Erase]).collect()
            }
        };
        let due = matches!(act, Act::Write(_)).then_some(next);
        // Large, so that a small store has many chunks.
        let entry = Some(vec![number; if version % 2 == 0 { 60_000 } else { 3 }]);
        let snapshot = (version % 3 == 0).then(|| vec![1; 100]);
        let command = command(u128::from(number) << 32 | u128::from(version), number);
        let commit = Commit { entry, snapshot, command, ..self.write.owing(entity, version, &effects) };
        assert_eq!(self.write.one(commit), Outcome::Done(version + 1));
        self.versions.insert(number, (version + 1, due));
    }
}

impl Write for Beside<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for act in self.acts.by_ref().take(3).collect::<Vec<_>>() {
            self.act(act);
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn acts(most: usize) -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![4 => (0_u8..40).prop_map(Act::Write), 1 => (0_u8..40).prop_map(Act::Erase)];
    prop::collection::vec(act, 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn p17_a_backup_under_load_is_the_store_at_its_cut(before in acts(120), meanwhile in acts(120)) {
        let store = RowStore::open(Remembering::default()).unwrap();
        let write = Writing::granted(&store);
        let mut beside = Beside { write: &write, acts: Vec::new().into_iter(), versions: HashMap::new(), bytes: vec![] };
        before.into_iter().for_each(|act| beside.act(act));
        beside.acts = meanwhile.into_iter();
        let head = store.backup(&mut beside).unwrap();

        let at_cut = Memory::default();
        for (number, batch) in store.remembered() {
            if number <= head.number {
                at_cut.apply(batch, &head).unwrap();
            }
        }
        let restored = memory();
        prop_assert_eq!(restored.restore(beside.bytes.as_slice()).unwrap(), head);
        prop_assert_eq!(canonical_hash(&restored).unwrap(), canonical_hash(&RowStore::open(at_cut).unwrap()).unwrap());
    }
}

pub trait Remembered {
    fn remembered(&self) -> Vec<(u64, Batch)>;
}

impl Remembered for RowStore<Remembering> {
    fn remembered(&self) -> Vec<(u64, Batch)> {
        self.keyspace().batches.lock().unwrap().clone()
    }
}

/// A reader that stops reading must not make the server swell: what waits for it is bounded, and then it is over.
#[test]
fn p9_a_backup_that_is_read_too_slowly_ends_and_another_may_follow() {
    struct Stuck<'a>(&'a Writing<'a>, u32);
    impl Write for Stuck<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // While one chunk is taken, more is written than may wait.
            while self.1 < 90 {
                self.1 += 1;
                let commit = Commit { entry: Some(vec![7; 1 << 20]), ..self.0.plain(record(1, self.1), 0) };
                assert_eq!(self.0.one(commit), Outcome::Done(1));
                let second = self.0.backup(&mut io::sink()).unwrap_err().to_string();
                assert!(second.contains("another backup is under way"), "{second}");
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let store = memory();
    let write = Writing::granted(&store);
    let error = store.backup(&mut Stuck(&write, 0)).unwrap_err().to_string();
    assert!(error.contains("more slowly than the store is written"), "{error}");
    assert_eq!(memory().restore(backup(&store).as_slice()).unwrap(), store.head());
}

#[test]
fn a_new_directory_is_made_whole_or_not_at_all() {
    let parent = directory();
    let data = parent.path().join("data");
    let original = memory();
    populated(&original);
    let whole = backup(&original);
    let entries = || std::fs::read_dir(parent.path()).unwrap().count();
    let error = sled::create(&data, |store| store.restore(&whole[..whole.len() / 2])).unwrap_err().to_string();
    assert!(error.contains("cut short"), "{error}");
    assert_eq!(entries(), 0, "nothing half-made stays");
    // What a kill has left of an earlier one is in nobody's way.
    drop(sled(&parent.path().join(".data.unfinished")));
    std::fs::create_dir(&data).unwrap();
    sled::create(&data, |store| store.restore(whole.as_slice())).unwrap();
    assert_eq!(entries(), 1);
    let store = sled(&data);
    assert_eq!(canonical_hash(&store).unwrap(), canonical_hash(&original).unwrap());
    sound(&store);
    drop(store);
    let error = sled::create(&data, |store| store.restore(whole.as_slice())).unwrap_err().to_string();
    assert!(error.contains("is not empty"), "{error}");
    let other = parent.path().join("imported");
    sled::create(&other, |store| transfer::import(store, export(&original).as_slice())).unwrap();
    assert_eq!(maintenance::check(&sled(&other)).unwrap().faults, Vec::<String>::new());
}
