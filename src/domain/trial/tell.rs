//! What a trial found, in sentences for whoever drew the sequence.

use chrono::TimeDelta;
use serde::Serialize;
use serde_json::Value as Json;

use super::course::Course;
use super::script::Event;
use crate::domain::enrolment::{Exit, Step, StepStatus};
use crate::domain::plan::PlanNode;
use crate::domain::record::schema::Value;

/// Nodes of the way that are told.
const TOLD_MAX: usize = 30;

/// A span since connecting, such as `2 days 3 hours`.
pub fn after(span: TimeDelta) -> String {
    let part = |number: i64, unit: &str| match number {
        0 => None,
        1 => Some(format!("1 {unit}")),
        _ => Some(format!("{number} {unit}s")),
    };
    let days = part(span.num_days(), "day");
    let hours = part(span.num_hours() % 24, "hour");
    let minutes = part(span.num_minutes() % 60, "minute");
    let parts: Vec<_> = [days, hours, minutes].into_iter().flatten().collect();
    if parts.is_empty() { "the start".into() } else { parts.join(" ") }
}

/// A node by its name and id.
pub fn node(node: &PlanNode) -> String {
    format!("“{}” ({})", node.name, node.id)
}

/// A node by its id, which the plan may lack.
pub fn node_of(course: &Course, id: &str) -> String {
    let found = course.plan().and_then(|plan| plan.nodes.iter().find(|node| node.id == id));
    found.map_or_else(|| format!("“{id}”, which this sequence does not have or never reaches"), node)
}

/// A word of the API for a value that has one.
pub fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Json::String(word)) => word,
        _ => String::new(),
    }
}

/// What an event does, in the word of its `do`.
pub fn doing(event: &Event) -> String {
    let written = serde_json::to_value(event).unwrap_or_default();
    written.get("do").map(word).unwrap_or_default()
}

/// Where the enrolment stands.
pub fn standing(course: &Course) -> String {
    if let Some((_, at)) = course.current() {
        return node(at);
    }
    match course.enrolment() {
        None => "nothing: it is not connected".into(),
        Some(enrolment) => {
            let reason = enrolment.reason.map(word).unwrap_or_default().replace('_', " ");
            let ended = enrolment.ended_at.map(|at| format!(" since {}", after(at - course.start))).unwrap_or_default();
            format!("nothing: its way is {}{ended} ({reason})", word(enrolment.status))
        }
    }
}

/// A field's value.
pub fn value(value: Option<&Value>) -> String {
    match value {
        None => "empty".into(),
        Some(Value::Text(text)) => format!("“{text}”"),
        Some(Value::Number(number)) => number.to_string(),
    }
}

/// The way that was taken, each node with when it was reached and what became of it.
pub fn way(course: &Course) -> String {
    let all: Vec<_> = course.steps().collect();
    let told = all.iter().skip(all.len().saturating_sub(TOLD_MAX));
    let told: Vec<_> = told
        .map(|(step, at)| format!("{} at {}, {}", node(at), after(step.opened_at - course.start), became(step)))
        .collect();
    match (told.is_empty(), all.len() > TOLD_MAX) {
        (true, _) => "It took no step.".into(),
        (false, true) => format!("The way it took: …; {}.", told.join("; ")),
        (false, false) => format!("The way it took: {}.", told.join("; ")),
    }
}

fn became(step: &Step) -> String {
    let status = match (step.status, step.error) {
        (StepStatus::Open, Some(_)) => "stuck on an error",
        (StepStatus::Open, None) => "still open",
        (StepStatus::Completed, _) => "completed",
        (StepStatus::Skipped, _) => "skipped",
        (StepStatus::Cancelled, _) => "cancelled",
    };
    let exit = step.exit.map(|exit| if exit == Exit::Yes { ": yes" } else { ": no" });
    let call = step.call_result.as_deref().map(|result| format!(": {result}"));
    format!("{status}{}{}", exit.unwrap_or_default(), call.unwrap_or_default())
}
