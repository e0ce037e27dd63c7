//! What conditions answer: what came back for an e-mail, what the record holds, where its process stands (§5.1, CM-1, CM-2).

use super::advance::Turn;
use super::{Ordinal, Step, StepStatus};
use crate::domain::condition::Condition;
use crate::domain::condition::evaluate::{Today, Unanswered};
use crate::domain::condition::subject::RecordLook;
use crate::domain::plan::EmailSignals;
use crate::domain::record::Record;
use crate::id::FlowId;
use crate::time::Timestamp;

impl Turn<'_> {
    /// What an e-mail condition does when it is reached: until when it waits, or what it takes at once (CO-10 to CO-15).
    pub fn answer_email(&self, enrolment: Ordinal, question: &EmailSignals) -> (Option<Timestamp>, Option<bool>) {
        let Some(mail) = self.step_before(enrolment) else { return (None, Some(false)) };
        let (skipped, until) = (mail.status == StepStatus::Skipped, mail.limit_end(question.limit));
        let satisfied = came_back(mail, question, until);
        if skipped || until <= self.stamp.at || (satisfied && question.advance_early) {
            return (None, Some(satisfied && !skipped));
        }
        (Some(until), None)
    }

    /// Whether a waiting condition holds: what it asks for came before its limit.
    pub fn satisfied(&self, condition: &Step, question: &EmailSignals) -> bool {
        let until = condition.wakes_at.unwrap_or(self.stamp.at);
        self.mail_of(condition).is_some_and(|mail| came_back(mail, question, until))
    }

    /// The step that a condition looks at: the one its enrolment opened just before.
    pub fn mail_of(&self, condition: &Step) -> Option<&Step> {
        self.record.step_before(condition.enrolment, condition.ordinal)
    }

    /// Whether the record fulfils a condition; days are those of UTC.
    pub fn answer_field(&self, condition: &Condition) -> Result<bool, Unanswered> {
        self.answer_of(&self.record, condition)
    }

    /// The same of the record as it was before. What had to be seen first makes the decision void.
    pub fn answer_of(&self, record: &Record, condition: &Condition) -> Result<bool, Unanswered> {
        let held = condition.holds(&RecordLook { record, given: self.given }, Today::utc(self.stamp.at));
        if let Err(Unanswered::Unseen(other)) = held {
            self.unseen.set(Some(other));
        }
        held
    }

    /// Whether the record's process stands on one of these stages; without a running process it does not (CM-16).
    pub fn answer_stage(&self, flow: FlowId, stages: &[String]) -> bool {
        self.record.stage(flow).is_some_and(|stage| stages.iter().any(|wanted| wanted == stage))
    }
}

/// Whether one of the signals, or all of them, came within the limit; an event's own time decides (D-62).
fn came_back(mail: &Step, question: &EmailSignals, until: Timestamp) -> bool {
    let mut came = question.signals.iter().map(|signal| mail.signals.first(*signal).is_some_and(|at| at <= until));
    if question.all { came.all(|came| came) } else { came.any(|came| came) }
}
