//! The ID token: who the provider says somebody is, and every reason not to believe it (OpenID Connect Core, 3.1.3.7).

use chrono::TimeDelta;
use jsonwebtoken::jwk::{Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{DecodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::Value;

use super::same;
use super::signature::ALGORITHMS;
use crate::time::Timestamp;

/// How far the provider's clock may be behind ours.
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(60);

/// What a token must be for us.
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub now: Timestamp,
}

/// What an ID token says.
#[derive(Debug, Deserialize)]
pub struct Claims {
    /// A text, whatever else the library would take.
    #[serde(rename = "iss")]
    _issuer: String,
    #[serde(rename = "aud")]
    audience: Audience,
    #[serde(rename = "azp")]
    authorized_party: Option<String>,
    #[serde(rename = "exp")]
    expiry_seconds: f64,
    nonce: Option<String>,
    #[serde(flatten)]
    pub person: Person,
}

/// What an ID token or the userinfo endpoint says of a person.
#[derive(Debug, Deserialize)]
pub struct Person {
    #[serde(rename = "sub")]
    pub subject: String,
    pub email: Option<String>,
    email_verified: Option<Value>,
    pub name: Option<String>,
}

impl Person {
    /// Some providers write the truth as a text.
    pub fn is_email_verified(&self) -> bool {
        self.email_verified.as_ref().is_some_and(|value| *value == true || *value == "true")
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn parties(&self) -> &[String] {
        match self {
            Audience::One(party) => std::slice::from_ref(party),
            Audience::Several(parties) => parties,
        }
    }
}

/// The key that a token names, if it is among these; the only fitting one if it names none.
pub fn key_for<'a>(header: &Header, keys: &'a [Jwk]) -> Option<&'a Jwk> {
    let is_fit = |key: &&Jwk| {
        let common = &key.common;
        let may_sign = common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
        let is_family = DecodingKey::from_jwk(key).is_ok_and(|decoding| decoding.family() == header.alg.family());
        may_sign
            && is_family
            && common.key_algorithm.is_none_or(|algorithm| algorithm == KeyAlgorithm::from(header.alg))
    };
    let mut fitting = keys.iter().filter(is_fit);
    match &header.kid {
        Some(id) => fitting.find(|key| key.common.key_id.as_ref() == Some(id)),
        None => fitting.next().filter(|_| fitting.next().is_none()),
    }
}

/// What the token says, once nothing speaks against it; otherwise what does.
pub fn verify(token: &str, key: &Jwk, expected: &Expected) -> Result<Claims, String> {
    let key = DecodingKey::from_jwk(key).map_err(|error| format!("the key cannot be used: {error}"))?;
    let mut validation = Validation::new_for_family(key.family());
    validation.algorithms.retain(|algorithm| ALGORITHMS.contains(algorithm));
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
    // The library would ask the machine for the time; here it is an argument.
    validation.validate_exp = false;
    let decoded = jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|error| error.to_string())?;
    if decoded.header.crit.is_some() {
        return Err("its header demands what we do not know".into());
    }
    let claims = decoded.claims;
    check(&claims, expected)?;
    Ok(claims)
}

fn check(claims: &Claims, expected: &Expected) -> Result<(), String> {
    let expiry = Timestamp::from_millis((claims.expiry_seconds * 1_000.0) as i64);
    if expiry + CLOCK_SKEW <= expected.now {
        return Err(format!("it expired at {expiry}"));
    }
    if !claims.nonce.as_deref().is_some_and(|nonce| same(nonce, expected.nonce)) {
        return Err("it answers another request (nonce)".into());
    }
    let is_shared = claims.audience.parties().len() > 1;
    match claims.authorized_party.as_deref() {
        None if is_shared => Err("it is for several clients and says not which may use it (azp)".into()),
        Some(party) if party != expected.client_id => Err(format!("it was issued to `{party}` (azp)")),
        _ => Ok(()),
    }
}
