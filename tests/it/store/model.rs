//! Sled against its model: whatever is asked of both, memory and sled answer alike, across openings too.

use std::path::Path;

use proptest::prelude::*;
use relance::domain::access::Scope;
use relance::domain::effect::{Counter, Delivery, Effect, Index};
use relance::domain::plan::AbVersion;
use relance::domain::record::schema::{Owner, RecordType};
use relance::domain::sequence::fuse::FuseCount;
use relance::id::{AbTestId, EntityId, EntityKind, MigrationId, SequenceId, Shard, TeamId, UserId};
use relance::limits::SHARD_COUNT;
use relance::store::{Commit, Fence, Origin, Store, Version};
use relance::time::Timestamp;

use super::fixture::*;

/// A commit in the terms of a small world: few entities, keys and instants, so that they meet.
#[derive(Clone, Debug)]
struct Asked {
    entity: usize,
    /// Added to the version that the entity has at the beginning of its group.
    ahead: i8,
    /// Under the former epoch.
    late: bool,
    command: Option<(u8, u8)>,
    days: i64,
    /// Bytes of the event row; none for housekeeping.
    entry: Option<usize>,
    snapshot: Option<usize>,
    audit: Option<Origin>,
    effects: Vec<Effect>,
}

/// What is done to both stores.
#[derive(Clone, Debug)]
enum Act {
    Group(Vec<Asked>),
    /// The sled store is closed and opened; the memory store only grants again.
    Reopen,
    Forget(i64),
}

fn world() -> Vec<EntityId> {
    let place = |(kind, shard, number)| entity(kind, shard, number);
    let (record, sequence) = (EntityKind::Record, EntityKind::Sequence);
    [(record, 0, 1), (record, 0, 2), (record, 7, 1), (record, SHARD_COUNT - 1, 3), (sequence, 7, 1)].map(place).into()
}

/// Few, so that several see the same record.
fn principal() -> impl Strategy<Value = Owner> {
    prop_oneof![(1..3_u128).prop_map(|id| Owner::User(UserId(id))), (1..3_u128).prop_map(|id| Owner::Team(TeamId(id)))]
}

fn effect() -> impl Strategy<Value = Effect> {
    let due = (-2..3_i64).prop_map(|hour| Timestamp::from_millis(NOON + hour * 3_600_000));
    let sequence = || (1..3_u32).prop_map(|number| SequenceId::from(entity(EntityKind::Sequence, 7, number)));
    let counter = prop_oneof![
        Just(Counter::ActiveSequences),
        sequence().prop_map(Counter::Live),
        sequence().prop_map(Counter::Enrolled),
        sequence().prop_map(|id| Counter::LiveOf(id, 3)),
        sequence().prop_map(|id| Counter::Undone(id, 300)),
        sequence().prop_map(|id| Counter::Piloted(id, 300)),
        sequence().prop_map(Counter::Awaiting),
        sequence().prop_map(|id| Counter::Fuse(id, 300, FuseCount::Unsubscribed)),
        sequence().prop_map(|id| Counter::UndoneTooLate(id, 300)),
        sequence().prop_map(|id| Counter::AbExposed(AbTestId(id.0), AbVersion::A)),
        sequence().prop_map(|id| Counter::AbMet(AbTestId(id.0), AbVersion::B)),
        Just(Counter::Records(RecordType::Account)),
        sequence().prop_map(|id| Counter::Moved(MigrationId::of(id, 1))),
        sequence().prop_map(|id| Counter::MovedBack(MigrationId::of(id, 2))),
    ];
    let key = || prop_oneof![Just("a".to_owned()), Just("ab".to_owned()), Just(String::new())];
    let kind = || prop_oneof![Just(RecordType::Lead), Just(RecordType::Contact)];
    let index = prop_oneof![
        "[a-c]{0,3}".prop_map(|name| Index::Record(summary(&name))),
        principal().prop_map(Index::Principal),
        (sequence(), any::<bool>(), 1..4_u32).prop_map(|(sequence, live, ordinal)| Index::Enrolment {
            sequence,
            live,
            ordinal
        }),
    ];
    prop_oneof![
        (due.clone(), 0..3_u32).prop_map(|(due, key)| Effect::Arm { due, key }),
        (due.clone(), 0..3_u32).prop_map(|(due, key)| Effect::Disarm { due, key }),
        (0..3_u32, due).prop_map(|(key, until)| Effect::Owe { key, delivery: Delivery::DisconnectAll { until } }),
        (0..3_u32).prop_map(|key| Effect::Settle { key }),
        (index, any::<bool>()).prop_map(|(index, there)| if there {
            Effect::Index(index)
        } else {
            Effect::Unindex(index)
        }),
        (kind(), key()).prop_map(|(kind, external_id)| Effect::Claim { kind, external_id }),
        (kind(), key()).prop_map(|(kind, external_id)| Effect::Unclaim { kind, external_id }),
        (counter, -2..4_i64, proptest::option::of(0..5_i64)).prop_map(|(counter, delta, max)| Effect::Count {
            counter,
            delta,
            max
        }),
    ]
}

fn length() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 0..40_usize, 1 => 3_990..4_010_usize, 1 => Just(9_000)]
}

fn asked() -> impl Strategy<Value = Asked> {
    let ahead = prop_oneof![8 => Just(0_i8), 1 => -1..3_i8];
    let late = proptest::bool::weighted(0.05);
    let command = proptest::option::weighted(0.4, (0..6_u8, 0..2_u8));
    let days = prop_oneof![3 => Just(0_i64), 1 => -8..9_i64];
    let entry = proptest::option::weighted(0.85, length());
    let snapshot = proptest::option::weighted(0.2, length());
    let audit = proptest::option::weighted(0.3, Just(Origin { from: None }));
    let effects = proptest::collection::vec(effect(), 0..5);
    (0..world().len(), ahead, late, command, days, entry, snapshot, (audit, effects)).prop_map(
        |(entity, ahead, late, command, days, entry, snapshot, (audit, effects))| Asked {
            entity,
            ahead,
            late,
            command,
            days,
            entry,
            snapshot,
            audit,
            effects,
        },
    )
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => proptest::collection::vec(asked(), 1..8).prop_map(Act::Group),
        1 => Just(Act::Reopen),
        1 => (0..30_i64).prop_map(Act::Forget),
    ]
}

/// The epochs now and before.
struct Fences {
    now: Vec<Fence>,
    before: Vec<Fence>,
}

fn commits(group: &[Asked], store: &dyn Store, fences: &Fences) -> Vec<Commit> {
    let mut heads = std::collections::HashMap::new();
    let bytes = |length: usize| (0..length).map(|place| (place * 7 % 256) as u8).collect::<Vec<_>>();
    let commit = |asked: &Asked| {
        let entity = world()[asked.entity];
        let head = heads.entry(entity).or_insert_with(|| version(store, entity));
        let expected = head.saturating_add_signed(asked.ahead.into());
        // The next of the group goes on from here, as if this one were good.
        *head += Version::from(asked.entry.is_some() && asked.ahead == 0 && !asked.late);
        let fences = if asked.late { &fences.before } else { &fences.now };
        Commit {
            fence: fences[usize::from(entity.shard().0)],
            entity,
            expected,
            at: Timestamp::from_millis(NOON + asked.days * DAY),
            command: asked.command.and_then(|(key, fingerprint)| command(key.into(), fingerprint)),
            entry: asked.entry.map(bytes),
            effects: asked.effects.clone(),
            snapshot: asked.snapshot.map(bytes),
            audit: asked.audit,
        }
    };
    group.iter().map(commit).collect()
}

fn version(store: &dyn Store, entity: EntityId) -> Version {
    store.history(entity, Version::MAX, 1).unwrap().first().map_or(0, |row| row.0)
}

/// Everything that can be asked, of both.
fn assert_alike(model: &dyn Store, store: &dyn Store) {
    assert!(derived(model) == derived(store), "computed rows");
    assert!(log(model) == log(store), "event rows");
    assert_eq!(model.head().trail, store.head().trail);
    assert_eq!(links(model, None, usize::MAX), links(store, None, usize::MAX));
    for entity in world() {
        let head = version(model, entity);
        for until in [None, Some(0), Some(head / 2), Some(head)] {
            assert!(model.load(entity, until).unwrap() == store.load(entity, until).unwrap(), "{entity} {until:?}");
        }
        let history = |of: &dyn Store| of.history(entity, head, 3).unwrap();
        assert!(history(model) == history(store), "{entity}");
    }
    for shard in [0, 7, SHARD_COUNT - 1].map(Shard) {
        let due = |of: &dyn Store| of.due(shard, None, Timestamp::from_millis(NOON), 3).unwrap();
        assert_eq!(due(model), due(store));
        assert_eq!(model.owed(shard, None, 3).unwrap(), store.owed(shard, None, 3).unwrap());
        for (key, days) in (0..6).flat_map(|key| [-7, 0, 7].map(|days| (key, days))) {
            let now = Timestamp::from_millis(NOON + days * DAY);
            assert_eq!(model.repeat(shard, key, now).unwrap(), store.repeat(shard, key, now).unwrap());
        }
    }
    let sequences = [1, 2].map(|number| SequenceId::from(entity(EntityKind::Sequence, 7, number)));
    let counters = sequences.into_iter().flat_map(|id| {
        let [first, second] = [1, 2].map(|number| MigrationId::of(id, number));
        [
            Counter::Live(id),
            Counter::LiveOf(id, 3),
            Counter::Undone(id, 300),
            Counter::Piloted(id, 300),
            Counter::Awaiting(id),
            Counter::Fuse(id, 300, FuseCount::Unsubscribed),
            Counter::UndoneTooLate(id, 300),
            Counter::AbExposed(AbTestId(id.0), AbVersion::A),
            Counter::AbMet(AbTestId(id.0), AbVersion::B),
            Counter::Enrolled(id),
            Counter::Moved(first),
            Counter::MovedBack(second),
        ]
    });
    for counter in counters.chain([Counter::ActiveSequences, Counter::Records(RecordType::Account)]) {
        assert_eq!(model.counter(counter), store.counter(counter), "{counter:?}");
    }
    let owners = [Owner::User(UserId(1)), Owner::Team(TeamId(1)), Owner::User(UserId(2))];
    for scope in [Scope::All, Scope::Of(vec![]), Scope::Of(owners[..1].into()), Scope::Of(owners.into())] {
        assert_eq!(listed(model, &scope, None, usize::MAX), listed(store, &scope, None, usize::MAX), "{scope:?}");
    }
}

fn run(acts: &[Act], directory: &Path) {
    let (model, mut store) = (memory(), sled(directory));
    let mut fences = Fences { now: model.grant().unwrap(), before: vec![] };
    fences.before.clone_from(&fences.now);
    for fence in &mut fences.before {
        fence.epoch -= 1;
    }
    assert_eq!(store.grant().unwrap(), fences.now);
    for act in acts {
        match act {
            Act::Group(group) => {
                let commits = commits(group, &model, &fences);
                assert_eq!(model.commit(&commits).unwrap(), store.commit(&commits).unwrap());
            }
            Act::Reopen => {
                drop(store);
                store = sled(directory);
                assert_alike(&model, &store);
                let now = model.grant().unwrap();
                assert_eq!(store.grant().unwrap(), now);
                fences = Fences { now, before: fences.now };
            }
            Act::Forget(days) => {
                let now = Timestamp::from_millis(NOON + days * DAY);
                assert_eq!(model.forget_repeats(now).unwrap(), store.forget_repeats(now).unwrap());
            }
        }
    }
    assert_alike(&model, &store);
    drop(store);
    assert_alike(&model, &sled(directory));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn p2_sled_answers_as_its_model_does(acts in proptest::collection::vec(act(), 1..24)) {
        run(&acts, directory().path());
    }
}

/// The random groups above are worth something only if every outcome comes up in them.
#[test]
fn random_groups_come_to_every_outcome() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config, TestRunner};
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &[7; 32]),
    );
    let strategy = proptest::collection::vec(asked(), 1..8);
    let mut seen = std::collections::BTreeMap::new();
    for _ in 0..20 {
        let model = memory();
        let before = model.grant().unwrap();
        let fences = Fences { now: model.grant().unwrap(), before };
        for _ in 0..20 {
            let group = strategy.new_tree(&mut runner).unwrap().current();
            for outcome in model.commit(&commits(&group, &model, &fences)).unwrap() {
                let name: String = format!("{outcome:?}").chars().take_while(|c| c.is_alphabetic()).collect();
                *seen.entry(name).or_insert(0) += 1;
            }
        }
    }
    let names: Vec<_> = seen.keys().map(String::as_str).collect();
    assert_eq!(names, ["Conflict", "Done", "Fenced", "LimitReached", "Repeat", "Taken"], "{seen:?}");
    assert!(seen["Done"] > 400 && seen.values().all(|count| *count > 20), "{seen:?}");
}
