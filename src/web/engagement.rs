//! What recipients' programs ask of this server without being told who they are: the picture and the links of a message, and
//! the way out of such messages. A GET tells something of the message and changes nothing that the recipient wants.

pub mod machine;

use std::sync::Arc;

use actix_web::http::header::{
    Charset, ContentDisposition, DispositionParam, DispositionType, ExtendedValue, LOCATION,
};
use actix_web::web::{Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get, post, route};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{Markup, html};

use self::machine::sign;
use crate::connector::mail::links::Links;
use crate::domain::delivery::Wording;
use crate::domain::engagement::Hit;
use crate::domain::enrolment::Signal;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::{Record, RecordRejection};
use crate::domain::suppression::{Suppressed, Suppression, SuppressionCommand, UNSUBSCRIBED};
use crate::id::StepId;
use crate::limits;
use crate::runtime::message::{Caller, Failure};
use crate::store::written;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::problem::Problem;
use crate::web::request::blocking;
use crate::web::ui::layout;
use crate::web::ui::page::Look;

/// A picture of one transparent point.
const POINT: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x21\xf9\x04\x01\x00\x00\x00\x00\x2c\
                       \x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b";

/// Every such address.
pub fn pages(config: &mut ServiceConfig) {
    config.service(opened).service(clicked).service(fetched).service(get_unsubscribe).service(post_unsubscribe);
}

fn links(app: &App) -> Links {
    Links::new(Arc::clone(&app.seal))
}

fn nothing_here() -> Problem {
    Problem::new("not_found", "this link leads nowhere; it is not whole, or what it was about was erased")
}

/// The picture of a message.
#[route("/t/o/{id}", method = "GET", method = "HEAD")]
async fn opened(app: Data<App>, request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Problem> {
    let step = links(&app).opened(&id).ok_or_else(nothing_here)?;
    let (_, left_at) = written(&app, step).await?;
    note(&app, step, Hit { signal: Signal::Opened, link: None, sign: sign(&request, false), left_at }).await?;
    Ok(HttpResponse::Ok().content_type("image/gif").body(POINT))
}

/// A link of a message: it leads where it led when the message left, and nowhere else.
#[route("/t/c/{id}", method = "GET", method = "HEAD")]
async fn clicked(app: Data<App>, request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (step, link) = links(&app).clicked(&id).ok_or_else(nothing_here)?;
    let (written, left_at) = written(&app, step).await?;
    let destination = written.links.get(usize::from(link)).ok_or_else(nothing_here)?;
    let hit = Hit { signal: Signal::LinkClicked, link: Some(link), sign: sign(&request, true), left_at };
    follow(&app, step, hit).await;
    Ok(HttpResponse::Found().insert_header((LOCATION, destination.as_str())).finish())
}

/// A file that a message names, to be saved: no browser shows it as one of our pages.
#[route("/t/a/{id}", method = "GET", method = "HEAD")]
async fn fetched(app: Data<App>, request: HttpRequest, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (step, number) = links(&app).fetched(&id).ok_or_else(nothing_here)?;
    let (message, left_at) = written(&app, step).await?;
    let (template, file) = *message.attachments.get(usize::from(number)).ok_or_else(nothing_here)?;
    let store = app.engine.shared_store();
    let found = blocking(move || Ok(written::attachment(store.as_ref(), template, file)?)).await?;
    let (file, content) = found.ok_or_else(nothing_here)?;
    let content = BASE64_STANDARD.decode(content).map_err(|_| nothing_here())?;
    // Links and files are told apart, so that following one and the other at once is seen.
    let link = (limits::LINKS_MAX as u16).checked_add(number);
    let hit = Hit { signal: Signal::AttachmentDownloaded, link, sign: sign(&request, true), left_at };
    follow(&app, step, hit).await;
    let saved = saved_as(file.name);
    Ok(HttpResponse::Ok().content_type(file.media_type).insert_header(saved).body(content))
}

/// To be saved under that name, which older programs are told without its letters beyond ASCII (RFC 6266).
fn saved_as(name: String) -> ContentDisposition {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ' | '(' | ')');
    let plain = name.chars().map(|c| if is_plain(&c) { c } else { '_' }).collect();
    let value = ExtendedValue { charset: Charset::Ext("UTF-8".into()), language_tag: None, value: name.into_bytes() };
    let parameters = vec![DispositionParam::Filename(plain), DispositionParam::FilenameExt(value)];
    ContentDisposition { disposition: DispositionType::Attachment, parameters }
}

/// Whoever follows a link gets there, whatever becomes of what we want to know of it.
async fn follow(app: &App, step: StepId, hit: Hit) {
    if let Err(problem) = note(app, step, hit).await {
        tracing::warn!(code = problem.code, "a click could not be noted");
    }
}

async fn note(app: &App, step: StepId, hit: Hit) -> Result<(), Problem> {
    if !app.engine.given().policy.settings().email_engagement {
        return Ok(());
    }
    let command = RecordCommand::Engage { step: step.ordinal(), hit };
    let noted = app.engine.submit_in_turn::<Record, ()>(step.record(), command, Caller::SYSTEM, |_| ()).await;
    match noted {
        Ok(()) | Err(Failure::Refused(_) | Failure::Erased) => Ok(()),
        Err(failure) => Err(failure.into()),
    }
}

/// What the message of a step said when it left last, and when that was.
async fn written(app: &App, step: StepId) -> Result<(Wording, Timestamp), Problem> {
    let store = app.engine.shared_store();
    blocking(move || written::written(store.as_ref(), step)?.ok_or_else(nothing_here)).await
}

/// Asks whether the person means it: what looks at every link of a message must not decide that.
#[get("/u/{id}")]
async fn get_unsubscribe(app: Data<App>, look: Look, id: Path<String>) -> Result<Markup, Problem> {
    links(&app).unsubscribed(&id).ok_or_else(nothing_here)?;
    let content = html! {
        div.card {
            p { (look.words.say("unsubscribe-text")) }
            form method="post" action={ "/u/" (id) } { button type="submit" { (look.words.say("unsubscribe")) } }
        }
    };
    Ok(layout::plain(&look, &look.words.say("unsubscribe"), &content))
}

/// One click (RFC 8058), from a mail program or from the page: no more such messages. Once more changes nothing.
#[post("/u/{id}")]
async fn post_unsubscribe(app: Data<App>, look: Look, id: Path<String>) -> Result<Markup, Problem> {
    let (step, address) = links(&app).unsubscribed(&id).ok_or_else(nothing_here)?;
    let add = SuppressionCommand::Add(Suppressed::email_of(step.record(), UNSUBSCRIBED));
    // First the address, which nobody can erase.
    app.engine.submit_in_turn::<Suppression, ()>(address, add, Caller::SYSTEM, |_| ()).await?;
    let command = RecordCommand::OptOut { step: step.ordinal(), complained: false };
    let noted = app.engine.submit_in_turn::<Record, ()>(step.record(), command, Caller::SYSTEM, |_| ()).await;
    match noted {
        // An erased record wants nothing any more.
        Ok(()) | Err(Failure::Erased) => {}
        Err(Failure::Refused(RecordRejection::NotFound | RecordRejection::StepNotFound)) => {}
        Err(failure) => return Err(failure.into()),
    }
    let content = html! { div.card { p { (look.words.say("unsubscribed-text")) } } };
    Ok(layout::plain(&look, &look.words.say("unsubscribed"), &content))
}
