//! Batches: one answer per item, in order, never all or nothing.

use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{START, Server, is_problem};

#[test]
fn a_batch_of_records_answers_each_in_order_with_its_own_errors() {
    let server = Server::shared();
    let api = server.client();
    let records: Vec<Value> = (0..300)
        .map(|place| match place % 5 {
            1 => json!({ "type": "lead", "name": "" }),
            2 => json!({ "type": "lead", "name": format!("Batch {place}"), "shoe": 1 }),
            3 => json!("Ada"),
            _ => json!({ "type": "lead", "name": format!("Batch {place}") }),
        })
        .collect();
    let answer = api.post("/records/batch", json!({ "records": records })).expect(200);
    assert_eq!(items(&answer).len(), 300);
    for (place, result) in items(&answer).iter().enumerate() {
        match place % 5 {
            1 => {
                is_problem(&result["error"], 422);
                assert_eq!(result["error"]["errors"][0]["pointer"], format!("/records/{place}/name"));
            }
            2 => {
                is_problem(&result["error"], 400);
                assert_eq!(result["error"]["errors"][0]["pointer"], format!("/records/{place}/shoe"));
            }
            3 => is_problem(&result["error"], 400),
            _ => assert_eq!(result["name"], format!("Batch {place}")),
        }
    }
    let found = api.get("/records?q=batch%20&limit=500").expect(200);
    assert_eq!(items(&found).len(), 120, "what was refused was not made");
    let absent = api.post("/records/batch", json!({ "records": [{ "name": "N" }] })).expect(200);
    assert_eq!(absent["results"][0]["error"]["code"], "malformed");
    assert_eq!(api.post("/records/batch", json!({ "records": [] })).expect(200), json!({ "results": [] }));
}

/// L-19.
#[test]
fn a_batch_has_at_most_a_thousand_items() {
    let server = Server::shared();
    let api = server.client();
    let sequence = api.active(graph([task("t", None)]));
    let connect = format!("/sequences/{sequence}/enrolments");
    for (path, member, item) in [
        ("/records/batch", "records", json!({ "type": "lead", "name": "Thousandth" })),
        (connect.as_str(), "records", json!("external:lead:nobody")),
        ("/events", "events", json!({})),
    ] {
        api.post(path, json!({ member: vec![item.clone(); 1_001] })).refused(413, "batch_too_large");
        let answer = api.post(path, json!({ member: vec![item; 1_000] })).expect(200);
        assert_eq!(items(&answer).len(), 1_000, "{path}");
    }
    let made = api.get("/records?q=thousandth&limit=500").expect(200);
    assert!(made["next_cursor"].is_string());
}

#[test]
fn a_batch_that_is_no_batch_is_refused_whole() {
    let server = Server::shared();
    let api = server.client();
    let sequence = api.active(graph([task("t", None)]));
    let connect = format!("/sequences/{sequence}/enrolments");
    for (path, body, pointer) in [
        ("/records/batch", json!({}), "/records"),
        ("/records/batch", json!([]), ""),
        ("/records/batch", json!({ "records": {} }), "/records"),
        ("/records/batch", json!({ "records": [], "more": 1 }), "/more"),
        ("/events", json!({ "events": {} }), "/events"),
        ("/events", json!({ "events": [], "more": 1 }), "/more"),
        (&connect, json!({}), "/records"),
        (&connect, json!({ "records": "all" }), "/records"),
        (&connect, json!({ "records": [1] }), "/records/0"),
        (&connect, json!({ "records": [], "segment": "s" }), "/segment"),
        (&connect, json!({ "records": [], "wait": { "weeks": 1 } }), "/wait/weeks"),
        (&connect, json!({ "records": [], "wait": { "days": "1" } }), "/wait/days"),
        (&connect, json!({ "records": [], "source": 1 }), "/source"),
    ] {
        api.post(path, body).refused_at(400, "malformed", pointer);
    }
}

#[test]
fn k_10_connecting_many_answers_for_each() {
    let server = Server::shared();
    let api = server.client();
    let sequence = api.active(graph([task("t", None)]));
    let (one, two, contact, closed) = (api.lead(), api.lead(), api.record("contact"), api.lead());
    api.post(&format!("/records/{closed}/close"), json!({ "outcome": "failure" })).expect(200);
    let records = json!([one, "nobody", contact, closed, one, two]);
    let body = json!({ "records": records, "source": "fair" });
    let answer = api.post(&format!("/sequences/{sequence}/enrolments"), body).expect(200);
    let results = items(&answer);
    let named: Vec<&Value> = results.iter().map(|result| &result["record"]).collect();
    assert_eq!(named, records.as_array().unwrap().iter().collect::<Vec<_>>());
    for (place, status, code) in [
        (1, 404, "not_found"),
        (2, 422, "record_type_mismatch"),
        (3, 422, "record_inactive"),
        (4, 409, "already_connected"),
    ] {
        is_problem(&results[place]["error"], status);
        assert_eq!(results[place]["error"]["code"], code);
        assert!(results[place]["enrolment"].is_null());
    }
    for place in [0, 5] {
        let enrolment = &results[place]["enrolment"];
        assert_eq!((&enrolment["status"], &enrolment["source"]), (&json!("connected"), &json!("fair")));
    }
    assert_eq!(api.get(&format!("/sequences/{sequence}")).expect(200)["connected_count"], 2);
}

#[test]
fn a_batch_of_events_answers_each_in_order() {
    let server = Server::shared();
    let api = server.client();
    let (lead, _) = api.enrolled(graph([node("m", "email", json!({}))]));
    let mail = api.current_id(&lead, "m");
    let event = |id: &str, members: Value| {
        let mut event = json!({ "id": id, "type": "email.opened", "at": START, "step": mail });
        for (member, value) in members.as_object().unwrap() {
            event[member] = value.clone();
        }
        event
    };
    let events = json!([
        event("b-1", json!({})),
        event("b-2", json!({ "type": "email.eaten" })),
        event("b-3", json!({ "at": "noon" })),
        event("b-4", json!({ "step": "none" })),
        event("b-5", json!({ "mood": "good" })),
        event("b-6", json!({ "type": "email.link_clicked", "detail": "https://example.org" })),
    ]);
    let answer = api.post("/events", json!({ "events": events })).expect(200);
    let results = items(&answer);
    assert_eq!((&results[0]["id"], &results[5]["id"]), (&json!("b-1"), &json!("b-6")));
    for (place, status, pointer) in [(1, 422, "/events/1/type"), (2, 400, "/events/2/at"), (4, 400, "/events/4/mood")] {
        is_problem(&results[place]["error"], status);
        assert_eq!(results[place]["error"]["errors"][0]["pointer"], pointer);
    }
    is_problem(&results[3]["error"], 404);
    assert_eq!(id(&results[0]), "b-1");
}
