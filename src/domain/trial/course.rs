//! A record that goes through a plan on a clock of its own: it decides, its timers fire and its messages arrive as on the
//! server, and nothing is stored or sent. Tests of sequences and dry runs go through it.

use std::collections::BTreeSet;
use std::convert::Infallible;

use crate::domain::delivery::MessageState;
use crate::domain::effect::{Delivery, Effect, EffectKey, Effects};
use crate::domain::enrolment::{Enrolment, Ordinal, Step};
use crate::domain::entity::{Stamp, advance};
use crate::domain::given::Given;
use crate::domain::plan::{Plan, PlanNode};
use crate::domain::record::command::RecordCommand;
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::{Change, RecordType};
use crate::domain::record::{Record, RecordRejection};
use crate::domain::related::{See, decide_seeing};
use crate::id::{RecordId, SequenceId, UserId};
use crate::time::Timestamp;

/// The sequence of a test, whatever its own id is.
pub const SEQUENCE: SequenceId = SequenceId(0);
/// The record of every test, so that whatever is drawn by its id is the same each time.
const RECORD: RecordId = RecordId(0);

/// Where a record on a clock of its own stands.
pub struct Course<'a> {
    given: &'a Given,
    see: See<'a>,
    /// What decisions are given since one had to see another record.
    shown: Option<Given>,
    now: Timestamp,
    id: RecordId,
    sequence: SequenceId,
    /// When it began.
    pub start: Timestamp,
    /// The record.
    pub record: Record,
    timers: BTreeSet<(Timestamp, EffectKey)>,
}

impl<'a> Course<'a> {
    /// Nothing has happened yet. `given` holds the plan to be tried as that of [`SEQUENCE`].
    pub fn new(given: &'a Given, see: See<'a>, start: Timestamp) -> Course<'a> {
        Course::of((given, see), SEQUENCE, (RECORD, Record::default()), start)
    }

    /// A record as it stands, with every timer that it waits for, on its way through that sequence. Other records stay as they
    /// are when they are looked up first.
    pub fn of(
        (given, see): (&'a Given, See<'a>),
        sequence: SequenceId,
        (id, record): (RecordId, Record),
        start: Timestamp,
    ) -> Course<'a> {
        let timers = record.armed().collect();
        Course { given, see, shown: None, now: start, id, sequence, start, record, timers }
    }

    /// What the outbox owed when it began arrives.
    pub fn deliver(&mut self) -> Result<(), RecordRejection> {
        let is_owed = |step: &&Step| step.message_state().is_some_and(MessageState::is_owed);
        let owed: Vec<_> = self.record.steps.iter().filter(is_owed).map(|step| step.ordinal).collect();
        owed.into_iter().try_for_each(|step| self.give(arrives(step)))
    }

    /// The record comes into being and is connected.
    pub fn begin(&mut self, kind: RecordType, changes: Vec<Change>) -> Result<(), RecordRejection> {
        self.give(RecordCommand::Create { kind, changes })?;
        self.give(RecordCommand::Connect { sequence: self.sequence, wait: None, source: None })
    }

    /// When the next timer is due.
    pub fn next_timer(&self) -> Option<Timestamp> {
        self.timers.first().map(|(due, _)| (*due).max(self.now))
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
        self.ask(command, UserId::SYSTEM)
    }

    /// The same of a command that somebody gives, if they may.
    pub fn ask(&mut self, command: RecordCommand, by: UserId) -> Result<(), RecordRejection> {
        let mut pending = vec![(command, by)];
        while let Some((command, by)) = pending.pop() {
            let stamp = Stamp { at: self.now, by };
            let events = self.decide(command, stamp)?;
            let mut owed = Effects::default();
            advance(&mut self.record, self.id, &events, stamp, &mut owed);
            for effect in owed.0 {
                match effect {
                    Effect::Arm { due, key } => _ = self.timers.insert((due, key)),
                    Effect::Disarm { due, key } => _ = self.timers.remove(&(due, key)),
                    Effect::Owe { key, delivery: Delivery::Mail { .. } } => {
                        pending.push((arrives(key), UserId::SYSTEM));
                    }
                    // Of a sequence that empties or moves its records or tests versions, and of a record that is erased.
                    Effect::Owe { delivery: Delivery::DisconnectAll { .. } | Delivery::Migrate { .. }, .. } => {}
                    Effect::Owe { delivery: Delivery::Forget | Delivery::HandOver { .. }, .. } => {}
                    Effect::Owe { delivery: Delivery::AbTestReached { .. }, .. } => {}
                    Effect::Owe {
                        delivery: Delivery::Undo { .. } | Delivery::ReleaseHeld { .. } | Delivery::LetIn { .. },
                        ..
                    } => {}
                    Effect::Owe { delivery: Delivery::MoveDueDates { .. }, .. } => {}
                    Effect::Settle { .. } | Effect::Index(_) | Effect::Unindex(_) | Effect::Claim { .. } => {}
                    Effect::Unclaim { .. } | Effect::Count { .. } | Effect::Erase => {}
                    Effect::Keep(_) | Effect::Unkeep => {}
                }
            }
        }
        Ok(())
    }

    fn decide(&mut self, command: RecordCommand, stamp: Stamp) -> Result<Vec<RecordEvent>, RecordRejection> {
        let see = |other| Ok::<_, Infallible>((self.see)(other));
        let given = self.shown.as_ref().unwrap_or(self.given);
        let Ok((decided, shown, _)) = decide_seeing((self.id, &self.record), given, command, stamp, see);
        self.shown = shown.or_else(|| self.shown.take());
        decided
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The plan that the record goes through.
    pub fn plan(&self) -> Option<&'a Plan> {
        let version = self.enrolment()?.version;
        self.given.plan(self.sequence, version)
    }

    /// The record's way through it.
    pub fn enrolment(&self) -> Option<&Enrolment> {
        self.record.enrolments.iter().find(|enrolment| enrolment.sequence == self.sequence)
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

/// A message is taken as sent the moment that it is owed.
fn arrives(step: Ordinal) -> RecordCommand {
    RecordCommand::MessageSent { step, message_id: "<trial>".into(), written: None }
}
