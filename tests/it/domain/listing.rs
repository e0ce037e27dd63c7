//! Filters of the work list and their groups: what administrators may make of them, and what sellers see of them.

use relance::domain::catalogue::command::{CatalogueCommand, CatalogueEvent, CatalogueRejection};
use relance::domain::catalogue::field::FieldKind;
use relance::domain::catalogue::listing::Listing;
use relance::domain::catalogue::listing::command::{FilterPart, ListingCommand, ListingEvent, SortPart};
use relance::domain::catalogue::listing::key::{BuiltInFilter, BuiltInGroup, FilterKey, GroupKey, SortKey};
use relance::domain::condition::stored::StoredCondition;
use relance::domain::organisation::own_settings::OwnSettings;
use relance::domain::permission::{Denies, Role};
use relance::domain::record::schema::RecordType;
use relance::id::UserId;
use relance::id::listing::{FilterGroupId, FilterId, SortId};
use relance::limits;
use serde_json::{Value, json};

use super::catalogue::Shelf;
use super::world::{SELLER, sellers, user};

pub const LEAD: RecordType = RecordType::Lead;
const GROUP: FilterGroupId = FilterGroupId(0x91);

pub fn list(command: ListingCommand) -> CatalogueCommand {
    CatalogueCommand::Listing(command)
}

fn conditions(all: &[Value]) -> FilterPart {
    let read = |one: &Value| StoredCondition(serde_json::from_value(one.clone()).expect("a condition"));
    FilterPart::Conditions(all.iter().map(read).collect())
}

fn dollars() -> FilterPart {
    conditions(&[json!({ "field": "currency", "op": "eq", "value": "USD" })])
}

fn named(name: &str) -> FilterPart {
    FilterPart::Name(name.into())
}

fn add(filter: u128, parts: Vec<FilterPart>) -> CatalogueCommand {
    list(ListingCommand::AddFilter { filter: FilterId(filter), kind: LEAD, parts })
}

fn change(filter: FilterKey, parts: Vec<FilterPart>) -> CatalogueCommand {
    list(ListingCommand::ChangeFilter { filter, parts, expected: None })
}

fn own(filter: u128) -> FilterKey {
    FilterKey::Own(FilterId(filter))
}

fn add_group(group: FilterGroupId, name: &str) -> CatalogueCommand {
    list(ListingCommand::AddGroup { group, name: name.into() })
}

fn refused(shelf: &mut Shelf, command: CatalogueCommand) -> CatalogueRejection {
    shelf.ask(command).expect_err("it is refused")
}

fn listing(shelf: &Shelf) -> &Listing {
    &shelf.catalogue.state.listing
}

/// W-25, W-29: one comparison makes a basic filter, several an advanced one; without a name it is called after type and field.
#[test]
fn w_29_w_25_a_filter_compares_fields_of_one_type_and_has_to_be_published() {
    let mut shelf = Shelf::new();
    shelf.done(add(1, vec![dollars()]));
    let filter = &listing(&shelf).filters[&FilterId(1)];
    assert_eq!(
        (filter.name.as_str(), filter.group, filter.published, filter.hidden),
        ("Lead.Currency", None, false, false)
    );
    let rich = [
        json!({ "field": "currency", "op": "eq", "value": "USD" }),
        json!({ "field": "score", "op": "ge", "value": 50 }),
    ];
    shelf.done(add(2, vec![named("Rich"), conditions(&rich), FilterPart::Published(true)]));
    assert_eq!(listing(&shelf).filters[&FilterId(2)].conditions.len(), 2);
    assert_eq!(refused(&mut shelf, add(3, vec![dollars()])), CatalogueRejection::NameTaken("filter"));
    assert_eq!(refused(&mut shelf, add(2, vec![named("Other"), dollars()])), CatalogueRejection::Exists);
    let contact = ListingCommand::AddFilter {
        filter: FilterId(4),
        kind: RecordType::Contact,
        parts: vec![conditions(&[json!({ "field": "email", "op": "has_value" })])],
    };
    shelf.done(list(contact));
    assert_eq!(listing(&shelf).filters[&FilterId(4)].name, "Contact.Email", "a property has no label of its own");
    shelf.done(change(own(1), vec![named("Dollars"), FilterPart::Published(true), FilterPart::Hidden(false)]));
    assert_eq!(shelf.ask(change(own(1), vec![named("Dollars")])), Ok(vec![]), "it is called so already");
    let stale = ListingCommand::RemoveFilter { filter: own(1), expected: Some(1) };
    assert_eq!(refused(&mut shelf, list(stale)), CatalogueRejection::VersionMismatch(2));
    shelf.done(list(ListingCommand::RemoveFilter { filter: own(1), expected: Some(2) }));
    assert_eq!(refused(&mut shelf, change(own(1), vec![])), CatalogueRejection::NotFound("filter"));
}

#[test]
fn w_29_what_makes_no_sense_of_a_filter_is_told_with_its_place() {
    let mut shelf = Shelf::new();
    let one = |field: &str, op: &str, value: Value| json!({ "field": field, "op": op, "value": value });
    let many: Vec<Value> = (0..=limits::FILTER_CONDITIONS_MAX).map(|_| one("name", "eq", json!("x"))).collect();
    let long = one("notes", "eq", json!("x".repeat(limits::FILTER_BYTES_MAX)));
    let own_field = one("name", "eq", json!("x"));
    let table: [(&[Value], &str, &str); 9] = [
        (&[], "missing", "/conditions"),
        (&many, "too_long", "/conditions"),
        (&[long], "too_long", "/conditions"),
        (&[one("colour", "eq", json!("x"))], "condition_invalid", "/conditions/0"),
        (&[own_field.clone(), one("score", "contains", json!("x"))], "condition_invalid", "/conditions/1"),
        (&[one("score", "ge", json!("many"))], "condition_invalid", "/conditions/0"),
        (
            &[json!({ "related": "owner", "condition": one("name", "eq", json!("x")) })],
            "condition_invalid",
            "/conditions/0",
        ),
        (&[json!({ "any": [own_field.clone()] })], "condition_invalid", "/conditions/0"),
        (&[json!({ "all": [] })], "condition_invalid", "/conditions/0"),
    ];
    for (wrong, code, pointer) in table {
        let added = add(1, vec![named("Wrong"), conditions(wrong)]);
        assert_eq!(shelf.faults(added), [(code, pointer.to_owned())], "{wrong:?}");
    }
    let unnamed = add(1, vec![named(" "), FilterPart::Group(Some(GROUP)), dollars()]);
    let expected = [("empty", "/name".to_owned()), ("filter_group_unknown", "/group".to_owned())];
    assert_eq!(shelf.faults(unnamed), expected);
    let nowhere = RecordType::from_name("project").expect("a name");
    let stray = ListingCommand::AddFilter { filter: FilterId(1), kind: nowhere, parts: vec![dollars()] };
    assert_eq!(shelf.faults(list(stray)), [("record_type_unknown", "/record_type".to_owned())]);
    assert_eq!(listing(&shelf), &Listing::default(), "nothing of it stays");
}

/// W-30: built-in ones stay as they are, and cannot be joined.
#[test]
fn w_30_a_built_in_filter_is_only_hidden_and_shown_again() {
    let mut shelf = Shelf::new();
    let words: Vec<&str> = BuiltInFilter::ALL.iter().map(|filter| filter.word()).collect();
    assert_eq!(words, ["unopened", "followed", "due", "record_type", "activity"]);
    for filter in BuiltInFilter::ALL.iter().copied().map(FilterKey::BuiltIn) {
        assert_eq!(listing(&shelf).group_of(filter), Some(GroupKey::BuiltIn(BuiltInGroup::Default)));
        for part in [named("Other"), dollars(), FilterPart::Group(None), FilterPart::Published(false)] {
            let both = vec![FilterPart::Hidden(true), part];
            assert_eq!(refused(&mut shelf, change(filter, both)), CatalogueRejection::FilterBuiltIn);
        }
        let removed = list(ListingCommand::RemoveFilter { filter, expected: None });
        assert_eq!(refused(&mut shelf, removed), CatalogueRejection::FilterBuiltIn);
        for hidden in [true, false] {
            shelf.done(change(filter, vec![FilterPart::Hidden(hidden)]));
            assert_eq!(listing(&shelf).offers_filter(filter, false), !hidden);
            assert_eq!(shelf.ask(change(filter, vec![FilterPart::Hidden(hidden)])), Ok(vec![]));
        }
    }
    for group in BuiltInGroup::ALL.iter().copied().map(GroupKey::BuiltIn) {
        let renamed = ListingCommand::ChangeGroup { group, name: Some("Other".into()), expected: None };
        let removed = ListingCommand::RemoveGroup { group, expected: None };
        for command in [renamed, removed] {
            assert_eq!(refused(&mut shelf, list(command)), CatalogueRejection::FilterBuiltIn);
        }
    }
    let seen = ListingCommand::ChangeFilter {
        filter: FilterKey::BuiltIn(BuiltInFilter::Due),
        parts: vec![FilterPart::Hidden(true)],
        expected: Some(1),
    };
    assert_eq!(refused(&mut shelf, list(seen)), CatalogueRejection::VersionMismatch(11));
}

/// W-30: a group takes its filters with it, and the audit trail has each of them.
#[test]
fn w_30_a_group_that_is_deleted_takes_its_filters_with_it() {
    let mut shelf = Shelf::new();
    shelf.done(add_group(GROUP, "Money"));
    assert_eq!(
        refused(&mut shelf, add_group(FilterGroupId(2), "Money")),
        CatalogueRejection::NameTaken("group of filters")
    );
    assert_eq!(shelf.faults(add_group(FilterGroupId(2), "")), [("empty", "/name".to_owned())]);
    for (filter, group) in [(1, Some(GROUP)), (2, None), (3, Some(GROUP))] {
        shelf.done(add(filter, vec![named(&format!("Filter {filter}")), dollars(), FilterPart::Group(group)]));
    }
    let name = Some("Wealth".into());
    shelf.done(list(ListingCommand::ChangeGroup { group: GroupKey::Own(GROUP), name, expected: Some(1) }));
    let removed = shelf.ask(list(ListingCommand::RemoveGroup { group: GroupKey::Own(GROUP), expected: Some(2) }));
    let gone = [1, 3].map(|filter| ListingEvent::FilterRemoved { filter: FilterId(filter) });
    let events = [ListingEvent::GroupRemoved { group: GROUP }].into_iter().chain(gone);
    assert_eq!(removed, Ok(events.map(CatalogueEvent::Listing).collect()));
    assert_eq!(listing(&shelf).filters.keys().collect::<Vec<_>>(), [&FilterId(2)]);
    assert!(listing(&shelf).groups.is_empty());
}

/// W-31: what an administrator hides is invisible to sellers, who hide more for themselves, one by one or group by group.
#[test]
fn w_31_sellers_see_what_is_published_and_not_hidden_by_others_or_themselves() {
    let mut shelf = Shelf::new();
    shelf.done(add_group(GROUP, "Money"));
    let published = |name: &str| vec![named(name), dollars(), FilterPart::Published(true)];
    let within = |name: &str| [published(name), vec![FilterPart::Group(Some(GROUP))]].concat();
    shelf.done(add(1, published("zeta")));
    shelf.done(add(2, published("Alpha")));
    shelf.done(add(3, within("Rich")));
    shelf.done(add(4, vec![named("Draft"), dollars()]));
    shelf.done(add(5, [published("Hidden"), vec![FilterPart::Hidden(true)]].concat()));
    shelf.done(change(FilterKey::BuiltIn(BuiltInFilter::Followed), vec![FilterPart::Hidden(true)]));
    let shown = |hides: &[&str], manages: bool| {
        let hidden_filters = hides.iter().map(|text| (*text).to_owned()).collect();
        let shown = listing(&shelf).shown(&OwnSettings { hidden_filters, ..OwnSettings::default() }, manages);
        let name = |key: &FilterKey| match key {
            FilterKey::BuiltIn(one) => one.word().to_owned(),
            FilterKey::Own(id) => listing(&shelf).filters[id].name.clone(),
        };
        shown.filters.iter().map(name).collect::<Vec<_>>().join(" ")
    };
    let (rich, group) = (FilterId(3).to_string(), GROUP.to_string());
    let table: [(&[&str], bool, &str); 7] = [
        (&[], false, "unopened due record_type activity Rich Alpha zeta"),
        (&[], true, "unopened followed due record_type activity Rich Alpha Draft Hidden zeta"),
        (&["due", &rich], false, "unopened record_type activity Alpha zeta"),
        (&[&group], false, "unopened due record_type activity Alpha zeta"),
        (&["more"], true, "unopened followed due record_type activity Rich"),
        (&["default", "more", &rich], false, ""),
        (&["nothing", &FilterId(77).to_string()], false, "unopened due record_type activity Rich Alpha zeta"),
    ];
    for (hides, manages, expected) in table {
        assert_eq!(shown(hides, manages), expected, "{hides:?} {manages}");
    }
    let [money, more] = [GroupKey::Own(GROUP), GroupKey::BuiltIn(BuiltInGroup::More)];
    assert!(listing(&shelf).offers_group(money, false) && listing(&shelf).offers_group(more, false));
    shelf.done(change(own(3), vec![FilterPart::Published(false)]));
    assert!(!listing(&shelf).offers_group(money, false), "there is no filter in it for sellers");
    assert!(listing(&shelf).offers_group(money, true));
}

/// A field that is removed takes no filter and no sort with it, as it takes no condition of a sequence with it (CM-12); a type
/// stays as long as something of the work list is for it.
#[test]
fn w_29_w_43_a_field_may_go_but_a_type_stays_while_the_list_is_narrowed_or_sorted_by_it() {
    let mut shelf = Shelf::new();
    let project = RecordType::from_name("project").expect("a name");
    shelf.done(CatalogueCommand::AddType { kind: project, label: "Project".into() });
    let (name, label, takes) = ("budget".to_owned(), "Budget".to_owned(), FieldKind::Money);
    shelf.done(CatalogueCommand::AddField { kind: project, name: name.clone(), label, takes });
    let dear = vec![conditions(&[json!({ "field": "budget", "op": "gt", "value": 10 })])];
    shelf.done(list(ListingCommand::AddFilter { filter: FilterId(1), kind: project, parts: dear }));
    let parts = vec![SortPart::Field(name.clone())];
    shelf.done(list(ListingCommand::AddSort { sort: SortId(1), kind: project, parts }));
    shelf.done(CatalogueCommand::RemoveField { kind: project, name, expected: None });
    shelf.done(change(own(1), vec![named("Dear"), FilterPart::Published(true)]));
    let again = vec![conditions(&[json!({ "field": "budget", "op": "gt", "value": 20 })])];
    assert_eq!(shelf.faults(change(own(1), again)), [("condition_invalid", "/conditions/0".to_owned())]);
    let remove = CatalogueCommand::RemoveType { kind: project, expected: None };
    for command in [
        ListingCommand::RemoveFilter { filter: own(1), expected: None },
        ListingCommand::RemoveSort { sort: SortKey::Own(SortId(1)), expected: None },
    ] {
        assert!(matches!(refused(&mut shelf, remove.clone()), CatalogueRejection::TypeInUse(_)));
        shelf.done(list(command));
    }
    shelf.done(remove);
}

#[test]
fn w_29_w_30_there_are_as_many_filters_and_groups_as_there_may_be() {
    let mut shelf = Shelf::new();
    for number in 0..limits::FILTERS_MAX as u128 {
        shelf.done(add(number, vec![named(&format!("Filter {number}")), dollars()]));
    }
    assert_eq!(refused(&mut shelf, add(1_000, vec![dollars()])), CatalogueRejection::Full("filters"));
    for number in 0..limits::FILTER_GROUPS_MAX as u128 {
        shelf.done(add_group(FilterGroupId(number), &format!("Group {number}")));
    }
    let full = CatalogueRejection::Full("groups of filters");
    assert_eq!(refused(&mut shelf, add_group(GROUP, "One more")), full);
}

/// P-13: administrators and sequence managers; nobody else.
#[test]
fn p_13_filters_and_sorts_are_changed_by_whom_the_table_says() {
    for (role, may) in [
        (Role::SystemAdministrator, true),
        (Role::SequenceManager, true),
        (Role::SalesManager, false),
        (Role::Seller, false),
    ] {
        let mut shelf = Shelf::new();
        let mut organisation = sellers();
        organisation.users.insert(SELLER, user("Grace", &[role], "default"));
        shelf.world.given = shelf.world.given.with_organisation(&organisation);
        shelf.by = SELLER;
        let score = SortKey::parse("score").expect("a sort");
        for command in [
            add(1, vec![dollars()]),
            add_group(GROUP, "Money"),
            change(own(1), vec![FilterPart::Group(Some(GROUP))]),
            list(ListingCommand::AddSort { sort: SortId(1), kind: LEAD, parts: vec![SortPart::Field("score".into())] }),
            list(ListingCommand::SetDefaultSort { sort: score, direction: None, expected: None }),
            list(ListingCommand::RemoveGroup { group: GroupKey::Own(GROUP), expected: None }),
        ] {
            match shelf.ask(command.clone()) {
                Ok(_) => assert!(may, "{role:?} {command:?}"),
                Err(why) => assert!(!may && why.denial().is_some(), "{role:?} {command:?} {why:?}"),
            }
        }
    }
    let mut shelf = Shelf::new();
    shelf.by = UserId::NOBODY;
    assert!(refused(&mut shelf, add(1, vec![dollars()])).denial().is_some());
}
