//! Tells a sequence of the first participants of its A/B tests (D-18, D-67).

use crate::domain::ab_test::life::Reached;
use crate::domain::effect::EffectKey;
use crate::domain::enrolment::ab_test::Tell;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::{Record, RecordRejection};
use crate::domain::sequence::{Sequence, SequenceCommand, SequenceRejection};
use crate::id::{RecordId, SequenceId};
use crate::runtime::engine::Router;
use crate::runtime::message::{Caller, Failure};

/// True if nothing is owed any more. Told twice, the sequence takes it once.
pub async fn tell(router: &Router, id: SequenceId, reached: Reached, record: RecordId, key: EffectKey) -> bool {
    let tell = if reached.exposed { Tell::Exposed } else { Tell::Reached };
    let command = SequenceCommand::AbTestReached(reached);
    let told = router.submit_in_turn::<Sequence, ()>(id, command, Caller::SYSTEM, |_| ()).await;
    if !matches!(told, Ok(()) | Err(Failure::Refused(SequenceRejection::NotFound))) {
        return false;
    }
    let command = RecordCommand::AbTestTold { step: tell.step(key), tell };
    let noted = router.submit_in_turn::<Record, ()>(record, command, Caller::SYSTEM, |_| ()).await;
    // What an erased record owed was taken back with it.
    matches!(noted, Ok(()) | Err(Failure::Refused(RecordRejection::Stale | RecordRejection::NotFound)))
}
