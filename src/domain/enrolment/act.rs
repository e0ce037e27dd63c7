//! What people, timers and the outside do to a step (§11.2, §19.3).

use super::advance::{Opened, Turn};
use super::{EndReason, EnrolmentStatus, Exit, Ordinal, Signal, Step, StepError, StepStatus, WaitState};
use crate::domain::activity::ActivityKind;
use crate::domain::plan::{Action, PlanNode, SellerStep};
use crate::domain::record::event::RecordEvent;
use crate::domain::record::{Problem, RecordRejection};
use crate::limits;
use crate::time::Timestamp;

impl<'a> Turn<'a> {
    /// a seller's step is done. A call that a condition looks at needs its result (CO-35).
    pub fn complete_step(
        &mut self,
        step: Ordinal,
        note: Option<String>,
        call_result: Option<String>,
    ) -> Result<(), RecordRejection> {
        let (step, node) = self.open_step(step)?;
        if !performs(&step, node) {
            return Err(RecordRejection::StepWaits);
        }
        let kind = ActivityKind::of(node).unwrap_or(ActivityKind::Task);
        let call_result = self.call_result(kind, step.assignee, call_result)?;
        if call_result.is_none() && self.needs_call_result(&step, node)? {
            return Err(RecordRejection::CallResultRequired);
        }
        self.note(step.ordinal, note, "/note")?;
        self.take_back(step.ordinal, "its step was completed by hand");
        self.emit(RecordEvent::StepCompleted {
            step: step.ordinal,
            wait: step.wait,
            call_result,
            exit: None,
            counted: node.is_counted(),
        });
        self.count_done(step.ordinal);
        self.open(step.enrolment, node.next)
    }

    /// the step is passed over. Skipping a wait also passes over the automated message right behind it (D-68);
    /// skipping a condition takes No.
    pub fn skip_step(&mut self, step: Ordinal) -> Result<(), RecordRejection> {
        let (step, node) = self.open_step(step)?;
        let exit = node.is_branching().then_some(Exit::No);
        self.take_back(step.ordinal, "its step was skipped");
        self.emit(RecordEvent::StepSkipped { step: step.ordinal, exit, counted: node.is_counted() });
        let next = if node.is_branching() { node.no } else { node.next };
        let plan = self.plan(step.enrolment)?;
        let behind = next.and_then(|index| Some((index, plan.node(index)?)));
        match (&node.action, behind) {
            (Action::Wait(_), Some((index, message))) if message.is_automated() => {
                let passed = self.next_ordinal()?;
                self.emit(RecordEvent::StepOpened {
                    step: passed,
                    enrolment: step.enrolment,
                    node: index,
                    assignee: self.assignee(step.enrolment, plan),
                    wakes_at: None,
                    error: None,
                    converted: false,
                });
                self.emit(RecordEvent::StepSkipped { step: passed, exit: None, counted: true });
                self.open(step.enrolment, message.next)
            }
            _ => self.open(step.enrolment, next),
        }
    }

    /// later, and never a wait or a manual activity.
    pub fn snooze_step(&mut self, step: Ordinal, until: Timestamp) -> Result<(), RecordRejection> {
        if self.record.activity(step).is_some() {
            return Err(RecordRejection::SnoozeNotAllowed);
        }
        let (step, node) = self.open_step(step)?;
        if !performs(&step, node) || step.snoozes >= limits::SNOOZES_MAX {
            return Err(RecordRejection::SnoozeNotAllowed);
        }
        if until <= self.stamp.at {
            return Err(RecordRejection::SnoozeInPast);
        }
        self.emit(RecordEvent::StepSnoozed { step: step.ordinal, until });
        Ok(())
    }

    /// R-14; a waiting condition is evaluated now (CO-16).
    pub fn skip_wait(&mut self, step: Ordinal) -> Result<(), RecordRejection> {
        let (step, node) = self.open_step(step)?;
        if self.hurry_message(&step) {
            return Ok(());
        }
        if step.wait != WaitState::Waiting {
            return Err(RecordRejection::NotWaiting);
        }
        self.wake(&step, node, WaitState::Skipped)
    }

    /// CM-12 to CM-14: the command is tried again where it failed.
    pub fn retry_step(&mut self, step: Ordinal) -> Result<(), RecordRejection> {
        let (step, node) = self.open_step(step)?;
        if step.error.is_none() || step.converted {
            return Err(RecordRejection::NothingToRetry);
        }
        self.execute_again(&step, node)
    }

    /// CM-12: what was written may be what a condition misses.
    pub fn look_again(&mut self) -> Result<(), RecordRejection> {
        let current = self.record.live().filter_map(|live| self.record.current_step(live));
        let missing = current.filter(|step| step.error == Some(StepError::FieldMissing));
        for step in missing.map(|step| step.ordinal).collect::<Vec<_>>() {
            let (step, node) = self.open_step(step)?;
            self.execute_again(&step, node)?;
        }
        Ok(())
    }

    fn execute_again(&mut self, step: &Step, node: &'a PlanNode) -> Result<(), RecordRejection> {
        match self.execute(step.enrolment, step.ordinal, node)? {
            Opened::Done(next) if self.is_live(step.enrolment) => self.open(step.enrolment, next),
            Opened::Done(_) | Opened::Stays => Ok(()),
        }
    }

    /// a note, on any step that ever was.
    pub fn note_step(&mut self, step: Ordinal, text: String) -> Result<(), RecordRejection> {
        let step = self.record.step(step).ok_or(RecordRejection::StepNotFound)?.ordinal;
        self.note(step, Some(text), "/text")
    }

    /// §21.4: something came back for an e-mail. The exit criterion goes before a pending condition; a condition
    /// that moves on early takes Yes at once (CO-12).
    pub fn signal(&mut self, step: Ordinal, signal: Signal, at: Timestamp) -> Result<(), RecordRejection> {
        let mail = self.record.step(step).ok_or(RecordRejection::StepNotFound)?;
        let enrolment = mail.enrolment;
        let plan = self.plan(enrolment)?;
        if !self.record.node_of(self.given, mail).is_some_and(PlanNode::is_email) {
            return Err(RecordRejection::NotAnEmail);
        }
        self.emit(RecordEvent::Signalled { step, signal, at });
        if !self.is_live(enrolment) {
            return Ok(());
        }
        if plan.conduct.exit_on_reply && signal == Signal::Replied {
            self.leave_on_reply(enrolment);
            return Ok(());
        }
        let current = self.record.enrolment(enrolment).and_then(|enrolment| self.record.current_step(enrolment));
        let Some(current) = current.cloned() else { return Ok(()) };
        let Some(node) = self.record.node_of(self.given, &current) else { return Ok(()) };
        let follows = self.mail_of(&current).is_some_and(|mail| mail.ordinal == step);
        if follows { self.wake_early(&current, node) } else { Ok(()) }
    }

    ///
    pub(super) fn leave_on_reply(&mut self, enrolment: Ordinal) {
        self.end(enrolment, EnrolmentStatus::Disconnected, EndReason::ExitCriterionMet);
    }

    /// CO-12: a waiting condition that moves on early does, if it is satisfied.
    pub(super) fn wake_early(&mut self, step: &Step, node: &PlanNode) -> Result<(), RecordRejection> {
        match &node.action {
            Action::EmailSignals(question) if question.advance_early && self.satisfied(step, question) => {
                self.wake(step, node, WaitState::Completed)
            }
            _ => Ok(()),
        }
    }

    /// A timer of a wait, a time limit or a connection with a wait.
    pub fn fire(&mut self, key: Ordinal) -> Result<(), RecordRejection> {
        if let Some(enrolment) = self.record.enrolment(key) {
            return match (enrolment.status, enrolment.opens_at) {
                _ if enrolment.awaits_pilot().is_some() => Err(RecordRejection::Stale),
                (EnrolmentStatus::Connecting, Some(due)) if self.is_early(due) => Err(RecordRejection::NotDue),
                (EnrolmentStatus::Connecting, _) => {
                    self.emit(RecordEvent::Began { enrolment: key });
                    self.open(key, Some(0))
                }
                _ => Err(RecordRejection::Stale),
            };
        }
        if let Some(done) = self.wake_message(key) {
            return done;
        }
        let (step, node) = self.open_step(key).map_err(|rejection| match rejection {
            RecordRejection::StepNotFound | RecordRejection::StepNotOpen => RecordRejection::Stale,
            kept => kept,
        })?;
        match step.wakes_at {
            Some(due) if self.is_early(due) => Err(RecordRejection::NotDue),
            Some(_) => self.wake(&step, node, WaitState::Completed),
            None => Err(RecordRejection::Stale),
        }
    }

    /// A wait is over: what it waited for is judged and the enrolment moves on.
    pub(super) fn wake(&mut self, step: &Step, node: &PlanNode, wait: WaitState) -> Result<(), RecordRejection> {
        if node.is_automated() {
            return self.send_pending(step, node, wait);
        }
        if let Action::EmailSignals(question) = &node.action {
            let held = self.satisfied(step, question);
            return match self.take(step.ordinal, node, wait, held) {
                Opened::Done(next) => self.open(step.enrolment, next),
                Opened::Stays => Ok(()),
            };
        }
        self.emit(RecordEvent::StepCompleted {
            step: step.ordinal,
            wait,
            call_result: None,
            exit: None,
            counted: false,
        });
        self.open(step.enrolment, node.next)
    }

    pub fn is_live(&self, enrolment: Ordinal) -> bool {
        self.record.enrolment(enrolment).is_some_and(|enrolment| enrolment.status.is_live())
    }

    /// An open step with its node; anything else is R-23.
    pub(super) fn open_step(&self, step: Ordinal) -> Result<(Step, &'a PlanNode), RecordRejection> {
        let step = self.record.step(step).ok_or(RecordRejection::StepNotFound)?;
        if step.status != StepStatus::Open {
            return Err(RecordRejection::StepNotOpen);
        }
        let node = self.record.node_of(self.given, step).ok_or(RecordRejection::SequenceNotFound)?;
        Ok((step.clone(), node))
    }

    /// CO-35: whether a condition looks at how this call ended.
    fn needs_call_result(&self, step: &Step, node: &PlanNode) -> Result<bool, RecordRejection> {
        let plan = self.plan(step.enrolment)?;
        let next = node.next.and_then(|next| plan.node(next));
        let is_call = node.action == Action::Seller(SellerStep::PhoneCall);
        Ok(is_call && next.is_some_and(|next| matches!(next.action, Action::CallResult(_))))
    }

    pub(super) fn note(&mut self, step: Ordinal, note: Option<String>, pointer: &str) -> Result<(), RecordRejection> {
        let Some(text) = note else { return Ok(()) };
        let (length, max) = (text.chars().count(), limits::NOTE_MAX);
        let fault = match () {
            () if text.trim().is_empty() => Some(("empty", "a note has text".to_owned())),
            () if length > max => Some(("too_long", format!("a note has at most {max} characters, not {length}"))),
            () => None,
        };
        if let Some((code, detail)) = fault {
            return Err(RecordRejection::Invalid(vec![Problem { pointer: pointer.into(), code, detail }]));
        }
        self.emit(RecordEvent::Noted { step, text });
        Ok(())
    }
}

/// Whether a person performs the step: a seller's own, or an automated message that became one (ST-23).
pub fn performs(step: &Step, node: &PlanNode) -> bool {
    node.is_seller_step() || step.converted
}
