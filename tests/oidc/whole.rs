//! From the button on the sign-in page to a session: the real server before the real provider.

use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::oidc::browser::{Browser, NOWHERE, Page};
use crate::oidc::provider::{Running, SECRET};
use crate::oidc::server::Server;

const NO_ACCOUNT: &str = "There is no account here";

/// Where somebody ends who signs in at the provider as `login`.
async fn sign_in(server: &Server, browser: &mut Browser, login: &str) -> Page {
    browser.sign_in(&format!("{}/sign-in/oidc", server.url), login, NOWHERE).await
}

/// Whom the server takes a browser for.
async fn me(server: &Server, browser: &mut Browser) -> Value {
    serde_json::from_str(&browser.go(&format!("{}/api/v1/me", server.url)).await.text).unwrap()
}

/// Asserts that a page says in words what is wrong, and that nobody is signed in.
async fn stays_out(server: &Server, browser: &mut Browser, page: &Page, status: u16, text: &str) {
    assert_eq!(page.status, status, "{page:?}");
    assert!(page.text.starts_with("<!DOCTYPE html>") && page.text.contains(text), "{page:?}");
    assert_eq!(me(server, browser).await["code"], "unauthenticated");
}

#[tokio::test]
async fn an_invited_user_is_let_in_and_stays_the_same() {
    let running = Running::start();
    let server = Server::start(&running.issuer, &[]);
    let id = server.add("Anna Arndt", "ANNA@example.com").await;
    let mut browser = Browser::new();
    let page = browser.go(&format!("{}/sign-in", server.url)).await;
    assert!(page.text.contains("Sign in with &lt;Tests&gt;") && page.text.contains("\"/sign-in/oidc\""), "{page:?}");

    for _ in 0..2 {
        let mut browser = Browser::new();
        let page = sign_in(&server, &mut browser, "anna").await;
        assert_eq!((page.status, page.text.contains("Anna Arndt")), (200, true), "{page:?}");
        assert_eq!(me(&server, &mut browser).await["id"], id);
        let user = server.ask(Method::GET, &format!("/users/{id}"), Value::Null).await;
        assert_eq!(user["state"], "active");
    }
    // Her address in the hands of somebody else.
    let mut browser = Browser::new();
    let page = sign_in(&server, &mut browser, "anne").await;
    stays_out(&server, &mut browser, &page, 403, NO_ACCOUNT).await;
    let log = server.log();
    assert!(!log.contains(SECRET) && !log.contains("a+secret+of"), "the secret is in the log");
}

#[tokio::test]
async fn everybody_else_reads_the_same_sentence() {
    let running = Running::start();
    let server = Server::start(&running.issuer, &[]);
    server.add("Bert Brandt", "bert@example.com").await;
    let dora = server.add("Dora Dietz", "dora@example.com").await;
    server.ask(Method::POST, &format!("/users/{dora}/disable"), json!({})).await;
    let mut pages = Vec::new();
    // Not known; an unchecked address; none at all; disabled.
    for login in ["anna", "bert", "cora", "dora"] {
        let mut browser = Browser::new();
        let page = sign_in(&server, &mut browser, login).await;
        stays_out(&server, &mut browser, &page, 403, NO_ACCOUNT).await;
        pages.push(page.text);
    }
    pages.dedup();
    assert_eq!(pages.len(), 1, "{pages:?}");
    let trail = server.ask(Method::GET, "/audit?actor=nobody", json!({})).await;
    let refused = trail["items"].as_array().unwrap().iter().filter(|item| item["action"] == "access.refused");
    assert_eq!(refused.count(), 4, "{trail}");
}

#[tokio::test]
async fn an_answer_counts_once_and_in_the_browser_that_began() {
    let running = Running::start();
    let server = Server::start(&running.issuer, &[]);
    server.add("Anna Arndt", "anna@example.com").await;
    let begin = format!("{}/sign-in/oidc", server.url);
    let callback = format!("{begin}/callback");
    let mut browser = Browser::new();

    let back = browser.sign_in(&begin, "anna", &callback).await.url;
    let mut other = Browser::new();
    let page = other.go(back.as_str()).await;
    stays_out(&server, &mut other, &page, 400, "another browser").await;
    let page = browser.go(back.as_str()).await;
    assert_eq!(page.status, 200, "{page:?}");
    let page = browser.go(back.as_str()).await;
    assert_eq!(page.status, 400, "{page:?}");

    // Somebody else's answer in a browser that has begun itself: its owner would work under another's name.
    let back = other.sign_in(&begin, "anna", &callback).await.url;
    let mut victim = Browser::new();
    victim.click(&begin).await;
    let page = victim.go(back.as_str()).await;
    stays_out(&server, &mut victim, &page, 400, "cannot be trusted").await;
    for query in ["", "?state=a&state=b", "?code=a&state=b", "?error=access_denied"] {
        let mut browser = Browser::new();
        browser.click(&begin).await;
        let page = browser.go(&format!("{callback}{query}")).await;
        stays_out(&server, &mut browser, &page, 400, "cannot be trusted").await;
    }
}

#[tokio::test]
async fn somebody_who_is_refused_at_the_provider_is_told() {
    let running = Running::start();
    let server = Server::start(&running.issuer, &[]);
    let mut browser = Browser::new();
    let (url, cookies) = browser.click(&format!("{}/sign-in/oidc", server.url)).await;
    let asked = Url::parse(&url).unwrap();
    let (_, state) = asked.query_pairs().find(|(name, _)| name == "state").unwrap();
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    let attributes: Vec<_> = cookies[0].split("; ").skip(1).collect();
    assert_eq!(attributes, ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"], "{cookies:?}");
    assert!(!cookies[0].contains(&*state), "{cookies:?}");

    let query = format!("?error=access_denied&error_description=no&state={state}&iss={}", running.issuer);
    let page = browser.go(&format!("{}/sign-in/oidc/callback{query}", server.url)).await;
    stays_out(&server, &mut browser, &page, 403, "did not let you in").await;
}

#[tokio::test]
async fn a_server_works_while_its_provider_is_down() {
    // Bound, so that nobody else takes it, and deaf.
    let deaf = TcpSocket::new_v4().unwrap();
    deaf.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let server = Server::start(&format!("http://{}", deaf.local_addr().unwrap()), &[]);
    let mut browser = Browser::new();
    let page = browser.go(&format!("{}/sign-in/oidc", server.url)).await;
    stays_out(&server, &mut browser, &page, 503, "cannot be reached").await;
    assert_eq!(browser.go(&format!("{}/sign-in", server.url)).await.status, 200);
}

#[tokio::test]
async fn without_a_provider_and_in_a_sandbox_there_is_no_button() {
    for (issuer, more) in [("", &[][..]), ("https://id.example", &["--sandbox"][..])] {
        let server = Server::start(issuer, more);
        let mut browser = Browser::new();
        let page = browser.go(&format!("{}/sign-in", server.url)).await;
        assert!(page.status == 200 && !page.text.contains("/sign-in/oidc"), "{page:?}");
        for path in ["/sign-in/oidc", "/sign-in/oidc/callback"] {
            assert_eq!(browser.go(&format!("{}{path}", server.url)).await.status, 404);
        }
    }
}
