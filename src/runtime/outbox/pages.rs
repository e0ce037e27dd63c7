//! Asks records something, page by page, for work that goes over all enrolments of a sequence.

use futures_util::future::join_all;

use crate::domain::effect::EnrolmentRow;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::{Record, RecordRejection};
use crate::id::SequenceId;
use crate::limits;
use crate::runtime::engine::Router;
use crate::runtime::message::{Caller, Failure};

/// Asks every record with a live enrolment of a sequence, or else with one that is over. True if each has answered: one that
/// cannot be asked now does not keep the others waiting.
pub async fn ask_all(router: &Router, sequence: SequenceId, live: bool, command: impl Fn() -> RecordCommand) -> bool {
    let (mut before, mut asked_all) = (None, true);
    loop {
        let mut page: Vec<EnrolmentRow> = Vec::new();
        let read = router.shared.store.enrolments(sequence, live, before, &mut |row| {
            page.push(row);
            page.len() < limits::BACKGROUND_IN_FLIGHT_MAX
        });
        let Some(last) = page.last().copied() else { return read.is_ok() && asked_all };
        before = Some(last);
        // Several enrolments of one record are asked at once.
        page.dedup_by_key(|row| row.record);
        let asked = page
            .into_iter()
            .map(|row| router.submit_in_turn::<Record, ()>(row.record, command(), Caller::SYSTEM, |_| ()));
        let gone = |answer: &Result<(), _>| matches!(answer, Err(Failure::Refused(RecordRejection::NotFound)));
        asked_all &= join_all(asked).await.iter().all(|answer| answer.is_ok() || gone(answer));
    }
}
