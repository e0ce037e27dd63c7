//! `/work-list`: what a seller has to do, the next first (§14).

pub mod actions;
pub mod marks;
pub mod plan;
mod query;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use actix_web::http::header::{ETAG, IF_NONE_MATCH};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use self::query::WorkQuery;
use crate::domain::access::{Facts, Reach, reach};
use crate::domain::catalogue::listing::key::{BuiltInSort, Direction};
use crate::domain::effect::Counter;
use crate::domain::given::Given;
use crate::domain::language::Language;
use crate::domain::permission::{Denial, Permission, Role};
use crate::domain::policy::Person;
use crate::domain::record::schema::{Owner, RecordType};
use crate::domain::schedule::civil;
use crate::domain::work_list::WorkRow;
use crate::domain::work_list::level::{self, ItemId};
use crate::domain::work_list::order::{Candidate, SortBy};
use crate::domain::work_list::page::Page;
use crate::domain::work_list::select::{Reading, Selection, Window};
use crate::id::{ActivityId, RecordId, StepId, UserId};
use crate::runtime::engine::{Engine, Shared};
use crate::store::StoreError;
use crate::web::App;
use crate::web::api::steps::Next;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Query, blocking, record_id};
use crate::web::wire::work::{GroupView, WorkItemView, label};

/// The routes of the list.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(get_work_list)
        .service(plan::get_plan)
        .service(actions::act)
        .service(marks::read)
        .service(marks::unread)
        .service(marks::follow)
        .service(marks::unfollow)
        .service(get_work_list_row);
}

/// A page of the list.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkListPage {
    /// In the order that was asked for.
    items: Vec<WorkItemView>,
    /// Every group of the list in its order, on all pages.
    groups: Vec<GroupView>,
    /// Another one as soon as the list may have changed; also the `ETag`, for `If-None-Match`.
    change_token: String,
    /// Where the next page begins.
    next_cursor: Option<String>,
    /// `select_at_least_one`: no record type or no kind of activity is selected (W-23, W-24).
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
}

/// Somebody reads a list: their own, or as a manager that of somebody else.
pub struct Desk {
    shared: Arc<Shared>,
    given: Arc<Given>,
    by: UserId,
    /// Whose list it is.
    seller: UserId,
    /// Them and their teams.
    owners: Vec<Owner>,
    window: Window,
    language: Language,
}

impl Desk {
    /// The list of `user`, or of whoever asks. A sales manager looks at those of their business unit, an administrator at all.
    pub fn of(engine: &Engine, by: UserId, user: Option<&str>, accepted: Option<Language>) -> Result<Desk, Problem> {
        let given = engine.given();
        let person = given.policy.person(by)?;
        person.must(Permission::Work, "see the work list")?;
        person.in_workspace()?;
        let seller = match user {
            None => by,
            Some(text) => other_seller(&given, &person, text)?,
        };
        let teams = given.policy.teams_of(seller).iter().copied().map(Owner::Team);
        let owners = [Owner::User(seller)].into_iter().chain(teams).collect();
        let window = Window::new(given.policy.zone(seller), engine.clock().now());
        let own = given.policy.organisation.profile(by).language.as_deref().and_then(Language::from_code);
        let language = own.or(accepted).unwrap_or(given.policy.settings().language);
        Ok(Desk { shared: engine.shared(), given, by, seller, owners, window, language })
    }

    fn reading(&self) -> Reading<'_> {
        Reading { given: &self.given, reader: self.seller, window: self.window }
    }

    /// The types that lists show (W-8).
    fn kinds(&self) -> BTreeSet<RecordType> {
        self.given.policy.settings().record_types.clone()
    }

    /// Changes whenever the list may be another one.
    fn change_token(&self) -> String {
        let changed = self.shared.work.changed(&self.owners);
        let organisation = &self.given.policy.organisation;
        let ruled = (
            self.given.catalogue.listing.version,
            organisation.settings_version,
            organisation.own_version(self.seller),
        );
        let moment = self.window.now.millis() / TOKEN_MILLIS;
        let day = civil::day_number(self.window.zone, self.window.now);
        format!("{changed:x}-{}-{}-{}-{day}-{moment:x}", ruled.0, ruled.1, ruled.2)
    }

    /// Reads the rows of the list; blocks while they are read for the first time. `faces` are the types whose fields are asked
    /// for.
    fn look<T>(
        &self,
        faces: BTreeSet<RecordType>,
        read: impl FnOnce(&mut dyn Iterator<Item = (RecordId, &WorkRow)>) -> T,
    ) -> Result<T, StoreError> {
        let sees_all = self.seller == self.by || self.sees_all();
        let faces = if sees_all { faces } else { self.given.catalogue.kinds().collect() };
        self.shared.work.look(self.shared.store.as_ref(), &self.owners, &faces, |rows| match sees_all {
            true => read(rows),
            false => read(&mut rows.filter(|(_, row)| self.sees(row))),
        })
    }

    fn sees_all(&self) -> bool {
        self.given.policy.person(self.by).is_ok_and(|person| person.roles.has(Role::SystemAdministrator))
    }

    /// Whether a manager may see what one of their sellers works on.
    fn sees(&self, row: &WorkRow) -> bool {
        let (Ok(person), Some(face)) = (self.given.policy.person(self.by), &row.face) else { return false };
        let facts = Facts { owner: face.profile.owner, access_team: face.profile.access_team, assignees: &[] };
        reach(&person, &facts) >= Reach::See
    }

    /// What the seller has done today, where days are levelled.
    fn done_today(&self) -> usize {
        let day = civil::day_number(self.window.zone, self.window.now);
        usize::try_from(self.shared.store.counter(Counter::DoneOn(self.seller, day))).unwrap_or_default()
    }

    /// The items that are planned for today.
    fn planned_today(&self, rows: &mut dyn Iterator<Item = (RecordId, &WorkRow)>) -> HashSet<ItemId> {
        let reading = self.reading();
        let sort = SortBy::BuiltIn(BuiltInSort::Score);
        let tasks = reading.tasks(rows, &Selection::of(self.kinds()), sort);
        let rooms = level::rooms(&self.given.policy, self.seller, &self.window, 1, self.done_today());
        let (days, _) = level::level(tasks, &rooms, Direction::Descending);
        days.iter().flat_map(|day| &day.tasks).map(level::Task::id).collect()
    }
}

/// How long a token holds at most: a score by rule changes with the time alone.
const TOKEN_MILLIS: i64 = 300_000;

fn other_seller(given: &Given, person: &Person, text: &str) -> Result<UserId, Problem> {
    let user = UserId::parse(text).ok_or_else(|| Problem::malformed("/user", "this is no id"))?;
    if user == person.id {
        return Ok(user);
    }
    if given.policy.user(user).is_none() || !person.may_know(user) {
        return Err(Problem::not_found("user"));
    }
    let leads = person.roles.has(Role::SalesManager) && person.shares_unit_with(Owner::User(user));
    if !leads && !person.roles.has(Role::SystemAdministrator) {
        return Err(Denial::role(Permission::Work, "see the work list of somebody else").into());
    }
    Ok(user)
}

/// What you have to do, the next first. One row per record; what is next of it is the earliest due of what your filters let through.
#[utoipa::path(tag = "Work list", params(WorkQuery),
    responses((status = 200, body = WorkListPage), (status = 304), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
#[get("/work-list")]
pub async fn get_work_list(
    app: Data<App>,
    by: Principal,
    request: HttpRequest,
    Query(query): Query<WorkQuery>,
) -> Result<HttpResponse, Problem> {
    let mut desk = Desk::of(&app.engine, by.user(), query.user.as_deref(), accepted(&request))?;
    let asked = query.read(&desk)?;
    // Taken before the rows are read: what changes meanwhile makes another token.
    let token = desk.change_token();
    let etag = format!("\"{token}\"");
    let known = request.headers().get(IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    if known.is_some_and(|known| known == etag) {
        return Ok(HttpResponse::NotModified().insert_header((ETAG, etag)).finish());
    }
    desk.window = asked.window(desk.window);
    let page = blocking(move || {
        let given = desk.given.clone();
        let planned = match asked.only_planned {
            true => Some(desk.look(BTreeSet::new(), |rows| desk.planned_today(rows))?),
            false => None,
        };
        let asked = asked.request(&given, (desk.by, desk.owners.len() > 1), planned)?;
        let reading = desk.reading();
        Ok(desk.look(asked.faces(), |rows| {
            let page = reading.page(rows, &asked.request);
            rendered(&desk, &reading, &asked, &page)
        })?)
    });
    let (items, groups, next_cursor, notice) = page.await?;
    let body = WorkListPage { items, groups, change_token: token, next_cursor, notice };
    Ok(HttpResponse::Ok().insert_header((ETAG, etag)).json(body))
}

type Rendered = (Vec<WorkItemView>, Vec<GroupView>, Option<String>, Option<&'static str>);

fn rendered(desk: &Desk, reading: &Reading, asked: &query::Asked, page: &Page) -> Rendered {
    let items = page.rows.iter().map(|row| desk.item(reading, &row.candidate, &row.group)).collect();
    let of_group = |group: &crate::domain::work_list::page::Group| GroupView {
        label: label(&desk.given, desk.language, asked.request.sort, &group.key),
        key: group.key.clone(),
        count: group.count,
    };
    let groups = page.groups.iter().map(of_group).collect();
    let last = page.rows.last().filter(|_| page.more);
    let next_cursor = last.map(|row| query::cursor(&row.place, desk.window.now));
    let nothing = asked.request.selection.kinds.is_empty()
        || asked.request.selection.activities.as_ref().is_some_and(BTreeSet::is_empty);
    (items, groups, next_cursor, nothing.then_some("select_at_least_one"))
}

impl Desk {
    fn item(&self, reading: &Reading, candidate: &Candidate, group: &str) -> WorkItemView {
        let contact = candidate.row.primary_contact.and_then(|contact| {
            let summary = self.shared.store.summary(contact).ok().flatten()?;
            let person = self.given.policy.person(self.by).ok()?;
            (reach(&person, &summary.facts()) >= Reach::See).then_some(summary.name)
        });
        WorkItemView::of(reading, self.language, candidate, contact, group)
    }
}

/// Rows that are looked through for whoever is asked what to do next.
const AT_HAND_MAX: usize = 2_000;

/// Whether somebody looks at their list, and it is short enough to be looked through beside a command.
pub fn is_at_hand(engine: &Engine, by: UserId) -> bool {
    let given = engine.given();
    let teams = given.policy.teams_of(by).iter().copied().map(Owner::Team);
    let owners: Vec<Owner> = [Owner::User(by)].into_iter().chain(teams).collect();
    engine.work().held(&owners).is_some_and(|rows| rows <= AT_HAND_MAX)
}

/// The first row of somebody's list, sorted as the organisation sorts it; none where there is none, or no list for them.
pub async fn first(engine: &Engine, by: UserId) -> Result<Option<Next>, Problem> {
    let Ok(desk) = Desk::of(engine, by, None, None) else { return Ok(None) };
    let wish = WorkQuery::first().read(&desk)?;
    blocking(move || {
        let (given, reading) = (desk.given.clone(), desk.reading());
        let asked = wish.request(&given, (desk.by, desk.owners.len() > 1), None)?;
        let first = desk.look(asked.faces(), |rows| {
            let page = reading.page(rows, &asked.request);
            page.rows.first().map(|row| {
                let (record, next) = (row.candidate.record, row.candidate.next);
                let ordinal = next.item.ordinal;
                let is_step = next.action.sequence.is_some();
                Next {
                    record: record.to_string(),
                    step: is_step.then(|| StepId::of(record, ordinal).to_string()),
                    activity: (!is_step).then(|| ActivityId::of(record, ordinal).to_string()),
                }
            })
        });
        Ok(first?)
    })
    .await
}

/// The language that a client asks for.
fn accepted(request: &HttpRequest) -> Option<Language> {
    let header = request.headers().get(actix_web::http::header::ACCEPT_LANGUAGE)?;
    Language::accepted(header.to_str().ok()?)
}

/// What you have to do on one record, whenever it is due; filters do not matter.
#[utoipa::path(tag = "Work list", responses((status = 200, body = WorkItemView), (status = 404, body = Problem)))]
#[get("/work-list/{id}")]
pub async fn get_work_list_row(
    app: Data<App>,
    by: Principal,
    request: HttpRequest,
    record: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&app.engine, &record)?;
    let desk = Desk::of(&app.engine, by.user(), None, accepted(&request))?;
    let row = blocking(move || {
        let reading = desk.reading();
        let rows = desk.owners.iter().filter_map(|owner| desk.shared.store.work_on(*owner, id).transpose());
        let rows: Vec<WorkRow> = rows.collect::<Result<_, _>>()?;
        let open = rows.iter().flat_map(|row| row.items.iter().map(move |item| (row, item)));
        let next = open.filter_map(|(row, item)| Some((row, reading.open(item)?))).min_by_key(|(_, next)| next.order());
        Ok(next.map(|(row, next)| {
            let candidate = Candidate { record: id, row, next, score: reading.score(row, next.due) };
            let group = desk.window.group(next.due).key();
            desk.item(&reading, &candidate, group)
        }))
    });
    let row = row.await?.ok_or_else(|| Problem::not_found("work-list row"))?;
    Ok(HttpResponse::Ok().json(row))
}
