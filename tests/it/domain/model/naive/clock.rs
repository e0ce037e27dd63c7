//! Working time by the minute, for zones whose clocks are never changed (§12).

use chrono::TimeDelta;
use relance::domain::record::schema::Owner;
use relance::domain::sequence::conduct::{Window, WindowZone};
use relance::domain::sequence::graph::WaitNode;
use relance::id::UserId;
use relance::time::Timestamp;

use super::{Naive, Version};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// The same hours on some days of the week, in a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    /// East of Greenwich.
    pub offset_minutes: i64,
    /// From Monday on.
    pub days: [bool; 7],
    pub start_minute: i64,
    pub end_minute: i64,
}

/// TM-2: what a calendar says that says nothing.
pub const USUAL: Hours = Hours {
    offset_minutes: 0,
    days: [true, true, true, true, true, false, false],
    start_minute: 8 * 60,
    end_minute: 17 * 60,
};

/// Minutes east of Greenwich of the zones that are drawn.
pub fn offset_minutes(zone: &str) -> i64 {
    match zone {
        "UTC" => 0,
        "Asia/Kolkata" => 330,
        "Asia/Tokyo" => 540,
        other => panic!("the model does not know where {other} is"),
    }
}

impl Hours {
    fn works(&self, at: i64) -> bool {
        let shown = at + self.offset_minutes * MINUTE;
        let minute = shown.rem_euclid(DAY) / MINUTE;
        // The first of January 1970 was a Thursday.
        let weekday = (shown.div_euclid(DAY) + 3).rem_euclid(7);
        self.days[usize::try_from(weekday).expect("0 to 6")] && (self.start_minute..self.end_minute).contains(&minute)
    }

    pub fn next(&self, at: Timestamp) -> Timestamp {
        Timestamp::from_millis(self.next_millis(at.millis()))
    }

    fn next_millis(&self, mut at: i64) -> i64 {
        while !self.works(at) {
            at += MINUTE - at.rem_euclid(MINUTE);
        }
        at
    }

    /// TM-9.
    pub fn add(&self, start: Timestamp, days: i64, hours: i64) -> Timestamp {
        let mut at = self.next_millis(start.millis());
        for _ in 0..days {
            at += DAY;
            while !self.works(at) {
                at += DAY;
            }
        }
        let mut left = hours * 60 * MINUTE;
        while left > 0 || !self.works(at) {
            let to_next_minute = MINUTE - at.rem_euclid(MINUTE);
            let span = if self.works(at) { to_next_minute.min(left) } else { to_next_minute };
            left -= if self.works(at) { span } else { 0 };
            at += span;
        }
        Timestamp::from_millis(at)
    }
}

impl Naive {
    fn hours_of(&self, user: UserId) -> Hours {
        self.office.hours.get(&user).cloned().unwrap_or(USUAL)
    }

    /// TM-10: a team works when the record's owner does, or as everybody.
    fn hours_of_assignee(&self, assignee: Owner) -> Hours {
        match (assignee, self.lead.owner) {
            (Owner::User(user), _) | (Owner::Team(_), Owner::User(user)) => self.hours_of(user),
            (Owner::Team(_), Owner::Team(_)) => USUAL,
        }
    }

    /// TM-4.
    pub(super) fn due(&self, opened_at: Timestamp, assignee: Owner) -> Timestamp {
        if self.office.availability { self.hours_of_assignee(assignee).next(opened_at) } else { opened_at }
    }

    /// TM-6, TM-10; in business time the window counts.
    pub(super) fn wait_end(&self, version: &Version, assignee: Owner, from: Timestamp, wait: &WaitNode) -> Timestamp {
        if let Some(window) = version.window.as_ref().filter(|window| window.business_time) {
            return self.window_hours(window, assignee).add(from, wait.days, wait.hours);
        }
        if self.office.availability && self.office.wait_computation && version.wait_computation {
            return self.hours_of_assignee(assignee).add(from, wait.days, wait.hours);
        }
        from + TimeDelta::days(wait.days) + TimeDelta::hours(wait.hours)
    }

    /// When a message may leave that may not leave now.
    pub(super) fn window_opens(&self, version: &Version, assignee: Owner) -> Option<Timestamp> {
        let opens = self.window_hours(version.window.as_ref()?, assignee).next(self.now);
        (opens > self.now).then_some(opens)
    }

    fn window_hours(&self, window: &Window, assignee: Owner) -> Hours {
        let of_seller = self.hours_of_assignee(assignee).offset_minutes;
        let offset_minutes = match &window.zone {
            WindowZone::Recipient => self.lead.time_zone.as_deref().map_or(of_seller, offset_minutes),
            WindowZone::Seller => of_seller,
            WindowZone::Fixed(zone) => offset_minutes(zone.name()),
        };
        let mut days = [false; 7];
        window.weekdays.iter().for_each(|day| days[*day as usize] = true);
        let (start_minute, end_minute) = (window.start.minutes().into(), window.end.minutes().into());
        Hours { offset_minutes, days, start_minute, end_minute }
    }
}
