//! `/admin/process-flows`: the stages that records of a type go through.

use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::super::form::Form;
use super::super::icons::icon;
use super::super::layout::empty;
use super::super::page::Page;
use super::super::words::Words;
use super::parts::{confirm, items, next, query, table, text, texts, top};
use crate::web::problem::Problem;

/// These pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_flows).service(get_new_flow).service(get_flow);
}

/// The list.
#[get("/admin/process-flows")]
pub async fn get_flows(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let list = page.get(&format!("/process-flows?{}", query(&page, &["cursor"]))).await?;
    let new = html! { a.button.main href="/admin/process-flows/new" { (icon("add")) (words.say("flow-new")) } };
    let rows = html! { @for flow in items(&list) { (row(words, flow)) } };
    let content = html! {
        (top(&page, &[], &words.say("admin-process-flows"), &new))
        @if items(&list).is_empty() { (empty(&words.say("flows-none"), &words.say("flows-none-text"), &new)) }
        @else { (table(words, &["name", "column-record-type", "flow-stages"], &rows)) (next(&page, &list)) }
    };
    Ok(page.show(&words.say("admin-process-flows"), &content))
}

fn row(words: Words, flow: &Value) -> Markup {
    html! { tr {
        th scope="row" { a href={ "/admin/process-flows/" (text(&flow["id"])) } { (text(&flow["name"])) } }
        td { (words.value("type", text(&flow["record_type"]))) }
        td { (texts(&flow["stages"]).join(" › ")) }
    } }
}

fn fields(form: &Form, words: Words, flow: &Value) -> Markup {
    html! {
        (form.text("name", &words.say("name"), text(&flow["name"])))
        (form.area("stages:lines", &words.say("flow-stages"), &texts(&flow["stages"]).join("\n"), 7, Some(&words.say("flow-stages-help"))))
    }
}

/// A process flow to be.
#[get("/admin/process-flows/new")]
pub async fn get_new_flow(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let types = page.get("/record-types?limit=500").await?;
    let types: Vec<_> = items(&types).iter().map(|kind| (text(&kind["name"]), text(&kind["label"]))).collect();
    let form = Form::new(&page, "POST", "/process-flows").then("/admin/process-flows").done("created");
    let content = html! {
        (top(&page, &[("/admin/process-flows", &words.say("admin-process-flows"))], &words.say("flow-new"), &html! {}))
        section.middle { (form.show("", &html! {
            (form.select("record_type", &words.say("column-record-type"), "lead", &types))
            (fields(&form, words, &Value::Null))
            button type="submit" { (words.say("flow-add")) }
        })) }
    };
    Ok(page.show(&words.say("flow-new"), &content))
}

/// One process flow.
#[get("/admin/process-flows/{id}")]
pub async fn get_flow(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let path = format!("/process-flows/{id}");
    let (flow, version) = page.get_versioned(&path).await?;
    let form = Form::new(&page, "PATCH", &path).of_version(version.clone()).then("/admin/process-flows").done("saved");
    let remove = Form::new(&page, "DELETE", &path).of_version(version).then("/admin/process-flows").done("deleted");
    let name = text(&flow["name"]);
    let content = html! {
        (top(&page, &[("/admin/process-flows", &words.say("admin-process-flows"))], name, &html! {}))
        section.middle { (form.show("", &html! { (fields(&form, words, &flow)) button type="submit" { (words.say("save")) } })) }
        section.middle { (confirm(&remove, &words.say("flow-delete"), &words.say("flow-delete-ask"))) }
    };
    Ok(page.show(name, &content))
}
