//! Working time minute by minute, with nothing but what clocks show at each.

use chrono::{NaiveDateTime, TimeDelta, Timelike};
use relance::domain::schedule::{Calendar, Entry, Span, civil};
use relance::time::Timestamp;

const DAYS: i64 = 24;

/// Every minute from two days before an instant on.
pub struct Model {
    begin: Timestamp,
    /// What clocks show, the latest time that they have shown so far, and whether that is working time.
    minutes: Vec<(NaiveDateTime, NaiveDateTime, bool)>,
}

impl Model {
    pub fn around(calendar: &Calendar, at: Timestamp) -> Model {
        let (begin, zone) = (at + TimeDelta::days(-2), civil::zone(&calendar.time_zone));
        let mut reached = NaiveDateTime::MIN;
        let minutes = (0..DAYS * 24 * 60).map(|minute| {
            let shown = civil::civil(zone, begin + TimeDelta::minutes(minute));
            reached = reached.max(shown);
            (shown, reached, works(calendar, reached))
        });
        Model { begin, minutes: minutes.collect() }
    }

    pub fn end(&self) -> Timestamp {
        self.begin + TimeDelta::days(DAYS)
    }

    fn place(&self, at: Timestamp) -> usize {
        usize::try_from((at - self.begin).num_minutes()).expect("not before the model")
    }

    fn instant(&self, place: usize) -> Timestamp {
        self.begin + TimeDelta::minutes(i64::try_from(place).expect("few"))
    }

    pub fn is_working(&self, at: Timestamp) -> bool {
        self.minutes[self.place(at)].2
    }

    fn next_place(&self, place: usize) -> Option<usize> {
        (place..self.minutes.len()).find(|place| self.minutes[*place].2)
    }

    pub fn next(&self, at: Timestamp) -> Option<Timestamp> {
        self.next_place(self.place(at)).map(|place| self.instant(place))
    }

    pub fn add(&self, start: Timestamp, days: u32, hours: u32) -> Option<Timestamp> {
        let mut place = self.next_place(self.place(start))?;
        if days > 0 {
            let shown = self.minutes[place].0;
            let mut later: Vec<_> =
                self.minutes.iter().filter(|minute| minute.2).map(|minute| minute.1.date()).collect();
            later.dedup();
            later.retain(|day| *day > shown.date());
            // A day that the model holds a part of only may have more.
            let day = *later.get(days as usize - 1)?;
            let aim = day.and_time(shown.time());
            place = self.next_place(self.minutes.iter().position(|minute| minute.1 >= aim)?)?;
        }
        let mut left = hours * 60;
        while left > 0 || !self.minutes[place].2 {
            left -= u32::from(self.minutes[place].2);
            place += 1;
            self.minutes.get(place)?;
        }
        Some(self.instant(place))
    }
}

fn holds(span: Span, minute: u32) -> bool {
    (u32::from(span.start.minutes())..u32::from(span.end.minutes())).contains(&minute)
}

fn works(calendar: &Calendar, shown: NaiveDateTime) -> bool {
    let (day, minute) = (shown.date(), shown.hour() * 60 + shown.minute());
    let has_hours = calendar.entries.iter().any(|entry| matches!(entry, Entry::WorkingHours { .. }));
    let usual = [Calendar::USUAL];
    let of_hours = if has_hours { &calendar.entries[..] } else { &usual };
    let works = of_hours.iter().any(|entry| match entry {
        Entry::WorkingHours { on, span, breaks, .. } => {
            on.is_on(day) && holds(*span, minute) && !breaks.iter().any(|pause| holds(*pause, minute))
        }
        _ => false,
    });
    let is_off = calendar.entries.iter().any(|entry| match entry {
        Entry::NonWorkingHours { on, span, .. } => on.is_on(day) && holds(*span, minute),
        _ => false,
    });
    works && !is_off
}
