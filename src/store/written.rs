//! What the message of a step said when it left, which stands in the log of its record and goes with it; and what is in a file
//! that it names, which stands in the log of a template.

use crate::domain::delivery::Wording;
use crate::domain::message_template::attachment::Attachment;
use crate::domain::message_template::command::TemplateEvent;
use crate::domain::record::event::RecordEvent;
use crate::id::{AttachmentId, StepId, TemplateId};
use crate::limits;
use crate::store::codec::{self, Entry};
use crate::store::{Result, Store, Version};
use crate::time::Timestamp;

/// Commits of a template that are looked at at once: each may hold a whole file.
const FILES_AT_ONCE: usize = 2;

/// What the message of a step said when it left last, and when that was; nothing where it never left, or the record was
/// erased.
pub fn written(store: &dyn Store, id: StepId) -> Result<Option<(Wording, Timestamp)>> {
    let mut before = Version::MAX;
    for _ in 0..limits::WRITTEN_PAGES_MAX {
        let page = store.history(id.record().into(), before, limits::PAGE_MAX)?;
        let Some((oldest, _)) = page.last() else { return Ok(None) };
        before = *oldest;
        for (_, bytes) in &page {
            let entry: Entry<RecordEvent> = codec::decode(bytes)?;
            for event in entry.events {
                match event {
                    RecordEvent::MessageWritten { step, written, .. } if step == id.ordinal() => {
                        return Ok(Some((written, entry.stamp.at)));
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(None)
}

/// A file of a template and what is in it, in base64; nothing where it or its template was taken away.
pub fn attachment(store: &dyn Store, template: TemplateId, id: AttachmentId) -> Result<Option<(Attachment, String)>> {
    let mut before = Version::MAX;
    loop {
        let page = store.history(template.into(), before, FILES_AT_ONCE)?;
        let Some((oldest, _)) = page.last() else { return Ok(None) };
        before = *oldest;
        for (_, bytes) in &page {
            let entry: Entry<TemplateEvent> = codec::decode(bytes)?;
            for event in entry.events.into_iter().rev() {
                match event {
                    TemplateEvent::Attached { attachment, content } if attachment.id == id => {
                        return Ok(Some((attachment, content)));
                    }
                    TemplateEvent::Detached(gone) if gone == id => return Ok(None),
                    TemplateEvent::Deleted => return Ok(None),
                    _ => {}
                }
            }
        }
    }
}
