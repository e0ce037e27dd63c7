//! Message templates that come, change and go while sequences send them, and what recipients do with the messages.

use relance::domain::engagement::{Hit, MachineSign};
use relance::domain::enrolment::Signal;
use relance::domain::language::Language;
use relance::domain::message_template::command::{TemplateChange, TemplateCommand};
use relance::domain::message_template::{Content, MailText, MessageKind};
use relance::domain::record::command::RecordCommand;
use relance::id::TemplateId;
use relance::time::Timestamp;

use super::ask::What;
use super::workload::Known;

/// Texts that are taken, and that are not.
const TEXTS: [&str; 4] =
    ["Hello {{ record.name }}", "From {{ seller.name }}", "{{ record.fields.nowhere }}", "{% for a in b %}"];

fn text(chance: &mut fastrand::Rng) -> String {
    TEXTS[chance.usize(0..TEXTS.len())].to_owned()
}

/// A new one, mostly of e-mails.
pub fn creation(chance: &mut fastrand::Rng, id: TemplateId) -> What {
    let content = match chance.u32(0..4) {
        0 => Content::Text(TEXTS[0].into()),
        _ => Content::Mail(MailText { subject: "S".into(), body_text: text(chance), body_html: None }),
    };
    What::Message(id, TemplateCommand::Create { name: "Message".into(), language: Language::Gl, content })
}

/// Something about one that is there.
pub fn wish(chance: &mut fastrand::Rng, known: &Known) -> Option<What> {
    let id = *chance.choice(&known.messages)?;
    let kind = if chance.u32(0..4) == 0 { MessageKind::Text } else { MessageKind::Mail };
    let command = match chance.u32(0..4) {
        0 => TemplateCommand::Delete { kind },
        _ => {
            let text = text(chance);
            let change =
                if kind == MessageKind::Mail { TemplateChange::BodyText(text) } else { TemplateChange::Body(text) };
            TemplateCommand::Change { kind, changes: vec![change] }
        }
    };
    Some(What::Message(id, command))
}

/// What comes to a record without anybody asking for it: a timer that was there before, and, for a step about there, somebody
/// who opens its message, follows a link of it or wants no more.
pub fn strays(chance: &mut fastrand::Rng, key: u32) -> Vec<RecordCommand> {
    let mut commands = vec![RecordCommand::Fire(key); chance.usize(1..3)];
    let step = key.saturating_sub(chance.u32(0..4));
    let link = chance.bool().then(|| chance.u16(0..3));
    let signal = if link.is_some() { Signal::LinkClicked } else { Signal::Opened };
    let sign = chance.bool().then_some(MachineSign::Program);
    commands.push(match chance.u32(0..6) {
        0 => RecordCommand::OptOut { step, complained: chance.bool() },
        _ => RecordCommand::Engage { step, hit: Hit { signal, link, sign, left_at: Timestamp::from_millis(0) } },
    });
    commands
}
