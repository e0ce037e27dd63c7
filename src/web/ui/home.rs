//! `/`: where a visit begins. As long as there is neither a record nor a sequence, three ways to the first ones; then the work
//! list of who sells, and the sequences of who manages them.

use actix_web::http::Method;
use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get, post};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::form;
use super::icons::icon;
use super::inside::{Sent, problem_in};
use super::missing;
use super::page::Page;
use super::sample;
use crate::domain::permission::{Grant, Permission};
use crate::web::problem::Problem;

/// The first page.
#[get("/")]
pub async fn get_home(page: Page) -> Result<HttpResponse, Problem> {
    if has_any(&page, "/sequences?limit=1").await? || has_any(&page, "/records?limit=1").await? {
        let manages = page.grant(Permission::EditAnySequence) == Grant::All;
        return Ok(form::lead_to(if manages { "/sequences" } else { "/work-list" }));
    }
    let content = html! {
        div.first-run {
            h1 { (page.words().fill("home-title", &[("name", page.name.split(' ').next().unwrap_or_default())])) }
            p.lead { (page.say("home-text")) }
            div.columns { (sample_card(&page)) (import_card(&page)) (template_card(&page)) }
            @if page.is_sandbox() { p.quietly { (icon("clock")) " " (page.say("home-sandbox")) } }
        }
    };
    Ok(page.show(&page.say("home-name"), &content))
}

async fn has_any(page: &Page, path: &str) -> Result<bool, Problem> {
    Ok(page.get(path).await?["items"].as_array().is_some_and(|items| !items.is_empty()))
}

/// One way to begin.
fn card(page: &Page, key: &str, picture: &str, action: &Markup) -> Markup {
    html! {
        section.choice-card {
            span.picture { (icon(picture)) }
            h2 { (page.say(&format!("home-{key}"))) }
            p { (page.say(&format!("home-{key}-text"))) }
            div.actions { (action) }
        }
    }
}

fn sample_card(page: &Page) -> Markup {
    let label = page.say("home-sample-do");
    let action = html! {
        @match missing::role(page, Permission::SetUp) {
            None => form method="post" action="/first-run/sample" { button type="submit" { (label) } },
            Some(why) => {
                button type="button" disabled aria-describedby="sample-why" { (label) }
                p.help #sample-why { (why) }
            }
        }
    };
    card(page, "sample", "record", &action)
}

fn import_card(page: &Page) -> Markup {
    card(page, "import", "upload", &html! { a.button.main href="/imports/new" { (page.say("home-import-do")) } })
}

fn template_card(page: &Page) -> Markup {
    card(
        page,
        "template",
        "sequence",
        &html! { a.button.main href="/sequences/new" { (page.say("home-template-do")) } },
    )
}

/// Makes the sample records; those that are there already stay as they are.
#[post("/first-run/sample")]
pub async fn post_sample(page: Page) -> Result<HttpResponse, Problem> {
    page.visitor.principal.must(page.app(), Permission::SetUp, "load sample data")?;
    create(&page, sample::people()).await?;
    let mut contacts = Vec::new();
    for key in sample::contact_keys() {
        let contact = page.find(&format!("/records/external:contact:{key}")).await?;
        contacts.extend(contact.and_then(|contact| contact["id"].as_str().map(str::to_owned)));
    }
    create(&page, sample::companies(&contacts)).await?;
    Ok(form::lead_to("/records?done=sample"))
}

async fn create(page: &Page, records: Vec<Value>) -> Result<(), Problem> {
    let sent = Sent { body: Some(json!({ "records": records })), ..Sent::default() };
    let answer = page.send(Method::POST, "/records/batch", sent).await?;
    let refused = answer["results"].as_array().into_iter().flatten().map(|result| &result["error"]);
    match refused.filter(|error| error.is_object()).find(|error| error["code"] != "external_id_taken") {
        None => Ok(()),
        Some(error) => Err(problem_in(error)),
    }
}

/// This area's pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_home).service(post_sample);
}
