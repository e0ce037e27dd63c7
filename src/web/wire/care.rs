//! How a sequence is kept from doing harm, as clients read it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::effect::Counter;
use crate::domain::sequence::care::{Care, Undo};
use crate::id::SequenceId;
use crate::store::Store;

/// Parts of a sequence.
#[derive(Debug, Serialize, ToSchema)]
pub struct CareView {
    /// What was undone last.
    #[serde(skip_serializing_if = "Option::is_none")]
    undo: Option<UndoView>,
}

/// How far an undo is.
#[derive(Debug, Serialize, ToSchema)]
pub struct UndoView {
    /// `running` or `completed`.
    state: &'static str,
    /// Of records that were connected then or later.
    since: String,
    /// When it was asked for.
    at: String,
    /// By whom.
    by: String,
    /// Enrolments that left, so far. An erased record is not counted any more; nor below.
    disconnected: i64,
    /// Messages of theirs that had left before, or may have; nothing else leaves.
    messages_left: i64,
}

impl CareView {
    /// As it stands.
    pub fn of(id: SequenceId, care: &Care, store: &dyn Store) -> CareView {
        CareView { undo: care.undo.as_ref().map(|undo| UndoView::of(id, undo, store)) }
    }
}

impl UndoView {
    fn of(id: SequenceId, undo: &Undo, store: &dyn Store) -> UndoView {
        UndoView {
            state: if undo.is_done { "completed" } else { "running" },
            since: undo.since.to_string(),
            at: undo.at.to_string(),
            by: undo.by.to_string(),
            disconnected: store.counter(Counter::Undone(id, undo.number)),
            messages_left: store.counter(Counter::UndoneTooLate(id, undo.number)),
        }
    }
}
