//! What can be asked of a sequence, what has happened to it, and why it refuses.

use serde::{Deserialize, Serialize};

use crate::domain::ab_test::AbEnding;
use crate::domain::ab_test::life::Reached;
use crate::domain::ab_test::verdict::Tallies;
use crate::domain::effect::EffectKey;
use crate::domain::permission::{Denial, Denies};
use crate::domain::plan::compile::Diagnostic;
use crate::domain::plan::{AbVersion, AssignTo};
use crate::domain::record::Problem;
use crate::domain::record::schema::{Owner, RecordType};
use crate::domain::sequence::conduct::{Goal, Reentry, Sending, Window};
use crate::domain::sequence::fuse::{Fuse, FuseCount, FuseCounts};
use crate::domain::sequence::graph::Graph;
use crate::domain::sequence::migration::Moves;
use crate::domain::sequence::unpack::Packed;
use crate::domain::trial::script::Test;
use crate::id::{AbTestId, SequenceId, TagId};
use crate::limits;
use crate::time::Timestamp;

/// A property of a sequence set to a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Property {
    ///
    Name(String),
    ///
    Description(String),
    /// R-30; only while inactive or in revision.
    ExitOnReply(bool),
    /// §3.3; only while inactive.
    AssignTo(AssignTo),
    /// Whose it is (P-7, Q-31).
    Owner(Owner),
    /// TM-6; only while inactive or in revision, like the two that follow.
    WaitComputation(bool),
    /// When automated messages may leave.
    Window(Option<Window>),
    /// AB-14.
    Goal(Goal),
    /// Whether records that were in it may enter it again; at any time, like the next.
    Reentry(Reentry),
    /// Not together with another sequence of this tag.
    Exclusive(Option<TagId>),
    /// How its messages leave; only while inactive or in revision.
    Sending(Sending),
    /// When it stops sending by itself; at any time.
    Fuse(Option<Fuse>),
}

/// A request to a sequence.
#[derive(Clone, Debug, PartialEq)]
pub enum SequenceCommand {
    /// Bring it into being, empty or from a template.
    Create { name: String, description: String, record_type: RecordType, template: Option<String>, graph: Graph },
    /// Write properties, all or none.
    Change(Vec<Property>),
    /// Bring it into being as a copy of another as that stands, its draft included.
    Copy { of: SequenceId, name: String, description: String },
    /// Apply these tags and no others (P-9).
    SetTags(Vec<TagId>),
    /// Replace the draft.
    SaveGraph(Graph),
    /// The same of a sequence that a record was ever connected to: display names of A/B tests stay (AB-3).
    SaveAssignedGraph(Graph),
    /// Replace the tests; they change nothing that runs, so at any time.
    SaveTests(Vec<Test>),
    /// §3.4; publishes a revision where one is open. With it, records of earlier versions may be moved (D-47).
    /// With `pilot`, only so many records that are connected afterwards begin, until [`SequenceCommand::Release`].
    Activate { description: Option<String>, migration: Option<Moves>, pilot: Option<u32> },
    /// Begin to draw the next version while the present one serves on.
    Revise,
    /// Drop what was drawn since.
    DiscardRevision,
    /// Q-56; `force` although an active sequence advances to it (Q-58, D-43).
    Deactivate { force: bool },
    /// For good, active or not; `force` as there.
    Delete { force: bool },
    /// What a bundle says of it, new or there already.
    Unpack(Box<Packed>),
    /// The outbox has disconnected every record that was connected when the sequence was deactivated at `until`.
    Emptied { until: Timestamp },
    /// Take the migration of that number back (D-47).
    UndoMigration(u32),
    /// The outbox has asked every record to follow the migration of that number, or to go back.
    MigrationDone { number: u32, undo: bool },
    /// A record tells of a participant of an A/B test (D-18).
    AbTestReached(Reached),
    /// A timer: look at the tallies of the test of that number (AB-15 to AB-17).
    EvaluateAbTest { number: EffectKey, tallies: Tallies },
    /// Take the records out that were connected since then, or since the last activation; all of them with `deactivate`.
    Undo { since: Option<Timestamp>, deactivate: bool },
    /// The outbox has asked each of them.
    UndoDone { number: u32 },
    /// End the pilot: whoever waits for it begins.
    Release,
    /// The outbox has let everybody in.
    LetInDone { number: u32 },
    /// The outbox was about to send, and this was counted in that round of the fuse.
    BlowFuse { round: u32, counts: FuseCounts },
    /// Send again what the fuse holds, and count anew.
    ResetFuse,
    /// The outbox has told each record of it.
    FuseReleased { round: u32 },
    /// End the running test of a node with the chosen version for everybody (AB-10).
    StopAbTest { node: String, choice: Option<AbVersion> },
}

/// A fact about a sequence. Stored for good: variants and members are only ever appended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SequenceEvent {
    /// It exists.
    Created {
        name: String,
        description: String,
        record_type: RecordType,
        template: Option<String>,
        graph: String,
        owner: Owner,
    },
    /// Properties were written.
    Changed(Vec<Property>),
    /// The draft was replaced; JSON.
    GraphSaved(String),
    /// Records may be connected, to this version.
    Activated { version: u16, description: Option<String> },
    /// They may not; those connected leave.
    Deactivated,
    /// They have left.
    Emptied,
    /// The tests were replaced; JSON.
    TestsSaved(String),
    /// Records of earlier versions are asked to go on in this one.
    MigrationBegun { number: u32, version: u16, moves: Moves },
    /// Each was asked.
    MigrationCompleted { number: u32 },
    /// Records are asked to go back.
    MigrationTakenBack { number: u32 },
    /// Each was asked to.
    MigrationUndone { number: u32 },
    /// The next version is being drawn, by whoever asked for it.
    RevisionOpened,
    /// It is what records are connected to from now on.
    RevisionPublished { version: u16, description: Option<String> },
    /// It is not drawn any more; the draft is what serves.
    RevisionDropped,
    /// It is not there any more; its name and versions are kept for what has run on it.
    Deleted,
    /// How a bundle writes keys, by the ids they stand for.
    KeysGiven(Vec<(u128, String)>),
    /// It has these tags and no others.
    Tagged(Vec<TagId>),
    /// The first participant has reached an A/B test. Tests are numbered from 0 in that order.
    AbTestBegun { node: String, since: u16, test: AbTestId, at: Timestamp, deadline: Option<Timestamp> },
    /// Its first message was sent; an automatic one is looked at then.
    AbTestExposed { number: u32, at: Timestamp, wakes_at: Option<Timestamp> },
    /// Its tallies decided nothing yet.
    AbTestLookedAt { number: u32, due: Timestamp, next: Timestamp, tallies: Tallies },
    /// They ended it: every later participant gets `serves`.
    AbTestEnded { number: u32, winner: Option<AbVersion>, serves: AbVersion, tallies: Tallies },
    /// It was ended otherwise.
    AbTestStopped { number: u32, node: String, serves: AbVersion, reason: AbEnding },
    /// Records that were connected since then leave.
    UndoBegun { number: u32, since: Timestamp },
    /// Each was asked.
    UndoCompleted { number: u32 },
    /// There was too much of something: nothing more is sent by itself.
    FuseBlown { round: u32, by: FuseCount, counts: FuseCounts },
    /// A person has looked; that round begins.
    FuseReset { round: u32 },
    /// What was held is sent.
    FuseReleased { round: u32 },
    /// Only so many records that are connected from now on begin.
    PilotBegun { number: u32, records: u32 },
    /// All do, and those that wait for it.
    PilotReleased { number: u32 },
    /// Nobody waits for it any more.
    PilotOver { number: u32 },
}

/// Why a sequence refuses a command. The codes are part of the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SequenceRejection {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// It was never created.
    #[error("there is no such sequence")]
    NotFound,
    /// It was created before.
    #[error("the sequence exists already")]
    Exists,
    /// Values that do not fit.
    #[error("{}", .0.first().map_or("the values do not fit", |first| first.detail.as_str()))]
    Invalid(Vec<Problem>),
    ///
    #[error("the sequence is active; deactivate it first")]
    Active,
    /// Deactivate or revise what is not active.
    #[error("the sequence is not active")]
    NotActive,
    /// Discard where there is no revision.
    #[error("no revision of the sequence is open")]
    NotInRevision,
    /// D-46: another person has one open.
    #[error("{by} has a revision of the sequence open; publish or discard that first")]
    RevisionConflict { by: String },
    /// active sequences advance to it.
    #[error("{by} would advance to nothing; deactivate that first, or force it")]
    Referenced { by: String },
    /// §9.
    #[error("the sequence has errors; mend them and activate it again")]
    ValidationFailed(Vec<Diagnostic>),
    /// D-47: no such migration.
    #[error("there is no such migration")]
    MigrationNotFound,
    /// D-47: one at a time.
    #[error("records of the sequence are being moved; wait until that is done")]
    MigrationRunning,
    /// D-47: undo what was undone.
    #[error("the migration was taken back before")]
    MigrationUndone,
    /// Undo while that is being done.
    #[error("what has begun lately is being undone; wait until that is done")]
    UndoRunning,
    /// Release where there is no pilot.
    #[error("the sequence has no pilot: every record that is connected begins")]
    NoPilot,
    /// Reset a fuse that has not blown.
    #[error("the fuse of the sequence has not blown")]
    FuseWhole,
    /// There is no A/B test of that node.
    #[error("the sequence has no such A/B test")]
    AbTestNotFound,
    /// Stop a test that nobody has reached.
    #[error("nobody has reached the A/B test yet, so there is nothing to stop")]
    AbTestNotRunning,
    /// AB-10: stop without a choice.
    #[error("choose the version, `a` or `b`, that everybody gets from now on")]
    AbChoiceRequired,
    /// §19.4: stop or edit a test that has ended.
    #[error("the A/B test has ended; copy the step to test again")]
    AbTestFinished,
    /// AB-3.
    #[error("the display name “{name}” of the A/B test stays, because records are connected")]
    AbTestLocked { name: String },
    /// A timer that fires before its time.
    #[error("the timer is not due yet")]
    NotDue,
    /// A timer that nothing waits for.
    #[error("nothing waits for this timer")]
    Stale,
    /// L-7.
    #[error("the sequence has reached its {} versions", limits::SEQUENCE_VERSIONS_MAX)]
    VersionsExhausted,
}

impl Denies for SequenceRejection {
    fn denial(&self) -> Option<&Denial> {
        match self {
            SequenceRejection::Denied(denial) => Some(denial),
            _ => None,
        }
    }
}
