//! Up next: what is to do on a record now, what comes then, and what was done (§13).

use maud::{Markup, html};
use serde_json::Value;

use super::people::People;
use crate::web::problem::Problem;
use crate::web::ui::chart::picture;
use crate::web::ui::doing::{Doing, Ways};
use crate::web::ui::form::Form;
use crate::web::ui::icons::icon;
use crate::web::ui::layout::badge;
use crate::web::ui::page::Page;
use crate::web::ui::sequences::text;

/// What comes later is shown so far, and what was done.
const LATER_SHOWN: usize = 6;
const DONE_SHOWN: usize = 50;

/// The three zones, and the way to add something.
pub async fn show(page: &Page, record: &Value, people: &People, ways: Ways) -> Result<Markup, Problem> {
    let up_next = page.get(&format!("/records/{}/up-next", text(&record["id"]))).await?;
    let zone = |name: &str| up_next[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let (current, upcoming, completed) = (zone("current"), zone("upcoming"), zone("completed"));
    let stay = ways.stay.clone();
    let doing = Doing::of(page, record, people, current, ways).await?;
    Ok(html! {
        section #up-next {
            h2 { (page.say("next-title")) }
            @if current.is_empty() { (nothing(page, record, &up_next["invite"])) }
            ul.plain.next { @for (place, item) in current.iter().enumerate() { (doing.item(item, place == 0)) } }
            @if !upcoming.is_empty() {
                h3 { (page.say("next-then")) }
                ul.plain.then { @for item in upcoming.iter().take(LATER_SHOWN) { (later(page, item)) } }
                @if upcoming.len() > LATER_SHOWN { p.quietly { (page.words().count("next-more", (upcoming.len() - LATER_SHOWN) as i64)) } }
            }
            @if !completed.is_empty() {
                details #completed {
                    summary { (page.words().count("next-completed", completed.len() as i64)) }
                    ul.plain.then { @for item in completed.iter().take(DONE_SHOWN) { (done(page, item)) } }
                }
            }
            @if record["state"] == "active" { (add(page, record, stay)) }
        }
    })
}

/// U-6: an invitation to connect a sequence, or to make one.
fn nothing(page: &Page, record: &Value, invite: &Value) -> Markup {
    html! {
        @if !invite.is_object() { p.quietly { (page.say("next-none")) } }
        @else {
            p.quietly { (page.say(if invite["sequences"] == 0 { "next-invite-none" } else { "next-invite" })) }
            p { a.button href={ "/sequences/new?record=" (text(&record["id"])) } { (icon("add")) (page.say("next-create")) } }
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

fn done(page: &Page, item: &Value) -> Markup {
    let words = page.words();
    let (what, name) = match item["kind"].as_str() {
        Some("activity") => (&item["activity"], text(&item["activity"]["subject"])),
        _ => (&item["step"], text(&item["step"]["name"])),
    };
    let kind = what["type"].as_str().or(what["kind"].as_str()).unwrap_or_default();
    let ended = what["completed_at"].as_str().or(what["closed_at"].as_str()).unwrap_or_default();
    let outcome = what["outcome"].as_str().or(what["call_result"].as_str());
    html! {
        li {
            (icon(picture(kind))) " "
            @if name.is_empty() { (words.value("next-kind", kind)) } @else { (name) }
            " " @match text(&what["status"]) {
                "completed" => span.quietly { (page.instant(&ended.into())) },
                status => (badge("plain", &words.value("step-status", status))),
            }
            @match outcome {
                Some(branch @ ("yes" | "no")) => { " · " strong { (words.say(branch)) } },
                Some(result) if kind == "phone_call" => span.quietly { " · " (words.value("result", result)) },
                _ => {},
            }
        }
    }
}

/// Something beside the sequences: a call, a meeting, a task (C-7).
fn add(page: &Page, record: &Value, stay: String) -> Markup {
    let words = page.words();
    let form = Form::new(page, "POST", &format!("/records/{}/activities", text(&record["id"]))).then(stay);
    let form = form.done("activity-added");
    let kinds = ["task", "phone_call", "meeting", "email", "text"].map(|kind| (kind, words.value("next-kind", kind)));
    html! {
        details.fold #add-activity open[form.is_refused()] {
            summary { (icon("add")) " " (words.say("activity-add")) }
            (form.show("", &html! {
                div.fields {
                    (form.select("kind", &words.say("activity-kind"), "task", &kinds))
                    (form.input("datetime-local", "due_at:local?", &words.say("activity-due"), "", None))
                }
                (form.text("subject", &words.say("activity-subject"), ""))
                (form.area("note:?", &words.say("doing-note"), "", 2, None))
                button.plain type="submit" { (words.say("activity-do")) }
            }))
        }
    }
}
