//! The JSON that clients see, and how it is made from the state of an entity. Apart from what is stored, so that either
//! may change.

mod activity;
pub mod audit;
pub mod care;
pub mod conduct;
pub mod event;
pub mod mailbox;
pub mod record;
pub mod settings;
pub mod text_gateway;
pub mod work;

pub use self::activity::ActivityView;
pub use self::record::{Owner, RecordBody, RecordView, state_name};

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::delivery::MessageState;
use crate::domain::enrolment::{self, EndReason, EnrolmentStatus, Exit, StepError, StepStatus, StepWarning, WaitState};
use crate::domain::given::Given;
use crate::domain::plan::{AbVersion, Action, PlanNode, SellerStep};
use crate::domain::record::Record;
use crate::id::{ActivityId, EnrolmentId, RecordId, StepId};
use crate::web::problem::Problem;

/// One record going through one version of one sequence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EnrolmentView {
    id: String,
    record: String,
    sequence: String,
    sequence_name: String,
    version: u16,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    connected_by: String,
    connected_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    opens_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// The id of the step of another enrolment that led here (CM-15).
    #[serde(skip_serializing_if = "Option::is_none")]
    advanced_from_step: Option<String>,
    /// The id of the step it stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_step: Option<String>,
    steps_done: u16,
    /// Steps done and the longest way ahead (U-9).
    steps_total: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

impl EnrolmentView {
    /// The enrolment as it stands.
    pub fn of(id: RecordId, record: &Record, given: &Given, enrolment: &enrolment::Enrolment) -> EnrolmentView {
        let sequence = given.sequences.get(&enrolment.sequence);
        EnrolmentView {
            id: EnrolmentId::of(id, enrolment.ordinal).to_string(),
            record: id.to_string(),
            sequence: enrolment.sequence.to_string(),
            sequence_name: sequence.map(|sequence| sequence.name.clone()).unwrap_or_default(),
            version: enrolment.version,
            status: status_name(enrolment.status),
            reason: enrolment.reason.map(reason_name),
            connected_by: enrolment.connected_by.to_string(),
            connected_at: enrolment.connected_at.to_string(),
            opens_at: enrolment.opens_at.map(|at| at.to_string()),
            source: enrolment.source.clone(),
            advanced_from_step: enrolment.advanced_from.map(|step| StepId::of(id, step).to_string()),
            current_step: record.current_step(enrolment).map(|step| StepId::of(id, step.ordinal).to_string()),
            steps_done: enrolment.steps_done,
            steps_total: steps_total(record, given, enrolment),
            ended_at: enrolment.ended_at.map(|at| at.to_string()),
        }
    }
}

/// Steps done and the longest counted way still ahead (U-9).
pub fn steps_total(record: &Record, given: &Given, enrolment: &enrolment::Enrolment) -> u16 {
    let plan = given.plan(enrolment.sequence, enrolment.version);
    let ahead = match (plan, record.current_step(enrolment)) {
        (Some(plan), Some(step)) => plan.node(step.node).map_or(0, |node| node.steps_ahead),
        (Some(plan), None) if enrolment.status == EnrolmentStatus::Connecting => {
            plan.node(0).map_or(0, |node| node.steps_ahead)
        }
        _ => 0,
    };
    enrolment.steps_done.saturating_add(ahead)
}

/// The word for an enrolment's status.
pub fn status_name(status: EnrolmentStatus) -> &'static str {
    match status {
        EnrolmentStatus::Connecting => "connecting",
        EnrolmentStatus::Connected => "connected",
        EnrolmentStatus::Completed => "completed",
        EnrolmentStatus::Disconnected => "disconnected",
        EnrolmentStatus::Error => "error",
    }
}

/// The word for why an enrolment ended.
pub fn reason_name(reason: EndReason) -> &'static str {
    match reason {
        EndReason::SequenceCompleted => "sequence_completed",
        EndReason::UserDisconnected => "user_disconnected",
        EndReason::ParentSequenceDeactivated => "parent_sequence_deactivated",
        EndReason::RegardingEntityDeactivated => "regarding_entity_deactivated",
        EndReason::ExitCriterionMet => "exit_criterion_met",
        EndReason::AdvancedToOtherSequence => "advanced_to_other_sequence",
        EndReason::SequenceUndone => "sequence_undone",
    }
}

/// A node opened for an enrolment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StepView {
    id: String,
    enrolment: String,
    record: String,
    sequence: String,
    node: String,
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    description: String,
    assignee: Owner,
    status: &'static str,
    wait_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    /// The type of the node, where an automated step became one for the seller (ST-23).
    #[serde(skip_serializing_if = "Option::is_none")]
    converted_from: Option<&'static str>,
    /// What the seller should know of it: `assignee_unresolved`.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<&'static str>,
    /// The version of an A/B test that was taken: `a` or `b`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ab_version: Option<&'static str>,
    planned_due_at: String,
    due_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    wakes_at: Option<String>,
    /// When an automated message leaves that waits for the window of its sequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_at: Option<String>,
    opened_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    snooze_count: u32,
    /// `yes` or `no` of a condition, the result of a call, or what ended a wait before its time: the name of an event,
    /// `field:NAME` or `condition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    /// The id of the activity that the timeline has of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    linked_activity: Option<String>,
    /// The template that a message of the seller's begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    /// Where a LinkedIn step is done: the profile of the record, with the integration switched on (LI-12).
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// The Message-ID of an automated message that was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Why an automated message was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_error: Option<String>,
}

impl StepView {
    /// The step as it stands.
    pub fn of(id: RecordId, record: &Record, given: &Given, step: &enrolment::Step) -> StepView {
        let enrolment = record.enrolment(step.enrolment);
        let node = record.node_of(given, step);
        let kind = node.map_or("task", |node| node.type_name);
        let is_missing = step.status == StepStatus::Open && step.error == Some(StepError::FieldMissing);
        let is_message = node.is_some_and(PlanNode::is_automated);
        let message = step.message.as_ref();
        let sent = message.filter(|message| message.state == MessageState::Sent);
        let exit = step.exit.map(|exit| if exit == Exit::Yes { "yes" } else { "no" }.to_owned());
        StepView {
            id: StepId::of(id, step.ordinal).to_string(),
            enrolment: EnrolmentId::of(id, step.enrolment).to_string(),
            record: id.to_string(),
            sequence: enrolment.map(|enrolment| enrolment.sequence.to_string()).unwrap_or_default(),
            node: node.map(|node| node.id.clone()).unwrap_or_default(),
            kind: if step.converted { node.map_or(kind, PlanNode::manual_type) } else { kind },
            name: node.map(|node| node.name.clone()).unwrap_or_default(),
            description: node.map(|node| node.description.clone()).unwrap_or_default(),
            assignee: step.assignee.into(),
            status: match step.status {
                StepStatus::Open => "open",
                StepStatus::Completed => "completed",
                StepStatus::Skipped => "skipped",
                StepStatus::Cancelled => "cancelled",
            },
            wait_state: match step.wait {
                WaitState::None if is_missing => "waiting_for_update",
                WaitState::None => "none",
                WaitState::Waiting => "waiting",
                WaitState::Skipped => "skipped",
                WaitState::Completed => "completed",
            },
            error: step.error.map(|error| match error {
                StepError::FieldUpdateFailed => "field_update_failed",
                StepError::EmailUndeliverable => "email_undeliverable",
                StepError::EmailTemplateFailed => "email_template_failed",
                StepError::AutomatedTextFailed => "automated_text_failed",
                StepError::FieldMissing => "field_missing",
                StepError::AdvanceTargetInactive => "advance_target_inactive",
                StepError::AdvanceLoop => "advance_loop",
                StepError::AdvanceRefused => "advance_refused",
            }),
            converted_from: step.converted.then_some(kind),
            warning: step.warning.map(|StepWarning::AssigneeUnresolved| "assignee_unresolved"),
            ab_version: step.ab_version.map(AbVersion::letter),
            planned_due_at: step.wakes_at.filter(|_| !is_message).unwrap_or(step.opened_at).to_string(),
            due_at: step.due_at.to_string(),
            wakes_at: step.wakes_at.map(|at| at.to_string()),
            pending_at: match step.message_state() {
                Some(MessageState::PutOff(until)) => Some(*until),
                _ => step.wakes_at.filter(|_| is_message && step.status == StepStatus::Open),
            }
            .map(|at| at.to_string()),
            opened_at: step.opened_at.to_string(),
            completed_at: step.completed_at.map(|at| at.to_string()),
            snooze_count: step.snoozes,
            outcome: exit
                .or_else(|| step.call_result.clone())
                .or_else(|| record.ended_by(given, step).map(|until| until.outcome())),
            linked_activity: step.linked_status().map(|_| ActivityId::of(id, step.ordinal).to_string()),
            template: node.and_then(PlanNode::seller_template).map(|template| template.to_string()),
            link: node
                .filter(|node| node.action == Action::Seller(SellerStep::LinkedIn))
                .and_then(|_| profile(record, given)),
            message: sent.and_then(|message| message.message_id.clone()),
            message_error: message.filter(|_| sent.is_none()).and_then(|message| message.last_error.clone()),
        }
    }
}

/// LI-11, LI-12: the address of the record's LinkedIn profile. A text that leads elsewhere than to a page is none.
fn profile(record: &Record, given: &Given) -> Option<String> {
    let url = record.profile.linkedin_url.as_deref().filter(|_| given.policy.settings().linkedin)?;
    match url.split_once("://") {
        Some(("http" | "https", _)) => Some(url.to_owned()),
        None if !url.contains(':') => Some(format!("https://{url}")),
        _ => None,
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next one begins; null on the last.
    pub next_cursor: Option<String>,
}

/// The answers to a batch, in order.
#[derive(Debug, Serialize, ToSchema)]
pub struct Results<T> {
    /// One per item.
    pub results: Vec<T>,
}

/// One answer of a batch: what became of the item, or why nothing did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum ItemResult<T> {
    /// It was done.
    Done(T),
    /// It was not.
    Failed {
        /// Why.
        error: Problem,
    },
}

impl<T> From<Result<T, Problem>> for ItemResult<T> {
    fn from(result: Result<T, Problem>) -> ItemResult<T> {
        match result {
            Ok(done) => ItemResult::Done(done),
            Err(error) => ItemResult::Failed { error },
        }
    }
}
