//! Incoming mail and texts: what a message says becomes what its record is told. The same message changes something once, whichever way
//! and however often it comes.

mod texts;
pub mod watch;

use chrono::TimeDelta;

use crate::connector::inbox::report::has_no_such_address;
use crate::connector::inbox::{self, Incoming, Kind};
use crate::domain::enrolment::Signal;
use crate::domain::record::Record;
use crate::domain::record::RecordRejection;
use crate::domain::record::command::RecordCommand;
use crate::domain::suppression::{BOUNCED, COMPLAINED, Suppressed, Suppression, SuppressionCommand, UNSUBSCRIBED};
use crate::id::{CommandId, StepId, UserId, digest};
use crate::limits;
use crate::runtime::engine::Engine;
use crate::runtime::message::{Caller, Failure, Seen};
use crate::store::written::written;
use crate::time::Timestamp;

/// Takes messages in.
#[derive(Clone)]
pub struct Inbound {
    engine: Engine,
    /// The address that messages come from which no mailbox was chosen for.
    house: String,
}

/// Why a message was not taken in: it may come again later.
pub type Refusal = Failure<RecordRejection>;

impl Inbound {
    /// `from` is an address with an optional name.
    pub fn new(engine: Engine, from: &str) -> Inbound {
        let address = from.rsplit_once('<').map_or(from, |(_, address)| address.trim_end_matches('>'));
        Inbound { engine, house: address.trim().to_lowercase() }
    }

    /// The addresses that we write from.
    fn own(&self) -> Vec<String> {
        let given = self.engine.given();
        let mailboxes = given.channels.mailboxes.values().map(|mailbox| mailbox.address.to_lowercase());
        let users = given.policy.organisation.users.values().map(|user| user.profile.email.to_lowercase());
        mailboxes.chain(users).chain([self.house.clone()]).filter(|address| !address.is_empty()).collect()
    }

    /// Takes a raw message in; durable when it returns what the message was.
    pub async fn take(&self, raw: Vec<u8>) -> Result<Incoming, Refusal> {
        let own = self.own();
        let read = tokio::task::spawn_blocking(move || {
            let incoming = inbox::read(&raw, &own);
            let identity = identity(&incoming, &raw);
            (incoming, identity)
        });
        let (incoming, identity) = read.await.map_err(|_| Failure::Bug)?;
        metrics::counter!("relance_incoming_total", "kind" => name(&incoming.kind)).increment(1);
        let Some(step) = incoming.step else { return Ok(incoming) };
        tracing::debug!(%step, kind = name(&incoming.kind), "a message came in");
        self.suppress(&incoming, step, &identity).await?;
        for (place, command) in self.commands(&incoming, step).into_iter().enumerate() {
            let caller = caller(&identity, step, place as u8);
            match self.engine.submit_in_turn::<Record, ()>(step.record(), command, caller, |_| ()).await {
                // A step that is not there, or whose record was erased: the id came from somewhere else, or too late.
                Ok(()) | Err(Failure::Refused(_) | Failure::Erased | Failure::KeyReused) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(incoming)
    }

    /// Nobody writes any more to whom no message can reach, and to whoever wants none, under whichever record. It is the
    /// address that the message went to, whatever the answer says.
    async fn suppress(&self, incoming: &Incoming, step: StepId, identity: &[u8; 16]) -> Result<(), Refusal> {
        let (reason, failed) = match &incoming.kind {
            Kind::Bounce(bounce) if has_no_such_address(bounce) => (BOUNCED, bounce.recipient.clone()),
            Kind::Complaint => (COMPLAINED, None),
            Kind::Unsubscribe => (UNSUBSCRIBED, None),
            _ => return Ok(()),
        };
        let store = self.engine.shared_store();
        let read = tokio::task::spawn_blocking(move || written(store.as_ref(), step));
        let to = match read.await.map_err(|_| Failure::Bug)?.map_err(|_| Failure::Unavailable)? {
            Some((message, _)) => Some(message.to),
            // A seller has sent it by a program of theirs.
            None => self.address(step).await?,
        };
        let given = self.engine.given();
        let Some(id) = to.and_then(|to| given.suppressions.id_of(&to)) else { return Ok(()) };
        // It was forwarded to somebody who is not there.
        if failed.is_some_and(|failed| given.suppressions.id_of(&failed) != Some(id)) {
            return Ok(());
        }
        let add = SuppressionCommand::Add(Suppressed::email_of(step.record(), reason));
        let caller = caller(identity, step, u8::MAX);
        match self.engine.submit_in_turn::<Suppression, ()>(id, add, caller, |_| ()).await {
            Ok(()) | Err(Failure::Refused(_) | Failure::Erased | Failure::KeyReused) => Ok(()),
            Err(_) => Err(Failure::Unavailable),
        }
    }

    /// The address that the record of a step has now.
    async fn address(&self, step: StepId) -> Result<Option<String>, Refusal> {
        let look = |seen: Seen<Record>| seen.state.profile.email.clone();
        match self.engine.read::<Record, _>(step.record(), Caller::SYSTEM, look).await {
            Ok(address) => Ok(address),
            Err(Failure::Refused(_) | Failure::Erased) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// What a message asks of the record of a step.
    fn commands(&self, incoming: &Incoming, step: StepId) -> Vec<RecordCommand> {
        let at = when(incoming.date, self.engine.clock().now());
        let step = step.ordinal();
        let signal = |signal| RecordCommand::Signal { step, signal, at };
        match &incoming.kind {
            Kind::Reply => vec![signal(Signal::Replied)],
            Kind::OutOfOffice { returns } => vec![RecordCommand::ReportAway { step, returns: *returns }],
            Kind::Bounce(_) => vec![signal(Signal::Bounced)],
            Kind::Complaint => vec![RecordCommand::OptOut { step, complained: true }],
            // Who writes that has answered as well.
            Kind::Unsubscribe if incoming.answers => {
                vec![RecordCommand::OptOut { step, complained: false }, signal(Signal::Replied)]
            }
            Kind::Unsubscribe => vec![RecordCommand::OptOut { step, complained: false }],
            Kind::Automatic | Kind::Forward | Kind::Own | Kind::Unrelated => Vec::new(),
        }
    }
}

/// Who tells what a message asks for; the same message asks for each thing once.
fn caller(identity: &[u8; 16], step: StepId, place: u8) -> Caller {
    let key = digest(&[identity, &step.0.to_be_bytes(), &[place]]);
    let command = CommandId { key, fingerprint: [0; 16] };
    Caller { command: Some(command), ..Caller::new(UserId::SYSTEM, "mail") }
}

/// When a message was written, as far as its writer's clock is to be believed.
fn when(date: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let oldest = now + TimeDelta::days(-limits::REPEAT_DAYS);
    date.filter(|date| (oldest..=now).contains(date)).unwrap_or(now)
}

/// What makes a message the same one: its Message-ID and writer, or else every byte.
fn identity(incoming: &Incoming, raw: &[u8]) -> [u8; 16] {
    let digest = match &incoming.message_id {
        Some(id) => digest(&[b"mail", id.as_bytes(), incoming.from.as_bytes()]),
        None => digest(&[b"mail", raw]),
    };
    digest.to_be_bytes()
}

/// The word for what a message is.
pub fn name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Reply => "reply",
        Kind::Automatic => "automatic",
        Kind::OutOfOffice { .. } => "out_of_office",
        Kind::Bounce(_) => "bounce",
        Kind::Complaint => "complaint",
        Kind::Unsubscribe => "unsubscribe",
        Kind::Forward => "forward",
        Kind::Own => "own",
        Kind::Unrelated => "unrelated",
    }
}
