//! `/sequences`: the home page of sequences (Q-10…Q-14).

use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::form::Form;
use super::icons::icon;
use super::layout::{badge, empty, heading, more, scroll, with_query};
use super::page::Page;
use super::query::Asked;
use super::records::people::People;
use super::words::Words;
use crate::web::problem::Problem;

/// Every column there is, in the usual order.
pub const COLUMNS: [&str; 10] = [
    "name",
    "record_type",
    "status",
    "version",
    "step_count",
    "connected_count",
    "owner",
    "tags",
    "description",
    "modified_at",
];

/// What the list is filtered by, and what else its address says.
const FILTERS: [&str; 4] = ["q", "status", "record_type", "tag"];
const ASKED: [&str; 7] = ["q", "status", "record_type", "tag", "sort", "order", "cursor"];

/// The list.
#[get("/sequences")]
pub async fn get_sequences(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let asked = Asked::of(&page);
    let list = page.get(&format!("/sequences?{}", asked.only(&ASKED))).await?;
    let own = page.get("/me/settings").await?;
    let tags = page.get("/tags").await?;
    let people = People::of(&page).await?;
    let chosen: Vec<&str> =
        own["sequence_columns"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let columns = if chosen.is_empty() { COLUMNS.to_vec() } else { chosen };
    let rows = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let create = html! { a.button.main href="/sequences/new" { (icon("add")) (words.say("sequence-new")) } };
    let content = html! {
        (heading(&words.say("nav-sequences"), &html! {
            (create)
            (column_menu(&page, &columns))
        }))
        (filters(words, &asked, &tags))
        @if rows.is_empty() && !asked.has_any(&FILTERS) {
            (empty(&words.say("sequences-none"), &words.say("sequences-none-text"), &create))
        } @else if rows.is_empty() {
            (empty(&words.say("sequences-nothing"), &words.say("sequences-nothing-text"),
                &html! { a.button href="/sequences" { (words.say("filters-clear")) } }))
        } @else {
            section { (table(&page, &asked, &columns, rows, &people)) }
            (more(words, &page.look.path, list["next_cursor"].as_str()))
        }
    };
    Ok(page.show(&words.say("nav-sequences"), &content))
}

fn filters(words: Words, asked: &Asked, tags: &Value) -> Markup {
    let choice = |name: &str, label: &str, options: Vec<(String, String)>| {
        html! {
            div.field {
                label for={ "filter-" (name) } { (words.say(label)) }
                select id={ "filter-" (name) } name=(name) {
                    option value="" { (words.say("filter-all")) }
                    @for (value, text) in options { option value=(value) selected[asked.get(name) == value] { (text) } }
                }
            }
        }
    };
    let values = |prefix: &str, values: &[&str]| {
        values.iter().map(|value| ((*value).to_owned(), words.value(prefix, value))).collect::<Vec<_>>()
    };
    let tags = tags["items"].as_array().into_iter().flatten();
    let tags = tags.map(|tag| (text(&tag["id"]).to_owned(), text(&tag["path"]).to_owned())).collect();
    html! {
        form.filters method="get" action="/sequences" role="search" {
            div.field.wide {
                label for="filter-q" { (words.say("search")) }
                input id="filter-q" type="search" name="q" value=(asked.get("q")) placeholder=(words.say("sequences-search"));
            }
            (choice("status", "column-status", values("status", &["active", "inactive", "revision"])))
            (choice("record_type", "column-record-type", values("type", &["lead", "contact", "account", "opportunity"])))
            (choice("tag", "column-tags", tags))
            @for name in ["sort", "order"] { @if !asked.get(name).is_empty() { input type="hidden" name=(name) value=(asked.get(name)); } }
            button.plain type="submit" { (icon("search")) (words.say("filter-apply")) }
        }
    }
}

/// Which columns, and in which order: boxes and numbers without script, arrows and dragging with it.
fn column_menu(page: &Page, columns: &[&str]) -> Markup {
    let words = page.words();
    let form = Form::new(page, "PATCH", "/me/settings").done("saved");
    let hidden = COLUMNS.iter().filter(|column| !columns.contains(column));
    let fields = html! {
        input type="hidden" name="sequence_columns:list" value="";
        ol.columns-order.plain data-order="" {
            @for (column, is_shown) in columns.iter().map(|column| (column, true)).chain(hidden.map(|column| (column, false))) {
                li draggable="true" {
                    label.choice {
                        input type="checkbox" name="sequence_columns:list" value=(column) checked[is_shown]
                            disabled[*column == "name"];
                        (words.say(&format!("column-{}", column.replace('_', "-"))))
                    }
                    @if *column == "name" { input type="hidden" name="sequence_columns:list" value="name"; }
                    button.quiet type="button" data-move="up" hidden aria-label=(words.say("move-up")) { (icon("up")) }
                    button.quiet type="button" data-move="down" hidden aria-label=(words.say("move-down")) { (icon("down")) }
                }
            }
        }
        div.actions {
            button type="submit" { (words.say("save")) }
        }
    };
    html! {
        details.menu.button-like {
            summary { (words.say("columns")) }
            (form.show("columns-form", &fields))
        }
    }
}

fn table(page: &Page, asked: &Asked, columns: &[&str], rows: &[Value], people: &People) -> Markup {
    let words = page.words();
    let (sort, order) = (asked.get("sort"), asked.get("order"));
    let head = |column: &str| {
        let is_sorted = sort == column || (sort.is_empty() && column == "modified_at");
        // A second look turns the order round.
        let is_descending = match order {
            "" => matches!(column, "modified_at" | "version" | "step_count" | "connected_count"),
            order => order == "desc",
        };
        let turned = if is_descending { "asc" } else { "desc" };
        let order = if is_sorted { turned } else { "" };
        let href = with_query(&page.look.path, &[("sort", column), ("order", order)]);
        let state = is_sorted.then_some(if is_descending { "descending" } else { "ascending" });
        html! {
            th scope="col" class=[is_number(column).then_some("number")] aria-sort=[state] {
                a href=(href) { (words.say(&format!("column-{}", column.replace('_', "-"))))
                    @if is_sorted { " " (icon(if is_descending { "down" } else { "up" })) } }
            }
        }
    };
    html! {
        (scroll(&words.say("nav-sequences"), &html! { table {
            thead { tr { @for column in columns { (head(column)) } } }
            tbody { @for row in rows { tr { @for column in columns { (cell(page, column, row, people)) } } } }
        } }))
    }
}

fn is_number(column: &str) -> bool {
    matches!(column, "version" | "step_count" | "connected_count")
}

fn cell(page: &Page, column: &str, row: &Value, people: &People) -> Markup {
    let words = page.words();
    let href = format!("/sequences/{}", text(&row["id"]));
    match column {
        "name" => html! { th scope="row" { a href=(href) { (text(&row["name"])) } } },
        "status" => html! { td { (status(words, row)) } },
        "record_type" => html! { td { (words.value("type", text(&row[column]))) } },
        "owner" => html! { td { (people.name(&row["owner"])) } },
        "tags" => {
            html! { td { span.tags { @for tag in row["tags"].as_array().into_iter().flatten() { (badge("plain", text(&tag["path"]))) } } } }
        }
        "modified_at" => html! { td { (page.ago(&row[column])) } },
        _ if is_number(column) => html! { td.number { (page.number(&row[column])) } },
        _ => html! { td { (text(&row[column])) } },
    }
}

/// The status of a sequence, in word and colour.
pub fn status(words: Words, sequence: &Value) -> Markup {
    let status = text(&sequence["status"]);
    let kind = match status {
        "active" => "good",
        _ if sequence["revision"].is_object() => "waiting",
        _ => "plain",
    };
    badge(kind, &words.value("status", status))
}

/// A text of the API; nothing where there is none.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
