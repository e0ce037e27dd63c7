//! What people do on a record beside its sequences (C-7), and what a step shows of itself on the timeline (C-6).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::enrolment::{Ordinal, Step, StepStatus};
use crate::domain::plan::{Action, PlanNode, SellerStep};
use crate::domain::record::Problem;
use crate::domain::record::schema::{Fault, Owner, text_fault};
use crate::id::UserId;
use crate::limits;
use crate::time::Timestamp;

/// What is done. Stored in events: variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// A call.
    PhoneCall,
    /// An e-mail.
    Email,
    /// Anything.
    Task,
    /// An appointment; no step is one (ST-24).
    Meeting,
    /// A text message.
    Text,
}

impl ActivityKind {
    /// Every kind, in the order in which they are shown (W-24, W-28).
    pub const ALL: [ActivityKind; 5] =
        [ActivityKind::PhoneCall, ActivityKind::Email, ActivityKind::Task, ActivityKind::Meeting, ActivityKind::Text];

    /// Its word in the API.
    pub fn name(self) -> &'static str {
        match self {
            ActivityKind::PhoneCall => "phone_call",
            ActivityKind::Email => "email",
            ActivityKind::Task => "task",
            ActivityKind::Meeting => "meeting",
            ActivityKind::Text => "text",
        }
    }

    /// What a seller does in the step of this node; `None` where no seller does anything.
    pub fn of(node: &PlanNode) -> Option<ActivityKind> {
        match &node.action {
            Action::Seller(SellerStep::PhoneCall) => Some(ActivityKind::PhoneCall),
            Action::Seller(SellerStep::Text(_)) => Some(ActivityKind::Text),
            Action::Seller(SellerStep::Task | SellerStep::LinkedIn) => Some(ActivityKind::Task),
            _ if node.is_email() => Some(ActivityKind::Email),
            _ if node.is_automated() => Some(ActivityKind::Text),
            _ => None,
        }
    }
}

/// Where an activity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityStatus {
    /// Somebody still has to do it.
    Open,
    /// Done.
    Completed,
    /// Not to be done any more.
    Cancelled,
}

/// What somebody wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewActivity {
    /// What.
    pub kind: ActivityKind,
    /// In a few words.
    pub subject: String,
    /// Until when; without it, today and after what has a date (D-56).
    pub due_at: Option<Timestamp>,
    /// More about it.
    pub note: Option<String>,
}

impl NewActivity {
    /// Everything that does not fit.
    pub fn problems(&self) -> Vec<Problem> {
        let at = |pointer: &str, fault: Option<Fault>| {
            fault.map(|(code, detail)| Problem { pointer: pointer.into(), code, detail })
        };
        let note = self.note.as_deref().and_then(|note| text_fault(note, limits::ACTIVITY_NOTE_MAX, true));
        let subject = text_fault(&self.subject, limits::ACTIVITY_SUBJECT_MAX, false);
        [at("/subject", subject), at("/note", note)].into_iter().flatten().collect()
    }
}

/// A manual activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Its number in the record.
    pub ordinal: Ordinal,
    /// What is done.
    pub kind: ActivityKind,
    /// In a few words.
    pub subject: Arc<str>,
    /// Until when.
    pub due_at: Option<Timestamp>,
    /// More about it.
    pub note: Option<Arc<str>>,
    /// Who does it.
    pub assignee: Owner,
    /// Where it stands.
    pub status: ActivityStatus,
    /// Who wanted it.
    pub created_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When it was completed or cancelled.
    pub closed_at: Option<Timestamp>,
    /// How a call ended.
    pub call_result: Option<String>,
    /// Whose day it counted in, where days are levelled, and which: days since 1970.
    pub done_on: Option<(UserId, i32)>,
}

impl Activity {
    /// Whether somebody still has to do it.
    pub fn is_open(&self) -> bool {
        self.status == ActivityStatus::Open
    }

    /// What has a date first, the earliest first, then what has none (U-3).
    pub fn order(&self) -> (bool, Option<Timestamp>, Ordinal) {
        (self.due_at.is_none(), self.due_at, self.ordinal)
    }
}

/// What the timeline has of a step beside the step itself. It has the step's number, name, date and assignee, and
/// is closed with the step, so that nothing of it is stored but this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkedActivity {
    /// None.
    #[default]
    Absent,
    /// It stands where the step stands.
    Follows,
    /// It was closed before the step.
    Closed(ActivityStatus),
}

impl Step {
    /// Where the linked activity stands, if there is one.
    pub fn linked_status(&self) -> Option<ActivityStatus> {
        match (self.linked, self.status) {
            (LinkedActivity::Absent, _) => None,
            (LinkedActivity::Closed(status), _) => Some(status),
            (LinkedActivity::Follows, StepStatus::Open) => Some(ActivityStatus::Open),
            (LinkedActivity::Follows, StepStatus::Completed) => Some(ActivityStatus::Completed),
            (LinkedActivity::Follows, StepStatus::Skipped | StepStatus::Cancelled) => Some(ActivityStatus::Cancelled),
        }
    }
}
