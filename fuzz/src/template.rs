//! E-mail from any template about any record: bounded, and with no header but its own.

use std::sync::LazyLock;

use relance::connector::mail::{Mail, MergeRecord, MergeSeller, Spool};
use relance::domain::template::MailTemplate;
use tempfile::TempDir;

use crate::parts;

static SPOOL: LazyLock<(TempDir, Spool)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder for a spool");
    let spool = Spool::open(folder.path(), "relance <relance@localhost>").expect("a spool");
    (folder, spool)
});

const HEADERS: [&str; 8] =
    ["Message-ID", "From", "To", "Subject", "Date", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"];

/// Body, subject, the record's name, two of its fields and its address, between zero bytes.
pub fn run(bytes: &[u8]) {
    let [body_text, subject, name, company, notes, to_address] = parts(bytes);
    let mut fields = serde_json::Map::new();
    fields.insert("company".into(), company.into());
    fields.insert("employees".into(), notes.len().into());
    fields.insert("notes".into(), notes.into());
    let template = MailTemplate {
        id: String::new(),
        key: String::new(),
        language: "en".into(),
        name: String::new(),
        subject,
        body_text,
    };
    let mail = Mail {
        id: "0198-step".into(),
        to_name: name.clone(),
        to_address: if to_address.is_empty() { "ada@example.org".into() } else { to_address },
        record: MergeRecord { name, fields },
        seller: MergeSeller { name: "Sam Seller".into() },
        template,
    };
    let Ok(message) = SPOOL.1.compose(&mail) else { return };
    let text = String::from_utf8_lossy(&message.formatted()).into_owned();
    assert!(text.len() < 4 << 20, "a message of {} bytes", text.len());
    let (head, _) = text.split_once("\r\n\r\n").expect("a head and a body");
    for line in head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])) {
        let name = line.split(':').next().unwrap_or_default();
        assert!(HEADERS.contains(&name), "the header `{line}` comes from outside");
        assert!(!line.contains(['\r', '\n']), "{line:?}");
    }
}
