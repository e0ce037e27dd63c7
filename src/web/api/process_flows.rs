//! `/process-flows`: the stages that records of a type go through, and where one record stands.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::catalogue::command::CatalogueCommand;
use crate::domain::catalogue::flow::Flow;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::schema::RecordType;
use crate::id::FlowId;
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::enrolments::PageQuery;
use crate::web::api::record_types::submit;
use crate::web::api::records::{self, etag};
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, Query, known_type, page_by_name, record_id};
use crate::web::wire::{Page, RecordView};

/// A process flow.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlowView {
    id: String,
    name: String,
    #[schema(value_type = String)]
    record_type: RecordType,
    /// In order.
    stages: Vec<String>,
}

/// A process flow to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFlow {
    /// Unique among the flows of the type.
    name: String,
    /// Whose records go through it; it never changes.
    #[schema(value_type = String)]
    record_type: RecordType,
    /// 1 to 50, in order.
    stages: Vec<String>,
}

/// What may be written of a process flow.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowBody {
    name: Option<String>,
    /// All of them, in order. A record that stands on one that is gone stays there.
    stages: Option<Vec<String>>,
}

/// A stage that a record is to stand on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StageBody {
    /// The id of a process flow for records of this type.
    flow: String,
    /// The name of one of its stages.
    stage: String,
}

fn flow_id(text: &str) -> Result<FlowId, Problem> {
    FlowId::parse(text).ok_or_else(|| Problem::not_found("process flow"))
}

fn view(id: FlowId, flow: &Flow) -> (FlowView, u32) {
    let (name, stages) = (flow.name.clone(), flow.stages.clone());
    (FlowView { id: id.to_string(), name, record_type: flow.kind, stages }, flow.version)
}

async fn write(
    engine: &Engine,
    flow: FlowId,
    command: CatalogueCommand,
    caller: Caller,
) -> Result<(FlowView, u32), Problem> {
    let written = submit(engine, command, caller, move |all| all.flows.get(&flow).map(|found| view(flow, found)));
    written.await?.ok_or_else(|| Problem::not_found("process flow any more"))
}

/// Add a process flow for records of a type.
#[utoipa::path(tag = "Configuration", request_body = NewFlow,
    responses((status = 201, body = FlowView), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/process-flows")]
pub async fn create_process_flow(app: Data<App>, body: Body<NewFlow>) -> Result<HttpResponse, Problem> {
    let engine = &app.engine;
    let NewFlow { name, record_type, stages } = body.value;
    let kind = known_type(engine, record_type, "/record_type")?;
    let flow = FlowId(engine.ids.named_by(body.caller.command, engine.clock().now()));
    let (view, version) =
        write(engine, flow, CatalogueCommand::AddFlow { flow, name, kind, stages }, body.caller).await?;
    let location = format!("/api/v1/process-flows/{flow}");
    Ok(HttpResponse::Created().insert_header(etag(version)).insert_header((LOCATION, location)).json(view))
}

/// Process flows, by name.
#[utoipa::path(tag = "Configuration", params(PageQuery),
    responses((status = 200, body = Page<FlowView>), (status = 400, body = Problem)))]
#[get("/process-flows")]
pub async fn list_process_flows(
    app: Data<App>,
    by: Principal,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    given.policy.person(by.user())?;
    let flows = given.catalogue.flows.iter().map(|(id, flow)| (*id, flow.name.clone(), flow));
    let cursor = (query.limit, query.cursor.as_deref());
    Ok(HttpResponse::Ok().json(page_by_name(flows, FlowId::parse, cursor, |id, flow| view(id, flow).0)?))
}

/// One process flow.
#[utoipa::path(tag = "Configuration", responses((status = 200, body = FlowView), (status = 404, body = Problem)))]
#[get("/process-flows/{id}")]
pub async fn get_process_flow(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (id, given) = (flow_id(&id)?, app.engine.given());
    given.policy.person(by.user())?;
    let flow = given.catalogue.flows.get(&id).ok_or_else(|| Problem::not_found("process flow"))?;
    let (view, version) = view(id, flow);
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// Rename a process flow; add, remove or reorder its stages. A stage that an active sequence names stays.
#[utoipa::path(tag = "Configuration", request_body = FlowBody,
    responses((status = 200, body = FlowView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/process-flows/{id}")]
pub async fn patch_process_flow(
    app: Data<App>,
    id: Path<String>,
    body: Body<FlowBody>,
) -> Result<HttpResponse, Problem> {
    let (flow, expected) = (flow_id(&id)?, body.caller.expected);
    let FlowBody { name, stages } = body.value;
    let command = CatalogueCommand::ChangeFlow { flow, name, stages, expected };
    let (view, version) = write(&app.engine, flow, command, body.caller).await?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// Remove a process flow; refused while an active sequence names it. Records stay where they stand.
#[utoipa::path(tag = "Configuration", request_body = Nothing,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
#[delete("/process-flows/{id}")]
pub async fn delete_process_flow(
    app: Data<App>,
    id: Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let command = CatalogueCommand::RemoveFlow { flow: flow_id(&id)?, expected: body.caller.expected };
    submit(&app.engine, command, body.caller, |_| ()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Put a record on a stage of a process flow for its type.
#[utoipa::path(tag = "Records", request_body = StageBody,
    responses((status = 200, body = RecordView), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[post("/records/{id}/stage")]
pub async fn set_stage(app: Data<App>, id: Path<String>, body: Body<StageBody>) -> Result<HttpResponse, Problem> {
    let id = record_id(&app.engine, &id)?;
    let StageBody { flow, stage } = body.value;
    let flow = named_flow(&flow)?;
    records::submit(&app.engine, id, RecordCommand::SetStage { flow, stage }, body.caller).await
}

/// The flow that a body's member `flow` names.
pub(super) fn named_flow(text: &str) -> Result<FlowId, Problem> {
    FlowId::parse(text).ok_or_else(|| Problem::malformed("/flow", format!("`{text}` is not an id")))
}
