//! `/design`: every part of the design system with its states, on one page.

use actix_web::{HttpResponse, get};
use maud::{Markup, html};

use super::form::Form;
use super::icons::{ICONS, icon};
use super::layout::{badge, empty, heading, scroll};
use super::page::Page;

/// The page.
#[get("/design")]
pub async fn get_design(page: Page) -> HttpResponse {
    let content = html! {
        (heading("Design", &html! { a.button href="#parts" { "A link as a button" } button type="button" { "Main action" } }))
        p { "One file of tokens and parts, assets/relance.css; every page is made of these." }
        section { h2 { "Type" }
            @for (size, name) in [("h1", "Title 28"), ("h2", "Head 20"), ("p", "Read 16"), ("q", "List 14"), ("s", "Small 12")] {
                @match size {
                    "h1" => p { strong class="size-title" { (name) } },
                    "h2" => p { strong class="size-head" { (name) } },
                    "q" => p.quietly { (name) },
                    "s" => p { (badge("plain", name)) },
                    _ => p { (name) },
                }
            }
        }
        section #parts { h2 { "Buttons" } div.row {
            button type="button" { "Save" } button.plain type="button" { "Copy" } button.danger type="button" { (icon("delete")) "Delete" }
            button.quiet type="button" { "Quiet" } button type="button" disabled { "Not now" } a.button href="#parts" { "Link" }
        } }
        section { h2 { "States" } div.row {
            (badge("good", "Active")) (badge("waiting", "Due today")) (badge("bad", "Overdue")) (badge("plain", "Inactive"))
        }
            p.done role="status" { "Saved." } p.warning { "No wait before an automated message." } p.notice role="alert" { "This does not fit yet." }
            label for="progress" { "Progress" } progress #progress max="100" value="40" {}
        }
        section { h2 { "Fields" } (fields(&page)) }
        section { h2 { "Table" } (scroll("Table", &html! { table {
            thead { tr { th scope="col" aria-sort="ascending" { a href="#parts" { "Name " (icon("up")) } } th.number scope="col" { "Steps" } th scope="col" { "Modified" } } }
            tbody { tr { th scope="row" { a href="#parts" { "Webinar follow up" } } td.number { "10" } td { (page.instant(&page.now.to_string().into())) } } }
        } })) }
        section { h2 { "Pictures" } div.row { @for (name, _) in ICONS { span.badge.plain { (icon(name)) (name) } } } }
        section { h2 { "Keys" } p { kbd { "?" } " shows the keys of a page." } }
        (empty("Nothing yet", "What belongs here, and how it comes.", &html! { button type="button" { "Begin" } }))
    };
    page.show("Design", &content)
}

fn fields(page: &Page) -> Markup {
    let form = Form::new(page, "GET", "/nowhere");
    html! {
        div.fields {
            (form.text("text", "Text", "First call"))
            (form.input("number", "number", "Number with help", "3", Some("Between 1 and 10.")))
            (form.input("datetime-local", "at", "Date and time", "2026-03-02T09:00", None))
            (form.select("choice", "One of several", "b", &[("a", "First"), ("b", "Second")]))
        }
        (form.area("area", "Some lines", "Hello", 3, None))
        (form.flag("flag:flag", "A choice", true))
        (form.choices("several:list", "Any of several", &["a"], &[("a", "First"), ("b", "Second")]))
    }
}
