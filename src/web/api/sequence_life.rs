//! `/sequences/{id}/activate` and what follows: revisions, versions, copies, tags, deactivation and
//! deletion (§3.4, §3.5, §3.7, §19.1).

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post, put};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::given::Given;
use crate::domain::sequence::migration::Moves;
use crate::domain::sequence::{Sequence, SequenceCommand};
use crate::id::{SequenceId, TagId};
use crate::runtime::message::Seen;
use crate::web::App;
use crate::web::api::migrations::{BegunMigration, MovesBody, await_deliveries};
use crate::web::api::records::etag;
use crate::web::api::sequence_lists::connected_of_versions;
use crate::web::api::sequences::{SequenceView, connected, created, read, shown, submit};
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Body, Nothing, Query, cursor, page_limit, sequence_id};
use crate::web::wire::Page;
use crate::web::wire::care::PilotBody;

/// What to say about a version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivateBody {
    /// At most 2,000 characters.
    description: Option<String>,
    /// What becomes of the records that go through earlier versions; they stay on those where it is not given.
    #[serde(default, deserialize_with = "request::object")]
    migration: Option<MovesBody>,
    /// Begin with some of the records that are connected from now on; the others wait until `/release`.
    #[serde(default, deserialize_with = "request::object")]
    pilot: Option<PilotBody>,
}

/// A sequence that was activated.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActivatedSequence {
    #[serde(flatten)]
    sequence: SequenceView,
    /// The migration that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    migration: Option<BegunMigration>,
}

/// Publish the draft, so that records can be connected (§3.4). With an open revision it becomes the next version, for new
/// connections; records stay on theirs unless a migration takes them along (D-47).
#[utoipa::path(tag = "Sequences", request_body = ActivateBody,
    responses((status = 200, body = ActivatedSequence), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/sequences/{id}/activate")]
pub async fn activate_sequence(
    app: Data<App>,
    id: Path<String>,
    body: Body<ActivateBody>,
) -> Result<HttpResponse, Problem> {
    let ActivateBody { description, migration, pilot } = body.value;
    let (id, migrates) = (sequence_id(&id)?, migration.is_some());
    let command = SequenceCommand::Activate {
        description,
        migration: migration.map(Moves::from),
        pilot: pilot.map(|pilot| pilot.records),
    };
    let (connected, store) = (connected(&app.engine, id, body.caller.by).await?, app.engine.shared_store());
    let view = move |seen: Seen<Sequence>| {
        let migration = BegunMigration::of(seen.id, seen.state).filter(|_| migrates);
        let sequence = SequenceView::of(seen.id, seen.state, seen.given, (Some(connected), store.as_ref()));
        (ActivatedSequence { sequence, migration }, seen.version)
    };
    let (view, version) = app.engine.submit(id, command, body.caller, view).await?;
    if migrates && app.engine.clock().is_test() {
        await_deliveries(&app).await;
    }
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// Begin to draw the next version of an active sequence; the present one serves on.
#[utoipa::path(tag = "Sequences", responses((status = 200, body = SequenceView), (status = 409, body = Problem)))]
#[post("/sequences/{id}/revise")]
pub async fn revise_sequence(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let (view, version, _) = submit(&app.engine, sequence_id(&id)?, SequenceCommand::Revise, body.caller).await?;
    Ok(shown(&view, version))
}

/// Drop what was drawn since; the draft is the published version again.
#[utoipa::path(tag = "Sequences", responses((status = 200, body = SequenceView), (status = 409, body = Problem)))]
#[post("/sequences/{id}/discard-revision")]
pub async fn discard_revision(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let command = SequenceCommand::DiscardRevision;
    let (view, version, _) = submit(&app.engine, sequence_id(&id)?, command, body.caller).await?;
    Ok(shown(&view, version))
}

/// Whether to do it although another active sequence advances here.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Force {
    /// `true` or `false` (Q-58, D-43).
    #[serde(default, deserialize_with = "request::flag")]
    force: bool,
}

/// Take a sequence out of use; every record that is going through it leaves.
#[utoipa::path(tag = "Sequences", params(Force),
    responses((status = 200, body = SequenceView), (status = 409, body = Problem)))]
#[post("/sequences/{id}/deactivate")]
pub async fn deactivate_sequence(
    app: Data<App>,
    id: Path<String>,
    Query(Force { force }): Query<Force>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let command = SequenceCommand::Deactivate { force };
    let (view, version, _) = submit(&app.engine, sequence_id(&id)?, command, body.caller).await?;
    let_records_leave(&app).await;
    Ok(shown(&view, version))
}

/// Delete a sequence for good, active or not; every record that is going through it leaves. What it was is still told
/// of records that went through it.
#[utoipa::path(tag = "Sequences", params(Force),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
#[delete("/sequences/{id}")]
pub async fn delete_sequence(
    app: Data<App>,
    id: Path<String>,
    Query(Force { force }): Query<Force>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let command = SequenceCommand::Delete { force };
    app.engine.submit::<Sequence, ()>(sequence_id(&id)?, command, body.caller, |_| ()).await?;
    let_records_leave(&app).await;
    Ok(HttpResponse::NoContent().finish())
}

/// Time stands still on the test clock: records that are connected after a sequence comes back could not be told by their
/// instant from those that have to leave, so those leave first.
pub(super) async fn let_records_leave(app: &App) {
    if app.engine.clock().is_test() {
        await_deliveries(app).await;
    }
}

/// What to call a copy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyBody {
    /// 1–160 characters.
    name: String,
    /// At most 2,000 characters.
    description: Option<String>,
}

/// Copy a sequence as its graph reads now, an open revision included: inactive, version 1, yours, with nobody connected
///
#[utoipa::path(tag = "Sequences", request_body = CopyBody,
    responses((status = 201, body = SequenceView), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[post("/sequences/{id}/copy")]
pub async fn copy_sequence(app: Data<App>, id: Path<String>, body: Body<CopyBody>) -> Result<HttpResponse, Problem> {
    let (of, CopyBody { name, description }) = (sequence_id(&id)?, body.value);
    let now = app.engine.clock().now();
    let copy = SequenceId(app.engine.ids.for_command(body.caller.command, now));
    let command = SequenceCommand::Copy { of, name, description: description.unwrap_or_default() };
    let (view, version, id) = submit(&app.engine, copy, command, body.caller).await?;
    Ok(created(&view, version, id))
}

/// One published version.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionView {
    /// 1–500.
    number: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    at: String,
    /// The user who published it.
    by: String,
    step_count: u16,
    duration_days: i64,
    /// Live enrolments; a seller's count holds those on records that the seller sees (P-20).
    connected_count: i64,
}

impl VersionView {
    fn of(id: SequenceId, sequence: &Sequence, given: &Given, counts: impl Fn(u16) -> i64) -> Vec<VersionView> {
        let views = sequence.published.iter().rev().map(|version| {
            let plan = given.plan(id, version.number);
            VersionView {
                number: version.number,
                description: version.description.clone(),
                at: version.at.to_string(),
                by: version.by.to_string(),
                step_count: plan.map_or(0, |plan| plan.step_count),
                duration_days: plan.map_or(0, crate::domain::plan::Plan::duration_days),
                connected_count: counts(version.number),
            }
        });
        views.collect()
    }
}

/// Which versions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VersionQuery {
    /// `true` shows those without connected records as well.
    #[serde(default, deserialize_with = "request::flag")]
    all: bool,
    /// 1–500; 50 where it is not given.
    #[serde(default, deserialize_with = "request::number")]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// The published versions, newest first: the newest, and those that records are still connected to.
#[utoipa::path(tag = "Sequences", params(VersionQuery),
    responses((status = 200, body = Page<VersionView>), (status = 404, body = Problem)))]
#[get("/sequences/{id}/versions")]
pub async fn list_versions(
    app: Data<App>,
    by: Principal,
    id: Path<String>,
    Query(query): Query<VersionQuery>,
) -> Result<HttpResponse, Problem> {
    let id = sequence_id(&id)?;
    let limit = page_limit(query.limit)?;
    let before = cursor(query.cursor.as_deref(), |text| text.parse::<u16>().ok())?;
    let counts = connected_of_versions(&app.engine, by.user(), id).await?;
    let count = move |number| counts.get(&number).copied().unwrap_or_default();
    let view = move |seen: &Seen<Sequence>| VersionView::of(seen.id, seen.state, seen.given, count);
    let (mut versions, _) = read(&app.engine, id, by, view).await?;
    let newest = versions.first().map(|version| version.number);
    versions.retain(|version| query.all || version.connected_count > 0 || Some(version.number) == newest);
    versions.retain(|version| before.is_none_or(|before| version.number < before));
    let next_cursor = versions.get(limit).and(versions.get(limit - 1)).map(|last| last.number.to_string());
    versions.truncate(limit);
    Ok(HttpResponse::Ok().json(Page { items: versions, next_cursor }))
}

/// Tags to apply.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagsBody {
    /// At most 100 ids of tags; none takes all of them off.
    tags: Vec<String>,
}

/// Apply these tags and no others (P-9): to any sequence that you see, whatever its status.
#[utoipa::path(tag = "Sequences", request_body = TagsBody,
    responses((status = 200, body = SequenceView), (status = 403, body = Problem), (status = 422, body = Problem)))]
#[put("/sequences/{id}/tags")]
pub async fn put_tags(app: Data<App>, id: Path<String>, body: Body<TagsBody>) -> Result<HttpResponse, Problem> {
    let unknown = |place: usize| Problem::malformed(format!("/tags/{place}"), "this is no id of a tag");
    let tags = body.value.tags.iter().enumerate().map(|(place, tag)| TagId::parse(tag).ok_or_else(|| unknown(place)));
    let command = SequenceCommand::SetTags(tags.collect::<Result<_, _>>()?);
    let (view, version, _) = submit(&app.engine, sequence_id(&id)?, command, body.caller).await?;
    Ok(shown(&view, version))
}
