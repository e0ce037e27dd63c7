//! What a record remembers of its activities, and of whom something was handed to.

use std::sync::Arc;

use super::Record;
use super::event::RecordEvent;
use crate::domain::activity::{Activity, ActivityStatus, LinkedActivity};
use crate::domain::enrolment::Ordinal;
use crate::domain::entity::Stamp;
use crate::id::UserId;
use crate::time::Timestamp;

impl Record {
    /// The manual activity of that ordinal.
    pub fn activity(&self, ordinal: Ordinal) -> Option<&Activity> {
        let place = self.activities.binary_search_by_key(&ordinal, |activity| activity.ordinal).ok()?;
        self.activities.get(place)
    }

    /// Manual activities that somebody still has to do.
    pub fn open_activities(&self) -> impl Iterator<Item = &Activity> {
        self.activities.iter().filter(|activity| activity.is_open())
    }

    fn activity_mut(&mut self, ordinal: Ordinal) -> Option<&mut Activity> {
        let place = self.activities.binary_search_by_key(&ordinal, |activity| activity.ordinal).ok()?;
        Arc::make_mut(&mut self.activities).get_mut(place)
    }

    /// Remembers an event of an activity, or that something was handed to somebody.
    pub(super) fn note_activity(&mut self, event: &RecordEvent, stamp: Stamp) {
        match event {
            RecordEvent::ActivityAdded { activity, kind, subject, due_at, note, assignee } => {
                self.last_ordinal = *activity;
                Arc::make_mut(&mut self.activities).push(Activity {
                    ordinal: *activity,
                    kind: *kind,
                    subject: subject.as_str().into(),
                    due_at: *due_at,
                    note: note.as_deref().map(Arc::from),
                    assignee: *assignee,
                    status: ActivityStatus::Open,
                    created_by: stamp.by,
                    created_at: stamp.at,
                    closed_at: None,
                    call_result: None,
                    done_on: None,
                });
            }
            RecordEvent::ActivityCompleted { activity, call_result } => {
                self.close_activity(*activity, ActivityStatus::Completed, stamp.at);
                if let Some(activity) = self.activity_mut(*activity) {
                    activity.call_result.clone_from(call_result);
                }
            }
            RecordEvent::ActivityCancelled { activity } => {
                self.close_activity(*activity, ActivityStatus::Cancelled, stamp.at);
            }
            RecordEvent::WorkDone { item, user, day } => {
                if let Some(step) = self.step_mut(*item) {
                    step.done_on = Some((*user, *day));
                } else if let Some(activity) = self.activity_mut(*item) {
                    activity.done_on = Some((*user, *day));
                }
            }
            RecordEvent::ActivityLinked { step } => {
                self.annotate_step(*step, |step| step.linked = LinkedActivity::Follows);
            }
            RecordEvent::Assigned { item, assignee } => {
                if let Some(step) = self.step_mut(*item) {
                    (step.assignee, step.warning) = (*assignee, None);
                } else if let Some(activity) = self.activity_mut(*item) {
                    activity.assignee = *assignee;
                }
            }
            _ => {}
        }
    }

    /// Every day that something done on it counted in, and whose.
    pub(super) fn days_counted(&self) -> impl Iterator<Item = (UserId, i32)> {
        let steps = self.steps.iter().filter_map(|step| step.done_on);
        steps.chain(self.activities.iter().filter_map(|activity| activity.done_on))
    }

    /// A linked activity is closed alone; its step stays open.
    fn close_activity(&mut self, ordinal: Ordinal, status: ActivityStatus, at: Timestamp) {
        if let Some(step) = self.step_mut(ordinal) {
            step.linked = LinkedActivity::Closed(status);
        } else if let Some(activity) = self.activity_mut(ordinal) {
            (activity.status, activity.closed_at) = (status, Some(at));
        }
    }
}
