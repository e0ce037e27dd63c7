//! Working time as instants: whether one lies in it, the next one that does, and what lies a number of working days and
//! hours ahead (TM-9).

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::Tz;

use super::calendar::{Calendar, Day, Entry};
use super::corrections::Corrections;
use super::{civil, holidays};
use crate::limits;
use crate::time::Timestamp;

/// A piece of working time, its end not included.
type Piece = (Timestamp, Timestamp);

/// When somebody works. Every search ends: where nobody works for [`limits::CALENDAR_IDLE_DAYS_MAX`] days, or what is asked
/// for lies more than [`limits::CALENDAR_DAYS_MAX`] days ahead, the answer is none, and callers count elapsed time.
#[derive(Clone, Copy, Debug)]
pub struct Working<'a> {
    zone: Tz,
    calendar: &'a Calendar,
    corrections: Option<&'a Corrections>,
    /// Whether it is somebody's, as against a window.
    is_persons: bool,
}

impl Calendar {
    /// Its working time, holidays as the table has them.
    pub fn working(&self) -> Working<'_> {
        Working { zone: civil::zone(&self.time_zone), calendar: self, corrections: None, is_persons: true }
    }

    /// The working time of somebody who works here: the organisation's own days go before those of a country.
    pub fn working_here<'a>(&'a self, corrections: &'a Corrections) -> Working<'a> {
        Working { corrections: Some(corrections), ..self.working() }
    }

    /// The open time of a window: holidays of its country as they were corrected, and no days of the organisation's own.
    pub fn open<'a>(&'a self, corrections: &'a Corrections) -> Working<'a> {
        Working { is_persons: false, ..self.working_here(corrections) }
    }
}

impl<'a> Working<'a> {
    /// Whether that instant is working time.
    pub fn is_working(&self, at: Timestamp) -> bool {
        self.next(at) == Some(at)
    }

    /// `at` itself if it is working time, else the first instant after it that is.
    pub fn next(&self, at: Timestamp) -> Option<Timestamp> {
        self.pieces(at).next().map(|(start, _)| start)
    }

    /// TM-9: the start moves to working time; then come working days, the time of day kept; then hours of working time.
    /// The answer is working time.
    pub fn add(&self, start: Timestamp, days: u32, hours: u32) -> Option<Timestamp> {
        let mut at = self.next(start)?;
        if let Some(further) = days.checked_sub(1) {
            let begun = civil::civil(self.zone, at);
            let mut later = self.days(begun.date().succ_opt()?).filter(|(_, pieces)| !pieces.is_empty());
            let (day, _) = later.nth(further as usize)?;
            at = self.next(civil::instant(self.zone, day.and_time(begun.time())))?;
        }
        let mut left = TimeDelta::hours(i64::from(hours));
        for (start, end) in self.pieces(at) {
            if left < end - start {
                return Some(start + left);
            }
            left -= end - start;
        }
        None
    }

    /// Working time from `at` on, in order.
    fn pieces(&self, at: Timestamp) -> impl Iterator<Item = Piece> + use<'a> {
        // Where clocks go back over midnight, the day before them is not the day of the piece.
        let today = civil::civil(self.zone, at).date();
        let pieces = self.days(today.pred_opt().unwrap_or(today)).flat_map(|(_, pieces)| pieces);
        pieces.filter(move |(_, end)| *end > at).map(move |(start, end)| (start.max(at), end))
    }

    /// Days from `first` on with their working time, until a search is hopeless.
    fn days(&self, first: NaiveDate) -> impl Iterator<Item = (NaiveDate, Vec<Piece>)> + use<'a> {
        let (working, mut idle) = (*self, 0);
        let days = first.iter_days().take(limits::CALENDAR_DAYS_MAX).map(move |day| (day, working.of_day(day)));
        days.take_while(move |(_, pieces)| {
            idle = if pieces.is_empty() { idle + 1 } else { 0 };
            idle <= limits::CALENDAR_IDLE_DAYS_MAX
        })
    }

    /// The working time of a day, in order.
    fn of_day(&self, day: NaiveDate) -> Vec<Piece> {
        let instant = |minute: u16| match NaiveTime::from_num_seconds_from_midnight_opt(u32::from(minute) * 60, 0) {
            Some(time) => civil::instant(self.zone, day.and_time(time)),
            None => civil::midnight(self.zone, day.succ_opt().unwrap_or(day)),
        };
        let pieces = self.minutes(day).into_iter().map(|(start, end)| (instant(start), instant(end)));
        // A gap of the clocks may swallow one.
        pieces.filter(|(start, end)| start < end).collect()
    }

    fn is_holiday(&self, day: NaiveDate) -> bool {
        let Some(corrections) = self.corrections else {
            return self.calendar.holidays.as_deref().is_some_and(|country| holidays::is_holiday(country, day));
        };
        let own = corrections.own(Day::from(day)).filter(|_| self.is_persons);
        let of_country =
            || self.calendar.holidays.as_deref().is_some_and(|country| corrections.is_holiday(country, day));
        own.unwrap_or_else(of_country)
    }

    /// The working minutes of a day by the clocks on the wall: sorted, none twice.
    fn minutes(&self, day: NaiveDate) -> Vec<(u16, u16)> {
        let (date, calendar) = (Day::from(day), self.calendar);
        let is_away =
            |entry: &Entry| matches!(entry, Entry::TimeOff { from, until, .. } if *from <= date && date <= *until);
        if self.is_holiday(day) || calendar.entries.iter().any(is_away) {
            return Vec::new();
        }
        let has_hours = calendar.entries.iter().any(|entry| matches!(entry, Entry::WorkingHours { .. }));
        let usual = [Calendar::USUAL];
        let of_hours = if has_hours { &calendar.entries[..] } else { &usual };
        let mut minutes = Vec::new();
        for entry in of_hours {
            if let Entry::WorkingHours { on, span, breaks, .. } = entry
                && on.is_on(day)
            {
                let mut worked = vec![(span.start.minutes(), span.end.minutes())];
                for pause in breaks {
                    worked = without(worked, (pause.start.minutes(), pause.end.minutes()));
                }
                minutes.extend(worked);
            }
        }
        let mut minutes = merged(minutes);
        for entry in &calendar.entries {
            if let Entry::NonWorkingHours { on, span, .. } = entry
                && on.is_on(day)
            {
                minutes = without(minutes, (span.start.minutes(), span.end.minutes()));
            }
        }
        minutes
    }
}

/// The same minutes, sorted and each once.
fn merged(mut spans: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    spans.sort_unstable();
    let mut merged: Vec<(u16, u16)> = Vec::with_capacity(spans.len());
    for (start, end) in spans {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

/// The minutes that are not in `gone`.
fn without(spans: Vec<(u16, u16)>, gone: (u16, u16)) -> Vec<(u16, u16)> {
    let rest = |(start, end): (u16, u16)| [(start, end.min(gone.0)), (start.max(gone.1), end)];
    spans.into_iter().flat_map(rest).filter(|(start, end)| start < end).collect()
}
