//! `/imports`: a CSV file becomes records: choose it, see what goes where, start it, watch it.

mod preview;
mod rejects;

use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Path, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, get, post};
use maud::{Markup, html};
use serde_json::{Value, json};

use self::preview::Choice;
use super::form::{self, Raw};
use super::icons::icon;
use super::inside::Sent;
use super::layout::{self, badge, heading, sentence};
use super::page::Page;
use super::query::{Asked, query};
use super::records::kinds::Kinds;
use super::sequences::text;
use crate::web::problem::Problem;

/// What pasted rows are to the API.
const CSV: &str = "text/csv; charset=utf-8";
/// The first rejected rows are told where there are at most so many; more are a file to download.
const REJECTS_READ: i64 = 10_000;

/// Choose a type and a file, or paste its rows.
#[get("/imports/new")]
pub async fn get_new(page: Page) -> Result<HttpResponse, Problem> {
    first(&page, &Asked::of(&page), None).await
}

/// The first page, perhaps with why the file was not taken.
async fn first(page: &Page, asked: &Asked, wrong: Option<&str>) -> Result<HttpResponse, Problem> {
    let kinds = Kinds::of(page).await?;
    let chosen = match asked.get("type") {
        "" => "lead",
        kind => kind,
    };
    let content = html! {
        (crumbs(page))
        (heading(&page.say("import-title"), &html! {}))
        @if let Some(wrong) = wrong { (refused(page, wrong)) }
        div.notice data-import-wrong="" role="alert" tabindex="-1" hidden { strong { (page.say("import-refused")) } p {} }
        section.middle {
            form method="post" action="/imports/preview" data-import-choose="" {
                div.field {
                    label for="import-type" { (page.say("import-type")) }
                    (kinds.select("import-type", "type", chosen, None))
                }
                div.field data-with-script="" hidden {
                    label for="import-file" { (page.say("import-file")) }
                    input #import-file type="file" accept=".csv,.tsv,.txt,text/csv,text/plain";
                    p.help { (page.say("import-file-help")) }
                }
                div.field {
                    label for="import-text" { (page.say("import-text")) }
                    textarea #import-text name="text" rows="8" spellcheck="false" aria-describedby="import-text-help"
                        placeholder=(page.say("import-text-example")) { (asked.get("text")) }
                    p.help #import-text-help { (page.say("import-text-help")) }
                }
                button type="submit" { (page.say("import-continue")) }
            }
        }
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(layout::answer(status, layout::frame(page, &page.say("import-title"), &content)))
}

/// The page that what stands on an answer to a form leads back to: this one cannot be asked for.
fn begun(asked: &Asked) -> String {
    format!("/imports/new?{}", asked.only(&["type"]))
}

fn crumbs(page: &Page) -> Markup {
    html! { p.crumbs { a href="/records" { (page.say("nav-records")) } } }
}

/// Why something was not taken.
fn refused(page: &Page, detail: &str) -> Markup {
    html! { div.notice role="alert" tabindex="-1" { strong { (page.say("import-refused")) } p { (sentence(detail)) } } }
}

/// What would go where. The body is the form of the first page; or the beginning of a file, of which the address says type
/// and size.
#[post("/imports/preview")]
async fn post_preview(mut page: Page, request: HttpRequest, Raw(body): Raw) -> Result<HttpResponse, Problem> {
    let is_form = request.content_type() == "application/x-www-form-urlencoded";
    let asked = if is_form { Asked::read(&body) } else { Asked::read(request.query_string().as_bytes()) };
    page.look.path = begun(&asked);
    let (pasted, beginning) = match is_form {
        true => (Some(asked.get("text").to_owned()), Bytes::from(asked.get("text").to_owned())),
        false => (None, body),
    };
    let size = asked.get("of").parse().unwrap_or(beginning.len());
    let choice = match Choice::of(&page, asked.get("type"), (pasted, &beginning, size)).await? {
        Ok(choice) => choice,
        Err(wrong) => return first(&page, &asked, Some(&wrong)).await,
    };
    Ok(choice.show(&page, asked.get("name"), None))
}

/// Starts an import of what was pasted; a file is sent by the script straight to the API.
#[post("/imports/start")]
async fn post_start(mut page: Page, Raw(body): Raw) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&body);
    page.look.path = begun(&asked);
    let columns: Vec<&str> = asked.all("column").collect();
    let targets =
        columns.iter().enumerate().map(|(place, column)| (column, asked.get(&format!("to.{place}")).to_owned()));
    let mapping: serde_json::Map<String, Value> = targets
        .filter(|(_, target)| !matches!(target.as_str(), "" | "external_id"))
        .map(|(column, target)| ((*column).to_owned(), target.into()))
        .collect();
    let external = asked.get("external");
    let mut pairs = vec![("type", asked.get("type"))];
    let mapping = json!(mapping).to_string();
    pairs.push(("mapping", &mapping));
    if !external.is_empty() {
        pairs.push(("external_id", external));
    }
    let (text, key) = (asked.get("text").to_owned(), asked.get("_key").to_owned());
    let sent = Sent { file: Some((CSV.into(), text.clone().into())), key: Some(key), ..Sent::default() };
    match page.send(Method::POST, &format!("/imports?{}", query(pairs)), sent).await {
        Ok(import) => {
            let address = format!("/imports/{}?{}", self::text(&import["id"]), asked.only(&["of", "type"]));
            Ok(form::lead_to(&address))
        }
        Err(problem) => {
            let (bytes, size) = (Bytes::from(text.clone()), text.len());
            match Choice::of(&page, asked.get("type"), (Some(text), &bytes, size)).await? {
                Ok(choice) => Ok(choice.chosen(&asked).show(&page, "", Some(&problem))),
                Err(wrong) => first(&page, &asked, Some(&wrong)).await,
            }
        }
    }
}

/// How far it is.
#[get("/imports/{id}")]
pub async fn get_import(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&page);
    let import = page.get(&format!("/imports/{id}")).await?;
    let (state, rejected) = (text(&import["state"]), import["rejected"].as_i64().unwrap_or_default());
    let is_running = state == "running";
    let kind = match state {
        "completed" => "good",
        "failed" => "bad",
        _ => "waiting",
    };
    let read = import["rows_read"].as_i64().unwrap_or_default();
    let of = if is_running { asked.get("of").parse().unwrap_or(0).max(read) } else { read.max(1) };
    let count = |key: &str| html! { div.figure { strong.figures { (page.number(&import[key])) } span { (page.say(&format!("import-{}", key.replace('_', "-")))) } } };
    let rejects = match rejected {
        1..=REJECTS_READ if !is_running => rejects::show(&page, &id).await?,
        _ => html! {},
    };
    let content = html! {
        (crumbs(&page))
        (heading(&page.say("import-one"), &html! { (badge(kind, &page.words().value("import-state", state))) }))
        section data-refresh=[is_running.then_some("700")] {
            label for="import-progress" { (page.words().value("import-progress", state)) }
            @if is_running && of == 0 { progress #import-progress {} }
            @else { progress #import-progress max=(of) value=(if is_running { read } else { of }) {} }
            @if let Some(detail) = import["detail"].as_str() { p.notice role="alert" { (sentence(detail)) } }
            div.figures-row { (count("rows_read")) (count("created")) (count("updated")) (count("rejected")) }
            p.quietly { (page.say("import-started")) " " (page.instant(&import["started_at"]))
                @if import["ended_at"].is_string() { " · " (page.say("import-ended")) " " (page.instant(&import["ended_at"])) } }
            @if is_running { noscript { p { a.button href=(page.look.path) { (page.say("import-look-again")) } } } }
        }
        @if rejected > 0 {
            section {
                h2 { (icon("warning")) " " (page.words().count("import-rejects", rejected)) }
                p { (page.say("import-rejects-text")) }
                (rejects)
                p { a.button href={ "/api/v1/imports/" (id) "/rejects" } download="" { (page.say("import-rejects-do")) } }
            }
        }
        @if !is_running {
            p.actions {
                a.button.main href={ "/records?" (asked.only(&["type"])) } { (page.say("import-records")) }
                a.button href="/imports/new" { (page.say("import-another")) }
            }
        }
    };
    Ok(page.show(&page.say("import-one"), &content))
}

/// This area's pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_new).service(post_preview).service(post_start).service(get_import);
}
