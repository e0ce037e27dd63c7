//! `/webhooks`: where what happens is sent to. For administrators, because a webhook is told everything.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::connector::secret::Secret;
use crate::courier::progress::{Delivered, Progress};
use crate::domain::feed::Position;
use crate::domain::permission::Permission;
use crate::domain::webhook::{Standing, Webhook, WebhookCommand};
use crate::id::WebhookId;
use crate::limits;
use crate::runtime::message::Seen;
use crate::store::Store;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::api::enrolments::PageQuery;
use crate::web::auth::Principal;
use crate::web::feed;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, Query, blocking, page_by_name};
use crate::web::wire::Page;
use crate::web::wire::event::Topics;

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookView {
    id: String,
    url: String,
    /// All types of events where there is none.
    topics: Vec<String>,
    /// `active`, or `stopped` where its receiver took nothing for too long.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Everything up to here was taken; a replay from here leaves nothing out.
    cursor: String,
    /// Records whose events wait because the receiver did not take one.
    held_back: usize,
    created_by: Option<String>,
    created_at: String,
    /// With it, the receiver verifies what it is sent (Standard Webhooks). Only in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// A webhook to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// `https://…`; plain http and addresses that are not public only where the configuration allows them.
    url: String,
    /// Types of events such as `step.completed`, or what they begin with, such as `step`; all where there is none.
    #[serde(default)]
    topics: Vec<String>,
}

/// Where to begin again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayBody {
    /// A cursor of the webhook, of one of its deliveries or of the stream; or an instant. Everything behind it is sent (again),
    /// under the same ids.
    from: String,
}

/// What was sent, or is to be sent again.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDelivery {
    /// The event's id, and the `webhook-id` of every attempt.
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    /// A replay from here sends what follows it.
    cursor: String,
    /// `delivered`, or `held` until it is tried again.
    state: &'static str,
    /// When it was tried last.
    at: String,
    attempts: u32,
    /// What the receiver answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
}

impl WebhookDelivery {
    fn of(delivered: &Delivered, state: &'static str, next_at: Option<Timestamp>) -> WebhookDelivery {
        WebhookDelivery {
            id: delivered.event.clone(),
            kind: delivered.kind.clone(),
            record: delivered.record.clone(),
            cursor: delivered.position.to_string(),
            state,
            at: delivered.at.to_string(),
            attempts: delivered.attempts,
            status: delivered.status,
            error: delivered.why.clone(),
            next_attempt_at: next_at.map(|at| at.to_string()),
        }
    }
}

/// How far a webhook is, as it was noted last.
fn progress(store: &dyn Store, id: WebhookId, webhook: &Webhook) -> Result<Progress, Problem> {
    let kept = Progress::load(store, id)?.filter(|kept| kept.replays == webhook.replays);
    Ok(kept.unwrap_or_else(|| Progress { position: webhook.from, ..Progress::default() }))
}

fn view(store: &dyn Store, id: WebhookId, webhook: &Webhook) -> Result<WebhookView, Problem> {
    let progress = progress(store, id, webhook)?;
    let (stopped_at, reason) = match &webhook.standing {
        Standing::Stopped { at, why } => (Some(at.to_string()), Some(why.clone())),
        _ => (None, None),
    };
    let first_held = progress.held.values().filter_map(|held| held.commits.front()).min();
    let cursor = match first_held {
        None => progress.position,
        Some(1) => Position::default(),
        Some(number) => store.feed(number - 2, 1)?.first().map_or(progress.position, feed::behind),
    };
    Ok(WebhookView {
        id: id.to_string(),
        url: webhook.url.clone(),
        topics: webhook.topics.clone(),
        state: if stopped_at.is_some() { "stopped" } else { "active" },
        stopped_at,
        reason,
        cursor: cursor.to_string(),
        held_back: progress.held.len(),
        created_by: webhook.created_by.map(|user| user.to_string()),
        created_at: webhook.created_at.to_string(),
        secret: None,
    })
}

fn webhook_id(text: &str) -> Result<WebhookId, Problem> {
    WebhookId::parse(text).ok_or_else(|| Problem::not_found("webhook"))
}

fn must_set_up(app: &App, by: &Principal) -> Result<(), Problem> {
    by.must(app, Permission::SetUp, "manage webhooks")
}

/// The webhook as it is, if it is there.
async fn found(app: &App, id: WebhookId, by: Principal) -> Result<Webhook, Problem> {
    let webhook = app.engine.read::<Webhook, _>(id, by.caller, |seen| seen.state.clone()).await?;
    if webhook.is_there() { Ok(webhook) } else { Err(Problem::not_found("webhook")) }
}

fn judge(app: &App, new: &NewWebhook) -> Result<String, Problem> {
    let invalid = |pointer: &str, detail: String| Problem::at("validation_failed", pointer, detail);
    if new.url.len() > limits::WEBHOOK_URL_MAX {
        return Err(invalid("/url", format!("an address has at most {} bytes", limits::WEBHOOK_URL_MAX)));
    }
    if new.topics.len() > limits::TOPICS_MAX {
        return Err(invalid("/topics", format!("a webhook has at most {} topics", limits::TOPICS_MAX)));
    }
    if let Err(unknown) = Topics::new(new.topics.clone()) {
        let place = new.topics.iter().position(|topic| *topic == unknown).unwrap_or_default();
        return Err(invalid(&format!("/topics/{place}"), format!("there is no topic `{unknown}`")));
    }
    app.sender.admissible(&new.url).map_err(|why| invalid("/url", why))
}

/// Make a webhook: what happens from now on is sent there, signed (Standard Webhooks), in order for each record, and again until it
/// is taken.
#[utoipa::path(tag = "Events", request_body = NewWebhook,
    responses((status = 201, body = WebhookView), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/webhooks")]
pub async fn create_webhook(app: Data<App>, body: Body<NewWebhook>) -> Result<HttpResponse, Problem> {
    must_set_up(&app, &body.principal)?;
    let url = judge(&app, &body.value)?;
    let store = app.engine.shared_store();
    let from = blocking(move || Ok(feed::end(store.as_ref())?)).await?;
    let (_, secret) = app.sender.fresh_secret().map_err(unsealed)?;
    let id = WebhookId(app.engine.ids.for_command(body.caller.command, app.engine.clock().now()));
    let command = WebhookCommand::Create { url, topics: body.value.topics, secret, from };
    let made = |seen: Seen<Webhook>| (seen.id, seen.state.clone());
    let (id, webhook) = app.engine.submit::<Webhook, _>(id, command, body.caller, made).await?;
    app.wake.wake();
    // A repeat is answered with the secret of the first time.
    let secret = app.sender.open(&webhook.secret).map_err(unsealed)?;
    let store = app.engine.shared_store();
    let view = blocking(move || view(store.as_ref(), id, &webhook)).await?;
    let location = format!("/api/v1/webhooks/{id}");
    let view = WebhookView { secret: Some(Secret::expose(&secret).to_owned()), ..view };
    Ok(HttpResponse::Created().insert_header((LOCATION, location)).json(view))
}

fn unsealed(error: crate::connector::seal::SealError) -> Problem {
    tracing::error!(%error, "a webhook's secret cannot be used");
    Problem::new("unavailable", error.to_string())
}

/// Webhooks, by their addresses.
#[utoipa::path(tag = "Events", params(PageQuery),
    responses((status = 200, body = Page<WebhookView>), (status = 400, body = Problem), (status = 403, body = Problem)))]
#[get("/webhooks")]
pub async fn list_webhooks(
    app: Data<App>,
    by: Principal,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    must_set_up(&app, &by)?;
    let (store, given) = (app.engine.shared_store(), app.engine.given());
    let page = blocking(move || {
        let all = given.webhooks.iter().map(|(id, webhook)| (*id, webhook.url.clone(), webhook.clone()));
        let asked = (query.limit, query.cursor.as_deref());
        let Page { items, next_cursor } = page_by_name(all, WebhookId::parse, asked, |id, webhook| (id, webhook))?;
        let items: Result<Vec<_>, _> = items.iter().map(|(id, webhook)| view(store.as_ref(), *id, webhook)).collect();
        Ok(Page { items: items?, next_cursor })
    });
    Ok(HttpResponse::Ok().json(page.await?))
}

/// One webhook.
#[utoipa::path(tag = "Events",
    responses((status = 200, body = WebhookView), (status = 403, body = Problem), (status = 404, body = Problem)))]
#[get("/webhooks/{id}")]
pub async fn get_webhook(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    must_set_up(&app, &by)?;
    let id = webhook_id(&id)?;
    let webhook = found(&app, id, by).await?;
    let store = app.engine.shared_store();
    Ok(HttpResponse::Ok().json(blocking(move || view(store.as_ref(), id, &webhook)).await?))
}

/// What was sent last, the newest first; in front of it, what waits to be sent again.
#[utoipa::path(tag = "Events",
    responses((status = 200, body = Page<WebhookDelivery>), (status = 403, body = Problem), (status = 404, body = Problem)))]
#[get("/webhooks/{id}/deliveries")]
pub async fn list_webhook_deliveries(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    must_set_up(&app, &by)?;
    let id = webhook_id(&id)?;
    let webhook = found(&app, id, by).await?;
    let store = app.engine.shared_store();
    let progress = blocking(move || progress(store.as_ref(), id, &webhook)).await?;
    // One that is only held because another of its record is has not been tried.
    let tried = progress.held.values().filter(|held| held.attempts > 0);
    let held = tried.map(|held| WebhookDelivery::of(&held.last, "held", Some(held.next_at)));
    let recent = progress.recent.iter().rev().map(|done| WebhookDelivery::of(done, "delivered", None));
    Ok(HttpResponse::Ok().json(Page { items: held.chain(recent).collect(), next_cursor: None }))
}

/// Begin again behind a cursor or at an instant, also where the webhook is stopped.
#[utoipa::path(tag = "Events", request_body = ReplayBody,
    responses((status = 200, body = WebhookView), (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem), (status = 410, body = Problem)))]
#[post("/webhooks/{id}/replay")]
pub async fn replay_webhook(app: Data<App>, id: Path<String>, body: Body<ReplayBody>) -> Result<HttpResponse, Problem> {
    must_set_up(&app, &body.principal)?;
    let id = webhook_id(&id)?;
    let store = app.engine.shared_store();
    let from = body.value.from;
    let from = blocking(move || match (Position::parse(&from), Timestamp::parse(&from)) {
        (Some(position), _) => feed::must_lead_on(store.as_ref(), position).map(|()| position),
        (None, Some(at)) => feed::position_at(store.as_ref(), at),
        (None, None) => Err(Problem::malformed("/from", "it is neither a cursor of this server nor an instant")),
    });
    let command = WebhookCommand::Replay { from: from.await? };
    let webhook = app.engine.submit::<Webhook, _>(id, command, body.caller, |seen| seen.state.clone()).await?;
    app.wake.wake();
    let store = app.engine.shared_store();
    Ok(HttpResponse::Ok().json(blocking(move || view(store.as_ref(), id, &webhook)).await?))
}

/// Take a webhook away: nothing more is sent.
#[utoipa::path(tag = "Events", request_body = Nothing,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem)))]
#[delete("/webhooks/{id}")]
pub async fn delete_webhook(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    must_set_up(&app, &body.principal)?;
    let id = webhook_id(&id)?;
    app.engine.submit::<Webhook, _>(id, WebhookCommand::Remove, body.caller, |_| ()).await?;
    app.wake.wake();
    Ok(HttpResponse::NoContent().finish())
}
