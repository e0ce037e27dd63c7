//! What an enrolment has to do with A/B tests: the version it gets, and what is counted of it (AB-8, AB-12, AB-13).
//!
//! Who reaches a test while it runs takes part in it, for good: what comes back later still counts (CO-18). Exposed is
//! whoever the server has sent its version to; a message that became the seller's (ST-23), or was given up, exposes nobody.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::advance::Turn;
use super::{Enrolment, Ordinal, Signal, Step};
use crate::domain::ab_test::AbStanding;
use crate::domain::activity::ActivityKind;
use crate::domain::effect::{Counter, Delivery, Effect, EffectKey, Effects};
use crate::domain::plan::{AbTest, AbVersion, PlanNode};
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::Outcome;
use crate::domain::record::{Record, RecordRejection};
use crate::domain::sequence::conduct::Goal;
use crate::domain::sequence::graph::Metric;
use crate::id::{AbTestId, SequenceId, TemplateId};
use crate::time::Timestamp;

/// An enrolment that takes part in a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participation {
    /// The test.
    pub test: AbTestId,
    /// The step that reached it first.
    pub step: Ordinal,
    /// The version it got.
    pub version: AbVersion,
    /// Whether the server has sent it.
    pub exposed: bool,
    /// Whether there was an event of the metric since the step was reached.
    pub met: bool,
    /// What the sequence is still to be told of it.
    pub untold: Untold,
}

/// What a sequence is still to be told of a participant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Untold {
    /// That the step was reached, where nobody had reached it before.
    pub reached: bool,
    /// That its message was sent, where none had been before.
    pub exposed: bool,
}

/// Something that a sequence is told of a participant. Stored in events: variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tell {
    /// The step was reached.
    Reached,
    /// Its message was sent.
    Exposed,
}

impl Tell {
    fn mark(self) -> EffectKey {
        match self {
            Tell::Reached => 1 << 30,
            Tell::Exposed => 1 << 31,
        }
    }

    /// Names the delivery; ordinals are far below, so the message of the step has another name.
    pub fn key(self, step: Ordinal) -> EffectKey {
        step | self.mark()
    }

    /// The step that a delivery is named by.
    pub fn step(self, key: EffectKey) -> Ordinal {
        key & !self.mark()
    }
}

/// What an erased record leaves of a participation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The test.
    pub test: AbTestId,
    /// The version that was sent.
    pub version: AbVersion,
    /// Whether the metric was met.
    pub met: bool,
}

impl Kept {
    fn count(self, delta: i64, owed: &mut Effects) {
        owed.count(Counter::AbExposed(self.test, self.version), delta);
        if self.met {
            owed.count(Counter::AbMet(self.test, self.version), delta);
        }
    }
}

/// Deciding.
impl Turn<'_> {
    /// The version and its template: the one that a test which has ended gives everybody, or else, by the split, always the
    /// same for the same enrolment and test, however often it is asked.
    pub fn allocate(&self, enrolment: Ordinal, node: &str, test: &AbTest) -> (AbVersion, TemplateId) {
        let held = self.record.enrolment(enrolment);
        let sequence = held.and_then(|held| Some((held.sequence, self.given.sequences.get(&held.sequence)?)));
        let served = sequence.and_then(|(_, sequence)| sequence.ab_serves(node, test, self.stamp.at));
        let version = served.unwrap_or_else(|| {
            let sequence = held.map_or(SequenceId(0), |held| held.sequence);
            let mut key = AbTestId::of(sequence, node, test.since).0.to_be_bytes().to_vec();
            key.extend_from_slice(&self.id.0.to_be_bytes());
            key.extend_from_slice(&enrolment.to_be_bytes());
            if xxh3_64(&key) % 100 < u64::from(test.share_a) { AbVersion::A } else { AbVersion::B }
        });
        let [template_a, template_b] = test.templates;
        (version, if version == AbVersion::A { template_a } else { template_b })
    }

    /// Notes what the events so far mean for the tests that the record takes part in; `before` is the record as it was.
    pub fn take_part(&mut self, before: &Record) {
        let reaches = self.events().iter().any(|event| matches!(event, RecordEvent::AbVersionTaken { .. }));
        let takes_part = self.record.enrolments.iter().any(|enrolment| !enrolment.participations.is_empty());
        if !reaches && !takes_part {
            return;
        }
        for event in self.events().to_vec() {
            match event {
                RecordEvent::AbVersionTaken { step, .. } => self.enter(step),
                RecordEvent::MessageSent { step, .. } => self.expose(step),
                RecordEvent::Signalled { step, signal, .. } => self.meet_signal(step, signal),
                RecordEvent::Closed(Outcome::Success) => self.meet_goal(Happened::Success),
                RecordEvent::ActivityAdded { kind: ActivityKind::Meeting, .. } => self.meet_goal(Happened::Meeting),
                RecordEvent::GoalReached => self.meet_goal(Happened::Goal),
                _ => {}
            }
            if matches!(event, RecordEvent::Changed { .. } | RecordEvent::StageChanged { .. } | RecordEvent::Closed(_))
            {
                self.meet_goal(Happened::Written(before));
            }
        }
    }

    /// The test of a step with its node and id.
    fn ab_test_of(&self, step: Ordinal) -> Option<(&Step, &PlanNode, &AbTest, AbTestId)> {
        let step = self.record.step(step)?;
        let node = self.record.node_of(self.given, step)?;
        let test = node.ab_test()?;
        let sequence = self.record.enrolment(step.enrolment)?.sequence;
        Some((step, node, test, AbTestId::of(sequence, &node.id, test.since)))
    }

    /// A step of a test that has not ended was reached: the first makes it begin (D-18).
    fn enter(&mut self, step: Ordinal) {
        let Some((reached, node, settings, test)) = self.ab_test_of(step) else { return };
        let Some(enrolment) = self.record.enrolment(reached.enrolment) else { return };
        let Some(sequence) = self.given.sequences.get(&enrolment.sequence) else { return };
        let begins = match sequence.ab_standing(&node.id, settings, self.stamp.at) {
            AbStanding::Draft => true,
            AbStanding::InProgress(_) => false,
            AbStanding::Missed | AbStanding::Finished(..) => return,
        };
        if enrolment.participations.iter().all(|part| part.test != test) {
            self.emit(RecordEvent::AbTestEntered { step, test, begins });
        }
    }

    /// The message of a test was sent: the first is the one whose day counts (D-67).
    fn expose(&mut self, step: Ordinal) {
        let Some((sent, node, settings, test)) = self.ab_test_of(step) else { return };
        let Some(enrolment) = self.record.enrolment(sent.enrolment) else { return };
        if !enrolment.participations.iter().any(|part| part.test == test && !part.exposed) {
            return;
        }
        let run = self.given.sequences.get(&enrolment.sequence);
        let run = run.and_then(|sequence| sequence.ab_run(&node.id, settings.since));
        let first = run.is_none_or(|run| run.end.is_none() && run.exposed_at.is_none());
        let (enrolment, at) = (sent.enrolment, self.stamp.at);
        self.emit(RecordEvent::AbExposed { enrolment, test, at, first });
    }

    /// D-63: what implies an open opens too.
    fn meet_signal(&mut self, step: Ordinal, signal: Signal) {
        let Some(mail) = self.record.step(step) else { return };
        let enrolment = mail.enrolment;
        let has = |signal| mail.signals.first(signal).is_some();
        let (opened, clicked) = (has(Signal::Opened), has(Signal::LinkClicked));
        if let Some((_, _, settings, test)) = self.ab_test_of(step) {
            let meets = match settings.metric {
                Metric::Opens => opened,
                Metric::Clicks => clicked,
                Metric::Goal => false,
            };
            if meets {
                self.meet(enrolment, test);
            }
        }
        if signal == Signal::Replied {
            self.meet_goal(Happened::Reply(enrolment));
        }
    }

    /// Of every test that the record takes part in and whose metric is the goal that this is (AB-14).
    fn meet_goal(&mut self, happened: Happened) {
        let parts =
            self.record.enrolments.iter().flat_map(|held| held.participations.iter().map(move |part| (held, part)));
        let met = parts.filter(|(held, part)| {
            let counts_goals = self.ab_test_of(part.step).is_some_and(|(_, _, test, _)| test.metric == Metric::Goal);
            !part.met && counts_goals && self.is_goal(happened, held, part)
        });
        let met: Vec<_> = met.map(|(held, part)| (held.ordinal, part.test)).collect();
        met.into_iter().for_each(|(enrolment, test)| self.meet(enrolment, test));
    }

    /// Whether this is what the version is for that the participant went through.
    fn is_goal(&self, happened: Happened, held: &Enrolment, part: &Participation) -> bool {
        let version = self.record.step(part.step).map_or(held.version, |step| step.version);
        let Some(plan) = self.given.plan(held.sequence, version) else { return false };
        match (&plan.conduct.goal, happened) {
            (_, Happened::Goal) | (Goal::Success, Happened::Success) | (Goal::Meeting, Happened::Meeting) => true,
            (Goal::Reply, Happened::Reply(enrolment)) => enrolment == held.ordinal,
            (Goal::Field(condition), Happened::Written(before)) => {
                self.answer_of(before, &condition.0) != Ok(true) && self.answer_field(&condition.0) == Ok(true)
            }
            _ => false,
        }
    }

    fn meet(&mut self, enrolment: Ordinal, test: AbTestId) {
        let held = self.record.enrolment(enrolment);
        if held.is_some_and(|held| held.participations.iter().any(|part| part.test == test && !part.met)) {
            self.emit(RecordEvent::AbMetricMet { enrolment, test });
        }
    }

    /// A sequence was told of a participant.
    pub fn ab_told(&mut self, step: Ordinal, tell: Tell) -> Result<(), RecordRejection> {
        let part = self.record.participation_of(step).ok_or(RecordRejection::Stale)?;
        if !part.untold.has(tell) {
            return Err(RecordRejection::Stale);
        }
        self.emit(RecordEvent::AbTestTold { step, tell });
        Ok(())
    }
}

/// What may be the goal of a sequence.
#[derive(Clone, Copy)]
enum Happened<'a> {
    /// The record was closed with success.
    Success,
    /// The customer has replied to an e-mail of that enrolment.
    Reply(Ordinal),
    /// A meeting was made for the record.
    Meeting,
    /// Something was written on the record, which was this before.
    Written(&'a Record),
    /// Somebody has told that the goal was reached, whichever it is (§21.4).
    Goal,
}

/// Remembering.
impl Record {
    fn participation_of(&self, step: Ordinal) -> Option<&Participation> {
        let held = self.enrolment(self.step(step)?.enrolment)?;
        held.participations.iter().find(|part| part.step == step)
    }

    fn participation_mut(
        &mut self,
        enrolment: Ordinal,
        is: impl Fn(&Participation) -> bool,
    ) -> Option<&mut Participation> {
        self.enrolment_mut(enrolment)?.participations.iter_mut().find(|part| is(part))
    }

    pub(in crate::domain) fn ab_apply(&mut self, event: &RecordEvent) {
        match event {
            RecordEvent::AbTestEntered { step, test, begins } => {
                let Some(reached) = self.step(*step) else { return };
                let (enrolment, version) = (reached.enrolment, reached.ab_version.unwrap_or(AbVersion::A));
                let untold = Untold { reached: *begins, exposed: false };
                let part = Participation { test: *test, step: *step, version, exposed: false, met: false, untold };
                if let Some(held) = self.enrolment_mut(enrolment) {
                    held.participations.push(part);
                }
            }
            RecordEvent::AbExposed { enrolment, test, first, .. } => {
                if let Some(part) = self.participation_mut(*enrolment, |part| part.test == *test) {
                    (part.exposed, part.untold.exposed) = (true, *first);
                }
            }
            RecordEvent::AbMetricMet { enrolment, test } => {
                if let Some(part) = self.participation_mut(*enrolment, |part| part.test == *test) {
                    part.met = true;
                }
            }
            RecordEvent::AbTestTold { step, tell } => {
                let enrolment = self.step(*step).map_or(0, |step| step.enrolment);
                if let Some(part) = self.participation_mut(enrolment, |part| part.step == *step) {
                    match tell {
                        Tell::Reached => part.untold.reached = false,
                        Tell::Exposed => part.untold.exposed = false,
                    }
                }
            }
            _ => {}
        }
    }

    /// Counts, and what a sequence is told.
    pub(in crate::domain) fn ab_owe(&self, event: &RecordEvent, owed: &mut Effects) {
        match event {
            RecordEvent::AbTestEntered { step, begins: true, .. } => {
                if let Some(reached) = self.step(*step) {
                    self.owe_tell(*step, Tell::Reached, reached.opened_at, owed);
                }
            }
            RecordEvent::AbExposed { enrolment, test, at, first } => {
                let Some(part) = self.participation(*enrolment, *test) else { return };
                part.kept().count(1, owed);
                if *first {
                    self.owe_tell(part.step, Tell::Exposed, *at, owed);
                }
            }
            RecordEvent::AbMetricMet { enrolment, test } => {
                if let Some(part) = self.participation(*enrolment, *test).filter(|part| part.exposed) {
                    owed.count(Counter::AbMet(*test, part.version), 1);
                }
            }
            RecordEvent::AbTestTold { step, tell } => owed.push(Effect::Settle { key: tell.key(*step) }),
            RecordEvent::AbCountsKept(kept) => kept.iter().for_each(|kept| kept.count(1, owed)),
            _ => {}
        }
    }

    fn participation(&self, enrolment: Ordinal, test: AbTestId) -> Option<&Participation> {
        self.enrolment(enrolment)?.participations.iter().find(|part| part.test == test)
    }

    fn owe_tell(&self, step: Ordinal, tell: Tell, at: Timestamp, owed: &mut Effects) {
        let Some(reached) = self.step(step) else { return };
        let Some(enrolment) = self.enrolment(reached.enrolment) else { return };
        let (sequence, version, node) = (enrolment.sequence, reached.version, reached.node);
        let delivery = Delivery::AbTestReached { sequence, version, node, at, exposed: tell == Tell::Exposed };
        owed.push(Effect::Owe { key: tell.key(step), delivery });
    }

    fn participations(&self) -> impl Iterator<Item = &Participation> {
        self.enrolments.iter().flat_map(|enrolment| &enrolment.participations)
    }

    /// What tests go on counting once the record is erased.
    pub(in crate::domain) fn ab_counts(&self) -> Vec<Kept> {
        self.participations().filter(|part| part.exposed).map(Participation::kept).collect()
    }

    /// Takes back what tests count of the record, and what is still to be told.
    pub(in crate::domain) fn take_back_tests(&self, owed: &mut Effects) {
        self.ab_counts().into_iter().for_each(|kept| kept.count(-1, owed));
        for part in self.participations() {
            for tell in [Tell::Reached, Tell::Exposed].into_iter().filter(|tell| part.untold.has(*tell)) {
                owed.push(Effect::Settle { key: tell.key(part.step) });
            }
        }
    }
}

impl Participation {
    fn kept(&self) -> Kept {
        Kept { test: self.test, version: self.version, met: self.met }
    }
}

impl Untold {
    fn has(self, tell: Tell) -> bool {
        match tell {
            Tell::Reached => self.reached,
            Tell::Exposed => self.exposed,
        }
    }
}
