//! `/sequences/{id}/activate`: what would be said against it, what becomes of the records that are on their way, and the
//! confirmation.

use actix_web::http::Method;
use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::Sequence;
use super::map::Names;
use crate::web::problem::Problem;
use crate::web::ui::designer::diagnostics;
use crate::web::ui::form::Form;
use crate::web::ui::icons::icon;
use crate::web::ui::inside::Sent;
use crate::web::ui::layout::sentence;
use crate::web::ui::page::Page;
use crate::web::ui::sequences::text;

const MODES: [&str; 3] = ["stay", "follow", "restart"];

/// The page.
#[get("/sequences/{id}/activate")]
pub async fn get_activate(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let sequence = Sequence::read(&page, &id).await?;
    let found = diagnostics(&page, &sequence.id).await?;
    let (errors, warnings): (Vec<&Value>, Vec<&Value>) = found.iter().partition(|found| found["severity"] == "error");
    let moves =
        if sequence.has_revision() && errors.is_empty() { previews(&page, &sequence).await? } else { Vec::new() };
    let names = if moves.is_empty() { Names::default() } else { Names::of(&page, &sequence).await? };
    let content = html! {
        (sequence.head(&page, "designer"))
        section.middle {
            h2 { (words.say(if sequence.has_revision() { "publish-title" } else { "activate-title" })) }
            @if !errors.is_empty() {
                div.notice { strong { (words.count("activate-errors", errors.len() as i64)) } (list(&page, &sequence, &errors)) }
                p { a.button.main href={ "/sequences/" (sequence.id) } { (words.say("activate-back")) } }
            } @else {
                @if !warnings.is_empty() { div.warning { strong { (words.count("activate-warnings", warnings.len() as i64)) } (list(&page, &sequence, &warnings)) } }
                p { (words.say(if sequence.has_revision() { "publish-text" } else { "activate-text" })) }
                (form(&page, &sequence, &moves, &names))
            }
        }
    };
    Ok(page.show(&sequence.name, &content))
}

fn list(page: &Page, sequence: &Sequence, found: &[&Value]) -> Markup {
    html! { ul { @for found in found { li {
        @match found["node"].as_str() {
            Some(node) => a href={ "/sequences/" (sequence.id) "?node=" (node) "#node-" (node) } { (sentence(text(&found["detail"]))) },
            None => (sentence(text(&found["detail"]))),
        }
        @if page.look.words.0 != crate::domain::language::Language::En { " " span.quietly lang="en" { "(" (text(&found["code"])) ")" } }
    } } } }
}

/// What each way to migrate would do.
async fn previews(page: &Page, sequence: &Sequence) -> Result<Vec<(&'static str, Value)>, Problem> {
    let mut previews = Vec::new();
    for mode in MODES {
        let sent = Sent { body: Some(json!({ "mode": mode })), ..Sent::default() };
        let preview = page.send(Method::POST, &format!("/sequences/{}/migrations/preview", sequence.id), sent).await?;
        previews.push((mode, preview));
    }
    Ok(previews)
}

/// To the records that are to go through it, where some were chosen before it was drawn.
fn after(page: &Page, sequence: &Sequence) -> String {
    let waiting = page.drawings().waiting(page.visitor.principal.user(), &sequence.id);
    match waiting.is_empty() {
        true => format!("/sequences/{}", sequence.id),
        false => format!("/sequences/{}/connect?records={}", sequence.id, waiting.join(",")),
    }
}

fn form(page: &Page, sequence: &Sequence, moves: &[(&str, Value)], names: &Names) -> Markup {
    let words = page.words();
    let form = Form::new(page, "POST", &format!("/sequences/{}/activate", sequence.id))
        .of_version(sequence.version.clone())
        .then(after(page, sequence))
        .done("activated");
    let chosen = form.value("migration.mode", "stay");
    form.show("", &html! {
        @if sequence.has_revision() {
            (form.area("description:optional", &words.say("publish-description"), "", 3, Some(&words.say("publish-description-help"))))
            fieldset {
                legend { (words.say("migrate-legend")) }
                @for (mode, preview) in moves {
                    label.choice.block {
                        input type="radio" name="migration.mode" value=(mode) checked[chosen == *mode];
                        span { strong { (words.say(&format!("migrate-{mode}"))) } " " (words.say(&format!("migrate-{mode}-text"))) }
                    }
                    (groups(page, mode, preview, names))
                }
            }
            p { a href={ "/sequences/" (sequence.id) "/activate/map" } { (words.say("migrate-map")) } }
        } @else {
            details { summary { (words.say("pilot")) }
                (form.input("number", "pilot.records:number?", &words.say("pilot-records"), "", Some(&words.say("pilot-help"))))
            }
        }
        div.actions {
            button type="submit" { (icon("play")) (words.say(if sequence.has_revision() { "publish" } else { "activate" })) }
            a.button href={ "/sequences/" (sequence.id) } { (words.say("cancel")) }
        }
    })
}

/// Where records stand, and what becomes of them.
pub(super) fn groups(page: &Page, mode: &str, preview: &Value, names: &Names) -> Markup {
    let words = page.words();
    let groups = preview["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
    html! {
        @if !groups.is_empty() && mode != "stay" {
            details.preview id={ "preview-" (mode) } { summary { (words.count("migrate-groups", groups.iter().filter_map(|group| group["records"].as_i64()).sum())) }
                table {
                    thead { tr { th scope="col" { (words.say("column-version")) } th scope="col" { (words.say("migrate-from")) }
                        th.number scope="col" { (words.say("migrate-records")) } th scope="col" { (words.say("migrate-to")) } } }
                    tbody { @for group in groups { tr {
                        td { (group["version"].to_string()) } td { (names.before(&group["node"])) } td.number { (page.number(&group["records"])) }
                        td { @if group["conflict"].is_string() { span.fault { (words.say("migrate-conflict")) " " (text(&group["conflict"])) } } @else { (names.after(&group["becomes"])) } }
                    } } }
                }
            }
        }
    }
}
