//! ID tokens and answers that must not be believed, one lie at a time.

use std::net::TcpListener;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use relance::connector::egress::Egress;
use relance::connector::oidc::{Answer, Identity, OidcError, Pending, Provider, Settings};
use relance::time::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::oidc::provider::{CLIENT, provider};
use crate::oidc::scripted::{Key, Scripted, encode, message};

fn now() -> Timestamp {
    Timestamp::parse("2026-03-02T09:00:00Z").unwrap()
}

const NOW_SECONDS: i64 = 1_772_442_000;
const REDIRECT: &str = "http://127.0.0.1:1/sign-in/oidc/callback";

/// What an honest token says.
fn claims(scripted: &Scripted, pending: &Pending) -> Value {
    json!({
        "iss": scripted.issuer, "sub": "1", "aud": CLIENT, "exp": NOW_SECONDS + 300, "iat": NOW_SECONDS,
        "nonce": pending.nonce, "email": "anna@example.com", "email_verified": true, "name": "Anna",
    })
}

async fn begin(provider: &Provider) -> Pending {
    provider.begin(REDIRECT, now()).await.unwrap().pending
}

async fn finish(provider: &Provider, pending: Pending) -> Result<Identity, OidcError> {
    finish_at(provider, pending, now()).await
}

async fn finish_at(provider: &Provider, pending: Pending, now: Timestamp) -> Result<Identity, OidcError> {
    let answer = Answer { state: Some(pending.state.clone()), code: Some("a code".into()), ..Answer::default() };
    provider.finish(pending, answer, now).await
}

fn with(mut value: Value, changes: Value) -> Value {
    for (name, change) in changes.as_object().unwrap() {
        match change.is_null() {
            true => value.as_object_mut().unwrap().remove(name),
            false => value.as_object_mut().unwrap().insert(name.clone(), change.clone()),
        };
    }
    value
}

#[actix_web::test]
async fn claims_are_believed_only_as_a_whole() {
    let key = Key::new("one");
    let scripted = Scripted::start(&key);
    let provider = provider(&scripted.issuer, None);
    let other = ["another", "client"];
    for (changes, is_good) in [
        (json!({}), true),
        (json!({ "aud": [CLIENT] }), true),
        (json!({ "aud": [CLIENT, "another"], "azp": CLIENT }), true),
        (json!({ "azp": CLIENT }), true),
        (json!({ "exp": NOW_SECONDS - 59 }), true),
        (json!({ "exp": NOW_SECONDS as f64 + 0.5 }), true),
        (json!({ "exp": NOW_SECONDS - 60 }), false),
        (json!({ "exp": null }), false),
        (json!({ "exp": (NOW_SECONDS + 300).to_string() }), false),
        (json!({ "aud": "another" }), false),
        (json!({ "aud": other }), false),
        (json!({ "aud": [] }), false),
        (json!({ "aud": null }), false),
        (json!({ "aud": [CLIENT, "another"] }), false),
        (json!({ "aud": [CLIENT, "another"], "azp": "another" }), false),
        (json!({ "azp": "another" }), false),
        (json!({ "iss": "https://id.example" }), false),
        (json!({ "iss": format!("{}/", scripted.issuer) }), false),
        (json!({ "iss": [scripted.issuer] }), false),
        (json!({ "iss": null }), false),
        (json!({ "sub": null }), false),
        (json!({ "sub": 1 }), false),
        (json!({ "nonce": "another" }), false),
        (json!({ "nonce": null }), false),
    ] {
        let pending = begin(&provider).await;
        scripted.give(&key.sign(&key.header(), &with(claims(&scripted, &pending), changes.clone())));
        match finish(&provider, pending).await {
            Ok(identity) => assert!(is_good && identity.subject == "1" && identity.email_verified, "{changes}"),
            Err(error) => assert!(!is_good && matches!(error, OidcError::Untrusted(_)), "{changes}: {error:?}"),
        }
    }
}

#[actix_web::test]
async fn a_signature_counts_only_by_a_key_of_the_provider() {
    let (key, stranger) = (Key::new("one"), Key::new("one"));
    let scripted = Scripted::start(&key);
    let provider = provider(&scripted.issuer, None);
    let pending = begin(&provider).await;
    let claims = claims(&scripted, &pending);
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.point());
    let hashed = message(&json!({ "alg": "HS256", "kid": "one" }), &claims);
    let demand = with(key.header(), json!({ "crit": ["new"], "new": true }));
    let honest = key.sign(&key.header(), &claims);
    let (_, signature) = honest.rsplit_once('.').unwrap();
    let changed = with(claims.clone(), json!({ "sub": "2" }));
    for (lie, token) in [
        ("another key under the same name", stranger.sign(&key.header(), &claims)),
        ("a name that nobody has", key.sign(&json!({ "alg": "ES256", "kid": "two" }), &claims)),
        ("no signature", format!("{}.", message(&json!({ "alg": "none", "kid": "one" }), &claims))),
        ("no signature, as if signed", format!("{}.", message(&key.header(), &claims))),
        ("the public key as a secret", {
            format!("{hashed}.{}", encode(ring::hmac::sign(&secret, hashed.as_bytes()).as_ref()))
        }),
        ("another algorithm than the key's", key.sign(&json!({ "alg": "EdDSA", "kid": "one" }), &claims)),
        ("a demand that we do not know", key.sign(&demand, &claims)),
        ("other words under a true signature", format!("{}.{signature}", message(&key.header(), &changed))),
        ("no token at all", "rubbish".into()),
    ] {
        scripted.give(&token);
        let refused = finish(&provider, pending.clone()).await.unwrap_err();
        assert!(matches!(refused, OidcError::Untrusted(_)), "{lie}: {refused:?}");
    }
    scripted.give(&honest);
    finish(&provider, pending).await.unwrap();
}

#[actix_web::test]
async fn our_secret_is_told_in_the_way_that_the_provider_takes() {
    let key = Key::new("one");
    // RFC 6749, section 2.3.1, by hand.
    let basic = BASE64_STANDARD.encode("relance:a+secret+of%3A+100%25+%22tests%22");
    let posted = "client_id=relance&client_secret=a+secret+of%3A+100%25+%22tests%22";
    for (methods, is_basic) in [
        (json!(null), true),
        (json!(["client_secret_post", "client_secret_basic"]), true),
        (json!(["client_secret_post"]), false),
    ] {
        let scripted = Scripted::start(&key);
        let takes = json!({ "token_endpoint_auth_methods_supported": methods });
        scripted.answer("/.well-known/openid-configuration", 200, with(scripted.description(), takes));
        let provider = provider(&scripted.issuer, None);
        let pending = begin(&provider).await;
        scripted.give(&key.sign(&key.header(), &claims(&scripted, &pending)));
        finish(&provider, pending).await.unwrap();
        let asked = scripted.last("/token");
        let expected = if is_basic { format!("Basic {basic}") } else { String::new() };
        assert_eq!((asked.authorization, asked.body.ends_with(posted)), (expected, !is_basic), "{methods}");
    }
}

#[actix_web::test]
async fn a_new_key_is_asked_for_but_not_all_the_time() {
    let (old, new) = (Key::new("old"), Key::new("new"));
    let scripted = Scripted::start(&old);
    let provider = provider(&scripted.issuer, None);
    let pending = begin(&provider).await;
    scripted.publish(&[&old, &new]);
    scripted.give(&new.sign(&new.header(), &claims(&scripted, &pending)));
    assert!(finish(&provider, pending.clone()).await.is_err());
    assert_eq!(scripted.asked("/keys"), 1);
    finish_at(&provider, pending, now() + TimeDelta::seconds(60)).await.unwrap();
    assert_eq!(scripted.asked("/keys"), 2);
    // A key that has left is not believed for more than an hour.
    scripted.publish(&[&old]);
    let later = now() + TimeDelta::seconds(60) + TimeDelta::hours(1);
    let pending = provider.begin(REDIRECT, later).await.unwrap().pending;
    let fresh = with(claims(&scripted, &pending), json!({ "exp": NOW_SECONDS + 86_400 }));
    scripted.give(&new.sign(&new.header(), &fresh));
    assert!(matches!(finish_at(&provider, pending, later).await, Err(OidcError::Untrusted(_))));
}

#[actix_web::test]
async fn whoever_the_userinfo_tells_of_must_be_the_one_who_signed_in() {
    let key = Key::new("one");
    let scripted = Scripted::start(&key);
    let provider = provider(&scripted.issuer, None);
    for (subject, is_good) in [("1", true), ("2", false)] {
        let pending = begin(&provider).await;
        scripted.give(&key.sign(&key.header(), &with(claims(&scripted, &pending), json!({ "email": null }))));
        scripted.answer("/me", 200, json!({ "sub": subject, "email": "anna@example.com", "email_verified": "true" }));
        match finish(&provider, pending).await {
            Ok(identity) => assert!(is_good && identity.email_verified, "{identity:?}"),
            Err(error) => assert!(!is_good && matches!(error, OidcError::Untrusted(_)), "{error:?}"),
        }
    }
}

#[actix_web::test]
async fn the_answer_must_come_from_the_provider_that_was_asked() {
    let key = Key::new("one");
    let scripted = Scripted::start(&key);
    let named = with(scripted.description(), json!({ "authorization_response_iss_parameter_supported": true }));
    scripted.answer("/.well-known/openid-configuration", 200, named);
    let provider = provider(&scripted.issuer, None);
    for (issuer, is_good) in [(Some(&*scripted.issuer), true), (Some("https://id.example"), false), (None, false)] {
        let pending = begin(&provider).await;
        scripted.give(&key.sign(&key.header(), &claims(&scripted, &pending)));
        let (state, code) = (Some(pending.state.clone()), Some("a code".to_owned()));
        let answer = Answer { state, code, iss: issuer.map(str::to_owned), ..Answer::default() };
        match provider.finish(pending, answer, now()).await {
            Ok(_) => assert!(is_good, "{issuer:?}"),
            Err(error) => assert!(!is_good && matches!(error, OidcError::Untrusted(_)), "{issuer:?}: {error:?}"),
        }
    }
}

#[actix_web::test]
async fn a_description_that_leads_elsewhere_is_not_followed() {
    let key = Key::new("one");
    let scripted = Scripted::start(&key);
    for changes in [
        json!({ "issuer": "https://id.example" }),
        json!({ "jwks_uri": "http://id.example/keys" }),
        json!({ "jwks_uri": "file:///etc/passwd" }),
        json!({ "authorization_endpoint": "http://id.example/auth" }),
        json!({ "authorization_endpoint": "javascript:alert(1)" }),
        json!({ "token_endpoint": null }),
    ] {
        let description = with(scripted.description(), changes.clone());
        scripted.answer("/.well-known/openid-configuration", 200, description);
        let refused = provider(&scripted.issuer, None).begin(REDIRECT, now()).await.unwrap_err();
        assert!(matches!(refused, OidcError::Untrusted(_)), "{changes}: {refused:?}");
    }
}

#[actix_web::test]
async fn an_exchange_that_fails_says_how() {
    let key = Key::new("one");
    let scripted = Scripted::start(&key);
    let provider = provider(&scripted.issuer, None);
    let elsewhere = format!("{}/elsewhere", scripted.issuer);
    for (status, body, kind) in [
        (
            400,
            r#"{"error":"invalid_grant","error_description":"the code is old"}"#.into(),
            OidcError::Refused as fn(String) -> OidcError,
        ),
        (401, "not even JSON".into(), OidcError::Refused as fn(String) -> OidcError),
        (500, "broken".into(), OidcError::Unreachable),
        (307, elsewhere, OidcError::Unreachable),
        (200, format!("{{\"id_token\":\"{}\"", "a".repeat(300 << 10)), OidcError::Unreachable),
        (200, "{}".into(), OidcError::Untrusted),
    ] {
        let pending = begin(&provider).await;
        scripted.answer_raw("/token", status, body);
        let error = finish(&provider, pending).await.unwrap_err();
        assert_eq!(error, kind(error.detail().to_owned()), "{status}");
        assert!(error.detail().len() < 400 && !error.detail().contains("aaaa"), "{error:?}");
    }
    assert_eq!(scripted.asked("/elsewhere"), 0);
}

#[actix_web::test]
async fn a_provider_that_is_down_is_asked_again_the_next_time() {
    let unreachable = |error: OidcError| assert!(matches!(error, OidcError::Unreachable(_)), "{error:?}");
    // Bound, so that nobody else takes it, and deaf.
    let deaf = TcpSocket::new_v4().unwrap();
    deaf.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nowhere = format!("http://{}", deaf.local_addr().unwrap());
    unreachable(provider(&nowhere, None).begin(REDIRECT, now()).await.unwrap_err());

    let scripted = Scripted::start(&Key::new("one"));
    let provider = provider(&scripted.issuer, None);
    scripted.answer("/.well-known/openid-configuration", 503, json!({}));
    unreachable(provider.begin(REDIRECT, now()).await.unwrap_err());
    let description = with(scripted.description(), json!({ "token_endpoint": nowhere }));
    scripted.answer("/.well-known/openid-configuration", 200, description);
    let pending = begin(&provider).await;
    unreachable(finish(&provider, pending).await.unwrap_err());
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_never_answers_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", silent.local_addr().unwrap());
    let error = provider(&issuer, None).begin(REDIRECT, now()).await.unwrap_err();
    assert!(matches!(&error, OidcError::Unreachable(detail) if detail.contains("10 seconds")), "{error:?}");
}

#[test]
fn an_issuer_in_plain_http_elsewhere_is_refused_at_once() {
    let refusal = |issuer: &str, client_id: &str| {
        let (issuer, client_id) = (issuer.to_owned(), client_id.to_owned());
        let settings = Settings { issuer, client_id, client_secret: None, scopes: String::new() };
        Provider::new(settings, Egress::new(None).unwrap()).map(drop)
    };
    assert!(refusal("http://id.example", CLIENT).is_err());
    assert!(refusal("https://id.example", "").is_err());
    assert!(refusal("https://id.example", CLIENT).is_ok());
}
