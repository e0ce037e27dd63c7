//! "Why is nothing happening?": what an enrolment waits for, what is in its way, and how it came there.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::enrolments::{explained, status};
use crate::web::problem::Problem;
use crate::web::ui::chart::picture;
use crate::web::ui::icons::icon;
use crate::web::ui::layout::{badge, heading};
use crate::web::ui::page::Page;
use crate::web::ui::sequences::text;

/// The page.
#[get("/records/{id}/why/{enrolment}")]
pub async fn get_why(page: Page, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (id, enrolment) = path.into_inner();
    let record = page.get(&format!("/records/{id}")).await?;
    let enrolment = page.get(&format!("/enrolments/{enrolment}")).await?;
    let why = page.get(&format!("/enrolments/{}/explain", text(&enrolment["id"]))).await?;
    let address = format!("/records/{}", text(&record["id"]));
    let content = html! {
        p.crumbs { a href="/records" { (page.say("nav-records")) } " / " a href=(address) { (text(&record["name"])) } }
        (heading(&page.say("why-title"), &html! {}))
        p.badges {
            a href={ "/sequences/" (text(&enrolment["sequence"])) } { (text(&enrolment["sequence_name"])) } " "
            (status(page.words(), text(&enrolment["status"])))
        }
        (explained(&page, &why))
        (way(&page, &page.get(&format!("/enrolments/{}/preview", text(&enrolment["id"]))).await?))
    };
    Ok(page.show(&page.say("why-title"), &content))
}

/// The whole sequence with the branches that were taken, and how long it takes (U-8, U-9).
fn way(page: &Page, preview: &Value) -> Markup {
    let words = page.words();
    let days = |value: &Value| words.count("way-days", value.as_f64().unwrap_or_default().ceil() as i64);
    let figure = |key: &str, value: String| html! { div.figure { strong { (value) } (words.say(key)) } };
    let badge_of = |status: &str| match status {
        "completed" => badge("good", &words.say("way-completed")),
        "current" => badge("waiting", &words.say("way-current")),
        status => badge("plain", &words.value("way", status)),
    };
    html! {
        section #way {
            h2 { (words.say("way-title")) }
            div.figures-row {
                (figure("way-done", page.number(&preview["steps_done"])))
                (figure("way-remaining", page.number(&preview["steps_remaining"])))
                (figure("way-needed", days(&preview["days_needed"])))
            }
            ol.plain.rows.stations {
                @for node in preview["nodes"].as_array().into_iter().flatten() {
                    @let kind = text(&node["type"]);
                    li.past[node["status"] == "not_taken"] {
                        span { (icon(picture(kind))) " " @match text(&node["name"]) { "" => (words.value("next-kind", kind)), name => (name) }
                            @if let Some(branch) = node["branch"].as_str() { " · " strong { (words.say(branch)) } } }
                        span.row { @if node["days_spent"].is_number() { span.quietly { (days(&node["days_spent"])) } } (badge_of(text(&node["status"]))) }
                    }
                }
            }
        }
    }
}
