//! The log and its audit trail as text, one JSON object per line, out of any store and into any: a first line that says what it is, a last one
//! that says that nothing is missing.

use std::io::{BufRead, Read, Write};
use std::net::IpAddr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::account::Account;
use crate::domain::audit::Audit;
use crate::domain::catalogue::Catalogue;
use crate::domain::channels::Channels;
use crate::domain::entity::{Entity, Stamp};
use crate::domain::import::Import;
use crate::domain::message_template::MessageTemplate;
use crate::domain::organisation::Organisation;
use crate::domain::record::Record;
use crate::domain::sequence::Sequence;
use crate::domain::suppression::Suppression;
use crate::domain::webhook::Webhook;
use crate::id::{EntityId, EntityKind, UserId};
use crate::limits;
use crate::store::backup::hex;
use crate::store::codec::{self, Entry};
use crate::store::key;
use crate::store::rows::{Batch, Keyspace, RowStore};
use crate::store::trail::{self, Link};
use crate::store::{Result, Store, StoreError, Version, maintenance};
use crate::time::Timestamp;

/// The first line of an export begins so, whatever its format.
pub const BEGINNING: &str = "{\"relance\":\"export\"";
/// Raised when lines change their meaning.
const FORMAT: u32 = 2;
/// It says nothing of the audit trail.
const FORMAT_BEFORE: u32 = 1;
/// Bytes of one line; a commit of an entity is far smaller.
const LINE_MAX: u64 = 64 << 20;

fn failed(why: impl std::fmt::Display) -> StoreError {
    StoreError::File { what: "export", why: why.to_string() }
}

#[derive(Serialize, Deserialize)]
struct First {
    relance: String,
    format: u32,
}

/// One commit of one entity.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<E> {
    entity: EntityKind,
    id: Uuid,
    version: Version,
    at: String,
    by: String,
    events: Vec<E>,
}

/// One link of the audit trail; all of them stand behind the commits.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkLine {
    link: u64,
    entity: EntityKind,
    id: Uuid,
    version: Version,
    from: Option<IpAddr>,
    hash: String,
}

#[derive(Serialize, Deserialize)]
struct Last {
    lines: u64,
    sha256: String,
}

/// Enough of a line to know what it is.
#[derive(Deserialize)]
struct Peek {
    entity: Option<EntityKind>,
    link: Option<u64>,
}

/// Writes the log, entity by entity, and the audit trail. Returns how many commits.
pub fn export(store: &dyn Store, out: &mut dyn Write) -> Result<u64> {
    let (mut commits, mut hash) = (0, Sha256::new());
    let mut write = |text: String| {
        hash.update(&text);
        out.write_all(text.as_bytes()).map_err(failed)
    };
    write(to_line(&First { relance: "export".into(), format: FORMAT })?)?;
    store.log(&mut |entity, version, bytes| {
        commits += 1;
        write(match entity.kind {
            EntityKind::Record => line::<Record>(entity, version, bytes)?,
            EntityKind::Sequence => line::<Sequence>(entity, version, bytes)?,
            EntityKind::Import => line::<Import>(entity, version, bytes)?,
            EntityKind::Organisation => line::<Organisation>(entity, version, bytes)?,
            EntityKind::Account => line::<Account>(entity, version, bytes)?,
            EntityKind::Audit => line::<Audit>(entity, version, bytes)?,
            EntityKind::Catalogue => line::<Catalogue>(entity, version, bytes)?,
            EntityKind::Channels => line::<Channels>(entity, version, bytes)?,
            EntityKind::MessageTemplate => line::<MessageTemplate>(entity, version, bytes)?,
            EntityKind::Webhook => line::<Webhook>(entity, version, bytes)?,
            EntityKind::Suppression => line::<Suppression>(entity, version, bytes)?,
        })
    })?;
    let links = export_links(store, &mut write)?;
    let last = to_line(&Last { lines: commits + links, sha256: hex(&hash.finalize()) })?;
    out.write_all(last.as_bytes()).and_then(|()| out.flush()).map_err(failed)?;
    Ok(commits)
}

/// From the first link on, although a store lists the newest first. Returns how many.
fn export_links(store: &dyn Store, write: &mut dyn FnMut(String) -> Result<()>) -> Result<u64> {
    let length = store.head().trail.length;
    let mut links = 0;
    for before in (0..length).step_by(limits::PAGE_MAX) {
        let mut page = Vec::new();
        store.trail(Some(before + limits::PAGE_MAX as u64 + 1), &mut |number, link| {
            page.extend((number > before).then_some((number, link)));
            number > before
        })?;
        if page.is_empty() {
            // So many are missing that no import can take the rest for a trail.
            break;
        }
        for (link, Link { entity, version, from, hash }) in page.into_iter().rev() {
            let (id, hash) = (Uuid::from_u128(entity.id), hex(&hash));
            write(to_line(&LinkLine { link, entity: entity.kind, id, version, from, hash })?)?;
            links += 1;
        }
    }
    Ok(links)
}

fn to_line(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map(|text| text + "\n").map_err(failed)
}

fn line<E: Entity>(entity: EntityId, version: Version, bytes: &[u8]) -> Result<String> {
    let Entry::<E::Event> { stamp, events } = codec::decode(bytes)?;
    let (at, by) = (stamp.at.to_string(), stamp.by.to_string());
    to_line(&Line { entity: entity.kind, id: Uuid::from_u128(entity.id), version, at, by, events })
}

/// What a line of an export tells.
pub enum Told {
    /// A commit.
    Commit {
        /// Whose it is.
        entity: EntityId,
        /// The version it led to.
        version: Version,
        /// When.
        at: Timestamp,
        /// The event row.
        bytes: Vec<u8>,
    },
    /// A link of the audit trail, with its number.
    Link(u64, Link),
}

/// What an export has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Commits in it.
    pub commits: u64,
    /// Whether an earlier release made it, without the audit trail.
    pub is_former: bool,
}

/// Reads an export from end to end and calls `visit` for each commit and link. What was visited is worth nothing where this
/// fails. Memory stays bounded by one line, whatever the bytes are.
pub fn read(mut input: impl BufRead, visit: &mut dyn FnMut(Told) -> Result<()>) -> Result<Exported> {
    let (mut hash, mut text, mut lines, mut links) = (Sha256::new(), Vec::new(), 0_u64, 0_u64);
    let mut before: Option<(EntityId, Version)> = None;
    next_line(&mut input, &mut text)?;
    let first: First = serde_json::from_slice(&text).map_err(|_| failed("it does not begin as an export does"))?;
    if first.relance != "export" || !matches!(first.format, FORMAT_BEFORE | FORMAT) {
        return Err(failed(format!("it has format {}, this release knows {FORMAT}", first.format)));
    }
    loop {
        hash.update(&text);
        next_line(&mut input, &mut text)?;
        let number = lines + 2;
        let unreadable = |error: serde_json::Error| failed(format!("line {number} does not read: {error}"));
        let Peek { entity, link } = serde_json::from_slice(&text).map_err(unreadable)?;
        let Some(kind) = entity else {
            let last: Last = serde_json::from_slice(&text).map_err(unreadable)?;
            if last.lines != lines || last.sha256 != hex(&hash.finalize()) {
                return Err(failed("it is damaged: the last line does not fit the lines before it"));
            }
            return match input.fill_buf() {
                Ok([]) => Ok(Exported { commits: lines - links, is_former: first.format == FORMAT_BEFORE }),
                Ok(_) => Err(failed("something follows its end")),
                Err(error) => Err(failed(error)),
            };
        };
        lines += 1;
        if link.is_some() {
            links += 1;
            visit(told_link(&text, links).map_err(|why| failed(format!("line {number} does not read: {why}")))?)?;
            continue;
        }
        let last = before.map_or(0, |(_, version)| version);
        let follows = |entity: EntityId| before.filter(|(known, _)| *known == entity).map_or(0, |_| last);
        let read = match kind {
            EntityKind::Record => told::<Record>(&text, follows),
            EntityKind::Sequence => told::<Sequence>(&text, follows),
            EntityKind::Import => told::<Import>(&text, follows),
            EntityKind::Organisation => told::<Organisation>(&text, follows),
            EntityKind::Account => told::<Account>(&text, follows),
            EntityKind::Audit => told::<Audit>(&text, follows),
            EntityKind::Catalogue => told::<Catalogue>(&text, follows),
            EntityKind::Channels => told::<Channels>(&text, follows),
            EntityKind::MessageTemplate => told::<MessageTemplate>(&text, follows),
            EntityKind::Webhook => told::<Webhook>(&text, follows),
            EntityKind::Suppression => told::<Suppression>(&text, follows),
        };
        let (place, at, bytes) = read.map_err(|why| failed(format!("line {number} does not read: {why}")))?;
        if links > 0
            || before.is_some_and(|(entity, version)| key::event(entity, version) >= key::event(place.0, place.1))
        {
            return Err(failed(format!("line {number} is out of order")));
        }
        before = Some(place);
        visit(Told::Commit { entity: place.0, version: place.1, at, bytes })?;
    }
}

fn next_line(input: &mut impl BufRead, text: &mut Vec<u8>) -> Result<()> {
    text.clear();
    input.by_ref().take(LINE_MAX).read_until(b'\n', text).map_err(failed)?;
    if text.last() == Some(&b'\n') { Ok(()) } else { Err(failed("it is cut short")) }
}

/// Place, time and event row of a commit.
type Commit = ((EntityId, Version), Timestamp, Vec<u8>);

/// One line; `follows` tells the version that the entity has before it.
fn told<E: Entity>(text: &[u8], follows: impl Fn(EntityId) -> Version) -> std::result::Result<Commit, String>
where
    E::Event: DeserializeOwned,
{
    let line: Line<E::Event> = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let entity = EntityId { kind: line.entity, id: line.id.as_u128() };
    let has_ordinal = E::KIND == EntityKind::Record && entity.id & u128::from(limits::RECORD_ORDINAL_MAX) != 0;
    if E::Id::from(entity).into() != entity || has_ordinal {
        return Err("the id is not one of an entity".into());
    }
    let at = Timestamp::parse(&line.at).ok_or("`at` is no instant")?;
    let by = UserId::parse(&line.by).ok_or("`by` is no id")?;
    let entry = Entry { stamp: Stamp { at, by }, events: line.events };
    if line.version == 0 || entry.events.is_empty() || !codec::follows::<E>(&entry, line.version, follows(entity)) {
        return Err(format!("version {} does not follow version {}", line.version, follows(entity)));
    }
    Ok(((entity, line.version), at, codec::encode(&entry)))
}

fn told_link(text: &[u8], number: u64) -> std::result::Result<Told, String> {
    let LinkLine { link, entity, id, version, from, hash } =
        serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let hash = trail::hash_of(&hash).ok_or("`hash` is none")?;
    if link != number {
        return Err(format!("link {link} is not link {number}"));
    }
    Ok(Told::Link(number, Link { entity: EntityId { kind: entity, id: id.as_u128() }, version, from, hash }))
}

/// Brings an export into an empty store: the same log and audit trail, which is proven, and everything computed from the
/// log anew. Returns how many commits.
pub fn import<K: Keyspace>(store: &RowStore<K>, input: impl BufRead) -> Result<u64> {
    let mut batch = Batch::default();
    let mut latest = Timestamp::default();
    let Exported { commits, is_former } = read(input, &mut |told| {
        match told {
            Told::Commit { entity, version, at, bytes } => {
                latest = latest.max(at);
                batch.put(key::event(entity, version), bytes);
            }
            Told::Link(number, link) => batch.put(key::link(number), codec::encode(&link)),
        }
        if batch.0.len() >= limits::GROUP_COMMITS_MAX {
            store.write(&mut store.held(), std::mem::take(&mut batch), latest)?;
        }
        Ok(())
    })?;
    store.write(&mut store.held(), batch, latest)?;
    match is_former {
        true => maintenance::take_over(store)?,
        false => {
            maintenance::rebuild(store)?;
            prove_trail(store)?;
        }
    }
    Ok(commits)
}

fn prove_trail(store: &dyn Store) -> Result<()> {
    let audited = maintenance::audited(store)?.into_iter().map(|(_, entity, version)| (entity, version));
    let mut found = None;
    trail::prove(store, audited, &mut |fault| {
        found.get_or_insert(fault);
    })?;
    found.map_or(Ok(()), |fault| Err(failed(fault)))
}
