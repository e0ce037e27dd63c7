//! `/sequences/{id}/simulate`: records go through a sequence on a clock of their own; nothing is stored or sent.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::enrolment::{Exit, StepStatus};
use crate::domain::entity::Entity;
use crate::domain::given::Given;
use crate::domain::json::{object, objects};
use crate::domain::record::Record;
use crate::domain::simulation::{self, Assumptions, End, Failure, Happening, Itinerary, Load, Simulation, Stop, What};
use crate::domain::trial::script::After;
use crate::id::{RecordId, SequenceId, UserId};
use crate::limits;
use crate::runtime::engine::Engine;
use crate::store::Store;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::api::record_lists::{load_record, visible_record, visible_sequence};
use crate::web::api::steps::instant;
use crate::web::problem::Problem;
use crate::web::request::{self, Body, blocking, record_id};
use crate::web::wire::{Owner, reason_name};

/// How people are taken to act.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssumeBody {
    /// The share of e-mails that are replied to, 0 to 1; 0 unless given. A reply comes within a day, or within the limit of the
    /// condition behind the e-mail.
    #[schema(minimum = 0, maximum = 1)]
    reply_rate: Option<f64>,
    /// The share of calls that end with `made`, 0 to 1, the others ending with `no_answer`; 0 unless given.
    #[schema(minimum = 0, maximum = 1)]
    answer_rate: Option<f64>,
    /// Minutes from when a step is due to when its seller has completed it; 60 unless given.
    #[schema(minimum = 0, maximum = 43_200)]
    seller_minutes: Option<u32>,
}

/// Something that happens to a record; it goes before what is assumed of that node.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HappeningBody {
    /// The record, as it is named in `records`.
    record: String,
    /// The id of the node, whenever it is reached.
    node: String,
    /// `complete`, `skip`, `skip_wait`, or what comes back for an e-mail, such as `email.replied`.
    #[serde(rename = "type")]
    kind: String,
    /// How long after the node is reached; of what comes back, after the e-mail is sent.
    #[serde(default, deserialize_with = "object")]
    #[schema(value_type = Option<Object>)]
    after: Option<After>,
    /// How a call that is completed ends.
    call_result: Option<String>,
}

/// What a dry run is made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VersionName {
    /// The version that records are connected to.
    Active,
    /// The draft, as activation would publish it.
    Draft,
}

/// A dry run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulateBody {
    /// At most 1,000 ids, or `external:TYPE:EXTERNAL_ID`. A record that is on its way through the sequence goes on from where it
    /// stands; on a draft it begins anew.
    records: Vec<String>,
    /// When it begins, RFC 3339; now, unless given. The records are as they are now.
    start: Option<String>,
    #[serde(default, deserialize_with = "object")]
    assume: Option<AssumeBody>,
    /// At most 10,000.
    #[serde(default, deserialize_with = "objects")]
    events: Vec<HappeningBody>,
    /// Names what is drawn: the same question with the same seed gets the same answer. 0 unless given.
    seed: Option<u64>,
    /// The active version if there is one, else the draft.
    version: Option<VersionName>,
}

/// A node that is reached.
#[derive(Debug, Serialize, ToSchema)]
pub struct StopView {
    node: String,
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    opens_at: String,
    ends_at: Option<String>,
    /// `completed`, `skipped`, `cancelled` or `open`; `yes` or `no` of a condition; of a call how it ended.
    outcome: String,
    /// Who has it to do, where a person has.
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<Owner>,
    /// Where it is of another sequence that this one has led to.
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<String>,
}

/// An event that came to nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedView {
    node: String,
    at: String,
    detail: String,
}

/// The dated way of one record.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ItineraryView {
    /// The record as it was named.
    record: String,
    steps: Vec<StopView>,
    ended_at: Option<String>,
    /// Why it ended, as enrolments say it; `stuck` where it waits for what is not assumed to happen, `running` where it is on
    /// its way after 400 days, `refused` where the record cannot be connected.
    end: &'static str,
    /// Events that came to nothing, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<RefusedView>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem>,
}

/// What somebody has to do on one day.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoadView {
    assignee: Owner,
    /// In their time zone.
    #[schema(format = Date)]
    day: String,
    /// Steps that are due.
    steps: u32,
}

/// How a dry run came out.
#[derive(Debug, Serialize, ToSchema)]
pub struct SimulationView {
    /// When it began.
    start: String,
    /// One per record, in order.
    itineraries: Vec<ItineraryView>,
    /// By assignee and day.
    load: Vec<LoadView>,
}

/// Say what would become of records in a sequence, and who would have how much to do when; nothing is stored or sent.
#[utoipa::path(tag = "Sequences", request_body = SimulateBody,
    responses((status = 200, body = SimulationView), (status = 404, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
#[post("/sequences/{id}/simulate")]
pub async fn simulate_sequence(
    app: Data<App>,
    id: Path<String>,
    body: Body<SimulateBody>,
) -> Result<HttpResponse, Problem> {
    let (id, by) = (request::sequence_id(&id)?, body.caller.by);
    request::judge_batch(body.value.records.len())?;
    let given = app.engine.given();
    let is_active = visible_sequence(&given, id, by)?.status.is_active();
    let draft = match body.value.version {
        Some(version) => version == VersionName::Draft,
        None => !is_active,
    };
    if !draft && !is_active {
        return Err(Problem::at("sequence_not_active", "/version", "the sequence has no active version"));
    }
    let run = Run::read(&app.engine, id, body, draft)?;
    let store = app.engine.shared_store();
    // It goes on also where nobody waits for it any more.
    let one_at_a_time = app.simulating.clone().lock_owned().await;
    let found = blocking(move || {
        let _one_at_a_time = one_at_a_time;
        run.all(store.as_ref(), given)
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

/// What was asked for.
struct Run {
    sequence: SequenceId,
    by: UserId,
    start: Timestamp,
    draft: bool,
    seed: u64,
    assume: Assumptions,
    records: Vec<(String, Result<RecordId, Problem>)>,
    /// By record as it is named.
    script: HashMap<String, Vec<Happening>>,
}

impl Run {
    fn read(engine: &Engine, sequence: SequenceId, body: Body<SimulateBody>, draft: bool) -> Result<Run, Problem> {
        let SimulateBody { records, start, assume, events, seed, .. } = body.value;
        let start = start.map(|start| instant(&start, "/start")).transpose()?;
        if events.len() > limits::SIMULATION_EVENTS_MAX {
            let detail = format!("a dry run takes at most {} events", limits::SIMULATION_EVENTS_MAX);
            return Err(Problem::at("validation_failed", "/events", detail));
        }
        let known: HashSet<&str> = records.iter().map(String::as_str).collect();
        let mut script = HashMap::<String, Vec<Happening>>::new();
        for (place, event) in events.into_iter().enumerate() {
            let pointer = |member: &str| format!("/events/{place}/{member}");
            if !known.contains(event.record.as_str()) {
                let detail = format!("`{}` is none of the records", event.record);
                return Err(Problem::at("validation_failed", pointer("record"), detail));
            }
            let what = what(&event.kind).ok_or_else(|| {
                let detail = format!("`{}` is nothing that happens in a dry run", event.kind);
                Problem::at("event_type_unknown", pointer("type"), detail)
            })?;
            let after = event.after.map(After::span).unwrap_or_default();
            let happening = Happening { node: event.node, what, after, call_result: event.call_result };
            script.entry(event.record).or_default().push(happening);
        }
        let assume = assumptions(assume.unwrap_or_default())?;
        let records = records.into_iter().map(|name| {
            let found = record_id(engine, &name);
            (name, found)
        });
        let start = start.unwrap_or_else(|| engine.clock().now());
        let by = body.caller.by;
        Ok(Run { sequence, by, start, draft, seed: seed.unwrap_or(0), assume, records: records.collect(), script })
    }

    fn all(self, store: &dyn Store, given: Arc<Given>) -> Result<SimulationView, Problem> {
        let sequence = visible_sequence(&given, self.sequence, self.by)?;
        let tried = self.draft.then(|| sequence.simulated(self.sequence, &given)).transpose()?;
        let given = tried.as_ref().unwrap_or(&given);
        let (sequence, by, start) = (self.sequence, self.by, self.start);
        let (anew, seed, assume) = (self.draft, self.seed, self.assume);
        // Whoever asks draws the conditions too, so they see no further here than everywhere else.
        let unread = Cell::new(None);
        let see = |other| load_record(store, other).map_err(|problem| unread.set(Some(problem))).ok();
        let see = |other| see(other).filter(|found| found.must_be_seen(given, by).is_ok()).map(Arc::new);
        let simulation = Simulation { given, see: &see, sequence, by, start, anew, seed, assume };
        let (mut work, mut found, mut ways) = (limits::SIMULATION_WORK_MAX, Vec::new(), Vec::new());
        for (name, id) in self.records {
            let script = self.script.get(&name).map(Vec::as_slice).unwrap_or_default();
            let way = id.and_then(|id| one(store, &simulation, id, script, &mut work));
            match way {
                Ok(way) => {
                    found.push(ItineraryView { record: name, ..ItineraryView::of(&way, sequence) });
                    ways.push(way);
                }
                Err(problem) if problem.code == "simulation_too_large" => return Err(problem),
                Err(error) => found.push(ItineraryView {
                    record: name,
                    end: "refused",
                    error: Some(error),
                    ..ItineraryView::default()
                }),
            }
        }
        if let Some(problem) = unread.take() {
            return Err(problem);
        }
        let load = simulation::load(given, ways.iter(), start).into_iter().map(LoadView::from);
        Ok(SimulationView { start: start.to_string(), itineraries: found, load: load.collect() })
    }
}

fn one(
    store: &dyn Store,
    simulation: &Simulation,
    id: RecordId,
    script: &[Happening],
    work: &mut u64,
) -> Result<Itinerary, Problem> {
    let record: Record = visible_record(store, simulation.given, id, simulation.by)?;
    simulation.run(id, record, script, work).map_err(|failure| match failure {
        Failure::Refused(rejection) => Problem::from(rejection),
        Failure::TooLarge => {
            let detail = "the dry run takes more than one request may; simulate fewer records at once";
            Problem::new("simulation_too_large", detail)
        }
    })
}

fn what(word: &str) -> Option<What> {
    match word {
        "complete" => Some(What::Complete),
        "skip" => Some(What::Skip),
        "skip_wait" => Some(What::SkipWait),
        other => serde_json::from_value(other.into()).ok().map(What::Signal),
    }
}

fn assumptions(body: AssumeBody) -> Result<Assumptions, Problem> {
    let usual = Assumptions::default();
    let rate = |given: Option<f64>, usual: f64, pointer: &str| match given {
        Some(rate) if !(0.0..=1.0).contains(&rate) => {
            Err(Problem::at("validation_failed", pointer, format!("{rate} is no share between 0 and 1")))
        }
        given => Ok(given.unwrap_or(usual)),
    };
    let minutes = body.seller_minutes.unwrap_or(usual.seller_minutes);
    if minutes > limits::SIMULATION_SELLER_MINUTES_MAX {
        let detail = format!("a seller needs at most {} minutes for a step", limits::SIMULATION_SELLER_MINUTES_MAX);
        return Err(Problem::at("validation_failed", "/assume/seller_minutes", detail));
    }
    Ok(Assumptions {
        reply_rate: rate(body.reply_rate, usual.reply_rate, "/assume/reply_rate")?,
        answer_rate: rate(body.answer_rate, usual.answer_rate, "/assume/answer_rate")?,
        seller_minutes: minutes,
    })
}

impl ItineraryView {
    fn of(way: &Itinerary, own: SequenceId) -> ItineraryView {
        let refused = way.refused.iter().map(|refused| RefusedView {
            node: refused.node.clone(),
            at: refused.at.to_string(),
            detail: refused.detail.clone(),
        });
        ItineraryView {
            steps: way.stops.iter().map(|stop| StopView::of(stop, own)).collect(),
            ended_at: way.ended_at.map(|at| at.to_string()),
            end: match way.end {
                End::Ended(reason) => reason_name(reason),
                End::Stuck => "stuck",
                End::Running => "running",
            },
            refused: refused.collect(),
            ..ItineraryView::default()
        }
    }
}

impl StopView {
    fn of(stop: &Stop, own: SequenceId) -> StopView {
        let exit = stop.exit.map(|exit| if exit == Exit::Yes { "yes" } else { "no" });
        let status = match stop.status {
            StepStatus::Open => "open",
            StepStatus::Completed => "completed",
            StepStatus::Skipped => "skipped",
            StepStatus::Cancelled => "cancelled",
        };
        StopView {
            node: stop.node.clone(),
            kind: stop.kind,
            name: stop.name.clone(),
            opens_at: stop.opens_at.to_string(),
            ends_at: stop.ends_at.map(|at| at.to_string()),
            outcome: stop.call_result.clone().unwrap_or_else(|| exit.unwrap_or(status).to_owned()),
            assignee: stop.assignee.map(Owner::from),
            sequence: (stop.sequence != own).then(|| stop.sequence.to_string()),
        }
    }
}

impl From<Load> for LoadView {
    fn from(load: Load) -> LoadView {
        LoadView { assignee: load.assignee.into(), day: load.day.to_string(), steps: load.steps }
    }
}
