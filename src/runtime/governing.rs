//! The governor in the engine: computed from the list rows of messages when it is first asked, told of each commit since.

use std::sync::{MutexGuard, PoisonError};

use crate::domain::delivery::{Class, DeliveryState, MessageState};
use crate::domain::effect::{Effect, Index};
use crate::domain::governor::{Booking, Brake, Governor};
use crate::domain::record::Record;
use crate::domain::slot::Slot;
use crate::id::{EntityId, StepId};
use crate::runtime::engine::{Router, Shared};
use crate::runtime::message::{Caller, Seen};
use crate::store::{Commit, Store, StoreError};
use crate::time::Timestamp;

/// Where messages stand that take a place.
const TAKES_A_PLACE: [DeliveryState; 4] =
    [DeliveryState::Owed, DeliveryState::Claimed, DeliveryState::Sent, DeliveryState::Unknown];

/// Messages that a commit puts somewhere else.
pub(super) type Moved = Vec<(DeliveryState, Booking)>;

/// What a commit says of messages.
pub(super) fn moved(commit: &Commit) -> Moved {
    let moved = commit.effects.iter().filter_map(|effect| match effect {
        Effect::Index(Index::Delivery { state, at, ordinal, slot }) => {
            Some((*state, booking(commit.entity, *ordinal, *at, *slot)))
        }
        _ => None,
    });
    moved.collect()
}

fn booking(entity: EntityId, ordinal: u32, at: Timestamp, slot: Slot) -> Booking {
    Booking { step: StepId::of(entity.into(), ordinal), at, slot }
}

impl Shared {
    pub(super) fn governor(&self) -> MutexGuard<'_, Governor> {
        self.governor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A commit was stored.
    pub(super) fn tell_governor(&self, moved: Moved, at: Timestamp) {
        if !moved.is_empty() {
            let mut governor = self.governor();
            moved.into_iter().for_each(|(state, booking)| governor.told(state, booking, at));
        }
    }
}

impl Router {
    /// Makes the governor know every place that a bound of today looks back at; nothing is to be done where it does.
    pub(super) async fn know_places(&self) -> Result<(), StoreError> {
        let given = self.shared.given.load_full();
        let watched = given.watched();
        if watched.is_empty() || self.shared.governor().knows(&watched) {
            return Ok(());
        }
        let _one_at_a_time = self.shared.reckoning.lock().await;
        if self.shared.governor().knows(&watched) {
            return Ok(());
        }
        self.shared.governor().prepare();
        let (store, now) = (self.shared.store.clone(), self.shared.clock.now());
        let read = tokio::task::spawn_blocking(move || places(store.as_ref(), watched.since(now))).await;
        let places = read.map_err(|error| StoreError::Io { doing: "be counted", why: error.to_string() })??;
        self.shared.governor().begin(watched, places, now, |slot| given.bounds(slot));
        Ok(())
    }

    /// The first time from `from` on at which the bounds let the message of a step leave, which holds that place from then on;
    /// `None` where there is no such step or no bound, and where it has its place already.
    pub async fn place(&self, step: StepId, from: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.know_places().await?;
        let shared = self.shared.clone();
        let planned = self.read::<Record, _>(step.record(), Caller::SYSTEM, move |seen| {
            let state = seen.state.step(step.ordinal()).and_then(|step| step.message_state());
            let has_one =
                matches!(state, Some(MessageState::Owed | MessageState::PutOff(_) | MessageState::Unknown(_)));
            if has_one { None } else { shared.plan(&seen, step, from).map(|(at, _)| at) }
        });
        Ok(planned.await.ok().flatten())
    }

    /// A message does not leave after all.
    pub fn give_back(&self, step: StepId) {
        self.shared.governor().give_back(step);
    }
}

impl Shared {
    /// The same for a message that is seen, with what kept it from an earlier one.
    pub(super) fn plan(&self, seen: &Seen<Record>, id: StepId, from: Timestamp) -> Option<(Timestamp, Option<Brake>)> {
        let step = id.ordinal();
        let sender = seen.state.sender(seen.given, step).map(AsRef::as_ref);
        // Gateways say themselves how many texts they take.
        if seen.state.step(step).is_none()
            || seen.state.is_text(seen.given, step)
            || seen.given.class_of(sender) == Class::Idempotent
        {
            return None;
        }
        let mut slot = seen.state.slot(step);
        slot.mailbox = seen.state.choose_sender(seen.given, step);
        let bounds = seen.given.bounds(&slot);
        if bounds.is_empty() {
            return None;
        }
        let opens = |at| seen.state.leaves_at(id, seen.given, at);
        Some(self.governor().plan(id, slot, &bounds, from, opens))
    }
}

fn places(store: &dyn Store, since: Timestamp) -> Result<Moved, StoreError> {
    let mut places = Vec::new();
    for state in TAKES_A_PLACE {
        store.deliveries(&[state], None, &mut |at, step, slot| {
            let counts = at >= since;
            if counts {
                places.push((state, Booking { step, at, slot }));
            }
            counts
        })?;
    }
    Ok(places)
}
