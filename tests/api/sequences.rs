//! Sequences: drawn, checked, activated, changed, deactivated.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{START, Server, until};

#[test]
fn q_8_a_new_sequence_is_inactive_and_its_first_version() {
    let server = Server::shared();
    let api = server.client();
    let made = api.post("/sequences", json!({ "name": "Mine", "description": "Why" }));
    let sequence = made.expect(201);
    assert_eq!(made.header("location"), format!("/api/v1/sequences/{}", id(&sequence)));
    assert!(!made.header("etag").is_empty());
    for (member, value) in [
        ("name", json!("Mine")),
        ("description", json!("Why")),
        ("record_type", json!("lead")),
        ("status", json!("inactive")),
        ("version", json!(1)),
        ("owner", json!({ "user": "00000000-0000-7000-8000-000000000001" })),
        ("assign_to", json!({ "type": "record_owner" })),
        ("tags", json!([])),
        ("exit_on_reply", json!(false)),
        ("wait_computation", json!(true)),
        ("window", json!(null)),
        ("goal", json!("success")),
        ("reentry", json!("any_time")),
        ("exclusive", json!(null)),
        ("step_count", json!(0)),
        ("duration_days", json!(0)),
        ("connected_count", json!(0)),
        ("template", json!(null)),
        ("created_at", json!(START)),
    ] {
        assert_eq!(sequence[member], value, "{member}");
    }
    let read = api.get(&format!("/sequences/{}", id(&sequence)));
    assert_eq!((read.expect(200), read.header("etag")), (sequence.clone(), made.header("etag")));
    let empty = api.get(&format!("/sequences/{}/graph", id(&sequence))).expect(200);
    assert_eq!(empty, json!({ "start": null, "nodes": [] }));
    let contact = api.post("/sequences", json!({ "name": "C", "record_type": "contact" })).expect(201);
    assert_eq!(contact["record_type"], "contact");
}

#[test]
fn a_sequence_that_does_not_fit_is_refused_with_its_place() {
    let server = Server::shared();
    let api = server.client();
    let node = |members: Value| json!({ "name": "N", "graph": graph([node("a", "task", members)]) });
    for (status, code, pointer, body) in [
        (400, "malformed", "/name", json!({})),
        (400, "malformed", "/name", json!({ "name": 7 })),
        (400, "malformed", "/status", json!({ "name": "N", "status": "active" })),
        (400, "malformed", "/record_type", json!({ "name": "N", "record_type": "boat" })),
        (400, "malformed", "/graph", json!({ "name": "N", "graph": [] })),
        (400, "malformed", "/graph", json!({ "name": "N", "template": "T1", "graph": { "nodes": [] } })),
        (400, "malformed", "/graph/edges", json!({ "name": "N", "graph": { "nodes": [], "edges": [] } })),
        (400, "malformed", "/graph/nodes/0/type", json!({ "name": "N", "graph": { "nodes": [{ "id": "a" }] } })),
        (400, "malformed", "/graph/nodes/0/colour", node(json!({ "colour": "red" }))),
        (400, "malformed", "/graph/nodes/0/yes", node(json!({ "yes": null }))),
        (422, "validation_failed", "/graph/nodes/0/type", node(json!({ "type": "dance" }))),
        (422, "validation_failed", "/graph/nodes/0/next", node(json!({ "next": "nowhere" }))),
        (422, "validation_failed", "/graph/start", json!({ "name": "N", "graph": { "start": "a", "nodes": [] } })),
        (422, "validation_failed", "/name", json!({ "name": " " })),
        (422, "validation_failed", "/name", json!({ "name": "n".repeat(161) })),
        (422, "validation_failed", "/description", json!({ "name": "N", "description": "d".repeat(2_001) })),
        (422, "template_unknown", "/template", json!({ "name": "N", "template": "T7" })),
        (422, "record_type_mismatch", "/record_type", json!({ "name": "N", "template": "T1", "record_type": "lead" })),
    ] {
        api.post("/sequences", body).refused_at(status, code, pointer);
    }
    let longest = json!({ "name": "ñ".repeat(160), "description": "d".repeat(2_000), "template": "T1", "record_type": "contact" });
    api.post("/sequences", longest).expect(201);
}

#[test]
fn q_7_an_incomplete_graph_is_saved_and_an_impossible_one_is_not() {
    let server = Server::shared();
    let api = server.client();
    let sequence = api.inactive(graph([task("a", None)]));
    let path = format!("/sequences/{sequence}/graph");
    let wait = |next: Option<&str>| node("w", "wait", json!({ "days": 0, "next": next }));
    for incomplete in [
        json!({ "start": null, "nodes": [] }),
        json!({ "start": null, "nodes": [task("a", None)] }),
        graph([task("a", Some("w")), wait(None)]),
        graph([task("a", None), task("orphan", None)]),
        graph([node("a", "auto_email", json!({}))]),
        graph([node("c", "cond_call", json!({}))]),
        graph([node("a", "task", json!({ "name": "" }))]),
    ] {
        let saved = api.put(&path, incomplete.clone());
        saved.expect(200);
        assert_eq!(api.get(&path).header("etag"), saved.header("etag"));
        let kept = api.get(&path).expect(200);
        assert_eq!(
            (&kept["start"], kept["nodes"].as_array().unwrap().len()),
            (&incomplete["start"], incomplete["nodes"].as_array().unwrap().len())
        );
        api.post(&format!("/sequences/{sequence}/activate"), json!({})).refused(422, "validation_failed");
    }
    let stands = api.get(&path).expect(200);
    for (code, pointer, impossible) in [
        ("duplicate_node", "/nodes/1/id", graph([task("a", None), task("a", None)])),
        ("dangling_edge", "/nodes/0/next", graph([task("a", Some("b"))])),
        ("dangling_edge", "/start", json!({ "start": "b", "nodes": [task("a", None)] })),
        ("dangling_edge", "/nodes/1/no", graph([task("a", Some("c")), node("c", "cond_call", json!({ "no": "x" }))])),
        ("cycle", "/nodes/0", graph([task("a", Some("a"))])),
        ("unknown_type", "/nodes/0/type", graph([node("a", "dance", json!({}))])),
    ] {
        let problem = api.put(&path, impossible).refused_at(422, "validation_failed", pointer);
        assert_eq!(problem["errors"][0]["code"], code, "{problem}");
    }
    for (pointer, malformed) in [
        ("/nodes/0", graph([node("a", "task", json!({ "next": 1 }))])),
        ("/nodes/1", graph([task("a", None), node("w", "wait", json!({ "days": "2" }))])),
        ("/nodes/0/weeks", graph([node("w", "wait", json!({ "weeks": 2 }))])),
        ("/start", json!({ "start": 1, "nodes": [] })),
        ("/nodes", json!({ "nodes": {} })),
        ("/nodes/0/type", json!({ "nodes": [7] })),
    ] {
        api.put(&path, malformed).refused_at(400, "malformed", pointer);
    }
    let huge = graph([node("a", "task", json!({ "description": "d".repeat(1_000_001) }))]);
    api.put(&path, huge).refused(422, "validation_failed");
    assert_eq!(api.get(&path).expect(200), stands);
    let stale = api.request(Method::PUT, &path).header("if-match", "\"v1\"").json(&graph([task("z", None)])).send();
    stale.refused(412, "version_mismatch");
}

#[test]
fn section_9_validation_names_code_and_node_and_activation_refuses_with_the_same() {
    let server = Server::shared();
    let api = server.client();
    let wait = |id: &str, hours: i64, next: Option<&str>| node(id, "wait", json!({ "hours": hours, "next": next }));
    let mail = |next: Option<&str>| node("m", "email", json!({ "next": next }));
    let reply = |members: Value| node("c", "cond_email_reply", members);
    let update = |value: &str| node("u", "update_field", json!({ "field": "disposition", "value": value }));
    for (code, node_id, drawn) in [
        ("empty_sequence", None, json!({ "nodes": [] })),
        ("trailing_wait", Some("w"), graph([task("a", Some("w")), wait("w", 1, None)])),
        ("wait_out_of_range", Some("w"), graph([wait("w", 0, Some("a")), task("a", None)])),
        ("wait_out_of_range", Some("w"), graph([wait("w", 721, Some("a")), task("a", None)])),
        (
            "condition_misplaced",
            Some("c"),
            graph([task("a", Some("c")), reply(json!({ "yes": "z" })), task("z", None)]),
        ),
        ("condition_dead", Some("c"), graph([mail(Some("c")), reply(json!({}))])),
        (
            "limit_out_of_range",
            Some("c"),
            graph([mail(Some("c")), reply(json!({ "limit_days": 31, "yes": "z" })), task("z", None)]),
        ),
        ("template_missing", Some("m"), graph([node("m", "auto_email", json!({}))])),
        ("update_field_unsupported", Some("u"), graph([update("maybe")])),
        ("unreachable_node", Some("b"), graph([task("a", None), task("b", None)])),
        ("name_missing", Some("a"), graph([node("a", "task", json!({ "name": "" }))])),
        ("name_too_long", Some("a"), graph([node("a", "task", json!({ "name": "n".repeat(101) }))])),
    ] {
        let sequence = api.inactive(drawn);
        let found = api.post(&format!("/sequences/{sequence}/validate"), json!({})).expect(200);
        let told = found["diagnostics"].as_array().unwrap().iter().find(|told| told["code"] == code);
        let told = told.unwrap_or_else(|| panic!("no {code} in {found}"));
        assert_eq!((told["severity"].as_str(), told["node"].as_str()), (Some("error"), node_id), "{told}");
        assert!(!told["detail"].as_str().unwrap().is_empty());
        let problem = api.post(&format!("/sequences/{sequence}/activate"), json!({})).refused(422, "validation_failed");
        let fault = problem["errors"].as_array().unwrap().iter().find(|fault| fault["code"] == code);
        let pointer = fault.unwrap_or_else(|| panic!("no {code} in {problem}"))["pointer"].as_str().unwrap();
        assert_eq!(pointer.rsplit('/').next().filter(|last| !last.is_empty()), node_id, "{problem}");
        assert_eq!(api.get(&format!("/sequences/{sequence}")).expect(200)["status"], "inactive");
    }
    // A warning does not stand in the way.
    let sequence = api.inactive(graph([wait("w", 1, Some("v")), wait("v", 1, Some("a")), task("a", None)]));
    let found = api.post(&format!("/sequences/{sequence}/validate"), json!({})).expect(200);
    assert_eq!(found["diagnostics"][0]["code"], "wait_after_wait", "{found}");
    assert_eq!(found["diagnostics"][0]["severity"], "warning");
    api.post(&format!("/sequences/{sequence}/activate"), json!({})).expect(200);
}

#[test]
fn q_25_and_q_50_an_active_sequence_is_not_redrawn() {
    let server = Server::shared();
    let api = server.client();
    let sequence = api.active(graph([node("m", "email", json!({}))]));
    let path = format!("/sequences/{sequence}");
    api.put(&format!("{path}/graph"), graph([task("b", None)])).refused(409, "sequence_active");
    api.patch(&path, json!({ "exit_on_reply": true })).refused(409, "sequence_active");
    api.patch(&path, json!({ "assign_to": { "type": "current_user" }, "name": "N" })).refused(409, "sequence_active");
    api.post(&format!("{path}/activate"), json!({})).refused(409, "sequence_active");
    assert_eq!(api.get(&path).expect(200)["name"], "A sequence", "all or none");
    assert_eq!(api.patch(&path, json!({ "name": "Renamed", "exit_on_reply": false })).expect(200)["name"], "Renamed");
    assert_eq!(api.post(&format!("{path}/deactivate"), json!({})).expect(200)["status"], "inactive");
    api.post(&format!("{path}/deactivate"), json!({})).refused(409, "sequence_not_active");
    let changed = json!({ "exit_on_reply": true, "assign_to": { "type": "current_user" } });
    let patched = api.patch(&path, changed.clone()).expect(200);
    assert_eq!((&patched["exit_on_reply"], &patched["assign_to"]), (&changed["exit_on_reply"], &changed["assign_to"]));
    // What was changed is the next version; what was not is still the same one.
    assert_eq!(api.post(&format!("{path}/activate"), json!({ "description": "leaves" })).expect(200)["version"], 2);
    api.post(&format!("{path}/deactivate"), json!({})).expect(200);
    assert_eq!(api.post(&format!("{path}/activate"), json!({})).expect(200)["version"], 2);
}

#[test]
fn properties_that_do_not_fit_are_refused() {
    let server = Server::shared();
    let api = server.client();
    let path = format!("/sequences/{}", api.inactive(graph([task("a", None)])));
    let before = api.get(&path);
    let window = |members: Value| {
        let mut window = json!({ "weekdays": ["mon", "fri"], "start": "08:00", "end": "17:00" });
        window.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        json!({ "window": window })
    };
    for (status, code, pointer, patch) in [
        (400, "malformed", "/window", json!({ "window": "always" })),
        (400, "malformed", "/window", json!({ "window": ["mon"] })),
        (400, "malformed", "/window/start", window(json!({ "start": "8:00" }))),
        (400, "malformed", "/window/zone", window(json!({ "zone": "Mars/Olympus" }))),
        (400, "malformed", "/window/colour", window(json!({ "colour": "red" }))),
        (422, "validation_failed", "/window/end", window(json!({ "end": "08:00" }))),
        (422, "validation_failed", "/window/weekdays", window(json!({ "weekdays": [] }))),
        (422, "validation_failed", "/window/holidays", window(json!({ "holidays": "France" }))),
        (400, "malformed", "/goal", json!({ "goal": "happiness" })),
        (
            422,
            "validation_failed",
            "/goal/field",
            json!({ "goal": { "field": { "field": "x", "op": "eq", "value": 1 } } }),
        ),
        (400, "malformed", "/reentry", json!({ "reentry": "sometimes" })),
        (422, "validation_failed", "/reentry", json!({ "reentry": { "after_days": 0 } })),
        (400, "malformed", "/exclusive", json!({ "exclusive": "x" })),
        (422, "validation_failed", "/exclusive", json!({ "exclusive": "00000000-0000-7000-8000-000000000001" })),
        (400, "malformed", "/name", json!({ "name": 1 })),
        (400, "malformed", "/exit_on_reply", json!({ "exit_on_reply": "yes" })),
        (400, "malformed", "/record_type", json!({ "record_type": "contact" })),
        (400, "malformed", "/assign_to/type", json!({ "assign_to": { "type": "nobody" } })),
        (400, "malformed", "/assign_to", json!({ "assign_to": "record_owner" })),
        (400, "malformed", "/assign_to/field", json!({ "assign_to": { "type": "record_owner", "field": "x" } })),
        (422, "validation_failed", "/name", json!({ "name": "" })),
        (422, "validation_failed", "/description", json!({ "description": "d".repeat(2_001) })),
    ] {
        api.patch(&path, patch).refused_at(status, code, pointer);
    }
    let stale = api.request(Method::PATCH, &path).header("if-match", "\"v0\"").json(&json!({ "name": "N" })).send();
    stale.refused(412, "version_mismatch");
    assert_eq!(api.get(&path).header("etag"), before.header("etag"));
    let long = json!({ "description": "d".repeat(2_001) });
    api.post(&format!("{path}/activate"), long).refused_at(422, "validation_failed", "/description");
    let fresh = api.request(Method::PATCH, &path).header("if-match", before.header("etag"));
    fresh.json(&json!({ "name": "N" })).send().expect(200);
}

#[test]
fn q_56_deactivating_disconnects_every_record_and_q_44_then_nothing_connects() {
    let server = Server::shared();
    let api = server.client();
    let sequence = api.active(graph([task("a", None)]));
    let path = format!("/sequences/{sequence}");
    let leads: Vec<String> = (0..30).map(|_| api.lead()).collect();
    let connected = api.post(&format!("{path}/enrolments"), json!({ "records": leads })).expect(200);
    api.post(&format!("{path}/deactivate"), json!({})).expect(200);
    until("every record has left", || (api.get(&path).expect(200)["connected_count"] == 0).then_some(()));
    for result in items(&connected) {
        let ended = ("disconnected".to_owned(), "parent_sequence_deactivated".to_owned());
        assert_eq!(api.status(&result["enrolment"]), ended);
    }
    let refused = api.post(&format!("{path}/enrolments"), json!({ "records": leads })).expect(200);
    for result in items(&refused) {
        assert_eq!(
            (&result["error"]["code"], &result["error"]["status"]),
            (&json!("sequence_not_active"), &json!(409))
        );
    }
}

#[test]
fn a_record_connected_after_the_sequence_came_back_stays() {
    let server = Server::shared();
    let api = server.client();
    for _ in 0..5 {
        let sequence = api.active(graph([task("a", None)]));
        let (before, after) = (api.lead(), api.lead());
        let left = api.connect(&sequence, &before);
        api.post(&format!("/sequences/{sequence}/deactivate"), json!({})).expect(200);
        api.post(&format!("/sequences/{sequence}/activate"), json!({})).expect(200);
        let stays = api.connect(&sequence, &after);
        until("the first has left", || (api.status(&left).0 == "disconnected").then_some(()));
        assert_eq!(api.status(&stays).0, "connected");
    }
}

#[test]
fn a_sequence_that_does_not_exist_is_not_found() {
    let server = Server::shared();
    let api = server.client();
    for sequence in ["none", "00000000-0000-7000-8000-00000000abcd", &api.lead()] {
        let path = format!("/sequences/{sequence}");
        api.get(&path).refused(404, "not_found");
        api.get(&format!("{path}/graph")).refused(404, "not_found");
        api.get(&format!("{path}/enrolments")).refused(404, "not_found");
        api.put(&format!("{path}/graph"), graph([task("a", None)])).refused(404, "not_found");
        api.patch(&path, json!({ "name": "N" })).refused(404, "not_found");
        for action in ["validate", "activate", "deactivate"] {
            api.post(&format!("{path}/{action}"), json!({})).refused(404, "not_found");
        }
        api.post(&format!("{path}/enrolments"), json!({ "records": [] })).refused(404, "not_found");
    }
}

#[test]
fn how_records_go_through_a_sequence_and_enter_it_is_read_as_it_was_written() {
    let server = Server::shared();
    let api = server.client();
    let tag = api.post("/tags", json!({ "name": "Once" })).expect(201)["id"].clone();
    let sequence = api.active(graph([node("m", "email", json!({}))]));
    let path = format!("/sequences/{sequence}");
    let window = json!({ "weekdays": ["mon", "fri"], "start": "08:00", "end": "24:00", "zone": "Europe/Paris",
        "business_time": true, "holidays": "FR" });
    let versioned = json!({ "window": window, "wait_computation": false, "goal": { "field": { "field": "name", "op": "eq",
        "value": "x" } } });
    api.patch(&path, versioned.clone()).refused(409, "sequence_active");
    // Who may enter is no matter of a version.
    let entry = json!({ "reentry": { "after_days": 30 }, "exclusive": tag });
    let patched = api.patch(&path, entry.clone()).expect(200);
    assert_eq!((&patched["reentry"], &patched["exclusive"]), (&entry["reentry"], &entry["exclusive"]));
    api.post(&format!("{path}/revise"), json!({})).expect(200);
    let drawn = api.patch(&path, versioned.clone()).expect(200);
    for member in ["window", "wait_computation", "goal"] {
        assert_eq!(drawn[member], versioned[member], "{member}");
    }
    // What a revision changes is dropped with it.
    let dropped = api.post(&format!("{path}/discard-revision"), json!({})).expect(200);
    assert_eq!((&dropped["window"], &dropped["goal"]), (&json!(null), &json!("success")));
    assert_eq!((&dropped["wait_computation"], &dropped["exclusive"]), (&json!(true), &tag));
    let cleared = api.patch(&path, json!({ "exclusive": null })).expect(200);
    assert_eq!(cleared["exclusive"], json!(null));
}
