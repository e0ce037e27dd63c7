//! In and out of a sequence (§10, §19.2), and on to another (CM-4, CM-14, CM-15).

use chrono::TimeDelta;
use relance::domain::enrolment::{EndReason, EnrolmentStatus, StepError, StepStatus, WaitState};
use relance::domain::plan::AssignTo;
use relance::domain::record::RecordRejection as Refused;
use relance::domain::record::schema::{Outcome, RecordType};
use relance::domain::sequence::conduct::Reentry;
use relance::id::{SequenceId, TagId, UserId};
use relance::time::Timestamp;

use super::walk::Step;
use super::{Answer, Naive, Run, Sequence};
use crate::domain::model::scene::PARENTS;

/// D-70.
const ADVANCES_MAX: usize = 25;

impl Naive {
    pub(super) fn connect(&mut self, id: SequenceId, wait: Option<TimeDelta>) -> Answer {
        let sequence = self.sequence(id).ok_or(Refused::SequenceNotFound)?.clone();
        if !sequence.active {
            return Err(Refused::SequenceNotActive);
        }
        if !self.office.takes_leads {
            return Err(Refused::RecordTypeDisabled(RecordType::Lead));
        }
        if !self.lead.is_open {
            return Err(Refused::RecordInactive);
        }
        if self.is_in(&sequence, self.by) {
            return Err(Refused::AlreadyConnected);
        }
        self.may_enter(&sequence, None)?;
        let newest = sequence.versions.last().expect("an active sequence has a version");
        if self.resolve(&newest.assign_to, self.by).is_none() {
            return Err(Refused::AssigneeUnresolved);
        }
        let (version, opens_at) = (newest.number, wait.map(|wait| self.now + wait));
        let run = self.begin(id, version, self.by, opens_at, None);
        if opens_at.is_none() {
            self.start_run(run);
        }
        Ok(())
    }

    fn begin(
        &mut self,
        sequence: SequenceId,
        version: u16,
        by: UserId,
        opens_at: Option<Timestamp>,
        advanced_from: Option<u32>,
    ) -> u32 {
        let number = self.fresh_number();
        let status = if opens_at.is_some() { EnrolmentStatus::Connecting } else { EnrolmentStatus::Connected };
        self.runs.push(Run {
            number,
            sequence,
            version,
            status,
            reason: None,
            by,
            connected_at: self.now,
            opens_at,
            advanced_from,
            current: None,
            steps_done: 0,
            ended_at: None,
        });
        number
    }

    /// K-11.
    pub(super) fn start_run(&mut self, run: u32) {
        self.run_mut(run).status = EnrolmentStatus::Connected;
        let first = self.version(run).graph.start.clone();
        self.go(run, first);
    }

    /// K-6, D-44.
    fn is_in(&self, sequence: &Sequence, by: UserId) -> bool {
        let assign_to = &sequence.versions.last().expect("a version").assign_to;
        let live = self.live().into_iter().filter_map(|run| self.run(run));
        let mut same = live.filter(|run| run.sequence == sequence.id);
        same.any(|run| *assign_to != AssignTo::CurrentUser || run.by == by)
    }

    /// Re-entry and exclusivity; `leaving` is the run that is left for it.
    fn may_enter(&self, sequence: &Sequence, leaving: Option<u32>) -> Answer {
        let ends = self.runs.iter().filter(|run| run.sequence == sequence.id).filter_map(|run| run.ended_at);
        if let Some(left) = ends.max() {
            let refused = |until| Err(Refused::ReentryRefused { left, until });
            match sequence.reentry {
                Reentry::AnyTime => {}
                Reentry::Never => return refused(None),
                Reentry::AfterDays(days) => {
                    let until = left + TimeDelta::days(days.into());
                    if self.now < until {
                        return refused(Some(until));
                    }
                }
            }
        }
        for run in self.live().into_iter().filter(|run| Some(*run) != leaving) {
            let other = self.sequence(self.run(run).expect("a run").sequence).expect("a sequence");
            if other.id != sequence.id && (excludes(sequence, other) || excludes(other, sequence)) {
                return Err(Refused::Excluded { by: other.name.clone() });
            }
        }
        Ok(())
    }

    /// K-12.
    pub(super) fn disconnect(&mut self, run: u32) -> Answer {
        self.run(run).ok_or(Refused::EnrolmentNotFound)?;
        if !self.is_live(run) {
            return Err(Refused::EnrolmentEnded);
        }
        self.end(run, EnrolmentStatus::Disconnected, EndReason::UserDisconnected);
        Ok(())
    }

    /// those who were connected by then.
    pub(super) fn leave(&mut self, sequence: SequenceId, until: Timestamp) -> Answer {
        for run in self.live() {
            let one = self.run(run).expect("a run");
            if one.sequence == sequence && one.connected_at <= until {
                self.end(run, EnrolmentStatus::Disconnected, EndReason::ParentSequenceDeactivated);
            }
        }
        Ok(())
    }

    /// §19.2: what it stands on is cancelled with it.
    pub(super) fn end(&mut self, run: u32, status: EnrolmentStatus, reason: EndReason) {
        if let Some(open) = self.open_of(run).map(|visit| visit.number) {
            self.take_back(open);
            self.shut(open, StepStatus::Cancelled);
        }
        let now = self.now;
        let run = self.run_mut(run);
        (run.status, run.reason, run.ended_at) = (status, Some(reason), Some(now));
    }

    /// K-13, TC-8, D-59. `writing` decides about itself.
    pub(super) fn close(&mut self, outcome: Outcome, writing: Option<u32>) {
        (self.lead.is_open, self.lead.outcome) = (false, outcome);
        self.touched();
        for run in self.live().into_iter().filter(|run| Some(*run) != writing) {
            let stands_on = self.open_of(run).map(|visit| visit.node.clone());
            let goes_on = stands_on.is_some_and(|node| self.leads_to_seller(run, &node));
            if outcome != Outcome::Success || !goes_on {
                self.end(run, EnrolmentStatus::Disconnected, EndReason::RegardingEntityDeactivated);
            }
        }
    }

    /// CM-4.
    pub(super) fn advance(&mut self, run: u32, visit: u32, target: &str) -> Step {
        if !self.lead.is_open {
            self.end(run, EnrolmentStatus::Disconnected, EndReason::RegardingEntityDeactivated);
            return Step::Stop;
        }
        let target = SequenceId::parse(target).and_then(|id| self.sequence(id)).filter(|target| target.active).cloned();
        let Some(target) = target else { return self.fail(visit, StepError::AdvanceTargetInactive) };
        let (led, rested) = self.hops.get(&run).copied().unwrap_or_default();
        let led = if rested { 0 } else { led };
        if led >= ADVANCES_MAX {
            return self.fail(visit, StepError::AdvanceLoop);
        }
        let by = self.run(run).expect("a run").by;
        // K-6: where it is already, it goes on there.
        let enters = !self.is_in(&target, by);
        if enters && self.may_enter(&target, Some(run)).is_err() {
            return self.fail(visit, StepError::AdvanceRefused);
        }
        self.finish(visit, WaitState::None, None);
        self.end(run, EnrolmentStatus::Completed, EndReason::AdvancedToOtherSequence);
        if enters {
            let version = target.versions.last().expect("a version").number;
            let next = self.begin(target.id, version, by, None, Some(visit));
            self.hops.insert(next, (led + 1, false));
            self.start_run(next);
        }
        Step::Stop
    }

    /// Somebody acts on the run, or it waits.
    pub(super) fn rests(&mut self, run: u32) {
        self.hops.entry(run).or_default().1 = true;
    }
}

/// Whether one does not go together with another, by a tag of that or one above it.
fn excludes(one: &Sequence, other: &Sequence) -> bool {
    let Some(tag) = one.exclusive else { return false };
    let above = |own: &TagId| PARENTS.iter().find(|(child, _)| child == own).map(|(_, parent)| *parent);
    other.tags.iter().any(|own| *own == tag || above(own) == Some(tag))
}
