//! What holds for every request and answer, whatever the route: headers, limits, time-outs, request ids and rates. Routes
//! come from the OpenAPI document, so that one that is added later is asked as well.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::Method;

use crate::conventions::operations;
use crate::server::{Server, TOKEN};

/// What every answer of any test carries; the client of the tests asks this.
#[track_caller]
pub fn is_dressed<'a>(told: &str, header: impl Fn(&str) -> &'a str) {
    // The picture of a message is shown by mail programs that are pages of others.
    let shown_by = if told.contains(" /t/o/") { "cross-origin" } else { "same-origin" };
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", shown_by),
    ] {
        assert_eq!(header(name), value, "{told}: {name}");
    }
    let policy = header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"),
        "{told}: {policy}"
    );
    assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{told}: {policy}");
    assert!(header("permissions-policy").contains("geolocation=()"), "{told}");
    let id = header("x-request-id");
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{told}: {id}");
    assert!(!header("cache-control").is_empty(), "{told}");
}

/// What a server answers, byte by byte, until it ends the connection.
struct Raw(TcpStream);

impl Raw {
    fn connect(server: &Server) -> Raw {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        Raw(stream)
    }

    fn send(&mut self, text: impl AsRef<[u8]>) -> &mut Raw {
        self.0.write_all(text.as_ref()).unwrap();
        self
    }

    /// Reads the head of an answer without a body to speak of.
    fn first_answer(&mut self) {
        let read = self.0.read(&mut [0; 16 << 10]).unwrap();
        assert_ne!(read, 0, "no answer");
    }

    /// Nothing comes, and the connection ends.
    #[track_caller]
    fn is_let_go(&mut self) {
        match self.0.read(&mut [0; 1]) {
            Ok(read) => assert_eq!(read, 0),
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
        }
    }

    /// Status and head of the answer, if the connection ends after it.
    #[track_caller]
    fn last_answer(&mut self) -> (u16, String) {
        let mut answer = Vec::new();
        // A connection that is cut after its answer is an end too.
        if let Err(error) = self.0.read_to_end(&mut answer) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "the connection stays open: {error}");
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("no answer: {answer}")), answer)
    }
}

#[test]
fn every_route_answers_with_the_headers() {
    let server = Server::shared();
    let api = server.client();
    let mut requests: Vec<(Method, String)> =
        operations(&api).into_iter().filter(|(_, path)| !path.ends_with("/advance")).collect();
    let pages =
        ["/", "/docs/", "/docs/swagger-ui.css", "/docs/nothing", "/problems/malformed", "/nothing", "/api/v1/%"];
    requests.extend(pages.map(|path| (Method::GET, path.to_owned())));
    requests.extend(["/healthz", "/docs/", "/nothing"].map(|path| (Method::DELETE, path.to_owned())));
    for (method, mut path) in requests {
        if path.ends_with("/stream") {
            // Or it goes on for as long as it is listened to.
            path.push_str("?wait=false");
        }
        for token in [Some(TOKEN), Some("wrong"), None] {
            let mut request = api.bare(method.clone(), &path);
            if let Some(token) = token {
                request = request.header("authorization", &format!("Bearer {token}"));
            }
            // The client itself looks at what every answer has.
            let answer = request.send();
            let is_public = ["/docs/", "/openapi.json", "/problems/"].iter().any(|prefix| path.starts_with(prefix));
            assert_eq!(answer.header("cache-control"), if is_public { "no-cache" } else { "no-store" }, "{path}");
            assert_eq!(answer.header("strict-transport-security"), "", "{path}: nobody said that there is TLS");
            let policy = answer.header("content-security-policy");
            let is_page = answer.header("content-type").starts_with("text/html");
            assert_eq!(policy.contains("script-src"), is_page, "{path}: {policy}");
        }
    }
}

#[test]
fn pages_hold_nothing_inline() {
    let server = Server::shared();
    let api = server.client();
    for path in ["/docs/", "/problems/malformed"] {
        let page = api.bare(Method::GET, path).send();
        let policy = page.header("content-security-policy");
        assert!(policy.contains("style-src 'self'"), "{path}: {policy}");
        let text = page.text();
        for inline in [" style=", "<style", " onload=", "javascript:"] {
            assert!(!text.contains(inline), "{path}: {inline}");
        }
        assert!(text.split("<script").skip(1).all(|script| script.starts_with(" src=\"./")), "{path}: {text}");
    }
    // Nor does it ask somebody else whether the document is valid.
    let script = api.bare(Method::GET, "/docs/swagger-initializer.js").send().text();
    assert!(script.contains("\"validatorUrl\": \"none\"") && script.contains("/openapi.json"), "{script}");
}

#[test]
fn behind_tls_browsers_are_told_to_stay_there() {
    let server = Server::configured(&[("RELANCE__SERVER__PUBLIC_URL", "https://crm.example")]);
    let api = server.client();
    for path in ["/healthz", "/docs/", "/nothing", "/api/v1/records"] {
        let answer = api.bare(Method::GET, path).send();
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{path}");
    }
}

#[test]
fn request_ids_are_fresh_and_the_servers_own() {
    let server = Server::shared();
    let api = server.client();
    let asked = (0..200).map(|_| api.bare(Method::GET, "/healthz").header("x-request-id", "mine"));
    let ids: HashSet<String> =
        api.at_once(asked).iter().map(|answer| answer.header("x-request-id").to_owned()).collect();
    assert_eq!(ids.len(), 200);
}

#[test]
fn a_request_that_fails_is_logged_under_its_id() {
    let server = Server::sandbox();
    // Where an import's file is kept.
    std::fs::remove_dir_all(server.data().join("imports")).unwrap();
    let head = format!("Host: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 5\r\nConnection: close\r\n");
    let asked = format!("POST /api/v1/imports?type=lead HTTP/1.1\r\n{head}\r\nName\n");
    let (status, answer) = Raw::connect(&server).send(asked).last_answer();
    assert_eq!(status, 503, "{answer}");
    let id = answer.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
    let log = server.log();
    let told: Vec<_> = log.lines().filter(|line| line.contains(id)).collect();
    assert_eq!(told.len(), 2, "its cause, and that it failed: {log}");
    assert_eq!(log.lines().filter(|line| line.contains("/api/v1/imports") && line.contains(id)).count(), 1, "{log}");
}

#[test]
fn a_head_that_is_too_large_is_refused_and_ends_the_connection() {
    let server = Server::shared();
    let long = |length| "x".repeat(length);
    let many = |number: usize| (0..number).map(|at| format!("X-{at}: 1\r\n")).collect::<String>();
    for (path, headers, status, code) in [
        (format!("/{}", long(17 << 10)), String::new(), 414, "uri_too_long"),
        (format!("/healthz?{}", long(17 << 10)), String::new(), 414, "uri_too_long"),
        ("/healthz".into(), format!("X-Long: {}\r\n", long(33 << 10)), 431, "headers_too_large"),
        ("/healthz".into(), many(80), 431, "headers_too_large"),
        // Beyond that the library answers by itself, without a body.
        ("/healthz".into(), many(120), 431, ""),
        ("/healthz".into(), format!("X-Long: {}", long(140 << 10)), 431, ""),
    ] {
        let mut raw = Raw::connect(&server);
        let (found, answer) = raw.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n")).last_answer();
        assert_eq!(found, status, "{answer}");
        assert!(answer.contains(code), "{code}: {answer}");
    }
    let mut raw = Raw::connect(&server);
    assert_eq!(raw.send("GET / HTTP/9.9\r\n\r\n").last_answer().0, 400);
}

#[test]
fn a_body_that_says_it_is_too_large_is_refused_before_it_comes() {
    let server = Server::shared();
    let cases = [
        ("/api/v1/records", (16 << 20) + 1),
        ("/nothing", 1 << 40),
        ("/healthz", 1 << 40),
        ("/api/v1/imports", 1_usize << 30),
    ];
    let asked = cases.map(|(path, length)| {
        let mut raw = Raw::connect(&server);
        raw.send(format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"));
        raw
    });
    for mut raw in asked {
        let (status, answer) = raw.last_answer();
        assert!(status == 413 && answer.contains("too_large"), "{answer}");
    }
}

#[test]
fn clients_that_are_too_slow_are_let_go() {
    let server = Server::configured(&[
        ("RELANCE__SERVER__HEAD_SECONDS", "1"),
        ("RELANCE__SERVER__BODY_SECONDS", "1"),
        ("RELANCE__SERVER__KEEP_ALIVE_SECONDS", "1"),
    ]);
    let post = format!("POST /api/v1/records HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n");
    // Half a head.
    assert_eq!(Raw::connect(&server).send("GET /healthz HTTP/1.1\r\nHost:").last_answer().0, 408);
    // Half a body, of known length and in chunks.
    let halves = ["Content-Length: 20\r\n\r\n{\"type\":", "Transfer-Encoding: chunked\r\n\r\n8\r\n{\"type\":\r\n"];
    let asked = halves.map(|half| {
        let mut raw = Raw::connect(&server);
        raw.send(format!("{post}{half}"));
        raw
    });
    for mut raw in asked {
        let (status, answer) = raw.last_answer();
        assert!(status == 408 && answer.contains("body_too_slow"), "{answer}");
        assert!(answer.contains("nosniff") && answer.contains("x-request-id"), "{answer}");
    }
    // Nothing after an answer, or half a head.
    let mut silent = Raw::connect(&server);
    silent.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(silent.last_answer().0, 200);
    let mut dripping = Raw::connect(&server);
    dripping.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").first_answer();
    dripping.send("GET /heal").is_let_go();
}

#[test]
fn a_client_that_does_not_read_its_answers_is_let_go() {
    let server = Server::configured(&[("RELANCE__SERVER__UNREAD_SECONDS", "1")]);
    let mut greedy = Raw::connect(&server);
    // It asks until nothing goes through any more, and then the server has had enough of it.
    let ended = loop {
        if let Err(error) = greedy.0.write_all(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n") {
            break error;
        }
    };
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset};
    assert!(matches!(ended.kind(), ConnectionReset | BrokenPipe), "{ended:?}");
}

#[test]
fn strangers_are_bounded_by_address_and_told_when_to_come_back() {
    let server = Server::configured(&[
        ("RELANCE__RATES__ANONYMOUS_PER_SECOND", "1"),
        ("RELANCE__RATES__ANONYMOUS_BURST", "5"),
        ("RELANCE__SERVER__PROXIES", "127.0.0.1"),
    ]);
    let api = server.client();
    let ask = |from: &str, path: &str| api.bare(Method::GET, path).header("x-forwarded-for", from).send();
    let flood: Vec<_> =
        api.at_once((0..60).map(|_| api.bare(Method::GET, "/docs/").header("x-forwarded-for", "192.0.2.1")));
    let refused: Vec<_> = flood.iter().filter(|answer| answer.status == 429).collect();
    assert!(!refused.is_empty() && flood.len() - refused.len() >= 5, "{}", refused.len());
    for answer in refused {
        answer.refused(429, "too_many_requests");
        assert_eq!(answer.header("retry-after"), "1");
    }
    // Others are not touched: another address, somebody with a credential, and the probes.
    assert_eq!(ask("192.0.2.2", "/docs/").status, 200);
    for (name, value) in [
        ("authorization", "Bearer wrong".to_owned()),
        ("cookie", "a=b; relance=x".into()),
        ("cookie", "__Host-relance=x".into()),
    ] {
        let asked = (0..30).map(|_| api.bare(Method::GET, "/api/v1/records").header(name, &value));
        assert!(api.at_once(asked).iter().all(|answer| answer.status == 401), "{name}");
    }
    for probe in ["/healthz", "/readyz", "/metrics"] {
        let asked = (0..30).map(|_| api.bare(Method::GET, probe));
        assert!(api.at_once(asked).iter().all(|answer| answer.status == 200), "{probe}");
    }
    // What is for everybody is counted whatever a request claims to carry.
    let asked = (0..60).map(|_| api.bare(Method::GET, "/docs/").header("authorization", "Bearer wrong"));
    assert!(api.at_once(asked).iter().any(|answer| answer.status == 429));
    // A name that only looks like the session's is none.
    let asked = (0..60).map(|_| api.bare(Method::GET, "/nothing").header("cookie", "xrelance=1; relance-x=2"));
    assert!(api.at_once(asked).iter().any(|answer| answer.status == 429));
}
