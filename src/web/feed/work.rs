//! Whose work lists a commit changed, for those who follow theirs: computed once per commit, however many follow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Told, behind, event_of};
use crate::domain::feed::Position;
use crate::domain::policy::Person;
use crate::domain::record::Record;
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::Owner;
use crate::id::{EntityKind, RecordId};
use crate::store::codec::{self, Entry};
use crate::store::feed::Fed;
use crate::store::{Result, Store};
use crate::web::wire::event::{EventData, WORK};

/// Commits of which it is remembered whose lists they changed.
const REMEMBERED: usize = 4_096;

/// Whose lists a commit changed.
#[derive(Debug)]
struct Change {
    digest: u32,
    owners: BTreeSet<Owner>,
    /// Of what was erased nobody knows whose it was.
    of_anybody: bool,
    by: (crate::id::UserId, crate::time::Timestamp),
}

/// The last commits that somebody asked for.
#[derive(Debug, Default)]
pub struct WorkChanges(Mutex<BTreeMap<u64, Arc<Change>>>);

impl WorkChanges {
    /// What is told of a commit to somebody who follows their work list.
    pub fn tell(&self, store: &dyn Store, person: &Person, fed: &Fed) -> Result<Option<Told>> {
        if fed.entity.kind != EntityKind::Record {
            return Ok(None);
        }
        let Some(change) = self.change(store, fed)? else { return Ok(None) };
        let is_theirs = change.owners.iter().any(|owner| person.is(*owner));
        if !is_theirs && !change.of_anybody {
            return Ok(None);
        }
        let record = is_theirs.then(|| RecordId::from(fed.entity).to_string());
        let data = EventData { summary: Some("The work list has changed".into()), ..EventData::default() };
        let event = event_of(fed, PLACE, WORK, change.by, (record, None), data);
        // Behind whatever else is told of the commit.
        let position = Position { events: u16::try_from(PLACE + 1).ok(), ..behind(fed) };
        Ok(Some(Told { position, place: PLACE, event }))
    }

    fn change(&self, store: &dyn Store, fed: &Fed) -> Result<Option<Arc<Change>>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&fed.number).cloned();
        if let Some(known) = known.filter(|known| known.digest == fed.digest()) {
            return Ok(Some(known));
        }
        let Some(change) = compute(store, fed)? else { return Ok(None) };
        let change = Arc::new(change);
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.insert(fed.number, change.clone());
        while remembered.len() > REMEMBERED {
            remembered.pop_first();
        }
        Ok(Some(change))
    }
}

/// More than any commit has events.
const PLACE: usize = 60_000;

/// None of a commit that was erased with its record.
fn compute(store: &dyn Store, fed: &Fed) -> Result<Option<Change>> {
    let row = store.history(fed.entity, fed.version.saturating_add(1), 1)?.pop();
    let Some((_, bytes)) = row.filter(|(version, _)| *version == fed.version) else { return Ok(None) };
    let entry: Entry<RecordEvent> = codec::decode(&bytes)?;
    let of_anybody = entry.events.iter().any(|event| matches!(event, RecordEvent::Erased { .. }));
    let at = |version| codec::load::<Record>(store, fed.entity, Some(version)).map(|(record, _)| record);
    let (before, after) = (at(fed.version.saturating_sub(1))?, at(fed.version)?);
    let whose: BTreeSet<Owner> = before.workers().chain(after.workers()).collect();
    let owners = whose.into_iter().filter(|owner| before.work_row(*owner) != after.work_row(*owner)).collect();
    Ok(Some(Change { digest: fed.digest(), owners, of_anybody, by: (entry.stamp.by, entry.stamp.at) }))
}
