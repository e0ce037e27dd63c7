//! `/sequences/{id}/tests`: the tests that are kept with a sequence, run.

use actix_web::http::Method;
use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::Sequence;
use crate::web::problem::Problem;
use crate::web::ui::chart::{Chart, Graph};
use crate::web::ui::form::Form;
use crate::web::ui::icons::icon;
use crate::web::ui::inside::Sent;
use crate::web::ui::layout::{badge, empty};
use crate::web::ui::page::Page;
use crate::web::ui::sequences::text;

/// The page: they are run each time it is shown.
#[get("/sequences/{id}/tests")]
pub async fn get_tests(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let sequence = Sequence::read(&page, &id).await?;
    let path = format!("/sequences/{}/tests", sequence.id);
    let (kept, version) = page.get_versioned(&path).await?;
    let graph = page.get(&format!("/sequences/{}/graph", sequence.id)).await?;
    let graph = Graph::of(&graph);
    let sent = Sent { body: Some(json!({})), ..Sent::default() };
    let report = page.send(Method::POST, &format!("{path}/run"), sent).await;
    let tests = kept["tests"].as_array().cloned().unwrap_or_default();
    let content = html! {
        (sequence.head(&page, "tests"))
        @if tests.is_empty() { (empty(&words.say("tests-none"), &words.say("tests-none-text"), &html! {})) }
        @match &report {
            Ok(report) if !tests.is_empty() => section { (results(&page, &graph, report)) },
            Ok(_) => {}
            Err(problem) => p.warning { (crate::web::ui::layout::sentence(&problem.detail)) },
        }
        details #edit-tests open[page.refused.is_some()] { summary { (words.say("tests-edit")) }
            (editor(&page, &path, version, &tests))
        }
    };
    Ok(page.show(&sequence.name, &content))
}

fn results(page: &Page, graph: &Graph, report: &Value) -> Markup {
    let words = page.words();
    let chart = Chart::new(words, graph);
    let untested = report["untested"].as_array().map(Vec::as_slice).unwrap_or_default();
    html! {
        h2 { (words.count("tests-passed", report["passed"].as_i64().unwrap_or_default()))
            @if report["failed"] != 0 { ", " (words.count("tests-failed", report["failed"].as_i64().unwrap_or_default())) } }
        ul.plain.results { @for result in report["results"].as_array().into_iter().flatten() { li {
            @let is_ok = result["ok"] == true;
            (badge(if is_ok { "good" } else { "bad" }, &words.say(if is_ok { "test-passed" } else { "test-failed" }))) " " (text(&result["name"]))
            @if result["detail"].is_string() { pre { (text(&result["detail"])) } }
        } } }
        @if !untested.is_empty() {
            h3 { (words.say("tests-untested")) }
            ul { @for exit in untested { li {
                (graph.node(text(&exit["node"])).map(|node| chart.name(node)).unwrap_or_default()) ": " (words.say(text(&exit["exit"])))
            } } }
        }
    }
}

fn editor(page: &Page, path: &str, version: Option<String>, tests: &[Value]) -> Markup {
    let words = page.words();
    let form = Form::new(page, "PUT", path).of_version(version).done("saved");
    let written = serde_json::to_string_pretty(tests).unwrap_or_default();
    form.show(
        "",
        &html! {
            (form.area("tests:json", &words.say("tests-json"), &written, 20, Some(&words.say("tests-json-help"))))
            div.actions { button type="submit" { (icon("done")) (words.say("tests-save")) } }
        },
    )
}
