//! The audit trail: every event that its entity calls audited is a link of one hash chain, so that none is altered, moved or
//! removed unnoticed, and nothing behind a link that somebody has noted elsewhere.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::ops::Bound;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::EntityId;
use crate::limits;
use crate::store::backup::hex;
use crate::store::key;
use crate::store::rows::{Batch, Keyspace, RowStore, unreadable};
use crate::store::{Result, Store, Version, codec, maintenance};
use crate::time::Timestamp;

/// SHA-256 over an event row and everything before it in the chain.
pub type Hash = [u8; 32];

/// Called for each link with its number; says whether to go on.
pub type VisitLink<'a> = &'a mut dyn FnMut(u64, Link) -> bool;

/// One audited event row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Whose event it is.
    pub entity: EntityId,
    /// The version that the row led to.
    pub version: Version,
    /// The address that it was asked from; none where the server itself did it.
    pub from: Option<IpAddr>,
    /// Over the link before, this one, and the row.
    pub hash: Hash,
}

/// How many links there are, and the hash of the last. Written `NUMBER:HASH`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// Links are numbered from 1 to this.
    pub length: u64,
    /// All zero before the first.
    pub hash: Hash,
}

impl Trail {
    /// The link that an event row makes behind these.
    pub(super) fn link(self, entity: EntityId, version: Version, from: Option<IpAddr>, row: &[u8]) -> Link {
        let from_text = from.map(|from| from.to_string()).unwrap_or_default();
        let (number, kind, id) = (self.length.saturating_add(1), [entity.kind as u8], entity.id.to_be_bytes());
        let (number, version_bytes, row) = (number.to_be_bytes(), version.to_be_bytes(), Sha256::digest(row));
        let mut hash = Sha256::new();
        for part in [&self.hash[..], &number, &kind, &id, &version_bytes, from_text.as_bytes(), &row] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Link { entity, version, from, hash: hash.finalize().into() }
    }

    /// The chain with one link more.
    pub(super) fn with(self, link: &Link) -> Trail {
        Trail { length: self.length.saturating_add(1), hash: link.hash }
    }
}

impl fmt::Display for Trail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.length, hex(&self.hash))
    }
}

/// A text that names no link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a link is written as its number, a colon, and 64 hexadecimal digits")]
pub struct NoLink;

impl FromStr for Trail {
    type Err = NoLink;

    fn from_str(text: &str) -> std::result::Result<Trail, NoLink> {
        let (length, hash) = text.split_once(':').ok_or(NoLink)?;
        Ok(Trail { length: length.parse().map_err(|_| NoLink)?, hash: hash_of(hash).ok_or(NoLink)? })
    }
}

/// Reads a hash in hexadecimal.
pub(super) fn hash_of(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    if text.len() != 2 * hash.len() || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (place, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(hash)
}

impl<K: Keyspace> RowStore<K> {
    /// See [`Store::trail`].
    pub(super) fn list_links(&self, before: Option<u64>, visit: VisitLink) -> Result<()> {
        let (from, end) = (key::all(key::GLOBAL, b'A'), key::link(before.unwrap_or(u64::MAX)));
        self.rows.scan(Bound::Included(&from), Bound::Excluded(&end), true, &mut |found, value| {
            let number = key::read::link(found).ok_or_else(|| unreadable(found))?;
            Ok(visit(number, codec::decode(value)?))
        })
    }
}

/// Links the audited events that no link names yet, in the order of time: those of before there was a chain.
pub(super) fn link_missing<K: Keyspace>(store: &RowStore<K>) -> Result<()> {
    let mut linked = BTreeSet::new();
    store.trail(None, &mut |_, link| {
        linked.insert((link.entity, link.version));
        true
    })?;
    let mut missing: Vec<(Timestamp, EntityId, Version)> = maintenance::audited(store)?;
    missing.retain(|(_, entity, version)| !linked.contains(&(*entity, *version)));
    missing.sort_unstable();
    for some in missing.chunks(limits::GROUP_COMMITS_MAX) {
        let mut held = store.held();
        let (mut trail, mut batch) = (held.head.trail, Batch::default());
        for (_, entity, version) in some {
            let Some(row) = row(store, *entity, *version)? else { continue };
            let link = trail.link(*entity, *version, None, &row);
            trail = trail.with(&link);
            batch.put(key::link(trail.length), codec::encode(&link));
        }
        store.write(&mut held, batch, Timestamp::default())?;
    }
    Ok(())
}

/// One event row.
fn row(store: &dyn Store, entity: EntityId, version: Version) -> Result<Option<Vec<u8>>> {
    let found = store.history(entity, version.saturating_add(1), 1)?.pop();
    Ok(found.filter(|(found, _)| *found == version).map(|(_, row)| row))
}

/// Whether a link that was noted earlier is still in the chain, and the same.
pub fn holds(store: &dyn Store, noted: Trail) -> Result<bool> {
    let mut found = Trail::default();
    if noted.length > 0 {
        store.trail(noted.length.checked_add(1), &mut |number, link| {
            found = Trail { length: number, hash: link.hash };
            false
        })?;
    }
    Ok(found == noted)
}

/// Calls `fault` for everything in which the chain is not one: numbers without a gap up to the head, each hash following
/// from the one before and from an event row that is there, and each of the `audited` events linked once.
pub(super) fn prove(
    store: &dyn Store,
    audited: impl IntoIterator<Item = (EntityId, Version)>,
    fault: &mut dyn FnMut(String),
) -> Result<()> {
    let head = store.head().trail;
    let mut unlinked: BTreeSet<_> = audited.into_iter().collect();
    let (mut last, mut next) = (Trail::default(), None);
    let mut seen = |before: Trail, behind: Option<(u64, Link)>| {
        let Some((number, Link { entity, version, from, hash })) = behind else {
            last = before;
            return;
        };
        let is_audited = unlinked.remove(&(entity, version));
        let follows = before.length.saturating_add(1);
        if number != follows {
            return fault(format!("links {follows} to {} of the audit trail are missing", number.saturating_sub(1)));
        }
        let what = match row(store, entity, version) {
            Err(error) => error.to_string(),
            Ok(None) => "that is missing".into(),
            Ok(Some(row)) if before.link(entity, version, from, &row).hash != hash => {
                "it does not follow from that and the link before".into()
            }
            Ok(Some(_)) if !is_audited => "that is not audited, or in the trail twice".into(),
            Ok(Some(_)) => return,
        };
        fault(format!("link {number} of the audit trail names {entity} version {version}: {what}"));
    };
    store.trail(None, &mut |number, link| {
        seen(Trail { length: number, hash: link.hash }, next.replace((number, link)));
        true
    })?;
    seen(Trail::default(), next);
    if last != head {
        fault(format!("the audit trail ends with link {}, and was written up to {}", last.length, head.length));
    }
    for (entity, version) in unlinked {
        fault(format!("{entity} version {version} is audited and not in the audit trail"));
    }
    Ok(())
}
