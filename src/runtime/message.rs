//! What is asked of an entity's actor, and what it can answer.

use std::net::IpAddr;

use crate::domain::effect::{Counter, Effect};
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::id::{CommandId, RecordId, UserId};
use crate::store::Version;

/// What an answer may be made from: the entity as it was right after the command, durable.
pub struct Seen<'a, E: Entity> {
    /// Whose state it is; a repeated creation is answered with the entity that was created first.
    pub id: E::Id,
    /// The state.
    pub state: &'a E,
    /// The snapshot it was decided with.
    pub given: &'a Given,
    /// The entity's version; 0 if it was never created.
    pub version: Version,
    /// When it was asked, and by whom.
    pub stamp: Stamp,
}

/// Who asks what, and how a repeat is recognised.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// Who.
    pub by: UserId,
    /// From where, if it came over the network.
    pub from: Option<IpAddr>,
    /// What they asked for, as the audit trail tells it: method and route.
    pub action: &'static str,
    /// The command id, if the caller gave one.
    pub command: Option<CommandId>,
    /// The version the caller has seen, if only that one may be changed.
    pub expected: Option<Version>,
}

impl Caller {
    /// The server itself.
    pub const SYSTEM: Caller = Caller::new(UserId::SYSTEM, "system");

    /// Somebody in this process who does not need to recognise repeats.
    pub const fn new(by: UserId, action: &'static str) -> Caller {
        Caller { by, from: None, action, command: None, expected: None }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure<R: std::error::Error> {
    /// The entity refused; nothing changed.
    #[error("{0}")]
    Refused(R),
    /// A bound over all entities is reached; nothing changed.
    #[error("the limit is reached")]
    LimitReached(Counter),
    /// Another record holds the external id; nothing changed.
    #[error("another record has this external id")]
    Taken(RecordId),
    /// The command id was used for something else; nothing changed.
    #[error("the idempotency key was used with another request")]
    KeyReused,
    /// The caller has seen another version than the present one; nothing changed.
    #[error("the resource has changed since it was read")]
    VersionMismatch { actual: Version },
    /// What the command did was erased since.
    #[error("what this once did was erased since")]
    Erased,
    /// Too much is under way; try again.
    #[error("too many commands are under way")]
    Busy,
    /// The disk is full; nothing changed, and it can be asked again later.
    #[error("the disk is full")]
    Full,
    /// The server is stopping, or its store has failed; the command may or may not have been stored.
    #[error("the server does not accept commands")]
    Unavailable,
    /// A defect of the server met this entity; what was asked may or may not have been stored.
    #[error("the server met a defect")]
    Bug,
}

/// Called with the answer, in the actor's thread.
pub type Reply<E> = Box<dyn FnOnce(Result<Seen<E>, Failure<<E as Entity>::Rejection>>) + Send>;

/// A request to an entity's actor.
pub enum Ask<E: Entity> {
    /// Decide, store, answer.
    Submit(E::Command, Caller),
    /// Answer from the state as it stands, if the caller may see it.
    Read(Caller),
    /// Remove a row that nothing waits for.
    Sweep(Effect),
}

/// A request with its reply.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Envelope<E: Entity> {
    /// What is asked.
    pub ask: Ask<E>,
    /// Who wants to know.
    pub reply: Reply<E>,
}

/// A request to the shard for one of its entities.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Deliver<E: Entity> {
    /// Which entity.
    pub id: E::Id,
    /// What is asked.
    pub envelope: Envelope<E>,
}

/// The shard asks an actor to leave.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Passivate;

/// The actor has left; nothing was behind this in its mailbox.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Passivated<E: Entity>(pub E::Id);

/// A defect met an entity.
#[derive(actix::Message)]
#[rtype(result = "()")]
pub struct Panicked<E: Entity>(pub E::Id);
