//! Forms: each is one request of the API, written as a form so that it works without script. Its address is
//! `/do/METHOD/PATH`; the names of its fields are places in the JSON (see [`read`]). Fields that begin with `_` are about the
//! request: `_match` (`If-Match`), `_key` (`Idempotency-Key`), `_at` (the page that it stands on, shown again where it is
//! refused), `_then` (the page that follows; `{id}` in it is that of the answer), `_done` (what is said there), `_once` (the
//! page that it stands on shows the answer) and `_single` (of an answer to one of several, its only result is the answer).

mod read;
mod show;
mod whole;

pub use self::read::read;
pub use self::show::{Control, Form, hidden, key};
pub use self::whole::is_flat;

use actix_web::dev::Payload;
use actix_web::http::header::LOCATION;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Bytes, Path};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, post};
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::inside::{Sent, problem_in};
use super::page::{Answered, Page};
use crate::web::problem::Problem;
use crate::web::request::bytes;

/// A form that was refused, so that its page can show it again with what was in it.
#[derive(Debug)]
pub struct Refused {
    action: String,
    fields: Vec<(String, String)>,
    /// Why.
    pub problem: Problem,
}

/// What a form sends, in order; as long as a JSON body may be.
pub struct Fields(pub Vec<(String, String)>);

impl FromRequest for Fields {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Fields, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            if request.content_type() != "application/x-www-form-urlencoded" {
                let detail = "this address takes application/x-www-form-urlencoded";
                return Err(Problem::new("unsupported_media_type", detail));
            }
            let body = bytes(&request, &mut payload).await?;
            Ok(Fields(url::form_urlencoded::parse(&body).into_owned().collect()))
        })
    }
}

impl Refused {
    /// A form of its own address that was refused.
    pub fn of(action: String, problem: Problem) -> Refused {
        Refused { action, fields: Vec::new(), problem }
    }
}

/// What is sent, whatever it is; as long as a JSON body may be.
pub struct Raw(pub Bytes);

impl FromRequest for Raw {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Raw, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move { Ok(Raw(bytes(&request, &mut payload).await?)) })
    }
}

/// Sends a form on to the API, and leads to the page that follows.
#[post("/do/{method}/{path:.*}")]
pub async fn post_do(
    page: Page,
    path: Path<(String, String)>,
    Fields(fields): Fields,
) -> Result<HttpResponse, Problem> {
    let (method, path) = path.into_inner();
    let about = |name: &str| fields.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let method: Method = method.parse().map_err(|_| Problem::not_found("page"))?;
    let action = format!("/do/{method}/{path}");
    let body = read(&fields, page.zone);
    let answer = match body {
        Ok(body) => {
            let sent = Sent { body: Some(body), version: about("_match"), key: about("_key"), ..Sent::default() };
            page.send(method, &format!("/{path}"), sent).await
        }
        Err(problem) => Err(problem),
    };
    let answer = answer.and_then(|answer| match &answer["results"][0]["error"] {
        error if error.is_object() && about("_single").is_some() => Err(problem_in(error)),
        _ => Ok(answer),
    });
    let then = about("_then").filter(|then| is_local(then)).or_else(|| about("_at").filter(|at| is_local(at)));
    let then = then.unwrap_or_else(|| "/".into());
    follow(&page, action, fields, answer.map(|answer| (then, answer))).await
}

/// Leads to the page that follows a form, or shows the one that it stands on again with what is wrong.
pub async fn follow(
    page: &Page,
    action: String,
    fields: Vec<(String, String)>,
    answer: Result<(String, Value), Problem>,
) -> Result<HttpResponse, Problem> {
    let about = |name: &str| fields.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    // What is shown again is a page: an answer of the API is none.
    match (answer, about("_at").filter(|at| is_local(at) && !at.starts_with("/api/"))) {
        (Ok((_, value)), Some(at)) if about("_once").is_some() => {
            page.once(&at, Answered { action, fields, value }).await
        }
        (Ok((then, answer)), _) => {
            let then = then.replace("{id}", answer["id"].as_str().unwrap_or_default());
            let then = match about("_done") {
                Some(done) => said(&then, &done),
                None => then,
            };
            Ok(lead_to(&then))
        }
        (Err(problem), Some(at)) if problem.code != "unauthenticated" => {
            page.again(&at, Refused { action, fields, problem }).await
        }
        (Err(problem), _) => Err(problem),
    }
}

/// The page that follows a form.
pub fn lead_to(address: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::SEE_OTHER).insert_header((LOCATION, address)).finish()
}

/// Whether an address is one of this server's.
pub fn is_local(address: &str) -> bool {
    address.starts_with('/') && !address.starts_with("//") && !address.contains(['\\', '\r', '\n', '\t'])
}

/// The address with what is to be said there.
fn said(address: &str, done: &str) -> String {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "done") {
        pairs.append_pair(&name, &value);
    }
    pairs.append_pair("done", done);
    format!("{path}?{}", pairs.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_to_this_server_only() {
        for (address, expected) in
            [("/a?b", true), ("//evil.example", false), ("https://evil.example", false), ("/\\evil", false)]
        {
            assert_eq!(is_local(address), expected, "{address}");
        }
        assert_eq!(said("/a?x=1&done=old", "saved"), "/a?x=1&done=saved");
    }
}
