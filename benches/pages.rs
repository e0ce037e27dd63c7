//! The pages at size, seen by a person's browser: a server of its own, records connected by the API, a session opened by the
//! form, and each page asked for again and again over one connection.
//!
//! ```text
//! cargo bench --bench pages -- --records 1000000      what RESULTS.md states
//! cargo bench --bench pages                           a quick look, with 2,000
//! ```
//!
//! Each page has to answer within 50 ms and be smaller than 100 kB; what does not is marked.

#[path = "canonical/machine.rs"]
mod machine;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use machine::{load, machine};
use reqwest::header::{ACCEPT, COOKIE, ORIGIN, SET_COOKIE};
use reqwest::{Client, redirect};
use serde_json::Value;

const RELANCE: &str = env!("CARGO_BIN_EXE_relance");
/// On the disk that the target directory is on; a folder for temporary files may be in memory.
const SCRATCH: &str = env!("CARGO_TARGET_TMPDIR");
const TOKEN: &str = "the-operator-of-this-measurement";
const PASSWORD: &str = "a long enough password to measure with";
const TIMES: usize = 200;
const BAR: Duration = Duration::from_millis(50);
const BYTES_MAX: usize = 100_000;

/// The pages; `{sequence}` and `{record}` are those that were made.
const PAGES: [&str; 22] = [
    "/sequences",
    "/sequences/new",
    "/sequences/{sequence}",
    "/sequences/{sequence}/connected",
    "/sequences/{sequence}/connect",
    "/sequences/{sequence}/versions",
    "/sequences/{sequence}/tests",
    "/sequences/{sequence}/properties",
    "/records",
    "/records?type=lead&state=active",
    "/records?q=lead",
    "/records?q=nobody",
    "/records/{record}",
    "/records/{record}/edit",
    "/find?q=lead",
    "/imports/new",
    "/admin",
    "/admin/users",
    "/admin/settings",
    "/admin/deliveries",
    "/admin/audit",
    "/admin/email-templates",
];

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test --benches` must run no load.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let asked = arguments.iter().position(|argument| argument == "--records").map(|place| arguments.get(place + 1));
    let records: usize = asked.flatten().map_or(Ok(2_000), |number| number.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(records))
}

/// A server that is killed when this is dropped.
struct Server {
    child: Child,
    url: String,
    welcome: String,
    // A server whose output nobody reads would be ended by the pipe.
    _stdout: BufReader<std::process::ChildStdout>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(data: &Path) -> Result<Server> {
        let mut child = Command::new(RELANCE)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("RELANCE_ADMIN_TOKEN", TOKEN)
            .env("RELANCE__LOG__FILTER", "warn")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or("no output")?);
        let (mut url, mut welcome) = (String::new(), String::new());
        while welcome.is_empty() {
            let mut line = String::new();
            if stdout.read_line(&mut line)? == 0 {
                return Err("the server did not start".into());
            }
            let word = line.split([' ', ',', '\n']).find(|word| word.starts_with("http://")).unwrap_or_default();
            match word.contains("/welcome/") {
                true => welcome = word.to_owned(),
                false if url.is_empty() => url = word.to_owned(),
                false => {}
            }
        }
        Ok(Server { child, url, welcome, _stdout: stdout })
    }

    /// Makes records and connects them to one sequence, as `relance bench connect` does.
    fn fill(&self, records: usize) -> Result<()> {
        let loaded = Command::new(RELANCE)
            .args(["bench", "connect", "--server", &self.url, "--records", &records.to_string()])
            .env("RELANCE_TOKEN", TOKEN)
            .stdout(Stdio::null())
            .status()?;
        if loaded.success() { Ok(()) } else { Err("the records cannot be made".into()) }
    }

    async fn api(&self, client: &Client, path: &str) -> Result<Value> {
        let answer = client.get(format!("{}/api/v1{path}", self.url)).bearer_auth(TOKEN).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// The cookie of whoever sends a form.
    async fn open(&self, client: &Client, address: &str, fields: &[(&str, &str)]) -> Result<String> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let form = client.post(address).header(ORIGIN, &self.url).body(body);
        let answer = form.header("content-type", "application/x-www-form-urlencoded").send().await?;
        let cookie = answer.headers().get(SET_COOKIE).ok_or("no session was opened")?.to_str()?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }
}

async fn measure(records: usize) -> Result<()> {
    let folder = tempfile::tempdir_in(SCRATCH)?;
    let server = Server::start(&folder.path().join("data"))?;
    let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build()?;
    let who = [("name", "Anna"), ("email", "anna@example.org"), ("password", PASSWORD)];
    server.open(&client, &server.welcome, &who).await?;
    let cookie = server.open(&client, &format!("{}/sign-in", server.url), &who[1..]).await?;
    let begun = Instant::now();
    server.fill(records)?;
    println!("`cargo bench --bench pages -- --records {records}`\n\n{}. Load before {}.\n", machine(), load());
    println!("{records} records were made and connected in {:.1} s.", begun.elapsed().as_secs_f64());
    let id = |list: Value| list["items"][0]["id"].as_str().unwrap_or_default().to_owned();
    let sequence = id(server.api(&client, "/sequences").await?);
    let record = id(server.api(&client, "/records?limit=1").await?);
    let begun = Instant::now();
    let counts = loop {
        let counts = server.api(&client, &format!("/sequences/{sequence}/counts")).await?;
        if counts["state"] == "counted" {
            break counts;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    println!("{} of them were counted for the chart in {} ms.\n", counts["connected"], begun.elapsed().as_millis());
    println!("```text\n{:<34} {:>9} {:>9} {:>9}", "page", "p50 ms", "p99 ms", "kB");
    for page in PAGES {
        let path = page.replace("{sequence}", &sequence).replace("{record}", &record);
        let (times, bytes) = ask(&client, &format!("{}{path}", server.url), &cookie).await?;
        let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
        let figures = [at(0.5), at(0.99)].map(|time| time.as_secs_f64() * 1e3);
        let mark = if at(0.99) > BAR || bytes > BYTES_MAX { "  over the bar" } else { "" };
        println!("{page:<34} {:>9.1} {:>9.1} {:>9.1}{mark}", figures[0], figures[1], bytes as f64 / 1e3);
    }
    println!("```");
    Ok(())
}

/// How long each answer took, in order, and how large the page is.
async fn ask(client: &Client, address: &str, cookie: &str) -> Result<(Vec<Duration>, usize)> {
    let (mut times, mut bytes) = (Vec::with_capacity(TIMES), 0);
    for _ in 0..TIMES {
        let begun = Instant::now();
        let answer = client.get(address).header(COOKIE, cookie).header(ACCEPT, "text/html").send().await?;
        if answer.status() != 200 {
            return Err(format!("{address} answers {}", answer.status()).into());
        }
        bytes = answer.bytes().await?.len();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok((times, bytes))
}
