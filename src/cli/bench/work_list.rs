//! The phase `work-list`: sellers look at their lists, filtered and sorted, while commands change the same lists.

use std::time::Duration;

use anyhow::Context;
use hyper::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::complete::{Completing, none_refused, refusal};
use super::report::{Latency, Line, Rate};
use super::{Bench, setup};
use crate::cli::load::{self, Call, Pace, Work};

/// How many sellers, how much work, and how often it is looked at.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkList {
    /// Connected records in all.
    pub records: usize,
    /// Sellers whose records they are.
    pub sellers: usize,
    /// Records of the first of them; the others share the rest evenly.
    pub busiest: usize,
    /// At a time, that look.
    pub connections: usize,
    /// Pages that are due per second.
    pub pages_per_second: u64,
    /// Commands that are due per second.
    pub commands_per_second: u64,
    /// How long.
    pub seconds: u64,
    /// How long nothing is asked after the records were made.
    #[serde(default)]
    pub settle_seconds: u64,
}

impl WorkList {
    /// Whether there is anything to do.
    pub fn is_possible(&self) -> bool {
        let least = [self.records, self.sellers, self.busiest, self.connections].into_iter().all(|number| number > 0);
        least && self.pages_per_second > 0 && self.commands_per_second > 0 && self.busiest <= self.records
    }

    /// Whose record that is.
    fn owner(&self, record: usize) -> usize {
        let others = self.sellers.saturating_sub(1);
        if record < self.busiest || others == 0 { 0 } else { 1 + (record - self.busiest) % others }
    }
}

/// What sellers ask for: every filter and sort that is built in, and combinations of both.
const QUESTIONS: [&str; 8] = [
    "",
    "&sort=due_date",
    "&sort=name&order=desc",
    "&due=overdue,today,from_tomorrow&sort=activity_type",
    "&activity=phone_call&unopened=true",
    "&record_type=lead&activity=task,email&sort=sequence",
    "&q=lead%2099&sort=name",
    "&followed=true&sort=score",
];

/// Looks at one list after the other.
struct Looking {
    sellers: Vec<String>,
    /// Every other look is at the first list.
    number: usize,
}

impl Work for Looking {
    fn next(&mut self) -> Option<Call> {
        self.number += 1;
        let question = QUESTIONS[(self.number / 2) % QUESTIONS.len()];
        let others = self.number % 2 == 1 && self.sellers.len() > 1;
        let place = if others { 1 + (self.number / 2) % (self.sellers.len() - 1) } else { 0 };
        let path = format!("/work-list?limit=50&user={}{question}", self.sellers[place]);
        Some(Call::get(path).of_kind(usize::from(others)))
    }

    fn answered(&mut self, status: StatusCode, body: &[u8]) -> Result<(), String> {
        if status.is_success() { Ok(()) } else { Err(refusal(status, body)) }
    }
}

impl Bench {
    /// Sellers, their records, all connected; then looks and commands at the same time.
    pub async fn work_list(&mut self, settings: &WorkList) -> anyhow::Result<()> {
        // The command line may say that there are fewer.
        let settings = &WorkList { busiest: settings.busiest.min(settings.records), ..settings.clone() };
        let sellers = self.sellers(settings.sellers).await?;
        let lead = |number: usize| {
            let mut lead = setup::lead(number);
            lead["owner"] = json!({ "user": sellers[settings.owner(number)] });
            // A score in steps, so that due dates, names and ids decide as well.
            lead["score"] = json!(number * 7 % 21 * 5);
            lead
        };
        let records = setup::records_of(&self.client, settings.records, lead).await?;
        let graph = setup::steps_in_a_row(setup::STEPS, false);
        let sequence = setup::sequence(&self.client, "bench: work lists", graph).await?;
        let connected = setup::connect(&self.client, &sequence, &records, None).await?;
        let steps: Vec<String> = connected.into_iter().filter_map(|(_, enrolment)| enrolment.current_step).collect();
        self.print_state(self.state("connected"))?;
        tokio::time::sleep(Duration::from_secs(settings.settle_seconds)).await;
        let looking = |at: usize| Looking { sellers: sellers.clone(), number: at * 2 };
        // Each list once, so that what is measured is not the first look of the day.
        let warm = vec![Looking { sellers: sellers.clone(), number: 0 }];
        let seconds = Duration::from_secs(settings.seconds);
        let first = Pace::Closed(Duration::from_secs(settings.seconds.min(20)));
        let (first_looks, _) = load::run(&self.target, warm, first).await?;
        self.report.print(Line::Rate(Rate::of_loop("first looks, nothing else", 1, &first_looks)))?;
        let before = self.usage();
        let looks = (0..settings.connections).map(looking).collect();
        let dealt = Completing::deal(steps, settings.connections, true);
        let pages = Pace::Open { per_second: settings.pages_per_second, lasting: seconds };
        let commands = Pace::Open { per_second: settings.commands_per_second, lasting: seconds };
        let (looks, done) =
            tokio::join!(load::run(&self.target, looks, pages), load::run(&self.target, dealt, commands));
        let ((looks, _), (done, _)) = (looks?, done?);
        self.print_rate(Rate::of_loop("commands meanwhile", settings.connections, &done), before)?;
        for (what, latencies) in ["the busiest seller's list", "the other lists"].iter().zip(&looks.kinds) {
            let rate = Rate::of(*what, settings.connections, latencies.count(), looks.elapsed.as_secs_f64());
            self.report.print(Line::Rate(Rate { latency: Latency::of(latencies), ..rate }))?;
        }
        self.print_state(self.state("every list held"))?;
        none_refused(&looks).context("the lists")?;
        none_refused(&done).context("the commands")
    }

    async fn sellers(&self, number: usize) -> anyhow::Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Named {
            id: String,
        }
        let mut sellers = Vec::with_capacity(number);
        for at in 0..number {
            let email = format!("seller.{at}.{}@example.com", crate::time::Clock::System.now().millis());
            let seller: Value = json!({ "name": format!("Seller {at}"), "email": email, "roles": ["seller"] });
            let Named { id } = self.client.post(&["users"], &seller).await.context("no seller can be made")?;
            sellers.push(id);
        }
        Ok(sellers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_has_what_it_is_to_have_and_the_others_share_the_rest() {
        let settings = WorkList {
            records: 100,
            sellers: 4,
            busiest: 40,
            connections: 1,
            pages_per_second: 1,
            commands_per_second: 1,
            seconds: 1,
            settle_seconds: 0,
        };
        let mut counts = [0; 4];
        (0..100).for_each(|record| counts[settings.owner(record)] += 1);
        assert_eq!(counts, [40, 20, 20, 20]);
        assert!(settings.is_possible());
        assert!(!WorkList { busiest: 101, ..settings }.is_possible());
    }

    #[test]
    fn every_other_look_is_at_the_first_list_and_all_questions_are_asked_of_each() {
        let mut looking = Looking { sellers: vec!["one".into(), "two".into()], number: 0 };
        let kinds: Vec<_> = (0..4).map(|_| looking.next().unwrap().kind).collect();
        assert_eq!(kinds, [1, 0, 1, 0]);
    }
}
