//! From a sequence to the far side's disk: the whole program before a real server that fails, and killed while it sends.

use std::time::{Duration, Instant};

use relance::domain::channels::mailbox::Security;
use reqwest::Method;
use serde_json::{Value, json};

use super::relance::Relance;
use super::server::{Running, run};

fn is(delivery: &Value, state: &str) -> bool {
    delivery["state"] == state
}

fn id(delivery: &Value) -> &str {
    delivery["message_id"].as_str().unwrap_or_default()
}

/// P7: what is said of each message is true: what was sent was taken once, what was taken and not sent is unknown.
fn assert_true(told: &str, deliveries: &[Value], server: &Running) {
    let taken = server.taken();
    for delivery in deliveries {
        let times = taken.get(id(delivery)).copied().unwrap_or_default();
        let is_true = match delivery["state"].as_str() {
            Some("sent") => times == 1,
            Some("unknown") => times <= 1,
            _ => false,
        };
        assert!(is_true, "{told}: taken {times} times: {delivery}");
    }
    let known = taken.keys().all(|taken| deliveries.iter().any(|delivery| id(delivery) == taken));
    assert!(known, "{told}: something else was taken");
}

/// P7, the fault matrix of the whole program: in every state of the protocol, in every way, once.
#[test]
fn p7_every_fault_in_every_state_ends_in_one_message_or_in_a_doubt_that_is_shown() {
    let server = Running::start(Security::None);
    run(async {
        let relance = Relance::with_mailbox(server.port).await;
        let sequence = relance.sequence().await;
        let mut cells = 0;
        for state in ["banner", "ehlo", "auth", "mail", "rcpt", "data", "body", "dot", "stored"] {
            for fault in ["drop", "stall", "4xx", "half", "garbage", "closing"] {
                // What it says after it has kept a message is taken at its word, and then it has two.
                if state == "stored" && matches!(fault, "4xx" | "closing") {
                    continue;
                }
                // A connection that was kept has no beginning any more.
                server.fails(&format!("rset drop once\n{state} {fault} once"));
                relance.connect(&sequence, 1).await;
                cells += 1;
                let deliveries = relance.come_to_rest(cells).await;
                assert_true(&format!("{state} {fault}"), &deliveries, &server);
                // Ids follow time.
                let newest = deliveries.iter().max_by_key(|delivery| delivery["id"].as_str()).unwrap();
                let is_doubtful = is(newest, "unknown");
                let may_be =
                    matches!((state, fault), ("body" | "dot" | "stored", "drop" | "stall" | "half" | "garbage"));
                assert!(may_be || !is_doubtful, "{state} {fault}: {newest}");
            }
        }
        server.fails("");
        // A person looks into each of them.
        let unknown: Vec<Value> = relance.deliveries().await.into_iter().filter(|one| is(one, "unknown")).collect();
        assert!(unknown.len() >= 4, "the end of data leaves doubts: {unknown:?}");
        for delivery in &unknown {
            let was_taken = server.taken().contains_key(id(delivery));
            relance.settle(delivery, if was_taken { "sent" } else { "resend" }).await;
        }
        let deliveries = relance.come_to_rest(cells).await;
        assert!(deliveries.iter().all(|delivery| is(delivery, "sent")));
        assert_true("after all was settled", &deliveries, &server);
        assert_eq!(server.taken().len(), cells);
    });
}

#[test]
fn what_the_far_side_refuses_for_good_goes_to_the_seller() {
    let server = Running::start(Security::None);
    run(async {
        let relance = Relance::with_mailbox(server.port).await;
        let sequence = relance.sequence().await;
        for (number, plan) in
            ["rcpt says:550-5.1.1_no_such_user once", "mail 5xx once", "dot 5xx once"].iter().enumerate()
        {
            server.fails(plan);
            relance.connect(&sequence, 1).await;
            let deliveries = relance.come_to_rest(number + 1).await;
            let newest = deliveries.iter().max_by_key(|delivery| delivery["id"].as_str()).unwrap();
            assert!(is(newest, "failed"), "{plan}: {newest}");
            let path = format!("/steps/{}", newest["step"].as_str().unwrap());
            let step = relance.ask(Method::GET, &path, Value::Null).await;
            assert_eq!(step["status"], "open", "ST-23: {step}");
        }
        assert!(server.taken().is_empty());
        // Of the three only the first says that there is no such address.
        let suppressed = relance.ask(Method::GET, "/suppressions", Value::Null).await;
        let [one] = suppressed["items"].as_array().unwrap().as_slice() else { panic!("{suppressed}") };
        assert_eq!((&one["reason"], one["email"].is_string()), (&Value::from("bounced"), true), "{one}");
    });
}

/// P7, kill -9 while the server is in each state of the protocol: nothing is lost, nothing is doubled, every doubt is listed.
#[test]
fn p7_a_kill_in_every_state_loses_and_doubles_nothing_and_lists_every_doubt() {
    const LEADS: usize = 5;
    let server = Running::start(Security::None);
    run(async {
        let mut relance = Relance::with_mailbox(server.port).await;
        let sequence = relance.sequence().await;
        let states = ["banner", "ehlo", "auth", "mail", "rcpt", "data", "body", "dot", "stored"];
        for (round, state) in states.iter().enumerate() {
            server.fails(&format!("rset drop once\n{state} stall once"));
            relance.connect(&sequence, LEADS).await;
            let (plan, begun) = (server.folder.path().join("fault"), Instant::now());
            while std::fs::read_to_string(&plan).unwrap_or_default().contains("stall") {
                assert!(begun.elapsed() < Duration::from_secs(60), "{state} was never reached");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            relance = relance.kill_and_restart();
            let deliveries = relance.come_to_rest((round + 1) * LEADS).await;
            assert_true(&format!("killed in {state}"), &deliveries, &server);
            assert!(deliveries.iter().any(|one| is(one, "unknown")), "{state}: what was under way is not known");
            for delivery in deliveries.iter().filter(|one| is(one, "unknown")) {
                let was_taken = server.taken().contains_key(id(delivery));
                relance.settle(delivery, if was_taken { "sent" } else { "resend" }).await;
            }
            let deliveries = relance.come_to_rest((round + 1) * LEADS).await;
            assert!(deliveries.iter().all(|delivery| is(delivery, "sent")), "{state}");
            assert_true(&format!("settled after {state}"), &deliveries, &server);
        }
    });
}

/// P7: many automated messages through the whole program, each exactly once. `RELANCE_MAILS` says how many.
#[test]
fn p7_every_one_of_many_messages_is_sent_exactly_once() {
    let mails = std::env::var("RELANCE_MAILS").map_or(1_000, |mails| mails.parse().expect("a number"));
    let server = Running::start(Security::None);
    run(async {
        let relance = Relance::with_mailbox(server.port).await;
        let sequence = relance.sequence().await;
        relance.connect(&sequence, mails).await;
        let deliveries = relance.come_to_rest(mails).await;
        assert!(deliveries.iter().all(|delivery| is(delivery, "sent")));
        assert_true("all", &deliveries, &server);
        assert_eq!(server.taken().len(), mails);
        assert!(server.text().contains("From: Sales <sales@example.com>"), "{}", server.text());
    });
}

/// The connection test of a mailbox says what the server said, and sends nothing.
#[test]
fn a_mailbox_is_tried_without_sending_anything() {
    let server = Running::start(Security::None);
    run(async {
        let relance = Relance::with_mailbox(server.port).await;
        let listed = relance.ask(Method::GET, "/mailboxes", Value::Null).await;
        let path = format!("/mailboxes/{}", listed["items"][0]["id"].as_str().unwrap());
        let tried = relance.ask(Method::POST, &format!("{path}/test"), json!({})).await;
        assert_eq!(tried, json!({ "smtp": { "ok": true, "detail": "250 OK" } }));
        relance.ask(Method::PATCH, &path, json!({ "smtp": { "password": "wrong" } })).await;
        let tried = relance.ask(Method::POST, &format!("{path}/test"), json!({})).await;
        assert_eq!(tried["smtp"]["ok"], false);
        assert!(tried["smtp"]["detail"].as_str().unwrap().contains("535"), "{tried}");
        assert!(server.taken().is_empty());
    });
}
