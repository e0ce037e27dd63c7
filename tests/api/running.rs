//! Enrolments from connecting to their end (§10, §11, §13, §20.8).

use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{START, Server, spooled};

fn ended(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

#[test]
fn k_6_one_sequence_runs_once_on_a_record_at_a_time() {
    let server = Server::shared();
    let api = server.client();
    let (lead, first) = api.enrolled(graph([task("a", None)]));
    let path = format!("/sequences/{}/enrolments", first["sequence"].as_str().unwrap());
    let twice = api.post(&path, json!({ "records": [lead] })).expect(200);
    assert_eq!(twice["results"][0]["error"]["code"], "already_connected");
    api.complete(&api.current_id(&lead, "a"));
    let again = api.connect(first["sequence"].as_str().unwrap(), &lead);
    assert_ne!(id(&again), id(&first));
    // K-5: another sequence beside it.
    let other = api.active(graph([task("z", None)]));
    api.connect(&other, &lead);
    let up_next = api.get(&format!("/records/{lead}/up-next")).expect(200);
    assert_eq!(up_next["current"].as_array().unwrap().len(), 2, "U-4");
    let all = api.get(&format!("/records/{lead}/enrolments")).expect(200);
    let statuses: Vec<_> = items(&all).iter().map(|enrolment| enrolment["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["connected", "connected", "completed"]);
}

#[test]
fn k_7_record_and_sequence_are_active_and_of_one_type() {
    let server = Server::shared();
    let api = server.client();
    let active = api.active(graph([task("a", None)]));
    let inactive = api.inactive(graph([task("a", None)]));
    let (lead, closed, contact) = (api.lead(), api.lead(), api.record("contact"));
    api.post(&format!("/records/{closed}/close"), json!({ "outcome": "success" })).expect(200);
    for (sequence, record, status, code) in [
        (&inactive, &lead, 409, "sequence_not_active"),
        (&active, &closed, 422, "record_inactive"),
        (&active, &contact, 422, "record_type_mismatch"),
    ] {
        let answer = api.post(&format!("/sequences/{sequence}/enrolments"), json!({ "records": [record] })).expect(200);
        let error = &answer["results"][0]["error"];
        assert_eq!((&error["code"], &error["status"]), (&json!(code), &json!(status)));
        assert_eq!(items(&api.get(&format!("/records/{record}/enrolments")).expect(200)).len(), 0);
    }
    api.post(&format!("/records/{closed}/reopen"), json!({})).expect(200);
    api.connect(&active, &closed);
}

#[test]
fn k_9_a_wait_before_connecting_lasts_until_its_instant() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(graph([task("a", None)]));
    let path = format!("/sequences/{sequence}/enrolments");
    let (lead, second) = (api.lead(), api.lead());
    let body = json!({ "records": [lead, second], "wait": { "days": 1, "hours": 6 }, "source": "web" });
    let connecting = api.post(&path, body).expect(200)["results"][0]["enrolment"].clone();
    assert_eq!((&connecting["status"], &connecting["source"]), (&json!("connecting"), &json!("web")));
    assert_eq!(connecting["connected_at"], START);
    let twice = api.post(&path, json!({ "records": [lead] })).expect(200);
    assert_eq!(twice["results"][0]["error"]["code"], "already_connected");
    let up_next = api.get(&format!("/records/{lead}/up-next")).expect(200);
    assert_eq!((&up_next["current"], &up_next["upcoming"][0]["node"]), (&json!([]), &json!("a")));
    // D-59: while connecting any closing ends it.
    api.post(&format!("/records/{second}/close"), json!({ "outcome": "success" })).expect(200);
    let all = api.get(&format!("/records/{second}/enrolments")).expect(200);
    assert_eq!(all["items"][0]["reason"], "regarding_entity_deactivated");
    api.advance(json!({ "hours": 29, "minutes": 59 }));
    assert_eq!(api.status(&connecting).0, "connecting");
    assert_eq!(api.advance(json!({ "minutes": 1 }))["fired"], 1);
    assert_eq!(api.status(&connecting).0, "connected");
    assert_eq!(api.current(&lead)["opened_at"], "2026-03-03T15:00:00.000Z");
    for wait in [
        json!({}),
        json!({ "days": 0 }),
        json!({ "days": 31 }),
        json!({ "hours": 721 }),
        json!({ "days": -1, "hours": 48 }),
        json!({ "days": i64::MAX }),
    ] {
        api.post(&path, json!({ "records": [], "wait": wait })).refused_at(422, "validation_failed", "/wait");
    }
    let long = json!({ "records": [], "source": "s".repeat(201) });
    api.post(&path, long).refused_at(422, "validation_failed", "/source");
}

#[test]
fn k_12_disconnecting_cancels_what_is_open() {
    let server = Server::shared();
    let api = server.client();
    for kind in ["task", "wait"] {
        let first =
            node("a", kind, if kind == "wait" { json!({ "days": 1, "next": "b" }) } else { json!({ "next": "b" }) });
        let (lead, enrolment) = api.enrolled(graph([first, task("b", None)]));
        let step = api.current_id(&lead, "a");
        let path = format!("/enrolments/{}/disconnect", id(&enrolment));
        let answer = api.post(&path, json!({})).expect(200);
        assert_eq!((&answer["status"], &answer["reason"]), (&json!("disconnected"), &json!("user_disconnected")));
        assert_eq!(answer["ended_at"], START);
        assert_eq!(api.get(&format!("/steps/{step}")).expect(200)["status"], "cancelled");
        api.post(&path, json!({})).refused(409, "enrolment_ended");
        let up_next = api.get(&format!("/records/{lead}/up-next")).expect(200);
        let zones = ["current", "upcoming", "completed"].map(|zone| up_next[zone].clone());
        assert_eq!(zones, [json!([]), json!([]), json!([])]);
    }
    for enrolment in ["none", "00000000-0000-7000-8000-00000000abcd", &api.lead()] {
        api.get(&format!("/enrolments/{enrolment}")).refused(404, "not_found");
        api.post(&format!("/enrolments/{enrolment}/disconnect"), json!({})).refused(404, "not_found");
    }
}

#[test]
fn k_13_and_tc_8_closing_ends_an_enrolment_unless_a_success_leaves_the_seller_something_to_do() {
    let server = Server::shared();
    let api = server.client();
    let two = graph([task("a", Some("b")), task("b", None)]);
    let one = graph([task("a", None)]);
    let waits = graph([node("a", "wait", json!({ "days": 1, "next": "b" })), task("b", None)]);
    let gone = ended("disconnected", "regarding_entity_deactivated");
    for (outcome, drawn, expected) in [
        ("failure", &two, gone.clone()),
        ("failure", &waits, gone.clone()),
        ("success", &one, gone.clone()),
        ("success", &two, ended("connected", "")),
        ("success", &waits, ended("connected", "")),
    ] {
        let (lead, enrolment) = api.enrolled(drawn.clone());
        let step = api.current_id(&lead, "a");
        api.post(&format!("/records/{lead}/close"), json!({ "outcome": outcome })).expect(200);
        assert_eq!(api.status(&enrolment), expected, "{outcome} {drawn}");
        if expected != gone {
            // The path runs to its end.
            let action = if *drawn == waits { "skip-wait" } else { "complete" };
            api.post(&format!("/steps/{step}/{action}"), json!({})).expect(200);
            api.complete(&api.current_id(&lead, "b"));
            assert_eq!(api.status(&enrolment), ended("completed", "sequence_completed"));
        } else {
            assert_eq!(api.get(&format!("/steps/{step}")).expect(200)["status"], "cancelled");
        }
    }
}

#[test]
fn co_11_a_condition_waits_its_whole_limit_unless_told_to_move_on() {
    let server = Server::sandbox();
    let api = server.client();
    for (early, hours) in [(true, 0), (false, 24)] {
        let exits = json!({ "limit_days": 1, "advance_early": early, "yes": "y", "no": "n" });
        let nodes = [node("m", "email", json!({ "next": "c" })), node("c", "cond_email_reply", exits)];
        let (lead, _) = api.enrolled(graph(nodes.into_iter().chain([task("y", None), task("n", None)])));
        let mail = api.current_id(&lead, "m");
        api.complete(&mail);
        let at = api.get("/test-clock").expect(200)["now"].clone();
        let event = json!({ "id": format!("early {early}"), "type": "email.replied", "at": at, "step": mail });
        api.post("/events", event).expect(200);
        if hours > 0 {
            api.current_id(&lead, "c");
            api.advance_hours(hours);
        }
        api.current_id(&lead, "y");
        assert_eq!(api.visited(&lead), ["m", "c:yes"]);
    }
}

#[test]
fn u_10_what_comes_is_shown_up_to_the_next_fork_with_both_branches() {
    let server = Server::shared();
    let api = server.client();
    let fork = node("c", "cond_call", json!({ "results": ["made"], "yes": "y", "no": "n" }));
    let (lead, enrolment) = api.enrolled(graph([
        task("a", Some("w")),
        node("w", "wait", json!({ "days": 1, "next": "b" })),
        node("b", "phone_call", json!({ "next": "c" })),
        fork,
        task("y", Some("z")),
        task("n", None),
        task("z", None),
    ]));
    let up_next = api.get(&format!("/records/{lead}/up-next")).expect(200);
    let upcoming = up_next["upcoming"].as_array().unwrap();
    let shown: Vec<_> = upcoming.iter().map(|item| (item["node"].as_str().unwrap(), item["branch"].as_str())).collect();
    assert_eq!(shown, [("w", None), ("b", None), ("c", None), ("y", Some("yes")), ("n", Some("no"))]);
    assert!(upcoming.iter().all(|item| item["kind"] == "node" && item["type"].is_string() && item["name"].is_string()));
    assert_eq!((&enrolment["steps_done"], &enrolment["steps_total"]), (&json!(0), &json!(4)), "U-9");
    assert_eq!(up_next["completed"], json!([]));
}

#[test]
fn a_message_is_spooled_once_though_the_server_is_killed() {
    let server = Server::sandbox();
    let api = server.client();
    let template = "00000000-0000-7000-8000-000000000012";
    let (lead, _) = api.enrolled(graph([
        node("m", "auto_email", json!({ "template": template, "next": "w" })),
        node("w", "wait", json!({ "days": 2, "next": "b" })),
        task("b", None),
    ]));
    let server = server.kill_and_restart();
    let api = server.client();
    api.advance(json!({ "days": 2 }));
    api.current_id(&lead, "b");
    let sent = api.done(&lead)[0]["message"].as_str().unwrap().to_owned();
    let spool = spooled(&server.data());
    assert_eq!(spool.len(), 1);
    assert!(spool[0].contains(&format!("Message-ID: <{sent}>")), "{}", spool[0]);
    let waited: Value = api.get("/test-clock").expect(200)["now"].clone();
    assert_eq!(waited, "2026-03-04T09:00:00.000Z");
}
