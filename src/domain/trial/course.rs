//! A record that goes through a plan on a clock of its own: it decides, its timers fire and its messages arrive as on the
//! server, and nothing is stored or sent.

use std::collections::BTreeSet;

use crate::domain::effect::{Delivery, Effect, EffectKey, Effects};
use crate::domain::enrolment::{Enrolment, Ordinal, Step};
use crate::domain::entity::{Entity, Stamp, advance};
use crate::domain::given::Given;
use crate::domain::plan::{Plan, PlanNode};
use crate::domain::record::command::RecordCommand;
use crate::domain::record::schema::{Change, RecordType};
use crate::domain::record::{Record, RecordRejection};
use crate::id::{RecordId, SequenceId, UserId};
use crate::time::Timestamp;

/// The sequence of a trial, whatever its own id is.
pub const SEQUENCE: SequenceId = SequenceId(0);
/// The record of every trial, so that whatever is drawn by its id is the same each time.
const RECORD: RecordId = RecordId(0);

/// Where a trial stands.
pub struct Course<'a> {
    given: &'a Given,
    now: Timestamp,
    /// When the record was connected.
    pub start: Timestamp,
    /// The record.
    pub record: Record,
    timers: BTreeSet<(Timestamp, EffectKey)>,
}

impl<'a> Course<'a> {
    /// Nothing has happened yet. `given` holds the plan to be tried as that of [`SEQUENCE`].
    pub fn new(given: &'a Given, start: Timestamp) -> Course<'a> {
        Course { given, now: start, start, record: Record::default(), timers: BTreeSet::new() }
    }

    /// The record comes into being and is connected.
    pub fn begin(&mut self, kind: RecordType, changes: Vec<Change>) -> Result<(), RecordRejection> {
        self.give(RecordCommand::Create { kind, changes })?;
        self.give(RecordCommand::Connect { sequence: SEQUENCE, wait: None, source: None })
    }

    /// Time goes by until `to`: every timer on the way fires at its own instant, in order, those of `to` too.
    pub fn pass(&mut self, to: Timestamp) -> Result<(), RecordRejection> {
        while let Some((due, key)) = self.timers.first().copied().filter(|(due, _)| *due <= to) {
            self.timers.remove(&(due, key));
            self.now = due.max(self.now);
            match self.give(RecordCommand::Fire(key)) {
                Ok(()) | Err(RecordRejection::Stale) => {}
                Err(rejection) => return Err(rejection),
            }
        }
        self.now = to.max(self.now);
        Ok(())
    }

    /// The record decides, now; whatever it owes the outside is done at once.
    pub fn give(&mut self, command: RecordCommand) -> Result<(), RecordRejection> {
        let stamp = Stamp { at: self.now, by: UserId::SYSTEM };
        let mut pending = vec![command];
        while let Some(command) = pending.pop() {
            let events = self.record.decide(RECORD, self.given, command, stamp)?;
            let mut owed = Effects::default();
            advance(&mut self.record, RECORD, &events, stamp, &mut owed);
            for effect in owed.0 {
                match effect {
                    Effect::Arm { due, key } => _ = self.timers.insert((due, key)),
                    Effect::Disarm { due, key } => _ = self.timers.remove(&(due, key)),
                    Effect::Owe { key, delivery: Delivery::Mail { .. } } => {
                        pending.push(RecordCommand::MessageSent { step: key, message_id: "<trial>".into() });
                    }
                    // Of a sequence that empties or moves its records, and of a record that is erased; none happens here.
                    Effect::Owe { delivery: Delivery::DisconnectAll { .. } | Delivery::Migrate { .. }, .. } => {}
                    Effect::Owe { delivery: Delivery::Forget | Delivery::MoveDueDates { .. }, .. } => {}
                    Effect::Settle { .. } | Effect::Index(_) | Effect::Unindex(_) | Effect::Claim { .. } => {}
                    Effect::Unclaim { .. } | Effect::Count { .. } | Effect::Erase => {}
                }
            }
        }
        Ok(())
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The plan that the record goes through.
    pub fn plan(&self) -> Option<&'a Plan> {
        let version = self.enrolment()?.version;
        self.given.plan(SEQUENCE, version)
    }

    /// The record's way through it.
    pub fn enrolment(&self) -> Option<&Enrolment> {
        self.record.enrolments.iter().find(|enrolment| enrolment.sequence == SEQUENCE)
    }

    /// Every node that was reached, in order.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = (&Step, &'a PlanNode)> {
        let (plan, ordinal) = (self.plan(), self.enrolment().map(|enrolment| enrolment.ordinal));
        let own = self.record.steps.iter().filter(move |step| Some(step.enrolment) == ordinal);
        own.filter_map(move |step| Some((step, plan?.node(step.node)?)))
    }

    /// The open step that the enrolment stands on.
    pub fn current(&self) -> Option<(&Step, &'a PlanNode)> {
        let step = self.record.current_step(self.enrolment()?)?;
        Some((step, self.plan()?.node(step.node)?))
    }

    /// The step that was opened last among those that fit.
    pub fn last(&self, fits: impl Fn(&PlanNode) -> bool) -> Option<Ordinal> {
        self.steps().rev().find(|(_, node)| fits(node)).map(|(step, _)| step.ordinal)
    }
}
