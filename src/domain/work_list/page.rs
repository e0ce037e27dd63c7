//! One page of a list: every row that the selection shows is looked at, and no more are sorted than are shown.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::WorkRow;
use super::order::{Candidate, Place, SortBy};
use super::select::{Reading, Selection};
use crate::domain::catalogue::listing::key::Direction;
use crate::domain::enrolment::Ordinal;
use crate::id::RecordId;

/// What a page is to show.
#[derive(Debug)]
pub struct Request<'a> {
    /// Which rows.
    pub selection: Selection<'a>,
    /// Only what is planned for today: the items named here.
    pub planned: Option<HashSet<(RecordId, Ordinal)>>,
    /// By what they are sorted.
    pub sort: SortBy<'a>,
    /// Which way.
    pub direction: Direction,
    /// The last row of the page before.
    pub after: Option<Place<'static>>,
    /// Rows at most.
    pub limit: usize,
    /// Whether the rows are those of several, so that a record may be among them twice.
    pub several: bool,
}

/// A row as a page shows it.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The record, its next action and score.
    pub candidate: Candidate<'a>,
    /// Where it stands.
    pub place: Place<'a>,
    /// The key of its group.
    pub group: Cow<'static, str>,
}

/// Rows with the same value of what the list is sorted by (W-41).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its key.
    pub key: String,
    /// Rows in it, on all pages.
    pub count: usize,
}

/// A page.
#[derive(Debug)]
pub struct Page<'a> {
    /// In order.
    pub rows: Vec<Shown<'a>>,
    /// All groups of the list, in its order.
    pub groups: Vec<Group>,
    /// Whether rows follow.
    pub more: bool,
}

impl<'a> Reading<'a> {
    /// Every record that the selection shows, each once (W-9), in no order. `several`: a record may have several rows.
    pub fn candidates<'r, 'x: 'r>(
        &'r self,
        rows: impl Iterator<Item = (RecordId, &'x WorkRow)>,
        selection: &Selection,
        several: bool,
    ) -> Vec<Candidate<'r>> {
        let next = rows.filter_map(|(record, row)| Some((record, row, self.next(row, selection)?)));
        let found = next.map(|(record, row, next)| Candidate { record, row, next, score: self.score(row, next.due) });
        let mut found: Vec<Candidate> = found.collect();
        // Assigned to the reader and to a team of theirs: the first of both is next.
        if several {
            found.sort_unstable_by_key(|candidate| (candidate.record, candidate.next.order()));
            found.dedup_by_key(|candidate| candidate.record);
        }
        found
    }

    /// The page that is asked for.
    pub fn page<'r, 'x: 'r>(
        &'r self,
        rows: impl Iterator<Item = (RecordId, &'x WorkRow)>,
        request: &Request,
    ) -> Page<'r> {
        let mut candidates = self.candidates(rows, &request.selection, request.several);
        if let Some(planned) = &request.planned {
            candidates.retain(|candidate| planned.contains(&(candidate.record, candidate.next.item.ordinal)));
        }
        let mut shown: Vec<Shown> =
            candidates.into_iter().map(|candidate| self.shown(candidate, request.sort)).collect();
        let compare = |one: &Shown, other: &Shown| one.place.compare(&other.place, request.direction);
        let groups = groups(&shown, compare);
        if let Some(after) = &request.after {
            shown.retain(|shown| shown.place.compare(after, request.direction) == Ordering::Greater);
        }
        let more = shown.len() > request.limit;
        if more {
            shown.select_nth_unstable_by(request.limit, compare);
            shown.truncate(request.limit);
        }
        shown.sort_unstable_by(compare);
        Page { rows: shown, groups, more }
    }

    /// Where a row stands in a list sorted so.
    pub fn shown<'r>(&'r self, candidate: Candidate<'r>, sort: SortBy) -> Shown<'r> {
        let main = self.main(&candidate, sort);
        let group = self.group(&candidate, sort, &main);
        let name = Cow::Borrowed(candidate.row.name.as_str());
        let place = Place { main, due: candidate.next.due, name, record: candidate.record };
        Shown { candidate, place, group }
    }
}

/// The groups in the order of their first rows.
fn groups<'r>(shown: &[Shown<'r>], compare: impl Fn(&Shown<'r>, &Shown<'r>) -> Ordering) -> Vec<Group> {
    let mut found: HashMap<&str, (usize, usize)> = HashMap::new();
    for (place, row) in shown.iter().enumerate() {
        let (count, first) = found.entry(&row.group).or_insert((0, place));
        *count += 1;
        if compare(row, &shown[*first]) == Ordering::Less {
            *first = place;
        }
    }
    let mut groups: Vec<(&str, usize, usize)> =
        found.into_iter().map(|(key, (count, first))| (key, count, first)).collect();
    groups.sort_unstable_by(|one, other| compare(&shown[one.2], &shown[other.2]));
    groups.into_iter().map(|(key, count, _)| Group { key: key.to_owned(), count }).collect()
}
