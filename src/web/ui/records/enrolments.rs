//! The sequences that a record goes through and went through: how far, what it waits for, in and out.

use maud::{Markup, html};
use serde_json::Value;

use super::people::People;
use super::told::{detail, told};
use crate::web::problem::Problem;
use crate::web::ui::form::Form;
use crate::web::ui::icons::icon;
use crate::web::ui::layout::badge;
use crate::web::ui::page::Page;
use crate::web::ui::sequences::text;
use crate::web::ui::words::Words;

/// Every enrolment, and the way into another sequence.
pub async fn show(page: &Page, record: &Value, people: &People) -> Result<Markup, Problem> {
    let (id, kind) = (text(&record["id"]), text(&record["type"]));
    let list = page.get(&format!("/records/{id}/enrolments")).await?;
    let all = list["items"].as_array().cloned().unwrap_or_default();
    let (live, ended): (Vec<Value>, Vec<Value>) =
        all.into_iter().partition(|enrolment| is_live(text(&enrolment["status"])));
    let mut rows = Vec::new();
    for enrolment in &live {
        let why = page.get(&format!("/enrolments/{}/explain", text(&enrolment["id"]))).await?;
        rows.push(row(page, enrolment, people, Some(&why)));
    }
    let active = page
        .get(&format!("/sequences?status=active,revision&record_type={kind}&sort=name&counts=false&limit=500"))
        .await?;
    let of_live = |sequence: &Value| live.iter().any(|enrolment| enrolment["sequence"] == sequence["id"]);
    let active = active["items"].as_array().into_iter().flatten().filter(|sequence| !of_live(sequence));
    Ok(html! {
        section #sequences {
            h2 { (page.say("record-sequences")) }
            @if live.is_empty() && ended.is_empty() { p.quietly { (page.say("enrolments-none")) } }
            @for row in &rows { (row) }
            @if !ended.is_empty() {
                details #ended open[live.is_empty()] {
                    summary { (page.words().count("enrolments-ended", ended.len() as i64)) }
                    @for enrolment in &ended { (row(page, enrolment, people, None)) }
                }
            }
            (connect(page, record, &active.collect::<Vec<_>>()))
        }
    })
}

/// Whether it goes on.
pub fn is_live(status: &str) -> bool {
    matches!(status, "connecting" | "connected")
}

/// The status of an enrolment, in word and colour.
pub fn status(words: Words, status: &str) -> Markup {
    let kind = match status {
        "connected" => "good",
        "connecting" => "waiting",
        "error" => "bad",
        _ => "plain",
    };
    badge(kind, &words.value("enrolment", status))
}

/// How many steps of how many, as a bar with words.
pub fn progress(page: &Page, enrolment: &Value) -> Markup {
    let (done, total) = (enrolment["steps_done"].as_i64().unwrap_or(0), enrolment["steps_total"].as_i64().unwrap_or(0));
    let said = page.words().fill("enrolment-steps", &[("done", &done.to_string()), ("total", &total.to_string())]);
    html! { div.progress { progress max=(total.max(1)) value=(done) aria-label=(said) {} span.quietly { (said) } } }
}

fn row(page: &Page, enrolment: &Value, people: &People, why: Option<&Value>) -> Markup {
    let words = page.words();
    let id = text(&enrolment["id"]);
    html! {
        article.enrolment {
            div.row {
                h3 { a href={ "/sequences/" (text(&enrolment["sequence"])) } { (text(&enrolment["sequence_name"])) } }
                (status(words, text(&enrolment["status"])))
                span.quietly { (words.fill("enrolment-version", &[("n", &enrolment["version"].to_string())])) }
            }
            (progress(page, enrolment))
            @if let Some(why) = why {
                p.waits { (told(page, &format!("waits-{}", text(&why["waiting_for"]["kind"])), text(&why["waiting_for"]["detail"]))) }
                @for block in why["blocked_by"].as_array().into_iter().flatten() {
                    p.warning { (icon("warning")) " " (told(page, &format!("blocked-{}", text(&block["kind"])), text(&block["detail"]))) }
                }
            }
            @if let Some(reason) = enrolment["reason"].as_str() { p.waits { (words.value("ended", reason)) } }
            p.quietly {
                (words.say("enrolment-since")) " " (page.instant(&enrolment["connected_at"])) " · " (people.name(&enrolment["connected_by"]))
                @if let Some(source) = enrolment["source"].as_str() { " · " (source) }
                @if enrolment["ended_at"].is_string() { " · " (words.say("enrolment-until")) " " (page.instant(&enrolment["ended_at"])) }
            }
            div.row {
                a.button.quiet href={ "/records/" (text(&enrolment["record"])) "/why/" (id) } { (words.say(if why.is_some() { "why-link" } else { "why-link-ended" })) }
                @if why.is_some() {
                    details.menu {
                        summary { (words.say("disconnect-menu")) }
                        div {
                            p { (words.say("disconnect-text")) }
                            (Form::new(page, "POST", &format!("/enrolments/{id}/disconnect")).done("disconnected").button("danger", &words.say("disconnect-do")))
                        }
                    }
                }
            }
        }
    }
}

fn connect(page: &Page, record: &Value, sequences: &[&Value]) -> Markup {
    let words = page.words();
    html! {
        @if record["state"] != "active" { p.quietly { (words.say("connect-closed")) } }
        @else if sequences.is_empty() { p.quietly { (words.say("connect-no-sequence")) " " a href="/sequences" { (words.say("nav-sequences")) } } }
        @else {
            form.filters.connect method="post" action={ "/records/" (text(&record["id"])) "/connect" } {
                div.field.wide {
                    label for="connect-sequence" { (words.say("connect-to")) }
                    select #connect-sequence name="sequence" {
                        @for sequence in sequences { option value=(text(&sequence["id"])) { (text(&sequence["name"])) } }
                    }
                }
                div.field {
                    label for="connect-days" { (words.say("connect-wait")) }
                    input #connect-days type="number" name="days" min="0" max="30" value="0";
                }
                button type="submit" { (words.say("connect-do")) }
            }
        }
    }
}

/// Why an enrolment stands where it stands, in plain words.
pub fn explained(page: &Page, why: &Value) -> Markup {
    let words = page.words();
    let waiting = &why["waiting_for"];
    html! {
        section {
            h2 { (words.value("why-now", text(&waiting["kind"]))) }
            p { (detail(page, text(&waiting["detail"]))) }
            @if why["next_at"].is_string() { p { (words.say("why-next")) " " strong { (page.instant(&why["next_at"])) } "." } }
            @else if is_live(text(&why["status"])) { p { (words.say("why-never")) } }
            @for block in why["blocked_by"].as_array().into_iter().flatten() {
                div.warning { (icon("warning")) " " (told(page, &format!("blocked-{}", text(&block["kind"])), text(&block["detail"]))) }
            }
        }
        section {
            h2 { (words.say("why-how")) }
            ol.plain.timeline {
                @for cause in why["causes"].as_array().into_iter().flatten() {
                    li { span.when { (page.instant(&cause["at"])) } div { (told(page, text(&cause["kind"]), text(&cause["detail"]))) } }
                }
            }
        }
    }
}
