//! The pages: HTML that works without script, made on the server from what the API answers. A path is a file.

pub mod account;
pub mod admin;
pub mod appearance;
pub mod bulk;
pub mod cards;
pub mod chart;
pub mod clock;
pub mod condition;
pub mod connected;
pub mod dates;
pub mod design;
pub mod designer;
pub mod doing;
pub mod find;
pub mod first_steps;
pub mod form;
pub mod home;
pub mod icons;
pub mod imports;
pub mod inside;
pub mod layout;
pub mod missing;
pub mod my_day;
pub mod my_sequences;
pub mod page;
pub mod query;
pub mod records;
pub mod sample;
pub mod sequence;
pub mod sequences;
pub mod session;
pub mod sign_in;
pub mod single_sign_on;
pub mod upload;
pub mod words;
pub mod work;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::UrlencodedError;
use actix_web::http::header::{ACCEPT, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::web::{self, ServiceConfig};

use crate::limits;
use crate::web::problem::Problem;

/// A person gets a problem as a page: whoever asks for HTML, and not below the API. A middleware around every route.
pub async fn problems_as_pages<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let accepts = request.headers().get(ACCEPT).and_then(|accepts| accepts.to_str().ok()).unwrap_or_default();
    let is_person = accepts.contains("text/html") && !request.path().starts_with("/api/");
    let response = next.call(request).await?;
    let problem = response.response().error().and_then(actix_web::Error::as_error::<Problem>).cloned();
    let Some(problem) = problem.filter(|_| is_person) else { return Ok(response.map_into_left_body()) };
    let mut look = page::Look::of(response.request(), None);
    if !response.request().method().is_safe() {
        // Nothing is to be seen at the address of a form.
        look.path = "/".into();
    }
    let mut page = layout::problem(&look, response.status(), &problem);
    if let Some(seconds) = response.headers().get(RETRY_AFTER) {
        page.headers_mut().insert(RETRY_AFTER, seconds.clone());
    }
    Ok(response.into_response(page.map_into_right_body()))
}

/// What was sent is no form, or not the one that belongs here.
fn unreadable(error: &UrlencodedError) -> Problem {
    match error {
        UrlencodedError::Overflow { .. } => Problem::new("too_large", "the form is larger than this address takes"),
        UrlencodedError::ContentType => {
            Problem::new("unsupported_media_type", "this address takes application/x-www-form-urlencoded")
        }
        other => Problem::malformed("", other.to_string()),
    }
}

/// Every page.
pub fn pages(config: &mut ServiceConfig) {
    config.service(single_sign_on::get_oidc).service(single_sign_on::get_callback);
    config
        .app_data(
            web::FormConfig::default().limit(limits::FORM_BODY_MAX).error_handler(|error, _| unreadable(&error).into()),
        )
        .service(layout::get_style)
        .service(layout::get_script)
        .service(layout::get_standing)
        .service(layout::get_cards_script)
        .service(layout::get_mark)
        .service(form::post_do)
        .service(upload::post_upload)
        .service(appearance::post_appearance)
        .service(design::get_design)
        .service(sequences::get_sequences)
        .configure(sequence::pages)
        .configure(designer::pages)
        .configure(home::pages)
        .configure(my_day::pages)
        .configure(my_sequences::pages)
        .configure(imports::pages)
        .configure(records::pages)
        .configure(doing::pages)
        .configure(bulk::pages)
        .configure(work::pages)
        .configure(connected::pages)
        .configure(find::pages)
        .configure(admin::pages)
        .service(sign_in::get_sign_in)
        .service(sign_in::post_sign_in)
        .service(sign_in::post_sign_out)
        .service(first_steps::get_welcome)
        .service(first_steps::post_welcome)
        .service(first_steps::get_invitation)
        .service(first_steps::post_invitation)
        .configure(account::pages);
}
