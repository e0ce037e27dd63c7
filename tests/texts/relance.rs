//! The program as people run it, with a text gateway of ours.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

const TOKEN: &str = "the-administrator-of-these-tests";
/// Until the test has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server; it is killed when it is dropped.
pub struct Relance {
    child: Child,
    pub url: String,
    root: TempDir,
    pub client: Client,
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
        .env("RELANCE__TEXTS__TIMEOUT_SECONDS", "2")
        .env("RELANCE__EGRESS__ALLOW", "127.0.0.1")
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

/// A runtime on this thread.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work)
}

impl Relance {
    /// One that sends through that gateway, which is described with these members besides, and tries again after a second.
    pub async fn with_gateway(port: u16, more: Value) -> (Relance, String) {
        let relance = start(tempfile::tempdir().unwrap());
        relance.ask(Method::PATCH, "/settings", json!({ "retry_initial_seconds": 1 })).await;
        let form = json!({ "to": "{{ to }}", "from": "{{ from }}", "text": "{{ body }}", "ref": "{{ id }}" });
        let mut body = json!({
            "name": "Texts", "from": "Lugo", "country": "ES", "answer": { "message_id": "/id", "detail": "/error" },
            "request": { "url": format!("http://127.0.0.1:{port}/send"), "form": form, "headers": { "X-Key": "{{ secret }}" } },
            "secret": "s3cret",
        });
        more.as_object().unwrap().iter().for_each(|(name, member)| body[name] = member.clone());
        let made = relance.ask(Method::POST, "/text-gateways", body).await;
        let id = made["id"].as_str().unwrap().to_owned();
        (relance, id)
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

    /// An active sequence of one automated text and a task.
    pub async fn sequence(&self) -> String {
        let template = json!({ "name": "Hello", "language": "en", "body": "Hello {{ record.name }} & co" });
        let template = self.ask(Method::POST, "/text-templates", template).await;
        let text = json!({ "id": "s", "type": "auto_text", "name": "Text", "template": template["id"], "next": "t" });
        let graph = json!({ "start": "s", "nodes": [text, { "id": "t", "type": "task", "name": "Task" }] });
        let made = self.ask(Method::POST, "/sequences", json!({ "name": "Texts", "graph": graph })).await;
        let id = made["id"].as_str().unwrap().to_owned();
        self.ask(Method::POST, &format!("/sequences/{id}/activate"), json!({})).await;
        id
    }

    /// A lead with that mobile number going through the sequence.
    pub async fn connect(&self, sequence: &str, number: &str) -> String {
        let lead = json!({ "type": "lead", "name": "Ada", "phones": { "mobile": number } });
        let made = self.ask(Method::POST, "/records", lead).await;
        let path = format!("/sequences/{sequence}/enrolments");
        self.ask(Method::POST, &path, json!({ "records": [made["id"]] })).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// All deliveries, newest first, once none is owed or under way any more; there have to be so many.
    pub async fn come_to_rest(&self, expected: usize) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let all = self.ask(Method::GET, "/deliveries?limit=500", Value::Null).await;
            let all = all["items"].as_array().unwrap().clone();
            let moves = |delivery: &Value| matches!(delivery["state"].as_str(), Some("owed" | "claimed"));
            if all.len() >= expected && !all.iter().any(moves) {
                assert_eq!(all.len(), expected, "{all:?}");
                return all;
            }
            let log = || std::fs::read_to_string(self.root.path().join("log")).unwrap_or_default();
            let moving = all.iter().find(|one| moves(one));
            assert!(begun.elapsed() < PATIENCE, "{} deliveries, on their way: {moving:?}\n{}", all.len(), log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Relance {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
