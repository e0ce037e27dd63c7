//! Random graphs that are sound more often than not: blocks in a row, each leading to later ones.

use fastrand::Rng;
use relance::domain::sequence::graph::Graph;
use relance::id::SequenceId;
use serde_json::{Value, json};

use super::scene::{FLOW, RESULTS, STAGES, TEXT};
use crate::domain::draw;

/// A graph; `others` are sequences that it may advance to.
pub fn graph(rng: &mut Rng, others: &[SequenceId]) -> Graph {
    let blocks = rng.usize(1..9);
    let mut nodes: Vec<Value> = (0..blocks).flat_map(|place| block(rng, place, blocks, others)).collect();
    prune(&mut nodes);
    draw::graph(&nodes)
}

/// Advances with nobody between them, for loops.
pub fn relay(rng: &mut Rng, target: SequenceId) -> Graph {
    let first = if rng.bool() { "open" } else { "qualified" };
    let field = if rng.u8(..4) == 0 { "disposition" } else { "tier" };
    let value = if field == "tier" { "gold" } else { first };
    draw::graph(&[draw::update("u", field, value, "a"), draw::advance("a", target)])
}

fn block(rng: &mut Rng, place: usize, blocks: usize, others: &[SequenceId]) -> Vec<Value> {
    let id = format!("n{place}");
    let (id, asks) = (id.as_str(), format!("n{place}?"));
    let is_last = place + 1 == blocks;
    let any = exit(rng, place, blocks);
    let next = next(place, blocks);
    let next = if rng.u8(..4) == 0 { any.clone() } else { next };
    // What has two exits has one that leads on; what may not be last leads on too.
    let kind = rng.u8(..if is_last { 12 } else { 28 });
    let pair = |first: Value, second: Value| vec![first, second];
    match kind {
        0 => vec![draw::task(id, &next)],
        1 => vec![draw::call(id, &next)],
        2 => vec![draw::email(id, &next)],
        3 => vec![draw::text(id, &next)],
        4 => {
            let kinds = ["li_research", "li_intro", "li_connect", "li_inmail"];
            vec![draw::linkedin(kinds[rng.usize(..4)], id, &next)]
        }
        5 | 6 => vec![draw::auto_email(id, &next)],
        7 => vec![as_text(draw::auto_text(id, &next))],
        8 if rng.u8(..3) == 0 => vec![as_text(draw::ab_test(id, "text", 50, &next))],
        8 => vec![draw::ab_test(id, "email", 50, &next)],
        9 => vec![update(rng, id, &next)],
        10 | 11 if !others.is_empty() => vec![draw::advance(id, others[rng.usize(..others.len())])],
        10 | 11 => vec![draw::task(id, &next)],
        12..=14 => vec![draw::wait(id, rng.i64(0..8), rng.i64(1..12), &next)],
        15 | 16 => vec![wait_until(rng, id, &next)],
        17 | 18 => pair(draw::email(id, &asks), on_mail(rng, &asks, &next, &any)),
        19..=21 => pair(draw::auto_email(id, &asks), on_mail(rng, &asks, &next, &any)),
        22 => pair(draw::ab_test(id, "email", 30, &asks), on_mail(rng, &asks, &next, &any)),
        23 | 24 => {
            let results = [RESULTS[rng.usize(..RESULTS.len())], "made"];
            pair(draw::call(id, &asks), draw::answered(&asks, &results[rng.usize(..2)..], &next, &any))
        }
        25 => vec![draw::stage(id, FLOW, &STAGES[rng.usize(..2)..], &next, &any)],
        _ => vec![draw::branch(id, condition(rng, 0), &next, &any)],
    }
}

/// With the template of a text message.
fn as_text(mut node: Value) -> Value {
    if node["template"].is_string() {
        node["template"] = json!(TEXT.to_string());
    }
    if node["versions"].is_object() {
        ["a", "b"].iter().for_each(|version| node["versions"][version]["template"] = json!(TEXT.to_string()));
    }
    node
}

fn next(place: usize, blocks: usize) -> String {
    if place + 1 < blocks { format!("n{}", place + 1) } else { String::new() }
}

/// A later block, or the end.
fn exit(rng: &mut Rng, place: usize, blocks: usize) -> String {
    match rng.usize(place + 1..blocks + 2) {
        to if to < blocks => format!("n{to}"),
        _ => String::new(),
    }
}

fn on_mail(rng: &mut Rng, id: &str, yes: &str, no: &str) -> Value {
    let (yes, no) = if rng.bool() { (yes, no) } else { (no, yes) };
    let early = rng.bool();
    let mut node = match rng.u8(..5) {
        0 => draw::advanced("all", &["open", "reply"], id, early, yes, no),
        1 => draw::advanced("any", &["link", "attachment"], id, early, yes, no),
        kind => draw::came(["open", "reply", "link"][usize::from(kind - 2)], id, rng.i64(1..5), early, yes, no),
    };
    match rng.u8(..4) {
        0 => _ = node.as_object_mut().expect("a node").remove("limit_days"),
        1 => node["limit_hours"] = json!(rng.i64(0..30)),
        _ => {}
    }
    node
}

fn wait_until(rng: &mut Rng, id: &str, next: &str) -> Value {
    let events = ["email.replied", "email.opened", "email.bounced", "record.updated", "record.owner_changed"];
    let events = [&events[..], &["record.stage_changed", "activity.completed", "goal.reached"]].concat();
    let fields = ["city", "email", "owner", "tier", "allow_email"];
    let until = (0..rng.usize(1..4)).map(|_| match rng.u8(..4) {
        0 => json!({ "field": fields[rng.usize(..fields.len())] }),
        1 => json!({ "condition": condition(rng, 1) }),
        _ => json!({ "event": events[rng.usize(..events.len())] }),
    });
    let until = until.collect();
    draw::wait_until(id, rng.i64(1..10), until, next)
}

fn update(rng: &mut Rng, id: &str, next: &str) -> Value {
    let (field, value) = match rng.u8(..6) {
        0 => ("disposition", "open"),
        1 => ("disposition", "qualified"),
        2 => ("disposition", "disqualified"),
        3 => ("tier", "silver"),
        _ => ("tier", "gold"),
    };
    draw::update(id, field, value, next)
}

/// A condition on the record, at most three levels deep.
pub fn condition(rng: &mut Rng, depth: usize) -> Value {
    let simple = [
        json!({ "field": "email", "op": "has_value" }),
        json!({ "field": "city", "op": "eq", "value": "PARIS" }),
        json!({ "field": "city", "op": "ne", "value": "Paris" }),
        json!({ "field": "city", "op": "contains", "value": "I" }),
        json!({ "field": "city", "op": "not_contains", "value": "ar" }),
        json!({ "field": "city", "op": "begins_with", "value": "li" }),
        json!({ "field": "city", "op": "ends_with", "value": "s" }),
        json!({ "field": "city", "op": "no_value" }),
        json!({ "field": "tier", "op": "in", "value": ["gold", "silver"] }),
        json!({ "field": "tier", "op": "not_in", "value": ["gold"] }),
        json!({ "field": "tier", "op": "eq", "value": "gold" }),
        json!({ "field": "score", "op": "ge", "value": 50 }),
        json!({ "field": "score", "op": "lt", "value": 50 }),
        json!({ "field": "estimated_value", "op": "gt", "value": 100 }),
        json!({ "field": "estimated_value", "op": "le", "value": 100.0 }),
        json!({ "field": "state", "op": "eq", "value": "inactive" }),
        json!({ "field": "outcome", "op": "eq", "value": "success" }),
        json!({ "field": "allow_email", "op": "eq", "value": true }),
        json!({ "field": "disposition", "op": "ne", "value": "open" }),
        json!({ "field": "renewal", "op": "on", "value": "2026-03-10" }),
        json!({ "field": "renewal", "op": "before", "value": "2026-04-01" }),
        json!({ "field": "renewal", "op": "after", "value": "2026-03-10" }),
        json!({ "field": "renewal", "op": "next_n_days", "value": 30 }),
        json!({ "field": "renewal", "op": "last_n_days", "value": 10 }),
        json!({ "field": "renewal", "op": "this_n_days", "value": 7 }),
        json!({ "related": "owner", "condition": { "field": "name", "op": "eq", "value": "Grace" } }),
        json!({ "all": [] }),
        json!({ "any": [] }),
    ];
    if depth < 2 && rng.u8(..4) == 0 {
        let parts: Vec<_> = (0..rng.usize(1..4)).map(|_| condition(rng, depth + 1)).collect();
        return if rng.bool() { json!({ "all": parts }) } else { json!({ "any": parts }) };
    }
    simple[rng.usize(..simple.len())].clone()
}

/// Removes what nothing leads to.
fn prune(nodes: &mut Vec<Value>) {
    let mut reached = vec![nodes[0]["id"].clone()];
    let mut place = 0;
    while place < reached.len() {
        let from = nodes.iter().find(|node| node["id"] == reached[place]).expect("an exit leads to a node");
        for exit in ["next", "yes", "no"].map(|exit| from[exit].clone()) {
            if exit.is_string() && !reached.contains(&exit) {
                reached.push(exit);
            }
        }
        place += 1;
    }
    nodes.retain(|node| reached.contains(&node["id"]));
}
