//! What clients ask, and the answers they get.

use actix::Handler;
use relance::domain::import::{Import, ImportCommand};
use relance::domain::record::Record;
use relance::domain::record::command::RecordCommand;
use relance::domain::sequence::{Sequence, SequenceCommand};
use relance::id::{EntityId, EntityKind, ImportId, RecordId, SequenceId};
use relance::runtime::engine::Engine;
use relance::runtime::message::{Caller, Deliver, Failure, Seen};
use relance::runtime::shard::{Resides, ShardActor};
use relance::store::{Version, codec};

use super::trace::digest;

/// What is asked.
#[derive(Clone, Debug)]
pub enum What {
    Record(RecordId, RecordCommand),
    Sequence(SequenceId, SequenceCommand),
    Import(ImportId, ImportCommand),
    Read(EntityId),
}

/// A request.
#[derive(Clone, Debug)]
pub struct Ask {
    pub what: What,
    pub caller: Caller,
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done, or seen: whose state, its version, and the digest of the state.
    Seen { entity: EntityId, version: Version, state: u64 },
    /// Nothing changed, with the reason.
    Refused(String),
    /// The key was used with another request; nothing changed.
    KeyReused,
    /// The client may not conclude anything.
    Unavailable,
    /// The server met a defect.
    Bug,
}

impl Ask {
    /// Whom it is about.
    pub fn entity(&self) -> EntityId {
        match &self.what {
            What::Record(id, _) => (*id).into(),
            What::Sequence(id, _) => (*id).into(),
            What::Import(id, _) => (*id).into(),
            What::Read(entity) => *entity,
        }
    }

    /// Whether it brings its entity into being.
    pub fn creates(&self) -> bool {
        matches!(
            self.what,
            What::Record(_, RecordCommand::Create { .. })
                | What::Sequence(_, SequenceCommand::Create { .. })
                | What::Import(_, ImportCommand::Start(_))
        )
    }

    /// The same about another entity of the same kind.
    pub fn about(mut self, id: u128) -> Ask {
        match &mut self.what {
            What::Record(known, _) => known.0 = id,
            What::Sequence(known, _) => known.0 = id,
            What::Import(known, _) => known.0 = id,
            What::Read(entity) => entity.id = id,
        }
        self
    }

    /// Asks an engine.
    pub async fn put(self, engine: Engine) -> Answer {
        let caller = self.caller;
        match self.what {
            What::Record(id, command) => submit::<Record>(&engine, id, command, caller).await,
            What::Sequence(id, command) => submit::<Sequence>(&engine, id, command, caller).await,
            What::Import(id, command) => submit::<Import>(&engine, id, command, caller).await,
            What::Read(entity) => match entity.kind {
                EntityKind::Record => read::<Record>(&engine, entity, caller).await,
                EntityKind::Sequence => read::<Sequence>(&engine, entity, caller).await,
                EntityKind::Import => read::<Import>(&engine, entity, caller).await,
            },
        }
    }
}

async fn submit<E: Resides>(engine: &Engine, id: E::Id, command: E::Command, caller: Caller) -> Answer
where
    ShardActor: Handler<Deliver<E>>,
{
    told(engine.submit::<E, _>(id, command, caller, seen).await)
}

async fn read<E: Resides>(engine: &Engine, entity: EntityId, caller: Caller) -> Answer
where
    ShardActor: Handler<Deliver<E>>,
{
    told(engine.read::<E, _>(entity.into(), caller.by, seen).await)
}

fn seen<E: Resides>(seen: Seen<E>) -> Answer {
    Answer::Seen { entity: seen.id.into(), version: seen.version, state: digest(&codec::encode(seen.state)) }
}

fn told<R: std::error::Error>(answer: Result<Answer, Failure<R>>) -> Answer {
    match answer {
        Ok(answer) => answer,
        Err(Failure::KeyReused) => Answer::KeyReused,
        Err(Failure::Unavailable | Failure::Busy) => Answer::Unavailable,
        Err(Failure::Bug) => Answer::Bug,
        Err(refusal) => Answer::Refused(refusal.to_string()),
    }
}
