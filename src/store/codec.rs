//! Bytes of stored values: a format byte, then bincode. The only module that knows either.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use bincode::Options;

use crate::domain::entity::{Entity, Stamp};
use crate::id::EntityId;
use crate::store::{Result, Store, StoreError, Stored, Version};
use crate::time::Timestamp;

/// Written in front of every value; a reader accepts what it knows.
const FORMAT: u8 = 1;
/// A value that claims to be longer is damaged.
const BYTES_MAX: u64 = 64 << 20;

/// One commit's events as they are stored.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry<E> {
    /// When, and by whom.
    pub stamp: Stamp,
    /// What happened, in order.
    pub events: Vec<E>,
}

fn options() -> impl Options {
    bincode::DefaultOptions::new().with_limit(BYTES_MAX).with_varint_encoding().reject_trailing_bytes()
}

/// The stored form of `value`.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    bytes.push(FORMAT);
    // Writing into memory fails only past the size limit, which the limits of the domain keep far away.
    if let Err(error) = options().serialize_into(&mut bytes, value) {
        tracing::error!(%error, "a value does not encode");
    }
    bytes
}

/// The value that `bytes` begin with.
fn decode_front<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let rest = bytes.strip_prefix(&[FORMAT]).ok_or_else(|| StoreError::Row("an unknown format".into()))?;
    let options = options().allow_trailing_bytes();
    options.deserialize(rest).map_err(|error| StoreError::Row(error.to_string()))
}

/// The value in `bytes`; what does not decode is an error, never a guess.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => options().deserialize(rest).map_err(|error| StoreError::Row(error.to_string())),
        Some((other, _)) => Err(StoreError::Row(format!("format {other} is not known"))),
        None => Err(StoreError::Row("it is empty".into())),
    }
}

/// The stored form of a snapshot.
pub fn snapshot<E: Entity>(state: &E) -> Vec<u8> {
    encode(&(E::LAYOUT, state))
}

/// An entity as its rows say it, with its version; with `until`, as it was at that version. A snapshot of another layout is
/// a cache that missed: the log says the same.
pub fn load<E: Entity>(store: &dyn Store, entity: EntityId, until: Option<Version>) -> Result<(E, Version)> {
    let mut stored = store.load(entity, until)?;
    let layout = |bytes: &[u8]| decode_front::<u16>(bytes).is_ok_and(|layout| layout == E::LAYOUT);
    if stored.snapshot.as_ref().is_some_and(|(_, bytes)| !layout(bytes)) {
        let before = until.map_or(Version::MAX, |until| until.saturating_add(1));
        let mut entries = store.history(entity, before, usize::MAX)?;
        entries.reverse();
        stored = Stored { snapshot: None, entries };
    }
    replay(&stored)
}

/// The entity that `stored` describes, and its version; version 0 if there is nothing.
pub fn replay<E: Entity>(stored: &Stored) -> Result<(E, Version)> {
    let (mut state, mut version) = match &stored.snapshot {
        Some((version, bytes)) => (decode::<(u16, E)>(bytes)?.1, *version),
        None => (E::default(), 0),
    };
    for (next, bytes) in &stored.entries {
        let entry: Entry<E::Event> = decode(bytes)?;
        if !follows::<E>(&entry, *next, version) {
            return Err(StoreError::Row(format!("version {next} follows version {version}")));
        }
        entry.events.iter().for_each(|event| state.apply(event, entry.stamp));
        version = *next;
    }
    Ok((state, version))
}

/// Every row of an entity's log, the oldest first. Costs what that one log has.
pub fn log<E: Entity>(store: &dyn Store, entity: EntityId) -> Result<Vec<(Version, Entry<E::Event>)>> {
    let rows = store.history(entity, Version::MAX, usize::MAX)?;
    rows.iter().rev().map(|(version, bytes)| Ok((*version, decode(bytes)?))).collect()
}

/// An entity as it was once, and as it is now.
#[derive(Debug)]
pub struct Past<E> {
    /// As it was: the default, where nothing had happened yet.
    pub then: E,
    /// Its version at that time.
    pub version: Version,
    /// As it is.
    pub now: E,
}

/// An entity as it was when everything up to and at `at` had happened. Rows are in the order in which they were committed:
/// the first that is later than `at` had not happened yet, nor had any behind it, also where the clock was put back since.
pub fn replay_at<E: Entity>(log: &[(Version, Entry<E::Event>)], at: Timestamp) -> Result<Past<E>> {
    let (mut now, mut version) = (E::default(), 0);
    let mut past = None;
    for (next, entry) in log {
        if !follows::<E>(entry, *next, version) {
            return Err(StoreError::Row(format!("version {next} follows version {version}")));
        }
        if entry.stamp.at > at && past.is_none() {
            past = Some((now.clone(), version));
        }
        entry.events.iter().for_each(|event| now.apply(event, entry.stamp));
        version = *next;
    }
    let (then, version) = past.unwrap_or_else(|| (now.clone(), version));
    Ok(Past { then, version, now })
}

/// Whether a row may stand behind version `before`: it is the next one, or a log begins with it because it has erased
/// what was before.
pub(super) fn follows<E: Entity>(entry: &Entry<E::Event>, version: Version, before: Version) -> bool {
    before.checked_add(1) == Some(version) || (before == 0 && entry.events.first().is_some_and(E::erases))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else_is() {
        let bytes = encode(&("text".to_owned(), 7_u32));
        assert_eq!(decode::<(String, u32)>(&bytes).unwrap(), ("text".to_owned(), 7));
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(decode::<(String, u32)>(&longer).is_err(), "trailing bytes");
        assert!(decode::<(String, u32)>(&bytes[..bytes.len() - 1]).is_err(), "cut short");
        assert!(decode::<(String, u32)>(&[9, 1, 2]).is_err(), "a format that is not known");
        assert!(decode::<(String, u32)>(&[]).is_err(), "nothing at all");
    }
}
