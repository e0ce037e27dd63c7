//! Surroundings that a graph is checked in, where each answer can be chosen.

use relance::domain::catalogue::Catalogue;
use relance::domain::condition::check::Schema;
use relance::domain::condition::subject::OfRecord;
use relance::domain::plan::compile::{Properties, Severity, Surroundings, compile};
use relance::domain::plan::{AssignTo, Channel};
use relance::domain::record::schema::RecordType;
use relance::domain::sequence::conduct::Conduct;
use relance::domain::sequence::graph::Graph;
use relance::id::{SequenceId, TemplateId};

use super::draw::TEMPLATE;

/// The sequence that drawn graphs may advance to.
pub const TARGET: SequenceId = SequenceId(0x77);
/// The one process flow there is.
pub const FLOW: &str = "00000000-0000-7000-8000-000000000071";
/// Its stages.
pub const STAGES: [&str; 2] = ["offer", "contract"];

/// Properties of a sequence and answers of its surroundings.
pub struct Setting {
    pub kind: RecordType,
    pub exit_on_reply: bool,
    pub has_record_type: bool,
    pub tracks_engagement: bool,
    pub catalogue: Catalogue,
}

impl Default for Setting {
    fn default() -> Setting {
        let (kind, catalogue) = (RecordType::Lead, Catalogue::default());
        Setting { kind, exit_on_reply: false, has_record_type: true, tracks_engagement: true, catalogue }
    }
}

impl Surroundings for Setting {
    fn has_record_type(&self, record_type: RecordType) -> bool {
        assert_eq!(record_type, self.kind);
        self.has_record_type
    }

    fn schema(&self, record_type: RecordType) -> Box<dyn Schema + '_> {
        Box::new(OfRecord { kind: record_type, catalogue: &self.catalogue })
    }

    fn stages(&self, record_type: RecordType, flow: &str) -> Option<Vec<String>> {
        let has_flow = record_type == RecordType::Lead && flow == FLOW;
        has_flow.then(|| STAGES.map(str::to_owned).into())
    }

    fn has_call_result(&self, result: &str) -> bool {
        self.catalogue.has_call_result(result)
    }

    fn has_template(&self, _channel: Channel, id: TemplateId) -> bool {
        Some(id) == TemplateId::parse(TEMPLATE)
    }

    fn assign_fault(&self, assign_to: &AssignTo, record_type: RecordType) -> Option<String> {
        assign_to.fault(record_type, &self.catalogue)
    }

    fn tracks_engagement(&self) -> bool {
        self.tracks_engagement
    }

    fn advance_fault(&self, _record_type: RecordType, target: SequenceId) -> Option<String> {
        (target != TARGET).then(|| "not there".into())
    }
}

impl Setting {
    /// `code@node` of every diagnostic, warnings with a `?`, in order of appearance.
    pub fn found(&self, drawn: &Graph) -> Vec<String> {
        let conduct = Conduct { exit_on_reply: self.exit_on_reply, ..Conduct::default() };
        let properties = Properties { record_type: self.kind, conduct };
        let (plan, diagnostics) = compile(drawn, &properties, self);
        let errors = diagnostics.iter().filter(|one| one.severity == Severity::Error).count();
        assert_eq!(plan.is_none(), errors > 0, "a plan exactly where nothing blocks");
        assert!(diagnostics.iter().all(|one| !one.detail.is_empty()));
        let shown = diagnostics.iter().map(|one| {
            let mark = if one.severity == Severity::Warning { "?" } else { "" };
            format!("{}{mark}@{}", one.code, one.node.as_deref().unwrap_or_default())
        });
        shown.collect()
    }
}
