//! What can be asked of the catalogue, what has happened to it, and why it refuses.

use serde::{Deserialize, Serialize};

use super::field::FieldKind;
use super::listing::command::{ListingCommand, ListingEvent};
use crate::domain::permission::{Denial, Denies};
use crate::domain::record::Problem;
use crate::domain::record::schema::RecordType;
use crate::id::{FlowId, TagId};
use crate::limits;

/// A request to the catalogue. `expected` is the version that the caller has seen, if only that one may be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogueCommand {
    /// A type that is not there yet (C-1).
    AddType { kind: RecordType, label: String },
    /// Write a type's label where it is given.
    ChangeType { kind: RecordType, label: Option<String>, expected: Option<u32> },
    /// The type is no more; refused while something is of it.
    RemoveType { kind: RecordType, expected: Option<u32> },
    /// A field that is not there, or not any more.
    AddField { kind: RecordType, name: String, label: String, takes: FieldKind },
    /// Write a field's label and options where they are given.
    ChangeField {
        kind: RecordType,
        name: String,
        label: Option<String>,
        takes: Option<FieldKind>,
        expected: Option<u32>,
    },
    /// The type has no such field any more (CM-12); records keep their values.
    RemoveField { kind: RecordType, name: String, expected: Option<u32> },
    /// A process flow that is not there yet.
    AddFlow { flow: FlowId, name: String, kind: RecordType, stages: Vec<String> },
    /// Write a flow's name and stages where they are given.
    ChangeFlow { flow: FlowId, name: Option<String>, stages: Option<Vec<String>>, expected: Option<u32> },
    /// The flow is no more; refused while an active sequence looks at it.
    RemoveFlow { flow: FlowId, expected: Option<u32> },
    /// How a call can end (CO-31).
    SetCallResults { results: Vec<String>, expected: Option<u32> },
    /// Tags that are not there yet, all below the same.
    AddTags { parent: Option<TagId>, tags: Vec<(TagId, String)> },
    /// Rename a tag, or move it with everything below it.
    ChangeTag { tag: TagId, name: Option<String>, parent: Option<Option<TagId>>, expected: Option<u32> },
    /// The tag is no more; those below it move up.
    RemoveTag { tag: TagId, expected: Option<u32> },
    /// Filters and sorts of the work list (P-13).
    Listing(ListingCommand),
}

/// A fact about the catalogue. Stored for good: variants and members are only ever appended. What was there before is in
/// it, because the audit trail says what changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CatalogueEvent {
    /// A type is there.
    TypeAdded { kind: RecordType, label: String },
    /// Its label was written.
    TypeChanged { kind: RecordType, before: String, after: String },
    /// It is not there any more.
    TypeRemoved { kind: RecordType },
    /// A field is there, perhaps again.
    FieldAdded { kind: RecordType, name: String, label: String, takes: FieldKind },
    /// Label or options were written.
    FieldChanged { kind: RecordType, name: String, before: (String, FieldKind), after: (String, FieldKind) },
    /// A field is not there any more.
    FieldRemoved { kind: RecordType, name: String },
    /// A process flow is there.
    FlowAdded { flow: FlowId, name: String, kind: RecordType, stages: Vec<String> },
    /// Name or stages were written.
    FlowChanged { flow: FlowId, before: (String, Vec<String>), after: (String, Vec<String>) },
    /// A flow is not there any more.
    FlowRemoved { flow: FlowId },
    /// How a call can end was written.
    CallResultsSet { before: Vec<String>, after: Vec<String> },
    /// Tags are there.
    TagsAdded { parent: Option<TagId>, tags: Vec<(TagId, String)> },
    /// A tag has another name or stands elsewhere.
    TagChanged { tag: TagId, before: (String, Option<TagId>), after: (String, Option<TagId>) },
    /// A tag is not there any more; those below it have moved up.
    TagRemoved { tag: TagId },
    /// A filter or sort of the work list is otherwise than before.
    Listing(ListingEvent),
}

/// Why the catalogue refuses a command. The codes are part of the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueRejection {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// Values that do not fit.
    #[error("{}", .0.first().map_or("the values do not fit", |first| first.detail.as_str()))]
    Invalid(Vec<Problem>),
    /// None of that name or id.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// Another one has the name.
    #[error("there is a {0} of this name already")]
    NameTaken(&'static str),
    /// Every organisation has it, as it is.
    #[error("the {0} is built in: only its label can be changed")]
    BuiltIn(&'static str),
    /// Values that are stored would not fit any more.
    #[error("a field keeps its kind for good, also after it was removed; take another name")]
    KindFixed,
    /// Something is of the type, or leads to it.
    #[error("the record type is in use: {0}")]
    TypeInUse(String),
    /// an active sequence would miss it.
    #[error("{0}")]
    Referenced(String),
    /// One of that id is there: its id follows from the key of the request, which was used long ago.
    #[error("what was asked for with this key is there already")]
    Exists,
    ///
    #[error("the name of a tag has no `/`")]
    TagSlash,
    ///
    #[error("tags nest up to {} levels", limits::TAG_LEVELS_MAX)]
    TagDepth,
    /// Q-81, D-40.
    #[error("below a tag there are at most {} tags", limits::TAGS_PER_PARENT_MAX)]
    TagLevelFull,
    ///
    #[error("a tag cannot be moved below itself")]
    TagCycle,
    /// W-30.
    #[error("built-in filters and their groups stay as they are; such a filter can be hidden and shown again")]
    FilterBuiltIn,
    /// W-43.
    #[error("built-in sorts stay as they are; such a sort can be hidden and shown again, and moved among the others")]
    SortBuiltIn,
    /// W-43.
    #[error(
        "the default sort is one that everybody has: it is neither hidden nor deleted; make another one the default first"
    )]
    SortDefault,
    /// Something was changed since it was read.
    #[error("the resource is at version {0} now")]
    VersionMismatch(u32),
    /// As many as there can be.
    #[error("there are as many {0} as there may be")]
    Full(&'static str),
}

impl Denies for CatalogueRejection {
    fn denial(&self) -> Option<&Denial> {
        match self {
            CatalogueRejection::Denied(denial) => Some(denial),
            _ => None,
        }
    }
}
