//! The rows of the list under the headings of their groups, and what is done to several of them (W-5 to W-9, W-41).

use maud::{Markup, html};
use serde_json::Value;

use super::cards::Layouts;
use super::several;
use super::view::View;
use crate::web::ui::chart::picture;
use crate::web::ui::form::{hidden, key};
use crate::web::ui::icons::icon;
use crate::web::ui::layout::more;
use crate::web::ui::page::Page;
use crate::web::ui::sequences::text;

/// The list; `open` is the record beside it.
pub fn show(page: &Page, view: &View, list: &Value, open: Option<&str>, layouts: &Layouts) -> Markup {
    let rows = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let groups = list["groups"].as_array().into_iter().flatten();
    // Groups have no rows on this page where another one has them.
    let groups = groups.filter(|group| rows.iter().any(|row| row["group"] == group["key"]));
    html! {
        form #mark method="post" action="/do/POST/work-list/0/read" { (hidden("_at", &view.here())) (hidden("_then", &view.here())) (key()) }
        form #several method="post" action="/work-list/several" data-swap="" {
            (hidden("_at", &view.here()))
            (key())
            (several::bar(page))
            div #rows data-scroll="" {
                @for group in groups {
                    h2.group-head { (text(&group["label"])) " " span.quietly { (page.number(&group["count"])) } }
                    ol.plain.rows-list {
                        @for row in rows.iter().filter(|row| row["group"] == group["key"]) {
                            (one(page, view, row, open, layouts))
                        }
                    }
                }
            }
        }
        (more(page.words(), &view.with(&[("at", "")]), list["next_cursor"].as_str()))
    }
}

/// What an action on several names a row by.
fn item(row: &Value) -> String {
    let next = &row["next_action"];
    match next["step"].as_str() {
        Some(step) => format!("step:{step}"),
        None => format!("activity:{}", text(&next["activity"])),
    }
}

fn one(page: &Page, view: &View, row: &Value, open: Option<&str>, layouts: &Layouts) -> Markup {
    let words = page.words();
    let (record, next) = (&row["record"], &row["next_action"]);
    let (id, name) = (text(&record["id"]), text(&record["name"]));
    let is_open = open == Some(id);
    let is_followed = row["followed"] == true;
    let (mark, said) = if is_followed { ("unfollow", "work-unfollow") } else { ("follow", "work-follow") };
    html! {
        li.item.unread[row["unread"] == true] data-record=(id) {
            input type="checkbox" name="item" value=(item(row)) aria-label=(words.fill("connected-choose-one", &[("name", name)]));
            a id={ "row-" (id) } href=(view.at(id)) data-swap="" data-row="" aria-current=[is_open.then_some("true")] {
                @if let Some(layout) = layouts.of_row(row) { (layout.card(page, row)) }
                @else {
                    span.score { (score(row)) }
                    span.who {
                        strong { (name) @if row["unread"] == true { span.hidden { ", " (words.say("work-unread")) } } }
                        span.under { (layouts.kind(text(&record["type"]))) @if let Some(contact) = record["primary_contact_name"].as_str() { " · " (contact) } }
                    }
                    span.next-action { (icon(picture(text(&next["type"])))) (text(&next["name"])) }
                    span.due { (due(page, row)) }
                }
            }
            button.star.on[is_followed] type="submit" form="mark" formaction={ "/do/POST/work-list/" (id) "/" (mark) } aria-label=(words.fill(said, &[("name", name)])) { (icon("star")) }
            @if let Some(layout) = layouts.of_row(row) { (layout.actions(page, row)) }
        }
    }
}

/// The score with its grade; what it is made of stands beside it (W-50).
pub fn score(row: &Value) -> Markup {
    let record = &row["record"];
    html! { @if let Some(score) = record["score"].as_u64() { (score) " " span.grade { (text(&record["grade"])) } } }
}

/// When it is due, or until when it waits.
pub fn due(page: &Page, row: &Value) -> Markup {
    let (next, late) = (&row["next_action"], row["group"] == "overdue");
    html! {
        @if row["wait"].is_object() { (page.say("next-until")) " " (page.instant(&row["wait"]["wakes_at"])) }
        @else if next["due_at"].is_string() { span.late[late] { (page.instant(&next["due_at"])) } }
        @else { (page.say("next-undated")) }
    }
}
