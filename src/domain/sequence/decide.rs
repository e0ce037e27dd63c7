//! What follows from a command to a sequence: checks, then the events.

use super::graph::Graph;
use super::{
    Property, Sequence, SequenceCommand, SequenceEvent, SequenceRejection, SequenceStatus, rights, write_graph,
};
use crate::domain::entity::Stamp;
use crate::domain::given::Given;
use crate::domain::plan::compile::Severity;
use crate::domain::plan::structure::structural_faults;
use crate::domain::record::Problem;
use crate::domain::record::schema::Owner;
use crate::id::SequenceId;
use crate::limits;

/// See [`crate::domain::entity::Entity::decide`].
pub fn decide(
    sequence: &Sequence,
    id: SequenceId,
    given: &Given,
    command: SequenceCommand,
    stamp: Stamp,
) -> Result<Vec<SequenceEvent>, SequenceRejection> {
    if !sequence.exists && !matches!(command, SequenceCommand::Create { .. }) {
        return Err(SequenceRejection::NotFound);
    }
    rights::judge(sequence, given, &command, stamp)?;
    match command {
        SequenceCommand::Create { .. } if sequence.exists => Err(SequenceRejection::Exists),
        SequenceCommand::Create { name, description, record_type, template, graph } => {
            refuse(texts(Some(&name), Some(&description)))?;
            refuse(graph_problems(&graph))?;
            let (graph, owner) = (write_graph(&graph), Owner::User(stamp.by));
            Ok(vec![SequenceEvent::Created { name, description, record_type, template, graph, owner }])
        }
        SequenceCommand::Change(properties) => sequence.change(properties),
        SequenceCommand::SaveGraph(_) if sequence.status == SequenceStatus::Active => Err(SequenceRejection::Active),
        SequenceCommand::SaveGraph(graph) => {
            refuse(graph_problems(&graph))?;
            let json = write_graph(&graph);
            Ok(if json == sequence.draft { vec![] } else { vec![SequenceEvent::GraphSaved(json)] })
        }
        SequenceCommand::Activate { .. } if sequence.status == SequenceStatus::Active => Err(SequenceRejection::Active),
        SequenceCommand::Activate { description } => sequence.activate(id, description, given),
        SequenceCommand::Deactivate if sequence.status == SequenceStatus::Inactive => Err(SequenceRejection::NotActive),
        SequenceCommand::Deactivate => Ok(vec![SequenceEvent::Deactivated]),
        SequenceCommand::Emptied { until } if sequence.emptying_since == Some(until) => {
            Ok(vec![SequenceEvent::Emptied])
        }
        SequenceCommand::Emptied { .. } => Ok(vec![]),
    }
}

impl Sequence {
    fn change(&self, mut properties: Vec<Property>) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        let of_version = |property: &Property| matches!(property, Property::ExitOnReply(_) | Property::AssignTo(_));
        properties.retain(|property| !self.has(property));
        if self.status == SequenceStatus::Active && properties.iter().any(of_version) {
            return Err(SequenceRejection::Active);
        }
        let mut problems = Vec::new();
        for property in &properties {
            match property {
                Property::Name(name) => problems.extend(texts(Some(name), None)),
                Property::Description(description) => problems.extend(texts(None, Some(description))),
                Property::ExitOnReply(_) | Property::AssignTo(_) | Property::Owner(_) => {}
            }
        }
        refuse(problems)?;
        Ok(if properties.is_empty() { vec![] } else { vec![SequenceEvent::Changed(properties)] })
    }

    /// §3.4: a clean draft becomes the next version, unless it is the last one still.
    fn activate(
        &self,
        id: SequenceId,
        description: Option<String>,
        given: &Given,
    ) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        refuse(texts(None, description.as_deref()))?;
        let (_, diagnostics) = self.compile_draft(id, given);
        let errors: Vec<_> = diagnostics.into_iter().filter(|found| found.severity == Severity::Error).collect();
        if !errors.is_empty() {
            return Err(SequenceRejection::ValidationFailed(errors));
        }
        let version = match (self.published.last(), self.is_edited()) {
            (None, _) => 1,
            (Some(last), false) => last.number,
            (Some(last), true) if last.number >= limits::SEQUENCE_VERSIONS_MAX => {
                return Err(SequenceRejection::VersionsExhausted);
            }
            (Some(last), true) => last.number + 1,
        };
        Ok(vec![SequenceEvent::Activated { version, description }])
    }

    fn has(&self, property: &Property) -> bool {
        match property {
            Property::Name(name) => self.name == *name,
            Property::Description(description) => self.description == *description,
            Property::ExitOnReply(leave) => self.exit_on_reply == *leave,
            Property::AssignTo(assign_to) => self.assign_to == *assign_to,
            Property::Owner(owner) => self.owner == *owner,
        }
    }
}

fn refuse(problems: Vec<Problem>) -> Result<(), SequenceRejection> {
    if problems.is_empty() { Ok(()) } else { Err(SequenceRejection::Invalid(problems)) }
}

fn graph_problems(graph: &Graph) -> Vec<Problem> {
    let mut problems: Vec<_> =
        structural_faults(graph).into_iter().map(|(pointer, code, detail)| Problem { pointer, code, detail }).collect();
    if write_graph(graph).len() > limits::GRAPH_BYTES_MAX {
        let detail = format!("the graph is larger than {} bytes of JSON", limits::GRAPH_BYTES_MAX);
        problems.push(Problem { pointer: String::new(), code: "too_long", detail });
    }
    problems
}

/// a name of 1–160 characters, a description of at most 2,000.
fn texts(name: Option<&str>, description: Option<&str>) -> Vec<Problem> {
    let problem = |pointer: &str, code, detail| Problem { pointer: pointer.into(), code, detail };
    let mut problems = Vec::new();
    if name.is_some_and(|name| name.trim().is_empty()) {
        problems.push(problem("/name", "name_missing", "a sequence needs a name".into()));
    }
    if name.is_some_and(|name| name.chars().count() > limits::SEQUENCE_NAME_MAX) {
        let detail = format!("a name has at most {} characters", limits::SEQUENCE_NAME_MAX);
        problems.push(problem("/name", "name_too_long", detail));
    }
    if description.is_some_and(|text| text.chars().count() > limits::SEQUENCE_DESCRIPTION_MAX) {
        let detail = format!("a description has at most {} characters", limits::SEQUENCE_DESCRIPTION_MAX);
        problems.push(problem("/description", "too_long", detail));
    }
    problems
}
