//! When things are due by the calendars of people (§12): seller steps when their seller works, waits over working time,
//! automated messages in their window; and all of it anew when a calendar changes.

use super::act::performs;
use super::advance::Turn;
use super::{Ordinal, Step, WaitState};
use crate::domain::plan::{Action, Plan, WaitTime};
use crate::domain::record::RecordRejection;
use crate::domain::record::event::RecordEvent;
use crate::domain::record::schema::Owner;
use crate::domain::schedule::{Calendar, Working};
use crate::domain::sequence::conduct::{Window, WindowZone};
use crate::time::Timestamp;

impl Turn<'_> {
    /// TM-8: an open step is due when it was opened, or at the next working moment of whoever acts, where sellers
    /// have availability. Said only where that is not what the step says already.
    pub(super) fn set_due(&mut self, step: Ordinal) {
        let Some(found) = self.record.step(step) else { return };
        let policy = &self.given.policy;
        let due_at = match policy.settings().seller_availability {
            // TM-4: without availability all time is working time.
            false => found.opened_at,
            true => {
                let calendar = policy.calendar(found.assignee, self.record.profile.owner);
                calendar.working_here(policy.holidays()).next(found.opened_at).unwrap_or(found.opened_at)
            }
        };
        if found.due_at != due_at {
            self.emit(RecordEvent::StepDue { step, due_at });
        }
    }

    /// The step that an enrolment has come to stand on is due when its seller works, if it is a seller's.
    pub(super) fn set_due_of_current(&mut self, enrolment: Ordinal) {
        let current = self.record.enrolment(enrolment).and_then(|enrolment| self.record.current_step(enrolment));
        let of_seller = |step: &&Step| self.record.node_of(self.given, step).is_some_and(|node| performs(step, node));
        if let Some(step) = current.filter(of_seller).map(|step| step.ordinal) {
            self.set_due(step);
        }
    }

    /// When a wait is over that began at `from`: over the open time of the sequence's window where it counts that, over the
    /// working time of whoever acts next where waits are computed (TM-6, TM-10), else when so much time has passed.
    pub(super) fn wait_end(&self, plan: &Plan, assignee: Owner, from: Timestamp, wait: WaitTime) -> Timestamp {
        let (policy, owner) = (&self.given.policy, self.record.profile.owner);
        let settings = policy.settings();
        let over = |working: Working| working.add(from, wait.days, wait.hours);
        let end = match &plan.conduct.window {
            Some(window) if window.business_time => {
                over(self.window_calendar(window, assignee).open(policy.holidays()))
            }
            // TM-4: without availability all time is working time.
            _ if settings.seller_availability && settings.wait_computation && plan.conduct.wait_computation => {
                over(policy.calendar(assignee, owner).working_here(policy.holidays()))
            }
            _ => None,
        };
        end.unwrap_or(from + wait.elapsed())
    }

    /// When automated messages may leave that may not leave now: their window is shut, or the person is away.
    pub(super) fn window_opens(&self, plan: &Plan, assignee: Owner) -> Option<Timestamp> {
        let now = self.stamp.at;
        let from = self.record.away_until.map_or(now, |back| back.max(now));
        let window = plan.conduct.window.as_ref();
        let opens = window
            .and_then(|window| self.window_calendar(window, assignee).open(self.given.policy.holidays()).next(from));
        Some(opens.unwrap_or(from)).filter(|opens| *opens > now)
    }

    /// Whose day a window is in: a record that does not say where it is, is where its seller is.
    fn window_calendar(&self, window: &Window, assignee: Owner) -> Calendar {
        let profile = &self.record.profile;
        let of_seller = || self.given.policy.calendar(assignee, profile.owner).time_zone.clone();
        match window.zone {
            WindowZone::Recipient => window.calendar(&profile.time_zone.clone().unwrap_or_else(of_seller)),
            WindowZone::Seller => window.calendar(&of_seller()),
            WindowZone::Fixed(zone) => window.calendar(zone.name()),
        }
    }

    pub(super) fn move_wait(&mut self, step: &Step, wakes_at: Timestamp) {
        if let Some(before) = step.wakes_at.filter(|before| *before != wakes_at) {
            self.emit(RecordEvent::WaitMoved { step: step.ordinal, before, wakes_at });
        }
    }

    /// TM-11: everything that follows from a calendar, computed anew from when it began. What was snoozed stays where it was
    /// put, and time limits of conditions know no calendar (TM-12). Asked again, does nothing.
    pub fn move_due_dates(&mut self) -> Result<(), RecordRejection> {
        let current: Vec<_> = self.record.live().filter_map(|live| self.record.current_step(live)).cloned().collect();
        for step in current {
            let Some(node) = self.record.node_of(self.given, &step) else { continue };
            let plan = self.plan(step.enrolment)?;
            match (step.wait, &node.action) {
                (WaitState::Waiting, Action::Wait(wait)) => {
                    self.move_wait(&step, self.wait_end(plan, step.assignee, step.opened_at, *wait));
                }
                (WaitState::Waiting, _) if node.is_automated() => {
                    let opens = self.window_opens(plan, step.assignee);
                    self.move_wait(&step, opens.unwrap_or(self.stamp.at));
                }
                _ if performs(&step, node) && step.snoozes == 0 => self.set_due(step.ordinal),
                _ => {}
            }
        }
        Ok(())
    }
}
