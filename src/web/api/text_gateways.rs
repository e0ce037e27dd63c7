//! `/text-gateways`: the providers that text messages leave through. For administrators, because a gateway says where people's
//! numbers go.

use std::collections::BTreeMap;

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use hyper::header::HeaderValue;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::connector::text::Text;
use crate::connector::text::request::Filling;
use crate::domain::channels::Channels;
use crate::domain::channels::command::ChannelsCommand;
use crate::domain::channels::gateway::Gateway;
use crate::domain::given::Given;
use crate::domain::permission::Permission;
use crate::domain::phone;
use crate::domain::record::Problem as Fault;
use crate::domain::record::schema::text_fault;
use crate::id::{ChannelsId, GatewayId};
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::enrolments::PageQuery;
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, Query, page_by_name};
use crate::web::wire::Page;
use crate::web::wire::text_gateway::{TextGatewayBody, TextGatewayView};

/// Characters of a message that only tries.
const TRIAL_MAX: usize = 500;

pub(super) fn gateway_id(text: &str) -> Result<GatewayId, Problem> {
    GatewayId::parse(text).ok_or_else(|| Problem::not_found("text gateway"))
}

/// The gateway of that id.
pub(super) fn found(given: &Given, id: GatewayId) -> Result<&Gateway, Problem> {
    given.channels.gateways.get(&id).map(AsRef::as_ref).ok_or_else(|| Problem::not_found("text gateway"))
}

pub(super) fn must_set_up(app: &App, by: &Principal) -> Result<(), Problem> {
    by.must(app, Permission::SetUp, "manage text gateways")
}

async fn submit(app: &App, id: GatewayId, command: ChannelsCommand, caller: Caller) -> Result<Written, Problem> {
    // The version that was seen is one of the gateway, not of all channels; the command holds it.
    let caller = Caller { expected: None, ..caller };
    let written = app.engine.submit::<Channels, _>(ChannelsId::THE, command, caller, move |seen| {
        seen.state.gateways.get(&id).map(|gateway| (TextGatewayView::of(id, gateway), gateway.version))
    });
    Ok(written.await?)
}

/// A gateway and its version, while it is there.
type Written = Option<(TextGatewayView, u32)>;

/// Add a text gateway.
#[utoipa::path(tag = "Messages", request_body = TextGatewayBody,
    responses((status = 201, body = TextGatewayView), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/text-gateways")]
pub async fn create_text_gateway(app: Data<App>, body: Body<TextGatewayBody>) -> Result<HttpResponse, Problem> {
    must_set_up(&app, &body.principal)?;
    let parts = body.value.parts(&app)?;
    let id = GatewayId(app.engine.ids.named_by(body.caller.command, app.engine.clock().now()));
    let added = submit(&app, id, ChannelsCommand::AddGateway { gateway: id, parts }, body.caller).await?;
    let (view, version) = added.ok_or_else(|| Problem::not_found("text gateway any more"))?;
    let location = format!("/api/v1/text-gateways/{id}");
    Ok(HttpResponse::Created().insert_header(etag(version)).insert_header((LOCATION, location)).json(view))
}

/// Text gateways by name.
#[utoipa::path(tag = "Messages", params(PageQuery),
    responses((status = 200, body = Page<TextGatewayView>), (status = 400, body = Problem), (status = 403, body = Problem)))]
#[get("/text-gateways")]
pub async fn list_text_gateways(
    app: Data<App>,
    by: Principal,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    must_set_up(&app, &by)?;
    let given = app.engine.given();
    let all = given.channels.gateways.iter().map(|(id, gateway)| (*id, gateway.name.clone(), gateway));
    let cursor = (query.limit, query.cursor.as_deref());
    let page = page_by_name(all, GatewayId::parse, cursor, |id, gateway| TextGatewayView::of(id, gateway))?;
    Ok(HttpResponse::Ok().json(page))
}

/// One text gateway.
#[utoipa::path(tag = "Messages",
    responses((status = 200, body = TextGatewayView), (status = 403, body = Problem), (status = 404, body = Problem)))]
#[get("/text-gateways/{id}")]
pub async fn get_text_gateway(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    must_set_up(&app, &by)?;
    let (id, given) = (gateway_id(&id)?, app.engine.given());
    let gateway = found(&given, id)?;
    Ok(HttpResponse::Ok().insert_header(etag(gateway.version)).json(TextGatewayView::of(id, gateway)))
}

/// Change a text gateway. Members are replaced as a whole; those that are not named stay.
#[utoipa::path(tag = "Messages", request_body = TextGatewayBody,
    responses((status = 200, body = TextGatewayView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/text-gateways/{id}")]
pub async fn patch_text_gateway(
    app: Data<App>,
    id: Path<String>,
    body: Body<TextGatewayBody>,
) -> Result<HttpResponse, Problem> {
    must_set_up(&app, &body.principal)?;
    let (gateway, expected) = (gateway_id(&id)?, body.caller.expected);
    let parts = body.value.parts(&app)?;
    let written = submit(&app, gateway, ChannelsCommand::ChangeGateway { gateway, parts, expected }, body.caller);
    let (view, version) = written.await?.ok_or_else(|| Problem::not_found("text gateway any more"))?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// Remove a text gateway; what would leave through it leaves through another, and what was tried through it becomes the seller's.
#[utoipa::path(tag = "Messages", request_body = Nothing,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem)))]
#[delete("/text-gateways/{id}")]
pub async fn delete_text_gateway(
    app: Data<App>,
    id: Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    must_set_up(&app, &body.principal)?;
    let gateway = gateway_id(&id)?;
    let command = ChannelsCommand::RemoveGateway { gateway, expected: body.caller.expected };
    submit(&app, gateway, command, body.caller).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What is tried.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TextTrial {
    /// The number to send to; nothing is sent without one.
    to: Option<String>,
    /// What to say; at most 500 characters.
    body: Option<String>,
}

/// The request as it would be made, with dots in place of the secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShownRequest {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TextTrialView {
    /// Whether the request could be made, and was taken if it was sent.
    ok: bool,
    /// What came of it, or what went wrong.
    detail: String,
    /// The provider's id of what was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<ShownRequest>,
}

/// The number of examples (Ofcom keeps it for films).
const EXAMPLE: &str = "+447700900123";
/// What stands for a secret.
const HIDDEN: &str = "********";

fn shown(gateway: &Gateway, text: &Text) -> Result<ShownRequest, String> {
    let filled = Filling { text, gateway, secret: HIDDEN }.request()?;
    let value = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Ok(ShownRequest {
        method: filled.method.to_string(),
        url: filled.url.to_string(),
        headers: filled.headers.iter().map(|(name, held)| (name.to_string(), value(held))).collect(),
        body: String::from_utf8_lossy(&filled.body).into_owned(),
    })
}

/// Try a text gateway: show the request that it would be sent, and, where a number is given, send it one message.
#[utoipa::path(tag = "Messages", request_body = TextTrial,
    responses((status = 200, body = TextTrialView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[post("/text-gateways/{id}/test")]
pub async fn test_text_gateway(
    app: Data<App>,
    id: Path<String>,
    body: Body<TextTrial>,
) -> Result<HttpResponse, Problem> {
    must_set_up(&app, &body.principal)?;
    let (id, given) = (gateway_id(&id)?, app.engine.given());
    found(&given, id)?;
    let gateway = given.channels.gateways.get(&id).cloned();
    let invalid = |pointer: &str, code, detail| Problem::invalid(vec![Fault { pointer: pointer.into(), code, detail }]);
    let country = gateway.as_ref().and_then(|gateway| gateway.country.as_deref());
    let to = body.value.to.as_deref().map(|to| phone::read(to, country)).transpose();
    let to = to.map_err(|detail| invalid("/to", "phone_invalid", detail))?;
    let said = body.value.body.unwrap_or_else(|| "A message to try this gateway".into());
    if let Some((code, detail)) = text_fault(&said, TRIAL_MAX, true) {
        return Err(invalid("/body", code, detail));
    }
    let fresh = GatewayId(app.engine.ids.named_by(body.caller.command, app.engine.clock().now()));
    let number = to.as_ref().map_or(EXAMPLE, |to| to.as_str()).to_owned();
    let text = Text { id: fresh.to_string(), gateway: gateway.clone(), to: number, body: said };
    let request = match found(&given, id).map(|gateway| shown(gateway, &text))? {
        Ok(request) => request,
        Err(detail) => {
            return Ok(HttpResponse::Ok().json(TextTrialView { ok: false, detail, message_id: None, request: None }));
        }
    };
    let view = match to {
        None => TextTrialView { ok: true, detail: "nothing was sent".into(), message_id: None, request: Some(request) },
        Some(_) => match app.postman.as_ref().clone().send_text(text).await {
            Ok(id) => {
                let detail = "the message was taken".into();
                TextTrialView { ok: true, detail, message_id: Some(id), request: Some(request) }
            }
            Err(error) => {
                TextTrialView { ok: false, detail: error.to_string(), message_id: None, request: Some(request) }
            }
        },
    };
    Ok(HttpResponse::Ok().json(view))
}
