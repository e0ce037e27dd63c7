//! The records that lookups lead to: found, and looked at, before a decision is asked, which sees no other record.

use crate::domain::catalogue::field::{FieldKind, Target};
use crate::domain::entity::Entity;
use crate::domain::given::Given;
use crate::domain::record::schema::{Change, RecordType, Value};
use crate::domain::record::{Problem, Record};
use crate::id::{EnrolmentId, RecordId, UserId};
use crate::store::{Result, Store, codec};

/// In front of a type and the client's own key.
const EXTERNAL: &str = "external:";

/// Whether any of the changes could name another record, whatever the type they are for.
pub fn may_lead(given: &Given, changes: &[Change]) -> bool {
    let leads = |name: &str| given.catalogue.types.keys().any(|kind| target(given, *kind, name).is_some());
    changes.iter().any(|change| match change {
        Change::PrimaryContact(Some(_)) => true,
        Change::Field(name, Some(_)) => leads(name),
        _ => false,
    })
}

/// Puts an id in place of each `external:TYPE:EXTERNAL_ID`, and tells which lookups lead to no record of their target's type
/// that `by` may know of. A primary contact, and an account that stands in a text, may be nobody's; but nobody names a record
/// that is hidden from them, for conditions then look at it. Blocking.
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
        let unknown = |name: &str, wanted: RecordType| {
            let detail = format!("`{name}` is no {wanted} that you can see");
            Problem { pointer, code: "lookup_unknown", detail }
        };
        match change {
            Change::PrimaryContact(Some(id)) if is_hidden(store, given, by, *id)? => {
                problems.push(unknown(&id.to_string(), RecordType::Contact));
            }
            Change::Field(name, Some(Value::Text(text))) => {
                let Some((wanted, named)) = target(given, kind, name) else { continue };
                match find(store, text)? {
                    Some(id) if is_seen(store, given, by, id, wanted)? => *text = id.to_string(),
                    Some(id) if named == Named::ByText && !is_hidden(store, given, by, id)? => {}
                    None if named == Named::ByText && !text.starts_with(EXTERNAL) => {}
                    _ => problems.push(unknown(text, wanted)),
                }
            }
            _ => {}
        }
    }
    Ok(problems)
}

/// What another record is named by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    /// A lookup, which leads to a record.
    ByLookup,
    /// A text, which may say anything.
    ByText,
}

fn target(given: &Given, kind: RecordType, name: &str) -> Option<(RecordType, Named)> {
    match given.catalogue.field(kind, name)?.kind {
        FieldKind::Lookup(Target::Record(target)) => Some((target, Named::ByLookup)),
        FieldKind::Text if name == "account" => Some((RecordType::Account, Named::ByText)),
        _ => None,
    }
}

fn find(store: &dyn Store, text: &str) -> Result<Option<RecordId>> {
    match text.strip_prefix(EXTERNAL) {
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

fn is_hidden(store: &dyn Store, given: &Given, by: UserId, id: RecordId) -> Result<bool> {
    let (record, ..) = codec::load::<Record>(store, id.into(), None)?;
    Ok(record.must_be_seen(given, by).is_err())
}
