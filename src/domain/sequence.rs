//! A sequence as authored: a draft graph, the versions that were published from it, and whether records may be connected.

pub mod command;
pub mod graph;
pub mod rights;

use serde::{Deserialize, Serialize};

pub use self::command::{Property, SequenceCommand, SequenceEvent, SequenceRejection};

use self::graph::Graph;
use crate::domain::effect::{Counter, Delivery, Effect, Effects};
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::permission::Denial;
use crate::domain::plan::compile::{Diagnostic, Severity, Surroundings, compile};
use crate::domain::plan::structure::structural_faults;
use crate::domain::plan::{AssignTo, Plan};
use crate::domain::record::Problem;
use crate::domain::record::schema::{Owner, RecordType};
use crate::domain::template;
use crate::id::{EntityKind, SequenceId, UserId};
use crate::limits;
use crate::time::Timestamp;

/// The one delivery a sequence can owe: that its records leave.
const EMPTYING: u32 = 1;

/// Whether records may be connected (§19.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SequenceStatus {
    /// Being drawn.
    #[default]
    Inactive,
    /// Records may be connected.
    Active,
}

/// One published version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// 1–500 (L-7).
    pub number: u16,
    /// The graph, as JSON.
    pub graph: String,
    /// R-30 at the time.
    pub exit_on_reply: bool,
    /// §3.3 at the time.
    pub assign_to: AssignTo,
    /// What the author said about it.
    pub description: Option<String>,
    /// When it was published.
    pub at: Timestamp,
}

/// The state of a sequence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    /// Whether it was created.
    pub exists: bool,
    ///
    pub name: String,
    ///
    pub description: String,
    ///
    pub record_type: RecordType,
    /// The template it came from.
    pub template: Option<String>,
    /// Whose it is.
    pub owner: Owner,
    /// §3.3.
    pub assign_to: AssignTo,
    ///
    pub exit_on_reply: bool,
    /// §19.1.
    pub status: SequenceStatus,
    /// The version that was published last, or 1 before the first.
    pub version: u16,
    /// The draft, as JSON.
    pub draft: String,
    /// When it was deactivated last, while records may still have to leave.
    pub emptying_since: Option<Timestamp>,
    /// Every version that was published.
    pub published: Vec<Version>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last written.
    pub modified_at: Timestamp,
}

impl Sequence {
    /// The draft as a graph.
    pub fn graph(&self) -> Graph {
        read_graph(&self.draft)
    }

    /// The draft compiled with the present properties.
    pub fn compile_draft(&self, given: &Given) -> (Option<Plan>, Vec<Diagnostic>) {
        let around = Surroundings {
            record_type: self.record_type,
            exit_on_reply: self.exit_on_reply,
            assign_to: self.assign_to,
            has_call_result: &|result| given.call_results.iter().any(|known| known == result),
            has_template: &|id| template::mail_template(id).is_some(),
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
            has_template: &|_| true,
        };
        compile(&read_graph(&version.graph), &around).0
    }

    /// Whether activation would publish something else than the last version.
    fn is_edited(&self) -> bool {
        self.published.last().is_none_or(|last| {
            last.graph != self.draft || last.exit_on_reply != self.exit_on_reply || last.assign_to != self.assign_to
        })
    }
}

/// A graph that was stored; only graphs that were read before are.
fn read_graph(json: &str) -> Graph {
    serde_json::from_str(json).unwrap_or_default()
}

fn write_graph(graph: &Graph) -> String {
    serde_json::to_string(graph).unwrap_or_default()
}

impl Entity for Sequence {
    const KIND: EntityKind = EntityKind::Sequence;
    type Id = SequenceId;
    type Given = Given;
    type Command = SequenceCommand;
    type Event = SequenceEvent;
    type Rejection = SequenceRejection;

    fn must_be_seen(&self, given: &Given, by: UserId) -> Result<(), Denial> {
        self.judge_sight(given, by)
    }

    fn decide(
        &self,
        _id: SequenceId,
        given: &Given,
        command: SequenceCommand,
        stamp: Stamp,
    ) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        if !self.exists && !matches!(command, SequenceCommand::Create { .. }) {
            return Err(SequenceRejection::NotFound);
        }
        rights::judge(self, given, &command, stamp)?;
        match command {
            SequenceCommand::Create { .. } if self.exists => Err(SequenceRejection::Exists),
            SequenceCommand::Create { name, description, record_type, template, graph } => {
                refuse(texts(Some(&name), Some(&description)))?;
                refuse(graph_problems(&graph))?;
                let (graph, owner) = (write_graph(&graph), Owner::User(stamp.by));
                Ok(vec![SequenceEvent::Created { name, description, record_type, template, graph, owner }])
            }
            SequenceCommand::Change(properties) => self.change(properties),
            SequenceCommand::SaveGraph(_) if self.status == SequenceStatus::Active => Err(SequenceRejection::Active),
            SequenceCommand::SaveGraph(graph) => {
                refuse(graph_problems(&graph))?;
                let json = write_graph(&graph);
                Ok(if json == self.draft { vec![] } else { vec![SequenceEvent::GraphSaved(json)] })
            }
            SequenceCommand::Activate { .. } if self.status == SequenceStatus::Active => Err(SequenceRejection::Active),
            SequenceCommand::Activate { description } => self.activate(description, given),
            SequenceCommand::Deactivate if self.status == SequenceStatus::Inactive => Err(SequenceRejection::NotActive),
            SequenceCommand::Deactivate => Ok(vec![SequenceEvent::Deactivated]),
            SequenceCommand::Emptied { until } if self.emptying_since == Some(until) => {
                Ok(vec![SequenceEvent::Emptied])
            }
            SequenceCommand::Emptied { .. } => Ok(vec![]),
        }
    }

    fn apply(&mut self, event: &SequenceEvent, stamp: Stamp) {
        match event {
            SequenceEvent::Created { name, description, record_type, template, graph, owner } => {
                *self = Sequence {
                    exists: true,
                    name: name.clone(),
                    description: description.clone(),
                    record_type: *record_type,
                    template: template.clone(),
                    owner: *owner,
                    version: 1,
                    draft: graph.clone(),
                    created_at: stamp.at,
                    ..Sequence::default()
                };
            }
            SequenceEvent::Changed(properties) => properties.iter().for_each(|property| self.set(property)),
            SequenceEvent::GraphSaved(json) => self.draft.clone_from(json),
            SequenceEvent::Activated { version, description } => {
                self.status = SequenceStatus::Active;
                self.version = *version;
                if self.published.last().is_none_or(|last| last.number != *version) {
                    self.published.push(Version {
                        number: *version,
                        graph: self.draft.clone(),
                        exit_on_reply: self.exit_on_reply,
                        assign_to: self.assign_to,
                        description: description.clone(),
                        at: stamp.at,
                    });
                }
            }
            SequenceEvent::Deactivated => {
                self.status = SequenceStatus::Inactive;
                self.emptying_since = Some(stamp.at);
            }
            SequenceEvent::Emptied => {
                self.emptying_since = None;
                return;
            }
        }
        self.modified_at = stamp.at;
    }

    /// All that somebody has asked for.
    fn audited(event: &SequenceEvent) -> bool {
        !matches!(event, SequenceEvent::Emptied)
    }

    fn effects(&self, _id: SequenceId, event: &SequenceEvent, owed: &mut Effects) {
        match event {
            SequenceEvent::Activated { .. } => owed.push(Effect::Count {
                counter: Counter::ActiveSequences,
                delta: 1,
                max: Some(limits::ACTIVE_SEQUENCES_MAX),
            }),
            SequenceEvent::Deactivated => {
                owed.count(Counter::ActiveSequences, -1);
                let until = self.modified_at;
                owed.push(Effect::Owe { key: EMPTYING, delivery: Delivery::DisconnectAll { until } });
            }
            SequenceEvent::Emptied => owed.push(Effect::Settle { key: EMPTYING }),
            SequenceEvent::Created { .. } | SequenceEvent::Changed(_) | SequenceEvent::GraphSaved(_) => {}
        }
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
    fn activate(&self, description: Option<String>, given: &Given) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        refuse(texts(None, description.as_deref()))?;
        let (_, diagnostics) = self.compile_draft(given);
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

    fn set(&mut self, property: &Property) {
        match property.clone() {
            Property::Name(name) => self.name = name,
            Property::Description(description) => self.description = description,
            Property::ExitOnReply(leave) => self.exit_on_reply = leave,
            Property::AssignTo(assign_to) => self.assign_to = assign_to,
            Property::Owner(owner) => self.owner = owner,
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
