//! Sessions as browsers hold them: opening one for somebody who has proved who they are, and closing it.

use std::future::{Ready, ready};

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{LOCATION, SET_COOKIE};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use chrono::TimeDelta;

use crate::domain::account::command::{AccountCommand, NewKey, Proof};
use crate::domain::account::{Account, KeyKind};
use crate::domain::organisation::Organisation;
use crate::domain::organisation::command::OrganisationCommand;
use crate::id::{KeyId, OrganisationId, UserId};
use crate::web::App;
use crate::web::auth::{Credential, Principal, authenticate, caller, cookie_name, real_now};
use crate::web::problem::Problem;
use crate::web::secret::Secret;

/// What a page asks the account for that opens a session.
pub enum Opening {
    /// They know the password, or a provider vouches for them.
    SignIn(Proof),
    /// They set a password, with this hash.
    SetPassword(Proof, String),
}

/// Opens a session for a user, ends the one that the browser held before, and leads to the first page.
pub async fn open(
    app: &App,
    request: &HttpRequest,
    user: UserId,
    action: &'static str,
    opening: Opening,
) -> Result<HttpResponse, Problem> {
    let now = real_now();
    let caller = caller(request, user, action);
    let secret = Secret::fresh(KeyId(app.engine.ids.fresh(now)))?;
    let key = NewKey {
        id: secret.id,
        kind: KeyKind::Session,
        digest: secret.digest(),
        at: now,
        from: caller.from,
        expires_at: Some(now + TimeDelta::days(app.sign_in.session_days)),
    };
    let command = match opening {
        Opening::SignIn(proof) => AccountCommand::SignIn { proof, key },
        Opening::SetPassword(proof, hash) => AccountCommand::SetPassword { hash, proof, key },
    };
    // A session that was there before is another one's, or an attacker's who put it there.
    if let Ok(Principal { credential: Credential::Key { id, is_session: true }, caller }) = authenticate(request) {
        let closed = app.engine.submit::<Account, _>(caller.by.account(), AccountCommand::Close(id), caller, |_| ());
        let _ = closed.await;
    }
    app.engine.submit::<Account, _>(user.account(), command, caller, |_| ()).await?;
    let arrive = OrganisationCommand::Arrive { user };
    app.engine.submit::<Organisation, _>(OrganisationId::THE, arrive, caller, |_| ()).await?;
    let cookie = session_cookie(app, secret.text(), Duration::days(app.sign_in.session_days));
    Ok(HttpResponse::build(StatusCode::SEE_OTHER)
        .insert_header((LOCATION, "/"))
        .insert_header((SET_COOKIE, cookie.to_string()))
        .finish())
}

/// The session of a browser.
fn session_cookie(app: &App, value: String, age: Duration) -> Cookie<'static> {
    cookie(app, cookie_name(app.hygiene.is_secure()), value, age)
}

/// A cookie that no script reads and that no other site sends along with what changes something. A stricter one would not
/// be sent by a link from another site, and a provider leads back by one.
pub fn cookie(app: &App, name: &'static str, value: String, age: Duration) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(app.hygiene.is_secure())
        .max_age(age)
        .finish()
}

/// Leads to the sign-in page without a session.
pub fn leave(app: &App) -> HttpResponse {
    HttpResponse::build(StatusCode::SEE_OTHER)
        .insert_header((LOCATION, "/sign-in"))
        .insert_header((SET_COOKIE, session_cookie(app, String::new(), Duration::ZERO).to_string()))
        .finish()
}

/// Whoever has a session; everybody else is led to sign in. A token opens no page.
pub struct Visitor {
    /// Who it is.
    pub principal: Principal,
    /// Their session.
    pub session: KeyId,
}

impl FromRequest for Visitor {
    type Error = actix_web::Error;
    type Future = Ready<Result<Visitor, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match (authenticate(request), request.app_data::<Data<App>>()) {
            (Ok(principal @ Principal { credential: Credential::Key { id, is_session: true }, .. }), _) => {
                Ok(Visitor { principal, session: id })
            }
            (Err(problem), _) if problem.code != "unauthenticated" => Err(problem.into()),
            (_, Some(app)) => Err(InternalError::from_response("no session", leave(app)).into()),
            (_, None) => Err(Problem::new("internal", "no application").into()),
        })
    }
}
