//! Which filters and sorts somebody sees (W-31): an administrator hides them from sellers, and everybody more from themselves.

use std::collections::HashSet;

use super::Listing;
use super::key::{BuiltInFilter, BuiltInGroup, FilterKey, GroupKey, SortKey};
use crate::domain::organisation::own_settings::OwnSettings;

/// What stands above somebody's work list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The built-in ones first, then group by group by name; those of “More filters” last.
    pub filters: Vec<FilterKey>,
    /// In the order in which they are offered.
    pub sorts: Vec<SortKey>,
}

impl Listing {
    /// What somebody sees who has set that for themselves; `manages` says that they may change filters and sorts (P-13).
    pub fn shown(&self, own: &OwnSettings, manages: bool) -> Shown {
        let groups: HashSet<GroupKey> = own.hidden_filters.iter().filter_map(|text| GroupKey::parse(text)).collect();
        let filters: HashSet<FilterKey> = own.hidden_filters.iter().filter_map(|text| FilterKey::parse(text)).collect();
        let is_shown = |key: &FilterKey| {
            let group = self.group_of(*key);
            self.offers_filter(*key, manages)
                && !filters.contains(key)
                && !group.is_some_and(|key| groups.contains(&key))
        };
        let filters = self.filter_keys().into_iter().filter(is_shown).collect();
        let sorts = self.order.iter().copied().filter(|key| self.offers_sort(*key, manages)).collect();
        Shown { filters, sorts }
    }

    /// Whether a filter is there for somebody, be it hidden by themselves: sellers have what is published and not hidden.
    pub fn offers_filter(&self, key: FilterKey, manages: bool) -> bool {
        match key {
            FilterKey::BuiltIn(one) => manages || !self.hidden_filters.contains(&one),
            FilterKey::Own(id) => {
                self.filters.get(&id).is_some_and(|filter| manages || (filter.published && !filter.hidden))
            }
        }
    }

    /// The same of a group: sellers have those in which there is a filter for them.
    pub fn offers_group(&self, key: GroupKey, manages: bool) -> bool {
        let within = |filter: &FilterKey| self.group_of(*filter) == Some(key) && self.offers_filter(*filter, manages);
        manages || self.filter_keys().iter().any(within)
    }

    /// Whether a sort is there for somebody.
    pub fn offers_sort(&self, key: SortKey, manages: bool) -> bool {
        self.is_sort_hidden(key).is_some_and(|hidden| manages || !hidden)
    }

    /// Whether an administrator has hidden a sort; `None` where there is no such sort (any more).
    pub fn is_sort_hidden(&self, key: SortKey) -> Option<bool> {
        match key {
            SortKey::BuiltIn(one) => Some(self.hidden_sorts.contains(&one)),
            SortKey::Own(id) => self.sorts.get(&id).map(|sort| sort.hidden),
        }
    }

    /// The group that a filter stands in; `None` where there is no such filter (any more).
    pub fn group_of(&self, key: FilterKey) -> Option<GroupKey> {
        match key {
            FilterKey::BuiltIn(_) => Some(GroupKey::BuiltIn(BuiltInGroup::Default)),
            FilterKey::Own(id) => {
                let group = self.filters.get(&id)?.group;
                Some(group.map_or(GroupKey::BuiltIn(BuiltInGroup::More), GroupKey::Own))
            }
        }
    }

    /// Every filter, in the order in which they are shown.
    pub fn filter_keys(&self) -> Vec<FilterKey> {
        let group = |key| self.groups.get(&key).map(|group| group.name.to_lowercase());
        let place = |(id, filter): (_, &super::Filter)| {
            let group = filter.group.and_then(group);
            ((group.is_none(), group, filter.name.to_lowercase(), id), FilterKey::Own(id))
        };
        let mut own: Vec<_> = self.filters.iter().map(|(id, filter)| place((*id, filter))).collect();
        own.sort();
        let built_in = BuiltInFilter::ALL.iter().copied().map(FilterKey::BuiltIn);
        built_in.chain(own.into_iter().map(|(_, key)| key)).collect()
    }
}
