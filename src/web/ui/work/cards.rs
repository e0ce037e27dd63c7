//! Rows as an administrator or the seller has laid them out (§14.6). Off until an administrator turns it on; then the fields of
//! the records on the page are asked for, and of no other.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use super::rows::{due, score};
use crate::web::problem::Problem;
use crate::web::ui::chart::picture;
use crate::web::ui::doing::mornings;
use crate::web::ui::icons::icon;
use crate::web::ui::page::Page;
use crate::web::ui::records::kinds::Kinds;
use crate::web::ui::sequences::text;

/// The layouts of a page of rows.
pub struct Layouts {
    kinds: Kinds,
    by_type: BTreeMap<String, Value>,
    records: BTreeMap<String, Value>,
}

/// How one row is laid out.
pub struct Card<'a> {
    layout: &'a Value,
    all: &'a Layouts,
}

impl Layouts {
    /// Of what stands on the page.
    pub async fn of(page: &Page, rows: &[Value]) -> Result<Layouts, Problem> {
        let kinds = Kinds::of(page).await?;
        let mut layouts = Layouts { kinds, by_type: BTreeMap::new(), records: BTreeMap::new() };
        if page.get("/settings").await?["card_customisation"] != true {
            return Ok(layouts);
        }
        for row in rows {
            let kind = text(&row["record"]["type"]);
            if !layouts.by_type.contains_key(kind) {
                let layout = page.get(&format!("/me/card-layout?type={kind}")).await?;
                layouts.by_type.insert(kind.to_owned(), layout);
            }
            let contact = row["record"]["primary_contact"].as_str();
            for id in [Some(text(&row["record"]["id"])), contact].into_iter().flatten() {
                if !layouts.records.contains_key(id)
                    && let Some(record) = page.find(&format!("/records/{id}")).await?
                {
                    layouts.records.insert(id.to_owned(), record);
                }
            }
        }
        Ok(layouts)
    }

    /// What a type is called.
    pub fn kind(&self, name: &str) -> String {
        self.kinds.label(name)
    }

    /// How a row is laid out, where that is not the usual way.
    pub fn of_row(&self, row: &Value) -> Option<Card<'_>> {
        let layout = self.by_type.get(text(&row["record"]["type"]))?;
        Some(Card { layout, all: self })
    }
}

impl Card<'_> {
    /// Up to four rows of fields and icons behind what leads (W-71).
    pub fn card(&self, page: &Page, row: &Value) -> Markup {
        let parts = |row: &Value, name: &str| row[name].as_array().cloned().unwrap_or_default();
        html! {
            span.leading { (self.leading(row)) }
            span.card-rows {
                @for (place, line) in self.layout["rows"].as_array().into_iter().flatten().enumerate() {
                    span.card-row.first[place == 0] {
                        @for field in parts(line, "fields") { span { (self.field(page, row, text(&field))) } }
                        @for sign in parts(line, "icons") { (self.sign(page, row, text(&sign))) }
                    }
                }
            }
        }
    }

    fn leading(&self, row: &Value) -> Markup {
        let record = &row["record"];
        let initials = text(&record["name"]).split_whitespace().filter_map(|word| word.chars().next()).take(2);
        match text(&self.layout["leading"]) {
            "record_type" => html! { (icon(kind_picture(text(&record["type"])))) },
            "activity_type" => html! { (icon(picture(text(&row["next_action"]["type"])))) },
            _ => html! { (initials.collect::<String>().to_uppercase()) },
        }
    }

    fn field(&self, page: &Page, row: &Value, name: &str) -> Markup {
        let (record, next) = (&row["record"], &row["next_action"]);
        let of = |id: &Value, name: &str| {
            let record = self.all.records.get(text(id)).unwrap_or(&Value::Null);
            let value = if record[name].is_null() { &record["fields"][name] } else { &record[name] };
            match value {
                Value::String(value) => value.clone(),
                Value::Number(value) => value.to_string(),
                _ => String::new(),
            }
        };
        match name {
            "name" => html! { (text(&record["name"])) },
            "next_activity" => html! { (icon(picture(text(&next["type"])))) " " (text(&next["name"])) },
            "due" => due(page, row),
            "sequence" => html! { (text(&row["sequence"]["name"])) },
            "primary_contact" => html! { (text(&record["primary_contact_name"])) },
            name => match name.strip_prefix("primary_contact.") {
                Some(name) => html! { (of(&record["primary_contact"], name)) },
                None => html! { (of(&record["id"], name)) },
            },
        }
    }

    fn sign(&self, page: &Page, row: &Value, name: &str) -> Markup {
        match name {
            "score" => html! { span.score { (score(row)) } },
            "grade" => html! { span.grade { (text(&row["record"]["grade"])) } },
            "unopened" if row["unread"] == true => html! { span.badge.plain { (page.say("work-unread")) } },
            "follow" if row["followed"] == true => html! { span.on { (icon("star")) } },
            "record_type" => html! { (icon(kind_picture(text(&row["record"]["type"])))) },
            "activity_type" => html! { (icon(picture(text(&row["next_action"]["type"])))) },
            _ => html! {},
        }
    }

    /// What can be done from the row itself, by the form of the page that marks.
    pub fn actions(&self, page: &Page, row: &Value) -> Markup {
        let next = &row["next_action"];
        let (place, id) = match next["step"].as_str() {
            Some(step) => ("steps", step),
            None => ("activities", text(&next["activity"])),
        };
        let waits = row["wait"].is_object();
        let act = |verb: &str, key: &str| {
            html! { button.quiet type="submit" form="mark" formaction={ "/do/POST/" (place) "/" (id) "/" (verb) } { (page.say(key)) } }
        };
        let phones = &self.all.records.get(text(&row["record"]["id"])).unwrap_or(&Value::Null)["phones"];
        let number = ["business", "mobile", "home"].into_iter().find_map(|place| phones[place].as_str());
        let reach = |way: &str, key: &str| {
            html! { @if let Some(number) = number { a.button.quiet href=(format!("{way}:{number}")) { (page.say(key)) } } }
        };
        let [(_, morning), ..] = mornings(page);
        html! {
            span.card-actions {
                @for action in self.layout["actions"].as_array().into_iter().flatten() {
                    @match (text(action), place) {
                        ("complete", _) if !waits => (act("complete", "doing-complete")),
                        ("skip", "steps") => (act("skip", "doing-skip")),
                        ("skip", _) => (act("cancel", "doing-cancel")),
                        ("skip_wait", "steps") if waits => (act("skip-wait", "doing-skip-wait")),
                        ("snooze", "steps") if !waits => button.quiet type="submit" form="mark" name="until" value=(morning) formaction={ "/do/POST/steps/" (id) "/snooze" } { (page.say("card-snooze")) },
                        ("call", _) => (reach("tel", "card-call")),
                        ("text", _) => (reach("sms", "card-text")),
                        // The star of the row follows.
                        ("email", "steps") if next["type"] == "email" => a.button.quiet href={ "/steps/" (id) "/email?at=/work-list&on=/work-list" } { (page.say("doing-write")) },
                        _ => {},
                    }
                }
            }
        }
    }
}

fn kind_picture(kind: &str) -> &'static str {
    match kind {
        "account" => "team",
        "opportunity" => "tag",
        "contact" => "person",
        _ => "record",
    }
}
