//! Lets in whoever waits for the pilot of a sequence.

use std::time::Duration;

use crate::domain::record::command::RecordCommand;
use crate::domain::sequence::{Sequence, SequenceCommand, SequenceRejection};
use crate::id::SequenceId;
use crate::runtime::engine::Router;
use crate::runtime::message::{Caller, Failure};
use crate::runtime::outbox::pages::ask_all;

/// Page by page, then tells the sequence. True if nothing is owed any more. May begin again at any moment: a record that was
/// let in does nothing.
pub async fn let_in(router: &Router, sequence: SequenceId, number: u32) -> bool {
    // A decision that was under way meanwhile may still have made its record wait: a second look, after a moment, finds it.
    for pause_ms in [0, 50] {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        if !ask_all(router, sequence, true, || RecordCommand::LetIn { sequence, number }).await {
            return false;
        }
    }
    let command = SequenceCommand::LetInDone { number };
    let told = router.submit_in_turn::<Sequence, ()>(sequence, command, Caller::SYSTEM, |_| ()).await;
    matches!(told, Ok(()) | Err(Failure::Refused(SequenceRejection::NotFound)))
}
