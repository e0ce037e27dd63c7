//! §11.4 and C-7: manual activities, the activities that steps have on the timeline, and to whom open work goes.

use relance::domain::activity::{ActivityKind, ActivityStatus, NewActivity};
use relance::domain::enrolment::{Ordinal, StepStatus, StepWarning};
use relance::domain::organisation::own_settings::{OwnSetting, OwnSettings};
use relance::domain::organisation::settings::{CallResult, Setting};
use relance::domain::organisation::{Organisation, UserState};
use relance::domain::plan::AssignTo;
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, Owner};
use relance::domain::sequence::Property;
use relance::id::{TeamId, UserId};
use relance::limits;

use super::draw::{answered, auto_email, call, email, graph, linkedin, task, text, wait};
use super::world::{COLLEAGUE, SELLER, TEAM, World};

fn new(kind: ActivityKind) -> NewActivity {
    NewActivity { kind, subject: "Lunch".into(), due_at: None, note: None }
}

fn add(world: &mut World, kind: ActivityKind) -> Ordinal {
    world.ask(RecordCommand::AddActivity(new(kind)));
    world.record().activities.last().expect("it was added").ordinal
}

fn complete(activity: Ordinal, call_result: Option<&str>) -> RecordCommand {
    RecordCommand::CompleteActivity { activity, note: None, call_result: call_result.map(Into::into) }
}

fn organise(world: &mut World, change: impl FnOnce(&mut Organisation)) {
    let mut organisation = (*world.given.policy.organisation).clone();
    change(&mut organisation);
    world.given = world.given.with_organisation(&organisation);
}

fn set(world: &mut World, settings: &[Setting]) {
    organise(world, |organisation| settings.iter().for_each(|setting| organisation.settings.set(setting)));
}

fn disable(world: &mut World, user: UserId) {
    organise(world, |organisation| organisation.users.get_mut(&user).expect("a user").state = UserState::Disabled);
}

/// Where the linked activity of the current step stands.
fn linked(world: &World, run: Ordinal) -> Option<ActivityStatus> {
    world.current(run).linked_status()
}

#[test]
fn c_7_an_activity_is_the_callers_is_bounded_and_survives_a_replay() {
    let mut world = World::lead();
    world.by = COLLEAGUE;
    let activity = add(&mut world, ActivityKind::Meeting);
    let held = world.record().activity(activity).unwrap().clone();
    assert_eq!((held.assignee, held.created_at), (Owner::User(COLLEAGUE), world.now));
    assert_eq!(held.status, ActivityStatus::Open);
    assert_eq!(world.record().assignees(), [Owner::User(COLLEAGUE)], "who has it sees the record");
    for (subject, note, pointer) in [("", None, "/subject"), ("Lunch", Some(" "), "/note")] {
        let wrong = NewActivity { subject: subject.into(), note: note.map(Into::into), ..new(ActivityKind::Task) };
        let RecordRejection::Invalid(problems) = world.refused(RecordCommand::AddActivity(wrong)) else { panic!() };
        assert_eq!(problems[0].pointer, pointer);
    }
    world.check_replay();
    (1..limits::ACTIVITIES_MAX).for_each(|_| _ = add(&mut world, ActivityKind::Task));
    let one_more = RecordCommand::AddActivity(new(ActivityKind::Task));
    assert_eq!(world.refused(one_more), RecordRejection::TooManyActivities);
}

///
#[test]
fn r_12_skipping_a_manual_activity_cancels_it_and_r_13_it_is_never_put_off() {
    let mut world = World::lead();
    let (lunch, visit) = (add(&mut world, ActivityKind::Meeting), add(&mut world, ActivityKind::Task));
    let snooze = RecordCommand::Snooze { step: lunch, until: world.now + chrono::TimeDelta::days(1) };
    assert_eq!(world.refused(snooze), RecordRejection::SnoozeNotAllowed);
    world.ask(RecordCommand::CancelActivity(lunch));
    world.ask(RecordCommand::CompleteActivity { activity: visit, note: Some("kind".into()), call_result: None });
    let status = |activity| world.record().activity(activity).unwrap().status;
    assert_eq!([lunch, visit].map(status), [ActivityStatus::Cancelled, ActivityStatus::Completed]);
    assert_eq!(world.record().activity(visit).unwrap().closed_at, Some(world.now));
    assert_eq!(world.record().assignees(), []);
    for activity in [lunch, visit] {
        let to = Owner::User(COLLEAGUE);
        let late = [
            complete(activity, None),
            RecordCommand::CancelActivity(activity),
            RecordCommand::AssignActivity { activity, to },
        ];
        for late in late {
            assert_eq!(world.refused(late), RecordRejection::ActivityNotOpen, "R-23");
        }
        // §21.4: late reports are legal.
        let report = RecordCommand::ReportActivity { activity, completed: true, call_result: None };
        assert_eq!(world.ask(report), []);
    }
    assert_eq!(world.refused(complete(99, None)), RecordRejection::ActivityNotFound);
}

/// with the setting on, whatever a seller performs has an activity as soon as it opens, calls unless they are
/// excluded; nothing else has one.
#[test]
fn r_40_r_41_a_step_that_opens_has_an_activity_on_the_timeline() {
    let kinds = [
        (email("n", "t"), true, true),
        (text("n", "t"), true, true),
        (task("n", "t"), true, true),
        (linkedin("li_inmail", "n", "t"), true, true),
        (call("n", "t"), true, false),
        (auto_email("n", "t"), true, true),
        (wait("n", 1, 0, "t"), false, false),
    ];
    for (node, with_calls, without) in kinds {
        for (excluded, expected) in [(false, with_calls), (true, without)] {
            let mut world = World::lead();
            set(&mut world, &[Setting::LinkedActivitiesExcludeCalls(excluded)]);
            // ST-23: what cannot be sent is the seller's.
            world.ask(RecordCommand::Change(vec![Change::Email(None)]));
            let run = world.run(graph(&[node.clone(), task("t", "")]));
            let wanted = expected.then_some(ActivityStatus::Open);
            assert_eq!((world.here(run), linked(&world, run)), ("n", wanted), "{node}, calls excluded: {excluded}");
        }
    }
}

#[test]
fn r_40_without_the_setting_a_step_has_an_activity_from_when_its_seller_starts_it() {
    let mut world = World::lead();
    set(&mut world, &[Setting::LinkedActivities(false)]);
    let run = world.run(graph(&[task("n", "c"), call("c", "w"), wait("w", 1, 0, "t"), task("t", "")]));
    let step = world.current(run).ordinal;
    assert_eq!(linked(&world, run), None);
    assert_eq!(world.refused(complete(step, None)), RecordRejection::ActivityNotFound);
    assert_eq!(world.ask(RecordCommand::Start(step)), [RecordEvent::ActivityLinked { step }]);
    assert_eq!(world.ask(RecordCommand::Start(step)), [], "once");
    world.ask(complete(step, None));
    set(&mut world, &[Setting::LinkedActivitiesExcludeCalls(true)]);
    let step = world.current(run).ordinal;
    assert_eq!(world.ask(RecordCommand::Start(step)), [], "R-41: the phone system makes its own");
    world.complete(run);
    let wait = world.current(run).ordinal;
    assert_eq!(world.refused(RecordCommand::Start(wait)), RecordRejection::StepWaits);
}

///
#[test]
fn r_42_completing_the_activity_completes_the_step_where_the_settings_say_so() {
    for is_call in [false, true] {
        for option in [false, true] {
            let mut world = World::lead();
            let settings = [Setting::ActivityCompletesStep(option != is_call), Setting::CallCompletesStep(option)];
            set(&mut world, &settings);
            let first = if is_call { call("n", "t") } else { task("n", "t") };
            let along = if is_call { option } else { option != is_call };
            let run = world.run(graph(&[first, task("t", "")]));
            let step = world.current(run).ordinal;
            world.ask(complete(step, is_call.then_some("busy")));
            let done = world.step(run, "n");
            assert_eq!(done.linked_status(), Some(ActivityStatus::Completed));
            assert_eq!(done.status == StepStatus::Completed, along, "call: {is_call}, option: {option}");
            assert_eq!(world.here(run), if along { "t" } else { "n" });
            if !along {
                assert_eq!(world.refused(complete(step, None)), RecordRejection::ActivityNotOpen);
                world.skip(run);
                let done = world.step(run, "n").linked_status();
                assert_eq!(done, Some(ActivityStatus::Completed), "what was done stays done");
            }
            world.check_replay();
        }
    }
}

#[test]
fn r_45_the_activity_is_closed_with_its_step() {
    type End = fn(&mut World, Ordinal);
    let ends: [(End, ActivityStatus); 4] = [
        (|world, run| world.complete(run), ActivityStatus::Completed),
        (|world, run| world.skip(run), ActivityStatus::Cancelled),
        (|world, run| _ = world.ask(RecordCommand::Disconnect(run)), ActivityStatus::Cancelled),
        (
            |world, run| {
                let step = world.current(run).ordinal;
                world.ask(RecordCommand::CancelActivity(step));
                assert_eq!(world.here(run), "n", "the step itself is skipped, not cancelled");
                world.complete(run);
            },
            ActivityStatus::Cancelled,
        ),
    ];
    for (end, expected) in ends {
        let mut world = World::lead();
        let run = world.run(graph(&[task("n", "t"), task("t", "")]));
        end(&mut world, run);
        assert_eq!(world.step(run, "n").linked_status(), Some(expected));
        world.check_replay();
    }
}

/// CO-35.
#[test]
fn r_43_a_call_ends_with_the_configured_result_where_nobody_tells_another() {
    let default = |result: &str| Setting::CallResult(CallResult::Default(result.into()));
    let cases = [
        (Setting::CallResult(CallResult::Ask), None, None),
        (Setting::CallResult(CallResult::Ask), Some("made"), Some("made")),
        (default("made"), None, Some("made")),
        (default("made"), Some("busy"), Some("busy")),
        // Removed from the list since it was set: then it is asked for.
        (default("gone"), None, None),
    ];
    for (setting, told, expected) in cases {
        let mut world = World::lead();
        set(&mut world, std::slice::from_ref(&setting));
        let run = world.run(graph(&[call("n", "c"), answered("c", &["made"], "y", "z"), task("y", ""), task("z", "")]));
        let step = world.current(run).ordinal;
        let call_result = told.map(Into::into);
        match expected {
            None => {
                let refused = world.refused(RecordCommand::Complete { step, note: None, call_result });
                assert_eq!(refused, RecordRejection::CallResultRequired, "CO-35");
                assert_eq!(world.refused(complete(step, None)), refused, "the same by the activity");
            }
            Some(result) => {
                world.ask(RecordCommand::Complete { step, note: None, call_result });
                assert_eq!(world.step(run, "n").call_result.as_deref(), Some(result));
                assert_eq!(world.here(run), if result == "made" { "y" } else { "z" });
            }
        }
    }
}

/// W-64: the assignee's own settings hold, unless they are locked.
#[test]
fn r_44_a_sellers_own_settings_hold_unless_they_are_locked() {
    for locked in [false, true] {
        let mut world = World::lead();
        organise(&mut world, |organisation| {
            let own = organisation.own_settings.entry(SELLER).or_insert_with(OwnSettings::default);
            own.activities.linked = Some(false);
            own.activities.call_result = Some(CallResult::Default("busy".into()));
        });
        set(&mut world, &[Setting::LockActivitySettings(locked)]);
        let run = world.run(graph(&[call("n", "t"), task("t", "")]));
        assert_eq!(linked(&world, run), locked.then_some(ActivityStatus::Open));
        world.by = COLLEAGUE;
        world.complete(run);
        let expected = if locked { None } else { Some("busy") };
        assert_eq!(world.step(run, "n").call_result.as_deref(), expected, "whoever completes it");
        let chosen = OwnSetting::LinkedActivities(Some(true));
        assert_eq!(chosen.is_closed(world.given.policy.settings()), locked);
        assert!(!OwnSetting::LinkedActivities(None).is_closed(world.given.policy.settings()));
    }
}

#[test]
fn r_20_one_step_is_assigned_and_those_behind_it_are_given_as_the_sequence_says() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("a", "b"), task("b", "")]));
    let step = world.current(run).ordinal;
    let assign = |to| RecordCommand::AssignStep { step, to };
    for to in [Owner::Team(TEAM), Owner::User(COLLEAGUE)] {
        assert_eq!(world.ask(assign(to)), [RecordEvent::Assigned { item: step, assignee: to }]);
        assert_eq!(world.current(run).assignee, to);
        assert_eq!(world.ask(assign(to)), [], "it is so already");
    }
    disable(&mut world, SELLER);
    world.by = COLLEAGUE;
    for to in [Owner::User(SELLER), Owner::User(UserId(0x99)), Owner::Team(TeamId(0x99))] {
        let RecordRejection::Invalid(problems) = world.refused(assign(to)) else { panic!("{to:?}") };
        assert_eq!(problems[0].code, "assignee_unknown", "who may not act");
    }
    organise(&mut world, |organisation| {
        organisation.users.get_mut(&SELLER).expect("a user").state = UserState::Active;
    });
    world.complete(run);
    assert_eq!(world.current(run).assignee, Owner::User(SELLER));
    assert_eq!(world.refused(assign(Owner::User(SELLER))), RecordRejection::StepNotOpen, "R-23");
    world.check_replay();
}

#[test]
fn r_20_whoever_is_given_an_unresolved_step_is_not_told_that_nobody_was_found() {
    let mut world = World::lead();
    world.ask(RecordCommand::Change(vec![Change::Owner(Owner::Team(TEAM))]));
    let nodes = graph(&[task("a", "b"), task("b", "")]);
    let sequence = world.activate_with(nodes, vec![Property::AssignTo(AssignTo::OwnerTeam(None))]);
    let run = world.connect(sequence);
    world.ask(RecordCommand::Change(vec![Change::Owner(Owner::User(SELLER))]));
    world.complete(run);
    assert_eq!(world.current(run).warning, Some(StepWarning::AssigneeUnresolved));
    let step = world.current(run).ordinal;
    world.ask(RecordCommand::AssignStep { step, to: Owner::User(COLLEAGUE) });
    assert_eq!(world.current(run).warning, None);
}

/// the open step stays with whoever has it, those behind it go to the new owner.
#[test]
fn r_50_a_change_of_owner_leaves_the_open_step_where_it_is() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("a", "b"), task("b", "")]));
    let activity = add(&mut world, ActivityKind::Task);
    world.ask(RecordCommand::Change(vec![Change::Owner(Owner::User(COLLEAGUE))]));
    assert_eq!(world.current(run).assignee, Owner::User(SELLER));
    assert_eq!(world.record().activity(activity).unwrap().assignee, Owner::User(SELLER));
    world.complete(run);
    assert_eq!(world.current(run).assignee, Owner::User(COLLEAGUE));
}

/// to the record's owner; where that is who left, to the sequence's; where nobody is left, it stays.
#[test]
fn r_53_open_work_of_a_departed_user_goes_to_the_record_owner_else_the_sequence_owner() {
    let (seller, colleague) = (Owner::User(SELLER), Owner::User(COLLEAGUE));
    // (record owner, sequence owner, who gets the step, who gets the activity)
    let cases = [
        (colleague, seller, colleague, colleague),
        (Owner::Team(TEAM), seller, Owner::Team(TEAM), Owner::Team(TEAM)),
        (seller, colleague, colleague, seller),
        (seller, seller, seller, seller),
    ];
    for (owner, author, step, activity) in cases {
        let what = format!("{owner:?} {author:?}");
        let mut world = World::lead();
        let sequence = world.activate_with(graph(&[task("a", "b"), task("b", "")]), vec![]);
        world
            .order(sequence, relance::domain::sequence::SequenceCommand::Change(vec![Property::Owner(author)]))
            .unwrap();
        let run = world.connect(sequence);
        let lunch = add(&mut world, ActivityKind::Meeting);
        world.ask(RecordCommand::Change(vec![Change::Owner(owner)]));
        assert_eq!(world.ask(RecordCommand::HandOver(SELLER)), [], "who may act keeps what is theirs: {what}");
        disable(&mut world, SELLER);
        let handed = world.ask(RecordCommand::HandOver(SELLER)).len();
        assert_eq!(handed, [step, activity].iter().filter(|to| **to != seller).count(), "{what}");
        assert_eq!(world.ask(RecordCommand::HandOver(SELLER)), [], "asked again, it does nothing: {what}");
        assert_eq!(world.current(run).assignee, step, "{what}");
        assert_eq!(world.record().activity(lunch).unwrap().assignee, activity, "{what}");
        // What opens later goes the same way.
        world.by = COLLEAGUE;
        world.complete(run);
        assert_eq!(world.current(run).assignee, step, "{what}");
        world.check_replay();
    }
}
