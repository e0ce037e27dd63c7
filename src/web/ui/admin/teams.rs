//! `/admin/teams`: users who own records together, or are let in to those of others.

use std::collections::BTreeMap;

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
use super::parts::{confirm, items, names, next, query, table, text, texts, top};
use crate::domain::permission::Permission;
use crate::web::problem::Problem;

/// These pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_teams).service(get_new_team).service(get_team);
}

/// The list.
#[get("/admin/teams")]
pub async fn get_teams(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let list = page.get(&format!("/teams?{}", query(&page, &["cursor"]))).await?;
    let new = missing::link("/admin/teams/new", "add", &words.say("team-new"), missing::role(&page, Permission::SetUp));
    let rows = html! { @for team in items(&list) { (row(words, team)) } };
    let content = html! {
        (top(&page, &[], &words.say("admin-teams"), &new))
        @if items(&list).is_empty() {
            (empty(&words.say("teams-none"), &words.say("teams-none-text"), &if page.may(Permission::SetUp) { new.clone() } else { html! {} }))
        } @else {
            (table(words, &["name", "team-kind", "#team-members"], &rows))
            (next(&page, &list))
        }
    };
    Ok(page.show(&words.say("admin-teams"), &content))
}

fn row(words: Words, team: &Value) -> Markup {
    html! { tr {
        th scope="row" { a href={ "/admin/teams/" (text(&team["id"])) } { (text(&team["name"])) } }
        td { (badge("plain", &words.value("team-kind", text(&team["kind"])))) }
        td.number { (items(&team["members"]).len()) }
    } }
}

fn fields(form: &Form, words: Words, team: &Value) -> Markup {
    let kinds = ["owner", "access"].map(|kind| (kind, words.say(&format!("team-kind-{kind}-long"))));
    html! {
        (form.text("name", &words.say("name"), text(&team["name"])))
        (form.select("kind", &words.say("team-kind"), text(&team["kind"]), &kinds))
    }
}

/// A team to be.
#[get("/admin/teams/new")]
pub async fn get_new_team(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let form = Form::new(&page, "POST", "/teams").then("/admin/teams/{id}").done("created");
    let content = html! {
        (top(&page, &[("/admin/teams", &words.say("admin-teams"))], &words.say("team-new"), &html! {}))
        section.middle { (form.show("", &html! { (fields(&form, words, &Value::Null)) button type="submit" { (words.say("team-add")) } })) }
    };
    Ok(page.show(&words.say("team-new"), &content))
}

/// One team.
#[get("/admin/teams/{id}")]
pub async fn get_team(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let (team, version) = page.get_versioned(&format!("/teams/{id}")).await?;
    let people = names(&page).await?;
    let path = format!("/teams/{id}");
    let form = Form::new(&page, "PATCH", &path).of_version(version.clone()).done("saved");
    let remove = Form::new(&page, "DELETE", &path).then("/admin/teams").done("deleted");
    let name = text(&team["name"]);
    let content = html! {
        (top(&page, &[("/admin/teams", &words.say("admin-teams"))], name, &html! {}))
        div.with-side {
            section { h2 { (words.say("team-members")) } (members(&page, (&id, version.clone()), &team, &people)) }
            aside aria-label=(words.say("team-properties")) {
                section { (form.show("", &html! { (fields(&form, words, &team)) button type="submit" { (words.say("save")) } })) }
                section { (confirm(&remove, &words.say("team-delete"), &words.say("team-delete-ask"))) }
            }
        }
    };
    Ok(page.show(name, &content))
}

fn members(
    page: &Page,
    (id, version): (&str, Option<String>),
    team: &Value,
    people: &BTreeMap<String, String>,
) -> Markup {
    let words = page.words();
    let members = texts(&team["members"]);
    let mut others: Vec<_> = people.iter().filter(|(id, _)| !members.contains(&id.as_str())).collect();
    others.sort_by_key(|(_, name)| name.to_lowercase());
    let add = Form::new(page, "PATCH", &format!("/teams/{id}")).of_version(version).done("saved");
    html! {
        @if members.is_empty() { p.help { (words.say("team-nobody")) } } @else {
            ul.plain.rows { @for member in &members { li {
                a href={ "/admin/users/" (member) } { (people.get(*member).map_or(*member, String::as_str)) }
                (Form::new(page, "DELETE", &format!("/teams/{id}/members/{member}")).done("saved").button("quiet", &words.say("team-take-out")))
            } } }
        }
        @if !others.is_empty() {
            (add.show("filters", &html! {
                @for member in &members { input type="hidden" name="members:list" value=(member); }
                (add.select("members:list", &words.say("team-put-in"), "", &others))
                button.plain type="submit" { (icon("add")) (words.say("add")) }
            }))
        }
    }
}
