//! HTTP as a careful client speaks it: every command has a key, and one without an answer is kept to be repeated.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, ETAG};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::program::TOKEN;

/// There was no answer: nobody knows whether the command was taken.
#[derive(Debug)]
pub struct Lost;

/// What is asked, so that it can be asked again byte for byte.
#[derive(Clone, Debug)]
pub struct Command {
    pub method: Method,
    pub path: String,
    pub key: String,
    pub content_type: &'static str,
    pub body: String,
}

impl Command {
    pub fn post(path: impl Into<String>, key: String, body: &Value) -> Command {
        Command::json(Method::POST, path.into(), key, body)
    }

    pub fn json(method: Method, path: String, key: String, body: &Value) -> Command {
        Command { method, path, key, content_type: "application/json", body: body.to_string() }
    }
}

/// An answer of the server that was read to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// The version in the ETag; 0 where there is none.
    pub version: u32,
    pub body: Value,
}

impl Answer {
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The code of a problem, or of a batch item's.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// Speaks to one server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    /// A permit for each command that was answered.
    answers: Arc<Semaphore>,
}

impl Client {
    pub fn new(address: &str) -> Client {
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().unwrap();
        Client { http, base: format!("{address}/api/v1"), answers: Arc::new(Semaphore::new(0)) }
    }

    /// Waits until so many commands more have been answered. The load stands still if that takes a minute.
    pub async fn answers(&self, more: u32) {
        self.answers.forget_permits(Semaphore::MAX_PERMITS);
        let answered = tokio::time::timeout(Duration::from_secs(60), self.answers.acquire_many(more)).await;
        answered.expect("the clients work").expect("nobody closes it").forget();
    }

    pub async fn ask(&self, command: &Command) -> Result<Answer, Lost> {
        let request = self.http.request(command.method.clone(), format!("{}{}", self.base, command.path));
        let request = request.header(CONTENT_TYPE, command.content_type).body(command.body.clone());
        let answer = answer(request.header("Idempotency-Key", &command.key)).await?;
        // A batch may come to the end of a server when some of it is done.
        let results = answer.body["results"].as_array();
        if results.is_some_and(|results| results.iter().any(|result| result["error"]["status"] == 503)) {
            return Err(Lost);
        }
        assert!(answer.status != 500, "{command:?} met a defect: {answer:?}");
        self.answers.add_permits(1);
        Ok(answer)
    }

    pub async fn get(&self, path: &str) -> Result<Answer, Lost> {
        answer(self.http.get(format!("{}{path}", self.base))).await
    }

    /// Reads what must be there.
    pub async fn read(&self, path: &str) -> Result<Answer, Lost> {
        let answer = self.get(path).await?;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        Ok(answer)
    }

    /// Every item of a list, in the largest pages.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>, Lost> {
        self.pages(path, 500).await
    }

    /// Every item of a list, page by page.
    pub async fn pages(&self, path: &str, size: usize) -> Result<Vec<Value>, Lost> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let mut page = self.read(&format!("{path}?limit={size}{cursor}")).await?.body;
            items.append(page["items"].as_array_mut().unwrap());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(items),
            }
        }
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, Lost> {
    let response = request.bearer_auth(TOKEN).send().await.map_err(|_| Lost)?;
    let status = response.status().as_u16();
    let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()?.trim_matches(['"', 'v']).parse().ok());
    let text = response.text().await.map_err(|_| Lost)?;
    if status == 503 {
        return Err(Lost);
    }
    Ok(Answer { status, version: etag.unwrap_or(0), body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
}
