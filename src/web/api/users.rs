//! `/users`: who works with the server.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, patch, post};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::account::Account;
use crate::domain::account::command::AccountCommand;
use crate::domain::organisation::command::{OrganisationCommand, UserChange};
use crate::domain::organisation::{Organisation, User, UserProfile, UserState};
use crate::domain::permission::{Denial, Role, Roles};
use crate::domain::policy::DEFAULT_UNIT;
use crate::id::{KeyId, OrganisationId, UserId};
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::records::etag;
use crate::web::auth::{Principal, real_now};
use crate::web::problem::Problem;
use crate::web::request::{self, Body, Nothing, Query, page_by_name, present};
use crate::web::secret::Secret;
use crate::web::wire::Page;

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    id: String,
    name: String,
    email: String,
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
    business_unit: String,
    time_zone: Option<String>,
    language: Option<String>,
    /// `invited`, `active` or `disabled`.
    state: &'static str,
}

impl UserView {
    /// The user as they stand.
    pub fn of(id: UserId, user: &User) -> UserView {
        let UserProfile { name, email, roles, business_unit, time_zone, language } = user.profile.clone();
        let state = match user.state {
            UserState::Invited => "invited",
            UserState::Active => "active",
            UserState::Disabled => "disabled",
        };
        UserView { id: id.to_string(), name, email, roles: roles.into(), business_unit, time_zone, language, state }
    }

    /// The administrator that every organisation has: it holds the token that the server was started with.
    pub fn built_in() -> UserView {
        let profile = UserProfile {
            name: "Administrator".into(),
            roles: [Role::SystemAdministrator].into_iter().collect(),
            business_unit: DEFAULT_UNIT.into(),
            ..UserProfile::default()
        };
        UserView::of(UserId::ADMINISTRATOR, &User { profile, state: UserState::Active, version: 1 })
    }
}

/// A user to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Shown to colleagues.
    name: String,
    /// Signs in with it.
    email: String,
    /// `system_administrator`, `sequence_manager`, `sales_manager`, `seller`: at least one.
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
    /// `default` where it is not given.
    business_unit: Option<String>,
    /// IANA time zone.
    time_zone: Option<String>,
    /// `en`, `fr` or `gl`.
    language: Option<String>,
}

/// What may be written of a user (RFC 7396).
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserBody {
    name: Option<String>,
    email: Option<String>,
    #[schema(value_type = Option<Vec<String>>)]
    roles: Option<Vec<Role>>,
    business_unit: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    time_zone: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<String>>,
}

/// Which users a list shows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// A part of name or address.
    q: Option<String>,
    /// 1–500; 50 where it is not given.
    #[serde(default, deserialize_with = "request::number")]
    limit: Option<usize>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// A user's id; the built-in administrator's cannot be changed.
pub fn user_id(text: &str) -> Result<UserId, Problem> {
    UserId::parse(text).ok_or_else(|| Problem::not_found("user"))
}

/// Asks the organisation and shows what became of one user.
async fn submit(
    engine: &Engine,
    user: UserId,
    command: OrganisationCommand,
    caller: Caller,
) -> Result<(UserView, u32), Problem> {
    let caller = Caller { expected: None, ..caller };
    let done = engine.submit::<Organisation, _>(OrganisationId::THE, command, caller, move |seen| {
        seen.state.users.get(&user).map(|found| (UserView::of(user, found), found.version))
    });
    done.await?.ok_or_else(|| Problem::not_found("user"))
}

fn shown((view, version): (UserView, u32)) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(version)).json(view)
}

/// Add a user, who can sign in once they were invited.
#[utoipa::path(tag = "People", request_body = NewUser,
    responses((status = 201, body = UserView), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
#[post("/users")]
pub async fn create_user(app: Data<App>, body: Body<NewUser>) -> Result<HttpResponse, Problem> {
    let NewUser { name, email, roles, business_unit, time_zone, language } = body.value;
    let business_unit = business_unit.unwrap_or_else(|| DEFAULT_UNIT.into());
    let profile = UserProfile { name, email, roles: roles.into(), business_unit, time_zone, language };
    let engine = &app.engine;
    let user = UserId(engine.ids.named_by(body.caller.command, engine.clock().now()));
    let command = OrganisationCommand::AddUser { user, profile };
    let (view, version) = submit(engine, user, command, body.caller).await?;
    let location = format!("/api/v1/users/{user}");
    Ok(HttpResponse::Created().insert_header(etag(version)).insert_header((LOCATION, location)).json(view))
}

/// Users: those of your business unit and your teams, for administrators and sequence managers all; by name.
#[utoipa::path(tag = "People", params(UserFilter),
    responses((status = 200, body = Page<UserView>), (status = 400, body = Problem)))]
#[get("/users")]
pub async fn list_users(
    app: Data<App>,
    by: Principal,
    Query(filter): Query<UserFilter>,
) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    let person = given.policy.person(by.user())?;
    let q = filter.q.as_deref().map(str::to_lowercase);
    let shows = |user: &User| {
        q.as_deref().is_none_or(|q| {
            user.profile.name.to_lowercase().contains(q) || user.profile.email.to_lowercase().contains(q)
        })
    };
    let users = given.policy.organisation.users.iter().filter(|(id, user)| person.may_know(**id) && shows(user));
    let users = users.map(|(id, user)| (*id, user.profile.name.clone(), user));
    let page = page_by_name(users, UserId::parse, (filter.limit, filter.cursor.as_deref()), UserView::of)?;
    Ok(HttpResponse::Ok().json(page))
}

/// One user.
#[utoipa::path(tag = "People", responses((status = 200, body = UserView), (status = 404, body = Problem)))]
#[get("/users/{id}")]
pub async fn get_user(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = user_id(&id)?;
    let given = app.engine.given();
    let person = given.policy.person(by.user())?;
    if id == UserId::ADMINISTRATOR {
        return Ok(shown((UserView::built_in(), 1)));
    }
    let user = given.policy.user(id).ok_or_else(|| Problem::not_found("user"))?;
    if !person.may_know(id) {
        return Err(Denial::hidden("user").into());
    }
    Ok(shown((UserView::of(id, user), user.version)))
}

/// Change a user; a change of roles holds from the next request on.
#[utoipa::path(tag = "People", request_body = UserBody,
    responses((status = 200, body = UserView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/users/{id}")]
pub async fn patch_user(app: Data<App>, id: Path<String>, body: Body<UserBody>) -> Result<HttpResponse, Problem> {
    let user = user_id(&id)?;
    let UserBody { name, email, roles, business_unit, time_zone, language } = body.value;
    let changes = [
        name.map(UserChange::Name),
        email.map(UserChange::Email),
        roles.map(|roles| UserChange::Roles(Roles::from(roles))),
        business_unit.map(UserChange::BusinessUnit),
        time_zone.map(UserChange::TimeZone),
        language.map(UserChange::Language),
    ];
    let changes = changes.into_iter().flatten().collect();
    let command = OrganisationCommand::ChangeUser { user, changes, expected: body.caller.expected };
    Ok(shown(submit(&app.engine, user, command, body.caller).await?))
}

/// An invitation.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationView {
    /// The link by which the user sets a password: shown once, for whoever invites to pass on.
    link: String,
    expires_at: String,
}

/// Make a link by which a user sets a password; the link before it ends. Also for somebody who has forgotten theirs.
#[utoipa::path(tag = "People", request_body = Nothing,
    responses((status = 200, body = InvitationView), (status = 403, body = Problem), (status = 404, body = Problem)))]
#[post("/users/{id}/invite")]
pub async fn invite_user(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let user = user_id(&id)?;
    // The secret is in no log, so its repeat makes another one.
    let caller = Caller { command: None, expected: None, ..body.caller };
    let (secret, expires_at) =
        (Secret::fresh(KeyId(user.0))?, real_now() + TimeDelta::days(app.sign_in.invitation_days));
    let command = AccountCommand::Invite { digest: secret.digest(), expires_at };
    app.engine.submit::<Account, _>(user.account(), command, caller, |_| ()).await?;
    let link = app.link(&format!("/invitation/{}", secret.text()));
    Ok(HttpResponse::Ok().json(InvitationView { link, expires_at: expires_at.to_string() }))
}

/// Accept nothing from a user any more; their sessions and tokens are refused from the next request on.
#[utoipa::path(tag = "People", request_body = Nothing,
    responses((status = 200, body = UserView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
#[post("/users/{id}/disable")]
pub async fn disable_user(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let user = user_id(&id)?;
    let disabled = submit(&app.engine, user, OrganisationCommand::DisableUser { user }, body.caller).await?;
    // Were the user let in again, nobody should still be signed in as them.
    let caller = Caller { command: None, expected: None, ..body.caller };
    app.engine.submit::<Account, _>(user.account(), AccountCommand::CloseSessions, caller, |_| ()).await?;
    Ok(shown(disabled))
}

/// Let a disabled user in again.
#[utoipa::path(tag = "People", request_body = Nothing,
    responses((status = 200, body = UserView), (status = 403, body = Problem), (status = 404, body = Problem)))]
#[post("/users/{id}/enable")]
pub async fn enable_user(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let user = user_id(&id)?;
    Ok(shown(submit(&app.engine, user, OrganisationCommand::EnableUser { user }, body.caller).await?))
}
