//! Fields that say one thing together: an object by its names and values (`NAME_pairs`), and one that is null where none of its
//! fields is filled in (`NAME_maybe`), and a list without what says nothing in it (`NAME_filled`).

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::{Form, hidden};
use crate::web::ui::sequences::text;
use crate::web::ui::words::Words;

/// Rows that are shown empty below those that are filled in.
const EMPTY: usize = 2;

/// Turns what fields say together into what they mean.
pub fn read(said: &mut Map<String, Value>) {
    let named = |said: &Map<String, Value>, suffix: &str| -> Vec<String> {
        said.keys().filter_map(|key| key.strip_suffix(suffix)).map(str::to_owned).collect()
    };
    for name in named(said, "_pairs") {
        read_pairs(said, &name);
    }
    for name in named(said, "_filled") {
        if let Some(Value::Array(mut parts)) = said.remove(&format!("{name}_filled")) {
            parts.retain(|part| !is_empty(part));
            said.insert(name, Value::Array(parts));
        }
    }
    for name in named(said, "_maybe") {
        said.remove(&format!("{name}_maybe"));
        if said.get(&name).is_none_or(is_empty) {
            said.insert(name, Value::Null);
        }
    }
}

fn read_pairs(said: &mut Map<String, Value>, name: &str) {
    let Some(pairs) = said.remove(&format!("{name}_pairs")) else { return };
    let named = pairs.as_array().into_iter().flatten().filter_map(|pair| {
        let name = pair["name"].as_str().map(str::trim).filter(|name| !name.is_empty())?;
        Some((name.to_owned(), pair["value"].clone()))
    });
    let object: Map<String, Value> = named.collect();
    if !object.is_empty() {
        said.insert(name.into(), Value::Object(object));
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(parts) => parts.iter().all(is_empty),
        Value::Object(parts) => parts.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether an object can be written as names and values.
pub fn is_flat(object: &Value) -> bool {
    object.is_null() || object.as_object().is_some_and(|object| object.values().all(Value::is_string))
}

impl Form<'_> {
    /// An object of texts, a row for each; `list` names what is offered as values.
    pub fn pairs(&self, words: Words, name: &str, legend: &str, object: &Value, list: &str) -> Markup {
        let known = object.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), text(value)));
        let rows = known.chain(std::iter::repeat_n(("", ""), EMPTY));
        html! {
            fieldset.pairs {
                legend { (legend) }
                @for (place, (key, value)) in rows.enumerate() {
                    @let (at, number) = (|part: &str| format!("{name}_pairs.{place}.{part}"), (place + 1).to_string());
                    div {
                        input name=(at("name")) value=(self.value(&at("name"), key)) autocomplete="off" aria-label=(words.fill("pair-name", &[("n", &number)]));
                        input name=(at("value")) value=(self.value(&at("value"), value)) autocomplete="off" list=(list) aria-label=(words.fill("pair-value", &[("n", &number)]));
                    }
                }
                @if let Some(fault) = self.fault(name) { p.fault { (fault) } }
            }
        }
    }

    /// Says that an object is null where none of its fields is filled in.
    pub fn maybe(&self, name: &str) -> Markup {
        hidden(&format!("{name}_maybe"), "yes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_say_an_object_together_or_none() {
        let pair = |name: &str, value: &str| json!({ "name": name, "value": value });
        for (said, expected) in [
            (json!({ "head_pairs": [pair("1", "one"), pair(" ", "left out")] }), json!({ "head": { "1": "one" } })),
            (json!({ "head_pairs": [pair("", ""), pair("", "")] }), json!({})),
            (
                json!({ "back": { "at": " ", "taken": [], "deep": { "a": null } }, "back_maybe": "yes" }),
                json!({ "back": null }),
            ),
            (json!({ "back_maybe": "yes" }), json!({ "back": null })),
            (json!({ "back": { "at": "/x" }, "back_maybe": "yes" }), json!({ "back": { "at": "/x" } })),
        ] {
            let Value::Object(mut said) = said else { unreachable!() };
            read(&mut said);
            assert_eq!(Value::Object(said), expected);
        }
    }
}
