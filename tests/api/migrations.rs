//! D-47: activating a revision moves the records of the version before, shown first, undone afterwards, whatever kills the
//! server in between.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Client, Server, until};

/// An active sequence of three tasks with an open revision.
fn revised(api: &Client) -> String {
    let sequence = api.active(graph([task("a", Some("b")), task("b", Some("c")), task("c", None)]));
    api.post(&format!("/sequences/{sequence}/revise"), json!({})).expect(200);
    sequence
}

/// Another task in place of the one in the middle.
fn draw(api: &Client, sequence: &str) {
    let new = graph([task("a", Some("x")), task("x", Some("c")), task("c", None)]);
    api.put(&format!("/sequences/{sequence}/graph"), new).expect(200);
}

fn enrolments(api: &Client, sequence: &str) -> Vec<Value> {
    let list = api.get(&format!("/sequences/{sequence}/enrolments?limit=500")).expect(200);
    items(&list).to_vec()
}

/// How many stand where: version and node.
fn places(api: &Client, sequence: &str) -> BTreeMap<(u64, String), usize> {
    let mut places = BTreeMap::new();
    for one in enrolments(api, sequence) {
        let node = one["current_step"]["node"].as_str().unwrap_or("-").to_owned();
        *places.entry((one["version"].as_u64().unwrap(), node)).or_default() += 1;
    }
    places
}

fn place<const N: usize>(all: [(u64, &str, usize); N]) -> BTreeMap<(u64, String), usize> {
    all.into_iter().map(|(version, node, count)| ((version, node.to_owned()), count)).collect()
}

fn counts(migration: &Value) -> [i64; 4] {
    ["moved", "conflicts", "undone", "kept"].map(|count| migration[count].as_i64().unwrap())
}

#[test]
fn d_47_q_52_a_revision_takes_its_records_along_shown_first_and_undone_afterwards() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = revised(&api);
    let leads: Vec<_> = (0..5).map(|_| api.lead()).collect();
    leads.iter().for_each(|lead| _ = api.connect(&sequence, lead));
    for lead in &leads[3..] {
        api.complete(&api.current_id(lead, "a"));
    }
    api.complete(&api.current_id(&leads[4], "b"));
    draw(&api, &sequence);
    let preview = format!("/sequences/{sequence}/migrations/preview");
    let group = |node: &str, records: u32, becomes: Value| json!({ "version": 1, "node": node, "records": records, "becomes": becomes });
    let mut gone = group("b", 1, Value::Null);
    gone["conflict"] = json!("the new version has no step `b`; map it to one that it has");
    for (moves, groups) in [
        (json!({ "mode": "stay" }), [("a", 3, json!(null)), ("b", 1, json!(null)), ("c", 1, json!(null))]),
        (json!({ "mode": "restart" }), [("a", 3, json!("a")), ("b", 1, json!("a")), ("c", 1, json!("a"))]),
        (
            json!({ "mode": "map", "map": { "b": "x" } }),
            [("a", 3, json!("a")), ("b", 1, json!("x")), ("c", 1, json!("c"))],
        ),
    ] {
        let found = api.post(&preview, moves.clone()).expect(200);
        let groups = groups.map(|(node, records, becomes)| group(node, records, becomes));
        assert_eq!(found, json!({ "groups": groups, "next_cursor": null }), "{moves}");
    }
    let follow = json!({ "mode": "follow" });
    let found = api.post(&preview, follow.clone()).expect(200);
    assert_eq!(found["groups"], json!([group("a", 3, json!("a")), gone, group("c", 1, json!("c"))]));
    assert_eq!(places(&api, &sequence), place([(1, "a", 3), (1, "b", 1), (1, "c", 1)]), "nothing has changed");

    let activate = json!({ "description": "an x for a b", "migration": follow });
    let activated = api.post(&format!("/sequences/{sequence}/activate"), activate).expect(200);
    assert_eq!((&activated["version"], &activated["status"]), (&json!(2), &json!("active")));
    let migration = format!("/migrations/{}", activated["migration"]["id"].as_str().unwrap());
    assert_eq!(places(&api, &sequence), place([(2, "a", 3), (1, "b", 1), (2, "c", 1)]));
    let told = api.get(&migration).expect(200);
    assert_eq!((&told["state"], counts(&told)), (&json!("completed"), [4, 1, 0, 0]));
    assert_eq!((&told["sequence"], &told["version"], &told["mode"]), (&json!(sequence), &json!(2), &json!("follow")));
    let summaries = |lead: &str| -> Vec<String> {
        let timeline = api.get(&format!("/records/{lead}/timeline")).expect(200);
        items(&timeline).iter().map(|item| item["summary"].as_str().unwrap().to_owned()).collect()
    };
    assert!(summaries(&leads[0])[0].starts_with("Moved to version 2 of"), "{:?}", summaries(&leads[0]));
    assert!(summaries(&leads[3])[0].contains("has no step `b`"), "{:?}", summaries(&leads[3]));

    api.complete(&api.current_id(&leads[0], "a"));
    let undone = api.post(&format!("{migration}/undo"), json!({})).expect(200);
    assert_eq!((&undone["state"], counts(&undone)), (&json!("undone"), [4, 1, 3, 1]));
    assert_eq!(places(&api, &sequence), place([(1, "a", 2), (2, "x", 1), (1, "b", 1), (1, "c", 1)]));
    api.post(&format!("{migration}/undo"), json!({})).refused(409, "migration_undone");
    let read = api.get(&format!("/sequences/{sequence}")).expect(200);
    assert_eq!(read["version"], 2, "who is connected from now on goes through that");
    let new = api.lead();
    assert_eq!(api.connect(&sequence, &new)["version"], 2);
    api.complete(&api.current_id(&leads[1], "a"));
    assert_eq!(api.current(&leads[1])["node"], "b", "as if nothing had been");
}

#[test]
fn d_47_what_is_asked_for_has_to_fit_and_a_stranger_is_not_told() {
    let server = Server::shared();
    let api = server.client();
    let sequence = revised(&api);
    let preview = format!("/sequences/{sequence}/migrations/preview");
    for (status, code, pointer, moves) in [
        (400, "malformed", "/mode", json!({})),
        (400, "malformed", "/mode", json!({ "mode": "jump" })),
        (400, "malformed", "/map", json!({ "mode": "map", "map": [] })),
        (400, "malformed", "/from", json!({ "mode": "follow", "from": 1 })),
        (422, "validation_failed", "/map", json!({ "mode": "follow", "map": { "a": "c" } })),
        (422, "validation_failed", "/map/y", json!({ "mode": "map", "map": { "y": "c" } })),
        (422, "validation_failed", "/map/a", json!({ "mode": "map", "map": { "a": "y" } })),
    ] {
        api.post(&preview, moves.clone()).refused_at(status, code, pointer);
        let activate = json!({ "migration": moves });
        let refused = api.post(&format!("/sequences/{sequence}/activate"), activate);
        refused.refused_at(status, code, &format!("/migration{pointer}"));
    }
    api.post(&format!("{preview}?cursor=x"), json!({ "mode": "stay" })).refused_at(400, "malformed", "/cursor");
    api.put(&format!("/sequences/{sequence}/graph"), graph([node("w", "wait", json!({ "hours": 1 }))])).expect(200);
    api.post(&preview, json!({ "mode": "follow" })).refused(422, "validation_failed");
    for unknown in [sequence.clone(), "00000000-0000-7000-8000-0000000000aa".into(), "x".into()] {
        api.get(&format!("/migrations/{unknown}")).refused(404, "not_found");
        api.post(&format!("/migrations/{unknown}/undo"), json!({})).refused(404, "not_found");
    }
}

/// The job goes on where it was killed; no record is moved twice, none is left out, and the counts are exact.
#[test]
fn d_47_p4_a_kill_during_a_migration_loses_nothing() {
    let mut server = Server::real();
    let (sequence, migration) = {
        let api = server.client();
        let sequence = revised(&api);
        let names: Vec<_> = (0..400).map(|number| json!({ "type": "lead", "name": format!("L{number}") })).collect();
        let made = api.post("/records/batch", json!({ "records": names })).expect(200);
        let leads: Vec<_> = made["results"].as_array().unwrap().iter().map(id).collect();
        api.post(&format!("/sequences/{sequence}/enrolments"), json!({ "records": leads })).expect(200);
        draw(&api, &sequence);
        let activate = json!({ "migration": { "mode": "restart" } });
        let activated = api.post(&format!("/sequences/{sequence}/activate"), activate).expect(200);
        (sequence, activated["migration"]["id"].as_str().unwrap().to_owned())
    };
    let path = format!("/migrations/{migration}");
    for (state, undo) in [("completed", false), ("undone", true)] {
        server = server.kill_and_restart();
        let mut api = server.client();
        if undo {
            // The answer may be cut off by the kill that follows; what was begun goes on all the same.
            api.post(&format!("{path}/undo"), json!({})).expect(200);
            server = server.kill_and_restart();
            api = server.client();
        }
        let told = until("the migration is over", || {
            let told = api.get(&path).expect(200);
            (told["state"] == state).then_some(told)
        });
        let expected = if undo { [400, 0, 400, 0] } else { [400, 0, 0, 0] };
        assert_eq!(counts(&told), expected);
        let version = if undo { 1 } else { 2 };
        assert_eq!(places(&api, &sequence), place([(version, "a", 400)]));
    }
}
