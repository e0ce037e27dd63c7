//! Tags of a bundle: every one on the way to those that it names, parents first.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::catalogue::component;
use super::{Change, Component, Judge, Order, Refused};
use crate::domain::catalogue::command::{CatalogueCommand, CatalogueRejection};
use crate::domain::record;
use crate::id::{IdSource, TagId, digest};
use crate::limits;
use crate::web::bundle::{PackedSequence, beginning, judge_count};
use crate::web::problem::{Fault, Problem};

impl Judge {
    /// Tags of the bundle and of its sequences.
    pub(super) fn tags(&mut self, tags: &[String], sequences: &[PackedSequence<Value>]) -> Result<(), Problem> {
        let here = self.catalogue.tags.keys();
        self.tags = here.filter_map(|tag| Some((self.catalogue.tag_path(*tag)?, *tag))).collect();
        let own = tags.iter().enumerate().map(|(place, path)| (path, format!("/tags/{place}")));
        let applied = sequences.iter().enumerate().flat_map(|(number, sequence)| {
            let pointer = move |place: usize| format!("/sequences/{number}/tags/{place}");
            sequence.tags.iter().enumerate().map(move |(place, path)| (path, pointer(place)))
        });
        let (mut paths, mut wanted) = (HashSet::new(), BTreeMap::new());
        let alone = sequences.iter().enumerate().filter_map(|(number, sequence)| {
            Some((sequence.exclusive.as_ref()?, format!("/sequences/{number}/exclusive")))
        });
        for (path, pointer) in own.chain(applied).chain(alone) {
            if !paths.insert(path) {
                continue;
            }
            judge_count("/tags", paths.len())?;
            // Before its parts are looked at: a path may be as long as a request.
            if path.split('/').nth(limits::TAG_LEVELS_MAX).is_some() {
                let detail = format!("`{}`: {}", beginning(path), CatalogueRejection::TagDepth);
                self.faults.push(Fault { pointer, code: "tag_depth".into(), detail });
                continue;
            }
            let names: Vec<&str> = path.split('/').collect();
            for depth in 1..=names.len() {
                wanted.entry(names[..depth].to_vec()).or_insert_with(|| pointer.clone());
            }
        }
        let used: HashSet<TagId> = self.given.sequences.values().flat_map(|one| one.tags.iter().copied()).collect();
        for (names, pointer) in wanted {
            self.tag(&names, &pointer, &used)?;
        }
        Ok(())
    }

    /// `used` are the tags that sequences have, removed ones among them.
    fn tag(&mut self, names: &[&str], pointer: &str, used: &HashSet<TagId>) -> Result<(), Problem> {
        let Some((name, above)) = names.split_last() else { return Ok(()) };
        let (path, above) = (names.join("/"), above.join("/"));
        if let Some(id) = self.tags.get(&path) {
            let found = Component { change: Change::Unchanged, ..component("tag", path, true) };
            self.components.push((found.with_id(id), None));
            return Ok(());
        }
        let parent = self.tags.get(&above).copied();
        let created = component("tag", path.clone(), false);
        if parent.is_none() && names.len() > 1 {
            self.components.push((created.conflict(format!("there can be no tag `{above}` to stand below")), None));
            return Ok(());
        }
        // A tag that was removed does not come back to the sequences that had it.
        let mut id = TagId(IdSource::derived(digest(&[b"tag", path.as_bytes()]), 0));
        while self.catalogue.tags.contains_key(&id) || used.contains(&id) {
            id = TagId(IdSource::derived(id.0, 1));
        }
        let command = CatalogueCommand::AddTags { parent, tags: vec![(id, (*name).to_owned())] };
        let decided = self.arrange(command.clone());
        if decided.is_ok() {
            self.tags.insert(path, id);
        }
        let decided = decided.map_err(|rejection| match rejection {
            // Its name is the path itself.
            CatalogueRejection::Invalid(problems) => Refused::Invalid(
                problems.into_iter().map(|problem| record::Problem { pointer: String::new(), ..problem }).collect(),
            ),
            rejection => rejection.into(),
        });
        self.settle(created.with_id(id), pointer, decided, Order::Catalogue(command))
    }
}
