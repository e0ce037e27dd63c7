//! One client of one record: asks over HTTP, reads the answer in the model's words.

use std::time::Duration;

use relance::id::{EnrolmentId, StepId};
use reqwest::header::{ETAG, IF_MATCH};
use serde_json::{Value, json};

use super::model::{Answered, Asked, Open};
use crate::program::TOKEN;

/// There was no answer: nobody knows whether the request was taken.
#[derive(Debug)]
pub struct Lost;

/// Later than any test runs.
const FAR: &str = "2099-01-01T00:00:00.000Z";

/// Where a record and its sequence are found.
#[derive(Clone, Debug)]
pub struct Place {
    pub record: String,
    pub sequence: String,
}

/// An answer of the server, read to its end.
struct Reply {
    status: u16,
    version: u32,
    body: Value,
}

/// Speaks to whichever server is up.
#[derive(Clone)]
pub struct Client(reqwest::Client);

impl Client {
    pub fn new() -> Client {
        let timeout = Duration::from_secs(60);
        Client(reqwest::Client::builder().no_proxy().timeout(timeout).build().unwrap())
    }

    /// Creates what must be there before the clients begin; the id.
    pub async fn create(&self, address: &str, path: &str, body: &Value) -> String {
        let reply = self.send(self.0.post(url(address, path)).json(body)).await.expect("nobody kills it yet");
        assert!(reply.status < 300, "{path}: {}", reply.body);
        reply.body["id"].as_str().unwrap_or_default().to_owned()
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Reply, Lost> {
        let response = request.bearer_auth(TOKEN).send().await.map_err(|_| Lost)?;
        let status = response.status().as_u16();
        let etag =
            response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()?.trim_matches(['"', 'v']).parse().ok());
        let body = response.bytes().await.map_err(|_| Lost)?;
        // It says itself that the command may have been stored.
        if status == 503 {
            return Err(Lost);
        }
        Ok(Reply { status, version: etag.unwrap_or(0), body: serde_json::from_slice(&body).unwrap_or_default() })
    }

    /// Asks once. With a `key` the same may be asked again, and is taken once.
    pub async fn ask(&self, address: &str, place: &Place, asked: &Asked, key: Option<&str>) -> Result<Answered, Lost> {
        let (record, sequence) = (format!("/records/{}", place.record), &place.sequence);
        let post = |path: String, body: Value| self.0.post(url(address, &path)).json(&body);
        let step = |ordinal: u32, verb: &str| format!("/steps/{}/{verb}", child(place, ordinal));
        let mut request = match asked {
            Asked::Read => self.0.get(url(address, &record)),
            Asked::UpNext => self.0.get(url(address, &format!("{record}/up-next"))),
            Asked::Write { value, expected } => {
                let request = self.0.patch(url(address, &record)).json(&json!({"fields": {"city": value.to_string()}}));
                match expected {
                    Some(version) => request.header(IF_MATCH, format!("\"v{version}\"")),
                    None => request,
                }
            }
            Asked::Connect => post(format!("/sequences/{sequence}/enrolments"), json!({"records": [place.record]})),
            Asked::Disconnect { enrolment } => {
                post(format!("/enrolments/{}/disconnect", child(place, *enrolment)), json!({}))
            }
            Asked::Complete { step: ordinal } => post(step(*ordinal, "complete"), json!({})),
            Asked::Skip { step: ordinal } => post(step(*ordinal, "skip"), json!({})),
            Asked::Snooze { step: ordinal } => post(step(*ordinal, "snooze"), json!({"until": FAR})),
        };
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let reply = self.send(request).await?;
        Ok(read(asked, &reply).unwrap_or_else(|| panic!("{asked:?}: {} {}", reply.status, reply.body)))
    }
}

fn url(address: &str, path: &str) -> String {
    format!("{address}/api/v1{path}")
}

/// The id of what has this ordinal on the record.
fn child(place: &Place, ordinal: u32) -> StepId {
    StepId::of(relance::id::RecordId::parse(&place.record).unwrap(), ordinal)
}

fn step_ordinal(id: &Value) -> Option<u32> {
    StepId::parse(id.as_str()?).map(StepId::ordinal)
}

fn enrolment_ordinal(id: &Value) -> Option<u32> {
    EnrolmentId::parse(id.as_str()?).map(EnrolmentId::ordinal)
}

fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

/// The answer in the model's words; `None` if it has none for it.
fn read(asked: &Asked, reply: &Reply) -> Option<Answered> {
    let (version, body) = (reply.version, &reply.body);
    if reply.status != 200 {
        return Some(Answered::Refused(body["code"].as_str().filter(|_| reply.status < 500)?.to_owned()));
    }
    Some(match asked {
        Asked::Read | Asked::Write { .. } => {
            let value = body["fields"]["city"].as_str().map_or(Some(0), |value| value.parse().ok())?;
            Answered::Record { version, value }
        }
        Asked::UpNext => {
            let open = body["current"].as_array()?.first().map(|item| {
                let step = &item["step"];
                let (enrolment, snoozes) = (enrolment_ordinal(&step["enrolment"])?, number(&step["snooze_count"])?);
                Some(Open { enrolment, step: step_ordinal(&step["id"])?, snoozes })
            });
            let open = match open {
                Some(open) => Some(open?),
                None => None,
            };
            Answered::UpNext { version, open, closed: body["completed"].as_array()?.len() }
        }
        Asked::Connect => {
            let result = &body["results"][0];
            match result["error"]["code"].as_str() {
                Some(code) => Answered::Refused(code.to_owned()),
                None => Answered::Connected {
                    enrolment: enrolment_ordinal(&result["enrolment"]["id"])?,
                    step: step_ordinal(&result["enrolment"]["current_step"])?,
                },
            }
        }
        Asked::Disconnect { .. } => Answered::Disconnected { version },
        Asked::Complete { .. } | Asked::Skip { .. } => {
            Answered::Moved { version, next: step_ordinal(&body["next"]["step"]) }
        }
        Asked::Snooze { .. } => Answered::Snoozed { version, snoozes: number(&body["snooze_count"])? },
    })
}
