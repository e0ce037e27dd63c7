//! `/admin/record-types`: what records can be, and the fields that they hold.

use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::super::form::Form;
use super::super::layout::badge;
use super::super::page::Page;
use super::super::words::Words;
use super::parts::{confirm, items, next, none, query, table, text, texts, top};
use crate::web::problem::Problem;

/// These pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_types).service(get_type).service(get_field);
}

/// Every type, and new ones.
#[get("/admin/record-types")]
pub async fn get_types(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let list = page.get(&format!("/record-types?{}", query(&page, &["cursor"]))).await?;
    let add = Form::new(&page, "POST", "/record-types").done("type");
    let rows = html! { @for kind in items(&list) { (row(words, kind)) } };
    let content = html! {
        (top(&page, &[], &words.say("admin-record-types"), &html! {}))
        div.with-side {
            div { (table(words, &["type-label", "type-name", "type-sequences", "type-origin"], &rows)) (next(&page, &list)) }
            aside aria-label=(words.say("type-new")) { section {
                h2 { (words.say("type-new")) }
                (add.show("", &html! {
                    (add.input("text", "label", &words.say("type-label"), "", Some(&words.say("type-label-help"))))
                    (add.input("text", "name", &words.say("type-name"), "", Some(&words.say("type-name-help"))))
                    button type="submit" { (words.say("add")) }
                }))
            } }
        }
    };
    Ok(page.show(&words.say("admin-record-types"), &content))
}

fn row(words: Words, kind: &Value) -> Markup {
    html! { tr {
        th scope="row" { a href={ "/admin/record-types/" (text(&kind["name"])) } { (text(&kind["label"])) } }
        td { code { (text(&kind["name"])) } }
        td { @if kind["enabled"] == true { (badge("good", &words.say("yes"))) } @else { (badge("plain", &words.say("no"))) } }
        td { (origin(words, kind)) }
    } }
}

fn origin(words: Words, thing: &Value) -> Markup {
    html! { @if thing["built_in"] == true { (badge("plain", &words.say("template-shipped"))) } @else { (badge("good", &words.say("type-own"))) } }
}

const KINDS: [&str; 7] = ["text", "number", "money", "date", "two_option", "option_set", "lookup"];

/// One type with its fields.
#[get("/admin/record-types/{type}")]
pub async fn get_type(page: Page, name: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let path = format!("/record-types/{name}");
    let (kind, version) = page.get_versioned(&path).await?;
    let fields = page.get(&format!("{path}/fields?{}", query(&page, &["cursor"]))).await?;
    let types = page.get("/record-types?limit=500").await?;
    let form = Form::new(&page, "PATCH", &path).of_version(version.clone()).done("saved");
    let remove = Form::new(&page, "DELETE", &path).of_version(version).then("/admin/record-types").done("deleted");
    let label = text(&kind["label"]);
    let rows = html! { @for field in items(&fields) { (field_row(words, &name, field)) } };
    let content = html! {
        (top(&page, &[("/admin/record-types", &words.say("admin-record-types"))], label, &origin(words, &kind)))
        div.with-side {
            div {
                h2 { (words.say("fields")) }
                @if items(&fields).is_empty() { p.help { (words.say("fields-none")) } }
                @else { (table(words, &["type-label", "type-name", "field-kind", "field-values", "type-origin"], &rows)) (next(&page, &fields)) }
            }
            aside aria-label=(words.say("field-new")) {
                section { h2 { (words.say("field-new")) } (new_field(&page, &path, items(&types))) }
                section { (form.show("", &html! {
                    (form.text("label", &words.say("type-label"), label))
                    button type="submit" { (words.say("save")) }
                })) }
                @if kind["built_in"] != true { section { (confirm(&remove, &words.say("type-delete"), &words.say("type-delete-ask"))) } }
            }
        }
    };
    Ok(page.show(label, &content))
}

fn field_row(words: Words, kind: &str, field: &Value) -> Markup {
    let values = match field["target"].as_str() {
        Some(target) => words.value("type", target),
        None => texts(&field["options"]).join(", "),
    };
    html! { tr {
        th scope="row" { a href={ "/admin/record-types/" (kind) "/fields/" (text(&field["name"])) } { (text(&field["label"])) } }
        td { code { (text(&field["name"])) } }
        td { (words.value("kind", text(&field["kind"]))) }
        td { @if values.is_empty() { (none()) } @else { (values) } }
        td { (origin(words, field)) }
    } }
}

fn new_field(page: &Page, path: &str, types: &[Value]) -> Markup {
    let words = page.words();
    let form = Form::new(page, "POST", &format!("{path}/fields")).done("created");
    let kinds = KINDS.map(|kind| (kind, words.value("kind", kind)));
    let own = [("", words.say("field-no-target")), ("user", words.say("type-user"))];
    let targets: Vec<(&str, String)> = own
        .into_iter()
        .chain(types.iter().map(|kind| (text(&kind["name"]), text(&kind["label"]).to_owned())))
        .collect();
    form.show(
        "",
        &html! {
            (form.text("label", &words.say("type-label"), ""))
            (form.input("text", "name", &words.say("type-name"), "", Some(&words.say("type-name-help"))))
            (form.select("kind", &words.say("field-kind"), "text", &kinds))
            (form.area("options:lines?", &words.say("field-options"), "", 3, Some(&words.say("field-options-help"))))
            (form.select("target:optional", &words.say("field-target"), "", &targets))
            button type="submit" { (words.say("add")) }
        },
    )
}

/// One field.
#[get("/admin/record-types/{type}/fields/{name}")]
pub async fn get_field(page: Page, names: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let (kind, name) = names.into_inner();
    let path = format!("/record-types/{kind}/fields/{name}");
    let (field, version) = page.get_versioned(&path).await?;
    let of = page.get(&format!("/record-types/{kind}")).await?;
    let back = format!("/admin/record-types/{kind}");
    let form = Form::new(&page, "PATCH", &path).of_version(version.clone()).then(&back).done("saved");
    let remove = Form::new(&page, "DELETE", &path).of_version(version).then(&back).done("deleted");
    let (label, is_own) = (text(&field["label"]), field["built_in"] != true);
    let trail = [("/admin/record-types", &*words.say("admin-record-types")), (&back, text(&of["label"]))];
    let content = html! {
        (top(&page, &trail, label, &badge("plain", &words.value("kind", text(&field["kind"])))))
        section.middle { (form.show("", &html! {
            (form.text("label", &words.say("type-label"), label))
            @if is_own && field["kind"] == "option_set" {
                (form.area("options:lines", &words.say("field-options"), &texts(&field["options"]).join("\n"), 6, Some(&words.say("field-options-keep"))))
            }
            button type="submit" { (words.say("save")) }
        })) }
        @if is_own { section.middle { (confirm(&remove, &words.say("field-delete"), &words.say("field-delete-ask"))) } }
        @else { p.why { (words.say("field-built-in")) } }
    };
    Ok(page.show(label, &content))
}
