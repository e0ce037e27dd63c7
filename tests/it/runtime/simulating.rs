//! Simulation equals reality: the same events happen to a record in a dry run and on the running engine, and each step opens
//! and ends at the same instant in the same way. The driver below knows nothing of how dry runs are made.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use relance::domain::enrolment::{EnrolmentStatus, Exit, Ordinal, Signal, Step, StepStatus};
use relance::domain::plan::PlanNode;
use relance::domain::record::Record;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, RecordType, Value};
use relance::domain::sequence::graph::{Graph, Node};
use relance::domain::sequence::{Property, Sequence, SequenceCommand};
use relance::domain::simulation::{Assumptions, Happening, Simulation, What};
use relance::domain::template::{Language, sequence_templates};
use relance::id::{RecordId, SequenceId};
use relance::runtime::engine::Engine;
use relance::store::Store;
use relance::store::memory::Memory;
use relance::store::rows::RowStore;
use relance::time::{Clock, Timestamp};

use super::{BY, engine};
use crate::domain::draw;
use crate::domain::random::{drawn, nodes};

/// When a seller acts of whom the script says nothing.
const SLOW_MINUTES: i64 = 30 * 24 * 60;

/// How a step is told by both: node, when it opened and ended, how.
type Told = (String, Timestamp, Option<Timestamp>, StepStatus, Option<Exit>, Option<String>);

/// A record on the engine, led through a sequence by a script.
struct Lead<'a> {
    engine: &'a Engine,
    id: RecordId,
    script: &'a [Happening],
    planned: BTreeSet<(Timestamp, usize)>,
    commands: Vec<RecordCommand>,
    opened: BTreeSet<Ordinal>,
    sent: BTreeSet<Ordinal>,
}

impl Lead<'_> {
    async fn record(&self) -> Record {
        self.engine.read::<Record, _>(self.id, BY, |seen| seen.state.clone()).await.unwrap()
    }

    fn plan(&mut self, at: Timestamp, command: RecordCommand) {
        self.planned.insert((at, self.commands.len()));
        self.commands.push(command);
    }

    /// Whoever acts sees what has opened and what has been sent.
    async fn look(&mut self) {
        let (record, given) = (self.record().await, self.engine.given());
        let script = self.script;
        for step in &record.steps {
            let Some(node) = record.node_of(&given, step) else { continue };
            let of_node = || script.iter().filter(|event| event.node == node.id);
            if step.status == StepStatus::Open && self.opened.insert(step.ordinal) {
                for event in of_node() {
                    let (step, call_result) = (step.ordinal, event.call_result.clone());
                    let command = match event.what {
                        What::Complete => RecordCommand::Complete { step, note: None, call_result },
                        What::Skip => RecordCommand::Skip(step),
                        What::SkipWait => RecordCommand::SkipWait(step),
                        What::Signal(_) => continue,
                    };
                    self.plan(record.step(step).unwrap().opened_at + event.after, command);
                }
                let is_done = of_node().any(|event| matches!(event.what, What::Complete | What::Skip));
                if !is_done && (step.converted || node.is_seller_step()) {
                    let complete = RecordCommand::Complete { step: step.ordinal, note: None, call_result: None };
                    self.plan(step.due_at + TimeDelta::minutes(SLOW_MINUTES), complete);
                }
            }
            if node.is_email() && step.status == StepStatus::Completed && self.sent.insert(step.ordinal) {
                for event in of_node() {
                    if let What::Signal(signal) = event.what {
                        let at = step.completed_at.unwrap() + event.after;
                        self.plan(at, RecordCommand::Signal { step: step.ordinal, signal, at });
                    }
                }
            }
        }
    }

    /// Until nothing comes any more; what the record is then.
    async fn follow(&mut self, enrolment: Ordinal) -> Record {
        loop {
            self.look().await;
            let record = self.record().await;
            if !record.enrolment(enrolment).unwrap().status.is_live() {
                return record;
            }
            let waits = record.steps.iter().filter(|step| step.status == StepStatus::Open);
            let timer = waits.filter_map(|step| step.wakes_at).min();
            let act = self.planned.first().copied();
            let Some(next) = timer.into_iter().chain(act.map(|(at, _)| at)).min() else { return record };
            self.engine.advance(next, |_| Ok(())).await.unwrap();
            if timer.is_none_or(|timer| timer > next)
                && let Some((at, place)) = act
            {
                self.planned.remove(&(at, place));
                let command = self.commands[place].clone();
                // What comes too late is refused, as it is in a dry run.
                let _ = self.engine.submit::<Record, ()>(self.id, command, BY, |_| ()).await;
                self.engine.settle().await;
            }
        }
    }
}

async fn active(engine: &Engine, graph: Graph, kind: RecordType, leaves: bool) -> Option<SequenceId> {
    let id = SequenceId(engine.ids.fresh(engine.clock().now()));
    let create = SequenceCommand::Create {
        name: "Way".into(),
        description: String::new(),
        record_type: kind,
        template: None,
        graph,
    };
    engine.submit::<Sequence, ()>(id, create, BY, |_| ()).await.ok()?;
    let leave = SequenceCommand::Change(vec![Property::ExitOnReply(leaves)]);
    engine.submit::<Sequence, ()>(id, leave, BY, |_| ()).await.unwrap();
    let activate = SequenceCommand::Activate { description: None, migration: None, pilot: None };
    engine.submit::<Sequence, ()>(id, activate, BY, |_| ()).await.ok()?;
    Some(id)
}

/// Draws from one seed.
struct Draw(TestRunner);

impl Draw {
    fn of<T: std::fmt::Debug>(&mut self, from: impl Strategy<Value = T>) -> T {
        from.new_tree(&mut self.0).unwrap().current()
    }

    /// What happens to each node of a graph: sellers act at some time, the outside now and then.
    fn script(&mut self, nodes: &[Node]) -> Vec<Happening> {
        let mut script = Vec::new();
        for node in nodes {
            let (minutes, chance) = self.of((0_i64..6_000, 0_u8..10));
            let mut happens = |what, call_result: Option<&str>, minutes: i64| {
                let (node, after) = (node.id().to_owned(), TimeDelta::minutes(minutes));
                script.push(Happening { node, what, after, call_result: call_result.map(str::to_owned) });
            };
            match (node, chance) {
                (_, 0) => happens(What::Skip, None, minutes),
                (Node::PhoneCall(_), _) => {
                    happens(What::Complete, Some(if chance < 5 { "made" } else { "no_answer" }), minutes);
                }
                (Node::Wait(_), 1..4) => happens(What::SkipWait, None, minutes),
                (Node::Wait(_), _) => {}
                (other, 1) if !matches!(other.kind(), "email" | "task") => happens(What::SkipWait, None, minutes),
                _ => happens(What::Complete, None, minutes),
            }
            let signals = [Signal::Opened, Signal::LinkClicked, Signal::AttachmentDownloaded, Signal::Replied];
            if matches!(node.kind(), "email" | "auto_email" | "ab_test") && chance > 3 {
                let (which, minutes) = self.of((0_usize..4, 0_i64..5_000));
                script.push(Happening {
                    node: node.id().to_owned(),
                    what: What::Signal(signals[which]),
                    after: TimeDelta::minutes(minutes),
                    call_result: None,
                });
            }
        }
        script
    }
}

/// The same nodes in a row, so that most of such graphs can be activated: conditions stand behind what they look at.
fn sensible(mut nodes: Vec<(u8, usize, usize, i64)>) -> Vec<(u8, usize, usize, i64)> {
    nodes.push((3, 1, 0, 1));
    for place in 0..nodes.len() {
        let (kind, .., days) = nodes[place];
        let kind = match kind {
            // What needs a flow or a sequence that is not there.
            14 | 15 => 3,
            5 | 6 | 10 | 11 if place == 0 => 3,
            // No template of a text message comes with the product.
            8 => 1,
            other => other,
        };
        // Days, and of a test its share of A in steps of five.
        nodes[place] = (kind, 1, 8, 2 + days.abs() % 16);
        match kind {
            5 | 10 | 11 => nodes[place - 1].0 %= 2,
            6 => nodes[place - 1].0 = 2,
            _ => {}
        }
        let before = place.checked_sub(1).map(|before| nodes[before].0);
        if matches!((before, kind), (Some(5 | 6 | 10..=13), 0..=4)) {
            // No goes on behind the next, where that is no condition's own.
            nodes[place - 1].2 = 1;
        }
    }
    nodes
}

fn told(node: &PlanNode, step: &Step, ended: Option<Timestamp>) -> Told {
    let cancelled = ended.filter(|_| step.status == StepStatus::Cancelled);
    let ends_at = step.completed_at.or(cancelled);
    (node.id.clone(), step.opened_at, ends_at, step.status, step.exit, step.call_result.clone())
}

/// Runs one way dry and then for real, and holds them against each other; how many steps it had.
async fn hold(engine: &Engine, draw: &mut Draw, graph: Graph, kind: RecordType) -> usize {
    let has_mail = graph.nodes.iter().any(|node| matches!(node.kind(), "email" | "auto_email"));
    let (leaves, has_address, disposition) = draw.of((any::<bool>(), 0_u8..5, any::<bool>()));
    let nodes = graph.nodes.clone();
    let Some(sequence) = active(engine, graph, kind, leaves && has_mail).await else { return 0 };
    let script = draw.script(&nodes);
    let id = RecordId(engine.ids.fresh(engine.clock().now()));
    let mut changes = vec![Change::Name(Some("Ada".into()))];
    changes.extend((has_address > 0).then(|| Change::Email(Some("ada@example.org".into()))));
    let written = Change::Field("disposition".into(), Some(Value::Text("open".into())));
    changes.extend((disposition && kind == RecordType::Lead).then_some(written));
    engine.submit::<Record, ()>(id, RecordCommand::Create { kind, changes }, BY, |_| ()).await.unwrap();
    engine.advance(engine.clock().now() + TimeDelta::milliseconds(123_457), |_| Ok(())).await.unwrap();

    let (record, given) = (engine.read::<Record, _>(id, BY, |seen| seen.state.clone()).await.unwrap(), engine.given());
    let assume = Assumptions { reply_rate: 0.0, answer_rate: 0.0, seller_minutes: SLOW_MINUTES as u32 };
    let start = engine.clock().now();
    let simulation =
        Simulation { given: &given, see: &|_| None, sequence, by: BY.by, start, anew: false, seed: 7, assume };
    let dry = simulation.run(id, record, &script, &mut u64::MAX.clone()).unwrap();

    let connect = RecordCommand::Connect { sequence, wait: None, source: None };
    let enrolment = engine.submit::<Record, _>(id, connect, BY, |seen| seen.state.enrolments[0].ordinal).await.unwrap();
    engine.settle().await;
    let (planned, commands) = (BTreeSet::new(), Vec::new());
    let (opened, sent) = (BTreeSet::new(), BTreeSet::new());
    let mut lead = Lead { engine, id, script: &script, planned, commands, opened, sent };
    let mut real = lead.follow(enrolment).await;
    while let Some(next) = real.enrolments.iter().rev().find(|next| next.status == EnrolmentStatus::Connected) {
        let ordinal = next.ordinal;
        let before = real.clone();
        real = lead.follow(ordinal).await;
        if real == before {
            break;
        }
    }
    let steps = real.steps.iter().map(|step| {
        let ended = real.enrolment(step.enrolment).unwrap().ended_at;
        told(real.node_of(&given, step).unwrap(), step, ended)
    });
    let real: Vec<Told> = steps.collect();
    let dry: Vec<Told> = dry
        .stops
        .into_iter()
        .map(|stop| (stop.node, stop.opens_at, stop.ends_at, stop.status, stop.exit, stop.call_result))
        .collect();
    let shown = |all: &[Told]| all.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join("\n");
    assert_eq!(shown(&dry), shown(&real), "{nodes:?}\n{script:?}");
    real.len()
}

/// Issue 6, 8: the trace of a dry run and that of the real run on the same events are equal, second for second.
#[actix_web::test]
async fn a_dry_run_and_the_real_one_are_equal_second_for_second() {
    let (spool, store) = (tempfile::tempdir().unwrap(), RowStore::open(Memory::default()).unwrap());
    let store: Arc<dyn Store> = Arc::new(store);
    let engine = engine(&store, Clock::test(Timestamp::from_millis(1_790_000_000_000)), spool.path());
    let mut draw = Draw(TestRunner::deterministic());
    for template in sequence_templates() {
        for _ in 0..6 {
            let steps = hold(&engine, &mut draw, template.graph(Language::En), template.record_type).await;
            assert!(steps > 0, "{}", template.id);
        }
    }
    let target = draw::graph(&[draw::wait("w", 1, 1, "there"), draw::task("there", "")]);
    let target = active(&engine, target, RecordType::Lead, false).await.unwrap();
    let leads_on = draw::graph(&[draw::ab_test("ab", "email", 50, "on"), draw::advance("on", target)]);
    for _ in 0..4 {
        assert!(hold(&engine, &mut draw, leads_on.clone(), RecordType::Lead).await > 2);
    }
    let (mut tried, mut steps) = (0, 0);
    while tried < 60 {
        let graph = drawn(&sensible(draw.of(nodes(14))));
        let reached = hold(&engine, &mut draw, graph, RecordType::Lead).await;
        (tried, steps) = (tried + usize::from(reached > 0), steps + reached);
    }
    assert!(steps > 200, "{steps} steps are too few to tell");
    engine.stop().await;
}
