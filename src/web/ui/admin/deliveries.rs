//! `/admin/deliveries`: every message on its way out, and settling those of which nobody knows (D-58).

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::super::form::{Form, hidden};
use super::super::layout::{badge, empty};
use super::super::page::Page;
use super::parts::{asked, items, next, none, query, table, tabs, text, top};
use crate::web::problem::Problem;

/// This page.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_deliveries);
}

const STATES: [&str; 6] = ["unknown", "owed", "claimed", "sent", "failed", "skipped"];

/// The list, by state.
#[get("/admin/deliveries")]
pub async fn get_deliveries(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let list = page.get(&format!("/deliveries?{}", query(&page, &["state", "cursor"]))).await?;
    let mut rows = Vec::new();
    for delivery in items(&list) {
        let record = page.find(&format!("/records/{}", text(&delivery["record"]))).await?.unwrap_or_default();
        rows.push(row(&page, delivery, &record));
    }
    let all = [("", words.say("filter-all"))];
    let states: Vec<_> = all.into_iter().chain(STATES.map(|state| (state, words.value("delivery", state)))).collect();
    let is_unknown = asked(&page, "state") == "unknown";
    let content = html! {
        (top(&page, &[], &words.say("admin-deliveries"), &html! {}))
        (tabs(&page, "/admin/deliveries", "state", &states))
        @if is_unknown { p.help { (words.say("deliveries-unknown-text")) } }
        @if rows.is_empty() {
            (empty(&words.say("deliveries-none"), &words.say(if is_unknown { "deliveries-no-unknown" } else { "deliveries-none-text" }), &html! {}))
        } @else {
            (table(words, &["type-record", "delivery-channel", "state", "#delivery-failures", "delivery-then", "delivery-why", "actions"],
                &html! { @for row in rows { (row) } }))
        }
        (next(&page, &list))
    };
    Ok(page.show(&words.say("admin-deliveries"), &content))
}

fn row(page: &Page, delivery: &Value, record: &Value) -> Markup {
    let words = page.words();
    let state = text(&delivery["state"]);
    let kind = match state {
        "sent" => "good",
        "unknown" | "failed" => "bad",
        "owed" | "claimed" => "waiting",
        _ => "plain",
    };
    let at = if delivery["next_attempt_at"].is_null() { &delivery["settles_at"] } else { &delivery["next_attempt_at"] };
    let to = if delivery["to"].is_null() { &record["email"] } else { &delivery["to"] };
    html! { tr {
        th scope="row" {
            a href={ "/records/" (text(&delivery["record"])) } { (text(&record["name"])) }
            br; span.quietly { (text(to)) }
        }
        td { (words.value("way", text(&delivery["channel"]))) }
        td {
            (badge(kind, &words.value("delivery", state)))
            @if let Some(arrived) = delivery["arrived"].as_bool() { " " (badge(if arrived { "good" } else { "bad" }, &words.say(if arrived { "delivery-arrived" } else { "delivery-lost" }))) }
        }
        td.number { (page.number(&delivery["attempts"])) }
        td { @if at.is_null() { (none()) } @else { (page.instant(at)) } }
        td.why-cell {
            @if let Some(held) = delivery["held_by"].as_str() { (words.value("brake", held)) " " }
            (text(&delivery["last_error"]))
        }
        td.last { @if state == "unknown" { (settle(page, text(&delivery["id"]))) } }
    } }
}

/// What a person knows of it.
fn settle(page: &Page, id: &str) -> Markup {
    let form = Form::new(page, "POST", &format!("/deliveries/{id}/settle")).done("settled");
    html! {
        span.row.settle { @for (as_what, class) in [("sent", "plain"), ("resend", "plain"), ("failed", "danger")] {
            (form.show("inline", &html! { (hidden("as", as_what)) button.(class) type="submit" { (page.say(&format!("settle-{as_what}"))) } }))
        } }
    }
}
