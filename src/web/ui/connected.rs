//! `/sequences/{id}/connected`: the records that go through a sequence, or went.

pub mod choose;
mod outcome;
mod picker;

use actix_web::http::Method;
use actix_web::web::{Form as Fields, Path, ServiceConfig};
use actix_web::{HttpResponse, get, post};
use maud::{Markup, html};
use serde_json::{Value, json};

use self::outcome::Outcome;
use super::chart::picture;
use super::form;
use super::icons::icon;
use super::inside::{Sent, problem_in};
use super::layout::{empty, more, with_query};
use super::page::Page;
use super::query::Asked;
use super::records::enrolments::{is_live, progress, status};
use super::records::people::People;
use super::sequence::Sequence;
use super::sequences::text;
use crate::web::problem::Problem;

/// What the list is filtered by: the statuses of an enrolment, in the order of its life.
const STATUSES: [&str; 5] = ["connecting", "connected", "completed", "disconnected", "error"];

/// The list.
#[get("/sequences/{id}/connected")]
pub async fn get_connected(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (words, asked) = (page.words(), Asked::of(&page));
    let sequence = page.get(&format!("/sequences/{id}")).await?;
    let list = page.get(&format!("/sequences/{id}/enrolments?{}", asked.only(&["status", "cursor"]))).await?;
    let people = People::of(&page).await?;
    let rows = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let (connect, nothing) = (connect_link(&page, &sequence), html! {});
    // Nothing there yet, and nothing to filter: the way to the first ones stands in the middle.
    let is_first = rows.is_empty() && list["next_cursor"].is_null() && !asked.has_any(&["status", "cursor"]);
    let content = html! {
        (head(&page, &sequence, if is_first { &nothing } else { &connect }))
        @if !is_first { (filter(&page, &asked)) }
        @if rows.is_empty() && list["next_cursor"].is_null() {
            @if !is_first {
                (empty(&words.say("connected-nothing"), &words.say("connected-nothing-text"),
                    &html! { a.button href=(address(&sequence)) { (words.say("filters-clear")) } }))
            } @else {
                (empty(&words.say("connected-none"), &words.say("connected-none-text"), &connect))
            }
        } @else {
            (table(&page, &sequence, rows, &people))
            (more(words, &page.look.path, list["next_cursor"].as_str()))
        }
    };
    Ok(page.show(text(&sequence["name"]), &content))
}

fn address(sequence: &Value) -> String {
    format!("/sequences/{}/connected", text(&sequence["id"]))
}

/// Whether records can be connected to it now.
fn takes_records(sequence: &Value) -> bool {
    matches!(text(&sequence["status"]), "active" | "revision")
}

/// The way to the record picker; with a reason where a sequence takes no records.
fn connect_link(page: &Page, sequence: &Value) -> Markup {
    html! {
        @if takes_records(sequence) {
            a.button.main href={ "/sequences/" (text(&sequence["id"])) "/connect" } { (icon("add")) (page.say("connected-connect")) }
        } @else {
            button type="button" disabled aria-describedby="connect-why" { (icon("add")) (page.say("connected-connect")) }
            span.help #connect-why { (page.say("connected-inactive")) }
        }
    }
}

/// Name, status and the pages of a sequence.
fn head(page: &Page, sequence: &Value, actions: &Markup) -> Markup {
    html! { (Sequence::of(sequence.clone(), None).head(page, "connected")) div.actions.toolbar { (actions) } }
}

fn filter(page: &Page, asked: &Asked) -> Markup {
    let words = page.words();
    let link = |value: &str, label: &str| {
        let is_here = asked.get("status") == value;
        html! { a href=(with_query(&page.look.path, &[("status", value)])) aria-current=[is_here.then_some("true")] { (label) } }
    };
    html! {
        nav.segments aria-label=(words.say("column-status")) {
            (link("", &words.say("filter-all")))
            @for value in STATUSES { (link(value, &words.value("enrolment", value))) }
        }
    }
}

fn table(page: &Page, sequence: &Value, rows: &[Value], people: &People) -> Markup {
    let words = page.words();
    let has_live = rows.iter().any(|row| is_live(text(&row["status"])));
    html! {
        form method="post" action={ "/sequences/" (text(&sequence["id"])) "/disconnect" }
            data-live="/api/v1/stream" data-about=(text(&sequence["id"])) {
            section { div.scroll { table {
                thead { tr {
                    @if has_live { th scope="col" {
                        span.hidden { (words.say("connected-choose")) }
                        input type="checkbox" data-all="enrolment" data-with-script="" hidden aria-label=(words.say("connected-choose-all"));
                    } }
                    th scope="col" { (words.say("connected-record")) }
                    th scope="col" { (words.say("column-status")) }
                    th scope="col" { (words.say("connected-progress")) }
                    th scope="col" { (words.say("connected-step")) }
                    th.number.roomy scope="col" { (words.say("connected-days")) }
                    th.roomy scope="col" { (words.say("connected-assignee")) }
                    th.number.roomy scope="col" { (words.say("column-version")) }
                } }
                tbody { @for item in rows { (row(page, item, people, has_live)) } }
            } } }
            @if has_live {
                details.menu.button-like.up {
                    summary { (words.say("disconnect-menu")) }
                    div { p { (words.say("connected-disconnect-text")) } button.danger type="submit" { (words.say("disconnect-do")) } }
                }
            }
        }
    }
}

fn row(page: &Page, item: &Value, people: &People, has_live: bool) -> Markup {
    let words = page.words();
    let (name, step) = (text(&item["record_name"]), &item["current_step"]);
    let kind = text(&step["type"]);
    html! { tr {
        @if has_live { td { @if is_live(text(&item["status"])) {
            input type="checkbox" name="enrolment" value=(text(&item["enrolment"])) aria-label=(words.fill("connected-choose-one", &[("name", name)]));
        } } }
        th scope="row" { a href={ "/records/" (text(&item["record"])) } { (name) } }
        td { (status(words, text(&item["status"]))) @if let Some(reason) = item["reason"].as_str() { div.under { (words.value("ended", reason)) } } }
        td.bar { (progress(page, item)) }
        td.step { @if step.is_object() {
            (icon(picture(kind))) " "
            @match text(&step["name"]) { "" => (words.value("next-kind", kind)), name => (name) }
            " " a.under href={ "/records/" (text(&item["record"])) "/why/" (text(&item["enrolment"])) } { (words.say("connected-why")) }
        } }
        td.number.roomy { @if item["days_in_step"].is_number() { (page.number(&item["days_in_step"])) } }
        td.roomy { (people.name(&item["assignee"])) }
        td.number.roomy { (page.number(&item["version"])) }
    } }
}

/// Takes the chosen records out, one by one.
#[post("/sequences/{id}/disconnect")]
pub async fn post_disconnect(
    page: Page,
    id: Path<String>,
    fields: Fields<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let mut outcomes = Vec::new();
    for (_, enrolment) in fields.into_inner().into_iter().filter(|(name, _)| name == "enrolment") {
        let path = format!("/enrolments/{enrolment}");
        let record = page.find(&path).await?.map(|enrolment| text(&enrolment["record"]).to_owned());
        let sent = Sent { body: Some(json!({})), ..Sent::default() };
        let answer = page.send(Method::POST, &format!("{path}/disconnect"), sent).await;
        outcomes.push(Outcome { record: record.unwrap_or_default(), refused: answer.err() });
    }
    outcome::show(page, &id, outcomes, "disconnected").await
}

/// Connects the chosen records with one request.
#[post("/sequences/{id}/connect")]
pub async fn post_connect(
    page: Page,
    id: Path<String>,
    fields: Fields<Vec<(String, String)>>,
) -> Result<HttpResponse, Problem> {
    let fields = fields.into_inner();
    let records: Vec<&str> = fields.iter().filter(|(name, _)| name == "record").map(|(_, id)| id.as_str()).collect();
    if records.is_empty() {
        return Ok(form::lead_to(&with_query(&page.look.path, &[("chosen", "none")])));
    }
    let mut body = json!({ "records": records });
    let days = fields.iter().find(|(name, _)| name == "days").and_then(|(_, days)| days.trim().parse::<i64>().ok());
    if let Some(days) = days.filter(|days| *days != 0) {
        body["wait"] = json!({ "days": days });
    }
    let sent = Sent { body: Some(body), ..Sent::default() };
    let answer = page.send(Method::POST, &format!("/sequences/{id}/enrolments"), sent).await?;
    let results = answer["results"].as_array().into_iter().flatten().map(|result| Outcome {
        record: text(&result["record"]).to_owned(),
        refused: result["error"].is_object().then(|| problem_in(&result["error"])),
    });
    let outcomes = results.collect();
    page.drawings().waited(page.visitor.principal.user(), &id);
    outcome::show(page, &id, outcomes, "connected").await
}

/// This area's pages.
pub fn pages(config: &mut ServiceConfig) {
    config
        .service(choose::get_connect)
        .service(get_connected)
        .service(post_disconnect)
        .service(picker::get_picker)
        .service(post_connect);
}
