//! Automated e-mail: rendered from its template, written as a real message into a spool folder.
//!
//! The file's name is the message's id, which follows from the step: a delivery that is repeated after a crash replaces
//! its own file and is still one message.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use lettre::message::{Mailbox, Message};
use lettre::{FileTransport, Transport};
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::DeliveryError;
use crate::domain::template::MailTemplate;

/// Bytes of a rendered subject or body.
const RENDERED_MAX: usize = 256 << 10;

/// What a template may name of the record.
#[derive(Clone, Debug, Serialize)]
pub struct MergeRecord {
    /// `{{ record.name }}`.
    pub name: String,
    /// `{{ record.fields.company }}`.
    pub fields: serde_json::Map<String, serde_json::Value>,
}

/// What a template may name of whoever the message comes from.
#[derive(Clone, Debug, Serialize)]
pub struct MergeSeller {
    /// `{{ seller.name }}`.
    pub name: String,
}

/// A message to be.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Names the message for ever; the same for each attempt.
    pub id: String,
    /// Who it is for.
    pub to_name: String,
    /// Where it goes.
    pub to_address: String,
    /// About whom.
    pub record: MergeRecord,
    /// From whom.
    pub seller: MergeSeller,
    /// What it says.
    pub template: &'static MailTemplate,
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

    /// The Message-ID of a message, without angle brackets.
    pub fn message_id(&self, id: &str) -> String {
        format!("{id}@{}", self.from.email.domain())
    }

    /// Renders and writes one message; durable when it returns its Message-ID. Blocking.
    pub fn deliver(&self, mail: &Mail) -> Result<String, DeliveryError> {
        let message_id = self.message_id(&mail.id);
        let message = self.compose(mail, &message_id)?;
        let broken = |error: std::io::Error| DeliveryError::Temporary(format!("the spool cannot be written: {error}"));
        let transport = FileTransport::new(&self.drafts);
        let draft = transport.send(&message).map_err(|error| DeliveryError::Temporary(error.to_string()))?;
        let draft = self.drafts.join(format!("{draft}.eml"));
        File::open(&draft).and_then(|file| file.sync_all()).map_err(broken)?;
        fs::rename(&draft, self.folder.join(format!("{}.eml", mail.id))).map_err(broken)?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(broken)?;
        Ok(message_id)
    }

    /// Removes the messages of these ids; those that are not there are removed already. Durable on return. Blocking.
    pub fn remove(&self, ids: &[String]) -> std::io::Result<()> {
        for id in ids {
            match fs::remove_file(self.folder.join(format!("{id}.eml"))) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        File::open(&self.folder)?.sync_all()
    }

    fn compose(&self, mail: &Mail, message_id: &str) -> Result<Message, DeliveryError> {
        let permanent = |why: String| DeliveryError::Permanent(why);
        let subject = render(&mail.template.subject, mail)?;
        let body = render(&mail.template.body_text, mail)?;
        let address = mail.to_address.parse().map_err(|error| permanent(format!("`{}`: {error}", mail.to_address)))?;
        let name = Some(one_line(&mail.to_name)).filter(|name| !name.is_empty());
        Message::builder()
            .message_id(Some(format!("<{message_id}>")))
            .from(self.from.clone())
            .to(Mailbox::new(name, address))
            .subject(one_line(&subject))
            .body(body)
            .map_err(|error| permanent(error.to_string()))
    }
}

/// Header text has no line breaks and no other controls, whatever a record's fields hold.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn render(source: &str, mail: &Mail) -> Result<String, DeliveryError> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(50_000));
    environment.add_filter("default", minijinja::filters::default);
    let context = minijinja::context! { record => Serde(&mail.record), seller => Serde(&mail.seller) };
    let rendered = environment
        .render_str(source, context)
        .map_err(|error| DeliveryError::Permanent(format!("the template does not render: {error}")))?;
    if rendered.len() > RENDERED_MAX {
        return Err(DeliveryError::Permanent(format!("the rendered text has more than {RENDERED_MAX} bytes")));
    }
    Ok(rendered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::template;
    use crate::id::TemplateId;

    fn mail(name: &str, first_name: Option<&str>) -> Mail {
        let mut fields = serde_json::Map::new();
        fields.extend(first_name.map(|name| ("first_name".to_owned(), name.into())));
        Mail {
            id: "0198-step".into(),
            to_name: name.into(),
            to_address: "lead@example.org".into(),
            record: MergeRecord { name: name.into(), fields },
            seller: MergeSeller { name: "Sam Seller".into() },
            template: template::mail_template(TemplateId(0x0000_0000_0000_7000_8000_0000_0000_0011)).unwrap(),
        }
    }

    #[test]
    fn a_repeated_delivery_is_still_one_message() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), "relance <relance@localhost>").unwrap();
        let mail = mail("Ada Lovelace", Some("Ada"));
        assert_eq!(spool.deliver(&mail).unwrap(), "0198-step@localhost");
        spool.deliver(&mail).unwrap();
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
        spool.deliver(&mail("Eve\r\nBcc: all@example.org", None)).unwrap();
        let text = fs::read_to_string(folder.path().join("0198-step.eml")).unwrap();
        let (header, _) = text.split_once("\r\n\r\n").unwrap();
        assert!(!header.lines().any(|line| line.starts_with("Bcc")), "{header}");
    }

    #[test]
    fn every_shipped_template_renders_with_and_without_names() {
        for template in template::sequence_templates() {
            assert!(!template.graph(template::Language::Gl).nodes.is_empty());
        }
        for id in 1..=3_u128 {
            for language in 1..=3_u128 {
                let id = TemplateId(0x0000_0000_0000_7000_8000_0000_0000_0000 + id * 16 + language);
                let template = template::mail_template(id).expect("nine are shipped");
                for first_name in [None, Some("Iria")] {
                    let mail = Mail { template, ..mail("Iria Castro", first_name) };
                    for source in [&template.subject, &template.body_text] {
                        let text = render(source, &mail).unwrap();
                        assert!(!text.trim().is_empty() && !text.contains("{{"), "{text}");
                    }
                }
            }
        }
    }
}
