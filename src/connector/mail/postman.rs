//! Which way a message goes: through its mailbox's server, through the one of the configuration, or into the spool.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt};
use lettre::message::{Mailbox as Sender, Message};

use super::Mail;
use super::compose::{compose, sender};
use super::links::Links;
use super::pool::Carrier;
use super::smtp::Letter;
use super::spool::Spool;
use crate::connector::text::{Text, Texter};
use crate::connector::{DeliveryError, Mailer, imap};
use crate::domain::channels::mailbox::Mailbox;
use crate::domain::delivery::Class;

/// Takes every message where it goes.
#[derive(Clone)]
pub struct Postman {
    spool: Spool,
    /// Whom a message comes from that no mailbox is chosen for.
    from: Sender,
    /// The mailbox of the configuration.
    house: Option<Arc<Mailbox>>,
    /// Nobody in a sandbox, from which nothing leaves.
    carrier: Option<Carrier>,
    /// Likewise.
    texter: Option<Texter>,
    /// Makes the links that lead back.
    links: Option<Links>,
}

impl Postman {
    /// Writes everything into the folder of a spool. `from` is an address with an optional name.
    pub fn open(folder: &Path, from: &str) -> Result<Postman, String> {
        let spool = Spool::open(folder)?;
        let from = from.parse().map_err(|error| format!("the sender `{from}` is no mail address: {error}"))?;
        Ok(Postman { spool, from, house: None, carrier: None, texter: None, links: None })
    }

    /// The same, but messages leave through their mailboxes, and those without one through `house`, if there is one.
    #[must_use]
    pub fn with_servers(self, carrier: Carrier, house: Option<Mailbox>) -> Postman {
        Postman { carrier: Some(carrier), house: house.map(Arc::new), ..self }
    }

    /// The same, but text messages leave through their gateways.
    #[must_use]
    pub fn with_gateways(self, texter: Texter) -> Postman {
        Postman { texter: Some(texter), ..self }
    }

    /// Hands a text message to its gateway, or writes it into the spool of a sandbox.
    pub async fn send_text(self, text: Text) -> Result<String, DeliveryError> {
        match self.texter {
            Some(texter) => texter.send(text).await,
            None => {
                let (spool, id) = (self.spool, text.id.clone());
                let written = tokio::task::spawn_blocking(move || spool.write_text(&text)).await;
                written.unwrap_or_else(|_| Err(DeliveryError::Permanent("the message met a defect".into())))?;
                Ok(id)
            }
        }
    }

    /// The same, with links in messages that lead back.
    #[must_use]
    pub fn with_links(self, links: Links) -> Postman {
        Postman { links: Some(links), ..self }
    }

    /// Connects to a mailbox's server and signs in, but sends nothing; what the server answered.
    pub async fn probe(&self, mailbox: &Mailbox) -> Result<String, DeliveryError> {
        match &self.carrier {
            Some(carrier) => carrier.probe(mailbox).await,
            None => Err(DeliveryError::Permanent("a sandbox reaches no server outside".into())),
        }
    }

    /// The server that a message goes to, if any.
    fn way<'a>(&'a self, mailbox: Option<&'a Arc<Mailbox>>) -> Option<(&'a Carrier, &'a Arc<Mailbox>)> {
        Some((self.carrier.as_ref()?, mailbox.or(self.house.as_ref())?))
    }

    fn composed(&self, mail: &Mail) -> Result<(Sender, Message), DeliveryError> {
        let from = mail.mailbox.as_ref().map_or_else(|| Ok(self.from.clone()), |mailbox| sender(mailbox))?;
        let message = compose(mail, &from, &mail.message_id)?;
        Ok((from, message))
    }

    async fn send(self, mail: Mail) -> Result<String, DeliveryError> {
        let (from, message) = self.composed(&mail)?;
        let Some((carrier, mailbox)) = self.way(mail.mailbox.as_ref()) else {
            let (spool, id) = (self.spool.clone(), mail.id);
            let written = tokio::task::spawn_blocking(move || spool.write(&id, &message)).await;
            written.unwrap_or_else(|_| Err(DeliveryError::Permanent("the message met a defect".into())))?;
            return Ok(mail.message_id);
        };
        let to = message.envelope().to().first().cloned();
        let to = to.ok_or_else(|| DeliveryError::Permanent("the message is for nobody".into()))?;
        let letter = Letter { from: from.email, to, bytes: message.formatted() };
        let answer = carrier.send(mailbox, &letter).await?;
        tracing::debug!(message_id = %mail.message_id, %answer, "a message was taken");
        Ok(mail.message_id)
    }
}

impl Mailer for Postman {
    fn class(&self) -> Class {
        if self.way(None).is_some() { Class::Blind } else { Class::Idempotent }
    }

    fn carries(&self) -> bool {
        self.carrier.is_some()
    }

    fn message_id(&self, id: &str, mailbox: Option<&Mailbox>) -> String {
        let domain = match mailbox {
            Some(mailbox) => mailbox.address.rsplit('@').next().unwrap_or_default(),
            None => self.from.email.domain(),
        };
        format!("{id}@{domain}")
    }

    fn links(&self) -> Option<&Links> {
        self.links.as_ref()
    }

    fn deliver(&self, mail: Mail) -> BoxFuture<'static, Result<String, DeliveryError>> {
        self.clone().send(mail).boxed()
    }

    fn deliver_text(&self, text: Text) -> BoxFuture<'static, Result<String, DeliveryError>> {
        self.clone().send_text(text).boxed()
    }

    fn has_sent(&self, mailbox: Arc<Mailbox>, message_id: String) -> BoxFuture<'static, bool> {
        let carrier = self.carrier.clone();
        let looked = async move {
            let (carrier, server) = (carrier?, mailbox.imap.as_ref()?);
            let account = imap::Account::of(server, carrier.seal()).ok()?;
            let found = imap::has_sent(&account, &message_id).await;
            found.map_err(|why| tracing::warn!(%why, "a folder of sent messages cannot be read")).ok()
        };
        looked.map(Option::unwrap_or_default).boxed()
    }

    fn forget(&self, ids: Vec<String>) -> BoxFuture<'static, Result<(), DeliveryError>> {
        let spool = self.spool.clone();
        let removed = tokio::task::spawn_blocking(move || spool.remove(&ids));
        let broken = |why: String| DeliveryError::Temporary(format!("the spool cannot be written: {why}"));
        removed
            .map(move |removed| {
                removed.map_err(|error| broken(error.to_string()))?.map_err(|error| broken(error.to_string()))
            })
            .boxed()
    }
}
