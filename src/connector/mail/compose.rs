//! A message as it is written: header, plain and HTML parts. Whatever stands in a name, a subject or an address becomes text
//! or an error, never a header of its own (ASVS 1.3.11).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox as Sender, Message, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use super::Mail;
use crate::connector::DeliveryError;
use crate::connector::merge::one_line;
use crate::domain::channels::mailbox::Mailbox;
use crate::limits;

/// Composes a message from `from`, under that Message-ID (without angle brackets).
pub fn compose(mail: &Mail, from: &Sender, message_id: &str) -> Result<Message, DeliveryError> {
    let permanent = |why: String| DeliveryError::Permanent(why);
    let to = recipient(&mail.to_address)?;
    let name = Some(one_line(&mail.to_name)).filter(|name| !name.is_empty());
    let mut message = Message::builder()
        .message_id(Some(format!("<{}>", id(message_id)?)))
        .from(from.clone())
        .to(Sender::new(name, to))
        .subject(mail.text.subject.clone())
        // RFC 3834: no program needs to answer it as if a person had written it.
        .raw_header(plain("Auto-Submitted", "auto-generated".into()));
    let thread = mail.references.iter().map(|one| id(one).map(|one| format!("<{one}>")));
    let thread = thread.collect::<Result<Vec<_>, _>>()?;
    if let Some(last) = thread.last() {
        message = message
            .raw_header(plain("In-Reply-To", last.clone()))
            .raw_header(plain("References", shortened(&thread).join("\r\n ")));
    }
    if let Some(link) = &mail.unsubscribe {
        // RFC 8058: one click in the program that shows the message, without a page.
        message = message
            .raw_header(plain("List-Unsubscribe", format!("<{}>", address(link)?)))
            .raw_header(plain("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into()));
    }
    let plain_part = SinglePart::plain(mail.text.body_text.clone());
    let message = match &mail.text.body_html {
        None => message.singlepart(plain_part),
        Some(html) => message.multipart(
            MultiPart::alternative()
                .boundary(boundary(&mail.id, &[&mail.text.body_text, html]))
                .singlepart(plain_part)
                .singlepart(SinglePart::html(html.clone())),
        ),
    };
    message.map_err(|error| permanent(error.to_string()))
}

/// What stands between the parts: the same for a repeated delivery, and nothing that a part could hold.
fn boundary(id: &str, parts: &[&str]) -> String {
    let hash = parts.iter().fold(Sha256::new().chain_update(id), |hash, part| hash.chain_update(part));
    format!("=_{}", BASE64_URL_SAFE_NO_PAD.encode(&hash.finalize()[..24]))
}

/// Whom a mailbox sends as.
pub fn sender(mailbox: &Mailbox) -> Result<Sender, DeliveryError> {
    let Mailbox { name, address, .. } = mailbox;
    let parsed = address.parse().map_err(|error| DeliveryError::Permanent(format!("`{address}`: {error}")))?;
    Ok(Sender::new(Some(one_line(name)).filter(|name| !name.is_empty()), parsed))
}

/// The address itself, whatever the library would take besides.
fn recipient(text: &str) -> Result<Address, DeliveryError> {
    let fault = |why: String| DeliveryError::Permanent(format!("`{}`: {why}", one_line(text)));
    if text.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return Err(fault("an address has no blanks and no control characters".into()));
    }
    text.parse().map_err(|error: lettre::address::AddressError| fault(error.to_string()))
}

/// A Message-ID is nothing but an id: it comes back from outside.
fn id(text: &str) -> Result<&str, DeliveryError> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>\"".contains(&byte);
    let fits = !text.is_empty() && text.len() <= limits::MESSAGE_ID_MAX && text.bytes().all(is_plain);
    let detail = || DeliveryError::Permanent(format!("`{}` is no Message-ID", one_line(text)));
    fits.then_some(text).ok_or_else(detail)
}

/// The address of a link in a header.
fn address(link: &str) -> Result<&str, DeliveryError> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>\"".contains(&byte);
    let fits = link.len() <= limits::MESSAGE_ID_MAX && link.bytes().all(is_plain);
    fits.then_some(link).ok_or_else(|| DeliveryError::Permanent("the link to unsubscribe is none".into()))
}

/// RFC 5322 has no bound for a thread, lines and servers have: its beginning and its end say enough.
fn shortened(thread: &[String]) -> Vec<&str> {
    let all = thread.iter().map(String::as_str);
    match thread.len().checked_sub(limits::REFERENCES_MAX) {
        None | Some(0) => all.collect(),
        Some(more) => all.clone().take(1).chain(all.skip(1 + more)).collect(),
    }
}

/// A header of ours whose value is plain already, lines and all: encoded words would make another id or address of it.
fn plain(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

#[cfg(test)]
mod tests {
    use mail_parser::{Address as Parsed, HeaderValue as Value, MessageParser};

    use super::*;
    use crate::connector::merge::Merge;
    use crate::domain::message_template::{Content, MailText};
    use crate::domain::template;

    /// The introduction in English.
    fn introduction() -> MailText {
        let mail = template::shipped_mails().iter().find(|mail| mail.key == "introduction").unwrap();
        let id = crate::id::TemplateId::parse(&mail.id).unwrap();
        let Content::Mail(text) = template::shipped_messages()[&id].content.clone() else { panic!("an e-mail") };
        text
    }

    /// A message whose text is still a template.
    #[derive(Clone)]
    struct Draft {
        merge: Merge,
        mail: Mail,
    }

    impl std::ops::Deref for Draft {
        type Target = Mail;

        fn deref(&self) -> &Mail {
            &self.mail
        }
    }

    impl std::ops::DerefMut for Draft {
        fn deref_mut(&mut self) -> &mut Mail {
            &mut self.mail
        }
    }

    fn compose(draft: &Draft, from: &Sender, message_id: &str) -> Result<Message, DeliveryError> {
        let filled = draft.merge.fill(&Content::Mail(draft.text.clone())).map_err(DeliveryError::Permanent)?;
        let Content::Mail(text) = filled else { panic!("an e-mail") };
        super::compose(&Mail { text, ..draft.mail.clone() }, from, message_id)
    }

    fn mail(name: &str, first_name: Option<&str>) -> Draft {
        let mut merge = Merge::default();
        merge.record.name = name.into();
        merge.record.fields.extend(first_name.map(|name| ("first_name".to_owned(), name.into())));
        merge.seller.name = "Sam Seller".into();
        let mail = Mail {
            id: "0198-step".into(),
            message_id: "0198-step@example.com".into(),
            mailbox: None,
            to_name: name.into(),
            to_address: "lead@example.org".into(),
            references: vec![],
            unsubscribe: None,
            text: introduction(),
        };
        Draft { merge, mail }
    }

    fn from() -> Sender {
        "Sales <sales@example.com>".parse().unwrap()
    }

    fn composed(mail: &Draft) -> String {
        String::from_utf8(compose(mail, &from(), &mail.message_id).unwrap().formatted()).unwrap()
    }

    /// Names of the headers, as an independent parser finds them.
    fn headers(text: &str) -> Vec<String> {
        let parsed = MessageParser::default().parse(text.as_bytes()).expect("a message");
        parsed.headers().iter().map(|header| header.name().to_owned()).collect()
    }

    const ALWAYS: [&str; 6] = ["Message-ID", "From", "To", "Subject", "Auto-Submitted", "MIME-Version"];
    const OF_BODIES: [&str; 3] = ["Date", "Content-Type", "Content-Transfer-Encoding"];

    /// What has broken out of a header somewhere, once (ASVS 1.3.11).
    const PAYLOADS: [&str; 24] = [
        "Eve\r\nBcc: all@example.org",
        "Eve\nBcc: all@example.org",
        "Eve\rBcc: all@example.org",
        "Eve\r\n\r\n<script>alert(1)</script>",
        "Eve\r\n Bcc: all@example.org",
        "Eve\r\n\tBcc: all@example.org",
        "Eve\0\r\nBcc: all@example.org",
        "Eve\u{b}Bcc: all@example.org\u{c}X: y",
        "Eve\u{85}Bcc: all@example.org",
        "Eve\u{2028}Bcc: all@example.org\u{2029}X: y",
        "Eve%0d%0aBcc: all@example.org",
        "Eve\\r\\nBcc: all@example.org",
        "=?utf-8?q?Eve=0D=0ABcc:_all@example.org?=",
        "=?utf-8?b?RXZlDQpCY2M6IGFsbEBleGFtcGxlLm9yZw==?=",
        "Eve\u{560a}\u{560d}Bcc: all@example.org",
        "\"Eve\" <all@example.org>, <more@example.org>",
        "Eve>, <all@example.org",
        "Eve\"\r\nBcc: all@example.org\r\nX: \"",
        "(Eve\r\nBcc: all@example.org)",
        "Eve\r\n.\r\nMAIL FROM:<all@example.org>",
        "{{ record.name }}\r\nBcc: all@example.org",
        "--=_0198-step\r\nContent-Type: text/html\r\n\r\nEve",
        "Eve;\r\n boundary=x",
        "\r\nBcc: all@example.org",
    ];

    fn assert_own_headers_only(payload: &str, mail: &Draft) {
        let Ok(message) = compose(mail, &from(), &mail.message_id) else { return };
        let text = String::from_utf8(message.formatted()).unwrap();
        for header in headers(&text) {
            let threads = ["In-Reply-To", "References", "List-Unsubscribe", "List-Unsubscribe-Post"];
            let known = ALWAYS.iter().chain(&OF_BODIES).chain(&threads).any(|known| *known == header);
            assert!(known, "{payload:?} has made a header {header}:\n{text}");
        }
        let envelope: Vec<String> = message.envelope().to().iter().map(ToString::to_string).collect();
        assert_eq!(envelope, ["lead@example.org"], "{payload:?}");
        let parsed = MessageParser::default().parse(text.as_bytes()).unwrap();
        let recipients = parsed.to().map(Parsed::iter).into_iter().flatten().filter_map(|to| to.address());
        assert_eq!(recipients.collect::<Vec<_>>(), ["lead@example.org"], "{payload:?}:\n{text}");
        assert!(parsed.bcc().is_none() && parsed.cc().is_none(), "{payload:?}:\n{text}");
        let senders = parsed.from().map(Parsed::iter).into_iter().flatten().filter_map(|from| from.address());
        assert_eq!(senders.collect::<Vec<_>>(), ["sales@example.com"], "{payload:?}:\n{text}");
        let parts = if mail.text.body_html.is_some() { 3 } else { 1 };
        assert_eq!(parsed.parts.len(), parts, "{payload:?}:\n{text}");
    }

    #[test]
    fn no_text_from_outside_becomes_a_header_or_a_recipient() {
        for payload in PAYLOADS {
            let plain = mail("Ada", None);
            assert_own_headers_only(payload, &mail(payload, Some(payload)));
            let mut subject = plain.clone();
            subject.text.subject = payload.into();
            assert_own_headers_only(payload, &subject);
            let mut filled = mail(payload, Some(payload));
            filled.text.subject = "{{ record.name }} and {{ record.fields.first_name }}".into();
            filled.text.body_html = Some("<p>{{ record.name }}</p>".into());
            filled.text.body_text = "{{ record.name }}".into();
            assert_own_headers_only(payload, &filled);
            let mut body = plain.clone();
            body.text.body_text = payload.into();
            body.text.body_html = Some(payload.into());
            assert_own_headers_only(payload, &body);
            let mut thread = plain.clone();
            thread.references = vec!["a@b".into(), payload.into()];
            assert_own_headers_only(payload, &thread);
            let mut unsubscribe = plain.clone();
            unsubscribe.unsubscribe = Some(format!("https://crm.example.com/u/{payload}"));
            assert_own_headers_only(payload, &unsubscribe);
            let mut id = plain.clone();
            id.message_id = payload.into();
            assert_own_headers_only(payload, &id);
            for address in [payload.to_owned(), format!("lead@example.org{payload}"), format!("{payload}@example.org")]
            {
                let mut to = plain.clone();
                to.to_address = address;
                if let Ok(message) = compose(&to, &from(), "a@b") {
                    let envelope: Vec<String> = message.envelope().to().iter().map(ToString::to_string).collect();
                    assert_eq!(envelope.len(), 1, "{payload:?}");
                    assert!(!envelope[0].contains(|c: char| c.is_control() || c.is_whitespace()), "{envelope:?}");
                    let text = String::from_utf8(message.formatted()).unwrap();
                    assert!(!headers(&text).iter().any(|header| header.eq_ignore_ascii_case("bcc")), "{text}");
                }
            }
            let mailbox = Mailbox { name: payload.into(), address: "sales@example.com".into(), ..Mailbox::default() };
            let from = sender(&mailbox).unwrap();
            let text = compose(&plain, &from, "a@b").unwrap().formatted();
            let parsed = MessageParser::default().parse(&text).unwrap();
            let senders = parsed.from().map(Parsed::iter).into_iter().flatten().filter_map(|from| from.address());
            assert_eq!(senders.collect::<Vec<_>>(), ["sales@example.com"], "{payload:?}");
            assert!(parsed.bcc().is_none(), "{payload:?}");
        }
    }

    #[test]
    fn a_follow_up_names_the_thread_and_a_link_to_unsubscribe_with_one_click() {
        let mut follow_up = mail("Ada", None);
        follow_up.references = (0..50).map(|number| format!("0198-{number}-{}@example.com", "x".repeat(60))).collect();
        let link = format!("https://crm.example.com/u/{}", "t".repeat(200));
        follow_up.unsubscribe = Some(link.clone());
        let text = composed(&follow_up);
        assert!(text.lines().all(|line| line.len() <= 998), "{text}");
        let parsed = MessageParser::default().parse(text.as_bytes()).unwrap();
        assert_eq!(parsed.message_id(), Some("0198-step@example.com"));
        assert_eq!(parsed.in_reply_to().as_text(), follow_up.references.last().map(String::as_str));
        let Value::TextList(references) = parsed.references() else { panic!("{text}") };
        assert_eq!(references.len(), limits::REFERENCES_MAX);
        assert_eq!(references.first().map(AsRef::as_ref), Some(follow_up.references[0].as_str()));
        assert_eq!(references.last().map(AsRef::as_ref), Some(follow_up.references[49].as_str()));
        assert!(text.contains(&format!("List-Unsubscribe: <{link}>\r\n")), "{text}");
        assert!(text.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{text}");
        assert!(text.contains("Auto-Submitted: auto-generated\r\n"), "{text}");
        let first = composed(&mail("Ada", None));
        assert!(!first.contains("In-Reply-To") && !first.contains("References") && !first.contains("Unsubscribe"));
    }

    #[test]
    fn letters_of_every_language_come_through_names_subjects_and_bodies() {
        let mut foreign = mail("Xoán Ñandú 渡辺 🦀", Some("Xoán"));
        foreign.text.subject = "Olá {{ record.name }} — ¿qué tal? ".repeat(8);
        foreign.text.body_text = "Gracias, {{ record.name }}.\n.\nÚltima liña".into();
        let text = composed(&foreign);
        assert!(text.is_ascii() && text.lines().all(|line| line.len() <= 998), "{text}");
        let parsed = MessageParser::default().parse(text.as_bytes()).unwrap();
        let to = parsed.to().and_then(Parsed::first).and_then(|to| to.name());
        assert_eq!(to, Some("Xoán Ñandú 渡辺 🦀"));
        assert!(parsed.subject().unwrap().starts_with("Olá Xoán Ñandú 渡辺 🦀 — ¿qué tal?"), "{:?}", parsed.subject());
        assert!(parsed.body_text(0).unwrap().contains("\n.\r\n"), "{text}");
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
    fn a_body_in_html_goes_beside_the_plain_one_and_a_repeat_makes_the_same_bytes() {
        let mut mail = mail("Ada <Lovelace>", None);
        mail.text.body_html = Some("<p>Dear {{ record.name }}</p>".into());
        let written = || {
            let is_date = |line: &&str| line.starts_with("Date:");
            composed(&mail).lines().filter(|line| !is_date(line)).collect::<Vec<_>>().join("\n")
        };
        let text = written();
        assert!(text.contains("Content-Type: multipart/alternative"), "{text}");
        assert!(text.contains("<p>Dear Ada &lt;Lovelace&gt;</p>"), "{text}");
        let (plain, html) = (text.find("text/plain").unwrap(), text.find("text/html").unwrap());
        assert!(plain < html, "the best comes last (RFC 2046)");
        assert_eq!(written(), text);
    }
}
