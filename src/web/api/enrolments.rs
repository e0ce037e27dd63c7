//! `/enrolments`, and connecting records to a sequence.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use chrono::TimeDelta;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::effect::EnrolmentRow;
use crate::domain::enrolment::EnrolmentStatus;
use crate::domain::entity::Entity;
use crate::domain::given::Given;
use crate::domain::record::Record;
use crate::domain::record::command::RecordCommand;
use crate::id::{EnrolmentId, SequenceId, StepId, UserId};
use crate::limits;
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::store::Store;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::api::record_lists::{load_record, visible_sequence};
use crate::web::api::records::etag;
use crate::web::api::replay::{AtQuery, past_record};
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Body, Nothing, Query, blocking, enrolment_id, page_limit, record_id};
use crate::web::wire::{EnrolmentView, Owner, Page, Results, reason_name, status_name, steps_total};

/// One enrolment, as it is or as it was.
#[utoipa::path(tag = "Enrolments", params(AtQuery),
    responses((status = 200, body = EnrolmentView), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[get("/enrolments/{id}")]
pub async fn get_enrolment(
    app: Data<App>,
    by: Principal,
    id: Path<String>,
    Query(query): Query<AtQuery>,
) -> Result<HttpResponse, Problem> {
    let id = enrolment_id(&id)?;
    if let Some(at) = query.at {
        let given = app.engine.given();
        let past = past_record(&app, id.record(), by, &at).await?;
        let enrolment = past.then.enrolment(id.ordinal()).ok_or_else(|| Problem::not_found("enrolment"))?;
        let view = EnrolmentView::of(id.record(), &past.then, &given, enrolment);
        return Ok(HttpResponse::Ok().insert_header(etag(past.version)).json(view));
    }
    let read = app.engine.read::<Record, _>(id.record(), by.caller, move |seen| {
        let enrolment = seen.state.enrolment(id.ordinal())?;
        Some((EnrolmentView::of(seen.id, seen.state, seen.given, enrolment), seen.version))
    });
    let (view, version) = read.await?.ok_or_else(|| Problem::not_found("enrolment"))?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// Take a record out of a sequence (K-12).
#[utoipa::path(tag = "Enrolments", responses((status = 200, body = EnrolmentView), (status = 409, body = Problem)))]
#[post("/enrolments/{id}/disconnect")]
pub async fn disconnect_enrolment(
    app: Data<App>,
    id: Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = enrolment_id(&id)?;
    let command = RecordCommand::Disconnect(id.ordinal());
    let done = app.engine.submit::<Record, _>(id.record(), command, body.caller, move |seen| {
        let enrolment = seen.state.enrolment(id.ordinal())?;
        Some((EnrolmentView::of(seen.id, seen.state, seen.given, enrolment), seen.version))
    });
    let (view, version) = done.await?.ok_or_else(|| Problem::not_found("enrolment"))?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// How long to wait before the first step opens.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitBody {
    /// Whole days of 24 hours.
    #[serde(default)]
    days: i64,
    /// Hours on top.
    #[serde(default)]
    hours: i64,
}

/// Records to connect.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectBody {
    /// At most 1,000 ids, or `external:TYPE:EXTERNAL_ID`.
    records: Vec<String>,
    /// More than nothing and at most 30 days (K-9).
    #[serde(default, deserialize_with = "request::object")]
    wait: Option<WaitBody>,
    /// Where they come from, in your words.
    source: Option<String>,
}

/// What became of one record.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectResult {
    /// The record as it was named.
    record: String,
    /// The enrolment, if it is connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    enrolment: Option<EnrolmentView>,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem>,
}

/// Connect up to 1,000 records; the answer says for each what became of it (K-10).
#[utoipa::path(tag = "Sequences", request_body = ConnectBody,
    responses((status = 200, body = Results<ConnectResult>), (status = 404, body = Problem), (status = 413, body = Problem)))]
#[post("/sequences/{id}/enrolments")]
pub async fn connect_records(
    app: Data<App>,
    id: Path<String>,
    body: Body<ConnectBody>,
) -> Result<HttpResponse, Problem> {
    let sequence = request::sequence_id(&id)?;
    let ConnectBody { records, wait, source } = body.value;
    request::judge_batch(records.len())?;
    visible_sequence(&app.engine.given(), sequence, body.caller.by)?;
    judge_source(source.as_ref(), "/source")?;
    let wait = wait.map(span).transpose()?;
    let (engine, caller) = (&app.engine, body.caller);
    if caller.command.is_some() {
        let asked = records.iter().filter_map(|record| Some((record_id(engine, record).ok()?, record)));
        let asked = asked.map(|(id, record)| (id.into(), request::item(caller, record.as_bytes())));
        request::judge_repeats(engine, asked)?;
    }
    let connections = records.into_iter().map(|record| {
        let source = source.clone();
        async move {
            match connect(engine, sequence, &record, wait, source, caller).await {
                Ok(enrolment) => ConnectResult { record, enrolment: Some(enrolment), error: None },
                Err(problem) => ConnectResult { record, enrolment: None, error: Some(problem) },
            }
        }
    });
    let results = futures_util::stream::iter(connections).buffered(limits::BACKGROUND_IN_FLIGHT_MAX);
    Ok(HttpResponse::Ok().json(Results { results: results.collect::<Vec<_>>().await }))
}

/// Refuses more words on where a record comes from than are kept.
pub(super) fn judge_source(source: Option<&String>, pointer: &str) -> Result<(), Problem> {
    if source.is_none_or(|source| source.chars().count() <= limits::RECORD_NAME_MAX) {
        return Ok(());
    }
    let detail = format!("a source has at most {} characters", limits::RECORD_NAME_MAX);
    Err(Problem::at("validation_failed", pointer, detail))
}

fn span(wait: WaitBody) -> Result<TimeDelta, Problem> {
    let hours = wait.days.checked_mul(24).and_then(|hours| hours.checked_add(wait.hours));
    match hours {
        Some(hours @ 1..=limits::WAIT_HOURS_MAX) if wait.days >= 0 && wait.hours >= 0 => Ok(TimeDelta::hours(hours)),
        _ => Err(Problem::at("validation_failed", "/wait", "a wait is more than nothing and at most 30 days")),
    }
}

/// Connects one record; its enrolment.
pub(super) async fn connect(
    engine: &Engine,
    sequence: SequenceId,
    record: &str,
    wait: Option<TimeDelta>,
    source: Option<String>,
    caller: Caller,
) -> Result<EnrolmentView, Problem> {
    let id = record_id(engine, record)?;
    let caller = request::item(caller, record.as_bytes());
    let command = RecordCommand::Connect { sequence, wait, source };
    let view = engine
        .submit_in_turn::<Record, _>(id, command, caller, move |seen| {
            let newest = seen.state.enrolments.iter().rev().find(|enrolment| enrolment.sequence == sequence);
            newest.map(|enrolment| EnrolmentView::of(seen.id, seen.state, seen.given, enrolment))
        })
        .await?;
    view.ok_or_else(|| Problem::not_found("record"))
}

/// The step an enrolment stands on, for lists.
#[derive(Debug, Serialize, ToSchema)]
pub struct CurrentStep {
    id: String,
    node: String,
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
}

/// One connected record.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectedRecord {
    enrolment: String,
    record: String,
    record_name: String,
    version: u16,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    steps_done: u16,
    steps_total: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_step: Option<CurrentStep>,
    /// Whole days since the current step opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_in_step: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<Owner>,
}

/// Which page.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// 1–500; 50 where it is not given.
    #[serde(default, deserialize_with = "request::number")]
    pub limit: Option<usize>,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// Which connected records, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConnectedFilter {
    /// `connecting`, `connected`, `completed`, `disconnected` or `error`; several are joined by commas, and any will do.
    status: Option<String>,
    /// 1–500; 50 where it is not given.
    #[serde(default, deserialize_with = "request::number")]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

impl ConnectedFilter {
    /// Every status that is asked for.
    fn statuses(&self) -> Result<Vec<EnrolmentStatus>, Problem> {
        let Some(words) = self.status.as_deref().filter(|words| !words.is_empty()) else { return Ok(STATUSES.into()) };
        let read = |word: &str| {
            let known = STATUSES.into_iter().find(|status| status_name(*status) == word);
            known.ok_or_else(|| Problem::malformed("/status", format!("`{word}` is no status of an enrolment")))
        };
        words.split(',').map(|word| read(word.trim())).collect()
    }
}

/// Every status of an enrolment.
const STATUSES: [EnrolmentStatus; 5] = [
    EnrolmentStatus::Connecting,
    EnrolmentStatus::Connected,
    EnrolmentStatus::Error,
    EnrolmentStatus::Completed,
    EnrolmentStatus::Disconnected,
];

/// Records connected to a sequence: the live ones, then those whose enrolment has ended.
#[utoipa::path(tag = "Sequences", params(ConnectedFilter),
    responses((status = 200, body = Page<ConnectedRecord>), (status = 400, body = Problem), (status = 404, body = Problem)))]
#[get("/sequences/{id}/enrolments")]
pub async fn list_sequence_enrolments(
    app: Data<App>,
    by: Principal,
    id: Path<String>,
    Query(query): Query<ConnectedFilter>,
) -> Result<HttpResponse, Problem> {
    let sequence = request::sequence_id(&id)?;
    let statuses = query.statuses()?;
    let given = app.engine.given();
    visible_sequence(&given, sequence, by.user())?;
    let limit = page_limit(query.limit)?;
    let after = request::cursor(query.cursor.as_deref(), read_cursor)?;
    let (store, now) = (app.engine.shared_store(), app.engine.clock().now());
    let walk = Walk { sequence, by: by.user(), now, limit, statuses };
    Ok(HttpResponse::Ok().json(blocking(move || walk.page(store.as_ref(), &given, after)).await?))
}

/// What a page of connected records is made for.
struct Walk {
    sequence: SequenceId,
    by: UserId,
    now: Timestamp,
    limit: usize,
    statuses: Vec<EnrolmentStatus>,
}

impl Walk {
    /// The next enrolments of records that the caller sees; of the others not even their number.
    fn page(
        &self,
        store: &dyn Store,
        given: &Given,
        after: Option<EnrolmentRow>,
    ) -> Result<Page<ConnectedRecord>, Problem> {
        let (mut items, mut last, mut more, mut failed, mut scanned) = (Vec::new(), None, false, None, 0);
        for live in [true, false] {
            let before = match after {
                Some(row) if row.live == live => Some(row),
                Some(row) if !row.live && live => continue,
                _ => None,
            };
            if more || failed.is_some() {
                break;
            }
            if !self.statuses.iter().any(|status| status.is_live() == live) {
                continue;
            }
            store.enrolments(self.sequence, live, before, &mut |row| {
                if items.len() == self.limit || scanned == limits::PAGE_ROWS_SCANNED_MAX {
                    more = true;
                    return false;
                }
                (scanned, last) = (scanned + 1, Some(row));
                match self.connected_record(store, given, row) {
                    Ok(item) => items.extend(item),
                    Err(problem) => failed = Some(problem),
                }
                failed.is_none()
            })?;
        }
        match failed {
            Some(problem) => Err(problem),
            None => Ok(Page { items, next_cursor: last.filter(|_| more).as_ref().map(write_cursor) }),
        }
    }
}

fn write_cursor(row: &EnrolmentRow) -> String {
    let state = if row.live { "live" } else { "ended" };
    format!("{state}.{}", EnrolmentId::of(row.record, row.ordinal))
}

fn read_cursor(text: &str) -> Option<EnrolmentRow> {
    let (state, id) = text.split_once('.')?;
    let id = EnrolmentId::parse(id)?;
    let live = match state {
        "live" => true,
        "ended" => false,
        _ => return None,
    };
    Some(EnrolmentRow { record: id.record(), ordinal: id.ordinal(), live })
}

impl Walk {
    /// `None` of a record that the caller does not see, or that was erased since the row was read.
    fn connected_record(
        &self,
        store: &dyn Store,
        given: &Given,
        row: EnrolmentRow,
    ) -> Result<Option<ConnectedRecord>, Problem> {
        let record = load_record(store, row.record)?;
        if !record.exists || record.must_be_seen(given, self.by).is_err() {
            return Ok(None);
        }
        let enrolment =
            record.enrolment(row.ordinal).ok_or_else(|| Problem::new("internal", "a list row leads nowhere"))?;
        if !self.statuses.contains(&enrolment.status) {
            return Ok(None);
        }
        let step = record.current_step(enrolment);
        let current_step = step.and_then(|step| {
            let node = record.node_of(given, step)?;
            Some(CurrentStep {
                id: StepId::of(row.record, step.ordinal).to_string(),
                node: node.id.clone(),
                kind: if step.converted { "email" } else { node.type_name },
                name: node.name.clone(),
            })
        });
        Ok(Some(ConnectedRecord {
            enrolment: EnrolmentId::of(row.record, row.ordinal).to_string(),
            record: row.record.to_string(),
            record_name: record.profile.display_name(),
            version: enrolment.version,
            status: status_name(enrolment.status),
            reason: enrolment.reason.map(reason_name),
            steps_done: enrolment.steps_done,
            steps_total: steps_total(&record, given, enrolment),
            current_step,
            days_in_step: step.map(|step| (self.now - step.opened_at).num_days()),
            assignee: step.map(|step| step.assignee.into()),
        }))
    }
}
