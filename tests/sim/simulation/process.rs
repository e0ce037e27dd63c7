//! One server: its actors on a runtime of their own that stands still between two steps, so that it can end at any of them.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use relance::id::IdSource;
use relance::runtime::engine::Engine;
use relance::runtime::start::{Options, start_here};
use relance::store::Version;
use relance::store::writer::Queue;
use relance::time::Clock;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{LocalSet, yield_now};

use super::ask::{Answer, Ask};
use super::disk::Disk;
use super::far::{FarSide, Line};
use super::mix::Mix;

/// A request with its answer, and what was known of its entity when it was asked.
pub struct Answered {
    pub number: u32,
    pub ask: Ask,
    pub floor: Version,
    pub answer: Answer,
}

/// See the module. Dropping it is a crash: whatever it held in memory is gone, and what waited was never written.
pub struct Process {
    pub number: u32,
    pub engine: Engine,
    pub disk: Arc<Disk>,
    /// Answers that have come, and how many have not.
    answers: Rc<RefCell<Vec<Answered>>>,
    pub unanswered: u32,
    queue: Queue,
    local: Option<LocalSet>,
    runtime: Runtime,
}

impl Process {
    pub fn start(disk: Disk, far: FarSide, clock: Clock, mix: &Mix, chance: &mut fastrand::Rng) -> Process {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        let (local, number, disk) = (LocalSet::new(), disk.process, Arc::new(disk));
        let options = Options {
            clock,
            clock_before: None,
            ids: IdSource::seeded(chance.u64(..)),
            threads: 1,
            resident_max: mix.resident_max,
            idle: mix.idle,
            mailer: Arc::new(Line { process: number, far }),
            chance: chance.fork(),
        };
        let store = disk.clone();
        let started = local.block_on(&runtime, async move { start_here(store, options) });
        let (engine, queue) = started.expect("rows in memory can be read");
        let answers = Rc::default();
        Process { number, engine, disk, answers, unanswered: 0, queue, local: Some(local), runtime }
    }

    fn on<T>(&self, run: impl Future<Output = T>) -> Option<T> {
        self.local.as_ref().map(|local| local.block_on(&self.runtime, run))
    }

    /// A request sets out.
    pub fn ask(&mut self, number: u32, ask: Ask, floor: Version) {
        let (engine, answers) = (self.engine.clone(), self.answers.clone());
        self.unanswered += 1;
        if let Some(local) = &self.local {
            local.spawn_local(async move {
                let answer = ask.clone().put(engine).await;
                answers.borrow_mut().push(Answered { number, ask, floor, answer });
            });
        }
    }

    /// The actors do what they can, for some turns.
    pub fn turn(&self, turns: u32) {
        self.on(async {
            for _ in 0..turns {
                yield_now().await;
            }
        });
    }

    /// Time passes that no clock on the wall need show.
    pub fn pass(&self, span: Duration) {
        self.on(tokio::time::advance(span));
    }

    /// Stores one group of what waits; how many commits it had.
    pub fn write(&self, commits_max: usize) -> usize {
        self.queue.write_waiting(commits_max)
    }

    /// Answers that have come since.
    pub fn answers(&mut self) -> Vec<Answered> {
        let answers = std::mem::take(&mut *self.answers.borrow_mut());
        self.unanswered -= answers.len() as u32;
        answers
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Actors that are dropped may still arm what they would have slept for.
        let _inside = self.runtime.enter();
        self.local = None;
    }
}
