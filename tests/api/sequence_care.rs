//! What keeps automated mail that goes wrong from going far: a pilot, a fuse, and undo.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Client, START, Server};

const TEMPLATE: &str = "00000000-0000-7000-8000-000000000011";

/// A message, and another one a day later.
fn mailing() -> Value {
    let mail = |name: &str, next: &str| node(name, "auto_email", json!({ "template": TEMPLATE, "next": next }));
    graph([mail("m", "w"), node("w", "wait", json!({ "days": 1, "next": "n" })), mail("n", "t"), task("t", None)])
}

impl Client {
    /// How many messages have left.
    fn sent(&self) -> usize {
        items(&self.get("/deliveries?state=sent&limit=500").expect(200)).len()
    }

    /// How many enrolments of a sequence are over for that reason.
    fn ended(&self, sequence: &str, reason: &str) -> usize {
        let all = self.get(&format!("/sequences/{sequence}/enrolments?limit=500")).expect(200);
        items(&all).iter().filter(|enrolment| enrolment["reason"] == reason).count()
    }
}

#[test]
fn an_undo_takes_the_records_out_and_nothing_more_leaves() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(mailing());
    let path = format!("/sequences/{sequence}");
    assert_eq!(api.get(&path).expect(200)["undo"], Value::Null);
    let early = api.lead();
    api.connect(&sequence, &early);
    api.advance_hours(1);
    let since = api.get("/test-clock").expect(200)["now"].as_str().unwrap().to_owned();
    let leads = [api.lead(), api.lead(), api.lead()];
    leads.iter().for_each(|lead| _ = api.connect(&sequence, lead));
    api.advance_hours(1);
    assert_eq!(api.sent(), 4);
    let ask = || {
        let request = api.request(Method::POST, &format!("{path}/undo")).header("idempotency-key", "undo once");
        request.json(&json!({ "since": since })).send()
    };
    let undo = ask().expect(200)["undo"].clone();
    let told = ["state", "since", "disconnected", "messages_left"].map(|member| undo[member].clone());
    assert_eq!(told, [json!("completed"), json!(since), json!(3), json!(3)], "{undo}");
    assert_eq!(ask().expect(200)["undo"], undo, "asked again with the same key");
    assert_eq!(api.ended(&sequence, "sequence_undone"), 3);
    api.advance_hours(30);
    assert_eq!(api.sent(), 5, "the second message of the one that was connected before");
    let timeline = api.get(&format!("/records/{}/timeline", leads[0])).expect(200);
    let told = items(&timeline).iter().find(|item| item["kind"] == "undone").expect("it is told");
    assert!(told["summary"].as_str().unwrap().contains("one message had left"), "{told}");
    let audit = api.get("/audit").expect(200);
    assert!(items(&audit).iter().any(|entry| entry["action"] == "sequence.undo_begun"), "{audit}");
    let server = server.kill_and_restart();
    assert_eq!(server.client().get(&path).expect(200)["undo"], undo);
}

#[test]
fn an_undo_without_a_time_is_since_the_last_activation_and_may_deactivate() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(mailing());
    let path = format!("/sequences/{sequence}");
    api.connect(&sequence, &api.lead());
    api.advance_hours(1);
    api.post(&format!("{path}/revise"), json!({})).expect(200);
    api.patch(&path, json!({ "wait_computation": false })).expect(200);
    api.post(&format!("{path}/activate"), json!({})).expect(200);
    api.connect(&sequence, &api.lead());
    let undone = api.post(&format!("{path}/undo"), json!({})).expect(200);
    assert_eq!((&undone["undo"]["disconnected"], &undone["status"]), (&json!(1), &json!("active")));
    assert_eq!(undone["connected_count"], 1);
    let undone = api.post(&format!("{path}/undo"), json!({ "deactivate": true })).expect(200);
    assert_eq!((&undone["status"], &undone["connected_count"]), (&json!("inactive"), &json!(0)));
    api.post(&format!("{path}/undo"), json!({})).refused(409, "sequence_not_active");
}

#[test]
fn what_is_no_undo_is_refused_with_its_place() {
    let server = Server::shared();
    let api = server.client();
    let sequence = api.active(mailing());
    let undo = |body: Value| api.post(&format!("/sequences/{sequence}/undo"), body);
    undo(json!({ "since": "yesterday" })).refused_at(400, "malformed", "/since");
    undo(json!({ "since": "2999-01-01T00:00:00Z" })).refused_at(422, "validation_failed", "/since");
    undo(json!({ "until": "2026-01-01T00:00:00Z" })).refused(400, "malformed");
    api.post("/sequences/nothing/undo", json!({})).refused(404, "not_found");
    assert_eq!(id(&api.get(&format!("/sequences/{sequence}")).expect(200)), sequence);
}

#[test]
fn a_fuse_that_blows_holds_what_has_not_left_until_it_is_reset() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.inactive(mailing());
    let path = format!("/sequences/{sequence}");
    let begin = api.get("/stream?wait=false").text();
    let begin = begin.lines().find_map(|line| line.strip_prefix("id: ")).expect("it says where it begins").to_owned();
    let fuse = json!({ "bounce_percent": 12.5, "complaint_percent": 0.3, "min_sent": 2 });
    api.patch(&path, json!({ "fuse": fuse })).expect(200);
    api.post(&format!("{path}/activate"), json!({})).expect(200);
    api.post(&format!("{path}/fuse/reset"), json!({})).refused(409, "fuse_whole");
    let leads = [api.lead(), api.lead()];
    leads.iter().for_each(|lead| _ = api.connect(&sequence, lead));
    api.advance_hours(1);
    for delivery in items(&api.get("/deliveries?state=sent").expect(200)) {
        let bounced = json!({ "id": id(delivery), "type": "email.bounced", "at": START, "step": id(delivery) });
        api.post("/events", bounced).expect(200);
    }
    api.connect(&sequence, &api.lead());
    api.advance_hours(50);
    let owed = api.get("/deliveries?state=owed").expect(200);
    assert!(items(&owed).iter().all(|delivery| delivery["held_by"] == "fuse"), "{owed}");
    assert_eq!((items(&owed).len(), api.sent()), (4, 2), "{owed}");
    let shown = api.get(&path).expect(200)["fuse"].clone();
    let told =
        ["bounce_percent", "complaint_percent", "min_sent", "sent", "bounced", "complained", "unsubscribed", "by"];
    let expected = [json!(12.5), json!(0.3), json!(2), json!(2), json!(2), json!(0), json!(0), json!("bounces")];
    assert_eq!(told.map(|member| shown[member].clone()), expected, "{shown}");
    assert!(shown["blown_at"].is_string());
    let audit = api.get("/audit").expect(200);
    assert!(items(&audit).iter().any(|entry| entry["action"] == "sequence.fuse_blown"), "{audit}");
    let stream = api.get(&format!("/stream?wait=false&topics=sequence.fuse_blown&cursor={begin}")).text();
    assert_eq!(stream.matches(r#""type":"sequence.fuse_blown""#).count(), 1, "{stream}");
    let reset = api.post(&format!("{path}/fuse/reset"), json!({})).expect(200);
    assert_eq!((&reset["fuse"]["blown_at"], &reset["fuse"]["sent"]), (&Value::Null, &json!(0)));
    api.advance_hours(1);
    assert_eq!(api.sent(), 6);
    for (member, wrong) in [("bounce_percent", json!(0)), ("complaint_percent", json!(101)), ("min_sent", json!(0))] {
        let pointer = format!("/fuse/{member}");
        api.patch(&path, json!({ "fuse": { member: wrong } })).refused_at(422, "validation_failed", &pointer);
    }
    api.patch(&path, json!({ "fuse": { "opens": 1 } })).refused(400, "malformed");
    assert_eq!(api.patch(&path, json!({ "fuse": null })).expect(200)["fuse"], Value::Null);
}

#[test]
fn a_pilot_begins_with_some_records_and_the_release_lets_in_the_others() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.inactive(graph([task("t", None)]));
    let path = format!("/sequences/{sequence}");
    let activate = |pilot: Value| api.post(&format!("{path}/activate"), json!({ "pilot": pilot }));
    activate(json!({ "records": 0 })).refused_at(422, "validation_failed", "/pilot/records");
    activate(json!({ "records": "some" })).refused(400, "malformed");
    activate(json!({ "people": 3 })).refused(400, "malformed");
    let activated = activate(json!({ "records": 3 })).expect(200);
    assert_eq!(activated["pilot"], json!({ "records": 3, "entered": 0, "waiting": 0 }));
    let leads: Vec<_> = (0..10).map(|_| api.lead()).collect();
    let answer = api.post(&format!("{path}/enrolments"), json!({ "records": leads })).expect(200);
    let of = |status: &str| items(&answer).iter().filter(|item| item["enrolment"]["status"] == status).count();
    assert_eq!((of("connected"), of("connecting")), (3, 7), "{answer}");
    let shown = api.get(&path).expect(200);
    assert_eq!(shown["pilot"], json!({ "records": 3, "entered": 3, "waiting": 7 }));
    assert_eq!(shown["connected_count"], 10);
    let waiting = items(&answer).iter().find(|item| item["enrolment"]["status"] == "connecting").unwrap();
    let explained = api.get(&format!("/enrolments/{}/explain", id(&waiting["enrolment"]))).expect(200);
    assert_eq!(explained["blocked_by"][0]["kind"], "pilot", "{explained}");
    api.advance_hours(99);
    assert_eq!(api.get(&path).expect(200)["pilot"]["waiting"], 7, "however long");
    let released = api.post(&format!("{path}/release"), json!({})).expect(200);
    assert_eq!(released["pilot"], Value::Null);
    for lead in &leads {
        assert_eq!(api.current(lead)["node"], "t");
    }
    api.post(&format!("{path}/release"), json!({})).refused(409, "no_pilot");
    let audit = api.get("/audit").expect(200);
    assert!(items(&audit).iter().any(|entry| entry["action"] == "sequence.pilot_released"), "{audit}");
    let server = server.kill_and_restart();
    assert_eq!(server.client().get(&path).expect(200)["connected_count"], 10);
}
