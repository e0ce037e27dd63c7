//! A record is asked to undo what has begun in a sequence lately: it leaves, and what has not left of its messages never does.

use serde::{Deserialize, Serialize};

use super::advance::Turn;
use super::{EndReason, Enrolment, EnrolmentStatus, Ordinal};
use crate::domain::delivery::MessageState;
use crate::domain::effect::{Counter, Effects};
use crate::domain::record::Record;
use crate::domain::record::event::RecordEvent;
use crate::id::SequenceId;
use crate::time::Timestamp;

/// What became of an enrolment that was undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// By the undo of that number.
    pub number: u32,
    /// Whether it was still live, or left with its sequence at the same time.
    pub disconnected: bool,
    /// Its messages that had left by then, or may have.
    pub left: u32,
}

/// Which enrolments are undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undoing {
    /// Those of this sequence …
    pub sequence: SequenceId,
    /// … connected then or later …
    pub since: Timestamp,
    /// … and no later than this, when it was asked for.
    pub until: Timestamp,
    /// The number of the undo in its sequence.
    pub number: u32,
}

/// Deciding.
impl Turn<'_> {
    /// Asked again, does nothing.
    pub fn undo(&mut self, undoing: Undoing) {
        let Undoing { sequence, since, until, number } = undoing;
        let begun = |held: &&Enrolment| {
            held.sequence == sequence && (since..=until).contains(&held.connected_at) && held.undone.is_none()
        };
        let begun: Vec<Enrolment> = self.record.enrolments.iter().filter(begun).cloned().collect();
        for held in begun {
            let enrolment = held.ordinal;
            if held.status.is_live() {
                self.end(enrolment, EnrolmentStatus::Disconnected, EndReason::SequenceUndone);
            }
            let steps: Vec<_> = self.record.steps.iter().filter(|step| step.enrolment == enrolment).cloned().collect();
            steps.iter().for_each(|step| self.take_back(step.ordinal, "its sequence was undone"));
            let has_left = |state: &&MessageState| {
                matches!(state, MessageState::Sent | MessageState::Claimed(_) | MessageState::Unknown(_))
            };
            let left = steps.iter().filter_map(|step| step.message_state()).filter(has_left).count();
            let left_with_it = held.reason == Some(EndReason::ParentSequenceDeactivated)
                && held.ended_at.is_some_and(|ended| ended >= until);
            let disconnected = held.status.is_live() || left_with_it;
            let left = u32::try_from(left).unwrap_or(u32::MAX);
            if disconnected || left > 0 {
                self.emit(RecordEvent::Undone { enrolment, undo: number, disconnected, left });
            }
        }
    }
}

/// Remembering.
impl Record {
    pub(in crate::domain) fn be_undone(&mut self, event: &RecordEvent) {
        let RecordEvent::Undone { enrolment, undo, disconnected, left } = event else { return };
        if let Some(held) = self.enrolment_mut(*enrolment) {
            held.undone = Some(Undone { number: *undo, disconnected: *disconnected, left: *left });
        }
    }

    /// Counts an enrolment that was undone, in or out; an erased record is counted no more.
    pub(in crate::domain) fn count_undone(&self, enrolment: Ordinal, sign: i64, owed: &mut Effects) {
        let Some(held) = self.enrolment(enrolment) else { return };
        let Some(undone) = held.undone else { return };
        let (sequence, number) = (held.sequence, undone.number);
        if undone.disconnected {
            owed.count(Counter::Undone(sequence, number), sign);
        }
        if undone.left > 0 {
            owed.count(Counter::UndoneTooLate(sequence, number), sign * i64::from(undone.left));
        }
    }
}
