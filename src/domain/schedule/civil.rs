//! Between instants and what clocks on the wall show. Ahead of a civil time stands the first instant at which clocks show
//! it or a later one: after a gap, in an overlap the first occurrence (D-65).

use std::ops::Range;

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::time::Timestamp;

/// The zone of an IANA name; UTC where there is none of that name (TM-1).
pub fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// What clocks show at an instant.
pub fn civil(zone: Tz, at: Timestamp) -> NaiveDateTime {
    let utc = DateTime::from_timestamp_millis(at.millis()).unwrap_or_default();
    utc.with_timezone(&zone).naive_local()
}

/// The day that clocks show at an instant, in days since 1970.
pub fn day_number(zone: Tz, at: Timestamp) -> i32 {
    civil(zone, at).date().to_epoch_days()
}

/// The first instant at which clocks show `time` or later.
pub fn instant(zone: Tz, time: NaiveDateTime) -> Timestamp {
    match zone.from_local_datetime(&time) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Timestamp::from_millis(at.timestamp_millis()),
        LocalResult::None => after_gap(zone, time),
    }
}

/// No zone is further from UTC than this.
const OFFSET_MAX: TimeDelta = TimeDelta::hours(26);

/// Clocks jump over `time`: the instant at which they do. Looked for by halves, because the tables of zones do not tell it.
fn after_gap(zone: Tz, time: NaiveDateTime) -> Timestamp {
    let millis = time.and_utc().timestamp_millis();
    let (mut before, mut after) = (millis - OFFSET_MAX.num_milliseconds(), millis + OFFSET_MAX.num_milliseconds());
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        match civil(zone, Timestamp::from_millis(middle)) < time {
            true => before = middle,
            false => after = middle,
        }
    }
    Timestamp::from_millis(after)
}

/// The beginning of a day.
pub fn midnight(zone: Tz, day: NaiveDate) -> Timestamp {
    instant(zone, day.and_time(NaiveTime::MIN))
}

/// The day that an instant lies in, by the clocks of somebody's zone (TM-14): from its first instant to that of the next.
pub fn day_bounds(zone: Tz, at: Timestamp) -> Range<Timestamp> {
    let day = civil(zone, at).date();
    midnight(zone, day)..midnight(zone, day.succ_opt().unwrap_or(day))
}
