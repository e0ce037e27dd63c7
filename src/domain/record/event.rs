//! What has happened to a record. Stored for good: variants and members are only ever appended.

use serde::{Deserialize, Serialize};

use super::schema::{Change, Outcome, Owner, RecordType};
use crate::domain::activity::ActivityKind;
use crate::domain::delivery::{Route, Wording};
use crate::domain::engagement::Grade;
use crate::domain::enrolment::ab_test::{Kept, Tell};
use crate::domain::enrolment::migrate::{Conflict, Landing};
use crate::domain::enrolment::{EndReason, EnrolmentStatus, Exit, Ordinal, Signal, StepError, StepWarning, WaitState};
use crate::domain::governor::Brake;
use crate::domain::message_template::MailText;
use crate::domain::plan::{AbVersion, NodeIndex};
use crate::domain::sequence::fuse::FuseCount;
use crate::id::{AbTestId, FlowId, MailboxId, SequenceId, TemplateId, UserId};
use crate::time::Timestamp;

/// A fact about a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum RecordEvent {
    /// It exists.
    Created { kind: RecordType, changes: Vec<Change> },
    /// Properties and fields were written. `former_external_id` is the key given back, if that was among them.
    Changed { changes: Vec<Change>, former_external_id: Option<String> },
    /// It was closed.
    Closed(Outcome),
    /// It is open again.
    Reopened,
    /// It was connected; with `opens_at` the enrolment is still Connecting.
    Connected {
        enrolment: Ordinal,
        sequence: SequenceId,
        version: u16,
        opens_at: Option<Timestamp>,
        source: Option<String>,
    },
    /// The wait before connecting is over.
    Began { enrolment: Ordinal },
    /// A node was reached.
    StepOpened {
        step: Ordinal,
        enrolment: Ordinal,
        node: NodeIndex,
        assignee: Owner,
        wakes_at: Option<Timestamp>,
        error: Option<StepError>,
        converted: bool,
    },
    /// A node is done; conditions say which exit they took. `counted`: it counts as a step (TC-1).
    StepCompleted { step: Ordinal, wait: WaitState, call_result: Option<String>, exit: Option<Exit>, counted: bool },
    /// A node was passed over.
    StepSkipped { step: Ordinal, exit: Option<Exit>, counted: bool },
    /// An automated action could not be done; the enrolment stays on it.
    StepFailed { step: Ordinal, error: StepError },
    /// It is due later.
    StepSnoozed { step: Ordinal, until: Timestamp },
    /// A note on the timeline.
    Noted { step: Ordinal, text: String },
    /// Something came back for an e-mail.
    Signalled { step: Ordinal, signal: Signal, at: Timestamp },
    /// The outbox owes the message of a step.
    MessageOwed { step: Ordinal, template: TemplateId },
    /// It has been delivered.
    MessageSent { step: Ordinal, message_id: String },
    /// It has been given up.
    MessageFailed { step: Ordinal, reason: String },
    /// The enrolment is over; `cancelled` is the step it stood on, if that was still open.
    Ended { enrolment: Ordinal, status: EnrolmentStatus, reason: EndReason, cancelled: Option<Ordinal> },
    /// It was erased, and the log before this with it. What stays names nobody: how often it was enrolled, by sequence,
    /// and the steps whose messages may lie in files.
    Erased { enrolled: Vec<(SequenceId, u32)>, messages: Vec<Ordinal> },
    /// Those files are gone as well.
    Forgotten,
    /// An enrolment goes on in a later version of its sequence (D-47).
    Migrated { enrolment: Ordinal, migration: u32, version: u16, landing: Landing },
    /// It was asked to and stays on its version.
    NotMigrated { enrolment: Ordinal, migration: u32, conflict: Conflict },
    /// It is on its former version again, on the step it stood on then. `version` is the one that it leaves, `left` the step
    /// that the move had left it on, and `wakes_at` when that would have woken.
    MigrationUndone {
        enrolment: Ordinal,
        migration: u32,
        version: u16,
        left: Option<Ordinal>,
        wakes_at: Option<Timestamp>,
    },
    /// It went on in another sequence (CM-4): `enrolment` is new, and `from` the step that led there.
    Advanced { enrolment: Ordinal, sequence: SequenceId, version: u16, from: Ordinal },
    /// The version of an A/B test that a step sends (AB-12).
    AbVersionTaken { step: Ordinal, version: AbVersion },
    /// Its process stands on another stage.
    StageChanged { flow: FlowId, stage: String },
    /// There is something that a seller should know of a step.
    StepWarned { step: Ordinal, warning: StepWarning },
    /// It takes one of the places of a month (L-3); stored only where there is one.
    QuotaAsked { enrolment: Ordinal, month: u32, most: u32 },
    /// Somebody is to do something (C-7).
    ActivityAdded {
        activity: Ordinal,
        kind: ActivityKind,
        subject: String,
        due_at: Option<Timestamp>,
        note: Option<String>,
        assignee: Owner,
    },
    /// An activity is done; a linked one has the number of its step, which stays open.
    ActivityCompleted { activity: Ordinal, call_result: Option<String> },
    /// It is not to be done any more; the same.
    ActivityCancelled { activity: Ordinal },
    /// A step has an activity on the timeline.
    ActivityLinked { step: Ordinal },
    /// A step or an activity is somebody else's.
    Assigned { item: Ordinal, assignee: Owner },
    /// A wait ends before its time, by what stands at that place among what its node names.
    WaitEnded { step: Ordinal, by: u8 },
    /// An enrolment takes part in an A/B test, in the version that the step took. `begins`: nobody did before, as far as is
    /// known here, so its sequence is told.
    AbTestEntered { step: Ordinal, test: AbTestId, begins: bool },
    /// The server has sent it that version. `first`: nobody was sent one before, as far as is known here.
    AbExposed { enrolment: Ordinal, test: AbTestId, at: Timestamp, first: bool },
    /// The first event of the test's metric since.
    AbMetricMet { enrolment: Ordinal, test: AbTestId },
    /// The sequence was told.
    AbTestTold { step: Ordinal, tell: Tell },
    /// What tests go on counting of an erased record.
    AbCountsKept(Vec<Kept>),
    /// Somebody has told that the goal of its sequences was reached (AB-14).
    GoalReached,
    /// A seller's step is due at another instant than that of its opening, by a calendar.
    StepDue { step: Ordinal, due_at: Timestamp },
    /// A wait, or an automated message outside its window, goes on until another instant. `before` is the former one.
    WaitMoved { step: Ordinal, before: Timestamp, wakes_at: Timestamp },
    /// An automated message that waited for its window cannot be sent and is the seller's from now on (ST-23). `wakes_at` is
    /// when it would have left.
    StepConverted { step: Ordinal, error: StepError, wakes_at: Timestamp },
    /// The window of a message has opened, or a person does not wait for it: `wakes_at` is when it would have.
    WindowOpened { step: Ordinal, wait: WaitState, wakes_at: Timestamp },
    /// The process of that epoch carries the message of a step, under this Message-ID.
    MessageClaimed { step: Ordinal, epoch: u64, message_id: String },
    /// It is tried again then: an attempt came to nothing, for that reason, or its window is shut, or a bound holds it.
    MessagePutOff { step: Ordinal, until: Timestamp, failed: Option<String>, brake: Option<Brake> },
    /// It is in the outbox again; `until` is when its timer was due.
    MessageOwedAgain { step: Ordinal, until: Option<Timestamp> },
    /// Nobody knows whether it was taken; at `until` the organisation's policy is asked.
    MessageUnknown { step: Ordinal, why: String, until: Timestamp },
    /// A person has to say what became of it (D-58).
    MessageHeld { step: Ordinal, until: Timestamp },
    /// It is known, or taken as known, that it was sent, or else that it was not.
    MessageSettled { step: Ordinal, sent: bool, until: Option<Timestamp> },
    /// It is not to leave any more.
    MessageSkipped { step: Ordinal, why: String, until: Option<Timestamp> },
    /// A message that was handed to the outbox cannot be sent and is the seller's from now on (ST-23).
    BecameSellers { step: Ordinal, error: StepError },
    /// A seller sends the e-mail of a step through the server: as that template says it, or as they have written it; now, or
    /// then.
    EmailSubmitted { step: Ordinal, template: Option<TemplateId>, own: Option<MailText>, at: Option<Timestamp> },
    /// The person is away, as an automatic answer to the e-mail of a step says: automated messages wait until then.
    AwayUntil { step: Ordinal, until: Timestamp },
    /// The person does not want e-mail any more, and has said so of the one of this step, or has complained of it.
    OptedOut { step: Ordinal, complained: bool },
    /// What the message of a step says with which it leaves, by way of which mailbox.
    MessageWritten { step: Ordinal, mailbox: Option<MailboxId>, written: Wording },
    /// Its message was opened or a link of it followed, by a person or a machine.
    Engaged { step: Ordinal, signal: Signal, link: Option<u16>, grade: Grade },
    /// The messages of an enrolment leave from that mailbox from now on, so that they make one thread.
    SenderChosen { enrolment: Ordinal, mailbox: MailboxId },
    /// The text message of a step goes this way; `former` is the one that it went before.
    TextRouted { step: Ordinal, route: Route, former: Option<Route> },
    /// Why the text message of a step cannot be sent.
    TextImpossible { step: Ordinal, why: String },
    /// The text message of a step has arrived.
    TextDelivered { step: Ordinal },
    /// It was taken and never will arrive.
    TextUndelivered { step: Ordinal, reason: String },
    /// The person has answered it.
    TextReplied { step: Ordinal, at: Timestamp },
    /// The person wants no more text messages, and has said so in answer to it.
    TextOptedOut { step: Ordinal },
    /// Somebody has opened the record, or wants to hear of it, or not any more (W-7, W-21).
    Marked { user: UserId, read: bool, followed: bool },
    /// Somebody who has so much to do in a day has done one thing more, on that day of theirs: days since 1970.
    WorkDone { item: Ordinal, user: UserId, day: i32 },
    /// What has begun in its sequence lately was undone, by the undo of that number: whether the enrolment left by that, and
    /// how many of its messages had left before.
    Undone { enrolment: Ordinal, undo: u32, disconnected: bool, left: u32 },
    /// The fuse of its sequence counts the message of a step, in that round.
    FuseCounted { step: Ordinal, round: u32, what: FuseCount },
    /// It takes one of so many places in the pilot of its sequence.
    PilotEntered { enrolment: Ordinal, pilot: u32, records: u32 },
    /// There is none left: it waits, though it would have begun then, or at once.
    PilotAwaited { enrolment: Ordinal, pilot: u32, opens_at: Option<Timestamp> },
    /// It begins, or will then.
    PilotLetIn { enrolment: Ordinal, opens_at: Option<Timestamp> },
}
