//! `relance backup`, `restore` and `compact`: exact copies of a store, and what gives the disk back.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;

use super::client::{Client, ServerArgs};
use super::maintain::DataArgs;
use super::progress::count;
use crate::store::sled::{self, SledOptions};
use crate::store::{Store, backup as format};

/// Copy everything a running server has stored into a file
///
/// The copy is exact and of one moment, the one at which it ends; commands go on meanwhile. It has what is in the store:
/// records, sequences, timers, owed deliveries, command ids. Messages that were sent into the spool, files of imports and
/// the administrator's token are not part of it. Keep it as you keep the data: it holds what the records hold, also of
/// persons who are erased later.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  relance backup --out relance.backup
  relance backup --server http://127.0.0.1:8081 --out \"relance-$(date +%F).backup\"")]
pub struct BackupArgs {
    /// The file to write; it takes this name when it is whole
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    server: ServerArgs,
}

/// Make a data directory from a backup
///
/// The directory must be empty or not there. The backup is verified to its last row first, and a restoring that is
/// interrupted leaves no directory. Persons who were erased after the backup was made are in it again: erase them again.
/// An import that was under way ends as failed, because its file is no part of a backup.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  relance restore relance.backup --data ./restored
  relance restore relance.backup --data ./restored && relance serve --data ./restored")]
pub struct RestoreArgs {
    /// What `relance backup` has written
    file: PathBuf,
    /// The data directory to make
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Give back the disk that changed and removed rows still take
///
/// Writes the database anew, beside the present one, and lets it take its place: two to three times the bytes of the rows,
/// and none of what was removed, as after the erasure of a record. The server must be stopped; a compaction that is
/// interrupted leaves everything as it was. It needs room for both databases while it runs.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  relance compact
  relance compact --data /var/lib/relance")]
pub struct CompactArgs {
    #[command(flatten)]
    data: DataArgs,
}

/// Writes the answer of the server beside, proves that it is whole, and gives it its name.
pub async fn backup(args: BackupArgs) -> anyhow::Result<()> {
    let client = Client::new(&args.server)?;
    let failed = || format!("cannot write {}", args.out.display());
    let mut name = args.out.file_name().with_context(failed)?.to_owned();
    name.push(".unfinished");
    let beside = args.out.with_file_name(name);
    let mut answer = client.download(&["backup"]).await?;
    let mut out = BufWriter::new(File::create(&beside).with_context(failed)?);
    while let Some(chunk) = answer.chunk().await.context("the server could not make the backup to its end")? {
        out.write_all(&chunk).with_context(failed)?;
    }
    out.flush().and_then(|()| out.get_ref().sync_all()).with_context(failed)?;
    let mut rows: u64 = 0;
    format::read(BufReader::new(File::open(&beside)?), &mut |_, _| {
        rows += 1;
        Ok(())
    })?;
    fs::rename(&beside, &args.out).with_context(failed)?;
    println!("{} rows of {} are in {}", count(rows), args.server.shown(), args.out.display());
    Ok(())
}

/// Makes the directory, whole or not at all.
pub fn restore(args: RestoreArgs) -> anyhow::Result<()> {
    let input = BufReader::new(open(&args.file)?);
    let (head, hash) = sled::create(&args.data, |store| {
        let head = store.restore(input)?;
        Ok((head, format::canonical_hash(store)?))
    })?;
    println!(
        "{} holds what was stored at {}, after {} groups of commands; its rows have the hash {hash}",
        args.data.display(),
        head.at,
        count(head.number)
    );
    Ok(())
}

pub(super) fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Compacts, and says what it came to.
pub fn compact(args: CompactArgs) -> anyhow::Result<()> {
    args.data.judge()?;
    let options = SledOptions::default();
    let owed = |store: &dyn Store| -> crate::store::Result<usize> {
        let mut owed = 0;
        for shard in crate::store::rows::shards() {
            let rows = store.owed(shard, None, usize::MAX)?;
            owed += rows.iter().filter(|row| row.delivery == crate::domain::effect::Delivery::Forget).count();
        }
        Ok(owed)
    };
    let left = owed(&args.data.open(options)?)?;
    let done = sled::compact(args.data.path(), options)?;
    let [before, after, live] = [done.before, done.after, done.live].map(|bytes| bytes.div_ceil(1 << 10)).map(count);
    println!("{before} KiB before, {after} KiB now, for {live} KiB of rows");
    ensure!(
        left == 0,
        "messages of {left} erased records are still to be removed from the spool; start the server for a moment"
    );
    Ok(())
}
