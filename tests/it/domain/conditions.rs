//! §5: what an e-mail condition and a call condition take, and when.

use std::sync::Arc;

use chrono::TimeDelta;
use relance::domain::enrolment::{Exit, Signal, StepStatus, WaitState};
use relance::domain::record::RecordRejection;
use relance::domain::record::command::RecordCommand;
use relance::domain::sequence::graph::Graph;
use relance::limits;

use super::draw::{answered, auto_email, call, early_reply, email, graph, reply, task};
use super::world::World;

/// An e-mail, a condition with two days, a task behind each exit.
fn asking(early: bool) -> Graph {
    let condition = if early { early_reply("c", 2, "yes", "no") } else { reply("c", 2, "yes", "no") };
    graph(&[email("mail", "c"), condition, task("yes", ""), task("no", "")])
}

fn hours(hours: i64) -> TimeDelta {
    TimeDelta::hours(hours)
}

#[test]
fn co_10_the_limit_starts_when_the_email_is_completed() {
    let mut world = World::lead();
    let run = world.run(asking(false));
    world.pass(hours(30));
    world.complete(run);
    let condition = world.current(run);
    assert_eq!(condition.wakes_at, Some(world.now + TimeDelta::days(2)));
    assert_eq!((condition.wait, condition.due_at), (WaitState::Waiting, world.now + TimeDelta::days(2)), "D-64");
}

#[test]
fn co_11_waits_the_full_limit_although_the_reply_came_early() {
    let mut world = World::lead();
    let run = world.run(asking(false));
    world.complete(run);
    world.pass(hours(1));
    world.signal(run, "mail", Signal::Replied);
    assert_eq!(world.here(run), "c");
    world.pass(hours(46));
    assert_eq!(world.here(run), "c", "an hour is left");
    world.pass(hours(1));
    assert_eq!(world.here(run), "yes");
    let condition = world.step(run, "c");
    assert_eq!((condition.exit, condition.wait), (Some(Exit::Yes), WaitState::Completed));
    assert_eq!(world.current(run).opened_at, condition.wakes_at.unwrap(), "R-1: it opens when the limit ends");
}

#[test]
fn co_12_moves_on_at_the_reply_when_the_author_wants_it() {
    let mut world = World::lead();
    let run = world.run(asking(true));
    world.complete(run);
    world.pass(hours(1));
    world.signal(run, "mail", Signal::Replied);
    assert_eq!(world.here(run), "yes");
    assert_eq!(world.current(run).opened_at, world.now);
    assert_eq!(world.step(run, "c").wait, WaitState::Completed);
    assert!(world.ledger.armed.is_empty());
}

#[test]
fn co_12_is_off_unless_the_author_says_so() {
    let drawn = serde_json::to_value(graph(&[email("mail", "c"), reply("c", 2, "", "mail2"), email("mail2", "")]));
    assert_eq!(drawn.unwrap()["nodes"][1]["advance_early"], false);
}

#[test]
fn co_13_takes_no_when_the_limit_ends_without_a_reply() {
    for early in [false, true] {
        let mut world = World::lead();
        let run = world.run(asking(early));
        world.complete(run);
        world.pass(hours(47));
        assert_eq!(world.here(run), "c");
        world.pass(hours(1));
        assert_eq!((world.here(run), world.step(run, "c").exit), ("no", Some(Exit::No)));
    }
}

#[test]
fn co_2_only_a_reply_satisfies_a_reply_condition() {
    let table = [
        (Signal::Opened, "no"),
        (Signal::LinkClicked, "no"),
        (Signal::AttachmentDownloaded, "no"),
        (Signal::Bounced, "no"),
        (Signal::Replied, "yes"),
    ];
    for (signal, expected) in table {
        for early in [false, true] {
            let mut world = World::lead();
            let run = world.run(asking(early));
            world.complete(run);
            world.signal(run, "mail", signal);
            world.pass(TimeDelta::days(2));
            assert_eq!(world.here(run), expected, "{signal:?}, early {early}");
        }
    }
}

#[test]
fn co_14_the_limit_is_one_day_where_none_is_given() {
    let mut condition = reply("c", 0, "", "no");
    condition.as_object_mut().unwrap().remove("limit_days");
    let mut world = World::lead();
    let run = world.run(graph(&[email("mail", "c"), condition, task("no", "")]));
    world.complete(run);
    assert_eq!(world.current(run).wakes_at, Some(world.now + TimeDelta::days(1)));
}

#[test]
fn co_14_the_longest_limit_is_thirty_days() {
    let mut world = World::lead();
    let run = world.run(graph(&[email("mail", "c"), reply("c", 30, "", "no"), task("no", "")]));
    world.complete(run);
    assert_eq!(world.current(run).wakes_at, Some(world.now + hours(limits::WAIT_HOURS_MAX)));
}

#[test]
fn co_15_skipping_the_email_takes_no_at_once_even_after_a_reply() {
    for replied in [false, true] {
        let mut world = World::lead();
        let run = world.run(asking(false));
        if replied {
            world.signal(run, "mail", Signal::Replied);
        }
        world.skip(run);
        assert_eq!(world.here(run), "no");
        let condition = world.step(run, "c");
        assert_eq!((condition.exit, condition.wait, condition.wakes_at), (Some(Exit::No), WaitState::None, None));
        assert_eq!(condition.completed_at, Some(world.now));
    }
}

#[test]
fn co_16_skipping_the_wait_evaluates_the_condition_now() {
    for (replied, expected, exit) in [(true, "yes", Exit::Yes), (false, "no", Exit::No)] {
        let mut world = World::lead();
        let run = world.run(asking(false));
        world.complete(run);
        if replied {
            world.signal(run, "mail", Signal::Replied);
        }
        world.pass(hours(5));
        world.skip_wait(run);
        assert_eq!(world.here(run), expected);
        let condition = world.step(run, "c");
        assert_eq!((condition.status, condition.wait), (StepStatus::Completed, WaitState::Skipped));
        assert_eq!((condition.exit, condition.completed_at), (Some(exit), Some(world.now)));
    }
}

#[test]
fn r_11_skipping_a_waiting_condition_takes_no_even_after_a_reply() {
    let mut world = World::lead();
    let run = world.run(asking(false));
    world.complete(run);
    world.signal(run, "mail", Signal::Replied);
    world.skip(run);
    assert_eq!((world.here(run), world.step(run, "c").exit), ("no", Some(Exit::No)));
    assert_eq!(world.step(run, "c").status, StepStatus::Skipped);
}

#[test]
fn co_18_a_signal_after_the_branch_was_taken_counts_but_changes_nothing() {
    let mut world = World::lead();
    let run = world.run(asking(true));
    world.complete(run);
    world.pass(TimeDelta::days(2));
    assert_eq!(world.here(run), "no");
    let before = world.visited(run);
    // It happened inside the limit, but it is reported after the branch was taken.
    let inside = world.step(run, "c").wakes_at.unwrap() + hours(-1);
    world.signal_of(run, "mail", Signal::Replied, inside);
    assert_eq!((world.visited(run), world.step(run, "c").exit), (before, Some(Exit::No)));
    assert_eq!(world.step(run, "mail").signals.first(Signal::Replied), Some(inside));
}

#[test]
fn co_19_an_automated_email_has_the_same_condition() {
    for (replies, expected) in [(true, "yes"), (false, "no")] {
        let mut world = World::lead();
        let nodes = [auto_email("mail", "c"), early_reply("c", 2, "yes", "no"), task("yes", ""), task("no", "")];
        let run = world.run(graph(&nodes));
        world.deliver();
        assert_eq!(world.here(run), "c");
        if replies {
            world.signal(run, "mail", Signal::Replied);
        }
        world.pass(TimeDelta::days(2));
        assert_eq!(world.here(run), expected);
    }
}

#[test]
fn co_40_no_condition_follows_anything_but_its_own_step() {
    // The codes are in `validation.rs`; here, that a signal belongs to an e-mail.
    let mut world = World::lead();
    let run = world.run(graph(&[task("t", "")]));
    let step = world.current(run).ordinal;
    let signal = RecordCommand::Signal { step, signal: Signal::Replied, at: world.now };
    assert_eq!(world.refused(signal), RecordRejection::NotAnEmail);
}

#[test]
fn d_62_the_events_own_time_decides_and_the_branch_is_taken_at_arrival() {
    // Reported late, while the timer is late too: (hours between the reply and the end of the limit, exit).
    for (offset, expected) in [(-1, "yes"), (0, "yes"), (1, "no")] {
        for early in [false, true] {
            let mut world = World::lead();
            let run = world.run(asking(early));
            world.complete(run);
            let limit = world.current(run).wakes_at.unwrap();
            world.stall(TimeDelta::days(3));
            world.signal_of(run, "mail", Signal::Replied, limit + hours(offset));
            let taken_now = early && expected == "yes";
            assert_eq!(world.here(run) == "c", !taken_now, "offset {offset}, early {early}");
            let now = world.now;
            world.until(now);
            assert_eq!(world.here(run), expected, "offset {offset}, early {early}");
            assert_eq!(world.step(run, "c").completed_at, Some(now));
        }
    }
}

#[test]
fn d_62_of_two_reports_the_earlier_time_counts_in_either_order() {
    for order in [[-1, 5], [5, -1]] {
        let mut world = World::lead();
        let run = world.run(asking(false));
        world.complete(run);
        let limit = world.current(run).wakes_at.unwrap();
        world.stall(TimeDelta::days(3));
        for offset in order {
            world.signal_of(run, "mail", Signal::Replied, limit + hours(offset));
        }
        world.until(world.now);
        assert_eq!(world.here(run), "yes", "{order:?}");
    }
}

#[test]
fn d_63_a_click_a_download_or_a_reply_counts_as_an_open() {
    let table = [
        (Signal::Opened, true),
        (Signal::LinkClicked, true),
        (Signal::AttachmentDownloaded, true),
        (Signal::Replied, true),
        (Signal::Bounced, false),
    ];
    for (signal, opened) in table {
        let mut world = World::lead();
        let run = world.run(asking(false));
        world.complete(run);
        world.signal(run, "mail", signal);
        let first = world.step(run, "mail").signals.first(Signal::Opened);
        assert_eq!(first, opened.then_some(world.now), "{signal:?}");
    }
}

#[test]
fn co_11_co_12_a_reply_before_the_email_was_marked_complete_is_not_lost() {
    for (early, then) in [(true, "yes"), (false, "c")] {
        let mut world = World::lead();
        let run = world.run(asking(early));
        world.signal(run, "mail", Signal::Replied);
        assert_eq!(world.here(run), "mail", "the step is still the seller's");
        world.complete(run);
        assert_eq!(world.here(run), then);
        world.pass(TimeDelta::days(2));
        assert_eq!(world.here(run), "yes");
    }
}

#[test]
fn co_12_a_reply_to_an_earlier_email_does_not_satisfy_a_later_condition() {
    let nodes = [
        email("first", "second"),
        email("second", "c"),
        early_reply("c", 2, "yes", "no"),
        task("yes", ""),
        task("no", ""),
    ];
    let mut world = World::lead();
    let run = world.run(graph(&nodes));
    world.complete(run);
    world.complete(run);
    world.signal(run, "first", Signal::Replied);
    assert_eq!(world.here(run), "c");
    world.pass(TimeDelta::days(2));
    assert_eq!(world.here(run), "no");
}

/// A call, a condition on two results, a task behind each exit.
fn calling() -> Graph {
    graph(&[call("call", "c"), answered("c", &["made", "received"], "yes", "no"), task("yes", ""), task("no", "")])
}

/// CO-34: `made` is that the customer answered.
#[test]
fn co_30_any_of_the_chosen_results_takes_yes_and_co_31_lists_six() {
    let table = [
        ("made", "yes"),
        ("received", "yes"),
        ("no_answer", "no"),
        ("left_voicemail", "no"),
        ("busy", "no"),
        ("wrong_number", "no"),
    ];
    for (result, expected) in table {
        let mut world = World::lead();
        assert_eq!(world.given.catalogue.call_results, table.map(|(result, _)| result));
        let run = world.run(calling());
        world.answer(run, result);
        assert_eq!(world.here(run), expected, "{result}");
        assert_eq!(world.step(run, "call").call_result.as_deref(), Some(result));
    }
}

#[test]
fn co_31_a_result_that_is_not_on_the_list_is_refused() {
    let mut world = World::lead();
    let run = world.run(calling());
    let step = world.current(run).ordinal;
    let complete = |result: &str| RecordCommand::Complete { step, note: None, call_result: Some(result.into()) };
    assert!(matches!(world.refused(complete("hung_up")), RecordRejection::CallResultInvalid(_)));
    Arc::make_mut(&mut world.given.catalogue).call_results.push("hung_up".into());
    world.ask(complete("hung_up"));
    assert_eq!(world.here(run), "no");
}

#[test]
fn co_32_a_call_condition_never_waits() {
    let mut world = World::lead();
    let run = world.run(calling());
    world.answer(run, "busy");
    let condition = world.step(run, "c");
    assert_eq!((condition.opened_at, condition.completed_at), (world.now, Some(world.now)));
    assert_eq!((condition.wait, condition.wakes_at), (WaitState::None, None));
}

#[test]
fn co_33_skipping_the_call_takes_no() {
    let mut world = World::lead();
    let run = world.run(calling());
    world.skip(run);
    assert_eq!((world.here(run), world.step(run, "c").exit), ("no", Some(Exit::No)));
}

#[test]
fn co_35_a_call_before_a_condition_needs_its_result() {
    let mut world = World::lead();
    let run = world.run(calling());
    let step = world.current(run).ordinal;
    let bare = RecordCommand::Complete { step, note: None, call_result: None };
    assert_eq!(world.refused(bare), RecordRejection::CallResultRequired);
    assert_eq!(world.here(run), "call");
}

#[test]
fn co_35_other_steps_need_no_result_and_only_calls_take_one() {
    let mut world = World::lead();
    let run = world.run(graph(&[call("call", "t"), task("t", "")]));
    world.complete(run);
    let step = world.current(run).ordinal;
    let with_result = RecordCommand::Complete { step, note: None, call_result: Some("made".into()) };
    assert!(matches!(world.refused(with_result), RecordRejection::CallResultInvalid(_)));
    assert_eq!(world.here(run), "t");
}
