//! Tests of sequences: run on a draft, kept with it, brought along by templates, asked for before activation.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node};
use crate::server::Server;

/// A call, and a task for whoever was reached.
fn drawn() -> Value {
    graph([
        node("call", "phone_call", json!({ "next": "reached" })),
        node("reached", "cond_call", json!({ "results": ["made"], "yes": "talk", "no": null })),
        node("talk", "task", json!({})),
    ])
}

fn reached(name: &str, expected: &str) -> Value {
    let hour = json!({ "hours": 1 });
    json!({ "name": name, "events": [{ "at": hour, "do": "complete", "call_result": "made" }],
        "expect": [{ "at": hour, "node": expected }] })
}

#[test]
fn tests_are_run_on_the_draft_and_leave_nothing_behind() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.inactive(drawn());
    let run = format!("/sequences/{sequence}/tests/run");
    let tests = json!({ "tests": [reached("right", "talk"), reached("wrong", "call")] });
    let report = api.post(&run, tests.clone()).expect(200);
    assert_eq!((&report["passed"], &report["failed"]), (&json!(1), &json!(1)), "{report}");
    assert_eq!(report["results"][0], json!({ "name": "right", "ok": true }));
    let wrong = &report["results"][1];
    assert_eq!((&wrong["name"], &wrong["ok"]), (&json!("wrong"), &json!(false)));
    let detail = wrong["detail"].as_str().unwrap();
    assert!(detail.contains("(talk)") && detail.contains("(call)") && detail.contains("1 hour"), "{detail}");
    assert_eq!(report["untested"], json!([{ "node": "reached", "exit": "no" }]));
    assert_eq!(api.post(&run, tests).expect(200), report, "the same each time");
    assert_eq!(items(&api.get("/records").expect(200)).len(), 0, "nothing is stored");
    let none = api.post(&run, json!({ "tests": [] })).expect(200);
    assert_eq!((&none["results"], none["untested"].as_array().map(Vec::len)), (&json!([]), Some(2)));
}

#[test]
fn tests_that_do_not_read_or_fit_are_named_by_their_place() {
    let server = Server::shared();
    let api = server.client();
    let sequence = api.inactive(drawn());
    let with = |member: &str, value: Value| {
        let mut test = reached("t", "talk");
        test[member] = value;
        json!({ "tests": [reached("sound", "talk"), test] })
    };
    for (status, code, pointer, body) in [
        (400, "malformed", "/tests", json!({ "tests": {} })),
        (400, "malformed", "/tests", json!({ "tests": null })),
        (400, "malformed", "/test", json!({ "test": [] })),
        (400, "malformed", "/tests/0", json!({ "tests": [["t"]] })),
        (400, "malformed", "/tests/1/surprise", with("surprise", json!(1))),
        (400, "malformed", "/tests/1/start", with("start", json!("Monday"))),
        (400, "malformed", "/tests/1/events/0/do", with("events", json!([{ "at": {}, "do": "dance" }]))),
        (400, "malformed", "/tests/1/events/0/why", with("events", json!([{ "at": {}, "do": "skip", "why": 1 }]))),
        (
            400,
            "malformed",
            "/tests/1/expect/0/at/weeks",
            with("expect", json!([{ "at": { "weeks": 1 }, "node": "a" }])),
        ),
        (400, "malformed", "/tests/1/expect/0/status", with("expect", json!([{ "at": {}, "status": "gone" }]))),
        (422, "validation_failed", "/tests/1/name", with("name", json!(""))),
        (422, "validation_failed", "/tests/1/expect", with("expect", json!([]))),
        (422, "validation_failed", "/tests/1/record/emial", with("record", json!({ "emial": "x" }))),
    ] {
        let kept = format!("/sequences/{sequence}/tests");
        for answer in [api.post(&format!("{kept}/run"), body.clone()), api.put(&kept, body.clone())] {
            answer.refused_at(status, code, pointer);
        }
    }
    let empty = api.inactive(json!({ "start": null, "nodes": [] }));
    let refused = api.post(&format!("/sequences/{empty}/tests/run"), json!({})).refused(422, "validation_failed");
    assert_eq!(refused["errors"][0]["code"], "empty_sequence");
    api.post(&format!("/sequences/{}/tests/run", api.lead()), json!({})).refused(404, "not_found");
}

#[test]
fn tests_are_kept_with_a_sequence_in_any_status() {
    let server = Server::shared();
    let api = server.client();
    let sequence = api.active(drawn());
    let kept = format!("/sequences/{sequence}/tests");
    let none = api.get(&kept);
    assert_eq!(none.expect(200), json!({ "tests": [] }));
    let tests = json!({ "tests": [reached("right", "talk"), reached("wrong", "call")] });
    let saved = api.put(&kept, tests.clone());
    assert_eq!(saved.expect(200), tests);
    assert_ne!(saved.header("etag"), none.header("etag"));
    assert_eq!(api.put(&kept, tests.clone()).header("etag"), saved.header("etag"), "nothing new is nothing stored");
    let stale = api.request(Method::PUT, &kept).header("if-match", none.header("etag")).json(&json!({ "tests": [] }));
    stale.send().refused(412, "version_mismatch");
    assert_eq!(api.get(&kept).expect(200), tests);
    let report = api.post(&format!("{kept}/run"), json!({})).expect(200);
    assert_eq!((&report["passed"], &report["failed"]), (&json!(1), &json!(1)), "without a body those that are kept");
    let trail = api.get(&format!("/audit?subject={sequence}")).expect(200);
    assert_eq!(items(&trail)[0]["action"], "sequence.tests_saved", "{trail}");
    assert_eq!(api.put(&kept, json!({ "tests": [] })).expect(200), json!({ "tests": [] }));
    assert_eq!(api.get(&format!("/sequences/{sequence}")).expect(200)["status"], "active");
}

/// §20: a sequence that is made from a template begins with the template's tests.
#[test]
fn templates_bring_their_tests_along() {
    let server = Server::shared();
    let api = server.client();
    for template in items(&api.get("/templates").expect(200)) {
        let tests = template["tests"].clone();
        assert!(tests.as_array().is_some_and(|tests| !tests.is_empty()), "{template}");
        let made = api.post("/sequences", json!({ "name": "N", "template": template["id"] })).expect(201);
        let kept = format!("/sequences/{}/tests", id(&made));
        assert_eq!(api.get(&kept).expect(200)["tests"], tests);
        let report = api.post(&format!("{kept}/run"), json!({})).expect(200);
        assert_eq!((&report["failed"], &report["untested"]), (&json!(0), &json!([])), "{report}");
        assert_eq!(report["passed"], tests.as_array().unwrap().len());
    }
}

/// §17: where the organisation asks for tests, only a draft whose tests are there and pass is published.
#[test]
fn activation_asks_for_tests_that_pass_where_the_organisation_does() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.inactive(drawn());
    let (at, activate) = (format!("/sequences/{sequence}"), format!("/sequences/{sequence}/activate"));
    let against = |expected: &[&str]| {
        let found = api.post(&format!("{at}/validate"), json!({})).expect(200);
        let found = found["diagnostics"].as_array().unwrap().clone();
        let codes: Vec<_> = found.iter().map(|one| one["code"].as_str().unwrap()).collect();
        assert_eq!(codes, expected);
        assert!(found.iter().all(|one| one["severity"] == "error"), "{found:?}");
    };
    api.put(&format!("{at}/tests"), json!({ "tests": [reached("wrong", "call")] })).expect(200);
    against(&[]);
    api.post(&activate, json!({})).expect(200);
    api.post(&format!("{at}/deactivate"), json!({})).expect(200);

    api.patch("/settings", json!({ "require_sequence_tests": true })).expect(200);
    let tests = json!([reached("right", "talk"), reached("wrong", "call"), reached("worse", "reached")]);
    api.put(&format!("{at}/tests"), json!({ "tests": tests })).expect(200);
    against(&["tests_failed", "tests_failed"]);
    let refused = api.post(&activate, json!({})).refused(422, "validation_failed");
    let told: Vec<_> =
        refused["errors"].as_array().unwrap().iter().map(|one| (&one["pointer"], &one["code"])).collect();
    let failed = json!("tests_failed");
    assert_eq!(told, [(&json!("/tests/1"), &failed), (&json!("/tests/2"), &failed)]);
    assert!(refused["errors"][0]["detail"].as_str().is_some_and(|detail| detail.contains("wrong")), "{refused}");

    api.put(&format!("{at}/tests"), json!({ "tests": [] })).expect(200);
    against(&["tests_missing"]);
    api.post(&activate, json!({})).refused_at(422, "validation_failed", "/tests");

    api.put(&format!("{at}/tests"), json!({ "tests": [reached("right", "talk")] })).expect(200);
    against(&[]);
    assert_eq!(api.post(&activate, json!({})).expect(200)["status"], "active");
    let made = api.post("/sequences", json!({ "name": "N", "template": "T6" })).expect(201);
    api.post(&format!("/sequences/{}/activate", id(&made)), json!({})).expect(200);

    let broken = api.inactive(graph([node("w", "wait", json!({ "days": 1, "next": null }))]));
    let refused = api.post(&format!("/sequences/{broken}/activate"), json!({})).refused(422, "validation_failed");
    assert_eq!(refused["errors"].as_array().map(Vec::len), Some(1), "a draft with errors is not tried: {refused}");
}
