//! What was stored, kept apart from the store: every commit that came to pass, and what clients were told. Whatever the
//! store or an answer says otherwise is a broken promise.

use std::collections::{BTreeMap, BTreeSet};

use relance::domain::account::Account;
use relance::domain::audit::{Audit, AuditEvent};
use relance::domain::catalogue::Catalogue;
use relance::domain::channels::Channels;
use relance::domain::entity::Entity;
use relance::domain::import::Import;
use relance::domain::message_template::MessageTemplate;
use relance::domain::organisation::Organisation;
use relance::domain::record::Record;
use relance::domain::sequence::Sequence;
use relance::domain::suppression::Suppression;
use relance::domain::webhook::Webhook;
use relance::id::{EntityId, EntityKind, Shard, UserId};
use relance::limits;
use relance::store::codec::{self, Entry};
use relance::store::{Commit, Fence, Outcome, Repeat, Store, Version};
use relance::time::Timestamp;

use super::ask::{Answer, Ask, What};
use super::far::FarSide;
use super::judge;
use super::policies::Policies;
use super::trace::{Trace, digest};

/// The log of one entity.
pub struct Log<E> {
    /// As it is after the last entry.
    pub state: E,
    /// Digest of the entry's bytes, and of the state after it.
    entries: Vec<(u64, u64)>,
    /// How many of the first entries were erased.
    erased: usize,
}

impl<E: Entity> Default for Log<E> {
    fn default() -> Log<E> {
        Log { state: E::default(), entries: Vec::new(), erased: 0 }
    }
}

impl<E: Entity> Log<E> {
    fn append(
        &mut self,
        bytes: &[u8],
        mut judge: impl FnMut(&E, &E::Event, &Entry<E::Event>) -> Vec<String>,
    ) -> Vec<String> {
        let entry: Entry<E::Event> = match codec::decode(bytes) {
            Ok(entry) => entry,
            Err(error) => return vec![format!("an entry does not decode: {error}")],
        };
        let mut broken = Vec::new();
        for event in &entry.events {
            broken.extend(judge(&self.state, event, &entry));
            if E::erases(event) {
                self.erased = self.entries.len();
            }
            self.state.apply(event, entry.stamp);
        }
        self.entries.push((digest(bytes), digest(&codec::encode(&self.state))));
        broken
    }

    /// Digest of the state at a version.
    fn state_at(&self, version: Version) -> Option<u64> {
        match version.checked_sub(1) {
            None => Some(digest(&codec::encode(&E::default()))),
            Some(place) => self.entries.get(place as usize).map(|(_, state)| *state),
        }
    }
}

/// See the module.
pub struct History {
    pub trace: Trace,
    pub broken: Vec<String>,
    pub records: BTreeMap<u128, Log<Record>>,
    pub sequences: BTreeMap<u128, Log<Sequence>>,
    pub imports: BTreeMap<u128, Log<Import>>,
    pub organisations: BTreeMap<u128, Log<Organisation>>,
    pub accounts: BTreeMap<u128, Log<Account>>,
    pub catalogues: BTreeMap<u128, Log<Catalogue>>,
    channels: BTreeMap<u128, Log<Channels>>,
    audits: BTreeMap<u128, Log<Audit>>,
    message_templates: BTreeMap<u128, Log<MessageTemplate>>,
    webhooks: BTreeMap<u128, Log<Webhook>>,
    suppressions: BTreeMap<u128, Log<Suppression>>,
    /// What each server has shown decisions of the organisation.
    pub policies: Policies,
    /// Refusals of access that were noted, less those that were answered: whose, of what, and why.
    refusals: BTreeMap<(UserId, String, String), i64>,
    /// Command ids that are in, and when they came in; the last is the one that is remembered.
    repeats: BTreeMap<(Shard, u128), Vec<(Repeat, Timestamp)>>,
    epochs: Vec<u64>,
    /// The highest version that a client was told of.
    told: BTreeMap<EntityId, Version>,
    /// The latest instant that any clock has shown.
    pub latest: Timestamp,
    pub far: FarSide,
    pub commits: usize,
}

impl History {
    pub fn new(keep_lines: bool, far: FarSide) -> History {
        History {
            trace: Trace::new(keep_lines),
            broken: Vec::new(),
            records: BTreeMap::new(),
            sequences: BTreeMap::new(),
            imports: BTreeMap::new(),
            organisations: BTreeMap::new(),
            accounts: BTreeMap::new(),
            catalogues: BTreeMap::new(),
            channels: BTreeMap::new(),
            audits: BTreeMap::new(),
            message_templates: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            suppressions: BTreeMap::new(),
            policies: Policies::default(),
            refusals: BTreeMap::new(),
            repeats: BTreeMap::new(),
            epochs: vec![0; usize::from(limits::SHARD_COUNT)],
            told: BTreeMap::new(),
            latest: Timestamp::default(),
            far,
            commits: 0,
        }
    }

    pub fn breaks(&mut self, what: String) {
        self.trace.note(format!("BROKEN {what}"));
        self.broken.push(what);
    }

    /// Somebody opened the store for writing.
    pub fn granted(&mut self, fences: &[Fence]) {
        for fence in fences {
            let known = &mut self.epochs[usize::from(fence.shard.0)];
            if fence.epoch <= *known {
                self.broken.push(format!("epoch {} of shard {} was granted before", fence.epoch, fence.shard.0));
            }
            *known = fence.epoch;
        }
    }

    /// Whether a fence is no longer the last one granted.
    pub fn is_stale(&self, fence: Fence) -> bool {
        self.epochs[usize::from(fence.shard.0)] != fence.epoch
    }

    /// The version an entity has.
    pub fn head(&self, entity: EntityId) -> Version {
        let entries = match entity.kind {
            EntityKind::Record => self.records.get(&entity.id).map(|log| log.entries.len()),
            EntityKind::Sequence => self.sequences.get(&entity.id).map(|log| log.entries.len()),
            EntityKind::Import => self.imports.get(&entity.id).map(|log| log.entries.len()),
            EntityKind::Organisation => self.organisations.get(&entity.id).map(|log| log.entries.len()),
            EntityKind::Account => self.accounts.get(&entity.id).map(|log| log.entries.len()),
            EntityKind::Catalogue => self.catalogues.get(&entity.id).map(|log| log.entries.len()),
            EntityKind::Channels => self.channels.get(&entity.id).map(|log| log.entries.len()),
            EntityKind::Audit => self.audits.get(&entity.id).map(|log| log.entries.len()),
            EntityKind::MessageTemplate => self.message_templates.get(&entity.id).map(|log| log.entries.len()),
            EntityKind::Webhook => self.webhooks.get(&entity.id).map(|log| log.entries.len()),
            EntityKind::Suppression => self.suppressions.get(&entity.id).map(|log| log.entries.len()),
        };
        entries.unwrap_or(0) as Version
    }

    fn state_at(&self, entity: EntityId, version: Version) -> Option<u64> {
        fn of<E: Entity>(logs: &BTreeMap<u128, Log<E>>, id: u128, version: Version) -> Option<u64> {
            logs.get(&id).map_or_else(|| Log::<E>::default().state_at(version), |log| log.state_at(version))
        }
        match entity.kind {
            EntityKind::Record => of(&self.records, entity.id, version),
            EntityKind::Sequence => of(&self.sequences, entity.id, version),
            EntityKind::Import => of(&self.imports, entity.id, version),
            EntityKind::Organisation => of(&self.organisations, entity.id, version),
            EntityKind::Account => of(&self.accounts, entity.id, version),
            EntityKind::Catalogue => of(&self.catalogues, entity.id, version),
            EntityKind::Channels => of(&self.channels, entity.id, version),
            EntityKind::Audit => of(&self.audits, entity.id, version),
            EntityKind::MessageTemplate => of(&self.message_templates, entity.id, version),
            EntityKind::Webhook => of(&self.webhooks, entity.id, version),
            EntityKind::Suppression => of(&self.suppressions, entity.id, version),
        }
    }

    /// What the store made of a commit, whatever the server is told of it.
    pub fn judged(&mut self, process: u32, commit: &Commit, outcome: Outcome) {
        let entity = commit.entity;
        let head = self.head(entity);
        if self.is_stale(commit.fence) != (outcome == Outcome::Fenced) {
            self.breaks(format!("{entity}: a commit of epoch {} came to {outcome:?} (P13)", commit.fence.epoch));
        }
        let repeat =
            commit.command.and_then(|command| self.repeats.get(&(commit.fence.shard, command.key))?.last().copied());
        let remembered = repeat.filter(|(_, since)| (commit.at - *since).num_days() < limits::REPEAT_DAYS);
        match outcome {
            Outcome::Done(version) => {
                if let Some((first, _)) = remembered {
                    self.breaks(format!("{entity}: a command took effect again after {first:?} (P6)"));
                }
                if commit.expected != head || version != head + u32::from(commit.entry.is_some()) {
                    self.breaks(format!("{entity}: version {version} follows {head}, expected {}", commit.expected));
                }
                self.store(process, commit, version);
            }
            Outcome::Repeat(found) if repeat.is_none_or(|(first, _)| first != found) => {
                self.breaks(format!("{entity}: {found:?} repeats nothing"));
            }
            Outcome::Conflict { actual } if actual != head || commit.expected == head => {
                self.breaks(format!("{entity}: version {actual} is in the way, it has {head}"));
            }
            _ => {}
        }
    }

    fn store(&mut self, process: u32, commit: &Commit, version: Version) {
        self.commits += 1;
        let entity = commit.entity;
        if let Some(command) = commit.command {
            let repeat = Repeat { entity: entity.id, version, fingerprint: command.fingerprint };
            self.repeats.entry((commit.fence.shard, command.key)).or_default().push((repeat, commit.at));
        }
        let Some(bytes) = &commit.entry else { return };
        let (far, latest) = (self.far.clone(), self.latest);
        let (id, policies, refusals) = (entity.id, &self.policies, &mut self.refusals);
        let broken = match entity.kind {
            EntityKind::Record => self.records.entry(id).or_default().append(bytes, |state, event, entry| {
                let mut broken = judge::record_event(entity.into(), state, event, entry, latest, &far);
                broken.extend(policies.judge_record(process, entity, state, event, entry));
                broken
            }),
            EntityKind::Sequence => self.sequences.entry(id).or_default().append(bytes, |state, event, entry| {
                policies.judge_sequence(process, entity, state, event, entry).into_iter().collect()
            }),
            EntityKind::Import => self.imports.entry(id).or_default().append(bytes, |_, _, _| vec![]),
            EntityKind::Organisation => self.organisations.entry(id).or_default().append(bytes, |_, _, _| vec![]),
            EntityKind::Account => self.accounts.entry(id).or_default().append(bytes, |_, _, _| vec![]),
            EntityKind::Catalogue => self.catalogues.entry(id).or_default().append(bytes, |_, _, _| vec![]),
            EntityKind::Channels => self.channels.entry(id).or_default().append(bytes, |_, _, _| vec![]),
            EntityKind::MessageTemplate => {
                self.message_templates.entry(id).or_default().append(bytes, |_, _, _| vec![])
            }
            EntityKind::Webhook => self.webhooks.entry(id).or_default().append(bytes, |_, _, _| vec![]),
            EntityKind::Suppression => self.suppressions.entry(id).or_default().append(bytes, |_, _, _| vec![]),
            EntityKind::Audit => self.audits.entry(id).or_default().append(bytes, |_, event, entry| {
                let AuditEvent::Refused(refusal) = event;
                let key = (entry.stamp.by, refusal.subject.clone(), refusal.detail.clone());
                *refusals.entry(key).or_default() += 1;
                vec![]
            }),
        };
        broken.into_iter().for_each(|broken| self.breaks(broken));
    }

    /// The highest version that anybody was told of: what is asked from now on must not be older (P11).
    pub fn told(&self, entity: EntityId) -> Version {
        self.told.get(&entity).copied().unwrap_or(0)
    }

    /// A client is told an answer. `floor` is what it could know of the entity when it asked; a server that lost its right
    /// to write may be behind that, but never beside the log.
    pub fn answered(&mut self, ask: &Ask, floor: Option<Version>, answer: &Answer) {
        let reads = matches!(ask.what, What::Read(_));
        let command = ask.caller.command;
        if let Answer::Denied(detail) = answer
            && ask.caller.by != UserId::SYSTEM
        {
            let left = self.refusals.entry((ask.caller.by, ask.entity().to_string(), detail.clone())).or_default();
            *left -= 1;
            if *left < 0 {
                self.breaks(format!("{}: a refusal was answered and not noted: {detail}", ask.entity()));
            }
        }
        let Answer::Seen { entity, version, state, lawful } = answer else {
            if *answer == Answer::Bug {
                self.breaks(format!("{}: the server met a defect (P8)", ask.entity()));
            }
            return;
        };
        if self.state_at(*entity, *version) != Some(*state) {
            self.breaks(format!("{entity}: what was answered at version {version} is not what was stored (P1)"));
        }
        if reads && !lawful {
            self.breaks(format!("{entity}: was shown to {}, who may not know of it", ask.caller.by));
        }
        match command.filter(|_| !reads) {
            None => {
                if floor.is_some_and(|floor| *version < floor) {
                    self.breaks(format!("{entity}: version {version} was answered after {floor:?} was known (P11)"));
                }
            }
            // Every repeat gets the first answer, because there is one version that it can be answered from.
            Some(command) => {
                let told = Repeat { entity: entity.id, version: *version, fingerprint: command.fingerprint };
                let stored = self.repeats.get(&(ask.entity().shard(), command.key));
                if !stored.is_some_and(|all| all.iter().any(|(repeat, _)| *repeat == told)) {
                    self.breaks(format!("{entity}: {told:?} was answered, {stored:?} is stored (P1, P6)"));
                }
            }
        }
        let told = self.told.entry(*entity).or_default();
        *told = (*told).max(*version);
    }

    /// Whether the store holds what was stored, and nothing else.
    pub fn compare(&mut self, store: &dyn Store) {
        let mut found: BTreeMap<EntityId, Vec<u64>> = BTreeMap::new();
        let read = store.log(&mut |entity, _, bytes| {
            found.entry(entity).or_default().push(digest(bytes));
            Ok(())
        });
        if let Err(error) = read {
            self.breaks(format!("the log cannot be read: {error}"));
        }
        let mut wanted = BTreeMap::new();
        fn add<E>(kind: EntityKind, logs: &BTreeMap<u128, Log<E>>, wanted: &mut BTreeMap<EntityId, Vec<u64>>) {
            let filled = logs.iter().filter(|(_, log)| !log.entries.is_empty());
            wanted.extend(filled.map(|(id, log)| {
                (EntityId { kind, id: *id }, log.entries[log.erased..].iter().map(|(bytes, _)| *bytes).collect())
            }));
        }
        add(EntityKind::Record, &self.records, &mut wanted);
        add(EntityKind::Sequence, &self.sequences, &mut wanted);
        add(EntityKind::Import, &self.imports, &mut wanted);
        add(EntityKind::Organisation, &self.organisations, &mut wanted);
        add(EntityKind::Account, &self.accounts, &mut wanted);
        add(EntityKind::Catalogue, &self.catalogues, &mut wanted);
        add(EntityKind::Channels, &self.channels, &mut wanted);
        add(EntityKind::Audit, &self.audits, &mut wanted);
        add(EntityKind::MessageTemplate, &self.message_templates, &mut wanted);
        add(EntityKind::Webhook, &self.webhooks, &mut wanted);
        add(EntityKind::Suppression, &self.suppressions, &mut wanted);
        let entities: BTreeSet<_> = wanted.keys().chain(found.keys()).copied().collect();
        for entity in entities.into_iter().filter(|entity| wanted.get(entity) != found.get(entity)) {
            self.breaks(format!("{entity}: its log is not what was stored (P1, P2)"));
        }
    }
}
