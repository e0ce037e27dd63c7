//! `/bulk-emails` (W-80 to W-89): candidates, a preview, and one e-mail to many, each recipient answered for itself.

use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Client, Server, spooled};

fn mailing() -> Value {
    graph([node("m", "email", json!({ "next": "t" })), task("t", None)])
}

/// Leads who stand on the e-mail step of one sequence: the sequence, and each lead's step.
fn standing(api: &Client, count: usize) -> (String, Vec<(String, String)>) {
    let sequence = api.active(mailing());
    let mut leads: Vec<_> = (0..count).map(|_| api.lead()).collect();
    leads.sort();
    let step = |lead: &String| {
        api.connect(&sequence, lead);
        api.current_id(lead, "m")
    };
    (sequence.clone(), leads.iter().map(|lead| (lead.clone(), step(lead))).collect())
}

fn to(steps: &[&str]) -> Value {
    json!({ "steps": steps, "subject": "News for {{ record.name }}", "body": "Hello {{ record.name }}." })
}

#[test]
fn w_81_w_89_candidates_are_grouped_by_sequence_and_step_and_only_what_is_due() {
    let server = Server::sandbox();
    let api = server.client();
    let (sequence, leads) = standing(&api, 3);
    let contact = api.record("contact");
    let of_contacts = json!({ "name": "Others", "record_type": "contact", "graph": mailing() });
    let others = id(&api.post("/sequences", of_contacts).expect(201));
    api.post(&format!("/sequences/{others}/activate"), json!({})).expect(200);
    api.connect(&others, &contact);
    let found = || api.get("/bulk-emails/candidates").expect(200);
    let first = found();
    assert_eq!(items(&first).len(), 1, "W-89: leads");
    let group = &items(&first)[0];
    assert_eq!((&group["sequence"]["id"], &group["steps"][0]["node"]), (&json!(sequence), &json!("m")));
    assert_eq!(group["steps"][0]["records"].as_array().unwrap().len(), 3);
    api.patch("/settings", json!({ "bulk_email_all_types": true })).expect(200);
    assert_eq!(items(&found()).len(), 2, "and every type where the setting says so");
    let (lead, step) = &leads[0];
    api.post(&format!("/steps/{step}/snooze"), json!({ "until": "2026-03-09T09:00:00Z" })).expect(200);
    let left = found();
    let all = left.to_string();
    assert!(!all.contains(lead.as_str()) && all.contains(leads[1].0.as_str()), "what is due later is none");
}

#[test]
fn w_84_w_86_w_87_the_others_are_sent_and_whoever_cannot_be_written_to_is_told_and_left() {
    let server = Server::sandbox();
    let api = server.client();
    let (_, leads) = standing(&api, 4);
    api.patch(&format!("/records/{}", leads[1].0), json!({ "email": null })).expect(200);
    api.patch(&format!("/records/{}", leads[2].0), json!({ "allow_email": false })).expect(200);
    let steps: Vec<&str> = leads.iter().map(|(_, step)| step.as_str()).chain(["nobody"]).collect();
    let codes =
        |answer: &Value| -> Vec<Value> { items(answer).iter().map(|item| item["error"]["code"].clone()).collect() };
    let expected = [Value::Null, json!("email_missing"), json!("email_not_allowed"), Value::Null, json!("not_found")];
    let preview = api.post("/bulk-emails/preview", to(&steps)).expect(200);
    assert_eq!(codes(&preview), expected);
    assert_eq!(preview["first"]["subject"], "News for Ada Lovelace");
    assert_eq!(preview["first"]["body_text"], "Hello Ada Lovelace.");
    assert!(spooled(&server.data()).is_empty(), "a preview sends nothing");
    let sent = api.post("/bulk-emails", to(&steps)).expect(200);
    assert_eq!(codes(&sent), expected);
    api.advance_hours(1);
    assert_eq!(spooled(&server.data()).len(), 2);
    for (place, (lead, step)) in leads.iter().enumerate() {
        let here = if matches!(place, 1 | 2) { "m" } else { "t" };
        assert_eq!(api.current(lead)["node"], here, "{step}");
    }
}

#[test]
fn w_85_w_88_a_scheduled_e_mail_is_pending_until_then_and_goes_with_its_enrolment() {
    let server = Server::sandbox();
    let api = server.client();
    let (_, leads) = standing(&api, 2);
    let steps: Vec<&str> = leads.iter().map(|(_, step)| step.as_str()).collect();
    let mut body = to(&steps);
    body["send_at"] = json!("2026-03-02T09:00:00Z");
    api.post("/bulk-emails", body.clone()).refused_at(422, "send_at_in_past", "/send_at");
    body["send_at"] = json!("2026-03-03T09:00:00Z");
    api.post("/bulk-emails", body).expect(200);
    let pending = api.get(&format!("/steps/{}", steps[0])).expect(200);
    assert_eq!((&pending["status"], &pending["pending_at"]), (&json!("open"), &json!("2026-03-03T09:00:00.000Z")));
    let enrolment = pending["enrolment"].as_str().unwrap();
    api.post(&format!("/enrolments/{enrolment}/disconnect"), json!({})).expect(200);
    api.advance_hours(25);
    assert_eq!(spooled(&server.data()).len(), 1);
    assert_eq!(api.current(&leads[1].0)["node"], "t");
    let skipped = api.get("/deliveries?state=skipped").expect(200);
    assert_eq!(items(&skipped)[0]["step"], steps[0]);
}

#[test]
fn w_87_a_bulk_e_mail_is_for_one_step() {
    let server = Server::sandbox();
    let api = server.client();
    let (_, one) = standing(&api, 1);
    let (_, other) = standing(&api, 1);
    api.post("/bulk-emails", to(&[&one[0].1, &other[0].1])).refused_at(422, "bulk_mixed_steps", "/steps");
    api.post("/bulk-emails", to(&[])).refused_at(422, "bulk_empty", "/steps");
    let step = one[0].1.as_str();
    api.post("/bulk-emails", json!({ "steps": [step] })).refused(400, "malformed");
    api.post("/bulk-emails", json!({ "steps": [step], "template": "none" })).refused_at(
        422,
        "template_unknown",
        "/template",
    );
    api.post("/bulk-emails", json!({ "steps": [step], "subject": "s", "body": "{{ record.nowhere }}" })).refused_at(
        422,
        "validation_failed",
        "/body",
    );
    assert!(spooled(&server.data()).is_empty());
}

#[test]
fn a_bulk_e_mail_that_is_asked_twice_is_sent_once() {
    let server = Server::sandbox();
    let api = server.client();
    let (_, leads) = standing(&api, 2);
    let steps: Vec<&str> = leads.iter().map(|(_, step)| step.as_str()).collect();
    let ask = || {
        let request = api.request(reqwest::Method::POST, "/bulk-emails").header("Idempotency-Key", "once");
        request.json(&to(&steps)).send().expect(200)
    };
    assert_eq!(ask(), ask());
    api.advance_hours(1);
    assert_eq!(ask()["results"][0]["ok"], true);
    assert_eq!(spooled(&server.data()).len(), 2);
}
