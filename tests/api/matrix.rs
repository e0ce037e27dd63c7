//! Every route × every role × every relation, from one table, compared with the server (P-1 to P-33); a route without a
//! row fails. Each refusal has to stand in the audit trail, and no answer may name what its reader may not know of.

mod bodies;
mod catalogue;
mod channels;
mod grants;
mod page_table;
mod pages;
mod scopes;
mod sequences;
mod table;
mod work;
mod world;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::people::{Credential, OPERATOR};
use crate::server::{Answer, Client};
use bodies::filled;
use grants::{GRANTS, ROLES};
use table::{ACCESS, Level, On, Row, routes};
use world::{Relation, Thing, World, level};

/// What a cell of the matrix has to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Done,
    /// Status, code, and whether it is an access that was refused, to be noted, or nothing was there.
    Refused(u16, &'static str, bool),
}

/// The rules, in the order in which they are asked.
fn expected(row: &Row, actor: usize, relation: Option<Relation>) -> Expected {
    let role = Expected::Refused(403, "forbidden_role", true);
    let line = GRANTS.iter().find(|(number, _)| *number == row.permission);
    let grants: Vec<&str> = line.unwrap_or_else(|| panic!("P-{}", row.permission)).1.split_whitespace().collect();
    if grants[actor] == "-" {
        return role;
    }
    let relation = relation.unwrap_or(Relation::Own);
    if row.needs > Level::Nothing {
        match level(row.on, relation, actor) {
            Level::Nothing => return Expected::Refused(404, "not_found", relation != Relation::Gone),
            found if found < row.needs => return role,
            _ => {}
        }
    }
    let short = ROLES[actor].0;
    let may_give_away = short == "SA" || (short == "SQ" && row.on == On::Sequence);
    if row.gives_away && !may_give_away { role } else { Expected::Done }
}

fn split(route: &'static str) -> (Method, &'static str) {
    let (method, path) = route.split_once(' ').unwrap();
    (method.parse().unwrap(), path)
}

/// What is for clients of other products lies beside the API.
fn is_compatible(path: &str) -> bool {
    path.starts_with("/api/data/")
}

/// What a row's path is below.
fn base(row: &Row) -> &'static str {
    if row.on == On::Public || is_compatible(split(row.route).1) { "" } else { "/api/v1" }
}

/// The relations in which a row is asked.
fn relations(row: &Row) -> Vec<Option<Relation>> {
    if matches!(row.on, On::Whole | On::Public) {
        return vec![None];
    }
    let of_kind = ACCESS.iter().filter(|(on, ..)| *on == row.on).map(|(_, relation, _)| *relation);
    of_kind.filter(|relation| row.only.is_empty() || row.only.contains(relation)).map(Some).collect()
}

/// Asks what a row asks of a thing.
fn ask(api: &Client, row: &Row, thing: &Thing, by: Credential) -> (String, Answer) {
    let (method, path) = split(row.route);
    let path = filled(&format!("{}{path}{}", base(row), row.query), thing);
    let body = filled(row.body, thing);
    let told = format!("{method} {path} {body}");
    let request = api.ask(by, method, &path);
    let request = match row.body.as_bytes().first() {
        None => request,
        Some(b'{') => request.header("content-type", "application/json").body(body),
        Some(_) => request.header("content-type", "text/csv").body(body),
    };
    (told, request.send())
}

/// The newest link of the audit trail.
fn newest_link(api: &Client) -> Value {
    api.get("/audit?limit=1").expect(200)["items"][0].clone()
}

/// Whether what was refused stands at the end of the trail, once: who, from where, what, why.
fn is_noted(link: &Value, by: &str, route: &str, code: &str) -> bool {
    let says = |what: &str, text: &str| {
        let changes = link["changes"].as_array().unwrap();
        changes.iter().any(|change| change["what"] == what && change["after"] == text)
    };
    let (method, path) = route.split_once(' ').unwrap();
    let asked = link["changes"].as_array().unwrap().iter().find(|change| change["what"] == "asked");
    let asked = asked.and_then(|change| change["after"].as_str()).unwrap_or_default();
    link["action"] == "access.refused"
        && link["actor"] == by
        && link["from"] == "127.0.0.1"
        && says("code", code)
        && shape(asked) == format!("{method} {}{}", if is_compatible(path) { "" } else { "/api/v1" }, shape(path))
}

/// A path with its parameters nameless.
fn shape(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Walks one row for everybody; what was otherwise than expected.
fn walk(world: &World, row: &Row, wrong: &mut Vec<String>) {
    let api = &world.api;
    let mut check = |by: Credential, actor: Option<usize>, who: &str, relation: Option<Relation>| {
        let expected = match actor {
            _ if row.on == On::Public => Expected::Done,
            Some(actor) => expected(row, actor, relation),
            // Who proves nothing is not noted, who proves that they are somebody who was disabled is.
            None => Expected::Refused(401, "unauthenticated", by != Credential::None),
        };
        let (holder, relation) = (actor.unwrap_or(ROLES.len() - 1), relation.unwrap_or(Relation::Own));
        let uses_up = expected == Expected::Done && !row.route.starts_with("GET");
        let thing =
            if uses_up { world.make(row.on, holder, relation) } else { world.standing(row.on, holder, relation) };
        let before = newest_link(api)["number"].as_u64().unwrap();
        let (told, answer) = ask(api, row, &thing, by);
        let (status, code) = match row.item && answer.status == 200 {
            true => item(&answer.json()),
            false if answer.status < 400 => (answer.status, String::new()),
            false => (answer.status, answer.code()),
        };
        let cell = format!("{told} as {who}, {relation:?}");
        let wanted = match expected {
            Expected::Done if row.item => (200, ""),
            Expected::Done => row.answer,
            Expected::Refused(status, code, _) => (status, code),
        };
        if wanted != (status, code.as_str()) {
            wrong.push(format!("{cell}: {wanted:?} expected, {status} {code} found"));
        }
        let link = newest_link(api);
        let added = link["number"].as_u64().unwrap() - before;
        if let Expected::Refused(_, code, noted) = expected {
            let who = id_of(world, actor, by);
            if added != u64::from(noted) || (noted && !is_noted(&link, &who, row.route, code)) {
                wrong.push(format!("{cell}: {added} links in the trail, the last one {link}"));
            }
        }
        if actor.is_some() {
            world.assert_known(holder, &told, &answer);
        }
        if uses_up {
            world.retire(row.on, &thing);
        }
    };
    for relation in relations(row) {
        for (actor, (short, _)) in ROLES.iter().enumerate() {
            let person = &world.actors[actor].person;
            check(person.by_token(), Some(actor), short, relation);
            check(person.by_cookie(), Some(actor), &format!("{short} in a browser"), relation);
        }
        check(OPERATOR, Some(0), "the operator", relation);
    }
    let relation = relations(row)[0];
    check(Credential::None, None, "nobody", relation);
    check(world.disabled.by_token(), None, "somebody disabled", relation);
    check(world.disabled.by_cookie(), None, "somebody disabled, in a browser", relation);
}

fn id_of(world: &World, actor: Option<usize>, by: Credential) -> String {
    match actor {
        _ if by == OPERATOR => world.api.get("/me").expect(200)["id"].as_str().unwrap().to_owned(),
        Some(actor) => world.actors[actor].person.id.clone(),
        None if matches!(by, Credential::Token(_)) => world.disabled.id.clone(),
        // Their sessions have ended, so that nobody can say any more whose they were.
        None => "nobody".to_owned(),
    }
}

#[test]
fn every_route_answers_every_role_in_every_relation_as_the_tables_say() {
    let world = World::new();
    let mut wrong = Vec::new();
    routes().for_each(|row| walk(&world, row, &mut wrong));
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_route_of_the_document_stands_in_the_table_and_none_beside() {
    let world_less = crate::server::Server::shared();
    let document = world_less.client().bare(Method::GET, "/openapi.json").send().expect(200);
    let paths = document["paths"].as_object().unwrap().iter();
    let described: BTreeSet<String> = paths
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| format!("{} {}", method.to_uppercase(), shape(path)))
        })
        .collect();
    let listed: BTreeSet<String> = routes()
        .map(|row| {
            let (method, path) = split(row.route);
            format!("{method} {}{}", base(row), shape(path))
        })
        .collect();
    assert_eq!(described, listed);
}

/// Pages through a list and gathers its ids.
fn all_ids(world: &World, by: Credential, path: &str) -> BTreeSet<String> {
    let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = world.api.ask(by, Method::GET, &format!("/api/v1{path}limit=7{cursor}")).send().expect(200);
        for item in page["items"].as_array().unwrap() {
            let id = item["id"].as_str().or(item["record"].as_str()).unwrap();
            assert!(ids.insert(id.to_owned()), "{path} shows {id} twice");
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

#[test]
fn every_list_search_and_count_holds_what_is_seen_and_nothing_else() {
    let world = World::new();
    let kinds =
        [(On::Record, "/records?"), (On::Sequence, "/sequences?"), (On::User, "/users?"), (On::Team, "/teams?")];
    let lists = |on: On, path: &str| match on {
        On::User | On::Team => vec![path.to_owned()],
        _ => vec![path.to_owned(), format!("{path}q=canary&"), format!("{path}owner={}&", world.stranger.person.id)],
    };
    for actor in 0..ROLES.len() {
        // All of them stand before the first list is read.
        kinds.iter().for_each(|(on, _)| drop(world.standing_ids(*on, actor)));
    }
    for (actor, (short, _)) in ROLES.iter().enumerate() {
        let by = world.actors[actor].person.by_token();
        for (on, path) in kinds {
            let (seen, unseen) = world.standing_ids(on, actor);
            for path in lists(on, path) {
                let found = all_ids(&world, by, &path);
                let leaked: Vec<_> = unseen.iter().filter(|id| found.contains(*id)).collect();
                assert!(leaked.is_empty(), "{short} {path}: {leaked:?}");
                let missing: Vec<_> = seen.iter().filter(|id| !found.contains(*id)).collect();
                assert!(missing.is_empty() || path.contains("owner="), "{short} {path}: {missing:?}");
            }
        }
        // A sequence that runs on records of everybody: its records, its enrolments, and their number.
        let common = world.common();
        let (seen, _) = world.standing_ids(On::Record, actor);
        let connected = all_ids(&world, by, &format!("/sequences/{common}/enrolments?"));
        let records = all_ids(&world, by, &format!("/records?sequence={common}&"));
        assert_eq!(connected, records, "{short}");
        assert!(connected.iter().all(|record| seen.contains(record)), "{short}");
        let one = world.api.ask(by, Method::GET, &format!("/api/v1/sequences/{common}")).send().expect(200);
        let listed = world.api.ask(by, Method::GET, "/api/v1/sequences?q=common&limit=500").send().expect(200);
        let listed = listed["items"].as_array().unwrap().iter().find(|item| item["id"] == common).unwrap().clone();
        assert_eq!(one["connected_count"], listed["connected_count"]);
        if *short == "SP" {
            assert_eq!(one["connected_count"], json!(connected.len()), "P-20: {one}");
        } else {
            assert!(one["connected_count"].as_u64().unwrap() >= connected.len() as u64);
        }
    }
}

#[test]
fn p_30_a_workspace_that_is_switched_on_for_others_is_told_as_such() {
    let world = World::new();
    let things: Vec<_> = (0..ROLES.len()).map(|actor| (world.make(On::Record, actor, Relation::Own), actor)).collect();
    world.api.patch("/settings", json!({ "roles": ["sales_manager", "sequence_manager"] })).expect(200);
    for (thing, actor) in &things {
        let by = world.actors[*actor].person.by_token();
        let create = world.api.ask(by, Method::POST, "/api/v1/sequences").json(&json!({ "name": "New" })).send();
        let connect = format!("/api/v1/sequences/{}/enrolments", thing["second"]);
        let connect = world.api.ask(by, Method::POST, &connect).json(&json!({ "records": [thing["id"]] })).send();
        let connected = item(&connect.expect(200));
        if matches!(ROLES[*actor].0, "MG" | "SQ") {
            create.expect(201);
            assert_eq!(connected, (200, String::new()));
        } else {
            create.refused(403, "feature_disabled");
            assert_eq!(connected, (403, "feature_disabled".to_owned()));
            // What needs no workspace goes on.
            let complete = format!("/api/v1/steps/{}/complete", thing["step"]);
            world.api.ask(by, Method::POST, &complete).send().expect(200);
        }
    }
    // With no role in it nobody connects; administrators can switch it on again.
    let admin = world.actors[0].person.by_cookie();
    world.api.patch("/settings", json!({ "roles": [] })).expect(200);
    world
        .api
        .ask(admin, Method::POST, "/api/v1/sequences")
        .json(&json!({ "name": "N" }))
        .send()
        .refused(403, "feature_disabled");
    world.api.ask(admin, Method::PATCH, "/api/v1/settings").json(&json!({ "roles": "all" })).send().expect(200);
    world.api.ask(admin, Method::POST, "/api/v1/sequences").json(&json!({ "name": "N" })).send().expect(201);
}

#[test]
fn p_20_a_sellers_count_is_of_what_the_seller_sees_however_much_that_is() {
    let server = crate::server::Server::sandbox();
    let api = server.client();
    let seller = api.person("seller", &["seller"], "north");
    let peer = api.named_user("peer", &["seller"], "north").0;
    let sequence = api.active(crate::fixtures::graph([crate::fixtures::task("one", None)]));
    api.patch(&format!("/sequences/{sequence}"), json!({ "owner": { "user": peer } })).expect(200);
    let lead = |owner: &str| {
        let body = json!({ "type": "lead", "name": "Ada", "owner": { "user": owner } });
        crate::fixtures::id(&api.post("/records", body).expect(201))
    };
    let count = |by: Credential| {
        let one = api.ask(by, Method::GET, &format!("/api/v1/sequences/{sequence}")).send().expect(200);
        one["connected_count"].as_i64().unwrap()
    };
    let counts = || (count(seller.by_token()), count(OPERATOR));
    assert_eq!(counts(), (0, 0));
    // The seller sees nothing, then less than is enrolled, then more.
    (0..3).for_each(|_| drop(api.connect(&sequence, &lead(&peer))));
    assert_eq!(counts(), (0, 3));
    api.connect(&sequence, &lead(&seller.id));
    assert_eq!(counts(), (1, 4));
    (0..6).for_each(|_| drop(lead(&seller.id)));
    assert_eq!(counts(), (1, 4));
    let last = lead(&seller.id);
    let enrolment = api.connect(&sequence, &last);
    assert_eq!(counts(), (2, 5));
    api.post(&format!("/enrolments/{}/disconnect", crate::fixtures::id(&enrolment)), json!({})).expect(200);
    assert_eq!(counts(), (1, 4));
}

/// The one item of a batch, as if it were the answer: status and code.
fn item(answer: &Value) -> (u16, String) {
    let results = answer["results"].as_array().unwrap_or_else(|| panic!("no batch: {answer}"));
    match results[0].get("error").filter(|error| !error.is_null()) {
        Some(error) => (error["status"].as_u64().unwrap() as u16, error["code"].as_str().unwrap().to_owned()),
        None => (200, String::new()),
    }
}
