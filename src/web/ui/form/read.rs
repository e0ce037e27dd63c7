//! What the names and values of a form say as JSON. A name is a place (`fuse.min_sent`), with how it is read behind a colon:
//!
//! | | read as |
//! |---|---|
//! | (nothing) | text |
//! | `optional` | text; null where it is empty |
//! | `number` | a number; null where it is empty |
//! | `flag` | `true` or `false`; a box that may be empty follows a hidden `false` |
//! | `list` | every value of that name; an empty one only says that there is a list |
//! | `lines` | a list of lines |
//! | `json` | JSON |
//! | `local` | an instant in the reader's zone, as `datetime-local` writes it; null where it is empty |
//!
//! With a `?` behind it, a field that is empty is left out. Parts that are all numbers are places in a list; a part
//! `NAME_rows` is the condition `NAME` in rows (`condition.rs`), and a part `NAME_pairs` an object by its names and values:
//! `NAME_pairs.0.name`, `NAME_pairs.0.value`; one without a name is left out, and so is the object without any. With a part
//! `NAME_maybe`, the object `NAME` is null where nothing in it is filled in, and a part `NAME_filled` is the list `NAME` without
//! what says nothing in it (`whole.rs`). A place has at most 16 parts, and all that is said nests at most 100 levels, less than
//! what the API reads as JSON.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use chrono_tz::Tz;
use serde_json::{Map, Value};

use super::whole;
use crate::domain::schedule::civil;
use crate::time::Timestamp;
use crate::web::problem::Problem;
use crate::web::ui::condition;

const MAX_PARTS: usize = 16;
const MAX_DEPTH: usize = 100;

/// A tree of what fields say.
#[derive(Debug)]
enum Node {
    Leaf(Value),
    Branch(BTreeMap<String, Node>),
}

impl Node {
    fn value(self) -> Value {
        match self {
            Node::Leaf(value) => value,
            Node::Branch(parts) => {
                if !parts.is_empty() && parts.keys().all(|key| key.parse::<u32>().is_ok()) {
                    let mut parts: Vec<_> = parts.into_iter().collect();
                    parts.sort_by_key(|(key, _)| key.parse::<u32>().unwrap_or_default());
                    return parts.into_iter().map(|(_, part)| part.value()).collect();
                }
                let mut said: Map<String, Value> = parts.into_iter().map(|(key, part)| (key, part.value())).collect();
                let rows: Vec<String> =
                    said.keys().filter_map(|key| key.strip_suffix("_rows")).map(str::to_owned).collect();
                rows.iter().for_each(|name| condition::read(&mut said, name));
                whole::read(&mut said);
                Value::Object(said)
            }
        }
    }
}

/// The JSON that a form says.
pub fn read(fields: &[(String, String)], zone: Tz) -> Result<Value, Problem> {
    let mut root = BTreeMap::new();
    for (name, text) in fields.iter().filter(|(name, _)| !name.starts_with('_')) {
        let (place, kind) = name.split_once(':').unwrap_or((name, ""));
        if place.split('.').count() > MAX_PARTS {
            return Err(wrong("", "a field lies too deep"));
        }
        let Some(value) = value(text, kind, zone).map_err(|why| wrong(place, why))? else { continue };
        put(&mut root, place, value, matches!(kind, "list" | "lines"))
            .ok_or_else(|| wrong(place, "says two things"))?;
    }
    let said = Node::Branch(root).value();
    match depth(&said) {
        0..=MAX_DEPTH => Ok(said),
        _ => Err(wrong("", "what it says lies too deep")),
    }
}

fn depth(value: &Value) -> usize {
    let within = match value {
        Value::Array(parts) => parts.iter().map(depth).max(),
        Value::Object(parts) => parts.values().map(depth).max(),
        _ => return 0,
    };
    1 + within.unwrap_or(0)
}

fn wrong(place: &str, why: &str) -> Problem {
    Problem::at("malformed", format!("/{}", place.replace('.', "/")), why)
}

/// What one field says; nothing where it is left out.
fn value(text: &str, kind: &str, zone: Tz) -> Result<Option<Value>, &'static str> {
    let trimmed = text.trim();
    let kind = match kind.strip_suffix('?') {
        Some(_) if trimmed.is_empty() => return Ok(None),
        Some(kind) => kind,
        None => kind,
    };
    Ok(Some(match kind {
        "optional" | "number" | "local" if trimmed.is_empty() => Value::Null,
        "number" => {
            let number = trimmed.replace(',', ".");
            let read = number.parse::<i64>().map(Value::from).ok();
            read.or_else(|| number.parse::<f64>().ok().map(Value::from)).ok_or("a number is expected")?
        }
        "flag" => Value::Bool(text == "true"),
        "list" => match text {
            "" => Value::Array(Vec::new()),
            text => Value::Array(vec![text.into()]),
        },
        "lines" => text.lines().map(str::trim).filter(|line| !line.is_empty()).map(Value::from).collect(),
        "json" => serde_json::from_str(text).map_err(|_| "this does not read")?,
        "local" => instant(trimmed, zone).ok_or("a date with a time is expected")?.to_string().into(),
        _ => text.replace("\r\n", "\n").into(),
    }))
}

fn instant(text: &str, zone: Tz) -> Option<Timestamp> {
    let read = |form: &str| NaiveDateTime::parse_from_str(text, form).ok();
    ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"].into_iter().find_map(read).map(|local| civil::instant(zone, local))
}

fn put(branch: &mut BTreeMap<String, Node>, place: &str, value: Value, adds: bool) -> Option<()> {
    match place.split_once('.') {
        Some((first, rest)) => match branch.entry(first.to_owned()).or_insert_with(|| Node::Branch(BTreeMap::new())) {
            Node::Branch(parts) => put(parts, rest, value, adds),
            Node::Leaf(_) => None,
        },
        None => match (branch.get_mut(place), value) {
            (Some(Node::Leaf(Value::Array(before))), Value::Array(more)) if adds => {
                before.extend(more);
                Some(())
            }
            (Some(Node::Branch(_)), _) => None,
            (_, value) => branch.insert(place.to_owned(), Node::Leaf(value)).map_or(Some(()), |_| Some(())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_places_and_say_how_they_are_read() {
        let fields = [
            ("name", "A\r\nB"),
            ("_at", "/x"),
            ("description:optional", " "),
            ("fuse.min_sent:number", "20"),
            ("fuse.bounce_percent:number", "0,5"),
            ("fuse.complaint_percent:number", ""),
            ("left.out:number?", ""),
            ("put.in:number?", "2"),
            ("on:flag", "false"),
            ("on:flag", "true"),
            ("off:flag", "false"),
            ("tags:list", ""),
            ("tags:list", "a"),
            ("tags:list", "b"),
            ("none:list", ""),
            ("lines:lines", "x\r\n\r\n y "),
            ("to:json", r#"{"team":"1"}"#),
            ("password:?", ""),
            ("head_pairs.0.name", "1"),
            ("head_pairs.0.value", "one"),
            ("head_pairs.1.name", " "),
            ("head_pairs.1.value", "left out"),
            ("rows.10.a", "last"),
            ("rows.2.a", "first"),
            ("card_filled.0.fields_filled.0", ""),
            ("card_filled.0.fields_filled.1", ""),
            ("card_filled.1.fields_filled.0", ""),
            ("card_filled.1.fields_filled.1", "name"),
            ("at:local", "2026-03-29T02:30"),
            ("then:local", "2026-07-01T09:00"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let expected = json!({
            "name": "A\nB", "description": null, "on": true, "off": false,
            "fuse": { "min_sent": 20, "bounce_percent": 0.5, "complaint_percent": null },
            "put": { "in": 2 }, "tags": ["a", "b"], "none": [], "lines": ["x", "y"], "to": { "team": "1" },
            "head": { "1": "one" }, "rows": [{ "a": "first" }, { "a": "last" }], "card": [{ "fields": ["name"] }],
            "at": "2026-03-29T01:00:00.000Z", "then": "2026-07-01T07:00:00.000Z",
        });
        assert_eq!(read(&fields, Tz::Europe__Paris), Ok(expected));
    }

    #[test]
    fn what_does_not_read_is_told_with_its_place() {
        for (name, value) in [("a.b:number", "x"), ("a.b:json", "{"), ("a.b:local", "soon")] {
            let problem = read(&[(name.to_owned(), value.to_owned())], Tz::UTC).unwrap_err();
            assert_eq!(problem.errors[0].pointer, "/a/b");
        }
        let deep = |levels| format!("a{}", ".a".repeat(levels));
        let lists = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        for (name, value) in [(deep(16), "x".into()), (deep(100_000), "x".into()), ("a:json".into(), lists(100))] {
            assert_eq!(read(&[(name, value)], Tz::UTC).unwrap_err().code, "malformed");
        }
        assert!(read(&[(deep(15), "x".into()), ("b:json".into(), lists(99))], Tz::UTC).is_ok());
        let twice = [("a", "1"), ("a.b", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read(&twice, Tz::UTC).unwrap_err().code, "malformed");
    }
}
