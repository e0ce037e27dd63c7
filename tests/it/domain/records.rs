//! What a person may write on a record: names, keys, fields by type, and what is said about values that do not fit.

use chrono::TimeDelta;
use relance::domain::catalogue::field::{Field, built_in};
use relance::domain::effect::Effects;
use relance::domain::effect::{Effect, Index};
use relance::domain::entity::{Stamp, advance};
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, Channel, Outcome, Owner, Phone, RecordState, RecordType, Value};
use relance::id::RecordId;
use relance::limits;

use super::world::{COLLEAGUE, SELLER, TEAM, World};

fn text(name: &str, value: &str) -> Change {
    Change::Field(name.into(), Some(Value::Text(value.into())))
}

fn number(name: &str, value: f64) -> Change {
    Change::Field(name.into(), Some(Value::Number(value)))
}

fn name(value: &str) -> Change {
    Change::Name(Some(value.into()))
}

/// Pointer and code of each problem that creating a record of that type with those changes meets.
fn problems(kind: RecordType, mut changes: Vec<Change>) -> Vec<(String, &'static str)> {
    changes.insert(0, name("Ada"));
    match World::empty().try_ask(RecordCommand::Create { kind, changes }) {
        Ok(_) => vec![],
        Err(RecordRejection::Invalid(problems)) => {
            problems.into_iter().map(|problem| (problem.pointer, problem.code)).collect()
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn c_1_each_type_takes_its_own_fields() {
    for kind in RecordType::BUILT_IN {
        for other in RecordType::BUILT_IN {
            for Field { name: field, .. } in built_in(other) {
                let known = built_in(kind).iter().any(|known| known.name == field);
                let found = problems(kind, vec![Change::Field(field.clone(), None)]);
                let expected = if known { vec![] } else { vec![(format!("/fields/{field}"), "unknown_field")] };
                assert_eq!(found, expected, "{kind:?}.{field}");
            }
        }
        assert_eq!(RecordType::from_name(kind.name()), Some(kind));
    }
    let invoice = RecordType::from_name("invoice").expect("a name that a custom type could have");
    assert_eq!(problems(invoice, vec![]), [("/type".to_owned(), "record_type_unknown")]);
    for unfit in ["", "Invoice", "in voice", "1st", "_a", "inv-oice", "façade", &"a".repeat(33)] {
        assert_eq!(RecordType::from_name(unfit), None, "{unfit}");
    }
}

#[test]
fn values_that_do_not_fit_are_named_with_their_place() {
    use RecordType::{Account, Contact, Lead, Opportunity};
    let long = |max: usize| "é".repeat(max + 1);
    let table: Vec<(RecordType, Change, &str, &str)> = vec![
        (Lead, name(""), "/name", "empty"),
        (Lead, name(" "), "/name", "empty"),
        (Lead, name(&long(limits::RECORD_NAME_MAX)), "/name", "too_long"),
        (Lead, name("a\nb"), "/name", "control_character"),
        (Lead, Change::ExternalId(Some(String::new())), "/external_id", "external_id_invalid"),
        (Lead, Change::ExternalId(Some("x".repeat(201))), "/external_id", "external_id_invalid"),
        (Lead, Change::Email(Some("nobody".into())), "/email", "email_invalid"),
        (Lead, Change::Email(Some(String::new())), "/email", "email_invalid"),
        (Lead, Change::Email(Some("Ada <ada@example.org>".into())), "/email", "email_invalid"),
        (Lead, Change::Phone(Phone::Business, Some(long(50))), "/phones/business", "too_long"),
        (Lead, Change::Phone(Phone::Mobile, Some(" ".into())), "/phones/mobile", "empty"),
        (Lead, Change::Phone(Phone::Home, Some("\u{7}".into())), "/phones/home", "control_character"),
        (Lead, Change::TimeZone(Some("Mars/Olympus".into())), "/time_zone", "time_zone_unknown"),
        (Lead, Change::Score(Some(101)), "/score", "out_of_range"),
        (Lead, Change::LinkedinUrl(Some(long(500))), "/linkedin_url", "too_long"),
        (Lead, text("company", &long(limits::FIELD_TEXT_MAX)), "/fields/company", "too_long"),
        (Lead, text("company", ""), "/fields/company", "empty"),
        (Lead, text("company", "a\0b"), "/fields/company", "control_character"),
        (Lead, number("company", 7.0), "/fields/company", "field_invalid"),
        (Lead, text("estimated_value", "seven"), "/fields/estimated_value", "field_invalid"),
        (Lead, number("estimated_value", f64::NAN), "/fields/estimated_value", "field_invalid"),
        (Lead, number("estimated_value", f64::INFINITY), "/fields/estimated_value", "field_invalid"),
        (Lead, text("disposition", "lost"), "/fields/disposition", "field_invalid"),
        (Lead, number("disposition", 1.0), "/fields/disposition", "field_invalid"),
        (Contact, text("future_events", "perhaps"), "/fields/future_events", "field_invalid"),
        (Contact, number("future_events", 1.0), "/fields/future_events", "field_invalid"),
        (Account, text("renewal_date", "2026-02-29"), "/fields/renewal_date", "field_invalid"),
        (Account, text("renewal_date", "2026-2-28"), "/fields/renewal_date", "field_invalid"),
        (Account, number("renewal_date", 2026.0), "/fields/renewal_date", "field_invalid"),
        (Opportunity, text("close_date", "tomorrow"), "/fields/close_date", "field_invalid"),
        (Opportunity, text("first_name", "Ada"), "/fields/first_name", "unknown_field"),
        (Lead, text("a/b~c", "x"), "/fields/a~1b~0c", "unknown_field"),
    ];
    for (kind, change, pointer, code) in table {
        assert_eq!(problems(kind, vec![change.clone()]), [(pointer.to_owned(), code)], "{change:?}");
    }
}

#[test]
fn values_that_fit_are_kept() {
    use RecordType::{Account, Contact, Lead};
    let table = [
        (Lead, name(&"é".repeat(limits::RECORD_NAME_MAX))),
        (Lead, Change::ExternalId(Some("x".repeat(limits::EXTERNAL_ID_MAX)))),
        (Lead, Change::Email(Some("ada.lovelace+crm@example.org".into()))),
        (Lead, Change::TimeZone(Some("Europe/Madrid".into()))),
        (Lead, Change::Score(Some(100))),
        (Lead, text("notes", "first\nsecond\tthird")),
        (Lead, number("estimated_value", -0.5)),
        (Lead, Change::PrimaryContact(Some(RecordId(7)))),
        (Lead, Change::AccessTeam(Some(TEAM))),
        (Lead, Change::Owner(Owner::Team(TEAM))),
        (Lead, Change::Phone(Phone::Mobile, Some("+34 981 000 000".into()))),
        (Lead, Change::Allow(Channel::Email, false)),
        (Contact, text("future_events", "yes")),
        (Account, text("renewal_date", "2028-02-29")),
    ];
    for (kind, change) in table {
        let mut world = World::of(kind);
        world.ask(RecordCommand::Change(vec![change.clone()]));
        assert!(world.record().profile.has(&change), "{change:?}");
        assert_eq!(world.ask(RecordCommand::Change(vec![change.clone()])), [], "{change:?} again changes nothing");
        world.check_replay();
    }
}

#[test]
fn a_two_option_is_brought_to_yes_or_no() {
    for (given, kept) in [("yes", "yes"), ("TRUE", "yes"), ("No", "no"), ("false", "no")] {
        let mut world = World::of(RecordType::Contact);
        world.write("future_events", given);
        assert_eq!(world.field("future_events"), Some(kept));
        let again = world.ask(RecordCommand::Change(vec![text("future_events", given)]));
        assert_eq!(again, [], "the same in other letters changes nothing");
    }
}

#[test]
fn everything_wrong_is_told_at_once_and_nothing_is_written() {
    let mut world = World::lead();
    let changes = vec![name("Grace"), Change::Score(Some(200)), text("company", ""), text("nonsense", "x")];
    let RecordRejection::Invalid(problems) = world.refused(RecordCommand::Change(changes)) else { panic!() };
    let pointers: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/score", "/fields/company", "/fields/nonsense"]);
    assert_eq!(world.record().profile.display_name(), "Ada");
}

#[test]
fn a_record_is_named_by_its_name_or_by_first_and_last_name() {
    let table: [(Vec<Change>, Option<&str>); 5] = [
        (vec![name("Acme")], Some("Acme")),
        (vec![text("first_name", "Ada")], Some("Ada")),
        (vec![text("last_name", "Lovelace")], Some("Lovelace")),
        (vec![text("first_name", "Ada"), text("last_name", "Lovelace")], Some("Ada Lovelace")),
        (vec![text("company", "Acme")], None),
    ];
    for (changes, expected) in table {
        let mut world = World::empty();
        let created = world.try_ask(RecordCommand::Create { kind: RecordType::Lead, changes });
        match expected {
            Some(shown) => assert_eq!(world.record().profile.display_name(), shown),
            None => {
                let Err(RecordRejection::Invalid(problems)) = created else { panic!("{created:?}") };
                assert_eq!((problems[0].pointer.as_str(), problems[0].code), ("/name", "name_missing"));
            }
        }
    }
    let mut world = World::lead();
    let nameless = RecordCommand::Change(vec![Change::Name(None)]);
    assert!(matches!(world.refused(nameless), RecordRejection::Invalid(_)), "the last name cannot be taken away");
    world.ask(RecordCommand::Change(vec![Change::Name(None), text("first_name", "Augusta")]));
    assert_eq!(world.record().profile.display_name(), "Augusta");
}

#[test]
fn an_external_id_is_claimed_and_given_back() {
    let mut world = World::lead();
    let key = |key: Option<&str>| RecordCommand::Change(vec![Change::ExternalId(key.map(Into::into))]);
    for (given, held) in [(Some("a"), Some("a")), (Some("b"), Some("b")), (Some("b"), Some("b")), (None, None)] {
        world.ask(key(given));
        assert_eq!(world.ledger.claimed.first().map(String::as_str), held);
    }
    world.ask(key(Some("c")));
    world.ask(RecordCommand::Change(vec![name("Grace")]));
    assert_eq!(world.ledger.claimed.len(), 1, "other changes leave the key alone");
}

#[test]
fn a_record_is_created_once_with_its_key_its_row_and_its_count() {
    let mut world = World::empty();
    let changes = vec![name("Ada"), Change::ExternalId(Some("a".into()))];
    let create = RecordCommand::Create { kind: RecordType::Contact, changes };
    world.ask(create.clone());
    assert_eq!((world.record().kind, world.record().created_at), (RecordType::Contact, world.now));
    assert_eq!(world.ledger.claimed.len(), 1);
    assert_eq!(world.record().profile.owner, Owner::User(SELLER), "who creates a record owns it");
    assert_eq!(world.refused(create), RecordRejection::Exists);
}

#[test]
fn changes_merge_and_leave_the_rest_alone() {
    let mut world = World::lead();
    world.write("company", "Acme");
    world.ask(RecordCommand::Change(vec![Change::Phone(Phone::Mobile, Some("1".into()))]));
    world.pass(TimeDelta::hours(1));
    let changes = vec![name("Ada"), text("city", "Lugo"), Change::Field("company".into(), None)];
    let events = world.ask(RecordCommand::Change(changes));
    let kept = vec![text("city", "Lugo"), Change::Field("company".into(), None)];
    assert_eq!(events, [RecordEvent::Changed { changes: kept, former_external_id: None }], "only what differs");
    let profile = &world.record().profile;
    assert_eq!((profile.fields.len(), profile.phones.len(), profile.name.as_deref()), (1, 1, Some("Ada")));
    assert_eq!((world.record().modified_at, world.field("city")), (world.now, Some("Lugo")));
}

#[test]
fn channels_are_open_until_they_are_closed() {
    let mut world = World::lead();
    for channel in [Channel::Email, Channel::Phone, Channel::Text] {
        for allowed in [true, false, false, true] {
            world.ask(RecordCommand::Change(vec![Change::Allow(channel, allowed)]));
            assert_eq!(world.record().profile.allows(channel), allowed);
        }
    }
}

#[test]
fn d_69_a_record_that_is_created_with_a_closing_disposition_is_closed() {
    let table = [
        ("open", RecordState::Active, Outcome::None),
        ("qualified", RecordState::Inactive, Outcome::Success),
        ("disqualified", RecordState::Inactive, Outcome::Failure),
    ];
    for (value, state, outcome) in table {
        let mut world = World::empty();
        let changes = vec![name("Ada"), text("disposition", value)];
        world.ask(RecordCommand::Create { kind: RecordType::Lead, changes });
        assert_eq!((world.record().state, world.record().outcome), (state, outcome), "{value}");
    }
}

#[test]
fn a_list_row_is_written_when_what_it_shows_changes() {
    let team = Change::AccessTeam(Some(TEAM));
    let table = [
        (name("Grace"), true, 0),
        (Change::Owner(Owner::User(COLLEAGUE)), true, 2),
        (team, true, 1),
        (Change::Name(None), true, 0),
        (text("first_name", "Ada"), false, 0),
        (text("company", "Acme"), false, 0),
        (Change::Score(Some(3)), false, 0),
    ];
    for (change, shown, principals) in table {
        let mut record = World::lead().record().clone();
        let stamp = Stamp { at: record.created_at, by: SELLER };
        let event = RecordEvent::Changed { changes: vec![change.clone()], former_external_id: None };
        let mut owed = Effects::default();
        advance(&mut record, RecordId(0), &[event], stamp, &mut owed);
        let of_record = |effect: &&Effect| matches!(effect, Effect::Index(Index::Record(_)));
        let of_principal = |effect: &&Effect| {
            matches!(effect, Effect::Index(Index::Principal(_)) | Effect::Unindex(Index::Principal(_)))
        };
        assert_eq!(owed.0.iter().filter(of_record).count(), usize::from(shown), "{change:?}");
        assert_eq!(owed.0.iter().filter(of_principal).count(), principals, "{change:?}");
    }
}

#[test]
fn of_two_changes_of_the_same_the_second_holds_also_where_it_was_so_before() {
    let mut world = World::lead();
    let address = world.record().profile.email.clone();
    world.ask(RecordCommand::Change(vec![Change::Email(None), Change::Email(address.clone())]));
    assert_eq!(world.record().profile.email, address);
}
