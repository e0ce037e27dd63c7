//! One record going through one plan: what is remembered of the enrolment and of each node it opened.

pub mod ab_test;
pub mod act;
mod activity;
pub mod advance;
mod answer;
mod assign;
mod away;
mod delivery;
mod due;
mod engage;
mod enter;
pub mod fuse;
mod message;
pub mod migrate;
pub mod pilot;
mod sender;
mod submit;
mod text;
mod transfer;
pub mod undo;
mod until;
mod work;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use self::ab_test::Participation;
use self::fuse::Fused;
use self::migrate::{Former, Outcome};
use self::pilot::Piloted;
use self::undo::Undone;
use crate::domain::activity::LinkedActivity;
use crate::domain::delivery::{Message, MessageState};
use crate::domain::engagement::Hits;
use crate::domain::plan::{AbVersion, NodeIndex};
use crate::domain::record::schema::Owner;
use crate::id::{MailboxId, SequenceId, UserId};
use crate::time::Timestamp;

/// Names an enrolment or a step instance within its record.
pub type Ordinal = u32;

/// Where an enrolment stands (§19.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentStatus {
    /// Waits to begin (K-9).
    Connecting,
    /// On a node.
    Connected,
    /// Went to an end of its plan.
    Completed,
    /// Was taken out.
    Disconnected,
    /// Could not begin.
    Error,
}

impl EnrolmentStatus {
    /// Connecting or connected.
    pub fn is_live(self) -> bool {
        matches!(self, EnrolmentStatus::Connecting | EnrolmentStatus::Connected)
    }
}

/// Why an enrolment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    ///
    SequenceCompleted,
    /// K-12.
    UserDisconnected,
    ///
    ParentSequenceDeactivated,
    /// K-13.
    RegardingEntityDeactivated,
    ///
    ExitCriterionMet,
    /// CM-4.
    AdvancedToOtherSequence,
    /// What has begun in its sequence lately was undone.
    SequenceUndone,
}

/// An enrolment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enrolment {
    /// Its number in the record.
    pub ordinal: Ordinal,
    /// The sequence it goes through.
    pub sequence: SequenceId,
    /// The version it is pinned to.
    pub version: u16,
    /// Where it stands.
    pub status: EnrolmentStatus,
    /// Why it ended.
    pub reason: Option<EndReason>,
    /// Who connected it.
    pub connected_by: UserId,
    /// When.
    pub connected_at: Timestamp,
    /// When the first node opens, if it was connected with a wait (K-9).
    pub opens_at: Option<Timestamp>,
    /// Where the connection came from, in the client's words.
    pub source: Option<String>,
    /// The step of another enrolment that led here (CM-15).
    pub advanced_from: Option<Ordinal>,
    /// The step instance it stands on, or stood on last.
    pub current: Option<Ordinal>,
    /// Counted steps completed or skipped (D-61).
    pub steps_done: u16,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Steps up to this ordinal are of a run before a migration began it again.
    pub restarted_after: Ordinal,
    /// The migrations it was asked to follow, and what became of it each time.
    pub migrations: Vec<(u32, Outcome)>,
    /// What it was before the last of them, until it moves on.
    pub former: Option<Box<Former>>,
    /// The A/B tests it takes part in.
    pub participations: Vec<Participation>,
    /// The mailbox that its messages leave from, once one was chosen.
    pub sender: Option<MailboxId>,
    /// What became of it when its sequence was undone.
    pub undone: Option<Undone>,
    /// What it has to do with the pilot of its sequence.
    pub pilot: Option<Piloted>,
}

impl Enrolment {
    /// Whether the migration of that number has asked it.
    pub fn was_asked(&self, migration: u32) -> bool {
        self.migrations.iter().any(|(number, _)| *number == migration)
    }
}

/// Where a step instance stands (§19.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepStatus {
    /// Somebody or something still has to act.
    Open,
    /// Done.
    Completed,
    /// Passed over.
    Skipped,
    /// The enrolment ended first.
    Cancelled,
}

/// Whether a step instance waits (§19.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaitState {
    /// It does not wait for time.
    None,
    /// Until its timer fires.
    Waiting,
    /// A person cut the wait short.
    Skipped,
    /// The wait came to its end, or was satisfied.
    Completed,
}

/// What stands in the way of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepError {
    /// The field could not be written (CM-13).
    FieldUpdateFailed,
    /// No address, or the person has opted out (ST-23).
    EmailUndeliverable,
    /// The message's template is missing or could not be rendered (ST-23).
    EmailTemplateFailed,
    /// The text message could not be sent (ST-23).
    AutomatedTextFailed,
    /// The record has no such field, or what the condition asks of cannot be seen (CM-12).
    FieldMissing,
    /// The sequence to advance to takes no such records (any more) (CM-14).
    AdvanceTargetInactive,
    /// Advances lead from sequence to sequence without anybody (CM-15).
    AdvanceLoop,
    /// The sequence to advance to does not let the record in (again) now.
    AdvanceRefused,
}

/// What a seller should know of a step. Stored: variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepWarning {
    /// Nobody was found whom the sequence gives it to, so it is the record owner's.
    AssigneeUnresolved,
}

/// The exit a condition took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// It held.
    Yes,
    /// It did not.
    No,
}

/// What came back for an e-mail (§21.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signal {
    /// The recipient opened it.
    #[serde(rename = "email.opened")]
    Opened,
    /// Followed a link.
    #[serde(rename = "email.link_clicked")]
    LinkClicked,
    /// Fetched an attachment.
    #[serde(rename = "email.attachment_downloaded")]
    AttachmentDownloaded,
    /// Answered.
    #[serde(rename = "email.replied")]
    Replied,
    /// It could not be delivered at the far side.
    #[serde(rename = "email.bounced")]
    Bounced,
}

impl Signal {
    /// What else it tells (D-63).
    pub fn implied(self) -> Option<Signal> {
        match self {
            Signal::LinkClicked | Signal::AttachmentDownloaded | Signal::Replied => Some(Signal::Opened),
            Signal::Opened | Signal::Bounced => None,
        }
    }
}

/// The first time of each signal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Signals(Vec<(Signal, Timestamp)>);

impl Signals {
    /// The earliest time of `signal`.
    pub fn first(&self, signal: Signal) -> Option<Timestamp> {
        self.0.iter().find(|(known, _)| *known == signal).map(|(_, at)| *at)
    }

    /// Notes `signal`; a click, a download or a reply counts as an open too (D-63).
    pub fn note(&mut self, signal: Signal, at: Timestamp) {
        for signal in [Some(signal), signal.implied()].into_iter().flatten() {
            match self.0.iter_mut().find(|(known, _)| *known == signal) {
                Some((_, first)) => *first = at.min(*first),
                None => self.0.push((signal, at)),
            }
        }
    }
}

/// A node opened for an enrolment. Its name and description are those of the version it ran in, which never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its number in the record.
    pub ordinal: Ordinal,
    /// The enrolment it belongs to.
    pub enrolment: Ordinal,
    /// The version it ran in: its enrolment's at the time, which a migration may have moved on since.
    pub version: u16,
    /// Its place in the plan of that version.
    pub node: NodeIndex,
    /// Who acts.
    pub assignee: Owner,
    /// Where it stands.
    pub status: StepStatus,
    /// Whether it waits.
    pub wait: WaitState,
    /// What stands in the way.
    pub error: Option<StepError>,
    /// The automated message became one for the seller (ST-23).
    pub converted: bool,
    /// What the seller should know of it.
    pub warning: Option<StepWarning>,
    /// The version of an A/B test that it sends (AB-8).
    pub ab_version: Option<AbVersion>,
    /// When the node was reached.
    pub opened_at: Timestamp,
    /// When it is due: the opening, moved by snoozes; for a wait when it ends (D-64).
    pub due_at: Timestamp,
    /// What ended a wait before its time: the place among what its node names.
    pub ended_by: Option<u8>,
    /// When a wait or a time limit ends. Kept after it ended.
    pub wakes_at: Option<Timestamp>,
    /// When it was completed or skipped.
    pub completed_at: Option<Timestamp>,
    /// Snoozes so far.
    pub snoozes: u32,
    /// How a call ended.
    pub call_result: Option<String>,
    /// The exit a condition took.
    pub exit: Option<Exit>,
    /// What came back for an e-mail.
    pub signals: Signals,
    /// The message that was handed to the outbox.
    pub message: Option<Message>,
    /// What is remembered of who opened its message and followed its links.
    pub hits: Option<Box<Hits>>,
    /// What the timeline has of it.
    pub linked: LinkedActivity,
    /// Whose day it counted in, where days are levelled, and which: days since 1970.
    pub done_on: Option<(UserId, i32)>,
    /// What the fuse of its sequence counts of its message.
    pub fused: Option<Fused>,
}

impl Step {
    /// Where its message stands.
    pub fn message_state(&self) -> Option<&MessageState> {
        self.message.as_ref().map(|message| &message.state)
    }

    /// Whether its message may still leave, or may have left.
    pub fn is_sending(&self) -> bool {
        let settled =
            |state: &MessageState| matches!(state, MessageState::Sent | MessageState::Failed | MessageState::Skipped);
        self.message_state().is_some_and(|state| !settled(state))
    }

    /// The end of a time limit that began when this e-mail step was completed (CO-10).
    pub fn limit_end(&self, limit: TimeDelta) -> Timestamp {
        self.completed_at.unwrap_or(self.opened_at) + limit
    }
}
