//! What a token may that has one scope only, and what a cookie may that another site sends along.

use reqwest::Method;

use super::bodies::filled;
use super::table::{On, routes};
use super::world::{NOTHING, Relation, World};
use super::{base, is_compatible, newest_link, split};
use crate::people::Credential;
use crate::server::Server;

/// Asks in such a way that nothing happens even where it is let in: of nothing, or with a body that nobody takes.
fn harmless(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { NOTHING } else { part });
    let query = if path == "/stream" { "?wait=false" } else { "" };
    format!("{}{}{query}", if is_compatible(path) { "" } else { "/api/v1" }, parts.collect::<Vec<_>>().join("/"))
}

#[test]
fn a_token_gets_as_far_as_its_scope_and_the_refusal_says_so() {
    let server = Server::sandbox();
    let api = server.client();
    let person = api.person("programs", &["system_administrator"], "north");
    for scope in ["read", "write", "events", "admin"] {
        let token = api.token(&person.id, &[scope]);
        for row in routes().filter(|row| row.on != On::Public) {
            let (method, path) = split(row.route);
            let request = api.ask(Credential::Token(&token), method.clone(), &harmless(path));
            let request = if method == Method::GET {
                request
            } else {
                request.header("content-type", "application/json").body("[]")
            };
            let before = newest_link(&api)["number"].as_u64().unwrap();
            let answer = request.send();
            if row.scopes.split(' ').any(|allowed| allowed == scope) {
                assert!(!matches!(answer.status, 401 | 403), "{} with {scope}: {}", row.route, answer.text());
            } else {
                answer.refused(403, "option_unavailable");
                let link = newest_link(&api);
                assert_eq!(link["number"], before + 1, "{}: {link}", row.route);
                assert_eq!((&link["action"], &link["actor"]), (&"access.refused".into(), &person.id.clone().into()));
            }
        }
    }
}

#[test]
fn a_cookie_changes_nothing_unless_a_page_of_the_server_sends_it() {
    let world = World::new();
    let seller = &world.actors[3].person;
    for row in routes().filter(|row| row.on != On::Public && !row.route.starts_with("GET")) {
        let (method, path) = split(row.route);
        let relation = Relation::Own;
        let thing = world.standing(row.on, 3, relation);
        let path = filled(&format!("{}{path}{}", base(row), row.query), &thing);
        let body = filled(row.body, &thing);
        for origin in [None, Some("null"), Some("http://127.0.0.1:1"), Some("https://example.org")] {
            let stray = world.api.ask(Credential::StrayCookie(&seller.cookie), method.clone(), &path);
            let stray = if let Some(origin) = origin { stray.header("origin", origin) } else { stray };
            stray.header("content-type", "application/json").body(body.clone()).send().refused(403, "cross_site");
        }
    }
}
