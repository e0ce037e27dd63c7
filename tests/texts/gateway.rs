//! A provider of text messages that keeps what it takes and fails as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Longer than the server waits.
const STALL: Duration = Duration::from_secs(6);

/// What it has seen.
#[derive(Default)]
pub struct Books {
    /// What goes wrong with the next requests, one each.
    faults: VecDeque<String>,
    /// Whether it knows a message again.
    is_idempotent: bool,
    /// How many messages of each id it has.
    pub taken: BTreeMap<String, usize>,
    /// Head and body of each request.
    pub requests: Vec<(String, String)>,
}

/// A running gateway.
pub struct Gateway {
    pub port: u16,
    books: Arc<(Mutex<Books>, Condvar)>,
}

impl Gateway {
    pub fn start(is_idempotent: bool) -> Gateway {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let books = Arc::new((Mutex::new(Books { is_idempotent, ..Books::default() }), Condvar::new()));
        let shared = books.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (books, stream) = (shared.clone(), stream.unwrap());
                // A client that was killed is no failure of ours.
                std::thread::spawn(move || _ = serve(stream, &books));
            }
        });
        Gateway { port, books }
    }

    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.books.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next request goes wrong so.
    pub fn fails(&self, fault: &str) {
        self.books().faults.push_back(fault.to_owned());
    }

    /// Returns once it has seen so many requests.
    pub fn wait_for(&self, requests: usize) {
        let books = self.books();
        let seen =
            self.books.1.wait_timeout_while(books, Duration::from_secs(60), |books| books.requests.len() < requests);
        assert!(!seen.unwrap().1.timed_out(), "nobody came");
    }
}

fn serve(mut stream: TcpStream, books: &(Mutex<Books>, Condvar)) -> std::io::Result<()> {
    let lock = || books.0.lock().unwrap_or_else(PoisonError::into_inner);
    let fault = lock().faults.pop_front().unwrap_or_default();
    if fault == "drop" {
        return Ok(());
    }
    let mut read = Vec::new();
    let head = loop {
        let mut part = [0; 4_096];
        let count = stream.read(&mut part)?;
        if count == 0 {
            return Ok(());
        }
        read.extend_from_slice(&part[..count]);
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
    };
    let text = String::from_utf8_lossy(&read[..head]).into_owned();
    if fault == "unread" {
        return Ok(());
    }
    let length = text.to_ascii_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = read.split_off(head + 4);
    while body.len() < length.unwrap_or(0) {
        let mut part = [0; 4_096];
        let count = stream.read(&mut part)?;
        body.extend_from_slice(&part[..count]);
    }
    let body = String::from_utf8(body).unwrap();
    let fields: BTreeMap<String, String> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let id = fields.get("ref").cloned().unwrap_or_default();
    let takes = !matches!(fault.as_str(), "stall" | "400" | "401" | "429" | "500" | "502" | "503");
    {
        let mut books = lock();
        books.requests.push((text, body));
        let is_idempotent = books.is_idempotent;
        if takes {
            let times = books.taken.entry(id.clone()).or_default();
            *times = if is_idempotent { 1 } else { *times + 1 };
        }
    }
    books.1.notify_all();
    let answer = |status: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let good = answer("200 OK", &format!(r#"{{"id":"m-{id}"}}"#));
    match fault.as_str() {
        "lost" => Ok(()),
        "stall" | "mute" => {
            std::thread::sleep(STALL);
            Ok(())
        }
        "half head" => stream.write_all(b"HTTP/1.1 20"),
        "half body" => stream.write_all(&good.as_bytes()[..good.len() - 5]),
        "garbage" => stream.write_all(b"\x16\x03\x01 what?\r\n\r\n"),
        "twice" => stream.write_all(format!("{good}{good}").as_bytes()),
        "" => stream.write_all(good.as_bytes()),
        status => stream.write_all(answer(&format!("{status} No"), r#"{"error":"not now"}"#).as_bytes()),
    }
}
