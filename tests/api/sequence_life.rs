//! The life of a sequence over the API: revisions, versions, copies, deletion, and the limit of active ones held while many
//! ask at once (§3.4, §3.5, §19.1).

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::people::Credential;
use crate::server::{Client, Server};

fn one(name: &str) -> Value {
    graph([task(name, None)])
}

impl Client {
    fn act(&self, sequence: &str, action: &str) -> Value {
        self.post(&format!("/sequences/{sequence}/{action}"), json!({})).expect(200)
    }

    /// Number, description and connected records of each version that is listed.
    fn versions(&self, sequence: &str, query: &str) -> Vec<(u64, String, u64)> {
        let list = self.get(&format!("/sequences/{sequence}/versions{query}")).expect(200);
        let of = |version: &Value| {
            let number = |member: &str| version[member].as_u64().unwrap();
            let description = version["description"].as_str().unwrap_or_default().to_owned();
            (number("number"), description, number("connected_count"))
        };
        items(&list).iter().map(of).collect()
    }
}

#[test]
fn q_51_q_52_q_53_a_revision_is_published_beside_records_that_stay_on_their_version() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(one("a"));
    let path = format!("/sequences/{sequence}");
    let first = api.connect(&sequence, &api.lead());
    let revised = api.act(&sequence, "revise");
    assert_eq!((&revised["status"], &revised["version"]), (&json!("revision"), &json!(1)));
    assert_eq!(revised["revision"]["by"], api.get("/me").expect(200)["id"]);
    api.put(&format!("{path}/graph"), graph([node("m", "email", json!({ "next": "b" })), task("b", None)])).expect(200);
    let patched = api.patch(&path, json!({ "exit_on_reply": true })).expect(200);
    assert_eq!(
        (&patched["exit_on_reply"], &patched["step_count"]),
        (&json!(true), &json!(1)),
        "R-31; version 1 serves"
    );
    api.patch(&path, json!({ "assign_to": { "type": "current_user" } })).refused(409, "sequence_active");
    let (lead, before) = (api.lead(), api.lead());
    let second = api.connect(&sequence, &before);
    assert_eq!(second["version"], 1);
    let long = json!({ "description": "d".repeat(2_001) });
    api.post(&format!("{path}/activate"), long).refused_at(422, "validation_failed", "/description");
    let published = api.post(&format!("{path}/activate"), json!({ "description": "mail first" })).expect(200);
    assert_eq!((&published["status"], &published["version"]), (&json!("active"), &json!(2)));
    assert!(published["revision"].is_null());
    let third = api.connect(&sequence, &lead);
    assert_eq!((&third["version"], api.current(&lead)["node"].as_str()), (&json!(2), Some("m")));
    assert_eq!(api.current(&before)["node"], "a");
    assert_eq!(api.versions(&sequence, ""), [(2, "mail first".into(), 1), (1, String::new(), 2)]);
    let shown = api.get(&format!("{path}/versions")).expect(200);
    let members: Vec<&String> = shown["items"][0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["at", "by", "connected_count", "description", "duration_days", "number", "step_count"]);
    for enrolment in [&first, &second] {
        api.post(&format!("/enrolments/{}/disconnect", id(enrolment)), json!({})).expect(200);
    }
    assert_eq!(api.versions(&sequence, ""), [(2, "mail first".into(), 1)], "D-45: without live ones");
    assert_eq!(api.versions(&sequence, "?all=true"), [(2, "mail first".into(), 1), (1, String::new(), 0)]);
    assert_eq!(api.versions(&sequence, "?all=true&limit=1"), [(2, "mail first".into(), 1)]);
    assert_eq!(api.versions(&sequence, "?all=true&limit=1&cursor=2"), [(1, String::new(), 0)]);
    api.get(&format!("{path}/versions?all=maybe")).refused_at(400, "malformed", "/all");
    // Nothing changed: no version.
    api.act(&sequence, "revise");
    assert_eq!(api.act(&sequence, "activate")["version"], 2);
    let server = server.kill_and_restart();
    assert_eq!(server.client().versions(&sequence, "?all=true").len(), 2);
}

#[test]
fn d_46_a_second_person_who_opens_a_revision_is_told_who_has_it() {
    let server = Server::shared();
    let api = server.client();
    let writer = api.person("Brigid", &["sequence_manager"], "default");
    let sequence = api.active(one("a"));
    let path = format!("/sequences/{sequence}");
    let by_writer = |method: Method, path: &str| api.ask(writer.by_token(), method, &format!("/api/v1{path}"));
    by_writer(Method::POST, &format!("{path}/revise")).send().expect(200);
    by_writer(Method::POST, &format!("{path}/revise")).send().expect(200);
    let problem = api.post(&format!("{path}/revise"), json!({})).refused(409, "revision_conflict");
    assert!(problem["detail"].as_str().unwrap().contains("Brigid"), "{problem}");
    let drawn = api.put(&format!("{path}/graph"), one("b"));
    drawn.expect(200);
    let stale = by_writer(Method::PUT, &format!("{path}/graph")).header("if-match", "\"v1\"").json(&one("c")).send();
    stale.refused(412, "version_mismatch");
    api.act(&sequence, "discard-revision");
    assert_eq!(api.get(&format!("{path}/graph")).expect(200), one("a"));
    api.post(&format!("{path}/discard-revision"), json!({})).refused(409, "not_in_revision");
    let inactive = api.inactive(one("a"));
    api.post(&format!("/sequences/{inactive}/revise"), json!({})).refused(409, "sequence_not_active");
}

#[test]
fn q_54_q_55_a_copy_is_made_of_what_is_drawn_now() {
    let server = Server::shared();
    let api = server.client();
    let made = api.post("/sequences", json!({ "name": "First", "template": "T2" })).expect(201);
    let (source, path) = (id(&made), format!("/sequences/{}", id(&made)));
    api.patch(&path, json!({ "exit_on_reply": true, "assign_to": { "type": "current_user" } })).expect(200);
    api.act(&source, "activate");
    let graph = api.get(&format!("{path}/graph")).expect(200);
    let ask = || {
        let request = api.request(Method::POST, &format!("{path}/copy")).header("idempotency-key", &source);
        request.json(&json!({ "name": "Second", "description": "of mine" })).send()
    };
    let answer = ask();
    let copy = answer.expect(201);
    assert_eq!(answer.header("location"), format!("/api/v1/sequences/{}", id(&copy)));
    assert_eq!(ask().expect(201), copy, "once");
    for (member, value) in [
        ("name", json!("Second")),
        ("description", json!("of mine")),
        ("status", json!("inactive")),
        ("version", json!(1)),
        ("connected_count", json!(0)),
        ("template", json!("T2")),
        ("exit_on_reply", json!(true)),
        ("assign_to", json!({ "type": "current_user" })),
        ("record_type", made["record_type"].clone()),
    ] {
        assert_eq!(copy[member], value, "{member}");
    }
    assert_eq!(api.get(&format!("/sequences/{}/graph", id(&copy))).expect(200), graph);
    assert_eq!(api.versions(&id(&copy), "?all=true"), [], "nothing was published of it");
    api.post(&format!("{path}/copy"), json!({ "name": "" })).refused_at(422, "validation_failed", "/name");
    api.post(&format!("{path}/copy"), json!({})).refused_at(400, "malformed", "/name");
    // The copy does not follow what becomes of the first.
    api.request(Method::DELETE, &path).send();
    assert_eq!(api.get(&format!("/sequences/{}/graph", id(&copy))).expect(200), graph);
}

#[test]
fn q_57_a_deleted_sequence_is_gone_everywhere_and_what_ran_on_it_is_told_as_before() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(graph([task("a", Some("b")), task("b", None)]));
    let path = format!("/sequences/{sequence}");
    let lead = api.lead();
    let enrolment = api.connect(&sequence, &lead);
    api.complete(&api.current_id(&lead, "a"));
    let stale = api.request(Method::DELETE, &path).header("if-match", "\"v1\"").send();
    stale.refused(412, "version_mismatch");
    let tag = api.get(&path);
    let gone = api.request(Method::DELETE, &path).header("if-match", tag.header("etag")).send();
    assert_eq!((gone.status, gone.text().as_str()), (204, ""));
    for (method, rest) in [
        (Method::GET, ""),
        (Method::PATCH, ""),
        (Method::DELETE, ""),
        (Method::GET, "/graph"),
        (Method::GET, "/versions"),
        (Method::GET, "/enrolments"),
        (Method::POST, "/activate"),
        (Method::POST, "/revise"),
        (Method::POST, "/validate"),
    ] {
        api.request(method, &format!("{path}{rest}")).json(&json!({})).send().refused(404, "not_found");
    }
    api.post(&format!("{path}/copy"), json!({ "name": "C" })).refused(404, "not_found");
    api.post(&format!("{path}/enrolments"), json!({ "records": [lead] })).refused(404, "not_found");
    assert!(items(&api.get("/sequences").expect(200)).is_empty());
    let ended = api.get(&format!("/enrolments/{}", id(&enrolment))).expect(200);
    assert_eq!((&ended["status"], &ended["reason"]), (&json!("disconnected"), &json!("parent_sequence_deactivated")));
    assert_eq!((&ended["sequence_name"], &ended["steps_done"]), (&json!("A sequence"), &json!(1)));
    assert_eq!(api.visited(&lead), ["a"]);
    let told = api.get(&format!("/records/{lead}/timeline")).expect(200).to_string();
    assert!(told.contains("A sequence") && told.contains("Task a"), "{told}");
    let server = server.kill_and_restart();
    server.client().get(&path).refused(404, "not_found");
    assert_eq!(server.client().visited(&lead), ["a"]);
    let inactive = api_delete_inactive(&server.client());
    server.client().get(&inactive).refused(404, "not_found");
}

fn api_delete_inactive(api: &Client) -> String {
    let path = format!("/sequences/{}", api.inactive(one("a")));
    assert_eq!(api.request(Method::DELETE, &path).send().status, 204);
    path
}

/// Fifty ask at once for the free places; revisions and deactivations go on between.
#[test]
fn q_41_q_103_l_1_d_32_exactly_the_free_places_are_taken_however_many_ask_at_once() {
    const FREE: usize = 7;
    let server = Server::real();
    let api = server.client();
    let others: Vec<String> = (0..250 - FREE).map(|_| api.active(one("a"))).collect();
    let candidates: Vec<String> = (0..50).map(|_| api.inactive(one("a"))).collect();
    let post = |sequence: &String, action: &str| {
        api.request(Method::POST, &format!("/sequences/{sequence}/{action}")).json(&json!({}))
    };
    // A revision is active already: it takes no place when it is opened, published or discarded.
    for sequence in &others[..5] {
        api.act(sequence, "revise");
        api.put(&format!("/sequences/{sequence}/graph"), one("b")).expect(200);
    }
    let revisions = others[..3].iter().map(|sequence| post(sequence, "activate"));
    let discarded = others[3..5].iter().map(|sequence| post(sequence, "discard-revision"));
    let opened = others[5..8].iter().map(|sequence| post(sequence, "revise"));
    let asked = candidates.iter().map(|sequence| post(sequence, "activate"));
    let mut answers = api.at_once(asked.chain(revisions).chain(discarded).chain(opened));
    answers.split_off(50).iter().for_each(|answer| drop(answer.expect(200)));
    let (mut taken, mut left) = (Vec::new(), Vec::new());
    for (sequence, answer) in candidates.iter().zip(&answers) {
        let now = api.get(&format!("/sequences/{sequence}")).expect(200);
        let versions = api.versions(sequence, "?all=true").len();
        if answer.status == 200 {
            assert_eq!((&now["status"], versions), (&json!("active"), 1));
            taken.push(sequence);
        } else {
            answer.refused(409, "active_limit_reached");
            assert_eq!((&now["status"], versions), (&json!("inactive"), 0), "nothing half-made: {now}");
            left.push(sequence);
        }
    }
    assert_eq!(taken.len(), FREE);
    // As many places as are given back, a revision's among them, are free again: no more and no fewer.
    for sequence in &others[5..8] {
        api.act(sequence, "deactivate");
    }
    assert_eq!(api.request(Method::DELETE, &format!("/sequences/{}", others[0])).send().status, 204);
    let answers = api.at_once(left.iter().map(|sequence| post(sequence, "activate")));
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 4);
    let server = server.kill_and_restart();
    let api = server.client();
    let list = api.get("/sequences?status=active&limit=500").expect(200);
    assert_eq!(items(&list).len(), 250);
}

/// P-9: tags are applied to sequences of every status, and a filter by one finds those below it too.
#[test]
fn q_13_q_84_q_85_tags_of_a_sequence_are_shown_with_their_path_and_filtered_by() {
    let server = Server::sandbox();
    let api = server.client();
    let tag = |name: &str, parent: Option<&str>| {
        id(&api.post("/tags", json!({ "name": name, "parent": parent })).expect(201))
    };
    let europe = tag("Europe", None);
    let galicia = tag("Galicia", Some(&europe));
    let lugo = tag("Lugo", Some(&galicia));
    let asia = tag("Asia", None);
    let [drawn, running, revised] = [api.inactive(one("a")), api.active(one("a")), api.active(one("a"))];
    api.act(&revised, "revise");
    let apply = |sequence: &str, tags: &[&String]| {
        api.put(&format!("/sequences/{sequence}/tags"), json!({ "tags": tags })).expect(200)
    };
    assert_eq!(apply(&drawn, &[])["tags"], json!([]));
    let applied = apply(&drawn, &[&lugo, &asia, &lugo]);
    let path = |id: &String, path: &str| json!({ "id": id, "path": path });
    assert_eq!(applied["tags"], json!([path(&asia, "Asia"), path(&lugo, "Europe/Galicia/Lugo")]));
    apply(&running, &[&galicia]);
    apply(&revised, &[&asia]);
    let found = |query: &str| {
        let list = api.get(&format!("/sequences?{query}")).expect(200);
        items(&list).iter().map(id).collect::<BTreeSet<_>>()
    };
    let these = |sequences: &[&String]| sequences.iter().map(|id| (*id).clone()).collect::<BTreeSet<_>>();
    assert_eq!(found(&format!("tag={europe}")), these(&[&drawn, &running]), "Q-13: every status; those below");
    assert_eq!(found(&format!("tag={lugo}")), these(&[&drawn]));
    assert_eq!(found(&format!("tag={lugo},{asia}")), these(&[&drawn, &revised]));
    let by_tag = api.get("/sequences?sort=tags").expect(200);
    assert_eq!(items(&by_tag).iter().map(id).collect::<Vec<_>>(), [revised.clone(), drawn.clone(), running.clone()]);
    // those below move up, and the tag is gone from every sequence.
    api.request(Method::DELETE, &format!("/tags/{galicia}")).send();
    let tags = |sequence: &str| api.get(&format!("/sequences/{sequence}")).expect(200)["tags"].clone();
    assert_eq!(tags(&drawn), json!([path(&asia, "Asia"), path(&lugo, "Europe/Lugo")]));
    assert_eq!((tags(&running), found(&format!("tag={galicia}"))), (json!([]), these(&[])));
    let copy = id(&api.post(&format!("/sequences/{drawn}/copy"), json!({ "name": "C" })).expect(201));
    assert_eq!(tags(&copy), tags(&drawn), "Q-54");
    let path = format!("/sequences/{drawn}/tags");
    api.put(&path, json!({ "tags": [asia, galicia] })).refused_at(422, "validation_failed", "/tags/1");
    api.put(&path, json!({ "tags": ["north"] })).refused_at(400, "malformed", "/tags/0");
    api.get("/sequences?tag=north").refused_at(400, "malformed", "/tag");
}

/// a seller's own sequence from making it to deleting it, and what colleagues may do with it.
#[test]
fn q_100_q_102_a_seller_keeps_sequences_of_their_own_that_colleagues_connect_and_copy() {
    let server = Server::sandbox();
    let api = server.client();
    let people = [("owner", "seller", "north"), ("near", "seller", "north"), ("far", "seller", "south")];
    let [owner, near, far] = people.map(|(name, role, unit)| api.person(name, &[role], unit));
    let manager = api.person("manager", &["sequence_manager"], "south");
    let ask = |by: Credential, method: Method, path: &str, body: Value| {
        api.ask(by, method, &format!("/api/v1{path}")).json(&body).send()
    };
    let made =
        ask(owner.by_token(), Method::POST, "/sequences", json!({ "name": "Mine", "graph": one("a") })).expect(201);
    let path = format!("/sequences/{}", id(&made));
    assert_eq!(made["owner"], json!({ "user": owner.id }));
    ask(owner.by_token(), Method::PATCH, &path, json!({ "assign_to": { "type": "current_user" } })).expect(200);
    ask(owner.by_token(), Method::POST, &format!("{path}/activate"), json!({})).expect(200);
    let lead =
        |by: Credential| id(&ask(by, Method::POST, "/records", json!({ "type": "lead", "name": "L" })).expect(201));
    let connect = |by: Credential, lead: &str| {
        let answer = ask(by, Method::POST, &format!("{path}/enrolments"), json!({ "records": [lead] }));
        if answer.status == 200 { answer.json()["results"][0].clone() } else { answer.json() }
    };
    // Only records that one may act on.
    let (own, other) = (lead(owner.by_token()), lead(near.by_token()));
    assert_eq!(connect(owner.by_token(), &own)["enrolment"]["status"], "connected");
    assert_eq!(connect(owner.by_token(), &other)["error"]["code"], "not_found");
    // Colleagues: view, connect, copy.
    assert_eq!(ask(near.by_token(), Method::GET, &path, json!({})).expect(200)["name"], "Mine");
    assert_eq!(connect(near.by_token(), &other)["enrolment"]["status"], "connected");
    let copy = ask(near.by_token(), Method::POST, &format!("{path}/copy"), json!({ "name": "Theirs" })).expect(201);
    assert_eq!((&copy["owner"], &copy["status"]), (&json!({ "user": near.id }), &json!("inactive")));
    for (method, rest) in [
        (Method::PATCH, ""),
        (Method::DELETE, ""),
        (Method::PUT, "/graph"),
        (Method::POST, "/revise"),
        (Method::POST, "/deactivate"),
    ] {
        let body = if method == Method::PUT { one("b") } else { json!({}) };
        ask(near.by_token(), method.clone(), &format!("{path}{rest}"), body.clone()).refused(403, "forbidden_role");
        ask(far.by_token(), method, &format!("{path}{rest}"), body).refused(404, "not_found");
    }
    let tags = ask(owner.by_token(), Method::PUT, &format!("{path}/tags"), json!({ "tags": [] }));
    tags.refused(403, "forbidden_role");
    assert_eq!(connect(far.by_token(), &lead(far.by_token()))["code"], "not_found");
    // Sequence managers edit and delete; the owner deletes their own.
    ask(manager.by_token(), Method::POST, &format!("{path}/revise"), json!({})).expect(200);
    ask(manager.by_token(), Method::PUT, &format!("{path}/graph"), one("b")).expect(200);
    ask(manager.by_token(), Method::POST, &format!("{path}/activate"), json!({})).expect(200);
    let gone = ask(owner.by_token(), Method::DELETE, &path, json!({}));
    assert_eq!(gone.status, 204);
    let of_copy = format!("/sequences/{}", id(&copy));
    assert_eq!(ask(manager.by_token(), Method::DELETE, &of_copy, json!({})).status, 204);
}

/// where a record is given, only the templates for its type are offered.
#[test]
fn q_4_templates_are_offered_by_record_type() {
    let server = Server::shared();
    let api = server.client();
    let offered = |query: &str| {
        let list = api.get(&format!("/templates{query}")).expect(200);
        let type_of = |template: &Value| template["record_type"].as_str().unwrap().to_owned();
        items(&list).iter().map(type_of).collect::<Vec<_>>()
    };
    let all = offered("");
    assert_eq!(all.len(), 6);
    for kind in ["lead", "contact", "account", "opportunity"] {
        let expected: Vec<_> = all.iter().filter(|of| *of == kind).cloned().collect();
        assert_eq!(offered(&format!("?record_type={kind}")), expected, "{kind}");
    }
    api.get("/templates?record_type=boat").refused_at(400, "malformed", "/record_type");
}

/// Q-58, D-43: over the API, and nothing has changed where it is refused.
#[test]
fn q_58_d_43_a_sequence_that_another_advances_to_is_taken_away_by_force_only() {
    let server = Server::sandbox();
    let api = server.client();
    for method in [Method::POST, Method::DELETE] {
        let target = api.active(one("t"));
        let advance = node("next", "advance", json!({ "sequence": target }));
        api.active(graph([task("s", Some("next")), advance]));
        let path = format!("/sequences/{target}");
        let at = if method == Method::POST { format!("{path}/deactivate") } else { path.clone() };
        let problem = api.request(method.clone(), &at).send().refused(409, "referenced_by_active_sequence");
        assert!(problem["detail"].as_str().unwrap().contains("A sequence"), "{problem}");
        assert_eq!(api.get(&path).expect(200)["status"], "active");
        api.request(method.clone(), &format!("{at}?force=maybe")).send().refused_at(400, "malformed", "/force");
        let forced = api.request(method, &format!("{at}?force=true")).send();
        assert!(forced.status < 300, "{}", forced.status);
    }
}
