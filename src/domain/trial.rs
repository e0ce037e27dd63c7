//! Tests of a sequence: a record is connected to the draft, events happen to it at their times, and it has to stand where the
//! test says. What decides is what decides on the server; only the clock and the outside are the trial's own.
//!
//! Times count from the moment of connecting. At one instant the timers that are due come first, in order, then the events
//! as they are written, then what is expected is looked at. Messages are taken as sent the moment they are owed.

pub(crate) mod course;
pub mod script;
mod tell;

use std::sync::Arc;

use self::course::{Course, SEQUENCE};
use self::script::{After, Event, Expectation, Test};
use crate::domain::delivery::MessageState;
use crate::domain::enrolment::{Exit, Ordinal};
use crate::domain::given::Given;
use crate::domain::plan::compile::Severity;
use crate::domain::plan::{Plan, PlanNode};
use crate::domain::record::Problem;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::schema::{Change, RecordType};
use crate::domain::record::written;
use crate::domain::sequence::{Sequence, SequenceRejection, SequenceStatus, Version};
use crate::id::{SequenceId, UserId};
use crate::time::Timestamp;

/// When a test begins that does not say: Monday, 5 January 2026, 09:00 UTC.
const START_MS: i64 = 1_767_603_600_000;

/// How a test came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The test's name.
    pub name: String,
    /// What went otherwise than expected; nothing where the test passed.
    pub detail: Option<String>,
}

impl Verdict {
    /// Whether the test passed.
    pub fn is_ok(&self) -> bool {
        self.detail.is_none()
    }
}

/// How a run of tests came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// By test, in order.
    pub verdicts: Vec<Verdict>,
    /// Exits of branching nodes that no test took.
    pub untested: Vec<(String, Exit)>,
}

impl Report {
    /// How many tests passed.
    pub fn passed(&self) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.is_ok()).count()
    }
}

impl Sequence {
    /// Runs tests on the draft as activation would publish it. A draft that could not be activated is refused as activation
    /// refuses it. `id` is the sequence's own.
    pub fn try_tests(&self, id: SequenceId, given: &Given, tests: &[Test]) -> Result<Report, SequenceRejection> {
        let problems = script::problems(tests);
        if !problems.is_empty() {
            return Err(SequenceRejection::Invalid(problems));
        }
        let (plan, diagnostics) = self.compile_draft(id, given);
        let errors = || diagnostics.iter().filter(|found| found.severity == Severity::Error).cloned().collect();
        let Some(plan) = plan else { return Err(SequenceRejection::ValidationFailed(errors())) };
        Ok(self.try_plan(given, plan, tests))
    }

    /// What the tests that are kept with the sequence say against activating it as `plan`, where the organisation asks for
    /// tests: that there are none, or each one that fails.
    pub fn judge_tests(&self, given: &Given, plan: &Plan) -> Vec<Problem> {
        if !given.policy.settings().require_sequence_tests {
            return Vec::new();
        }
        let tests = self.stored_tests();
        if tests.is_empty() {
            let detail = "the organisation asks for tests of a sequence, and this one has none".into();
            return vec![Problem { pointer: "/tests".into(), code: "tests_missing", detail }];
        }
        let verdicts = self.try_plan(given, plan.clone(), &tests).verdicts.into_iter().enumerate();
        let failed = verdicts.filter_map(|(place, Verdict { name, detail })| {
            let detail = format!("the test “{name}” fails. {}", detail?);
            Some(Problem { pointer: format!("/tests/{place}"), code: "tests_failed", detail })
        });
        failed.collect()
    }

    fn try_plan(&self, given: &Given, plan: Plan, tests: &[Test]) -> Report {
        let exits = plan.nodes.iter().filter(|node| node.is_branching());
        let mut untested: Vec<_> =
            exits.flat_map(|node| [Exit::Yes, Exit::No].map(|exit| (node.id.clone(), exit))).collect();
        let world = self.tried(given, plan);
        let verdicts = tests.iter().map(|test| {
            let (verdict, taken) = run(&world, self.record_type, test);
            untested.retain(|exit| !taken.contains(exit));
            verdict
        });
        Report { verdicts: verdicts.collect(), untested }
    }

    /// What decisions are given on the server, with the draft as an active sequence beside all others.
    fn tried(&self, given: &Given, plan: Plan) -> Given {
        // Versions split by their shares, whatever became of the A/B tests that run.
        let blank = Sequence { ab_tests: Vec::new(), ..self.clone() };
        blank.as_if_active(given, (SEQUENCE, self.version), plan)
    }

    /// The same with the draft as that version of the sequence of that id.
    pub(super) fn as_if_active(&self, given: &Given, (id, number): (SequenceId, u16), mut plan: Plan) -> Given {
        let mut world = given.clone();
        plan.date_tests(number, given.plan(id, self.version));
        let published = Version {
            number,
            graph: self.draft.clone(),
            conduct: self.conduct.clone(),
            description: None,
            at: self.modified_at,
            by: UserId::SYSTEM,
        };
        let status = SequenceStatus::Active;
        let active = Sequence { status, version: number, published: vec![published], ..self.clone() };
        world.plans.insert((id, number), Arc::new(plan));
        world.sequences.insert(id, Arc::new(active));
        world
    }
}

/// Something that stands at an instant of a test.
enum Moment<'a> {
    Event(usize, &'a Event),
    Expectation(&'a Expectation),
}

impl Moment<'_> {
    /// Its place: by instant, and there events before expectations.
    fn order(&self) -> (After, bool) {
        match self {
            Moment::Event(_, event) => (event.at(), false),
            Moment::Expectation(expectation) => (expectation.at, true),
        }
    }
}

/// Runs one test; says which exits were taken. It always ends: a plan has no way back, and each timer belongs to a step of it.
fn run(world: &Given, kind: RecordType, test: &Test) -> (Verdict, Vec<(String, Exit)>) {
    let mut course = Course::new(world, &|_| None, test.start.unwrap_or(Timestamp::from_millis(START_MS)));
    let failures = drive(&mut course, kind, test);
    let detail = (!failures.is_empty()).then(|| format!("{}\n{}", failures.join("\n"), tell::way(&course)));
    let exits = course.steps().filter_map(|(step, node)| Some((node.id.clone(), step.exit?)));
    (Verdict { name: test.name.clone(), detail }, exits.collect())
}

fn drive(course: &mut Course, kind: RecordType, test: &Test) -> Vec<String> {
    if let Err(refused) = begin(course, kind, test) {
        return vec![refused];
    }
    let events = test.events.iter().enumerate().map(|(place, event)| Moment::Event(place, event));
    let mut moments: Vec<_> = events.chain(test.expect.iter().map(Moment::Expectation)).collect();
    moments.sort_by_key(Moment::order);
    let mut failures = Vec::new();
    for moment in moments {
        let span = moment.order().0.span();
        let when = tell::after(span);
        if let Err(rejection) = course.pass(course.start + span) {
            failures.push(format!("Before {when} the sequence could not go on: {rejection}."));
            break;
        }
        match moment {
            Moment::Expectation(expectation) => {
                let missed = judge(course, expectation);
                failures.extend(missed.into_iter().map(|missed| format!("At {when} {missed}.")));
            }
            Moment::Event(place, event) => {
                if let Err(refused) = happen(course, event) {
                    let what = tell::doing(event);
                    failures.push(format!("At {when} event {} (`{what}`) was refused: {refused}.", place + 1));
                    break;
                }
            }
        }
    }
    failures
}

fn begin(course: &mut Course, kind: RecordType, test: &Test) -> Result<(), String> {
    let read = written::changes(&test.record).map_err(|problems| problems.into_iter().map(|one| one.detail).collect());
    let mut changes: Vec<Change> = read.map_err(|details: Vec<String>| details.join("; "))?;
    let wanted = kind.name();
    if let Some(other) = test.record.get("type").filter(|given| given.as_str() != Some(wanted)) {
        return Err(format!("The sequence runs on records of type {wanted}, the test's is {other}."));
    }
    let is_named = |change: &Change| match change {
        Change::Name(name) => name.is_some(),
        Change::Field(field, _) => matches!(field.as_str(), "first_name" | "last_name"),
        _ => false,
    };
    if !changes.iter().any(is_named) {
        changes.push(Change::Name(Some("Test".into())));
    }
    course.begin(kind, changes).map_err(|rejection| format!("The record could not be connected: {rejection}."))
}

/// What an event asks of the record.
fn happen(course: &mut Course, event: &Event) -> Result<(), String> {
    let command = match event {
        Event::Complete { node, call_result, note, .. } => {
            let step = step(course, node.as_deref())?;
            RecordCommand::Complete { step, note: note.clone(), call_result: call_result.clone() }
        }
        Event::Skip { node, .. } => RecordCommand::Skip(step(course, node.as_deref())?),
        Event::SkipWait { node, .. } => RecordCommand::SkipWait(step(course, node.as_deref())?),
        Event::Retry { node, .. } => RecordCommand::Retry(step(course, node.as_deref())?),
        Event::Snooze { node, span, until, .. } => {
            let from = if span.is_some() { course.now() } else { course.start };
            let until = from + span.or(*until).map(After::span).unwrap_or_default();
            RecordCommand::Snooze { step: step(course, node.as_deref())?, until }
        }
        Event::Event { signal, node, .. } => {
            let step = match node {
                Some(node) => step(course, Some(node))?,
                None => course.last(PlanNode::is_email).ok_or("no e-mail step has been reached yet")?,
            };
            RecordCommand::Signal { step, signal: *signal, at: course.now() }
        }
        Event::SetField { field, value, .. } => {
            RecordCommand::Change(vec![Change::Field(field.clone(), written::value(value)?)])
        }
        Event::Change { record, .. } => {
            let read = written::changes(record);
            RecordCommand::Change(
                read.map_err(|problems| problems.into_iter().map(|one| one.detail).collect::<String>())?,
            )
        }
        Event::Close { outcome, .. } => RecordCommand::Close(*outcome),
        Event::Reopen { .. } => RecordCommand::Reopen,
        Event::Disconnect { .. } => {
            let enrolment = course.enrolment().ok_or("the record is not connected")?;
            RecordCommand::Disconnect(enrolment.ordinal)
        }
    };
    course.give(command).map_err(|rejection| rejection.to_string())
}

/// The step that a node or, without one, the enrolment's standing names.
fn step(course: &Course, node: Option<&str>) -> Result<Ordinal, String> {
    let Some(id) = node else {
        let current = course.current().map(|(step, _)| step.ordinal);
        return current.ok_or_else(|| format!("the record stands on {}", tell::standing(course)));
    };
    let found = course.last(|node| node.id == id);
    found.ok_or_else(|| match course.current() {
        Some((_, at)) => {
            format!("{} has not been reached; the record stands on {}", tell::node_of(course, id), tell::node(at))
        }
        None => {
            format!("{} was not reached; the record stands on {}", tell::node_of(course, id), tell::standing(course))
        }
    })
}

/// What is otherwise than expected.
fn judge(course: &Course, expected: &Expectation) -> Vec<String> {
    let mut missed = Vec::new();
    let standing = course.current().map(|(_, node)| node.id.as_str());
    if let Some(node) = expected.node.as_deref().filter(|node| standing != Some(node)) {
        let (wanted, found) = (tell::node_of(course, node), tell::standing(course));
        missed.push(format!("the record should stand on {wanted} but stands on {found}"));
    }
    let (status, reason) = course.enrolment().map_or((None, None), |found| (Some(found.status), found.reason));
    if let Some(wanted) = expected.status.filter(|wanted| status != Some(*wanted)) {
        let (wanted, found) = (tell::word(wanted), tell::word(status));
        missed.push(format!("the record should be {wanted} but is {found}"));
    }
    if let Some(wanted) = expected.reason.filter(|wanted| reason != Some(*wanted)) {
        let found = reason.map_or("it has not ended".into(), |found| format!("the reason is {}", tell::word(found)));
        missed.push(format!("the record should have left because of {}, but {found}", tell::word(wanted)));
    }
    if let (Some(field), Some(wanted)) = (&expected.field, &expected.value) {
        let wanted = wanted.as_ref().and_then(|json| written::value(json).ok().flatten());
        let found = course.record.profile.fields.get(field);
        if found != wanted.as_ref() {
            let (wanted, found) = (tell::value(wanted.as_ref()), tell::value(found));
            missed.push(format!("the field `{field}` should be {wanted} but is {found}"));
        }
    }
    if let Some(id) = &expected.sent {
        let sent =
            course.steps().any(|(step, node)| node.id == *id && step.message_state() == Some(&MessageState::Sent));
        if !sent {
            missed.push(format!("the message of {} should have been sent, but was not", tell::node_of(course, id)));
        }
    }
    missed
}
