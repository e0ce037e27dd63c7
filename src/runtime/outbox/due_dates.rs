//! Asks records to compute anew what follows from a calendar that has changed (TM-11).

use std::time::Duration;

use futures_util::future::join_all;

use crate::domain::access::Scope;
use crate::domain::effect::EffectKey;
use crate::domain::organisation::Organisation;
use crate::domain::organisation::command::OrganisationCommand;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::schema::Owner;
use crate::domain::record::{Record, RecordRejection};
use crate::id::{OrganisationId, RecordId, SequenceId, UserId};
use crate::limits;
use crate::runtime::engine::Router;
use crate::runtime::message::{Caller, Failure};
use crate::store;

/// Page by page, then tells the organisation. True if nothing is owed any more. May begin again at any moment: a record that
/// was asked before does nothing.
pub async fn move_due_dates(router: &Router, walk: EffectKey, user: Option<UserId>) -> bool {
    // A decision that was under way while the calendar changed was given the one before: a second look, after a moment,
    // finds what it has opened.
    for pause_ms in [0, 50] {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        let asked = match user {
            Some(user) => ask_records_of(router, user).await,
            None => ask_all(router).await,
        };
        if !asked {
            return false;
        }
    }
    let command = OrganisationCommand::DueDatesSettled { walk };
    router.submit_in_turn::<Organisation, ()>(OrganisationId::THE, command, Caller::SYSTEM, |_| ()).await.is_ok()
}

/// Whatever a user's calendar moves stands on a record that the user owns or has an open step of.
async fn ask_records_of(router: &Router, user: UserId) -> bool {
    let scope = Scope::Of(vec![Owner::User(user)]);
    let mut before = None;
    ask_pages(router, |page| {
        let read = router.shared.store.records(&scope, before, &mut |record, _| {
            page.push(record);
            page.len() < limits::BACKGROUND_IN_FLIGHT_MAX
        });
        before = page.last().copied().or(before);
        read
    })
    .await
}

/// Every record that goes through a sequence.
async fn ask_all(router: &Router) -> bool {
    let mut sequences: Vec<SequenceId> = router.shared.given.load().sequences.keys().copied().collect();
    // A simulation that is played again asks in the same order.
    sequences.sort_unstable();
    let mut asked_all = true;
    for sequence in sequences {
        let mut before = None;
        asked_all &= ask_pages(router, |page| {
            router.shared.store.enrolments(sequence, true, before, &mut |row| {
                before = Some(row);
                page.push(row.record);
                page.len() < limits::BACKGROUND_IN_FLIGHT_MAX
            })
        })
        .await;
    }
    asked_all
}

/// A record that cannot be asked now does not keep the others waiting; it will be asked when this is tried again.
async fn ask_pages(router: &Router, mut next: impl FnMut(&mut Vec<RecordId>) -> store::Result<()>) -> bool {
    let mut asked_all = true;
    loop {
        let mut page = Vec::new();
        let read = next(&mut page);
        if page.is_empty() {
            return read.is_ok() && asked_all;
        }
        page.dedup();
        let asked = page.into_iter().map(|record| {
            router.submit_in_turn::<Record, ()>(record, RecordCommand::MoveDueDates, Caller::SYSTEM, |_| ())
        });
        let gone = |answer: &Result<(), _>| matches!(answer, Err(Failure::Refused(RecordRejection::NotFound)));
        asked_all &= join_all(asked).await.iter().all(|answer| answer.is_ok() || gone(answer));
    }
}
