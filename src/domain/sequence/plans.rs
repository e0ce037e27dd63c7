//! The plans of a sequence: its draft and its published versions, compiled, and what the checks learn of everything around.

use super::{Sequence, SequenceStatus, Version, read_graph};
use crate::domain::condition::check::Schema;
use crate::domain::condition::subject::OfRecord;
use crate::domain::given::Given;
use crate::domain::message_template::MessageKind;
use crate::domain::plan::compile::{Diagnostic, Properties, Surroundings, compile, recompile};
use crate::domain::plan::{AssignTo, Channel, Plan};
use crate::domain::record::schema::RecordType;
use crate::id::{FlowId, SequenceId, TemplateId};

impl Sequence {
    /// The draft compiled with the present properties; `id` is its own.
    pub fn compile_draft(&self, id: SequenceId, given: &Given) -> (Option<Plan>, Vec<Diagnostic>) {
        let properties = Properties { record_type: self.record_type, conduct: self.conduct.clone() };
        compile(&self.graph(), &properties, &Around { id, given })
    }

    /// A published version compiled again.
    pub fn compile_version(&self, version: &Version) -> Option<Plan> {
        let properties = Properties { record_type: self.record_type, conduct: version.conduct.clone() };
        recompile(&read_graph(&version.graph), &properties)
    }
}

/// Everything around the sequence of that id.
struct Around<'a> {
    id: SequenceId,
    given: &'a Given,
}

impl Surroundings for Around<'_> {
    fn has_record_type(&self, record_type: RecordType) -> bool {
        self.given.policy.settings().record_types.contains(&record_type)
    }

    fn schema(&self, record_type: RecordType) -> Box<dyn Schema + '_> {
        Box::new(OfRecord { kind: record_type, catalogue: &self.given.catalogue })
    }

    fn stages(&self, record_type: RecordType, flow: &str) -> Option<Vec<String>> {
        let flow = self.given.catalogue.flows.get(&FlowId::parse(flow)?)?;
        (flow.kind == record_type).then(|| flow.stages.clone())
    }

    fn has_call_result(&self, result: &str) -> bool {
        self.given.catalogue.has_call_result(result)
    }

    fn has_template(&self, channel: Channel, id: TemplateId) -> bool {
        let kind = match channel {
            Channel::Email => MessageKind::Mail,
            Channel::Text => MessageKind::Text,
        };
        self.given.message(id, kind).is_some()
    }

    fn assign_fault(&self, assign_to: &AssignTo, record_type: RecordType) -> Option<String> {
        assign_to.fault(record_type, &self.given.catalogue)
    }

    fn tracks_engagement(&self) -> bool {
        self.given.policy.settings().email_engagement
    }

    fn advance_fault(&self, record_type: RecordType, target: SequenceId) -> Option<String> {
        if target == self.id {
            return Some("a sequence does not advance to itself".into());
        }
        let Some(sequence) = self.given.sequences.get(&target) else {
            return Some(format!("there is no sequence `{target}`"));
        };
        match () {
            () if sequence.status == SequenceStatus::Inactive => Some(format!("“{}” is not active", sequence.name)),
            () if sequence.record_type != record_type => {
                let (name, runs_on) = (&sequence.name, sequence.record_type.name());
                Some(format!("“{name}” runs on records of type {runs_on}, not {}", record_type.name()))
            }
            () => None,
        }
    }
}
