//! Up next: what is to do on a record now, and what comes then.

use maud::{Markup, html};
use serde_json::Value;

use super::people::People;
use crate::web::ui::chart::picture;
use crate::web::ui::icons::icon;
use crate::web::ui::page::Page;
use crate::web::ui::sequences::text;

/// What comes later is shown so far.
const LATER_SHOWN: usize = 6;

/// Now and then.
pub fn show(page: &Page, up_next: &Value, people: &People) -> Markup {
    let items = |zone: &str| up_next[zone].as_array().cloned().unwrap_or_default();
    let (current, upcoming) = (items("current"), items("upcoming"));
    html! {
        section {
            h2 { (page.say("next-title")) }
            @if current.is_empty() {
                p.quietly { (page.say(if up_next["invite"].is_object() { "next-invite" } else { "next-none" })) }
            }
            ul.plain.next { @for item in &current { (now(page, item, people)) } }
            @if !upcoming.is_empty() {
                h3 { (page.say("next-then")) }
                ul.plain.then { @for item in upcoming.iter().take(LATER_SHOWN) { (later(page, item)) } }
                @if upcoming.len() > LATER_SHOWN { p.quietly { (page.words().count("next-more", (upcoming.len() - LATER_SHOWN) as i64)) } }
            }
        }
    }
}

fn now(page: &Page, item: &Value, people: &People) -> Markup {
    let words = page.words();
    let (what, name) = match item["kind"].as_str() {
        Some("activity") => (&item["activity"], text(&item["activity"]["subject"])),
        _ => (&item["step"], text(&item["step"]["name"])),
    };
    let kind = what["type"].as_str().or(what["kind"].as_str()).unwrap_or_default();
    let said = words.value("next-kind", kind);
    let waits = what["wakes_at"].as_str().filter(|_| what["wait_state"] == "waiting");
    html! {
        li {
            span.picture { (icon(picture(kind))) }
            div {
                div { strong { @if name.is_empty() { (said) } @else { (name) } } }
                div.quietly {
                    @if !name.is_empty() { (said) " · " }
                    @if waits.is_some() { (words.say("next-until")) " " (page.instant(&what["wakes_at"])) }
                    @else if what["due_at"].is_string() { (words.say("next-due")) " " (page.instant(&what["due_at"])) }
                    @else { (words.say("next-undated")) }
                    " · " (people.name(&what["assignee"]))
                }
                @if let Some(error) = what["error"].as_str() { p.fault { (icon("warning")) " " (words.value("step-error", error)) } }
            }
        }
    }
}

fn later(page: &Page, item: &Value) -> Markup {
    let words = page.words();
    let (kind, name) = (text(&item["type"]), text(&item["name"]));
    let said = words.value("next-kind", kind);
    // A condition asks its question, and a wait is called so.
    let says_it = name.is_empty() || name == said || name.ends_with('?');
    html! {
        li {
            (icon(picture(kind))) " "
            @if let Some(branch) = item["branch"].as_str() { strong { (words.say(branch)) ":" } " " }
            @if name.is_empty() { (said) } @else { (name) }
            @if !says_it { span.quietly { " · " (said) } }
        }
    }
}
