//! Text messages on their way out and back, through gateways that are described and not programmed.

mod answer;
pub mod report;
pub mod request;
pub mod words;

use std::sync::Arc;
use std::time::Duration;

use hyper::Method;

use self::request::{Filled, Filling};
use super::DeliveryError;
use super::egress::{Dial, Egress, EgressError, Reach, Silence};
use super::seal::Seal;
use super::secret::Secret;
use crate::domain::channels::gateway::Gateway;

/// What the secrets of gateways are sealed for.
pub const SECRET: &str = "text gateway";
/// What those are sealed for that gateways sign with.
pub const CALLBACK: &str = "text gateway callback";

/// A text message to be.
#[derive(Clone, Debug)]
pub struct Text {
    /// Names the message for ever; the same for each attempt.
    pub id: String,
    /// What it leaves through; nothing where it goes into the spool.
    pub gateway: Option<Arc<Gateway>>,
    /// Where it goes: `+`, country, digits.
    pub to: String,
    /// What it says.
    pub body: String,
}

/// Hands text messages to their gateways.
#[derive(Clone)]
pub struct Texter {
    egress: Egress,
    seal: Arc<Seal>,
}

impl Texter {
    /// Sends to what is within reach, each exchange within `timeout`.
    pub fn new(reach: Reach, timeout: Duration, seal: Arc<Seal>) -> Result<Texter, EgressError> {
        Ok(Texter { egress: Egress::with(None, Dial::new(reach), timeout)?, seal })
    }

    /// The request of a message, and the secret in it.
    pub fn filled(seal: &Seal, gateway: &Gateway, text: &Text) -> Result<(Filled, Option<Secret>), DeliveryError> {
        let open = |sealed: &crate::domain::channels::mailbox::Sealed| seal.open(SECRET, &sealed.0);
        let secret = gateway.secret.as_ref().map(open).transpose();
        // Whoever mends the key wants what has not left to leave then.
        let secret = secret.map_err(|error| DeliveryError::Temporary(error.to_string()))?;
        let filling = Filling { text, gateway, secret: secret.as_ref().map(Secret::expose).unwrap_or_default() };
        let filled = filling.request().map_err(DeliveryError::Permanent)?;
        Ok((filled, secret))
    }

    /// Hands a message over; the provider's id of it, or ours where it gives none.
    pub async fn send(self, text: Text) -> Result<String, DeliveryError> {
        let nowhere = || DeliveryError::Permanent("there is no gateway any more that it could leave through".into());
        let gateway = text.gateway.clone().ok_or_else(nowhere)?;
        let (filled, secret) = Texter::filled(&self.seal, &gateway, &text)?;
        let answered = self.egress.exchange(filled.into_request().map_err(DeliveryError::Permanent)?).await;
        let judged = match answered {
            Ok((status, body)) => answer::judge(&gateway.answer, status, body),
            Err(Silence::Unreached(why)) => Err(DeliveryError::Temporary(why)),
            Err(Silence::Unanswered(why)) => Err(DeliveryError::Unknown(why)),
        };
        metrics::counter!("relance_texts_total", "ok" => judged.is_ok().to_string()).increment(1);
        // A provider may say what it was sent.
        let hidden = |why: String| match secret.as_ref().map(Secret::expose).filter(|secret| !secret.is_empty()) {
            Some(secret) => why.replace(secret, "…"),
            None => why,
        };
        match judged {
            Ok(id) => Ok(id.unwrap_or(text.id)),
            Err(DeliveryError::Temporary(why)) => Err(DeliveryError::Temporary(hidden(why))),
            Err(DeliveryError::Permanent(why)) => Err(DeliveryError::Permanent(hidden(why))),
            Err(DeliveryError::Refused(why)) => Err(DeliveryError::Refused(hidden(why))),
            Err(DeliveryError::Unknown(why)) => Err(DeliveryError::Unknown(hidden(why))),
        }
    }
}

/// The word of a method.
pub fn method(of: crate::domain::channels::gateway::Method) -> Method {
    use crate::domain::channels::gateway::Method as Wanted;
    match of {
        Wanted::Post => Method::POST,
        Wanted::Put => Method::PUT,
        Wanted::Get => Method::GET,
    }
}
