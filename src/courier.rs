//! Sends what happens to webhooks: signed, in order for each record, again until it is taken or given up.
//!
//! A webhook walks along the feed. What its receiver does not take holds back the record that it is about, and nothing else:
//! one event that a receiver stumbles over must not keep the rest from it. Where too many records are held back, the receiver is
//! taken to be out of order; then one of them is tried now and again and the rest waits. How far a webhook is and what it
//! holds back is one row, replaced after each round, so a crash sends the last round again, under the same ids.

pub mod progress;
mod round;
mod send;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use self::progress::Progress;
use self::round::Round;
pub use self::send::Sender;
use crate::domain::webhook::{Standing, Webhook, WebhookCommand};
use crate::id::WebhookId;
use crate::limits;
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::time::{Clock, Timestamp};

/// How long a round that met a defect waits before the next.
const PAUSE: Duration = Duration::from_secs(5);
/// Between two notes of how far a webhook is that was sent nothing.
const NOTE_EVERY: Duration = Duration::from_secs(600);
/// Commits after which that is noted in any case.
const NOTE_COMMITS: u64 = limits::FEED_COMMITS_MAX / 100;

/// When something is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// After the first failure; each further one doubles it.
    pub first: Duration,
    /// Never later than this.
    pub most: Duration,
}

/// Wakes the courier: a webhook is there, begins again, or is gone.
#[derive(Clone)]
pub struct Wake(Arc<watch::Sender<u64>>);

impl Default for Wake {
    fn default() -> Wake {
        Wake(Arc::new(watch::Sender::new(0)))
    }
}

impl Wake {
    /// Look again.
    pub fn wake(&self) {
        self.0.send_modify(|times| *times += 1);
    }
}

/// Sends to every webhook there is, until it is dropped.
pub async fn run(engine: Engine, sender: Arc<Sender>, patience: Patience, wake: Wake) {
    let mut running: HashMap<WebhookId, JoinHandle<()>> = HashMap::new();
    let mut woken = wake.0.subscribe();
    loop {
        woken.borrow_and_update();
        running.retain(|_, task| !task.is_finished());
        for (id, webhook) in &engine.given().webhooks {
            if webhook.standing == Standing::Active && !running.contains_key(id) {
                let carrier = Carrier { id: *id, engine: engine.clone(), sender: sender.clone(), patience };
                running.insert(*id, actix_web::rt::spawn(carrier.run(wake.0.subscribe())));
            }
        }
        if woken.changed().await.is_err() {
            return;
        }
    }
}

/// The real time, by which others judge what they are sent, also in a sandbox.
fn real_now() -> Timestamp {
    Clock::System.now()
}

/// Sends to one webhook.
struct Carrier {
    id: WebhookId,
    engine: Engine,
    sender: Arc<Sender>,
    patience: Patience,
}

impl Carrier {
    fn webhook(&self) -> Option<Arc<Webhook>> {
        let webhook = self.engine.given().webhooks.get(&self.id).cloned();
        webhook.filter(|webhook| webhook.standing == Standing::Active)
    }

    /// Round after round, until it is given up or gone.
    async fn run(self, mut woken: watch::Receiver<u64>) {
        let mut fed = self.engine.follow();
        let mut progress = Progress::default();
        let (mut noted, mut noted_at) = (None, Instant::now());
        while let Some(webhook) = self.webhook() {
            fed.borrow_and_update();
            woken.borrow_and_update();
            if noted.is_none() || progress.replays != webhook.replays {
                progress = match self.kept(&webhook).await {
                    Ok(progress) => progress,
                    Err(error) => {
                        tracing::error!(webhook = %self.id, %error, "it cannot be read how far a webhook is");
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                };
                noted = Some(progress.position.number);
            }
            let round = match self.plan(&webhook, &progress).await {
                Ok(round) => round,
                Err(why) => return self.stop(&webhook, why).await,
            };
            let (is_full, has_sent) = (round.is_full, !round.is_empty());
            let why = self.carry(&webhook, round, &mut progress).await;
            let moved = progress.position.number.saturating_sub(noted.unwrap_or_default());
            if has_sent || moved >= NOTE_COMMITS || (moved > 0 && noted_at.elapsed() >= NOTE_EVERY) {
                self.keep(&progress).await;
                (noted, noted_at) = (Some(progress.position.number), Instant::now());
            }
            if let Some(why) = why {
                return self.stop(&webhook, why).await;
            }
            if !is_full {
                let next = progress.next_at().map(|at| (at - real_now()).to_std().unwrap_or_default());
                let next = Instant::now() + next.unwrap_or(NOTE_EVERY);
                let ended = tokio::select! {
                    fed = fed.changed() => fed.is_err(),
                    woken = woken.changed() => woken.is_err(),
                    () = sleep_until(next) => false,
                };
                if ended {
                    return;
                }
            }
        }
    }

    async fn kept(&self, webhook: &Webhook) -> crate::store::Result<Progress> {
        let (store, id) = (self.engine.shared_store(), self.id);
        let kept = tokio::task::spawn_blocking(move || Progress::load(store.as_ref(), id)).await;
        let kept = kept.map_err(|error| crate::store::StoreError::Row(error.to_string()))??;
        let begun = || Progress { replays: webhook.replays, position: webhook.from, ..Progress::default() };
        Ok(kept.filter(|kept| kept.replays == webhook.replays).unwrap_or_else(begun))
    }

    /// Err says why the webhook cannot go on.
    async fn plan(&self, webhook: &Webhook, progress: &Progress) -> Result<Round, String> {
        loop {
            let (store, given) = (self.engine.shared_store(), self.engine.given());
            let (topics, progress, now) = (webhook.topics.clone(), progress.clone(), real_now());
            let planned =
                tokio::task::spawn_blocking(move || round::plan(store.as_ref(), &given, topics, &progress, now));
            match planned.await {
                Ok(Ok(round)) => return Ok(round),
                Ok(Err(problem)) if problem.code == "cursor_expired" => return Err(problem.detail),
                Ok(Err(problem)) => tracing::error!(webhook = %self.id, %problem, "a webhook cannot go on for now"),
                Err(error) => tracing::error!(webhook = %self.id, %error, "a webhook met a defect"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Sends a round and notes in `progress` what became of it. Some says why the webhook is given up.
    async fn carry(&self, webhook: &Webhook, round: Round, progress: &mut Progress) -> Option<String> {
        let Round { jobs, after, .. } = round;
        *progress = after;
        let secret = match self.sender.open(&webhook.secret) {
            Ok(secret) => secret,
            Err(error) => return Some(error.to_string()),
        };
        let done = round::deliver(&self.sender, &webhook.url, &secret, jobs).await;
        let ends = TimeDelta::hours(self.engine.given().policy.settings().retry_max_hours.into());
        let (is_down, has_success) = (progress.is_down(), done.iter().any(|done| done.delivered > 0));
        for done in done {
            if let Some(why) = progress.note(done, real_now(), self.patience, ends) {
                return Some(why);
            }
        }
        if is_down && has_success {
            progress.try_all_now(real_now());
        }
        None
    }

    async fn keep(&self, progress: &Progress) {
        self.engine.keep::<Webhook>(self.id, Some(progress.encoded())).await;
        if !self.engine.given().webhooks.contains_key(&self.id) {
            self.engine.keep::<Webhook>(self.id, None).await;
        }
    }

    async fn stop(&self, webhook: &Webhook, why: String) {
        tracing::warn!(webhook = %self.id, %why, "a webhook is stopped");
        let command = WebhookCommand::Stop { why, replays: webhook.replays };
        while let Err(error) =
            self.engine.submit_in_turn::<Webhook, ()>(self.id, command.clone(), Caller::SYSTEM, |_| ()).await
        {
            let is_gone = self.webhook().is_none();
            tracing::warn!(webhook = %self.id, %error, "that a webhook is stopped is not noted yet");
            if is_gone {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
