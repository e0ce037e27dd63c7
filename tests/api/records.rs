//! One record: created, read, changed, closed and opened again.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::id;
use crate::server::Server;

/// A contact that is not there; nobody asks whether it is.
const NOBODY: &str = "00000000-0000-7000-8000-00000000abcd";

#[test]
fn a_created_record_is_found_where_its_location_says() {
    let server = Server::shared();
    let api = server.client();
    let (user, team) = (api.user(&["seller"]), api.team("access", &[]));
    let body = json!({
        "type": "lead", "external_id": "full-1", "email": "grace@example.org", "score": 68.0,
        "phones": { "business": "+34 986 000 000", "mobile": "600" }, "allow_text": false,
        "time_zone": "Europe/Madrid", "linkedin_url": "https://linkedin.com/in/grace",
        "owner": { "user": user }, "access_team": team, "primary_contact": NOBODY,
        "fields": { "first_name": "Grace", "last_name": "Hopper", "estimated_value": 1200.5, "notes": "a\nb" },
    });
    let made = api.post("/records", body.clone());
    let record = made.expect(201);
    assert_eq!(made.header("location"), format!("/api/v1/records/{}", id(&record)));
    assert!(!made.header("etag").is_empty());
    for (member, value) in body.as_object().unwrap() {
        let kept = if member == "score" { &json!(68) } else { value };
        assert_eq!(&record[member], kept, "{member}");
    }
    assert_eq!(record["name"], "Grace Hopper", "first and last name form it");
    assert_eq!((&record["state"], &record["outcome"]), (&json!("active"), &json!("none")));
    assert_eq!((&record["allow_email"], &record["allow_phone"]), (&json!(true), &json!(true)));
    assert_eq!((&record["created_at"], &record["modified_at"]), (&json!(crate::server::START), &record["created_at"]));
    for path in [format!("/records/{}", id(&record)), "/records/external:lead:full-1".into()] {
        let read = api.get(&path);
        assert_eq!((read.expect(200), read.header("etag")), (record.clone(), made.header("etag")));
    }
}

#[test]
fn the_caller_owns_what_it_creates_and_every_type_has_its_fields() {
    let server = Server::shared();
    let api = server.client();
    for (kind, fields) in [
        ("lead", json!({ "disposition": "open", "stage": "new", "currency": "EUR", "source": "fair" })),
        ("contact", json!({ "future_events": "yes", "job_title": "CTO", "city": "Vigo" })),
        ("account", json!({ "employees": 12.0, "renewal_date": "2026-12-31", "website": "example.org" })),
        ("opportunity", json!({ "estimated_value": 5.0, "close_date": "2026-12-31", "account": "Acme" })),
    ] {
        let made = api.post("/records", json!({ "type": kind, "name": "N", "fields": fields })).expect(201);
        assert_eq!(made["fields"], fields);
        assert_eq!(made["owner"], json!({ "user": "00000000-0000-7000-8000-000000000001" }));
    }
    let said_so = api.post("/records", json!({ "type": "contact", "name": "N", "fields": { "future_events": true } }));
    assert_eq!(said_so.expect(201)["fields"], json!({ "future_events": "yes" }));
}

#[test]
fn a_record_that_does_not_fit_is_refused_with_its_place() {
    let server = Server::shared();
    let api = server.client();
    let long = |length: usize| "x".repeat(length);
    for (status, pointer, changed) in [
        (400, "/type", json!({ "type": null })),
        (400, "/type", json!({ "type": "company" })),
        (400, "/type", json!({ "type": 1 })),
        (400, "/state", json!({ "state": "inactive" })),
        (400, "/outcome", json!({ "outcome": "success" })),
        (400, "/id", json!({ "id": NOBODY })),
        (400, "/nickname", json!({ "nickname": "x" })),
        (400, "/phones/fax", json!({ "phones": { "fax": "1" } })),
        (400, "/phones/home", json!({ "phones": { "home": 1 } })),
        (400, "/phones", json!({ "phones": [] })),
        (400, "/name", json!({ "name": ["x"] })),
        (400, "/allow_email", json!({ "allow_email": "yes" })),
        (400, "/score", json!({ "score": 1.5 })),
        (400, "/score", json!({ "score": -1 })),
        (400, "/owner", json!({ "owner": "me" })),
        (400, "/owner", json!({ "owner": { "user": "me" } })),
        (400, "/owner", json!({ "owner": { "group": NOBODY } })),
        (400, "/access_team", json!({ "access_team": "us" })),
        (400, "/primary_contact", json!({ "primary_contact": "she" })),
        (400, "/fields/city", json!({ "fields": { "city": ["Vigo"] } })),
        (422, "/name", json!({ "name": null })),
        (422, "/name", json!({ "name": " " })),
        (422, "/name", json!({ "name": long(201) })),
        (422, "/name", json!({ "name": "a\u{0}b" })),
        (422, "/external_id", json!({ "external_id": "" })),
        (422, "/external_id", json!({ "external_id": long(201) })),
        (422, "/email", json!({ "email": "ada at example" })),
        (422, "/email", json!({ "email": "a@b\r\nBcc: c@d" })),
        (422, "/phones/mobile", json!({ "phones": { "mobile": long(51) } })),
        (422, "/linkedin_url", json!({ "linkedin_url": long(501) })),
        (422, "/time_zone", json!({ "time_zone": "Galicia" })),
        (422, "/score", json!({ "score": 101 })),
        (422, "/fields/shoe_size", json!({ "fields": { "shoe_size": 40 } })),
        (422, "/fields/city", json!({ "fields": { "city": 3 } })),
        (422, "/fields/notes", json!({ "fields": { "notes": long(4_001) } })),
        (422, "/fields/estimated_value", json!({ "fields": { "estimated_value": "much" } })),
        (422, "/fields/disposition", json!({ "fields": { "disposition": "maybe" } })),
    ] {
        let mut body = json!({ "type": "lead", "name": "Ada" });
        let code = if status == 400 { "malformed" } else { "validation_failed" };
        for (member, value) in changed.as_object().unwrap() {
            body[member] = value.clone();
        }
        api.post("/records", body).refused_at(status, code, pointer);
        if !changed["type"].is_null() || changed.get("type").is_some() {
            continue;
        }
        // The same of a change, which then changes nothing.
        let lead = api.lead();
        let before = api.get(&format!("/records/{lead}"));
        api.patch(&format!("/records/{lead}"), changed).refused_at(status, code, pointer);
        let after = api.get(&format!("/records/{lead}"));
        assert_eq!((after.json(), after.header("etag")), (before.json(), before.header("etag")));
    }
}

#[test]
fn everything_wrong_with_a_record_is_told_at_once() {
    let server = Server::shared();
    let body = json!({ "type": "lead", "name": "Ada", "email": "no", "score": 200, "fields": { "disposition": "x" } });
    let problem = server.client().post("/records", body).refused(422, "validation_failed");
    let pointers: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|fault| &fault["pointer"]).collect();
    assert_eq!(pointers, ["/email", "/score", "/fields/disposition"]);
}

#[test]
fn a_merge_patch_writes_what_is_given_and_clears_what_is_null() {
    let server = Server::shared();
    let api = server.client();
    let team = api.team("access", &[]);
    let made = json!({
        "type": "lead", "name": "Ada", "email": "a@example.org", "score": 5, "time_zone": "UTC", "external_id": "merge-1",
        "phones": { "home": "1", "mobile": "2" }, "linkedin_url": "x", "access_team": team, "primary_contact": NOBODY,
        "fields": { "city": "Vigo", "country": "Spain", "first_name": "Ada" },
    });
    let path = format!("/records/{}", id(&api.post("/records", made).expect(201)));
    for (patch, expected) in [
        (json!({ "email": null }), json!({ "email": null, "name": "Ada" })),
        (
            json!({ "phones": { "home": null, "business": "3" } }),
            json!({ "phones": { "business": "3", "mobile": "2" } }),
        ),
        (
            json!({ "fields": { "city": null, "country": "France" } }),
            json!({ "fields": { "country": "France", "first_name": "Ada" } }),
        ),
        (json!({ "score": null, "time_zone": null }), json!({ "score": null, "time_zone": null })),
        (
            json!({ "linkedin_url": null, "access_team": null, "primary_contact": null }),
            json!({ "linkedin_url": null, "access_team": null, "primary_contact": null }),
        ),
        (json!({ "phones": null }), json!({ "phones": {} })),
        (json!({ "name": null }), json!({ "name": "Ada" })),
        (json!({ "allow_email": false }), json!({ "allow_email": false, "allow_phone": true })),
        (json!({ "external_id": null }), json!({ "external_id": null })),
        (json!({}), json!({ "fields": { "country": "France", "first_name": "Ada" } })),
    ] {
        api.patch(&path, patch.clone()).expect(200);
        let now = api.get(&path).expect(200);
        for (member, value) in expected.as_object().unwrap() {
            assert_eq!(&now[member], value, "{member} after {patch}");
        }
    }
    for (patch, pointer) in [
        (json!({ "owner": null }), "/owner"),
        (json!({ "allow_email": null }), "/allow_email"),
        (json!({ "allow_phone": null }), "/allow_phone"),
        (json!({ "allow_text": null }), "/allow_text"),
        (json!({ "fields": null }), "/fields"),
    ] {
        api.patch(&path, patch).refused_at(400, "malformed", pointer);
    }
    api.patch(&path, json!({ "fields": { "first_name": null } })).refused_at(422, "validation_failed", "/name");
    api.patch(&path, json!({ "type": "contact" })).refused_at(422, "validation_failed", "/type");
}

#[test]
fn a_change_names_the_version_it_was_made_for() {
    let server = Server::shared();
    let api = server.client();
    let path = format!("/records/{}", api.lead());
    let patch = |tag: &str, name: &str| {
        let request = api.request(Method::PATCH, &path).header("if-match", tag);
        request.json(&json!({ "name": name })).send()
    };
    let first = api.get(&path).header("etag").to_owned();
    let second = patch(&first, "Grace");
    assert_ne!(second.header("etag"), first);
    assert_eq!(second.expect(200)["name"], "Grace");
    for stale in [first.as_str(), "\"v999\"", "\"other\"", "v", ""] {
        patch(stale, "Hedy").refused(412, "version_mismatch");
        patch(stale, "Grace").refused(412, "version_mismatch");
    }
    assert_eq!(api.get(&path).expect(200)["name"], "Grace");
    assert_eq!(patch("*", "Hedy").expect(200)["name"], "Hedy");
    let weak = format!("W/{}", api.get(&path).header("etag"));
    patch(&weak, "Radia").expect(200);
}

#[test]
fn a_record_is_closed_once_and_can_be_opened_again() {
    let server = Server::shared();
    let api = server.client();
    for (outcome, disposition) in [("success", "qualified"), ("failure", "disqualified")] {
        let path = format!("/records/{}", api.lead());
        let closed = api.post(&format!("{path}/close"), json!({ "outcome": outcome })).expect(200);
        assert_eq!((&closed["state"], &closed["outcome"]), (&json!("inactive"), &json!(outcome)));
        api.post(&format!("{path}/close"), json!({ "outcome": outcome })).refused(422, "record_inactive");
        let open = api.post(&format!("{path}/reopen"), Value::Null);
        open.refused(400, "malformed");
        for _ in 0..2 {
            let open = api.request(Method::POST, &format!("{path}/reopen")).send().expect(200);
            assert_eq!((&open["state"], &open["outcome"]), (&json!("active"), &json!("none")));
        }
        // D-69: the disposition closes, whoever writes it.
        let closed = api.patch(&path, json!({ "fields": { "disposition": disposition } })).expect(200);
        assert_eq!((&closed["state"], &closed["outcome"]), (&json!("inactive"), &json!(outcome)));
    }
    let path = format!("/records/{}/close", api.lead());
    api.post(&path, json!({})).refused(400, "malformed");
    api.post(&path, json!({ "outcome": "won" })).refused_at(422, "validation_failed", "/outcome");
    api.post(&path, json!({ "outcome": "success", "why": "" })).refused_at(400, "malformed", "/why");
}

#[test]
fn a_record_that_does_not_exist_is_not_found_under_any_address() {
    let server = Server::shared();
    let api = server.client();
    let lead = api.lead();
    let child = format!("{}1", &lead[..lead.len() - 1]);
    let strange =
        ["1", "external:lead", "external:lead:none", "external:boat:1", "external::", "%00", "%ff", "..%2f..", "💥"];
    for record in strange.into_iter().chain([NOBODY, child.as_str()]) {
        for path in ["", "/up-next", "/timeline", "/enrolments"] {
            api.get(&format!("/records/{record}{path}")).refused(404, "not_found");
        }
        api.patch(&format!("/records/{record}"), json!({ "name": "N" })).refused(404, "not_found");
        api.post(&format!("/records/{record}/close"), json!({ "outcome": "failure" })).refused(404, "not_found");
        api.post(&format!("/records/{record}/reopen"), json!({})).refused(404, "not_found");
    }
}
