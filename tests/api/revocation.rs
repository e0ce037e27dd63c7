//! Rights are those of now: whatever is taken from somebody is gone with their next request, by session and by token.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::id;
use crate::people::{Credential, PASSWORD, Person};
use crate::server::{Answer, Client, Server};

fn by_all<'a>(person: &'a Person) -> [Credential<'a>; 2] {
    [person.by_token(), person.by_cookie()]
}

fn get(api: &Client, by: Credential, path: &str) -> Answer {
    api.ask(by, Method::GET, &format!("/api/v1{path}")).send()
}

fn lead(api: &Client, owner: Value, access_team: Option<&str>) -> String {
    let mut body = json!({ "type": "lead", "name": "Ada", "owner": owner });
    if let Some(team) = access_team {
        body["access_team"] = json!(team);
    }
    format!("/records/{}", id(&api.post("/records", body).expect(201)))
}

#[test]
fn a_change_of_role_or_unit_holds_from_the_next_request_on() {
    let server = Server::shared();
    let api = server.client();
    let peer = api.named_user("peer", &["seller"], "north").0;
    let record = lead(&api, json!({ "user": peer }), None);
    api.person("stayer", &["system_administrator"], "north");
    let person = api.person("manager", &["sales_manager"], "north");
    let user = format!("/users/{}", person.id);
    let sees = |status: u16, code: &str| {
        for by in by_all(&person) {
            let answer = get(&api, by, &record);
            if code.is_empty() {
                answer.expect(status)
            } else {
                answer.refused(status, code)
            };
            let listed = get(&api, by, &format!("/records?owner={peer}")).expect(200);
            assert_eq!(listed["items"].as_array().unwrap().len(), usize::from(status == 200));
        }
    };
    let erase = || api.ask(person.by_token(), Method::DELETE, &format!("/api/v1{record}")).send();
    sees(200, "");
    api.patch(&user, json!({ "roles": ["seller"] })).expect(200);
    sees(404, "not_found");
    api.patch(&user, json!({ "roles": ["sequence_manager"] })).expect(200);
    sees(200, "");
    erase().refused(403, "forbidden_role");
    api.patch(&user, json!({ "business_unit": "south" })).expect(200);
    sees(404, "not_found");
    api.patch(&user, json!({ "roles": ["system_administrator"] })).expect(200);
    sees(200, "");
    get(&api, person.by_cookie(), "/audit").expect(200);
    api.patch(&user, json!({ "roles": ["sales_manager"], "business_unit": "north" })).expect(200);
    get(&api, person.by_cookie(), "/audit").refused(403, "forbidden_role");
    assert_eq!(erase().status, 204);
}

#[test]
fn leaving_a_team_and_its_end_hold_from_the_next_request_on() {
    let server = Server::shared();
    let api = server.client();
    let person = api.person("member", &["seller"], "north");
    let stranger = api.named_user("stranger", &["seller"], "south").0;
    let team = || id(&api.post("/teams", json!({ "name": "T", "kind": "access", "members": [person.id] })).expect(201));
    let (owning, let_in) = (team(), team());
    let records = [lead(&api, json!({ "team": owning }), None), lead(&api, json!({ "user": stranger }), Some(&let_in))];
    let see = |status| {
        for (by, record) in by_all(&person).into_iter().flat_map(|by| records.iter().map(move |record| (by, record))) {
            get(&api, by, record).expect(status);
        }
    };
    see(200);
    let member = |team: &str| format!("/teams/{team}/members/{}", person.id);
    for team in [&owning, &let_in] {
        assert_eq!(api.request(Method::DELETE, &member(team)).send().status, 204);
    }
    see(404);
    for team in [&owning, &let_in] {
        api.put(&member(team), json!({})).expect(200);
    }
    see(200);
    for team in [&owning, &let_in] {
        assert_eq!(api.request(Method::DELETE, &format!("/teams/{team}")).send().status, 204);
    }
    see(404);
}

#[test]
fn whoever_is_disabled_is_out_at_once_and_not_back_in_by_an_old_session() {
    let server = Server::shared();
    let api = server.client();
    // Who stays is an administrator too, else the last one could not be disabled.
    api.person("stayer", &["system_administrator"], "north");
    let person = api.person("leaver", &["system_administrator"], "north");
    let ask = || by_all(&person).map(|by| get(&api, by, "/me"));
    ask().iter().for_each(|answer| drop(answer.expect(200)));
    api.post(&format!("/users/{}/disable", person.id), json!({})).expect(200);
    ask().iter().for_each(|answer| drop(answer.refused(401, "unauthenticated")));
    let fields = format!("email={}&password={}", person.email, PASSWORD.replace(' ', "+"));
    assert_eq!(api.form(Credential::None, "/sign-in", &fields).send().status, 401);
    let link = api.request(Method::POST, &format!("/users/{}/invite", person.id)).json(&json!({})).send();
    link.refused(404, "not_found");
    api.post(&format!("/users/{}/enable", person.id), json!({})).expect(200);
    get(&api, person.by_cookie(), "/me").refused(401, "unauthenticated");
}

#[test]
fn revoking_and_signing_out_hold_from_the_next_request_on() {
    let server = Server::shared();
    let api = server.client();
    let person = api.person("visitor", &["seller"], "north");
    let second = api.sign_in(&person);
    let third = api.sign_in(&person);
    let sessions = [person.by_cookie(), Credential::Cookie(&second), Credential::Cookie(&third)];
    sessions.iter().for_each(|by| drop(get(&api, *by, "/me").expect(200)));
    // One of them.
    assert_eq!(api.form(sessions[1], "/sign-out", "").send().header("location"), "/sign-in");
    get(&api, sessions[1], "/me").refused(401, "unauthenticated");
    get(&api, sessions[0], "/me").expect(200);
    // All of them; what programs hold goes on.
    assert_eq!(api.form(sessions[2], "/account/sign-out-everywhere", "").send().header("location"), "/sign-in");
    sessions.iter().for_each(|by| drop(get(&api, *by, "/me").refused(401, "unauthenticated")));
    get(&api, person.by_token(), "/me").expect(200);
    // Another password ends every session but the one that it opens.
    let before = api.sign_in(&person);
    let fields = format!("current={}&password=another+long+password", PASSWORD.replace(' ', "+"));
    let changed = api.form(Credential::Cookie(&before), "/account/password", &fields).send();
    assert_eq!(changed.status, 303, "{}", changed.text());
    get(&api, Credential::Cookie(&before), "/me").refused(401, "unauthenticated");
    // A token that its user revokes, and one that an administrator does.
    let tokens = [(); 2].map(|()| {
        let made = api.post("/tokens", json!({ "name": "T", "scopes": ["read"], "user": person.id })).expect(201);
        (id(&made), made["token"].as_str().unwrap().to_owned())
    });
    for ((key, token), by) in tokens.iter().zip([person.by_token(), crate::people::OPERATOR]) {
        get(&api, Credential::Token(token), "/me").expect(200);
        assert_eq!(api.ask(by, Method::DELETE, &format!("/api/v1/tokens/{key}")).send().status, 204);
        get(&api, Credential::Token(token), "/me").refused(401, "unauthenticated");
    }
}
