//! `/email-templates`: what e-mails say, with merge fields.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::language::Language;
use crate::domain::message_template::command::{TemplateChange, TemplateCommand};
use crate::domain::message_template::{Content, MailText, MessageKind};
use crate::web::App;
use crate::web::api::message_templates::{
    EmailTemplateView, MailView, PreviewBody, TemplateFilter, change, create, list, preview, remove, show,
};
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, Query, present};
use crate::web::wire::Page;

/// An e-mail template to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEmailTemplate {
    /// 1–160 characters.
    name: String,
    /// `en`, `fr` or `gl`.
    #[schema(value_type = String)]
    language: Language,
    /// One line of at most 998 bytes, with merge fields.
    subject: String,
    /// At most 64 KiB. Merge fields are `{{ record.name }}`, `{{ record.fields.company }}`, `{{ seller.name }}` and the like;
    /// `{% if record.fields.company %}…{% else %}…{% endif %}` and `| default("…")` say what stands there without a value.
    body_text: String,
    /// The same as HTML, at most 64 KiB; values are escaped.
    body_html: Option<String>,
}

/// What may be written of an e-mail template (RFC 7396).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailTemplateBody {
    name: Option<String>,
    #[schema(value_type = Option<String>)]
    language: Option<Language>,
    subject: Option<String>,
    body_text: Option<String>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    body_html: Option<Option<String>>,
}

/// Create an e-mail template; it is yours.
#[utoipa::path(tag = "Messages", request_body = NewEmailTemplate,
    responses((status = 201, body = EmailTemplateView), (status = 403, body = Problem), (status = 422, body = Problem)))]
#[post("/email-templates")]
pub async fn create_email_template(app: Data<App>, body: Body<NewEmailTemplate>) -> Result<HttpResponse, Problem> {
    let NewEmailTemplate { name, language, subject, body_text, body_html } = body.value;
    let content = Content::Mail(MailText { subject, body_text, body_html });
    create(&app, (name, language, content), body.caller).await
}

/// E-mail templates, those that come with the product among them; by name.
#[utoipa::path(tag = "Messages", params(TemplateFilter),
    responses((status = 200, body = Page<EmailTemplateView>), (status = 400, body = Problem)))]
#[get("/email-templates")]
pub async fn list_email_templates(
    app: Data<App>,
    _: Principal,
    Query(filter): Query<TemplateFilter>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(list(&app, MessageKind::Mail, &filter)?))
}

/// One e-mail template.
#[utoipa::path(tag = "Messages", responses((status = 200, body = EmailTemplateView), (status = 404, body = Problem)))]
#[get("/email-templates/{id}")]
pub async fn get_email_template(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    show(&app, &id, MessageKind::Mail, by).await
}

/// Change an e-mail template of yours. What was not sent yet is sent with the new text.
#[utoipa::path(tag = "Messages", request_body = EmailTemplateBody,
    responses((status = 200, body = EmailTemplateView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/email-templates/{id}")]
pub async fn patch_email_template(
    app: Data<App>,
    id: Path<String>,
    body: Body<EmailTemplateBody>,
) -> Result<HttpResponse, Problem> {
    let EmailTemplateBody { name, language, subject, body_text, body_html } = body.value;
    let changes = [
        name.map(TemplateChange::Name),
        language.map(TemplateChange::Language),
        subject.map(TemplateChange::Subject),
        body_text.map(TemplateChange::BodyText),
        body_html.map(TemplateChange::BodyHtml),
    ];
    let changes = changes.into_iter().flatten().collect();
    change(&app, &id, TemplateCommand::Change { kind: MessageKind::Mail, changes }, body.caller).await
}

/// Delete an e-mail template of yours that no active sequence uses.
#[utoipa::path(tag = "Messages",
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
#[delete("/email-templates/{id}")]
pub async fn delete_email_template(
    app: Data<App>,
    id: Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    remove(&app, &id, MessageKind::Mail, body.caller).await
}

/// An e-mail template filled in for a record that you see, as if you sent it.
#[utoipa::path(tag = "Messages", request_body = PreviewBody,
    responses((status = 200, body = MailView), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[post("/email-templates/{id}/preview")]
pub async fn preview_email_template(
    app: Data<App>,
    id: Path<String>,
    body: Body<PreviewBody>,
) -> Result<HttpResponse, Problem> {
    preview(&app, &id, MessageKind::Mail, body).await
}
