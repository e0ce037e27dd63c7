//! `/sequences/{id}/validate`: everything that activation would say about a draft.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::effect::Counter;
use crate::domain::plan::compile::{Diagnostic, Severity};
use crate::domain::sequence::{Sequence, SequenceStatus};
use crate::limits;
use crate::runtime::message::Seen;
use crate::web::App;
use crate::web::api::sequences::read;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, sequence_id};

/// One thing to mend or to know.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiagnosticView {
    code: &'static str,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    detail: String,
}

impl From<Diagnostic> for DiagnosticView {
    fn from(found: Diagnostic) -> DiagnosticView {
        let severity = match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        DiagnosticView { code: found.code, severity, node: found.node, detail: found.detail }
    }
}

/// Everything there is to say about a draft.
#[derive(Debug, Serialize, ToSchema)]
pub struct Diagnostics {
    diagnostics: Vec<DiagnosticView>,
}

/// Check the draft as activation would; nothing changes.
#[utoipa::path(tag = "Sequences", responses((status = 200, body = Diagnostics), (status = 404, body = Problem)))]
#[post("/sequences/{id}/validate")]
pub async fn validate_sequence(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let view = |seen: &Seen<Sequence>| {
        let (plan, mut found) = seen.state.compile_draft(seen.id, seen.given);
        let against = plan.as_ref().map(|plan| seen.state.judge_tests(seen.given, plan)).unwrap_or_default();
        let severity = Severity::Error;
        found.extend(against.into_iter().map(|test| Diagnostic {
            code: test.code,
            severity,
            node: None,
            detail: test.detail,
        }));
        (found, seen.state.status)
    };
    let ((mut found, status), _) = read(&app.engine, sequence_id(&id)?, body.principal, view).await?;
    let active = app.engine.store().counter(Counter::ActiveSequences);
    if status == SequenceStatus::Inactive && active >= limits::ACTIVE_SEQUENCES_MAX {
        let detail = format!("{active} sequences are active, as many as may be; deactivate one first");
        found.push(Diagnostic { code: "active_limit_reached", severity: Severity::Error, node: None, detail });
    }
    Ok(HttpResponse::Ok().json(Diagnostics { diagnostics: found.into_iter().map(Into::into).collect() }))
}
