//! `/call-results`: how a call can end (CO-31).

use actix_web::web::Data;
use actix_web::{HttpResponse, get, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::command::CatalogueCommand;
use crate::web::App;
use crate::web::api::record_types::submit;
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::Body;

/// How a call can end.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallResults {
    /// 1 to 100, in the order in which sellers are asked.
    items: Vec<String>,
}

fn view(catalogue: &Catalogue) -> (CallResults, u32) {
    (CallResults { items: catalogue.call_results.clone() }, catalogue.call_results_version)
}

/// How a call can end.
#[utoipa::path(tag = "Configuration", responses((status = 200, body = CallResults)))]
#[get("/call-results")]
pub async fn get_call_results(app: Data<App>, by: Principal) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    given.policy.person(by.user())?;
    let (view, version) = view(&given.catalogue);
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// Say how a call can end. A result that an active sequence asks for, or that is the default one, stays.
#[utoipa::path(tag = "Configuration", request_body = CallResults,
    responses((status = 200, body = CallResults), (status = 403, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[put("/call-results")]
pub async fn put_call_results(app: Data<App>, body: Body<CallResults>) -> Result<HttpResponse, Problem> {
    let command = CatalogueCommand::SetCallResults { results: body.value.items, expected: body.caller.expected };
    let (view, version) = submit(&app.engine, command, body.caller, view).await?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}
