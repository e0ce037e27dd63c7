//! What follows from a command to the organisation: who may, whether it fits, then the events.

use std::collections::BTreeSet;

use super::calendars;
use super::command::{OrganisationCommand, OrganisationEvent, OrganisationRejection, UserChange};
use super::own_settings::OwnSetting;
use super::settings::Setting;
use super::{Organisation, Team, User, UserProfile, UserState};
use crate::domain::entity::Stamp;
use crate::domain::given::Given;
use crate::domain::language::Language;
use crate::domain::permission::{Denial, Permission, Role};
use crate::domain::record::Problem;
use crate::domain::record::schema::{Fault, email_fault, text_fault, time_zone_fault};
use crate::id::{TeamId, UserId};
use crate::limits;

type Decision = Result<Vec<OrganisationEvent>, OrganisationRejection>;

/// See [`crate::domain::entity::Entity::decide`].
pub fn decide(organisation: &Organisation, given: &Given, command: OrganisationCommand, stamp: Stamp) -> Decision {
    let events = answer(organisation, given, command, stamp)?;
    Ok(organisation.with_due_dates(events))
}

fn answer(organisation: &Organisation, given: &Given, command: OrganisationCommand, stamp: Stamp) -> Decision {
    // The first administrator has a link that was printed where the server was started, and nobody there can say who may.
    // Whoever arrives has just proved it by a password, a link or a provider.
    let is_own = matches!(command, OrganisationCommand::Found { .. } | OrganisationCommand::Arrive { .. });
    match &command {
        OrganisationCommand::ChangeSettings { settings, .. } => judge_author(settings, given, stamp)?,
        OrganisationCommand::ChangeOwnSettings { settings, .. } => judge_own(settings, given, stamp)?,
        OrganisationCommand::SetCalendar { user, .. } => calendars::judge(given, stamp.by, *user)?,
        OrganisationCommand::CorrectHolidays { .. } => {
            given.policy.person(stamp.by)?.must(Permission::ConfigureSequences, "correct holidays")?;
        }
        _ if is_own => {}
        _ => given.policy.person(stamp.by)?.must(Permission::SetUp, "change users and teams")?,
    }
    match command {
        OrganisationCommand::Found { .. } if organisation.has_administrator() => Err(OrganisationRejection::Founded),
        // Was interrupted, and goes on.
        OrganisationCommand::Found { user, .. } if organisation.users.contains_key(&user) => Ok(vec![]),
        OrganisationCommand::Found { user, mut profile } => {
            profile.roles =
                [Role::SystemAdministrator, Role::SequenceManager, Role::SalesManager].into_iter().collect();
            add(organisation, user, profile)
        }
        OrganisationCommand::AddUser { user, profile } => add(organisation, user, profile),
        OrganisationCommand::ChangeUser { user, changes, expected } => {
            let found = organisation.user(user)?;
            seen(found.version, expected)?;
            change(organisation, user, found, changes)
        }
        OrganisationCommand::Arrive { user } if stamp.by != user => Err(OrganisationRejection::UserNotFound),
        OrganisationCommand::Arrive { user } => match organisation.user(user)?.state {
            UserState::Invited => Ok(vec![OrganisationEvent::UserStateChanged { user, state: UserState::Active }]),
            UserState::Active | UserState::Disabled => Ok(vec![]),
        },
        OrganisationCommand::DisableUser { user } => match organisation.user(user)?.state {
            UserState::Disabled => Ok(vec![]),
            _ => {
                organisation.judge_loss(user)?;
                let number = organisation.jobs.saturating_add(1);
                let left = OrganisationEvent::UserStateChanged { user, state: UserState::Disabled };
                Ok(vec![left, OrganisationEvent::Departed { user, number }])
            }
        },
        OrganisationCommand::HandedOver { .. } if stamp.by != UserId::SYSTEM => {
            Err(OrganisationRejection::UserNotFound)
        }
        OrganisationCommand::HandedOver { number } => match organisation.departures.contains_key(&number) {
            true => Ok(vec![OrganisationEvent::HandedOver { number }]),
            false => Ok(vec![]),
        },
        OrganisationCommand::EnableUser { user } => match organisation.user(user)?.state {
            UserState::Disabled => Ok(vec![OrganisationEvent::UserStateChanged { user, state: UserState::Invited }]),
            UserState::Invited | UserState::Active => Ok(vec![]),
        },
        OrganisationCommand::AddTeam { team, name, kind, members } => {
            if organisation.teams.contains_key(&team) {
                return Err(OrganisationRejection::Exists);
            }
            if organisation.teams.len() >= limits::TEAMS_MAX {
                return Err(OrganisationRejection::Full("teams"));
            }
            organisation.judge_team(&name, &members)?;
            Ok(vec![OrganisationEvent::TeamAdded { team, name, kind, members }])
        }
        OrganisationCommand::ChangeTeam { team, name, kind, members, expected } => {
            let found = organisation.team(team)?;
            seen(found.version, expected)?;
            let after = (name.unwrap_or_else(|| found.name.clone()), kind.unwrap_or(found.kind));
            let members = members.unwrap_or_else(|| found.members.clone());
            organisation.judge_team(&after.0, &members)?;
            let before = (found.name.clone(), found.kind);
            let mut events = Vec::new();
            if before != after {
                events.push(OrganisationEvent::TeamChanged { team, before, after });
            }
            let added = members.difference(&found.members);
            events.extend(added.map(|user| OrganisationEvent::MemberAdded { team, user: *user }));
            let removed = found.members.difference(&members);
            events.extend(removed.map(|user| OrganisationEvent::MemberRemoved { team, user: *user }));
            Ok(events)
        }
        OrganisationCommand::AddMember { team, user } => {
            let found = organisation.team(team)?;
            organisation.user(user)?;
            if found.members.contains(&user) {
                return Ok(vec![]);
            }
            if found.members.len() >= limits::TEAM_MEMBERS_MAX {
                return Err(OrganisationRejection::Full("members in one team"));
            }
            Ok(vec![OrganisationEvent::MemberAdded { team, user }])
        }
        OrganisationCommand::RemoveMember { team, user, expected } => {
            let found = organisation.team(team)?;
            seen(found.version, expected)?;
            match found.members.contains(&user) {
                true => Ok(vec![OrganisationEvent::MemberRemoved { team, user }]),
                false => Err(OrganisationRejection::UserNotFound),
            }
        }
        OrganisationCommand::RemoveTeam { team, expected } => {
            seen(organisation.team(team)?.version, expected)?;
            Ok(vec![OrganisationEvent::TeamRemoved { team }])
        }
        OrganisationCommand::ChangeSettings { settings, expected } => {
            seen(organisation.settings_version, expected)?;
            let problems: Vec<Problem> = settings.iter().filter_map(|setting| setting.fault(given)).collect();
            if !problems.is_empty() {
                return Err(OrganisationRejection::Invalid(problems));
            }
            let (before, after) = changed(settings, |setting| organisation.settings.same(setting));
            Ok(if after.is_empty() { vec![] } else { vec![OrganisationEvent::SettingsChanged { before, after }] })
        }
        OrganisationCommand::ChangeOwnSettings { settings, expected } => {
            let user = stamp.by;
            seen(organisation.own_version(user), expected)?;
            let problems: Vec<Problem> = settings.iter().flat_map(|setting| setting.problems(given)).collect();
            if !problems.is_empty() {
                return Err(OrganisationRejection::Invalid(problems));
            }
            let (before, after) = changed(settings, |setting| organisation.same_own(user, setting));
            let event = |(before, after)| OrganisationEvent::OwnSettingsChanged { user, before, after };
            Ok(if after.is_empty() { vec![] } else { vec![event((before, after))] })
        }
        OrganisationCommand::SetCalendar { user, calendar, expected } => {
            seen(organisation.calendar_version(user), expected)?;
            let problems = calendar.problems();
            if !problems.is_empty() {
                return Err(OrganisationRejection::Invalid(problems));
            }
            let before = organisation.calendars.get(&user).map(|(before, _)| before.as_ref().clone());
            let event = || OrganisationEvent::CalendarChanged { user, before: before.clone(), after: calendar.clone() };
            Ok(if before.as_ref() == Some(&calendar) { vec![] } else { vec![event()] })
        }
        OrganisationCommand::CorrectHolidays { corrections, expected } => {
            seen(organisation.holidays_version, expected)?;
            organisation.correct(corrections)
        }
        OrganisationCommand::DueDatesSettled { .. } if stamp.by != UserId::SYSTEM => {
            Err(Denial::hidden("resource").into())
        }
        OrganisationCommand::DueDatesSettled { walk } => match organisation.walks.contains(&walk) {
            true => Ok(vec![OrganisationEvent::DueDatesSettled { walk }]),
            false => Ok(vec![]),
        },
    }
}

/// P-15, P-19: everybody writes what is theirs, cards only where that is switched on.
fn judge_own(settings: &[OwnSetting], given: &Given, stamp: Stamp) -> Result<(), OrganisationRejection> {
    given.policy.person(stamp.by)?.must(Permission::OwnSettings, "have settings of your own")?;
    let all = given.policy.settings();
    match settings.iter().find(|setting| setting.is_closed(all)) {
        Some(OwnSetting::CardLayout(_)) => Err(OrganisationRejection::CardsLocked),
        Some(_) => Err(OrganisationRejection::ActivitySettingsLocked),
        None => Ok(()),
    }
}

/// P-11, P-12, P-14, P-16: whoever may not write one of the settings writes none.
fn judge_author(settings: &[Setting], given: &Given, stamp: Stamp) -> Result<(), OrganisationRejection> {
    let person = given.policy.person(stamp.by)?;
    if settings.is_empty() {
        person.must(Permission::ConfigureSequences, "change settings")?;
    }
    for setting in settings {
        person.must(setting.permission(), &format!("change the setting `{}`", setting.name()))?;
    }
    Ok(())
}

fn add(organisation: &Organisation, user: UserId, mut profile: UserProfile) -> Decision {
    if organisation.users.contains_key(&user) {
        return Err(OrganisationRejection::Exists);
    }
    if organisation.users.len() >= limits::USERS_MAX {
        return Err(OrganisationRejection::Full("users"));
    }
    organisation.judge_profile(user, &mut profile)?;
    Ok(vec![OrganisationEvent::UserAdded { user, profile, state: UserState::Invited }])
}

fn change(organisation: &Organisation, user: UserId, found: &User, changes: Vec<UserChange>) -> Decision {
    let before = found.profile.clone();
    let mut after = before.clone();
    for change in changes {
        match change {
            UserChange::Name(name) => after.name = name,
            UserChange::Email(email) => after.email = email,
            UserChange::Roles(roles) => after.roles = roles,
            UserChange::BusinessUnit(unit) => after.business_unit = unit,
            UserChange::TimeZone(zone) => after.time_zone = zone,
            UserChange::Language(language) => after.language = language,
        }
    }
    organisation.judge_profile(user, &mut after)?;
    if !after.roles.has(Role::SystemAdministrator) {
        organisation.judge_loss(user)?;
    }
    Ok(if before == after { vec![] } else { vec![OrganisationEvent::UserChanged { user, before, after }] })
}

/// What is otherwise than before: as it was, and as it is to be.
fn changed<S: PartialEq>(settings: Vec<S>, as_it_is: impl Fn(&S) -> S) -> (Vec<S>, Vec<S>) {
    let pairs = settings.into_iter().map(|after| (as_it_is(&after), after));
    pairs.filter(|(before, after)| before != after).unzip()
}

fn seen(version: u32, expected: Option<u32>) -> Result<(), OrganisationRejection> {
    match expected.is_none_or(|expected| expected == version) {
        true => Ok(()),
        false => Err(OrganisationRejection::VersionMismatch(version)),
    }
}

/// A fault with the place it has in the request.
fn at(pointer: &str, fault: Option<Fault>) -> Option<Problem> {
    fault.map(|(code, detail)| Problem { pointer: pointer.into(), code, detail })
}

impl Organisation {
    fn user(&self, user: UserId) -> Result<&User, OrganisationRejection> {
        self.users.get(&user).ok_or(OrganisationRejection::UserNotFound)
    }

    fn team(&self, team: TeamId) -> Result<&Team, OrganisationRejection> {
        self.teams.get(&team).ok_or(OrganisationRejection::TeamNotFound)
    }

    /// Everything that does not fit, and whether the address is free.
    fn judge_profile(&self, user: UserId, profile: &mut UserProfile) -> Result<(), OrganisationRejection> {
        for text in [&mut profile.name, &mut profile.business_unit, &mut profile.email] {
            *text = text.trim().to_owned();
        }
        let no_roles = || ("missing", "a user has at least one role".to_owned());
        let language = profile.language.as_deref().filter(|language| Language::from_code(language).is_none());
        let faults = [
            at("/name", text_fault(&profile.name, limits::RECORD_NAME_MAX, false)),
            at("/business_unit", text_fault(&profile.business_unit, limits::RECORD_NAME_MAX, false)),
            at("/email", email_fault(&profile.email)),
            at("/roles", profile.roles.is_empty().then(no_roles)),
            at("/time_zone", profile.time_zone.as_deref().and_then(time_zone_fault)),
            at(
                "/language",
                language.map(|other| ("invalid", format!("a language is `en`, `fr` or `gl`, not `{other}`"))),
            ),
        ];
        let problems: Vec<Problem> = faults.into_iter().flatten().collect();
        if !problems.is_empty() {
            return Err(OrganisationRejection::Invalid(problems));
        }
        match self.user_by_email(&profile.email) {
            Some((holder, _)) if holder != user => Err(OrganisationRejection::EmailTaken),
            _ => Ok(()),
        }
    }

    fn judge_team(&self, name: &str, members: &BTreeSet<UserId>) -> Result<(), OrganisationRejection> {
        let many = members.len() > limits::TEAM_MEMBERS_MAX;
        let stranger = members.iter().find(|user| !self.users.contains_key(user));
        let faults = [
            at("/name", text_fault(name, limits::RECORD_NAME_MAX, false)),
            at(
                "/members",
                many.then(|| ("too_long", format!("a team has at most {} members", limits::TEAM_MEMBERS_MAX))),
            ),
            at("/members", stranger.map(|user| ("user_unknown", format!("there is no user {user}")))),
        ];
        let problems: Vec<Problem> = faults.into_iter().flatten().collect();
        if problems.is_empty() { Ok(()) } else { Err(OrganisationRejection::Invalid(problems)) }
    }

    /// Refuses what takes away the last administrator who can sign in.
    fn judge_loss(&self, leaving: UserId) -> Result<(), OrganisationRejection> {
        let is_one = self.users.get(&leaving).is_some_and(User::administers);
        let others = self.users.iter().any(|(id, user)| *id != leaving && user.administers());
        if is_one && !others { Err(OrganisationRejection::LastAdministrator) } else { Ok(()) }
    }
}
