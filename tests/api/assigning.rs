//! Who gets the steps of a sequence, over the API (§3.3), and the properties of a sequence from its first to its last (§3.6).

use serde_json::{Value, json};

use crate::fixtures::{graph, id, task};
use crate::server::{Client, Server};

/// A sequence that assigns so, activated.
fn assigning(api: &Client, assign_to: &Value) -> String {
    let sequence = api.inactive(graph([task("a", Some("b")), task("b", None)]));
    let path = format!("/sequences/{sequence}");
    let patched = api.patch(&path, json!({ "assign_to": assign_to })).expect(200);
    assert_eq!(&patched["assign_to"], assign_to);
    assert_eq!(&api.get(&path).expect(200)["assign_to"], assign_to, "as it was written");
    api.post(&format!("{path}/activate"), json!({})).expect(200);
    sequence
}

/// D-42: the user in a field gets the steps; without one nothing is connected, and later it is told.
#[test]
fn q_21_q_30_d_42_the_user_in_a_field_gets_the_steps() {
    let server = Server::sandbox();
    let api = server.client();
    let field = json!({ "name": "account_manager", "label": "Account manager", "kind": "lookup", "target": "user" });
    api.post("/record-types/lead/fields", field).expect(201);
    let sequence = assigning(&api, &json!({ "type": "record_field", "field": "account_manager" }));
    let user = id(&api
        .post("/users", json!({ "name": "Uxía", "email": "uxia@example.org", "roles": ["seller"] }))
        .expect(201));
    let lead = api.lead();
    let connect = || api.post(&format!("/sequences/{sequence}/enrolments"), json!({ "records": [&lead] })).expect(200);
    let refused = connect();
    assert_eq!(refused["results"][0]["error"]["code"], "assignee_unresolved");
    assert_eq!(refused["results"][0]["error"]["status"], 422);
    let record = format!("/records/{lead}");
    api.patch(&record, json!({ "fields": { "account_manager": user } })).expect(200);
    connect();
    let current = || api.get(&format!("{record}/up-next")).expect(200)["current"][0]["step"].clone();
    assert_eq!(current()["assignee"], json!({ "user": user }));
    api.patch(&record, json!({ "fields": { "account_manager": null } })).expect(200);
    let step = current()["id"].as_str().unwrap().to_owned();
    api.post(&format!("/steps/{step}/complete"), json!({})).expect(200);
    let (me, next) = (api.get("/me").expect(200), current());
    assert_eq!((&next["assignee"]["user"], &next["warning"]), (&me["id"], &json!("assignee_unresolved")));
}

/// teams, all of their members or some.
#[test]
fn q_22_q_23_q_27_a_team_gets_the_steps_of_what_is_its_own() {
    let server = Server::sandbox();
    let api = server.client();
    let user =
        id(&api.post("/users", json!({ "name": "Brais", "email": "b@example.org", "roles": ["seller"] })).expect(201));
    let team = json!({ "name": "North", "kind": "owner", "members": [user] });
    let team = id(&api.post("/teams", team).expect(201));
    let named = |name: &str| json!({ "field": "name", "op": "eq", "value": name });
    let anybody = assigning(&api, &json!({ "type": "owner_team" }));
    let brais = assigning(&api, &json!({ "type": "access_team", "condition": named("Brais") }));
    let nobody = assigning(&api, &json!({ "type": "owner_team", "condition": { "all": [named("Nobody")] } }));
    let body = json!({ "type": "lead", "name": "Lar", "owner": { "team": team } });
    let lead = id(&api.post("/records", body).expect(201));
    let result = |sequence: &str| {
        let path = format!("/sequences/{sequence}/enrolments");
        api.post(&path, json!({ "records": [&lead] })).expect(200)["results"][0].clone()
    };
    assert!(result(&anybody)["enrolment"].is_object());
    assert!(result(&brais)["enrolment"].is_object(), "D-13: the team owns it");
    assert_eq!(result(&nobody)["error"]["code"], "assignee_unresolved");
    let current = api.get(&format!("/records/{lead}/up-next")).expect(200)["current"].clone();
    for item in current.as_array().unwrap() {
        assert_eq!(item["step"]["assignee"], json!({ "team": team }));
    }
}

#[test]
fn d_33_an_assignment_that_finds_nobody_is_refused_with_its_place() {
    let server = Server::shared();
    let api = server.client();
    let sequence = api.inactive(graph([task("a", None)]));
    let table = [
        (json!({ "type": "record_field", "field": "company" }), 422, "assign_to_invalid"),
        (
            json!({ "type": "owner_team", "condition": { "field": "height", "op": "eq", "value": 1 } }),
            422,
            "assign_to_invalid",
        ),
        (json!({ "type": "owner_team", "condition": { "field": "name" } }), 400, "malformed"),
        (json!({ "type": "record_field" }), 400, "malformed"),
        (json!({ "type": "everybody" }), 400, "malformed"),
    ];
    for (assign_to, status, code) in table {
        let refused = api.patch(&format!("/sequences/{sequence}"), json!({ "assign_to": assign_to }));
        assert_eq!(refused.status, status, "{assign_to}: {}", refused.text());
        assert!(refused.text().contains(code), "{assign_to}: {}", refused.text());
    }
}

/// a sequence begins blank or from a template. Q-5: "Sequence starts here" is no node of it.: it is active when it
/// was asked to be, and says so. Q-73: its properties are read and written. Q-74: records are connected and disconnected.
#[test]
fn q_1_q_5_q_40_q_43_q_73_q_74_a_sequence_from_its_first_property_to_its_last_record() {
    let server = Server::sandbox();
    let api = server.client();
    let made = api.post("/sequences", json!({ "name": "From T5", "template": "T5" })).expect(201);
    assert_eq!((&made["template"], &made["record_type"]), (&json!("T5"), &json!("account")));
    let blank = api.post("/sequences", json!({ "name": "Blank" })).expect(201);
    let path = format!("/sequences/{}", id(&blank));
    assert_eq!(api.get(&format!("{path}/graph")).expect(200), json!({ "start": null, "nodes": [] }));
    api.post(&format!("{path}/activate"), json!({})).refused(422, "validation_failed");
    api.put(&format!("{path}/graph"), graph([task("a", None)])).expect(200);
    assert_eq!(api.get(&path).expect(200)["status"], "inactive", "it is not active by being whole");
    let properties = json!({ "name": "Named", "description": "why", "exit_on_reply": false });
    let patched = api.patch(&path, properties.clone()).expect(200);
    for (member, value) in properties.as_object().unwrap() {
        assert_eq!(&patched[member], value);
    }
    let activated = api.post(&format!("{path}/activate"), json!({})).expect(200);
    assert_eq!((&activated["status"], &activated["name"]), (&json!("active"), &json!("Named")));
    let listed = api.get("/sequences?status=active&q=named").expect(200);
    assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["status"]), (&blank["id"], &json!("active")));
    let enrolment = api.connect(&id(&blank), &api.lead());
    assert_eq!(api.get(&path).expect(200)["connected_count"], 1);
    api.post(&format!("/enrolments/{}/disconnect", id(&enrolment)), json!({})).expect(200);
    assert_eq!(api.get(&path).expect(200)["connected_count"], 0);
}

/// the field that names whoever gets the steps travels with the sequence.
#[test]
fn q_90_a_bundle_brings_the_field_that_steps_are_assigned_by() {
    let (here, there) = (Server::sandbox(), Server::sandbox());
    let (here, there) = (here.client(), there.client());
    let field = json!({ "name": "account_manager", "label": "Account manager", "kind": "lookup", "target": "user" });
    here.post("/record-types/lead/fields", field).expect(201);
    let assign_to = json!({ "type": "record_field", "field": "account_manager" });
    let sequence = assigning(&here, &assign_to);
    let bundle = here.post("/sequences/export", json!({ "ids": [sequence] })).expect(200);
    assert_eq!(bundle["fields"][0]["name"], "account_manager");
    there.post("/sequences/import", bundle.clone()).expect(200);
    let brought = there.get("/sequences").expect(200)["items"][0].clone();
    assert_eq!((&brought["assign_to"], &brought["status"]), (&assign_to, &json!("inactive")));
    let again = there.post("/sequences/export", json!({ "ids": [brought["id"]] })).expect(200);
    assert_eq!(again, bundle);
    let mut lacking = bundle;
    lacking["fields"] = json!([]);
    let empty = Server::sandbox();
    let refused = empty.client().post("/sequences/import", lacking);
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(refused.text().contains("/assign_to/field"), "{}", refused.text());
}
