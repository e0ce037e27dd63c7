//! `/holidays`: which days are off, and what an organisation says otherwise than the table.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, task};
use crate::server::{START, Server, until};

#[test]
fn tm_11_a_day_of_the_organisations_own_moves_what_is_due() {
    let server = Server::sandbox();
    let api = server.client();
    api.patch("/settings", json!({ "seller_availability": true })).expect(200);
    let lead = api.lead();
    api.connect(&api.active(graph([task("t", None)])), &lead);
    let due = |instant: &str| until("the due date", || (api.current(&lead)["due_at"] == instant).then_some(()));
    due(START);
    // 2 March 2026 is a Monday.
    let off = json!({ "items": [{ "day": "2026-03-02", "holiday": true, "name": "Founders' day" }] });
    let kept = api.put("/holidays/corrections", off.clone()).expect(200);
    assert_eq!(kept, off);
    due("2026-03-03T08:00:00.000Z");
    assert_eq!(api.get("/holidays/corrections").expect(200), off);
    assert_eq!(api.get("/holidays").expect(200), json!({ "items": ["2026-03-02"] }));
    let told = api.get("/audit?limit=1").expect(200)["items"][0].clone();
    assert_eq!(
        (&told["action"], &told["changes"][0]["after"]),
        (&json!("holidays.corrected"), &json!("all 2026-03-02: holiday"))
    );
    let server = server.kill_and_restart();
    let api = server.client();
    let read = api.get("/holidays/corrections");
    assert_eq!(read.expect(200), off);
    let etag = read.header("etag").to_owned();
    let put = |etag: &str, body: &Value| {
        api.request(Method::PUT, "/holidays/corrections").header("if-match", etag).json(body).send()
    };
    put(&etag, &json!({ "items": [] })).expect(200);
    until("the due date", || (api.current(&lead)["due_at"] == START).then_some(()));
    put(&etag, &off).refused(412, "version_mismatch");
}

#[test]
fn a_country_is_corrected_for_whoever_follows_it() {
    let server = Server::sandbox();
    let api = server.client();
    let days = |query: &str| api.get(&format!("/holidays?{query}")).expect(200)["items"].clone();
    let has = |query: &str, day: &str| days(query).as_array().unwrap().contains(&json!(day));
    assert!(has("country=FR&year=2026", "2026-05-08") && !has("country=FR&year=2026", "2026-05-15"));
    let items = json!([
        { "country": "FR", "day": "2026-05-08", "holiday": false },
        { "country": "FR", "day": "2026-05-15", "holiday": true, "name": "Bridge" },
    ]);
    api.put("/holidays/corrections", json!({ "items": items })).expect(200);
    assert!(!has("country=FR&year=2026", "2026-05-08") && has("country=FR&year=2026", "2026-05-15"));
    assert!(!has("country=ES&year=2026", "2026-05-15") && days("year=2026") == json!([]));
    assert!(has("country=FR&year=2027", "2027-05-08"));
    api.get("/holidays?country=XX").refused_at(422, "validation_failed", "/country");
    api.get("/holidays?year=soon").refused_at(400, "malformed", "/year");
    for (body, status, code, pointer) in [
        (json!({}), 400, "malformed", "/items"),
        (json!({ "items": [{ "day": "2026-02-30", "holiday": true }] }), 400, "malformed", "/items/0/day"),
        (json!({ "items": [{ "day": "2026-02-03" }] }), 400, "malformed", "/items/0/holiday"),
        (
            json!({ "items": [{ "country": "fr", "day": "2026-02-03", "holiday": true }] }),
            422,
            "validation_failed",
            "/items/0/country",
        ),
    ] {
        api.put("/holidays/corrections", body).refused_at(status, code, pointer);
    }
    assert!(has("country=FR&year=2026", "2026-05-15"), "what does not fit changes nothing");
}
