//! Filters of the work list and their groups, as administrators configure them and sellers find them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{id, items};
use crate::people::Person;
use crate::server::{Client, Server};

fn euros() -> Value {
    json!([{ "field": "currency", "op": "eq", "value": "EUR" }])
}

fn ids(list: &Value) -> Vec<&str> {
    items(list).iter().map(|item| item["id"].as_str().unwrap()).collect()
}

fn delete(api: &Client, path: &str) -> u16 {
    api.request(Method::DELETE, path).send().status
}

fn read(api: &Client, by: &Person, path: &str) -> Value {
    api.ask(by.by_token(), Method::GET, &format!("/api/v1{path}")).send().expect(200)
}

/// W-29, W-31: made by whoever may (P-13), for sellers once it is published, and kept over a restart.
#[test]
fn w_29_w_31_p_13_a_filter_is_made_published_hidden_and_deleted() {
    let server = Server::sandbox();
    let api = server.client();
    let seller = api.person("Uxía", &["seller"], "north");
    let answer = api.post("/filters", json!({ "record_type": "lead", "conditions": euros() }));
    let made = answer.expect(201);
    let path = format!("/filters/{}", id(&made));
    assert_eq!(answer.header("location"), format!("/api/v1{path}"));
    let expected = json!({
        "id": id(&made), "name": "Lead.Currency", "record_type": "lead", "conditions": euros(), "group": "more",
        "built_in": false, "published": false, "hidden": false, "shown": true,
    });
    assert_eq!(made, expected);
    let unseen = || api.ask(seller.by_token(), Method::GET, &format!("/api/v1{path}")).send();
    unseen().refused(404, "not_found");
    let built_in = ["unopened", "followed", "due", "record_type", "activity"];
    assert_eq!(ids(&read(&api, &seller, "/filters")), built_in);
    assert_eq!(ids(&api.get("/filters").expect(200)).len(), 6);
    let publish = api.request(Method::PATCH, &path).header("if-match", answer.header("etag"));
    assert_eq!(publish.json(&json!({ "published": true })).send().expect(200)["published"], true);
    let stale = api.request(Method::PATCH, &path).header("if-match", answer.header("etag"));
    stale.json(&json!({ "name": "Other" })).send().refused(412, "version_mismatch");
    let server = server.kill_and_restart();
    let api = server.client();
    assert_eq!(read(&api, &seller, &path)["name"], "Lead.Currency", "also after a restart");
    // What they hide themselves is there, so that they can show it again; it does not stand above their list.
    let own = json!({ "hidden_filters": [id(&made), "due"] });
    api.ask(seller.by_token(), Method::PATCH, "/api/v1/me/settings").json(&own).send().expect(200);
    let listed = read(&api, &seller, "/filters");
    let hidden: Vec<_> = items(&listed).iter().filter(|item| item["shown"] == false).map(|item| &item["id"]).collect();
    assert_eq!(hidden, [&json!("due"), &json!(id(&made))]);
    api.patch(&path, json!({ "hidden": true })).expect(200);
    assert_eq!(ids(&read(&api, &seller, "/filters")), built_in);
    let told = api.get("/audit?limit=1").expect(200);
    assert_eq!(
        (&told["items"][0]["action"], &told["items"][0]["subject"]),
        (&json!("filter.changed"), &json!(format!("filter {}", id(&made))))
    );
    assert_eq!(told["items"][0]["changes"], json!([{ "what": "hidden", "before": "false", "after": "true" }]));
    assert_eq!((delete(&api, &path), delete(&api, &path)), (204, 404));
    let try_out = api.ask(seller.by_token(), Method::POST, "/api/v1/filters");
    try_out.json(&json!({ "record_type": "lead", "conditions": euros() })).send().refused(403, "forbidden_role");
}

/// A repeat with the same key makes nothing twice; what does not fit is told with its place.
#[test]
fn w_29_what_does_not_fit_of_a_filter_changes_nothing_and_a_repeat_makes_one() {
    let server = Server::sandbox();
    let api = server.client();
    let keyed = || {
        let ask = api.request(Method::POST, "/filters").header("idempotency-key", "f");
        ask.json(&json!({ "name": "Euros", "record_type": "lead", "conditions": euros() })).send().expect(201)
    };
    assert_eq!(keyed(), keyed());
    let filter = |conditions: Value, group: Value| json!({ "name": "Wrong", "record_type": "lead", "conditions": conditions, "group": group });
    let colour = json!([{ "field": "colour", "op": "eq", "value": "red" }]);
    let related = json!([{ "related": "owner", "condition": { "field": "name", "op": "has_value" } }]);
    for (body, status, code, pointer) in [
        (filter(json!([]), json!(null)), 422, "validation_failed", "/conditions"),
        (filter(colour, json!(null)), 422, "validation_failed", "/conditions/0"),
        (filter(related, json!("more")), 422, "validation_failed", "/conditions/0"),
        (filter(json!([{ "field": "name", "op": "is" }]), json!(null)), 400, "malformed", "/conditions/0"),
        (filter(euros(), json!("nowhere")), 400, "malformed", "/group"),
        (filter(euros(), json!("00000000-0000-7000-8000-00000000abcd")), 422, "validation_failed", "/group"),
        (json!({ "record_type": "boat", "conditions": euros() }), 400, "malformed", "/record_type"),
        (json!({ "record_type": "lead", "conditions": euros(), "colour": 1 }), 400, "malformed", "/colour"),
    ] {
        api.post("/filters", body).refused_at(status, code, pointer);
    }
    api.post("/filters", filter(euros(), json!("default"))).refused(409, "filter_builtin");
    let taken = json!({ "name": "Euros", "record_type": "lead", "conditions": euros() });
    api.post("/filters", taken).refused(409, "name_taken");
    assert_eq!(items(&api.get("/filters").expect(200)).len(), 6);
}

/// W-30: built-in filters are hidden at most; a group takes its filters with it.
#[test]
fn w_30_built_in_filters_stay_and_a_group_goes_with_its_filters() {
    let server = Server::sandbox();
    let api = server.client();
    let seller = api.person("Uxía", &["seller"], "north");
    let due = api.get("/filters/due").expect(200);
    assert_eq!((&due["name"], &due["group"], &due["built_in"]), (&json!("Due by"), &json!("default"), &json!(true)));
    api.patch("/filters/due", json!({ "name": "When" })).refused(409, "filter_builtin");
    assert_eq!(delete(&api, "/filters/due"), 409);
    assert_eq!(api.patch("/filters/due", json!({ "hidden": true })).expect(200)["hidden"], true);
    assert_eq!(ids(&read(&api, &seller, "/filters")), ["unopened", "followed", "record_type", "activity"]);
    assert_eq!(api.get("/filters/due").expect(200)["hidden"], true);
    let group = id(&api.post("/filter-groups", json!({ "name": "Money" })).expect(201));
    let path = format!("/filter-groups/{group}");
    api.post("/filter-groups", json!({ "name": "Money" })).refused(409, "name_taken");
    assert_eq!(
        api.patch(&path, json!({ "name": "Wealth" })).expect(200),
        json!({ "id": group, "name": "Wealth", "built_in": false })
    );
    let filter = json!({ "record_type": "lead", "conditions": euros(), "group": group });
    let filter = id(&api.post("/filters", filter).expect(201));
    assert_eq!(ids(&api.get("/filter-groups").expect(200)), ["default", &group, "more"]);
    assert_eq!(ids(&read(&api, &seller, "/filter-groups")), ["default"], "in the others there is nothing for sellers");
    api.ask(seller.by_token(), Method::GET, &format!("/api/v1{path}")).send().refused(404, "not_found");
    api.patch(&format!("/filters/{filter}"), json!({ "published": true })).expect(200);
    assert_eq!(ids(&read(&api, &seller, "/filter-groups")), ["default", &group]);
    assert_eq!(ids(&api.get("/filters?limit=5").expect(200)).len(), 5);
    let next = api.get("/filters?limit=5").expect(200)["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(ids(&api.get(&format!("/filters?limit=5&cursor={next}")).expect(200)), [&filter]);
    for built_in in ["default", "more"] {
        api.patch(&format!("/filter-groups/{built_in}"), json!({ "name": "X" })).refused(409, "filter_builtin");
        assert_eq!(delete(&api, &format!("/filter-groups/{built_in}")), 409);
        assert_eq!(api.get(&format!("/filter-groups/{built_in}")).expect(200)["built_in"], true);
    }
    assert_eq!((delete(&api, &path), delete(&api, &path)), (204, 404));
    assert_eq!(api.get(&format!("/filters/{filter}")).status, 404);
    let told = api.get("/audit?limit=1").expect(200);
    let gone = json!([{ "what": "filter", "before": filter }]);
    assert_eq!((&told["items"][0]["action"], &told["items"][0]["changes"]), (&json!("filter_group.removed"), &gone));
}
