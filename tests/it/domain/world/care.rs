//! What a sequence does that is stopped or undone, as the outbox would have it done.

use relance::domain::enrolment::undo::Undoing;
use relance::domain::record::command::RecordCommand;
use relance::domain::sequence::fuse::{Fuse, FuseCounts};
use relance::domain::sequence::{Property, SequenceCommand};
use relance::id::SequenceId;
use relance::time::Timestamp;

use super::World;

impl World {
    /// Undoes what has begun in a sequence, where that is not refused; the record is asked twice, as after a kill.
    pub fn undo(&mut self, sequence: SequenceId, since: Option<Timestamp>) {
        if self.order(sequence, SequenceCommand::Undo { since, deactivate: false }).is_err() {
            return;
        }
        let undo = self.sequence(sequence).care.undo.expect("it has begun");
        let undoing = Undoing { sequence, since: undo.since, until: undo.at, number: undo.number };
        // Nobody may ask a record that is not there.
        if self.record().exists {
            self.ask(RecordCommand::Undo(undoing));
            assert_eq!(self.ask(RecordCommand::Undo(undoing)), [], "asked again, it does nothing");
        }
        self.order(sequence, SequenceCommand::UndoDone { number: undo.number }).expect("the outbox may tell");
    }

    /// What the outbox and people do to a fuse, by number; each as far as it is not refused.
    pub fn handle_fuse(&mut self, sequence: SequenceId, what: u8) {
        let fuse = Fuse { bounces: Some(100), complaints: Some(100), unsubscribes: None, min_sent: 1 };
        let command = match what % 4 {
            0 => SequenceCommand::Change(vec![Property::Fuse((what < 200).then_some(fuse))]),
            1 | 2 => return self.look_at_fuse(sequence),
            _ => SequenceCommand::ResetFuse,
        };
        if self.order(sequence, command).is_ok() && self.record().exists {
            self.release_held(sequence);
        }
    }

    /// Somebody has looked at every fuse that has blown.
    pub fn reset_fuses(&mut self) {
        let all: Vec<_> = self.given.sequences.keys().copied().collect();
        for sequence in all {
            if self.order(sequence, SequenceCommand::ResetFuse).is_ok() && self.record().exists {
                self.release_held(sequence);
                self.deliver();
            }
        }
    }

    /// The outbox looks at the counters as if it were about to send, and tells of what it finds.
    pub fn look_at_fuse(&mut self, sequence: SequenceId) {
        let round = self.sequence(sequence).care.fuse_round;
        let count = |counter| self.ledger.counters.get(&counter).copied().unwrap_or(0);
        let counts = FuseCounts::of(sequence, round, count);
        let _ = self.order(sequence, SequenceCommand::BlowFuse { round, counts });
    }

    /// The outbox tells the record that a fuse was reset, twice as after a kill, and then the sequence.
    pub fn release_held(&mut self, sequence: SequenceId) {
        self.ask(RecordCommand::ReleaseHeld(sequence));
        assert_eq!(self.ask(RecordCommand::ReleaseHeld(sequence)), [], "asked again, it does nothing");
        if let Some(round) = self.sequence(sequence).care.releasing {
            self.order(sequence, SequenceCommand::FuseReleased { round }).expect("the outbox may tell");
        }
    }

    /// What people and the outbox do to a pilot, by number; each as far as it is not refused.
    pub fn handle_pilot(&mut self, sequence: SequenceId, what: u8) {
        match what % 4 {
            0 | 1 => {
                let (description, migration, pilot) = (None, None, Some(u32::from(what % 3)));
                let _ = self.order(sequence, SequenceCommand::Revise);
                let _ = self.order(sequence, SequenceCommand::Activate { description, migration, pilot });
            }
            // As if others had taken the places.
            2 => self.fill_pilot(sequence),
            _ => _ = self.order(sequence, SequenceCommand::Release),
        }
        if self.record().exists {
            self.let_in(sequence);
        }
    }

    /// No place is left in the pilot of a sequence, if it has one.
    pub fn fill_pilot(&mut self, sequence: SequenceId) {
        let pilot = self.sequence(sequence).care.pilot.map(|pilot| (sequence, pilot.number));
        self.given = self.given.with_full_pilots(pilot.into_iter().collect());
    }

    /// The outbox lets in whoever waits for a pilot that was released, twice as after a kill, and tells the sequence.
    pub fn let_in(&mut self, sequence: SequenceId) {
        let Some(number) = self.sequence(sequence).care.letting_in else { return };
        // Where the plan is gone or the record is full it may be refused.
        if self.try_ask(RecordCommand::LetIn { sequence, number }).is_ok() {
            assert_eq!(self.ask(RecordCommand::LetIn { sequence, number }), [], "asked again, it does nothing");
        }
        self.order(sequence, SequenceCommand::LetInDone { number }).expect("the outbox may tell");
    }
}
