//! What the fuse of a sequence counts of a record, and the messages that it holds.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::act::performs;
use super::advance::Turn;
use super::{Enrolment, Ordinal, Step};
use crate::domain::delivery::MessageState;
use crate::domain::effect::{Counter, Effects};
use crate::domain::enrolment::Signal;
use crate::domain::given::Given;
use crate::domain::governor::Brake;
use crate::domain::record::Record;
use crate::domain::record::event::RecordEvent;
use crate::domain::sequence::care::Care;
use crate::domain::sequence::fuse::FuseCount;
use crate::id::SequenceId;
use crate::limits;
use crate::time::Timestamp;

/// What was counted of the message of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fused {
    /// In which round of the fuse: everything that follows from the message counts there.
    pub round: u32,
    /// That it bounced.
    pub bounced: bool,
    /// That it was complained of.
    pub complained: bool,
    /// That it led to the wish for no more.
    pub unsubscribed: bool,
}

impl Fused {
    fn counted(&self) -> impl Iterator<Item = FuseCount> {
        let counted = [
            (FuseCount::Sent, true),
            (FuseCount::Bounced, self.bounced),
            (FuseCount::Complained, self.complained),
            (FuseCount::Unsubscribed, self.unsubscribed),
        ];
        counted.into_iter().filter(|(_, is_counted)| *is_counted).map(|(what, _)| what)
    }

    fn note(&mut self, what: FuseCount) {
        match what {
            FuseCount::Sent => {}
            FuseCount::Bounced => self.bounced = true,
            FuseCount::Complained => self.complained = true,
            FuseCount::Unsubscribed => self.unsubscribed = true,
        }
    }
}

impl Record {
    /// The sequence that the automated message of a step is of, with how that is kept from doing harm.
    pub fn care_of<'a>(&self, given: &'a Given, step: &Step) -> Option<(SequenceId, &'a Care)> {
        let node = self.node_of(given, step)?;
        let id = self.enrolment(step.enrolment)?.sequence;
        let sequence = given.sequences.get(&id)?;
        (node.is_automated() && !performs(step, node)).then_some((id, &sequence.care))
    }
}

/// Deciding.
impl Turn<'_> {
    /// Whether the fuse of its sequence keeps the message of a step from leaving.
    pub(super) fn is_fused(&self, step: &Step) -> bool {
        self.record.care_of(self.given, step).is_some_and(|(_, care)| care.blown.is_some())
    }

    /// The fuse holds a message until somebody resets it; now and then the message looks whether that was done.
    pub(super) fn hold_by_fuse(&mut self, step: Ordinal) {
        let until = self.stamp.at + TimeDelta::hours(limits::FUSE_LOOK_HOURS);
        self.emit(RecordEvent::MessagePutOff { step, until, failed: None, brake: Some(Brake::Fuse) });
    }

    /// Whether a fuse holds a message of a sequence that is in use no longer: nobody will reset it.
    pub(super) fn is_held_for_nothing(&self, step: Ordinal) -> bool {
        let Some(found) = self.record.step(step) else { return false };
        let sequence = self.record.enrolment(found.enrolment).and_then(|held| self.given.sequences.get(&held.sequence));
        let is_held = found.message.as_ref().is_some_and(|message| message.brake == Some(Brake::Fuse));
        is_held && sequence.is_none_or(|sequence| !sequence.status.is_active())
    }

    /// The fuse of a sequence was reset: what it held may leave. Asked again, does nothing.
    pub fn release_held(&mut self, sequence: SequenceId) {
        for (step, until) in self.held_by_fuse(|held, step| held.sequence == sequence && !self.is_fused(step)) {
            self.emit(RecordEvent::MessageOwedAgain { step, until: Some(until) });
        }
    }

    /// A sequence was deactivated: what its fuse held of those who were connected by then never leaves.
    pub fn drop_held(&mut self, sequence: SequenceId, connected_until: Timestamp) {
        let leaves = |held: &Enrolment, _: &Step| held.sequence == sequence && held.connected_at <= connected_until;
        for (step, _) in self.held_by_fuse(leaves) {
            self.take_back(step, "its sequence was deactivated while the fuse held it");
        }
    }

    /// Messages that wait because of a fuse, with when they look next.
    fn held_by_fuse(&self, is_asked: impl Fn(&Enrolment, &Step) -> bool) -> Vec<(Ordinal, Timestamp)> {
        let held = self.record.steps.iter().filter_map(|step| {
            let message = step.message.as_ref().filter(|message| message.brake == Some(Brake::Fuse))?;
            let is_asked = self.record.enrolment(step.enrolment).is_some_and(|held| is_asked(held, step));
            match message.state {
                MessageState::PutOff(until) if is_asked => Some((step.ordinal, until)),
                _ => None,
            }
        });
        held.collect()
    }

    /// Counts what the events so far mean for fuses; `before` is the record as it was.
    pub fn count_for_fuses(&mut self, before: &Record) {
        let told = self.events().iter().filter_map(|event| match event {
            RecordEvent::MessageSent { step, .. } | RecordEvent::MessageSettled { step, sent: true, .. } => {
                Some((*step, FuseCount::Sent))
            }
            RecordEvent::Signalled { step, signal: Signal::Bounced, .. } => Some((*step, FuseCount::Bounced)),
            RecordEvent::OptedOut { step, complained: true } => Some((*step, FuseCount::Complained)),
            RecordEvent::OptedOut { step, complained: false } => Some((*step, FuseCount::Unsubscribed)),
            _ => None,
        });
        for (step, what) in told.collect::<Vec<_>>() {
            self.count_for_fuse(before, step, what);
        }
    }

    fn count_for_fuse(&mut self, before: &Record, step: Ordinal, what: FuseCount) {
        let Some(found) = self.record.step(step) else { return };
        if let Some(fused) = found.fused {
            if fused.counted().all(|counted| counted != what) {
                self.emit(RecordEvent::FuseCounted { step, round: fused.round, what });
            }
            return;
        }
        // What was refused at once was sent as well; what left while there was no fuse is not counted at all.
        let is_lost = matches!(found.message_state(), Some(MessageState::Failed | MessageState::Unknown(_)));
        if what != FuseCount::Sent && !(what == FuseCount::Bounced && is_lost) {
            return;
        }
        let Some(was) = before.step(step) else { return };
        let is_email = before.node_of(self.given, was).is_some_and(|node| node.is_email());
        let Some((_, care)) = before.care_of(self.given, was).filter(|(_, care)| is_email && care.fuse.is_some())
        else {
            return;
        };
        let round = care.fuse_round;
        self.emit(RecordEvent::FuseCounted { step, round, what: FuseCount::Sent });
        if what != FuseCount::Sent {
            self.emit(RecordEvent::FuseCounted { step, round, what });
        }
    }
}

/// Remembering.
impl Record {
    pub(in crate::domain) fn note_fused(&mut self, event: &RecordEvent) {
        let RecordEvent::FuseCounted { step, round, what } = event else { return };
        if let Some(step) = self.step_mut(*step) {
            let whole = Fused { round: *round, bounced: false, complained: false, unsubscribed: false };
            step.fused.get_or_insert(whole).note(*what);
        }
    }

    pub(in crate::domain) fn owe_fused(&self, event: &RecordEvent, owed: &mut Effects) {
        let RecordEvent::FuseCounted { step, round, what } = event else { return };
        let enrolment = self.step(*step).and_then(|step| self.enrolment(step.enrolment));
        if let Some(enrolment) = enrolment {
            owed.count(Counter::Fuse(enrolment.sequence, *round, *what), 1);
        }
    }

    /// An erased record is counted no more.
    pub(in crate::domain) fn take_back_fused(&self, owed: &mut Effects) {
        for step in &self.steps {
            let (Some(fused), Some(enrolment)) = (step.fused, self.enrolment(step.enrolment)) else { continue };
            for what in fused.counted() {
                owed.count(Counter::Fuse(enrolment.sequence, fused.round, what), -1);
            }
        }
    }
}
