//! What is sent to routes that take more than a few words, and how a thing's members are filled in.

use super::world::Thing;

pub const TO_USER: &str = r#"{"type":"lead","name":"New","owner":{"user":"$id"}}"#;
pub const EVENT: &str = r#"{"id":"$fresh","type":"email.opened","at":"2026-03-02T09:00:00Z","step":"$step"}"#;

pub const HOOKED: &str = r#"{"url":"https://hooks.invalid/new","topics":["step"]}"#;
pub const MAIL_TEXT: &str = r#"{"name":"New","language":"en","subject":"S","body_text":"B"}"#;
pub const PLAIN_TEXT: &str = r#"{"name":"New","language":"gl","body":"B"}"#;
pub const FILE: &str = "BEGIN:VCALENDAR\nEND:VCALENDAR";
pub const MAILBOX: &str =
    r#"{"name":"Sales","address":"$fresh","smtp":{"host":"127.0.0.1","port":25,"security":"none"}}"#;
pub const RECORD_EVENT: &str =
    r#"{"id":"$fresh","type":"record.closed","at":"2026-03-02T09:00:00Z","record":"$id","outcome":"success"}"#;
pub const ACTION: &str = r#"{"RegardingEntityId":"$id","RegardingEntityName":"lead","SequenceId":"$second"}"#;
pub const ACTIVITY_EVENT: &str =
    r#"{"id":"$fresh","type":"activity.completed","at":"2026-03-02T09:00:00Z","activity":"$step"}"#;

/// A text with the thing's members in place of `{member}` or `$member`.
pub fn filled(text: &str, thing: &Thing) -> String {
    let mut members: Vec<_> = thing.iter().collect();
    // `colleagues_team` before `colleague`.
    members.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    members.into_iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value).replace(&format!("${name}"), value)
    })
}
