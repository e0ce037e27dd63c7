//! The plans of a sequence: its draft and its published versions, compiled.

use super::{Sequence, Version, read_graph};
use crate::domain::given::Given;
use crate::domain::message_template::MessageKind;
use crate::domain::plan::Plan;
use crate::domain::plan::compile::{Diagnostic, Surroundings, compile};

impl Sequence {
    /// The draft compiled with the present properties.
    pub fn compile_draft(&self, given: &Given) -> (Option<Plan>, Vec<Diagnostic>) {
        let around = Surroundings {
            record_type: self.record_type,
            exit_on_reply: self.exit_on_reply,
            assign_to: self.assign_to,
            has_call_result: &|result| given.catalogue.has_call_result(result),
            takes_option: &|field, value| {
                given.catalogue.field(self.record_type, field).is_some_and(|field| field.kind.takes_option(value))
            },
            has_template: &|id| given.message(id, MessageKind::Mail).is_some(),
        };
        compile(&self.graph(), &around)
    }

    /// A published version compiled again. What it names was there when it was published and may be gone since; the
    /// records that are going through it go on all the same.
    pub fn compile_version(&self, version: &Version) -> Option<Plan> {
        let around = Surroundings {
            record_type: self.record_type,
            exit_on_reply: version.exit_on_reply,
            assign_to: version.assign_to,
            has_call_result: &|_| true,
            takes_option: &|_, _| true,
            has_template: &|_| true,
        };
        compile(&read_graph(&version.graph), &around).0
    }
}
