//! An activity as clients read it: a manual one, or what the timeline has of a step.

use serde::Serialize;
use utoipa::ToSchema;

use super::Owner;
use crate::domain::activity::{Activity, ActivityKind, ActivityStatus};
use crate::domain::enrolment::{Ordinal, Step};
use crate::domain::given::Given;
use crate::domain::record::Record;
use crate::id::{ActivityId, RecordId, StepId};

/// Something to do on a record.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActivityView {
    /// That of a step is the step's.
    id: String,
    record: String,
    /// `phone_call`, `email`, `task`, `meeting` or `text`.
    #[schema(value_type = String)]
    kind: &'static str,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    assignee: Owner,
    /// `open`, `completed` or `cancelled`.
    #[schema(value_type = String)]
    status: ActivityStatus,
    /// The step that it belongs to, unless it is a manual one (C-6).
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// How a call ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_result: Option<String>,
    created_at: String,
    /// When it was completed or cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<String>,
}

impl ActivityView {
    /// The activity of that number, if there is one.
    pub fn find(id: RecordId, record: &Record, given: &Given, ordinal: Ordinal) -> Option<ActivityView> {
        match record.activity(ordinal) {
            Some(activity) => Some(ActivityView::of(id, activity)),
            None => ActivityView::of_step(id, record, given, record.step(ordinal)?),
        }
    }

    /// A manual activity.
    pub fn of(id: RecordId, activity: &Activity) -> ActivityView {
        ActivityView {
            id: ActivityId::of(id, activity.ordinal).to_string(),
            record: id.to_string(),
            kind: activity.kind.name(),
            subject: activity.subject.to_string(),
            due_at: activity.due_at.map(|at| at.to_string()),
            note: activity.note.as_deref().map(str::to_owned),
            assignee: activity.assignee.into(),
            status: activity.status,
            step: None,
            call_result: activity.call_result.clone(),
            created_at: activity.created_at.to_string(),
            closed_at: activity.closed_at.map(|at| at.to_string()),
        }
    }

    /// What the timeline has of a step, if it has anything.
    pub fn of_step(id: RecordId, record: &Record, given: &Given, step: &Step) -> Option<ActivityView> {
        let status = step.linked_status()?;
        let node = record.node_of(given, step);
        Some(ActivityView {
            id: ActivityId::of(id, step.ordinal).to_string(),
            record: id.to_string(),
            kind: node.and_then(ActivityKind::of).unwrap_or(ActivityKind::Task).name(),
            subject: node.map(|node| node.name.clone()).unwrap_or_default(),
            due_at: Some(step.due_at.to_string()),
            note: None,
            assignee: step.assignee.into(),
            status,
            step: Some(StepId::of(id, step.ordinal).to_string()),
            call_result: step.call_result.clone(),
            created_at: step.opened_at.to_string(),
            closed_at: step.completed_at.map(|at| at.to_string()),
        })
    }
}
