//! `/my-day`: what is planned for today, what moves on because the day is full, and the days that come; for whoever leads
//! people, theirs as well.

mod days;
mod team;

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::Value;

use self::days::{bars, day, figures, slipping};
use super::icons::icon;
use super::layout::{badge, empty, heading, with_query};
use super::page::Page;
use super::query::Asked;
use super::records::people::People;
use super::sequences::text;
use crate::domain::permission::Permission;
use crate::web::problem::Problem;

/// Days that are looked ahead.
const DAYS: &str = "7";

/// This page.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_my_day);
}

/// One's own day; with `user=` somebody else's, with `team=` those of a team.
#[get("/my-day")]
pub async fn get_my_day(page: Page) -> Result<HttpResponse, Problem> {
    let asked = Asked::of(&page);
    let whose = asked.only(&["user", "team"]);
    let title = page.say("nav-my-day");
    let plan = match page.get(&format!("/work-list/plan?days={DAYS}&{whose}")).await {
        Ok(plan) => plan,
        // Whoever has no list of their own is told so; a list that is not theirs to see stays a problem.
        Err(problem) if whose.is_empty() && matches!(problem.code, "feature_disabled" | "forbidden_role") => {
            let content = html! { (heading(&title, &html! {})) (empty(&page.say("day-closed"), &page.say("day-closed-text"), &html! {})) };
            return Ok(page.show(&title, &content));
        }
        Err(problem) => return Err(problem),
    };
    let sellers = plan["sellers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let leads = page.may(Permission::SetSellersAvailability);
    let switch = if leads {
        switch(&page, &asked, &People::of(&page).await?)
    } else {
        html! {}
    };
    let content = match (asked.get("team"), sellers) {
        ("", [seller]) => of_seller(&page, seller, &asked, &switch),
        _ => team::show(&page, sellers, &switch),
    };
    Ok(page.show(&title, &content))
}

/// Whose day is shown.
fn switch(page: &Page, asked: &Asked, people: &People) -> Markup {
    let (team, user) = (asked.get("team"), asked.get("user"));
    let link = |name: &str, id: &str, label: &str| {
        let is_here = if id.is_empty() { team.is_empty() && user.is_empty() } else { [team, user].contains(&id) };
        html! { a href=(with_query("/my-day", &[(name, id)])) aria-current=[is_here.then_some("page")] { (label) } }
    };
    html! {
        div.day-switch {
            nav.segments aria-label=(page.say("day-whose")) {
                (link("", "", &page.say("day-mine")))
                @for (id, name) in people.teams() { (link("team", &id, &name)) }
            }
            form.inline method="get" action="/my-day" {
                label.hidden for="day-user" { (page.say("day-somebody")) }
                select #day-user name="user" {
                    option value="" { (page.say("day-somebody")) }
                    @for (id, name) in people.users() { option value=(id) selected[id == user] { (name) } }
                }
                button.plain type="submit" { (page.say("filter-apply")) }
            }
        }
    }
}

fn of_seller(page: &Page, seller: &Value, asked: &Asked, switch: &Markup) -> Markup {
    let words = page.words();
    let today = &seller["days"][0];
    let is_own = asked.get("user").is_empty() || asked.get("user") == page.visitor.principal.user().to_string();
    let has_work = today["planned"].as_i64().unwrap_or_default() > 0;
    let actions = html! {
        @if is_own && has_work { a.button.main href="/work-list?plan=today" { (icon("play")) (words.say("day-begin")) } }
        @if is_own { a.button href="/work-list" { (words.say("day-list")) } }
    };
    let title = if is_own { words.say("nav-my-day") } else { text(&seller["name"]).to_owned() };
    html! {
        (heading(&title, &actions))
        (switch)
        (figures(page, seller))
        div.with-side.wide-side {
            div {
                section #today {
                    h2 { (day(page, &today["date"])) }
                    @if today["works"] == false { p.quietly { (icon("pause")) " " (words.say("day-off-today")) } }
                    @if has_work { (list(page, &today["items"], is_own)) }
                    @else { p.quietly { (words.say(if seller["done_today"].as_i64() > Some(0) { "day-all-done" } else { "day-nothing" })) } }
                }
                (slipping(page, seller))
            }
            aside aria-label=(words.say("day-next")) {
                section { h2 { (words.say("day-next")) } (bars(page, seller)) }
                @if is_own { p.help { (words.say("day-capacity-text")) " " a href="/account/work#capacity" { (words.say("day-capacity-change")) } } }
            }
        }
    }
}

/// What is planned for a day, the first first.
fn list(page: &Page, items: &Value, is_own: bool) -> Markup {
    // One's own is worked on where one stands in the list; a colleague's record is only looked at.
    let way = if is_own { "/work-list?plan=today&at=" } else { "/records/" };
    html! {
        ol.plain.day-plan { @for item in items.as_array().into_iter().flatten() { li {
            span.day-what {
                a href={ (way) (text(&item["record"])) } { (text(&item["record_name"])) }
                span.quietly { (text(&item["name"])) }
            }
            span.day-due { (due(page, item)) }
        } } }
    }
}

/// When something is due, and how much it matters.
fn due(page: &Page, item: &Value) -> Markup {
    let late = item["due_at"].as_str().and_then(crate::time::Timestamp::parse).is_some_and(|due| due < page.now);
    html! {
        @if item["score"].is_number() { span.digits title=(page.say("property-score")) { span.hidden { (page.say("property-score")) " " } b { (item["score"].to_string()) } } }
        span.quietly { (page.instant(&item["due_at"])) }
        @if late { (badge("bad", &page.say("day-late"))) }
    }
}
