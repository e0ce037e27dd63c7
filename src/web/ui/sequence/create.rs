//! `/sequences/new`: from a template or blank (Q-1…Q-4).

use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use crate::web::problem::Problem;
use crate::web::ui::chart::{Chart, Graph};
use crate::web::ui::connected::choose::{ids, records};
use crate::web::ui::form::{Form, hidden};
use crate::web::ui::layout::{badge, heading, with_query};
use crate::web::ui::page::Page;
use crate::web::ui::query::Asked;
use crate::web::ui::sequences::text;

/// The page; with `template=` the form for that one, with `blank=1` that for an empty chart.
#[get("/sequences/new")]
pub async fn get_new(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let asked = Asked::of(&page);
    let get = |wanted: &str| Some(asked.get(wanted).to_owned()).filter(|value| !value.is_empty());
    // Records that it is made for: they are offered to be connected once it is active.
    let chosen = ids(&format!("{},{}", asked.get("record"), asked.get("records")));
    let chosen = records(&page, &chosen).await?;
    let of_chosen = chosen.first().map(|record| text(&record["type"]).to_owned());
    let kind = of_chosen.or_else(|| get("record_type")).unwrap_or_default();
    let made_for = MadeFor { records: &chosen };
    let content = if let Some(id) = get("template") {
        let template = page.get(&format!("/templates/{id}")).await?;
        html! {
            p.crumbs { a href="/sequences" { (words.say("nav-sequences")) } " / " a href="/sequences/new" { (words.say("sequence-new")) } }
            (heading(text(&template["name"]), &html! {}))
            (made_for.notice(&page))
            div.columns.create {
                section { h2 { (words.say("properties")) } (form(&page, Some(&template), "", &made_for)) }
                section { (card_facts(&page, &template)) (drawn(&page, &template)) }
            }
        }
    } else if get("blank").is_some() {
        html! {
            p.crumbs { a href="/sequences" { (words.say("nav-sequences")) } " / " a href="/sequences/new" { (words.say("sequence-new")) } }
            (heading(&words.say("create-blank"), &html! {}))
            (made_for.notice(&page))
            section.middle { (form(&page, None, &kind, &made_for)) }
        }
    } else {
        let path =
            if kind.is_empty() { "/templates".to_owned() } else { with_query("/templates", &[("record_type", &kind)]) };
        let templates = page.get(&path).await?;
        html! {
            p.crumbs { a href="/sequences" { (words.say("nav-sequences")) } }
            (heading(&words.say("sequence-new"), &html! {}))
            (made_for.notice(&page))
            div.card.blank-card {
                div { h2 { (words.say("create-blank")) } p { (words.say("create-blank-text")) } }
                a.button.main href=(made_for.with(&with_query("/sequences/new?blank=1", &[("record_type", &kind)]))) { (words.say("create-blank-do")) }
            }
            h2 { (words.say("create-template")) }
            p.quietly { (words.say("create-template-text")) }
            ul.plain.gallery { @for template in templates["items"].as_array().into_iter().flatten() { (card(&page, template, &made_for)) } }
        }
    };
    Ok(page.show(&words.say("sequence-new"), &content))
}

/// The records that a sequence is made for.
struct MadeFor<'a> {
    records: &'a [Value],
}

impl MadeFor<'_> {
    fn ids(&self) -> String {
        self.records.iter().map(|record| text(&record["id"])).collect::<Vec<_>>().join(",")
    }

    /// An address of this page with them.
    fn with(&self, path: &str) -> String {
        with_query(path, &[("records", &self.ids())])
    }

    /// The designer, which keeps them in mind.
    fn after(&self) -> String {
        if self.records.is_empty() {
            "/sequences/{id}".into()
        } else {
            format!("/sequences/{{id}}?connect={}", self.ids())
        }
    }

    fn notice(&self, page: &Page) -> Markup {
        html! {
            @match self.records {
                [] => {}
                [one] => p.quietly { (page.words().fill("mine-for", &[("name", text(&one["name"]))])) },
                several => p.quietly { (page.words().count("mine-for-several", i64::try_from(several.len()).unwrap_or_default())) },
            }
        }
    }
}

fn card(page: &Page, template: &Value, made_for: &MadeFor) -> Markup {
    let words = page.words();
    html! {
        li.card id={ "template-" (text(&template["id"])) } {
            h3 { (text(&template["name"])) }
            p { (text(&template["description"])) }
            (card_facts(page, template))
            p { a.button.main href=(made_for.with(&with_query("/sequences/new", &[("template", text(&template["id"]))]))) aria-label=(words.fill("create-use-named", &[("name", text(&template["name"]))])) { (words.say("create-use")) } }
            (drawn(page, template))
        }
    }
}

fn card_facts(page: &Page, template: &Value) -> Markup {
    let words = page.words();
    html! {
        p.row {
            (badge("plain", &words.value("type", text(&template["record_type"]))))
            (badge("plain", &words.count("count-steps", template["step_count"].as_i64().unwrap_or_default())))
            (badge("plain", &words.count("count-days", template["duration_days"].as_i64().unwrap_or_default())))
        }
    }
}

fn drawn(page: &Page, template: &Value) -> Markup {
    let graph = Graph::of(&template["graph"]);
    html! { div.canvas.small tabindex="0" role="region" aria-label=(page.words().fill("chart-of", &[("name", text(&template["name"]))])) {
    (Chart::new(page.words(), &graph).of(text(&template["id"])).show()) } }
}

fn form(page: &Page, template: Option<&Value>, kind: &str, made_for: &MadeFor) -> Markup {
    let words = page.words();
    let form = Form::new(page, "POST", "/sequences").then(made_for.after()).done("created");
    let missing = Value::Null;
    let from = template.unwrap_or(&missing);
    let mut kinds =
        ["lead", "contact", "account", "opportunity"].map(|kind| (kind, words.value("type", kind))).to_vec();
    if !kind.is_empty() && kinds.iter().all(|(known, _)| *known != kind) {
        kinds.push((kind, words.value("type", kind)));
    }
    form.show("", &html! {
        (form.text("name", &words.say("name"), text(&from["name"])))
        (form.area("description:optional", &words.say("description"), text(&from["description"]), 3, None))
        @if let Some(template) = template {
            (hidden("template", text(&template["id"])))
            p.help { (words.fill("create-type", &[("type", &words.value("type", text(&template["record_type"])))])) }
        } @else {
            (form.select("record_type", &words.say("column-record-type"), if kind.is_empty() { "lead" } else { kind }, &kinds))
        }
        div.actions { button type="submit" { (words.say("create")) } a.button href=(made_for.with("/sequences/new")) { (words.say("cancel")) } }
    })
}
