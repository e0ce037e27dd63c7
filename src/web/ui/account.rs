//! `/account`: who one is, where one is signed in, and the tokens of one's programs; beside it, what one sets for oneself.

mod calendar;
mod cards;
pub mod filters;
mod work;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Form, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::TimeDelta;
use maud::{Markup, html};
use serde::Deserialize;

use super::admin::zone_field;
use super::dates;
use super::first_steps::fault_text;
use super::form::Form as ApiForm;
use super::layout::{Field, answer, badge, frame, heading};
use super::page::Page;
use super::session::{Opening, Visitor, leave, open};
use super::words::Words;
use crate::domain::account::command::{AccountCommand, NewKey, Proof};
use crate::domain::account::{Account, KeyKind, TokenScope};
use crate::domain::language::Language;
use crate::id::KeyId;
use crate::runtime::keyring::HeldKey;
use crate::runtime::message::Caller;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::auth::{real_now, scope_name};
use crate::web::password;
use crate::web::problem::Problem;
use crate::web::secret::Secret;

/// The pages of this area.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_account).service(post_password).service(post_sign_out_everywhere);
    config.service(post_token).service(post_close_key).service(calendar::get_calendar);
    config.service(work::get_work).service(filters::get_filters).service(cards::get_cards);
}

/// The tabs: address and text.
const TABS: [(&str, &str); 6] = [
    ("/account", "account-tab-you"),
    ("/account/calendar", "account-tab-calendar"),
    ("/account/work", "account-tab-work"),
    ("/account/filters", "account-tab-filters"),
    ("/account/cards", "account-tab-cards"),
    ("/my-sequences", "account-tab-sequences"),
];

/// The heading and the tabs with the one that is shown.
pub fn head(page: &Page, shown: &str) -> Markup {
    html! {
        (heading(&page.say("account"), &html! {}))
        nav.tabs aria-label=(page.say("account")) {
            @for (href, key) in TABS { a href=(href) aria-current=[(href == shown).then_some("page")] { (page.say(key)) } }
        }
    }
}

/// What the last action led to, to be told above the page.
enum Told<'a> {
    Nothing,
    Wrong(&'a str),
    /// A new token, shown this once.
    Token(&'a str),
}

/// The page.
#[get("/account")]
pub async fn get_account(app: Data<App>, page: Page) -> HttpResponse {
    answer(StatusCode::OK, show(&app, &page, &Told::Nothing))
}

/// An instant of the world's clock: people sign in at no other, whatever a sandbox's says.
fn instant(page: &Page, at: Timestamp) -> Markup {
    dates::instant(page.words(), page.zone, real_now(), at)
}

fn show(app: &App, page: &Page, told: &Told) -> Markup {
    let words = page.words();
    let given = app.engine.given();
    let user = page.visitor.principal.user();
    let profile = given.policy.user(user).map(|user| user.profile.clone()).unwrap_or_default();
    let keys = app.engine.keyring().of(user);
    let roles: Vec<String> = profile.roles.iter().map(|role| words.value("role", role.name())).collect();
    let zone = profile.time_zone.as_deref().unwrap_or_default();
    let content = html! {
        (head(page, "/account"))
        @match told {
            Told::Nothing => {}
            Told::Wrong(text) => div.notice role="alert" tabindex="-1" { (text) },
            Told::Token(token) => div.done role="status" { (words.say("account-token-copy")) code.secret { (token) } },
        }
        div.columns.account-top {
            section {
                h2 { (profile.name) }
                dl {
                    dt { (words.say("account-email")) } dd { (profile.email) }
                    dt { (words.say("account-roles")) } dd { (roles.join(", ")) }
                    dt { (words.say("account-unit")) } dd { (profile.business_unit) }
                }
            }
            section { h2 { (words.say("account-reading")) } (reading_form(page, profile.language.as_deref(), zone)) }
        }
        section {
            h2 { (words.say("account-sessions")) }
            div.scroll tabindex="0" { table {
                thead { tr { th scope="col" { (words.say("account-since")) } th scope="col" { (words.say("account-from")) }
                    th scope="col" { (words.say("account-used")) } th.last scope="col" { span.hidden { (words.say("actions")) } } } }
                tbody { @for (id, held) in &keys { @if held.key.kind == KeyKind::Session { (session_row(page, *id, held)) } } }
            } }
            form method="post" action="/account/sign-out-everywhere" {
                button.plain type="submit" { (words.say("account-everywhere")) }
            }
        }
        section {
            h2 { (words.say("account-tokens")) }
            @if keys.iter().all(|(_, held)| held.key.kind == KeyKind::Session) {
                p.help { (words.say("account-tokens-none")) }
            } @else { div.scroll { table {
                thead { tr {
                    @for key in ["name", "account-may", "account-made", "account-ends", "account-used"] { th scope="col" { (words.say(key)) } }
                    th.last scope="col" { span.hidden { (words.say("actions")) } }
                } }
                tbody { @for (id, held) in &keys { (token_row(page, *id, held)) } }
            } } }
            details.fold {
                summary { (words.say("account-token-new")) }
                (token_form(words))
            }
        }
        section { h2 { (words.say("password")) } (password_form(words)) }
    };
    frame(page, &words.say("account"), &content)
}

fn reading_form(page: &Page, language: Option<&str>, zone: &str) -> Markup {
    let words = page.words();
    let form = ApiForm::new(page, "PATCH", "/me/settings").done("saved");
    let names = ["English", "Français", "Galego"];
    let languages: Vec<(&str, &str)> = Language::ALL.iter().map(|language| language.code()).zip(names).collect();
    form.show(
        "",
        &html! {
            div.fields {
                (form.select("language", &words.say("language"), language.unwrap_or(words.0.code()), &languages))
                (zone_field(&form, words, "time_zone:optional", zone))
            }
            button type="submit" { (words.say("save")) }
        },
    )
}

fn session_row(page: &Page, id: KeyId, held: &HeldKey) -> Markup {
    html! { tr {
        td { (instant(page, held.key.opened_at)) }
        td { (held.key.opened_from.map(|from| from.to_string()).unwrap_or_default()) }
        td { (instant(page, held.used_at())) }
        td.last {
            @if id == page.visitor.session { (badge("good", &page.say("account-this"))) }
            @else { (close_form(id, &page.say("account-end"))) }
        }
    } }
}

fn token_row(page: &Page, id: KeyId, held: &HeldKey) -> Markup {
    let KeyKind::Token { name, scopes } = &held.key.kind else { return html! {} };
    let words = page.words();
    let scopes: Vec<String> = scopes.iter().map(|scope| words.value("scope", scope_name(*scope))).collect();
    let never = words.say("never");
    html! { tr {
        th scope="row" { (name) }
        td { (scopes.join(", ")) }
        td { (instant(page, held.key.opened_at)) }
        td { @match held.key.expires_at { Some(at) => (instant(page, at)), None => (never) } }
        td { @match held.last_used_at() { Some(at) => (instant(page, at)), None => (never) } }
        td.last { (close_form(id, &words.say("revoke"))) }
    } }
}

fn close_form(id: KeyId, label: &str) -> Markup {
    html! { form.inline method="post" action={ "/account/keys/" (id) "/close" } { button.quiet type="submit" { (label) } } }
}

fn password_form(words: Words) -> Markup {
    let field = |name, key, autocomplete, help: Option<&str>| {
        let label = words.say(key);
        Field { name, label: &label, kind: "password", value: "", autocomplete, help }.show()
    };
    html! {
        form.narrow method="post" action="/account/password" {
            (field("current", "account-password-current", "current-password", None))
            (field("password", "account-password-new", "new-password", Some(&words.say("account-password-help"))))
            button type="submit" { (words.say("account-password-change")) }
        }
    }
}

fn token_form(words: Words) -> Markup {
    let label = words.say("account-token-for");
    let name = Field { name: "name", label: &label, kind: "text", value: "", autocomplete: "off", help: None };
    let scope = |name: &str| {
        html! { label.choice { input type="checkbox" name=(name) value="yes" checked[name == "read"]; (words.value("scope", name)) } }
    };
    html! {
        form.narrow method="post" action="/account/tokens" {
            (name.show())
            fieldset {
                legend { (words.say("account-may")) }
                @for name in ["read", "write", "events", "admin"] { (scope(name)) }
            }
            div.field {
                label for="days" { (words.say("account-token-days")) }
                input #days name="days" type="text" inputmode="numeric" pattern="[0-9]{1,4}" value="90" autocomplete="off"
                    aria-describedby="days-help";
                p.help #days-help { (words.say("account-token-days-help")) }
            }
            button type="submit" { (words.say("account-token-make")) }
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
    mut page: Page,
    form: Form<PasswordForm>,
) -> Result<HttpResponse, Problem> {
    page.look.path = "/account".into();
    let (principal, words) = (page.visitor.principal, page.words());
    let PasswordForm { current, password } = form.into_inner();
    let again = |wrong: &str| Ok(answer(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &page, &Told::Wrong(wrong))));
    if let Some(fault) = password::fault(&password) {
        return again(&fault_text(words, fault));
    }
    let account = principal.user().account();
    let stored = app.engine.read::<Account, _>(account, principal.caller, |seen| seen.state.password.clone()).await?;
    match stored {
        Some(stored) if password::verify(current, Some(stored.clone())).await? => {
            let opening = Opening::SetPassword(Proof::Password(stored), password::hash(password).await?);
            open(&app, &request, principal.user(), "POST /account/password", opening).await
        }
        _ => again(&words.say("account-password-wrong")),
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
pub async fn post_token(app: Data<App>, mut page: Page, form: Form<TokenForm>) -> Result<HttpResponse, Problem> {
    page.look.path = "/account".into();
    let (principal, words) = (page.visitor.principal, page.words());
    let TokenForm { name, read, write, events, admin, days } = form.into_inner();
    let again = |wrong: &str| Ok(answer(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &page, &Told::Wrong(wrong))));
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
            _ => return again(&words.say("account-token-days-wrong")),
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
        Ok(()) => Ok(answer(StatusCode::OK, show(&app, &page, &Told::Token(&secret.text())))),
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
