//! `/webhooks` against a real receiver: what happens is sent there signed, in order for each record, again until it is taken,
//! and again from any point on.

mod faults;
mod reach;
mod receiver;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use self::receiver::{Receiver, Reply, verified};
use crate::fixtures::{graph, id, items, task};
use crate::server::{Client, Server, until};

/// Sends to this machine, and tries again at once.
const SETTINGS: &[(&str, &str)] = &[
    ("RELANCE__EGRESS__ALLOW", "127.0.0.1"),
    ("RELANCE__WEBHOOKS__TIMEOUT_SECONDS", "1"),
    ("RELANCE__WEBHOOKS__RETRY_INITIAL_MS", "5"),
];

impl Client {
    /// A webhook to a receiver; its id and its secret.
    fn webhook(&self, receiver: &Receiver, topics: &[&str]) -> (String, String) {
        let made = self.post("/webhooks", json!({ "url": receiver.url(), "topics": topics })).expect(201);
        (id(&made), made["secret"].as_str().unwrap().to_owned())
    }

    /// Everything that the stream tells of these topics.
    fn told(&self, topics: &str) -> Vec<Value> {
        let text = self.get(&format!("/stream?wait=false&cursor=0.00000000&topics={topics}")).text();
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        data.map(|data| serde_json::from_str(data).unwrap()).collect()
    }

    fn deliveries(&self, webhook: &str) -> Vec<Value> {
        items(&self.get(&format!("/webhooks/{webhook}/deliveries")).expect(200)).to_vec()
    }

    fn rename(&self, record: &str, name: &str) {
        self.patch(&format!("/records/{record}"), json!({ "name": name })).expect(200);
    }
}

/// Of each record, the ids of its events in their order.
fn by_record(events: &[Value]) -> std::collections::BTreeMap<String, Vec<String>> {
    let mut found = std::collections::BTreeMap::<String, Vec<String>>::new();
    for event in events {
        found.entry(event["record"].as_str().unwrap_or_default().to_owned()).or_default().push(id(event));
    }
    found
}

/// Waits until the receiver has taken all that the stream tells of these topics; of each record, in its order.
fn all_taken(api: &Client, receiver: &Receiver, topics: &str) -> Vec<Value> {
    let told = api.told(topics);
    until("every event is taken", || (receiver.taken().len() >= told.len()).then_some(()));
    let taken = receiver.taken();
    assert_eq!(by_record(&taken), by_record(&told));
    taken
}

#[test]
fn what_happens_is_sent_signed_and_an_outside_verifier_agrees() {
    let (server, receiver) = (Server::configured(SETTINGS), Receiver::start());
    let api = server.client();
    let (_, secret) = api.webhook(&receiver, &[]);
    let (lead, _) = api.enrolled(graph([task("a", None)]));
    api.complete(&api.current_step(&lead));
    let taken = all_taken(&api, &receiver, "");
    let kinds: BTreeSet<&str> = taken.iter().map(|event| event["type"].as_str().unwrap()).collect();
    for kind in ["sequence.activated", "record.created", "enrolment.connected", "step.opened", "step.completed"] {
        assert!(kinds.contains(kind), "{kinds:?}");
    }
    let arrivals = receiver.arrivals();
    for arrival in &arrivals {
        assert_eq!(arrival.header("content-type"), "application/json");
        assert_eq!(arrival.header("webhook-id"), id(&arrival.event()));
    }
    assert!(verified(&secret, &arrivals).iter().all(|verdict| verdict == "verified"));
    let mut forged = arrivals[0].clone();
    forged.body = forged.body.replace("\"at\"", "\"as\"");
    let mut stale = arrivals[0].clone();
    stale.headers["webhook-timestamp"] = json!("1");
    assert!(verified(&secret, &[forged, stale]).iter().all(|verdict| verdict.starts_with("refused")));
    let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    assert!(verified(other, &arrivals).iter().all(|verdict| verdict.starts_with("refused")));
}

#[test]
fn a_secret_is_shown_once_and_a_repeat_gets_the_first_answer() {
    let server = Server::configured(SETTINGS);
    let api = server.client();
    let make = || {
        let asked = api.request(Method::POST, "/webhooks").header("idempotency-key", "one");
        asked.json(&json!({ "url": "https://hooks.invalid/a", "topics": ["step"] })).send()
    };
    let made = make().expect(201);
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"), "{made}");
    assert_eq!(make().expect(201), made);
    let path = format!("/webhooks/{}", id(&made));
    let shown = api.get(&path).expect(200);
    assert!(shown["secret"].is_null() && shown["state"] == "active" && shown["topics"] == json!(["step"]), "{shown}");
    let secret = made["secret"].as_str().unwrap();
    for text in [api.get("/webhooks").text(), api.get("/audit").text(), server.log()] {
        assert!(!text.contains(secret) && !text.contains("whsec_"), "{text}");
    }
    assert_eq!(items(&api.get("/webhooks").expect(200)), [shown]);
    let told = api.get("/audit?limit=1").expect(200);
    assert_eq!(items(&told)[0]["action"], "webhook.created", "{told}");
    assert_eq!(api.request(Method::DELETE, &path).send().status, 204);
    api.get(&path).refused(404, "not_found");
    api.post(&format!("{path}/replay"), json!({ "from": "2026-03-02T09:00:00Z" })).refused(404, "not_found");
    assert_eq!(items(&api.get("/webhooks").expect(200)).len(), 0);
}

#[test]
fn only_what_a_webhook_is_for_is_sent_and_nothing_once_it_is_gone() {
    let (server, receiver) = (Server::configured(SETTINGS), Receiver::start());
    let api = server.client();
    let before = api.lead();
    let (webhook, _) = api.webhook(&receiver, &["record.closed", "step"]);
    let (lead, _) = api.enrolled(graph([task("a", None)]));
    api.post(&format!("/records/{lead}/close"), json!({ "outcome": "success" })).expect(200);
    until("it is closed there", || receiver.taken().iter().any(|event| event["type"] == "record.closed").then_some(()));
    let kinds: BTreeSet<String> =
        receiver.taken().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["record.closed", "step.opened"]);
    assert!(receiver.arrivals().iter().all(|arrival| arrival.record() != before));
    // A second one hears what the first does not any more.
    let other = Receiver::start();
    api.webhook(&other, &["record.closed"]);
    assert_eq!(api.request(Method::DELETE, &format!("/webhooks/{webhook}")).send().status, 204);
    let heard = receiver.arrivals().len();
    let last = api.lead();
    api.post(&format!("/records/{last}/close"), json!({ "outcome": "failure" })).expect(200);
    until("the other has heard", || (!other.taken().is_empty()).then_some(()));
    assert_eq!(receiver.arrivals().len(), heard);
    for (topics, place) in [(json!(["step", "steps"]), "/topics/1"), (json!([""]), "/topics/0")] {
        let asked = api.post("/webhooks", json!({ "url": receiver.url(), "topics": topics }));
        asked.refused_at(422, "validation_failed", place);
    }
}

/// What one record's events stumble over keeps no other record from the receiver.
#[test]
fn a_record_whose_event_is_refused_waits_alone_and_in_its_order() {
    let (server, receiver) = (Server::configured(SETTINGS), Receiver::start());
    let api = server.client();
    let [poison, other] = [api.lead(), api.lead()];
    let (webhook, _) = api.webhook(&receiver, &["record"]);
    let refused = poison.clone();
    receiver.does(move |arrival| Reply::Status(if arrival.record() == refused { 500 } else { 204 }));
    for turn in 0..5 {
        api.rename(&poison, &format!("Poison {turn}"));
        api.rename(&other, &format!("Other {turn}"));
    }
    until("the others are there", || {
        (receiver.taken().iter().filter(|event| event["record"] == *other).count() == 5).then_some(())
    });
    let tried: BTreeSet<String> = receiver
        .arrivals()
        .iter()
        .filter(|arrival| arrival.record() == poison)
        .map(|arrival| arrival.header("webhook-id").to_owned())
        .collect();
    assert_eq!(tried.len(), 1, "those behind the refused one wait for it");
    let held = until("it is shown", || {
        let held = api.deliveries(&webhook).into_iter().find(|delivery| delivery["state"] == "held");
        held.filter(|held| held["attempts"].as_u64() > Some(2))
    });
    assert_eq!((&held["record"], &held["status"]), (&json!(poison), &json!(500)));
    assert!(held["error"].as_str().unwrap().contains("500") && held["next_attempt_at"].is_string(), "{held}");
    assert_eq!(api.get(&format!("/webhooks/{webhook}")).expect(200)["held_back"], 1);
    receiver.does(|_| Reply::Status(200));
    all_taken_of(&api, &receiver, &[&poison, &other]);
    until("nothing is held", || (api.get(&format!("/webhooks/{webhook}")).expect(200)["held_back"] == 0).then_some(()));
    let newest = &api.deliveries(&webhook)[0];
    assert!(newest["state"] == "delivered" && newest["status"] == 200 && newest["error"].is_null(), "{newest}");
}

fn all_taken_of(api: &Client, receiver: &Receiver, records: &[&String]) {
    let told = by_record(&api.told("record.updated"));
    until("every event is taken", || {
        let taken = by_record(&receiver.taken());
        records.iter().all(|record| taken.get(*record) == told.get(*record)).then_some(())
    });
}

/// A receiver that takes nothing for too long is left alone and shown, and hears all of it once somebody says so.
#[test]
fn a_webhook_that_is_refused_for_too_long_is_stopped_and_begins_again_where_it_is_told() {
    let (server, receiver) = (Server::configured(SETTINGS), Receiver::start());
    let api = server.client();
    api.patch("/settings", json!({ "retry_max_hours": 0 })).expect(200);
    let (webhook, secret) = api.webhook(&receiver, &["record"]);
    let path = format!("/webhooks/{webhook}");
    let first = api.lead();
    until("it is taken", || (receiver.taken().len() == 1).then_some(()));
    receiver.does(|_| Reply::Status(503));
    api.rename(&first, "Grace");
    let stopped = until("it is stopped", || {
        let shown = api.get(&path).expect(200);
        (shown["state"] == "stopped").then_some(shown)
    });
    assert!(stopped["reason"].as_str().unwrap().contains("503") && stopped["stopped_at"].is_string(), "{stopped}");
    assert_eq!(items(&api.get("/audit?limit=1").expect(200))[0]["action"], "webhook.stopped");
    let heard = receiver.arrivals().len();
    receiver.does(|_| Reply::Status(200));
    api.rename(&first, "Ada");
    let server = server.kill_and_restart();
    let api = server.client();
    assert_eq!(api.get(&path).expect(200)["cursor"], stopped["cursor"]);
    let again = api.post(&format!("{path}/replay"), json!({ "from": stopped["cursor"] })).expect(200);
    assert_eq!(again["state"], "active");
    let taken = all_taken(&api, &receiver, "record");
    assert_eq!(taken.len(), 3);
    assert_eq!(receiver.arrivals().len(), heard + 2, "what was taken is not sent again");
    // From the beginning: the same events under the same ids.
    let ids: Vec<String> = taken.iter().map(id).collect();
    for from in [json!("0.00000000"), json!("2020-01-01T00:00:00Z")] {
        let before = receiver.arrivals().len();
        api.post(&format!("{path}/replay"), json!({ "from": from })).expect(200);
        until("all of it came again", || (receiver.arrivals().len() >= before + 3).then_some(()));
        let again: Vec<String> =
            receiver.arrivals()[before..].iter().map(|arrival| arrival.header("webhook-id").to_owned()).collect();
        assert_eq!(again, ids);
    }
    assert!(verified(&secret, &receiver.arrivals()).iter().all(|verdict| verdict == "verified"));
    api.post(&format!("{path}/replay"), json!({ "from": "9.00000000" })).refused(410, "cursor_expired");
    api.post(&format!("{path}/replay"), json!({ "from": "yesterday" })).refused_at(400, "malformed", "/from");
    receiver.does(|_| Reply::Status(410));
    api.rename(&first, "Nobody");
    until("it is stopped", || (api.get(&path).expect(200)["state"] == "stopped").then_some(()));
}
