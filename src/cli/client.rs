//! A client of a running server: the conventions of the API, and its problems as sentences for a person.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Request, Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Times that a busy server is asked again.
const ATTEMPTS_MAX: u32 = 10;
/// The longest download.
const DOWNLOAD_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Bytes shown of an answer that is not from relance.
const SHOWN_MAX: usize = 200;

/// Which server, and who asks.
#[derive(Clone, Debug, Args)]
pub struct ServerArgs {
    /// The running server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub server: Url,
    /// A bearer token, such as one made on the page /account; otherwise RELANCE_TOKEN or RELANCE_ADMIN_TOKEN of the
    /// environment
    #[arg(long, env = "RELANCE_TOKEN", hide_env = true)]
    token: Option<String>,
}

impl ServerArgs {
    /// A server whose address and token are known.
    pub fn new(server: Url, token: String) -> ServerArgs {
        ServerArgs { server, token: Some(token) }
    }

    /// The server's address as a person writes it.
    pub fn shown(&self) -> &str {
        self.server.as_str().trim_end_matches('/')
    }

    /// Whether the server is on this machine.
    pub fn is_local(&self) -> bool {
        let host = self.server.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// The value of the `Authorization` header, if there is any token.
    pub fn authorization(&self) -> anyhow::Result<Option<HeaderValue>> {
        let given = self.token.clone().filter(|token| !token.is_empty());
        let token = given.or_else(|| std::env::var("RELANCE_ADMIN_TOKEN").ok());
        let Some(token) = token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        let mut value =
            HeaderValue::try_from(format!("Bearer {token}")).context("the token cannot be sent as it is")?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// A refusal as the server words it (RFC 9457).
#[derive(Clone, Debug, Default, Deserialize, thiserror::Error)]
pub struct Problem {
    /// The stable name of the refusal.
    #[serde(default)]
    pub code: String,
    /// What is wrong, in a sentence.
    #[serde(default)]
    pub detail: String,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Clone, Debug, Deserialize)]
struct Fault {
    #[serde(default)]
    pointer: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    detail: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.detail, self.code)?;
        // A single fault is often the detail once more.
        for Fault { pointer, code, detail } in self.errors.iter().filter(|fault| fault.detail != self.detail) {
            write!(f, "\n  {pointer}: {detail} ({code})")?;
        }
        Ok(())
    }
}

impl Problem {
    /// The same with its places told in another way.
    #[must_use]
    pub fn placed(mut self, place: impl Fn(&str) -> String) -> Problem {
        self.errors.iter_mut().for_each(|fault| fault.pointer = place(&fault.pointer));
        self
    }
}

/// Speaks to one server and to nothing else.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    server: Url,
    shown: String,
    authorization: Option<HeaderValue>,
}

impl Client {
    /// Connects at the first request.
    pub fn new(args: &ServerArgs) -> anyhow::Result<Client> {
        let (server, shown) = (args.server.clone(), args.shown().to_owned());
        ensure!(server.scheme() == "http", "{shown} cannot be used: commands speak plain http:// to a server nearby");
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(600))
            .build()
            .context("the HTTP client cannot be set up")?;
        Ok(Client { http, server, shown, authorization: args.authorization()? })
    }

    /// `GET /api/v1/PATH`; the parts of the path are escaped.
    pub async fn get<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<T> {
        json(self.send(self.request(Method::GET, path, query)?).await?).await
    }

    /// `GET` of something that is no JSON.
    pub async fn text(&self, path: &[&str]) -> anyhow::Result<String> {
        let response = self.send(self.request(Method::GET, path, &[])?).await?;
        response.text().await.context("the answer broke off")
    }

    /// The server's figures, in the text format of Prometheus.
    pub async fn metrics(&self) -> anyhow::Result<String> {
        let mut request = self.request(Method::GET, &[], &[])?;
        let path = request.url().path().trim_end_matches("/api/v1").to_owned() + "/metrics";
        request.url_mut().set_path(&path);
        self.send(request).await?.text().await.context("the answer broke off")
    }

    /// `GET` of something large, to be read chunk by chunk, however long it takes.
    pub async fn download(&self, path: &[&str]) -> anyhow::Result<Response> {
        let mut request = self.request(Method::GET, path, &[])?;
        *request.timeout_mut() = Some(DOWNLOAD_MAX);
        self.send(request).await
    }

    /// `POST` or `PUT` of a JSON body.
    pub async fn send_json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        let body = serde_json::to_vec(body).context("the request cannot be written")?;
        json(self.send_body(method, path, &[], "application/json", body).await?).await
    }

    /// [`Client::send_json`] as POST.
    pub async fn post<T: DeserializeOwned>(&self, path: &[&str], body: &impl Serialize) -> anyhow::Result<T> {
        self.send_json(Method::POST, path, body).await
    }

    /// [`Client::post`] with a query.
    pub async fn post_with<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        let body = serde_json::to_vec(body).context("the request cannot be written")?;
        json(self.send_body(Method::POST, path, query, "application/json", body).await?).await
    }

    /// `POST` of a CSV file.
    pub async fn post_csv<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        file: Vec<u8>,
    ) -> anyhow::Result<T> {
        json(self.send_body(Method::POST, path, query, "text/csv", file).await?).await
    }

    async fn send_body(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        content_type: &'static str,
        body: Vec<u8>,
    ) -> anyhow::Result<Response> {
        let mut request = self.request(method, path, query)?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        *request.body_mut() = Some(body.into());
        self.send(request).await
    }

    fn request(&self, method: Method, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<Request> {
        let mut url = self.server.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => segments.pop_if_empty().extend(["api", "v1"]).extend(path),
            Err(()) => bail!("{} is no address of a server", self.shown),
        };
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = Request::new(method, url);
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        Ok(request)
    }

    /// Asks again where the server says that it is busy: it has then done nothing.
    async fn send(&self, request: Request) -> anyhow::Result<Response> {
        for _ in 1..ATTEMPTS_MAX {
            let Some(copy) = request.try_clone() else { break };
            let response = self.execute(copy).await?;
            if response.status() != StatusCode::SERVICE_UNAVAILABLE || !response.headers().contains_key(RETRY_AFTER) {
                return self.accept(response).await;
            }
            tokio::time::sleep(retry_after(&response)).await;
        }
        let response = self.execute(request).await?;
        self.accept(response).await
    }

    async fn execute(&self, request: Request) -> anyhow::Result<Response> {
        self.http.execute(request).await.map_err(|error| match error.is_connect() {
            true => anyhow::anyhow!("no server answers at {}; `relance serve` starts one", self.shown),
            false => anyhow::Error::new(error.without_url()).context(format!("asking {} failed", self.shown)),
        })
    }

    async fn accept(&self, response: Response) -> anyhow::Result<Response> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = response.text().await.unwrap_or_default();
        match serde_json::from_str::<Problem>(&text) {
            Ok(problem) if status == StatusCode::UNAUTHORIZED => {
                Err(anyhow::Error::new(problem)
                    .context("the server wants another token (it said at its start where that is); give it by --token or RELANCE_TOKEN"))
            }
            Ok(problem) if !problem.code.is_empty() => Err(problem.into()),
            _ => bail!("{} answered {status}: {}", self.shown, beginning(&text)),
        }
    }
}

async fn json<T: DeserializeOwned>(response: Response) -> anyhow::Result<T> {
    let path = response.url().path().to_owned();
    let body = response.bytes().await.context("the answer broke off")?;
    serde_json::from_slice(&body).with_context(|| {
        format!("the answer of {path} is not what was expected: {}", beginning(&String::from_utf8_lossy(&body)))
    })
}

fn retry_after(response: &Response) -> Duration {
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1).clamp(1, 30))
}

fn beginning(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        server: ServerArgs,
    }

    #[test]
    fn a_problem_reads_as_a_sentence_with_its_parts() {
        let problem: Problem = serde_json::from_str(
            r#"{"type": "/problems/validation_failed", "title": "Invalid", "status": 422, "code": "validation_failed",
                "detail": "2 values do not fit.", "errors": [{"pointer": "/email", "code": "invalid", "detail": "no address"}]}"#,
        )
        .unwrap();
        assert_eq!(problem.to_string(), "2 values do not fit. (validation_failed)\n  /email: no address (invalid)");
    }

    #[test]
    fn parts_of_a_path_and_a_query_are_escaped() {
        let line = Line::parse_from(["line", "--server", "http://localhost:1/below/", "--token", "t"]);
        let client = Client::new(&line.server).unwrap();
        let request = client.request(Method::GET, &["records", "external:lead:a/b"], &[("q", "é&f")]).unwrap();
        assert_eq!(request.url().as_str(), "http://localhost:1/below/api/v1/records/external:lead:a%2Fb?q=%C3%A9%26f");
        assert_eq!(request.headers()[AUTHORIZATION], "Bearer t");
    }

    #[test]
    fn only_this_machine_counts_as_local() {
        let is_local = |host| Line::parse_from(["line", "--server", &format!("http://{host}:1")]).server.is_local();
        for host in ["localhost", "127.0.0.1", "127.8.0.1", "[::1]"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["example.org", "localhost.example.org", "10.0.0.1", "0.0.0.0", "[2001:db8::1]"] {
            assert!(!is_local(host), "{host}");
        }
    }
}
