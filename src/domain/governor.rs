//! The governor: how many messages may leave in how much time, from where, to whom and for whom, over all sequences. Each
//! message gets a place that holds it to every bound, and keeps it, so that the date which is shown is the date which is kept.

mod limit;

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;

pub use self::limit::{Bound, Brake, Pressure, Scope, SendingCaps, Watched};
use crate::domain::delivery::DeliveryState;
use crate::domain::slot::Slot;
use crate::id::StepId;
use crate::time::Timestamp;

/// A message with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Booking {
    /// That of its step.
    pub step: StepId,
    /// When it leaves, or has left.
    pub at: Timestamp,
    /// What it counts against.
    pub slot: Slot,
}

/// Every place that is taken, as far as a bound looks back. It is computed from the list rows of messages when a server starts
/// and told of each commit from then on; it holds nothing where no bound is set.
#[derive(Debug, Default)]
pub struct Governor {
    watched: Watched,
    booked: HashMap<StepId, Booking>,
    /// When the messages of a scope leave, in order.
    busy: HashMap<Scope, Vec<Timestamp>>,
    /// Between which times a bound is known to have no place left; forgotten when one is given back.
    full: HashMap<(Scope, TimeDelta), (Timestamp, Timestamp)>,
    /// What was told while it was computed.
    meanwhile: Option<Vec<(DeliveryState, Booking, Timestamp)>>,
    pruned_at: Option<Timestamp>,
}

impl Governor {
    /// Whether it has been computed for these bounds.
    pub fn knows(&self, watched: &Watched) -> bool {
        self.watched.covers(watched)
    }

    /// From now on everything that it is told is kept for [`Governor::begin`].
    pub fn prepare(&mut self) {
        self.meanwhile.get_or_insert_default();
    }

    /// Begins anew with what has a place at `now`. Messages that should have left by then get one, the oldest first.
    pub fn begin(
        &mut self,
        watched: Watched,
        places: impl IntoIterator<Item = (DeliveryState, Booking)>,
        now: Timestamp,
        bounds: impl Fn(&Slot) -> Vec<Bound>,
    ) {
        let meanwhile = self.meanwhile.take().unwrap_or_default();
        *self = Governor { watched, ..Governor::default() };
        let (mut overdue, mut held) = (Vec::new(), Vec::new());
        for (state, booking) in places {
            let is_overdue = state == DeliveryState::Owed && booking.at <= now;
            if is_overdue { overdue.push(booking) } else { held.push(booking) }
        }
        held.sort_unstable_by_key(|booking| booking.at);
        held.into_iter().for_each(|booking| self.book(booking));
        overdue.sort_unstable_by_key(|booking| booking.at);
        for Booking { step, slot, .. } in overdue {
            self.plan(step, slot, &bounds(&slot), now, |at| at);
        }
        meanwhile.into_iter().for_each(|(state, booking, at)| self.told(state, booking, at));
    }

    /// A commit at `now` has put a message somewhere else.
    pub fn told(&mut self, state: DeliveryState, booking: Booking, now: Timestamp) {
        if let Some(meanwhile) = &mut self.meanwhile {
            meanwhile.push((state, booking, now));
        }
        if self.watched.is_empty() {
            return;
        }
        let takes = match state {
            // What has just been owed is given its place when it is tried, and may have been given one before.
            DeliveryState::Owed if booking.at <= now => return,
            DeliveryState::Owed | DeliveryState::Claimed | DeliveryState::Sent | DeliveryState::Unknown => true,
            DeliveryState::Failed | DeliveryState::Skipped => false,
        };
        self.give_back(booking.step);
        if takes {
            self.book(booking);
        }
        self.prune(now);
    }

    /// Gives a message the first place from `from` on at which `opens` lets it leave, and says what kept it from an earlier
    /// one. It holds that place until it is told otherwise or asked again. One whose place has come leaves although it is a
    /// moment late and so a moment closer to those behind it: they are asked again when they leave.
    pub fn plan(
        &mut self,
        step: StepId,
        slot: Slot,
        bounds: &[Bound],
        from: Timestamp,
        opens: impl Fn(Timestamp) -> Timestamp,
    ) -> (Timestamp, Option<Brake>) {
        let has_come = self.booked.get(&step).is_some_and(|booking| booking.at <= from);
        self.give_back(step);
        let (mut at, mut brake) = (opens(from), None);
        loop {
            let mut next = at;
            for bound in bounds {
                let free = if has_come { self.clear(bound, next) } else { self.free(bound, next) };
                if free > next {
                    (next, brake) = (free, Some(bound.brake));
                }
            }
            next = opens(next);
            if next == at {
                break;
            }
            at = next;
        }
        self.book(Booking { step, at, slot });
        (at, brake)
    }

    /// The first time from `from` on at which no more are behind it than a bound allows.
    fn clear(&self, bound: &Bound, from: Timestamp) -> Timestamp {
        let Some(busy) = self.busy.get(&bound.scope) else { return from };
        let mut at = from;
        loop {
            let past = &busy[..busy.partition_point(|other| *other <= at)];
            let crowd = past.len().checked_sub(bound.most as usize).and_then(|first| past.get(first));
            match crowd.filter(|first| at - **first < bound.per) {
                Some(first) => at = *first + bound.per,
                None => return at,
            }
        }
    }

    /// The first place from `from` on that a bound leaves.
    fn free(&mut self, bound: &Bound, from: Timestamp) -> Timestamp {
        let Some(busy) = self.busy.get(&bound.scope) else { return from };
        let known = self.full.get(&(bound.scope, bound.per)).copied();
        let mut at = match known {
            Some((begin, end)) if begin <= from && from < end => end,
            _ => from,
        };
        while let Some(first) = bound.exceeded_by(busy, at) {
            at = first + bound.per;
        }
        if at > from {
            let begin = known.filter(|(begin, end)| *begin <= from && from <= *end).map_or(from, |(begin, _)| begin);
            self.full.insert((bound.scope, bound.per), (begin, at));
        }
        at
    }

    fn book(&mut self, booking: Booking) {
        for scope in self.watched.scopes(&booking.slot) {
            let busy = self.busy.entry(scope).or_default();
            busy.insert(busy.partition_point(|at| *at <= booking.at), booking.at);
        }
        self.booked.insert(booking.step, booking);
    }

    /// Its place is free for others.
    pub fn give_back(&mut self, step: StepId) {
        let Some(booking) = self.booked.remove(&step) else { return };
        for scope in self.watched.scopes(&booking.slot) {
            self.full.retain(|(full, _), _| *full != scope);
            let Some(busy) = self.busy.get_mut(&scope) else { continue };
            if let Ok(place) = busy.binary_search(&booking.at) {
                busy.remove(place);
            }
        }
    }

    /// Forgets what no bound looks back at any more, now and then.
    fn prune(&mut self, now: Timestamp) {
        let horizon = self.watched.horizon();
        if self.pruned_at.is_some_and(|last| now < last + horizon / 8) {
            return;
        }
        self.pruned_at = Some(now);
        let oldest = now + -horizon;
        self.booked.retain(|_, booking| booking.at >= oldest);
        self.busy.retain(|_, busy| {
            busy.drain(..busy.partition_point(|at| *at < oldest));
            !busy.is_empty()
        });
        let busy: HashSet<Scope> = self.busy.keys().copied().collect();
        self.full.retain(|(scope, _), (_, end)| *end > now && busy.contains(scope));
    }
}
