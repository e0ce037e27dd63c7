//! `/account`: who one is, where one is signed in, and the tokens of one's programs.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Form, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::TimeDelta;
use maud::{Markup, html};
use serde::Deserialize;

use super::layout::{Field, answer, notice, page};
use super::session::{Opening, Visitor, leave, open};
use crate::domain::account::command::{AccountCommand, NewKey, Proof};
use crate::domain::account::{Account, KeyKind, TokenScope};
use crate::domain::permission::Role;
use crate::id::KeyId;
use crate::runtime::keyring::HeldKey;
use crate::runtime::message::Caller;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::auth::{real_now, scope_name};
use crate::web::password;
use crate::web::problem::Problem;
use crate::web::secret::Secret;

/// What the last action led to, to be told above the page.
enum Told<'a> {
    Nothing,
    Wrong(&'a str),
    /// A new token, shown this once.
    Token(&'a str),
}

/// The page.
#[get("/account")]
pub async fn get_account(app: Data<App>, visitor: Visitor) -> HttpResponse {
    answer(StatusCode::OK, show(&app, &visitor, &Told::Nothing))
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::SystemAdministrator => "System administrator",
        Role::SequenceManager => "Sequence manager",
        Role::SalesManager => "Sales manager",
        Role::Seller => "Seller",
    }
}

fn instant(at: Timestamp) -> Markup {
    let text = at.to_string();
    html! { time datetime=(text) { (text.get(..16).unwrap_or_default().replace('T', " ")) " UTC" } }
}

fn show(app: &App, visitor: &Visitor, told: &Told) -> Markup {
    let (principal, current) = (visitor.principal, visitor.session);
    let given = app.engine.given();
    let profile = given.policy.user(principal.user()).map(|user| user.profile.clone()).unwrap_or_default();
    let keys = app.engine.keyring().of(principal.user());
    let roles: Vec<&str> = profile.roles.iter().map(role_name).collect();
    let content = html! {
        @match told {
            Told::Nothing => {}
            Told::Wrong(text) => (notice(Some(text))),
            Told::Token(token) => div.done role="status" {
                "Copy the new token now; it is not shown again."
                code.secret { (token) }
            },
        }
        section {
            dl {
                dt { "Name" } dd { (profile.name) }
                dt { "E-mail" } dd { (profile.email) }
                dt { "Roles" } dd { (roles.join(", ")) }
                dt { "Business unit" } dd { (profile.business_unit) }
            }
        }
        section {
            h2 { "Where you are signed in" }
            table {
                thead { tr { th { "Since" } th { "From" } th { "Last used" } th { "" } } }
                tbody { @for (id, held) in &keys { @if held.key.kind == KeyKind::Session { (session_row(*id, held, current)) } } }
            }
            form method="post" action="/account/sign-out-everywhere" {
                p { button.quiet type="submit" { "Sign out everywhere" } }
            }
        }
        section { h2 { "Password" } (password_form()) }
        section {
            h2 { "Tokens for programs" }
            @if keys.iter().all(|(_, held)| held.key.kind == KeyKind::Session) {
                p.help { "None yet. A program sends its token as “Authorization: Bearer TOKEN”." }
            } @else { table {
                thead { tr { th { "Name" } th { "May" } th { "Made" } th { "Ends" } th { "Last used" } th { "" } } }
                tbody { @for (id, held) in &keys { (token_row(*id, held)) } }
            } }
            (token_form())
        }
    };
    page("Your account", Some(&profile.name), &content)
}

fn session_row(id: KeyId, held: &HeldKey, current: KeyId) -> Markup {
    html! { tr {
        td { (instant(held.key.opened_at)) }
        td { (held.key.opened_from.map(|from| from.to_string()).unwrap_or_default()) }
        td { (instant(held.used_at())) }
        td { @if id == current { "this one" } @else { (close_form(id, "End")) } }
    } }
}

fn token_row(id: KeyId, held: &HeldKey) -> Markup {
    let KeyKind::Token { name, scopes } = &held.key.kind else { return html! {} };
    let scopes: Vec<&str> = scopes.iter().map(|scope| scope_name(*scope)).collect();
    html! { tr {
        td { (name) }
        td { (scopes.join(", ")) }
        td { (instant(held.key.opened_at)) }
        td { @match held.key.expires_at { Some(at) => (instant(at)), None => "never" } }
        td { @match held.last_used_at() { Some(at) => (instant(at)), None => "never" } }
        td { (close_form(id, "Revoke")) }
    } }
}

fn close_form(id: KeyId, label: &str) -> Markup {
    html! { form method="post" action={ "/account/keys/" (id) "/close" } { button.quiet type="submit" { (label) } } }
}

fn password_form() -> Markup {
    let field =
        |name, label, autocomplete, help| Field { name, label, kind: "password", value: "", autocomplete, help };
    html! {
        form.narrow method="post" action="/account/password" {
            (field("current", "Current password", "current-password", None).show())
            (field("password", "New password", "new-password", Some("Everywhere else you are signed out.")).show())
            button type="submit" { "Change password" }
        }
    }
}

fn token_form() -> Markup {
    let name = Field { name: "name", label: "New token for", kind: "text", value: "", autocomplete: "off", help: None };
    let scope = |name: &str, label: &str| {
        html! { label.choice { input type="checkbox" name=(name) value="yes" checked[name == "read"]; (label) } }
    };
    html! {
        form.narrow method="post" action="/account/tokens" {
            (name.show())
            fieldset {
                legend { "It may" }
                (scope("read", "read")) (scope("write", "change")) (scope("events", "report events")) (scope("admin", "administer"))
            }
            div.field {
                label for="days" { "Ends after so many days" }
                input id="days" name="days" type="text" inputmode="numeric" pattern="[0-9]{1,4}" value="90" autocomplete="off"
                    aria-describedby="days-help";
                p.help id="days-help" { "Leave it empty for a token that does not end." }
            }
            button type="submit" { "Make token" }
        }
    }
}

/// What the password form sends.
#[derive(Deserialize)]
pub struct PasswordForm {
    current: String,
    password: String,
}

/// Sets another password; every other session ends.
#[post("/account/password")]
pub async fn post_password(
    app: Data<App>,
    request: HttpRequest,
    visitor: Visitor,
    form: Form<PasswordForm>,
) -> Result<HttpResponse, Problem> {
    let principal = visitor.principal;
    let PasswordForm { current, password } = form.into_inner();
    let again = |wrong: &str| Ok(answer(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &visitor, &Told::Wrong(wrong))));
    if let Some(fault) = password::fault(&password) {
        return again(&fault);
    }
    let account = principal.user().account();
    let stored = app.engine.read::<Account, _>(account, principal.caller, |seen| seen.state.password.clone()).await?;
    match stored {
        Some(stored) if password::verify(current, Some(stored.clone())).await? => {
            let opening = Opening::SetPassword(Proof::Password(stored), password::hash(password).await?);
            open(&app, &request, principal.user(), "POST /account/password", opening).await
        }
        _ => again("That is not your current password."),
    }
}

/// Ends every session, this one too.
#[post("/account/sign-out-everywhere")]
pub async fn post_sign_out_everywhere(app: Data<App>, visitor: Visitor) -> Result<HttpResponse, Problem> {
    let principal = visitor.principal;
    let account = principal.user().account();
    app.engine.submit::<Account, _>(account, AccountCommand::CloseSessions, principal.caller, |_| ()).await?;
    Ok(leave(&app))
}

/// What the token form sends.
#[derive(Deserialize)]
pub struct TokenForm {
    name: String,
    read: Option<String>,
    write: Option<String>,
    events: Option<String>,
    admin: Option<String>,
    days: String,
}

/// Makes a token and shows it once.
#[post("/account/tokens")]
pub async fn post_token(app: Data<App>, visitor: Visitor, form: Form<TokenForm>) -> Result<HttpResponse, Problem> {
    let principal = visitor.principal;
    let TokenForm { name, read, write, events, admin, days } = form.into_inner();
    let again = |wrong: &str| Ok(answer(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &visitor, &Told::Wrong(wrong))));
    let chosen = [
        (read, TokenScope::Read),
        (write, TokenScope::Write),
        (events, TokenScope::Events),
        (admin, TokenScope::Admin),
    ];
    let scopes: Vec<TokenScope> = chosen.into_iter().filter_map(|(yes, scope)| yes.map(|_| scope)).collect();
    let now = real_now();
    let expires_at = match days.trim() {
        "" => None,
        days => match days.parse::<u16>() {
            Ok(days @ 1..) => Some(now + TimeDelta::days(days.into())),
            _ => return again("Give the days as a number, or leave them empty."),
        },
    };
    let secret = Secret::fresh(KeyId(app.engine.ids.fresh(now)))?;
    let kind = KeyKind::Token { name: name.trim().to_owned(), scopes };
    let from = principal.caller.from;
    let new = NewKey { id: secret.id, kind, digest: secret.digest(), at: now, from, expires_at };
    let caller = Caller { action: "POST /account/tokens", ..principal.caller };
    let account = principal.user().account();
    let made = app.engine.submit::<Account, _>(account, AccountCommand::OpenToken(new), caller, |_| ()).await;
    match made.map_err(Problem::from) {
        Ok(()) => Ok(answer(StatusCode::OK, show(&app, &visitor, &Told::Token(&secret.text())))),
        Err(problem) => again(&problem.detail),
    }
}

/// Ends one of one's sessions, or revokes one of one's tokens.
#[post("/account/keys/{id}/close")]
pub async fn post_close_key(app: Data<App>, visitor: Visitor, id: Path<String>) -> Result<HttpResponse, Problem> {
    let principal = visitor.principal;
    if let Some(id) = KeyId::parse(&id) {
        let closed = AccountCommand::Close(id);
        let done = app.engine.submit::<Account, _>(principal.user().account(), closed, principal.caller, |_| ()).await;
        // Pressed twice, or ended by itself meanwhile: it is gone all the same.
        done.map_err(Problem::from)
            .or_else(|problem| if problem.code == "not_found" { Ok(()) } else { Err(problem) })?;
    }
    Ok(HttpResponse::build(StatusCode::SEE_OTHER).insert_header((LOCATION, "/account")).finish())
}
