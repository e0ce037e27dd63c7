//! `/sequences/{id}/versions`: what was published when by whom, and what one version changed, drawn.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Map, Value};

use super::Sequence;
use crate::web::problem::Problem;
use crate::web::ui::chart::{Chart, Graph};
use crate::web::ui::layout::{badge, scroll};
use crate::web::ui::page::Page;
use crate::web::ui::query::Asked;
use crate::web::ui::records::people::People;
use crate::web::ui::sequences::text;

/// The page; `from` and `to` are version numbers, or `draft`.
#[get("/sequences/{id}/versions")]
pub async fn get_versions(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let sequence = Sequence::read(&page, &id).await?;
    let versions = page.get(&format!("/sequences/{}/versions", sequence.id)).await?;
    let versions = versions["items"].as_array().or(versions.as_array()).cloned().unwrap_or_default();
    let (from, to) = chosen(&page, &sequence, &versions);
    let people = People::of(&page).await?;
    let content = html! {
        (sequence.head(&page, "versions"))
        @if versions.is_empty() {
            (crate::web::ui::layout::empty(&words.say("versions-none"), &words.say("versions-none-text"), &html! {}))
        } @else {
            section { (table(&page, &versions, &people)) }
            section { h2 { (words.say("versions-compare")) }
                (compare_form(&page, &sequence, &versions, &from, &to))
                (difference(&page, &sequence, &from, &to).await?)
            }
        }
    };
    Ok(page.show(&sequence.name, &content))
}

fn table(page: &Page, versions: &[Value], people: &People) -> Markup {
    let words = page.words();
    html! {
        (scroll(&words.say("tab-versions"), &html! { table {
            thead { tr {
                th scope="col" { (words.say("column-version")) } th scope="col" { (words.say("version-change")) } th scope="col" { (words.say("version-at")) }
                th scope="col" { (words.say("version-by")) } th.number scope="col" { (words.say("column-step-count")) } th.number scope="col" { (words.say("column-connected-count")) }
            } }
            tbody { @for version in versions { tr {
                th scope="row" { (version["number"].to_string()) }
                td { (text(&version["description"])) } td { (page.instant(&version["at"])) }
                td { (people.name(&version["by"])) }
                td.number { (page.number(&version["step_count"])) } td.number { (page.number(&version["connected_count"])) }
            } } }
        } }))
    }
}

/// Which two are compared: those of the address, else the last two.
fn chosen(page: &Page, sequence: &Sequence, versions: &[Value]) -> (String, String) {
    let asked = Asked::of(page);
    let get = |wanted: &str| Some(asked.get(wanted).to_owned()).filter(|value| !value.is_empty());
    let number = |place: usize| versions.get(place).map(|version| version["number"].to_string());
    let newest = if sequence.is_open_for_drawing() { Some("draft".to_owned()) } else { number(0) };
    let before = if sequence.is_open_for_drawing() { number(0) } else { number(1).or_else(|| number(0)) };
    let known = |wanted: Option<String>| {
        wanted.filter(|wanted| {
            wanted == "draft" || versions.iter().any(|version| version["number"].as_u64() == wanted.parse().ok())
        })
    };
    (known(get("from")).or(before).unwrap_or_default(), known(get("to")).or(newest).unwrap_or_default())
}

fn compare_form(page: &Page, sequence: &Sequence, versions: &[Value], from: &str, to: &str) -> Markup {
    let words = page.words();
    let mut options: Vec<(String, String)> = versions
        .iter()
        .map(|version| {
            (version["number"].to_string(), words.fill("version-short", &[("n", &version["number"].to_string())]))
        })
        .collect();
    if sequence.is_open_for_drawing() {
        options.insert(0, ("draft".into(), words.say("version-draft")));
    }
    let select = |name: &str, key: &str, chosen: &str| {
        html! { div.field { label for={ "compare-" (name) } { (words.say(key)) }
        select id={ "compare-" (name) } name=(name) { @for (value, label) in &options { option value=(value) selected[value == chosen] { (label) } } } } }
    };
    html! {
        form.filters method="get" action={ "/sequences/" (sequence.id) "/versions" } {
            (select("from", "compare-from", from)) (select("to", "compare-to", to))
            button.plain type="submit" { (words.say("compare")) }
        }
    }
}

async fn graph(page: &Page, sequence: &Sequence, version: &str) -> Result<Value, Problem> {
    match version {
        "draft" | "" => page.get(&format!("/sequences/{}/graph", sequence.id)).await,
        number => page.get(&format!("/sequences/{}/versions/{number}/graph", sequence.id)).await,
    }
}

/// What became of each node, in words and in both charts.
async fn difference(page: &Page, sequence: &Sequence, from: &str, to: &str) -> Result<Markup, Problem> {
    let words = page.words();
    let (before, after) = (graph(page, sequence, from).await?, graph(page, sequence, to).await?);
    let (old, new) = (Graph::of(&before), Graph::of(&after));
    let (mut old_chart, mut new_chart) = (Chart::new(words, &old).of("old"), Chart::new(words, &new).of("new"));
    let mut told = Vec::new();
    for (id, node) in old.nodes() {
        match new.node(id) {
            None => {
                old_chart.marks.insert(id.into(), "removed");
                told.push(("removed", old_chart.name(node), Vec::new()));
            }
            Some(other) if other != node => {
                old_chart.marks.insert(id.into(), "changed");
                new_chart.marks.insert(id.into(), "changed");
                told.push(("changed", new_chart.name(other), changed(node, other)));
            }
            Some(_) => {}
        }
    }
    for (id, node) in new.nodes().filter(|(id, _)| old.node(id).is_none()) {
        new_chart.marks.insert(id.into(), "added");
        told.push(("added", new_chart.name(node), Vec::new()));
    }
    Ok(html! {
        @if told.is_empty() { p.quietly { (words.say("compare-same")) } }
        @else {
            ul { @for (mark, name, members) in &told { li {
                (badge(mark, &words.say(&format!("mark-{mark}")))) " " (name)
                @if !members.is_empty() { span.quietly { ": " (members.iter().map(|member| words.value("member", member)).collect::<Vec<_>>().join(", ")) } }
            } } }
        }
        div.columns.compare {
            div { h3 { (words.say("compare-from")) } div.canvas.small tabindex="0" role="region" aria-label=(words.say("compare-from")) { (old_chart.show()) } }
            div { h3 { (words.say("compare-to")) } div.canvas.small tabindex="0" role="region" aria-label=(words.say("compare-to")) { (new_chart.show()) } }
        }
    })
}

/// Members of a node that say something else.
fn changed<'a>(before: &'a Value, after: &'a Value) -> Vec<&'a str> {
    let members = |node: &'a Value| node.as_object().into_iter().flat_map(Map::keys);
    let mut names: Vec<&str> = members(before).chain(members(after)).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| before.get(*name) != after.get(*name));
    names
}
