//! Requests that cannot be read: every one is a problem, none is a defect.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, node};
use crate::server::{Client, Server, TOKEN, statuses_seen};

/// Every address that takes a JSON body, with one that exists.
fn writers(api: &Client) -> Vec<(Method, String)> {
    let (lead, enrolment) = api.enrolled(graph([node("m", "email", json!({}))]));
    let step = api.current_id(&lead, "m");
    let enrolment = id(&enrolment);
    let sequence = api.inactive(graph([node("m", "email", json!({}))]));
    let post = |path: String| (Method::POST, path);
    let mut all: Vec<(Method, String)> = ["complete", "skip", "snooze", "skip-wait", "retry", "note"]
        .map(|action| post(format!("/steps/{step}/{action}")))
        .into();
    all.extend(
        ["validate", "activate", "deactivate", "enrolments"].map(|to| post(format!("/sequences/{sequence}/{to}"))),
    );
    all.extend(["close", "reopen"].map(|action| post(format!("/records/{lead}/{action}"))));
    all.extend(
        ["/records", "/records/batch", "/sequences", "/events", "/test-clock/advance"].map(|path| post(path.into())),
    );
    all.push(post(format!("/enrolments/{enrolment}/disconnect")));
    all.push((Method::PUT, format!("/sequences/{sequence}/graph")));
    all.push((Method::PUT, "/records/external/lead/malformed".into()));
    all.push((Method::PATCH, format!("/sequences/{sequence}")));
    all.push((Method::PATCH, format!("/records/{lead}")));
    all
}

#[test]
fn what_is_no_json_object_is_malformed_everywhere() {
    let server = Server::shared();
    let api = server.client();
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let bodies: [&[u8]; 14] = [
        b"{",
        b"{\"a\":}",
        b"null",
        b"true",
        b"7",
        b"\"x\"",
        b"[]",
        b"{} {}",
        b"{}x",
        b"\xff\xfe",
        b"{\"a\": \"\\ud800\"}",
        b"NaN",
        b" ",
        deep.as_bytes(),
    ];
    for (method, path) in writers(&api) {
        for body in bodies {
            let request = api.request(method.clone(), &path).header("content-type", "application/json");
            request.body(body.to_vec()).send().refused(400, "malformed");
        }
    }
}

#[test]
fn a_member_that_does_not_exist_is_named_everywhere() {
    let server = Server::shared();
    let api = server.client();
    for (method, path) in writers(&api) {
        let told = |body: Value| api.request(method.clone(), &path).json(&body).send();
        told(json!({ "no_such_member": 1 })).refused_at(400, "malformed", "/no_such_member");
        told(json!({ "a/b~c": 1 })).refused_at(400, "malformed", "/a~1b~0c");
    }
}

#[test]
fn a_body_of_another_type_is_refused_everywhere() {
    let server = Server::shared();
    let api = server.client();
    for (method, path) in writers(&api) {
        for kind in ["text/plain", "application/x-www-form-urlencoded", "text/csv", "application/jsonp", "nonsense"] {
            let request = api.request(method.clone(), &path).header("content-type", kind);
            request.body("{\"no_such_member\":1}").send().refused(415, "unsupported_media_type");
        }
        for kind in ["application/json; charset=utf-8", "application/merge-patch+json", "APPLICATION/JSON"] {
            let request = api.request(method.clone(), &path).header("content-type", kind);
            request.body("{\"no_such_member\":1}").send().refused(400, "malformed");
        }
    }
}

#[test]
fn an_empty_body_is_refused_where_something_is_required() {
    let server = Server::shared();
    let api = server.client();
    let lead = api.lead();
    let sequence = api.inactive(graph([node("m", "email", json!({}))]));
    for (method, path) in [
        (Method::POST, "/records".into()),
        (Method::POST, "/records/batch".into()),
        (Method::POST, "/sequences".into()),
        (Method::POST, "/events".into()),
        (Method::POST, "/test-clock/advance".into()),
        (Method::POST, format!("/records/{lead}/close")),
        (Method::POST, format!("/sequences/{sequence}/enrolments")),
        (Method::PUT, format!("/sequences/{sequence}/graph")),
    ] {
        api.request(method, &path).send().refused(400, "malformed");
    }
    assert_ne!(api.get(&format!("/sequences/{sequence}/graph")).expect(200)["start"], Value::Null, "the draft stands");
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let server = Server::shared();
    let api = server.client();
    let body = format!("{{\"name\":\"{}\"}}", "x".repeat(17 << 20));
    api.request(Method::POST, "/records").body(body).send().refused(413, "too_large");
}

#[test]
fn nothing_is_a_5xx() {
    let server = Server::shared();
    let api = server.client();
    let document = api.bare(Method::GET, "/openapi.json").send().expect(200);
    let bodies = [
        "",
        "null",
        "[]",
        "{}",
        "{\"id\":[]}",
        "{\"records\":[null,{},[]]}",
        "{\"events\":[1]}",
        "\u{0}",
        "{\"nodes\":[[]]}",
    ];
    let ids =
        ["0", "%00", "%ff%fe", "..", "%2e%2e%2f", "00000000-0000-0000-0000-000000000000", "external:lead:x", "{id}"];
    let queries =
        ["", "?limit=99999999999999999999", "?cursor=%00", "?%ff=%ff", "?limit=1&limit=2", "?type=lead&mapping=[]"];
    for (pattern, methods) in document["paths"].as_object().unwrap() {
        // The clock is not this test's to move.
        for method in methods.as_object().unwrap().keys().filter(|_| pattern != "/api/v1/test-clock/advance") {
            let method: Method = method.to_uppercase().parse().unwrap();
            let mut requests = Vec::new();
            for (id, body) in ids.iter().zip(bodies.iter().cycle()) {
                let path: Vec<_> =
                    pattern.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect();
                for query in queries {
                    // Or it goes on for as long as it is listened to.
                    let query = if pattern.ends_with("/stream") && query.is_empty() { "?wait=false" } else { query };
                    let request = api.bare(method.clone(), &format!("{}{query}", path.join("/")));
                    let request = request.header("authorization", &format!("Bearer {TOKEN}")).header("if-match", "?");
                    requests.push(request.header("accept-language", ";;q=,=").body(*body));
                }
            }
            // What is wrong with an answer the client notices itself.
            api.at_once(requests);
        }
    }
    let seen = statuses_seen();
    assert!(seen.keys().all(|status| *status < 500), "{seen:?}");
    assert!(seen.contains_key(&400) && seen.contains_key(&404), "{seen:?}");
}
