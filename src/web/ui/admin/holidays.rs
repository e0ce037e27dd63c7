//! `/admin/holidays`: the public holidays of a country, and what the organisation says otherwise.

use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::super::form::{Form, hidden};
use super::super::layout::badge;
use super::super::page::Page;
use super::parts::{asked, items, query, table, text, texts, top};
use crate::web::problem::Problem;

/// This page.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_holidays);
}

/// The days of a year, and the corrections.
#[get("/admin/holidays")]
pub async fn get_holidays(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let days = page.get(&format!("/holidays?{}", query(&page, &["country", "year"]))).await?;
    let (corrections, version) = page.get_versioned("/holidays/corrections").await?;
    let form = Form::new(&page, "PUT", "/holidays/corrections").of_version(version).done("saved");
    let year = match asked(&page, "year") {
        year if year.is_empty() => page.now.to_string().chars().take(4).collect(),
        year => year,
    };
    let content = html! {
        (top(&page, &[], &words.say("admin-holidays"), &html! {}))
        div.with-side {
            div {
                section {
                    h2 { (words.say("holidays-year")) }
                    form.filters method="get" action="/admin/holidays" {
                        div.field { label for="country" { (words.say("holiday-country")) } input #country name="country" maxlength="2" value=(asked(&page, "country")) placeholder="FR"; }
                        div.field { label for="year" { (words.say("holiday-year")) } input #year type="number" name="year" value=(year); }
                        button.plain type="submit" { (words.say("filter-apply")) }
                    }
                    @if texts(&days["items"]).is_empty() { p.help { (words.say("holidays-no-days")) } }
                    @else { ul.days.plain { @for day in texts(&days["items"]) { li { (date(&page, day)) } } } }
                }
                h2 { (words.say("holidays-corrections")) }
                @if items(&corrections).is_empty() { p.help { (words.say("holidays-none")) } } @else { (list(&page, &form, items(&corrections))) }
            }
            aside aria-label=(words.say("holiday-new")) { section { h2 { (words.say("holiday-new")) } (new(&page, &form, items(&corrections))) } }
        }
    };
    Ok(page.show(&words.say("admin-holidays"), &content))
}

/// A day with its weekday.
pub fn date(page: &Page, day: &str) -> Markup {
    let locale = super::super::dates::locale(page.words().0);
    let read = chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").ok();
    let said = read.map(|day| day.format_localized("%A %-d %B %Y", locale).to_string());
    html! { time datetime=(day) { (said.unwrap_or_else(|| day.to_owned())) } }
}

fn list(page: &Page, form: &Form, corrections: &[Value]) -> Markup {
    let words = page.words();
    let without = |place: usize| {
        let others = corrections.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, one)| one);
        json!(others.collect::<Vec<_>>()).to_string()
    };
    let rows = html! { @for (place, one) in corrections.iter().enumerate() { tr {
        th scope="row" { (date(page, text(&one["day"]))) }
        td { @match one["country"].as_str() { Some(country) => (country), None => (words.say("holiday-all")) } }
        td { @if one["holiday"] == true { (badge("good", &words.say("holiday-off"))) } @else { (badge("waiting", &words.say("holiday-worked"))) } }
        td { (text(&one["name"])) }
        td.last { (form.show("inline", &html! { (hidden("items:json", &without(place))) button.quiet type="submit" { (words.say("holiday-remove")) } })) }
    } } };
    table(words, &["holiday-day", "holiday-country", "state", "name", "actions"], &rows)
}

/// All corrections are one thing to the API, so those there are go along.
fn new(page: &Page, form: &Form, corrections: &[Value]) -> Markup {
    let words = page.words();
    let at = |member: &str| format!("items.{}.{member}", corrections.len());
    let kinds = [("true", words.say("holiday-off")), ("false", words.say("holiday-worked"))];
    form.show("", &html! {
        @for (place, one) in corrections.iter().enumerate() { (hidden(&format!("items.{place}:json"), &one.to_string())) }
        (form.input("date", &at("day"), &words.say("holiday-day"), "", None))
        (form.select(&at("holiday:json"), &words.say("state"), "true", &kinds))
        (form.input("text", &at("country:optional"), &words.say("holiday-country"), "", Some(&words.say("holiday-country-help"))))
        (form.text(&at("name:optional"), &words.say("name"), ""))
        button type="submit" { (words.say("add")) }
    })
}
