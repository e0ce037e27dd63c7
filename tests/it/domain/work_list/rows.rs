//! The rows that a record makes for those who have something to do on it, and what they mark of it (W-1, W-7, W-9, W-10, W-21).

use chrono::TimeDelta;
use relance::domain::activity::{ActivityKind, NewActivity};
use relance::domain::effect::Counter;
use relance::domain::enrolment::Signal;
use relance::domain::organisation::Organisation;
use relance::domain::organisation::settings::Setting;
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, Owner};
use relance::domain::work_list::{Doing, WorkRow};
use relance::id::UserId;
use relance::limits;

use super::super::draw::{email, graph, task, wait};
use super::{COLLEAGUE, SELLER, World};

fn row(world: &World, user: UserId) -> Option<WorkRow> {
    let row = world.ledger.work.get(&Owner::User(user)).cloned().flatten();
    row.map(|row| WorkRow::clone(&row))
}

fn call(subject: &str) -> RecordCommand {
    let subject = subject.to_owned();
    RecordCommand::AddActivity(NewActivity { kind: ActivityKind::PhoneCall, subject, due_at: None, note: None })
}

#[test]
fn w1_a_record_is_in_the_list_of_whoever_has_something_to_do_on_it() {
    let mut world = World::lead();
    assert_eq!(row(&world, SELLER), None, "nothing to do yet");
    let run = world.run(graph(&[task("t", "u"), task("u", "")]));
    world.ask(call("Ring"));
    let items: Vec<u32> = row(&world, SELLER).unwrap().items.iter().map(|item| item.ordinal).collect();
    assert_eq!(items.len(), 2);
    let step = world.current(run).ordinal;
    world.ask(RecordCommand::AssignStep { step, to: Owner::User(COLLEAGUE) });
    assert_eq!(row(&world, SELLER).unwrap().items.len(), 1, "the call");
    assert_eq!(row(&world, COLLEAGUE).unwrap().items[0].ordinal, step);
    world.complete(run);
    assert_eq!(row(&world, COLLEAGUE), None, "W-5: done, and the next step is the owner's");
    assert_eq!(row(&world, SELLER).unwrap().items.len(), 2);
    world.ask(RecordCommand::Change(vec![Change::Name(Some("Grace".into()))]));
    assert_eq!(row(&world, SELLER).unwrap().name, "Grace");
    world.by = UserId::ADMINISTRATOR;
    world.ask(RecordCommand::Erase);
    assert_eq!(row(&world, SELLER), None);
}

#[test]
fn w10_what_waits_says_until_when() {
    let mut world = World::lead();
    let run = world.run(graph(&[wait("w", 2, 0, "t"), task("t", "")]));
    let wakes = world.current(run).wakes_at;
    let waits = |world: &World| match row(world, SELLER).unwrap().items[0].doing {
        Doing::Step { wakes_at, .. } => wakes_at,
        Doing::Activity { .. } => None,
    };
    assert_eq!(waits(&world), wakes);
    world.skip_wait(run);
    assert_eq!(waits(&world), None);
}

///
#[test]
fn w7_and_w21_somebody_reads_and_follows_a_record_for_themselves() {
    let mut world = World::lead();
    world.run(graph(&[task("t", "")]));
    let mark = |read, followed| RecordCommand::Mark { read, followed };
    assert_eq!(world.ask(mark(Some(false), None)), vec![], "it was not read before");
    world.ask(mark(Some(true), None));
    world.ask(mark(None, Some(true)));
    assert_eq!(world.ask(mark(Some(true), Some(true))), vec![], "again");
    let seen = row(&world, SELLER).unwrap().mark(SELLER);
    assert!(seen.read && seen.followed);
    world.by = COLLEAGUE;
    world.ask(mark(None, Some(true)));
    assert_eq!(row(&world, SELLER).unwrap().marks.len(), 1, "a user's row has their own mark alone");
    assert!(!world.record().mark(COLLEAGUE).read);
    world.by = SELLER;
    world.ask(mark(Some(false), Some(false)));
    assert_eq!(row(&world, SELLER).unwrap().marks, vec![]);
    let full = (0..limits::MARKS_MAX).map(|user| UserId(user as u128 + 1_000));
    let mut record = world.record().clone();
    record.marks = std::sync::Arc::new(
        full.map(|user| relance::domain::work_list::Mark { user, read: true, followed: false }).collect(),
    );
    let stamp = relance::domain::entity::Stamp { at: world.now, by: SELLER };
    let refused =
        relance::domain::entity::Entity::decide(&record, world.id, &world.given, mark(Some(true), None), stamp);
    assert_eq!(refused, Err(RecordRejection::TooManyMarks));
}

#[test]
fn w53_a_row_says_what_its_score_is_computed_from() {
    let mut world = World::lead();
    let run = world.run(graph(&[email("m", "t"), task("t", "")]));
    world.complete(run);
    world.signal(run, "m", Signal::LinkClicked);
    let interest = row(&world, SELLER).unwrap().interest;
    assert_eq!((interest.clicked_at, interest.replied_at), (Some(world.now), None));
    world.ask(RecordCommand::Change(vec![Change::Score(Some(40))]));
    world.pass(TimeDelta::days(1));
    world.ask(RecordCommand::Change(vec![Change::Score(Some(70)), Change::Name(Some("Bo".into()))]));
    let supplied = row(&world, SELLER).unwrap().supplied;
    assert_eq!((supplied.score, supplied.former), (Some(70), Some((Some(40), world.now))));
}

#[test]
fn where_days_are_levelled_what_somebody_has_done_counts_in_their_day() {
    let mut world = World::lead();
    let run = world.run(graph(&[task("t", "u"), task("u", "v"), task("v", "")]));
    world.complete(run);
    assert!(world.ledger.counters.keys().all(|counter| !matches!(counter, Counter::DoneOn(..))), "not levelled");
    let mut organisation = Organisation::clone(&world.given.policy.organisation);
    organisation.settings.set(&Setting::DailyCapacity(Some(40)));
    organisation.users.get_mut(&SELLER).unwrap().profile.time_zone = Some("Pacific/Kiritimati".into());
    world.given = world.given.with_organisation(&organisation);
    world.pass(TimeDelta::hours(2));
    let events = world.ask(RecordCommand::Complete { step: world.current(run).ordinal, note: None, call_result: None });
    // 11:00 in UTC is one in the morning of the day after, fourteen hours east.
    let day = 20_515;
    assert!(
        events
            .iter()
            .any(|event| matches!(event, RecordEvent::WorkDone { user: SELLER, day: found, .. } if *found == day)),
        "{events:?}"
    );
    world.ask(call("Ring"));
    let activity = world.record().activities[0].ordinal;
    world.ask(RecordCommand::CompleteActivity { activity, note: None, call_result: None });
    assert_eq!(world.ledger.counters[&Counter::DoneOn(SELLER, day)], 2);
    world.by = UserId::ADMINISTRATOR;
    world.ask(RecordCommand::Erase);
    assert_eq!(world.ledger.counters[&Counter::DoneOn(SELLER, day)], 0, "what is erased is counted nowhere");
}
