//! The filters, groups and sorts above the list (W-20 to W-31, W-40 to W-44).

use maud::{Markup, html};
use serde_json::Value;

use super::view::View;
use crate::web::problem::Problem;
use crate::web::ui::form::hidden;
use crate::web::ui::icons::icon;
use crate::web::ui::page::Page;
use crate::web::ui::records::kinds::Kinds;
use crate::web::ui::records::people::People;
use crate::web::ui::sequences::text;

const ACTIVITIES: [&str; 5] = ["phone_call", "email", "task", "meeting", "text"];

/// One form: a change of it is shown at once where there is a script.
pub async fn show(page: &Page, view: &View) -> Result<Markup, Problem> {
    let words = page.words();
    let filters = page.get("/filters?limit=500").await?;
    let groups = page.get("/filter-groups?limit=500").await?;
    let sorts = page.get("/sorts").await?;
    let kinds = Kinds::of(page).await?;
    let settings = page.get("/settings").await?;
    let enabled: Vec<&str> = settings["record_types"].as_array().into_iter().flatten().map(text).collect();
    let filters: Vec<&Value> =
        filters["items"].as_array().into_iter().flatten().filter(|filter| filter["shown"] == true).collect();
    let is_shown = |id: &str| filters.iter().any(|filter| filter["id"] == id);
    let own: Vec<&&Value> = filters.iter().filter(|filter| filter["built_in"] == false).collect();
    let asked = &view.asked;
    let has = |name: &str, value: &str| asked.all(name).any(|known| known == value);
    // Where nothing was said, everything is ticked (W-23, W-24).
    let is_ticked =
        |name: &str, value: &str| has(name, value) || !(asked.has_any(&["chosen"]) || asked.has_any(&[name]));
    let usual = !asked.has_any(&["due"]);
    let is_due = |value: &str| has("due", value) || (usual && value != "from_tomorrow");
    let more = ["type", "activity", "filter"].iter().filter(|name| asked.has_any(&[name])).count();
    Ok(html! {
        form.filters.work-filters method="get" action="/work-list" role="search" data-swap="" data-at-once="" {
            (hidden("chosen", "yes"))
            @for (name, value) in asked.pairs().filter(|(name, _)| matches!(*name, "at" | "plan")) { (hidden(name, value)) }
            @if is_shown("due") {
                fieldset.chips { legend.hidden { (words.say("work-due")) }
                    @for due in ["overdue", "today", "from_tomorrow"] { (chip("due", due, &words.value("work-due", due), is_due(due))) }
                }
            }
            fieldset.chips { legend.hidden { (words.say("work-marks")) }
                @if is_shown("unopened") { (chip("unopened", "true", &words.say("work-unopened"), has("unopened", "true"))) }
                @if is_shown("followed") { (chip("followed", "true", &words.say("work-followed"), has("followed", "true"))) }
            }
            details.menu.button-like #more-filters {
                summary { (words.say("work-more")) @if more > 0 { " · " (more) } (icon("down")) }
                div.more-filters {
                    @if is_shown("record_type") {
                        fieldset { legend { (words.say("record-type")) }
                            @for (kind, label) in kinds.iter().filter(|(kind, _)| enabled.contains(&kind.as_str())) { (choice("type", kind, label, is_ticked("type", kind))) } }
                    }
                    @if is_shown("activity") {
                        fieldset { legend { (words.say("work-activity")) }
                            @for kind in ACTIVITIES { (choice("activity", kind, &words.value("work-kind", kind), is_ticked("activity", kind))) } }
                    }
                    @for group in groups["items"].as_array().into_iter().flatten() {
                        @let of_group: Vec<_> = own.iter().filter(|filter| filter["group"] == group["id"]).collect();
                        @if !of_group.is_empty() {
                            fieldset { legend { (group_name(page, group)) }
                                @for filter in of_group { (choice("filter", text(&filter["id"]), text(&filter["name"]), has("filter", text(&filter["id"])))) } }
                        }
                    }
                    p { a href="/work-list?all=yes" data-swap="" { (words.say("filters-clear")) } }
                }
            }
            div.field.wide {
                label.hidden for="work-q" { (words.say("search")) }
                input #work-q type="search" name="q" value=(asked.get("q")) placeholder=(words.say("records-search"));
            }
            (sort(page, view, &sorts))
            (whose(page, view).await?)
            button.plain type="submit" data-without-script="" { (icon("search")) (words.say("filter-apply")) }
        }
    })
}

fn group_name(page: &Page, group: &Value) -> String {
    match (text(&group["id"]), group["built_in"] == true) {
        ("more", true) => page.say("work-group-more"),
        _ => text(&group["name"]).to_owned(),
    }
}

fn chip(name: &str, value: &str, label: &str, is_on: bool) -> Markup {
    html! { label.chip { input type="checkbox" name=(name) value=(value) checked[is_on]; span { (label) } } }
}

fn choice(name: &str, value: &str, label: &str, is_on: bool) -> Markup {
    html! { label.choice { input type="checkbox" name=(name) value=(value) checked[is_on]; (label) } }
}

/// What the list is sorted and grouped by.
fn sort(page: &Page, view: &View, sorts: &Value) -> Markup {
    let words = page.words();
    let usual = (text(&sorts["default"]["id"]), text(&sorts["default"]["order"]));
    let chosen = Some(view.asked.get("sort")).filter(|sort| !sort.is_empty()).unwrap_or(usual.0);
    let name = |sort: &Value| match sort["built_in"] == true {
        true => words.value("work-sort", text(&sort["id"])),
        false => text(&sort["name"]).to_owned(),
    };
    let order = |value: &str, key: &str| {
        let is_on = view.asked.get("order") == value;
        html! { option value=(value) selected[is_on] { (words.say(key)) } }
    };
    html! {
        div.field {
            label.hidden for="work-sort" { (words.say("work-sorted")) }
            select #work-sort name="sort" {
                @for sort in sorts["items"].as_array().into_iter().flatten().filter(|sort| sort["hidden"] == false || sort["id"] == chosen) {
                    option value=(text(&sort["id"])) selected[sort["id"] == chosen] { (words.fill("work-by", &[("name", &name(sort))])) }
                }
            }
        }
        div.field.short {
            label.hidden for="work-order" { (words.say("work-order")) }
            select #work-order name="order" { option value="" { (words.say("work-order-usual")) } (order("asc", "work-order-asc")) (order("desc", "work-order-desc")) }
        }
    }
}

/// Whose list, for those who may look at others' (§2).
async fn whose(page: &Page, view: &View) -> Result<Markup, Problem> {
    let me = page.get("/me").await?;
    let leads = |role: &Value| role == "system_administrator" || role == "sales_manager";
    if !me["roles"].as_array().is_some_and(|roles| roles.iter().any(leads)) {
        return Ok(html! {});
    }
    let people = People::of(page).await?;
    let others = people.users().into_iter().filter(|(id, _)| me["id"] != id.as_str());
    Ok(html! {
        div.field {
            label.hidden for="work-user" { (page.say("work-whose")) }
            select #work-user name="user" {
                option value="" { (page.say("work-mine")) }
                @for (id, name) in others {
                    option value=(id) selected[view.asked.get("user") == id] { (name) }
                }
            }
        }
    })
}
