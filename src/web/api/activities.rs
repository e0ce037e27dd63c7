//! `/records/{id}/activities` and `/activities`: what is done on a record beside its sequences, and what the timeline has of
//! their steps.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::activity::{ActivityKind, NewActivity};
use crate::domain::record::Record;
use crate::domain::record::command::RecordCommand;
use crate::id::ActivityId;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::enrolments::PageQuery;
use crate::web::api::records::{etag, read_record};
use crate::web::api::steps::{AssignBody, CompleteBody, instant};
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, Query, activity_id, cursor, page_limit, record_id};
use crate::web::wire::{ActivityView, Page};

/// What is to be done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewActivityBody {
    /// `phone_call`, `email`, `task`, `meeting` or `text`.
    #[schema(value_type = String, example = "task")]
    kind: ActivityKind,
    /// 1–200 characters.
    subject: String,
    /// RFC 3339. Without it, it is to be done today, after what has a date (D-56).
    due_at: Option<String>,
    /// 1–2,000 characters.
    note: Option<String>,
}

/// Add something to do on a record; it is yours until it is assigned to somebody else (C-7).
#[utoipa::path(tag = "Activities", request_body = NewActivityBody,
    responses((status = 201, body = ActivityView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/records/{id}/activities")]
pub async fn create_activity(
    app: Data<App>,
    id: Path<String>,
    body: Body<NewActivityBody>,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&app.engine, &id)?;
    let NewActivityBody { kind, subject, due_at, note } = body.value;
    let due_at = due_at.map(|due_at| instant(&due_at, "/due_at")).transpose()?;
    let command = RecordCommand::AddActivity(NewActivity { kind, subject, due_at, note });
    let added = app.engine.submit::<Record, _>(id, command, body.caller, |seen| {
        let activity = seen.state.activities.last()?;
        Some((ActivityId::of(seen.id, activity.ordinal), ActivityView::of(seen.id, activity), seen.version))
    });
    let (activity, view, version) = added.await?.ok_or_else(|| Problem::not_found("record"))?;
    let location = format!("/api/v1/activities/{activity}");
    Ok(HttpResponse::Created().insert_header(("location", location)).insert_header(etag(version)).json(view))
}

/// Every activity of a record, those of steps among them, newest first.
#[utoipa::path(tag = "Activities", params(PageQuery),
    responses((status = 200, body = Page<ActivityView>), (status = 404, body = Problem)))]
#[get("/records/{id}/activities")]
pub async fn list_activities(
    app: Data<App>,
    by: Principal,
    id: Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&app.engine, &id)?;
    let limit = page_limit(query.limit)?;
    let before = cursor(query.cursor.as_deref(), |text| ActivityId::parse(text).filter(|last| last.record() == id))?;
    let page = read_record(&app.engine, id, by.caller, move |seen| {
        let is_shown = |ordinal: &u32| before.is_none_or(|before| *ordinal < before.ordinal());
        let manual = seen.state.activities.iter().map(|activity| activity.ordinal);
        let linked = seen.state.steps.iter().filter(|step| step.linked_status().is_some()).map(|step| step.ordinal);
        let mut ordinals: Vec<u32> = manual.chain(linked).filter(is_shown).collect();
        ordinals.sort_unstable_by(|left, right| right.cmp(left));
        let next_cursor =
            ordinals.get(limit).and(ordinals.get(limit - 1)).map(|last| ActivityId::of(id, *last).to_string());
        let shown = ordinals.into_iter().take(limit);
        let items = shown.filter_map(|ordinal| ActivityView::find(id, seen.state, seen.given, ordinal)).collect();
        Page::<ActivityView> { items, next_cursor }
    });
    Ok(HttpResponse::Ok().json(page.await?))
}

/// One activity.
#[utoipa::path(tag = "Activities", responses((status = 200, body = ActivityView), (status = 404, body = Problem)))]
#[get("/activities/{id}")]
pub async fn get_activity(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = activity_id(&id)?;
    let read = app.engine.read::<Record, _>(id.record(), by.caller, move |seen| {
        let view = ActivityView::find(seen.id, seen.state, seen.given, id.ordinal())?;
        Some((view, seen.version))
    });
    let (view, version) = read.await?.ok_or_else(|| Problem::not_found("activity"))?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

async fn act(app: &App, id: ActivityId, command: RecordCommand, caller: Caller) -> Result<HttpResponse, Problem> {
    let done = app.engine.submit::<Record, _>(id.record(), command, caller, move |seen| {
        let view = ActivityView::find(seen.id, seen.state, seen.given, id.ordinal())?;
        Some((view, seen.version))
    });
    let (view, version) = done.await?.ok_or_else(|| Problem::not_found("activity"))?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// Mark an activity complete; that of a step completes the step too, where the settings say so.
#[utoipa::path(tag = "Activities", request_body = CompleteBody,
    responses((status = 200, body = ActivityView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/activities/{id}/complete")]
pub async fn complete_activity(
    app: Data<App>,
    id: Path<String>,
    body: Body<CompleteBody>,
) -> Result<HttpResponse, Problem> {
    let id = activity_id(&id)?;
    let CompleteBody { note, call_result } = body.value;
    let command = RecordCommand::CompleteActivity { activity: id.ordinal(), note, call_result };
    act(&app, id, command, body.caller).await
}

/// Do not do it. The step of an activity stays open; skip the step.
#[utoipa::path(tag = "Activities",
    responses((status = 200, body = ActivityView), (status = 404, body = Problem), (status = 409, body = Problem)))]
#[post("/activities/{id}/cancel")]
pub async fn cancel_activity(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let id = activity_id(&id)?;
    act(&app, id, RecordCommand::CancelActivity(id.ordinal()), body.caller).await
}

/// Give an activity, and the step it belongs to, to a user or team.
#[utoipa::path(tag = "Activities", request_body = AssignBody,
    responses((status = 200, body = ActivityView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/activities/{id}/assign")]
pub async fn assign_activity(
    app: Data<App>,
    id: Path<String>,
    body: Body<AssignBody>,
) -> Result<HttpResponse, Problem> {
    let id = activity_id(&id)?;
    let command = RecordCommand::AssignActivity { activity: id.ordinal(), to: body.value.read()? };
    act(&app, id, command, body.caller).await
}
