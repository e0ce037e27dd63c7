//! How records go through a sequence, as clients write it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::condition::Condition;
use crate::domain::condition::stored::StoredCondition;
use crate::domain::plan::AssignTo;
use crate::domain::sequence::conduct::{Goal, Sending};
use crate::id::MailboxId;
use crate::web::problem::Problem;

/// Who gets the steps of a sequence (§3.3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum AssignToBody {
    /// The owner of the record.
    RecordOwner {},
    /// Whoever connects the record.
    CurrentUser {},
    /// The user in a lookup field of the record.
    RecordField { field: String },
    /// The team that owns the record, or those of its members who fulfil the condition.
    OwnerTeam {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Object>)]
        condition: Option<Condition>,
    },
    /// The team that is let in to the record, or those of its members who fulfil the condition.
    AccessTeam {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Object>)]
        condition: Option<Condition>,
    },
}

impl From<AssignTo> for AssignToBody {
    fn from(assign_to: AssignTo) -> AssignToBody {
        match assign_to {
            AssignTo::RecordOwner => AssignToBody::RecordOwner {},
            AssignTo::CurrentUser => AssignToBody::CurrentUser {},
            AssignTo::RecordField(field) => AssignToBody::RecordField { field },
            AssignTo::OwnerTeam(condition) => AssignToBody::OwnerTeam { condition: condition.map(|of| of.0) },
            AssignTo::AccessTeam(condition) => AssignToBody::AccessTeam { condition: condition.map(|of| of.0) },
        }
    }
}

impl From<AssignToBody> for AssignTo {
    fn from(assign_to: AssignToBody) -> AssignTo {
        match assign_to {
            AssignToBody::RecordOwner {} => AssignTo::RecordOwner,
            AssignToBody::CurrentUser {} => AssignTo::CurrentUser,
            AssignToBody::RecordField { field } => AssignTo::RecordField(field),
            AssignToBody::OwnerTeam { condition } => AssignTo::OwnerTeam(StoredCondition::unless_empty(condition)),
            AssignToBody::AccessTeam { condition } => AssignTo::AccessTeam(StoredCondition::unless_empty(condition)),
        }
    }
}

/// What counts as success for the A/B tests of a sequence (AB-14).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoalBody {
    /// The record is closed as a success.
    #[default]
    Success,
    /// The customer replies to an e-mail of the sequence.
    Reply,
    /// A meeting is made for the record.
    Meeting,
    /// The record comes to fulfil this condition.
    Field(Condition),
}

impl From<Goal> for GoalBody {
    fn from(goal: Goal) -> GoalBody {
        match goal {
            Goal::Success => GoalBody::Success,
            Goal::Reply => GoalBody::Reply,
            Goal::Meeting => GoalBody::Meeting,
            Goal::Field(condition) => GoalBody::Field(condition.0),
        }
    }
}

impl From<GoalBody> for Goal {
    fn from(goal: GoalBody) -> Goal {
        match goal {
            GoalBody::Success => Goal::Success,
            GoalBody::Reply => Goal::Reply,
            GoalBody::Meeting => Goal::Meeting,
            GoalBody::Field(condition) => Goal::Field(StoredCondition(condition)),
        }
    }
}

/// How the messages of a sequence leave.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SendingBody {
    /// The mailbox, where the assignee has none of their own.
    mailbox: Option<String>,
    /// An automated message that would leave more than so many hours late is passed over: 1–720; null never.
    skip_after_hours: Option<u32>,
}

impl From<Sending> for SendingBody {
    fn from(Sending { mailbox, skip_after_hours }: Sending) -> SendingBody {
        SendingBody { mailbox: mailbox.map(|mailbox| mailbox.to_string()), skip_after_hours }
    }
}

impl SendingBody {
    /// As the domain has it.
    pub fn read(self) -> Result<Sending, Problem> {
        let unknown = || Problem::malformed("/sending/mailbox", "this is the id of no mailbox");
        let mailbox = self.mailbox.map(|id| MailboxId::parse(&id).ok_or_else(unknown)).transpose()?;
        Ok(Sending { mailbox, skip_after_hours: self.skip_after_hours })
    }
}
