//! The API as the pages use it: every page is made of the API's answers, and every form of a page is one of its requests,
//! by the same routes, in the same process. So a page can do nothing that a program cannot, and both are refused alike.

use std::rc::Rc;

use actix_http::Request;
use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{AppConfig, Payload, Service, ServiceFactory, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, IF_MATCH,
    IF_NONE_MATCH, RANGE, TRANSFER_ENCODING,
};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::middleware::from_fn;
use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpMessage, HttpRequest, HttpResponse};
use futures_util::future::LocalBoxFuture;
use futures_util::stream;
use serde_json::Value;
use tokio::sync::OnceCell;
use utoipa_actix_web::AppExt;

use crate::domain::language::Language;
use crate::web;
use crate::web::problem::{CODES, Problem};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What a request of a page says besides where it goes.
#[derive(Default)]
pub struct Sent {
    /// Its body.
    pub body: Option<Value>,
    /// Its body where that is something else: its media type, and the bytes.
    pub file: Option<(String, Bytes)>,
    /// `If-Match`: what it changes must still be that.
    pub version: Option<String>,
    /// `Idempotency-Key`: sent twice, it counts once.
    pub key: Option<String>,
    /// `Accept-Language`: that of the page.
    pub language: Option<Language>,
}

type Answering = LocalBoxFuture<'static, Result<ServiceResponse<BoxBody>, actix_web::Error>>;
type Routes = Rc<dyn Fn(Request) -> Answering>;

/// The routes once more, for requests from inside; one for each worker, made when it is first asked.
#[derive(Clone, Default)]
pub struct Inside(Rc<OnceCell<Routes>>);

impl Inside {
    async fn routes(&self, app: &Data<web::App>) -> Result<Routes, Problem> {
        let (inside, app) = (self.clone(), app.clone());
        let made = self.0.get_or_try_init(|| async move {
            let service = App::new()
                .app_data(app)
                .into_utoipa_app()
                .configure(web::routes)
                .into_app()
                .configure(web::pages)
                .app_data(inside)
                .wrap(from_fn(web::auth::note_refusals));
            let service = actix_service::IntoServiceFactory::<_, Request>::into_factory(service);
            let service = Rc::new(service.new_service(AppConfig::default()).await?);
            let routes: Routes = Rc::new(move |request| {
                let service = service.clone();
                Box::pin(async move { Ok(service.call(request).await?.map_body(|_, body| body.boxed())) })
            });
            Ok::<_, ()>(routes)
        });
        made.await.cloned().map_err(|()| Problem::new("internal", "the routes cannot be made"))
    }

    /// The answer to a request that whoever sent `outer` makes. What they have shown, and where from, holds for it too.
    async fn answer<E: 'static>(
        outer: &HttpRequest,
        (method, path): (Method, &str),
        sent: Sent,
        extension: Option<E>,
    ) -> Result<ServiceResponse<BoxBody>, Problem> {
        let (Some(app), Some(inside)) = (outer.app_data::<Data<web::App>>(), outer.app_data::<Inside>()) else {
            return Err(Problem::new("internal", "no application"));
        };
        let uri: Uri = path.parse().map_err(|_| Problem::not_found("page"))?;
        let json = |body: Value| ("application/json".to_owned(), Bytes::from(body.to_string()));
        let (kind, body) = sent.file.or_else(|| sent.body.map(json)).unzip();
        let payload = match &body {
            Some(bytes) => {
                let bytes = bytes.clone();
                Payload::from(
                    Box::pin(stream::once(async { Ok::<_, PayloadError>(bytes) })) as actix_http::BoxedPayloadStream
                )
            }
            None => Payload::None,
        };
        let mut request = Request::with_payload(payload);
        let head = request.head_mut();
        (head.method, head.uri, head.peer_addr) = (method, uri, outer.peer_addr());
        head.headers = outer.headers().clone();
        for name in [CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING, ACCEPT, ACCEPT_ENCODING, RANGE, IF_NONE_MATCH] {
            head.headers.remove(name);
        }
        let text = |text: &str| {
            HeaderValue::from_str(text).map_err(|_| Problem::malformed("", "a form's own fields do not read"))
        };
        if let Some(bytes) = &body {
            head.headers.insert(CONTENT_TYPE, text(kind.as_deref().unwrap_or_default())?);
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        }
        if let Some(version) = &sent.version {
            head.headers.insert(IF_MATCH, text(version)?);
        }
        if let Some(key) = &sent.key {
            head.headers.insert(IDEMPOTENCY_KEY, text(key)?);
        }
        if let Some(language) = sent.language {
            head.headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(language.code()));
        }
        if let Some(extension) = extension {
            request.extensions_mut().insert(extension);
        }
        let routes = inside.routes(app).await?;
        routes(request).await.map_err(|error| problem_of(&error))
    }

    /// What the API answers: its JSON and its version, or the problem. `path` stands below `/api/v1`.
    pub async fn ask(
        outer: &HttpRequest,
        method: Method,
        path: &str,
        sent: Sent,
    ) -> Result<(Value, Option<String>), Problem> {
        let response = Inside::answer(outer, (method, &format!("/api/v1{path}")), sent, None::<()>).await?;
        if let Some(error) = response.response().error() {
            return Err(problem_of(error));
        }
        let (status, version) = (response.status(), response.headers().get("etag").cloned());
        let body = to_bytes(response.into_body()).await.unwrap_or_default();
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_client_error() || status.is_server_error() {
            return Err(Problem::new("internal", value["detail"].as_str().unwrap_or("no answer").to_owned()));
        }
        Ok((value, version.and_then(|version| version.to_str().map(str::to_owned).ok())))
    }

    /// What the API answers where that is no JSON. `path` stands below `/api/v1`.
    pub async fn text(outer: &HttpRequest, path: &str) -> Result<String, Problem> {
        let asked = (Method::GET, &*format!("/api/v1{path}"));
        let response = Inside::answer(outer, asked, Sent::default(), None::<()>).await?;
        if let Some(error) = response.response().error() {
            return Err(problem_of(error));
        }
        let body = to_bytes(response.into_body()).await.unwrap_or_default();
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// The page at `path` once more, with what it is to say.
    pub async fn page<E: 'static>(outer: &HttpRequest, path: &str, said: E) -> Result<(StatusCode, Bytes), Problem> {
        let response = Inside::answer(outer, (Method::GET, path), Sent::default(), Some(said)).await?;
        let status = response.status();
        Ok((status, to_bytes(response.into_body()).await.unwrap_or_default()))
    }
}

/// The problem that an answer to one of a batch tells.
pub fn problem_in(error: &Value) -> Problem {
    let code = CODES.iter().map(|(code, ..)| *code).find(|code| error["code"] == *code).unwrap_or("validation_failed");
    Problem::new(code, error["detail"].as_str().unwrap_or_default().to_owned())
}

fn problem_of(error: &actix_web::Error) -> Problem {
    error.as_error::<Problem>().cloned().unwrap_or_else(|| Problem::new("internal", error.to_string()))
}

/// The same page where nothing else is said.
pub fn html(status: StatusCode, page: Bytes) -> HttpResponse {
    HttpResponse::build(status).content_type("text/html; charset=utf-8").body(page)
}
