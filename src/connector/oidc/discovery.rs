//! What a provider publishes about itself: its addresses and the keys that sign for it.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::OidcError;
use crate::connector::egress::{Egress, admissible};
use crate::time::Timestamp;

/// The provider's own description.
#[derive(Clone, Debug, Deserialize)]
pub struct Description {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: Option<String>,
    jwks_uri: String,
    /// How a client says at the token endpoint who it is; `client_secret_basic` where this is missing.
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether each answer names its issuer (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// A description with its keys, as they were at an instant.
#[derive(Clone, Debug)]
pub struct Known {
    pub description: Description,
    pub keys: Vec<Jwk>,
    pub fetched: Timestamp,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Value>,
}

/// Asks the provider.
pub async fn fetch(egress: &Egress, issuer: &str, now: Timestamp) -> Result<Known, OidcError> {
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let description: Description = get(egress, &address, None).await?;
    if description.issuer != issuer {
        return Err(OidcError::Untrusted(format!("{address} speaks for `{}`, not for `{issuer}`", description.issuer)));
    }
    let published: Keys = get(egress, &description.jwks_uri, None).await?;
    // A key of a kind that nobody here knows is no reason to refuse the others.
    let keys = published.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
    Ok(Known { description, keys, fetched: now })
}

/// A JSON answer of the provider.
pub async fn get<T: DeserializeOwned>(egress: &Egress, address: &str, bearer: Option<&str>) -> Result<T, OidcError> {
    let mut request = request(address)?;
    if let Some(token) = bearer {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Full::default()).map_err(|error| unusable(address, &error))?;
    let (status, body) = egress.send(request).await.map_err(|error| OidcError::Unreachable(error.to_string()))?;
    if status != StatusCode::OK {
        return Err(OidcError::Unreachable(format!("{address} answers {status}")));
    }
    read(address, &body)
}

/// A request for JSON; the method is `GET` until it is changed.
pub fn request(address: &str) -> Result<hyper::http::request::Builder, OidcError> {
    let url = admissible(address).map_err(|error| OidcError::Untrusted(error.to_string()))?;
    Ok(Request::builder().uri(url.as_str()).header("accept", "application/json"))
}

/// What the answer says.
pub fn read<T: DeserializeOwned>(address: &str, body: &Bytes) -> Result<T, OidcError> {
    serde_json::from_slice(body).map_err(|error| unusable(address, &error))
}

/// Bytes that are not what they should be.
pub fn unusable(address: &str, error: &dyn std::error::Error) -> OidcError {
    OidcError::Untrusted(format!("{address}: {error}"))
}
