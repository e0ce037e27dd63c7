//! When steps are due and waits are over by the calendars of people (§12, R-3, R-51).

use chrono::TimeDelta;
use relance::domain::enrolment::{Signal, StepStatus};
use relance::domain::organisation::Organisation;
use relance::domain::plan::AssignTo;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, Owner};
use relance::domain::schedule::{Calendar, Day, Entry};
use relance::domain::sequence::Property;
use relance::domain::sequence::graph::Graph;
use relance::domain::sequence::migration::{Mode, Moves};
use relance::id::UserId;

use super::draw::{came, email, graph, task, wait};
use super::world::{COLLEAGUE, SELLER, TEAM, World, at};

impl World {
    /// Alters the organisation, as its own actor would.
    pub fn organise(&mut self, change: impl FnOnce(&mut Organisation)) {
        let mut organisation = self.given.policy.organisation.as_ref().clone();
        change(&mut organisation);
        self.given = self.given.with_organisation(&organisation);
    }
}

/// availability, and the computing of waits.
fn switch(availability: bool, computation: bool) -> impl FnOnce(&mut Organisation) {
    move |organisation| {
        organisation.settings.seller_availability = availability;
        organisation.settings.wait_computation = computation;
    }
}

/// That user is away on these days, from the first to the last.
fn away(user: UserId, from: &str, until: &str) -> impl FnOnce(&mut Organisation) {
    let day = |text: &str| Day::try_from(text.to_owned()).expect("a date");
    let off = Entry::TimeOff { from: day(from), until: day(until), description: None };
    let calendar = Calendar { entries: vec![Calendar::USUAL, off], ..Calendar::default() };
    move |organisation| _ = organisation.calendars.insert(user, (calendar.into(), 1))
}

fn waiting(days: i64, hours: i64) -> Graph {
    graph(&[wait("w", days, hours, "t"), task("t", "")])
}

/// TM-6, TM-7, TM-8, D-64, D-9: the checked examples of §12 as a sequence runs them: the wait, the step behind it, when it is due.
#[test]
fn tm_6_tm_8_waits_and_the_steps_behind_them_are_as_in_the_checked_examples() {
    // Monday is 2 March 2026. Start, wait, when it ends without computation and with it; due is the next working moment.
    let examples = [
        ("2026-03-04T10:00:00Z", 3, 0, "2026-03-07T10:00:00Z", "2026-03-09T08:00:00Z", "2026-03-09T10:00:00Z"),
        ("2026-03-04T18:00:00Z", 3, 0, "2026-03-07T18:00:00Z", "2026-03-09T08:00:00Z", "2026-03-10T08:00:00Z"),
        ("2026-03-06T10:00:00Z", 1, 0, "2026-03-07T10:00:00Z", "2026-03-09T08:00:00Z", "2026-03-09T10:00:00Z"),
        ("2026-03-06T16:00:00Z", 0, 4, "2026-03-06T20:00:00Z", "2026-03-09T08:00:00Z", "2026-03-09T11:00:00Z"),
        ("2026-03-07T12:00:00Z", 0, 2, "2026-03-07T14:00:00Z", "2026-03-09T08:00:00Z", "2026-03-09T10:00:00Z"),
    ];
    for (start, days, hours, elapsed, due_off, on) in examples {
        // (availability, computation, opting out, when the wait ends, when the step is due)
        let ways = [
            (true, false, false, elapsed, due_off),
            (true, true, false, on, on),
            (true, true, true, elapsed, due_off),
            (false, true, false, elapsed, elapsed),
        ];
        for (availability, computation, opts_out, ends, due) in ways {
            let mut world = World::lead();
            world.organise(switch(availability, computation));
            world.until(at(start));
            let properties = vec![Property::WaitComputation(!opts_out)];
            let sequence = world.activate_with(waiting(days, hours), properties);
            let run = world.connect(sequence);
            let step = world.current(run);
            assert_eq!((step.wakes_at, step.due_at), (Some(at(ends)), at(ends)), "{start}: D-64, {availability}");
            world.until(at(ends));
            let step = world.current(run);
            assert_eq!((world.here(run), step.opened_at, step.due_at), ("t", at(ends), at(due)), "{start}");
        }
    }
}

/// TM-4: a step is due when it opens, or at its seller's next working moment where sellers have availability; what
/// is not otherwise is not stored.
#[test]
fn r_3_r_51_a_step_is_due_when_its_seller_works() {
    let evening = at("2026-03-06T19:00:00Z");
    for (availability, due) in [(false, "2026-03-06T19:00:00Z"), (true, "2026-03-11T08:00:00Z")] {
        let mut world = World::lead();
        world.organise(switch(availability, false));
        world.organise(away(SELLER, "2026-03-09", "2026-03-10"));
        world.until(evening);
        let sequence = world.activate(graph(&[task("t", "u"), task("u", "")]));
        let events = world.ask(RecordCommand::Connect { sequence, wait: None, source: None });
        let said = events.iter().filter(|event| matches!(event, RecordEvent::StepDue { .. })).count();
        assert_eq!(said, usize::from(availability));
        let run = world.record().enrolments[0].ordinal;
        assert_eq!((world.current(run).opened_at, world.current(run).due_at), (evening, at(due)));
        world.until(at("2026-03-11T09:30:00Z"));
        let done = RecordCommand::Complete { step: world.current(run).ordinal, note: None, call_result: None };
        let events = world.ask(done);
        assert!(!events.iter().any(|event| matches!(event, RecordEvent::StepDue { .. })), "it is working time");
        assert_eq!(world.current(run).due_at, world.now);
        world.check_replay();
    }
}

/// TM-10: the calendar is that of whoever gets the next step; a team's is that of the record's owner.
#[test]
fn tm_10_a_wait_follows_the_calendar_of_whoever_acts_next() {
    let ways = [
        (Owner::User(SELLER), AssignTo::RecordOwner, "2026-03-12T09:00:00Z"),
        (Owner::User(COLLEAGUE), AssignTo::RecordOwner, "2026-03-03T09:00:00Z"),
        (Owner::User(COLLEAGUE), AssignTo::CurrentUser, "2026-03-12T09:00:00Z"),
        (Owner::Team(TEAM), AssignTo::RecordOwner, "2026-03-03T09:00:00Z"),
    ];
    for (owner, assign_to, ends) in ways {
        let mut world = World::lead();
        world.organise(switch(true, true));
        world.organise(away(SELLER, "2026-03-03", "2026-03-11"));
        world.ask(RecordCommand::Change(vec![Change::Owner(owner), Change::AccessTeam(Some(TEAM))]));
        let sequence = world.activate_with(waiting(1, 0), vec![Property::AssignTo(assign_to)]);
        let run = world.connect(sequence);
        assert_eq!(world.current(run).wakes_at, Some(at(ends)), "{owner:?}");
    }
}

/// TM-12: customers do not follow sellers' hours.
#[test]
fn tm_12_limits_of_conditions_run_in_elapsed_time() {
    let mut world = World::lead();
    world.organise(switch(true, true));
    world.organise(away(SELLER, "2026-03-03", "2026-03-31"));
    let run = world.run(graph(&[email("m", "c"), came("reply", "c", 2, false, "", "t"), task("t", "")]));
    world.complete(run);
    let limit = at("2026-03-04T09:00:00Z");
    assert_eq!((world.here(run), world.current(run).wakes_at), ("c", Some(limit)));
    assert_eq!(world.ask(RecordCommand::MoveDueDates), []);
    world.signal(run, "m", Signal::Opened);
    world.until(limit);
    assert_eq!((world.here(run), world.current(run).due_at), ("t", at("2026-04-01T08:00:00Z")));
}

/// TM-11: open steps and running waits follow the calendar, forth and back; what was snoozed does not.
#[test]
fn tm_11_a_changed_calendar_moves_open_steps_and_running_waits_but_nothing_snoozed() {
    let mut world = World::lead();
    world.organise(switch(true, true));
    let task_run = world.run(graph(&[task("t", "")]));
    let snoozed = world.run(graph(&[task("s", "")]));
    let wait_run = world.run(waiting(1, 2));
    let until = at("2026-03-05T15:00:00Z");
    let snooze = RecordCommand::Snooze { step: world.current(snoozed).ordinal, until };
    world.ask(snooze);
    let places = |world: &World| {
        let due = |run| world.current(run).due_at.to_string()[5..16].to_owned();
        [due(task_run), due(snoozed), due(wait_run)]
    };
    let usual = ["03-02T09:00", "03-05T15:00", "03-03T11:00"];
    assert_eq!(places(&world), usual);
    assert_eq!(world.ask(RecordCommand::MoveDueDates), [], "nothing has changed");
    world.organise(away(SELLER, "2026-03-02", "2026-03-06"));
    assert_eq!(world.ask(RecordCommand::MoveDueDates).len(), 2);
    assert_eq!(world.ask(RecordCommand::MoveDueDates), [], "asked again, it does nothing");
    // The wait begins anew where its seller begins to work: Monday 08:00, a day, two hours.
    let moved = ["03-09T08:00", "03-05T15:00", "03-10T10:00"];
    assert_eq!(places(&world), moved);
    world.check_replay();
    world.organise(switch(false, true));
    world.ask(RecordCommand::MoveDueDates);
    assert_eq!(places(&world), usual, "a wait keeps its start");
    world.organise(switch(true, true));
    world.ask(RecordCommand::MoveDueDates);
    world.until(at("2026-03-10T09:59:00Z"));
    assert_eq!(world.here(wait_run), "w");
    world.until(at("2026-03-10T10:00:00Z"));
    assert_eq!((world.here(wait_run), world.step(wait_run, "w").status), ("t", StepStatus::Completed));
    world.check_replay();
}

/// TM-11: a wait that would have ended already ends now, once.
#[test]
fn tm_11_a_wait_that_a_new_calendar_ends_in_the_past_ends_at_once() {
    let mut world = World::lead();
    world.organise(switch(true, true));
    world.organise(away(SELLER, "2026-03-02", "2026-03-31"));
    let run = world.run(waiting(1, 0));
    world.until(at("2026-03-20T12:00:00Z"));
    world.organise(switch(false, false));
    world.ask(RecordCommand::MoveDueDates);
    assert_eq!(world.current(run).wakes_at, Some(at("2026-03-03T09:00:00Z")));
    world.until(world.now);
    assert_eq!((world.here(run), world.current(run).opened_at), ("t", at("2026-03-20T12:00:00Z")));
}

/// TM-9, D-47: a wait that a migration keeps is computed as one of the new version; and what a calendar moves does not keep a
/// migration from being taken back.
#[test]
fn tm_9_d_47_a_migration_computes_the_wait_that_it_keeps() {
    let mut world = World::lead();
    world.organise(switch(true, true));
    let sequence = world.activate(waiting(1, 0));
    let run = world.connect(sequence);
    world.revise(sequence, waiting(5, 0), Some(Moves { mode: Mode::Follow, map: Default::default() }));
    assert_eq!(world.current(run).wakes_at, Some(at("2026-03-09T09:00:00Z")), "five working days");
    world.organise(away(SELLER, "2026-03-04", "2026-03-04"));
    world.ask(RecordCommand::MoveDueDates);
    assert_eq!(world.current(run).wakes_at, Some(at("2026-03-10T09:00:00Z")));
    world.take_back(sequence);
    assert_eq!((world.enrolment(run).version, world.current(run).wakes_at), (1, Some(at("2026-03-03T09:00:00Z"))));
    world.pass(TimeDelta::days(2));
    assert_eq!(world.here(run), "t");
}
