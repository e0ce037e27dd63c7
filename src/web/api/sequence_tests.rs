//! `/sequences/{id}/tests`: tests that are kept with a sequence, and trying its draft with them.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post, put};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::domain::enrolment::Exit;
use crate::domain::json::objects;
use crate::domain::sequence::{Sequence, SequenceCommand};
use crate::domain::trial::Report;
use crate::domain::trial::script::Test;
use crate::runtime::message::Seen;
use crate::web::App;
use crate::web::api::records::etag;
use crate::web::api::sequences::read;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Body, sequence_id};

/// The tests of a sequence.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestsBody {
    /// `{name, start?, record?, events: [{at, do, …}], expect: [{at, node | status | reason | field, value | sent}]}`; `at` is
    /// `{days?, hours?, minutes?}` since the record was connected.
    #[serde(deserialize_with = "objects")]
    #[schema(value_type = Vec<Object>)]
    tests: Vec<Test>,
}

/// Tests to run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunBody {
    /// Those that are kept with the sequence, unless given.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<Object>>)]
    tests: Option<Vec<Test>>,
}

fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Test>>, D::Error> {
    objects(from).map(Some)
}

/// How a run came out.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportView {
    /// Tests that passed.
    passed: usize,
    /// Tests that did not.
    failed: usize,
    /// By test, in order.
    results: Vec<VerdictView>,
    /// Exits of branching nodes that no test took.
    untested: Vec<ExitView>,
}

/// How a test came out.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerdictView {
    name: String,
    ok: bool,
    /// What was expected, what was found, and the way that was taken; one sentence a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// One exit of a branching node.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExitView {
    node: String,
    /// `yes` or `no`.
    exit: &'static str,
}

impl From<Report> for ReportView {
    fn from(report: Report) -> ReportView {
        let passed = report.passed();
        let results = report.verdicts.into_iter().map(|verdict| VerdictView {
            ok: verdict.is_ok(),
            name: verdict.name,
            detail: verdict.detail,
        });
        let untested = report
            .untested
            .into_iter()
            .map(|(node, exit)| ExitView { node, exit: if exit == Exit::Yes { "yes" } else { "no" } });
        let results: Vec<_> = results.collect();
        ReportView { passed, failed: results.len() - passed, results, untested: untested.collect() }
    }
}

/// The tests that are kept with a sequence.
#[utoipa::path(tag = "Sequences", responses((status = 200, body = TestsBody), (status = 404, body = Problem)))]
#[get("/sequences/{id}/tests")]
pub async fn get_tests(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let (tests, version) = read(&app.engine, sequence_id(&id)?, by, |seen| seen.state.stored_tests()).await?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(TestsBody { tests }))
}

/// Replace the tests of a sequence, whatever its status: they change nothing that runs.
#[utoipa::path(tag = "Sequences", request_body = TestsBody,
    responses((status = 200, body = TestsBody), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[put("/sequences/{id}/tests")]
pub async fn put_tests(app: Data<App>, id: Path<String>, body: Body<TestsBody>) -> Result<HttpResponse, Problem> {
    let command = SequenceCommand::SaveTests(body.value.tests);
    let view = |seen: Seen<Sequence>| (seen.state.stored_tests(), seen.version);
    let (tests, version) = app.engine.submit::<Sequence, _>(sequence_id(&id)?, command, body.caller, view).await?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(TestsBody { tests }))
}

/// Try the draft of a sequence with tests, those given or those kept with it; nothing is stored or sent.
#[utoipa::path(tag = "Sequences", request_body = RunBody,
    responses((status = 200, body = ReportView), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[post("/sequences/{id}/tests/run")]
pub async fn run_tests(app: Data<App>, id: Path<String>, body: Body<RunBody>) -> Result<HttpResponse, Problem> {
    let whole = |seen: &Seen<Sequence>| seen.state.clone();
    let id = sequence_id(&id)?;
    let (sequence, _) = read(&app.engine, id, body.principal, whole).await?;
    let (given, tests) = (app.engine.given(), body.value.tests);
    let report = request::blocking(move || {
        let tests = tests.unwrap_or_else(|| sequence.stored_tests());
        sequence.try_tests(id, &given, &tests).map_err(Problem::from)
    });
    Ok(HttpResponse::Ok().json(ReportView::from(report.await?)))
}
