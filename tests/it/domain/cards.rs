//! How cards of the work list look, and which grade a score has.

use relance::domain::card::{self, CardAction, CardIcon, CardLayout, Leading, Source};
use relance::domain::catalogue::Catalogue;
use relance::domain::organisation::command::{OrganisationCommand, OrganisationRejection};
use relance::domain::organisation::grades::{Grade, GradeLimits};
use relance::domain::organisation::own_settings::{OwnSetting, OwnSettings};
use relance::domain::organisation::settings::{Setting, Settings};
use relance::domain::record::schema::RecordType;
use relance::limits;

use super::people::{ADA, BOB, Office};

/// Fields and icons row by row, as the specification has them.
fn drawn(layout: &CardLayout) -> String {
    let icon = |icon: &CardIcon| match icon {
        CardIcon::Follow => " + follow",
        CardIcon::Score => " + score",
        _ => " + ?",
    };
    let row = |fields: &[String], icons: &[CardIcon]| fields.join(" + ") + &icons.iter().map(icon).collect::<String>();
    layout.rows.iter().map(|one| row(&one.fields, &one.icons)).collect::<Vec<_>>().join(" / ")
}

#[test]
fn w_72_cards_look_as_specified_where_nobody_says_otherwise() {
    let project = RecordType::from_name("project").expect("a name");
    for (kind, specified) in [
        (RecordType::Account, "name + follow / primary_contact + primary_contact.job_title / next_activity"),
        (RecordType::Contact, "name + follow / job_title + company / next_activity"),
        (RecordType::Lead, "name + follow + score / job_title + company / next_activity"),
        (
            RecordType::Opportunity,
            "primary_contact + follow + score / primary_contact.job_title + primary_contact.company / name + \
             estimated_value / next_activity",
        ),
        (project, "name + follow"),
    ] {
        let (source, layout) = card::seen(kind, &Settings::default(), &OwnSettings::default());
        assert_eq!((source, drawn(&layout).as_str()), (Source::Default, specified), "{kind}");
        assert_eq!(layout.leading, Leading::Initials);
        assert_eq!(layout.actions, [CardAction::Complete, CardAction::Skip, CardAction::Snooze]);
        // What ships is what somebody could write.
        if !matches!(kind, RecordType::Custom(_)) {
            let text = serde_json::json!({ kind.name(): layout }).to_string();
            assert_eq!(card::fault(&text, &Catalogue::default()), None, "{kind}");
        }
    }
}

/// W-70, A-14, P-15: off at first; an administrator's for everybody; one's own unless that is locked.
#[test]
fn w_70_a_14_whose_layout_holds_follows_from_the_settings() {
    let text = |field: &str| Some(format!(r#"{{"lead":{{"rows":[{{"fields":["{field}"]}}]}}}}"#));
    for (on, lock, all, own, source, fields) in [
        (false, false, true, true, Source::Default, ""),
        (true, false, false, false, Source::Default, ""),
        (true, false, true, false, Source::Organisation, "city"),
        (true, false, true, true, Source::Personal, "email"),
        (true, false, false, true, Source::Personal, "email"),
        (true, true, true, true, Source::Organisation, "city"),
        (true, true, false, true, Source::Default, ""),
    ] {
        let card_layout = text("city").filter(|_| all);
        let settings = Settings { card_customisation: on, card_lock: lock, card_layout, ..Settings::default() };
        let own = OwnSettings { card_layout: text("email").filter(|_| own), ..OwnSettings::default() };
        let what = format!("{on} {lock} {settings:?} {own:?}");
        let (found, layout) = card::seen(RecordType::Lead, &settings, &own);
        assert_eq!(found, source, "{what}");
        assert!(source == Source::Default || drawn(&layout) == fields, "{what}");
        let other = card::seen(RecordType::Contact, &settings, &own).0;
        assert_eq!(other, Source::Default, "it was said of leads alone: {what}");
    }
    let every = Some(r#"{"leading":"record_type","rows":[],"actions":["call"]}"#.to_owned());
    let settings = Settings { card_customisation: true, card_layout: every, ..Settings::default() };
    let (source, layout) = card::seen(RecordType::Account, &settings, &OwnSettings::default());
    assert_eq!((source, layout.leading, layout.rows.len()), (Source::Organisation, Leading::RecordType, 0));
    assert_eq!(layout.actions, [CardAction::Call]);
}

/// W-71, L-18: both levels take the same, within the same bounds.
#[test]
fn w_71_l_18_a_card_has_four_rows_with_three_fields_and_three_icons() {
    let row = r#"{"fields":["name","email","score"],"icons":["follow","score","grade"]}"#;
    let long = format!(r#"{{"rows":[{{"fields":["{}"]}}]}}"#, "x".repeat(limits::CARD_LAYOUT_MAX));
    let table: Vec<(String, &str)> = vec![
        (format!(r#"{{"rows":[{row},{row},{row},{row}]}}"#), ""),
        (format!(r#"{{"rows":[{row},{row},{row},{row},{row}]}}"#), "/card_layout/rows"),
        (r#"{"rows":[{},{"fields":["name","name","name","name"]}]}"#.into(), "/card_layout/rows/1"),
        (r#"{"rows":[{"icons":["follow","score","grade","score"]}]}"#.into(), "/card_layout/rows/0"),
        (r#"{"rows":[{"fields":["name","colour"]}]}"#.into(), "/card_layout/rows/0/fields/1"),
        (r#"{"rows":[{"fields":["estimated_value","employees"]}]}"#.into(), ""),
        (r#"{"lead":{"rows":[{"fields":["employees"]}]}}"#.into(), "/card_layout/lead/rows/0/fields/0"),
        (
            r#"{"account":{"rows":[{"fields":["employees","primary_contact.email","due"]}]},"lead":{"rows":[]}}"#
                .into(),
            "",
        ),
        (
            r#"{"account":{"rows":[{"fields":["primary_contact.employees"]}]}}"#.into(),
            "/card_layout/account/rows/0/fields/0",
        ),
        (r#"{"boat":{"rows":[]}}"#.into(), "/card_layout/boat"),
        (r#"{"lead":{"rows":[]},"contact":7}"#.into(), "/card_layout"),
        (r#"{"lead":{}}"#.into(), "/card_layout/lead"),
        (r#"{"rows":[[]]}"#.into(), "/card_layout"),
        (r#"{"rows":[],"leading":"photo"}"#.into(), "/card_layout"),
        (r#"{"rows":[],"actions":["complete","complete"]}"#.into(), "/card_layout/actions"),
        (r#"{"rows":[],"colour":"red"}"#.into(), "/card_layout"),
        ("{}".into(), "/card_layout"),
        ("[]".into(), "/card_layout"),
        (long, "/card_layout"),
    ];
    let mut office = Office::with_two();
    let on = vec![Setting::CardCustomisation(true)];
    office.ask(OrganisationCommand::ChangeSettings { settings: on, expected: None }).unwrap();
    for (text, pointer) in table {
        let all = vec![Setting::CardLayout(Some(text.clone()))];
        let own = vec![OwnSetting::CardLayout(Some(text.clone()))];
        let asked = [
            (ADA, OrganisationCommand::ChangeSettings { settings: all, expected: None }),
            (BOB, OrganisationCommand::ChangeOwnSettings { settings: own, expected: None }),
        ];
        for (by, command) in asked {
            office.by = by;
            let found = match office.ask(command) {
                Ok(_) => String::new(),
                Err(OrganisationRejection::Invalid(problems)) => {
                    assert_eq!(problems[0].code, "card_layout_invalid", "{text}");
                    problems[0].pointer.clone()
                }
                Err(other) => panic!("{text}: {other}"),
            };
            assert_eq!(found, pointer, "{text}");
        }
    }
}

/// W-54, W-50: the limits of the specification, and those that an organisation sets.
#[test]
fn w_54_w_50_a_grade_is_the_highest_whose_limit_a_score_reaches() {
    let usual = GradeLimits::default();
    for (score, grade) in [(100, "A"), (75, "A"), (74, "B"), (50, "B"), (49, "C"), (25, "C"), (24, "D"), (0, "D")] {
        assert_eq!(usual.grade(score).name(), grade, "{score}");
    }
    assert_eq!(GradeLimits { a: 3, b: 2, c: 1 }.grade(2), Grade::B);
    let limits = |a, b, c| Setting::GradeLimits(GradeLimits { a, b, c });
    let mut office = Office::with_two();
    let mut set =
        |setting: Setting| office.ask(OrganisationCommand::ChangeSettings { settings: vec![setting], expected: None });
    for fits in [limits(100, 99, 98), limits(3, 2, 1)] {
        assert_eq!(set(fits), Ok(1));
    }
    for wrong in [limits(101, 50, 25), limits(75, 75, 25), limits(75, 50, 50), limits(50, 75, 25), limits(75, 50, 0)] {
        let Err(OrganisationRejection::Invalid(problems)) = set(wrong.clone()) else { panic!("{wrong:?}") };
        assert_eq!((problems[0].pointer.as_str(), problems[0].code), ("/grade_limits", "out_of_range"), "{wrong:?}");
    }
}

/// One's own number of items a day goes before everybody's.
#[test]
fn p_16_p_19_the_capacity_of_a_day_is_ones_own_or_everybodys() {
    let mut office = Office::with_two();
    assert_eq!(office.state().daily_capacity(BOB), None, "days are not levelled at first");
    let all =
        |items| OrganisationCommand::ChangeSettings { settings: vec![Setting::DailyCapacity(items)], expected: None };
    let own = |items| OrganisationCommand::ChangeOwnSettings {
        settings: vec![OwnSetting::DailyCapacity(items)],
        expected: None,
    };
    assert_eq!(office.ask(all(Some(40))), Ok(1));
    for wrong in [0, limits::DAILY_CAPACITY_MAX + 1] {
        for command in [all(Some(wrong)), own(Some(wrong))] {
            let Err(OrganisationRejection::Invalid(problems)) = office.ask(command) else { panic!("{wrong}") };
            assert_eq!((problems[0].pointer.as_str(), problems[0].code), ("/daily_capacity", "out_of_range"));
        }
    }
    office.by = BOB;
    assert_eq!(office.ask(own(Some(12))), Ok(1));
    assert_eq!((office.state().daily_capacity(BOB), office.state().daily_capacity(ADA)), (Some(12), Some(40)));
    assert_eq!(office.ask(own(None)), Ok(1));
    assert_eq!(office.state().daily_capacity(BOB), Some(40));
}
