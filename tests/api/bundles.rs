//! Bundles: sequences with what they depend on, from one server to another.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Answer, Client, Server};

/// The bundle of these sequences, as it was sent.
pub fn export(api: &Client, ids: &[String]) -> String {
    let answer = api.post("/sequences/export", json!({ "ids": ids }));
    answer.expect(200);
    answer.text()
}

pub fn import(api: &Client, bundle: &str) -> Answer {
    import_as(api, "", bundle)
}

pub fn import_as(api: &Client, query: &str, bundle: &str) -> Answer {
    let bundle: Value = serde_json::from_str(bundle).unwrap();
    api.post(&format!("/sequences/import{query}"), bundle)
}

/// What became of each component, in order.
pub fn changes(imported: &Value) -> Vec<&str> {
    items(imported).iter().map(|one| one["change"].as_str().unwrap()).collect()
}

/// A bundle with one sequence of this key and graph.
fn bundle(key: &str, graph: Value) -> Value {
    json!({ "format": "relance-bundle/1", "sequences": [
        { "key": key, "name": "Packed", "record_type": "lead", "graph": graph },
    ] })
}

/// Q-90, D-41.
#[test]
fn the_six_templates_exported_imported_into_an_empty_server_and_exported_again_are_byte_equal() {
    let (from, to) = (Server::sandbox(), Server::sandbox());
    let (from, to) = (from.client(), to.client());
    let mut tags: Vec<String> = Vec::new();
    for name in ["Vente", "Europe", "Galice", "Été à Vigo"] {
        tags.push(id(&from.post("/tags", json!({ "name": name, "parent": tags.last() })).expect(201)));
    }
    for language in ["en", "fr", "gl"] {
        let make = |template: usize| {
            let body = json!({ "name": format!("T{template} {language}"), "template": format!("T{template}") });
            let request = from.request(Method::POST, "/sequences").header("accept-language", language);
            id(&request.json(&body).send().expect(201))
        };
        let made: Vec<String> = (1..=6).map(make).collect();
        for (sequence, tags) in made.iter().zip([&tags[3..], &tags[..2], &tags[1..]]) {
            from.put(&format!("/sequences/{sequence}/tags"), json!({ "tags": tags })).expect(200);
        }
        let conduct = json!({ "exclusive": tags[2], "reentry": { "after_days": 7 }, "goal": "reply", "wait_computation": false,
            "window": { "weekdays": ["tue"], "start": "09:00", "end": "12:00", "zone": "seller", "business_time": true } });
        from.patch(&format!("/sequences/{}", made[5]), conduct).expect(200);
        let first = export(&from, &made);
        assert!(
            first.contains("\"exclusive\": \"Vente/Europe/Galice\"") && first.contains("\"start\": \"09:00\""),
            "{first}"
        );
        assert!(first.ends_with("}\n") && first.contains("\n  \"sequences\": ["), "it reads in a diff");
        for local in made.iter().map(String::as_str).chain(["2026-", "\"owner\""]) {
            assert!(!first.contains(local), "{local} is of one server only");
        }
        let imported = import(&to, &first).expect(200);
        let all = changes(&imported);
        let (tags, sequences) = all.split_at(4);
        assert_eq!(tags, [if language == "en" { "created" } else { "unchanged" }; 4], "{imported}");
        assert_eq!(sequences, ["created"; 6], "{imported}");
        assert_eq!(imported["warnings"], json!([]));
        let here: Vec<String> = items(&imported)[4..].iter().map(id).collect();
        assert_eq!(export(&to, &here), first);
    }
}

/// Q-92, Q-94.
#[test]
fn an_imported_sequence_is_the_importers_inactive_and_can_be_edited_and_activated() {
    let (from, to) = (Server::shared(), Server::sandbox());
    let (from, to) = (from.client(), to.client());
    let active = from.active(graph([task("a", None)]));
    from.connect(&active, &from.lead());
    let imported = import(&to, &export(&from, &[active])).expect(200);
    let path = format!("/sequences/{}", id(&items(&imported)[0]));
    let sequence = to.get(&path).expect(200);
    for (member, value) in [
        ("status", json!("inactive")),
        ("version", json!(1)),
        ("connected_count", json!(0)),
        ("owner", json!({ "user": "00000000-0000-7000-8000-000000000001" })),
    ] {
        assert_eq!(sequence[member], value, "{member}");
    }
    to.put(&format!("{path}/graph"), graph([task("a", Some("b")), task("b", None)])).expect(200);
    to.post(&format!("{path}/activate"), json!({})).expect(200);
}

/// D-41: the same bundle again changes nothing; a changed one is the next version once it is activated.
#[test]
fn d_41_the_same_bundle_again_changes_nothing_and_a_changed_one_makes_a_new_version() {
    let server = Server::shared();
    let api = server.client();
    let first = bundle("d-41", graph([task("a", None)])).to_string();
    assert_eq!(changes(&import(&api, &first).expect(200)), ["created"]);
    let again = import(&api, &first).expect(200);
    assert_eq!(changes(&again), ["unchanged"]);
    let path = format!("/sequences/{}", id(&items(&again)[0]));
    let before = api.get(&path);
    assert_eq!(changes(&import(&api, &first).expect(200)), ["unchanged"]);
    assert_eq!(api.get(&path).header("etag"), before.header("etag"));
    api.post(&format!("{path}/activate"), json!({})).expect(200);
    api.post(&format!("{path}/deactivate"), json!({})).expect(200);
    let second = bundle("d-41", graph([task("a", Some("b")), task("b", None)])).to_string();
    let dry = import_as(&api, "?dry_run=true", &second).expect(200);
    assert_eq!(changes(&dry), ["updated"]);
    assert_eq!(changes(&import_as(&api, "?dry_run=true", &first).expect(200)), ["unchanged"], "nothing was done");
    assert_eq!(import(&api, &second).expect(200), dry);
    assert_eq!(api.post(&format!("{path}/activate"), json!({})).expect(200)["version"], 2);
    assert_eq!(
        serde_json::from_str::<Value>(&export(&api, &[id(&items(&again)[0])])).unwrap()["sequences"][0]["key"],
        "d-41"
    );
}

/// Q-94, D-43.
#[test]
fn q_94_what_is_missing_is_told_at_once_and_nothing_changes_unless_it_is_forced() {
    let server = Server::sandbox();
    let api = server.client();
    let mail = |id: &str, template: &str, next: Option<&str>| {
        node(id, "auto_email", json!({ "template": template, "next": next }))
    };
    let both = [mail("a", "welcome", Some("b")), mail("b", "relance:nothing.en", None)];
    let lacking = bundle("lacking", graph(both)).to_string();
    let problem = import(&api, &lacking).refused(422, "import_missing_dependency");
    let pointers: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|fault| &fault["pointer"]).collect();
    assert_eq!(pointers, ["/sequences/0/graph/nodes/0/template", "/sequences/0/graph/nodes/1/template"]);
    assert_eq!(items(&api.get("/sequences").expect(200)).len(), 0);
    let forced = import_as(&api, "?force=true", &lacking).expect(200);
    assert_eq!(forced["warnings"], problem["errors"]);
    let sequence = id(&items(&forced)[0]);
    // Q-91: the steps that need them say so.
    let found = api.post(&format!("/sequences/{sequence}/validate"), json!({})).expect(200);
    let unknown = found["diagnostics"].as_array().unwrap().iter().filter(|one| one["code"] == "template_unknown");
    assert_eq!(unknown.count(), 2, "{found}");
    let again: Value = serde_json::from_str(&export(&api, &[sequence])).unwrap();
    assert_eq!(
        again["sequences"][0]["graph"],
        serde_json::from_str::<Value>(&lacking).unwrap()["sequences"][0]["graph"]
    );
    import_as(&api, "?force=yes", &lacking).refused_at(400, "malformed", "/force");
}

/// What somebody sends who wants something else.
#[test]
fn a_hostile_bundle_is_refused_with_its_place_and_writes_nothing() {
    let server = Server::sandbox();
    let api = server.client();
    let one = |key: &str| bundle(key, graph([task("a", None)]));
    let with = |member: &str, value: Value| {
        let mut bundle = one("k");
        bundle["sequences"][0][member] = value;
        bundle
    };
    let many = |count: usize| {
        let sequences: Vec<Value> =
            (0..count).map(|number| one(&format!("k{number}"))["sequences"][0].clone()).collect();
        json!({ "format": "relance-bundle/1", "sequences": sequences })
    };
    let mut twice = many(2);
    twice["sequences"][1]["key"] = json!("k0");
    for (status, code, pointer, bundle) in [
        (400, "malformed", "/format", json!({})),
        (400, "malformed", "/format", json!({ "format": "relance-bundle/2" })),
        (400, "malformed", "/extra", json!({ "format": "relance-bundle/1", "extra": 1 })),
        (400, "malformed", "/sequences/0/owner", with("owner", json!({ "user": "x" }))),
        (
            400,
            "malformed",
            "/sequences/0/graph/nodes/0/colour",
            with("graph", graph([node("a", "task", json!({ "colour": 1 }))])),
        ),
        (400, "malformed", "/sequences/0/record_type", with("record_type", json!("../boat"))),
        (422, "validation_failed", "/sequences/0/key", one("../../x")),
        (422, "validation_failed", "/sequences/0/key", one("")),
        (422, "validation_failed", "/sequences/1/key", twice),
        (422, "validation_failed", "/sequences/0/name", with("name", json!("n".repeat(161)))),
        (422, "validation_failed", "/sequences/0/graph/nodes/0/next", with("graph", graph([task("a", Some("b"))]))),
        (
            422,
            "validation_failed",
            "/sequences/0/graph/nodes/0/type",
            with("graph", graph([node("a", "dance", json!({}))])),
        ),
    ] {
        api.post("/sequences/import?force=true", bundle).refused_at(status, code, pointer);
    }
    api.post("/sequences/import", many(10_000)).refused(413, "batch_too_large");
    let deep = format!(r#"{{"format": "relance-bundle/1", "sequences": {}{}}}"#, "[".repeat(9_000), "]".repeat(9_000));
    let sent = api.request(Method::POST, "/sequences/import").header("content-type", "application/json").body(deep);
    sent.send().refused(400, "malformed");
    // One that fits does not come in beside one that does not.
    let mut half = many(2);
    half["sequences"][1]["name"] = json!("");
    api.post("/sequences/import", half).refused_at(422, "validation_failed", "/sequences/1/name");
    assert_eq!(items(&api.get("/sequences").expect(200)).len(), 0);
}
