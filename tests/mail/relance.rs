//! The program as people run it, with a mailbox at a server of ours.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How many addresses were made up.
static ADDRESSES: AtomicUsize = AtomicUsize::new(0);

const TOKEN: &str = "the-administrator-of-these-tests";
/// A template that comes with the product.
const TEMPLATE: &str = "00000000-0000-7000-8000-000000000011";
/// Until the test has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server; it is killed when it is dropped.
pub struct Relance {
    child: Child,
    url: String,
    root: TempDir,
    client: Client,
    // It writes more than its first line; a closed pipe would end it.
    _stdout: BufReader<ChildStdout>,
}

fn start(root: TempDir) -> Relance {
    let binary = std::env::var_os("RELANCE_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_relance").into());
    let log = File::options().create(true).append(true).open(root.path().join("log")).unwrap();
    let mut child = Command::new(binary)
        .args(["serve", "--listen", "127.0.0.1:0", "--data", "data"])
        .current_dir(root.path())
        .env("RELANCE_ADMIN_TOKEN", TOKEN)
        .env("RELANCE__MAIL__REPLY_SECONDS", "2")
        .env("RELANCE__MAIL__END_OF_DATA_SECONDS", "2")
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let url = line.strip_prefix("relance listens on ").and_then(|rest| rest.split([',', '\n']).next());
    let url = url.unwrap_or_else(|| panic!("the server did not start: {line}")).to_owned();
    let client = Client::builder().no_proxy().build().unwrap();
    Relance { child, url, root, client, _stdout: stdout }
}

impl Relance {
    /// One that sends through 127.0.0.1 at that port, and tries again after a second.
    pub async fn with_mailbox(port: u16) -> Relance {
        let relance = start(tempfile::tempdir().unwrap());
        relance.ask(Method::PATCH, "/settings", json!({ "retry_initial_seconds": 1 })).await;
        let smtp = json!({ "host": "127.0.0.1", "port": port, "security": "none", "username": "sales", "password": "correct horse" });
        let mailbox = json!({ "name": "Sales", "address": "sales@example.com", "smtp": smtp });
        relance.ask(Method::POST, "/mailboxes", mailbox).await;
        relance
    }

    /// Ends it where it stands and starts it again on the same data.
    pub fn kill_and_restart(mut self) -> Relance {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        start(std::mem::replace(&mut self.root, tempfile::tempdir().unwrap()))
    }

    /// What the administrator is answered.
    pub async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.client.request(method, format!("{}/api/v1{path}", self.url)).bearer_auth(TOKEN);
        let answer = if body.is_null() { request.send() } else { request.json(&body).send() }.await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// An active sequence of one automated e-mail and a task.
    pub async fn sequence(&self) -> String {
        let mail = json!({ "id": "m", "type": "auto_email", "name": "Mail", "template": TEMPLATE, "next": "t" });
        let graph = json!({ "start": "m", "nodes": [mail, { "id": "t", "type": "task", "name": "Task" }] });
        let made = self.ask(Method::POST, "/sequences", json!({ "name": "Mails", "graph": graph })).await;
        let id = made["id"].as_str().unwrap().to_owned();
        self.ask(Method::POST, &format!("/sequences/{id}/activate"), json!({})).await;
        id
    }

    /// So many leads, all going through the sequence.
    pub async fn connect(&self, sequence: &str, leads: usize) {
        for from in (0..leads).step_by(500) {
            // Whom a server has once refused is not written to again.
            let fresh = || ADDRESSES.fetch_add(1, Ordering::Relaxed);
            let lead = |number: usize| json!({ "type": "lead", "name": format!("Lead {number}"), "email": format!("lead{}@example.org", fresh()) });
            let records: Vec<Value> = (from..leads.min(from + 500)).map(lead).collect();
            let made = self.ask(Method::POST, "/records/batch", json!({ "records": records })).await;
            let ids: Vec<&Value> = made["results"].as_array().unwrap().iter().map(|record| &record["id"]).collect();
            self.ask(Method::POST, &format!("/sequences/{sequence}/enrolments"), json!({ "records": ids })).await;
        }
    }

    /// Every delivery.
    pub async fn deliveries(&self) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.ask(Method::GET, &format!("/deliveries?limit=500{cursor}"), Value::Null).await;
            all.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return all,
            }
        }
    }

    /// All of them, once none is owed or under way any more; there have to be so many.
    pub async fn come_to_rest(&self, expected: usize) -> Vec<Value> {
        let begun = Instant::now();
        let patience = PATIENCE + Duration::from_millis(100) * u32::try_from(expected).unwrap();
        loop {
            let moves = match self.one_that_is("owed").await {
                Value::Null => self.one_that_is("claimed").await,
                owed => owed,
            };
            if moves.is_null() {
                let all = self.deliveries().await;
                let is_over = |one: &Value| !matches!(one["state"].as_str(), Some("owed" | "claimed"));
                if all.len() >= expected && all.iter().all(is_over) {
                    assert_eq!(all.len(), expected, "{all:?}");
                    return all;
                }
            }
            let log = || std::fs::read_to_string(self.root.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed() < patience, "still on their way: {moves}\n{}", log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// All of them, once they are as they should be.
    pub async fn until(&self, is_so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let all = self.deliveries().await;
            if is_so(&all) {
                return all;
            }
            let log = || std::fs::read_to_string(self.root.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed() < PATIENCE, "{all:?}\n{}", log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn one_that_is(&self, state: &str) -> Value {
        let path = format!("/deliveries?state={state}&limit=1");
        let page = self.ask(Method::GET, &path, Value::Null).await;
        page["items"].get(0).cloned().unwrap_or_default()
    }

    /// Says what became of a message of which nobody knew.
    pub async fn settle(&self, delivery: &Value, as_what: &str) {
        let path = format!("/deliveries/{}/settle", delivery["id"].as_str().unwrap());
        self.ask(Method::POST, &path, json!({ "as": as_what })).await;
    }
}

impl Drop for Relance {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
