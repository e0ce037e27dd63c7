//! A record as a person writes it in JSON, the body of `POST /records`, where a test of a sequence keeps one.

use serde_json::{Map, Value as Json};

use super::Problem;
use super::schema::{Change, Channel, Owner, Phone, Value};
use crate::id::{RecordId, TeamId, UserId};

/// What the members change, all of them or none. Whether the values fit is judged by the record; `type` is left to whoever
/// asks.
pub fn changes(members: &Map<String, Json>) -> Result<Vec<Change>, Vec<Problem>> {
    let (mut changes, mut problems) = (Vec::new(), Vec::new());
    for (name, value) in members.iter().filter(|(name, _)| *name != "type") {
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        match member(name, value) {
            Ok(read) => changes.extend(read),
            Err(detail) => problems.push(Problem { pointer, code: "malformed", detail }),
        }
    }
    if problems.is_empty() { Ok(changes) } else { Err(problems) }
}

/// A field's value: text, a number, or a truth value for a two-option; null clears it.
pub fn value(json: &Json) -> Result<Option<Value>, String> {
    match json {
        Json::Null => Ok(None),
        Json::Bool(truth) => Ok(Some(Value::Text(if *truth { "yes" } else { "no" }.into()))),
        Json::Number(number) => match number.as_f64() {
            Some(number) => Ok(Some(Value::Number(number))),
            None => Err(format!("{number} is out of range")),
        },
        Json::String(text) => Ok(Some(Value::Text(text.clone()))),
        Json::Array(_) | Json::Object(_) => Err("a value is text, a number, true, false or null".into()),
    }
}

fn member(name: &str, json: &Json) -> Result<Vec<Change>, String> {
    let one = match name {
        "name" => Change::Name(text(json)?),
        "external_id" => Change::ExternalId(text(json)?),
        "owner" => Change::Owner(owner(json)?),
        "access_team" => Change::AccessTeam(id(json, TeamId::parse)?),
        "email" => Change::Email(text(json)?),
        "allow_email" => Change::Allow(Channel::Email, truth(json)?),
        "allow_phone" => Change::Allow(Channel::Phone, truth(json)?),
        "allow_text" => Change::Allow(Channel::Text, truth(json)?),
        "time_zone" => Change::TimeZone(text(json)?),
        "score" => Change::Score(score(json)?),
        "primary_contact" => Change::PrimaryContact(id(json, RecordId::parse)?),
        "linkedin_url" => Change::LinkedinUrl(text(json)?),
        "phones" => return object(json)?.iter().map(|(place, number)| phone(place, number)).collect(),
        "fields" => return object(json)?.iter().map(|(name, json)| field(name, json)).collect(),
        _ => return Err(format!("a record has no member `{name}`")),
    };
    Ok(vec![one])
}

fn field(name: &str, json: &Json) -> Result<Change, String> {
    Ok(Change::Field(name.to_owned(), value(json).map_err(|wrong| format!("`{name}`: {wrong}"))?))
}

fn phone(place: &str, json: &Json) -> Result<Change, String> {
    let place = match place {
        "business" => Phone::Business,
        "mobile" => Phone::Mobile,
        "home" => Phone::Home,
        _ => return Err(format!("phones are `business`, `mobile` and `home`, not `{place}`")),
    };
    Ok(Change::Phone(place, text(json)?))
}

fn object(json: &Json) -> Result<&Map<String, Json>, String> {
    json.as_object().ok_or_else(|| "an object is wanted here".into())
}

fn text(json: &Json) -> Result<Option<String>, String> {
    match json {
        Json::Null => Ok(None),
        Json::String(text) => Ok(Some(text.clone())),
        _ => Err("text is wanted here, or null".into()),
    }
}

fn truth(json: &Json) -> Result<bool, String> {
    json.as_bool().ok_or_else(|| "true or false is wanted here".into())
}

fn score(json: &Json) -> Result<Option<u8>, String> {
    match json.as_f64() {
        None if json.is_null() => Ok(None),
        Some(number) if number.fract() == 0.0 && (0.0..=100.0).contains(&number) => Ok(Some(number as u8)),
        _ => Err("a score is a whole number between 0 and 100, or null".into()),
    }
}

fn id<T>(json: &Json, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, String> {
    match text(json)? {
        None => Ok(None),
        Some(text) => parse(&text).map(Some).ok_or_else(|| format!("`{text}` is not an id")),
    }
}

fn owner(json: &Json) -> Result<Owner, String> {
    let named = |member: &str| json.get(member).and_then(Json::as_str);
    let alone = json.as_object().is_some_and(|object| object.len() == 1);
    let user = || named("user").and_then(UserId::parse).map(Owner::User);
    let read = user().or_else(|| named("team").and_then(TeamId::parse).map(Owner::Team));
    read.filter(|_| alone).ok_or_else(|| "an owner is `{\"user\": ID}` or `{\"team\": ID}`".into())
}
