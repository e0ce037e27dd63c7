//! A job that brings a file's rows in: what was asked, how far it is, how it ended.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::effect::Effects;
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::permission::{Denial, Denies, Permission};
use crate::domain::record::schema::RecordType;
use crate::id::{EntityKind, ImportId, UserId};
use crate::time::Timestamp;

/// How a file's rows become records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRequest {
    /// The type every row becomes.
    pub kind: RecordType,
    /// Column to record property or field; guessed from the header where it is `None`.
    pub mapping: Option<BTreeMap<String, String>>,
    /// The character between cells; recognised where it is `None`.
    pub delimiter: Option<u8>,
    /// The column whose value identifies the row: the same value again updates.
    pub external_id: Option<String>,
}

/// Rows so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCounts {
    /// Rows looked at.
    pub rows_read: u64,
    /// Records that are new.
    pub created: u64,
    /// Records that were there.
    pub updated: u64,
    /// Rows that did not go in.
    pub rejected: u64,
}

/// Where the job stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportState {
    /// Under way, or to be taken up again after a restart.
    #[default]
    Running,
    /// Every row was looked at.
    Completed,
    /// The file could not be read at all, with the reason.
    Failed(String),
}

/// The state of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Whether it was started.
    pub exists: bool,
    /// What was asked.
    pub request: ImportRequest,
    /// Where it stands.
    pub state: ImportState,
    /// Rows so far.
    pub counts: ImportCounts,
    /// Who started it, and owns what it creates.
    pub started_by: Option<UserId>,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// A request to an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportCommand {
    /// Begin.
    Start(ImportRequest),
    /// So far it has come.
    Progress(ImportCounts),
    /// It is over.
    Finish { state: ImportState, counts: ImportCounts },
}

/// A fact about an import. Stored for good: variants and members are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportEvent {
    /// It began.
    Started(ImportRequest),
    /// It came so far.
    Progressed(ImportCounts),
    /// It is over.
    Finished { state: ImportState, counts: ImportCounts },
}

/// Why an import refuses a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportRejection {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// It was never started.
    #[error("there is no such import")]
    NotFound,
    /// It was started, or is over.
    #[error("the import has already been started")]
    Exists,
}

impl Denies for ImportRejection {
    fn denial(&self) -> Option<&Denial> {
        match self {
            ImportRejection::Denied(denial) => Some(denial),
            ImportRejection::NotFound | ImportRejection::Exists => None,
        }
    }
}

impl Entity for Import {
    const KIND: EntityKind = EntityKind::Import;
    type Id = ImportId;
    type Given = Given;
    type Command = ImportCommand;
    type Event = ImportEvent;
    type Rejection = ImportRejection;

    /// Whoever started it, and administrators.
    fn must_be_seen(&self, given: &Given, by: UserId) -> Result<(), Denial> {
        let person = given.policy.person(by)?;
        match self.started_by.is_none_or(|starter| starter == by) || person.may_all(Permission::SetUp) {
            true => Ok(()),
            false => Err(Denial::hidden("import")),
        }
    }

    fn decide(
        &self,
        _id: ImportId,
        given: &Given,
        command: ImportCommand,
        stamp: Stamp,
    ) -> Result<Vec<ImportEvent>, ImportRejection> {
        let runs = self.exists && self.state == ImportState::Running;
        match command {
            ImportCommand::Start(_) if self.exists => Err(ImportRejection::Exists),
            ImportCommand::Start(request) => {
                given.policy.person(stamp.by)?.must(Permission::Work, "import records")?;
                Ok(vec![ImportEvent::Started(request)])
            }
            ImportCommand::Progress(_) | ImportCommand::Finish { .. } if !runs => Err(ImportRejection::NotFound),
            ImportCommand::Progress(counts) => Ok(vec![ImportEvent::Progressed(counts)]),
            ImportCommand::Finish { state, counts } => Ok(vec![ImportEvent::Finished { state, counts }]),
        }
    }

    fn apply(&mut self, event: &ImportEvent, stamp: Stamp) {
        match event {
            ImportEvent::Started(request) => {
                self.exists = true;
                self.request = request.clone();
                self.started_by = Some(stamp.by);
                self.started_at = stamp.at;
            }
            ImportEvent::Progressed(counts) => self.counts = *counts,
            ImportEvent::Finished { state, counts } => {
                self.state = state.clone();
                self.counts = *counts;
                self.ended_at = Some(stamp.at);
            }
        }
    }

    fn effects(&self, _id: ImportId, _event: &ImportEvent, _owed: &mut Effects) {}
}
