//! Automated messages: they leave when they are reached, wait for their window to open, or become the seller's (ST-20, ST-23).

use super::advance::{Opened, Turn};
use super::{Ordinal, Step, StepError, WaitState};
use crate::domain::given::Given;
use crate::domain::plan::{Action, Plan, PlanNode};
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::{Channel, Owner};
use crate::domain::record::{Record, RecordRejection};
use crate::domain::suppression::Reached;
use crate::id::TemplateId;
use crate::time::Timestamp;

impl Turn<'_> {
    /// The message of a node that was just reached; `opened` is the opening of its step.
    pub(super) fn reach_message(
        &mut self,
        enrolment: Ordinal,
        plan: &Plan,
        node: &PlanNode,
        assignee: Owner,
        opened: impl FnOnce(Option<Timestamp>, Option<StepError>) -> RecordEvent,
    ) -> Opened {
        let unsendable = self.cannot_send(node, assignee);
        let opens = self.window_opens(plan, assignee).filter(|_| unsendable.is_none());
        self.emit(opened(opens, unsendable.as_ref().map(|unsendable| unsendable.error)));
        let step = self.record.last_ordinal;
        match (unsendable, opens) {
            (None, None) => self.send(enrolment, step, node, WaitState::None),
            (None, Some(_)) => Opened::Stays,
            (Some(unsendable), _) => {
                self.say_why(step, unsendable);
                self.take_template(enrolment, step, node);
                Opened::Stays
            }
        }
    }

    /// A message has waited for its window: it leaves, whatever the time is where a person says so (ST-21). Where the window
    /// has closed again, because the server was down or the recipient has moved, it waits for the next.
    pub(super) fn send_pending(
        &mut self,
        step: &Step,
        node: &PlanNode,
        wait: WaitState,
    ) -> Result<(), RecordRejection> {
        let plan = self.plan(step.enrolment)?;
        if let Some(unsendable) = self.cannot_send(node, step.assignee) {
            let wakes_at = step.wakes_at.unwrap_or(self.stamp.at);
            self.emit(RecordEvent::StepConverted { step: step.ordinal, error: unsendable.error, wakes_at });
            self.say_why(step.ordinal, unsendable);
            self.take_template(step.enrolment, step.ordinal, node);
            self.set_due(step.ordinal);
            self.link_activity(step.enrolment);
            return Ok(());
        }
        if wait == WaitState::Completed
            && let Some(opens) = self.window_opens(plan, step.assignee)
        {
            self.move_wait(step, opens);
            return Ok(());
        }
        if let Some(wakes_at) = step.wakes_at.filter(|_| !self.is_sure(step.ordinal)) {
            self.emit(RecordEvent::WindowOpened { step: step.ordinal, wait, wakes_at });
        }
        match self.send(step.enrolment, step.ordinal, node, wait) {
            Opened::Done(next) => self.open(step.enrolment, next),
            Opened::Stays => Ok(()),
        }
    }

    /// Hands the message to the outbox; where nothing can go wrong with it any more, the step is done with that.
    fn send(&mut self, enrolment: Ordinal, step: Ordinal, node: &PlanNode, wait: WaitState) -> Opened {
        if let Some(template) = self.take_template(enrolment, step, node) {
            self.keep_sender(enrolment, step);
            self.emit(RecordEvent::MessageOwed { step, template });
        }
        if !self.is_sure(step) {
            return Opened::Stays;
        }
        self.complete(step, wait, None, true);
        Opened::Done(node.next)
    }

    /// The template of a message; of an A/B test that of the version which this enrolment gets (AB-8).
    fn take_template(&mut self, enrolment: Ordinal, step: Ordinal, node: &PlanNode) -> Option<TemplateId> {
        match &node.action {
            Action::AutoEmail(template) | Action::AutoText(template) => Some(*template),
            Action::AbTest(test) => {
                let (version, template) = self.allocate(enrolment, &node.id, test);
                self.emit(RecordEvent::AbVersionTaken { step, version });
                Some(template)
            }
            _ => None,
        }
    }

    /// Why the message cannot be sent (ST-23).
    pub(super) fn cannot_send(&self, node: &PlanNode, assignee: Owner) -> Option<Unsendable> {
        let profile = &self.record.profile;
        match () {
            () if !node.is_email() => {
                let why = self.text_way(assignee).err()?;
                Some(Unsendable { error: StepError::AutomatedTextFailed, why })
            }
            () if profile.email.is_none() || !profile.allows(Channel::Email) => {
                Some(Unsendable { error: StepError::EmailUndeliverable, why: None })
            }
            () if self.record.is_suppressed(self.given) => {
                let why = "suppressed: nobody is to write to this address".to_owned();
                Some(Unsendable { error: StepError::EmailUndeliverable, why: Some(why) })
            }
            () => None,
        }
    }

    fn say_why(&mut self, step: Ordinal, unsendable: Unsendable) {
        if let Unsendable { error: StepError::AutomatedTextFailed, why: Some(why) } = unsendable {
            self.emit(RecordEvent::TextImpossible { step, why });
        }
    }
}

/// Why a message cannot be sent.
pub(super) struct Unsendable {
    /// As its step shows it.
    pub(super) error: StepError,
    /// More of it, where that says too little.
    pub(super) why: Option<String>,
}

impl Record {
    /// Whether nobody is to write to its e-mail address, whoever has it.
    pub fn is_suppressed(&self, given: &Given) -> bool {
        self.profile.email.as_ref().is_some_and(|address| given.suppressions.holds(Reached::Email, address))
    }
}
