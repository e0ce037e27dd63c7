//! `/enrolments/{id}/explain`: why an enrolment stands where it stands, and when it moves next.

use std::cell::Cell;
use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::entity::Entity;
use crate::domain::explain::{self, Block, Explanation};
use crate::domain::given::Given;
use crate::domain::record::Record;
use crate::id::{RecordId, UserId};
use crate::store::{Store, codec};
use crate::time::Timestamp;
use crate::web::App;
use crate::web::api::record_lists::visible_record;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{blocking, enrolment_id};
use crate::web::wire::status_name;

/// One thing that led to where the enrolment stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct CauseView {
    /// When it happened.
    at: String,
    /// A stable word for what it was.
    kind: &'static str,
    /// The node concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    /// One sentence.
    detail: String,
}

/// What it waits for.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingView {
    /// `seller`, `timer`, `event`, `delivery`, `field` or `none`.
    kind: &'static str,
    /// Until when at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// One sentence.
    detail: String,
}

/// Something in its way.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlockView {
    /// A stable word for what it is.
    kind: &'static str,
    /// Until when, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// What it is, and what mends it.
    detail: String,
}

/// Why an enrolment stands where it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplanationView {
    status: &'static str,
    /// What led there, in the order in which it happened.
    causes: Vec<CauseView>,
    waiting_for: WaitingView,
    blocked_by: Vec<BlockView>,
    /// When it moves if nothing else happens; null where it waits for a person, or for ever.
    next_at: Option<String>,
}

impl From<Explanation> for ExplanationView {
    fn from(found: Explanation) -> ExplanationView {
        let causes = found.causes.into_iter();
        ExplanationView {
            status: status_name(found.status),
            causes: causes
                .map(|cause| CauseView {
                    at: cause.at.to_string(),
                    kind: cause.kind,
                    node: cause.node,
                    detail: cause.detail,
                })
                .collect(),
            waiting_for: WaitingView {
                kind: found.waiting_for.kind.name(),
                until: found.waiting_for.until.map(|until| until.to_string()),
                detail: found.waiting_for.detail,
            },
            blocked_by: found.blocked_by.into_iter().map(BlockView::from).collect(),
            next_at: found.next_at.map(|at| at.to_string()),
        }
    }
}

impl From<Block> for BlockView {
    fn from(block: Block) -> BlockView {
        BlockView { kind: block.kind, until: block.until.map(|until| until.to_string()), detail: block.detail }
    }
}

/// Why an enrolment stands where it stands: what led there, what it waits for, what is in its way, and when it moves next.
#[utoipa::path(tag = "Enrolments", responses((status = 200, body = ExplanationView), (status = 404, body = Problem)))]
#[get("/enrolments/{id}/explain")]
pub async fn explain_enrolment(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = enrolment_id(&id)?;
    let (store, given, now) = (app.engine.shared_store(), app.engine.given(), app.engine.clock().now());
    let found = blocking(move || {
        let record = visible_record(store.as_ref(), &given, id.record(), by.user())?;
        if record.enrolment(id.ordinal()).is_none() {
            return Err(Problem::not_found("enrolment"));
        }
        let log = codec::log::<Record>(store.as_ref(), id.record().into())?;
        let events =
            log.into_iter().flat_map(|(_, entry)| entry.events.into_iter().map(move |event| (entry.stamp, event)));
        let unread = Cell::new(None);
        let see = |other, at| match past_other(store.as_ref(), &given, by.user(), other, at) {
            Ok(found) => found.map(Arc::new),
            Err(problem) => {
                unread.set(Some(problem));
                None
            }
        };
        let found = explain::explain((&given, &see), events, id.ordinal(), now);
        match unread.take() {
            Some(problem) => Err(problem),
            None => found.ok_or_else(|| Problem::not_found("enrolment")),
        }
    });
    let mut found = found.await?;
    if let (Some(hold), Some(_)) = (app.engine.clock_hold(), found.next_at) {
        let detail = format!("No timer fires before an administrator accepts the server's clock: {hold}.");
        found.blocked_by.push(Block { kind: "clock", until: None, detail });
    }
    Ok(HttpResponse::Ok().json(ExplanationView::from(found)))
}

/// Another record as it was when a condition looked at it, where whoever asks may know of it now.
fn past_other(
    store: &dyn Store,
    given: &Given,
    by: UserId,
    other: RecordId,
    at: Timestamp,
) -> Result<Option<Record>, Problem> {
    let past = codec::replay_at::<Record>(&codec::log::<Record>(store, other.into())?, at)?;
    Ok(past.now.must_be_seen(given, by).is_ok().then_some(past.then))
}
