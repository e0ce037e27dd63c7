//! A seller's days levelled to what they can do: of what is due, each day takes as much as it has room for, by priority, and what
//! finds no room goes on to the next day that is worked. Nothing is hidden: whatever is due has a day, or stands behind the last.

use chrono::{Days, NaiveDate};

use super::order::Candidate;
use super::select::{Reading, Window};
use crate::domain::catalogue::listing::key::Direction;
use crate::domain::enrolment::Ordinal;
use crate::domain::policy::Policy;
use crate::domain::record::schema::Owner;
use crate::domain::schedule::civil;
use crate::domain::work_list::WorkRow;
use crate::domain::work_list::order::{Place, SortBy};
use crate::domain::work_list::select::{Next, Selection};
use crate::id::{RecordId, UserId};
use crate::time::Timestamp;

/// A day and what there is room for in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// By the seller's clocks.
    pub date: NaiveDate,
    /// The first instant of the day after.
    pub end: Timestamp,
    /// Whether the seller works then.
    pub works: bool,
    /// Items that still fit; any number where there is none.
    pub items: Option<usize>,
}

/// Something to be done, as it is planned.
#[derive(Clone, Debug)]
pub struct Task<'a> {
    /// The record, the item and the score.
    pub candidate: Candidate<'a>,
    /// Its priority.
    pub place: Place<'a>,
}

/// A day as it is planned.
#[derive(Debug)]
pub struct PlannedDay<'a> {
    /// The day.
    pub room: Room,
    /// Items that become due on it; on the first day also those from before.
    pub due: usize,
    /// Items that found no room on the days before.
    pub carried: usize,
    /// Those that are planned for it, by priority.
    pub tasks: Vec<Task<'a>>,
    /// Those that find no room on it.
    pub slips: usize,
}

/// The next days of a seller, today first. `done` is what they have completed today.
pub fn rooms(policy: &Policy, seller: UserId, window: &Window, days: u64, done: usize) -> Vec<Room> {
    let owner = Owner::User(seller);
    let calendar = policy.calendar(owner, owner);
    let working = calendar.working_here(policy.holidays());
    let capacity = policy.capacity(seller).map(usize::from);
    let today = civil::civil(window.zone, window.now).date();
    let room = |ahead: u64| {
        let date = today.checked_add_days(Days::new(ahead))?;
        let end = civil::midnight(window.zone, date.succ_opt()?);
        let works = working.next(civil::midnight(window.zone, date)).is_some_and(|at| at < end);
        let left = |items: usize| if ahead == 0 { items.saturating_sub(done) } else { items };
        Some(Room { date, end, works, items: if works { capacity.map(left) } else { Some(0) } })
    };
    (0..days).filter_map(room).collect()
}

impl<'a> Reading<'a> {
    /// Everything that a selection shows, item by item and not only what is next of each record.
    pub fn tasks<'r, 'x: 'r>(
        &'r self,
        rows: impl Iterator<Item = (RecordId, &'x WorkRow)>,
        selection: &Selection,
        sort: SortBy,
    ) -> Vec<Task<'r>> {
        let open = rows.filter(|(_, row)| self.next(row, selection).is_some()).flat_map(|(record, row)| {
            let items = row.items.iter().filter_map(|item| self.open(item));
            items.filter(|next| next.action.waits.is_none()).map(move |next: Next| (record, row, next))
        });
        let Window { since, until, .. } = self.window;
        let in_window = open.filter(|(_, _, next)| next.due >= since && next.due <= until);
        in_window
            .map(|(record, row, next)| {
                let candidate = Candidate { record, row, next, score: self.score(row, next.due) };
                Task { place: self.shown(candidate, sort).place, candidate }
            })
            .collect()
    }
}

/// Gives each task a day; what stands behind the last is counted.
pub fn level<'a>(mut tasks: Vec<Task<'a>>, rooms: &[Room], direction: Direction) -> (Vec<PlannedDay<'a>>, usize) {
    tasks.sort_by_key(|task| std::cmp::Reverse(task.candidate.next.due));
    let (mut waiting, mut days): (Vec<Task>, Vec<PlannedDay>) = (Vec::new(), Vec::new());
    for room in rooms {
        let carried = waiting.len();
        while let Some(task) = tasks.pop_if(|task| task.candidate.next.due < room.end) {
            waiting.push(task);
        }
        let due = waiting.len() - carried;
        waiting.sort_by(|one, other| one.place.compare(&other.place, direction));
        let fits = room.items.unwrap_or(waiting.len()).min(waiting.len());
        let slipping = waiting.split_off(fits);
        let tasks = std::mem::replace(&mut waiting, slipping);
        days.push(PlannedDay { room: *room, due, carried, tasks, slips: waiting.len() });
    }
    (days, waiting.len() + tasks.len())
}

/// Names an item.
pub type ItemId = (RecordId, Ordinal);

impl Task<'_> {
    /// Its item.
    pub fn id(&self) -> ItemId {
        (self.candidate.record, self.candidate.next.item.ordinal)
    }
}
