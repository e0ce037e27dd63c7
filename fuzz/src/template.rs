//! E-mail from any template about any record: bounded, and with no header but its own.

use std::collections::HashSet;

use relance::connector::mail::Mail;
use relance::connector::mail::compose::compose;
use relance::connector::merge::{self, Merge};
use relance::domain::message_template::{Content, MailText};

use crate::parts;

const HEADERS: [&str; 13] = [
    "Message-ID",
    "From",
    "To",
    "Subject",
    "Date",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Auto-Submitted",
    "In-Reply-To",
    "References",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

/// Body, subject, the record's name, two of its fields and its address, between zero bytes.
pub fn run(bytes: &[u8]) {
    let [body_text, subject, name, company, notes, to_address] = parts(bytes);
    let mut merge = Merge::default();
    merge.record.fields.insert("company".into(), company.clone().into());
    merge.record.fields.insert("employees".into(), notes.len().into());
    merge.record.fields.insert("notes".into(), notes.clone().into());
    merge.record.name.clone_from(&name);
    merge.seller.name = "Sam Seller".into();
    for source in [&subject, &body_text] {
        fields(source, &merge);
    }
    let text = MailText { subject, body_html: Some(body_text.clone()), body_text };
    let Ok(Content::Mail(text)) = merge.fill(&Content::Mail(text)) else { return };
    let mail = Mail {
        id: "0198-step".into(),
        message_id: "0198-step@localhost".into(),
        mailbox: None,
        references: vec![company.clone()].into_iter().filter(|id| !id.is_empty()).collect(),
        unsubscribe: Some(notes.clone()).filter(|link| !link.is_empty()),
        to_name: name,
        to_address: if to_address.is_empty() { "ada@example.org".into() } else { to_address },
        text,
    };
    let from = "relance <relance@localhost>".parse().expect("a sender");
    let Ok(message) = compose(&mail, &from, &mail.message_id) else { return };
    let text = String::from_utf8_lossy(&message.formatted()).into_owned();
    assert!(text.len() < 4 << 20, "a message of {} bytes", text.len());
    let (head, _) = text.split_once("\r\n\r\n").expect("a head and a body");
    for line in head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])) {
        let name = line.split(':').next().unwrap_or_default();
        assert!(HEADERS.contains(&name), "the header `{line}` comes from outside");
        assert!(!line.contains(['\r', '\n']), "{line:?}");
    }
}

/// A text is a template when it is saved exactly if it is one when it is filled in, however long that gets; and the fields
/// that are judged then are those that the engine would look up.
fn fields(source: &str, merge: &Merge) {
    let (found, filled) = (merge::fields(source), merge.fill(&Content::Text(source.to_owned())));
    let Ok(found) = found else {
        assert!(filled.is_err(), "{source:?} is filled in and could not be saved");
        return;
    };
    assert!(filled.as_ref().err().is_none_or(|why| why.contains("bytes at most")), "{source:?}: {filled:?}");
    let ours: HashSet<String> = found.into_iter().map(|field| field.path).collect();
    let mut engine = minijinja::Environment::empty();
    engine.add_filter("default", minijinja::filters::default);
    let template = engine.template_from_str(source).expect("it was read before");
    assert_eq!(ours, template.undeclared_variables(true), "{source:?}");
}
