//! An example of every fact about filters and sorts of the work list.

use relance::domain::catalogue::listing::command::{FilterPart, ListingEvent, SortPart};
use relance::domain::catalogue::listing::key::{BuiltInFilter, BuiltInSort, Direction, SortKey};
use relance::domain::condition::stored::StoredCondition;
use relance::domain::record::schema::RecordType;
use relance::id::listing::{FilterGroupId, FilterId, SortId};

use super::{SEQUENCE, USER};

fn conditions() -> Vec<StoredCondition> {
    let one = r#"{"field":"currency","op":"eq","value":"EUR"}"#;
    vec![StoredCondition(serde_json::from_str(one).expect("a condition"))]
}

pub fn filter_parts() -> Vec<FilterPart> {
    vec![
        FilterPart::Name("Moeda".into()),
        FilterPart::Conditions(conditions()),
        FilterPart::Group(None),
        FilterPart::Group(Some(FilterGroupId(SEQUENCE.0))),
        FilterPart::Published(true),
        FilterPart::Hidden(true),
    ]
}

pub fn sort_parts() -> Vec<SortPart> {
    vec![SortPart::Name("Valor".into()), SortPart::Field("estimated_value".into()), SortPart::Hidden(true)]
}

pub fn events() -> Vec<ListingEvent> {
    use ListingEvent::*;
    let (filter, group, sort) = (FilterId(SEQUENCE.0), FilterGroupId(USER.0), SortId(USER.0));
    let hides = BuiltInFilter::ALL.iter().map(|filter| BuiltInFilterHidden { filter: *filter, hidden: true });
    let leaves = BuiltInSort::ALL.iter().map(|sort| BuiltInSortHidden { sort: *sort, hidden: false });
    let (own, score) = (SortKey::Own(sort), SortKey::BuiltIn(BuiltInSort::Score));
    vec![
        FilterAdded { filter, kind: RecordType::Lead, parts: filter_parts() },
        FilterChanged { filter, before: vec![FilterPart::Published(false)], after: vec![FilterPart::Published(true)] },
        FilterRemoved { filter },
        GroupAdded { group, name: "Praza".into() },
        GroupChanged { group, before: "Praza".into(), after: "Rúa".into() },
        GroupRemoved { group },
        SortAdded { sort, kind: RecordType::Opportunity, parts: sort_parts() },
        SortChanged { sort, before: vec![SortPart::Hidden(false)], after: vec![SortPart::Hidden(true)] },
        SortRemoved { sort },
        DefaultSortSet { before: (score, Direction::Descending), after: (own, Direction::Ascending) },
        SortsOrdered { before: vec![score, own], after: vec![own, score] },
    ]
    .into_iter()
    .chain(hides)
    .chain(leaves)
    .collect()
}
