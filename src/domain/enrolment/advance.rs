//! Moving along the plan: what opens when a node is done, through every node that needs nobody.

use std::cell::Cell;

use super::{EndReason, EnrolmentStatus, Exit, Ordinal, Step, StepError, StepStatus, WaitState};
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::plan::{Action, NodeIndex, Plan, PlanNode};
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::{Change, Outcome, RecordState, Value};
use crate::domain::record::{Record, RecordRejection};
use crate::id::RecordId;
use crate::limits;

/// One decision in the making: the record as it will be, and the events that lead there.
pub struct Turn<'a> {
    /// A scratch copy that each event is applied to at once.
    pub record: Record,
    /// What the decision may look at.
    pub given: &'a Given,
    /// When and by whom.
    pub stamp: Stamp,
    /// The record's id.
    pub id: RecordId,
    events: Vec<RecordEvent>,
    pub(super) unseen: Cell<Option<RecordId>>,
}

impl<'a> Turn<'a> {
    /// Begins from `record` as it stands.
    pub fn new(record: &Record, id: RecordId, given: &'a Given, stamp: Stamp) -> Turn<'a> {
        Turn { record: record.clone(), given, stamp, id, events: Vec::with_capacity(4), unseen: Cell::new(None) }
    }

    /// The events, in order.
    pub fn done(self) -> Vec<RecordEvent> {
        self.events
    }

    /// Another record that this decision depends on and has not seen.
    pub fn unseen(&self) -> Option<RecordId> {
        self.unseen.get()
    }

    /// The events so far, in order.
    pub(super) fn events(&self) -> &[RecordEvent] {
        &self.events
    }

    /// Notes a fact; what follows sees it.
    pub fn emit(&mut self, event: RecordEvent) {
        self.record.apply(&event, self.stamp);
        self.events.push(event);
    }

    /// The plan that an enrolment is pinned to.
    pub fn plan(&self, enrolment: Ordinal) -> Result<&'a Plan, RecordRejection> {
        let enrolment = self.record.enrolment(enrolment).ok_or(RecordRejection::EnrolmentNotFound)?;
        self.given.plan(enrolment.sequence, enrolment.version).ok_or(RecordRejection::SequenceNotFound)
    }

    /// A number that nothing on the record has yet.
    pub fn next_ordinal(&self) -> Result<Ordinal, RecordRejection> {
        let next = self.record.last_ordinal.saturating_add(1);
        if next > limits::RECORD_ORDINAL_MAX { Err(RecordRejection::RecordFull) } else { Ok(next) }
    }

    /// Opens `node` and whatever follows it without anybody's action; an empty exit completes the enrolment.
    pub fn open(&mut self, enrolment: Ordinal, node: Option<NodeIndex>) -> Result<(), RecordRejection> {
        let plan = self.plan(enrolment)?;
        let mut next = node;
        while let Some(index) = next {
            let node = plan.node(index).ok_or(RecordRejection::SequenceNotFound)?;
            match self.open_one(enrolment, plan, index, node)? {
                Opened::Stays => {
                    self.set_due_of_current(enrolment);
                    self.warn_unresolved(enrolment, plan);
                    self.link_activity(enrolment);
                    return Ok(());
                }
                Opened::Done(exit) => next = exit,
            }
            if self.record.enrolment(enrolment).is_none_or(|enrolment| !enrolment.status.is_live()) {
                return Ok(());
            }
        }
        self.end(enrolment, EnrolmentStatus::Completed, EndReason::SequenceCompleted);
        Ok(())
    }

    /// Ends an enrolment and cancels what it stands on.
    pub fn end(&mut self, enrolment: Ordinal, status: EnrolmentStatus, reason: EndReason) {
        let current = self.record.enrolment(enrolment).and_then(|enrolment| self.record.current_step(enrolment));
        let cancelled = current.map(|step| step.ordinal);
        if let Some(step) = cancelled {
            self.take_back(step, "its enrolment ended");
        }
        self.emit(RecordEvent::Ended { enrolment, status, reason, cancelled });
    }

    /// Closes the record (K-13). A success closing keeps those enrolments that still lead to a seller step (TC-8, D-59);
    /// `writing` is the enrolment whose own command closes the record and decides about itself.
    pub fn close(&mut self, outcome: Outcome, writing: Option<Ordinal>) {
        self.emit(RecordEvent::Closed(outcome));
        let live: Vec<_> = self.record.live().map(|live| live.ordinal).filter(|live| Some(*live) != writing).collect();
        for enrolment in live {
            if outcome != Outcome::Success || !self.seller_ahead(enrolment) {
                self.end(enrolment, EnrolmentStatus::Disconnected, EndReason::RegardingEntityDeactivated);
            }
        }
    }

    /// Whether a connected enrolment still leads to a seller step after the node it stands on (D-59).
    fn seller_ahead(&self, enrolment: Ordinal) -> bool {
        let Some(step) = self.record.enrolment(enrolment).and_then(|enrolment| self.record.current_step(enrolment))
        else {
            return false;
        };
        self.record.node_of(self.given, step).is_some_and(|node| node.seller_behind)
    }

    fn open_one(
        &mut self,
        enrolment: Ordinal,
        plan: &'a Plan,
        index: NodeIndex,
        node: &'a PlanNode,
    ) -> Result<Opened, RecordRejection> {
        let step = self.next_ordinal()?;
        let assignee = self.assignee(enrolment, plan);
        let opened = |wakes_at, error: Option<StepError>| RecordEvent::StepOpened {
            step,
            enrolment,
            node: index,
            assignee,
            wakes_at,
            // An automated message that cannot be sent becomes the seller's (ST-23).
            converted: error.is_some(),
            error,
        };
        match &node.action {
            Action::Seller(_) => {
                self.emit(opened(None, None));
                Ok(Opened::Stays)
            }
            Action::Wait(wait) => {
                if let Some(by) = self.ended_already(enrolment, node) {
                    self.emit(opened(None, None));
                    self.emit(RecordEvent::WaitEnded { step, by });
                    self.complete(step, WaitState::Completed, None, false);
                    return Ok(Opened::Done(node.next));
                }
                self.emit(opened(Some(self.wait_end(plan, assignee, self.stamp.at, *wait)), None));
                Ok(Opened::Stays)
            }
            Action::AutoEmail(_) | Action::AutoText(_) | Action::AbTest(_) => {
                Ok(self.reach_message(enrolment, plan, node, assignee, opened))
            }
            Action::EmailSignals(question) => {
                let (wakes_at, held) = self.answer_email(enrolment, question);
                self.emit(opened(wakes_at, None));
                Ok(held.map_or(Opened::Stays, |held| self.take(step, node, WaitState::None, held)))
            }
            Action::CallResult(results) => {
                let call = self.step_before(enrolment);
                let held = call.and_then(|call| call.call_result.as_ref()).is_some_and(|given| results.contains(given));
                self.emit(opened(None, None));
                Ok(self.take(step, node, WaitState::None, held))
            }
            Action::FieldCondition(_)
            | Action::StageCondition { .. }
            | Action::UpdateField { .. }
            | Action::Advance(_) => {
                self.emit(opened(None, None));
                self.execute(enrolment, step, node)
            }
        }
    }

    /// Does what a command does, when it is reached and when it is tried again (CM-12 to CM-14).
    pub fn execute(
        &mut self,
        enrolment: Ordinal,
        step: Ordinal,
        node: &'a PlanNode,
    ) -> Result<Opened, RecordRejection> {
        match &node.action {
            Action::UpdateField { field, value } => self.update_field(enrolment, step, field, value, node),
            Action::Advance(target) => self.advance_to(enrolment, step, *target),
            Action::FieldCondition(condition) => Ok(match self.answer_field(condition) {
                Ok(held) => self.take(step, node, WaitState::None, held),
                Err(_) => self.fail(step, StepError::FieldMissing),
            }),
            Action::StageCondition { flow, stages } => {
                let held = self.answer_stage(*flow, stages);
                Ok(self.take(step, node, WaitState::None, held))
            }
            Action::Seller(_)
            | Action::AutoEmail(_)
            | Action::AutoText(_)
            | Action::AbTest(_)
            | Action::Wait(_)
            | Action::EmailSignals(_)
            | Action::CallResult(_) => Err(RecordRejection::NothingToRetry),
        }
    }

    /// Leaves the enrolment on a node with an error; said once, however often it is tried.
    pub fn fail(&mut self, step: Ordinal, error: StepError) -> Opened {
        if self.record.step(step).is_none_or(|step| step.error != Some(error)) {
            self.emit(RecordEvent::StepFailed { step, error });
        }
        Opened::Stays
    }

    /// Completes a condition and says where its exit leads.
    pub fn take(&mut self, step: Ordinal, node: &PlanNode, wait: WaitState, held: bool) -> Opened {
        let exit = if held { Exit::Yes } else { Exit::No };
        self.complete(step, wait, Some(exit), false);
        Opened::Done(if held { node.next } else { node.no })
    }

    pub fn complete(&mut self, step: Ordinal, wait: WaitState, exit: Option<Exit>, counted: bool) {
        self.emit(RecordEvent::StepCompleted { step, wait, call_result: None, exit, counted });
    }

    /// Writes a field for a command (CM-3); `disposition` closes the record (D-69). What cannot be written leaves the
    /// enrolment on the node with an error (CM-13).
    fn update_field(
        &mut self,
        enrolment: Ordinal,
        step: Ordinal,
        field: &str,
        value: &str,
        node: &PlanNode,
    ) -> Result<Opened, RecordRejection> {
        let mut change = Change::Field(field.to_owned(), Some(Value::Text(value.to_owned())));
        let takes = self.given.catalogue.field(self.record.kind, field);
        let is_option = takes.is_some_and(|field| field.kind.takes_option(value));
        if !is_option || change.check(self.record.kind, self.given).is_err() {
            return Ok(self.fail(step, StepError::FieldUpdateFailed));
        }
        if !self.record.profile.has(&change) {
            self.emit(RecordEvent::Changed { changes: vec![change.clone()], former_external_id: None });
        }
        self.complete(step, WaitState::None, None, false);
        let closing = closing_outcome(&change).filter(|_| self.record.state == RecordState::Active);
        if node.next.is_none() {
            self.end(enrolment, EnrolmentStatus::Completed, EndReason::SequenceCompleted);
        }
        if let Some(outcome) = closing {
            self.close(outcome, Some(enrolment));
            let stays = outcome == Outcome::Success && node.seller_behind;
            if node.next.is_some() && !stays {
                self.end(enrolment, EnrolmentStatus::Disconnected, EndReason::RegardingEntityDeactivated);
            }
        }
        Ok(Opened::Done(node.next))
    }

    /// The step instance that the enrolment opened last: the one a condition evaluates.
    pub fn step_before(&self, enrolment: Ordinal) -> Option<&Step> {
        self.record.step_before(enrolment, Ordinal::MAX)
    }
}

impl Record {
    /// The node that a step was opened for, in the version it ran in.
    pub fn node_of<'a>(&self, given: &'a Given, step: &Step) -> Option<&'a PlanNode> {
        let sequence = self.enrolment(step.enrolment)?.sequence;
        given.plan(sequence, step.version)?.node(step.node)
    }

    /// The step that an enrolment stood on last before `ordinal`; what was cancelled for another does not count.
    pub fn step_before(&self, enrolment: Ordinal, ordinal: Ordinal) -> Option<&Step> {
        let before = |step: &&Step| step.enrolment == enrolment && step.ordinal < ordinal;
        self.steps.iter().rev().filter(before).find(|step| step.status != StepStatus::Cancelled)
    }
}

/// What became of a node that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// Somebody or something has to act.
    Stays,
    /// It is done; this comes next.
    Done(Option<NodeIndex>),
}

/// How writing `change` closes the record, if it does (§20.9, D-69).
pub fn closing_outcome(change: &Change) -> Option<Outcome> {
    match change {
        Change::Field(name, Some(Value::Text(value))) if name == "disposition" => match value.as_str() {
            "disqualified" => Some(Outcome::Failure),
            "qualified" => Some(Outcome::Success),
            _ => None,
        },
        _ => None,
    }
}
