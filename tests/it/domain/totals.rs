//! `apply` is total: whatever numbers a log or a snapshot holds, what follows is remembered and nothing overflows.

use relance::domain::enrolment::WaitState;
use relance::domain::entity::{Entity, Stamp};
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::id::UserId;
use relance::limits;
use relance::web::wire::steps_total;

use super::draw::{graph, task};
use super::world::{World, at};

#[test]
fn a_record_at_the_end_of_its_numbers_takes_every_event_and_opens_nothing_more() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("t", "u"), task("u", "")]));
    let step = world.current(run).ordinal;
    let stamp = Stamp { at: at("2026-03-02T10:00:00Z"), by: UserId::SYSTEM };
    for last_ordinal in [limits::RECORD_ORDINAL_MAX, u32::MAX] {
        let mut record = world.record().clone();
        record.last_ordinal = last_ordinal;
        record.enrolments[0].steps_done = u16::MAX;
        record.steps[0].snoozes = u32::MAX;
        assert_eq!(steps_total(&record, &world.given, &record.enrolments[0]), u16::MAX);
        let complete = RecordCommand::Complete { step, note: None, call_result: None };
        assert_eq!(record.decide(world.id, &world.given, complete, stamp), Err(RecordRejection::RecordFull));
        let (wait, call_result, exit) = (WaitState::None, None, None);
        for event in [
            RecordEvent::StepSnoozed { step, until: stamp.at },
            RecordEvent::StepCompleted { step, wait, call_result, exit, counted: true },
        ] {
            record.apply(&event, stamp);
        }
        assert_eq!((record.enrolments[0].steps_done, record.steps[0].snoozes), (u16::MAX, u32::MAX));
    }
}
