//! Every page, signed in and out. The pages are no part of the document, so they are read from the source: one that is
//! added without a row fails.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;

use super::page_table::PAGES;
use super::split;
use super::table::routes;
use crate::people::Credential;
use crate::server::Server;

/// What an attribute, or a resource that is put together by hand, says of a route.
const MARKS: [(&str, &str); 8] = [
    ("#[get(\"", "GET"),
    // Those also take HEAD.
    ("#[route(\"", "GET"),
    ("#[post(\"", "POST"),
    ("#[put(\"", "PUT"),
    ("#[patch(\"", "PATCH"),
    ("#[delete(\"", "DELETE"),
    ("::resource(\"", "GET"),
    ("::redirect(\"", "GET"),
];

/// Routes of the API and of pages may read alike, so they are apart: the API's stand below `api`.
fn routes_in(folder: &Path, api: bool, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if api || !path.ends_with("web/api") {
                routes_in(&path, api, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            for (mark, method) in MARKS {
                let routes = source.split(mark).skip(1).map(|rest| rest.split('"').next().unwrap());
                found.extend(routes.map(|route| format!("{method} {route}")));
            }
        }
    }
}

#[test]
fn every_route_of_the_source_stands_in_a_table_and_none_beside() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let shaped = |routes: &mut dyn Iterator<Item = &str>| routes.map(super::shape).collect::<BTreeSet<String>>();
    for (api, listed) in [
        (true, shaped(&mut routes().map(|row| row.route))),
        (false, shaped(&mut PAGES.iter().map(|(route, ..)| *route))),
    ] {
        let mut written = BTreeSet::new();
        routes_in(&if api { source.join("web/api") } else { source.clone() }, api, &mut written);
        let written = shaped(&mut written.iter().map(String::as_str));
        let odd: Vec<_> = written.symmetric_difference(&listed).collect();
        assert!(odd.is_empty(), "in the source or in a table only: {odd:?}");
    }
}

/// What the form of a page sends.
fn fields(route: &str) -> &'static str {
    match route {
        "POST /sign-in" => "email=nobody%40example.org&password=nothing+of+the+kind",
        "POST /welcome/{secret}" => "name=A&email=a%40example.org&password=correct+horse+battery",
        "POST /invitation/{link}" => "password=correct+horse+battery",
        "POST /account/password" => "current=wrong+as+can+be&password=correct+horse+battery",
        "POST /account/tokens" => "name=New&read=yes&days=1",
        _ => "",
    }
}

#[test]
fn every_page_answers_whoever_is_signed_in_and_whoever_is_not() {
    let server = Server::sandbox();
    let api = server.client();
    let person = api.person("visitor", &["seller"], "north");
    let disabled = api.person("disabled", &["seller"], "north");
    api.post(&format!("/users/{}/disable", disabled.id), serde_json::json!({})).expect(200);
    for (route, signed_out, signed_in) in PAGES {
        let (method, path) = split(route);
        let path = path.replace("{file:.*}", "").replace("{code}", "malformed");
        let path = path
            .replace("{secret}", "x")
            .replace("{link}", "x")
            .replace("{path:.*}", "records")
            .replace("{method}", "POST");
        let path = ["{id}", "{user}", "{type}", "{name}", "{action}", "{enrolment}"]
            .iter()
            .fold(path, |path, parameter| path.replace(parameter, super::world::NOTHING));
        // Some pages end the session that they are asked with.
        let session = api.sign_in(&person);
        // Mail programs of everybody send those, and no cookie counts for anything.
        if method == Method::POST && !path.starts_with("/u/") {
            let stray = api.ask(Credential::StrayCookie(&session), Method::POST, &path);
            let stray = stray.header("content-type", "application/x-www-form-urlencoded").body(fields(route)).send();
            assert_eq!(stray.status, 403, "{route}: {}", stray.text());
        }
        // A token opens no page.
        let visitors = [
            (Credential::None, signed_out),
            (Credential::Cookie(&disabled.cookie), signed_out),
            (Credential::Token(&person.token), signed_out),
            (Credential::Cookie(&session), signed_in),
        ];
        for (by, expected) in visitors {
            let answer = match method {
                Method::GET => api.ask(by, Method::GET, &path).send(),
                _ => api.form(by, &path, fields(route)).send(),
            };
            let found = match answer.header("location") {
                "" => answer.status.to_string(),
                to => format!(">{to}"),
            };
            assert_eq!(found, expected.replace("{id}", super::world::NOTHING), "{route} {by:?}: {}", answer.text());
            if *signed_in == "200" && signed_out.starts_with('>') && found == "200" {
                assert!(answer.text().contains("visitor"));
            }
        }
    }
}
