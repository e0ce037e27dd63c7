//! Does what entities owe the world: at least once, until the entity has noted that it is done.

mod ab_test;
mod due_dates;
mod fuse;
mod hand_over;
mod message;
mod migrate;
mod pages;
mod pilot;
mod undo;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::connector::Mailer;
use crate::domain::ab_test::life::Reached;
use crate::domain::effect::{Delivery, EffectKey};
use crate::domain::enrolment::undo::Undoing;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::erase::Erasure;
use crate::domain::record::{Record, RecordRejection};
use crate::domain::sequence::{Sequence, SequenceCommand};
use crate::id::{EntityId, RecordId, SequenceId, Shard, StepId};
use crate::limits;
use crate::runtime::engine::Router;
use crate::runtime::message::{Caller, Failure};
use crate::store::OwedRow;
use crate::time::Timestamp;

/// How often a full disk is looked at.
const ROOM_POLL: Duration = Duration::from_secs(1);
/// Before rows that could not be read are looked for again.
const UNREAD_PAUSE: Duration = Duration::from_secs(1);

/// Look for owed deliveries now.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Wake;

/// Answer, with how many were done, when nothing that can be delivered is owed any more.
#[derive(Message)]
#[rtype(result = "u64")]
pub struct Settle;

/// Deliver nothing more.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Stop;

/// An attempt is over.
#[derive(Message)]
#[rtype(result = "()")]
struct Attempted {
    entity: EntityId,
    key: EffectKey,
    settled: bool,
}

type Owed = (EntityId, EffectKey);

/// Failed attempts of a delivery, and when the next may be made.
#[derive(Clone, Copy)]
struct Backoff {
    attempts: u32,
    until: Instant,
}

/// Delivers what is owed.
pub struct OutboxActor {
    router: Router,
    mailer: Arc<dyn Mailer>,
    /// Which process claims messages.
    epoch: u64,
    /// Where the pass over each shard stands; `None` where nothing is known to be owed.
    passes: Vec<Option<Option<Owed>>>,
    /// Attempts under way, and whether their row was met again meanwhile: then it may say something new.
    in_flight: HashMap<Owed, bool>,
    backoff: HashMap<Owed, Backoff>,
    chance: fastrand::Rng,
    /// Erased records whose removals wait for a message that is on its way.
    held_back: HashSet<EntityId>,
    done: u64,
    waiting: Vec<oneshot::Sender<u64>>,
    /// The disk was full, and it will be looked at again.
    waits_for_room: bool,
    stopped: bool,
}

impl OutboxActor {
    /// An actor that begins with everything that was owed when the last process ended.
    pub fn new(router: Router, mailer: Arc<dyn Mailer>, epoch: u64, chance: fastrand::Rng) -> OutboxActor {
        OutboxActor {
            router,
            mailer,
            epoch,
            passes: crate::store::rows::shards().map(|_| Some(None)).collect(),
            in_flight: HashMap::new(),
            backoff: HashMap::new(),
            chance,
            held_back: HashSet::new(),
            done: 0,
            waiting: Vec::new(),
            waits_for_room: false,
            stopped: false,
        }
    }

    fn pump(&mut self, ctx: &mut Context<Self>) {
        if self.stopped {
            return;
        }
        let has_room = self.router.shared.store.has_room(0);
        if !has_room && !std::mem::replace(&mut self.waits_for_room, true) {
            ctx.run_later(ROOM_POLL, |outbox, ctx| {
                outbox.waits_for_room = false;
                outbox.pump(ctx);
            });
        }
        while has_room
            && self.in_flight.len() < limits::DELIVERIES_IN_FLIGHT_MAX
            && let Some(shard) = self.next_shard()
        {
            self.take_from(shard, ctx);
        }
        if self.in_flight.is_empty() {
            self.waiting.drain(..).for_each(|waiting| {
                let _ = waiting.send(self.done);
            });
        }
    }

    /// A shard with a pass under way, or one that was hinted at since its last pass ended.
    fn next_shard(&mut self) -> Option<Shard> {
        for shard in crate::store::rows::shards() {
            let place = usize::from(shard.0);
            if self.passes[place].is_none() && self.router.shared.owing[place].swap(false, Ordering::AcqRel) {
                self.passes[place] = Some(None);
            }
            if self.passes[place].is_some() {
                return Some(shard);
            }
        }
        None
    }

    fn take_from(&mut self, shard: Shard, ctx: &mut Context<Self>) {
        let place = usize::from(shard.0);
        let after = self.passes[place].flatten();
        let room = limits::DELIVERIES_IN_FLIGHT_MAX - self.in_flight.len();
        let rows = self.router.shared.store.owed(shard, after, room).unwrap_or_else(|error| {
            tracing::error!(%error, "owed deliveries cannot be read");
            self.look_again(shard, UNREAD_PAUSE, ctx);
            Vec::new()
        });
        self.passes[place] = match rows.last() {
            Some(last) if rows.len() == room => Some(Some((last.entity, last.key))),
            _ => None,
        };
        for row in rows {
            let owed = (row.entity, row.key);
            let waits = self.backoff.get(&owed).is_some_and(|backoff| backoff.until > Instant::now())
                || self.must_hold_back(&row);
            if let Some(met_again) = self.in_flight.get_mut(&owed) {
                *met_again = true;
            } else if !waits {
                self.in_flight.insert(owed, false);
                self.attempt(row, ctx);
            }
        }
    }

    /// An erased record's messages are removed once none is on its way any more.
    fn must_hold_back(&mut self, row: &OwedRow) -> bool {
        let on_its_way = |(entity, key): &Owed| *entity == row.entity && *key != row.key;
        let holds = row.delivery == Delivery::Forget && self.in_flight.keys().any(on_its_way);
        if holds {
            self.held_back.insert(row.entity);
        }
        holds
    }

    fn attempt(&mut self, row: OwedRow, ctx: &mut Context<Self>) {
        let (router, mailer, address) = (self.router.clone(), self.mailer.clone(), ctx.address());
        let (epoch, spread) = (self.epoch, 0.5 + self.chance.f64() / 2.0);
        actix::spawn(async move {
            let settled = match row.delivery {
                Delivery::Mail { template } => {
                    let message = (row.key, template);
                    message::deliver(&router, &mailer, row.entity.into(), message, epoch, spread).await
                }
                Delivery::DisconnectAll { until } => disconnect_all(&router, row.entity.into(), until).await,
                Delivery::Migrate { migration, undo } => migrate::migrate(&router, migration, undo).await,
                Delivery::AbTestReached { sequence, version, node, at, exposed } => {
                    let reached = Reached { version, node, at, exposed };
                    ab_test::tell(&router, sequence, reached, row.entity.into(), row.key).await
                }
                Delivery::HandOver { user } => hand_over::hand_over(&router, user, row.key).await,
                Delivery::MoveDueDates { user } => due_dates::move_due_dates(&router, row.key, user).await,
                Delivery::Undo { number, since, until } => {
                    let sequence = row.entity.into();
                    undo::undo(&router, Undoing { sequence, since, until, number }).await
                }
                Delivery::ReleaseHeld { round } => fuse::release_held(&router, row.entity.into(), round).await,
                Delivery::LetIn { number } => pilot::let_in(&router, row.entity.into(), number).await,
                Delivery::Forget => forget(&router, mailer.as_ref(), row.entity.into()).await,
            };
            address.do_send(Attempted { entity: row.entity, key: row.key, settled });
        });
    }

    /// Exponential, with chance so that many do not come back at once.
    fn delay(&mut self, owed: Owed, ctx: &mut Context<Self>) {
        let attempts = self.backoff.get(&owed).map_or(0, |backoff| backoff.attempts) + 1;
        let ceiling_ms = 500_u64 << attempts.min(10);
        let delay = Duration::from_millis(ceiling_ms / 2 + self.chance.u64(0..=ceiling_ms / 2));
        self.backoff.insert(owed, Backoff { attempts, until: Instant::now() + delay });
        self.look_again(owed.0.shard(), delay, ctx);
    }

    fn look_again(&self, shard: Shard, pause: Duration, ctx: &mut Context<Self>) {
        ctx.run_later(pause, move |outbox, ctx| {
            outbox.router.shared.owing[usize::from(shard.0)].store(true, Ordering::Release);
            outbox.pump(ctx);
        });
    }
}

/// Removes the messages of an erased record. True if none is left.
async fn forget(router: &Router, mailer: &dyn Mailer, record: RecordId) -> bool {
    let left = router
        .read::<Record, _>(record, Caller::SYSTEM, |seen| match &seen.state.erasure {
            Erasure::MessagesLeft(steps) => steps.clone(),
            Erasure::None | Erasure::Complete => Vec::new(),
        })
        .await;
    let Ok(left) = left else { return false };
    let ids = left.into_iter().map(|step| StepId::of(record, step).to_string()).collect();
    if let Err(error) = mailer.forget(ids).await {
        tracing::warn!(%record, %error, "messages of an erased record could not be removed yet");
        return false;
    }
    let noted = router.submit_in_turn::<Record, ()>(record, RecordCommand::Forget, Caller::SYSTEM, |_| ()).await;
    matches!(noted, Ok(()) | Err(Failure::Refused(RecordRejection::Stale)))
}

/// Takes every record out of a deactivated sequence, page by page, until none is left; then tells the sequence.
async fn disconnect_all(router: &Router, sequence: SequenceId, until: Timestamp) -> bool {
    // A decision that was under way while the sequence was deactivated may still have connected its record: a second
    // look, after a moment, finds it.
    for pause_ms in [0, 50] {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        if !disconnect_pages(router, sequence, until).await {
            return false;
        }
    }
    let command = SequenceCommand::Emptied { until };
    router.submit_in_turn::<Sequence, ()>(sequence, command, Caller::SYSTEM, |_| ()).await.is_ok()
}

async fn disconnect_pages(router: &Router, sequence: SequenceId, until: Timestamp) -> bool {
    let mut before = None;
    loop {
        let given = router.shared.given.load();
        let active = given.sequences.get(&sequence).is_some_and(|sequence| sequence.status.is_active());
        let until = if active { until } else { Timestamp::MAX };
        let mut page = Vec::new();
        let read = router.shared.store.enrolments(sequence, true, before, &mut |row| {
            page.push(row);
            page.len() < limits::BACKGROUND_IN_FLIGHT_MAX
        });
        let Some(last) = page.last().copied() else { return read.is_ok() };
        before = Some(last);
        let leaving = page.into_iter().map(|row| {
            let command = RecordCommand::LeaveSequence { sequence, until };
            router.submit_in_turn::<Record, ()>(row.record, command, Caller::SYSTEM, |_| ())
        });
        if futures_util::future::join_all(leaving).await.iter().any(Result::is_err) {
            return false;
        }
    }
}

impl Actor for OutboxActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.pump(ctx);
    }
}

impl Handler<Wake> for OutboxActor {
    type Result = ();

    fn handle(&mut self, _: Wake, ctx: &mut Context<Self>) {
        self.pump(ctx);
    }
}

impl Handler<Attempted> for OutboxActor {
    type Result = ();

    fn handle(&mut self, Attempted { entity, key, settled }: Attempted, ctx: &mut Context<Self>) {
        let owed = (entity, key);
        let met_again = self.in_flight.remove(&owed).unwrap_or_default();
        if settled {
            self.backoff.remove(&owed);
            self.done += 1;
            if met_again {
                self.router.shared.owing[usize::from(entity.shard().0)].store(true, Ordering::Release);
            }
        } else {
            self.delay(owed, ctx);
        }
        if self.held_back.remove(&entity) {
            self.router.shared.owing[usize::from(entity.shard().0)].store(true, Ordering::Release);
        }
        self.pump(ctx);
    }
}

impl Handler<Settle> for OutboxActor {
    type Result = ResponseFuture<u64>;

    fn handle(&mut self, _: Settle, ctx: &mut Context<Self>) -> ResponseFuture<u64> {
        let (answer, answered) = oneshot::channel();
        if self.waiting.is_empty() {
            self.done = 0;
        }
        self.waiting.push(answer);
        self.pump(ctx);
        Box::pin(async move { answered.await.unwrap_or(0) })
    }
}

impl Handler<Stop> for OutboxActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        self.stopped = true;
        ctx.stop();
    }
}
