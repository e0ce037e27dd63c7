//! The score by rule, its trend and its reasons (W-50, W-51, W-53).

use chrono::TimeDelta;
use relance::domain::enrolment::Signal;
use relance::domain::score::{Cause, Interest, Supplied, Trend, by_rule, reasons, rule_trend};
use relance::time::Timestamp;

use super::at;

const NOW: &str = "2026-03-20T12:00:00Z";

fn ago(days: i64) -> Timestamp {
    at(NOW) + TimeDelta::days(-days)
}

#[test]
fn w53_the_rule_adds_up_what_came_back_and_how_long_the_next_action_is_due() {
    type Case = (&'static str, &'static [(Signal, i64)], u8, i64, u8);
    let cases: [Case; 10] = [
        ("nothing is known", &[], 0, 0, 50),
        ("opened", &[(Signal::Opened, 2)], 0, 0, 55),
        ("clicked, and so opened", &[(Signal::LinkClicked, 2)], 0, 0, 65),
        ("replied, and so opened", &[(Signal::Replied, 2)], 0, 0, 70),
        ("all of it", &[(Signal::Replied, 2), (Signal::LinkClicked, 3), (Signal::Opened, 4)], 0, 0, 80),
        ("on the fourteenth day", &[(Signal::Replied, 14)], 0, 0, 70),
        ("longer ago than a fortnight", &[(Signal::Replied, 15)], 0, 0, 50),
        ("due for two days", &[], 0, 2, 56),
        ("due for a month", &[], 0, 30, 65),
        ("three e-mails without an answer", &[], 3, 0, 40),
    ];
    for (case, signals, sent, overdue, expected) in cases {
        let mut interest = Interest::default();
        signals.iter().for_each(|(signal, days)| interest.note(*signal, ago(*days)));
        (0..sent).for_each(|_| interest.note_sent());
        assert_eq!(by_rule(&interest, Some(ago(overdue)), at(NOW)), expected, "{case}");
    }
}

#[test]
fn w53_what_comes_back_ends_the_count_of_unanswered_e_mails_and_a_bounce_does_not() {
    let mut interest = Interest::default();
    (0..300).for_each(|_| interest.note_sent());
    interest.note(Signal::Bounced, ago(1));
    assert!(reasons(&interest, None, at(NOW)).iter().any(|reason| matches!(reason.cause, Cause::Unanswered(255))));
    interest.note(Signal::Opened, ago(1));
    assert_eq!(interest.unanswered, 0);
}

#[test]
fn w53_the_reasons_add_up_to_the_score() {
    let mut interest = Interest::default();
    interest.note(Signal::Replied, ago(2));
    let found = reasons(&interest, Some(ago(1)), at(NOW));
    let causes: Vec<_> = found.iter().map(|reason| (reason.cause, reason.points)).collect();
    let expected =
        [(Cause::Base, 50), (Cause::Replied(ago(2)), 15), (Cause::Opened(ago(2)), 5), (Cause::Overdue(1), 3)];
    assert_eq!(causes, expected);
    assert_eq!(by_rule(&interest, Some(ago(1)), at(NOW)), 73);
}

#[test]
fn w50_a_trend_is_held_against_a_week_ago() {
    let mut interest = Interest::default();
    assert_eq!(rule_trend(&interest, None, at(NOW)), Trend::NotEnoughInfo);
    interest.note(Signal::Opened, ago(15));
    assert_eq!(rule_trend(&interest, None, at(NOW)), Trend::Declining, "a week ago it still counted");
    interest.note(Signal::Replied, ago(1));
    assert_eq!(rule_trend(&interest, None, at(NOW)), Trend::Improving);
    let mut supplied = Supplied::default();
    assert_eq!(supplied.trend(at(NOW)), Trend::NotEnoughInfo);
    supplied.replace(Some(40), ago(3));
    assert_eq!(supplied.trend(at(NOW)), Trend::NotEnoughInfo, "the first score says nothing of where it is going");
    supplied.replace(Some(60), ago(2));
    assert_eq!(supplied.trend(at(NOW)), Trend::Improving);
    supplied.replace(Some(60), ago(1));
    assert_eq!(supplied.trend(at(NOW)), Trend::Improving, "the same again is no change");
    supplied.replace(Some(50), ago(1));
    assert_eq!(supplied.trend(at(NOW)), Trend::Declining);
    assert_eq!(supplied.trend(at(NOW) + TimeDelta::days(6)), Trend::Steady, "a week later");
}
