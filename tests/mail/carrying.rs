//! A server that does what it should.

use std::sync::Arc;
use std::time::Duration;

use relance::connector::DeliveryError;
use relance::domain::channels::mailbox::Security;
use tokio::task::JoinSet;

use super::server::{Running, letter, run};

#[test]
fn a_message_arrives_as_it_was_written_over_each_kind_of_connection() {
    for security in [Security::None, Security::Starttls, Security::Tls] {
        let server = Running::start(security);
        let (carrier, mailbox) = server.carrier();
        run(async {
            let answer = carrier.probe(&mailbox).await.unwrap();
            assert!(answer.starts_with("250"), "{answer}");
            assert_eq!(carrier.send(&mailbox, &letter("one@example.com")).await.unwrap(), "250 2.0.0 kept");
        });
        assert_eq!(server.taken(), [("one@example.com".to_owned(), 1)].into(), "{security:?}: a probe sends nothing");
        let text = String::from_utf8(letter("one@example.com").bytes).unwrap();
        assert_eq!(server.text(), text, "dots and all");
    }
}

#[test]
fn who_cannot_be_trusted_gets_no_message_and_no_password() {
    let server = Running::start(Security::Tls);
    let (carrier, mailbox) = server.carrier();
    run(async {
        let other = Running::start(Security::Tls);
        let mut elsewhere = mailbox.clone();
        elsewhere.smtp.port = other.port;
        let refused = carrier.send(&elsewhere, &letter("one@example.com")).await;
        assert!(matches!(&refused, Err(DeliveryError::Temporary(why)) if why.contains("certificate")), "{refused:?}");
        let mut named = mailbox.clone();
        named.smtp.host = "localhost".into();
        let refused = carrier.send(&named, &letter("one@example.com")).await;
        assert!(matches!(&refused, Err(DeliveryError::Temporary(why)) if why.contains("certificate")), "{refused:?}");
        assert!(other.taken().is_empty() && server.taken().is_empty());
    });
    // One that offers no TLS where TLS is wanted.
    let open = Running::start(Security::None);
    let mut wanted = mailbox.clone();
    (wanted.smtp.port, wanted.smtp.security) = (open.port, Security::Starttls);
    let refused = run(carrier.send(&wanted, &letter("one@example.com")));
    assert!(matches!(&refused, Err(DeliveryError::Temporary(why)) if why.contains("STARTTLS")), "{refused:?}");
    assert!(open.taken().is_empty());
}

#[test]
fn a_wrong_password_is_told_as_the_server_told_it_and_says_nothing_of_the_message() {
    let server = Running::start(Security::Starttls);
    let (carrier, mailbox) = server.carrier_with(Duration::from_secs(2), "wrong");
    for attempt in [run(carrier.probe(&mailbox)), run(carrier.send(&mailbox, &letter("one@example.com")))] {
        let Err(DeliveryError::Temporary(why)) = attempt else { panic!("{attempt:?}") };
        assert!(why.contains("signing in") && why.contains("535") && !why.contains("wrong"), "{why}");
    }
}

/// P7: 10,000 messages, each exactly once, over a few connections that are used again.
#[test]
fn p7_ten_thousand_messages_arrive_exactly_once() {
    let server = Running::start(Security::None);
    let (carrier, mailbox) = server.carrier_with(Duration::from_secs(60), "correct horse");
    let mailbox = Arc::new(mailbox);
    run(async {
        let mut under_way = JoinSet::new();
        for number in 0..10_000 {
            while under_way.len() >= 4 {
                under_way.join_next().await.unwrap().unwrap();
            }
            let (carrier, mailbox) = (carrier.clone(), mailbox.clone());
            under_way.spawn(async move {
                let letter = letter(&format!("{number}@example.com"));
                let answer = carrier.send(&mailbox, &letter).await;
                assert_eq!(answer, Ok("250 2.0.0 kept".into()), "{number}");
            });
        }
        while let Some(done) = under_way.join_next().await {
            done.unwrap();
        }
    });
    let taken = server.taken();
    assert_eq!(taken.len(), 10_000);
    assert!(taken.values().all(|times| *times == 1), "each once");
}
