//! Message templates of a bundle.

use super::catalogue::component;
use super::{Judge, Order, Refused};
use crate::domain::entity::Entity;
use crate::domain::language::Language;
use crate::domain::message_template::command::{TemplateChange, TemplateCommand};
use crate::domain::message_template::{Content, MailText, MessageKind, MessageTemplate, Standing};
use crate::id::TemplateId;
use crate::web::bundle::key::Kind;
use crate::web::bundle::{PackedMail, PackedText};
use crate::web::problem::Problem;

impl Judge {
    pub(super) fn mails(&mut self, mails: Vec<PackedMail>) -> Result<(), Problem> {
        for (place, mail) in mails.into_iter().enumerate() {
            let PackedMail { key, name, language, subject, body_text, body_html } = mail;
            let content = Content::Mail(MailText { subject, body_text, body_html });
            self.message(key, name, language, content, &format!("/email_templates/{place}"))?;
        }
        Ok(())
    }

    pub(super) fn texts(&mut self, texts: Vec<PackedText>) -> Result<(), Problem> {
        for (place, PackedText { key, name, language, body }) in texts.into_iter().enumerate() {
            self.message(key, name, language, Content::Text(body), &format!("/text_templates/{place}"))?;
        }
        Ok(())
    }

    fn message(
        &mut self,
        key: String,
        name: String,
        language: Language,
        content: Content,
        root: &str,
    ) -> Result<(), Problem> {
        let id = TemplateId(self.id_of(Kind::Template, &key));
        let what = match content.kind() {
            MessageKind::Mail => "email_template",
            MessageKind::Text => "text_template",
        };
        let blank = MessageTemplate::default();
        let there = self.given.messages.get(&id).map_or(&blank, AsRef::as_ref);
        let component = component(what, key, there.standing == Standing::Present).with_id(id);
        if there.standing == Standing::Present && there.content.kind() != content.kind() {
            let detail = "a template of another kind has this key".to_owned();
            self.components.push((component.conflict(detail), None));
            return Ok(());
        }
        let command = match there.standing {
            Standing::Present => {
                let changes = changes(name, language, content.clone());
                TemplateCommand::Change { kind: content.kind(), changes }
            }
            Standing::Missing | Standing::Deleted => TemplateCommand::Create { name, language, content },
        };
        let decided = there.decide(id, &self.given, command.clone(), self.stamp);
        let decided = decided.map(|events| !events.is_empty()).map_err(Refused::from);
        self.settle(component, root, decided, Order::Template(id, command))
    }
}

fn changes(name: String, language: Language, content: Content) -> Vec<TemplateChange> {
    let mut changes = vec![TemplateChange::Name(name), TemplateChange::Language(language)];
    changes.extend(match content {
        Content::Mail(MailText { subject, body_text, body_html }) => vec![
            TemplateChange::Subject(subject),
            TemplateChange::BodyText(body_text),
            TemplateChange::BodyHtml(body_html),
        ],
        Content::Text(body) => vec![TemplateChange::Body(body)],
    });
    changes
}
