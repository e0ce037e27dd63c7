//! What is asked of the work list: filters, sort and page, read from the address.

use std::collections::{BTreeSet, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::Desk;
use crate::domain::activity::ActivityKind;
use crate::domain::catalogue::listing::Filter;
use crate::domain::catalogue::listing::key::{Direction, FilterKey, SortKey};
use crate::domain::given::Given;
use crate::domain::permission::Permission;
use crate::domain::record::schema::RecordType;
use crate::domain::work_list::level::ItemId;
use crate::domain::work_list::order::{Place, SortBy};
use crate::domain::work_list::page::Request;
use crate::domain::work_list::select::{DueBy, Selection, Window};
use crate::id::UserId;
use crate::id::listing::FilterId;
use crate::time::Timestamp;
use crate::web::problem::Problem;
use crate::web::request::{self, page_limit};

/// A page that was begun shows the rows as they stood then, for so long.
const PAGES_HOLD: TimeDelta = TimeDelta::hours(1);

/// Which rows, in which order. Values of a list are joined by commas; a list that is there and empty selects nothing.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WorkQuery {
    /// `overdue`, `today`, `from_tomorrow`; the first two where it is not given, and everything for a search. What waits is shown
    /// under the last, and by a search.
    due: Option<String>,
    /// Names of record types; all that are enabled where it is not given.
    record_type: Option<String>,
    /// `phone_call`, `email`, `task`, `meeting`, `text`; all where it is not given.
    activity: Option<String>,
    /// `true`: only records that you have not opened.
    #[serde(default, deserialize_with = "request::flag")]
    unopened: bool,
    /// `true`: only records that you follow.
    #[serde(default, deserialize_with = "request::flag")]
    followed: bool,
    /// Ids of filters of the organisation; each of them must let a record through.
    filter: Option<String>,
    /// A part of the record's name.
    q: Option<String>,
    /// `score`, `due_date`, `activity_type`, `name`, `record_type`, `sequence`, or the id of a sort; the organisation's own default
    /// where it is not given.
    sort: Option<String>,
    /// `asc` or `desc`.
    order: Option<String>,
    /// Whose list; your own where it is not given.
    pub(super) user: Option<String>,
    /// `today`: only what is planned for today, where days are levelled.
    plan: Option<String>,
    /// 1–500; 50 where it is not given.
    #[serde(default, deserialize_with = "request::number")]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// The last row of a page, and when the first page was made.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor<'a> {
    place: Place<'a>,
    at: Timestamp,
}

/// What was asked, read.
pub struct Wish {
    selection: Selection<'static>,
    filters: Vec<FilterId>,
    sort: SortKey,
    direction: Direction,
    /// Only what is planned for today.
    pub only_planned: bool,
    limit: usize,
    cursor: Option<Cursor<'static>>,
}

/// The same held against what the organisation has.
pub struct Asked<'a> {
    /// The page.
    pub request: Request<'a>,
}

/// Writes a cursor.
pub fn cursor(place: &Place, at: Timestamp) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&Cursor { place: place.clone(), at }).unwrap_or_default())
}

fn read_cursor(text: &str) -> Option<Cursor<'static>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// The values of a list, each read.
fn values<T>(text: &str, pointer: &str, read: impl Fn(&str) -> Option<T>, known: &str) -> Result<Vec<T>, Problem> {
    let named = text.split(',').map(str::trim).filter(|value| !value.is_empty());
    let one = |value: &str| {
        read(value).ok_or_else(|| Problem::malformed(pointer, format!("there is no `{value}`; there are {known}")))
    };
    named.map(one).collect()
}

/// Everything that "Due by" can be.
pub const ALL_DUE: [DueBy; 3] = [DueBy::Overdue, DueBy::Today, DueBy::FromTomorrow];

fn due_by(text: &str) -> Option<DueBy> {
    match text {
        "overdue" => Some(DueBy::Overdue),
        "today" => Some(DueBy::Today),
        "from_tomorrow" => Some(DueBy::FromTomorrow),
        _ => None,
    }
}

/// The kind of activity of that word.
pub fn activity(text: &str) -> Option<ActivityKind> {
    ActivityKind::ALL.into_iter().find(|kind| kind.name() == text)
}

impl WorkQuery {
    /// The first row of a list as it is at first.
    pub(super) fn first() -> WorkQuery {
        WorkQuery { limit: Some(1), ..WorkQuery::default() }
    }

    /// Reads what is asked.
    pub(super) fn read(&self, desk: &Desk) -> Result<Wish, Problem> {
        let listing = &desk.given.catalogue.listing;
        let due = values(self.due.as_deref().unwrap_or_default(), "/due", due_by, "overdue, today, from_tomorrow")?;
        let enabled = desk.kinds();
        let named = |name: &str| enabled.iter().find(|kind| kind.name() == name).copied();
        let names: Vec<&str> = enabled.iter().map(|kind| kind.name()).collect();
        let kinds = match &self.record_type {
            None => enabled.clone(),
            Some(text) => values(text, "/record_type", named, &names.join(", "))?.into_iter().collect(),
        };
        let activities = self.activity.as_deref().map(|text| {
            let names: Vec<&str> = ActivityKind::ALL.iter().map(|kind| kind.name()).collect();
            Ok::<_, Problem>(values(text, "/activity", activity, &names.join(", "))?.into_iter().collect())
        });
        let name = self.q.as_deref().map(str::trim).filter(|q| !q.is_empty()).map(str::to_lowercase);
        let filters =
            values(self.filter.as_deref().unwrap_or_default(), "/filter", FilterId::parse, "those of `/filters`")?;
        let (sort, direction) = self.order(listing.default_sort)?;
        let only_planned = match self.plan.as_deref() {
            None => false,
            Some("today") => true,
            Some(other) => {
                return Err(Problem::malformed("/plan", format!("there is no plan `{other}`; there is `today`")));
            }
        };
        let selection = Selection {
            due: due.into_iter().collect(),
            kinds,
            activities: activities.transpose()?,
            unopened: self.unopened,
            followed: self.followed,
            name,
            filters: vec![],
        };
        let (limit, cursor) = (page_limit(self.limit)?, request::cursor(self.cursor.as_deref(), read_cursor)?);
        Ok(Wish { selection, filters, sort, direction, only_planned, limit, cursor })
    }

    fn order(&self, default: (SortKey, Direction)) -> Result<(SortKey, Direction), Problem> {
        let unknown = |text: &str| Problem::malformed("/sort", format!("there is no sort `{text}`"));
        let sort = self.sort.as_deref().map(|text| SortKey::parse(text).ok_or_else(|| unknown(text))).transpose()?;
        let (sort, usual) = match sort {
            Some(sort) if sort != default.0 => (sort, Direction::usual(sort)),
            _ => default,
        };
        match self.order.as_deref() {
            None => Ok((sort, usual)),
            Some("asc") => Ok((sort, Direction::Ascending)),
            Some("desc") => Ok((sort, Direction::Descending)),
            Some(_) => Err(Problem::malformed("/order", "an order is `asc` or `desc`")),
        }
    }
}

impl Wish {
    /// The window of the page: that of the first page, so that no row is shown twice or left out because time has passed.
    pub(super) fn window(&self, present: Window) -> Window {
        let begun = self.cursor.as_ref().map(|cursor| cursor.at);
        let holds = |at: &Timestamp| *at <= present.now && present.now - *at <= PAGES_HOLD;
        begun.filter(holds).map_or(present, |at| Window::new(present.zone, at))
    }

    /// Held against what the organisation has.
    pub(super) fn request(
        self,
        given: &Given,
        (by, several): (UserId, bool),
        planned: Option<HashSet<ItemId>>,
    ) -> Result<Asked<'_>, Problem> {
        let listing = &given.catalogue.listing;
        // W-29, W-31: what is not published or is hidden is there for those alone who configure it.
        let manages = given.policy.person(by)?.may_all(Permission::ConfigureFilters);
        let filter = |id: &FilterId| -> Result<&Filter, Problem> {
            let found = listing.filters.get(id).filter(|_| listing.offers_filter(FilterKey::Own(*id), manages));
            found.ok_or_else(|| Problem::malformed("/filter", format!("there is no filter `{id}`")))
        };
        let filters = self.filters.iter().map(filter).collect::<Result<Vec<_>, _>>()?;
        let sort = match self.sort {
            SortKey::BuiltIn(sort) => SortBy::BuiltIn(sort),
            SortKey::Own(id) => {
                let sort = listing.sorts.get(&id).filter(|_| listing.offers_sort(self.sort, manages));
                SortBy::Field(sort.ok_or_else(|| Problem::malformed("/sort", format!("there is no sort `{id}`")))?)
            }
        };
        let request = Request {
            selection: Selection { filters, ..self.selection },
            planned,
            sort,
            direction: self.direction,
            after: self.cursor.map(|cursor| cursor.place),
            limit: self.limit,
            several,
        };
        Ok(Asked { request })
    }
}

impl Asked<'_> {
    /// The types whose fields have to be seen.
    pub(super) fn faces(&self) -> BTreeSet<RecordType> {
        let sorted = match self.request.sort {
            SortBy::Field(sort) => Some(sort.kind),
            SortBy::BuiltIn(_) => None,
        };
        self.request.selection.filters.iter().map(|filter| filter.kind).chain(sorted).collect()
    }
}
