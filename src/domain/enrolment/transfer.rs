//! Advancing to another sequence: one enrolment ends and another begins in the same decision (CM-4, CM-14, CM-15).

use super::advance::{Opened, Turn};
use super::{EndReason, EnrolmentStatus, Ordinal, Step, StepError};
use crate::domain::record::RecordRejection;
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::RecordState;
use crate::domain::sequence::SequenceStatus;
use crate::id::SequenceId;
use crate::limits;

impl Turn<'_> {
    /// Ends the enrolment and connects the record to `target`. Where it is live there already, it goes on there (K-6).
    pub fn advance_to(
        &mut self,
        enrolment: Ordinal,
        step: Ordinal,
        target: SequenceId,
    ) -> Result<Opened, RecordRejection> {
        if self.record.state == RecordState::Inactive {
            self.end(enrolment, EnrolmentStatus::Disconnected, EndReason::RegardingEntityDeactivated);
            return Ok(Opened::Stays);
        }
        let kind = self.record.kind;
        let takes = self
            .given
            .sequences
            .get(&target)
            .filter(|sequence| sequence.status != SequenceStatus::Inactive && sequence.record_type == kind);
        let version = takes.map_or(0, |sequence| sequence.version);
        let Some(plan) = self.given.plan(target, version) else {
            return Ok(self.fail(step, StepError::AdvanceTargetInactive));
        };
        if self.hops(enrolment) >= limits::ADVANCE_HOPS_MAX {
            return Ok(self.fail(step, StepError::AdvanceLoop));
        }
        let by = self.record.enrolment(enrolment).map_or(self.stamp.by, |enrolment| enrolment.connected_by);
        let enters = !self.is_connected(target, plan, by);
        if enters && takes.is_some_and(|takes| self.judge_entry(target, takes, Some(enrolment)).is_err()) {
            return Ok(self.fail(step, StepError::AdvanceRefused));
        }
        self.complete(step, super::WaitState::None, None, false);
        self.end(enrolment, EnrolmentStatus::Completed, EndReason::AdvancedToOtherSequence);
        if enters {
            let next = self.next_ordinal()?;
            self.emit(RecordEvent::Advanced { enrolment: next, sequence: target, version, from: step });
            if self.enter_pilot(next, target, None) {
                self.open(next, Some(0))?;
            }
        }
        Ok(Opened::Stays)
    }

    /// Advances that led to an enrolment since somebody acted or waited last (D-70).
    fn hops(&self, enrolment: Ordinal) -> usize {
        let (mut hops, mut at) = (0, enrolment);
        while hops < limits::ADVANCE_HOPS_MAX {
            let from = self.record.enrolment(at).and_then(|enrolment| self.record.step(enrolment.advanced_from?));
            match from {
                Some(from) if !self.rested(at) => (hops, at) = (hops + 1, from.enrolment),
                _ => break,
            }
        }
        hops
    }

    /// Whether an enrolment stood on a seller's step or on a wait.
    fn rested(&self, enrolment: Ordinal) -> bool {
        let plan = self.plan(enrolment).ok();
        let of_seller =
            |step: &Step| plan.and_then(|plan| plan.node(step.node)).is_some_and(|node| node.is_seller_step());
        let mut steps = self.record.steps.iter().filter(|step| step.enrolment == enrolment);
        steps.any(|step| step.converted || step.wakes_at.is_some() || of_seller(step))
    }
}
