//! `/records/{id}/up-next`: what is to do on a record, what comes, and what was done (§13).

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::enrolment::{EnrolmentStatus, Step, StepStatus};
use crate::domain::given::Given;
use crate::domain::plan::{NodeIndex, Plan};
use crate::domain::record::Record;
use crate::id::{EnrolmentId, RecordId};
use crate::limits;
use crate::runtime::message::Seen;
use crate::web::App;
use crate::web::api::records::{etag, read_record};
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::record_id;
use crate::web::wire::StepView;

/// One item of Up next.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum UpNextItem {
    /// A step that is or was open.
    Step {
        /// The step.
        step: Box<StepView>,
    },
    /// A node that comes later.
    Node {
        /// The enrolment it will open for.
        enrolment: String,
        /// The author's id of the node.
        node: String,
        /// Its type.
        #[serde(rename = "type")]
        kind: &'static str,
        /// Its name.
        name: String,
        /// The exit of a condition that leads to it (U-10).
        #[serde(skip_serializing_if = "Option::is_none")]
        branch: Option<&'static str>,
    },
}

/// The three zones (U-1).
#[derive(Debug, Serialize, ToSchema)]
pub struct UpNext {
    /// One item per live enrolment, earliest due first (U-4).
    current: Vec<UpNextItem>,
    /// What follows, up to and including the next fork.
    upcoming: Vec<UpNextItem>,
    /// What was completed or skipped, newest first, at most 500.
    completed: Vec<UpNextItem>,
}

/// What is to do on a record, what comes, and what was done.
#[utoipa::path(tag = "Records", responses((status = 200, body = UpNext), (status = 404, body = Problem)))]
#[get("/records/{id}/up-next")]
pub async fn get_up_next(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = record_id(&app.engine, &id)?;
    let (up_next, version) = read_record(&app.engine, id, by.caller, |seen| (up_next(&seen), seen.version)).await?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(up_next))
}

fn up_next(seen: &Seen<Record>) -> UpNext {
    let (id, record, given) = (seen.id, seen.state, seen.given);
    let mut open: Vec<&Step> = record.live().filter_map(|live| record.current_step(live)).collect();
    open.sort_by_key(|step| (step.due_at, step.ordinal));
    let mut upcoming = Vec::new();
    for enrolment in record.live() {
        let Some(plan) = given.plan(enrolment.sequence, enrolment.version) else { continue };
        let enrolment_id = EnrolmentId::of(id, enrolment.ordinal);
        match record.current_step(enrolment) {
            Some(step) => behind(plan, step.node, enrolment_id, &mut upcoming),
            None if enrolment.status == EnrolmentStatus::Connecting => {
                follow(plan, Some(0), None, enrolment_id, &mut upcoming);
            }
            None => {}
        }
    }
    let done = |step: &&Step| matches!(step.status, StepStatus::Completed | StepStatus::Skipped);
    let completed = record.steps.iter().rev().filter(done).take(limits::PAGE_MAX);
    UpNext {
        current: open.into_iter().map(|step| item(id, record, given, step)).collect(),
        upcoming,
        completed: completed.map(|step| item(id, record, given, step)).collect(),
    }
}

fn item(id: RecordId, record: &Record, given: &Given, step: &Step) -> UpNextItem {
    UpNextItem::Step { step: Box::new(StepView::of(id, record, given, step)) }
}

/// What comes behind a node: one way, or the first node of each branch.
fn behind(plan: &Plan, index: NodeIndex, enrolment: EnrolmentId, upcoming: &mut Vec<UpNextItem>) {
    let Some(node) = plan.node(index) else { return };
    if node.is_branching() {
        push(plan, node.next, Some("yes"), enrolment, upcoming);
        push(plan, node.no, Some("no"), enrolment, upcoming);
    } else {
        follow(plan, node.next, None, enrolment, upcoming);
    }
}

/// A node and what comes behind it, up to the first fork.
fn follow(
    plan: &Plan,
    index: Option<NodeIndex>,
    branch: Option<&'static str>,
    enrolment: EnrolmentId,
    upcoming: &mut Vec<UpNextItem>,
) {
    let mut next = index;
    while let Some(index) = next {
        push(plan, Some(index), branch, enrolment, upcoming);
        let Some(node) = plan.node(index) else { return };
        if node.is_branching() {
            return behind(plan, index, enrolment, upcoming);
        }
        next = node.next;
    }
}

fn push(
    plan: &Plan,
    index: Option<NodeIndex>,
    branch: Option<&'static str>,
    enrolment: EnrolmentId,
    upcoming: &mut Vec<UpNextItem>,
) {
    if let Some(node) = index.and_then(|index| plan.node(index)) {
        upcoming.push(UpNextItem::Node {
            enrolment: enrolment.to_string(),
            node: node.id.clone(),
            kind: node.type_name,
            name: node.name.clone(),
            branch,
        });
    }
}
