//! `/tokens`: how programs prove for whom they act.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::account::command::{AccountCommand, NewKey};
use crate::domain::account::{Account, Key, KeyKind, TokenScope};
use crate::domain::permission::{Denial, Permission};
use crate::id::{KeyId, UserId};
use crate::runtime::message::Caller;
use crate::time::Timestamp;
use crate::web::App;
use crate::web::api::steps::instant;
use crate::web::api::users::user_id;
use crate::web::auth::{Principal, real_now, scope_name};
use crate::web::problem::Problem;
use crate::web::request::{self, Body, Nothing, Query, cursor, page_limit};
use crate::web::secret::Secret;
use crate::web::wire::Page;

/// A token; its secret is shown once, when it is made.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenView {
    id: String,
    name: String,
    user: String,
    scopes: Vec<&'static str>,
    created_at: String,
    expires_at: Option<String>,
    /// To a few minutes.
    last_used_at: Option<String>,
    /// Send it as `Authorization: Bearer TOKEN`. Only in the answer that makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl TokenView {
    /// `None` of a session.
    fn of(user: UserId, id: KeyId, key: &Key, used_at: Option<Timestamp>) -> Option<TokenView> {
        let KeyKind::Token { name, scopes } = &key.kind else { return None };
        Some(TokenView {
            id: id.to_string(),
            name: name.clone(),
            user: user.to_string(),
            scopes: scopes.iter().map(|scope| scope_name(*scope)).collect(),
            created_at: key.opened_at.to_string(),
            expires_at: key.expires_at.map(|at| at.to_string()),
            last_used_at: used_at.map(|at| at.to_string()),
            token: None,
        })
    }
}

/// A token to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for, in your words.
    name: String,
    /// For whom it acts: you, unless an administrator names somebody else.
    user: Option<String>,
    /// `read`, `write`, `events`, `admin`: at least one.
    #[schema(value_type = Vec<String>)]
    scopes: Vec<TokenScope>,
    /// When it ends by itself; never, where it is not given.
    expires_at: Option<String>,
}

/// Make a token. Its secret is in this answer and nowhere else, also not in the answer to a repeat.
#[utoipa::path(tag = "People", request_body = NewToken,
    responses((status = 201, body = TokenView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/tokens")]
pub async fn create_token(app: Data<App>, body: Body<NewToken>) -> Result<HttpResponse, Problem> {
    let NewToken { name, user, mut scopes, expires_at } = body.value;
    let user = user.as_deref().map_or(Ok(body.caller.by), user_id)?;
    let (name, now) = (name.trim().to_owned(), real_now());
    let expires_at = expires_at.map(|text| instant(&text, "/expires_at")).transpose()?;
    scopes.sort_unstable();
    scopes.dedup();
    let caller = Caller { expected: None, ..body.caller };
    let secret = Secret::fresh(KeyId(app.engine.ids.named_by(caller.command, now)))?;
    let kind = KeyKind::Token { name, scopes };
    let key = NewKey { id: secret.id, kind, digest: secret.digest(), at: now, from: caller.from, expires_at };
    let command = AccountCommand::OpenToken(key);
    let (id, digest) = (secret.id, secret.digest());
    let made = app.engine.submit::<Account, _>(user.account(), command, caller, move |seen| {
        let key = seen.state.keys.get(&id)?;
        Some((TokenView::of(user, id, key, None)?, key.digest == digest))
    });
    let (view, is_new) = made.await?.ok_or_else(|| Problem::not_found("token any more"))?;
    let token = is_new.then(|| secret.text());
    let location = format!("/api/v1/tokens/{id}");
    Ok(HttpResponse::Created().insert_header((LOCATION, location)).json(TokenView { token, ..view }))
}

/// Which tokens a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TokenFilter {
    /// Another user's, for administrators; yours where it is not given.
    user: Option<String>,
    /// 1–500; 50 where it is not given.
    #[serde(default, deserialize_with = "request::number")]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Tokens, newest first, with when they were used last.
#[utoipa::path(tag = "People", params(TokenFilter),
    responses((status = 200, body = Page<TokenView>), (status = 403, body = Problem), (status = 404, body = Problem)))]
#[get("/tokens")]
pub async fn list_tokens(
    app: Data<App>,
    by: Principal,
    Query(filter): Query<TokenFilter>,
) -> Result<HttpResponse, Problem> {
    let user = filter.user.as_deref().map_or(Ok(by.user()), user_id)?;
    let given = app.engine.given();
    given.policy.person(user).map_err(|_| Problem::not_found("user"))?;
    if user != by.user() && !given.policy.person(by.user())?.may_all(Permission::SetUp) {
        return Err(Denial::hidden("user").into());
    }
    let limit = page_limit(filter.limit)?;
    let before = cursor(filter.cursor.as_deref(), KeyId::parse)?;
    let held = app.engine.keyring().of(user);
    let mut tokens: Vec<_> = held
        .iter()
        .filter(|(id, _)| before.is_none_or(|before| *id < before))
        .filter_map(|(id, held)| TokenView::of(user, *id, &held.key, held.last_used_at()))
        .collect();
    tokens.sort_by(|left, right| right.id.cmp(&left.id));
    let next_cursor = tokens.get(limit).and(tokens.get(limit - 1)).map(|token| token.id.clone());
    tokens.truncate(limit);
    Ok(HttpResponse::Ok().json(Page { items: tokens, next_cursor }))
}

/// Revoke a token: it is refused from the next request on.
#[utoipa::path(tag = "People", request_body = Nothing, responses((status = 204), (status = 404, body = Problem)))]
#[delete("/tokens/{id}")]
pub async fn delete_token(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let unknown = || Problem::not_found("token");
    let id = KeyId::parse(&id).ok_or_else(unknown)?;
    let held = app.engine.keyring().find(id).filter(|held| held.key.kind != KeyKind::Session).ok_or_else(unknown)?;
    let command = AccountCommand::Close(id);
    app.engine.submit::<Account, _>(held.user.account(), command, body.caller, |_| ()).await?;
    Ok(HttpResponse::NoContent().finish())
}
