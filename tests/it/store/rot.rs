//! Bit rot and half-files (P3): bytes altered, files cut, taken away and exchanged, in a small data directory with rows of
//! every kind. Whatever opens all the same is right in every answer, or says that it cannot read.

mod judge;

use std::fs;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use relance::domain::record::schema::{Change, Value};
use relance::id::EntityId;
use relance::limits;
use relance::store::sled::FORMAT;
use relance::store::{Commit, Outcome, Store, maintenance};

use self::judge::{COMMANDS, Image, Judge, Tally, folder};
use super::fixture::*;
use super::formats::says;
use super::population::{Population, populated};

/// Bytes of the database that are altered in one run, in each state it can be in. All of them: `RELANCE_ROT_FLIPS=0`.
const FLIPS: usize = 600;
/// Set in the process that a test has to itself.
const ALONE: &str = "RELANCE_ROT_ALONE";
/// Whatever is opened and read in so long has hung.
const DONE_WITHIN: Duration = Duration::from_secs(120);
/// Rows of every kind, also a snapshot and an event that are cut into chunks, and command ids.
fn fill(store: &dyn Store) {
    let mut all = Population::new(store);
    let long = record(12, 99);
    let note = |number: usize| {
        Value::Text(char::from(b'a' + number as u8 % 26).to_string().repeat(limits::FIELD_TEXT_MAX - 1))
    };
    // Several of sled's segments, so that most of it is behind the one that it looks at when it is opened.
    for number in 0..120 {
        all.change(long, Change::Field(["company", "notes"][number % 2].into(), Some(note(number))));
    }
    let write = Writing::granted(store);
    let version = |of: EntityId| write.history(of, u32::MAX, 1).unwrap()[0].0;
    for key in COMMANDS {
        let lead = EntityId::from(record((key as u32 % 24 * 5 % 16) as u16, key as u32 % 24));
        let lead = if key % 24 == 0 { long.into() } else { lead };
        let commit = Commit { command: command(key, 1), ..write.sweeping(lead, version(lead), &[]) };
        assert!(matches!(write.one(commit), Outcome::Done(_)));
    }
}

/// A data directory as a kill leaves it, some time after its last opening, and as a stop in order does.
fn images(directory: &Path) -> [Image; 2] {
    populated(&sled(directory));
    wait_until_closed(directory);
    let store = sled(directory);
    fill(&store);
    // What is on disk before anything is closed is what a kill leaves.
    let killed = Image::of(directory);
    store.close().unwrap();
    [killed, Image::of(directory)]
}

/// Runs a test in a process of its own, because sled may leave threads behind where it gives a damaged database up, and
/// they keep it from letting go of others; and in a thread of its own, which tells what it looks at, so that what hangs
/// fails by its name.
fn alone(name: &str, run: impl FnOnce(&Sender<String>) + Send + 'static) {
    if std::env::var_os(ALONE).is_none() {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", &format!("store::rot::{name}"), "--nocapture"]).env(ALONE, "yes");
        let output = command.env("RUST_BACKTRACE", "0").output().unwrap();
        let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        println!("{out}");
        assert!(output.status.success(), "{}", errors.lines().rev().take(20).collect::<Vec<_>>().join("\n"));
        return;
    }
    let (tell, told) = channel();
    let thread = std::thread::spawn(move || run(&tell));
    let mut last = String::new();
    loop {
        match told.recv_timeout(DONE_WITHIN) {
            Ok(what) => last = what,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("it hangs: {last}"),
        }
    }
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn p3_a_flipped_bit_anywhere_is_found_or_does_no_harm() {
    alone("p3_a_flipped_bit_anywhere_is_found_or_does_no_harm", |tell| {
        let at = folder();
        for (state, image) in ["killed", "stopped"].iter().zip(images(at.path())) {
            let mut judge = Judge::new(&image, tell);
            for (path, bytes) in image.0.iter().filter(|(path, _)| !path.ends_with("store/db")) {
                for place in 0..bytes.len() {
                    let damaged = image.with(path, |bytes| bytes[place] ^= 1 << (place % 8));
                    judge.judge(&format!("{state}: byte {place} of {}", path.display()), &damaged);
                }
                println!("{state}, {} bytes of {}: {:?}", bytes.len(), path.display(), judge.tally);
                judge.tally = Tally::default();
            }
            let db = image.file("store/db");
            let places = places(&image.0[&db]);
            for place in &places {
                let damaged = image.with(&db, |bytes| bytes[*place] ^= 1 << (place % 8));
                judge.judge(&format!("{state}: byte {place} of the database"), &damaged);
            }
            println!("{state}, {} bytes of the database: {:?}", places.len(), judge.tally);
            assert!(judge.tally.refused > 0 && judge.tally.harmless < places.len(), "some were in use");
        }
    });
}

/// The bytes to alter: of those up to the last that was written in each stretch, every so manieth, from a place that is
/// another in each run.
fn places(db: &[u8]) -> Vec<usize> {
    let wanted = std::env::var("RELANCE_ROT_FLIPS").map_or(FLIPS, |text| text.parse().expect("a number"));
    let stretch = 4_096;
    let stretches = db.chunks(stretch).enumerate().filter(|(_, bytes)| bytes.iter().any(|byte| *byte != 0));
    let used: Vec<usize> =
        stretches.flat_map(|(number, bytes)| (0..bytes.len()).map(move |place| number * stretch + place)).collect();
    let step = used.len().checked_div(wanted).unwrap_or(1).max(1);
    used.into_iter().skip(fastrand::usize(0..step)).step_by(step).collect()
}

#[test]
fn p3_a_file_that_is_cut_missing_zeroed_or_longer_is_found_or_does_no_harm() {
    alone("p3_a_file_that_is_cut_missing_zeroed_or_longer_is_found_or_does_no_harm", |tell| {
        let at = folder();
        for (state, image) in ["killed", "stopped"].iter().zip(images(at.path())) {
            let mut judge = Judge::new(&image, tell);
            for (path, bytes) in &image.0 {
                let name = format!("{state}: {}", path.display());
                let mut lengths: Vec<usize> = (0..24).map(|part| bytes.len() * part / 24).collect();
                lengths
                    .extend((0..12).map(|bit| 1 << bit).filter(|cut| *cut <= bytes.len()).map(|cut| bytes.len() - cut));
                for length in lengths {
                    judge.judge(&format!("{name} cut to {length}"), &image.with(path, |bytes| bytes.truncate(length)));
                }
                judge.judge(&format!("{name} missing"), &image.without(path));
                judge.judge(&format!("{name} zeroed"), &image.with(path, |bytes| bytes.fill(0)));
                judge.judge(&format!("{name} longer"), &image.with(path, |bytes| bytes.extend(b"and more".repeat(16))));
                println!("{name}: {:?}", judge.tally);
                judge.tally = Tally::default();
            }
        }
    });
}

#[test]
fn p3_files_of_another_time_or_another_store_are_refused() {
    alone("p3_files_of_another_time_or_another_store_are_refused", |tell| {
        let (at, elsewhere) = (folder(), folder());
        let [older, _] = images(at.path());
        let store = sled(at.path());
        let mut all = Population::new(&store);
        all.change(record(12, 99), Change::Name(Some("since".into())));
        store.close().unwrap();
        let newer = Image::of(at.path());
        let [_, other] = images(elsewhere.path());
        let mut judge = Judge::new(&newer, tell);
        let mut judged = |what: &str, image: Image| {
            judge.judge(what, &image);
            std::mem::take(&mut judge.tally)
        };
        let (refused, harmless) = (Tally { refused: 2, ..Tally::default() }, Tally { harmless: 1, ..Tally::default() });
        assert_eq!(judged("an older database", newer.with_files_of(&older, "store")), refused);
        assert_eq!(
            judged("an older witness", newer.with_files_of(&older, "head")),
            harmless,
            "it is behind after a power cut"
        );
        for part in ["store", "head", "relance.json"] {
            assert_eq!(judged(part, newer.with_files_of(&other, part)), refused, "{part} of another store");
        }
        for part in ["store/db", "store/conf", "store/snap."] {
            judged(part, newer.with_files_of(&other, part));
        }
    });
}

/// It had neither sums nor a witness, nor an audit trail.
#[test]
fn a_directory_of_the_first_format_is_taken_over() {
    alone("a_directory_of_the_first_format_is_taken_over", |tell| {
        let at = folder();
        images(at.path());
        let path = at.path();
        let held = |store: &dyn Store| (log(store), derived(store));
        let before = held(&sled(path));
        wait_until_closed(path);
        let tree = ::sled::open(path.join("store")).unwrap();
        tree.remove([0xff, 0xff, b'H']).unwrap().expect("there was a head");
        for link in tree.scan_prefix([0xff, 0xff, b'A']).keys() {
            tree.remove(link.unwrap()).unwrap();
        }
        drop(tree);
        wait_until_closed(path);
        fs::remove_file(path.join("head")).unwrap();
        let manifest = fs::read_to_string(path.join("relance.json")).unwrap();
        fs::write(path.join("relance.json"), manifest.replace(&says(FORMAT), &says(1))).unwrap();
        let former = Image::of(path);
        let store = sled(path);
        assert!(held(&store) == before);
        assert!(maintenance::check(&store).unwrap().faults.is_empty() && store.head().trail.length > 0);
        store.close().unwrap();
        let mut judge = Judge::new(&Image::of(path), tell);
        judge.judge("the first format", &former);
        assert_eq!(judge.tally, Tally { harmless: 1, ..Tally::default() });
        let taken_over = judge.folder.path().join("data");
        assert!(fs::read_to_string(taken_over.join("relance.json")).unwrap().contains(&says(FORMAT)));
        wait_until_closed(&taken_over);
        let emptied = Image::of(&taken_over).without(Path::new("head"));
        judge.judge("and from then on its witness must be there", &emptied);
        assert_eq!(judge.tally, Tally { harmless: 1, refused: 2, ..Tally::default() });
    });
}
