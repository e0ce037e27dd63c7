//! What follows from a command to a record: checks, then the events, by way of a [`Turn`].

use chrono::TimeDelta;

use super::command::RecordCommand;
use super::erase::Erasure;
use super::event::RecordEvent;
use super::profile::Profile;
use super::rights;
use super::schema::{Change, Outcome, Owner, RecordState, RecordType};
use super::{Problem, Record, RecordRejection};
use crate::domain::enrolment::advance::{Turn, closing_outcome};
use crate::domain::enrolment::{EndReason, Enrolment, EnrolmentStatus, Ordinal};
use crate::domain::entity::Stamp;
use crate::domain::given::Given;
use crate::domain::message_template::MessageKind;
use crate::id::{FlowId, RecordId, SequenceId, UserId};
use crate::time::Timestamp;

type Decision = Result<Vec<RecordEvent>, RecordRejection>;

/// See [`crate::domain::entity::Entity::decide`].
pub fn decide(record: &Record, id: RecordId, given: &Given, command: RecordCommand, stamp: Stamp) -> Decision {
    if record.exists || matches!(command, RecordCommand::Create { .. } | RecordCommand::Forget) {
        rights::judge(record, given, &command, stamp)?;
    }
    if let RecordCommand::Create { kind, changes } = command {
        return create(record, given, kind, changes, stamp.by);
    }
    if command == RecordCommand::Forget {
        return record.forget();
    }
    if !record.exists {
        return Err(RecordRejection::NotFound);
    }
    let mut turn = Turn::new(record, id, given, stamp);
    let taken = take(&mut turn, record, command);
    // What was decided without having seen what it depends on is void.
    match turn.unseen() {
        Some(other) => Err(RecordRejection::Unseen(other)),
        None => taken.map(|()| turn.done()),
    }
}

/// A command to a record that is there.
fn take(turn: &mut Turn, record: &Record, command: RecordCommand) -> Result<(), RecordRejection> {
    let waits = turn.waits();
    match command {
        RecordCommand::Create { .. } | RecordCommand::Forget => {}
        RecordCommand::Erase => record.erased().into_iter().for_each(|event| turn.emit(event)),
        RecordCommand::Change(changes) => change(turn, changes)?,
        RecordCommand::SetStage { flow, stage } => set_stage(turn, flow, stage)?,
        RecordCommand::Close(outcome) => close(turn, outcome)?,
        RecordCommand::Reopen if record.state == RecordState::Active => {}
        RecordCommand::Reopen => turn.emit(RecordEvent::Reopened),
        RecordCommand::Connect { sequence, wait, source } => connect(turn, sequence, wait, source)?,
        RecordCommand::Disconnect(enrolment) => disconnect(turn, enrolment)?,
        RecordCommand::LeaveSequence { sequence, until } => leave(turn, sequence, until),
        RecordCommand::Undo(undoing) => turn.undo(undoing),
        RecordCommand::LetIn { sequence, number } => turn.let_in(sequence, number)?,
        RecordCommand::ReleaseHeld(sequence) => turn.release_held(sequence),
        RecordCommand::Complete { step, note, call_result } => turn.complete_step(step, note, call_result)?,
        RecordCommand::Skip(step) => turn.skip_step(step)?,
        RecordCommand::Snooze { step, until } => turn.snooze_step(step, until)?,
        RecordCommand::SkipWait(step) => turn.skip_wait(step)?,
        RecordCommand::Retry(step) => turn.retry_step(step)?,
        RecordCommand::Note { step, text } => turn.note_step(step, text)?,
        RecordCommand::Signal { step, signal, at } => turn.signal(step, signal, at)?,
        RecordCommand::Fire(key) => turn.fire(key)?,
        RecordCommand::MessageSent { step, message_id, written } => turn.message_sent(step, message_id, written)?,
        RecordCommand::SendEmail { step, content, at } => turn.send_message(MessageKind::Mail, step, content, at)?,
        RecordCommand::SendText { step, content, at } => turn.send_message(MessageKind::Text, step, content, at)?,
        RecordCommand::ClaimMessage { step, epoch, message_id, written } => {
            turn.claim_message(step, epoch, message_id, written)?;
        }
        RecordCommand::Engage { step, hit } => turn.engage(step, hit)?,
        RecordCommand::PlanMessage { step, until, brake } => turn.plan_message(step, until, brake)?,
        RecordCommand::PutOffMessage { step, why, pause } => turn.put_off(step, why, pause)?,
        RecordCommand::LoseMessage { step, why } => turn.lose_message(step, why)?,
        RecordCommand::SettleMessage { step, to } => turn.settle_message(step, to)?,
        RecordCommand::Migrate(migration) => turn.migrate(migration)?,
        RecordCommand::UndoMigration(migration) => turn.undo_migration(migration)?,
        RecordCommand::AssignStep { step, to } => turn.assign_step(step, to)?,
        RecordCommand::Start(step) => turn.start_step(step)?,
        RecordCommand::AddActivity(new) => turn.add_activity(new)?,
        RecordCommand::CompleteActivity { activity, note, call_result } => {
            turn.complete_activity(activity, note, call_result)?;
        }
        RecordCommand::CancelActivity(activity) => turn.cancel_activity(activity)?,
        RecordCommand::AssignActivity { activity, to } => turn.assign_activity(activity, to)?,
        RecordCommand::ReportActivity { activity, completed, call_result } => {
            turn.report_activity(activity, completed, call_result)?;
        }
        RecordCommand::HandOver(from) => turn.hand_over(from)?,
        RecordCommand::MoveDueDates => turn.move_due_dates()?,
        RecordCommand::MessageFailed { step, reason, bounced } => turn.message_failed(step, reason, bounced)?,
        RecordCommand::ReachGoal => turn.emit(RecordEvent::GoalReached),
        RecordCommand::AbTestTold { step, tell } => turn.ab_told(step, tell)?,
        RecordCommand::ReportClosed(_) if record.state == RecordState::Inactive => {}
        RecordCommand::ReportClosed(outcome) => turn.close(outcome, None),
        RecordCommand::ReportAway { step, returns } => turn.report_away(step, returns)?,
        RecordCommand::OptOut { step, complained } => turn.opt_out(step, complained)?,
        RecordCommand::ReportText { step, gateway, message_id, fate } => {
            turn.report_text(step, gateway, message_id, fate)?;
        }
        RecordCommand::Mark { read, followed } => turn.mark(read, followed)?,
        RecordCommand::AnswerText { step, gateway, at, stops } => turn.answer_text(step, gateway, at, stops)?,
    }
    turn.end_waits(&waits)?;
    turn.take_part(record);
    turn.count_for_fuses(record);
    Ok(())
}

fn create(record: &Record, given: &Given, kind: RecordType, mut changes: Vec<Change>, by: UserId) -> Decision {
    // What was erased is not made again by what made it: an import that is taken up, a repeat.
    if record.exists || record.erasure != Erasure::None {
        return Err(RecordRejection::Exists);
    }
    if !given.catalogue.knows(kind) {
        let detail = format!("there is no record type `{kind}`");
        let unknown = Problem { pointer: "/type".into(), code: "record_type_unknown", detail };
        return Err(RecordRejection::Invalid(vec![unknown]));
    }
    check(kind, given, &mut changes)?;
    // Or whoever creates it could not find it again.
    if by != UserId::SYSTEM && !changes.iter().any(|change| matches!(change, Change::Owner(_))) {
        changes.push(Change::Owner(Owner::User(by)));
    }
    let mut profile = Profile::default();
    changes.iter().for_each(|change| profile.set(change));
    named(&profile)?;
    let closing = changes.iter().find_map(closing_outcome);
    let mut events = vec![RecordEvent::Created { kind, changes }];
    events.extend(closing.map(RecordEvent::Closed));
    Ok(events)
}

fn change(turn: &mut Turn, mut changes: Vec<Change>) -> Result<(), RecordRejection> {
    check(turn.record.kind, turn.given, &mut changes)?;
    // Writing a disposition closes an open record, also where the field held that value before (D-69).
    let closing = changes.iter().find_map(closing_outcome).filter(|_| turn.record.state == RecordState::Active);
    // One after the other: the second of two that write the same may well be what was there before the first.
    let mut written = Profile::clone(&turn.record.profile);
    changes.retain(|change| {
        let alters = !written.has(change);
        written.set(change);
        alters
    });
    // A team works when the record's owner does (TM-10), and windows are where the recipient is.
    let moves = changes.iter().any(|change| matches!(change, Change::Owner(_) | Change::TimeZone(_)));
    let former_external_id = match changes.iter().any(|change| matches!(change, Change::ExternalId(_))) {
        true => turn.record.profile.external_id.clone(),
        false => None,
    };
    if !changes.is_empty() {
        turn.emit(RecordEvent::Changed { changes, former_external_id });
    }
    named(&turn.record.profile)?;
    if let Some(outcome) = closing {
        turn.close(outcome, None);
    }
    if moves {
        turn.move_due_dates()?;
    }
    turn.look_again()
}

/// Every change is judged, so that a client sees all that is wrong at once.
fn check(kind: RecordType, given: &Given, changes: &mut [Change]) -> Result<(), RecordRejection> {
    let problems: Vec<_> = changes.iter_mut().filter_map(|change| change.check(kind, given).err()).collect();
    if problems.is_empty() { Ok(()) } else { Err(RecordRejection::Invalid(problems)) }
}

fn named(profile: &Profile) -> Result<(), RecordRejection> {
    if !profile.display_name().is_empty() {
        return Ok(());
    }
    let detail = "a record needs a name, or a first or last name that forms it".to_owned();
    Err(RecordRejection::Invalid(vec![Problem { pointer: "/name".into(), code: "name_missing", detail }]))
}

/// A stage of a flow for records of this type (CM-16).
fn set_stage(turn: &mut Turn, flow: FlowId, stage: String) -> Result<(), RecordRejection> {
    if let Some((pointer, code, detail)) = turn.given.catalogue.stage_fault(turn.record.kind, flow, &stage) {
        return Err(RecordRejection::Invalid(vec![Problem { pointer: pointer.into(), code, detail }]));
    }
    if turn.record.stage(flow) != Some(&stage) {
        turn.emit(RecordEvent::StageChanged { flow, stage });
    }
    Ok(())
}

fn close(turn: &mut Turn, outcome: Outcome) -> Result<(), RecordRejection> {
    if turn.record.state == RecordState::Inactive {
        return Err(RecordRejection::RecordInactive);
    }
    turn.close(outcome, None);
    Ok(())
}

/// §10: the record is active, the sequence is active and runs on such records, and they are not connected yet.
fn connect(
    turn: &mut Turn,
    id: SequenceId,
    wait: Option<TimeDelta>,
    source: Option<String>,
) -> Result<(), RecordRejection> {
    let sequence =
        turn.given.sequences.get(&id).filter(|sequence| sequence.exists).ok_or(RecordRejection::SequenceNotFound)?;
    if !sequence.status.is_active() {
        return Err(RecordRejection::SequenceNotActive);
    }
    let version = sequence.version;
    if sequence.record_type != turn.record.kind {
        let (wanted, found) = (sequence.record_type, turn.record.kind);
        return Err(RecordRejection::RecordTypeMismatch { wanted, found });
    }
    if !turn.given.policy.settings().record_types.contains(&turn.record.kind) {
        return Err(RecordRejection::RecordTypeDisabled(turn.record.kind));
    }
    if turn.record.state != RecordState::Active {
        return Err(RecordRejection::RecordInactive);
    }
    let plan = turn.given.plan(id, version).ok_or(RecordRejection::SequenceNotActive)?;
    if turn.is_connected(id, plan, turn.stamp.by) {
        return Err(RecordRejection::AlreadyConnected);
    }
    turn.judge_entry(id, sequence, None)?;
    // Later, a step that finds nobody is the record owner's.
    if turn.resolve(&plan.conduct.assign_to, turn.stamp.by).is_none() {
        return Err(RecordRejection::AssigneeUnresolved);
    }
    let enrolment = turn.next_ordinal()?;
    let opens_at = wait.map(|wait| turn.stamp.at + wait);
    // What waits for a pilot waits for no time.
    let waits_until = opens_at.filter(|_| turn.full_pilot(id).is_none());
    turn.emit(RecordEvent::Connected { enrolment, sequence: id, version, opens_at: waits_until, source });
    turn.take_quota(enrolment);
    if turn.enter_pilot(enrolment, id, opens_at) && opens_at.is_none() {
        turn.open(enrolment, Some(0))?;
    }
    Ok(())
}

fn disconnect(turn: &mut Turn, enrolment: Ordinal) -> Result<(), RecordRejection> {
    let found = turn.record.enrolment(enrolment).ok_or(RecordRejection::EnrolmentNotFound)?;
    if !found.status.is_live() {
        return Err(RecordRejection::EnrolmentEnded);
    }
    turn.end(enrolment, EnrolmentStatus::Disconnected, EndReason::UserDisconnected);
    Ok(())
}

fn leave(turn: &mut Turn, sequence: SequenceId, until: Timestamp) {
    let leaves = |live: &&Enrolment| live.sequence == sequence && live.connected_at <= until;
    let leaving: Vec<_> = turn.record.live().filter(leaves).map(|live| live.ordinal).collect();
    for enrolment in leaving {
        turn.end(enrolment, EnrolmentStatus::Disconnected, EndReason::ParentSequenceDeactivated);
    }
    turn.drop_held(sequence, until);
}
