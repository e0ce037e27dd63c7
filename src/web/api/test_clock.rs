//! `/test-clock`: time that moves when told, in a sandbox only.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::permission::Permission;
use crate::domain::record::RecordRejection;
use crate::runtime::message::Failure;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::api::steps::instant;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, object};

/// The sandbox's time.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClockView {
    /// RFC 3339.
    now: String,
    /// Timers that fired on the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    fired: Option<u64>,
}

fn sandbox(app: &App) -> Result<(), Problem> {
    if app.engine.clock().is_test() {
        return Ok(());
    }
    Err(Problem::new("not_found", "only a server started with --sandbox has a test clock"))
}

/// What time it is in the sandbox.
#[utoipa::path(tag = "Test clock", responses((status = 200, body = ClockView), (status = 404, body = Problem)))]
#[get("/test-clock")]
pub async fn get_test_clock(app: Data<App>, _: Principal) -> Result<HttpResponse, Problem> {
    sandbox(&app)?;
    Ok(HttpResponse::Ok().json(ClockView { now: app.engine.clock().now().to_string(), fired: None }))
}

/// How far.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpanBody {
    #[serde(default)]
    days: i64,
    #[serde(default)]
    hours: i64,
    #[serde(default)]
    minutes: i64,
}

/// To an instant, or by a span.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvanceBody {
    /// RFC 3339.
    to: Option<String>,
    /// From now on.
    #[serde(default, deserialize_with = "object")]
    by: Option<SpanBody>,
}

/// Move the sandbox's time forward; everything that falls due on the way fires in order, and the answer comes when all of
/// it is done.
#[utoipa::path(tag = "Test clock", request_body = AdvanceBody,
    responses((status = 200, body = ClockView), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[post("/test-clock/advance")]
pub async fn advance_test_clock(app: Data<App>, body: Body<AdvanceBody>) -> Result<HttpResponse, Problem> {
    sandbox(&app)?;
    body.principal.must(&app, Permission::SetUp, "move the clock")?;
    let mut answers = app.advancing.lock().await;
    if let Some(command) = body.caller.command
        && let Some((fingerprint, answer)) = answers.get(&command.key)
    {
        return match *fingerprint == command.fingerprint {
            true => Ok(HttpResponse::Ok().json(answer)),
            false => Err(Failure::<RecordRejection>::KeyReused.into()),
        };
    }
    let now = app.engine.clock().now();
    let to = target(&body.value, now)?;
    if to < now {
        return Err(Problem::at("clock_backwards", "/to", format!("it is {now} already; the clock never goes back")));
    }
    let fired = app
        .engine
        .advance(to, |now| app.keep_test_clock(now))
        .await
        .map_err(|error| Problem::unwritten("the test clock", &error))?;
    let answer = ClockView { now: to.to_string(), fired: Some(fired) };
    answers.extend(body.caller.command.map(|command| (command.key, (command.fingerprint, answer.clone()))));
    Ok(HttpResponse::Ok().json(answer))
}

fn target(body: &AdvanceBody, now: Timestamp) -> Result<Timestamp, Problem> {
    match (&body.to, &body.by) {
        (Some(to), None) => instant(to, "/to"),
        (None, Some(by)) => {
            let minutes = by.days.checked_mul(24 * 60).and_then(|days| days.checked_add(by.hours.checked_mul(60)?));
            let minutes = minutes.and_then(|sum| sum.checked_add(by.minutes));
            match minutes.and_then(TimeDelta::try_minutes) {
                Some(span) => Ok(now + span),
                None => Err(Problem::malformed("/by", "the span is too long")),
            }
        }
        _ => Err(Problem::malformed("", "give either `to` or `by`")),
    }
}
