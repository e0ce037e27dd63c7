//! `/text-templates`: what text messages say, with merge fields.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::language::Language;
use crate::domain::message_template::command::{TemplateChange, TemplateCommand};
use crate::domain::message_template::{Content, MessageKind};
use crate::web::App;
use crate::web::api::message_templates::{
    PreviewBody, TemplateFilter, TextTemplateView, TextView, change, create, list, preview, remove, show,
};
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, Query};
use crate::web::wire::Page;

/// A text-message template to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTextTemplate {
    /// 1–160 characters.
    name: String,
    /// `en`, `fr` or `gl`.
    #[schema(value_type = String)]
    language: Language,
    /// At most 4,000 bytes, with merge fields as in an e-mail template.
    body: String,
}

/// What may be written of a text-message template (RFC 7396).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TextTemplateBody {
    name: Option<String>,
    #[schema(value_type = Option<String>)]
    language: Option<Language>,
    body: Option<String>,
}

/// Create a text-message template; it is yours.
#[utoipa::path(tag = "Messages", request_body = NewTextTemplate,
    responses((status = 201, body = TextTemplateView), (status = 403, body = Problem), (status = 422, body = Problem)))]
#[post("/text-templates")]
pub async fn create_text_template(app: Data<App>, body: Body<NewTextTemplate>) -> Result<HttpResponse, Problem> {
    let NewTextTemplate { name, language, body: text } = body.value;
    create(&app, (name, language, Content::Text(text)), body.caller).await
}

/// Text-message templates, by name.
#[utoipa::path(tag = "Messages", params(TemplateFilter),
    responses((status = 200, body = Page<TextTemplateView>), (status = 400, body = Problem)))]
#[get("/text-templates")]
pub async fn list_text_templates(
    app: Data<App>,
    _: Principal,
    Query(filter): Query<TemplateFilter>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(list(&app, MessageKind::Text, &filter)?))
}

/// One text-message template.
#[utoipa::path(tag = "Messages", responses((status = 200, body = TextTemplateView), (status = 404, body = Problem)))]
#[get("/text-templates/{id}")]
pub async fn get_text_template(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    show(&app, &id, MessageKind::Text, by).await
}

/// Change a text-message template of yours. What was not sent yet is sent with the new text.
#[utoipa::path(tag = "Messages", request_body = TextTemplateBody,
    responses((status = 200, body = TextTemplateView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/text-templates/{id}")]
pub async fn patch_text_template(
    app: Data<App>,
    id: Path<String>,
    body: Body<TextTemplateBody>,
) -> Result<HttpResponse, Problem> {
    let TextTemplateBody { name, language, body: text } = body.value;
    let changes =
        [name.map(TemplateChange::Name), language.map(TemplateChange::Language), text.map(TemplateChange::Body)];
    let changes = changes.into_iter().flatten().collect();
    change(&app, &id, TemplateCommand::Change { kind: MessageKind::Text, changes }, body.caller).await
}

/// Delete a text-message template of yours that no active sequence uses.
#[utoipa::path(tag = "Messages",
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
#[delete("/text-templates/{id}")]
pub async fn delete_text_template(
    app: Data<App>,
    id: Path<String>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    remove(&app, &id, MessageKind::Text, body.caller).await
}

/// A text-message template filled in for a record that you see, as if you sent it.
#[utoipa::path(tag = "Messages", request_body = PreviewBody,
    responses((status = 200, body = TextView), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[post("/text-templates/{id}/preview")]
pub async fn preview_text_template(
    app: Data<App>,
    id: Path<String>,
    body: Body<PreviewBody>,
) -> Result<HttpResponse, Problem> {
    preview(&app, &id, MessageKind::Text, body).await
}
