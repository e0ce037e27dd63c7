//! The phases `complete` and `complete-once`: the most frequent command of a working day.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Context, ensure};
use hyper::StatusCode;
use serde::Deserialize;

use super::Bench;
use super::report::Rate;
use super::scenario::{Complete, CompleteOnce};
use crate::cli::client::Problem;
use crate::cli::load::{self, Call, Measured, Pace, Work};
use crate::cli::progress::{bar, count};

/// Steps that one connection completes, each followed by the next of the same record.
pub struct Completing {
    waiting: VecDeque<String>,
    current: String,
    /// Whether a record's next step is taken up as well.
    again: bool,
}

/// The part of the answer that the loop needs.
#[derive(Deserialize)]
struct Completed<'a> {
    #[serde(borrow)]
    next: Option<Next<'a>>,
}

#[derive(Deserialize)]
struct Next<'a> {
    step: Option<&'a str>,
}

impl Completing {
    /// Deals `steps` out to `connections`, as evenly as it goes.
    pub fn deal(steps: Vec<String>, connections: usize, again: bool) -> Vec<Completing> {
        let mut dealt: Vec<_> =
            (0..connections).map(|_| Completing { waiting: VecDeque::new(), current: String::new(), again }).collect();
        for (at, step) in steps.into_iter().enumerate() {
            dealt[at % connections].waiting.push_back(step);
        }
        dealt
    }

    /// The open steps that are left.
    pub fn collect(dealt: Vec<Completing>) -> Vec<String> {
        dealt.into_iter().flat_map(|completing| completing.waiting).collect()
    }
}

impl Work for Completing {
    fn next(&mut self) -> Option<Call> {
        self.current = self.waiting.pop_front()?;
        Some(Call::post_nothing(["/steps/", &self.current, "/complete"].concat()))
    }

    fn answered(&mut self, status: StatusCode, body: &[u8]) -> Result<(), String> {
        if !status.is_success() {
            if status == StatusCode::SERVICE_UNAVAILABLE {
                self.waiting.push_back(std::mem::take(&mut self.current));
            }
            return Err(refusal(status, body));
        }
        if self.again {
            let answer: Completed = serde_json::from_slice(body).map_err(|error| error.to_string())?;
            self.waiting.extend(answer.next.and_then(|next| next.step).map(str::to_owned));
        }
        Ok(())
    }
}

/// What a refused request was answered.
pub fn refusal(status: StatusCode, body: &[u8]) -> String {
    serde_json::from_slice::<Problem>(body).map_or_else(|_| status.to_string(), |problem| problem.to_string())
}

/// Fails with the first refusal, if there is any.
pub fn none_refused(measured: &Measured) -> anyhow::Result<()> {
    let first = measured.first_refusal.as_deref().unwrap_or_default();
    ensure!(measured.refused == 0, "{} requests were refused, the first: {first}", count(measured.refused));
    Ok(())
}

impl Bench {
    /// One measurement for each number of connections, all over the same records.
    pub async fn complete(&mut self, settings: &Complete) -> anyhow::Result<()> {
        let lasting = Duration::from_secs(settings.seconds);
        let pace = match settings.per_second {
            None => Pace::Closed(lasting),
            Some(per_second) => Pace::Open { per_second, lasting },
        };
        for connections in settings.connections.iter().copied() {
            let steps = std::mem::take(&mut self.steps);
            ensure!(steps.len() >= connections, "only {} records are left for {connections} connections", steps.len());
            let before = self.usage();
            let (measured, dealt) = load::run(&self.target, Completing::deal(steps, connections, true), pace).await?;
            self.steps = Completing::collect(dealt);
            let rate = Rate::of_loop("complete", connections, &measured);
            let rate = Rate { due_per_second: settings.per_second, ..rate };
            self.print_rate(rate, before)?;
            if let Some(first) = &measured.first_refusal {
                eprintln!("refused at {connections} connections, the first: {first}");
            }
            if self.steps.len() < connections {
                eprintln!("the records came to their end before the time was over; take more records");
            }
        }
        Ok(())
    }

    /// Completes the current step of every record.
    pub async fn complete_once(&mut self, settings: &CompleteOnce) -> anyhow::Result<()> {
        let steps = std::mem::take(&mut self.steps);
        ensure!(!steps.is_empty(), "there is no connected record whose step could be completed");
        let connections = settings.connections.min(steps.len());
        let (bar, before) = (bar("completing", None), self.usage());
        let dealt = Completing::deal(steps, connections, false);
        let (measured, _) = load::run(&self.target, dealt, Pace::Through).await?;
        bar.finish_and_clear();
        self.print_rate(Rate::of_loop("complete once", connections, &measured), before)?;
        none_refused(&measured).context("not every step could be completed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dealt(again: bool) -> Completing {
        Completing::deal(vec!["a".into(), "b".into()], 1, again).remove(0)
    }

    #[test]
    fn a_record_comes_again_with_its_next_step() {
        let mut work = dealt(true);
        work.next();
        let answer = br#"{"step": {"id": "a"}, "advance": "ask", "next": {"record": "r", "step": "a2"}}"#;
        work.answered(StatusCode::OK, answer).unwrap();
        work.next();
        work.answered(StatusCode::OK, br#"{"step": {"id": "b"}, "advance": "ask", "next": null}"#).unwrap();
        assert_eq!(Completing::collect(vec![work]), ["a2"]);
    }

    #[test]
    fn a_busy_server_is_asked_again_and_a_refused_step_is_dropped() {
        let mut work = dealt(true);
        work.next();
        let refusal = work.answered(StatusCode::SERVICE_UNAVAILABLE, br#"{"code": "busy", "detail": "Later."}"#);
        assert_eq!(refusal.unwrap_err(), "Later. (busy)");
        work.next();
        assert_eq!(work.answered(StatusCode::CONFLICT, b"").unwrap_err(), "409 Conflict");
        assert_eq!(Completing::collect(vec![work]), ["a"]);
    }

    #[test]
    fn steps_are_dealt_out_evenly() {
        let steps = (0..10).map(|step| step.to_string()).collect();
        let sizes: Vec<_> = Completing::deal(steps, 3, true).iter().map(|dealt| dealt.waiting.len()).collect();
        assert_eq!(sizes, [4, 3, 3]);
    }
}
