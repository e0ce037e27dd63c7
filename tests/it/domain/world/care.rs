//! What a sequence does that is stopped or undone, as the outbox would have it done.

use relance::domain::enrolment::undo::Undoing;
use relance::domain::record::command::RecordCommand;
use relance::domain::sequence::SequenceCommand;
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
}
