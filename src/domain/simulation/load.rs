//! How much a dry run gives whom to do on which day.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::Itinerary;
use crate::domain::given::Given;
use crate::domain::record::schema::Owner;
use crate::time::Timestamp;

/// What somebody has to do on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// Who.
    pub assignee: Owner,
    /// A day in their own time zone (TM-14), in UTC for a team.
    pub day: NaiveDate,
    /// Steps that are due.
    pub steps: u32,
}

/// The load of everybody, by person and day. What was due before `start` is due on the first day.
pub fn load<'a>(given: &Given, itineraries: impl Iterator<Item = &'a Itinerary>, start: Timestamp) -> Vec<Load> {
    let (mut zones, mut days) = (BTreeMap::new(), BTreeMap::<(Owner, NaiveDate), u32>::new());
    for stop in itineraries.flat_map(|itinerary| &itinerary.stops) {
        let Some(assignee) = stop.assignee else { continue };
        let zone = *zones.entry(assignee).or_insert_with(|| zone(given, assignee));
        let due = DateTime::<Utc>::from_timestamp_millis(stop.due_at.max(start).millis()).unwrap_or_default();
        *days.entry((assignee, due.with_timezone(&zone).date_naive())).or_default() += 1;
    }
    days.into_iter().map(|((assignee, day), steps)| Load { assignee, day, steps }).collect()
}

fn zone(given: &Given, assignee: Owner) -> Tz {
    let Owner::User(user) = assignee else { return Tz::UTC };
    let name = given.policy.user(user).and_then(|user| user.profile.time_zone.as_deref());
    name.and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC)
}
