//! `/migrations`, and what one would do: moving the records of earlier versions to a new one, and back (D-47).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::effect::{Counter, EnrolmentRow};
use crate::domain::enrolment::Ordinal;
use crate::domain::enrolment::migrate::course;
use crate::domain::given::Given;
use crate::domain::plan::Plan;
use crate::domain::record::Record;
use crate::domain::sequence::migration::{Migration, MigrationState, Mode, Moves};
use crate::domain::sequence::{Sequence, SequenceCommand};
use crate::id::{EnrolmentId, MigrationId, SequenceId, UserId};
use crate::limits;
use crate::runtime::engine::Engine;
use crate::store::Store;
use crate::web::App;
use crate::web::api::record_lists::{load_record, visible_sequence};
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{self, Body, Nothing, Query, blocking};

/// How long taking back may be waited for; with more records, the answer tells how far it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the records of earlier versions go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModeName {
    /// Where they are, on their versions.
    Stay,
    /// On the step of the same id.
    Follow,
    /// On the step that the map names; where it names none, on that of the same id.
    Map,
    /// On the first step.
    Restart,
}

/// What becomes of the records that go through earlier versions.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MovesBody {
    /// How.
    mode: ModeName,
    /// With the mode `map`: ids of steps of earlier versions, each with the id of the step that takes its place.
    #[serde(default, deserialize_with = "request::object")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    map: Option<BTreeMap<String, String>>,
}

impl From<MovesBody> for Moves {
    fn from(body: MovesBody) -> Moves {
        let mode = match body.mode {
            ModeName::Stay => Mode::Stay,
            ModeName::Follow => Mode::Follow,
            ModeName::Map => Mode::Map,
            ModeName::Restart => Mode::Restart,
        };
        Moves { mode, map: body.map.unwrap_or_default() }
    }
}

fn mode_name(mode: Mode) -> ModeName {
    match mode {
        Mode::Stay => ModeName::Stay,
        Mode::Follow => ModeName::Follow,
        Mode::Map => ModeName::Map,
        Mode::Restart => ModeName::Restart,
    }
}

/// The word for how far a migration is.
fn state_name(state: MigrationState) -> &'static str {
    match state {
        MigrationState::Running => "running",
        MigrationState::Completed => "completed",
        MigrationState::Undoing => "undoing",
        MigrationState::Undone => "undone",
    }
}

/// A migration that was asked for with an activation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BegunMigration {
    id: String,
    state: &'static str,
}

impl BegunMigration {
    /// The last one of a sequence that was just activated.
    pub fn of(id: SequenceId, sequence: &Sequence) -> Option<BegunMigration> {
        let last = sequence.migrations.last()?;
        let (id, state) = (MigrationId::of(id, last.number).to_string(), state_name(last.state));
        Some(BegunMigration { id, state })
    }
}

/// A migration.
#[derive(Debug, Serialize, ToSchema)]
pub struct MigrationView {
    id: String,
    sequence: String,
    /// The version that was published with it.
    version: u16,
    mode: ModeName,
    /// Ids of steps of earlier versions, each with the id of the step that took its place.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    map: BTreeMap<String, String>,
    /// `running`, `completed`, `undoing` or `undone`.
    state: &'static str,
    /// Who asked for it.
    by: String,
    at: String,
    /// Since when it is in that state.
    state_at: String,
    /// Enrolments that were moved, so far. An erased record is not counted any more; nor below.
    moved: i64,
    /// Enrolments that stay on their versions, for a conflict; the records' timelines say which.
    conflicts: i64,
    /// Enrolments that were moved back, so far.
    undone: i64,
    /// Once it was taken back: enrolments that were moved and had gone on since, so that they were not moved back.
    kept: i64,
}

impl MigrationView {
    fn of(id: MigrationId, migration: &Migration, store: &dyn Store) -> MigrationView {
        let [moved, conflicts, undone] =
            [Counter::Moved(id), Counter::Stayed(id), Counter::MovedBack(id)].map(|counter| store.counter(counter));
        MigrationView {
            id: id.to_string(),
            sequence: id.sequence().to_string(),
            version: migration.version,
            mode: mode_name(migration.moves.mode),
            map: migration.moves.map.clone(),
            state: state_name(migration.state),
            by: migration.by.to_string(),
            at: migration.at.to_string(),
            state_at: migration.state_at.to_string(),
            moved,
            conflicts,
            undone,
            kept: if migration.state == MigrationState::Undone { moved - undone } else { 0 },
        }
    }
}

fn migration_id(text: &str) -> Result<MigrationId, Problem> {
    MigrationId::parse(text).ok_or_else(|| Problem::not_found("migration"))
}

async fn view(engine: &Engine, by: Principal, id: MigrationId) -> Result<MigrationView, Problem> {
    let found =
        engine.read::<Sequence, _>(id.sequence(), by.caller, move |seen| seen.state.migration(id.ordinal()).cloned());
    let migration = found.await?.ok_or_else(|| Problem::not_found("migration"))?;
    Ok(MigrationView::of(id, &migration, engine.store()))
}

/// How far a migration is, and how many records it moved.
#[utoipa::path(tag = "Sequences", responses((status = 200, body = MigrationView), (status = 404, body = Problem)))]
#[get("/migrations/{id}")]
pub async fn get_migration(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(view(&app.engine, by, migration_id(&id)?).await?))
}

/// Move back whatever has not gone on since. The sequence stays on its version: records that are connected go through that.
#[utoipa::path(tag = "Sequences", responses((status = 200, body = MigrationView), (status = 409, body = Problem)))]
#[post("/migrations/{id}/undo")]
pub async fn undo_migration(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let id = migration_id(&id)?;
    let command = SequenceCommand::UndoMigration(id.ordinal());
    app.engine.submit::<Sequence, ()>(id.sequence(), command, body.caller, |_| ()).await?;
    await_deliveries(&app).await;
    Ok(HttpResponse::Ok().json(view(&app.engine, body.principal, id).await?))
}

/// Waits until the outbox has done what a command owes, on a real clock for a while.
pub async fn await_deliveries(app: &App) {
    if app.engine.clock().is_test() {
        let _one_at_a_time = app.advancing.lock().await;
        app.engine.settle().await;
    } else {
        // Whoever asks for more than that asks again.
        let _ = tokio::time::timeout(PATIENCE, app.engine.deliver()).await;
    }
}

/// Records that stand at the same place and would fare alike.
#[derive(Debug, Serialize, ToSchema)]
pub struct MigrationGroup {
    /// The version that they go through.
    version: u16,
    /// The id of the step that they stand on; none while they are connecting.
    node: Option<String>,
    /// How many enrolments; those on records that the caller does not see are counted too, because they would move as well.
    records: usize,
    /// The id of the step where they would go on; none where they stay on their version.
    becomes: Option<String>,
    /// Why they stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    conflict: Option<String>,
}

/// What a migration would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct MigrationPreview {
    groups: Vec<MigrationGroup>,
    /// More records follow: ask again with it as `cursor`, and add the counts up.
    next_cursor: Option<String>,
}

/// Which part.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PreviewQuery {
    /// Where the part before ended.
    cursor: Option<String>,
}

/// Say what activating the draft with a migration would do to whom; nothing changes.
#[utoipa::path(tag = "Sequences", params(PreviewQuery), request_body = MovesBody,
    responses((status = 200, body = MigrationPreview), (status = 404, body = Problem), (status = 422, body = Problem)))]
#[post("/sequences/{id}/migrations/preview")]
pub async fn preview_migration(
    app: Data<App>,
    id: Path<String>,
    Query(query): Query<PreviewQuery>,
    body: Body<MovesBody>,
) -> Result<HttpResponse, Problem> {
    let (id, by, moves) = (request::sequence_id(&id)?, body.caller.by, Moves::from(body.value));
    let after = request::cursor(query.cursor.as_deref(), |text| {
        let id = EnrolmentId::parse(text)?;
        Some(EnrolmentRow { record: id.record(), ordinal: id.ordinal(), live: true })
    })?;
    let given = app.engine.given();
    visible_sequence(&given, id, by)?;
    let preview = Preview::new(id, by, given, moves)?;
    let store = app.engine.shared_store();
    // It goes on also where nobody waits for it any more.
    let one_at_a_time = app.previewing.clone().lock_owned().await;
    let part = blocking(move || {
        let _one_at_a_time = one_at_a_time;
        preview.part(store.as_ref(), after)
    });
    Ok(HttpResponse::Ok().json(part.await?))
}

/// What a preview is made from.
struct Preview {
    sequence: SequenceId,
    given: Arc<Given>,
    moves: Moves,
    /// What activation would publish …
    plan: Plan,
    /// … under this number.
    version: u16,
}

type Place = (u16, Option<String>, Option<String>, Option<String>);

impl Preview {
    /// Refused to whoever may not activate the sequence, and while its draft has errors.
    fn new(sequence: SequenceId, by: UserId, given: Arc<Given>, moves: Moves) -> Result<Preview, Problem> {
        let held = given.sequences.get(&sequence).ok_or_else(|| Problem::not_found("sequence"))?;
        held.judge_edit(&given.policy.person(by)?)?;
        let (version, plan) = held.next_version(sequence, &given)?;
        let problems = held.move_problems(&plan, &moves);
        if !problems.is_empty() {
            return Err(Problem::invalid(problems));
        }
        Ok(Preview { sequence, given: given.clone(), moves, plan, version })
    }

    /// Reads each record once, up to a bound.
    fn part(&self, store: &dyn Store, after: Option<EnrolmentRow>) -> Result<MigrationPreview, Problem> {
        let (mut found, mut scanned, mut last, mut more, mut failed) = (BTreeMap::new(), 0, None, false, None);
        store.enrolments(self.sequence, true, after, &mut |row| {
            if scanned == limits::PREVIEW_RECORDS_MAX {
                more = true;
                return false;
            }
            (scanned, last) = (scanned + 1, Some(row));
            match load_record(store, row.record) {
                Ok(record) => {
                    if let Some(place) = self.place(&record, row.ordinal) {
                        *found.entry(place).or_insert(0) += 1;
                    }
                }
                Err(problem) => failed = Some(problem),
            }
            failed.is_none()
        })?;
        if let Some(problem) = failed {
            return Err(problem);
        }
        let groups = found.into_iter().map(|((version, node, becomes, conflict), records)| MigrationGroup {
            version,
            node,
            records,
            becomes,
            conflict,
        });
        let next_cursor = last.filter(|_| more).map(|row: EnrolmentRow| EnrolmentId::of(row.record, row.ordinal));
        Ok(MigrationPreview { groups: groups.collect(), next_cursor: next_cursor.map(|id| id.to_string()) })
    }

    /// `None` of an enrolment that has ended since the row was read.
    fn place(&self, record: &Record, ordinal: Ordinal) -> Option<Place> {
        let held = record.enrolment(ordinal).filter(|held| held.status.is_live())?;
        let node = record.current_step(held).and_then(|step| record.node_of(&self.given, step));
        let node = node.map(|node| node.id.clone());
        // The draft says nothing new, so whoever goes through the last version stands where it leads already.
        if held.version >= self.version {
            return Some((held.version, node.clone(), node, None));
        }
        if self.moves.mode == Mode::Stay {
            return Some((held.version, node, None, None));
        }
        let (becomes, conflict) = match course(record, &self.given, held, &self.plan, &self.moves) {
            Ok(course) => (self.plan.node(course.node()).map(|node| node.id.clone()), None),
            Err(conflict) => (None, Some(conflict.to_string())),
        };
        Some((held.version, node, becomes, conflict))
    }
}
