//! Chance against the core: whatever is asked in whatever order, nothing panics and every invariant of `ledger.rs` holds.

use chrono::TimeDelta;
use proptest::prelude::*;
use relance::domain::delivery::{Class, Settled, Written};
use relance::domain::engagement::{Hit, MachineSign};
use relance::domain::enrolment::Signal;
use relance::domain::message_template::MailText;
use relance::domain::plan::AssignTo;
use relance::domain::plan::compile::Severity;
use relance::domain::plan::structure::structural_faults;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Channel, Outcome, Owner, RecordType, Value};
use relance::domain::sequence::graph::Graph;
use relance::domain::sequence::{Property, SequenceCommand};
use relance::domain::template::{Language, sequence_templates};
use relance::id::SequenceId;
use serde_json::json;

use super::draw::{
    ab_test, advanced, answered, auto_email, auto_text, branch, call, came, early_reply, email, graph, reply, stage,
    task, text, update, wait, wait_until,
};
use super::setting::TARGET;
use super::world::{COLLEAGUE, SELLER, TEAM, World};

/// What happens next; `u8`s choose among what there is at that time, sometimes what is not there.
#[derive(Clone, Debug)]
pub(super) enum Move {
    Connect { sequence: u8, hours: Option<u8>, colleague: bool },
    Disconnect(u8),
    Complete { step: u8, result: Option<u8> },
    Advance { made: bool },
    Skip(u8),
    SkipWait(u8),
    Snooze { step: u8, hours: i8 },
    Retry(u8),
    Note(u8),
    Mark { read: Option<bool>, followed: Option<bool> },
    Signal { step: u8, signal: u8, hours: i8 },
    Fire(u8),
    Pass { hours: u8 },
    Stall { hours: u8 },
    Deliver,
    Claim { step: u8, epoch: u64 },
    PutOff { step: u8, hours: u8 },
    Lose(u8),
    Settle { step: u8, to: u8 },
    Send { step: u8, hours: Option<i8> },
    GiveUp { step: u8, bounced: bool },
    Engage { step: u8, link: Option<u16>, program: bool },
    OptOut { step: u8, complained: bool },
    Write(u8),
    Close(u8),
    Reopen,
    Erase,
    Deactivate(u8),
    Activate(u8),
    Undo { sequence: u8, hours: Option<u8> },
    Fuse { sequence: u8, what: u8 },
    Pilot { sequence: u8, what: u8 },
}

pub(super) fn moves() -> impl Strategy<Value = Move> {
    use Move::*;
    prop_oneof![
        4 => (any::<u8>(), prop::option::of(0_u8..60), any::<bool>())
            .prop_map(|(sequence, hours, colleague)| Connect { sequence, hours, colleague }),
        1 => any::<u8>().prop_map(Disconnect),
        3 => (any::<u8>(), prop::option::of(any::<u8>())).prop_map(|(step, result)| Complete { step, result }),
        12 => any::<bool>().prop_map(|made| Advance { made }),
        3 => any::<u8>().prop_map(Skip),
        2 => any::<u8>().prop_map(SkipWait),
        2 => (any::<u8>(), any::<i8>()).prop_map(|(step, hours)| Snooze { step, hours }),
        1 => any::<u8>().prop_map(Retry),
        1 => any::<u8>().prop_map(Note),
        1 => (prop::option::of(any::<bool>()), prop::option::of(any::<bool>()))
            .prop_map(|(read, followed)| Mark { read, followed }),
        5 => (any::<u8>(), any::<u8>(), any::<i8>())
            .prop_map(|(step, signal, hours)| Signal { step, signal, hours }),
        2 => any::<u8>().prop_map(Fire),
        6 => any::<u8>().prop_map(|hours| Pass { hours }),
        2 => any::<u8>().prop_map(|hours| Stall { hours }),
        2 => Just(Deliver),
        2 => (any::<u8>(), 1_u64..3).prop_map(|(step, epoch)| Claim { step, epoch }),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(step, hours)| PutOff { step, hours }),
        1 => any::<u8>().prop_map(Lose),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(step, to)| Settle { step, to }),
        2 => (any::<u8>(), prop::option::of(any::<i8>())).prop_map(|(step, hours)| Send { step, hours }),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(step, bounced)| GiveUp { step, bounced }),
        3 => (any::<u8>(), prop::option::of(0_u16..3), any::<bool>())
            .prop_map(|(step, link, program)| Engage { step, link, program }),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(step, complained)| OptOut { step, complained }),
        2 => any::<u8>().prop_map(Write),
        1 => any::<u8>().prop_map(Close),
        2 => Just(Reopen),
        1 => Just(Erase),
        1 => any::<u8>().prop_map(Deactivate),
        1 => any::<u8>().prop_map(Activate),
        1 => (any::<u8>(), prop::option::of(0_u8..60)).prop_map(|(sequence, hours)| Undo { sequence, hours }),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(sequence, what)| Fuse { sequence, what }),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(sequence, what)| Pilot { sequence, what }),
    ]
}

/// One of `known`, or a number that names nothing.
fn choose(known: &[u32], choice: u8) -> u32 {
    known.get(usize::from(choice) % (known.len() + 1)).copied().unwrap_or(u32::MAX)
}

pub(super) fn play(world: &mut World, sequences: &[SequenceId], next: Move) {
    let steps: Vec<_> = world.record().steps.iter().map(|step| step.ordinal).collect();
    let live: Vec<_> = world.record().live().map(|one| one.ordinal).collect();
    let sequence = |choice: u8| sequences[usize::from(choice) % sequences.len()];
    let hours = |hours: i64| TimeDelta::hours(hours);
    let now = world.now;
    let command = match next {
        Move::Connect { sequence: choice, hours: wait, colleague } => {
            world.by = if colleague { COLLEAGUE } else { SELLER };
            let wait = wait.map(|wait| hours(wait.into()));
            RecordCommand::Connect { sequence: sequence(choice), wait, source: None }
        }
        Move::Disconnect(choice) => RecordCommand::Disconnect(choose(&live, choice)),
        Move::Complete { step, result } => {
            let results = &world.given.catalogue.call_results;
            let call_result = result.map(|result| results[usize::from(result) % results.len()].clone());
            RecordCommand::Complete { step: choose(&steps, step), note: None, call_result }
        }
        Move::Advance { made } => return advance(world, made),
        Move::Skip(step) => RecordCommand::Skip(choose(&steps, step)),
        Move::SkipWait(step) => RecordCommand::SkipWait(choose(&steps, step)),
        Move::Snooze { step, hours: until } => {
            RecordCommand::Snooze { step: choose(&steps, step), until: now + hours(until.into()) }
        }
        Move::Retry(step) => RecordCommand::Retry(choose(&steps, step)),
        Move::Mark { read, followed } => RecordCommand::Mark { read, followed },
        Move::Note(step) => RecordCommand::Note { step: choose(&steps, step), text: "note".into() },
        Move::Signal { step, signal, hours: at } => {
            let signals = [Signal::Opened, Signal::LinkClicked, Signal::Replied, Signal::Replied, Signal::Bounced];
            let signal = signals[usize::from(signal) % signals.len()];
            RecordCommand::Signal { step: choose(&steps, step), signal, at: now + hours(at.into()) }
        }
        Move::Fire(key) => RecordCommand::Fire(u32::from(key)),
        Move::Pass { hours: span } => return world.pass(hours(span.into())),
        Move::Stall { hours: span } => return world.stall(hours(span.into())),
        Move::Deliver => return world.deliver(),
        Move::Claim { step, epoch } => {
            let step = choose(&steps, step);
            RecordCommand::ClaimMessage { step, epoch, message_id: format!("{step}@example.org"), written: None }
        }
        Move::PutOff { step, hours: pause } => {
            let pause = hours(pause.into());
            RecordCommand::PutOffMessage { step: choose(&steps, step), why: "451".into(), pause }
        }
        Move::Lose(step) => RecordCommand::LoseMessage { step: choose(&steps, step), why: "silence".into() },
        Move::Settle { step, to } => {
            let to = [Settled::Sent, Settled::Failed, Settled::Resend][usize::from(to) % 3];
            RecordCommand::SettleMessage { step: choose(&steps, step), to }
        }
        Move::Send { step, hours: later } => {
            let text = MailText { subject: "S".into(), body_text: "T".into(), body_html: None };
            let at = later.map(|later| now + hours(later.into()));
            let (step, content) = (choose(&steps, step), Written::Own(text));
            match later.is_some_and(|later| later % 3 == 2) {
                true => RecordCommand::SendText { step, content, at },
                false => RecordCommand::SendEmail { step, content, at },
            }
        }
        Move::GiveUp { step, bounced } => {
            RecordCommand::MessageFailed { step: choose(&steps, step), reason: "full".into(), bounced }
        }
        Move::Engage { step, link, program } => {
            let signal = if link.is_some() { Signal::LinkClicked } else { Signal::Opened };
            let hit = Hit { signal, link, sign: program.then_some(MachineSign::Program), left_at: now + hours(-1) };
            RecordCommand::Engage { step: choose(&steps, step), hit }
        }
        Move::OptOut { step, complained } => RecordCommand::OptOut { step: choose(&steps, step), complained },
        Move::Write(choice) => RecordCommand::Change(vec![written(choice)]),
        Move::Close(choice) => {
            RecordCommand::Close([Outcome::None, Outcome::Success, Outcome::Failure][usize::from(choice) % 3])
        }
        Move::Reopen => RecordCommand::Reopen,
        Move::Erase => RecordCommand::Erase,
        Move::Deactivate(choice) => {
            let sequence = sequence(choice);
            if world.order(sequence, SequenceCommand::Deactivate { force: false }).is_err() {
                return;
            }
            RecordCommand::LeaveSequence { sequence, until: now }
        }
        Move::Fuse { sequence: choice, what } => return world.handle_fuse(sequence(choice), what),
        Move::Pilot { sequence: choice, what } => return world.handle_pilot(sequence(choice), what),
        Move::Undo { sequence: choice, hours: since } => {
            return world.undo(sequence(choice), since.map(|since| now + -hours(since.into())));
        }
        Move::Activate(choice) => {
            // Or what is connected in the instant of a deactivation would leave with those before it.
            world.pass(chrono::TimeDelta::milliseconds(1));
            let _ = world
                .order(sequence(choice), SequenceCommand::Activate { description: None, migration: None, pilot: None });
            return;
        }
    };
    let _ = world.try_ask(command);
}

/// The first open step is done as its kind wants it, so that paths are gone deep.
fn advance(world: &mut World, made: bool) {
    let runs: Vec<_> = world.record().live().map(|one| one.ordinal).collect();
    for run in runs {
        let Some(step) = world.record().current_step(world.enrolment(run)).cloned() else { continue };
        let result = if made { "made" } else { "busy" };
        for call_result in [None, Some(result.to_owned())] {
            if world.try_ask(RecordCommand::Complete { step: step.ordinal, note: None, call_result }).is_ok() {
                return;
            }
        }
    }
}

fn written(choice: u8) -> Change {
    let text = |name: &str, value: &str| Change::Field(name.into(), Some(Value::Text(value.into())));
    match choice % 10 {
        0 => Change::Email(None),
        1 => Change::Email(Some("ada@example.org".into())),
        2 => Change::Allow(Channel::Email, choice > 127),
        3 => text("disposition", "qualified"),
        4 => text("disposition", "disqualified"),
        5 => text("disposition", "open"),
        6 => Change::ExternalId((choice > 99).then(|| format!("key {choice}"))),
        7 => Change::Owner(if choice > 127 { Owner::User(COLLEAGUE) } else { Owner::Team(TEAM) }),
        8 => Change::AccessTeam((choice > 127).then_some(TEAM)),
        _ => text("future_events", "yes"),
    }
}

/// Every node type in one graph, for a type that has a field to write.
pub(super) fn everything() -> Graph {
    graph(&[
        email("e", "c"),
        reply("c", 1, "w", "k"),
        wait("w", 1, 0, "a"),
        auto_email("a", "d"),
        early_reply("d", 2, "t", "l"),
        update("k", "disposition", "open", "v"),
        wait("v", 0, 5, "b"),
        auto_email("b", "l"),
        call("l", "f"),
        answered("f", &["made"], "q", "t"),
        update("q", "disposition", "qualified", "t"),
        task("t", "z"),
        update("z", "disposition", "disqualified", ""),
    ])
}

/// Nodes by kind, exits as steps ahead, and days.
pub fn nodes(most: usize) -> impl Strategy<Value = Vec<(u8, usize, usize, i64)>> {
    prop::collection::vec((0_u8..17, 0_usize..9, 0_usize..9, -1_i64..32), 0..most)
}

/// The graph that they make, sound or not.
pub fn drawn(nodes: &[(u8, usize, usize, i64)]) -> Graph {
    let id = |place: usize| format!("n{place}");
    let drawn: Vec<_> = nodes
        .iter()
        .enumerate()
        .map(|(place, (kind, next, no, days))| {
            // Mostly forward, so that many graphs have no cycle.
            let (next, no) = (id(place + next), id(place + 1 + no));
            let exit = |to: String| if to[1..].parse::<usize>().unwrap() < nodes.len() { to } else { String::new() };
            let (next, no) = (exit(next), exit(no));
            match kind {
                0 => email(&id(place), &next),
                1 => auto_email(&id(place), &next),
                2 => call(&id(place), &next),
                3 => task(&id(place), &next),
                4 if *days % 2 == 0 => {
                    let until = json!([{ "event": "email.replied" }, { "event": "record.updated" }]);
                    wait_until(&id(place), *days, until, &next)
                }
                4 => wait(&id(place), *days, 0, &next),
                5 => reply(&id(place), *days, &next, &no),
                6 => answered(&id(place), &["made"], &next, &no),
                7 => text(&id(place), &next),
                8 => auto_text(&id(place), &next),
                9 => ab_test(&id(place), "email", 5 * days.abs(), &next),
                10 => came("link", &id(place), *days, days % 2 == 0, &next, &no),
                11 => advanced("all", &["open", "reply"], &id(place), days % 2 == 0, &next, &no),
                12 => branch(&id(place), json!({ "field": "email", "op": "no_value" }), &next, &no),
                13 => branch(&id(place), json!({ "all": [] }), &next, &no),
                14 => stage(&id(place), super::setting::FLOW, &["offer"], &next, &no),
                15 => super::draw::advance(&id(place), TARGET),
                _ => update(&id(place), "disposition", "open", &next),
            }
        })
        .collect();
    graph(&drawn)
}

/// A record beside two sequences: a template, or one of everything where there is none of that number, and two tasks.
pub(super) fn laid_out(template: usize, leaves: bool, own: bool) -> (World, [SequenceId; 2]) {
    let template = sequence_templates().get(template);
    let kind = template.map_or(RecordType::Lead, |template| template.record_type);
    let mut world = World::of(kind);
    let drawn = template.map_or_else(everything, |template| template.graph(Language::En));
    let assign_to = if own { AssignTo::CurrentUser } else { AssignTo::RecordOwner };
    let has_mail = drawn.nodes.iter().any(|node| matches!(node.kind(), "email" | "auto_email"));
    let properties = vec![Property::ExitOnReply(leaves && has_mail), Property::AssignTo(assign_to)];
    let sequences = [world.activate_with(drawn, properties), world.activate(graph(&[task("t", "u"), task("u", "")]))];
    (world, sequences)
}

pub(super) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn k_5_r_1_any_commands_in_any_order_keep_every_invariant(
        template in 0_usize..7,
        leaves in any::<bool>(),
        own in any::<bool>(),
        blind in any::<bool>(),
        moves in prop::collection::vec(moves(), 1..60),
    ) {
        let (mut world, sequences) = laid_out(template, leaves, own);
        world.given.class = if blind { Class::Blind } else { Class::Idempotent };
        for next in moves {
            play(&mut world, &sequences, next);
        }
        world.check_replay();
        // Left alone, every enrolment that waits moves on; none waits for ever without a seller.
        world.deliver();
        world.pass(TimeDelta::days(400));
        prop_assert!(world.ledger.armed.is_empty() && world.ledger.owed.is_empty());
        world.check_replay();
    }

    #[test]
    fn q_7_any_graph_compiles_to_a_plan_or_to_errors(
        nodes in nodes(8),
    ) {
        let drawn = drawn(&nodes);
        let mut world = World::lead();
        prop_assert_eq!(serde_json::from_value::<relance::domain::sequence::graph::Graph>(json!(drawn)).unwrap(), drawn.clone());
        if !structural_faults(&drawn).is_empty() {
            return Ok(());
        }
        let sequence = world.draft(drawn);
        let (plan, diagnostics) = world.sequence(sequence).compile_draft(sequence, &world.given);
        let blocked = diagnostics.iter().any(|one| one.severity == Severity::Error);
        prop_assert_eq!(plan.is_none(), blocked, "{:?}", diagnostics);
        let Some(plan) = plan else { return Ok(()) };
        for (place, node) in plan.nodes.iter().enumerate() {
            prop_assert!(node.exits().all(|exit| usize::from(exit) > place), "each node stands before its followers");
            prop_assert!(usize::from(node.steps_ahead) <= usize::from(plan.step_count));
        }
        world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None }).unwrap();
        let run = world.connect(sequence);
        for _ in 0..20 {
            advance(&mut world, true);
            world.pass(TimeDelta::days(31));
        }
        prop_assert!(world.end(run).is_some());
    }
}
