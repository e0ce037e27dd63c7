//! Wakes entities when their stored timers are due: a bounded window of rows in memory, naps of at most a second.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::oneshot;

use crate::domain::effect::Effect;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::{Record, RecordRejection};
use crate::domain::sequence::{Sequence, SequenceCommand, SequenceRejection};
use crate::id::{EntityKind, Shard};
use crate::limits;
use crate::runtime::engine::Router;
use crate::runtime::message::{Caller, Deliver, Failure};
use crate::runtime::shard::{Resides, ShardActor};
use crate::store::TimerRow;
use crate::time::Timestamp;

/// The longest nap, so that clock steps and suspends heal.
const NAP_MAX: Duration = Duration::from_secs(1);

/// Look for due timers now.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Wake;

/// Answer, with how many fired, when none is due any more.
#[derive(Message)]
#[rtype(result = "u64")]
pub struct Settle;

/// Fire nothing more.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Stop;

/// A timer command has been answered.
#[derive(Message)]
#[rtype(result = "()")]
struct Fired {
    timer: TimerRow,
    done: bool,
}

/// One shard's rows of the present pass.
#[derive(Default)]
struct Window {
    rows: VecDeque<TimerRow>,
    /// The last row that was read; rows that are in flight still stand in the store before it.
    after: Option<TimerRow>,
    /// No row after `after` was due when last looked.
    exhausted: bool,
    in_flight: usize,
}

/// Fires timers in the order they are due.
pub struct TimerActor {
    router: Router,
    windows: Vec<Window>,
    in_flight: usize,
    /// Fired since somebody began to wait for quiet.
    fired: u64,
    waiting: Vec<oneshot::Sender<u64>>,
    /// Timers that could not be answered; looked at again with the next nap.
    failed: HashSet<TimerRow>,
    /// Shards whose timers could not be read; looked at again with the next nap.
    unread: Vec<Shard>,
    nap: Option<SpawnHandle>,
    stopped: bool,
}

impl TimerActor {
    /// An actor that begins with every timer that became due while nothing ran (TM-13).
    pub fn new(router: Router) -> TimerActor {
        let windows = crate::store::rows::shards().map(|_| Window::default()).collect();
        TimerActor {
            router,
            windows,
            in_flight: 0,
            fired: 0,
            waiting: Vec::new(),
            failed: HashSet::new(),
            unread: Vec::new(),
            nap: None,
            stopped: false,
        }
    }

    /// Sends out due timers until the window is full or none is left, then naps until the next is due.
    fn pump(&mut self, ctx: &mut Context<Self>) {
        if self.stopped {
            return;
        }
        let shared = self.router.shared.clone();
        // What is due waits for a clock that can be trusted, and for space on the disk.
        let held = shared.watch().look(&shared.clock).is_some() || !shared.store.has_room(0);
        let now = shared.clock.now();
        while !held
            && self.in_flight < limits::TIMERS_IN_FLIGHT_MAX
            && let Some(timer) = self.next_due(now)
        {
            self.fire(timer, ctx);
        }
        if self.in_flight == 0 {
            self.rest(now, held, ctx);
        }
    }

    /// The earliest due timer over all shards.
    fn next_due(&mut self, now: Timestamp) -> Option<TimerRow> {
        for shard in crate::store::rows::shards() {
            self.refill(shard, now);
        }
        let windows = self.windows.iter_mut().filter(|window| !window.rows.is_empty());
        let window = windows.min_by_key(|window| window.rows.front().map(|timer| timer.due))?;
        window.in_flight += 1;
        window.rows.pop_front()
    }

    fn refill(&mut self, shard: Shard, now: Timestamp) {
        let place = usize::from(shard.0);
        let (window, next_due) = (&mut self.windows[place], &self.router.shared.next_due[place]);
        let is_due = || next_due.load(Ordering::Acquire) <= now.millis();
        if !window.rows.is_empty() || (window.exhausted && (window.in_flight > 0 || !is_due())) {
            return;
        }
        if window.exhausted {
            // Everything of the last pass is answered and its rows are gone: begin again at the first row.
            (window.exhausted, window.after) = (false, None);
        }
        if window.after.is_none() && !is_due() {
            window.exhausted = true;
            return;
        }
        if window.after.is_none() {
            // Hints that come from here on lower it again.
            next_due.store(i64::MAX, Ordering::Release);
        }
        match self.router.shared.store.due(shard, window.after, now, limits::TIMER_WINDOW) {
            Ok(rows) => {
                window.exhausted = rows.len() < limits::TIMER_WINDOW;
                window.after = rows.last().copied().or(window.after);
                window.rows.extend(rows.into_iter().filter(|timer| !self.failed.contains(timer)));
                if window.exhausted {
                    self.look_ahead(shard, now);
                }
            }
            Err(error) => {
                tracing::error!(%error, "timers cannot be read");
                window.exhausted = true;
                self.unread.push(shard);
            }
        }
    }

    /// Notes when the shard's first later timer is due.
    fn look_ahead(&mut self, shard: Shard, now: Timestamp) {
        let shared = &self.router.shared;
        match shared.store.due(shard, Some(TimerRow::after(now)), Timestamp::MAX, 1) {
            Ok(rows) => {
                let next = rows.first().map_or(i64::MAX, |timer| timer.due.millis());
                shared.next_due[usize::from(shard.0)].fetch_min(next, Ordering::AcqRel);
            }
            Err(error) => {
                tracing::error!(%error, "timers cannot be read");
                self.unread.push(shard);
            }
        }
    }

    fn fire(&mut self, timer: TimerRow, ctx: &mut Context<Self>) {
        self.in_flight += 1;
        self.fired += 1;
        let (router, address) = (self.router.clone(), ctx.address());
        let late_ms = router.shared.clock.now().millis() - timer.due.millis();
        metrics::histogram!("relance_timer_late_seconds").record(late_ms as f64 / 1_000.0);
        actix::spawn(async move {
            let done = match timer.entity.kind {
                EntityKind::Sequence => {
                    let command = look_at_tallies(&router, timer);
                    deliver::<Sequence>(&router, timer, command, |rejection| {
                        matches!(rejection, SequenceRejection::Stale | SequenceRejection::NotFound)
                    })
                    .await
                }
                _ => {
                    deliver::<Record>(&router, timer, RecordCommand::Fire(timer.key), |rejection| {
                        matches!(rejection, RecordRejection::Stale | RecordRejection::NotFound)
                    })
                    .await
                }
            };
            address.do_send(Fired { timer, done });
        });
    }

    /// Nothing is due: whoever waits for quiet is told, and the next nap begins.
    fn rest(&mut self, now: Timestamp, held: bool, ctx: &mut Context<Self>) {
        for waiting in self.waiting.drain(..) {
            let _ = waiting.send(self.fired);
        }
        let shared = &self.router.shared;
        let next = shared.next_due.iter().map(|due| due.load(Ordering::Acquire)).min().unwrap_or(i64::MAX);
        if shared.clock.is_test() {
            return;
        }
        let due_in = Duration::from_millis(next.saturating_sub(now.millis()).max(0) as u64);
        let nap = if held { NAP_MAX } else { due_in.min(NAP_MAX) };
        shared.planned.store(now.millis() + nap.as_millis() as i64, Ordering::Release);
        let earlier = self.nap.replace(ctx.run_later(nap, |timer, ctx| timer.begin(ctx)));
        if let Some(earlier) = earlier {
            ctx.cancel_future(earlier);
        }
    }

    fn begin(&mut self, ctx: &mut Context<Self>) {
        for shard in self.unread.drain(..) {
            self.router.shared.next_due[usize::from(shard.0)].store(i64::MIN, Ordering::Release);
        }
        if self.in_flight == 0 && !self.failed.is_empty() {
            for timer in self.failed.drain() {
                self.router.shared.next_due[usize::from(timer.entity.shard().0)]
                    .fetch_min(timer.due.millis(), Ordering::AcqRel);
            }
        }
        self.pump(ctx);
    }
}

/// The timer of an A/B test, with the tallies as they are counted now.
fn look_at_tallies(router: &Router, timer: TimerRow) -> SequenceCommand {
    let given = router.shared.given.load();
    let run = given.sequences.get(&timer.entity.into()).and_then(|sequence| sequence.ab_tests.get(timer.key as usize));
    let tallies = run.map(|run| run.test.tallies(|counter| router.shared.store.counter(counter)));
    SequenceCommand::EvaluateAbTest { number: timer.key, tallies: tallies.unwrap_or_default() }
}

/// True if the timer needs not fire again.
async fn deliver<E: Resides>(
    router: &Router,
    timer: TimerRow,
    command: E::Command,
    is_stale: impl Fn(&E::Rejection) -> bool,
) -> bool
where
    ShardActor: Handler<Deliver<E>>,
{
    let id = E::Id::from(timer.entity);
    match router.submit_in_turn::<E, ()>(id, command, Caller::SYSTEM, |_| ()).await {
        Ok(()) => true,
        Err(Failure::Refused(rejection)) if is_stale(&rejection) => {
            tracing::debug!(entity = %timer.entity, "a timer that nothing waits for is removed");
            router.sweep::<E>(id, Effect::Disarm { due: timer.due, key: timer.key }).await;
            true
        }
        Err(error) => {
            tracing::debug!(%error, entity = %timer.entity, "a timer could not fire yet");
            false
        }
    }
}

impl Actor for TimerActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.pump(ctx);
    }
}

impl Handler<Wake> for TimerActor {
    type Result = ();

    fn handle(&mut self, _: Wake, ctx: &mut Context<Self>) {
        self.pump(ctx);
    }
}

impl Handler<Fired> for TimerActor {
    type Result = ();

    fn handle(&mut self, Fired { timer, done }: Fired, ctx: &mut Context<Self>) {
        self.in_flight -= 1;
        self.windows[usize::from(timer.entity.shard().0)].in_flight -= 1;
        if !done {
            self.failed.insert(timer);
        }
        self.pump(ctx);
    }
}

impl Handler<Settle> for TimerActor {
    type Result = ResponseFuture<u64>;

    fn handle(&mut self, _: Settle, ctx: &mut Context<Self>) -> ResponseFuture<u64> {
        let (answer, answered) = oneshot::channel();
        if self.waiting.is_empty() {
            self.fired = 0;
        }
        self.waiting.push(answer);
        self.begin(ctx);
        Box::pin(async move { answered.await.unwrap_or(0) })
    }
}

impl Handler<Stop> for TimerActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        self.stopped = true;
        ctx.stop();
    }
}
