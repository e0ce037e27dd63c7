//! `/sign-in`, `/sign-out`.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse, get, post};
use maud::{Markup, html};
use serde::Deserialize;

use super::layout::{Field, answer, notice, plain};
use super::page::Look;
use super::session::{Opening, Visitor, leave, open};
use crate::domain::account::Account;
use crate::domain::account::command::{AccountCommand, Proof};
use crate::domain::audit::Refusal;
use crate::domain::organisation::UserState;
use crate::id::UserId;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::auth::caller;
use crate::web::hygiene::address::client_address;
use crate::web::hygiene::origin::judge_origin;
use crate::web::password;
use crate::web::problem::Problem;

const ACTION: &str = "POST /sign-in";

fn form(app: &App, look: &Look, email: &str, wrong: Option<&str>) -> Markup {
    let words = look.words;
    let (email_label, password_label) = (words.say("account-email"), words.say("password"));
    let forgotten = words.say("sign-in-forgotten");
    let email =
        Field { name: "email", label: &email_label, kind: "email", value: email, autocomplete: "username", help: None };
    let password = Field {
        name: "password",
        label: &password_label,
        kind: "password",
        value: "",
        autocomplete: "current-password",
        help: Some(&forgotten),
    };
    let content = html! {
        div.card.narrow {
            (notice(wrong))
            form method="post" action="/sign-in" {
                (email.show()) (password.show())
                button type="submit" { (words.say("sign-in")) }
            }
            @if let Some(label) = app.single_sign_on_label() { p { a.button href="/sign-in/oidc" { (label) } } }
        }
    };
    plain(look, &words.say("sign-in"), &content)
}

/// The form; whoever is signed in already is led on.
#[get("/sign-in")]
pub async fn get_sign_in(app: Data<App>, look: Look, visitor: Option<Visitor>) -> HttpResponse {
    match visitor {
        Some(_) => HttpResponse::build(StatusCode::SEE_OTHER).insert_header((LOCATION, "/")).finish(),
        None => answer(StatusCode::OK, form(&app, &look, "", None)),
    }
}

/// What the form sends.
#[derive(Deserialize)]
pub struct SignInForm {
    email: String,
    password: String,
}

/// Opens a session for whoever knows the password.
#[post("/sign-in")]
pub async fn post_sign_in(
    app: Data<App>,
    request: HttpRequest,
    look: Look,
    form: Form<SignInForm>,
) -> Result<HttpResponse, Problem> {
    judge_origin(&request)?;
    let SignInForm { email, password } = form.into_inner();
    let email = email.trim();
    if let Some(address) = client_address(&request) {
        app.rates.sign_in(address, &email.to_lowercase())?;
    }
    let given = app.engine.given();
    let known = given.policy.organisation.user_by_email(email).filter(|(_, user)| user.state != UserState::Disabled);
    let known = known.map(|(id, _)| id);
    let stored = match known {
        Some(user) => {
            app.engine.read::<Account, _>(user.account(), Caller::SYSTEM, |seen| seen.state.password.clone()).await?
        }
        None => None,
    };
    let holds = password::verify(password, stored.clone()).await?;
    if let (Some(user), Some(stored), true) = (known, stored, holds) {
        return open(&app, &request, user, ACTION, Opening::SignIn(Proof::Password(stored))).await;
    }
    let caller = caller(&request, UserId::NOBODY, ACTION);
    let subject = known.map_or("no account".into(), |user| format!("user {user}"));
    let detail = "the password did not fit".into();
    app.engine.note(Refusal { action: ACTION.into(), subject, code: "unauthenticated".into(), detail }, caller).await;
    // The same for whoever has no account, another password, or is disabled.
    let wrong = look.words.say("sign-in-wrong");
    Ok(answer(StatusCode::UNAUTHORIZED, self::form(&app, &look, email, Some(&wrong))))
}

/// Ends the session of this browser.
#[post("/sign-out")]
pub async fn post_sign_out(app: Data<App>, visitor: Visitor) -> Result<HttpResponse, Problem> {
    let principal = visitor.principal;
    let account = principal.user().account();
    app.engine.submit::<Account, _>(account, AccountCommand::Close(visitor.session), principal.caller, |_| ()).await?;
    Ok(leave(&app))
}
