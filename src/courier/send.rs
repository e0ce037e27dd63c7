//! One delivery to a webhook: signed as Standard Webhooks says, and judged by the answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, USER_AGENT};
use hyper::{Request, StatusCode};
use ring::hmac;

use url::{Host, Url};

use super::real_now;
use crate::connector::egress::{Dial, Egress, EgressError, Reach};
use crate::connector::seal::{Seal, SealError};
use crate::connector::secret::Secret;
use crate::web::wire::event::EventView;

/// What the sealed secret is for.
const PURPOSE: &str = "webhook";
/// Stands in front of every secret.
const PREFIX: &str = "whsec_";
/// Random bytes in one.
const BYTES: usize = 32;
/// Characters of an answer that are shown.
const SHOWN_MAX: usize = 200;

/// Sends, and keeps secrets.
pub struct Sender {
    egress: Egress,
    reach: Reach,
    seal: Arc<Seal>,
}

/// Why an event was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The receiver's answer.
    pub status: Option<u16>,
    /// One sentence.
    pub why: String,
    /// Nothing more is wanted there.
    pub is_final: bool,
}

impl Sender {
    /// Sends to what is within reach, each exchange within `timeout`.
    pub fn new(reach: Reach, timeout: Duration, seal: Arc<Seal>) -> Result<Sender, EgressError> {
        let egress = Egress::with(None, Dial::new(reach.clone()), timeout)?;
        Ok(Sender { egress, reach, seal })
    }

    /// An address that may be sent to, as it is stored; Err says why it may not. What a name stands for is judged with each
    /// delivery.
    pub fn admissible(&self, address: &str) -> Result<String, String> {
        let url = Url::parse(address).map_err(|error| format!("`{address}` is no address: {error}"))?;
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err("the address names no host".into()),
        };
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("the address has neither a name and password nor a fragment".into());
        }
        if literal.is_some_and(|literal| !self.reach.allows(literal)) {
            return Err("the address is not one of the public internet, and `egress.allow` does not name it".into());
        }
        let is_on_site = literal.is_some_and(|literal| self.reach.names(literal));
        match url.scheme() {
            "https" => {}
            "http" if is_on_site => {}
            _ => {
                return Err(
                    "the address begins with https; plain http is for addresses that `egress.allow` names".into()
                );
            }
        }
        url.as_str().parse::<hyper::Uri>().map(|_| url.to_string()).map_err(|error| error.to_string())
    }

    /// A secret that nobody has seen, and how it is stored.
    pub fn fresh_secret(&self) -> Result<(Secret, String), SealError> {
        let mut bytes = [0_u8; BYTES];
        getrandom::fill(&mut bytes).map_err(|_| SealError::NoRandomness)?;
        let secret = Secret::new(format!("{PREFIX}{}", BASE64_STANDARD.encode(bytes)));
        let sealed = self.seal.seal(PURPOSE, &secret)?;
        Ok((secret, sealed))
    }

    /// A stored secret.
    pub fn open(&self, sealed: &str) -> Result<Secret, SealError> {
        self.seal.open(PURPOSE, sealed)
    }

    /// The status, if the receiver has taken the event.
    pub async fn send(&self, url: &str, secret: &Secret, event: &EventView) -> Result<u16, Failure> {
        let failed = |why: String| Failure { status: None, why, is_final: false };
        let body = serde_json::to_vec(event).map_err(|error| failed(error.to_string()))?;
        let timestamp = real_now().millis().div_euclid(1_000);
        let signature = signature(secret, &event.id, timestamp, &body);
        let request = Request::post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("relance/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &event.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| failed(error.to_string()))?;
        let sent = self.egress.send(request).await;
        metrics::counter!("relance_webhook_requests_total", "ok" => matches!(&sent, Ok((status, _)) if status.is_success()).to_string())
            .increment(1);
        let (status, answer) = sent.map_err(|error| failed(error.to_string()))?;
        if status.is_success() {
            return Ok(status.as_u16());
        }
        let text: String =
            String::from_utf8_lossy(&answer).chars().filter(|c| !c.is_control()).take(SHOWN_MAX).collect();
        let why = format!("the receiver answered {}{}{text}", status.as_u16(), if text.is_empty() { "" } else { ": " });
        Err(Failure { status: Some(status.as_u16()), why, is_final: status == StatusCode::GONE })
    }
}

/// `v1,` and HMAC-SHA256 in base64 over id, timestamp and body with dots between.
fn signature(secret: &Secret, id: &str, timestamp: i64, body: &[u8]) -> String {
    let encoded = secret.expose().strip_prefix(PREFIX).unwrap_or(secret.expose());
    let key = hmac::Key::new(hmac::HMAC_SHA256, &BASE64_STANDARD.decode(encoded).unwrap_or_default());
    let signed = [format!("{id}.{timestamp}.").as_bytes(), body].concat();
    format!("v1,{}", BASE64_STANDARD.encode(hmac::sign(&key, &signed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification of Standard Webhooks, by way of its own library.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = br#"{"test": 2432232314}"#;
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
