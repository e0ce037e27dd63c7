//! Short words for drawing graphs: one function per node type, an empty exit is written `""`.

use relance::domain::sequence::graph::Graph;
use serde_json::{Value, json};

/// The e-mail template that drawn automated e-mails send; one that the product ships.
pub const TEMPLATE: &str = "00000000-0000-7000-8000-000000000011";

/// The nodes as a graph that starts with the first.
pub fn graph(nodes: &[Value]) -> Graph {
    let start = nodes.first().map(|first| first["id"].clone());
    serde_json::from_value(json!({ "start": start, "nodes": nodes })).expect("drawn nodes form a graph")
}

pub fn email(id: &str, next: &str) -> Value {
    json!({ "type": "email", "id": id, "name": id, "next": exit(next) })
}

pub fn auto_email(id: &str, next: &str) -> Value {
    json!({ "type": "auto_email", "id": id, "name": id, "template": TEMPLATE, "next": exit(next) })
}

pub fn call(id: &str, next: &str) -> Value {
    json!({ "type": "phone_call", "id": id, "name": id, "next": exit(next) })
}

pub fn task(id: &str, next: &str) -> Value {
    json!({ "type": "task", "id": id, "name": id, "next": exit(next) })
}

pub fn linkedin(kind: &str, id: &str, next: &str) -> Value {
    json!({ "type": kind, "id": id, "next": exit(next) })
}

pub fn wait(id: &str, days: i64, hours: i64, next: &str) -> Value {
    json!({ "type": "wait", "id": id, "days": days, "hours": hours, "next": exit(next) })
}

/// A reply condition that waits its full limit.
/// A wait that also ends on the first of these.
pub fn wait_until(id: &str, days: i64, until: Value, next: &str) -> Value {
    let mut node = wait(id, days, 0, next);
    node["until"] = until;
    node
}

pub fn reply(id: &str, days: i64, yes: &str, no: &str) -> Value {
    json!({ "type": "cond_email_reply", "id": id, "limit_days": days, "yes": exit(yes), "no": exit(no) })
}

/// A reply condition that moves on as soon as satisfied.
pub fn early_reply(id: &str, days: i64, yes: &str, no: &str) -> Value {
    let mut node = reply(id, days, yes, no);
    node["advance_early"] = json!(true);
    node
}

pub fn answered(id: &str, results: &[&str], yes: &str, no: &str) -> Value {
    json!({ "type": "cond_call", "id": id, "results": results, "yes": exit(yes), "no": exit(no) })
}

pub fn update(id: &str, field: &str, value: &str, next: &str) -> Value {
    json!({ "type": "update_field", "id": id, "field": field, "value": value, "next": exit(next) })
}

/// A seller's text message.
pub fn text(id: &str, next: &str) -> Value {
    json!({ "type": "text", "id": id, "name": id, "next": exit(next) })
}

pub fn auto_text(id: &str, next: &str) -> Value {
    json!({ "type": "auto_text", "id": id, "name": id, "template": TEMPLATE, "next": exit(next) })
}

/// A complete A/B test; both versions send the same.
pub fn ab_test(id: &str, channel: &str, share_a: i64, next: &str) -> Value {
    let versions = json!({ "a": { "name": "A", "template": TEMPLATE }, "b": { "name": "B", "template": TEMPLATE } });
    json!({ "type": "ab_test", "id": id, "display_name": id, "channel": channel, "versions": versions,
        "share_a": share_a, "metric": "goal", "end": { "automatic": true }, "default": "a", "next": exit(next) })
}

/// An e-mail condition of one signal: `open`, `reply`, `link` or `attachment`.
pub fn came(signal: &str, id: &str, days: i64, early: bool, yes: &str, no: &str) -> Value {
    json!({ "type": format!("cond_email_{signal}"), "id": id, "limit_days": days, "advance_early": early,
        "yes": exit(yes), "no": exit(no) })
}

/// An e-mail condition of several signals, `any` or `all` of them.
pub fn advanced(matching: &str, signals: &[&str], id: &str, early: bool, yes: &str, no: &str) -> Value {
    json!({ "type": "cond_email_advanced", "id": id, "limit_days": 2, "advance_early": early, "match": matching,
        "signals": signals, "yes": exit(yes), "no": exit(no) })
}

pub fn branch(id: &str, condition: Value, yes: &str, no: &str) -> Value {
    json!({ "type": "branch_field", "id": id, "condition": condition, "yes": exit(yes), "no": exit(no) })
}

pub fn stage(id: &str, flow: &str, stages: &[&str], yes: &str, no: &str) -> Value {
    json!({ "type": "branch_stage", "id": id, "flow": flow, "stages": stages, "yes": exit(yes), "no": exit(no) })
}

pub fn advance(id: &str, sequence: impl ToString) -> Value {
    json!({ "type": "advance", "id": id, "sequence": sequence.to_string(), "next": null })
}

fn exit(next: &str) -> Option<&str> {
    (!next.is_empty()).then_some(next)
}
