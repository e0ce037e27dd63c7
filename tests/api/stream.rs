//! `/stream`: whoever follows what happens ends with what a fresh reading says, goes on where they stopped without a loss or a
//! repetition, and is told nothing that they may not see at that moment.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, task};
use crate::people::{Credential, Person};
use crate::server::{Client, Server, TOKEN};

/// Somebody who follows, over a connection of their own.
pub struct Follower {
    lines: Box<dyn BufRead>,
    /// The id that was had last.
    cursor: String,
}

/// What came.
#[derive(Debug)]
enum Came {
    Event(Value),
    Heartbeat,
    End,
}

impl Follower {
    /// Follows as whoever has the token, with this query.
    fn of(server: &Server, token: &str, query: &str) -> Follower {
        let mut socket = TcpStream::connect(server.address()).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(
            socket,
            "GET /api/v1/stream{query} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\r\n",
            server.address()
        )
        .unwrap();
        let mut head = BufReader::new(socket);
        let mut line = String::new();
        head.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200"), "{line}");
        while line != "\r\n" {
            line.clear();
            head.read_line(&mut line).unwrap();
        }
        Follower { lines: Box::new(BufReader::new(Unchunked { from: head, left: 0 })), cursor: String::new() }
    }

    /// Has heard of the place where it begins.
    pub fn begun(server: &Server, token: &str, query: &str) -> Follower {
        let mut follower = Follower::of(server, token, query);
        assert!(matches!(follower.next(), Came::Heartbeat), "where it begins comes first");
        follower
    }

    fn next(&mut self) -> Came {
        let (mut data, mut problem, mut had) = (String::new(), false, false);
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap() == 0 {
                return Came::End;
            }
            match line.trim_end().split_once(": ").unwrap_or((line.trim_end(), "")) {
                ("id", cursor) => cursor.clone_into(&mut self.cursor),
                ("event", kind) => problem = kind == "problem",
                ("data", text) => text.clone_into(&mut data),
                ("", _) if !had => {}
                ("", _) if line == "\n" && data.is_empty() => return Came::Heartbeat,
                ("", _) => {
                    let told = serde_json::from_str(&data).unwrap();
                    return if problem { panic!("{told}") } else { Came::Event(told) };
                }
                other => panic!("{other:?} is no line of a stream"),
            }
            had = true;
        }
    }

    /// The next event, whatever heartbeats come before.
    pub fn event(&mut self) -> Value {
        loop {
            match self.next() {
                Came::Event(event) => return event,
                Came::Heartbeat => {}
                other => panic!("{other:?} came where an event was waited for"),
            }
        }
    }

    /// Events up to the first of that type.
    fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        while events.last().is_none_or(|event: &Value| event["type"] != kind) {
            events.push(self.event());
        }
        events
    }
}

/// A body in chunks, without what tells them apart.
struct Unchunked {
    from: BufReader<TcpStream>,
    left: usize,
}

impl Read for Unchunked {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            let mut line = String::new();
            self.from.read_line(&mut line)?;
            if line.trim().is_empty() {
                line.clear();
                self.from.read_line(&mut line)?;
            }
            self.left = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
            if self.left == 0 {
                return Ok(0);
            }
        }
        let most = self.left.min(buffer.len());
        let read = self.from.read(&mut buffer[..most])?;
        self.left -= read;
        Ok(read)
    }
}

/// Everything behind a cursor, by asking until nothing is left.
fn pulled(api: &Client, cursor: &str) -> Vec<Value> {
    let text = api.get(&format!("/stream?wait=false&cursor={cursor}")).text();
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

fn token(person: &Person) -> &str {
    match person.by_token() {
        Credential::Token(token) => token,
        _ => panic!("no token"),
    }
}

#[test]
fn what_happens_is_told_in_its_order_with_what_it_concerns() {
    let server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(graph([task("a", None)]));
    let mut follower = Follower::begun(&server, TOKEN, "");
    let lead = api.lead();
    let enrolment = api.connect(&sequence, &lead);
    let step = api.current_step(&lead);
    api.complete(&step);
    api.post(&format!("/records/{lead}/close"), json!({ "outcome": "success" })).expect(200);
    let events = follower.until("record.closed");
    let told =
        ["record.created", "enrolment.connected", "step.opened", "step.completed", "enrolment.ended", "record.closed"];
    assert_eq!(kinds(&events), told);
    let ids: BTreeSet<&str> = events.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), events.len());
    for event in &events {
        assert_eq!(event["record"], lead, "{event}");
        assert!(event["at"].as_str().unwrap().ends_with('Z') && event["data"]["summary"].is_string(), "{event}");
    }
    assert_eq!(
        (&events[0]["data"]["record"]["name"], &events[0]["data"]["record"]["state"]),
        (&json!("Ada Lovelace"), &json!("active"))
    );
    assert_eq!((&events[1]["sequence"], &events[1]["data"]["enrolment"]), (&json!(sequence), &enrolment["id"]));
    assert_eq!(events[3]["data"]["step"], step);
    assert_eq!(events[5]["data"]["record"]["state"], "inactive");
    api.post(&format!("/sequences/{sequence}/deactivate"), json!({})).expect(200);
    let event = follower.event();
    assert_eq!(
        (&event["type"], &event["data"]["sequence"]["status"]),
        (&json!("sequence.deactivated"), &json!("inactive"))
    );
}

#[test]
fn a_topic_is_all_that_is_told_and_an_unknown_one_is_refused() {
    let server = Server::shared();
    let api = server.client();
    let mut follower = Follower::begun(&server, TOKEN, "?topics=step,record.closed");
    let (lead, _) = api.enrolled(graph([task("a", None)]));
    api.complete(&api.current_step(&lead));
    api.post(&format!("/records/{lead}/close"), json!({ "outcome": "failure" })).expect(200);
    let mut own = Vec::new();
    while own.last() != Some(&"record.closed".to_owned()) {
        let event = follower.event();
        let kind = event["type"].as_str().unwrap().to_owned();
        assert!(kind.starts_with("step.") || kind == "record.closed", "{event}");
        own.extend((event["record"] == *lead).then_some(kind));
    }
    assert_eq!(own, ["step.opened", "step.completed", "record.closed"]);
    api.get("/stream?topics=step,nothing").refused_at(400, "malformed", "/topics");
    api.get("/stream?cursor=here").refused_at(400, "malformed", "/cursor");
    api.get("/stream?wait=perhaps").refused_at(400, "malformed", "/wait");
}

/// Who is cut off anywhere, also by a server that is killed, and comes back with the last id has every event once.
#[test]
fn a_stream_goes_on_from_any_of_its_cursors_without_a_loss_or_a_repetition() {
    let mut server = Server::sandbox();
    let api = server.client();
    let mut follower = Follower::begun(&server, TOKEN, "");
    let begin = follower.cursor.clone();
    let sequence = api.active(graph([task("a", Some("b")), task("b", None)]));
    let leads: Vec<String> = (0..4).map(|_| api.lead()).collect();
    let connected = api.post(&format!("/sequences/{sequence}/enrolments"), json!({ "records": leads }));
    assert_eq!(items(&connected.expect(200)).len(), 4);
    leads.iter().for_each(|lead| drop(api.complete(&api.current_step(lead))));
    let all = pulled(&api, &begin);
    assert!(all.len() > 20, "{all:?}");
    for (place, event) in all.iter().enumerate() {
        assert_eq!(follower.event(), *event);
        if place % 7 == 3 {
            server = server.kill_and_restart();
        }
        if place % 7 == 3 || place % 2 == 1 {
            follower = Follower::of(&server, TOKEN, &format!("?cursor={}", follower.cursor));
        }
    }
    assert_eq!(pulled(&server.client(), &follower.cursor), Vec::<Value>::new());
}

/// The steps that are open, and whose, as somebody knows them who was told and never asked.
#[test]
fn what_was_told_comes_to_what_a_fresh_reading_says() {
    let server = Server::sandbox();
    let api = server.client();
    let begin = pulled(&api, "0.00000000").len();
    let sequence = api.active(graph([task("a", Some("b")), task("b", Some("c")), task("c", None)]));
    let leads: Vec<String> = (0..12).map(|_| api.lead()).collect();
    api.post(&format!("/sequences/{sequence}/enrolments"), json!({ "records": leads })).expect(200);
    let mut chance = fastrand::Rng::with_seed(7);
    for _ in 0..60 {
        let lead = chance.choice(&leads).unwrap();
        let up_next = api.get(&format!("/records/{lead}/up-next")).expect(200);
        let Some(step) = up_next["current"].get(0).map(|item| id(&item["step"])) else { continue };
        let path = format!("/steps/{step}/{}", chance.choice(["complete", "skip"]).unwrap());
        let name = json!({ "name": format!("Ada {}", chance.u8(..)) });
        let asked = [
            api.request(Method::POST, &path).json(&json!({})),
            api.request(Method::PATCH, &format!("/records/{lead}")).json(&name),
        ];
        api.at_once(asked);
    }
    let (mut open, mut names) = (BTreeMap::<String, BTreeSet<String>>::new(), BTreeMap::<String, String>::new());
    for event in pulled(&api, "0.00000000").into_iter().skip(begin) {
        let record = event["record"].as_str().unwrap_or_default().to_owned();
        let step = event["data"]["step"].as_str().unwrap_or_default().to_owned();
        match event["type"].as_str().unwrap() {
            "step.opened" => _ = open.entry(record.clone()).or_default().insert(step),
            "step.completed" | "step.skipped" => assert!(open.get_mut(&record).unwrap().remove(&step), "{event}"),
            "record.created" | "record.updated" => {
                names.insert(record, event["data"]["record"]["name"].as_str().unwrap().to_owned());
            }
            _ => {}
        }
    }
    for lead in &leads {
        let up_next = api.get(&format!("/records/{lead}/up-next")).expect(200);
        let fresh: BTreeSet<String> =
            up_next["current"].as_array().unwrap().iter().map(|item| id(&item["step"])).collect();
        assert_eq!(open[lead], fresh, "{lead}");
        assert_eq!(names[lead], api.get(&format!("/records/{lead}")).expect(200)["name"], "{lead}");
    }
}

/// Reliability §6 row 3: rights are those of the moment, also of a stream that is open.
#[test]
fn what_somebody_may_not_see_any_more_is_not_told_from_the_next_event_on() {
    let server = Server::shared();
    let api = server.client();
    let [seller, peer] = ["seller", "peer"].map(|name| api.person(name, &["seller"], "north"));
    let lead = |owner: &Person| {
        id(&api.post("/records", json!({ "type": "lead", "name": "Ada", "owner": { "user": owner.id } })).expect(201))
    };
    let [own, foreign, marker] = [lead(&seller), lead(&peer), lead(&seller)];
    let name =
        |lead: &str, name: &str| drop(api.patch(&format!("/records/{lead}"), json!({ "name": name })).expect(200));
    let mut follower = Follower::begun(&server, token(&seller), "?topics=record");
    let mut heard = |rename: &[&str]| {
        rename.iter().for_each(|lead| name(lead, "Grace"));
        rename.iter().for_each(|lead| name(lead, "Ada"));
        name(&marker, &format!("Marker {}", fastrand::u64(..)));
        let mut records = Vec::new();
        loop {
            let event = follower.event();
            if event["record"] == *marker {
                return records;
            }
            records.push((event["type"].as_str().unwrap().to_owned(), event["record"].as_str().unwrap().to_owned()));
        }
    };
    let updated = |lead: &String| ("record.updated".to_owned(), lead.clone());
    assert_eq!(heard(&[&own, &foreign]), [updated(&own), updated(&own)]);
    let give = |lead: &str, to: &Person| {
        api.patch(&format!("/records/{lead}"), json!({ "owner": { "user": to.id } })).expect(200);
    };
    give(&own, &peer);
    assert_eq!(heard(&[&own]), [("record.hidden".to_owned(), own.clone())], "its former owner is told no more");
    give(&foreign, &seller);
    let now_own = [("record.owner_changed".to_owned(), foreign.clone()), updated(&foreign), updated(&foreign)];
    assert_eq!(heard(&[&own, &foreign]), now_own);
    let team = api.team("access", &[&seller.id]);
    api.patch(&format!("/records/{own}"), json!({ "access_team": team })).expect(200);
    assert_eq!(heard(&[&own]), [updated(&own), updated(&own), updated(&own)]);
    assert_eq!(api.request(Method::DELETE, &format!("/teams/{team}/members/{}", seller.id)).send().status, 204);
    assert_eq!(heard(&[&own]), [], "whoever has left the team is told no more");
}

#[test]
fn a_stream_ends_when_its_credential_does() {
    let server = Server::shared();
    let api = server.client();
    let [first, second] = ["first", "second"].map(|name| api.person(name, &["seller"], "north"));
    let mut revoked = Follower::begun(&server, token(&first), "");
    let mut disabled = Follower::begun(&server, token(&second), "");
    let listed = api.get(&format!("/tokens?user={}", first.id)).expect(200);
    for token in items(&listed) {
        assert_eq!(api.request(Method::DELETE, &format!("/tokens/{}", id(token))).send().status, 204);
    }
    api.post(&format!("/users/{}/disable", second.id), json!({})).expect(200);
    // Whatever happens next, to whomever.
    api.lead();
    for follower in [&mut revoked, &mut disabled] {
        assert!(matches!(follower.next(), Came::End));
    }
}

#[test]
fn a_cursor_of_another_store_or_of_what_is_not_kept_is_refused() {
    let server = Server::sandbox();
    let api = server.client();
    let mut follower = Follower::begun(&server, TOKEN, "");
    api.lead();
    follower.event();
    let cursor = follower.cursor.clone();
    let (number, digest) = cursor.split_once('.').unwrap();
    let other = if digest == "00000000" { "00000001" } else { "00000000" };
    for wrong in [format!("{number}.{other}"), format!("999.{digest}"), "999.00000000.1".into()] {
        let problem = api.get(&format!("/stream?cursor={wrong}")).refused(410, "cursor_expired");
        assert!(problem["detail"].as_str().unwrap().contains(&wrong), "{problem}");
    }
    let last = api.request(Method::GET, "/stream?wait=false&cursor=999.00000000").header("last-event-id", &cursor);
    assert_eq!(last.send().status, 200, "the header goes before the parameter");
}

#[test]
fn something_is_said_now_and_then_and_a_stop_in_order_does_not_wait_for_streams() {
    let server = Server::configured(&[("RELANCE__SERVER__HEARTBEAT_SECONDS", "1")]);
    let mut follower = Follower::begun(&server, TOKEN, "");
    assert!(matches!(follower.next(), Came::Heartbeat));
    assert!(matches!(follower.next(), Came::Heartbeat));
    assert!(server.terminate().success());
    loop {
        match follower.next() {
            Came::Heartbeat => {}
            Came::End => break,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn so_many_streams_of_one_user_are_open_at_a_time() {
    let server = Server::sandbox();
    let api = server.client();
    let open: Vec<Follower> = (0..16).map(|_| Follower::begun(&server, TOKEN, "")).collect();
    let refused = TcpStream::connect(server.address()).and_then(|mut socket| {
        write!(
            socket,
            "GET /api/v1/stream HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        Ok(answer)
    });
    let refused = refused.unwrap();
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("\"busy\""), "{refused}");
    let other = api.person("other", &["seller"], "north");
    Follower::begun(&server, token(&other), "");
    drop(open);
}
