//! The test clock: time moves when told, only forward, and only in a sandbox.

use serde_json::{Value, json};

use crate::fixtures::{graph, id, node, task};
use crate::server::{START, Server};

#[test]
fn time_stands_until_it_is_moved_and_never_goes_back() {
    let server = Server::sandbox();
    let api = server.client();
    assert_eq!(api.get("/test-clock").expect(200), json!({ "now": START }));
    for (body, now) in [
        (json!({ "by": {} }), START),
        (json!({ "to": START }), START),
        (json!({ "by": { "minutes": 1 } }), "2026-03-02T09:01:00.000Z"),
        (json!({ "by": { "days": 1, "hours": 1, "minutes": 59 } }), "2026-03-03T11:00:00.000Z"),
        (json!({ "by": { "days": 1, "hours": -1 } }), "2026-03-04T10:00:00.000Z"),
        (json!({ "to": "2026-03-05T10:00:00+02:00" }), "2026-03-05T08:00:00.000Z"),
    ] {
        let answer = api.post("/test-clock/advance", body.clone()).expect(200);
        assert_eq!(answer, json!({ "now": now, "fired": 0 }), "{body}");
        assert_eq!(api.get("/test-clock").expect(200), json!({ "now": now }));
    }
    for body in
        [json!({ "to": START }), json!({ "by": { "minutes": -1 } }), json!({ "to": "2026-03-05T07:59:59.999Z" })]
    {
        api.post("/test-clock/advance", body).refused(422, "clock_backwards");
    }
    for (pointer, body) in [
        ("", json!({})),
        ("", json!({ "to": START, "by": {} })),
        ("/to", json!({ "to": "later" })),
        ("/to", json!({ "to": 5 })),
        ("/by", json!({ "by": 5 })),
        ("/by", json!({ "by": { "days": i64::MAX } })),
        ("/by", json!({ "by": { "hours": i64::MAX } })),
        ("/by/weeks", json!({ "by": { "weeks": 1 } })),
        ("/by/days", json!({ "by": { "days": 1.5 } })),
        ("/at", json!({ "at": START })),
    ] {
        api.post("/test-clock/advance", body).refused_at(400, "malformed", pointer);
    }
    assert_eq!(api.get("/test-clock").expect(200)["now"], "2026-03-05T08:00:00.000Z");
}

#[test]
fn everything_that_falls_due_on_the_way_fires_at_its_own_instant() {
    let server = Server::sandbox();
    let api = server.client();
    let wait = |id: &str, hours: i64, next: &str| node(id, "wait", json!({ "hours": hours, "next": next }));
    let sequence = api.active(graph([wait("w1", 5, "w2"), wait("w2", 7, "w3"), wait("w3", 720, "b"), task("b", None)]));
    let leads: Vec<String> = (0..20).map(|_| api.lead()).collect();
    leads.iter().for_each(|lead| drop(api.connect(&sequence, lead)));
    let answer = api.advance(json!({ "hours": 12 }));
    assert_eq!(answer, json!({ "now": "2026-03-02T21:00:00.000Z", "fired": 40 }));
    for lead in &leads {
        let done = api.done(lead);
        let at: Vec<&Value> = done.iter().map(|step| &step["completed_at"]).collect();
        assert_eq!(at, ["2026-03-02T14:00:00.000Z", "2026-03-02T21:00:00.000Z"]);
        assert!(done.iter().all(|step| step["wait_state"] == "completed"));
        assert_eq!(api.current(lead)["wakes_at"], "2026-04-01T21:00:00.000Z");
    }
    // The end of time is far away, but it ends.
    let last = api.post("/test-clock/advance", json!({ "to": "9999-12-31T23:59:59.999Z" })).expect(200);
    assert_eq!(last["fired"], 20);
    api.current_id(&leads[0], "b");
}

#[test]
fn a_restarted_sandbox_goes_on_where_its_clock_stood() {
    let server = Server::sandbox();
    let api = server.client();
    let (lead, _) = api.enrolled(graph([node("w", "wait", json!({ "hours": 30, "next": "b" })), task("b", None)]));
    api.advance_hours(29);
    let server = server.kill_and_restart();
    let api = server.client();
    assert_eq!(api.get("/test-clock").expect(200)["now"], "2026-03-03T14:00:00.000Z");
    api.current_id(&lead, "w");
    assert_eq!(api.advance(json!({ "hours": 1 }))["fired"], 1);
    api.current_id(&lead, "b");
}

#[test]
fn a_server_in_real_use_has_no_test_clock() {
    let server = Server::real();
    let api = server.client();
    api.get("/test-clock").refused(404, "not_found");
    api.post("/test-clock/advance", json!({ "by": { "days": 1 } })).refused(404, "not_found");
    let lead = api.get(&format!("/records/{}", api.lead())).expect(200);
    assert!(lead["created_at"].as_str().unwrap() > START, "{}", id(&lead));
}

#[test]
fn p10_whether_the_clock_is_trusted_can_be_seen_and_it_can_be_accepted() {
    let server = Server::sandbox();
    let api = server.client();
    let trusted = json!({ "now": START, "held": null });
    assert_eq!(api.get("/clock").expect(200), trusted);
    assert_eq!(api.post("/clock/accept", json!({})).expect(200), trusted);
}
