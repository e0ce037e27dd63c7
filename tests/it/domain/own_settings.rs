//! What people set for themselves: language, time zone, columns, filters, cards.

use relance::domain::language::Language;
use relance::domain::organisation::command::{OrganisationCommand, OrganisationRejection};
use relance::domain::organisation::own_settings::{AutoAdvance, OwnSetting, OwnSettings, SEQUENCE_COLUMNS};
use relance::domain::organisation::settings::Setting;
use relance::domain::permission::{Cause, Denies};
use relance::domain::policy::Policy;
use relance::id::UserId;
use relance::limits;

use super::people::{ADA, BOB, Office};

fn own(settings: Vec<OwnSetting>) -> OrganisationCommand {
    OrganisationCommand::ChangeOwnSettings { settings, expected: None }
}

fn columns(names: &[&str]) -> OwnSetting {
    OwnSetting::SequenceColumns(names.iter().map(|name| (*name).to_owned()).collect())
}

/// P-19, W-63, Q-10: everybody's own, and nobody else's; language and time zone are those of the profile.
#[test]
fn p_19_q_10_people_set_what_is_theirs() {
    let mut office = Office::with_two();
    office.by = BOB;
    let (zone, order) = (Some("Europe/Madrid".to_owned()), columns(&["status", "name"]));
    let all = vec![
        OwnSetting::AutoAdvance(AutoAdvance::Next),
        OwnSetting::Language(Some(Language::Gl)),
        OwnSetting::TimeZone(zone.clone()),
        OwnSetting::HiddenFilters(vec!["unopened".into()]),
        order,
    ];
    let (before, seen) = (office.state().own_version(BOB), office.state().own_version(ADA));
    assert_eq!(office.ask(own(all.clone())), Ok(2), "and due dates follow the zone (TM-11)");
    let state = office.state();
    assert_eq!(state.own(BOB).auto_advance, AutoAdvance::Next);
    assert_eq!(
        (state.own(BOB).sequence_columns.join(" "), state.own(BOB).hidden_filters.len()),
        ("status name".into(), 1)
    );
    assert_eq!(
        (state.users[&BOB].profile.language.as_deref(), state.users[&BOB].profile.time_zone.clone()),
        (Some("gl"), zone)
    );
    assert_eq!((state.own(ADA), state.own_version(ADA)), (OwnSettings::default(), seen), "nobody else's");
    assert!(state.own_version(BOB) > before);
    assert_eq!(office.ask(own(all)), Ok(0), "it is so already");
    let stale = OrganisationCommand::ChangeOwnSettings { settings: vec![], expected: Some(before) };
    assert!(matches!(office.ask(stale), Err(OrganisationRejection::VersionMismatch(_))));
    office.by = UserId::ADMINISTRATOR;
    assert_eq!(office.ask(own(vec![OwnSetting::Language(Some(Language::Fr))])), Ok(1), "who is no user");
    assert_eq!(office.state().profile(UserId::ADMINISTRATOR).language.as_deref(), Some("fr"));
    office.by = UserId::NOBODY;
    let refused = office.ask(own(vec![])).unwrap_err();
    assert_eq!(refused.denial().map(|denial| denial.cause), Some(Cause::Role));
}

#[test]
fn q_12_what_does_not_fit_is_told_at_once_and_changes_nothing() {
    let mut office = Office::with_two();
    office.by = BOB;
    let many = (0..=limits::HIDDEN_FILTERS_MAX).map(|number| number.to_string()).collect();
    let table: [(OwnSetting, &[(&str, &str)]); 7] = [
        (columns(&SEQUENCE_COLUMNS), &[]),
        (
            columns(&["name", "colour", "name"]),
            &[("/sequence_columns/1", "column_unknown"), ("/sequence_columns/2", "duplicate")],
        ),
        (
            OwnSetting::HiddenFilters(vec!["a".into(), " ".into(), "a".into()]),
            &[("/hidden_filters/1", "empty"), ("/hidden_filters/2", "duplicate")],
        ),
        (OwnSetting::HiddenFilters(many), &[("/hidden_filters", "too_long")]),
        (OwnSetting::TimeZone(Some("Moon".into())), &[("/time_zone", "time_zone_unknown")]),
        (OwnSetting::TimeZone(None), &[]),
        (OwnSetting::Language(None), &[]),
    ];
    for (setting, expected) in table {
        let what = format!("{setting:?}");
        let both = vec![OwnSetting::AutoAdvance(AutoAdvance::Stay), setting];
        let found = match office.ask(own(both)) {
            Ok(_) => vec![],
            Err(OrganisationRejection::Invalid(problems)) => problems,
            Err(other) => panic!("{what}: {other}"),
        };
        let found: Vec<_> = found.iter().map(|problem| (problem.pointer.as_str(), problem.code)).collect();
        assert_eq!(found, expected, "{what}");
    }
}

/// P-15, W-70, L-18: cards are arranged where that is switched on and not locked, within their bounds.
#[test]
fn p_15_cards_are_arranged_where_an_administrator_lets_people() {
    let layout = |text: &str| OwnSetting::CardLayout(Some(text.into()));
    let fits = r#"{"rows":[{"fields":["name","score"],"icons":["follow"]},{}]}"#;
    let row = r#"{"fields":["a","b","c","d"]}"#;
    for (on, lock, may) in [(false, false, false), (true, false, true), (true, true, false)] {
        let mut office = Office::with_two();
        let settings = vec![Setting::CardCustomisation(on), Setting::CardLock(lock)];
        office.ask(OrganisationCommand::ChangeSettings { settings, expected: None }).unwrap();
        office.by = BOB;
        let done = office.ask(own(vec![layout(fits)]));
        assert_eq!(done, if may { Ok(1) } else { Err(OrganisationRejection::CardsLocked) }, "{on} {lock}");
        assert!(office.ask(own(vec![OwnSetting::CardLayout(None)])).is_ok(), "back to the usual one");
        for wrong in ["[]", "{}", r#"{"rows":[1]}"#, &format!(r#"{{"rows":[{row}]}}"#), r#"{"rows":[{},{},{},{},{}]}"#]
        {
            assert!(office.ask(own(vec![layout(wrong)])).is_err(), "{wrong}");
        }
    }
}

#[test]
fn a_text_is_in_the_language_of_the_user_else_the_record_else_the_organisation_else_english() {
    let mut office = Office::with_two();
    let table = [
        (None, None, None, Language::En),
        (None, None, Some(Language::Fr), Language::Fr),
        (None, Some(Language::Gl), Some(Language::Fr), Language::Gl),
        (Some(Language::En), Some(Language::Gl), Some(Language::Fr), Language::En),
    ];
    for (own_language, record, organisation, expected) in table {
        office.by = ADA;
        let settings = vec![Setting::Language(organisation.unwrap_or_default())];
        office.ask(OrganisationCommand::ChangeSettings { settings, expected: None }).unwrap();
        office.by = BOB;
        office.ask(own(vec![OwnSetting::Language(own_language)])).unwrap();
        let policy = Policy::new(office.state().clone());
        assert_eq!(policy.language(BOB, record), expected, "{own_language:?} {record:?} {organisation:?}");
    }
}
