//! `/find`: pages, actions, sequences and records by a few letters; the command palette shows the same.

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::icons::icon;
use super::layout::heading;
use super::page::Page;
use super::query::{Asked, query};
use super::records::kinds::Kinds;
use super::sequences::{self, text};
use crate::web::problem::Problem;

/// Where one may go and what one may do: address, text and picture.
const PLACES: [(&str, &str, &str); 15] = [
    ("/my-day", "nav-my-day", "day"),
    ("/work-list", "nav-work", "list"),
    ("/bulk-email", "bulk-title", "email"),
    ("/sequences", "nav-sequences", "sequence"),
    ("/sequences/new", "sequence-new", "add"),
    ("/sequences?status=active", "find-active", "play"),
    ("/records", "nav-records", "record"),
    ("/records/new", "record-new", "add"),
    ("/records?sequence=none", "find-unconnected", "record"),
    ("/imports/new", "import-title", "upload"),
    ("/admin", "nav-admin", "settings"),
    ("/account", "find-account", "person"),
    ("/account/calendar", "account-tab-calendar", "clock"),
    ("/my-sequences", "account-tab-sequences", "sequence"),
    ("/docs/", "find-docs", "search"),
];

/// The page.
#[get("/find")]
pub async fn get_find(page: Page) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&page);
    let q = asked.get("q").trim();
    let content = html! {
        (heading(&page.say("find-title"), &html! {}))
        form.filters method="get" action="/find" role="search" {
            div.field.wide { label.hidden for="find-q" { (page.say("find-label")) } input #find-q type="search" name="q" value=(q) placeholder=(page.say("find-label")); }
            button.plain type="submit" { (icon("search")) (page.say("search")) }
        }
        section { div #found { (found(&page, q).await?) } }
    };
    Ok(page.show(&page.say("find-title"), &content))
}

/// Everything of that name, in groups.
async fn found(page: &Page, q: &str) -> Result<Markup, Problem> {
    let letters = q.to_lowercase();
    let places = PLACES.iter().map(|(href, key, picture)| (*href, page.say(key), *picture));
    let places: Vec<_> = places.filter(|(_, label, _)| label.to_lowercase().contains(&letters)).collect();
    let (mut sequences, mut records) = (Vec::new(), Vec::new());
    if !q.is_empty() {
        let asked = query([("q", q), ("limit", "8")]);
        let sequences_asked = query([("q", q), ("limit", "8"), ("counts", "false")]);
        sequences = items(page.get(&format!("/sequences?{sequences_asked}")).await?);
        records = items(page.get(&format!("/records?{asked}")).await?);
    }
    let kinds = Kinds::of(page).await?;
    let nothing = places.is_empty() && sequences.is_empty() && records.is_empty();
    Ok(html! {
        @if nothing { p.quietly role="status" { (page.words().fill("find-nothing", &[("q", q)])) } }
        (group(&page.say("nav-sequences"), &sequences, |sequence| html! {
            a href={ "/sequences/" (text(&sequence["id"])) } { (icon("sequence")) (text(&sequence["name"])) (sequences::status(page.words(), sequence)) }
        }))
        (group(&page.say("nav-records"), &records, |record| html! {
            a href={ "/records/" (text(&record["id"])) } { (icon("record")) (text(&record["name"])) span.quietly { (kinds.label(text(&record["type"]))) } }
        }))
        @if !q.is_empty() {
            ul.plain.found { li { a href={ "/records?" (query([("q", q)])) } { (icon("search")) (page.words().fill("find-records", &[("q", q)])) } } }
        }
        (group(&page.say("find-places"), &places, |(href, label, picture)| html! { a href=(href) { (icon(picture)) (label) } }))
    })
}

fn items(mut list: Value) -> Vec<Value> {
    list["items"].as_array_mut().map(std::mem::take).unwrap_or_default()
}

fn group<T>(title: &str, items: &[T], link: impl Fn(&T) -> Markup) -> Markup {
    html! { @if !items.is_empty() { h2.legend { (title) } ul.plain.found { @for item in items { li { (link(item)) } } } } }
}

/// The way to it from every page.
pub fn link(page: &Page) -> Markup {
    html! {
        a.find href="/find" data-dialog="palette" aria-keyshortcuts="Control+K" { (icon("search")) span { (page.say("search")) } kbd aria-hidden="true" { "Ctrl K" } }
    }
}

/// What the script opens over a page: the palette, and the keys of the page. Until then they are no part of it.
pub fn dialogs(page: &Page) -> Markup {
    let key = |keys: &[&str], text: &str| {
        html! { dt { @for key in keys { kbd { (key) } " " } } dd { (page.say(text)) } }
    };
    html! {
        template #dialogs {
            dialog #palette aria-label=(page.say("find-title")) {
                form method="get" action="/find" role="search" {
                    label.hidden for="palette-q" { (page.say("find-label")) }
                    input #palette-q type="search" name="q" autocomplete="off" placeholder=(page.say("find-label"));
                }
                div data-found="" {}
            }
            dialog #keys aria-labelledby="keys-title" {
                div.heading {
                    h2 #keys-title { (page.say("keys-title")) }
                    form method="dialog" { button.quiet type="submit" { (icon("close")) (page.say("keys-close")) } }
                }
                dl { (key(&["Ctrl", "K"], "keys-find")) (key(&["/"], "keys-search")) (key(&["?"], "keys-keys")) (key(&["Esc"], "keys-escape")) }
            }
        }
    }
}

/// This area's pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_find);
}
