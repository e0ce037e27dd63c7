//! The text of an e-mail or a text message with merge fields, one entity each: what steps begin with or send.
//!
//! A step names a template and not its text, so a message that has not left yet leaves as the template is then.

pub mod attachment;
pub mod command;
pub mod merge;

use serde::{Deserialize, Serialize};

use self::attachment::Attachment;
use self::command::{Decision, TemplateChange, TemplateCommand, TemplateEvent, TemplateRejection};
use self::merge::Part;
use crate::domain::effect::Effects;
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::language::Language;
use crate::domain::permission::{Denial, Permission};
use crate::domain::plan::{Action, SellerStep};
use crate::domain::record::Problem;
use crate::domain::record::schema::{Owner, text_fault};
use crate::domain::sequence::Sequence;
use crate::domain::template;
use crate::id::{EntityKind, TemplateId, UserId};
use crate::limits;
use crate::time::Timestamp;

/// What carries a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// E-mail.
    Mail,
    /// A text message.
    Text,
}

/// The text of an e-mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailText {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body_text: String,
    /// The same as HTML, for programs that show it.
    pub body_html: Option<String>,
}

/// What a template says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// An e-mail.
    Mail(MailText),
    /// A text message.
    Text(String),
}

impl Content {
    /// What carries it.
    pub fn kind(&self) -> MessageKind {
        match self {
            Content::Mail(_) => MessageKind::Mail,
            Content::Text(_) => MessageKind::Text,
        }
    }

    /// Everything that does not fit in its texts: length, syntax, merge fields.
    pub fn problems(&self, given: &Given) -> Vec<Problem> {
        self.parts().into_iter().flat_map(|part| part.problems(given)).collect()
    }

    /// Its texts, each with its place in a request and the bytes it may have.
    fn parts(&self) -> Vec<Part<'_>> {
        match self {
            Content::Mail(mail) => {
                let html = mail.body_html.as_deref().map(|html| Part::new("/body_html", html, limits::MAIL_BODY_MAX));
                let subject = Part::new("/subject", &mail.subject, limits::SUBJECT_MAX);
                let body = Part::new("/body_text", &mail.body_text, limits::MAIL_BODY_MAX);
                [Some(subject), Some(body), html].into_iter().flatten().collect()
            }
            Content::Text(body) => vec![Part::new("/body", body, limits::TEXT_BODY_MAX)],
        }
    }
}

/// Whether a template is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It was never created.
    #[default]
    Missing,
    /// It can be used.
    Present,
    /// It was, and cannot be any more.
    Deleted,
}

/// The state of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageTemplate {
    /// Whether it is there.
    pub standing: Standing,
    /// Whose it is; nobody's where the product ships it.
    pub owner: Option<Owner>,
    /// Shown in lists.
    pub name: String,
    /// What it is written in.
    pub language: Language,
    /// What it says.
    pub content: Content,
    /// The files that its messages name.
    pub attachments: Vec<Attachment>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last written.
    pub modified_at: Timestamp,
}

impl Default for MessageTemplate {
    fn default() -> MessageTemplate {
        MessageTemplate {
            standing: Standing::Missing,
            owner: None,
            name: String::new(),
            language: Language::En,
            content: Content::Text(String::new()),
            attachments: Vec::new(),
            created_at: Timestamp::default(),
            modified_at: Timestamp::default(),
        }
    }
}

impl Entity for MessageTemplate {
    const KIND: EntityKind = EntityKind::MessageTemplate;
    const LAYOUT: u16 = 2;
    type Id = TemplateId;
    type Given = Given;
    type Command = TemplateCommand;
    type Event = TemplateEvent;
    type Rejection = TemplateRejection;

    /// Everybody who may act reads every template.
    fn must_be_seen(&self, given: &Given, by: UserId) -> Result<(), Denial> {
        given.policy.person(by).map(|_| ())
    }

    fn decide(
        &self,
        id: TemplateId,
        given: &Given,
        command: TemplateCommand,
        stamp: Stamp,
    ) -> Result<Vec<TemplateEvent>, TemplateRejection> {
        if template::is_shipped(id) {
            return Err(TemplateRejection::Shipped);
        }
        if let TemplateCommand::Create { name, language, content } = command {
            return self.create(given, (name, language, content), stamp);
        }
        let kind = match &command {
            TemplateCommand::Create { content, .. } => content.kind(),
            TemplateCommand::Change { kind, .. } | TemplateCommand::Delete { kind } => *kind,
            TemplateCommand::Attach { .. } | TemplateCommand::Detach(_) => MessageKind::Mail,
        };
        if self.standing != Standing::Present || self.content.kind() != kind {
            return Err(TemplateRejection::NotFound);
        }
        self.judge_author(given, stamp)?;
        match command {
            TemplateCommand::Create { .. } => Err(TemplateRejection::Exists),
            TemplateCommand::Change { changes, .. } => self.change(given, changes),
            TemplateCommand::Attach { attachment, content } => self.attach(attachment, content),
            TemplateCommand::Detach(id) => self.detach(id),
            TemplateCommand::Delete { .. } => match referrer(id, given, stamp.by) {
                Some(sequence) => Err(TemplateRejection::Referenced(sequence)),
                None => Ok(vec![TemplateEvent::Deleted]),
            },
        }
    }

    fn apply(&mut self, event: &TemplateEvent, stamp: Stamp) {
        match event {
            TemplateEvent::Created { owner, name, language, content } => {
                *self = MessageTemplate {
                    standing: Standing::Present,
                    owner: Some(*owner),
                    name: name.clone(),
                    language: *language,
                    content: content.clone(),
                    attachments: Vec::new(),
                    created_at: stamp.at,
                    modified_at: stamp.at,
                };
            }
            TemplateEvent::Changed(changes) => changes.iter().for_each(|change| self.set(change)),
            TemplateEvent::Attached { attachment, .. } => self.attachments.push(attachment.clone()),
            TemplateEvent::Detached(id) => self.attachments.retain(|attachment| attachment.id != *id),
            TemplateEvent::Deleted => *self = MessageTemplate { standing: Standing::Deleted, ..Self::default() },
        }
        self.modified_at = stamp.at;
    }

    fn audited(_event: &TemplateEvent) -> bool {
        true
    }

    fn effects(&self, _id: TemplateId, _event: &TemplateEvent, _owed: &mut Effects) {}
}

impl MessageTemplate {
    /// Whether it is there and carried so.
    pub fn is(&self, kind: MessageKind) -> bool {
        self.standing == Standing::Present && self.content.kind() == kind
    }

    fn create(&self, given: &Given, (name, language, content): (String, Language, Content), stamp: Stamp) -> Decision {
        given.policy.person(stamp.by)?.must(Permission::ConfigureSteps, "write message templates")?;
        if self.standing == Standing::Present {
            return Err(TemplateRejection::Exists);
        }
        let kept = given.messages.len();
        if kept >= limits::MESSAGE_TEMPLATES_MAX {
            return Err(TemplateRejection::Full);
        }
        judge(&name, &content, given)?;
        let name = name.trim().to_owned();
        Ok(vec![TemplateEvent::Created { owner: Owner::User(stamp.by), name, language, content }])
    }

    fn change(&self, given: &Given, mut changes: Vec<TemplateChange>) -> Decision {
        let mut after = self.clone();
        changes.iter().for_each(|change| after.set(change));
        judge(&after.name, &after.content, given)?;
        let changed = |change: &TemplateChange| {
            let mut other = self.clone();
            other.set(change);
            other != *self
        };
        changes.retain(changed);
        Ok(if changes.is_empty() { vec![] } else { vec![TemplateEvent::Changed(changes)] })
    }

    /// P-4: one's own; for those who may configure any step, all.
    fn judge_author(&self, given: &Given, stamp: Stamp) -> Result<(), TemplateRejection> {
        let person = given.policy.person(stamp.by)?;
        person.must(Permission::ConfigureSteps, "write message templates")?;
        let is_own = self.owner.is_some_and(|owner| person.is(owner));
        match is_own || person.may_all(Permission::ConfigureSteps) {
            true => Ok(()),
            false => Err(Denial::role(Permission::ConfigureSteps, "change a colleague's template; copy it").into()),
        }
    }

    /// A change of what a template of the other kind has changes nothing.
    fn set(&mut self, change: &TemplateChange) {
        match (change, &mut self.content) {
            (TemplateChange::Name(name), _) => self.name = name.trim().to_owned(),
            (TemplateChange::Language(language), _) => self.language = *language,
            (TemplateChange::Subject(subject), Content::Mail(mail)) => mail.subject.clone_from(subject),
            (TemplateChange::BodyText(body), Content::Mail(mail)) => mail.body_text.clone_from(body),
            (TemplateChange::BodyHtml(body), Content::Mail(mail)) => mail.body_html.clone_from(body),
            (TemplateChange::Body(body), Content::Text(text)) => text.clone_from(body),
            (TemplateChange::Subject(_) | TemplateChange::BodyText(_) | TemplateChange::BodyHtml(_), _)
            | (TemplateChange::Body(_), _) => {}
        }
    }
}

/// Everything that does not fit, at once: the name, and in each text its length, its syntax and its merge fields.
fn judge(name: &str, content: &Content, given: &Given) -> Result<(), TemplateRejection> {
    let name = text_fault(name, limits::MESSAGE_NAME_MAX, false);
    let name = name.map(|(code, detail)| Problem { pointer: "/name".into(), code, detail });
    let problems: Vec<Problem> = name.into_iter().chain(content.problems(given)).collect();
    if problems.is_empty() { Ok(()) } else { Err(TemplateRejection::Invalid(problems)) }
}

/// An active sequence whose present version names the template, in words that whoever asks may read. Records on an older
/// version are not asked: their message becomes a step for the seller (ST-23).
fn referrer(id: TemplateId, given: &Given, by: UserId) -> Option<String> {
    let person = given.policy.person(by).ok();
    let mut found = given.active_with(|node| named_by(&node.action).contains(&id));
    let seen = |found: &&Sequence| person.as_ref().is_some_and(|person| found.is_seen_by(person));
    let first = found.next()?;
    let shown = std::iter::once(first).chain(found).find(seen);
    Some(shown.map_or("a sequence that you cannot see".into(), |sequence| format!("`{}`", sequence.name)))
}

/// The templates that a node's work begins with or sends.
fn named_by(action: &Action) -> Vec<TemplateId> {
    match action {
        Action::AutoEmail(template) | Action::AutoText(template) => vec![*template],
        Action::Seller(SellerStep::Email(template) | SellerStep::Text(template)) => template.iter().copied().collect(),
        Action::AbTest(test) => test.templates.to_vec(),
        _ => vec![],
    }
}
