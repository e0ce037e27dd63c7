//! `/work-list/actions`: the same for everything that is selected, each answered for itself.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::enrolment::Ordinal;
use crate::domain::record::Record;
use crate::domain::record::command::RecordCommand;
use crate::domain::record::schema::Owner;
use crate::id::{ActivityId, StepId};
use crate::limits;
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::api::steps::{AssignBody, instant};
use crate::web::problem::Problem;
use crate::web::request::{self, Body};
use crate::web::wire::Results;

/// What is done to each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkAction {
    /// It is done.
    Complete,
    /// A step is passed over, an activity is not done.
    Skip,
    /// A step is put off.
    Snooze,
    /// A wait ends now.
    SkipWait,
    /// It is somebody else's.
    Assign,
    /// The enrolment of a step ends (K-12).
    Disconnect,
}

/// One of what is selected: a step or a manual activity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkTarget {
    step: Option<String>,
    activity: Option<String>,
}

/// What is done to what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionsBody {
    action: WorkAction,
    /// At most 1,000.
    items: Vec<WorkTarget>,
    /// Of `snooze`: RFC 3339, later than now.
    until: Option<String>,
    /// Of `assign`: `{"user": ID}` or `{"team": ID}`.
    to: Option<AssignBody>,
    /// Of `complete`: goes on the timeline of each.
    note: Option<String>,
    /// Of `complete`: how each call ended.
    call_result: Option<String>,
}

/// What became of one of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<String>,
    /// `true` where it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem>,
}

/// The action with what it needs.
enum Wish {
    Complete { note: Option<String>, call_result: Option<String> },
    Skip,
    Snooze(Timestamp),
    SkipWait,
    Assign(Owner),
    Disconnect,
}

#[derive(Clone, Copy)]
enum Target {
    Step(StepId),
    Activity(ActivityId),
}

impl ActionsBody {
    fn wish(&self) -> Result<Wish, Problem> {
        let stray = |pointer: &str| Err(Problem::malformed(pointer, "this action takes no such member"));
        let (is_snooze, is_assign) = (self.action == WorkAction::Snooze, self.action == WorkAction::Assign);
        match () {
            () if self.until.is_some() && !is_snooze => return stray("/until"),
            () if self.to.is_some() && !is_assign => return stray("/to"),
            () if self.note.is_some() && self.action != WorkAction::Complete => return stray("/note"),
            () if self.call_result.is_some() && self.action != WorkAction::Complete => return stray("/call_result"),
            () => {}
        }
        Ok(match self.action {
            WorkAction::Complete => Wish::Complete { note: self.note.clone(), call_result: self.call_result.clone() },
            WorkAction::Skip => Wish::Skip,
            WorkAction::SkipWait => Wish::SkipWait,
            WorkAction::Disconnect => Wish::Disconnect,
            WorkAction::Snooze => {
                let until = self.until.as_deref();
                Wish::Snooze(instant(until.ok_or_else(|| Problem::malformed("/until", "until when?"))?, "/until")?)
            }
            WorkAction::Assign => {
                let to = self.to.as_ref();
                Wish::Assign(to.ok_or_else(|| Problem::malformed("/to", "to whom?"))?.read()?)
            }
        })
    }
}

impl WorkTarget {
    fn read(&self) -> Result<Target, Problem> {
        match (&self.step, &self.activity) {
            (Some(step), None) => StepId::parse(step).map(Target::Step).ok_or_else(|| Problem::not_found("step")),
            (None, Some(activity)) => {
                ActivityId::parse(activity).map(Target::Activity).ok_or_else(|| Problem::not_found("activity"))
            }
            _ => Err(Problem::malformed("/items", "an item is {\"step\": ID} or {\"activity\": ID}")),
        }
    }

    fn result(&self, done: Result<(), Problem>) -> ActionResult {
        let (step, activity, ok) = (self.step.clone(), self.activity.clone(), done.is_ok().then_some(true));
        ActionResult { step, activity, ok, error: done.err() }
    }
}

impl Wish {
    /// What is asked of the record of an item, `enrolment` being that of its step.
    fn command(&self, target: Target, enrolment: Option<Ordinal>) -> Result<RecordCommand, Problem> {
        let no_step = |what: &str| Problem::new("activity_takes_no_action", format!("an activity cannot be {what}"));
        Ok(match (self, target) {
            (Wish::Complete { note, call_result }, Target::Step(step)) => {
                let (note, call_result) = (note.clone(), call_result.clone());
                RecordCommand::Complete { step: step.ordinal(), note, call_result }
            }
            (Wish::Complete { note, call_result }, Target::Activity(activity)) => {
                let (note, call_result) = (note.clone(), call_result.clone());
                RecordCommand::CompleteActivity { activity: activity.ordinal(), note, call_result }
            }
            (Wish::Skip, Target::Step(step)) => RecordCommand::Skip(step.ordinal()),
            (Wish::Skip, Target::Activity(activity)) => RecordCommand::CancelActivity(activity.ordinal()),
            (Wish::Snooze(until), Target::Step(step)) => RecordCommand::Snooze { step: step.ordinal(), until: *until },
            (Wish::SkipWait, Target::Step(step)) => RecordCommand::SkipWait(step.ordinal()),
            (Wish::Assign(to), Target::Step(step)) => RecordCommand::AssignStep { step: step.ordinal(), to: *to },
            (Wish::Assign(to), Target::Activity(activity)) => {
                RecordCommand::AssignActivity { activity: activity.ordinal(), to: *to }
            }
            (Wish::Snooze(_), Target::Activity(_)) => return Err(no_step("snoozed")),
            (Wish::SkipWait, Target::Activity(_)) => return Err(no_step("waited for")),
            (Wish::Disconnect, Target::Activity(_)) => return Err(no_step("disconnected")),
            (Wish::Disconnect, Target::Step(_)) => RecordCommand::Disconnect(enrolment.unwrap_or_default()),
        })
    }

    async fn carry_out(&self, engine: &Engine, target: Target, caller: Caller) -> Result<(), Problem> {
        let record = match target {
            Target::Step(step) => step.record(),
            Target::Activity(activity) => activity.record(),
        };
        let enrolment = match (self, target) {
            (Wish::Disconnect, Target::Step(step)) => {
                let read =
                    engine.read::<Record, _>(record, Caller { command: None, expected: None, ..caller }, move |seen| {
                        seen.state.step(step.ordinal()).map(|step| step.enrolment)
                    });
                Some(read.await?.ok_or_else(|| Problem::not_found("step"))?)
            }
            _ => None,
        };
        let command = self.command(target, enrolment)?;
        Ok(engine.submit_in_turn::<Record, ()>(record, command, caller, |_| ()).await?)
    }
}

/// Do the same to everything that is selected; the answer says of each what became of it.
#[utoipa::path(tag = "Work list", request_body = ActionsBody,
    responses((status = 200, body = Results<ActionResult>), (status = 400, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem)))]
#[post("/work-list/actions")]
pub async fn act(app: Data<App>, body: Body<ActionsBody>) -> Result<HttpResponse, Problem> {
    let (wish, items, caller, engine) = (body.value.wish()?, body.value.items, body.caller, &app.engine);
    request::judge_batch(items.len())?;
    if items.is_empty() {
        return Err(Problem::at("nothing_selected", "/items", "choose at least one row"));
    }
    let named = |item: &WorkTarget| format!("{:?}{:?}", item.step, item.activity);
    let of_item = |item: &WorkTarget| request::item(caller, named(item).as_bytes());
    let asked = items.iter().filter_map(|item| {
        let record = match item.read().ok()? {
            Target::Step(step) => step.record(),
            Target::Activity(activity) => activity.record(),
        };
        Some((record.into(), of_item(item)))
    });
    request::judge_repeats(engine, asked)?;
    let (wish, of_item) = (&wish, &of_item);
    let done = items.iter().map(|item| async move {
        let done = match item.read() {
            Ok(target) => wish.carry_out(engine, target, of_item(item)).await,
            Err(problem) => Err(problem),
        };
        item.result(done)
    });
    let results = futures_util::stream::iter(done).buffered(limits::BACKGROUND_IN_FLIGHT_MAX);
    Ok(HttpResponse::Ok().json(Results { results: results.collect::<Vec<_>>().await }))
}
