//! The real binary with a mailbox, and the answers that it takes in.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::dovecot::{PASSWORD, USER};

const TOKEN: &str = "the-administrator-of-these-tests";
/// How long anything may take here, machine and all.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running server; it is killed when it is dropped.
pub struct Server {
    running: Option<(Child, BufReader<ChildStdout>)>,
    pub url: String,
    root: TempDir,
    pub client: Client,
}

impl Server {
    pub fn start() -> Server {
        let client = Client::builder().no_proxy().build().unwrap();
        let mut server = Server { running: None, url: String::new(), root: tempfile::tempdir().unwrap(), client };
        server.begin();
        server
    }

    /// Starts it, or starts it again on the same data.
    pub fn begin(&mut self) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_relance"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data", "data"])
            .current_dir(self.root.path())
            .env("RELANCE_ADMIN_TOKEN", TOKEN)
            .env("RELANCE__RATES__ANONYMOUS_PER_SECOND", "0")
            .stdout(Stdio::piped())
            .stderr(File::create(self.root.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.strip_prefix("relance listens on ").and_then(|rest| rest.split([',', '\n']).next());
        self.url = address.unwrap_or_else(|| panic!("the server did not start: {line}")).to_owned();
        self.running = Some((child, stdout));
    }

    /// As a crash ends it.
    pub fn kill(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// What the administrator is answered.
    pub async fn ask(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.client.request(method, format!("{}/api/v1{path}", self.url)).bearer_auth(TOKEN);
        let answer = if body.is_null() { request.send() } else { request.json(&body).send() }.await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    pub async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, Value::Null).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.ask(Method::POST, path, body).await
    }

    /// A mailbox whose inbox lies on that port; its id.
    pub async fn mailbox(&self, port: u16) -> String {
        let smtp = json!({ "host": "127.0.0.1", "port": 9, "security": "none" });
        let imap =
            json!({ "host": "127.0.0.1", "port": port, "security": "none", "username": USER, "password": PASSWORD });
        let body = json!({ "name": "Sam Seller", "address": "sam@example.org", "smtp": smtp, "imap": imap });
        id(&self.post("/mailboxes", body).await)
    }

    /// A sequence that writes, and a day later has something to be done; an answer ends it.
    pub async fn sequence(&self) -> String {
        let nodes = json!([
            { "id": "m", "type": "email", "name": "Write", "next": "w" },
            { "id": "w", "type": "wait", "days": 1, "hours": 0, "next": "t" },
            { "id": "t", "type": "task", "name": "Call", "next": null },
        ]);
        let body = json!({ "name": "A sequence", "graph": { "start": "m", "nodes": nodes } });
        let sequence = id(&self.post("/sequences", body).await);
        self.ask(Method::PATCH, &format!("/sequences/{sequence}"), json!({ "exit_on_reply": true })).await;
        self.post(&format!("/sequences/{sequence}/activate"), json!({})).await;
        sequence
    }

    /// A record that was written to: itself, its enrolment, and the step of the e-mail.
    pub async fn written(&self, sequence: &str) -> (String, String, String) {
        let lead = json!({ "type": "lead", "name": "Ada", "email": "ada@example.net" });
        let record = id(&self.post("/records", lead).await);
        let connected = self.post(&format!("/sequences/{sequence}/enrolments"), json!({ "records": [record] })).await;
        let enrolment = id(&connected["results"][0]["enrolment"]);
        let up_next = self.get(&format!("/records/{record}/up-next")).await;
        let step = id(&up_next["current"][0]["step"]);
        self.post(&format!("/steps/{step}/complete"), json!({})).await;
        (record, enrolment, step)
    }

    /// Asks until the answer is so; how long that took.
    pub async fn until(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Duration {
        let began = Instant::now();
        loop {
            let answer = self.get(path).await;
            if is_so(&answer) {
                return began.elapsed();
            }
            assert!(began.elapsed() < PATIENCE, "{path} stays {answer}\n{}", self.log());
        }
    }

    /// How many items of that kind the timeline of a record has.
    pub async fn told(&self, record: &str, kind: &str) -> usize {
        let timeline = self.get(&format!("/records/{record}/timeline")).await;
        timeline["items"].as_array().unwrap().iter().filter(|item| item["kind"] == kind).count()
    }

    /// Hands a message over.
    pub async fn hand_over(&self, url: &str, kind: &str, body: Vec<u8>) -> (StatusCode, Value) {
        let answer = self.client.post(url).header("content-type", kind).body(body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.root.path().join("log")).unwrap()
    }
}

/// The id of a resource.
pub fn id(resource: &Value) -> String {
    resource["id"].as_str().unwrap_or_else(|| panic!("no id in {resource}")).to_owned()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
