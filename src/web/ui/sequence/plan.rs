//! `/sequences/{id}/simulate`: the dated way of some records through a sequence, before it is anybody's (nothing is stored and
//! nothing leaves).

use actix_web::http::Method;
use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::Sequence;
use crate::time::Timestamp;
use crate::web::problem::Problem;
use crate::web::ui::chart::picture;
use crate::web::ui::dates;
use crate::web::ui::icons::icon;
use crate::web::ui::inside::Sent;
use crate::web::ui::layout::{badge, refusal};
use crate::web::ui::page::Page;
use crate::web::ui::query::Asked;
use crate::web::ui::records::people::People;
use crate::web::ui::sequences::text;

/// What the form asks.
struct Assumed {
    records: Vec<String>,
    percent: [f64; 2],
    version: &'static str,
}

impl Assumed {
    fn of(page: &Page, sequence: &Sequence) -> Assumed {
        let asked = Asked::of(page);
        let percent = |name: &str| asked.get(name).parse::<f64>().unwrap_or(0.0).clamp(0.0, 100.0);
        Assumed {
            records: asked.all("record").map(str::to_owned).collect(),
            percent: [percent("reply"), percent("answer")],
            version: match asked.get("version") {
                "draft" => "draft",
                "active" if sequence.is_active() => "active",
                _ if sequence.is_open_for_drawing() => "draft",
                _ => "active",
            },
        }
    }
}

/// The page.
#[get("/sequences/{id}/simulate")]
pub async fn get_simulate(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let sequence = Sequence::read(&page, &id).await?;
    let asked = Assumed::of(&page, &sequence);
    let records = page.get(&format!("/records?type={}&limit=50", sequence.record_type)).await?;
    let records = records["items"].as_array().cloned().unwrap_or_default();
    let people = People::of(&page).await?;
    let found = if asked.records.is_empty() { None } else { Some(simulate(&page, &sequence, &asked).await) };
    let content = html! {
        (sequence.head(&page, "simulate"))
        p { (words.say("simulate-text")) }
        div.columns.simulate {
            section { (form(&page, &sequence, &asked, &records)) }
            section {
                @match &found {
                    None => p.quietly { (words.say("simulate-none")) },
                    Some(Err(problem)) => (refusal(words, problem)),
                    Some(Ok(answer)) => (itineraries(&page, answer, &records, &people)),
                }
            }
        }
    };
    Ok(page.show(&sequence.name, &content))
}

async fn simulate(page: &Page, sequence: &Sequence, asked: &Assumed) -> Result<Value, Problem> {
    let [reply, answer] = asked.percent;
    let body = json!({
        "records": asked.records,
        "version": asked.version,
        "assume": { "reply_rate": reply / 100.0, "answer_rate": answer / 100.0 },
    });
    let sent = Sent { body: Some(body), ..Sent::default() };
    page.send(Method::POST, &format!("/sequences/{}/simulate", sequence.id), sent).await
}

fn form(page: &Page, sequence: &Sequence, asked: &Assumed, records: &[Value]) -> Markup {
    let words = page.words();
    let [reply, answer] = asked.percent;
    let rate = |name: &str, key: &str, value: f64| {
        html! { div.field { label for={ "assume-" (name) } { (words.say(key)) }
        input id={ "assume-" (name) } type="number" min="0" max="100" step="any" name=(name) value=(value); } }
    };
    html! {
        form method="get" action={ "/sequences/" (sequence.id) "/simulate" } {
            fieldset {
                legend { (words.say("simulate-records")) }
                @if records.is_empty() { p.help { (words.say("simulate-no-records")) } a href="/records" { (words.say("nav-records")) } }
                div.picker tabindex="0" role="group" aria-label=(words.say("simulate-records")) {
                    @for record in records {
                        label.choice.block {
                            input type="checkbox" name="record" value=(text(&record["id"])) checked[asked.records.iter().any(|id| id == text(&record["id"]))];
                            (text(&record["name"]))
                        }
                    }
                }
            }
            div.fields { (rate("reply", "simulate-reply", reply)) (rate("answer", "simulate-answer", answer)) }
            @if sequence.is_active() && sequence.is_open_for_drawing() {
                div.field { label for="assume-version" { (words.say("column-version")) }
                    select #assume-version name="version" {
                        @for (value, key) in [("draft", "version-draft"), ("active", "version-active")] { option value=(value) selected[asked.version == value] { (words.say(key)) } }
                    } }
            }
            button type="submit" { (icon("play")) (words.say("simulate-do")) }
        }
    }
}

fn itineraries(page: &Page, answer: &Value, records: &[Value], people: &People) -> Markup {
    let words = page.words();
    let named = |id: &str| {
        records.iter().find(|record| record["id"] == id).map_or(id, |record| text(&record["name"])).to_owned()
    };
    html! {
        @for way in answer["itineraries"].as_array().into_iter().flatten() {
            h2 { (named(text(&way["record"]))) }
            @if way["error"].is_object() { p.notice { (text(&way["error"]["detail"])) } }
            ol.plan-steps { @for stop in way["steps"].as_array().into_iter().flatten() { (stop_row(page, stop)) }
                li { strong { (words.value("end", text(&way["end"]))) } @if way["ended_at"].is_string() { " " (at(page, &way["ended_at"])) } }
            }
        }
        @let load = answer["load"].as_array().map(Vec::as_slice).unwrap_or_default();
        @if !load.is_empty() {
            h2 { (words.say("simulate-load")) }
            table {
                thead { tr { th scope="col" { (words.say("simulate-who")) } th scope="col" { (words.say("simulate-day")) } th.number scope="col" { (words.say("column-step-count")) } } }
                tbody { @for day in load { tr { td { (people.name(&day["assignee"])) } td { (text(&day["day"])) } td.number { (page.number(&day["steps"])) } } } }
            }
        }
    }
}

/// A planned instant: with its date, however near.
fn at(page: &Page, instant: &Value) -> Markup {
    match instant.as_str().and_then(Timestamp::parse) {
        Some(at) => dates::planned(page.words(), page.zone, at),
        None => html! {},
    }
}

fn stop_row(page: &Page, stop: &Value) -> Markup {
    let words = page.words();
    let kind = text(&stop["type"]);
    html! {
        li {
            span.when { (at(page, &stop["opens_at"])) }
            span.what { (icon(picture(kind))) " " (words.value("node", kind)) @if !text(&stop["name"]).is_empty() { ": " (text(&stop["name"])) } }
            (badge("plain", &words.value("outcome", text(&stop["outcome"]))))
        }
    }
}
