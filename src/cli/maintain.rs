//! `relance export`, `rebuild` and `check`: work on the data directory of a stopped server.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::Args;

use super::progress::count;
use crate::store::Store;
use crate::store::maintenance::{self, Findings};
use crate::store::rows::RowStore;
use crate::store::sled::{self, Sled, SledOptions};
use crate::store::trail::{self, Trail};
use crate::store::{StoreError, backup, transfer};

/// Write everything that happened as one JSON object per line
///
/// The log is the truth: whatever else is in the data directory follows from it. Each line is one commit of one entity
/// with its version, time, author and events, entity by entity. The first line says what it is, the last one that nothing
/// is missing; `relance import FILE --data DIR` reads it into a new directory. The server must be stopped.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  relance export --data ./data --out backup.jsonl
  relance export | gzip > backup.jsonl.gz")]
pub struct ExportArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The file to write; otherwise the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Compute timers, deliveries, lists and counters again from the log
///
/// Replaces all of them by what follows from the log. The result is the same as before unless something was damaged.
/// The server must be stopped; interrupted half-way, the command must be run again.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  relance rebuild --data ./data
  relance rebuild && relance check")]
pub struct RebuildArgs {
    #[command(flatten)]
    data: DataArgs,
}

/// Verify every invariant of a data directory and say what was found
///
/// Replays every log and compares: versions have no gap, snapshots are what the log says, no timer, delivery, list row
/// or counter is missing, wrong or left over, and every live enrolment waits for something. Prints a hash over all rows,
/// which two directories share that hold the same.
///
/// Every change of configuration, rights and sequences and every erasure is a link of the audit trail, whose last link is
/// printed. Kept elsewhere and given with --trail later, it proves that nothing up to it was altered or removed since, not
/// even by somebody who can write the data directory with a program of his own. Changes nothing. The server must be stopped. The exit code is 1 where
/// there are faults.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  relance check
  relance check --trail 12:5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9
  relance check --data /var/lib/relance && relance serve --data /var/lib/relance")]
pub struct CheckArgs {
    #[command(flatten)]
    data: DataArgs,
    /// A link of the audit trail that an earlier check has printed and that was kept elsewhere
    #[arg(long, value_name = "NUMBER:HASH")]
    trail: Option<Trail>,
}

#[derive(Clone, Debug, Args)]
pub(super) struct DataArgs {
    /// The data directory of a stopped server
    #[arg(long, value_name = "DIR", default_value = "./data")]
    data: PathBuf,
}

impl DataArgs {
    /// The directory itself.
    pub(super) fn path(&self) -> &Path {
        &self.data
    }

    /// Opens it, if it is one.
    pub(super) fn open(&self, options: SledOptions) -> anyhow::Result<RowStore<Sled>> {
        self.judge()?;
        Ok(sled::open(&self.data, options)?)
    }

    /// Opening makes a new store where there is none, which nobody wants here.
    pub(super) fn judge(&self) -> anyhow::Result<()> {
        let exists = ["relance.json", "store"].iter().any(|part| self.data.join(part).exists());
        ensure!(exists, "{} is no data directory of relance; --data names another", self.data.display());
        Ok(())
    }
}

/// Writes the log and says on the standard error how much it was.
pub fn export(args: ExportArgs) -> anyhow::Result<()> {
    let store = args.data.open(SledOptions::default())?;
    let lines = match &args.out {
        Some(path) => export_to(&store, path)?,
        None => transfer::export(&store, &mut BufWriter::new(io::stdout().lock()))?,
    };
    eprintln!("{} commits written", count(lines));
    Ok(store.close()?)
}

fn export_to(store: &RowStore<Sled>, path: &Path) -> anyhow::Result<u64> {
    let failed = || format!("cannot write {}", path.display());
    let mut out = BufWriter::new(File::create(path).with_context(failed)?);
    let lines = transfer::export(store, &mut out).with_context(failed)?;
    out.flush().and_then(|()| out.get_ref().sync_all()).with_context(failed)?;
    Ok(lines)
}

/// Rebuilds what follows from the log.
pub fn rebuild(args: RebuildArgs) -> anyhow::Result<()> {
    let options = SledOptions { computed_rows_must_fit: false, ..SledOptions::default() };
    let store = args.data.open(options)?;
    let entities = maintenance::rebuild(&store)?;
    store.close()?;
    println!("timers, deliveries, lists and counters are rebuilt from the log of {} entities", count(entities));
    Ok(())
}

/// Prints what a check found; the code is 1 where there are faults.
pub fn check(args: CheckArgs) -> anyhow::Result<ExitCode> {
    let store = args.data.open(SledOptions::default())?;
    let findings = maintenance::check(&store)?;
    let hash = backup::canonical_hash(&store)?;
    let noted = args.trail.map(|noted| Ok::<_, StoreError>((noted, trail::holds(&store, noted)?))).transpose()?;
    // So that the next start is a fast one.
    store.close()?;
    println!("{}The rows have the hash {hash}.", report(&findings));
    if let Some((Trail { length, .. }, holds)) = noted {
        let text =
            if holds { "is in the audit trail as it was noted" } else { "is not in the audit trail as it was noted" };
        println!("Link {length} {text}.");
    }
    let sound = findings.faults.is_empty() && noted.is_none_or(|(_, holds)| holds);
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(findings: &Findings) -> String {
    let [entities, commits, rows] = [findings.entities, findings.commits, findings.rows].map(count);
    let looked_at = format!("{entities} entities with {commits} commits and {rows} computed rows were checked");
    let audited =
        format!("{} events are audited; the audit trail ends with {}.\n", count(findings.audited), findings.trail);
    if findings.faults.is_empty() {
        return format!("{looked_at}: everything is as it should be.\n{audited}");
    }
    let mut text = format!("{looked_at}, and something is wrong:\n");
    for fault in &findings.faults {
        text += &format!("  {fault}\n");
    }
    text + &audited
        + "Faults in computed rows are repaired by `relance rebuild`; for anything else go back to a backup.\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(folder: &Path) -> DataArgs {
        DataArgs { data: folder.to_owned() }
    }

    #[test]
    fn a_folder_that_is_no_data_directory_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let error = check(CheckArgs { data: data(folder.path()), trail: None }).unwrap_err().to_string();
        assert!(error.contains("is no data directory of relance"), "{error}");
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }

    #[test]
    fn a_new_store_is_without_fault_and_exports_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(sled::open(folder.path(), SledOptions::default()).unwrap());
        for (noted, code) in [
            (None, ExitCode::SUCCESS),
            (Some(Trail::default()), ExitCode::SUCCESS),
            (Some(Trail { length: 1, ..Trail::default() }), ExitCode::FAILURE),
            (Some(Trail { length: u64::MAX, ..Trail::default() }), ExitCode::FAILURE),
        ] {
            assert_eq!(check(CheckArgs { data: data(folder.path()), trail: noted }).unwrap(), code, "{noted:?}");
        }
        rebuild(RebuildArgs { data: data(folder.path()) }).unwrap();
        let out = folder.path().join("out.jsonl");
        export(ExportArgs { data: data(folder.path()), out: Some(out.clone()) }).unwrap();
        assert_eq!(std::fs::read_to_string(out).unwrap().lines().count(), 2, "a first and a last line");
    }

    #[test]
    fn faults_are_told_in_plain_words() {
        let faults = vec!["a computed row of kind T is missing".to_owned()];
        let text = report(&Findings { entities: 1_000, commits: 2_000, rows: 3_000, faults, ..Findings::default() });
        assert!(
            text.starts_with("1,000 entities with 2,000 commits and 3,000 computed rows were checked, and"),
            "{text}"
        );
        assert!(text.contains("\n  a computed row of kind T is missing\n"), "{text}");
    }
}
