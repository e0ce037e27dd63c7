//! `relance sequence test`: tests of sequences, from files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::client::{Client, ServerArgs};
use crate::domain::given::Given;
use crate::domain::json::{Object, objects};
use crate::domain::language::Language;
use crate::domain::record::schema::RecordType;
use crate::domain::sequence::Sequence;
use crate::domain::sequence::conduct::Conduct;
use crate::domain::template;
use crate::domain::trial::script::{self, Test};
use crate::id::SequenceId;
use crate::limits;
use crate::web::api::graphs::read_graph;
use crate::web::api::sequence_tests::ReportView;
use crate::web::problem::Problem;
use crate::web::request::from_json;

/// A sequence in a file is on no server.
const NOWHERE: SequenceId = SequenceId(0);

/// Try sequences with tests from files
///
/// A test has a record, events at times and what is expected when. A file names what its tests are run on: the draft of a
/// sequence on a running server, by id or name; or, without any server, one of the templates T1 to T6, or a graph. Without
/// tests of its own a file runs those that are kept with the sequence or shipped with the template. The exit code is 1 where
/// a test fails or a file cannot be tried. Nothing is stored or sent.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = "\
Examples:
  relance sequence test tests/*.json
  relance sequence test follow-up.json --server http://127.0.0.1:8081
  relance sequence test follow-up.json --json | jq '.[].results[] | select(.ok | not)'

A file:
  {
    \"template\": \"T1\",
    \"tests\": [
      {
        \"name\": \"A reply leads to a call back\",
        \"record\": {\"name\": \"Ada Lovelace\", \"email\": \"ada@example.org\"},
        \"events\": [
          {\"at\": {\"hours\": 1}, \"do\": \"complete\"},
          {\"at\": {\"hours\": 5}, \"do\": \"event\", \"type\": \"email.replied\"}
        ],
        \"expect\": [
          {\"at\": {\"hours\": 1}, \"node\": \"c1\"},
          {\"at\": {\"hours\": 5}, \"node\": \"2\", \"status\": \"connected\"}
        ]
      }
    ]
  }
Instead of \"template\": \"sequence\": ID or NAME, or \"graph\": {…} with \"record_type\" and \"exit_on_reply\".")]
pub struct TestArgs {
    /// Files of tests, in JSON
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print everything as one JSON array, an object per file
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// A file of tests.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TestFile {
    sequence: Option<String>,
    template: Option<String>,
    graph: Option<Value>,
    record_type: Option<RecordType>,
    exit_on_reply: Option<bool>,
    #[serde(default, deserialize_with = "given")]
    tests: Option<Vec<Test>>,
}

fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Vec<Test>>, D::Error> {
    objects(from).map(Some)
}

/// What became of a file, as the server answers.
#[derive(Serialize, Deserialize)]
struct Report {
    passed: usize,
    failed: usize,
    results: Vec<Outcome>,
    #[serde(default)]
    untested: Vec<Exit>,
}

#[derive(Serialize, Deserialize)]
struct Outcome {
    name: String,
    ok: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Exit {
    node: String,
    exit: String,
}

/// Runs every file, also behind one that fails.
pub async fn run(args: TestArgs) -> anyhow::Result<ExitCode> {
    let (mut shown, mut passed, mut failed, mut broken) = (Vec::new(), 0, 0, 0);
    for file in &args.files {
        let tried = try_file(file, &args.server).await;
        match &tried {
            Ok(report) => (passed, failed) = (passed + report.passed, failed + report.failed),
            Err(_) => broken += 1,
        }
        match (args.json, tried) {
            (true, Ok(report)) => shown.push(json!({ "file": file, "passed": report.passed, "failed": report.failed,
                "results": report.results, "untested": report.untested })),
            (true, Err(error)) => shown.push(json!({ "file": file, "error": format!("{error:#}") })),
            (false, Ok(report)) => print!("{}:\n{}", file.display(), told(&report)),
            (false, Err(error)) => {
                println!("{}:\n  cannot be tried: {}", file.display(), indented(&format!("{error:#}")))
            }
        }
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&shown).context("the results cannot be written")?);
    } else {
        let files = if broken == 0 { String::new() } else { format!(", {broken} of the files cannot be tried") };
        println!("{passed} passed, {failed} failed{files}");
    }
    Ok(if failed + broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn try_file(path: &Path, server: &ServerArgs) -> anyhow::Result<Report> {
    let size = std::fs::metadata(path).context("it cannot be read")?.len();
    ensure!(size <= limits::JSON_BODY_MAX as u64, "it is larger than {} MiB", limits::JSON_BODY_MAX >> 20);
    let Object(file): Object<TestFile> =
        from_json(&std::fs::read(path).context("it cannot be read")?).map_err(sentence)?;
    let problems = file.tests.as_deref().map(script::problems).unwrap_or_default();
    if !problems.is_empty() {
        return Err(sentence(Problem::invalid(problems)));
    }
    match &file.sequence {
        Some(sequence) => {
            let others = file.template.is_some() || file.graph.is_some();
            let beside = file.record_type.is_some() || file.exit_on_reply.is_some();
            ensure!(!others && !beside, "with `sequence` there is only `tests`: the server knows the rest");
            ask(&Client::new(server)?, sequence, file.tests).await
        }
        None => alone(file),
    }
}

/// Tries the draft of a sequence on the server.
async fn ask(client: &Client, sequence: &str, tests: Option<Vec<Test>>) -> anyhow::Result<Report> {
    let id = sequence_named(client, sequence).await?;
    let body = tests.map_or_else(|| json!({}), |tests| json!({ "tests": tests }));
    client.post(&["sequences", &id, "tests", "run"], &body).await
}

/// The id of a sequence that a person names by its id or its name.
pub async fn sequence_named(client: &Client, sequence: &str) -> anyhow::Result<String> {
    match SequenceId::parse(sequence) {
        Some(id) => Ok(id.to_string()),
        None => named(client, sequence).await,
    }
}

/// The one sequence of that name.
async fn named(client: &Client, name: &str) -> anyhow::Result<String> {
    #[derive(Deserialize)]
    struct Listed {
        id: String,
        name: String,
    }
    #[derive(Deserialize)]
    struct Page {
        items: Vec<Listed>,
        next_cursor: Option<String>,
    }
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut query = vec![("q", name), ("limit", "500")];
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page: Page = client.get(&["sequences"], &query).await?;
        found.extend(page.items.into_iter().filter(|listed| listed.name == name).map(|listed| listed.id));
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => bail!("no sequence has the name “{name}”"),
        many => bail!("{many} sequences have the name “{name}”; give the id of one: {}", found.join(", ")),
    }
}

/// Tries a template or a graph without a server.
fn alone(file: TestFile) -> anyhow::Result<Report> {
    let exit_on_reply = file.exit_on_reply.unwrap_or(false);
    let (record_type, graph, shipped) = match (&file.template, file.graph) {
        (Some(id), None) => {
            let template = template::sequence_template(id).with_context(|| format!("there is no template `{id}`"))?;
            let other = file.record_type.is_some_and(|given| given != template.record_type);
            ensure!(!other, "the template is for records of type {}", template.record_type.name());
            (template.record_type, template.graph(Language::En), template.tests())
        }
        (None, Some(graph)) => {
            (file.record_type.unwrap_or_default(), read_graph(graph, "/graph").map_err(sentence)?, &[][..])
        }
        _ => bail!("it names what to try: one of `sequence`, `template` and `graph`"),
    };
    let conduct = Conduct { exit_on_reply, ..Conduct::default() };
    let draft = serde_json::to_string(&graph).context("the graph cannot be written")?;
    let drawn = Sequence { exists: true, version: 1, record_type, conduct, draft, ..Sequence::default() };
    let tests = file.tests.as_deref().unwrap_or(shipped);
    let report = drawn.try_tests(NOWHERE, &Given::default(), tests).map_err(|rejection| sentence(rejection.into()))?;
    Ok(serde_json::from_value(serde_json::to_value(ReportView::from(report))?)?)
}

/// A problem with a file: each thing that is wrong with its place in the file.
fn sentence(problem: Problem) -> anyhow::Error {
    let faults = problem.errors.iter().filter(|fault| !fault.pointer.is_empty());
    let placed: Vec<_> = faults.map(|fault| format!("{}: {}", fault.pointer, fault.detail)).collect();
    match placed.as_slice() {
        [] => anyhow!("{}", problem.detail),
        [one] if problem.errors[0].detail == problem.detail => anyhow!("{one}"),
        all => anyhow!("{}\n  {}", problem.detail, all.join("\n  ")),
    }
}

fn told(report: &Report) -> String {
    let mut text = String::new();
    for outcome in &report.results {
        let sign = if outcome.ok { "ok    " } else { "FAILED" };
        text.push_str(&format!("  {sign} {}\n", outcome.name));
        for line in outcome.detail.iter().flat_map(|detail| detail.lines()) {
            text.push_str(&format!("         {line}\n"));
        }
    }
    for Exit { node, exit } in &report.untested {
        text.push_str(&format!("  no test takes the exit `{exit}` of `{node}`\n"));
    }
    text
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n  ")
}
