//! What a bundle holds beside sequences, and what becomes of it where something is there already.

use reqwest::Method;
use serde_json::{Value, json};

use crate::bundles::{changes, export, import, import_as};
use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Client, Server};

/// A sequence that names one of everything; its id, and those of the flow and the message.
fn whole(api: &Client) -> [String; 3] {
    let field = json!({ "name": "size", "label": "Size", "kind": "option_set", "options": ["small", "large"] });
    api.post("/record-types/lead/fields", field).expect(201);
    let flow = json!({ "name": "Sale", "record_type": "lead", "stages": ["First", "Second"] });
    let flow = id(&api.post("/process-flows", flow).expect(201));
    let mail =
        json!({ "name": "Bonjour", "language": "fr", "subject": "Bonjour", "body_text": "{{ record.fields.size }}" });
    let mail = id(&api.post("/email-templates", mail).expect(201));
    let target = api.active(graph([task("only", None)]));
    let condition = json!({ "field": "size", "op": "eq", "value": "large" });
    let drawn = graph([
        node("mail", "auto_email", json!({ "template": mail, "next": "stage" })),
        node("stage", "branch_stage", json!({ "flow": flow, "stages": ["Second"], "yes": "size", "no": null })),
        node("size", "branch_field", json!({ "condition": condition, "yes": "call", "no": null })),
        node("call", "phone_call", json!({ "next": "on" })),
        json!({ "id": "on", "type": "advance", "sequence": target }),
    ]);
    let sequence = api.inactive(drawn);
    let sales = id(&api.post("/tags", json!({ "name": "Sales" })).expect(201));
    let europe = id(&api.post("/tags", json!({ "name": "Europe", "parent": sales })).expect(201));
    api.put(&format!("/sequences/{sequence}/tags"), json!({ "tags": [europe] })).expect(200);
    [sequence, flow, mail]
}

fn parsed(bundle: &str) -> Value {
    serde_json::from_str(bundle).unwrap()
}

/// Q-90, D-41.
#[test]
fn q_90_a_sequence_travels_with_all_that_it_depends_on() {
    let (from, to) = (Server::sandbox(), Server::sandbox());
    let (from, to) = (from.client(), to.client());
    let [sequence, flow, mail] = whole(&from);
    let first = export(&from, std::slice::from_ref(&sequence));
    let bundle = parsed(&first);
    let counts: Vec<_> = ["fields", "process_flows", "tags", "email_templates", "sequences"]
        .into_iter()
        .map(|member| bundle[member].as_array().map_or(0, Vec::len))
        .collect();
    assert_eq!(counts, [1, 1, 1, 1, 2], "{first}");
    assert_eq!(bundle["tags"], json!(["Sales/Europe"]));
    for local in [&sequence, &flow, &mail] {
        assert!(!first.contains(local.as_str()), "{local} is of one server only");
    }
    let imported = import(&to, &first).expect(200);
    assert_eq!(changes(&imported), ["created"; 7], "{imported}");
    assert_eq!(export(&to, std::slice::from_ref(&sequence)), first);
    assert_eq!(changes(&import(&to, &first).expect(200)), ["unchanged"; 7]);
    // A message that is written otherwise follows by its key.
    let mut second = bundle.clone();
    second["email_templates"][0]["subject"] = json!("Bonsoir");
    assert_eq!(
        changes(&import(&to, &second.to_string()).expect(200)),
        ["unchanged", "unchanged", "unchanged", "unchanged", "updated", "unchanged", "unchanged"]
    );
    assert_eq!(to.get(&format!("/email-templates/{mail}")).expect(200)["subject"], "Bonsoir");
}

/// what is imported later is what the steps have waited for.
#[test]
fn q_91_a_step_shows_an_error_until_what_it_needs_is_there() {
    let (from, to) = (Server::sandbox(), Server::sandbox());
    let (from, to) = (from.client(), to.client());
    let [sequence, ..] = whole(&from);
    let all = parsed(&export(&from, std::slice::from_ref(&sequence)));
    let mut lacking = all.clone();
    for member in ["process_flows", "email_templates", "fields"] {
        lacking.as_object_mut().unwrap().remove(member);
    }
    let problem = import(&to, &lacking.to_string()).refused(422, "import_missing_dependency");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3, "{problem}");
    import_as(&to, "?force=true", &lacking.to_string()).expect(200);
    let codes = || {
        let found = to.post(&format!("/sequences/{sequence}/validate"), json!({})).expect(200);
        let errors = found["diagnostics"].as_array().unwrap().clone();
        let codes = errors.iter().filter(|one| one["severity"] == "error").map(|one| one["code"].clone());
        codes.collect::<Vec<_>>()
    };
    let missing = codes();
    for code in ["template_unknown", "stage_flow_missing", "advance_target_invalid"] {
        assert!(missing.contains(&json!(code)), "{code}: {missing:?}");
    }
    import(&to, &all.to_string()).expect(200);
    assert_eq!(codes(), ["advance_target_invalid"], "the other sequence is not active yet");
}

/// Q-51, D-41, D-46: an active sequence is not touched, but gets a revision.
#[test]
fn d_41_a_bundle_for_an_active_sequence_becomes_a_revision_of_it() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(graph([task("a", None)]));
    let path = format!("/sequences/{sequence}");
    let first = export(&api, std::slice::from_ref(&sequence));
    assert_eq!(changes(&import(&api, &first).expect(200)), ["unchanged"]);
    let mut second = parsed(&first);
    second["sequences"][0]["graph"] = graph([task("a", Some("b")), task("b", None)]);
    assert_eq!(changes(&import(&api, &second.to_string()).expect(200)), ["updated"]);
    assert_eq!(changes(&import(&api, &second.to_string()).expect(200)), ["unchanged"]);
    let revised = api.get(&path).expect(200);
    assert_eq!((&revised["status"], &revised["version"]), (&json!("revision"), &json!(1)));
    assert_eq!(export(&api, std::slice::from_ref(&sequence)), first, "what is being drawn is not packed");
    // Somebody else's revision stays as it is, and everything else goes on.
    let manager = api.user(&["sequence_manager"]);
    let token = api.post("/tokens", json!({ "name": "T", "user": manager, "scopes": ["read", "write"] })).expect(201);
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    let mut third = second.clone();
    third["sequences"][0]["graph"] = graph([task("c", None)]);
    let mut other = third["sequences"][0].clone();
    other["key"] = json!("another");
    third["sequences"].as_array_mut().unwrap().push(other);
    let sent = api.bare(Method::POST, "/api/v1/sequences/import").header("authorization", &bearer).json(&third).send();
    let met = sent.expect(200);
    assert_eq!(changes(&met), ["conflict", "created"], "{met}");
    api.post(&format!("{path}/activate"), json!({})).expect(200);
    assert_eq!(api.get(&path).expect(200)["version"], 2);
    assert_ne!(export(&api, &[sequence]), first);
}

/// Q-93; and what was deleted comes back under an id of its own, with its key.
#[test]
fn q_93_deleting_an_imported_sequence_leaves_what_it_depends_on() {
    let (from, to) = (Server::sandbox(), Server::sandbox());
    let (from, to) = (from.client(), to.client());
    let [sequence, _, mail] = whole(&from);
    let first = export(&from, std::slice::from_ref(&sequence));
    import(&to, &first).expect(200);
    let path = format!("/sequences/{sequence}");
    assert_eq!(to.request(Method::DELETE, &path).send().status, 204);
    to.get(&path).refused(404, "not_found");
    assert_eq!(to.get(&format!("/email-templates/{mail}")).expect(200)["name"], "Bonjour");
    assert_eq!(items(&to.get("/process-flows").expect(200)).len(), 1);
    let again = import(&to, &first).expect(200);
    let new = items(&again).iter().find(|one| one["change"] == "created").map(id).unwrap();
    assert_ne!(new, sequence);
    assert_eq!(changes(&import(&to, &first).expect(200)), ["unchanged"; 7]);
    assert_eq!(export(&to, &[new]), first);
}

#[test]
fn a_component_that_cannot_be_so_here_is_a_conflict_and_the_others_go_on() {
    let server = Server::sandbox();
    let api = server.client();
    api.post("/record-types/lead/fields", json!({ "name": "size", "label": "Size", "kind": "number" })).expect(201);
    api.post(
        "/record-types/lead/fields",
        json!({ "name": "colour", "label": "C", "kind": "option_set", "options": ["red"] }),
    )
    .expect(201);
    let bundle = json!({
        "format": "relance-bundle/1",
        "fields": [
            { "record_type": "lead", "name": "size", "label": "Size", "kind": "text" },
            { "record_type": "lead", "name": "colour", "label": "C", "kind": "option_set", "options": ["blue"] },
        ],
        "email_templates": [
            { "key": "relance:introduction.en", "name": "N", "language": "en", "subject": "S", "body_text": "B" },
        ],
        "sequences": [{ "key": "k", "name": "K", "record_type": "lead", "graph": { "nodes": [] } }],
    });
    let met = import(&api, &bundle.to_string()).expect(200);
    assert_eq!(changes(&met), ["conflict", "updated", "conflict", "created"], "{met}");
    let fields = api.get("/record-types/lead/fields?limit=500").expect(200);
    let colour = items(&fields).iter().find(|field| field["name"] == "colour").unwrap();
    assert_eq!(colour["options"], json!(["red", "blue"]), "options are added and never taken");
}

/// P-10: sellers move no sequences; sales managers do, as far as they see.
#[test]
fn p_10_who_may_not_neither_exports_nor_imports_and_nobody_brings_what_they_may_not_make() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.inactive(graph([task("a", None)]));
    let as_role = |role: &str, path: &str, body: &Value| {
        let user = api.user(&[role]);
        let token = api.post("/tokens", json!({ "name": "T", "user": user, "scopes": ["write"] })).expect(201);
        let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
        api.bare(Method::POST, &format!("/api/v1{path}")).header("authorization", &bearer).json(body).send()
    };
    let chosen = json!({ "ids": [sequence] });
    let bundle = parsed(&export(&api, std::slice::from_ref(&sequence)));
    as_role("seller", "/sequences/export", &chosen).refused(403, "forbidden_role");
    as_role("seller", "/sequences/import", &bundle).refused(403, "forbidden_role");
    as_role("sales_manager", "/sequences/export", &chosen).expect(200);
    let same = as_role("sales_manager", "/sequences/import", &bundle).expect(200);
    assert_eq!(changes(&same), ["unchanged"]);
    let mut other = bundle.clone();
    other["sequences"][0]["name"] = json!("Mine now");
    let met = as_role("sales_manager", "/sequences/import", &other).expect(200);
    assert_eq!(changes(&met), ["conflict"], "a colleague's: {met}");
    other["fields"] = json!([{ "record_type": "lead", "name": "mine", "label": "Mine", "kind": "text" }]);
    as_role("sales_manager", "/sequences/import", &other).refused(403, "forbidden_role");
    assert_eq!(export(&api, &[sequence]), bundle_text(&bundle));
}

fn bundle_text(bundle: &Value) -> String {
    let bundle: relance::web::bundle::Bundle = serde_json::from_value(bundle.clone()).unwrap();
    bundle.text()
}

/// An import that breaks off anywhere is completed by the same again; with the same key it is answered as the first.
#[test]
fn a_kill_in_the_middle_of_an_import_is_mended_by_a_repeat() {
    let server = Server::real();
    let (url, token) = (server.url(), crate::server::TOKEN);
    let sequences: Vec<Value> = (0..500)
        .map(|number| json!({ "key": format!("k{number:03}"), "name": format!("Number {number}"), "record_type": "lead", "graph": graph([task("a", None)]) }))
        .collect();
    let bundle = json!({ "format": "relance-bundle/1", "sequences": sequences });
    let body = bundle.to_string();
    let sent = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let request = reqwest::Client::new()
            .post(format!("{url}/api/v1/sequences/import"))
            .header("authorization", format!("Bearer {token}"))
            .header("idempotency-key", "all-of-them")
            .header("content-type", "application/json")
            .body(body);
        // Nobody answers any more.
        let _ = runtime.block_on(request.send());
    });
    let count = |api: &Client| items(&api.get("/sequences?limit=500").expect(200)).len();
    let api = server.client();
    crate::server::until("the import has begun", || (count(&api) > 0).then_some(()));
    let server = server.kill_and_restart();
    sent.join().unwrap();
    let api = server.client();
    let repeat = || {
        let request = api.request(Method::POST, "/sequences/import").header("idempotency-key", "all-of-them");
        request.json(&bundle).send().expect(200)
    };
    let (before, first) = (count(&api), repeat());
    assert!(before > 0 && count(&api) == 500);
    assert_eq!(changes(&first), ["created"; 500]);
    assert_eq!(changes(&import(&api, &bundle.to_string()).expect(200)), ["unchanged"; 500]);
    // A repeat takes back nothing that was written since, and the same key with another bundle is refused.
    let path = format!("/sequences/{}", id(&items(&first)[0]));
    api.patch(&path, json!({ "name": "Renamed" })).expect(200);
    assert_eq!(repeat(), first);
    assert_eq!(api.get(&path).expect(200)["name"], "Renamed");
    let mut other = bundle.clone();
    other["sequences"].as_array_mut().unwrap().truncate(3);
    let request = api.request(Method::POST, "/sequences/import").header("idempotency-key", "all-of-them");
    request.json(&other).send().refused(422, "idempotency_key_reused");
}
