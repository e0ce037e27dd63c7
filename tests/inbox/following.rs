//! Inboxes on a real server are followed: each answer counts once, whatever stops meanwhile.

use relance::connector::imap::{self, Account};
use relance::connector::secret::Secret;
use relance::domain::channels::mailbox::Security;

use super::dovecot::{Dovecot, PASSWORD, USER};
use super::letters::{AWAY, English};
use super::machines::MACHINES;
use super::programs::STEP;
use super::server::Server;

/// An answer to the e-mail of a step.
pub fn reply(step: &str, number: usize) -> Vec<u8> {
    format!(
        "From: Ada <ada@example.net>\r\nTo: sam@example.org\r\nSubject: Re: Hello\r\nMessage-ID: <{number}.{step}@example.net>\r\n\
         In-Reply-To: <{step}@example.org>\r\n\r\nYes, please.\r\n"
    )
    .into_bytes()
}

/// A message of the corpus, about another step.
pub fn about(raw: &[u8], step: &str) -> Vec<u8> {
    String::from_utf8_lossy(raw).replace(STEP, step).into_bytes()
}

fn has_left(enrolment: &serde_json::Value) -> bool {
    enrolment["status"] == "disconnected" && enrolment["reason"] == "exit_criterion_met"
}

/// what a person answers ends the enrolment before its next step, as soon as the server tells of it.
#[tokio::test]
async fn r_30_a_reply_in_the_inbox_cancels_the_next_step() {
    let (dovecot, server) = (Dovecot::start(""), Server::start());
    server.mailbox(dovecot.port).await;
    let sequence = server.sequence().await;
    let mut took = Vec::new();
    for number in 0..20 {
        let (record, enrolment, step) = server.written(&sequence).await;
        dovecot.deliver("INBOX", &reply(&step, number));
        took.push(server.until(&format!("/enrolments/{enrolment}"), has_left).await);
        let up_next = server.get(&format!("/records/{record}/up-next")).await;
        assert_eq!(up_next["current"], serde_json::json!([]), "nothing is left to be done");
    }
    // The first one waits for the mailbox to be found.
    let mut took = took.split_off(1);
    took.sort();
    println!("from delivery to cancelled step: median {:?}, longest {:?}", took[took.len() / 2], took[took.len() - 1]);
}

#[tokio::test]
async fn an_answer_counts_once_whatever_stops_meanwhile() {
    let (mut dovecot, mut server) = (Dovecot::start(""), Server::start());
    server.mailbox(dovecot.port).await;
    let sequence = server.sequence().await;
    let mut written = Vec::new();
    for number in 0..4 {
        let (record, enrolment, step) = server.written(&sequence).await;
        match number {
            // While it runs, while it is down, and while the mail server is.
            0 => dovecot.deliver("INBOX", &reply(&step, number)),
            1 => {
                server.kill();
                dovecot.deliver("INBOX", &reply(&step, number));
                server.begin();
            }
            2 => {
                dovecot.stop();
                dovecot.begin();
                dovecot.deliver("INBOX", &reply(&step, number));
            }
            // The same message twice.
            _ => [(); 2].iter().for_each(|()| dovecot.deliver("INBOX", &reply(&step, number))),
        }
        server.until(&format!("/enrolments/{enrolment}"), has_left).await;
        written.push(record);
    }
    server.kill();
    server.begin();
    // Whatever came before this one was read before it.
    let (_, enrolment, step) = server.written(&sequence).await;
    dovecot.deliver("INBOX", &reply(&step, 9));
    server.until(&format!("/enrolments/{enrolment}"), has_left).await;
    for record in written {
        assert_eq!(server.told(&record, "email_replied").await, 1);
    }
}

#[tokio::test]
async fn whoever_is_away_is_waited_for() {
    let (dovecot, server) = (Dovecot::start(""), Server::start());
    server.mailbox(dovecot.port).await;
    let (record, enrolment, step) = server.written(&server.sequence().await).await;
    let leave = MACHINES[0].answer(English, AWAY[2].0[0]);
    dovecot.deliver("INBOX", &about(&leave, &step));
    let is_away = |explained: &serde_json::Value| explained["blocked_by"].to_string().contains("\"away\"");
    server.until(&format!("/enrolments/{enrolment}/explain"), is_away).await;
    assert_eq!(server.get(&format!("/enrolments/{enrolment}")).await["status"], "connected");
    assert_eq!((server.told(&record, "away").await, server.told(&record, "email_replied").await), (1, 0));
}

#[tokio::test]
async fn a_server_that_does_not_tell_of_news_is_asked() {
    let (dovecot, server) = (Dovecot::start("IMAP4rev1"), Server::start());
    server.mailbox(dovecot.port).await;
    let (_, enrolment, step) = server.written(&server.sequence().await).await;
    dovecot.deliver("INBOX", &reply(&step, 0));
    server.until(&format!("/enrolments/{enrolment}"), has_left).await;
}

#[tokio::test]
async fn what_was_sent_is_found_by_its_message_id() {
    let dovecot = Dovecot::start("");
    let account = Account {
        host: "127.0.0.1".into(),
        port: dovecot.port,
        security: Security::None,
        username: USER.into(),
        password: Secret::new(PASSWORD),
    };
    let id = "019591d2-8f00-7abc-8def-012345600007@example.org";
    assert_eq!(imap::has_sent(&account, id).await, Ok(false));
    dovecot.deliver("Sent", format!("From: sam@example.org\r\nMessage-ID: <{id}>\r\n\r\nHello\r\n").as_bytes());
    assert_eq!(imap::has_sent(&account, id).await, Ok(true));
    assert!(imap::has_sent(&account, "a\"\r\nx LOGOUT").await.is_err(), "nothing but an id is sent to the server");
    let stranger = Account { password: Secret::new("another"), ..account };
    let refused = imap::has_sent(&stranger, id).await.unwrap_err().to_string();
    assert!(!refused.contains("another"), "{refused}");
}
