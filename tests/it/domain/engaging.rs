//! Openings and clicks of messages: who they come from, and what a person's do (§21.4, RP-9).

use chrono::TimeDelta;
use relance::domain::engagement::{Grade, Hit, MachineSign};
use relance::domain::enrolment::{Ordinal, Signal};
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::limits;

use super::draw::{auto_email, graph, task};
use super::world::World;

/// A record whose message has left, and its step.
fn sent() -> (World, Ordinal) {
    let mut world = World::lead();
    let run = world.run(graph(&[auto_email("m", "t"), task("t", "")]));
    let step = world.step(run, "m").ordinal;
    (world, step)
}

fn hit(world: &World, link: Option<u16>, seconds: i64) -> Hit {
    let signal = if link.is_some() { Signal::LinkClicked } else { Signal::Opened };
    Hit { signal, link, sign: None, left_at: world.now + TimeDelta::seconds(-seconds) }
}

fn engage(world: &mut World, step: Ordinal, hit: Hit) -> Vec<RecordEvent> {
    world.ask(RecordCommand::Engage { step, hit })
}

fn grade(events: &[RecordEvent]) -> Option<Grade> {
    events.iter().find_map(|event| match event {
        RecordEvent::Engaged { grade, .. } => Some(*grade),
        _ => None,
    })
}

#[test]
fn a_person_is_a_signal_once_and_a_machine_is_none() {
    let (mut world, step) = sent();
    for sign in [MachineSign::Prefetch, MachineSign::Program, MachineSign::HeadOnly, MachineSign::NoBrowser] {
        let asked = Hit { sign: Some(sign), ..hit(&world, Some(0), 3_600) };
        let events = engage(&mut world, step, asked);
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(grade(&events), Some(Grade::Machine(sign)));
        world.stall(TimeDelta::minutes(1));
    }
    assert_eq!(world.record().step(step).unwrap().signals.first(Signal::LinkClicked), None);
    let asked = hit(&world, Some(0), 3_600);
    let events = engage(&mut world, step, asked);
    assert_eq!(grade(&events), Some(Grade::Human));
    assert!(events.iter().any(|event| matches!(event, RecordEvent::Signalled { signal: Signal::LinkClicked, .. })));
    let signals = &world.record().step(step).unwrap().signals;
    assert!(signals.first(Signal::Opened).is_some(), "D-63: a click is an opening");
    world.stall(TimeDelta::minutes(1));
    let asked = hit(&world, Some(0), 3_600);
    assert_eq!(engage(&mut world, step, asked).len(), 1, "noted, and no signal again");
    world.check_replay();
}

#[test]
fn nobody_reads_before_a_message_came_and_nobody_follows_two_links_at_once() {
    let (mut world, step) = sent();
    for (link, seconds, expected) in [
        (None, 1, Grade::Machine(MachineSign::TooSoon)),
        (Some(0), 4, Grade::Machine(MachineSign::TooSoon)),
        (None, 2, Grade::Human),
    ] {
        let asked = hit(&world, link, seconds);
        assert_eq!(grade(&engage(&mut world, step, asked)), Some(expected), "{link:?} after {seconds} seconds");
        world.stall(TimeDelta::minutes(1));
    }
    for (link, expected) in
        [(0, Grade::Human), (1, Grade::Machine(MachineSign::Burst)), (2, Grade::Machine(MachineSign::Burst))]
    {
        let asked = hit(&world, Some(link), 3_600);
        assert_eq!(grade(&engage(&mut world, step, asked)), Some(expected), "link {link}");
    }
    let asked = hit(&world, Some(2), 3_600);
    assert_eq!(grade(&engage(&mut world, step, asked)), Some(Grade::Human), "the same link twice is a double click");
    world.stall(TimeDelta::seconds(3));
    let asked = hit(&world, Some(1), 3_600);
    assert_eq!(grade(&engage(&mut world, step, asked)), Some(Grade::Human));
}

#[test]
fn a_flood_is_bounded_and_what_is_new_still_counts() {
    let (mut world, step) = sent();
    for _ in 0..limits::HITS_MAX {
        let asked = Hit { sign: Some(MachineSign::Program), ..hit(&world, None, 3_600) };
        assert_eq!(engage(&mut world, step, asked).len(), 1);
    }
    let asked = Hit { sign: Some(MachineSign::Program), ..hit(&world, None, 3_600) };
    assert!(engage(&mut world, step, asked).is_empty());
    let asked = hit(&world, None, 3_600);
    assert_eq!(engage(&mut world, step, asked).len(), 2, "the first person");
    let asked = hit(&world, None, 3_600);
    assert!(engage(&mut world, step, asked).is_empty());
    let none = RecordCommand::Engage { step: step + 70, hit: asked };
    assert_eq!(world.refused(none), RecordRejection::StepNotFound);
}
