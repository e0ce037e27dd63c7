//! Waits that end on the first of several things: an event, a change of the record, their time.

use chrono::TimeDelta;
use relance::domain::activity::{ActivityKind, NewActivity};
use relance::domain::enrolment::{Signal, StepStatus, WaitState};
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, Outcome, Owner, RecordType};
use serde_json::{Value, json};

use super::draw::{branch, email, graph, task, update, wait_until};
use super::setting::Setting;
use super::world::{COLLEAGUE, World};

/// An e-mail, a call's worth of other work, then the wait.
fn waiting(until: Value) -> (World, u32) {
    let mut world = World::lead();
    let run = world.run(graph(&[email("m", "w"), wait_until("w", 5, until, "t"), task("t", "")]));
    world.complete(run);
    assert_eq!(world.here(run), "w");
    (world, run)
}

fn event(name: &str) -> Value {
    json!([{ "event": name }])
}

#[test]
fn a_wait_ends_at_what_happens_first_or_at_its_time() {
    type Deed = fn(&mut World, u32);
    let deeds: [(&str, Value, Deed); 13] = [
        ("a goal", event("goal.reached"), |world, _| _ = world.ask(RecordCommand::ReachGoal)),
        ("an activity", event("activity.completed"), |world, _| {
            let (kind, subject) = (ActivityKind::Task, "Look".to_owned());
            world.ask(RecordCommand::AddActivity(NewActivity { kind, subject, due_at: None, note: None }));
            let activity = world.record().last_ordinal;
            world.ask(RecordCommand::CompleteActivity { activity, note: None, call_result: None });
        }),
        ("a reply", event("email.replied"), |world, run| world.signal(run, "m", Signal::Replied)),
        ("D-63: a reply is an opening too", event("email.opened"), |world, run| {
            world.signal(run, "m", Signal::Replied)
        }),
        ("a bounce", event("email.bounced"), |world, run| world.signal(run, "m", Signal::Bounced)),
        ("a field", json!([{ "field": "company" }]), |world, _| world.write("company", "Analytical Engines")),
        ("a property", json!([{ "field": "phones.mobile" }]), |world, _| {
            let number = relance::domain::record::schema::Phone::Mobile;
            world.ask(RecordCommand::Change(vec![Change::Phone(number, Some("+34 1".into()))]));
        }),
        ("anything", event("record.updated"), |world, _| world.write("city", "Vigo")),
        ("another owner", event("record.owner_changed"), |world, _| {
            world.ask(RecordCommand::Change(vec![Change::Owner(Owner::User(COLLEAGUE))]));
        }),
        (
            "a success that lets the path finish (TC-8)",
            json!([{ "condition": { "field": "outcome", "op": "eq", "value": "success" } }]),
            |world, _| _ = world.ask(RecordCommand::Close(Outcome::Success)),
        ),
        (
            "a condition",
            json!([{ "condition": { "field": "city", "op": "begins_with", "value": "Vi" } }]),
            |world, _| world.write("city", "Vigo"),
        ),
        ("the second of two", json!([{ "field": "company" }, { "event": "email.link_clicked" }]), |world, run| {
            world.signal(run, "m", Signal::LinkClicked)
        }),
        ("its time", event("email.replied"), |world, _| world.pass(TimeDelta::days(3))),
    ];
    for (what, until, deed) in deeds {
        let (mut world, run) = waiting(until);
        world.pass(TimeDelta::days(2));
        assert_eq!(world.here(run), "w", "{what}: not yet");
        deed(&mut world, run);
        assert_eq!(world.here(run), "t", "{what}");
        let wait = world.step(run, "w").clone();
        assert_eq!((wait.status, wait.wait), (StepStatus::Completed, WaitState::Completed), "{what}");
        let by = match what {
            "its time" => None,
            "the second of two" => Some(1),
            _ => Some(0),
        };
        assert_eq!(wait.ended_by, by, "{what}");
        world.pass(TimeDelta::days(30));
        assert_eq!(world.here(run), "t", "{what}: its timer is gone");
        world.check_replay();
    }
}

#[test]
fn what_is_not_waited_for_ends_nothing() {
    type Deed = fn(&mut World, u32);
    let deeds: [(&str, Value, Deed); 5] = [
        ("another signal", event("email.replied"), |world, run| world.signal(run, "m", Signal::Opened)),
        ("another field", json!([{ "field": "company" }]), |world, _| world.write("city", "Vigo")),
        ("the same value again", json!([{ "field": "company" }]), |world, _| {
            world.write("company", "Engines");
            world.write("company", "Engines");
        }),
        (
            "a condition that does not hold",
            json!([{ "condition": { "field": "city", "op": "eq", "value": "Vigo" } }]),
            |world, _| world.write("city", "Lugo"),
        ),
        ("a note", event("record.updated"), |world, run| {
            let step = world.step(run, "m").ordinal;
            world.ask(RecordCommand::Note { step, text: "called back".into() });
        }),
    ];
    for (what, until, deed) in deeds {
        let company = until == json!([{ "field": "company" }]) && what == "the same value again";
        let (mut world, run) = if company {
            let mut world = World::lead();
            world.write("company", "Engines");
            let run = world.run(graph(&[wait_until("w", 5, until, "t"), task("t", "")]));
            (world, run)
        } else {
            waiting(until)
        };
        if company {
            world.write("company", "Engines")
        } else {
            deed(&mut world, run)
        }
        assert_eq!(world.here(run), "w", "{what}");
    }
}

#[test]
fn what_holds_already_lets_the_wait_pass_at_once() {
    let until = json!([{ "event": "email.replied" }, { "condition": { "field": "city", "op": "has_value" } }]);
    let nodes = [email("m", "c"), task("c", "w"), wait_until("w", 5, until, "t"), task("t", "")];
    let mut world = World::lead();
    let run = world.run(graph(&nodes));
    world.complete(run);
    world.signal(run, "m", Signal::Replied);
    world.complete(run);
    assert_eq!((world.here(run), world.step(run, "w").ended_by), ("t", Some(0)), "the reply came during the task");
    world.write("city", "Vigo");
    let mut world = World::lead();
    world.write("city", "Vigo");
    let run = world.run(graph(&nodes));
    world.complete(run);
    world.complete(run);
    assert_eq!((world.here(run), world.step(run, "w").ended_by), ("t", Some(1)));
}

/// Two sequences that wake each other by the same field could go on for ever within one decision.
#[test]
fn what_a_decision_opens_is_not_ended_by_what_it_writes() {
    let mut world = World::of(RecordType::Contact);
    let until = || json!([{ "field": "future_events" }]);
    let drawn = |value: &str| {
        graph(&[
            wait_until("w", 5, until(), "u"),
            update("u", "future_events", value, "v"),
            wait_until("v", 5, until(), "t"),
            task("t", ""),
        ])
    };
    let (first, second) = (world.run(drawn("yes")), world.run(drawn("no")));
    world.write("future_events", "yes");
    assert_eq!((world.here(first), world.here(second)), ("v", "v"));
    world.check_replay();
}

#[test]
fn an_event_of_another_enrolment_ends_nothing_and_a_change_ends_the_waits_of_all() {
    let mut world = World::lead();
    let drawn = |until: Value| graph(&[email("m", "w"), wait_until("w", 5, until, "t"), task("t", "")]);
    let runs = [(); 2].map(|()| {
        let run = world.run(drawn(json!([{ "event": "email.replied" }, { "field": "city" }])));
        world.complete(run);
        run
    });
    world.signal(runs[0], "m", Signal::Replied);
    assert_eq!(runs.map(|run| world.here(run).to_owned()), ["t", "w"]);
    let events = {
        let city = relance::domain::record::schema::Value::Text("Vigo".into());
        world.ask(RecordCommand::Change(vec![Change::Field("city".into(), Some(city))]))
    };
    assert_eq!(runs.map(|run| world.here(run).to_owned()), ["t", "t"]);
    assert!(events.iter().any(|event| matches!(event, RecordEvent::WaitEnded { by: 1, .. })), "{events:?}");
}

/// What is branched on behind it is what is so then.
#[test]
fn a_branch_behind_the_wait_tells_what_happened() {
    for (writes, expected) in [(true, "yes"), (false, "no")] {
        let mut world = World::lead();
        let held = json!({ "field": "city", "op": "has_value" });
        let nodes = [
            wait_until("w", 5, json!([{ "field": "city" }]), "b"),
            branch("b", held, "yes", "no"),
            task("yes", ""),
            task("no", ""),
        ];
        let run = world.run(graph(&nodes));
        if writes {
            world.write("city", "Vigo");
        }
        world.pass(TimeDelta::days(5));
        assert_eq!(world.here(run), expected);
    }
}

#[test]
fn what_can_never_come_is_told_at_activation() {
    let found = |until: Value, mailed: bool, setting: Setting| {
        let (first, mail) = (wait_until("w", 5, until, "t"), email("m", "w"));
        let nodes = if mailed { vec![mail, first, task("t", "")] } else { vec![first, task("t", "")] };
        setting.found(&graph(&nodes))
    };
    let on = Setting::default;
    let off = || Setting { tracks_engagement: false, ..Setting::default() };
    let many = Value::Array(vec![json!({ "field": "city" }); 11]);
    for (until, mailed, setting, expected) in [
        (event("email.replied"), true, on(), vec![]),
        (event("email.replied"), false, on(), vec!["condition_misplaced@w"]),
        (event("email.replied"), true, off(), vec!["engagement_disabled@w"]),
        (event("record.updated"), false, off(), vec![]),
        (json!([{ "field": "colour" }]), false, on(), vec!["condition_invalid@w"]),
        (json!([{ "field": "created_at" }]), false, on(), vec!["condition_invalid@w"]),
        (json!([{ "field": "phones.mobile" }]), false, on(), vec![]),
        (json!([{ "condition": { "all": [] } }]), false, on(), vec!["condition_empty@w"]),
        (
            json!([{ "condition": { "field": "colour", "op": "eq", "value": 1 } }]),
            false,
            on(),
            vec!["condition_invalid@w"],
        ),
        (many, false, on(), vec!["condition_invalid@w"]),
    ] {
        assert_eq!(found(until.clone(), mailed, setting), expected, "{until}");
    }
    let closing = Setting { kind: RecordType::Opportunity, ..Setting::default() };
    let drawn = graph(&[wait_until("w", 5, json!([{ "field": "close_date" }]), "t"), task("t", "")]);
    assert!(closing.found(&drawn).is_empty());
}

/// the activity of another sequence's step is done with that step, whichever of the two somebody completes, and
/// whether the settings take the step along or not. What has no activity, or is skipped, ends nothing.
#[test]
fn a_wait_for_an_activity_ends_with_the_linked_one_of_another_sequence() {
    let complete = |step| RecordCommand::Complete { step, note: None, call_result: None };
    let complete_activity = |activity| RecordCommand::CompleteActivity { activity, note: None, call_result: None };
    type Ask<'a> = &'a dyn Fn(u32) -> RecordCommand;
    let ways: [(bool, bool, Ask, &str); 5] = [
        (true, true, &complete, "t"),
        (true, true, &complete_activity, "t"),
        (true, false, &complete_activity, "t"),
        (true, true, &RecordCommand::Skip, "w"),
        (false, true, &complete, "w"),
    ];
    for (linked, along, ask, stands) in ways {
        let mut world = World::lead();
        world.organise(|organisation| {
            organisation.settings.linked_activities = linked;
            organisation.settings.activity_completes_step = along;
        });
        let waits = world.run(graph(&[wait_until("w", 5, event("activity.completed"), "t"), task("t", "")]));
        let works = world.run(graph(&[task("a", "b"), task("b", "")]));
        let step = world.current(works).ordinal;
        world.ask(ask(step));
        assert_eq!(world.here(waits), stands, "linked: {linked}, along: {along}");
        world.check_replay();
    }
}
