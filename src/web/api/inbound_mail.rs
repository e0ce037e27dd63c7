//! `/in/mail/{token}`: mail that a server or service hands over as it comes in. The path itself is the credential.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::permission::Permission;
use crate::id::MailboxId;
use crate::inbound;
use crate::limits;
use crate::web::App;
use crate::web::api::mailboxes::{mailbox_id, seen};
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, from_json};

/// What the token of a path is derived for.
const PURPOSE: &str = "inbound mail";
/// Bytes of it that prove it.
const PROOF_BYTES: usize = 20;

/// A message in JSON.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RawMail {
    /// The whole message as it came in, headers included (RFC 5322).
    raw: String,
}

/// What a message was taken for.
#[derive(Debug, Serialize, ToSchema)]
pub struct TakenMail {
    /// `reply`, `automatic`, `out_of_office`, `bounce`, `complaint`, `unsubscribe`, `forward`, `own` or `unrelated`.
    kind: &'static str,
    /// The step whose e-mail it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
}

/// Where mail of a mailbox can be handed over.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboundView {
    /// The address to post messages to. Whoever knows it can: treat it as a password.
    url: String,
}

/// The token of a mailbox or gateway: its id, and what only this server can derive from that.
pub(super) fn token(app: &App, purpose: &str, id: u128) -> String {
    let derived = app.seal.derive(purpose, &id.to_be_bytes());
    let bytes = [&id.to_be_bytes()[..], &derived[..PROOF_BYTES]].concat();
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Of what a token is. One that was made under an older key holds as long as that key is here.
pub(super) fn named_by(app: &App, purpose: &str, token: &str) -> Option<u128> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
    let (id, proof) = bytes.split_first_chunk::<16>()?;
    let is_proven = proof.len() == PROOF_BYTES && app.seal.has_derived(purpose, id, proof);
    is_proven.then(|| u128::from_be_bytes(*id))
}

/// Whether a token names a mailbox that is there.
fn is_known(app: &App, token: &str) -> bool {
    let mailbox = named_by(app, PURPOSE, token).map(MailboxId);
    mailbox.is_some_and(|mailbox| app.engine.given().channels.mailboxes.contains_key(&mailbox))
}

/// A body of at most so many bytes.
pub(super) async fn whole(body: Payload, bytes_max: usize, what: &str) -> Result<Bytes, Problem> {
    match body.to_bytes_limited(bytes_max).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(Problem::malformed("", format!("the body broke off: {error}"))),
        Err(_) => Err(Problem::new("too_large", format!("{what} has at most {} MiB", bytes_max >> 20))),
    }
}

/// The type of a body, without its parameters.
pub(super) fn media_type(http: &HttpRequest) -> String {
    let sent = http.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Show where incoming mail of a mailbox can be posted to. For administrators: whoever knows the address can report answers.
#[utoipa::path(tag = "Messages", request_body = Nothing,
    responses((status = 200, body = InboundView), (status = 403, body = Problem), (status = 404, body = Problem)))]
#[post("/mailboxes/{id}/inbound")]
pub async fn reveal_inbound(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let (id, given, by) = (mailbox_id(&id)?, app.engine.given(), body.caller.by);
    given.policy.person(by)?.must(Permission::SetUp, "read where mail is handed over")?;
    seen(&given, by, id)?;
    Ok(HttpResponse::Ok().json(InboundView { url: app.link(&format!("/in/mail/{}", token(&app, PURPOSE, id.0))) }))
}

/// Hand over a message that came in: the message itself (`message/rfc822`), or `{"raw": "…"}`. It is answered once what it says
/// is stored; the same message again changes nothing.
#[utoipa::path(tag = "Messages", security(()),
    request_body(content((String = "message/rfc822"), (RawMail = "application/json"))),
    responses((status = 200, body = TakenMail), (status = 400, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
#[post("/in/mail/{token}")]
pub async fn receive_mail(
    app: Data<App>,
    http: HttpRequest,
    token: Path<String>,
    body: Payload,
) -> Result<HttpResponse, Problem> {
    if !is_known(&app, &token) {
        return Err(Problem::not_found("mailbox"));
    }
    let bytes = whole(body, limits::INCOMING_BYTES_MAX, "a message").await?;
    let raw = match media_type(&http).as_str() {
        "application/json" => from_json::<RawMail>(&bytes)?.raw.into_bytes(),
        "" | "message/rfc822" | "message/global" | "text/plain" | "application/octet-stream" => bytes.to_vec(),
        other => {
            let detail = format!("the body is `{other}`, this address takes message/rfc822 or JSON");
            return Err(Problem::new("unsupported_media_type", detail));
        }
    };
    let taken = app.inbound.take(raw).await?;
    let step = taken.step.map(|step| step.to_string());
    Ok(HttpResponse::Ok().json(TakenMail { kind: inbound::name(&taken.kind), step }))
}
