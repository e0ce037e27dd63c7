//! A record at any moment of its past: what was known of it, where it stood, what had just happened.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::enrolments::{progress, status};
use super::kinds::fields;
use super::page::known;
use super::people::People;
use super::timeline::entry;
use crate::time::Timestamp;
use crate::web::problem::Problem;
use crate::web::ui::dates;
use crate::web::ui::form::read;
use crate::web::ui::layout::{empty, heading};
use crate::web::ui::page::Page;
use crate::web::ui::query::{Asked, query};
use crate::web::ui::sequences::text;

/// Events that the slider knows; and those shown of what had just happened.
const EVENTS: &str = "500";
const BEFORE_SHOWN: usize = 5;

/// The page.
#[get("/records/{id}/past")]
pub async fn get_past(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let record = page.get(&format!("/records/{id}")).await?;
    let list = page.get(&format!("/records/{id}/timeline?limit={EVENTS}")).await?;
    // From the first event to the last.
    let events: Vec<&Value> = list["items"].as_array().into_iter().flatten().rev().collect();
    let asked = Asked::of(&page);
    let at = moment(&page, &asked, &events)?;
    let was = page.find(&format!("/records/{id}?{}", query([("at", &*at.to_string())]))).await?;
    let title = page.words().fill("past-title", &[("name", text(&record["name"]))]);
    let address = format!("/records/{}", text(&record["id"]));
    let content = html! {
        p.crumbs { a href="/records" { (page.say("nav-records")) } " / " a href=(address) { (text(&record["name"])) } }
        (heading(&title, &html! { a.button href=(address) { (page.say("past-now")) } }))
        (ways(&page, &events, at))
        @match &was {
            None => (empty(&page.say("past-none"), "", &html! {})),
            Some(was) => (then(&page, was, &events, at).await?),
        }
    };
    Ok(page.show(&title, &content))
}

/// The moment of the event that the slider stands at, or the one that was written; else the last event's.
fn moment(page: &Page, asked: &Asked, events: &[&Value]) -> Result<Timestamp, Problem> {
    let of_event = |event: &&Value| event["at"].as_str().and_then(Timestamp::parse);
    let written = asked.get("at");
    if !written.is_empty() {
        let said = read(&[("at:local".into(), written.into())], page.zone)?;
        return Ok(said["at"].as_str().and_then(Timestamp::parse).unwrap_or(page.now).min(page.now));
    }
    let place = asked.get("event").parse::<usize>().ok().unwrap_or(events.len());
    Ok(events.get(place.saturating_sub(1)).or(events.last()).and_then(of_event).unwrap_or(page.now))
}

/// Back and forth: a slider over all events, one event, or a day and time.
fn ways(page: &Page, events: &[&Value], at: Timestamp) -> Markup {
    let is_before = |event: &&&Value| event["at"].as_str().and_then(Timestamp::parse).is_some_and(|other| other <= at);
    let place = events.iter().filter(is_before).count();
    let to = |place: usize| format!("{}?event={place}", page.look.path.split('?').next().unwrap_or_default());
    html! {
        section.past {
            p.moment { strong { (dates::planned(page.words(), page.zone, at)) } }
            form method="get" action=(page.look.path.split('?').next().unwrap_or_default()) data-swap="" data-at-once="" {
                label for="past-event" { (page.say("past-slider")) }
                input #past-event type="range" name="event" min="1" max=(events.len().max(1)) value=(place.max(1));
                button.plain type="submit" data-without-script="" { (page.say("past-show")) }
            }
            div.row {
                @if place > 1 { a.button href=(to(place - 1)) data-swap="" data-key="k" { (page.say("past-earlier")) } }
                @if place < events.len() { a.button href=(to(place + 1)) data-swap="" data-key="j" { (page.say("past-later")) } }
                form.inline method="get" action=(page.look.path.split('?').next().unwrap_or_default()) data-swap="" {
                    label for="past-at" { (page.say("past-at")) }
                    input #past-at type="datetime-local" name="at" value=(dates::input(page.zone, at));
                    button.plain type="submit" { (page.say("past-show")) }
                }
            }
        }
    }
}

async fn then(page: &Page, was: &Value, events: &[&Value], at: Timestamp) -> Result<Markup, Problem> {
    let people = People::of(page).await?;
    let fields = fields(page, text(&was["type"])).await?;
    let is_before = |event: &&&Value| event["at"].as_str().and_then(Timestamp::parse).is_some_and(|other| other <= at);
    let list = page.get(&format!("/records/{}/enrolments", text(&was["id"]))).await?;
    let mut enrolments = Vec::new();
    for enrolment in list["items"].as_array().into_iter().flatten() {
        let path = format!("/enrolments/{}?{}", text(&enrolment["id"]), query([("at", &*at.to_string())]));
        enrolments.extend(page.find(&path).await?);
    }
    Ok(html! {
        div.record-page {
            div {
                section {
                    h2 { (page.say("past-in")) }
                    @if enrolments.is_empty() { p.quietly { (page.say("past-in-none")) } }
                    @for enrolment in &enrolments {
                        article.enrolment {
                            div.row { h3 { (text(&enrolment["sequence_name"])) } (status(page.words(), text(&enrolment["status"]))) }
                            (progress(page, enrolment))
                        }
                    }
                }
                section {
                    h2 { (page.say("past-happened")) }
                    ol.plain.timeline { @for event in events.iter().filter(is_before).rev().take(BEFORE_SHOWN) { (entry(page, event, &people)) } }
                }
            }
            aside aria-label=(page.say("past-was")) { (known(page, was, &fields, &people).await?) }
        }
    })
}
