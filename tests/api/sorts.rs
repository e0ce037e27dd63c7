//! Sorts of the work list, and how its cards look, as administrators configure them and sellers find them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{id, items};
use crate::server::Server;

fn ids(list: &Value) -> Vec<&str> {
    items(list).iter().map(|item| item["id"].as_str().unwrap()).collect()
}

const BUILT_IN: [&str; 6] = ["score", "due_date", "activity_type", "name", "record_type", "sequence"];

/// W-42, W-43: added, ordered, made the default, hidden and deleted.
#[test]
fn w_43_w_42_sorts_are_added_ordered_hidden_and_one_is_the_default() {
    let server = Server::sandbox();
    let api = server.client();
    let seller = api.person("Uxía", &["seller"], "north");
    let first = api.get("/sorts");
    let seen = first.header("etag").to_owned();
    let first = first.expect(200);
    assert_eq!((ids(&first), &first["default"]), (BUILT_IN.to_vec(), &json!({ "id": "score", "order": "desc" })));
    let answer = api.post("/sorts", json!({ "record_type": "lead", "field": "estimated_value" }));
    let made = answer.expect(201);
    let own = id(&made);
    let path = format!("/sorts/{own}");
    assert_eq!(answer.header("location"), format!("/api/v1{path}"));
    let expected = json!({
        "id": own, "name": "Lead.Estimated value", "record_type": "lead", "field": "estimated_value", "built_in": false,
        "hidden": false,
    });
    assert_eq!((&made, api.get(&path).expect(200)), (&expected, expected.clone()));
    let stale = api.request(Method::PUT, "/sorts/default").header("if-match", &seen);
    stale.json(&json!({ "id": own })).send().refused(412, "version_mismatch");
    let default = api.put("/sorts/default", json!({ "id": own, "order": "desc" })).expect(200);
    assert_eq!(default["default"], json!({ "id": own, "order": "desc" }));
    api.patch(&path, json!({ "hidden": true })).refused(409, "sort_default");
    api.request(Method::DELETE, &path).send().refused(409, "sort_default");
    let turned = json!([own, "name", "score", "due_date", "activity_type", "record_type", "sequence"]);
    assert_eq!(json!(ids(&api.put("/sorts/order", json!({ "ids": turned })).expect(200))), turned);
    api.patch("/sorts/score", json!({ "hidden": true })).expect(200);
    api.put("/sorts/default", json!({ "id": "score" })).refused(409, "sort_default");
    let server = server.kill_and_restart();
    let api = server.client();
    let offered = api.ask(seller.by_token(), Method::GET, "/api/v1/sorts").send().expect(200);
    assert_eq!(ids(&offered), [&own, "name", "due_date", "activity_type", "record_type", "sequence"]);
    api.ask(seller.by_token(), Method::GET, "/api/v1/sorts/score").send().refused(404, "not_found");
    assert_eq!(api.put("/sorts/default", json!({ "id": "name" })).expect(200)["default"]["order"], "asc");
    let told = api.get("/audit?limit=1").expect(200);
    let change = json!([{ "what": "default", "before": format!("{own} desc"), "after": "name asc" }]);
    assert_eq!((&told["items"][0]["action"], &told["items"][0]["changes"]), (&json!("sort.default_changed"), &change));
    assert_eq!(api.request(Method::DELETE, &path).send().status, 204);
    assert_eq!(api.get(&path).status, 404);
}

#[test]
fn w_43_what_does_not_fit_of_a_sort_is_refused_with_its_place() {
    let server = Server::shared();
    let api = server.client();
    for (body, status, code, pointer) in [
        (json!({ "record_type": "lead", "field": "colour" }), 422, "validation_failed", "/field"),
        (json!({ "record_type": "boat", "field": "name" }), 400, "malformed", "/record_type"),
        (json!({ "record_type": "lead" }), 400, "malformed", "/field"),
        (json!({ "record_type": "lead", "field": "name", "name": " " }), 422, "validation_failed", "/name"),
    ] {
        api.post("/sorts", body).refused_at(status, code, pointer);
    }
    api.put("/sorts/order", json!({ "ids": ["score", "mood"] })).refused_at(400, "malformed", "/ids/1");
    api.put("/sorts/order", json!({ "ids": BUILT_IN[1..] })).refused_at(422, "validation_failed", "/ids");
    api.put("/sorts/default", json!({ "id": "mood" })).refused_at(400, "malformed", "/id");
    let gone = json!({ "id": "00000000-0000-7000-8000-00000000abcd", "order": "asc" });
    api.put("/sorts/default", gone).refused_at(422, "validation_failed", "/id");
    api.put("/sorts/default", json!({ "id": "score", "order": "down" })).refused_at(400, "malformed", "/order");
    api.patch("/sorts/name", json!({ "field": "email" })).refused(409, "sort_builtin");
    api.request(Method::DELETE, "/sorts/name").send().refused(409, "sort_builtin");
    api.get("/sorts/mood").refused(404, "not_found");
}

/// W-70 to W-72: as usual, then as an administrator says, then as one says oneself, until that is locked.
#[test]
fn w_70_w_71_w_72_a_card_looks_as_whoever_may_say_so_has_said() {
    let server = Server::sandbox();
    let api = server.client();
    let seller = api.person("Uxía", &["seller"], "north");
    let look = |kind: &str| {
        api.ask(seller.by_token(), Method::GET, &format!("/api/v1/me/card-layout?type={kind}")).send().expect(200)
    };
    let usual = json!({
        "record_type": "lead", "source": "default", "leading": "initials", "actions": ["complete", "skip", "snooze"],
        "rows": [
            { "fields": ["name"], "icons": ["follow", "score"] }, { "fields": ["job_title", "company"], "icons": [] },
            { "fields": ["next_activity"], "icons": [] },
        ],
    });
    assert_eq!(look("lead"), usual);
    let all = json!({ "lead": { "leading": "record_type", "rows": [{ "fields": ["city"] }], "actions": [] } });
    assert_eq!(api.patch("/settings", json!({ "card_layout": all })).expect(200)["card_layout"], all);
    assert_eq!(look("lead"), usual, "it is not switched on");
    api.patch("/settings", json!({ "card_customisation": true })).expect(200);
    let row = json!([{ "fields": ["city"], "icons": [] }]);
    assert_eq!((&look("lead")["rows"], &look("lead")["source"]), (&row, &json!("organisation")));
    assert_eq!((&look("lead")["leading"], &look("lead")["actions"]), (&json!("record_type"), &json!([])));
    assert_eq!(look("contact")["source"], "default");
    let own = |layout: Value| {
        let ask = api.ask(seller.by_token(), Method::PATCH, "/api/v1/me/settings");
        ask.json(&json!({ "card_layout": layout })).send()
    };
    own(json!({ "rows": [{ "icons": ["grade"] }] })).expect(200);
    assert_eq!((&look("lead")["source"], &look("contact")["source"]), (&json!("personal"), &json!("personal")));
    let wrong = json!({ "lead": { "rows": [{ "fields": ["name", "colour"] }] } });
    let pointer = "/card_layout/lead/rows/0/fields/1";
    own(wrong.clone()).refused_at(422, "validation_failed", pointer);
    api.patch("/settings", json!({ "card_layout": wrong })).refused_at(422, "validation_failed", pointer);
    api.patch("/settings", json!({ "card_lock": true })).expect(200);
    assert_eq!(look("lead")["source"], "organisation", "one's own waits until it is unlocked");
    own(json!({ "rows": [] })).refused(409, "cards_locked");
    own(json!(null)).expect(200);
    api.patch("/settings", json!({ "card_lock": false, "card_layout": null })).expect(200);
    assert_eq!(look("lead"), usual, "each of them is taken back by null");
    for (query, pointer) in [("", "/type"), ("?type=boat", "/type"), ("?type=lead&of=me", "/of")] {
        api.get(&format!("/me/card-layout{query}")).refused_at(400, "malformed", pointer);
    }
}
