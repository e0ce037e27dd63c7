//! What an author asks for when a new version is published: what becomes of the records that go through earlier ones (D-47).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Sequence, SequenceEvent, SequenceRejection};
use crate::domain::entity::Stamp;
use crate::domain::plan::Plan;
use crate::domain::record::Problem;
use crate::id::UserId;
use crate::time::Timestamp;

/// Where the records of earlier versions go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Where they are, on their versions.
    #[default]
    Stay,
    /// On the node of the same id.
    Follow,
    /// On the node that a map names; where it names none, on that of the same id.
    Map,
    /// On the first node, as if they had just been connected.
    Restart,
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moves {
    /// How.
    pub mode: Mode,
    /// Nodes of earlier versions with the nodes of the new one that take their place; for [`Mode::Map`].
    pub map: BTreeMap<String, String>,
}

impl Moves {
    /// The id in the new version that stands for `node` of an earlier one.
    pub fn target<'a>(&'a self, node: &'a str) -> &'a str {
        self.map.get(node).map_or(node, String::as_str)
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MigrationState {
    /// Records are being asked.
    Running,
    /// Each was asked.
    Completed,
    /// Records are asked to go back.
    Undoing,
    /// Each was asked to.
    Undone,
}

/// One migration. How many records it moved is counted beside what the records decide, see
/// [`crate::domain::effect::Counter`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Migration {
    /// Its number in the sequence, from 1.
    pub number: u32,
    /// The version that was published with it.
    pub version: u16,
    /// What was asked for.
    pub moves: Moves,
    /// By whom.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// How far it is.
    pub state: MigrationState,
    /// When it came to that state.
    pub state_at: Timestamp,
}

impl Migration {
    /// Where nobody moves, there is nothing to do.
    pub(super) fn begun(number: u32, version: u16, moves: Moves, stamp: Stamp) -> Migration {
        let state = if moves.mode == Mode::Stay { MigrationState::Completed } else { MigrationState::Running };
        Migration { number, version, moves, by: stamp.by, at: stamp.at, state, state_at: stamp.at }
    }

    fn is_under_way(&self) -> bool {
        matches!(self.state, MigrationState::Running | MigrationState::Undoing)
    }
}

impl Sequence {
    /// The migration of that number.
    pub fn migration(&self, number: u32) -> Option<&Migration> {
        self.migrations.iter().find(|migration| migration.number == number)
    }

    /// Moves the records of earlier versions to `version`, which is `plan`.
    pub fn begin_migration(&self, version: u16, plan: &Plan, moves: Moves) -> Result<SequenceEvent, SequenceRejection> {
        if self.migrations.iter().any(Migration::is_under_way) {
            return Err(SequenceRejection::MigrationRunning);
        }
        let mut problems = self.move_problems(plan, &moves);
        problems.iter_mut().for_each(|problem| problem.pointer.insert_str(0, "/migration"));
        if !problems.is_empty() {
            return Err(SequenceRejection::Invalid(problems));
        }
        let number = self.migrations.last().map_or(0, |last| last.number) + 1;
        Ok(SequenceEvent::MigrationBegun { number, version, moves })
    }

    /// Everything wrong with what is asked for; pointers lead into the request for a migration.
    pub fn move_problems(&self, plan: &Plan, moves: &Moves) -> Vec<Problem> {
        let problem = |pointer: String, code, detail| Problem { pointer, code, detail };
        let mut problems = Vec::new();
        if moves.mode != Mode::Map && !moves.map.is_empty() {
            let detail = "only the mode `map` has a map".to_owned();
            problems.push(problem("/map".into(), "map_unused", detail));
        }
        let graphs: Vec<_> = self.published.iter().map(|version| super::read_graph(&version.graph)).collect();
        let was_there = |id: &str| graphs.iter().any(|graph| graph.nodes.iter().any(|node| node.id() == id));
        for (from, to) in &moves.map {
            // RFC 6901.
            let pointer = format!("/map/{}", from.replace('~', "~0").replace('/', "~1"));
            if !was_there(from) {
                let detail = format!("no version has a step `{from}`");
                problems.push(problem(pointer.clone(), "node_unknown", detail));
            }
            if plan.find(to).is_none() {
                let detail = format!("the new version has no step `{to}`");
                problems.push(problem(pointer, "node_unknown", detail));
            }
        }
        problems
    }

    pub(super) fn take_migration_back(&self, number: u32) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        let found = self.migration(number).ok_or(SequenceRejection::MigrationNotFound)?;
        if self.migrations.iter().any(Migration::is_under_way) {
            return Err(SequenceRejection::MigrationRunning);
        }
        match found.state {
            MigrationState::Undone => Err(SequenceRejection::MigrationUndone),
            _ => Ok(vec![SequenceEvent::MigrationTakenBack { number }]),
        }
    }

    pub(super) fn migration_done(&self, number: u32, undo: bool) -> Vec<SequenceEvent> {
        match self.migration(number).map(|found| found.state) {
            Some(MigrationState::Running) if !undo => vec![SequenceEvent::MigrationCompleted { number }],
            Some(MigrationState::Undoing) if undo => vec![SequenceEvent::MigrationUndone { number }],
            _ => vec![],
        }
    }

    pub(super) fn set_migration(&mut self, number: u32, state: MigrationState, stamp: Stamp) {
        if let Some(found) = self.migrations.iter_mut().find(|migration| migration.number == number) {
            (found.state, found.state_at) = (state, stamp.at);
        }
    }
}
