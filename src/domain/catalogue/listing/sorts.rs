//! What is decided about sorts, their order, and the one that is the default (W-42, W-43).

use std::collections::BTreeSet;

use super::command::{ListingEvent, SortPart};
use super::decide::name_fault;
use super::key::{Direction, SortKey};
use super::{Listing, Sort};
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::command::CatalogueRejection;
use crate::domain::catalogue::decide::{at, refuse, seen};
use crate::domain::condition::check::Schema;
use crate::domain::condition::subject::OfRecord;
use crate::domain::record::Problem;
use crate::domain::record::schema::RecordType;
use crate::id::listing::SortId;
use crate::limits;

type Judged = Result<Option<ListingEvent>, CatalogueRejection>;

impl Catalogue {
    pub(super) fn add_sort(&self, id: SortId, kind: RecordType, mut parts: Vec<SortPart>) -> Judged {
        if self.listing.sorts.contains_key(&id) {
            return Err(CatalogueRejection::Exists);
        }
        refuse([self.kind_fault(kind)])?;
        let mut sort = Sort::of(kind, &parts);
        if !parts.iter().any(|part| matches!(part, SortPart::Name(_))) {
            sort.name = self.usual_name(kind, &sort.field);
            parts.insert(0, SortPart::Name(sort.name.clone()));
        }
        refuse([at("/name", name_fault(&sort.name)), self.field_fault(&sort)])?;
        self.listing.judge_sort_name(id, &sort)?;
        if self.listing.sorts.len() >= limits::SORTS_MAX {
            return Err(CatalogueRejection::Full("sorts"));
        }
        Ok(Some(ListingEvent::SortAdded { sort: id, kind, parts }))
    }

    pub(super) fn change_sort(&self, key: SortKey, parts: Vec<SortPart>, expected: Option<u32>) -> Judged {
        let hides = |part: &SortPart| matches!(part, SortPart::Hidden(true));
        if self.listing.default_sort.0 == key && parts.iter().any(hides) {
            return Err(CatalogueRejection::SortDefault);
        }
        let id = match key {
            SortKey::BuiltIn(sort) => {
                seen(self.listing.version, expected)?;
                let Some(hidden) = only_hidden(&parts)? else { return Ok(None) };
                let changes = hidden != self.listing.hidden_sorts.contains(&sort);
                return Ok(changes.then_some(ListingEvent::BuiltInSortHidden { sort, hidden }));
            }
            SortKey::Own(id) => id,
        };
        let found = self.listing.sort(id)?;
        seen(found.version, expected)?;
        let after: Vec<SortPart> = parts.into_iter().filter(|part| found.same(part) != *part).collect();
        let mut sort = found.clone();
        after.iter().for_each(|part| sort.set(part));
        // A field that is gone since stays until another is named.
        let field = if sort.field == found.field { None } else { self.field_fault(&sort) };
        refuse([at("/name", name_fault(&sort.name)), field])?;
        self.listing.judge_sort_name(id, &sort)?;
        let before: Vec<SortPart> = after.iter().map(|part| found.same(part)).collect();
        Ok((!after.is_empty()).then_some(ListingEvent::SortChanged { sort: id, before, after }))
    }

    fn field_fault(&self, sort: &Sort) -> Option<Problem> {
        let is_there = OfRecord { kind: sort.kind, catalogue: self }.field(&sort.field).is_some();
        let unknown = || ("unknown_field", format!("records of type {} have no field `{}`", sort.kind, sort.field));
        at("/field", (!is_there).then(unknown))
    }
}

/// Whether a built-in sort is to be hidden; nothing else of it can be written (W-43).
fn only_hidden(parts: &[SortPart]) -> Result<Option<bool>, CatalogueRejection> {
    parts.iter().try_fold(None, |_, part| match part {
        SortPart::Hidden(hidden) => Ok(Some(*hidden)),
        _ => Err(CatalogueRejection::SortBuiltIn),
    })
}

impl Listing {
    fn sort(&self, sort: SortId) -> Result<&Sort, CatalogueRejection> {
        self.sorts.get(&sort).ok_or(CatalogueRejection::NotFound("sort"))
    }

    fn judge_sort_name(&self, own: SortId, sort: &Sort) -> Result<(), CatalogueRejection> {
        let same = |(id, other): (&SortId, &Sort)| *id != own && other.kind == sort.kind && other.name == sort.name;
        if self.sorts.iter().any(same) { Err(CatalogueRejection::NameTaken("sort")) } else { Ok(()) }
    }

    pub(super) fn remove_sort(&self, key: SortKey, expected: Option<u32>) -> Judged {
        let SortKey::Own(sort) = key else { return Err(CatalogueRejection::SortBuiltIn) };
        seen(self.sort(sort)?.version, expected)?;
        match self.default_sort.0 == key {
            true => Err(CatalogueRejection::SortDefault),
            false => Ok(Some(ListingEvent::SortRemoved { sort })),
        }
    }

    pub(super) fn set_default_sort(
        &self,
        sort: SortKey,
        direction: Option<Direction>,
        expected: Option<u32>,
    ) -> Judged {
        seen(self.version, expected)?;
        let unknown = || ("sort_unknown", format!("there is no sort `{sort}`"));
        let hidden = self.is_sort_hidden(sort);
        refuse([at("/id", hidden.is_none().then(unknown))])?;
        if hidden == Some(true) {
            return Err(CatalogueRejection::SortDefault);
        }
        let (before, after) = (self.default_sort, (sort, direction.unwrap_or(Direction::usual(sort))));
        Ok((before != after).then_some(ListingEvent::DefaultSortSet { before, after }))
    }

    pub(super) fn order_sorts(&self, after: Vec<SortKey>, expected: Option<u32>) -> Judged {
        seen(self.version, expected)?;
        let [wanted, given] = [&self.order, &after].map(|order| order.iter().collect::<BTreeSet<_>>());
        let is_whole = wanted == given && after.len() == self.order.len();
        let other = || ("sort_order_invalid", "each sort that there is stands in the order once".to_owned());
        refuse([at("/ids", (!is_whole).then(other))])?;
        let before = self.order.clone();
        Ok((before != after).then_some(ListingEvent::SortsOrdered { before, after }))
    }
}
