//! Chance against moves: whatever the old and the new graph, wherever the record stands, nothing is done twice or lost, and
//! what is taken back is exactly as it was.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use proptest::prelude::*;
use relance::domain::enrolment::migrate::Outcome;
use relance::domain::enrolment::{Enrolment, Ordinal, Signal, StepStatus};
use relance::domain::record::command::RecordCommand;
use relance::domain::sequence::graph::Graph;
use relance::domain::sequence::migration::{Mode, Moves};
use relance::domain::sequence::{SequenceCommand, SequenceRejection};
use relance::id::SequenceId;
use serde_json::Value;

use super::super::draw::{answered, auto_email, call, early_reply, email, graph, reply, task, update, wait};
use super::super::world::World;
use super::hours;

/// Ids and kinds of nodes, in order.
type Outline = Vec<(String, u8)>;

fn outline(rng: &mut Rng, ids: usize) -> Outline {
    let mut ids: Vec<_> = (0..ids).map(|id| format!("n{id}")).collect();
    rng.shuffle(&mut ids);
    ids.truncate(rng.usize(1..=6));
    ids.into_iter().map(|id| (id, rng.u8(0..12))).collect()
}

/// The same with nodes dropped, added, exchanged or made something else.
fn edited(rng: &mut Rng, old: &Outline) -> Outline {
    let mut new = old.clone();
    for _ in 0..rng.usize(0..4) {
        let place = rng.usize(0..=new.len());
        match rng.u8(0..4) {
            0 if new.len() > 1 => _ = new.remove(place.min(new.len() - 1)),
            1 => {
                let free = (0..20).map(|id| format!("n{id}")).find(|id| new.iter().all(|(known, _)| known != id));
                new.insert(place, (free.expect("an id is free"), rng.u8(0..12)));
            }
            2 => rng.shuffle(&mut new),
            _ => {
                let place = place.min(new.len() - 1);
                new[place].1 = rng.u8(0..12);
            }
        }
    }
    new
}

fn drawn(rng: &mut Rng, outline: &Outline) -> Graph {
    let mut nodes: Vec<Value> = Vec::new();
    for (place, (id, kind)) in outline.iter().enumerate() {
        let exit = |to: usize| outline.get(to).map_or("", |(id, _)| id.as_str());
        let (next, far) = (exit(place + 1), exit(place + 1 + rng.usize(0..3)));
        let before = nodes.last().map_or("", |node| node["type"].as_str().unwrap_or_default());
        nodes.push(match (before, kind) {
            ("phone_call", 0..=5) => answered(id, &["made"], next, far),
            ("email" | "auto_email", 0..=2) => reply(id, rng.i64(1..4), next, far),
            ("email" | "auto_email", 3..=5) => early_reply(id, rng.i64(1..4), next, far),
            (_, 0..=2) => auto_email(id, next),
            (_, 3..=5) => wait(id, rng.i64(0..3), rng.i64(1..9), next),
            (_, 6) => email(id, next),
            (_, 7) => call(id, next),
            (_, 8) => update(id, "disposition", "open", next),
            _ => task(id, next),
        });
    }
    graph(&nodes)
}

/// A seller or time moves the record on, if anything can.
fn step_on(world: &mut World, rng: &mut Rng, run: Ordinal) {
    let held = world.enrolment(run).clone();
    let Some(step) = world.record().current_step(&held).cloned() else { return };
    let mails = world.record().steps.iter().filter(|step| world.node(step).is_email()).map(|step| step.ordinal);
    let mails: Vec<_> = mails.collect();
    match rng.u8(0..6) {
        0 => world.pass(hours(rng.i64(1..40))),
        1 if !mails.is_empty() => {
            let step = mails[rng.usize(0..mails.len())];
            world.ask(RecordCommand::Signal { step, signal: Signal::Replied, at: world.now });
        }
        2 => world.skip(run),
        _ if step.wakes_at.is_some() => world.pass(hours(rng.i64(1..40))),
        _ => {
            let is_call = world.node(&step).type_name == "phone_call";
            let call_result = is_call.then(|| if rng.bool() { "made" } else { "busy" }.to_owned());
            world.ask(RecordCommand::Complete { step: step.ordinal, note: None, call_result });
        }
    }
    world.deliver();
}

/// A record somewhere on its way, and a revision that moves it; the same for the same seed. `None` where chance drew what
/// cannot be activated, or the way has ended.
fn moved(seed: u64) -> Option<(World, Rng, SequenceId, Ordinal, Moves, relance::domain::record::Record)> {
    let mut rng = Rng::with_seed(seed);
    let old = outline(&mut rng, 8);
    let new = edited(&mut rng, &old);
    let [first, second] = [&old, &new].map(|outline| drawn(&mut rng, outline));
    let mut world = World::lead();
    let sequence = world.draft(first);
    world.order(sequence, SequenceCommand::Activate { description: None, migration: None, pilot: None }).ok()?;
    let run = world.connect_after(sequence, (rng.u8(0..8) == 0).then(|| hours(5)));
    world.deliver();
    (0..rng.usize(0..8)).for_each(|_| step_on(&mut world, &mut rng, run));
    if !world.enrolment(run).status.is_live() {
        return None;
    }
    let mode = [Mode::Follow, Mode::Follow, Mode::Map, Mode::Map, Mode::Restart][rng.usize(0..5)];
    let mut map = BTreeMap::new();
    for _ in 0..rng.usize(0..3) * usize::from(mode == Mode::Map) {
        let [from, to] = [&old, &new].map(|outline| outline[rng.usize(0..outline.len())].0.clone());
        map.insert(from, to);
    }
    let moves = Moves { mode, map };
    world.order(sequence, SequenceCommand::Revise).ok()?;
    world.order(sequence, SequenceCommand::SaveGraph(second)).ok()?;
    let before = world.record().clone();
    match world
        .order(sequence, SequenceCommand::Activate { description: None, migration: Some(moves.clone()), pilot: None })
    {
        Ok(_) => {}
        Err(SequenceRejection::ValidationFailed(_)) => return None,
        Err(other) => panic!("{other}"),
    }
    world.follow(sequence, false);
    // The draft said nothing new.
    if world.sequence(sequence).version == 1 {
        return None;
    }
    Some((world, rng, sequence, run, moves, before))
}

/// Nothing was done twice in either version since the way began, and nothing of the first, by the name that the map gives it,
/// again in the second.
fn nothing_is_done_twice(world: &World, run: Ordinal, moves: &Moves) -> bool {
    let since = world.enrolment(run).restarted_after;
    let is_done = |status| matches!(status, StepStatus::Completed | StepStatus::Skipped);
    let done = world.record().steps.iter().filter(|step| step.ordinal > since && is_done(step.status));
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for step in done {
        let node = world.node(step);
        if node.acts() {
            if step.version == 1 { first.push(node.id.as_str()) } else { second.push(node.id.as_str()) }
        }
    }
    let is_once = |all: &[&str]| all.iter().collect::<BTreeSet<_>>().len() == all.len();
    is_once(&first) && is_once(&second) && first.iter().all(|id| !second.contains(&moves.target(id)))
}

/// Without what may differ after a move was taken back.
fn plain(enrolment: &Enrolment) -> Enrolment {
    Enrolment { migrations: Vec::new(), ..enrolment.clone() }
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 1_500, failure_persistence: None, max_global_rejects: 60_000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn d_47_r_1_no_move_does_a_step_twice_or_loses_one(seed in any::<u64>()) {
        let Some((mut world, mut rng, _, run, moves, before)) = moved(seed) else { return Err(TestCaseError::reject("")) };
        prop_assert!(nothing_is_done_twice(&world, run, &moves));
        let held = world.enrolment(run).clone();
        match held.migrations.as_slice() {
            [(1, Outcome::Stayed)] => {
                prop_assert_eq!(plain(&held), plain(&before.enrolments[0]));
                prop_assert_eq!(&world.record().steps, &before.steps);
            }
            [(1, Outcome::Moved)] => {
                prop_assert_eq!(held.version, 2);
                // What was done stays done as it was; what was open is open or cancelled for what opened.
                for (was, is) in before.steps.iter().zip(&world.record().steps) {
                    let stands = before.enrolments[0].current == Some(was.ordinal) && was.status == StepStatus::Open;
                    prop_assert!(stands || was == is);
                    if stands && is.status != StepStatus::Open {
                        let goes_on = world.record().steps.len() > before.steps.len() || !held.status.is_live();
                        prop_assert!(goes_on || is.status == StepStatus::Completed, "{:?} is lost", was);
                    }
                }
            }
            other => prop_assert!(false, "{:?}", other),
        }
        for _ in 0..60 {
            step_on(&mut world, &mut rng, run);
            world.pass(hours(30));
        }
        prop_assert!(nothing_is_done_twice(&world, run, &moves), "{:?}", world.record().steps);
        prop_assert!(!world.enrolment(run).status.is_live(), "every way ends");
        world.check_replay();
    }

    #[test]
    fn d_47_what_is_taken_back_at_once_is_exactly_as_it_was(seed in any::<u64>()) {
        let Some((mut world, _, sequence, run, _, before)) = moved(seed) else { return Err(TestCaseError::reject("")) };
        let after = world.record().clone();
        let events = world.take_back(sequence);
        if events.is_empty() {
            let held = &after.enrolments[0];
            let ran_on = held.former.as_ref().is_none_or(|former| after.current_step(held) != former.left.as_ref());
            prop_assert!(ran_on && *world.record() == after);
        } else if events.len() == 1 {
            prop_assert_eq!(plain(world.enrolment(run)), plain(&before.enrolments[0]));
            let (former, opened) = world.record().steps.split_at(before.steps.len());
            prop_assert_eq!(former, &before.steps);
            prop_assert!(opened.iter().all(|step| step.status == StepStatus::Cancelled));
            let bare = |record: &relance::domain::record::Record| {
                let mut bare = record.clone();
                (bare.steps, bare.enrolments, bare.last_ordinal) = (vec![], vec![], 0);
                bare
            };
            prop_assert_eq!(bare(world.record()), bare(&before));
        }
        world.check_replay();
        // And it goes on.
        world.pass(hours(2_000));
        world.check_replay();
    }
}
