//! The settings of the organisation (§17): what they are at first, who writes which, and what fits.

use relance::domain::delivery::UnknownPolicy;
use relance::domain::entity::Entity;
use relance::domain::entity::Stamp;
use relance::domain::governor::SendingCaps;
use relance::domain::language::Language;
use relance::domain::organisation::Organisation;
use relance::domain::organisation::command::{OrganisationCommand, OrganisationEvent, OrganisationRejection};
use relance::domain::organisation::grades::GradeLimits;
use relance::domain::organisation::settings::{CallResult, Setting, Settings, Workspace};
use relance::domain::permission::{Cause, Denies, Permission, Role};
use relance::domain::record::command::RecordCommand;
use relance::domain::record::schema::{Phone, RecordType};
use relance::domain::record::{Problem, RecordRejection};
use relance::domain::sequence::graph::Graph;
use relance::domain::sequence::{Sequence, SequenceCommand, SequenceRejection};
use relance::id::{SequenceId, UserId};

use super::draw::{graph, task};
use super::people::{ADA, Office};
use super::world::{World, at};

const SAM: UserId = UserId(0x61);

fn change(settings: Vec<Setting>) -> OrganisationCommand {
    OrganisationCommand::ChangeSettings { settings, expected: None }
}

#[test]
fn a_1_to_a_14_the_settings_at_first_are_those_of_the_specification() {
    let each = Settings::default().each();
    let shown: Vec<String> = each.iter().map(|setting| format!("{} {setting:?}", setting.name())).collect();
    let specified = [
        "roles Roles(All)",                                                    // A-1
        "record_types RecordTypes({Lead, Contact, Account, Opportunity})",     // A-2
        "sample_data SampleData(false)",                                       // A-3
        "seller_availability SellerAvailability(false)",                       // A-4
        "wait_computation WaitComputation(false)",                             // A-5
        "linked_activities LinkedActivities(true)",                            // A-6
        "linked_activities_exclude_calls LinkedActivitiesExcludeCalls(false)", // A-6
        "activity_completes_step ActivityCompletesStep(true)",                 // A-7
        "call_completes_step CallCompletesStep(true)",                         // A-7
        "call_result CallResult(Ask)",                                         // A-8
        "lock_activity_settings LockActivitySettings(false)",                  // A-9
        "reporting Reporting(false)",                                          // A-10
        "phone_priority PhonePriority([Business, Mobile])",                    // A-11
        "email_engagement EmailEngagement(true)",                              // A-12
        "linkedin Linkedin(false)",                                            // A-13
        "card_customisation CardCustomisation(false)",                         // A-14
        "card_lock CardLock(false)",                                           // A-14
        "monthly_connect_quota MonthlyConnectQuota(None)",
        "require_sequence_tests RequireSequenceTests(false)",
        "language Language(En)",
        "unknown_policy UnknownPolicy(Hold)", // D-58
        "unknown_after_minutes UnknownAfterMinutes(15)",
        "retry_initial_seconds RetryInitialSeconds(60)",
        "retry_max_hours RetryMaxHours(48)",
        "public_url PublicUrl(None)",
        "bulk_email_all_types BulkEmailAllTypes(false)", // W-89
        "sending_caps SendingCaps(SendingCaps { organisation: Caps { per_hour: None, per_day: None }, \
         seller: Caps { per_hour: None, per_day: None }, recipient_domain: Caps { per_hour: None, per_day: None }, \
         spacing_seconds: 0, person: None, account: None })",
        "rule_score RuleScore(false)",                                   // W-53, D-53
        "grade_limits GradeLimits(GradeLimits { a: 75, b: 50, c: 25 })", // W-54
        "daily_capacity DailyCapacity(None)",
        "card_layout CardLayout(None)", // W-70
    ];
    assert_eq!(shown, specified);
}

/// Another value than the first for every setting.
fn others() -> Vec<Setting> {
    let other = |setting: Setting| match setting {
        Setting::Roles(_) => Setting::Roles(Workspace::Only([Role::Seller].into_iter().collect())),
        Setting::RecordTypes(_) => Setting::RecordTypes([RecordType::Contact].into_iter().collect()),
        Setting::SampleData(value) => Setting::SampleData(!value),
        Setting::SellerAvailability(value) => Setting::SellerAvailability(!value),
        Setting::WaitComputation(value) => Setting::WaitComputation(!value),
        Setting::LinkedActivities(value) => Setting::LinkedActivities(!value),
        Setting::LinkedActivitiesExcludeCalls(value) => Setting::LinkedActivitiesExcludeCalls(!value),
        Setting::ActivityCompletesStep(value) => Setting::ActivityCompletesStep(!value),
        Setting::CallCompletesStep(value) => Setting::CallCompletesStep(!value),
        Setting::CallResult(_) => Setting::CallResult(CallResult::Default("made".into())),
        Setting::LockActivitySettings(value) => Setting::LockActivitySettings(!value),
        Setting::Reporting(value) => Setting::Reporting(!value),
        Setting::PhonePriority(_) => Setting::PhonePriority(vec![]),
        Setting::EmailEngagement(value) => Setting::EmailEngagement(!value),
        Setting::Linkedin(value) => Setting::Linkedin(!value),
        Setting::CardCustomisation(value) => Setting::CardCustomisation(!value),
        Setting::CardLock(value) => Setting::CardLock(!value),
        Setting::MonthlyConnectQuota(_) => Setting::MonthlyConnectQuota(Some(1_500)),
        Setting::RequireSequenceTests(value) => Setting::RequireSequenceTests(!value),
        Setting::Language(_) => Setting::Language(Language::Gl),
        Setting::UnknownPolicy(_) => Setting::UnknownPolicy(UnknownPolicy::Resend),
        Setting::UnknownAfterMinutes(_) => Setting::UnknownAfterMinutes(30),
        Setting::RetryInitialSeconds(_) => Setting::RetryInitialSeconds(5),
        Setting::RetryMaxHours(_) => Setting::RetryMaxHours(0),
        Setting::BulkEmailAllTypes(value) => Setting::BulkEmailAllTypes(!value),
        Setting::SendingCaps(_) => Setting::SendingCaps(SendingCaps { spacing_seconds: 30, ..SendingCaps::default() }),
        Setting::RuleScore(value) => Setting::RuleScore(!value),
        Setting::GradeLimits(_) => Setting::GradeLimits(GradeLimits { a: 90, b: 60, c: 30 }),
        Setting::DailyCapacity(_) => Setting::DailyCapacity(Some(40)),
        Setting::CardLayout(_) => Setting::CardLayout(Some(r#"{"rows":[{"fields":["name"]}]}"#.into())),
        Setting::PublicUrl(_) => Setting::PublicUrl(Some("https://sales.example.com".into())),
    };
    Settings::default().each().into_iter().map(other).collect()
}

/// P-11, P-12, P-14, P-16: set-up and cards are the administrator's, the rest also the sequence manager's, and capacity the
/// sales manager's too.
#[test]
fn a_setting_is_written_by_whom_its_permission_lets_and_noted_with_what_it_was() {
    for (role, lines) in [
        (Role::SystemAdministrator, [11, 12, 14, 16].as_slice()),
        (Role::SequenceManager, &[11, 16]),
        (Role::SalesManager, &[16]),
        (Role::Seller, &[]),
    ] {
        for setting in others() {
            let mut office = Office::with_two();
            office.add(SAM, "sam", &[role]).unwrap();
            office.by = SAM;
            let what = format!("{setting:?} by {role:?}");
            let before = office.state().settings.same(&setting);
            let done = office.told(change(vec![setting.clone()])).map(|mut events| {
                // Due dates follow some of them (TM-11).
                events.retain(|event| !matches!(event, OrganisationEvent::DueDatesMoved { .. }));
                events
            });
            if lines.contains(&setting.permission().number()) {
                let told = OrganisationEvent::SettingsChanged { before: vec![before], after: vec![setting.clone()] };
                assert_eq!(done, Ok(vec![told]), "{what}");
                assert_eq!(office.state().settings.same(&setting), setting, "{what}");
                assert_eq!(office.state().settings_version, 2, "{what}");
                assert_eq!(office.ask(change(vec![setting])), Ok(0), "{what}, which it is already");
            } else {
                assert_eq!(done.unwrap_err().denial().map(|denial| denial.cause), Some(Cause::Role), "{what}");
                assert_eq!(office.state().settings, Settings::default(), "{what}");
            }
        }
    }
}

#[test]
fn p_11_p_12_a_change_that_touches_what_one_may_not_write_is_refused_whole() {
    let mut office = Office::with_two();
    office.add(SAM, "sam", &[Role::SequenceManager]).unwrap();
    office.by = SAM;
    let both = vec![Setting::Reporting(true), Setting::Roles(Workspace::All)];
    let refused = office.ask(change(both)).unwrap_err();
    assert!(refused.to_string().contains("`roles` (P-12)"), "{refused}");
    assert_eq!(office.state().settings, Settings::default());
    office.by = ADA;
    let Err(OrganisationRejection::Invalid(problems)) = office.ask(change(vec![
        Setting::Reporting(true),
        Setting::CallResult(CallResult::Default("shouted".into())),
        Setting::PhonePriority(vec![Phone::Home, Phone::Mobile, Phone::Home]),
        Setting::MonthlyConnectQuota(Some(0)),
    ])) else {
        panic!("three of them do not fit");
    };
    let places: Vec<_> = problems.iter().map(|problem| (problem.pointer.as_str(), problem.code)).collect();
    let specified = [
        ("/call_result/default", "call_result_invalid"),
        ("/phone_priority", "duplicate"),
        ("/monthly_connect_quota", "out_of_range"),
    ];
    assert_eq!(places, specified);
    assert_eq!(office.state().settings, Settings::default(), "all or none");
}

#[test]
fn a_1_what_an_older_log_says_of_the_workspace_still_holds() {
    let only = Workspace::Only([Role::SalesManager].into_iter().collect());
    let mut organisation = Organisation::default();
    let stamp = Stamp { at: at("2026-03-02T09:00:00Z"), by: ADA };
    organisation.apply(&OrganisationEvent::WorkspaceChanged { before: Workspace::All, after: only }, stamp);
    assert_eq!(organisation.settings, Settings { roles: only, ..Settings::default() });
    assert_eq!(organisation.settings_version, 2);
}

/// A-2, K-14: a type that is switched off takes no new sequence and no new connection; what runs goes on.
#[test]
fn a_2_k_14_where_a_type_is_switched_off_nothing_new_begins_and_what_runs_goes_on() {
    let mut world = World::lead();
    let [runs, waits] = [0; 2].map(|_| world.activate(graph(&[task("1", "2"), task("2", "")])));
    let run = world.connect(runs);
    let contacts = Settings { record_types: [RecordType::Contact].into_iter().collect(), ..Settings::default() };
    let organisation = (*world.given.policy.organisation).clone();
    world.given = world.given.with_organisation(&Organisation { settings: contacts, ..organisation });
    let connect = RecordCommand::Connect { sequence: waits, wait: None, source: None };
    assert_eq!(world.refused(connect), RecordRejection::RecordTypeDisabled(RecordType::Lead));
    world.complete(run);
    world.complete(run);
    assert!(world.end(run).is_some(), "what was connected before is through");
    let create = |record_type| SequenceCommand::Create {
        name: "New".into(),
        description: String::new(),
        record_type,
        template: None,
        graph: Graph::default(),
    };
    let stamp = Stamp { at: world.now, by: UserId::ADMINISTRATOR };
    let made = |kind| Sequence::default().decide(SequenceId(9), &world.given, create(kind), stamp);
    let Err(SequenceRejection::Invalid(problems)) = made(RecordType::Lead) else { panic!("it is switched off") };
    let [Problem { pointer, code, .. }] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!((pointer.as_str(), *code), ("/record_type", "record_type_disabled"));
    assert!(made(RecordType::Contact).is_ok());
    assert_eq!(Setting::RecordTypes(Default::default()).permission(), Permission::SetUp);
}
