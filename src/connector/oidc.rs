//! Signing in with OpenID Connect: authorization code with PKCE, from a person's click to who the provider says they are.
//!
//! Nothing is asked of the provider before somebody signs in, so that one that is down keeps no server from starting.

mod discovery;
mod signature;
mod token;
mod waiting;

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use http_body_util::Full;
use hyper::Method;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use self::discovery::{Description, Known, get, read, request, unusable};
use self::token::{Claims, Expected, Person, key_for, verify};
pub use self::waiting::{WAITING_FOR, Waiting};
use super::egress::{Egress, admissible};
use super::secret::Secret;
use crate::time::Timestamp;

/// For how long a provider's description and keys are believed without asking again.
const KNOWN_FOR: TimeDelta = TimeDelta::hours(1);
/// A token of an unknown key makes us ask for the keys again, at most this often.
const KEYS_AGAIN: TimeDelta = TimeDelta::seconds(60);
/// Bytes of randomness in state, nonce and verifier.
const CHANCE: usize = 32;

/// Who the provider is, and who we are to it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The provider's address, letter by letter as it calls itself.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// What proves it; a public client has none, PKCE protects it all the same.
    pub client_secret: Option<Secret>,
    /// What is asked for, separated by spaces; `openid` is always among it.
    pub scopes: String,
}

/// A sign-in that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the person goes next.
    pub url: String,
    /// What has to be kept until they come back.
    pub pending: Pending,
}

/// What was made up for one sign-in; it stays on the server and serves once.
#[derive(Clone)]
pub struct Pending {
    /// Comes back with the person.
    pub state: String,
    /// Comes back inside the ID token.
    pub nonce: String,
    /// Proves at the end that the beginning was ours (RFC 7636).
    pub verifier: String,
    /// Where the person comes back to.
    pub redirect: String,
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending").field("redirect", &self.redirect).finish_non_exhaustive()
    }
}

/// The query that a person brings back from the provider. Anybody can write one.
#[derive(Clone, Default, Deserialize)]
pub struct Answer {
    /// See [`Pending::state`].
    pub state: Option<String>,
    /// What the tokens are given for, once.
    pub code: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// The same in words.
    pub error_description: Option<String>,
}

/// Who somebody is, as the provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Names the person together with [`Identity::subject`], for good; the rest may change.
    pub issuer: String,
    /// The provider's own name of the person.
    pub subject: String,
    /// Where they get mail.
    pub email: Option<String>,
    /// Whether the provider has checked that the address is theirs. Without it, the address proves nothing.
    pub email_verified: bool,
    /// What they are called.
    pub name: Option<String>,
}

/// Why nobody is signed in. It reads as a sentence for the person; [`OidcError::detail`] is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// No answer, or none that means anything.
    #[error("The sign-in service cannot be reached. Try again in a moment.")]
    Unreachable(String),
    /// The provider says no.
    #[error("The sign-in service did not let you in. Begin again on the sign-in page.")]
    Refused(String),
    /// An answer that may be forged, old, or meant for somebody else.
    #[error("The answer of the sign-in service cannot be trusted. Begin again on the sign-in page.")]
    Untrusted(String),
}

impl OidcError {
    /// What happened, without secrets.
    pub fn detail(&self) -> &str {
        match self {
            Self::Unreachable(detail) | Self::Refused(detail) | Self::Untrusted(detail) => detail,
        }
    }
}

/// One provider, and what is known of it.
#[derive(Debug)]
pub struct Provider {
    settings: Settings,
    egress: Egress,
    known: ArcSwapOption<Known>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: String,
    error_description: String,
}

impl Provider {
    /// Err is a sentence for the operator. Asks nobody yet.
    pub fn new(settings: Settings, egress: Egress) -> Result<Provider, String> {
        admissible(&settings.issuer).map_err(|error| format!("the issuer cannot be used: {error}"))?;
        if settings.client_id.is_empty() {
            return Err("a client_id is needed".into());
        }
        signature::install();
        Ok(Provider { settings, egress, known: ArcSwapOption::empty() })
    }

    /// Makes up a sign-in that comes back to `redirect`.
    pub async fn begin(&self, redirect: &str, now: Timestamp) -> Result<Begun, OidcError> {
        let known = self.known(now).await?;
        let pending =
            Pending { state: chance()?, nonce: chance()?, verifier: chance()?, redirect: redirect.to_owned() };
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(pending.verifier.as_bytes()));
        let mut scopes: Vec<&str> =
            self.settings.scopes.split_whitespace().filter(|scope| *scope != "openid").collect();
        scopes.insert(0, "openid");
        let address = &known.description.authorization_endpoint;
        let mut url = admissible(address).map_err(|error| OidcError::Untrusted(error.to_string()))?;
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", redirect),
            ("scope", &scopes.join(" ")),
            ("state", &pending.state),
            ("nonce", &pending.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        Ok(Begun { url: url.into(), pending })
    }

    /// Who came back. `pending` serves once: the caller has let go of it before it asks.
    pub async fn finish(&self, pending: Pending, answer: Answer, now: Timestamp) -> Result<Identity, OidcError> {
        if !answer.state.as_deref().is_some_and(|state| same(state, &pending.state)) {
            return Err(OidcError::Untrusted("the answer belongs to another sign-in (state)".into()));
        }
        let known = self.known(now).await?;
        let is_named = known.description.authorization_response_iss_parameter_supported;
        if answer.iss.as_ref().map_or(is_named, |issuer| *issuer != self.settings.issuer) {
            return Err(OidcError::Untrusted(format!("the answer names the issuer {:?}", answer.iss)));
        }
        if let Some(error) = answer.error {
            return Err(OidcError::Refused(refusal(&error, &answer.error_description.unwrap_or_default())));
        }
        let code = answer.code.ok_or_else(|| OidcError::Untrusted("the answer holds no code".into()))?;
        let tokens = self.exchange(&known.description, &pending, &code).await?;
        let claims = self.claims(known.clone(), &tokens.id_token, &pending.nonce, now).await?;
        let person = self.person(&known.description, claims, &tokens.access_token).await?;
        Ok(Identity {
            issuer: self.settings.issuer.clone(),
            email_verified: person.email.is_some() && person.is_email_verified(),
            subject: person.subject,
            email: person.email,
            name: person.name,
        })
    }

    /// What the provider publishes, as fresh as it has to be.
    async fn known(&self, now: Timestamp) -> Result<Arc<Known>, OidcError> {
        match self.known.load_full() {
            Some(known) if is_younger(&known, KNOWN_FOR, now) => Ok(known),
            _ => self.ask(now).await,
        }
    }

    async fn ask(&self, now: Timestamp) -> Result<Arc<Known>, OidcError> {
        let known = Arc::new(discovery::fetch(&self.egress, &self.settings.issuer, now).await?);
        self.known.store(Some(known.clone()));
        Ok(known)
    }

    /// The code for the tokens.
    async fn exchange(&self, provider: &Description, pending: &Pending, code: &str) -> Result<Tokens, OidcError> {
        let address = &provider.token_endpoint;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &pending.redirect),
            ("code_verifier", &pending.verifier),
        ]);
        let mut request = request(address)?.method(Method::POST);
        let methods = provider.token_endpoint_auth_methods_supported.as_deref();
        let takes_basic = methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
        match &self.settings.client_secret {
            Some(secret) if takes_basic => {
                request = request.header("authorization", basic(&self.settings.client_id, secret));
            }
            secret => {
                form.append_pair("client_id", &self.settings.client_id);
                form.extend_pairs(secret.iter().map(|secret| ("client_secret", secret.expose())));
            }
        }
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::from(form.finish()))
            .map_err(|error| unusable(address, &error))?;
        let answer = self.egress.send(request).await;
        let (status, body) = answer.map_err(|error| OidcError::Unreachable(error.to_string()))?;
        match status.as_u16() {
            200 => read(address, &body),
            400..500 => {
                let said: Refusal = serde_json::from_slice(&body).unwrap_or_default();
                Err(OidcError::Refused(refusal(&said.error, &said.error_description)))
            }
            _ => Err(OidcError::Unreachable(format!("{address} answers {status}"))),
        }
    }

    /// What the ID token says, if it can be trusted.
    async fn claims(&self, known: Arc<Known>, token: &str, nonce: &str, now: Timestamp) -> Result<Claims, OidcError> {
        let untrusted = |detail: String| OidcError::Untrusted(format!("the ID token is refused: {detail}"));
        let header = jsonwebtoken::decode_header(token).map_err(|error| untrusted(error.to_string()))?;
        let known = match key_for(&header, &known.keys) {
            // Providers change their keys whenever they like.
            None if !is_younger(&known, KEYS_AGAIN, now) => self.ask(now).await?,
            _ => known,
        };
        let key = key_for(&header, &known.keys);
        let key = key.ok_or_else(|| untrusted(format!("no key {:?} for {:?}", header.kid, header.alg)))?;
        let Settings { issuer, client_id, .. } = &self.settings;
        verify(token, key, &Expected { issuer, client_id, nonce, now }).map_err(untrusted)
    }

    /// The person with their address: providers may keep it out of the token and tell it at an address of its own.
    async fn person(&self, provider: &Description, claims: Claims, access_token: &str) -> Result<Person, OidcError> {
        match &provider.userinfo_endpoint {
            Some(address) if claims.person.email.is_none() => {
                let person: Person = get(&self.egress, address, Some(access_token)).await?;
                match person.subject == claims.person.subject {
                    true => Ok(person),
                    false => Err(OidcError::Untrusted(format!("{address} tells of somebody else"))),
                }
            }
            _ => Ok(claims.person),
        }
    }
}

/// A clock set back makes everything old.
fn is_younger(known: &Known, than: TimeDelta, now: Timestamp) -> bool {
    (TimeDelta::zero()..than).contains(&(now - known.fetched))
}

/// Whether two secrets are the same, in a time that tells nothing about where they differ.
fn same(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}

fn chance() -> Result<String, OidcError> {
    let mut bytes = [0_u8; CHANCE];
    getrandom::fill(&mut bytes).map_err(|error| OidcError::Unreachable(format!("no randomness: {error}")))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// RFC 6749, section 2.3.1: both parts are encoded as in a form, then joined.
fn basic(client_id: &str, secret: &Secret) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", encode(client_id), encode(secret.expose()))))
}

/// What the provider gives as its reason, short and on one line: it goes into the log.
fn refusal(error: &str, description: &str) -> String {
    format!("{error}: {description}").chars().filter(|character| !character.is_control()).take(300).collect()
}
