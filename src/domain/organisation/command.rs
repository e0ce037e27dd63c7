//! What can be asked of the organisation, what has happened to it, and why it refuses.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::own_settings::OwnSetting;
use super::settings::{Setting, Workspace};
use super::{TeamKind, UserProfile, UserState};
use crate::domain::permission::{Denial, Denies};
use crate::domain::record::Problem;
use crate::domain::schedule::{Calendar, HolidayCorrection};
use crate::id::{TeamId, UserId};

/// A member of a user's profile set to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserChange {
    /// See [`UserProfile::name`].
    Name(String),
    /// See [`UserProfile::email`].
    Email(String),
    /// See [`UserProfile::roles`].
    Roles(crate::domain::permission::Roles),
    /// See [`UserProfile::business_unit`].
    BusinessUnit(String),
    /// See [`UserProfile::time_zone`].
    TimeZone(Option<String>),
    /// See [`UserProfile::language`].
    Language(Option<String>),
}

/// A request to the organisation. `expected` is the version that the caller has seen, if only that one may be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrganisationCommand {
    /// The first administrator, by the one-time link of the first start: only while nobody can administer.
    Found { user: UserId, profile: UserProfile },
    /// A user who is not there yet.
    AddUser { user: UserId, profile: UserProfile },
    /// Write a user's profile, all or none.
    ChangeUser { user: UserId, changes: Vec<UserChange>, expected: Option<u32> },
    /// The user has proved who they are for the first time.
    Arrive { user: UserId },
    /// Nothing is accepted from the user any more.
    DisableUser { user: UserId },
    /// Take that back.
    EnableUser { user: UserId },
    /// A team that is not there yet.
    AddTeam { team: TeamId, name: String, kind: TeamKind, members: BTreeSet<UserId> },
    /// Write a team's name and kind, and its members where they are given.
    ChangeTeam {
        team: TeamId,
        name: Option<String>,
        kind: Option<TeamKind>,
        members: Option<BTreeSet<UserId>>,
        expected: Option<u32>,
    },
    /// One more member.
    AddMember { team: TeamId, user: UserId },
    /// One less.
    RemoveMember { team: TeamId, user: UserId, expected: Option<u32> },
    /// The team is no more; records that it owns are seen by administrators until they are given to somebody.
    RemoveTeam { team: TeamId, expected: Option<u32> },
    /// §17: write settings, all or none.
    ChangeSettings { settings: Vec<Setting>, expected: Option<u32> },
    /// Whoever asks writes what is theirs, all or none.
    ChangeOwnSettings { settings: Vec<OwnSetting>, expected: Option<u32> },
    /// The outbox has given the open work of a user who left to others.
    HandedOver { number: u32 },
    /// §12: say anew when somebody works.
    SetCalendar { user: UserId, calendar: Calendar, expected: Option<u32> },
    /// The outbox has had due dates computed anew (TM-11).
    DueDatesSettled { walk: u32 },
    /// Say anew which days are holidays against the table: all corrections that hold from now on.
    CorrectHolidays { corrections: Vec<HolidayCorrection>, expected: Option<u32> },
}

/// A fact about the organisation. Stored for good: variants and members are only ever appended. What was there before is
/// in it, because the audit trail says what changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrganisationEvent {
    /// A user is there.
    UserAdded { user: UserId, profile: UserProfile, state: UserState },
    /// A profile was written.
    UserChanged { user: UserId, before: UserProfile, after: UserProfile },
    /// A user can act, or cannot any more.
    UserStateChanged { user: UserId, state: UserState },
    /// A team is there.
    TeamAdded { team: TeamId, name: String, kind: TeamKind, members: BTreeSet<UserId> },
    /// Name and kind were written.
    TeamChanged { team: TeamId, before: (String, TeamKind), after: (String, TeamKind) },
    /// Somebody is in a team.
    MemberAdded { team: TeamId, user: UserId },
    /// Somebody is not any more.
    MemberRemoved { team: TeamId, user: UserId },
    /// A team is no more.
    TeamRemoved { team: TeamId },
    /// A-1; since the other settings are there, [`OrganisationEvent::SettingsChanged`] says it.
    WorkspaceChanged { before: Workspace, after: Workspace },
    /// §17: the settings that are otherwise than before, in the same order.
    SettingsChanged { before: Vec<Setting>, after: Vec<Setting> },
    /// A user has set what is theirs; the same way.
    OwnSettingsChanged { user: UserId, before: Vec<OwnSetting>, after: Vec<OwnSetting> },
    /// A user may not act any more, and their open work has to go to others.
    Departed { user: UserId, number: u32 },
    /// It has gone.
    HandedOver { number: u32 },
    /// Somebody works at other times. Without `before` nobody had said so far.
    CalendarChanged { user: UserId, before: Option<Calendar>, after: Calendar },
    /// Due dates that follow from a calendar are to be computed anew: one user's, or everybody's.
    DueDatesMoved { walk: u32, user: Option<UserId> },
    /// They are.
    DueDatesSettled { walk: u32 },
    /// Holidays were corrected: what does not hold any more or otherwise, and what holds now.
    HolidaysCorrected { before: Vec<HolidayCorrection>, after: Vec<HolidayCorrection> },
}

/// Why the organisation refuses a command. The codes are part of the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrganisationRejection {
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// Values that do not fit.
    #[error("{}", .0.first().map_or("the values do not fit", |first| first.detail.as_str()))]
    Invalid(Vec<Problem>),
    /// No user of that id.
    #[error("there is no such user")]
    UserNotFound,
    /// No team of that id.
    #[error("there is no such team")]
    TeamNotFound,
    /// A user or team of that id is there: its id follows from the key of the request, which was used long ago.
    #[error("what was asked for with this key is there already")]
    Exists,
    /// Another user has this address.
    #[error("another user has this e-mail address")]
    EmailTaken,
    /// The change would leave nobody who can administer.
    #[error("this is the last administrator who can sign in; make somebody else one first")]
    LastAdministrator,
    /// Somebody can administer already.
    #[error("the organisation has an administrator already")]
    Founded,
    /// W-70, A-14.
    #[error("cards cannot be arranged by everybody here; an administrator can allow it in the settings")]
    CardsLocked,
    ///
    #[error("what holds for activities is the same for everybody here; an administrator can unlock it in the settings")]
    ActivitySettingsLocked,
    /// Something was changed since it was read.
    #[error("the resource is at version {0} now")]
    VersionMismatch(u32),
    /// As many users or teams as there can be.
    #[error("the organisation has as many {0} as it may have")]
    Full(&'static str),
}

impl Denies for OrganisationRejection {
    fn denial(&self) -> Option<&Denial> {
        match self {
            OrganisationRejection::Denied(denial) => Some(denial),
            _ => None,
        }
    }
}
