//! How far a webhook is: what it has passed, what it holds back, and what it has done last.

use std::collections::{BTreeMap, VecDeque};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Patience;
use super::round::{Done, Refused};
use crate::domain::feed::Position;
use crate::id::{EntityId, WebhookId};
use crate::limits;
use crate::store::{Result, Store, codec};
use crate::time::Timestamp;

/// Raised when the shape changes. A row of another shape counts as none: the webhook begins again where it began last.
const LAYOUT: u16 = 1;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Which beginning of the webhook it goes on from.
    pub replays: u32,
    /// All up to here is done or held back.
    pub position: Position,
    /// What waits, by what it is about.
    pub held: BTreeMap<EntityId, Held>,
    /// The latest deliveries, the newest last.
    pub recent: VecDeque<Delivered>,
}

/// The events of one record, or of one sequence, that wait for each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Numbers of the commits, in order.
    pub commits: VecDeque<u64>,
    /// How many events of the first are done.
    pub events: u16,
    /// How often the first that is not done was tried.
    pub attempts: u32,
    /// Since when it is.
    pub since: Timestamp,
    /// When it is tried again.
    pub next_at: Timestamp,
    /// What it is, and what became of it the last time.
    pub last: Delivered,
}

/// What became of an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// The event's id.
    pub event: String,
    /// Its type.
    pub kind: String,
    /// The record that it is about.
    pub record: Option<String>,
    /// Where it stands in the feed.
    pub position: Position,
    /// When it was tried last.
    pub at: Timestamp,
    /// How often.
    pub attempts: u32,
    /// The receiver's status, where there was one.
    pub status: Option<u16>,
    /// Why it was not taken.
    pub why: Option<String>,
}

impl Progress {
    /// What is kept of a webhook.
    pub fn load(store: &dyn Store, id: WebhookId) -> Result<Option<Progress>> {
        let Some(bytes) = store.kept(id.into())? else { return Ok(None) };
        Ok(codec::decode::<(u16, Progress)>(&bytes).ok().filter(|(layout, _)| *layout == LAYOUT).map(|kept| kept.1))
    }

    /// As it is kept.
    pub fn encoded(&self) -> Vec<u8> {
        codec::encode(&(LAYOUT, self))
    }

    /// When something that is held back is tried again.
    pub fn next_at(&self) -> Option<Timestamp> {
        self.held.values().map(|held| held.next_at).min()
    }

    /// Whether so much is held back that the receiver must be out of order.
    pub fn is_down(&self) -> bool {
        self.held.len() >= limits::WEBHOOK_HELD_MAX
            || self.held.values().map(|held| held.commits.len()).sum::<usize>() >= limits::WEBHOOK_HELD_COMMITS_MAX
    }

    /// The receiver takes something again.
    pub fn try_all_now(&mut self, now: Timestamp) {
        self.held.values_mut().for_each(|held| held.next_at = now);
    }

    /// Notes what became of the events of one record; without success for so long as `ends`, that is enough. Some says why the webhook is given up.
    pub fn note(&mut self, done: Done, now: Timestamp, patience: Patience, ends: TimeDelta) -> Option<String> {
        let Done { entity, delivered, recent, refused, left, .. } = done;
        let before = self.held.remove(&entity);
        // Commits that were met meanwhile stand behind those that were tried.
        let tried = before.as_ref().map_or(0, |_| done.commits);
        let mut commits: VecDeque<u64> = left.into();
        commits.extend(before.iter().flat_map(|held| held.commits.iter().skip(tried)));
        let mut attempts_before = before.as_ref().map_or(0, |held| held.attempts);
        for mut event in recent {
            event.attempts += std::mem::take(&mut attempts_before);
            self.show(event);
        }
        match refused {
            None if commits.is_empty() => None,
            None => {
                let held = Held { commits, since: now, next_at: now, ..Held::default() };
                self.held.insert(entity, held);
                None
            }
            Some(Refused { event, events, is_final }) => {
                let same = before.filter(|_| delivered == 0);
                let attempts = same.as_ref().map_or(0, |held| held.attempts) + 1;
                let since = same.filter(|held| held.attempts > 0).map_or(now, |held| held.since);
                let last = Delivered { attempts, ..event };
                let why = last.why.clone().unwrap_or_default();
                let next_at = now + delay(attempts, patience);
                self.held.insert(entity, Held { commits, events, attempts, since, next_at, last });
                match is_final || now - since >= ends {
                    true => Some(format!("an event was not taken {attempts} times since {since}: {why}")),
                    false => None,
                }
            }
        }
    }

    fn show(&mut self, event: Delivered) {
        self.recent.push_back(event);
        while self.recent.len() > limits::WEBHOOK_DELIVERIES_SHOWN {
            self.recent.pop_front();
        }
    }
}

/// Exponential, with chance so that many do not come back at once.
fn delay(attempts: u32, patience: Patience) -> TimeDelta {
    let ceiling = patience.first.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(patience.most);
    let ceiling_ms = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX).min(1 << 40);
    TimeDelta::milliseconds((ceiling_ms / 2 + fastrand::u64(0..=ceiling_ms / 2)) as i64)
}
