//! What the work list can be narrowed and sorted by: the filters and sorts that every organisation has, and those that an
//! administrator adds (§14.2, §14.3).

pub mod command;
mod decide;
pub mod key;
mod shown;
mod sorts;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::shown::Shown;

use self::command::{FilterPart, ListingEvent, SortPart};
use self::key::{BuiltInFilter, BuiltInSort, Direction, SortKey};
use crate::domain::condition::stored::StoredCondition;
use crate::domain::record::schema::RecordType;
use crate::id::listing::{FilterGroupId, FilterId, SortId};

/// A filter that an administrator added (W-25, W-29).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Unique among the filters of its type; `Type.Field` where none was given.
    pub name: String,
    /// Whose records it is for; it lets no others through (W-26).
    pub kind: RecordType,
    /// Comparisons of the record's own fields, all of which hold of what is let through; never none. One makes a basic
    /// filter, several an advanced one. A field may have been removed since, and is then compared as in any condition.
    pub conditions: Vec<StoredCondition>,
    /// Where it is shown; among “More filters” where there is none.
    pub group: Option<FilterGroupId>,
    /// Whether sellers see it; not at first.
    pub published: bool,
    /// Whether sellers do not see it for now although it is published (W-31).
    pub hidden: bool,
    /// Changes so far; 1 when it was added.
    pub version: u32,
}

/// A group of filters (W-30).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterGroup {
    /// Unique among the groups.
    pub name: String,
    /// Changes so far; 1 when it was added.
    pub version: u32,
}

/// A sort that an administrator added (W-43). Records of other types, and those without a value, come last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// Unique among the sorts of its type; `Type.Field` where none was given.
    pub name: String,
    /// Whose records it sorts.
    pub kind: RecordType,
    /// By which of their fields. It may have been removed since; nothing has a value in it then.
    pub field: String,
    /// Whether sellers are not offered it.
    pub hidden: bool,
    /// Changes so far; 1 when it was added.
    pub version: u32,
}

/// How the work list is configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Those beside the built-in ones.
    pub filters: BTreeMap<FilterId, Filter>,
    /// The same.
    pub groups: BTreeMap<FilterGroupId, FilterGroup>,
    /// The same.
    pub sorts: BTreeMap<SortId, Sort>,
    /// Built-in filters that sellers do not see (W-30).
    pub hidden_filters: BTreeSet<BuiltInFilter>,
    /// Built-in sorts that sellers are not offered (W-43).
    pub hidden_sorts: BTreeSet<BuiltInSort>,
    /// In which order sorts are offered: each that is there, once.
    pub order: Vec<SortKey>,
    /// What the list is sorted by where nobody says otherwise; never hidden (W-42, W-43).
    pub default_sort: (SortKey, Direction),
    /// Changes of all this so far, and 1.
    pub version: u32,
}

impl Default for Listing {
    fn default() -> Listing {
        let first = SortKey::BuiltIn(BuiltInSort::Score);
        Listing {
            filters: BTreeMap::new(),
            groups: BTreeMap::new(),
            sorts: BTreeMap::new(),
            hidden_filters: BTreeSet::new(),
            hidden_sorts: BTreeSet::new(),
            order: BuiltInSort::ALL.iter().copied().map(SortKey::BuiltIn).collect(),
            default_sort: (first, Direction::usual(first)),
            version: 1,
        }
    }
}

impl Filter {
    /// One with these members; what they leave out is as it is at first.
    fn of(kind: RecordType, parts: &[FilterPart]) -> Filter {
        let (name, conditions) = (String::new(), vec![]);
        let mut filter = Filter { name, kind, conditions, group: None, published: false, hidden: false, version: 1 };
        parts.iter().for_each(|part| filter.set(part));
        filter
    }

    fn set(&mut self, part: &FilterPart) {
        match part.clone() {
            FilterPart::Name(name) => self.name = name,
            FilterPart::Conditions(conditions) => self.conditions = conditions,
            FilterPart::Group(group) => self.group = group,
            FilterPart::Published(published) => self.published = published,
            FilterPart::Hidden(hidden) => self.hidden = hidden,
        }
    }

    /// The same member as it is.
    fn same(&self, part: &FilterPart) -> FilterPart {
        match part {
            FilterPart::Name(_) => FilterPart::Name(self.name.clone()),
            FilterPart::Conditions(_) => FilterPart::Conditions(self.conditions.clone()),
            FilterPart::Group(_) => FilterPart::Group(self.group),
            FilterPart::Published(_) => FilterPart::Published(self.published),
            FilterPart::Hidden(_) => FilterPart::Hidden(self.hidden),
        }
    }
}

impl Sort {
    /// One with these members; what they leave out is as it is at first.
    fn of(kind: RecordType, parts: &[SortPart]) -> Sort {
        let mut sort = Sort { name: String::new(), kind, field: String::new(), hidden: false, version: 1 };
        parts.iter().for_each(|part| sort.set(part));
        sort
    }

    fn set(&mut self, part: &SortPart) {
        match part.clone() {
            SortPart::Name(name) => self.name = name,
            SortPart::Field(field) => self.field = field,
            SortPart::Hidden(hidden) => self.hidden = hidden,
        }
    }

    /// The same member as it is.
    fn same(&self, part: &SortPart) -> SortPart {
        match part {
            SortPart::Name(_) => SortPart::Name(self.name.clone()),
            SortPart::Field(_) => SortPart::Field(self.field.clone()),
            SortPart::Hidden(_) => SortPart::Hidden(self.hidden),
        }
    }
}

impl Listing {
    pub(super) fn apply(&mut self, event: &ListingEvent) {
        self.version += 1;
        match event {
            ListingEvent::FilterAdded { filter, kind, parts } => {
                self.filters.insert(*filter, Filter::of(*kind, parts));
            }
            ListingEvent::FilterChanged { filter, after, .. } => {
                let Some(filter) = self.filters.get_mut(filter) else { return };
                after.iter().for_each(|part| filter.set(part));
                filter.version += 1;
            }
            ListingEvent::FilterRemoved { filter } => _ = self.filters.remove(filter),
            ListingEvent::BuiltInFilterHidden { filter, hidden: true } => _ = self.hidden_filters.insert(*filter),
            ListingEvent::BuiltInFilterHidden { filter, hidden: false } => _ = self.hidden_filters.remove(filter),
            ListingEvent::GroupAdded { group, name } => {
                self.groups.insert(*group, FilterGroup { name: name.clone(), version: 1 });
            }
            ListingEvent::GroupChanged { group, after, .. } => {
                let Some(group) = self.groups.get_mut(group) else { return };
                group.name.clone_from(after);
                group.version += 1;
            }
            ListingEvent::GroupRemoved { group } => _ = self.groups.remove(group),
            ListingEvent::SortAdded { sort, kind, parts } => {
                self.sorts.insert(*sort, Sort::of(*kind, parts));
                self.order.push(SortKey::Own(*sort));
            }
            ListingEvent::SortChanged { sort, after, .. } => {
                let Some(sort) = self.sorts.get_mut(sort) else { return };
                after.iter().for_each(|part| sort.set(part));
                sort.version += 1;
            }
            ListingEvent::SortRemoved { sort } => {
                self.sorts.remove(sort);
                self.order.retain(|key| *key != SortKey::Own(*sort));
            }
            ListingEvent::BuiltInSortHidden { sort, hidden: true } => _ = self.hidden_sorts.insert(*sort),
            ListingEvent::BuiltInSortHidden { sort, hidden: false } => _ = self.hidden_sorts.remove(sort),
            ListingEvent::DefaultSortSet { after, .. } => self.default_sort = *after,
            ListingEvent::SortsOrdered { after, .. } => self.reorder(after),
        }
    }

    /// A sort that an earlier release did not have stands behind those that it ordered.
    fn reorder(&mut self, after: &[SortKey]) {
        let before = std::mem::replace(&mut self.order, after.to_vec());
        self.order.extend(before.into_iter().filter(|key| !after.contains(key)));
    }
}
