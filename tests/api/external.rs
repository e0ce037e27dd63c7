//! Records by the client's own key.

use reqwest::Method;
use serde_json::json;

use crate::fixtures::{id, items};
use crate::server::Server;

#[test]
fn a_put_by_the_clients_key_creates_once_and_then_updates() {
    let server = Server::shared();
    let api = server.client();
    let path = "/records/external/lead/put-1";
    let made = api.put(path, json!({ "name": "Ada", "fields": { "city": "Vigo" } }));
    let record = made.expect(201);
    assert_eq!(made.header("location"), format!("/api/v1/records/{}", id(&record)));
    assert_eq!((&record["external_id"], &record["type"]), (&json!("put-1"), &json!("lead")));
    let updated =
        api.put(path, json!({ "type": "lead", "external_id": "put-1", "email": "ada@example.org" })).expect(200);
    assert_eq!(
        (id(&updated), &updated["name"], &updated["fields"]["city"]),
        (id(&record), &json!("Ada"), &json!("Vigo"))
    );
    let other_type = api.put("/records/external/contact/put-1", json!({ "name": "Ada" })).expect(201);
    assert_ne!(id(&other_type), id(&record), "a key is unique per type");
    let stale =
        api.request(Method::PUT, path).header("if-match", made.header("etag")).json(&json!({ "name": "N" })).send();
    stale.refused(412, "version_mismatch");
    let absent = api.request(Method::PUT, "/records/external/lead/put-absent").header("if-match", "\"v1\"");
    absent.json(&json!({ "name": "N" })).send().refused(412, "version_mismatch");
    api.get("/records/external:lead:put-absent").refused(404, "not_found");
}

#[test]
fn a_key_may_hold_whatever_a_foreign_system_writes() {
    let server = Server::shared();
    let api = server.client();
    for (key, encoded) in [
        ("a:b:c", "a:b:c"),
        ("a b", "a%20b"),
        ("a/b", "a%2Fb"),
        ("100%", "100%25"),
        ("a+b", "a+b"),
        ("señor", "se%C3%B1or"),
        ("../x", "..%2Fx"),
    ] {
        let made = api.put(&format!("/records/external/account/{encoded}"), json!({ "name": "N" })).expect(201);
        assert_eq!(made["external_id"], key);
        assert_eq!(api.get(&format!("/records/external:account:{encoded}")).expect(200), made, "{key}");
    }
    let long = "k".repeat(201);
    api.put(&format!("/records/external/lead/{long}"), json!({ "name": "N" })).refused_at(
        422,
        "validation_failed",
        "/external_id",
    );
}

#[test]
fn a_put_that_contradicts_its_address_is_refused() {
    let server = Server::shared();
    let api = server.client();
    for (path, body, status, code, pointer) in [
        ("lead/x-1", json!({ "name": "N", "type": "contact" }), 422, "validation_failed", "/type"),
        ("lead/x-1", json!({ "name": "N", "external_id": "x-2" }), 422, "validation_failed", "/external_id"),
        ("lead/x-1", json!({ "name": "N", "external_id": null }), 422, "validation_failed", "/external_id"),
        ("lead/x-1", json!({}), 422, "validation_failed", "/name"),
        ("lead/x-1", json!({ "nam": "N" }), 400, "malformed", "/nam"),
    ] {
        api.put(&format!("/records/external/{path}"), body).refused_at(status, code, pointer);
    }
    api.put("/records/external/boat/x-1", json!({ "name": "N" })).refused(404, "not_found");
    api.put("/records/external/lead", json!({ "name": "N" })).refused(404, "not_found");
    api.get("/records/external:lead:x-1").refused(404, "not_found");
}

#[test]
fn eight_upserts_of_one_key_at_the_same_time_make_one_record() {
    let server = Server::shared();
    let api = server.client();
    for round in 0..20 {
        let key = format!("race-{round}");
        let path = format!("/records/external/lead/{key}");
        let answers = api.at_once((0..8).map(|task| {
            let body = json!({ "name": "Ada", "fields": { "notes": format!("task {task}") } });
            api.request(Method::PUT, &path).json(&body)
        }));
        let ids: std::collections::BTreeSet<_> = answers.iter().map(|answer| id(&answer.json())).collect();
        assert_eq!(ids.len(), 1, "{answers:?}");
        let created = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!((created, answers.iter().filter(|answer| answer.status == 200).count()), (1, 7));
    }
    let all = api.get("/records?type=lead&q=ada&limit=500").expect(200);
    let raced =
        items(&all).iter().filter(|record| record["external_id"].as_str().is_some_and(|key| key.starts_with("race-")));
    assert_eq!(raced.count(), 20);
}

#[test]
fn eight_creations_with_one_key_at_the_same_time_make_one_record() {
    let server = Server::shared();
    let api = server.client();
    let body = json!({ "type": "lead", "name": "Ada", "external_id": "create-race" });
    let answers = api.at_once((0..8).map(|_| api.request(Method::POST, "/records").json(&body)));
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.refused_at(409, "external_id_taken", "/external_id");
    }
}

#[test]
fn a_key_that_is_taken_is_a_conflict_and_one_given_up_is_free() {
    let server = Server::shared();
    let api = server.client();
    let create = |key: &str| api.post("/records", json!({ "type": "lead", "name": "Ada", "external_id": key }));
    let (first, second) = (id(&create("key-a").expect(201)), id(&create("key-b").expect(201)));
    let problem = create("key-a").refused_at(409, "external_id_taken", "/external_id");
    assert!(!problem.to_string().contains(&first), "whoever asks may not know of the other: {problem}");
    api.patch(&format!("/records/{second}"), json!({ "external_id": "key-a" })).refused(409, "external_id_taken");
    assert_eq!(api.get(&format!("/records/{second}")).expect(200)["external_id"], "key-b");
    // Renamed, the record is found under the new key only, and the old one is free.
    api.patch("/records/external:lead:key-a", json!({ "external_id": "key-c" })).expect(200);
    assert_eq!(id(&api.get("/records/external:lead:key-c").expect(200)), first);
    api.get("/records/external:lead:key-a").refused(404, "not_found");
    assert_eq!(id(&api.patch(&format!("/records/{second}"), json!({ "external_id": "key-a" })).expect(200)), second);
    assert_eq!(id(&api.get("/records/external:lead:key-a").expect(200)), second);
    // Cleared, it is free too.
    api.patch(&format!("/records/{second}"), json!({ "external_id": null })).expect(200);
    create("key-a").expect(201);
}

#[test]
fn a_key_stands_wherever_a_record_id_is_expected() {
    let server = Server::shared();
    let api = server.client();
    let lead = id(&api.put("/records/external/lead/anywhere", json!({ "name": "Ada" })).expect(201));
    let sequence = api.active(crate::fixtures::graph([crate::fixtures::node("m", "email", json!({}))]));
    let named = "external:lead:anywhere";
    let enrolment = api.connect(&sequence, named);
    assert_eq!(enrolment["record"], lead);
    let event = json!({ "id": "e", "type": "email.opened", "at": crate::server::START, "record": named, "step": api.current(named)["id"] });
    assert_eq!(api.post("/events", event).expect(200)["record"], lead);
    for path in ["timeline", "up-next", "enrolments"] {
        api.get(&format!("/records/{named}/{path}")).expect(200);
    }
    api.post(&format!("/records/{named}/close"), json!({ "outcome": "failure" })).expect(200);
    api.post(&format!("/records/{named}/reopen"), json!({})).expect(200);
}
