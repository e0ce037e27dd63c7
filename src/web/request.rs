//! Reading requests: who calls, what they sent, which page they want; everything that cannot be read is a problem.

use std::future::{Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, IF_MATCH};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

pub use crate::domain::json::{Object, object, present};

use crate::domain::record::RecordRejection;
use crate::domain::record::schema::RecordType;
use crate::id::{ActivityId, CommandId, EnrolmentId, EntityId, RecordId, SequenceId, StepId, UserId, digest};
use crate::limits;
use crate::runtime::engine::Engine;
use crate::runtime::message::{Caller, Failure};
use crate::store::Version;
use crate::web::auth::{Principal, authenticate};
use crate::web::problem::Problem;
use crate::web::wire::Page;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The raw body of a request, no longer than a JSON body may be.
pub async fn bytes(request: &HttpRequest, payload: &mut Payload) -> Result<Bytes, Problem> {
    let limit = limits::JSON_BODY_MAX;
    let too_large = || Problem::new("too_large", format!("a JSON body has at most {limit} bytes"));
    let body = actix_web::web::Payload::from_request(request, payload)
        .await
        .map_err(|error| Problem::malformed("", error.to_string()))?;
    match body.to_bytes_limited(limit).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(Problem::malformed("", format!("the body broke off: {error}"))),
        Err(_) => Err(too_large()),
    }
}

/// A JSON body with who sent it. An empty body reads as `{}`.
pub struct Body<T> {
    /// What was sent.
    pub value: T,
    /// Who, and how a repeat is recognised.
    pub caller: Caller,
    /// How it is known who that is.
    pub principal: Principal,
}

impl<T: DeserializeOwned> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Body<T>, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let principal = authenticate(&request)?;
            let body = bytes(&request, &mut payload).await?;
            if !body.is_empty() {
                json_type(&request)?;
            }
            let Object(value) = from_json(if body.is_empty() { b"{}" } else { &body })?;
            Ok(Body { value, caller: caller(&request, &principal, &body)?, principal })
        })
    }
}

/// A body of any text with who sent it.
pub struct Text {
    /// What was sent.
    pub value: String,
    /// Who, and how a repeat is recognised.
    pub caller: Caller,
}

impl FromRequest for Text {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Text, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let principal = authenticate(&request)?;
            let body = bytes(&request, &mut payload).await?;
            let caller = caller(&request, &principal, &body)?;
            let unread = |_| Problem::malformed("", "the body is no text in UTF-8");
            Ok(Text { value: String::from_utf8(body.into()).map_err(unread)?, caller })
        })
    }
}

/// An action without a body of its own; a JSON object without members is accepted too.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

fn json_type(request: &HttpRequest) -> Result<(), Problem> {
    let sent = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence.is_empty() || essence.ends_with("/json") || essence.ends_with("+json") {
        return Ok(());
    }
    Err(Problem::new("unsupported_media_type", format!("the body is `{essence}`, this address takes JSON")))
}

/// Reads JSON; what does not fit is named by its place.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| fault(&error, ""))?;
    reader.end().map_err(|error| Problem::malformed("", format!("after the JSON value: {error}")))?;
    Ok(value)
}

/// Reads a JSON value that stands at `pointer` of the request.
pub fn from_value<T: DeserializeOwned>(value: serde_json::Value, pointer: &str) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| fault(&error, pointer))
}

fn fault(error: &serde_path_to_error::Error<serde_json::Error>, root: &str) -> Problem {
    let mut pointer = root.to_owned();
    for segment in error.path().iter() {
        use serde_path_to_error::Segment;
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&member(key)),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let detail = error.inner().to_string();
    // A member that is missing, or that an enum's variant does not know, is named only in the text.
    let named = ["unknown field `", "missing field `"].iter().find_map(|prefix| detail.strip_prefix(prefix));
    if let Some(named) =
        named.and_then(|rest| rest.split('`').next()).map(member).filter(|named| !pointer.ends_with(named))
    {
        pointer.push_str(&named);
    }
    Problem::malformed(pointer, detail)
}

/// A member's name as a step of a JSON pointer.
pub fn member(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Who sent a request, how its repeat is recognised, and which version it may change.
pub fn caller(request: &HttpRequest, principal: &Principal, body: &[u8]) -> Result<Caller, Problem> {
    let command = command(request, principal.user(), body)?;
    Ok(Caller { command, expected: if_match(request)?, ..principal.caller })
}

/// What makes a repeat of this request recognisable, if its sender wants that.
fn command(request: &HttpRequest, by: UserId, body: &[u8]) -> Result<Option<CommandId>, Problem> {
    let Some(key) = request.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
    if key.is_empty() || key.len() > limits::COMMAND_KEY_MAX {
        let detail = format!("an Idempotency-Key has 1 to {} bytes", limits::COMMAND_KEY_MAX);
        return Err(Problem::malformed("", detail));
    }
    let method = request.method().as_str().as_bytes();
    let asked = digest(&[method, request.path().as_bytes(), request.query_string().as_bytes(), body]);
    Ok(Some(CommandId { key: digest(&[&by.0.to_be_bytes(), key.as_bytes()]), fingerprint: asked.to_be_bytes() }))
}

/// The same command id for one item of a batch.
pub fn item(caller: Caller, item: &[u8]) -> Caller {
    let command =
        caller.command.map(|command| CommandId { key: digest(&[&command.key.to_be_bytes(), item]), ..command });
    Caller { command, ..caller }
}

/// Refuses a batch that is too large.
pub fn judge_batch(items: usize) -> Result<(), Problem> {
    if items <= limits::BATCH_ITEMS_MAX {
        return Ok(());
    }
    let detail = format!("the batch has {items} items, at most {} are taken at once", limits::BATCH_ITEMS_MAX);
    Err(Problem::new("batch_too_large", detail))
}

/// Refuses a batch whose key came before with another body: before any of its items is done, not item by item.
/// `items` are the entities that the items ask, each with its own command.
pub fn judge_repeats(engine: &Engine, items: impl Iterator<Item = (EntityId, Caller)>) -> Result<(), Problem> {
    let now = engine.clock().now();
    for (entity, caller) in items {
        let Some(command) = caller.command else { return Ok(()) };
        let first = engine.store().repeat(entity.shard(), command.key, now)?;
        if first.is_some_and(|first| first.fingerprint != command.fingerprint) {
            return Err(Failure::<RecordRejection>::KeyReused.into());
        }
    }
    Ok(())
}

/// Whether a command was done before, on whatever entity, and asked for the same.
pub fn repeated(engine: &Engine, command: CommandId) -> Result<bool, Problem> {
    let now = engine.clock().now();
    for shard in crate::store::rows::shards() {
        if let Some(first) = engine.store().repeat(shard, command.key, now)? {
            let same = first.fingerprint == command.fingerprint;
            return if same { Ok(true) } else { Err(Failure::<RecordRejection>::KeyReused.into()) };
        }
    }
    Ok(false)
}

fn if_match(request: &HttpRequest) -> Result<Option<Version>, Problem> {
    let Some(header) = request.headers().get(IF_MATCH) else { return Ok(None) };
    let text = header.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.trim_start_matches("W/").trim_matches('"').strip_prefix('v').and_then(|text| text.parse().ok());
    match version {
        Some(version) => Ok(Some(version)),
        None => Err(Problem::new("version_mismatch", format!("`{text}` is no ETag of this server"))),
    }
}

/// Query parameters; one that does not exist is an error.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Query<T>, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(query(request.query_string()).map(Query))
    }
}

/// By way of JSON, so that whatever does not fit is named by its parameter.
fn query<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let parameters = actix_web::web::Query::<Vec<(String, String)>>::from_query(text);
    let parameters = parameters.map_err(|error| Problem::malformed("", error.to_string()))?.into_inner();
    let mut members = serde_json::Map::new();
    for (name, value) in parameters {
        let pointer = member(&name);
        if members.insert(name, value.into()).is_some() {
            return Err(Problem::malformed(pointer, "the parameter is given twice"));
        }
    }
    from_value(members.into(), "")
}

/// A number among query parameters, all of which are text.
pub fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<usize>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    let read = |text: String| text.parse().map_err(|_| serde::de::Error::custom(format!("`{text}` is no number")));
    text.map(read).transpose()
}

/// `true` or `false` among query parameters, all of which are text.
pub fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map_err(|_| serde::de::Error::custom(format!("`{text}` is neither `true` nor `false`")))
}

/// How many items a page has.
pub fn page_limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(limits::PAGE_DEFAULT),
        Some(limit @ 1..=limits::PAGE_MAX) => Ok(limit),
        Some(limit) => Err(Problem::malformed("/limit", format!("{limit} is not between 1 and {}", limits::PAGE_MAX))),
    }
}

/// A cursor that this server gave out.
pub fn cursor<T>(text: Option<&str>, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Problem> {
    match text {
        None => Ok(None),
        Some(text) => {
            read(text).map(Some).ok_or_else(|| Problem::malformed("/cursor", "the cursor is not one of this server's"))
        }
    }
}

/// A page of what is few and in memory, by name whatever the case of its letters, then by id; both are in the cursor.
pub fn page_by_name<I: Copy + Ord + std::fmt::Display, T, V>(
    all: impl Iterator<Item = (I, String, T)>,
    parse: impl Fn(&str) -> Option<I>,
    (limit, after): (Option<usize>, Option<&str>),
    view: impl Fn(I, T) -> V,
) -> Result<Page<V>, Problem> {
    let limit = page_limit(limit)?;
    let after = cursor(after, |text| {
        let (id, name) = text.split_once('.')?;
        Some((name.to_owned(), parse(id)?))
    })?;
    let mut found: Vec<_> = all.map(|(id, name, one)| ((name.to_lowercase(), id), one)).collect();
    found.sort_by(|(left, _), (right, _)| left.cmp(right));
    found.retain(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    let last = found.get(limit).and(found.get(limit - 1));
    let next_cursor = last.map(|((name, id), _)| format!("{id}.{name}"));
    let items = found.into_iter().take(limit).map(|((_, id), one)| view(id, one)).collect();
    Ok(Page { items, next_cursor })
}

/// A record by its id, or by `external:TYPE:EXTERNAL_ID`.
pub fn record_id(engine: &Engine, text: &str) -> Result<RecordId, Problem> {
    let found = match text.strip_prefix("external:") {
        Some(named) => {
            let (kind, external_id) = named.split_once(':').ok_or_else(|| Problem::not_found("record"))?;
            let kind = RecordType::from_name(kind).ok_or_else(|| Problem::not_found("record"))?;
            engine.store().claimed(kind, external_id)?
        }
        None => RecordId::parse(text).filter(|id| EnrolmentId(id.0).ordinal() == 0),
    };
    found.ok_or_else(|| Problem::not_found("record"))
}

/// A record type that there is; `pointer` is where the request has it.
pub fn known_type(engine: &Engine, kind: RecordType, pointer: &str) -> Result<RecordType, Problem> {
    match engine.given().catalogue.knows(kind) {
        true => Ok(kind),
        false => Err(Problem::malformed(pointer, format!("there is no record type `{kind}`"))),
    }
}

/// A step by its id.
pub fn step_id(text: &str) -> Result<StepId, Problem> {
    StepId::parse(text).ok_or_else(|| Problem::not_found("step"))
}

/// An activity by its id.
pub fn activity_id(text: &str) -> Result<ActivityId, Problem> {
    ActivityId::parse(text).ok_or_else(|| Problem::not_found("activity"))
}

/// An enrolment by its id.
pub fn enrolment_id(text: &str) -> Result<EnrolmentId, Problem> {
    EnrolmentId::parse(text).ok_or_else(|| Problem::not_found("enrolment"))
}

/// A sequence by its id.
pub fn sequence_id(text: &str) -> Result<SequenceId, Problem> {
    SequenceId::parse(text).ok_or_else(|| Problem::not_found("sequence"))
}

/// Runs what blocks away from the threads that serve; what it logs still names the request.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let span = tracing::Span::current();
    let done = actix_web::web::block(move || span.in_scope(work)).await;
    done.unwrap_or_else(|_| Err(Problem::new("internal", "the server met a defect; it was logged")))
}
