//! The domain against an independent model that is written from the specification: the same is asked of both, at random, and
//! after each answer everything that can be seen must be the same.

mod asking;
mod compare;
mod drawing;
mod naive;
pub mod scene;

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::time::Instant;

use chrono::TimeDelta;
use relance::domain::record::command::RecordCommand;
use relance::id::UserId;

use self::asking::Move;
use self::scene::Scene;
use super::world::is_of_server;

/// Leads that one office has, one after the other.
const LEADS: usize = 4;
/// Moves of each.
const MOVES: usize = 120;
/// Offices where nothing else is said.
const OFFICES: u64 = 1_000;

/// What the offices come to between them, or the comparison would be of little.
const SEEN: &[&str] = &[
    // Refusals.
    "ActivityNotFound",
    "ActivityNotOpen",
    "AlreadyConnected",
    "AssigneeUnresolved",
    "CallResultInvalid",
    "CallResultRequired",
    "EnrolmentEnded",
    "EnrolmentNotFound",
    "Excluded",
    "Invalid",
    "NotAnEmail",
    "NotDue",
    "NotWaiting",
    "NothingToRetry",
    "RecordInactive",
    "RecordTypeDisabled",
    "ReentryRefused",
    "SequenceNotActive",
    "SnoozeInPast",
    "SnoozeNotAllowed",
    "Stale",
    "StepNotFound",
    "StepNotOpen",
    "StepWaits",
    // Errors of steps.
    "AdvanceLoop",
    "AdvanceRefused",
    "AdvanceTargetInactive",
    "AutomatedTextFailed",
    "EmailTemplateFailed",
    "EmailUndeliverable",
    "FieldMissing",
    "FieldUpdateFailed",
    // Ends.
    "AdvancedToOtherSequence",
    "ExitCriterionMet",
    "ParentSequenceDeactivated",
    "RegardingEntityDeactivated",
    "SequenceCompleted",
    "UserDisconnected",
];

impl Scene {
    /// Asks both; what is different, if anything is.
    fn ask(&mut self, command: &RecordCommand) -> Result<(), String> {
        self.asked += 1;
        let by = if is_of_server(command) { UserId::SYSTEM } else { self.world.by };
        let model = self.naive.ask(command, self.world.now, by);
        let domain = self.ask_domain(command);
        if let Err(refusal) = &domain {
            self.refused += 1;
            self.see(refusal);
        }
        match compare::difference(self, &domain, &model) {
            None => Ok(()),
            Some(found) => Err(format!("{command:?} by {by} at {}:\n{found}", self.world.now)),
        }
    }

    /// Notes the name of something that has come up.
    fn see(&mut self, what: &impl std::fmt::Debug) {
        let text = format!("{what:?}");
        self.seen.insert(text.split([' ', '(']).next().unwrap_or_default().to_owned());
    }

    /// Notes what has become of a lead.
    fn look_back(&mut self) {
        let errors: Vec<_> = self.naive.visits.iter().filter_map(|visit| visit.error).collect();
        let reasons: Vec<_> = self.naive.runs.iter().filter_map(|run| run.reason).collect();
        errors.iter().for_each(|error| self.see(error));
        reasons.iter().for_each(|reason| self.see(reason));
    }

    /// Time passes; each timer rings at its own instant, in order.
    fn pass(&mut self, span: TimeDelta) -> Result<(), String> {
        let end = self.world.now + span;
        while let Some((due, key)) = self.armed.first().copied().filter(|(due, _)| *due <= end) {
            self.world.now = due.max(self.world.now);
            self.ask(&RecordCommand::Fire(key))?;
        }
        self.world.now = end;
        Ok(())
    }

    fn play(&mut self) -> Result<(), String> {
        match self.next_move() {
            Move::Ask(command) => self.ask(&command)?,
            Move::Pass(span) => self.pass(span)?,
            Move::Stall(span) => self.world.now = self.world.now + span,
            Move::Publish(place) => {
                // Or what is connected in the instant of a deactivation would leave with those before it.
                self.world.now = self.world.now + TimeDelta::milliseconds(1);
                self.publish(place);
            }
            Move::Deactivate(place) => {
                if let Some(leaves) = self.deactivate(place) {
                    self.ask(&leaves)?;
                }
            }
            Move::AlterEntry(place) => self.alter_entry(place),
            Move::AlterOffice => self.alter_office(),
        }
        Ok(())
    }
}

/// Plays one office, to its end or to where the two differ.
fn play(seed: u64) -> Result<Scene, String> {
    let mut scene = Scene::new(seed);
    for _ in 0..LEADS {
        scene.begin();
        for _ in 0..MOVES {
            scene.play()?;
        }
        scene.look_back();
    }
    Ok(scene)
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// `MODEL_SEED=N` plays one office again, `MODEL_OFFICES=N` so many, each with its number as its seed.
#[test]
fn whatever_is_asked_the_domain_answers_as_the_model_does() {
    let offices = number("MODEL_OFFICES").unwrap_or(OFFICES);
    let seeds = number("MODEL_SEED").map_or(0..offices, |seed| seed..seed + 1);
    let (began, mut differ, mut seen) = (Instant::now(), Vec::new(), BTreeSet::new());
    let (mut asked, mut refused) = (0, 0);
    for seed in seeds.clone() {
        match catch_unwind(|| play(seed)).unwrap_or_else(|_| Err("a panic, above".into())) {
            Ok(scene) => {
                (asked, refused) = (asked + scene.asked, refused + scene.refused);
                seen.extend(scene.seen);
            }
            Err(found) => differ.push(format!("MODEL_SEED={seed} cargo test --test it domain::model\n{found}")),
        }
    }
    println!("{} offices, {asked} commands, {refused} refused, {:?}", seeds.end - seeds.start, began.elapsed());
    assert!(differ.is_empty(), "{} offices differ, the first:\n{}", differ.len(), differ[0]);
    if seeds.end - seeds.start >= OFFICES {
        let missing: Vec<_> = SEEN.iter().filter(|what| !seen.contains(**what)).collect();
        assert!(missing.is_empty(), "nothing came to {missing:?}");
    }
}
