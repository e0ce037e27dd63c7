//! What became of filters and sorts of the work list, as administrators read it.

use super::Told;
use crate::domain::catalogue::listing::command::{FilterPart, ListingEvent, SortPart};
use crate::domain::catalogue::listing::key::{Direction, SortKey};

/// A member of a filter and its value.
fn filter_part(part: &FilterPart) -> (&'static str, String) {
    match part {
        FilterPart::Name(name) => ("name", name.clone()),
        FilterPart::Conditions(conditions) => {
            let all: Vec<_> = conditions.iter().map(|one| &one.0).collect();
            ("conditions", serde_json::to_string(&all).unwrap_or_default())
        }
        FilterPart::Group(group) => ("group", group.map(|group| group.to_string()).unwrap_or_default()),
        FilterPart::Published(published) => ("published", published.to_string()),
        FilterPart::Hidden(hidden) => ("hidden", hidden.to_string()),
    }
}

/// A member of a sort and its value.
fn sort_part(part: &SortPart) -> (&'static str, String) {
    match part {
        SortPart::Name(name) => ("name", name.clone()),
        SortPart::Field(field) => ("field", field.clone()),
        SortPart::Hidden(hidden) => ("hidden", hidden.to_string()),
    }
}

type Shown<P> = fn(&P) -> (&'static str, String);

fn added<P>(told: Told, parts: &[P], shown: Shown<P>) -> Told {
    parts.iter().map(shown).fold(told, |told, (what, value)| told.altered(what, "", value))
}

fn changed<P>(told: Told, before: &[P], after: &[P], shown: Shown<P>) -> Told {
    before.iter().zip(after).fold(told, |told, (before, after)| {
        let ((what, before), (_, after)) = (shown(before), shown(after));
        told.altered(what, before, after)
    })
}

fn sorted((sort, direction): &(SortKey, Direction)) -> String {
    format!("{sort} {}", direction.word())
}

fn order(keys: &[SortKey]) -> String {
    keys.iter().map(SortKey::to_string).collect::<Vec<_>>().join(", ")
}

/// Filters, groups and sorts.
pub fn tell_listing(event: &ListingEvent) -> Told {
    match event {
        ListingEvent::FilterAdded { filter, kind, parts } => {
            let told = Told::of("filter.added", format!("filter {filter}")).with("record_type", kind);
            added(told, parts, filter_part)
        }
        ListingEvent::FilterChanged { filter, before, after } => {
            changed(Told::of("filter.changed", format!("filter {filter}")), before, after, filter_part)
        }
        // Behind the group that it goes with, it is told as a change of that.
        ListingEvent::FilterRemoved { filter } => {
            Told::of("filter.removed", format!("filter {filter}")).altered("filter", filter, "")
        }
        ListingEvent::BuiltInFilterHidden { filter, hidden } => {
            Told::of("filter.changed", format!("filter {}", filter.word())).altered("hidden", !hidden, hidden)
        }
        ListingEvent::GroupAdded { group, name } => {
            Told::of("filter_group.added", format!("filter group {group}")).with("name", name)
        }
        ListingEvent::GroupChanged { group, before, after } => {
            Told::of("filter_group.changed", format!("filter group {group}")).altered("name", before, after)
        }
        ListingEvent::GroupRemoved { group } => Told::of("filter_group.removed", format!("filter group {group}")),
        ListingEvent::SortAdded { sort, kind, parts } => {
            let told = Told::of("sort.added", format!("sort {sort}")).with("record_type", kind);
            added(told, parts, sort_part)
        }
        ListingEvent::SortChanged { sort, before, after } => {
            changed(Told::of("sort.changed", format!("sort {sort}")), before, after, sort_part)
        }
        ListingEvent::SortRemoved { sort } => Told::of("sort.removed", format!("sort {sort}")),
        ListingEvent::BuiltInSortHidden { sort, hidden } => {
            Told::of("sort.changed", format!("sort {}", sort.word())).altered("hidden", !hidden, hidden)
        }
        ListingEvent::DefaultSortSet { before, after } => {
            Told::of("sort.default_changed", "default sort").altered("default", sorted(before), sorted(after))
        }
        ListingEvent::SortsOrdered { before, after } => {
            Told::of("sort.order_changed", "order of sorts").altered("order", order(before), order(after))
        }
    }
}
