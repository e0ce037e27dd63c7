//! What the pages of the administration have in common: the way back, lists, and questions before what cannot be undone.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::{Value, json};

use super::super::form::Form;
use super::super::layout::{badge, heading, more, with_query};
use super::super::page::Page;
use super::super::query::Asked;
pub use super::super::sequences::text;
use super::super::words::Words;
use crate::web::problem::Problem;

/// The items of a list of the API, or a list itself.
pub fn items(list: &Value) -> &[Value] {
    let list = if list.is_array() { list } else { &list["items"] };
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The texts of a list.
pub fn texts(list: &Value) -> Vec<&str> {
    items(list).iter().filter_map(Value::as_str).collect()
}

/// The way back, the heading, and what can be done. `trail` is what stands above the page, below the administration.
pub fn top(page: &Page, trail: &[(&str, &str)], title: &str, actions: &Markup) -> Markup {
    let words = page.words();
    html! {
        nav.crumbs aria-label=(words.say("crumbs")) {
            a href="/admin" { (words.say("nav-admin")) }
            @for (href, label) in trail { " › " a href=(href) { (label) } }
        }
        (heading(title, actions))
    }
}

/// One value of the page's address.
pub fn asked(page: &Page, name: &str) -> String {
    Asked::of(page).get(name).to_owned()
}

/// Those values of the page's address that the API is asked for too, as a query.
pub fn query(page: &Page, names: &[&str]) -> String {
    Asked::of(page).only(names)
}

/// A table in its section.
pub fn table(words: Words, heads: &[&str], rows: &Markup) -> Markup {
    html! {
        section { div.scroll { table {
            thead { tr {
                @for head in heads {
                    @match head.strip_prefix('#') {
                        Some(head) => th.number scope="col" { (words.say(head)) },
                        None if *head == "actions" => th.last scope="col" { span.hidden { (words.say(head)) } },
                        None => th scope="col" { (words.say(head)) },
                    }
                }
            } }
            tbody { (rows) }
        } } }
    }
}

/// The next page of a list of the API.
pub fn next(page: &Page, list: &Value) -> Markup {
    more(page.words(), &page.look.path, list["next_cursor"].as_str())
}

/// A question before what cannot be undone: the button asks, and the second one does it.
pub fn confirm(form: &Form, label: &str, question: &str) -> Markup {
    html! {
        details.confirm {
            summary.button.danger { (label) }
            div.notice { p { (question) } (form.button("danger", label)) }
        }
    }
}

/// A part of a page that opens.
pub fn fold(label: &str, is_open: bool, content: &Markup) -> Markup {
    html! { details.fold open[is_open] { summary { (label) } div { (content) } } }
}

/// Nothing in a cell.
pub fn none() -> Markup {
    html! { span.quietly { "–" } }
}

/// Names of the users whom the reader may know, by id.
pub async fn names(page: &Page) -> Result<BTreeMap<String, String>, Problem> {
    let list = page.get("/users?limit=500").await?;
    Ok(items(&list).iter().map(|user| (text(&user["id"]).to_owned(), text(&user["name"]).to_owned())).collect())
}

/// Whose something is, as the API has it: nobody's, a user's, a team's. The texts of what belongs to everybody comes first.
pub async fn owners(page: &Page, everybody: &str) -> Result<Vec<(String, String)>, Problem> {
    let teams = page.get("/teams?limit=500").await?;
    let users = page.get("/users?limit=500").await?;
    let each = |list: &Value, kind: &str| -> Vec<(String, String)> {
        let one = |item: &Value| (json!({ kind: item["id"] }).to_string(), text(&item["name"]).to_owned());
        items(list).iter().map(one).collect()
    };
    let all =
        [("null".to_owned(), page.say(everybody))].into_iter().chain(each(&teams, "team")).chain(each(&users, "user"));
    Ok(all.collect())
}

/// The name of an owner among those there are.
pub fn owner_name(owners: &[(String, String)], owner: &Value) -> String {
    let known = owner.to_string();
    owners.iter().find(|(value, _)| *value == known).map(|(_, name)| name.clone()).unwrap_or_default()
}

/// Ways to look at a list, as tabs: the values of one parameter, all of them first.
pub fn tabs(page: &Page, path: &str, name: &str, values: &[(&str, String)]) -> Markup {
    let chosen = asked(page, name);
    html! {
        nav.tabs aria-label=(page.say("filter-apply")) {
            @for (value, label) in values {
                a href=(with_query(path, &[(name, value)])) aria-current=[(chosen == *value).then_some("page")] { (label) }
            }
        }
    }
}

/// Several words as badges.
pub fn badges(words: Words, prefix: &str, values: &Value) -> Markup {
    html! { span.tags { @for value in texts(values) { (badge("plain", &words.value(prefix, value))) } } }
}

/// An IANA time zone, with those there are to choose from while one types.
pub fn zone_field(form: &Form, words: Words, name: &str, value: &str) -> Markup {
    let value = form.value(name, value);
    let regions = ["Europe/", "America/", "Africa/", "Asia/", "Atlantic/", "Australia/", "Indian/", "Pacific/"];
    let zones = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
    form.field_with(name, &words.say("time-zone"), Some(&words.say("time-zone-help")), |control| {
        html! {
            input id=(control.id) name=(control.name) list="zones" value=(value) autocomplete="off"
                aria-describedby=[control.described] aria-invalid=[control.is_wrong.then_some("true")];
            datalist #zones {
                option value="UTC";
                @for zone in zones.filter(|zone| regions.iter().any(|region| zone.starts_with(region))) { option value=(zone); }
            }
        }
    })
}
