//! `relance simulate`: what would become of records of a running server in a sequence, before they are sent through it.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use clap::{ArgGroup, Args};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::client::{Client, Problem, ServerArgs};
use super::connect::{every_record, read_ids};
use super::progress::{bar, count};
use super::sequence::sequence_named;
use crate::limits::BATCH_ITEMS_MAX;
use crate::time::Timestamp;

/// Itineraries that are printed in full, unless more are asked for.
const SHOWN: usize = 5;

/// Say what would become of records in a sequence, before it is done
///
/// The records go through the sequence on a clock of their own: nothing is stored or sent. Sellers, replies and calls are
/// assumed, or follow a script of events. A sequence that is not active is tried as it is drawn.
#[derive(Clone, Debug, Args)]
#[command(
    group = ArgGroup::new("which").required(true).args(["all", "records"]),
    after_long_help = "\
Examples:
  relance simulate \"Webinar follow up\" --all
      where every open record of its type would end, when, and who would have how much to do on which day
  relance simulate ID --records chosen.txt --reply-rate 0.2 --answer-rate 0.4
      the records named in a file, one per line, where a fifth of the e-mails and two fifths of the calls are answered
  relance simulate ID --records chosen.txt --draft --start 2026-03-02T09:00:00Z --events events.json
      the draft, as of that Monday; a file of events in JSON, [{\"record\", \"node\", \"type\", \"after\": {\"hours\": 5}}]
  relance simulate ID --all --json | jq '.load[] | select(.steps > 40)'"
)]
pub struct SimulateArgs {
    /// The sequence: its id or its name
    #[arg(value_name = "SEQUENCE")]
    sequence: String,
    /// Every active record of the sequence's type
    #[arg(long)]
    all: bool,
    /// The records named in a file, one per line: an id, or external:TYPE:YOUR-KEY
    #[arg(long, value_name = "FILE")]
    records: Option<PathBuf>,
    /// When it begins, RFC 3339; now, unless given
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    start: Option<Timestamp>,
    /// The draft, although there is an active version
    #[arg(long)]
    draft: bool,
    /// The share of e-mails that are replied to, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    reply_rate: f64,
    /// The share of calls that are answered, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    answer_rate: f64,
    /// Minutes from when a step is due to when its seller has completed it
    #[arg(long, value_name = "N", default_value_t = 60)]
    seller_minutes: u32,
    /// Events in a file, as a JSON array; they go before the shares
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// Draws anew: the same number gives the same answer
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Itineraries that are printed
    #[arg(long, value_name = "N", default_value_t = SHOWN)]
    show: usize,
    /// Print everything as one JSON object, as the server answers
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| format!("`{text}` is no instant; one looks like 2026-03-02T09:00:00Z"))
}

/// What the server answers.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Answer {
    start: String,
    itineraries: Vec<Itinerary>,
    load: Vec<Load>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Itinerary {
    record: String,
    steps: Vec<Value>,
    ended_at: Option<String>,
    end: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refused: Vec<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Load {
    assignee: Value,
    day: String,
    steps: u64,
}

/// Asks for a thousand records at a time and puts the answers together.
pub async fn run(args: SimulateArgs) -> anyhow::Result<()> {
    let client = Client::new(&args.server)?;
    let sequence = sequence_named(&client, &args.sequence).await?;
    let records = match &args.records {
        Some(path) => read_ids(path)?,
        None => every_record(&client, &sequence).await?,
    };
    let events = match &args.events {
        Some(path) => read_events(path)?,
        None => Vec::new(),
    };
    let known: HashSet<&str> = records.iter().map(String::as_str).collect();
    for event in &events {
        let record = event.get("record").and_then(Value::as_str).unwrap_or_default();
        ensure!(known.contains(record), "an event is of `{record}`, which is none of the records");
    }
    let bar = bar("simulating", Some(records.len() as u64));
    let (mut answers, mut start) = (Vec::new(), args.start.map(|start| start.to_string()));
    for page in records.chunks(BATCH_ITEMS_MAX) {
        let body = body(&args, start.as_deref(), page, &events);
        let answer: Answer = client.post(&["sequences", &sequence, "simulate"], &body).await?;
        bar.inc(answer.itineraries.len() as u64);
        // All of them begin when the first do.
        start = Some(answer.start.clone());
        answers.push(answer);
    }
    bar.finish_and_clear();
    let whole = joined(answers);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&whole).context("the answer cannot be written")?);
    } else {
        print!("{}", told(&whole, args.show, &names(&client, &whole).await));
    }
    Ok(())
}

fn read_events(path: &std::path::Path) -> anyhow::Result<Vec<Value>> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} is no JSON array of events", path.display()))
}

fn body(args: &SimulateArgs, start: Option<&str>, records: &[String], events: &[Value]) -> Value {
    let named = |event: &Value| event.get("record").and_then(Value::as_str).unwrap_or_default().to_owned();
    let of_page = |event: &&Value| records.contains(&named(event));
    let assume = json!({ "reply_rate": args.reply_rate, "answer_rate": args.answer_rate,
        "seller_minutes": args.seller_minutes });
    let mut body = json!({ "records": records, "assume": assume, "seed": args.seed,
        "events": events.iter().filter(of_page).collect::<Vec<_>>() });
    if let Some(start) = start {
        body["start"] = json!(start);
    }
    if args.draft {
        body["version"] = json!("draft");
    }
    body
}

/// The loads of all pages added up.
fn joined(answers: Vec<Answer>) -> Answer {
    let mut days = BTreeMap::<(String, String), (Value, u64)>::new();
    let mut whole = Answer::default();
    for answer in answers {
        whole.start = answer.start;
        whole.itineraries.extend(answer.itineraries);
        for load in answer.load {
            let day = days.entry((load.day.clone(), load.assignee.to_string())).or_insert((load.assignee, 0));
            day.1 += load.steps;
        }
    }
    whole.load = days.into_iter().map(|((day, _), (assignee, steps))| Load { assignee, day, steps }).collect();
    whole
}

/// The names of those who have something to do, as far as they can be looked up.
async fn names(client: &Client, whole: &Answer) -> BTreeMap<String, String> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let mut names = BTreeMap::new();
    for load in &whole.load {
        let id = id_of(&load.assignee).to_owned();
        if names.contains_key(&id) {
            continue;
        }
        let kind = if load.assignee.get("team").is_some() { "teams" } else { "users" };
        let found = client.get::<Named>(&[kind, &id], &[]).await;
        let name = found.map_or_else(|_| id.clone(), |named| named.name);
        names.insert(id, name);
    }
    names
}

fn id_of(assignee: &Value) -> &str {
    let id = assignee.get("user").or_else(|| assignee.get("team")).and_then(Value::as_str);
    id.unwrap_or_default()
}

fn told(whole: &Answer, shown: usize, names: &BTreeMap<String, String>) -> String {
    let mut ends = BTreeMap::<&str, (u64, Vec<i64>)>::new();
    let start = DateTime::parse_from_rfc3339(&whole.start).map(|start| start.with_timezone(&Utc)).unwrap_or_default();
    for way in &whole.itineraries {
        let end = ends.entry(&way.end).or_default();
        end.0 += 1;
        let ended = way.ended_at.as_deref().and_then(|at| DateTime::parse_from_rfc3339(at).ok());
        end.1.extend(ended.map(|ended| (ended.with_timezone(&Utc) - start).num_days()));
    }
    let mut text = format!("{} records, from {}\n\n", count(whole.itineraries.len() as u64), whole.start);
    text += &format!("  {:>9}  {:<32} {}\n", "records", "end", "days (least, half, most)");
    for (end, (number, mut days)) in ends {
        days.sort_unstable();
        let spread = match days.as_slice() {
            [] => "-".to_owned(),
            [first, .., last] => format!("{first}, {}, {last}", days[days.len() / 2]),
            [one] => one.to_string(),
        };
        text += &format!("  {:>9}  {end:<32} {spread}\n", count(number));
    }
    for problem in refusals(whole) {
        text += &format!("             {problem}\n");
    }
    if !whole.load.is_empty() {
        text += &format!("\n  {:<12} {:>7}  {}\n", "day", "steps", "who");
    }
    for Load { assignee, day, steps } in &whole.load {
        let id = id_of(assignee);
        text += &format!("  {day:<12} {:>7}  {}\n", count(*steps), names.get(id).map_or(id, String::as_str));
    }
    for way in whole.itineraries.iter().filter(|way| !way.steps.is_empty()).take(shown) {
        text += &format!("\n{}: {}\n", way.record, way.end);
        for step in &way.steps {
            let part = |name: &str| step.get(name).and_then(Value::as_str).unwrap_or("-");
            let (opens, ends) = (minute(part("opens_at")), minute(part("ends_at")));
            text += &format!("  {opens:<16}  {ends:<16}  {:<11} {}\n", part("outcome"), part("name"));
        }
    }
    let more = whole.itineraries.iter().filter(|way| !way.steps.is_empty()).count().saturating_sub(shown);
    if more > 0 {
        text += &format!("\nitineraries not shown: {}; --show N prints more, --json everything\n", count(more as u64));
    }
    text
}

/// An instant of the API as people read it, to the minute.
fn minute(instant: &str) -> String {
    instant.get(..16).map_or_else(|| instant.to_owned(), |text| text.replace('T', " "))
}

/// Why records were refused, each reason once.
fn refusals(whole: &Answer) -> Vec<String> {
    let mut reasons = BTreeMap::<String, u64>::new();
    for error in whole.itineraries.iter().filter_map(|way| way.error.clone()) {
        let problem: Problem = serde_json::from_value(error).unwrap_or_default();
        *reasons.entry(problem.to_string()).or_default() += 1;
    }
    reasons.into_iter().map(|(reason, number)| format!("{} refused: {reason}", count(number))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_put_together_and_told() {
        let page = |record: &str, steps: u64| -> Answer {
            serde_json::from_value(json!({ "start": "2026-03-02T09:00:00.000Z",
                "itineraries": [
                    { "record": record, "ended_at": "2026-03-05T10:00:00.000Z", "end": "sequence_completed", "steps": [
                        { "node": "a", "type": "task", "name": "Call", "opens_at": "2026-03-02T09:00:00.000Z",
                          "ends_at": "2026-03-02T10:00:00.000Z", "outcome": "completed" }] },
                    { "record": "x", "steps": [], "ended_at": null, "end": "refused",
                      "error": { "code": "not_found", "detail": "there is no such record" } }],
                "load": [{ "assignee": { "user": "7" }, "day": "2026-03-02", "steps": steps }] }))
            .unwrap()
        };
        let whole = joined(vec![page("one", 2), page("two", 3)]);
        assert_eq!((whole.load.len(), whole.load[0].steps), (1, 5));
        let text = told(&whole, 1, &BTreeMap::from([("7".to_owned(), "Grace".to_owned())]));
        for line in [
            "4 records, from 2026-03-02T09:00:00.000Z",
            "2  sequence_completed               3, 3, 3",
            "2 refused: there is no such record (not_found)",
            "2026-03-02         5  Grace",
            "one: sequence_completed",
            "2026-03-02 09:00  2026-03-02 10:00  completed   Call",
            "itineraries not shown: 1",
        ] {
            assert!(text.contains(line), "{line:?} is not in\n{text}");
        }
    }
}
