//! The record picker: search records of a sequence's type, tick some, connect them.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::choose::{ids, records};
use super::{address, takes_records};
use crate::web::problem::Problem;
use crate::web::ui::icons::icon;
use crate::web::ui::layout::{empty, heading, more, notice, with_query};
use crate::web::ui::page::Page;
use crate::web::ui::query::{Asked, query};
use crate::web::ui::records::people::People;
use crate::web::ui::sequences::text;

/// The page.
#[get("/sequences/{id}/connect")]
pub async fn get_picker(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (words, asked) = (page.words(), Asked::of(&page));
    let sequence = page.get(&format!("/sequences/{id}")).await?;
    let kind = text(&sequence["record_type"]);
    let pairs = [
        ("type", kind),
        ("state", "active"),
        ("q", asked.get("q")),
        ("sequence", asked.get("sequence")),
        ("cursor", asked.get("cursor")),
    ];
    let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    // Those that were chosen before, or whatever is looked for.
    let named = ids(asked.get("records"));
    let list = match named.is_empty() {
        true => page.get(&format!("/records?{}", query(given))).await?,
        false => json!({ "items": records(&page, &named).await? }),
    };
    let people = People::of(&page).await?;
    let rows = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_active = takes_records(&sequence);
    let title = words.fill("picker-title", &[("name", text(&sequence["name"]))]);
    let content = html! {
        p.crumbs { a href="/sequences" { (words.say("nav-sequences")) } " / " a href=(address(&sequence)) { (text(&sequence["name"])) } }
        (heading(&title, &html! {}))
        @if asked.get("chosen") == "none" { (notice(Some(&words.say("picker-none-chosen")))) }
        @if !is_active { p.warning { (icon("warning")) " " (words.say("connected-inactive")) } }
        @if named.is_empty() { (search(&page, &asked, &id)) }
        @else { p { a href={ "/sequences/" (id) "/connect" } { (words.say("picker-others")) } } }
        @if rows.is_empty() && list["next_cursor"].is_null() {
            (empty(&words.say("picker-nothing"), &words.say("picker-nothing-text"), &html! {
                a.button href={ "/records/new?type=" (kind) } { (words.say("record-new")) }
                a.button href="/imports/new" { (words.say("import-title")) }
            }))
        } @else {
            form method="post" action=(with_query(&page.look.path, &[("chosen", "")])) {
                section { div.scroll { table {
                    thead { tr {
                        th scope="col" {
                            span.hidden { (words.say("connected-choose")) }
                            input type="checkbox" data-all="record" data-with-script="" hidden aria-label=(words.say("connected-choose-all"));
                        }
                        th scope="col" { (words.say("connected-record")) }
                        th.roomy scope="col" { (words.say("property-email")) }
                        th scope="col" { (words.say("record-sequences")) }
                        th.roomy scope="col" { (words.say("record-owner")) }
                        th.number.roomy scope="col" { (words.say("property-score")) }
                    } }
                    tbody { @for record in rows { (row(&page, record, (&id, !named.is_empty()), &people)) } }
                } } }
                (more(words, &page.look.path, list["next_cursor"].as_str()))
                div.filters.picked {
                    div.field {
                        label for="picker-days" { (words.say("connect-wait")) }
                        input #picker-days type="number" name="days" min="0" max="30" value="0";
                    }
                    button type="submit" disabled[!is_active] { (words.say("picker-do")) }
                }
            }
        }
    };
    Ok(page.show(&title, &content))
}

fn search(page: &Page, asked: &Asked, id: &str) -> Markup {
    let words = page.words();
    html! {
        form.filters method="get" action={ "/sequences/" (id) "/connect" } role="search" {
            div.field.wide {
                label for="picker-q" { (words.say("search")) }
                input id="picker-q" type="search" name="q" value=(asked.get("q")) placeholder=(words.say("records-search"));
            }
            div.field {
                label for="picker-sequence" { (words.say("record-sequences")) }
                select id="picker-sequence" name="sequence" {
                    option value="" { (words.say("filter-all")) }
                    option value="none" selected[asked.get("sequence") == "none"] { (words.say("record-sequences-none")) }
                }
            }
            button.plain type="submit" { (icon("search")) (words.say("filter-apply")) }
        }
    }
}

fn row(page: &Page, record: &Value, (sequence, is_chosen): (&str, bool), people: &People) -> Markup {
    let words = page.words();
    let name = text(&record["name"]);
    let through = || record["sequences"].as_array().into_iter().flatten();
    let is_in = through().any(|live| live["id"] == sequence);
    html! { tr {
        td { input type="checkbox" name="record" value=(text(&record["id"])) disabled[is_in] checked[is_chosen && !is_in]
            aria-label=(words.fill("connected-choose-one", &[("name", name)])); }
        th scope="row" {
            a href={ "/records/" (text(&record["id"])) } { (name) }
            @if let Some(company) = record["fields"]["company"].as_str() { div.under { (company) } }
        }
        td.roomy { (text(&record["email"]))
            @if record["email"].is_null() { span.quietly { (words.say("picker-no-email")) } }
            @else if record["allow_email"] == false { div.under { (words.say("picker-no-consent")) } } }
        td { @for live in through() { div { (text(&live["name"])) @if live["id"] == sequence { " – " (words.say("picker-already")) } } } }
        td.roomy { (people.name(&record["owner"])) }
        td.number.roomy { @if record["score"].is_number() { (page.number(&record["score"])) } }
    } }
}
