//! An address or number that nobody is to write to, whoever has it. It is named by a keyed digest, so that it is kept when
//! everything else of the person is erased (Art. 21 of the GDPR): what the server adds by itself holds no address.

pub mod list;

use serde::{Deserialize, Serialize};

use crate::domain::effect::Effects;
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::permission::{Denial, Denies, Permission};
use crate::domain::record::schema::text_fault;
use crate::id::{EntityKind, RecordId, SuppressionId, UserId};
use crate::limits;
use crate::time::Timestamp;

/// What is suppressed. Stored: variants are only ever appended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reached {
    /// An e-mail address.
    #[default]
    Email,
    /// A phone number.
    Phone,
}

/// The person has followed the way out of a message.
pub const UNSUBSCRIBED: &str = "unsubscribed";
/// The person has complained of a message.
pub const COMPLAINED: &str = "complained";
/// The far side says that there is no such address.
pub const BOUNCED: &str = "bounced";
/// Somebody of the organisation says so, and nothing more.
pub const REQUESTED: &str = "requested";

/// An address that is to be suppressed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppressed {
    /// What it is.
    pub reached: Reached,
    /// Why: a word of ours, or what somebody has written.
    pub reason: String,
    /// The address or number, as whoever has written it into the list has.
    pub address: Option<String>,
    /// The record whose address it was when the server added it.
    pub of: Option<RecordId>,
}

impl Suppressed {
    /// An e-mail address of a record, for a reason of the server.
    pub fn email_of(record: RecordId, reason: &str) -> Suppressed {
        Suppressed { reached: Reached::Email, reason: reason.into(), address: None, of: Some(record) }
    }
}

/// The state of a suppression.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// What is suppressed, while it is.
    pub holds: Option<Suppressed>,
    /// Since when it is, or is not.
    pub since: Timestamp,
}

/// A request to a suppression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuppressionCommand {
    /// It holds from now on; where it does already, nothing changes.
    Add(Suppressed),
    /// It holds no more.
    Remove,
}

/// A fact about a suppression. Stored for good: variants and members are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SuppressionEvent {
    /// It holds.
    Added(Suppressed),
    /// It holds no more.
    Removed,
}

/// Why a suppression refuses a command. The codes are part of the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuppressionRejection {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// It does not hold.
    #[error("there is no such suppression")]
    NotFound,
    /// The reason does not fit.
    #[error("the reason {0}")]
    Invalid(String),
    /// As many as there can be.
    #[error("the organisation has {} suppressions, as many as people may write", limits::SUPPRESSIONS_MAX)]
    Full,
}

impl Denies for SuppressionRejection {
    fn denial(&self) -> Option<&Denial> {
        match self {
            SuppressionRejection::Denied(denial) => Some(denial),
            _ => None,
        }
    }
}

fn must_set_up(given: &Given, by: UserId) -> Result<(), Denial> {
    match by {
        UserId::SYSTEM => Ok(()),
        _ => given.policy.person(by)?.must(Permission::SetUp, "manage suppressions"),
    }
}

impl Entity for Suppression {
    const KIND: EntityKind = EntityKind::Suppression;
    type Id = SuppressionId;
    type Given = Given;
    type Command = SuppressionCommand;
    type Event = SuppressionEvent;
    type Rejection = SuppressionRejection;

    /// Who does not want to be written to is for those who see everybody (P-12).
    fn must_be_seen(&self, given: &Given, by: UserId) -> Result<(), Denial> {
        must_set_up(given, by)
    }

    fn decide(
        &self,
        _id: SuppressionId,
        given: &Given,
        command: SuppressionCommand,
        stamp: Stamp,
    ) -> Result<Vec<SuppressionEvent>, SuppressionRejection> {
        must_set_up(given, stamp.by)?;
        match command {
            SuppressionCommand::Add(_) if self.holds.is_some() => Ok(vec![]),
            // What a person wishes is never refused for want of room.
            SuppressionCommand::Add(_)
                if stamp.by != UserId::SYSTEM && given.suppressions.len() >= limits::SUPPRESSIONS_MAX =>
            {
                Err(SuppressionRejection::Full)
            }
            SuppressionCommand::Add(added) => match text_fault(&added.reason, limits::SUPPRESSION_REASON_MAX, false) {
                Some((_, detail)) => Err(SuppressionRejection::Invalid(detail)),
                None => Ok(vec![SuppressionEvent::Added(added)]),
            },
            SuppressionCommand::Remove if self.holds.is_some() => Ok(vec![SuppressionEvent::Removed]),
            SuppressionCommand::Remove => Err(SuppressionRejection::NotFound),
        }
    }

    fn apply(&mut self, event: &SuppressionEvent, stamp: Stamp) {
        self.holds = match event {
            SuppressionEvent::Added(added) => Some(added.clone()),
            SuppressionEvent::Removed => None,
        };
        self.since = stamp.at;
    }

    fn audited(_event: &SuppressionEvent) -> bool {
        true
    }

    fn effects(&self, _id: SuppressionId, _event: &SuppressionEvent, _owed: &mut Effects) {}
}
