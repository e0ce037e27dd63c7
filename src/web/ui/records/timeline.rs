//! What happened to a record, newest first; what only the program keeps account of is told when asked for.

use maud::{Markup, html};
use serde_json::Value;

use super::people::People;
use super::told::told;
use crate::web::problem::Problem;
use crate::web::ui::layout::with_query;
use crate::web::ui::page::Page;
use crate::web::ui::query::{Asked, query};
use crate::web::ui::sequences::text;

/// Account of the program's own, which says nothing about the person.
const KEPT: [&str; 13] = [
    "ab_counts_kept",
    "ab_test_entered",
    "ab_test_exposed",
    "ab_test_met",
    "ab_test_told",
    "fuse_counted",
    "message_claimed",
    "message_owed",
    "quota_taken",
    "record_marked",
    "sender_chosen",
    "text_routed",
    "work_done",
];

/// A note of so many bytes is shown at once.
const NOTE_SHOWN: usize = 240;

/// One page of it, `limit` entries long.
pub async fn show(page: &Page, id: &str, people: &People, asked: &Asked, limit: &str) -> Result<Markup, Problem> {
    let is_all = asked.get("everything") == "yes";
    let pairs = [("limit", limit), ("cursor", asked.get("timeline"))];
    let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    let list = page.get(&format!("/records/{id}/timeline?{}", query(given))).await?;
    let items = list["items"].as_array().into_iter().flatten();
    let items: Vec<&Value> = items.filter(|item| is_all || !KEPT.contains(&text(&item["kind"]))).collect();
    let path = &page.look.path;
    Ok(html! {
        section #timeline {
            div.heading {
                h2 { (page.say("timeline")) }
                @if is_all { a href={ (with_query(path, &[("everything", "")])) "#timeline" } { (page.say("timeline-less")) } }
                @else { a href={ (with_query(path, &[("everything", "yes")])) "#timeline" } { (page.say("timeline-all")) } }
            }
            @if items.is_empty() { p.quietly { (page.say("timeline-none")) } }
            ol.plain.timeline { @for item in &items { (entry(page, item, people)) } }
            @if let Some(cursor) = list["next_cursor"].as_str() {
                p.more { a.button href={ (with_query(path, &[("timeline", cursor)])) "#timeline" } rel="next" { (page.say("timeline-older")) } }
            }
        }
    })
}

/// One thing that happened.
pub fn entry(page: &Page, item: &Value, people: &People) -> Markup {
    html! {
        li {
            span.when { (page.instant(&item["at"])) }
            div {
                (told(page, text(&item["kind"]), text(&item["summary"])))
                span.by { (people.name(&item["actor"])) }
                @if let Some(note) = item["note"].as_str() { (said(page, text(&item["step"]), note)) }
            }
        }
    }
}

/// The words of a note or message; long ones when asked for.
fn said(page: &Page, step: &str, note: &str) -> Markup {
    // Open messages stay open where the page is shown again.
    let place = format!("said-{step}-{}", note.len());
    html! {
        @if note.len() <= NOTE_SHOWN { blockquote { (note) } }
        @else { details id=(place) { summary { (page.say("timeline-message")) } blockquote { (note) } } }
    }
}
