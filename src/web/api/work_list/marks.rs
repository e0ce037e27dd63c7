//! `/work-list/{id}/read` and its like: what somebody marks of a record for themselves (W-7, W-20, W-21).

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::record::Record;
use crate::domain::record::command::RecordCommand;
use crate::web::App;
use crate::web::api::records::etag;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, record_id};

/// What you have marked of a record.
#[derive(Debug, Serialize, ToSchema)]
pub struct MarkView {
    record: String,
    /// You have not opened it.
    unread: bool,
    /// You follow it.
    followed: bool,
}

async fn mark(app: &App, record: &str, body: Body<Nothing>, command: RecordCommand) -> Result<HttpResponse, Problem> {
    let id = record_id(&app.engine, record)?;
    let marked = app.engine.submit::<Record, _>(id, command, body.caller, |seen| {
        let mark = seen.state.mark(seen.stamp.by);
        let view = MarkView { record: seen.id.to_string(), unread: !mark.read, followed: mark.followed };
        (view, seen.version)
    });
    let (view, version) = marked.await?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// You have opened the record.
#[utoipa::path(tag = "Work list",
    responses((status = 200, body = MarkView), (status = 404, body = Problem), (status = 409, body = Problem)))]
#[post("/work-list/{id}/read")]
pub async fn read(app: Data<App>, record: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    mark(&app, &record, body, RecordCommand::Mark { read: Some(true), followed: None }).await
}

/// It is as if you had not opened it.
#[utoipa::path(tag = "Work list", responses((status = 200, body = MarkView), (status = 404, body = Problem)))]
#[post("/work-list/{id}/unread")]
pub async fn unread(app: Data<App>, record: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    mark(&app, &record, body, RecordCommand::Mark { read: Some(false), followed: None }).await
}

/// You want to hear of the record.
#[utoipa::path(tag = "Work list",
    responses((status = 200, body = MarkView), (status = 404, body = Problem), (status = 409, body = Problem)))]
#[post("/work-list/{id}/follow")]
pub async fn follow(app: Data<App>, record: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    mark(&app, &record, body, RecordCommand::Mark { read: None, followed: Some(true) }).await
}

/// You do not want to hear of it any more.
#[utoipa::path(tag = "Work list", responses((status = 200, body = MarkView), (status = 404, body = Problem)))]
#[post("/work-list/{id}/unfollow")]
pub async fn unfollow(app: Data<App>, record: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    mark(&app, &record, body, RecordCommand::Mark { read: None, followed: Some(false) }).await
}
