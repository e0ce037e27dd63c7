//! `Idempotency-Key`: the first answer again, also after a kill, and never with another request.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Answer, Client, Server};

fn keyed(api: &Client, key: &str, path: &str, body: Value) -> Answer {
    api.request(Method::POST, path).header("idempotency-key", key).json(&body).send()
}

#[track_caller]
fn same(first: &Answer, again: &Answer) {
    assert_eq!(again.expect(first.status), first.json());
    for header in ["location", "etag"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
}

#[test]
fn a_repeated_creation_gets_the_first_answer_again() {
    let server = Server::shared();
    let api = server.client();
    for (path, body, other) in [
        ("/records", json!({ "type": "lead", "name": "Ada" }), json!({ "type": "lead", "name": "Grace" })),
        ("/sequences", json!({ "name": "S", "template": "T1" }), json!({ "name": "S", "template": "T2" })),
    ] {
        let key = format!("create {path}");
        let first = keyed(&api, &key, path, body.clone());
        first.expect(201);
        let resource = format!("{path}/{}", id(&first.json()));
        api.patch(&resource, json!({ "name": "Changed meanwhile" })).expect(200);
        same(&first, &keyed(&api, &key, path, body));
        keyed(&api, &key, path, other).refused(422, "idempotency_key_reused");
        assert_eq!(api.get(&resource).expect(200)["name"], "Changed meanwhile");
    }
}

#[test]
fn eight_repeats_at_the_same_time_make_one_record() {
    let server = Server::shared();
    let api = server.client();
    let body = json!({ "type": "contact", "name": "Simultaneous" });
    let requests =
        (0..8).map(|_| api.request(Method::POST, "/records").header("idempotency-key", "at once").json(&body));
    let answers = api.at_once(requests);
    answers.iter().for_each(|answer| same(&answers[0], answer));
    assert_eq!(items(&api.get("/records?q=simultaneous").expect(200)).len(), 1);
}

#[test]
fn a_repeated_batch_gets_equal_results() {
    let server = Server::shared();
    let api = server.client();
    let records = json!({ "records": [{ "type": "lead", "name": "Twin" }, { "type": "boat" }, { "type": "lead", "name": "Twin" }] });
    let first = keyed(&api, "records batch", "/records/batch", records.clone());
    same(&first, &keyed(&api, "records batch", "/records/batch", records));
    assert_eq!(items(&api.get("/records?q=twin").expect(200)).len(), 2, "two that are alike are two");
    let more = json!({ "records": [{ "type": "lead", "name": "Triplet" }, { "type": "lead", "name": "Triplet" }] });
    keyed(&api, "records batch", "/records/batch", more).refused(422, "idempotency_key_reused");
    assert_eq!(items(&api.get("/records?q=triplet").expect(200)).len(), 0);

    let (sequence, leads) = (api.active(graph([task("t", None)])), [api.lead(), api.lead()]);
    let path = format!("/sequences/{sequence}/enrolments");
    let first = keyed(&api, "connect batch", &path, json!({ "records": leads }));
    assert!(items(&first.expect(200)).iter().all(|result| result["enrolment"]["status"] == "connected"));
    same(&first, &keyed(&api, "connect batch", &path, json!({ "records": leads })));
    keyed(&api, "connect batch", &path, json!({ "records": [leads[0]] })).refused(422, "idempotency_key_reused");
    let again = api.post(&path, json!({ "records": leads })).expect(200);
    assert!(items(&again).iter().all(|result| result["error"]["code"] == "already_connected"));
}

#[test]
fn a_repeated_completion_is_answered_though_the_step_is_closed() {
    let server = Server::shared();
    let api = server.client();
    let (lead, _) = api.enrolled(graph([task("a", Some("b")), task("b", Some("c")), task("c", None)]));
    let path = format!("/steps/{}/complete", api.current_id(&lead, "a"));
    let first = keyed(&api, "complete a", &path, json!({ "note": "n" }));
    assert_eq!(first.expect(200)["step"]["status"], "completed");
    api.complete(&api.current_id(&lead, "b"));
    same(&first, &keyed(&api, "complete a", &path, json!({ "note": "n" })));
    keyed(&api, "complete a", &path, json!({ "note": "m" })).refused(422, "idempotency_key_reused");
    api.post(&path, json!({ "note": "n" })).refused(409, "step_not_open");
    keyed(&api, "another", &path, json!({ "note": "n" })).refused(409, "step_not_open");
    assert_eq!(api.visited(&lead), ["a", "b"]);
}

#[test]
fn every_action_can_be_repeated() {
    let server = Server::shared();
    let api = server.client();
    let wait = node("w", "wait", json!({ "days": 1, "next": "c" }));
    let (lead, enrolment) = api.enrolled(graph([task("a", Some("b")), task("b", Some("w")), wait, task("c", None)]));
    let step = |node: &str| format!("/steps/{}", api.current_id(&lead, node));
    let first_step = step("a");
    let mut told = 0;
    let mut twice = |path: String, body: Value| {
        told += 1;
        let key = format!("action {told}");
        let first = keyed(&api, &key, &path, body.clone());
        first.expect(200);
        same(&first, &keyed(&api, &key, &path, body));
    };
    twice(format!("{first_step}/note"), json!({ "text": "once" }));
    twice(format!("{first_step}/snooze"), json!({ "until": "2026-03-03T09:00:00Z" }));
    twice(format!("{first_step}/complete"), json!({}));
    twice(format!("{}/skip", step("b")), json!({}));
    twice(format!("{}/skip-wait", step("w")), json!({}));
    twice(format!("/enrolments/{}/disconnect", id(&enrolment)), json!({}));
    twice(format!("/records/{lead}/close"), json!({ "outcome": "failure" }));
    twice(format!("/records/{lead}/reopen"), json!({}));
    let sequence = enrolment["sequence"].as_str().unwrap();
    twice(format!("/sequences/{sequence}/deactivate"), json!({}));
    twice(format!("/sequences/{sequence}/activate"), json!({}));
    let timeline = api.get(&format!("/records/{lead}/timeline")).expect(200);
    assert_eq!(items(&timeline).iter().filter(|item| item["kind"] == "noted").count(), 1);
}

#[test]
fn a_repeated_advance_of_the_clock_moves_it_once() {
    let server = Server::sandbox();
    let api = server.client();
    let first = keyed(&api, "a day", "/test-clock/advance", json!({ "by": { "days": 1 } }));
    assert_eq!(first.expect(200)["now"], "2026-03-03T09:00:00.000Z");
    same(&first, &keyed(&api, "a day", "/test-clock/advance", json!({ "by": { "days": 1 } })));
    assert_eq!(api.get("/test-clock").expect(200)["now"], "2026-03-03T09:00:00.000Z");
    keyed(&api, "a day", "/test-clock/advance", json!({ "by": { "days": 2 } })).refused(422, "idempotency_key_reused");
}

#[test]
fn a_repeated_import_is_one_job() {
    let server = Server::shared();
    let api = server.client();
    let import = |body: &'static str| {
        let request = api.request(Method::POST, "/imports?type=lead").header("idempotency-key", "import");
        request.header("content-type", "text/csv").body(body).send()
    };
    let first = import("Name\nRepeated Row\n");
    let again = import("Name\nRepeated Row\n");
    assert_eq!(id(&again.expect(201)), id(&first.expect(201)));
    assert_eq!(again.header("location"), first.header("location"));
    import("Name\nOther Row\n").refused(422, "idempotency_key_reused");
    crate::imports::finished(&api, &id(&first.json()));
    assert_eq!(items(&api.get("/records?q=repeated%20row").expect(200)).len(), 1);
    assert_eq!(items(&api.get("/records?q=other%20row").expect(200)).len(), 0);
}

#[test]
fn a_key_is_remembered_after_a_kill() {
    let server = Server::sandbox();
    let api = server.client();
    let (lead, _) = api.enrolled(graph([task("a", Some("b")), task("b", None)]));
    let path = format!("/steps/{}/complete", api.current_id(&lead, "a"));
    let created = keyed(&api, "created", "/records", json!({ "type": "lead", "name": "Ada" }));
    let completed = keyed(&api, "completed", &path, json!({}));
    completed.expect(200);
    let server = server.kill_and_restart();
    let api = server.client();
    same(&created, &keyed(&api, "created", "/records", json!({ "type": "lead", "name": "Ada" })));
    same(&completed, &keyed(&api, "completed", &path, json!({})));
    assert_eq!(api.visited(&lead), ["a"]);
    assert!(server.terminate().success(), "SIGTERM stops in order");
}

#[test]
fn a_key_has_a_length() {
    let server = Server::shared();
    let api = server.client();
    let body = json!({ "type": "lead", "name": "Ada" });
    for key in ["", &"k".repeat(201)] {
        keyed(&api, key, "/records", body.clone()).refused(400, "malformed");
    }
    keyed(&api, &"k".repeat(200), "/records", body).expect(201);
}
