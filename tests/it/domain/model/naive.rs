//! A record and what goes through it, as the specification says it: plain lists, searched from the beginning, each rule once.
//! Nothing of `src/domain` but the words in which one asks and is answered.

mod act;
mod activity;
mod answer;
mod clock;
mod connect;
mod mail;
mod walk;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use chrono::TimeDelta;
use relance::domain::activity::{ActivityKind, ActivityStatus};
use relance::domain::delivery::{MessageState, UnknownPolicy};
use relance::domain::enrolment::{EndReason, EnrolmentStatus, Exit, Signal, StepError, StepStatus, WaitState};
use relance::domain::plan::AssignTo;
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Outcome, Owner, Value};
use relance::domain::sequence::conduct::{Reentry, Window};
use relance::domain::sequence::graph::{Graph, Node, Occurrence};
use relance::id::{FlowId, SequenceId, TagId, UserId};
use relance::time::Timestamp;

pub use self::clock::{Hours, offset_minutes};

/// Done, or the kind of refusal.
pub type Answer = Result<(), RecordRejection>;

/// What an author has published under one number.
#[derive(Clone, Debug)]
pub struct Version {
    pub number: u16,
    pub graph: Graph,
    pub exit_on_reply: bool,
    pub assign_to: AssignTo,
    pub wait_computation: bool,
    pub window: Option<Window>,
}

#[derive(Clone, Debug)]
pub struct Sequence {
    pub id: SequenceId,
    pub name: String,
    pub author: Owner,
    pub active: bool,
    pub versions: Vec<Rc<Version>>,
    pub reentry: Reentry,
    pub exclusive: Option<TagId>,
    pub tags: Vec<TagId>,
}

/// What holds for everybody: settings, calendars, and what the catalogue has.
#[derive(Clone, Debug)]
pub struct Office {
    pub takes_leads: bool,
    pub availability: bool,
    pub wait_computation: bool,
    pub linked: bool,
    pub exclude_calls: bool,
    pub completes_step: bool,
    pub call_completes_step: bool,
    pub default_result: Option<String>,
    /// Whether the same message twice is one message, so that its step need not wait for it.
    pub is_sure: bool,
    pub unknown_policy: UnknownPolicy,
    pub unknown_after: TimeDelta,
    pub retry_max: TimeDelta,
    /// Who may not act any more.
    pub left: BTreeSet<UserId>,
    pub hours: BTreeMap<UserId, Hours>,
    /// Options of the field `tier`.
    pub tiers: Vec<String>,
    /// Whether leads have the field `tier`.
    pub has_tier: bool,
}

/// What is written on the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Lead {
    pub owner: Owner,
    pub access_team: Option<relance::id::TeamId>,
    pub email: Option<String>,
    pub allows_email: bool,
    pub time_zone: Option<String>,
    pub score: Option<u8>,
    pub fields: BTreeMap<String, Value>,
    pub is_open: bool,
    pub outcome: Outcome,
    pub stage: Option<(FlowId, String)>,
}

/// An enrolment.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub number: u32,
    pub sequence: SequenceId,
    pub version: u16,
    pub status: EnrolmentStatus,
    pub reason: Option<EndReason>,
    pub by: UserId,
    pub connected_at: Timestamp,
    pub opens_at: Option<Timestamp>,
    pub advanced_from: Option<u32>,
    pub current: Option<u32>,
    pub steps_done: u16,
    pub ended_at: Option<Timestamp>,
}

/// A node that a run has come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    pub number: u32,
    pub run: u32,
    pub node: String,
    pub assignee: Owner,
    pub status: StepStatus,
    pub wait: WaitState,
    pub error: Option<StepError>,
    pub converted: bool,
    pub warned: bool,
    pub is_tested: bool,
    pub opened_at: Timestamp,
    pub due_at: Timestamp,
    pub ended_by: Option<u8>,
    pub wakes_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub snoozes: u32,
    pub call_result: Option<String>,
    pub exit: Option<Exit>,
    pub signals: BTreeMap<u8, Timestamp>,
    pub message: Option<Letter>,
    pub linked: Option<ActivityStatus>,
}

/// A message on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Letter {
    pub state: MessageState,
    pub message_id: Option<String>,
    pub owed_at: Timestamp,
    pub attempts: u16,
}

/// A manual activity.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    pub number: u32,
    pub kind: ActivityKind,
    pub assignee: Owner,
    pub status: ActivityStatus,
    pub closed_at: Option<Timestamp>,
    pub call_result: Option<String>,
}

/// What has happened since somebody asked: what waits may wait for.
#[derive(Clone, Debug, PartialEq)]
enum Happened {
    Event(Occurrence),
    Written(String),
    CameBack { run: u32, signal: Signal },
}

#[derive(Clone, Debug)]
pub struct Naive {
    pub now: Timestamp,
    pub by: UserId,
    pub office: Rc<Office>,
    pub sequences: Rc<Vec<Sequence>>,
    pub lead: Lead,
    pub runs: Vec<Run>,
    pub visits: Vec<Visit>,
    pub deeds: Vec<Deed>,
    /// Enrolments, steps and activities are numbered together as they come into being.
    pub numbers: u32,
    /// How many advances led to a run since somebody acted or waited, and whether it has rested since (CM-15).
    hops: BTreeMap<u32, (usize, bool)>,
    happened: Vec<Happened>,
}

impl Naive {
    pub fn new(now: Timestamp, by: UserId, lead: Lead, office: Rc<Office>, sequences: Rc<Vec<Sequence>>) -> Naive {
        Naive {
            now,
            by,
            office,
            sequences,
            lead,
            runs: Vec::new(),
            visits: Vec::new(),
            deeds: Vec::new(),
            numbers: 0,
            hops: BTreeMap::new(),
            happened: Vec::new(),
        }
    }

    /// All of it happens, or it is refused and nothing does.
    pub fn ask(&mut self, command: &RecordCommand, now: Timestamp, by: UserId) -> Answer {
        let before = self.clone();
        (self.now, self.by) = (now, by);
        self.happened.clear();
        let waits = self.waits_until();
        let answer = self.obey(command);
        match answer {
            Ok(()) => waits.into_iter().for_each(|wait| self.end_wait(wait)),
            Err(_) => *self = before,
        }
        answer
    }

    fn obey(&mut self, command: &RecordCommand) -> Answer {
        match command.clone() {
            RecordCommand::Change(changes) => self.change(changes),
            RecordCommand::SetStage { flow, stage } => self.set_stage(flow, stage),
            RecordCommand::Close(outcome) => self.close_by_hand(outcome),
            RecordCommand::Reopen => self.reopen(),
            RecordCommand::Connect { sequence, wait, .. } => self.connect(sequence, wait),
            RecordCommand::Disconnect(run) => self.disconnect(run),
            RecordCommand::LeaveSequence { sequence, until } => self.leave(sequence, until),
            RecordCommand::Complete { step, note, call_result } => self.complete(step, note, call_result),
            RecordCommand::Skip(step) => self.skip(step),
            RecordCommand::Snooze { step, until } => self.snooze(step, until),
            RecordCommand::SkipWait(step) => self.skip_wait(step),
            RecordCommand::Retry(step) => self.retry(step),
            RecordCommand::Note { step, text } => self.note(step, &text),
            RecordCommand::Signal { step, signal, at } => self.signal(step, signal, at),
            RecordCommand::Fire(key) => self.fire(key),
            RecordCommand::MessageSent { step, message_id, .. } => self.sent(step, message_id),
            RecordCommand::MessageFailed { step, bounced, .. } => self.given_up(step, bounced),
            RecordCommand::ClaimMessage { step, epoch, message_id, .. } => self.claim(step, epoch, message_id),
            RecordCommand::PutOffMessage { step, pause, .. } => self.put_off(step, pause),
            RecordCommand::LoseMessage { step, .. } => self.lose(step),
            RecordCommand::SettleMessage { step, to } => self.settle(step, to),
            RecordCommand::AssignStep { step, to } => self.assign_step(step, to),
            RecordCommand::Start(step) => self.start(step),
            RecordCommand::AddActivity(new) => self.add_activity(new),
            RecordCommand::CompleteActivity { activity, note, call_result } => {
                self.complete_activity(activity, note, call_result)
            }
            RecordCommand::CancelActivity(activity) => self.cancel_activity(activity),
            RecordCommand::AssignActivity { activity, to } => self.assign_activity(activity, to),
            RecordCommand::ReportActivity { activity, completed, call_result } => {
                self.report_activity(activity, completed, call_result)
            }
            RecordCommand::HandOver(user) => self.hand_over(user),
            RecordCommand::ReachGoal => {
                self.happened.push(Happened::Event(Occurrence::GoalReached));
                Ok(())
            }
            RecordCommand::MoveDueDates => {
                self.move_due_dates();
                Ok(())
            }
            other => panic!("the model knows nothing of {other:?}"),
        }
    }

    fn fresh_number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    pub fn run(&self, number: u32) -> Option<&Run> {
        self.runs.iter().find(|run| run.number == number)
    }

    fn run_mut(&mut self, number: u32) -> &mut Run {
        self.runs.iter_mut().find(|run| run.number == number).expect("a run")
    }

    pub fn visit(&self, number: u32) -> Option<&Visit> {
        self.visits.iter().find(|visit| visit.number == number)
    }

    fn visit_mut(&mut self, number: u32) -> &mut Visit {
        self.visits.iter_mut().find(|visit| visit.number == number).expect("a visit")
    }

    fn is_live(&self, run: u32) -> bool {
        self.run(run).is_some_and(|run| matches!(run.status, EnrolmentStatus::Connecting | EnrolmentStatus::Connected))
    }

    fn live(&self) -> Vec<u32> {
        self.runs.iter().map(|run| run.number).filter(|run| self.is_live(*run)).collect()
    }

    /// The open visit of a run.
    fn open_of(&self, run: u32) -> Option<&Visit> {
        self.visits.iter().find(|visit| visit.run == run && visit.status == StepStatus::Open)
    }

    fn sequence(&self, id: SequenceId) -> Option<&Sequence> {
        self.sequences.iter().find(|sequence| sequence.id == id)
    }

    /// The version that a run is pinned to.
    fn version(&self, run: u32) -> Rc<Version> {
        let run = self.run(run).expect("a run");
        let sequence = self.sequence(run.sequence).expect("a sequence");
        sequence.versions.iter().find(|version| version.number == run.version).expect("a version").clone()
    }

    /// Every timer that there must be.
    pub fn timers(&self) -> BTreeSet<(Timestamp, u32)> {
        let connecting = self.runs.iter().filter(|run| run.status == EnrolmentStatus::Connecting);
        let open = self.visits.iter().filter(|visit| visit.status == StepStatus::Open);
        let begins = connecting.filter_map(|run| Some((run.opens_at?, run.number)));
        let messages = self.visits.iter().filter_map(|visit| Some((visit.letter_wakes_at()?, visit.number)));
        begins.chain(open.filter_map(|visit| Some((visit.wakes_at?, visit.number)))).chain(messages).collect()
    }

    /// Whether something may come back for it.
    pub fn is_of_mail(&self, visit: &Visit) -> bool {
        walk::is_mail(node(&self.version(visit.run), &visit.node))
    }

    /// Every message that has to leave.
    pub fn owed(&self) -> BTreeSet<u32> {
        self.visits.iter().filter(|visit| visit.is_owed()).map(|visit| visit.number).collect()
    }
}

/// The node of that id.
fn node<'a>(version: &'a Version, id: &str) -> &'a Node {
    version.graph.nodes.iter().find(|node| name_of(node) == id).expect("a node of the version")
}

fn name_of(node: &Node) -> &str {
    match node {
        Node::Email(one) | Node::AutoEmail(one) | Node::Text(one) | Node::AutoText(one) => &one.id,
        Node::PhoneCall(one)
        | Node::Task(one)
        | Node::LiResearch(one)
        | Node::LiIntro(one)
        | Node::LiConnect(one)
        | Node::LiInmail(one) => &one.id,
        Node::Wait(one) => &one.id,
        Node::AbTest(one) => &one.id,
        Node::CondEmailOpen(one)
        | Node::CondEmailReply(one)
        | Node::CondEmailLink(one)
        | Node::CondEmailAttachment(one) => &one.id,
        Node::CondEmailAdvanced(one) => &one.id,
        Node::CondCall(one) => &one.id,
        Node::BranchField(one) => &one.id,
        Node::BranchStage(one) => &one.id,
        Node::UpdateField(one) => &one.id,
        Node::Advance(one) => &one.id,
    }
}
