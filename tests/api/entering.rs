//! Entering a sequence: what is offered, what is refused and why, and the quota of a month (K-2, K-15, K-16).

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, task};
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
