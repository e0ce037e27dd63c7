//! CM-1: conditions on other records: a deal's contact and account, looked at when the condition is reached.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, node, task};
use crate::server::{Client, Server};

fn of(related: &str, field: &str, value: &str) -> Value {
    json!({ "related": related, "condition": { "field": field, "op": "eq", "value": value } })
}

/// A wait of a day, a branch, a task behind each exit.
fn waiting(condition: Value) -> Value {
    graph([
        node("w", "wait", json!({ "days": 1, "hours": 0, "next": "b" })),
        node("b", "branch_field", json!({ "condition": condition, "yes": "y", "no": "n" })),
        task("y", None),
        task("n", None),
    ])
}

impl Client {
    fn contact(&self, city: &str) -> String {
        let body = json!({ "type": "contact", "name": "Rosalía", "fields": { "city": city } });
        id(&self.post("/records", body).expect(201))
    }

    fn deal(&self, members: Value) -> String {
        let mut body = json!({ "type": "opportunity", "name": "A deal" });
        members.as_object().unwrap().iter().for_each(|(member, value)| body[member] = value.clone());
        id(&self.post("/records", body).expect(201))
    }

    /// A sequence for deals with this graph, active.
    fn of_deals(&self, graph: Value) -> String {
        let body = json!({ "name": "Deals", "record_type": "opportunity", "graph": graph });
        let sequence = id(&self.post("/sequences", body).expect(201));
        self.post(&format!("/sequences/{sequence}/activate"), json!({})).expect(200);
        sequence
    }

    fn branch_of(&self, enrolment: &Value) -> String {
        let explained = self.get(&format!("/enrolments/{}/explain", id(enrolment))).expect(200);
        let causes = explained["causes"].as_array().unwrap().iter();
        let taken = causes.filter(|cause| cause["kind"] == "branch_taken");
        taken.map(|cause| cause["detail"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn cm_1_a_timer_looks_at_the_contact_as_it_is_by_then() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.of_deals(waiting(of("primary_contact", "city", "Lugo")));
    let contacts = ["Vigo", "Lugo", "Lugo"].map(|city| api.contact(city));
    let deals: Vec<_> = contacts.iter().map(|contact| api.deal(json!({ "primary_contact": contact }))).collect();
    let alone = api.deal(json!({}));
    let simulated =
        api.post(&format!("/sequences/{sequence}/simulate"), json!({ "records": [deals[0], deals[1], alone] }));
    let simulated = simulated.expect(200);
    let exits: Vec<_> = (0..3).map(|place| simulated["itineraries"][place]["steps"][1]["outcome"].clone()).collect();
    assert_eq!(exits, ["no", "yes", "no"], "dry runs see what is there");
    let runs: Vec<_> = deals.iter().chain([&alone]).map(|deal| api.connect(&sequence, deal)).collect();
    api.patch(&format!("/records/{}", contacts[0]), json!({ "fields": { "city": "Lugo" } })).expect(200);
    api.request(Method::DELETE, &format!("/records/{}", contacts[2])).send();
    api.advance(json!({ "days": 1 }));
    for (deal, expected) in deals.iter().zip(["y", "y", "b"]) {
        assert_eq!(api.current(deal)["node"], expected);
    }
    assert_eq!(api.current(&alone)["node"], "n", "D-60: without a contact its fields are empty");
    // CM-12: who was erased is missing.
    let stuck = api.current(&deals[2]);
    assert_eq!((&stuck["error"], &stuck["wait_state"]), (&json!("field_missing"), &json!("waiting_for_update")));
    assert!(api.branch_of(&runs[0]).contains("`primary_contact.city` is “Lugo”"), "{}", api.branch_of(&runs[0]));
    // The past stays what it was.
    api.advance_hours(1);
    api.patch(&format!("/records/{}", contacts[0]), json!({ "fields": { "city": "Muros" } })).expect(200);
    assert!(api.branch_of(&runs[0]).contains("`primary_contact.city` is “Lugo”"), "{}", api.branch_of(&runs[0]));
    let server = server.kill_and_restart();
    let api = server.client();
    api.patch(&format!("/records/{}", deals[2]), json!({ "primary_contact": contacts[1] })).expect(200);
    assert_eq!(api.current(&deals[2])["node"], "y");
}

#[test]
fn cm_1_an_account_is_named_by_its_id_or_by_your_own_key() {
    let server = Server::shared();
    let api = server.client();
    let key = crate::people::fresh();
    let account = json!({ "type": "account", "name": "Pescanova", "external_id": key, "fields": { "country": "ES" } });
    let account = id(&api.post("/records", account).expect(201));
    let branching = waiting(of("account", "country", "ES"));
    let sequence = api.of_deals(branching);
    for (named, expected) in [(account.clone(), "y"), (format!("external:account:{key}"), "y"), ("Acme".into(), "b")] {
        let deal = api.deal(json!({ "fields": { "account": named } }));
        api.connect(&sequence, &deal);
        let wait = api.current_id(&deal, "w");
        api.post(&format!("/steps/{wait}/skip-wait"), json!({})).expect(200);
        assert_eq!(api.current(&deal)["node"], expected, "{named}");
    }
    let nobody = json!({ "type": "opportunity", "name": "A deal", "fields": { "account": "external:account:nobody" } });
    api.post("/records", nobody).refused_at(422, "validation_failed", "/fields/account");
}

#[test]
fn whoever_may_not_see_a_record_neither_names_it_nor_reads_it_in_what_a_sequence_did() {
    let server = Server::shared();
    let api = server.client();
    let (contact, seller) = (api.contact("Lugo"), api.person("Rosa", &["seller"], "default"));
    let account = json!({ "type": "account", "name": "Hidden", "fields": { "country": "ES" } });
    let account = id(&api.post("/records", account).expect(201));
    let ask = |method: Method, path: &str| api.ask(seller.by_token(), method, &format!("/api/v1{path}"));
    for (named, pointer) in [
        (json!({ "primary_contact": contact }), "/primary_contact"),
        (json!({ "fields": { "account": account } }), "/fields/account"),
    ] {
        let mut body = json!({ "type": "opportunity", "name": "A deal" });
        named.as_object().unwrap().iter().for_each(|(member, value)| body[member] = value.clone());
        ask(Method::POST, "/records").json(&body).send().refused_at(422, "validation_failed", pointer);
    }
    // Somebody who sees both has named it: the sequence looks, and the seller is told no more than the exit.
    let deal = api.deal(json!({ "primary_contact": contact, "owner": { "user": seller.id } }));
    let sequence = api.of_deals(waiting(of("primary_contact", "city", "Lugo")));
    let run = api.connect(&sequence, &deal);
    let wait = api.current_id(&deal, "w");
    ask(Method::POST, &format!("/steps/{wait}/skip-wait")).json(&json!({})).send().expect(200);
    assert_eq!(api.current(&deal)["node"], "y");
    let told = ask(Method::GET, &format!("/enrolments/{}/explain", id(&run))).send().expect(200).to_string();
    assert!(told.contains("took Yes") && !told.contains("Lugo"), "{told}");
    assert!(api.branch_of(&run).contains("Lugo"), "whoever sees the contact is told");
    let other = api.deal(json!({ "primary_contact": contact, "owner": { "user": seller.id } }));
    let dry = ask(Method::POST, &format!("/sequences/{sequence}/simulate")).json(&json!({ "records": [other] })).send();
    assert_eq!(dry.expect(200)["itineraries"][0]["end"], "stuck", "a dry run sees what its asker sees");
}
