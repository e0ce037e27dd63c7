//! Manual and linked activities, and work that is handed over.

use relance::domain::activity::{ActivityKind, ActivityStatus, NewActivity};
use relance::domain::enrolment::StepStatus;
use relance::domain::record::RecordRejection as Refused;
use relance::domain::record::schema::Owner;
use relance::domain::sequence::graph::{Node, Occurrence};
use relance::id::UserId;

use super::act::{invalid, note_fits, performs};
use super::{Answer, Deed, Happened, Naive, Visit, node};
use crate::domain::model::scene::RESULTS;

impl Naive {
    /// C-7.
    pub(super) fn add_activity(&mut self, new: NewActivity) -> Answer {
        if new.subject.trim().is_empty() {
            return Err(invalid("/subject"));
        }
        let (number, assignee) = (self.fresh_number(), Owner::User(self.by));
        let (status, closed_at, call_result) = (ActivityStatus::Open, None, None);
        self.deeds.push(Deed { number, kind: new.kind, assignee, status, closed_at, call_result });
        Ok(())
    }

    /// Whether an open activity is a call; else why it is none.
    fn open_activity(&self, number: u32) -> Result<(bool, Owner), Refused> {
        let deed = self.deeds.iter().find(|deed| deed.number == number);
        let manual = deed.map(|deed| (deed.kind == ActivityKind::PhoneCall, deed.assignee, deed.status));
        let linked = || {
            let visit = self.visit(number)?;
            Some((self.is_call(visit), visit.assignee, visit.linked?))
        };
        match manual.or_else(linked) {
            None => Err(Refused::ActivityNotFound),
            Some((is_call, assignee, ActivityStatus::Open)) => Ok((is_call, assignee)),
            Some(_) => Err(Refused::ActivityNotOpen),
        }
    }

    fn is_call(&self, visit: &Visit) -> bool {
        matches!(node(&self.version(visit.run), &visit.node), Node::PhoneCall(_))
    }

    ///
    pub(super) fn complete_activity(&mut self, number: u32, note: Option<String>, result: Option<String>) -> Answer {
        let (is_call, _) = self.open_activity(number)?;
        let completes = if is_call { self.office.call_completes_step } else { self.office.completes_step };
        if completes && self.visit(number).is_some() {
            return self.complete(number, note, result);
        }
        let result = self.result_of(is_call, result)?;
        note_fits(note.as_deref())?;
        self.shut_activity(number, ActivityStatus::Completed);
        if let Some(deed) = self.deeds.iter_mut().find(|deed| deed.number == number) {
            deed.call_result = result;
        }
        self.happened.push(Happened::Event(Occurrence::ActivityCompleted));
        Ok(())
    }

    ///
    pub(super) fn result_of(&self, is_call: bool, told: Option<String>) -> Result<Option<String>, Refused> {
        match told {
            Some(result) if !is_call || !RESULTS.contains(&result.as_str()) => {
                Err(Refused::CallResultInvalid(String::new()))
            }
            None if is_call => Ok(self.office.default_result.clone()),
            told => Ok(told),
        }
    }

    fn shut_activity(&mut self, number: u32, status: ActivityStatus) {
        let now = self.now;
        match self.deeds.iter_mut().find(|deed| deed.number == number) {
            Some(deed) => (deed.status, deed.closed_at) = (status, Some(now)),
            None => self.visit_mut(number).linked = Some(status),
        }
    }

    ///
    pub(super) fn cancel_activity(&mut self, number: u32) -> Answer {
        self.open_activity(number)?;
        self.shut_activity(number, ActivityStatus::Cancelled);
        Ok(())
    }

    /// §21.4: late reports are legal.
    pub(super) fn report_activity(&mut self, number: u32, is_completed: bool, result: Option<String>) -> Answer {
        let told =
            if is_completed { self.complete_activity(number, None, result) } else { self.cancel_activity(number) };
        if told == Err(Refused::ActivityNotOpen) { Ok(()) } else { told }
    }

    ///
    pub(super) fn assign_activity(&mut self, number: u32, to: Owner) -> Answer {
        let (_, assignee) = self.open_activity(number)?;
        if self.visit(number).is_some() {
            return self.assign_step(number, to);
        }
        self.must_act(to)?;
        if assignee != to {
            self.deeds.iter_mut().filter(|deed| deed.number == number).for_each(|deed| deed.assignee = to);
            self.move_due_dates();
        }
        Ok(())
    }

    /// without the setting, from when the seller starts.
    pub(super) fn start(&mut self, number: u32) -> Answer {
        let (visit, at) = self.open_visit(number)?;
        if !performs(&visit, &at) {
            return Err(Refused::StepWaits);
        }
        if visit.linked.is_none() && !self.is_excluded(&visit) {
            self.visit_mut(number).linked = Some(ActivityStatus::Open);
        }
        Ok(())
    }

    ///
    pub(super) fn is_excluded(&self, visit: &Visit) -> bool {
        self.office.exclude_calls && self.is_call(visit)
    }

    ///
    pub(super) fn hand_over(&mut self, user: UserId) -> Answer {
        let from = Owner::User(user);
        if self.may_act(from) {
            return Ok(());
        }
        let theirs = self.visits.iter().filter(|visit| visit.assignee == from && visit.status == StepStatus::Open);
        for number in theirs.map(|visit| visit.number).collect::<Vec<_>>() {
            let run = self.visit(number).expect("a visit").run;
            let to = self.stand_in(from, Some(self.run(run).expect("a run").sequence));
            let held = self.visit_mut(number);
            if to != from {
                (held.assignee, held.warned) = (to, false);
            }
        }
        let to = self.stand_in(from, None);
        let deeds = self.deeds.iter_mut().filter(|deed| deed.assignee == from && deed.status == ActivityStatus::Open);
        deeds.for_each(|deed| deed.assignee = to);
        self.move_due_dates();
        Ok(())
    }
}
