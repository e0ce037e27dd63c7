//! A receiver of webhooks on this machine that does what it is told: takes, refuses, drops, stalls, answers by halves or twice.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// What it does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    Status(u16),
    /// Closes without a word, before or after it has read the request.
    DropUnread,
    Drop,
    /// Says nothing until the sender has gone.
    Stall,
    /// Ends in the middle of its answer.
    Half,
    /// Answers once more than it was asked.
    Twice,
    /// Sends the sender elsewhere.
    Redirect,
}

impl Reply {
    /// Whether the sender knows that the event was taken.
    pub fn takes(self) -> bool {
        matches!(self, Reply::Status(200..=299) | Reply::Twice)
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub path: String,
    pub headers: Value,
    pub body: String,
    pub reply: Reply,
}

impl Arrival {
    pub fn header(&self, name: &str) -> &str {
        self.headers[name].as_str().unwrap_or_default()
    }

    pub fn event(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn record(&self) -> String {
        self.event()["record"].as_str().unwrap_or_default().to_owned()
    }
}

type Script = Box<dyn FnMut(&Arrival) -> Reply + Send>;

pub struct Receiver {
    address: String,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
    script: Arc<Mutex<Script>>,
}

impl Receiver {
    /// Takes everything.
    pub fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let arrivals = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(|_| Reply::Status(200))));
        let (noted, asked) = (arrivals.clone(), script.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (noted, asked) = (noted.clone(), asked.clone());
                std::thread::spawn(move || serve(stream, &noted, &asked));
            }
        });
        Receiver { address, arrivals, script }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub fn port(&self) -> &str {
        self.address.split_once(':').unwrap().1
    }

    /// What it does from now on.
    pub fn does(&self, script: impl FnMut(&Arrival) -> Reply + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    pub fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.lock().unwrap().clone()
    }

    /// The events that were taken, each once, in the order in which they were taken first.
    pub fn taken(&self) -> Vec<Value> {
        let mut seen = std::collections::BTreeSet::new();
        let taken = self.arrivals().into_iter().filter(|arrival| arrival.reply.takes());
        taken
            .filter(|arrival| seen.insert(arrival.header("webhook-id").to_owned()))
            .map(|arrival| arrival.event())
            .collect()
    }
}

fn serve(stream: TcpStream, arrivals: &Mutex<Vec<Arrival>>, script: &Mutex<Script>) {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    // Whoever only looks whether somebody listens sends nothing.
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = json!({});
    loop {
        line.clear();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        headers[name.to_ascii_lowercase()] = json!(value);
    }
    let length = headers["content-length"].as_str().and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut arrival = Arrival { path, headers, body: String::from_utf8(body).unwrap(), reply: Reply::DropUnread };
    arrival.reply = script.lock().unwrap()(&arrival);
    let reply = arrival.reply;
    arrivals.lock().unwrap().push(arrival);
    answer(stream, reply);
}

fn answer(mut stream: TcpStream, reply: Reply) {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    // The sender may have gone.
    let _ = match reply {
        Reply::Status(status) => write!(stream, "HTTP/1.1 {status} So\r\nContent-Length: 4\r\n\r\nso\r\n"),
        Reply::DropUnread | Reply::Drop => Ok(()),
        Reply::Stall => stream.read(&mut [0]).map(|_| ()),
        Reply::Half => write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        Reply::Twice => write!(stream, "{ok}{ok}"),
        Reply::Redirect => {
            write!(stream, "HTTP/1.1 307 Elsewhere\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
        }
    };
}

/// What the outside verifier says of deliveries with that secret.
pub fn verified(secret: &str, arrivals: &[Arrival]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/webhooks/verify.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("tests/oidc/install installs what verifies");
    let mut lines = node.stdin.take().unwrap();
    for Arrival { headers, body, .. } in arrivals {
        writeln!(lines, "{}", json!({ "secret": secret, "headers": headers, "body": body })).unwrap();
    }
    drop(lines);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "tests/oidc/install installs what verifies");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}
