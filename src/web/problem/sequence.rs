//! What a client is told when a sequence refuses.

use std::borrow::Cow;

use super::{Fault, Problem};
use crate::domain::sequence::SequenceRejection;

impl From<SequenceRejection> for Problem {
    fn from(rejection: SequenceRejection) -> Problem {
        let code = match &rejection {
            SequenceRejection::Invalid(problems) => return Problem::invalid(problems.clone()),
            SequenceRejection::Denied(denial) => denial.cause.code(),
            SequenceRejection::ValidationFailed(diagnostics) => {
                let faults = diagnostics.iter().map(|found| Fault {
                    pointer: found.node.as_ref().map(|node| format!("/nodes/{node}")).unwrap_or_default(),
                    code: Cow::Borrowed(found.code),
                    detail: found.detail.clone(),
                });
                return Problem::new("validation_failed", rejection.to_string()).with(faults.collect());
            }
            SequenceRejection::NotFound => "not_found",
            SequenceRejection::Exists => "internal",
            SequenceRejection::Active => "sequence_active",
            SequenceRejection::NotActive => "sequence_not_active",
            SequenceRejection::Referenced { .. } => "referenced_by_active_sequence",
            SequenceRejection::NotInRevision => "not_in_revision",
            SequenceRejection::RevisionConflict { .. } => "revision_conflict",
            SequenceRejection::VersionsExhausted => "versions_exhausted",
            SequenceRejection::MigrationNotFound | SequenceRejection::AbTestNotFound => "not_found",
            SequenceRejection::AbTestNotRunning => "ab_test_not_running",
            SequenceRejection::AbChoiceRequired => "ab_choice_required",
            SequenceRejection::AbTestFinished => "ab_test_finished",
            SequenceRejection::AbTestLocked { .. } => "ab_test_locked",
            // Only timers meet these.
            SequenceRejection::NotDue | SequenceRejection::Stale => "internal",
            SequenceRejection::MigrationRunning => "migration_running",
            SequenceRejection::MigrationUndone => "migration_undone",
            SequenceRejection::UndoRunning => "undo_running",
            SequenceRejection::FuseWhole => "fuse_whole",
            SequenceRejection::NoPilot => "no_pilot",
        };
        Problem::new(code, rejection.to_string())
    }
}
