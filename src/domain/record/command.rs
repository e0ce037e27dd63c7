//! What can be asked of a record.

use chrono::{NaiveDate, TimeDelta};

use super::schema::{Change, Outcome, Owner, RecordType};
use crate::domain::activity::NewActivity;
use crate::domain::delivery::{Settled, TextFate, Wording, Written};
use crate::domain::engagement::Hit;
use crate::domain::enrolment::ab_test::Tell;
use crate::domain::enrolment::undo::Undoing;
use crate::domain::enrolment::{Ordinal, Signal};
use crate::domain::governor::Brake;
use crate::id::{FlowId, GatewayId, MigrationId, SequenceId, UserId};
use crate::time::Timestamp;

/// A request to a record.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordCommand {
    /// Bring it into being.
    Create { kind: RecordType, changes: Vec<Change> },
    /// Write properties and fields, all or none.
    Change(Vec<Change>),
    /// Its process stands on this stage now.
    SetStage { flow: FlowId, stage: String },
    /// Close it (K-13, TC-8).
    Close(Outcome),
    /// Open it again.
    Reopen,
    /// Connect it to a sequence (§10), now or after a wait (K-9).
    Connect { sequence: SequenceId, wait: Option<TimeDelta>, source: Option<String> },
    /// Take it out of one enrolment (K-12).
    Disconnect(Ordinal),
    /// Take it out of a sequence that was deactivated, if it was connected by `until`.
    LeaveSequence { sequence: SequenceId, until: Timestamp },
    /// A call step may need its result (CO-35).
    Complete { step: Ordinal, note: Option<String>, call_result: Option<String> },
    /// R-11, D-68.
    Skip(Ordinal),
    ///
    Snooze { step: Ordinal, until: Timestamp },
    /// R-14, CO-16.
    SkipWait(Ordinal),
    /// Try an automated action again (CM-13).
    Retry(Ordinal),
    ///
    Note { step: Ordinal, text: String },
    /// Something came back for an e-mail (§21.4).
    Signal { step: Ordinal, signal: Signal, at: Timestamp },
    /// A timer of this record is due.
    Fire(Ordinal),
    /// The outbox has delivered the message of a step.
    MessageSent { step: Ordinal, message_id: String, written: Option<Wording> },
    /// The outbox has given it up; `bounced`: the far side refused its recipient.
    MessageFailed { step: Ordinal, reason: String, bounced: bool },
    /// W-80, W-92: send the e-mail of a seller's step through the server, now or then.
    SendEmail { step: Ordinal, content: Written, at: Option<Timestamp> },
    /// W-93: send the text message of a seller's step likewise; of what is written only the plain text counts.
    SendText { step: Ordinal, content: Written, at: Option<Timestamp> },
    /// The outbox of this epoch is about to carry it, under that Message-ID: everything that speaks against it is looked at
    /// once more.
    ClaimMessage { step: Ordinal, epoch: u64, message_id: String, written: Option<Wording> },
    /// Somebody or something opened its message, or followed a link of it.
    Engage { step: Ordinal, hit: Hit },
    /// A bound holds the message of a step until then.
    PlanMessage { step: Ordinal, until: Timestamp, brake: Brake },
    /// An attempt came to nothing; it is tried again after `pause`.
    PutOffMessage { step: Ordinal, why: String, pause: TimeDelta },
    /// Nothing is known of what became of it.
    LoseMessage { step: Ordinal, why: String },
    /// A person says what became of it, or the far side was asked.
    SettleMessage { step: Ordinal, to: Settled },
    /// Erase it: everything but anonymous totals.
    Erase,
    /// The outbox has removed the messages of an erased record.
    Forget,
    /// Move what goes through an earlier version of the sequence (D-47).
    Migrate(MigrationId),
    /// Move back what has not gone on since.
    UndoMigration(MigrationId),
    ///
    AssignStep { step: Ordinal, to: Owner },
    /// A seller begins with a step, which then has an activity on the timeline.
    Start(Ordinal),
    /// C-7: whoever asks is to do it.
    AddActivity(NewActivity),
    /// A manual activity, or the linked one of a step.
    CompleteActivity { activity: Ordinal, note: Option<String>, call_result: Option<String> },
    ///
    CancelActivity(Ordinal),
    /// R-20 of an activity.
    AssignActivity { activity: Ordinal, to: Owner },
    /// Another program tells that an activity was completed, or else cancelled (§21.4).
    ReportActivity { activity: Ordinal, completed: bool, call_result: Option<String> },
    /// Open work of a user who may not act any more goes to others.
    HandOver(UserId),
    /// The goal of its sequences was reached (§21.4, AB-14).
    ReachGoal,
    /// The outbox has told a sequence of a participant of one of its A/B tests.
    AbTestTold { step: Ordinal, tell: Tell },
    /// A calendar is otherwise: compute anew when open steps are due and when waits end (TM-11).
    MoveDueDates,
    /// Another program tells that it was closed (§21.4). What is closed already stays as it is.
    ReportClosed(Outcome),
    /// An automatic answer to an e-mail says that the person is away, and perhaps on which day they are back.
    ReportAway { step: Ordinal, returns: Option<NaiveDate> },
    /// The person does not want e-mail any more: they asked for that, or `complained` of the one of this step.
    OptOut { step: Ordinal, complained: bool },
    /// A gateway tells what became of the text message of a step, which it calls so.
    ReportText { step: Ordinal, gateway: GatewayId, message_id: Option<String>, fate: TextFate },
    /// Whoever asks has opened it, wants to hear of it, or not any more (W-7, W-21); `None` leaves it as it is.
    Mark { read: Option<bool>, followed: Option<bool> },
    /// A text came in from whom the text message of a step went to. `stops`: they want no more of them.
    AnswerText { step: Ordinal, gateway: GatewayId, at: Timestamp, stops: bool },
    /// Leave a sequence that was entered lately; nothing more is sent of it.
    Undo(Undoing),
    /// Begin what waits for a pilot of a sequence of that number, or an earlier one.
    LetIn { sequence: SequenceId, number: u32 },
    /// The fuse of a sequence was reset.
    ReleaseHeld(SequenceId),
}
