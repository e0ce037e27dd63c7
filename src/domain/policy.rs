//! Who somebody is, as a decision needs it: the organisation with what follows from it looked up once.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono_tz::Tz;

use crate::domain::language::Language;
use crate::domain::organisation::settings::{Settings, Workspace};
use crate::domain::organisation::{Organisation, User, UserState};
use crate::domain::permission::{Cause, Denial, Grant, Permission, Role, Roles};
use crate::domain::record::schema::Owner;
use crate::domain::schedule::{Calendar, Corrections, civil};
use crate::id::{TeamId, UserId};

/// The unit of users who were given none, and of the built-in administrator.
pub const DEFAULT_UNIT: &str = "default";

/// The organisation as decisions are given it: immutable, replaced as a whole by each change.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Users, teams and settings.
    pub organisation: Arc<Organisation>,
    teams: HashMap<UserId, Vec<TeamId>>,
    units: HashMap<TeamId, HashSet<String>>,
}

/// Somebody who may act, with what their rights follow from.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// Who.
    pub id: UserId,
    /// What they are.
    pub roles: Roles,
    /// Their business unit.
    pub unit: &'a str,
    /// The teams they are in.
    pub teams: &'a [TeamId],
    policy: &'a Policy,
}

impl Policy {
    /// What follows from an organisation.
    pub fn new(organisation: Organisation) -> Policy {
        let (mut teams, mut units) = (HashMap::<UserId, Vec<TeamId>>::new(), HashMap::<TeamId, HashSet<String>>::new());
        for (id, team) in &organisation.teams {
            for member in &team.members {
                teams.entry(*member).or_default().push(*id);
                let unit = organisation.users.get(member).map(|user| user.profile.business_unit.clone());
                units.entry(*id).or_default().extend(unit);
            }
        }
        Policy { organisation: Arc::new(organisation), teams, units }
    }

    /// The person behind an id; refused where they may not act (any more).
    pub fn person(&self, id: UserId) -> Result<Person<'_>, Denial> {
        let (roles, unit) = match id {
            UserId::SYSTEM | UserId::ADMINISTRATOR => ([Role::SystemAdministrator].into_iter().collect(), DEFAULT_UNIT),
            _ => match self.organisation.users.get(&id) {
                Some(user) if user.state != UserState::Disabled => (user.profile.roles, &*user.profile.business_unit),
                _ => {
                    let detail = "you are no user of this organisation, or not any more".into();
                    return Err(Denial { cause: Cause::Role, detail });
                }
            },
        };
        Ok(Person { id, roles, unit, teams: self.teams_of(id), policy: self })
    }

    /// A user, unless there is none of that id.
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.organisation.users.get(&id)
    }

    /// What holds for the whole organisation.
    pub fn settings(&self) -> &Settings {
        &self.organisation.settings
    }

    /// What a text for somebody is in: their own language, else that of the record it is about, else the organisation's,
    /// which is English unless an administrator has chosen another.
    pub fn language(&self, user: UserId, record: Option<Language>) -> Language {
        let own = self.organisation.profile(user).language.as_deref().and_then(Language::from_code);
        own.or(record).unwrap_or(self.settings().language)
    }

    /// The name that people know a user or a team by, and the address of a user.
    pub fn contact(&self, owner: Owner) -> (String, Option<String>) {
        match owner {
            Owner::User(UserId::ADMINISTRATOR) => ("Administrator".into(), None),
            Owner::User(id) => self.user(id).map_or_else(Default::default, |user| {
                let profile = &user.profile;
                (profile.name.clone(), Some(profile.email.clone()))
            }),
            Owner::Team(id) => {
                (self.organisation.teams.get(&id).map(|team| team.name.clone()).unwrap_or_default(), None)
            }
        }
    }

    /// What is said of holidays here.
    pub fn holidays(&self) -> &Corrections {
        &self.organisation.holidays
    }

    /// When whoever acts on a step works: its user; for a team the record's owner, if that is a user; else the usual hours
    /// (TM-10).
    pub fn calendar(&self, assignee: Owner, owner: Owner) -> Cow<'_, Calendar> {
        match (assignee, owner) {
            (Owner::User(user), _) | (Owner::Team(_), Owner::User(user)) => self.organisation.calendar(user),
            (Owner::Team(_), Owner::Team(_)) => Cow::Owned(Calendar::default()),
        }
    }

    /// Where somebody's days begin and end; in UTC where they have not said it.
    pub fn zone(&self, user: UserId) -> Tz {
        self.organisation.profile(user).time_zone.as_deref().map_or(Tz::UTC, civil::zone)
    }

    /// What somebody can do in a day, where days are levelled.
    pub fn capacity(&self, user: UserId) -> Option<u16> {
        self.organisation.daily_capacity(user)
    }

    /// The teams somebody is in.
    pub fn teams_of(&self, user: UserId) -> &[TeamId] {
        self.teams.get(&user).map(Vec::as_slice).unwrap_or_default()
    }

    /// What a user or team is called.
    pub fn name_of(&self, owner: Owner) -> Option<&str> {
        match owner {
            Owner::User(id) => self.user(id).map(|user| user.profile.name.as_str()),
            Owner::Team(id) => self.organisation.teams.get(&id).map(|team| team.name.as_str()),
        }
    }

    /// Whether there is such a user or team.
    pub fn knows(&self, owner: Owner) -> bool {
        match owner {
            Owner::User(user) => user == UserId::ADMINISTRATOR || self.organisation.users.contains_key(&user),
            Owner::Team(team) => self.organisation.teams.contains_key(&team),
        }
    }

    /// Whether that user, or somebody of that team, may act: has not left.
    pub fn can_act(&self, owner: Owner) -> bool {
        let acts = |user: UserId| self.person(user).is_ok();
        match owner {
            Owner::User(user) => acts(user),
            Owner::Team(team) => {
                let team = self.organisation.teams.get(&team);
                team.is_some_and(|team| team.members.iter().any(|member| acts(*member)))
            }
        }
    }

    /// Whether a user, or somebody in a team, belongs to a business unit.
    fn is_in_unit(&self, owner: Owner, unit: &str) -> bool {
        match owner {
            Owner::User(UserId::ADMINISTRATOR) => unit == DEFAULT_UNIT,
            Owner::User(user) => self.user(user).is_some_and(|user| user.profile.business_unit == unit),
            Owner::Team(team) => self.units.get(&team).is_some_and(|units| units.contains(unit)),
        }
    }
}

impl Person<'_> {
    /// Refuses what no role of theirs allows; `what` completes "your roles do not let you …".
    pub fn must(&self, permission: Permission, what: &str) -> Result<(), Denial> {
        match self.roles.grant(permission) {
            Grant::None => Err(Denial::role(permission, what)),
            Grant::Own | Grant::All => Ok(()),
        }
    }

    /// Whether a permission of theirs goes beyond what is their own.
    pub fn may_all(&self, permission: Permission) -> bool {
        self.roles.grant(permission) == Grant::All
    }

    /// P-30: refuses where the workspace is switched on for other roles only. The server itself is never refused.
    pub fn in_workspace(&self) -> Result<(), Denial> {
        match self.policy.settings().roles {
            Workspace::Only(roles) if self.id != UserId::SYSTEM && !self.roles.iter().any(|role| roles.has(role)) => {
                Err(Denial::feature())
            }
            Workspace::All | Workspace::Only(_) => Ok(()),
        }
    }

    /// Whether that is they, or a team they are in.
    pub fn is(&self, owner: Owner) -> bool {
        match owner {
            Owner::User(user) => user == self.id,
            Owner::Team(team) => self.teams.contains(&team),
        }
    }

    /// Whether that user, or somebody of that team, belongs to their business unit.
    pub fn shares_unit_with(&self, owner: Owner) -> bool {
        self.policy.is_in_unit(owner, self.unit)
    }

    /// Themselves and every team they are in.
    pub fn principals(&self) -> Vec<Owner> {
        [Owner::User(self.id)].into_iter().chain(self.teams.iter().copied().map(Owner::Team)).collect()
    }

    /// The users whom they may know of: their business unit and their teams, or all.
    pub fn may_know(&self, user: UserId) -> bool {
        self.may_all(Permission::EditAnySequence)
            || user == self.id
            || self.shares_unit_with(Owner::User(user))
            || self.policy.teams_of(user).iter().any(|team| self.teams.contains(team))
    }
}
