//! What clients ask, and the answers they get.

use actix::Handler;
use relance::domain::account::Account;
use relance::domain::account::command::AccountCommand;
use relance::domain::audit::Audit;
use relance::domain::catalogue::Catalogue;
use relance::domain::catalogue::command::CatalogueCommand;
use relance::domain::channels::Channels;
use relance::domain::channels::command::ChannelsCommand;
use relance::domain::import::{Import, ImportCommand};
use relance::domain::message_template::MessageTemplate;
use relance::domain::message_template::command::TemplateCommand;
use relance::domain::organisation::Organisation;
use relance::domain::organisation::command::OrganisationCommand;
use relance::domain::permission::Denies;
use relance::domain::record::Record;
use relance::domain::record::command::RecordCommand;
use relance::domain::sequence::{Sequence, SequenceCommand};
use relance::domain::suppression::Suppression;
use relance::domain::webhook::Webhook;
use relance::id::{
    CatalogueId, ChannelsId, EntityId, EntityKind, ImportId, OrganisationId, RecordId, SequenceId, TemplateId, UserId,
};
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
    Organisation(OrganisationCommand),
    Account(UserId, AccountCommand),
    Catalogue(CatalogueCommand),
    Channels(ChannelsCommand),
    Message(TemplateId, TemplateCommand),
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
    /// Done, or seen: whose state, its version, the digest of the state, and whether who asks may know of it as it is.
    Seen { entity: EntityId, version: Version, state: u64, lawful: bool },
    /// Access is refused, with the reason; nothing changed.
    Denied(String),
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
            What::Organisation(_) => OrganisationId::THE.into(),
            What::Catalogue(_) => CatalogueId::THE.into(),
            What::Channels(_) => ChannelsId::THE.into(),
            What::Account(user, _) => user.account().into(),
            What::Message(id, _) => (*id).into(),
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
                | What::Message(_, TemplateCommand::Create { .. })
        )
    }

    /// The same about another entity of the same kind.
    pub fn about(mut self, id: u128) -> Ask {
        match &mut self.what {
            What::Record(known, _) => known.0 = id,
            What::Sequence(known, _) => known.0 = id,
            What::Import(known, _) => known.0 = id,
            What::Message(known, _) => known.0 = id,
            What::Organisation(_) | What::Account(..) | What::Catalogue(_) | What::Channels(_) => {}
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
            What::Organisation(command) => submit::<Organisation>(&engine, OrganisationId::THE, command, caller).await,
            What::Account(user, command) => submit::<Account>(&engine, user.account(), command, caller).await,
            What::Catalogue(command) => submit::<Catalogue>(&engine, CatalogueId::THE, command, caller).await,
            What::Channels(command) => submit::<Channels>(&engine, ChannelsId::THE, command, caller).await,
            What::Message(id, command) => submit::<MessageTemplate>(&engine, id, command, caller).await,
            What::Read(entity) => match entity.kind {
                EntityKind::Record => read::<Record>(&engine, entity, caller).await,
                EntityKind::Sequence => read::<Sequence>(&engine, entity, caller).await,
                EntityKind::Import => read::<Import>(&engine, entity, caller).await,
                EntityKind::Organisation => read::<Organisation>(&engine, entity, caller).await,
                EntityKind::Account => read::<Account>(&engine, entity, caller).await,
                EntityKind::Catalogue => read::<Catalogue>(&engine, entity, caller).await,
                EntityKind::Channels => read::<Channels>(&engine, entity, caller).await,
                EntityKind::Audit => read::<Audit>(&engine, entity, caller).await,
                EntityKind::MessageTemplate => read::<MessageTemplate>(&engine, entity, caller).await,
                EntityKind::Webhook => read::<Webhook>(&engine, entity, caller).await,
                EntityKind::Suppression => read::<Suppression>(&engine, entity, caller).await,
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
    told(engine.read::<E, _>(entity.into(), caller, seen).await)
}

fn seen<E: Resides>(seen: Seen<E>) -> Answer {
    let lawful = seen.state.must_be_seen(seen.given, seen.stamp.by).is_ok();
    Answer::Seen { entity: seen.id.into(), version: seen.version, state: digest(&codec::encode(seen.state)), lawful }
}

fn told<R: std::error::Error + Denies>(answer: Result<Answer, Failure<R>>) -> Answer {
    match answer {
        Ok(answer) => answer,
        Err(Failure::KeyReused) => Answer::KeyReused,
        Err(Failure::Refused(refusal)) => match refusal.denial() {
            Some(denial) => Answer::Denied(denial.detail.clone()),
            None => Answer::Refused(refusal.to_string()),
        },
        Err(Failure::Unavailable | Failure::Busy) => Answer::Unavailable,
        Err(Failure::Bug) => Answer::Bug,
        Err(refusal) => Answer::Refused(refusal.to_string()),
    }
}
