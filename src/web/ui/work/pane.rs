//! The record beside the list: why it stands where it stands, Up next with its actions, what is known, what happened.

use maud::{Markup, html};
use serde_json::Value;

use super::view::View;
use crate::web::problem::Problem;
use crate::web::ui::doing::Ways;
use crate::web::ui::form::Form;
use crate::web::ui::icons::icon;
use crate::web::ui::layout::{badge, empty};
use crate::web::ui::page::Page;
use crate::web::ui::records::kinds::{Kinds, fields};
use crate::web::ui::records::list::state;
use crate::web::ui::records::page::known;
use crate::web::ui::records::people::People;
use crate::web::ui::records::{next, timeline};
use crate::web::ui::sequences::text;

/// The pane of a record.
pub async fn show(page: &Page, view: &View, rows: &[Value], own: &Value, id: &str) -> Result<Markup, Problem> {
    let Some(record) = page.find(&format!("/records/{id}")).await? else {
        return Ok(empty(&page.say("work-gone"), &page.say("work-gone-text"), &html! {}));
    };
    let listed = rows.iter().find(|row| row["record"]["id"] == id);
    let row = match listed {
        Some(row) => Some(row.clone()),
        None => page.find(&format!("/work-list/{id}")).await?,
    };
    let (people, kinds) = (People::of(page).await?, Kinds::of(page).await?);
    let fields = fields(page, text(&record["type"])).await?;
    let up_next = next::show(page, &record, &people, ways(view, rows, own, id)).await?;
    Ok(html! {
        article.open-record {
            p.back { a href=(view.with(&[])) data-swap="" { (icon("undo")) (page.say("work-back")) } }
            div.heading {
                h2 { a href={ "/records/" (id) } { (text(&record["name"])) } }
                div.row { (marks(page, view, id, row.as_ref())) }
            }
            p.badges { (badge("plain", &kinds.label(text(&record["type"])))) (state(page.words(), &record)) }
            @if let Some(row) = &row { (reasons(page, row)) }
            (up_next)
            details.fold #known { summary { (page.say("record-known")) } (known(page, &record, &fields, &people).await?) }
            (timeline::show(page, id, &people, &view.asked, "30").await?)
        }
    })
}

/// Where the actions lead: the next row of this list, or this record again, as the seller has set it (W-63).
fn ways(view: &View, rows: &[Value], own: &Value, id: &str) -> Ways {
    let ids: Vec<&str> = rows.iter().map(|row| text(&row["record"]["id"])).collect();
    let place = ids.iter().position(|row| *row == id);
    let next = match place {
        Some(place) => ids.get(place + 1).or(ids.first().filter(|first| **first != id)),
        None => ids.first(),
    };
    let stay = view.at(id);
    let on = match (text(&own["auto_advance"]), next) {
        ("next", Some(next)) => view.at(next),
        ("next", None) => view.with(&[]),
        ("ask", Some(next)) => view.with(&[("at", id), ("next", next)]),
        _ => stay.clone(),
    };
    Ways { stay, on }
}

/// Followed or not, read or not.
fn marks(page: &Page, view: &View, id: &str, row: Option<&Value>) -> Markup {
    let followed = row.is_some_and(|row| row["followed"] == true);
    let mark = |verb: &str, key: &str, letter: &'static str, picture: &str, then: String| {
        Form::new(page, "POST", &format!("/work-list/{id}/{verb}")).then(then).show(
            "inline",
            &html! { button.quiet type="submit" data-key=(letter) aria-keyshortcuts=(letter) { (icon(picture)) (page.say(key)) } },
        )
    };
    html! {
        @if row.is_some() {
            @if followed { (mark("unfollow", "work-unfollow-this", "f", "star", view.here())) }
            @else { (mark("follow", "work-follow-this", "f", "star", view.here())) }
            (mark("unread", "work-mark-unread", "u", "email", view.with(&[])))
        }
    }
}

/// The score with its trend and its reasons (W-50, W-53).
fn reasons(page: &Page, row: &Value) -> Markup {
    let record = &row["record"];
    html! {
        @if let Some(score) = record["score"].as_u64() {
            p.reasons {
                strong { (page.say("property-score")) " " (score) " (" (text(&record["grade"])) ")" }
                @if let Some(trend) = record["trend"].as_str() { span.quietly { " " (page.words().value("trend", trend)) } }
                @for reason in record["score_reasons"].as_array().into_iter().flatten() { span.reason { (text(&reason["text"])) } }
            }
        }
    }
}
