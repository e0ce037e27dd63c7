//! One kept-alive HTTP/1.1 connection of the load generator: a request and the connection that carries it are polled by
//! one task, which saves two wake-ups per request.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;

use anyhow::{Context, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::cli::client::ServerArgs;

/// Where the requests go, with the headers made once.
#[derive(Clone, Debug)]
pub struct Target {
    pub(super) address: String,
    pub(super) prefix: String,
    pub(super) host: HeaderValue,
    pub(super) authorization: Option<HeaderValue>,
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
    /// What it counts as; figures are kept for each kind.
    pub kind: usize,
    method: Method,
    path: String,
    body: Bytes,
}

impl Call {
    /// Reads `path`, which follows `/api/v1`.
    pub fn get(path: String) -> Call {
        Call { kind: 0, method: Method::GET, path, body: Bytes::new() }
    }

    /// Posts an empty JSON object to `path`, which follows `/api/v1`.
    pub fn post_nothing(path: String) -> Call {
        Call { kind: 0, method: Method::POST, path, body: Bytes::from_static(b"{}") }
    }

    /// Posts JSON to `path`, which follows `/api/v1`.
    pub fn post(path: String, json: String) -> Call {
        Call { kind: 0, method: Method::POST, path, body: json.into() }
    }

    /// Patches what stands at `path`, which follows `/api/v1`.
    pub fn patch(path: String, json: String) -> Call {
        Call { kind: 0, method: Method::PATCH, path, body: json.into() }
    }

    /// The same, counted as `kind`.
    pub fn of_kind(self, kind: usize) -> Call {
        Call { kind, ..self }
    }
}

/// A connection, opened again where the server has closed it.
pub(super) struct Connection {
    target: Target,
    link: Option<Link>,
    /// The body of the last answer; its memory is used again.
    pub(super) answer: Vec<u8>,
}

impl Connection {
    pub(super) async fn open(target: &Target) -> anyhow::Result<Connection> {
        let link = Some(Link::open(target).await?);
        Ok(Connection { target: target.clone(), link, answer: Vec::new() })
    }

    pub(super) fn request(&self, call: Call) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request = Request::new(Full::new(call.body));
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
    pub(super) async fn exchange(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<StatusCode> {
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
