//! `/records`: create, read, change, close, list.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post, put};
use futures_util::StreamExt;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::access::Reach;
use crate::domain::entity::Entity;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::schema::{Change, Outcome, RecordType};
use crate::domain::record::{Record, RecordRejection};
use crate::id::{CommandId, EntityId, RecordId};
use crate::limits;
use crate::lookup;
use crate::runtime::engine::Engine;
use crate::runtime::message::{Caller, Failure, Seen};
use crate::store::Version;
use crate::web::App;
use crate::web::api::replay::{AtQuery, past_record};
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Body, Nothing, Object, Query, record_id};
use crate::web::wire::{EnrolmentView, ItemResult, Page, RecordBody, RecordView, Results};

/// A record with the version it was seen at.
pub(super) struct Versioned {
    view: RecordView,
    version: Version,
    pub(super) id: RecordId,
}

pub(super) fn versioned(seen: Seen<Record>) -> Versioned {
    Versioned { view: RecordView::of(seen.id, seen.state, seen.given), version: seen.version, id: seen.id }
}

/// The ETag of a version.
pub fn etag(version: Version) -> (actix_web::http::header::HeaderName, String) {
    (ETAG, format!("\"v{version}\""))
}

fn shown(record: &Versioned) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(record.version)).json(&record.view)
}

fn created(record: &Versioned) -> HttpResponse {
    let location = format!("/api/v1/records/{}", record.id);
    HttpResponse::Created().insert_header(etag(record.version)).insert_header((LOCATION, location)).json(&record.view)
}

/// Creates a record with an id that lives where a repeat of the command will look for it.
pub async fn create(
    engine: &Engine,
    kind: RecordType,
    changes: Vec<Change>,
    caller: Caller,
) -> Result<(RecordView, RecordId, Version), Problem> {
    let changes = resolve(engine, kind, changes, caller).await?;
    let now = engine.clock().now();
    let id = RecordId(engine.ids.for_command(caller.command, now));
    let command = RecordCommand::Create { kind, changes };
    let done = engine.submit_in_turn(id, command, caller, versioned).await?;
    Ok((done.view, done.id, done.version))
}

/// The changes with an id in each lookup, however the record was named.
pub(super) async fn resolve(
    engine: &Engine,
    kind: RecordType,
    mut changes: Vec<Change>,
    caller: Caller,
) -> Result<Vec<Change>, Problem> {
    let given = engine.given();
    if !lookup::may_lead(&given, &changes) {
        return Ok(changes);
    }
    let store = engine.shared_store();
    let resolved = request::blocking(move || {
        let problems = lookup::resolve(store.as_ref(), &given, caller.by, kind, &mut changes)?;
        if problems.is_empty() { Ok(changes) } else { Err(Problem::invalid(problems)) }
    });
    resolved.await
}

fn required_type(engine: &Engine, kind: Option<RecordType>) -> Result<RecordType, Problem> {
    let missing = "a record needs a type, such as lead, contact, account or opportunity";
    request::known_type(engine, kind.ok_or_else(|| Problem::malformed("/type", missing))?, "/type")
}

/// Create a record; the caller owns it unless `owner` says otherwise.
#[utoipa::path(tag = "Records", request_body = RecordBody,
    responses((status = 201, body = RecordView), (status = 400, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/records")]
pub async fn create_record(app: Data<App>, body: Body<RecordBody>) -> Result<HttpResponse, Problem> {
    let kind = required_type(&app.engine, body.value.kind)?;
    let (view, id, version) = create(&app.engine, kind, body.value.changes()?, body.caller).await?;
    Ok(created(&Versioned { view, version, id }))
}

/// Records to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordBatch {
    /// At most 1,000; each is judged by itself.
    #[schema(value_type = Vec<RecordBody>)]
    records: Vec<serde_json::Value>,
}

/// Create up to 1,000 records; the answer says for each what became of it.
#[utoipa::path(tag = "Records", request_body = RecordBatch,
    responses((status = 200, body = Results<ItemResult<RecordView>>), (status = 413, body = Problem)))]
#[post("/records/batch")]
pub async fn create_records(app: Data<App>, body: Body<RecordBatch>) -> Result<HttpResponse, Problem> {
    request::judge_batch(body.value.records.len())?;
    let (engine, caller) = (&app.engine, body.caller);
    let of_place = |place: usize| request::item(caller, &place.to_be_bytes());
    let asked = (0..body.value.records.len()).map(of_place);
    let asked = asked.map(|caller| (RecordId(caller.command.map_or(0, |command| command.key)).into(), caller));
    request::judge_repeats(engine, asked)?;
    let items = body.value.records.into_iter().enumerate().map(|(place, item)| async move {
        let made = async {
            let Object(item): Object<RecordBody> = request::from_value(item, "")?;
            let kind = required_type(engine, item.kind)?;
            create(engine, kind, item.changes()?, of_place(place)).await.map(|(view, ..)| view)
        };
        made.await.map_err(|problem| problem.under(&format!("/records/{place}")))
    });
    let results = futures_util::stream::iter(items).buffered(limits::BACKGROUND_IN_FLIGHT_MAX);
    let results: Vec<ItemResult<RecordView>> = results.map(ItemResult::from).collect().await;
    Ok(HttpResponse::Ok().json(Results { results }))
}

/// Create or update a record by your own key: 201 if it is new, 200 if it was there.
#[utoipa::path(tag = "Records", request_body = RecordBody,
    responses((status = 200, body = RecordView), (status = 201, body = RecordView), (status = 422, body = Problem)))]
#[put("/records/external/{type}/{external_id}")]
pub async fn put_external_record(
    app: Data<App>,
    path: Path<(String, String)>,
    body: Body<RecordBody>,
) -> Result<HttpResponse, Problem> {
    let (kind, external_id) = path.into_inner();
    let known = RecordType::from_name(&kind).filter(|kind| app.engine.given().catalogue.knows(*kind));
    let kind = known.ok_or_else(|| Problem::not_found("record type"))?;
    if body.value.kind.is_some_and(|given| given != kind) {
        return Err(Problem::at("validation_failed", "/type", "the type differs from the one in the address"));
    }
    if body.value.external_id.as_ref().is_some_and(|given| given.as_deref() != Some(external_id.as_str())) {
        return Err(Problem::at("validation_failed", "/external_id", "the key differs from the one in the address"));
    }
    body.value.judge_nulls()?;
    let changes = body.value.changes()?;
    let (record, is_new) = upsert(&app.engine, kind, external_id, changes, body.caller).await?;
    Ok(if is_new { created(&record) } else { shown(&record) })
}

/// Creates the record of that key or changes the one there is. Two at once agree: the one that comes second changes
/// what the first has created.
pub(super) async fn upsert(
    engine: &Engine,
    kind: RecordType,
    external_id: String,
    mut changes: Vec<Change>,
    caller: Caller,
) -> Result<(Versioned, bool), Problem> {
    changes.retain(|change| !matches!(change, Change::ExternalId(_)));
    let changes = resolve(engine, kind, changes, caller).await?;
    loop {
        if let Some(id) = engine.store().claimed(kind, &external_id)? {
            // A repeat of the command that created it gets that command's answer: it was new.
            let now = engine.clock().now();
            let run = |command: CommandId| engine.store().repeat(EntityId::from(id).shard(), command.key, now);
            let first_run = caller.command.map(run).transpose()?.flatten();
            let command = RecordCommand::Change(changes.clone());
            let done = match engine.submit_in_turn(id, command, caller, versioned).await {
                // Erased since it was found: the key is free.
                Err(Failure::Refused(RecordRejection::NotFound)) => continue,
                done => done?,
            };
            return Ok((done, first_run.is_some_and(|run| run.version == 1)));
        }
        if caller.expected.is_some() {
            return Err(Problem::new("version_mismatch", "there is no such record to be at a version"));
        }
        let mut all = changes.clone();
        all.push(Change::ExternalId(Some(external_id.clone())));
        let id = RecordId(engine.ids.fresh(engine.clock().now()));
        let command = RecordCommand::Create { kind, changes: all };
        match engine.submit_in_turn(id, command, caller, versioned).await {
            Err(Failure::Taken(_)) => {}
            other => return Ok((other?, true)),
        }
    }
}

/// Looks at a record that exists.
pub(super) async fn read_record<T: Send + 'static>(
    engine: &Engine,
    id: RecordId,
    caller: Caller,
    view: impl FnOnce(Seen<Record>) -> T + Send + 'static,
) -> Result<T, Problem> {
    let seen = engine.read::<Record, _>(id, caller, |seen| seen.state.exists.then(|| view(seen))).await?;
    seen.ok_or_else(|| Problem::not_found("record"))
}

/// One record, as it is or as it was: its log up to that instant, in the words of today. It is there from its creation on, and
/// who may see it now sees its past.
#[utoipa::path(tag = "Records", params(AtQuery),
    responses((status = 200, body = RecordView), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[get("/records/{id}")]
pub async fn get_record(
    app: Data<App>,
    by: Principal,
    id: Path<String>,
    Query(query): Query<AtQuery>,
) -> Result<HttpResponse, Problem> {
    let id = record_id(&app.engine, &id)?;
    let Some(at) = query.at else {
        return Ok(shown(&read_record(&app.engine, id, by.caller, versioned).await?));
    };
    let given = app.engine.given();
    let past = past_record(&app, id, by, &at).await?;
    Ok(shown(&Versioned { view: RecordView::of(id, &past.then, &given), version: past.version, id }))
}

/// Change a record (RFC 7396: members given are written, null clears).
#[utoipa::path(tag = "Records", request_body = RecordBody,
    responses((status = 200, body = RecordView), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/records/{id}")]
pub async fn patch_record(app: Data<App>, id: Path<String>, body: Body<RecordBody>) -> Result<HttpResponse, Problem> {
    let id = record_id(&app.engine, &id)?;
    if body.value.kind.is_some() {
        return Err(Problem::at("validation_failed", "/type", "the type of a record does not change"));
    }
    body.value.judge_nulls()?;
    let (engine, mut changes) = (&app.engine, body.value.changes()?);
    if lookup::may_lead(&engine.given(), &changes) {
        let kind = read_record(engine, id, body.caller, |seen| seen.state.kind).await?;
        changes = resolve(engine, kind, changes, body.caller).await?;
    }
    submit(engine, id, RecordCommand::Change(changes), body.caller).await
}

/// Erase a record and everything personal about it: its log, lists, timers, messages and rejected rows. Anonymous totals
/// stay. It cannot be undone; a backup made before still holds the person.
#[utoipa::path(tag = "Records", request_body = Nothing,
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
#[delete("/records/{id}")]
pub async fn delete_record(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let engine = &app.engine;
    let erased = || Ok(HttpResponse::NoContent().finish());
    let id = match (record_id(engine, &id), body.caller.command) {
        (Ok(id), _) => id,
        (Err(problem), None) => return Err(problem),
        // An erased record has no external id any more, but the key of the command that erased it is known.
        (Err(problem), Some(command)) => match request::repeated(engine, command)? {
            true => return erased(),
            false => return Err(problem),
        },
    };
    let caller = body.caller;
    let profile = engine.read::<Record, _>(id, caller, move |seen| {
        let may = seen.given.policy.person(caller.by).is_ok_and(|person| seen.state.reach(&person) == Reach::Erase);
        let is_meant = seen.state.exists && caller.expected.is_none_or(|expected| expected == seen.version);
        (may && is_meant).then(|| seen.state.profile.clone())
    });
    if let Some(profile) = profile.await? {
        // What a crash leaves undone behind this is done when the client asks again: it has no answer yet.
        let imports = app.imports.clone();
        request::blocking(move || {
            imports.forget(&profile).map_err(|error| {
                tracing::error!(%error, "rejected rows of a person cannot be removed");
                Problem::new("unavailable", "the data directory cannot be written")
            })
        })
        .await?;
    }
    match engine.submit::<Record, _>(id, RecordCommand::Erase, body.caller, |_| ()).await {
        Err(Failure::Refused(RecordRejection::NotFound)) => Err(Problem::not_found("record")),
        done => done.map_err(Problem::from).and_then(|()| erased()),
    }
}

pub(super) async fn submit(
    engine: &Engine,
    id: RecordId,
    command: RecordCommand,
    caller: Caller,
) -> Result<HttpResponse, Problem> {
    let done: Result<_, Failure<<Record as Entity>::Rejection>> = engine.submit(id, command, caller, versioned).await;
    match done {
        Err(Failure::Refused(RecordRejection::NotFound)) => Err(Problem::not_found("record")),
        done => Ok(shown(&done?)),
    }
}

/// How a record is closed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseBody {
    /// `success` or `failure`.
    outcome: String,
}

/// How a record is closed, by its word.
pub(super) fn named_outcome(word: &str) -> Result<Outcome, Problem> {
    match word {
        "success" => Ok(Outcome::Success),
        "failure" => Ok(Outcome::Failure),
        other => {
            let detail = format!("a record is closed as `success` or `failure`, not `{other}`");
            Err(Problem::at("validation_failed", "/outcome", detail))
        }
    }
}

/// Close a record; sequences on it end, unless a success leaves seller steps to do (K-13, TC-8).
#[utoipa::path(tag = "Records", request_body = CloseBody,
    responses((status = 200, body = RecordView), (status = 422, body = Problem)))]
#[post("/records/{id}/close")]
pub async fn close_record(app: Data<App>, id: Path<String>, body: Body<CloseBody>) -> Result<HttpResponse, Problem> {
    let id = record_id(&app.engine, &id)?;
    let outcome = named_outcome(&body.value.outcome)?;
    submit(&app.engine, id, RecordCommand::Close(outcome), body.caller).await
}

/// Open a closed record again; enrolments that ended stay ended.
#[utoipa::path(tag = "Records", responses((status = 200, body = RecordView)))]
#[post("/records/{id}/reopen")]
pub async fn reopen_record(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let id = record_id(&app.engine, &id)?;
    submit(&app.engine, id, RecordCommand::Reopen, body.caller).await
}

/// Every enrolment of a record, live and ended, newest first.
#[utoipa::path(tag = "Records", responses((status = 200, body = Page<EnrolmentView>)))]
#[get("/records/{id}/enrolments")]
pub async fn list_record_enrolments(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = record_id(&app.engine, &id)?;
    let items = read_record(&app.engine, id, by.caller, move |seen| {
        let enrolments = seen.state.enrolments.iter().rev();
        enrolments.map(|enrolment| EnrolmentView::of(id, seen.state, seen.given, enrolment)).collect::<Vec<_>>()
    });
    Ok(HttpResponse::Ok().json(Page { items: items.await?, next_cursor: None }))
}
