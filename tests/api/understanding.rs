//! Looking back and asking why: a record as it was, and why an enrolment stands where it stands.

use serde_json::{Value, json};

use crate::fixtures::{graph, id, node, task};
use crate::server::{START, Server};

fn way() -> Value {
    graph([
        task("a", Some("pause")),
        node("pause", "wait", json!({ "days": 2, "hours": 0, "next": "b" })),
        task("b", None),
    ])
}

/// Issue 6, 9.
#[test]
fn a_record_is_shown_as_it_was_at_any_instant_that_has_been() {
    let server = Server::sandbox();
    let api = server.client();
    api.advance_hours(1);
    let lead = api.lead();
    let enrolment = api.connect(&api.active(way()), &lead);
    api.advance_hours(1);
    api.patch(&format!("/records/{lead}"), json!({ "name": "Ada King", "score": 7 })).expect(200);
    api.complete(&api.current_id(&lead, "a"));
    api.advance_hours(1);
    let seen = |at: &str| api.get(&format!("/records/{lead}?at={at}"));
    assert_eq!(seen("2026-03-02T10:00:00Z").expect(200)["name"], "Ada Lovelace");
    assert_eq!(seen("2026-03-02T10:59:59.999Z").expect(200)["name"], "Ada Lovelace");
    let then = seen("2026-03-02T11:00:00Z").expect(200);
    assert_eq!(then, api.get(&format!("/records/{lead}")).expect(200));
    assert_eq!(then["modified_at"], "2026-03-02T11:00:00.000Z");
    seen("2026-03-02T09:59:59.999Z").refused(404, "not_found");
    seen(START).refused(404, "not_found");
    seen("2026-03-02T12:00:00.001Z").refused_at(422, "at_in_future", "/at");
    seen("yesterday").refused_at(400, "malformed", "/at");
    api.get(&format!("/records/{lead}?when=now")).refused(400, "malformed");
    let enrolled = |at: &str| api.get(&format!("/enrolments/{}?at={at}", id(&enrolment)));
    let before = enrolled("2026-03-02T10:30:00Z").expect(200);
    assert_eq!((&before["steps_done"], &before["status"]), (&json!(0), &json!("connected")));
    assert_eq!(enrolled("2026-03-02T11:30:00Z").expect(200)["steps_done"], 1);
    enrolled(START).refused(404, "not_found");
    // What was erased has no past.
    api.request(reqwest::Method::DELETE, &format!("/records/{lead}")).send();
    seen("2026-03-02T11:00:00Z").refused(404, "not_found");
    enrolled("2026-03-02T11:30:00Z").refused(404, "not_found");
}

/// Issue 6, 7.
#[test]
fn an_enrolment_says_why_it_stands_where_it_stands_and_when_it_moves() {
    let server = Server::sandbox();
    let api = server.client();
    let (lead, enrolment) = api.enrolled(way());
    let path = format!("/enrolments/{}/explain", id(&enrolment));
    let found = api.get(&path).expect(200);
    assert_eq!((&found["status"], &found["waiting_for"]["kind"]), (&json!("connected"), &json!("seller")));
    assert_eq!((&found["next_at"], &found["blocked_by"]), (&Value::Null, &json!([])));
    let kinds: Vec<_> = found["causes"].as_array().unwrap().iter().map(|cause| cause["kind"].clone()).collect();
    assert_eq!(kinds, ["connected", "step_opened"]);
    assert_eq!((&found["causes"][1]["node"], &found["causes"][1]["at"]), (&json!("a"), &json!(START)));
    api.complete(&api.current_id(&lead, "a"));
    let found = api.get(&path).expect(200);
    let wakes_at = "2026-03-04T09:00:00.000Z";
    assert_eq!((&found["waiting_for"]["kind"], &found["waiting_for"]["until"]), (&json!("timer"), &json!(wakes_at)));
    assert_eq!(found["next_at"], wakes_at);
    api.advance(json!({ "days": 1, "hours": 23, "minutes": 59 }));
    assert_eq!(api.current(&lead)["node"], "pause", "not before");
    api.advance(json!({ "minutes": 1 }));
    assert_eq!(api.current(&lead)["node"], "b", "and exactly then");
    api.post(&format!("/enrolments/{}/disconnect", id(&enrolment)), json!({})).expect(200);
    let found = api.get(&path).expect(200);
    assert_eq!((&found["status"], &found["waiting_for"]["kind"]), (&json!("disconnected"), &json!("none")));
    let last = found["causes"].as_array().unwrap().last().unwrap();
    assert_eq!(last["detail"], "Administrator took the record out of “A sequence”.");
    api.get(&format!("/enrolments/{lead}/explain")).refused(404, "not_found");
}
