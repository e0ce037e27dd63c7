//! A calendar as somebody writes it: when they work, when not, and when they are away (TM-2, TM-3). Stored in events, so no
//! type here ever gains a member.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::holidays;
use crate::domain::record::Problem;
use crate::domain::record::schema::{text_fault, time_zone_fault};
use crate::limits;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// All of them, in order.
    pub const ALL: [Weekday; 7] =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
}

/// Days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Weekday>", into = "Vec<Weekday>")]
pub struct Weekdays(u8);

impl Weekdays {
    /// Monday to Sunday.
    pub const ALL: Weekdays = Weekdays(0b111_1111);
    /// Monday to Friday.
    pub const WORKING: Weekdays = Weekdays(0b001_1111);

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether that day is among them.
    fn has(self, day: NaiveDate) -> bool {
        self.0 & (1 << day.weekday().num_days_from_monday()) != 0
    }
}

impl From<Vec<Weekday>> for Weekdays {
    fn from(days: Vec<Weekday>) -> Weekdays {
        Weekdays(days.into_iter().fold(0, |all, day| all | 1 << day as u8))
    }
}

impl From<Weekdays> for Vec<Weekday> {
    fn from(days: Weekdays) -> Vec<Weekday> {
        Weekday::ALL.into_iter().filter(|day| days.0 & (1 << *day as u8) != 0).collect()
    }
}

/// Minutes since the beginning of a day, 0–1,440; written `HH:MM`, and `24:00` is the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// The end of a day.
    pub const END: TimeOfDay = TimeOfDay(24 * 60);

    /// That hour sharp, at most 24.
    pub const fn hour(hour: u16) -> TimeOfDay {
        if hour < 24 { TimeOfDay(hour * 60) } else { TimeOfDay::END }
    }

    /// Minutes since the beginning of the day.
    pub fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> String {
        time.to_string()
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = String;

    fn try_from(text: String) -> Result<TimeOfDay, String> {
        let is_number = |digits: &str| digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = |digits: &str| digits.parse::<u16>().ok().filter(|_| is_number(digits));
        let read = text.split_once(':').and_then(|(hours, minutes)| Some((number(hours)?, number(minutes)?)));
        let time = read.filter(|(_, minutes)| *minutes < 60).map(|(hours, minutes)| TimeOfDay(hours * 60 + minutes));
        time.filter(|time| *time <= TimeOfDay::END).ok_or_else(|| format!("`{text}` is no time of day, such as 08:00"))
    }
}

/// A date of the years 1 to 9999, written `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(i32);

impl From<Day> for String {
    fn from(day: Day) -> String {
        day.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Day, String> {
        let date = text.parse::<NaiveDate>().ok().filter(|date| text.len() == 10 && date.year() >= 1);
        date.map(Day::from).ok_or_else(|| format!("`{text}` is no date, such as 2026-07-14"))
    }
}

impl From<NaiveDate> for Day {
    fn from(date: NaiveDate) -> Day {
        Day(date.num_days_from_ce())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        NaiveDate::from_num_days_from_ce_opt(self.0).unwrap_or_default().fmt(f)
    }
}

/// A part of a day: from `start` up to and without `end` (D-65).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// When it begins.
    pub start: TimeOfDay,
    /// When it is over.
    pub end: TimeOfDay,
}

impl Span {
    /// TM-2: what working hours are that do not say.
    pub const WORKING: Span = Span { start: TimeOfDay::hour(8), end: TimeOfDay::hour(17) };

    fn fault(self) -> Option<String> {
        let (start, end) = (self.start, self.end);
        (end <= start).then(|| format!("the end {end} lies not after the start {start}; a night is two entries"))
    }

    fn holds(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// On which days something is: on these days of the week, from and until these dates if there are any, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// Days of the week.
    pub weekdays: Weekdays,
    /// The first date.
    pub from: Option<Day>,
    /// The last.
    pub until: Option<Day>,
}

impl Repeat {
    /// Every Monday to Friday.
    pub const WORKING: Repeat = Repeat { weekdays: Weekdays::WORKING, from: None, until: None };

    /// Whether it is on that day.
    pub fn is_on(&self, day: NaiveDate) -> bool {
        let date = Day::from(day);
        self.weekdays.has(day)
            && self.from.is_none_or(|from| from <= date)
            && self.until.is_none_or(|until| date <= until)
    }
}

/// What one entry says (TM-3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// They work then, but for the breaks.
    WorkingHours { on: Repeat, span: Span, breaks: Vec<Span>, description: Option<String> },
    /// They do not work then, whatever other entries say.
    NonWorkingHours { on: Repeat, span: Span, description: Option<String> },
    /// They are away, these days included.
    TimeOff { from: Day, until: Day, description: Option<String> },
}

impl Entry {
    /// What it says for people.
    pub fn description(&self) -> Option<&str> {
        match self {
            Entry::WorkingHours { description, .. }
            | Entry::NonWorkingHours { description, .. }
            | Entry::TimeOff { description, .. } => description.as_deref(),
        }
    }

    fn problems(&self, pointer: &str) -> Vec<Problem> {
        let at = |member: &str, code, detail| Problem { pointer: format!("{pointer}/{member}"), code, detail };
        let mut problems = Vec::new();
        let too_long = self.description().and_then(|text| text_fault(text, limits::CALENDAR_TEXT_MAX, true));
        problems.extend(too_long.map(|(code, detail)| at("description", code, detail)));
        let backwards = |from: Option<Day>, until: Option<Day>| {
            let (from, until) = (from?, until?);
            (until < from).then(|| at("until", "out_of_range", format!("{until} lies before {from}")))
        };
        match self {
            Entry::TimeOff { from, until, .. } => problems.extend(backwards(Some(*from), Some(*until))),
            Entry::WorkingHours { on, span, .. } | Entry::NonWorkingHours { on, span, .. } => {
                problems.extend(span.fault().map(|detail| at("end", "out_of_range", detail)));
                problems.extend(backwards(on.from, on.until));
                if on.weekdays.is_empty() {
                    problems.push(at("weekdays", "missing", "an entry is on at least one day of the week".into()));
                }
            }
        }
        let Entry::WorkingHours { span, breaks, .. } = self else { return problems };
        if breaks.len() > limits::CALENDAR_BREAKS_MAX {
            let detail = format!("working hours have at most {} breaks", limits::CALENDAR_BREAKS_MAX);
            problems.push(at("breaks", "too_long", detail));
        }
        for (place, pause) in breaks.iter().enumerate() {
            let outside =
                || (!span.holds(*pause)).then(|| format!("a break lies within {} and {}", span.start, span.end));
            let fault = pause.fault().or_else(outside);
            problems.extend(fault.map(|detail| at(&format!("breaks/{place}"), "out_of_range", detail)));
        }
        problems
    }
}

/// When somebody works. Without working hours those of TM-2 hold, Monday to Friday.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// The zone whose clocks all times of it are read on, an IANA name.
    pub time_zone: String,
    /// In any order; where two contradict each other, the one that takes time away holds.
    pub entries: Vec<Entry>,
    /// The country whose public holidays are days off, in two letters (ISO 3166).
    pub holidays: Option<String>,
}

impl Default for Calendar {
    fn default() -> Calendar {
        Calendar { time_zone: "UTC".into(), entries: vec![Calendar::USUAL], holidays: None }
    }
}

impl Calendar {
    /// TM-2, TM-10: what holds for whoever has said nothing else.
    pub const USUAL: Entry =
        Entry::WorkingHours { on: Repeat::WORKING, span: Span::WORKING, breaks: Vec::new(), description: None };

    /// That of whoever has said nothing but where they are.
    pub fn usual(time_zone: &str) -> Calendar {
        Calendar { time_zone: time_zone.to_owned(), ..Calendar::default() }
    }

    /// Everything that does not fit.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let zone = time_zone_fault(&self.time_zone);
        problems.extend(zone.map(|(code, detail)| Problem { pointer: "/time_zone".into(), code, detail }));
        if let Some(country) = self.holidays.as_deref().filter(|country| !holidays::knows(country)) {
            let detail = format!("no holidays are known of `{country}`; a country is two capital letters, such as FR");
            problems.push(Problem { pointer: "/holidays".into(), code: "country_unknown", detail });
        }
        if self.entries.len() > limits::CALENDAR_ENTRIES_MAX {
            let detail = format!("a calendar has at most {} entries", limits::CALENDAR_ENTRIES_MAX);
            problems.push(Problem { pointer: "/entries".into(), code: "too_long", detail });
            return problems;
        }
        let entries = self.entries.iter().enumerate();
        problems.extend(entries.flat_map(|(place, entry)| entry.problems(&format!("/entries/{place}"))));
        problems
    }
}
