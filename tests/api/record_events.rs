//! What other programs tell about records (§21.4): taken once, late or out of order, to the same effect as the API's own calls.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::people::fresh;
use crate::server::{Client, START, Server};

fn event(kind: &str, members: Value) -> Value {
    let mut event = json!({ "id": fresh(), "type": kind, "at": START });
    members.as_object().unwrap().iter().for_each(|(member, value)| event[member] = value.clone());
    event
}

impl Client {
    fn tell(&self, kind: &str, members: Value) -> Value {
        self.post("/events", event(kind, members)).expect(200)
    }

    fn seen(&self, record: &str) -> Value {
        self.get(&format!("/records/{record}")).expect(200)
    }
}

#[test]
fn a_record_is_created_and_updated_whichever_comes_first_and_each_event_once() {
    let server = Server::shared();
    let api = server.client();
    for first in ["record.created", "record.updated"] {
        let key = fresh();
        let named = format!("external:lead:{key}");
        let changes = json!({ "type": "lead", "name": "Ada", "fields": { "city": "Lugo" } });
        let sent = event(first, json!({ "record": named, "changes": changes }));
        let answers: Vec<_> = (0..3).map(|_| api.post("/events", sent.clone()).expect(200)).collect();
        let lead = answers[0]["record"].as_str().unwrap();
        let expected = json!({ "id": sent["id"], "type": first, "record": lead });
        assert_eq!(answers, [expected.clone(), expected.clone(), expected]);
        assert_eq!(api.seen(lead)["external_id"], key);
        api.tell("record.updated", json!({ "record": named, "changes": { "score": 8 } }));
        api.tell("record.updated", json!({ "record": lead, "changes": { "fields": { "city": null } } }));
        // A repeat changes nothing, whatever has happened since.
        api.post("/events", sent.clone()).expect(200);
        assert_eq!((&api.seen(lead)["score"], &api.seen(lead)["fields"]), (&json!(8), &json!({})), "{first}");
        // Late news of the creation of what is here is a change.
        api.tell("record.created", json!({ "record": named, "changes": { "name": "Ada King" } }));
        assert_eq!(api.seen(lead)["name"], "Ada King");
        // What was erased is not made again by what had made it.
        assert_eq!(api.request(Method::DELETE, &format!("/records/{lead}")).send().status, 204);
        api.post("/events", sent).refused(404, "not_found");
        api.get(&format!("/records/{named}")).refused(404, "not_found");
    }
    let made = api.tell("record.created", json!({ "changes": { "type": "contact", "name": "Rosa" } }));
    assert_eq!(api.seen(made["record"].as_str().unwrap())["type"], "contact");
}

#[test]
fn owner_stage_and_closing_do_what_the_calls_of_the_api_do() {
    let server = Server::shared();
    let api = server.client();
    let (seller, lead) = (api.user(&["seller"]), api.lead());
    let flow = json!({ "name": fresh(), "record_type": "lead", "stages": ["New", "Talking"] });
    let flow = id(&api.post("/process-flows", flow).expect(201));
    let until = json!([{ "event": "record.owner_changed" }, { "event": "record.stage_changed" }]);
    let wait = node("w", "wait", json!({ "days": 5, "until": until, "next": "a" }));
    let sequence = api.active(graph([wait, task("a", Some("b")), task("b", None)]));
    let run = api.connect(&sequence, &lead);
    api.tell("record.owner_changed", json!({ "record": lead, "owner": { "user": seller } }));
    assert_eq!(api.seen(&lead)["owner"], json!({ "user": seller }));
    let task = api.current(&lead);
    assert_eq!((&task["node"], &task["assignee"]), (&json!("a"), &json!({ "user": seller })), "a wait ended on it");
    api.tell("record.stage_changed", json!({ "record": lead, "flow": flow, "stage": "Talking" }));
    assert_eq!(api.seen(&lead)["process"], json!({ "flow": flow, "stage": "Talking" }));
    // TC-8: a success leaves the seller's way to be finished.
    let closed = event("record.closed", json!({ "record": lead, "outcome": "success" }));
    api.post("/events", closed.clone()).expect(200);
    assert_eq!((&api.seen(&lead)["outcome"], api.status(&run).0.as_str()), (&json!("success"), "connected"));
    // Late, again, and otherwise: it stays as it was closed.
    for outcome in ["success", "failure"] {
        api.tell("record.closed", json!({ "record": lead, "outcome": outcome }));
        assert_eq!((&api.seen(&lead)["outcome"], api.status(&run).0.as_str()), (&json!("success"), "connected"));
    }
    // A repeat does not close what was opened again.
    api.post(&format!("/records/{lead}/reopen"), json!({})).expect(200);
    api.post("/events", closed).expect(200);
    assert_eq!(api.seen(&lead)["state"], "active");
    // K-13.
    api.tell("record.closed", json!({ "record": lead, "outcome": "failure" }));
    assert_eq!(api.status(&run), ("disconnected".to_owned(), "regarding_entity_deactivated".to_owned()));
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place_and_a_batch_goes_on() {
    let server = Server::shared();
    let api = server.client();
    let (lead, key) = (api.lead(), fresh());
    let nobody = "00000000-0000-7000-8000-00000ab00000";
    let of = |members: Value| {
        let mut all = json!({ "record": lead });
        members.as_object().unwrap().iter().for_each(|(member, value)| all[member] = value.clone());
        all
    };
    let named = format!("external:lead:{key}");
    for (kind, members, status, code, pointer) in [
        ("record.updated", of(json!({})), 422, "validation_failed", "/changes"),
        ("record.updated", json!({ "changes": { "name": "x" } }), 422, "validation_failed", "/record"),
        ("record.created", json!({ "changes": { "name": "x" } }), 422, "validation_failed", "/record"),
        ("record.updated", of(json!({ "changes": { "mood": 1 } })), 400, "malformed", "/changes/mood"),
        ("record.updated", of(json!({ "changes": [] })), 400, "malformed", "/changes"),
        ("record.updated", of(json!({ "changes": { "score": 101 } })), 422, "validation_failed", "/changes/score"),
        ("record.updated", of(json!({ "changes": { "owner": null } })), 400, "malformed", "/changes/owner"),
        ("record.updated", of(json!({ "changes": { "type": "contact" } })), 422, "validation_failed", "/changes/type"),
        (
            "record.created",
            json!({ "record": named, "changes": { "type": "contact", "name": "x" } }),
            422,
            "validation_failed",
            "/changes/type",
        ),
        (
            "record.created",
            json!({ "record": named, "changes": { "external_id": "other", "name": "x" } }),
            422,
            "validation_failed",
            "/changes/external_id",
        ),
        ("record.created", json!({ "record": named, "changes": {} }), 422, "validation_failed", "/changes/name"),
        ("record.owner_changed", of(json!({})), 422, "validation_failed", "/owner"),
        ("record.owner_changed", of(json!({ "owner": { "user": "she" } })), 400, "malformed", "/owner"),
        ("record.owner_changed", of(json!({ "owner": { "user": nobody } })), 422, "validation_failed", "/owner"),
        ("record.closed", of(json!({})), 422, "validation_failed", "/outcome"),
        ("record.closed", of(json!({ "outcome": "won" })), 422, "validation_failed", "/outcome"),
        ("record.stage_changed", of(json!({ "flow": nobody })), 422, "validation_failed", "/stage"),
        ("record.stage_changed", of(json!({ "flow": "f", "stage": "s" })), 400, "malformed", "/flow"),
        ("record.stage_changed", of(json!({ "flow": nobody, "stage": "s" })), 422, "validation_failed", "/flow"),
        ("record.closed", of(json!({ "outcome": "success", "stage": "s" })), 422, "validation_failed", "/stage"),
        ("record.closed", of(json!({ "outcome": "success", "step": nobody })), 422, "validation_failed", "/step"),
        ("goal.reached", of(json!({ "changes": { "name": "x" } })), 422, "validation_failed", "/changes"),
        ("record.eaten", of(json!({})), 422, "event_type_unknown", "/type"),
    ] {
        api.post("/events", event(kind, members)).refused_at(status, code, pointer);
    }
    for (kind, members) in [
        ("record.updated", json!({ "record": nobody, "changes": { "name": "x" } })),
        ("record.updated", json!({ "record": "external:thing:x", "changes": { "name": "x" } })),
        ("record.closed", json!({ "record": named, "outcome": "success" })),
    ] {
        api.post("/events", event(kind, members)).refused(404, "not_found");
    }
    let good = event("record.updated", of(json!({ "changes": { "score": 7 } })));
    let bad = event("record.updated", of(json!({ "changes": { "score": 700 } })));
    let answer = api.post("/events", json!({ "events": [bad, good] })).expect(200);
    let results = items(&answer);
    assert_eq!(results[0]["error"]["errors"][0]["pointer"], "/events/0/changes/score", "{answer}");
    assert_eq!((&results[1]["record"], &api.seen(&lead)["score"]), (&json!(lead), &json!(7)));
}

#[test]
fn whoever_tells_may_no_more_than_by_the_calls_of_the_api() {
    let server = Server::shared();
    let api = server.client();
    let (seller, lead, own) = (api.person("Rosa", &["seller"], "default"), api.lead(), fresh());
    let told = |body: Value| api.ask(seller.by_token(), Method::POST, "/api/v1/events").json(&body).send();
    for (kind, members) in [
        ("record.updated", json!({ "changes": { "name": "Mine" } })),
        ("record.owner_changed", json!({ "owner": { "user": seller.id } })),
        ("record.closed", json!({ "outcome": "failure" })),
        ("record.stage_changed", json!({ "flow": lead, "stage": "x" })),
    ] {
        let mut body = event(kind, members);
        body["record"] = json!(lead);
        told(body).refused(404, "not_found");
    }
    let body = json!({ "record": format!("external:lead:{own}"), "changes": { "name": "Hers" } });
    let made = told(event("record.created", body)).expect(200);
    assert_eq!(api.seen(made["record"].as_str().unwrap())["owner"], json!({ "user": seller.id }));
}
