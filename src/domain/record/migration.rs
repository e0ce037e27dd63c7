//! What a record remembers of a migration (D-47), and the rows that follow from it.

use super::Record;
use super::event::RecordEvent;
use crate::domain::effect::{Counter, Effect, Effects};
use crate::domain::enrolment::migrate::{Former, Landing, Outcome};
use crate::domain::enrolment::{Enrolment, Ordinal, Step, StepStatus};
use crate::id::MigrationId;
use crate::time::Timestamp;

impl Enrolment {
    /// A step was opened. The first after a move is the one that it is left on; with the next the enrolment has gone on.
    pub(super) fn stand_on(&mut self, step: &Step) {
        self.current = Some(step.ordinal);
        self.former = self.former.take().filter(|former| former.step.is_some() && former.left.is_none());
        if let Some(former) = &mut self.former {
            former.left = Some(step.clone());
        }
    }

    fn note(&mut self, migration: u32, outcome: Outcome) {
        self.migrations.retain(|(number, _)| *number != migration);
        self.migrations.push((migration, outcome));
    }

    /// What the migrations it was asked to follow count of it.
    fn counted(&self) -> impl Iterator<Item = Counter> {
        let counters = |(number, outcome): &(u32, Outcome)| {
            let migration = MigrationId::of(self.sequence, *number);
            match outcome {
                Outcome::Moved => vec![Counter::Moved(migration)],
                Outcome::Stayed => vec![Counter::Stayed(migration)],
                Outcome::Undone => vec![Counter::Moved(migration), Counter::MovedBack(migration)],
            }
        };
        self.migrations.iter().flat_map(counters)
    }
}

impl Record {
    pub(super) fn note_migration(&mut self, enrolment: Ordinal, migration: u32, outcome: Outcome) {
        if let Some(enrolment) = self.enrolment_mut(enrolment) {
            enrolment.note(migration, outcome);
        }
    }

    /// Notes of a step what follows from its opening: where a move has left the enrolment on it, it is as the move left it.
    pub(super) fn annotate_step(&mut self, ordinal: Ordinal, note: impl Fn(&mut Step)) {
        let Some(step) = self.step_mut(ordinal) else { return };
        note(step);
        let enrolment = step.enrolment;
        let former = self.enrolment_mut(enrolment).and_then(|enrolment| enrolment.former.as_mut());
        if let Some(left) = former.and_then(|former| former.left.as_mut()).filter(|left| left.ordinal == ordinal) {
            note(left);
        }
    }

    pub(super) fn be_migrated(&mut self, ordinal: Ordinal, migration: u32, version: u16, landing: Landing) {
        let Some(held) = self.enrolment(ordinal) else { return };
        let step = self.current_step(held).cloned();
        let mut former = Former {
            migration,
            version: held.version,
            steps_done: held.steps_done,
            restarted_after: held.restarted_after,
            step: step.clone(),
            left: None,
        };
        if let Some(step) = step.and_then(|step| self.step_mut(step.ordinal)) {
            match landing {
                Landing::Connecting => {}
                Landing::Kept { node, wakes_at } => {
                    (step.version, step.node, step.wakes_at) = (version, node, wakes_at);
                    step.due_at = wakes_at.unwrap_or(step.due_at);
                    former.left = Some(step.clone());
                }
                Landing::Replaced | Landing::Restarted => step.status = StepStatus::Cancelled,
            }
        }
        let last = self.last_ordinal;
        let Some(held) = self.enrolment_mut(ordinal) else { return };
        held.version = version;
        held.former = Some(Box::new(former));
        held.note(migration, Outcome::Moved);
        if landing == Landing::Restarted {
            (held.steps_done, held.restarted_after) = (0, last);
        }
    }

    /// Everything of the enrolment is as before, but that `left`, if the move had opened it, stays behind as cancelled.
    pub(super) fn be_restored(&mut self, ordinal: Ordinal, left: Option<Ordinal>) {
        let Some(held) = self.enrolment_mut(ordinal) else { return };
        let Some(former) = held.former.take() else { return };
        held.version = former.version;
        held.steps_done = former.steps_done;
        held.restarted_after = former.restarted_after;
        held.current = former.step.as_ref().map(|step| step.ordinal);
        held.note(former.migration, Outcome::Undone);
        if let Some(left) = left.and_then(|left| self.step_mut(left)) {
            left.status = StepStatus::Cancelled;
        }
        if let Some(step) = former.step
            && let Some(place) = self.step_mut(step.ordinal)
        {
            // What came back for its message meanwhile stays counted.
            let fused = place.fused;
            *place = Step { fused, ..step };
        }
    }

    /// Timers of the step left and of the step taken up, and the counts.
    pub(super) fn owe_migration(&self, ordinal: Ordinal, event: &RecordEvent, owed: &mut Effects) {
        let Some(held) = self.enrolment(ordinal) else { return };
        let id = |migration: &u32| MigrationId::of(held.sequence, *migration);
        let current = held.current.and_then(|current| self.step(current));
        match event {
            RecordEvent::Migrated { migration, landing, .. } => {
                owed.count(Counter::Moved(id(migration)), 1);
                recount(held, held.former.as_ref().map_or(0, |former| former.version), owed);
                let former = held.former.as_ref().and_then(|former| former.step.as_ref());
                if let (Some(before), Some(after)) = (former, current) {
                    let wakes_at = if matches!(landing, Landing::Kept { .. }) { after.wakes_at } else { None };
                    rearm((before.ordinal, before.wakes_at), (after.ordinal, wakes_at), owed);
                }
            }
            RecordEvent::MigrationUndone { migration, version, left, wakes_at, .. } => {
                owed.count(Counter::MovedBack(id(migration)), 1);
                recount(held, *version, owed);
                if let (Some(before), Some(after)) = (*left, current) {
                    rearm((before, *wakes_at), (after.ordinal, after.wakes_at), owed);
                }
            }
            RecordEvent::NotMigrated { migration, .. } => owed.count(Counter::Stayed(id(migration)), 1),
            _ => {}
        }
    }

    /// What migrations count of the record, before it is erased.
    pub(super) fn take_back_migrations(&self, owed: &mut Effects) {
        let counted = self.enrolments.iter().flat_map(Enrolment::counted);
        counted.for_each(|counter| owed.count(counter, -1));
    }
}

/// It is counted with the version that it goes through, and not with the one before.
fn recount(held: &Enrolment, before: u16, owed: &mut Effects) {
    owed.count(Counter::LiveOf(held.sequence, before), -1);
    owed.count(Counter::LiveOf(held.sequence, held.version), 1);
}

/// The timer of one step makes way for that of another, or for another instant of the same.
fn rearm(before: (Ordinal, Option<Timestamp>), after: (Ordinal, Option<Timestamp>), owed: &mut Effects) {
    if before == after {
        return;
    }
    if let (key, Some(due)) = before {
        owed.push(Effect::Disarm { due, key });
    }
    if let (key, Some(due)) = after {
        owed.push(Effect::Arm { due, key });
    }
}
