//! `/mailboxes`: the addresses that messages come from.

use std::time::Duration;

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::channels::Channels;
use crate::domain::channels::command::ChannelsCommand;
use crate::domain::channels::mailbox::Mailbox;
use crate::domain::given::Given;
use crate::domain::permission::{Denial, Permission};
use crate::domain::record::schema::Owner;
use crate::id::{ChannelsId, MailboxId, UserId};
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::enrolments::PageQuery;
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, Query, page_by_name};
use crate::web::wire::Page;
use crate::web::wire::mailbox::{MailboxBody, MailboxView, NewMailbox};

/// How long somebody waits for a mail server that they try: less than a request may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn mailbox_id(text: &str) -> Result<MailboxId, Problem> {
    MailboxId::parse(text).ok_or_else(|| Problem::not_found("mailbox"))
}

/// One that `by` may know of.
pub(super) fn seen(given: &Given, by: UserId, id: MailboxId) -> Result<&Mailbox, Problem> {
    let person = given.policy.person(by)?;
    let found = given.channels.mailboxes.get(&id).ok_or_else(|| Problem::not_found("mailbox"))?;
    if found.is_seen_by(&person) { Ok(found) } else { Err(Denial::hidden("mailbox").into()) }
}

async fn submit(app: &App, id: MailboxId, command: ChannelsCommand, caller: Caller) -> Result<Written, Problem> {
    // The version that was seen is one of the mailbox, not of all channels; the command holds it.
    let caller = Caller { expected: None, ..caller };
    let written = app.engine.submit::<Channels, _>(ChannelsId::THE, command, caller, move |seen| {
        seen.state.mailboxes.get(&id).map(|mailbox| (MailboxView::of(id, mailbox), mailbox.version))
    });
    Ok(written.await?)
}

/// A mailbox and its version, while it is there.
type Written = Option<(MailboxView, u32)>;

/// Add a mailbox.
#[utoipa::path(tag = "Messages", request_body = NewMailbox,
    responses((status = 201, body = MailboxView), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/mailboxes")]
pub async fn create_mailbox(app: Data<App>, body: Body<NewMailbox>) -> Result<HttpResponse, Problem> {
    let parts = MailboxBody::from(body.value).parts(&app.seal)?;
    let id = MailboxId(app.engine.ids.named_by(body.caller.command, app.engine.clock().now()));
    let command = ChannelsCommand::AddMailbox { mailbox: id, parts };
    let added = submit(&app, id, command, body.caller).await?;
    let (view, version) = added.ok_or_else(|| Problem::not_found("mailbox any more"))?;
    let location = format!("/api/v1/mailboxes/{id}");
    Ok(HttpResponse::Created().insert_header(etag(version)).insert_header((LOCATION, location)).json(view))
}

/// Mailboxes by name: all of them for administrators, for others the shared ones, their own and their teams'.
#[utoipa::path(tag = "Messages", params(PageQuery),
    responses((status = 200, body = Page<MailboxView>), (status = 400, body = Problem)))]
#[get("/mailboxes")]
pub async fn list_mailboxes(
    app: Data<App>,
    by: Principal,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    let person = given.policy.person(by.user())?;
    let seen = given.channels.mailboxes.iter().filter(|(_, mailbox)| mailbox.is_seen_by(&person));
    let seen = seen.map(|(id, mailbox)| (*id, mailbox.name.clone(), mailbox));
    let cursor = (query.limit, query.cursor.as_deref());
    Ok(HttpResponse::Ok()
        .json(page_by_name(seen, MailboxId::parse, cursor, |id, mailbox| MailboxView::of(id, mailbox))?))
}

/// One mailbox.
#[utoipa::path(tag = "Messages", responses((status = 200, body = MailboxView), (status = 404, body = Problem)))]
#[get("/mailboxes/{id}")]
pub async fn get_mailbox(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (id, given) = (mailbox_id(&id)?, app.engine.given());
    let mailbox = seen(&given, by.user(), id)?;
    Ok(HttpResponse::Ok().insert_header(etag(mailbox.version)).json(MailboxView::of(id, mailbox)))
}

/// Change a mailbox. Whoever owns it may write its name and how they sign in; the rest is for administrators.
#[utoipa::path(tag = "Messages", request_body = MailboxBody,
    responses((status = 200, body = MailboxView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/mailboxes/{id}")]
pub async fn patch_mailbox(app: Data<App>, id: Path<String>, body: Body<MailboxBody>) -> Result<HttpResponse, Problem> {
    let (id, expected) = (mailbox_id(&id)?, body.caller.expected);
    let parts = body.value.parts(&app.seal)?;
    let written = submit(&app, id, ChannelsCommand::ChangeMailbox { mailbox: id, parts, expected }, body.caller);
    let (view, version) = written.await?.ok_or_else(|| Problem::not_found("mailbox any more"))?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// Remove a mailbox; what would leave from it leaves from another.
#[utoipa::path(tag = "Messages", request_body = Nothing,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem)))]
#[delete("/mailboxes/{id}")]
pub async fn delete_mailbox(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let id = mailbox_id(&id)?;
    let command = ChannelsCommand::RemoveMailbox { mailbox: id, expected: body.caller.expected };
    submit(&app, id, command, body.caller).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What came of connecting to a server.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProbeView {
    /// Whether it would take a message.
    ok: bool,
    /// What it answered, or what went wrong.
    detail: String,
}

/// What came of trying a mailbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct TestView {
    smtp: ProbeView,
}

/// Connect to a mailbox's server and sign in; nothing is sent. For administrators, and for whoever owns it.
#[utoipa::path(tag = "Messages", request_body = Nothing,
    responses((status = 200, body = TestView), (status = 403, body = Problem), (status = 404, body = Problem)))]
#[post("/mailboxes/{id}/test")]
pub async fn test_mailbox(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let (id, given, by) = (mailbox_id(&id)?, app.engine.given(), body.principal.user());
    let mailbox = seen(&given, by, id)?;
    let person = given.policy.person(by)?;
    let is_own = mailbox.owner == Some(Owner::User(by));
    person.must(if is_own { Permission::OwnSettings } else { Permission::SetUp }, "try this mailbox")?;
    let probed = tokio::time::timeout(PATIENCE, app.postman.probe(mailbox)).await;
    let smtp = match probed {
        Ok(Ok(answer)) => ProbeView { ok: true, detail: answer },
        Ok(Err(error)) => ProbeView { ok: false, detail: error.to_string() },
        Err(_) => ProbeView { ok: false, detail: format!("no answer within {} seconds", PATIENCE.as_secs()) },
    };
    Ok(HttpResponse::Ok().json(TestView { smtp }))
}
