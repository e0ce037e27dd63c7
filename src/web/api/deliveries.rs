//! `/deliveries`: every message on its way out and where it stands, and settling what nobody knows (D-58).

use std::collections::HashSet;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::access::Reach;
use crate::domain::delivery::{DeliveryState, Message, MessageState, Settled};
use crate::domain::given::Given;
use crate::domain::governor::Brake;
use crate::domain::phone;
use crate::domain::plan::PlanNode;
use crate::domain::policy::Person;
use crate::domain::record::Record;
use crate::domain::record::command::RecordCommand;
use crate::id::StepId;
use crate::limits;
use crate::store::Store;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::api::record_lists::load_record;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Body, Query, blocking, page_limit, step_id};
use crate::web::wire::Page;

/// A message on its way out.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// That of its step.
    id: String,
    /// `email` or `text`.
    channel: &'static str,
    record: String,
    step: String,
    /// `owed`, `claimed`, `sent`, `failed`, `unknown` or `skipped`.
    state: &'static str,
    /// Of a text message that was tried: the number, as people write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// Of a text message that was taken: whether its provider has told that it arrived, or else that it never will.
    #[serde(skip_serializing_if = "Option::is_none")]
    arrived: Option<bool>,
    /// Attempts that came to nothing so far.
    attempts: u16,
    /// Once it was tried; the same for each attempt.
    message_id: Option<String>,
    /// What went wrong last, or why it was given up or not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    /// What holds it: `mailbox`, `spacing`, `recipient_domain`, `organisation`, `seller`, `person` or `account`.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_by: Option<&'static str>,
    /// Of one that was put off.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at: Option<String>,
    /// Of an unknown one: when the policy of the organisation is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    settles_at: Option<String>,
}

impl DeliveryView {
    /// The message of a step, if it has one.
    fn of(id: StepId, record: &Record, given: &Given) -> Option<DeliveryView> {
        let step = record.step(id.ordinal())?;
        let message: &Message = step.message.as_ref()?;
        let is_email = record.node_of(given, step).is_none_or(PlanNode::is_email);
        let wakes_at = message.state.wakes_at().map(|at| at.to_string());
        let is_unknown = matches!(message.state, MessageState::Unknown(_));
        Some(DeliveryView {
            id: id.to_string(),
            channel: if is_email { "email" } else { "text" },
            record: id.record().to_string(),
            step: id.to_string(),
            state: message.state.listed().name(),
            to: message.route.as_ref().map(|route| phone::shown(&route.number)),
            arrived: message.arrived,
            attempts: message.attempts,
            message_id: message.message_id.clone(),
            last_error: message.last_error.clone(),
            held_by: message.brake.map(Brake::name),
            next_attempt_at: wakes_at.clone().filter(|_| !is_unknown),
            settles_at: wakes_at.filter(|_| is_unknown),
        })
    }
}

/// Which deliveries a list shows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveryFilter {
    /// `owed`, `claimed`, `sent`, `failed`, `unknown` or `skipped`; all where it is not given.
    #[param(value_type = Option<String>)]
    state: Option<DeliveryState>,
    /// 1–500; 50 where it is not given.
    #[serde(default, deserialize_with = "request::number")]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// The deliveries of records that you see: what leaves last, or left last, first.
#[utoipa::path(tag = "Messages", params(DeliveryFilter),
    responses((status = 200, body = Page<DeliveryView>), (status = 400, body = Problem)))]
#[get("/deliveries")]
pub async fn list_deliveries(
    app: Data<App>,
    by: Principal,
    Query(filter): Query<DeliveryFilter>,
) -> Result<HttpResponse, Problem> {
    let (limit, given) = (page_limit(filter.limit)?, app.engine.given());
    let cursor = request::cursor(filter.cursor.as_deref(), place)?;
    let store = app.engine.shared_store();
    let page = blocking(move || {
        let person = given.policy.person(by.user())?;
        page(store.as_ref(), &given, &person, filter.state, cursor, limit)
    });
    Ok(HttpResponse::Ok().json(page.await?))
}

fn place(cursor: &str) -> Option<(Timestamp, StepId)> {
    let (at, step) = cursor.split_once('.')?;
    Some((Timestamp::from_millis(at.parse().ok()?), StepId::parse(step)?))
}

/// Rows are read one by one, as far as the page goes; a row whose message has moved on since is passed over.
fn page(
    store: &dyn Store,
    given: &Given,
    person: &Person,
    state: Option<DeliveryState>,
    before: Option<(Timestamp, StepId)>,
    limit: usize,
) -> Result<Page<DeliveryView>, Problem> {
    let states = state.map_or(DeliveryState::ALL.to_vec(), |state| vec![state]);
    let (mut items, mut scanned, mut last, mut more, mut failed) = (Vec::new(), 0, None, false, None);
    // A message that goes from one state to another meanwhile is met in both.
    let mut met = HashSet::new();
    store.deliveries(&states, before, &mut |at, id, _| {
        if items.len() == limit || scanned == limits::PAGE_ROWS_SCANNED_MAX {
            more = true;
            return false;
        }
        scanned += 1;
        last = Some((at, id));
        match load_record(store, id.record()) {
            Ok(_) if !met.insert(id) => {}
            Ok(record) if record.exists && record.reach(person) >= Reach::See => {
                let view = DeliveryView::of(id, &record, given);
                items.extend(view.filter(|view| state.is_none_or(|state| state.name() == view.state)));
            }
            Ok(_) => {}
            Err(problem) => failed = Some(problem),
        }
        failed.is_none()
    })?;
    match failed {
        Some(problem) => Err(problem),
        None => Ok(Page { items, next_cursor: last.filter(|_| more).map(|(at, id)| format!("{}.{id}", at.millis())) }),
    }
}

/// What became of a message of which nobody knew.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleBody {
    /// `sent`, `failed`, or `resend`: it is sent once more, under the same Message-ID.
    #[serde(rename = "as")]
    #[schema(value_type = String)]
    settled: Settled,
}

/// Say what became of a message whose outcome is unknown.
#[utoipa::path(tag = "Messages", request_body = SettleBody,
    responses((status = 200, body = DeliveryView), (status = 404, body = Problem), (status = 409, body = Problem)))]
#[post("/deliveries/{id}/settle")]
pub async fn settle_delivery(
    app: Data<App>,
    id: Path<String>,
    body: Body<SettleBody>,
) -> Result<HttpResponse, Problem> {
    let id = step_id(&id).map_err(|_| Problem::not_found("delivery"))?;
    let command = RecordCommand::SettleMessage { step: id.ordinal(), to: body.value.settled };
    let settled = app.engine.submit::<Record, _>(id.record(), command, body.caller, move |seen| {
        DeliveryView::of(id, seen.state, seen.given)
    });
    Ok(HttpResponse::Ok().json(settled.await?.ok_or_else(|| Problem::not_found("delivery"))?))
}
