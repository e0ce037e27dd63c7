//! Automatic answers, told from people by their headers (RFC 3834), subjects and words.

use chrono::NaiveDate;
use mail_parser::Message;

use super::quote::Written;
use super::report::has_no_sender;
use super::words::{AUTOMATIC_SUBJECTS, AWAY, MACHINE, fold, has_any};
use super::{Kind, Prefix, returning};

/// Headers that only automatic answers have.
const AUTOMATIC_HEADERS: [&str; 8] = [
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponder",
    "X-Autoresponse",
    "X-Autoreply-From",
    "X-Mail-Autoreply",
    "X-AutoReply-From",
    "X-FC-MachineGenerated",
];

/// Addresses that nobody reads.
const NOBODY: &[&str] = &[
    "noreply",
    "no-reply",
    "no_reply",
    "donotreply",
    "do-not-reply",
    "no.reply",
    "nepasrepondre",
    "ne-pas-repondre",
    "noresponder",
];

/// What an automatic answer says first.
const THANKS: &[&str] = &[
    "thank you for your email",
    "thank you for your e-mail",
    "thank you for your message",
    "thanks for your email",
    "thanks for your message",
    "i have received your",
    "merci pour votre message",
    "merci de votre message",
    "merci pour votre mail",
    "merci pour votre e-mail",
    "j'ai bien recu votre",
    "grazas pola sua mensaxe",
    "grazas pola tua mensaxe",
    "grazas polo seu correo",
    "gracias por su mensaje",
    "gracias por tu mensaje",
    "gracias por su correo",
    "gracias por tu correo",
    "vielen dank fur ihre nachricht",
    "vielen dank fur ihre e-mail",
    "vielen dank fur ihre mail",
    "danke fur ihre nachricht",
    "danke fur deine nachricht",
    "danke fur deine mail",
];

/// What an automatic answer is, or nothing if a person wrote it. `from` in small letters, `subject` folded.
pub fn automatic(
    message: &Message,
    from: &str,
    subject: &str,
    prefix: Prefix,
    written: &Written,
    sent: (NaiveDate, bool),
) -> Option<Kind> {
    // Who promises to get back to somebody has not been away.
    let text = fold(&written.own).replace("get back to", "").replace("come back to", "").replace("back to you", "");
    let is_away = has_any(subject, AWAY) || has_any(&text, AWAY);
    let returns = || {
        let said = || returning::returns(&text, sent.0, sent.1).or_else(|| returning::returns(subject, sent.0, sent.1));
        (is_away || returning::says_back(&text)).then(said).flatten()
    };
    let by_words = || {
        if written.quotes || !is_away {
            return false;
        }
        // People who answer from their holidays write so as well; a machine calls itself one, or answers without "Re:".
        has_any(&text, MACHINE) || (prefix == Prefix::None && (has_any(&text, THANKS) || returns().is_some()))
    };
    if !by_headers(message, from) && !by_subject(subject) && !by_words() {
        return None;
    }
    let returns = returns();
    Some(if is_away || returns.is_some() { Kind::OutOfOffice { returns } } else { Kind::Automatic })
}

fn by_headers(message: &Message, from: &str) -> bool {
    let value = |name: &'static str| message.header_raw(name).map(|value| fold(value.trim()));
    let submitted = value("Auto-Submitted").is_some_and(|how| how.split([';', ' ']).next() != Some("no"));
    let precedence = value("Precedence").or_else(|| value("X-Precedence")).unwrap_or_default();
    // A list may carry a person's answer.
    let is_bulk = match precedence.as_str() {
        "bulk" | "junk" => message.header_raw("List-Id").is_none(),
        precedence => precedence.starts_with("auto"),
    };
    let by_exchange = value("X-MS-Exchange-Generated-Message-Source")
        .is_some_and(|source| source.contains("rules agent"))
        || value("X-MS-Exchange-Inbox-Rules-Loop").is_some();
    let unread = NOBODY.contains(&from.split(['@', '+']).next().unwrap_or_default());
    submitted
        || is_bulk
        || by_exchange
        || unread
        || has_no_sender(message)
        || AUTOMATIC_HEADERS.iter().any(|name| message.header_raw(*name).is_some())
}

/// Phrases may stand before anything, single words only alone or before a colon: they begin other subjects too.
fn by_subject(subject: &str) -> bool {
    AUTOMATIC_SUBJECTS.iter().any(|words| {
        let Some(rest) = subject.strip_prefix(words) else { return false };
        let is_alone = rest.trim_start().is_empty() || rest.trim_start().starts_with(':');
        is_alone || words.contains([' ', '-', '\'']) && !rest.starts_with(char::is_alphanumeric)
    })
}
