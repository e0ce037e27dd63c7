//! Asks every record that goes through an earlier version of a sequence to follow a migration, or to go back (D-47).

use std::time::Duration;

use futures_util::future::join_all;

use crate::domain::effect::EnrolmentRow;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::{Record, RecordRejection};
use crate::domain::sequence::{Sequence, SequenceCommand, SequenceRejection};
use crate::id::MigrationId;
use crate::limits;
use crate::runtime::engine::Router;
use crate::runtime::message::{Caller, Failure};

/// Page by page, then tells the sequence. True if nothing is owed any more. May begin again at any moment: a record that was
/// asked before does nothing, and what became of each is counted with what it decided.
pub async fn migrate(router: &Router, migration: MigrationId, undo: bool) -> bool {
    // A decision that was under way while the version was published may still have connected its record to the version
    // before: a second look, after a moment, finds it.
    for pause_ms in if undo { &[0][..] } else { &[0, 50] } {
        tokio::time::sleep(Duration::from_millis(*pause_ms)).await;
        if !ask_all(router, migration, undo).await {
            return false;
        }
    }
    let command = SequenceCommand::MigrationDone { number: migration.ordinal(), undo };
    let told = router.submit_in_turn::<Sequence, ()>(migration.sequence(), command, Caller::SYSTEM, |_| ()).await;
    matches!(told, Ok(()) | Err(Failure::Refused(SequenceRejection::NotFound)))
}

/// A record that cannot be asked now does not keep the others waiting; it will be asked when this is tried again.
async fn ask_all(router: &Router, migration: MigrationId, undo: bool) -> bool {
    let (mut before, mut asked_all) = (None, true);
    loop {
        let mut page: Vec<EnrolmentRow> = Vec::new();
        let read = router.shared.store.enrolments(migration.sequence(), true, before, &mut |row| {
            page.push(row);
            page.len() < limits::BACKGROUND_IN_FLIGHT_MAX
        });
        let Some(last) = page.last().copied() else { return read.is_ok() && asked_all };
        before = Some(last);
        // Several enrolments of one record are asked at once.
        page.dedup_by_key(|row| row.record);
        let asked = page.into_iter().map(|row| {
            let command = match undo {
                false => RecordCommand::Migrate(migration),
                true => RecordCommand::UndoMigration(migration),
            };
            router.submit_in_turn::<Record, ()>(row.record, command, Caller::SYSTEM, |_| ())
        });
        let gone = |answer: &Result<(), _>| matches!(answer, Err(Failure::Refused(RecordRejection::NotFound)));
        asked_all &= join_all(asked).await.iter().all(|answer| answer.is_ok() || gone(answer));
    }
}
