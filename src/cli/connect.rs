//! `relance connect`: sends many records of a running server through a sequence.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::{ArgGroup, Args};
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};

use super::client::{Client, Problem, ServerArgs};
use super::progress::{bar, count};
use crate::limits::{BATCH_ITEMS_MAX, PAGE_MAX};

/// Batches on their way at a time: enough that the server never waits for the next one.
pub const BATCHES_IN_FLIGHT: usize = 4;

/// Send records of a running server through a sequence
///
/// The sequence must be active and each record open and of the sequence's type. A record that is connected already
/// stays as it is, so the command may be repeated.
#[derive(Clone, Debug, Args)]
#[command(
    group = ArgGroup::new("which").required(true).args(["all", "ids"]),
    after_long_help = "\
Examples:
  relance connect --sequence 0198c5d2-7a01-7c44-8000-000000000000 --all
      every open record of the sequence's type
  relance connect --sequence ID --ids chosen.txt
      one record per line: its id, or external:lead:YOUR-KEY
  relance connect --sequence ID --all --wait-days 2 --wait-hours 12
      the first step comes in two days and a half"
)]
pub struct ConnectArgs {
    /// The sequence
    #[arg(long, value_name = "ID")]
    sequence: String,
    /// Every active record of the sequence's type
    #[arg(long)]
    all: bool,
    /// The records named in a file, one per line
    #[arg(long, value_name = "FILE")]
    ids: Option<PathBuf>,
    /// Days before the first step
    #[arg(long, value_name = "N")]
    wait_days: Option<u32>,
    /// Hours before the first step, on top
    #[arg(long, value_name = "N")]
    wait_hours: Option<u32>,
    #[command(flatten)]
    server: ServerArgs,
}

/// What became of the records.
#[derive(Debug, Default)]
struct Tally {
    /// Newly connected.
    connected: u64,
    /// Connected before.
    already: u64,
    /// Refused, by code: how many, and the first in words.
    refused: BTreeMap<String, (u64, String)>,
}

/// How long a connected record waits before its first step.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Wait {
    /// Of 24 hours.
    pub days: u32,
    /// On top.
    pub hours: u32,
}

#[derive(Serialize)]
struct Batch<'a> {
    records: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<Wait>,
}

#[derive(Deserialize)]
struct Answer {
    results: Vec<Item>,
}

/// What the server says of one record.
#[derive(Deserialize)]
pub struct Item {
    /// As it was named.
    pub record: String,
    /// Where it stands now.
    pub enrolment: Option<Enrolment>,
    /// Why it is not connected.
    pub error: Option<Problem>,
}

/// A record on its way through a sequence.
#[derive(Clone, Debug, Deserialize)]
pub struct Enrolment {
    /// Its id.
    pub id: String,
    /// The id of the step it stands on.
    pub current_step: Option<String>,
}

/// Connects and reports what became of the records; refused records are no error of the command.
pub async fn run(args: ConnectArgs) -> anyhow::Result<()> {
    let client = Client::new(&args.server)?;
    let records = match &args.ids {
        Some(path) => read_ids(path)?,
        None => every_record(&client, &args.sequence).await?,
    };
    let wait = match (args.wait_days, args.wait_hours) {
        (None, None) => None,
        (days, hours) => Some(Wait { days: days.unwrap_or(0), hours: hours.unwrap_or(0) }),
    };
    let bar = bar("connecting", Some(records.len() as u64));
    let mut tally = Tally::default();
    connect(&client, &args.sequence, &records, wait, &bar, |item| tally.add(item)).await?;
    bar.finish_and_clear();
    print!("{}", tally.summary());
    Ok(())
}

/// The records named in a file, one per line.
pub(super) fn read_ids(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let records: Vec<_> = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
    ensure!(!records.is_empty(), "{} names no record", path.display());
    Ok(records)
}

/// Every active record of a sequence's type.
pub(super) async fn every_record(client: &Client, sequence: &str) -> anyhow::Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Sequence {
        record_type: String,
    }
    #[derive(Deserialize)]
    struct Page {
        items: Vec<Named>,
        next_cursor: Option<String>,
    }
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    let Sequence { record_type } = client.get(&["sequences", sequence], &[]).await?;
    let (bar, limit) = (bar("looking records up", None), PAGE_MAX.to_string());
    let (mut records, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("type", record_type.as_str()), ("state", "active"), ("limit", &limit)];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page: Page = client.get(&["records"], &query).await.context("the records cannot be listed")?;
        records.extend(page.items.into_iter().map(|named| named.id));
        bar.set_position(records.len() as u64);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    bar.finish_and_clear();
    ensure!(!records.is_empty(), "there is no active {record_type}");
    Ok(records)
}

/// Connects `records` in batches, a few at a time, and hands over what became of each, in no order.
pub async fn connect(
    client: &Client,
    sequence: &str,
    records: &[String],
    wait: Option<Wait>,
    bar: &ProgressBar,
    mut each: impl FnMut(Item),
) -> anyhow::Result<()> {
    let batches = stream::iter(records.chunks(BATCH_ITEMS_MAX).map(|records| async move {
        let path = ["sequences", sequence, "enrolments"];
        let answer: Answer = client.post(&path, &Batch { records, wait }).await?;
        anyhow::Ok(answer)
    }));
    let done = batches.buffer_unordered(BATCHES_IN_FLIGHT).try_for_each(|answer| {
        bar.inc(answer.results.len() as u64);
        answer.results.into_iter().for_each(&mut each);
        std::future::ready(Ok(()))
    });
    done.await.context("connecting stopped on the way; the command may be repeated")
}

impl Tally {
    fn add(&mut self, item: Item) {
        match item.error {
            None => self.connected += 1,
            Some(problem) if problem.code == "already_connected" => self.already += 1,
            Some(problem) => self.refused.entry(problem.code).or_insert((0, problem.detail)).0 += 1,
        }
    }

    fn summary(&self) -> String {
        let refused = self.refused.values().map(|(number, _)| number).sum::<u64>();
        let all = count(self.connected + self.already + refused);
        let [connected, already, refused] = [self.connected, self.already, refused].map(count);
        let mut text =
            format!("{all} records: {connected} connected, {already} already connected, {refused} refused\n");
        for (code, (number, detail)) in &self.refused {
            text += &format!("  {} {code}: {detail}\n", count(*number));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_records_are_counted_by_code() {
        let answer = r#"{"results": [
            {"record": "1", "enrolment": {"id": "9"}},
            {"record": "2", "error": {"code": "already_connected", "detail": "connected"}},
            {"record": "3", "error": {"code": "record_inactive", "detail": "the record is closed"}},
            {"record": "4", "error": {"code": "record_inactive", "detail": "the record is closed"}}]}"#;
        let answer: Answer = serde_json::from_str(answer).unwrap();
        let mut tally = Tally::default();
        answer.results.into_iter().for_each(|item| tally.add(item));
        assert_eq!(
            tally.summary(),
            "4 records: 1 connected, 1 already connected, 2 refused\n  2 record_inactive: the record is closed\n"
        );
    }

    #[test]
    fn ids_are_read_one_per_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids");
        fs::write(&path, "\u{feff}one\r\n\r\n  external:lead:two \n").unwrap();
        assert_eq!(read_ids(&path).unwrap(), ["one", "external:lead:two"]);
        fs::write(&path, "\n").unwrap();
        assert!(read_ids(&path).unwrap_err().to_string().contains("names no record"));
    }
}
