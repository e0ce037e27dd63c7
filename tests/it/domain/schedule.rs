//! Civil time (§12): the specification's dated examples, both nights of daylight saving in several zones, and working time
//! against a model that goes minute by minute.

mod naive;

use chrono::TimeDelta;
use proptest::prelude::*;
use relance::domain::schedule::{Calendar, Day, Entry, Repeat, Span, TimeOfDay, Weekday, Weekdays, civil, day_bounds};
use relance::time::Timestamp;

use super::world::at;

fn time(text: &str) -> TimeOfDay {
    TimeOfDay::try_from(text.to_owned()).expect("a time of day")
}

pub fn span(start: &str, end: &str) -> Span {
    Span { start: time(start), end: time(end) }
}

fn day(text: &str) -> Day {
    Day::try_from(text.to_owned()).expect("a date")
}

fn every_day(span: Span, breaks: Vec<Span>) -> Entry {
    let on = Repeat { weekdays: Weekdays::ALL, from: None, until: None };
    Entry::WorkingHours { on, span, breaks, description: None }
}

fn calendar(time_zone: &str, entries: Vec<Entry>) -> Calendar {
    Calendar { time_zone: time_zone.into(), entries, holidays: None }
}

/// An instant by the clocks of a zone, `2026-03-02T09:00`.
fn local(zone: &str, text: &str) -> Timestamp {
    civil::instant(civil::zone(zone), format!("{text}:00").parse().expect("a civil time"))
}

/// TM-6, TM-8, TM-9, D-9: the checked examples of §12, both columns, in several zones.
#[test]
fn tm_9_the_checked_examples_come_out() {
    // Monday is 2 March 2026.
    let examples = [
        ("2026-03-04T10:00", 3, 0, "2026-03-09T08:00", "2026-03-09T10:00"),
        ("2026-03-04T18:00", 3, 0, "2026-03-09T08:00", "2026-03-10T08:00"),
        ("2026-03-06T10:00", 1, 0, "2026-03-09T08:00", "2026-03-09T10:00"),
        ("2026-03-06T16:00", 0, 4, "2026-03-09T08:00", "2026-03-09T11:00"),
        ("2026-03-07T12:00", 0, 2, "2026-03-09T08:00", "2026-03-09T10:00"),
    ];
    for zone in ["UTC", "Asia/Tokyo", "America/Los_Angeles"] {
        let usual = Calendar::usual(zone);
        let working = usual.working();
        for (start, days, hours, off, on) in examples {
            let start = local(zone, start);
            let elapsed = start + TimeDelta::days(i64::from(days)) + TimeDelta::hours(i64::from(hours));
            assert_eq!(working.next(elapsed), Some(local(zone, off)), "off, {zone} {start}");
            assert_eq!(working.add(start, days, hours), Some(local(zone, on)), "on, {zone} {start}");
        }
    }
}

/// TM-2, TM-3: breaks, hours off, days off and what is on until a date only.
#[test]
fn tm_3_entries_take_time_away() {
    let noon = span("12:00", "13:00");
    let on_wednesdays = Repeat { weekdays: vec![Weekday::Wed].into(), from: None, until: Some(day("2026-03-10")) };
    let entries = vec![
        Entry::WorkingHours { on: Repeat::WORKING, span: Span::WORKING, breaks: vec![noon], description: None },
        Entry::NonWorkingHours { on: on_wednesdays, span: span("08:00", "12:00"), description: None },
        Entry::TimeOff { from: day("2026-03-05"), until: day("2026-03-06"), description: Some("away".into()) },
    ];
    let calendar = calendar("UTC", entries);
    let next = |text: &str| calendar.working().next(at(text)).expect("there is working time").to_string();
    assert_eq!(next("2026-03-02T07:00:00Z"), "2026-03-02T08:00:00.000Z");
    assert_eq!(next("2026-03-02T12:00:00Z"), "2026-03-02T13:00:00.000Z");
    assert_eq!(next("2026-03-02T16:59:59.999Z"), "2026-03-02T16:59:59.999Z");
    assert_eq!(next("2026-03-02T17:00:00Z"), "2026-03-03T08:00:00.000Z");
    assert_eq!(next("2026-03-04T08:00:00Z"), "2026-03-04T13:00:00.000Z");
    assert_eq!(next("2026-03-11T08:00:00Z"), "2026-03-11T08:00:00.000Z");
    assert_eq!(next("2026-03-05T09:00:00Z"), "2026-03-09T08:00:00.000Z");
    // A night is two entries, and hours run through midnight.
    let nights = vec![every_day(span("22:00", "24:00"), vec![]), every_day(span("00:00", "06:00"), vec![])];
    let nights = Calendar { entries: nights, ..Calendar::default() };
    assert_eq!(nights.working().add(at("2026-03-02T12:00:00Z"), 0, 3), Some(at("2026-03-03T01:00:00Z")));
}

#[test]
fn holidays_of_the_country_are_days_off() {
    let in_france = Calendar { holidays: Some("FR".into()), ..Calendar::usual("Europe/Paris") };
    let start = local("Europe/Paris", "2026-07-13T16:00");
    assert_eq!(in_france.working().add(start, 0, 2), Some(local("Europe/Paris", "2026-07-15T09:00")));
    assert_eq!(in_france.working().add(start, 1, 0), Some(local("Europe/Paris", "2026-07-15T16:00")));
    let elsewhere = Calendar::usual("Europe/Paris");
    assert_eq!(elsewhere.working().add(start, 1, 0), Some(local("Europe/Paris", "2026-07-14T16:00")));
}

#[test]
fn without_any_working_time_the_search_ends_and_says_so() {
    let gone = Repeat { until: Some(day("2020-01-01")), ..Repeat::WORKING };
    let gone = Entry::WorkingHours { on: gone, span: Span::WORKING, breaks: vec![], description: None };
    let away = Entry::TimeOff { from: day("2026-01-01"), until: day("9999-12-31"), description: None };
    for entries in [vec![gone], vec![away], vec![every_day(span("08:00", "09:00"), vec![span("08:00", "09:00")])]] {
        let calendar = calendar("Europe/Paris", entries);
        assert_eq!(calendar.working().next(at("2026-03-02T09:00:00Z")), None);
        assert_eq!(calendar.working().add(at("2026-03-02T09:00:00Z"), 1, 1), None);
    }
    // Nor does it run past the end of time.
    assert_eq!(Calendar::default().working().add(Timestamp::MAX, 30, 0), None);
}

/// D-65: in the night when clocks go forward a time that they jump over is the instant of the jump, and the night is shorter;
/// in the one when they go back the first of two equal times holds, and the night is longer.
#[test]
fn d_65_daylight_saving_is_decided() {
    // Zone, the day, a time that is jumped over or comes twice, its instant, and the hours of the night.
    let nights = [
        ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:00:00Z", 5 * 60),
        ("Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30:00Z", 7 * 60),
        ("America/New_York", "2026-03-08", "02:30", "2026-03-08T07:00:00Z", 5 * 60),
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01T05:30:00Z", 7 * 60),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30:00Z", 5 * 60 + 30),
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T14:45:00Z", 6 * 60 + 30),
    ];
    for (zone, date, odd, instant, minutes) in nights {
        assert_eq!(local(zone, &format!("{date}T{odd}")), at(instant), "{zone} {date}");
        let night = calendar(zone, vec![every_day(span("00:00", "06:00"), vec![])]);
        let (midnight, six) = (local(zone, &format!("{date}T00:00")), local(zone, &format!("{date}T06:00")));
        assert_eq!((six - midnight).num_minutes(), minutes, "{zone} {date}");
        // The hours of the night are elapsed time inside it: six of them end where the night's own are used up.
        let six_hours = night.working().add(midnight, 0, 6).expect("there is working time");
        let left = 6 * 60 - minutes.min(6 * 60);
        let expected = if minutes > 6 * 60 { midnight + TimeDelta::hours(6) } else { six + TimeDelta::hours(18) };
        assert_eq!(six_hours, expected + TimeDelta::minutes(left), "{zone} {date}");
        // A day has as many hours as its clocks.
        let day = day_bounds(civil::zone(zone), six);
        assert_eq!((day.start, (day.end - day.start).num_minutes()), (midnight, minutes + 18 * 60), "{zone} {date}");
    }
}

/// D-65: Samoa had no 30 December 2011.
#[test]
fn a_day_that_a_zone_skipped_has_no_working_time() {
    let samoa = calendar("Pacific/Apia", vec![every_day(Span::WORKING, vec![])]);
    let start = local("Pacific/Apia", "2011-12-29T10:00");
    assert_eq!(samoa.working().add(start, 1, 0), Some(local("Pacific/Apia", "2011-12-31T10:00")));
    assert_eq!(local("Pacific/Apia", "2011-12-30T12:00"), at("2011-12-30T10:00:00Z"));
    let after = day_bounds(civil::zone("Pacific/Apia"), at("2011-12-30T10:00:00Z"));
    assert_eq!(after, at("2011-12-30T10:00:00Z")..at("2011-12-31T10:00:00Z"));
}

/// TM-14: today and overdue are those of the seller's zone.
#[test]
fn tm_14_a_day_is_that_of_the_sellers_zone() {
    let now = at("2026-03-02T23:30:00Z");
    let in_madrid = day_bounds(civil::zone("Europe/Madrid"), now);
    assert_eq!(in_madrid, at("2026-03-02T23:00:00Z")..at("2026-03-03T23:00:00Z"));
    let in_new_york = day_bounds(civil::zone("America/New_York"), now);
    assert_eq!(in_new_york, at("2026-03-02T05:00:00Z")..at("2026-03-03T05:00:00Z"));
}

#[test]
fn times_and_dates_are_read_strictly_and_written_as_they_were() {
    for good in ["00:00", "08:00", "23:59", "24:00"] {
        assert_eq!(time(good).to_string(), good);
    }
    for bad in ["8:00", "24:01", "12:60", "1200", "-1:00", "+1:00", "12:00:00", "", "ab:cd", "١٢:00"] {
        assert!(TimeOfDay::try_from(bad.to_owned()).is_err(), "{bad}");
    }
    assert_eq!(day("2026-02-28").to_string(), "2026-02-28");
    for bad in ["2026-02-29", "0000-01-01", "10000-01-01", "26-01-01", "2026-1-1", "today"] {
        assert!(Day::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}

#[test]
fn what_does_not_fit_in_a_calendar_is_told_with_its_place() {
    let backwards = Entry::TimeOff { from: day("2026-03-02"), until: day("2026-03-01"), description: Some(" ".into()) };
    let hours = Entry::WorkingHours {
        on: Repeat { weekdays: Weekdays::from(vec![]), ..Repeat::WORKING },
        span: span("17:00", "08:00"),
        breaks: vec![span("18:00", "19:00")],
        description: None,
    };
    let broken = Calendar { holidays: Some("XX".into()), ..calendar("Mars/Olympus", vec![backwards, hours]) };
    let found: Vec<_> =
        broken.problems().iter().map(|problem| format!("{} {}", problem.pointer, problem.code)).collect();
    let expected = [
        "/time_zone time_zone_unknown",
        "/holidays country_unknown",
        "/entries/0/description empty",
        "/entries/0/until out_of_range",
        "/entries/1/end out_of_range",
        "/entries/1/weekdays missing",
        "/entries/1/breaks/0 out_of_range",
    ];
    assert_eq!(found, expected);
    assert_eq!(Calendar::default().problems(), []);
    let many = vec![every_day(Span::WORKING, vec![]); 201];
    let pointers: Vec<_> = calendar("UTC", many).problems().into_iter().map(|problem| problem.pointer).collect();
    assert_eq!(pointers, ["/entries"]);
}

/// A zone, and an instant near which its clocks do something odd.
const ODD: [(&str, &str); 9] = [
    ("UTC", "2026-03-02T00:00:00Z"),
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("America/New_York", "2026-03-08T07:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("America/St_Johns", "2005-10-30T02:31:00Z"),
];

fn spans() -> impl Strategy<Value = Span> {
    (0_u16..1440, 1_u16..=1440).prop_map(|(start, length)| {
        let end = (start + length).min(1440);
        let text = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        span(&text(start), &text(end))
    })
}

fn repeats() -> impl Strategy<Value = Repeat> {
    proptest::collection::vec(proptest::sample::select(Weekday::ALL.to_vec()), 1..8).prop_map(|days| Repeat {
        weekdays: days.into(),
        from: None,
        until: None,
    })
}

fn entries() -> impl Strategy<Value = Entry> {
    let hours = (repeats(), spans(), proptest::collection::vec(spans(), 0..3))
        .prop_map(|(on, span, breaks)| Entry::WorkingHours { on, span, breaks, description: None });
    let off = (repeats(), spans()).prop_map(|(on, span)| Entry::NonWorkingHours { on, span, description: None });
    prop_oneof![3 => hours, 1 => off]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// TM-9 against the model: the same instant, minute for minute; never outside working time, never back.
    #[test]
    fn working_time_is_what_a_walk_minute_by_minute_finds(
        (zone, odd) in proptest::sample::select(ODD.to_vec()),
        away in -4_320_i64..4_320,
        entries in proptest::collection::vec(entries(), 0..4),
        days in 0_u32..4,
        hours in 0_u32..20,
    ) {
        let calendar = calendar(zone, entries);
        let (working, start) = (calendar.working(), at(odd) + TimeDelta::minutes(away));
        let model = naive::Model::around(&calendar, start);
        let next = working.next(start);
        if let Some(expected) = model.next(start) {
            prop_assert_eq!(next, Some(expected));
        }
        prop_assert_eq!(working.is_working(start), model.is_working(start));
        let found = working.add(start, days, hours);
        match model.add(start, days, hours) {
            Some(expected) => prop_assert_eq!(found, Some(expected)),
            None => prop_assert!(found.is_none_or(|found| found >= model.end())),
        }
        if let Some(found) = found {
            prop_assert!(working.is_working(found) && found >= start);
            prop_assert!(working.add(start, days + 1, hours).is_none_or(|later| later >= found));
            prop_assert!(working.add(start, days, hours + 1).is_none_or(|later| later > found));
        }
    }

    /// A later start never ends sooner, but where clocks showed a later time before (TM-9 keeps the time of day).
    #[test]
    fn adding_is_monotone(
        (zone, odd) in proptest::sample::select(ODD.to_vec()),
        starts in (-4_320_i64..4_320, -4_320_i64..4_320),
        entries in proptest::collection::vec(entries(), 0..4),
        days in 0_u32..4,
        hours in 0_u32..20,
    ) {
        let calendar = calendar(zone, entries);
        let [early, late] = [starts.0.min(starts.1), starts.0.max(starts.1)].map(|away| at(odd) + TimeDelta::minutes(away));
        let shown = [early, late].map(|at| {
            civil::civil(civil::zone(zone), calendar.working().next(at).unwrap_or(at))
        });
        prop_assume!(shown[0] <= shown[1]);
        let ends = [early, late].map(|start| calendar.working().add(start, days, hours));
        if let [Some(sooner), Some(later)] = ends {
            prop_assert!(sooner <= later);
        }
    }

    /// D-65: the instant of a civil time is the first at which clocks show it or later, whatever the zone and the year.
    #[test]
    fn an_instant_is_the_first_at_which_clocks_show_the_time(
        zone in proptest::sample::select(chrono_tz::TZ_VARIANTS.to_vec()),
        minutes in 0_i64..60 * 365 * 24 * 60,
    ) {
        let time = at("1980-01-01T00:00:00Z") + TimeDelta::minutes(minutes);
        let time = civil::civil(chrono_tz::UTC, time);
        let found = civil::instant(zone, time);
        prop_assert!(civil::civil(zone, found) >= time);
        prop_assert!(civil::civil(zone, found + TimeDelta::milliseconds(-1)) < time);
    }
}
