//! The scenario `spike`: many waits end in the same second, and somebody else wants to go on working.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use super::complete::{Completing, current_steps, none_refused};
use super::report::Line;
use super::{Bench, STEPS, setup};
use crate::cli::load;
use crate::cli::progress::bar;

/// Records of the other user: enough steps for several minutes of one connection.
const OTHER_RECORDS: usize = 5_000;
/// Connections that bring the records to their wait.
const CONNECTIONS: usize = 64;

#[derive(Deserialize)]
struct Advanced {
    fired: u64,
}

impl Bench {
    /// Measures how long all waits take to fire, and the other user's commands meanwhile.
    pub async fn spike(&mut self) -> anyhow::Result<()> {
        let clock: anyhow::Result<Value> = self.client.get(&["test-clock"], &[]).await;
        clock.context("the scenario `spike` needs a server that was started with --sandbox")?;
        self.bring_to_wait().await?;
        let others = self.connect_others().await?;
        let ended = Arc::new(AtomicBool::new(false));
        let goes_on = {
            let ended = ended.clone();
            move || !ended.load(Ordering::Relaxed)
        };
        let advance = async {
            let started = Instant::now();
            let advanced = self.client.post(&["test-clock", "advance"], &json!({ "by": { "days": 1 } })).await;
            ended.store(true, Ordering::Relaxed);
            advanced.map(|advanced: Advanced| (advanced.fired, started.elapsed().as_secs_f64()))
        };
        let other_user = load::run(&self.target, Completing::deal(others, 1, true), goes_on);
        let (advanced, other_user) = tokio::join!(advance, other_user);
        let ((fired, seconds), (measured, _)) = (advanced?, other_user?);
        let wanted = self.args.records as u64;
        ensure!(fired >= wanted, "only {fired} of {wanted} waits fired");
        self.report.print(Line {
            scenario: "spike: all fired",
            connections: 1,
            requests: fired,
            seconds,
            ..Line::default()
        });
        self.report.print(Line::of("spike: other user", 1, &measured));
        none_refused(&measured).context("the other user")
    }

    /// Makes the records, connects them and completes the task before the wait.
    pub async fn bring_to_wait(&self) -> anyhow::Result<()> {
        let records = setup::records(&self.client, self.args.records).await?;
        let sequence = setup::sequence(&self.client, "bench: task, wait, task", setup::task_wait_task()).await?;
        self.connect_records(&sequence, &records).await?;
        let steps = current_steps(&self.target, &records).await?;
        let bar = bar("completing first steps", None);
        let connections = CONNECTIONS.min(steps.len());
        let (measured, _) = load::run(&self.target, Completing::deal(steps, connections, false), || true).await?;
        bar.finish_and_clear();
        none_refused(&measured).context("the records cannot be brought to their wait")
    }

    /// Makes what the other user works on; the current steps.
    async fn connect_others(&self) -> anyhow::Result<Vec<String>> {
        let records = setup::records(&self.client, OTHER_RECORDS).await?;
        let sequence = setup::sequence(&self.client, "bench: the other user", setup::steps_in_a_row(STEPS)).await?;
        self.connect_records(&sequence, &records).await?;
        current_steps(&self.target, &records).await
    }
}
