//! `/settings` as a client sees it: everything at first, what changes it, what does not fit, and how it is told.

use reqwest::Method;
use serde_json::{Value, json};

use crate::people::text;
use crate::server::Server;

/// The settings of a new organisation.
fn at_first() -> Value {
    json!({
        "roles": "all", "record_types": ["lead", "contact", "account", "opportunity"], "sample_data": false,
        "seller_availability": false, "wait_computation": false, "linked_activities": true,
        "linked_activities_exclude_calls": false, "activity_completes_step": true, "call_completes_step": true,
        "call_result": { "ask": true }, "lock_activity_settings": false, "reporting": false,
        "phone_priority": ["business", "mobile"], "email_engagement": true, "linkedin": false,
        "card_customisation": false, "card_lock": false, "monthly_connect_quota": null,
        "require_sequence_tests": false, "language": "en", "unknown_policy": "hold", "unknown_after_minutes": 15,
        "retry_initial_seconds": 60, "retry_max_hours": 48, "public_url": null, "bulk_email_all_types": false,
        "sending_caps": {
            "organisation": { "per_hour": null, "per_day": null }, "seller": { "per_hour": null, "per_day": null },
            "recipient_domain": { "per_hour": null, "per_day": null }, "spacing_seconds": 0, "person": null, "account": null,
        },
        "rule_score": false, "grade_limits": { "a": 75, "b": 50, "c": 25 }, "daily_capacity": null, "card_layout": null,
    })
}

/// Another value for each.
fn others() -> Value {
    json!({
        "roles": ["seller"], "record_types": ["lead", "account"], "sample_data": true, "seller_availability": true,
        "wait_computation": true, "linked_activities": false, "linked_activities_exclude_calls": true,
        "activity_completes_step": false, "call_completes_step": false, "call_result": { "default": "busy" },
        "lock_activity_settings": true, "reporting": true, "phone_priority": ["home"], "email_engagement": false,
        "linkedin": true, "card_customisation": true, "card_lock": true, "monthly_connect_quota": 1500,
        "require_sequence_tests": true, "language": "gl", "unknown_policy": "sent", "unknown_after_minutes": 1,
        "retry_initial_seconds": 2, "retry_max_hours": 3, "public_url": "https://sales.example.com", "bulk_email_all_types": true,
        "sending_caps": {
            "organisation": { "per_hour": 100, "per_day": 1000 }, "seller": { "per_hour": null, "per_day": 50 },
            "recipient_domain": { "per_hour": 20, "per_day": null }, "spacing_seconds": 30, "person": { "most": 3, "days": 7 },
            "account": { "most": 10, "days": 30 },
        },
        "rule_score": true, "grade_limits": { "a": 90, "b": 60, "c": 30 }, "daily_capacity": 40,
        "card_layout": { "lead": { "rows": [{ "fields": ["name"], "icons": ["grade"] }] } },
    })
}

#[test]
fn every_setting_is_written_kept_over_a_restart_told_and_taken_back_by_null() {
    let server = Server::sandbox();
    let api = server.client();
    assert_eq!(api.get("/settings").expect(200), at_first());
    assert_eq!(api.patch("/settings", others()).expect(200), others());
    let server = server.kill_and_restart();
    let api = server.client();
    assert_eq!(api.get("/settings").expect(200), others());
    let trail = api.get("/audit?limit=1").expect(200);
    let told = &trail["items"][0];
    assert_eq!((text(told, "action"), text(told, "subject")), ("settings.changed".into(), "settings".into()));
    let changes = told["changes"].as_array().unwrap();
    assert_eq!(changes.len(), others().as_object().unwrap().len(), "{told}");
    let of = |what: &str| changes.iter().find(|change| change["what"] == what).unwrap();
    let types =
        json!({ "what": "record_types", "before": "lead, contact, account, opportunity", "after": "lead, account" });
    assert_eq!(of("record_types"), &types);
    assert_eq!(of("linkedin"), &json!({ "what": "linkedin", "before": "false", "after": "true" }));
    let nothing: serde_json::Map<_, _> =
        others().as_object().unwrap().keys().map(|member| (member.clone(), Value::Null)).collect();
    assert_eq!(api.patch("/settings", nothing.into()).expect(200), at_first(), "RFC 7396: null brings each back");
}

#[test]
fn a_patch_with_anything_that_does_not_fit_changes_nothing() {
    let server = Server::sandbox();
    let api = server.client();
    let table = [
        (json!({ "reporting": true, "record_types": ["lead", "ship"] }), 400, "malformed", "/record_types/1"),
        (json!({ "reporting": true, "call_result": { "ask": false } }), 400, "malformed", "/call_result/ask"),
        (json!({ "reporting": true, "call_result": { "default": "sung" } }), 422, "", "/call_result/default"),
        (json!({ "reporting": true, "call_result": {} }), 400, "malformed", "/call_result"),
        (json!({ "reporting": true, "phone_priority": ["home", "home"] }), 422, "", "/phone_priority"),
        (json!({ "reporting": true, "phone_priority": ["pager"] }), 400, "malformed", "/phone_priority/0"),
        (json!({ "reporting": true, "monthly_connect_quota": 0 }), 422, "", "/monthly_connect_quota"),
        (json!({ "reporting": true, "monthly_connect_quota": -1 }), 400, "malformed", "/monthly_connect_quota"),
        (json!({ "reporting": true, "grade_limits": { "a": 50, "b": 50, "c": 25 } }), 422, "", "/grade_limits"),
        (json!({ "reporting": true, "grade_limits": { "a": 50 } }), 400, "malformed", "/grade_limits/b"),
        (json!({ "reporting": true, "daily_capacity": 0 }), 422, "", "/daily_capacity"),
        (json!({ "reporting": true, "card_layout": { "rows": 7 } }), 422, "", "/card_layout"),
        (json!({ "reporting": true, "language": "de" }), 400, "malformed", "/language"),
        (json!({ "reporting": true, "roles": "some" }), 400, "malformed", "/roles"),
        (json!({ "reporting": true, "colour": "red" }), 400, "malformed", "/colour"),
        (json!({ "reporting": 1 }), 400, "malformed", "/reporting"),
    ];
    for (body, status, code, pointer) in table {
        let problem = api
            .patch("/settings", body.clone())
            .refused(status, if code.is_empty() { "validation_failed" } else { code });
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    assert_eq!(api.get("/settings").expect(200), at_first());
    let read = api.get("/settings");
    let seen = read.header("etag").to_owned();
    api.patch("/settings", json!({ "linkedin": true })).expect(200);
    let stale = api.request(Method::PATCH, "/settings").header("if-match", &seen).json(&json!({ "linkedin": false }));
    stale.send().refused(412, "version_mismatch");
}

/// sample data is for a sandbox. A-2: where a type is off, nothing new begins with it.
#[test]
fn a_2_a_3_what_is_switched_off_is_refused_by_name() {
    let server = Server::sandbox();
    let api = server.client();
    api.patch("/settings", json!({ "record_types": ["contact"] })).expect(200);
    let problem = api.post("/sequences", json!({ "name": "Leads" })).refused(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "record_type_disabled", "{problem}");
    api.post("/sequences", json!({ "name": "Contacts", "record_type": "contact" })).expect(201);
    let live = Server::real();
    let refused = live.client().patch("/settings", json!({ "sample_data": true })).refused(422, "sandbox_only");
    assert_eq!(refused["errors"][0]["pointer"], "/sample_data", "{refused}");
}
