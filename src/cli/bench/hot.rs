//! The phase `hot-record`: everybody works on one record, and its neighbours must not notice.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, ensure};
use hyper::StatusCode;

use super::complete::{Completing, none_refused, refusal};
use super::mixed::{Completed, opened};
use super::report::{Latency, Line, Rate};
use super::scenario::{HotRecord, Shape};
use super::{Bench, setup};
use crate::cli::load::{self, Call, Pace, Work};

/// Steps that the hot record can take; a path has at most 400.
const STEPS: usize = 390;
/// One request in so many completes or skips a step, so that the record does not come to its end.
const STEP_EVERY: u64 = 100;
/// What the requests are, in the order in which their figures are kept.
const KINDS: [&str; 5] = ["note", "patch", "event", "complete", "skip"];

/// What all connections know of the one record.
struct Hot {
    record: String,
    mail: String,
    /// The current step, unless somebody is at it or there is none left.
    step: Mutex<Option<String>>,
}

/// One of the connections.
struct Crowd {
    hot: Arc<Hot>,
    number: u64,
    place: usize,
    connections: usize,
    /// Whether the request under way is about the current step.
    steps: bool,
}

impl Hot {
    fn step(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.step.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work for Crowd {
    fn next(&mut self) -> Option<Call> {
        let number = self.number * self.connections as u64 + self.place as u64;
        self.number += 1;
        self.steps = false;
        if number % STEP_EVERY == 1
            && let Some(step) = self.hot.step().take()
        {
            self.steps = true;
            let (kind, does) = if (number / STEP_EVERY).is_multiple_of(2) { (3, "/complete") } else { (4, "/skip") };
            return Some(Call::post_nothing(["/steps/", &step, does].concat()).of_kind(kind));
        }
        let Hot { record, mail, .. } = &*self.hot;
        Some(match number % 5 {
            0 | 1 => Call::post(["/steps/", mail, "/note"].concat(), r#"{"text":"Called, no answer."}"#.into()),
            2 | 3 => Call::patch(["/records/", record].concat(), format!(r#"{{"score":{}}}"#, number % 100)).of_kind(1),
            _ => Call::post("/events".into(), opened(&format!("{record}.{number}"), mail)).of_kind(2),
        })
    }

    fn answered(&mut self, status: StatusCode, body: &[u8]) -> Result<(), String> {
        if !status.is_success() {
            return Err(refusal(status, body));
        }
        if self.steps {
            let answer: Completed = serde_json::from_slice(body).map_err(|error| error.to_string())?;
            *self.hot.step() = answer.next.and_then(|next| next.step);
        }
        Ok(())
    }
}

impl Bench {
    /// Measures the neighbours alone, then the crowd on one record and the neighbours meanwhile.
    pub async fn hot_record(&mut self, settings: &HotRecord) -> anyhow::Result<()> {
        let (name, graph) = Shape::Steps.graph();
        let sequence = setup::sequence(&self.client, name, graph).await?;
        let records = setup::records(&self.client, settings.neighbours).await?;
        let neighbours = setup::connect(&self.client, &sequence, &records, None).await?;
        let steps: Vec<_> = neighbours.into_iter().filter_map(|(_, enrolment)| enrolment.current_step).collect();
        let hot = Arc::new(self.heat().await?);

        let pace = Pace::Closed(Duration::from_secs(settings.seconds));
        let neighbours = Completing::deal(steps, 1, true);
        let (alone, neighbours) = load::run(&self.target, neighbours, pace).await?;
        self.report.print(Line::Rate(Rate::of_loop("neighbours alone", 1, &alone)))?;

        let connections = settings.connections;
        let crowd = |place| Crowd { hot: hot.clone(), number: 0, place, connections, steps: false };
        let (crowd, before) = ((0..connections).map(crowd).collect(), self.usage());
        let (crowd, neighbours) =
            tokio::join!(load::run(&self.target, crowd, pace), load::run(&self.target, neighbours, pace));
        let ((crowd, _), (meanwhile, _)) = (crowd?, neighbours?);
        self.report.print(Line::Rate(Rate::of_loop("neighbours meanwhile", 1, &meanwhile)))?;
        self.print_rate(Rate::of_loop("hot record", connections, &crowd), before)?;
        for (what, latencies) in KINDS.iter().zip(&crowd.kinds).filter(|(_, latencies)| latencies.count() > 0) {
            let rate = Rate::of(format!("  {what}"), connections, latencies.count(), crowd.elapsed.as_secs_f64());
            self.report.print(Line::Rate(Rate { latency: Latency::of(latencies), ..rate }))?;
        }
        none_refused(&crowd).context("the hot record")?;
        none_refused(&alone).and(none_refused(&meanwhile)).context("the neighbours")
    }

    /// The one record, on a sequence with many steps.
    async fn heat(&self) -> anyhow::Result<Hot> {
        let sequence = setup::sequence(&self.client, "bench: one record", setup::steps_in_a_row(STEPS, true)).await?;
        let records = setup::records(&self.client, 1).await?;
        let mut connected = setup::connect(&self.client, &sequence, &records, None).await?;
        let (record, enrolment) = connected.pop().context("the hot record is not connected")?;
        let mail = enrolment.current_step.context("the hot record stands on no step")?;
        ensure!(connected.is_empty(), "one record was connected twice");
        Ok(Hot { record, step: Mutex::new(Some(mail.clone())), mail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_connection_at_a_time_is_at_the_current_step() {
        let hot = Arc::new(Hot { record: "r".into(), mail: "m".into(), step: Mutex::new(Some("s".into())) });
        let mut crowd = Crowd { hot: hot.clone(), number: 0, place: 1, connections: 100, steps: false };
        assert_eq!(crowd.next().unwrap().kind, 3);
        assert_eq!(*hot.step(), None);
        crowd.answered(StatusCode::OK, br#"{"next": {"record": "r", "step": "t"}}"#).unwrap();
        assert_eq!(hot.step().as_deref(), Some("t"));
        assert_eq!(crowd.next().unwrap().kind, 4);
        assert_eq!(crowd.next().unwrap().kind, 0, "the step is taken, so a note is written");
    }
}
