//! Process flows: the stages that records of a type go through, and what is decided about them.

use serde::{Deserialize, Serialize};

use super::Catalogue;
use super::command::{CatalogueEvent, CatalogueRejection};
use super::decide::{Decision, at, label_fault, names_fault, refuse, seen};
use crate::domain::given::Given;
use crate::domain::organisation::settings::CallResult;
use crate::domain::plan::{Action, PlanNode};
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::Sequence;
use crate::id::FlowId;
use crate::limits;

/// A process that records of a type go through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Unique among the flows of its type.
    pub name: String,
    /// Whose records go through it.
    pub kind: RecordType,
    /// In the order in which they are meant to be gone through.
    pub stages: Vec<String>,
    /// Changes so far; 1 when it was added.
    pub version: u32,
}

/// The stages for which a node looks, if it looks at that flow.
fn stages_of(node: &PlanNode, flow: FlowId) -> Option<&[String]> {
    match &node.action {
        Action::StageCondition { flow: looked_at, stages } if *looked_at == flow => Some(stages),
        _ => None,
    }
}

/// Refuses what an active sequence would miss.
fn judge_reference(what: &str, by: Option<&Sequence>) -> Result<(), CatalogueRejection> {
    match by {
        None => Ok(()),
        Some(sequence) => Err(CatalogueRejection::Referenced(format!("{what} is used by “{}”", sequence.name))),
    }
}

impl Catalogue {
    fn flow(&self, flow: FlowId) -> Result<&Flow, CatalogueRejection> {
        self.flows.get(&flow).ok_or(CatalogueRejection::NotFound("process flow"))
    }

    fn judge_flow(
        &self,
        own: FlowId,
        kind: RecordType,
        name: &str,
        stages: &[String],
    ) -> Result<(), CatalogueRejection> {
        let mut faults = vec![at("/name", label_fault(name))];
        faults.extend(names_fault(stages, (limits::STAGES_MAX, limits::LABEL_MAX), "/stages"));
        refuse(faults)?;
        let same = |(id, flow): (&FlowId, &Flow)| *id != own && flow.kind == kind && flow.name == name;
        if self.flows.iter().any(same) { Err(CatalogueRejection::NameTaken("process flow")) } else { Ok(()) }
    }

    pub(super) fn add_flow(&self, flow: FlowId, name: String, kind: RecordType, stages: Vec<String>) -> Decision {
        if self.flows.contains_key(&flow) {
            return Err(CatalogueRejection::Exists);
        }
        let unknown = || ("record_type_unknown", format!("there is no record type `{kind}`"));
        refuse([at("/record_type", (!self.knows(kind)).then(unknown))])?;
        self.judge_flow(flow, kind, &name, &stages)?;
        if self.flows.len() >= limits::FLOWS_MAX {
            return Err(CatalogueRejection::Full("process flows"));
        }
        Ok(vec![CatalogueEvent::FlowAdded { flow, name, kind, stages }])
    }

    pub(super) fn change_flow(
        &self,
        given: &Given,
        flow: FlowId,
        (name, stages): (Option<String>, Option<Vec<String>>),
        expected: Option<u32>,
    ) -> Decision {
        let found = self.flow(flow)?;
        seen(found.version, expected)?;
        let before = (found.name.clone(), found.stages.clone());
        let after = (name.unwrap_or_else(|| before.0.clone()), stages.unwrap_or_else(|| before.1.clone()));
        self.judge_flow(flow, found.kind, &after.0, &after.1)?;
        for stage in before.1.iter().filter(|stage| !after.1.contains(stage)) {
            let used = |node: &PlanNode| stages_of(node, flow).is_some_and(|stages| stages.contains(stage));
            judge_reference(&format!("the stage `{stage}`"), given.active_with(used).next())?;
        }
        Ok(if before == after { vec![] } else { vec![CatalogueEvent::FlowChanged { flow, before, after }] })
    }

    pub(super) fn remove_flow(&self, given: &Given, flow: FlowId, expected: Option<u32>) -> Decision {
        seen(self.flow(flow)?.version, expected)?;
        let used = |node: &PlanNode| stages_of(node, flow).is_some();
        judge_reference("the process flow", given.active_with(used).next())?;
        Ok(vec![CatalogueEvent::FlowRemoved { flow }])
    }

    /// What is wrong with a stage that a record of a type is to stand on; the place is a member of the request.
    pub fn stage_fault(
        &self,
        kind: RecordType,
        flow: FlowId,
        stage: &str,
    ) -> Option<(&'static str, &'static str, String)> {
        match self.flows.get(&flow).filter(|flow| flow.kind == kind) {
            None => {
                Some(("/flow", "process_flow_unknown", format!("records of type {kind} have no such process flow")))
            }
            Some(flow) if flow.stages.iter().any(|known| known == stage) => None,
            Some(flow) => {
                let known = flow.stages.join(", ");
                Some(("/stage", "process_stage_unknown", format!("`{stage}` is no stage of “{}”: {known}", flow.name)))
            }
        }
    }

    /// How a call can end from now on (CO-31); what an active sequence asks for stays.
    pub(super) fn set_call_results(&self, given: &Given, after: Vec<String>, expected: Option<u32>) -> Decision {
        seen(self.call_results_version, expected)?;
        refuse(names_fault(&after, (limits::CALL_RESULTS_MAX, limits::LABEL_MAX), "/items"))?;
        for result in self.call_results.iter().filter(|result| !after.contains(result)) {
            let asks = |node: &PlanNode| matches!(&node.action, Action::CallResult(asked) if asked.contains(result));
            judge_reference(&format!("the call result `{result}`"), given.active_with(asks).next())?;
            if given.policy.settings().call_result == CallResult::Default(result.clone()) {
                let detail = format!("the call result `{result}` is the default one in the settings");
                return Err(CatalogueRejection::Referenced(detail));
            }
        }
        let before = self.call_results.clone();
        Ok(if before == after { vec![] } else { vec![CatalogueEvent::CallResultsSet { before, after }] })
    }
}
