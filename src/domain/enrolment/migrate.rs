//! Moving an enrolment to a later version of its sequence, and taking that back (D-47): where it goes on, or why it stays.

use std::collections::HashSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::act::performs;
use super::advance::Turn;
use super::{Enrolment, Ordinal, Step, StepStatus, WaitState};
use crate::domain::given::Given;
use crate::domain::plan::{Action, NodeIndex, Plan, PlanNode};
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::RecordState;
use crate::domain::record::{Record, RecordRejection};
use crate::domain::sequence::migration::{Migration, MigrationState, Mode, Moves};
use crate::id::MigrationId;
use crate::limits;
use crate::time::Timestamp;

/// What becomes of the step that an enrolment stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Landing {
    /// There is none yet (K-9).
    Connecting,
    /// It stays open as what it is, and is this node from now on. `wakes_at` is when a wait or limit ends now.
    Kept { node: NodeIndex, wakes_at: Option<Timestamp> },
    /// It is cancelled, and another opens in its place.
    Replaced,
    /// It is cancelled, and the enrolment begins again.
    Restarted,
}

/// Why an enrolment stays on its version. Stored: variants are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Conflict {
    /// The version has no node of this id.
    NodeGone(String),
    /// This node was done already and would come again: nothing is done twice for a move.
    DoneAgain(String),
    /// A closed record finishes the path that it has entered (TC-8).
    RecordClosed,
    /// It may number no more steps.
    RecordFull,
    /// The message of its step is on its way out.
    MessageUnderWay,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Conflict::NodeGone(id) => write!(f, "the new version has no step `{id}`; map it to one that it has"),
            Conflict::DoneAgain(id) => write!(f, "step `{id}` is done already and would come again"),
            Conflict::RecordClosed => f.write_str("the record is closed and finishes the path that it has entered"),
            Conflict::RecordFull => f.write_str("the record can hold no more steps"),
            Conflict::MessageUnderWay => f.write_str("the message of its step is on its way out"),
        }
    }
}

/// What was made of an enrolment by one migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It goes on in the new version.
    Moved,
    /// It stays, for a [`Conflict`].
    Stayed,
    /// It was moved, and moved back.
    Undone,
}

/// An enrolment as it was before it was moved. Kept until it moves on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Former {
    /// The migration's number.
    pub migration: u32,
    /// Its version.
    pub version: u16,
    /// Its steps done.
    pub steps_done: u16,
    /// See [`Enrolment::restarted_after`].
    pub restarted_after: Ordinal,
    /// The step that it stood on, if it had begun.
    pub step: Option<Step>,
    /// The step that the move left it on: as long as that is untouched, the move can be taken back.
    pub left: Option<Step>,
}

/// Where an enrolment goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// It has not begun, and will begin with the first node.
    Connecting,
    /// Its step stays open as this node.
    Keep(NodeIndex),
    /// This node opens in place of its step.
    Open(NodeIndex),
}

impl Course {
    /// The node of the new version.
    pub fn node(self) -> NodeIndex {
        match self {
            Course::Connecting => 0,
            Course::Keep(node) | Course::Open(node) => node,
        }
    }
}

/// Where a live enrolment goes on in `plan`, or why it stays. The same for a preview and for the migration itself.
pub fn course(
    record: &Record,
    given: &Given,
    enrolment: &Enrolment,
    plan: &Plan,
    moves: &Moves,
) -> Result<Course, Conflict> {
    let Some(step) = record.current_step(enrolment) else { return Ok(Course::Connecting) };
    if record.state != RecordState::Active {
        return Err(Conflict::RecordClosed);
    }
    if step.is_sending() {
        return Err(Conflict::MessageUnderWay);
    }
    let room = limits::RECORD_ORDINAL_MAX.saturating_sub(record.last_ordinal);
    let has_room = room as usize >= plan.nodes.len();
    if moves.mode == Mode::Restart {
        return if has_room { Ok(Course::Open(0)) } else { Err(Conflict::RecordFull) };
    }
    let Some(from) = record.node_of(given, step) else { return Err(Conflict::NodeGone(String::new())) };
    let target = moves.target(&from.id);
    let Some((index, to)) = plan.find(target) else { return Err(Conflict::NodeGone(target.to_owned())) };
    if let Some(again) = done_again(record, given, enrolment, plan, index, moves) {
        return Err(Conflict::DoneAgain(again));
    }
    // What a person performs and what waits goes on; an automated action that failed is tried again as the author mended it.
    let goes_on = performs(step, from) || (step.wait == WaitState::Waiting && to.has_end());
    match () {
        () if goes_on && from.type_name == to.type_name => Ok(Course::Keep(index)),
        () if has_room => Ok(Course::Open(index)),
        () => Err(Conflict::RecordFull),
    }
}

/// A node at or behind `from` that the enrolment has done under the id that stands for it.
fn done_again(
    record: &Record,
    given: &Given,
    enrolment: &Enrolment,
    plan: &Plan,
    from: NodeIndex,
    moves: &Moves,
) -> Option<String> {
    let is_done = |step: &&Step| {
        step.enrolment == enrolment.ordinal
            && step.ordinal > enrolment.restarted_after
            && matches!(step.status, StepStatus::Completed | StepStatus::Skipped)
    };
    let done = record.steps.iter().filter(is_done).filter_map(|step| record.node_of(given, step));
    let done: HashSet<&str> = done.filter(|node| node.acts()).map(|node| moves.target(&node.id)).collect();
    if done.is_empty() {
        return None;
    }
    // A node stands before its followers, so one pass finds all that can be reached.
    let mut reached = vec![false; plan.nodes.len()];
    *reached.get_mut(usize::from(from))? = true;
    for (place, node) in plan.nodes.iter().enumerate() {
        if !reached[place] {
            continue;
        }
        if done.contains(node.id.as_str()) {
            return Some(node.id.clone());
        }
        for exit in node.exits() {
            reached[usize::from(exit)] = true;
        }
    }
    None
}

impl<'a> Turn<'a> {
    /// Moves every enrolment that goes through an earlier version of the sequence. Asked again, does nothing.
    pub fn migrate(&mut self, id: MigrationId) -> Result<(), RecordRejection> {
        let Some((migration, plan)) = self.migration(id, MigrationState::Running) else { return Ok(()) };
        let is_earlier = |live: &&Enrolment| {
            live.sequence == id.sequence() && live.version < migration.version && !live.was_asked(migration.number)
        };
        let earlier: Vec<_> = self.record.live().filter(is_earlier).map(|live| live.ordinal).collect();
        earlier.into_iter().try_for_each(|enrolment| self.migrate_one(enrolment, migration, plan))
    }

    fn migrate_one(&mut self, enrolment: Ordinal, migration: &Migration, plan: &Plan) -> Result<(), RecordRejection> {
        let held = self.record.enrolment(enrolment).ok_or(RecordRejection::EnrolmentNotFound)?;
        let step = self.record.current_step(held).cloned();
        let number = migration.number;
        let course = match course(&self.record, self.given, held, plan, &migration.moves) {
            Ok(course) => course,
            Err(conflict) => {
                self.emit(RecordEvent::NotMigrated { enrolment, migration: number, conflict });
                return Ok(());
            }
        };
        let landing = match (course, &step) {
            (Course::Keep(node), Some(step)) => {
                let wakes_at = plan.node(node).and_then(|to| self.wakes_at(plan, step, to));
                Landing::Kept { node, wakes_at: wakes_at.filter(|_| step.wait == WaitState::Waiting) }
            }
            (Course::Open(_), _) if migration.moves.mode == Mode::Restart => Landing::Restarted,
            (Course::Open(_), _) => Landing::Replaced,
            (Course::Connecting | Course::Keep(_), _) => Landing::Connecting,
        };
        self.emit(RecordEvent::Migrated { enrolment, migration: number, version: migration.version, landing });
        match course {
            Course::Connecting => Ok(()),
            Course::Keep(_) => self.reconsider(enrolment),
            Course::Open(node) => self.open(enrolment, Some(node)),
        }
    }

    /// Moves every enrolment back that the migration has moved and that has not gone on since.
    pub fn undo_migration(&mut self, id: MigrationId) -> Result<(), RecordRejection> {
        let Some((migration, _)) = self.migration(id, MigrationState::Undoing) else { return Ok(()) };
        let stands = |live: &&Enrolment| {
            let former = live.former.as_ref().filter(|former| former.migration == migration.number);
            live.sequence == id.sequence()
                && former.is_some_and(|former| self.record.current_step(live) == former.left.as_ref())
        };
        let back: Vec<_> = self.record.live().filter(stands).map(|live| live.ordinal).collect();
        for enrolment in back {
            let held = self.record.enrolment(enrolment).ok_or(RecordRejection::EnrolmentNotFound)?;
            let (number, version) = (migration.number, held.version);
            let left = self.record.current_step(held);
            let (left, wakes_at) = left.map_or((None, None), |left| (Some(left.ordinal), left.wakes_at));
            self.emit(RecordEvent::MigrationUndone { enrolment, migration: number, version, left, wakes_at });
            self.reconsider(enrolment)?;
        }
        // A calendar may have changed since.
        self.move_due_dates()
    }

    /// A condition that moves on early may have got what it waits for while another stood in its place.
    fn reconsider(&mut self, enrolment: Ordinal) -> Result<(), RecordRejection> {
        let held = self.record.enrolment(enrolment).ok_or(RecordRejection::EnrolmentNotFound)?;
        let Some(step) = self.record.current_step(held).cloned() else { return Ok(()) };
        match self.record.node_of(self.given, &step) {
            Some(node) if step.wait == WaitState::Waiting => self.wake_early(&step, node),
            _ => Ok(()),
        }
    }

    /// When a step that waits would wake if it had been this node since it opened.
    fn wakes_at(&self, plan: &Plan, step: &Step, node: &PlanNode) -> Option<Timestamp> {
        match &node.action {
            Action::Wait(wait) => Some(self.wait_end(plan, step.assignee, step.opened_at, *wait)),
            Action::EmailSignals(question) => {
                let limit = question.limit;
                Some(self.mail_of(step).map_or(step.opened_at + limit, |mail| mail.limit_end(limit)))
            }
            _ => None,
        }
    }

    /// The migration, if it is in that state, with the version that it leads to.
    fn migration(&self, id: MigrationId, state: MigrationState) -> Option<(&'a Migration, &'a Plan)> {
        let (given, sequence) = (self.given, id.sequence());
        let migration = given.sequences.get(&sequence)?.migration(id.ordinal()).filter(|found| found.state == state)?;
        Some((migration, given.plan(sequence, migration.version)?))
    }
}
