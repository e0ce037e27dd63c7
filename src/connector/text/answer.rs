//! What the answer of a gateway means for the message that it was handed.

use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::Value;

use crate::connector::DeliveryError;
use crate::domain::channels::gateway::Answer;
use crate::limits::GATEWAY_MESSAGE_ID_MAX;

/// Characters of an answer that are shown.
const SHOWN_MAX: usize = 200;

/// A scalar as text.
pub(super) fn text_at(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is_so) => Some(is_so.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SHOWN_MAX).collect()
}

/// The provider's id of a message that was taken, if it says one. `body` is Err where it broke off.
pub(super) fn judge(
    answer: &Answer,
    status: StatusCode,
    body: Result<Bytes, String>,
) -> Result<Option<String>, DeliveryError> {
    let read = body.as_ref().ok().and_then(|body| serde_json::from_slice::<Value>(body).ok());
    let at = |pointer: &Option<String>| text_at(read.as_ref()?, pointer.as_deref()?);
    let said = || {
        let plain = || body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned()).unwrap_or_default();
        let text = shown(&at(&answer.detail).unwrap_or_else(plain));
        format!("the gateway answered {}{}{text}", status.as_u16(), if text.is_empty() { "" } else { ": " })
    };
    if !status.is_success() {
        return Err(refusal(status)(said()));
    }
    if let Some(verdict) = &answer.verdict {
        let Some(found) = read.as_ref().and_then(|read| text_at(read, &verdict.at)) else {
            let why = body.as_ref().err().cloned().unwrap_or_else(|| format!("it says nothing at {}", verdict.at));
            return Err(DeliveryError::Unknown(format!("the gateway answered {}, and {why}", status.as_u16())));
        };
        if verdict.later.contains(&found) {
            return Err(DeliveryError::Temporary(said()));
        }
        if !verdict.taken.contains(&found) {
            return Err(DeliveryError::Permanent(said()));
        }
    }
    // A status alone says that it was taken, also where the rest broke off.
    Ok(at(&answer.message_id).filter(|id| (1..=GATEWAY_MESSAGE_ID_MAX).contains(&id.len())))
}

/// What a status other than 200–299 says of the message.
fn refusal(status: StatusCode) -> fn(String) -> DeliveryError {
    match status.as_u16() {
        // Whoever stands in between does not know what became of it behind them.
        502 | 504 => DeliveryError::Unknown,
        500.. => DeliveryError::Temporary,
        // About us, the account or the moment, and not about this message.
        401 | 402 | 403 | 407 | 408 | 421 | 425 | 429 => DeliveryError::Temporary,
        400.. => DeliveryError::Permanent,
        // It is elsewhere, which whoever described the gateway can mend.
        _ => DeliveryError::Temporary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::channels::gateway::Verdict;

    fn told(answer: &Answer, status: u16, body: &str) -> String {
        let body =
            if body == "cut" { Err("it broke off".to_owned()) } else { Ok(Bytes::copy_from_slice(body.as_bytes())) };
        match judge(answer, StatusCode::from_u16(status).unwrap(), body) {
            Ok(id) => format!("taken {}", id.unwrap_or_default()),
            Err(DeliveryError::Temporary(why)) => format!("later {why}"),
            Err(DeliveryError::Permanent(why)) => format!("never {why}"),
            Err(DeliveryError::Unknown(why)) => format!("unknown {why}"),
            Err(DeliveryError::Refused(why)) => format!("refused {why}"),
        }
    }

    #[test]
    fn a_status_says_whether_a_message_was_taken_refused_or_may_come_again() {
        let answer = Answer { message_id: Some("/m/0/id".into()), detail: Some("/e".into()), verdict: None };
        for (status, body, expected) in [
            (200, r#"{"m":[{"id":"x7"}]}"#, "taken x7"),
            (202, r#"{"m":[{"id":7}]}"#, "taken 7"),
            (204, "", "taken "),
            (200, "cut", "taken "),
            (200, r#"{"m":[{"id":{}}]}"#, "taken "),
            (200, "<ok/>", "taken "),
            (400, r#"{"e":"no such number"}"#, "never the gateway answered 400: no such number"),
            (404, "gone\r\n", "never the gateway answered 404: gone"),
            (422, "", "never the gateway answered 422"),
            (401, "", "later the gateway answered 401"),
            (429, "slow", "later the gateway answered 429: slow"),
            (500, "", "later the gateway answered 500"),
            (503, "cut", "later the gateway answered 503"),
            (302, "", "later the gateway answered 302"),
            (502, "", "unknown the gateway answered 502"),
            (504, "", "unknown the gateway answered 504"),
        ] {
            assert_eq!(told(&answer, status, body), expected, "{status} {body}");
        }
        let long = format!(r#"{{"m":[{{"id":"{}"}}]}}"#, "x".repeat(GATEWAY_MESSAGE_ID_MAX + 1));
        assert_eq!(told(&answer, 200, &long), "taken ");
        assert!(told(&answer, 400, &"x".repeat(10_000)).len() < 300);
    }

    #[test]
    fn where_the_status_says_nothing_the_answer_is_asked() {
        let verdict = Verdict { at: "/s".into(), taken: vec!["0".into(), "true".into()], later: vec!["1".into()] };
        let answer = Answer { verdict: Some(verdict), ..Answer::default() };
        for (status, body, expected) in [
            (200, r#"{"s":0}"#, "taken "),
            (200, r#"{"s":true}"#, "taken "),
            (200, r#"{"s":"1"}"#, r#"later the gateway answered 200: {"s":"1"}"#),
            (200, r#"{"s":"2"}"#, r#"never the gateway answered 200: {"s":"2"}"#),
            (200, r#"{"t":"0"}"#, "unknown the gateway answered 200, and it says nothing at /s"),
            (200, "cut", "unknown the gateway answered 200, and it broke off"),
            (500, r#"{"s":0}"#, r#"later the gateway answered 500: {"s":0}"#),
        ] {
            assert_eq!(told(&answer, status, body), expected, "{status} {body}");
        }
    }
}
