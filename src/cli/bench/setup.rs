//! What a benchmark needs on the server before it can measure: records and active sequences.

use anyhow::{Context, bail};
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::scenario::Shape;
use crate::cli::client::{Client, Problem};
use crate::cli::connect::{self, BATCHES_IN_FLIGHT, Enrolment, Wait};
use crate::cli::progress::bar;
use crate::limits::BATCH_ITEMS_MAX;

#[derive(Deserialize)]
struct Created {
    results: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    id: Option<String>,
    error: Option<Problem>,
}

/// Makes `number` leads with the fields that an ordinary one has; their ids.
pub async fn records(client: &Client, number: usize) -> anyhow::Result<Vec<String>> {
    records_of(client, number, lead).await
}

/// Makes `number` records, each as `of` says; their ids.
pub async fn records_of(client: &Client, number: usize, of: impl Fn(usize) -> Value) -> anyhow::Result<Vec<String>> {
    let bar = bar("making records", Some(number as u64));
    let firsts = (0..number).step_by(BATCH_ITEMS_MAX);
    let batches = stream::iter(firsts.map(|first| {
        let leads: Vec<_> = (first..number.min(first + BATCH_ITEMS_MAX)).map(&of).collect();
        async move {
            let created: Created = client.post(&["records", "batch"], &json!({ "records": leads })).await?;
            anyhow::Ok(created.results)
        }
    }));
    let mut batches = batches.buffer_unordered(BATCHES_IN_FLIGHT);
    let mut ids = Vec::with_capacity(number);
    while let Some(items) = batches.try_next().await.context("the records cannot be made")? {
        bar.inc(items.len() as u64);
        for item in items {
            match item {
                Item { id: Some(id), .. } => ids.push(id),
                Item { error, .. } => bail!("a record was refused: {}", error.unwrap_or_default()),
            }
        }
    }
    bar.finish_and_clear();
    Ok(ids)
}

/// An ordinary lead.
pub fn lead(number: usize) -> Value {
    json!({
        "type": "lead",
        "name": format!("Bench Lead {number}"),
        "email": format!("lead.{number}@example.com"),
        "phones": { "business": "+34 981 000 000" },
        "fields": { "first_name": "Bench", "last_name": format!("Lead {number}"), "company": "Example & Daughters" },
    })
}

/// Connects `records`; each with where it stands. One that is refused makes the figures worthless.
pub async fn connect(
    client: &Client,
    sequence: &str,
    records: &[String],
    wait: Option<Wait>,
) -> anyhow::Result<Vec<(String, Enrolment)>> {
    let bar = bar("connecting", Some(records.len() as u64));
    let (mut connected, mut refused) = (Vec::with_capacity(records.len()), None);
    let each = |item: connect::Item| match item.enrolment {
        Some(enrolment) => connected.push((item.record, enrolment)),
        None => refused = Some(item.error.unwrap_or_default()),
    };
    connect::connect(client, sequence, records, wait, &bar, each).await?;
    bar.finish_and_clear();
    match refused {
        None => Ok(connected),
        Some(problem) => bail!("{} records were not connected: {problem}", records.len() - connected.len()),
    }
}

/// Makes and activates a sequence; its id.
pub async fn sequence(client: &Client, name: &str, graph: Value) -> anyhow::Result<String> {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    let Named { id } =
        client.post(&["sequences"], &json!({ "name": name })).await.context("no sequence can be made")?;
    let _: Value = client.send_json(Method::PUT, &["sequences", &id, "graph"], &graph).await.context("the graph")?;
    let _: Value = client.post(&["sequences", &id, "activate"], &json!({})).await.context("the activation")?;
    Ok(id)
}

impl Shape {
    /// A name for people, and the graph.
    pub fn graph(self) -> (&'static str, Value) {
        match self {
            Shape::Steps => ("bench: steps in a row", steps_in_a_row(STEPS, false)),
            Shape::TaskWaitTask => ("bench: task, wait, task", task_wait_task()),
        }
    }
}

/// Steps of a row that records do not come to the end of too soon.
pub const STEPS: usize = 40;

/// A graph of `number` calls and tasks, one after the other; the first is an e-mail where signals need one.
pub fn steps_in_a_row(number: usize, mail_first: bool) -> Value {
    let nodes: Vec<_> = (1..=number)
        .map(|at| {
            let kind = match at {
                1 if mail_first => "email",
                _ if at % 2 == 1 => "phone_call",
                _ => "task",
            };
            let next = (at < number).then(|| format!("step-{}", at + 1));
            json!({ "id": format!("step-{at}"), "type": kind, "name": format!("Step {at}"), "next": next })
        })
        .collect();
    json!({ "start": "step-1", "nodes": nodes })
}

/// A graph in which a task leads to a wait of one day.
fn task_wait_task() -> Value {
    json!({ "start": "before", "nodes": [
        { "id": "before", "type": "task", "name": "Before", "next": "wait" },
        { "id": "wait", "type": "wait", "days": 1, "hours": 0, "next": "after" },
        { "id": "after", "type": "task", "name": "After", "next": null },
    ] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sequence::graph::Graph;

    #[test]
    fn the_graphs_are_what_the_server_reads() {
        let row: Graph = serde_json::from_value(steps_in_a_row(40, true)).unwrap();
        assert_eq!(row.nodes.len(), 40);
        assert_eq!(row.nodes[38].exits(), [("next", Some("step-40"))]);
        assert_eq!(row.nodes[39].exits(), [("next", None)]);
        assert_eq!(serde_json::from_value::<Graph>(task_wait_task()).unwrap().nodes.len(), 3);
    }
}
