//! `/my-sequences`: the sequences that somebody made for themselves (Q-100…Q-103), and what colleagues may do with them.

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::account::head;
use super::icons::icon;
use super::layout::{empty, more, scroll};
use super::page::Page;
use super::query::{Asked, query};
use super::sequences::{status, text};
use crate::web::problem::Problem;

/// This page.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_my_sequences);
}

/// One's own, the last changed first.
#[get("/my-sequences")]
pub async fn get_my_sequences(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let asked = Asked::of(&page);
    let me = page.visitor.principal.user().to_string();
    let pairs = [("owner", &*me), ("cursor", asked.get("cursor"))];
    let list =
        page.get(&format!("/sequences?{}", query(pairs.into_iter().filter(|(_, value)| !value.is_empty())))).await?;
    let rows = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let create = html! { a.button.main href="/sequences/new" { (icon("add")) (words.say("sequence-new")) } };
    let content = html! {
        (head(&page, "/my-sequences"))
        @if rows.is_empty() {
            (empty(&words.say("mine-none"), &words.say("mine-none-text"), &create))
        } @else {
            div.row.toolbar { (create) a.button href="/sequences" { (words.say("mine-all")) } }
            section { (scroll(&words.say("account-tab-sequences"), &table(&page, rows))) }
            (more(words, &page.look.path, list["next_cursor"].as_str()))
        }
        p.help.spaced { (words.say("mine-text")) }
    };
    Ok(page.show(&words.say("account-tab-sequences"), &content))
}

fn table(page: &Page, rows: &[Value]) -> Markup {
    let words = page.words();
    html! { table {
        thead { tr {
            th scope="col" { (words.say("column-name")) } th scope="col" { (words.say("column-status")) }
            th scope="col" { (words.say("column-record-type")) }
            th.number scope="col" { (words.say("column-step-count")) } th.number scope="col" { (words.say("column-connected-count")) }
            th.roomy scope="col" { (words.say("column-modified-at")) }
        } }
        tbody { @for row in rows { tr {
            th scope="row" { a href={ "/sequences/" (text(&row["id"])) } { (text(&row["name"])) } }
            td { (status(words, row)) }
            td { (words.value("type", text(&row["record_type"]))) }
            td.number { (page.number(&row["step_count"])) }
            td.number { (page.number(&row["connected_count"])) }
            td.roomy { (page.ago(&row["modified_at"])) }
        } } }
    } }
}
