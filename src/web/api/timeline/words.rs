//! What the timeline calls things.

use crate::domain::enrolment::Ordinal;
use crate::domain::given::Given;
use crate::domain::record::Record;
use crate::domain::record::schema::Change;
use crate::domain::sequence::fuse::FuseCount;

/// An enrolment was undone.
pub fn undone(sequence: &str, left: u32) -> String {
    match left {
        0 => format!("What had begun in {sequence} was undone before a message of it left"),
        1 => format!("What had begun in {sequence} was undone; one message had left before"),
        left => format!("What had begun in {sequence} was undone; {left} messages had left before"),
    }
}

/// What the fuse of a sequence has counted, behind the name of a step.
pub fn counted(what: FuseCount) -> &'static str {
    match what {
        FuseCount::Sent => "counts as sent for the fuse of its sequence",
        FuseCount::Bounced => "counts as bounced for the fuse of its sequence",
        FuseCount::Complained => "counts as complained of for the fuse of its sequence",
        FuseCount::Unsubscribed => "counts as a lost reader for the fuse of its sequence",
    }
}

/// Who asked for a migration, as far as that is known.
pub fn migrated_by(record: &Record, given: &Given, enrolment: Ordinal, migration: u32) -> String {
    let by = || {
        let sequence = given.sequences.get(&record.enrolment(enrolment)?.sequence)?;
        Some(given.policy.user(sequence.migration(migration)?.by)?.profile.name.clone())
    };
    by().map(|name| format!(" by {name}")).unwrap_or_default()
}

/// What a step or an activity is called.
pub fn name_of(record: &Record, given: &Given, item: Ordinal) -> String {
    if let Some(activity) = record.activity(item) {
        return format!("“{}”", activity.subject);
    }
    let name = || Some(record.node_of(given, record.step(item)?)?.name.clone());
    name().map_or_else(|| "A step".to_owned(), |name| format!("“{name}”"))
}

pub fn changed(changes: &[Change]) -> String {
    let names = changes.iter().map(|change| change.pointer().trim_start_matches('/').replace('/', "."));
    format!("Changed: {}", names.collect::<Vec<_>>().join(", "))
}
