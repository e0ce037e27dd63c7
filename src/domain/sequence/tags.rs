//! The tags of a sequence: whoever sees it applies them, and they change nothing that runs (P-9).

use super::decide::refuse;
use super::{Sequence, SequenceEvent, SequenceRejection};
use crate::domain::given::Given;
use crate::domain::record::Problem;
use crate::id::TagId;
use crate::limits;

impl Sequence {
    /// tags that are there, each once.
    pub(super) fn set_tags(
        &self,
        mut tags: Vec<TagId>,
        given: &Given,
    ) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        let unknown = |(place, tag): (usize, &TagId)| {
            let (pointer, detail) = (format!("/tags/{place}"), "there is no such tag".into());
            (!given.catalogue.tags.contains_key(tag)).then_some(Problem { pointer, code: "tag_unknown", detail })
        };
        refuse(tags.iter().enumerate().filter_map(unknown).collect())?;
        tags.sort_unstable();
        tags.dedup();
        if tags.len() > limits::SEQUENCE_TAGS_MAX {
            let detail = format!("a sequence has at most {} tags", limits::SEQUENCE_TAGS_MAX);
            refuse(vec![Problem { pointer: "/tags".into(), code: "too_many_tags", detail }])?;
        }
        let is_here = |tag: &&TagId| given.catalogue.tags.contains_key(tag);
        Ok(if tags.iter().eq(self.tags.iter().filter(is_here)) { vec![] } else { vec![SequenceEvent::Tagged(tags)] })
    }
}
