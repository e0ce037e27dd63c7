//! `/steps`: what a seller does.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::delivery::Written;
use crate::domain::enrolment::Ordinal;
use crate::domain::message_template::MailText;
use crate::domain::organisation::own_settings::AutoAdvance;
use crate::domain::plan::PlanNode;
use crate::domain::record::Record;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::schema;
use crate::id::{ActivityId, StepId, TemplateId};
use crate::runtime::message::{Caller, Seen};
use crate::store::Version;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::api::records::etag;
use crate::web::api::up_next::{self, Doing};
use crate::web::api::work_list;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, step_id};
use crate::web::wire::{Owner, StepView};

/// What can be done next, after a step was completed or skipped.
#[derive(Debug, Serialize, ToSchema)]
pub struct Next {
    /// The record it stands on.
    pub(super) record: String,
    /// The step that is open there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) step: Option<String>,
    /// Or the manual activity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) activity: Option<String>,
}

/// A step that was completed or skipped.
#[derive(Debug, Serialize, ToSchema)]
pub struct Advanced {
    /// The step as it is now.
    step: StepView,
    /// What the seller's settings say to do next: `ask`, `next` or `stay` (W-63).
    #[schema(value_type = String)]
    advance: AutoAdvance,
    /// With `next`, the first row of your work list. Else what a seller does next on this record, your own before others'; with
    /// `ask`, where nothing is left on it and you look at your work list, the first row of that. Null where there is nothing.
    next: Option<Next>,
}

fn step_view(seen: &Seen<Record>, step: Ordinal) -> Option<StepView> {
    seen.state.step(step).map(|step| StepView::of(seen.id, seen.state, seen.given, step))
}

fn advanced(seen: &Seen<Record>, step: Ordinal) -> Option<Advanced> {
    let enrolment = seen.state.step(step)?.enrolment;
    let person = seen.given.policy.person(seen.stamp.by).ok()?;
    let for_seller = |doing: &Doing| match doing {
        Doing::Step(open) => {
            open.converted || seen.state.node_of(seen.given, open).is_some_and(PlanNode::is_seller_step)
        }
        Doing::Activity(_) => true,
    };
    // What is the caller's goes first, and of that what is of the same enrolment; else the order is that of Up next.
    let mut open = up_next::current(seen);
    open.retain(for_seller);
    open.sort_by_key(|doing| {
        let goes_on = matches!(doing, Doing::Step(open) if open.enrolment == enrolment);
        (!person.is(doing.assignee()), !goes_on)
    });
    let next = open.first().map(|doing| Next {
        record: seen.id.to_string(),
        step: match doing {
            Doing::Step(step) => Some(StepId::of(seen.id, step.ordinal).to_string()),
            Doing::Activity(_) => None,
        },
        activity: match doing {
            Doing::Step(_) => None,
            Doing::Activity(activity) => Some(ActivityId::of(seen.id, activity.ordinal).to_string()),
        },
    });
    let advance = seen.given.policy.organisation.own(seen.stamp.by).auto_advance;
    Some(Advanced { step: step_view(seen, step)?, advance, next })
}

async fn act<T: Serialize + Send + 'static>(
    app: &App,
    step: StepId,
    command: RecordCommand,
    caller: Caller,
    view: impl FnOnce(&Seen<Record>) -> Option<T> + Send + 'static,
) -> Result<HttpResponse, Problem> {
    let answer: (Option<T>, Version) =
        app.engine.submit(step.record(), command, caller, |seen| (view(&seen), seen.version)).await?;
    match answer {
        (Some(view), version) => Ok(HttpResponse::Ok().insert_header(etag(version)).json(view)),
        (None, _) => Err(Problem::not_found("step")),
    }
}

/// One step.
#[utoipa::path(tag = "Steps", responses((status = 200, body = StepView), (status = 404, body = Problem)))]
#[get("/steps/{id}")]
pub async fn get_step(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = step_id(&id)?;
    let read = app.engine.read::<Record, _>(id.record(), by.caller, move |seen| {
        step_view(&seen, id.ordinal()).map(|view| (view, seen.version))
    });
    let (view, version) = read.await?.ok_or_else(|| Problem::not_found("step"))?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// How a step was completed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteBody {
    /// Goes on the timeline.
    pub(super) note: Option<String>,
    /// How a phone call ended: `made`, `received`, `no_answer`, `left_voicemail`, `busy`, `wrong_number`. Required where the
    /// sequence looks at it and the settings have no default (CO-35).
    pub(super) call_result: Option<String>,
}

/// Mark a step complete.
#[utoipa::path(tag = "Steps", request_body = CompleteBody,
    responses((status = 200, body = Advanced), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/steps/{id}/complete")]
pub async fn complete_step(
    app: Data<App>,
    id: Path<String>,
    body: Body<CompleteBody>,
) -> Result<HttpResponse, Problem> {
    let id = step_id(&id)?;
    let CompleteBody { note, call_result } = body.value;
    let command = RecordCommand::Complete { step: id.ordinal(), note, call_result };
    advance(&app, id, command, body.caller).await
}

/// Carries out what ends a step, and says where the seller goes on (W-63).
async fn advance(app: &App, id: StepId, command: RecordCommand, caller: Caller) -> Result<HttpResponse, Problem> {
    let step = id.ordinal();
    let done = app.engine.submit::<Record, _>(id.record(), command, caller, move |seen| {
        advanced(&seen, step).map(|advanced| (advanced, seen.version))
    });
    let (mut answer, version) = done.await?.ok_or_else(|| Problem::not_found("step"))?;
    let looks = match answer.advance {
        AutoAdvance::Next => true,
        AutoAdvance::Ask => answer.next.is_none() && work_list::is_at_hand(&app.engine, caller.by),
        AutoAdvance::Stay => false,
    };
    if looks && let Some(next) = work_list::first(&app.engine, caller.by).await? {
        answer.next = Some(next);
    }
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(answer))
}

/// Pass a step over; on a wait, also the automated message right behind it (D-68).
#[utoipa::path(tag = "Steps", responses((status = 200, body = Advanced), (status = 409, body = Problem)))]
#[post("/steps/{id}/skip")]
pub async fn skip_step(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let id = step_id(&id)?;
    advance(&app, id, RecordCommand::Skip(id.ordinal()), body.caller).await
}

/// When a step is due instead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SnoozeBody {
    /// RFC 3339, later than now.
    until: String,
}

/// Put a step off.
#[utoipa::path(tag = "Steps", request_body = SnoozeBody,
    responses((status = 200, body = StepView), (status = 422, body = Problem)))]
#[post("/steps/{id}/snooze")]
pub async fn snooze_step(app: Data<App>, id: Path<String>, body: Body<SnoozeBody>) -> Result<HttpResponse, Problem> {
    let id = step_id(&id)?;
    let until = instant(&body.value.until, "/until")?;
    let step = id.ordinal();
    act(&app, id, RecordCommand::Snooze { step, until }, body.caller, move |seen| step_view(seen, step)).await
}

/// Reads an instant of a request.
pub fn instant(text: &str, pointer: &str) -> Result<Timestamp, Problem> {
    let example = "an instant looks like 2026-11-21T09:00:00.000Z";
    Timestamp::parse(text).ok_or_else(|| Problem::malformed(pointer, format!("`{text}` is no instant; {example}")))
}

/// End a wait now; a waiting condition is evaluated now (CO-16).
#[utoipa::path(tag = "Steps", responses((status = 200, body = StepView), (status = 409, body = Problem)))]
#[post("/steps/{id}/skip-wait")]
pub async fn skip_wait(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let id = step_id(&id)?;
    let step = id.ordinal();
    act(&app, id, RecordCommand::SkipWait(step), body.caller, move |seen| step_view(seen, step)).await
}

/// Try an automated action again that has failed (CM-13).
#[utoipa::path(tag = "Steps", responses((status = 200, body = StepView), (status = 409, body = Problem)))]
#[post("/steps/{id}/retry")]
pub async fn retry_step(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let id = step_id(&id)?;
    let step = id.ordinal();
    act(&app, id, RecordCommand::Retry(step), body.caller, move |seen| step_view(seen, step)).await
}

/// Who does it: `{"user": ID}` or `{"team": ID}`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct AssignBody(Owner);

impl AssignBody {
    /// Who is meant.
    pub fn read(&self) -> Result<schema::Owner, Problem> {
        let pointer = if matches!(self.0, Owner::User(_)) { "/user" } else { "/team" };
        self.0.read().map_err(|_| Problem::malformed(pointer, "this is no id"))
    }
}

/// Give a step to a user or team; those behind it are given as the sequence says.
#[utoipa::path(tag = "Steps", request_body = AssignBody,
    responses((status = 200, body = StepView), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/steps/{id}/assign")]
pub async fn assign_step(app: Data<App>, id: Path<String>, body: Body<AssignBody>) -> Result<HttpResponse, Problem> {
    let id = step_id(&id)?;
    let (step, to) = (id.ordinal(), body.value.read()?);
    act(&app, id, RecordCommand::AssignStep { step, to }, body.caller, move |seen| step_view(seen, step)).await
}

/// Begin with a step: where steps have no activity on the timeline from the beginning, it has one from now on.
#[utoipa::path(tag = "Steps", responses((status = 200, body = StepView), (status = 409, body = Problem)))]
#[post("/steps/{id}/start")]
pub async fn start_step(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let id = step_id(&id)?;
    let step = id.ordinal();
    act(&app, id, RecordCommand::Start(step), body.caller, move |seen| step_view(seen, step)).await
}

/// A text message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TextBody {
    /// The template to send …
    template: Option<String>,
    /// … or what you have written. Merge fields are filled in.
    body: Option<String>,
    /// When, if not now, RFC 3339.
    send_at: Option<String>,
}

impl TextBody {
    fn command(self, step: Ordinal) -> Result<RecordCommand, Problem> {
        let content = match (self.template, self.body) {
            (Some(template), None) => {
                let unknown = || Problem::at("template_unknown", "/template", "there is no such template");
                Written::Template(TemplateId::parse(&template).ok_or_else(unknown)?)
            }
            (None, Some(body_text)) => Written::Own(MailText { body_text, ..MailText::default() }),
            _ => return Err(Problem::malformed("", "give `template`, or `body`")),
        };
        let at = self.send_at.as_deref().map(|at| instant(at, "/send_at")).transpose()?;
        Ok(RecordCommand::SendText { step, content, at })
    }
}

/// Send the text message of a step through the gateway of whoever it is assigned to; the step is completed when that has taken
/// it (W-93).
#[utoipa::path(tag = "Steps", request_body = TextBody,
    responses((status = 200, body = StepView), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/steps/{id}/text")]
pub async fn send_text(app: Data<App>, id: Path<String>, body: Body<TextBody>) -> Result<HttpResponse, Problem> {
    let id = step_id(&id)?;
    let step = id.ordinal();
    let command = body.value.command(step)?;
    act(&app, id, command, body.caller, move |seen| step_view(seen, step)).await
}

/// What is worth remembering.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteBody {
    /// 1–8,000 characters.
    text: String,
}

/// Put a note on the timeline.
#[utoipa::path(tag = "Steps", request_body = NoteBody,
    responses((status = 200, body = StepView), (status = 422, body = Problem)))]
#[post("/steps/{id}/note")]
pub async fn note_step(app: Data<App>, id: Path<String>, body: Body<NoteBody>) -> Result<HttpResponse, Problem> {
    let id = step_id(&id)?;
    let step = id.ordinal();
    let command = RecordCommand::Note { step, text: body.value.text };
    act(&app, id, command, body.caller, move |seen| step_view(seen, step)).await
}
