//! TM-5, TM-7: days off from another calendar.

use chrono_tz::Tz;
use relance::domain::schedule::icalendar::{IMPORTED, Imported, NoCalendar, days_off};
use relance::domain::schedule::{Calendar, Entry};

use super::world::at;

/// A file of these lines.
fn file(lines: &[&str]) -> String {
    let all = ["BEGIN:VCALENDAR", "VERSION:2.0"].into_iter().chain(lines.iter().copied()).chain(["END:VCALENDAR"]);
    all.collect::<Vec<_>>().join("\r\n")
}

fn event<'a>(lines: &[&'a str]) -> Vec<&'a str> {
    ["BEGIN:VEVENT", "UID:1"].into_iter().chain(lines.iter().copied()).chain(["END:VEVENT"]).collect()
}

fn read(lines: &[&str]) -> Imported {
    days_off(&file(lines), Tz::Europe__Madrid, at("2026-03-02T09:00:00Z")).expect("a calendar")
}

fn runs(found: &Imported) -> Vec<String> {
    found.runs.iter().map(|(from, until)| format!("{from}..{until}")).collect()
}

#[test]
fn tm_7_whole_days_that_are_busy_are_taken_and_nothing_else() {
    let table: [(&[&str], &[&str]); 17] = [
        (&["DTSTART;VALUE=DATE:20260310", "DTEND;VALUE=DATE:20260313"], &["2026-03-10..2026-03-12"]),
        (&["DTSTART;VALUE=DATE:20260310"], &["2026-03-10..2026-03-10"]),
        (&["DTSTART;VALUE=DATE:20260310", "DURATION:P1W"], &["2026-03-10..2026-03-16"]),
        // Folded, with a parameter that holds a colon, in small letters.
        (&["dtstart;x=\"a:b\";value=DATE:2026", " 0310"], &["2026-03-10..2026-03-10"]),
        // What is past is past, and what began is on.
        (&["DTSTART;VALUE=DATE:20260201", "DTEND;VALUE=DATE:20260302"], &[]),
        (&["DTSTART;VALUE=DATE:20260201", "DTEND;VALUE=DATE:20260304"], &["2026-03-02..2026-03-03"]),
        (&["DTSTART;VALUE=DATE:20260310", "TRANSP:TRANSPARENT"], &[]),
        (&["DTSTART;VALUE=DATE:20260310", "STATUS:CANCELLED"], &[]),
        (&["DTSTART;VALUE=DATE:20260310", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"], &[]),
        (&["DTSTART;VALUE=DATE:20260310", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"], &["2026-03-10..2026-03-10"]),
        // A meeting takes no day, nor do days that it only touches.
        (&["DTSTART:20260310T090000Z", "DTEND:20260310T100000Z"], &[]),
        (&["DTSTART:20260310T090000Z", "DTEND:20260313T100000Z"], &["2026-03-11..2026-03-12"]),
        // Midnight in Madrid is 23:00 in UTC.
        (&["DTSTART:20260309T230000Z", "DTEND:20260310T230000Z"], &["2026-03-10..2026-03-10"]),
        (&["DTSTART:20260310T000000Z", "DURATION:P1D"], &[]),
        (&["DTSTART;TZID=America/New_York:20260309T190000", "DURATION:PT24H"], &["2026-03-10..2026-03-10"]),
        (&["DTSTART;TZID=Romance Standard Time:20260310T000000", "DURATION:P1D"], &["2026-03-10..2026-03-10"]),
        // An alarm within it has times of its own.
        (
            &[
                "DTSTART;VALUE=DATE:20260310",
                "BEGIN:VALARM",
                "DTSTART;VALUE=DATE:20260401",
                "TRANSP:TRANSPARENT",
                "END:VALARM",
            ],
            &["2026-03-10..2026-03-10"],
        ),
    ];
    for (lines, expected) in table {
        let found = read(&event(lines));
        assert_eq!(
            (runs(&found), found.repeating, found.unread),
            (expected.iter().map(|run| (*run).to_owned()).collect(), 0, 0),
            "{lines:?}"
        );
    }
}

#[test]
fn free_busy_times_are_taken_and_those_that_touch_are_one() {
    let found = read(&[
        "BEGIN:VFREEBUSY",
        "FREEBUSY;FBTYPE=BUSY:20260309T230000Z/20260310T110000Z,20260310T110000Z/PT12H",
        "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260310T200000Z/20260311T230000Z",
        "FREEBUSY;FBTYPE=FREE:20260401T000000Z/P9D",
        "FREEBUSY:20260501T000000Z/tomorrow",
        "END:VFREEBUSY",
    ]);
    assert_eq!((runs(&found), found.unread), (vec!["2026-03-10..2026-03-11".to_owned()], 1));
}

#[test]
fn what_cannot_be_taken_is_counted_and_what_is_no_calendar_refused() {
    let odd: [&[&str]; 5] = [
        &["DTSTART:soon"],
        &["SUMMARY:no time"],
        &["DTSTART;VALUE=DATE:20260310", "DURATION:long"],
        &["DTSTART;VALUE=DATE:20260310", "DURATION:P99999999999999999999D"],
        &["DTSTART:20269999T999999Z"],
    ];
    for lines in odd {
        let found = read(&event(lines));
        assert_eq!((found.runs.len(), found.repeating, found.unread), (0, 0, 1), "{lines:?}");
    }
    let found = read(&event(&["DTSTART;VALUE=DATE:20260310", "RRULE:FREQ=YEARLY"]));
    assert_eq!((found.runs.len(), found.repeating), (0, 1));
    let far = read(&event(&["DTSTART;VALUE=DATE:20260310", "DTEND;VALUE=DATE:99991231"]));
    assert_eq!(far.runs.len(), 1, "its end is cut off");
    for text in ["", "BEGIN:VCARD\nEND:VCARD", "BEGIN:VCALENDAR\nBEGIN:VEVENT", "<html>"] {
        assert_eq!(days_off(text, Tz::UTC, at("2026-03-02T09:00:00Z")), Err(NoCalendar), "{text}");
    }
    let deep = "BEGIN:VEVENT\n".repeat(100_000);
    assert!(days_off(&file(&[&deep]), Tz::UTC, at("2026-03-02T09:00:00Z")).is_ok(), "it ends");
}

#[test]
fn an_import_takes_the_place_of_the_one_before_and_leaves_what_is_ones_own() {
    let own = Entry::TimeOff {
        from: chrono::NaiveDate::from_ymd_opt(2026, 8, 1).expect("a day").into(),
        until: chrono::NaiveDate::from_ymd_opt(2026, 8, 9).expect("a day").into(),
        description: Some("Beach".into()),
    };
    let calendar = Calendar { entries: vec![Calendar::USUAL, own.clone()], ..Calendar::default() };
    let first = read(&event(&["DTSTART;VALUE=DATE:20260310"]));
    let second = read(&event(&["DTSTART;VALUE=DATE:20260311"]));
    let once = calendar.with_imported(&first.runs);
    assert_eq!((once.entries.len(), once.entries[2].description()), (3, Some(IMPORTED)));
    assert_eq!(once.with_imported(&second.runs), calendar.with_imported(&second.runs));
    assert_eq!(once.with_imported(&[]), calendar);
}
