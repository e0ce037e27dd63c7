//! What the world owes an event: rows that are stored in the same batch as the event itself.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::access::Facts;
use crate::domain::delivery::DeliveryState;
use crate::domain::plan::AbVersion;
use crate::domain::record::schema::{Owner, RecordState, RecordType};
use crate::domain::sequence::fuse::FuseCount;
use crate::domain::slot::Slot;
use crate::domain::work_list::WorkRow;
use crate::id::{AbTestId, GatewayId, MigrationId, RecordId, SequenceId, TeamId, TemplateId, UserId};
use crate::time::Timestamp;

/// Names a timer or an owed delivery within its entity: the ordinal of the enrolment or step it belongs to.
pub type EffectKey = u32;

/// What has to happen outside the entity, at least once, until the entity says that it is settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// An automated e-mail of the step that the key names (R-4: one per step instance).
    Mail {
        /// The template to render.
        template: TemplateId,
    },
    /// Every live enrolment of this sequence ends, those connected after `until` only while it is inactive.
    DisconnectAll {
        /// When it was deactivated.
        until: Timestamp,
    },
    /// The messages of an erased record are removed from wherever they were written.
    Forget,
    /// Every live enrolment of an earlier version is asked to follow this migration of the sequence, or to go back (D-47).
    Migrate {
        /// Which.
        migration: MigrationId,
        /// Whether it is taken back.
        undo: bool,
    },
    /// Open steps and activities of a user who may not act any more go to others.
    HandOver {
        /// Whose.
        user: UserId,
    },
    /// A sequence is told of the first participant of one of its A/B tests (D-18); the key names the step, see
    /// [`crate::domain::enrolment::ab_test::Tell`].
    AbTestReached {
        /// Whose test.
        sequence: SequenceId,
        /// The version that the participant goes through.
        version: u16,
        /// The node of the test in it.
        node: u16,
        /// When.
        at: Timestamp,
        /// Whether the message was sent, as against the step reached.
        exposed: bool,
    },
    /// Due dates and waits that follow from a user's calendar, or from any, are computed anew (TM-11).
    MoveDueDates {
        /// Whose; everybody's where nobody is named.
        user: Option<UserId>,
    },
    /// Enrolments of this sequence that were connected within a time leave, and their messages do not.
    Undo {
        /// The number of the undo in its sequence.
        number: u32,
        /// Connected then or later …
        since: Timestamp,
        /// … and no later.
        until: Timestamp,
    },
    /// Messages that the fuse of this sequence held may leave.
    ReleaseHeld {
        /// The round that began with that.
        round: u32,
    },
    /// Enrolments of this sequence that wait for a pilot begin.
    LetIn {
        /// For that, or an earlier one.
        number: u32,
    },
}

/// A number that is kept as a sum of deltas.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// Sequences that are active.
    ActiveSequences,
    /// Live enrolments of a sequence.
    Live(SequenceId),
    /// Live enrolments of one version of it.
    LiveOf(SequenceId, u16),
    /// Enrolments of a sequence that ever were.
    Enrolled(SequenceId),
    /// Records of a type.
    Records(RecordType),
    /// Enrolments that a migration has moved.
    Moved(MigrationId),
    /// Those that it has asked and that stayed, for a conflict.
    Stayed(MigrationId),
    /// Those moved that were moved back.
    MovedBack(MigrationId),
    /// Records connected in a calendar month of UTC (K-15), numbered by [`Timestamp::month`]; erased ones are taken out.
    ConnectedIn(u32),
    /// Participants of an A/B test whom that version was sent to (AB-13).
    AbExposed(AbTestId, AbVersion),
    /// Those of them with at least one event of the test's metric.
    AbMet(AbTestId, AbVersion),
    /// What somebody has completed on a day of theirs, in days since 1970; only of whoever has so much to do in a day.
    DoneOn(UserId, i32),
    /// Enrolments that left by the undo of that number of a sequence.
    Undone(SequenceId, u32),
    /// Messages of those that it undid that had left before.
    UndoneTooLate(SequenceId, u32),
    /// What the fuse of a sequence has counted in that round.
    Fuse(SequenceId, u32, FuseCount),
    /// Places that are taken in the pilot of that number of a sequence.
    Piloted(SequenceId, u32),
    /// Live enrolments of a sequence that wait for a pilot.
    Awaiting(SequenceId),
}

/// What lists and searches read of a record without loading it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSummary {
    /// Its type.
    pub kind: RecordType,
    /// The name shown.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
    /// Who else may see it.
    pub access_team: Option<TeamId>,
    /// Who has an open step or activity of it and is named by neither of these; sorted.
    pub assignees: Vec<Owner>,
    /// Open or closed.
    pub state: RecordState,
}

impl RecordSummary {
    /// What access to it follows from.
    pub fn facts(&self) -> Facts<'_> {
        Facts { owner: self.owner, access_team: self.access_team, assignees: &self.assignees }
    }

    /// Whose lists show it: owner, access team and assignees, each once.
    pub fn principals(&self) -> Vec<Owner> {
        let mut principals = vec![self.owner];
        let others = self.access_team.map(Owner::Team).into_iter().chain(self.assignees.iter().copied());
        for other in others {
            if !principals.contains(&other) {
                principals.push(other);
            }
        }
        principals
    }
}

/// A row that lists read.
#[derive(Clone, Debug, PartialEq)]
pub enum Index {
    /// One per record.
    Record(RecordSummary),
    /// One per user or team whose lists show the record.
    Principal(Owner),
    /// One per enrolment, under its sequence, live ones apart from ended ones.
    Enrolment {
        /// The sequence.
        sequence: SequenceId,
        /// Connecting or connected, as against ended.
        live: bool,
        /// The enrolment's ordinal in its record.
        ordinal: u32,
    },
    /// One per message, under where it stands.
    Delivery {
        /// Where.
        state: DeliveryState,
        /// Since when, or when it is tried again.
        at: Timestamp,
        /// The ordinal of its step.
        ordinal: u32,
        /// What it counts against; of a row that is removed it says nothing.
        slot: Slot,
    },
    /// One per user or team that something open on the record is assigned to.
    Work {
        /// Who.
        principal: Owner,
        /// What is open; nothing of a row that is removed.
        row: Option<Arc<WorkRow>>,
    },
    /// What a provider may name a text message by when it tells of it.
    Text {
        /// The provider.
        gateway: GatewayId,
        /// By what.
        name: TextName,
        /// When the message took that way.
        at: Timestamp,
        /// The ordinal of its step.
        ordinal: u32,
    },
}

/// What a provider names a text message by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextName {
    /// The number that it went to.
    Number(String),
    /// The provider's own id of it.
    Message(String),
}

/// One thing owed.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Wake the entity at `due`.
    Arm { due: Timestamp, key: EffectKey },
    /// Do not wake it any more.
    Disarm { due: Timestamp, key: EffectKey },
    /// Something must happen outside.
    Owe { key: EffectKey, delivery: Delivery },
    /// It has happened.
    Settle { key: EffectKey },
    /// Write a list row.
    Index(Index),
    /// Remove a list row.
    Unindex(Index),
    /// Hold a key that only one entity may hold; the commit is refused if another does.
    Claim { kind: RecordType, external_id: String },
    /// Give the key back.
    Unclaim { kind: RecordType, external_id: String },
    /// Add to a counter; the commit is refused if it would pass `max`.
    Count { counter: Counter, delta: i64, max: Option<i64> },
    /// Remove the entity's log and snapshot from before this commit.
    Erase,
    /// Write what the entity keeps beside its log: where it stands in work that goes on for good. It follows from no event,
    /// so that such work makes no log that grows, and replaces what was kept before.
    Keep(Vec<u8>),
    /// Keep nothing any more.
    Unkeep,
}

/// The effects of one command's events, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects(pub Vec<Effect>);

impl Effects {
    /// Adds one.
    pub fn push(&mut self, effect: Effect) {
        self.0.push(effect);
    }

    /// Adds `delta` to `counter`, unbounded.
    pub fn count(&mut self, counter: Counter, delta: i64) {
        self.push(Effect::Count { counter, delta, max: None });
    }
}

/// Names one row of the enrolment index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnrolmentRow {
    /// The record that is enrolled.
    pub record: RecordId,
    /// The enrolment's ordinal.
    pub ordinal: u32,
    /// Whether the row stands among the live ones.
    pub live: bool,
}
