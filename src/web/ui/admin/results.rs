//! `/admin/call-results`: how a call can end.

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use maud::html;

use super::super::form::Form;
use super::super::page::Page;
use super::parts::{texts, top};
use crate::web::problem::Problem;

/// This page.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_call_results);
}

/// The list, to be written as a whole.
#[get("/admin/call-results")]
pub async fn get_call_results(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let (results, version) = page.get_versioned("/call-results").await?;
    let form = Form::new(&page, "PUT", "/call-results").of_version(version).done("saved");
    let now = texts(&results["items"]).join("\n");
    let content = html! {
        (top(&page, &[], &words.say("admin-call-results"), &html! {}))
        section.middle { (form.show("", &html! {
            (form.area("items:lines", &words.say("admin-call-results"), &now, 10, Some(&words.say("call-results-help"))))
            button type="submit" { (words.say("save")) }
        })) }
    };
    Ok(page.show(&words.say("admin-call-results"), &content))
}
