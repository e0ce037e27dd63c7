//! Stored events and snapshots: whatever bytes a row holds, it is refused or it can be lived with.

use relance::domain::account::Account;
use relance::domain::audit::Audit;
use relance::domain::effect::Effects;
use relance::domain::entity::{Entity, Stamp};
use relance::domain::explain::explain;
use relance::domain::given::Given;
use relance::domain::import::Import;
use relance::domain::message_template::MessageTemplate;
use relance::domain::organisation::Organisation;
use relance::domain::policy::Policy;
use relance::domain::record::Record;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::sequence::Sequence;
use relance::id::{AccountId, AuditId, ImportId, OrganisationId, RecordId, SequenceId, TemplateId, UserId};
use relance::store::Stored;
use relance::store::codec::{self, Entry};
use relance::time::Timestamp;
use relance::web::wire::{EnrolmentView, RecordView, StepView, steps_total};

const STAMP: Stamp = Stamp { at: Timestamp::MAX, by: UserId::SYSTEM };

/// A row of events; or, behind a one and its length in two bytes, a snapshot before it.
fn stored(bytes: &[u8]) -> Option<Stored> {
    let (&choice, rest) = bytes.split_first()?;
    let (snapshot, entry) = match choice % 2 {
        0 => (None, rest),
        _ => {
            let (length, rest) = rest.split_at_checked(2)?;
            let length = usize::from(u16::from_le_bytes(length.try_into().ok()?)).min(rest.len());
            (Some((7, rest[..length].to_vec())), &rest[length..])
        }
    };
    let version = snapshot.as_ref().map_or(1, |_| 8);
    let entries = if entry.is_empty() { vec![] } else { vec![(version, entry.to_vec())] };
    Some(Stored { snapshot, entries })
}

/// The entity, if its rows are read; they are read again from what is written of it.
fn replayed<E: Entity + PartialEq + std::fmt::Debug>(bytes: &[u8], id: E::Id) -> Option<E>
where
    E::Event: PartialEq + std::fmt::Debug,
{
    let stored = stored(bytes)?;
    let (state, _) = codec::replay::<E>(&stored).ok()?;
    let snapshot = codec::snapshot(&state);
    if let Ok((layout, again)) = codec::decode::<(u16, E)>(&snapshot) {
        // A number that is not one equals nothing, not even itself; its bytes do.
        assert_eq!(layout, E::LAYOUT);
        assert_eq!(codec::snapshot(&again), snapshot, "a snapshot is read as it was written");
    }
    for (_, bytes) in &stored.entries {
        let entry: Entry<E::Event> = codec::decode(bytes).expect("it was read before");
        let (mut state, mut owed) = (E::default(), Effects::default());
        for event in &entry.events {
            state.apply(event, entry.stamp);
            state.effects(id, event, &mut owed);
        }
    }
    Some(state)
}

/// What a row says that happened, whatever was before it.
fn events(bytes: &[u8]) -> Vec<(Stamp, RecordEvent)> {
    let entries = stored(bytes).map(|stored| stored.entries).unwrap_or_default();
    let read = entries.iter().filter_map(|(_, bytes)| codec::decode::<Entry<RecordEvent>>(bytes).ok());
    read.flat_map(|entry| entry.events.into_iter().map(move |event| (entry.stamp, event))).collect()
}

pub fn record(bytes: &[u8]) {
    let id = RecordId(1 << 100);
    let Some(record) = replayed::<Record>(bytes, id) else { return };
    let given = Given::default();
    let _ = serde_json::to_vec(&RecordView::of(id, &record, &given));
    for enrolment in &record.enrolments {
        let _ = serde_json::to_vec(&EnrolmentView::of(id, &record, &given, enrolment));
        let _ = steps_total(&record, &given, enrolment);
        let _ = explain((&given, &|_, _| None), events(bytes), enrolment.ordinal, Timestamp::MAX);
    }
    for step in &record.steps {
        let _ = serde_json::to_vec(&StepView::of(id, &record, &given, step));
    }
    // Nothing that is asked of it afterwards is a reason to panic either.
    let step = record.steps.last().map_or(1, |step| step.ordinal);
    let enrolment = record.enrolments.last().map_or(1, |enrolment| enrolment.ordinal);
    for command in [
        RecordCommand::Complete { step, note: None, call_result: None },
        RecordCommand::Skip(step),
        RecordCommand::SkipWait(step),
        RecordCommand::Fire(step),
        RecordCommand::Fire(enrolment),
        RecordCommand::Disconnect(enrolment),
        RecordCommand::Reopen,
    ] {
        let _ = record.decide(id, &given, command, STAMP);
    }
}

pub fn other(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    match choice % 6 {
        2 => return drop(replayed::<Organisation>(rest, OrganisationId::THE).map(Policy::new)),
        3 => return drop(replayed::<Account>(rest, AccountId(1 << 100))),
        4 => return drop(replayed::<Audit>(rest, AuditId(1 << 100))),
        5 => return drop(replayed::<MessageTemplate>(rest, TemplateId(1 << 100))),
        _ => {}
    }
    if choice % 6 == 0 {
        let Some(import) = replayed::<Import>(rest, ImportId(1 << 100)) else { return };
        let _ = format!("{} {:?}", import.started_at, import.ended_at.map(|at| at.to_string()));
        return;
    }
    let id = SequenceId(1 << 100);
    let Some(sequence) = replayed::<Sequence>(rest, id) else { return };
    let given = Given::default().with_sequence(id, &sequence);
    let _ = sequence.compile_draft(id, &given);
    let _ = serde_json::to_vec(&sequence.graph());
}
