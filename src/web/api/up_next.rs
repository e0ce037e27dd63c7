//! `/records/{id}/up-next`: what is to do on a record, what comes, and what was done (§13).

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use chrono_tz::Tz;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::activity::Activity;
use crate::domain::condition::evaluate::Today;
use crate::domain::enrolment::{EnrolmentStatus, Ordinal, Step, StepStatus};
use crate::domain::plan::{NodeIndex, Plan};
use crate::domain::record::Record;
use crate::domain::record::schema::{Owner, RecordState, RecordType};
use crate::id::EnrolmentId;
use crate::limits;
use crate::runtime::message::Seen;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::api::records::{etag, read_record};
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::record_id;
use crate::web::wire::{ActivityView, StepView};

/// One item of Up next.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum UpNextItem {
    /// A step that is or was open.
    Step {
        /// The step.
        step: Box<StepView>,
    },
    /// A manual activity.
    Activity {
        /// The activity.
        activity: Box<ActivityView>,
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

/// An invitation to connect a sequence (U-6).
#[derive(Debug, Serialize, ToSchema)]
pub struct Invitation {
    /// The type of record that a sequence has to be for.
    #[schema(value_type = String)]
    record_type: RecordType,
    /// How many active sequences for it you can connect (K-3); where there are none, one can be created.
    sequences: usize,
}

/// The three zones (U-1).
#[derive(Debug, Serialize, ToSchema)]
pub struct UpNext {
    /// One item per live enrolment (U-4) and one manual activity (U-3), earliest due first; an activity without a date comes
    /// after what is due today.
    current: Vec<UpNextItem>,
    /// What follows, up to and including the next fork.
    upcoming: Vec<UpNextItem>,
    /// What was completed, skipped or cancelled, newest first, at most 500.
    completed: Vec<UpNextItem>,
    /// Where no sequence is connected to an open record.
    #[serde(skip_serializing_if = "Option::is_none")]
    invite: Option<Invitation>,
}

/// What is to do on a record, what comes, and what was done.
#[utoipa::path(tag = "Records", responses((status = 200, body = UpNext), (status = 404, body = Problem)))]
#[get("/records/{id}/up-next")]
pub async fn get_up_next(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = record_id(&app.engine, &id)?;
    let (up_next, version) = read_record(&app.engine, id, by.caller, |seen| (up_next(&seen), seen.version)).await?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(up_next))
}

/// Something that is or was to be done.
#[derive(Clone, Copy)]
pub enum Doing<'a> {
    /// For a sequence.
    Step(&'a Step),
    /// Beside them.
    Activity(&'a Activity),
}

impl Doing<'_> {
    fn due_at(self) -> Option<Timestamp> {
        match self {
            Doing::Step(step) => Some(step.due_at),
            Doing::Activity(activity) => activity.due_at,
        }
    }

    fn ended_at(self) -> Option<Timestamp> {
        match self {
            Doing::Step(step) => step.completed_at,
            Doing::Activity(activity) => activity.closed_at,
        }
    }

    fn ordinal(self) -> Ordinal {
        match self {
            Doing::Step(step) => step.ordinal,
            Doing::Activity(activity) => activity.ordinal,
        }
    }

    /// Whose it is to do.
    pub fn assignee(self) -> Owner {
        match self {
            Doing::Step(step) => step.assignee,
            Doing::Activity(activity) => activity.assignee,
        }
    }

    fn item(self, seen: &Seen<Record>) -> UpNextItem {
        match self {
            Doing::Step(step) => {
                UpNextItem::Step { step: Box::new(StepView::of(seen.id, seen.state, seen.given, step)) }
            }
            Doing::Activity(activity) => {
                UpNextItem::Activity { activity: Box::new(ActivityView::of(seen.id, activity)) }
            }
        }
    }
}

/// The current items in their order (U-2 to U-4).
pub fn current<'a>(seen: &Seen<'a, Record>) -> Vec<Doing<'a>> {
    let record = seen.state;
    let steps = record.live().filter_map(|live| record.current_step(live)).map(Doing::Step);
    let activity = record.open_activities().min_by_key(|activity| activity.order()).map(Doing::Activity);
    let mut open: Vec<Doing> = steps.chain(activity).collect();
    let zone = seen.given.policy.organisation.profile(seen.stamp.by).time_zone.as_deref();
    let today = Today { now: seen.stamp.at, zone: zone.and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC) };
    // D-56: without a date it is due today, after what has one; a step goes before an activity (W-9).
    open.sort_by_key(|doing| {
        let due = doing.due_at();
        let is_later = due.is_some_and(|due| today.day_of(due) > today.day_of(today.now));
        (is_later, due.is_none(), due, matches!(doing, Doing::Activity(_)), doing.ordinal())
    });
    open
}

fn up_next(seen: &Seen<Record>) -> UpNext {
    let (id, record, given) = (seen.id, seen.state, seen.given);
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
    let is_done = |step: &&Step| matches!(step.status, StepStatus::Completed | StepStatus::Skipped);
    let steps = record.steps.iter().filter(is_done).map(Doing::Step);
    let activities = record.activities.iter().filter(|activity| !activity.is_open()).map(Doing::Activity);
    let mut done: Vec<Doing> = steps.chain(activities).collect();
    done.sort_by_key(|doing| std::cmp::Reverse((doing.ended_at(), doing.ordinal())));
    UpNext {
        current: current(seen).into_iter().map(|doing| doing.item(seen)).collect(),
        upcoming,
        completed: done.into_iter().take(limits::PAGE_MAX).map(|doing| doing.item(seen)).collect(),
        invite: invitation(seen),
    }
}

/// U-6.
fn invitation(seen: &Seen<Record>) -> Option<Invitation> {
    let (record, given) = (seen.state, seen.given);
    if record.state != RecordState::Active || record.live().next().is_some() {
        return None;
    }
    let is_offered = |sequence: &&std::sync::Arc<crate::domain::sequence::Sequence>| {
        sequence.exists
            && sequence.status.is_active()
            && sequence.record_type == record.kind
            && sequence.judge_sight(given, seen.stamp.by).is_ok()
    };
    Some(Invitation { record_type: record.kind, sequences: given.sequences.values().filter(is_offered).count() })
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
