//! What the store would hold of one record's effects, and that it always agrees with the record's state.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

use relance::domain::ab_test::life::Reached;
use relance::domain::activity::ActivityStatus;
use relance::domain::delivery::DeliveryState;
use relance::domain::effect::{Counter, Delivery, Effect, EffectKey, Effects, Index, RecordSummary, TextName};
use relance::domain::enrolment::ab_test::Tell;
use relance::domain::enrolment::migrate::Outcome;
use relance::domain::enrolment::pilot::Piloted;
use relance::domain::enrolment::{EnrolmentStatus, Step, StepStatus};
use relance::domain::entity::{Entity, Stamp, advance};
use relance::domain::given::Given;
use relance::domain::record::Record;
use relance::domain::record::erase::{Erasure, FORGET};
use relance::domain::record::schema::Owner;
use relance::domain::sequence::fuse::FuseCount;
use relance::domain::work_list::WorkRow;
use relance::id::{GatewayId, MigrationId, SequenceId, TemplateId};
use relance::store::codec::Past;
use relance::store::{Stored, codec};
use relance::time::Timestamp;

/// An entity beside its log: each decision is stored as bytes, read back, and must lead to the same state.
pub struct Logged<E: Entity> {
    pub state: E,
    replayed: E,
    entries: Vec<(u32, Vec<u8>)>,
}

impl<E: Entity<Given = Given> + PartialEq + Debug> Logged<E>
where
    E::Event: Debug,
{
    pub fn new() -> Logged<E> {
        Logged { state: E::default(), replayed: E::default(), entries: Vec::new() }
    }

    /// Lets in whoever may know of it, decides, applies and stores `command`; the events, and what the world is owed for them.
    pub fn decide(
        &mut self,
        id: E::Id,
        given: &Given,
        command: E::Command,
        stamp: Stamp,
    ) -> Result<(Vec<E::Event>, Effects), E::Rejection> {
        self.state.must_be_seen(given, stamp.by)?;
        let events = self.state.decide(id, given, command, stamp)?;
        let mut owed = Effects::default();
        advance(&mut self.state, id, &events, stamp, &mut owed);
        if events.is_empty() {
            return Ok((events, owed));
        }
        let bytes = codec::encode(&codec::Entry { stamp, events });
        let entry: codec::Entry<E::Event> = codec::decode(&bytes).expect("what was encoded decodes");
        entry.events.iter().for_each(|event| self.replayed.apply(event, entry.stamp));
        assert_eq!(self.replayed, self.state, "replaying {:?} leads elsewhere", entry.events);
        self.entries.push((self.entries.len() as u32 + 1, bytes));
        Ok((entry.events, owed))
    }

    /// What the log says that it was at an instant.
    pub fn at(&self, at: Timestamp) -> Past<E> {
        codec::replay_at::<E>(&self.log(), at).expect("a log replays")
    }

    /// Every entry, with its version.
    pub fn log(&self) -> Vec<(u32, codec::Entry<E::Event>)> {
        let read = |(version, bytes): &(u32, Vec<u8>)| (*version, codec::decode(bytes).expect("an entry decodes"));
        self.entries.iter().map(read).collect()
    }

    /// The whole log, and the log behind a snapshot of the first half, lead to the present state.
    pub fn check_replay(&self) {
        let half = self.entries.len() / 2;
        let all = Stored { snapshot: None, entries: self.entries.clone() };
        let (state, _) =
            codec::replay::<E>(&Stored { snapshot: None, entries: self.entries[..half].to_vec() }).unwrap();
        let snapshot = Some((half as u32, codec::snapshot(&state)));
        let behind = Stored { snapshot, entries: self.entries[half..].to_vec() };
        for stored in [all, behind] {
            let (state, version) = codec::replay::<E>(&stored).expect("a log replays");
            assert_eq!((&state, version as usize), (&self.state, self.entries.len()));
        }
    }
}

/// The owner, the access team, and whoever an open step or activity is assigned to.
fn seen_by(record: &Record) -> BTreeSet<Owner> {
    let of_profile = [Some(record.profile.owner), record.profile.access_team.map(Owner::Team)];
    let open = record.steps.iter().filter(|step| step.status == StepStatus::Open);
    let to_do = record.activities.iter().filter(|activity| activity.is_open()).map(|activity| activity.assignee);
    let all = of_profile.into_iter().flatten().chain(open.map(|step| step.assignee)).chain(to_do);
    if record.exists { all.collect() } else { BTreeSet::new() }
}

/// The rows that effects write and remove.
#[derive(Default)]
pub struct Ledger {
    pub armed: BTreeSet<(Timestamp, EffectKey)>,
    pub owed: BTreeMap<EffectKey, TemplateId>,
    pub claimed: BTreeSet<String>,
    /// What sequences are to be told of participants of their A/B tests.
    pub told: BTreeMap<EffectKey, (SequenceId, Reached)>,
    listed: BTreeSet<(SequenceId, bool, EffectKey)>,
    deliveries: BTreeSet<(DeliveryState, Timestamp, EffectKey)>,
    texts: BTreeSet<(GatewayId, TextName, Timestamp, EffectKey)>,
    shown: Option<RecordSummary>,
    seen_by: BTreeSet<Owner>,
    forgets: bool,
    pub counters: BTreeMap<Counter, i64>,
    /// What is open, by whose it is.
    pub work: BTreeMap<Owner, Option<Arc<WorkRow>>>,
}

impl Ledger {
    /// Writes the rows; each is written once and removed once.
    pub fn book(&mut self, effects: Effects) {
        for effect in effects.0 {
            let fresh = match effect.clone() {
                Effect::Arm { due, key } => self.armed.insert((due, key)),
                Effect::Disarm { due, key } => self.armed.remove(&(due, key)),
                Effect::Owe { key, delivery: Delivery::Mail { template } } => self.owed.insert(key, template).is_none(),
                Effect::Owe { delivery: Delivery::DisconnectAll { .. } | Delivery::Migrate { .. }, .. } => false,
                Effect::Owe { delivery: Delivery::HandOver { .. }, .. } => false,
                Effect::Owe { delivery: Delivery::MoveDueDates { .. } | Delivery::Undo { .. }, .. } => false,
                Effect::Owe { delivery: Delivery::ReleaseHeld { .. } | Delivery::LetIn { .. }, .. } => false,
                Effect::Owe { key, delivery: Delivery::Forget } => {
                    key == FORGET && !std::mem::replace(&mut self.forgets, true)
                }
                Effect::Settle { key: FORGET } => std::mem::take(&mut self.forgets),
                Effect::Erase => true,
                Effect::Keep(_) | Effect::Unkeep => true,
                Effect::Owe { key, delivery: Delivery::AbTestReached { sequence, version, node, at, exposed } } => {
                    self.told.insert(key, (sequence, Reached { version, node, at, exposed })).is_none()
                }
                Effect::Settle { key } => self.owed.remove(&key).is_some() || self.told.remove(&key).is_some(),
                // One that shows what is shown already need not be written.
                Effect::Index(Index::Record(row)) => self.shown.replace(row.clone()) != Some(row),
                Effect::Unindex(Index::Record(row)) => self.shown.take() == Some(row),
                Effect::Index(Index::Work { principal, row }) => {
                    row.is_some() && self.work.insert(principal, row.clone()) != Some(row)
                }
                Effect::Unindex(Index::Work { principal, .. }) => self.work.remove(&principal).is_some(),
                Effect::Index(Index::Principal(principal)) => self.seen_by.insert(principal),
                Effect::Unindex(Index::Principal(principal)) => self.seen_by.remove(&principal),
                Effect::Index(Index::Enrolment { sequence, live, ordinal }) => {
                    self.listed.insert((sequence, live, ordinal))
                }
                Effect::Unindex(Index::Enrolment { sequence, live, ordinal }) => {
                    self.listed.remove(&(sequence, live, ordinal))
                }
                Effect::Index(Index::Delivery { state, at, ordinal, .. }) => {
                    self.deliveries.insert((state, at, ordinal))
                }
                Effect::Unindex(Index::Delivery { state, at, ordinal, .. }) => {
                    self.deliveries.remove(&(state, at, ordinal))
                }
                Effect::Index(Index::Text { gateway, name, at, ordinal }) => {
                    self.texts.insert((gateway, name, at, ordinal))
                }
                Effect::Unindex(Index::Text { gateway, name, at, ordinal }) => {
                    self.texts.remove(&(gateway, name, at, ordinal))
                }
                Effect::Claim { external_id, .. } => self.claimed.insert(external_id),
                Effect::Unclaim { external_id, .. } => self.claimed.remove(&external_id),
                Effect::Count { counter, delta, .. } => {
                    *self.counters.entry(counter).or_default() += delta;
                    true
                }
            };
            assert!(fresh, "{effect:?} is written or removed twice");
        }
    }

    /// Everything that must hold between `record` and its rows after every command.
    pub fn check(&self, record: &Record) {
        self.check_current_steps(record);
        let mut waits = BTreeSet::new();
        let (mut owed, mut deliveries) = (BTreeSet::new(), BTreeSet::new());
        for step in &record.steps {
            if let (StepStatus::Open, Some(due)) = (step.status, step.wakes_at) {
                waits.insert((due, step.ordinal));
            }
            if let Some(message) = &step.message {
                let (listed, at) = message.row();
                let state = &message.state;
                deliveries.insert((listed, at, step.ordinal));
                waits.extend(state.wakes_at().map(|due| (due, step.ordinal)));
                if state.is_owed() {
                    owed.insert(step.ordinal);
                }
            }
        }
        assert_eq!(self.deliveries, deliveries, "messages are listed where they stand");
        let routed = record.steps.iter().filter_map(|step| Some((step.ordinal, step.message.as_ref()?)));
        let routed = routed.filter_map(|(step, message)| Some((step, message, message.route.as_ref()?)));
        let named = routed.flat_map(|(step, message, route)| {
            let number = Some(TextName::Number(route.number.clone()));
            let id = message.taken_as.clone().map(TextName::Message);
            [number, id].into_iter().flatten().map(move |name| (route.gateway, name, route.at, step))
        });
        assert_eq!(self.texts, named.collect(), "texts are found by number and by id");
        let parts = record.enrolments.iter().flat_map(|one| &one.participations);
        let tells = parts.flat_map(|part| {
            let tells = [(Tell::Reached, part.untold.reached), (Tell::Exposed, part.untold.exposed)];
            tells.into_iter().filter(|(_, untold)| *untold).map(|(tell, _)| tell.key(part.step))
        });
        assert!(self.told.keys().copied().eq(tells.collect::<BTreeSet<_>>()), "sequences are told what the state says");
        let connecting = record.enrolments.iter().filter(|one| one.status == EnrolmentStatus::Connecting);
        let timed = connecting.filter(|one| one.awaits_pilot().is_none());
        waits.extend(timed.map(|one| (one.opens_at.expect("connecting has a time"), one.ordinal)));
        assert_eq!(self.armed, waits, "armed timers are what the state waits for");
        assert_eq!(self.owed.keys().copied().collect::<BTreeSet<_>>(), owed, "owed deliveries are those of the state");
        assert_eq!(self.claimed, record.profile.external_id.clone().into_iter().collect(), "the key claimed is held");
        assert_eq!(self.shown, record.exists.then(|| record.summary()), "the list shows the record as is");
        assert_eq!(self.seen_by, seen_by(record), "and shows it to those whose it is");
        let open = record.live().filter_map(|live| record.current_step(live)).map(|step| step.assignee);
        let open = open.chain(record.open_activities().map(|activity| activity.assignee)).collect::<BTreeSet<_>>();
        let work = open.into_iter().filter(|_| record.exists);
        let work: BTreeMap<_, _> = work.map(|owner| (owner, record.work_row(owner).map(Arc::new))).collect();
        assert_eq!(self.work, work, "and what is open to those whose it is to do");
        assert_eq!(
            self.forgets,
            matches!(record.erasure, Erasure::MessagesLeft(_)),
            "messages are removed until none is left"
        );
        if record.exists {
            self.check_counters(record);
        }
    }

    /// A connected enrolment stands on its one open step; all other steps are closed.
    fn check_current_steps(&self, record: &Record) {
        let mut ordinals = BTreeSet::new();
        for one in &record.enrolments {
            let is_elsewhere = |step: &&Step| step.enrolment == one.ordinal && step.version > one.version;
            let strays = record.steps.iter().filter(is_elsewhere).all(|step| step.status == StepStatus::Cancelled);
            assert!(strays, "only what was taken back is of a later version: {one:?}");
            if let Some(step) = record.current_step(one) {
                assert_eq!(step.version, one.version, "an open step is of its enrolment's version");
            }
            let open: Vec<_> = record
                .steps
                .iter()
                .filter(|step| step.enrolment == one.ordinal && step.status == StepStatus::Open)
                .map(|step| step.ordinal)
                .collect();
            let expected = match one.status {
                EnrolmentStatus::Connected => vec![one.current.expect("connected stands somewhere")],
                _ => vec![],
            };
            assert_eq!(open, expected, "open steps of enrolment {one:?}");
            assert_eq!(one.status.is_live(), one.ended_at.is_none(), "{one:?}");
            assert_eq!(one.status.is_live(), one.reason.is_none(), "{one:?}");
            assert!(ordinals.insert(one.ordinal));
        }
        assert!(record.steps.iter().all(|step| ordinals.insert(step.ordinal)), "an ordinal is given twice");
        let activities = record.activities.iter().map(|activity| activity.ordinal);
        assert!(activities.into_iter().all(|activity| ordinals.insert(activity)), "an ordinal is given twice");
        for step in record.steps.iter().filter(|step| step.status != StepStatus::Open) {
            assert_ne!(step.linked_status(), Some(ActivityStatus::Open), "R-45: {step:?}");
        }
        assert!(ordinals.last().is_none_or(|last| *last <= record.last_ordinal));
    }

    fn check_counters(&self, record: &Record) {
        let mut expected = BTreeMap::from([(Counter::Records(record.kind), 1)]);
        let mut listed = BTreeSet::new();
        for one in &record.enrolments {
            let (sequence, live) = (one.sequence, one.status.is_live());
            *expected.entry(Counter::Enrolled(sequence)).or_default() += 1;
            *expected.entry(Counter::Live(sequence)).or_default() += i64::from(live);
            *expected.entry(Counter::ConnectedIn(one.connected_at.month())).or_default() +=
                i64::from(one.advanced_from.is_none());
            *expected.entry(Counter::LiveOf(sequence, one.version)).or_default() += i64::from(live);
            listed.insert((sequence, live, one.ordinal));
            for part in one.participations.iter().filter(|part| part.exposed) {
                *expected.entry(Counter::AbExposed(part.test, part.version)).or_default() += 1;
                *expected.entry(Counter::AbMet(part.test, part.version)).or_default() += i64::from(part.met);
            }
            if let Some(Piloted::Entered(pilot)) = one.pilot {
                *expected.entry(Counter::Piloted(sequence, pilot)).or_default() += 1;
            }
            *expected.entry(Counter::Awaiting(sequence)).or_default() += i64::from(one.awaits_pilot().is_some());
            if let Some(undone) = one.undone {
                *expected.entry(Counter::Undone(sequence, undone.number)).or_default() +=
                    i64::from(undone.disconnected);
                *expected.entry(Counter::UndoneTooLate(sequence, undone.number)).or_default() += i64::from(undone.left);
            }
            for fused in record.steps.iter().filter(|step| step.enrolment == one.ordinal).filter_map(|step| step.fused)
            {
                let counted = [
                    (FuseCount::Sent, true),
                    (FuseCount::Bounced, fused.bounced),
                    (FuseCount::Complained, fused.complained),
                    (FuseCount::Unsubscribed, fused.unsubscribed),
                ];
                for (what, is_counted) in counted {
                    *expected.entry(Counter::Fuse(sequence, fused.round, what)).or_default() += i64::from(is_counted);
                }
            }
            for (number, outcome) in &one.migrations {
                let migration = MigrationId::of(sequence, *number);
                let counters: &[_] = match outcome {
                    Outcome::Moved => &[Counter::Moved(migration)],
                    Outcome::Stayed => &[Counter::Stayed(migration)],
                    Outcome::Undone => &[Counter::Moved(migration), Counter::MovedBack(migration)],
                };
                counters.iter().for_each(|counter| *expected.entry(*counter).or_default() += 1);
            }
        }
        let done = record.steps.iter().filter_map(|step| step.done_on);
        for (user, day) in done.chain(record.activities.iter().filter_map(|activity| activity.done_on)) {
            *expected.entry(Counter::DoneOn(user, day)).or_default() += 1;
        }
        // A version that was left is counted with nothing.
        let summed = self.counters.iter().filter(|(_, sum)| **sum != 0).map(|(counter, sum)| (*counter, *sum));
        expected.retain(|_, sum| *sum != 0);
        assert_eq!(summed.collect::<BTreeMap<_, _>>(), expected, "counters are what the state counts");
        assert_eq!(self.listed, listed, "one list row per enrolment");
    }
}
