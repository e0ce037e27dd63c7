//! What an event of the log did to one enrolment, in a sentence: when, who, and why.

use super::{Cause, SeeThen, words};
use crate::domain::condition::Condition;
use crate::domain::engagement::Grade;
use crate::domain::enrolment::act::performs;
use crate::domain::enrolment::{EndReason, Exit, Ordinal, Signal, Step, StepStatus, StepWarning, WaitState};
use crate::domain::entity::Stamp;
use crate::domain::given::Given;
use crate::domain::governor::Brake;
use crate::domain::plan::{AbVersion, Action, EmailSignals};
use crate::domain::record::Record;
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::Outcome;

/// What can be said of an event, `record` being the state just after it; nothing where it is none of the enrolment's.
pub fn of(
    record: &Record,
    (given, see): (&Given, SeeThen),
    enrolment: Ordinal,
    (stamp, event): (Stamp, &RecordEvent),
) -> Option<Cause> {
    let teller = Teller { record, given, see, enrolment, stamp };
    let (kind, node, detail) = teller.tell(event)?;
    Some(Cause { at: stamp.at, kind, node, detail })
}

const WAITS: &str = "begins with some records, and this is none of them: it waits until it is let in";

type Told = (&'static str, Option<String>, String);

struct Teller<'a> {
    record: &'a Record,
    given: &'a Given,
    see: SeeThen<'a>,
    enrolment: Ordinal,
    stamp: Stamp,
}

impl Teller<'_> {
    fn tell(&self, event: &RecordEvent) -> Option<Told> {
        match event {
            RecordEvent::Connected { enrolment, .. } => self.own(*enrolment).then(|| self.connected()),
            RecordEvent::Advanced { enrolment, from, .. } => self.own(*enrolment).then(|| self.advanced(*from)),
            RecordEvent::Began { enrolment } => {
                self.own(*enrolment).then(|| ("began", None, "The wait before the first step was over.".to_owned()))
            }
            RecordEvent::PilotAwaited { enrolment, .. } => self.of_pilot(*enrolment, "pilot_awaited", WAITS),
            RecordEvent::PilotLetIn { enrolment, .. } => self.of_pilot(*enrolment, "pilot_let_in", "is for all now"),
            RecordEvent::StepOpened { step, .. } => self.opened(self.step(*step)?),
            RecordEvent::StepCompleted { step, .. } => self.completed(self.step(*step)?),
            RecordEvent::StepSkipped { step, exit, .. } => {
                let takes = if exit.is_some() { ", which takes No" } else { "" };
                self.of_step("step_skipped", *step, |name| format!("{} skipped {name}{takes}.", self.actor()))
            }
            RecordEvent::StepFailed { step, error } => {
                let why = words::error(*error).0;
                self.of_step("step_failed", *step, |name| format!("{name} failed: {why}."))
            }
            RecordEvent::StepWarned { step, warning: StepWarning::AssigneeUnresolved } => {
                let owner = words::who(self.given, self.step(*step)?.assignee);
                self.of_step("step_warned", *step, |name| {
                    format!(
                        "Nobody was found whom the sequence gives {name} to, so it went to the record's owner, {owner}."
                    )
                })
            }
            RecordEvent::StepSnoozed { step, until } => {
                self.of_step("step_snoozed", *step, |name| format!("{} put {name} off until {until}.", self.actor()))
            }
            RecordEvent::Assigned { item, assignee } => {
                let whom = words::who(self.given, *assignee);
                self.of_step("step_assigned", *item, |name| format!("{} gave {name} to {whom}.", self.actor()))
            }
            RecordEvent::WaitEnded { step, .. } => {
                let ended = self.record.ended_by(self.given, self.step(*step)?);
                let why = ended.map_or_else(|| "something happened".into(), |until| until.words());
                self.of_step("wait_ended", *step, |name| format!("The wait {name} ended before its time: {why}."))
            }
            RecordEvent::StepDue { step, due_at } => {
                self.of_step("step_due", *step, |name| format!("{name} is due when its seller works: {due_at}."))
            }
            RecordEvent::WaitMoved { step, before, wakes_at } => self.of_step("wait_moved", *step, |name| {
                format!("By a changed calendar or window {name} goes on until {wakes_at}, and not until {before}.")
            }),
            RecordEvent::StepConverted { step, error, .. } => {
                let why = words::error(*error).0;
                self.of_step("step_converted", *step, |name| format!("{name} became the seller's to do: {why}."))
            }
            RecordEvent::AbVersionTaken { step, version } => {
                let letter = if *version == AbVersion::A { "A" } else { "B" };
                self.of_step("ab_version_taken", *step, |name| format!("Version {letter} was taken in {name}."))
            }
            RecordEvent::Signalled { step, signal, at } => {
                let what = words::signal(*signal);
                self.of_step("signal", *step, |name| format!("After {name} the recipient {what}, at {at}."))
            }
            RecordEvent::MessageSent { step, .. } => {
                self.of_step("message_sent", *step, |name| format!("The message of {name} was sent."))
            }
            RecordEvent::MessageFailed { step, reason } => self
                .of_step("message_failed", *step, |name| format!("The message of {name} could not be sent: {reason}.")),
            RecordEvent::EmailSubmitted { step, at, .. } => {
                let when = at.map_or_else(|| "now".to_owned(), |at| format!("at {at}"));
                let actor = self.actor();
                self.of_step("email_submitted", *step, |name| format!("{actor} had {name} sent {when}."))
            }
            RecordEvent::MessagePutOff { step, until, failed, brake } => {
                let held = brake.map_or("its window is shut", Brake::words);
                let why = failed.as_deref().unwrap_or(held);
                self.of_step("message_put_off", *step, |name| format!("{name} was put off until {until}: {why}."))
            }
            RecordEvent::MessageUnknown { step, why, .. } => {
                self.of_step("message_unknown", *step, |name| format!("Nobody knows whether {name} was sent: {why}."))
            }
            RecordEvent::MessageSettled { step, sent, .. } => {
                let what = if *sent { "sent" } else { "not sent" };
                self.of_step("message_settled", *step, |name| format!("{name} is taken as {what}."))
            }
            RecordEvent::MessageSkipped { step, why, .. } => {
                self.of_step("message_skipped", *step, |name| format!("{name} was not sent: {why}."))
            }
            RecordEvent::BecameSellers { step, error } => {
                let why = words::error(*error).0;
                self.of_step("step_converted", *step, |name| format!("{name} became the seller's to do: {why}."))
            }
            RecordEvent::AwayUntil { step, until } => self.of_step("away", *step, |name| {
                format!("An automatic answer to {name} says that the person is away: messages wait until {until}.")
            }),
            RecordEvent::OptedOut { step, complained } => {
                let what = if *complained { "complained of" } else { "unsubscribed after" };
                self.of_step("opted_out", *step, |name| format!("The person {what} {name}."))
            }
            RecordEvent::TextDelivered { step } => {
                self.of_step("text_delivered", *step, |name| format!("The text of {name} has arrived."))
            }
            RecordEvent::TextUndelivered { step, reason } => {
                self.of_step("text_undelivered", *step, |name| format!("The text of {name} never arrived: {reason}."))
            }
            RecordEvent::TextReplied { step, at } => {
                self.of_step("text_replied", *step, |name| format!("The person answered the text of {name}, at {at}."))
            }
            RecordEvent::TextOptedOut { step } => {
                self.of_step("text_opted_out", *step, |name| format!("The person stopped text messages after {name}."))
            }
            RecordEvent::TextImpossible { step, why } => {
                self.of_step("text_impossible", *step, |name| format!("{name} cannot be sent: {why}."))
            }
            RecordEvent::Engaged { step, signal, grade: Grade::Machine(sign), .. } => {
                let (what, sign) = (words::signal(*signal), sign.words());
                self.of_step("machine_engaged", *step, |name| {
                    format!("After {name} a machine {what}, which {sign}; that satisfies nothing.")
                })
            }
            RecordEvent::Ended { enrolment, reason, .. } => self.own(*enrolment).then(|| self.ended(*reason)),
            RecordEvent::Closed(outcome) => self.closed(*outcome),
            RecordEvent::Reopened => {
                let live = self.is_live();
                live.then(|| ("record_reopened", None, format!("{} opened the record again.", self.actor())))
            }
            RecordEvent::Migrated { enrolment, version, .. } => self.own(*enrolment).then(|| {
                let sequence = words::sequence_of(self.record, self.given, *enrolment);
                ("migrated", None, format!("A migration moved it to version {version} of {sequence}."))
            }),
            RecordEvent::NotMigrated { enrolment, conflict, .. } => self
                .own(*enrolment)
                .then(|| ("not_migrated", None, format!("A migration left it on its version: {conflict}."))),
            RecordEvent::MigrationUndone { enrolment, .. } => self.own(*enrolment).then(|| {
                ("migration_undone", None, "The migration was taken back; it stands where it stood.".to_owned())
            }),
            RecordEvent::Created { .. }
            | RecordEvent::Changed { .. }
            | RecordEvent::StageChanged { .. }
            | RecordEvent::Noted { .. }
            | RecordEvent::MessageOwed { .. }
            | RecordEvent::MessageWritten { .. }
            | RecordEvent::Engaged { grade: Grade::Human, .. }
            | RecordEvent::MessageOwedAgain { .. }
            | RecordEvent::MessageClaimed { .. }
            | RecordEvent::TextRouted { .. }
            | RecordEvent::MessageHeld { .. }
            | RecordEvent::WindowOpened { .. }
            | RecordEvent::QuotaAsked { .. }
            | RecordEvent::Undone { .. }
            | RecordEvent::FuseCounted { .. }
            | RecordEvent::PilotEntered { .. }
            | RecordEvent::SenderChosen { .. }
            | RecordEvent::ActivityAdded { .. }
            | RecordEvent::ActivityCompleted { .. }
            | RecordEvent::ActivityCancelled { .. }
            | RecordEvent::ActivityLinked { .. }
            | RecordEvent::Erased { .. }
            | RecordEvent::AbTestEntered { .. }
            | RecordEvent::AbExposed { .. }
            | RecordEvent::AbMetricMet { .. }
            | RecordEvent::AbTestTold { .. }
            | RecordEvent::AbCountsKept(_)
            | RecordEvent::GoalReached
            | RecordEvent::Marked { .. }
            | RecordEvent::WorkDone { .. }
            | RecordEvent::Forgotten => None,
        }
    }

    fn own(&self, enrolment: Ordinal) -> bool {
        enrolment == self.enrolment
    }

    fn is_live(&self) -> bool {
        self.record.enrolment(self.enrolment).is_some_and(|held| held.status.is_live())
    }

    fn actor(&self) -> String {
        words::actor(self.given, self.stamp.by)
    }

    /// A step of the enrolment.
    fn step(&self, step: Ordinal) -> Option<&Step> {
        self.record.step(step).filter(|step| self.own(step.enrolment))
    }

    fn node(&self, step: &Step) -> Option<String> {
        self.record.node_of(self.given, step).map(|node| node.id.clone())
    }

    fn of_step(&self, kind: &'static str, step: Ordinal, say: impl FnOnce(String) -> String) -> Option<Told> {
        let step = self.step(step)?;
        Some((kind, self.node(step), say(words::step(self.record, self.given, step))))
    }

    fn connected(&self) -> Told {
        let sequence = words::sequence_of(self.record, self.given, self.enrolment);
        let held = self.record.enrolment(self.enrolment);
        let version = held.map_or(0, |held| held.version);
        let from = held.and_then(|held| held.source.as_ref()).map(|from| format!(" (from {from})")).unwrap_or_default();
        let until = held.and_then(|held| held.opens_at).map(|at| format!(", to begin at {at}")).unwrap_or_default();
        (
            "connected",
            None,
            format!("{} connected the record to {sequence}, version {version}{from}{until}.", self.actor()),
        )
    }

    fn of_pilot(&self, enrolment: Ordinal, kind: &'static str, what: &str) -> Option<Told> {
        let sequence = words::sequence_of(self.record, self.given, enrolment);
        self.own(enrolment).then(|| (kind, None, format!("{sequence} {what}.")))
    }

    fn advanced(&self, from: Ordinal) -> Told {
        let step = self.record.step(from);
        let before = step.map(|step| words::sequence_of(self.record, self.given, step.enrolment));
        let name = step.map(|step| words::step(self.record, self.given, step)).unwrap_or_default();
        let sequence = words::sequence_of(self.record, self.given, self.enrolment);
        let before = before.unwrap_or_else(|| "another sequence".into());
        ("advanced_from", None, format!("{before} led on to {sequence} with its step {name}."))
    }

    /// Of a node that stays open for a while; what is done at once is told when it is done.
    fn opened(&self, step: &Step) -> Option<Told> {
        let node = self.record.node_of(self.given, step)?;
        let name = words::node(node);
        let assignee = words::who(self.given, step.assignee);
        let detail = match (step.error, step.wakes_at, &node.action) {
            (Some(error), ..) if step.converted => {
                format!("{name} became {assignee}'s to do: {}.", words::error(error).0)
            }
            (_, Some(until), Action::EmailSignals(question)) => {
                let wanted = words::signals(&question.signals, question.all);
                format!("{name} began to wait for {wanted}, until {until}.")
            }
            (_, Some(until), _) if node.is_automated() => {
                format!("{name} was reached outside the sequence's window, which opens at {until}.")
            }
            (_, Some(until), _) => format!("{name} began to wait until {until}{}.", words::or_until(&node.until)),
            _ if performs(step, node) => format!("{name} was opened for {assignee}."),
            _ => return None,
        };
        Some(("step_opened", Some(node.id.clone()), detail))
    }

    fn completed(&self, step: &Step) -> Option<Told> {
        let Some(node) = self.record.node_of(self.given, step) else {
            return Some(("step_completed", None, "A step whose version is no more was completed.".into()));
        };
        let name = words::node(node);
        let exit = step.exit.map(words::exit).unwrap_or_default();
        let branch = |why: String| ("branch_taken", format!("{name} took {exit}{why}."));
        let (kind, detail) = match &node.action {
            _ if performs(step, node) => {
                let result = step.call_result.as_deref().map(|result| format!(" with the result `{result}`"));
                ("step_completed", format!("{} completed {name}{}.", self.actor(), result.unwrap_or_default()))
            }
            Action::Wait(_) if step.wait == WaitState::Skipped => {
                ("wait_skipped", format!("{} cut the wait {name} short.", self.actor()))
            }
            Action::Wait(_) => ("wait_over", format!("The wait {name} was over.")),
            Action::EmailSignals(question) => branch(self.why_answered(step, question)),
            Action::CallResult(results) => branch(self.why_called(step, results)),
            Action::FieldCondition(condition) => branch(self.why_held(condition)),
            Action::StageCondition { flow, .. } => {
                let stage = self.record.stage(*flow);
                branch(stage.map_or(": no such process is running".into(), |stage| {
                    format!(": the process stands on “{stage}”")
                }))
            }
            Action::UpdateField { field, value } => ("field_updated", format!("{name} wrote `{field}`: “{value}”.")),
            Action::Advance(target) => {
                ("advanced", format!("{name} led on to {}.", words::sequence(self.given, *target)))
            }
            Action::Seller(_) | Action::AutoEmail(_) | Action::AutoText(_) | Action::AbTest(_) => {
                ("step_completed", format!("The server took {name} up for sending."))
            }
        };
        Some((kind, Some(node.id.clone()), detail))
    }

    /// What a condition found, on other records as they were then.
    fn why_held(&self, condition: &Condition) -> String {
        words::compared(self.record, self.given, &|other| (self.see)(other, self.stamp.at), condition)
    }

    /// What an e-mail condition had got when it took its exit.
    fn why_answered(&self, step: &Step, question: &EmailSignals) -> String {
        let mail = self.record.step_before(step.enrolment, step.ordinal);
        let cut = if step.wait == WaitState::Skipped {
            format!(", when {} cut the wait short", self.actor())
        } else {
            "".into()
        };
        let Some(mail) = mail else { return ": there is no e-mail before it".into() };
        if mail.status == StepStatus::Skipped {
            return format!(": {} was skipped", words::step(self.record, self.given, mail));
        }
        let came: Vec<_> = question
            .signals
            .iter()
            .filter_map(|signal| {
                Some(format!("the recipient {} at {}", words::signal(*signal), mail.signals.first(*signal)?))
            })
            .collect();
        match (step.exit, came.is_empty()) {
            (Some(Exit::Yes), _) => format!(": {}{cut}", came.join(" and ")),
            (_, true) => {
                let until = step.wakes_at.unwrap_or_else(|| mail.limit_end(question.limit));
                let wanted = words::signals(&question.signals, question.all);
                if cut.is_empty() {
                    format!(": {wanted} had not come by {until}")
                } else {
                    format!(": {wanted} had not come{cut}")
                }
            }
            (_, false) => format!(
                ": of {} only so much came: {}{cut}",
                words::signals(&question.signals, question.all),
                came.join(" and ")
            ),
        }
    }

    fn why_called(&self, step: &Step, results: &[String]) -> String {
        let call = self.record.step_before(step.enrolment, step.ordinal);
        let wanted = results.iter().map(|result| format!("`{result}`")).collect::<Vec<_>>().join(" or ");
        match call.and_then(|call| call.call_result.as_deref()) {
            Some(result) if step.exit == Some(Exit::Yes) => format!(": the call ended with `{result}`"),
            Some(result) => format!(": the call ended with `{result}`, and not with {wanted}"),
            None => format!(": no call ended with {wanted}"),
        }
    }

    fn closed(&self, outcome: Outcome) -> Option<Told> {
        let how = match outcome {
            Outcome::Success => " as a success",
            Outcome::Failure => " as a failure",
            Outcome::None => "",
        };
        self.is_live().then(|| ("record_closed", None, format!("{} closed the record{how}.", self.actor())))
    }

    fn ended(&self, reason: EndReason) -> Told {
        let sequence = words::sequence_of(self.record, self.given, self.enrolment);
        let detail = match reason {
            EndReason::SequenceCompleted => format!("The way through {sequence} has come to its end: nothing follows."),
            EndReason::UserDisconnected => format!("{} took the record out of {sequence}.", self.actor()),
            EndReason::ParentSequenceDeactivated => format!("{sequence} was deactivated, so the record left it."),
            EndReason::RegardingEntityDeactivated => format!("The record was closed, so it left {sequence}."),
            EndReason::ExitCriterionMet => {
                let replied = |step: &&Step| self.own(step.enrolment) && step.signals.first(Signal::Replied).is_some();
                let mail = self.record.steps.iter().rev().find(replied);
                let mail = mail.map_or("an e-mail".into(), |mail| words::step(self.record, self.given, mail));
                format!("The recipient replied to {mail}, and {sequence} is left on a reply.")
            }
            EndReason::SequenceUndone => format!("What had begun in {sequence} was undone, so the record left it."),
            EndReason::AdvancedToOtherSequence => {
                format!("The record went on in another sequence, so it left {sequence}.")
            }
        };
        ("ended", None, detail)
    }
}
