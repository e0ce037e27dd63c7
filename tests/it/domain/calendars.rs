//! Users' calendars in the organisation: whose they are, who writes them, and what follows for due dates (§12, P-18, P-19).

use relance::domain::effect::Delivery;
use relance::domain::organisation::calendars::judge;
use relance::domain::organisation::command::{
    OrganisationCommand, OrganisationEvent, OrganisationRejection, UserChange,
};
use relance::domain::organisation::own_settings::OwnSetting;
use relance::domain::organisation::settings::Setting;
use relance::domain::permission::{Cause, Denies, Role};
use relance::domain::policy::DEFAULT_UNIT;
use relance::domain::record::schema::Owner;
use relance::domain::schedule::{Calendar, Entry, Repeat, Span, TimeOfDay, Weekdays};
use relance::id::{TeamId, UserId};

use super::people::{ADA, BOB, Office};
use super::world::user;

fn mornings(time_zone: &str) -> Calendar {
    let on = Repeat { weekdays: Weekdays::ALL, from: None, until: None };
    let span = Span { start: TimeOfDay::hour(6), end: TimeOfDay::hour(10) };
    let entries = vec![Entry::WorkingHours { on, span, breaks: vec![], description: None }];
    Calendar { time_zone: time_zone.into(), entries, holidays: Some("ES".into()) }
}

fn set(user: UserId, calendar: Calendar) -> OrganisationCommand {
    OrganisationCommand::SetCalendar { user, calendar, expected: None }
}

fn moved(office: &Office) -> Vec<Option<UserId>> {
    let moved = office.owed.values().filter_map(|delivery| match delivery {
        Delivery::MoveDueDates { user } => Some(*user),
        _ => None,
    });
    moved.collect()
}

/// TM-1, TM-2, TM-5: everybody has a calendar, kept here: the usual hours in UTC, or where the profile says.
#[test]
fn tm_1_everybody_has_a_calendar_with_a_zone() {
    let mut office = Office::with_two();
    assert_eq!(*office.state().calendar(BOB), Calendar::usual("UTC"));
    office.by = BOB;
    let zone = |zone: &str| OrganisationCommand::ChangeOwnSettings {
        settings: vec![OwnSetting::TimeZone(Some(zone.into()))],
        expected: None,
    };
    office.ask(zone("Asia/Tokyo")).unwrap();
    assert_eq!(*office.state().calendar(BOB), Calendar::usual("Asia/Tokyo"));
    // Whichever of calendar and profile is written, the other follows.
    let before = office.state().calendar_version(BOB);
    office.ask(set(BOB, mornings("Europe/Madrid"))).unwrap();
    assert_eq!(*office.state().calendar(BOB), mornings("Europe/Madrid"));
    assert_eq!(office.state().users[&BOB].profile.time_zone.as_deref(), Some("Europe/Madrid"));
    assert!(office.state().calendar_version(BOB) > before);
    office.ask(zone("America/Lima")).unwrap();
    assert_eq!(*office.state().calendar(BOB), mornings("America/Lima"));
    office.by = UserId::ADMINISTRATOR;
    let change = vec![UserChange::TimeZone(None)];
    office.ask(OrganisationCommand::ChangeUser { user: BOB, changes: change, expected: None }).unwrap();
    assert_eq!(*office.state().calendar(BOB), mornings("UTC"));
    assert_eq!(*office.state().calendar(ADA), Calendar::usual("UTC"), "nobody else's");
    office.ask(set(UserId::ADMINISTRATOR, mornings("Africa/Nairobi"))).unwrap();
    assert_eq!(office.state().time_zone(UserId::ADMINISTRATOR), "Africa/Nairobi", "who is no user");
}

#[test]
fn p_18_p_19_people_set_their_own_and_managers_those_of_their_people() {
    let mut office = Office::with_two();
    let [manager, author, far] = [UserId(0x43), UserId(0x44), UserId(0x45)];
    office.add(manager, "maria", &[Role::SalesManager]).unwrap();
    office.add(author, "suso", &[Role::SequenceManager]).unwrap();
    let elsewhere = user("far", &[Role::Seller], "south").profile;
    assert_ne!(elsewhere.business_unit, DEFAULT_UNIT);
    office.ask(OrganisationCommand::AddUser { user: far, profile: elsewhere }).unwrap();
    let table = [
        (BOB, BOB, None),
        (author, author, None),
        (manager, BOB, None),
        (ADA, far, None),
        (UserId::ADMINISTRATOR, BOB, None),
        (BOB, ADA, Some(Cause::Role)),
        (author, BOB, Some(Cause::Role)),
        (manager, far, Some(Cause::Hidden)),
        (UserId::NOBODY, BOB, Some(Cause::Role)),
    ];
    for (by, whose, expected) in table {
        office.by = by;
        let cause = |refused: OrganisationRejection| refused.denial().map(|denial| denial.cause);
        let written = office.ask(set(whose, mornings(&format!("Etc/GMT+{}", by.0 % 10)))).err().and_then(cause);
        let read = judge(&office.given(), by, whose).err().and_then(cause);
        assert_eq!((written, read), (expected, expected), "{by} of {whose}");
    }
    office.by = manager;
    assert_eq!(office.ask(set(UserId(0x99), mornings("UTC"))), Err(OrganisationRejection::UserNotFound));
}

#[test]
fn a_calendar_that_does_not_fit_or_was_read_before_a_change_is_refused_and_the_same_again_changes_nothing() {
    let mut office = Office::with_two();
    office.by = BOB;
    let seen = office.state().calendar_version(BOB);
    assert!(matches!(office.ask(set(BOB, mornings("Mars"))), Err(OrganisationRejection::Invalid(_))));
    assert_eq!(office.ask(set(BOB, mornings("UTC"))), Ok(2));
    assert_eq!(office.ask(set(BOB, mornings("UTC"))), Ok(0));
    let stale = OrganisationCommand::SetCalendar { user: BOB, calendar: mornings("UTC"), expected: Some(seen) };
    assert!(matches!(office.ask(stale), Err(OrganisationRejection::VersionMismatch(_))));
}

/// TM-11, A-4, A-5: what due dates follow from has them computed anew, once per change, until that is settled.
#[test]
fn tm_11_due_dates_are_owed_a_computing_anew_when_what_they_follow_from_changes() {
    let mut office = Office::with_two();
    let settings = |settings| OrganisationCommand::ChangeSettings { settings, expected: None };
    office.ask(settings(vec![Setting::Reporting(true)])).unwrap();
    let name =
        OrganisationCommand::ChangeUser { user: BOB, changes: vec![UserChange::Name("Bo".into())], expected: None };
    office.ask(name).unwrap();
    assert!(office.owed.is_empty(), "neither has to do with time");
    office.ask(settings(vec![Setting::SellerAvailability(true), Setting::WaitComputation(true)])).unwrap();
    office.ask(set(ADA, mornings("UTC"))).unwrap();
    let zone = vec![UserChange::TimeZone(Some("Asia/Tokyo".into()))];
    office.ask(OrganisationCommand::ChangeUser { user: BOB, changes: zone, expected: None }).unwrap();
    assert_eq!(moved(&office), [None, Some(ADA), Some(BOB)]);
    assert_eq!(office.state().walks.len(), 3);
    let settled = |walk| OrganisationCommand::DueDatesSettled { walk };
    assert!(office.ask(settled(2)).is_err(), "only the server says so");
    office.by = UserId::SYSTEM;
    assert_eq!(office.told(settled(2)), Ok(vec![OrganisationEvent::DueDatesSettled { walk: 2 }]));
    assert_eq!(office.told(settled(2)), Ok(vec![]));
    assert_eq!(moved(&office), [None, Some(BOB)]);
}

/// TM-10: a team works when the record's owner does, and two teams at the usual hours.
#[test]
fn tm_10_a_team_has_the_calendar_of_the_records_owner() {
    let mut office = Office::with_two();
    office.by = BOB;
    office.ask(set(BOB, mornings("UTC"))).unwrap();
    let (policy, team) = (office.given().policy, Owner::Team(TeamId(1)));
    assert_eq!(*policy.calendar(Owner::User(BOB), team), mornings("UTC"));
    assert_eq!(*policy.calendar(team, Owner::User(BOB)), mornings("UTC"));
    assert_eq!(*policy.calendar(team, team), Calendar::default());
}
