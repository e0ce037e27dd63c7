//! `msdyn_ConnectSequence` (§21.1): the one action by which other products' clients connect a record, in their words.

use actix_web::body::BoxBody;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::record::kind::RecordType;
use crate::id::RecordId;
use crate::limits;
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::enrolments::{connect, judge_source};
use crate::web::api::record_lists::visible_sequence;
use crate::web::api::records::read_record;
use crate::web::problem::Problem;
use crate::web::request::{Body, record_id, sequence_id, step_id};

/// Below this path problems are told as these clients read them.
pub const PATH: &str = "/api/data/";

/// The longest wait, in minutes.
const WAIT_MINUTES_MAX: i64 = limits::WAIT_HOURS_MAX * 60;

/// What to connect with what (K-8).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub struct ConnectAction {
    /// The record: its id, or `external:TYPE:EXTERNAL_ID`.
    regarding_entity_id: String,
    /// Its type, such as `lead`.
    regarding_entity_name: String,
    /// The sequence.
    sequence_id: String,
    /// The segment that the record comes from. There are no segments yet: it is kept in the enrolment's `source`.
    segment_id: Option<String>,
    /// Where the record comes from, in your words.
    source: Option<String>,
    /// Minutes before the first step opens, at most 43,200; nothing and 0 are none.
    #[schema(minimum = 0, maximum = 43_200)]
    wait_time: Option<i64>,
    /// The step of this record that led here, kept in the enrolment's `source`.
    advanced_to_other_sequence_target_step_id: Option<String>,
}

/// What was refused or failed, as these clients read it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionError {
    error: ActionFault,
}

/// Why.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionFault {
    /// Stable code, one of `/problems`.
    code: &'static str,
    /// One sentence.
    message: String,
}

/// Connect one record to a sequence, as clients of the action of this name do. Errors have the members `error.code` and
/// `error.message`.
#[utoipa::path(tag = "Compatibility", request_body = ConnectAction, responses((status = 204), (status = 400, body = ActionError),
    (status = 404, body = ActionError), (status = 409, body = ActionError), (status = 422, body = ActionError)))]
#[post("/api/data/v9.2/msdyn_ConnectSequence")]
pub async fn connect_sequence(app: Data<App>, body: Body<ConnectAction>) -> Result<HttpResponse, Problem> {
    let (engine, action, caller) = (&app.engine, body.value, body.caller);
    let sequence = sequence_id(&action.sequence_id)?;
    visible_sequence(&engine.given(), sequence, caller.by)?;
    let record = record_id(engine, &action.regarding_entity_id)?;
    judge_type(engine, record, &action.regarding_entity_name, caller).await?;
    let source = source(&action, record)?;
    let wait = match action.wait_time {
        None | Some(0) => None,
        Some(minutes @ 1..=WAIT_MINUTES_MAX) => Some(TimeDelta::minutes(minutes)),
        Some(_) => {
            let detail = format!("WaitTime is between 0 and {WAIT_MINUTES_MAX} minutes, which are 30 days");
            return Err(Problem::at("validation_failed", "/WaitTime", detail));
        }
    };
    connect(engine, sequence, &action.regarding_entity_id, wait, source, caller).await?;
    let version = (HeaderName::from_static("odata-version"), HeaderValue::from_static("4.0"));
    Ok(HttpResponse::NoContent().insert_header(version).finish())
}

/// The record is of the type that its sender takes it for (K-7).
async fn judge_type(engine: &Engine, record: RecordId, named: &str, caller: Caller) -> Result<(), Problem> {
    let kind = read_record(engine, record, caller, |seen| seen.state.kind).await?;
    if RecordType::from_name(named) == Some(kind) {
        return Ok(());
    }
    let detail = format!("the record is a {kind}, and no `{named}`");
    Err(Problem::at("record_type_mismatch", "/RegardingEntityName", detail))
}

/// Everything that is said of where the record comes from.
fn source(action: &ConnectAction, record: RecordId) -> Result<Option<String>, Problem> {
    let from = action.advanced_to_other_sequence_target_step_id.as_deref().map(step_id).transpose()?;
    if from.is_some_and(|step| step.record() != record) {
        let detail = "the step that led here is one of this record";
        return Err(Problem::at("validation_failed", "/AdvancedToOtherSequenceTargetStepId", detail));
    }
    let parts = [
        action.source.clone(),
        action.segment_id.as_ref().map(|segment| format!("segment {segment}")),
        from.map(|step| format!("advanced from step {step}")),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let source = (!parts.is_empty()).then(|| parts.join(", "));
    judge_source(source.as_ref(), "/Source")?;
    Ok(source)
}

/// The same answer, a problem in the words of those who ask below [`PATH`].
pub fn reworded(response: HttpResponse<BoxBody>, path: &str) -> HttpResponse<BoxBody> {
    let problem = response.error().and_then(actix_web::Error::as_error::<Problem>);
    let Some(problem) = problem.filter(|_| path.starts_with(PATH)) else { return response };
    let error = ActionFault { code: problem.code, message: problem.detail.clone() };
    let body = serde_json::to_vec(&ActionError { error }).unwrap_or_default();
    let mut response = response.set_body(BoxBody::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
