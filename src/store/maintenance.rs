//! What can be said of a whole store from its log: rebuild what follows from it, check that it does follow.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::domain::account::Account;
use crate::domain::audit::Audit;
use crate::domain::catalogue::Catalogue;
use crate::domain::channels::Channels;
use crate::domain::effect::{Effect, Effects};
use crate::domain::enrolment::StepStatus;
use crate::domain::entity::{Entity, advance};
use crate::domain::import::Import;
use crate::domain::message_template::MessageTemplate;
use crate::domain::organisation::Organisation;
use crate::domain::record::Record;
use crate::domain::sequence::Sequence;
use crate::domain::suppression::Suppression;
use crate::domain::webhook::Webhook;
use crate::id::{EntityId, EntityKind};
use crate::limits;
use crate::store::codec::{self, Entry};
use crate::store::memory::Memory;
use crate::store::rows::{Keyspace, RowStore};
use crate::store::trail::{self, Trail};
use crate::store::{Result, Store, StoreError, Version};
use crate::time::Timestamp;

/// Event rows of one entity.
type Log = Vec<(Version, Vec<u8>)>;

/// Calls `visit` once per entity with all its event rows.
fn entities(store: &dyn Store, mut visit: impl FnMut(EntityId, Log) -> Result<()>) -> Result<()> {
    let mut open: Option<(EntityId, Log)> = None;
    store.log(&mut |entity, version, bytes| {
        match &mut open {
            Some((current, rows)) if *current == entity => rows.push((version, bytes.to_vec())),
            _ => {
                if let Some((done, rows)) = open.replace((entity, vec![(version, bytes.to_vec())])) {
                    visit(done, rows)?;
                }
            }
        }
        Ok(())
    })?;
    open.map_or(Ok(()), |(entity, rows)| visit(entity, rows))
}

/// What follows from an entity's log beside its state.
struct Replayed {
    /// In order.
    effects: Vec<Effect>,
    /// Rows with an audited event.
    audited: Vec<(Timestamp, EntityId, Version)>,
}

/// Replays an entity's log: its state at the end, and what follows.
fn replay<E: Entity>(entity: EntityId, log: &Log) -> Result<(E, Replayed)> {
    let (mut state, mut owed, mut audited) = (E::default(), Effects::default(), Vec::new());
    let mut before = 0;
    for (version, bytes) in log {
        let entry: Entry<E::Event> =
            codec::decode(bytes).map_err(|error| StoreError::Row(format!("{entity} version {version}: {error}")))?;
        if !codec::follows::<E>(&entry, *version, before) {
            return Err(StoreError::Row(format!("{entity} has no version {}", before + 1)));
        }
        before = *version;
        if entry.events.iter().any(E::audited) {
            audited.push((entry.stamp.at, entity, *version));
        }
        advance(&mut state, entity.into(), &entry.events, entry.stamp, &mut owed);
    }
    Ok((state, Replayed { effects: owed.0, audited }))
}

fn follows_from(entity: EntityId, log: &Log) -> Result<Replayed> {
    match entity.kind {
        EntityKind::Record => replay::<Record>(entity, log).map(|found| found.1),
        EntityKind::Sequence => replay::<Sequence>(entity, log).map(|found| found.1),
        EntityKind::Import => replay::<Import>(entity, log).map(|found| found.1),
        EntityKind::Organisation => replay::<Organisation>(entity, log).map(|found| found.1),
        EntityKind::Account => replay::<Account>(entity, log).map(|found| found.1),
        EntityKind::Audit => replay::<Audit>(entity, log).map(|found| found.1),
        EntityKind::Catalogue => replay::<Catalogue>(entity, log).map(|found| found.1),
        EntityKind::Channels => replay::<Channels>(entity, log).map(|found| found.1),
        EntityKind::MessageTemplate => replay::<MessageTemplate>(entity, log).map(|found| found.1),
        EntityKind::Webhook => replay::<Webhook>(entity, log).map(|found| found.1),
        EntityKind::Suppression => replay::<Suppression>(entity, log).map(|found| found.1),
    }
}

/// Every event row that belongs into the audit trail.
pub(super) fn audited(store: &dyn Store) -> Result<Vec<(Timestamp, EntityId, Version)>> {
    let mut all = Vec::new();
    entities(store, |entity, log| {
        all.extend(follows_from(entity, &log)?.audited);
        Ok(())
    })?;
    Ok(all)
}

/// Makes a store of the format before one of this: what is computed is computed anew, and what is audited is linked. Cut
/// short, it can be begun again.
pub fn take_over<K: Keyspace>(store: &RowStore<K>) -> Result<()> {
    rebuild(store)?;
    trail::link_missing(store)
}

/// Computes timers, owed deliveries, lists and counters again from the log, in place of those that are there. Returns
/// how many entities were replayed.
pub fn rebuild(store: &dyn Store) -> Result<u64> {
    // All of it must read before anything is removed.
    entities(store, |entity, log| follows_from(entity, &log).map(|_| ()))?;
    // The log is read beside the writing, so that no more than a few entities are in memory.
    let (found, entity) = std::sync::mpsc::sync_channel(limits::GROUP_COMMITS_MAX);
    let count = std::thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut count = 0;
            let read = entities(store, |entity, log| {
                count += 1;
                // Whoever writes may have failed; then that is the error told.
                let _ = found.send(follows_from(entity, &log).map(|replayed| (entity, replayed.effects)));
                Ok(())
            });
            if let Err(error) = read {
                let _ = found.send(Err(error));
            }
            count
        });
        let written = store.replace_derived(&mut std::iter::from_fn(|| entity.recv().ok()));
        drop(entity);
        let count: u64 = reading.join().unwrap_or_default();
        written.map(|()| count)
    })?;
    Ok(count)
}

/// What a check found.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Entities replayed.
    pub entities: u64,
    /// Events replayed.
    pub commits: u64,
    /// Computed rows compared.
    pub rows: u64,
    /// Events that the audit trail must hold.
    pub audited: u64,
    /// Where the audit trail ends.
    pub trail: Trail,
    /// What is wrong, in sentences; empty when all is well.
    pub faults: Vec<String>,
}

impl Findings {
    fn fault(&mut self, text: String) {
        // A damaged store may have millions; the first hundred tell enough.
        if self.faults.len() < 100 {
            self.faults.push(text);
        }
    }
}

/// Verifies every invariant of a store: each log replays without a gap, each snapshot is what its log says, each
/// computed row follows from the log and none is missing (P2), and every live enrolment waits on a stored timer, stands
/// before a seller, or has an error that a person sees (P4). The audit trail is one chain of all audited events.
pub fn check(store: &dyn Store) -> Result<Findings> {
    let mut findings = Findings::default();
    let model = RowStore::open(Memory::default())?;
    let (mut all, mut audited) = (Vec::new(), Vec::new());
    entities(store, |entity, log| {
        findings.entities += 1;
        findings.commits += log.len() as u64;
        match check_entity(store, entity, &log, &mut findings) {
            Ok(replayed) => {
                audited.extend(replayed.audited.iter().map(|(_, entity, version)| (*entity, *version)));
                all.push((entity, replayed.effects));
            }
            Err(error) => findings.fault(error.to_string()),
        }
        Ok(())
    })?;
    (findings.audited, findings.trail) = (audited.len() as u64, store.head().trail);
    if let Err(error) = trail::prove(store, audited, &mut |text| findings.fault(text)) {
        findings.fault(format!("the audit trail cannot be read: {error}"));
    }
    model.replace_derived(&mut all.into_iter().map(Ok))?;
    let (wanted, found) = (derived(&model)?, derived(store)?);
    findings.rows = found.len() as u64;
    let keys: BTreeSet<_> = wanted.keys().chain(found.keys()).collect();
    for key in keys {
        let row = char::from(crate::store::key::row_of(key).unwrap_or(b'?'));
        match (wanted.get(key), found.get(key)) {
            (Some(_), None) => findings.fault(format!("a computed row of kind {row} is missing")),
            (None, Some(_)) => findings.fault(format!("a computed row of kind {row} follows from nothing")),
            (Some(wanted), Some(found)) if wanted != found => {
                findings.fault(format!("a computed row of kind {row} differs from what the log says"));
            }
            _ => {}
        }
    }
    Ok(findings)
}

fn derived(store: &dyn Store) -> Result<BTreeMap<Vec<u8>, Vec<u8>>> {
    let mut rows = BTreeMap::new();
    store.derived(&mut |key, value| {
        rows.insert(key.to_vec(), value.to_vec());
        Ok(())
    })?;
    Ok(rows)
}

fn check_entity(store: &dyn Store, entity: EntityId, log: &Log, findings: &mut Findings) -> Result<Replayed> {
    match entity.kind {
        EntityKind::Record => {
            let (record, replayed) = check_snapshot::<Record>(store, entity, log, findings)?;
            for enrolment in record.live() {
                let waits = match record.current_step(enrolment) {
                    Some(step) => step.status == StepStatus::Open,
                    None if enrolment.awaits_pilot().is_some() => true,
                    None => enrolment.current.is_none() && enrolment.opens_at.is_some(),
                };
                if !waits {
                    findings.fault(format!("{entity}: enrolment {} is live and waits for nothing", enrolment.ordinal));
                }
            }
            Ok(replayed)
        }
        EntityKind::Sequence => check_snapshot::<Sequence>(store, entity, log, findings).map(|found| found.1),
        EntityKind::Import => check_snapshot::<Import>(store, entity, log, findings).map(|found| found.1),
        EntityKind::Organisation => check_snapshot::<Organisation>(store, entity, log, findings).map(|found| found.1),
        EntityKind::Account => check_snapshot::<Account>(store, entity, log, findings).map(|found| found.1),
        EntityKind::Audit => check_snapshot::<Audit>(store, entity, log, findings).map(|found| found.1),
        EntityKind::Catalogue => check_snapshot::<Catalogue>(store, entity, log, findings).map(|found| found.1),
        EntityKind::Channels => check_snapshot::<Channels>(store, entity, log, findings).map(|found| found.1),
        EntityKind::MessageTemplate => {
            check_snapshot::<MessageTemplate>(store, entity, log, findings).map(|found| found.1)
        }
        EntityKind::Webhook => check_snapshot::<Webhook>(store, entity, log, findings).map(|found| found.1),
        EntityKind::Suppression => check_snapshot::<Suppression>(store, entity, log, findings).map(|found| found.1),
    }
}

fn check_snapshot<E: Entity + PartialEq>(
    store: &dyn Store,
    entity: EntityId,
    log: &Log,
    findings: &mut Findings,
) -> Result<(E, Replayed)> {
    let (state, replayed) = replay::<E>(entity, log)?;
    let (loaded, ..) = codec::load::<E>(store, entity, None)?;
    if loaded != state {
        findings.fault(format!("{entity}: its snapshot is not what its log says"));
    }
    Ok((state, replayed))
}
