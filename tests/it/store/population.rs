//! Fills a store by way of the domain: each command is decided, applied and committed as an entity's actor does it.

use chrono::TimeDelta;
use relance::domain::effect::Effects;
use relance::domain::entity::{Entity, Stamp, advance};
use relance::domain::given::Given;
use relance::domain::import::{Import, ImportCommand};
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Outcome as Closing, RecordType};
use relance::domain::record::{Record, RecordRejection};
use relance::domain::sequence::graph::Graph;
use relance::domain::sequence::{Sequence, SequenceCommand};
use relance::id::{EntityId, EntityKind, ImportId, RecordId, SequenceId, Shard, UserId};
use relance::limits::SNAPSHOT_EVERY;
use relance::store::codec::{self, Entry};
use relance::store::{Commit, Origin, Outcome, Store};
use relance::time::Timestamp;

use super::fixture::*;

/// A mail, a wait, a call that branches, and a field at the end.
pub fn lead_graph() -> Graph {
    let graph = serde_json::json!({"start": "mail", "nodes": [
        {"id": "mail", "type": "auto_email", "name": "Mail", "template": "00000000-0000-7000-8000-000000000011", "next": "wait"},
        {"id": "wait", "type": "wait", "days": 2, "next": "call"},
        {"id": "call", "type": "phone_call", "name": "Call", "next": "made"},
        {"id": "made", "type": "cond_call", "results": ["made"], "yes": "task", "no": "lost"},
        {"id": "task", "type": "task", "name": "Task", "next": null},
        {"id": "lost", "type": "update_field", "field": "disposition", "value": "disqualified", "next": null}
    ]});
    serde_json::from_value(graph).expect("a graph")
}

/// What the entities of a test know of each other, and when it is.
pub struct Population<'a> {
    write: Writing<'a>,
    given: Given,
    now: Timestamp,
    told: &'a dyn Fn(),
}

impl<'a> Population<'a> {
    /// Of nobody yet.
    pub fn new(store: &'a dyn Store) -> Population<'a> {
        let write = Writing::granted(store);
        Population { write, given: Given::default(), now: Timestamp::from_millis(NOON), told: &|| () }
    }

    /// Calls `told` after each commit that is durable.
    pub fn telling(self, told: &'a dyn Fn()) -> Population<'a> {
        Population { told, ..self }
    }

    /// Lets time pass.
    pub fn wait(&mut self, span: TimeDelta) {
        self.now = self.now + span;
    }

    /// Decides and commits one command, which must be accepted.
    pub fn run<I, C>(&mut self, id: I, command: C)
    where
        C: Runs<Id = I>,
    {
        command.run(self, id);
    }

    fn state<E: Entity>(&self, entity: EntityId) -> (E, u32) {
        codec::replay(&self.write.load(entity, None).expect("read")).expect("replayed")
    }

    fn decide<E: Entity<Given = Given>>(&mut self, id: E::Id, command: E::Command) -> E {
        let stamp = Stamp { at: self.now, by: UserId::SYSTEM };
        let (state, _) = self.state::<E>(id.into());
        let events = state.decide(id, &self.given, command, stamp).expect("accepted");
        self.store_events::<E>(id, events, stamp)
    }

    /// Why a record refuses a command.
    pub fn refused(&self, id: RecordId, command: RecordCommand) -> RecordRejection {
        let stamp = Stamp { at: self.now, by: UserId::SYSTEM };
        let (state, _) = self.state::<Record>(id.into());
        state.decide(id, &self.given, command, stamp).expect_err("refused")
    }

    /// Applies and commits events whoever decided them.
    pub fn store_events<E: Entity>(&mut self, id: E::Id, events: Vec<E::Event>, stamp: Stamp) -> E {
        let entity: EntityId = id.into();
        let (mut state, version) = self.state::<E>(entity);
        if events.is_empty() {
            return state;
        }
        let mut owed = Effects::default();
        advance(&mut state, id, &events, stamp, &mut owed);
        let due = (version + 1).is_multiple_of(SNAPSHOT_EVERY);
        let from = Some(std::net::Ipv4Addr::LOCALHOST.into());
        let commit = Commit {
            audit: events.iter().any(E::audited).then_some(Origin { from }),
            at: stamp.at,
            entry: Some(codec::encode(&Entry { stamp, events })),
            snapshot: due.then(|| codec::snapshot(&state)),
            ..self.write.owing(entity, version, &owed.0)
        };
        assert_eq!(self.write.one(commit), Outcome::Done(version + 1));
        (self.told)();
        state
    }

    /// An active sequence for leads; it lives in the shard of its number.
    pub fn sequence(&mut self, number: u32, graph: &Graph) -> SequenceId {
        let id = SequenceId::from(entity(EntityKind::Sequence, number as u16, number));
        let (name, description) = (format!("sequence {number}"), String::new());
        let (record_type, graph) = (RecordType::Lead, graph.clone());
        self.run(id, SequenceCommand::Create { name, description, record_type, template: None, graph });
        self.run(id, SequenceCommand::Activate { description: None, migration: None, pilot: None });
        id
    }

    /// The one import there is.
    pub fn import_id(&self) -> ImportId {
        entity(EntityKind::Import, 3, 1).into()
    }

    /// A lead with an external id, if the text is not empty, and perhaps an address.
    pub fn create(&mut self, lead: RecordId, external_id: &str, reachable: bool) {
        let mut changes = vec![Change::Name(Some("Lead".into()))];
        changes.extend((!external_id.is_empty()).then(|| Change::ExternalId(Some(external_id.into()))));
        changes.extend(reachable.then(|| Change::Email(Some("lead@example.com".into()))));
        self.run(lead, RecordCommand::Create { kind: RecordType::Lead, changes });
    }

    /// Writes one property.
    pub fn change(&mut self, lead: RecordId, change: Change) {
        self.run(lead, RecordCommand::Change(vec![change]));
    }

    /// Fires every timer of the record that is due.
    pub fn fire_due(&mut self, lead: RecordId) {
        let shard: Shard = EntityId::from(lead).shard();
        for timer in self.write.due(shard, None, self.now, 1_000).expect("read") {
            if timer.entity == lead.into() {
                self.run(lead, RecordCommand::Fire(timer.key));
            }
        }
    }

    /// Takes up to so many steps: seller's steps are completed, waits are skipped, messages are sent.
    pub fn walk(&mut self, lead: RecordId, steps: usize) {
        for number in 0..steps {
            let shard: Shard = EntityId::from(lead).shard();
            for owed in self.write.owed(shard, None, 1_000).expect("read") {
                let message_id = format!("<{}.{}@example.com>", owed.entity, owed.key);
                let sent = RecordCommand::MessageSent { step: owed.key, message_id, written: None };
                if owed.entity == lead.into() {
                    self.run(lead, sent);
                }
            }
            let (record, _) = self.state::<Record>(lead.into());
            let Some(step) = record.live().find_map(|enrolment| record.current_step(enrolment)) else { return };
            let is_call = record.node_of(&self.given, step).is_some_and(|node| node.type_name == "phone_call");
            let call_result = is_call.then(|| if number % 2 == 0 { "made" } else { "busy" }.to_owned());
            let step = step.ordinal;
            let waits = record.step(step).is_some_and(|step| step.wakes_at.is_some());
            match waits {
                true => self.run(lead, RecordCommand::SkipWait(step)),
                false => self.run(lead, RecordCommand::Complete { step, note: None, call_result }),
            }
        }
    }
}

/// Some of everything: sequences in each state, records before, on and behind their steps, keys that changed hands, an
/// import, and a snapshot in the middle of a long log.
pub fn populated(store: &dyn Store) -> Population<'_> {
    let mut all = Population::new(store);
    populate(&mut all);
    all
}

/// See [`populated`].
pub fn populate(all: &mut Population) {
    let active = all.sequence(1, &lead_graph());
    let former = all.sequence(2, &lead_graph());
    all.run(all.import_id(), ImportCommand::Start(Default::default()));
    for number in 1..=24 {
        let lead = record((number * 5 % 16) as u16, number);
        all.create(lead, &format!("crm-{number}"), number % 3 > 0);
        all.run(lead, RecordCommand::Connect { sequence: active, wait: None, source: None });
        let wait = (number % 2 == 0).then(|| TimeDelta::hours(5));
        all.run(lead, RecordCommand::Connect { sequence: former, wait, source: Some("test".into()) });
    }
    all.wait(TimeDelta::hours(6));
    for number in 1..=24 {
        let lead = record((number * 5 % 16) as u16, number);
        all.fire_due(lead);
        match number % 6 {
            0 => all.walk(lead, 40),
            1 => all.run(lead, RecordCommand::Close(Closing::Failure)),
            2 => all.walk(lead, 2),
            3 => all.run(lead, RecordCommand::Disconnect(1)),
            4 => all.change(lead, Change::ExternalId(None)),
            _ => all.change(lead, Change::Name(Some("Another".into()))),
        }
    }
    all.run(former, SequenceCommand::Deactivate { force: false });
    let long = record(12, 99);
    all.create(long, "long", true);
    for number in 0..40 {
        all.change(long, Change::Name(Some(format!("name {number}"))));
    }
    assert!(all.write.load(long.into(), None).unwrap().snapshot.is_some(), "long enough for a snapshot");
}

/// A command and the entity it is for.
pub trait Runs {
    /// That entity's id.
    type Id;
    /// See [`Population::run`].
    fn run(self, population: &mut Population, id: Self::Id);
}

impl Runs for RecordCommand {
    type Id = RecordId;
    fn run(self, population: &mut Population, id: RecordId) {
        population.decide::<Record>(id, self);
    }
}

impl Runs for SequenceCommand {
    type Id = SequenceId;
    fn run(self, population: &mut Population, id: SequenceId) {
        let sequence = population.decide::<Sequence>(id, self);
        population.given = population.given.with_sequence(id, &sequence);
    }
}

impl Runs for ImportCommand {
    type Id = ImportId;
    fn run(self, population: &mut Population, id: ImportId) {
        population.decide::<Import>(id, self);
    }
}
