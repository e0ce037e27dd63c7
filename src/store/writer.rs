//! The one thread that writes: it takes everything that waits, stores it as one group, and answers each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

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
}

impl Writer {
    /// Starts the thread; it ends when the last `Writer` is dropped and everything sent is written.
    pub fn start(store: Arc<dyn Store>) -> std::io::Result<(Writer, JoinHandle<()>)> {
        let (requests, queue) = channel();
        let failed = Arc::new(AtomicBool::new(false));
        let writer = Writer { requests, failed: failed.clone() };
        let thread = std::thread::Builder::new()
            .name("relance-writer".into())
            .spawn(move || write_groups(store.as_ref(), &queue, &failed))?;
        Ok((writer, thread))
    }

    /// Hands a commit over. [`Outcome::Unknown`] where the store failed.
    pub fn commit(&self, commit: Commit) -> impl Future<Output = Outcome> + 'static {
        let (answer, outcome) = oneshot::channel();
        let sent = self.requests.send(Request { commit, answer }).is_ok();
        async move { if sent { outcome.await.unwrap_or(Outcome::Unknown) } else { Outcome::Unknown } }
    }

    /// Whether a write has failed. Nothing is accepted after that: what the disk holds is not known.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }
}

fn write_groups(store: &dyn Store, queue: &Receiver<Request>, failed: &AtomicBool) {
    let (mut commits, mut answers) = (Vec::new(), Vec::new());
    while let Ok(first) = queue.recv() {
        for request in std::iter::once(first).chain(queue.try_iter()).take(limits::GROUP_COMMITS_MAX) {
            commits.push(request.commit);
            answers.push(request.answer);
        }
        metrics::histogram!("relance_group_commits").record(commits.len() as f64);
        let outcomes = if failed.load(Ordering::Acquire) { None } else { write(store, &commits, failed) };
        let unknown = || std::iter::repeat_n(Outcome::Unknown, commits.len()).collect();
        for (answer, outcome) in answers.drain(..).zip(outcomes.unwrap_or_else(unknown)) {
            // An actor that is gone loads what was written when it is needed again.
            let _ = answer.send(outcome);
        }
        commits.clear();
    }
}

fn write(store: &dyn Store, commits: &[Commit], failed: &AtomicBool) -> Option<Vec<Outcome>> {
    match store.commit(commits) {
        Ok(outcomes) => Some(outcomes),
        Err(StoreError::Full) => Some(vec![Outcome::Full; commits.len()]),
        Err(error) => {
            failed.store(true, Ordering::Release);
            tracing::error!(%error, "the store failed; nothing more is accepted until the next start");
            None
        }
    }
}
