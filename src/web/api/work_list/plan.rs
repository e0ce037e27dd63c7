//! `/work-list/plan`: the next days of a seller or a team, levelled to what each can do.

use std::collections::BTreeSet;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Desk, accepted};
use crate::domain::catalogue::listing::key::{BuiltInSort, Direction};
use crate::domain::schedule::civil;
use crate::domain::work_list::level::{self, PlannedDay, Task};
use crate::domain::work_list::order::SortBy;
use crate::domain::work_list::select::{Selection, Window};
use crate::id::{ActivityId, StepId, TeamId};
use crate::store::StoreError;
use crate::web::App;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Query, blocking};

/// Days that a plan shows where it is not said.
const DAYS_USUAL: usize = 7;
/// Days that it shows at most: as far as a list looks ahead.
const DAYS_MAX: usize = 31;
/// Items that one day of an answer names at most; all of them are counted.
const TASKS_MAX: usize = 200;

/// Whose plan, and how far.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlanQuery {
    /// Whose; your own where it is not given.
    user: Option<String>,
    /// Of everybody in that team instead, as far as you see their lists.
    team: Option<String>,
    /// 1–31; 7 where it is not given.
    #[serde(default, deserialize_with = "request::number")]
    days: Option<usize>,
}

/// Something planned for a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlannedTask {
    record: String,
    record_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    name: String,
    due_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<u8>,
    /// It is planned for a later day than it is due.
    slips: bool,
}

/// A day of a seller.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlannedDayView {
    /// By the seller's clocks.
    date: String,
    /// Whether the seller works on it.
    works: bool,
    /// Items that still fit; null where days are not levelled.
    room: Option<usize>,
    /// Items that become due on it; on the first day also what is overdue.
    due: usize,
    /// Items that found no room before.
    carried: usize,
    /// Items planned for it.
    planned: usize,
    /// Items that go on to the next day that is worked.
    slips: usize,
    /// By priority, at most 200.
    items: Vec<PlannedTask>,
}

/// The next days of a seller.
#[derive(Debug, Serialize, ToSchema)]
pub struct SellerPlan {
    user: String,
    name: String,
    /// Items a day; null where days are not levelled.
    capacity: Option<u16>,
    /// What was completed today.
    done_today: usize,
    days: Vec<PlannedDayView>,
    /// Items of the list's month that have no place in these days.
    beyond: usize,
}

/// The next days.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkPlan {
    sellers: Vec<SellerPlan>,
}

/// What is planned for the next days, and what slips. Without a capacity, your own or the organisation's, nothing does.
#[utoipa::path(tag = "Work list", params(PlanQuery),
    responses((status = 200, body = WorkPlan), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
#[get("/work-list/plan")]
pub async fn get_plan(
    app: Data<App>,
    by: Principal,
    request: HttpRequest,
    Query(query): Query<PlanQuery>,
) -> Result<HttpResponse, Problem> {
    let days = query.days.unwrap_or(DAYS_USUAL);
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(Problem::malformed("/days", format!("{days} is not between 1 and {DAYS_MAX}")));
    }
    let desk = |user: Option<&str>| Desk::of(&app.engine, by.user(), user, accepted(&request));
    let desks = match (query.user.as_deref(), query.team.as_deref()) {
        (Some(_), Some(_)) => return Err(Problem::malformed("/team", "a plan is of a user or of a team")),
        (user, None) => vec![desk(user)?],
        (None, Some(team)) => {
            let own = desk(None)?;
            let team = TeamId::parse(team).ok_or_else(|| Problem::malformed("/team", "this is no id"))?;
            let found = own.given.policy.organisation.teams.get(&team).ok_or_else(|| Problem::not_found("team"))?;
            let members = found.members.iter().filter_map(|member| desk(Some(&member.to_string())).ok());
            let members: Vec<Desk> = members.collect();
            if members.is_empty() {
                return Err(Problem::not_found("team"));
            }
            members
        }
    };
    let plan = blocking(move || {
        let sellers = desks.iter().map(|desk| planned(desk, days)).collect::<Result<_, StoreError>>();
        Ok(WorkPlan { sellers: sellers? })
    });
    Ok(HttpResponse::Ok().json(plan.await?))
}

fn planned(desk: &Desk, days: usize) -> Result<SellerPlan, StoreError> {
    let (policy, done) = (&desk.given.policy, desk.done_today());
    let rooms = level::rooms(policy, desk.seller, &desk.window, days as u64, done);
    let selection = Selection::of(desk.kinds());
    let selection = Selection { due: super::query::ALL_DUE.into_iter().collect(), ..selection };
    let reading = desk.reading();
    desk.look(BTreeSet::new(), |rows| {
        let tasks = reading.tasks(rows, &selection, SortBy::BuiltIn(BuiltInSort::Score));
        let (days, beyond) = level::level(tasks, &rooms, Direction::Descending);
        SellerPlan {
            user: desk.seller.to_string(),
            name: policy.contact(crate::domain::record::schema::Owner::User(desk.seller)).0,
            capacity: policy.capacity(desk.seller),
            done_today: done,
            days: days.iter().map(|day| day_view(day, &desk.window)).collect(),
            beyond,
        }
    })
}

fn day_view(day: &PlannedDay, window: &Window) -> PlannedDayView {
    let task = |task: &Task| {
        let (next, ordinal) = (task.candidate.next, task.candidate.next.item.ordinal);
        let is_step = next.action.sequence.is_some();
        let due = civil::civil(window.zone, next.due).date().max(civil::civil(window.zone, window.now).date());
        PlannedTask {
            record: task.candidate.record.to_string(),
            record_name: task.candidate.row.name.clone(),
            step: is_step.then(|| StepId::of(task.candidate.record, ordinal).to_string()),
            activity: (!is_step).then(|| ActivityId::of(task.candidate.record, ordinal).to_string()),
            name: next.action.name.to_owned(),
            due_at: next.item.due_at.map(|due| due.to_string()),
            score: task.candidate.score,
            slips: day.room.date > due,
        }
    };
    PlannedDayView {
        date: day.room.date.to_string(),
        works: day.room.works,
        room: day.room.items,
        due: day.due,
        carried: day.carried,
        planned: day.tasks.len(),
        slips: day.slips,
        items: day.tasks.iter().take(TASKS_MAX).map(task).collect(),
    }
}
