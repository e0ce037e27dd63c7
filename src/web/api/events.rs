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
use crate::id::{CommandId, RecordId, StepId};
use crate::limits;
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::steps::instant;
use crate::web::problem::Problem;
use crate::web::request::{self, Body, Object, from_value, record_id, step_id};
use crate::web::wire::{ItemResult, Results};

/// One event.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventBody {
    /// Yours; the same id again changes nothing.
    id: String,
    /// `email.opened`, `email.link_clicked`, `email.attachment_downloaded`, `email.replied`, `email.bounced`, or `goal.reached`:
    /// what the sequences of the record are for was reached.
    #[serde(rename = "type")]
    kind: String,
    /// When it happened, RFC 3339.
    at: String,
    /// The record that reached its goal; of an e-mail, a check on `step` or `message`.
    record: Option<String>,
    /// The e-mail step it belongs to; of an e-mail, this or `message` is required.
    step: Option<String>,
    /// The Message-ID of the e-mail.
    message: Option<String>,
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
    /// The step it was noted on; none where it is about the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
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
    let (record, step, command) = match event.kind.as_str() {
        "goal.reached" => (named_record(engine, &event)?, None, RecordCommand::ReachGoal),
        kind => {
            let signal = signal(kind)?;
            let step = named_step(&event)?;
            if let Some(record) = &event.record
                && record_id(engine, record)? != step.record()
            {
                return Err(Problem::at("validation_failed", "/record", "the step belongs to another record"));
            }
            (step.record(), Some(step), RecordCommand::Signal { step: step.ordinal(), signal, at })
        }
    };
    let key = request::digest(&[b"event", event.id.as_bytes()]);
    let caller = Caller { command: Some(CommandId { key, fingerprint: [0; 16] }), ..caller };
    engine.submit_in_turn::<Record, ()>(record, command, caller, |_| ()).await?;
    let step = step.map(|step| step.to_string());
    Ok(EventView { id: event.id, kind: event.kind, record: record.to_string(), step })
}

fn signal(kind: &str) -> Result<Signal, Problem> {
    Ok(match kind {
        "email.opened" => Signal::Opened,
        "email.link_clicked" => Signal::LinkClicked,
        "email.attachment_downloaded" => Signal::AttachmentDownloaded,
        "email.replied" => Signal::Replied,
        "email.bounced" => Signal::Bounced,
        other => return Err(Problem::at("event_type_unknown", "/type", format!("`{other}` is no event type here"))),
    })
}

/// The record that an event is about which belongs to no step.
fn named_record(engine: &Engine, event: &EventBody) -> Result<RecordId, Problem> {
    match &event.record {
        Some(record) => record_id(engine, record),
        None => Err(Problem::at("validation_failed", "/record", "name the record")),
    }
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
