//! Sending windows: an automated message leaves inside the window of its sequence, on the recipient's clock, once.

use chrono::TimeDelta;
use relance::domain::activity::ActivityStatus;
use relance::domain::delivery::MessageState;
use relance::domain::enrolment::{Ordinal, StepError, StepStatus, StepWarning, WaitState};
use relance::domain::plan::AssignTo;
use relance::domain::record::command::RecordCommand;
use relance::domain::record::event::RecordEvent;
use relance::domain::record::schema::{Change, Owner};
use relance::domain::sequence::Property;
use relance::domain::sequence::conduct::{TimeOfDay, Weekday, Window, WindowZone};
use relance::domain::sequence::graph::Graph;

use super::draw::{auto_email, came, graph, task, wait};
use super::world::{SELLER, TEAM, World, at};

/// Monday to Friday, 09:00 to 12:00.
fn window(zone: &str) -> Window {
    let zone = WindowZone::try_from(zone.to_owned()).expect("a zone");
    let weekdays = Weekday::ALL[..5].iter().copied().collect();
    let (start, end) = (TimeOfDay::hour(9), TimeOfDay::hour(12));
    Window { weekdays, start, end, zone, business_time: false, holidays: None }
}

fn run(world: &mut World, graph: Graph, window: Window) -> Ordinal {
    let sequence = world.activate_with(graph, vec![Property::Window(Some(window))]);
    world.connect(sequence)
}

fn lead(time_zone: &str) -> World {
    let mut world = World::lead();
    world.ask(RecordCommand::Change(vec![Change::TimeZone(Some(time_zone.into()))]));
    world
}

fn mailing() -> Graph {
    graph(&[auto_email("m", "t"), task("t", "")])
}

fn owed(world: &World) -> usize {
    world.ledger.owed.len()
}

/// ST-20, ST-21: inside the window it leaves at once; outside it waits for the next opening in the recipient's zone.
#[test]
fn st_20_a_message_outside_its_window_waits_until_that_opens_where_the_recipient_is() {
    // It is Monday, 09:00 UTC.
    let table = [
        ("recipient", "UTC", None),
        ("recipient", "Europe/Madrid", None),
        ("recipient", "America/New_York", Some("2026-03-02T14:00:00Z")),
        ("recipient", "Asia/Tokyo", Some("2026-03-03T00:00:00Z")),
        ("seller", "Asia/Tokyo", None),
        ("Australia/Sydney", "UTC", Some("2026-03-02T22:00:00Z")),
    ];
    for (zone, recipient, opens) in table {
        let mut world = lead(recipient);
        let run = run(&mut world, mailing(), window(zone));
        let Some(opens) = opens.map(at) else {
            assert_eq!((world.here(run), owed(&world)), ("t", 1), "{zone} {recipient}");
            continue;
        };
        let step = world.current(run);
        assert_eq!((world.here(run), step.wait, step.wakes_at), ("m", WaitState::Waiting, Some(opens)), "{zone}");
        assert_eq!(owed(&world), 0);
        world.until(opens + TimeDelta::milliseconds(-1));
        assert_eq!(world.here(run), "m");
        world.until(opens);
        let sent = world.step(run, "m");
        assert_eq!(
            (sent.status, sent.wait, sent.completed_at),
            (StepStatus::Completed, WaitState::Completed, Some(opens))
        );
        assert!(sent.message_state() == Some(&MessageState::Sent), "once: {sent:?}");
        assert_eq!((world.here(run), world.enrolment(run).steps_done), ("t", 1));
        world.check_replay();
    }
}

#[test]
fn holidays_keep_the_window_shut() {
    let mut world = lead("Europe/Paris");
    world.until(at("2026-07-13T15:00:00Z"));
    let run = run(&mut world, mailing(), Window { holidays: Some("FR".into()), ..window("recipient") });
    assert_eq!(world.current(run).wakes_at, Some(at("2026-07-15T07:00:00Z")));
}

/// ST-21: the seller sees the message that waits, and sends it now or skips it.
#[test]
fn st_21_a_waiting_message_is_sent_now_or_skipped() {
    for send in [true, false] {
        let mut world = lead("Asia/Tokyo");
        let run = run(&mut world, mailing(), window("recipient"));
        match send {
            true => world.skip_wait(run),
            false => world.skip(run),
        }
        let step = world.step(run, "m");
        assert_eq!((world.here(run), owed(&world)), ("t", usize::from(send)));
        let expected =
            if send { (StepStatus::Completed, WaitState::Skipped) } else { (StepStatus::Skipped, WaitState::Waiting) };
        assert_eq!((step.status, step.wait), expected);
        assert_eq!(world.ledger.armed.len(), 0, "its timer is gone");
        world.pass(TimeDelta::days(2));
        assert_eq!(world.here(run), "t");
    }
}

/// CO-10: the limit of a condition starts when the message was sent, not when it was reached.
#[test]
fn co_10_a_limit_starts_when_the_message_has_left() {
    let mut world = lead("America/New_York");
    let graph = graph(&[auto_email("m", "c"), came("reply", "c", 1, false, "", "t"), task("t", "")]);
    let run = run(&mut world, graph, window("recipient"));
    world.until(at("2026-03-02T14:00:00Z"));
    assert_eq!((world.here(run), world.current(run).wakes_at), ("c", Some(at("2026-03-03T14:00:00Z"))));
}

/// ST-23: what cannot be sent any more when the window opens becomes the seller's.
#[test]
fn st_23_a_waiting_message_that_has_lost_its_address_becomes_the_sellers() {
    let mut world = lead("America/New_York");
    world.organise(|organisation| organisation.settings.seller_availability = true);
    world.until(at("2026-03-02T18:00:00Z"));
    let run = run(&mut world, mailing(), window("recipient"));
    let opens = at("2026-03-03T14:00:00Z");
    assert_eq!(world.current(run).wakes_at, Some(opens));
    world.ask(RecordCommand::Change(vec![Change::Email(None)]));
    world.until(opens);
    let step = world.current(run);
    assert_eq!((world.here(run), step.converted, step.error), ("m", true, Some(StepError::EmailUndeliverable)));
    assert_eq!((step.opened_at, step.due_at, step.wakes_at, step.wait), (opens, opens, None, WaitState::None));
    assert_eq!(step.linked_status(), Some(ActivityStatus::Open), "R-40: like every step of a seller");
    world.complete(run);
    assert_eq!((world.here(run), owed(&world)), ("t", 0));
    world.check_replay();
}

/// a message that waits says that nobody was found for it, and goes on saying it when it is the seller's (ST-23).
#[test]
fn q_30_a_waiting_message_for_which_nobody_is_found_says_so() {
    let mut world = lead("America/New_York");
    let owner = |owner| RecordCommand::Change(vec![Change::Owner(owner)]);
    world.ask(owner(Owner::Team(TEAM)));
    let properties = vec![Property::Window(Some(window("recipient"))), Property::AssignTo(AssignTo::OwnerTeam(None))];
    let drawn = graph(&[task("a", "m"), auto_email("m", "t"), task("t", "")]);
    let sequence = world.activate_with(drawn, properties);
    let run = world.connect(sequence);
    world.ask(owner(Owner::User(SELLER)));
    world.complete(run);
    let warned = |world: &World| (world.here(run).to_owned(), world.current(run).warning);
    assert_eq!(warned(&world), ("m".into(), Some(StepWarning::AssigneeUnresolved)));
    world.ask(RecordCommand::Change(vec![Change::Email(None)]));
    world.pass(TimeDelta::days(1));
    assert_eq!(warned(&world), ("m".into(), Some(StepWarning::AssigneeUnresolved)));
    assert!(world.current(run).converted);
}

/// TM-13: a timer that fires late sends nothing outside the window, and nothing twice.
#[test]
fn tm_13_a_message_whose_window_has_closed_again_waits_for_the_next() {
    let mut world = lead("UTC");
    world.until(at("2026-03-02T13:00:00Z"));
    let run = run(&mut world, mailing(), window("recipient"));
    assert_eq!(world.current(run).wakes_at, Some(at("2026-03-03T09:00:00Z")));
    world.stall(TimeDelta::days(1));
    let step = world.current(run).ordinal;
    let events = world.ask(RecordCommand::Fire(step));
    let (before, wakes_at) = (at("2026-03-03T09:00:00Z"), at("2026-03-04T09:00:00Z"));
    assert_eq!(events, [RecordEvent::WaitMoved { step, before, wakes_at }]);
    world.until(wakes_at);
    assert_eq!(world.here(run), "t");
    // Later, but inside: it leaves.
    let mut world = lead("UTC");
    world.until(at("2026-03-02T13:00:00Z"));
    let run = self::run(&mut world, mailing(), window("recipient"));
    world.stall(TimeDelta::hours(22));
    let step = world.current(run).ordinal;
    world.ask(RecordCommand::Fire(step));
    assert_eq!((world.here(run), owed(&world)), ("t", 1));
}

/// TM-11: a message that waits in its seller's zone follows the seller.
#[test]
fn tm_11_a_waiting_message_follows_the_zone_of_its_seller() {
    let mut world = World::lead();
    world.until(at("2026-03-02T13:00:00Z"));
    let run = run(&mut world, mailing(), window("seller"));
    assert_eq!(world.current(run).wakes_at, Some(at("2026-03-03T09:00:00Z")));
    let zone = |world: &mut World, zone: &str| {
        let zone = zone.to_owned();
        world.organise(|all| {
            all.users.values_mut().for_each(|user| user.profile.time_zone = Some(zone.clone()));
        });
        world.ask(RecordCommand::MoveDueDates).len()
    };
    assert_eq!(zone(&mut world, "America/Los_Angeles"), 1);
    assert_eq!(world.current(run).wakes_at, Some(at("2026-03-02T17:00:00Z")));
    assert_eq!(zone(&mut world, "America/Noronha"), 1, "where the window is open");
    world.until(world.now);
    assert_eq!(world.here(run), "t");
}

/// With `business_time` waits count the time in which the window is open, days as days on which it opens (TM-9).
#[test]
fn waits_of_a_window_in_business_time_count_its_hours() {
    // It is Friday, 06:00 in New York, where summer time begins on Sunday: with a day on from 09:00 it is Monday, and of four
    // hours three are on Friday.
    for (business_time, days, hours, ends) in [
        (false, 1, 2, "2026-03-07T13:00:00Z"),
        (true, 1, 2, "2026-03-09T15:00:00Z"),
        (true, 0, 4, "2026-03-09T14:00:00Z"),
    ] {
        let mut world = lead("America/New_York");
        world.until(at("2026-03-06T11:00:00Z"));
        let drawn = graph(&[wait("w", days, hours, "m"), auto_email("m", "t"), task("t", "")]);
        let run = run(&mut world, drawn, Window { business_time, ..window("recipient") });
        assert_eq!(world.current(run).wakes_at, Some(at(ends)), "{business_time} {days} {hours}");
    }
}
