//! Conditions in forms (Q-27, CM-1): rows of field, comparison and value, all of which hold or any; one that is deeper than
//! that is written as JSON.

use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::form::{Form, hidden};
use super::sequences::text;
use super::words::Words;

/// Rows that are shown empty below those that are filled in.
const EMPTY: usize = 2;
const OPERATORS: [&str; 20] = [
    "eq",
    "ne",
    "gt",
    "ge",
    "lt",
    "le",
    "contains",
    "not_contains",
    "begins_with",
    "ends_with",
    "in",
    "not_in",
    "has_value",
    "no_value",
    "on",
    "before",
    "after",
    "this_n_days",
    "last_n_days",
    "next_n_days",
];

/// What a record has beside its fields, and how it is compared.
pub const PROPERTIES: [(&str, &str); 16] = [
    ("name", "text"),
    ("email", "text"),
    ("phones.business", "text"),
    ("phones.mobile", "text"),
    ("phones.home", "text"),
    ("score", "number"),
    ("owner", "lookup"),
    ("access_team", "lookup"),
    ("primary_contact", "lookup"),
    ("allow_email", "two_option"),
    ("allow_phone", "two_option"),
    ("allow_text", "two_option"),
    ("external_id", "text"),
    ("time_zone", "text"),
    ("created_at", "date"),
    ("modified_at", "date"),
];

/// Everything that a condition may ask about a record with these fields.
pub fn of_records(words: Words, fields: &Value) -> Vec<Value> {
    let own =
        PROPERTIES.map(|(name, kind)| json!({ "name": name, "label": words.value("property", name), "kind": kind }));
    own.into_iter().chain(fields["items"].as_array().into_iter().flatten().cloned()).collect()
}

/// The comparisons of a condition that is one row of them, and how they are joined.
fn flat(condition: &Value) -> Option<(&'static str, Vec<&Value>)> {
    let is_row = |row: &Value| row["field"].is_string();
    if condition.is_null() {
        return Some(("all", Vec::new()));
    }
    if is_row(condition) {
        return Some(("all", vec![condition]));
    }
    ["all", "any"].into_iter().find_map(|join| {
        let rows: Vec<&Value> = condition[join].as_array()?.iter().collect();
        rows.iter().all(|row| is_row(row)).then_some((join, rows))
    })
}

/// The rows of a condition that stands under `name` in the JSON.
pub fn show(words: Words, form: &Form, name: &str, condition: &Value, fields: &[Value]) -> Markup {
    let Some((join, rows)) = flat(condition) else {
        let json = serde_json::to_string_pretty(condition).unwrap_or_default();
        return form.area(
            &format!("{name}:json"),
            &words.say("condition-json"),
            &json,
            10,
            Some(&words.say("condition-json-help")),
        );
    };
    let choice = form.select(
        &format!("{name}_rows.join"),
        &words.say("condition-join"),
        join,
        &[("all", words.say("condition-all")), ("any", words.say("condition-any"))],
    );
    grid(words, form, name, (&rows, fields), &choice)
}

/// The same where all of several comparisons hold and the JSON lists them.
pub fn list(words: Words, form: &Form, name: &str, conditions: &Value, fields: &[Value]) -> Markup {
    let rows: Vec<&Value> = conditions.as_array().into_iter().flatten().collect();
    grid(words, form, name, (&rows, fields), &hidden(&format!("{name}_rows.join"), "list"))
}

fn grid(words: Words, form: &Form, name: &str, (rows, fields): (&[&Value], &[Value]), join: &Markup) -> Markup {
    let known: Vec<(&str, String)> = fields.iter().map(|field| (text(&field["name"]), label(field))).collect();
    let numbers = fields
        .iter()
        .filter(|field| matches!(text(&field["kind"]), "number" | "money"))
        .map(|field| text(&field["name"]));
    let missing = Value::Null;
    let rows = rows.iter().copied().chain(std::iter::repeat_n(&missing, EMPTY));
    html! {
        fieldset.condition {
            legend { (words.say("condition")) }
            @for number in numbers { (hidden(&format!("{name}_rows.numbers:list"), number)) }
            (join)
            @for (place, row) in rows.enumerate() {
                @let at = |part: &str| format!("{name}_rows.rows.{place}.{part}");
                div.condition-row {
                    (form.select(&at("field"), &words.say("condition-field"), text(&row["field"]), &{
                        let mut options = vec![("", words.say("none"))];
                        options.extend(known.iter().map(|(name, label)| (*name, label.clone())));
                        if !text(&row["field"]).is_empty() && !known.iter().any(|(name, _)| *name == text(&row["field"])) {
                            options.push((text(&row["field"]), text(&row["field"]).to_owned()));
                        }
                        options
                    }))
                    (form.select(&at("op"), &words.say("condition-op"), text(&row["op"]),
                        &OPERATORS.map(|op| (op, words.value("op", op)))))
                    (form.text(&at("value"), &words.say("condition-value"), &written(&row["value"])))
                }
            }
        }
    }
}

fn label(field: &Value) -> String {
    match text(&field["label"]) {
        "" => text(&field["name"]).to_owned(),
        label => label.to_owned(),
    }
}

/// A value as somebody types it.
fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(written).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Turns the rows of a form into the condition that they say, where there are any; none is none.
pub fn read(said: &mut Map<String, Value>, name: &str) {
    let Some(rows) = said.remove(&format!("{name}_rows")) else { return };
    let numbers: Vec<&str> = rows["numbers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let join = match text(&rows["join"]) {
        join @ ("any" | "list") => join,
        _ => "all",
    };
    let each = rows["rows"].as_array().into_iter().flatten().filter(|row| !text(&row["field"]).is_empty());
    let compared: Vec<Value> = each.map(|row| comparison(row, &numbers)).collect();
    let condition = match compared.as_slice() {
        all if join == "list" => json!(all),
        [] => return,
        [one] => one.clone(),
        _ => json!({ join: compared }),
    };
    said.insert(name.into(), condition);
}

fn comparison(row: &Value, numbers: &[&str]) -> Value {
    let (field, op, typed) = (text(&row["field"]), text(&row["op"]), text(&row["value"]).trim());
    let is_number = numbers.contains(&field) || op.ends_with("n_days");
    let value = |typed: &str| match typed.replace(',', ".").parse::<f64>() {
        Ok(_) if is_number => serde_json::from_str(&typed.replace(',', ".")).unwrap_or_else(|_| typed.into()),
        _ => Value::from(typed),
    };
    match op {
        "has_value" | "no_value" => json!({ "field": field, "op": op }),
        "in" | "not_in" => {
            let values: Vec<Value> = typed.split(',').map(str::trim).filter(|one| !one.is_empty()).map(value).collect();
            json!({ "field": field, "op": op, "value": values })
        }
        _ => json!({ "field": field, "op": op, "value": value(typed) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cm1_rows_are_read_as_the_condition_that_they_say() {
        let row = |field: &str, op: &str, value: &str| json!({ "field": field, "op": op, "value": value });
        for (rows, expected) in [
            (json!([row("", "eq", "")]), Value::Null),
            (
                json!([row("city", "eq", "12"), row("", "eq", "")]),
                json!({ "field": "city", "op": "eq", "value": "12" }),
            ),
            (
                json!([row("score", "ge", "80"), row("city", "in", "Lugo, Vigo"), row("email", "has_value", "x")]),
                json!({ "any": [
                    { "field": "score", "op": "ge", "value": 80 },
                    { "field": "city", "op": "in", "value": ["Lugo", "Vigo"] },
                    { "field": "email", "op": "has_value" },
                ]}),
            ),
            (json!([row("closes", "next_n_days", "7")]), json!({ "field": "closes", "op": "next_n_days", "value": 7 })),
        ] {
            let rows = json!({ "condition_rows": { "join": "any", "numbers": ["score"], "rows": rows } });
            let Value::Object(mut said) = rows else { unreachable!() };
            read(&mut said, "condition");
            assert_eq!(said.remove("condition").unwrap_or_default(), expected);
            assert!(said.is_empty());
            assert!(flat(&expected).is_some());
        }
        let rows = json!([row("city", "eq", "Lugo"), row("", "eq", "")]);
        let Value::Object(mut said) = json!({ "each_rows": { "join": "list", "rows": rows } }) else { unreachable!() };
        read(&mut said, "each");
        assert_eq!(said.remove("each"), Some(json!([{ "field": "city", "op": "eq", "value": "Lugo" }])));
    }
}
