//! `/in/text-receipts/{token}` and `/in/texts/{token}`: what gateways tell. The path itself is the credential, and a signature
//! where the gateway is described with one.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::connector::secret::Secret;
use crate::connector::text::{CALLBACK, report, request};
use crate::domain::channels::gateway::Gateway;
use crate::id::GatewayId;
use crate::limits;
use crate::web::App;
use crate::web::api::inbound_mail::{media_type, named_by, token, whole};
use crate::web::api::text_gateways::{found, gateway_id, must_set_up};
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing};

/// What the token of a path is derived for.
const PURPOSE: &str = "inbound texts";

/// Where a gateway is told to post to.
#[derive(Debug, Serialize, ToSchema)]
pub struct TextInboundView {
    /// For delivery receipts. Whoever knows it can post them: treat it as a password.
    receipts_url: String,
    /// For texts that come in; likewise.
    texts_url: String,
}

/// What was taken of what a gateway has posted.
#[derive(Debug, Serialize, ToSchema)]
pub struct TakenTexts {
    /// Receipts or texts of a message that left from here.
    taken: usize,
    /// About something else, or on its way.
    unrelated: usize,
}

/// Show where a gateway can post receipts and incoming texts to. For administrators.
#[utoipa::path(tag = "Messages", request_body = Nothing,
    responses((status = 200, body = TextInboundView), (status = 403, body = Problem), (status = 404, body = Problem)))]
#[post("/text-gateways/{id}/inbound")]
pub async fn reveal_text_inbound(
    app: Data<App>,
    id: Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    must_set_up(&app, &body.principal)?;
    let (id, given) = (gateway_id(&id)?, app.engine.given());
    found(&given, id)?;
    let token = token(&app, PURPOSE, id.0);
    let link = |path: &str| app.link(&format!("/in/{path}/{token}"));
    Ok(HttpResponse::Ok().json(TextInboundView { receipts_url: link("text-receipts"), texts_url: link("texts") }))
}

/// The gateway that posts, and what it posts.
async fn posted(
    app: &App,
    http: &HttpRequest,
    token: &str,
    body: Payload,
) -> Result<(GatewayId, std::sync::Arc<Gateway>, Value), Problem> {
    let unknown = || Problem::not_found("text gateway");
    let id = named_by(app, PURPOSE, token).map(GatewayId).ok_or_else(unknown)?;
    let gateway = app.engine.given().channels.gateways.get(&id).cloned().ok_or_else(unknown)?;
    let bytes = whole(body, limits::GATEWAY_POST_BYTES_MAX, "a report").await?;
    if let Some(signature) = &gateway.callback {
        let secret = gateway.callback_secret.as_ref().map(|sealed| app.seal.open(CALLBACK, &sealed.0)).transpose();
        let secret = secret.map_err(|error| Problem::new("unavailable", error.to_string()))?;
        let secret = secret.as_ref().map(Secret::expose).unwrap_or_default();
        let header = |name: &str| http.headers().get(name)?.to_str().ok().map(str::to_owned);
        if secret.is_empty() || !request::is_signed(signature, secret, &header, &bytes) {
            let detail = format!("the signature in `{}` is missing or is not one of this body", signature.header);
            return Err(Problem::new("signature_invalid", detail));
        }
    }
    let is_form = match media_type(http).as_str() {
        "application/x-www-form-urlencoded" => true,
        "" | "application/json" | "text/json" => false,
        kind if kind.ends_with("+json") => false,
        other => {
            let detail = format!("the body is `{other}`, this address takes JSON or a form");
            return Err(Problem::new("unsupported_media_type", detail));
        }
    };
    let value = report::read(is_form, &bytes).map_err(|detail| Problem::malformed("", detail))?;
    Ok((id, gateway, value))
}

/// Take delivery receipts from a gateway, as it is described: JSON or a form. What comes again changes nothing.
#[utoipa::path(tag = "Messages", security(()),
    request_body(content((Value = "application/json"), (String = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = TakenTexts), (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
#[post("/in/text-receipts/{token}")]
pub async fn receive_text_receipts(
    app: Data<App>,
    http: HttpRequest,
    token: Path<String>,
    body: Payload,
) -> Result<HttpResponse, Problem> {
    let (id, gateway, value) = posted(&app, &http, &token, body).await?;
    let described = gateway.receipts.as_ref().ok_or_else(|| undescribed("receipts"))?;
    let receipts = report::receipts(described, &value).map_err(|detail| Problem::malformed("", detail))?;
    let mut told = TakenTexts { taken: 0, unrelated: 0 };
    for receipt in receipts {
        let is_taken = app.inbound.take_receipt(id, receipt).await?;
        *(if is_taken { &mut told.taken } else { &mut told.unrelated }) += 1;
    }
    Ok(HttpResponse::Ok().json(told))
}

/// Take texts that came in at a gateway, as it is described. They are answers of whoever was written to last at their number.
#[utoipa::path(tag = "Messages", security(()),
    request_body(content((Value = "application/json"), (String = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = TakenTexts), (status = 400, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
#[post("/in/texts/{token}")]
pub async fn receive_texts(
    app: Data<App>,
    http: HttpRequest,
    token: Path<String>,
    body: Payload,
) -> Result<HttpResponse, Problem> {
    let (id, gateway, value) = posted(&app, &http, &token, body).await?;
    let described = gateway.incoming.as_ref().ok_or_else(|| undescribed("incoming"))?;
    let texts = report::incoming(described, &value).map_err(|detail| Problem::malformed("", detail))?;
    let mut told = TakenTexts { taken: 0, unrelated: 0 };
    for text in texts {
        let is_taken = app.inbound.take_text(id, &gateway, text).await?;
        *(if is_taken { &mut told.taken } else { &mut told.unrelated }) += 1;
    }
    Ok(HttpResponse::Ok().json(told))
}

fn undescribed(member: &str) -> Problem {
    Problem::malformed("", format!("the gateway is described without `{member}`"))
}
