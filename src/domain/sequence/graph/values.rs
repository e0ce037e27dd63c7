//! The values that members of nodes take, where they are more than text and numbers.

use serde::{Deserialize, Serialize};

use crate::domain::condition::Condition;
use crate::domain::enrolment::Signal;

/// Whether one signal of an e-mail condition is enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// One of them.
    #[default]
    Any,
    /// All of them.
    All,
}

/// A signal that an e-mail condition may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailSignal {
    /// CO-1.
    Open,
    /// CO-2.
    Reply,
    /// CO-3.
    Link,
    /// CO-4.
    Attachment,
}

impl From<EmailSignal> for Signal {
    fn from(signal: EmailSignal) -> Signal {
        match signal {
            EmailSignal::Open => Signal::Opened,
            EmailSignal::Reply => Signal::Replied,
            EmailSignal::Link => Signal::LinkClicked,
            EmailSignal::Attachment => Signal::AttachmentDownloaded,
        }
    }
}

/// The versions of an A/B test.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbVersions {
    /// The control.
    #[serde(default)]
    pub a: AbVersionNode,
    /// The variant.
    #[serde(default)]
    pub b: AbVersionNode,
}

/// One of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbVersionNode {
    /// What statistics call it.
    #[serde(default)]
    pub name: String,
    /// What it sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

/// What decides an A/B test (AB-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Sequence goals reached.
    Goal,
    /// Links followed.
    Clicks,
    /// Messages opened.
    Opens,
}

/// When an A/B test is over (AB-6): `{"automatic": true}` or `{"at": INSTANT}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestEnd {
    /// With statistical significance.
    Automatic(bool),
    /// At that instant, RFC 3339.
    At(String),
}

/// What ends a wait before its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// Something happens to the record or comes back for an e-mail of the sequence.
    Event(Occurrence),
    /// This property or field of the record is written to another value.
    Field(String),
    /// The record fulfils this, when the wait begins or when it is written; the calendar alone ends nothing.
    Condition(Condition),
}

impl Until {
    /// What a step that it ended says of it: the event's name, `field:` with the field, or `condition`.
    pub fn outcome(&self) -> String {
        match self {
            Until::Event(event) => event.name().into(),
            Until::Field(name) => format!("field:{name}"),
            Until::Condition(_) => "condition".into(),
        }
    }

    /// The same within a sentence.
    pub fn words(&self) -> String {
        match self {
            Until::Event(event) => format!("`{}` happened", event.name()),
            Until::Field(name) => format!("`{name}` was written"),
            Until::Condition(_) => "the record fulfilled its condition".into(),
        }
    }
}

/// What may happen (§21.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Occurrence {
    /// An e-mail of the sequence was opened, or what implies it (D-63); like the three that follow, before the wait began
    /// where it is the e-mail right before it.
    #[serde(rename = "email.opened")]
    EmailOpened,
    /// A link of it was followed.
    #[serde(rename = "email.link_clicked")]
    EmailLinkClicked,
    /// An attachment of it was fetched.
    #[serde(rename = "email.attachment_downloaded")]
    EmailAttachmentDownloaded,
    /// It was answered.
    #[serde(rename = "email.replied")]
    EmailReplied,
    /// It could not be delivered at the far side.
    #[serde(rename = "email.bounced")]
    EmailBounced,
    /// Anything was written on the record.
    #[serde(rename = "record.updated")]
    RecordUpdated,
    /// It has another owner.
    #[serde(rename = "record.owner_changed")]
    RecordOwnerChanged,
    /// Its process stands on another stage.
    #[serde(rename = "record.stage_changed")]
    RecordStageChanged,
    /// An activity of the record is done.
    #[serde(rename = "activity.completed")]
    ActivityCompleted,
}

impl Occurrence {
    /// As it is written in graphs.
    pub fn name(self) -> &'static str {
        match self {
            Occurrence::EmailOpened => "email.opened",
            Occurrence::EmailLinkClicked => "email.link_clicked",
            Occurrence::EmailAttachmentDownloaded => "email.attachment_downloaded",
            Occurrence::EmailReplied => "email.replied",
            Occurrence::EmailBounced => "email.bounced",
            Occurrence::RecordUpdated => "record.updated",
            Occurrence::RecordOwnerChanged => "record.owner_changed",
            Occurrence::RecordStageChanged => "record.stage_changed",
            Occurrence::ActivityCompleted => "activity.completed",
        }
    }

    /// What comes back for an e-mail, if it is that.
    pub fn signal(self) -> Option<Signal> {
        match self {
            Occurrence::EmailOpened => Some(Signal::Opened),
            Occurrence::EmailLinkClicked => Some(Signal::LinkClicked),
            Occurrence::EmailAttachmentDownloaded => Some(Signal::AttachmentDownloaded),
            Occurrence::EmailReplied => Some(Signal::Replied),
            Occurrence::EmailBounced => Some(Signal::Bounced),
            _ => None,
        }
    }
}
