//! The audit trail: nothing can be taken from it, put into it or altered in it unnoticed,
//! not by somebody either who makes the store's own sums fit again.

use std::collections::BTreeMap;
use std::ops::Bound;

use relance::domain::record::command::RecordCommand;
use relance::domain::sequence::{SequenceCommand, SequenceEvent};
use relance::store::codec::{self, Entry};
use relance::store::head::Head;
use relance::store::memory::Memory;
use relance::store::rows::{Batch, Keyspace, RowStore};
use relance::store::trail::{Hash, Link, Trail, holds};
use relance::store::{Store, key, maintenance, transfer};
use sha2::{Digest, Sha256};

use super::fixture::*;
use super::maintenance::sound;
use super::population::{Population, lead_graph};

/// As it is written down in `store/trail.rs`, by other means.
pub fn follows(before: Hash, number: u64, link: &Link, row: &[u8]) -> Hash {
    let from = link.from.map(|from| from.to_string()).unwrap_or_default();
    let mut bytes = vec![];
    let parts: [&[u8]; 7] = [
        &before,
        &number.to_be_bytes(),
        &[link.entity.kind as u8],
        &link.entity.id.to_be_bytes(),
        &link.version.to_be_bytes(),
        from.as_bytes(),
        &Sha256::digest(row),
    ];
    for part in parts {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part);
    }
    Sha256::digest(&bytes).into()
}

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Two sequences with six events between them, and an erased record.
fn untouched() -> RowStore<Memory> {
    let store = memory();
    let mut all = Population::new(&store);
    let one = all.sequence(1, &lead_graph());
    let two = all.sequence(2, &lead_graph());
    all.create(record(3, 1), "key", true);
    all.run(record(3, 1), RecordCommand::Erase);
    all.run(two, SequenceCommand::Deactivate { force: false });
    all.run(one, SequenceCommand::Deactivate { force: false });
    drop(all);
    assert_eq!(sound(&store).trail.length, 7);
    store
}

fn rows(store: &RowStore<Memory>) -> Rows {
    let mut rows = Rows::new();
    let all = &mut |key: &[u8], value: &[u8]| {
        rows.insert(key.to_vec(), value.to_vec());
        Ok(true)
    };
    store.keyspace().scan(Bound::Unbounded, Bound::Unbounded, false, all).unwrap();
    rows
}

/// A store of these rows whose sums fit them, and whose trail ends there.
fn refitted(mut rows: Rows, trail: Trail) -> RowStore<Memory> {
    rows.remove(&key::head());
    let memory = Memory::default();
    let batch = rows.into_iter().map(|(key, value)| (key, Some(value))).collect();
    memory.apply(Batch(batch), &Head::default()).unwrap();
    let store = RowStore::open(memory).unwrap();
    store.verify(true).unwrap();
    let head =
        Head { trail, number: 1_000, ..codec::decode(&store.keyspace().get(&key::head()).unwrap().unwrap()).unwrap() };
    store.keyspace().apply(Batch(vec![(key::head(), Some(codec::encode(&head)))]), &head).unwrap();
    let memory = Memory::default();
    let batch = self::rows(&store).into_iter().map(|(key, value)| (key, Some(value))).collect();
    memory.apply(Batch(batch), &head).unwrap();
    let store = RowStore::open(memory).unwrap();
    store.verify(true).unwrap();
    store
}

fn link_in(rows: &Rows, number: u64) -> Link {
    codec::decode(&rows[&key::link(number)]).unwrap()
}

fn put(rows: &mut Rows, number: u64, link: &Link) {
    rows.insert(key::link(number), codec::encode(link));
}

/// The row of an event of a sequence, with a change made to it.
fn with(row: &[u8], change: impl FnOnce(&mut Entry<SequenceEvent>)) -> Vec<u8> {
    let mut entry = codec::decode(row).unwrap();
    change(&mut entry);
    codec::encode(&entry)
}

fn exchange(rows: &mut Rows, one: &[u8], two: &[u8]) {
    let (first, second) = (rows[one].clone(), rows[two].clone());
    assert_ne!(first, second);
    rows.extend([(one.to_vec(), second), (two.to_vec(), first)]);
}

fn event_of(link: &Link) -> Vec<u8> {
    key::event(link.entity, link.version)
}

/// Makes the chain anew over the rows as they are now.
fn made_anew(rows: &mut Rows) -> Trail {
    let mut trail = Trail::default();
    for number in (1..).take_while(|number| rows.contains_key(&key::link(*number))).collect::<Vec<_>>() {
        let mut link = link_in(rows, number);
        link.hash = follows(trail.hash, number, &link, &rows[&event_of(&link)]);
        put(rows, number, &link);
        trail = Trail { length: number, hash: link.hash };
    }
    trail
}

#[test]
fn whatever_is_altered_taken_or_exchanged_in_the_trail_is_named() {
    let store = untouched();
    let (good, end) = (rows(&store), store.head().trail);
    assert_eq!(maintenance::check(&refitted(good.clone(), end)).unwrap().faults, Vec::<String>::new());
    let until = |number: u64| Trail { length: number, hash: link_in(&good, number).hash };
    let event = |number: u64| event_of(&link_in(&good, number));
    let names = |number: u64| {
        let Link { entity, version, .. } = link_in(&good, number);
        format!("{entity} version {version}")
    };
    let broken_as = |number: u64, of: u64| {
        let what = format!("link {number} of the audit trail names {}", names(of));
        format!("{what}: it does not follow from that and the link before")
    };
    let broken = |number| broken_as(number, number);
    let unlinked = |number: u64| format!("{} is audited and not in the audit trail", names(number));
    let ends = |at: u64| format!("the audit trail ends with link {at}, and was written up to 7");
    type Change<'a> = Box<dyn Fn(&mut Rows) -> Trail + 'a>;
    let cases: Vec<(&str, Change, Vec<String>)> = vec![
        (
            "an event says something else",
            Box::new(|rows| {
                let named = |entry: &mut Entry<SequenceEvent>| match &mut entry.events[0] {
                    SequenceEvent::Created { name, .. } => *name = "another".into(),
                    other => panic!("{other:?}"),
                };
                rows.insert(event(3), with(&good[&event(3)], named));
                end
            }),
            vec![broken(3)],
        ),
        (
            "an event is somebody else's",
            Box::new(|rows| {
                rows.insert(event(7), with(&good[&event(7)], |entry| entry.stamp.by.0 += 1));
                end
            }),
            vec![broken(7)],
        ),
        (
            "two events are exchanged",
            Box::new(|rows| {
                exchange(rows, &event(1), &event(3));
                end
            }),
            vec![broken(1), broken(3)],
        ),
        (
            "a link comes from elsewhere",
            Box::new(|rows| {
                put(rows, 2, &Link { from: None, ..link_in(&good, 2) });
                end
            }),
            vec![broken(2)],
        ),
        (
            "a link has another hash",
            Box::new(|rows| {
                put(rows, 2, &Link { hash: [7; 32], ..link_in(&good, 2) });
                end
            }),
            vec![broken(3), broken(2)],
        ),
        (
            "the first link is gone",
            Box::new(|rows| {
                rows.remove(&key::link(1));
                end
            }),
            vec!["links 1 to 1 of the audit trail are missing".into(), unlinked(1)],
        ),
        (
            "links in the middle are gone",
            Box::new(|rows| {
                [3, 4].iter().for_each(|number| drop(rows.remove(&key::link(*number))));
                end
            }),
            vec!["links 3 to 4 of the audit trail are missing".into(), unlinked(3), unlinked(4)],
        ),
        (
            "the last link is gone",
            Box::new(|rows| {
                rows.remove(&key::link(7));
                end
            }),
            vec![ends(6), unlinked(7)],
        ),
        (
            "the last link is gone, and the head knows nothing of it",
            Box::new(|rows| {
                rows.remove(&key::link(7));
                until(6)
            }),
            vec![unlinked(7)],
        ),
        (
            "all links are gone, but the head knows of them",
            Box::new(|rows| {
                (1..=7).for_each(|number| drop(rows.remove(&key::link(number))));
                end
            }),
            [ends(0)].into_iter().chain((1..=7).map(unlinked)).collect(),
        ),
        (
            "an event is gone",
            Box::new(|rows| {
                rows.remove(&event(7));
                end
            }),
            vec![format!("link 7 of the audit trail names {}: that is missing", names(7))],
        ),
        (
            "two links are exchanged",
            Box::new(|rows| {
                exchange(rows, &key::link(3), &key::link(4));
                end
            }),
            vec![broken_as(3, 4), broken_as(4, 3), broken(5)],
        ),
        (
            "a link is there twice",
            Box::new(|rows| {
                put(rows, 8, &link_in(&good, 2));
                made_anew(rows)
            }),
            vec![format!("link 2 of the audit trail names {}: that is not audited, or in the trail twice", names(2))],
        ),
    ];
    for (what, change, mut wanted) in cases {
        let mut rows = good.clone();
        let trail = change(&mut rows);
        let mut found = maintenance::check(&refitted(rows, trail)).unwrap().faults;
        // What else a lost event does is not told here.
        found.retain(|fault| fault.contains("audit"));
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{what}");
    }
}

/// Somebody who makes all of it anew, or cuts off its end with the events, leaves a store that fits itself: only a link that
/// was noted elsewhere tells.
#[test]
fn a_link_that_was_noted_elsewhere_tells_of_a_trail_that_was_made_anew() {
    let store = untouched();
    let (good, end) = (rows(&store), store.head().trail);
    let until = |number: u64| Trail { length: number, hash: link_in(&good, number).hash };
    for number in 1..=7 {
        assert!(holds(&store, until(number)).unwrap());
        assert!(!holds(&store, Trail { hash: [7; 32], ..until(number) }).unwrap());
    }
    assert!(holds(&store, Trail::default()).unwrap());
    for length in [0, 8, u64::MAX] {
        assert!(!holds(&store, Trail { length, ..end }).unwrap());
    }

    let mut anew = good.clone();
    let event = event_of(&link_in(&good, 4));
    anew.insert(event.clone(), with(&good[&event], |entry| entry.stamp.by.0 += 1));
    let trail = made_anew(&mut anew);
    let forged = refitted(anew, trail);
    sound(&forged);
    let still = (1..=7).filter(|number| holds(&forged, until(*number)).unwrap()).collect::<Vec<_>>();
    assert_eq!(still, [1, 2, 3]);

    let mut shorter = good.clone();
    shorter.remove(&key::link(7));
    shorter.remove(&event_of(&link_in(&good, 7)));
    let forged = refitted(shorter, until(6));
    maintenance::rebuild(&forged).unwrap();
    sound(&forged);
    assert!(holds(&forged, until(6)).unwrap() && !holds(&forged, end).unwrap());
}

#[test]
fn a_link_is_written_as_its_number_and_its_hash() {
    let end = untouched().head().trail;
    assert_eq!(end.to_string().parse(), Ok(end));
    let zeros = "0".repeat(64);
    assert_eq!(format!("0:{zeros}").parse(), Ok(Trail::default()));
    for text in
        ["", "7", ":", "7:", &format!("-1:{zeros}"), &format!("7:{zeros}0"), &format!("7:+{}", &zeros[1..]), "7:é"]
    {
        assert!(text.parse::<Trail>().is_err(), "{text}");
    }
}

fn export(store: &dyn Store) -> String {
    let mut text = vec![];
    transfer::export(store, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// The same lines with a last one that fits them.
fn resealed(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let body: String = lines[..lines.len() - 1].iter().map(|line| format!("{line}\n")).collect();
    let digest: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{body}{{\"lines\":{},\"sha256\":\"{digest}\"}}\n", lines.len() - 2)
}

#[test]
fn p17_an_export_carries_the_trail_and_an_import_proves_it() {
    let store = untouched();
    let text = export(&store);
    assert_eq!(resealed(&text), text);
    let import = |text: &str| {
        let imported = memory();
        transfer::import(&imported, text.as_bytes()).map(|commits| (commits, imported))
    };
    let (commits, imported) = import(&text).unwrap();
    assert_eq!((commits as usize, imported.head().trail), (log(&store).len(), store.head().trail));
    assert_eq!(links(&imported, None, 99), links(&store, None, 99));
    sound(&imported);
    let last = text.lines().rev().nth(1).unwrap();
    let after_first = text.split_inclusive('\n').position(|line| line.starts_with("{\"link\":1,")).unwrap();
    let mut moved: Vec<_> = text.split_inclusive('\n').collect();
    moved.swap(after_first - 1, after_first);
    let without = |line: &str| text.replace(&format!("{line}\n"), "");
    let cases = [
        ("a link comes from elsewhere", text.replacen("127.0.0.1", "127.0.0.2", 1)),
        ("an event is somebody else's", text.replacen("\"by\":\"0000", "\"by\":\"0001", 1)),
        ("the last link is missing", without(last)),
        (
            "a link in the middle is missing",
            without(text.lines().find(|line| line.starts_with("{\"link\":3,")).unwrap()),
        ),
        ("an event stands behind a link", moved.concat()),
        ("a link is cut", text.replacen("\"link\":7,", "", 1)),
    ];
    for (what, altered) in cases {
        assert_ne!(altered, text, "{what}");
        assert!(import(&resealed(&altered)).is_err(), "{what}");
    }
}

#[test]
fn p16_an_export_of_the_release_before_is_imported_and_what_it_audits_is_linked() {
    let store = untouched();
    let former = export(&store).replacen("\"format\":2", "\"format\":1", 1);
    let unlinked: String =
        former.lines().filter(|line| !line.starts_with("{\"link\"")).map(|line| format!("{line}\n")).collect();
    let imported = memory();
    transfer::import(&imported, resealed(&unlinked).as_bytes()).unwrap();
    assert!(log(&imported) == log(&store));
    let all = links(&imported, None, 99);
    assert_eq!((all.len(), sound(&imported).audited), (7, 7));
    assert!(all.iter().all(|(_, link)| link.from.is_none()), "nobody noted it then");
}
