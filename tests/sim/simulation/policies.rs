//! Which users, teams and roles each server has shown its decisions, and when; and whether those who asked for what was
//! stored could ask for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use relance::domain::access::Reach;
use relance::domain::permission::Permission;
use relance::domain::policy::{Person, Policy};
use relance::domain::record::Record;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::Change;
use relance::domain::sequence::{Sequence, SequenceEvent};
use relance::id::{EntityId, UserId};
use relance::store::codec::Entry;
use relance::time::Timestamp;

use super::disk::locked;
use super::world::World;

/// A policy, and between which instants of the wall clock decisions were given it.
struct Shown {
    policy: Arc<Policy>,
    since: Timestamp,
    until: Timestamp,
}

/// See the module.
#[derive(Default)]
pub struct Policies(BTreeMap<u32, Vec<Shown>>);

impl Policies {
    /// A server shows its decisions this now.
    pub fn shows(&mut self, process: u32, now: Timestamp, policy: &Arc<Policy>) {
        let all = self.0.entry(process).or_default();
        match all.last_mut() {
            Some(last) if Arc::ptr_eq(&last.policy, policy) => {
                (last.since, last.until) = (last.since.min(now), last.until.max(now));
            }
            _ => all.push(Shown { policy: policy.clone(), since: now, until: now }),
        }
    }

    /// Whether `may` holds of whoever asked, by some policy that the decision can have been given.
    fn allow<E>(&self, process: u32, entry: &Entry<E>, may: impl Fn(&Person) -> bool) -> bool {
        let (at, by) = (entry.stamp.at, entry.stamp.by);
        let mut given =
            self.0.get(&process).into_iter().flatten().filter(|shown| shown.since <= at && at <= shown.until);
        by == UserId::SYSTEM || given.any(|shown| shown.policy.person(by).is_ok_and(|person| may(&person)))
    }

    /// What is wrong with the first event of an entry, from which the others follow; `record` is the state before it.
    pub fn judge_record(
        &self,
        process: u32,
        id: EntityId,
        record: &Record,
        event: &RecordEvent,
        entry: &Entry<RecordEvent>,
    ) -> Option<String> {
        let gives = |change: &Change| matches!(change, Change::Owner(_) | Change::AccessTeam(_));
        let needed = match event {
            _ if entry.events.first() != Some(event) => return None,
            RecordEvent::Created { .. } => Reach::Nothing,
            RecordEvent::Erased { .. } => Reach::Erase,
            RecordEvent::Changed { changes, .. } if changes.iter().any(gives) => Reach::Give,
            RecordEvent::Connected { .. } | RecordEvent::Ended { .. } | RecordEvent::Marked { .. } => Reach::See,
            _ => Reach::Act,
        };
        let may = self.allow(process, entry, |person| record.reach(person) >= needed);
        (!may).then(|| format!("{id}: {} may not ask for {event:?}", entry.stamp.by))
    }

    /// The same of a sequence.
    pub fn judge_sequence(
        &self,
        process: u32,
        id: EntityId,
        sequence: &Sequence,
        event: &SequenceEvent,
        entry: &Entry<SequenceEvent>,
    ) -> Option<String> {
        let creates = matches!(event, SequenceEvent::Created { .. });
        let edits = |person: &Person| person.is(sequence.owner) || person.may_all(Permission::EditAnySequence);
        let may = self.allow(process, entry, |person| creates || edits(person));
        (!may && entry.events.first() == Some(event))
            .then(|| format!("{id}: {} may not ask for {event:?}", entry.stamp.by))
    }
}

impl World {
    /// The actors of a server do what they can; what their decisions may be given meanwhile is kept.
    pub fn turn(&mut self, place: usize, turns: u32) {
        self.saw_policy(place);
        self.processes[place].turn(turns);
        self.saw_policy(place);
    }

    pub fn saw_policy(&self, place: usize) {
        let (now, process) = (self.now(), &self.processes[place]);
        locked(&self.history).policies.shows(process.number, now, &process.engine.given().policy);
    }
}
