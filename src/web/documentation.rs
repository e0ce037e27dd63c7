//! `/docs` and `/openapi.json`: the API for people and for programs, all of it from this server.

use std::sync::{Arc, LazyLock};

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_ENCODING, ContentEncoding};
use actix_web::web::Path;
use utoipa_swagger_ui::Config;

use crate::web::openapi;
use crate::web::problem::Problem;

/// A file of the page that shows the document. Neither it nor its scripts hold anything inline.
pub async fn get_documentation(file: Path<String>) -> Result<HttpResponse, Problem> {
    // It asks nobody else whether the document is valid, and does without the bar on top, whose logo has inline styles.
    static CONFIG: LazyLock<Arc<Config<'static>>> =
        LazyLock::new(|| Arc::new(Config::from("/openapi.json").validator_url("none").use_base_layout()));
    let found = utoipa_swagger_ui::serve(&file, CONFIG.clone());
    let found =
        found.map_err(|error| Problem::new("internal", format!("the documentation cannot be shown: {error}")))?;
    let found = found.ok_or_else(|| Problem::not_found("page of the documentation"))?;
    let mut response = HttpResponse::Ok();
    if found.gzpipped {
        response.insert_header((CONTENT_ENCODING, ContentEncoding::Gzip));
    }
    Ok(response.content_type(found.content_type).body(found.bytes.into_owned()))
}

/// The OpenAPI document.
pub async fn get_document() -> HttpResponse {
    HttpResponse::Ok().json(openapi())
}
