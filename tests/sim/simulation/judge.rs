//! What may be stored of a record, event by event: nothing early, nothing twice, nothing claimed that did not happen.

use relance::domain::activity::ActivityStatus;
use relance::domain::delivery::MessageState;
use relance::domain::effect::Counter;
use relance::domain::enrolment::{EnrolmentStatus, Ordinal, Step, StepStatus, WaitState};
use relance::domain::governor::Brake;
use relance::domain::record::Record;
use relance::domain::record::event::RecordEvent;
use relance::domain::sequence::fuse::FuseCount;
use relance::id::{RecordId, SequenceId, StepId, UserId};
use relance::store::Store;
use relance::store::codec::Entry;
use relance::time::Timestamp;

use super::far::FarSide;
use super::history::History;

/// What is wrong with `event`, `record` being the state before it.
pub fn record_event(
    id: RecordId,
    record: &Record,
    event: &RecordEvent,
    entry: &Entry<RecordEvent>,
    latest: Timestamp,
    far: &FarSide,
) -> Vec<String> {
    let stamp = entry.stamp;
    let mut broken = Vec::new();
    let mut hold = |holds: bool, what: &str| {
        if !holds {
            broken.push(format!("record {id}: {what}: {event:?} at {}", stamp.at));
        }
    };
    hold(stamp.at <= latest, "an instant that no clock has shown (P5)");
    let by_itself = stamp.by == UserId::SYSTEM;
    let is_open = |step: Ordinal| record.step(step).is_some_and(|step| step.status == StepStatus::Open);
    let is_to_do = |activity: Ordinal| {
        let manual = record.activity(activity).map(|activity| activity.status);
        let status = manual.or_else(|| record.step(activity).and_then(Step::linked_status));
        status == Some(ActivityStatus::Open)
    };
    let message = |step: Ordinal| record.step(step).and_then(Step::message_state);
    let owes = |step: Ordinal| message(step).is_some_and(MessageState::is_owed);
    match event {
        RecordEvent::Created { .. } => hold(!record.exists, "created twice (P6)"),
        RecordEvent::Began { enrolment } => {
            let enrolment = record.enrolment(*enrolment);
            hold(enrolment.is_some_and(|one| one.status == EnrolmentStatus::Connecting), "began twice (P5)");
            let due = enrolment.and_then(|one| one.opens_at);
            hold(!by_itself || due.is_some_and(|due| stamp.at >= due), "a timer fired early (P5)");
        }
        RecordEvent::StepCompleted { step, wait, .. } => {
            hold(is_open(*step), "a step was done twice (P5)");
            let due = record.step(*step).and_then(|step| step.wakes_at);
            // What a move makes a condition look at anew may satisfy it.
            let moved = |event: &RecordEvent| {
                matches!(event, RecordEvent::Migrated { .. } | RecordEvent::MigrationUndone { .. })
                    || matches!(event, RecordEvent::WaitEnded { step: ended, .. } if ended == step)
            };
            let fired = by_itself && *wait == WaitState::Completed && !entry.events.iter().any(moved);
            hold(!fired || due.is_none_or(|due| stamp.at >= due), "a timer fired early (P5)");
        }
        RecordEvent::StepSkipped { step, .. } => hold(is_open(*step), "a step was done twice (P5)"),
        RecordEvent::MessageSent { step, .. } => {
            hold(owes(*step), "a message was noted twice (P7)");
            hold(far.taken(StepId::of(id, *step)) > 0, "nobody has taken the message (P7)");
        }
        RecordEvent::EmailSubmitted { step, .. } => {
            let sending = record.step(*step).is_some_and(Step::is_sending);
            hold(is_open(*step) && !sending, "an e-mail was submitted twice (P7)");
        }
        RecordEvent::MessageClaimed { step, .. } => {
            hold(message(*step) == Some(&MessageState::Owed), "what is not owed was claimed (P7)");
        }
        RecordEvent::MessagePutOff { step, .. } => hold(owes(*step), "a message was put off that is not owed (P7)"),
        RecordEvent::MessageUnknown { step, .. } => {
            let is_claimed = matches!(message(*step), Some(MessageState::Claimed(_)));
            hold(is_claimed, "the outcome of what nobody carried is unknown (P7)");
        }
        RecordEvent::MessageOwedAgain { step, until } => {
            let waited = matches!(message(*step), Some(MessageState::PutOff(_) | MessageState::Unknown(_)));
            hold(waited, "a message was owed twice (P7)");
            let message = record.step(*step).and_then(|step| step.message.as_ref());
            let is_released = message.is_some_and(|message| message.brake == Some(Brake::Fuse));
            let is_early = by_itself && until.is_some_and(|until| stamp.at < until);
            hold(!is_early || is_released, "a timer fired early (P5)");
        }
        RecordEvent::PilotEntered { enrolment, .. } | RecordEvent::PilotAwaited { enrolment, .. } => {
            let one = record.enrolment(*enrolment);
            hold(one.is_some_and(|one| one.pilot.is_none() && one.current.is_none()), "asks for a place twice");
        }
        RecordEvent::PilotLetIn { enrolment, .. } => {
            let one = record.enrolment(*enrolment);
            hold(one.is_some_and(|one| one.awaits_pilot().is_some()), "let in, but did not wait");
        }
        RecordEvent::FuseCounted { step, what, .. } => {
            let fused = record.step(*step).and_then(|step| step.fused);
            let is_new = fused.is_none_or(|fused| match what {
                FuseCount::Sent => false,
                FuseCount::Bounced => !fused.bounced,
                FuseCount::Complained => !fused.complained,
                FuseCount::Unsubscribed => !fused.unsubscribed,
            });
            hold(is_new, "a fuse counts twice");
        }
        RecordEvent::MessageHeld { step, .. } | RecordEvent::MessageSettled { step, .. } => {
            hold(matches!(message(*step), Some(MessageState::Unknown(_))), "what is known was settled (P7)");
        }
        RecordEvent::MessageSkipped { step, why, .. } => {
            // Of what is being carried its step may be over when the attempt comes to nothing.
            let came_back = by_itself && why.starts_with("its step is over, and ");
            let still = match message(*step) {
                Some(MessageState::Owed | MessageState::PutOff(_)) => true,
                Some(MessageState::Claimed(_)) => came_back,
                _ => false,
            };
            hold(still, "a message was taken back that had left (P7)");
        }
        RecordEvent::BecameSellers { step, .. } => hold(is_open(*step), "a closed step became the seller's"),
        RecordEvent::WindowOpened { step, .. } => hold(is_open(*step), "a closed step's window has opened"),
        RecordEvent::MessageFailed { step, .. } => hold(owes(*step), "a message was noted twice (P7)"),
        RecordEvent::Ended { enrolment, .. } => {
            hold(record.enrolment(*enrolment).is_some_and(|one| one.status.is_live()), "an enrolment ended twice");
        }
        RecordEvent::Connected { enrolment, .. } | RecordEvent::Advanced { enrolment, .. } => {
            hold(*enrolment > record.last_ordinal, "an ordinal is not behind the last (P2)");
        }
        RecordEvent::StepOpened { step, .. } => {
            hold(*step > record.last_ordinal, "an ordinal is not behind the last (P2)")
        }
        RecordEvent::Migrated { enrolment, migration, version, .. } => {
            let one = record.enrolment(*enrolment);
            hold(one.is_some_and(|one| one.status.is_live()), "moved behind its end (D-47)");
            hold(one.is_some_and(|one| !one.was_asked(*migration)), "moved twice by one migration (D-47)");
            hold(one.is_some_and(|one| one.version < *version), "moved to no later version (D-47)");
        }
        RecordEvent::NotMigrated { enrolment, migration, .. } => {
            let one = record.enrolment(*enrolment);
            hold(one.is_some_and(|one| !one.was_asked(*migration)), "asked twice by one migration (D-47)");
        }
        RecordEvent::MigrationUndone { enrolment, migration, .. } => {
            let former = record.enrolment(*enrolment).and_then(|one| one.former.as_ref());
            hold(former.is_some_and(|former| former.migration == *migration), "moved back without a move (D-47)");
        }
        RecordEvent::Undone { enrolment, .. } => {
            let one = record.enrolment(*enrolment);
            hold(one.is_some_and(|one| one.undone.is_none()), "undone twice");
            hold(one.is_some_and(|one| !one.status.is_live()), "undone and goes on");
            let waits =
                |step: &Step| matches!(step.message_state(), Some(MessageState::Owed | MessageState::PutOff(_)));
            let mut own = record.steps.iter().filter(|step| step.enrolment == *enrolment);
            hold(!own.any(waits), "undone, and a message of it may leave");
        }
        RecordEvent::AbTestEntered { step, test, .. } => {
            let one = record.step(*step).and_then(|step| record.enrolment(step.enrolment));
            let is_new = one.is_some_and(|one| one.participations.iter().all(|part| part.test != *test));
            hold(is_new, "a participant of a test twice (AB-13)");
        }
        RecordEvent::AbExposed { enrolment, test, .. } => {
            let part =
                record.enrolment(*enrolment).and_then(|one| one.participations.iter().find(|part| part.test == *test));
            hold(part.is_some_and(|part| !part.exposed), "a participant was exposed twice (AB-13)");
        }
        RecordEvent::AbMetricMet { enrolment, test } => {
            let part =
                record.enrolment(*enrolment).and_then(|one| one.participations.iter().find(|part| part.test == *test));
            hold(part.is_some_and(|part| !part.met), "a participant met the metric twice (AB-13)");
        }
        RecordEvent::StepDue { step, .. } => hold(is_open(*step), "a step that is closed is due at another instant"),
        RecordEvent::WaitMoved { step, before: due, .. } | RecordEvent::StepConverted { step, wakes_at: due, .. } => {
            let waits = record.step(*step).and_then(|step| step.wakes_at) == Some(*due);
            hold(is_open(*step) && waits, "a wait was moved that was not there (TM-11)");
        }
        RecordEvent::Erased { .. } => hold(record.exists, "erased twice (P6)"),
        RecordEvent::ActivityAdded { activity, .. } => {
            hold(*activity > record.last_ordinal, "an ordinal is not behind the last (P2)");
        }
        RecordEvent::ActivityCompleted { activity, .. } | RecordEvent::ActivityCancelled { activity } => {
            hold(is_to_do(*activity), "an activity was closed twice (P6)");
        }
        RecordEvent::ActivityLinked { step } => {
            // One that is opened by the same command is not there yet.
            let linked = record.step(*step).and_then(Step::linked_status);
            hold(linked.is_none(), "a step was linked twice (R-40)");
        }
        RecordEvent::Assigned { item, .. } => {
            hold(is_open(*item) || is_to_do(*item), "what is closed was assigned (R-23)")
        }
        RecordEvent::Changed { .. }
        | RecordEvent::Forgotten
        | RecordEvent::Closed(_)
        | RecordEvent::StageChanged { .. }
        | RecordEvent::Reopened
        | RecordEvent::StepFailed { .. }
        | RecordEvent::StepWarned { .. }
        | RecordEvent::QuotaAsked { .. }
        | RecordEvent::WaitEnded { .. }
        | RecordEvent::StepSnoozed { .. }
        | RecordEvent::Noted { .. }
        | RecordEvent::AbVersionTaken { .. }
        | RecordEvent::AbTestTold { .. }
        | RecordEvent::AbCountsKept(_)
        | RecordEvent::GoalReached
        | RecordEvent::Signalled { .. }
        | RecordEvent::AwayUntil { .. }
        | RecordEvent::TextRouted { .. }
        | RecordEvent::TextImpossible { .. }
        | RecordEvent::TextDelivered { .. }
        | RecordEvent::TextUndelivered { .. }
        | RecordEvent::TextReplied { .. }
        | RecordEvent::TextOptedOut { .. }
        | RecordEvent::OptedOut { .. }
        | RecordEvent::SenderChosen { .. }
        | RecordEvent::Marked { .. }
        | RecordEvent::WorkDone { .. }
        | RecordEvent::MessageWritten { .. }
        | RecordEvent::Engaged { .. }
        | RecordEvent::MessageOwed { .. } => {}
    }
    broken
}

/// Pilots that more records have entered than they take.
pub fn crowded_pilots(history: &History, store: &dyn Store) -> Vec<String> {
    let crowded = history.sequences.iter().filter_map(|(id, log)| {
        let pilot = log.state.care.pilot?;
        let entered = store.counter(Counter::Piloted(SequenceId(*id), pilot.number));
        (entered > i64::from(pilot.records)).then(|| format!("{entered} records are in {pilot:?} of sequence {id:x}"))
    });
    crowded.collect()
}
