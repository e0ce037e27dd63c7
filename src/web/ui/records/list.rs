//! The list of records: by name, type, state, owner, and whether a sequence is at work on them.

use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::kinds::Kinds;
use super::people::People;
use crate::web::problem::Problem;
use crate::web::ui::icons::icon;
use crate::web::ui::layout::{badge, empty, heading, more};
use crate::web::ui::page::Page;
use crate::web::ui::query::Asked;
use crate::web::ui::sequences::text;
use crate::web::ui::words::Words;

/// What the list can be asked for.
const FILTERS: [&str; 5] = ["q", "type", "state", "owner", "sequence"];

/// The list.
#[get("/records")]
pub async fn get_records(page: Page) -> Result<HttpResponse, Problem> {
    let (words, asked) = (page.words(), Asked::of(&page));
    let mut names = FILTERS.to_vec();
    names.push("cursor");
    let list = page.get(&format!("/records?{}", asked.only(&names))).await?;
    let (kinds, people) = (Kinds::of(&page).await?, People::of(&page).await?);
    let rows = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let create = html! { a.button.main href="/records/new" { (icon("add")) (words.say("record-new")) } };
    let import = html! { a.button href="/imports/new" { (icon("upload")) (words.say("import-title")) } };
    let is_first = !asked.has_any(&["cursor"]);
    let content = html! {
        (heading(&words.say("nav-records"), &html! { (create) (import) }))
        (filters(&page, &asked, &kinds, &people))
        @if rows.is_empty() && is_first && !asked.has_any(&FILTERS) {
            (empty(&words.say("records-none"), &words.say("records-none-text"), &html! { (create) (import) }))
        } @else if rows.is_empty() && list["next_cursor"].is_null() {
            (empty(&words.say("records-nothing"), &words.say("records-nothing-text"),
                &html! { a.button href="/records" { (words.say("filters-clear")) } }))
        } @else {
            form method="get" action="/connect" {
                section { (table(&page, rows, &kinds, &people)) }
                div.actions.picked { button.plain type="submit" { (icon("sequence")) (words.say("records-connect")) } }
            }
            (more(words, &page.look.path, list["next_cursor"].as_str()))
        }
    };
    Ok(page.show(&words.say("nav-records"), &content))
}

fn filters(page: &Page, asked: &Asked, kinds: &Kinds, people: &People) -> Markup {
    let words = page.words();
    let all = words.say("filter-all");
    let choice = |name: &str, label: &str, options: &[(String, String)]| {
        html! {
            div.field {
                label for={ "filter-" (name) } { (words.say(label)) }
                select id={ "filter-" (name) } name=(name) {
                    option value="" { (all) }
                    @for (value, text) in options { option value=(value) selected[asked.get(name) == value] { (text) } }
                }
            }
        }
    };
    let said = |value: &str, key: &str| (value.to_owned(), words.say(key));
    let owners: Vec<_> = people.users().into_iter().chain(people.teams()).collect();
    html! {
        form.filters.tight method="get" action="/records" role="search" {
            div.field.wide {
                label for="filter-q" { (words.say("search")) }
                input id="filter-q" type="search" name="q" value=(asked.get("q")) placeholder=(words.say("records-search"));
            }
            div.field {
                label for="filter-type" { (words.say("record-type")) }
                (kinds.select("filter-type", "type", asked.get("type"), Some(&all)))
            }
            (choice("state", "record-state", &[said("active", "record-state-active"), said("inactive", "record-state-inactive")]))
            (choice("owner", "record-owner", &owners))
            (choice("sequence", "record-sequences", &[said("none", "record-sequences-none")]))
            button.plain type="submit" { (icon("search")) (words.say("filter-apply")) }
        }
    }
}

fn table(page: &Page, rows: &[Value], kinds: &Kinds, people: &People) -> Markup {
    let words = page.words();
    html! {
        div.scroll { table {
            thead { tr {
                th scope="col" {
                    span.hidden { (words.say("connected-choose")) }
                    input type="checkbox" data-all="record" data-with-script="" hidden aria-label=(words.say("connected-choose-all"));
                }
                th scope="col" { (words.say("name")) }
                th scope="col" { (words.say("record-type")) }
                th scope="col" { (words.say("record-sequences")) }
                th.roomy scope="col" { (words.say("record-owner")) }
                th.number.roomy scope="col" { (words.say("property-score")) }
                th.roomy scope="col" { (words.say("record-modified")) }
            } }
            tbody { @for record in rows { (row(page, record, kinds, people)) } }
        } }
    }
}

fn row(page: &Page, record: &Value, kinds: &Kinds, people: &People) -> Markup {
    let sequences = record["sequences"].as_array().into_iter().flatten();
    let company = record["fields"]["company"].as_str().or(record["fields"]["account"].as_str());
    let company = company.filter(|company| !text(&record["name"]).contains(company));
    let name = text(&record["name"]);
    html! { tr {
        td { input type="checkbox" name="record" value=(text(&record["id"])) disabled[record["state"] == "inactive"]
            aria-label=(page.words().fill("connected-choose-one", &[("name", name)])); }
        th scope="row" {
            a href={ "/records/" (text(&record["id"])) } { (text(&record["name"])) }
            @if let Some(company) = company { div.under { (company) } }
        }
        td { (kinds.label(text(&record["type"]))) @if record["state"] == "inactive" { " " (state(page.words(), record)) } }
        td { @for sequence in sequences { div { a href={ "/sequences/" (text(&sequence["id"])) } { (text(&sequence["name"])) } } } }
        td.roomy { (people.name(&record["owner"])) }
        td.number.roomy { @if record["score"].is_number() { (page.number(&record["score"])) } }
        td.roomy { (page.ago(&record["modified_at"])) }
    } }
}

/// Open, or how it was closed.
pub fn state(words: Words, record: &Value) -> Markup {
    match (text(&record["state"]), text(&record["outcome"])) {
        ("inactive", "success") => badge("good", &words.say("record-outcome-success")),
        ("inactive", "failure") => badge("bad", &words.say("record-outcome-failure")),
        ("inactive", _) => badge("plain", &words.say("record-state-inactive")),
        _ => badge("good", &words.say("record-state-active")),
    }
}
