//! Files of an e-mail template. Its messages do not carry them: each names them by a link, so that it can be told whether they
//! were fetched (CO-4, RP-9). What is in a file stands in the log of the template and in no state.

use serde::{Deserialize, Serialize};

use super::command::{Decision, TemplateEvent, TemplateRejection};
use super::{MessageKind, MessageTemplate};
use crate::domain::record::Problem;
use crate::domain::record::schema::text_fault;
use crate::id::AttachmentId;
use crate::limits;

/// What a file may be: nothing that a browser runs.
pub const MEDIA_TYPES: [&str; 22] = [
    "application/octet-stream",
    "application/pdf",
    "application/zip",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "audio/mpeg",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/calendar",
    "text/csv",
    "text/plain",
    "text/vcard",
    "video/mp4",
];

/// A file, without what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// Its name, one line without folders.
    pub name: String,
    /// One of [`MEDIA_TYPES`].
    pub media_type: String,
    /// How many bytes are in it.
    pub bytes: u32,
}

impl MessageTemplate {
    /// The file of that id.
    pub fn attachment(&self, id: AttachmentId) -> Option<&Attachment> {
        self.attachments.iter().find(|attachment| attachment.id == id)
    }

    pub(super) fn attach(&self, attachment: Attachment, content: String) -> Decision {
        if self.content.kind() != MessageKind::Mail {
            return Err(TemplateRejection::NotFound);
        }
        if self.attachment(attachment.id).is_some() {
            return Err(TemplateRejection::Exists);
        }
        if self.attachments.len() >= limits::ATTACHMENTS_MAX {
            return Err(TemplateRejection::AttachmentsFull);
        }
        if !MEDIA_TYPES.contains(&attachment.media_type.as_str()) {
            return Err(TemplateRejection::MediaType(attachment.media_type));
        }
        let at = |pointer: &str, (code, detail)| Problem { pointer: pointer.into(), code, detail };
        let has_folder = attachment.name.contains(['/', '\\']) || attachment.name.starts_with('.');
        let folder = || ("invalid", "is the name of a file, without folders and not hidden".to_owned());
        let name = text_fault(&attachment.name, limits::ATTACHMENT_NAME_MAX, false);
        let name = name.or_else(|| has_folder.then(folder)).map(|fault| at("/name", fault));
        let is_empty = attachment.bytes == 0;
        let empty = is_empty.then(|| at("", ("empty", "the file has nothing in it".into())));
        let problems: Vec<Problem> = name.into_iter().chain(empty).collect();
        match problems.is_empty() {
            true => Ok(vec![TemplateEvent::Attached { attachment, content }]),
            false => Err(TemplateRejection::Invalid(problems)),
        }
    }

    pub(super) fn detach(&self, id: AttachmentId) -> Decision {
        match self.attachment(id) {
            Some(_) => Ok(vec![TemplateEvent::Detached(id)]),
            None => Err(TemplateRejection::NoAttachment),
        }
    }
}
