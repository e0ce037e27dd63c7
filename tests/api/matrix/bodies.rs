//! What requests of the table send that would not fit into its lines.

pub const TO_USER: &str = r#"{"type":"lead","name":"New","owner":{"user":"$id"}}"#;
pub const EVENT: &str = r#"{"id":"$fresh","type":"email.opened","at":"2026-03-02T09:00:00Z","step":"$step"}"#;

pub const FILE: &str = "BEGIN:VCALENDAR\nEND:VCALENDAR";
pub const MAILBOX: &str =
    r#"{"name":"Sales","address":"$fresh","smtp":{"host":"127.0.0.1","port":25,"security":"none"}}"#;
pub const RECORD_EVENT: &str =
    r#"{"id":"$fresh","type":"record.closed","at":"2026-03-02T09:00:00Z","record":"$id","outcome":"success"}"#;
pub const ACTION: &str = r#"{"RegardingEntityId":"$id","RegardingEntityName":"lead","SequenceId":"$second"}"#;
pub const ACTIVITY_EVENT: &str =
    r#"{"id":"$fresh","type":"activity.completed","at":"2026-03-02T09:00:00Z","activity":"$step"}"#;
