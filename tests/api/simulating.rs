//! Dry runs over the API and the command line: dated ways of real records, whose rights are asked for, and nothing stored.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, node, task};
use crate::people::Credential;
use crate::server::{Client, START, Server, TOKEN, spooled};

fn way() -> Value {
    graph([
        node("mail", "auto_email", json!({ "template": "00000000-0000-7000-8000-000000000011", "next": "answer" })),
        node(
            "answer",
            "cond_email_reply",
            json!({ "limit_days": 2, "advance_early": true, "yes": "thank", "no": "call" }),
        ),
        task("thank", None),
        node("call", "phone_call", json!({ "next": null })),
    ])
}

fn simulate(api: &Client, sequence: &str, body: Value) -> Value {
    api.post(&format!("/sequences/{sequence}/simulate"), body).expect(200)
}

/// `node:outcome` of each step of the first itinerary.
fn steps(answer: &Value) -> Vec<String> {
    let steps = answer["itineraries"][0]["steps"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    steps.iter().map(|step| format!("{}:{}", text(&step["node"]), text(&step["outcome"]))).collect()
}

/// Issue 6, 8: nothing is stored or sent.
#[test]
fn a_dry_run_tells_the_way_of_each_record_and_leaves_nothing_behind() {
    let server = Server::sandbox();
    let api = server.client();
    let (sequence, lead, other) = (api.active(way()), api.lead(), api.lead());
    api.advance_hours(1);
    let copy = || api.request(Method::GET, "/backup").send().bytes().to_vec();
    let before = copy();
    let records = json!([lead, other, "nobody"]);
    let answer = simulate(&api, &sequence, json!({ "records": records, "start": START }));
    assert_eq!(steps(&answer), ["mail:completed", "answer:no", "call:no_answer"]);
    let first = &answer["itineraries"][0];
    assert_eq!((&first["record"], &first["end"]), (&json!(lead), &json!("sequence_completed")));
    assert_eq!(first["ended_at"], "2026-03-04T10:00:00.000Z");
    let call = json!({ "node": "call", "type": "phone_call", "name": "Node call", "outcome": "no_answer",
        "opens_at": "2026-03-04T09:00:00.000Z", "ends_at": "2026-03-04T10:00:00.000Z",
        "assignee": first["steps"][2]["assignee"] });
    assert_eq!(first["steps"][2], call);
    let unknown = &answer["itineraries"][2];
    assert_eq!((&unknown["end"], &unknown["error"]["code"]), (&json!("refused"), &json!("not_found")));
    assert_eq!(answer["load"], json!([{ "assignee": call["assignee"], "day": "2026-03-04", "steps": 2 }]));
    let replied = json!([{ "record": lead, "node": "mail", "type": "email.replied", "after": { "hours": 5 } }]);
    let answer = simulate(&api, &sequence, json!({ "records": [lead], "events": replied }));
    assert_eq!(steps(&answer), ["mail:completed", "answer:yes", "thank:completed"]);
    assert_eq!(answer["itineraries"][0]["steps"][1]["ends_at"], "2026-03-02T15:00:00.000Z");
    let sure = json!({ "reply_rate": 1, "answer_rate": 0.5, "seller_minutes": 0 });
    let answer = simulate(&api, &sequence, json!({ "records": [lead], "assume": sure, "seed": 7 }));
    assert_eq!(steps(&answer), ["mail:completed", "answer:yes", "thank:completed"]);
    assert_eq!(copy(), before, "the store is the same, byte for byte");
    assert_eq!(spooled(&server.data()), [""; 0], "nothing was sent");
    // What was foretold happens.
    let enrolment = api.connect(&sequence, &lead);
    let explained = api.get(&format!("/enrolments/{}/explain", id(&enrolment))).expect(200);
    assert_eq!(explained["next_at"], "2026-03-04T10:00:00.000Z");
}

#[test]
fn a_draft_is_tried_before_it_is_active_and_beside_what_runs() {
    let server = Server::shared();
    let api = server.client();
    let (drawn, lead) = (api.inactive(graph([task("a", None)])), api.lead());
    assert_eq!(steps(&simulate(&api, &drawn, json!({ "records": [lead] }))), ["a:completed"]);
    let path = format!("/sequences/{drawn}/simulate");
    api.post(&path, json!({ "records": [lead], "version": "active" })).refused_at(
        409,
        "sequence_not_active",
        "/version",
    );
    api.post(&format!("/sequences/{drawn}/activate"), json!({})).expect(200);
    api.post(&format!("/sequences/{drawn}/revise"), json!({})).expect(200);
    api.put(&format!("/sequences/{drawn}/graph"), graph([task("b", Some("c")), task("c", None)])).expect(200);
    assert_eq!(steps(&simulate(&api, &drawn, json!({ "records": [lead] }))), ["a:completed"]);
    api.connect(&drawn, &lead);
    let draft = simulate(&api, &drawn, json!({ "records": [lead], "version": "draft" }));
    assert_eq!(steps(&draft), ["b:completed", "c:completed"]);
    api.put(&format!("/sequences/{drawn}/graph"), graph([node("w", "wait", json!({ "days": 1 }))])).expect(200);
    api.post(&path, json!({ "records": [lead], "version": "draft" })).refused(422, "validation_failed");
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    let server = Server::shared();
    let api = server.client();
    let (sequence, lead) = (api.active(graph([task("a", None)])), api.lead());
    let path = format!("/sequences/{sequence}/simulate");
    let event = |member: &str, value: Value| {
        let mut event = json!({ "record": lead, "node": "a", "type": "complete" });
        event[member] = value;
        json!({ "records": [lead], "events": [event] })
    };
    let with = |member: &str, value: Value| json!({ "records": [lead], member: value });
    for (body, status, code, pointer) in [
        (with("start", json!("Monday")), 400, "malformed", "/start"),
        (with("assume", json!({ "reply_rate": 1.5 })), 422, "validation_failed", "/assume/reply_rate"),
        (with("assume", json!({ "answer_rate": -0.5 })), 422, "validation_failed", "/assume/answer_rate"),
        (with("assume", json!({ "seller_minutes": 43_201 })), 422, "validation_failed", "/assume/seller_minutes"),
        (with("assume", json!({ "luck": 1 })), 400, "malformed", "/assume/luck"),
        (with("seed", json!(-1)), 400, "malformed", "/seed"),
        (with("version", json!("next")), 400, "malformed", "/version"),
        (event("record", json!("other")), 422, "validation_failed", "/events/0/record"),
        (event("type", json!("dance")), 422, "event_type_unknown", "/events/0/type"),
        (event("after", json!({ "weeks": 1 })), 400, "malformed", "/events/0/after/weeks"),
        (json!({}), 400, "malformed", "/records"),
    ] {
        api.post(&path, body).refused_at(status, code, pointer);
    }
    api.post(&path, json!({ "records": vec![lead.clone(); 1_001] })).refused(413, "batch_too_large");
    let far = simulate(&api, &sequence, with("start", json!("9999-12-31T23:59:59Z")));
    assert_eq!(far["itineraries"].as_array().unwrap().len(), 1, "the end of time is an answer too");
    let nobody =
        api.ask(Credential::None, Method::POST, &format!("/api/v1{path}")).json(&json!({ "records": [] })).send();
    nobody.refused(401, "unauthenticated");
}

#[test]
fn the_command_line_tells_ends_loads_and_ways() {
    let server = Server::sandbox();
    let api = server.client();
    let (sequence, lead) = (api.active(way()), api.lead());
    let folder = tempfile::tempdir().unwrap();
    let (records, events) = (folder.path().join("records"), folder.path().join("events"));
    std::fs::write(&records, format!("{lead}\nexternal:lead:none\n")).unwrap();
    let event = json!([{ "record": lead, "node": "mail", "type": "email.replied", "after": { "hours": 5 } }]);
    std::fs::write(&events, event.to_string()).unwrap();
    let ask = |arguments: &[&str]| {
        let command = Command::new(env!("CARGO_BIN_EXE_relance"))
            .args(["simulate", "--server", &server.url(), "--records"])
            .arg(&records)
            .args(arguments)
            .env("RELANCE_TOKEN", TOKEN)
            .output()
            .unwrap();
        let text = String::from_utf8(command.stdout).unwrap();
        assert!(command.status.success(), "{}", String::from_utf8_lossy(&command.stderr));
        text
    };
    let text = ask(&["A sequence", "--start", START]);
    for part in ["2 records", "sequence_completed", "1 refused: there is no such record", "2026-03-04", "Node call"] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let answer: Value =
        serde_json::from_str(&ask(&[&sequence, "--json", "--events", events.to_str().unwrap()])).unwrap();
    assert_eq!(steps(&answer), ["mail:completed", "answer:yes", "thank:completed"]);
}
