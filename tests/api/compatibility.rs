//! `msdyn_ConnectSequence` (§21.1): what clients of that action send, and what they read.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, task};
use crate::people::Credential;
use crate::server::{Answer, Client, START, Server, TOKEN};

const PATH: &str = "/api/data/v9.2/msdyn_ConnectSequence";

fn action(record: &str, sequence: &str) -> Value {
    json!({ "RegardingEntityId": record, "RegardingEntityName": "lead", "SequenceId": sequence })
}

impl Client {
    fn connect_by_action(&self, body: &Value) -> Answer {
        self.ask(Credential::Token(TOKEN), Method::POST, PATH).json(body).send()
    }

    fn newest_enrolment(&self, record: &str) -> Value {
        items(&self.get(&format!("/records/{record}/enrolments")).expect(200))[0].clone()
    }
}

/// K-1 (d), K-8: an automation connects one record, with all that it may say about it.
#[test]
fn k_1_and_k_8_an_automation_connects_a_record() {
    let server = Server::sandbox();
    let api = server.client();
    let (sequence, first) = (api.active(graph([task("a", None)])), api.lead());
    let done = api.connect_by_action(&action(&first.to_uppercase(), &sequence.to_uppercase()));
    assert_eq!((done.status, done.text().as_str(), done.header("odata-version")), (204, "", "4.0"));
    assert_eq!(api.current(&first)["node"], "a");
    // K-9: with a wait time the first step comes later.
    let second = api.lead();
    let mut body = action(&second, &sequence);
    body["WaitTime"] = json!(90);
    body["Source"] = json!("a flow");
    body["SegmentId"] = json!("0b0e1a52-0000-4000-8000-000000000001");
    body["AdvancedToOtherSequenceTargetStepId"] = json!(null);
    assert_eq!(api.connect_by_action(&body).status, 204);
    let waiting = api.newest_enrolment(&second);
    assert_eq!((&waiting["status"], &waiting["connected_at"]), (&json!("connecting"), &json!(START)));
    assert_eq!(waiting["source"], "a flow, segment 0b0e1a52-0000-4000-8000-000000000001");
    api.advance(json!({ "minutes": 90 }));
    assert_eq!(api.current(&second)["opened_at"], "2026-03-02T10:30:00.000Z");
    // The step of this record that led here.
    let other = api.active(graph([task("z", None)]));
    let mut body = action(&first, &other);
    let step = api.current_step(&first);
    body["AdvancedToOtherSequenceTargetStepId"] = json!(step);
    body["WaitTime"] = json!(0);
    assert_eq!(api.connect_by_action(&body).status, 204);
    let led = api.newest_enrolment(&first);
    assert_eq!((&led["status"], &led["source"]), (&json!("connected"), &json!(format!("advanced from step {step}"))));
}

#[test]
fn what_is_refused_is_told_in_the_words_of_these_clients() {
    let server = Server::shared();
    let api = server.client();
    let (sequence, inactive) = (api.active(graph([task("a", None)])), api.inactive(graph([task("a", None)])));
    let (lead, contact) = (api.lead(), api.record("contact"));
    let nobody = "00000000-0000-7000-8000-00000000abcd";
    let with = |member: &str, value: Value| {
        let mut body = action(&lead, &sequence);
        body[member] = value;
        body
    };
    assert_eq!(api.connect_by_action(&action(&lead, &sequence)).status, 204);
    for (body, status, code) in [
        (action(&lead, &sequence), 409, "already_connected"),
        (action(&api.lead(), &inactive), 409, "sequence_not_active"),
        (action(nobody, &sequence), 404, "not_found"),
        (action(&lead, nobody), 404, "not_found"),
        (action("her", &sequence), 404, "not_found"),
        (action(&contact, &sequence), 422, "record_type_mismatch"),
        (with("RegardingEntityName", json!("systemuser")), 422, "record_type_mismatch"),
        (with("WaitTime", json!(-1)), 422, "validation_failed"),
        (with("WaitTime", json!(43_201)), 422, "validation_failed"),
        (with("WaitTime", json!("soon")), 400, "malformed"),
        (with("Source", json!("s".repeat(201))), 422, "validation_failed"),
        (with("AdvancedToOtherSequenceTargetStepId", json!(nobody)), 422, "validation_failed"),
        (with("regardingEntityId", json!("x")), 400, "malformed"),
        (json!({ "RegardingEntityId": lead }), 400, "malformed"),
        (json!([]), 400, "malformed"),
    ] {
        let error = api.connect_by_action(&body).refused(status, code)["error"].clone();
        assert!(!error["message"].as_str().unwrap().is_empty(), "{body}: {error}");
    }
    let stranger = api.bare(Method::POST, PATH).json(&action(&lead, &sequence)).send();
    assert_eq!(stranger.refused(401, "unauthenticated")["error"]["code"], "unauthenticated");
    api.ask(Credential::Token(TOKEN), Method::GET, PATH).send().refused(405, "method_not_allowed");
    let elsewhere = api.ask(Credential::Token(TOKEN), Method::POST, "/api/data/v9.2/WhoAmI").json(&json!({})).send();
    elsewhere.refused(404, "not_found");
    let large = api.ask(Credential::Token(TOKEN), Method::POST, PATH).body(vec![b' '; 17 << 20]).send();
    large.refused(413, "too_large");
}

#[test]
fn a_repeat_with_its_key_connects_once() {
    let server = Server::shared();
    let api = server.client();
    let (sequence, lead) = (api.active(graph([task("a", None)])), api.lead());
    let send = |record: &str| {
        let ask = api.ask(Credential::Token(TOKEN), Method::POST, PATH).header("idempotency-key", "a flow's run");
        ask.json(&action(record, &sequence)).send()
    };
    assert_eq!((send(&lead).status, send(&lead).status), (204, 204));
    let all = api.get(&format!("/records/{lead}/enrolments")).expect(200);
    assert_eq!(items(&all).len(), 1, "{}", id(&items(&all)[0]));
}
