//! A sequence as authored: a draft graph, the versions that were published from it, and whether records may be connected.

pub mod care;
pub mod command;
pub mod conduct;
mod decide;
pub mod fuse;
pub mod graph;
pub mod migration;
mod plans;
pub mod rights;
mod tags;
pub mod unpack;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::command::{Property, SequenceCommand, SequenceEvent, SequenceRejection};

use self::care::Care;
use self::conduct::{Conduct, Reentry};
use self::graph::Graph;
use self::migration::{Migration, MigrationState, Mode};
use crate::domain::ab_test::AbRun;
use crate::domain::effect::{Counter, Delivery, Effect, Effects};
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::permission::Denial;
use crate::domain::record::schema::{Owner, RecordType};
use crate::domain::trial::script::Test;
use crate::id::{EntityKind, MigrationId, SequenceId, TagId, UserId};
use crate::limits;
use crate::time::Timestamp;

/// A sequence can owe that its records leave …
const EMPTYING: u32 = 1;
/// … and that they follow a migration, or go back.
const MIGRATING: u32 = 2;

/// Whether records may be connected (§19.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SequenceStatus {
    /// Being drawn.
    #[default]
    Inactive,
    /// Records may be connected.
    Active,
    /// The same, while the next version is being drawn.
    Revision,
}

impl SequenceStatus {
    /// Whether records may be connected, and whether it counts towards the limit: once, in revision too.
    pub fn is_active(self) -> bool {
        matches!(self, SequenceStatus::Active | SequenceStatus::Revision)
    }
}

/// Who draws the next version of an active sequence, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Who.
    pub by: UserId,
    /// When it was opened.
    pub at: Timestamp,
}

/// One published version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// 1–500 (L-7).
    pub number: u16,
    /// The graph, as JSON.
    pub graph: String,
    /// How records go through it.
    pub conduct: Conduct,
    /// What the author said about it.
    pub description: Option<String>,
    /// When it was published.
    pub at: Timestamp,
    /// By whom.
    pub by: UserId,
}

/// The state of a sequence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    /// Whether it was created and is not deleted.
    pub exists: bool,
    /// Whether it was deleted. What it was is kept for what has run on it.
    pub is_deleted: bool,
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
    /// How records go through the next version, or the present one where none is being drawn.
    pub conduct: Conduct,
    /// Whether records that were in it may enter it again.
    pub reentry: Reentry,
    /// No record is in it and in another sequence with this tag, or one below it, at the same time.
    pub exclusive: Option<TagId>,
    /// §19.1.
    pub status: SequenceStatus,
    /// The version that was published last, or 1 before the first.
    pub version: u16,
    /// The draft, as JSON.
    pub draft: String,
    /// Its tests, as JSON; empty where it has none.
    pub tests: String,
    /// Tags that were applied; one that was removed since has no path any more.
    pub tags: Vec<TagId>,
    /// The revision that is open, in that status only.
    pub revision: Option<Revision>,
    /// When it was deactivated last, while records may still have to leave.
    pub emptying_since: Option<Timestamp>,
    /// Every version that was published.
    pub published: Vec<Version>,
    /// Every migration of its records to a new version (D-47).
    pub migrations: Vec<Migration>,
    /// Every A/B test that has begun, in that order.
    pub ab_tests: Vec<AbRun>,
    /// How bundles have written the keys of what it names and of itself, by id, where they do not spell the id (D-41).
    pub keys: BTreeMap<u128, String>,
    /// What keeps its messages from going wrong for long.
    pub care: Care,
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

    /// The tests that are kept with it.
    pub fn stored_tests(&self) -> Vec<Test> {
        serde_json::from_str(&self.tests).unwrap_or_default()
    }

    /// Whether activation would publish something else than the last version.
    fn is_edited(&self) -> bool {
        self.published.last().is_none_or(|last| last.graph != self.draft || last.conduct != self.conduct)
    }
}

/// A graph that was stored; only graphs that were read before are.
pub(in crate::domain) fn read_graph(json: &str) -> Graph {
    serde_json::from_str(json).unwrap_or_default()
}

fn write_graph(graph: &Graph) -> String {
    serde_json::to_string(graph).unwrap_or_default()
}

impl Entity for Sequence {
    const KIND: EntityKind = EntityKind::Sequence;
    const LAYOUT: u16 = 9;
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
        id: SequenceId,
        given: &Given,
        command: SequenceCommand,
        stamp: Stamp,
    ) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        decide::decide(self, id, given, command, stamp)
    }

    fn apply(&mut self, event: &SequenceEvent, stamp: Stamp) {
        self.care_apply(event, stamp);
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
            SequenceEvent::TestsSaved(json) => self.tests.clone_from(json),
            SequenceEvent::KeysGiven(keys) => self.keys.extend(keys.iter().cloned()),
            SequenceEvent::Activated { version, description } => {
                self.status = SequenceStatus::Active;
                self.publish(*version, description.clone(), stamp);
            }
            SequenceEvent::Deactivated => {
                self.status = SequenceStatus::Inactive;
                self.revision = None;
                self.emptying_since = Some(stamp.at);
            }
            SequenceEvent::Emptied => {
                self.emptying_since = None;
                return;
            }
            SequenceEvent::MigrationBegun { number, version, moves } => {
                self.migrations.push(Migration::begun(*number, *version, moves.clone(), stamp));
            }
            SequenceEvent::MigrationCompleted { number } => {
                return self.set_migration(*number, MigrationState::Completed, stamp);
            }
            SequenceEvent::MigrationTakenBack { number } => self.set_migration(*number, MigrationState::Undoing, stamp),
            SequenceEvent::MigrationUndone { number } => {
                return self.set_migration(*number, MigrationState::Undone, stamp);
            }
            SequenceEvent::RevisionOpened => {
                self.status = SequenceStatus::Revision;
                self.revision = Some(Revision { by: stamp.by, at: stamp.at });
            }
            SequenceEvent::RevisionPublished { version, description } => {
                (self.status, self.revision) = (SequenceStatus::Active, None);
                self.publish(*version, description.clone(), stamp);
            }
            SequenceEvent::RevisionDropped => {
                (self.status, self.revision) = (SequenceStatus::Active, None);
                if let Some(last) = self.published.last() {
                    self.draft.clone_from(&last.graph);
                    self.conduct.clone_from(&last.conduct);
                }
            }
            SequenceEvent::UndoBegun { .. } | SequenceEvent::FuseReset { .. } => {}
            SequenceEvent::PilotBegun { .. } | SequenceEvent::PilotReleased { .. } => {}
            SequenceEvent::UndoCompleted { .. }
            | SequenceEvent::FuseBlown { .. }
            | SequenceEvent::FuseReleased { .. }
            | SequenceEvent::PilotOver { .. } => return,
            SequenceEvent::Tagged(tags) => self.tags.clone_from(tags),
            SequenceEvent::AbTestBegun { .. }
            | SequenceEvent::AbTestExposed { .. }
            | SequenceEvent::AbTestLookedAt { .. }
            | SequenceEvent::AbTestEnded { .. }
            | SequenceEvent::AbTestStopped { .. } => return self.ab_apply(event, stamp),
            SequenceEvent::Deleted => (self.exists, self.is_deleted) = (false, true),
        }
        self.modified_at = stamp.at;
    }

    /// All that somebody has asked for.
    fn audited(event: &SequenceEvent) -> bool {
        !matches!(
            event,
            SequenceEvent::Emptied
                | SequenceEvent::MigrationCompleted { .. }
                | SequenceEvent::MigrationUndone { .. }
                | SequenceEvent::UndoCompleted { .. }
                | SequenceEvent::FuseReleased { .. }
                | SequenceEvent::PilotOver { .. }
                | SequenceEvent::AbTestBegun { .. }
                | SequenceEvent::AbTestExposed { .. }
                | SequenceEvent::AbTestLookedAt { .. }
                | SequenceEvent::AbTestEnded { .. }
        )
    }

    fn effects(&self, id: SequenceId, event: &SequenceEvent, owed: &mut Effects) {
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
            SequenceEvent::MigrationBegun { moves, .. } if moves.mode == Mode::Stay => {}
            SequenceEvent::MigrationBegun { number, .. } | SequenceEvent::MigrationTakenBack { number } => {
                let (migration, undo) =
                    (MigrationId::of(id, *number), matches!(event, SequenceEvent::MigrationTakenBack { .. }));
                owed.push(Effect::Owe { key: MIGRATING, delivery: Delivery::Migrate { migration, undo } });
            }
            SequenceEvent::MigrationCompleted { .. } | SequenceEvent::MigrationUndone { .. } => {
                owed.push(Effect::Settle { key: MIGRATING });
            }
            SequenceEvent::AbTestBegun { .. }
            | SequenceEvent::AbTestExposed { .. }
            | SequenceEvent::AbTestLookedAt { .. }
            | SequenceEvent::AbTestEnded { .. }
            | SequenceEvent::AbTestStopped { .. } => self.ab_owe(event, owed),
            SequenceEvent::UndoBegun { .. }
            | SequenceEvent::UndoCompleted { .. }
            | SequenceEvent::FuseBlown { .. }
            | SequenceEvent::FuseReset { .. }
            | SequenceEvent::FuseReleased { .. }
            | SequenceEvent::PilotBegun { .. }
            | SequenceEvent::PilotReleased { .. }
            | SequenceEvent::PilotOver { .. } => self.care_owe(event, owed),
            // A revision is active already, and a deletion has deactivated before.
            SequenceEvent::Created { .. }
            | SequenceEvent::Changed(_)
            | SequenceEvent::GraphSaved(_)
            | SequenceEvent::TestsSaved(_)
            | SequenceEvent::KeysGiven(_)
            | SequenceEvent::Tagged(_)
            | SequenceEvent::RevisionOpened
            | SequenceEvent::RevisionPublished { .. }
            | SequenceEvent::RevisionDropped
            | SequenceEvent::Deleted => {}
        }
    }
}

impl Sequence {
    fn publish(&mut self, number: u16, description: Option<String>, stamp: Stamp) {
        self.version = number;
        if self.published.last().is_none_or(|last| last.number != number) {
            let (graph, conduct, at, by) = (self.draft.clone(), self.conduct.clone(), stamp.at, stamp.by);
            self.published.push(Version { number, graph, conduct, description, at, by });
        }
    }

    fn set(&mut self, property: &Property) {
        match property.clone() {
            Property::Name(name) => self.name = name,
            Property::Description(description) => self.description = description,
            Property::ExitOnReply(leave) => self.conduct.exit_on_reply = leave,
            Property::AssignTo(assign_to) => self.conduct.assign_to = assign_to,
            Property::Owner(owner) => self.owner = owner,
            Property::WaitComputation(computed) => self.conduct.wait_computation = computed,
            Property::Window(window) => self.conduct.window = window,
            Property::Goal(goal) => self.conduct.goal = goal,
            Property::Reentry(reentry) => self.reentry = reentry,
            Property::Exclusive(tag) => self.exclusive = tag,
            Property::Sending(sending) => self.conduct.sending = sending,
            Property::Fuse(fuse) => self.care.fuse = fuse,
        }
    }
}
