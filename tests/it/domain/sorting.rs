//! Sorts of the work list: their order, the default one, and what stays as it is.

use relance::domain::catalogue::command::{CatalogueCommand, CatalogueRejection};
use relance::domain::catalogue::listing::Listing;
use relance::domain::catalogue::listing::command::{ListingCommand, ListingEvent, SortPart};
use relance::domain::catalogue::listing::key::{BuiltInSort, Direction, SortKey};
use relance::domain::organisation::own_settings::OwnSettings;
use relance::domain::record::schema::RecordType;
use relance::id::listing::SortId;
use relance::limits;

use super::catalogue::Shelf;
use super::listing::{LEAD, list};

const SCORE: SortKey = SortKey::BuiltIn(BuiltInSort::Score);
const NAME: SortKey = SortKey::BuiltIn(BuiltInSort::Name);

fn own(sort: u128) -> SortKey {
    SortKey::Own(SortId(sort))
}

fn add(sort: u128, parts: Vec<SortPart>) -> CatalogueCommand {
    list(ListingCommand::AddSort { sort: SortId(sort), kind: LEAD, parts })
}

fn by(field: &str) -> SortPart {
    SortPart::Field(field.into())
}

fn change(sort: SortKey, parts: Vec<SortPart>) -> CatalogueCommand {
    list(ListingCommand::ChangeSort { sort, parts, expected: None })
}

fn remove(sort: SortKey) -> CatalogueCommand {
    list(ListingCommand::RemoveSort { sort, expected: None })
}

fn default(sort: SortKey, direction: Option<Direction>) -> CatalogueCommand {
    list(ListingCommand::SetDefaultSort { sort, direction, expected: None })
}

fn order(order: Vec<SortKey>) -> CatalogueCommand {
    list(ListingCommand::OrderSorts { order, expected: None })
}

fn shown(shelf: &Shelf, manages: bool) -> String {
    let shown = shelf.catalogue.state.listing.shown(&OwnSettings::default(), manages);
    shown.sorts.iter().map(|key| key.to_string()).collect::<Vec<_>>().join(" ")
}

/// W-40, W-42: the ones that every organisation has, the best score first.
#[test]
fn w_40_w_42_the_sorts_at_first_are_the_built_in_ones_with_the_best_score_first() {
    let shelf = Shelf::new();
    assert_eq!(shown(&shelf, false), "score due_date activity_type name record_type sequence");
    assert_eq!(Listing::default().default_sort, (SCORE, Direction::Descending));
    for key in &Listing::default().order {
        assert_eq!(SortKey::parse(&key.to_string()), Some(*key), "a word means what it says");
    }
}

/// W-43: type and field, the name of both, and the last place.
#[test]
fn w_43_a_sort_of_ones_own_is_by_a_field_of_a_type() {
    let mut shelf = Shelf::new();
    shelf.done(add(1, vec![by("estimated_value")]));
    shelf.done(add(2, vec![SortPart::Name("Newest".into()), by("created_at"), SortPart::Hidden(true)]));
    let sorts = &shelf.catalogue.state.listing.sorts;
    assert_eq!((sorts[&SortId(1)].name.as_str(), sorts[&SortId(2)].hidden), ("Lead.Estimated value", true));
    let built_in = "score due_date activity_type name record_type sequence";
    assert_eq!(shown(&shelf, false), format!("{built_in} {}", own(1)));
    assert_eq!(shown(&shelf, true), format!("{built_in} {} {}", own(1), own(2)));
    assert_eq!(shelf.faults(add(3, vec![by("colour")])), [("unknown_field", "/field".to_owned())]);
    assert_eq!(shelf.faults(change(own(1), vec![by("colour")])), [("unknown_field", "/field".to_owned())]);
    let nameless = add(3, vec![SortPart::Name(String::new()), by("name")]);
    assert_eq!(shelf.faults(nameless), [("empty", "/name".to_owned())]);
    let nowhere = RecordType::from_name("project").expect("a name");
    let stray = list(ListingCommand::AddSort { sort: SortId(3), kind: nowhere, parts: vec![by("name")] });
    assert_eq!(shelf.faults(stray), [("record_type_unknown", "/record_type".to_owned())]);
    assert_eq!(shelf.ask(add(3, vec![by("estimated_value")])), Err(CatalogueRejection::NameTaken("sort")));
    assert_eq!(shelf.ask(add(2, vec![by("name")])), Err(CatalogueRejection::Exists));
    shelf.done(change(own(2), vec![SortPart::Hidden(false), by("modified_at")]));
    let stale = ListingCommand::ChangeSort { sort: own(2), parts: vec![], expected: Some(1) };
    assert_eq!(shelf.ask(list(stale)), Err(CatalogueRejection::VersionMismatch(2)));
    shelf.done(remove(own(2)));
    assert_eq!(shelf.ask(remove(own(2))), Err(CatalogueRejection::NotFound("sort")));
    assert_eq!(shown(&shelf, true), format!("{built_in} {}", own(1)));
    for number in 10..9 + limits::SORTS_MAX as u128 {
        shelf.done(add(number, vec![SortPart::Name(format!("Sort {number}")), by("name")]));
    }
    assert_eq!(shelf.ask(add(99, vec![by("name")])), Err(CatalogueRejection::Full("sorts")));
}

/// W-43: built-in ones are hidden and moved, and nothing else.
#[test]
fn w_43_built_in_sorts_stay_but_for_their_place_and_whether_they_are_seen() {
    let mut shelf = Shelf::new();
    for part in [SortPart::Name("Other".into()), by("name")] {
        let both = vec![SortPart::Hidden(true), part];
        assert_eq!(shelf.ask(change(NAME, both)), Err(CatalogueRejection::SortBuiltIn));
    }
    assert_eq!(shelf.ask(remove(NAME)), Err(CatalogueRejection::SortBuiltIn));
    shelf.done(change(NAME, vec![SortPart::Hidden(true)]));
    assert_eq!(shown(&shelf, false), "score due_date activity_type record_type sequence");
    shelf.done(change(NAME, vec![SortPart::Hidden(false)]));
    let mut turned = shelf.catalogue.state.listing.order.clone();
    turned.reverse();
    shelf.done(order(turned.clone()));
    assert_eq!(shown(&shelf, false), "sequence record_type name activity_type due_date score");
    assert_eq!(shelf.ask(order(turned.clone())), Ok(vec![]), "it is so already");
    let twice = [turned.clone(), vec![SCORE]].concat();
    let [few, strange] = [turned[1..].to_vec(), [vec![own(9)], turned[1..].to_vec()].concat()];
    for wrong in [vec![], twice, few, strange] {
        assert_eq!(shelf.faults(order(wrong)), [("sort_order_invalid", "/ids".to_owned())]);
    }
    let stale = list(ListingCommand::OrderSorts { order: turned, expected: Some(1) });
    assert_eq!(shelf.ask(stale), Err(CatalogueRejection::VersionMismatch(4)));
}

/// W-43: the default sort can be neither hidden nor deleted, and nothing hidden becomes it.
#[test]
fn w_43_the_default_sort_is_one_that_everybody_has() {
    let mut shelf = Shelf::new();
    assert_eq!(shelf.ask(change(SCORE, vec![SortPart::Hidden(true)])), Err(CatalogueRejection::SortDefault));
    shelf.done(add(1, vec![by("estimated_value"), SortPart::Hidden(true)]));
    assert_eq!(shelf.ask(default(own(1), None)), Err(CatalogueRejection::SortDefault), "it is hidden");
    shelf.done(change(own(1), vec![SortPart::Hidden(false)]));
    shelf.done(default(own(1), Some(Direction::Descending)));
    assert_eq!(shelf.catalogue.state.listing.default_sort, (own(1), Direction::Descending));
    for command in [change(own(1), vec![SortPart::Hidden(true)]), remove(own(1))] {
        assert_eq!(shelf.ask(command), Err(CatalogueRejection::SortDefault));
    }
    shelf.done(change(SCORE, vec![SortPart::Hidden(true)]));
    assert_eq!(shelf.faults(default(own(7), None)), [("sort_unknown", "/id".to_owned())]);
    shelf.done(default(NAME, None));
    assert_eq!(shelf.catalogue.state.listing.default_sort, (NAME, Direction::Ascending), "as people are used to");
    shelf.done(remove(own(1)));
}

/// A sort that a later release adds is not in the order that was stored before.
#[test]
fn w_43_a_sort_that_was_not_there_when_the_others_were_ordered_stands_behind_them() {
    let mut shelf = Shelf::new();
    let few = vec![NAME, SCORE];
    let stored = ListingEvent::SortsOrdered { before: vec![], after: few };
    let stamp = relance::domain::entity::Stamp { at: super::world::at(super::world::BEGIN), by: shelf.by };
    relance::domain::entity::Entity::apply(
        &mut shelf.catalogue.state,
        &relance::domain::catalogue::command::CatalogueEvent::Listing(stored),
        stamp,
    );
    assert_eq!(shown(&shelf, true), "name score due_date activity_type record_type sequence");
}
