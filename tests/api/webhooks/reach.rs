//! Reliability §6 row 13: no webhook reaches what is not public, however its address is written or named.

use serde_json::json;

use super::SETTINGS;
use super::receiver::{Receiver, Reply};
use crate::server::{Server, until};

#[test]
fn an_address_that_is_not_public_is_refused_however_it_is_written() {
    let server = Server::real();
    let api = server.client();
    for host in [
        "127.0.0.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "127.1",
        "0",
        "10.0.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "100.64.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::7f00:1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "127。0。0。1",
    ] {
        for scheme in ["https", "http"] {
            let asked = api.post("/webhooks", json!({ "url": format!("{scheme}://{host}:8443/") }));
            asked.refused_at(422, "validation_failed", "/url");
        }
    }
    for url in [
        "http://hooks.example/",
        "https://me:secret@hooks.example/",
        "https://hooks.example/#part",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "hooks.example",
        "",
        "https://",
        "javascript:alert(1)",
    ] {
        api.post("/webhooks", json!({ "url": url })).refused_at(422, "validation_failed", "/url");
    }
    let long = format!("https://hooks.example/{}", "a".repeat(2_000));
    api.post("/webhooks", json!({ "url": long })).refused_at(422, "validation_failed", "/url");
}

/// A name is judged by what it stands for at the moment of the delivery.
#[test]
fn a_name_that_stands_for_this_machine_leads_nowhere() {
    let (server, receiver) = (Server::real(), Receiver::start());
    let api = server.client();
    let url = format!("https://localhost:{}/hook", receiver.port());
    let webhook = crate::fixtures::id(&api.post("/webhooks", json!({ "url": url })).expect(201));
    api.lead();
    let held = until("it was tried", || api.deliveries(&webhook).into_iter().next());
    assert!(held["error"].as_str().unwrap().contains("not within reach"), "{held}");
    assert_eq!(receiver.arrivals().len(), 0);
}

#[test]
fn whoever_answers_with_another_address_is_not_followed() {
    let (server, receiver) = (Server::configured(SETTINGS), Receiver::start());
    let api = server.client();
    receiver.does(|_| Reply::Redirect);
    let (webhook, _) = api.webhook(&receiver, &[]);
    api.lead();
    let held = until("it was tried", || api.deliveries(&webhook).into_iter().next());
    assert_eq!(held["status"], 307, "{held}");
    assert!(receiver.arrivals().iter().all(|arrival| arrival.path == "/hook"));
}

/// A sandbox sends nothing outside, also where the configuration would let it.
#[test]
fn a_sandbox_sends_to_this_machine_only() {
    const OPEN: &[(&str, &str)] = &[("RELANCE__EGRESS__ALLOW", "127.0.0.1, 10.0.0.0/8, 203.0.113.0/24")];
    let server = Server::configured(OPEN);
    let api = server.client();
    for host in ["10.0.0.1", "203.0.113.7", "1.1.1.1", "127.0.0.2"] {
        let asked = api.post("/webhooks", json!({ "url": format!("https://{host}/") }));
        asked.refused_at(422, "validation_failed", "/url");
    }
    let named = json!({ "url": "https://hooks.invalid/" });
    let webhook = crate::fixtures::id(&api.post("/webhooks", named).expect(201));
    api.lead();
    let held = until("it was tried", || api.deliveries(&webhook).into_iter().next());
    assert!(held["error"].as_str().unwrap().contains("not within reach"), "{held}");
}
