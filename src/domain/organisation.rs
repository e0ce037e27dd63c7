//! The organisation: its users, teams and the roles that the workspace is switched on for. One entity, because what is
//! decided of a user may depend on all the others.

pub mod activity_settings;
pub mod calendars;
pub mod command;
mod decide;
pub mod grades;
pub mod own_settings;
pub mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::command::{OrganisationCommand, OrganisationEvent, OrganisationRejection};
use self::own_settings::{OwnSetting, OwnSettings};
use self::settings::Settings;
use crate::domain::effect::{Delivery, Effect, Effects};
use crate::domain::entity::{Entity, Stamp};
use crate::domain::given::Given;
use crate::domain::language::Language;
use crate::domain::permission::{Denial, Role, Roles};
use crate::domain::schedule::{Calendar, Corrections};
use crate::id::{EntityKind, OrganisationId, TeamId, UserId};

/// What an administrator writes of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserProfile {
    /// Shown to colleagues.
    pub name: String,
    /// Signs in with it; no two users have the same, whatever the case of its letters.
    pub email: String,
    /// What the user may do.
    pub roles: Roles,
    /// Whose sequences and, for managers, records the user sees beside their own.
    pub business_unit: String,
    /// IANA time zone.
    pub time_zone: Option<String>,
    /// `en`, `fr` or `gl`.
    pub language: Option<String>,
}

/// Whether a user can act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserState {
    /// Has not signed in yet; programs with a token may act for them.
    #[default]
    Invited,
    /// Can sign in.
    Active,
    /// Nothing is accepted from them any more.
    Disabled,
}

/// A person who works with the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// What an administrator writes.
    pub profile: UserProfile,
    /// Whether they can act.
    pub state: UserState,
    /// Changes so far; 1 when it was added.
    pub version: u32,
}

impl User {
    /// Whether they can sign in and change everything.
    fn administers(&self) -> bool {
        self.profile.roles.has(Role::SystemAdministrator) && self.state == UserState::Active
    }
}

/// What a team is for (D-13: a record may be owned by either).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TeamKind {
    /// Owns records.
    #[default]
    Owner,
    /// Is let in to records of others.
    Access,
}

/// A team of users.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Shown to colleagues.
    pub name: String,
    /// What it is for.
    pub kind: TeamKind,
    /// Who is in it.
    pub members: BTreeSet<UserId>,
    /// Changes so far; 1 when it was added.
    pub version: u32,
}

/// The state of the organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Everybody who ever was a user.
    pub users: BTreeMap<UserId, User>,
    /// Teams.
    pub teams: BTreeMap<TeamId, Team>,
    /// What holds for all of it.
    pub settings: Settings,
    /// Changes of settings so far, and 1.
    pub settings_version: u32,
    /// What people have set for themselves.
    pub own_settings: BTreeMap<UserId, OwnSettings>,
    /// Language and time zone of the built-in administrator, who is no user.
    pub built_in: UserProfile,
    /// Users who may not act any more and whose open work is being given to others, by the number of their departure.
    pub departures: BTreeMap<u32, UserId>,
    /// Jobs of the outbox so far, each under a number of its own: departures, and computings anew of due dates.
    pub jobs: u32,
    /// What people have said of when they work, and how often so far. Its zone is that of the profile (TM-1): whichever of
    /// both is written, the other follows.
    pub calendars: BTreeMap<UserId, (Arc<Calendar>, u32)>,
    /// Computings anew of due dates that are not done yet (TM-11).
    pub walks: BTreeSet<u32>,
    /// What is said of holidays against the table.
    pub holidays: Corrections,
    /// Changes of it so far, and 1.
    pub holidays_version: u32,
}

impl Default for Organisation {
    fn default() -> Organisation {
        Organisation {
            users: BTreeMap::new(),
            teams: BTreeMap::new(),
            settings: Settings::default(),
            settings_version: 1,
            own_settings: BTreeMap::new(),
            departures: BTreeMap::new(),
            jobs: 0,
            built_in: UserProfile::default(),
            calendars: BTreeMap::new(),
            walks: BTreeSet::new(),
            holidays: Corrections::default(),
            holidays_version: 1,
        }
    }
}

impl Organisation {
    /// The user with that address.
    pub fn user_by_email(&self, email: &str) -> Option<(UserId, &User)> {
        let same = |user: &User| user.profile.email.to_lowercase() == email.to_lowercase();
        self.users.iter().find(|(_, user)| same(user)).map(|(id, user)| (*id, user))
    }

    /// Whether somebody can administer it by signing in.
    pub fn has_administrator(&self) -> bool {
        self.users.values().any(User::administers)
    }
}

impl Entity for Organisation {
    const KIND: EntityKind = EntityKind::Organisation;
    const LAYOUT: u16 = 8;
    type Id = OrganisationId;
    type Given = Given;
    type Command = OrganisationCommand;
    type Event = OrganisationEvent;
    type Rejection = OrganisationRejection;

    /// Whom of it somebody may know is judged one by one; see [`crate::domain::policy::Person::may_know`].
    fn must_be_seen(&self, _given: &Given, _by: UserId) -> Result<(), Denial> {
        Ok(())
    }

    fn decide(
        &self,
        _id: OrganisationId,
        given: &Given,
        command: OrganisationCommand,
        stamp: Stamp,
    ) -> Result<Vec<OrganisationEvent>, OrganisationRejection> {
        decide::decide(self, given, command, stamp)
    }

    fn apply(&mut self, event: &OrganisationEvent, _stamp: Stamp) {
        match event {
            OrganisationEvent::UserAdded { user, profile, state } => {
                self.users.insert(*user, User { profile: profile.clone(), state: *state, version: 1 });
            }
            OrganisationEvent::UserChanged { user, after, .. } => {
                self.user_mut(*user, |user| user.profile = after.clone());
                self.follow_zone(*user);
            }
            OrganisationEvent::UserStateChanged { user, state } => self.user_mut(*user, |user| user.state = *state),
            OrganisationEvent::TeamAdded { team, name, kind, members } => {
                let (name, members) = (name.clone(), members.clone());
                self.teams.insert(*team, Team { name, kind: *kind, members, version: 1 });
            }
            OrganisationEvent::TeamChanged { team, after, .. } => {
                self.team_mut(*team, |team| (team.name, team.kind) = (after.0.clone(), after.1));
            }
            OrganisationEvent::MemberAdded { team, user } => {
                self.team_mut(*team, |team| _ = team.members.insert(*user));
            }
            OrganisationEvent::MemberRemoved { team, user } => {
                self.team_mut(*team, |team| _ = team.members.remove(user));
            }
            OrganisationEvent::TeamRemoved { team } => _ = self.teams.remove(team),
            OrganisationEvent::WorkspaceChanged { after, .. } => {
                self.settings.roles = *after;
                self.settings_version += 1;
            }
            OrganisationEvent::OwnSettingsChanged { user, after, .. } => {
                after.iter().for_each(|setting| self.set_own(*user, setting));
                self.own_settings.entry(*user).or_default().version += 1;
                self.follow_zone(*user);
            }
            OrganisationEvent::SettingsChanged { after, .. } => {
                after.iter().for_each(|setting| self.settings.set(setting));
                self.settings_version += 1;
            }
            OrganisationEvent::Departed { user, number } => {
                self.departures.insert(*number, *user);
                self.jobs = *number;
            }
            OrganisationEvent::HandedOver { number } => _ = self.departures.remove(number),
            OrganisationEvent::CalendarChanged { user, after, .. } => self.keep_calendar(*user, after),
            OrganisationEvent::DueDatesMoved { walk, .. } => {
                self.jobs = *walk;
                self.walks.insert(*walk);
            }
            OrganisationEvent::DueDatesSettled { walk } => _ = self.walks.remove(walk),
            OrganisationEvent::HolidaysCorrected { before, after } => {
                before.iter().for_each(|one| self.holidays.lift(one));
                after.iter().for_each(|one| self.holidays.set(one));
                self.holidays_version += 1;
            }
        }
    }

    /// What follows from a change is no change, nor that the server has done it.
    fn audited(event: &OrganisationEvent) -> bool {
        !matches!(
            event,
            OrganisationEvent::HandedOver { .. }
                | OrganisationEvent::DueDatesMoved { .. }
                | OrganisationEvent::DueDatesSettled { .. }
        )
    }

    fn effects(&self, _id: OrganisationId, event: &OrganisationEvent, owed: &mut Effects) {
        match event {
            OrganisationEvent::Departed { user, number } => {
                owed.push(Effect::Owe { key: *number, delivery: Delivery::HandOver { user: *user } });
            }
            OrganisationEvent::HandedOver { number } => owed.push(Effect::Settle { key: *number }),
            OrganisationEvent::DueDatesMoved { walk, user } => {
                owed.push(Effect::Owe { key: *walk, delivery: Delivery::MoveDueDates { user: *user } });
            }
            OrganisationEvent::DueDatesSettled { walk } => owed.push(Effect::Settle { key: *walk }),
            _ => {}
        }
    }
}

impl Organisation {
    /// What somebody has set for themselves.
    pub fn own(&self, user: UserId) -> OwnSettings {
        self.own_settings.get(&user).cloned().unwrap_or_default()
    }

    /// Items that somebody is to have in a day at most: their own number, else everybody's; any where there is neither.
    pub fn daily_capacity(&self, user: UserId) -> Option<u16> {
        self.own_settings.get(&user).and_then(|own| own.daily_capacity).or(self.settings.daily_capacity)
    }

    /// Whose language and time zone somebody's are.
    pub fn profile(&self, user: UserId) -> &UserProfile {
        self.users.get(&user).map_or(&self.built_in, |user| &user.profile)
    }

    /// Changes so far of all that somebody may set, and 1 at least.
    pub fn own_version(&self, user: UserId) -> u32 {
        self.users.get(&user).map_or(1, |user| user.version) + self.own(user).version
    }

    /// The one that `other` is a value of, as it stands.
    fn same_own(&self, user: UserId, other: &OwnSetting) -> OwnSetting {
        let (own, profile) = (self.own(user), self.profile(user));
        match other {
            OwnSetting::AutoAdvance(_) => OwnSetting::AutoAdvance(own.auto_advance),
            OwnSetting::Language(_) => OwnSetting::Language(profile.language.as_deref().and_then(Language::from_code)),
            OwnSetting::TimeZone(_) => OwnSetting::TimeZone(profile.time_zone.clone()),
            OwnSetting::HiddenFilters(_) => OwnSetting::HiddenFilters(own.hidden_filters),
            OwnSetting::CardLayout(_) => OwnSetting::CardLayout(own.card_layout),
            OwnSetting::SequenceColumns(_) => OwnSetting::SequenceColumns(own.sequence_columns),
            OwnSetting::LinkedActivities(_) => OwnSetting::LinkedActivities(own.activities.linked),
            OwnSetting::LinkedActivitiesExcludeCalls(_) => {
                OwnSetting::LinkedActivitiesExcludeCalls(own.activities.exclude_calls)
            }
            OwnSetting::ActivityCompletesStep(_) => OwnSetting::ActivityCompletesStep(own.activities.completes_step),
            OwnSetting::CallCompletesStep(_) => OwnSetting::CallCompletesStep(own.activities.call_completes_step),
            OwnSetting::CallResult(_) => OwnSetting::CallResult(own.activities.call_result),
            OwnSetting::DailyCapacity(_) => OwnSetting::DailyCapacity(own.daily_capacity),
            OwnSetting::Signature(_) => OwnSetting::Signature(own.signature),
        }
    }

    fn set_own(&mut self, user: UserId, setting: &OwnSetting) {
        let own = self.own_settings.entry(user).or_default();
        let profile = match self.users.get_mut(&user) {
            Some(user) => &mut user.profile,
            None => &mut self.built_in,
        };
        match setting.clone() {
            OwnSetting::AutoAdvance(advance) => own.auto_advance = advance,
            OwnSetting::Language(language) => profile.language = language.map(|language| language.code().into()),
            OwnSetting::TimeZone(zone) => profile.time_zone = zone,
            OwnSetting::HiddenFilters(filters) => own.hidden_filters = filters,
            OwnSetting::CardLayout(layout) => own.card_layout = layout,
            OwnSetting::SequenceColumns(columns) => own.sequence_columns = columns,
            OwnSetting::LinkedActivities(linked) => own.activities.linked = linked,
            OwnSetting::LinkedActivitiesExcludeCalls(exclude) => own.activities.exclude_calls = exclude,
            OwnSetting::ActivityCompletesStep(completes) => own.activities.completes_step = completes,
            OwnSetting::CallCompletesStep(completes) => own.activities.call_completes_step = completes,
            OwnSetting::CallResult(result) => own.activities.call_result = result,
            OwnSetting::DailyCapacity(items) => own.daily_capacity = items,
            OwnSetting::Signature(signature) => own.signature = signature,
        }
        let is_profile = matches!(setting, OwnSetting::Language(_) | OwnSetting::TimeZone(_));
        if let Some(user) = self.users.get_mut(&user).filter(|_| is_profile) {
            user.version += 1;
        }
    }

    fn user_mut(&mut self, id: UserId, change: impl FnOnce(&mut User)) {
        if let Some(user) = self.users.get_mut(&id) {
            change(user);
            user.version += 1;
        }
    }

    fn team_mut(&mut self, id: TeamId, change: impl FnOnce(&mut Team)) {
        if let Some(team) = self.teams.get_mut(&id) {
            change(team);
            team.version += 1;
        }
    }
}
