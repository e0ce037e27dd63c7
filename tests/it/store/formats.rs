//! Data directories of the format before: what was computed from events is computed anew once, and a stop at any moment of
//! that does no harm.

use std::fs;
use std::path::Path;

use relance::store::backup::read;
use relance::store::rows::{Batch, Keyspace, RowStore};
use relance::store::sled::FORMAT;
use relance::store::{Store, key, maintenance};

use super::copies::{Remembered, Remembering};
use super::fixture::*;
use super::golden::{BACKUP_V1, assert_is_v1};

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// The rows of a store of format 2, its head among them as it was written then.
fn former_rows() -> Rows {
    let mut rows = vec![];
    let visit = &mut |key, value: Option<Vec<u8>>| {
        rows.push((key, value.expect("nobody wrote meanwhile")));
        Ok(())
    };
    assert!(read(BACKUP_V1, visit).unwrap().is_former);
    let (stream, _digest) = BACKUP_V1.split_at(BACKUP_V1.len() - 32);
    let begins = |length: usize| stream[..stream.len() - length].ends_with(&[3, 0, length as u8]);
    let length = (1..200).find(|length| begins(*length)).expect("a head stands at the end");
    rows.push((key::head(), stream[stream.len() - length..].to_vec()));
    rows
}

fn manifest(directory: &Path) -> String {
    fs::read_to_string(directory.join("relance.json")).unwrap()
}

pub fn says(format: u32) -> String {
    format!("\"format\": {format}")
}

/// A data directory of format 2 with these rows.
fn lay_out(directory: &Path, rows: &Rows) {
    drop(sled(directory));
    wait_until_closed(directory);
    let tree = ::sled::open(directory.join("store")).unwrap();
    for found in tree.iter().keys().map(Result::unwrap).filter(|found| *found != key::identity()) {
        tree.remove(found).unwrap();
    }
    for (key, value) in rows {
        tree.insert(key, [&[0], value.as_slice()].concat()).unwrap();
    }
    drop(tree);
    wait_until_closed(directory);
    let former = manifest(directory).replace(&says(FORMAT), &says(2));
    fs::write(directory.join("relance.json"), former).unwrap();
}

#[test]
fn p16_a_directory_of_the_format_before_is_taken_over_once() {
    let directory = directory();
    lay_out(directory.path(), &former_rows());
    let (number, rows) = {
        let store = sled(directory.path());
        assert_is_v1(&store);
        (store.head().number, derived(&store))
    };
    assert!(manifest(directory.path()).contains(&says(FORMAT)));
    let store = sled(directory.path());
    assert_is_v1(&store);
    assert!(store.head().number == number && derived(&store) == rows, "nothing is left to be written");
}

#[test]
fn p16_a_stop_while_a_directory_is_taken_over_does_no_harm() {
    let former = Batch(former_rows().into_iter().map(|(key, value)| (key, Some(value))).collect());
    let rows = Remembering::default();
    rows.apply(former, &Default::default()).unwrap();
    let store = RowStore::open(rows).unwrap();
    maintenance::take_over(&store).unwrap();
    let batches: Vec<Batch> = store.remembered().into_iter().map(|(_, batch)| batch).collect();
    assert!(batches.len() > 10, "several writes: {}", batches.len());
    for done in 1..=batches.len() {
        let stopped = relance::store::memory::Memory::default();
        for batch in &batches[..done] {
            stopped.apply(batch.clone(), &Default::default()).unwrap();
        }
        let mut rows = Rows::new();
        let from = std::ops::Bound::Unbounded;
        let all = &mut |key: &[u8], value: &[u8]| {
            rows.push((key.to_vec(), value.to_vec()));
            Ok(true)
        };
        stopped.scan(from, from, false, all).unwrap();
        let directory = directory();
        lay_out(directory.path(), &rows);
        assert_is_v1(&sled(directory.path()));
    }
}
