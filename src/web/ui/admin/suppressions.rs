//! `/admin/suppressions`: addresses and numbers that nothing automatic is sent to.

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::super::form::Form;
use super::super::icons::icon;
use super::super::layout::empty;
use super::super::page::Page;
use super::parts::{asked, confirm, items, next, query, table, text, top};
use crate::web::problem::Problem;

/// This page.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_suppressions);
}

/// The list, and new ones.
#[get("/admin/suppressions")]
pub async fn get_suppressions(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let q = asked(&page, "q");
    // One field asks for either: an address has an @.
    let name = if q.contains('@') { "email" } else { "phone" };
    let mut asked_for = url::form_urlencoded::Serializer::new(query(&page, &["cursor"]));
    if !q.is_empty() {
        asked_for.append_pair(name, &q);
    }
    let list = page.get(&format!("/suppressions?{}", asked_for.finish())).await?;
    let add = Form::new(&page, "POST", "/suppressions").done("suppressed");
    let rows = html! { @for one in items(&list) { (row(&page, one)) } };
    let content = html! {
        (top(&page, &[], &words.say("admin-suppressions"), &html! {}))
        div.with-side {
            div {
                form.filters method="get" action="/admin/suppressions" role="search" {
                    div.field.wide { label for="q" { (words.say("search")) } input #q type="search" name="q" value=(q) placeholder=(words.say("suppressions-search")); }
                    button.plain type="submit" { (icon("search")) (words.say("filter-apply")) }
                }
                @if items(&list).is_empty() {
                    (empty(&words.say(if q.is_empty() { "suppressions-none" } else { "suppressions-not" }), &words.say("suppressions-none-text"), &html! {}))
                } @else {
                    (table(words, &["suppression-address", "suppression-reason", "account-since", "actions"], &rows))
                    (next(&page, &list))
                }
            }
            aside aria-label=(words.say("suppression-new")) { section {
                h2 { (words.say("suppression-new")) }
                (add.show("", &html! {
                    (add.text("email:optional", &words.say("account-email"), ""))
                    (add.input("tel", "phone:optional", &words.say("suppression-phone"), "", Some(&words.say("suppression-phone-help"))))
                    (add.text("reason:optional", &words.say("suppression-reason"), ""))
                    button type="submit" { (words.say("add")) }
                }))
            } }
        }
    };
    Ok(page.show(&words.say("admin-suppressions"), &content))
}

fn row(page: &Page, one: &Value) -> Markup {
    let words = page.words();
    let remove = Form::new(page, "DELETE", &format!("/suppressions/{}", text(&one["id"]))).done("deleted");
    let address = one["email"].as_str().or(one["phone"].as_str());
    html! { tr {
        th scope="row" {
            @match (address, one["record"].as_str()) {
                (Some(address), Some(record)) => a href={ "/records/" (record) } { (address) },
                (Some(address), None) => (address),
                (None, _) => span.quietly { (words.value("suppression-some", text(&one["channel"]))) },
            }
        }
        td { (words.value("suppressed", text(&one["reason"]))) }
        td { (page.ago(&one["at"])) }
        td.last { (confirm(&remove, &words.say("suppression-remove"), &words.say("suppression-remove-ask"))) }
    } }
}
