//! `/sequences/{id}/release`, `/fuse/reset` and `/undo`: what keeps automated mail that goes wrong from going far.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::sequence::SequenceCommand;
use crate::web::App;
use crate::web::api::migrations::await_deliveries;
use crate::web::api::sequences::{SequenceView, look, shown, submit};
use crate::web::api::steps::instant;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, sequence_id};

/// What to undo.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UndoBody {
    /// Of records that were connected at this instant or later; where it is not given, since a version was published or put
    /// into use last.
    since: Option<String>,
    /// Deactivate the sequence as well, so that every record leaves it.
    deactivate: bool,
}

/// Undo what has begun lately: records that were connected since leave the sequence, and none of their messages leaves any
/// more. Those that have left already are counted in `undo`, which tells how far this is; with many records read the
/// sequence again.
#[utoipa::path(tag = "Sequences", request_body = UndoBody,
    responses((status = 200, body = SequenceView), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/sequences/{id}/undo")]
pub async fn undo_sequence(app: Data<App>, id: Path<String>, body: Body<UndoBody>) -> Result<HttpResponse, Problem> {
    let (id, UndoBody { since, deactivate }) = (sequence_id(&id)?, body.value);
    let since = since.map(|since| instant(&since, "/since")).transpose()?;
    submit(&app.engine, id, SequenceCommand::Undo { since, deactivate }, body.caller).await?;
    await_deliveries(&app).await;
    look(&app.engine, id, body.principal).await
}

/// Send again what the fuse of the sequence holds, once a person has looked; what it counts begins anew.
#[utoipa::path(tag = "Sequences", responses((status = 200, body = SequenceView), (status = 409, body = Problem)))]
#[post("/sequences/{id}/fuse/reset")]
pub async fn reset_fuse(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let (view, version, _) = submit(&app.engine, sequence_id(&id)?, SequenceCommand::ResetFuse, body.caller).await?;
    Ok(shown(&view, version))
}

/// Let in every record that waits for the pilot of the sequence; from now on, all that are connected begin.
#[utoipa::path(tag = "Sequences", responses((status = 200, body = SequenceView), (status = 409, body = Problem)))]
#[post("/sequences/{id}/release")]
pub async fn release_sequence(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let id = sequence_id(&id)?;
    submit(&app.engine, id, SequenceCommand::Release, body.caller).await?;
    await_deliveries(&app).await;
    look(&app.engine, id, body.principal).await
}
