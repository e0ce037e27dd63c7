//! The core contract: what decides and remembers, without a clock, IO or chance.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::effect::Effects;
use crate::domain::permission::{Denial, Denies};
use crate::domain::record::listed::{self, Listed};
use crate::id::{EntityKind, RecordId, UserId};
use crate::time::Timestamp;

/// When a command was decided and by whom; stored once for all its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The instant the decision was given.
    pub at: Timestamp,
    /// Who asked for it.
    pub by: UserId,
}

/// Something that decides and remembers. Nothing here waits, fails, or asks the time.
pub trait Entity: Clone + Default + Serialize + DeserializeOwned + Send + Unpin + 'static {
    /// Its number in ids and keys.
    const KIND: EntityKind;
    /// Raised whenever the shape of the state changes, so that older snapshots are passed over.
    const LAYOUT: u16 = 1;
    /// Its typed id.
    type Id: Copy + Unpin + Into<crate::id::EntityId> + From<crate::id::EntityId> + Send + 'static;
    /// What a decision may look at besides its own state.
    type Given: Send + Sync + 'static;
    /// A request; may be refused.
    type Command: Send + 'static;
    /// A fact; never refused, stored for good.
    type Event: Serialize + DeserializeOwned + Send + 'static;
    /// Why a command was refused.
    type Rejection: std::error::Error + Denies + Send + 'static;

    /// Refuses whoever may not know that it is there. Asked before each reading, decision and repeated answer, so that
    /// nobody can go around it.
    fn must_be_seen(&self, given: &Self::Given, by: UserId) -> Result<(), Denial>;

    /// What follows from `command` here and now: the same answer for the same arguments. No events means that
    /// nothing is left to do, and nothing is stored.
    fn decide(
        &self,
        id: Self::Id,
        given: &Self::Given,
        command: Self::Command,
        stamp: Stamp,
    ) -> Result<Vec<Self::Event>, Self::Rejection>;

    /// The other record that a decision has to see before it can be made; see [`crate::domain::related`].
    fn unseen(_rejection: &Self::Rejection) -> Option<RecordId> {
        None
    }

    /// The same request once more, where a decision may have to see other records.
    fn again(_command: &Self::Command) -> Option<Self::Command> {
        None
    }

    /// Remembers a fact. Total: whatever was stored can be replayed.
    fn apply(&mut self, event: &Self::Event, stamp: Stamp);

    /// What the world is owed for `event`, `self` being the state just after it, but for what [`Entity::listed`] shows. A
    /// function of the log alone, so that every row can be computed again from it.
    fn effects(&self, id: Self::Id, event: &Self::Event, owed: &mut Effects);

    /// What lists show of the state; their rows follow from what it was before a command and is after.
    fn listed(&self) -> Option<Listed> {
        None
    }

    /// Whether `event` takes the log before it along, so that a log may begin with it.
    fn erases(_event: &Self::Event) -> bool {
        false
    }

    /// Whether `event` is linked into the audit trail. What is or is not must never change for an event that was stored: a
    /// store whose audited events are not those of its trail is not sound.
    fn audited(_event: &Self::Event) -> bool {
        false
    }

    /// Takes back every other row that follows from the state, and the log itself, before an event that erases.
    fn retract(&self, _owed: &mut Effects) {}
}

/// Applies the events of one command in order; adds what the world is owed for them.
pub fn advance<E: Entity>(state: &mut E, id: E::Id, events: &[E::Event], stamp: Stamp, owed: &mut Effects) {
    let before = state.listed();
    for event in events {
        if E::erases(event) {
            state.retract(owed);
        }
        state.apply(event, stamp);
        state.effects(id, event, owed);
    }
    listed::owe_difference(before, state.listed(), owed);
}
