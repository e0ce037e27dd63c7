//! Which rows a list shows, and which item of each: the window, the filters, and the next action (W-1 to W-3, W-9 to W-12, W-20 to
//! W-28).

use std::collections::BTreeSet;

use chrono::{Months, TimeDelta};
use chrono_tz::Tz;

use super::{Action, WorkItem, WorkRow};
use crate::domain::activity::ActivityKind;
use crate::domain::catalogue::listing::Filter;
use crate::domain::condition::evaluate::Today;
use crate::domain::condition::subject::RecordLook;
use crate::domain::enrolment::Ordinal;
use crate::domain::given::Given;
use crate::domain::record::schema::RecordType;
use crate::domain::schedule::civil;
use crate::id::UserId;
use crate::time::Timestamp;

/// How long something overdue stays in the list (W-3).
pub const KEPT_FOR: TimeDelta = TimeDelta::days(30);
/// How far ahead a list looks, in calendar months (W-3).
const AHEAD: Months = Months::new(1);

/// Where something due stands as seen from today (W-44).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DueGroup {
    /// Before today.
    Overdue,
    /// Today.
    Today,
    /// Tomorrow.
    Tomorrow,
    /// After tomorrow.
    Later,
}

impl DueGroup {
    /// Its key in the API.
    pub fn key(self) -> &'static str {
        match self {
            DueGroup::Overdue => "overdue",
            DueGroup::Today => "today",
            DueGroup::Tomorrow => "tomorrow",
            DueGroup::Later => "later",
        }
    }
}

/// A value of the filter "Due by" (W-22).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DueBy {
    /// Before today.
    Overdue,
    /// Today.
    Today,
    /// From tomorrow to the end of what a list looks at; also what waits (W-10).
    FromTomorrow,
}

/// Today, as the reader's clocks show it, and how far a list looks.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The present instant.
    pub now: Timestamp,
    /// The reader's zone.
    pub zone: Tz,
    /// The first instant of today.
    pub today: Timestamp,
    /// That of tomorrow.
    pub tomorrow: Timestamp,
    /// That of the day after.
    pub after_tomorrow: Timestamp,
    /// What is due before this has dropped out (W-3, W-11).
    pub since: Timestamp,
    /// What is due after this is not shown yet.
    pub until: Timestamp,
}

impl Window {
    /// The window of a reader in that zone.
    pub fn new(zone: Tz, now: Timestamp) -> Window {
        let clock = civil::civil(zone, now);
        let day = |ahead: u64| {
            let day = clock.date().checked_add_days(chrono::Days::new(ahead)).unwrap_or(clock.date());
            civil::midnight(zone, day)
        };
        let ahead = clock.checked_add_months(AHEAD).unwrap_or(clock);
        let (today, tomorrow, after_tomorrow) = (day(0), day(1), day(2));
        let (since, until) = (now + -KEPT_FOR, civil::instant(zone, ahead));
        Window { now, zone, today, tomorrow, after_tomorrow, since, until }
    }

    /// Where something due then stands.
    pub fn group(&self, due: Timestamp) -> DueGroup {
        match due {
            due if due < self.today => DueGroup::Overdue,
            due if due < self.tomorrow => DueGroup::Today,
            due if due < self.after_tomorrow => DueGroup::Tomorrow,
            _ => DueGroup::Later,
        }
    }

    /// When an item counts as due: without a date at the very end of today, behind all that has one (D-56); what waits, when
    /// it ends.
    pub fn due(&self, item: &WorkItem, action: &Action) -> Timestamp {
        action.waits.or(item.due_at).unwrap_or(self.tomorrow + TimeDelta::milliseconds(-1))
    }
}

/// What somebody wants to see.
#[derive(Clone, Debug)]
pub struct Selection<'a> {
    /// W-22; without any, what is overdue and of today, and for a search everything.
    pub due: BTreeSet<DueBy>,
    /// W-23. None: nothing is shown.
    pub kinds: BTreeSet<RecordType>,
    /// W-24; `None` for all. None of them: nothing is shown.
    pub activities: Option<BTreeSet<ActivityKind>>,
    /// W-20: only what the reader has not opened.
    pub unopened: bool,
    /// W-21: only what the reader follows.
    pub followed: bool,
    /// W-12: a part of the name, in lower case.
    pub name: Option<String>,
    /// W-25: each lets a record through whose type it is for and whose fields it asks for.
    pub filters: Vec<&'a Filter>,
}

impl Selection<'_> {
    /// Everything of these types that is due today or before.
    pub fn of(kinds: BTreeSet<RecordType>) -> Selection<'static> {
        let (due, activities, name) = (BTreeSet::new(), None, None);
        Selection { due, kinds, activities, unopened: false, followed: false, name, filters: vec![] }
    }
}

/// The next action of a row.
#[derive(Clone, Copy, Debug)]
pub struct Next<'a> {
    /// What is open.
    pub item: &'a WorkItem,
    /// What a seller does about it.
    pub action: Action<'a>,
    /// When it counts as due.
    pub due: Timestamp,
}

impl Next<'_> {
    /// W-9: the earliest due; of two, the step before the activity, then the lower number.
    pub fn order(&self) -> (Timestamp, bool, Ordinal) {
        (self.due, self.action.sequence.is_none(), self.item.ordinal)
    }
}

/// Who reads what, when.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// What decisions are given: plans, fields, settings.
    pub given: &'a Given,
    /// Whose list it is.
    pub reader: UserId,
    /// Their day.
    pub window: Window,
}

impl Reading<'_> {
    /// The next action of a row, if the selection shows it: of the items that its filters on items let through, the first.
    pub fn next<'r>(&'r self, row: &'r WorkRow, selection: &Selection) -> Option<Next<'r>> {
        let mark = row.mark(self.reader);
        let is_wanted = selection.kinds.contains(&row.kind)
            && !(selection.unopened && mark.read)
            && (!selection.followed || mark.followed)
            && selection.name.as_ref().is_none_or(|part| row.name.to_lowercase().contains(part.as_str()));
        if !is_wanted {
            return None;
        }
        let open = row.items.iter().filter_map(|item| self.open(item));
        let next = open.filter(|next| self.shows(next, selection)).min_by_key(Next::order)?;
        selection.filters.iter().all(|filter| self.passes(row, filter)).then_some(next)
    }

    /// What is to be done about an item.
    pub fn open<'r>(&'r self, item: &'r WorkItem) -> Option<Next<'r>> {
        let action = item.action(self.given)?;
        Some(Next { item, action, due: self.window.due(item, &action) })
    }

    fn shows(&self, next: &Next, selection: &Selection) -> bool {
        let Window { today, tomorrow, since, until, .. } = self.window;
        let searches = selection.name.is_some();
        let wants = |by| match selection.due.is_empty() {
            true => searches || by != DueBy::FromTomorrow,
            false => selection.due.contains(&by),
        };
        let is_due = match (next.action.waits, next.due) {
            // W-10: what waits stands under "from tomorrow", also where it ends today, and is found by a search.
            (Some(_), due) => (searches || wants(DueBy::FromTomorrow)) && due <= until,
            (None, due) if due < since || due > until => false,
            (None, due) if due < today => wants(DueBy::Overdue),
            (None, due) if due < tomorrow => wants(DueBy::Today),
            (None, _) => wants(DueBy::FromTomorrow),
        };
        let is_kind = |kinds: &BTreeSet<ActivityKind>| next.action.kind.is_some_and(|kind| kinds.contains(&kind));
        is_due && selection.activities.as_ref().is_none_or(is_kind)
    }

    /// W-25: whether a filter of the organisation lets a row through. One that cannot be answered does not.
    fn passes(&self, row: &WorkRow, filter: &Filter) -> bool {
        let Some(face) = row.face.as_ref().filter(|_| filter.kind == row.kind) else { return false };
        let record = face.record(row.kind);
        let look = RecordLook { record: &record, given: self.given };
        let today = Today { now: self.window.now, zone: self.window.zone };
        filter.conditions.iter().all(|condition| condition.0.holds(&look, today).unwrap_or(false))
    }
}
