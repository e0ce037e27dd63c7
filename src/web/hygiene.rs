//! What holds for every request and every answer, whatever the route: one middleware around all of them, so that a route
//! that is added later needs to do nothing for it. What the HTTP library itself answers to a head that it cannot read
//! (400, 408, 431, without a body) does not come by here.

pub mod address;
pub mod connection;
pub mod origin;
pub mod pace;
pub mod rates;

use std::rc::Rc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE,
    CROSS_ORIGIN_OPENER_POLICY, CROSS_ORIGIN_RESOURCE_POLICY, HeaderMap, HeaderName, HeaderValue, PERMISSIONS_POLICY,
    REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::http::{Method, Uri};
use actix_web::middleware::Next;
use actix_web::web::Data;
use ipnet::IpNet;
use tracing::Instrument;

use crate::config;
use crate::limits;
use crate::web::api::compatibility::reworded;
use crate::web::problem::Problem;
use crate::web::{App, pattern_of};
use connection::{Answer, Connection, Turn};
use origin::Origin;
use pace::Pace;

/// What was configured about every request.
pub struct Hygiene {
    /// What browsers call this server, if it was said.
    pub public: Option<Origin>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpNet>,
    /// How long a request may take.
    pub pace: Pace,
}

impl Hygiene {
    /// Reads `[server]`; the error names the key.
    pub fn new(server: &config::Server) -> Result<Hygiene, String> {
        let public = match server.public_url.trim() {
            "" => None,
            url => Some(Origin::parse(url)?),
        };
        let pace = Pace {
            body: Duration::from_secs(server.body_seconds.max(1)),
            body_bytes_per_second: server.body_bytes_per_second,
            answer: Duration::from_secs(server.request_seconds.max(1)),
        };
        Ok(Hygiene { public, proxies: address::proxies(&server.proxies)?, pace })
    }

    /// Whether browsers reach this server by TLS, so that its cookies are `Secure` and their names begin with `__Host-`.
    pub fn is_secure(&self) -> bool {
        self.public.as_ref().is_some_and(Origin::is_secure)
    }
}

/// Names the request in the answer and in the log.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names of the session cookie, with TLS and without.
pub const SESSION_COOKIES: [&str; 2] = ["__Host-relance", "relance"];

/// Nothing is loaded, framed or sent by what is no page.
const NO_PAGE: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A page of ours: own style sheet, script and pictures, forms to this server, nothing inline.
const PAGE: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The documentation: besides, own scripts that ask the API, and the pictures that stand in its style sheet.
const DOCUMENTATION: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                             connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What is the same on every answer.
const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CROSS_ORIGIN_OPENER_POLICY, HeaderValue::from_static("same-origin")),
    (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    (
        PERMISSIONS_POLICY,
        HeaderValue::from_static(
            "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), \
             midi=(), payment=(), publickey-credentials-get=(), usb=(), xr-spatial-tracking=()",
        ),
    ),
];

/// Probes: whoever watches the server is never told to wait.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];
/// The same for everybody, so that it may be kept by a cache that asks whether it still holds.
const PUBLIC: [&str; 3] = ["/docs/", "/openapi.json", "/problems/"];
/// What may take long by its nature: a copy of everything, a large file, fifty days in one request.
const LONG: [&str; 3] = ["/api/v1/backup", "/api/v1/imports", "/api/v1/test-clock/advance"];
/// Where a file is sent, which may be larger than JSON.
const FILES: [&str; 1] = ["/api/v1/imports"];

/// The middleware: judges the request before any handler sees it, bounds how long it takes, and dresses the answer.
pub async fn hygiene(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    // Fresh and our own: one that a client could choose would make two requests one in the log.
    let id = format!("{:032x}", fastrand::u128(..));
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let is_secure = request.app_data::<Data<App>>().is_some_and(|app| app.hygiene.is_secure());
    let connection = request.conn_data::<Rc<Connection>>().cloned();
    let turn = connection.clone().map(Turn::begin);
    let span = tracing::error_span!("request", id);
    async move {
        match answer(request, next).await {
            Ok(response) => {
                let (request, response) = response.map_body(|_, body| body.boxed()).into_parts();
                let mut response = ServiceResponse::new(request, reworded(response, uri.path()));
                tell_failure(response.response(), &method, &uri);
                dress(response.headers_mut(), uri.path(), &id, is_secure);
                Ok(response.map_body(|_, body| Answer { body, turn }))
            }
            Err(response) => {
                let mut response = reworded(response, uri.path());
                tell_failure(&response, &method, &uri);
                dress(response.headers_mut(), uri.path(), &id, is_secure);
                if let Some(connection) = connection.filter(|_| !response.head().keep_alive()) {
                    connection.leave();
                }
                Err(InternalError::from_response("no handler's answer", response).into())
            }
        }
    }
    .instrument(span)
    .await
}

async fn answer<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, HttpResponse> {
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        return Err(HttpResponse::from_error(Problem::new("internal", "no application")));
    };
    judge_head(&request).map_err(closing)?;
    judge_rate(&request, &app).map_err(HttpResponse::from_error)?;
    let has_deadline = !LONG.contains(&request.path());
    let arrival = pace::watch(&mut request);
    match app.hygiene.pace.keep(arrival, has_deadline, next.call(request)).await {
        Ok(answered) => answered.map_err(HttpResponse::from_error),
        Err(problem) => Err(closing(problem)),
    }
}

/// The answer to a request that its connection does not outlive: there may be more of it to come.
fn closing(problem: Problem) -> HttpResponse {
    let mut response = HttpResponse::from_error(problem);
    response.head_mut().set_connection_type(actix_web::http::ConnectionType::Close);
    response
}

/// Refuses a head that is larger than any request needs, and a body that says itself that it is.
fn judge_head(request: &ServiceRequest) -> Result<(), Problem> {
    let uri = request.uri().path_and_query().map_or(0, |rest| rest.as_str().len());
    if uri > limits::URI_BYTES_MAX {
        let detail = format!("the address has {uri} bytes, at most {} are taken", limits::URI_BYTES_MAX);
        return Err(Problem::new("uri_too_long", detail));
    }
    let headers = request.headers();
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if headers.len() > limits::HEADERS_MAX || bytes > limits::HEADER_BYTES_MAX {
        let most = (limits::HEADERS_MAX, limits::HEADER_BYTES_MAX >> 10);
        let detail = format!("a request has at most {} headers of {} KiB together", most.0, most.1);
        return Err(Problem::new("headers_too_large", detail));
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let most = if FILES.contains(&request.path()) { limits::IMPORT_BODY_MAX } else { limits::JSON_BODY_MAX };
    match length {
        Some(length) if length > most as u64 => {
            Err(Problem::new("too_large", format!("the body has {length} bytes, this address takes at most {most}")))
        }
        _ => Ok(()),
    }
}

/// Refuses a request that carries no credential, where too many such come from its address; and one to what is the same
/// for everybody, where nobody looks whether the credential is one.
fn judge_rate(request: &ServiceRequest, app: &App) -> Result<(), Problem> {
    let is_bounded = is_public(request.path()) || !carries_credential(request.headers());
    if !is_bounded || PROBES.contains(&request.path()) {
        return Ok(());
    }
    address::client_address(request.request()).map_or(Ok(()), |address| app.rates.anonymous(address))
}

fn is_public(path: &str) -> bool {
    PUBLIC.iter().any(|public| path.starts_with(public))
}

fn carries_credential(headers: &HeaderMap) -> bool {
    let mut pairs = headers.get_all(COOKIE).filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    let is_session = |pair: &str| pair.split_once('=').is_some_and(|(name, _)| SESSION_COOKIES.contains(&name.trim()));
    headers.contains_key(AUTHORIZATION) || pairs.any(is_session)
}

/// The headers of an answer to `path`.
fn dress(headers: &mut HeaderMap, path: &str, id: &str, is_secure: bool) {
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    if path.starts_with("/t/o/") {
        // Shown by mail programs that are pages of others.
        headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    }
    let is_page = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let policy = match is_page {
        true if path.starts_with("/docs/") => DOCUMENTATION,
        true => PAGE,
        false => NO_PAGE,
    };
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(if is_public(path) { "no-cache" } else { "no-store" }));
    }
    if is_secure {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(X_REQUEST_ID, id);
    }
}

/// Counts what was turned away or failed, and tells, once, that a request failed by no fault of the client. The span
/// names it; ids in the address may be personal.
fn tell_failure(response: &HttpResponse<impl MessageBody>, method: &Method, uri: &Uri) {
    let status = response.status().as_u16();
    if status < 500 && status != 429 {
        return;
    }
    let problem = response.error().and_then(|error| error.as_error::<Problem>());
    let code = problem.map_or("", |problem| problem.code);
    metrics::counter!("relance_requests_failed_total", "code" => code).increment(1);
    let address = pattern_of(uri.path()).unwrap_or_default();
    match code {
        "too_many_requests" => {}
        // They come in floods.
        "busy" | "disk_full" => tracing::debug!(status, code, %method, address, "a request failed"),
        _ => tracing::warn!(status, code, %method, address, "a request failed"),
    }
}
