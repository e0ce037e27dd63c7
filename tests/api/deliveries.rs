//! `/deliveries`: where messages stand, for whoever sees their records, and settling what nobody knows.

use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::Server;

const TEMPLATE: &str = "00000000-0000-7000-8000-000000000011";

fn mailing() -> Value {
    graph([node("m", "auto_email", json!({ "template": TEMPLATE, "next": "t" })), task("t", None)])
}

#[test]
fn a_delivery_is_listed_under_where_it_stands() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(mailing());
    let mut leads: Vec<_> = (0..5).map(|_| api.lead()).collect();
    leads.sort();
    leads.iter().for_each(|lead| _ = api.connect(&sequence, lead));
    api.advance_hours(1);
    let list = |query: &str| api.get(&format!("/deliveries{query}")).expect(200);
    let sent = list("?state=sent");
    assert_eq!(items(&sent).len(), 5);
    let first = &items(&sent)[0];
    assert_eq!(first["record"], json!(leads[4]), "the newest record's first");
    assert_eq!((&first["state"], &first["channel"], &first["attempts"]), (&json!("sent"), &json!("email"), &json!(0)));
    assert_eq!(first["message_id"], api.get(&format!("/steps/{}", id(first))).expect(200)["message"]);
    for state in ["owed", "claimed", "failed", "unknown", "skipped"] {
        assert_eq!(items(&list(&format!("?state={state}"))).len(), 0, "{state}");
    }
    // Page by page, each once.
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&format!("?limit=2{cursor}"));
        seen.extend(items(&page).iter().map(id));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, items(&sent).iter().map(id).collect::<Vec<_>>());
    api.get("/deliveries?state=lost").refused(400, "malformed");
    api.get("/deliveries?limit=0").refused(400, "malformed");
    api.get("/deliveries?cursor=x").refused(400, "malformed");
}

#[test]
fn only_what_nobody_knows_is_settled() {
    let server = Server::sandbox();
    let api = server.client();
    let lead = api.lead();
    api.connect(&api.active(mailing()), &lead);
    api.advance_hours(1);
    let sent = id(&items(&api.get("/deliveries").expect(200))[0]);
    let settle = |id: &str, to: &str| api.post(&format!("/deliveries/{id}/settle"), json!({ "as": to }));
    for to in ["sent", "failed", "resend"] {
        settle(&sent, to).refused(409, "delivery_known");
    }
    settle(&sent, "lost").refused_at(400, "malformed", "/as");
    settle("nobody", "sent").refused(404, "not_found");
    settle(&format!("{}f", &sent[..sent.len() - 1]), "sent").refused(404, "not_found");
    api.post(&format!("/deliveries/{sent}/settle"), json!({})).refused(400, "malformed");
}

#[test]
fn an_erased_record_leaves_no_delivery() {
    let server = Server::sandbox();
    let api = server.client();
    let lead = api.lead();
    api.connect(&api.active(mailing()), &lead);
    api.advance_hours(1);
    assert_eq!(items(&api.get("/deliveries").expect(200)).len(), 1);
    api.request(reqwest::Method::DELETE, &format!("/records/{lead}")).send();
    assert_eq!(items(&api.get("/deliveries").expect(200)).len(), 0);
}

#[test]
fn the_settings_of_deliveries_are_judged() {
    let server = Server::sandbox();
    let api = server.client();
    for (member, wrong) in [
        ("unknown_after_minutes", json!(10_081)),
        ("retry_initial_seconds", json!(0)),
        ("retry_max_hours", json!(721)),
        ("public_url", json!("https://sales.example.com/path")),
        ("public_url", json!("javascript:alert(1)")),
    ] {
        api.patch("/settings", json!({ member: wrong })).refused_at(422, "validation_failed", &format!("/{member}"));
    }
    let changes = json!({ "unknown_policy": "resend", "retry_max_hours": 0, "public_url": "http://127.0.0.1:8080" });
    let changed = api.patch("/settings", changes).expect(200);
    assert_eq!((&changed["unknown_policy"], &changed["retry_max_hours"]), (&json!("resend"), &json!(0)));
    let back = api.patch("/settings", json!({ "unknown_policy": null, "public_url": null })).expect(200);
    assert_eq!((&back["unknown_policy"], &back["public_url"]), (&json!("hold"), &Value::Null));
}
