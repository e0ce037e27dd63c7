//! A database that is written anew: how large it may be, what must not be in it (P18), and that a stop at any moment harms
//! nothing.

use std::collections::BTreeMap;
use std::path::Path;

use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Value};
use relance::store::Commit;
use relance::store::Store;
use relance::store::backup::canonical_hash;
use relance::store::sled::{self, SledOptions};

use super::fixture::*;
use super::maintenance::sound;
use super::population::Population;
use super::population::populated;

/// Every file below a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => _ = all.insert(path.display().to_string(), std::fs::read(&path).unwrap()),
        }
    }
    all
}

fn holds(folder: &Path, canary: &str) -> bool {
    files(folder).values().any(|bytes| bytes.windows(canary.len()).any(|window| window == canary.as_bytes()))
}

#[test]
fn p18_no_byte_of_an_erased_record_outlives_a_compaction() {
    let directory = directory();
    let lead = record(7, 7);
    let canaries = ["Xoaquina-Canary", "canary@example.org", "crm-canary-1", "a note of a canary"];
    let store = sled(directory.path());
    let mut all = populated(&store);
    let hash = canonical_hash(&store).unwrap();
    all.create(lead, canaries[2], true);
    all.change(lead, Change::Name(Some(canaries[0].into())));
    all.change(lead, Change::Email(Some(canaries[1].into())));
    for round in 0..40 {
        let text = canaries[3].repeat(1 + round * 8);
        all.change(lead, Change::Field("notes".into(), Some(Value::Text(text.chars().take(3_900).collect()))));
    }
    let mut all = Population::new(&store);
    all.run(lead, RecordCommand::Erase);
    store.close().unwrap();
    drop(store);
    for canary in canaries {
        assert!(holds(directory.path(), canary), "sled keeps {canary}, else this proves nothing");
    }
    sled::compact(directory.path(), SledOptions::default()).unwrap();
    for canary in canaries {
        assert!(!holds(directory.path(), canary), "{canary}");
    }
    let store = sled(directory.path());
    sound(&store);
    assert_ne!(canonical_hash(&store).unwrap(), hash, "the tombstone stays");
    assert_eq!(log(&store).iter().filter(|(entity, ..)| *entity == lead.into()).count(), 1);
}

#[test]
fn after_a_compaction_the_disk_is_at_most_twice_the_rows_of_400_bytes() {
    let directory = directory();
    let store = sled(directory.path());
    let write = Writing::granted(&store);
    // Written over, so that much of the disk is no row's; as many as make sled's last open segments not count.
    for round in 0..2_u8 {
        for group in 0..90_u32 {
            let rows = (0..512).map(|number| {
                let number = group * 512 + number;
                let snapshot = Some(vec![round; 400 + number as usize % 400]);
                Commit { snapshot, ..write.sweeping(record((number / 2_880) as u16, number), 0, &[]) }
            });
            write.group(&rows.collect::<Vec<_>>());
        }
    }
    let hash = canonical_hash(&store).unwrap();
    store.close().unwrap();
    drop(store);
    let done = sled::compact(directory.path(), SledOptions::default()).unwrap();
    assert!(done.live > 25 << 20 && done.after <= 2 * done.live && done.after < done.before, "{done:?}");
    assert_eq!(sled::size(&directory.path().join("store")).unwrap(), done.after);
    assert_eq!(canonical_hash(&sled(directory.path())).unwrap(), hash);
}

#[test]
fn an_interrupted_compaction_leaves_a_directory_that_opens() {
    let directory = directory();
    let path = |name: &str| directory.path().join(name);
    let store = sled(directory.path());
    populated(&store);
    let hash = canonical_hash(&store).unwrap();
    store.close().unwrap();
    drop(store);
    let copy = |from: &str, to: &str| {
        std::fs::create_dir(path(to)).unwrap();
        for (name, bytes) in files(&path(from)) {
            std::fs::write(path(to).join(Path::new(&name).file_name().unwrap()), bytes).unwrap();
        }
    };
    for step in 0..4 {
        match step {
            // The copy is not finished.
            0 => {
                std::fs::create_dir(path("store.new")).unwrap();
                std::fs::write(path("store.new").join("db"), b"half a copy").unwrap();
            }
            // The copy is finished, nothing was renamed.
            1 => copy("store", "store.new"),
            // The old one is aside.
            2 => {
                copy("store", "store.new");
                std::fs::rename(path("store"), path("store.old")).unwrap();
            }
            // The copy has its place, the old one is not gone yet.
            _ => copy("store", "store.old"),
        }
        let store = sled(directory.path());
        assert_eq!(canonical_hash(&store).unwrap(), hash, "step {step}");
        sound(&store);
        store.close().unwrap();
        drop(store);
        wait_until_closed(directory.path());
        assert!(!path("store.new").exists() && !path("store.old").exists(), "step {step}");
    }
}
