//! what a designer does to a graph.

use relance::web::ui::chart::{Graph, exits};
use relance::web::ui::designer::edit::*;
use serde_json::{Value, json};

/// `start > a > b` and `c? yes: d, no: -` as one text: `a.next=b`.
fn told(graph: &Value) -> String {
    let known = Graph::of(graph);
    let mut parts = vec![format!("start={}", known.start.unwrap_or("-"))];
    for (id, node) in known.nodes() {
        parts.extend(exits(node).iter().map(|(exit, target)| format!("{id}.{exit}={}", target.unwrap_or("-"))));
    }
    parts.join(" ")
}

/// An e-mail with its condition, a call on the yes way and a task on the no way, both of which go on at a wait and a task.
fn drawn() -> Value {
    json!({ "start": "mail", "nodes": [
        { "id": "mail", "type": "email", "name": "Hello", "next": "asked" },
        { "id": "asked", "type": "cond_email_reply", "name": "?", "yes": "call", "no": "write" },
        { "id": "call", "type": "phone_call", "name": "Call", "next": "pause" },
        { "id": "write", "type": "task", "name": "Write", "next": "pause" },
        { "id": "pause", "type": "wait", "days": 1, "hours": 0, "next": "end" },
        { "id": "end", "type": "task", "name": "End", "next": null },
    ]})
}

const DRAWN: &str = "start=mail asked.yes=call asked.no=write call.next=pause end.next=- mail.next=asked pause.next=end write.next=pause";

fn at(place: &str) -> Place<'_> {
    Place::parse(place).unwrap()
}

#[test]
fn q6_a_step_is_added_where_it_may_stand() {
    for (place, kind, expected) in [
        ("start", "task", Ok("start=task_1")),
        ("end.next", "advance", Ok("end.next=advance_1")),
        ("asked.no", "wait", Ok("asked.no=wait_1")),
        ("call.next", "cond_call", Ok("cond_call_1.yes=pause")),
        ("mail.next", "task", Err("why-condition-follows")),
        ("write.next", "cond_call", Err("why-after-call")),
        ("call.next", "cond_email_open", Err("why-after-email")),
        ("start", "advance", Err("why-advance-first")),
        ("call.next", "advance", Err("why-advance-last")),
        ("nobody.next", "task", Err("why-gone")),
    ] {
        let mut graph = drawn();
        let added = add(&mut graph, at(place), kind, "New");
        match expected {
            Ok(part) => assert!(added.is_ok() && told(&graph).contains(part), "{place} {kind}: {}", told(&graph)),
            Err(why) => assert_eq!((added, told(&graph)), (Err(why), DRAWN.into()), "{place} {kind}"),
        }
    }
}

#[test]
fn q60_a_step_that_a_condition_asks_about_is_deleted_after_it() {
    for (id, keep, expected) in [
        ("mail", "", Err("why-delete-condition-first")),
        (
            "pause",
            "",
            Ok("start=mail asked.yes=call asked.no=write call.next=end end.next=- mail.next=asked write.next=end"),
        ),
        ("asked", "yes", Ok("start=mail call.next=pause end.next=- mail.next=call pause.next=end")),
        ("asked", "no", Ok("start=mail end.next=- mail.next=write pause.next=end write.next=pause")),
        ("asked", "neither", Ok("start=mail mail.next=-")),
        ("nobody", "", Err("why-gone")),
    ] {
        let mut graph = drawn();
        let deleted = delete(&mut graph, id, keep);
        match expected {
            Ok(rest) => assert_eq!((deleted, told(&graph)), (Ok(()), rest.into()), "{id} {keep}"),
            Err(why) => assert_eq!((deleted, told(&graph)), (Err(why), DRAWN.into()), "{id} {keep}"),
        }
    }
}

#[test]
fn steps_are_moved_and_copied_and_ways_joined() {
    let moved = |id, place| {
        let mut graph = drawn();
        shift(&mut graph, id, at(place)).map(|()| told(&graph))
    };
    assert_eq!(
        moved("call", "end.next"),
        Ok("start=mail asked.yes=pause asked.no=write call.next=- end.next=call mail.next=asked pause.next=end write.next=pause".into())
    );
    assert_eq!(moved("asked", "start"), Err("why-move-branch"));
    assert_eq!(moved("mail", "end.next"), Err("why-move-asked"));
    assert_eq!(moved("end", "mail.next"), Err("why-condition-follows"));
    assert_eq!(moved("call", "asked.yes"), Ok(DRAWN.into()));
    let mut graph = drawn();
    assert_eq!(nudge(&mut graph, "pause", false), Ok(()));
    assert!(told(&graph).contains("call.next=end end.next=pause"), "{}", told(&graph));
    assert_eq!(nudge(&mut drawn(), "mail", true), Err("why-move-edge"));
    let mut graph = drawn();
    assert_eq!(duplicate(&mut graph, "end"), Ok("task_1".into()));
    assert!(told(&graph).contains("end.next=task_1"));
    assert_eq!(duplicate(&mut graph, "mail"), Err("why-condition-follows"));
    let mut graph = drawn();
    assert_eq!(join(&mut graph, at("call.next"), Some("end")), Ok(()));
    assert_eq!(join(&mut graph, at("end.next"), Some("call")), Err("why-circle"));
    assert_eq!(join(&mut graph, at("write.next"), None), Ok(()));
    assert_eq!(
        told(&graph),
        "start=mail asked.yes=call asked.no=write call.next=end end.next=- mail.next=asked write.next=-"
    );
}

#[test]
fn a_panel_changes_a_node_and_not_where_it_leads() {
    let mut graph = drawn();
    let said = json!({ "id": "x", "type": "task", "next": null, "name": "Ring", "description": null });
    let Value::Object(said) = said else { unreachable!() };
    change(&mut graph, "call", said).unwrap();
    let call = Graph::of(&graph).node("call").cloned();
    assert_eq!(call, Some(json!({ "id": "call", "type": "phone_call", "name": "Ring", "next": "pause" })));
}
