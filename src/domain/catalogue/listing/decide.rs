//! What is decided about filters and their groups (W-25, W-29 to W-31).

use super::command::{FilterPart, ListingCommand, ListingEvent};
use super::key::{FilterKey, GroupKey};
use super::{Filter, Listing};
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::command::{CatalogueEvent, CatalogueRejection};
use crate::domain::catalogue::decide::{Decision, at, refuse, seen};
use crate::domain::catalogue::field::in_words;
use crate::domain::condition::Condition;
use crate::domain::condition::check::Schema;
use crate::domain::condition::stored::StoredCondition;
use crate::domain::condition::subject::OfRecord;
use crate::domain::record::Problem;
use crate::domain::record::schema::{Fault, RecordType, text_fault};
use crate::id::listing::{FilterGroupId, FilterId};
use crate::limits;

type Judged = Result<Option<ListingEvent>, CatalogueRejection>;

impl Catalogue {
    pub(in crate::domain::catalogue) fn decide_listing(&self, command: ListingCommand) -> Decision {
        let one = match command {
            ListingCommand::AddFilter { filter, kind, parts } => self.add_filter(filter, kind, parts)?,
            ListingCommand::ChangeFilter { filter, parts, expected } => self.change_filter(filter, parts, expected)?,
            ListingCommand::RemoveFilter { filter, expected } => self.remove_filter(filter, expected)?,
            ListingCommand::AddGroup { group, name } => self.listing.add_group(group, name)?,
            ListingCommand::ChangeGroup { group, name, expected } => {
                self.listing.change_group(group, name, expected)?
            }
            ListingCommand::RemoveGroup { group, expected } => return self.listing.remove_group(group, expected),
            ListingCommand::AddSort { sort, kind, parts } => self.add_sort(sort, kind, parts)?,
            ListingCommand::ChangeSort { sort, parts, expected } => self.change_sort(sort, parts, expected)?,
            ListingCommand::RemoveSort { sort, expected } => self.listing.remove_sort(sort, expected)?,
            ListingCommand::SetDefaultSort { sort, direction, expected } => {
                self.listing.set_default_sort(sort, direction, expected)?
            }
            ListingCommand::OrderSorts { order, expected } => self.listing.order_sorts(order, expected)?,
        };
        Ok(one.map(CatalogueEvent::Listing).into_iter().collect())
    }

    /// `Type.Field`, as both are shown to people (W-29, W-43).
    pub(super) fn usual_name(&self, kind: RecordType, field: &str) -> String {
        let of = self.types.get(&kind).map_or(kind.name(), |entry| &entry.label);
        let field = self.field(kind, field).map_or_else(|| in_words(field), |field| field.label.clone());
        format!("{of}.{field}")
    }

    pub(super) fn kind_fault(&self, kind: RecordType) -> Option<Problem> {
        let unknown = || ("record_type_unknown", format!("there is no record type `{kind}`"));
        at("/record_type", (!self.knows(kind)).then(unknown))
    }

    fn add_filter(&self, id: FilterId, kind: RecordType, mut parts: Vec<FilterPart>) -> Judged {
        if self.listing.filters.contains_key(&id) {
            return Err(CatalogueRejection::Exists);
        }
        refuse([self.kind_fault(kind)])?;
        let mut filter = Filter::of(kind, &parts);
        if !parts.iter().any(|part| matches!(part, FilterPart::Name(_))) {
            filter.name = self.usual_name(kind, first_field(&filter.conditions));
            parts.insert(0, FilterPart::Name(filter.name.clone()));
        }
        refuse(self.filter_faults(&filter, true))?;
        self.listing.judge_filter_name(id, &filter)?;
        if self.listing.filters.len() >= limits::FILTERS_MAX {
            return Err(CatalogueRejection::Full("filters"));
        }
        Ok(Some(ListingEvent::FilterAdded { filter: id, kind, parts }))
    }

    fn change_filter(&self, key: FilterKey, parts: Vec<FilterPart>, expected: Option<u32>) -> Judged {
        let id = match key {
            FilterKey::BuiltIn(filter) => {
                seen(self.listing.version, expected)?;
                let Some(hidden) = only_hidden(&parts)? else { return Ok(None) };
                let changes = hidden != self.listing.hidden_filters.contains(&filter);
                return Ok(changes.then_some(ListingEvent::BuiltInFilterHidden { filter, hidden }));
            }
            FilterKey::Own(id) => id,
        };
        let found = self.listing.filter(id)?;
        seen(found.version, expected)?;
        let after: Vec<FilterPart> = parts.into_iter().filter(|part| found.same(part) != *part).collect();
        let mut filter = found.clone();
        after.iter().for_each(|part| filter.set(part));
        // What was said of fields that are gone since stays until it is said anew.
        refuse(self.filter_faults(&filter, filter.conditions != found.conditions))?;
        self.listing.judge_filter_name(id, &filter)?;
        let before: Vec<FilterPart> = after.iter().map(|part| found.same(part)).collect();
        Ok((!after.is_empty()).then_some(ListingEvent::FilterChanged { filter: id, before, after }))
    }

    fn remove_filter(&self, key: FilterKey, expected: Option<u32>) -> Judged {
        let FilterKey::Own(filter) = key else { return Err(CatalogueRejection::FilterBuiltIn) };
        seen(self.listing.filter(filter)?.version, expected)?;
        Ok(Some(ListingEvent::FilterRemoved { filter }))
    }

    fn filter_faults(&self, filter: &Filter, with_conditions: bool) -> Vec<Option<Problem>> {
        let is_there = filter.group.is_none_or(|group| self.listing.groups.contains_key(&group));
        let unknown = || ("filter_group_unknown", "there is no such group of filters".to_owned());
        let mut faults = vec![at("/name", name_fault(&filter.name)), at("/group", (!is_there).then(unknown))];
        if with_conditions {
            faults.extend(self.condition_faults(filter.kind, &filter.conditions));
        }
        faults
    }

    /// W-29: one comparison of a field of the record itself, or several.
    fn condition_faults(&self, kind: RecordType, conditions: &[StoredCondition]) -> Vec<Option<Problem>> {
        let (count, most) = (conditions.len(), limits::FILTER_CONDITIONS_MAX);
        let bytes = serde_json::to_string(&conditions.iter().map(|one| &one.0).collect::<Vec<_>>());
        let large = bytes.map_or(usize::MAX, |text| text.len()) > limits::FILTER_BYTES_MAX;
        let whole = match count {
            0 => Some(("missing", "at least one condition is needed".to_owned())),
            _ if count > most => Some(("too_long", format!("{count} conditions, at most {most} fit"))),
            _ => large.then(|| ("too_long", format!("at most {} bytes of JSON fit", limits::FILTER_BYTES_MAX))),
        };
        if whole.is_some() {
            return vec![at("/conditions", whole)];
        }
        let schema = OfRecord { kind, catalogue: self };
        let fault = |(place, StoredCondition(condition)): (usize, &StoredCondition)| {
            at(format!("/conditions/{place}"), comparison_fault(condition, &schema))
        };
        conditions.iter().enumerate().map(fault).collect()
    }
}

fn comparison_fault(condition: &Condition, schema: &dyn Schema) -> Option<Fault> {
    let why = match condition {
        Condition::Compare(_) => condition.faults(schema).into_iter().next()?,
        _ => "a filter compares fields of the record itself: {field, op, value}".to_owned(),
    };
    Some(("condition_invalid", why))
}

/// The field that a filter without a name is called after.
fn first_field(conditions: &[StoredCondition]) -> &str {
    match conditions.first() {
        Some(StoredCondition(Condition::Compare(comparison))) => &comparison.field,
        _ => "",
    }
}

pub(super) fn name_fault(name: &str) -> Option<Fault> {
    text_fault(name, limits::LISTING_NAME_MAX, false)
}

/// Whether a built-in filter is to be hidden; nothing else of it can be written (W-30).
fn only_hidden(parts: &[FilterPart]) -> Result<Option<bool>, CatalogueRejection> {
    parts.iter().try_fold(None, |_, part| match part {
        FilterPart::Hidden(hidden) => Ok(Some(*hidden)),
        _ => Err(CatalogueRejection::FilterBuiltIn),
    })
}

impl Listing {
    /// The name of something that is for records of a type, if anything is.
    pub(in crate::domain::catalogue) fn used_by(&self, kind: RecordType) -> Option<&str> {
        let filter = self.filters.values().find(|filter| filter.kind == kind).map(|filter| filter.name.as_str());
        filter.or_else(|| self.sorts.values().find(|sort| sort.kind == kind).map(|sort| sort.name.as_str()))
    }

    fn filter(&self, filter: FilterId) -> Result<&Filter, CatalogueRejection> {
        self.filters.get(&filter).ok_or(CatalogueRejection::NotFound("filter"))
    }

    fn judge_filter_name(&self, own: FilterId, filter: &Filter) -> Result<(), CatalogueRejection> {
        let same =
            |(id, other): (&FilterId, &Filter)| *id != own && other.kind == filter.kind && other.name == filter.name;
        if self.filters.iter().any(same) { Err(CatalogueRejection::NameTaken("filter")) } else { Ok(()) }
    }

    fn judge_group_name(&self, own: FilterGroupId, name: &str) -> Result<(), CatalogueRejection> {
        refuse([at("/name", name_fault(name))])?;
        let taken = self.groups.iter().any(|(id, group)| *id != own && group.name == name);
        if taken { Err(CatalogueRejection::NameTaken("group of filters")) } else { Ok(()) }
    }

    fn add_group(&self, group: FilterGroupId, name: String) -> Judged {
        if self.groups.contains_key(&group) {
            return Err(CatalogueRejection::Exists);
        }
        self.judge_group_name(group, &name)?;
        if self.groups.len() >= limits::FILTER_GROUPS_MAX {
            return Err(CatalogueRejection::Full("groups of filters"));
        }
        Ok(Some(ListingEvent::GroupAdded { group, name }))
    }

    fn change_group(&self, key: GroupKey, name: Option<String>, expected: Option<u32>) -> Judged {
        let (group, before) = self.own_group(key, expected)?;
        let after = name.unwrap_or_else(|| before.clone());
        self.judge_group_name(group, &after)?;
        Ok((before != after).then_some(ListingEvent::GroupChanged { group, before, after }))
    }

    /// W-30: its filters go with it.
    fn remove_group(&self, key: GroupKey, expected: Option<u32>) -> Decision {
        let (group, _) = self.own_group(key, expected)?;
        let within = self.filters.iter().filter(|(_, filter)| filter.group == Some(group));
        let gone = within.map(|(filter, _)| ListingEvent::FilterRemoved { filter: *filter });
        let all = [ListingEvent::GroupRemoved { group }].into_iter().chain(gone);
        Ok(all.map(CatalogueEvent::Listing).collect())
    }

    /// A group that is not built in, with its name.
    fn own_group(&self, key: GroupKey, expected: Option<u32>) -> Result<(FilterGroupId, String), CatalogueRejection> {
        let GroupKey::Own(id) = key else { return Err(CatalogueRejection::FilterBuiltIn) };
        let found = self.groups.get(&id).ok_or(CatalogueRejection::NotFound("group of filters"))?;
        seen(found.version, expected)?;
        Ok((id, found.name.clone()))
    }
}
