//! `relance import`: brings a CSV export into a running server and tells what became of every row.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::Deserialize;

use super::client::{Client, ServerArgs};
use super::copies;
use super::progress::{bar, count};
use crate::domain::record::schema::RecordType;
use crate::limits;
use crate::sheet::Sheet;
use crate::store::sled::create;
use crate::store::transfer;

/// Rejected rows shown where no file was asked for.
const REJECTS_SHOWN: usize = 10;
/// Between two looks at a running job.
const POLL: Duration = Duration::from_millis(200);

/// Bring the rows of a CSV file into a running server, or an export into a new data directory
///
/// Every row becomes a record. Comma, semicolon, tab or bar, UTF-8 or Windows-1252, with or without a byte order mark:
/// the server finds out. A row that cannot be read is rejected with its line number and reason, the rest goes in.
///
/// With --data the file is what `relance export` has written: the log of a whole server. It goes into a directory that is
/// empty or not there, all or nothing; ids, versions and instants stay the same, and everything else is computed anew.
/// Command ids are no part of an export: a command that is repeated across it takes effect again.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  relance import leads.csv --type lead
      columns with usual names (Email, First Name, Company, …) find their fields by themselves
  relance import leads.csv --type lead --map 'Email 1=email' --map 'Phone 1=phones.business' --map 'First Name=first_name'
      as soon as one column is named, only the named ones go in
  relance import leads.csv --external-id 'Account Id' --rejects rejects.csv
      the same file again updates instead of creating; what did not go in is written to rejects.csv
  relance export --data ./data --out all.jsonl && relance import all.jsonl --data ./fresh
      the same history in a new data directory, which `relance serve --data ./fresh` takes up

A field is a property of the record (name, email, phones.business, phones.mobile, phones.home, score, owner, …) or a
field of its type (first_name, last_name, company, job_title, city, …).")]
pub struct ImportArgs {
    /// The CSV file, whose first row names the columns; or an export
    file: PathBuf,
    /// The data directory that an export makes
    #[arg(long, value_name = "DIR",
          conflicts_with_all = ["record_type", "mapping", "external_id", "delimiter", "rejects", "server"])]
    data: Option<PathBuf>,
    /// What every row becomes
    #[arg(long = "type", value_name = "TYPE", default_value = "lead", value_parser = record_type)]
    record_type: RecordType,
    /// Which column goes into which field; may be repeated
    #[arg(long = "map", value_name = "COLUMN=FIELD", value_parser = mapping)]
    mapping: Vec<(String, String)>,
    /// The column whose value identifies a row, so that importing it again updates
    #[arg(long, value_name = "COLUMN")]
    external_id: Option<String>,
    /// The character between cells, or `tab`; otherwise it is recognised
    #[arg(long, value_name = "C", value_parser = delimiter)]
    delimiter: Option<char>,
    /// Where rejected rows are written as CSV: line number, reason, the row
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Whether there is such a type is known to the server.
fn record_type(text: &str) -> Result<RecordType, String> {
    RecordType::from_name(text)
        .ok_or_else(|| "a type is `lead`, `contact`, `account`, `opportunity` or one of yours".into())
}

/// The last `=` separates: column names may have one, field names have none.
fn mapping(text: &str) -> Result<(String, String), String> {
    match text.rsplit_once('=') {
        Some((column, field)) if !column.is_empty() && !field.is_empty() => Ok((column.into(), field.into())),
        _ => Err("a mapping looks like 'Email 1=email'".into()),
    }
}

fn delimiter(text: &str) -> Result<char, String> {
    let mut characters = text.chars();
    match (text, characters.next(), characters.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(delimiter), None) if delimiter.is_ascii() => Ok(delimiter),
        _ => Err("a delimiter is one ASCII character, or `tab`".into()),
    }
}

/// A job as the server shows it.
#[derive(Debug, Deserialize)]
struct Job {
    id: String,
    state: String,
    rows_read: u64,
    created: u64,
    updated: u64,
    rejected: u64,
    /// Why it failed.
    #[serde(default, alias = "reason")]
    detail: Option<String>,
}

/// Imports and reports; fails where the file as a whole could not be read.
pub async fn run(args: ImportArgs) -> anyhow::Result<()> {
    let shown = args.file.display();
    match (&args.data, is_export(&args.file)?) {
        (Some(data), true) => return import_log(&args.file, data),
        (Some(_), false) => {
            bail!("{shown} is no export of relance; a CSV file goes into a running server, with --server")
        }
        (None, true) => bail!("{shown} is an export of relance; it goes into a new data directory, with --data DIR"),
        (None, false) => {}
    }
    let client = Client::new(&args.server)?;
    let file = read(&args.file)?;
    let rows = Sheet::open(&file, args.delimiter.map(|delimiter| delimiter as u8)).ok();
    let rows = rows.map(|sheet| sheet.rows().count() as u64);
    let query = query(&args)?;
    let query: Vec<_> = query.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let started = client.post_csv(&["imports"], &query, file).await.context("the import was not accepted")?;
    let job = follow(&client, started, rows).await?;
    if job.state == "failed" {
        bail!("the import failed: {}", job.detail.as_deref().unwrap_or("the server gave no reason"));
    }
    println!("{}", summary(&job));
    show_rejects(&client, &job, args.rejects.as_deref()).await
}

/// Whether a file begins as an export does.
fn is_export(path: &Path) -> anyhow::Result<bool> {
    let mut beginning = Vec::new();
    let length = transfer::BEGINNING.len() as u64;
    copies::open(path)?.take(length).read_to_end(&mut beginning).context("the file cannot be read")?;
    Ok(beginning == transfer::BEGINNING.as_bytes())
}

fn import_log(file: &Path, data: &Path) -> anyhow::Result<()> {
    let input = BufReader::new(copies::open(file)?);
    let commits = create(data, |store| transfer::import(store, input))?;
    println!("{} commits are in {}", count(commits), data.display());
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let size = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    let max = limits::IMPORT_BODY_MAX as u64;
    ensure!(size <= max, "{} has {} MiB, one import takes {}; split it", path.display(), size >> 20, max >> 20);
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn query(args: &ImportArgs) -> anyhow::Result<Vec<(&'static str, String)>> {
    let mut query = vec![("type", args.record_type.to_string())];
    if !args.mapping.is_empty() {
        let mut mapping = BTreeMap::new();
        for (column, field) in &args.mapping {
            let twice = mapping.insert(column, field).is_some();
            ensure!(!twice, "the column `{column}` is mapped twice");
        }
        query.push(("mapping", serde_json::to_string(&mapping)?));
    }
    query.extend(args.external_id.clone().map(|column| ("external_id", column)));
    query.extend(args.delimiter.map(|delimiter| ("delimiter", delimiter.to_string())));
    Ok(query)
}

async fn follow(client: &Client, mut job: Job, rows: Option<u64>) -> anyhow::Result<Job> {
    let bar = bar("importing", rows);
    while job.state == "running" {
        tokio::time::sleep(POLL).await;
        job = client.get(&["imports", &job.id], &[]).await.context("the import goes on, but cannot be followed")?;
        bar.set_position(job.rows_read);
    }
    bar.finish_and_clear();
    Ok(job)
}

fn summary(job: &Job) -> String {
    let [read, created, updated, rejected] = [job.rows_read, job.created, job.updated, job.rejected].map(count);
    format!("{read} rows read: {created} created, {updated} updated, {rejected} rejected")
}

async fn show_rejects(client: &Client, job: &Job, file: Option<&Path>) -> anyhow::Result<()> {
    if job.rejected == 0 && file.is_none() {
        return Ok(());
    }
    let rejects = client.text(&["imports", &job.id, "rejects"]).await.context("the rejected rows cannot be fetched")?;
    if let Some(path) = file {
        fs::write(path, rejects).with_context(|| format!("cannot write {}", path.display()))?;
        println!("the rejected rows are in {}", path.display());
        return Ok(());
    }
    for line in first_rejects(&rejects) {
        eprintln!("{line}");
    }
    if job.rejected > REJECTS_SHOWN as u64 {
        eprintln!("… and {} more; --rejects FILE writes them all", count(job.rejected - REJECTS_SHOWN as u64));
    }
    Ok(())
}

/// Line number, reason and row; whatever does not begin with a line number is a header.
fn first_rejects(rejects: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(rejects.as_bytes());
    let rows = reader.records().filter_map(Result::ok).filter(|row| row.get(0).is_some_and(is_number));
    let cell = |row: &csv::StringRecord, at| row.get(at).unwrap_or_default().to_owned();
    rows.take(REJECTS_SHOWN)
        .map(|row| format!("line {}: {}: {}", cell(&row, 0), cell(&row, 1), cell(&row, 2)))
        .collect()
}

fn is_number(text: &str) -> bool {
    text.parse::<u64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_is_split_at_its_last_equals_sign() {
        assert_eq!(mapping("Is a=b?=score").unwrap(), ("Is a=b?".into(), "score".into()));
        assert!(mapping("Email").is_err() && mapping("=email").is_err() && mapping("Email=").is_err());
    }

    #[test]
    fn a_delimiter_is_one_character_or_a_tab() {
        assert_eq!(delimiter("tab"), Ok('\t'));
        assert_eq!(delimiter(";"), Ok(';'));
        assert!(delimiter("").is_err() && delimiter("ab").is_err() && delimiter("é").is_err());
    }

    #[test]
    fn the_summary_counts_every_row() {
        let job =
            r#"{"id": "1", "state": "completed", "rows_read": 10000, "created": 9998, "updated": 0, "rejected": 2}"#;
        let job = serde_json::from_str(job).unwrap();
        assert_eq!(summary(&job), "10,000 rows read: 9,998 created, 0 updated, 2 rejected");
    }

    #[test]
    fn rejected_rows_are_shown_without_their_header_and_at_most_ten() {
        let row = "7,\"no address, it seems\",\"a,\"\"b\"\",c\"\n";
        let rejects = format!("line,reason,row\n{}", row.repeat(12));
        let shown = first_rejects(&rejects);
        assert_eq!((shown.len(), shown[0].as_str()), (10, "line 7: no address, it seems: a,\"b\",c"));
    }
}
