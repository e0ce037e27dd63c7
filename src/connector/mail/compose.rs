//! A message as it is written: header, plain and HTML parts. Whatever stands in a name, a subject or an address becomes text
//! or an error, never a header of its own (ASVS 1.3.11).

use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox as Sender, Message, MultiPart, SinglePart};

use super::Mail;
use crate::connector::DeliveryError;
use crate::connector::merge::one_line;
use crate::domain::channels::mailbox::Mailbox;
use crate::domain::message_template::Content;
use crate::limits;

/// Composes a message from `from`, under that Message-ID (without angle brackets).
pub fn compose(mail: &Mail, from: &Sender, message_id: &str) -> Result<Message, DeliveryError> {
    let permanent = |why: String| DeliveryError::Permanent(why);
    let filled = mail.merge.fill(&Content::Mail(mail.text.clone()));
    let filled = filled.map_err(|why| permanent(format!("the template {why}")))?;
    let Content::Mail(filled) = filled else { return Err(permanent("the template is none of e-mails".into())) };
    let to = recipient(&mail.to_address)?;
    let name = Some(one_line(&mail.to_name)).filter(|name| !name.is_empty());
    let mut message = Message::builder()
        .message_id(Some(format!("<{}>", id(message_id)?)))
        .from(from.clone())
        .to(Sender::new(name, to))
        .subject(filled.subject)
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
