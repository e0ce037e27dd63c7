//! `/admin/users`: who works here, what they may do, and how they get in.

use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::super::form::Form;
use super::super::icons::icon;
use super::super::layout::{badge, empty};
use super::super::missing;
use super::super::page::Page;
use super::super::words::Words;
use super::parts::{asked, badges, confirm, items, next, query, table, text, texts, top, zone_field};
use crate::domain::permission::{Permission, Role};
use crate::web::problem::Problem;

/// These pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_users).service(get_new_user).service(get_user);
}

/// The list.
#[get("/admin/users")]
pub async fn get_users(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let list = page.get(&format!("/users?{}", query(&page, &["q", "cursor"]))).await?;
    let new = missing::link("/admin/users/new", "add", &words.say("user-new"), missing::role(&page, Permission::SetUp));
    let rows = html! { @for user in items(&list) { (row(words, user)) } };
    let q = asked(&page, "q");
    let content = html! {
        (top(&page, &[], &words.say("admin-users"), &new))
        form.filters method="get" action="/admin/users" role="search" {
            div.field.wide {
                label for="q" { (words.say("search")) }
                input #q type="search" name="q" value=(q) placeholder=(words.say("users-search"));
            }
            button.plain type="submit" { (icon("search")) (words.say("filter-apply")) }
        }
        @if items(&list).is_empty() {
            (empty(&words.say("users-none"), &words.say("users-none-text"), &html! { a.button href="/admin/users" { (words.say("filters-clear")) } }))
        } @else {
            (table(words, &["name", "account-email", "account-roles", "account-unit", "state"], &rows))
            (next(&page, &list))
        }
    };
    Ok(page.show(&words.say("admin-users"), &content))
}

fn row(words: Words, user: &Value) -> Markup {
    html! { tr {
        th scope="row" { a href={ "/admin/users/" (text(&user["id"])) } { (text(&user["name"])) } }
        td { (text(&user["email"])) }
        td { (badges(words, "role", &user["roles"])) }
        td { (text(&user["business_unit"])) }
        td { (state(words, user)) }
    } }
}

/// A user's state in word and colour.
fn state(words: Words, user: &Value) -> Markup {
    let state = text(&user["state"]);
    let kind = match state {
        "active" => "good",
        "invited" => "waiting",
        _ => "plain",
    };
    badge(kind, &words.value("user", state))
}

/// A user to be.
#[get("/admin/users/new")]
pub async fn get_new_user(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let form = Form::new(&page, "POST", "/users").then("/admin/users/{id}").done("user");
    let content = html! {
        (top(&page, &[("/admin/users", &words.say("admin-users"))], &words.say("user-new"), &html! {}))
        section.middle { (form.show("", &html! { (fields(&form, words, &Value::Null)) button type="submit" { (words.say("user-add")) } })) }
    };
    Ok(page.show(&words.say("user-new"), &content))
}

fn fields(form: &Form, words: Words, user: &Value) -> Markup {
    let roles: Vec<(&str, String)> =
        Role::ALL.iter().map(|role| (role.name(), words.value("role", role.name()))).collect();
    let is_new = user.is_null();
    let chosen = if is_new { vec!["seller"] } else { texts(&user["roles"]) };
    let unit = if is_new { "default" } else { text(&user["business_unit"]) };
    let languages = [
        ("", words.say("language-organisation")),
        ("en", "English".into()),
        ("fr", "Français".into()),
        ("gl", "Galego".into()),
    ];
    html! {
        div.fields {
            (form.text("name", &words.say("name"), text(&user["name"])))
            (form.input("email", "email", &words.say("account-email"), text(&user["email"]), Some(&words.say("user-email-help"))))
        }
        (form.choices("roles:list", &words.say("account-roles"), &chosen, &roles))
        p.help.role-help { (words.say("user-roles-help")) }
        div.fields {
            (form.input("text", "business_unit", &words.say("account-unit"), unit, Some(&words.say("user-unit-help"))))
            (zone_field(form, words, "time_zone:optional", text(&user["time_zone"])))
            (form.select("language:optional", &words.say("language"), text(&user["language"]), &languages))
        }
    }
}

/// One user.
#[get("/admin/users/{id}")]
pub async fn get_user(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let (user, version) = page.get_versioned(&format!("/users/{id}")).await?;
    let form = Form::new(&page, "PATCH", &format!("/users/{id}")).of_version(version).done("saved");
    let name = text(&user["name"]);
    let content = html! {
        (top(&page, &[("/admin/users", &words.say("admin-users"))], name, &state(words, &user)))
        (invitation(&page, &id, &user))
        div.with-side {
            section { (form.show("", &html! { (fields(&form, words, &user)) button type="submit" { (words.say("save")) } })) }
            aside aria-label=(words.say("user-more")) { (side(&page, &id, &user)) }
        }
    };
    Ok(page.show(name, &content))
}

fn invite<'a>(page: &'a Page, id: &str) -> Form<'a> {
    Form::new(page, "POST", &format!("/users/{id}/invite")).once()
}

/// The link that was just made: nobody can see it again.
fn invitation(page: &Page, id: &str, user: &Value) -> Markup {
    let words = page.words();
    html! {
        @if let Some(answer) = invite(page, id).answer() {
            div.done role="status" tabindex="-1" {
                (words.fill("user-link", &[("name", text(&user["name"]))]))
                code.secret { (text(&answer["link"])) }
                p.help { (words.say("user-link-until")) " " (page.instant(&answer["expires_at"])) }
            }
        }
    }
}

fn side(page: &Page, id: &str, user: &Value) -> Markup {
    let words = page.words();
    let state = text(&user["state"]);
    let act = |action: &str, done| Form::new(page, "POST", &format!("/users/{id}/{action}")).done(done);
    html! {
        section {
            h2 { (words.say("user-way-in")) }
            @if state == "disabled" {
                p { (words.say("user-disabled-text")) }
                (act("enable", "enabled").button("", &words.say("user-enable")))
            } @else {
                p { (words.say(if state == "invited" { "user-invite-text" } else { "user-reinvite-text" })) }
                (invite(page, id).button(if state == "invited" { "" } else { "plain" }, &words.say("user-invite")))
            }
        }
        section {
            h2 { (words.say("user-more")) }
            ul.plain.links {
                li { a href={ "/admin/tokens?user=" (id) } { (words.say("user-tokens")) } }
                li { a href={ "/admin/calendars/" (id) } { (words.say("user-calendar")) } }
                li { a href={ "/admin/audit?subject=" (id) } { (words.say("user-audit")) } }
            }
        }
        @if state != "disabled" {
            section { (confirm(&act("disable", "disabled"), &words.say("user-disable"), &words.say("user-disable-ask"))) }
        }
    }
}
