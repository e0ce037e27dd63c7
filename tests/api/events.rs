//! What other programs tell about e-mails (§21.4, §5.1, §11.3).

use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{START, Server};

fn event(id: &str, kind: &str, step: &str) -> Value {
    json!({ "id": id, "type": kind, "at": START, "step": step })
}

#[test]
fn every_type_of_event_is_taken_once_and_told_on_the_timeline() {
    let server = Server::shared();
    let api = server.client();
    let (lead, _) = api.enrolled(graph([node("m", "email", json!({}))]));
    let mail = api.current_id(&lead, "m");
    for (kind, told) in [
        ("email.opened", "email_opened"),
        ("email.link_clicked", "email_link_clicked"),
        ("email.attachment_downloaded", "email_attachment_downloaded"),
        ("email.replied", "email_replied"),
        ("email.bounced", "email_bounced"),
    ] {
        let sent = event(&format!("{lead} {kind}"), kind, &mail);
        for _ in 0..3 {
            let answer = api.post("/events", sent.clone()).expect(200);
            assert_eq!(answer, json!({ "id": sent["id"], "type": kind, "record": lead, "step": mail }));
        }
        // The same id again changes nothing, whatever else it says.
        api.post("/events", event(&format!("{lead} {kind}"), "email.opened", &mail)).expect(200);
        let timeline = api.get(&format!("/records/{lead}/timeline")).expect(200);
        let count = items(&timeline).iter().filter(|item| item["kind"] == told && item["step"] == mail).count();
        assert_eq!(count, 1, "{kind}");
    }
}

#[test]
fn an_event_that_cannot_be_understood_is_refused_with_its_place() {
    let server = Server::shared();
    let api = server.client();
    let (lead, _) = api.enrolled(graph([node("m", "email", json!({ "next": "t" })), task("t", None)]));
    let mail = api.current_id(&lead, "m");
    api.complete(&mail);
    let (task, other) = (api.current_id(&lead, "t"), api.lead());
    let good = event("wrong", "email.opened", &mail);
    for (status, code, pointer, members) in [
        (400, "malformed", "/id", json!({ "id": "" })),
        (400, "malformed", "/id", json!({ "id": "i".repeat(201) })),
        (400, "malformed", "/id", json!({ "id": 1 })),
        (400, "malformed", "/at", json!({ "at": "noon" })),
        (400, "malformed", "/at", json!({ "at": 12 })),
        (400, "malformed", "/mood", json!({ "mood": "good" })),
        (422, "event_type_unknown", "/type", json!({ "type": "email.eaten" })),
        (422, "validation_failed", "/step", json!({ "step": null })),
        (422, "validation_failed", "/record", json!({ "record": other })),
    ] {
        let mut sent = good.clone();
        members.as_object().unwrap().iter().for_each(|(member, value)| sent[member] = value.clone());
        api.post("/events", sent).refused_at(status, code, pointer);
    }
    for (status, code, members) in [
        (404, "not_found", json!({ "step": "none" })),
        (404, "not_found", json!({ "step": lead })),
        (404, "not_found", json!({ "step": null, "message": "none@localhost" })),
        (404, "not_found", json!({ "record": "external:lead:none" })),
        (422, "not_an_email", json!({ "step": task })),
    ] {
        let mut sent = good.clone();
        members.as_object().unwrap().iter().for_each(|(member, value)| sent[member] = value.clone());
        api.post("/events", sent).refused(status, code);
    }
    for missing in ["id", "type", "at"] {
        let mut sent = good.clone();
        sent.as_object_mut().unwrap().remove(missing);
        api.post("/events", sent).refused(400, "malformed");
    }
    // None of them has used the id up.
    api.post("/events", good).expect(200);
}

#[test]
fn an_event_names_an_automated_mail_by_its_message() {
    let server = Server::sandbox();
    let api = server.client();
    let template = "00000000-0000-7000-8000-000000000011";
    let exits = json!({ "limit_days": 1, "advance_early": true, "yes": "y", "no": null });
    let mail = node("m", "auto_email", json!({ "template": template, "next": "c" }));
    let (lead, _) = api.enrolled(graph([mail, node("c", "cond_email_reply", exits), task("y", None)]));
    api.advance_hours(0);
    let message = api.done(&lead)[0]["message"].as_str().unwrap().to_owned();
    let sent = json!({ "id": "by message", "type": "email.replied", "at": START, "message": format!("<{message}>"), "record": lead });
    assert_eq!(api.post("/events", sent).expect(200)["record"], lead);
    api.current_id(&lead, "y");
}

#[test]
fn d_62_the_instant_of_an_event_decides_whether_it_came_in_time() {
    let server = Server::sandbox();
    let api = server.client();
    let exits = json!({ "limit_days": 1, "yes": "y", "no": "n" });
    let nodes = [node("m", "email", json!({ "next": "c" })), node("c", "cond_email_reply", exits)];
    let sequence = api.active(graph(nodes.into_iter().chain([task("y", None), task("n", None)])));
    let leads: Vec<(String, String)> = ["2026-03-03T09:00:00Z", "2026-03-03T09:00:00.001Z"]
        .iter()
        .map(|at| {
            let lead = api.lead();
            api.connect(&sequence, &lead);
            let mail = api.current_id(&lead, "m");
            api.complete(&mail);
            let mut sent = event(&format!("late {at}"), "email.replied", &mail);
            sent["at"] = json!(at);
            api.post("/events", sent).expect(200);
            (lead, mail)
        })
        .collect();
    api.advance_hours(24);
    assert_eq!(api.visited(&leads[0].0), ["m", "c:yes"]);
    assert_eq!(api.visited(&leads[1].0), ["m", "c:no"]);
    // CO-18: once the branch is taken it stays.
    api.post("/events", event("very late", "email.replied", &leads[1].1)).expect(200);
    api.current_id(&leads[1].0, "n");
}

#[test]
fn r_30_and_r_33_a_reply_takes_the_record_out_before_a_condition_sees_it() {
    let server = Server::shared();
    let api = server.client();
    let exits = json!({ "limit_days": 1, "advance_early": true, "yes": "y", "no": "y" });
    let nodes = [node("m", "email", json!({ "next": "c" })), node("c", "cond_email_reply", exits), task("y", None)];
    let sequence = api.inactive(graph(nodes));
    api.patch(&format!("/sequences/{sequence}"), json!({ "exit_on_reply": true })).expect(200);
    api.post(&format!("/sequences/{sequence}/activate"), json!({})).expect(200);
    for completed in [true, false] {
        let lead = api.lead();
        let enrolment = api.connect(&sequence, &lead);
        let mail = api.current_id(&lead, "m");
        if completed {
            api.complete(&mail);
        }
        let current = id(&api.current(&lead));
        api.post("/events", event(&format!("open {lead}"), "email.opened", &mail)).expect(200);
        assert_eq!(api.status(&enrolment).0, "connected");
        api.post("/events", event(&format!("reply {lead}"), "email.replied", &mail)).expect(200);
        assert_eq!(api.status(&enrolment), ("disconnected".to_owned(), "exit_criterion_met".to_owned()));
        assert_eq!(api.get(&format!("/steps/{current}")).expect(200)["status"], "cancelled");
    }
    let none = api.inactive(graph([task("t", None)]));
    api.patch(&format!("/sequences/{none}"), json!({ "exit_on_reply": true })).expect(200);
    let problem = api.post(&format!("/sequences/{none}/activate"), json!({})).refused(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "reply_exit_without_email");
}
