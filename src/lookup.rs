//! The records that lookups lead to: found, and looked at, before a decision is asked, which sees no other record.

use crate::domain::catalogue::field::{FieldKind, Target};
use crate::domain::entity::Entity;
use crate::domain::given::Given;
use crate::domain::record::schema::{Change, RecordType, Value};
use crate::domain::record::{Problem, Record};
use crate::id::{EnrolmentId, RecordId, UserId};
use crate::store::{Result, Store, codec};

/// Whether any of the changes could be of a lookup to a record, whatever the type they are for.
pub fn may_lead(given: &Given, changes: &[Change]) -> bool {
    let leads = |name: &str| given.catalogue.types.keys().any(|kind| target(given, *kind, name).is_some());
    changes.iter().any(|change| matches!(change, Change::Field(name, Some(_)) if leads(name)))
}

/// Puts an id in place of each `external:TYPE:EXTERNAL_ID`, and tells which lookups lead to no record of their target's type
/// that `by` may know of. Blocking.
pub fn resolve(
    store: &dyn Store,
    given: &Given,
    by: UserId,
    kind: RecordType,
    changes: &mut [Change],
) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for change in changes {
        let pointer = change.pointer();
        let Change::Field(name, Some(Value::Text(text))) = change else { continue };
        let Some(wanted) = target(given, kind, name) else { continue };
        match find(store, text)? {
            Some(id) if is_seen(store, given, by, id, wanted)? => *text = id.to_string(),
            _ => {
                let detail = format!("`{text}` is no {wanted} that you can see");
                problems.push(Problem { pointer, code: "lookup_unknown", detail });
            }
        }
    }
    Ok(problems)
}

fn target(given: &Given, kind: RecordType, name: &str) -> Option<RecordType> {
    match given.catalogue.field(kind, name)?.kind {
        FieldKind::Lookup(Target::Record(target)) => Some(target),
        _ => None,
    }
}

fn find(store: &dyn Store, text: &str) -> Result<Option<RecordId>> {
    match text.strip_prefix("external:") {
        None => Ok(RecordId::parse(text).filter(|id| EnrolmentId(id.0).ordinal() == 0)),
        Some(named) => match named.split_once(':') {
            Some((kind, external_id)) => match RecordType::from_name(kind) {
                Some(kind) => store.claimed(kind, external_id),
                None => Ok(None),
            },
            None => Ok(None),
        },
    }
}

fn is_seen(store: &dyn Store, given: &Given, by: UserId, id: RecordId, wanted: RecordType) -> Result<bool> {
    let (record, ..) = codec::load::<Record>(store, id.into(), None)?;
    Ok(record.exists && record.kind == wanted && record.must_be_seen(given, by).is_ok())
}
