//! Who sends a request, and what their credential lets them do: a bearer token, or the cookie of a session.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::sync::LazyLock;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use chrono::TimeDelta;
use subtle::ConstantTimeEq;

use crate::domain::account::command::AccountCommand;
use crate::domain::account::{Account, KeyKind, TokenScope};
use crate::domain::audit::Refusal;
use crate::domain::permission::{Cause, Denial, Permission};
use crate::domain::policy::Person;
use crate::id::{KeyId, UserId};
use crate::runtime::keyring::HeldKey;
use crate::runtime::message::Caller;
use crate::time::{Clock, Timestamp};
use crate::web::hygiene::SESSION_COOKIES;
use crate::web::hygiene::address::client_address;
use crate::web::hygiene::origin::judge_origin;
use crate::web::problem::Problem;
use crate::web::secret::{Secret, digest_of};
use crate::web::{App, openapi};

/// How far apart uses of a key are stored.
const USES_APART: TimeDelta = TimeDelta::minutes(5);

/// By what somebody has shown who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The token that the server was started with.
    Operator,
    /// A session or token.
    Key {
        /// Its id.
        id: KeyId,
        /// Whether a browser holds it.
        is_session: bool,
    },
}

/// Whoever sends a request with a valid credential.
#[derive(Clone, Copy, Debug)]
pub struct Principal {
    /// Who, from where, for what.
    pub caller: Caller,
    /// How that is known.
    pub credential: Credential,
}

impl FromRequest for Principal {
    type Error = Problem;
    type Future = Ready<Result<Principal, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(authenticate(request))
    }
}

impl Principal {
    /// Who it is.
    pub fn user(&self) -> UserId {
        self.caller.by
    }

    /// Refuses whoever lacks a permission; `what` completes "your roles do not let you …". For what no entity decides.
    pub fn must(&self, app: &App, permission: Permission, what: &str) -> Result<(), Problem> {
        let given = app.engine.given();
        let person: Person = given.policy.person(self.user())?;
        Ok(person.must(permission, what)?)
    }
}

/// The real time, by which credentials live, also in a sandbox.
pub fn real_now() -> Timestamp {
    Clock::System.now()
}

/// Writes refusals that no entity has spoken into the audit trail before they are answered: a middleware around every
/// route.
pub async fn note_refusals(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let response = next.call(request).await?;
    let problem = response.response().error().and_then(actix_web::Error::as_error::<Problem>);
    if let Some(problem) = problem.filter(|problem| problem.is_unnoted)
        && let Some(app) = response.request().app_data::<Data<App>>()
    {
        let request = response.request();
        let known = request.extensions().get::<Caller>().copied();
        let caller = known.unwrap_or_else(|| caller(request, UserId::NOBODY, action(request)));
        let (action, code) = (caller.action.to_owned(), problem.code.to_owned());
        let refusal = Refusal { action, subject: subject(request.path()), code, detail: problem.detail.clone() };
        app.engine.note(refusal, caller).await;
    }
    Ok(response)
}

/// What a path names by an id: never a name or an address that somebody wrote into it.
fn subject(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let named = parts.windows(2).find(|pair| uuid::Uuid::try_parse(pair[1]).is_ok());
    named.map_or_else(String::new, |pair| pair.join(" "))
}

/// The name of the cookie that holds a session. Behind TLS its prefix keeps other hosts and plain HTTP from setting it.
pub fn cookie_name(is_secure: bool) -> &'static str {
    let [secure, plain] = SESSION_COOKIES;
    if is_secure { secure } else { plain }
}

/// Somebody who asks for something from where they are.
pub fn caller(request: &HttpRequest, by: UserId, action: &'static str) -> Caller {
    Caller { from: client_address(request), ..Caller::new(by, action) }
}

/// Whose the request is, also for whoever notes that it was refused.
fn remember(request: &HttpRequest, user: UserId) -> Caller {
    let caller = caller(request, user, action(request));
    request.extensions_mut().insert(caller);
    caller
}

/// Reads the credential and remembers whose it is for whoever notes refusals.
pub fn authenticate(request: &HttpRequest) -> Result<Principal, Problem> {
    let app = request.app_data::<Data<App>>().ok_or_else(|| Problem::new("internal", "no application"))?;
    let (user, credential) = match request.headers().get(AUTHORIZATION) {
        Some(header) => {
            let token = header.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
            let refused = || Problem::new("unauthenticated", "the token must be sent as `Bearer TOKEN`");
            bearer(app, request, token.ok_or_else(refused)?.trim())?
        }
        None => session(app, request)?,
    };
    let caller = remember(request, user);
    // Rights are those of now: whoever was disabled since they signed in is not let in any more.
    let given = app.engine.given();
    given.policy.person(user).map_err(|_| refusal("the user has been disabled"))?;
    Ok(Principal { caller, credential })
}

fn refusal(detail: &str) -> Problem {
    Problem::new("unauthenticated", detail).to_be_noted()
}

/// A credential that proves nothing; an address that sends many is told to wait.
fn bad(app: &App, request: &HttpRequest, detail: &str) -> Problem {
    match client_address(request).map(|address| app.rates.bad_credential(address)) {
        Some(Err(wait)) => wait,
        _ => refusal(detail),
    }
}

fn bearer(app: &App, request: &HttpRequest, token: &str) -> Result<(UserId, Credential), Problem> {
    if let Some(operator) = &app.operator
        && bool::from(digest_of(token.as_bytes()).ct_eq(operator))
    {
        return Ok((UserId::ADMINISTRATOR, Credential::Operator));
    }
    let wrong = || bad(app, request, "the token is not valid");
    let Some((id, kind, user)) = open(app, token) else { return Err(wrong()) };
    let KeyKind::Token { scopes, .. } = kind else { return Err(wrong()) };
    app.rates.credential(id.0)?;
    let needed = needed_scopes(request.method(), request.path());
    if !needed.iter().any(|scope| scopes.contains(scope)) {
        let detail = format!("this token lacks the scope `{}`", scope_name(needed[0]));
        remember(request, user);
        return Err(Denial { cause: Cause::Option, detail }.into());
    }
    Ok((user, Credential::Key { id, is_session: false }))
}

fn session(app: &App, request: &HttpRequest) -> Result<(UserId, Credential), Problem> {
    let cookie = request.cookie(cookie_name(app.hygiene.is_secure()));
    let cookie = cookie.ok_or_else(|| Problem::new("unauthenticated", "the request carries no token"))?;
    let held = open(app, cookie.value()).filter(|(_, kind, _)| *kind == KeyKind::Session);
    let Some((id, _, user)) = held else { return Err(bad(app, request, "the session has ended; sign in again")) };
    app.rates.credential(id.0)?;
    if !request.method().is_safe()
        && let Err(problem) = judge_origin(request)
    {
        remember(request, user);
        return Err(problem.to_be_noted());
    }
    Ok((user, Credential::Key { id, is_session: true }))
}

/// The key that a text proves, if it is valid now. As long for a text that names no key as for one with a wrong secret.
fn open(app: &App, text: &str) -> Option<(KeyId, KeyKind, UserId)> {
    let Secret { id, secret } = Secret::parse(text)?;
    let held = app.engine.keyring().find(id);
    let digest = digest_of(secret.as_bytes());
    let known = held.as_ref().map_or([0; 32], |held| held.key.digest);
    let is_same = bool::from(digest.ct_eq(&known));
    let held = held.filter(|_| is_same)?;
    let now = real_now();
    if has_ended(app, &held, now) {
        return None;
    }
    if held.touch(now, USES_APART.num_milliseconds()) {
        let (engine, account) = (app.engine.clone(), held.user.account());
        actix_web::rt::spawn(async move {
            let noted = AccountCommand::Use { key: id, at: now };
            if let Err(error) = engine.submit_in_turn::<Account, ()>(account, noted, Caller::SYSTEM, |_| ()).await {
                tracing::warn!(%error, "the use of a key is not noted");
            }
        });
    }
    Some((id, held.key.kind.clone(), held.user))
}

fn has_ended(app: &App, held: &HeldKey, now: Timestamp) -> bool {
    let idles =
        held.key.kind == KeyKind::Session && now - held.used_at() > TimeDelta::hours(app.sign_in.session_idle_hours);
    idles || held.key.expires_at.is_some_and(|end| end <= now)
}

/// Whether a credential that was good once is so now, for an answer that takes long.
pub fn still_holds(app: &App, by: &Principal) -> bool {
    let key_holds = match by.credential {
        Credential::Operator => true,
        Credential::Key { id, .. } => {
            app.engine.keyring().find(id).is_some_and(|held| !has_ended(app, &held, real_now()))
        }
    };
    key_holds && app.engine.given().policy.person(by.user()).is_ok()
}

/// Paths below `/api/v1` whose changes are for administrators, and those that even reading is.
const ADMINISTERS: [&str; 17] = [
    "/holidays",
    "/users",
    "/teams",
    "/settings",
    "/record-types",
    "/process-flows",
    "/call-results",
    "/mailboxes",
    "/text-gateways",
    "/clock",
    "/tokens",
    "/test-clock",
    "/suppressions",
    "/webhooks",
    "/filters",
    "/filter-groups",
    "/sorts",
];
const READ_BY_ADMINISTRATORS: [&str; 6] =
    ["/audit", "/backup", "/suppressions", "/text-gateways", "/tokens", "/webhooks"];

/// The scopes of which a token needs one.
pub fn needed_scopes(method: &Method, path: &str) -> &'static [TokenScope] {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let under =
        |prefix: &&'static str| path == *prefix || path.strip_prefix(*prefix).is_some_and(|rest| rest.starts_with('/'));
    match method.is_safe() {
        _ if READ_BY_ADMINISTRATORS.iter().any(under) => &[TokenScope::Admin],
        true => &[TokenScope::Read],
        // P-18: who is away is for managers to say.
        false if path.ends_with("/calendar") || path.ends_with("/calendar/import") => &[TokenScope::Write],
        false if ADMINISTERS.iter().any(under) => &[TokenScope::Admin],
        false if path == "/events" => &[TokenScope::Events, TokenScope::Write],
        false => &[TokenScope::Write],
    }
}

/// A scope's word in the API.
pub fn scope_name(scope: TokenScope) -> &'static str {
    match scope {
        TokenScope::Read => "read",
        TokenScope::Write => "write",
        TokenScope::Events => "events",
        TokenScope::Admin => "admin",
    }
}

/// What tells routes apart without going through all of them: method, length, and the first three parts of the path, those
/// behind the first empty where they are parameters.
type RouteKey<'a> = (&'a str, usize, [&'a str; 3]);

/// Method and route of a request, as the audit trail tells it: never what a client wrote into the path.
pub fn action(request: &HttpRequest) -> &'static str {
    static ACTIONS: LazyLock<HashMap<RouteKey<'static>, &'static str>> = LazyLock::new(|| {
        let paths = openapi().paths.paths.iter();
        let routes =
            paths.flat_map(|(path, item)| crate::web::methods(item).map(move |method| (method, path.as_str())));
        routes.map(|(method, path)| (route_key(method, path), &*format!("{method} {path}").leak())).collect()
    });
    let (method, count, [first, second, third]) = route_key(request.method().as_str(), request.path());
    let keys = [[first, second, third], [first, "", third], [first, second, ""], [first, "", ""]];
    let known = keys.iter().find_map(|parts| ACTIONS.get(&(method, count, *parts)));
    known.copied().unwrap_or("page")
}

fn route_key<'a>(method: &'a str, path: &'a str) -> RouteKey<'a> {
    let parts = || path.trim_start_matches("/api/v1").split('/').skip(1);
    let part = |place| parts().nth(place).filter(|part| !part.starts_with('{')).unwrap_or_default();
    (method, parts().count(), [part(0), part(1), part(2)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_a_name_of_its_own() {
        let mut keys = std::collections::HashSet::new();
        for (path, item) in &openapi().paths.paths {
            for method in crate::web::methods(item) {
                assert!(keys.insert(route_key(method, path)), "{method} {path} is taken for another route");
                let request = actix_web::test::TestRequest::with_uri(&path.replace('{', "x").replace('}', "y"));
                let request = request.method(method.parse().unwrap()).to_http_request();
                assert_eq!(action(&request), format!("{method} {path}"));
            }
        }
    }

    #[test]
    fn a_token_needs_the_scope_of_what_it_does() {
        use TokenScope::{Admin, Events, Read, Write};
        for (method, path, scopes) in [
            (Method::GET, "/api/v1/records", &[Read][..]),
            (Method::HEAD, "/api/v1/records", &[Read][..]),
            (Method::PATCH, "/api/v1/records/1", &[Write][..]),
            (Method::POST, "/api/v1/events", &[Events, Write][..]),
            (Method::GET, "/api/v1/users", &[Read][..]),
            (Method::POST, "/api/v1/users", &[Admin][..]),
            (Method::POST, "/api/v1/users/1/disable", &[Admin][..]),
            (Method::PUT, "/api/v1/users/1/calendar", &[Write][..]),
            (Method::POST, "/api/v1/users/1/calendar/import", &[Write][..]),
            (Method::GET, "/api/v1/tokens", &[Admin][..]),
            (Method::DELETE, "/api/v1/tokens/1", &[Admin][..]),
            (Method::GET, "/api/v1/audit", &[Admin][..]),
            (Method::GET, "/api/v1/backup", &[Admin][..]),
            (Method::PATCH, "/api/v1/settings", &[Admin][..]),
            (Method::POST, "/api/v1/usersx", &[Write][..]),
        ] {
            assert_eq!(needed_scopes(&method, path), scopes, "{method} {path}");
        }
    }
}
