//! What types of record and their fields are called: built-in ones in the reader's language, others as they were named.

use maud::{Markup, html};
use serde_json::Value;

use crate::domain::catalogue::field::in_words;
use crate::web::problem::Problem;
use crate::web::ui::page::Page;
use crate::web::ui::sequences::text;
use crate::web::ui::words::{Words, has};

/// Every type of record by name and label.
pub struct Kinds(Vec<(String, String)>);

impl Kinds {
    /// As the API lists them.
    pub async fn of(page: &Page) -> Result<Kinds, Problem> {
        let list = page.get("/record-types").await?;
        let kinds = list["items"].as_array().into_iter().flatten();
        Ok(Kinds(kinds.map(|kind| (text(&kind["name"]).to_owned(), kind_label(page.words(), kind))).collect()))
    }

    /// What a type is called.
    pub fn label(&self, name: &str) -> String {
        self.0.iter().find(|(known, _)| known == name).map_or_else(|| name.to_owned(), |(_, label)| label.clone())
    }

    /// Names and labels.
    pub fn iter(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }

    /// One of them; `all` says what stands for any.
    pub fn select(&self, id: &str, name: &str, chosen: &str, all: Option<&str>) -> Markup {
        html! {
            select id=(id) name=(name) {
                @if let Some(all) = all { option value="" { (all) } }
                @for (kind, label) in &self.0 { option value=(kind) selected[kind == chosen] { (label) } }
            }
        }
    }
}

fn kind_label(words: Words, kind: &Value) -> String {
    let (name, label) = (text(&kind["name"]), text(&kind["label"]));
    known(words, "type", name, label, kind["built_in"] == true)
}

/// What a field is called.
pub fn field_label(words: Words, field: &Value) -> String {
    let (name, label) = (text(&field["name"]), text(&field["label"]));
    known(words, "field", name, label, field["built_in"] == true)
}

/// In the reader's language, unless somebody has named it otherwise.
fn known(words: Words, prefix: &str, name: &str, label: &str, is_built_in: bool) -> String {
    let key = format!("{prefix}-{}", name.replace('_', "-"));
    match is_built_in && label == in_words(name) && has(words.0, &key) {
        true => words.say(&key),
        false => label.to_owned(),
    }
}

/// Names of fields as people expect them one after the other; others follow by name.
const ORDER: [&str; 12] = [
    "first_name",
    "last_name",
    "company",
    "job_title",
    "account",
    "industry",
    "website",
    "city",
    "country",
    "stage",
    "estimated_value",
    "currency",
];

/// The fields of a type as people expect them.
pub async fn fields(page: &Page, kind: &str) -> Result<Vec<Value>, Problem> {
    let list = page.get(&format!("/record-types/{kind}/fields")).await?;
    let mut fields = list["items"].as_array().cloned().unwrap_or_default();
    fields.sort_by_key(|field| ORDER.iter().position(|name| field["name"] == *name).unwrap_or(ORDER.len()));
    Ok(fields)
}
