//! A server that fails, in every state of the protocol and in every way: what is known of the message then, and that what is
//! said of it is true.

use relance::connector::DeliveryError;
use relance::domain::channels::mailbox::Security;

use super::server::{Running, huge, letter, run};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Temporary,
    Permanent,
    Refused,
    Unknown,
}

use Outcome::{Permanent, Refused, Temporary, Unknown};

fn outcome(attempt: &Result<String, DeliveryError>) -> Option<Outcome> {
    match attempt {
        Ok(_) => None,
        Err(DeliveryError::Temporary(_)) => Some(Temporary),
        Err(DeliveryError::Permanent(_)) => Some(Permanent),
        Err(DeliveryError::Refused(_)) => Some(Refused),
        Err(DeliveryError::Unknown(_)) => Some(Unknown),
    }
}

const FAULTS: [&str; 7] = ["drop", "stall", "4xx", "5xx", "half", "garbage", "closing"];

/// What each state makes of each fault. What goes wrong before somebody is signed in says nothing of any message.
const TABLE: [(&str, [Outcome; 7]); 11] = [
    //            drop       stall      4xx        5xx        half       garbage    closing
    ("banner", [Temporary, Temporary, Temporary, Temporary, Temporary, Temporary, Temporary]),
    ("ehlo", [Temporary, Temporary, Temporary, Temporary, Temporary, Temporary, Temporary]),
    ("starttls", [Temporary, Temporary, Temporary, Temporary, Temporary, Temporary, Temporary]),
    ("handshake", [Temporary, Temporary, Temporary, Temporary, Temporary, Temporary, Temporary]),
    ("ehlo-tls", [Temporary, Temporary, Temporary, Temporary, Temporary, Temporary, Temporary]),
    ("auth", [Temporary, Temporary, Temporary, Temporary, Temporary, Temporary, Temporary]),
    ("mail", [Temporary, Temporary, Temporary, Permanent, Temporary, Temporary, Temporary]),
    ("rcpt", [Temporary, Temporary, Temporary, Permanent, Temporary, Temporary, Temporary]),
    ("data", [Temporary, Temporary, Temporary, Permanent, Temporary, Temporary, Temporary]),
    ("dot", [Unknown, Unknown, Temporary, Permanent, Unknown, Unknown, Temporary]),
    // It has the message, and says something else or nothing: it is taken at its word.
    ("stored", [Unknown, Unknown, Temporary, Permanent, Unknown, Unknown, Temporary]),
];

/// P7, the fault matrix of the carrier.
#[test]
fn p7_what_is_known_of_a_message_after_each_fault_in_each_state_is_true() {
    let server = Running::start(Security::Starttls);
    let mut wrong = Vec::new();
    for (state, outcomes) in TABLE {
        for (fault, expected) in FAULTS.iter().zip(outcomes) {
            let (carrier, mailbox) = server.carrier();
            let id = format!("{state}-{fault}@example.com");
            server.fails(&format!("{state} {fault}"));
            let attempt = run(carrier.send(&mailbox, &letter(&id)));
            server.fails("");
            if outcome(&attempt) != Some(expected) {
                wrong.push(format!("{state} {fault}: {expected:?} expected, {attempt:?}"));
            }
            let taken = server.taken().get(&id).copied().unwrap_or_default();
            if taken != usize::from(state == "stored") {
                wrong.push(format!("{state} {fault}: taken {taken} times"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// In the middle of a message that no buffer holds, before its end.
#[test]
fn p7_what_fails_within_the_data_can_be_sent_again() {
    let server = Running::start(Security::None);
    for (fault, expected) in [("drop", Temporary), ("stall", Temporary), ("half", Temporary), ("closing", Temporary)] {
        let (carrier, mailbox) = server.carrier();
        server.fails(&format!("body {fault}"));
        let attempt = run(carrier.send(&mailbox, &huge("huge@example.com")));
        assert_eq!(outcome(&attempt), Some(expected), "{fault}: {attempt:?}");
    }
    // A small one is on its way whole when the server leaves: its end may have been read.
    for fault in ["drop", "stall"] {
        let (carrier, mailbox) = server.carrier();
        server.fails(&format!("body {fault}"));
        let attempt = run(carrier.send(&mailbox, &letter("small@example.com")));
        assert!(matches!(outcome(&attempt), Some(Unknown | Temporary)), "{fault}: {attempt:?}");
    }
    assert!(server.taken().is_empty());
}

#[test]
fn a_recipient_who_does_not_exist_is_told_apart_from_us_being_unwanted() {
    let server = Running::start(Security::None);
    let (carrier, mailbox) = server.carrier();
    for (says, expected) in [
        ("550-5.1.1_no_such_user", Refused),
        ("552-5.2.2_over_quota", Refused),
        ("550-5.7.1_relaying_denied", Permanent),
        ("550-no_such_user", Refused),
        ("554-go_away", Permanent),
    ] {
        server.fails(&format!("rcpt says:{says}"));
        let attempt = run(carrier.send(&mailbox, &letter("one@example.com")));
        assert_eq!(outcome(&attempt), Some(expected), "{says}: {attempt:?}");
        let why = attempt.unwrap_err().to_string();
        assert!(why.starts_with("RCPT: 55") && why.len() < 100, "{why}");
    }
    server.fails("");
    run(carrier.send(&mailbox, &letter("one@example.com"))).expect("the connection goes on");
}

/// A connection that was kept is looked at before it is used; that the server has closed it is nobody's failure.
#[test]
fn a_kept_connection_that_the_server_has_closed_is_replaced() {
    let server = Running::start(Security::None);
    let (carrier, mailbox) = server.carrier();
    run(async {
        for (number, fault) in ["", "drop", "stall", "4xx", "5xx", "half", "garbage", "closing"].into_iter().enumerate()
        {
            server.fails(&if fault.is_empty() { String::new() } else { format!("rset {fault} once") });
            let sent = carrier.send(&mailbox, &letter(&format!("{number}@example.com"))).await;
            assert_eq!(sent, Ok("250 2.0.0 kept".into()), "rset {fault}");
        }
    });
    assert!(server.taken().values().all(|times| *times == 1));
    assert_eq!(server.taken().len(), 8);
}

/// A server that answers twice is out of step: an answer to something else is never taken for one to a message.
#[test]
fn an_answer_too_many_is_never_taken_for_the_last_one() {
    let server = Running::start(Security::None);
    for state in ["ehlo", "auth", "mail", "rcpt", "data"] {
        let (carrier, mailbox) = server.carrier();
        let id = format!("{state}@example.com");
        server.fails(&format!("{state} twice"));
        let attempt = run(carrier.send(&mailbox, &letter(&id)));
        server.fails("");
        let taken = server.taken().get(&id).copied().unwrap_or_default();
        match outcome(&attempt) {
            None => assert_eq!(taken, 1, "{state}: {attempt:?}"),
            Some(Temporary) => assert_eq!(taken, 0, "{state}: {attempt:?}"),
            Some(Unknown) => {}
            other => panic!("{state}: {other:?}"),
        }
    }
}
