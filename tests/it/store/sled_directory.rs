//! The data directory of a sled store: what opens, what is refused by which name, and what never stands in it (P1, P3).

use std::fs;
use std::path::Path;

use relance::domain::effect::{Counter, Effect};
use relance::domain::record::schema::RecordType;
use relance::limits::SNAPSHOT_EVERY;
use relance::store::sled::{FORMAT, blobs};
use relance::store::{Commit, Outcome, Store, StoreError, Version};

use super::fixture::*;

/// Rows enough that the database has several segments.
fn filled(directory: &Path) {
    let store = sled(directory);
    let write = Writing::granted(&store);
    for version in 0..120 {
        let commit = |shard| Commit { entry: Some(vec![version as u8; 600]), ..write.plain(record(shard, 1), version) };
        write.group(&(0..16).map(commit).collect::<Vec<_>>());
    }
    drop(store);
    wait_until_closed(directory);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Removes the files that sled writes when it is stopped in order, as if the process had been killed.
fn as_after_a_kill(directory: &Path) {
    for entry in fs::read_dir(directory.join("store")).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("snap.") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
}

/// What opening says: one sentence that names the directory and no more than one line.
fn refusal(directory: &Path) -> StoreError {
    let error = try_sled(directory).err().expect("it is refused");
    let text = error.to_string();
    assert!(text.contains(&directory.display().to_string()), "names the directory: {text}");
    assert!(!text.contains('\n') && text.len() < 300, "one sentence: {text}");
    error
}

fn assert_damaged(directory: &Path, says: &str) {
    let error = refusal(directory);
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    assert!(error.to_string().contains(says), "{error} says {says:?}");
}

fn manifest(directory: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(directory.join("relance.json")).unwrap()).unwrap()
}

fn write_manifest(directory: &Path, manifest: &serde_json::Value) {
    fs::write(directory.join("relance.json"), manifest.to_string()).unwrap();
}

#[test]
fn p1_what_was_committed_is_there_after_opening_again() {
    let directory = directory();
    let (one, two) = (record(1, 1), record(2, 2));
    let counter = Counter::Records(RecordType::Lead);
    let count = |delta| Effect::Count { counter, delta, max: None };
    let mut epoch = 0;
    for round in 0..6 {
        let store = sled(directory.path());
        assert_eq!(store.counter(counter), [0, 2, 3, 0, 2, 3][round], "round {round}");
        let write = Writing::granted(&store);
        assert!(write.fence(3).epoch > epoch, "an opening fences those before it");
        epoch = write.fence(3).epoch;
        let version = round as Version;
        let deltas: [i64; 2] = [[1, 1], [2, -1], [-1, -2]][round % 3];
        let group = [write.owing(one, version, &[count(deltas[0])]), write.owing(two, version, &[count(deltas[1])])];
        assert_eq!(write.group(&group), [Outcome::Done(version + 1); 2]);
    }
    let store = sled(directory.path());
    assert_eq!(store.counter(counter), 0);
    assert_eq!(derived(&store), [], "a counter that is back at zero has no row");
    assert_eq!(log(&store).len(), 12);
    assert_eq!(store.load(one.into(), None).unwrap().entries.len(), 6);
}

#[test]
fn a_directory_is_open_in_one_place_at_a_time() {
    let directory = directory();
    let first = sled(directory.path());
    assert!(matches!(refusal(directory.path()), StoreError::Locked(_)));
    assert_eq!(Writing::granted(&first).one(Writing::granted(&first).plain(record(1, 1), 0)), Outcome::Done(1));
    drop(first);
    assert_eq!(log(&sled(directory.path())).len(), 1);
}

#[test]
fn a_directory_of_a_later_release_is_refused_by_that_name() {
    let directory = directory();
    filled(directory.path());
    let before = manifest(directory.path());
    for (format, found) in [(u64::from(FORMAT) + 1, FORMAT + 1), (u64::MAX, u32::MAX)] {
        let mut later = before.clone();
        later["format"] = format.into();
        later["something_new"] = "which this release does not know".into();
        write_manifest(directory.path(), &later);
        match refusal(directory.path()) {
            StoreError::Newer { found: said, known: FORMAT, .. } => assert_eq!(said, found),
            other => panic!("{other:?}"),
        }
    }
    write_manifest(directory.path(), &before);
    assert_eq!(log(&sled(directory.path())).len(), 1_920, "the refusals changed nothing");
}

#[test]
fn p3_a_manifest_that_is_not_what_was_written_is_damage() {
    let directory = directory();
    filled(directory.path());
    let good = fs::read(directory.path().join("relance.json")).unwrap();
    let mut other_store = manifest(directory.path());
    other_store["store_id"] = "00000000-0000-4000-8000-000000000001".into();
    let mut other_shards = manifest(directory.path());
    other_shards["shard_bits"] = 5.into();
    let other_store = other_store.to_string().into_bytes();
    let other_shards = other_shards.to_string().into_bytes();
    let half = &good[..good.len() / 2];
    let cases: [(&str, &[u8], &str); 8] = [
        ("empty", b"", "does not read as JSON"),
        ("cut short", half, "does not read as JSON"),
        ("zeros", &[0; 80], "does not read as JSON"),
        ("no text", &[0xff, 0xfe, 0x80], "is no text"),
        ("other JSON", b"[1, 2]", "lacks what it must say"),
        ("half of what it says", br#"{"format": 1}"#, "lacks what it must say"),
        ("another store", &other_store, "belong to different stores"),
        ("another number of shards", &other_shards, "another number of shards"),
    ];
    for (case, bytes, says) in cases {
        fs::write(directory.path().join("relance.json"), bytes).unwrap();
        println!("{case}");
        assert_damaged(directory.path(), says);
    }
    fs::remove_file(directory.path().join("relance.json")).unwrap();
    assert_damaged(directory.path(), "`relance.json` is missing beside a database that holds data");
    fs::write(directory.path().join("relance.json"), good).unwrap();
    assert_eq!(log(&sled(directory.path())).len(), 1_920, "the refusals changed nothing");
}

#[test]
fn p3_a_database_that_is_gone_or_emptied_is_never_served_as_an_empty_one() {
    let whole = directory();
    filled(whole.path());
    let fresh = directory();
    drop(sled(fresh.path()));
    wait_until_closed(fresh.path());
    let store = |directory: &Path| directory.join("store");
    type Break<'a> = (&'a str, &'a dyn Fn(&Path));
    let cases: [Break; 5] = [
        ("`store` is missing", &|directory| fs::remove_dir_all(store(directory)).unwrap()),
        ("`store` is missing", &|directory| {
            fs::remove_dir_all(store(directory)).unwrap();
            fs::create_dir(store(directory)).unwrap();
        }),
        ("`store` is missing", &|directory| fs::remove_file(store(directory).join("db")).unwrap()),
        ("is empty", &|directory| {
            fs::remove_dir_all(store(directory)).unwrap();
            drop(::sled::open(store(directory)).unwrap());
        }),
        ("different stores", &|directory| {
            fs::remove_dir_all(store(directory)).unwrap();
            copy(&store(fresh.path()), &store(directory));
        }),
    ];
    for (says, damage) in cases {
        let directory = directory();
        copy(whole.path(), directory.path());
        damage(directory.path());
        assert_damaged(directory.path(), says);
        assert_damaged(directory.path(), says);
    }
}

#[test]
fn p3_a_database_file_that_was_overwritten_or_cut_is_damage_and_no_panic() {
    let whole = directory();
    filled(whole.path());
    let db = fs::read(whole.path().join("store/db")).unwrap();
    let noise = (0..db.len()).map(|place| (place * 31 % 251) as u8).collect::<Vec<_>>();
    let cases: [(&str, &[u8]); 6] = [
        ("zeros", &vec![0; db.len()]),
        ("noise", &noise),
        ("nothing", &[]),
        ("the first half", &db[..db.len() / 2]),
        ("the first eighth", &db[..db.len() / 8]),
        ("the second half", &db[db.len() / 2..]),
    ];
    for (case, bytes) in cases {
        for killed in [false, true] {
            let directory = directory();
            copy(whole.path(), directory.path());
            fs::write(directory.path().join("store/db"), bytes).unwrap();
            if killed {
                as_after_a_kill(directory.path());
            }
            println!("{case}, killed: {killed}");
            assert_damaged(directory.path(), "database");
        }
    }
}

/// A hole in the database of a store that was stopped in order: what cannot be read is an error when it is asked for, and
/// what can be is right.
#[test]
fn p3_a_hole_is_an_error_where_it_is_read_and_never_a_wrong_answer() {
    let whole = directory();
    filled(whole.path());
    let right = log(&sled(whole.path()));
    wait_until_closed(whole.path());
    let db = fs::read(whole.path().join("store/db")).unwrap();
    let (places, mut found) = (24, 0);
    for place in 0..places {
        let directory = directory();
        copy(whole.path(), directory.path());
        let (mut holed, from) = (db.clone(), db.len() / places * place);
        holed[from..from + 2_048].fill(0);
        fs::write(directory.path().join("store/db"), holed).unwrap();
        let mut rows = vec![];
        let read = try_sled(directory.path()).and_then(|store| {
            store.log(&mut |entity, version, bytes| {
                rows.push((entity, version, bytes.to_vec()));
                Ok(())
            })
        });
        assert!(rows == right[..rows.len()], "place {place}: what is read is right");
        match read {
            Ok(()) => assert_eq!(rows.len(), right.len(), "place {place}: nothing is left out in silence"),
            Err(error) => {
                assert!(matches!(error, StoreError::Damaged { .. } | StoreError::Io { .. }), "{error:?}");
                found += 1;
            }
        }
    }
    assert!(found > 0, "a hole somewhere was in use");
}

#[test]
fn a_first_start_that_was_cut_short_is_begun_again() {
    type Cut<'a> = (&'a str, &'a dyn Fn(&Path));
    let remove = |path: std::path::PathBuf| fs::remove_file(path).unwrap();
    let cases: [Cut; 5] = [
        ("an empty directory", &|_| ()),
        ("only the lock", &|directory| fs::write(directory.join("lock"), "").unwrap()),
        ("a store directory", &|directory| fs::create_dir(directory.join("store")).unwrap()),
        ("a database without identity", &|directory| drop(::sled::open(directory.join("store")).unwrap())),
        ("no manifest yet", &|directory| {
            drop(sled(directory));
            wait_until_closed(directory);
            fs::write(directory.join("relance.json.new"), "{\"form").unwrap();
            remove(directory.join("relance.json"));
        }),
    ];
    for (case, prepare) in cases {
        let directory = directory();
        prepare(directory.path());
        for round in 0..3 {
            let store = sled(directory.path());
            let write = Writing::granted(&store);
            assert_eq!(write.one(write.plain(record(1, 1), round)), Outcome::Done(round + 1), "{case}, round {round}");
        }
    }
}

#[test]
fn a_place_that_is_no_directory_is_named() {
    let directory = directory();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(matches!(refusal(&file), StoreError::Io { .. }));
    assert!(matches!(refusal(&file.join("below")), StoreError::Io { .. }));
}

/// sled moves large values into files of their own, which a power cut tears.
#[test]
fn p1_large_values_make_no_file_of_their_own_and_leave_no_chunk_behind() {
    let directory = directory();
    let lead = record(3, 1);
    let chunks = |of_snapshots: bool| {
        let tree = ::sled::open(directory.path().join("store")).unwrap();
        let row = if of_snapshots { b'S' } else { b'E' };
        tree.scan_prefix([0xff, 0xfe]).keys().filter(|key| key.as_ref().unwrap()[4] == row).count()
    };
    for (version, (length, pieces)) in
        [(100_000, 26), (16_384, 5), (3_000, 0), (9_000, 3), (0, 0)].into_iter().enumerate()
    {
        let store = sled(directory.path());
        let write = Writing::granted(&store);
        let entry = Some(vec![7; 16_384]);
        let snapshot = Some(vec![8; length]);
        write.one(Commit { entry, snapshot, ..write.plain(lead, version as Version) });
        drop(store);
        wait_until_closed(directory.path());
        assert_eq!(chunks(true), pieces, "of a snapshot of {length} bytes");
        wait_until_closed(directory.path());
        assert_eq!(chunks(false), (version + 1) * 5, "of the event rows, which stay");
    }
    assert_eq!(fs::read_dir(blobs(directory.path())).unwrap().count(), 0);
}

/// Sums do not cover snapshots, which are a cache: one whose pieces are of two writes must not be believed.
#[test]
fn p3_a_snapshot_whose_chunks_do_not_fit_is_read_from_the_log() {
    let directory = directory();
    let lead = record(3, 1);
    let store = sled(directory.path());
    let write = Writing::granted(&store);
    (0..SNAPSHOT_EVERY - 1)
        .for_each(|version| assert_eq!(write.one(write.plain(lead, version)), Outcome::Done(version + 1)));
    write.one(Commit { snapshot: Some(vec![8; 9_000]), ..write.plain(lead, SNAPSHOT_EVERY - 1) });
    assert!(store.load(lead.into(), None).unwrap().snapshot == Some((SNAPSHOT_EVERY, vec![8; 9_000])));
    drop(store);
    wait_until_closed(directory.path());
    let tree = ::sled::open(directory.path().join("store")).unwrap();
    let (key, chunk) = tree.scan_prefix([0xff, 0xfe]).find(|row| row.as_ref().unwrap().0[4] == b'S').unwrap().unwrap();
    tree.insert(key, vec![9; chunk.len()]).unwrap();
    drop(tree);
    wait_until_closed(directory.path());
    let store = sled(directory.path());
    let stored = store.load(lead.into(), None).unwrap();
    assert!(stored.snapshot.is_none());
    assert_eq!(stored.entries, (1..=SNAPSHOT_EVERY).map(|version| (version, entry(version))).collect::<Vec<_>>());
    assert!(store.is_sound());
}
