//! `/email-templates/{id}/attachments`: files that the messages of a template name by a link.

use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::message_template::attachment::Attachment;
use crate::domain::message_template::command::TemplateCommand;
use crate::domain::message_template::{MessageKind, MessageTemplate};
use crate::id::{AttachmentId, TemplateId};
use crate::limits;
use crate::runtime::message::Seen;
use crate::web::App;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, Query, caller};
use crate::web::wire::Page;

/// A file of a template.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttachmentView {
    id: String,
    name: String,
    media_type: String,
    bytes: u32,
}

impl From<&Attachment> for AttachmentView {
    fn from(Attachment { id, name, media_type, bytes }: &Attachment) -> AttachmentView {
        AttachmentView { id: id.to_string(), name: name.clone(), media_type: media_type.clone(), bytes: *bytes }
    }
}

/// What the file is called.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AttachmentName {
    /// 1–100 characters, without folders: what recipients read and save it as.
    name: String,
}

fn template_id(text: &str) -> Result<TemplateId, Problem> {
    TemplateId::parse(text).ok_or_else(|| Problem::not_found("template"))
}

/// Attach a file to an e-mail template of yours: the body is the file, at most 4 MiB. Messages name it by a link to this
/// server, so the setting `public_url` has to be set; fetching it is engagement. A template has at most 10. Documents, pictures,
/// tables, calendar entries and archives are taken, by their `Content-Type`; nothing that a browser would run.
#[utoipa::path(tag = "Messages", params(AttachmentName),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = AttachmentView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem)))]
#[post("/email-templates/{id}/attachments")]
pub async fn attach_file(
    app: Data<App>,
    by: Principal,
    http: HttpRequest,
    id: Path<String>,
    Query(AttachmentName { name }): Query<AttachmentName>,
    body: Payload,
) -> Result<HttpResponse, Problem> {
    let template = template_id(&id)?;
    let bytes = match body.to_bytes_limited(limits::ATTACHMENT_BYTES_MAX).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(Problem::malformed("", format!("the body broke off: {error}"))),
        Err(_) => {
            let detail = format!("an attachment has at most {} MiB", limits::ATTACHMENT_BYTES_MAX >> 20);
            return Err(Problem::new("too_large", detail));
        }
    };
    let sent = http.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = match sent.split(';').next().unwrap_or_default().trim() {
        "" => "application/octet-stream".to_owned(),
        sent => sent.to_ascii_lowercase(),
    };
    let name = name.trim().to_owned();
    let caller = caller(&http, &by, &[name.as_bytes(), b"\0", media_type.as_bytes(), b"\0", bytes.as_ref()].concat())?;
    let fresh = AttachmentId(app.engine.ids.named_by(caller.command, app.engine.clock().now()));
    let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let attachment = Attachment { id: fresh, name, media_type, bytes: size };
    let content = BASE64_STANDARD.encode(&bytes);
    let view = move |seen: Seen<MessageTemplate>| seen.state.attachment(fresh).map(AttachmentView::from);
    let command = TemplateCommand::Attach { attachment, content };
    let made = app.engine.submit::<MessageTemplate, _>(template, command, caller, view).await?;
    let made = made.ok_or_else(|| Problem::not_found("attachment any more"))?;
    let location = format!("/api/v1/email-templates/{template}/attachments/{}", made.id);
    Ok(HttpResponse::Created().insert_header((LOCATION, location)).json(made))
}

/// The files of an e-mail template.
#[utoipa::path(tag = "Messages", responses((status = 200, body = Page<AttachmentView>), (status = 404, body = Problem)))]
#[get("/email-templates/{id}/attachments")]
pub async fn list_attachments(app: Data<App>, _: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    let template = given.message(template_id(&id)?, MessageKind::Mail);
    let template = template.ok_or_else(|| Problem::not_found("template"))?;
    let items: Vec<_> = template.attachments.iter().map(AttachmentView::from).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}

/// Take a file away: messages do not name it any more, and links of those that did lead nowhere.
#[utoipa::path(tag = "Messages", request_body = Nothing,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
#[delete("/email-templates/{id}/attachments/{attachment}")]
pub async fn detach_file(
    app: Data<App>,
    ids: Path<(String, String)>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let (template, attachment) = ids.into_inner();
    let attachment = AttachmentId::parse(&attachment).ok_or_else(|| Problem::not_found("attachment"))?;
    let command = TemplateCommand::Detach(attachment);
    app.engine.submit::<MessageTemplate, ()>(template_id(&template)?, command, body.caller, |_| ()).await?;
    Ok(HttpResponse::NoContent().finish())
}
