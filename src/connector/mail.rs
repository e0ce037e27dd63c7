//! Automated e-mail: rendered from its template, written as a real message into a spool folder.
//!
//! The file's name is the message's id, which follows from the step: a delivery that is repeated after a crash replaces
//! its own file and is still one message.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use futures_util::future::{BoxFuture, FutureExt};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use lettre::{FileTransport, Transport};

use super::merge::{Merge, one_line};
use super::{DeliveryError, Mailer};
use crate::domain::message_template::{Content, MailText};

/// A message to be.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Names the message for ever; the same for each attempt.
    pub id: String,
    /// Who it is for.
    pub to_name: String,
    /// Where it goes.
    pub to_address: String,
    /// About whom, and from whom.
    pub merge: Merge,
    /// What it says.
    pub text: MailText,
}

/// Delivers into a folder.
#[derive(Clone, Debug)]
pub struct Spool {
    folder: PathBuf,
    drafts: PathBuf,
    from: Mailbox,
}

impl Spool {
    /// Makes the folder where it is missing, and clears drafts that a crash has left. `from` is an address with an
    /// optional name.
    pub fn open(folder: &Path, from: &str) -> Result<Spool, String> {
        let drafts = folder.join("drafts");
        let cleared = if drafts.exists() { fs::remove_dir_all(&drafts) } else { Ok(()) };
        cleared
            .and_then(|()| fs::create_dir_all(&drafts))
            .map_err(|error| format!("cannot make the spool {}: {error}", folder.display()))?;
        let from = from.parse().map_err(|error| format!("the sender `{from}` is no mail address: {error}"))?;
        Ok(Spool { folder: folder.to_owned(), drafts, from })
    }

    /// Renders and writes one message; durable when it returns its Message-ID. Blocking.
    fn write(&self, mail: &Mail) -> Result<String, DeliveryError> {
        let message = self.compose(mail)?;
        let broken = |error: std::io::Error| DeliveryError::Temporary(format!("the spool cannot be written: {error}"));
        let transport = FileTransport::new(&self.drafts);
        let draft = transport.send(&message).map_err(|error| DeliveryError::Temporary(error.to_string()))?;
        let draft = self.drafts.join(format!("{draft}.eml"));
        File::open(&draft).and_then(|file| file.sync_all()).map_err(broken)?;
        fs::rename(&draft, self.folder.join(format!("{}.eml", mail.id))).map_err(broken)?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(broken)?;
        Ok(self.message_id(&mail.id))
    }

    /// Removes the messages of these ids; those that are not there are removed already. Durable on return. Blocking.
    fn remove(&self, ids: &[String]) -> std::io::Result<()> {
        for id in ids {
            match fs::remove_file(self.folder.join(format!("{id}.eml"))) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        File::open(&self.folder)?.sync_all()
    }

    /// The message as it will be written, or why there can be none.
    pub fn compose(&self, mail: &Mail) -> Result<Message, DeliveryError> {
        let permanent = |why: String| DeliveryError::Permanent(why);
        let filled = mail.merge.fill(&Content::Mail(mail.text.clone()));
        let filled = filled.map_err(|why| permanent(format!("the template {why}")))?;
        let Content::Mail(filled) = filled else { return Err(permanent("the template is none of e-mails".into())) };
        let address = mail.to_address.parse().map_err(|error| permanent(format!("`{}`: {error}", mail.to_address)))?;
        let name = Some(one_line(&mail.to_name)).filter(|name| !name.is_empty());
        let message = Message::builder()
            .message_id(Some(format!("<{}>", self.message_id(&mail.id))))
            .from(self.from.clone())
            .to(Mailbox::new(name, address))
            .subject(filled.subject);
        let message = match filled.body_html {
            None => message.singlepart(SinglePart::plain(filled.body_text)),
            // With a boundary of its own, so that a repeated delivery writes the same bytes.
            Some(html) => message.multipart(
                MultiPart::alternative()
                    .boundary(format!("=_{}", mail.id))
                    .singlepart(SinglePart::plain(filled.body_text))
                    .singlepart(SinglePart::html(html)),
            ),
        };
        message.map_err(|error| permanent(error.to_string()))
    }
}

impl Mailer for Spool {
    fn message_id(&self, id: &str) -> String {
        format!("{id}@{}", self.from.email.domain())
    }

    fn deliver(&self, mail: Mail) -> BoxFuture<'static, Result<String, DeliveryError>> {
        let spool = self.clone();
        let written = tokio::task::spawn_blocking(move || spool.write(&mail));
        let broken = |_| Err(DeliveryError::Permanent("the message met a defect".into()));
        written.map(move |written| written.unwrap_or_else(broken)).boxed()
    }

    fn forget(&self, ids: Vec<String>) -> BoxFuture<'static, Result<(), DeliveryError>> {
        let spool = self.clone();
        let removed = tokio::task::spawn_blocking(move || spool.remove(&ids));
        let broken = |why: String| DeliveryError::Temporary(format!("the spool cannot be written: {why}"));
        removed
            .map(move |removed| {
                removed.map_err(|error| broken(error.to_string()))?.map_err(|error| broken(error.to_string()))
            })
            .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::template;

    /// The introduction in English.
    fn introduction() -> MailText {
        let mail = template::shipped_mails().iter().find(|mail| mail.key == "introduction").unwrap();
        let id = crate::id::TemplateId::parse(&mail.id).unwrap();
        let Content::Mail(text) = template::shipped_messages()[&id].content.clone() else { panic!("an e-mail") };
        text
    }

    fn mail(name: &str, first_name: Option<&str>) -> Mail {
        let mut merge = Merge::default();
        merge.record.name = name.into();
        merge.record.fields.extend(first_name.map(|name| ("first_name".to_owned(), name.into())));
        merge.seller.name = "Sam Seller".into();
        Mail {
            id: "0198-step".into(),
            to_name: name.into(),
            to_address: "lead@example.org".into(),
            merge,
            text: introduction(),
        }
    }

    #[test]
    fn a_repeated_delivery_is_still_one_message() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), "relance <relance@localhost>").unwrap();
        let mail = mail("Ada Lovelace", Some("Ada"));
        assert_eq!(spool.write(&mail).unwrap(), "0198-step@localhost");
        spool.write(&mail).unwrap();
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files.iter().filter(|name| name.to_string_lossy().ends_with(".eml")).count(), 1);
        let text = fs::read_to_string(folder.path().join("0198-step.eml")).unwrap();
        assert!(text.contains("Message-ID: <0198-step@localhost>"), "{text}");
        assert!(text.contains("Hello Ada,") && text.contains("Sam Seller"), "{text}");
    }

    #[test]
    fn a_name_with_line_breaks_adds_no_header() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), "relance@localhost").unwrap();
        spool.write(&mail("Eve\r\nBcc: all@example.org", None)).unwrap();
        let text = fs::read_to_string(folder.path().join("0198-step.eml")).unwrap();
        let (header, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!header.lines().any(|line| line.starts_with("Bcc")), "{header}");
    }

    #[test]
    fn every_shipped_template_is_filled_in_with_and_without_names() {
        for template in template::shipped_messages().values() {
            for first_name in [None, Some("Iria")] {
                let Content::Mail(mail) = mail("Iria Castro", first_name).merge.fill(&template.content).unwrap() else {
                    panic!("{}", template.name)
                };
                for text in [mail.subject, mail.body_text] {
                    assert!(!text.trim().is_empty() && !text.contains("{{") && !text.contains("  "), "{text}");
                }
            }
        }
    }

    #[test]
    fn a_body_in_html_goes_beside_the_plain_one_and_a_repeat_writes_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), "relance@localhost").unwrap();
        let mut mail = mail("Ada <Lovelace>", None);
        mail.text.body_html = Some("<p>Dear {{ record.name }}</p>".into());
        let written = || {
            spool.write(&mail).unwrap();
            let text = fs::read_to_string(folder.path().join("0198-step.eml")).unwrap();
            let is_date = |line: &&str| line.starts_with("Date:");
            text.lines().filter(|line| !is_date(line)).collect::<Vec<_>>().join("\n")
        };
        let text = written();
        assert!(text.contains("Content-Type: multipart/alternative"), "{text}");
        assert!(text.contains("<p>Dear Ada &lt;Lovelace&gt;</p>"), "{text}");
        let (plain, html) = (text.find("text/plain").unwrap(), text.find("text/html").unwrap());
        assert!(plain < html, "the best comes last (RFC 2046)");
        assert_eq!(written(), text);
    }
}
