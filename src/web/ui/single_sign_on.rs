//! `/sign-in/oidc`: over to the provider that people sign in with, and back.

use actix_web::cookie::Cookie;
use actix_web::cookie::time::Duration;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse, get};
use maud::html;

use super::layout::{answer, plain};
use super::page::Look;
use super::session::{Opening, cookie, open};
use crate::connector::oidc::{Answer, Identity, OidcError, Provider, WAITING_FOR, Waiting};
use crate::domain::account::command::Proof;
use crate::domain::audit::Refusal;
use crate::domain::organisation::UserState;
use crate::id::UserId;
use crate::web::App;
use crate::web::auth::{caller, real_now};
use crate::web::problem::Problem;

const ACTION: &str = "GET /sign-in/oidc/callback";

/// The provider, and who is on their way there.
pub struct SingleSignOn {
    /// Whom people sign in with.
    pub provider: Provider,
    /// Who is on their way.
    pub waiting: Waiting,
    /// What the button says.
    pub label: String,
}

/// The cookie that names a sign-in under way.
fn way_cookie(app: &App, value: String, age: Duration) -> Cookie<'static> {
    cookie(app, cookie_name(app.hygiene.is_secure()), value, age)
}

fn cookie_name(is_secure: bool) -> &'static str {
    if is_secure { "__Host-relance-sign-in" } else { "relance-sign-in" }
}

fn provider(app: &App) -> Result<&SingleSignOn, Problem> {
    app.single_sign_on.as_ref().ok_or_else(|| Problem::new("not_found", "this server has no single sign-on"))
}

/// Why nobody was signed in, and the way back.
fn refused(look: &Look, status: StatusCode, key: &str) -> HttpResponse {
    let words = look.words;
    let content = html! {
        div.card.narrow {
            p.notice role="alert" { (words.say(key)) }
            p { a.button href="/sign-in" { (words.say("sso-back")) } }
        }
    };
    answer(status, plain(look, &words.say("sso-refused"), &content))
}

fn failed(look: &Look, error: &OidcError) -> HttpResponse {
    let (status, key) = match error {
        OidcError::Unreachable(_) => (StatusCode::SERVICE_UNAVAILABLE, "sso-unreachable"),
        OidcError::Refused(_) => (StatusCode::FORBIDDEN, "sso-said-no"),
        OidcError::Untrusted(_) => (StatusCode::BAD_REQUEST, "sso-untrusted"),
    };
    tracing::warn!(detail = error.detail(), "nobody was signed in by the provider");
    refused(look, status, key)
}

/// Leads to the provider.
#[get("/sign-in/oidc")]
pub async fn get_oidc(app: Data<App>, look: Look) -> Result<HttpResponse, Problem> {
    let SingleSignOn { provider, waiting, .. } = provider(&app)?;
    let now = real_now();
    let begun = provider.begin(&app.link("/sign-in/oidc/callback"), now).await;
    let kept = begun.and_then(|begun| Ok((begun.url, waiting.keep(begun.pending, now)?)));
    Ok(match kept {
        Ok((url, name)) => HttpResponse::build(StatusCode::SEE_OTHER)
            .insert_header((LOCATION, url))
            .cookie(way_cookie(&app, name, Duration::seconds(WAITING_FOR.num_seconds())))
            .finish(),
        Err(error) => failed(&look, &error),
    })
}

/// Opens a session for whom the provider vouches for, if they have an account.
#[get("/sign-in/oidc/callback")]
pub async fn get_callback(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut response = finish(&app, &request, &Look::of(&request, None)).await?;
    if response.add_cookie(&way_cookie(&app, String::new(), Duration::ZERO)).is_err() {
        tracing::error!("a cookie cannot be written");
    }
    Ok(response)
}

async fn finish(app: &App, request: &HttpRequest, look: &Look) -> Result<HttpResponse, Problem> {
    let SingleSignOn { provider, waiting, .. } = provider(app)?;
    let now = real_now();
    let name = request.cookie(cookie_name(app.hygiene.is_secure()));
    let Some(pending) = name.and_then(|name| waiting.take(name.value(), now)) else {
        return Ok(refused(look, StatusCode::BAD_REQUEST, "sso-too-late"));
    };
    let answer = Query::<Answer>::from_query(request.query_string());
    let answer = answer.map_err(|error| OidcError::Untrusted(format!("the answer cannot be read: {error}")));
    let finished = match answer {
        Ok(answer) => provider.finish(pending, answer.into_inner(), now).await,
        Err(error) => Err(error),
    };
    match finished {
        Ok(identity) => let_in(app, request, look, identity).await,
        Err(error) => Ok(failed(look, &error)),
    }
}

/// The session of the user whose verified address this is; the account itself holds that it is always the same person.
async fn let_in(app: &App, request: &HttpRequest, look: &Look, identity: Identity) -> Result<HttpResponse, Problem> {
    let Identity { issuer, subject, email, email_verified, .. } = identity;
    let given = app.engine.given();
    let email = email.filter(|_| email_verified);
    let known = email
        .and_then(|email| given.policy.organisation.user_by_email(email.trim()).map(|(id, user)| (id, user.state)));
    let known = known.filter(|(_, state)| *state != UserState::Disabled).map(|(id, _)| id);
    if let Some(user) = known {
        let proof = Proof::Provider { issuer, subject };
        match open(app, request, user, ACTION, Opening::SignIn(proof)).await {
            // Somebody else's, or disabled just now.
            Err(problem) if matches!(problem.code, "unauthenticated" | "not_found") => {}
            opened => return opened,
        }
    }
    let caller = caller(request, UserId::NOBODY, ACTION);
    let subject = known.map_or("no account".into(), |user| format!("user {user}"));
    let detail = "the provider vouches for nobody who may sign in".into();
    app.engine.note(Refusal { action: ACTION.into(), subject, code: "unauthenticated".into(), detail }, caller).await;
    // The same for everybody who has no account, a disabled one, one of somebody else's, or an address that nobody has
    // checked, so that nothing can be learnt of who has one.
    Ok(refused(look, StatusCode::FORBIDDEN, "sso-no-account"))
}
