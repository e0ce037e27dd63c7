//! The actor of one thread's shards: finds or makes the actor of an entity, and decides who leaves.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use lru::LruCache;
use tokio::time::Instant;

use crate::domain::account::Account;
use crate::domain::audit::Audit;
use crate::domain::catalogue::Catalogue;
use crate::domain::channels::Channels;
use crate::domain::entity::Entity;
use crate::domain::given::Given;
use crate::domain::import::Import;
use crate::domain::message_template::MessageTemplate;
use crate::domain::organisation::Organisation;
use crate::domain::record::Record;
use crate::domain::sequence::Sequence;
use crate::domain::suppression::Suppression;
use crate::domain::webhook::Webhook;
use crate::id::{EntityId, RecordId, UserId};
use crate::limits;
use crate::runtime::engine::Shared;
use crate::runtime::entity::EntityActor;
use crate::runtime::message::{Deliver, Envelope, Failure, Panicked, Passivate, Passivated};
use crate::sabotage::{self, Defect};
use crate::store::Fence;

/// An entity that lives in a shard.
pub trait Resides: Entity<Given = Given> {
    /// Where its kind lives.
    fn residence(shard: &mut ShardActor) -> &mut Residence<Self>;
    /// Told what is durable: after each commit, and when the rows were read.
    fn committed(_id: Self::Id, _state: &Self, _shared: &Shared) {}
}

impl Resides for Record {
    fn residence(shard: &mut ShardActor) -> &mut Residence<Record> {
        &mut shard.records
    }

    fn committed(id: RecordId, state: &Record, shared: &Shared) {
        shared.standings.tell(id, state);
    }
}

impl Resides for Sequence {
    fn residence(shard: &mut ShardActor) -> &mut Residence<Sequence> {
        &mut shard.sequences
    }

    fn committed(id: Self::Id, state: &Sequence, shared: &Shared) {
        shared.given.rcu(|given| given.with_sequence(id, state));
    }
}

impl Resides for Organisation {
    fn residence(shard: &mut ShardActor) -> &mut Residence<Organisation> {
        &mut shard.organisations
    }

    fn committed(_: Self::Id, state: &Organisation, shared: &Shared) {
        if sabotage::has(Defect::KeepPolicy) {
            return;
        }
        shared.given.rcu(|given| given.with_organisation(state));
    }
}

impl Resides for Account {
    fn residence(shard: &mut ShardActor) -> &mut Residence<Account> {
        &mut shard.accounts
    }

    fn committed(id: Self::Id, state: &Account, shared: &Shared) {
        if sabotage::has(Defect::KeepKeys) {
            return;
        }
        shared.keyring.replace(UserId(id.0), state);
    }
}

impl Resides for Audit {
    fn residence(shard: &mut ShardActor) -> &mut Residence<Audit> {
        &mut shard.audits
    }
}

impl Resides for Catalogue {
    fn residence(shard: &mut ShardActor) -> &mut Residence<Catalogue> {
        &mut shard.catalogues
    }

    fn committed(_: Self::Id, state: &Catalogue, shared: &Shared) {
        shared.given.rcu(|given| given.with_catalogue(state));
    }
}

impl Resides for Channels {
    fn residence(shard: &mut ShardActor) -> &mut Residence<Channels> {
        &mut shard.channels
    }

    fn committed(_: Self::Id, state: &Channels, shared: &Shared) {
        shared.given.rcu(|given| given.with_channels(state));
    }
}

impl Resides for MessageTemplate {
    fn residence(shard: &mut ShardActor) -> &mut Residence<MessageTemplate> {
        &mut shard.message_templates
    }

    fn committed(id: Self::Id, state: &MessageTemplate, shared: &Shared) {
        shared.given.rcu(|given| given.with_message(id, state));
    }
}

impl Resides for Webhook {
    fn residence(shard: &mut ShardActor) -> &mut Residence<Webhook> {
        &mut shard.webhooks
    }

    fn committed(id: Self::Id, state: &Webhook, shared: &Shared) {
        shared.given.rcu(|given| given.with_webhook(id, state));
    }
}

impl Resides for Suppression {
    fn residence(shard: &mut ShardActor) -> &mut Residence<Suppression> {
        &mut shard.suppressions
    }

    fn committed(id: Self::Id, state: &Suppression, shared: &Shared) {
        shared.given.rcu(|given| given.with_suppression(id, state.holds.is_some()));
    }
}

impl Resides for Import {
    fn residence(shard: &mut ShardActor) -> &mut Residence<Import> {
        &mut shard.imports
    }
}

/// The actors of one kind of entity, least recently used last.
pub struct Residence<E: Resides>(LruCache<u128, Resident<E>>);

impl<E: Resides> Default for Residence<E> {
    fn default() -> Residence<E> {
        Residence(LruCache::unbounded())
    }
}

struct Resident<E: Resides> {
    actor: Addr<EntityActor<E>>,
    used: Instant,
    /// Set once the actor was asked to leave: what came since, to be delivered to its successor.
    parked: Option<Vec<Envelope<E>>>,
}

/// Owns the addresses of its entities' actors; nobody else has them.
pub struct ShardActor {
    shared: Arc<Shared>,
    fences: Vec<Fence>,
    records: Residence<Record>,
    sequences: Residence<Sequence>,
    imports: Residence<Import>,
    organisations: Residence<Organisation>,
    accounts: Residence<Account>,
    audits: Residence<Audit>,
    catalogues: Residence<Catalogue>,
    channels: Residence<Channels>,
    message_templates: Residence<MessageTemplate>,
    webhooks: Residence<Webhook>,
    suppressions: Residence<Suppression>,
    panics: HashMap<EntityId, u8>,
}

impl ShardActor {
    /// An actor that owns every shard of `fences` it is sent messages for.
    pub fn new(shared: Arc<Shared>, fences: Vec<Fence>) -> ShardActor {
        ShardActor {
            shared,
            fences,
            records: Residence::default(),
            sequences: Residence::default(),
            imports: Residence::default(),
            organisations: Residence::default(),
            accounts: Residence::default(),
            audits: Residence::default(),
            catalogues: Residence::default(),
            channels: Residence::default(),
            message_templates: Residence::default(),
            webhooks: Residence::default(),
            suppressions: Residence::default(),
            panics: HashMap::new(),
        }
    }

    fn deliver<E: Resides>(&mut self, id: E::Id, envelope: Envelope<E>, ctx: &mut Context<Self>)
    where
        ShardActor: Handler<Passivated<E>> + Handler<Panicked<E>>,
    {
        let entity: EntityId = id.into();
        if self.panics.get(&entity).is_some_and(|panics| *panics >= limits::PANICS_MAX) {
            return (envelope.reply)(Err(Failure::Bug));
        }
        if let Some(resident) = E::residence(self).0.get_mut(&entity.id) {
            resident.used = Instant::now();
            match &mut resident.parked {
                Some(parked) => parked.push(envelope),
                None => resident.actor.do_send(envelope),
            }
            return;
        }
        let Some(fence) = self.fences.iter().find(|fence| fence.shard == entity.shard()).copied() else {
            return (envelope.reply)(Err(Failure::Unavailable));
        };
        let actor = EntityActor::new(id, fence, self.shared.clone(), ctx.address()).start();
        actor.do_send(envelope);
        let resident = Resident { actor, used: Instant::now(), parked: None };
        let resident_max = self.shared.resident_max;
        let residence = E::residence(self);
        residence.0.put(entity.id, resident);
        if residence.0.len() > resident_max {
            residence.ask_oldest_to_leave(|_| true);
        }
    }
}

impl ShardActor {
    /// Now and again, one pause after the other: a process that stood still has no looks to make up for.
    fn look_for_idle(&mut self, ctx: &mut Context<Self>) {
        let idle = self.shared.idle;
        self.records.ask_idle_to_leave(idle);
        self.sequences.ask_idle_to_leave(idle);
        self.imports.ask_idle_to_leave(idle);
        self.organisations.ask_idle_to_leave(idle);
        self.accounts.ask_idle_to_leave(idle);
        self.audits.ask_idle_to_leave(idle);
        self.catalogues.ask_idle_to_leave(idle);
        self.channels.ask_idle_to_leave(idle);
        self.message_templates.ask_idle_to_leave(idle);
        self.webhooks.ask_idle_to_leave(idle);
        self.suppressions.ask_idle_to_leave(idle);
        metrics::gauge!("relance_resident_records").set(self.records.0.len() as f64);
        ctx.run_later(idle / 4, |shard, ctx| shard.look_for_idle(ctx));
    }
}

impl<E: Resides> Residence<E> {
    /// Begins the handshake with the least recently used actor that is still wanted, if `leaves` says so.
    fn ask_oldest_to_leave(&mut self, leaves: impl Fn(&Resident<E>) -> bool) -> bool {
        let oldest = self.0.iter_mut().rev().map(|(_, resident)| resident).find(|resident| resident.parked.is_none());
        match oldest {
            Some(resident) if leaves(resident) => {
                resident.parked = Some(Vec::new());
                resident.actor.do_send(Passivate);
                true
            }
            _ => false,
        }
    }

    fn ask_idle_to_leave(&mut self, idle: Duration) {
        while self.ask_oldest_to_leave(|resident| resident.used.elapsed() > idle) {}
    }
}

impl Actor for ShardActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.look_for_idle(ctx);
    }
}

impl<E: Resides> Handler<Deliver<E>> for ShardActor {
    type Result = ();

    fn handle(&mut self, Deliver { id, envelope }: Deliver<E>, ctx: &mut Context<Self>) {
        self.deliver(id, envelope, ctx);
    }
}

impl<E: Resides> Handler<Passivated<E>> for ShardActor {
    type Result = ();

    fn handle(&mut self, Passivated(id): Passivated<E>, ctx: &mut Context<Self>) {
        let entity: EntityId = id.into();
        let gone = E::residence(self).0.pop(&entity.id);
        for envelope in gone.and_then(|resident| resident.parked).into_iter().flatten() {
            self.deliver(id, envelope, ctx);
        }
    }
}

impl<E: Resides> Handler<Panicked<E>> for ShardActor {
    type Result = ();

    fn handle(&mut self, Panicked(id): Panicked<E>, _: &mut Context<Self>) {
        let entity: EntityId = id.into();
        let panics = self.panics.entry(entity).or_default();
        *panics += 1;
        metrics::counter!("relance_panics_total").increment(1);
        tracing::error!(%entity, panics = *panics, "a defect met this entity; it is left alone after a few");
    }
}
