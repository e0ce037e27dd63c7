//! `/admin/tags`: names that keep sequences in order, as a tree.

use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::super::form::Form;
use super::super::layout::empty;
use super::super::page::Page;
use super::parts::{confirm, items, next, query, text, top};
use crate::web::problem::Problem;

/// These pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_tags).service(get_tag);
}

/// The tree, and new ones.
#[get("/admin/tags")]
pub async fn get_tags(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let list = page.get(&format!("/tags?limit=500&{}", query(&page, &["cursor"]))).await?;
    let add = Form::new(&page, "POST", "/tags").done("created");
    let content = html! {
        (top(&page, &[], &words.say("admin-tags"), &html! {}))
        div.with-side {
            @if items(&list).is_empty() {
                (empty(&words.say("tag-none"), &words.say("tag-none-text"), &html! {}))
            } @else {
                div { section { (tree(items(&list), None)) } (next(&page, &list)) }
            }
            aside aria-label=(words.say("tag-new")) { section {
                h2 { (words.say("tag-new")) }
                (add.show("", &html! {
                    (add.area("names:lines", &words.say("tag-names"), "", 4, Some(&words.say("tag-names-help"))))
                    (parent(&page, &add, items(&list), ("", None)))
                    button type="submit" { (words.say("add")) }
                }))
            } }
        }
    };
    Ok(page.show(&words.say("admin-tags"), &content))
}

/// The tags below one, each with those below it.
fn tree(tags: &[Value], above: Option<&str>) -> Markup {
    let below: Vec<&Value> = tags.iter().filter(|tag| tag["parent"].as_str() == above).collect();
    html! {
        @if !below.is_empty() {
            ul.tree { @for tag in below { li {
                a href={ "/admin/tags/" (text(&tag["id"])) } { (text(&tag["name"])) }
                (tree(tags, tag["id"].as_str()))
            } } }
        }
    }
}

/// Below which tag it stands; none below itself.
fn parent(page: &Page, form: &Form, tags: &[Value], (value, own_path): (&str, Option<&str>)) -> Markup {
    let is_own = |tag: &Value| {
        own_path.is_some_and(|own| {
            text(&tag["path"]).strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let others = tags.iter().filter(|tag| !is_own(tag)).map(|tag| (text(&tag["id"]), text(&tag["path"]).to_owned()));
    let options: Vec<(&str, String)> = [("", page.say("tag-first-level"))].into_iter().chain(others).collect();
    form.select("parent:optional", &page.say("tag-below"), value, &options)
}

/// One tag.
#[get("/admin/tags/{id}")]
pub async fn get_tag(page: Page, id: Path<String>) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let path = format!("/tags/{id}");
    let (tag, version) = page.get_versioned(&path).await?;
    let list = page.get("/tags?limit=500").await?;
    let form = Form::new(&page, "PATCH", &path).of_version(version.clone()).then("/admin/tags").done("saved");
    let remove = Form::new(&page, "DELETE", &path).of_version(version).then("/admin/tags").done("deleted");
    let below = (text(&tag["parent"]), tag["path"].as_str());
    let content = html! {
        (top(&page, &[("/admin/tags", &words.say("admin-tags"))], text(&tag["path"]), &html! {}))
        section.middle { (form.show("", &html! {
            (form.text("name", &words.say("name"), text(&tag["name"])))
            (parent(&page, &form, items(&list), below))
            button type="submit" { (words.say("save")) }
        })) }
        section.middle { (confirm(&remove, &words.say("tag-delete"), &words.say("tag-delete-ask"))) }
    };
    Ok(page.show(text(&tag["path"]), &content))
}
