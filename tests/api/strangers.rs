//! What somebody gets who sends what another has sent: other people's ids, keys, cursors, versions, tokens and cookies,
//! as they were, altered and expired.

use std::collections::BTreeSet;

use relance::time::Clock;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::people::{Credential, Person, text};
use crate::server::{Answer, Client, Server, until};

/// What only the one who is copied knows.
const SECRET: &str = "Aurelia";

/// A request as it was sent.
struct Sent {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
}

/// Sends requests as one person and remembers them, with the ids in the answers.
struct Journey<'a> {
    api: &'a Client,
    by: &'a Person,
    sent: Vec<Sent>,
    ids: BTreeSet<String>,
}

fn send(api: &Client, by: Credential, sent: &Sent) -> Answer {
    let mut request = api.ask(by, sent.method.clone(), &format!("/api/v1{}", sent.path));
    for (name, value) in &sent.headers {
        request = request.header(name, value);
    }
    match &sent.body {
        Some(Value::String(file)) => request.header("content-type", "text/csv").body(file.clone()).send(),
        Some(body) => request.json(body).send(),
        None => request.send(),
    }
}

impl Journey<'_> {
    fn sends(
        &mut self,
        method: Method,
        path: &str,
        headers: Vec<(&'static str, String)>,
        body: Option<Value>,
    ) -> Answer {
        let sent = Sent { method, path: path.to_owned(), headers, body };
        let answer = send(self.api, self.by.by_token(), &sent);
        assert!(answer.status < 300, "{path}: {}", answer.text());
        if answer.header("content-type") == "application/json" {
            gather(&answer.json(), &mut self.ids);
        }
        self.sent.push(sent);
        answer
    }

    fn post(&mut self, path: &str, body: Value) -> Value {
        let key = format!("key {}", self.sent.len());
        self.sends(Method::POST, path, vec![("idempotency-key", key)], Some(body)).json()
    }

    /// Reads, page by page where there are several.
    fn get(&mut self, path: &str) -> Value {
        let first = self.sends(Method::GET, path, vec![], None);
        let list = if first.header("content-type") == "application/json" { first.json() } else { Value::Null };
        if let Some(cursor) = list["next_cursor"].as_str() {
            let sign = if path.contains('?') { '&' } else { '?' };
            self.sends(Method::GET, &format!("{path}{sign}cursor={cursor}"), vec![], None);
        }
        list
    }
}

/// Every id that an answer names.
fn gather(value: &Value, ids: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.len() == 36 && text.as_bytes()[8] == b'-' => _ = ids.insert(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, ids)),
        Value::Object(members) => members.values().for_each(|member| gather(member, ids)),
        _ => {}
    }
}

/// What somebody does in a day.
fn journey<'a>(api: &'a Client, by: &'a Person) -> Journey<'a> {
    let mut day = Journey { api, by, sent: Vec::new(), ids: BTreeSet::new() };
    let lead = |name: &str| json!({ "type": "lead", "name": format!("{SECRET} {name}"), "email": "ada@example.org" });
    let record = id(&day.post("/records", lead("one")));
    day.post("/records/batch", json!({ "records": [lead("two"), lead("three")] }));
    let external = vec![("idempotency-key", "external".to_owned())];
    day.sends(Method::PUT, "/records/external/lead/hers", external, Some(json!({ "name": SECRET })));
    let steps = graph([node("mail", "email", json!({ "next": "call" })), task("call", None)]);
    let sequence = id(&day.post("/sequences", json!({ "name": SECRET, "graph": steps })));
    let etag = day.sends(Method::GET, &format!("/sequences/{sequence}/graph"), vec![], None).header("etag").to_owned();
    day.sends(Method::PUT, &format!("/sequences/{sequence}/graph"), vec![("if-match", etag)], Some(steps));
    day.post(&format!("/sequences/{sequence}/validate"), json!({}));
    day.post(&format!("/sequences/{sequence}/activate"), json!({}));
    let connected = day.post(
        &format!("/sequences/{sequence}/enrolments"),
        json!({ "records": [record, "external:lead:hers"], "source": SECRET }),
    );
    let enrolment = &items(&connected)[0]["enrolment"];
    let (enrolment, step) = (id(enrolment), text(enrolment, "current_step"));
    let event = json!({ "id": "hers", "type": "email.opened", "at": "2026-03-02T09:00:00Z", "step": step });
    day.post("/events", event.clone());
    day.post("/events", json!({ "events": [event] }));
    day.post(&format!("/steps/{step}/note"), json!({ "text": SECRET }));
    day.post(&format!("/steps/{step}/snooze"), json!({ "until": "2026-03-04T09:00:00Z" }));
    day.post(&format!("/steps/{step}/complete"), json!({}));
    let import = id(&day
        .sends(
            Method::POST,
            "/imports?type=lead",
            vec![("idempotency-key", "import".into())],
            Some(json!(format!("name,email\n{SECRET},nowhere\n"))),
        )
        .json());
    let token = id(&day.post("/tokens", json!({ "name": SECRET, "scopes": ["read"] })));
    for path in [
        "/records?limit=1",
        "/sequences?limit=1",
        "/users?limit=1",
        "/teams?limit=1",
        "/tokens?limit=1",
        "/me",
        &format!("/records?q={}", SECRET.to_lowercase()),
        &format!("/sequences?q={}", SECRET.to_lowercase()),
        &format!("/users?q={}", by.email),
        &format!("/records?owner={}", by.id),
        &format!("/sequences?owner={}", by.id),
        &format!("/records?sequence={sequence}&limit=1"),
        &format!("/records/{record}"),
        "/records/external:lead:hers",
        &format!("/records/{record}/timeline?limit=2"),
        &format!("/records/{record}/up-next"),
        &format!("/records/{record}/enrolments"),
        &format!("/sequences/{sequence}"),
        &format!("/sequences/{sequence}/enrolments?limit=1"),
        &format!("/enrolments/{enrolment}"),
        &format!("/steps/{step}"),
        &format!("/imports/{import}"),
        &format!("/imports/{import}/rejects"),
        &format!("/users/{}", by.id),
        &format!("/tokens?user={}", by.id),
    ] {
        day.get(path);
    }
    let etag = day.sends(Method::GET, &format!("/records/{record}"), vec![], None).header("etag").to_owned();
    let changes = json!({ "fields": { "notes": SECRET } });
    day.sends(Method::PATCH, &format!("/records/{record}"), vec![("if-match", etag)], Some(changes));
    day.post(&format!("/records/{record}/close"), json!({ "outcome": "failure" }));
    day.post(&format!("/records/{record}/reopen"), json!({}));
    day.sends(Method::DELETE, &format!("/tokens/{token}"), vec![], None);
    day
}

#[test]
fn whoever_sends_what_another_has_sent_gets_nothing_of_theirs_and_changes_nothing() {
    let server = Server::sandbox();
    let api = server.client();
    let [hers, his] = ["north", "south"].map(|unit| api.person(unit, &["seller"], unit));
    let mut day = journey(&api, &hers);
    day.ids.insert(hers.id.clone());
    let state = || {
        let reads = day.sent.iter().filter(|sent| sent.method == Method::GET && !sent.path.starts_with("/tokens"));
        reads.map(|sent| send(&api, hers.by_token(), sent).text()).collect::<Vec<_>>()
    };
    let before = state();
    for by in [his.by_token(), his.by_cookie()] {
        for sent in &day.sent {
            let answer = send(&api, by, sent);
            let asked = format!("{} {} {:?}", sent.method, sent.path, sent.body);
            let told = String::from_utf8_lossy(answer.bytes()).into_owned();
            let names_hers =
                |text: &str| day.ids.iter().any(|id| text.contains(id.as_str())) || text.contains("external");
            let is_filter = ["?owner=", "?sequence=", "cursor="].iter().any(|filter| sent.path.contains(filter))
                && !sent.path.starts_with("/records/")
                && !sent.path.starts_with("/sequences/");
            if names_hers(&sent.path) && !is_filter {
                assert!(matches!(answer.status, 403 | 404), "{asked}: {} {told}", answer.status);
            } else if let Some(body) = sent.body.as_ref().filter(|body| names_hers(&body.to_string())) {
                let single =
                    if body.get("events").is_some() { &answer.json()["results"][0]["error"] } else { &answer.json() };
                assert_eq!(single["code"], "not_found", "{asked}: {told}");
            } else {
                // It is done, for him.
                assert!(answer.status < 300, "{asked}: {told}");
                let leaked: Vec<_> =
                    day.ids.iter().filter(|id| told.contains(id.as_str()) && !asked.contains(id.as_str())).collect();
                assert!(leaked.is_empty(), "{asked}: {leaked:?} in {told}");
                assert!(
                    sent.method != Method::GET || !told.contains(SECRET) || is_his(&api, &his, sent),
                    "{asked}: {told}"
                );
            }
        }
    }
    assert_eq!(state(), before);
}

/// He has sent her words as his own by then, so that they stand in what is his: none of it is hers.
fn is_his(api: &Client, his: &Person, sent: &Sent) -> bool {
    let answer = send(api, his.by_token(), sent).json();
    let all = answer["items"].as_array().cloned().unwrap_or_else(|| vec![answer]);
    all.iter().all(|item| item["owner"]["user"] == his.id || item["user"] == his.id)
}

#[test]
fn versions_and_keys_of_others_and_forged_ones_change_nothing() {
    let server = Server::shared();
    let api = server.client();
    let [hers, his] = ["north", "south"].map(|unit| api.person(unit, &["seller"], unit));
    let create = |by: &Person, name: &str, key: &str| {
        let request = api.ask(by.by_token(), Method::POST, "/api/v1/records").header("idempotency-key", key);
        request.json(&json!({ "type": "lead", "name": name })).send()
    };
    let first = create(&hers, "Hers", "the same key");
    let second = create(&his, "Hers", "the same key");
    assert_ne!(first.expect(201)["id"], second.expect(201)["id"], "a key is its sender's own");
    create(&his, "Otherwise", "the same key").refused(422, "idempotency_key_reused");
    let record = format!("/api/v1/records/{}", id(&second.json()));
    let patch = |version: &str| {
        let request = api.ask(his.by_token(), Method::PATCH, &record).header("if-match", version);
        request.json(&json!({ "name": "Changed" })).send()
    };
    for version in ["\"v0\"", "\"v2\"", "\"v4294967295\"", "\"v99999999999999\"", "v1x", "\"\"", "\"x\"", "\"v-1\""] {
        patch(version).refused(412, "version_mismatch");
    }
    assert_eq!(api.ask(his.by_token(), Method::GET, &record).send().expect(200)["name"], "Hers");
    let cursors = [
        "x",
        "",
        "00000000-0000-7000-8000-00000000abcd.x",
        "live.x",
        "%00",
        "-1",
        "\u{1f980}",
        &first.json()["id"].to_string(),
    ];
    for list in ["records", "sequences", "users", "teams", "tokens"] {
        for cursor in cursors {
            let page = api.ask(his.by_token(), Method::GET, &format!("/api/v1/{list}?cursor={cursor}")).send();
            assert!(!page.text().contains(&hers.id), "{list} {cursor}: {}", page.text());
            assert!(page.status == 200 || page.status == 400, "{list} {cursor}: {}", page.text());
        }
    }
}

/// A text with one letter of it changed.
fn altered(text: &str, place: usize) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    letters[place] = if letters[place] == 'a' { 'b' } else { 'a' };
    letters.into_iter().collect()
}

#[test]
fn forged_altered_and_mixed_up_credentials_are_refused_and_noted() {
    let server = Server::sandbox();
    let api = server.client();
    let [hers, his] = ["north", "south"].map(|unit| api.person(unit, &["seller"], unit));
    let (token_id, token_secret) = hers.token.split_once('.').unwrap();
    let (his_id, his_secret) = his.token.split_once('.').unwrap();
    let (session_id, session_secret) = hers.cookie.split_once('.').unwrap();
    let last = hers.token.len() - 1;
    let wrong = [
        altered(&hers.token, last),
        altered(&hers.token, last - 1),
        altered(&hers.token, token_id.len() + 1),
        altered(&hers.token, 0),
        hers.token[..last].to_owned(),
        format!("{}a", hers.token),
        format!("{his_id}.{token_secret}"),
        format!("{token_id}.{his_secret}"),
        format!("{token_id}.{session_secret}"),
        format!("{session_id}.{token_secret}"),
        format!("{token_id}."),
        format!(".{token_secret}"),
        token_id.to_owned(),
        token_secret.to_owned(),
        hers.id.clone(),
        "null".into(),
        "x".repeat(4_000),
    ];
    let noted = || api.get("/audit?limit=1").expect(200)["items"][0].clone();
    let ask = |by| api.ask(by, Method::GET, "/api/v1/me").send();
    // One kind of credential is not taken for the other.
    let exchanged = [Credential::Token(&hers.cookie), Credential::Cookie(&hers.token)];
    let forged = wrong.iter().flat_map(|text| [Credential::Token(text), Credential::Cookie(text)]);
    for by in forged.chain(exchanged) {
        let before = noted()["number"].as_u64().unwrap();
        ask(by).refused(401, "unauthenticated");
        let link = noted();
        assert_eq!(link["number"], before + 1, "{by:?}");
        assert_eq!((&link["action"], &link["actor"]), (&json!("access.refused"), &json!("nobody")), "{link}");
        assert!(!link.to_string().contains(token_secret) && !link.to_string().contains(session_secret), "{link}");
    }
    for person in [&hers, &his] {
        assert_eq!(ask(person.by_token()).expect(200)["id"], person.id);
        assert_eq!(ask(person.by_cookie()).expect(200)["id"], person.id);
    }
    // Of several, the header counts; a bad header is not mended by a good cookie.
    let mixed = api.ask(hers.by_cookie(), Method::GET, "/api/v1/me").header("authorization", "Bearer nothing");
    mixed.send().refused(401, "unauthenticated");
}

#[test]
fn a_token_ends_when_it_says() {
    let server = Server::shared();
    let api = server.client();
    let user = api.named_user("hers", &["seller"], "north").0;
    let soon = (Clock::System.now() + chrono::TimeDelta::milliseconds(1_500)).to_string();
    let body = json!({ "name": "short", "scopes": ["read"], "user": user, "expires_at": soon });
    let token = text(&api.post("/tokens", body.clone()).expect(201), "token");
    let ask = || api.ask(Credential::Token(&token), Method::GET, "/api/v1/me").send();
    ask().expect(200);
    until("the token ends", || (ask().status == 401).then_some(()));
    ask().refused(401, "unauthenticated");
    api.post("/tokens", body).refused(422, "validation_failed");
}
