//! Sequences to run: the six that the product ships, and drawn ones.

use relance::domain::record::schema::RecordType;
use relance::domain::sequence::conduct::{Conduct, TimeOfDay, Weekday, Window, WindowZone};
use relance::domain::sequence::graph::{Graph, Node};
use relance::domain::sequence::unpack::Packed;
use relance::domain::template::{Language, sequence_templates};
use relance::id::TemplateId;
use serde_json::{Value, json};

use super::draw;

/// A graph, the type it is for, and the template it comes from.
pub fn any(chance: &mut fastrand::Rng) -> (Graph, RecordType, Option<String>) {
    let templates = sequence_templates();
    match chance.usize(0..templates.len() + 6) {
        number if number < templates.len() => {
            let template = &templates[number];
            (template.graph(Language::En), template.record_type, Some(template.id.clone()))
        }
        _ => (drawn(chance), RecordType::Lead, None),
    }
}

/// What a bundle says of a sequence that is, mostly, for leads.
pub fn packed(chance: &mut fastrand::Rng) -> Packed {
    let name = format!("Packed {}", chance.u32(0..3));
    let keys = if chance.bool() { vec![(chance.u128(0..2), format!("key-{}", chance.u32(0..2)))] } else { vec![] };
    let conduct = Conduct { exit_on_reply: chance.bool(), window: window(chance), ..Conduct::default() };
    Packed { name, graph: drawn(chance), conduct, keys, ..Packed::default() }
}

/// When messages of a sequence may leave; at any time, now and then.
pub fn window(chance: &mut fastrand::Rng) -> Option<Window> {
    let weekdays = Weekday::ALL.into_iter().filter(|_| chance.u32(0..4) > 0).chain([Weekday::Wed]).collect();
    let (start, end) = (TimeOfDay::hour(chance.u16(0..10)), TimeOfDay::hour(chance.u16(11..25)));
    let zones = ["recipient", "seller", "Europe/Berlin"].map(|zone| WindowZone::try_from(zone.to_owned()));
    let zone = zones.into_iter().nth(chance.usize(0..3))?.ok()?;
    let window = Window { weekdays, start, end, zone, business_time: chance.bool(), holidays: None };
    (chance.u32(0..4) > 0).then_some(window)
}

/// A drawn graph whose automated e-mails may send what clients have written.
pub fn sending(chance: &mut fastrand::Rng, messages: &[TemplateId]) -> Graph {
    let mut graph = drawn(chance);
    for node in &mut graph.nodes {
        if let Node::AutoEmail(mail) = node
            && chance.bool()
            && let Some(message) = chance.choice(messages)
        {
            mail.template = Some(message.to_string());
        }
    }
    graph
}

/// A few nodes that lead forward, mostly sound: what follows a condition's wish stands before it.
pub fn drawn(chance: &mut fastrand::Rng) -> Graph {
    let count = chance.usize(1..9);
    let mut nodes: Vec<Value> = Vec::new();
    for place in 0..count {
        let id = |place: usize| format!("n{place}");
        let exit = |to: usize| if to < count { id(to) } else { String::new() };
        let next = exit(place + 1);
        let far = exit(place + 1 + chance.usize(0..3));
        let before = nodes.last().map_or("", |node| node["type"].as_str().unwrap_or_default());
        let node = match (before, chance.u32(0..15)) {
            ("phone_call", 0..=5) => draw::answered(&id(place), &["made", "busy"], &next, &far),
            ("email" | "auto_email", 0..=2) => draw::reply(&id(place), chance.i64(1..4), &next, &far),
            ("email" | "auto_email", 3..=5) => draw::early_reply(&id(place), chance.i64(1..4), &next, &far),
            ("email" | "auto_email" | "ab_test", 6) => {
                let signal = ["open", "link", "attachment"][chance.usize(0..3)];
                draw::came(signal, &id(place), chance.i64(1..4), chance.bool(), &next, &far)
            }
            ("email" | "auto_email" | "ab_test", 7) => {
                let matching = if chance.bool() { "any" } else { "all" };
                draw::advanced(matching, &["open", "reply"], &id(place), chance.bool(), &next, &far)
            }
            (_, 0..=2) => draw::auto_email(&id(place), &next),
            (_, 3) => {
                let ends = [
                    json!({ "field": "city" }),
                    json!({ "event": "email.opened" }),
                    json!({ "event": "record.updated" }),
                ];
                let until = Value::Array(ends.into_iter().filter(|_| chance.bool()).collect());
                draw::wait_until(&id(place), chance.i64(1..3), until, &next)
            }
            (_, 4 | 5) => draw::wait(&id(place), chance.i64(0..3), chance.i64(1..9), &next),
            (_, 6) => draw::email(&id(place), &next),
            (_, 7) => draw::call(&id(place), &next),
            (_, 8) => draw::linkedin("li_connect", &id(place), &next),
            (_, 9) => draw::update(&id(place), "disposition", "open", &next),
            (_, 11) => draw::text(&id(place), &next),
            (_, 12) => {
                let mut test = draw::ab_test(&id(place), "email", chance.i64(10..91), &next);
                test["metric"] = json!(["goal", "opens", "clicks"][chance.usize(0..3)]);
                test
            }
            (_, 13) => draw::branch(&id(place), condition(chance), &next, &far),
            (_, 10) => draw::update(&id(place), "disposition", "qualified", &next),
            _ => draw::task(&id(place), &next),
        };
        nodes.push(node);
    }
    draw::graph(&nodes)
}

/// What a lead may fulfil, or what nothing can be said of.
fn condition(chance: &mut fastrand::Rng) -> Value {
    match chance.u32(0..3) {
        0 => json!({ "field": "email", "op": "has_value" }),
        1 => json!({ "related": "owner", "condition": { "field": "roles", "op": "contains", "value": "seller" } }),
        _ => json!({ "related": "primary_contact", "condition": { "field": "city", "op": "no_value" } }),
    }
}
