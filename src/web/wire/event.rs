//! What happened, as programs outside are told: the stream and webhooks. Types are those of what is told to the server
//! (§21.4), and their like; what only the server needs for itself is not told.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::enrolment::Signal;
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::Change;
use crate::domain::sequence::{Sequence, SequenceEvent};
use crate::id::{SequenceId, digest};
use crate::store::feed::Fed;
use crate::time::Timestamp;
use crate::web::api::sequences::status_name;
use crate::web::wire::RecordView;

/// One thing that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ToldEvent {
    /// The same each time it is told.
    pub id: String,
    /// What happened, such as `record.created` or `step.completed`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// When.
    pub at: String,
    /// The record that it happened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// The sequence that it happened to, or that the enrolment concerned goes through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<String>,
    /// More about it.
    pub data: EventData,
}

/// What more is told; what does not apply is left out.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct EventData {
    /// The id of who did it, or `system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// One sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The record as it was then; with `record.…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordView>,
    /// The sequence as it was then; with `sequence.…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<SequenceNote>,
    /// The id of the enrolment concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<String>,
    /// The id of the step concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The id of the activity concerned; that of a step has the id of the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<String>,
    /// A note's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A sequence, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SequenceNote {
    id: String,
    name: String,
    status: &'static str,
    version: u16,
}

impl SequenceNote {
    /// The sequence as it stands.
    pub fn of(id: SequenceId, sequence: &Sequence) -> SequenceNote {
        SequenceNote {
            id: id.to_string(),
            name: sequence.name.clone(),
            status: status_name(sequence.status),
            version: sequence.version,
        }
    }
}

/// Told to whoever saw a record until this and does not any more; nothing but its id.
pub const HIDDEN: &str = "record.hidden";

/// Told to whoever follows their own work list, which has changed: once per commit, with the record, and without it where that
/// was erased. It has to be asked for by name.
pub const WORK: &str = "work_list.changed";

/// Every type, in the order of what they are about.
pub const TYPES: &[&str] = &[
    "record.created",
    "record.updated",
    "record.owner_changed",
    "record.stage_changed",
    "record.closed",
    "record.reopened",
    HIDDEN,
    "record.erased",
    "enrolment.connected",
    "enrolment.began",
    "enrolment.migrated",
    "enrolment.ended",
    "step.opened",
    "step.updated",
    "step.completed",
    "step.skipped",
    "step.failed",
    "step.assigned",
    "step.noted",
    "activity.added",
    "activity.completed",
    "activity.cancelled",
    "email.opened",
    "email.link_clicked",
    "email.attachment_downloaded",
    "email.replied",
    "email.bounced",
    "email.out_of_office",
    "email.opted_out",
    "text.delivered",
    "text.undelivered",
    "text.replied",
    "text.opted_out",
    "message.owed",
    "message.sent",
    "message.failed",
    "message.put_off",
    "message.unknown",
    "message.settled",
    "message.skipped",
    "goal.reached",
    "sequence.created",
    "sequence.updated",
    "sequence.graph_saved",
    "sequence.activated",
    "sequence.deactivated",
    "sequence.revision_opened",
    "sequence.revision_published",
    "sequence.revision_discarded",
    "sequence.deleted",
    "sequence.migration_started",
    "sequence.migration_completed",
    "sequence.migration_undone",
    "sequence.ab_test_started",
    "sequence.ab_test_ended",
    "sequence.undo_started",
    "sequence.undo_completed",
    "sequence.fuse_blown",
    "sequence.fuse_reset",
    "sequence.pilot_started",
    "sequence.pilot_released",
];

/// Which types somebody wants: whole ones, or all that begin with a word, such as `step`. All where none is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topics(Vec<String>);

impl Topics {
    /// Err is one that does not exist.
    pub fn new(topics: Vec<String>) -> Result<Topics, String> {
        let exists = |topic: &str| TYPES.iter().any(|kind| is_of(kind, topic));
        match topics.iter().find(|topic| !exists(topic)) {
            Some(unknown) => Err(unknown.clone()),
            None => Ok(Topics(topics)),
        }
    }

    /// Those that were judged before.
    pub fn known(topics: Vec<String>) -> Topics {
        Topics(topics)
    }

    /// Whether a type is named.
    pub fn names(&self, kind: &str) -> bool {
        !self.0.is_empty() && self.has(kind)
    }

    /// Whether a type is among them.
    pub fn has(&self, kind: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|topic| is_of(kind, topic))
    }
}

/// Whether a topic is a type, or the word that it begins with.
pub fn is_of(kind: &str, topic: &str) -> bool {
    kind == topic || kind.split_once('.').is_some_and(|(about, _)| about == topic)
}

/// The id of an event: it follows from what it is, and a store that went back to a backup gives none twice.
pub fn event_id(fed: &Fed, place: usize, at: Timestamp) -> String {
    let (number, kind) = (place as u64, [fed.entity.kind as u8]);
    let (id, version) = (fed.entity.id.to_be_bytes(), fed.version.to_be_bytes());
    let at = at.millis().to_be_bytes();
    Uuid::from_u128(digest(&[&kind, &id, &version, &number.to_be_bytes(), &at])).to_string()
}

/// The type of what happened to a record; `None` where it is not told.
pub fn record_type(event: &RecordEvent) -> Option<&'static str> {
    Some(match event {
        RecordEvent::Created { .. } => "record.created",
        RecordEvent::Changed { changes, .. } => match changes.iter().any(|change| matches!(change, Change::Owner(_))) {
            true => "record.owner_changed",
            false => "record.updated",
        },
        RecordEvent::StageChanged { .. } => "record.stage_changed",
        RecordEvent::Closed(_) => "record.closed",
        RecordEvent::Reopened => "record.reopened",
        RecordEvent::Erased { .. } => "record.erased",
        RecordEvent::Connected { .. } | RecordEvent::Advanced { .. } => "enrolment.connected",
        RecordEvent::Began { .. } | RecordEvent::PilotLetIn { opens_at: None, .. } => "enrolment.began",
        RecordEvent::Migrated { .. } | RecordEvent::MigrationUndone { .. } => "enrolment.migrated",
        RecordEvent::Ended { .. } => "enrolment.ended",
        RecordEvent::StepOpened { .. } => "step.opened",
        RecordEvent::StepCompleted { .. } => "step.completed",
        RecordEvent::StepSkipped { .. } => "step.skipped",
        RecordEvent::StepFailed { .. } => "step.failed",
        RecordEvent::StepSnoozed { .. }
        | RecordEvent::StepWarned { .. }
        | RecordEvent::StepDue { .. }
        | RecordEvent::StepConverted { .. }
        | RecordEvent::TextImpossible { .. }
        | RecordEvent::BecameSellers { .. }
        | RecordEvent::WindowOpened { .. }
        | RecordEvent::WaitMoved { .. }
        | RecordEvent::WaitEnded { .. } => "step.updated",
        RecordEvent::Assigned { .. } => "step.assigned",
        RecordEvent::Noted { .. } => "step.noted",
        RecordEvent::ActivityAdded { .. } => "activity.added",
        RecordEvent::ActivityCompleted { .. } => "activity.completed",
        RecordEvent::ActivityCancelled { .. } => "activity.cancelled",
        RecordEvent::Signalled { signal, .. } => match signal {
            Signal::Opened => "email.opened",
            Signal::LinkClicked => "email.link_clicked",
            Signal::AttachmentDownloaded => "email.attachment_downloaded",
            Signal::Replied => "email.replied",
            Signal::Bounced => "email.bounced",
        },
        RecordEvent::AwayUntil { .. } => "email.out_of_office",
        RecordEvent::OptedOut { .. } => "email.opted_out",
        RecordEvent::TextDelivered { .. } => "text.delivered",
        RecordEvent::TextUndelivered { .. } => "text.undelivered",
        RecordEvent::TextReplied { .. } => "text.replied",
        RecordEvent::TextOptedOut { .. } => "text.opted_out",
        RecordEvent::MessageOwed { .. } => "message.owed",
        RecordEvent::MessageSent { .. } => "message.sent",
        RecordEvent::MessageFailed { .. } => "message.failed",
        RecordEvent::MessageOwedAgain { .. } => "message.owed",
        RecordEvent::EmailSubmitted { at: None, .. } => "message.owed",
        RecordEvent::EmailSubmitted { at: Some(_), .. } | RecordEvent::MessagePutOff { .. } => "message.put_off",
        RecordEvent::MessageUnknown { .. } | RecordEvent::MessageHeld { .. } => "message.unknown",
        RecordEvent::MessageSettled { .. } => "message.settled",
        RecordEvent::MessageSkipped { .. } => "message.skipped",
        RecordEvent::GoalReached => "goal.reached",
        RecordEvent::Forgotten
        | RecordEvent::Undone { .. }
        | RecordEvent::FuseCounted { .. }
        | RecordEvent::PilotEntered { .. }
        | RecordEvent::PilotAwaited { .. }
        | RecordEvent::PilotLetIn { opens_at: Some(_), .. }
        | RecordEvent::MessageClaimed { .. }
        | RecordEvent::MessageWritten { .. }
        | RecordEvent::Engaged { .. }
        | RecordEvent::TextRouted { .. }
        | RecordEvent::NotMigrated { .. }
        | RecordEvent::AbVersionTaken { .. }
        | RecordEvent::QuotaAsked { .. }
        | RecordEvent::SenderChosen { .. }
        | RecordEvent::Marked { .. }
        | RecordEvent::WorkDone { .. }
        | RecordEvent::ActivityLinked { .. }
        | RecordEvent::AbTestEntered { .. }
        | RecordEvent::AbExposed { .. }
        | RecordEvent::AbMetricMet { .. }
        | RecordEvent::AbTestTold { .. }
        | RecordEvent::AbCountsKept(_) => return None,
    })
}

/// The type of what happened to a sequence; `None` where it is not told.
pub fn sequence_type(event: &SequenceEvent) -> Option<&'static str> {
    Some(match event {
        SequenceEvent::Created { .. } => "sequence.created",
        SequenceEvent::Changed(_) | SequenceEvent::Tagged(_) => "sequence.updated",
        SequenceEvent::GraphSaved(_) => "sequence.graph_saved",
        SequenceEvent::Activated { .. } => "sequence.activated",
        SequenceEvent::Deactivated => "sequence.deactivated",
        SequenceEvent::RevisionOpened => "sequence.revision_opened",
        SequenceEvent::RevisionPublished { .. } => "sequence.revision_published",
        SequenceEvent::RevisionDropped => "sequence.revision_discarded",
        SequenceEvent::Deleted => "sequence.deleted",
        SequenceEvent::MigrationBegun { .. } => "sequence.migration_started",
        SequenceEvent::MigrationCompleted { .. } => "sequence.migration_completed",
        SequenceEvent::MigrationUndone { .. } => "sequence.migration_undone",
        SequenceEvent::AbTestBegun { .. } => "sequence.ab_test_started",
        SequenceEvent::AbTestEnded { .. } | SequenceEvent::AbTestStopped { .. } => "sequence.ab_test_ended",
        SequenceEvent::UndoBegun { .. } => "sequence.undo_started",
        SequenceEvent::UndoCompleted { .. } => "sequence.undo_completed",
        SequenceEvent::FuseBlown { .. } => "sequence.fuse_blown",
        SequenceEvent::FuseReset { .. } => "sequence.fuse_reset",
        SequenceEvent::PilotBegun { .. } => "sequence.pilot_started",
        SequenceEvent::PilotReleased { .. } => "sequence.pilot_released",
        SequenceEvent::PilotOver { .. }
        | SequenceEvent::FuseReleased { .. }
        | SequenceEvent::KeysGiven(_)
        | SequenceEvent::Emptied
        | SequenceEvent::TestsSaved(_)
        | SequenceEvent::MigrationTakenBack { .. }
        | SequenceEvent::AbTestExposed { .. }
        | SequenceEvent::AbTestLookedAt { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_a_type_or_the_word_that_types_begin_with() {
        let topics = |named: &[&str]| Topics::new(named.iter().map(ToString::to_string).collect());
        let wanted = topics(&["step", "record.created"]).unwrap();
        for (kind, wants) in [
            ("step.opened", true),
            ("step.completed", true),
            ("record.created", true),
            ("record.closed", false),
            ("message.sent", false),
        ] {
            assert_eq!(wanted.has(kind), wants, "{kind}");
        }
        assert!(TYPES.iter().all(|kind| Topics::default().has(kind) && topics(&[*kind]).is_ok()));
        for unknown in ["", "steps", "record.", "record.made", "created", "*"] {
            assert_eq!(topics(&["step", unknown]), Err(unknown.to_owned()));
        }
    }
}
