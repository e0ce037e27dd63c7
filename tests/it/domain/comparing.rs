//! CM-1 and CM-17: the condition language: what it reads, what it refuses, and what makes sense of a record.

use relance::domain::catalogue::Catalogue;
use relance::domain::condition::check::{Kind, Schema};
use relance::domain::condition::subject::{OfOwner, OfRecord};
use relance::domain::condition::{Condition, Operator};
use relance::domain::record::schema::RecordType;
use relance::limits;
use serde_json::{Value, json};

use super::world::SELLER;

pub fn read(document: &Value) -> Condition {
    serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{document}: {error}"))
}

pub fn compare(field: &str, op: &str, value: Value) -> Value {
    json!({ "field": field, "op": op, "value": value })
}

#[test]
fn what_is_read_is_written_again_as_it_was() {
    for text in [
        r#"{"field":"company","op":"eq","value":"Acme"}"#,
        r#"{"field":"company","op":"no_value"}"#,
        r#"{"field":"company","op":"eq","value":null}"#,
        r#"{"field":"estimated_value","op":"in","value":[1,2.5,1e+300]}"#,
        r#"{"field":"created_at","op":"last_n_days","value":7}"#,
        r#"{"all":[]}"#,
        r#"{"any":[{"field":"city","op":"begins_with","value":"Lu"},{"all":[{"field":"score","op":"ge","value":80}]}]}"#,
        r#"{"related":"owner","condition":{"field":"roles","op":"contains","value":"seller"}}"#,
    ] {
        let condition: Condition = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&condition).unwrap(), text);
    }
}

#[test]
fn what_is_no_condition_is_refused_with_the_reason() {
    let shape = "a condition is one of {field, op, value}, {all}, {any} and {related, condition}";
    let table = [
        (json!({}), shape),
        (json!({ "field": "city" }), shape),
        (json!({ "op": "eq", "value": 1 }), shape),
        (json!({ "field": "city", "op": "eq", "value": "Lugo", "all": [] }), shape),
        (json!({ "all": [], "any": [] }), shape),
        (json!({ "related": "owner" }), shape),
        (json!({ "condition": { "all": [] } }), shape),
        (json!({ "all": [{ "any": [{}] }] }), shape),
        (
            json!({ "field": "city", "op": "equals", "value": 1 }),
            "unknown operator \"equals\", expected one of eq, ne,",
        ),
        (json!({ "field": "city", "op": "not-contains", "value": 1 }), "unknown operator \"not-contains\""),
        (json!({ "not": { "all": [] } }), "unknown field `not`"),
        (json!({ "all": [{ "field": "city", "op": "eq", "colour": 1 }] }), "unknown field `colour`"),
        (json!({ "field": "city", "op": 7 }), "unknown operator 7"),
        (json!({ "all": {} }), shape),
        (json!({ "field": 7, "op": "eq" }), shape),
        (json!(["city", "eq", "Lugo"]), shape),
        (json!("city"), shape),
        (json!(null), shape),
    ];
    for (document, reason) in table {
        let error = serde_json::from_value::<Condition>(document.clone()).unwrap_err().to_string();
        assert!(error.contains(reason), "{document}: {error}");
    }
}

#[test]
fn a_condition_is_bounded_in_depth_and_size() {
    let nested = |depth: usize| (1..depth).fold(json!({ "all": [] }), |inner, _| json!({ "any": [inner] }));
    read(&nested(limits::CONDITION_DEPTH_MAX));
    let deep = serde_json::from_value::<Condition>(nested(limits::CONDITION_DEPTH_MAX + 1)).unwrap_err();
    assert!(deep.to_string().contains("nests at most"), "{deep}");
    let wide = |parts: usize| json!({ "all": vec![compare("city", "eq", json!("Lugo")); parts] });
    read(&wide(limits::CONDITION_PARTS_MAX - 1));
    let wide = serde_json::from_value::<Condition>(wide(limits::CONDITION_PARTS_MAX)).unwrap_err();
    assert!(wide.to_string().contains("parts"), "{wide}");
    // Deeper than anything could be read one call inside the other.
    let text = format!("{}1{}", r#"{"all":["#.repeat(100_000), "]}".repeat(100_000));
    assert!(serde_json::from_str::<Condition>(&text).is_err());
}

#[test]
fn cm_17_each_operator_has_its_word() {
    let words = Operator::ALL.map(Operator::name).join(" ");
    let expected = "eq ne gt ge lt le contains not_contains begins_with ends_with in not_in has_value no_value on before \
                    after this_n_days last_n_days next_n_days";
    assert_eq!(words, expected);
}

/// What is wrong with a condition about a lead.
fn faults(document: Value) -> Vec<String> {
    read(&document).faults(&OfRecord { kind: RecordType::Lead, catalogue: &Catalogue::default() })
}

#[test]
fn cm_17_an_operator_fits_the_kind_of_the_field() {
    use Operator::*;
    let text = &[Eq, Ne, Contains, NotContains, BeginsWith, EndsWith, In, NotIn, HasValue, NoValue][..];
    let dates = &[Eq, Ne, Gt, Ge, Lt, Le, On, Before, After, ThisNDays, LastNDays, NextNDays, HasValue, NoValue][..];
    let table = [
        (Kind::Text, text),
        (Kind::Number, &[Eq, Ne, Gt, Ge, Lt, Le, In, NotIn, HasValue, NoValue]),
        (Kind::Day, dates),
        (Kind::Instant, dates),
        (Kind::TwoOption, &[Eq, Ne, HasValue, NoValue]),
        (Kind::Options(vec![]), &[Eq, Ne, In, NotIn, HasValue, NoValue]),
        (Kind::Lookup, &[Eq, Ne, In, NotIn, HasValue, NoValue]),
        (Kind::Several(vec![]), &[Contains, NotContains, In, NotIn, HasValue, NoValue]),
    ];
    for (kind, fitting) in table {
        for op in Operator::ALL {
            assert_eq!(kind.takes(op), fitting.contains(&op), "{} of {kind:?}", op.name());
        }
    }
}

#[test]
fn cm_1_what_makes_no_sense_of_a_record_is_told_part_by_part() {
    let days = limits::CONDITION_DAYS_MAX;
    let table = [
        (compare("city", "eq", json!("Lugo")), ""),
        (compare("nonsense", "eq", json!("x")), "there is no field `nonsense`"),
        (compare("renewal_date", "on", json!("2026-01-01")), "there is no field `renewal_date`"),
        (compare("city", "gt", json!("Lugo")), "`city` cannot be compared by `gt`"),
        (compare("city", "eq", json!(7)), "`eq` of `city` takes text"),
        (compare("city", "eq", json!("")), "`eq` of `city` takes text"),
        (json!({ "field": "city", "op": "eq" }), "`eq` of `city` takes text"),
        (json!({ "field": "city", "op": "has_value" }), ""),
        (compare("city", "has_value", json!("x")), "`has_value` of `city` takes no value"),
        (compare("city", "in", json!(["Lugo", "Vigo"])), ""),
        (compare("city", "in", json!("Lugo")), "`in` of `city` takes a list, each item text"),
        (compare("city", "in", json!([])), "`in` of `city` takes a list, each item text"),
        (compare("city", "not_in", json!(["Lugo", 7])), "`not_in` of `city` takes a list, each item text"),
        (compare("score", "ge", json!(80)), ""),
        (compare("score", "ge", json!("80")), "`ge` of `score` takes a number"),
        (compare("disposition", "eq", json!("open")), ""),
        (
            compare("disposition", "eq", json!("lost")),
            "`eq` of `disposition` takes one of open, qualified, disqualified",
        ),
        (compare("state", "in", json!(["active"])), ""),
        (compare("allow_email", "eq", json!(true)), ""),
        (compare("allow_email", "eq", json!("true")), "`eq` of `allow_email` takes `yes` or `no`"),
        (compare("created_at", "before", json!("2026-01-01")), ""),
        (compare("created_at", "before", json!("2026-01-01T10:00:00+01:00")), ""),
        (
            compare("created_at", "before", json!("yesterday")),
            "`before` of `created_at` takes a day, such as 2026-03-31, or an instant, such as 2026-03-31T09:00:00Z",
        ),
        (compare("created_at", "last_n_days", json!(days)), ""),
        (
            compare("created_at", "last_n_days", json!(0)),
            "`last_n_days` of `created_at` takes a number of days from 1 to 36500",
        ),
        (
            compare("created_at", "next_n_days", json!(1.5)),
            "`next_n_days` of `created_at` takes a number of days from 1 to 36500",
        ),
        (compare("owner", "eq", json!(SELLER.to_string())), ""),
        (json!({ "related": "owner", "condition": compare("roles", "contains", json!("seller")) }), ""),
        (
            json!({ "related": "owner", "condition": compare("company", "eq", json!("Acme")) }),
            "there is no field `company`",
        ),
        (
            json!({ "related": "primary_contact", "condition":
                { "related": "owner", "condition": compare("language", "eq", json!("gl")) } }),
            "",
        ),
        (
            json!({ "related": "account", "condition": { "all": [] } }),
            "`account` leads to nothing that could be compared",
        ),
        (
            json!({ "related": "company", "condition": { "all": [] } }),
            "`company` leads to nothing that could be compared",
        ),
    ];
    for (document, expected) in table {
        assert_eq!(faults(document.clone()).join("; "), expected, "{document}");
    }
    let two = json!({ "any": [compare("x", "eq", json!(1)), { "all": [compare("y", "eq", json!(1))] }] });
    assert_eq!(faults(two), ["there is no field `x`", "there is no field `y`"]);
    let catalogue = Catalogue::default();
    let opportunity = OfRecord { kind: RecordType::Opportunity, catalogue: &catalogue };
    let of_account = json!({ "related": "account", "condition": compare("employees", "gt", json!(50)) });
    assert_eq!(read(&of_account).faults(&opportunity), [""; 0]);
    assert_eq!(OfOwner.field("roles").map(|kind| matches!(kind, Kind::Several(_))), Some(true));
}
