//! `/bulk-emails`: the same e-mail to everybody who stands on the same e-mail step of the same sequence (W-80 to W-89).

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::connector::merge::Merge;
use crate::domain::access::Scope;
use crate::domain::delivery::Written;
use crate::domain::enrolment::Step;
use crate::domain::enrolment::act::performs;
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::message_template::{Content, MailText, MessageKind};
use crate::domain::plan::PlanNode;
use crate::domain::policy::Person;
use crate::domain::record::Record;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::schema::RecordType;
use crate::domain::schedule::civil;
use crate::id::{SequenceId, StepId, TemplateId, UserId};
use crate::limits;
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::store::Store;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::api::record_lists::{load_record, visible_record};
use crate::web::api::steps::instant;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Body, blocking, step_id};
use crate::web::wire::Results;

/// A record that stands on the step.
#[derive(Debug, Serialize, ToSchema)]
pub struct Candidate {
    step: String,
    record: String,
    record_name: String,
}

/// An e-mail step with everybody who stands on it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CandidateStep {
    node: String,
    name: String,
    /// The template that the composer opens with (W-82).
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    records: Vec<Candidate>,
}

/// A sequence by id and name.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedSequence {
    id: String,
    name: String,
}

/// A sequence with the e-mail steps that somebody stands on.
#[derive(Debug, Serialize, ToSchema)]
pub struct CandidateSequence {
    sequence: NamedSequence,
    steps: Vec<CandidateStep>,
}

/// Everything that a bulk e-mail can be sent for now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Candidates {
    items: Vec<CandidateSequence>,
}

/// The manual e-mail steps of yours that are due today or overdue, by sequence and step (W-81, W-89).
#[utoipa::path(tag = "Messages", responses((status = 200, body = Candidates)))]
#[get("/bulk-emails/candidates")]
pub async fn list_candidates(app: Data<App>, by: Principal) -> Result<HttpResponse, Problem> {
    let (given, store, now) = (app.engine.given(), app.engine.shared_store(), app.engine.clock().now());
    let found = blocking(move || {
        let person = given.policy.person(by.user())?;
        candidates(store.as_ref(), &given, &person, by, now)
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

type Group = BTreeMap<(SequenceId, String), CandidateStep>;

fn candidates(
    store: &dyn Store,
    given: &Given,
    person: &Person,
    by: Principal,
    now: Timestamp,
) -> Result<Candidates, Problem> {
    let (mut ids, mut groups, mut found) = (Vec::new(), Group::new(), 0);
    // Read to its end first: a list must not be read while others are.
    store.records(&Scope::Of(person.principals()), None, &mut |id, summary| {
        if is_taken(given, summary.kind) {
            ids.push(id);
        }
        true
    })?;
    let zone = civil::zone(&given.policy.organisation.calendar(by.user()).time_zone);
    let tonight = civil::day_bounds(zone, now).end;
    for id in ids {
        let record = load_record(store, id)?;
        for step in record.live().filter_map(|live| record.current_step(live)) {
            let Some((sequence, node)) = email_step(given, &record, step) else { continue };
            if found == limits::BULK_CANDIDATES_MAX || step.due_at >= tonight || !person.is(step.assignee) {
                continue;
            }
            found += 1;
            let name = record.profile.display_name();
            let group = groups.entry((sequence, node.id.clone())).or_insert_with(|| CandidateStep {
                node: node.id.clone(),
                name: node.name.clone(),
                template: node.seller_template().map(|template| template.to_string()),
                records: Vec::new(),
            });
            let step = StepId::of(id, step.ordinal).to_string();
            group.records.push(Candidate { step, record: id.to_string(), record_name: name });
        }
    }
    let mut items: Vec<CandidateSequence> = Vec::new();
    for ((sequence, _), step) in groups {
        let id = sequence.to_string();
        if items.last().is_none_or(|last| last.sequence.id != id) {
            let name = given.sequences.get(&sequence).map(|sequence| sequence.name.clone()).unwrap_or_default();
            items.push(CandidateSequence { sequence: NamedSequence { id, name }, steps: Vec::new() });
        }
        if let Some(last) = items.last_mut() {
            last.steps.push(step);
        }
    }
    Ok(Candidates { items })
}

/// W-89.
fn is_taken(given: &Given, kind: RecordType) -> bool {
    kind == RecordType::Lead || given.policy.settings().bulk_email_all_types
}

/// The sequence and node of a step that is an e-mail for a person to send, and is not on its way yet.
fn email_step<'a>(given: &'a Given, record: &Record, step: &Step) -> Option<(SequenceId, &'a PlanNode)> {
    let node = record.node_of(given, step)?;
    let is_to_send = node.is_email() && performs(step, node) && !step.is_sending();
    is_to_send.then_some((record.enrolment(step.enrolment)?.sequence, node))
}

/// An e-mail to many.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkBody {
    /// At most 1,000 step ids, all of the same step of one sequence.
    steps: Vec<String>,
    /// The template to send …
    template: Option<String>,
    /// … or what you have written: the subject …
    subject: Option<String>,
    /// … and the text. Merge fields are filled in for each record.
    body: Option<String>,
    /// When, if not now (W-85), RFC 3339.
    send_at: Option<String>,
}

/// What becomes of one recipient.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkResult {
    /// As it was named.
    step: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
    /// When it leaves, where bounds do not let it leave when that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    leaves_at: Option<String>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem>,
}

impl BulkResult {
    /// `id` is that of a step that the caller may know of.
    fn of(step: String, id: Option<StepId>, done: Result<Option<Timestamp>, Problem>) -> BulkResult {
        let record = id.map(|id| id.record().to_string());
        let (ok, leaves_at, error) = match done {
            Ok(at) => (Some(true), at.map(|at| at.to_string()), None),
            Err(problem) => (None, None, Some(problem)),
        };
        BulkResult { step, record, ok, leaves_at, error }
    }
}

/// The e-mail as the first recipient gets it (W-84).
#[derive(Debug, Serialize, ToSchema)]
pub struct FirstEmail {
    record: String,
    subject: String,
    body_text: String,
    body_html: Option<String>,
}

/// What would become of each, and the first e-mail.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkPreview {
    results: Vec<BulkResult>,
    /// None where nobody can be written to.
    first: Option<FirstEmail>,
}

/// What is asked, judged as far as it can be without its recipients.
struct Bulk {
    steps: Vec<(String, Option<StepId>)>,
    content: Written,
    at: Option<Timestamp>,
}

impl Bulk {
    fn read(body: BulkBody, given: &Given, now: Timestamp) -> Result<Bulk, Problem> {
        if body.steps.is_empty() {
            return Err(Problem::at("bulk_empty", "/steps", "choose somebody to write to"));
        }
        request::judge_batch(body.steps.len())?;
        let at = body.send_at.as_deref().map(|at| instant(at, "/send_at")).transpose()?;
        if at.is_some_and(|at| at <= now) {
            return Err(Problem::at("send_at_in_past", "/send_at", "an e-mail is scheduled for later than now"));
        }
        let content = match (body.template, body.subject, body.body) {
            (Some(template), None, None) => {
                let found = TemplateId::parse(&template).filter(|id| given.message(*id, MessageKind::Mail).is_some());
                let unknown = || Problem::at("template_unknown", "/template", "there is no such e-mail template");
                Written::Template(found.ok_or_else(unknown)?)
            }
            (None, Some(subject), Some(body_text)) => {
                let text = MailText { subject, body_text, body_html: None };
                let mut problems = Content::Mail(text.clone()).problems(given);
                problems.iter_mut().filter(|problem| problem.pointer == "/body_text").for_each(|problem| {
                    problem.pointer = "/body".into();
                });
                if !problems.is_empty() {
                    return Err(Problem::invalid(problems));
                }
                Written::Own(text)
            }
            _ => return Err(Problem::malformed("", "give `template`, or `subject` and `body`")),
        };
        let steps = body.steps.into_iter().map(|step| (step_id(&step).ok(), step)).map(|(id, step)| (step, id));
        Ok(Bulk { steps: steps.collect(), content, at })
    }

    fn command(&self, step: StepId, at: Option<Timestamp>) -> RecordCommand {
        RecordCommand::SendEmail { step: step.ordinal(), content: self.content.clone(), at }
    }

    /// Has one sent, at the place that the bounds leave for it; answers with that where it is not the time that is asked for.
    async fn send(&self, engine: &Engine, id: StepId, caller: Caller) -> Result<Option<Timestamp>, Problem> {
        let now = engine.clock().now();
        let asked = self.at.unwrap_or(now);
        let place = engine.place(id, asked).await?.filter(|place| *place > asked);
        let command = self.command(id, place.or(self.at));
        let sent = engine.submit_in_turn::<Record, ()>(id.record(), command, caller, |_| ()).await;
        if sent.is_err() {
            engine.give_back(id);
        }
        Ok(sent.map(|()| place)?)
    }

    /// The records of those that are asked for and that somebody sees, in order; refused where they stand on several steps.
    fn records(&self, store: &dyn Store, given: &Given, by: Principal) -> Result<Vec<Option<Record>>, Problem> {
        let (mut records, mut common) = (Vec::with_capacity(self.steps.len()), None);
        for (_, id) in &self.steps {
            let record = id.and_then(|id| visible_record(store, given, id.record(), by.user()).ok());
            let step =
                id.zip(record.as_ref()).and_then(|(id, record)| record.step(id.ordinal()).map(|step| (record, step)));
            let place = step.and_then(|(record, step)| {
                let sequence = record.enrolment(step.enrolment)?.sequence;
                Some((sequence, record.node_of(given, step)?.id.clone()))
            });
            if let Some(place) = place
                && common.get_or_insert_with(|| place.clone()) != &place
            {
                let detail = "these records stand on several steps; a bulk e-mail is for one step of one sequence";
                return Err(Problem::at("bulk_mixed_steps", "/steps", detail));
            }
            records.push(record);
        }
        Ok(records)
    }
}

/// A step that is named rightly, of a record whose type bulk e-mails go to. Whether the caller may know of the record, the record
/// itself says.
fn judged(given: &Given, id: Option<StepId>, record: Option<&Record>) -> Result<StepId, Problem> {
    let id = id.ok_or_else(|| Problem::not_found("step"))?;
    if record.is_some_and(|record| !is_taken(given, record.kind)) {
        let detail = "bulk e-mails go to leads; the setting `bulk_email_all_types` lets them go to all";
        return Err(Problem::new("record_type_mismatch", detail));
    }
    Ok(id)
}

/// Say which recipients can be written to, and show the first e-mail. Nothing is sent; whether you may act on a record is asked
/// when it is.
#[utoipa::path(tag = "Messages", request_body = BulkBody,
    responses((status = 200, body = BulkPreview), (status = 422, body = Problem), (status = 413, body = Problem)))]
#[post("/bulk-emails/preview")]
pub async fn preview_bulk_email(app: Data<App>, body: Body<BulkBody>) -> Result<HttpResponse, Problem> {
    let (given, store, now) = (app.engine.given(), app.engine.shared_store(), app.engine.clock().now());
    let (by, caller) = (body.principal, body.caller);
    let bulk = Bulk::read(body.value, &given, now)?;
    let (bulk, records) = blocking({
        let given = given.clone();
        move || bulk.records(store.as_ref(), &given, by).map(|records| (bulk, records))
    })
    .await?;
    let (mut results, mut first) = (Vec::with_capacity(records.len()), None);
    for ((name, id), record) in bulk.steps.iter().zip(&records) {
        let mut done = judged(&given, *id, record.as_ref());
        if let Ok(id) = done {
            done = app.engine.read::<Record, ()>(id.record(), caller, |_| ()).await.map(|()| id).map_err(Problem::from);
        }
        let done = done.and_then(|id| {
            let record = record.as_ref().ok_or_else(|| Problem::not_found("step"))?;
            record.decide(id.record(), &given, bulk.command(id, bulk.at), Stamp { at: now, by: UserId::SYSTEM })?;
            if first.is_none() {
                first = Some(filled(&bulk, &given, id, record)?);
            }
            Ok(None)
        });
        results.push(BulkResult::of(name.clone(), id.filter(|_| record.is_some()), done));
    }
    Ok(HttpResponse::Ok().json(BulkPreview { results, first }))
}

fn filled(bulk: &Bulk, given: &Given, id: StepId, record: &Record) -> Result<FirstEmail, Problem> {
    let content = match &bulk.content {
        Written::Own(text) => Content::Mail(text.clone()),
        Written::Template(template) => {
            let found = given.message(*template, MessageKind::Mail);
            found.ok_or_else(|| Problem::not_found("template"))?.content.clone()
        }
    };
    let step = record.step(id.ordinal()).ok_or_else(|| Problem::not_found("step"))?;
    let merge = Merge::of(record, &given.policy, step.assignee);
    let filled = merge.fill(&content).map_err(|why| Problem::new("template_invalid", format!("the e-mail {why}")))?;
    match filled {
        Content::Mail(MailText { subject, body_text, body_html }) => {
            Ok(FirstEmail { record: id.record().to_string(), subject, body_text, body_html })
        }
        Content::Text(_) => Err(Problem::not_found("template")),
    }
}

/// Send the e-mail of a step to everybody who is chosen, now or then; the answer says of each what became of it (W-86, W-87).
#[utoipa::path(tag = "Messages", request_body = BulkBody,
    responses((status = 200, body = Results<BulkResult>), (status = 422, body = Problem), (status = 413, body = Problem)))]
#[post("/bulk-emails")]
pub async fn send_bulk_email(app: Data<App>, body: Body<BulkBody>) -> Result<HttpResponse, Problem> {
    let (given, store, now) = (app.engine.given(), app.engine.shared_store(), app.engine.clock().now());
    let (by, caller, engine) = (body.principal, body.caller, &app.engine);
    let bulk = Bulk::read(body.value, &given, now)?;
    let asked = bulk.steps.iter().filter_map(|(name, id)| Some(((*id)?.record().into(), name)));
    request::judge_repeats(engine, asked.map(|(id, name)| (id, request::item(caller, name.as_bytes()))))?;
    let (bulk, records) = blocking({
        let given = given.clone();
        move || bulk.records(store.as_ref(), &given, by).map(|records| (bulk, records))
    })
    .await?;
    let given = &given;
    let sent = bulk.steps.iter().zip(&records).map(|((name, id), record)| {
        let (judged, bulk) = (judged(given, *id, record.as_ref()), &bulk);
        async move {
            let done = match judged {
                Err(problem) => Err(problem),
                Ok(id) => bulk.send(engine, id, request::item(caller, name.as_bytes())).await,
            };
            BulkResult::of(name.clone(), id.filter(|_| record.is_some()), done)
        }
    });
    let results = futures_util::stream::iter(sent).buffered(limits::BACKGROUND_IN_FLIGHT_MAX);
    Ok(HttpResponse::Ok().json(Results { results: results.collect::<Vec<_>>().await }))
}
