//! What sellers have to do on a record: one row per record and per user or team that something is assigned to, from which work
//! lists are made (W-1, W-9). A row is a function of the record alone, so it can be computed anew from the log; what depends on
//! the time, on the reader or on the sequence's plan is worked out when it is read.

pub mod level;
pub mod order;
pub mod page;
pub mod select;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::activity::ActivityKind;
use crate::domain::enrolment::Ordinal;
use crate::domain::given::Given;
use crate::domain::plan::NodeIndex;
use crate::domain::record::Record;
use crate::domain::record::profile::Profile;
use crate::domain::record::schema::{Outcome, RecordState, RecordType};
use crate::domain::score::{Interest, Supplied};
use crate::id::{RecordId, SequenceId, UserId};
use crate::time::Timestamp;

/// What one user or team has to do on a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkRow {
    /// The record's type.
    pub kind: RecordType,
    /// Its name.
    pub name: String,
    /// The person behind an account or opportunity.
    pub primary_contact: Option<RecordId>,
    /// The score supplied from outside.
    pub supplied: Supplied,
    /// What the score by rule is computed from.
    pub interest: Interest,
    /// Who has read or follows it: of a user's row only their own, of a team's everybody's.
    pub marks: Vec<Mark>,
    /// What is open: never empty.
    pub items: Vec<WorkItem>,
    /// What filters and sorts of the organisation read. Not stored: it is there where the row comes from a commit.
    #[serde(skip)]
    pub face: Option<Face>,
}

/// Whether somebody has read a record, and whether they follow it (W-7, W-21).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Who.
    pub user: UserId,
    /// They have opened it.
    pub read: bool,
    /// They want to hear of it.
    pub followed: bool,
}

/// Something open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkItem {
    /// The ordinal of the step or activity.
    pub ordinal: Ordinal,
    /// When it is due; an activity without a date, today (D-56).
    pub due_at: Option<Timestamp>,
    /// What it is.
    pub doing: Doing,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doing {
    /// A step of a sequence.
    Step {
        /// Its sequence.
        sequence: SequenceId,
        /// The version it ran in.
        version: u16,
        /// Its node in that version.
        node: NodeIndex,
        /// When it ends by itself, while it waits.
        wakes_at: Option<Timestamp>,
        /// What the server was to do and a seller does instead, or has to see to.
        is_sellers: bool,
    },
    /// A manual activity.
    Activity {
        /// What kind.
        kind: ActivityKind,
        /// In a few words.
        subject: Arc<str>,
    },
}

/// As much of a record as a condition on its own fields reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Face {
    /// Everything a person may write on it.
    pub profile: Arc<Profile>,
    /// Open or closed.
    pub state: RecordState,
    /// How it was closed.
    pub outcome: Outcome,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last written.
    pub modified_at: Timestamp,
}

impl Face {
    /// The face of a record.
    pub fn of(record: &Record) -> Face {
        Face {
            profile: record.profile.clone(),
            state: record.state,
            outcome: record.outcome,
            created_at: record.created_at,
            modified_at: record.modified_at,
        }
    }

    /// A record that looks so, with nothing on it.
    pub fn record(&self, kind: RecordType) -> Record {
        Record {
            exists: true,
            kind,
            profile: self.profile.clone(),
            state: self.state,
            outcome: self.outcome,
            created_at: self.created_at,
            modified_at: self.modified_at,
            ..Record::default()
        }
    }
}

impl WorkRow {
    /// What that user has marked; nothing is read or followed that nobody has marked.
    pub fn mark(&self, user: UserId) -> Mark {
        let unmarked = Mark { user, read: false, followed: false };
        self.marks.iter().find(|mark| mark.user == user).copied().unwrap_or(unmarked)
    }
}

impl WorkItem {
    /// What a seller does, and what it is called; `None` of what only the server does.
    pub fn action<'a>(&'a self, given: &'a Given) -> Option<Action<'a>> {
        match &self.doing {
            Doing::Activity { kind, subject } => {
                Some(Action { kind: Some(*kind), type_name: kind.name(), name: subject, waits: None, sequence: None })
            }
            Doing::Step { sequence, version, node, wakes_at, is_sellers } => {
                let node = given.plan(*sequence, *version)?.node(*node)?;
                let kind = ActivityKind::of(node);
                if !(*is_sellers || node.is_seller_step() || wakes_at.is_some()) {
                    return None;
                }
                let waits = wakes_at.filter(|_| !is_sellers);
                // What has to be seen to without being a message is a task.
                let kind = kind.or(Some(ActivityKind::Task).filter(|_| waits.is_none()));
                let type_name = if *is_sellers && node.is_automated() { node.manual_type() } else { node.type_name };
                Some(Action { kind, type_name, name: &node.name, waits, sequence: Some(*sequence) })
            }
        }
    }
}

/// What a seller does about an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action<'a> {
    /// What kind; none of what only waits.
    pub kind: Option<ActivityKind>,
    /// The type of the step, or of the activity.
    pub type_name: &'static str,
    /// What it is called; a wait may have no name.
    pub name: &'a str,
    /// Nothing yet: it waits until then (W-10).
    pub waits: Option<Timestamp>,
    /// The sequence it is for.
    pub sequence: Option<SequenceId>,
}
