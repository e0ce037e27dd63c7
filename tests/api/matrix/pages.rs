//! Every page, signed in and out. The pages are no part of the document, so they are read from the source: one that is
//! added without a row fails.

use std::collections::BTreeSet;
use std::path::Path;

use reqwest::Method;

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

/// Every page: what somebody without a session gets, and somebody with one. `>` before an address: led there.
const PAGES: &[(&str, &str, &str)] = &[
    //                                    signed out      signed in
    ("GET /", /*                      */ ">/sign-in", ">/account"),
    ("GET /sign-in", /*               */ "200", ">/"),
    ("POST /sign-in", /*              */ "401", "401"),
    // No provider is configured.
    ("GET /sign-in/oidc", /*          */ "404", "404"),
    ("GET /sign-in/oidc/callback", /* */ "404", "404"),
    ("POST /sign-out", /*             */ ">/sign-in", ">/sign-in"),
    ("GET /welcome/{secret}", /*      */ "404", "404"),
    ("POST /welcome/{secret}", /*     */ "404", "404"),
    ("GET /invitation/{link}", /*     */ "404", "404"),
    ("POST /invitation/{link}", /*    */ "404", "404"),
    ("GET /account", /*               */ ">/sign-in", "200"),
    ("POST /account/password", /*     */ ">/sign-in", "422"),
    ("POST /account/sign-out-everywhere", ">/sign-in", ">/sign-in"),
    ("POST /account/tokens", /*       */ ">/sign-in", "200"),
    ("POST /account/keys/{id}/close", /**/ ">/sign-in", ">/account"),
    ("GET /admin", ">/sign-in", "200"),
    ("GET /admin/audit", ">/sign-in", "403"),
    ("GET /admin/calendars", ">/sign-in", "200"),
    ("GET /admin/calendars/{id}", ">/sign-in", "404"),
    ("GET /admin/call-results", ">/sign-in", "200"),
    ("GET /admin/deliveries", ">/sign-in", "200"),
    ("GET /admin/email-templates", ">/sign-in", "200"),
    ("GET /admin/email-templates/new", ">/sign-in", "200"),
    ("GET /admin/email-templates/{id}", ">/sign-in", "404"),
    ("GET /admin/holidays", ">/sign-in", "200"),
    ("GET /admin/mailboxes", ">/sign-in", "200"),
    ("GET /admin/mailboxes/new", ">/sign-in", "200"),
    ("GET /admin/mailboxes/{id}", ">/sign-in", "404"),
    ("GET /admin/process-flows", ">/sign-in", "200"),
    ("GET /admin/process-flows/new", ">/sign-in", "200"),
    ("GET /admin/process-flows/{id}", ">/sign-in", "404"),
    ("GET /admin/record-types", ">/sign-in", "200"),
    ("GET /admin/record-types/{type}", ">/sign-in", "404"),
    ("GET /admin/record-types/{type}/fields/{name}", ">/sign-in", "404"),
    ("GET /admin/settings", ">/sign-in", "200"),
    ("GET /admin/suppressions", ">/sign-in", "403"),
    ("GET /admin/tags", ">/sign-in", "200"),
    ("GET /admin/tags/{id}", ">/sign-in", "404"),
    ("GET /admin/teams", ">/sign-in", "200"),
    ("GET /admin/teams/new", ">/sign-in", "200"),
    ("GET /admin/teams/{id}", ">/sign-in", "404"),
    ("GET /admin/text-gateways", ">/sign-in", "403"),
    ("GET /admin/text-gateways/new", ">/sign-in", "403"),
    ("GET /admin/text-gateways/{id}", ">/sign-in", "403"),
    ("GET /admin/text-templates", ">/sign-in", "200"),
    ("GET /admin/text-templates/new", ">/sign-in", "200"),
    ("GET /admin/text-templates/{id}", ">/sign-in", "404"),
    ("GET /admin/tokens", ">/sign-in", "200"),
    ("GET /admin/users", ">/sign-in", "200"),
    ("GET /admin/users/new", ">/sign-in", "200"),
    ("GET /admin/users/{id}", ">/sign-in", "404"),
    ("GET /admin/webhooks", ">/sign-in", "403"),
    ("GET /admin/webhooks/new", ">/sign-in", "403"),
    ("GET /admin/webhooks/{id}", ">/sign-in", "403"),
    ("GET /assets/relance.css", /*    */ "200", "200"),
    ("GET /docs", /*                  */ ">/docs/", ">/docs/"),
    ("GET /docs/{file:.*}", /*        */ "200", "200"),
    ("GET /openapi.json", /*          */ "200", "200"),
    ("GET /t/o/{id}", /*              */ "404", "404"),
    ("GET /t/c/{id}", /*              */ "404", "404"),
    ("GET /t/a/{id}", /*              */ "404", "404"),
    ("GET /u/{id}", /*                */ "404", "404"),
    ("POST /u/{id}", /*               */ "404", "404"),
    ("GET /problems/{code}", /*       */ "200", "200"),
];

fn routes_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            routes_in(&path, found);
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
    let mut written = BTreeSet::new();
    routes_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut written);
    let written: BTreeSet<String> = written.iter().map(|route| super::shape(route)).collect();
    let listed = routes().map(|row| row.route).chain(PAGES.iter().map(|(route, ..)| *route));
    let listed: BTreeSet<String> = listed.map(super::shape).collect();
    let odd: Vec<_> = written.symmetric_difference(&listed).collect();
    assert!(odd.is_empty(), "in the source or in a table only: {odd:?}");
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
        let path = path.replace("{secret}", "x").replace("{link}", "x").replace("{id}", super::world::NOTHING);
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
            assert_eq!(&found, expected, "{route} {by:?}: {}", answer.text());
            if *signed_in == "200" && signed_out.starts_with('>') && found == "200" {
                assert!(answer.text().contains("visitor"));
            }
        }
    }
}
