//! When people work (§12): whose calendar is which, who writes it, and which due dates follow a change (TM-11).

use std::borrow::Cow;
use std::sync::Arc;

use super::command::{OrganisationEvent, OrganisationRejection};
use super::settings::Setting;
use super::{Organisation, own_settings::OwnSetting};
use crate::domain::given::Given;
use crate::domain::permission::{Denial, Permission};
use crate::domain::schedule::{Calendar, HolidayCorrection, corrections};
use crate::id::UserId;

/// P-18, P-19: whether somebody reads and writes that calendar. It tells when a person is away and why, so that colleagues who
/// may not set it do not read it.
pub fn judge(given: &Given, by: UserId, user: UserId) -> Result<(), OrganisationRejection> {
    let person = given.policy.person(by)?;
    if by == user {
        return Ok(person.must(Permission::OwnSettings, "have a calendar")?);
    }
    person.must(Permission::SetSellersAvailability, "set the calendars of others")?;
    let is_there = user != UserId::ADMINISTRATOR && given.policy.user(user).is_some();
    match is_there && person.may_know(user) {
        true => Ok(()),
        false if is_there => Err(Denial::hidden("user").into()),
        false => Err(OrganisationRejection::UserNotFound),
    }
}

impl Organisation {
    /// When somebody works: what they have said, else the usual hours where they are (TM-2).
    pub fn calendar(&self, user: UserId) -> Cow<'_, Calendar> {
        match self.calendars.get(&user) {
            Some((calendar, _)) => Cow::Borrowed(calendar),
            None => Cow::Owned(Calendar::usual(self.time_zone(user))),
        }
    }

    /// Where somebody is; UTC where nobody has said (TM-1).
    pub fn time_zone(&self, user: UserId) -> &str {
        self.profile(user).time_zone.as_deref().unwrap_or("UTC")
    }

    /// Changes so far of a calendar and of what it follows from, and 1 at least.
    pub fn calendar_version(&self, user: UserId) -> u32 {
        let changes = self.calendars.get(&user).map_or(0, |(_, changes)| *changes);
        self.own_version(user) + changes
    }

    pub(super) fn keep_calendar(&mut self, user: UserId, calendar: &Calendar) {
        let changes = self.calendars.get(&user).map_or(0, |(_, changes)| *changes) + 1;
        self.calendars.insert(user, (Arc::new(calendar.clone()), changes));
        if self.time_zone(user) != calendar.time_zone {
            self.set_own(user, &OwnSetting::TimeZone(Some(calendar.time_zone.clone())));
        }
    }

    /// The zone of a calendar is that of the profile.
    pub(super) fn follow_zone(&mut self, user: UserId) {
        let zone = self.time_zone(user).to_owned();
        if let Some((calendar, _)) = self.calendars.get_mut(&user).filter(|(calendar, _)| calendar.time_zone != zone) {
            Arc::make_mut(calendar).time_zone = zone;
        }
    }

    /// Which corrections of holidays come and go.
    pub(super) fn correct(
        &self,
        corrections: Vec<HolidayCorrection>,
    ) -> Result<Vec<OrganisationEvent>, OrganisationRejection> {
        let problems = corrections::problems(&corrections);
        if !problems.is_empty() {
            return Err(OrganisationRejection::Invalid(problems));
        }
        let held: Vec<_> = self.holidays.all().collect();
        let before: Vec<_> = held.iter().filter(|one| !corrections.contains(one)).cloned().collect();
        let after: Vec<_> = corrections.into_iter().filter(|one| !held.contains(one)).collect();
        match before.is_empty() && after.is_empty() {
            true => Ok(vec![]),
            false => Ok(vec![OrganisationEvent::HolidaysCorrected { before, after }]),
        }
    }

    /// What `events` mean for due dates that were computed before: those of one user, or of everybody, are computed anew.
    pub(super) fn with_due_dates(&self, mut events: Vec<OrganisationEvent>) -> Vec<OrganisationEvent> {
        let whose = |event: &OrganisationEvent| match event {
            OrganisationEvent::CalendarChanged { user, .. } => Some(Some(*user)),
            OrganisationEvent::UserChanged { user, before, after } if before.time_zone != after.time_zone => {
                Some(Some(*user))
            }
            OrganisationEvent::OwnSettingsChanged { user, after, .. } => {
                let moves = after.iter().any(|setting| matches!(setting, OwnSetting::TimeZone(_)));
                moves.then_some(Some(*user))
            }
            OrganisationEvent::SettingsChanged { after, .. } => {
                let moves =
                    |setting: &Setting| matches!(setting, Setting::SellerAvailability(_) | Setting::WaitComputation(_));
                after.iter().any(moves).then_some(None)
            }
            OrganisationEvent::HolidaysCorrected { .. } => Some(None),
            _ => None,
        };
        let moved = events.iter().find_map(whose);
        let walk = self.jobs.saturating_add(1);
        events.extend(moved.map(|user| OrganisationEvent::DueDatesMoved { walk, user }));
        events
    }
}
