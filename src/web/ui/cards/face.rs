//! What a card can show of a record, in words and with what a record of the organisation says there.

use maud::{Markup, html};
use serde_json::Value;

use crate::web::problem::Problem;
use crate::web::ui::condition::PROPERTIES;
use crate::web::ui::form::Form;
use crate::web::ui::page::Page;
use crate::web::ui::records::kinds::{field_label, fields};
use crate::web::ui::sequences::text;
use crate::web::ui::words::Words;

/// What is to be done, and what comes from it.
const OF_THE_ITEM: [&str; 3] = ["next_activity", "due", "sequence"];

/// One thing that can be shown.
pub struct Choice {
    /// Its name in the API.
    pub name: String,
    /// What people read.
    pub label: String,
    /// What stands there of the record that is shown.
    pub sample: String,
}

/// Everything there is to choose from.
pub struct Choices {
    /// Groups by their titles.
    pub groups: Vec<(String, Vec<Choice>)>,
    /// The name of the record that is shown.
    pub sample: String,
}

impl Choices {
    /// Of a type of record.
    pub async fn of(page: &Page, kind: &str) -> Result<Choices, Problem> {
        let words = page.words();
        let first = |list: Value| list["items"].get(0).cloned().unwrap_or_default();
        let record = first(page.get(&format!("/records?type={kind}&state=active&limit=1")).await?);
        let contact = match record["primary_contact"].as_str() {
            Some(id) => page.find(&format!("/records/{id}")).await?.unwrap_or_default(),
            None => Value::Null,
        };
        let own = fields(page, kind).await?;
        let mut record_choices = of_record(words, &own, &record, "");
        if let Some(found) = record_choices.iter_mut().find(|choice| choice.name == "primary_contact") {
            found.sample = contact["name"].as_str().map_or(found.label.clone(), str::to_owned);
        }
        let item = OF_THE_ITEM.map(|name| {
            let label = words.value("card-item", name);
            Choice { name: name.into(), sample: words.value("card-sample", name), label }
        });
        let mut groups =
            vec![(words.say("cards-of-item"), item.into()), (words.say("cards-of-record"), record_choices)];
        if kind != "contact" {
            let theirs = fields(page, "contact").await?;
            groups.push((words.say("record-contact"), of_record(words, &theirs, &contact, "primary_contact.")));
        }
        let sample = record["name"].as_str().map_or_else(|| words.say("card-sample-name"), str::to_owned);
        Ok(Choices { groups, sample })
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Choice> {
        self.groups.iter().flat_map(|(_, choices)| choices)
    }

    /// A field of a form in which one of them is chosen, or none.
    pub fn select(&self, form: &Form, name: &str, label: &str, value: &str) -> Markup {
        let value = form.value(name, value);
        let is_known = value.is_empty() || self.iter().any(|choice| choice.name == value);
        form.field(name, label, |control| {
            html! {
                select id=(control.id) name=(control.name) {
                    option value="" { "–" }
                    @for (title, choices) in &self.groups {
                        optgroup label=(title) {
                            @for choice in choices { option value=(choice.name) selected[choice.name == value] { (choice.label) } }
                        }
                    }
                    @if !is_known { option value=(value) selected { (value) } }
                }
            }
        })
    }
}

/// The properties of every record that a card can show, then the fields of its type.
fn of_record(words: Words, fields: &[Value], record: &Value, prefix: &str) -> Vec<Choice> {
    let property = |name: &str| match name {
        "owner" => words.say("record-owner"),
        "primary_contact" => words.say("record-contact"),
        name => words.value("property", name),
    };
    let properties = PROPERTIES.iter().map(|(name, _)| *name);
    let properties = properties.filter(|name| !matches!(*name, "access_team" | "primary_contact") || prefix.is_empty());
    let properties = properties.map(|name| (name.to_owned(), property(name), value(&record[name])));
    let own = fields.iter().map(|field| {
        let name = text(&field["name"]);
        (name.to_owned(), field_label(words, field), value(&record["fields"][name]))
    });
    let choice = |(name, label, sample): (String, String, String)| Choice {
        name: format!("{prefix}{name}"),
        sample: if sample.is_empty() { label.clone() } else { sample },
        label,
    };
    properties.chain(own).map(choice).collect()
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
