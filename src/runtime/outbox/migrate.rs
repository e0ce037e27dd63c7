//! Asks every record that goes through an earlier version of a sequence to follow a migration, or to go back (D-47).

use std::time::Duration;

use crate::domain::record::command::RecordCommand;
use crate::domain::sequence::{Sequence, SequenceCommand, SequenceRejection};
use crate::id::MigrationId;
use crate::runtime::engine::Router;
use crate::runtime::message::{Caller, Failure};
use crate::runtime::outbox::pages::ask_all;

/// Page by page, then tells the sequence. True if nothing is owed any more. May begin again at any moment: a record that was
/// asked before does nothing, and what became of each is counted with what it decided.
pub async fn migrate(router: &Router, migration: MigrationId, undo: bool) -> bool {
    // A decision that was under way while the version was published may still have connected its record to the version
    // before: a second look, after a moment, finds it.
    for pause_ms in if undo { &[0][..] } else { &[0, 50] } {
        tokio::time::sleep(Duration::from_millis(*pause_ms)).await;
        let command = || match undo {
            false => RecordCommand::Migrate(migration),
            true => RecordCommand::UndoMigration(migration),
        };
        if !ask_all(router, migration.sequence(), true, command).await {
            return false;
        }
    }
    let command = SequenceCommand::MigrationDone { number: migration.ordinal(), undo };
    let told = router.submit_in_turn::<Sequence, ()>(migration.sequence(), command, Caller::SYSTEM, |_| ()).await;
    matches!(told, Ok(()) | Err(Failure::Refused(SequenceRejection::NotFound)))
}
