//! Mail that is handed over by HTTP: to an address that nobody can guess, and answered once it counts.

use std::time::Instant;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::following::{about, reply};
use super::letters::{English, LEAVE};
use super::programs::{Letter, PROGRAMS};
use super::reports;
use super::server::Server;

async fn address(server: &Server) -> String {
    let mailbox = server.mailbox(9).await;
    server.post(&format!("/mailboxes/{mailbox}/inbound"), json!({})).await["url"].as_str().unwrap().to_owned()
}

/// R-30, and how long it takes from the first byte to the answer.
#[tokio::test]
async fn r_30_what_is_handed_over_counts_before_it_is_answered() {
    let server = Server::start();
    let (address, sequence) = (address(&server).await, server.sequence().await);
    let mut took = Vec::new();
    for number in 0..200 {
        let (_, enrolment, step) = server.written(&sequence).await;
        let began = Instant::now();
        let (status, answer) = server.hand_over(&address, "message/rfc822", reply(&step, number)).await;
        took.push(began.elapsed());
        assert_eq!((status, &answer), (StatusCode::OK, &json!({ "kind": "reply", "step": step })));
        assert_eq!(server.get(&format!("/enrolments/{enrolment}")).await["reason"], "exit_criterion_met");
    }
    took.sort();
    println!("handed over: median {:?}, p99 {:?}, longest {:?}", took[100], took[197], took[199]);
}

#[tokio::test]
async fn the_same_message_changes_something_once() {
    let server = Server::start();
    let address = address(&server).await;
    let (record, _, step) = server.written(&server.sequence().await).await;
    let raw = String::from_utf8(reply(&step, 1)).unwrap();
    for body in [raw.clone().into_bytes(), json!({ "raw": raw }).to_string().into_bytes()] {
        let kind = if body.starts_with(b"{") { "application/json" } else { "message/rfc822; charset=utf-8" };
        assert_eq!(server.hand_over(&address, kind, body).await.0, StatusCode::OK);
    }
    assert_eq!(server.told(&record, "email_replied").await, 1);
}

#[tokio::test]
async fn complaints_and_wishes_end_all_e_mail_and_a_bounce_is_told() {
    let server = Server::start();
    let (address, sequence) = (address(&server).await, server.sequence().await);
    let letter = Letter { language: English, text: LEAVE[1][0], prefix: "Re: ", headers: "", from: "ada@example.net" };
    let complaint = reports::complaints().remove(0).1;
    let bounce = reports::returned(English).remove(2).raw;
    for (raw, kind, told, allowed, reason) in [
        (complaint.into_bytes(), "complaint", "opted_out", false, "complained"),
        (PROGRAMS[0].answer(letter), "unsubscribe", "opted_out", false, "unsubscribed"),
        (bounce.into_bytes(), "bounce", "email_bounced", true, "bounced"),
    ] {
        let (record, _, step) = server.written(&sequence).await;
        let (_, answer) = server.hand_over(&address, "message/rfc822", about(&raw, &step)).await;
        assert_eq!(answer["kind"], kind);
        assert_eq!(server.told(&record, told).await, 1, "{kind}");
        assert_eq!(server.get(&format!("/records/{record}")).await["allow_email"], allowed, "{kind}");
        let listed = server.get("/suppressions?email=ADA@example.net").await;
        assert_eq!(listed["items"][0]["reason"], reason, "{kind}: nobody else writes there either");
        assert_eq!(listed["items"][0]["record"], record.as_str());
        let suppression = listed["items"][0]["id"].as_str().unwrap();
        server.ask(Method::DELETE, &format!("/suppressions/{suppression}"), Value::Null).await;
        // The same message again changes nothing any more.
        server.hand_over(&address, "message/rfc822", about(&raw, &step)).await;
        let listed = server.get("/suppressions").await;
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(0), "{kind}");
    }
}

#[tokio::test]
async fn nothing_is_taken_from_strangers_and_nothing_that_is_no_mail() {
    let server = Server::start();
    let address = address(&server).await;
    let mut changed: Vec<String> = (0..address.len().min(8))
        .map(|back| {
            let place = address.len() - 1 - back * 3;
            let other = if &address[place..=place] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &address[..place], &address[place + 1..])
        })
        .collect();
    changed.extend([
        format!("{address}A"),
        address[..address.len() - 4].to_owned(),
        format!("{}/in/mail/x", server.url),
    ]);
    for address in changed {
        let (status, problem) = server.hand_over(&address, "message/rfc822", b"From: a@b\r\n\r\n".to_vec()).await;
        assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &Value::from("not_found")), "{address}");
    }
    for (kind, body, status) in [
        ("image/png", Vec::new(), 415),
        ("application/json", b"{".to_vec(), 400),
        ("application/json", b"{\"raw\": 1}".to_vec(), 400),
        ("application/json", b"{\"raw\": \"\", \"more\": 1}".to_vec(), 400),
        ("message/rfc822", vec![b'x'; (25 << 20) + 1], 413),
        ("message/rfc822", Vec::new(), 200),
        ("message/rfc822", b"\0\xff\xfe no mail at all".to_vec(), 200),
    ] {
        let (found, answer) = server.hand_over(&address, kind, body).await;
        assert_eq!(found.as_u16(), status, "{kind}: {answer}");
    }
}
