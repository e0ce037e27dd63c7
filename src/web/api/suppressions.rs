//! `/suppressions`: addresses and numbers that automated messages are not sent to, whoever has them.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::connector::mail::links::Links;
use crate::domain::permission::Permission;
use crate::domain::record::Record;
use crate::domain::record::schema::email_fault;
use crate::domain::suppression::{REQUESTED, Reached, Suppressed, Suppression, SuppressionCommand};
use crate::id::SuppressionId;
use crate::runtime::message::{Caller, Failure, Seen};
use crate::web::App;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Body, Nothing, Query, page_limit};
use crate::web::wire::Page;

/// A suppression.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuppressionView {
    id: String,
    /// The address, where somebody has written it into the list, or the record has it to which it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The number, where somebody has written it into the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// `email` or `phone`.
    channel: &'static str,
    /// `unsubscribed`, `complained` or `bounced` where the server has added it; else what somebody has written.
    reason: String,
    /// Since when.
    at: String,
    /// The record that it was added for, while it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
}

/// An address or a number that nobody is to write to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSuppression {
    /// An e-mail address; this or `phone`. Neither capitals nor the form of its domain make a difference.
    email: Option<String>,
    /// A phone number with its country code; only its digits count.
    phone: Option<String>,
    /// One line of at most 200 characters; `requested` where nothing is said.
    reason: Option<String>,
}

/// Which page of the list, and whether one address or number is in it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SuppressionFilter {
    /// Only that of this e-mail address.
    email: Option<String>,
    /// Only that of this phone number.
    phone: Option<String>,
    /// 1–500; 50 where it is not given.
    #[serde(default, deserialize_with = "request::number")]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// What was named, and what it is suppressed under: by the present key, then by those before.
fn named(app: &App, email: Option<&str>, phone: Option<&str>) -> Result<(Reached, Vec<SuppressionId>), Problem> {
    let links = Links::new(app.seal.clone());
    match (email, phone) {
        (Some(email), None) => match email_fault(email.trim()) {
            Some((code, detail)) => Err(Problem::at("validation_failed", "/email", format!("{code}: {detail}"))),
            None => Ok((Reached::Email, links.addresses(email))),
        },
        (None, Some(phone)) => match phone.chars().filter(char::is_ascii_digit).count() {
            5..=20 => Ok((Reached::Phone, links.numbers(phone))),
            _ => Err(Problem::at("validation_failed", "/phone", "a phone number has 5 to 20 digits")),
        },
        _ => Err(Problem::at("validation_failed", "/email", "name either `email` or `phone`")),
    }
}

/// A suppression as it is listed. What the server has added holds no address: its record says it, for as long as it has it.
async fn view(app: &App, id: SuppressionId, state: Suppression) -> Result<Option<SuppressionView>, Problem> {
    let Some(Suppressed { reached, reason, address, of }) = state.holds else { return Ok(None) };
    let (mut record, mut address) = (None, address);
    if let (Some(of), None) = (of, &address) {
        let look = |seen: Seen<Record>| seen.state.exists.then(|| seen.state.profile.email.clone());
        match app.engine.read::<Record, _>(of, Caller::SYSTEM, look).await {
            Ok(None) => {}
            Ok(Some(email)) => {
                record = Some(of.to_string());
                let names = Links::new(app.seal.clone());
                address = email.filter(|email| names.addresses(email).contains(&id));
            }
            Err(Failure::Refused(_) | Failure::Erased) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    let is_email = reached == Reached::Email;
    let (email, phone) = if is_email { (address, None) } else { (None, address) };
    let channel = if is_email { "email" } else { "phone" };
    Ok(Some(SuppressionView { id: id.to_string(), email, phone, channel, reason, at: state.since.to_string(), record }))
}

/// Suppress an address or a number: automated messages are not sent to it any more, whoever has it. Once more changes nothing.
#[utoipa::path(tag = "Messages", request_body = NewSuppression,
    responses((status = 201, body = SuppressionView), (status = 403, body = Problem), (status = 422, body = Problem)))]
#[post("/suppressions")]
pub async fn create_suppression(app: Data<App>, body: Body<NewSuppression>) -> Result<HttpResponse, Problem> {
    body.principal.must(&app, Permission::SetUp, "manage suppressions")?;
    let NewSuppression { email, phone, reason } = body.value;
    let (reached, ids) = named(&app, email.as_deref(), phone.as_deref())?;
    let reason = reason.map_or(REQUESTED.into(), |reason| reason.trim().to_owned());
    let address = email.or(phone).map(|address| address.trim().to_owned());
    let given = app.engine.given();
    let known = ids.iter().copied().find(|id| given.suppressions.has(*id));
    let id = known.or(ids.first().copied()).ok_or_else(|| Problem::not_found("suppression"))?;
    let command = SuppressionCommand::Add(Suppressed { reached, reason, address, of: None });
    let made = app.engine.submit::<Suppression, _>(id, command, body.caller, |seen| seen.state.clone()).await?;
    let made = view(&app, id, made).await?.ok_or_else(|| Problem::not_found("suppression any more"))?;
    let location = format!("/api/v1/suppressions/{id}");
    Ok(HttpResponse::Created().insert_header((LOCATION, location)).json(made))
}

/// What is suppressed, in the order of the ids.
#[utoipa::path(tag = "Messages", params(SuppressionFilter),
    responses((status = 200, body = Page<SuppressionView>), (status = 400, body = Problem), (status = 403, body = Problem)))]
#[get("/suppressions")]
pub async fn list_suppressions(
    app: Data<App>,
    by: Principal,
    Query(filter): Query<SuppressionFilter>,
) -> Result<HttpResponse, Problem> {
    by.must(&app, Permission::SetUp, "manage suppressions")?;
    let limit = page_limit(filter.limit)?;
    let after = request::cursor(filter.cursor.as_deref(), SuppressionId::parse)?;
    let list = app.engine.given().suppressions.clone();
    let ids: Vec<SuppressionId> = match (&filter.email, &filter.phone) {
        (None, None) => list.behind(after).take(limit + 1).collect(),
        (email, phone) => {
            let (_, ids) = named(&app, email.as_deref(), phone.as_deref())?;
            ids.into_iter().filter(|id| list.has(*id)).collect()
        }
    };
    let mut items = Vec::new();
    for id in ids.iter().take(limit) {
        let state = app.engine.read::<Suppression, _>(*id, by.caller, |seen| seen.state.clone()).await?;
        items.extend(view(&app, *id, state).await?);
    }
    let last = ids.get(limit).and(ids.get(limit - 1));
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: last.map(ToString::to_string) }))
}

/// Suppress it no more.
#[utoipa::path(tag = "Messages", request_body = Nothing,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
#[delete("/suppressions/{id}")]
pub async fn delete_suppression(
    app: Data<App>,
    id: Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let id = SuppressionId::parse(&id).ok_or_else(|| Problem::not_found("suppression"))?;
    app.engine.submit::<Suppression, ()>(id, SuppressionCommand::Remove, body.caller, |_| ()).await?;
    Ok(HttpResponse::NoContent().finish())
}
