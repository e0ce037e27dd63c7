//! What of A/B tests happens by itself: sequences are told, their timers fire.

use relance::domain::effect::{Effect, EffectKey, Effects};
use relance::domain::enrolment::ab_test::Tell;
use relance::domain::record::command::RecordCommand;
use relance::domain::sequence::SequenceCommand;
use relance::domain::sequence::graph::Graph;
use relance::id::SequenceId;

use super::{Logged, World};

/// Whether only timers, deliveries and records ask for it.
pub fn is_of_server(command: &SequenceCommand) -> bool {
    matches!(
        command,
        SequenceCommand::Emptied { .. }
            | SequenceCommand::MigrationDone { .. }
            | SequenceCommand::UndoDone { .. }
            | SequenceCommand::BlowFuse { .. }
            | SequenceCommand::LetInDone { .. }
            | SequenceCommand::FuseReleased { .. }
            | SequenceCommand::AbTestReached(_)
            | SequenceCommand::EvaluateAbTest { .. }
    )
}

impl World {
    /// The outbox tells sequences of the first participants of their A/B tests.
    pub fn tell_sequences(&mut self) {
        while let Some((key, (sequence, reached))) = self.ledger.told.first_key_value() {
            let tell = if reached.exposed { Tell::Exposed } else { Tell::Reached };
            let (step, sequence, reached) = (tell.step(*key), *sequence, reached.clone());
            self.order(sequence, SequenceCommand::AbTestReached(reached)).expect("it may be told at any time");
            self.ask(RecordCommand::AbTestTold { step, tell });
        }
    }

    /// The timer of an A/B test, with what the ledger has counted.
    pub fn evaluate(&mut self, sequence: SequenceId, number: EffectKey) {
        let test = self.sequence(sequence).ab_tests[number as usize].test;
        let tallies = test.tallies(|counter| self.ledger.counters.get(&counter).copied().unwrap_or(0));
        self.order(sequence, SequenceCommand::EvaluateAbTest { number, tallies }).expect("a timer that is due");
    }

    /// The timers of a sequence; each is written once and removed once.
    pub fn book_alarms(&mut self, id: SequenceId, owed: Effects) {
        for effect in owed.0 {
            let fresh = match effect {
                Effect::Arm { due, key } => self.alarms.insert((due, id, key)),
                Effect::Disarm { due, key } => self.alarms.remove(&(due, id, key)),
                _ => true,
            };
            assert!(fresh, "{effect:?} is written or removed twice");
        }
    }

    /// A new, active sequence.
    pub fn activate(&mut self, graph: Graph) -> SequenceId {
        self.activate_with(graph, vec![])
    }

    /// A copy of a sequence.
    pub fn copy(&mut self, of: SequenceId) -> SequenceId {
        let id = SequenceId(self.ids.fresh(self.now));
        self.sequences.push((id, Logged::new()));
        let copy = SequenceCommand::Copy { of, name: "Copy".into(), description: String::new() };
        self.order(id, copy).expect("what is seen can be copied");
        id
    }
}
