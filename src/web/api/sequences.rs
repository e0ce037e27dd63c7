//! `/sequences`: create, read, write, check.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, patch, post};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::domain::given::Given;
use crate::domain::json::present;
use crate::domain::plan::Plan;
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::conduct::{Reentry, Window};
use crate::domain::sequence::graph::Graph;
use crate::domain::sequence::{Property, Sequence, SequenceCommand, SequenceStatus};
use crate::domain::template;
use crate::id::{SequenceId, TagId, UserId};
use crate::runtime::engine::Engine;
use crate::runtime::message::{Caller, Seen};
use crate::store::{Store, Version};
use crate::web::App;
use crate::web::api::graphs::read_graph;
use crate::web::api::records::etag;
use crate::web::api::sequence_lists::connected_counts;
use crate::web::api::templates::language;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Body, known_type, sequence_id};
use crate::web::wire::Owner;
use crate::web::wire::care::{CareView, FuseBody};
use crate::web::wire::conduct::{AssignToBody, GoalBody, SendingBody};

/// An open revision.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionView {
    /// The user who has it open.
    by: String,
    at: String,
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
    /// Whether waits skip non-working time where the organisation has that on (TM-6).
    wait_computation: bool,
    /// When automated messages may leave.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    window: Option<Window>,
    /// What counts as success for A/B tests (AB-14): `success`, `reply`, `meeting` or `{"field": CONDITION}`.
    #[schema(value_type = serde_json::Value)]
    goal: GoalBody,
    /// How its messages leave.
    sending: SendingBody,
    /// Whether records that were in it may enter it again: `any_time`, `never`, or `{"after_days": N}`.
    #[schema(value_type = serde_json::Value)]
    reentry: Reentry,
    /// No record is in it and in another sequence with this tag, or one below it, at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    exclusive: Option<String>,
    #[serde(flatten)]
    care: CareView,
    /// Steps by TC-1; 0 while the draft has errors.
    step_count: u16,
    /// Days by TC-3; 0 while the draft has errors.
    duration_days: i64,
    /// Live enrolments; a seller's count holds those on records that the seller sees (P-20).
    #[serde(skip_serializing_if = "Option::is_none")]
    connected_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    created_at: String,
    modified_at: String,
}

impl SequenceView {
    /// The sequence as it stands.
    pub(super) fn of(
        id: SequenceId,
        sequence: &Sequence,
        given: &Given,
        (connected_count, store): (Option<i64>, &dyn Store),
    ) -> SequenceView {
        let (step_count, duration_days) = figures(id, sequence, given);
        SequenceView {
            id: id.to_string(),
            name: sequence.name.clone(),
            description: sequence.description.clone(),
            record_type: sequence.record_type,
            status: status_name(sequence.status),
            version: sequence.version,
            owner: sequence.owner.into(),
            assign_to: sequence.conduct.assign_to.clone().into(),
            tags: applied(sequence, given),
            exit_on_reply: sequence.conduct.exit_on_reply,
            revision: sequence.revision.map(|open| RevisionView { by: open.by.to_string(), at: open.at.to_string() }),
            wait_computation: sequence.conduct.wait_computation,
            window: sequence.conduct.window.clone(),
            goal: sequence.conduct.goal.clone().into(),
            sending: sequence.conduct.sending.into(),
            reentry: sequence.reentry,
            exclusive: sequence.exclusive.map(|tag| tag.to_string()),
            care: CareView::of(id, &sequence.care, store),
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
pub(in crate::web) fn status_name(status: SequenceStatus) -> &'static str {
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
    let (connected, store) = (connected(engine, id, caller.by).await?, engine.shared_store());
    let view = move |seen: Seen<Sequence>| {
        let view = SequenceView::of(seen.id, seen.state, seen.given, (Some(connected), store.as_ref()));
        (view, seen.version, seen.id)
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
    look(&app.engine, id, by).await
}

/// The sequence as it is now.
pub(super) async fn look(engine: &Engine, id: SequenceId, by: Principal) -> Result<HttpResponse, Problem> {
    let (connected, store) = (connected(engine, id, by.user()).await?, engine.shared_store());
    let view = move |seen: &Seen<Sequence>| {
        SequenceView::of(seen.id, seen.state, seen.given, (Some(connected), store.as_ref()))
    };
    let (view, version) = read(engine, id, by, view).await?;
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
    /// Whether waits skip non-working time (TM-6); only while inactive or in revision.
    wait_computation: Option<bool>,
    /// When automated messages may leave, `{weekdays, start, end, zone?, business_time?, holidays?}`; null for any time. Only
    /// while inactive or in revision.
    #[serde(default, deserialize_with = "window")]
    #[schema(value_type = Option<Object>)]
    window: Option<Option<Window>>,
    /// What counts as success for A/B tests (AB-14): `success`, `reply`, `meeting` or `{"field": CONDITION}`; only while
    /// inactive or in revision.
    #[schema(value_type = Option<serde_json::Value>)]
    goal: Option<GoalBody>,
    /// Only while inactive or in revision.
    sending: Option<SendingBody>,
    /// `any_time`, `never`, or `{"after_days": N}`.
    #[schema(value_type = Option<serde_json::Value>)]
    reentry: Option<Reentry>,
    /// A tag: no record is in this sequence and in another one with it at the same time; null for none.
    #[serde(default, deserialize_with = "present")]
    exclusive: Option<Option<String>>,
    /// When the sequence stops sending by itself; null for never. A fuse that has blown stays so until it is reset.
    #[serde(default, deserialize_with = "present")]
    fuse: Option<Option<FuseBody>>,
}

/// A window, or null for none.
fn window<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<Window>>, D::Error> {
    request::object(from).map(Some)
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
    let patch = body.value;
    let owner = patch.owner.map(|owner| owner.read()).transpose()?;
    let tag =
        |text: String| TagId::parse(&text).ok_or_else(|| Problem::malformed("/exclusive", "this is the id of no tag"));
    let exclusive = patch.exclusive.map(|id| id.map(tag).transpose()).transpose()?;
    let properties = [
        patch.name.map(Property::Name),
        patch.description.map(Property::Description),
        patch.exit_on_reply.map(Property::ExitOnReply),
        patch.assign_to.map(|assign_to| Property::AssignTo(assign_to.into())),
        owner.map(Property::Owner),
        patch.wait_computation.map(Property::WaitComputation),
        patch.window.map(Property::Window),
        patch.goal.map(|goal| Property::Goal(goal.into())),
        patch.sending.map(SendingBody::read).transpose()?.map(Property::Sending),
        patch.reentry.map(Property::Reentry),
        exclusive.map(Property::Exclusive),
        patch.fuse.map(|fuse| Property::Fuse(fuse.map(FuseBody::read))),
    ];
    let command = SequenceCommand::Change(properties.into_iter().flatten().collect());
    let (view, version, _) = submit(&app.engine, sequence_id(&id)?, command, body.caller).await?;
    Ok(shown(&view, version))
}
