//! `/tags`: names for sequences, each below another or on the first level (§3.7).

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::command::CatalogueCommand;
use crate::id::{IdSource, TagId};
use crate::limits;
use crate::web::App;
use crate::web::api::enrolments::PageQuery;
use crate::web::api::record_types::submit;
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, Query, page_by_name, present};
use crate::web::wire::Page;

/// A tag.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagView {
    id: String,
    name: String,
    /// The tag it stands below; null on the first level.
    parent: Option<String>,
    /// Its name behind those of the tags above it, with `/` between them.
    path: String,
}

/// A tag to be, or several below the same one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTags {
    /// Of one tag; without a `/`.
    name: Option<String>,
    /// Of several, at most 100.
    names: Option<Vec<String>>,
    /// The tag to stand below; the first level where it is not given.
    parent: Option<String>,
}

/// What may be written of a tag.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagBody {
    name: Option<String>,
    /// The tag to stand below, with everything below it; null for the first level.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    parent: Option<Option<String>>,
}

fn tag_id(text: &str) -> Result<TagId, Problem> {
    TagId::parse(text).ok_or_else(|| Problem::not_found("tag"))
}

fn parent_id(parent: Option<String>) -> Result<Option<TagId>, Problem> {
    let read = |text: String| {
        TagId::parse(&text).ok_or_else(|| Problem::malformed("/parent", format!("`{text}` is not an id")))
    };
    parent.map(read).transpose()
}

fn view(catalogue: &Catalogue, id: TagId) -> Option<(TagView, u32)> {
    let (tag, path) = (catalogue.tags.get(&id)?, catalogue.tag_path(id)?);
    let (name, parent) = (tag.name.clone(), tag.parent.map(|parent| parent.to_string()));
    Some((TagView { id: id.to_string(), name, parent, path }, tag.version))
}

fn shown(found: Option<(TagView, u32)>) -> Result<HttpResponse, Problem> {
    let (view, version) = found.ok_or_else(|| Problem::not_found("tag"))?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// Add a tag, answered as itself, or several below the same one, answered as `items`: all of them or none.
#[utoipa::path(tag = "Configuration", request_body = NewTags,
    responses((status = 201, body = TagView), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/tags")]
pub async fn create_tags(app: Data<App>, body: Body<NewTags>) -> Result<HttpResponse, Problem> {
    let engine = &app.engine;
    let NewTags { name, names, parent } = body.value;
    let is_one = names.is_none();
    let names = match (name, names) {
        (Some(name), None) => vec![name],
        (None, Some(names)) if names.len() <= limits::TAGS_PER_PARENT_MAX => names,
        (None, Some(names)) => {
            let detail = format!("{} names, at most {} fit", names.len(), limits::TAGS_PER_PARENT_MAX);
            return Err(Problem::at("validation_failed", "/names", detail));
        }
        (None, None) => return Err(Problem::malformed("/name", "a tag needs a name; several have `names`")),
        (Some(_), Some(_)) => return Err(Problem::malformed("/names", "there is either `name` or `names`")),
    };
    let first = engine.ids.named_by(body.caller.command, engine.clock().now());
    let ids: Vec<TagId> = (0..names.len() as u64).map(|place| TagId(IdSource::derived(first, place + 1))).collect();
    let tags = ids.iter().copied().zip(names).collect();
    let command = CatalogueCommand::AddTags { parent: parent_id(parent)?, tags };
    let made =
        submit(engine, command, body.caller, move |all| ids.iter().filter_map(|id| view(all, *id)).collect::<Vec<_>>());
    let made = made.await?;
    if !is_one {
        let items = made.into_iter().map(|(view, _)| view).collect();
        return Ok(HttpResponse::Created().json(Page::<TagView> { items, next_cursor: None }));
    }
    let (view, version) = made.into_iter().next().ok_or_else(|| Problem::not_found("tag any more"))?;
    let location = format!("/api/v1/tags/{}", view.id);
    Ok(HttpResponse::Created().insert_header(etag(version)).insert_header((LOCATION, location)).json(view))
}

/// Tags, by path.
#[utoipa::path(tag = "Configuration", params(PageQuery),
    responses((status = 200, body = Page<TagView>), (status = 400, body = Problem)))]
#[get("/tags")]
pub async fn list_tags(app: Data<App>, by: Principal, Query(query): Query<PageQuery>) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    given.policy.person(by.user())?;
    let all = &given.catalogue;
    let tags = all.tags.keys().filter_map(|id| view(all, *id).map(|(view, _)| (*id, view.path.clone(), view)));
    let page = page_by_name(tags, TagId::parse, (query.limit, query.cursor.as_deref()), |_, view| view)?;
    Ok(HttpResponse::Ok().json(page))
}

/// One tag.
#[utoipa::path(tag = "Configuration", responses((status = 200, body = TagView), (status = 404, body = Problem)))]
#[get("/tags/{id}")]
pub async fn get_tag(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (id, given) = (tag_id(&id)?, app.engine.given());
    given.policy.person(by.user())?;
    shown(view(&given.catalogue, id))
}

/// Rename a tag, or move it with everything below it.
#[utoipa::path(tag = "Configuration", request_body = TagBody,
    responses((status = 200, body = TagView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/tags/{id}")]
pub async fn patch_tag(app: Data<App>, id: Path<String>, body: Body<TagBody>) -> Result<HttpResponse, Problem> {
    let (tag, expected) = (tag_id(&id)?, body.caller.expected);
    let parent = body.value.parent.map(parent_id).transpose()?;
    let command = CatalogueCommand::ChangeTag { tag, name: body.value.name, parent, expected };
    shown(submit(&app.engine, command, body.caller, move |all| view(all, tag)).await?)
}

/// Remove a tag, also from every sequence; those below it move up. Refused where one of them has a name that stands
/// there already, or there is no room for them.
#[utoipa::path(tag = "Configuration", request_body = Nothing,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[delete("/tags/{id}")]
pub async fn delete_tag(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let command = CatalogueCommand::RemoveTag { tag: tag_id(&id)?, expected: body.caller.expected };
    submit(&app.engine, command, body.caller, |_| ()).await?;
    Ok(HttpResponse::NoContent().finish())
}
