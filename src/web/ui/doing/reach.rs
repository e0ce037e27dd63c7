//! How a customer is reached for a step: the number to call or text, the e-mail to write, the profile to visit (W-90 to W-94).

use maud::{Markup, html};
use serde_json::Value;

use super::Doing;
use crate::web::ui::icons::icon;
use crate::web::ui::query::query;
use crate::web::ui::sequences::text;

impl Doing<'_> {
    /// What leads to the customer; nothing for a task.
    pub(super) fn means(&self, what: &Value, kind: &str, is_activity: bool, is_first: bool) -> Markup {
        let words = self.page.words();
        match kind {
            "phone_call" => self.numbers("allow_phone", "doing-no-calls", is_first, |number| format!("tel:{number}")),
            "text" => {
                let body = query([("body", self.draft(what))]).replace('+', "%20");
                self.numbers("allow_text", "doing-no-texts", is_first, |number| format!("sms:{number}?{body}"))
            }
            "email" if !is_activity => html! {
                (self.address())
                p { a.button.main href=(self.compose(what)) data-key=[is_first.then_some("e")] aria-keyshortcuts=[is_first.then_some("e")] {
                    (icon("email")) (words.say("doing-write")) } }
            },
            "email" => html! { (self.address()) },
            _ if kind.starts_with("li_") => self.linkedin(what, kind),
            _ => html! {},
        }
    }

    /// Numbers in the organisation's order, the first to be called by one key.
    fn numbers(&self, consent: &str, refused: &str, is_first: bool, link: impl Fn(&str) -> String) -> Markup {
        let words = self.page.words();
        let phones = &self.person["phones"];
        let preferred = self.settings["phone_priority"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut places: Vec<&str> = preferred.collect();
        places.extend(
            ["business", "mobile", "home"].into_iter().filter(|place| !places.contains(place)).collect::<Vec<_>>(),
        );
        let numbers: Vec<(&str, &str)> =
            places.into_iter().filter_map(|place| Some((place, phones[place].as_str()?))).collect();
        html! {
            @if self.person[consent] == false { p.warning { (icon("warning")) " " (words.say(refused)) } }
            @if numbers.is_empty() {
                p.quietly { (words.say("doing-no-number")) " "
                    a href={ "/records/" (text(&self.person["id"])) "/edit" } { (words.say("doing-add-number")) } }
            }
            @else {
                ul.plain.numbers {
                    @for (place, (kind, number)) in numbers.iter().enumerate() {
                        li { a href=(link(number)) data-key=[(is_first && place == 0).then_some("t")] { (icon("phone_call")) (number) }
                            span.quietly { (words.say(&format!("property-phones-{kind}"))) } }
                    }
                    @if self.person["id"] != self.record["id"] { li.quietly { (text(&self.person["name"])) } }
                }
            }
        }
    }

    /// W-92: where the e-mail goes, or why it does not.
    pub(super) fn address(&self) -> Markup {
        let words = self.page.words();
        html! {
            @if let Some(address) = self.record["email"].as_str() {
                @if self.record["allow_email"] == false { p.warning { (icon("warning")) " " (words.say("doing-no-mails")) } }
                @else { p.quietly { (words.say("doing-mail-to")) " " (address) } }
            } @else {
                p.warning { (icon("warning")) " " (words.say("doing-no-address")) " "
                    a href={ "/records/" (text(&self.record["id"])) "/edit" } { (words.say("doing-add-address")) } }
            }
        }
    }

    /// LI-1 to LI-4: what is done elsewhere and then told here.
    fn linkedin(&self, what: &Value, kind: &str) -> Markup {
        let words = self.page.words();
        let first = self.person["fields"]["first_name"].as_str().unwrap_or(text(&self.person["name"]));
        html! {
            @if let Some(link) = what["link"].as_str() {
                p { a.button href=(link) target="_blank" rel="noopener noreferrer" { (icon("linkedin")) (words.value("doing-open", kind)) } }
            } @else { p.quietly { (words.say(if self.settings["linkedin"] == true { "doing-no-profile" } else { "doing-linkedin-off" })) } }
            @if matches!(kind, "li_connect" | "li_inmail" | "li_intro") {
                div.field {
                    label for={ "message-" (text(&what["id"])) } { (words.say("doing-default-message")) }
                    textarea id={ "message-" (text(&what["id"])) } rows="3" { (words.fill(&format!("doing-message-{}", kind.replace('_', "-")), &[("name", first), ("by", &self.page.name)])) }
                }
            }
        }
    }
}
