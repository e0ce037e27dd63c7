//! What writes: commits wait in a queue, and one thread takes everything that waits, stores it as one group, and answers
//! each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use tokio::sync::{oneshot, watch};

use crate::limits;
use crate::store::{Commit, Outcome, Store, StoreError};

struct Request {
    commit: Commit,
    answer: oneshot::Sender<Outcome>,
}

/// The asynchronous face of [`Store::commit`]. The channel holds at most what the engine admits.
#[derive(Clone)]
pub struct Writer {
    requests: Sender<Request>,
    failed: Arc<AtomicBool>,
    fed: Arc<watch::Sender<u64>>,
}

/// Commits that wait, and the store they go to.
pub struct Queue {
    waiting: Receiver<Request>,
    store: Arc<dyn Store>,
    failed: Arc<AtomicBool>,
    fed: Arc<watch::Sender<u64>>,
}

impl Writer {
    /// A writer and the queue that somebody has to empty.
    pub fn new(store: Arc<dyn Store>) -> (Writer, Queue) {
        let (requests, waiting) = channel();
        let failed = Arc::new(AtomicBool::new(false));
        let fed = Arc::new(watch::Sender::new(store.feed_end()));
        (Writer { requests, failed: failed.clone(), fed: fed.clone() }, Queue { waiting, store, failed, fed })
    }

    /// Starts a thread that empties the queue; it ends when the last `Writer` is dropped and everything sent is written.
    pub fn start(store: Arc<dyn Store>) -> std::io::Result<(Writer, JoinHandle<()>)> {
        let (writer, queue) = Writer::new(store);
        let write_all = move || {
            while let Ok(first) = queue.waiting.recv() {
                queue.write(std::iter::once(first).chain(queue.waiting.try_iter()).take(limits::GROUP_COMMITS_MAX));
            }
        };
        let thread = std::thread::Builder::new().name("relance-writer".into()).spawn(write_all)?;
        Ok((writer, thread))
    }

    /// Hands a commit over. [`Outcome::Unknown`] where the store failed.
    pub fn commit(&self, commit: Commit) -> impl Future<Output = Outcome> + 'static {
        let (answer, outcome) = oneshot::channel();
        let sent = self.requests.send(Request { commit, answer }).is_ok();
        async move { if sent { outcome.await.unwrap_or(Outcome::Unknown) } else { Outcome::Unknown } }
    }

    /// Changes with the last number of the feed, so that whoever follows it need not ask.
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.fed.subscribe()
    }

    /// Whether a write has failed. Nothing is accepted after that: what the disk holds is not known.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }
}

impl Queue {
    /// Stores what waits now as one group of at most `commits_max`, on the calling thread. How many there were.
    pub fn write_waiting(&self, commits_max: usize) -> usize {
        self.write(self.waiting.try_iter().take(commits_max))
    }

    fn write(&self, requests: impl Iterator<Item = Request>) -> usize {
        let (commits, answers): (Vec<_>, Vec<_>) = requests.map(|request| (request.commit, request.answer)).unzip();
        if commits.is_empty() {
            return 0;
        }
        metrics::histogram!("relance_group_commits").record(commits.len() as f64);
        let outcomes = if self.failed.load(Ordering::Acquire) { None } else { self.store(&commits) };
        let unknown = || std::iter::repeat_n(Outcome::Unknown, commits.len()).collect();
        for (answer, outcome) in answers.into_iter().zip(outcomes.unwrap_or_else(unknown)) {
            // An actor that is gone loads what was written when it is needed again.
            let _ = answer.send(outcome);
        }
        commits.len()
    }

    fn store(&self, commits: &[Commit]) -> Option<Vec<Outcome>> {
        match self.store.commit(commits) {
            Ok(outcomes) => {
                let end = self.store.feed_end();
                self.fed.send_if_modified(|fed| std::mem::replace(fed, end) != end);
                Some(outcomes)
            }
            Err(StoreError::Full) => Some(vec![Outcome::Full; commits.len()]),
            Err(error) => {
                self.failed.store(true, Ordering::Release);
                tracing::error!(%error, "the store failed; nothing more is accepted until the next start");
                None
            }
        }
    }
}
