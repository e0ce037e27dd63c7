//! A closed-loop HTTP/1.1 load generator that costs little itself: it shares the machine with what it measures.
//!
//! Each connection has one request under way and sends the next when the answer is in. Everything runs on one thread;
//! a request and the connection that carries it are polled by one task, which saves two wake-ups per request.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::client::ServerArgs;

/// Where the requests go, with the headers made once.
#[derive(Clone, Debug)]
pub struct Target {
    address: String,
    prefix: String,
    host: HeaderValue,
    authorization: Option<HeaderValue>,
}

impl Target {
    /// The server of the command line.
    pub fn new(args: &ServerArgs) -> anyhow::Result<Target> {
        let (Some(host), Some(port)) = (args.server.host_str(), args.server.port_or_known_default()) else {
            bail!("{} is no address of a server", args.shown());
        };
        let address = format!("{host}:{port}");
        let prefix = format!("{}/api/v1", args.server.path().trim_end_matches('/'));
        let host = HeaderValue::try_from(&address).context("the server's name cannot be sent")?;
        Ok(Target { address, prefix, host, authorization: args.authorization()? })
    }
}

/// One request.
pub struct Call {
    method: Method,
    path: String,
    body: &'static [u8],
}

impl Call {
    /// Reads `path`, which follows `/api/v1`.
    pub fn get(path: String) -> Call {
        Call { method: Method::GET, path, body: b"" }
    }

    /// Posts an empty JSON object to `path`, which follows `/api/v1`.
    pub fn post_nothing(path: String) -> Call {
        Call { method: Method::POST, path, body: b"{}" }
    }
}

/// What one connection has to do.
pub trait Work: Send + 'static {
    /// The next request; none ends the connection's work.
    fn next(&mut self) -> Option<Call>;
    /// The answer to it. An error is counted and its first text is kept.
    fn answered(&mut self, status: StatusCode, body: &[u8]) -> Result<(), String>;
}

/// What was measured over all connections.
#[derive(Debug, Default)]
pub struct Measured {
    /// Latency of each request in microseconds, ascending.
    latencies_us: Vec<u32>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// Requests that were not answered as wished.
    pub refused: u64,
    /// The first of them in words.
    pub first_refusal: Option<String>,
}

impl Measured {
    /// Requests that were answered.
    pub fn requests(&self) -> u64 {
        self.latencies_us.len() as u64
    }

    /// The latency that `share` (0–1) of the requests did not exceed, in milliseconds.
    pub fn percentile_ms(&self, share: f64) -> Option<f64> {
        let rank = (share * self.latencies_us.len() as f64).ceil() as usize;
        let latency_us = self.latencies_us.get(rank.max(1) - 1)?;
        Some(f64::from(*latency_us) / 1_000.0)
    }

    fn add(&mut self, other: Measured) {
        self.latencies_us.extend(other.latencies_us);
        self.refused += other.refused;
        self.first_refusal = self.first_refusal.take().or(other.first_refusal);
    }
}

/// Gives each of `work` a connection and runs all of them while `goes_on` says so and there is something to do. Returns
/// what was measured and the work as it was left, in its order.
pub async fn run<W: Work>(
    target: &Target,
    work: Vec<W>,
    goes_on: impl Fn() -> bool + Clone + Send + 'static,
) -> anyhow::Result<(Measured, Vec<W>)> {
    let mut opened = Vec::with_capacity(work.len());
    for work in work {
        opened.push((Connection::open(target).await?, work));
    }
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for (at, (connection, work)) in opened.into_iter().enumerate() {
        let goes_on = goes_on.clone();
        tasks.spawn(async move { (at, cycle(connection, work, goes_on).await) });
    }
    let (mut all, mut left) = (Measured::default(), Vec::new());
    while let Some(ended) = tasks.join_next().await {
        let (at, outcome) = ended.context("a connection's task broke off")?;
        let (measured, work) = outcome?;
        all.add(measured);
        left.push((at, work));
    }
    all.elapsed = started.elapsed();
    all.latencies_us.sort_unstable();
    left.sort_by_key(|(at, _)| *at);
    Ok((all, left.into_iter().map(|(_, work)| work).collect()))
}

async fn cycle<W: Work>(
    mut connection: Connection,
    mut work: W,
    goes_on: impl Fn() -> bool,
) -> anyhow::Result<(Measured, W)> {
    let mut measured = Measured::default();
    while goes_on() {
        let Some(call) = work.next() else { break };
        let request = connection.request(call)?;
        let started = Instant::now();
        let status = connection.exchange(request).await?;
        let latency_us = u32::try_from(started.elapsed().as_micros()).unwrap_or(u32::MAX);
        measured.latencies_us.push(latency_us);
        if let Err(refusal) = work.answered(status, &connection.answer) {
            measured.refused += 1;
            measured.first_refusal.get_or_insert(refusal);
        }
    }
    Ok((measured, work))
}

/// A kept-alive connection, opened again where the server has closed it.
struct Connection {
    target: Target,
    link: Option<Link>,
    /// The body of the last answer; its memory is used again.
    answer: Vec<u8>,
}

impl Connection {
    async fn open(target: &Target) -> anyhow::Result<Connection> {
        let link = Some(Link::open(target).await?);
        Ok(Connection { target: target.clone(), link, answer: Vec::new() })
    }

    fn request(&self, call: Call) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request = Request::new(Full::new(Bytes::from_static(call.body)));
        let uri = Uri::try_from([self.target.prefix.as_str(), &call.path].concat());
        *request.uri_mut() = uri.with_context(|| format!("`{}` is no path", call.path))?;
        *request.method_mut() = call.method;
        let headers = request.headers_mut();
        headers.insert(HOST, self.target.host.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(authorization) = &self.target.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        Ok(request)
    }

    /// Sends a request and reads its whole answer.
    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<StatusCode> {
        let ready = match &mut self.link {
            Some(link) => link.is_ready().await,
            None => false,
        };
        let mut link = match self.link.take() {
            Some(link) if ready => link,
            _ => Link::open(&self.target).await?,
        };
        let status = link.exchange(request, &mut self.answer).await.context("the server closed a connection")?;
        self.link = Some(link);
        Ok(status)
    }
}

type Driver = http1::Connection<TokioIo<TcpStream>, Full<Bytes>>;

/// One end of a connection: requests go in at `sender`, `driver` moves the bytes.
struct Link {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: Option<Pin<Box<Driver>>>,
}

impl Link {
    async fn open(target: &Target) -> anyhow::Result<Link> {
        let unreachable = || format!("no server answers at {}", target.address);
        let stream = TcpStream::connect(&target.address).await.with_context(unreachable)?;
        stream.set_nodelay(true).with_context(unreachable)?;
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.with_context(unreachable)?;
        Ok(Link { sender, driver: Some(Box::pin(driver)) })
    }

    /// Whether another request can be sent; false once the server has closed.
    async fn is_ready(&mut self) -> bool {
        let Link { sender, driver } = self;
        drive(driver, sender.ready()).await.is_ok()
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>, answer: &mut Vec<u8>) -> hyper::Result<StatusCode> {
        let Link { sender, driver } = self;
        answer.clear();
        let exchange = async {
            let mut response = sender.send_request(request).await?;
            while let Some(frame) = response.frame().await {
                if let Ok(data) = frame?.into_data() {
                    answer.extend_from_slice(&data);
                }
            }
            Ok(response.status())
        };
        drive(driver, exchange).await
    }
}

/// Polls both in one task: first the request goes to the driver, then the driver moves bytes, then the answer may be in.
async fn drive<F: Future>(driver: &mut Option<Pin<Box<Driver>>>, future: F) -> F::Output {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        if let done @ Poll::Ready(_) = future.as_mut().poll(context) {
            return done;
        }
        if driver.as_mut().is_some_and(|driver| driver.as_mut().poll(context).is_ready()) {
            // Without a driver whoever waits for an answer learns that none will come.
            *driver = None;
        }
        future.as_mut().poll(context)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_latencies_that_occurred() {
        let measured = Measured { latencies_us: (1..=200).map(|n| n * 1_000).collect(), ..Measured::default() };
        assert_eq!(measured.percentile_ms(0.5), Some(100.0));
        assert_eq!(measured.percentile_ms(0.99), Some(198.0));
        assert_eq!(measured.percentile_ms(1.0), Some(200.0));
        assert_eq!(Measured::default().percentile_ms(0.5), None);
    }

    #[derive(Default)]
    struct Ten {
        asked: u32,
        answers: Vec<String>,
    }

    impl Work for Ten {
        fn next(&mut self) -> Option<Call> {
            self.asked += 1;
            (self.asked <= 10).then(|| Call::post_nothing(format!("/echo/{}", self.asked)))
        }
        fn answered(&mut self, status: StatusCode, body: &[u8]) -> Result<(), String> {
            self.answers.push(String::from_utf8_lossy(body).into_owned());
            if status.is_success() { Ok(()) } else { Err(status.to_string()) }
        }
    }

    #[test]
    fn each_connection_sends_its_own_requests_in_order_and_opens_again_when_closed() {
        use actix_web::{App, HttpResponse, HttpServer, web};
        let echo = |path: web::Path<u32>, body: Bytes| async move {
            let text = format!("{path} {}", String::from_utf8_lossy(&body));
            match *path {
                3 => HttpResponse::Ok().force_close().body(text),
                7 => HttpResponse::Conflict().body(text),
                _ => HttpResponse::Ok().body(text),
            }
        };
        actix_web::rt::System::new().block_on(async move {
            let app = move || App::new().route("/api/v1/echo/{n}", web::post().to(echo));
            let server = HttpServer::new(app).workers(1).bind("127.0.0.1:0").unwrap();
            let address = server.addrs()[0].to_string();
            let server = server.run();
            let handle = server.handle();
            tokio::spawn(server);
            let host = HeaderValue::try_from(&address).unwrap();
            let target = Target { address, prefix: "/api/v1".into(), host, authorization: None };
            let (measured, work) = run(&target, vec![Ten::default(), Ten::default()], || true).await.unwrap();
            assert_eq!((measured.requests(), measured.refused), (20, 2));
            assert_eq!(measured.first_refusal.as_deref(), Some("409 Conflict"));
            let expected: Vec<_> = (1..=10).map(|n| format!("{n} {{}}")).collect();
            assert!(work.iter().all(|work| work.answers == expected));
            handle.stop(false).await;
        });
    }
}
