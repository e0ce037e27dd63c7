//! What becomes of a message that was handed to the outbox: each outcome is one decision of its record (§4, ST-23, D-58).
//!
//! Where a mail server takes messages, a step stays open until its message was taken and completes then (§19.3); it can be
//! skipped until then, and whatever ends the enrolment keeps the message from leaving, unless it is being carried already.

use std::sync::Arc;

use chrono::TimeDelta;

use super::act::performs;
use super::advance::Turn;
use super::text::pause_of;
use super::{Ordinal, Signal, Step, StepError, StepStatus, WaitState};
use crate::domain::delivery::{Class, Message, MessageState, Settled, UnknownPolicy, Wording};
use crate::domain::entity::Stamp;
use crate::domain::given::Given;
use crate::domain::governor::Brake;
use crate::domain::plan::{Action, PlanNode};
use crate::domain::record::event::RecordEvent;
use crate::domain::record::{Record, RecordRejection};
use crate::domain::sequence::graph::{Occurrence, Until};
use crate::id::{StepId, UserId};
use crate::time::Timestamp;

impl Record {
    /// The first time from `at` on at which its window lets the message of a step leave.
    pub fn leaves_at(&self, id: StepId, given: &Given, at: Timestamp) -> Timestamp {
        let turn = Turn::new(self, id.record(), given, Stamp { at, by: UserId::SYSTEM });
        self.step(id.ordinal()).and_then(|step| turn.window_of(step)).unwrap_or(at)
    }
}

impl Turn<'_> {
    /// Whether a step is done with its message in the outbox: where nothing can go wrong with it any more.
    pub(super) fn is_sure(&self, step: Ordinal) -> bool {
        if self.record.is_text(self.given, step) {
            return !self.given.carries;
        }
        let sender = self.record.sender(self.given, step).map(Arc::as_ref);
        self.given.class_of(sender) == Class::Idempotent
    }

    /// A message is about to leave: what has changed since it was owed is looked at, in the same turn in which a reply would
    /// have taken it back. A claim of an earlier process is one of whose outcome nothing is known.
    pub fn claim_message(
        &mut self,
        step: Ordinal,
        epoch: u64,
        message_id: String,
        written: Option<Wording>,
    ) -> Result<(), RecordRejection> {
        let (step, message) = self.message(step)?;
        match message.state {
            MessageState::Owed => {}
            // The provider takes it for the one that it has, if it has one.
            MessageState::Claimed(_) if self.may_repeat(step.ordinal) => {}
            // Nobody claims what is being carried: whoever claimed it before has not said what became of it.
            MessageState::Claimed(_) => {
                return self.lose_message(step.ordinal, "the server stopped while it was being sent".into());
            }
            _ => return Err(RecordRejection::Stale),
        }
        let Some(node) = self.record.node_of(self.given, &step) else { return Err(RecordRejection::SequenceNotFound) };
        if let Some(unsendable) = self.cannot_send(node, step.assignee) {
            let why = unsendable.why.unwrap_or("the person cannot or does not want to be written to".into());
            self.emit(RecordEvent::MessageSkipped { step: step.ordinal, why, until: None });
            self.give_to_seller(&step, unsendable.error);
            return Ok(());
        }
        if self.skip_late(&step, &message, self.stamp.at)? {
            return Ok(());
        }
        if self.is_fused(&step) {
            self.hold_by_fuse(step.ordinal);
            return Ok(());
        }
        // Somebody has written another address since it was written: it is written once more, at once.
        let is_stale = written.as_ref().is_some_and(|written| Some(&written.to) != self.record.profile.email.as_ref());
        match self.window_of(&step).or(is_stale.then_some(self.stamp.at)) {
            Some(until) => {
                self.emit(RecordEvent::MessagePutOff { step: step.ordinal, until, failed: None, brake: None })
            }
            None => {
                self.keep_sender(step.enrolment, step.ordinal);
                self.note_written(step.ordinal, written);
                self.route_text(&step, message.route);
                self.emit(RecordEvent::MessageClaimed { step: step.ordinal, epoch, message_id });
            }
        }
        Ok(())
    }

    /// Bounds hold a message until then.
    pub fn plan_message(&mut self, step: Ordinal, until: Timestamp, brake: Brake) -> Result<(), RecordRejection> {
        let (step, message) = self.message(step)?;
        if message.state != MessageState::Owed || until <= self.stamp.at {
            return Err(RecordRejection::Stale);
        }
        // Nobody knows how long a fuse holds: what leaves too late is passed over when it would leave.
        if brake == Brake::Fuse {
            self.hold_by_fuse(step.ordinal);
        } else if !self.skip_late(&step, &message, until)? {
            let (step, brake) = (step.ordinal, Some(brake));
            self.emit(RecordEvent::MessagePutOff { step, until, failed: None, brake });
        }
        Ok(())
    }

    /// When the window of a message that may not leave now opens. What a person sends leaves when they say so.
    pub(super) fn window_of(&self, step: &Step) -> Option<Timestamp> {
        let node = self.record.node_of(self.given, step)?;
        let keeps_window = step.status == StepStatus::Open && step.wait != WaitState::Skipped && !performs(step, node);
        self.window_opens(self.plan(step.enrolment).ok()?, step.assignee).filter(|_| keeps_window)
    }

    /// Passes over an automated message that would leave later than its sequence allows.
    fn skip_late(&mut self, step: &Step, message: &Message, leaves: Timestamp) -> Result<bool, RecordRejection> {
        let node = self.record.node_of(self.given, step).ok_or(RecordRejection::SequenceNotFound)?;
        let allowed = self.plan(step.enrolment)?.conduct.sending.skip_after_hours.filter(|_| !performs(step, node));
        let Some(hours) = allowed.filter(|hours| leaves > message.due_at + TimeDelta::hours(i64::from(*hours))) else {
            return Ok(false);
        };
        let why = format!("it would leave more than {hours} hours late");
        self.emit(RecordEvent::MessageSkipped { step: step.ordinal, why, until: None });
        if step.status == StepStatus::Open {
            self.emit(RecordEvent::StepSkipped { step: step.ordinal, exit: None, counted: node.is_counted() });
            self.open(step.enrolment, node.next)?;
        }
        Ok(true)
    }

    /// It was taken.
    pub fn message_sent(
        &mut self,
        step: Ordinal,
        message_id: String,
        written: Option<Wording>,
    ) -> Result<(), RecordRejection> {
        let (step, message) = self.message(step)?;
        if !message.state.is_owed() {
            return Err(RecordRejection::Stale);
        }
        self.note_written(step.ordinal, written);
        self.emit(RecordEvent::MessageSent { step: step.ordinal, message_id });
        self.go_on(&step)
    }

    fn note_written(&mut self, step: Ordinal, written: Option<Wording>) {
        if let Some(written) = written {
            let mailbox = self.record.choose_sender(self.given, step);
            self.emit(RecordEvent::MessageWritten { step, mailbox, written });
        }
    }

    /// It is given up. A recipient whom the far side refuses has bounced: a wait behind it that looks for that goes on by it,
    /// else the seller takes over (ST-23).
    pub fn message_failed(&mut self, step: Ordinal, reason: String, bounced: bool) -> Result<(), RecordRejection> {
        let (step, message) = self.message(step)?;
        if !message.state.is_owed() {
            return Err(RecordRejection::Stale);
        }
        self.emit(RecordEvent::MessageFailed { step: step.ordinal, reason });
        if bounced {
            self.emit(RecordEvent::Signalled { step: step.ordinal, signal: Signal::Bounced, at: self.stamp.at });
            if self.looks_for_bounces(&step) {
                return self.go_on(&step);
            }
        }
        let error = match bounced {
            _ if self.record.is_text(self.given, step.ordinal) => StepError::AutomatedTextFailed,
            true => StepError::EmailUndeliverable,
            false => StepError::EmailTemplateFailed,
        };
        self.give_to_seller(&step, error);
        Ok(())
    }

    /// An attempt came to nothing: it is made again, for as long as the organisation tries.
    pub fn put_off(&mut self, step: Ordinal, why: String, pause: TimeDelta) -> Result<(), RecordRejection> {
        let (found, message) = self.message(step)?;
        if !message.state.is_owed() {
            return Err(RecordRejection::Stale);
        }
        if matches!(found.status, StepStatus::Cancelled | StepStatus::Skipped) {
            self.emit(RecordEvent::MessageSkipped { step, why: format!("its step is over, and {why}"), until: None });
            return Ok(());
        }
        let until = self.stamp.at + pause;
        let hours = self.given.policy.settings().retry_max_hours;
        if until > message.owed_at + TimeDelta::hours(i64::from(hours)) {
            return self.message_failed(found.ordinal, format!("given up after {hours} hours: {why}"), false);
        }
        self.emit(RecordEvent::MessagePutOff { step, until, failed: Some(why), brake: None });
        Ok(())
    }

    /// The far side fell silent when it had everything, or the server stopped meanwhile.
    pub fn lose_message(&mut self, step: Ordinal, why: String) -> Result<(), RecordRejection> {
        let (found, message) = self.message(step)?;
        if !matches!(message.state, MessageState::Claimed(_)) {
            return Err(RecordRejection::Stale);
        }
        // Where a second attempt does no harm, it answers the question.
        let settings = self.given.policy.settings();
        let again = self.stamp.at + pause_of(settings.retry_initial_seconds, message.attempts);
        let gives_up = message.owed_at + TimeDelta::hours(i64::from(settings.retry_max_hours));
        if found.status == StepStatus::Open && again <= gives_up && self.may_repeat(step) {
            self.emit(RecordEvent::MessagePutOff { step, until: again, failed: Some(why), brake: None });
            return Ok(());
        }
        let minutes = self.given.policy.settings().unknown_after_minutes;
        let until = self.stamp.at + TimeDelta::minutes(i64::from(minutes));
        self.emit(RecordEvent::MessageUnknown { step, why, until });
        Ok(())
    }

    /// What became of a message of which nobody knew.
    pub fn settle_message(&mut self, step: Ordinal, to: Settled) -> Result<(), RecordRejection> {
        let step = self.record.step(step).cloned().ok_or(RecordRejection::StepNotFound)?;
        let Some(&MessageState::Unknown(until)) = step.message_state() else {
            return Err(RecordRejection::DeliveryKnown);
        };
        match to {
            Settled::Resend => {
                self.emit(RecordEvent::MessageOwedAgain { step: step.ordinal, until });
                Ok(())
            }
            Settled::Sent => {
                self.emit(RecordEvent::MessageSettled { step: step.ordinal, sent: true, until });
                self.go_on(&step)
            }
            Settled::Failed => {
                self.emit(RecordEvent::MessageSettled { step: step.ordinal, sent: false, until });
                let is_text = self.record.is_text(self.given, step.ordinal);
                let error = if is_text { StepError::AutomatedTextFailed } else { StepError::EmailUndeliverable };
                self.give_to_seller(&step, error);
                Ok(())
            }
        }
    }

    /// The timer of a message is due, if it has one: it is tried again, or the policy for unknown outcomes is asked.
    pub(super) fn wake_message(&mut self, step: Ordinal) -> Option<Result<(), RecordRejection>> {
        let found = self.record.step(step)?;
        let is_over = matches!(found.status, StepStatus::Cancelled | StepStatus::Skipped);
        let state = found.message_state()?.clone();
        let due = state.wakes_at()?;
        if self.is_early(due) {
            return Some(Err(RecordRejection::NotDue));
        }
        let policy = self.given.policy.settings().unknown_policy;
        Some(match (state, policy) {
            (MessageState::Unknown(_), policy) if is_over || policy == UnknownPolicy::Hold => {
                self.emit(RecordEvent::MessageHeld { step, until: due });
                Ok(())
            }
            (MessageState::Unknown(_), UnknownPolicy::Sent) => self.settle_message(step, Settled::Sent),
            _ if self.is_held_for_nothing(step) => {
                self.take_back(step, "the fuse of its sequence has blown, and the sequence is over");
                Ok(())
            }
            _ => {
                self.emit(RecordEvent::MessageOwedAgain { step, until: Some(due) });
                Ok(())
            }
        })
    }

    /// ST-21: a person does not wait for a message that was put off, nor for its window.
    pub(super) fn hurry_message(&mut self, step: &Step) -> bool {
        let Some(MessageState::PutOff(until)) = step.message_state() else { return false };
        let (step, wait, wakes_at) = (step.ordinal, WaitState::Skipped, *until);
        self.emit(RecordEvent::WindowOpened { step, wait, wakes_at });
        self.emit(RecordEvent::MessageOwedAgain { step, until: None });
        true
    }

    /// A message that has not left does not leave any more.
    pub(super) fn take_back(&mut self, step: Ordinal, why: &str) {
        let until = match self.record.step(step).and_then(Step::message_state) {
            Some(MessageState::Owed) => None,
            Some(MessageState::PutOff(until)) => Some(*until),
            _ => return,
        };
        self.emit(RecordEvent::MessageSkipped { step, why: why.into(), until });
    }

    fn message(&self, step: Ordinal) -> Result<(Step, Message), RecordRejection> {
        let step = self.record.step(step).ok_or(RecordRejection::Stale)?;
        let message = step.message.clone().ok_or(RecordRejection::Stale)?;
        Ok((step.clone(), message))
    }

    /// A step that was open for its message is done, and its enrolment moves on.
    fn go_on(&mut self, step: &Step) -> Result<(), RecordRejection> {
        if step.status != StepStatus::Open {
            return Ok(());
        }
        let node = self.record.node_of(self.given, step).ok_or(RecordRejection::SequenceNotFound)?;
        self.complete(step.ordinal, step.wait, None, true);
        self.open(step.enrolment, node.next)
    }

    /// ST-23, where the step is still open.
    fn give_to_seller(&mut self, step: &Step, error: StepError) {
        let is_sellers = self.record.node_of(self.given, step).is_some_and(|node| performs(step, node));
        match step.status {
            StepStatus::Open if is_sellers => _ = self.fail(step.ordinal, error),
            StepStatus::Open => {
                self.emit(RecordEvent::BecameSellers { step: step.ordinal, error });
                self.set_due(step.ordinal);
                self.link_activity(step.enrolment);
            }
            _ => {}
        }
    }

    /// Whether a wait comes next that ends by a bounce.
    fn looks_for_bounces(&self, step: &Step) -> bool {
        let bounce = |until: &Until| matches!(until, Until::Event(Occurrence::EmailBounced));
        let waits = |node: &PlanNode| matches!(node.action, Action::Wait(_)) && node.until.iter().any(bounce);
        let next = self.record.node_of(self.given, step).and_then(|node| node.next);
        let plan = self.plan(step.enrolment).ok();
        next.and_then(|next| plan?.node(next)).is_some_and(waits)
    }

    pub(super) fn is_early(&self, due: Timestamp) -> bool {
        due > self.stamp.at && !crate::sabotage::has(crate::sabotage::Defect::FireEarly)
    }
}
