//! What a seller writes and sends through the server: who it can go to, and what it may say (W-80 to W-93).

use super::Ordinal;
use super::act::performs;
use super::advance::Turn;
use crate::domain::delivery::Written;
use crate::domain::message_template::{Content, MailText, MessageKind};
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::Channel;
use crate::domain::record::{Problem, RecordRejection};
use crate::id::TemplateId;
use crate::time::Timestamp;

impl Turn<'_> {
    /// W-80, W-83, W-92, W-93: the message of a seller's step leaves through the server, and completes the step when it was taken.
    pub fn send_message(
        &mut self,
        kind: MessageKind,
        step: Ordinal,
        content: Written,
        at: Option<Timestamp>,
    ) -> Result<(), RecordRejection> {
        let (step, node) = self.open_step(step)?;
        if !performs(&step, node) {
            return Err(RecordRejection::StepWaits);
        }
        match kind {
            MessageKind::Mail if !node.is_email() => return Err(RecordRejection::NotAnEmail),
            MessageKind::Text if !self.record.is_text(self.given, step.ordinal) => {
                return Err(RecordRejection::NotAText);
            }
            _ => {}
        }
        if step.is_sending() {
            return Err(RecordRejection::MessageUnderWay);
        }
        match kind {
            MessageKind::Mail => self.judge_email()?,
            MessageKind::Text => self.judge_text(step.assignee)?,
        }
        if at.is_some_and(|at| at <= self.stamp.at) {
            return Err(RecordRejection::SendAtInPast);
        }
        let (template, own) = self.judge_content(kind, content)?;
        self.keep_sender(step.enrolment, step.ordinal);
        self.emit(RecordEvent::EmailSubmitted { step: step.ordinal, template, own, at });
        Ok(())
    }

    /// W-83.
    fn judge_email(&self) -> Result<(), RecordRejection> {
        let profile = &self.record.profile;
        if profile.email.is_none() {
            return Err(RecordRejection::EmailMissing);
        }
        if !profile.allows(Channel::Email) || self.record.is_suppressed(self.given) {
            return Err(RecordRejection::EmailNotAllowed);
        }
        Ok(())
    }

    /// A template that there is, or a text whose blanks can be filled in.
    fn judge_content(
        &self,
        kind: MessageKind,
        content: Written,
    ) -> Result<(Option<TemplateId>, Option<MailText>), RecordRejection> {
        match content {
            Written::Template(template) if self.given.message(template, kind).is_none() => {
                let detail = "there is no such template".into();
                let unknown = Problem { pointer: "/template".into(), code: "template_unknown", detail };
                Err(RecordRejection::Invalid(vec![unknown]))
            }
            Written::Template(template) => Ok((Some(template), None)),
            Written::Own(text) => {
                let content = match kind {
                    MessageKind::Mail => Content::Mail(text.clone()),
                    MessageKind::Text => Content::Text(text.body_text.clone()),
                };
                match content.problems(self.given) {
                    problems if problems.is_empty() => Ok((None, Some(text))),
                    problems => Err(RecordRejection::Invalid(problems)),
                }
            }
        }
    }
}
