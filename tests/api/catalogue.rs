//! What sequences are made of, as a client configures it: record types and fields.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, task};
use crate::server::{Client, Server, until};

fn names(list: &Value) -> Vec<&str> {
    items(list).iter().map(|item| item["name"].as_str().unwrap()).collect()
}

fn delete(api: &Client, path: &str) -> u16 {
    api.request(Method::DELETE, path).send().status
}

/// C-1, A-2: a type is made, switched on, used, and can only go once nothing is of it.
#[test]
fn c_1_a_type_of_ones_own_is_used_like_the_built_in_ones() {
    let server = Server::sandbox();
    let api = server.client();
    let made = api.post("/record-types", json!({ "name": "project", "label": "Project" }));
    let expected = json!({ "name": "project", "label": "Project", "built_in": false, "enabled": false });
    assert_eq!(made.expect(201), expected);
    assert_eq!(made.header("location"), "/api/v1/record-types/project");
    assert_eq!(names(&api.get("/record-types").expect(200)), ["account", "contact", "lead", "opportunity", "project"]);
    api.post("/record-types", json!({ "name": "project", "label": "P" })).refused(409, "name_taken");
    api.post("/record-types", json!({ "name": "Project", "label": "P" })).refused(400, "malformed");
    let field = json!({ "name": "budget", "label": "Budget", "kind": "money" });
    api.post("/record-types/project/fields", field).expect(201);
    let sequence = json!({ "name": "S", "record_type": "project", "graph": graph([task("t", None)]) });
    api.post("/sequences", sequence.clone()).refused_at(422, "validation_failed", "/record_type");
    api.patch("/settings", json!({ "record_types": ["lead", "project"] })).expect(200);
    let sequence = id(&api.post("/sequences", sequence).expect(201));
    api.post(&format!("/sequences/{sequence}/activate"), json!({})).expect(200);
    let record = json!({ "type": "project", "name": "Bridge", "external_id": "b", "fields": { "budget": 1e6 } });
    let record = api.post("/records", record).expect(201);
    assert_eq!((&record["type"], &record["fields"]["budget"]), (&json!("project"), &json!(1e6)));
    api.connect(&sequence, &id(&record));
    let server = server.kill_and_restart();
    let api = server.client();
    assert_eq!(api.get("/records/external:project:b").expect(200)["id"], record["id"], "also after a restart");
    let listed = api.get("/records?type=project").expect(200);
    assert_eq!(items(&listed).len(), 1);
    api.put("/records/external/project/b", json!({ "name": "Bridge 2" })).expect(200);
    // It is used by one after the other: the sequence, the settings, the records.
    let gone = || api.request(Method::DELETE, "/record-types/project").send();
    gone().refused(409, "record_type_in_use");
    assert_eq!(delete(&api, "/record-types/lead"), 409);
    let second = api.post("/record-types", json!({ "name": "case", "label": "Case" })).expect(201);
    assert_eq!(second["enabled"], false);
    let case = api.post("/records", json!({ "type": "case", "name": "One" })).expect(201);
    let gone = || api.request(Method::DELETE, "/record-types/case").send();
    gone().refused(409, "record_type_in_use");
    assert_eq!(delete(&api, &format!("/records/{}", id(&case))), 204);
    assert_eq!(gone().status, 204);
    gone().refused(404, "not_found");
    api.post("/records", json!({ "type": "case", "name": "Two" })).refused_at(400, "malformed", "/type");
}

#[test]
fn fields_are_added_changed_removed_and_come_back_with_their_values() {
    let server = Server::sandbox();
    let api = server.client();
    let listed = api.get("/record-types/contact/fields?limit=3").expect(200);
    assert_eq!(names(&listed), ["city", "company", "country"]);
    let next = listed["next_cursor"].as_str().unwrap();
    let listed = api.get(&format!("/record-types/contact/fields?limit=100&cursor={next}")).expect(200);
    assert_eq!(
        items(&listed)[1],
        json!({ "name": "future_events", "label": "Future events", "kind": "two_option", "built_in": true })
    );
    let made = json!({ "name": "tier", "label": "Tier", "kind": "option_set", "options": ["Gold", "Silver"] });
    let answer = api.post("/record-types/lead/fields", made.clone());
    let mut expected = made.clone();
    expected["built_in"] = json!(false);
    assert_eq!(answer.expect(201), expected);
    assert_eq!(answer.header("location"), "/api/v1/record-types/lead/fields/tier");
    let lead = api.post("/records", json!({ "type": "lead", "name": "Ada", "fields": { "tier": "Gold" } })).expect(201);
    let path = "/record-types/lead/fields/tier";
    let changed = api.request(Method::PATCH, path).header("if-match", answer.header("etag"));
    let changed = changed.json(&json!({ "options": ["Silver"], "kind": "option_set" })).send();
    assert_eq!(changed.expect(200)["options"], json!(["Silver"]));
    let stale = api.request(Method::PATCH, path).header("if-match", answer.header("etag"));
    stale.json(&json!({ "label": "Rank" })).send().refused(412, "version_mismatch");
    api.patch(path, json!({ "kind": "text" })).refused(422, "field_kind_fixed");
    let shown = || api.get(&format!("/records/{}", id(&lead))).expect(200)["fields"].clone();
    assert_eq!(shown(), json!({ "tier": "Gold" }), "an option that is gone stays readable");
    assert_eq!(delete(&api, path), 204);
    assert_eq!(shown(), json!({}));
    api.post("/records", json!({ "type": "lead", "name": "Eve", "fields": { "tier": "Silver" } })).refused_at(
        422,
        "validation_failed",
        "/fields/tier",
    );
    let other = json!({ "name": "tier", "label": "Tier", "kind": "number" });
    api.post("/record-types/lead/fields", other).refused(422, "field_kind_fixed");
    api.post("/record-types/lead/fields", made).expect(201);
    assert_eq!(shown(), json!({ "tier": "Gold" }));
    assert_eq!(delete(&api, "/record-types/lead/fields/company"), 409);
    for (unfit, pointer) in [
        (json!({ "name": "x", "label": "X", "kind": "option_set" }), "/options"),
        (json!({ "name": "x", "label": "X", "kind": "lookup" }), "/target"),
        (json!({ "name": "x", "label": "X", "kind": "text", "target": "user" }), "/target"),
        (json!({ "name": "x", "label": "X", "kind": "lookup", "target": "nothing" }), "/target"),
        (json!({ "name": "email", "label": "X", "kind": "text" }), "/name"),
    ] {
        api.post("/record-types/lead/fields", unfit).refused_at(422, "validation_failed", pointer);
    }
    let told = api.get("/audit?limit=1").expect(200);
    assert_eq!(
        (&told["items"][0]["action"], &told["items"][0]["subject"]),
        (&json!("field.added"), &json!("field lead.tier"))
    );
}

#[test]
fn a_lookup_takes_an_id_or_the_clients_key_and_only_what_the_caller_sees() {
    let server = Server::sandbox();
    let api = server.client();
    let field = |name: &str, target: &str| json!({ "name": name, "label": "L", "kind": "lookup", "target": target });
    api.post("/record-types/lead/fields", field("firm", "account")).expect(201);
    api.post("/record-types/lead/fields", field("coach", "user")).expect(201);
    let account = api.put("/records/external/account/acme", json!({ "name": "Acme" })).expect(201);
    let write = |fields: Value| json!({ "type": "lead", "name": "Ada", "fields": fields });
    let user = api.user(&["seller"]);
    let lead = api.post("/records", write(json!({ "firm": "external:account:acme", "coach": user }))).expect(201);
    assert_eq!(lead["fields"], json!({ "firm": account["id"], "coach": user }));
    let stranger = api.person("other", &["seller"], "south");
    let foreign = json!({ "type": "account", "name": "Hidden", "owner": { "user": stranger.id }, "external_id": "h" });
    api.post("/records", foreign).expect(201);
    let seller = api.person("mine", &["seller"], "north");
    for firm in
        ["external:account:none", "external:lead:acme", "nobody", "external:account:h", lead["id"].as_str().unwrap()]
    {
        let ask = api.ask(seller.by_token(), Method::POST, "/api/v1/records").json(&write(json!({ "firm": firm })));
        ask.send().refused_at(422, "validation_failed", "/fields/firm");
    }
    let patch = api.patch(&format!("/records/{}", id(&lead)), json!({ "fields": { "firm": "external:account:h" } }));
    assert_ne!(patch.expect(200)["fields"]["firm"], account["id"], "an administrator sees it");
    api.patch(
        &format!("/records/{}", id(&lead)),
        json!({ "fields": { "coach": "00000000-0000-7000-8000-00000000abcd" } }),
    )
    .refused_at(422, "validation_failed", "/fields/coach");
    let file = "name,Firm,Tier\nGrace,external:account:acme,\nEve,external:account:none,\n";
    let started = api.request(Method::POST, "/imports?type=lead").header("content-type", "text/csv").body(file);
    let import = id(&started.send().expect(201));
    until("the import ends", || {
        let job = api.get(&format!("/imports/{import}")).expect(200);
        (job["state"] != "running")
            .then(|| assert_eq!((&job["created"], &job["rejected"]), (&json!(1), &json!(1)), "{job}"))
    });
}

/// CM-16, CO-31, Q-80 to Q-85 as a client meets them.
#[test]
fn flows_call_results_and_tags_are_written_read_and_told() {
    let server = Server::sandbox();
    let api = server.client();
    let flow = json!({ "name": "Sale", "record_type": "lead", "stages": ["Begun", "Won"] });
    let made = api.post("/process-flows", flow.clone());
    let flow_id = id(&made.expect(201));
    assert_eq!(made.header("location"), format!("/api/v1/process-flows/{flow_id}"));
    let record = api.record("lead");
    let stage = |stage: &str| api.post(&format!("/records/{record}/stage"), json!({ "flow": flow_id, "stage": stage }));
    assert_eq!(stage("Begun").expect(200)["process"], json!({ "flow": flow_id, "stage": "Begun" }));
    stage("Lost").refused_at(422, "validation_failed", "/stage");
    let timeline = api.get(&format!("/records/{record}/timeline")).expect(200);
    assert_eq!(items(&timeline)[0]["kind"], "record_stage_changed", "{timeline}");
    let changed =
        api.request(Method::PATCH, &format!("/process-flows/{flow_id}")).header("if-match", made.header("etag"));
    assert_eq!(changed.json(&json!({ "name": "Deal" })).send().expect(200)["name"], "Deal");
    assert_eq!(delete(&api, &format!("/process-flows/{flow_id}")), 204);
    assert_eq!(items(&api.get("/process-flows").expect(200)).len(), 0);

    let shipped = json!({ "items": ["made", "received", "no_answer", "left_voicemail", "busy", "wrong_number"] });
    let read = api.get("/call-results");
    assert_eq!(read.expect(200), shipped);
    let fewer = json!({ "items": ["made", "hung_up"] });
    let put = api.request(Method::PUT, "/call-results").header("if-match", read.header("etag")).json(&fewer).send();
    assert_eq!(put.expect(200), fewer);
    let stale = api.request(Method::PUT, "/call-results").header("if-match", read.header("etag")).json(&shipped).send();
    stale.refused(412, "version_mismatch");

    let top = api.post("/tags", json!({ "name": "Europe" })).expect(201);
    assert_eq!((&top["path"], &top["parent"]), (&json!("Europe"), &Value::Null));
    let several = json!({ "names": ["Spain", "France"], "parent": top["id"] });
    let key = |body: &Value| api.request(Method::POST, "/tags").header("idempotency-key", "k").json(body).send();
    let made = key(&several).expect(201);
    assert_eq!(key(&several).expect(201), made, "a repeat makes nothing");
    assert_eq!(items(&made)[1]["path"], "Europe/France");
    api.post("/tags", several).refused(409, "name_taken");
    api.post("/tags", json!({ "name": "a/b" })).refused(422, "tag_slash");
    let below = json!({ "parent": items(&made)[0]["id"] });
    api.patch(&format!("/tags/{}", id(&top)), below).refused(422, "tag_cycle");
    assert_eq!(delete(&api, &format!("/tags/{}", id(&top))), 204);
    let server = server.kill_and_restart();
    let api = server.client();
    let listed = api.get("/tags").expect(200);
    assert_eq!(items(&listed).iter().map(|tag| tag["path"].as_str().unwrap()).collect::<Vec<_>>(), ["France", "Spain"]);
    assert_eq!(api.get("/call-results").expect(200), fewer, "also after a restart");
}
