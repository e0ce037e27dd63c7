//! What holds at every address: tokens, methods, problem pages, the document, and the probes.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Client, Server, TOKEN};

/// Every method and address of the document, with some id where one is wanted.
pub fn operations(api: &Client) -> Vec<(Method, String)> {
    let document = api.bare(Method::GET, "/openapi.json").send().expect(200);
    let mut all = Vec::new();
    for (pattern, methods) in document["paths"].as_object().unwrap() {
        let parts = pattern.split('/').map(|part| match part {
            "{type}" => "lead",
            part if part.starts_with('{') => "00000000-0000-7000-8000-00000000abcd",
            part => part,
        });
        let path = parts.collect::<Vec<_>>().join("/");
        all.extend(
            methods.as_object().unwrap().keys().map(|method| (method.to_uppercase().parse().unwrap(), path.clone())),
        );
    }
    all
}

#[test]
fn every_operation_of_the_document_exists() {
    let server = Server::shared();
    let api = server.client();
    let document = api.bare(Method::GET, "/openapi.json").send();
    assert_eq!(document.header("content-type"), "application/json");
    let document = document.expect(200);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    assert_eq!(document["security"], json!([{ "bearer": [] }]));
    let all = operations(&api);
    assert!(all.len() >= 40, "{}", all.len());
    for (method, path) in all {
        // What never ends by itself is asked for what there is.
        let asked = if path.ends_with("/stream") { format!("{path}?wait=false") } else { path.clone() };
        let request = api.bare(method.clone(), &asked).header("authorization", &format!("Bearer {TOKEN}"));
        let answer = request.header("content-type", "application/json").body("[]").send();
        let unknown = answer.status >= 400 && answer.text().contains("there is nothing at");
        assert!(!unknown && answer.status != 405, "{method} {path}");
    }
    for (path, methods) in [
        ("/api/v1/records", "get post"),
        ("/api/v1/records/{id}", "delete get patch"),
        ("/api/v1/sequences/{id}/graph", "get put"),
        ("/api/v1/steps/{id}/complete", "post"),
        ("/api/v1/records/external/{type}/{external_id}", "put"),
    ] {
        let found: Vec<_> = document["paths"][path].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(found.join(" "), methods);
    }
    let referred = document.to_string();
    for reference in referred.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name} is not defined");
    }
}

#[test]
fn nothing_of_the_api_is_had_without_a_token() {
    let server = Server::shared();
    let api = server.client();
    let wrong = [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic dTpw",
        TOKEN,
        &format!("Bearer {TOKEN}x"),
        &format!("Bearer {}", &TOKEN[1..]),
    ];
    for (method, path) in operations(&api).into_iter().filter(|(_, path)| path.starts_with("/api/")) {
        api.bare(method.clone(), &path).send().refused(401, "unauthenticated");
        for token in wrong {
            let request = api.bare(method.clone(), &path).header("authorization", token);
            // Nor does the order in which things are looked at tell anything.
            let request = request.header("content-type", "text/plain").header("idempotency-key", "").body("{");
            request.send().refused(401, "unauthenticated");
        }
    }
}

#[test]
fn probes_need_no_token() {
    let server = Server::shared();
    let api = server.client();
    api.lead();
    for (path, kind, holds) in [
        ("/healthz", "text/plain; charset=utf-8", "ok"),
        ("/readyz", "text/plain; charset=utf-8", "ready"),
        ("/metrics", "text/plain; version=0.0.4", "relance_sequences_active"),
    ] {
        let answer = api.bare(Method::GET, path).send();
        assert_eq!((answer.status, answer.header("content-type")), (200, kind), "{path}");
        assert!(answer.text().contains(holds), "{}", answer.text());
    }
}

#[test]
fn a_method_that_an_address_lacks_is_405_and_names_those_it_has() {
    let server = Server::shared();
    let api = server.client();
    let id = "00000000-0000-7000-8000-00000000abcd";
    for (method, path, allowed) in [
        (Method::DELETE, "/api/v1/records".to_owned(), "GET, POST"),
        (Method::PUT, format!("/api/v1/records/{id}"), "GET, PATCH, DELETE"),
        (Method::GET, format!("/api/v1/steps/{id}/complete"), "POST"),
        (Method::POST, format!("/api/v1/steps/{id}"), "GET"),
        (Method::DELETE, format!("/api/v1/sequences/{id}/graph"), "GET, PUT"),
        (Method::PATCH, format!("/api/v1/sequences/{id}/enrolments"), "GET, POST"),
        (Method::GET, "/api/v1/records/external/lead/x".into(), "PUT"),
        (Method::GET, "/api/v1/imports".into(), "POST"),
        (Method::OPTIONS, "/api/v1/events".into(), "POST"),
        (Method::POST, "/healthz".into(), "GET"),
        (Method::DELETE, "/metrics".into(), "GET"),
        (Method::POST, "/openapi.json".into(), "GET"),
        (Method::POST, "/problems/malformed".into(), "GET"),
        (Method::DELETE, "/docs/".into(), "GET"),
    ] {
        let request = api.bare(method.clone(), &path).header("authorization", &format!("Bearer {TOKEN}"));
        let answer = request.send();
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
}

#[test]
fn an_address_that_does_not_exist_is_404() {
    let server = Server::shared();
    let api = server.client();
    for path in [
        "/nothing",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/records",
        "/api/v1/record",
        "/api/v1/records/",
        "/api/v1/records/a/b/c",
        "/api/v1/steps",
        "/api/v1//records",
        "/api/v1/steps/%2F",
        "/api/v1/records/a%2Fup-next",
        "/healthz/",
        "/%",
        "/problems/none",
        "/problems/",
        "/openapi.json/x",
        "/static/../../etc/passwd",
    ] {
        for method in [Method::GET, Method::POST] {
            let is_there = ["/problems", "/docs", "/api/v1/steps/%2F", "/api/v1/records/a%2F"]
                .iter()
                .any(|prefix| path.starts_with(prefix));
            if method == Method::POST && is_there {
                continue;
            }
            let request = api.bare(method, path).header("authorization", &format!("Bearer {TOKEN}"));
            request.send().refused(404, "not_found");
        }
    }
}

#[test]
fn every_problem_code_has_a_page() {
    let server = Server::shared();
    let api = server.client();
    assert!(relance::web::problem::CODES.len() > 30);
    for (code, status, meaning) in relance::web::problem::CODES {
        let page = api.bare(Method::GET, &format!("/problems/{code}")).send();
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(page.text().contains(&format!("<h1>{code}</h1>")), "{code}");
        assert!(page.text().contains(&status.to_string()) && page.text().contains(meaning), "{code}");
    }
}

#[test]
fn a_person_gets_a_problem_as_a_page() {
    let server = Server::shared();
    let api = server.client();
    for path in ["/nothing", "/problems/nothing"] {
        let page = api.bare(Method::GET, path).header("accept", "text/html,*/*").send();
        assert_eq!((page.status, page.header("content-type")), (404, "text/html; charset=utf-8"), "{path}");
        api.bare(Method::GET, path).send().refused(404, "not_found");
    }
}

#[test]
fn the_documentation_is_a_page_that_loads_nothing_from_elsewhere() {
    let server = Server::shared();
    let api = server.client();
    for (from, to) in [("/", "/sign-in"), ("/docs", "/docs/")] {
        let answer = api.bare(Method::GET, from).send();
        assert_eq!((answer.status / 100, answer.header("location")), (3, to), "{from}");
    }
    let page = api.bare(Method::GET, "/docs/").send();
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(!page.text().contains("https://") && page.text().contains("swagger"), "{}", page.text());
    let local = page.text();
    for link in local.split("=\"./").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert_eq!(api.bare(Method::GET, &format!("/docs/{link}")).send().status, 200, "{link}");
    }
}

#[test]
fn a_single_resource_has_an_etag() {
    let server = Server::shared();
    let api = server.client();
    let (lead, enrolment) = api.enrolled(crate::fixtures::graph([crate::fixtures::task("a", None)]));
    let step = api.current_id(&lead, "a");
    let sequence = enrolment["sequence"].as_str().unwrap();
    let job = api.request(Method::POST, "/imports?type=lead").header("content-type", "text/csv").body("Name\n").send();
    let job = crate::fixtures::id(&job.expect(201));
    for path in [
        format!("/records/{lead}"),
        format!("/sequences/{sequence}"),
        format!("/sequences/{sequence}/graph"),
        format!("/steps/{step}"),
        format!("/enrolments/{}", crate::fixtures::id(&enrolment)),
        format!("/imports/{job}"),
        "/templates/T1".into(),
    ] {
        let answer = api.get(&path);
        let tag = answer.header("etag");
        assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2, "{path}: {tag}");
        let shown: Value = answer.expect(200);
        assert!(shown.is_object());
    }
}
