//! One round of a webhook: what is to be sent, and sending it, in order for each record and to several at once.

use std::collections::HashMap;

use futures_util::StreamExt;
use futures_util::stream;

use super::progress::{Delivered, Progress};
use super::real_now;
use super::send::Sender;
use crate::connector::secret::Secret;
use crate::domain::feed::Position;
use crate::domain::given::Given;
use crate::id::{EntityId, UserId};
use crate::limits;
use crate::store::Store;
use crate::time::Timestamp;
use crate::web::feed::{Told, behind, must_lead_on, tell_commit};
use crate::web::problem::Problem;
use crate::web::wire::event::{EventView, Topics};

/// Commits of one record that are tried in one round.
const COMMITS_AT_ONCE: usize = 16;
/// Records that were held back and are tried in one round.
const HELD_AT_ONCE: usize = 16;

/// What is to be sent of one record or sequence, one after the other.
#[derive(Debug)]
pub struct Job {
    entity: EntityId,
    commits: Vec<(u64, Vec<Told>)>,
}

/// What is to be done.
#[derive(Debug)]
pub struct Round {
    /// At once.
    pub jobs: Vec<Job>,
    /// Where the webhook stands when all of them are done; what was met of records that are held back is added to them.
    pub after: Progress,
    /// Whether there may be more at once.
    pub is_full: bool,
}

impl Round {
    /// Whether nothing is sent.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }
}

/// What became of a job.
#[derive(Debug)]
pub struct Done {
    /// Whose.
    pub entity: EntityId,
    /// Its commits.
    pub commits: usize,
    /// Events that were taken.
    pub delivered: usize,
    /// They, in their order.
    pub recent: Vec<Delivered>,
    /// The one that was not.
    pub refused: Option<Refused>,
    /// The numbers of the commits that are not done.
    pub left: Vec<u64>,
}

/// An event that was not taken.
#[derive(Debug)]
pub struct Refused {
    /// Which, and why.
    pub event: Delivered,
    /// How many events of its commit are done.
    pub events: u16,
    /// The receiver wants nothing any more.
    pub is_final: bool,
}

/// What is due: some of what is held back, and what the feed has behind the position.
pub fn plan(
    store: &dyn Store,
    given: &Given,
    topics: Vec<String>,
    progress: &Progress,
    now: Timestamp,
) -> Result<Round, Problem> {
    // Topics were judged when the webhook was made; one that is not known any more tells nothing.
    let topics = Topics::known(topics);
    let mut after = progress.clone();
    let mut jobs = Vec::new();
    let held_at_once = if progress.is_down() { 1 } else { HELD_AT_ONCE };
    let mut due: Vec<_> = progress.held.iter().filter(|(_, held)| held.next_at <= now).collect();
    due.sort_by_key(|(_, held)| held.next_at);
    let is_full = due.len() > held_at_once;
    for (entity, held) in due.into_iter().take(held_at_once) {
        let mut job = Job { entity: *entity, commits: Vec::new() };
        for (place, number) in held.commits.iter().take(COMMITS_AT_ONCE).enumerate() {
            let fed = store.feed(number - 1, 1)?.first().copied().filter(|fed| fed.number == *number);
            let expired = || Problem::new("cursor_expired", "an event that was to be tried again is not kept any more");
            let fed = fed.ok_or_else(expired)?;
            let mut told = tell_commit(store, given, UserId::SYSTEM, &topics, &fed)?;
            let done = if place == 0 { usize::from(held.events) } else { 0 };
            told.retain(|told| told.place >= done);
            job.commits.push((*number, told));
        }
        jobs.push(job);
    }
    let mut round = Round { jobs, after: Progress::default(), is_full };
    if !progress.is_down() {
        round.is_full |= walk(store, given, &topics, &mut after, &mut round.jobs)?;
    }
    round.after = after;
    Ok(round)
}

/// Along the feed; whether it may go on.
fn walk(
    store: &dyn Store,
    given: &Given,
    topics: &Topics,
    after: &mut Progress,
    jobs: &mut Vec<Job>,
) -> Result<bool, Problem> {
    let from = after.position;
    must_lead_on(store, from)?;
    let done = from.events.map_or(0, usize::from);
    let behind_number = if done > 0 { from.number.saturating_sub(1) } else { from.number };
    let fed = store.feed(behind_number, limits::FEED_PAGE)?;
    let is_full = fed.len() == limits::FEED_PAGE;
    let mut places: HashMap<EntityId, usize> = HashMap::new();
    for fed in fed {
        after.position = behind(&fed);
        if let Some(held) = after.held.get_mut(&fed.entity) {
            held.commits.push_back(fed.number);
            continue;
        }
        let mut told = tell_commit(store, given, UserId::SYSTEM, topics, &fed)?;
        told.retain(|told| fed.number != from.number || told.place >= done);
        if told.is_empty() {
            continue;
        }
        let place = *places.entry(fed.entity).or_insert_with(|| {
            jobs.push(Job { entity: fed.entity, commits: Vec::new() });
            jobs.len() - 1
        });
        jobs[place].commits.push((fed.number, told));
    }
    Ok(is_full)
}

/// Sends what is to be sent.
pub async fn deliver(sender: &Sender, url: &str, secret: &Secret, jobs: Vec<Job>) -> Vec<Done> {
    let doing = jobs.into_iter().map(|job| do_job(sender, url, secret, job));
    stream::iter(doing).buffer_unordered(limits::WEBHOOK_IN_FLIGHT_MAX).collect().await
}

async fn do_job(sender: &Sender, url: &str, secret: &Secret, job: Job) -> Done {
    let Job { entity, commits } = job;
    let mut done =
        Done { entity, commits: commits.len(), delivered: 0, recent: Vec::new(), refused: None, left: Vec::new() };
    for (place, (_, told)) in commits.iter().enumerate() {
        for told in told {
            let answer = sender.send(url, secret, &told.event).await;
            let event = delivered(&told.event, told.position, answer.as_ref().ok().copied());
            match answer {
                Ok(_) => {
                    done.delivered += 1;
                    done.recent.push(event);
                }
                Err(failure) => {
                    let event = Delivered { status: failure.status, why: Some(failure.why), ..event };
                    let events = u16::try_from(told.place).unwrap_or(u16::MAX);
                    done.refused = Some(Refused { event, events, is_final: failure.is_final });
                    done.left = commits[place..].iter().map(|(number, _)| *number).collect();
                    return done;
                }
            }
        }
    }
    done
}

fn delivered(event: &EventView, position: Position, status: Option<u16>) -> Delivered {
    Delivered {
        event: event.id.clone(),
        kind: event.kind.into(),
        record: event.record.clone(),
        position,
        at: real_now(),
        attempts: 1,
        status,
        why: None,
    }
}
