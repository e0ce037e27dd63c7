//! What a seller does with what is open on a record: call, write, finish, pass over, put off, hand on, note (§11.3, §14.8).

pub mod email;
mod reach;

use std::collections::BTreeMap;

use actix_web::http::Method;
use actix_web::web::ServiceConfig;
use chrono::{Datelike, Days, NaiveTime};
use maud::{Markup, html};
use serde_json::{Value, json};

use super::chart::picture;
use super::dates;
use super::form::Form;
use super::icons::icon;
use super::inside::Sent;
use super::page::Page;
use super::query::query;
use super::records::people::People;
use super::sequences::text;
use crate::domain::schedule::civil;
use crate::time::Timestamp;
use crate::web::problem::Problem;

/// Where forms lead.
#[derive(Clone, Debug)]
pub struct Ways {
    /// What keeps the item open.
    pub stay: String,
    /// What ends it (W-63).
    pub on: String,
}

/// The record with what its actions need.
pub struct Doing<'a> {
    page: &'a Page,
    record: &'a Value,
    people: &'a People,
    ways: Ways,
    settings: Value,
    results: Vec<String>,
    /// What a text message begins with, by its step.
    drafts: BTreeMap<String, String>,
    /// Whose numbers and addresses count: the record's own, or its contact's (W-90).
    person: Value,
}

impl<'a> Doing<'a> {
    /// For the open items of a record.
    pub async fn of(
        page: &'a Page,
        record: &'a Value,
        people: &'a People,
        items: &[Value],
        ways: Ways,
    ) -> Result<Doing<'a>, Problem> {
        let settings = page.get("/settings").await?;
        let results = page.get("/call-results").await?;
        let results = results["items"].as_array().into_iter().flatten().map(|result| text(result).to_owned()).collect();
        let has_numbers = record["phones"].as_object().is_some_and(|phones| !phones.is_empty());
        let contact =
            match record["primary_contact"].as_str().filter(|_| record["type"] == "opportunity" || !has_numbers) {
                Some(contact) => page.find(&format!("/records/{contact}")).await?,
                None => None,
            };
        let person = contact.unwrap_or_else(|| record.clone());
        let mut drafts = BTreeMap::new();
        for step in items.iter().map(|item| &item["step"]).filter(|step| step["type"] == "text") {
            let Some(template) = step["template"].as_str() else { continue };
            let sent = Sent { body: Some(json!({ "record": record["id"] })), ..Sent::default() };
            // A template that does not fit, or is gone, leaves the message empty.
            if let Ok(filled) = page.send(Method::POST, &format!("/text-templates/{template}/preview"), sent).await {
                drafts.insert(text(&step["id"]).to_owned(), text(&filled["body"]).to_owned());
            }
        }
        Ok(Doing { page, record, people, ways, settings, results, drafts, person })
    }

    fn draft(&self, what: &Value) -> &str {
        self.drafts.get(text(&what["id"])).map_or("", String::as_str)
    }

    /// One open item; of the first of a record the keys hold.
    pub fn item(&self, item: &Value, is_first: bool) -> Markup {
        let words = self.page.words();
        let is_activity = item["kind"] == "activity";
        let what = if is_activity { &item["activity"] } else { &item["step"] };
        let name = text(if is_activity { &what["subject"] } else { &what["name"] });
        let kind = what["type"].as_str().or(what["kind"].as_str()).unwrap_or_default();
        let said = words.value("next-kind", kind);
        let waits = what["wakes_at"].is_string() && what["wait_state"] == "waiting";
        // What is written already waits for its time.
        let is_sellers = is_activity || SELLERS.contains(&kind) && what["pending_at"].is_null();
        html! {
            li.doing {
                span.picture { (icon(picture(kind))) }
                div {
                    div { strong { @if name.is_empty() { (said) } @else { (name) } } }
                    div.quietly {
                        @if !name.is_empty() { (said) " · " }
                        @if what["pending_at"].is_string() { (words.say("next-leaves")) " " (self.page.instant(&what["pending_at"])) }
                        @else if waits { (words.say("next-until")) " " (self.page.instant(&what["wakes_at"])) }
                        @else if what["due_at"].is_string() { (words.say("next-due")) " " (self.page.instant(&what["due_at"])) }
                        @else { (words.say("next-undated")) }
                        " · " (self.people.name(&what["assignee"]))
                    }
                    @for text in [&what["description"], &what["note"]].into_iter().filter_map(Value::as_str).filter(|text| !text.is_empty()) {
                        p.instructions { (text) }
                    }
                    (self.trouble(what))
                    @if is_sellers { (self.sellers(what, kind, is_activity, is_first)) }
                    @else { (self.waiting(what, kind, is_first)) }
                }
            }
        }
    }

    /// What is wrong with it, and the way to try again (CM-12 to CM-14, ST-23).
    fn trouble(&self, step: &Value) -> Markup {
        let words = self.page.words();
        html! {
            @if let Some(error) = step["error"].as_str() {
                p.fault { (icon("warning")) " " (words.value("step-error", error)) @if let Some(why) = step["message_error"].as_str() { ": " (why) } }
                @if step["converted_from"].is_null() {
                    (self.form(step, "retry").done("retried").button("plain", &words.say("doing-retry")))
                }
            }
            @if step["warning"] == "assignee_unresolved" { p.fault { (icon("warning")) " " (words.say("doing-unresolved")) } }
        }
    }

    /// A form that keeps the item.
    fn form(&self, what: &Value, verb: &str) -> Form<'a> {
        Form::new(self.page, "POST", &format!("/steps/{}/{verb}", text(&what["id"]))).then(self.ways.stay.clone())
    }

    fn sellers(&self, what: &Value, kind: &str, is_activity: bool, is_first: bool) -> Markup {
        let words = self.page.words();
        let key = |key: &'static str| is_first.then_some(key);
        let (place, id) = (if is_activity { "activities" } else { "steps" }, text(&what["id"]));
        let (pass, passed) = if is_activity { ("cancel", "cancelled") } else { ("skip", "skipped") };
        let ends =
            |verb: &str| Form::new(self.page, "POST", &format!("/{place}/{id}/{verb}")).then(self.ways.on.clone());
        let finish = ends("complete").done("completed");
        let is_call = kind == "phone_call";
        html! {
            (self.means(what, kind, is_activity, is_first))
            @if kind == "text" && !is_activity { (self.text_form(what, is_first)) }
            (finish.show("finish", &html! {
                @if is_call { (self.result(&finish, is_first)) }
                (self.note(&finish, is_first))
                button type="submit" data-key=[key("c")] aria-keyshortcuts=[key("c")] { (icon("done")) (words.say("doing-complete")) }
            }))
            div.row.others {
                (ends(pass).done(passed).show("inline", &html! {
                    button.quiet type="submit" data-key=[key("s")] aria-keyshortcuts=[key("s")] { (words.say(if is_activity { "doing-cancel" } else { "doing-skip" })) }
                }))
                @if !is_activity { (self.put_off(what, is_first)) }
                (self.hand_on(if is_activity { "activity" } else { "step" }, what))
                @if !is_activity { (self.add_note(what)) }
            }
        }
    }

    /// How the call ended; asked for where no answer is settled (R-43).
    fn result(&self, form: &Form, is_first: bool) -> Markup {
        let words = self.page.words();
        let usual = text(&self.settings["call_result"]["default"]);
        let chosen = form.value("call_result:?", usual);
        form.field("call_result:?", &words.say("doing-result"), |control| {
            html! {
                select id=(control.id) name=(control.name) data-key=[is_first.then_some("r")] aria-invalid=[control.is_wrong.then_some("true")] {
                    option value="" { (words.say("doing-result-none")) }
                    @for result in &self.results { option value=(result) selected[*result == chosen] { (words.value("result", result)) } }
                }
            }
        })
    }

    /// A line for the timeline.
    fn note(&self, form: &Form, is_first: bool) -> Markup {
        let value = form.value("note:?", "");
        form.field("note:?", &self.page.say("doing-note"), |control| {
            html! {
                textarea id=(control.id) name=(control.name) rows="1" data-key=[is_first.then_some("n")]
                    aria-invalid=[control.is_wrong.then_some("true")] { (value) }
            }
        })
    }

    /// The text message of a step, which its gateway sends (W-93).
    fn text_form(&self, step: &Value, is_first: bool) -> Markup {
        let words = self.page.words();
        let form = Form::new(self.page, "POST", &format!("/steps/{}/text", text(&step["id"])));
        let form = form.then(self.ways.on.clone()).done("text-sent");
        html! {
            (form.show("", &html! {
                (form.area("body", &words.say("doing-text"), self.draft(step), 4, None))
                button.plain type="submit" data-key=[is_first.then_some("e")] aria-keyshortcuts=[is_first.then_some("e")] { (icon("send")) (words.say("doing-text-send")) }
            }))
        }
    }

    fn put_off(&self, what: &Value, is_first: bool) -> Markup {
        let words = self.page.words();
        let form =
            Form::new(self.page, "POST", &format!("/steps/{}/snooze", text(&what["id"]))).then(self.ways.on.clone());
        let form = form.done("snoozed");
        html! {
            details.menu id={ "snooze-" (text(&what["id"])) } open[form.is_refused()] {
                summary data-key=[is_first.then_some("z")] aria-keyshortcuts=[is_first.then_some("z")] { (words.say("doing-snooze")) (icon("down")) }
                div {
                    (form.show("stack", &html! {
                        @for (key, at) in mornings(self.page) {
                            button.quiet type="submit" name="until" value=(at) { (words.say(key)) " · " (dates::said(words, self.page.zone, self.page.now, at)) }
                        }
                    }))
                    (form.show("", &html! {
                        (form.input("datetime-local", "until:local", &words.say("doing-until"), "", None))
                        button.plain type="submit" { (words.say("doing-snooze-do")) }
                    }))
                }
            }
        }
    }

    /// The page that gives it to somebody else (R-20).
    fn hand_on(&self, kind: &str, what: &Value) -> Markup {
        let item = format!("{kind}:{}", text(&what["id"]));
        let to = query([("item", &*item), ("at", &*self.ways.on)]);
        html! { a.button.quiet href={ "/work-list/assign?" (to) } { (self.page.say("doing-assign")) } }
    }

    /// R-21: beside finishing it.
    fn add_note(&self, step: &Value) -> Markup {
        let words = self.page.words();
        let form = self.form(step, "note").done("noted");
        html! {
            details.menu id={ "note-" (text(&step["id"])) } open[form.is_refused()] {
                summary { (words.say("doing-note-only")) (icon("down")) }
                (form.show("", &html! {
                    (form.area("text", &words.say("doing-note"), "", 3, None))
                    button.plain type="submit" { (words.say("doing-note-do")) }
                }))
            }
        }
    }

    /// Nothing for a person to do: the wait can end now, and what waits can be passed over (R-14, U-5).
    fn waiting(&self, step: &Value, kind: &str, is_first: bool) -> Markup {
        let words = self.page.words();
        let key = |key: &'static str| is_first.then_some(key);
        let is_held =
            matches!(text(&step["wait_state"]), "waiting" | "waiting_for_update") || step["pending_at"].is_string();
        let skip =
            Form::new(self.page, "POST", &format!("/steps/{}/skip", text(&step["id"]))).then(self.ways.on.clone());
        let now = if step["pending_at"].is_string() { "doing-send-now" } else { "doing-skip-wait" };
        html! {
            @if kind == "email" { p.quietly { (words.say("doing-scheduled")) } }
            div.row.others {
                @if is_held {
                    (self.form(step, "skip-wait").done("wait-skipped").show("inline", &html! {
                        button.plain type="submit" data-key=[key("w")] aria-keyshortcuts=[key("w")] { (words.say(now)) }
                    }))
                }
                (skip.done("skipped").show("inline", &html! {
                    button.quiet type="submit" data-key=[key("s")] aria-keyshortcuts=[key("s")] { (words.say("doing-skip")) }
                }))
            }
        }
    }

    /// The page that writes the e-mail of a step, and leads back.
    fn compose(&self, step: &Value) -> String {
        let back = [("at", &*self.ways.stay), ("on", &*self.ways.on)];
        format!("/steps/{}/email?{}", text(&step["id"]), query(back))
    }
}

/// What a person does; all else waits or goes by itself.
const SELLERS: [&str; 8] =
    ["email", "text", "phone_call", "task", "li_research", "li_intro", "li_connect", "li_inmail"];

/// When people usually want it back: the next morning, in some days, next week.
pub fn mornings(page: &Page) -> [(&'static str, Timestamp); 3] {
    let today = civil::civil(page.zone, page.now).date();
    let monday = u64::from(7 - today.weekday().num_days_from_monday());
    let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default();
    [("doing-tomorrow", 1), ("doing-three-days", 3), ("doing-next-week", monday)].map(|(key, days)| {
        let day = today.checked_add_days(Days::new(days)).unwrap_or(today);
        (key, civil::instant(page.zone, day.and_time(nine)))
    })
}

/// This area's pages.
pub fn pages(config: &mut ServiceConfig) {
    config.service(email::get_email);
}
