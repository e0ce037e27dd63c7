//! Text gateways as administrators set them up.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{id, items, text_gateway};
use crate::server::Server;

#[test]
fn a_gateway_is_added_changed_and_removed_and_its_secrets_are_never_shown() {
    let server = Server::sandbox();
    let api = server.client();
    let request = json!({
        "method": "POST", "url": "https://sms.example.org/send", "query": { "v": "2" }, "headers": { "X-Key": "{{ secret }}" },
        "json": { "messages": [{ "to": "{{ to_digits }}", "text": "{{ body }}", "n": 1 }], "ref": "{{ id }}" },
    });
    let signature = json!({ "header": "X-Signature", "prefix": "sha256=", "hash": "sha256", "encoding": "hex" });
    let body = json!({
        "name": "Texts", "country": "ES", "from": "Lugo", "repeats": "idempotent", "request": request,
        "authentication": { "type": "hmac", "signature": signature }, "secret": "canary-secret",
        "answer": { "message_id": "/messages/0/id", "status": { "at": "/status", "taken": ["0"], "later": ["1"] }, "detail": "/error" },
        "receipts": { "each": "/results", "message_id": "/id", "reference": "/ref", "status": "/status", "delivered": ["DELIVRD"], "failed": ["UNDELIV"], "detail": null },
        "incoming": { "each": null, "from": "/from", "body": "/text", "id": "/id" },
        "callback_signature": signature, "callback_secret": "canary-callback",
    });
    let made = api.post("/text-gateways", body.clone());
    let made_body = made.expect(201);
    let path = format!("/text-gateways/{}", id(&made_body));
    assert_eq!(made.header("location"), format!("/api/v1{path}"));
    let mut expected = body;
    let members = expected.as_object_mut().unwrap();
    for (secret, has) in [("secret", "has_secret"), ("callback_secret", "has_callback_secret")] {
        members.remove(secret);
        members.insert(has.into(), json!(true));
    }
    members.insert("id".into(), made_body["id"].clone());
    members.insert("owner".into(), Value::Null);
    assert_eq!(made_body, expected);
    assert_eq!(items(&api.get("/text-gateways").expect(200)), [expected]);
    let changed = api.patch(&path, json!({ "receipts": null, "country": "FR" })).expect(200);
    assert_eq!(
        (&changed["receipts"], &changed["country"], &changed["has_secret"]),
        (&Value::Null, &json!("FR"), &json!(true))
    );
    let elsewhere = json!({ "request": { "url": "https://other.example/", "form": { "t": "{{to}}{{body}}{{id}}" } } });
    api.patch(&path, elsewhere).refused_at(422, "validation_failed", "/secret");
    let stale = api.request(Method::PATCH, &path).header("if-match", "\"1\"").json(&json!({ "country": "PT" })).send();
    stale.refused(412, "version_mismatch");
    let told = [api.get(&path), api.get("/audit"), api.get("/text-gateways")].map(|answer| answer.text()).concat();
    assert!(!told.contains("canary"), "{told}");
    assert!(!server.log().contains("canary"));
    assert_eq!(api.request(Method::DELETE, &path).send().status, 204);
    api.get(&path).refused(404, "not_found");
}

#[test]
fn what_does_not_fit_is_refused_where_it_stands() {
    let server = Server::shared();
    let api = server.client();
    let with = |members: Value| {
        let mut body = text_gateway("https://sms.example.org/");
        members.as_object().unwrap().iter().for_each(|(name, member)| body[name] = member.clone());
        api.post("/text-gateways", body)
    };
    let request = |members: Value| {
        let mut request = text_gateway("https://sms.example.org/")["request"].clone();
        members.as_object().unwrap().iter().for_each(|(name, member)| request[name] = member.clone());
        with(json!({ "request": request }))
    };
    for url in
        ["http://sms.example.org/", "https://10.0.0.1/", "https://me:secret@sms.example.org/", "ftp://x", "{{ to }}"]
    {
        request(json!({ "url": url })).refused_at(422, "validation_failed", "/request/url");
    }
    request(json!({ "json": {} })).refused_at(422, "validation_failed", "/request/json");
    request(json!({ "form": { "to": "{{ to }}" } })).refused_at(422, "validation_failed", "/request");
    request(json!({ "body": "x" })).refused(400, "malformed");
    with(json!({ "authentication": { "type": "basic" } })).refused_at(
        422,
        "validation_failed",
        "/authentication/username",
    );
    with(json!({ "authentication": { "type": "hmac" } })).refused_at(
        422,
        "validation_failed",
        "/authentication/signature",
    );
    with(json!({ "secret": "" })).refused_at(422, "validation_failed", "/secret");
    with(json!({ "receipts": [] })).refused(400, "malformed");
    api.post("/text-gateways", json!({})).refused_at(422, "validation_failed", "/name");
}
