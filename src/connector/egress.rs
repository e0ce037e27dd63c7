//! The one client that asks servers outside of this machine: HTTPS, bounded in time and size, following nobody
//! elsewhere.

pub mod dial;
mod hurry;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

pub use self::dial::{Dial, Reach};
use self::hurry::Hurried;
use crate::limits::EGRESS_ANSWER_MAX;

/// From the first packet to the last byte of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Sends requests outside.
#[derive(Clone)]
pub struct Egress {
    client: Client<Hurried<HttpsConnector<Dial>>, Full<Bytes>>,
    timeout: Duration,
}

impl std::fmt::Debug for Egress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Egress").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// Why there is no answer: a detail for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EgressError(pub String);

impl Egress {
    /// For what the operator has configured. Trusts the public authorities of the web and those in `ca_file` (PEM). Err if that
    /// file holds none.
    pub fn new(ca_file: Option<&Path>) -> Result<Egress, EgressError> {
        Self::with(ca_file, Dial::new(Reach::Anywhere), TIMEOUT)
    }

    /// The same over connections that are made so, each exchange within `timeout`.
    pub fn with(ca_file: Option<&Path>, dial: Dial, timeout: Duration) -> Result<Egress, EgressError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(file) = ca_file {
            add_authorities(&mut roots, file)
                .map_err(|error| EgressError(format!("`{}` holds no certificates: {error}", file.display())))?;
        }
        // The provider is named here, not installed for the process, so that nobody else's client depends on it.
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| EgressError(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(dial);
        // Requests are rare, and a connection kept since the last one would be found closed.
        let connector = Hurried { connector, limit: timeout / 2 };
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Egress { client, timeout })
    }

    /// The whole answer, whatever its status. Redirects are answers. The address must be [`admissible`].
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), EgressError> {
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|error| EgressError(causes(&error)))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), EGRESS_ANSWER_MAX).collect().await;
            Ok((status, body.map_err(|error| EgressError(causes(&*error)))?.to_bytes()))
        };
        let answer = match tokio::time::timeout(self.timeout, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(EgressError(format!("no answer within {} seconds", self.timeout.as_secs()))),
        };
        answer.map_err(|EgressError(detail)| EgressError(format!("{host}: {detail}")))
    }

    /// The status with as much as came behind it, for what may not be done twice: what was never reached is told apart from
    /// what may have taken the request and did not say so.
    pub async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Result<Bytes, String>), Silence> {
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let told = |detail: String| format!("{host}: {detail}");
        let late = || told(format!("no answer within {} seconds", self.timeout.as_secs()));
        let until = tokio::time::Instant::now() + self.timeout;
        let answer = match tokio::time::timeout_at(until, self.client.request(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) if error.is_connect() => return Err(Silence::Unreached(told(causes(&error)))),
            Ok(Err(error)) => return Err(Silence::Unanswered(told(causes(&error)))),
            Err(_) => return Err(Silence::Unanswered(late())),
        };
        let status = answer.status();
        let body = Limited::new(answer.into_body(), EGRESS_ANSWER_MAX).collect();
        let body = match tokio::time::timeout_at(until, body).await {
            Ok(body) => body.map(|body| body.to_bytes()).map_err(|error| told(causes(&*error))),
            Err(_) => Err(late()),
        };
        Ok((status, body))
    }
}

/// Why nothing was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Nobody was there whom the request could have been given to.
    Unreached(String),
    /// They may have it.
    Unanswered(String),
}

fn add_authorities(roots: &mut RootCertStore, file: &Path) -> Result<(), String> {
    let mut added = 0;
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| error.to_string())? {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
        added += 1;
    }
    if added == 0 { Err("no PEM section `CERTIFICATE`".into()) } else { Ok(()) }
}

/// An error with its causes: what the outermost says is seldom the reason.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// An address that may be asked: HTTPS, or HTTP on this very machine, and no credentials in it.
pub fn admissible(address: &str) -> Result<Url, EgressError> {
    let url = Url::parse(address).map_err(|error| EgressError(format!("`{address}` is no address: {error}")))?;
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_local);
    if !is_safe || !url.username().is_empty() || url.password().is_some() {
        return Err(EgressError(format!(
            "`{}` is not https (http is for this machine only)",
            url.origin().ascii_serialization()
        )));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn only_https_leaves_the_machine() {
        for address in [
            "https://id.example",
            "https://id.example:8443/a",
            "http://127.0.0.1:9",
            "http://[::1]/",
            "http://localhost:1",
        ] {
            assert!(admissible(address).is_ok(), "{address}");
        }
        for address in [
            "http://id.example",
            "http://localhost.id.example",
            "http://10.0.0.1/",
            "https://me:secret@id.example/",
            "file:///etc/passwd",
            "ftp://127.0.0.1/",
            "id.example",
            "",
        ] {
            assert!(admissible(address).is_err(), "{address}");
        }
    }

    #[test]
    fn a_file_without_authorities_is_refused_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        assert!(Egress::new(Some(&file)).unwrap_err().to_string().contains("ca.pem"));
        std::fs::write(&file, "no certificate").unwrap();
        assert!(Egress::new(Some(&file)).unwrap_err().to_string().contains("ca.pem"));
    }

    /// A server on this machine that counts who calls; its port.
    fn counting() -> (u16, Arc<AtomicUsize>) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, calls) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counted = calls.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 1_000]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        (port, calls)
    }

    /// A name that stands for the first address when it is asked for the first time, and then for the others in turn.
    fn rebinding(answers: &'static [&'static str]) -> (dial::Lookup, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let lookup = move |_: String, port: u16| -> futures_util::future::BoxFuture<'static, _> {
            let answer = answers[counted.fetch_add(1, Ordering::SeqCst) % answers.len()];
            let found = answer.split(' ').map(|address| SocketAddr::new(address.parse().unwrap(), port)).collect();
            Box::pin(async move { Ok(found) })
        };
        (Arc::new(lookup), asked)
    }

    #[tokio::test]
    async fn the_address_that_was_judged_is_the_one_that_is_called() {
        let (port, calls) = counting();
        // Were it asked for twice, once to judge and once to call, it would lead to where it may not.
        let (lookup, asked) = rebinding(&["127.0.0.2", "127.0.0.1", "127.0.0.1 127.0.0.2"]);
        let named = Reach::PublicAnd(vec!["127.0.0.2/32".parse().unwrap()]);
        let egress = Egress::with(None, Dial::new(named).with_lookup(lookup), Duration::from_secs(5)).unwrap();
        for turn in 1..=6 {
            let request = Request::get(format!("http://hooks.example:{port}/")).body(Full::default()).unwrap();
            let answer = egress.send(request).await.unwrap_err();
            assert_eq!(asked.load(Ordering::SeqCst), turn, "once for each connection");
            let is_refused = answer.to_string().contains("not within reach");
            assert_eq!(is_refused, turn % 3 == 2, "{turn}: {answer}");
        }
        assert_eq!(calls.load(Ordering::SeqCst), 0, "whatever it stood for, this server was not named");
    }

    #[tokio::test]
    async fn an_address_is_judged_however_it_is_written() {
        let (port, calls) = counting();
        let egress = |reach| Egress::with(None, Dial::new(reach), Duration::from_secs(5)).unwrap();
        let call = |egress: Egress, host: &str| {
            let request = Request::get(format!("http://{host}:{port}/")).body(Full::default()).unwrap();
            async move { egress.send(request).await }
        };
        for host in ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"]
        {
            let answer = call(egress(Reach::PublicAnd(vec![])), host).await;
            assert!(answer.is_err(), "{host}");
        }
        assert_eq!(calls.load(Ordering::SeqCst), 0);
        let named = Reach::PublicAnd(vec!["127.0.0.1/32".parse().unwrap()]);
        assert!(call(egress(named), "127.0.0.1").await.is_ok());
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
}
