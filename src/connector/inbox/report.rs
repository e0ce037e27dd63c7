//! What mail servers report: messages that came back (RFC 3464, and what servers write that never heard of it) and complaints
//! (RFC 5965).

use mail_parser::{Message, MessagePart, MimeHeaders, PartType};

use super::words::{fold, has_any};
use super::{Bounce, Kind};

/// Longest reason that is kept, in characters.
const REASON_MAX: usize = 300;

/// Whose mail may be a report that has no part for machines.
const DAEMONS: &[&str] = &["mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "mail.delivery.subsystem"];

/// Subjects and first words of a report that something came back.
const RETURNED: &[&str] = &[
    "undelivered mail returned to sender",
    "delivery status notification (failure)",
    "mail delivery failed",
    "mail delivery failure",
    "mail delivery system",
    "delivery failure",
    "delivery failed",
    "delivery has failed",
    "delivery report",
    "undeliverable",
    "undeliverable mail",
    "undelivered mail",
    "returned mail",
    "returned to sender",
    "failure notice",
    "message could not be delivered",
    "could not be delivered",
    "couldn't be delivered",
    "wasn't delivered",
    "was not delivered",
    "unable to deliver",
    "did not reach",
    "permanent fatal errors",
    "non remis",
    "echec de la remise",
    "non distribue",
    "n'a pas pu etre remis",
    "n'a pas pu etre distribue",
    "no se puede entregar",
    "no se pudo entregar",
    "no se ha podido entregar",
    "non se pode entregar",
    "non se puido entregar",
    "unzustellbar",
    "nicht zugestellt",
    "konnte nicht zugestellt werden",
];

/// That it is still being tried.
const DELAYED: &[&str] = &[
    "delivery status notification (delay)",
    "delayed mail",
    "warning: message delayed",
    "still being retried",
    "still retrying",
    "will be retried",
    "you do not need to resend",
    "delivery delayed",
    "has been delayed",
    "remise differee",
    "entrega retrasada",
    "zustellung verzogert",
];

/// That a mailbox is full: the address is right.
const FULL: &[&str] = &[
    "mailbox full",
    "mailbox is full",
    "quota exceeded",
    "over quota",
    "overquota",
    "out of storage",
    "boite pleine",
    "postfach voll",
];

/// What a report says, or nothing if the message is none. `subject` and `text` as [`fold`] leaves them.
pub fn report(message: &Message, from: &str, subject: &str, text: &str) -> Option<Kind> {
    let typed = |kind: &str, subtype: &str| message.parts.iter().find(|part| is_typed(part, kind, subtype));
    let is_report = is_typed(message.root_part(), "multipart", "report");
    let from_daemon = DAEMONS.contains(&from.split('@').next().unwrap_or_default()) || has_no_sender(message);
    if is_report || from_daemon {
        if let Some(part) = typed("message", "feedback-report") {
            return Some(complaint(&blocks(part.contents())));
        }
        if let Some(part) = typed("message", "delivery-status").or_else(|| typed("message", "global-delivery-status")) {
            return Some(delivery_status(&blocks(part.contents())));
        }
        if typed("message", "disposition-notification").is_some() {
            return Some(Kind::Automatic);
        }
    }
    // Microsoft's feedback loop has no part for machines either.
    if subject.starts_with("complaint about message from") && typed("message", "rfc822").is_some() {
        return Some(Kind::Complaint);
    }
    let failed = message.header_raw("X-Failed-Recipients").map(|failed| failed.trim().to_owned());
    let says = |words| has_any(subject, words) || has_any(head(text), words);
    let is_qmail = text.starts_with("hi. this is the qmail-send program");
    if failed.is_none() && !is_qmail && !(from_daemon && (says(RETURNED) || says(DELAYED))) {
        return None;
    }
    if says(DELAYED) {
        return Some(Kind::Automatic);
    }
    Some(Kind::Bounce(unstructured(failed, text)))
}

/// The original message's ids, its own first, as a report carries it: as a part, its headers, or text.
pub fn originals(message: &Message) -> Vec<String> {
    let mut ids = Vec::new();
    for part in &message.parts {
        match &part.body {
            PartType::Message(original) => {
                ids.extend(original.message_id().map(str::to_owned));
                ids.extend(super::ids(original.references()));
            }
            PartType::Text(text) => ids.extend(named_ids(text)),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                ids.extend(named_ids(&String::from_utf8_lossy(bytes)));
            }
            PartType::Html(html) => ids.extend(named_ids(&super::quote::plain(html))),
            PartType::Multipart(_) => {}
        }
    }
    ids
}

/// Ids that follow the name of their header in a text.
fn named_ids(text: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let named = lower.match_indices("message-id:").filter_map(|(place, name)| {
        let value = text[place + name.len()..].trim_start();
        let value = value.strip_prefix("&lt;").or_else(|| value.strip_prefix('<')).unwrap_or(value);
        let end = value.find(|c: char| c.is_whitespace() || matches!(c, '>' | '&'))?;
        Some(value[..end].to_owned())
    });
    named.take(10).collect()
}

fn is_typed(part: &MessagePart, kind: &str, subtype: &str) -> bool {
    part.content_type().is_some_and(|content| {
        content.ctype().eq_ignore_ascii_case(kind)
            && content.subtype().is_some_and(|found| found.eq_ignore_ascii_case(subtype))
    })
}

/// Whether the message came with an empty envelope sender, as those of machines have to (RFC 3834, RFC 5321).
pub fn has_no_sender(message: &Message) -> bool {
    message.header_raw("Return-Path").is_some_and(|path| path.trim() == "<>")
}

/// The first lines, where a server says what it is about; further down stands the message that came back.
fn head(text: &str) -> &str {
    let mut end = text.len().min(1_500);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Fields by block; names in small letters, lines joined that were folded.
fn blocks(bytes: &[u8]) -> Vec<Vec<(String, String)>> {
    let text = String::from_utf8_lossy(bytes);
    let mut blocks: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for line in text.lines() {
        let block = blocks.len() - 1;
        if line.trim().is_empty() {
            if !blocks[block].is_empty() {
                blocks.push(Vec::new());
            }
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = blocks[block].last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            blocks[block].push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    blocks
}

fn field<'a>(block: &'a [(String, String)], name: &str) -> Option<&'a str> {
    block.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

/// The part behind the type of an address or a code: `rfc822; ada@example.org`.
fn untyped(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, value)| value).trim()
}

fn delivery_status(blocks: &[Vec<(String, String)>]) -> Kind {
    let action = |block: &&Vec<(String, String)>| {
        field(block, "action").map(fold).is_some_and(|action| action.starts_with("failed"))
    };
    let Some(failed) = blocks.iter().find(action) else {
        // Delayed, delivered, relayed or expanded: nothing has failed so far.
        return Kind::Automatic;
    };
    let recipient = field(failed, "original-recipient").or_else(|| field(failed, "final-recipient")).map(untyped);
    let diagnostic = field(failed, "diagnostic-code").map(untyped);
    let status = field(failed, "status").and_then(status_in);
    // Many servers say 5.0.0 for whatever they were told; what they were told says more.
    let told = diagnostic.and_then(|diagnostic| status_in(diagnostic).or_else(|| reply_code(diagnostic)));
    let status =
        status.filter(|status| !status.ends_with(".0.0")).or(told).or(field(failed, "status").and_then(status_in));
    let reason = diagnostic.unwrap_or_default();
    Kind::Bounce(bounce(recipient.map(str::to_owned), status, reason))
}

fn complaint(blocks: &[Vec<(String, String)>]) -> Kind {
    let kind = blocks.iter().find_map(|block| field(block, "feedback-type")).map(fold).unwrap_or_default();
    match kind.trim() {
        "not-spam" | "auth-failure" | "dmarc" => Kind::Automatic,
        _ => Kind::Complaint,
    }
}

/// That it is the message or its sender that was refused, whatever the code.
const POLICY: &[&str] =
    &["spam", "blocked", "blacklist", "blocklist", "denylist", "reputation", "policy", "denied", "dmarc", "too many"];

/// Whether a refusal says that there is no such address: not that a mailbox is full, and not what a server thinks of us.
pub fn has_no_such_address(bounce: &Bounce) -> bool {
    let is_of_address = bounce.status.as_deref().is_some_and(|status| status.starts_with("5.1."));
    bounce.permanent && is_of_address && !has_any(&fold(&bounce.reason), POLICY)
}

/// The same of what a server answered to a command.
pub fn refuses_for_good(answer: &str) -> bool {
    has_no_such_address(&unstructured(None, answer))
}

/// What a server says that only writes for people.
fn unstructured(failed: Option<String>, text: &str) -> Bounce {
    let text = head(text);
    let recipient = failed.or_else(|| address_in(text));
    let status = status_in(text).or_else(|| reply_code(text));
    let reason: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let telling = reason.iter().position(|line| status_in(line).or_else(|| reply_code(line)).is_some()).unwrap_or(0);
    bounce(recipient, status, reason.get(telling).copied().unwrap_or_default())
}

fn bounce(recipient: Option<String>, status: Option<String>, reason: &str) -> Bounce {
    let is_full = has_any(&fold(reason), FULL);
    let permanent = match status.as_deref() {
        // About us or the moment, not about the address: full, or refused by policy.
        Some(status) => status.starts_with('5') && !is_full && status != "5.2.2" && !status.starts_with("5.7."),
        None => !is_full,
    };
    Bounce {
        recipient: recipient.map(|recipient| recipient.trim_matches(['<', '>', ' ']).to_lowercase()),
        status,
        permanent,
        reason: reason.chars().take(REASON_MAX).collect(),
    }
}

/// The first address in a text.
fn address_in(text: &str) -> Option<String> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '(' | ')' | ',' | ';' | '[' | ']');
    let words = text.split(ends).map(|word| word.trim_matches([':', '.', '\'']));
    words.filter(|word| email_address::EmailAddress::is_valid(word)).map(str::to_owned).next()
}

/// The first enhanced status code (RFC 3463) of failure: `5.1.1`.
fn status_in(text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.').map(|word| word.trim_matches('.'));
    let is_status = |word: &&str| {
        let parts: Vec<&str> = word.split('.').collect();
        parts.len() == 3 && matches!(parts[0], "4" | "5") && parts[1..].iter().all(|part| matches!(part.len(), 1..=3))
    };
    words.filter(is_status).map(str::to_owned).next()
}

/// The first reply code of SMTP, as a status of its class.
fn reply_code(text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '@');
    let code =
        words.filter(|word| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit())).find_map(|word| {
            let code: u16 = word.parse().ok()?;
            // Those that an answer to MAIL, RCPT or DATA may have.
            matches!(code, 421 | 450..=452 | 455 | 500..=504 | 521 | 523 | 541 | 550..=556).then_some(code)
        })?;
    Some(match code {
        452 | 552 => format!("{}.2.2", code / 100),
        550 | 551 | 553 => "5.1.0".into(),
        code => format!("{}.0.0", code / 100),
    })
}
