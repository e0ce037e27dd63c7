//! `/bulk-email`: the same e-mail to everybody who stands on the same step of a sequence (W-80 to W-89).

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::doing::email::{Writing, message, when};
use super::form::{Form, hidden, lead_to};
use super::icons::icon;
use super::layout::{badge, empty, heading, sentence, with_query};
use super::page::Page;
use super::query::{Asked, query};
use super::sequences::text;
use crate::web::problem::Problem;

/// Results that are shown one by one.
const RESULTS_SHOWN: usize = 200;

/// Everybody who can be written to, by sequence and step (W-81).
#[get("/bulk-email")]
pub async fn get_candidates(page: Page) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&page);
    // What was ticked in the work list.
    if asked.has_any(&["item"]) {
        let steps = asked.all("item").filter_map(|item| item.strip_prefix("step:")).map(|step| ("step", step));
        return Ok(lead_to(&format!("/bulk-email/write?{}", query(steps))));
    }
    let candidates = page.get("/bulk-emails/candidates").await?;
    let sequences = candidates["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let work = html! { a.button href="/work-list" { (page.say("nav-work")) } };
    let content = html! {
        p.crumbs { a href="/work-list" { (page.say("nav-work")) } }
        (heading(&page.say("bulk-title"), &html! {}))
        p.lead { (page.say("bulk-text")) }
        @if sequences.is_empty() { (empty(&page.say("bulk-none"), &page.say("bulk-none-text"), &work)) }
        @for sequence in sequences {
            section {
                h2 { a href={ "/sequences/" (text(&sequence["sequence"]["id"])) } { (text(&sequence["sequence"]["name"])) } }
                @for step in sequence["steps"].as_array().into_iter().flatten() { (candidates_of(&page, sequence, step)) }
            }
        }
    };
    Ok(page.show(&page.say("bulk-title"), &content))
}

fn candidates_of(page: &Page, sequence: &Value, step: &Value) -> Markup {
    let records = step["records"].as_array().map(Vec::as_slice).unwrap_or_default();
    let whole = query([("sequence", text(&sequence["sequence"]["id"])), ("node", text(&step["node"]))]);
    html! {
        form.bulk-step method="get" action="/bulk-email/write" {
            div.heading {
                h3 { (icon("email")) " " (text(&step["name"])) " · " (page.words().count("bulk-records", records.len() as i64)) }
                div.row {
                    a.button.main href={ "/bulk-email/write?" (whole) } { (page.say("bulk-whole")) }
                    button.plain type="submit" { (page.say("bulk-write")) }
                }
            }
            ul.plain.picker tabindex="0" {
                @for record in records {
                    li { label.choice { input type="checkbox" name="step" value=(text(&record["step"])); (text(&record["record_name"])) } }
                }
            }
        }
    }
}

/// Who gets it: a step of a record, with the record's name.
type Recipient = (String, String);

fn recipients(asked: &Asked, candidates: &Value) -> Vec<Recipient> {
    let sequences = candidates["items"].as_array().into_iter().flatten();
    let is_whole = asked.has_any(&["node"]);
    let steps = sequences.flat_map(|sequence| {
        let steps = sequence["steps"].as_array().into_iter().flatten();
        steps.filter(move |step| {
            !is_whole || (sequence["sequence"]["id"] == asked.get("sequence") && step["node"] == asked.get("node"))
        })
    });
    let known: Vec<Recipient> = steps
        .flat_map(|step| step["records"].as_array().into_iter().flatten())
        .map(|record| (text(&record["step"]).to_owned(), text(&record["record_name"]).to_owned()))
        .collect();
    if is_whole {
        return known;
    }
    let named = |step: &str| known.iter().find(|(known, _)| known == step).map(|(_, name)| name.clone());
    asked.all("step").map(|step| (step.to_owned(), named(step).unwrap_or_default())).collect()
}

/// The message, who gets it, and how it looks to any of them.
#[get("/bulk-email/write")]
pub async fn get_write(page: Page) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&page);
    let candidates = page.get("/bulk-emails/candidates").await?;
    let form = message(&page);
    if let Some(answer) = form.answer().filter(|answer| answer.get("first").is_none()) {
        return Ok(page.show(&page.say("bulk-result"), &results(&page, answer).await?));
    }
    let mut all = recipients(&asked, &candidates);
    if all.is_empty() {
        return Ok(lead_to("/bulk-email?done=bulk-select"));
    }
    // Whose e-mail is shown comes first (W-84).
    if let Some(place) = all.iter().position(|(step, _)| step == asked.get("first")) {
        all.swap(0, place);
    }
    let steps: Vec<&str> = all.iter().map(|(step, _)| step.as_str()).collect();
    let usual = template_of(&candidates, steps.first().copied().unwrap_or_default());
    let writing = Writing::of(&page, &asked, &usual).await?;
    let content = html! {
        p.crumbs { a href="/work-list" { (page.say("nav-work")) } " / " a href="/bulk-email" { (page.say("bulk-title")) } }
        (heading(&page.say("bulk-title"), &html! { (badge("plain", &page.words().count("bulk-records", all.len() as i64))) }))
        div.columns.compose {
            section { h2 { (page.say("email-text")) } (writing.choice(&page)) (letter(&page, &form.once(), &writing, &steps)) }
            section {
                h2 { (page.say("email-preview")) }
                (writing.preview(&page, &steps).await)
                h3.after { (page.say("bulk-recipients")) }
                (whose(&page, &all))
            }
        }
    };
    Ok(page.show(&page.say("bulk-title"), &content))
}

fn letter(page: &Page, form: &Form, writing: &Writing, steps: &[&str]) -> Markup {
    form.show(
        "",
        &html! {
            @for step in steps { (hidden("steps:list", step)) }
            (writing.fields(page, form))
            (when(page, form, "bulk-send-all"))
        },
    )
}

/// Everybody who gets it, each with the way to see theirs.
fn whose(page: &Page, all: &[Recipient]) -> Markup {
    html! {
        ol.plain.rows.recipients {
            @for (place, (step, name)) in all.iter().enumerate().take(RESULTS_SHOWN) {
                li {
                    span { @if name.is_empty() { (page.say("people-somebody")) } @else { (name) } }
                    @if place == 0 { (badge("good", &page.say("bulk-seen"))) }
                    @else { a href=(with_query(&page.look.path, &[("first", step)])) data-swap="" { (page.say("bulk-see")) } }
                }
            }
        }
        @if all.len() > RESULTS_SHOWN { p.quietly { (page.words().count("next-more", (all.len() - RESULTS_SHOWN) as i64)) } }
    }
}

/// W-82.
fn template_of(candidates: &Value, step: &str) -> String {
    let steps = candidates["items"].as_array().into_iter().flatten().flat_map(|sequence| sequence["steps"].as_array());
    let has = |group: &&Value| group["records"].as_array().is_some_and(|all| all.iter().any(|one| one["step"] == step));
    steps.flatten().find(has).map(|group| text(&group["template"]).to_owned()).unwrap_or_default()
}

/// What became of each (W-86, W-87).
async fn results(page: &Page, answer: &Value) -> Result<Markup, Problem> {
    let all: Vec<&Value> = answer["results"].as_array().into_iter().flatten().collect();
    let refused = all.iter().filter(|result| result["error"].is_object()).count();
    let mut rows = Vec::new();
    for result in all.iter().take(RESULTS_SHOWN) {
        let record = text(&result["record"]);
        let name = match record {
            "" => None,
            id => page.find(&format!("/records/{id}")).await?,
        };
        rows.push(html! { tr {
            th scope="row" { @match &name {
                Some(found) => a href={ "/records/" (record) } { (text(&found["name"])) },
                None => (page.say("people-somebody")),
            } }
            td {
                @if result["error"].is_object() { (badge("bad", &page.say("bulk-cannot"))) " " (sentence(text(&result["error"]["detail"]))) }
                @else { (badge("good", &page.say("bulk-on-way"))) @if result["leaves_at"].is_string() { " " (page.say("bulk-leaves")) " " (page.instant(&result["leaves_at"])) } }
            }
        } });
    }
    Ok(html! {
        p.crumbs { a href="/work-list" { (page.say("nav-work")) } " / " a href="/bulk-email" { (page.say("bulk-title")) } }
        (heading(&page.say("bulk-result"), &html! {
            a.button.main href="/work-list" { (page.say("nav-work")) }
            a.button href="/bulk-email" { (page.say("bulk-again")) }
        }))
        @if refused < all.len() { p.done role="status" { (page.words().count("bulk-sent", (all.len() - refused) as i64)) "." } }
        @if refused > 0 { p.warning role="status" { (page.words().count("bulk-refused", refused as i64)) } }
        section { div.scroll { table {
            thead { tr { th scope="col" { (page.say("connected-record")) } th scope="col" { (page.say("outcome-what")) } } }
            tbody { @for row in &rows { (row) } }
        } } }
    })
}

/// This area's pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_candidates).service(get_write);
}
