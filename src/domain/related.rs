//! What a decision may see of other records: snapshots that are given with the command. A decision that needs one that it was
//! not given says so and is void; whoever asked looks the record up and asks again, so nobody waits for anybody in a decision.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::record::Record;
use crate::domain::record::schema::RecordType;
use crate::id::RecordId;

/// Other records as they were when they were looked up.
#[derive(Clone, Debug, Default)]
pub struct Related(HashMap<RecordId, Option<Arc<Record>>>);

/// What there is to see of another record.
#[derive(Clone, Copy, Debug)]
pub enum Sight<'a> {
    /// It was not looked up.
    Unseen,
    /// There is no such record: it never was, was erased, or is of another type.
    Absent,
    /// This.
    Seen(&'a Record),
}

impl Related {
    /// What was seen of that record, which is to be of that type.
    pub fn look(&self, id: RecordId, kind: RecordType) -> Sight<'_> {
        match self.0.get(&id) {
            None => Sight::Unseen,
            Some(found) => match found.as_deref().filter(|record| record.exists && record.kind == kind) {
                Some(record) => Sight::Seen(record),
                None => Sight::Absent,
            },
        }
    }
}

impl Given {
    /// The same snapshot with what was found of another record.
    #[must_use]
    pub fn with_related(&self, id: RecordId, found: Option<Arc<Record>>) -> Given {
        let mut next = self.clone();
        next.related.0.insert(id, found);
        next
    }
}

/// Looks up another record, for as long as somebody may know of it.
pub type See<'a> = &'a dyn Fn(RecordId) -> Option<Arc<Record>>;

/// A decision, the snapshot that it was made with where that had to show other records, and the same request once more, for
/// whom it may have to be decided anew.
pub type Decided<E> =
    (Result<Vec<<E as Entity>::Event>, <E as Entity>::Rejection>, Option<Given>, Option<<E as Entity>::Command>);

/// Decides; each other record that the decision has to see is looked up by `see`, and then it decides again. It ends: each time
/// a record is seen that was not, and conditions lead to so many and no further.
pub fn decide_seeing<E: Entity<Given = Given>, F>(
    (id, state): (E::Id, &E),
    given: &Given,
    mut command: E::Command,
    stamp: Stamp,
    see: impl Fn(RecordId) -> Result<Option<Arc<Record>>, F>,
) -> Result<Decided<E>, F> {
    let mut shown: Option<Given> = None;
    loop {
        let again = E::again(&command);
        let decided = state.decide(id, shown.as_ref().unwrap_or(given), command, stamp);
        match (decided.as_ref().err().and_then(E::unseen), again) {
            (Some(other), Some(again)) => {
                shown = Some(shown.as_ref().unwrap_or(given).with_related(other, see(other)?));
                command = again;
            }
            (_, again) => return Ok((decided, shown, again)),
        }
    }
}
