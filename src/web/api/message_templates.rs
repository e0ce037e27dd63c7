//! What `/email-templates` and `/text-templates` share: templates of messages, and what they come to for a record.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::connector::merge::Merge;
use crate::domain::language::Language;
use crate::domain::message_template::command::TemplateCommand;
use crate::domain::message_template::{Content, MailText, MessageKind, MessageTemplate};
use crate::domain::record::Record;
use crate::domain::record::schema;
use crate::id::TemplateId;
use crate::runtime::message::{Caller, Seen};
use crate::store::Version;
use crate::web::App;
use crate::web::api::attachments::AttachmentView;
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Body, page_by_name, record_id};
use crate::web::wire::{Owner, Page};

/// What both kinds of template have.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateHead {
    id: String,
    name: String,
    /// `en`, `fr` or `gl`.
    #[schema(value_type = String)]
    language: Language,
    /// Whether it comes with the product and cannot be changed.
    shipped: bool,
    /// Whose it is; nobody's where it comes with the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_at: Option<String>,
}

/// A template of e-mails.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmailTemplateView {
    #[serde(flatten)]
    head: TemplateHead,
    #[serde(flatten)]
    text: MailView,
    /// The files that its messages name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<AttachmentView>,
}

/// What an e-mail says, or a template of it with merge fields.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailView {
    subject: String,
    body_text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_html: Option<String>,
}

/// A template of text messages.
#[derive(Debug, Serialize, ToSchema)]
pub struct TextTemplateView {
    #[serde(flatten)]
    head: TemplateHead,
    #[serde(flatten)]
    text: TextView,
}

/// What a text message says, or a template of it with merge fields.
#[derive(Debug, Serialize, ToSchema)]
pub struct TextView {
    body: String,
}

/// Either kind of template as its resource shows it.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum TemplateView {
    Mail(EmailTemplateView),
    Text(TextTemplateView),
}

/// Either kind of text.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ContentView {
    Mail(MailView),
    Text(TextView),
}

impl From<Content> for ContentView {
    fn from(content: Content) -> ContentView {
        match content {
            Content::Mail(MailText { subject, body_text, body_html }) => {
                ContentView::Mail(MailView { subject, body_text, body_html })
            }
            Content::Text(body) => ContentView::Text(TextView { body }),
        }
    }
}

impl TemplateView {
    fn of(id: TemplateId, template: &MessageTemplate) -> TemplateView {
        let own = |at: crate::time::Timestamp| template.owner.map(|_| at.to_string());
        let head = TemplateHead {
            id: id.to_string(),
            name: template.name.clone(),
            language: template.language,
            shipped: template.owner.is_none(),
            owner: template.owner.map(Owner::from),
            created_at: own(template.created_at),
            modified_at: own(template.modified_at),
        };
        match template.content.clone().into() {
            ContentView::Mail(text) => {
                let attachments = template.attachments.iter().map(AttachmentView::from).collect();
                TemplateView::Mail(EmailTemplateView { head, text, attachments })
            }
            ContentView::Text(text) => TemplateView::Text(TextTemplateView { head, text }),
        }
    }
}

/// The address of a kind's resource.
fn path(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Mail => "email-templates",
        MessageKind::Text => "text-templates",
    }
}

fn missing() -> Problem {
    Problem::not_found("template")
}

fn template_id(text: &str) -> Result<TemplateId, Problem> {
    TemplateId::parse(text).ok_or_else(missing)
}

async fn submit(
    app: &App,
    id: TemplateId,
    command: TemplateCommand,
    caller: Caller,
) -> Result<(TemplateView, Version, TemplateId), Problem> {
    let view = |seen: Seen<MessageTemplate>| (TemplateView::of(seen.id, seen.state), seen.version, seen.id);
    Ok(app.engine.submit::<MessageTemplate, _>(id, command, caller, view).await?)
}

pub(super) async fn create(
    app: &App,
    body: (String, Language, Content),
    caller: Caller,
) -> Result<HttpResponse, Problem> {
    let (name, language, content) = body;
    let kind = content.kind();
    let id = TemplateId(app.engine.ids.for_command(caller.command, app.engine.clock().now()));
    let command = TemplateCommand::Create { name, language, content };
    let (view, version, id) = submit(app, id, command, caller).await?;
    let location = format!("/api/v1/{}/{id}", path(kind));
    Ok(HttpResponse::Created().insert_header(etag(version)).insert_header((LOCATION, location)).json(view))
}

pub(super) async fn change(
    app: &App,
    id: &str,
    command: TemplateCommand,
    caller: Caller,
) -> Result<HttpResponse, Problem> {
    let (view, version, _) = submit(app, template_id(id)?, command, caller).await?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

pub(super) async fn show(app: &App, id: &str, kind: MessageKind, by: Principal) -> Result<HttpResponse, Problem> {
    let id = template_id(id)?;
    if let Some(shipped) = crate::domain::template::shipped_messages().get(&id).filter(|shipped| shipped.is(kind)) {
        // It changes with the program only.
        return Ok(HttpResponse::Ok().insert_header(etag(0)).json(TemplateView::of(id, shipped)));
    }
    let view = move |seen: Seen<MessageTemplate>| {
        seen.state.is(kind).then(|| (TemplateView::of(seen.id, seen.state), seen.version))
    };
    let (view, version) = app.engine.read(id, by.caller, view).await?.ok_or_else(missing)?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

pub(super) async fn remove(app: &App, id: &str, kind: MessageKind, caller: Caller) -> Result<HttpResponse, Problem> {
    let command = TemplateCommand::Delete { kind };
    app.engine.submit::<MessageTemplate, _>(template_id(id)?, command, caller, |_| ()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Which templates a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TemplateFilter {
    /// A part of the name or, of an e-mail, the subject.
    q: Option<String>,
    /// `en`, `fr` or `gl`.
    #[param(value_type = Option<String>)]
    language: Option<Language>,
    /// 1–500; 50 where it is not given.
    #[serde(default, deserialize_with = "request::number")]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

pub(super) fn list(app: &App, kind: MessageKind, filter: &TemplateFilter) -> Result<Page<TemplateView>, Problem> {
    let given = app.engine.given();
    let q = filter.q.as_deref().map(str::to_lowercase);
    let says = |text: &str| q.as_deref().is_none_or(|q| text.to_lowercase().contains(q));
    let shows = |template: &MessageTemplate| {
        let of_subject = match &template.content {
            Content::Mail(mail) => says(&mail.subject),
            Content::Text(_) => false,
        };
        template.is(kind)
            && filter.language.is_none_or(|language| language == template.language)
            && (says(&template.name) || of_subject)
    };
    let found = given.messages.iter().filter(|(_, template)| shows(template));
    let named = found.map(|(id, template)| (*id, template.name.clone(), template));
    let page = (filter.limit, filter.cursor.as_deref());
    page_by_name(named, TemplateId::parse, page, |id, template| TemplateView::of(id, template))
}

/// The record to fill a template in for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewBody {
    /// A record's id, or `external:TYPE:EXTERNAL_ID`.
    record: String,
}

/// As it would be sent to the record now, from the caller.
pub(super) async fn preview(
    app: &App,
    id: &str,
    kind: MessageKind,
    body: Body<PreviewBody>,
) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    let content = given.message(template_id(id)?, kind).ok_or_else(missing)?.content.clone();
    let record = record_id(&app.engine, &body.value.record)?;
    let seller = schema::Owner::User(body.principal.user());
    let merge = app.engine.read::<Record, _>(record, body.principal.caller, move |seen| {
        seen.state.exists.then(|| Merge::of(seen.state, &seen.given.policy, seller))
    });
    let merge = merge.await?.ok_or_else(|| Problem::not_found("record"))?;
    let filled = merge.fill(&content).map_err(|why| Problem::new("template_invalid", format!("the template {why}")))?;
    Ok(HttpResponse::Ok().json(ContentView::from(filled)))
}
