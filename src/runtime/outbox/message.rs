//! One attempt to send the message of a step. What may not be done twice is claimed first, in a commit of its own, and
//! every outcome is another: a process that ends in between leaves a claim that the next one knows not to be its own.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::connector::mail::Mail;
use crate::connector::merge::Merge;
use crate::connector::text::Text;
use crate::connector::{DeliveryError, Mailer};
use crate::domain::channels::mailbox::Mailbox;
use crate::domain::delivery::{Class, MessageState};
use crate::domain::effect::{Effect, EffectKey};
use crate::domain::given::Given;
use crate::domain::message_template::{Content, MessageKind};
use crate::domain::record::command::RecordCommand;
use crate::domain::record::{Record, RecordRejection};
use crate::id::{RecordId, StepId, TemplateId};
use crate::limits;
use crate::runtime::engine::Router;
use crate::runtime::message::{Caller, Failure, Seen};
use crate::sabotage::{self, Defect};

/// Before an outcome that could not be stored is told again.
const UNTOLD_PAUSE: Duration = Duration::from_secs(1);

/// What an attempt is given.
struct Ready {
    /// Err where it can never be sent.
    letter: Result<Letter, String>,
    /// How many have failed.
    attempts: u16,
    /// How long the first retry waits.
    initial_seconds: u32,
}

/// What is sent.
#[derive(Clone)]
enum Letter {
    Mail(Box<Mail>),
    Text(Text),
}

impl Letter {
    async fn deliver(self, mailer: &dyn Mailer) -> Result<String, DeliveryError> {
        match self {
            Letter::Mail(mail) => mailer.deliver(*mail).await,
            Letter::Text(text) => mailer.deliver_text(text).await,
        }
    }
}

/// Sends the message of a step and tells its record. True if nothing is owed any more. `spread` is between a half and one.
pub(super) async fn deliver(
    router: &Router,
    mailer: &dyn Mailer,
    record: RecordId,
    (step, template): (EffectKey, TemplateId),
    epoch: u64,
    spread: f64,
) -> bool {
    let id = StepId::of(record, step).to_string();
    let sender = router.read::<Record, _>(record, Caller::SYSTEM, move |seen| sender(&seen, step)).await;
    let Ok(Sender { mailbox, is_text, is_claimed, known }) = sender else { return false };
    let message_id = known.unwrap_or_else(|| match is_text {
        true => id,
        false => mailer.message_id(&id, mailbox.as_deref()),
    });
    let wanted = if is_claimed { MessageState::Claimed(epoch) } else { MessageState::Owed };
    let parts = (mailbox, message_id.clone());
    let view = move |seen: Seen<Record>| look(&seen, (record, step), template, &wanted, parts);
    let ready = if is_claimed {
        let claim = RecordCommand::ClaimMessage { step, epoch, message_id };
        router.submit_in_turn::<Record, _>(record, claim, Caller::SYSTEM, view).await
    } else {
        router.read::<Record, _>(record, Caller::SYSTEM, view).await
    };
    let Ready { letter, attempts, initial_seconds } = match ready {
        Ok(Some(ready)) => ready,
        // The record has decided otherwise, and its row went with that.
        Ok(None) if is_claimed => return true,
        Ok(None) | Err(Failure::Refused(RecordRejection::Stale | RecordRejection::NotFound)) => {
            router.sweep::<Record>(record, Effect::Settle { key: step }).await;
            return true;
        }
        Err(_) => return false,
    };
    let attempt = match letter {
        Err(why) => Err(DeliveryError::Permanent(why)),
        Ok(letter) => {
            if sabotage::has(Defect::SendTwice) {
                let _ = letter.clone().deliver(mailer).await;
            }
            letter.deliver(mailer).await
        }
    };
    metrics::counter!("relance_deliveries_total", "ok" => attempt.is_ok().to_string()).increment(1);
    let outcome = match attempt {
        Ok(message_id) => RecordCommand::MessageSent { step, message_id },
        Err(DeliveryError::Temporary(why)) => {
            tracing::warn!(%record, step, %why, "a message could not be sent yet");
            let seconds = (u64::from(initial_seconds) << attempts.min(16)).min(limits::RETRY_PAUSE_SECONDS_MAX);
            let pause = TimeDelta::milliseconds((seconds as f64 * 1_000.0 * spread) as i64);
            RecordCommand::PutOffMessage { step, why, pause }
        }
        Err(DeliveryError::Permanent(reason)) => RecordCommand::MessageFailed { step, reason, bounced: false },
        Err(DeliveryError::Refused(reason)) => RecordCommand::MessageFailed { step, reason, bounced: true },
        Err(DeliveryError::Unknown(why)) => {
            tracing::warn!(%record, step, %why, "nobody knows whether a message was taken");
            RecordCommand::LoseMessage { step, why }
        }
    };
    tell(router, record, outcome, is_claimed).await
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

/// How a message leaves.
struct Sender {
    /// From where, if it is an e-mail.
    mailbox: Option<Arc<Mailbox>>,
    is_text: bool,
    /// Whether it is claimed before it is carried.
    is_claimed: bool,
    /// The Message-ID of the attempts before.
    known: Option<String>,
}

fn sender(seen: &Seen<Record>, step: EffectKey) -> Sender {
    let is_text = seen.state.is_text(seen.given, step);
    let mailbox = if is_text { None } else { seen.state.sender(seen.given, step).cloned() };
    // Every text that a gateway is handed is claimed, also where it may come twice: what speaks against it is looked at then.
    let is_claimed = match is_text {
        true => seen.given.carries,
        false => seen.given.class_of(mailbox.as_deref()) != Class::Idempotent,
    };
    let message = seen.state.step(step).and_then(|step| step.message.as_ref());
    Sender { mailbox, is_text, is_claimed, known: message.and_then(|message| message.message_id.clone()) }
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
        letter: match seen.state.is_text(seen.given, step) {
            true => compose_text((record, step), template, seen.state, seen.given).map(Letter::Text),
            false => compose((record, step), template, origin, seen.state, seen.given)
                .map(|mail| Letter::Mail(Box::new(mail)))
                .ok_or_else(|| "the template or the address is gone".into()),
        },
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
        references: Vec::new(),
        unsubscribe: None,
        to_name: state.profile.display_name(),
        to_address: state.profile.email.clone()?,
        merge: Merge::of(state, &given.policy, state.step(step)?.assignee),
        text,
    })
}

/// The same of a text message. One that was claimed goes the way that was chosen then.
fn compose_text(
    (record, step): (RecordId, EffectKey),
    template: TemplateId,
    state: &Record,
    given: &Given,
) -> Result<Text, String> {
    let gone = || "the template is gone".to_owned();
    let found = state.step(step).ok_or_else(gone)?;
    let content = &given.message(template, MessageKind::Text).ok_or_else(gone)?.content;
    let Content::Text(body) = Merge::of(state, &given.policy, found.assignee).fill(content)? else {
        return Err(gone());
    };
    let gateways = &given.channels.gateways;
    let route = found.message.as_ref().and_then(|message| message.route.as_ref());
    let (gateway, to) = match route {
        Some(route) => (gateways.get(&route.gateway).cloned(), route.number.clone()),
        None => {
            let gateway = state.text_gateway(given, found.assignee).and_then(|id| gateways.get(&id)).cloned();
            let nobody = || "there is no text gateway any more".to_owned();
            let number = state.text_number(given, gateway.as_deref().ok_or_else(nobody)?)?;
            (gateway, number.as_str().to_owned())
        }
    };
    Ok(Text { id: StepId::of(record, step).to_string(), gateway, to, body })
}
