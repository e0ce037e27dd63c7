//! `/admin/tokens`: how programs prove for whom they act.

use std::collections::BTreeMap;

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::super::form::{Form, hidden};
use super::super::layout::empty;
use super::super::page::Page;
use super::parts::{asked, badges, confirm, items, names, next, none, query, table, text, top};
use crate::domain::permission::Permission;
use crate::web::problem::Problem;

/// This page.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_tokens);
}

/// The tokens of one user.
#[get("/admin/tokens")]
pub async fn get_tokens(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let list = page.get(&format!("/tokens?{}", query(&page, &["user", "cursor"]))).await?;
    let people = names(&page).await?;
    let user = match asked(&page, "user") {
        user if user.is_empty() => page.visitor.principal.user().to_string(),
        user => user,
    };
    let rows = html! { @for token in items(&list) { (row(&page, token)) } };
    let content = html! {
        (top(&page, &[], &words.say("admin-tokens"), &html! {}))
        @if page.may(Permission::SetUp) { (whose(&page, &people, &user)) }
        (made(&page))
        @if items(&list).is_empty() {
            (empty(&words.say("tokens-none"), &words.say("tokens-none-text"), &html! {}))
        } @else {
            (table(words, &["name", "account-may", "account-made", "account-ends", "account-used", "actions"], &rows))
            (next(&page, &list))
        }
        section.middle.after { h2 { (words.say("account-token-new")) } (new_form(&page, &user)) }
    };
    Ok(page.show(&words.say("admin-tokens"), &content))
}

fn whose(page: &Page, people: &BTreeMap<String, String>, user: &str) -> Markup {
    let words = page.words();
    let mut people: Vec<_> = people.iter().collect();
    people.sort_by_key(|(_, name)| name.to_lowercase());
    html! {
        form.filters method="get" action="/admin/tokens" data-at-once="" {
            div.field.wide {
                label for="user" { (words.say("token-whose")) }
                select #user name="user" { @for (id, name) in people { option value=(id) selected[id == user] { (name) } } }
            }
            button.plain type="submit" { (words.say("filter-apply")) }
        }
    }
}

fn row(page: &Page, token: &Value) -> Markup {
    let words = page.words();
    let revoke = Form::new(page, "DELETE", &format!("/tokens/{}", text(&token["id"]))).done("revoked");
    let or_never = |at: &Value| {
        if at.is_null() {
            html! { (words.say("never")) }
        } else {
            page.instant(at)
        }
    };
    html! { tr {
        th scope="row" { (text(&token["name"])) }
        td { (badges(words, "scope", &token["scopes"])) }
        td { (page.instant(&token["created_at"])) }
        td { (or_never(&token["expires_at"])) }
        td { @if token["last_used_at"].is_null() { (none()) } @else { (page.instant(&token["last_used_at"])) } }
        td.last { (confirm(&revoke, &words.say("revoke"), &words.say("token-revoke-ask"))) }
    } }
}

fn make(page: &Page) -> Form<'_> {
    Form::new(page, "POST", "/tokens").once()
}

/// The token that was just made: nobody can see it again.
fn made(page: &Page) -> Markup {
    html! {
        @if let Some(answer) = make(page).answer() {
            div.done role="status" tabindex="-1" { (page.say("account-token-copy")) code.secret { (text(&answer["token"])) } }
        }
    }
}

fn new_form(page: &Page, user: &str) -> Markup {
    let words = page.words();
    let form = make(page);
    let scopes = ["read", "write", "events", "admin"].map(|scope| (scope, words.value("scope", scope)));
    form.show("", &html! {
        (hidden("user", user))
        (form.input("text", "name", &words.say("account-token-for"), "", Some(&words.say("token-name-help"))))
        (form.choices("scopes:list", &words.say("account-may"), &["read"], &scopes))
        (form.input("datetime-local", "expires_at:local", &words.say("account-ends"), "", Some(&words.say("account-token-days-help"))))
        button type="submit" { (words.say("account-token-make")) }
    })
}
