//! Dry runs: records go through a sequence on a clock of their own, under assumptions about everybody who would act. What
//! decides is what decides on the server; nothing is stored or sent.
//!
//! A seller completes each step `seller_minutes` after it is due. An e-mail is replied to, and a call is answered, as often as
//! assumed; what is drawn for that follows from the seed, the record and the node alone, so the same question gets the same
//! answer. A script of events goes before the assumptions, node by node. At one instant timers come first, in order, and then
//! what people do. Everything else that a record is on its way through goes on beside, under the same assumptions. Places that
//! records take of one another, such as the quota of a month, are not counted.

mod act;
mod assume;
mod load;

pub use self::act::{Happening, Refused, What};
pub use self::assume::Assumptions;
pub use self::load::{Load, load};

use std::collections::BTreeMap;

use chrono::TimeDelta;

use self::act::Act;
use crate::domain::enrolment::act::performs;
use crate::domain::enrolment::{EndReason, Enrolment, Exit, Ordinal, Step, StepStatus};
use crate::domain::entity::Entity;
use crate::domain::given::Given;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::schema::Owner;
use crate::domain::record::{Record, RecordRejection};
use crate::domain::related::See;
use crate::domain::sequence::{Sequence, SequenceRejection};
use crate::domain::trial::course::Course;
use crate::id::{RecordId, SequenceId, UserId};
use crate::limits;
use crate::time::Timestamp;

/// What is asked of every record of a dry run.
pub struct Simulation<'a> {
    /// What decisions are given; for a draft see [`Sequence::simulated`].
    pub given: &'a Given,
    /// What it may see of other records.
    pub see: See<'a>,
    /// The sequence that each goes through.
    pub sequence: SequenceId,
    /// Who asks: records are connected as far as that user may.
    pub by: UserId,
    /// When they are connected.
    pub start: Timestamp,
    /// Whether a record that is on its way through the sequence begins anew, as against going on where it stands.
    pub anew: bool,
    /// Names what is drawn.
    pub seed: u64,
    /// How people are taken to act.
    pub assume: Assumptions,
}

/// The dated way of one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Itinerary {
    /// Each node that is reached, in order, those of sequences that it goes on in too; of a record that is on its way already,
    /// from the step on that it stands on.
    pub stops: Vec<Stop>,
    /// When it ends.
    pub ended_at: Option<Timestamp>,
    /// How.
    pub end: End,
    /// Events of the script that came to nothing.
    pub refused: Vec<Refused>,
}

/// How a dry run of one record ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// As an enrolment does.
    Ended(EndReason),
    /// It waits for what is not assumed to happen, such as that somebody mends an error.
    Stuck,
    /// It is still on its way after [`limits::SIMULATION_DAYS_MAX`].
    Running,
}

/// A node that is reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    /// The sequence that it is in.
    pub sequence: SequenceId,
    /// The author's id.
    pub node: String,
    /// The type's name; that of the seller's step where an automated message became one (ST-23).
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Who has it to do, where a person has.
    pub assignee: Option<Owner>,
    /// When it is reached.
    pub opens_at: Timestamp,
    /// When it is due.
    pub due_at: Timestamp,
    /// When it is done or passed over.
    pub ends_at: Option<Timestamp>,
    /// What becomes of it.
    pub status: StepStatus,
    /// The exit that a condition takes.
    pub exit: Option<Exit>,
    /// How a call ends.
    pub call_result: Option<String>,
}

/// Why a dry run gives no answer for a record, or none at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The record cannot be connected, or cannot go on.
    Refused(RecordRejection),
    /// [`limits::SIMULATION_WORK_MAX`].
    TooLarge,
}

impl From<RecordRejection> for Failure {
    fn from(rejection: RecordRejection) -> Failure {
        Failure::Refused(rejection)
    }
}

impl Sequence {
    /// What decisions are given if the draft were the active version; refused as activation refuses it.
    pub fn simulated(&self, id: SequenceId, given: &Given) -> Result<Given, SequenceRejection> {
        let (_, plan) = self.next_version(id, given)?;
        // A number of its own, so that whatever goes through a published version keeps its plan.
        Ok(self.as_if_active(given, (id, self.version.saturating_add(1)), plan))
    }
}

impl Simulation<'_> {
    /// One record's way. `work` is what may still be decided, over all records.
    pub fn run(
        &self,
        id: RecordId,
        record: Record,
        script: &[Happening],
        work: &mut u64,
    ) -> Result<Itinerary, Failure> {
        record.must_be_seen(self.given, self.by).map_err(RecordRejection::from)?;
        let course = Course::of((self.given, self.see), self.sequence, (id, record), self.start);
        let mut way = Way {
            simulation: self,
            id,
            course,
            script,
            agenda: BTreeMap::new(),
            seen: 0,
            mails: Vec::new(),
            followed: Vec::new(),
            from: 0,
            planned: 0,
            refused: Vec::new(),
            work,
        };
        way.begin()?;
        let ended = way.follow()?;
        Ok(way.told(ended))
    }
}

/// A record under way.
struct Way<'a> {
    simulation: &'a Simulation<'a>,
    id: RecordId,
    course: Course<'a>,
    script: &'a [Happening],
    /// What people will do, in order.
    agenda: BTreeMap<(Timestamp, u32), Act>,
    /// Steps that were looked at …
    seen: usize,
    /// … and those of them that are e-mails still to be sent.
    mails: Vec<Ordinal>,
    /// The enrolment, and those that it led to.
    followed: Vec<Ordinal>,
    /// The first step that is told.
    from: Ordinal,
    planned: u32,
    refused: Vec<Refused>,
    work: &'a mut u64,
}

impl Way<'_> {
    /// Connects the record, or takes it up where it stands.
    fn begin(&mut self) -> Result<(), Failure> {
        let (sequence, by) = (self.simulation.sequence, self.simulation.by);
        self.spend()?;
        self.course.deliver()?;
        // What is overdue where it begins late has happened by then.
        self.course.pass(self.simulation.start)?;
        let live = |record: &Record| record.live().find(|live| live.sequence == sequence).map(|live| live.ordinal);
        let mut standing = live(&self.course.record);
        if let Some(earlier) = standing.filter(|_| self.simulation.anew) {
            self.course.ask(RecordCommand::Disconnect(earlier), by)?;
            standing = None;
        }
        let last = self.course.record.enrolments.len();
        if standing.is_none() {
            self.course.ask(RecordCommand::Connect { sequence, wait: None, source: None }, by)?;
        }
        let begun = self.course.record.enrolments.get(last).map(|begun| begun.ordinal);
        let followed = standing.or(begun).ok_or(RecordRejection::EnrolmentNotFound)?;
        let current = self.course.record.enrolment(followed).and_then(|held| held.current);
        self.from = if standing.is_some() { current.unwrap_or_default() } else { 0 };
        self.followed = vec![followed];
        self.look();
        Ok(())
    }

    /// Goes on until the way has ended, nothing comes any more, or it has gone too far.
    fn follow(&mut self) -> Result<End, Failure> {
        let until = self.simulation.start + TimeDelta::days(limits::SIMULATION_DAYS_MAX);
        loop {
            if let Some(reason) = self.ended() {
                return Ok(End::Ended(reason));
            }
            let (timer, act) = (self.course.next_timer(), self.agenda.first_key_value().map(|((at, _), _)| *at));
            let Some(next) = timer.into_iter().chain(act).min() else { return Ok(End::Stuck) };
            if next > until {
                return Ok(End::Running);
            }
            self.spend()?;
            self.course.pass(next)?;
            if timer.is_none_or(|timer| timer > next)
                && let Some((_, act)) = self.agenda.pop_first()
            {
                self.act(act);
            }
            self.look();
        }
    }

    /// Why the way has ended, if it has: each enrolment of it leads to the next, so the last says so.
    fn ended(&self) -> Option<EndReason> {
        self.last().filter(|last| !last.status.is_live())?.reason
    }

    fn last(&self) -> Option<&Enrolment> {
        self.course.record.enrolment(*self.followed.last()?)
    }

    /// Each decision copies the record, and each step is looked for in the script, so much of either costs more.
    fn spend(&mut self) -> Result<(), Failure> {
        let record = &self.course.record;
        let cost = 1 + (record.steps.len() + record.enrolments.len() + self.script.len()) as u64 / 64;
        *self.work = self.work.checked_sub(cost).ok_or(Failure::TooLarge)?;
        Ok(())
    }

    /// What was opened and sent since it was looked at last, and who will do what about it.
    fn look(&mut self) {
        while let Some(next) = self.led_to() {
            self.followed.push(next);
        }
        let opened: Vec<Step> = self.course.record.steps.iter().skip(self.seen).cloned().collect();
        self.seen = self.course.record.steps.len();
        for step in &opened {
            self.foresee(step);
        }
        let record = &self.course.record;
        let (sent, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.mails)
            .into_iter()
            .partition(|mail| record.step(*mail).is_some_and(|mail| mail.status != StepStatus::Open));
        self.mails = left;
        for mail in sent {
            self.foresee_answer(mail);
        }
    }

    /// The enrolment that the way goes on in (CM-4).
    fn led_to(&self) -> Option<Ordinal> {
        let (record, last) = (&self.course.record, self.followed.last()?);
        let leads_here = |one: &&Enrolment| {
            let from = one.advanced_from.and_then(|from| record.step(from));
            from.is_some_and(|from| from.enrolment == *last)
        };
        record.enrolments.iter().find(leads_here).map(|next| next.ordinal)
    }

    fn told(self, end: End) -> Itinerary {
        let ended_at = self.last().and_then(|last| last.ended_at);
        let of_way = |step: &&Step| step.ordinal >= self.from && self.followed.contains(&step.enrolment);
        let steps = self.course.record.steps.iter().filter(of_way);
        let stops = steps.filter_map(|step| self.stop(step)).collect();
        Itinerary { stops, ended_at, end, refused: self.refused }
    }

    fn stop(&self, step: &Step) -> Option<Stop> {
        let node = self.course.record.node_of(self.simulation.given, step)?;
        let ended = self.course.record.enrolment(step.enrolment)?.ended_at;
        Some(Stop {
            sequence: self.course.record.enrolment(step.enrolment)?.sequence,
            node: node.id.clone(),
            kind: if step.converted { node.manual_type() } else { node.type_name },
            name: node.name.clone(),
            assignee: performs(step, node).then_some(step.assignee),
            opens_at: step.opened_at,
            due_at: step.due_at,
            ends_at: step.completed_at.or(ended.filter(|_| step.status == StepStatus::Cancelled)),
            status: step.status,
            exit: step.exit,
            call_result: step.call_result.clone(),
        })
    }
}
