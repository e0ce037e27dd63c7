//! `/sequences`: create, read, write, check.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, patch, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::condition::Condition;
use crate::domain::effect::Counter;
use crate::domain::given::Given;
use crate::domain::plan::compile::{Diagnostic, Severity};
use crate::domain::plan::{AssignTo, Plan, TeamCondition};
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::graph::Graph;
use crate::domain::sequence::{Property, Sequence, SequenceCommand, SequenceStatus};
use crate::domain::template;
use crate::id::{SequenceId, TagId, UserId};
use crate::limits;
use crate::runtime::engine::Engine;
use crate::runtime::message::{Caller, Seen};
use crate::store::Version;
use crate::web::App;
use crate::web::api::graphs::read_graph;
use crate::web::api::records::etag;
use crate::web::api::sequence_lists::connected_counts;
use crate::web::api::templates::language;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Body, Nothing, known_type, sequence_id};
use crate::web::wire::Owner;

/// Who gets the steps of a sequence (§3.3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum AssignToBody {
    /// The owner of the record.
    RecordOwner {},
    /// Whoever connects the record.
    CurrentUser {},
    /// The user in a lookup field of the record.
    RecordField { field: String },
    /// The team that owns the record, or those of its members who fulfil the condition.
    OwnerTeam {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Object>)]
        condition: Option<Condition>,
    },
    /// The team that is let in to the record, or those of its members who fulfil the condition.
    AccessTeam {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<Object>)]
        condition: Option<Condition>,
    },
}

/// An open revision.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionView {
    /// The user who has it open.
    by: String,
    at: String,
}

impl From<AssignTo> for AssignToBody {
    fn from(assign_to: AssignTo) -> AssignToBody {
        match assign_to {
            AssignTo::RecordOwner => AssignToBody::RecordOwner {},
            AssignTo::CurrentUser => AssignToBody::CurrentUser {},
            AssignTo::RecordField(field) => AssignToBody::RecordField { field },
            AssignTo::OwnerTeam(condition) => AssignToBody::OwnerTeam { condition: condition.map(|of| of.0) },
            AssignTo::AccessTeam(condition) => AssignToBody::AccessTeam { condition: condition.map(|of| of.0) },
        }
    }
}

impl From<AssignToBody> for AssignTo {
    fn from(assign_to: AssignToBody) -> AssignTo {
        match assign_to {
            AssignToBody::RecordOwner {} => AssignTo::RecordOwner,
            AssignToBody::CurrentUser {} => AssignTo::CurrentUser,
            AssignToBody::RecordField { field } => AssignTo::RecordField(field),
            AssignToBody::OwnerTeam { condition } => AssignTo::OwnerTeam(TeamCondition::new(condition)),
            AssignToBody::AccessTeam { condition } => AssignTo::AccessTeam(TeamCondition::new(condition)),
        }
    }
}

/// A sequence.
#[derive(Debug, Serialize, ToSchema)]
pub struct SequenceView {
    id: String,
    name: String,
    description: String,
    #[schema(value_type = String)]
    record_type: RecordType,
    status: &'static str,
    version: u16,
    owner: Owner,
    assign_to: AssignToBody,
    /// In the order of their paths.
    tags: Vec<AppliedTag>,
    /// With an open revision, that of the draft.
    exit_on_reply: bool,
    /// Who draws the next version, while that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<RevisionView>,
    wait_computation: bool,
    /// Steps by TC-1; 0 while the draft has errors.
    step_count: u16,
    /// Days by TC-3; 0 while the draft has errors.
    duration_days: i64,
    /// Live enrolments; a seller's count holds those on records that the seller sees (P-20).
    connected_count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    created_at: String,
    modified_at: String,
}

impl SequenceView {
    /// The sequence as it stands.
    pub(super) fn of(id: SequenceId, sequence: &Sequence, given: &Given, connected_count: i64) -> SequenceView {
        let (step_count, duration_days) = figures(id, sequence, given);
        SequenceView {
            id: id.to_string(),
            name: sequence.name.clone(),
            description: sequence.description.clone(),
            record_type: sequence.record_type,
            status: status_name(sequence.status),
            version: sequence.version,
            owner: sequence.owner.into(),
            assign_to: sequence.assign_to.clone().into(),
            tags: applied(sequence, given),
            exit_on_reply: sequence.exit_on_reply,
            revision: sequence.revision.map(|open| RevisionView { by: open.by.to_string(), at: open.at.to_string() }),
            wait_computation: false,
            step_count,
            duration_days,
            connected_count,
            template: sequence.template.clone(),
            created_at: sequence.created_at.to_string(),
            modified_at: sequence.modified_at.to_string(),
        }
    }
}

/// A tag of a sequence.
#[derive(Debug, Serialize, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
pub struct AppliedTag {
    /// The names of the tags above it and its own, with `/` between them.
    pub path: String,
    /// Its id.
    pub id: String,
}

/// The tags of a sequence; those that were removed since are not among them.
pub(super) fn applied(sequence: &Sequence, given: &Given) -> Vec<AppliedTag> {
    let shown = |tag: &TagId| Some(AppliedTag { path: given.catalogue.tag_path(*tag)?, id: tag.to_string() });
    let mut tags: Vec<_> = sequence.tags.iter().filter_map(shown).collect();
    tags.sort();
    tags
}

/// Steps by TC-1 and days by TC-3: of the version that serves, else of the draft; 0 while that has errors.
pub(super) fn figures(id: SequenceId, sequence: &Sequence, given: &Given) -> (u16, i64) {
    let of = |plan: &Plan| (plan.step_count, plan.duration_days());
    let served = given.plan(id, sequence.version).filter(|_| sequence.status.is_active());
    served.map(of).or_else(|| sequence.compile_draft(id, given).0.as_ref().map(of)).unwrap_or_default()
}

/// The words for what a sequence's status can be.
pub(super) const STATUSES: [&str; 3] = ["inactive", "active", "revision"];

/// The word for a sequence's status.
pub(super) fn status_name(status: SequenceStatus) -> &'static str {
    match status {
        SequenceStatus::Inactive => "inactive",
        SequenceStatus::Active => "active",
        SequenceStatus::Revision => "revision",
    }
}

pub(super) async fn submit(
    engine: &Engine,
    id: SequenceId,
    command: SequenceCommand,
    caller: Caller,
) -> Result<(SequenceView, Version, SequenceId), Problem> {
    let connected = connected(engine, id, caller.by).await?;
    let view = move |seen: Seen<Sequence>| {
        (SequenceView::of(seen.id, seen.state, seen.given, connected), seen.version, seen.id)
    };
    Ok(engine.submit(id, command, caller, view).await?)
}

pub(super) async fn connected(engine: &Engine, id: SequenceId, by: UserId) -> Result<i64, Problem> {
    Ok(connected_counts(engine, by, vec![id]).await?.get(&id).copied().unwrap_or_default())
}

pub(super) fn shown(view: &SequenceView, version: Version) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(version)).json(view)
}

pub(super) async fn read<T: Send + 'static>(
    engine: &Engine,
    id: SequenceId,
    by: Principal,
    view: impl FnOnce(&Seen<Sequence>) -> T + Send + 'static,
) -> Result<(T, Version), Problem> {
    let seen = engine.read::<Sequence, _>(id, by.caller, |seen| seen.state.exists.then(|| (view(&seen), seen.version)));
    seen.await?.ok_or_else(|| Problem::not_found("sequence"))
}

/// A sequence to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSequence {
    /// 1–160 characters.
    name: String,
    /// At most 2,000 characters.
    description: Option<String>,
    /// The template's, else `lead`.
    #[schema(value_type = Option<String>)]
    record_type: Option<RecordType>,
    /// `T1` to `T6`: its graph is copied, with texts in the language of `Accept-Language`, else your own, else the
    /// organisation's.
    template: Option<String>,
    /// A graph to begin with, instead of a template.
    #[schema(value_type = Option<Object>)]
    graph: Option<serde_json::Value>,
}

/// Create a sequence: empty, from a template, or from a graph.
#[utoipa::path(tag = "Sequences", request_body = NewSequence,
    responses((status = 201, body = SequenceView), (status = 422, body = Problem)))]
#[post("/sequences")]
pub async fn create_sequence(
    app: Data<App>,
    request: HttpRequest,
    body: Body<NewSequence>,
) -> Result<HttpResponse, Problem> {
    let NewSequence { name, description, record_type, template, graph } = body.value;
    let from_template = match &template {
        None => None,
        Some(id) => {
            let unknown = || Problem::at("template_unknown", "/template", format!("there is no template `{id}`"));
            Some(template::sequence_template(id).ok_or_else(unknown)?)
        }
    };
    let own_type = from_template.map(|template| template.record_type);
    if let (Some(own), Some(asked)) = (own_type, record_type)
        && own != asked
    {
        let detail = format!("the template is for records of type {}", own.name());
        return Err(Problem::at("record_type_mismatch", "/record_type", detail));
    }
    let graph = match (from_template, graph) {
        (Some(_), Some(_)) => return Err(Problem::malformed("/graph", "give either `template` or `graph`")),
        (Some(template), None) => template.graph(language(&request, &app.engine.given(), body.principal.user())),
        (None, Some(graph)) => read_graph(graph, "/graph")?,
        (None, None) => Graph::default(),
    };
    let now = app.engine.clock().now();
    let id = SequenceId(app.engine.ids.for_command(body.caller.command, now));
    let record_type = record_type.or(own_type).unwrap_or_default();
    known_type(&app.engine, record_type, "/record_type")?;
    let description = description.unwrap_or_default();
    let command = SequenceCommand::Create { name, description, record_type, template, graph };
    let made = submit(&app.engine, id, command, body.caller).await;
    let (view, version, id) = made.map_err(|mut problem| {
        let of_graph = |pointer: &str| pointer.starts_with("/nodes") || pointer.starts_with("/start");
        for fault in problem.errors.iter_mut().filter(|fault| of_graph(&fault.pointer)) {
            fault.pointer.insert_str(0, "/graph");
        }
        problem
    })?;
    Ok(created(&view, version, id))
}

/// 201 with the address of what was made.
pub(super) fn created(view: &SequenceView, version: Version, id: SequenceId) -> HttpResponse {
    let location = format!("/api/v1/sequences/{id}");
    HttpResponse::Created().insert_header(etag(version)).insert_header((LOCATION, location)).json(view)
}

/// One sequence.
#[utoipa::path(tag = "Sequences", responses((status = 200, body = SequenceView), (status = 404, body = Problem)))]
#[get("/sequences/{id}")]
pub async fn get_sequence(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = sequence_id(&id)?;
    let connected = connected(&app.engine, id, by.user()).await?;
    let view = move |seen: &Seen<Sequence>| SequenceView::of(seen.id, seen.state, seen.given, connected);
    let (view, version) = read(&app.engine, id, by, view).await?;
    Ok(shown(&view, version))
}

/// Properties to write.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SequencePatch {
    /// 1–160 characters.
    name: Option<String>,
    /// At most 2,000 characters.
    description: Option<String>,
    /// Leave when the customer replies; only while inactive or in revision.
    exit_on_reply: Option<bool>,
    /// Who gets the steps; only while inactive.
    #[serde(default, deserialize_with = "request::object")]
    assign_to: Option<AssignToBody>,
    /// Whose it is (P-7): who may edit it.
    owner: Option<Owner>,
}

/// Change the properties of a sequence.
#[utoipa::path(tag = "Sequences", request_body = SequencePatch,
    responses((status = 200, body = SequenceView), (status = 409, body = Problem), (status = 412, body = Problem)))]
#[patch("/sequences/{id}")]
pub async fn patch_sequence(
    app: Data<App>,
    id: Path<String>,
    body: Body<SequencePatch>,
) -> Result<HttpResponse, Problem> {
    let SequencePatch { name, description, exit_on_reply, assign_to, owner } = body.value;
    let owner = owner.map(|owner| owner.read()).transpose()?;
    let properties = [
        name.map(Property::Name),
        description.map(Property::Description),
        exit_on_reply.map(Property::ExitOnReply),
        assign_to.map(|assign_to| Property::AssignTo(assign_to.into())),
        owner.map(Property::Owner),
    ];
    let command = SequenceCommand::Change(properties.into_iter().flatten().collect());
    let (view, version, _) = submit(&app.engine, sequence_id(&id)?, command, body.caller).await?;
    Ok(shown(&view, version))
}

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
