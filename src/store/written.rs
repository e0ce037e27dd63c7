//! What the message of a step said when it left: it stands in the log of its record, and goes with it.

use crate::domain::delivery::Wording;
use crate::domain::record::event::RecordEvent;
use crate::id::StepId;
use crate::limits;
use crate::store::codec::{self, Entry};
use crate::store::{Result, Store, Version};
use crate::time::Timestamp;

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
