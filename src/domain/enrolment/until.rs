//! Waits that end on the first of several things: an event, a change of the record, or their time.

use super::advance::Turn;
use super::{Ordinal, Step, StepStatus, WaitState};
use crate::domain::activity::LinkedActivity;
use crate::domain::given::Given;
use crate::domain::plan::PlanNode;
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::Change;
use crate::domain::record::{Record, RecordRejection};
use crate::domain::sequence::graph::{Occurrence, Until};

impl Turn<'_> {
    /// The open waits that may end before their time. Taken before a decision begins, so that what it opens is not ended by
    /// what led there, and no two sequences can keep waking each other.
    pub fn waits(&self) -> Vec<Ordinal> {
        let open = self.record.live().filter_map(|live| self.record.current_step(live));
        let may_end = |step: &&Step| {
            let node = self.record.node_of(self.given, step);
            step.wait == WaitState::Waiting && node.is_some_and(|node| !node.until.is_empty())
        };
        open.filter(may_end).map(|step| step.ordinal).collect()
    }

    /// Ends those of the waits for which something has happened in this decision.
    pub fn end_waits(&mut self, waits: &[Ordinal]) -> Result<(), RecordRejection> {
        for wait in waits {
            let Some(step) = self.record.step(*wait).filter(|step| step.status == StepStatus::Open).cloned() else {
                continue;
            };
            let Some(node) = self.record.node_of(self.given, &step) else { continue };
            let ended = node.until.iter().position(|until| self.has_come(until, &step));
            if let Some(by) = ended.and_then(|place| u8::try_from(place).ok()) {
                self.emit(RecordEvent::WaitEnded { step: step.ordinal, by });
                self.wake(&step, node, WaitState::Completed)?;
            }
        }
        Ok(())
    }

    /// What ends a wait at the instant when it would begin.
    pub(super) fn ended_already(&self, enrolment: Ordinal, node: &PlanNode) -> Option<u8> {
        let mails = self.record.steps.iter().rev().filter(|step| step.enrolment == enrolment);
        let mail = mails.into_iter().find(|step| self.record.node_of(self.given, step).is_some_and(PlanNode::is_email));
        let holds = |until: &Until| match until {
            Until::Event(event) => {
                event.signal().zip(mail).is_some_and(|(signal, mail)| mail.signals.first(signal).is_some())
            }
            Until::Field(_) => false,
            Until::Condition(condition) => self.answer_field(condition) == Ok(true),
        };
        node.until.iter().position(holds).and_then(|place| u8::try_from(place).ok())
    }

    fn has_come(&self, until: &Until, wait: &Step) -> bool {
        let mut events = self.events().iter();
        match until {
            Until::Event(wanted) => events.any(|event| self.is_occurrence(event, *wanted, wait)),
            Until::Field(name) => events.any(|event| match event {
                RecordEvent::Changed { changes, .. } => changes.iter().any(|change| change_name(change) == *name),
                _ => false,
            }),
            Until::Condition(condition) => events.any(is_change) && self.answer_field(condition) == Ok(true),
        }
    }

    fn is_occurrence(&self, event: &RecordEvent, wanted: Occurrence, wait: &Step) -> bool {
        match (wanted, event) {
            (Occurrence::RecordUpdated, event) => is_change(event),
            (Occurrence::RecordOwnerChanged, RecordEvent::Changed { changes, .. }) => {
                changes.iter().any(|change| matches!(change, Change::Owner(_)))
            }
            (Occurrence::RecordStageChanged, RecordEvent::StageChanged { .. }) => true,
            (Occurrence::ActivityCompleted, RecordEvent::ActivityCompleted { .. })
            | (Occurrence::GoalReached, RecordEvent::GoalReached) => true,
            // A linked activity is done with its step, whichever of the two somebody completes.
            (Occurrence::ActivityCompleted, RecordEvent::StepCompleted { step, .. }) => {
                self.record.step(*step).is_some_and(|step| step.linked == LinkedActivity::Follows)
            }
            (Occurrence::EmailReplied, RecordEvent::TextReplied { step, .. }) => {
                self.record.step(*step).is_some_and(|text| text.enrolment == wait.enrolment)
            }
            (wanted, RecordEvent::Signalled { step, signal, .. }) => {
                let of_sequence = self.record.step(*step).is_some_and(|mail| mail.enrolment == wait.enrolment);
                of_sequence
                    && wanted.signal().is_some_and(|wanted| wanted == *signal || signal.implied() == Some(wanted))
            }
            _ => false,
        }
    }
}

impl Record {
    /// What ended a wait before its time, if anything did.
    pub fn ended_by<'a>(&self, given: &'a Given, step: &Step) -> Option<&'a Until> {
        self.node_of(given, step)?.until.get(usize::from(step.ended_by?))
    }
}

/// Whether it writes what a condition may look at.
fn is_change(event: &RecordEvent) -> bool {
    matches!(
        event,
        RecordEvent::Changed { .. } | RecordEvent::StageChanged { .. } | RecordEvent::Closed(_) | RecordEvent::Reopened
    )
}

/// What conditions call the property or field that a change writes.
fn change_name(change: &Change) -> String {
    match change {
        Change::Field(name, _) => name.clone(),
        property => property.pointer().trim_start_matches('/').replace('/', "."),
    }
}
