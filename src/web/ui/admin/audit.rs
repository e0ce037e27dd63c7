//! `/admin/audit`: what was changed and what was refused, to whom, when and from where.

use std::collections::BTreeMap;

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use chrono::{Days, NaiveDate, NaiveTime};
use maud::{Markup, html};
use serde_json::Value;

use super::super::icons::icon;
use super::super::layout::empty;
use super::super::page::Page;
use super::parts::{asked, items, names, next, query, text, top};
use crate::domain::schedule::civil;
use crate::web::problem::Problem;

/// This page.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_audit);
}

/// The trail, newest first.
#[get("/admin/audit")]
pub async fn get_audit(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let mut wanted = url::form_urlencoded::Serializer::new(query(&page, &["actor", "subject", "cursor"]));
    // Days of the reader's zone: from the first one's beginning to the last one's end.
    for (name, more) in [("from", 0), ("until", 1)] {
        if let Some(at) = midnight(&page, &asked(&page, name), more) {
            wanted.append_pair(name, &at);
        }
    }
    let list = page.get(&format!("/audit?{}", wanted.finish())).await?;
    let people = names(&page).await?;
    let content = html! {
        (top(&page, &[], &words.say("admin-audit"), &html! {}))
        (filters(&page, &people))
        @if items(&list).is_empty() {
            (empty(&words.say("audit-none"), &words.say("audit-none-text"), &html! { a.button href="/admin/audit" { (words.say("filters-clear")) } }))
        } @else {
            section { div.scroll.trail tabindex="0" { table {
                thead { tr { @for head in ["audit-when", "audit-who", "audit-what", "audit-changes"] { th scope="col" { (words.say(head)) } } } }
                tbody { @for item in items(&list) { (row(&page, &people, item)) } }
            } } }
        }
        (next(&page, &list))
    };
    Ok(page.show(&words.say("admin-audit"), &content))
}

fn midnight(page: &Page, day: &str, more: u64) -> Option<String> {
    let day = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?.checked_add_days(Days::new(more))?;
    Some(civil::instant(page.zone, day.and_time(NaiveTime::MIN)).to_string())
}

fn filters(page: &Page, people: &BTreeMap<String, String>) -> Markup {
    let words = page.words();
    let actor = asked(page, "actor");
    let mut people: Vec<_> = people.iter().collect();
    people.sort_by_key(|(_, name)| name.to_lowercase());
    html! {
        form.filters method="get" action="/admin/audit" role="search" {
            div.field {
                label for="actor" { (words.say("audit-who")) }
                select #actor name="actor" {
                    option value="" { (words.say("filter-all")) }
                    @for kind in ["system", "nobody"] { option value=(kind) selected[actor == kind] { (words.value("actor", kind)) } }
                    @for (id, name) in people { option value=(id) selected[*id == actor] { (name) } }
                }
            }
            @for name in ["from", "until"] { div.field {
                label for=(name) { (words.say(&format!("audit-{name}"))) }
                input id=(name) type="date" name=(name) value=(asked(page, name));
            } }
            div.field.wide {
                label for="subject" { (words.say("audit-subject")) }
                input #subject name="subject" value=(asked(page, "subject")) placeholder=(words.say("audit-subject-help"));
            }
            button.plain type="submit" { (icon("search")) (words.say("filter-apply")) }
        }
    }
}

fn row(page: &Page, people: &BTreeMap<String, String>, item: &Value) -> Markup {
    let words = page.words();
    let actor = text(&item["actor"]);
    let who = people.get(actor).cloned().unwrap_or_else(|| words.value("actor", actor));
    let (kind, id) = text(&item["subject"]).split_once(' ').unwrap_or((text(&item["subject"]), ""));
    let subject = people.get(id).map(String::as_str).unwrap_or(id);
    html! { tr {
        td { (page.instant(&item["at"])) br; span.quietly { "№ " (item["number"].to_string()) } }
        td { (who) @if let Some(from) = item["from"].as_str() { br; span.quietly { (from) } } }
        td.why-cell { strong { (action(page, text(&item["action"]))) } br; span.quietly { (kind) " " (subject) } }
        td.changes { @for change in items(&item["changes"]) { (alteration(change)) } }
    } }
}

/// `user.added` in words.
fn action(page: &Page, action: &str) -> String {
    let words = page.words();
    let (thing, happened) = action.split_once('.').unwrap_or((action, ""));
    format!("{}: {}", words.value("audit", thing), words.value("audit-did", happened))
}

fn alteration(change: &Value) -> Markup {
    let value = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let (before, after) = (value(&change["before"]), value(&change["after"]));
    html! { div {
        span.quietly { (text(&change["what"])) ": " }
        @if !before.is_empty() { del { (before) } " " } (after)
    } }
}
