//! `/account/filters`: which filters stand above one's own work list (W-31, W-65), one by one or a group at once.

use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use super::head;
use crate::web::problem::Problem;
use crate::web::ui::admin::parts::{items, text, texts};
use crate::web::ui::form::Form;
use crate::web::ui::page::Page;
use crate::web::ui::words::Words;

/// The page.
#[get("/account/filters")]
pub async fn get_filters(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let (own, version) = page.get_versioned("/me/settings").await?;
    let groups = page.get("/filter-groups?limit=500").await?;
    let filters = page.get("/filters?limit=500").await?;
    let hidden = texts(&own["hidden_filters"]);
    let form = Form::new(&page, "PATCH", "/me/settings").of_version(version).done("saved");
    let content = html! {
        (head(&page, "/account/filters"))
        section.middle {
            h2 { (words.say("own-filters")) }
            p.help { (words.say("own-filters-text")) }
            (form.show("hide", &html! {
                input type="hidden" name="hidden_filters:list" value="";
                @for group in items(&groups) { (of_group(words, group, items(&filters), &hidden)) }
                button type="submit" { (words.say("save")) }
            }))
        }
    };
    Ok(page.show(&words.say("account-tab-filters"), &content))
}

fn of_group(words: Words, group: &Value, filters: &[Value], hidden: &[&str]) -> Markup {
    let within: Vec<&Value> = filters.iter().filter(|filter| filter["group"] == group["id"]).collect();
    let box_of = |id: &str, label: &str| {
        html! { label.choice {
            input type="checkbox" name="hidden_filters:list" value=(id) checked[hidden.contains(&id)];
            (label)
        } }
    };
    html! {
        @if !within.is_empty() {
            fieldset {
                legend { (name(words, "filter-group", group)) }
                div.whole { (box_of(text(&group["id"]), &words.say("own-filters-group"))) }
                div.each { @for filter in within { (box_of(text(&filter["id"]), &name(words, "filter", filter))) } }
            }
        }
    }
}

/// What a filter, a group of filters or a sort is called: a built-in one in the reader's language.
pub fn name(words: Words, prefix: &str, item: &Value) -> String {
    if item["built_in"] == true { words.value(prefix, text(&item["id"])) } else { text(&item["name"]).to_owned() }
}
