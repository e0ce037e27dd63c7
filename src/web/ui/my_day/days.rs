//! The figures of a day, the days that come as bars, and what moves on from one to another.

use chrono::NaiveDate;
use maud::{Markup, html};
use serde_json::Value;

use crate::domain::language::Language;
use crate::web::ui::dates::locale;
use crate::web::ui::icons::icon;
use crate::web::ui::layout::{badge, sentence};
use crate::web::ui::page::Page;
use crate::web::ui::sequences::text;

/// What moves on is named so far.
const NAMED: usize = 40;

/// A number of the API; 0 where there is none.
pub fn count(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

/// A day, how many days ahead it is, and how the language writes dates.
fn ahead(page: &Page, date: &Value) -> Option<(NaiveDate, i64)> {
    let date = text(date).parse::<NaiveDate>().ok()?;
    let today = chrono::DateTime::from_timestamp_millis(page.now.millis())?.with_timezone(&page.zone).date_naive();
    Some((date, (date - today).num_days()))
}

/// Weekday and date; only English writes their names with a capital.
fn written(page: &Page, date: NaiveDate) -> String {
    let language = page.words().0;
    let said = |form: &str| date.format_localized(form, locale(language)).to_string();
    match language {
        Language::En => said("%A %-d %B"),
        Language::Fr => said("%A %-d %B").to_lowercase(),
        Language::Gl => said("%A, %-d de %B").to_lowercase(),
    }
}

/// Today or another day with its weekday and date.
pub fn day(page: &Page, date: &Value) -> String {
    match ahead(page, date) {
        Some((date, 0)) => page.words().fill("day-today", &[("date", &written(page, date))]),
        _ => named(page, date),
    }
}

/// Today, tomorrow, or the weekday and the date.
pub fn named(page: &Page, date: &Value) -> String {
    match ahead(page, date) {
        Some((_, 0)) => page.say("day-today-alone"),
        Some((_, 1)) => page.say("day-tomorrow"),
        Some((date, _)) => sentence(&written(page, date)),
        None => String::new(),
    }
}

/// Its weekday and number, where there is little place.
pub fn short(page: &Page, date: &Value) -> Markup {
    let said = ahead(page, date)
        .map(|(date, _)| sentence(&date.format_localized("%a %-d", locale(page.words().0)).to_string()));
    html! { abbr title=(named(page, date)) { (said.unwrap_or_default()) } }
}

/// What is done, what is left, and what moves on; with a bar.
pub fn figures(page: &Page, seller: &Value) -> Markup {
    let words = page.words();
    let today = &seller["days"][0];
    let (done, left) = (count(&seller["done_today"]), count(&today["planned"]));
    let said = words.fill("day-progress", &[("done", &done.to_string()), ("all", &(done + left).to_string())]);
    let figure =
        |value: &Value, key: &str| html! { div.figure { strong.digits { (page.number(value)) } (words.say(key)) } };
    html! {
        section.day-figures data-live="/api/v1/stream?topics=work_list" {
            div.figures-row {
                (figure(&seller["done_today"], "day-done")) (figure(&today["planned"], "day-left"))
                (figure(&today["slips"], "day-slips"))
                @if seller["capacity"].is_number() { (figure(&seller["capacity"], "day-capacity")) }
            }
            @if done + left > 0 { div.progress { progress max=((done + left).max(1)) value=(done) aria-label=(said) {} span.quietly { (said) } } }
            @if seller["capacity"].is_null() { p.help { (words.say("day-no-capacity")) } }
        }
    }
}

/// How full a day is, in a bar and in words.
pub fn bar(page: &Page, seller: &Value, day: &Value) -> Markup {
    let words = page.words();
    let planned = count(&day["planned"]);
    let days = seller["days"].as_array().into_iter().flatten();
    let fullest = days.map(|day| count(&day["planned"])).max().unwrap_or_default();
    let most = seller["capacity"].as_i64().unwrap_or(fullest).max(planned).max(1);
    let said = match seller["capacity"].as_i64() {
        Some(capacity) if day["works"] == true => {
            words.fill("day-of", &[("planned", &planned.to_string()), ("capacity", &capacity.to_string())])
        }
        _ => planned.to_string(),
    };
    html! {
        @if day["works"] == false && planned == 0 { span.quietly { (words.say("day-off")) } }
        @else {
            progress.load max=(most) value=(planned) aria-label=(said) {}
            span.digits.quietly { (said) }
        }
    }
}

/// The days that come.
pub fn bars(page: &Page, seller: &Value) -> Markup {
    let words = page.words();
    let slips = |day: &Value| count(&day["slips"]);
    html! {
        ul.plain.day-bars { @for each in seller["days"].as_array().into_iter().flatten() { li {
            span.day-name { (named(page, &each["date"])) }
            span.day-load { (bar(page, seller, each)) }
            @if slips(each) > 0 && each["works"] == true { (badge("waiting", &words.count("day-move-on", slips(each)))) }
        } } }
        @if count(&seller["beyond"]) > 0 { p.help { (words.count("day-beyond", count(&seller["beyond"]))) } }
    }
}

/// What is due earlier than there is room for it, and where it goes.
pub fn slipping(page: &Page, seller: &Value) -> Markup {
    let words = page.words();
    let days = seller["days"].as_array().into_iter().flatten().skip(1);
    let items = days.flat_map(|day| day["items"].as_array().into_iter().flatten().map(move |item| (day, item)));
    let moving: Vec<(&Value, &Value)> = items.filter(|(_, item)| item["slips"] == true).collect();
    html! {
        @if !moving.is_empty() {
            section #moves {
                h2 { (words.say("day-moves")) }
                p.help { (words.say("day-moves-text")) }
                ul.plain.day-plan { @for (to, item) in moving.iter().take(NAMED) { li {
                    span.day-what {
                        a href={ "/records/" (text(&item["record"])) } { (text(&item["record_name"])) }
                        span.quietly { (text(&item["name"])) }
                    }
                    span.day-due { span.quietly { (page.instant(&item["due_at"])) } (icon("advance")) span { (named(page, &to["date"])) } }
                } } }
                @if moving.len() > NAMED { p.help { (words.count("day-moves-more", i64::try_from(moving.len() - NAMED).unwrap_or_default())) } }
            }
        }
    }
}
