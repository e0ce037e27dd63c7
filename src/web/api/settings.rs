//! `/settings`: what holds for the whole organisation. Of domain §17 so far A-1, for whom the workspace is switched on.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::domain::organisation::command::OrganisationCommand;
use crate::domain::organisation::{Organisation, Workspace};
use crate::domain::permission::{Role, Roles};
use crate::id::OrganisationId;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::api::records::etag;
use crate::web::auth::Principal;
use crate::web::problem::Problem;
use crate::web::request::Body;

/// The settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsView {
    /// `all`, or the roles that may create and connect sequences and see the work list (P-30).
    #[serde(serialize_with = "write_roles")]
    #[schema(value_type = WorkspaceRoles)]
    roles: Workspace,
}

/// What may be written of the settings (RFC 7396).
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsBody {
    /// `all`, or a list of roles; an empty one switches the workspace off.
    #[serde(default, deserialize_with = "read_roles")]
    #[schema(value_type = Option<WorkspaceRoles>)]
    roles: Option<Workspace>,
}

/// `all`, or a list of roles.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
enum WorkspaceRoles {
    /// Only these.
    Only(Vec<String>),
    /// `all`.
    All(String),
}

fn write_roles<S: Serializer>(workspace: &Workspace, to: S) -> Result<S::Ok, S::Error> {
    let roles = match workspace {
        Workspace::All => WorkspaceRoles::All("all".into()),
        Workspace::Only(roles) => WorkspaceRoles::Only(roles.iter().map(|role| role.name().into()).collect()),
    };
    roles.serialize(to)
}

fn read_roles<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Workspace>, D::Error> {
    let wrong = || D::Error::custom("give `all`, or a list of roles");
    match WorkspaceRoles::deserialize(from).map_err(|_| wrong())? {
        WorkspaceRoles::All(word) if word == "all" => Ok(Some(Workspace::All)),
        WorkspaceRoles::All(_) => Err(wrong()),
        WorkspaceRoles::Only(names) => {
            let role = |name: &String| Role::ALL.into_iter().find(|role| role.name() == name).ok_or_else(wrong);
            Ok(Some(Workspace::Only(names.iter().map(role).collect::<Result<Roles, _>>()?)))
        }
    }
}

fn shown(organisation: &Organisation) -> (SettingsView, u32) {
    (SettingsView { roles: organisation.workspace }, organisation.settings_version)
}

fn answer((view, version): (SettingsView, u32)) -> HttpResponse {
    HttpResponse::Ok().insert_header(etag(version)).json(view)
}

/// The settings of the organisation.
#[utoipa::path(tag = "Configuration", responses((status = 200, body = SettingsView)))]
#[get("/settings")]
pub async fn get_settings(app: Data<App>, _: Principal) -> HttpResponse {
    answer(shown(&app.engine.given().policy.organisation))
}

/// Change settings.
#[utoipa::path(tag = "Configuration", request_body = SettingsBody,
    responses((status = 200, body = SettingsView), (status = 403, body = Problem), (status = 412, body = Problem)))]
#[patch("/settings")]
pub async fn patch_settings(app: Data<App>, body: Body<SettingsBody>) -> Result<HttpResponse, Problem> {
    let expected = body.caller.expected;
    let command = OrganisationCommand::ChangeSettings { workspace: body.value.roles, expected };
    let caller = Caller { expected: None, ..body.caller };
    let done = app.engine.submit::<Organisation, _>(OrganisationId::THE, command, caller, |seen| shown(seen.state));
    Ok(answer(done.await?))
}
