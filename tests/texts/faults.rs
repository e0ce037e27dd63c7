//! A gateway that fails in every way: what is known of a text then is true, and none is lost or doubled.

use reqwest::Method;
use serde_json::{Value, json};

use super::gateway::Gateway;
use super::relance::{Relance, run};

/// What a fault comes to: where a second attempt is a second message, and where it is not.
const TABLE: [(&str, &str, &str); 15] = [
    //          blind      idempotent
    ("drop", "unknown", "sent"),
    ("unread", "unknown", "sent"),
    ("stall", "unknown", "sent"),
    ("lost", "unknown", "sent"),
    ("mute", "unknown", "sent"),
    ("half head", "unknown", "sent"),
    ("garbage", "unknown", "sent"),
    ("half body", "sent", "sent"),
    ("twice", "sent", "sent"),
    ("400", "failed", "failed"),
    ("401", "sent", "sent"),
    ("429", "sent", "sent"),
    ("500", "sent", "sent"),
    ("502", "unknown", "sent"),
    ("503", "sent", "sent"),
];

fn state(delivery: &Value) -> &str {
    delivery["state"].as_str().unwrap()
}

/// P7: what was sent was taken once, what failed was not, and what nobody knows of is at most one message.
fn assert_true(told: &str, deliveries: &[Value], gateway: &Gateway) {
    let taken = &gateway.books().taken;
    for delivery in deliveries {
        let times = taken.get(delivery["id"].as_str().unwrap()).copied().unwrap_or_default();
        let is_true = match state(delivery) {
            "sent" => times == 1,
            "unknown" => times <= 1,
            "failed" => times == 0,
            _ => false,
        };
        assert!(is_true, "{told}: taken {times} times: {delivery}");
    }
    let known = taken.keys().all(|taken| deliveries.iter().any(|delivery| delivery["id"] == *taken));
    assert!(known, "{told}: something else was taken");
}

/// Ids follow time.
fn newest(deliveries: &[Value]) -> &Value {
    deliveries.iter().max_by_key(|delivery| delivery["id"].as_str()).unwrap()
}

fn described(is_idempotent: bool) -> Value {
    json!({ "repeats": if is_idempotent { "idempotent" } else { "blind" } })
}

/// P7, the fault matrix of text messages.
#[test]
fn p7_every_fault_of_a_gateway_ends_in_one_text_or_in_a_doubt_that_is_shown() {
    for is_idempotent in [false, true] {
        let gateway = Gateway::start(is_idempotent);
        run(async {
            let (relance, _) = Relance::with_gateway(gateway.port, described(is_idempotent)).await;
            let sequence = relance.sequence().await;
            for (number, (fault, blind, idempotent)) in TABLE.iter().enumerate() {
                gateway.fails(fault);
                relance.connect(&sequence, "600 12 34 56").await;
                let deliveries = relance.come_to_rest(number + 1).await;
                let newest = newest(&deliveries);
                let expected = if is_idempotent { idempotent } else { blind };
                assert_eq!(state(newest), *expected, "{fault}, {is_idempotent}: {newest}");
                assert_true(fault, &deliveries, &gateway);
                let path = format!("/steps/{}", newest["step"].as_str().unwrap());
                let step = relance.ask(Method::GET, &path, Value::Null).await;
                let is_open = step["status"] == "open";
                assert_eq!(is_open, state(newest) != "sent", "ST-23: {step}");
                assert!(!newest.to_string().contains("s3cret"));
            }
            // A person looks into each doubt.
            for delivery in relance.come_to_rest(TABLE.len()).await.iter().filter(|one| state(one) == "unknown") {
                let id = delivery["id"].as_str().unwrap();
                let was_taken = gateway.books().taken.contains_key(id);
                let settled = json!({ "as": if was_taken { "sent" } else { "resend" } });
                relance.ask(Method::POST, &format!("/deliveries/{id}/settle"), settled).await;
            }
            let deliveries = relance.come_to_rest(TABLE.len()).await;
            assert_true("after all was settled", &deliveries, &gateway);
            assert_eq!(gateway.books().taken.len(), TABLE.len() - 1, "all but the one that was refused");
        });
    }
}

/// P7, kill -9 while a text is being handed over, before the gateway has taken it and behind that.
#[test]
fn p7_a_kill_while_a_text_is_handed_over_loses_and_doubles_nothing() {
    for is_idempotent in [false, true] {
        let gateway = Gateway::start(is_idempotent);
        run(async {
            let (mut relance, _) = Relance::with_gateway(gateway.port, described(is_idempotent)).await;
            let sequence = relance.sequence().await;
            for (round, fault) in ["stall", "mute"].iter().enumerate() {
                gateway.fails(fault);
                let seen = gateway.books().requests.len();
                relance.connect(&sequence, "600 12 34 56").await;
                gateway.wait_for(seen + 1);
                relance = relance.kill_and_restart();
                let deliveries = relance.come_to_rest(round + 1).await;
                let expected = if is_idempotent { "sent" } else { "unknown" };
                let newest = newest(&deliveries);
                assert_eq!(state(newest), expected, "{fault}: {newest}");
                assert_true(fault, &deliveries, &gateway);
            }
        });
    }
}

#[test]
fn p7_every_one_of_many_texts_is_handed_over_exactly_once() {
    const TEXTS: usize = 200;
    let gateway = Gateway::start(false);
    run(async {
        let (relance, _) = Relance::with_gateway(gateway.port, json!({})).await;
        let sequence = relance.sequence().await;
        for number in 0..TEXTS {
            relance.connect(&sequence, &format!("+34 600 {:06}", number)).await;
        }
        let deliveries = relance.come_to_rest(TEXTS).await;
        assert!(deliveries.iter().all(|delivery| state(delivery) == "sent"));
        assert_true("all", &deliveries, &gateway);
        let books = gateway.books();
        assert_eq!((books.taken.len(), books.requests.len()), (TEXTS, TEXTS));
        let (head, body) = &books.requests[0];
        assert!(head.starts_with("POST /send HTTP/1.1") && head.contains("x-key: s3cret"), "{head}");
        assert!(body.contains("text=Hello+Ada+%26+co") && body.contains("to=%2B34600"), "{body}");
    });
}
