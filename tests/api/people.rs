//! People as tests need them: users with a session and a token, and what each of them sends with a request.

use std::cell::Cell;

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::id;
use crate::server::{Client, Request, TOKEN};

pub const PASSWORD: &str = "correct horse battery staple";

/// What shows who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential<'a> {
    None,
    /// The value of a session's cookie, sent from a page of the server.
    Cookie(&'a str),
    /// The same, sent from somewhere else.
    StrayCookie(&'a str),
    Token(&'a str),
}

/// The token that the server was started with.
pub const OPERATOR: Credential = Credential::Token(TOKEN);

/// A user who has signed in, and a token of theirs for everything.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: String,
    pub email: String,
    pub cookie: String,
    pub token: String,
}

impl Person {
    pub fn by_cookie(&self) -> Credential<'_> {
        Credential::Cookie(&self.cookie)
    }

    pub fn by_token(&self) -> Credential<'_> {
        Credential::Token(&self.token)
    }
}

impl Client {
    /// A request to any address, by whoever holds this.
    pub fn ask(&self, credential: Credential, method: Method, path: &str) -> Request<'_> {
        let request = self.bare(method, path);
        match credential {
            Credential::None => request,
            Credential::Cookie(value) => self.sent_by_own_page(request).header("cookie", &format!("relance={value}")),
            Credential::StrayCookie(value) => request.header("cookie", &format!("relance={value}")),
            Credential::Token(token) => request.header("authorization", &format!("Bearer {token}")),
        }
    }

    fn sent_by_own_page<'a>(&'a self, request: Request<'a>) -> Request<'a> {
        request.header("origin", self.base())
    }

    /// What a form of the server's own pages sends.
    pub fn form(&self, credential: Credential, path: &str, fields: &str) -> Request<'_> {
        let request = self.ask(credential, Method::POST, path);
        let request =
            if matches!(credential, Credential::Cookie(_)) { request } else { self.sent_by_own_page(request) };
        request.header("content-type", "application/x-www-form-urlencoded").body(fields.to_owned())
    }

    /// A user who has not been there yet; their address.
    pub fn named_user(&self, name: &str, roles: &[&str], unit: &str) -> (String, String) {
        let email = format!("{}@example.org", fresh());
        let body = json!({ "name": name, "email": email, "roles": roles, "business_unit": unit });
        (id(&self.post("/users", body).expect(201)), email)
    }

    /// A user who has set a password and holds a token.
    pub fn person(&self, name: &str, roles: &[&str], unit: &str) -> Person {
        let (user, email) = self.named_user(name, roles, unit);
        let invited = self.post(&format!("/users/{user}/invite"), json!({})).expect(200);
        let link = invited["link"].as_str().unwrap();
        let path = link.strip_prefix(self.base()).unwrap_or_else(|| panic!("{link}"));
        let opened = self.form(Credential::None, path, &format!("password={}", PASSWORD.replace(' ', "+"))).send();
        let cookie = cookie(opened.header("set-cookie"));
        let token = self.token(&user, &["read", "write", "events", "admin"]);
        Person { id: user, email, cookie, token }
    }

    /// A token of a user's.
    pub fn token(&self, user: &str, scopes: &[&str]) -> String {
        let body = json!({ "name": "of a test", "scopes": scopes, "user": user });
        text(&self.post("/tokens", body).expect(201), "token")
    }

    /// A new session, by password.
    pub fn sign_in(&self, person: &Person) -> String {
        let fields = format!("email={}&password={}", person.email, PASSWORD.replace(' ', "+"));
        cookie(self.form(Credential::None, "/sign-in", &fields).send().header("set-cookie"))
    }
}

/// The value of a session's cookie.
fn cookie(set: &str) -> String {
    let value = set.strip_prefix("relance=").and_then(|rest| rest.split(';').next());
    value.filter(|value| !value.is_empty()).unwrap_or_else(|| panic!("no session: {set}")).to_owned()
}

/// A member that is text.
pub fn text(resource: &Value, member: &str) -> String {
    resource[member].as_str().unwrap_or_else(|| panic!("no {member} in {resource}")).to_owned()
}

/// A word that no other call gives on this thread.
pub fn fresh() -> String {
    thread_local!(static COUNT: Cell<u32> = const { Cell::new(0) });
    COUNT.with(|count| {
        count.set(count.get() + 1);
        format!("{:?}-{}", std::thread::current().id(), count.get()).replace(['(', ')'], "").to_lowercase()
    })
}
