//! Receivers that fail in every way, and servers that are killed: everything arrives, in order for each record, under one id.

use std::collections::{BTreeMap, HashMap};

use serde_json::json;

use super::receiver::{Arrival, Receiver, Reply};
use super::{SETTINGS, all_taken};
use crate::fixtures::{graph, task};
use crate::server::{Client, Server};

const FAULTS: [Reply; 9] = [
    Reply::DropUnread,
    Reply::Drop,
    Reply::Stall,
    Reply::Half,
    Reply::Redirect,
    Reply::Status(500),
    Reply::Status(429),
    Reply::Status(404),
    Reply::Status(199 + 101),
];

/// Every attempt at an event says the same.
fn attempts_agree(arrivals: &[Arrival]) {
    let mut said = HashMap::new();
    for arrival in arrivals {
        let first = said.entry(arrival.header("webhook-id").to_owned()).or_insert_with(|| arrival.body.clone());
        assert_eq!(*first, arrival.body);
        assert_eq!(arrival.path, "/hook", "nobody is followed elsewhere");
    }
}

#[test]
fn an_event_is_sent_again_after_every_kind_of_failure_and_taken_once() {
    let (server, receiver) = (Server::configured(SETTINGS), Receiver::start());
    let api = server.client();
    let mut attempts: BTreeMap<String, usize> = BTreeMap::new();
    let leads: Vec<String> = FAULTS.iter().map(|_| api.lead()).collect();
    let of: HashMap<String, Reply> = leads.iter().cloned().zip(FAULTS).collect();
    receiver.does(move |arrival| {
        let attempt = attempts.entry(arrival.header("webhook-id").to_owned()).or_default();
        *attempt += 1;
        if *attempt == 1 { of[&arrival.record()] } else { Reply::Twice }
    });
    api.webhook(&receiver, &["record.updated"]);
    leads.iter().for_each(|lead| api.rename(lead, "Grace"));
    leads.iter().for_each(|lead| api.rename(lead, "Ada"));
    all_taken(&api, &receiver, "record.updated");
    let arrivals = receiver.arrivals();
    attempts_agree(&arrivals);
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    arrivals.iter().for_each(|arrival| *counted.entry(arrival.header("webhook-id")).or_default() += 1);
    assert!(counted.values().all(|count| *count == 2), "each was refused once and taken once: {counted:?}");
}

/// Many records move at once, and of what is sent of them a third fails.
#[test]
fn the_order_of_each_record_holds_whatever_fails_between() {
    let (server, receiver) = (Server::configured(SETTINGS), Receiver::start());
    let api = server.client();
    let mut chance = fastrand::Rng::with_seed(11);
    receiver.does(move |_| match chance.u8(0..9) {
        0 => Reply::Drop,
        1 => Reply::Status(500),
        2 => Reply::Half,
        _ => Reply::Status(202),
    });
    api.webhook(&receiver, &["record", "step", "enrolment"]);
    busy(&api, 20, 4);
    all_taken(&api, &receiver, "record,step,enrolment");
    attempts_agree(&receiver.arrivals());
}

#[test]
fn a_server_that_is_killed_leaves_nothing_out_and_keeps_the_order() {
    let (mut server, receiver) = (Server::configured(SETTINGS), Receiver::start());
    let mut chance = fastrand::Rng::with_seed(13);
    receiver.does(move |_| if chance.u8(0..5) == 0 { Reply::Status(500) } else { Reply::Status(200) });
    server.client().webhook(&receiver, &["record", "step"]);
    for round in 0..5 {
        busy(&server.client(), 6, 2);
        if round > 0 {
            // In the middle of it, wherever that is.
            crate::server::until("some came", || (receiver.arrivals().len() > 10 * round).then_some(()));
        }
        server = server.kill_and_restart();
    }
    all_taken(&server.client(), &receiver, "record,step");
    attempts_agree(&receiver.arrivals());
}

/// More records than are held back fail, for as long as the receiver is away; then all of it arrives.
#[test]
fn a_receiver_that_was_away_hears_all_of_it_when_it_is_back() {
    let (server, receiver) = (Server::configured(SETTINGS), Receiver::start());
    let api = server.client();
    receiver.does(|_| Reply::Drop);
    let (webhook, _) = api.webhook(&receiver, &["record"]);
    let leads: Vec<String> = (0..90).map(|_| api.lead()).collect();
    crate::server::until("it is taken to be away", || {
        let shown = api.get(&format!("/webhooks/{webhook}")).expect(200);
        (shown["held_back"].as_u64() >= Some(64)).then_some(())
    });
    api.at_once(leads.iter().map(|lead| {
        api.request(reqwest::Method::PATCH, &format!("/records/{lead}")).json(&json!({ "name": "Grace" }))
    }));
    receiver.does(|_| Reply::Status(200));
    all_taken(&api, &receiver, "record");
}

/// Leads that go through a sequence, all at the same time.
fn busy(api: &Client, leads: usize, turns: usize) {
    let sequence = api.active(graph([task("a", Some("b")), task("b", Some("c")), task("c", None)]));
    let leads: Vec<String> = (0..leads).map(|_| api.lead()).collect();
    api.post(&format!("/sequences/{sequence}/enrolments"), json!({ "records": leads })).expect(200);
    for turn in 0..turns {
        let renamed = leads.iter().map(|lead| {
            let name = json!({ "name": format!("Turn {turn}") });
            api.request(reqwest::Method::PATCH, &format!("/records/{lead}")).json(&name)
        });
        api.at_once(renamed);
        let completed = leads.iter().take(leads.len() / 2).filter_map(|lead| {
            let up_next = api.get(&format!("/records/{lead}/up-next")).expect(200);
            let step = up_next["current"][0]["step"]["id"].as_str()?.to_owned();
            Some(api.request(reqwest::Method::POST, &format!("/steps/{step}/complete")).json(&json!({})))
        });
        api.at_once(completed.collect::<Vec<_>>());
    }
}
