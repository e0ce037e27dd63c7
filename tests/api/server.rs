//! The real binary on a data directory of its own, and the client that every test asks it with; what holds for each
//! answer is asserted here, once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub const TOKEN: &str = "the-administrator-of-these-tests";
/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where a sandbox's clock starts.
pub const START: &str = "2026-03-02T09:00:00.000Z";

/// Keys of the configuration, as the environment names them: all tests come from one address, and most of them ask
/// faster than strangers may.
const UNBOUNDED: [(&str, &str); 4] = [
    ("RELANCE__RATES__ANONYMOUS_PER_SECOND", "0"),
    ("RELANCE__RATES__SIGN_IN_PER_MINUTE", "0"),
    ("RELANCE__RATES__ACCOUNT_PER_MINUTE", "0"),
    ("RELANCE__RATES__BAD_CREDENTIAL_PER_MINUTE", "0"),
];

/// Every status that was seen, with a request that got it.
static SEEN: Mutex<BTreeMap<u16, String>> = Mutex::new(BTreeMap::new());

/// A running server; it is killed when it is dropped.
pub struct Server {
    child: Child,
    address: String,
    root: TempDir,
    arguments: &'static [&'static str],
    settings: &'static [(&'static str, &'static str)],
    // The server writes more lines than the first; a closed pipe would end it.
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// On the test clock, which stands at [`START`].
    pub fn sandbox() -> Server {
        Server::configured(&[])
    }

    /// On the machine's clock.
    pub fn real() -> Server {
        Server::start(tempfile::tempdir().unwrap(), &[], &[])
    }

    /// On the test clock, with keys of the configuration such as `RELANCE__SERVER__HEAD_SECONDS`.
    pub fn configured(settings: &'static [(&'static str, &'static str)]) -> Server {
        Server::start(tempfile::tempdir().unwrap(), &["--sandbox", "--now", START], settings)
    }

    /// A sandbox that other tests use at the same time. It lives as long as somebody holds it; nobody may move its clock.
    pub fn shared() -> Arc<Server> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Server::sandbox());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    fn start(
        root: TempDir,
        arguments: &'static [&'static str],
        settings: &'static [(&'static str, &'static str)],
    ) -> Server {
        let log = File::options().create(true).append(true).open(root.path().join("log")).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_relance"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(root.path().join("data"))
            .args(arguments)
            .current_dir(root.path())
            .env("RELANCE_ADMIN_TOKEN", TOKEN)
            .envs(UNBOUNDED)
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let announced = line.strip_prefix("relance listens on http://");
        let Some(address) = announced.and_then(|rest| rest.split([',', '\n']).next()) else {
            let log = std::fs::read_to_string(root.path().join("log")).unwrap();
            panic!("the server did not start: {line}{log}");
        };
        Server { child, address: address.to_owned(), root, arguments, settings, _stdout: stdout }
    }

    /// Kills it where it stands and starts it again on the same data.
    pub fn kill_and_restart(mut self) -> Server {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let root = std::mem::replace(&mut self.root, tempfile::tempdir().unwrap());
        Server::start(root, self.arguments, self.settings)
    }

    /// Asks it to stop in order.
    pub fn terminate(mut self) -> ExitStatus {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        self.child.wait().unwrap()
    }

    /// Asks it to stop in order; what holds its data directory.
    pub fn stop(mut self) -> TempDir {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(self.child.wait().unwrap().success());
        std::mem::replace(&mut self.root, tempfile::tempdir().unwrap())
    }

    /// Its address, for another client.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.root.path().join("log")).unwrap()
    }

    pub fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    pub fn client(&self) -> Client {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build().unwrap();
        Client { base: format!("http://{}", self.address), http, runtime }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks one server and waits for the answer.
pub struct Client {
    base: String,
    http: reqwest::Client,
    runtime: Runtime,
}

impl Client {
    /// Scheme, host and port of its server.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A request to an address below `/api/v1`, with the administrator's token.
    pub fn request(&self, method: Method, path: &str) -> Request<'_> {
        self.bare(method, &format!("/api/v1{path}")).header("authorization", &format!("Bearer {TOKEN}"))
    }

    /// A request to any address, without a token.
    pub fn bare(&self, method: Method, path: &str) -> Request<'_> {
        let builder = self.http.request(method.clone(), format!("{}{path}", self.base));
        Request { client: self, told: format!("{method} {path}"), builder }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path).send()
    }

    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path).json(&body).send()
    }

    pub fn put(&self, path: &str, body: Value) -> Answer {
        self.request(Method::PUT, path).json(&body).send()
    }

    pub fn patch(&self, path: &str, body: Value) -> Answer {
        self.request(Method::PATCH, path).json(&body).send()
    }

    /// All of them at the same time; the answers in the order of the requests.
    pub fn at_once<'a>(&'a self, requests: impl IntoIterator<Item = Request<'a>>) -> Vec<Answer> {
        let waiting = requests.into_iter().map(Request::answer);
        self.runtime.block_on(futures_util::future::join_all(waiting))
    }
}

/// A request to be sent.
pub struct Request<'a> {
    client: &'a Client,
    told: String,
    builder: reqwest::RequestBuilder,
}

impl Request<'_> {
    pub fn header(self, name: &str, value: &str) -> Self {
        Request { builder: self.builder.header(name, value), ..self }
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    pub fn body(self, body: impl Into<reqwest::Body>) -> Self {
        Request { builder: self.builder.body(body), ..self }
    }

    pub fn send(self) -> Answer {
        self.client.runtime.block_on(self.answer())
    }

    async fn answer(self) -> Answer {
        let told = self.told;
        let response = self.builder.send().await.unwrap_or_else(|error| panic!("{told}: {error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.unwrap_or_else(|error| panic!("{told}: {error:?}")).to_vec();
        SEEN.lock().unwrap().insert(status, told.clone());
        let answer = Answer { told, status, headers, body };
        answer.keeps_the_conventions();
        answer
    }
}

/// What the server said.
#[derive(Debug)]
pub struct Answer {
    told: String,
    pub status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    /// The header of that name; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.told, self.shown()))
    }

    fn shown(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }

    /// The body, if the status is the one expected.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.told, self.shown());
        self.json()
    }

    /// The problem, if it is the one expected.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let problem = self.expect(status);
        assert_eq!(self.code(), code, "{}: {problem}", self.told);
        problem
    }

    /// The code of the problem, also as clients of other products read it.
    pub fn code(&self) -> String {
        let answer = self.json();
        let code = answer["error"]["code"].as_str().or(answer["code"].as_str());
        code.unwrap_or_else(|| panic!("{}: no code in {answer}", self.told)).to_owned()
    }

    /// The problem, if it names this place, be it among others.
    #[track_caller]
    pub fn refused_at(&self, status: u16, code: &str, pointer: &str) -> Value {
        let problem = self.refused(status, code);
        let faults = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(faults.iter().any(|fault| fault["pointer"] == pointer), "{}: no {pointer} in {problem}", self.told);
        problem
    }

    /// No answer is a defect's, every one says what it is, and every refusal is RFC 9457 (`api.md`, Conventions).
    fn keeps_the_conventions(&self) {
        assert!(self.status < 500, "{}: {}", self.told, self.shown());
        crate::hygiene::is_dressed(&self.told, |name| self.header(name));
        // A page says it to people.
        let is_page = self.header("content-type").starts_with("text/html") && !self.told.contains(" /api/");
        if self.status < 400 || is_page {
            return;
        }
        let problem = self.json();
        if self.told.contains(" /api/data/") {
            assert_eq!(self.header("content-type"), "application/json", "{}: {}", self.told, self.shown());
            let error = problem["error"].as_object().unwrap_or_else(|| panic!("{}: {problem}", self.told));
            assert!(problem.as_object().unwrap().len() == 1 && error.len() == 2, "{problem}");
            assert!(error["code"].is_string() && error["message"].is_string(), "{problem}");
        } else {
            assert_eq!(self.header("content-type"), "application/problem+json", "{}: {}", self.told, self.shown());
            is_problem(&problem, self.status);
        }
        assert_eq!(self.header("allow").is_empty(), self.status != 405, "{}: {problem}", self.told);
        assert_eq!(self.header("www-authenticate"), if self.status == 401 { "Bearer" } else { "" }, "{problem}");
    }
}

/// Whether a problem, be it alone or inside a batch's answer, has its members.
pub fn is_problem(problem: &Value, status: u16) {
    let code = problem["code"].as_str().unwrap_or_else(|| panic!("no code in {problem}"));
    assert_eq!(problem["type"], format!("/problems/{code}"));
    assert_eq!(problem["status"], status, "{problem}");
    for member in ["title", "detail"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {problem}");
    }
    for fault in problem["errors"].as_array().into_iter().flatten() {
        let pointer = fault["pointer"].as_str().unwrap_or_else(|| panic!("no pointer in {problem}"));
        assert!(pointer.is_empty() || pointer.starts_with('/'), "{problem}");
        assert!(fault["code"].is_string() && fault["detail"].is_string(), "{problem}");
    }
}

/// The statuses seen so far, each with a request that got it.
pub fn statuses_seen() -> BTreeMap<u16, String> {
    SEEN.lock().unwrap().clone()
}

/// Looks until there is something, for ten seconds.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The messages in a data directory's spool.
pub fn spooled(data: &Path) -> Vec<String> {
    let files = std::fs::read_dir(data.join("spool")).unwrap().map(|file| file.unwrap().path());
    let messages = files.filter(|file| file.extension().is_some_and(|extension| extension == "eml"));
    messages.map(|file| std::fs::read_to_string(file).unwrap()).collect()
}
