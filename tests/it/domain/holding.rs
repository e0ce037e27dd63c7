//! CM-17: which conditions hold of a record, of its owner, and of what is empty or missing.

use chrono::TimeDelta;
use chrono_tz::Tz;
use relance::domain::condition::Operator;
use relance::domain::condition::evaluate::{Look, Today, Unanswered};
use relance::domain::condition::subject::{OwnerLook, RecordLook};
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Change, Owner, Phone, RecordType, Value as FieldValue};
use relance::id::UserId;
use serde_json::{Value, json};

use super::comparing::{compare, read};
use super::world::{SELLER, TEAM, World, at};

/// A lead with something in most places.
fn lead() -> World {
    let mut world = World::lead();
    let text = |value: &str| Some(FieldValue::Text(value.into()));
    world.ask(RecordCommand::Change(vec![
        Change::Field("city".into(), text("A Coruña")),
        Change::Field("estimated_value".into(), Some(FieldValue::Number(1500.5))),
        Change::Field("disposition".into(), text("open")),
        Change::Phone(Phone::Mobile, Some("+34 600 000 000".into())),
        Change::Owner(Owner::User(SELLER)),
    ]));
    world
}

fn holds(world: &World, document: &Value, today: Today) -> Result<bool, Unanswered> {
    read(document).holds(&RecordLook { record: world.record(), given: &world.given }, today)
}

#[test]
fn cm_17_what_each_operator_means() {
    let world = lead();
    let owner = SELLER.to_string();
    let table = [
        ("city", "eq", json!("a coruña"), true),
        ("city", "eq", json!("A CORUÑA"), true),
        ("city", "eq", json!("Coruña"), false),
        ("city", "ne", json!("Lugo"), true),
        ("city", "ne", json!("A Coruña"), false),
        ("city", "contains", json!("CORU"), true),
        ("city", "contains", json!("Lugo"), false),
        ("city", "not_contains", json!("Lugo"), true),
        ("city", "not_contains", json!("ruña"), false),
        ("city", "begins_with", json!("a c"), true),
        ("city", "begins_with", json!("Coruña"), false),
        ("city", "ends_with", json!("ÑA"), true),
        ("city", "ends_with", json!("A C"), false),
        ("city", "in", json!(["Lugo", "a coruña"]), true),
        ("city", "in", json!(["Lugo"]), false),
        ("city", "not_in", json!(["Lugo"]), true),
        ("city", "not_in", json!(["A Coruña"]), false),
        ("city", "has_value", json!(null), true),
        ("city", "no_value", json!(null), false),
        ("estimated_value", "eq", json!(1500.5), true),
        ("estimated_value", "gt", json!(1500), true),
        ("estimated_value", "gt", json!(1500.5), false),
        ("estimated_value", "ge", json!(1500.5), true),
        ("estimated_value", "lt", json!(1501), true),
        ("estimated_value", "le", json!(1500), false),
        ("estimated_value", "in", json!([1, 1500.5]), true),
        ("disposition", "eq", json!("open"), true),
        ("allow_email", "eq", json!(true), true),
        ("allow_email", "eq", json!("yes"), true),
        ("allow_email", "ne", json!(true), false),
        ("state", "eq", json!("active"), true),
        ("outcome", "eq", json!("none"), true),
        ("owner", "eq", json!(owner), true),
        ("owner", "in", json!([UserId(5).to_string()]), false),
        ("phones.mobile", "begins_with", json!("+34"), true),
        ("name", "eq", json!("ada"), true),
        ("email", "ends_with", json!("@example.org"), true),
        // Of another kind than the field: never equal, never a fault.
        ("city", "eq", json!(7), false),
        ("city", "ne", json!(7), true),
        ("estimated_value", "lt", json!("9999"), false),
        ("city", "last_n_days", json!(7), false),
        ("created_at", "before", json!("no day"), false),
    ];
    for (field, op, value, expected) in table {
        let document = compare(field, op, value);
        assert_eq!(holds(&world, &document, Today::utc(world.now)), Ok(expected), "{document}");
    }
}

#[test]
fn d_60_of_an_empty_field_only_the_negated_operators_and_no_value_hold() {
    let mut world = lead();
    world.ask(RecordCommand::Change(vec![Change::Score(None), Change::Field("city".into(), None)]));
    for op in Operator::ALL {
        let expected = matches!(op, Operator::Ne | Operator::NotContains | Operator::NotIn | Operator::NoValue);
        for field in ["company", "city", "score", "phones.home", "primary_contact"] {
            let document = compare(field, op.name(), json!("x"));
            assert_eq!(holds(&world, &document, Today::utc(world.now)), Ok(expected), "{document}");
        }
        // Behind a lookup that is empty everything is empty.
        let behind = json!({ "related": "primary_contact", "condition": compare("city", op.name(), json!("x")) });
        assert_eq!(holds(&world, &behind, Today::utc(world.now)), Ok(expected), "{behind}");
    }
}

#[test]
fn cm_12_what_is_missing_leaves_the_answer_open_unless_the_rest_decides_it() {
    let (yes, no) = (compare("city", "has_value", json!(null)), compare("city", "eq", json!("Lugo")));
    let gone = compare("gone", "eq", json!(1));
    let table = [
        (gone.clone(), Err("gone")),
        (json!({ "all": [yes, gone] }), Err("gone")),
        (json!({ "all": [gone, no] }), Ok(false)),
        (json!({ "any": [gone, yes] }), Ok(true)),
        (json!({ "any": [no, gone] }), Err("gone")),
        (json!({ "all": [] }), Ok(true)),
        (json!({ "any": [] }), Ok(false)),
        (json!({ "all": [yes, yes] }), Ok(true)),
        (json!({ "any": [no, no] }), Ok(false)),
        (json!({ "related": "owner", "condition": gone }), Err("gone")),
        (json!({ "related": "boss", "condition": yes }), Err("boss")),
    ];
    let world = lead();
    for (document, expected) in table {
        let expected = expected.map_err(|missing| Unanswered::Missing(missing.into()));
        assert_eq!(holds(&world, &document, Today::utc(world.now)), expected, "{document}");
    }
}

#[test]
fn cm_1_the_owner_is_looked_through() {
    let mut world = lead();
    let of_owner = |field: &str, op: &str, value| json!({ "related": "owner", "condition": compare(field, op, value) });
    let person = [
        (of_owner("name", "eq", json!("grace")), true),
        (of_owner("roles", "contains", json!("seller")), true),
        (of_owner("roles", "contains", json!("sales_manager")), false),
        (of_owner("roles", "in", json!(["sales_manager", "seller"])), true),
        (of_owner("roles", "not_in", json!(["sales_manager"])), true),
        (of_owner("business_unit", "eq", json!("default")), true),
        (of_owner("language", "no_value", json!(null)), true),
    ];
    for (document, expected) in person {
        assert_eq!(holds(&world, &document, Today::utc(world.now)), Ok(expected), "{document}");
    }
    world.ask(RecordCommand::Change(vec![Change::Owner(Owner::Team(TEAM))]));
    let team = [
        (of_owner("name", "eq", json!("sellers")), true),
        (of_owner("email", "no_value", json!(null)), true),
        (of_owner("roles", "contains", json!("seller")), false),
    ];
    for (document, expected) in team {
        assert_eq!(holds(&world, &document, Today::utc(world.now)), Ok(expected), "{document}");
    }
    let look = OwnerLook { owner: Owner::User(UserId(404)), given: &world.given };
    let holds = |document| read(&document).holds(&look as &dyn Look, Today::utc(world.now));
    assert_eq!(holds(compare("name", "no_value", json!(null))), Ok(true), "a user who is gone");
    assert_eq!(holds(compare("shoe_size", "eq", json!(44))), Err(Unanswered::Missing("shoe_size".into())));
}

#[test]
fn cm_17_days_are_counted_from_today_in_utc_or_in_a_zone() {
    let mut world = World::of(RecordType::Account);
    let now = at("2026-03-10T23:30:00Z");
    let table = [
        ("2026-03-10", [true, true, true]),
        ("2026-03-11", [true, false, true]),
        ("2026-03-12", [true, false, true]),
        ("2026-03-13", [false, false, true]),
        ("2026-03-14", [false, false, false]),
        ("2026-03-09", [false, true, false]),
        ("2026-03-07", [false, true, false]),
        ("2026-03-06", [false, false, false]),
    ];
    for (day, expected) in table {
        world.write("renewal_date", day);
        let found = ["this_n_days", "last_n_days", "next_n_days"]
            .map(|op| holds(&world, &compare("renewal_date", op, json!(3)), Today::utc(now)).unwrap());
        assert_eq!(found, expected, "this, last and next three days: {day}");
        let ordered = ["before", "on", "after", "lt", "le", "eq", "ge", "gt", "ne"]
            .map(|op| holds(&world, &compare("renewal_date", op, json!("2026-03-10")), Today::utc(now)).unwrap());
        let (less, equal) = (day < "2026-03-10", day == "2026-03-10");
        let more = !less && !equal;
        assert_eq!(ordered, [less, equal, more, less, less || equal, equal, equal || more, more, !equal], "{day}");
    }
    // Half an hour later it is tomorrow in Madrid.
    world.write("renewal_date", "2026-03-11");
    let madrid = Today { now, zone: Tz::Europe__Madrid };
    let today = compare("renewal_date", "this_n_days", json!(1));
    assert_eq!((holds(&world, &today, Today::utc(now)), holds(&world, &today, madrid)), (Ok(false), Ok(true)));
}

#[test]
fn cm_17_an_instant_is_compared_with_a_day_by_its_own_day() {
    // The record was created at 09:00 UTC on 2 March 2026.
    let world = World::lead();
    let today = Today::utc(world.now + TimeDelta::days(2));
    let table = [
        ("on", json!("2026-03-02"), true),
        ("before", json!("2026-03-02"), false),
        ("after", json!("2026-03-02"), false),
        ("after", json!("2026-03-02T08:59:59Z"), true),
        ("before", json!("2026-03-02T10:00:01+01:00"), true),
        ("on", json!("2026-03-02T10:00:00+01:00"), true),
        ("ge", json!("2026-03-02T09:00:00Z"), true),
        ("last_n_days", json!(2), true),
        ("last_n_days", json!(1), false),
        ("last_n_days", json!(u64::MAX), false),
    ];
    for (op, value, expected) in table {
        let document = compare("created_at", op, value);
        assert_eq!(holds(&world, &document, today), Ok(expected), "{document}");
    }
    let honolulu = Today { zone: Tz::Pacific__Honolulu, ..today };
    assert_eq!(holds(&world, &compare("created_at", "on", json!("2026-03-01")), honolulu), Ok(true));
}
