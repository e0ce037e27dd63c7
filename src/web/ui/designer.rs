//! `/sequences/{id}`: the designer, where a sequence is drawn step by step. Each change is saved as it is made, and can be
//! undone.

pub mod edit;
pub mod memory;
mod panel;

use std::collections::HashMap;

use actix_web::http::Method;
use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get, post};
use maud::{Markup, html};
use serde_json::Value;

use self::edit::{Place, Why};
use super::chart::{Chart, Graph};
use super::connected::choose::ids;
use super::form::{self, Fields, Form};
use super::icons::icon;
use super::inside::Sent;
use super::page::Page;
use super::query::Asked;
use super::sequence::Sequence;
use super::sequences::text;
use super::words::Words;
use crate::web::problem::Problem;

/// The routes.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_designer).service(post_designer);
}

/// The page.
#[get("/sequences/{id}")]
async fn get_designer(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let sequence = Sequence::read(&page, &id).await?;
    let words = page.words();
    let (drawn, version) = page.get_versioned(&format!("/sequences/{}/graph", sequence.id)).await?;
    let graph = Graph::of(&drawn);
    let asked = Asked::of(&page);
    if !asked.get("connect").is_empty() {
        page.drawings().wait(page.visitor.principal.user(), &sequence.id, ids(asked.get("connect")));
    }
    let is_editable = sequence.is_open_for_drawing() && sequence.may_change(&page);
    let mut chart = Chart::new(words, &graph);
    chart.href = Some(format!("/sequences/{}", sequence.id));
    chart.is_editable = is_editable;
    chart.selected = some(asked.get("node"));
    let counts = sequence.counts(&page).await?;
    chart.standing = standing(&counts);
    let found = if is_editable { diagnostics(&page, &sequence.id).await? } else { Vec::new() };
    chart.found = by_node(&found);
    let content = html! {
        (sequence.head(&page, "designer"))
        (toolbar(&page, &sequence, version.as_deref()))
        (list_of(words, &found, &graph, &chart))
        (counting(&page, &counts))
        div.designer {
            div.canvas #canvas data-scroll="" data-editable[is_editable] data-sequence=(sequence.id) data-version=[version.as_deref()] { (chart.show()) }
            aside.panel #panel tabindex="0" aria-label=(words.say("panel")) {
                @if let Some(place) = some(asked.get("add")).and_then(Place::parse).filter(|_| is_editable) {
                    (panel::palette(&page, &sequence, &graph, place, version.as_deref()).await?)
                } @else if let Some(node) = some(asked.get("node")).and_then(|id| graph.node(id)) {
                    (panel::node(&page, &sequence, &graph, node, version.as_deref()).await?)
                } @else if !sequence.may_change(&page) {
                    h2 { (words.say("panel")) } p { (words.say("mine-not-yours")) }
                } @else {
                    (panel::nothing(words, is_editable))
                }
            }
        }
        (mover(&page, &sequence, version.as_deref()))
        @if sequence.is_active() { (super::layout::follow_standing()) }
    };
    Ok(page.show(&sequence.name, &content))
}

/// How many stand at each node, whichever version they go through.
fn standing(counts: &Value) -> HashMap<String, i64> {
    let mut standing = HashMap::new();
    for count in counts["nodes"].as_array().into_iter().flatten() {
        *standing.entry(text(&count["node"]).to_owned()).or_default() += count["records"].as_i64().unwrap_or_default();
    }
    standing
}

/// That they are not counted yet.
fn counting(page: &Page, counts: &Value) -> Markup {
    let (read, all) = (page.number(&counts["read"]), page.number(&counts["connected"]));
    html! {
        @if counts["state"] == "counting" {
            p.quietly #counting role="status" { (icon("wait")) (page.words().fill("chart-counting", &[("read", &read), ("all", &all)])) }
        }
    }
}

/// A value of the address that says something.
fn some(value: &str) -> Option<&str> {
    Some(value).filter(|value| !value.is_empty())
}

/// What activation would say of the draft.
pub async fn diagnostics(page: &Page, id: &str) -> Result<Vec<Value>, Problem> {
    let sent = Sent { body: Some(Value::Object(serde_json::Map::new())), ..Sent::default() };
    let found = page.send(Method::POST, &format!("/sequences/{id}/validate"), sent).await?;
    Ok(found["diagnostics"].as_array().cloned().unwrap_or_default())
}

fn by_node(found: &[Value]) -> HashMap<String, Vec<(bool, String)>> {
    let mut by = HashMap::<String, Vec<(bool, String)>>::new();
    for found in found {
        if let Some(node) = found["node"].as_str() {
            let said = (found["severity"] == "error", super::layout::sentence(text(&found["detail"])));
            by.entry(node.into()).or_default().push(said);
        }
    }
    by
}

/// Everything that is to be mended, each leading to its node.
fn list_of(words: Words, found: &[Value], graph: &Graph, chart: &Chart) -> Markup {
    html! {
        @if !found.is_empty() {
            details.findings #findings {
                summary { (icon("warning")) (words.count("findings", found.len() as i64)) }
                ul.plain { @for one in found {
                    li {
                        (icon(if one["severity"] == "error" { "error" } else { "warning" })) " "
                        @match one["node"].as_str().and_then(|id| graph.node(id).map(|node| (id, node))) {
                            Some((id, node)) => a href={ "#node-" (id) } { (chart.name(node)) },
                            None => (words.say("finding-whole")),
                        }
                        ": " (super::layout::sentence(text(&one["detail"])))
                    }
                } }
            }
        }
    }
}

fn toolbar(page: &Page, sequence: &Sequence, version: Option<&str>) -> Markup {
    let words = page.words();
    let (can_undo, can_redo) = page.drawings().can(page.visitor.principal.user(), &sequence.id);
    let stroke = |action: &str, picture: &str, is_possible: bool| {
        let form = Form::to(page, format!("/designer/{}/{action}", sequence.id)).of_version(version.map(str::to_owned));
        form.show("inline", &html! {
            button.plain type="submit" disabled[!is_possible] id={ "stroke-" (action) } { (icon(picture)) (words.say(&format!("stroke-{action}"))) }
        })
    };
    html! {
        @if sequence.is_open_for_drawing() {
            div.toolbar.actions {
                (stroke("undo", "undo", can_undo))
                (stroke("redo", "undo", can_redo))
                span.quietly { (words.say("designer-saved")) }
            }
        }
    }
}

/// What dragging a step sends; not seen.
fn mover(page: &Page, sequence: &Sequence, version: Option<&str>) -> Markup {
    let form = Form::to(page, format!("/designer/{}/move", sequence.id)).of_version(version.map(str::to_owned));
    html! { @if sequence.is_open_for_drawing() { div hidden { (form.show("mover", &html! {
        input type="hidden" name="_node" value="" disabled; input type="hidden" name="_place" value="" disabled;
    })) } } }
}

/// Changes the drawing, and shows it again.
#[post("/designer/{id}/{action}")]
async fn post_designer(
    page: Page,
    path: Path<(String, String)>,
    Fields(fields): Fields,
) -> Result<HttpResponse, Problem> {
    let (id, action) = path.into_inner();
    let address = format!("/designer/{id}/{action}");
    let answer = draw(&page, &id, &action, &fields).await;
    form::follow(&page, address, fields, answer.map(|then| (then, Value::Null))).await
}

/// The page that follows.
async fn draw(page: &Page, id: &str, action: &str, fields: &[(String, String)]) -> Result<String, Problem> {
    let memory = page.drawings();
    let (by, path) = (page.visitor.principal.user(), format!("/sequences/{id}/graph"));
    let about = |name: &str| fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let (before, version) = page.get_versioned(&path).await?;
    if !about("_match").is_empty() && Some(about("_match")) != version.as_deref() {
        return Err(Problem::new("version_mismatch", page.say("designer-stale")));
    }
    let is_stroke = matches!(action, "undo" | "redo");
    let (graph, shown) = if is_stroke {
        let graph = memory.peek(by, id, action == "redo");
        (graph.ok_or_else(|| Problem::new("version_mismatch", page.say("designer-nothing")))?, None)
    } else {
        let mut graph = before.clone();
        let shown = stroke(page, &mut graph, action, &about, fields)?;
        (graph, shown)
    };
    let sent = Sent {
        body: Some(graph),
        version,
        key: Some(about("_key").to_owned()).filter(|key| !key.is_empty()),
        ..Sent::default()
    };
    page.send(Method::PUT, &path, sent).await?;
    match is_stroke {
        true => memory.shown(by, id, action == "redo", before),
        false => memory.draw(by, id, before),
    }
    let shown = shown.map_or(String::new(), |node| format!("?node={node}"));
    Ok(format!("/sequences/{id}{shown}"))
}

/// One change; the node that is shown then.
fn stroke<'a>(
    page: &Page,
    graph: &mut Value,
    action: &str,
    about: &impl Fn(&str) -> &'a str,
    fields: &[(String, String)],
) -> Result<Option<String>, Problem> {
    let refused = |why: Why| Problem::new("validation_failed", page.say(why));
    let place = || Place::parse(about("_place")).ok_or_else(|| refused("why-gone"));
    let node = about("_node");
    match action {
        "add" => {
            let kind = about("_kind");
            let name = page.words().value("node", kind);
            edit::add(graph, place()?, kind, &name).map(Some).map_err(refused)
        }
        "join" => {
            let target = Some(about("_target")).filter(|target| !target.is_empty());
            edit::join(graph, place()?, target).map(|()| None).map_err(refused)
        }
        "delete" => edit::delete(graph, node, about("_way")).map(|()| None).map_err(refused),
        "move" => edit::shift(graph, node, place()?).map(|()| Some(node.to_owned())).map_err(refused),
        "up" | "down" => edit::nudge(graph, node, action == "up").map(|()| Some(node.to_owned())).map_err(refused),
        "copy" => edit::duplicate(graph, node).map(Some).map_err(refused),
        "change" => {
            let Value::Object(said) = form::read(fields, page.zone)? else { return Ok(None) };
            edit::change(graph, node, panel::tidy(said)).map(|()| Some(node.to_owned())).map_err(refused)
        }
        _ => Err(Problem::not_found("page")),
    }
}
