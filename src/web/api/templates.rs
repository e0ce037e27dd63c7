//! `/templates`: the factory sequences.

use std::collections::BTreeMap;

use actix_web::http::header::{ACCEPT_LANGUAGE, ETAG};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::given::Given;
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::graph::Graph;
use crate::domain::template::{self, Language, SequenceTemplate, in_language};
use crate::domain::trial::script::Test;
use crate::id::UserId;
use crate::web::App;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Query, known_type};
use crate::web::wire::Page;

/// A factory sequence.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateView {
    id: &'static str,
    names: BTreeMap<String, String>,
    name: String,
    description: String,
    #[schema(value_type = String)]
    record_type: RecordType,
    step_count: u16,
    duration_days: i64,
    #[schema(value_type = Object)]
    graph: Graph,
    /// Tests that take every exit of its branches; a sequence made from it begins with them.
    #[schema(value_type = Vec<Object>)]
    tests: &'static [Test],
}

/// The language of a request: what its header wishes, else that of whoever asks.
pub fn language(request: &HttpRequest, given: &Given, by: UserId) -> Language {
    let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    header.and_then(Language::accepted).unwrap_or_else(|| given.policy.language(by, None))
}

fn view(template: &'static SequenceTemplate, language: Language) -> TemplateView {
    TemplateView {
        id: &template.id,
        names: template.names.clone(),
        name: in_language(&template.names, language).to_owned(),
        description: in_language(&template.descriptions, language).to_owned(),
        record_type: template.record_type,
        step_count: template.step_count,
        duration_days: template.duration_days,
        graph: template.graph(language),
        tests: template.tests(),
    }
}

/// Which templates.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TemplateFilter {
    /// Those for records of this type.
    #[param(value_type = Option<String>)]
    record_type: Option<RecordType>,
}

/// The six templates, in the language of `Accept-Language` (en, fr, gl), else your own, else the organisation's.
#[utoipa::path(tag = "Templates", params(TemplateFilter),
    responses((status = 200, body = Page<TemplateView>), (status = 400, body = Problem)))]
#[get("/templates")]
pub async fn list_templates(
    app: Data<App>,
    request: HttpRequest,
    by: Principal,
    Query(TemplateFilter { record_type }): Query<TemplateFilter>,
) -> Result<HttpResponse, Problem> {
    let kind = record_type.map(|kind| known_type(&app.engine, kind, "/record_type")).transpose()?;
    let language = language(&request, &app.engine.given(), by.user());
    let shown =
        template::sequence_templates().iter().filter(|template| kind.is_none_or(|kind| kind == template.record_type));
    let items = shown.map(|template| view(template, language)).collect();
    Ok(HttpResponse::Ok().json(Page { items, next_cursor: None }))
}

/// One template.
#[utoipa::path(tag = "Templates", responses((status = 200, body = TemplateView), (status = 404, body = Problem)))]
#[get("/templates/{id}")]
pub async fn get_template(
    app: Data<App>,
    request: HttpRequest,
    by: Principal,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let template = template::sequence_template(&id).ok_or_else(|| Problem::not_found("template"))?;
    // It changes with the program only.
    let language = language(&request, &app.engine.given(), by.user());
    let tag = format!("\"{}-{}-{}\"", template.id, language.code(), env!("CARGO_PKG_VERSION"));
    Ok(HttpResponse::Ok().insert_header((ETAG, tag)).json(view(template, language)))
}
