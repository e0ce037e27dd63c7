//! TM-3: holidays that an organisation says otherwise than the table: days of a country, and days of its own.

use relance::domain::effect::Delivery;
use relance::domain::organisation::command::{OrganisationCommand, OrganisationRejection};
use relance::domain::permission::{Cause, Denies};
use relance::domain::schedule::{Calendar, Corrections, Day, HolidayCorrection, TimeOfDay, Weekday};
use relance::domain::sequence::conduct::{Window, WindowZone};
use relance::id::UserId;
use relance::limits;

use super::people::{BOB, Office};
use super::world::at;

fn day(text: &str) -> Day {
    Day::try_from(text.to_owned()).expect("a date")
}

fn correction(country: Option<&str>, on: &str, is_holiday: bool) -> HolidayCorrection {
    HolidayCorrection { country: country.map(Into::into), day: day(on), is_holiday, name: None }
}

fn corrected(all: &[HolidayCorrection]) -> Corrections {
    let mut corrections = Corrections::default();
    all.iter().for_each(|one| corrections.set(one));
    corrections
}

/// The table has 14 July of France. What holds for everybody goes before what holds for a country, and that before the table.
#[test]
fn a_day_is_off_as_the_organisation_says_then_as_its_country_is_corrected_then_as_the_table_has_it() {
    let (bastille, next) = ("2026-07-14", "2026-07-15");
    let table: [(&[HolidayCorrection], [bool; 4]); 6] = [
        // 14 July in France, 15 July in France, 14 July in Spain, 14 July for whoever follows no country.
        (&[], [true, false, false, false]),
        (&[correction(Some("FR"), bastille, false)], [false, false, false, false]),
        (&[correction(Some("FR"), next, true)], [true, true, false, false]),
        (&[correction(None, bastille, true)], [true, false, true, true]),
        (&[correction(None, bastille, false)], [false, false, false, false]),
        (&[correction(None, bastille, false), correction(Some("FR"), bastille, true)], [false, false, false, false]),
    ];
    for (all, expected) in table {
        let corrections = corrected(all);
        let off = |country: Option<&str>, on: &str| {
            let calendar = Calendar { holidays: country.map(Into::into), ..Calendar::usual("UTC") };
            !calendar.working_here(&corrections).is_working(at(&format!("{on}T09:00:00Z")))
        };
        let found = [off(Some("FR"), bastille), off(Some("FR"), next), off(Some("ES"), bastille), off(None, bastille)];
        assert_eq!(found, expected, "{all:?}");
        // Who works here does not open or shut the window in which customers are written to; their country does.
        let window = Window {
            weekdays: Weekday::ALL.into_iter().collect(),
            start: TimeOfDay::hour(8),
            end: TimeOfDay::hour(17),
            zone: WindowZone::Recipient,
            business_time: false,
            holidays: Some("FR".into()),
        };
        let calendar = window.calendar("UTC");
        let is_open = calendar.open(&corrections).is_working(at(&format!("{bastille}T09:00:00Z")));
        let of_country = all.iter().find(|one| one.country.is_some() && one.day == day(bastille));
        assert_eq!(is_open, of_country.is_some_and(|one| !one.is_holiday), "{all:?}");
    }
}

#[test]
fn tm_11_a_correction_moves_the_due_dates_of_everybody_and_one_that_says_nothing_new_moves_none() {
    let mut office = Office::with_two();
    let ask = |office: &mut Office, corrections: &[HolidayCorrection]| {
        office.ask(OrganisationCommand::CorrectHolidays { corrections: corrections.to_vec(), expected: None })
    };
    let own = correction(None, "2026-12-24", true);
    let worked = correction(Some("FR"), "2026-05-08", false);
    assert_eq!(ask(&mut office, &[own.clone(), worked.clone()]), Ok(2));
    assert!(office.owed.values().any(|delivery| *delivery == Delivery::MoveDueDates { user: None }));
    assert_eq!(ask(&mut office, &[worked.clone(), own.clone()]), Ok(0), "said before");
    assert_eq!(office.state().holidays.all().collect::<Vec<_>>(), [own.clone(), worked.clone()]);
    // Whatever is not said any more does not hold any more.
    assert_eq!(ask(&mut office, std::slice::from_ref(&own)), Ok(2));
    assert_eq!(office.state().holidays, corrected(&[own]));
    assert_eq!(ask(&mut office, &[]), Ok(2));
    assert_eq!((&office.state().holidays, office.state().holidays_version), (&Corrections::default(), 4));
    let stale = OrganisationCommand::CorrectHolidays { corrections: vec![worked], expected: Some(3) };
    assert_eq!(office.ask(stale), Err(OrganisationRejection::VersionMismatch(4)));
}

#[test]
fn what_does_not_fit_is_told_with_its_place_and_sellers_correct_nothing() {
    let mut office = Office::with_two();
    let faults = |office: &mut Office, corrections: Vec<HolidayCorrection>| match office
        .ask(OrganisationCommand::CorrectHolidays { corrections, expected: None })
    {
        Err(OrganisationRejection::Invalid(problems)) => {
            problems.into_iter().map(|one| format!("{} {}", one.pointer, one.code)).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let good = correction(None, "2026-12-24", true);
    let named = HolidayCorrection { name: Some("x".repeat(201)), ..correction(Some("XX"), "2026-12-24", true) };
    let found = faults(&mut office, vec![good.clone(), named, good.clone()]);
    assert_eq!(found, ["/items/1/country country_unknown", "/items/1/name too_long", "/items/2/day duplicate"]);
    let many = (0..=limits::HOLIDAY_CORRECTIONS_MAX).map(|_| good.clone()).collect();
    assert_eq!(faults(&mut office, many), ["/items too_long"]);
    office.by = BOB;
    let refused = office.ask(OrganisationCommand::CorrectHolidays { corrections: vec![good], expected: None });
    assert_eq!(refused.unwrap_err().denial().map(|denial| denial.cause), Some(Cause::Role), "P-11");
    office.by = UserId::ADMINISTRATOR;
}
