//! How people, steps, fields and spans are called in an explanation.

use std::borrow::Cow;

use crate::domain::condition::Condition;
use crate::domain::condition::evaluate::{Found, Held, Look};
use crate::domain::condition::subject::RecordLook;
use crate::domain::enrolment::{Exit, Ordinal, Signal, Step, StepError};
use crate::domain::given::Given;
use crate::domain::plan::PlanNode;
use crate::domain::record::Record;
use crate::domain::record::schema::Owner;
use crate::domain::related::See;
use crate::domain::sequence::graph::Until;
use crate::id::{RecordId, SequenceId, UserId};

/// A user or a team by name, as far as that is known.
pub fn who(given: &Given, owner: Owner) -> String {
    match (owner, given.policy.contact(owner).0) {
        (Owner::User(UserId::SYSTEM), _) => "the server".into(),
        (_, name) if !name.is_empty() => name,
        (Owner::User(_), _) => "somebody who is no user any more".into(),
        (Owner::Team(_), _) => "a team that is no more".into(),
    }
}

/// The same at the beginning of a sentence.
pub fn actor(given: &Given, by: UserId) -> String {
    let name = who(given, Owner::User(by));
    let mut letters = name.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// A sequence by name.
pub fn sequence(given: &Given, id: SequenceId) -> String {
    let found = given.sequences.get(&id);
    found.map_or_else(|| "a sequence that is no more".into(), |sequence| format!("“{}”", sequence.name))
}

/// The sequence of an enrolment by name.
pub fn sequence_of(record: &Record, given: &Given, enrolment: Ordinal) -> String {
    let id = record.enrolment(enrolment).map(|enrolment| enrolment.sequence);
    id.map_or_else(|| "a sequence".into(), |id| sequence(given, id))
}

/// A step by its name, or by its type and id where it has none.
pub fn step(record: &Record, given: &Given, step: &Step) -> String {
    record.node_of(given, step).map_or_else(|| "a step whose version is no more".into(), node)
}

/// A node by its name, or by its type and id where it has none.
pub fn node(node: &PlanNode) -> String {
    if node.name.is_empty() { format!("{} “{}”", node.type_name, node.id) } else { format!("“{}”", node.name) }
}

/// What came back, after "the recipient".
pub fn signal(signal: Signal) -> &'static str {
    match signal {
        Signal::Opened => "opened it",
        Signal::LinkClicked => "followed a link",
        Signal::AttachmentDownloaded => "fetched an attachment",
        Signal::Replied => "replied",
        Signal::Bounced => "could not be reached (it bounced)",
    }
}

/// What may come back.
pub fn signals(wanted: &[Signal], all: bool) -> String {
    let names = wanted.iter().map(|signal| match signal {
        Signal::Opened => "an opening",
        Signal::LinkClicked => "a click",
        Signal::AttachmentDownloaded => "a download",
        Signal::Replied => "a reply",
        Signal::Bounced => "a bounce",
    });
    names.collect::<Vec<_>>().join(if all { " and " } else { " or " })
}

/// What else ends a wait, behind when it ends.
pub fn or_until(until: &[Until]) -> String {
    if until.is_empty() {
        return String::new();
    }
    let names: Vec<_> = until.iter().map(|until| until.outcome()).collect();
    format!(", or until the first of: {}", names.join(", "))
}

/// What went wrong, and then what mends it.
pub fn error(error: StepError) -> (&'static str, &'static str) {
    match error {
        StepError::FieldUpdateFailed => (
            "the field could not be written: its type has no such field or no such option",
            "give the field that option and retry the step, or skip it",
        ),
        StepError::EmailUndeliverable => (
            "it could not be sent by itself: the record has no e-mail address, the person does not want e-mail, or \
             nobody is to write to the address",
            "reach the person in another way and complete the step, or skip it",
        ),
        StepError::EmailTemplateFailed => (
            "its message was given up",
            "mend the template or the mail server for those that follow, and reach the person by hand",
        ),
        StepError::AutomatedTextFailed => {
            let what =
                "no gateway sends text messages, the record has no number that they reach, or they are not wanted";
            (what, "write to the person yourself and complete the step, or skip it")
        }
        StepError::FieldMissing => (
            "its condition looks at a field that records of this type do not have, or at a record that is not there",
            "write what it looks at, retry the step, or skip it, which takes No",
        ),
        StepError::AdvanceTargetInactive => (
            "the sequence that it leads to takes no records of this type (any more)",
            "activate that sequence and retry the step, or skip it, which completes the sequence",
        ),
        StepError::AdvanceLoop => (
            "sequences lead to each other without anybody acting or waiting between them",
            "skip the step, which completes the sequence, and mend the sequences",
        ),
        StepError::AdvanceRefused => (
            "the sequence that it leads to does not let the record in: it was in it before, or is in one beside it",
            "take the record out of the other sequence or wait, and retry the step, or skip it",
        ),
    }
}

/// An exit's word.
pub fn exit(exit: Exit) -> &'static str {
    match exit {
        Exit::Yes => "Yes",
        Exit::No => "No",
    }
}

/// Fields that one condition is told with, at most.
const FIELDS_TOLD: usize = 5;

/// What a condition looked at and found: "`city` is “Lugo”, `owner.name` is “Grace”".
pub fn compared(record: &Record, given: &Given, see: See, condition: &Condition) -> String {
    let (mut told, mut shown) = (Vec::new(), Cow::Borrowed(given));
    while let Err(other) = look_at(&RecordLook { record, given: &shown }, condition, "", &mut told) {
        told.clear();
        shown = Cow::Owned(shown.with_related(other, see(other)));
    }
    let more = if told.len() > FIELDS_TOLD { ", …" } else { "" };
    told.truncate(FIELDS_TOLD);
    if told.is_empty() { String::new() } else { format!(": {}{more}", told.join(", ")) }
}

fn look_at(look: &dyn Look, condition: &Condition, before: &str, told: &mut Vec<String>) -> Result<(), RecordId> {
    match condition {
        Condition::Compare(comparison) => {
            let held = match look.field(&comparison.field) {
                Found::Unseen(other) => return Err(other),
                Found::Missing => "is missing".to_owned(),
                Found::Empty => "is empty".to_owned(),
                Found::Is(Held::Text(text)) => format!("is “{text}”"),
                Found::Is(Held::Number(number)) => format!("is {number}"),
                Found::Is(Held::Instant(instant)) => format!("is {instant}"),
                Found::Is(Held::Several(several)) => format!("is {}", several.join(" and ")),
            };
            let text = format!("`{before}{}` {held}", comparison.field);
            if !told.contains(&text) {
                told.push(text);
            }
        }
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().try_for_each(|part| look_at(look, part, before, told))?;
        }
        Condition::Related { related, condition } => match look.related(related) {
            Found::Is(behind) => look_at(behind.as_ref(), condition, &format!("{before}{related}."), told)?,
            Found::Empty => told.push(format!("`{before}{related}` is empty")),
            Found::Missing => told.push(format!("`{before}{related}` cannot be seen")),
            Found::Unseen(other) => return Err(other),
        },
    }
    Ok(())
}
