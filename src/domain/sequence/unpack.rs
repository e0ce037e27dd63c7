//! What follows when a bundle brings a sequence: it is made or brought up to what the bundle says (Q-94, D-41).

use super::decide::{disabled, graph_problems, refuse, texts};
use super::graph::Graph;
use super::{Property, Sequence, SequenceEvent, SequenceRejection, SequenceStatus, write_graph};
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::plan::AssignTo;
use crate::domain::record::Problem;
use crate::domain::record::schema::{Owner, RecordType};
use crate::domain::trial::script::Test;

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
    /// The draft.
    pub graph: Graph,
    ///
    pub exit_on_reply: bool,
    /// §3.3.
    pub assign_to: AssignTo,
    /// Its tests.
    pub tests: Vec<Test>,
    /// How the bundle writes keys that do not spell the ids they stand for.
    pub keys: Vec<(u128, String)>,
}

impl Sequence {
    /// What there is for records to be connected to, or would be if the draft were activated: graph, whether a reply ends
    /// it, and who gets the steps.
    pub fn in_use(&self) -> (Graph, bool, AssignTo) {
        match self.published.last().filter(|_| self.status == SequenceStatus::Active) {
            Some(version) => (super::read_graph(&version.graph), version.exit_on_reply, version.assign_to),
            None => (self.graph(), self.exit_on_reply, self.assign_to),
        }
    }

    /// Makes the sequence, or writes what differs. One that is there keeps its owner; a new one is the importer's, inactive
    /// and without enrolments.
    pub(super) fn unpack(
        &self,
        packed: Packed,
        given: &Given,
        stamp: Stamp,
    ) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        let mut problems = texts(Some(&packed.name), Some(&packed.description));
        problems.extend(
            graph_problems(&packed.graph)
                .into_iter()
                .map(|problem| Problem { pointer: format!("/graph{}", problem.pointer), ..problem }),
        );
        refuse(problems)?;
        let Packed { name, description, record_type, template, graph, exit_on_reply, assign_to, tests, keys } = packed;
        let (mut after, mut events, graph) = (self.clone(), Vec::new(), write_graph(&graph));
        if self.exists && self.record_type != record_type {
            let detail = format!("the sequence that is there is for records of type {}", self.record_type.name());
            let problem = Problem { pointer: "/record_type".into(), code: "record_type_mismatch", detail };
            return Err(SequenceRejection::Invalid(vec![problem]));
        }
        if !self.exists {
            refuse(disabled(record_type, given))?;
            let (name, description, graph) = (name.clone(), description.clone(), graph.clone());
            let owner = Owner::User(stamp.by);
            events.push(SequenceEvent::Created { name, description, record_type, template, graph, owner });
            after.apply(&events[0], stamp);
        }
        let mut properties = vec![Property::Name(name), Property::Description(description)];
        properties.extend([Property::ExitOnReply(exit_on_reply), Property::AssignTo(assign_to)]);
        properties.retain(|property| !after.has(property));
        let of_version = |property: &Property| matches!(property, Property::ExitOnReply(_) | Property::AssignTo(_));
        let is_edited = graph != after.draft || properties.iter().any(of_version);
        if self.status == SequenceStatus::Active && is_edited {
            return Err(SequenceRejection::Active);
        }
        if !properties.is_empty() {
            events.push(SequenceEvent::Changed(properties));
        }
        if graph != after.draft {
            events.push(SequenceEvent::GraphSaved(graph));
        }
        events.extend(after.save_tests(&tests)?);
        let mut keys = keys;
        keys.retain(|(named, key)| after.keys.get(named) != Some(key));
        if !keys.is_empty() {
            events.push(SequenceEvent::KeysGiven(keys));
        }
        Ok(events)
    }
}
