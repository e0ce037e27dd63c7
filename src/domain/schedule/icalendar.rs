//! Days off from another calendar (TM-5): an iCalendar text (RFC 5545) as mail programs and servers give it out. Read line by
//! line, because only four properties matter and a component may nest as deep as its sender likes.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;

use super::calendar::{Calendar, Day, Entry};
use super::civil;
use crate::time::Timestamp;

/// What entries say that came from another calendar; the next import puts its own in their place.
pub const IMPORTED: &str = "imported calendar";

/// How far ahead days off are taken, in days.
const AHEAD_DAYS: i64 = 800;

/// What a text had to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Days that are wholly taken, in order, as first and last of each run.
    pub runs: Vec<(NaiveDate, NaiveDate)>,
    /// Events that repeat by a rule: their dates are not computed here.
    pub repeating: usize,
    /// Events whose times cannot be read.
    pub unread: usize,
}

/// Why a text is no calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text is no iCalendar file: it does not begin with BEGIN:VCALENDAR or does not end with END:VCALENDAR")]
pub struct NoCalendar;

/// One line: a name, its parameters, and a value.
struct Line<'a> {
    name: &'a str,
    parameters: &'a str,
    value: &'a str,
}

/// An event under way.
#[derive(Default)]
struct Event {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    span: Option<TimeDelta>,
    whole_days: bool,
    is_free: bool,
    repeats: bool,
    is_unread: bool,
}

/// Whole days, from today on by the clocks of `zone`, on which somebody is busy all day: external calendars take days, not hours
/// (TM-7). Times without a zone, or of one that is not known here, are those of `zone`.
pub fn days_off(text: &str, zone: Tz, now: Timestamp) -> Result<Imported, NoCalendar> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let is_line =
        |line: Option<&str>, wanted: &str| line.is_some_and(|line| line.trim_end().eq_ignore_ascii_case(wanted));
    if !is_line(text.lines().next(), "BEGIN:VCALENDAR") || !is_line(text.lines().last(), "END:VCALENDAR") {
        return Err(NoCalendar);
    }
    // A line that begins with a blank goes on where the one before it ended.
    let unfolded = text.replace("\r\n ", "").replace("\r\n\t", "").replace("\n ", "").replace("\n\t", "");
    let (mut found, mut busy, mut event) = (Imported::default(), Vec::new(), None);
    // Within an event there are others, such as alarms.
    let mut inner = 0_u32;
    for line in unfolded.lines().filter_map(read_line) {
        match (line.name.to_ascii_uppercase().as_str(), &mut event) {
            ("BEGIN", None) if line.value.eq_ignore_ascii_case("VEVENT") => event = Some(Event::default()),
            ("BEGIN", Some(_)) => inner += 1,
            ("END", Some(_)) if inner > 0 => inner -= 1,
            ("END", Some(_)) => {
                if let Some(done) = event.take() {
                    done.note(&mut found, &mut busy);
                }
            }
            ("FREEBUSY", None) if !line.has("FBTYPE", "FREE") => {
                for period in line.value.split(',') {
                    match read_period(period, zone) {
                        Some(period) => busy.push(period),
                        None => found.unread += 1,
                    }
                }
            }
            (name, Some(event)) if inner == 0 => event.read(name, &line, zone),
            _ => {}
        }
    }
    found.runs = runs(busy, zone, now);
    Ok(found)
}

impl Calendar {
    /// The same calendar with these days off, in place of those of the import before.
    #[must_use]
    pub fn with_imported(&self, runs: &[(NaiveDate, NaiveDate)]) -> Calendar {
        let own = self.entries.iter().filter(|entry| entry.description() != Some(IMPORTED)).cloned();
        let off = runs.iter().map(|(from, until)| Entry::TimeOff {
            from: Day::from(*from),
            until: Day::from(*until),
            description: Some(IMPORTED.into()),
        });
        Calendar { entries: own.chain(off).collect(), ..self.clone() }
    }
}

impl Event {
    fn read(&mut self, name: &str, line: &Line, zone: Tz) {
        let value = line.value.trim();
        match name {
            "DTSTART" | "DTEND" => {
                let (read, is_day) = match read_day(value) {
                    Some(day) => (Some(civil::midnight(zone, day)), true),
                    None => (read_instant(value, line.zone().unwrap_or(zone)), false),
                };
                self.is_unread |= read.is_none();
                if name == "DTSTART" {
                    (self.start, self.whole_days) = (read, is_day);
                } else {
                    self.end = read;
                }
            }
            "DURATION" => {
                self.span = read_span(value);
                self.is_unread |= self.span.is_none();
            }
            "TRANSP" => self.is_free |= value.eq_ignore_ascii_case("TRANSPARENT"),
            "STATUS" => self.is_free |= value.eq_ignore_ascii_case("CANCELLED"),
            "X-MICROSOFT-CDO-BUSYSTATUS" => self.is_free |= value.eq_ignore_ascii_case("FREE"),
            "RRULE" | "RDATE" => self.repeats = true,
            _ => {}
        }
    }

    fn note(self, found: &mut Imported, busy: &mut Vec<(Timestamp, Timestamp)>) {
        let Event { start, end, span, whole_days, is_free, repeats, is_unread } = self;
        let usual = if whole_days { TimeDelta::days(1) } else { TimeDelta::zero() };
        match start {
            _ if is_free => {}
            _ if repeats => found.repeating += 1,
            Some(start) if !is_unread => busy.push((start, end.unwrap_or(start + span.unwrap_or(usual)))),
            _ => found.unread += 1,
        }
    }
}

impl Line<'_> {
    fn has(&self, name: &str, wanted: &str) -> bool {
        self.parameter(name).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
    }

    fn zone(&self) -> Option<Tz> {
        self.parameter("TZID")?.parse().ok()
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let pairs = self.parameters.split(';').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim_matches('"'))
    }
}

/// The value begins behind the first colon that stands in no quotes.
fn read_line(line: &str) -> Option<Line<'_>> {
    let mut is_quoted = false;
    let colon = line.bytes().position(|byte| {
        is_quoted ^= byte == b'"';
        byte == b':' && !is_quoted
    })?;
    let (head, value) = (line.get(..colon)?, line.get(colon + 1..)?);
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    Some(Line { name: name.trim(), parameters, value })
}

fn read_day(text: &str) -> Option<NaiveDate> {
    (text.len() == 8).then(|| NaiveDate::parse_from_str(text, "%Y%m%d").ok())?
}

fn read_instant(text: &str, zone: Tz) -> Option<Timestamp> {
    let (text, zone) = text.strip_suffix(['Z', 'z']).map_or((text, zone), |text| (text, Tz::UTC));
    let time = (text.len() == 15).then(|| NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok())??;
    Some(civil::instant(zone, time))
}

fn read_period(text: &str, zone: Tz) -> Option<(Timestamp, Timestamp)> {
    let (start, end) = text.trim().split_once('/')?;
    let start = read_instant(start, zone)?;
    Some((start, read_instant(end, zone).or_else(|| Some(start + read_span(end)?))?))
}

/// `P1W`, `P2D`, `P1DT6H`, `PT90M`: no more than a few years.
fn read_span(text: &str) -> Option<TimeDelta> {
    let (mut minutes, mut digits) = (0_i64, String::new());
    let body = text.strip_prefix('+').unwrap_or(text).strip_prefix('P')?;
    for letter in body.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let factor = match letter {
            'T' if digits.is_empty() => continue,
            'W' => 7 * 24 * 60,
            'D' => 24 * 60,
            'H' => 60,
            'M' => 1,
            'S' => 0,
            _ => return None,
        };
        minutes = std::mem::take(&mut digits).parse::<i64>().ok()?.checked_mul(factor)?.checked_add(minutes)?;
    }
    (digits.is_empty() && minutes <= 10 * 366 * 24 * 60).then(|| TimeDelta::minutes(minutes))
}

/// The days from today on that lie wholly within what is taken.
fn runs(mut busy: Vec<(Timestamp, Timestamp)>, zone: Tz, now: Timestamp) -> Vec<(NaiveDate, NaiveDate)> {
    let today = civil::civil(zone, now).date();
    let Some(last) = today.checked_add_signed(TimeDelta::days(AHEAD_DAYS)) else { return Vec::new() };
    busy.sort_unstable();
    let mut merged: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (start, end) in busy {
        match merged.last_mut() {
            Some(before) if start <= before.1 => before.1 = before.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    let mut runs = Vec::new();
    for (start, end) in merged {
        let first = civil::civil(zone, start).date().max(today);
        let days = first.iter_days().take_while(|day| *day <= last && civil::midnight(zone, *day) < end);
        let whole = |day: &NaiveDate| {
            let next = day.succ_opt().unwrap_or(*day);
            start <= civil::midnight(zone, *day) && civil::midnight(zone, next) <= end
        };
        let mut whole = days.filter(whole);
        if let Some(from) = whole.next() {
            runs.push((from, whole.last().unwrap_or(from)));
        }
    }
    runs
}
