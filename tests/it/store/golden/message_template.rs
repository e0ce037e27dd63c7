//! An example of every variant of what a message template stores.

use relance::domain::language::Language;
use relance::domain::message_template::attachment::Attachment;
use relance::domain::message_template::command::{TemplateChange, TemplateEvent};
use relance::domain::message_template::{Content, MailText};
use relance::domain::record::schema::Owner;
use relance::id::AttachmentId;

use super::{SEQUENCE, TEAM, USER, text};

pub fn events() -> Vec<TemplateEvent> {
    use TemplateEvent::*;
    let mail = MailText {
        subject: "Unha proposta para {{ record.fields.company }}".into(),
        body_text: "Ola, {{ record.name }}:".into(),
        body_html: text("<p>Ola, {{ record.name }}:</p>"),
    };
    let attachment = Attachment {
        id: AttachmentId(SEQUENCE.0),
        name: "Prezos.pdf".into(),
        media_type: "application/pdf".into(),
        bytes: 6,
    };
    let plain = MailText { body_html: None, ..mail.clone() };
    let created = |owner, language, content| Created { owner, name: "Proposta".into(), language, content };
    vec![
        created(Owner::User(USER), Language::Gl, Content::Mail(mail)),
        created(Owner::Team(TEAM), Language::Fr, Content::Mail(plain)),
        created(Owner::User(USER), Language::En, Content::Text("Chámolle mañá. {{ seller.name }}".into())),
        Changed(vec![
            TemplateChange::Name("Outra".into()),
            TemplateChange::Language(Language::En),
            TemplateChange::Subject("Outro".into()),
            TemplateChange::BodyText("Bos días:".into()),
            TemplateChange::BodyHtml(None),
            TemplateChange::BodyHtml(text("<p>Bos días:</p>")),
            TemplateChange::Body("Ata mañá".into()),
        ]),
        Deleted,
        Attached { attachment, content: "UHJlem9z".into() },
        Detached(AttachmentId(SEQUENCE.0)),
    ]
}
