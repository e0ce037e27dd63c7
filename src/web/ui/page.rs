//! What every page is given: who reads it, in which language, zone and light, and how it asks the API.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use chrono_tz::Tz;
use maud::{Markup, PreEscaped, html};
use serde_json::Value;

use super::form::Refused;
use super::inside::{Inside, Sent};
use super::layout;
use super::session::Visitor;
use super::words::Words;
use crate::domain::language::Language;
use crate::domain::permission::{Grant, Permission};
use crate::time::Timestamp;
use crate::web::App;
use crate::web::problem::Problem;

/// Cookies that hold how pages look; who is signed in keeps the language in their profile as well.
pub const LANGUAGE: &str = "language";
/// `light`, `dark`, or whatever the system says.
pub const THEME: &str = "theme";

/// How a page looks to whoever reads it, signed in or not.
#[derive(Clone, Debug)]
pub struct Look {
    /// In which language.
    pub words: Words,
    /// `light` or `dark`; none is the system's.
    pub theme: Option<&'static str>,
    /// Path and query of the page.
    pub path: String,
}

impl Look {
    /// Of a request: what the profile says, then the browser's own choice, then what it asks for.
    pub fn of(request: &HttpRequest, profile: Option<Language>) -> Look {
        let chosen = request.cookie(LANGUAGE).and_then(|cookie| Language::from_code(cookie.value()));
        let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|header| header.to_str().ok());
        let language = profile.or(chosen).or_else(|| header.and_then(Language::accepted)).unwrap_or_default();
        let theme =
            request.cookie(THEME).and_then(|cookie| ["light", "dark"].into_iter().find(|it| *it == cookie.value()));
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Look { words: Words(language), theme, path }
    }
}

impl FromRequest for Look {
    type Error = Problem;
    type Future = Ready<Result<Look, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Look::of(request, None)))
    }
}

/// What the API answered to a form, shown this once on the form's own page: a secret, or what came of a test.
#[derive(Debug)]
pub struct Answered {
    /// The form's.
    pub action: String,
    /// What was in it.
    pub fields: Vec<(String, String)>,
    /// What was answered.
    pub value: Value,
}

/// A page that somebody who is signed in reads.
pub struct Page {
    /// How it looks.
    pub look: Look,
    /// Who reads it.
    pub visitor: Visitor,
    /// Their name.
    pub name: String,
    /// In which zone they read times.
    pub zone: Tz,
    /// The engine's time: a sandbox's own.
    pub now: Timestamp,
    /// The form that was sent from this page and refused, to be shown again with what was in it.
    pub refused: Option<Rc<Refused>>,
    /// The answer to a form that was sent from this page, where its page shows it.
    pub answered: Option<Rc<Answered>>,
    app: Data<App>,
    request: HttpRequest,
}

impl FromRequest for Page {
    type Error = actix_web::Error;
    type Future = Ready<Result<Page, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let visitor = Visitor::from_request(request, payload).into_inner();
        ready(visitor.and_then(|visitor| Page::of(request, visitor).map_err(Into::into)))
    }
}

impl Page {
    fn of(request: &HttpRequest, visitor: Visitor) -> Result<Page, Problem> {
        let app = request.app_data::<Data<App>>().ok_or_else(|| Problem::new("internal", "no application"))?.clone();
        let given = app.engine.given();
        let profile = given.policy.user(visitor.principal.user()).map(|user| user.profile.clone()).unwrap_or_default();
        let language = profile.language.as_deref().and_then(Language::from_code);
        let refused = request.extensions_mut().remove::<Rc<Refused>>();
        let answered = request.extensions_mut().remove::<Rc<Answered>>();
        Ok(Page {
            look: Look::of(request, language),
            visitor,
            name: profile.name,
            zone: profile.time_zone.as_deref().and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC),
            now: app.engine.clock().now(),
            refused,
            answered,
            app,
            request: request.clone(),
        })
    }

    /// What handlers are given.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The texts of this page's language.
    pub fn words(&self) -> Words {
        self.look.words
    }

    /// A text.
    pub fn say(&self, key: &str) -> String {
        self.words().say(key)
    }

    /// Whether they have a permission at least for what is their own (§2).
    pub fn may(&self, permission: Permission) -> bool {
        self.grant(permission) != Grant::None
    }

    /// How far a permission of theirs goes.
    pub fn grant(&self, permission: Permission) -> Grant {
        let given = self.app.engine.given();
        given.policy.person(self.visitor.principal.user()).map_or(Grant::None, |person| person.roles.grant(permission))
    }

    /// Whether time moves when told.
    pub fn is_sandbox(&self) -> bool {
        self.app.test_clock.is_some()
    }

    /// What designers drew last.
    pub fn drawings(&self) -> &super::designer::memory::Memory {
        &self.app.drawings
    }

    /// When the next timer of a sandbox fires.
    pub fn next_event(&self) -> Option<Timestamp> {
        self.app.engine.next_timer()
    }

    /// What the API answers to `GET /api/v1PATH`.
    pub async fn get(&self, path: &str) -> Result<Value, Problem> {
        Ok(self.get_versioned(path).await?.0)
    }

    /// The same with its version, for a form that changes it.
    pub async fn get_versioned(&self, path: &str) -> Result<(Value, Option<String>), Problem> {
        self.ask(Method::GET, path, Sent::default()).await
    }

    /// What the API answers where that is no JSON.
    pub async fn get_text(&self, path: &str) -> Result<String, Problem> {
        Inside::text(&self.request, path).await
    }

    /// What the API answers to `GET` where there may be nothing: no such thing, or none that they may see.
    pub async fn find(&self, path: &str) -> Result<Option<Value>, Problem> {
        match self.get(path).await {
            Ok(value) => Ok(Some(value)),
            Err(problem) if matches!(problem.code, "not_found" | "forbidden_role" | "option_unavailable") => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// What the API answers to a form of this page.
    pub async fn send(&self, method: Method, path: &str, sent: Sent) -> Result<Value, Problem> {
        Ok(self.ask(method, path, sent).await?.0)
    }

    async fn ask(&self, method: Method, path: &str, sent: Sent) -> Result<(Value, Option<String>), Problem> {
        Inside::ask(&self.request, method, path, Sent { language: Some(self.words().0), ..sent }).await
    }

    /// The page at `path` again, with what was refused.
    pub async fn again(&self, path: &str, refused: Refused) -> Result<HttpResponse, Problem> {
        let status = actix_web::ResponseError::status_code(&refused.problem);
        let (answered, page) = Inside::page(&self.request, path, Rc::new(refused)).await?;
        Ok(super::inside::html(if answered.is_success() { status } else { answered }, page))
    }

    /// The page at `path` again, with the answer to one of its forms.
    pub async fn once(&self, path: &str, answered: Answered) -> Result<HttpResponse, Problem> {
        let (status, page) = Inside::page(&self.request, path, Rc::new(answered)).await?;
        Ok(super::inside::html(status, page))
    }

    /// The page as an answer.
    pub fn show(&self, title: &str, content: &Markup) -> HttpResponse {
        layout::answer(StatusCode::OK, layout::frame(self, title, content))
    }

    /// An instant of the API as people say it, with the exact one behind it.
    pub fn instant(&self, text: &Value) -> Markup {
        match text.as_str().and_then(Timestamp::parse) {
            Some(at) => super::dates::instant(self.words(), self.zone, self.now, at),
            None => PreEscaped(String::new()),
        }
    }

    /// How long ago.
    pub fn ago(&self, text: &Value) -> Markup {
        match text.as_str().and_then(Timestamp::parse) {
            Some(at) => super::dates::ago(self.words(), self.zone, self.now, at),
            None => PreEscaped(String::new()),
        }
    }

    /// A number as the language writes it.
    pub fn number(&self, value: &Value) -> String {
        super::dates::number(self.words().0, value.as_i64().unwrap_or_default())
    }

    /// What the last form led to, in words.
    pub fn done(&self) -> Option<String> {
        let query = self.look.path.split_once('?').map_or("", |(_, query)| query);
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        let done = pairs.find_map(|(name, value)| (name == "done").then(|| format!("done-{value}")))?;
        super::words::has(self.words().0, &done).then(|| self.say(&done))
    }

    /// The same as a notice above the page, or what was refused.
    pub fn told(&self) -> Markup {
        let words = self.words();
        html! {
            @if let Some(refused) = &self.refused { (layout::refusal(words, &refused.problem)) }
            @else if let Some(done) = self.done().filter(|_| self.answered.is_none()) { p.done role="status" { (done) } }
        }
    }
}
