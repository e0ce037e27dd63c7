//! The fuse of a sequence is judged when a message of it is about to leave, by counters; when it is reset, what it held is told.

use futures_util::future::join_all;

use crate::domain::delivery::DeliveryState;
use crate::domain::enrolment::Ordinal;
use crate::domain::governor::Brake;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::{Record, RecordRejection};
use crate::domain::sequence::fuse::FuseCounts;
use crate::domain::sequence::{Sequence, SequenceCommand, SequenceRejection};
use crate::id::{RecordId, SequenceId, StepId};
use crate::limits;
use crate::runtime::engine::{Router, Shared};
use crate::runtime::message::{Caller, Failure, Seen};
use crate::time::Timestamp;

/// The fuse of that sequence keeps a message from leaving.
pub(super) struct Hold {
    sequence: SequenceId,
    /// Where it blows now.
    blows: Option<SequenceCommand>,
}

/// Whether a fuse keeps the message of a step from leaving.
pub(super) fn look(seen: &Seen<Record>, step: Ordinal, shared: &Shared) -> Option<Hold> {
    let (sequence, care) = seen.state.care_of(seen.given, seen.state.step(step)?)?;
    if care.blown.is_some() {
        return Some(Hold { sequence, blows: None });
    }
    let (fuse, round) = (care.fuse?, care.fuse_round);
    let counts = FuseCounts::of(sequence, round, |counter| shared.store.counter(counter));
    fuse.blown_by(&counts)?;
    Some(Hold { sequence, blows: Some(SequenceCommand::BlowFuse { round, counts }) })
}

/// What the record is told of it. None where the fuse is whole again, or could not be asked: then it is looked at once more.
pub(super) async fn hold(router: &Router, hold: Hold, step: Ordinal) -> Option<RecordCommand> {
    if let Some(blow) = hold.blows {
        let has_blown = |seen: Seen<Sequence>| seen.state.care.blown.is_some();
        let told = router.submit_in_turn::<Sequence, _>(hold.sequence, blow, Caller::SYSTEM, has_blown).await;
        told.ok().filter(|has_blown| *has_blown)?;
    }
    let until = router.shared.clock.now() + chrono::TimeDelta::hours(limits::FUSE_LOOK_HOURS);
    Some(RecordCommand::PlanMessage { step, until, brake: Brake::Fuse })
}

/// Tells every record with a message that waits, page by page, that the fuse of a sequence was reset; then tells the sequence.
/// True if nothing is owed any more. May begin again at any moment.
pub(super) async fn release_held(router: &Router, sequence: SequenceId, round: u32) -> bool {
    let mut before: Option<(Timestamp, StepId)> = None;
    loop {
        let mut page: Vec<RecordId> = Vec::new();
        let read = router.shared.store.deliveries(&[DeliveryState::Owed], before, &mut |at, step, _| {
            before = Some((at, step));
            page.push(step.record());
            page.len() < limits::BACKGROUND_IN_FLIGHT_MAX
        });
        if page.is_empty() {
            if read.is_err() {
                return false;
            }
            break;
        }
        page.sort_unstable();
        page.dedup();
        let told = page.into_iter().map(|record| {
            router.submit_in_turn::<Record, ()>(record, RecordCommand::ReleaseHeld(sequence), Caller::SYSTEM, |_| ())
        });
        let gone = |answer: &Result<(), _>| matches!(answer, Err(Failure::Refused(RecordRejection::NotFound)));
        if !join_all(told).await.iter().all(|answer| answer.is_ok() || gone(answer)) {
            return false;
        }
    }
    let command = SequenceCommand::FuseReleased { round };
    let told = router.submit_in_turn::<Sequence, ()>(sequence, command, Caller::SYSTEM, |_| ()).await;
    matches!(told, Ok(()) | Err(Failure::Refused(SequenceRejection::NotFound)))
}
