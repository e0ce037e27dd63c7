//! `/connect`: records that were ticked in their list, and the sequence that they are to go through: one that is active, or a
//! new one of one's own.

use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use crate::web::problem::Problem;
use crate::web::ui::form;
use crate::web::ui::icons::icon;
use crate::web::ui::layout::{empty, heading};
use crate::web::ui::page::Page;
use crate::web::ui::query::Asked;
use crate::web::ui::records::kinds::Kinds;
use crate::web::ui::sequences::text;

/// Records that go along at once.
pub const CHOSEN_MAX: usize = 100;

/// Whether this may be an id; nothing else is put into an address.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

/// Ids as an address lists them; no more than can go along.
pub fn ids(listed: &str) -> Vec<String> {
    let each = listed.split(',').map(str::trim).filter(|id| is_id(id));
    each.take(CHOSEN_MAX).map(str::to_owned).collect()
}

/// The records of these ids that there are, as the API has them.
pub async fn records(page: &Page, ids: &[String]) -> Result<Vec<Value>, Problem> {
    let mut found = Vec::new();
    for id in ids.iter().take(CHOSEN_MAX) {
        found.extend(page.find(&format!("/records/{id}")).await.unwrap_or_default());
    }
    Ok(found)
}

/// The page; with `sequence=` on to that one's picker.
#[get("/connect")]
pub async fn get_connect(page: Page) -> Result<HttpResponse, Problem> {
    let (words, asked) = (page.words(), Asked::of(&page));
    let chosen: Vec<String> = asked.all("record").filter(|id| is_id(id)).take(CHOSEN_MAX).map(str::to_owned).collect();
    if is_id(asked.get("sequence")) {
        let sequence = asked.get("sequence");
        return Ok(form::lead_to(&format!("/sequences/{sequence}/connect?records={}", chosen.join(","))));
    }
    let records = records(&page, &chosen).await?;
    let title = words.count("choose-title", i64::try_from(records.len()).unwrap_or_default());
    let kinds = Kinds::of(&page).await?;
    let mut types: Vec<&str> = records.iter().map(|record| text(&record["type"])).collect();
    types.sort_unstable();
    types.dedup();
    let content = html! {
        p.crumbs { a href="/records" { (words.say("nav-records")) } }
        (heading(&title, &html! {}))
        @match (records.as_slice(), types.as_slice()) {
            ([], _) => (empty(&words.say("choose-none"), &words.say("choose-none-text"), &html! { a.button.main href="/records" { (words.say("choose-back")) } })),
            (_, [kind]) => div.columns { (known(&page, &records, kind, &kinds).await?) (own(&page, &records)) },
            _ => (empty(&words.say("choose-types"), &words.say("choose-types-text"), &html! { a.button.main href="/records" { (words.say("choose-back")) } })),
        }
        @if !records.is_empty() {
            section { h2 { (words.say("nav-records")) } ul.plain.chosen { @for record in &records { li { a href={ "/records/" (text(&record["id"])) } { (text(&record["name"])) } } } } }
        }
    };
    Ok(page.show(&title, &content))
}

/// The sequences that take such records now.
async fn known(page: &Page, records: &[Value], kind: &str, kinds: &Kinds) -> Result<Markup, Problem> {
    let words = page.words();
    let active = page
        .get(&format!("/sequences?status=active,revision&record_type={kind}&sort=name&counts=false&limit=500"))
        .await?;
    let active = active["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(html! {
        section {
            h2 { (words.say("choose-known")) }
            @if active.is_empty() { p.quietly { (words.fill("choose-no-active", &[("type", &kinds.label(kind))])) } }
            @else {
                form method="get" action="/connect" {
                    @for record in records { input type="hidden" name="record" value=(text(&record["id"])); }
                    div.field {
                        label for="choose-sequence" { (words.say("choose-sequence")) }
                        select #choose-sequence name="sequence" {
                            @for sequence in active { option value=(text(&sequence["id"])) { (text(&sequence["name"])) } }
                        }
                    }
                    button type="submit" { (words.say("choose-on")) }
                }
            }
        }
    })
}

/// The way to a new one.
fn own(page: &Page, records: &[Value]) -> Markup {
    let ids: Vec<&str> = records.iter().map(|record| text(&record["id"])).collect();
    html! {
        section {
            h2 { (page.say("choose-own")) }
            p.quietly { (page.say("choose-own-text")) }
            a.button href={ "/sequences/new?records=" (ids.join(",")) } { (icon("add")) (page.say("choose-new")) }
        }
    }
}
