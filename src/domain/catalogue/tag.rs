//! Tags for sequences: a forest of names, four levels deep (§3.7, L-13).

use serde::{Deserialize, Serialize};

use super::Catalogue;
use super::command::{CatalogueEvent, CatalogueRejection};
use super::decide::{Decision, at, label_fault, refuse, seen};
use crate::domain::record::Problem;
use crate::id::TagId;
use crate::limits;

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Unique below its parent; without a `/`.
    pub name: String,
    /// The tag it stands below; none on the first level.
    pub parent: Option<TagId>,
    /// Changes so far; 1 when it was added.
    pub version: u32,
}

impl Catalogue {
    /// The full path of a tag, such as `Europe/Galicia`; `None` if there is no such tag any more.
    pub fn tag_path(&self, tag: TagId) -> Option<String> {
        let mut names: Vec<&str> = self.line(Some(tag)).map(|(_, tag)| tag.name.as_str()).collect();
        names.reverse();
        (!names.is_empty()).then(|| names.join("/"))
    }

    /// A tag and those above it, from below.
    fn line(&self, tag: Option<TagId>) -> impl Iterator<Item = (TagId, &Tag)> {
        let found = |id: TagId| self.tags.get(&id).map(|tag| (id, tag));
        std::iter::successors(tag.and_then(found), move |(_, tag)| tag.parent.and_then(found))
            .take(limits::TAG_LEVELS_MAX)
    }

    /// Whether `tag` is `above` or stands below it.
    pub fn is_within(&self, tag: TagId, above: TagId) -> bool {
        self.line(Some(tag)).any(|(id, _)| id == above)
    }

    fn children(&self, parent: Option<TagId>) -> impl Iterator<Item = (TagId, &Tag)> {
        self.tags.iter().filter(move |(_, tag)| tag.parent == parent).map(|(id, tag)| (*id, tag))
    }

    /// Levels from a tag to the lowest below it, its own included.
    fn height(&self, tag: TagId) -> usize {
        1 + self.children(Some(tag)).map(|(child, _)| self.height(child)).max().unwrap_or(0)
    }

    fn tag(&self, tag: TagId) -> Result<&Tag, CatalogueRejection> {
        self.tags.get(&tag).ok_or(CatalogueRejection::NotFound("tag"))
    }

    fn judge_parent(&self, parent: Option<TagId>) -> Result<(), CatalogueRejection> {
        let is_there = parent.is_none_or(|parent| self.tags.contains_key(&parent));
        let unknown = || ("tag_unknown", "there is no such tag".to_owned());
        refuse([at("/parent", (!is_there).then(unknown))])
    }

    /// Whether `more` tags, the highest of them `height` levels high, fit below `parent` (Q-81, D-40).
    fn judge_room(&self, parent: Option<TagId>, more: usize, height: usize) -> Result<(), CatalogueRejection> {
        if self.line(parent).count() + height > limits::TAG_LEVELS_MAX {
            return Err(CatalogueRejection::TagDepth);
        }
        let full = parent.is_some() && self.children(parent).count() + more > limits::TAGS_PER_PARENT_MAX;
        if full { Err(CatalogueRejection::TagLevelFull) } else { Ok(()) }
    }

    fn has_child(&self, parent: Option<TagId>, name: &str, but: Option<TagId>) -> bool {
        self.children(parent).any(|(id, tag)| tag.name == name && Some(id) != but)
    }

    /// all of them or none. `pointer` names the place of one among the names.
    pub(super) fn add_tags(&self, parent: Option<TagId>, tags: Vec<(TagId, String)>) -> Decision {
        if tags.iter().any(|(id, _)| self.tags.contains_key(id)) {
            return Err(CatalogueRejection::Exists);
        }
        self.judge_parent(parent)?;
        let none = tags.is_empty().then(|| ("missing", "at least one name is needed".to_owned()));
        let pointer = |place: usize| if tags.len() == 1 { "/name".to_owned() } else { format!("/names/{place}") };
        let faults: Vec<Option<Problem>> =
            tags.iter().enumerate().map(|(place, (_, name))| at(pointer(place), label_fault(name))).collect();
        refuse(faults.into_iter().chain([at("/names", none)]))?;
        for (place, (_, name)) in tags.iter().enumerate() {
            judge_slash(name)?;
            if self.has_child(parent, name, None) || tags[..place].iter().any(|(_, other)| other == name) {
                return Err(CatalogueRejection::NameTaken("tag"));
            }
        }
        self.judge_room(parent, tags.len(), 1)?;
        if self.tags.len() + tags.len() > limits::TAGS_MAX {
            return Err(CatalogueRejection::Full("tags"));
        }
        Ok(vec![CatalogueEvent::TagsAdded { parent, tags }])
    }

    /// a tag is moved with everything below it.
    pub(super) fn change_tag(
        &self,
        tag: TagId,
        name: Option<String>,
        parent: Option<Option<TagId>>,
        expected: Option<u32>,
    ) -> Decision {
        let found = self.tag(tag)?;
        seen(found.version, expected)?;
        let before = (found.name.clone(), found.parent);
        let after = (name.unwrap_or_else(|| before.0.clone()), parent.unwrap_or(before.1));
        refuse([at("/name", label_fault(&after.0))])?;
        judge_slash(&after.0)?;
        self.judge_parent(after.1)?;
        if self.line(after.1).any(|(above, _)| above == tag) {
            return Err(CatalogueRejection::TagCycle);
        }
        if self.has_child(after.1, &after.0, Some(tag)) {
            return Err(CatalogueRejection::NameTaken("tag"));
        }
        if before.1 != after.1 {
            self.judge_room(after.1, 1, self.height(tag))?;
        }
        Ok(if before == after { vec![] } else { vec![CatalogueEvent::TagChanged { tag, before, after }] })
    }

    /// its children move up. Where one of them has the name of a tag that stands there, or there is no room for them,
    /// nothing happens: which of two gives way is for people to say.
    pub(super) fn remove_tag(&self, tag: TagId, expected: Option<u32>) -> Decision {
        let found = self.tag(tag)?;
        seen(found.version, expected)?;
        let mut more = 0;
        for (_, child) in self.children(Some(tag)) {
            more += 1;
            if self.has_child(found.parent, &child.name, Some(tag)) {
                return Err(CatalogueRejection::NameTaken("tag"));
            }
        }
        // The tag itself leaves its place to the first of them.
        if more > 1 {
            self.judge_room(found.parent, more - 1, 0)?;
        }
        Ok(vec![CatalogueEvent::TagRemoved { tag }])
    }

    pub(super) fn apply_removal(&mut self, tag: TagId) {
        let parent = self.tags.remove(&tag).and_then(|gone| gone.parent);
        for child in self.tags.values_mut().filter(|child| child.parent == Some(tag)) {
            child.parent = parent;
            child.version += 1;
        }
    }
}

///
fn judge_slash(name: &str) -> Result<(), CatalogueRejection> {
    if name.contains('/') { Err(CatalogueRejection::TagSlash) } else { Ok(()) }
}
