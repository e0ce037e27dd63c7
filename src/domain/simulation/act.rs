//! What people do in a dry run: as the script says, or as is assumed.

use chrono::TimeDelta;

use super::Way;
use super::assume::{self, Lot};
use crate::domain::enrolment::act::performs;
use crate::domain::enrolment::{Ordinal, Signal, Step, StepStatus};
use crate::domain::plan::{Action, Plan, PlanNode, SellerStep};
use crate::domain::record::command::RecordCommand;
use crate::id::SequenceId;
use crate::time::Timestamp;

/// Something that a script says happens to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// The author's id of the node; whenever one of that id is reached.
    pub node: String,
    /// What.
    pub what: What,
    /// How long after the node is reached; what comes back for an e-mail, after it is sent.
    pub after: TimeDelta,
    /// How a call that is completed ends.
    pub call_result: Option<String>,
}

/// What can happen to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It is completed.
    Complete,
    /// It is passed over.
    Skip,
    /// A wait is cut short.
    SkipWait,
    /// Something comes back for it (§21.4).
    Signal(Signal),
}

/// An event of the script that was refused where it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The node.
    pub node: String,
    /// When.
    pub at: Timestamp,
    /// Why, in a sentence.
    pub detail: String,
}

/// Something that somebody will do.
pub struct Act {
    command: RecordCommand,
    /// The node, where a script says it.
    scripted: Option<String>,
}

impl Way<'_> {
    /// Does it, now. What is refused came too late, which is told of a script.
    pub(super) fn act(&mut self, act: Act) {
        let at = self.course.now();
        let command = match act.command {
            RecordCommand::Signal { step, signal, .. } => RecordCommand::Signal { step, signal, at },
            other => other,
        };
        if let (Err(rejection), Some(node)) = (self.course.give(command), act.scripted) {
            self.refused.push(Refused { node, at, detail: rejection.to_string() });
        }
    }

    fn plan(&mut self, at: Timestamp, command: RecordCommand, scripted: Option<&str>) {
        self.planned += 1;
        let at = at.max(self.course.now());
        self.agenda.insert((at, self.planned), Act { command, scripted: scripted.map(str::to_owned) });
    }

    fn lot<'n>(&self, sequence: SequenceId, node: &'n PlanNode) -> Lot<'n> {
        Lot { seed: self.simulation.seed, record: self.id, sequence, node: &node.id }
    }

    /// The plan and the node of a step, and the sequence they are of.
    fn place(&self, step: &Step) -> Option<(&Plan, &PlanNode, SequenceId)> {
        let sequence = self.course.record.enrolment(step.enrolment).filter(|held| held.status.is_live())?.sequence;
        let plan = self.simulation.given.plan(sequence, step.version)?;
        Some((plan, plan.node(step.node)?, sequence))
    }

    /// A step has opened: somebody will do it, or pass it over.
    pub(super) fn foresee(&mut self, step: &Step) {
        let given = self.simulation.given;
        let sequence = self.course.record.enrolment(step.enrolment).filter(|held| held.status.is_live());
        let Some(sequence) = sequence.map(|held| held.sequence) else { return };
        let Some(node) = self.course.record.node_of(given, step) else { return };
        if node.is_email() {
            self.mails.push(step.ordinal);
        }
        if step.status != StepStatus::Open {
            return;
        }
        let ordinal = step.ordinal;
        let mut is_done = false;
        for event in self.script.iter().filter(|event| event.node == node.id) {
            let command = match event.what {
                What::Complete => {
                    RecordCommand::Complete { step: ordinal, note: None, call_result: event.call_result.clone() }
                }
                What::Skip => RecordCommand::Skip(ordinal),
                What::SkipWait => RecordCommand::SkipWait(ordinal),
                What::Signal(_) => continue,
            };
            is_done |= event.what != What::SkipWait;
            self.plan(step.opened_at + event.after, command, Some(&event.node));
        }
        if performs(step, node) && !is_done {
            let is_call = node.action == Action::Seller(SellerStep::PhoneCall);
            let lot = self.lot(sequence, node);
            let call_result = is_call.then(|| self.simulation.assume.call_result(lot, given)).flatten();
            let needed = TimeDelta::minutes(self.simulation.assume.seller_minutes.into());
            self.plan(step.due_at + needed, RecordCommand::Complete { step: ordinal, note: None, call_result }, None);
        }
    }

    /// An e-mail is done: what comes back for it, if it was sent.
    pub(super) fn foresee_answer(&mut self, mail: Ordinal) {
        let Some(step) = self.course.record.step(mail).filter(|step| step.status == StepStatus::Completed) else {
            return;
        };
        let Some(sent) = step.completed_at else { return };
        let Some((plan, node, sequence)) = self.place(step) else { return };
        let signal = |signal| RecordCommand::Signal { step: mail, signal, at: sent };
        let scripted = self.script.iter().filter(|event| event.node == node.id).filter_map(|event| match event.what {
            What::Signal(came) => Some((sent + event.after, signal(came), Some(event.node.clone()))),
            _ => None,
        });
        let mut coming: Vec<_> = scripted.collect();
        if coming.is_empty() {
            let reply = self.simulation.assume.reply(self.lot(sequence, node), assume::behind(plan, node));
            coming.extend(reply.map(|after| (sent + after, signal(Signal::Replied), None)));
        }
        // What could have come before the dry run begins has not come.
        let begun = self.course.start;
        for (at, command, node) in coming.into_iter().filter(|(at, ..)| *at >= begun) {
            self.plan(at, command, node.as_deref());
        }
    }
}
