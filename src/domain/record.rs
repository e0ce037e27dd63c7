//! A connected record: its profile, and its enrolments, because nearly everything that moves or ends one is an event of
//! the record.

mod activities;
pub mod command;
pub mod decide;
pub mod erase;
pub mod event;
pub mod kind;
pub mod listed;
mod messages;
mod migration;
pub mod profile;
pub mod rejection;
pub mod rights;
mod rows;
pub mod schema;
pub mod work;
pub mod written;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::rejection::{Problem, RecordRejection};

use self::command::RecordCommand;
use self::erase::Erasure;
use self::event::RecordEvent;
use self::listed::Listed;
use self::profile::Profile;
use self::rows::begun;
use self::schema::{Outcome, RecordState, RecordType};
use crate::domain::activity::Activity;
use crate::domain::effect::{Counter, Effect, Effects};
use crate::domain::enrolment::migrate::Outcome as Migrated;
use crate::domain::enrolment::{Enrolment, EnrolmentStatus, Ordinal, Step, StepStatus};
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::permission::Denial;
use crate::domain::score::Interest;
use crate::domain::work_list::Mark;
use crate::id::{EntityKind, FlowId, RecordId, UserId};
use crate::time::Timestamp;

/// A stage of a process flow. It stays what it was where the flow has no such stage any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The flow.
    pub flow: FlowId,
    /// The name of the stage.
    pub stage: String,
}

/// The state of a record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Whether it was created.
    pub exists: bool,
    /// What it is.
    pub kind: RecordType,
    /// What a person may write on it. Shared, because a decision copies the state and seldom changes this.
    pub profile: Arc<Profile>,
    /// Open or closed.
    pub state: RecordState,
    /// How it was closed.
    pub outcome: Outcome,
    /// When it was created.
    pub created_at: Timestamp,
    /// When anything on it was last written by a person or a command.
    pub modified_at: Timestamp,
    /// In the order they were connected.
    pub enrolments: Vec<Enrolment>,
    /// In the order they were opened, so by ordinal.
    pub steps: Vec<Step>,
    /// Manual activities in the order they were added, so by ordinal. Shared, because few records have any.
    pub activities: Arc<Vec<Activity>>,
    /// The last ordinal given out.
    pub last_ordinal: Ordinal,
    /// Where it stands in a process.
    pub process: Option<Process>,
    /// Whether it was erased; nothing else is known of it then.
    pub erasure: Erasure,
    /// When whoever it is about reads again, if they are away.
    pub away_until: Option<Timestamp>,
    /// What has come back for its messages, for its score.
    pub interest: Interest,
    /// The score supplied before the present one, and until when it was that.
    pub score_former: Option<(Option<u8>, Timestamp)>,
    /// Who has read or follows it. Shared, because a decision copies the state and seldom changes this.
    pub marks: Arc<Vec<Mark>>,
}

impl Entity for Record {
    const KIND: EntityKind = EntityKind::Record;
    const LAYOUT: u16 = 18;
    type Id = RecordId;
    type Given = Given;
    type Command = RecordCommand;
    type Event = RecordEvent;
    type Rejection = RecordRejection;

    fn must_be_seen(&self, given: &Given, by: UserId) -> Result<(), Denial> {
        self.judge_sight(given, by)
    }

    fn decide(
        &self,
        id: RecordId,
        given: &Given,
        command: RecordCommand,
        stamp: Stamp,
    ) -> Result<Vec<RecordEvent>, RecordRejection> {
        decide::decide(self, id, given, command, stamp)
    }

    fn unseen(rejection: &RecordRejection) -> Option<RecordId> {
        match rejection {
            RecordRejection::Unseen(other) => Some(*other),
            _ => None,
        }
    }

    fn again(command: &RecordCommand) -> Option<RecordCommand> {
        Some(command.clone())
    }

    fn apply(&mut self, event: &RecordEvent, stamp: Stamp) {
        match event {
            RecordEvent::Created { kind, changes } => {
                self.exists = true;
                self.kind = *kind;
                self.created_at = stamp.at;
                self.write(changes, stamp.at);
            }
            RecordEvent::Changed { changes, .. } => self.write(changes, stamp.at),
            RecordEvent::Closed(outcome) => {
                (self.state, self.outcome, self.modified_at) = (RecordState::Inactive, *outcome, stamp.at);
            }
            RecordEvent::Reopened => {
                (self.state, self.outcome, self.modified_at) = (RecordState::Active, Outcome::None, stamp.at);
            }
            RecordEvent::Connected { enrolment, sequence, version, opens_at, source } => {
                let source = source.clone();
                self.enrol(Enrolment { opens_at: *opens_at, source, ..begun(*enrolment, *sequence, *version, stamp) });
            }
            RecordEvent::Advanced { enrolment, sequence, version, from } => {
                let before = self.step(*from).and_then(|step| self.enrolment(step.enrolment));
                let connected_by = before.map_or(stamp.by, |before| before.connected_by);
                let advanced_from = Some(*from);
                self.enrol(Enrolment { connected_by, advanced_from, ..begun(*enrolment, *sequence, *version, stamp) });
            }
            RecordEvent::Began { enrolment } => {
                if let Some(enrolment) = self.enrolment_mut(*enrolment) {
                    enrolment.status = EnrolmentStatus::Connected;
                }
            }
            RecordEvent::StepOpened { .. } => self.open_step(event, stamp),
            RecordEvent::StepCompleted { step, wait, call_result, exit, counted } => {
                self.close_step(*step, stamp.at, *counted, |step| {
                    step.status = StepStatus::Completed;
                    step.wait = *wait;
                    step.call_result = call_result.clone();
                    step.exit = *exit;
                    step.error = None;
                });
            }
            RecordEvent::StepSkipped { step, exit, counted } => {
                self.close_step(*step, stamp.at, *counted, |step| {
                    step.status = StepStatus::Skipped;
                    step.exit = *exit;
                });
            }
            RecordEvent::StepFailed { step, error } => {
                if let Some(step) = self.step_mut(*step) {
                    step.error = Some(*error);
                }
            }
            RecordEvent::StepWarned { step, warning } => {
                self.annotate_step(*step, |step| step.warning = Some(*warning));
            }
            RecordEvent::StepDue { step, due_at } => self.annotate_step(*step, |step| step.due_at = *due_at),
            RecordEvent::WaitMoved { step, wakes_at, .. } => {
                self.annotate_step(*step, |step| (step.wakes_at, step.due_at) = (Some(*wakes_at), *wakes_at));
            }
            RecordEvent::StepConverted { step, error, .. } => self.convert(*step, *error, stamp.at),
            RecordEvent::StepSnoozed { step, until } => {
                if let Some(step) = self.step_mut(*step) {
                    step.due_at = *until;
                    step.snoozes = step.snoozes.saturating_add(1);
                }
            }
            RecordEvent::WaitEnded { step, by } => {
                if let Some(step) = self.step_mut(*step) {
                    step.ended_by = Some(*by);
                }
            }
            RecordEvent::AbTestEntered { .. }
            | RecordEvent::AbExposed { .. }
            | RecordEvent::AbMetricMet { .. }
            | RecordEvent::AbTestTold { .. }
            | RecordEvent::AbCountsKept(_) => self.ab_apply(event),
            RecordEvent::Noted { .. }
            | RecordEvent::QuotaAsked { .. }
            | RecordEvent::GoalReached
            | RecordEvent::TextImpossible { .. }
            | RecordEvent::TextOptedOut { .. }
            | RecordEvent::OptedOut { .. } => {}
            RecordEvent::Marked { user, read, followed } => {
                self.set_mark(Mark { user: *user, read: *read, followed: *followed });
            }
            RecordEvent::SenderChosen { enrolment, mailbox } => {
                if let Some(enrolment) = self.enrolment_mut(*enrolment) {
                    enrolment.sender = Some(*mailbox);
                }
            }
            RecordEvent::TextReplied { .. } | RecordEvent::Signalled { .. } | RecordEvent::AwayUntil { .. } => {
                self.note_answer(event)
            }
            RecordEvent::AbVersionTaken { .. }
            | RecordEvent::MessageOwed { .. }
            | RecordEvent::EmailSubmitted { .. }
            | RecordEvent::MessageSent { .. }
            | RecordEvent::MessageFailed { .. }
            | RecordEvent::WindowOpened { .. }
            | RecordEvent::MessageClaimed { .. }
            | RecordEvent::MessagePutOff { .. }
            | RecordEvent::MessageOwedAgain { .. }
            | RecordEvent::MessageUnknown { .. }
            | RecordEvent::MessageHeld { .. }
            | RecordEvent::MessageSettled { .. }
            | RecordEvent::MessageSkipped { .. }
            | RecordEvent::TextRouted { .. }
            | RecordEvent::TextDelivered { .. }
            | RecordEvent::TextUndelivered { .. }
            | RecordEvent::MessageWritten { .. }
            | RecordEvent::Engaged { .. }
            | RecordEvent::BecameSellers { .. } => self.note_message(event, stamp),
            RecordEvent::Ended { enrolment, status, reason, cancelled } => {
                if let Some(enrolment) = self.enrolment_mut(*enrolment) {
                    enrolment.status = *status;
                    enrolment.reason = Some(*reason);
                    enrolment.ended_at = Some(stamp.at);
                    enrolment.former = None;
                }
                if let Some(step) = cancelled.and_then(|step| self.step_mut(step)) {
                    step.status = StepStatus::Cancelled;
                }
            }
            RecordEvent::StageChanged { flow, stage } => {
                self.process = Some(Process { flow: *flow, stage: stage.clone() });
                self.modified_at = stamp.at;
            }
            RecordEvent::Erased { messages, .. } => self.be_erased(messages),
            RecordEvent::Forgotten => self.erasure = Erasure::Complete,
            RecordEvent::Migrated { enrolment, migration, version, landing } => {
                self.be_migrated(*enrolment, *migration, *version, *landing);
            }
            RecordEvent::NotMigrated { enrolment, migration, .. } => {
                self.note_migration(*enrolment, *migration, Migrated::Stayed);
            }
            RecordEvent::MigrationUndone { enrolment, left, .. } => self.be_restored(*enrolment, *left),
            RecordEvent::Undone { .. } => self.be_undone(event),
            RecordEvent::FuseCounted { .. } => self.note_fused(event),
            RecordEvent::PilotEntered { .. } | RecordEvent::PilotAwaited { .. } | RecordEvent::PilotLetIn { .. } => {
                self.note_pilot(event)
            }
            RecordEvent::ActivityAdded { .. }
            | RecordEvent::ActivityCompleted { .. }
            | RecordEvent::ActivityCancelled { .. }
            | RecordEvent::ActivityLinked { .. }
            | RecordEvent::WorkDone { .. }
            | RecordEvent::Assigned { .. } => self.note_activity(event, stamp),
        }
    }

    fn effects(&self, _id: RecordId, event: &RecordEvent, owed: &mut Effects) {
        match event {
            RecordEvent::Created { kind, changes } => {
                owed.count(Counter::Records(*kind), 1);
                self.claim(changes, owed);
            }
            RecordEvent::Changed { changes, former_external_id } => {
                if let Some(external_id) = former_external_id.clone() {
                    owed.push(Effect::Unclaim { kind: self.kind, external_id });
                }
                self.claim(changes, owed);
            }
            RecordEvent::Advanced { enrolment, .. } => self.owe_begin(*enrolment, owed),
            RecordEvent::QuotaAsked { month, most, .. } => {
                // What is in by now leaves room for one; this enrolment itself is counted beside it.
                let max = Some(i64::from(*most) - 1);
                owed.push(Effect::Count { counter: Counter::ConnectedIn(*month), delta: 0, max });
            }
            RecordEvent::Connected { enrolment, opens_at, .. } => {
                self.owe_begin(*enrolment, owed);
                self.owe_month(*enrolment, 1, owed);
                owed.0.extend(opens_at.map(|due| Effect::Arm { due, key: *enrolment }));
            }
            RecordEvent::Began { enrolment } => {
                if let Some(due) = self.enrolment(*enrolment).and_then(|enrolment| enrolment.opens_at) {
                    owed.push(Effect::Disarm { due, key: *enrolment });
                }
            }
            RecordEvent::StepOpened { step, wakes_at, .. } => {
                owed.0.extend(wakes_at.map(|due| Effect::Arm { due, key: *step }));
            }
            RecordEvent::StepCompleted { step, .. } | RecordEvent::StepSkipped { step, .. } => {
                self.disarm_step(*step, owed);
            }
            RecordEvent::WaitMoved { step, before, wakes_at } => {
                owed.push(Effect::Disarm { due: *before, key: *step });
                owed.push(Effect::Arm { due: *wakes_at, key: *step });
            }
            RecordEvent::StepConverted { step, wakes_at, .. } => {
                owed.push(Effect::Disarm { due: *wakes_at, key: *step });
            }
            RecordEvent::MessageOwed { .. }
            | RecordEvent::EmailSubmitted { .. }
            | RecordEvent::MessageSent { .. }
            | RecordEvent::MessageFailed { .. }
            | RecordEvent::WindowOpened { .. }
            | RecordEvent::MessageClaimed { .. }
            | RecordEvent::MessagePutOff { .. }
            | RecordEvent::MessageOwedAgain { .. }
            | RecordEvent::MessageUnknown { .. }
            | RecordEvent::MessageHeld { .. }
            | RecordEvent::MessageSettled { .. }
            | RecordEvent::TextRouted { .. }
            | RecordEvent::TextUndelivered { .. }
            | RecordEvent::MessageSkipped { .. } => self.owe_message(event, owed),
            RecordEvent::Ended { enrolment, cancelled, .. } => self.owe_end(*enrolment, *cancelled, owed),
            RecordEvent::Erased { enrolled, messages } => erase::owe(enrolled, messages, owed),
            RecordEvent::Undone { enrolment, .. } => self.count_undone(*enrolment, 1, owed),
            RecordEvent::FuseCounted { .. } => self.owe_fused(event, owed),
            RecordEvent::PilotEntered { .. } | RecordEvent::PilotAwaited { .. } | RecordEvent::PilotLetIn { .. } => {
                self.owe_pilot(event, owed);
            }
            RecordEvent::Forgotten => owed.push(Effect::Settle { key: erase::FORGET }),
            RecordEvent::Migrated { enrolment, .. }
            | RecordEvent::NotMigrated { enrolment, .. }
            | RecordEvent::MigrationUndone { enrolment, .. } => self.owe_migration(*enrolment, event, owed),
            RecordEvent::AbTestEntered { .. }
            | RecordEvent::AbExposed { .. }
            | RecordEvent::AbMetricMet { .. }
            | RecordEvent::AbTestTold { .. }
            | RecordEvent::AbCountsKept(_) => self.ab_owe(event, owed),
            RecordEvent::WorkDone { user, day, .. } => owed.count(Counter::DoneOn(*user, *day), 1),
            RecordEvent::Closed(_)
            | RecordEvent::GoalReached
            | RecordEvent::BecameSellers { .. }
            | RecordEvent::StageChanged { .. }
            | RecordEvent::Reopened
            | RecordEvent::StepFailed { .. }
            | RecordEvent::StepWarned { .. }
            | RecordEvent::StepDue { .. }
            | RecordEvent::StepSnoozed { .. }
            | RecordEvent::Noted { .. }
            | RecordEvent::AbVersionTaken { .. }
            | RecordEvent::WaitEnded { .. }
            | RecordEvent::ActivityAdded { .. }
            | RecordEvent::ActivityCompleted { .. }
            | RecordEvent::ActivityCancelled { .. }
            | RecordEvent::ActivityLinked { .. }
            | RecordEvent::Assigned { .. }
            | RecordEvent::Signalled { .. }
            | RecordEvent::AwayUntil { .. }
            | RecordEvent::TextImpossible { .. }
            | RecordEvent::TextDelivered { .. }
            | RecordEvent::TextReplied { .. }
            | RecordEvent::TextOptedOut { .. }
            | RecordEvent::OptedOut { .. }
            | RecordEvent::MessageWritten { .. }
            | RecordEvent::Engaged { .. }
            | RecordEvent::Marked { .. }
            | RecordEvent::SenderChosen { .. } => {}
        }
    }

    fn listed(&self) -> Option<Listed> {
        self.exists.then(|| self.show())
    }

    fn erases(event: &RecordEvent) -> bool {
        matches!(event, RecordEvent::Erased { .. })
    }

    fn audited(event: &RecordEvent) -> bool {
        matches!(event, RecordEvent::Erased { .. })
    }

    fn retract(&self, owed: &mut Effects) {
        self.take_back(owed);
    }
}
