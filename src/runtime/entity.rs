//! The actor of one entity: load, decide, commit, and only then believe and answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use actix::prelude::*;

use crate::domain::account::Account;
use crate::domain::audit::{Audit, Note, Refusal};
use crate::domain::effect::{Counter, Effect, Effects};
use crate::domain::entity::{Entity, Stamp, advance};
use crate::domain::given::Given;
use crate::domain::import::Import;
use crate::domain::message_template::MessageTemplate;
use crate::domain::organisation::Organisation;
use crate::domain::permission::{Denial, Denies};
use crate::domain::record::Record;
use crate::domain::related::decide_seeing;
use crate::domain::sequence::Sequence;
use crate::domain::webhook::Webhook;
use crate::id::{AuditId, EntityId, RecordId, UserId};
use crate::limits;
use crate::runtime::engine::Shared;
use crate::runtime::governing::{Moved, moved};
use crate::runtime::message::{Ask, Caller, Deliver, Envelope, Failure, Panicked, Passivate, Passivated, Reply, Seen};
use crate::runtime::shard::{Resides, ShardActor};
use crate::runtime::work_lists::{Changes, changes};
use crate::sabotage::{self, Defect};
use crate::store::codec::{self, Entry};
use crate::store::{Commit, Fence, Origin, Outcome, Repeat, Result, Version};

/// The actor of a record and its enrolments.
pub type RecordActor = EntityActor<Record>;
/// The actor of an authored sequence.
pub type SequenceActor = EntityActor<Sequence>;
/// The actor of an import job.
pub type ImportActor = EntityActor<Import>;
/// The actor of users, teams and settings.
pub type OrganisationActor = EntityActor<Organisation>;
/// The actor of a user's credentials.
pub type AccountActor = EntityActor<Account>;
/// The actor that notes what was refused.
pub type AuditActor = EntityActor<Audit>;
/// The actor of a template of messages.
pub type MessageTemplateActor = EntityActor<MessageTemplate>;

/// The actor of a webhook.
pub type WebhookActor = EntityActor<Webhook>;

/// What is in memory of an entity. Dropped at any doubt; the rows are the truth.
struct Held<E> {
    state: E,
    version: Version,
}

/// Holds one entity while it is busy.
pub struct EntityActor<E: Resides> {
    id: E::Id,
    fence: Fence,
    shared: Arc<Shared>,
    shard: Addr<ShardActor>,
    held: Option<Held<E>>,
}

impl<E: Resides> EntityActor<E> {
    /// An actor that loads its entity with the first message.
    pub fn new(id: E::Id, fence: Fence, shared: Arc<Shared>, shard: Addr<ShardActor>) -> EntityActor<E> {
        EntityActor { id, fence, shared, shard, held: None }
    }

    fn entity(&self) -> EntityId {
        self.id.into()
    }

    fn stamp(&self, by: UserId) -> Stamp {
        Stamp { at: self.shared.clock.now(), by }
    }

    fn load(&mut self) -> Result<&mut Held<E>> {
        if self.held.is_none() {
            let (state, version) = codec::load(self.shared.store.as_ref(), self.entity(), None)?;
            // What was never created is not known either.
            if version > 0 {
                E::committed(self.id, &state, &self.shared);
            }
            self.held = Some(Held { state, version });
        }
        self.held.as_mut().ok_or_else(|| crate::store::StoreError::Row("nothing is held".into()))
    }

    /// Decides and hands the commit to the writer; until the outcome is known no other message is taken.
    fn submit(&mut self, command: E::Command, caller: Caller, reply: Reply<E>, ctx: &mut Context<Self>) {
        self.submit_given(command, self.shared.given.load_full(), (caller, reply), ctx);
    }

    fn submit_given(
        &mut self,
        command: E::Command,
        given: Arc<Given>,
        (caller, reply): (Caller, Reply<E>),
        ctx: &mut Context<Self>,
    ) {
        let stamp = self.stamp(caller.by);
        if let Some(asked) = caller.command {
            match self.shared.store.repeat(self.fence.shard, asked.key, stamp.at) {
                Ok(None) => {}
                Ok(Some(repeat)) => return self.answer_repeat(repeat, caller, stamp, &given, reply),
                Err(error) => return self.fail(&error, reply),
            }
        }
        let (id, entity, fence, store) = (self.id, self.entity(), self.fence, self.shared.store.clone());
        let held = match self.load() {
            Ok(held) => held,
            Err(error) => return self.fail(&error, reply),
        };
        // Before its version is told to anybody.
        if let Err(denial) = judge_sight(&held.state, &given, stamp.by) {
            return self.refuse(denial.into(), caller, reply);
        }
        if held.version > 0 && caller.expected.is_some_and(|expected| expected != held.version) {
            return reply(Err(Failure::VersionMismatch { actual: held.version }));
        }
        let by = if sabotage::has(Defect::SkipRights) { UserId::SYSTEM } else { stamp.by };
        // Another record is read as its rows say it, so no actor waits for another.
        let see = |other: RecordId| codec::load::<Record>(store.as_ref(), other.into(), None).map(|(other, _)| other);
        let see = |other| see(other).map(|other| Some(Arc::new(other)));
        let decided = decide_seeing((id, &held.state), &given, command, Stamp { by, ..stamp }, see);
        let (decided, given, again) = match decided {
            Ok((decided, shown, again)) => (decided, shown.map_or(given, Arc::new), again),
            Err(error) => return self.fail(&error, reply),
        };
        let mut events = match decided {
            Err(rejection) => return self.refuse(rejection, caller, reply),
            // What changes nothing is stored all the same where its repeat must be recognised: by then it might change
            // something (P6).
            Ok(events) if events.is_empty() && caller.command.is_none() => {
                let seen = Seen { id, state: &held.state, given: &given, version: held.version, stamp };
                return reply(Ok(seen));
            }
            Ok(events) => events,
        };
        let mut owed = Effects::default();
        advance(&mut held.state, id, &events, stamp, &mut owed);
        if sabotage::has(Defect::SwapEvents) && events.len() > 1 {
            events.swap(0, 1);
        }
        let due = !events.is_empty() && (held.version + 1).is_multiple_of(limits::SNAPSHOT_EVERY);
        let audit = events.iter().any(E::audited).then_some(Origin { from: caller.from });
        let entry = (!events.is_empty()).then(|| codec::encode(&Entry { stamp, events }));
        let commit = Commit {
            fence,
            entity,
            expected: held.version,
            at: stamp.at,
            command: caller.command,
            entry,
            effects: owed.0,
            snapshot: due.then(|| codec::snapshot(&held.state)),
            audit,
        };
        self.commit(commit, Pending { stamp, given, caller, reply, again }, ctx);
    }

    fn sweep(&mut self, effect: Effect, reply: Reply<E>, ctx: &mut Context<Self>) {
        let (stamp, given) = (self.stamp(UserId::SYSTEM), self.shared.given.load_full());
        let (entity, fence) = (self.entity(), self.fence);
        let expected = match self.load() {
            Ok(held) => held.version,
            Err(error) => return self.fail(&error, reply),
        };
        let commit = Commit {
            fence,
            entity,
            expected,
            at: stamp.at,
            command: None,
            entry: None,
            effects: vec![effect],
            snapshot: None,
            audit: None,
        };
        let caller = Caller::SYSTEM;
        self.commit(commit, Pending { stamp, given, caller, reply, again: None }, ctx);
    }

    fn commit(&mut self, commit: Commit, pending: Pending<E>, ctx: &mut Context<Self>) {
        let hints = Hints::of(&commit);
        let believed = Outcome::Done(commit.expected + u32::from(commit.entry.is_some()));
        let outcome = self.shared.writer.commit(commit);
        if sabotage::has(Defect::BelieveBeforeCommit) {
            return self.believe(believed, hints, pending, ctx);
        }
        ctx.wait(outcome.into_actor(self).map(move |outcome, actor, ctx| {
            actor.believe(outcome, hints, pending, ctx);
        }));
    }

    fn believe(&mut self, outcome: Outcome, hints: Hints, pending: Pending<E>, ctx: &mut Context<Self>) {
        let Pending { stamp, given, caller, reply, again } = pending;
        if let (Outcome::Done(version), Some(held)) = (outcome, self.held.as_mut()) {
            held.version = version;
            E::committed(self.id, &held.state, &self.shared);
            hints.give(self.fence, &self.shared);
            let seen = Seen { id: self.id, state: &held.state, given: &given, version, stamp };
            return guarded::<E, ()>(&self.shard, self.id, || reply(Ok(seen))).unwrap_or(());
        }
        // What is in memory was never stored: it goes, and the next message reads the rows.
        self.held = None;
        if outcome == Outcome::Unknown {
            self.show_what_is_stored(hints);
        }
        // No place was left in a pilot: knowing that, the record is decided about anew, and waits.
        if let (Outcome::LimitReached(Counter::Piloted(sequence, pilot)), Some(command)) = (outcome, again) {
            let mut full_pilots = given.full_pilots.clone();
            full_pilots.push((sequence, pilot));
            let given = Arc::new(self.shared.given.load().with_full_pilots(full_pilots));
            return self.submit_given(command, given, (caller, reply), ctx);
        }
        match outcome {
            Outcome::Repeat(repeat) => self.answer_repeat(repeat, caller, stamp, &given, reply),
            Outcome::LimitReached(counter) => reply(Err(Failure::LimitReached(counter))),
            Outcome::Taken(holder) => reply(Err(Failure::Taken(holder))),
            Outcome::Full => reply(Err(Failure::Full)),
            Outcome::Done(_) | Outcome::Conflict { .. } | Outcome::Fenced | Outcome::Unknown => {
                tracing::error!(entity = %self.entity(), ?outcome, "a commit did not come to pass");
                reply(Err(Failure::Unavailable));
            }
        }
    }

    /// A commit without an outcome may be stored all the same: nobody else would tell the others of its rows.
    fn show_what_is_stored(&mut self, hints: Hints) {
        self.shared.work.forget(&hints.work);
        let hints = Hints { work: vec![], ..hints };
        hints.give(self.fence, &self.shared);
        if let Err(error) = self.load() {
            tracing::error!(entity = %self.entity(), %error, "the entity cannot be read");
        }
    }

    /// The first answer again: from the state as that command left it (P6).
    fn answer_repeat(&mut self, repeat: Repeat, caller: Caller, stamp: Stamp, given: &Given, reply: Reply<E>) {
        if caller.command.is_some_and(|asked| asked.fingerprint != repeat.fingerprint) {
            return reply(Err(Failure::KeyReused));
        }
        let entity = EntityId { kind: E::KIND, id: repeat.entity };
        match codec::load::<E>(self.shared.store.as_ref(), entity, Some(repeat.version)) {
            Ok((_, version)) if version != repeat.version => reply(Err(Failure::Erased)),
            Ok((state, version)) if !self.had_sight(&state, entity, version, given, caller) => {
                self.refuse(Denial::hidden(&entity.kind.to_string()).into(), caller, reply);
            }
            Ok((state, version)) => reply(Ok(Seen { id: entity.into(), state: &state, given, version, stamp })),
            Err(error) => self.fail(&error, reply),
        }
    }

    /// Whether, by the rights of now, the caller sees what the command left behind, or saw what it was given for: whoever
    /// hands something over gets the same answer again, and whoever was let in then may not be now.
    fn had_sight(&self, after: &E, entity: EntityId, version: Version, given: &Given, caller: Caller) -> bool {
        let before = || codec::load::<E>(self.shared.store.as_ref(), entity, Some(version - 1));
        judge_sight(after, given, caller.by).is_ok()
            || (version > 1 && before().is_ok_and(|(before, _)| judge_sight(&before, given, caller.by).is_ok()))
    }

    /// Answers with a refusal; one of access is noted first, so that nobody who tries goes unseen.
    fn refuse(&self, rejection: E::Rejection, caller: Caller, reply: Reply<E>) {
        let note = rejection.denial().filter(|_| caller.by != UserId::SYSTEM).map(|denial| {
            let (action, subject) = (caller.action.to_owned(), self.entity().to_string());
            Note(Refusal { action, subject, code: denial.cause.code().into(), detail: denial.detail.clone() })
        });
        let note = note.filter(|_| !sabotage::has(Defect::ForgetRefusal));
        let Some(note) = note else { return reply(Err(Failure::Refused(rejection))) };
        let caller = Caller { command: None, expected: None, ..caller };
        let noted: Reply<Audit> = Box::new(move |noted| {
            reply(Err(match noted {
                Ok(_) => Failure::Refused(rejection),
                // Who makes noting fail shall not learn anything.
                Err(Failure::Full) => Failure::Full,
                Err(_) => Failure::Unavailable,
            }));
        });
        let envelope = Envelope { ask: Ask::Submit(note, caller), reply: noted };
        self.shard.do_send(Deliver::<Audit> { id: AuditId::of(self.fence.shard), envelope });
    }

    fn fail(&mut self, error: &crate::store::StoreError, reply: Reply<E>) {
        tracing::error!(entity = %self.entity(), %error, "the entity cannot be read");
        self.held = None;
        reply(Err(Failure::Unavailable));
    }
}

/// Refuses whoever may not know of an entity.
fn judge_sight<E: Entity<Given = Given>>(state: &E, given: &Given, by: UserId) -> std::result::Result<(), Denial> {
    if sabotage::has(Defect::SkipSight) { Ok(()) } else { state.must_be_seen(given, by) }
}

/// What is needed again when the outcome is known.
struct Pending<E: Entity> {
    stamp: Stamp,
    given: Arc<Given>,
    caller: Caller,
    reply: Reply<E>,
    /// The same request, where it may have to be decided anew.
    again: Option<E::Command>,
}

/// What timers and outbox are told once the rows are there. May be lost; the rows may not.
struct Hints {
    due: Option<crate::time::Timestamp>,
    owes: bool,
    moved: Moved,
    work: Changes,
    at: crate::time::Timestamp,
}

impl Hints {
    fn of(commit: &Commit) -> Hints {
        let armed = commit.effects.iter().filter_map(|effect| match effect {
            Effect::Arm { due, .. } => Some(*due),
            _ => None,
        });
        let owes = commit.effects.iter().any(|effect| matches!(effect, Effect::Owe { .. }));
        Hints { due: armed.min(), owes, moved: moved(commit), work: changes(commit), at: commit.at }
    }

    fn give(self, fence: Fence, shared: &Shared) {
        shared.tell_governor(self.moved, self.at);
        shared.work.tell(self.work);
        if sabotage::has(Defect::LoseHints) {
            return;
        }
        if let Some(due) = self.due {
            shared.hint_timer(fence.shard, due);
        }
        if self.owes {
            shared.hint_outbox(fence.shard);
        }
    }
}

/// Runs what a defect may panic in; the entity's actor survives without what it held (P8).
fn guarded<E: Resides, T>(shard: &Addr<ShardActor>, id: E::Id, run: impl FnOnce() -> T) -> Option<T>
where
    ShardActor: Handler<Panicked<E>>,
{
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| shard.do_send(Panicked::<E>(id))).ok()
}

impl<E: Resides> Actor for EntityActor<E> {
    type Context = Context<Self>;
}

impl<E: Resides> Handler<Envelope<E>> for EntityActor<E> {
    type Result = ();

    fn handle(&mut self, Envelope { ask, reply }: Envelope<E>, ctx: &mut Context<Self>) {
        let (shard, id) = (self.shard.clone(), self.id);
        // A reply that is dropped by a panic tells its caller so.
        let ran = guarded::<E, ()>(&shard, id, || match ask {
            Ask::Submit(command, caller) => self.submit(command, caller, reply, ctx),
            Ask::Sweep(effect) => self.sweep(effect, reply, ctx),
            Ask::Read(caller) => {
                let (stamp, given) = (self.stamp(caller.by), self.shared.given.load_full());
                match self.load() {
                    Err(error) => self.fail(&error, reply),
                    Ok(held) => match judge_sight(&held.state, &given, caller.by) {
                        Ok(()) => {
                            reply(Ok(Seen { id, state: &held.state, given: &given, version: held.version, stamp }));
                        }
                        Err(denial) => self.refuse(denial.into(), caller, reply),
                    },
                }
            }
        });
        if ran.is_none() {
            self.held = None;
        }
    }
}

impl<E: Resides> Handler<Passivate> for EntityActor<E> {
    type Result = ();

    fn handle(&mut self, _: Passivate, ctx: &mut Context<Self>) {
        self.shard.do_send(Passivated::<E>(self.id));
        ctx.stop();
    }
}
