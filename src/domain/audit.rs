//! What was refused: to whom, what, why. Changes stand in the logs of what they changed; the audit trail links both.

use serde::{Deserialize, Serialize};

use crate::domain::effect::Effects;
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::permission::{Denial, Denies};
use crate::id::{AuditId, EntityKind, UserId};

/// An access that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What was asked: a command's name, or method and route.
    pub action: String,
    /// Of what; an id, never a name or an address.
    pub subject: String,
    /// The stable code of the answer.
    pub code: String,
    /// One sentence.
    pub detail: String,
}

/// The refusals of one shard, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// How many.
    pub refusals: u64,
}

/// A request to note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note(pub Refusal);

/// A fact about an audit. Stored for good: variants and members are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditEvent {
    /// An access was refused.
    Refused(Refusal),
}

/// Noting is never refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct NeverRefused(#[from] pub Denial);

impl Denies for NeverRefused {
    fn denial(&self) -> Option<&Denial> {
        None
    }
}

impl Entity for Audit {
    const KIND: EntityKind = EntityKind::Audit;
    type Id = AuditId;
    type Given = Given;
    type Command = Note;
    type Event = AuditEvent;
    type Rejection = NeverRefused;

    /// It is read by way of the trail, which is for administrators.
    fn must_be_seen(&self, _: &Given, _: UserId) -> Result<(), Denial> {
        Ok(())
    }

    fn decide(&self, _: AuditId, _: &Given, Note(refusal): Note, _: Stamp) -> Result<Vec<AuditEvent>, NeverRefused> {
        Ok(vec![AuditEvent::Refused(refusal)])
    }

    fn apply(&mut self, event: &AuditEvent, _: Stamp) {
        match event {
            AuditEvent::Refused(_) => self.refusals += 1,
        }
    }

    fn audited(_event: &AuditEvent) -> bool {
        true
    }

    fn effects(&self, _: AuditId, _: &AuditEvent, _: &mut Effects) {}
}
