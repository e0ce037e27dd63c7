//! A file system that fills up under load and is freed again (P9): nothing is accepted meanwhile, reading goes on, what waits
//! goes on by itself afterwards, and nothing acknowledged is lost.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::program::{Ground, Program, TOKEN};

/// Of the file system, in mebibytes; the server keeps 64 of them free.
const SIZE_MIB: usize = 200;
const MIB: usize = 1 << 20;

/// A file system of its own below a folder; gone when it is dropped.
struct Small(PathBuf);

impl Small {
    /// `None` where this user may not mount.
    fn mount(at: &Path) -> Option<Small> {
        fs::create_dir_all(at).unwrap();
        let options = format!("size={SIZE_MIB}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "relance-test"]).arg(at).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Small(at.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Takes space until so many bytes are taken, or until there is none.
fn fill(path: &Path, bytes: usize) {
    let (mut file, piece) = (File::create(path).unwrap(), vec![1; MIB]);
    for _ in 0..bytes / MIB {
        if file.write_all(&piece).is_err() {
            break;
        }
    }
}

/// Asks one server, and looks at every answer.
pub struct Client {
    http: reqwest::Client,
    address: String,
}

impl Client {
    /// See [`Client`].
    pub fn new(address: &str) -> Client {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        Client { http, address: address.to_owned() }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        self.try_ask(method, path, body).await.expect("the server answers whatever the disk does")
    }

    /// A read and its answer; `None` where there was none.
    pub async fn try_get(&self, path: &str) -> Option<(u16, Value)> {
        self.try_ask(Method::GET, path, None).await.map(|(status, body)| (status.as_u16(), body))
    }

    /// The same of a command.
    pub async fn try_post(&self, path: &str, body: Value) -> Option<(u16, Value)> {
        self.try_ask(Method::POST, path, Some(body)).await.map(|(status, body)| (status.as_u16(), body))
    }

    async fn try_ask(&self, method: Method, path: &str, body: Option<Value>) -> Option<(StatusCode, Value)> {
        let request = self.http.request(method, format!("{}{path}", self.address)).bearer_auth(TOKEN);
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.ok()?;
        let (status, waits) = (response.status(), response.headers().contains_key("retry-after"));
        assert_eq!(status == StatusCode::SERVICE_UNAVAILABLE, waits, "a refusal says when to come again");
        let text = response.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// Reads what must be there.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// A command that must be taken.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.ask(Method::POST, path, Some(body)).await;
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }

    /// Makes a record. Its id, or `None` where the disk is full; nothing else may happen.
    async fn record(&self, number: usize) -> Option<String> {
        let record = json!({"type": "lead", "name": format!("Lead {number}"), "email": "lead@example.org"});
        let (status, body) = self.ask(Method::POST, "/api/v1/records", Some(record)).await;
        match (status.as_u16(), body["code"].as_str()) {
            (201, _) => Some(body["id"].as_str().unwrap().to_owned()),
            (503, Some("disk_full")) => None,
            _ => panic!("{status} {body}"),
        }
    }

    async fn is_full(&self) -> bool {
        self.ask(Method::GET, "/readyz", None).await.1["code"] == "disk_full"
    }
}

/// Writes and reads for as long as `goes_on`; what was acknowledged.
async fn work(client: &Client, goes_on: &AtomicBool) -> (Vec<String>, usize) {
    let (mut made, mut refused) = (Vec::new(), 0);
    while goes_on.load(Ordering::Acquire) {
        match client.record(made.len()).await {
            Some(id) => made.push(id),
            None => refused += 1,
        }
        client.get("/api/v1/records?limit=5").await;
        if let Some(last) = made.last() {
            client.get(&format!("/api/v1/records/{last}")).await;
        }
    }
    (made, refused)
}

async fn fill_and_free(client: &Client, data: &Path, goes_on: &AtomicBool) {
    let (ballast, more) = (data.join("ballast"), data.join("more"));
    for round in 0..3 {
        let took = (ballast.clone(), more.clone());
        tokio::task::spawn_blocking(move || {
            fill(&took.0, (SIZE_MIB - 60) * MIB);
            // Once to the last byte.
            fill(&took.1, if round == 1 { SIZE_MIB * MIB } else { 0 });
        })
        .await
        .unwrap();
        assert!(client.is_full().await && client.record(0).await.is_none());
        assert!(client.get("/metrics").await.as_str().unwrap().contains("relance_disk_full 1"));
        let (status, refused) = client.ask(Method::POST, "/api/v1/imports?type=lead", None).await;
        assert!(status == 503 && refused["code"] == "disk_full", "{status} {refused}");
        // In the end two days have passed.
        if round != 1 {
            client.post("/api/v1/test-clock/advance", json!({"by": {"days": 1}})).await;
        }
        fs::remove_file(&more).unwrap();
        fs::remove_file(&ballast).unwrap();
        assert!(!client.is_full().await && client.record(0).await.is_some(), "nothing has to be mended");
    }
    goes_on.store(false, Ordering::Release);
}

/// Fills, frees, kills on a full disk, and looks for everything.
pub async fn stops_writing_and_nothing_else() {
    let mut program = Program::new(&Ground::Machine);
    let Some(_mounted) = Small::mount(&program.data()) else {
        return eprintln!("PROOF NOT MADE: mounting a small file system needs root; a full disk was not tried");
    };
    let (server, address) = program.serve(&["--sandbox", "--now", "2026-03-02T09:00:00Z"]);
    let client = Client::new(&address);
    let sequence = client.post("/api/v1/sequences", json!({"name": "Waits", "template": "T2"})).await;
    let sequence = format!("/api/v1/sequences/{}", sequence["id"].as_str().unwrap());
    client.post(&format!("{sequence}/activate"), json!({})).await;
    let waiting = client.record(0).await.expect("there is space");
    client.post(&format!("{sequence}/enrolments"), json!({"records": [waiting]})).await;
    // The introduction goes out, and after some research the first call is two days away.
    client.post("/api/v1/test-clock/advance", json!({"by": {"minutes": 1}})).await;
    let up_next = format!("/api/v1/records/{waiting}/up-next");
    let research = client.get(&up_next).await["current"][0]["step"]["id"].as_str().expect("a step").to_owned();
    client.post(&format!("/api/v1/steps/{research}/complete"), json!({})).await;
    let goes_on = AtomicBool::new(true);
    let data = program.data();
    let (first, second, ()) =
        tokio::join!(work(&client, &goes_on), work(&client, &goes_on), fill_and_free(&client, &data, &goes_on));
    assert!(first.1 + second.1 > 0 && !first.0.is_empty(), "the load met a full disk");
    // Nothing fired on the full disk; with space the timers fire.
    client.post("/api/v1/test-clock/advance", json!({"by": {"minutes": 1}})).await;
    let next = client.get(&up_next).await;
    assert_eq!(next["current"][0]["step"]["type"], "phone_call", "{next}");
    fill(&data.join("ballast"), SIZE_MIB * MIB);
    assert!(client.is_full().await);
    program.cut_short(server);
    let refused = program.start(&["--sandbox"]).ended_by_itself();
    assert_eq!(refused.0, Some(1), "{}", refused.1);
    assert!(refused.1.contains("the disk is full"), "{}", refused.1);
    fs::remove_file(data.join("ballast")).unwrap();
    let (server, address) = program.serve(&["--sandbox"]);
    let client = Client::new(&address);
    for id in first.0.iter().chain(&second.0) {
        client.get(&format!("/api/v1/records/{id}")).await;
    }
    assert_eq!(server.stop().code(), Some(0));
    program.check();
    println!("{} records made, {} refused on a full disk", first.0.len() + second.0.len(), first.1 + second.1);
}
