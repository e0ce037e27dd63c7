//! What can be asked of a message template, what has happened to it, and why it refuses.

use serde::{Deserialize, Serialize};

use super::attachment::Attachment;
use super::{Content, MessageKind};
use crate::domain::language::Language;
use crate::domain::permission::{Denial, Denies};
use crate::domain::record::Problem;
use crate::domain::record::schema::Owner;
use crate::id::AttachmentId;
use crate::limits;

/// A member of a template set to a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TemplateChange {
    /// Shown in lists.
    Name(String),
    /// What it is written in.
    Language(Language),
    /// Of an e-mail.
    Subject(String),
    /// Of an e-mail.
    BodyText(String),
    /// Of an e-mail; `None` takes it away.
    BodyHtml(Option<String>),
    /// Of a text message.
    Body(String),
}

/// A request to a template. `kind` is what the caller takes it for: one of the other kind is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateCommand {
    /// Bring it into being; whoever asks owns it.
    Create { name: String, language: Language, content: Content },
    /// Write members, all or none.
    Change { kind: MessageKind, changes: Vec<TemplateChange> },
    /// Take it away.
    Delete { kind: MessageKind },
    /// A file that its messages name; `content` is what is in it, in base64.
    Attach { attachment: Attachment, content: String },
    /// They do not any more, and links to it lead nowhere.
    Detach(AttachmentId),
}

/// A fact about a template. Stored for good: variants and members are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TemplateEvent {
    /// It is there.
    Created { owner: Owner, name: String, language: Language, content: Content },
    /// Members were written.
    Changed(Vec<TemplateChange>),
    /// It is not there any more.
    Deleted,
    /// Its messages name a file; what is in that, in base64.
    Attached { attachment: Attachment, content: String },
    /// They do not any more, and it cannot be fetched.
    Detached(AttachmentId),
}

/// What is decided of a template.
pub(super) type Decision = Result<Vec<TemplateEvent>, TemplateRejection>;

/// Why a template refuses a command. The codes are part of the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateRejection {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// It was never created, or was deleted, or is of the other kind.
    #[error("there is no such template")]
    NotFound,
    /// One of that id was created before.
    #[error("the template exists already")]
    Exists,
    /// The product ships it.
    #[error("this template comes with the product and stays as it is; create one of your own with its text")]
    Shipped,
    /// Values that do not fit.
    #[error("{}", .0.first().map_or("the values do not fit", |first| first.detail.as_str()))]
    Invalid(Vec<Problem>),
    /// The active sequence of that name sends it.
    #[error("the active sequence {0} uses this template; deactivate it first, or let it use another")]
    Referenced(String),
    /// It has no such file.
    #[error("the template has no such attachment")]
    NoAttachment,
    /// As many files as it can have.
    #[error("the template has {} attachments, as many as it may have", limits::ATTACHMENTS_MAX)]
    AttachmentsFull,
    /// Nothing that is handed on.
    #[error("files of type `{0}` are not taken; see the list of types, or pack it as application/zip")]
    MediaType(String),
    /// As many as there can be.
    #[error("the organisation has {} message templates, as many as it may have", limits::MESSAGE_TEMPLATES_MAX)]
    Full,
}

impl Denies for TemplateRejection {
    fn denial(&self) -> Option<&Denial> {
        match self {
            TemplateRejection::Denied(denial) => Some(denial),
            _ => None,
        }
    }
}
