//! An outgoing webhook: where what happens is sent to, which of it, and whether that goes on. How far it has come is no event:
//! see [`crate::domain::effect::Effect::Keep`].

use serde::{Deserialize, Serialize};

use crate::domain::effect::{Effect, Effects};
use crate::domain::entity::{Entity, Stamp};
use crate::domain::feed::Position;
use crate::domain::given::Given;
use crate::domain::permission::{Denial, Denies, Permission};
use crate::id::{EntityKind, UserId, WebhookId};
use crate::limits;
use crate::time::Timestamp;

/// Whether it sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// It was never made.
    #[default]
    Missing,
    /// It sends.
    Active,
    /// It was given up, at that instant, for that reason; a replay sets it going.
    Stopped { at: Timestamp, why: String },
    /// It was taken away.
    Removed,
}

/// The state of a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Whether it sends.
    pub standing: Standing,
    /// Where to.
    pub url: String,
    /// Types of events, or what they begin with; all where there is none.
    pub topics: Vec<String>,
    /// What signs, sealed.
    pub secret: String,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// Behind which place of the feed it began, the last time.
    pub from: Position,
    /// How often it was begun again.
    pub replays: u32,
}

/// A request to a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookCommand {
    /// Begin.
    Create { url: String, topics: Vec<String>, secret: String, from: Position },
    /// It is given up, unless it was begun again since.
    Stop { why: String, replays: u32 },
    /// Begin again behind that place.
    Replay { from: Position },
    /// Take it away.
    Remove,
}

/// A fact about a webhook. Stored for good: variants and members are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WebhookEvent {
    /// It began.
    Created { url: String, topics: Vec<String>, secret: String, from: Position },
    /// It was given up.
    Stopped { why: String },
    /// It began again.
    Replayed { from: Position },
    /// It was taken away.
    Removed,
}

/// Why a webhook refuses a command. The codes are part of the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRejection {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// It was never made, or was taken away.
    #[error("there is no such webhook")]
    NotFound,
    /// One of that id was made before.
    #[error("the webhook exists already")]
    Exists,
    /// As many as there can be.
    #[error("the organisation has {} webhooks, as many as it may have", limits::WEBHOOKS_MAX)]
    Full,
}

impl Denies for WebhookRejection {
    fn denial(&self) -> Option<&Denial> {
        match self {
            WebhookRejection::Denied(denial) => Some(denial),
            WebhookRejection::NotFound | WebhookRejection::Exists | WebhookRejection::Full => None,
        }
    }
}

impl Webhook {
    /// Whether it is there, sending or given up.
    pub fn is_there(&self) -> bool {
        matches!(self.standing, Standing::Active | Standing::Stopped { .. })
    }
}

impl Entity for Webhook {
    const KIND: EntityKind = EntityKind::Webhook;
    type Id = WebhookId;
    type Given = Given;
    type Command = WebhookCommand;
    type Event = WebhookEvent;
    type Rejection = WebhookRejection;

    /// It is told everything, so it is for those who see everything (P-12).
    fn must_be_seen(&self, given: &Given, by: UserId) -> Result<(), Denial> {
        given.policy.person(by)?.must(Permission::SetUp, "manage webhooks")
    }

    fn decide(
        &self,
        _id: WebhookId,
        given: &Given,
        command: WebhookCommand,
        stamp: Stamp,
    ) -> Result<Vec<WebhookEvent>, WebhookRejection> {
        given.policy.person(stamp.by)?.must(Permission::SetUp, "manage webhooks")?;
        match command {
            WebhookCommand::Create { .. } if self.standing != Standing::Missing => Err(WebhookRejection::Exists),
            WebhookCommand::Create { .. } if given.webhooks.len() >= limits::WEBHOOKS_MAX => {
                Err(WebhookRejection::Full)
            }
            WebhookCommand::Create { url, topics, secret, from } => {
                Ok(vec![WebhookEvent::Created { url, topics, secret, from }])
            }
            _ if !self.is_there() => Err(WebhookRejection::NotFound),
            WebhookCommand::Stop { replays, .. } if replays != self.replays || self.standing != Standing::Active => {
                Ok(vec![])
            }
            WebhookCommand::Stop { why, .. } => Ok(vec![WebhookEvent::Stopped { why }]),
            WebhookCommand::Replay { from } => Ok(vec![WebhookEvent::Replayed { from }]),
            WebhookCommand::Remove => Ok(vec![WebhookEvent::Removed]),
        }
    }

    fn apply(&mut self, event: &WebhookEvent, stamp: Stamp) {
        match event {
            WebhookEvent::Created { url, topics, secret, from } => {
                *self = Webhook {
                    standing: Standing::Active,
                    url: url.clone(),
                    topics: topics.clone(),
                    secret: secret.clone(),
                    created_by: Some(stamp.by),
                    created_at: stamp.at,
                    from: *from,
                    replays: 0,
                };
            }
            WebhookEvent::Stopped { why } => self.standing = Standing::Stopped { at: stamp.at, why: why.clone() },
            WebhookEvent::Replayed { from } => {
                self.standing = Standing::Active;
                self.from = *from;
                self.replays += 1;
            }
            WebhookEvent::Removed => *self = Webhook { standing: Standing::Removed, ..Webhook::default() },
        }
    }

    fn audited(_event: &WebhookEvent) -> bool {
        true
    }

    fn effects(&self, _id: WebhookId, event: &WebhookEvent, owed: &mut Effects) {
        if *event == WebhookEvent::Removed {
            owed.push(Effect::Unkeep);
        }
    }
}
