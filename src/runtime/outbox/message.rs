//! One attempt to send the message of a step. What may not be done twice is claimed first, in a commit of its own, and
//! every outcome is another: a process that ends in between leaves a claim that the next one knows not to be its own.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::connector::mail::Mail;
use crate::connector::merge::Merge;
use crate::connector::{DeliveryError, Mailer};
use crate::domain::channels::mailbox::Mailbox;
use crate::domain::delivery::{Class, MessageState, Settled};
use crate::domain::effect::{Effect, EffectKey};
use crate::domain::given::Given;
use crate::domain::message_template::{Content, MessageKind};
use crate::domain::record::command::RecordCommand;
use crate::domain::record::{Record, RecordRejection};
use crate::id::{RecordId, StepId, TemplateId};
use crate::limits;
use crate::runtime::engine::{Router, Shared};
use crate::runtime::message::{Caller, Failure, Seen};
use crate::sabotage::{self, Defect};

/// Before an outcome that could not be stored is told again.
const UNTOLD_PAUSE: Duration = Duration::from_secs(1);
/// Before the far side is asked whether it has sent what nobody knows of: servers file what they send a little later.
const LOOK_UP_PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(300)];

/// What an attempt is given.
struct Ready {
    /// None where it can never be sent.
    mail: Option<Mail>,
    /// How many have failed.
    attempts: u16,
    /// How long the first retry waits.
    initial_seconds: u32,
}

/// Sends the message of a step and tells its record. True if nothing is owed any more. `spread` is between a half and one.
pub(super) async fn deliver(
    router: &Router,
    mailer: &Arc<dyn Mailer>,
    record: RecordId,
    (step, template): (EffectKey, TemplateId),
    epoch: u64,
    spread: f64,
) -> bool {
    let id = StepId::of(record, step);
    if let Err(error) = router.know_places().await {
        tracing::error!(%error, "what has left cannot be counted");
        return false;
    }
    let shared = router.shared.clone();
    let read = router.read::<Record, _>(record, Caller::SYSTEM, move |seen| {
        let now = shared.clock.now();
        let sender = sender(&seen, step);
        let place = Shared::is_owed(&seen, id).then(|| shared.plan(&seen, id, now)).flatten();
        (sender, place.filter(|(at, _)| *at > now))
    });
    let Ok(((mailbox, class, known), place)) = read.await else { return false };
    if let Some((until, Some(brake))) = place {
        let plan = RecordCommand::PlanMessage { step, until, brake };
        return tell(router, record, plan, false).await;
    }
    let id = id.to_string();
    let is_claimed = class != Class::Idempotent;
    let message_id = known.unwrap_or_else(|| mailer.message_id(&id, mailbox.as_deref()));
    let asked = mailbox.clone().filter(|_| class == Class::Checkable).map(|mailbox| (mailbox, message_id.clone()));
    let wanted = if is_claimed { MessageState::Claimed(epoch) } else { MessageState::Owed };
    let parts = (mailbox, message_id.clone());
    let view = move |seen: Seen<Record>| look(&seen, (record, step), template, &wanted, parts);
    let ready = if is_claimed {
        let claim = RecordCommand::ClaimMessage { step, epoch, message_id };
        router.submit_in_turn::<Record, _>(record, claim, Caller::SYSTEM, view).await
    } else {
        router.read::<Record, _>(record, Caller::SYSTEM, view).await
    };
    let Ready { mail, attempts, initial_seconds } = match ready {
        Ok(Some(ready)) => ready,
        // The record has decided otherwise, and its row went with that. What an earlier process was carrying is unknown now.
        Ok(None) if is_claimed => {
            look_up(router, mailer, (record, step), asked);
            return true;
        }
        Ok(None) | Err(Failure::Refused(RecordRejection::Stale | RecordRejection::NotFound)) => {
            router.sweep::<Record>(record, Effect::Settle { key: step }).await;
            return true;
        }
        Err(_) => return false,
    };
    let attempt = match mail {
        None => Err(DeliveryError::Permanent("the template or the address is gone".into())),
        Some(mail) => {
            if sabotage::has(Defect::SendTwice) {
                let _ = mailer.deliver(mail.clone()).await;
            }
            mailer.deliver(mail).await
        }
    };
    metrics::counter!("relance_deliveries_total", "ok" => attempt.is_ok().to_string()).increment(1);
    let outcome = match attempt {
        Ok(message_id) => RecordCommand::MessageSent { step, message_id },
        Err(DeliveryError::Temporary(why)) => {
            tracing::warn!(%record, step, %why, "a message could not be sent yet");
            let seconds = (u64::from(initial_seconds) << attempts.min(16)).min(limits::RETRY_PAUSE_SECONDS_MAX);
            let pause = TimeDelta::milliseconds((seconds as f64 * 1_000.0 * spread) as i64);
            let now = router.shared.clock.now();
            let place = router.place(StepId::of(record, step), now + pause).await.ok().flatten();
            let pause = place.map_or(pause, |at| pause.max(at - now));
            RecordCommand::PutOffMessage { step, why, pause }
        }
        Err(DeliveryError::Permanent(reason)) => RecordCommand::MessageFailed { step, reason, bounced: false },
        Err(DeliveryError::Refused(reason)) => RecordCommand::MessageFailed { step, reason, bounced: true },
        Err(DeliveryError::Unknown(why)) => {
            tracing::warn!(%record, step, %why, "nobody knows whether a message was taken");
            RecordCommand::LoseMessage { step, why }
        }
    };
    let is_lost = matches!(outcome, RecordCommand::LoseMessage { .. });
    let is_told = tell(router, record, outcome, is_claimed).await;
    if is_lost && is_told {
        look_up(router, mailer, (record, step), asked);
    }
    is_told
}

/// Asks the far side, where that can be done, whether it has sent a message of which nobody knows; it is settled if it has.
fn look_up(
    router: &Router,
    mailer: &Arc<dyn Mailer>,
    (record, step): (RecordId, EffectKey),
    asked: Option<(Arc<Mailbox>, String)>,
) {
    let Some((mailbox, message_id)) = asked else { return };
    let (router, mailer) = (router.clone(), mailer.clone());
    actix::spawn(async move {
        for pause in LOOK_UP_PAUSES {
            tokio::time::sleep(pause).await;
            let state = move |seen: Seen<Record>| seen.state.step(step).and_then(|step| step.message_state().cloned());
            let state = router.read::<Record, _>(record, Caller::SYSTEM, state).await;
            if !matches!(state, Ok(Some(MessageState::Unknown(_)))) {
                return;
            }
            if mailer.has_sent(mailbox.clone(), message_id.clone()).await {
                let settle = RecordCommand::SettleMessage { step, to: Settled::Sent };
                tell(&router, record, settle, false).await;
                return;
            }
        }
    });
}

/// What was claimed stays unknown unless its outcome is stored, so that is tried for as long as the server runs.
async fn tell(router: &Router, record: RecordId, outcome: RecordCommand, is_claimed: bool) -> bool {
    loop {
        match router.submit_in_turn::<Record, ()>(record, outcome.clone(), Caller::SYSTEM, |_| ()).await {
            // A record that was erased meanwhile owes the removal of what has just been written.
            Ok(()) | Err(Failure::Refused(RecordRejection::Stale | RecordRejection::NotFound)) => return true,
            Err(Failure::Full | Failure::Busy) if is_claimed => tokio::time::sleep(UNTOLD_PAUSE).await,
            Err(_) => return false,
        }
    }
}

/// The mailbox that the message leaves from, what a second attempt may do there, and the Message-ID of those before.
fn sender(seen: &Seen<Record>, step: EffectKey) -> (Option<Arc<Mailbox>>, Class, Option<String>) {
    let mailbox = seen.state.sender(seen.given, step).cloned();
    let class = seen.given.class_of(mailbox.as_deref());
    let message = seen.state.step(step).and_then(|step| step.message.as_ref());
    (mailbox, class, message.and_then(|message| message.message_id.clone()))
}

/// Where a message comes from, and its Message-ID.
type Origin = (Option<Arc<Mailbox>>, String);

fn look(
    seen: &Seen<Record>,
    (record, step): (RecordId, EffectKey),
    template: TemplateId,
    wanted: &MessageState,
    origin: Origin,
) -> Option<Ready> {
    let message = seen.state.step(step)?.message.as_ref().filter(|message| message.state == *wanted)?;
    Some(Ready {
        mail: compose((record, step), template, origin, seen.state, seen.given),
        attempts: message.attempts,
        initial_seconds: seen.given.policy.settings().retry_initial_seconds,
    })
}

/// The message as its template is now, from whoever the step is assigned to.
fn compose(
    (record, step): (RecordId, EffectKey),
    template: TemplateId,
    (mailbox, message_id): Origin,
    state: &Record,
    given: &Given,
) -> Option<Mail> {
    let own = state.step(step)?.message.as_ref().and_then(|message| message.own.as_deref());
    let text = match own {
        Some(own) => own.clone(),
        None => match &given.message(template, MessageKind::Mail)?.content {
            Content::Mail(text) => text.clone(),
            Content::Text(_) => return None,
        },
    };
    Some(Mail {
        id: StepId::of(record, step).to_string(),
        message_id,
        mailbox,
        references: state.thread(step),
        unsubscribe: None,
        to_name: state.profile.display_name(),
        to_address: state.profile.email.clone()?,
        merge: Merge::of(state, &given.policy, state.step(step)?.assignee),
        text,
    })
}
