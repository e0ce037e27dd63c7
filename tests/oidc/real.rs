//! Whole sign-ins with a provider that other people wrote.

use std::path::Path;

use relance::connector::oidc::{Answer, Identity, OidcError, Pending, Provider};
use relance::time::{Clock, Timestamp};
use reqwest::Url;
use serde_json::Value;

use crate::oidc::browser::Browser;
use crate::oidc::provider::{Running, provider};

const REDIRECT: &str = "http://127.0.0.1:1/sign-in/oidc/callback";

fn now() -> Timestamp {
    Clock::System.now()
}

fn answer(url: &Url) -> Answer {
    let pairs = url.query_pairs().into_owned();
    serde_json::from_value(pairs.map(|(name, value)| (name, Value::String(value))).collect()).unwrap()
}

/// What somebody brings back who signs in as `login`.
async fn bring_back(provider: &Provider, login: &str) -> (Pending, Answer) {
    let begun = provider.begin(REDIRECT, now()).await.unwrap();
    let back = Browser::new().sign_in(&begun.url, login, REDIRECT).await;
    (begun.pending, answer(&back.url))
}

async fn signed_in(provider: &Provider, login: &str) -> Identity {
    let (pending, answer) = bring_back(provider, login).await;
    provider.finish(pending, answer, now()).await.unwrap()
}

#[tokio::test]
async fn somebody_signs_in() {
    let running = Running::start();
    let expected = Identity {
        issuer: running.issuer.clone(),
        subject: "anna".into(),
        email: Some("anna@example.com".into()),
        email_verified: true,
        name: Some("Anna Arndt".into()),
    };
    let provider = running.provider();
    assert_eq!(signed_in(&provider, "anna").await, expected);
    assert_eq!(signed_in(&provider, "anna").await, expected);
}

#[tokio::test]
async fn an_address_that_nobody_has_checked_is_told_as_such() {
    let running = Running::start();
    let provider = running.provider();
    let bert = signed_in(&provider, "bert").await;
    assert_eq!((bert.email.as_deref(), bert.email_verified), (Some("bert@example.com"), false));
    let cora = signed_in(&provider, "cora").await;
    assert_eq!((cora.email, cora.email_verified), (None, false));
}

#[tokio::test]
async fn an_answer_to_another_sign_in_is_not_taken() {
    let running = Running::start();
    let provider = running.provider();
    let (pending, answer) = bring_back(&provider, "anna").await;
    for state in [None, Some(""), Some("forged"), Some(&*format!("{}x", pending.state))] {
        let forged = Answer { state: state.map(str::to_owned), ..answer.clone() };
        let refused = provider.finish(pending.clone(), forged, now()).await.unwrap_err();
        assert!(matches!(&refused, OidcError::Untrusted(detail) if detail.contains("state")), "{refused:?}");
    }
    let other = Pending { nonce: "another".into(), ..pending };
    let refused = provider.finish(other, answer, now()).await.unwrap_err();
    assert!(matches!(&refused, OidcError::Untrusted(detail) if detail.contains("nonce")), "{refused:?}");
}

#[tokio::test]
async fn a_code_serves_once_and_only_whoever_began() {
    let running = Running::start();
    let provider = running.provider();
    let (pending, answer) = bring_back(&provider, "anna").await;
    provider.finish(pending.clone(), answer.clone(), now()).await.unwrap();
    let refused = provider.finish(pending, answer, now()).await.unwrap_err();
    assert!(matches!(&refused, OidcError::Refused(detail) if detail.contains("invalid_grant")), "{refused:?}");

    let (mut pending, answer) = bring_back(&provider, "anna").await;
    pending.verifier = "another-verifier-of-at-least-43-characters-in-all".into();
    let refused = provider.finish(pending, answer, now()).await.unwrap_err();
    assert!(matches!(&refused, OidcError::Refused(detail) if detail.contains("invalid_grant")), "{refused:?}");
}

#[tokio::test]
async fn a_provider_that_says_no_is_heard() {
    let running = Running::start();
    let provider = running.provider();
    let begun = provider.begin(REDIRECT, now()).await.unwrap();
    let mut url = Url::parse(&begun.url).unwrap();
    let without: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| !name.starts_with("code_ch")).collect();
    url.query_pairs_mut().clear().extend_pairs(without);
    let back = Browser::new().sign_in(url.as_str(), "anna", REDIRECT).await;
    let refused = provider.finish(begun.pending, answer(&back.url), now()).await.unwrap_err();
    assert!(matches!(&refused, OidcError::Refused(detail) if detail.contains("invalid_request")), "{refused:?}");
}

/// An authority, and a certificate for a name that it has signed: its file, the certificate's and the key's.
fn certified(folder: &Path, name: &str) -> [std::path::PathBuf; 3] {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = authority.self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let texts = [("ca.pem", root.pem()), ("certificate.pem", certificate.pem()), ("key.pem", key.serialize_pem())];
    texts.map(|(file, text)| {
        let file = folder.join(file);
        std::fs::write(&file, text).unwrap();
        file
    })
}

#[tokio::test]
async fn https_is_trusted_by_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let [authority, certificate, key] = certified(folder.path(), "127.0.0.1");
    let running = Running::with(&[("CERTIFICATE", &certificate), ("KEY", &key)]);
    assert!(running.issuer.starts_with("https://"), "{}", running.issuer);
    let begun = provider(&running.issuer, Some(&authority)).begin(REDIRECT, now()).await.unwrap();
    assert!(begun.url.starts_with(&running.issuer), "{}", begun.url);

    // Nobody vouches for it.
    let refused = provider(&running.issuer, None).begin(REDIRECT, now()).await.unwrap_err();
    assert!(matches!(&refused, OidcError::Unreachable(detail) if detail.contains("certificate")), "{refused:?}");

    // Somebody vouches for another host.
    let [authority, certificate, key] = certified(folder.path(), "id.example");
    let running = Running::with(&[("CERTIFICATE", &certificate), ("KEY", &key)]);
    let refused = provider(&running.issuer, Some(&authority)).begin(REDIRECT, now()).await.unwrap_err();
    assert!(matches!(&refused, OidcError::Unreachable(detail) if detail.contains("certificate")), "{refused:?}");
}
