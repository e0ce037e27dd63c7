//! Automated e-mail: rendered from its template, written as a real message into a spool folder.
//!
//! The file's name is the message's id, which follows from the step: a delivery that is repeated after a crash replaces
//! its own file and is still one message.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use futures_util::future::{BoxFuture, FutureExt};
use lettre::message::{Mailbox, Message};
use lettre::{FileTransport, Transport};
use minijinja::machinery::{Token, tokenize};
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::{DeliveryError, Mailer};
use crate::domain::template::MailTemplate;

/// Bytes of a template's subject or body.
const SOURCE_MAX: usize = 64 << 10;
/// Bytes of a rendered subject or body.
const RENDERED_MAX: usize = 256 << 10;
/// The statements a template may use: what repeats or stores could take any amount of memory, which fuel does not bound.
const STATEMENTS: [&str; 4] = ["if", "elif", "else", "endif"];

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
    pub template: MailTemplate,
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
        let subject = render(&mail.template.subject, mail)?;
        let body = render(&mail.template.body_text, mail)?;
        let address = mail.to_address.parse().map_err(|error| permanent(format!("`{}`: {error}", mail.to_address)))?;
        let name = Some(one_line(&mail.to_name)).filter(|name| !name.is_empty());
        Message::builder()
            .message_id(Some(format!("<{}>", self.message_id(&mail.id))))
            .from(self.from.clone())
            .to(Mailbox::new(name, address))
            .subject(one_line(&subject))
            .body(body)
            .map_err(|error| permanent(error.to_string()))
    }
}

impl Mailer for Spool {
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

/// Header text has no line breaks and no other controls, whatever a record's fields hold.
fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn render(source: &str, mail: &Mail) -> Result<String, DeliveryError> {
    judge(source)?;
    let broken = |error: minijinja::Error| {
        DeliveryError::Permanent(format!("the template does not render to {RENDERED_MAX} bytes at most: {error}"))
    };
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_fuel(Some(50_000));
    environment.add_filter("default", minijinja::filters::default);
    let context = minijinja::context! { record => Serde(&mail.record), seller => Serde(&mail.seller) };
    let template = environment.template_from_str(source).map_err(broken)?;
    // A slice takes no more than its length, so that a text that grows too long ends where it does.
    let mut rendered = vec![0; RENDERED_MAX];
    let mut room = rendered.as_mut_slice();
    template.render_captured_to(context, &mut room).map_err(broken)?;
    let length = RENDERED_MAX - room.len();
    rendered.truncate(length);
    String::from_utf8(rendered).map_err(|error| DeliveryError::Permanent(error.to_string()))
}

/// Refuses what a merge field never needs and what could take any amount of memory or time: long sources, statements but
/// `if`, and computing with values.
fn judge(source: &str) -> Result<(), DeliveryError> {
    let refused = |why: String| Err(DeliveryError::Permanent(format!("the template {why}")));
    if source.len() > SOURCE_MAX {
        return refused(format!("has more than {SOURCE_MAX} bytes"));
    }
    let mut begins_statement = false;
    for token in tokenize(source, false, Default::default()) {
        let (token, _) = match token {
            Ok(token) => token,
            Err(error) => return refused(format!("does not read: {error}")),
        };
        match &token {
            Token::Ident(word) if begins_statement && !STATEMENTS.contains(word) => {
                return refused(format!("may only say {}, not `{word}`", STATEMENTS.join(", ")));
            }
            Token::Plus | Token::Mul | Token::Div | Token::FloorDiv | Token::Pow | Token::Mod | Token::Tilde => {
                return refused(format!("must not compute: {token} is not for values"));
            }
            Token::BraceOpen | Token::BracketOpen => return refused(format!("must not build values: {token}")),
            _ => {}
        }
        begins_statement = matches!(token, Token::BlockStart);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::template;
    use crate::id::TemplateId;

    fn shipped(id: u128) -> MailTemplate {
        template::mail_template(TemplateId(id)).unwrap().clone()
    }

    fn mail(name: &str, first_name: Option<&str>) -> Mail {
        let mut fields = serde_json::Map::new();
        fields.extend(first_name.map(|name| ("first_name".to_owned(), name.into())));
        Mail {
            id: "0198-step".into(),
            to_name: name.into(),
            to_address: "lead@example.org".into(),
            record: MergeRecord { name: name.into(), fields },
            seller: MergeSeller { name: "Sam Seller".into() },
            template: shipped(0x0000_0000_0000_7000_8000_0000_0000_0011),
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
    fn every_shipped_template_renders_with_and_without_names() {
        for template in template::sequence_templates() {
            assert!(!template.graph(template::Language::Gl).nodes.is_empty());
        }
        for id in 1..=3_u128 {
            for language in 1..=3_u128 {
                let template = shipped(0x0000_0000_0000_7000_8000_0000_0000_0000 + id * 16 + language);
                for first_name in [None, Some("Iria")] {
                    let mail = Mail { template: template.clone(), ..mail("Iria Castro", first_name) };
                    for source in [&template.subject, &template.body_text] {
                        let text = render(source, &mail).unwrap();
                        assert!(!text.trim().is_empty() && !text.contains("{{"), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_template_that_would_take_much_memory_or_time_is_refused() {
        let ada = mail("Ada", Some("Ada"));
        let doubling = "{% for a in 'abcdefghij' %}{% set x = x ~ x %}{% endfor %}";
        let long = "a".repeat(SOURCE_MAX + 1);
        let grown = "{{ record.fields.notes }}".repeat(1_000);
        for (source, reason) in [
            (doubling, "not `for`"),
            ("{%- set x = record.name -%}", "not `set`"),
            ("{{ 'a' * 100000000 }}", "must not compute"),
            ("{{ record.name ~ record.name }}", "must not compute"),
            ("{{ [record.name, record.name] }}", "must not build"),
            ("{{ {'a': 1} }}", "must not build"),
            ("{% if %}", "does not render"),
            ("{{ record.name | upper }}", "does not render"),
            ("{{ 'open", "does not read"),
            (&long, "has more than"),
        ] {
            let refusal = render(source, &ada).unwrap_err().to_string();
            assert!(refusal.contains(reason), "{source:.40}: {refusal}");
        }
        let mut talkative = ada.clone();
        talkative.record.fields.insert("notes".into(), "n".repeat(4_000).into());
        assert!(render(&grown, &talkative).is_err(), "it grows past every bound");
        assert_eq!(render("{{ record.fields.notes }}", &talkative).unwrap().len(), 4_000);
        assert_eq!(render("2 * 3 [a] {% raw %}{{ x }}{% endraw %}", &ada).unwrap(), "2 * 3 [a] {{ x }}");
    }
}
