//! Asks every record that went into a sequence lately to undo that.

use std::time::Duration;

use crate::domain::enrolment::undo::Undoing;
use crate::domain::record::command::RecordCommand;
use crate::domain::sequence::{Sequence, SequenceCommand, SequenceRejection};
use crate::runtime::engine::Router;
use crate::runtime::message::{Caller, Failure};
use crate::runtime::outbox::pages::ask_all;

/// Page by page, those that are over too, because messages of theirs may wait still; then tells the sequence. True if nothing
/// is owed any more. May begin again at any moment: what was undone before is passed over, and counted with what it decided.
pub async fn undo(router: &Router, undoing: Undoing) -> bool {
    let Undoing { sequence, number, .. } = undoing;
    // A decision that was under way meanwhile may still have connected its record: a second look, after a moment, finds it.
    for (pause_ms, live) in [(0, true), (50, true), (0, false)] {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        if !ask_all(router, sequence, live, || RecordCommand::Undo(undoing)).await {
            return false;
        }
    }
    let command = SequenceCommand::UndoDone { number };
    let told = router.submit_in_turn::<Sequence, ()>(sequence, command, Caller::SYSTEM, |_| ()).await;
    matches!(told, Ok(()) | Err(Failure::Refused(SequenceRejection::NotFound)))
}
