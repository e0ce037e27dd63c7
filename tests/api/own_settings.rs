//! `/me/settings` as a client sees it.

use reqwest::Method;
use serde_json::json;

use crate::fixtures::{graph, id, task};
use crate::server::Server;

#[test]
fn q_10_p_19_what_people_set_is_theirs_is_kept_and_decides_what_comes_after_a_step() {
    let server = Server::sandbox();
    let api = server.client();
    let seller = api.person("Uxía", &["seller"], "north");
    let first = json!({ "auto_advance": "ask", "language": null, "time_zone": null, "hidden_filters": [], "sequence_columns": [] });
    let ask = |method| api.ask(seller.by_token(), method, "/api/v1/me/settings");
    let read = ask(Method::GET).send();
    assert_eq!(read.expect(200), first);
    let wish = json!({
        "auto_advance": "next", "language": "gl", "time_zone": "Europe/Madrid", "hidden_filters": ["followed"],
        "sequence_columns": ["status", "name"], "daily_capacity": 12,
        "signature": "Uxía\nNorth",
    });
    assert_eq!(ask(Method::PATCH).header("if-match", read.header("etag")).json(&wish).send().expect(200), wish);
    let stale = ask(Method::PATCH).header("if-match", read.header("etag")).json(&json!({ "language": "fr" })).send();
    stale.refused(412, "version_mismatch");
    let profile = api.get(&format!("/users/{}", seller.id)).expect(200);
    assert_eq!((&profile["language"], &profile["time_zone"]), (&json!("gl"), &json!("Europe/Madrid")));
    let gallery = api.ask(seller.by_token(), Method::GET, "/api/v1/templates").send().expect(200);
    assert_eq!(gallery["items"][0]["name"], gallery["items"][0]["names"]["gl"], "without a wish of the request's");
    let wrong = json!({ "auto_advance": "stay", "sequence_columns": ["name", "colour"] });
    ask(Method::PATCH).json(&wrong).send().refused_at(422, "validation_failed", "/sequence_columns/1");
    let cards = json!({ "card_layout": { "rows": [{ "fields": ["name"] }] } });
    ask(Method::PATCH).json(&cards).send().refused(409, "cards_locked");
    api.patch("/settings", json!({ "card_customisation": true })).expect(200);
    assert_eq!(ask(Method::PATCH).json(&cards).send().expect(200)["card_layout"], cards["card_layout"]);
    assert_eq!(api.get("/me/settings").expect(200), first, "the built-in administrator has set nothing");

    let record =
        id(&api.post("/records", json!({ "type": "lead", "name": "Ada", "owner": { "user": seller.id } })).expect(201));
    let drawn = graph([task("1", None)]);
    let sequence = id(&api.post("/sequences", json!({ "name": "One task", "graph": drawn })).expect(201));
    api.post(&format!("/sequences/{sequence}/activate"), json!({})).expect(200);
    let connected = api.post(&format!("/sequences/{sequence}/enrolments"), json!({ "records": [record] })).expect(200);
    let step = connected["results"][0]["enrolment"]["current_step"].as_str().unwrap();
    let done = api.ask(seller.by_token(), Method::POST, &format!("/api/v1/steps/{step}/complete")).send().expect(200);
    assert_eq!(done["advance"], "next", "W-63");
    let server = server.kill_and_restart();
    let after = server.client().ask(seller.by_token(), Method::GET, "/api/v1/me/settings").send().expect(200);
    assert_eq!(after["sequence_columns"], json!(["status", "name"]));
}
