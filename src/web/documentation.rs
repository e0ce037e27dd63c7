//! `/docs` and `/openapi.json`: the API for people and for programs, all of it from this server.

use std::sync::{Arc, LazyLock};

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, ContentEncoding};
use actix_web::web::Path;
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa_swagger_ui::Config;

use crate::web::api::compatibility;
use crate::web::openapi;
use crate::web::problem::Problem;

const PROBLEM_TYPE: &str = "application/problem+json";

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

/// Says of every route that whatever is no success is a problem, as [`Problem`] sends it: which codes there are is the
/// same for all of them, and those that a route speaks of itself stand beside.
pub fn describe_problems(document: &mut OpenApi) {
    let problem = || Content::new(Some(Ref::from_schema_name("Problem")));
    for (path, item) in &mut document.paths.paths {
        let is_compatible = path.starts_with(compatibility::PATH);
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            let responses = &mut operation.responses.responses;
            for (status, response) in responses.iter_mut() {
                let RefOr::T(response) = response else { continue };
                // Required by OpenAPI, and told nowhere else.
                if response.description.is_empty() {
                    let known =
                        StatusCode::from_bytes(status.as_bytes()).ok().and_then(|status| status.canonical_reason());
                    response.description = known.unwrap_or(status.as_str()).to_owned();
                }
                if status.starts_with(['4', '5'])
                    && !is_compatible
                    && let Some(content) = response.content.shift_remove("application/json")
                {
                    response.content.insert(PROBLEM_TYPE.into(), content);
                }
            }
            let other = ResponseBuilder::new().description("Refused or failed; see `code`.");
            let other = match is_compatible {
                true => other.content("application/json", Content::new(Some(Ref::from_schema_name("ActionError")))),
                false => other.content(PROBLEM_TYPE, problem()),
            };
            let other = other.build();
            responses.insert("default".into(), other.into());
        }
    }
}
