//! The phases `timers` and `drain`: many waits end, and somebody else wants to go on working.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use chrono::TimeDelta;
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::complete::{Completing, none_refused, refusal};
use super::report::{Latency, Line, Rate};
use super::scenario::{Drain, Shape, Timers};
use super::watch::{Figures, Sample};
use super::{Bench, setup};
use crate::cli::connect::Wait;
use crate::cli::load::{self, Call, Latencies, Pace, Recorder, Work};
use crate::time::{Clock, Timestamp};

/// Connections that look up where the records stand.
const LOOKUP_CONNECTIONS: usize = 32;
/// How often a drain is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A drain that makes no progress for so long is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// The shortest wait that the API allows.
const WAIT: Wait = Wait { days: 0, hours: 1 };

#[derive(Deserialize)]
struct Advanced {
    fired: u64,
}

impl Bench {
    /// Connects records with waits that end at real instants soon, and goes on in real time.
    ///
    /// The shortest wait is an hour, so the sandbox's clock is moved to an hour before each end.
    pub async fn timers(&mut self, settings: &Timers) -> anyhow::Result<()> {
        self.is_sandbox().await.context("`timers` needs a server that was started as a sandbox")?;
        let records = setup::records(&self.client, settings.records).await?;
        let (name, graph) = Shape::Steps.graph();
        let sequence = setup::sequence(&self.client, name, graph).await?;
        let groups = settings.over_seconds.clamp(1, records.len() as u64);
        // Time for connecting and for the restart, also on a machine that has much else to do.
        let needed_ms = 20_000 + records.len() as u64 / 2 + 20 * groups;
        let first = Clock::System.now() + TimeDelta::milliseconds(needed_ms as i64);
        let mut due = Vec::with_capacity(records.len());
        for (at, group) in records.chunks(records.len().div_ceil(groups as usize)).enumerate() {
            let end = first + TimeDelta::milliseconds((at as u64 * settings.over_seconds * 1_000 / groups) as i64);
            let to = (end + TimeDelta::hours(-i64::from(WAIT.hours))).to_string();
            let _: Advanced = self.client.post(&["test-clock", "advance"], &json!({ "to": to })).await?;
            let connected = setup::connect(&self.client, &sequence, group, Some(WAIT)).await?;
            due.extend(connected.into_iter().map(|(record, _)| (record, end)));
        }
        self.go_on_in_real_time()?;
        if Clock::System.now() >= first {
            let slow = "this machine is too slow: the first wait ended before the server was back";
            // Of waits that are spread, the first few are late; of waits that end at once, all.
            ensure!(settings.over_seconds > 0, slow);
            eprintln!("{slow}");
        }
        self.due = due;
        Ok(())
    }

    /// Measures how long all waits take to fire, how late each is, and the other user's commands meanwhile.
    pub async fn drain(&mut self, settings: &Drain) -> anyhow::Result<()> {
        let others = self.connect_others(settings.other_records).await?;
        let due = std::mem::take(&mut self.due);
        let ended = Arc::new(AtomicBool::new(false));
        let goes_on = {
            let ended = ended.clone();
            move || !ended.load(Ordering::Relaxed)
        };
        let before = self.usage();
        let (client, recorder) = (self.client.clone(), Recorder::default());
        let begin = due.iter().map(|(_, due)| *due).min();
        let base = Figures::read(&client).await?.timers.count;
        if let Some(begin) = begin {
            let left = (begin - Clock::System.now()).to_std().ok();
            tokio::time::sleep(left.context("the waits ended before there was somebody to look")?).await;
        }
        let started = Instant::now();
        let fire = async {
            let fired = match begin {
                None => advance_a_day(&client).await,
                Some(_) => wait_until_fired(&client, base + due.len() as u64).await.map(|()| due.len() as u64),
            };
            let seconds = started.elapsed().as_secs_f64();
            ended.store(true, Ordering::Relaxed);
            anyhow::Ok((fired?, seconds))
        };
        let other = Completing::deal(others, 1, true);
        let other = load::run_until(&self.target, other, Pace::Through, &recorder, goes_on.clone());
        let (fired, other, curve) = tokio::join!(fire, other, watch(&client, base, started, goes_on));
        let ((fired, seconds), (elapsed, _)) = (fired?, other?);
        for sample in curve? {
            self.report.print(Line::Sample(sample))?;
        }
        let clock = if begin.is_some() { "real" } else { "test" };
        self.print_rate(Rate::of(format!("drain, {clock} clock"), 0, fired, seconds), before)?;
        let measured = load::Measured { elapsed, ..recorder.take() };
        self.report.print(Line::Rate(Rate::of_loop("other user meanwhile", 1, &measured)))?;
        none_refused(&measured).context("the other user")?;
        self.print_lateness(due).await
    }

    /// Looks up when each record moved on.
    async fn print_lateness(&mut self, due: Vec<(String, Timestamp)>) -> anyhow::Result<()> {
        if due.is_empty() {
            return Ok(());
        }
        let (number, share) = (due.len() as u64, due.len().div_ceil(LOOKUP_CONNECTIONS));
        let lookups: Vec<_> = due.chunks(share).map(Lookup::of).collect();
        let connections = lookups.len();
        let (measured, lookups) = load::run(&self.target, lookups, Pace::Through).await?;
        none_refused(&measured).context("how late the records moved on cannot be looked up")?;
        let mut late = Latencies::default();
        lookups.iter().for_each(|lookup| late.add(&lookup.late));
        let rate = Rate::of("timer lateness", connections, number, 0.0);
        self.report.print(Line::Rate(Rate { latency: Latency::of(&late), ..rate }))
    }

    /// Whether the server's clock moves only when told.
    pub async fn is_sandbox(&self) -> anyhow::Result<()> {
        let clock: anyhow::Result<Value> = self.client.get(&["test-clock"], &[]).await;
        clock.map(drop).context("the server must run with --sandbox")
    }

    /// Makes what the other user works on; the current steps.
    async fn connect_others(&self, records: usize) -> anyhow::Result<Vec<String>> {
        let records = setup::records(&self.client, records).await?;
        let (_, graph) = Shape::Steps.graph();
        let sequence = setup::sequence(&self.client, "bench: the other user", graph).await?;
        let connected = setup::connect(&self.client, &sequence, &records, None).await?;
        Ok(connected.into_iter().filter_map(|(_, enrolment)| enrolment.current_step).collect())
    }
}

async fn advance_a_day(client: &crate::cli::client::Client) -> anyhow::Result<u64> {
    let advanced: Advanced = client.post(&["test-clock", "advance"], &json!({ "by": { "days": 1 } })).await?;
    ensure!(advanced.fired > 0, "no wait fired; bring records to their wait first");
    Ok(advanced.fired)
}

async fn wait_until_fired(client: &crate::cli::client::Client, wanted: u64) -> anyhow::Result<()> {
    let (mut fired, mut progress) = (0, Instant::now());
    while fired < wanted {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = Figures::read(client).await?.timers.count;
        if now > fired {
            (fired, progress) = (now, Instant::now());
        }
        ensure!(progress.elapsed() < PATIENCE, "of {wanted} waits only {fired} have fired");
    }
    Ok(())
}

/// How many have fired, from time to time, until it is over.
async fn watch(
    client: &crate::cli::client::Client,
    base: u64,
    started: Instant,
    goes_on: impl Fn() -> bool,
) -> anyhow::Result<Vec<Sample>> {
    let mut samples = Vec::new();
    loop {
        let last = !goes_on();
        let figures = Figures::read(client).await?;
        let fired = figures.timers.count.saturating_sub(base);
        samples.push(Sample { at_seconds: started.elapsed().as_secs_f64(), fired: Some(fired), ..Sample::default() });
        if last {
            return Ok(samples);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Records that should have moved on at an instant.
struct Lookup {
    records: VecDeque<(String, Timestamp)>,
    due: Timestamp,
    late: Latencies,
}

#[derive(Deserialize)]
struct UpNext {
    current: Vec<Current>,
}

#[derive(Deserialize)]
struct Current {
    step: Option<Opened>,
}

#[derive(Deserialize)]
struct Opened {
    opened_at: String,
}

impl Lookup {
    fn of(records: &[(String, Timestamp)]) -> Lookup {
        Lookup { records: records.to_vec().into(), due: Timestamp::default(), late: Latencies::default() }
    }
}

impl Work for Lookup {
    fn next(&mut self) -> Option<Call> {
        let (record, due) = self.records.pop_front()?;
        self.due = due;
        Some(Call::get(["/records/", &record, "/up-next"].concat()))
    }

    fn answered(&mut self, status: StatusCode, body: &[u8]) -> Result<(), String> {
        if !status.is_success() {
            return Err(refusal(status, body));
        }
        let up_next: UpNext = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let step =
            up_next.current.into_iter().find_map(|current| current.step).ok_or("a record has no current step")?;
        let opened = Timestamp::parse(&step.opened_at).ok_or("a step was opened at no instant")?;
        let late =
            (opened - self.due).to_std().map_err(|_| format!("a wait ended early: {opened} for {}", self.due))?;
        self.late.record(late);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(opened_at: &str) -> Result<f64, String> {
        let due = Timestamp::parse("2026-11-21T09:00:00Z").unwrap();
        let mut lookup = Lookup::of(&[("r".to_owned(), due)]);
        lookup.next();
        let answer =
            json!({ "current": [{ "kind": "activity" }, { "kind": "step", "step": { "opened_at": opened_at } }] });
        lookup.answered(StatusCode::OK, answer.to_string().as_bytes())?;
        Ok(lookup.late.percentile_ms(100.0))
    }

    #[test]
    fn a_record_is_as_late_as_its_step_was_opened() {
        let late = look("2026-11-21T09:00:00.250Z").unwrap();
        assert!((late - 250.0).abs() < 1.0, "{late}");
    }

    #[test]
    fn a_wait_that_ended_early_is_a_fault() {
        assert!(look("2026-11-21T08:59:59.999Z").unwrap_err().contains("early"));
    }
}
