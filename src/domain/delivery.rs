//! A message on its way out (§4 of the reliability design): what is known of it, and what an attempt to carry it may do.
//!
//! ```text
//! owed ──claimed──► sent | failed | unknown        owed ──put off──► owed        unknown ──settled──► sent | failed | owed
//! ```
//! A message is claimed before it is carried, in a commit of its own: a claim of a process that is no more is unknown, and
//! never owed again by itself.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::governor::Brake;
use crate::domain::message_template::MailText;
use crate::id::{AttachmentId, GatewayId, TemplateId};
use crate::time::Timestamp;

/// What a second attempt may do where the outcome of the first is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    /// Nothing: the same message twice is one message. It may be tried again freely, and is not claimed.
    #[default]
    Idempotent,
    /// Be a second message, but the far side can be asked first.
    Checkable,
    /// Be a second message, and nobody can be asked.
    Blind,
}

/// What is done with a message whose outcome stays unknown (D-58).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownPolicy {
    /// A person says what became of it.
    #[default]
    Hold,
    /// It is sent once more, under the same Message-ID.
    Resend,
    /// It is taken as sent.
    Sent,
}

/// What became of a message of which nobody knew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// It was taken.
    Sent,
    /// It was not, and is not tried again.
    Failed,
    /// It is sent once more, under the same Message-ID.
    Resend,
}

/// What a message said when it left, as far as that is kept: with the log, and as long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// Where it went.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its plain text.
    pub text: String,
    /// Where its links lead, by the number that stands in their ids.
    pub links: Vec<String>,
    /// The files that it names, each of a template.
    pub attachments: Vec<(TemplateId, AttachmentId)>,
}

/// What a seller sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// What the template says, filled in for the record.
    Template(TemplateId),
    /// What the seller has written; merge fields are filled in likewise.
    Own(MailText),
}

/// The message of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// What it says, as that template is when it leaves.
    pub template: TemplateId,
    /// What it says instead, where a seller has written it.
    pub own: Option<Arc<MailText>>,
    /// Where it stands.
    pub state: MessageState,
    /// Its Message-ID, once it was tried.
    pub message_id: Option<String>,
    /// Since when it stands there, or when it is tried again.
    pub at: Timestamp,
    /// The list row that it had before.
    pub former: Option<(DeliveryState, Timestamp)>,
    /// When it was first to leave, as it was last planned.
    pub owed_at: Timestamp,
    /// When it would have left if no bound had held it: it is late from then on.
    pub due_at: Timestamp,
    /// What holds it.
    pub brake: Option<Brake>,
    /// Attempts that came to nothing so far.
    pub attempts: u16,
    /// What went wrong last, or why it was given up or not sent.
    pub last_error: Option<String>,
    /// Which way a text message goes, once it was tried.
    pub route: Option<Route>,
    /// The provider's id of a text message, by which receipts find it.
    pub taken_as: Option<String>,
    /// Whether its provider has told that it arrived, or else that it never will.
    pub arrived: Option<bool>,
}

/// What a provider tells of a text message that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextFate {
    /// It has arrived.
    Delivered,
    /// It never will, for that reason.
    Failed(String),
}

/// The way of a text message. Stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Through which gateway.
    pub gateway: GatewayId,
    /// To which number, in the form of [`crate::domain::phone::Number`].
    pub number: String,
    /// Since when: answers are of whoever was written to last.
    pub at: Timestamp,
}

/// Where the message of a step stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageState {
    /// In the outbox.
    Owed,
    /// In the outbox again at that instant.
    PutOff(Timestamp),
    /// Being carried by the process of that epoch.
    Claimed(u64),
    /// Nobody knows whether it was taken. Until that instant the far side may still say so; then the policy is asked.
    Unknown(Option<Timestamp>),
    /// Taken.
    Sent,
    /// Given up.
    Failed,
    /// It was not to leave any more.
    Skipped,
}

/// Where a delivery stands, as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It will be tried.
    Owed,
    /// It is being tried.
    Claimed,
    /// It was taken.
    Sent,
    /// It was given up.
    Failed,
    /// Nobody knows.
    Unknown,
    /// It was not to leave any more.
    Skipped,
}

impl DeliveryState {
    /// All of them, by their number in keys.
    pub const ALL: [DeliveryState; 6] = [
        DeliveryState::Owed,
        DeliveryState::Claimed,
        DeliveryState::Sent,
        DeliveryState::Failed,
        DeliveryState::Unknown,
        DeliveryState::Skipped,
    ];

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            DeliveryState::Owed => "owed",
            DeliveryState::Claimed => "claimed",
            DeliveryState::Sent => "sent",
            DeliveryState::Failed => "failed",
            DeliveryState::Unknown => "unknown",
            DeliveryState::Skipped => "skipped",
        }
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl MessageState {
    /// As it is listed.
    pub fn listed(&self) -> DeliveryState {
        match self {
            MessageState::Owed | MessageState::PutOff(_) => DeliveryState::Owed,
            MessageState::Claimed(_) => DeliveryState::Claimed,
            MessageState::Unknown(_) => DeliveryState::Unknown,
            MessageState::Sent => DeliveryState::Sent,
            MessageState::Failed => DeliveryState::Failed,
            MessageState::Skipped => DeliveryState::Skipped,
        }
    }

    /// When a timer asks what to do next.
    pub fn wakes_at(&self) -> Option<Timestamp> {
        match self {
            MessageState::PutOff(until) | MessageState::Unknown(Some(until)) => Some(*until),
            _ => None,
        }
    }

    /// Until when it does not leave.
    pub fn put_off_until(&self) -> Option<Timestamp> {
        match self {
            MessageState::PutOff(until) => Some(*until),
            _ => None,
        }
    }

    /// Whether the outbox has a row of it.
    pub fn is_owed(&self) -> bool {
        matches!(self, MessageState::Owed | MessageState::Claimed(_))
    }
}

impl Message {
    /// A message that is owed from `at` on.
    pub fn owed(template: TemplateId, at: Timestamp) -> Message {
        let state = MessageState::Owed;
        Message {
            template,
            own: None,
            state,
            message_id: None,
            at,
            former: None,
            owed_at: at,
            due_at: at,
            brake: None,
            attempts: 0,
            last_error: None,
            route: None,
            taken_as: None,
            arrived: None,
        }
    }

    /// It stands elsewhere from `at` on.
    pub fn turn(&mut self, state: MessageState, at: Timestamp) {
        self.former = Some(self.row());
        self.at = state.wakes_at().unwrap_or(at);
        self.state = state;
    }

    /// Its row in lists.
    pub fn row(&self) -> (DeliveryState, Timestamp) {
        (self.state.listed(), self.at)
    }
}
