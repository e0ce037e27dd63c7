//! One attempt to send the message of a step. What may not be done twice is claimed first, in a commit of its own, and
//! every outcome is another: a process that ends in between leaves a claim that the next one knows not to be its own.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::connector::inbox::report::refuses_for_good;
use crate::connector::mail::Mail;
use crate::connector::mail::draft::Draft;
use crate::connector::merge::Merge;
use crate::connector::text::Text;
use crate::connector::{DeliveryError, Mailer};
use crate::domain::channels::mailbox::Mailbox;
use crate::domain::delivery::{Class, MessageState, Settled};
use crate::domain::effect::{Effect, EffectKey};
use crate::domain::enrolment::Step;
use crate::domain::given::Given;
use crate::domain::governor::Brake;
use crate::domain::message_template::{Content, MessageKind, MessageTemplate};
use crate::domain::record::command::RecordCommand;
use crate::domain::record::{Record, RecordRejection};
use crate::domain::suppression::{BOUNCED, Suppressed, Suppression, SuppressionCommand};
use crate::id::{RecordId, StepId, TemplateId};
use crate::limits;
use crate::runtime::engine::{Router, Shared};
use crate::runtime::message::{Caller, Failure, Seen};
use crate::runtime::outbox::fuse::{self, Hold};
use crate::sabotage::{self, Defect};
use crate::time::Timestamp;

/// Before an outcome that could not be stored is told again.
const UNTOLD_PAUSE: Duration = Duration::from_secs(1);
/// Before the far side is asked whether it has sent what nobody knows of: servers file what they send a little later.
const LOOK_UP_PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(300)];

/// What an attempt is given.
struct Ready {
    /// None where it can never be sent, and where it is a text message.
    draft: Option<Draft>,
    /// What it says if it is a text message; Err where that can never be sent.
    text: Option<Result<Text, String>>,
    /// The fuse of its sequence keeps it from leaving.
    held: Option<Hold>,
    /// When the bounds let it leave, where that is not now.
    place: Option<(Timestamp, Option<Brake>)>,
    /// What a second attempt may do.
    class: Class,
    /// Where the message stands.
    state: MessageState,
    /// The Message-ID of the attempts before.
    message_id: Option<String>,
    /// How many have failed.
    attempts: u16,
    /// How long the first retry waits.
    initial_seconds: u32,
}

/// What leaves.
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
    mailer: &Arc<dyn Mailer>,
    record: RecordId,
    (step, template): (EffectKey, TemplateId),
    epoch: u64,
    spread: f64,
) -> bool {
    if let Err(error) = router.know_places().await {
        tracing::error!(%error, "what has left cannot be counted");
        return false;
    }
    let shared = router.shared.clone();
    let view = move |seen: Seen<Record>| look(&seen, (record, step), template, &shared);
    let ready = router.read::<Record, _>(record, Caller::SYSTEM, view).await;
    let Ready { draft, mut text, held, place, class, state, message_id, attempts, initial_seconds } = match ready {
        Ok(Some(ready)) => ready,
        Ok(None) | Err(Failure::Refused(RecordRejection::Stale | RecordRejection::NotFound)) => {
            return settle(router, record, step).await;
        }
        Err(_) => return false,
    };
    let is_claimed = class != Class::Idempotent;
    if !is_claimed && state != MessageState::Owed {
        return settle(router, record, step).await;
    }
    if let Some(held) = held {
        let Some(command) = fuse::hold(router, held, step).await else { return false };
        return tell(router, record, command, false).await;
    }
    if let Some((until, Some(brake))) = place {
        let plan = RecordCommand::PlanMessage { step, until, brake };
        return tell(router, record, plan, false).await;
    }
    let mailbox = draft.as_ref().and_then(|draft| draft.mail.mailbox.clone());
    let id = StepId::of(record, step).to_string();
    let message_id = message_id.unwrap_or_else(|| match text.is_some() {
        true => id,
        false => mailer.message_id(&id, mailbox.as_deref()),
    });
    let asked = mailbox.filter(|_| class == Class::Checkable).map(|mailbox| (mailbox, message_id.clone()));
    let gone = || DeliveryError::Permanent("the template or the address is gone".into());
    let written = draft.ok_or_else(gone).and_then(|mut draft| {
        draft.mail.message_id.clone_from(&message_id);
        draft.write(mailer.links())
    });
    let (mail, mut written) = match written {
        Ok((mail, written)) => (Ok(mail), Some(written)),
        Err(error) => (Err(error), None),
    };
    let is_text = text.is_some();
    if is_claimed {
        // What it says is known before it leaves, so that whoever follows a link of it at once is led on.
        let claim = RecordCommand::ClaimMessage { step, epoch, message_id, written: written.take() };
        // A text message goes the way that was chosen when it was claimed.
        let holds = move |seen: Seen<Record>| {
            let holds = seen.state.step(step).and_then(Step::message_state) == Some(&MessageState::Claimed(epoch));
            holds.then(|| is_text.then(|| compose_text((record, step), template, seen.state, seen.given)))
        };
        match router.submit_in_turn::<Record, _>(record, claim, Caller::SYSTEM, holds).await {
            Ok(Some(claimed)) => text = claimed,
            // The record has decided otherwise, and its row went with that. What an earlier process was carrying is unknown.
            Ok(None) => {
                look_up(router, mailer, (record, step), asked);
                return true;
            }
            Err(Failure::Refused(RecordRejection::Stale | RecordRejection::NotFound)) => {
                return settle(router, record, step).await;
            }
            Err(_) => return false,
        }
    }
    let to = mail.as_ref().ok().map(|mail| mail.to_address.clone());
    let letter = match text {
        Some(text) => text.map(Letter::Text).map_err(DeliveryError::Permanent),
        None => mail.map(|mail| Letter::Mail(Box::new(mail))),
    };
    let attempt = match letter {
        Err(error) => Err(error),
        Ok(letter) => {
            if sabotage::has(Defect::SendTwice) {
                let _ = letter.clone().deliver(mailer.as_ref()).await;
            }
            letter.deliver(mailer.as_ref()).await
        }
    };
    metrics::counter!("relance_deliveries_total", "ok" => attempt.is_ok().to_string()).increment(1);
    let outcome = match attempt {
        Ok(message_id) => RecordCommand::MessageSent { step, message_id, written },
        Err(DeliveryError::Temporary(why)) => {
            tracing::warn!(%record, step, %why, "a message could not be sent yet");
            let seconds = (u64::from(initial_seconds) << attempts.min(16)).min(limits::RETRY_PAUSE_SECONDS_MAX);
            let pause = TimeDelta::milliseconds((seconds as f64 * 1_000.0 * spread) as i64);
            let now = router.shared.clock.now();
            let place = router.place(StepId::of(record, step), now + pause).await.ok().flatten();
            RecordCommand::PutOffMessage { step, why, pause: place.map_or(pause, |at| pause.max(at - now)) }
        }
        Err(DeliveryError::Permanent(reason)) => RecordCommand::MessageFailed { step, reason, bounced: false },
        Err(DeliveryError::Refused(reason)) => {
            let given = router.shared.given.load();
            let to = to.filter(|_| refuses_for_good(&reason));
            if let Some(id) = to.and_then(|to| given.suppressions.id_of(&to)) {
                // Nobody else writes there either. Where this is not stored, the next who does is refused as well.
                let add = SuppressionCommand::Add(Suppressed::email_of(record, BOUNCED));
                let added = router.submit_in_turn::<Suppression, ()>(id, add, Caller::SYSTEM, |_| ()).await;
                if let Err(error) = added {
                    tracing::warn!(%error, "an address that does not exist could not be suppressed");
                }
            }
            RecordCommand::MessageFailed { step, reason, bounced: true }
        }
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

/// The record owes no message: its row goes.
async fn settle(router: &Router, record: RecordId, step: EffectKey) -> bool {
    router.sweep::<Record>(record, Effect::Settle { key: step }).await;
    true
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

fn look(
    seen: &Seen<Record>,
    (record, step): (RecordId, EffectKey),
    template: TemplateId,
    shared: &Shared,
) -> Option<Ready> {
    let message = seen.state.step(step)?.message.as_ref().filter(|message| message.state.is_owed())?;
    let text = seen.state.is_text(seen.given, step);
    let text = text.then(|| compose_text((record, step), template, seen.state, seen.given));
    let mailbox = seen.state.sender(seen.given, step).filter(|_| text.is_none()).cloned();
    let (settings, now) = (seen.given.policy.settings(), shared.clock.now());
    let is_owed = message.state == MessageState::Owed;
    let held = is_owed.then(|| fuse::look(seen, step, shared)).flatten();
    // What is held takes no place from what may leave.
    let place = (is_owed && held.is_none()).then(|| shared.plan(seen, StepId::of(record, step), now)).flatten();
    Some(Ready {
        held,
        place: place.filter(|(at, _)| *at > now),
        // Every text that a gateway is handed is claimed, also where it may come twice: what speaks against it is looked at then.
        class: match (&text, seen.given.carries) {
            (Some(_), true) => Class::Blind,
            (Some(_), false) => Class::Idempotent,
            (None, _) => seen.given.class_of(mailbox.as_deref()),
        },
        draft: match &text {
            Some(_) => None,
            None => draft((record, step), template, mailbox, seen.state, seen.given),
        },
        text,
        state: message.state.clone(),
        message_id: message.message_id.clone(),
        attempts: message.attempts,
        initial_seconds: settings.retry_initial_seconds,
    })
}

/// The message as its template is now, from whoever the step is assigned to.
fn draft(
    (record, step): (RecordId, EffectKey),
    template: TemplateId,
    mailbox: Option<Arc<Mailbox>>,
    state: &Record,
    given: &Given,
) -> Option<Draft> {
    let own = state.step(step)?.message.as_ref().and_then(|message| message.own.as_deref());
    let (text, files) = match own {
        // What a seller writes has the files of no template.
        Some(own) => (own.clone(), Vec::new()),
        None => match given.message(template, MessageKind::Mail)? {
            MessageTemplate { content: Content::Mail(text), attachments, .. } => (text.clone(), attachments.clone()),
            _ => return None,
        },
    };
    let (settings, step_id) = (given.policy.settings(), StepId::of(record, step));
    let mail = Mail {
        id: step_id.to_string(),
        message_id: String::new(),
        mailbox,
        references: state.thread(step),
        unsubscribe: None,
        to_name: state.profile.display_name(),
        to_address: state.profile.email.clone()?,
        text,
    };
    Some(Draft {
        mail,
        step: step_id,
        merge: Merge::of(state, &given.policy, state.step(step)?.assignee),
        public_url: settings.public_url.clone(),
        engagement: settings.email_engagement,
        attachments: files.into_iter().map(|file| (template, file)).collect(),
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
    let own = found.message.as_ref().and_then(|message| message.own.as_deref());
    let content = match own {
        Some(own) => Content::Text(own.body_text.clone()),
        None => given.message(template, MessageKind::Text).ok_or_else(gone)?.content.clone(),
    };
    let Content::Text(body) = Merge::of(state, &given.policy, found.assignee).fill(&content)? else {
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
