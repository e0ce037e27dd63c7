//! How many records stand at each node: the same as counting all of them, whatever has happened, and after each restart.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::fixtures::{graph, id, items, node, task};
use crate::server::{Client, Server, until};

type Places = BTreeMap<(u64, String), u64>;

/// Every connected record, looked at one by one.
fn naive(api: &Client, sequence: &str) -> Places {
    let mut places = BTreeMap::new();
    let list = format!("/sequences/{sequence}/enrolments?status=connecting,connected&limit=500");
    for one in items(&api.get(&list).expect(200)) {
        let node = one["current_step"]["node"].as_str().unwrap_or("-").to_owned();
        *places.entry((one["version"].as_u64().unwrap(), node)).or_default() += 1;
    }
    places
}

fn read(counts: &Value) -> Places {
    let place = |count: &Value| {
        let node = count["node"].as_str().unwrap_or("-").to_owned();
        ((count["version"].as_u64().unwrap(), node), count["records"].as_u64().unwrap())
    };
    let places: Places = counts["nodes"].as_array().unwrap().iter().map(place).collect();
    assert_eq!(places.values().sum::<u64>(), counts["connected"].as_u64().unwrap(), "{counts}");
    places
}

/// What the server says, once it has counted.
fn counted(api: &Client, sequence: &str) -> Places {
    let path = format!("/sequences/{sequence}/counts");
    read(&until("the count", || Some(api.get(&path).expect(200)).filter(|counts| counts["state"] == "counted")))
}

/// The same at once: what was counted before is known.
#[track_caller]
fn holds(api: &Client, sequence: &str, what: &str) -> Places {
    let counts = api.get(&format!("/sequences/{sequence}/counts")).expect(200);
    assert_eq!(counts["state"], "counted", "{what}");
    let places = read(&counts);
    assert_eq!(places, naive(api, sequence), "{what}");
    places
}

fn drawn() -> Value {
    graph([task("a", Some("w")), node("w", "wait", json!({ "days": 1, "next": "b" })), task("b", None)])
}

#[test]
fn how_many_stand_where_is_what_counting_all_of_them_says() {
    let mut server = Server::sandbox();
    let api = server.client();
    let sequence = api.active(drawn());
    assert_eq!(counted(&api, &sequence), Places::new());
    let leads: Vec<_> = (0..9).map(|_| api.lead()).collect();
    for lead in &leads[..7] {
        api.connect(&sequence, lead);
    }
    let later = json!({ "records": leads[7..], "wait": { "hours": 3 } });
    api.post(&format!("/sequences/{sequence}/enrolments"), later).expect(200);
    let places = holds(&api, &sequence, "connected");
    assert_eq!(places, [((1, "-".into()), 2), ((1, "a".into()), 7)].into());
    for lead in &leads[..4] {
        api.complete(&api.current_id(lead, "a"));
    }
    assert_eq!(holds(&api, &sequence, "four wait")[&(1, "w".into())], 4);
    api.advance_hours(30);
    assert_eq!(holds(&api, &sequence, "the timers have fired")[&(1, "b".into())], 4);
    api.complete(&api.current_id(&leads[0], "b"));
    let all = api.get(&format!("/sequences/{sequence}/enrolments")).expect(200);
    let live = items(&all).iter().find(|one| one["record"] == leads[1].as_str()).unwrap();
    api.post(&format!("/enrolments/{}/disconnect", live["enrolment"].as_str().unwrap()), json!({})).expect(200);
    api.post(&format!("/records/{}/close", leads[2]), json!({ "outcome": "failure" })).expect(200);
    holds(&api, &sequence, "some have left");
    api.request(Method::DELETE, &format!("/records/{}", leads[3])).send();
    holds(&api, &sequence, "one is erased");

    api.post(&format!("/sequences/{sequence}/revise"), json!({})).expect(200);
    let new = graph([task("a", Some("x")), task("x", Some("b")), task("b", None)]);
    api.put(&format!("/sequences/{sequence}/graph"), new).expect(200);
    api.post(&format!("/sequences/{sequence}/activate"), json!({})).expect(200);
    api.connect(&sequence, &api.lead());
    assert_eq!(holds(&api, &sequence, "two versions")[&(2, "a".into())], 1);
    for body in [json!({}), json!({ "migration": { "mode": "follow" } })] {
        api.post(&format!("/sequences/{sequence}/revise"), json!({})).expect(200);
        let activated = api.post(&format!("/sequences/{sequence}/activate"), body).expect(200);
        holds(&api, &sequence, "moved to another version");
        if let Some(migration) = activated["migration"]["id"].as_str() {
            api.post(&format!("/migrations/{migration}/undo"), json!({})).expect(200);
            holds(&api, &sequence, "moved back");
        }
    }
    let before = naive(&api, &sequence);
    server = server.kill_and_restart();
    assert_eq!(counted(&server.client(), &sequence), before, "after a restart");
    let client = server.client();
    client.post(&format!("/sequences/{sequence}/deactivate"), json!({})).expect(200);
    assert_eq!(holds(&client, &sequence, "deactivated"), Places::new());
}

#[test]
fn what_happens_while_they_are_counted_is_counted() {
    let mut server = Server::sandbox();
    let sequence = server.client().active(drawn());
    let leads: Vec<String> = (0..120).map(|_| server.client().lead()).collect();
    let body = json!({ "records": leads });
    server.client().post(&format!("/sequences/{sequence}/enrolments"), body).expect(200);
    let steps: Vec<String> = leads.iter().map(|lead| server.client().current_id(lead, "a")).collect();
    server = server.kill_and_restart();
    let api = server.client();
    let complete = |step: &String| api.request(Method::POST, &format!("/steps/{step}/complete")).json(&json!({}));
    let count = || api.request(Method::GET, &format!("/sequences/{sequence}/counts"));
    let requests = steps.chunks(10).flat_map(|part| part.iter().map(complete).chain([count()]));
    for answer in api.at_once(requests.collect::<Vec<_>>()) {
        answer.expect(200);
    }
    assert_eq!(counted(&api, &sequence), [((1, "w".into()), 120)].into());
    assert_eq!(id(&api.get(&format!("/sequences/{sequence}")).expect(200)), sequence);
    server.client().get("/sequences/01JZZZZZZZZZZZZZZZZZZZZZZZ/counts").refused(404, "not_found");
}
