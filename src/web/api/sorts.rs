//! `/sorts`: what the work list can be sorted and grouped by (§14.3).

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filters::Reader;
use crate::domain::catalogue::command::CatalogueCommand;
use crate::domain::catalogue::listing::Listing;
use crate::domain::catalogue::listing::command::{ListingCommand, SortPart};
use crate::domain::catalogue::listing::key::{Direction, SortKey};
use crate::domain::permission::Denial;
use crate::domain::record::schema::RecordType;
use crate::id::listing::SortId;
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::record_types::submit;
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, known_type};

/// A sort of the work list.
#[derive(Debug, Serialize, ToSchema)]
pub struct SortView {
    /// `score`, `due_date`, `activity_type`, `name`, `record_type` or `sequence` of a built-in sort; else an id.
    id: String,
    name: String,
    /// Whose records it sorts; null for those of every type.
    #[schema(value_type = Option<String>)]
    record_type: Option<RecordType>,
    /// By which of their fields; null of a built-in sort.
    field: Option<String>,
    built_in: bool,
    /// Whether sellers are not offered it.
    hidden: bool,
}

/// Sorts in their order.
#[derive(Debug, Serialize, ToSchema)]
pub struct SortsView {
    items: Vec<SortView>,
    default: DefaultSort,
}

/// How the work list is sorted where nobody says otherwise.
#[derive(Debug, Serialize, ToSchema)]
pub struct DefaultSort {
    /// The sort.
    id: String,
    /// `asc` or `desc`.
    #[schema(value_type = String)]
    order: Direction,
}

/// A sort to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSort {
    /// Unique among the sorts of the type; `Type.Field` where it is not given.
    #[schema(max_length = 201)]
    name: Option<String>,
    /// Whose records it sorts; it never changes.
    #[schema(value_type = String)]
    record_type: RecordType,
    /// A property or a field of the type.
    field: String,
    /// Whether sellers are not offered it.
    #[serde(default)]
    hidden: bool,
}

/// What may be written of a sort; of a built-in one only `hidden` (W-43).
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SortBody {
    #[schema(max_length = 201)]
    name: Option<String>,
    field: Option<String>,
    hidden: Option<bool>,
}

/// What is to be the default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultSortBody {
    /// A sort that is not hidden.
    id: String,
    /// `asc` or `desc`; where it is not given, the highest score is first, or the lowest of all else.
    #[schema(value_type = Option<String>)]
    order: Option<Direction>,
}

/// The order in which sorts are offered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SortOrder {
    /// Every sort that there is, once.
    #[schema(max_items = 26)]
    ids: Vec<String>,
}

fn sort_key(text: &str) -> Result<SortKey, Problem> {
    SortKey::parse(text).ok_or_else(|| Problem::not_found("sort"))
}

fn named(text: &str, pointer: &str) -> Result<SortKey, Problem> {
    SortKey::parse(text).ok_or_else(|| Problem::malformed(pointer, format!("`{text}` is the id of no sort")))
}

fn view(listing: &Listing, key: SortKey) -> Option<(SortView, u32)> {
    let (id, hidden) = (key.to_string(), listing.is_sort_hidden(key)?);
    Some(match key {
        SortKey::BuiltIn(one) => {
            let (name, record_type, field) = (one.label().into(), None, None);
            (SortView { id, name, record_type, field, built_in: true, hidden }, listing.version)
        }
        SortKey::Own(own) => {
            let sort = listing.sorts.get(&own)?;
            let (name, record_type, field) = (sort.name.clone(), Some(sort.kind), Some(sort.field.clone()));
            (SortView { id, name, record_type, field, built_in: false, hidden }, sort.version)
        }
    })
}

fn shown(found: Option<(SortView, u32)>) -> Result<HttpResponse, Problem> {
    let (view, version) = found.ok_or_else(|| Problem::not_found("sort"))?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// All that somebody is offered.
fn all(listing: &Listing, manages: bool) -> (SortsView, u32) {
    let offered = listing.order.iter().filter(|key| listing.offers_sort(**key, manages));
    let items = offered.filter_map(|key| view(listing, *key).map(|(view, _)| view)).collect();
    let (sort, order) = listing.default_sort;
    (SortsView { items, default: DefaultSort { id: sort.to_string(), order } }, listing.version)
}

fn answer((view, version): (SortsView, u32)) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(version)).json(view)
}

/// A sort as it is after a command.
async fn write(
    engine: &Engine,
    key: SortKey,
    command: ListingCommand,
    caller: Caller,
) -> Result<Option<(SortView, u32)>, Problem> {
    submit(engine, CatalogueCommand::Listing(command), caller, move |all| view(&all.listing, key)).await
}

/// Add a sort by a field of a type (W-43); it stands last.
#[utoipa::path(tag = "Configuration", request_body = NewSort,
    responses((status = 201, body = SortView), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/sorts")]
pub async fn create_sort(app: Data<App>, body: Body<NewSort>) -> Result<HttpResponse, Problem> {
    let engine = &app.engine;
    let NewSort { name, record_type, field, hidden } = body.value;
    let kind = known_type(engine, record_type, "/record_type")?;
    let parts = name.map(SortPart::Name).into_iter().chain([SortPart::Field(field), SortPart::Hidden(hidden)]);
    let sort = SortId(engine.ids.named_by(body.caller.command, engine.clock().now()));
    let command = ListingCommand::AddSort { sort, kind, parts: parts.collect() };
    let made = write(engine, SortKey::Own(sort), command, body.caller).await?;
    let (view, version) = made.ok_or_else(|| Problem::not_found("sort any more"))?;
    let location = format!("/api/v1/sorts/{sort}");
    Ok(HttpResponse::Created().insert_header(etag(version)).insert_header((LOCATION, location)).json(view))
}

/// Sorts in the order in which they are offered, and the one that is the default. Sellers are not offered hidden ones.
#[utoipa::path(tag = "Configuration", responses((status = 200, body = SortsView)))]
#[get("/sorts")]
pub async fn list_sorts(app: Data<App>, by: Principal) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    let reader = Reader::of(&given, by.user())?;
    Ok(answer(all(&given.catalogue.listing, reader.manages)))
}

/// One sort.
#[utoipa::path(tag = "Configuration", responses((status = 200, body = SortView), (status = 404, body = Problem)))]
#[get("/sorts/{id}")]
pub async fn get_sort(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (key, given) = (sort_key(&id)?, app.engine.given());
    let (listing, reader) = (&given.catalogue.listing, Reader::of(&given, by.user())?);
    let found = view(listing, key);
    match found.is_none() || listing.offers_sort(key, reader.manages) {
        true => shown(found),
        false => Err(Denial::hidden("sort").into()),
    }
}

/// Change a sort: name, field, whether it is hidden. A built-in sort is only hidden, the default one not even that (W-43).
#[utoipa::path(tag = "Configuration", request_body = SortBody,
    responses((status = 200, body = SortView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/sorts/{id}")]
pub async fn patch_sort(app: Data<App>, id: Path<String>, body: Body<SortBody>) -> Result<HttpResponse, Problem> {
    let (sort, expected) = (sort_key(&id)?, body.caller.expected);
    let SortBody { name, field, hidden } = body.value;
    let parts = [name.map(SortPart::Name), field.map(SortPart::Field), hidden.map(SortPart::Hidden)];
    let command = ListingCommand::ChangeSort { sort, parts: parts.into_iter().flatten().collect(), expected };
    shown(write(&app.engine, sort, command, body.caller).await?)
}

/// Delete a sort that is neither built in nor the default.
#[utoipa::path(tag = "Configuration", request_body = Nothing,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
#[delete("/sorts/{id}")]
pub async fn delete_sort(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let command = ListingCommand::RemoveSort { sort: sort_key(&id)?, expected: body.caller.expected };
    submit(&app.engine, CatalogueCommand::Listing(command), body.caller, |_| ()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Say how the work list is sorted where nobody says otherwise (W-42, W-43).
#[utoipa::path(tag = "Configuration", request_body = DefaultSortBody,
    responses((status = 200, body = SortsView), (status = 403, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[put("/sorts/default")]
pub async fn put_default_sort(app: Data<App>, body: Body<DefaultSortBody>) -> Result<HttpResponse, Problem> {
    let (sort, direction) = (named(&body.value.id, "/id")?, body.value.order);
    let command = ListingCommand::SetDefaultSort { sort, direction, expected: body.caller.expected };
    let done = submit(&app.engine, CatalogueCommand::Listing(command), body.caller, |seen| all(&seen.listing, true));
    Ok(answer(done.await?))
}

/// Say in which order sorts are offered (W-43).
#[utoipa::path(tag = "Configuration", request_body = SortOrder,
    responses((status = 200, body = SortsView), (status = 403, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[put("/sorts/order")]
pub async fn put_sort_order(app: Data<App>, body: Body<SortOrder>) -> Result<HttpResponse, Problem> {
    let ids = body.value.ids.iter().enumerate();
    let order = ids.map(|(place, id)| named(id, &format!("/ids/{place}"))).collect::<Result<_, _>>()?;
    let command = ListingCommand::OrderSorts { order, expected: body.caller.expected };
    let done = submit(&app.engine, CatalogueCommand::Listing(command), body.caller, |seen| all(&seen.listing, true));
    Ok(answer(done.await?))
}
