//! What comes back by mail: a raw message is read and told for what it is, without asking anybody.
//!
//! An answer leads to its step by the Message-IDs that it names: ours are `{step id}@{domain of the sender}`.

mod automatic;
mod day;
pub mod quote;
pub mod report;
mod returning;
pub mod words;

use chrono::{DateTime, NaiveDate};
use mail_parser::{HeaderValue, Message, MessageParser, PartType};

use self::quote::Written;
use self::words::{FORWARD_PREFIXES, REPLY_PREFIXES, UNSUBSCRIBE, fold};
use crate::id::StepId;
use crate::limits;
use crate::time::Timestamp;

/// What a message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A person has answered one of ours.
    Reply,
    /// An automatic answer that changes nothing: a receipt, a ticket, a report that something is late.
    Automatic,
    /// Somebody is away.
    OutOfOffice {
        /// The first day on which they read again, if they say so.
        returns: Option<NaiveDate>,
    },
    /// A message came back.
    Bounce(Bounce),
    /// Somebody has called one of ours unwanted.
    Complaint,
    /// Somebody asks to be left alone, in so many words.
    Unsubscribe,
    /// One of ours was passed on to us.
    Forward,
    /// What we wrote ourselves: by the server, or from one of our addresses.
    Own,
    /// Nothing to do with what we sent.
    Unrelated,
}

/// Why a message came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// Whom it did not reach, in small letters.
    pub recipient: Option<String>,
    /// Enhanced status code (RFC 3463).
    pub status: Option<String>,
    /// Whether the address is wrong for good: not a full mailbox, not a refusal by policy.
    pub permanent: bool,
    /// What the server said, in at most 300 characters.
    pub reason: String,
}

/// A message as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Its Message-ID without angle brackets, if it has one.
    pub message_id: Option<String>,
    /// The step of ours that it belongs to.
    pub step: Option<StepId>,
    /// Whether it names a message that it answers.
    pub answers: bool,
    /// Who wrote it: an address in small letters.
    pub from: String,
    /// What it is about.
    pub subject: String,
    /// When it was written, by the writer's clock.
    pub date: Option<Timestamp>,
    /// What the writer wrote, without what is quoted.
    pub text: String,
    /// What it is.
    pub kind: Kind,
}

/// How a subject begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefix {
    Reply,
    Forward,
    None,
}

/// A parsed message. Those within it are taken out one by one: as deep as a stranger can nest them, no stack lets go of them.
struct Parsed<'a>(Message<'a>);

impl Drop for Parsed<'_> {
    fn drop(&mut self) {
        let mut left = vec![std::mem::take(&mut self.0.parts)];
        while let Some(parts) = left.pop() {
            for part in parts {
                if let PartType::Message(mut inner) = part.body {
                    left.push(std::mem::take(&mut inner.parts));
                }
            }
        }
    }
}

/// Reads a raw message; of a longer one only its first [`limits::INCOMING_READ_MAX`] bytes. `own` are the addresses that we
/// write from, in small letters.
pub fn read(raw: &[u8], own: &[String]) -> Incoming {
    let raw = &raw[..raw.len().min(limits::INCOMING_READ_MAX)];
    let parser = MessageParser::default();
    let Some(parsed) = parser.parse(raw).map(Parsed) else { return Incoming::unreadable() };
    let message = &parsed.0;
    if message.parts.is_empty() {
        return Incoming::unreadable();
    }
    let from =
        message.from().and_then(|from| from.first()).and_then(|from| from.address()).unwrap_or_default().to_lowercase();
    let subject = message.subject().unwrap_or_default().to_owned();
    let whole = body(message);
    let written = quote::written(&whole);
    let (kind, step) = tell(message, &from, &subject, &whole, &written, own);
    let date = message.date().map(|date| Timestamp::from_millis(date.to_timestamp().saturating_mul(1_000)));
    let message_id = message.message_id().map(str::to_owned);
    let answers = !answered(message).is_empty();
    Incoming { message_id, step, answers, from, subject, date, text: written.own, kind }
}

impl Incoming {
    fn unreadable() -> Incoming {
        Incoming {
            message_id: None,
            step: None,
            answers: false,
            from: String::new(),
            subject: String::new(),
            date: None,
            text: String::new(),
            kind: Kind::Unrelated,
        }
    }
}

/// What the message is, and the step it belongs to.
fn tell(
    message: &Message,
    from: &str,
    subject: &str,
    whole: &str,
    written: &Written,
    own: &[String],
) -> (Kind, Option<StepId>) {
    let folded = fold(subject);
    let folded = folded.trim();
    let prefix = prefix(folded);
    let answered = answered(message);
    let steps = |ids: &[String]| ids.iter().find_map(|id| step_of(id));
    if let Some(report) = report::report(message, from, folded, fold(whole).trim()) {
        let step = steps(&report::originals(message)).or_else(|| steps(&answered));
        return (report, step);
    }
    let step = steps(&answered);
    if is_own(message, from, own) {
        return (Kind::Own, message.message_id().and_then(step_of).or(step));
    }
    if let Some(automatic) = automatic::automatic(message, from, folded, prefix, written, written_on(message)) {
        return (automatic, step);
    }
    if let Some(asked) = asked_by_address(message, folded) {
        return (Kind::Unsubscribe, asked.or(step));
    }
    let kind = match () {
        () if step.is_none() => Kind::Unrelated,
        () if prefix == Prefix::Forward || (prefix == Prefix::None && written.forwards) => Kind::Forward,
        () if asks_to_be_left(&written.own) => Kind::Unsubscribe,
        () => Kind::Reply,
    };
    (kind, step)
}

/// The text of a message as one reads it: the plain parts, or else those in HTML.
fn body(message: &Message) -> String {
    let mut body = String::new();
    let parts = if message.text_body.is_empty() { &message.html_body } else { &message.text_body };
    for part in parts.iter().filter_map(|place| message.part(*place)) {
        match &part.body {
            PartType::Text(text) => body.push_str(text),
            PartType::Html(html) => body.push_str(&quote::plain(html)),
            _ => continue,
        }
        body.push('\n');
        if body.len() > limits::INCOMING_TEXT_MAX {
            break;
        }
    }
    body.truncate(body.floor_char_boundary(limits::INCOMING_TEXT_MAX));
    body
}

/// Message-IDs of a header.
fn ids(header: &HeaderValue) -> Vec<String> {
    match header {
        HeaderValue::Text(id) => vec![id.to_string()],
        HeaderValue::TextList(ids) => ids.iter().map(|id| id.to_string()).collect(),
        _ => Vec::new(),
    }
}

/// The messages that this one answers, the nearest first.
fn answered(message: &Message) -> Vec<String> {
    let mut answered = ids(message.in_reply_to());
    answered.extend(ids(message.references()).into_iter().rev());
    answered
}

/// The step whose message has this id: only ids of that shape are ours.
pub fn step_of(message_id: &str) -> Option<StepId> {
    let (local, _) = message_id.trim_matches(['<', '>', ' ']).split_once('@')?;
    let is_ours = |step: &StepId| (step.0 >> 76) & 0xf == 7 && step.ordinal() != 0 && local.len() == 36;
    StepId::parse(local).filter(is_ours)
}

/// Whether we wrote it: its id is ours under a domain of ours, or it is from one of our addresses.
fn is_own(message: &Message, from: &str, own: &[String]) -> bool {
    let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
    let id = message.message_id().unwrap_or_default();
    let is_ours = step_of(id).is_some() && own.iter().any(|own| domain(own).is_some() && domain(own) == domain(id));
    is_ours || own.iter().any(|own| own == from)
}

/// The day on which a message was written where it was, and whether they put the month first there.
fn written_on(message: &Message) -> (NaiveDate, bool) {
    let Some(date) = message.date() else { return (NaiveDate::default(), false) };
    let day = NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into());
    let day = day.unwrap_or_else(|| DateTime::from_timestamp(date.to_timestamp(), 0).unwrap_or_default().date_naive());
    (day, date.tz_before_gmt && date.tz_hour >= 4)
}

/// How a folded subject begins, behind what gateways put in front of it: `[External] Re[2]: …`.
fn prefix(subject: &str) -> Prefix {
    let mut rest = subject.trim_start();
    while let Some((tag, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        if tag.len() > 30 {
            break;
        }
        rest = after.trim_start();
    }
    let Some((word, _)) = rest.split_once([':', '：']) else { return Prefix::None };
    let word = word.split(['[', '(']).next().unwrap_or_default().trim();
    match () {
        () if REPLY_PREFIXES.contains(&word) => Prefix::Reply,
        () if FORWARD_PREFIXES.contains(&word) => Prefix::Forward,
        () => Prefix::None,
    }
}

/// Whether the message came by an address or subject that says `unsubscribe`, and the step that it names there.
fn asked_by_address(message: &Message, subject: &str) -> Option<Option<StepId>> {
    let to = message.to().into_iter().flat_map(|to| to.iter()).filter_map(|to| to.address());
    let tagged =
        to.map(str::to_lowercase).find_map(|to| to.split_once("+unsubscribe").map(|(_, rest)| rest.to_owned()));
    let named = tagged.or_else(|| subject.strip_prefix("unsubscribe").map(str::to_owned))?;
    let words: Vec<&str> = named.split([' ', '@', '<', '>', '=', '+']).filter(|word| !word.is_empty()).collect();
    let step = words.iter().find_map(|word| step_of(&format!("{word}@")));
    // A subject such as "unsubscribe rates of our newsletter" is somebody's own.
    (step.is_some() || words.is_empty()).then_some(step)
}

/// Whether a text says nothing but that.
fn asks_to_be_left(text: &str) -> bool {
    let folded = fold(text);
    let lines: Vec<&str> = folded
        .lines()
        .map(|line| line.trim_matches([' ', '.', '!', '¡', ',', '"', '\'']))
        .filter(|line| !line.is_empty())
        .collect();
    lines.len() <= 4 && folded.split_whitespace().count() <= 16 && lines.iter().any(|line| UNSUBSCRIBE.contains(line))
}
