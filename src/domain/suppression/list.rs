//! The suppressions that hold, as decisions look at them: by digest, in parts, so that one more copies little of many.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use super::Reached;
use crate::id::SuppressionId;

/// Parts, by the first byte of an id.
const PARTS: usize = 256;

/// What an e-mail address or a phone number is suppressed under: by the present key, and by those before.
pub type Naming = Arc<dyn Fn(Reached, &str) -> Vec<SuppressionId> + Send + Sync>;

/// The suppressions that hold.
#[derive(Clone, Default)]
pub struct Suppressions {
    parts: Vec<Arc<BTreeSet<u128>>>,
    count: usize,
    naming: Option<Naming>,
}

impl fmt::Debug for Suppressions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Suppressions({})", self.count)
    }
}

fn part_of(id: SuppressionId) -> usize {
    usize::from((id.0 >> 120) as u8)
}

impl Suppressions {
    /// None yet, of addresses that are named so.
    pub fn named_by(naming: Naming) -> Suppressions {
        Suppressions { naming: Some(naming), ..Suppressions::default() }
    }

    /// Whether one holds.
    pub fn has(&self, id: SuppressionId) -> bool {
        self.parts.get(part_of(id)).is_some_and(|part| part.contains(&id.0))
    }

    /// What an e-mail address is suppressed under, if it is, or else would be; nothing where none can be named.
    pub fn id_of(&self, address: &str) -> Option<SuppressionId> {
        let ids = self.naming.as_ref().map(|name| name(Reached::Email, address)).unwrap_or_default();
        ids.iter().find(|id| self.has(**id)).or(ids.first()).copied()
    }

    /// How many hold.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether none holds.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether an e-mail address or a phone number is suppressed.
    pub fn holds(&self, reached: Reached, address: &str) -> bool {
        // Where there are none, nothing has to be computed.
        let naming = self.naming.as_ref().filter(|_| !self.is_empty());
        naming.is_some_and(|name| name(reached, address).into_iter().any(|id| self.has(id)))
    }

    /// The same with one that holds, or does not.
    #[must_use]
    pub fn with(&self, id: SuppressionId, holds: bool) -> Suppressions {
        let mut next = self.clone();
        next.set(id, holds);
        next
    }

    /// One holds, or does not. Where nothing else looks at the list, nothing is copied.
    pub fn set(&mut self, id: SuppressionId, holds: bool) {
        if self.has(id) == holds {
            return;
        }
        self.parts.resize_with(PARTS, Arc::default);
        if let Some(part) = self.parts.get_mut(part_of(id)).map(Arc::make_mut) {
            _ = if holds { part.insert(id.0) } else { part.remove(&id.0) };
            self.count = if holds { self.count + 1 } else { self.count - 1 };
        }
    }

    /// Those behind `after`, in the order of their ids.
    pub fn behind(&self, after: Option<SuppressionId>) -> impl Iterator<Item = SuppressionId> {
        let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.0));
        let parts = self.parts.iter().skip(after.map_or(0, part_of));
        parts.flat_map(move |part| part.range((from, Bound::Unbounded))).map(|id| SuppressionId(*id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_hold_are_found_listed_in_order_and_gone_when_taken_away() {
        let naming =
            |_: Reached, address: &str| vec![SuppressionId(7), SuppressionId(u128::from(address.len() as u64) << 100)];
        let mut list = Suppressions::named_by(Arc::new(naming));
        assert!(!list.holds(Reached::Email, "four"));
        let ids = [4_u128 << 100, 9 << 120, 1, 255 << 120 | 3, 9 << 120 | 1].map(SuppressionId);
        for id in ids {
            list = list.with(id, true).with(id, true);
        }
        assert!(list.holds(Reached::Email, "four") && !list.holds(Reached::Email, "three"));
        let mut sorted = ids;
        sorted.sort();
        assert_eq!(list.behind(None).collect::<Vec<_>>(), sorted);
        for (place, id) in sorted.iter().enumerate() {
            assert_eq!(list.behind(Some(*id)).collect::<Vec<_>>(), sorted[place + 1..]);
        }
        let before = list.clone();
        list = list.with(ids[0], false).with(SuppressionId(77), false);
        assert!(!list.holds(Reached::Email, "four") && before.holds(Reached::Email, "four"));
        assert_eq!((list.len(), before.len(), Suppressions::default().is_empty()), (4, 5, true));
        assert_eq!(list.behind(None).count(), 4);
        assert_eq!(list.id_of("four"), Some(SuppressionId(7)), "as it would be added");
        let list = list.with(ids[0], true);
        assert_eq!(list.id_of("four"), Some(ids[0]), "as it is");
        assert_eq!(Suppressions::default().id_of("four"), None);
    }
}
