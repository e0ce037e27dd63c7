//! `/filter-groups`: what filters of the work list stand together in (W-29, W-30).

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::filters::Reader;
use crate::domain::catalogue::command::CatalogueCommand;
use crate::domain::catalogue::listing::Listing;
use crate::domain::catalogue::listing::command::ListingCommand;
use crate::domain::catalogue::listing::key::{BuiltInGroup, GroupKey};
use crate::domain::permission::Denial;
use crate::id::listing::FilterGroupId;
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::enrolments::PageQuery;
use crate::web::api::record_types::submit;
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, Query, page_by_name};
use crate::web::wire::Page;

/// A group of filters.
#[derive(Debug, Serialize, ToSchema)]
pub struct FilterGroupView {
    /// `default` of the built-in filters, `more` of those that are in no other group; else an id.
    id: String,
    name: String,
    built_in: bool,
}

/// A group of filters to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFilterGroup {
    /// Unique among the groups.
    #[schema(min_length = 1, max_length = 201)]
    name: String,
}

/// What may be written of a group of filters.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterGroupBody {
    #[schema(min_length = 1, max_length = 201)]
    name: Option<String>,
}

fn group_key(text: &str) -> Result<GroupKey, Problem> {
    GroupKey::parse(text).ok_or_else(|| Problem::not_found("group of filters"))
}

/// The built-in ones do not change.
fn view(listing: &Listing, key: GroupKey) -> Option<(FilterGroupView, u32)> {
    let id = key.to_string();
    Some(match key {
        GroupKey::BuiltIn(one) => (FilterGroupView { id, name: one.label().into(), built_in: true }, 1),
        GroupKey::Own(own) => {
            let group = listing.groups.get(&own)?;
            (FilterGroupView { id, name: group.name.clone(), built_in: false }, group.version)
        }
    })
}

fn shown(found: Option<(FilterGroupView, u32)>) -> Result<HttpResponse, Problem> {
    let (view, version) = found.ok_or_else(|| Problem::not_found("group of filters"))?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// A group as it is after a command.
async fn write(
    engine: &Engine,
    key: GroupKey,
    command: ListingCommand,
    caller: Caller,
) -> Result<Option<(FilterGroupView, u32)>, Problem> {
    submit(engine, CatalogueCommand::Listing(command), caller, move |all| view(&all.listing, key)).await
}

/// Add a group of filters.
#[utoipa::path(tag = "Configuration", request_body = NewFilterGroup,
    responses((status = 201, body = FilterGroupView), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/filter-groups")]
pub async fn create_filter_group(app: Data<App>, body: Body<NewFilterGroup>) -> Result<HttpResponse, Problem> {
    let engine = &app.engine;
    let group = FilterGroupId(engine.ids.named_by(body.caller.command, engine.clock().now()));
    let command = ListingCommand::AddGroup { group, name: body.value.name };
    let made = write(engine, GroupKey::Own(group), command, body.caller).await?;
    let (view, version) = made.ok_or_else(|| Problem::not_found("group of filters any more"))?;
    let location = format!("/api/v1/filter-groups/{group}");
    Ok(HttpResponse::Created().insert_header(etag(version)).insert_header((LOCATION, location)).json(view))
}

/// Groups of filters: that of the built-in ones, then the organisation's own by name, then `more`. Sellers have those in
/// which there is a filter for them.
#[utoipa::path(tag = "Configuration", params(PageQuery),
    responses((status = 200, body = Page<FilterGroupView>), (status = 400, body = Problem)))]
#[get("/filter-groups")]
pub async fn list_filter_groups(
    app: Data<App>,
    by: Principal,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    let (listing, reader) = (&given.catalogue.listing, Reader::of(&given, by.user())?);
    let place = |key: GroupKey, view: &FilterGroupView| match key {
        GroupKey::BuiltIn(BuiltInGroup::Default) => "0".to_owned(),
        GroupKey::Own(_) => format!("1{}", view.name),
        GroupKey::BuiltIn(BuiltInGroup::More) => "2".to_owned(),
    };
    let built_in = BuiltInGroup::ALL.iter().copied().map(GroupKey::BuiltIn);
    let keys = built_in.chain(listing.groups.keys().copied().map(GroupKey::Own));
    let all = keys.filter(|key| listing.offers_group(*key, reader.manages)).filter_map(|key| {
        let (view, _) = view(listing, key)?;
        Some((key, place(key, &view), view))
    });
    let page = page_by_name(all, GroupKey::parse, (query.limit, query.cursor.as_deref()), |_, view| view)?;
    Ok(HttpResponse::Ok().json(page))
}

/// One group of filters.
#[utoipa::path(tag = "Configuration", responses((status = 200, body = FilterGroupView), (status = 404, body = Problem)))]
#[get("/filter-groups/{id}")]
pub async fn get_filter_group(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (key, given) = (group_key(&id)?, app.engine.given());
    let (listing, reader) = (&given.catalogue.listing, Reader::of(&given, by.user())?);
    let found = view(listing, key);
    match found.is_none() || listing.offers_group(key, reader.manages) {
        true => shown(found),
        false => Err(Denial::hidden("group of filters").into()),
    }
}

/// Rename a group of filters that is not built in.
#[utoipa::path(tag = "Configuration", request_body = FilterGroupBody,
    responses((status = 200, body = FilterGroupView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/filter-groups/{id}")]
pub async fn patch_filter_group(
    app: Data<App>,
    id: Path<String>,
    body: Body<FilterGroupBody>,
) -> Result<HttpResponse, Problem> {
    let (group, expected) = (group_key(&id)?, body.caller.expected);
    let command = ListingCommand::ChangeGroup { group, name: body.value.name, expected };
    shown(write(&app.engine, group, command, body.caller).await?)
}

/// Delete a group of filters with every filter in it (W-30).
#[utoipa::path(tag = "Configuration", request_body = Nothing,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
#[delete("/filter-groups/{id}")]
pub async fn delete_filter_group(
    app: Data<App>,
    id: Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let command = ListingCommand::RemoveGroup { group: group_key(&id)?, expected: body.caller.expected };
    submit(&app.engine, CatalogueCommand::Listing(command), body.caller, |_| ()).await?;
    Ok(HttpResponse::NoContent().finish())
}
