//! A sandbox's clock, below the header of every page: time moves when told.

use maud::{Markup, html};

use super::form::{Form, hidden};
use super::icons::icon;
use super::page::Page;
use crate::domain::permission::Permission;
use crate::time::Timestamp;

/// The clock with what moves it.
pub fn band(page: &Page) -> Markup {
    let words = page.words();
    let by = |unit: &str, label: &str| {
        let form = Form::new(page, "POST", "/test-clock/advance").done("clock");
        let fields = html! {
            (hidden(&format!("by.{unit}:number"), "1"))
            button.quiet type="submit" { (words.say(label)) }
        };
        form.show("inline", &fields)
    };
    html! {
        div.band role="region" aria-label=(words.say("clock")) {
            span { (icon("clock")) (words.say("clock")) ": " (page.instant(&page.now.to_string().into())) }
            @if page.may(Permission::SetUp) {
                (by("hours", "clock-hour")) (by("days", "clock-day"))
                @if let Some(next) = page.next_event() { (to(page, next)) }
            } @else { span.quietly { (super::missing::roles(page.words(), Permission::SetUp)) } }
        }
    }
}

fn to(page: &Page, next: Timestamp) -> Markup {
    let form = Form::new(page, "POST", "/test-clock/advance").done("clock");
    let fields = html! {
        (hidden("to", &next.to_string()))
        button.quiet type="submit" { (page.say("clock-next")) " (" (page.instant(&next.to_string().into())) ")" }
    };
    form.show("inline", &fields)
}
