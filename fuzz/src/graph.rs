//! A sequence's graph: read, compiled, and gone through by a record under every law of the domain.

use chrono::TimeDelta;
use relance::domain::enrolment::{Signal, StepStatus};
use relance::domain::plan::Plan;
use relance::domain::plan::compile::Severity;
use relance::domain::plan::structure::structural_faults;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Outcome, RecordType};
use relance::domain::sequence::graph::Graph;
use relance::domain::sequence::{Property, SequenceCommand};
use relance::id::SequenceId;

use crate::world::World;

/// Nodes of the graphs that a record goes through.
const WALKED_MAX: usize = 40;

/// The JSON of a graph, a zero byte, and what happens on the way.
pub fn run(bytes: &[u8]) {
    let (json, moves) = match bytes.iter().position(|byte| *byte == 0) {
        Some(place) => (&bytes[..place], &bytes[place + 1..]),
        None => (bytes, &[][..]),
    };
    let Ok(graph) = serde_json::from_slice::<Graph>(json) else { return };
    let written = serde_json::to_string(&graph).expect("a graph is written");
    assert_eq!(serde_json::from_str::<Graph>(&written).expect("and read"), graph);
    if !structural_faults(&graph).is_empty() {
        return;
    }
    let choice = moves.first().copied().unwrap_or_default();
    for kind in RecordType::BUILT_IN {
        let mut world = World::of(kind);
        let sequence = world.draft(graph.clone());
        let properties = vec![Property::ExitOnReply(choice & 1 == 1)];
        world.order(sequence, SequenceCommand::Change(properties)).expect("an inactive sequence takes properties");
        let (plan, found) = world.sequence(sequence).compile_draft(sequence, &world.given);
        let blocked = found.iter().any(|one| one.severity == Severity::Error);
        assert_eq!(plan.is_none(), blocked, "a plan exactly where nothing blocks: {found:?}");
        let activated =
            world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None });
        assert_eq!(activated.is_ok(), plan.is_some(), "what compiles activates");
        let Some(plan) = plan else { continue };
        judge(&plan);
        if plan.nodes.len() <= WALKED_MAX {
            walk(&mut world, sequence, moves);
        }
    }
}

fn judge(plan: &Plan) {
    assert!(!plan.nodes.is_empty() && plan.duration >= TimeDelta::zero() && plan.duration_days() >= 0);
    for (place, node) in plan.nodes.iter().enumerate() {
        assert!(node.exits().all(|exit| usize::from(exit) > place), "each node stands before its followers");
        assert!(node.exits().all(|exit| usize::from(exit) < plan.nodes.len()), "no exit leads outside");
        assert!(node.steps_ahead <= plan.step_count);
    }
}

/// One record on its way; the world looks after every command at everything that must hold.
fn walk(world: &mut World, sequence: SequenceId, moves: &[u8]) {
    for one in moves.iter().take(64) {
        let open = world.record().steps.iter().rev().find(|step| step.status == StepStatus::Open);
        let step = open.map_or(u32::from(*one), |step| step.ordinal);
        let mail = world.record().steps.first().map_or(0, |step| step.ordinal);
        let call_result = world.given.catalogue.call_results.get(usize::from(one >> 4)).cloned();
        let command = match one % 16 {
            0 | 1 => RecordCommand::Complete { step, note: None, call_result: None },
            2 | 3 => RecordCommand::Complete { step, note: Some("done".into()), call_result },
            4 => RecordCommand::Skip(step),
            5 => RecordCommand::SkipWait(step),
            6 => RecordCommand::Snooze { step, until: world.now + TimeDelta::hours(i64::from(one >> 4)) },
            7 => RecordCommand::Retry(step),
            8 => RecordCommand::Signal { step: mail, signal: Signal::Replied, at: world.now },
            9 => RecordCommand::Close([Outcome::Success, Outcome::Failure][usize::from(one >> 4) % 2]),
            10 => RecordCommand::Reopen,
            11 => {
                world.pass(TimeDelta::hours(i64::from(*one)));
                continue;
            }
            12 => {
                world.deliver();
                continue;
            }
            13 => RecordCommand::MessageFailed { step, reason: "full".into(), bounced: false },
            14 => RecordCommand::Fire(step),
            _ => RecordCommand::Connect { sequence, wait: (one >> 5 == 7).then(|| TimeDelta::hours(5)), source: None },
        };
        let _ = world.try_ask(command);
    }
    world.check_replay();
    world.pass(TimeDelta::days(40 * 31));
    world.deliver();
    assert!(world.ledger.armed.is_empty() && world.ledger.owed.is_empty(), "what is left alone moves on");
    world.check_replay();
}
