//! `/admin/text-gateways`: the providers that text messages leave through, each by the request that it wants.

mod fields;

use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use self::fields::Fields;
use super::super::form::Form;
use super::super::icons::icon;
use super::super::layout::{badge, empty};
use super::super::page::Page;
use super::super::words::Words;
use super::mailboxes::verdict;
use super::parts::{confirm, items, next, none, owner_name, owners, query, table, text, top};
use crate::web::problem::Problem;

/// These pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_gateways).service(get_new_gateway).service(get_gateway);
}

/// The list.
#[get("/admin/text-gateways")]
pub async fn get_gateways(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let list = page.get(&format!("/text-gateways?{}", query(&page, &["cursor"]))).await?;
    let owners = owners(&page, "owner-everybody").await?;
    let new = html! { a.button.main href="/admin/text-gateways/new" { (icon("add")) (words.say("gateway-new")) } };
    let rows = html! { @for gateway in items(&list) { (row(words, &owners, gateway)) } };
    let content = html! {
        (top(&page, &[], &words.say("admin-text-gateways"), &new))
        @if items(&list).is_empty() {
            (empty(&words.say("gateways-none"), &words.say("gateways-none-text"), &new))
        } @else {
            (table(words, &["name", "gateway-from", "owner", "gateway-url", "gateway-repeats"], &rows))
            (next(&page, &list))
        }
    };
    Ok(page.show(&words.say("admin-text-gateways"), &content))
}

fn row(words: Words, owners: &[(String, String)], gateway: &Value) -> Markup {
    let from = text(&gateway["from"]);
    html! { tr {
        th scope="row" { a href={ "/admin/text-gateways/" (text(&gateway["id"])) } { (text(&gateway["name"])) } }
        td { @if from.is_empty() { (none()) } @else { (from) } }
        td { (owner_name(owners, &gateway["owner"])) }
        td { (text(&gateway["request"]["url"])) }
        td { (badge("plain", &words.value("gateway-repeats", text(&gateway["repeats"])))) }
    } }
}

/// What a new one begins with: the shape that most providers want.
fn example() -> Value {
    json!({
        "name": "", "owner": null, "repeats": "blind",
        "request": {
            "method": "POST", "url": "", "query": {}, "headers": {},
            "json": { "to": "{{ to }}", "from": "{{ from }}", "text": "{{ body }}", "reference": "{{ id }}" },
        },
        "authentication": { "type": "bearer" },
        "answer": {}, "receipts": null, "incoming": null, "callback_signature": null,
    })
}

/// A gateway to be.
#[get("/admin/text-gateways/new")]
pub async fn get_new_gateway(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    // Asked first, so that whoever may not add one reads that at once.
    page.get("/text-gateways?limit=1").await?;
    let owners = owners(&page, "owner-everybody").await?;
    let form = Form::new(&page, "POST", "/text-gateways").then("/admin/text-gateways/{id}").done("gateway");
    let content = html! {
        (top(&page, &[("/admin/text-gateways", &words.say("admin-text-gateways"))], &words.say("gateway-new"), &html! {}))
        section.reading { (form.show("", &html! { (Fields { form: &form, words, gateway: &example() }.show(&owners)) button type="submit" { (words.say("gateway-add")) } })) }
    };
    Ok(page.show(&words.say("gateway-new"), &content))
}

/// One gateway.
#[get("/admin/text-gateways/{id}")]
pub async fn get_gateway(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let path = format!("/text-gateways/{id}");
    let (gateway, version) = page.get_versioned(&path).await?;
    let owners = owners(&page, "owner-everybody").await?;
    let form = Form::new(&page, "PATCH", &path).of_version(version.clone()).done("saved");
    let remove = Form::new(&page, "DELETE", &path).of_version(version).then("/admin/text-gateways").done("deleted");
    let name = text(&gateway["name"]);
    let content = html! {
        (top(&page, &[("/admin/text-gateways", &words.say("admin-text-gateways"))], name, &html! {}))
        div.with-side.wide-side {
            section { (form.show("", &html! { (Fields { form: &form, words, gateway: &gateway }.show(&owners)) button type="submit" { (words.say("save")) } })) }
            aside aria-label=(words.say("mailbox-try")) {
                section { h2 { (words.say("mailbox-try")) } (trial(&page, &path)) }
                section { h2 { (words.say("gateway-inbound")) } (inbound(&page, &path)) }
                section { (confirm(&remove, &words.say("gateway-delete"), &words.say("gateway-delete-ask"))) }
            }
        }
    };
    Ok(page.show(name, &content))
}

/// The request as it would be made; where a number is given, it is made.
fn trial(page: &Page, path: &str) -> Markup {
    let words = page.words();
    let form = Form::new(page, "POST", &format!("{path}/test")).once();
    html! {
        p { (words.say("gateway-try-text")) }
        (form.show("", &html! {
            (form.input("tel", "to:optional", &words.say("gateway-try-to"), "", Some(&words.say("gateway-try-to-help"))))
            (form.text("body:optional", &words.say("template-body"), ""))
            button.plain type="submit" { (words.say("gateway-try-now")) }
        }))
        @if let Some(answer) = form.answer() {
            (verdict(words, answer))
            @if let Some(request) = answer.get("request") { (shown(request)) }
        }
    }
}

fn shown(request: &Value) -> Markup {
    html! {
        pre.request {
            (text(&request["method"])) " " (text(&request["url"])) "\n"
            @for (name, value) in request["headers"].as_object().into_iter().flatten() { (name) ": " (text(value)) "\n" }
            "\n" (text(&request["body"]))
        }
    }
}

fn inbound(page: &Page, path: &str) -> Markup {
    let words = page.words();
    let form = Form::new(page, "POST", &format!("{path}/inbound")).once();
    html! {
        p { (words.say("gateway-inbound-text")) }
        (form.button("plain", &words.say("address-show")))
        @if let Some(answer) = form.answer() {
            p.help { (words.say("gateway-receipts")) } code.secret { (text(&answer["receipts_url"])) }
            p.help { (words.say("gateway-incoming")) } code.secret { (text(&answer["texts_url"])) }
        }
    }
}
