//! What can be asked of filters, groups and sorts, and what has happened to them.

use serde::{Deserialize, Serialize};

use super::key::{BuiltInFilter, BuiltInSort, Direction, FilterKey, GroupKey, SortKey};
use crate::domain::condition::stored::StoredCondition;
use crate::domain::record::schema::RecordType;
use crate::id::listing::{FilterGroupId, FilterId, SortId};

/// A member of a filter set to a value. Stored for good: variants are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FilterPart {
    /// See [`super::Filter::name`].
    Name(String),
    /// See [`super::Filter::conditions`].
    Conditions(Vec<StoredCondition>),
    /// See [`super::Filter::group`].
    Group(Option<FilterGroupId>),
    /// See [`super::Filter::published`].
    Published(bool),
    /// See [`super::Filter::hidden`].
    Hidden(bool),
}

/// A member of a sort set to a value. Stored for good: variants are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SortPart {
    /// See [`super::Sort::name`].
    Name(String),
    /// See [`super::Sort::field`].
    Field(String),
    /// See [`super::Sort::hidden`].
    Hidden(bool),
}

/// A request about the work list. `expected` is the version that the caller has seen, if only that one may be changed; that
/// of a built-in one, of the order and of the default is [`super::Listing::version`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListingCommand {
    /// A filter that is not there yet (W-29).
    AddFilter { filter: FilterId, kind: RecordType, parts: Vec<FilterPart> },
    /// Write members of a filter; a built-in one is only hidden or shown (W-30).
    ChangeFilter { filter: FilterKey, parts: Vec<FilterPart>, expected: Option<u32> },
    /// The filter is no more.
    RemoveFilter { filter: FilterKey, expected: Option<u32> },
    /// A group that is not there yet.
    AddGroup { group: FilterGroupId, name: String },
    /// Rename a group.
    ChangeGroup { group: GroupKey, name: Option<String>, expected: Option<u32> },
    /// The group is no more, and none of its filters (W-30).
    RemoveGroup { group: GroupKey, expected: Option<u32> },
    /// A sort that is not there yet; it stands last (W-43).
    AddSort { sort: SortId, kind: RecordType, parts: Vec<SortPart> },
    /// Write members of a sort; a built-in one is only hidden or shown.
    ChangeSort { sort: SortKey, parts: Vec<SortPart>, expected: Option<u32> },
    /// The sort is no more.
    RemoveSort { sort: SortKey, expected: Option<u32> },
    /// What the list is sorted by where nobody says otherwise.
    SetDefaultSort { sort: SortKey, direction: Option<Direction>, expected: Option<u32> },
    /// In which order sorts are offered: each of them once.
    OrderSorts { order: Vec<SortKey>, expected: Option<u32> },
}

/// A fact about the work list. Stored for good: variants and members are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListingEvent {
    /// A filter is there.
    FilterAdded { filter: FilterId, kind: RecordType, parts: Vec<FilterPart> },
    /// The members that are otherwise than before, in the same order.
    FilterChanged { filter: FilterId, before: Vec<FilterPart>, after: Vec<FilterPart> },
    /// A filter is not there any more.
    FilterRemoved { filter: FilterId },
    /// A built-in filter is not shown to sellers, or is again.
    BuiltInFilterHidden { filter: BuiltInFilter, hidden: bool },
    /// A group is there.
    GroupAdded { group: FilterGroupId, name: String },
    /// It has another name.
    GroupChanged { group: FilterGroupId, before: String, after: String },
    /// It is not there any more; neither are its filters, of which as many events say so behind it.
    GroupRemoved { group: FilterGroupId },
    /// A sort is there, the last in order.
    SortAdded { sort: SortId, kind: RecordType, parts: Vec<SortPart> },
    /// The members that are otherwise than before, in the same order.
    SortChanged { sort: SortId, before: Vec<SortPart>, after: Vec<SortPart> },
    /// A sort is not there any more.
    SortRemoved { sort: SortId },
    /// A built-in sort is not offered to sellers, or is again.
    BuiltInSortHidden { sort: BuiltInSort, hidden: bool },
    /// The list is sorted otherwise where nobody says how.
    DefaultSortSet { before: (SortKey, Direction), after: (SortKey, Direction) },
    /// Sorts are offered in another order.
    SortsOrdered { before: Vec<SortKey>, after: Vec<SortKey> },
}
