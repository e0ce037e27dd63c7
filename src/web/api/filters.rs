//! `/filters`: what the work list can be narrowed by (§14.2).

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::catalogue::command::{CatalogueCommand, CatalogueRejection};
use crate::domain::catalogue::listing::Listing;
use crate::domain::catalogue::listing::command::{FilterPart, ListingCommand};
use crate::domain::catalogue::listing::key::{BuiltInGroup, FilterKey, GroupKey};
use crate::domain::condition::Condition;
use crate::domain::condition::stored::StoredCondition;
use crate::domain::given::Given;
use crate::domain::permission::{Denial, Permission};
use crate::domain::record::schema::RecordType;
use crate::id::UserId;
use crate::id::listing::{FilterGroupId, FilterId};
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::enrolments::PageQuery;
use crate::web::api::record_types::submit;
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, Query, known_type, page_by_name, present};
use crate::web::wire::Page;

/// A filter of the work list.
#[derive(Debug, Serialize, ToSchema)]
pub struct FilterView {
    /// `unopened`, `followed`, `due`, `record_type` or `activity` of a built-in filter; else an id.
    id: String,
    name: String,
    /// Whose records it is for; null for those of every type.
    #[schema(value_type = Option<String>)]
    record_type: Option<RecordType>,
    /// Each holds of what is let through; empty of a built-in filter, which has choices of its own.
    #[schema(value_type = Vec<Object>)]
    conditions: Vec<Condition>,
    /// The id of its group: `default` of a built-in filter, `more` where it is in no other.
    group: String,
    built_in: bool,
    /// Whether sellers have it.
    published: bool,
    /// Whether it is hidden from sellers all the same.
    hidden: bool,
    /// Whether it stands above your own work list: you hide it, or its group, with `hidden_filters` of `/me/settings`.
    shown: bool,
}

/// A filter to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFilter {
    /// Unique among the filters of the type; `Type.Field` where it is not given.
    #[schema(max_length = 201)]
    name: Option<String>,
    /// Whose records it is for; it never changes.
    #[schema(value_type = String)]
    record_type: RecordType,
    /// 1–10 comparisons `{field, op, value}` of the record's own fields; each holds of what is let through.
    #[schema(value_type = Vec<Object>, min_items = 1, max_items = 10)]
    conditions: Vec<Condition>,
    /// The id of a group; `more`, or null, for “More filters”.
    group: Option<String>,
    /// Whether sellers have it; not unless it is said.
    #[serde(default)]
    published: bool,
    /// Whether it is hidden from sellers all the same.
    #[serde(default)]
    hidden: bool,
}

/// What may be written of a filter; of a built-in one only `hidden` (W-30).
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterBody {
    #[schema(max_length = 201)]
    name: Option<String>,
    /// All of them.
    #[schema(value_type = Option<Vec<Object>>, min_items = 1, max_items = 10)]
    conditions: Option<Vec<Condition>>,
    /// The id of a group; `more`, or null, for “More filters”.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    group: Option<Option<String>>,
    published: Option<bool>,
    hidden: Option<bool>,
}

/// What somebody sees of the work list's filters and sorts.
pub(super) struct Reader {
    /// Whether they may change them (P-13).
    pub manages: bool,
    shown: Vec<FilterKey>,
}

impl Reader {
    /// Whoever asks, if they may.
    pub(super) fn of(given: &Given, user: UserId) -> Result<Reader, Problem> {
        let manages = given.policy.person(user)?.may_all(Permission::ConfigureFilters);
        Ok(Reader::with(given, user, &given.catalogue.listing, manages))
    }

    /// Whoever has just changed something.
    fn manager(given: &Given, user: UserId, listing: &Listing) -> Reader {
        Reader::with(given, user, listing, true)
    }

    fn with(given: &Given, user: UserId, listing: &Listing, manages: bool) -> Reader {
        let shown = listing.shown(&given.policy.organisation.own(user), manages).filters;
        Reader { manages, shown }
    }
}

fn view(listing: &Listing, key: FilterKey, reader: &Reader) -> Option<(FilterView, u32)> {
    let (id, group, shown) = (key.to_string(), listing.group_of(key)?.to_string(), reader.shown.contains(&key));
    Some(match key {
        FilterKey::BuiltIn(one) => {
            let (name, hidden) = (one.label().into(), listing.hidden_filters.contains(&one));
            let (record_type, conditions) = (None, vec![]);
            let view =
                FilterView { id, name, record_type, conditions, group, built_in: true, published: true, hidden, shown };
            (view, listing.version)
        }
        FilterKey::Own(own) => {
            let filter = listing.filters.get(&own)?;
            let conditions = filter.conditions.iter().map(|one| one.0.clone()).collect();
            let (name, record_type) = (filter.name.clone(), Some(filter.kind));
            let (published, hidden) = (filter.published, filter.hidden);
            let view =
                FilterView { id, name, record_type, conditions, group, built_in: false, published, hidden, shown };
            (view, filter.version)
        }
    })
}

fn shown(found: Option<(FilterView, u32)>) -> Result<HttpResponse, Problem> {
    let (view, version) = found.ok_or_else(|| Problem::not_found("filter"))?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

fn filter_key(text: &str) -> Result<FilterKey, Problem> {
    FilterKey::parse(text).ok_or_else(|| Problem::not_found("filter"))
}

/// The group that a filter is to stand in.
fn group_id(group: Option<String>) -> Result<Option<FilterGroupId>, Problem> {
    let Some(text) = group else { return Ok(None) };
    match GroupKey::parse(&text) {
        Some(GroupKey::BuiltIn(BuiltInGroup::More)) => Ok(None),
        Some(GroupKey::BuiltIn(BuiltInGroup::Default)) => Err(CatalogueRejection::FilterBuiltIn.into()),
        Some(GroupKey::Own(group)) => Ok(Some(group)),
        None => Err(Problem::malformed("/group", format!("`{text}` is the id of no group"))),
    }
}

fn stored(conditions: Vec<Condition>) -> FilterPart {
    FilterPart::Conditions(conditions.into_iter().map(StoredCondition).collect())
}

/// A filter as it is after a command.
async fn write(
    engine: &Engine,
    key: FilterKey,
    command: ListingCommand,
    (caller, by): (Caller, UserId),
) -> Result<Option<(FilterView, u32)>, Problem> {
    let given = engine.given();
    let seen = move |listing: &Listing| view(listing, key, &Reader::manager(&given, by, listing));
    submit(engine, CatalogueCommand::Listing(command), caller, move |all| seen(&all.listing)).await
}

/// Add a filter for records of a type (W-25, W-29). Sellers have it once it is published.
#[utoipa::path(tag = "Configuration", request_body = NewFilter,
    responses((status = 201, body = FilterView), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/filters")]
pub async fn create_filter(app: Data<App>, body: Body<NewFilter>) -> Result<HttpResponse, Problem> {
    let (engine, by) = (&app.engine, body.principal.user());
    let NewFilter { name, record_type, conditions, group, published, hidden } = body.value;
    let kind = known_type(engine, record_type, "/record_type")?;
    let rest = [FilterPart::Group(group_id(group)?), FilterPart::Published(published), FilterPart::Hidden(hidden)];
    let parts = name.map(FilterPart::Name).into_iter().chain([stored(conditions)]).chain(rest).collect();
    let filter = FilterId(engine.ids.named_by(body.caller.command, engine.clock().now()));
    let command = ListingCommand::AddFilter { filter, kind, parts };
    let made = write(engine, FilterKey::Own(filter), command, (body.caller, by)).await?;
    let (view, version) = made.ok_or_else(|| Problem::not_found("filter any more"))?;
    let location = format!("/api/v1/filters/{filter}");
    Ok(HttpResponse::Created().insert_header(etag(version)).insert_header((LOCATION, location)).json(view))
}

/// Filters: the built-in ones, then the organisation's own by name. Sellers have those that are published and not hidden
/// (W-31).
#[utoipa::path(tag = "Configuration", params(PageQuery),
    responses((status = 200, body = Page<FilterView>), (status = 400, body = Problem)))]
#[get("/filters")]
pub async fn list_filters(
    app: Data<App>,
    by: Principal,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    let (listing, reader) = (&given.catalogue.listing, Reader::of(&given, by.user())?);
    let place = |key: FilterKey, view: &FilterView| match key {
        FilterKey::BuiltIn(one) => format!("0{}", one as usize),
        FilterKey::Own(_) => format!("1{}", view.name),
    };
    let keys = listing.filter_keys().into_iter().filter(|key| listing.offers_filter(*key, reader.manages));
    let all = keys.filter_map(|key| {
        let (view, _) = view(listing, key, &reader)?;
        Some((key, place(key, &view), view))
    });
    let page = page_by_name(all, FilterKey::parse, (query.limit, query.cursor.as_deref()), |_, view| view)?;
    Ok(HttpResponse::Ok().json(page))
}

/// One filter.
#[utoipa::path(tag = "Configuration", responses((status = 200, body = FilterView), (status = 404, body = Problem)))]
#[get("/filters/{id}")]
pub async fn get_filter(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (key, given) = (filter_key(&id)?, app.engine.given());
    let (listing, reader) = (&given.catalogue.listing, Reader::of(&given, by.user())?);
    let found = view(listing, key, &reader);
    match found.is_none() || listing.offers_filter(key, reader.manages) {
        true => shown(found),
        false => Err(Denial::hidden("filter").into()),
    }
}

/// Change a filter: name, conditions, group, whether it is published or hidden. A built-in filter is only hidden (W-30).
#[utoipa::path(tag = "Configuration", request_body = FilterBody,
    responses((status = 200, body = FilterView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/filters/{id}")]
pub async fn patch_filter(app: Data<App>, id: Path<String>, body: Body<FilterBody>) -> Result<HttpResponse, Problem> {
    let (filter, by, expected) = (filter_key(&id)?, body.principal.user(), body.caller.expected);
    let FilterBody { name, conditions, group, published, hidden } = body.value;
    let parts = [
        name.map(FilterPart::Name),
        conditions.map(stored),
        group.map(group_id).transpose()?.map(FilterPart::Group),
        published.map(FilterPart::Published),
        hidden.map(FilterPart::Hidden),
    ];
    let parts = parts.into_iter().flatten().collect();
    let command = ListingCommand::ChangeFilter { filter, parts, expected };
    shown(write(&app.engine, filter, command, (body.caller, by)).await?)
}

/// Delete a filter that is not built in.
#[utoipa::path(tag = "Configuration", request_body = Nothing,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
#[delete("/filters/{id}")]
pub async fn delete_filter(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let command = ListingCommand::RemoveFilter { filter: filter_key(&id)?, expected: body.caller.expected };
    submit(&app.engine, CatalogueCommand::Listing(command), body.caller, |_| ()).await?;
    Ok(HttpResponse::NoContent().finish())
}
