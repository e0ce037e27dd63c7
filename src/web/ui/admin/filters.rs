//! `/admin/filters`: what the work list can be narrowed by (W-29…W-31): basic and advanced filters, in groups, published when
//! they are ready and hidden where they are not wanted.

mod edit;

pub use self::edit::{compared, types};

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::super::account::filters::name;
use super::super::form::{Form, hidden};
use super::super::icons::icon;
use super::super::layout::badge;
use super::super::missing;
use super::super::page::Page;
use super::super::records::kinds::Kinds;
use super::parts::{confirm, fold, items, none, text, top};
use crate::domain::permission::Permission;
use crate::web::problem::Problem;

/// These pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_filters).service(edit::get_new).service(edit::get_filter);
}

/// Every filter in its group.
#[get("/admin/filters")]
pub async fn get_filters(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let groups = page.get("/filter-groups?limit=500").await?;
    let filters = page.get("/filters?limit=500").await?;
    let list = List { page: &page, kinds: Kinds::of(&page).await?, may: page.may(Permission::ConfigureFilters) };
    let add = html! {
        @if list.may { a.button.main href="/admin/filters/new" { (icon("add")) (words.say("filter-new")) } }
        @else { button type="button" disabled { (icon("add")) (words.say("filter-new")) } }
    };
    let content = html! {
        (top(&page, &[], &words.say("admin-filters"), &add))
        p.lead { (words.say("filters-text")) }
        @if !list.may { p.why { (missing::roles(words, Permission::ConfigureFilters)) } }
        @for group in items(&groups) { (list.group(group, items(&filters))) }
        @if list.may { section.middle { h2 { (words.say("filter-group-new")) } (list.new_group()) } }
    };
    Ok(page.show(&words.say("admin-filters"), &content))
}

struct List<'a> {
    page: &'a Page,
    kinds: Kinds,
    may: bool,
}

impl List<'_> {
    fn group(&self, group: &Value, filters: &[Value]) -> Markup {
        let words = self.page.words();
        let within: Vec<&Value> = filters.iter().filter(|filter| filter["group"] == group["id"]).collect();
        html! {
            section.filter-group {
                h2 { (name(words, "filter-group", group)) }
                @if within.is_empty() { p.help { (words.say("filter-group-empty")) } } @else {
                    div.scroll { table {
                        thead { tr {
                            th scope="col" { (words.say("name")) } th.roomy scope="col" { (words.say("record-type")) }
                            th.roomy scope="col" { (words.say("condition")) } th scope="col" { (words.say("state")) }
                            th.last scope="col" { span.hidden { (words.say("actions")) } }
                        } }
                        tbody { @for filter in &within { (self.row(filter)) } }
                    } }
                }
                @if self.may && group["built_in"] != true { (self.of_group(group, within.len())) }
            }
        }
    }

    fn row(&self, filter: &Value) -> Markup {
        let words = self.page.words();
        let (id, label) = (text(&filter["id"]), name(words, "filter", filter));
        let is_built_in = filter["built_in"] == true;
        html! { tr {
            th scope="row" { @if is_built_in { (label) } @else { a href={ "/admin/filters/" (id) } { (label) } } }
            td.roomy { @match filter["record_type"].as_str() { Some(kind) => (self.kinds.label(kind)), None => (none()) } }
            td.roomy { @if is_built_in { span.quietly { (words.say("filter-built-in")) } } @else { (edit::said(words, &filter["conditions"])) } }
            td { (self.state(filter)) }
            td.last.acts { @if self.may {
                @if !is_built_in { (self.switch(filter, "published", if filter["published"] == true { "filter-withdraw" } else { "filter-publish" })) }
                (self.switch(filter, "hidden", if filter["hidden"] == true { "filter-show" } else { "filter-hide" }))
            } }
        } }
    }

    fn state(&self, filter: &Value) -> Markup {
        let words = self.page.words();
        match (filter["published"] == true, filter["hidden"] == true) {
            (false, _) => badge("waiting", &words.say("filter-draft")),
            (true, true) => badge("plain", &words.say("filter-hidden")),
            (true, false) => badge("good", &words.say("filter-published")),
        }
    }

    /// A button that turns a member round.
    fn switch(&self, filter: &Value, member: &str, key: &str) -> Markup {
        let id = text(&filter["id"]);
        let form = Form::new(self.page, "PATCH", &format!("/filters/{id}")).done("saved");
        let turned = if filter[member] == true { "false" } else { "true" };
        form.show("inline", &html! {
            (hidden(&format!("{member}:flag"), turned))
            button.quiet type="submit" id={ (member) "-" (id) } aria-label={ (self.page.say(key)) ": " (name(self.page.words(), "filter", filter)) } { (self.page.say(key)) }
        })
    }

    /// Another name, or away with everything in it.
    fn of_group(&self, group: &Value, filters: usize) -> Markup {
        let words = self.page.words();
        let path = format!("/filter-groups/{}", text(&group["id"]));
        let rename = Form::new(self.page, "PATCH", &path).done("saved");
        let remove = Form::new(self.page, "DELETE", &path).done("deleted");
        let question = words.count("filter-group-delete-ask", i64::try_from(filters).unwrap_or_default());
        fold(
            &words.fill("filter-group-change", &[("name", text(&group["name"]))]),
            rename.is_refused(),
            &html! {
                (rename.show("filters", &html! {
                    (rename.text("name", &words.say("name"), text(&group["name"])))
                    button.plain type="submit" { (words.say("filter-group-rename")) }
                }))
                (confirm(&remove, &words.say("filter-group-delete"), &question))
            },
        )
    }

    fn new_group(&self) -> Markup {
        let words = self.page.words();
        let form = Form::new(self.page, "POST", "/filter-groups").done("created");
        form.show(
            "filters",
            &html! {
                (form.text("name", &words.say("name"), ""))
                button.plain type="submit" { (words.say("add")) }
            },
        )
    }
}
