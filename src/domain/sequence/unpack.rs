//! What follows when a bundle brings a sequence: it is made or brought up to what the bundle says (Q-94, D-41).

use super::conduct::{Conduct, Reentry};
use super::decide::{graph_problems, refuse, texts, ways};
use super::graph::Graph;
use super::{Property, Sequence, SequenceEvent, SequenceRejection, read_graph, write_graph};
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::record::Problem;
use crate::domain::record::schema::{Owner, RecordType};
use crate::domain::trial::script::Test;
use crate::id::{SequenceId, TagId};

/// A sequence as a bundle has it, with ids where nodes name something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Packed {
    ///
    pub name: String,
    ///
    pub description: String,
    /// Q-2; that of a sequence that is there never changes.
    pub record_type: RecordType,
    /// The template it came from; that of a sequence that is there never changes.
    pub template: Option<String>,
    /// Its tags, and no others.
    pub tags: Vec<TagId>,
    /// The draft.
    pub graph: Graph,
    /// How records go through it.
    pub conduct: Conduct,
    /// Whether they may enter again.
    pub reentry: Reentry,
    /// Not together with another sequence of this tag.
    pub exclusive: Option<TagId>,
    /// Its tests.
    pub tests: Vec<Test>,
    /// How the bundle writes keys that do not spell the ids they stand for.
    pub keys: Vec<(u128, String)>,
}

impl Sequence {
    /// What there is for records to be connected to, or would be if the draft were activated.
    pub fn in_use(&self) -> (Graph, Conduct) {
        match self.published.last().filter(|_| self.status.is_active()) {
            Some(version) => (read_graph(&version.graph), version.conduct.clone()),
            None => (self.graph(), self.conduct.clone()),
        }
    }

    /// Makes the sequence, or writes what differs; of one that is active as a revision. One that is there keeps its
    /// owner; a new one is the importer's, inactive and without enrolments.
    pub(super) fn unpack(
        &self,
        id: SequenceId,
        packed: Packed,
        given: &Given,
        stamp: Stamp,
    ) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        if self.is_deleted {
            return Err(SequenceRejection::Exists);
        }
        let mut problems = texts(Some(&packed.name), Some(&packed.description));
        let typed = Sequence { record_type: packed.record_type, ..Sequence::default() };
        let window = Property::Window(packed.conduct.window.clone());
        for property in [window, Property::Reentry(packed.reentry), Property::Exclusive(packed.exclusive)] {
            problems.extend(typed.property_problems(&property, given));
        }
        problems.extend(
            graph_problems(&packed.graph)
                .into_iter()
                .map(|problem| Problem { pointer: format!("/graph{}", problem.pointer), ..problem }),
        );
        refuse(problems)?;
        if self.exists && self.record_type != packed.record_type {
            let detail = format!("the sequence that is there is for records of type {}", self.record_type);
            let problem = Problem { pointer: "/record_type".into(), code: "record_type_mismatch", detail };
            return Err(SequenceRejection::Invalid(vec![problem]));
        }
        let mut events = Vec::new();
        let mut after = self.clone();
        if !self.exists {
            events.push(SequenceEvent::Created {
                name: packed.name.clone(),
                description: packed.description.clone(),
                record_type: packed.record_type,
                template: packed.template.clone(),
                graph: write_graph(&packed.graph),
                owner: Owner::User(stamp.by),
            });
            after.apply(&events[0], stamp);
        }
        events.extend(after.unpack_version(id, &packed, given, stamp)?);
        let texts = [Property::Name(packed.name), Property::Description(packed.description)];
        let entry = [Property::Reentry(packed.reentry), Property::Exclusive(packed.exclusive)];
        events.extend(after.differing(texts.into_iter().chain(entry)));
        events.extend(after.save_tests(&packed.tests)?);
        events.extend(after.set_tags(packed.tags, given)?);
        let mut keys = packed.keys;
        keys.retain(|(named, key)| after.keys.get(named) != Some(key));
        events.extend((!keys.is_empty()).then_some(SequenceEvent::KeysGiven(keys)));
        Ok(events)
    }

    /// What becomes the next version: nothing, where that in use is what the bundle says, whatever is being drawn.
    fn unpack_version(
        &self,
        id: SequenceId,
        packed: &Packed,
        given: &Given,
        stamp: Stamp,
    ) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        if self.in_use() == (packed.graph.clone(), packed.conduct.clone()) {
            return Ok(vec![]);
        }
        let is_active = self.status.is_active();
        // The steps of those who are connected go to whom they went before.
        if is_active && self.conduct.assign_to != packed.conduct.assign_to {
            return Err(SequenceRejection::Active);
        }
        let mut events = if is_active { self.revise(given, stamp)? } else { vec![] };
        events.extend(self.differing(ways(&packed.conduct, self.reentry, self.exclusive)));
        let is_drawn = self.graph() == packed.graph;
        if !is_drawn {
            self.ab_locked(given, id, &packed.graph, false)?;
            events.push(SequenceEvent::GraphSaved(write_graph(&packed.graph)));
        }
        Ok(events)
    }

    /// Properties to be written, if they differ.
    fn differing(&self, properties: impl IntoIterator<Item = Property>) -> Option<SequenceEvent> {
        let properties: Vec<_> = properties.into_iter().filter(|property| !self.has(property)).collect();
        (!properties.is_empty()).then_some(SequenceEvent::Changed(properties))
    }
}
