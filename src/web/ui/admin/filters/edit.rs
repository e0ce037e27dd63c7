//! `/admin/filters/new` and `/admin/filters/{id}`: the comparisons of one filter, its group, and whether sellers have it.

use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use crate::domain::permission::Permission;
use crate::web::problem::Problem;
use crate::web::ui::account::filters::name;
use crate::web::ui::admin::parts::{asked, confirm, items, text, top};
use crate::web::ui::condition::{self, of_records};
use crate::web::ui::form::{Form, hidden};
use crate::web::ui::layout::with_query;
use crate::web::ui::missing;
use crate::web::ui::page::Page;
use crate::web::ui::records::kinds::{Kinds, field_label};
use crate::web::ui::words::Words;

/// A filter to be, for records of one type.
#[get("/admin/filters/new")]
pub async fn get_new(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let kinds = Kinds::of(&page).await?;
    let asked = asked(&page, "type");
    let kind = if asked.is_empty() { "lead" } else { &*asked };
    let form = Form::new(&page, "POST", "/filters").then("/admin/filters").done("created");
    let title = words.say("filter-new");
    let fields = fields(&page, &form, kind, &Value::Null).await?;
    let content = html! {
        (top(&page, &[("/admin/filters", &words.say("admin-filters"))], &title, &html! {}))
        (types(&page, &kinds, "/admin/filters/new", kind))
        section.middle { (form.show("settings", &html! {
            (hidden("record_type", kind))
            fieldset disabled[!page.may(Permission::ConfigureFilters)] {
                (fields)
                (form.flag("published:flag", &words.say("filter-publish-now"), false))
            }
            div.actions.spaced { button type="submit" { (words.say("filter-add")) } a.button href="/admin/filters" { (words.say("cancel")) } }
        })) }
    };
    Ok(page.show(&title, &content))
}

/// One filter.
#[get("/admin/filters/{id}")]
pub async fn get_filter(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let path = format!("/filters/{id}");
    let (filter, version) = page.get_versioned(&path).await?;
    let title = name(words, "filter", &filter);
    let form = Form::new(&page, "PATCH", &path).of_version(version.clone()).then("/admin/filters").done("saved");
    let remove = Form::new(&page, "DELETE", &path).of_version(version).then("/admin/filters").done("deleted");
    let (may, is_built_in) = (page.may(Permission::ConfigureFilters), filter["built_in"] == true);
    let kinds = Kinds::of(&page).await?;
    let own = match filter["record_type"].as_str() {
        Some(kind) => html! {
            p.help { (words.fill("filter-of", &[("type", &kinds.label(kind))])) }
            (fields(&page, &form, kind, &filter).await?)
            (form.flag("published:flag", &words.say("filter-sellers-have"), filter["published"] == true))
        },
        None => html! { p.help { (words.say("filter-built-in-text")) } },
    };
    let content = html! {
        (top(&page, &[("/admin/filters", &words.say("admin-filters"))], &title, &html! {}))
        section.middle { (form.show("settings", &html! {
            fieldset disabled[!may] {
                (own)
                (form.flag("hidden:flag", &words.say("filter-hidden-now"), filter["hidden"] == true))
            }
            @if may { div.actions.spaced { button type="submit" { (words.say("save")) } } } @else { p.why { (missing::roles(words, Permission::ConfigureFilters)) } }
        })) }
        @if may && !is_built_in { section.middle { (confirm(&remove, &words.say("filter-delete"), &words.say("filter-delete-ask"))) } }
    };
    Ok(page.show(&title, &content))
}

/// Types of record to choose from.
pub fn types(page: &Page, kinds: &Kinds, path: &str, kind: &str) -> Markup {
    html! {
        nav.segments aria-label=(page.say("record-type")) {
            @for (name, label) in kinds.iter() {
                a href=(with_query(path, &[("type", name)])) aria-current=[(name == kind).then_some("page")] { (label) }
            }
        }
    }
}

/// Everything of a type that is compared and sorted by, with what it is called.
pub async fn compared(page: &Page, kind: &str) -> Result<Vec<Value>, Problem> {
    let mut list = page.get(&format!("/record-types/{kind}/fields")).await?;
    for field in list["items"].as_array_mut().into_iter().flatten() {
        field["label"] = field_label(page.words(), field).into();
    }
    Ok(of_records(page.words(), &list))
}

async fn fields(page: &Page, form: &Form<'_>, kind: &str, filter: &Value) -> Result<Markup, Problem> {
    let words = page.words();
    let known = compared(page, kind).await?;
    let groups = page.get("/filter-groups?limit=500").await?;
    let own = items(&groups).iter().filter(|group| group["built_in"] != true);
    let own = own.map(|group| (text(&group["id"]), text(&group["name"]).to_owned()));
    let options: Vec<(&str, String)> = [("", words.value("filter-group", "more"))].into_iter().chain(own).collect();
    let group = filter["group"].as_str().filter(|group| *group != "more").unwrap_or_default();
    let name_kind = if filter.is_null() { "name:?" } else { "name" };
    Ok(html! {
        (form.input("text", name_kind, &words.say("name"), text(&filter["name"]), Some(&words.say("filter-name-help"))))
        (form.select("group:optional", &words.say("filter-group"), group, &options))
        div.conditions { (condition::list(words, form, "conditions", &filter["conditions"], &known)) }
        p.help.below { (words.say("filter-conditions-help")) }
    })
}

/// What a filter lets through, as people say it.
pub fn said(words: Words, conditions: &Value) -> String {
    let one = |condition: &Value| {
        let field = text(&condition["field"]);
        let of_property = words.value("property", field);
        let field = if of_property == field.replace('_', " ") { words.value("field", field) } else { of_property };
        let value = match &condition["value"] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Array(values) => {
                let each = values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                each.collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        format!("{field} {} {value}", words.value("op", text(&condition["op"]))).trim().to_owned()
    };
    items(conditions).iter().map(one).collect::<Vec<_>>().join(&format!(" {} ", words.say("filter-and")))
}
