//! `/suppressions`: whom automated messages are not sent to, whoever has the address, and however long ago they said so.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Client, Server, spooled};

const TEMPLATE: &str = "00000000-0000-7000-8000-000000000011";

fn mailing(api: &Client) -> String {
    api.active(graph([node("m", "auto_email", json!({ "template": TEMPLATE, "next": "t" })), task("t", None)]))
}

fn lead(api: &Client, email: &str) -> String {
    id(&api.post("/records", json!({ "type": "lead", "name": "Ada", "email": email })).expect(201))
}

fn listed(api: &Client, query: &str) -> Vec<Value> {
    items(&api.get(&format!("/suppressions{query}")).expect(200)).to_vec()
}

/// ST-23: a message to a suppressed address becomes the seller's, whoever has the address and however it is written.
#[test]
fn st_23_nobody_writes_to_a_suppressed_address_until_it_is_none() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = mailing(&api);
    let made = api.post("/suppressions", json!({ "email": " Ada@Example.ORG" })).expect(201);
    assert_eq!((&made["channel"], &made["reason"]), (&json!("email"), &json!("requested")));
    assert_eq!(made["email"], "Ada@Example.ORG", "as it was written");
    let again = api.post("/suppressions", json!({ "email": "ada@example.org", "reason": "complained" })).expect(201);
    assert_eq!(again, made, "once more changes nothing");
    let (suppressed, other) = (lead(&api, "ADA@example.org"), lead(&api, "bea@example.org"));
    api.connect(&sequence, &suppressed);
    api.connect(&sequence, &other);
    api.advance(json!({ "minutes": 1 }));
    assert_eq!(spooled(&server.data()).len(), 1);
    let step = api.current(&suppressed);
    assert_eq!((&step["node"], &step["error"]), (&json!("m"), &json!("email_undeliverable")), "{step}");
    assert_eq!(api.current(&other)["node"], "t");
    let explained = api.get(&format!("/enrolments/{}/explain", step["enrolment"].as_str().unwrap())).expect(200);
    let blocks = explained["blocked_by"].as_array().unwrap();
    let block = blocks.iter().find(|block| block["kind"] == "suppression").unwrap();
    assert!(block["detail"].as_str().unwrap().contains("suppressed"), "{explained}");
    // It outlives the server.
    let server = server.kill_and_restart();
    let api = server.client();
    assert_eq!(listed(&api, ""), vec![made.clone()]);
    assert_eq!(listed(&api, "?email=Ada@example.org"), vec![made.clone()]);
    assert!(listed(&api, "?email=bea@example.org").is_empty());
    let third = lead(&api, "ada@example.org");
    api.connect(&sequence, &third);
    assert_eq!(api.current(&third)["node"], "m");
    let path = format!("/suppressions/{}", id(&made));
    assert_eq!(api.request(Method::DELETE, &path).send().status, 204);
    api.request(Method::DELETE, &path).send().refused(404, "not_found");
    let fourth = lead(&api, "ada@example.org");
    api.connect(&sequence, &fourth);
    assert_eq!(api.current(&fourth)["node"], "t");
    let audited = api.get("/audit").expect(200).to_string();
    assert!(audited.contains("suppression.added") && audited.contains("suppression.removed"));
    assert!(!audited.to_lowercase().contains("ada@example.org"), "an address is nowhere to be read");
}

#[test]
fn the_list_has_pages_and_what_fits_nowhere_is_refused() {
    let server = Server::sandbox();
    let api = server.client();
    let mut made: Vec<String> = (0..5)
        .map(|n| id(&api.post("/suppressions", json!({ "email": format!("a{n}@example.org") })).expect(201)))
        .collect();
    let phone = json!({ "phone": "+34 600 000 000", "reason": "requested" });
    let phone = api.post("/suppressions", phone).expect(201);
    assert_eq!(phone["channel"], "phone");
    assert_eq!(listed(&api, "?phone=0034-600-000-000"), vec![phone.clone()]);
    made.push(id(&phone));
    made.sort();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(&format!("/suppressions?limit=4{cursor}")).expect(200);
        seen.extend(items(&page).iter().map(id));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, made);
    for (body, pointer) in [
        (json!({}), "/email"),
        (json!({ "email": "a@example.org", "phone": "+34600000000" }), "/email"),
        (json!({ "email": "nobody" }), "/email"),
        (json!({ "phone": "12" }), "/phone"),
    ] {
        api.post("/suppressions", body).refused_at(422, "validation_failed", pointer);
    }
    for reason in ["", " ", "a\nb", &"x".repeat(201)] {
        let body = json!({ "email": "a@example.org", "reason": reason });
        api.post("/suppressions", body).refused_at(422, "validation_failed", "/reason");
    }
    api.get("/suppressions?limit=0").refused(400, "malformed");
    api.get("/suppressions?email=nobody").refused(422, "validation_failed");
}
