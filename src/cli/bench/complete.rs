//! The scenario `complete`: the most frequent command of a working day, in a closed loop.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use hyper::StatusCode;
use serde::Deserialize;

use super::Bench;
use super::report::Line;
use crate::cli::client::Problem;
use crate::cli::load::{self, Call, Measured, Target, Work};
use crate::cli::progress::{bar, count};

/// Connections that look up where the records stand.
const LOOKUP_CONNECTIONS: usize = 32;

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

/// Records whose current step is looked up.
struct Lookup {
    records: VecDeque<String>,
    steps: Vec<String>,
}

#[derive(Deserialize)]
struct UpNext {
    current: Vec<Current>,
}

#[derive(Deserialize)]
struct Current {
    step: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

impl Work for Lookup {
    fn next(&mut self) -> Option<Call> {
        let record = self.records.pop_front()?;
        Some(Call::get(["/records/", &record, "/up-next"].concat()))
    }

    fn answered(&mut self, status: StatusCode, body: &[u8]) -> Result<(), String> {
        if !status.is_success() {
            return Err(refusal(status, body));
        }
        let up_next: UpNext = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let step = up_next.current.into_iter().find_map(|current| current.step);
        self.steps.push(step.ok_or("a record has no current step")?.id);
        Ok(())
    }
}

fn refusal(status: StatusCode, body: &[u8]) -> String {
    serde_json::from_slice::<Problem>(body).map_or_else(|_| status.to_string(), |problem| problem.to_string())
}

/// The current step of each record.
pub async fn current_steps(target: &Target, records: &[String]) -> anyhow::Result<Vec<String>> {
    let bar = bar("looking steps up", None);
    let share = records.len().div_ceil(LOOKUP_CONNECTIONS).max(1);
    let lookups = records.chunks(share).map(|records| Lookup { records: records.to_vec().into(), steps: Vec::new() });
    let (measured, lookups) = load::run(target, lookups.collect(), || true).await?;
    bar.finish_and_clear();
    none_refused(&measured).context("the current steps cannot be looked up")?;
    Ok(lookups.into_iter().flat_map(|lookup| lookup.steps).collect())
}

/// Fails with the first refusal, if there is any.
pub fn none_refused(measured: &Measured) -> anyhow::Result<()> {
    let first = measured.first_refusal.as_deref().unwrap_or_default();
    ensure!(measured.refused == 0, "{} requests were refused, the first: {first}", count(measured.refused));
    Ok(())
}

impl Bench {
    /// One measurement for each number of connections, all over the same records.
    pub async fn complete(&mut self, records: &[String]) -> anyhow::Result<()> {
        let mut steps = current_steps(&self.target, records).await?;
        for connections in self.args.connections.clone() {
            ensure!(steps.len() >= connections, "only {} records are left for {connections} connections", steps.len());
            let deadline = Instant::now() + Duration::from_secs(self.args.seconds);
            let dealt = Completing::deal(steps, connections, true);
            let (measured, dealt) = load::run(&self.target, dealt, move || Instant::now() < deadline).await?;
            steps = Completing::collect(dealt);
            self.report.print(Line::of("complete", connections, &measured));
            if let Some(first) = &measured.first_refusal {
                eprintln!("refused at {connections} connections, the first: {first}");
            }
            if steps.len() < connections {
                eprintln!("the records came to their end before the time was over; take more --records");
            }
        }
        Ok(())
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

    #[test]
    fn the_current_step_is_read_from_up_next() {
        let mut lookup = Lookup { records: vec!["r".to_owned()].into(), steps: Vec::new() };
        lookup.next();
        let answer =
            br#"{"current": [{"kind": "activity", "activity": {}}, {"kind": "step", "step": {"id": "s", "node": "n"}}],
                          "upcoming": [], "completed": []}"#;
        lookup.answered(StatusCode::OK, answer).unwrap();
        assert_eq!(lookup.steps, ["s"]);
    }
}
