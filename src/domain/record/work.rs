//! What is open on a record and whose it is to do: the rows of work lists (W-1, W-9), and who has read or follows it (W-7, W-21).

use std::sync::Arc;

use super::Record;
use super::schema::{Change, Owner, RecordType};
use crate::domain::effect::{Effect, Effects, Index};
use crate::domain::enrolment::{Step, WaitState};
use crate::domain::score::{Interest, Supplied};
use crate::domain::work_list::{Doing, Face, Mark, WorkItem, WorkRow};
use crate::id::UserId;
use crate::time::Timestamp;

/// What the rows of work lists are made of, before or after a command.
#[derive(Debug, PartialEq)]
pub struct Work {
    /// What is open, and whose it is; sorted.
    items: Vec<(Owner, WorkItem)>,
    face: Face,
    score_former: Option<(Option<u8>, Timestamp)>,
    interest: Interest,
    marks: Arc<Vec<Mark>>,
}

impl Record {
    /// What is open on it.
    pub(super) fn work(&self) -> Work {
        let steps = self.live().filter_map(|live| {
            let step = self.current_step(live)?;
            let doing = Doing::Step {
                sequence: live.sequence,
                version: step.version,
                node: step.node,
                wakes_at: waits_until(step),
                is_sellers: step.converted || step.error.is_some(),
            };
            Some((step.assignee, WorkItem { ordinal: step.ordinal, due_at: Some(step.due_at), doing }))
        });
        let activities = self.open_activities().map(|activity| {
            let doing = Doing::Activity { kind: activity.kind, subject: activity.subject.clone() };
            (activity.assignee, WorkItem { ordinal: activity.ordinal, due_at: activity.due_at, doing })
        });
        let mut items: Vec<(Owner, WorkItem)> = steps.chain(activities).collect();
        items.sort_unstable_by_key(|(assignee, item)| (*assignee, item.ordinal));
        let (interest, marks) = (self.interest, self.marks.clone());
        Work { items, face: Face::of(self), score_former: self.score_former, interest, marks }
    }

    /// What somebody has marked of it.
    pub fn mark(&self, user: UserId) -> Mark {
        let unmarked = Mark { user, read: false, followed: false };
        self.marks.iter().find(|mark| mark.user == user).copied().unwrap_or(unmarked)
    }

    pub(super) fn set_mark(&mut self, mark: Mark) {
        let marks = Arc::make_mut(&mut self.marks);
        marks.retain(|other| other.user != mark.user);
        if mark.read || mark.followed {
            marks.push(mark);
        }
    }

    /// Remembers what the score was, if one of these changes it.
    pub(super) fn note_score(&mut self, changes: &[Change], at: Timestamp) {
        let score = changes.iter().rev().find_map(|change| match change {
            Change::Score(score) => Some(*score),
            _ => None,
        });
        if let Some(score) = score {
            let mut supplied = Supplied { score: self.profile.score, former: self.score_former };
            supplied.replace(score, at);
            self.score_former = supplied.former;
        }
    }

    /// Everybody to whom something open is assigned.
    pub fn workers(&self) -> impl Iterator<Item = Owner> {
        self.work().owners().into_iter()
    }

    /// What a user or team has to do on it.
    pub fn work_row(&self, owner: Owner) -> Option<WorkRow> {
        self.exists.then(|| self.work().row(self.kind, owner)).flatten()
    }
}

/// Until when nothing is to be done about a step: it waits, or its message is put off.
fn waits_until(step: &Step) -> Option<Timestamp> {
    match step.wait {
        WaitState::Waiting => step.wakes_at,
        _ => step.message_state().and_then(|state| state.put_off_until()),
    }
}

impl Work {
    fn owners(&self) -> Vec<Owner> {
        let mut owners: Vec<Owner> = self.items.iter().map(|(owner, _)| *owner).collect();
        owners.dedup();
        owners
    }

    fn items_of(&self, owner: Owner) -> impl Iterator<Item = &WorkItem> {
        self.items.iter().filter(move |(whose, _)| *whose == owner).map(|(_, item)| item)
    }

    fn marks_of(&self, owner: Owner) -> impl Iterator<Item = &Mark> {
        self.marks.iter().filter(move |mark| match owner {
            Owner::User(user) => mark.user == user,
            Owner::Team(_) => true,
        })
    }

    fn row(&self, kind: RecordType, owner: Owner) -> Option<WorkRow> {
        let items: Vec<WorkItem> = self.items_of(owner).cloned().collect();
        (!items.is_empty()).then(|| WorkRow {
            kind,
            name: self.face.profile.display_name(),
            primary_contact: self.face.profile.primary_contact,
            supplied: Supplied { score: self.face.profile.score, former: self.score_former },
            interest: self.interest,
            marks: self.marks_of(owner).copied().collect(),
            items,
            face: Some(self.face.clone()),
        })
    }

    /// Whether both make the same row of somebody, as far as a glance tells.
    fn looks_like(&self, other: &Work, owner: Owner) -> bool {
        Arc::ptr_eq(&self.face.profile, &other.face.profile)
            && (self.face.state, self.face.outcome) == (other.face.state, other.face.outcome)
            && self.face.modified_at == other.face.modified_at
            && (self.interest, self.score_former) == (other.interest, other.score_former)
            && (Arc::ptr_eq(&self.marks, &other.marks) || self.marks_of(owner).eq(other.marks_of(owner)))
            && self.items_of(owner).eq(other.items_of(owner))
    }
}

/// The rows that differ between two states of a record of that type.
pub(super) fn owe_work(kind: RecordType, before: Option<&Work>, after: Option<&Work>, owed: &mut Effects) {
    let owners = |work: Option<&Work>| work.map(Work::owners).unwrap_or_default();
    let (former, present) = (owners(before), owners(after));
    for gone in former.iter().filter(|owner| !present.contains(owner)) {
        owed.push(Effect::Unindex(Index::Work { principal: *gone, row: None }));
    }
    let Some(after) = after else { return };
    for owner in present {
        let is_same = before.is_some_and(|before| former.contains(&owner) && after.looks_like(before, owner));
        if let Some(row) = after.row(kind, owner).filter(|_| !is_same) {
            owed.push(Effect::Index(Index::Work { principal: owner, row: Some(Arc::new(row)) }));
        }
    }
}
