//! `/admin/sorts`: what the work list can be sorted and grouped by (W-40…W-43), in which order it is offered, and the default.

use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::super::account::filters::name;
use super::super::form::{Form, hidden};
use super::super::icons::icon;
use super::super::layout::badge;
use super::super::missing;
use super::super::page::Page;
use super::super::records::kinds::Kinds;
use super::super::words::Words;
use super::filters::{compared, types};
use super::parts::{asked, confirm, items, none, text, top};
use crate::domain::permission::Permission;
use crate::web::problem::Problem;

/// These pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_sorts).service(get_sort);
}

struct List<'a> {
    page: &'a Page,
    words: Words,
    kinds: Kinds,
    sorts: &'a Value,
    version: Option<String>,
    may: bool,
}

/// The sorts in their order, and new ones.
#[get("/admin/sorts")]
pub async fn get_sorts(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let (sorts, version) = page.get_versioned("/sorts").await?;
    let kinds = Kinds::of(&page).await?;
    let asked = asked(&page, "type");
    let kind = if asked.is_empty() { "lead" } else { &*asked };
    let list = List { page: &page, words, kinds, sorts: &sorts, version, may: page.may(Permission::ConfigureFilters) };
    let add = list.add(kind).await?;
    let content = html! {
        (top(&page, &[], &words.say("admin-sorts"), &html! {}))
        p.lead { (words.say("sorts-text")) }
        @if !list.may { p.why { (missing::roles(words, Permission::ConfigureFilters)) } }
        div.with-side {
            section { div.scroll { table {
                thead { tr {
                    th scope="col" { (words.say("name")) } th.roomy scope="col" { (words.say("record-type")) }
                    th scope="col" { (words.say("state")) } th.last scope="col" { span.hidden { (words.say("actions")) } }
                } }
                tbody { @for (place, sort) in items(&sorts).iter().enumerate() { (list.row(place, sort)) } }
            } } }
            aside aria-label=(words.say("sort-default")) {
                section { h2 { (words.say("sort-default")) } (list.default()) }
                section { h2 { (words.say("sort-new")) } (add) }
            }
        }
    };
    Ok(page.show(&words.say("admin-sorts"), &content))
}

impl List<'_> {
    fn row(&self, place: usize, sort: &Value) -> Markup {
        let words = self.words;
        let (id, label) = (text(&sort["id"]), name(words, "sort", sort));
        let is_default = self.sorts["default"]["id"] == sort["id"];
        html! { tr {
            th scope="row" { @if sort["built_in"] == true { (label) } @else { a href={ "/admin/sorts/" (id) } { (label) } } }
            td.roomy { @match sort["record_type"].as_str() { Some(kind) => (self.kinds.label(kind)), None => (none()) } }
            td {
                @if is_default { (badge("good", &words.say("sort-is-default"))) }
                @else if sort["hidden"] == true { (badge("plain", &words.say("filter-hidden"))) }
            }
            td.last.acts { @if self.may {
                (self.hide(sort, &label, is_default))
                span.movers {
                    (self.mover(place, place.checked_sub(1), "up", &label))
                    (self.mover(place, Some(place + 1), "down", &label))
                }
            } }
        } }
    }

    fn hide(&self, sort: &Value, label: &str, is_default: bool) -> Markup {
        let words = self.words;
        let id = text(&sort["id"]);
        let form = Form::new(self.page, "PATCH", &format!("/sorts/{id}")).done("saved");
        let (key, turned) = if sort["hidden"] == true { ("filter-show", "false") } else { ("filter-hide", "true") };
        form.show("inline", &html! {
            (hidden("hidden:flag", turned))
            button.quiet type="submit" id={ "hide-" (id) } disabled[is_default] title=[is_default.then(|| words.say("sort-default-stays"))]
                aria-label={ (words.say(key)) ": " (label) } { (words.say(key)) }
        })
    }

    /// A button that changes places with the row above or below; it keeps the focus, so that keys move a row on and on.
    fn mover(&self, place: usize, other: Option<usize>, way: &str, label: &str) -> Markup {
        let mut ids: Vec<&str> = items(self.sorts).iter().map(|sort| text(&sort["id"])).collect();
        let id = ids.get(place).copied().unwrap_or_default();
        let other = other.filter(|other| *other < ids.len());
        if let Some(other) = other {
            ids.swap(place, other);
        }
        let form = Form::new(self.page, "PUT", "/sorts/order").of_version(self.version.clone());
        let key = format!("sort-move-{way}");
        form.show(
            "inline",
            &html! {
                (hidden("ids:json", &json!(ids).to_string()))
                button.quiet type="submit" id={ (way) "-" (id) } disabled[other.is_none()]
                    aria-label=(self.words.fill(&key, &[("name", label)])) { (icon(way)) }
            },
        )
    }

    fn default(&self) -> Markup {
        let words = self.words;
        let form = Form::new(self.page, "PUT", "/sorts/default").of_version(self.version.clone()).done("saved");
        let offered = items(self.sorts).iter().filter(|sort| sort["hidden"] != true);
        let offered: Vec<_> = offered.map(|sort| (text(&sort["id"]), name(words, "sort", sort))).collect();
        let now = &self.sorts["default"];
        let ways = [("asc", words.say("sort-asc")), ("desc", words.say("sort-desc"))];
        form.show(
            "",
            &html! {
                fieldset disabled[!self.may] {
                    (form.select("id", &words.say("sort-by"), text(&now["id"]), &offered))
                    (form.select("order", &words.say("sort-way"), text(&now["order"]), &ways))
                }
                p.help { (words.say("sort-default-help")) }
                @if self.may { button.spaced type="submit" { (words.say("save")) } }
            },
        )
    }

    async fn add(&self, kind: &str) -> Result<Markup, Problem> {
        let words = self.words;
        let form = Form::new(self.page, "POST", "/sorts").done("created");
        let fields = options(self.page, kind).await?;
        Ok(html! {
            (types(self.page, &self.kinds, "/admin/sorts", kind))
            (form.show("", &html! {
                (hidden("record_type", kind))
                fieldset disabled[!self.may] {
                    (form.select("field", &words.say("condition-field"), "", &fields))
                    (form.input("text", "name:?", &words.say("name"), "", Some(&words.say("filter-name-help"))))
                }
                @if self.may { button type="submit" { (words.say("sort-add")) } }
            }))
        })
    }
}

/// What records of a type can be sorted by.
async fn options(page: &Page, kind: &str) -> Result<Vec<(String, String)>, Problem> {
    let fields = compared(page, kind).await?;
    let each = fields.iter().map(|field| (text(&field["name"]).to_owned(), text(&field["label"]).to_owned()));
    Ok(each.collect())
}

/// One sort that an administrator added.
#[get("/admin/sorts/{id}")]
pub async fn get_sort(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let path = format!("/sorts/{id}");
    let (sort, version) = page.get_versioned(&path).await?;
    let title = name(words, "sort", &sort);
    let form = Form::new(&page, "PATCH", &path).of_version(version.clone()).then("/admin/sorts").done("saved");
    let remove = Form::new(&page, "DELETE", &path).of_version(version).then("/admin/sorts").done("deleted");
    let is_default = page.get("/sorts").await?["default"]["id"] == sort["id"];
    let may = page.may(Permission::ConfigureFilters);
    let own = match sort["record_type"].as_str() {
        Some(kind) => html! {
            (form.text("name", &words.say("name"), text(&sort["name"])))
            (form.select("field", &words.say("condition-field"), text(&sort["field"]), &options(&page, kind).await?))
        },
        None => html! { p.help { (words.say("sort-built-in-text")) } },
    };
    let content = html! {
        (top(&page, &[("/admin/sorts", &words.say("admin-sorts"))], &title, &html! {}))
        section.middle { (form.show("settings", &html! {
            fieldset disabled[!may] {
                (own)
                @if is_default { p.why { (words.say("sort-default-stays")) } }
                @else { (form.flag("hidden:flag", &words.say("filter-hidden-now"), sort["hidden"] == true)) }
            }
            @if may { div.actions.spaced { button type="submit" { (words.say("save")) } } } @else { p.why { (missing::roles(words, Permission::ConfigureFilters)) } }
        })) }
        @if may && !is_default && sort["built_in"] != true { section.middle { (confirm(&remove, &words.say("sort-delete"), &words.say("sort-delete-ask"))) } }
    };
    Ok(page.show(&title, &content))
}
