//! Where the messages of an enrolment leave from, and the thread that they make.

use std::sync::Arc;

use super::Ordinal;
use super::advance::Turn;
use crate::domain::channels::mailbox::Mailbox;
use crate::domain::delivery::MessageState;
use crate::domain::given::Given;
use crate::domain::record::Record;
use crate::domain::record::event::RecordEvent;
use crate::id::MailboxId;

impl Record {
    /// The mailbox that a step's message leaves from; none is the configured one, or the spool.
    pub fn sender<'a>(&self, given: &'a Given, step: Ordinal) -> Option<&'a Arc<Mailbox>> {
        given.channels.mailboxes.get(&self.choose_sender(given, step)?)
    }

    /// The one that the enrolment was given, for as long as it is there: what one person gets makes one thread.
    pub fn choose_sender(&self, given: &Given, step: Ordinal) -> Option<MailboxId> {
        let step = self.step(step)?;
        let kept = self.enrolment(step.enrolment).and_then(|enrolment| enrolment.sender);
        kept.filter(|kept| given.channels.mailboxes.contains_key(kept)).or_else(|| {
            let sequence = self.enrolment(step.enrolment)?.sequence;
            let named = given.plan(sequence, step.version).and_then(|plan| plan.conduct.sending.mailbox);
            given.channels.sender(&given.policy, step.assignee, named)
        })
    }

    /// The Message-IDs of what the enrolment of a step was sent before it, the oldest first.
    pub fn thread(&self, step: Ordinal) -> Vec<String> {
        let Some(enrolment) = self.step(step).map(|step| step.enrolment) else { return Vec::new() };
        let earlier = self.steps.iter().filter(|other| other.enrolment == enrolment && other.ordinal < step);
        let messages = earlier.filter_map(|step| step.message.as_ref());
        let sent = messages.filter(|message| message.state == MessageState::Sent);
        sent.filter_map(|message| message.message_id.clone()).collect()
    }
}

impl Turn<'_> {
    /// Chooses where the message of a step leaves, if that was not done or is not there any more.
    pub(super) fn keep_sender(&mut self, enrolment: Ordinal, step: Ordinal) {
        if self.record.is_text(self.given, step) {
            return;
        }
        let kept = self.record.enrolment(enrolment).and_then(|enrolment| enrolment.sender);
        if let Some(mailbox) = self.record.choose_sender(self.given, step).filter(|chosen| kept != Some(*chosen)) {
            self.emit(RecordEvent::SenderChosen { enrolment, mailbox });
        }
    }
}
