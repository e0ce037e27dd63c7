//! Why, why not, when next: no enrolment goes unexplained, and what is forecast happens then and not before.

use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;
use relance::domain::enrolment::{Enrolment, Ordinal, Signal, Step};
use relance::domain::explain::{Awaited, Explanation, explain};
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Channel, Outcome, Owner};
use relance::domain::sequence::Property;
use relance::time::Timestamp;
use serde_json::json;

use super::draw::{
    advance, answered, auto_email, branch, call, early_reply, email, graph, reply, task, text, update, wait,
};
use super::random::{config, laid_out, moves, play};
use super::world::{COLLEAGUE, World, at};

impl World {
    /// Explained from the log, as it stands.
    pub fn explain(&self, enrolment: Ordinal) -> Explanation {
        let log = self.logged().log().into_iter();
        let events = log.flat_map(|(_, entry)| entry.events.into_iter().map(move |event| (entry.stamp, event)));
        let see = |other, _| self.others.get(&other).cloned().map(Arc::new);
        explain((&self.given, &see), events, enrolment, self.now).expect("an enrolment of the record")
    }

    fn standing(&self, enrolment: Ordinal) -> (Enrolment, Option<Step>) {
        let held = self.enrolment(enrolment);
        (held.clone(), self.record().current_step(held).cloned())
    }

    /// Nothing of any enrolment is left unsaid.
    fn check_explained(&self) {
        for held in &self.record().enrolments {
            let found = self.explain(held.ordinal);
            assert_eq!(found.status, held.status);
            let sentences = found.causes.iter().map(|cause| &cause.detail);
            let sentences = sentences.chain(found.blocked_by.iter().map(|block| &block.detail));
            for text in sentences.chain([&found.waiting_for.detail]) {
                assert!(text.ends_with('.') && !text.contains("no more"), "{text:?}");
            }
            assert!(found.causes.is_sorted_by_key(|cause| cause.at) || self.now < found.causes.last().unwrap().at);
            assert!(["connected", "advanced_from"].contains(&found.causes[0].kind), "{found:?}");
            let waits = found.waiting_for.kind != Awaited::None;
            assert_eq!(waits, held.status.is_live(), "{found:?}");
            assert!(waits || (found.blocked_by.is_empty() && found.next_at.is_none()), "{found:?}");
            assert!(waits || found.causes.last().unwrap().kind != "step_opened", "{found:?}");
        }
    }

    /// The clock goes on as far as anything is forecast: each enrolment moves at its instant and stands still until then.
    fn check_forecasts(&mut self) {
        self.reset_fuses();
        for _ in 0..300 {
            let live: Vec<_> = self.record().live().map(|live| live.ordinal).collect();
            let forecasts: Vec<_> = live.iter().map(|live| (self.explain(*live).next_at, *live)).collect();
            let Some((next, mover)) = forecasts.iter().filter_map(|(next, live)| Some(((*next)?, *live))).min() else {
                assert!(self.ledger.armed.is_empty(), "a timer nobody knows of");
                return;
            };
            let before: Vec<_> = live.iter().map(|live| self.standing(*live)).collect();
            if next > self.now {
                self.until(Timestamp::from_millis(next.millis() - 1));
                for (ordinal, before) in live.iter().zip(&before) {
                    assert_eq!(&self.standing(*ordinal), before, "it moves before {next}");
                }
            }
            let profile = (self.record().profile.clone(), self.record().state);
            self.until(next.max(self.now));
            let moved = self.standing(mover);
            assert!(before.iter().all(|before| *before != moved), "it does not move at {next}: {moved:?}");
            if (self.record().profile.clone(), self.record().state) == profile {
                for ((forecast, ordinal), before) in forecasts.iter().zip(&before) {
                    let stays = forecast.is_none_or(|forecast| forecast > self.now);
                    assert!(!stays || &self.standing(*ordinal) == before, "it moves, and nobody has said so");
                }
            }
        }
        panic!("there is always something else to come");
    }
}

proptest! {
    #![proptest_config(config(96))]

    /// Issue 6, 7: never empty for what has not ended, and right unless something happens.
    #[test]
    fn every_enrolment_is_explained_and_every_forecast_comes_true(
        template in 0_usize..7,
        leaves in any::<bool>(),
        own in any::<bool>(),
        moves in prop::collection::vec(moves(), 1..40),
    ) {
        let (mut world, sequences) = laid_out(template, leaves, own);
        for next in moves {
            play(&mut world, &sequences, next);
            world.check_explained();
        }
        world.check_forecasts();
        world.check_explained();
    }
}

/// The last cause, what it waits for, and what is in its way.
fn told(world: &World, run: Ordinal) -> (String, String, Vec<String>) {
    let found = world.explain(run);
    let cause = found.causes.last().map(|cause| format!("{}: {}", cause.kind, cause.detail)).unwrap_or_default();
    let waiting = format!("{}: {}", found.waiting_for.kind.name(), found.waiting_for.detail);
    let blocks = found.blocked_by.iter().map(|block| format!("{}: {}", block.kind, block.detail));
    (cause, waiting, blocks.collect())
}

fn has(text: &str, words: &[&str]) {
    words.iter().for_each(|word| assert!(text.contains(word), "{word:?} is not in {text:?}"));
}

#[test]
fn each_way_of_ending_a_step_says_who_when_and_why() {
    let mut world = World::lead();
    let run = world.run(graph(&[
        email("mail", "answer"),
        early_reply("answer", 2, "thank", "call"),
        task("thank", "pause"),
        call("call", "talk"),
        answered("talk", &["made"], "thank", "pause"),
        wait("pause", 1, 0, "open"),
        branch("open", json!({ "field": "city", "op": "eq", "value": "Lugo" }), "done", "write"),
        update("write", "disposition", "open", "done"),
        task("done", ""),
    ]));
    let (cause, waiting, blocks) = told(&world, run);
    has(&cause, &["step_opened", "“mail”", "Grace"]);
    has(&waiting, &["seller", "Grace has “mail” to do", "2026-03-02T09:00"]);
    assert_eq!(blocks, [""; 0]);
    world.complete(run);
    let (cause, waiting, _) = told(&world, run);
    has(&cause, &["began to wait for a reply, until 2026-03-04T09:00"]);
    has(&waiting, &["event", "takes No if it has not come by 2026-03-04T09:00"]);
    assert_eq!(world.explain(run).next_at, Some(at("2026-03-04T09:00:00Z")));
    world.pass(TimeDelta::days(2));
    let causes = world.explain(run).causes;
    let branch = causes.iter().find(|cause| cause.kind == "branch_taken").unwrap();
    assert_eq!((branch.at, branch.node.as_deref()), (world.now, Some("answer")));
    has(&branch.detail, &["took No: a reply had not come by 2026-03-04T09:00"]);
    world.answer(run, "busy");
    let (cause, waiting, _) = told(&world, run);
    has(&cause, &["“Wait”", "began to wait until 2026-03-05T09:00"]);
    has(&waiting, &["timer", "lasts until"]);
    let causes = world.explain(run).causes;
    let called: Vec<_> = causes.iter().rev().take(3).map(|cause| cause.detail.as_str()).collect();
    has(called[1], &["took No", "ended with `busy`, and not with `made`"]);
    has(called[2], &["Grace completed “call” with the result `busy`"]);
    world.write("city", "Vigo");
    world.skip_wait(run);
    let causes = world.explain(run).causes;
    let kinds: Vec<_> = causes.iter().rev().take(4).map(|cause| cause.kind).collect();
    assert_eq!(kinds, ["step_opened", "field_updated", "branch_taken", "wait_skipped"]);
    has(&causes[causes.len() - 3].detail, &["took No: `city` is “Vigo”"]);
    world.ask(RecordCommand::Disconnect(run));
    let (cause, waiting, _) = told(&world, run);
    has(&cause, &["ended", "Grace took the record out of “Follow up”"]);
    has(&waiting, &["none"]);
}

#[test]
fn a_reply_a_closing_and_an_advance_are_told_as_what_they_led_to() {
    let mut world = World::lead();
    let target = world.activate(graph(&[task("there", "")]));
    let patient = graph(&[email("mail", "answer"), reply("answer", 2, "on", "on"), advance("on", target)]);
    let run = world.run(patient);
    world.complete(run);
    world.signal(run, "mail", Signal::Replied);
    has(&told(&world, run).1, &["timer", "looks at 2026-03-04T09:00", "whether a reply has come"]);
    world.pass(TimeDelta::days(2));
    let causes = world.explain(run).causes;
    let branch = causes.iter().find(|cause| cause.kind == "branch_taken").unwrap();
    has(&branch.detail, &["took Yes: the recipient replied at 2026-03-02T09:00"]);
    let next = world.record().enrolments.last().unwrap().ordinal;
    has(&world.explain(next).causes[0].detail, &["“Follow up” led on to “Follow up”"]);
    world.ask(RecordCommand::Close(Outcome::Failure));
    let causes = world.explain(next).causes;
    has(&causes[causes.len() - 2].detail, &["Grace closed the record as a failure"]);
    has(&causes[causes.len() - 1].detail, &["The record was closed, so it left"]);

    let mut world = World::lead();
    let leaves = vec![Property::ExitOnReply(true)];
    let sequence = world.activate_with(graph(&[email("mail", "then"), task("then", "")]), leaves);
    let run = world.connect(sequence);
    world.complete(run);
    world.signal(run, "mail", Signal::Replied);
    has(&told(&world, run).0, &["ended", "The recipient replied to “mail”"]);
}

#[test]
fn what_is_in_the_way_says_what_mends_it() {
    let mut world = World::lead();
    let run = world.run(graph(&[auto_email("mail", "write"), text("write", "end"), task("end", "")]));
    let other = world.run(graph(&[email("again", "")]));
    world.deliver();
    has(&told(&world, run).2[0], &["no_address", "no phone number"]);
    world.ask(RecordCommand::Change(vec![Change::Allow(Channel::Email, false)]));
    has(&told(&world, other).2[0], &["suppression", "does not want e-mail"]);
    let step = world.current(other).ordinal;
    world.ask(RecordCommand::Snooze { step, until: world.now + TimeDelta::hours(3) });
    let snoozed = world.explain(other).blocked_by.into_iter().find(|block| block.kind == "snoozed").unwrap();
    assert_eq!(snoozed.until, Some(world.now + TimeDelta::hours(3)));
    world.ask(RecordCommand::Change(vec![Change::Owner(Owner::User(COLLEAGUE))]));
    world.skip(run);
    has(&told(&world, run).1, &["Edith has “end” to do"]);

    // ST-23, CM-12, CM-13.
    let mut world = World::lead();
    world.ask(RecordCommand::Change(vec![Change::Email(None)]));
    let run = world.run(graph(&[auto_email("mail", "end"), task("end", "")]));
    let (cause, waiting, blocks) = told(&world, run);
    has(&cause, &["“mail” became Grace's to do"]);
    has(&waiting, &["seller"]);
    has(&blocks[0], &["error", "What mends it: reach the person"]);

    let mut world = World::lead();
    let run = world.run(graph(&[task("t", "write"), update("write", "disposition", "open", "end"), task("end", "")]));
    let sequence = world.enrolment(run).sequence;
    world.tamper(sequence, |plan| {
        if let relance::domain::plan::Action::UpdateField { value, .. } = &mut plan.nodes[1].action {
            *value = "nonsense".into();
        }
    });
    world.complete(run);
    let (cause, waiting, blocks) = told(&world, run);
    has(&cause, &["step_failed", "could not be written"]);
    has(&waiting, &["seller", "mend, retry or skip"]);
    has(&blocks[0], &["error", "retry the step"]);
    assert_eq!(world.explain(run).next_at, None, "it waits for ever");
}

/// K-9: before it has begun there is something to say too.
#[test]
fn a_connection_with_a_wait_is_forecast() {
    let mut world = World::lead();
    let sequence = world.activate(graph(&[task("t", "")]));
    let run = world.connect_after(sequence, Some(TimeDelta::hours(5)));
    let (cause, waiting, _) = told(&world, run);
    has(&cause, &["Grace connected the record to “Follow up”, version 1, to begin at 2026-03-02T14:00"]);
    has(&waiting, &["timer", "2026-03-02T14:00"]);
    world.check_forecasts();
    has(&told(&world, run).1, &["seller"]);
}
