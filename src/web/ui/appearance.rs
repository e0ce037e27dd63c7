//! `POST /appearance`: language and light. Both live in the browser; who is signed in keeps the language in their profile.

use actix_web::cookie::time::Duration;
use actix_web::http::header::{LOCATION, SET_COOKIE};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse, post};
use serde::Deserialize;
use serde_json::json;

use super::form::is_local;
use super::inside::{Inside, Sent};
use super::page::{LANGUAGE, THEME};
use super::session::{Visitor, cookie};
use crate::domain::language::Language;
use crate::web::App;
use crate::web::hygiene::origin::judge_origin;
use crate::web::problem::Problem;

/// What the menu sends: one of the two, and the page that it stands on.
#[derive(Deserialize)]
pub struct AppearanceForm {
    language: Option<String>,
    theme: Option<String>,
    _then: Option<String>,
}

/// Sets either.
#[post("/appearance")]
pub async fn post_appearance(
    app: Data<App>,
    request: HttpRequest,
    visitor: Option<Visitor>,
    form: Form<AppearanceForm>,
) -> Result<HttpResponse, Problem> {
    judge_origin(&request)?;
    let AppearanceForm { language, theme, _then } = form.into_inner();
    let then = _then.filter(|then| is_local(then)).unwrap_or_else(|| "/".into());
    let mut response = HttpResponse::build(StatusCode::SEE_OTHER);
    response.insert_header((LOCATION, then));
    if let Some(language) = language.as_deref().and_then(Language::from_code) {
        response.append_header((
            SET_COOKIE,
            cookie(&app, LANGUAGE, language.code().into(), Duration::days(400)).to_string(),
        ));
        if visitor.is_some() {
            let body = Some(json!({ "language": language.code() }));
            Inside::ask(&request, Method::PATCH, "/me/settings", Sent { body, ..Sent::default() }).await?;
        }
    }
    if let Some(theme) = theme {
        let (value, age) = match theme.as_str() {
            "light" | "dark" => (theme, Duration::days(400)),
            _ => (String::new(), Duration::ZERO),
        };
        response.append_header((SET_COOKIE, cookie(&app, THEME, value, age).to_string()));
    }
    Ok(response.finish())
}
