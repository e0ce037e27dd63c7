//! An example of every variant of what an organisation stores.

use std::collections::BTreeSet;

use relance::domain::channels::mailbox::Caps;
use relance::domain::delivery::UnknownPolicy;
use relance::domain::governor::{Pressure, SendingCaps};
use relance::domain::language::Language;
use relance::domain::organisation::command::OrganisationEvent;
use relance::domain::organisation::grades::GradeLimits;
use relance::domain::organisation::own_settings::{AutoAdvance, OwnSetting};
use relance::domain::organisation::settings::{CallResult, Setting, Workspace};
use relance::domain::organisation::{TeamKind, UserProfile, UserState};
use relance::domain::permission::Role;
use relance::domain::record::schema::{Phone, RecordType};
use relance::domain::schedule::{Calendar, Day, Entry, HolidayCorrection, Repeat, Span, TimeOfDay, Weekday};

use super::{TEAM, USER, text};

pub fn events() -> Vec<OrganisationEvent> {
    use OrganisationEvent::*;
    let profile = || UserProfile {
        name: "Iria Castro".into(),
        email: "iria@example.com".into(),
        roles: [Role::Seller, Role::SalesManager].into_iter().collect(),
        business_unit: "norte".into(),
        time_zone: text("Europe/Madrid"),
        language: text("gl"),
    };
    let after = || UserProfile { language: None, ..profile() };
    let only = Workspace::Only([Role::SequenceManager].into_iter().collect());
    vec![
        UserAdded { user: USER, profile: profile(), state: UserState::Invited },
        UserChanged { user: USER, before: profile(), after: after() },
        UserStateChanged { user: USER, state: UserState::Active },
        UserStateChanged { user: USER, state: UserState::Disabled },
        TeamAdded { team: TEAM, name: "Vendas".into(), kind: TeamKind::Owner, members: BTreeSet::from([USER]) },
        TeamChanged {
            team: TEAM,
            before: ("Vendas".into(), TeamKind::Owner),
            after: ("Vendas 2".into(), TeamKind::Access),
        },
        MemberAdded { team: TEAM, user: USER },
        MemberRemoved { team: TEAM, user: USER },
        TeamRemoved { team: TEAM },
        WorkspaceChanged { before: Workspace::All, after: only },
        SettingsChanged { before: vec![], after: settings()[..20].to_vec() },
        OwnSettingsChanged { user: USER, before: vec![], after: own_settings()[..6].to_vec() },
        OwnSettingsChanged { user: USER, before: vec![], after: own_settings()[..11].to_vec() },
        Departed { user: USER, number: 300 },
        HandedOver { number: 300 },
        CalendarChanged { user: USER, before: None, after: Calendar::default() },
        CalendarChanged { user: USER, before: Some(Calendar::default()), after: calendar() },
        DueDatesMoved { walk: 300, user: Some(USER) },
        DueDatesMoved { walk: 301, user: None },
        DueDatesSettled { walk: 300 },
        HolidaysCorrected {
            before: vec![],
            after: vec![correction(None, None), correction(Some("FR"), Some("Ponte"))],
        },
        HolidaysCorrected { before: vec![correction(None, None)], after: vec![] },
    ]
}

fn correction(country: Option<&str>, name: Option<&str>) -> HolidayCorrection {
    let day = Day::try_from("2026-05-08".to_owned()).expect("a date");
    HolidayCorrection { country: country.map(Into::into), day, is_holiday: name.is_some(), name: name.map(Into::into) }
}

fn calendar() -> Calendar {
    let read = |text: &str| Day::try_from(text.to_owned()).expect("a date");
    let noon = Span { start: TimeOfDay::hour(12), end: TimeOfDay::hour(13) };
    let on = Repeat { weekdays: vec![Weekday::Mon, Weekday::Sun].into(), from: Some(read("2026-03-02")), until: None };
    let entries = vec![
        Entry::WorkingHours { on, span: Span::WORKING, breaks: vec![noon], description: text("Mañás") },
        Entry::NonWorkingHours { on: Repeat::WORKING, span: noon, description: None },
        Entry::TimeOff { from: read("2026-07-25"), until: read("2026-07-31"), description: None },
    ];
    Calendar { time_zone: "Europe/Madrid".into(), entries, holidays: text("ES") }
}

/// One value of each that somebody sets for themselves, in the order of their stored numbers.
pub fn own_settings() -> Vec<OwnSetting> {
    vec![
        OwnSetting::AutoAdvance(AutoAdvance::Stay),
        OwnSetting::Language(Some(Language::Gl)),
        OwnSetting::TimeZone(text("Europe/Madrid")),
        OwnSetting::HiddenFilters(vec!["unopened".into()]),
        OwnSetting::CardLayout(text(r#"{"rows":[]}"#)),
        OwnSetting::SequenceColumns(vec!["name".into(), "status".into()]),
        OwnSetting::LinkedActivities(Some(false)),
        OwnSetting::LinkedActivitiesExcludeCalls(Some(true)),
        OwnSetting::ActivityCompletesStep(None),
        OwnSetting::CallCompletesStep(Some(true)),
        OwnSetting::CallResult(Some(CallResult::Default("made".into()))),
        OwnSetting::DailyCapacity(Some(300)),
        OwnSetting::Signature(text("Ada")),
    ]
}

/// One value of each, in the order of their stored numbers.
pub fn settings() -> Vec<Setting> {
    vec![
        Setting::Roles(Workspace::Only([Role::SequenceManager].into_iter().collect())),
        Setting::RecordTypes([RecordType::Lead, RecordType::Opportunity].into_iter().collect()),
        Setting::SampleData(true),
        Setting::SellerAvailability(true),
        Setting::WaitComputation(true),
        Setting::LinkedActivities(false),
        Setting::LinkedActivitiesExcludeCalls(true),
        Setting::ActivityCompletesStep(false),
        Setting::CallCompletesStep(false),
        Setting::CallResult(CallResult::Default("made".into())),
        Setting::LockActivitySettings(true),
        Setting::Reporting(true),
        Setting::PhonePriority(vec![Phone::Home, Phone::Business]),
        Setting::EmailEngagement(false),
        Setting::Linkedin(true),
        Setting::CardCustomisation(true),
        Setting::CardLock(true),
        Setting::MonthlyConnectQuota(Some(1_500)),
        Setting::RequireSequenceTests(true),
        Setting::Language(Language::Gl),
        Setting::UnknownPolicy(UnknownPolicy::Hold),
        Setting::UnknownPolicy(UnknownPolicy::Resend),
        Setting::UnknownPolicy(UnknownPolicy::Sent),
        Setting::UnknownAfterMinutes(15),
        Setting::RetryInitialSeconds(60),
        Setting::RetryMaxHours(48),
        Setting::PublicUrl(Some("https://sales.example.com".into())),
        Setting::BulkEmailAllTypes(true),
        Setting::SendingCaps(SendingCaps {
            organisation: Caps { per_hour: Some(300), per_day: None },
            spacing_seconds: 300,
            person: Some(Pressure { most: 3, days: 7 }),
            ..SendingCaps::default()
        }),
        Setting::RuleScore(true),
        Setting::GradeLimits(GradeLimits { a: 90, b: 60, c: 30 }),
        Setting::DailyCapacity(Some(300)),
        Setting::CardLayout(text(r#"{"rows":[{"fields":["name"]}]}"#)),
    ]
}
