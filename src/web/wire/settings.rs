//! Values of settings, as clients write them.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use crate::domain::organisation::grades::GradeLimits;
use crate::domain::organisation::settings::{CallResult, Workspace};
use crate::domain::permission::{Role, Roles};
use crate::domain::record::schema::Phone;
use crate::web::problem::Problem;

/// `all`, or a list of roles.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum WorkspaceRoles {
    /// Only these.
    Only(Vec<String>),
    /// `all`.
    All(String),
}

/// The same as the domain has it.
#[derive(Debug)]
pub struct RolesBody(pub Workspace);

impl Serialize for RolesBody {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let roles = match self.0 {
            Workspace::All => WorkspaceRoles::All("all".into()),
            Workspace::Only(roles) => WorkspaceRoles::Only(roles.iter().map(|role| role.name().into()).collect()),
        };
        roles.serialize(to)
    }
}

impl<'de> Deserialize<'de> for RolesBody {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<RolesBody, D::Error> {
        let wrong = || D::Error::custom("give `all`, or a list of roles");
        match WorkspaceRoles::deserialize(from).map_err(|_| wrong())? {
            WorkspaceRoles::All(word) if word == "all" => Ok(RolesBody(Workspace::All)),
            WorkspaceRoles::All(_) => Err(wrong()),
            WorkspaceRoles::Only(names) => {
                let role = |name: &String| Role::ALL.into_iter().find(|role| role.name() == name).ok_or_else(wrong);
                Ok(RolesBody(Workspace::Only(names.iter().map(role).collect::<Result<Roles, _>>()?)))
            }
        }
    }
}

/// `{"ask": true}`, or `{"default": RESULT}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallResultBody {
    /// The seller says how a call ended.
    Ask(bool),
    /// This call result, unless the seller says otherwise.
    Default(String),
}

impl Default for CallResultBody {
    fn default() -> CallResultBody {
        CallResultBody::Ask(true)
    }
}

impl CallResultBody {
    /// Refuses what says neither.
    pub fn judge(&self) -> Result<(), Problem> {
        match self {
            CallResultBody::Ask(false) => {
                Err(Problem::malformed("/call_result/ask", "give `{\"ask\": true}`, or `{\"default\": RESULT}`"))
            }
            CallResultBody::Ask(true) | CallResultBody::Default(_) => Ok(()),
        }
    }
}

impl From<&CallResult> for CallResultBody {
    fn from(result: &CallResult) -> CallResultBody {
        match result {
            CallResult::Ask => CallResultBody::Ask(true),
            CallResult::Default(result) => CallResultBody::Default(result.clone()),
        }
    }
}

impl From<CallResultBody> for CallResult {
    fn from(result: CallResultBody) -> CallResult {
        match result {
            CallResultBody::Ask(_) => CallResult::Ask,
            CallResultBody::Default(result) => CallResult::Default(result),
        }
    }
}

/// A kind of phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhoneBody {
    /// At work.
    Business,
    /// Carried along.
    Mobile,
    /// At home.
    Home,
}

impl From<Phone> for PhoneBody {
    fn from(phone: Phone) -> PhoneBody {
        match phone {
            Phone::Business => PhoneBody::Business,
            Phone::Mobile => PhoneBody::Mobile,
            Phone::Home => PhoneBody::Home,
        }
    }
}

impl From<PhoneBody> for Phone {
    fn from(phone: PhoneBody) -> Phone {
        match phone {
            PhoneBody::Business => Phone::Business,
            PhoneBody::Mobile => Phone::Mobile,
            PhoneBody::Home => Phone::Home,
        }
    }
}

/// The lowest score of each grade but D, which is all below: 1–100, each lower than the one before.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GradeLimitsBody {
    /// 75 at first.
    #[schema(minimum = 3, maximum = 100)]
    a: u8,
    /// 50 at first.
    #[schema(minimum = 2, maximum = 99)]
    b: u8,
    /// 25 at first.
    #[schema(minimum = 1, maximum = 98)]
    c: u8,
}

impl From<GradeLimits> for GradeLimitsBody {
    fn from(GradeLimits { a, b, c }: GradeLimits) -> GradeLimitsBody {
        GradeLimitsBody { a, b, c }
    }
}

impl From<GradeLimitsBody> for GradeLimits {
    fn from(GradeLimitsBody { a, b, c }: GradeLimitsBody) -> GradeLimits {
        GradeLimits { a, b, c }
    }
}
