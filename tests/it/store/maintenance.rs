//! What can be said of a whole store from its log (P2): rebuilt it is the same, checked it is sound, exported it is all
//! there.

use std::collections::BTreeSet;

use relance::domain::effect::{Counter, Delivery, Effect, Index};
use relance::domain::enrolment::Signal;
use relance::domain::record::Record;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Owner, RecordType};
use relance::id::{EntityId, EntityKind, RecordId, SequenceId, Shard, TeamId};
use relance::limits::SNAPSHOT_EVERY;
use relance::store::maintenance::{self, Findings};
use relance::store::{Commit, Outcome, Store, Version, codec, transfer};
use relance::time::Timestamp;

use super::fixture::*;
use super::population::{Population, lead_graph, populated};

pub fn sound(store: &dyn Store) -> Findings {
    let findings = maintenance::check(store).unwrap();
    assert_eq!(findings.faults, Vec::<String>::new());
    findings
}

/// The letters of the kinds of computed rows that are there.
fn kinds(store: &dyn Store) -> BTreeSet<char> {
    derived(store).iter().map(|(key, _)| char::from(key[2])).collect()
}

for_every_store! {
    p2_a_store_that_was_written_to_is_what_its_log_says
    p2_external_ids_that_went_from_hand_to_hand_survive_a_rebuild
    p2_a_computed_row_that_was_lost_or_altered_is_found_and_mended
    p2_a_snapshot_that_is_not_what_its_log_says_is_found
    p2_a_log_that_cannot_be_read_is_found
    p4_an_enrolment_that_waits_for_nothing_is_found
    an_export_holds_every_event_as_one_json_object_a_line
    an_empty_store_is_sound_and_exports_nothing
}

fn p2_a_store_that_was_written_to_is_what_its_log_says(store: &dyn Store) {
    populated(store);
    assert_eq!(
        kinds(store),
        ['T', 'O', 'I', 'J', 'V', 'U', 'C', 'D', 'L'].into(),
        "the population has rows of every kind"
    );
    let (rows, entries) = (derived(store), log(store));
    let counters = || {
        let sequences = [1, 2].map(|number| SequenceId::from(entity(EntityKind::Sequence, number as u16, number)));
        let mut sums = vec![store.counter(Counter::ActiveSequences), store.counter(Counter::Records(RecordType::Lead))];
        sums.extend(
            sequences.iter().flat_map(|id| [Counter::Live(*id), Counter::Enrolled(*id)]).map(|of| store.counter(of)),
        );
        sums
    };
    let before = counters();
    assert_eq!((before[0], before[1]), (1, 25));
    let findings = sound(store);
    let entities: BTreeSet<_> = entries.iter().map(|(entity, ..)| *entity).collect();
    let counted = (entities.len() as u64, entries.len() as u64, rows.len() as u64);
    assert_eq!((findings.entities, findings.commits, findings.rows), counted);
    for round in 0..2 {
        assert_eq!(maintenance::rebuild(store).unwrap(), counted.0);
        assert!(derived(store) == rows, "rebuild {round} changes no byte");
        assert!(log(store) == entries, "nor the log");
        assert_eq!(counters(), before, "nor what is held in memory of it");
    }
    sound(store);
}

/// Replaying goes entity by entity, in an order that has nothing to do with who had the key when.
fn p2_external_ids_that_went_from_hand_to_hand_survive_a_rebuild(store: &dyn Store) {
    let mut all = Population::new(store);
    let (early, late) = (record(1, 1), record(9, 9));
    for (from, to, key) in [(early, late, "forward"), (late, early, "backward")] {
        let [from, to] = [from, to].map(|id| RecordId(id.0 + (u128::from(key.as_bytes()[0]) << 84)));
        all.create(from, key, true);
        all.create(to, "", true);
        for round in 0..3 {
            let (giver, taker) = if round % 2 == 0 { (from, to) } else { (to, from) };
            all.change(giver, Change::ExternalId(None));
            all.change(taker, Change::ExternalId(Some(key.into())));
        }
        assert_eq!(store.claimed(RecordType::Lead, key).unwrap(), Some(to));
        all.change(to, Change::ExternalId(Some("other".into())));
        all.change(to, Change::ExternalId(Some(key.into())));
        sound(store);
        maintenance::rebuild(store).unwrap();
        assert_eq!(store.claimed(RecordType::Lead, key).unwrap(), Some(to), "{key}");
        assert_eq!(store.claimed(RecordType::Lead, "other").unwrap(), None);
    }
}

fn p2_a_computed_row_that_was_lost_or_altered_is_found_and_mended(store: &dyn Store) {
    populated(store);
    let (right, write) = (derived(store), Writing::granted(store));
    let head = |of: EntityId| store.history(of, Version::MAX, 1).unwrap().first().map_or(0, |row| row.0);
    let timer = (0..16).find_map(|shard| store.due(Shard(shard), None, Timestamp::MAX, 1).unwrap().pop()).unwrap();
    let owed = (0..16).find_map(|shard| store.owed(Shard(shard), None, 1).unwrap().pop()).unwrap();
    let lead = record(12, 99);
    let sequence = SequenceId::from(entity(EntityKind::Sequence, 1, 1));
    let mut live = vec![];
    store
        .enrolments(sequence, true, None, &mut |row| {
            live.push(row);
            true
        })
        .unwrap();
    let enrolment = Index::Enrolment { sequence, live: true, ordinal: live[0].ordinal };
    let claim = |text: &str| Effect::Claim { kind: RecordType::Lead, external_id: text.into() };
    let unclaim = |text: &str| Effect::Unclaim { kind: RecordType::Lead, external_id: text.into() };
    let count = |counter, delta| Effect::Count { counter, delta, max: None };
    let (missing, nothing, differs) = ("is missing", "follows from nothing", "differs from what the log says");
    let cases: [(EntityId, Effect, char, &str); 15] = [
        (timer.entity, Effect::Disarm { due: timer.due, key: timer.key }, 'T', missing),
        (lead.into(), Effect::Arm { due: Timestamp::from_millis(NOON), key: 1 }, 'T', nothing),
        (owed.entity, Effect::Settle { key: owed.key }, 'O', missing),
        (owed.entity, Effect::Owe { key: 12_345, delivery: owed.delivery.clone() }, 'O', nothing),
        (
            owed.entity,
            Effect::Owe { key: owed.key, delivery: Delivery::DisconnectAll { until: Timestamp::MAX } },
            'O',
            differs,
        ),
        (lead.into(), Effect::Unindex(Index::Record(summary(""))), 'I', missing),
        (lead.into(), Effect::Index(Index::Record(summary("false"))), 'I', differs),
        (lead.into(), Effect::Unindex(Index::Principal(Owner::default())), 'V', missing),
        (lead.into(), Effect::Index(Index::Principal(Owner::Team(TeamId(5)))), 'V', nothing),
        (live[0].record.into(), Effect::Unindex(enrolment), 'J', missing),
        (lead.into(), Effect::Index(Index::Enrolment { sequence, live: false, ordinal: 9 }), 'J', nothing),
        (lead.into(), unclaim("long"), 'U', missing),
        (lead.into(), claim("never"), 'U', nothing),
        (lead.into(), count(Counter::ActiveSequences, 1), 'C', differs),
        (lead.into(), count(Counter::Live(SequenceId(5)), 1), 'C', nothing),
    ];
    for (entity, effect, kind, fault) in cases {
        assert_eq!(
            write.one(write.sweeping(entity, head(entity), std::slice::from_ref(&effect))),
            Outcome::Done(head(entity))
        );
        let findings = maintenance::check(store).unwrap();
        assert_eq!(findings.faults, [format!("a computed row of kind {kind} {fault}")], "{effect:?}");
        maintenance::rebuild(store).unwrap();
        assert!(derived(store) == right, "{effect:?} is mended");
        sound(store);
    }
    assert_eq!(store.counter(Counter::ActiveSequences), 1, "in memory too");
}

fn p2_a_snapshot_that_is_not_what_its_log_says_is_found(store: &dyn Store) {
    let (mut all, lead) = (Population::new(store), record(12, 99));
    all.create(lead, "", true);
    for score in 2..=SNAPSHOT_EVERY {
        all.change(lead, Change::Score(Some(score as u8)));
    }
    let write = Writing::granted(store);
    let (state, version) = codec::replay::<Record>(&store.load(lead.into(), None).unwrap()).unwrap();
    let snapshot =
        |state: &Record| Commit { snapshot: Some(codec::snapshot(state)), ..write.sweeping(lead, version, &[]) };
    write.one(snapshot(&state));
    sound(store);
    let mut other = state.clone();
    std::sync::Arc::make_mut(&mut other.profile).score = Some(1);
    write.one(snapshot(&other));
    let findings = maintenance::check(store).unwrap();
    assert_eq!(findings.faults, [format!("{}: its snapshot is not what its log says", EntityId::from(lead))]);
    write.one(snapshot(&state));
    sound(store);
}

fn p2_a_log_that_cannot_be_read_is_found(store: &dyn Store) {
    populated(store);
    let (write, broken) = (Writing::granted(store), record(12, 98));
    write.one(Commit { entry: Some(vec![1, 200, 3]), ..write.plain(broken, 0) });
    let faults = maintenance::check(store).unwrap().faults;
    let named = EntityId::from(broken).to_string();
    assert!(faults.len() == 1 && faults[0].contains(&named) && faults[0].contains("version 1"), "{faults:?}");
    let rows = derived(store);
    let error = maintenance::rebuild(store).unwrap_err().to_string();
    assert!(error.contains(&named), "a rebuild is refused: {error}");
    assert!(derived(store) == rows, "and has changed nothing");
}

fn p4_an_enrolment_that_waits_for_nothing_is_found(store: &dyn Store) {
    use relance::domain::entity::Stamp;
    use relance::domain::record::event::RecordEvent;
    use relance::id::UserId;
    let (mut all, lead) = (Population::new(store), record(3, 1));
    let sequence = all.sequence(1, &lead_graph());
    all.create(lead, "a", true);
    // A defect in the domain: connected, and no step opened.
    let stuck = RecordEvent::Connected { enrolment: 1, sequence, version: 1, opens_at: None, source: None };
    let stamp = Stamp { at: Timestamp::from_millis(NOON), by: UserId::SYSTEM };
    all.store_events::<Record>(lead, vec![stuck], stamp);
    let faults = maintenance::check(store).unwrap().faults;
    assert_eq!(faults, [format!("{}: enrolment 1 is live and waits for nothing", EntityId::from(lead))]);
}

fn an_export_holds_every_event_as_one_json_object_a_line(store: &dyn Store) {
    let mut all = populated(store);
    all.run(record(5, 1), RecordCommand::Reopen);
    all.run(record(10, 2), RecordCommand::Note { step: 2, text: "two\nlines \"quoted\" \u{2028} é".into() });
    all.run(record(10, 2), RecordCommand::Signal { step: 2, signal: Signal::Opened, at: Timestamp::from_millis(NOON) });
    let mut out = vec![];
    let lines = transfer::export(store, &mut out).unwrap();
    let links = store.head().trail.length as usize;
    assert!(links > 0);
    let text = String::from_utf8(out).unwrap();
    assert!(text.ends_with('\n'));
    let entries = log(store);
    assert_eq!((lines as usize, text.lines().count()), (entries.len(), entries.len() + links + 2));
    let mut kinds = BTreeSet::new();
    for (line, (entity, version, _)) in text.lines().skip(1).zip(&entries) {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let members: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(BTreeSet::from_iter(members), BTreeSet::from(["at", "by", "entity", "events", "id", "version"]));
        let kind = value["entity"].as_str().unwrap();
        let id = RecordId::parse(value["id"].as_str().unwrap()).unwrap().0;
        assert_eq!((format!("{kind} {}", value["id"].as_str().unwrap()), id), (entity.to_string(), entity.id));
        assert_eq!(value["version"], *version);
        assert!(Timestamp::parse(value["at"].as_str().unwrap()).is_some());
        assert!(RecordId::parse(value["by"].as_str().unwrap()).is_some());
        assert!(!value["events"].as_array().unwrap().is_empty());
        kinds.insert(kind.to_owned());
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["import", "record", "sequence"]);
    assert!(text.contains(r#""Noted":{"step":2,"text":"two\nlines \"quoted\""#), "a line break stays within its line");
}

fn an_empty_store_is_sound_and_exports_nothing(store: &dyn Store) {
    assert_eq!(sound(store), Findings::default());
    assert_eq!(maintenance::rebuild(store).unwrap(), 0);
    let mut out = vec![];
    assert_eq!(transfer::export(store, &mut out).unwrap(), 0);
    assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 2, "a first and a last line");
}
