//! The panel of an A/B test: its settings, its figures, and ending it.

use maud::{Markup, html};
use serde_json::Value;

use super::{items, template};
use crate::web::problem::Problem;
use crate::web::ui::form::Form;
use crate::web::ui::layout::badge;
use crate::web::ui::page::Page;
use crate::web::ui::sequence::Sequence;
use crate::web::ui::sequences::text;

/// What is tested, how, and until when (AB-2…AB-7).
pub async fn settings(page: &Page, form: &Form<'_>, node: &Value) -> Result<Markup, Problem> {
    let words = page.words();
    let kind = if node["channel"] == "text" { "auto_text" } else { "auto_email" };
    let ends_at = crate::time::Timestamp::parse(text(&node["end"]["at"]));
    let ends_at = ends_at.map(|at| crate::web::ui::dates::input(page.zone, at)).unwrap_or_default();
    let mut versions = Vec::new();
    for version in ["a", "b"] {
        let saved = &node["versions"][version];
        versions.push(html! {
            fieldset.version { legend { (words.say(&format!("version-{version}"))) }
                (form.text(&format!("versions.{version}.name"), &words.say("name"), text(&saved["name"])))
                (template(page, form, &format!("versions.{version}.template"), &words.say("field-template"), kind, &saved["template"]).await?)
            }
        });
    }
    let share = form.value("share_a:number", &node["share_a"].as_i64().unwrap_or(50).to_string());
    Ok(html! {
        (form.text("display_name", &words.say("field-display-name"), text(&node["display_name"])))
        (form.select("channel", &words.say("field-channel"), text(&node["channel"]), &[("email", words.say("channel-email")), ("text", words.say("channel-text"))]))
        @for version in &versions { (version) }
        (form.field_with("share_a:number", &words.say("field-share"), Some(&words.say("field-share-help")), |control| html! {
            input id=(control.id) name=(control.name) type="range" min="10" max="90" step="1" value=(share) list="shares" aria-describedby=[control.described];
            output for=(control.id) data-share="" { (share) " %" }
        }))
        (form.select("metric", &words.say("field-metric"), text(&node["metric"]), &["goal", "clicks", "opens"].map(|metric| (metric, words.value("metric", metric)))))
        (form.select("ends", &words.say("field-ends"), if ends_at.is_empty() { "automatic" } else { "at" }, &[("automatic", words.say("ends-automatic")), ("at", words.say("ends-at"))]))
        (form.input("datetime-local", "ends_at:local", &words.say("field-ends-at"), &ends_at, None))
        (form.select("default", &words.say("field-default"), text(&node["default"]), &[("a", words.say("version-a")), ("b", words.say("version-b"))]))
    })
}

/// How an A/B test stands, and what ends it (AB-10).
pub async fn figures(page: &Page, sequence: &Sequence, id: &str) -> Result<Markup, Problem> {
    let words = page.words();
    let tests = page.get(&format!("/sequences/{}/ab-tests", sequence.id)).await?;
    let found = items(&tests).filter(|test| test["node"] == id).max_by_key(|test| test["version"].as_u64());
    let Some(test) = found.filter(|test| test["status"] != "draft") else { return Ok(html! {}) };
    let stop = Form::new(page, "POST", &format!("/sequences/{}/ab-tests/{id}/stop", sequence.id)).done("ab");
    Ok(html! {
        h3.part { (words.say("ab-figures")) " " (badge(if test["status"] == "in_progress" { "waiting" } else { "good" }, &words.value("ab", text(&test["status"])))) }
        table.figures {
            thead { tr { th scope="col" { (words.say("ab-version")) } th.number scope="col" { (words.say("ab-exposures")) }
                th.number scope="col" { (words.say("ab-met")) } th.number scope="col" { (words.say("ab-rate")) } } }
            tbody { @for version in ["a", "b"] {
                @let shown = &test["versions"][version];
                tr {
                    th scope="row" { (words.say(&format!("version-{version}"))) @if shown["winner"] == true { " " (badge("good", &words.say("ab-winner"))) } }
                    td.number { (page.number(&shown["exposures"])) } td.number { (page.number(&shown["met"])) }
                    td.number { @match shown["rate"].as_f64() { Some(rate) => (format!("{:.1}\u{a0}%", rate * 100.0)), None => "–" } }
                }
            } }
        }
        @if test["status"] == "in_progress" {
            details #stop-test { summary { (words.say("ab-stop-do")) }
                (stop.show("", &html! {
                    (stop.select("version", &words.say("ab-stop"), "a", &[("a", words.say("version-a")), ("b", words.say("version-b"))]))
                    button.danger type="submit" { (words.say("ab-stop-do")) }
                }))
            }
        }
    })
}
