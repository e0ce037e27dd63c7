//! `/enrolments/{id}/preview`: the whole way of a record through its sequence, and how far it has come (U-8, U-9).

use std::collections::{HashMap, HashSet};

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use chrono::TimeDelta;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::enrolment::{Enrolment, Exit, Step, StepStatus};
use crate::domain::plan::{Action, NodeIndex, Plan, PlanNode};
use crate::domain::record::Record;
use crate::id::{EnrolmentId, StepId};
use crate::runtime::message::Seen;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::enrolment_id;
use crate::web::wire::steps_total;

/// A node of the sequence, as it is on this enrolment's way.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewNode {
    /// The author's id.
    node: String,
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    /// `completed`, `skipped` or `cancelled`; `current` where the enrolment stands; `ahead` where it may still come, and
    /// `not_taken` where it cannot come any more.
    #[schema(value_type = String)]
    status: &'static str,
    /// The step that was opened for it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// The exit of a condition that was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<&'static str>,
    /// Days from its opening to its end, or until now; one decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_spent: Option<f64>,
    /// The nodes behind it: one, or those of `yes` and `no`; null where the sequence ends.
    next: Vec<Option<String>>,
}

/// The whole way of a record through its sequence.
#[derive(Debug, Serialize, ToSchema)]
pub struct Preview {
    enrolment: String,
    /// Steps done and the longest way ahead (U-9).
    steps_total: u16,
    steps_done: u16,
    steps_remaining: u16,
    /// Days that waits and limits take on the longest way ahead; one decimal.
    days_needed: f64,
    /// Each before every node behind it.
    nodes: Vec<PreviewNode>,
}

/// The whole sequence as one record goes through it, with the branches taken, the days spent and those still needed.
#[utoipa::path(tag = "Enrolments", responses((status = 200, body = Preview), (status = 404, body = Problem)))]
#[get("/enrolments/{id}/preview")]
pub async fn get_preview(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = enrolment_id(&id)?;
    let read = app.engine.read::<Record, _>(id.record(), by.caller, move |seen| {
        let enrolment = seen.state.enrolment(id.ordinal())?;
        let plan = seen.given.plan(enrolment.sequence, enrolment.version)?;
        Some((preview(&seen, enrolment, plan), seen.version))
    });
    let (preview, version) = read.await?.ok_or_else(|| Problem::not_found("enrolment"))?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(preview))
}

fn preview(seen: &Seen<Record>, enrolment: &Enrolment, plan: &Plan) -> Preview {
    let (record, now) = (seen.state, seen.stamp.at);
    let current = record.current_step(enrolment);
    let start = if current.is_none() && enrolment.status.is_live() { Some(0) } else { None };
    let ahead = reachable(plan, current.map(|step| step.node).or(start));
    let opened = opened(seen, enrolment);
    let nodes = plan.nodes.iter().enumerate().map(|(place, node)| {
        let step = opened.get(node.id.as_str()).copied();
        let end = |step: &Step| step.completed_at.or(enrolment.ended_at).unwrap_or(now);
        PreviewNode {
            node: node.id.clone(),
            kind: node.type_name,
            name: node.name.clone(),
            status: match step.map(|step| step.status) {
                Some(StepStatus::Open) => "current",
                Some(StepStatus::Completed) => "completed",
                Some(StepStatus::Skipped) => "skipped",
                Some(StepStatus::Cancelled) => "cancelled",
                None if ahead.contains(&place) => "ahead",
                None => "not_taken",
            },
            step: step.map(|step| StepId::of(seen.id, step.ordinal).to_string()),
            branch: step.and_then(|step| step.exit).map(|exit| if exit == Exit::Yes { "yes" } else { "no" }),
            days_spent: step.map(|step| days(end(step) - step.opened_at)),
            next: exits(plan, node),
        }
    });
    let (total, done) = (steps_total(record, seen.given, enrolment), enrolment.steps_done);
    Preview {
        enrolment: EnrolmentId::of(seen.id, enrolment.ordinal).to_string(),
        steps_total: total,
        steps_done: done,
        steps_remaining: total.saturating_sub(done),
        days_needed: days(needed(plan, enrolment, current, now)),
        nodes: nodes.collect(),
    }
}

/// The steps that were opened last for each node, in whatever version of the sequence, since the enrolment began (again).
fn opened<'a>(seen: &Seen<'a, Record>, enrolment: &Enrolment) -> HashMap<&'a str, &'a Step> {
    let is_of = |step: &&Step| step.enrolment == enrolment.ordinal && step.ordinal > enrolment.restarted_after;
    let steps = seen.state.steps.iter().filter(is_of);
    steps.filter_map(|step| Some((seen.state.node_of(seen.given, step)?.id.as_str(), step))).collect()
}

fn exits(plan: &Plan, node: &PlanNode) -> Vec<Option<String>> {
    let id = |exit: Option<NodeIndex>| Some(plan.node(exit?)?.id.clone());
    if node.is_branching() { vec![id(node.next), id(node.no)] } else { vec![id(node.next)] }
}

/// The places of a node and of all behind it.
fn reachable(plan: &Plan, from: Option<NodeIndex>) -> HashSet<usize> {
    let (mut found, mut left): (HashSet<usize>, Vec<NodeIndex>) = (HashSet::new(), from.into_iter().collect());
    while let Some(index) = left.pop() {
        if found.insert(usize::from(index)) {
            left.extend(plan.node(index).into_iter().flat_map(PlanNode::exits));
        }
    }
    found
}

/// The longest sum of waits and limits that is still ahead (U-9).
fn needed(plan: &Plan, enrolment: &Enrolment, current: Option<&Step>, now: Timestamp) -> TimeDelta {
    let behind = |node: &PlanNode, from: &[TimeDelta]| {
        node.exits().filter_map(|exit| from.get(usize::from(exit))).max().copied().unwrap_or_default()
    };
    let mut from = vec![TimeDelta::zero(); plan.nodes.len()];
    // Followers stand behind, so they are known first.
    for (place, node) in plan.nodes.iter().enumerate().rev() {
        let own = match &node.action {
            Action::Wait(wait) => wait.elapsed(),
            Action::EmailSignals(question) => question.limit,
            _ => TimeDelta::zero(),
        };
        from[place] = own + behind(node, &from);
    }
    let rest = |until: Option<Timestamp>| until.map_or(TimeDelta::zero(), |until| (until - now).max(TimeDelta::zero()));
    match current {
        Some(step) => rest(step.wakes_at) + plan.node(step.node).map_or(TimeDelta::zero(), |node| behind(node, &from)),
        None if enrolment.status.is_live() => rest(enrolment.opens_at) + from.first().copied().unwrap_or_default(),
        None => TimeDelta::zero(),
    }
}

/// In days with one decimal.
fn days(span: TimeDelta) -> f64 {
    (span.num_minutes() as f64 / 144.0).round() / 10.0
}
