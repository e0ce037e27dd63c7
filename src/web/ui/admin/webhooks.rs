//! `/admin/webhooks`: other systems that are told what happens here, what they were sent, and sending it again.

use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::super::form::{Form, hidden};
use super::super::icons::icon;
use super::super::layout::{badge, empty};
use super::super::page::Page;
use super::super::words::Words;
use super::parts::{confirm, items, next, none, query, table, text, texts, top};
use crate::web::problem::Problem;

/// These pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_webhooks).service(get_new_webhook).service(get_webhook);
}

/// The list.
#[get("/admin/webhooks")]
pub async fn get_webhooks(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let list = page.get(&format!("/webhooks?{}", query(&page, &["cursor"]))).await?;
    let new = html! { a.button.main href="/admin/webhooks/new" { (icon("add")) (words.say("webhook-new")) } };
    let rows = html! { @for webhook in items(&list) { (row(&page, webhook)) } };
    let content = html! {
        (top(&page, &[], &words.say("admin-webhooks"), &new))
        @if items(&list).is_empty() {
            (empty(&words.say("webhooks-none"), &words.say("webhooks-none-text"), &new))
        } @else {
            (table(words, &["webhook-url", "webhook-topics", "state", "#webhook-held", "account-made"], &rows))
            (next(&page, &list))
        }
    };
    Ok(page.show(&words.say("admin-webhooks"), &content))
}

fn row(page: &Page, webhook: &Value) -> Markup {
    html! { tr {
        th scope="row" { a href={ "/admin/webhooks/" (text(&webhook["id"])) } { (text(&webhook["url"])) } }
        td { (topics(page.words(), webhook)) }
        td { (state(page.words(), webhook)) }
        td.number { (page.number(&webhook["held_back"])) }
        td { (page.ago(&webhook["created_at"])) }
    } }
}

fn topics(words: Words, webhook: &Value) -> Markup {
    let topics = texts(&webhook["topics"]);
    html! { @if topics.is_empty() { (words.say("webhook-everything")) } @else { span.tags { @for topic in topics { (badge("plain", topic)) } } } }
}

fn state(words: Words, webhook: &Value) -> Markup {
    match text(&webhook["state"]) {
        "active" => badge("good", &words.say("webhook-active")),
        _ => badge("bad", &words.say("webhook-stopped")),
    }
}

/// A webhook to be; its secret is shown here, this once.
#[get("/admin/webhooks/new")]
pub async fn get_new_webhook(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    // Asked first, so that whoever may not add one reads that at once.
    page.get("/webhooks?limit=1").await?;
    let form = Form::new(&page, "POST", "/webhooks").once();
    let content = html! {
        (top(&page, &[("/admin/webhooks", &words.say("admin-webhooks"))], &words.say("webhook-new"), &html! {}))
        @if let Some(made) = form.answer() {
            div.done role="status" tabindex="-1" { (words.say("webhook-secret")) code.secret { (text(&made["secret"])) } }
            section.middle {
                p { (words.say("webhook-made")) " " strong { (text(&made["url"])) } }
                a.button.main href={ "/admin/webhooks/" (text(&made["id"])) } { (words.say("webhook-open")) }
            }
        } @else {
            section.middle { (form.show("", &html! {
                (form.input("url", "url", &words.say("webhook-url"), "", Some(&words.say("webhook-url-help"))))
                (form.area("topics:lines", &words.say("webhook-topics"), "", 4, Some(&words.say("webhook-topics-help"))))
                button type="submit" { (words.say("webhook-add")) }
            })) }
        }
    };
    Ok(page.show(&words.say("webhook-new"), &content))
}

/// One webhook with what it was sent.
#[get("/admin/webhooks/{id}")]
pub async fn get_webhook(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let path = format!("/webhooks/{id}");
    let webhook = page.get(&path).await?;
    let history = page.get(&format!("{path}/deliveries")).await?;
    let replay = Form::new(&page, "POST", &format!("{path}/replay")).done("replayed");
    let remove = Form::new(&page, "DELETE", &path).then("/admin/webhooks").done("deleted");
    let rows = html! { @for sent in items(&history) { (delivery(&page, &replay, sent)) } };
    let address = text(&webhook["url"]);
    let content = html! {
        (top(&page, &[("/admin/webhooks", &words.say("admin-webhooks"))], address, &state(words, &webhook)))
        @if webhook["state"] == "stopped" { div.notice {
            strong { (words.say("webhook-stopped-text")) } " " (page.instant(&webhook["stopped_at"]))
            p { (text(&webhook["reason"])) }
            (again(&page, &replay, &webhook["cursor"], "webhook-restart"))
        } }
        div.with-side {
            div {
                h2 { (words.say("webhook-history")) }
                @if items(&history).is_empty() { (empty(&words.say("webhook-history-none"), &words.say("webhook-history-none-text"), &html! {})) }
                @else { (table(words, &["webhook-event", "state", "webhook-tried", "#delivery-attempts", "webhook-answer", "actions"], &rows)) }
            }
            aside aria-label=(words.say("webhook-replay")) {
                section { dl {
                    dt { (words.say("webhook-topics")) } dd { (topics(words, &webhook)) }
                    dt { (words.say("webhook-held")) } dd { (page.number(&webhook["held_back"])) }
                    dt { (words.say("account-made")) } dd { (page.instant(&webhook["created_at"])) }
                } }
                section {
                    h2 { (words.say("webhook-replay")) }
                    (replay.show("", &html! {
                        (replay.input("datetime-local", "from:local", &words.say("webhook-from"), "", Some(&words.say("webhook-from-help"))))
                        button.plain type="submit" { (words.say("webhook-again")) }
                    }))
                }
                section { (confirm(&remove, &words.say("webhook-delete"), &words.say("webhook-delete-ask"))) }
            }
        }
    };
    Ok(page.show(address, &content))
}

fn again(page: &Page, replay: &Form, cursor: &Value, label: &str) -> Markup {
    replay.show("inline", &html! { (hidden("from", text(cursor))) button.quiet type="submit" { (page.say(label)) } })
}

fn delivery(page: &Page, replay: &Form, sent: &Value) -> Markup {
    let words = page.words();
    let is_held = sent["state"] == "held";
    html! { tr {
        th scope="row" { (text(&sent["type"])) }
        td {
            (badge(if is_held { "bad" } else { "good" }, &words.say(if is_held { "webhook-waits" } else { "webhook-taken" })))
            @if is_held { br; span.quietly { (page.instant(&sent["next_attempt_at"])) } }
        }
        td { (page.instant(&sent["at"])) }
        td.number { (page.number(&sent["attempts"])) }
        td.why-cell { @if let Some(status) = sent["status"].as_u64() { (status) " " } @else if sent["error"].is_null() { (none()) } (text(&sent["error"])) }
        td.last { (again(page, replay, &sent["cursor"], "webhook-from-here")) }
    } }
}
