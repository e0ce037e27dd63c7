//! A record, the sequences around it and a clock that moves when told; after every command everything that must always
//! hold is looked at.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::TimeDelta;
use relance::connector::merge;
use relance::domain::effect::EffectKey;
use relance::domain::enrolment::{EndReason, Enrolment, EnrolmentStatus, Ordinal, Signal, Step, StepStatus};
use relance::domain::entity::Stamp;
use relance::domain::given::Given;
use relance::domain::organisation::{Organisation, Team, User, UserProfile, UserState};
use relance::domain::permission::Role;
use relance::domain::plan::{Plan, PlanNode};
use relance::domain::policy::DEFAULT_UNIT;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, RecordType};
use relance::domain::record::{Record, RecordRejection};
use relance::domain::sequence::graph::Graph;
use relance::domain::sequence::migration::{Mode, Moves};
use relance::domain::sequence::{Property, Sequence, SequenceCommand, SequenceEvent, SequenceRejection};
use relance::id::{IdSource, MigrationId, RecordId, SequenceId, TeamId, UserId};
use relance::time::Timestamp;

use super::ledger::{Ledger, Logged};

// Named, because the fuzz targets take this file by its path.
#[path = "world/ab_tests.rs"]
mod ab_tests;
#[path = "world/by_server.rs"]
mod by_server;
#[path = "world/care.rs"]
mod care;

pub use self::by_server::is_of_server;
#[path = "world/writing.rs"]
mod writing;

/// When every test begins.
pub const BEGIN: &str = "2026-03-02T09:00:00Z";
/// The seller who owns the record and acts on it.
pub const SELLER: UserId = UserId(0x0000_0000_0000_7000_8000_0000_0000_0012);
/// Another one, of the same business unit and team, who manages it.
pub const COLLEAGUE: UserId = UserId(0x0000_0000_0000_7000_8000_0000_0000_0013);
/// Both of them.
pub const TEAM: TeamId = TeamId(7);

/// A user of that name.
pub fn user(name: &str, roles: &[Role], unit: &str) -> User {
    let (name, email, business_unit) = (name.to_owned(), format!("{name}@example.com"), unit.to_owned());
    let roles = roles.iter().copied().collect();
    let profile = UserProfile { name, email, roles, business_unit, ..UserProfile::default() };
    User { profile, state: UserState::Active, version: 1 }
}

/// The two sellers and their team.
pub fn sellers() -> Organisation {
    let managers = [Role::SequenceManager, Role::SalesManager];
    let seller = (SELLER, user("Grace", &[Role::Seller], DEFAULT_UNIT));
    let users = [seller, (COLLEAGUE, user("Edith", &managers, DEFAULT_UNIT))].into_iter().collect();
    let team = Team { name: "Sellers".into(), members: [SELLER, COLLEAGUE].into(), version: 1, ..Team::default() };
    Organisation { users, teams: [(TEAM, team)].into_iter().collect(), ..Organisation::default() }
}

/// What decisions are given where nobody else is.
pub fn given() -> Given {
    Given { merge_reader: merge::fields, ..Given::default() }.with_organisation(&sellers())
}

/// The instant of RFC 3339 text.
pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

/// The test's whole surroundings.
pub struct World {
    pub now: Timestamp,
    pub by: UserId,
    pub given: Given,
    pub ledger: Ledger,
    pub id: RecordId,
    record: Logged<Record>,
    /// The other records that there are.
    pub others: HashMap<RecordId, Record>,
    sequences: Vec<(SequenceId, Logged<Sequence>)>,
    /// Timers of sequences.
    pub alarms: BTreeSet<(Timestamp, SequenceId, EffectKey)>,
    ids: IdSource,
}

impl World {
    /// A record of that type with a name and an address.
    pub fn of(kind: RecordType) -> World {
        let mut world = World::empty();
        let changes = vec![Change::Name(Some("Ada".into())), Change::Email(Some("ada@example.org".into()))];
        world.ask(RecordCommand::Create { kind, changes });
        world
    }

    /// A lead with a name and an address.
    pub fn lead() -> World {
        World::of(RecordType::Lead)
    }

    /// Before the record is created.
    pub fn empty() -> World {
        let (now, ids) = (at(BEGIN), IdSource::seeded(1));
        World {
            now,
            by: SELLER,
            given: given(),
            ledger: Ledger::default(),
            id: RecordId(ids.fresh(now)),
            record: Logged::new(),
            others: HashMap::new(),
            sequences: Vec::new(),
            alarms: BTreeSet::new(),
            ids,
        }
    }

    pub fn record(&self) -> &Record {
        &self.record.state
    }

    /// The record's log.
    pub fn logged(&self) -> &Logged<Record> {
        &self.record
    }

    fn stamp(&self, by_itself: bool) -> Stamp {
        Stamp { at: self.now, by: if by_itself { UserId::SYSTEM } else { self.by } }
    }

    /// Asks the record; every invariant is looked at afterwards.
    pub fn try_ask(&mut self, command: RecordCommand) -> Result<Vec<RecordEvent>, RecordRejection> {
        let stamp = self.stamp(is_of_server(&command));
        let (events, effects) = self.decide(command, stamp)?;
        self.ledger.book(effects);
        self.ledger.check(self.record());
        Ok(events)
    }

    /// Asks for what will not be refused.
    pub fn ask(&mut self, command: RecordCommand) -> Vec<RecordEvent> {
        let asked = format!("{command:?}");
        self.try_ask(command).unwrap_or_else(|rejection| panic!("{asked} is refused: {rejection:?}"))
    }

    /// Asks for what will be refused.
    pub fn refused(&mut self, command: RecordCommand) -> RecordRejection {
        let asked = format!("{command:?}");
        match self.try_ask(command) {
            Ok(events) => panic!("{asked} is not refused but leads to {events:?}"),
            Err(rejection) => rejection,
        }
    }

    /// The log of the record and of every sequence leads to their present states.
    pub fn check_replay(&self) {
        self.record.check_replay();
        self.sequences.iter().for_each(|(_, sequence)| sequence.check_replay());
    }
}

/// Sequences around the record.
impl World {
    /// A new sequence for records of this one's type; its draft is `graph`.
    pub fn draft(&mut self, graph: Graph) -> SequenceId {
        let id = SequenceId(self.ids.fresh(self.now));
        self.sequences.push((id, Logged::new()));
        let (name, record_type) = ("Follow up".to_owned(), self.record().kind);
        let create = SequenceCommand::Create { name, description: String::new(), record_type, template: None, graph };
        self.order(id, create).expect("a drawn graph can be saved");
        id
    }

    /// A new, active sequence with these properties.
    pub fn activate_with(&mut self, graph: Graph, properties: Vec<Property>) -> SequenceId {
        let id = self.draft(graph);
        self.order(id, SequenceCommand::Change(properties)).expect("an inactive sequence takes properties");
        self.order(id, SequenceCommand::Activate { description: None, migration: None, pilot: None })
            .expect("a sound graph activates");
        id
    }

    /// Asks a sequence; the snapshot that decisions are given follows.
    pub fn order(&mut self, id: SequenceId, command: SequenceCommand) -> Result<Vec<SequenceEvent>, SequenceRejection> {
        let stamp = self.stamp(ab_tests::is_of_server(&command));
        let place = self.sequences.iter().position(|(known, _)| *known == id).expect("a sequence of this world");
        let sequence = &mut self.sequences[place].1;
        let (events, owed) = sequence.decide(id, &self.given, command, stamp)?;
        self.given = self.given.with_sequence(id, &sequence.state);
        self.book_alarms(id, owed);
        Ok(events)
    }

    pub fn sequence(&self, id: SequenceId) -> &Sequence {
        &self.given.sequences[&id]
    }

    /// Deactivates, and lets the records leave as the outbox would.
    pub fn deactivate(&mut self, id: SequenceId) {
        self.order(id, SequenceCommand::Deactivate { force: true }).expect("an active sequence");
        self.ask(RecordCommand::LeaveSequence { sequence: id, until: self.now });
    }

    /// Publishes another graph, as of a revision: nobody leaves, and `moves` asks the record to follow.
    pub fn revise(&mut self, id: SequenceId, graph: Graph, moves: Option<Moves>) {
        self.order(id, SequenceCommand::Revise).expect("an active sequence");
        self.order(id, SequenceCommand::SaveGraph(graph)).expect("a drawn graph can be saved");
        let migration = moves.clone();
        self.order(id, SequenceCommand::Activate { description: None, migration, pilot: None })
            .expect("a sound graph activates");
        if moves.is_some_and(|moves| moves.mode != Mode::Stay) {
            self.follow(id, false);
        }
    }

    /// Takes the last migration back; the record's answer.
    pub fn take_back(&mut self, id: SequenceId) -> Vec<RecordEvent> {
        let number = self.sequence(id).migrations.last().expect("a migration").number;
        self.order(id, SequenceCommand::UndoMigration(number)).expect("it can be taken back");
        self.follow(id, true)
    }

    /// Does what the outbox does: asks the record, twice as after a kill, and tells the sequence.
    pub fn follow(&mut self, id: SequenceId, undo: bool) -> Vec<RecordEvent> {
        let number = self.sequence(id).migrations.last().expect("a migration").number;
        let migration = MigrationId::of(id, number);
        let ask = if undo { RecordCommand::UndoMigration } else { RecordCommand::Migrate };
        let answer = self.ask(ask(migration));
        assert_eq!(self.ask(ask(migration)), [], "asked again, it does nothing");
        self.order(id, SequenceCommand::MigrationDone { number, undo }).expect("the outbox may tell");
        assert_eq!(self.ask(ask(migration)), [], "nor when it is over");
        answer
    }

    /// Alters the plan that enrolments of version 1 run on, as no activation could.
    pub fn tamper(&mut self, id: SequenceId, change: impl FnOnce(&mut Plan)) {
        let plan = self.given.plans.get_mut(&(id, 1)).expect("version 1 was active");
        change(Arc::make_mut(plan));
    }
}

/// What a seller does and sees.
impl World {
    /// Connects the record; the enrolment's ordinal.
    pub fn connect(&mut self, sequence: SequenceId) -> Ordinal {
        self.connect_after(sequence, None)
    }

    /// Connects with a wait (K-9).
    pub fn connect_after(&mut self, sequence: SequenceId, wait: Option<TimeDelta>) -> Ordinal {
        self.ask(RecordCommand::Connect { sequence, wait, source: None });
        self.record().enrolments.last().expect("it is connected now").ordinal
    }

    /// A new, active sequence that the record is connected to.
    pub fn run(&mut self, graph: Graph) -> Ordinal {
        let sequence = self.activate(graph);
        self.connect(sequence)
    }

    pub fn enrolment(&self, enrolment: Ordinal) -> &Enrolment {
        self.record().enrolment(enrolment).expect("an enrolment of the record")
    }

    /// The open step the enrolment stands on.
    pub fn current(&self, enrolment: Ordinal) -> &Step {
        let held = self.enrolment(enrolment);
        self.record().current_step(held).unwrap_or_else(|| panic!("no open step in {held:?}"))
    }

    /// The plan's node of a step instance.
    pub fn node(&self, step: &Step) -> &PlanNode {
        self.record().node_of(&self.given, step).expect("a node of the version it ran in")
    }

    /// The author's id of the node the enrolment stands on.
    pub fn here(&self, enrolment: Ordinal) -> &str {
        &self.node(self.current(enrolment)).id
    }

    /// Ids of the nodes that were opened, in order.
    pub fn visited(&self, enrolment: Ordinal) -> String {
        let steps = self.record().steps.iter().filter(|step| step.enrolment == enrolment);
        steps.map(|step| self.node(step).id.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The step instance of a node, opened or closed.
    pub fn step(&self, enrolment: Ordinal, node: &str) -> &Step {
        let of_node = |step: &&Step| step.enrolment == enrolment && self.node(step).id == node;
        self.record().steps.iter().rev().find(of_node).unwrap_or_else(|| panic!("node `{node}` was never opened"))
    }

    /// How the enrolment ended.
    pub fn end(&self, enrolment: Ordinal) -> Option<(EnrolmentStatus, EndReason)> {
        let held = self.enrolment(enrolment);
        held.reason.map(|reason| (held.status, reason))
    }

    /// Completes the current step.
    pub fn complete(&mut self, enrolment: Ordinal) {
        let step = self.current(enrolment).ordinal;
        self.ask(RecordCommand::Complete { step, note: None, call_result: None });
    }

    /// Completes the current call.
    pub fn answer(&mut self, enrolment: Ordinal, result: &str) {
        let step = self.current(enrolment).ordinal;
        self.ask(RecordCommand::Complete { step, note: None, call_result: Some(result.into()) });
    }

    /// Skips the current step.
    pub fn skip(&mut self, enrolment: Ordinal) {
        let step = self.current(enrolment).ordinal;
        self.ask(RecordCommand::Skip(step));
    }

    /// Skips the current wait.
    pub fn skip_wait(&mut self, enrolment: Ordinal) {
        let step = self.current(enrolment).ordinal;
        self.ask(RecordCommand::SkipWait(step));
    }

    /// Something comes back now for the e-mail of `node`.
    pub fn signal(&mut self, enrolment: Ordinal, node: &str, signal: Signal) {
        self.signal_of(enrolment, node, signal, self.now);
    }

    /// Something that happened at `at` is reported now.
    pub fn signal_of(&mut self, enrolment: Ordinal, node: &str, signal: Signal, at: Timestamp) {
        let step = self.step(enrolment, node).ordinal;
        self.ask(RecordCommand::Signal { step, signal, at });
    }
}

/// Time, and what happens by itself.
impl World {
    /// Time passes; each timer fires at its own instant, in order.
    pub fn pass(&mut self, span: TimeDelta) {
        self.until(self.now + span);
    }

    /// Time passes up to an instant, timers that are due at it included.
    pub fn until(&mut self, end: Timestamp) {
        loop {
            let timer = self.ledger.armed.first().copied().filter(|(due, _)| *due <= end);
            let alarm = self.alarms.first().copied().filter(|(due, ..)| *due <= end);
            match (timer, alarm) {
                (Some((due, key)), alarm) if alarm.is_none_or(|(alarm, ..)| due <= alarm) => {
                    self.now = due.max(self.now);
                    self.ask(RecordCommand::Fire(key));
                    self.deliver();
                }
                (_, Some((due, sequence, key))) => {
                    self.now = due.max(self.now);
                    self.evaluate(sequence, key);
                }
                (_, None) => break,
            }
        }
        self.now = end.max(self.now);
    }

    /// The clock moves and no timer fires: the server was down or is late.
    pub fn stall(&mut self, span: TimeDelta) {
        self.now = self.now + span;
    }

    /// The outbox delivers everything that is owed.
    pub fn deliver(&mut self) {
        while let Some(step) = self.ledger.owed.keys().next().copied() {
            self.ask(RecordCommand::MessageSent { step, message_id: format!("{step}@example.org"), written: None });
        }
        self.tell_sequences();
    }

    /// Steps that are open, over all enrolments.
    pub fn open_steps(&self) -> usize {
        self.record().steps.iter().filter(|step| step.status == StepStatus::Open).count()
    }
}
