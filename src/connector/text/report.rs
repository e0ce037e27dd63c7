//! What a gateway posts to us: receipts and incoming texts, as JSON or as a form.

use serde_json::{Map, Value};

use super::answer::text_at;
use crate::domain::channels::gateway::{Incoming, Receipts};
use crate::limits::GATEWAY_REPORTS_MAX;

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It has arrived.
    Delivered,
    /// It never will; why.
    Failed(String),
    /// Something else, such as that it is on its way.
    Other,
}

/// A delivery receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The provider's id of the message.
    pub message_id: Option<String>,
    /// Ours.
    pub reference: Option<String>,
    /// What became of it.
    pub fate: Fate,
}

/// A text that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// From which number, as the provider writes it.
    pub from: String,
    /// What it says.
    pub body: String,
    /// The provider's id of it.
    pub id: Option<String>,
}

/// A body as JSON: of a form, one object of texts. Err says why it is neither.
pub fn read(is_form: bool, body: &[u8]) -> Result<Value, String> {
    if is_form {
        let fields = url::form_urlencoded::parse(body).into_owned();
        return Ok(Value::Object(fields.map(|(name, value)| (name, Value::String(value))).collect::<Map<_, _>>()));
    }
    serde_json::from_slice(body).map_err(|error| format!("the body is no JSON: {error}"))
}

/// The one report, or each of a list.
fn each<'a>(value: &'a Value, list: Option<&str>) -> Result<Vec<&'a Value>, String> {
    let Some(pointer) = list else { return Ok(vec![value]) };
    match value.pointer(pointer) {
        Some(Value::Array(items)) if items.len() <= GATEWAY_REPORTS_MAX => Ok(items.iter().collect()),
        Some(Value::Array(_)) => Err(format!("the list at {pointer} has more than {GATEWAY_REPORTS_MAX} items")),
        _ => Err(format!("there is no list at {pointer}")),
    }
}

fn needed(value: &Value, pointer: &str) -> Result<String, String> {
    text_at(value, pointer).ok_or_else(|| format!("there is nothing at {pointer}"))
}

/// The receipts in a body.
pub fn receipts(described: &Receipts, value: &Value) -> Result<Vec<Receipt>, String> {
    let read = |one: &Value| {
        let at = |pointer: &Option<String>| text_at(one, pointer.as_deref()?);
        let status = needed(one, &described.status)?;
        let why = || at(&described.detail).filter(|why| !why.is_empty()).unwrap_or_else(|| status.clone());
        let fate = match () {
            () if described.delivered.contains(&status) => Fate::Delivered,
            () if described.failed.contains(&status) => {
                Fate::Failed(why().chars().filter(|c| !c.is_control()).take(200).collect())
            }
            () => Fate::Other,
        };
        Ok(Receipt { message_id: at(&described.message_id), reference: at(&described.reference), fate })
    };
    each(value, described.each.as_deref())?.into_iter().map(read).collect()
}

/// The texts in a body.
pub fn incoming(described: &Incoming, value: &Value) -> Result<Vec<Came>, String> {
    let read = |one: &Value| {
        let id = described.id.as_deref().and_then(|pointer| text_at(one, pointer));
        Ok(Came { from: needed(one, &described.from)?, body: text_at(one, &described.body).unwrap_or_default(), id })
    };
    each(value, described.each.as_deref())?.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(each: Option<&str>) -> Receipts {
        Receipts {
            each: each.map(Into::into),
            message_id: Some("/id".into()),
            reference: Some("/ref".into()),
            status: "/status".into(),
            delivered: vec!["DELIVRD".into()],
            failed: vec!["UNDELIV".into(), "5".into()],
            detail: Some("/error".into()),
        }
    }

    #[test]
    fn receipts_are_read_from_json_and_from_forms_one_or_several() {
        let form = read(true, b"id=x7&status=UNDELIV&error=no+such+number&ref=").unwrap();
        let expected = Receipt {
            message_id: Some("x7".into()),
            reference: Some(String::new()),
            fate: Fate::Failed("no such number".into()),
        };
        assert_eq!(receipts(&described(None), &form), Ok(vec![expected]));
        let list = read(false, br#"{"r":[{"id":7,"status":"DELIVRD"},{"id":8,"status":5},{"id":9,"status":"SENT"}]}"#)
            .unwrap();
        let told = receipts(&described(Some("/r")), &list).unwrap();
        let fates: Vec<_> = told.iter().map(|one| (one.message_id.clone().unwrap(), one.fate.clone())).collect();
        assert_eq!(
            fates,
            [("7".into(), Fate::Delivered), ("8".into(), Fate::Failed("5".into())), ("9".into(), Fate::Other)]
        );
        for (each, body) in [(None, "{}"), (None, "[]"), (Some("/r"), "{}"), (Some("/r"), r#"{"r":{}}"#)] {
            assert!(receipts(&described(each), &read(false, body.as_bytes()).unwrap()).is_err(), "{body}");
        }
        assert!(read(false, b"id=7").is_err());
    }

    #[test]
    fn texts_are_read_likewise() {
        let described =
            Incoming { each: None, from: "/sender/number".into(), body: "/text".into(), id: Some("/id".into()) };
        let value = read(false, br#"{"sender":{"number":34600123456},"text":"Yes","id":"a"}"#).unwrap();
        let came = Came { from: "34600123456".into(), body: "Yes".into(), id: Some("a".into()) };
        assert_eq!(incoming(&described, &value), Ok(vec![came]));
        assert!(incoming(&described, &read(false, b"{}").unwrap()).unwrap_err().contains("/sender/number"));
    }
}
