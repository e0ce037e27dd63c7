//! Entering a sequence: what is offered, what is refused and why, and the quota of a month (K-2, K-15, K-16).

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Client, Server};

/// What became of connecting one record.
fn connect(api: &Client, sequence: &str, record: &str) -> Value {
    let answer = api.post(&format!("/sequences/{sequence}/enrolments"), json!({ "records": [record] })).expect(200);
    items(&answer)[0].clone()
}

/// L-3, K-15: fifty at once for seven places.
#[test]
fn l_3_k_15_exactly_as_many_connect_in_a_month_as_the_quota_lets_in_over_a_kill_too() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(graph([task("a", None)]));
    let leads: Vec<String> = (0..50).map(|_| api.lead()).collect();
    api.connect(&sequence, &leads[0]);
    api.patch("/settings", json!({ "monthly_connect_quota": 8 })).expect(200);
    let path = format!("/sequences/{sequence}/enrolments");
    let bodies: Vec<Value> = leads[1..].iter().map(|lead| json!({ "records": [lead] })).collect();
    let answers = api.at_once(bodies.iter().map(|body| api.request(Method::POST, &path).json(body)));
    let errors: Vec<_> =
        answers.iter().filter_map(|answer| items(&answer.expect(200))[0].get("error").cloned()).collect();
    assert_eq!(answers.len() - errors.len(), 7);
    assert!(
        errors.iter().all(|error| error["code"] == "monthly_quota_reached" && error["status"] == 429),
        "{errors:?}"
    );
    let server = server.kill_and_restart();
    let api = server.client();
    let late = api.lead();
    assert_eq!(connect(&api, &sequence, &late)["error"]["code"], "monthly_quota_reached");
    api.post("/test-clock/advance", json!({ "by": { "days": 31 } })).expect(200);
    assert!(connect(&api, &sequence, &late).get("error").is_none(), "a new month");
}

#[test]
fn a_refusal_to_enter_says_what_blocks_it() {
    let server = Server::sandbox();
    let api = server.client();
    let tag = id(&api.post("/tags", json!({ "name": "Acquisition" })).expect(201));
    let once = api.active(graph([task("a", None)]));
    api.patch(
        &format!("/sequences/{once}"),
        json!({ "name": "Once", "reentry": { "after_days": 2 }, "exclusive": tag }),
    )
    .expect(200);
    let other = api.active(graph([task("b", None)]));
    api.put(&format!("/sequences/{other}/tags"), json!({ "tags": [tag] })).expect(200);
    let lead = api.lead();
    api.connect(&once, &lead);
    let refused = connect(&api, &other, &lead);
    assert_eq!(refused["error"]["code"], "sequence_excluded");
    assert!(refused["error"]["detail"].as_str().expect("text").contains("“Once”"), "{refused}");
    api.complete(&api.current_id(&lead, "a"));
    let refused = connect(&api, &once, &lead);
    assert_eq!(refused["error"]["code"], "reentry_refused");
    let detail = refused["error"]["detail"].as_str().expect("text");
    assert!(detail.contains("until 2026-03-02T09:00") && detail.contains("from 2026-03-04T09:00"), "{detail}");
    api.post("/test-clock/advance", json!({ "by": { "days": 2 } })).expect(200);
    api.connect(&once, &lead);
}

/// K-2, K-16.
#[test]
fn k_2_k_16_records_without_a_sequence_are_offered_and_others_show_theirs() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(graph([task("a", None)]));
    let (in_it, free, left) = (api.lead(), api.lead(), api.lead());
    let enrolment = api.connect(&sequence, &in_it);
    api.connect(&sequence, &left);
    api.complete(&api.current_id(&left, "a"));
    let mut offered: Vec<String> =
        items(&api.get("/records?sequence=none&state=active").expect(200)).iter().map(id).collect();
    offered.sort();
    let mut expected = vec![free.clone(), left];
    expected.sort();
    assert_eq!(offered, expected);
    let shown = json!([{ "id": sequence, "name": "A sequence", "enrolment": enrolment["id"] }]);
    assert_eq!(api.get(&format!("/records/{in_it}")).expect(200)["sequences"], shown);
    assert_eq!(api.get(&format!("/records/{free}")).expect(200).get("sequences"), None);
}

/// A wait that also ends on what happens first, as its author wrote it and as people see it.
#[test]
fn a_wait_until_the_first_of_several_things_is_drawn_read_and_ended() {
    let server = Server::sandbox();
    let api = server.client();
    let wait =
        json!({ "days": 3, "hours": 0, "next": "t", "until": [{ "event": "email.replied" }, { "field": "city" }] });
    let drawn = graph([node("m", "email", json!({ "next": "w" })), node("w", "wait", wait.clone()), task("t", None)]);
    let sequence = api.active(drawn);
    let kept = api.get(&format!("/sequences/{sequence}/graph")).expect(200);
    assert_eq!(kept["nodes"][1]["until"], wait["until"]);
    for wrong in [
        json!("email.replied"),
        json!([{ "event": "email.eaten" }]),
        json!([{ "event": "email.replied", "field": "x" }]),
    ] {
        let mut other = wait.clone();
        other["until"] = wrong;
        let body = json!({ "name": "N", "graph": graph([node("w", "wait", other), task("t", None)]) });
        assert!([400, 422].contains(&api.post("/sequences", body).status));
    }
    let lead = api.lead();
    let enrolment = id(&api.connect(&sequence, &lead));
    api.complete(&api.current_id(&lead, "m"));
    let waiting = api.get(&format!("/enrolments/{enrolment}/explain")).expect(200)["waiting_for"].clone();
    assert_eq!(waiting["kind"], "timer");
    assert!(
        waiting["detail"].as_str().expect("text").ends_with("or until the first of: email.replied, field:city."),
        "{waiting}"
    );
    let step = api.current_id(&lead, "w");
    api.patch(&format!("/records/{lead}"), json!({ "fields": { "city": "Vigo" } })).expect(200);
    let ended = api.get(&format!("/steps/{step}")).expect(200);
    assert_eq!((&ended["status"], &ended["outcome"]), (&json!("completed"), &json!("field:city")));
    api.current_id(&lead, "t");
    let told = api.get(&format!("/records/{lead}/timeline")).expect(200);
    let summaries: Vec<_> = items(&told).iter().filter_map(|one| one["summary"].as_str()).collect();
    assert!(summaries.iter().any(|told| told.ends_with("ended before its time: `city` was written")), "{summaries:?}");
}
