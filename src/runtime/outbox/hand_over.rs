//! Asks every record that lists of a departed user show to give their open work to others.

use std::time::Duration;

use futures_util::future::join_all;

use crate::domain::access::Scope;
use crate::domain::organisation::Organisation;
use crate::domain::organisation::command::OrganisationCommand;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::schema::Owner;
use crate::domain::record::{Record, RecordRejection};
use crate::id::{OrganisationId, UserId};
use crate::limits;
use crate::runtime::engine::Router;
use crate::runtime::message::{Caller, Failure};

/// Page by page, then tells the organisation. True if nothing is owed any more. May begin again at any moment: a record that
/// was asked before does nothing.
pub async fn hand_over(router: &Router, user: UserId, number: u32) -> bool {
    // Once the organisation answers, decisions are given what it owes this for.
    let known = router.read::<Organisation, ()>(OrganisationId::THE, Caller::SYSTEM, |_| ()).await;
    if known.is_err() {
        return false;
    }
    // A decision that was under way while the user was disabled may still have given them a step: a second look, after a
    // moment, finds it.
    for pause_ms in [0, 50] {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        if !ask_all(router, user).await {
            return false;
        }
    }
    let command = OrganisationCommand::HandedOver { number };
    let told = router.submit_in_turn::<Organisation, ()>(OrganisationId::THE, command, Caller::SYSTEM, |_| ());
    told.await.is_ok()
}

/// A record that cannot be asked now does not keep the others waiting; it will be asked when this is tried again.
async fn ask_all(router: &Router, user: UserId) -> bool {
    let (scope, mut before, mut asked_all) = (Scope::Of(vec![Owner::User(user)]), None, true);
    loop {
        let mut page = Vec::new();
        let read = router.shared.store.records(&scope, before, &mut |record, _| {
            page.push(record);
            page.len() < limits::BACKGROUND_IN_FLIGHT_MAX
        });
        let Some(last) = page.last().copied() else { return read.is_ok() && asked_all };
        before = Some(last);
        let asked = page.into_iter().map(|record| {
            let command = RecordCommand::HandOver(user);
            router.submit_in_turn::<Record, ()>(record, command, Caller::SYSTEM, |_| ())
        });
        let gone = |answer: &Result<(), _>| matches!(answer, Err(Failure::Refused(RecordRejection::NotFound)));
        asked_all &= join_all(asked).await.iter().all(|answer| answer.is_ok() || gone(answer));
    }
}
