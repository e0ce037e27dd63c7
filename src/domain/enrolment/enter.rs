//! Whether a record may enter a sequence: who is in it, what it was in before, and how many may be connected in a month.

use chrono::TimeDelta;

use super::advance::Turn;
use super::{EnrolmentStatus, Ordinal};
use crate::domain::plan::{AssignTo, Plan};
use crate::domain::record::RecordRejection;
use crate::domain::record::event::RecordEvent;
use crate::domain::sequence::Sequence;
use crate::domain::sequence::conduct::Reentry;
use crate::id::{SequenceId, TagId, UserId};

impl Turn<'_> {
    /// Whether another connection to a sequence would be the same again (K-6, D-44).
    pub fn is_connected(&self, sequence: SequenceId, plan: &Plan, by: UserId) -> bool {
        let same_person = |connected_by| plan.conduct.assign_to != AssignTo::CurrentUser || connected_by == by;
        self.record.live().any(|live| live.sequence == sequence && same_person(live.connected_by))
    }

    /// Refuses a record that was in the sequence before, or is in one that does not go together with it; `leaving` is the
    /// enrolment that it leaves for it.
    pub fn judge_entry(
        &self,
        id: SequenceId,
        sequence: &Sequence,
        leaving: Option<Ordinal>,
    ) -> Result<(), RecordRejection> {
        self.judge_reentry(id, sequence.reentry)?;
        let live = self.record.live().filter(|live| Some(live.ordinal) != leaving && live.sequence != id);
        let others = live.filter_map(|live| self.given.sequences.get(&live.sequence));
        match others.into_iter().find(|other| self.excludes(sequence, other) || self.excludes(other, sequence)) {
            Some(rival) => Err(RecordRejection::Excluded { by: rival.name.clone() }),
            None => Ok(()),
        }
    }

    fn judge_reentry(&self, id: SequenceId, reentry: Reentry) -> Result<(), RecordRejection> {
        let before = self.record.enrolments.iter().filter(|before| before.sequence == id);
        // What could not begin was not in it.
        let left = before.filter(|before| before.status != EnrolmentStatus::Error).filter_map(|before| before.ended_at);
        let Some(left) = left.max() else { return Ok(()) };
        let until = match reentry {
            Reentry::AnyTime => return Ok(()),
            Reentry::Never => None,
            Reentry::AfterDays(days) => Some(left + TimeDelta::days(days.into())),
        };
        if until.is_some_and(|until| until <= self.stamp.at) {
            return Ok(());
        }
        Err(RecordRejection::ReentryRefused { left, until })
    }

    /// Whether a sequence does not go together with another, by a tag of that.
    fn excludes(&self, sequence: &Sequence, other: &Sequence) -> bool {
        let bears = |tag: TagId| other.tags.iter().any(|own| self.given.catalogue.is_within(*own, tag));
        sequence.exclusive.is_some_and(bears)
    }

    /// L-3, K-15: asks for a place among the records that may be connected this month, where their number is bounded.
    pub fn take_quota(&mut self, enrolment: Ordinal) {
        if let Some(most) = self.given.policy.settings().monthly_connect_quota {
            let month = self.stamp.at.month();
            self.emit(RecordEvent::QuotaAsked { enrolment, month, most });
        }
    }
}
