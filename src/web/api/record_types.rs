//! `/record-types`: what records can be, the four types that every organisation has and those of this one.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::catalogue::command::CatalogueCommand;
use crate::domain::catalogue::{Catalogue, TypeEntry};
use crate::domain::record::schema::RecordType;
use crate::id::CatalogueId;
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::enrolments::PageQuery;
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, Query, page_by_name};
use crate::web::wire::Page;

/// A type of records.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordTypeView {
    /// As `type` of records and `record_type` of sequences say it.
    name: String,
    /// Shown to people.
    label: String,
    /// Whether every organisation has it.
    built_in: bool,
    /// Whether sequences may be made for it; see `record_types` of the settings.
    enabled: bool,
}

/// A type to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecordType {
    /// A lower-case letter, then lower-case letters, digits and `_`; at most 32. It never changes.
    #[schema(value_type = String)]
    name: RecordType,
    /// Shown to people.
    label: String,
}

/// What may be written of a type.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordTypeBody {
    /// Shown to people.
    label: Option<String>,
}

/// The type that an address names; one that could not exist does not.
pub(super) fn named(name: &str) -> Result<RecordType, Problem> {
    RecordType::from_name(name).ok_or_else(|| Problem::not_found("record type"))
}

/// Asks the catalogue; `view` shows what it has become.
pub(super) async fn submit<T: Send + 'static>(
    engine: &Engine,
    command: CatalogueCommand,
    caller: Caller,
    view: impl FnOnce(&Catalogue) -> T + Send + 'static,
) -> Result<T, Problem> {
    // The version that was seen is one of the resource, not of the whole catalogue; the command holds it.
    let caller = Caller { expected: None, ..caller };
    Ok(engine.submit::<Catalogue, _>(CatalogueId::THE, command, caller, |seen| view(seen.state)).await?)
}

type Versioned = (RecordTypeView, u32);

fn view(kind: RecordType, entry: &TypeEntry, enabled: bool) -> Versioned {
    let built_in = RecordType::BUILT_IN.contains(&kind);
    (RecordTypeView { name: kind.to_string(), label: entry.label.clone(), built_in, enabled }, entry.version)
}

fn enabled(engine: &Engine, kind: RecordType) -> bool {
    engine.given().policy.settings().record_types.contains(&kind)
}

/// A type as it is after a command.
async fn write(
    engine: &Engine,
    kind: RecordType,
    command: CatalogueCommand,
    caller: Caller,
) -> Result<Versioned, Problem> {
    let enabled = enabled(engine, kind);
    let written = submit(engine, command, caller, move |catalogue| {
        catalogue.types.get(&kind).map(|entry| view(kind, entry, enabled))
    });
    written.await?.ok_or_else(|| Problem::not_found("record type any more"))
}

/// Add a type of records. Sequences can be made for it once it stands in `record_types` of the settings.
#[utoipa::path(tag = "Configuration", request_body = NewRecordType,
    responses((status = 201, body = RecordTypeView), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/record-types")]
pub async fn create_record_type(app: Data<App>, body: Body<NewRecordType>) -> Result<HttpResponse, Problem> {
    let NewRecordType { name: kind, label } = body.value;
    let (view, version) = write(&app.engine, kind, CatalogueCommand::AddType { kind, label }, body.caller).await?;
    let location = format!("/api/v1/record-types/{kind}");
    Ok(HttpResponse::Created().insert_header(etag(version)).insert_header((LOCATION, location)).json(view))
}

/// Types of records, by name.
#[utoipa::path(tag = "Configuration", params(PageQuery),
    responses((status = 200, body = Page<RecordTypeView>), (status = 400, body = Problem)))]
#[get("/record-types")]
pub async fn list_record_types(
    app: Data<App>,
    by: Principal,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    given.policy.person(by.user())?;
    let types = given.catalogue.types.iter().map(|(kind, entry)| (*kind, kind.to_string(), entry));
    let page = page_by_name(types, RecordType::from_name, (query.limit, query.cursor.as_deref()), |kind, entry| {
        view(kind, entry, enabled(&app.engine, kind)).0
    })?;
    Ok(HttpResponse::Ok().json(page))
}

/// One type of records.
#[utoipa::path(tag = "Configuration",
    responses((status = 200, body = RecordTypeView), (status = 404, body = Problem)))]
#[get("/record-types/{type}")]
pub async fn get_record_type(app: Data<App>, by: Principal, name: Path<String>) -> Result<HttpResponse, Problem> {
    let (kind, given) = (named(&name)?, app.engine.given());
    given.policy.person(by.user())?;
    let entry = given.catalogue.types.get(&kind).ok_or_else(|| Problem::not_found("record type"))?;
    let (view, version) = view(kind, entry, enabled(&app.engine, kind));
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// Change what people read of a type.
#[utoipa::path(tag = "Configuration", request_body = RecordTypeBody,
    responses((status = 200, body = RecordTypeView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/record-types/{type}")]
pub async fn patch_record_type(
    app: Data<App>,
    name: Path<String>,
    body: Body<RecordTypeBody>,
) -> Result<HttpResponse, Problem> {
    let kind = named(&name)?;
    let command = CatalogueCommand::ChangeType { kind, label: body.value.label, expected: body.caller.expected };
    let (view, version) = write(&app.engine, kind, command, body.caller).await?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// Remove a type with its fields. Refused while there are records or sequences of it, a field leads to it, or it is switched
/// on in the settings.
#[utoipa::path(tag = "Configuration", request_body = Nothing,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
#[delete("/record-types/{type}")]
pub async fn delete_record_type(
    app: Data<App>,
    name: Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let command = CatalogueCommand::RemoveType { kind: named(&name)?, expected: body.caller.expected };
    submit(&app.engine, command, body.caller, |_| ()).await?;
    Ok(HttpResponse::NoContent().finish())
}
