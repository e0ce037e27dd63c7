//! Why a record refuses a command, in sentences; the codes that the API makes of them are stable.

use super::schema::RecordType;
use crate::domain::permission::{Denial, Denies};
use crate::id::RecordId;
use crate::time::Timestamp;

/// One thing wrong with a request, and where (RFC 6901 pointer into it).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub pointer: String,
    /// Stable code.
    pub code: &'static str,
    /// One sentence.
    pub detail: String,
}

/// Why a record refuses a command. The codes are part of the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordRejection {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// It was never created.
    #[error("there is no such record")]
    NotFound,
    /// It was created before.
    #[error("the record exists already")]
    Exists,
    /// Values that do not fit.
    #[error("{}", .0.first().map_or("the values do not fit", |first| first.detail.as_str()))]
    Invalid(Vec<Problem>),
    /// K-7.
    #[error("the record is closed; reopen it first")]
    RecordInactive,
    /// K-7.
    #[error("the sequence runs on records of type {wanted}, this one is a {found}")]
    RecordTypeMismatch { wanted: RecordType, found: RecordType },
    ///
    #[error("the organisation works without records of type {0}; an administrator can enable it in the settings")]
    RecordTypeDisabled(RecordType),
    ///
    #[error("the sequence is not active")]
    SequenceNotActive,
    ///
    #[error("nobody is found whom the sequence gives the steps of this record to")]
    AssigneeUnresolved,
    /// No sequence of that id.
    #[error("there is no such sequence")]
    SequenceNotFound,
    /// K-6, D-44.
    #[error("the record is already connected to this sequence")]
    AlreadyConnected,
    /// The sequence's re-entry policy.
    #[error("the record was in this sequence until {left} and {}", again(*.until))]
    ReentryRefused { left: Timestamp, until: Option<Timestamp> },
    /// The exclusivity of this sequence or of another.
    #[error("the record is in “{by}”, which does not go together with this sequence; it has to leave that first")]
    Excluded { by: String },
    /// No enrolment of that id.
    #[error("there is no such enrolment")]
    EnrolmentNotFound,
    /// §19.2.
    #[error("the enrolment has ended")]
    EnrolmentEnded,
    /// No step of that id.
    #[error("there is no such step")]
    StepNotFound,
    ///
    #[error("the step is no longer open")]
    StepNotOpen,
    /// A wait or condition cannot be completed by hand.
    #[error("the step waits; skip the wait or skip the step")]
    StepWaits,
    ///
    #[error("the step does not wait")]
    NotWaiting,
    /// R-13, L-12.
    #[error("this step cannot be snoozed")]
    SnoozeNotAllowed,
    ///
    #[error("a step can only be snoozed to a later time than now")]
    SnoozeInPast,
    /// CO-35.
    #[error("the next step of the sequence needs the result of this call")]
    CallResultRequired,
    /// A result for something that is no call, or one that does not exist.
    #[error("{0}")]
    CallResultInvalid(String),
    /// A signal for something that is no e-mail.
    #[error("the step is no e-mail, so nothing can come back for it")]
    NotAnEmail,
    /// A text for something that is no text message.
    #[error("this step is no text message")]
    NotAText,
    /// W-93: there is no way for a text message, and why.
    #[error("the text message cannot be sent: {0}")]
    TextImpossible(String),
    /// W-83.
    #[error("the record has no e-mail address")]
    EmailMissing,
    /// W-83.
    #[error("the person does not want e-mail")]
    EmailNotAllowed,
    /// W-85.
    #[error("an e-mail can only be scheduled for a later time than now")]
    SendAtInPast,
    /// The e-mail of the step is on its way out already.
    #[error("the e-mail of this step is on its way out already; skip the wait to send it now, or skip the step")]
    MessageUnderWay,
    /// What became of a message is known, or it has not been sent yet.
    #[error("what became of this message is no open question")]
    DeliveryKnown,
    /// Retry without an error.
    #[error("the step has no error to try again")]
    NothingToRetry,
    /// Too many steps and enrolments on one record.
    #[error("the record has reached the {} steps and enrolments it can hold", crate::limits::RECORD_ORDINAL_MAX)]
    RecordFull,
    /// No activity of that id.
    #[error("there is no such activity")]
    ActivityNotFound,
    ///
    #[error("the activity is no longer open")]
    ActivityNotOpen,
    /// As many as a record may have.
    #[error("the record has the {} activities it can hold", crate::limits::ACTIVITIES_MAX)]
    TooManyActivities,
    /// As many people as may mark a record.
    #[error("{} people have marked this record, and more it does not remember", crate::limits::MARKS_MAX)]
    TooManyMarks,
    /// A timer that fires before its time; it stays.
    #[error("the timer is not due yet")]
    NotDue,
    /// A timer or delivery that nothing waits for; its row can go.
    #[error("nothing waits for this")]
    Stale,
    /// The decision has to see another record; answered to the runtime alone, which shows it and asks again.
    #[error("the record {0} has to be looked at first")]
    Unseen(RecordId),
}

fn again(until: Option<Timestamp>) -> String {
    until.map_or_else(|| "does not enter it again".into(), |until| format!("may enter it again from {until}"))
}

impl Denies for RecordRejection {
    fn denial(&self) -> Option<&Denial> {
        match self {
            RecordRejection::Denied(denial) => Some(denial),
            _ => None,
        }
    }
}
