//! What automatic answers and complaints change: automated messages wait for whoever is away, and leave nobody who does not
//! want them.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::advance::Turn;
use super::{Ordinal, Step};
use crate::domain::plan::PlanNode;
use crate::domain::record::RecordRejection;
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::{Change, Channel};
use crate::domain::schedule::civil;
use crate::limits;

impl Turn<'_> {
    /// The person is away: until the morning of the day on which they are back, or for the usual time where they do not say.
    /// What is known of an absence already is not forgotten for an answer that says less.
    pub fn report_away(&mut self, step: Ordinal, returns: Option<NaiveDate>) -> Result<(), RecordRejection> {
        self.mail_step(step)?;
        let now = self.stamp.at;
        let known = self.record.away_until.filter(|until| *until > now);
        let until = match returns {
            Some(day) => civil::instant(civil::zone(&self.person_zone()), day.and_time(MORNING)),
            None => known.unwrap_or(now + TimeDelta::days(limits::AWAY_DAYS_USUAL)),
        };
        let is_near = until <= now + TimeDelta::days(limits::AWAY_DAYS_MAX);
        if until > now && is_near && known != Some(until) {
            self.emit(RecordEvent::AwayUntil { step, until });
        }
        Ok(())
    }

    /// The person does not want e-mail any more.
    pub fn opt_out(&mut self, step: Ordinal, complained: bool) -> Result<(), RecordRejection> {
        self.mail_step(step)?;
        let allows = self.record.profile.allows(Channel::Email);
        // Asking twice is asking once.
        if allows || complained {
            self.emit(RecordEvent::OptedOut { step, complained });
        }
        if allows {
            let changes = vec![Change::Allow(Channel::Email, false)];
            self.emit(RecordEvent::Changed { changes, former_external_id: None });
        }
        Ok(())
    }

    /// A step that sends e-mail.
    pub(super) fn mail_step(&self, step: Ordinal) -> Result<&Step, RecordRejection> {
        let step = self.record.step(step).ok_or(RecordRejection::StepNotFound)?;
        let is_email = self.record.node_of(self.given, step).is_some_and(PlanNode::is_email);
        if is_email { Ok(step) } else { Err(RecordRejection::NotAnEmail) }
    }

    /// Where the person is: a record that does not say so is where its owner is.
    fn person_zone(&self) -> String {
        let profile = &self.record.profile;
        let of_owner = || self.given.policy.calendar(profile.owner, profile.owner).time_zone.clone();
        profile.time_zone.clone().unwrap_or_else(of_owner)
    }
}

/// When somebody who is back reads what has come meanwhile.
const MORNING: NaiveTime = match NaiveTime::from_hms_opt(8, 0, 0) {
    Some(morning) => morning,
    None => NaiveTime::MIN,
};
