//! A message of which the mail server has not said whether it took it: the folder of sent messages says so, where there is one.

use serde_json::{Value, json};

use super::dovecot::{Dovecot, PASSWORD, USER};
use super::server::{Server, id};
use super::smtp::Running;
use relance::domain::channels::mailbox::Security;

const TEMPLATE: &str = "00000000-0000-7000-8000-000000000011";

#[tokio::test]
async fn d_58_what_lies_among_the_sent_messages_was_sent_and_nothing_is_sent_twice() {
    let (dovecot, smtp, server) = (Dovecot::start(""), Running::start(Security::None), Server::start());
    let at = |port: u16, name: &str, word: &str| json!({ "host": "127.0.0.1", "port": port, "security": "none", "username": name, "password": word });
    let mailbox = json!({ "name": "Sam", "address": "sam@example.org", "smtp": at(smtp.port, "sales", "correct horse"), "imap": at(dovecot.port, USER, PASSWORD) });
    server.post("/mailboxes", mailbox).await;
    let nodes = json!([
        { "id": "m", "type": "auto_email", "name": "Mail", "template": TEMPLATE, "next": "t" },
        { "id": "t", "type": "task", "name": "Task" },
    ]);
    let sequence =
        id(&server.post("/sequences", json!({ "name": "A", "graph": { "start": "m", "nodes": nodes } })).await);
    server.post(&format!("/sequences/{sequence}/activate"), json!({})).await;
    // It keeps the message, and then the line is cut.
    smtp.fails("stored drop once");
    let record =
        id(&server.post("/records", json!({ "type": "lead", "name": "Ada", "email": "ada@example.net" })).await);
    server.post(&format!("/sequences/{sequence}/enrolments"), json!({ "records": [record] })).await;
    let is = |state: &'static str| move |all: &Value| all["items"][0]["state"] == state;
    server.until("/deliveries", is("unknown")).await;
    let all = server.get("/deliveries").await;
    let message_id = all["items"][0]["message_id"].as_str().unwrap().to_owned();
    dovecot.deliver("Sent", format!("From: sam@example.org\r\nMessage-ID: <{message_id}>\r\n\r\nHello\r\n").as_bytes());
    server.until("/deliveries", is("sent")).await;
    let up_next = server.get(&format!("/records/{record}/up-next")).await;
    assert_eq!(up_next["current"][0]["step"]["name"], "Task", "the step is done with it: {up_next}");
    assert_eq!(smtp.taken()[&message_id], 1);
}
