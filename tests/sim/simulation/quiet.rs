//! The quiet time after the faults: everything that is owed is done, and nothing waits for nothing.

use std::collections::BTreeMap;

use relance::domain::account::Key;
use relance::domain::enrolment::StepStatus;
use relance::domain::entity::{Entity, Stamp};
use relance::domain::organisation::command::OrganisationCommand;
use relance::domain::policy::Policy;
use relance::domain::record::Record;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::Owner;
use relance::domain::sequence::migration::MigrationState;
use relance::domain::sequence::{Sequence, SequenceCommand};
use relance::id::{
    AccountId, CatalogueId, ChannelsId, EntityId, EntityKind, KeyId, OrganisationId, RecordId, SequenceId, UserId,
};
use relance::runtime::message::Caller;
use relance::store::rows::shards;
use relance::store::{OwedRow, Store, codec};
use relance::time::Timestamp;

use super::ask::{Ask, What};
use super::disk::{Faults, locked};
use super::far::Fate;
use super::history::History;
use super::people::{LEAVING, USERS};
use super::world::World;

/// Rounds after which whatever still moves is said to move for ever.
const ROUNDS_MAX: u32 = 400;
/// Longer than the longest pause between two attempts of a delivery.
const PATIENCE_MS: i64 = 600_000;

impl World {
    /// No faults any more: time goes on from one timer to the next until none is left.
    pub fn come_to_rest(&mut self) {
        while self.processes.len() > 1 {
            self.crash();
        }
        self.processes[0].disk.suffer(Faults::default());
        self.note("the quiet time begins".into());
        // What could not be read after its commit was lost is known again once somebody looks; what is not there stays unknown.
        let caller = Caller::new(UserId::ADMINISTRATOR, "look");
        let sequences: Vec<_> = locked(&self.history).sequences.keys().map(|id| SequenceId(*id)).collect();
        let accounts: Vec<_> = locked(&self.history).accounts.keys().map(|id| AccountId(*id)).collect();
        let others = accounts.into_iter().map(EntityId::from).chain([
            OrganisationId::THE.into(),
            CatalogueId::THE.into(),
            ChannelsId::THE.into(),
        ]);
        for id in sequences.into_iter().chain([SequenceId(1)]).map(EntityId::from).chain(others) {
            self.ask(0, Ask { what: What::Read(id), caller });
        }
        self.settle();
        let organise = |command| Ask { what: What::Organisation(command), caller };
        USERS.into_iter().for_each(|user| self.ask(0, organise(OrganisationCommand::EnableUser { user })));
        self.settle();
        self.ask(0, organise(OrganisationCommand::DisableUser { user: LEAVING }));
        for _ in 0..ROUNDS_MAX {
            self.settle();
            if self.is_broken() {
                return;
            }
            let (now, timers) = (self.now(), self.timers(Timestamp::MAX));
            match timers.first() {
                _ if !self.owed().is_empty() => self.pass(PATIENCE_MS),
                Some(timer) if timer.due <= now => self.pass(1_000),
                _ if self.look_after_sequences() => {}
                _ if self.mix.diligent && self.work() => {}
                Some(timer) => self.pass((timer.due - now).num_milliseconds()),
                None => return self.check_rest(),
            }
        }
        self.complain_of_unrest();
    }

    /// Runs until nothing moves without time passing.
    pub fn settle(&mut self) {
        let mut idle = 0;
        while idle < 3 {
            self.turn(0, 4);
            let written = self.processes[0].write(usize::MAX);
            let mails = self.far.waiting();
            for _ in 0..mails {
                let step = self.far.decide(0, Fate::Taken);
                self.note(format!("the message of step {step}: taken"));
            }
            self.take_answers(0);
            idle = if written + mails == 0 { idle + 1 } else { 0 };
        }
    }

    fn owed(&self) -> Vec<OwedRow> {
        shards().flat_map(|shard| self.store.owed(shard, None, 1).unwrap_or_default()).collect()
    }

    /// Every seller does what stands before them; whether there was anything.
    fn work(&mut self) -> bool {
        let mut asks = Vec::new();
        for (id, log) in &locked(&self.history).records {
            let open = log.state.steps.iter().filter(|step| step.status == StepStatus::Open && step.wakes_at.is_none());
            asks.extend(open.map(|step| What::Record(RecordId(*id), RecordCommand::Skip(step.ordinal))));
        }
        let any = !asks.is_empty();
        let caller = Caller::new(UserId::ADMINISTRATOR, "look");
        asks.into_iter().for_each(|what| self.ask(0, Ask { what, caller }));
        any
    }

    /// Somebody has looked at every fuse that has blown and every pilot; whether there was any.
    fn look_after_sequences(&mut self) -> bool {
        let asked: Vec<_> = {
            let history = locked(&self.history);
            let all = history.sequences.iter();
            let asks = |one: &Sequence| {
                let blown = one.care.blown.filter(|_| one.status.is_active()).map(|_| SequenceCommand::ResetFuse);
                blown.or(one.care.pilot.map(|_| SequenceCommand::Release))
            };
            all.filter_map(|(id, log)| Some((SequenceId(*id), asks(&log.state)?))).collect()
        };
        let caller = Caller::new(UserId::ADMINISTRATOR, "look");
        let any = !asked.is_empty();
        for (id, command) in asked {
            self.ask(0, Ask { what: What::Sequence(id, command), caller });
        }
        any
    }

    fn complain_of_unrest(&mut self) {
        let (now, timers, owes) = (self.now(), self.timers(Timestamp::MAX), self.owed());
        let what = match timers.first() {
            _ if !owes.is_empty() => format!("{owes:?} is owed for ever (P4, P7)"),
            Some(timer) if timer.due <= now => {
                format!("the timer {} of {}, due at {}, never fires (P5)", timer.key, timer.entity, timer.due)
            }
            _ => "something goes on for ever".to_owned(),
        };
        locked(&self.history).breaks(format!("{what}: it is {now}"));
    }

    /// Nothing is under way, every enrolment has ended or stands before a person, and what decisions are given is what the
    /// log says.
    fn check_rest(&mut self) {
        self.check();
        let (unanswered, in_flight) = (self.processes[0].unanswered, self.processes[0].engine.in_flight());
        let mut history = locked(&self.history);
        if unanswered > 0 || in_flight > 0 {
            history.breaks(format!("{unanswered} requests are never answered, {in_flight} commands never end (P9)"));
        }
        let mut broken = Vec::new();
        let policy = &self.processes[0].engine.given().policy;
        for (id, log) in &history.records {
            if log.state.exists && keeps_work_of_the_departed(policy, &history, &log.state) {
                broken.push(format!("record {} keeps work of somebody who left (R-53)", RecordId(*id)));
            }
            for live in log.state.live() {
                let step = log.state.current_step(live);
                if self.mix.diligent || step.is_none_or(|step| step.wakes_at.is_some()) {
                    let id = RecordId(*id);
                    broken.push(format!("enrolment {} of record {id} waits for nobody (P4)", live.ordinal));
                }
            }
        }
        let engine = &self.processes[0].engine;
        let given = engine.given();
        let stamp = Stamp { at: engine.clock().now(), by: UserId::SYSTEM };
        for (id, log) in history.records.iter().filter(|(_, log)| log.state.exists) {
            let moved = log.state.decide(RecordId(*id), &given, RecordCommand::MoveDueDates, stamp);
            if !moved.as_ref().is_ok_and(Vec::is_empty) {
                broken.push(format!("record {id:x}: a due date is not what the calendars say (TM-11): {moved:?}"));
            }
        }
        let organisation = history.organisations.values().next().map(|log| log.state.clone()).unwrap_or_default();
        if *given.policy.organisation != organisation {
            broken.push("decisions are given another organisation than the stored one".into());
        }
        let catalogue = history.catalogues.values().next().map(|log| log.state.clone()).unwrap_or_default();
        if *given.catalogue != catalogue {
            broken.push("decisions are given another catalogue than the stored one".into());
        }
        for (id, log) in &history.accounts {
            let held: BTreeMap<_, _> = engine.keyring().of(UserId(*id)).into_iter().collect();
            let stored = &log.state.keys;
            let same = |(id, key): (&KeyId, &Key)| held.get(id).is_some_and(|held| held.key == *key);
            if held.len() != stored.len() || !stored.iter().all(same) {
                broken.push(format!("account {id:x}: other keys are valid than those stored"));
            }
        }
        if given.sequences.len() != history.sequences.len() {
            broken.push("decisions are given sequences that were never created".into());
        }
        for (id, log) in &history.sequences {
            if log.state.care.undo.is_some_and(|undo| !undo.is_done) {
                broken.push(format!("an undo of sequence {id:x} never ends (P4)"));
            }
            for migration in &log.state.migrations {
                if !matches!(migration.state, MigrationState::Completed | MigrationState::Undone) {
                    broken.push(format!("migration {} of sequence {id:x} never ends (P4)", migration.number));
                }
            }
            let entity = EntityId { kind: EntityKind::Sequence, id: *id };
            let stored = codec::load::<Sequence>(self.store.as_ref(), entity, None).map(|found| found.0);
            let known = given.sequences.get(&SequenceId(*id)).map(|sequence| sequence.as_ref().clone());
            if known != stored.ok() {
                broken.push(format!("{entity}: decisions are given another state than the stored one"));
            }
        }
        drop(history);
        broken.extend(self.other_work());
        let mut history = locked(&self.history);
        broken.into_iter().for_each(|broken| history.breaks(broken));
    }
}

/// whether open work is still that of whoever left, though somebody could stand in for them.
fn keeps_work_of_the_departed(policy: &Policy, history: &History, record: &Record) -> bool {
    let left = Owner::User(LEAVING);
    let heir = policy.can_act(record.profile.owner);
    let steps = record.live().any(|live| {
        let author = history.sequences.get(&live.sequence.0).is_some_and(|log| policy.can_act(log.state.owner));
        (heir || author) && record.current_step(live).is_some_and(|step| step.assignee == left)
    });
    !policy.can_act(left) && (steps || (heir && record.open_activities().any(|activity| activity.assignee == left)))
}
