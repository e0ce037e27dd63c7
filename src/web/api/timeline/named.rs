//! What the timeline calls things and people.

use crate::domain::enrolment::Ordinal;
use crate::domain::given::Given;
use crate::domain::record::Record;
use crate::domain::record::schema::Change;

/// Who asked for a migration, as far as that is known.
pub(super) fn migrated_by(record: &Record, given: &Given, enrolment: Ordinal, migration: u32) -> String {
    let by = || {
        let sequence = given.sequences.get(&record.enrolment(enrolment)?.sequence)?;
        Some(given.policy.user(sequence.migration(migration)?.by)?.profile.name.clone())
    };
    by().map(|name| format!(" by {name}")).unwrap_or_default()
}

/// What a step or an activity is called.
pub(super) fn name_of(record: &Record, given: &Given, item: Ordinal) -> String {
    if let Some(activity) = record.activity(item) {
        return format!("“{}”", activity.subject);
    }
    let name = || Some(record.node_of(given, record.step(item)?)?.name.clone());
    name().map_or_else(|| "A step".to_owned(), |name| format!("“{name}”"))
}

/// What was written, field by field.
pub(super) fn changed(changes: &[Change]) -> String {
    let names = changes.iter().map(|change| change.pointer().trim_start_matches('/').replace('/', "."));
    format!("Changed: {}", names.collect::<Vec<_>>().join(", "))
}
