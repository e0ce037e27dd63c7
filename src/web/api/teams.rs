//! `/teams`: users who own records together, or are let in to those of others.

use std::collections::BTreeSet;

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, delete, get, patch, post, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::organisation::command::OrganisationCommand;
use crate::domain::organisation::{Organisation, Team, TeamKind};
use crate::domain::permission::{Denial, Permission};
use crate::domain::policy::Person;
use crate::id::{OrganisationId, TeamId, UserId};
use crate::runtime::engine::Engine;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::enrolments::PageQuery;
use crate::web::api::records::etag;
use crate::web::api::users::user_id;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::{Body, Nothing, Query, page_by_name};
use crate::web::wire::Page;

/// What a team is for: `owner` owns records, `access` is let in to those of others.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TeamKindBody {
    /// Owns records.
    Owner,
    /// Is let in.
    Access,
}

impl From<TeamKindBody> for TeamKind {
    fn from(kind: TeamKindBody) -> TeamKind {
        match kind {
            TeamKindBody::Owner => TeamKind::Owner,
            TeamKindBody::Access => TeamKind::Access,
        }
    }
}

/// A team.
#[derive(Debug, Serialize, ToSchema)]
pub struct TeamView {
    id: String,
    name: String,
    kind: TeamKindBody,
    members: Vec<String>,
}

impl TeamView {
    fn of(id: TeamId, team: &Team) -> TeamView {
        TeamView {
            id: id.to_string(),
            name: team.name.clone(),
            kind: match team.kind {
                TeamKind::Owner => TeamKindBody::Owner,
                TeamKind::Access => TeamKindBody::Access,
            },
            members: team.members.iter().map(UserId::to_string).collect(),
        }
    }
}

/// A team to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTeam {
    name: String,
    kind: TeamKindBody,
    /// Ids of users; at most 1,000.
    #[serde(default)]
    members: Vec<String>,
}

/// What may be written of a team; members that are given replace those there are.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TeamBody {
    name: Option<String>,
    kind: Option<TeamKindBody>,
    members: Option<Vec<String>>,
}

fn team_id(text: &str) -> Result<TeamId, Problem> {
    TeamId::parse(text).ok_or_else(|| Problem::not_found("team"))
}

fn members(listed: &[String]) -> Result<BTreeSet<UserId>, Problem> {
    let read = |(place, id): (usize, &String)| {
        UserId::parse(id).ok_or_else(|| Problem::malformed(format!("/members/{place}"), format!("`{id}` is no id")))
    };
    listed.iter().enumerate().map(read).collect()
}

async fn submit(
    engine: &Engine,
    team: TeamId,
    command: OrganisationCommand,
    caller: Caller,
) -> Result<Option<(TeamView, u32)>, Problem> {
    let caller = Caller { expected: None, ..caller };
    let done = engine.submit::<Organisation, _>(OrganisationId::THE, command, caller, move |seen| {
        seen.state.teams.get(&team).map(|found| (TeamView::of(team, found), found.version))
    });
    Ok(done.await?)
}

fn shown(found: Option<(TeamView, u32)>) -> Result<HttpResponse, Problem> {
    let (view, version) = found.ok_or_else(|| Problem::not_found("team"))?;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(view))
}

/// Add a team.
#[utoipa::path(tag = "People", request_body = NewTeam,
    responses((status = 201, body = TeamView), (status = 403, body = Problem), (status = 422, body = Problem)))]
#[post("/teams")]
pub async fn create_team(app: Data<App>, body: Body<NewTeam>) -> Result<HttpResponse, Problem> {
    let (engine, members) = (&app.engine, members(&body.value.members)?);
    let team = TeamId(engine.ids.named_by(body.caller.command, engine.clock().now()));
    let command = OrganisationCommand::AddTeam { team, name: body.value.name, kind: body.value.kind.into(), members };
    let made = submit(engine, team, command, body.caller).await?;
    let (view, version) = made.ok_or_else(|| Problem::not_found("team any more"))?;
    let location = format!("/api/v1/teams/{team}");
    Ok(HttpResponse::Created().insert_header(etag(version)).insert_header((LOCATION, location)).json(view))
}

/// Administrators know every team; others those they are in, and those of people they may know.
fn may_know(person: &Person, id: TeamId, team: &Team) -> bool {
    person.may_all(Permission::SetUp)
        || person.teams.contains(&id)
        || team.members.iter().any(|member| person.may_know(*member))
}

/// Teams, by name.
#[utoipa::path(tag = "People", params(PageQuery),
    responses((status = 200, body = Page<TeamView>), (status = 400, body = Problem)))]
#[get("/teams")]
pub async fn list_teams(
    app: Data<App>,
    by: Principal,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let given = app.engine.given();
    let person = given.policy.person(by.user())?;
    let teams = given.policy.organisation.teams.iter().filter(|(id, team)| may_know(&person, **id, team));
    let teams = teams.map(|(id, team)| (*id, team.name.clone(), team));
    let page = page_by_name(teams, TeamId::parse, (query.limit, query.cursor.as_deref()), TeamView::of)?;
    Ok(HttpResponse::Ok().json(page))
}

/// One team.
#[utoipa::path(tag = "People", responses((status = 200, body = TeamView), (status = 404, body = Problem)))]
#[get("/teams/{id}")]
pub async fn get_team(app: Data<App>, by: Principal, id: Path<String>) -> Result<HttpResponse, Problem> {
    let id = team_id(&id)?;
    let given = app.engine.given();
    let person = given.policy.person(by.user())?;
    let team = given.policy.organisation.teams.get(&id).ok_or_else(|| Problem::not_found("team"))?;
    if !may_know(&person, id, team) {
        return Err(Denial::hidden("team").into());
    }
    shown(Some((TeamView::of(id, team), team.version)))
}

/// Change a team.
#[utoipa::path(tag = "People", request_body = TeamBody,
    responses((status = 200, body = TeamView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem)))]
#[patch("/teams/{id}")]
pub async fn patch_team(app: Data<App>, id: Path<String>, body: Body<TeamBody>) -> Result<HttpResponse, Problem> {
    let team = team_id(&id)?;
    let members = body.value.members.as_deref().map(members).transpose()?;
    let (name, kind, expected) = (body.value.name, body.value.kind.map(Into::into), body.caller.expected);
    let command = OrganisationCommand::ChangeTeam { team, name, kind, members, expected };
    shown(submit(&app.engine, team, command, body.caller).await?)
}

/// Remove a team; records that it owns are seen by administrators until they are given to somebody.
#[utoipa::path(tag = "People", request_body = Nothing,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem)))]
#[delete("/teams/{id}")]
pub async fn delete_team(app: Data<App>, id: Path<String>, body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let team = team_id(&id)?;
    let command = OrganisationCommand::RemoveTeam { team, expected: body.caller.expected };
    submit(&app.engine, team, command, body.caller).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Put a user into a team.
#[utoipa::path(tag = "People", request_body = Nothing,
    responses((status = 200, body = TeamView), (status = 403, body = Problem), (status = 404, body = Problem)))]
#[put("/teams/{id}/members/{user}")]
pub async fn put_member(
    app: Data<App>,
    path: Path<(String, String)>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let (team, user) = (team_id(&path.0)?, user_id(&path.1)?);
    shown(submit(&app.engine, team, OrganisationCommand::AddMember { team, user }, body.caller).await?)
}

/// Take a user out of a team.
#[utoipa::path(tag = "People", request_body = Nothing,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem)))]
#[delete("/teams/{id}/members/{user}")]
pub async fn delete_member(
    app: Data<App>,
    path: Path<(String, String)>,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let (team, user) = (team_id(&path.0)?, user_id(&path.1)?);
    let command = OrganisationCommand::RemoveMember { team, user, expected: body.caller.expected };
    submit(&app.engine, team, command, body.caller).await?;
    Ok(HttpResponse::NoContent().finish())
}
