//! What follows for the tests of a sequence from what happens to it: they begin, are looked at, end, and are locked.

use chrono::TimeDelta;

use super::verdict::{Tallies, fixed};
use super::{AbEnding, AbOutcome, AbRun, AbStanding, next_look};
use crate::domain::effect::{Effect, EffectKey, Effects};
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::plan::{AbEnd, AbTest, AbVersion, Action, NodeIndex, PlanNode, ab_settings};
use crate::domain::sequence::graph::{AbTestNode, Graph, Node};
use crate::domain::sequence::{Sequence, SequenceEvent, SequenceRejection, read_graph};
use crate::id::{AbTestId, SequenceId};
use crate::limits;
use crate::time::Timestamp;

type Decision = Result<Vec<SequenceEvent>, SequenceRejection>;

/// What a record tells of a participant of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The version it goes through.
    pub version: u16,
    /// The node of the test in it.
    pub node: NodeIndex,
    /// When.
    pub at: Timestamp,
    /// Whether the message was sent, as against the step reached.
    pub exposed: bool,
}

impl PlanNode {
    /// The test, where it is one.
    pub fn ab_test(&self) -> Option<&AbTest> {
        match &self.action {
            Action::AbTest(test) => Some(test),
            _ => None,
        }
    }
}

/// Deciding.
impl Sequence {
    /// D-18: the first participant begins the test, and the first message the days on which it is looked at. Told again, or
    /// later than another, it changes nothing.
    pub(in crate::domain) fn ab_reached(
        &self,
        id: SequenceId,
        given: &Given,
        reached: &Reached,
        stamp: Stamp,
    ) -> Decision {
        let node = given.plan(id, reached.version).and_then(|plan| plan.node(reached.node));
        let Some((node, test)) = node.and_then(|node| Some((node, node.ab_test()?))) else { return Ok(vec![]) };
        let mut events = Vec::new();
        let mut after = self.clone();
        let mut happen = |after: &mut Sequence, event: SequenceEvent| {
            after.apply(&event, stamp);
            events.push(event);
        };
        if after.ab_standing(&node.id, test, reached.at) == AbStanding::Draft {
            let deadline = match test.end {
                AbEnd::At(deadline) => Some(deadline),
                AbEnd::Automatic => None,
            };
            let (node, since, at) = (node.id.clone(), test.since, reached.at);
            let begun = AbTestId::of(id, &node, since);
            happen(&mut after, SequenceEvent::AbTestBegun { node, since, test: begun, at, deadline });
        }
        let place = after.ab_tests.iter().position(|run| run.since == test.since && run.node == node.id);
        let Some((number, run)) = place.and_then(|place| Some((place as EffectKey, after.ab_tests.get(place)?))) else {
            return Ok(events);
        };
        if run.end.is_none() && run.exposed_at.is_none() && reached.exposed {
            let looks = (test.end == AbEnd::Automatic).then(|| next_look(reached.at, reached.at));
            happen(&mut after, SequenceEvent::AbTestExposed { number, at: reached.at, wakes_at: looks });
        }
        // It was reached just before the sequence was deactivated.
        if !self.status.is_active() {
            after.ab_stops(given, id).into_iter().for_each(|event| happen(&mut after, event));
        }
        Ok(events)
    }

    /// Every running test stops with its default version, because the sequence is deactivated (§19.4).
    pub(in crate::domain) fn ab_stops(&self, given: &Given, id: SequenceId) -> Vec<SequenceEvent> {
        let running = self.ab_tests.iter().enumerate().filter(|(_, run)| run.end.is_none());
        let stopped = running.map(|(place, run)| SequenceEvent::AbTestStopped {
            number: place as EffectKey,
            node: run.node.clone(),
            serves: settings(given, id, run).map_or(AbVersion::A, |test| test.default),
            reason: AbEnding::Deactivated,
        });
        stopped.collect()
    }

    /// AB-10: a person ends the test of a node that runs, and chooses.
    pub(in crate::domain) fn ab_stop(
        &self,
        given: &Given,
        id: SequenceId,
        node: &str,
        choice: Option<AbVersion>,
        stamp: Stamp,
    ) -> Decision {
        let of_node = |run: &&AbRun| run.node == node;
        let running = self.ab_tests.iter().rposition(|run| run.node == node && run.end.is_none());
        if let Some(place) = running {
            let serves = choice.ok_or(SequenceRejection::AbChoiceRequired)?;
            let (number, node, reason) = (place as EffectKey, node.to_owned(), AbEnding::Chosen);
            return Ok(vec![SequenceEvent::AbTestStopped { number, node, serves, reason }]);
        }
        let plans = self.published.iter().rev().filter_map(|version| given.plan(id, version.number));
        let drawn = plans.filter_map(|plan| plan.find(node)?.1.ab_test()).next();
        match drawn.map(|test| self.ab_standing(node, test, stamp.at)) {
            Some(AbStanding::Draft) => Err(SequenceRejection::AbTestNotRunning),
            None if self.graph().nodes.iter().any(|drawn| drawn.id() == node && matches!(drawn, Node::AbTest(_))) => {
                Err(SequenceRejection::AbTestNotRunning)
            }
            None if !self.ab_tests.iter().any(|run| of_node(&run)) => Err(SequenceRejection::AbTestNotFound),
            _ => Err(SequenceRejection::AbTestFinished),
        }
    }

    /// AB-15 to AB-17, D-67: what the tallies lead to at this look.
    pub(in crate::domain) fn ab_evaluate(
        &self,
        given: &Given,
        id: SequenceId,
        number: EffectKey,
        tallies: Tallies,
        stamp: Stamp,
    ) -> Decision {
        let run = self.ab_tests.get(number as usize).filter(|run| run.end.is_none()).ok_or(SequenceRejection::Stale)?;
        let (Some(due), Some(test)) = (run.wakes_at, settings(given, id, run)) else {
            return Err(SequenceRejection::Stale);
        };
        if due > stamp.at {
            return Err(SequenceRejection::NotDue);
        }
        if let Some(winner) = fixed(tallies).winner {
            return Ok(vec![SequenceEvent::AbTestEnded { number, winner: Some(winner), serves: winner, tallies }]);
        }
        let exposed_at = run.exposed_at.unwrap_or(run.begun_at);
        let given_up = stamp.at - exposed_at >= TimeDelta::days(limits::AB_DAYS_MAX)
            || tallies.a.exposed.min(tallies.b.exposed) >= limits::AB_EXPOSURES_MAX;
        Ok(vec![match test.end {
            AbEnd::Automatic if !given_up => {
                let next = next_look(exposed_at, stamp.at);
                SequenceEvent::AbTestLookedAt { number, due, next, tallies }
            }
            AbEnd::Automatic | AbEnd::At(_) => {
                SequenceEvent::AbTestEnded { number, winner: None, serves: test.default, tallies }
            }
        }])
    }

    /// AB-3, AB-11, §19.4: a test that has ended is copied, not edited; a name under which results were shown stays. Any other
    /// setting may change in the next version, which begins a test of its own (D-71).
    pub(in crate::domain) fn ab_locked(
        &self,
        given: &Given,
        id: SequenceId,
        graph: &Graph,
        assigned: bool,
    ) -> Result<(), SequenceRejection> {
        let Some(last) = self.published.last() else { return Ok(()) };
        for before in tests_of(&read_graph(&last.graph)) {
            let Some(after) = tests_of(graph).into_iter().find(|node| node.id == before.id) else { continue };
            let test = given.plan(id, last.number).and_then(|plan| plan.find(&before.id)?.1.ab_test());
            let run = test.and_then(|test| self.ab_run(&before.id, test.since));
            let is_edited = ab_settings(&before) != ab_settings(&after);
            if is_edited && run.is_some_and(|run| run.end.is_some()) {
                return Err(SequenceRejection::AbTestFinished);
            }
            let is_assigned = run.is_some() || assigned;
            if is_assigned && before.display_name != after.display_name {
                return Err(SequenceRejection::AbTestLocked { name: before.display_name });
            }
        }
        Ok(())
    }
}

/// The settings that a test runs with.
fn settings<'a>(given: &'a Given, id: SequenceId, run: &AbRun) -> Option<&'a AbTest> {
    given.plan(id, run.since)?.find(&run.node)?.1.ab_test()
}

fn tests_of(graph: &Graph) -> Vec<AbTestNode> {
    let test = |node: &Node| match node {
        Node::AbTest(test) => Some(test.clone()),
        _ => None,
    };
    graph.nodes.iter().filter_map(test).collect()
}

/// Remembering.
impl Sequence {
    pub(in crate::domain) fn ab_apply(&mut self, event: &SequenceEvent, stamp: Stamp) {
        let run = |tests: &mut Vec<AbRun>, number: EffectKey, change: &dyn Fn(&mut AbRun)| {
            tests.get_mut(number as usize).into_iter().for_each(change);
        };
        let outcome = |reason, serves| AbOutcome { reason, serves, at: stamp.at, by: stamp.by };
        match event {
            SequenceEvent::AbTestBegun { node, since, test, at, deadline } => self.ab_tests.push(AbRun {
                node: node.clone(),
                since: *since,
                test: *test,
                begun_at: *at,
                exposed_at: None,
                wakes_at: *deadline,
                end: None,
            }),
            SequenceEvent::AbTestExposed { number, at, wakes_at } => run(&mut self.ab_tests, *number, &|run| {
                (run.exposed_at, run.wakes_at) = (Some(*at), wakes_at.or(run.wakes_at));
            }),
            SequenceEvent::AbTestLookedAt { number, next, .. } => {
                run(&mut self.ab_tests, *number, &|run| run.wakes_at = Some(*next));
            }
            SequenceEvent::AbTestEnded { number, winner, serves, .. } => run(&mut self.ab_tests, *number, &|run| {
                let reason = if winner.is_some() { AbEnding::Won } else { AbEnding::Inconclusive };
                run.end = Some(outcome(reason, *serves));
            }),
            SequenceEvent::AbTestStopped { number, serves, reason, .. } => {
                run(&mut self.ab_tests, *number, &|run| run.end = Some(outcome(*reason, *serves)));
            }
            _ => {}
        }
    }

    /// Timers: a test wakes at its next look, or at its deadline, until it has ended.
    pub(in crate::domain) fn ab_owe(&self, event: &SequenceEvent, owed: &mut Effects) {
        let mut arm = |due: Option<Timestamp>, key| owed.0.extend(due.map(|due| Effect::Arm { due, key }));
        match event {
            SequenceEvent::AbTestBegun { deadline, .. } => {
                arm(*deadline, self.ab_tests.len().saturating_sub(1) as EffectKey);
            }
            SequenceEvent::AbTestExposed { number, wakes_at, .. } => arm(*wakes_at, *number),
            SequenceEvent::AbTestLookedAt { number, due, next, .. } => {
                owed.push(Effect::Disarm { due: *due, key: *number });
                owed.push(Effect::Arm { due: *next, key: *number });
            }
            SequenceEvent::AbTestEnded { number, .. } | SequenceEvent::AbTestStopped { number, .. } => {
                if let Some(due) = self.ab_tests.get(*number as usize).and_then(|run| run.wakes_at) {
                    owed.push(Effect::Disarm { due, key: *number });
                }
            }
            _ => {}
        }
    }
}
