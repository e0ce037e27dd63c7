//! A sequence that begins with some records: each that is connected takes a place while there is one, and the others wait to
//! begin until somebody lets them in.

use serde::{Deserialize, Serialize};

use super::advance::Turn;
use super::{Enrolment, EnrolmentStatus, Ordinal};
use crate::domain::effect::{Counter, Effect, Effects};
use crate::domain::record::event::RecordEvent;
use crate::domain::record::{Record, RecordRejection};
use crate::domain::sequence::care::Pilot;
use crate::id::SequenceId;
use crate::time::Timestamp;

/// What an enrolment has to do with the pilot of its sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piloted {
    /// It has a place in the one of that number.
    Entered(u32),
    /// There was none left.
    Waiting {
        /// In the one of that number.
        pilot: u32,
        /// When it would have begun, where it was connected with a wait (K-9).
        opens_at: Option<Timestamp>,
    },
}

impl Enrolment {
    /// The pilot that it waits for.
    pub fn awaits_pilot(&self) -> Option<u32> {
        match self.pilot {
            Some(Piloted::Waiting { pilot, .. }) if self.status == EnrolmentStatus::Connecting => Some(pilot),
            _ => None,
        }
    }
}

/// Deciding.
impl Turn<'_> {
    /// The pilot of a sequence in which no place is left.
    pub fn full_pilot(&self, sequence: SequenceId) -> Option<Pilot> {
        self.pilot(sequence).filter(|pilot| self.given.full_pilots.contains(&(sequence, pilot.number)))
    }

    fn pilot(&self, sequence: SequenceId) -> Option<Pilot> {
        self.given.sequences.get(&sequence)?.care.pilot
    }

    /// An enrolment that was just made asks for a place, where its sequence has a pilot; whether it may begin. Whoever stores
    /// that knows whether there is one, and has it decided anew where there is none.
    pub fn enter_pilot(&mut self, enrolment: Ordinal, sequence: SequenceId, opens_at: Option<Timestamp>) -> bool {
        let Some(Pilot { number: pilot, records }) = self.pilot(sequence) else { return true };
        let is_full = self.full_pilot(sequence).is_some();
        self.emit(match is_full {
            true => RecordEvent::PilotAwaited { enrolment, pilot, opens_at },
            false => RecordEvent::PilotEntered { enrolment, pilot, records },
        });
        !is_full
    }

    /// Whoever waits for a pilot of that number, or an earlier one, begins. Asked again, does nothing.
    pub fn let_in(&mut self, sequence: SequenceId, number: u32) -> Result<(), RecordRejection> {
        let waits =
            |held: &&Enrolment| held.sequence == sequence && held.awaits_pilot().is_some_and(|pilot| pilot <= number);
        let waiting: Vec<_> = self.record.live().filter(waits).map(|held| (held.ordinal, held.pilot)).collect();
        for (enrolment, piloted) in waiting {
            let opens_at = match piloted {
                Some(Piloted::Waiting { opens_at, .. }) => opens_at.filter(|opens_at| *opens_at > self.stamp.at),
                _ => None,
            };
            self.emit(RecordEvent::PilotLetIn { enrolment, opens_at });
            if opens_at.is_none() {
                self.open(enrolment, Some(0))?;
            }
        }
        Ok(())
    }
}

/// Remembering.
impl Record {
    pub(in crate::domain) fn note_pilot(&mut self, event: &RecordEvent) {
        match event {
            RecordEvent::PilotEntered { enrolment, pilot, .. } => {
                if let Some(held) = self.enrolment_mut(*enrolment) {
                    held.pilot = Some(Piloted::Entered(*pilot));
                }
            }
            RecordEvent::PilotAwaited { enrolment, pilot, opens_at } => {
                if let Some(held) = self.enrolment_mut(*enrolment) {
                    held.pilot = Some(Piloted::Waiting { pilot: *pilot, opens_at: *opens_at });
                    held.status = EnrolmentStatus::Connecting;
                }
            }
            RecordEvent::PilotLetIn { enrolment, opens_at } => {
                if let Some(held) = self.enrolment_mut(*enrolment) {
                    (held.pilot, held.opens_at) = (None, *opens_at);
                    if opens_at.is_none() {
                        held.status = EnrolmentStatus::Connected;
                    }
                }
            }
            _ => {}
        }
    }

    pub(in crate::domain) fn owe_pilot(&self, event: &RecordEvent, owed: &mut Effects) {
        let (RecordEvent::PilotEntered { enrolment, .. }
        | RecordEvent::PilotAwaited { enrolment, .. }
        | RecordEvent::PilotLetIn { enrolment, .. }) = event
        else {
            return;
        };
        let Some(sequence) = self.enrolment(*enrolment).map(|held| held.sequence) else { return };
        match event {
            RecordEvent::PilotEntered { pilot, records, .. } => {
                let max = Some(i64::from(*records));
                owed.push(Effect::Count { counter: Counter::Piloted(sequence, *pilot), delta: 1, max });
            }
            RecordEvent::PilotAwaited { .. } => owed.count(Counter::Awaiting(sequence), 1),
            RecordEvent::PilotLetIn { opens_at, .. } => {
                owed.count(Counter::Awaiting(sequence), -1);
                owed.0.extend(opens_at.map(|due| Effect::Arm { due, key: *enrolment }));
            }
            _ => {}
        }
    }

    /// An enrolment that has just ended waits for no pilot any more.
    pub(in crate::domain) fn owe_pilot_end(&self, enrolment: Ordinal, owed: &mut Effects) {
        if let Some(held) = self.enrolment(enrolment)
            && let Some(Piloted::Waiting { .. }) = held.pilot
        {
            owed.count(Counter::Awaiting(held.sequence), -1);
        }
    }

    /// An erased record has no place any more, and waits for none.
    pub(in crate::domain) fn take_back_pilots(&self, owed: &mut Effects) {
        for held in &self.enrolments {
            match held.pilot {
                Some(Piloted::Entered(pilot)) => owed.count(Counter::Piloted(held.sequence, pilot), -1),
                Some(Piloted::Waiting { .. }) if held.status.is_live() => {
                    owed.count(Counter::Awaiting(held.sequence), -1);
                }
                _ => {}
            }
        }
    }
}
