//! `/admin/calendars`: when people work, and when they are away.

use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::super::form::{Form, hidden};
use super::super::icons::icon;
use super::super::layout::badge;
use super::super::page::Page;
use super::super::words::Words;
use super::holidays::date;
use super::parts::{asked, fold, items, next, none, query, table, text, texts, top, zone_field};
use crate::web::problem::Problem;

/// These pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(get_calendars).service(get_calendar);
}

/// Whose calendars there are.
#[get("/admin/calendars")]
pub async fn get_calendars(page: Page) -> Result<HttpResponse, Problem> {
    let words = page.words();
    let list = page.get(&format!("/users?{}", query(&page, &["q", "cursor"]))).await?;
    let rows = html! { @for user in items(&list) { tr {
        th scope="row" { a href={ "/admin/calendars/" (text(&user["id"])) } { (text(&user["name"])) } }
        td { @match user["time_zone"].as_str() { Some(zone) => (zone), None => (none()) } }
        td { (text(&user["business_unit"])) }
    } } };
    let content = html! {
        (top(&page, &[], &words.say("admin-calendars"), &html! {}))
        form.filters method="get" action="/admin/calendars" role="search" {
            div.field.wide { label for="q" { (words.say("search")) } input #q type="search" name="q" value=(asked(&page, "q")) placeholder=(words.say("users-search")); }
            button.plain type="submit" { (icon("search")) (words.say("filter-apply")) }
        }
        (table(words, &["name", "time-zone", "account-unit"], &rows))
        (next(&page, &list))
    };
    Ok(page.show(&words.say("admin-calendars"), &content))
}

/// A calendar is one thing to the API: whatever changes, the rest goes along.
struct Book<'a> {
    page: &'a Page,
    words: Words,
    form: Form<'a>,
    zone: &'a str,
    holidays: &'a str,
    entries: &'a [Value],
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// One user's.
#[get("/admin/calendars/{id}")]
pub async fn get_calendar(page: Page, user: Path<String>) -> Result<HttpResponse, Problem> {
    let person = page.get(&format!("/users/{user}")).await?;
    let book = book(&page, &format!("/users/{user}/calendar")).await?;
    let name = text(&person["name"]);
    let trail = [("/admin/calendars", &*page.say("admin-calendars"))];
    Ok(page.show(name, &html! { (top(&page, &trail, name, &html! {})) (book) }))
}

/// A calendar of the API, and all that can be changed in it.
pub async fn book(page: &Page, path: &str) -> Result<Markup, Problem> {
    let words = page.words();
    let (calendar, version) = page.get_versioned(path).await?;
    let book = Book {
        page,
        words,
        form: Form::new(page, "PUT", path).of_version(version).done("saved"),
        zone: text(&calendar["time_zone"]),
        holidays: text(&calendar["holidays"]),
        entries: items(&calendar["entries"]),
    };
    Ok(html! {
        div.with-side {
            div {
                @if book.entries.is_empty() { section { p { (words.say("calendar-usual")) } } } @else { (book.list()) (book.all_breaks()) }
                section { h2 { (words.say("calendar-add-off")) } (book.add_off()) }
                section { (fold(&words.say("calendar-add-hours"), false, &book.add_hours("working_hours"))) }
                section { (fold(&words.say("calendar-add-pause"), false, &book.add_hours("non_working_hours"))) }
            }
            aside aria-label=(words.say("calendar-clock")) {
                section { h2 { (words.say("calendar-clock")) } (book.clock()) }
                section { h2 { (words.say("calendar-import")) } (import(page, path)) }
            }
        }
    })
}

impl Book<'_> {
    /// What goes along beside the entries.
    fn rest(&self) -> Markup {
        html! { (hidden("time_zone", self.zone)) (hidden("holidays:optional", self.holidays)) }
    }

    /// The entries there are, for a form that adds one.
    fn kept(&self) -> Markup {
        html! { @for (place, entry) in self.entries.iter().enumerate() { (hidden(&format!("entries.{place}:json"), &entry.to_string())) } }
    }

    fn at(&self, member: &str) -> String {
        format!("entries.{}.{member}", self.entries.len())
    }

    fn list(&self) -> Markup {
        let words = self.words;
        let without = |place: usize| {
            let others = self.entries.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, one)| one);
            json!(others.collect::<Vec<_>>()).to_string()
        };
        let rows = html! { @for (place, entry) in self.entries.iter().enumerate() { tr {
            th scope="row" { (badge(if entry["kind"] == "working_hours" { "good" } else { "waiting" }, &words.value("entry", text(&entry["kind"])))) }
            td { (self.when(entry)) @if let Some(text) = entry["description"].as_str() { div.under { (text) } } }
            td.last { (self.form.show("inline", &html! {
                (self.rest()) (hidden("entries:json", &without(place)))
                button.quiet type="submit" { (words.say("holiday-remove")) }
            })) }
        } } };
        table(words, &["calendar-kind", "calendar-when", "actions"], &rows)
    }

    /// The breaks of working hours: one more, or one less.
    fn breaks(&self, place: usize, entry: &Value) -> Markup {
        let words = self.words;
        let breaks = items(&entry["breaks"]);
        let with = |breaks: Vec<&Value>| {
            let mut entries = self.entries.to_vec();
            if let Some(changed) = entries.get_mut(place).and_then(Value::as_object_mut) {
                changed.insert("breaks".into(), json!(breaks));
            }
            json!(entries).to_string()
        };
        let members = entry.as_object().into_iter().flatten().filter(|(name, _)| *name != "breaks");
        let time = |member: &str, value: &str| {
            let (id, name) =
                (format!("break-{place}-{member}"), format!("entries.{place}.breaks.{}.{member}", breaks.len()));
            html! { div.field {
                label for=(id) { (words.say(&format!("calendar-{member}"))) }
                input id=(id) type="time" name=(name) value=(value);
            } }
        };
        html! {
            @for (gone, pause) in breaks.iter().enumerate() {
                (self.form.show("pair", &html! {
                    (self.rest())
                    (hidden("entries:json", &with(breaks.iter().enumerate().filter(|(place, _)| *place != gone).map(|(_, one)| one).collect())))
                    span { (text(&pause["start"])) "–" (text(&pause["end"])) }
                    button.quiet type="submit" { (words.say("holiday-remove")) }
                }))
            }
            (self.form.show("", &html! {
                (self.rest())
                @for (other, entry) in self.entries.iter().enumerate().filter(|(other, _)| *other != place) {
                    (hidden(&format!("entries.{other}:json"), &entry.to_string()))
                }
                @for (name, value) in members { (hidden(&format!("entries.{place}.{name}:json"), &value.to_string())) }
                @for (one, pause) in breaks.iter().enumerate() { (hidden(&format!("entries.{place}.breaks.{one}:json"), &pause.to_string())) }
                div.fields { (time("start", "12:00")) (time("end", "13:00")) }
                button.plain type="submit" { (icon("add")) (words.say("calendar-add-break")) }
            }))
        }
    }

    /// The breaks of all working hours, each a part that opens.
    fn all_breaks(&self) -> Markup {
        let hours = self.entries.iter().enumerate().filter(|(_, entry)| entry["kind"] == "working_hours");
        html! {
            @for (place, entry) in hours {
                section { details.fold id={ "breaks-" (place) } {
                    summary { (self.words.say("calendar-breaks")) ": " (self.hours(entry)) }
                    div { (self.breaks(place, entry)) }
                } }
            }
        }
    }

    /// The days and the time of an entry.
    fn hours(&self, entry: &Value) -> String {
        let days: Vec<String> =
            texts(&entry["weekdays"]).iter().map(|day| self.words.say(&format!("weekday-{day}"))).collect();
        match entry["start"].as_str() {
            Some(start) => format!("{} {start}–{}", days.join(", "), text(&entry["end"])),
            None => days.join(", "),
        }
    }

    fn when(&self, entry: &Value) -> Markup {
        let words = self.words;
        let pause = |pause: &Value| format!("{}–{}", text(&pause["start"]), text(&pause["end"]));
        let pauses: Vec<String> = items(&entry["breaks"]).iter().map(pause).collect();
        let (from, until) = (entry["from"].as_str(), entry["until"].as_str());
        html! {
            (self.hours(entry)) " "
            @if !pauses.is_empty() { span.quietly { (words.say("calendar-break")) " " (pauses.join(", ")) " " } }
            @if let Some(from) = from { (date(self.page, from)) }
            @if let Some(until) = until.filter(|until| Some(*until) != from) { " – " (date(self.page, until)) }
        }
    }

    fn add_off(&self) -> Markup {
        let words = self.words;
        self.form.show(
            "",
            &html! {
                (self.rest()) (self.kept()) (hidden(&self.at("kind"), "time_off"))
                div.fields {
                    (self.form.input("date", &self.at("from"), &words.say("calendar-first"), "", None))
                    (self.form.input("date", &self.at("until:optional"), &words.say("calendar-last"), "", None))
                    (self.form.text(&self.at("description:optional"), &words.say("description"), ""))
                }
                button type="submit" { (words.say("add")) }
            },
        )
    }

    fn add_hours(&self, kind: &str) -> Markup {
        let words = self.words;
        let days: Vec<(&str, String)> = DAYS.iter().map(|day| (*day, words.say(&format!("weekday-{day}")))).collect();
        let work = ["mon", "tue", "wed", "thu", "fri"];
        let (start, end) = if kind == "working_hours" { ("09:00", "17:00") } else { ("12:00", "14:00") };
        // Both forms ask for the same members, so their controls carry names of their own kind only.
        let time = |member: &str, label: &str, value: &str| {
            let id = format!("{kind}-{label}");
            html! { div.field {
                label for=(id) { (words.say(label)) }
                input id=(id) type="time" name=(self.at(member)) value=(value);
            } }
        };
        self.form.show(
            "",
            &html! {
                (self.rest()) (self.kept()) (hidden(&self.at("kind"), kind))
                (self.form.choices(&self.at("weekdays:list"), &words.say("calendar-days"), &work, &days))
                div.fields { (time("start", "calendar-start", start)) (time("end", "calendar-end", end)) }
                @if kind == "working_hours" {
                    div.fields { (time("breaks.0.start:?", "calendar-break-start", "")) (time("breaks.0.end:?", "calendar-break-end", "")) }
                    p.help.below { (words.say("calendar-break-help")) }
                }
                button type="submit" { (words.say("add")) }
            },
        )
    }

    fn clock(&self) -> Markup {
        let words = self.words;
        self.form.show("", &html! {
            (zone_field(&self.form, words, "time_zone", self.zone))
            (self.form.input("text", "holidays:optional", &words.say("holiday-country"), self.holidays, Some(&words.say("calendar-holidays-help"))))
            (hidden("entries:json", &json!(self.entries).to_string()))
            button type="submit" { (words.say("save")) }
        })
    }
}

/// Days off from another calendar (TM-5).
fn import(page: &Page, path: &str) -> Markup {
    let words = page.words();
    let form = Form::with_file(page, &format!("{path}/import")).once();
    html! {
        (form.show("", &html! {
            (form.file(&words.say("calendar-file"), ".ics,text/calendar", &words.say("calendar-file-help")))
            button.plain type="submit" { (icon("upload")) (words.say("calendar-take")) }
        }))
        @if let Some(answer) = form.answer() {
            div.verdict role="status" {
                p { strong { (words.count("calendar-taken", answer["days"].as_i64().unwrap_or_default())) } }
                @for (member, key) in [("repeating", "calendar-repeating"), ("unread", "calendar-unread")] {
                    @if let Some(number) = answer[member].as_i64().filter(|number| *number > 0) { p.help { (words.count(key, number)) } }
                }
            }
        }
    }
}
