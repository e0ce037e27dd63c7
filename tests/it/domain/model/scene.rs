//! One lead, some sequences and an office, twice: as the domain has them and as the model does.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use chrono::TimeDelta;
use fastrand::Rng;
use relance::domain::catalogue::field::{Field, FieldKind, Target};
use relance::domain::catalogue::flow::Flow;
use relance::domain::catalogue::tag::Tag;
use relance::domain::delivery::{Class, UnknownPolicy};
use relance::domain::effect::{Delivery, Effect, EffectKey, Effects};
use relance::domain::entity::{Entity, Stamp, advance};
use relance::domain::message_template::{MessageTemplate, Standing};
use relance::domain::organisation::settings::CallResult;
use relance::domain::organisation::{Organisation, Team, UserState};
use relance::domain::permission::Role;
use relance::domain::plan::AssignTo;
use relance::domain::policy::DEFAULT_UNIT;
use relance::domain::record::Record;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Outcome, Owner, RecordType};
use relance::domain::schedule::{Calendar, Entry, Repeat, Span, TimeOfDay, Weekday};
use relance::domain::sequence::conduct::{Reentry, Window, WindowZone};
use relance::domain::sequence::{Property, SequenceCommand, SequenceStatus};
use relance::id::{FlowId, SequenceId, TagId, TeamId, TemplateId, UserId};
use relance::time::Timestamp;

use super::drawing;
use super::naive::{Hours, Lead, Naive, Office, Sequence, Version};
use crate::domain::world::{COLLEAGUE, SELLER, World, is_of_server, user};

pub use crate::domain::setting::{FLOW, STAGES};
pub use crate::domain::world::TEAM;

/// Somebody who never asks for anything and may leave.
pub const GUEST: UserId = UserId(0x0000_0000_0000_7000_8000_0000_0000_0014);
/// What users and teams are called.
pub const NAMES: [(Owner, &str); 4] = [
    (Owner::User(SELLER), "Grace"),
    (Owner::User(COLLEAGUE), "Edith"),
    (Owner::User(GUEST), "Joan"),
    (Owner::Team(TEAM), "Sellers"),
];
/// How calls end.
pub const RESULTS: [&str; 6] = ["made", "received", "no_answer", "left_voicemail", "busy", "wrong_number"];
/// The template of text messages.
pub const TEXT: TemplateId = TemplateId(0x15);
/// Tags and those above them.
pub const PARENTS: [(TagId, TagId); 1] = [(TagId(2), TagId(1))];
const ZONES: [&str; 3] = ["UTC", "Asia/Kolkata", "Asia/Tokyo"];

pub struct Scene {
    pub rng: Rng,
    pub world: World,
    pub record: Record,
    pub armed: BTreeSet<(Timestamp, EffectKey)>,
    pub owed: BTreeSet<EffectKey>,
    pub naive: Naive,
    /// What was asked so far, refused or not.
    pub asked: u64,
    pub refused: u64,
    /// Refusals, errors and ends that came up.
    pub seen: BTreeSet<String>,
}

impl Scene {
    pub fn new(seed: u64) -> Scene {
        let mut rng = Rng::with_seed(seed);
        let mut world = World::empty();
        let hours = lay_out(&mut rng, &mut world);
        let office = Rc::new(office(&world, hours));
        let naive = Naive::new(world.now, SELLER, ada(), office, Rc::default());
        let (armed, owed) = (BTreeSet::new(), BTreeSet::new());
        let record = Record::default();
        let mut scene = Scene { rng, world, record, armed, owed, naive, asked: 0, refused: 0, seen: BTreeSet::new() };
        for _ in 0..4 {
            scene.add_sequence();
        }
        scene
    }

    /// Another lead, in the same office.
    pub fn begin(&mut self) {
        (self.record, self.world.by) = (Record::default(), SELLER);
        (self.armed, self.owed) = (BTreeSet::new(), BTreeSet::new());
        let changes = vec![Change::Name(Some("Ada".into())), Change::Email(Some("ada@example.org".into()))];
        self.ask_domain(&RecordCommand::Create { kind: RecordType::Lead, changes }).expect("it is new");
        let (office, sequences) = (self.naive.office.clone(), self.naive.sequences.clone());
        self.naive = Naive::new(self.world.now, SELLER, ada(), office, sequences);
    }

    /// What the domain answers; its effects are booked.
    pub fn ask_domain(&mut self, command: &RecordCommand) -> super::naive::Answer {
        let by = if is_of_server(command) { UserId::SYSTEM } else { self.world.by };
        let (given, stamp) = (&self.world.given, Stamp { at: self.world.now, by });
        let events = self.record.decide(self.world.id, given, command.clone(), stamp)?;
        let mut effects = Effects::default();
        advance(&mut self.record, self.world.id, &events, stamp, &mut effects);
        for effect in effects.0 {
            match effect {
                Effect::Arm { due, key } => assert!(self.armed.insert((due, key)), "armed twice"),
                Effect::Disarm { due, key } => assert!(self.armed.remove(&(due, key)), "disarmed, but not armed"),
                Effect::Owe { key, delivery: Delivery::Mail { .. } } => assert!(self.owed.insert(key), "owed twice"),
                Effect::Settle { key } => _ = self.owed.remove(&key),
                _ => {}
            }
        }
        Ok(())
    }

    fn add_sequence(&mut self) {
        let id = self.world.draft(Default::default());
        let named = format!("Sequence {}", self.naive.sequences.len());
        self.order(id, SequenceCommand::Change(vec![Property::Name(named.clone())]));
        let (reentry, exclusive, tags) = (Reentry::AnyTime, None, vec![]);
        let author = Owner::User(self.world.by);
        let one = Sequence { id, name: named, author, active: false, versions: vec![], reentry, exclusive, tags };
        Rc::make_mut(&mut self.naive.sequences).push(one);
        let place = self.naive.sequences.len() - 1;
        while !self.naive.sequences[place].active {
            self.publish(place);
        }
    }

    /// Whether the sequence takes it.
    fn order(&mut self, id: SequenceId, command: SequenceCommand) -> bool {
        self.world.order(id, command).is_ok()
    }

    fn sequence_mut(&mut self, place: usize) -> &mut Sequence {
        &mut Rc::make_mut(&mut self.naive.sequences)[place]
    }

    /// Draws a version and activates it, if it is sound.
    pub fn publish(&mut self, place: usize) {
        let id = self.naive.sequences[place].id;
        let others: Vec<_> =
            self.naive.sequences.iter().filter(|one| one.active && one.id != id).map(|one| one.id).collect();
        let graph = match self.rng.u8(..6) {
            0 if !others.is_empty() => {
                let target = others[self.rng.usize(..others.len())];
                drawing::relay(&mut self.rng, target)
            }
            _ => drawing::graph(&mut self.rng, &others),
        };
        let is_revision = self.naive.sequences[place].active;
        if is_revision {
            assert!(self.order(id, SequenceCommand::Revise), "an active sequence is revised");
        }
        let last = self.naive.sequences[place].versions.last().cloned();
        let mut version = self.conduct(graph, is_revision.then_some(last).flatten());
        let mut properties = vec![
            Property::ExitOnReply(version.exit_on_reply),
            Property::WaitComputation(version.wait_computation),
            Property::Window(version.window.clone()),
        ];
        if !is_revision {
            properties.push(Property::AssignTo(version.assign_to.clone()));
        }
        let activate = SequenceCommand::Activate { description: Some("new".into()), migration: None, pilot: None };
        let is_published = self.order(id, SequenceCommand::SaveGraph(version.graph.clone()))
            && self.order(id, SequenceCommand::Change(properties))
            && self.order(id, activate);
        if is_published {
            version.number = self.world.sequence(id).version;
            let sequence = self.sequence_mut(place);
            sequence.active = true;
            sequence.versions.retain(|known| known.number != version.number);
            sequence.versions.push(Rc::new(version));
        } else if is_revision {
            assert!(self.order(id, SequenceCommand::DiscardRevision));
        }
    }

    fn conduct(&mut self, graph: relance::domain::sequence::graph::Graph, before: Option<Rc<Version>>) -> Version {
        let rng = &mut self.rng;
        let assign_to = match rng.u8(..20) {
            0..4 => AssignTo::CurrentUser,
            4 => AssignTo::OwnerTeam(None),
            5 => AssignTo::AccessTeam(None),
            6 => AssignTo::RecordField("seller".into()),
            _ => AssignTo::RecordOwner,
        };
        // not in a revision.
        let assign_to = before.map_or(assign_to, |before| before.assign_to.clone());
        let has_mail = graph.nodes.iter().any(|node| matches!(node.kind(), "email" | "auto_email"));
        let window = (rng.u8(..4) == 0).then(|| Window {
            weekdays: Weekday::ALL.into_iter().filter(|_| rng.u8(..4) > 0).chain([Weekday::Wed]).collect(),
            start: TimeOfDay::hour(rng.u16(0..12)),
            end: TimeOfDay::hour(rng.u16(13..25)),
            zone: match rng.u8(..4) {
                0 => WindowZone::Seller,
                1 => WindowZone::try_from(ZONES[rng.usize(..3)].to_owned()).expect("a zone"),
                _ => WindowZone::Recipient,
            },
            business_time: rng.bool(),
            holidays: None,
        });
        let exit_on_reply = has_mail && rng.u8(..3) == 0;
        Version { number: 0, graph, exit_on_reply, assign_to, wait_computation: rng.bool(), window }
    }

    /// it is not active any more, and whoever was connected leaves.
    pub fn deactivate(&mut self, place: usize) -> Option<RecordCommand> {
        let id = self.naive.sequences[place].id;
        if !self.order(id, SequenceCommand::Deactivate { force: true }) {
            return None;
        }
        assert_eq!(self.world.sequence(id).status, SequenceStatus::Inactive);
        self.sequence_mut(place).active = false;
        Some(RecordCommand::LeaveSequence { sequence: id, until: self.world.now })
    }

    /// What may change at any time: who may enter.
    pub fn alter_entry(&mut self, place: usize) {
        let id = self.naive.sequences[place].id;
        let tag = |rng: &mut Rng| TagId(rng.u128(1..4));
        let reentry = [Reentry::AnyTime, Reentry::AnyTime, Reentry::Never, Reentry::AfterDays(self.rng.u16(1..10))];
        let reentry = reentry[self.rng.usize(..4)];
        let exclusive = (self.rng.u8(..4) == 0).then(|| tag(&mut self.rng));
        let tags = if self.rng.bool() { vec![tag(&mut self.rng)] } else { vec![] };
        let properties = vec![Property::Reentry(reentry), Property::Exclusive(exclusive)];
        assert!(self.order(id, SequenceCommand::Change(properties)));
        assert!(self.order(id, SequenceCommand::SetTags(tags.clone())));
        let sequence = self.sequence_mut(place);
        (sequence.reentry, sequence.exclusive, sequence.tags) = (reentry, exclusive, tags);
    }

    /// Settings, or what the catalogue has, or who is there, are otherwise.
    pub fn alter_office(&mut self) {
        let mut organisation = self.world.given.policy.organisation.as_ref().clone();
        alter(&mut self.rng, &mut organisation);
        self.world.given = self.world.given.with_organisation(&organisation);
        if self.rng.u8(..3) == 0 {
            let mut catalogue = self.world.given.catalogue.as_ref().clone();
            let fields = &mut catalogue.types.get_mut(&RecordType::Lead).expect("leads").fields;
            let tier = fields.iter_mut().find(|field| field.name == "tier").expect("it was added");
            tier.is_removed = self.rng.bool();
            let options = if self.rng.bool() { vec!["gold", "silver"] } else { vec!["silver"] };
            tier.kind = FieldKind::OptionSet(options.into_iter().map(Into::into).collect());
            self.world.given = self.world.given.with_catalogue(&catalogue);
        }
        self.naive.office = Rc::new(office(&self.world, self.naive.office.hours.clone()));
    }
}

/// The lead as it is created.
fn ada() -> Lead {
    Lead {
        owner: Owner::User(SELLER),
        access_team: None,
        email: Some("ada@example.org".into()),
        allows_email: true,
        time_zone: None,
        score: None,
        fields: BTreeMap::new(),
        is_open: true,
        outcome: Outcome::None,
        stage: None,
    }
}

/// Half of the offices are as they ship.
fn alter(rng: &mut Rng, organisation: &mut Organisation) {
    let settings = &mut organisation.settings;
    settings.seller_availability = rng.u8(..3) == 0;
    settings.wait_computation = rng.bool();
    settings.linked_activities = rng.u8(..4) > 0;
    settings.linked_activities_exclude_calls = rng.u8(..4) == 0;
    settings.activity_completes_step = rng.u8(..4) > 0;
    settings.call_completes_step = rng.u8(..4) > 0;
    let default = CallResult::Default(RESULTS[rng.usize(..6)].into());
    settings.call_result = if rng.u8(..4) == 0 { default } else { CallResult::Ask };
    let policies = [UnknownPolicy::Hold, UnknownPolicy::Resend, UnknownPolicy::Sent];
    settings.unknown_policy = policies[rng.usize(..3)];
    settings.unknown_after_minutes = rng.u32(0..100);
    settings.retry_max_hours = rng.u32(0..50);
    settings.record_types = RecordType::BUILT_IN.into_iter().collect();
    if rng.u8(..20) == 0 {
        settings.record_types.remove(&RecordType::Lead);
    }
    let state = if rng.u8(..3) == 0 { UserState::Disabled } else { UserState::Active };
    organisation.users.get_mut(&GUEST).expect("a user").state = state;
}

/// The office as the domain is given it, and the hours of those who have their own.
fn lay_out(rng: &mut Rng, world: &mut World) -> BTreeMap<UserId, Hours> {
    let all = Role::ALL;
    let (unit, members) = (DEFAULT_UNIT, [SELLER, COLLEAGUE].into());
    let users = [(SELLER, user("Grace", &all, unit)), (COLLEAGUE, user("Edith", &all, unit))];
    let users = users.into_iter().chain([(GUEST, user("Joan", &all, unit))]).collect();
    let team = Team { name: "Sellers".into(), members, version: 1, ..Team::default() };
    let teams: BTreeMap<TeamId, Team> = [(TEAM, team)].into_iter().collect();
    let mut organisation = Organisation { users, teams, ..Organisation::default() };
    let mut hours = BTreeMap::new();
    for (user, zone) in [(SELLER, ZONES[rng.usize(..3)]), (GUEST, "Asia/Tokyo")] {
        let weekdays = [Weekday::Mon, Weekday::Tue, Weekday::Thu, Weekday::Sat];
        let on = Repeat { weekdays: weekdays.to_vec().into(), from: None, until: None };
        let (start, end) = (rng.u16(5..9), rng.u16(12..20));
        let span = Span { start: TimeOfDay::hour(start), end: TimeOfDay::hour(end) };
        let entries = vec![Entry::WorkingHours { on, span, breaks: vec![], description: None }];
        let calendar = Calendar { time_zone: zone.into(), entries, ..Calendar::default() };
        organisation.calendars.insert(user, (calendar.into(), 1));
        let mut days = [false; 7];
        weekdays.iter().for_each(|day| days[*day as usize] = true);
        let (start_minute, end_minute) = (i64::from(start) * 60, i64::from(end) * 60);
        hours
            .insert(user, Hours { offset_minutes: super::naive::offset_minutes(zone), days, start_minute, end_minute });
    }
    if rng.bool() {
        alter(rng, &mut organisation);
        organisation.settings.record_types = RecordType::BUILT_IN.into_iter().collect();
    }
    if rng.u8(..3) > 0 {
        world.given.class = Class::Blind;
    }
    let text = MessageTemplate { standing: Standing::Present, ..MessageTemplate::default() };
    let given = world.given.with_organisation(&organisation).with_message(TEXT, &text);
    world.given = given.with_catalogue(&catalogue(world));
    hours
}

fn catalogue(world: &World) -> relance::domain::catalogue::Catalogue {
    let mut catalogue = world.given.catalogue.as_ref().clone();
    let stages = STAGES.map(str::to_owned).to_vec();
    let flow = FlowId::parse(FLOW).expect("an id");
    catalogue.flows.insert(flow, Flow { name: "Sale".into(), kind: RecordType::Lead, stages, version: 1 });
    for (id, parent) in [(1, None), (2, Some(TagId(1))), (3, None)] {
        catalogue.tags.insert(TagId(id), Tag { name: format!("tag {id}"), parent, version: 1 });
    }
    let fields = &mut catalogue.types.get_mut(&RecordType::Lead).expect("leads").fields;
    let tiers = FieldKind::OptionSet(vec!["gold".into(), "silver".into()]);
    for (name, kind) in [("tier", tiers), ("renewal", FieldKind::Date), ("seller", FieldKind::Lookup(Target::User))] {
        let (name, label) = (name.to_owned(), name.to_owned());
        fields.push(Field { name, label, kind, built_in: false, is_removed: false, version: 1 });
    }
    catalogue
}

/// The office as the model has it.
fn office(world: &World, hours: BTreeMap<UserId, Hours>) -> Office {
    let organisation: Arc<Organisation> = world.given.policy.organisation.clone();
    let settings = &organisation.settings;
    let leads = &world.given.catalogue.types[&RecordType::Lead].fields;
    let tier = leads.iter().find(|field| field.name == "tier").expect("it was added");
    let FieldKind::OptionSet(tiers) = tier.kind.clone() else { panic!("a set of options") };
    let default_result = match &settings.call_result {
        CallResult::Ask => None,
        CallResult::Default(result) => Some(result.clone()),
    };
    let left = organisation.users.iter().filter(|(_, user)| user.state == UserState::Disabled);
    Office {
        takes_leads: settings.record_types.contains(&RecordType::Lead),
        availability: settings.seller_availability,
        wait_computation: settings.wait_computation,
        linked: settings.linked_activities,
        exclude_calls: settings.linked_activities_exclude_calls,
        completes_step: settings.activity_completes_step,
        call_completes_step: settings.call_completes_step,
        default_result,
        is_sure: world.given.class == Class::Idempotent,
        unknown_policy: settings.unknown_policy,
        unknown_after: TimeDelta::minutes(settings.unknown_after_minutes.into()),
        retry_max: TimeDelta::hours(settings.retry_max_hours.into()),
        left: left.map(|(id, _)| *id).collect(),
        hours,
        tiers,
        has_tier: !tier.is_removed,
    }
}
