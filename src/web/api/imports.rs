//! `/imports`: a CSV file becomes records, row by row.

use std::collections::BTreeMap;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::catalogue::Catalogue;
use crate::domain::import::{Import, ImportCommand, ImportRequest, ImportState};
use crate::domain::record::schema::RecordType;
use crate::id::{EntityId, ImportId};
use crate::import::mapping::{Columns, targets, unknown_target};
use crate::limits;
use crate::runtime::message::Seen;
use crate::sheet::Sheet;
use crate::web::App;
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Query, blocking, caller, member};

/// How the file is read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// The type every row becomes.
    #[serde(rename = "type")]
    #[param(value_type = String)]
    kind: RecordType,
    /// JSON, `{column: property or field}`; guessed from the header where it is not given.
    mapping: Option<String>,
    /// One character; recognised where it is not given. `tab` is one too.
    delimiter: Option<String>,
    /// The column whose value identifies the row: the same value again updates.
    external_id: Option<String>,
}

/// An import job.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportView {
    id: String,
    /// `running`, `completed` or `failed`.
    state: &'static str,
    rows_read: u64,
    created: u64,
    updated: u64,
    rejected: u64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    started_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

fn view(seen: &Seen<Import>) -> ImportView {
    let import = seen.state;
    let (state, detail) = match &import.state {
        ImportState::Running => ("running", None),
        ImportState::Completed => ("completed", None),
        ImportState::Failed(reason) => ("failed", Some(reason.clone())),
    };
    ImportView {
        id: seen.id.to_string(),
        state,
        rows_read: import.counts.rows_read,
        created: import.counts.created,
        updated: import.counts.updated,
        rejected: import.counts.rejected,
        detail,
        started_at: import.started_at.to_string(),
        ended_at: import.ended_at.map(|at| at.to_string()),
    }
}

fn request(query: ImportQuery, catalogue: &Catalogue) -> Result<ImportRequest, Problem> {
    if !catalogue.knows(query.kind) {
        let detail = format!("there is no record type `{}`", query.kind);
        return Err(Problem::malformed("/type", detail));
    }
    let mapping: Option<BTreeMap<String, String>> = match &query.mapping {
        None => None,
        Some(text) => Some(serde_json::from_str(text).map_err(|error| {
            Problem::malformed("/mapping", format!("a mapping is `{{\"column\": \"field\"}}`: {error}"))
        })?),
    };
    let known = targets(catalogue, query.kind);
    if let Some((column, target)) = mapping.iter().flatten().find(|(_, target)| !known.contains(&target.as_str())) {
        let pointer = format!("/mapping{}", member(column));
        return Err(Problem::at("validation_failed", pointer, unknown_target(catalogue, query.kind, target)));
    }
    let delimiter = match query.delimiter.as_deref() {
        None => None,
        Some("tab" | "\\t") => Some(b'\t'),
        Some(text) => match text.as_bytes() {
            [one] => Some(*one),
            _ => return Err(Problem::malformed("/delimiter", "a delimiter is one character, or `tab`")),
        },
    };
    Ok(ImportRequest { kind: query.kind, mapping, delimiter, external_id: query.external_id })
}

/// Start an import. The header is judged at once; the rows go in one by one, and those that cannot are listed with line
/// number and reason.
#[utoipa::path(tag = "Imports", params(ImportQuery), request_body(content = String, content_type = "text/csv"),
    responses((status = 201, body = ImportView), (status = 413, body = Problem), (status = 422, body = Problem)))]
#[post("/imports")]
pub async fn start_import(
    app: Data<App>,
    by: Principal,
    http: HttpRequest,
    Query(query): Query<ImportQuery>,
    body: Payload,
) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    let request = request(query, &given.catalogue)?;
    csv_type(&http)?;
    let bytes = match body.to_bytes_limited(limits::IMPORT_BODY_MAX).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(Problem::malformed("", format!("the body broke off: {error}"))),
        Err(_) => {
            let detail = format!("a file has at most {} MiB; cut it into several", limits::IMPORT_BODY_MAX >> 20);
            return Err(Problem::new("too_large", detail));
        }
    };
    let caller = caller(&http, &by, &bytes)?;
    let now = app.engine.clock().now();
    let fresh = ImportId(app.engine.ids.for_command(caller.command, now));
    if let Some(command) = caller.command {
        let shard = EntityId::from(fresh).shard();
        if app.engine.store().repeat(shard, command.key, now)?.is_some() {
            // The first answer again; the file is not looked at.
            let command = ImportCommand::Start(request);
            let view = app.engine.submit::<Import, _>(fresh, command, caller, |seen| view(&seen)).await?;
            return Ok(started(&view));
        }
    }
    if !app.engine.has_room(bytes.len() as u64) {
        return Err(Problem::disk_full());
    }
    let (imports, judged) = (app.imports.clone(), request.clone());
    blocking(move || {
        let sheet = Sheet::open(&bytes, judged.delimiter)
            .map_err(|error| Problem::at("validation_failed", "", error.to_string()))?;
        if let Some(column) = judged.external_id.as_ref().filter(|column| !sheet.header().contains(column)) {
            let detail = format!("there is no column `{column}`; the header is {}", sheet.header().join(", "));
            return Err(Problem::at("validation_failed", "/external_id", detail));
        }
        Columns::of(&judged, sheet.header(), &given.catalogue)
            .map_err(|reason| Problem::at("validation_failed", "/mapping", reason))?;
        imports.keep(fresh, &bytes).map_err(|error| Problem::unwritten("the file", &error))
    })
    .await?;
    let command = ImportCommand::Start(request);
    let view = app.engine.submit::<Import, _>(fresh, command, caller, |seen| view(&seen)).await?;
    if view.id == fresh.to_string() {
        app.imports.spawn(fresh);
    }
    Ok(started(&view))
}

fn started(view: &ImportView) -> HttpResponse {
    let location = format!("/api/v1/imports/{}", view.id);
    HttpResponse::Created().insert_header((LOCATION, location)).json(view)
}

fn csv_type(request: &HttpRequest) -> Result<(), Problem> {
    let sent = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("text/csv");
    let essence = sent.split(';').next().unwrap_or_default().trim();
    if matches!(essence, "text/csv" | "text/plain" | "text/tab-separated-values" | "application/octet-stream") {
        return Ok(());
    }
    Err(Problem::new("unsupported_media_type", format!("the body is `{essence}`, this address takes text/csv")))
}

/// How far an import is.
#[utoipa::path(tag = "Imports", responses((status = 200, body = ImportView), (status = 404, body = Problem)))]
#[get("/imports/{id}")]
pub async fn get_import(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = ImportId::parse(&id).ok_or_else(|| Problem::not_found("import"))?;
    let seen =
        app.engine.read::<Import, _>(id, by.caller, |seen| seen.state.exists.then(|| (view(&seen), seen.version)));
    let (view, version) = seen.await?.ok_or_else(|| Problem::not_found("import"))?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// The rows that did not go in, as CSV: line number, reason, the row.
#[utoipa::path(tag = "Imports",
    responses((status = 200, content_type = "text/csv", body = String), (status = 404, body = Problem)))]
#[get("/imports/{id}/rejects")]
pub async fn get_import_rejects(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = ImportId::parse(&id).ok_or_else(|| Problem::not_found("import"))?;
    let exists = app.engine.read::<Import, _>(id, by.caller, |seen| seen.state.exists).await?;
    if !exists {
        return Err(Problem::not_found("import"));
    }
    let file = app.imports.rejects(id);
    let bytes = blocking(move || Ok(std::fs::read(file).unwrap_or_else(|_| b"line,reason,row\n".to_vec()))).await?;
    let disposition = format!("attachment; filename=\"{id}-rejects.csv\"");
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, disposition))
        .body(bytes))
}
