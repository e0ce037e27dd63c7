//! `/events`: what happened outside, told by other programs (§21.4). Idempotent by event id.

use actix_web::HttpResponse;
use actix_web::post;
use actix_web::web::Data;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::enrolment::Signal;
use crate::domain::record::Record;
use crate::domain::record::command::RecordCommand;
use crate::id::{ActivityId, CommandId, RecordId, StepId, digest};
use crate::limits;
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::record_events;
use crate::web::api::steps::instant;
use crate::web::problem::Problem;
use crate::web::request::{self, Body, Object, activity_id, from_value, record_id, step_id};
use crate::web::wire::{ItemResult, Owner, RecordBody, Results};

/// One event.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventBody {
    /// Yours; the same id again changes nothing.
    id: String,
    /// `email.opened`, `email.link_clicked`, `email.attachment_downloaded`, `email.replied`, `email.bounced`,
    /// `activity.completed`, `activity.cancelled`, `record.created`, `record.updated`, `record.owner_changed`, `record.closed`,
    /// `record.stage_changed`, or `goal.reached`: what the sequences of the record are for was reached.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// When it happened, RFC 3339.
    at: String,
    /// The record that reached its goal, or that something happened to; else a check on `step`, `message` or `activity`. Named
    /// by `external:TYPE:EXTERNAL_ID`, `record.created` and `record.updated` create one that is not here yet; only
    /// `record.created` does without, if `changes` have the type.
    pub(super) record: Option<String>,
    /// The e-mail step it belongs to; of an e-mail this or `message` is required.
    pub(super) step: Option<String>,
    /// The Message-ID of the e-mail.
    pub(super) message: Option<String>,
    /// The activity that was completed or cancelled.
    pub(super) activity: Option<String>,
    /// How a call ended that was completed.
    pub(super) result: Option<String>,
    /// Of `record.created` and `record.updated`: what is written, as `POST /records` takes it.
    #[serde(default, deserialize_with = "request::object")]
    pub(super) changes: Option<RecordBody>,
    /// Of `record.owner_changed`: whose it is now.
    pub(super) owner: Option<Owner>,
    /// Of `record.closed`: `success` or `failure`. A record that is closed already stays as it is.
    pub(super) outcome: Option<String>,
    /// Of `record.stage_changed`: the id of a process flow.
    pub(super) flow: Option<String>,
    /// Of `record.stage_changed`: the stage that the record stands on now.
    pub(super) stage: Option<String>,
    /// The link that was followed, the attachment that was fetched, or why the message bounced. Not kept.
    #[expect(dead_code, reason = "accepted so that a sender may say more than is needed")]
    detail: Option<String>,
}

/// An event that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventView {
    /// As it was sent.
    id: String,
    /// As it was sent.
    #[serde(rename = "type")]
    kind: String,
    /// The record it was noted on.
    record: String,
    /// The step it was noted on.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// The activity it was noted on.
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
}

/// Tell what happened outside: one event, or `{"events": […]}` with up to 1,000 of them.
#[utoipa::path(tag = "Events", request_body = EventBody,
    responses((status = 200, body = EventView), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[post("/events")]
pub async fn receive_events(app: Data<App>, body: Body<serde_json::Value>) -> Result<HttpResponse, Problem> {
    let (engine, caller) = (&app.engine, body.caller);
    let Some(events) = body.value.get("events") else {
        return Ok(HttpResponse::Ok().json(receive(engine, from_value::<Object<_>>(body.value, "")?.0, caller).await?));
    };
    let events: Vec<serde_json::Value> = from_value(events.clone(), "/events")?;
    if let Some(other) =
        body.value.as_object().into_iter().flatten().map(|(name, _)| name).find(|name| *name != "events")
    {
        return Err(Problem::malformed(format!("/{other}"), "a batch has the one member `events`"));
    }
    request::judge_batch(events.len())?;
    // In order: what one person did first is told first.
    let taken = events.into_iter().enumerate().map(|(place, event)| async move {
        let taken = async { receive(engine, from_value::<Object<_>>(event, "")?.0, caller).await };
        taken.await.map_err(|problem| problem.under(&format!("/events/{place}")))
    });
    let results: Vec<ItemResult<EventView>> = futures_util::stream::iter(taken)
        .buffered(limits::BACKGROUND_IN_FLIGHT_MAX)
        .map(ItemResult::from)
        .collect()
        .await;
    Ok(HttpResponse::Ok().json(Results { results }))
}

async fn receive(engine: &Engine, event: EventBody, caller: Caller) -> Result<EventView, Problem> {
    if event.id.is_empty() || event.id.len() > limits::COMMAND_KEY_MAX {
        return Err(Problem::malformed("/id", format!("an event id has 1 to {} bytes", limits::COMMAND_KEY_MAX)));
    }
    let at = instant(&event.at, "/at")?;
    let key = CommandId { key: digest(&[b"event", event.id.as_bytes()]), fingerprint: [0; 16] };
    let caller = Caller { command: Some(key), ..caller };
    record_events::judge_members(&event)?;
    if record_events::is_of_record(&event.kind) {
        let (id, kind) = (event.id.clone(), event.kind.clone());
        let record = record_events::receive(engine, event, caller, key).await?.to_string();
        return Ok(EventView { id, kind, record, step: None, activity: None });
    }
    let (record, command) = match asked(engine, &event)? {
        Asked::Signal(signal, step) => (step.record(), RecordCommand::Signal { step: step.ordinal(), signal, at }),
        Asked::Activity { completed, activity } => {
            let (record, activity, call_result) = (activity.record(), activity.ordinal(), event.result.clone());
            (record, RecordCommand::ReportActivity { activity, completed, call_result })
        }
        Asked::Goal(record) => (record, RecordCommand::ReachGoal),
    };
    if let Some(named) = &event.record
        && record_id(engine, named)? != record
    {
        let (pointer, detail) = ("/record", "the step, message or activity belongs to another record");
        return Err(Problem::at("validation_failed", pointer, detail));
    }
    let (step, activity) = match &command {
        RecordCommand::Signal { step, .. } => (Some(StepId::of(record, *step).to_string()), None),
        RecordCommand::ReportActivity { .. } => (None, event.activity),
        _ => (None, None),
    };
    engine.submit_in_turn::<Record, ()>(record, command, caller, |_| ()).await?;
    Ok(EventView { id: event.id, kind: event.kind, record: record.to_string(), step, activity })
}

/// What an event is about.
enum Asked {
    /// Something came back for an e-mail.
    Signal(Signal, StepId),
    /// Somebody did something, or will not.
    Activity { completed: bool, activity: ActivityId },
    /// What the sequences of the record are for was reached.
    Goal(RecordId),
}

fn asked(engine: &Engine, event: &EventBody) -> Result<Asked, Problem> {
    let signal = match event.kind.as_str() {
        "goal.reached" => {
            let unnamed = || Problem::at("validation_failed", "/record", "name the record");
            return Ok(Asked::Goal(record_id(engine, event.record.as_deref().ok_or_else(unnamed)?)?));
        }
        "email.opened" => Signal::Opened,
        "email.link_clicked" => Signal::LinkClicked,
        "email.attachment_downloaded" => Signal::AttachmentDownloaded,
        "email.replied" => Signal::Replied,
        "email.bounced" => Signal::Bounced,
        "activity.completed" | "activity.cancelled" => {
            let missing = || Problem::at("validation_failed", "/activity", "name the activity by `activity`");
            let activity = activity_id(event.activity.as_deref().ok_or_else(missing)?)?;
            let completed = event.kind == "activity.completed";
            if !completed && event.result.is_some() {
                let detail = "only an activity that was completed has a result";
                return Err(Problem::at("validation_failed", "/result", detail));
            }
            return Ok(Asked::Activity { completed, activity });
        }
        other => return Err(Problem::at("event_type_unknown", "/type", format!("`{other}` is no event type here"))),
    };
    Ok(Asked::Signal(signal, named_step(event)?))
}

/// The step an event belongs to: named itself, or in front of the `@` of its Message-ID.
fn named_step(event: &EventBody) -> Result<StepId, Problem> {
    if let Some(step) = &event.step {
        return step_id(step);
    }
    let Some(message) = &event.message else {
        return Err(Problem::at("validation_failed", "/step", "name the e-mail by `step` or by `message`"));
    };
    let local = message.trim().trim_matches(['<', '>']).split('@').next().unwrap_or_default();
    StepId::parse(local).ok_or_else(|| Problem::not_found("message"))
}
