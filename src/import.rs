//! Bringing a file's rows in: one command per row, a reason for each row that does not go in, and a job that a restart
//! takes up again without doing anything twice.

pub mod mapping;
mod rejects;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;

use crate::domain::import::{Import, ImportCommand, ImportCounts, ImportRequest, ImportState};
use crate::domain::permission::{Cause, Denial};
use crate::domain::record::command::RecordCommand;
use crate::domain::record::schema::{Change, RecordType};
use crate::domain::record::{Problem, Record, RecordRejection};
use crate::id::{CommandId, EntityKind, Fingerprint, IdSource, ImportId, RecordId, UserId};
use crate::import::mapping::Columns;
use crate::limits;
use crate::lookup;
use crate::runtime::engine::Engine;
use crate::runtime::message::{Caller, Failure};
use crate::sheet::{BadRow, Row, Sheet};

/// Rows between two notes of how far a job is.
const PROGRESS_EVERY: u64 = 1_000;
/// How often a job looks whether a full disk has space again.
const ROOM_POLL: Duration = Duration::from_secs(1);

/// The import jobs of one server.
#[derive(Clone)]
pub struct Imports {
    engine: Engine,
    folder: PathBuf,
}

/// Rows of one external id wait for each other, so that the last one of the file has the last word.
#[derive(Clone, Default)]
struct Turns(Rc<RefCell<HashMap<String, Rc<tokio::sync::Mutex<()>>>>>);

impl Turns {
    /// Served first come, first served; rows come in the order of the file.
    fn of(&self, external_id: String) -> Rc<tokio::sync::Mutex<()>> {
        self.0.borrow_mut().entry(external_id).or_default().clone()
    }
}

/// What became of a row.
enum RowOutcome {
    Created,
    Updated,
    Rejected {
        line: u64,
        reason: String,
        raw: String,
    },
    /// The engine does not take commands; the job stops and is taken up after the next start.
    Interrupted,
}

impl Imports {
    /// Jobs whose files are kept in `folder`.
    pub fn open(engine: Engine, folder: &Path) -> std::io::Result<Imports> {
        fs::create_dir_all(folder)?;
        Ok(Imports { engine, folder: folder.to_owned() })
    }

    /// Where the rows that did not go in are written, as CSV.
    pub fn rejects(&self, id: ImportId) -> PathBuf {
        self.folder.join(format!("{id}.rejects.csv"))
    }

    fn file(&self, id: ImportId) -> PathBuf {
        self.folder.join(format!("{id}.csv"))
    }

    /// Keeps the file, so that a restart can go on with it; all of it or nothing. Blocking.
    pub fn keep(&self, id: ImportId, bytes: &[u8]) -> std::io::Result<()> {
        let path = self.file(id);
        let kept = File::create(&path)
            .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
            .and_then(|()| File::open(&self.folder)?.sync_all());
        kept.inspect_err(|_| {
            let _ = fs::remove_file(path);
        })
    }

    /// Runs a job that was started, apart from whoever asked for it.
    pub fn spawn(&self, id: ImportId) {
        let imports = self.clone();
        actix_web::rt::spawn(async move {
            if let Err(error) = imports.run(id).await {
                tracing::error!(import = %id, %error, "the import stopped; the next start takes it up again");
            }
        });
    }

    /// Takes up every job that a stop has interrupted.
    pub async fn resume(&self) -> crate::store::Result<()> {
        for entity in self.engine.store().entities(EntityKind::Import)? {
            let id = ImportId::from(entity);
            let running = self.engine.read::<Import, _>(id, Caller::SYSTEM, |seen| {
                seen.state.exists && seen.state.state == ImportState::Running
            });
            if running.await.unwrap_or(false) {
                tracing::info!(import = %id, "an interrupted import goes on");
                self.spawn(id);
            }
        }
        Ok(())
    }

    async fn run(&self, id: ImportId) -> anyhow::Result<()> {
        let job = self.engine.read::<Import, _>(id, Caller::SYSTEM, |seen| seen.state.clone()).await?;
        let file = self.file(id);
        let catalogue = self.engine.given().catalogue.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let bytes = fs::read(file).map_err(|error| format!("the file cannot be read again: {error}"))?;
            Sheet::open(&bytes, job.request.delimiter).map_err(|error| error.to_string())
        });
        let planned = opened.await?.and_then(|sheet| {
            let columns = Columns::of(&job.request, sheet.header(), &catalogue)?;
            Ok((sheet, columns))
        });
        let by = job.started_by.unwrap_or(UserId::ADMINISTRATOR);
        let finish = match planned {
            Err(reason) => Some((ImportState::Failed(reason), ImportCounts::default())),
            Ok((sheet, columns)) => {
                let done = self.rows(id, by, &job.request, &sheet, &columns).await?;
                done.map(|counts| (ImportState::Completed, counts))
            }
        };
        if let Some((state, counts)) = finish {
            let command = ImportCommand::Finish { state, counts };
            let ask = || self.engine.submit_in_turn::<Import, ()>(id, command.clone(), Caller::SYSTEM, |_| ());
            with_room(ask).await?;
            // What it brought in is in the records now.
            let _ = fs::remove_file(self.file(id));
        }
        Ok(())
    }

    /// Every row in the order of the file, many under way at once. `None` if the engine stopped meanwhile.
    async fn rows(
        &self,
        id: ImportId,
        by: UserId,
        request: &ImportRequest,
        sheet: &Sheet,
        columns: &Columns,
    ) -> anyhow::Result<Option<ImportCounts>> {
        let mut rejects = csv::Writer::from_path(self.rejects(id))?;
        rejects.write_record(["line", "reason", "row"])?;
        let mut counts = ImportCounts::default();
        let turns = Turns::default();
        let outcomes = sheet.rows().map(|row| {
            let turns = turns.clone();
            async move {
                let key = row.as_ref().ok().and_then(|row| columns.external_id(row));
                let turn = key.map(|key| turns.of(key));
                let _turn = match &turn {
                    Some(turn) => Some(turn.lock().await),
                    None => None,
                };
                self.row(id, by, request, columns, row).await
            }
        });
        let mut outcomes =
            std::pin::pin!(futures_util::stream::iter(outcomes).buffered(limits::BACKGROUND_IN_FLIGHT_MAX));
        while let Some(outcome) = outcomes.next().await {
            counts.rows_read += 1;
            match outcome {
                RowOutcome::Created => counts.created += 1,
                RowOutcome::Updated => counts.updated += 1,
                RowOutcome::Rejected { line, reason, raw } => {
                    counts.rejected += 1;
                    rejects.write_record([line.to_string(), harmless(reason), harmless(raw)])?;
                }
                RowOutcome::Interrupted => return Ok(None),
            }
            if counts.rows_read % PROGRESS_EVERY == 0 {
                let command = ImportCommand::Progress(counts);
                let ask = || self.engine.submit_in_turn::<Import, ()>(id, command.clone(), Caller::SYSTEM, |_| ());
                with_room(ask).await?;
            }
        }
        let rejects = rejects.into_inner().map_err(|error| anyhow::Error::msg(error.to_string()))?;
        let folder = self.folder.clone();
        // Before the end is noted: whoever reads how many rows did not go in must find them.
        let kept =
            tokio::task::spawn_blocking(move || rejects.sync_all().and_then(|()| File::open(folder)?.sync_all()));
        kept.await??;
        Ok(Some(counts))
    }

    async fn row(
        &self,
        import: ImportId,
        by: UserId,
        request: &ImportRequest,
        columns: &Columns,
        row: Result<Row, BadRow>,
    ) -> RowOutcome {
        let row = match row {
            Ok(row) => row,
            Err(BadRow { line, reason, raw }) => return RowOutcome::Rejected { line, reason, raw },
        };
        let (line, raw) = (row.line, row.raw.clone());
        let changes = match columns.changes(&row) {
            Ok(changes) => changes,
            Err(reason) => return RowOutcome::Rejected { line, reason, raw },
        };
        let changes = match self.resolve(by, request.kind, changes).await {
            Ok(Ok(changes)) => changes,
            Ok(Err(problems)) => return RowOutcome::Rejected { line, reason: reasons(&problems), raw },
            Err(_) => return RowOutcome::Interrupted,
        };
        // The same row has the same id each time the job is begun, so it is created once.
        let fresh = RecordId(IdSource::derived(import.0, line));
        let write = || self.write(fresh, by, request, columns.external_id(&row), changes.clone());
        match with_room(write).await {
            Ok(outcome) => outcome,
            Err(Failure::Refused(RecordRejection::Invalid(problems))) => {
                RowOutcome::Rejected { line, reason: reasons(&problems), raw }
            }
            Err(Failure::Refused(RecordRejection::Denied(Denial { cause: Cause::Hidden, .. }))) => {
                let reason = "a record that you cannot see has this external id".into();
                RowOutcome::Rejected { line, reason, raw }
            }
            Err(Failure::Refused(rejection)) => RowOutcome::Rejected { line, reason: rejection.to_string(), raw },
            Err(Failure::Taken(_)) => {
                RowOutcome::Rejected { line, reason: "another record has this external id".into(), raw }
            }
            Err(_) => RowOutcome::Interrupted,
        }
    }

    /// The changes with an id in each lookup, however the record was named; or what is wrong with them.
    async fn resolve(
        &self,
        by: UserId,
        kind: RecordType,
        mut changes: Vec<Change>,
    ) -> anyhow::Result<Result<Vec<Change>, Vec<Problem>>> {
        let given = self.engine.given();
        if !lookup::may_lead(&given, &changes) {
            return Ok(Ok(changes));
        }
        let store = self.engine.shared_store();
        let resolved = tokio::task::spawn_blocking(move || {
            let problems = lookup::resolve(store.as_ref(), &given, by, kind, &mut changes)?;
            Ok(if problems.is_empty() { Ok(changes) } else { Err(problems) })
        });
        resolved.await?
    }

    async fn write(
        &self,
        fresh: RecordId,
        by: UserId,
        request: &ImportRequest,
        external_id: Option<String>,
        changes: Vec<Change>,
    ) -> Result<RowOutcome, Failure<RecordRejection>> {
        let caller = Caller::new(by, "POST /api/v1/imports");
        let mut all = changes.clone();
        all.extend(external_id.clone().map(|key| Change::ExternalId(Some(key))));
        let create = RecordCommand::Create { kind: request.kind, changes: all };
        match self.engine.submit_in_turn::<Record, ()>(fresh, create, caller, |_| ()).await {
            Ok(()) | Err(Failure::Refused(RecordRejection::Exists)) => Ok(RowOutcome::Created),
            Err(Failure::Taken(holder)) if external_id.is_some() => {
                let change = RecordCommand::Change(changes.clone());
                // Known by its row: when the job is begun again, what was written since is not written over.
                let command = CommandId { key: fresh.0, fingerprint: Fingerprint::default() };
                let caller = Caller { command: Some(command), ..caller };
                match self.engine.submit_in_turn::<Record, ()>(holder, change, caller, |_| ()).await {
                    // Erased since it was found: the key is free.
                    Err(Failure::Refused(RecordRejection::NotFound)) => {
                        Box::pin(self.write(fresh, by, request, external_id, changes)).await
                    }
                    done => done.map(|()| RowOutcome::Updated),
                }
            }
            Err(failure) => Err(failure),
        }
    }
}

/// Asks again until there is space on the disk: a job that met a full one goes on where it stood.
async fn with_room<T, R, A>(mut ask: impl FnMut() -> A) -> Result<T, Failure<R>>
where
    R: std::error::Error,
    A: Future<Output = Result<T, Failure<R>>>,
{
    loop {
        match ask().await {
            Err(Failure::Full) => tokio::time::sleep(ROOM_POLL).await,
            answered => return answered,
        }
    }
}

fn reasons(problems: &[Problem]) -> String {
    let reasons = problems
        .iter()
        .map(|problem| format!("{}: {}", problem.pointer.trim_start_matches('/').replace('/', "."), problem.detail));
    reasons.collect::<Vec<_>>().join("; ")
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}
