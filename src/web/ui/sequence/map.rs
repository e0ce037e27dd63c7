//! `/sequences/{id}/activate/map`: for each step of the version that serves now, where its records go on in the next one
//! (D-47); what that does to whom is shown before it is published.

use std::collections::BTreeMap;

use actix_web::http::Method;
use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::Sequence;
use super::activate::groups;
use crate::web::problem::Problem;
use crate::web::ui::chart::{Chart, Graph};
use crate::web::ui::form::{Form, hidden};
use crate::web::ui::icons::icon;
use crate::web::ui::inside::Sent;
use crate::web::ui::layout::sentence;
use crate::web::ui::page::Page;
use crate::web::ui::query::Asked;

/// Where somebody said that records go on, by the step that they stand at.
type Chosen = BTreeMap<String, String>;

/// The page; the address says what is chosen: `map.STEP=STEP`.
#[get("/sequences/{id}/activate/map")]
pub async fn get_map(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let sequence = Sequence::read(&page, &id).await?;
    let back = format!("/sequences/{}/activate", sequence.id);
    let content = if sequence.has_revision() {
        let (before, after) = graphs(&page, &sequence).await?;
        let (before, after) = (Graph::of(&before), Graph::of(&after));
        let names = Names::new(&page, &before, &after);
        let asked = Asked::of(&page);
        let given = |node: &str| Some(asked.get(&format!("map.{node}")).to_owned()).filter(|to| !to.is_empty());
        let chosen: Chosen = before.nodes().filter_map(|(id, _)| Some((id.to_owned(), given(id)?))).collect();
        let sent = Sent { body: Some(json!({ "mode": "map", "map": chosen })), ..Sent::default() };
        let preview = page.send(Method::POST, &format!("/sequences/{}/migrations/preview", sequence.id), sent).await;
        html! {
            p { (words.say("migrate-map-text")) }
            (selects(&page, &names, &chosen))
            @match &preview {
                Ok(preview) => (publish(&page, &sequence, &chosen, preview, &names)),
                Err(problem) => div.notice role="alert" { (sentence(&problem.detail)) },
            }
        }
    } else {
        html! { p { (words.say("migrate-map-none")) } }
    };
    let content = html! {
        (sequence.head(&page, "designer"))
        section.middle { h2 { (words.say("migrate-map-title")) } (content) p { a href=(back) { (words.say("migrate-map-back")) } } }
    };
    Ok(page.show(&sequence.name, &content))
}

/// The version that serves now, and the next one.
async fn graphs(page: &Page, sequence: &Sequence) -> Result<(Value, Value), Problem> {
    let versions = page.get(&format!("/sequences/{}/versions?limit=1", sequence.id)).await?;
    let number = versions["items"][0]["number"].to_string();
    let before = page.get(&format!("/sequences/{}/versions/{number}/graph", sequence.id)).await?;
    Ok((before, page.get(&format!("/sequences/{}/graph", sequence.id)).await?))
}

/// What people call the steps of the two versions, by their ids.
#[derive(Default)]
pub struct Names {
    old: BTreeMap<String, String>,
    new: BTreeMap<String, String>,
}

impl Names {
    /// Of a sequence in revision.
    pub async fn of(page: &Page, sequence: &Sequence) -> Result<Names, Problem> {
        let (before, after) = graphs(page, sequence).await?;
        Ok(Names::new(page, &Graph::of(&before), &Graph::of(&after)))
    }

    fn new(page: &Page, before: &Graph, after: &Graph) -> Names {
        let of = |graph: &Graph| {
            let chart = Chart::new(page.words(), graph);
            graph.nodes().map(|(id, node)| (id.to_owned(), chart.name(node))).collect()
        };
        Names { old: of(before), new: of(after) }
    }

    /// A step that records stand at; one of an earlier version still has its id.
    pub fn before(&self, node: &Value) -> String {
        told(&self.old, node)
    }

    /// A step where they would go on.
    pub fn after(&self, node: &Value) -> String {
        told(&self.new, node)
    }
}

fn told(names: &BTreeMap<String, String>, node: &Value) -> String {
    node.as_str().map_or_else(|| "–".to_owned(), |id| names.get(id).cloned().unwrap_or_else(|| id.to_owned()))
}

/// One choice for each step of the version before.
fn selects(page: &Page, names: &Names, chosen: &Chosen) -> Markup {
    let words = page.words();
    html! {
        form.mapping method="get" {
            @for (id, name) in &names.old {
                @let (field, to) = (format!("map-{id}"), chosen.get(id).map_or("", String::as_str));
                div.field {
                    label for=(field) { (name) }
                    select id=(field) name={ "map." (id) } {
                        option value="" { (words.say(if names.new.contains_key(id) { "migrate-map-same" } else { "migrate-map-gone" })) }
                        @for (target, name) in names.new.iter().filter(|(target, _)| *target != id) {
                            option value=(target) selected[target == to] { (name) }
                        }
                    }
                }
            }
            button.plain type="submit" { (words.say("migrate-map-show")) }
        }
    }
}

fn publish(page: &Page, sequence: &Sequence, chosen: &Chosen, preview: &Value, names: &Names) -> Markup {
    let words = page.words();
    let form = Form::new(page, "POST", &format!("/sequences/{}/activate", sequence.id))
        .of_version(sequence.version.clone())
        .then(format!("/sequences/{}", sequence.id))
        .done("activated");
    let is_anybody = preview["groups"].as_array().is_some_and(|groups| !groups.is_empty());
    html! {
        @if is_anybody { (groups(page, "map", preview, names)) } @else { p.help { (words.say("migrate-map-nobody")) } }
        (form.show("", &html! {
            (form.area("description:optional", &words.say("publish-description"), "", 3, Some(&words.say("publish-description-help"))))
            (hidden("migration.mode", "map"))
            @for (place, (from, to)) in chosen.iter().enumerate() {
                (hidden(&format!("migration.map_pairs.{place}.name"), from)) (hidden(&format!("migration.map_pairs.{place}.value"), to))
            }
            div.actions { button type="submit" { (icon("play")) (words.say("publish")) } }
        }))
    }
}
